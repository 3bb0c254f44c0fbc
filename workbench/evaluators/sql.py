"""Checks for SQL: it can be parsed as the dialect of a database, and touches only the tables and columns that are allowed."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.evaluators.facts import Asked, Finding, Handler
from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.patterns import search
from workbench.evaluators.texts import as_text

if TYPE_CHECKING:
    from sqlglot import exp

_DIALECTS = {
    "mysql": "mysql", "mariadb": "mysql", "postgresql": "postgres", "postgres": "postgres", "transactsql": "tsql", "tsql": "tsql",
    "sqlserver": "tsql", "sqlite": "sqlite", "bigquery": "bigquery", "snowflake": "snowflake", "redshift": "redshift", "hive": "hive",
    "athena": "athena", "trino": "trino", "oracle": "oracle", "duckdb": "duckdb", "clickhouse": "clickhouse", "databricks": "databricks",
    "spark": "spark", "db2": "", "flinksql": "", "noql": "mysql",
}  # fmt: skip
"""promptfoo's names of databases (and usual others) to dialects; empty for standard SQL."""
LONGEST = 20_000
_MOST_BLOCKS = 50
_QUOTED = re.compile(r"'(?:[^'\\]|''|\\.)*+'|\"(?:[^\"\\]|\"\"|\\.)*+\"|`[^`]*+`|--[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/", re.DOTALL)
_MODIFIERS = (
    r"(?:all|distinct(?:row)?|high_priority|straight_join|sql_(?:big_result|buffer_result|cache|calc_found_rows|no_cache|small_result))"
)
_NO_COMMA = re.compile(rf"\bselect\s+(?:{_MODIFIERS}\s+)*(?!{_MODIFIERS}\b)[a-z_]\w*\s+(?!as\b)[a-z_]\w*\s+from\b", re.IGNORECASE)
"""`SELECT name age FROM`: grammatical, since `age` could be an alias, and nearly always a forgotten comma."""
_REPLACE = re.compile(r"(^|;\s*)replace(?=\s+into\b)", re.IGNORECASE)
"""MySQL's and SQLite's other word for INSERT."""
_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})[ \t]*(.*)")


def is_sql(asked: Asked) -> Finding:
    """The whole answer is SQL."""
    return _judged(asked.text, *_wanted(asked.value))


def contains_sql(asked: Asked) -> Finding:
    """A code block of the answer is SQL, or, where it has none, all of it."""
    wanted, found = _wanted(asked.value), [block for block in _blocks(asked.text) if block.strip()]
    finding: Finding = (False, "The answer contains no SQL.")
    for block in found[:_MOST_BLOCKS] or [asked.text]:
        finding = _judged(block, *wanted)
        if finding[0]:
            return finding
    return finding


HANDLERS: dict[str, Handler] = {"is-sql": is_sql, "contains-sql": contains_sql}


