"""What stands beside the tables on a server: SQLite's functions by their names, the promises, the drafts of each person, search.

All of it can be made anew from the tables. Every upgrade drops it first and makes it again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Execute = Callable[[str], Any]

BULK = "workbench.bulk"
"""The setting of a transaction that names the kind which is taken into search all at once at its end."""

PERSON = "workbench.person"
"""The setting of a connection that says who works on it."""

# The functions of SQLite that the services use.
_FUNCTIONS = (
    # JSON may say NUL, which no text here can hold: read with the mark in its place that texts are written with (see `dialect`).
    r"""CREATE OR REPLACE FUNCTION workbench_json(document text) RETURNS json LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN strpos(document, '\u0000') = 0 THEN document::json
 ELSE regexp_replace(document, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::json END $$""",
    """CREATE OR REPLACE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT workbench_json(document) #>> coalesce(string_to_array(nullif(substr(path, 3), ''), '.'), '{}') $$""",
    """CREATE OR REPLACE FUNCTION json_each(document text, path text DEFAULT '$') RETURNS TABLE (key text, value text)
LANGUAGE plpgsql IMMUTABLE AS
$$ DECLARE part json := workbench_json(document) #> coalesce(string_to_array(nullif(substr(path, 3), ''), '.'), '{}');
BEGIN
  IF json_typeof(part) = 'array' THEN
    RETURN QUERY SELECT (item.n - 1)::text, item.part #>> '{}' FROM json_array_elements(part) WITH ORDINALITY AS item (part, n);
  ELSIF json_typeof(part) = 'object' THEN
    RETURN QUERY SELECT item.name, item.part #>> '{}' FROM pg_catalog.json_each(part) AS item (name, part);
  END IF;
END $$""",
    """CREATE OR REPLACE FUNCTION workbench_array(items text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT array_to_json(items)::text $$""",
    """CREATE OR REPLACE AGGREGATE json_group_array(text)
 (sfunc = array_append, stype = text[], initcond = '{}', finalfunc = workbench_array)""",
    """CREATE OR REPLACE FUNCTION workbench_pair(pairs jsonb, name text, item bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT pairs || jsonb_build_object(name, item) $$""",
    """CREATE OR REPLACE FUNCTION workbench_pairs(pairs jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT pairs::text $$""",
    """CREATE OR REPLACE AGGREGATE json_group_object(text, bigint)
 (sfunc = workbench_pair, stype = jsonb, initcond = '{}', finalfunc = workbench_pairs)""",
)

# Words as FTS5's unicode61 with remove_diacritics 2 takes them: letters and figures of any script, small, Latin ones without accents.
# Nothing but those reaches PostgreSQL's own parser, which would see addresses and fractions in other signs.
_WORDS = (
    """CREATE OR REPLACE FUNCTION search_plain(t text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT regexp_replace(lower((
 CASE WHEN octet_length(t) = length(t) THEN t
 ELSE normalize(regexp_replace(normalize(t, NFD), '([A-Za-z])[\\u0300-\\u036f]+', '\\1', 'g'), NFC) END
 ) COLLATE {letters}), '[^[:alnum:]]+', ' ', 'g') $$""",
    """CREATE OR REPLACE FUNCTION search_words(t text, weight "char" DEFAULT 'D') RETURNS tsvector LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN
  RETURN setweight(to_tsvector('pg_catalog.simple', search_plain(left(coalesce(t, ''), 400000))), weight);
EXCEPTION WHEN program_limit_exceeded THEN -- more different words than one row may have: the beginning is found
  RETURN setweight(to_tsvector('pg_catalog.simple', search_plain(left(t, 60000))), weight);
END $$""",
    """CREATE OR REPLACE FUNCTION search_term(term text, is_open boolean) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE AS
$$ DECLARE found tsquery := phraseto_tsquery('pg_catalog.simple', search_plain(term));
BEGIN
  RETURN CASE WHEN is_open AND numnode(found) > 0 THEN (found::text || ':*')::tsquery ELSE found END;
END $$""",
    # What cannot be read as JSON by PostgreSQL (a NUL in a text) has no words.
    """CREATE OR REPLACE FUNCTION search_messages(messages text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN
  RETURN (SELECT string_agg(CASE json_typeof(m -> 'content') WHEN 'array'
    THEN (SELECT string_agg(p ->> 'text', ' ') FROM json_array_elements(m -> 'content') AS p) ELSE m ->> 'content' END, chr(10))
    FROM json_array_elements(workbench_json(messages)) AS m);
EXCEPTION WHEN data_exception THEN RETURN '';
END $$""",
    """CREATE OR REPLACE FUNCTION search_values(row_values text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN
  RETURN (SELECT string_agg(v.value, chr(10)) FROM json_each(row_values) AS v);
EXCEPTION WHEN data_exception THEN RETURN row_values;
END $$""",
)

