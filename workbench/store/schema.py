"""What a workspace file is made of beside its tables: its marks, the triggers that keep promises, and the search indexes.

Triggers, views and indexes of this file are derived from the tables. Every upgrade drops them first and makes them anew afterwards,
because rebuilding a table (as SQLite's ALTER needs it) silently drops its triggers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

APPLICATION_ID = 0x50574231
"""`PWB1`, in the file's header: tells a workspace from any other SQLite file."""

REVISION = "0019_lighter_runs"
"""The newest migration. A test holds that it is the head of `migrations/versions`."""

FORMAT = int(REVISION[:4])
"""The number that SQLite's `user_version` holds."""

Execute = Callable[[str], Any]

_PROMISES = (
    """CREATE TRIGGER version_stays BEFORE UPDATE OF prompt_id, number, content_id ON version
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END""",
    """CREATE TRIGGER content_stays BEFORE UPDATE OF hash, messages, parameters, output_schema, tools ON content
BEGIN SELECT RAISE(ABORT, 'the content of a version is never changed'); END""",
    """CREATE TRIGGER output_stays BEFORE UPDATE OF job_id, attempt, text ON output
BEGIN SELECT RAISE(ABORT, 'an output is never overwritten'); END""",
)

# Text of a message: a plain string, or a list of parts of which only the text counts (pictures are long and mean nothing to a search).
_MESSAGES_TEXT = """(SELECT group_concat(CASE json_type(m.value, '$.content') WHEN 'array'
 THEN (SELECT group_concat(json_extract(p.value, '$.text'), ' ') FROM json_each(m.value, '$.content') AS p)
 ELSE json_extract(m.value, '$.content') END, char(10)) FROM json_each(content.messages) AS m)"""

# `value` of json_each is the JSON text itself for lists and objects, which is what a search should see.
_CASE_TEXT = """coalesce((SELECT group_concat(v.value, char(10)) FROM json_each({row}."values") AS v), '')
 || char(10) || coalesce({row}.reference, '') || char(10) || {row}.note"""

_TOKENIZER = "tokenize = 'unicode61 remove_diacritics 2'"

# Prompts and outputs are indexed where they lie (external content). The text of versions and cases has to be taken out of JSON, and FTS5
# may not call json_each when it reads a row again, so those two indexes keep a copy of their text.
_CASE_NEW = f"""CREATE TRIGGER search_case_new AFTER INSERT ON "case"
BEGIN INSERT INTO search_case(rowid, name, text) VALUES (new.id, new.name, {_CASE_TEXT.format(row="new")}); END"""

_SEARCH = (
    f"CREATE VIRTUAL TABLE search_prompt USING fts5(name, description, content = 'prompt', content_rowid = 'id', {_TOKENIZER})",
    """CREATE TRIGGER search_prompt_new AFTER INSERT ON prompt
BEGIN INSERT INTO search_prompt(rowid, name, description) VALUES (new.id, new.name, new.description); END""",
    """CREATE TRIGGER search_prompt_old AFTER DELETE ON prompt
BEGIN INSERT INTO search_prompt(search_prompt, rowid, name, description) VALUES ('delete', old.id, old.name, old.description); END""",
    """CREATE TRIGGER search_prompt_edit AFTER UPDATE OF name, description ON prompt
BEGIN INSERT INTO search_prompt(search_prompt, rowid, name, description) VALUES ('delete', old.id, old.name, old.description);
INSERT INTO search_prompt(rowid, name, description) VALUES (new.id, new.name, new.description); END""",
    f"CREATE VIRTUAL TABLE search_version USING fts5(note, text, {_TOKENIZER})",
    f"""CREATE VIEW search_version_text AS
SELECT version.id AS id, version.note AS note, {_MESSAGES_TEXT} AS text FROM version JOIN content ON content.id = version.content_id""",
    """CREATE TRIGGER search_version_new AFTER INSERT ON version
BEGIN INSERT INTO search_version(rowid, note, text) SELECT id, note, text FROM search_version_text WHERE id = new.id; END""",
    "CREATE TRIGGER search_version_old AFTER DELETE ON version BEGIN DELETE FROM search_version WHERE rowid = old.id; END",
    """CREATE TRIGGER search_version_edit AFTER UPDATE OF note ON version
BEGIN UPDATE search_version SET note = new.note WHERE rowid = new.id; END""",
    f"CREATE VIRTUAL TABLE search_case USING fts5(name, text, {_TOKENIZER})",
    f"""CREATE VIEW search_case_text AS
SELECT "case".id AS id, "case".name AS name, {_CASE_TEXT.format(row='"case"')} AS text FROM "case\"""",
    _CASE_NEW,
    'CREATE TRIGGER search_case_old AFTER DELETE ON "case" BEGIN DELETE FROM search_case WHERE rowid = old.id; END',
    f"""CREATE TRIGGER search_case_edit AFTER UPDATE OF name, "values", reference, note ON "case"
BEGIN UPDATE search_case SET name = new.name, text = {_CASE_TEXT.format(row="new")} WHERE rowid = new.id; END""",
    # Notes that people write on outputs; a rating is never changed, so there is nothing to renew.
    f"CREATE VIRTUAL TABLE search_note USING fts5(note, content = 'rating', content_rowid = 'id', {_TOKENIZER})",
    """CREATE TRIGGER search_note_new AFTER INSERT ON rating WHEN new.note <> ''
BEGIN INSERT INTO search_note(rowid, note) VALUES (new.id, new.note); END""",
    """CREATE TRIGGER search_note_old AFTER DELETE ON rating WHEN old.note <> ''
BEGIN INSERT INTO search_note(search_note, rowid, note) VALUES ('delete', old.id, old.note); END""",
    f"CREATE VIRTUAL TABLE search_output USING fts5(text, content = 'output', content_rowid = 'id', {_TOKENIZER})",
    # The two that grow by thousands of rows merge their parts less often: a third less work for each row, no long pauses, and a search
    # looks into a few more parts.
    "INSERT INTO search_output(search_output, rank) VALUES ('automerge', 16)",
    "INSERT INTO search_case(search_case, rank) VALUES ('automerge', 16)",
    # No trigger takes outputs in: a run writes several a second, and five pages of index with each. See `index_outputs`.
    """CREATE TRIGGER search_output_old AFTER DELETE ON output WHEN EXISTS (SELECT 1 FROM search_output_docsize WHERE id = old.id)
BEGIN INSERT INTO search_output(search_output, rowid, text) VALUES ('delete', old.id, old.text); END""",
    # Their words in order, which is how a beginning is completed without merging what each of them is found in.
    *(
        f"CREATE VIRTUAL TABLE search_{kind}_words USING fts5vocab(search_{kind}, instance)"
        for kind in ("prompt", "version", "case", "note", "output")
    ),
)

