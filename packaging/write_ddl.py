"""Write `workbench/store/ddl.py` anew after a change of `workbench/store/tables.py`. A test fails until this was done."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from workbench.store import tables  # noqa: F401  (its import fills the metadata)

TARGET = Path(__file__).resolve().parent.parent / "workbench" / "store" / "ddl.py"
HEAD = '''"""The statements that `SQLModel.metadata.create_all` runs for `tables.py`, as text.

Written by `packaging/write_ddl.py`, never by hand; a test holds that they are the same. A new workspace file is made from them, because
importing SQLModel takes longer than many a run.
"""

TABLES = (
'''


def statements() -> list[str]:
    """Each table, followed by its indexes."""
    dialect = sqlite.dialect()
    found = []
    for table in SQLModel.metadata.sorted_tables:
        found.append(CreateTable(table).compile(dialect=dialect))
        found += [CreateIndex(index).compile(dialect=dialect) for index in sorted(table.indexes, key=lambda index: str(index.name))]
    return ["\n".join(line.strip() for line in str(statement).strip().splitlines()) for statement in found]


def text() -> str:
    """The whole module."""
    return HEAD + "".join(f'    """{statement}""",\n' for statement in statements()) + ")\n"


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