_PROMISES = (
    """CREATE OR REPLACE FUNCTION workbench_promise() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE TRIGGER version_stays BEFORE UPDATE OF prompt_id, number, content_id ON version
FOR EACH ROW EXECUTE FUNCTION workbench_promise('a version is never changed')""",
    """CREATE TRIGGER content_stays BEFORE UPDATE OF hash, messages, parameters, output_schema, tools ON content
FOR EACH ROW EXECUTE FUNCTION workbench_promise('the content of a version is never changed')""",
    """CREATE TRIGGER output_stays BEFORE UPDATE OF job_id, attempt, text ON output
FOR EACH ROW EXECUTE FUNCTION workbench_promise('an output is never overwritten')""",
)

# A working copy belongs to one person: nobody writes over what another one types. The services see a table `draft` with the reader's own
# rows; of a prompt that has no version yet, whoever has no copy sees the newest one of the others, and gets an own one by editing it.
_DRAFTS_APART = (
    "ALTER TABLE draft RENAME TO draft_of_each",
    "ALTER TABLE draft_of_each ADD COLUMN IF NOT EXISTS person text NOT NULL DEFAULT current_setting('workbench.person', true)",
    "DROP INDEX IF EXISTS draft_of_branch",
    "CREATE UNIQUE INDEX IF NOT EXISTS draft_of_person ON draft_of_each (prompt_id, branch, person)",
)
_DRAFTS = (
    """CREATE VIEW draft AS SELECT {columns} FROM draft_of_each AS mine WHERE person = current_setting('workbench.person', true)
UNION ALL SELECT {columns}
FROM (SELECT DISTINCT ON (prompt_id, branch) * FROM draft_of_each ORDER BY prompt_id, branch, saved_at DESC) AS theirs
WHERE person <> current_setting('workbench.person', true)
 AND NOT EXISTS (SELECT 1 FROM version WHERE version.prompt_id = theirs.prompt_id)
 AND NOT EXISTS (SELECT 1 FROM draft_of_each AS own
  WHERE own.prompt_id = theirs.prompt_id AND own.branch = theirs.branch AND own.person = current_setting('workbench.person', true))""",
    """CREATE OR REPLACE FUNCTION workbench_draft() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM draft_of_each WHERE id = old.id AND person = current_setting('workbench.person', true);
    RETURN old;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    UPDATE draft_of_each SET ({named}) = ROW ({new}) WHERE id = old.id AND person = current_setting('workbench.person', true);
    IF FOUND THEN RETURN new; END IF; -- else it is what another one typed: the change makes an own copy of it
  END IF;
  INSERT INTO draft_of_each ({named}) VALUES ({new})
  ON CONFLICT (prompt_id, branch, person) DO UPDATE SET ({named}) = ROW ({new}) RETURNING id INTO new.id;
  RETURN new;
END $$""",
    "CREATE TRIGGER draft_of_mine INSTEAD OF INSERT OR UPDATE OR DELETE ON draft FOR EACH ROW EXECUTE FUNCTION workbench_draft()",
    # A branch that is renamed takes the working copies of all along.
    """CREATE OR REPLACE FUNCTION workbench_follow_branch() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE was jsonb := to_jsonb(old); now jsonb := to_jsonb(new);
BEGIN
  UPDATE draft_of_each SET branch = now ->> TG_ARGV[0] WHERE prompt_id = new.prompt_id AND branch = was ->> TG_ARGV[0];
  RETURN new;
END $$""",
    """CREATE TRIGGER drafts_follow_branch AFTER UPDATE OF name ON branch
FOR EACH ROW WHEN (new.name <> old.name) EXECUTE FUNCTION workbench_follow_branch('name')""",
    """CREATE TRIGGER drafts_follow_version AFTER UPDATE OF branch ON version
FOR EACH ROW WHEN (new.branch <> old.branch) EXECUTE FUNCTION workbench_follow_branch('branch')""",
)

_VERSION_TEXT = "(SELECT search_messages(content.messages) FROM content WHERE content.id = {row}.content_id)"
_CASE_TEXT = """coalesce(search_values({row}."values"), '') || chr(10) || coalesce({row}.reference, '') || chr(10) || {row}.note"""

# Of each kind: its table, when a row is searched at all, and the texts with their weights. Versions and cases keep a copy of their text,
# because it has to be taken out of JSON.
_KINDS: tuple[tuple[str, str, str, str, tuple[tuple[str, str], ...]], ...] = (
    ("prompt", "prompt", "true", "name, description", (("{row}.name", "A"), ("{row}.description", "D"))),
    ("version", "version", "true", "note", (("{row}.note", "D"), (_VERSION_TEXT, "D"))),
    ("case", '"case"', "true", 'name, "values", reference, note', (("{row}.name", "D"), (_CASE_TEXT, "D"))),
    ("note", "rating", "coalesce({row}.note, '') <> ''", "note", (("{row}.note", "D"),)),
    ("output", "output", "{row}.text <> ''", "text", (("{row}.text", "D"),)),
)
_KEEPS_TEXT = ("version", "case")
TEXTS = ("prompt", "version", "case", "note", "output")


