"""The workspace file: rows, migrations, search."""