# An output is never changed, and a new one has a higher id than all others. Those without text are taken in too: none is looked at twice.
_NOT_INDEXED = "FROM output WHERE id > (SELECT coalesce(max(id), 0) FROM search_output_docsize)"
_INDEX_OUTPUTS = f"INSERT INTO search_output(rowid, text) SELECT id, text {_NOT_INDEXED}"
IS_BEHIND = f"SELECT EXISTS (SELECT 1 {_NOT_INDEXED})"
"""Whether there are outputs that the search index does not know."""

_REBUILD = (
    "INSERT INTO search_prompt(search_prompt) VALUES ('rebuild')",
    _INDEX_OUTPUTS,
    "INSERT INTO search_note(rowid, note) SELECT id, note FROM rating WHERE note <> ''",
    "DELETE FROM search_version",
    "INSERT INTO search_version(rowid, note, text) SELECT id, note, text FROM search_version_text",
    "DELETE FROM search_case",
    "INSERT INTO search_case(rowid, name, text) SELECT id, name, text FROM search_case_text",
)


# FTS5 reads the structure of an index before it drops it: a damaged one would stay for ever, in the way of the one that replaces it.
_EMPTY_STRUCTURE = "REPLACE INTO \"{name}_data\" (id, block) VALUES (10, x'00000000000000')"


def create(execute: Execute) -> None:
    """Make everything in an empty file, inside the caller's transaction: tables, triggers, search, marks."""
    from workbench.store.ddl import TABLES  # only a new file needs it

    for statement in TABLES:
        execute(statement)
    create_derived(execute)
    execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))")
    execute(f"INSERT INTO alembic_version VALUES ('{REVISION}')")
    mark(execute)


def create_derived(execute: Execute) -> None:
    """Make triggers, views and search indexes; the indexes are still empty."""
    for statement in (*_PROMISES, *_SEARCH):
        execute(statement)


def drop_derived(execute: Execute) -> None:
    """Remove every trigger, view and search index, also those that an older format had."""
    found = execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view', 'table')").fetchall()
    for kind, name, _ in found:
        if kind in ("trigger", "view"):
            execute(f'DROP {kind} "{name}"')
    for kind, name, sql in found:
        if kind == "table" and "using fts5" in (sql or "").lower():
            if "using fts5(" in sql.lower():
                execute(_EMPTY_STRUCTURE.format(name=name))
            execute(f'DROP TABLE "{name}"')


def rebuild_search(execute: Execute) -> None:
    """Fill the search indexes from the tables."""
    for statement in _REBUILD:
        execute(statement)


def index_outputs(execute: Execute) -> None:
    """Take the outputs into the search index that were written since the last time. Inside a write."""
    execute(_INDEX_OUTPUTS)


@contextmanager
def many_cases(execute: Execute) -> Iterator[None]:
    """Take the cases that are inserted in the block into the search index all at once behind it: half the time of a big import.

    Inside a write: what the block leaves with an error is rolled back with it, the trigger's absence too.
    """
    last = execute('SELECT coalesce(max(id), 0) FROM "case"').fetchone()[0]
    execute("DROP TRIGGER search_case_new")
    yield
    execute(f"INSERT INTO search_case(rowid, name, text) SELECT id, name, text FROM search_case_text WHERE id > {int(last)}")
    execute(_CASE_NEW)


def mark(execute: Execute, number: int = FORMAT) -> None:
    """Write into the file's header what it is and of which format."""
    execute(f"PRAGMA application_id = {APPLICATION_ID}")
    execute(f"PRAGMA user_version = {number}")
