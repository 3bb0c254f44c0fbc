"""The workspace of a team: the same tables in a PostgreSQL database. All that differs from a file is in this folder."""