def _wanted(value: Any) -> tuple[str, Sequence[str] | None, Sequence[str] | None]:
    """The database, the allowed tables and columns. A text is the name of a database, or all of it as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip().startswith("{") else {"databaseType": value.strip() or "MySQL"}
        except ValueError as error:
            raise Invalid("The value of the check is not JSON.") from error
    if value is not None and not isinstance(value, Mapping):
        raise Invalid("The value of the check is a mapping with databaseType, allowedTables and allowedColumns.")
    value = value or {}
    database = value.get("databaseType") or "MySQL"
    if not isinstance(database, str):
        raise Invalid(
            "databaseType is the name of one database. Write a check for each, in an assert-set with a threshold for any of them."
        )
    if database.lower().replace(" ", "") not in _DIALECTS:
        raise Invalid(f"There is no database {database}. Known are MySQL, PostgreSQL, Sqlite, TransactSQL and others.")
    return database, _list(value.get("allowedTables")), _list(value.get("allowedColumns"))


def _list(value: Any) -> list[str] | None:
    if value is None:
        return None
    return [piece.strip() for piece in value.split(",")] if isinstance(value, str) else [as_text(piece) for piece in value]


def _judged(text: str, database: str, tables: Sequence[str] | None, columns: Sequence[str] | None) -> Finding:
    """Whether a text is SQL of a database, and within what is allowed."""
    text = text.strip()
    if len(text) > LONGEST:
        raise CannotRun(f"The text is longer than {LONGEST:,} letters, so it is not read as SQL.")
    statements = _parsed(text, database)
    if isinstance(statements, str):
        return False, f"This is not SQL of {database}: {statements}."
    for kind, allowed, look in (("table", tables, _tables), ("column", columns, _columns)):
        if allowed is not None:
            strange = next((item for item in _each(statements, look) if not _is_allowed(item, allowed)), None)
            if strange is not None:
                return False, f"The SQL uses the {kind} {strange}, which is not allowed."
    return True, f"This is SQL of {database}."


def _parsed(text: str, database: str) -> list[exp.Expression] | str:
    """The statements, or why there are none."""
    try:
        import sqlglot  # an extra, and 0.2 s that only this check needs
        from sqlglot import errors, exp
    except ImportError as error:
        raise CannotRun('Reading SQL needs the package sqlglot. Install it with: pip install "prompt-workbench[checks]"') from error
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it only knows by its first word
    bare = _QUOTED.sub(" ? ", text)
    if _NO_COMMA.search(bare):
        return "a comma seems to be missing between the columns"
    if "`" in bare or re.search(r",\s*,|\(\s*,|,\s*(?:\)|from\b)", bare, re.IGNORECASE):
        return "a quote is not closed" if "`" in bare else "there is nothing between two commas"
    text = _REPLACE.sub(r"\1INSERT", text)
    try:
        found = sqlglot.parse(text, dialect=_DIALECTS[database.lower().replace(" ", "")] or None)
    except (errors.ParseError, errors.TokenError) as error:
        return re.sub(r"\s+", " ", re.sub("\x1b\\[[0-9;]*m", "", str(error))).strip(" .")[:160]
    except RecursionError as error:
        raise CannotRun("The SQL is nested too deeply to be read.") from error
    whole = (exp.Query, exp.DML, exp.DDL, exp.Drop, exp.Alter, exp.TruncateTable, exp.Use, exp.Set, exp.Describe, exp.Show,
             exp.Transaction, exp.Commit, exp.Rollback, exp.Command, exp.Pragma, exp.Grant, exp.Merge)  # fmt: skip
    statements = [one for one in found if one is not None]
    if not statements:
        return "there is no statement"
    for one in statements:
        if not isinstance(one, whole):
            return "it is no statement"
        if any(not select.expressions for select in one.find_all(exp.Select)):
            return "a SELECT names no columns"
    return [one for one in statements if isinstance(one, exp.Expression)]


def _each(statements: Sequence[exp.Expression], look: Any) -> Iterator[str]:
    for one in statements:
        yield from dict.fromkeys(look(one))


def _tables(statement: exp.Expression) -> Iterator[str]:
    """`action::database::table` of every table, as promptfoo writes it; `null` for a database that is not named."""
    from sqlglot import exp

    if isinstance(statement, exp.Command):  # known by its first word only: nobody can say which tables it touches
        yield f"{str(statement.this).lower()}::null::(unknown)"
        return
    named = {cte.alias.lower() for cte in statement.find_all(exp.CTE)}
    if isinstance(statement, (exp.Drop, exp.Alter, exp.TruncateTable)):
        for table in statement.find_all(exp.Table):
            yield f"{statement.key.removesuffix('table')}::{table.db or 'null'}::{table.name or 'null'}"
        return
    target, action = _target(statement)
    for table in statement.find_all(exp.Table):
        if table is target or table.db or table.name.lower() not in named:
            yield f"{action if table is target else 'select'}::{table.db or 'null'}::{table.name or 'null'}"


def _columns(statement: exp.Expression) -> Iterator[str]:
    """`action::table::column` of every column; `(.*)` for all columns."""
    from sqlglot import exp

    names = {table.alias_or_name: table.name for table in statement.find_all(exp.Table)}
    target, action = _target(statement)
    set_here = {id(item.this) for item in (statement.expressions if isinstance(statement, exp.Update) else ()) if isinstance(item, exp.EQ)}
    for column in statement.find_all(exp.Column):
        name = "(.*)" if isinstance(column.this, exp.Star) else column.name
        yield f"{action if id(column) in set_here else 'select'}::{names.get(column.table, column.table) or 'null'}::{name}"
    for select in statement.find_all(exp.Select):
        if any(isinstance(item, exp.Star) for item in select.expressions):
            yield "select::null::(.*)"
    if isinstance(statement, exp.Insert) and target is not None:
        listed = statement.this.expressions if isinstance(statement.this, exp.Schema) else ()
        for name in [item.name for item in listed] or ["(.*)"]:
            yield f"insert::{target.name}::{name}"
    if isinstance(statement, exp.Delete) and target is not None:
        yield f"delete::{target.name}::(.*)"


def _target(statement: exp.Expression) -> tuple[exp.Table | None, str]:
    """The table that a statement changes, and how; (None, "select") for one that only reads."""
    from sqlglot import exp

    if isinstance(statement, exp.Query):
        return None, "select"
    found = statement.this
    while isinstance(found, exp.Schema):
        found = found.this
    return (found if isinstance(found, exp.Table) else None), statement.key


def _is_allowed(item: str, allowed: Sequence[str]) -> bool:
    """True if an entry names it: `(select|update)::null::orders` (a pattern, any letter case), or just `orders`, `shop.orders`."""
    _action, group, name = item.split("::", 2)
    plain = {name.lower(), f"{group}.{name}".lower()}
    for entry in allowed:
        if "::" not in entry:
            if entry.lower() in plain:
                return True
            continue
        forms = {entry, *([f"{parts[0]}::null::{parts[2]}"] if len(parts := entry.split("::")) == 3 else [])}
        if any(form.lower() == item.lower() or search(f"^(?i:{form})$", item) for form in forms):
            return True
    return False


def _blocks(text: str) -> list[str]:
    """The contents of the code blocks that say SQL or nothing of their language."""
    blocks: list[str] = []
    fence, is_sql_block, lines = "", False, list[str]()
    for line in text.splitlines():
        found = _FENCE.fullmatch(line)
        if not fence:
            if found:
                fence, is_sql_block, lines = found[1], found[2].strip().lower() in ("", "sql"), []
        elif found and not found[2].strip() and found[1].startswith(fence):
            if is_sql_block:
                blocks.append("\n".join(lines).strip())
            fence = ""
        else:
            lines.append(line)
    return blocks