def create(execute: Execute) -> None:
    """Make everything. The search tables are still empty; `fill_search` fills them."""
    letters = _letters(execute)
    for statement in (*_FUNCTIONS, *(each.replace("{letters}", letters) for each in _WORDS), *_PROMISES, *_DRAFTS_APART):
        execute(statement)
    columns = [
        row[0]
        for row in execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'draft_of_each' "
            "AND column_name <> 'person' ORDER BY ordinal_position"
        )
    ]
    named = [name for name in columns if name != "id"]
    lists = {"{columns}": ", ".join(columns), "{named}": ", ".join(named), "{new}": ", ".join(f"new.{name}" for name in named)}
    for statement in _DRAFTS:
        for place, words in lists.items():
            statement = statement.replace(place, words)
        execute(statement)
    for kind, table, only, touched, texts in _KINDS:
        for statement in _search_of(kind, table, only, touched, texts):
            execute(statement)


def drop(execute: Execute) -> None:
    """Remove what `create` made of any format, functions excepted: they are replaced. Drafts are one table again, with their person."""
    rows = execute(
        "SELECT t.tgname, c.relname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid "
        r"WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace AND p.proname ~ '^(workbench|search)_'"
    )
    for trigger, table in list(rows):
        execute(f'DROP TRIGGER "{trigger}" ON "{table}"')
    for (table,) in list(execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'search\\_%'")):
        execute(f'DROP TABLE "{table}"')
    if list(execute("SELECT 1 FROM pg_views WHERE schemaname = current_schema() AND viewname = 'draft'")):
        execute("DROP VIEW draft")
        execute("ALTER TABLE draft_of_each RENAME TO draft")


def fill_search(execute: Execute) -> None:
    """Fill the search tables from the tables."""
    for kind, table, only, _, texts in _KINDS:
        execute(f"TRUNCATE search_{kind}")
        names, values = _stored(kind, texts)
        execute(f"INSERT INTO search_{kind} ({names}) SELECT {values} FROM {table} WHERE {only}".replace("{row}", table))


def revision(execute: Execute) -> str | None:
    """The revision of the workspace in this schema; empty for a schema without tables, None for one with tables of something else."""
    tables = {row[0] for row in execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}
    if "prompt_workbench" in tables:
        return str(next(iter(execute("SELECT revision FROM prompt_workbench")))[0])
    return None if tables else ""


@contextmanager
def many_cases(execute: Execute) -> Iterator[None]:
    """Take the cases that are inserted in the block into the search table all at once behind it; only inserts may stand in it."""
    last = int(next(iter(execute('SELECT coalesce(max(id), 0) FROM "case"')))[0])
    execute(f"SET LOCAL {BULK} = 'case'")
    yield
    execute(f"SET LOCAL {BULK} = ''")
    kind, table, only, _, texts = next(each for each in _KINDS if each[0] == "case")
    names, values = _stored(kind, texts)
    insert = f"INSERT INTO search_{kind} ({names}) SELECT {values} FROM {table} WHERE {only} AND {table}.id > {last}"
    execute(insert.replace("{row}", table))


def _stored(kind: str, texts: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    words = " || ".join(f"search_words({text}, '{weight}')" for text, weight in texts)
    if kind not in _KEEPS_TEXT:
        return "id, words", f"{{row}}.id, {words}"
    return "id, title, text, words", f"{{row}}.id, {texts[0][0]}, coalesce({texts[1][0]}, ''), {words}"


def _search_of(kind: str, table: str, only: str, touched: str, texts: tuple[tuple[str, str], ...]) -> list[str]:
    keeps = ", title text NOT NULL, text text NOT NULL" if kind in _KEEPS_TEXT else ""
    names, values = _stored(kind, texts)
    own = {"{row}": "new"}
    put = f"INSERT INTO search_{kind} ({names}) VALUES ({values})"
    body = f"""CREATE OR REPLACE FUNCTION search_{kind}_renew() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF current_setting('{BULK}', true) = '{kind}' THEN RETURN new; END IF; -- see many_cases
  IF TG_OP <> 'INSERT' THEN DELETE FROM search_{kind} WHERE id = old.id; END IF;
  IF TG_OP = 'DELETE' THEN RETURN old; END IF;
  IF {only} THEN {put}; END IF;
  RETURN new;
END $$"""
    for place, words in own.items():
        body = body.replace(place, words)
    return [
        f"CREATE TABLE search_{kind} (id bigint PRIMARY KEY{keeps}, words tsvector NOT NULL)",
        f"CREATE INDEX search_{kind}_words ON search_{kind} USING gin (words)",
        body,
        f"CREATE TRIGGER search_{kind}_is AFTER INSERT OR DELETE OR UPDATE OF {touched} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION search_{kind}_renew()",
    ]


def _letters(execute: Execute) -> str:
    """The collation that knows letters of every script. The database's own may be `C`, which knows ASCII's."""
    rows = execute("SELECT collname FROM pg_collation WHERE collname IN ('und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8')")
    found = {row[0] for row in rows}
    return next((f'pg_catalog."{name}"' for name in ("und-x-icu", "C.utf8", "C.UTF-8", "en_US.utf8") if name in found), '"default"')
