"""A workspace on a real PostgreSQL server: two people, two apps, one library; what is said when the server is not as it should be."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import FakeProvider
from tests.postgres_server import PASSWORD, USER, PostgresServer
from tests.run_workspace import fill
from workbench.settings import Settings
from workbench.store import schema, tables
from workbench.store.database import Database
from workbench.store.search import Search
from workbench.values import (
    BadInput,
    Changes,
    ConnectionLost,
    Content,
    Hindered,
    Message,
    Missing,
    NoPassword,
    Problem,
    ReadOnly,
    StoreTrouble,
    short_name,
    without_password,
)
from workbench.workspace import Workspace


@pytest.fixture
def url(postgres: PostgresServer, empty_workspace: str) -> Iterator[str]:
    """The address of a database with an empty workspace."""
    name = postgres.new(empty_workspace)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def as_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str, str], Workspace]]:
    """Opens a workspace as somebody: `as_person("anna", url)`."""
    opened: list[Workspace] = []

    def start(name: str, url: str) -> Workspace:
        monkeypatch.setenv("LOGNAME", name)
        opened.append(Workspace.open(url, Settings(tmp_path / f"{name}.json")))
        return opened[-1]

    yield start
    for workspace in opened:
        workspace.close()


def wait_for(what: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def said(text: str) -> Content:
    return Content((Message.of("user", text),))


# -- two people --------------------------------------------------------------------------------------------------


def test_what_one_person_saves_the_other_hears_of_at_once(url: str, as_person: Callable[[str, str], Workspace]) -> None:
    anna, ben = as_person("anna", url), as_person("ben", url)
    heard: list[Changes] = []
    own: list[Changes] = []
    ben.subscribe(heard.append)
    anna.subscribe(own.append)
    prompt = anna.prompts.create("Summary")
    wait_for(lambda: any(prompt in changes.ids("prompt") for changes in heard))
    assert [row.name for row in ben.prompts.list()] == ["Summary"]
    anna.versions.save(prompt, said("Sum it up"))
    wait_for(lambda: any(changes.has("version") for changes in heard))
    version = ben.versions.list(prompt)[0]
    assert (version.number, version.author) == (1, "anna")
    assert len([changes for changes in own if changes.ids("prompt") == {prompt} and not changes.has("version")]) == 1, "her own once only"


def test_each_person_has_a_draft_and_nobody_writes_over_another_one(url: str, as_person: Callable[[str, str], Workspace]) -> None:
    anna, ben = as_person("anna", url), as_person("ben", url)
    prompt = anna.prompts.create("Summary")
    anna.versions.save(prompt, said("One"))
    anna.versions.save_draft(prompt, said("Anna's words"))
    ben.versions.save_draft(prompt, said("Ben's words"))
    anna.versions.save_draft(prompt, said("Anna's later words"))
    for workspace, words in ((anna, "Anna's later words"), (ben, "Ben's words")):
        draft = workspace.versions.draft(prompt)
        assert draft is not None
        assert draft.content == said(words)
    assert ben.versions.save(prompt, said("Ben's words")).number == 2
    assert ben.versions.draft(prompt) is None
    assert anna.versions.draft(prompt) is not None
    newest = anna.versions.save(prompt, said("Anna's later words"))
    assert (newest.number, newest.author, newest.parent) == (3, "anna", 1)


def test_a_renamed_branch_takes_the_drafts_of_all_along(url: str, as_person: Callable[[str, str], Workspace]) -> None:
    anna, ben = as_person("anna", url), as_person("ben", url)
    prompt = anna.prompts.create("Reply", "", said("one"))
    anna.versions.save(prompt, said("one"))
    anna.branches.start(anna.versions.by_number(prompt, 1).id, "warm")
    anna.versions.save_draft(prompt, said("Anna's"), branch="warm")
    ben.versions.save_draft(prompt, said("Ben's"), branch="warm")
    anna.branches.rename(prompt, "warm", "kind")
    for ws, text in ((anna, "Anna's"), (ben, "Ben's")):
        draft = ws.versions.draft(prompt, "kind")
        assert draft is not None
        assert draft.content == said(text)
        assert ws.versions.draft(prompt, "warm") is None
        assert [(row.name, row.has_draft) for row in ws.branches.list(prompt)] == [("", False), ("kind", True)]


def test_each_person_has_a_library_folder_of_their_own(url: str, as_person: Callable[[str, str], Workspace], tmp_path: Path) -> None:
    anna, ben, folder = as_person("anna", url), as_person("ben", url), tmp_path / "library"
    anna.prompts.create("Reply", "", said("one"))
    anna.folder.choose(folder)
    assert anna.folder.sync().written
    assert ben.folder.chosen() is None
    shutil.move(folder, tmp_path / "of another computer")
    ben.folder.choose(folder)
    report = ben.folder.sync()
    assert report.written, "the same path, and another folder: nothing was agreed on, so nothing is missing"
    assert not [*report.archived, *report.missing]
    ben.folder.forget()
    chosen = anna.folder.chosen()
    assert chosen is not None
    assert chosen.path == str(folder)


def test_a_prompt_without_versions_shows_its_first_draft_to_all(url: str, as_person: Callable[[str, str], Workspace]) -> None:
    anna, ben = as_person("anna", url), as_person("ben", url)
    prompt = anna.prompts.create("Summary")
    anna.versions.save_draft(prompt, said("A beginning"))
    seen = ben.versions.draft(prompt)
    assert seen is not None
    assert seen.content == said("A beginning")
    ben.versions.save_draft(prompt, said("Ben's go at it"))
    mine, theirs = anna.versions.draft(prompt), ben.versions.draft(prompt)
    assert mine is not None
    assert theirs is not None
    assert (mine.content, theirs.content) == (said("A beginning"), said("Ben's go at it"))


def test_two_apps_that_write_at_the_same_time_lose_nothing(url: str, tmp_path: Path) -> None:
    script = """
import sys
from workbench.workspace import Workspace
from workbench.values import Content, Message
ws = Workspace.open(sys.argv[1])
prompt = ws.prompts.find("Shared").id
for turn in range(25):
    ws.versions.save(prompt, Content((Message.of("user", f"{sys.argv[2]} {turn}"),)))
    ws.prompts.create(f"{sys.argv[2]} {turn}")
ws.close()
"""
    database = Database.open(url)
    with database.write() as writer:
        writer.add(tables.Prompt(name="Shared"))
    database.close()
    root = Path(__file__).resolve().parent.parent
    apps = [subprocess.Popen([sys.executable, "-c", script, url, name], cwd=root) for name in ("one", "two")]
    assert [app.wait(120) for app in apps] == [0, 0]
    workspace = Workspace.open(url, Settings(tmp_path / "settings.json"))
    numbers = sorted(row.number for row in workspace.versions.list(workspace.prompts.find("Shared").id))
    assert numbers == list(range(1, 51))
    assert len(workspace.prompts.list()) == 51
    workspace.close()


def test_a_run_is_made_by_one_app_only(url: str) -> None:
    one, two = Database.open(url), Database.open(url)
    assert one.take_run(7)
    assert one.take_run(7), "again is fine"
    assert not two.take_run(7)
    assert two.runs_elsewhere() == {7}
    assert one.runs_elsewhere() == frozenset()
    one.leave_run(7)
    assert two.take_run(7)
    two.close()
    wait_for(lambda: one.take_run(7))  # who is gone holds nothing
    one.close()


# -- what is said ------------------------------------------------------------------------------------------------


def refused(address: str, kind: type[Problem], *words: str) -> Problem:
    with pytest.raises(kind) as caught:
        Database.open(address)
    text = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    for word in words:
        assert word in text, text
    assert PASSWORD not in text
    assert "word%3A1" not in text
    return caught.value


def test_every_trouble_with_a_server_has_its_sentence(postgres: PostgresServer, url: str) -> None:
    here = f"127.0.0.1:{postgres.port}"
    name = url.rpartition("/")[2]
    refused(f"postgresql://{USER}:wrong@{here}/{name}", NoPassword, "does not take the password of team")
    refused(f"postgresql://{USER}@{here}/{name}", NoPassword, "asks for the password of team", "PGPASSFILE")
    refused(postgres.url("nowhere"), StoreTrouble, "There is no database nowhere", "createdb")
    refused("postgresql://team@127.0.0.1:1/w", Missing, "No PostgreSQL server answers at 127.0.0.1:1")
    refused("postgresql://team:a/b@127.0.0.1/w", Problem, "cannot be read", "%2F")
    refused("postgresql://team@127.0.0.1/w?colour=red", Problem, "colour")
    postgres.sql("CREATE TABLE invoices (id int)", foreign := postgres.new())
    refused(postgres.url(foreign), StoreTrouble, "tables of something else", "left as they are")
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", foreign) == [(1,)]
    latin = postgres.new()
    postgres.sql(f"DROP DATABASE {latin}")
    postgres.sql(f"CREATE DATABASE {latin} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    refused(postgres.url(latin), StoreTrouble, "LATIN1", "ENCODING 'UTF8'")


def test_who_may_not_make_tables_or_only_read_is_told_so(postgres: PostgresServer, url: str) -> None:
    postgres.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    empty, name = postgres.new(), url.rpartition("/")[2]
    try:
        postgres.sql("REVOKE CREATE ON SCHEMA public FROM public", empty)
        refused(
            f"postgresql://guest:guest@127.0.0.1:{postgres.port}/{empty}", StoreTrouble, "guest may not make or change tables", "CREATE"
        )
        postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest", name)
        opened = Database.open(f"postgresql://guest:guest@127.0.0.1:{postgres.port}/{name}")
        assert opened.read_only
        assert "guest may only read" in opened.notice
        with pytest.raises(ReadOnly, match="Have who owns the tables grant the right"), opened.write():
            pass
        opened.close()
    finally:
        postgres.sql("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM guest", name)
        postgres.sql("DROP ROLE guest")


def test_without_psycopg_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in [name for name in sys.modules if name.startswith("workbench.store.server")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(Missing, match=r"needs psycopg.*prompt-workbench\[postgres\]"):
        Database.open("postgresql://team@127.0.0.1/w")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("postgresql+psycopg://anna:geheim@db/team", "postgresql+psycopg://anna@db/team"),
        ("postgres://anna:ge@he/im@db:5433/team?sslmode=require", "postgres://anna@db:5433/team?sslmode=require"),
        ("postgresql://anna@db/team?password=geheim&sslmode=require", "postgresql://anna@db/team?sslmode=require"),
        ("postgresql://db/team?password=geheim", "postgresql://db/team"),
        ("/home/anna/team.db", "/home/anna/team.db"),
    ],
)
def test_a_password_is_never_shown(typed: str, shown: str) -> None:
    assert without_password(typed) == shown
    assert "geheim" not in short_name(typed)


def test_the_password_is_in_no_setting_no_log_and_no_title(url: str, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    workspace = Workspace.open(url, settings)
    told = f"{workspace.path} {workspace.name} {workspace.notice} {workspace._database!r} {vars(workspace._database)!r}"
    workspace.close()
    for secret in (PASSWORD, "p%40ss"):
        assert secret not in told
        assert secret not in caplog.text
        assert not settings.path.exists() or secret not in settings.path.read_text("utf-8")


def test_a_password_that_is_kept_opens_the_workspace_later(postgres: PostgresServer, url: str, settings: Settings) -> None:
    from workbench.library.keys import Keys
    from workbench.workspace.server import open_on_server

    keys, bare = Keys(), without_password(url)
    with pytest.raises(NoPassword):
        open_on_server(bare, keys, None, keep=False)
    open_on_server(bare, keys, PASSWORD, keep=True).close()
    open_on_server(bare, keys, None, keep=False).close()
    assert PASSWORD not in keys.hide(f"it is {PASSWORD}")


# -- a server that goes away -------------------------------------------------------------------------------------


def test_the_app_survives_a_server_that_goes_away_and_goes_on_when_it_is_back(
    postgres: PostgresServer, url: str, settings: Settings
) -> None:
    workspace = Workspace.open(url, settings)
    heard: list[Changes] = []
    workspace.subscribe(heard.append)
    workspace.prompts.create("Before")
    postgres.stop()
    try:
        with pytest.raises(ConnectionLost, match=r"No PostgreSQL server answers|was lost"):
            workspace.prompts.create("Meanwhile")
        with pytest.raises(ConnectionLost):
            workspace.prompts.list()
        wait_for(lambda: workspace.is_cut_off)
        heard.clear()
    finally:
        postgres.start()
    wait_for(lambda: not workspace.is_cut_off and any(changes.has("prompt", "run") for changes in heard), 40)
    workspace.prompts.create("After")
    assert [row.name for row in workspace.prompts.list()] == ["After", "Before"]
    workspace.close()


def test_a_write_that_is_cut_off_in_the_middle_leaves_nothing_and_says_so(postgres: PostgresServer, url: str) -> None:
    database = Database.open(url)

    def write_and_be_cut_off() -> None:
        with database.write() as writer:
            writer.add(tables.Prompt(name="Half"))
            _break_connections(postgres, url)
            writer.add(tables.Prompt(name="Other half"))

    with pytest.raises(ConnectionLost, match="was lost"):
        write_and_be_cut_off()
    assert database.query("SELECT count(*) FROM prompt") == [(0,)]
    with database.write() as writer:
        writer.add(tables.Prompt(name="Whole"))
    assert database.query("SELECT name FROM prompt") == [("Whole",)]
    database.close()


def test_what_a_colleague_holds_back_is_a_hindrance_that_passes_and_ends_no_run(url: str) -> None:
    one, two = Database.open(url), Database.open(url)

    def write(patience_ms: int) -> None:
        with one.write() as writer:
            writer.run(f"SET LOCAL lock_timeout = '{patience_ms}ms'")
            writer.add(tables.Prompt(name="Mine"))

    with two.write() as writer:
        writer.run("LOCK TABLE prompt IN EXCLUSIVE MODE")
        with pytest.raises(Hindered, match="Another app is writing to"):
            write(200)
    write(5_000)
    assert one.query("SELECT name FROM prompt") == [("Mine",)]
    one.close()
    two.close()


def test_a_run_that_was_taken_stays_taken_after_the_connection_broke(postgres: PostgresServer, url: str) -> None:
    one, two = Database.open(url), Database.open(url)
    assert one.take_run(1)
    assert one.take_run(2)
    _break_connections(postgres, url)
    assert two.take_run(2)
    with one.write():  # on a new connection, which takes again what it can
        pass
    assert not one.has_lost_run(1)
    assert not two.take_run(1)
    assert one.has_lost_run(2)
    assert not one.take_run(2), "another app has it by now"
    one.close()
    two.close()


def _break_connections(postgres: PostgresServer, url: str) -> None:
    name = url.rpartition("/")[2]
    postgres.sql(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")


# -- formats -----------------------------------------------------------------------------------------------------


def test_many_apps_that_open_an_empty_database_make_it_once(postgres: PostgresServer) -> None:
    url = postgres.url(name := postgres.new())
    failures: list[BaseException] = []

    def work() -> None:
        try:
            Database.open(url).close()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert postgres.sql("SELECT revision FROM prompt_workbench", name) == [(schema.REVISION,)]


def test_an_older_app_reads_but_does_not_write_what_a_newer_one_upgraded(postgres: PostgresServer, url: str) -> None:
    before = Database.open(url)
    postgres.sql("UPDATE prompt_workbench SET revision = '9999_future'", url.rpartition("/")[2])
    with pytest.raises(ReadOnly, match=r"newer version.*Get the update\."), before.write():
        pass
    assert before.query("SELECT count(*) FROM prompt") == [(0,)]
    before.close()
    after = Database.open(url)
    assert after.read_only
    assert "upgraded by a newer version (format 9999" in after.notice
    with pytest.raises(ReadOnly, match=r"Get the update\."), after.write():
        pass
    after.close()


def test_an_upgrade_keeps_rows_drafts_and_search(postgres: PostgresServer, tmp_path: Path) -> None:
    from workbench.store.server.address import parse
    from workbench.store.server.connecting import Connector
    from workbench.store.server.making import make

    url = postgres.url(postgres.new())
    workspace = Workspace.open(url, Settings(tmp_path / "settings.json"))
    prompt = workspace.prompts.create("Grüße")
    workspace.versions.save(prompt, said("Sum up the parcels"))
    workspace.versions.save_draft(prompt, said("Draft"))
    workspace.close()
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "9998_more.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '9998_more'\ndown_revision = '{schema.REVISION}'\n"
        "def upgrade():\n    op.add_column('draft', sa.Column('mood', sa.Text(), nullable=True))\n"
    )
    connector = Connector(parse(url), None, "")
    raw = connector.connect(autocommit=False)
    raw.rollback()
    make(raw, connector.key, (folder,))
    raw.close()
    database = Database.open(url)
    assert "9998" in database.notice
    assert [hit.kind for hit in Search(database).find("parcel")] == ["version"]
    assert [hit.kind for hit in Search(database).find("gruße")] == ["prompt"]
    assert json.loads(database.query("SELECT content FROM draft")[0][0])["messages"]
    assert database.query("SELECT mood FROM draft") == [(None,)]
    database.close()


# -- values ------------------------------------------------------------------------------------------------------


def test_values_come_back_as_a_file_gives_them(url: str) -> None:
    database = Database.open(url)
    with database.write() as writer:
        run = writer.run(
            "INSERT INTO run (uid, number, plan, plan_hash, status, created_at, spent, author) "
            "VALUES ('u', 1, '{}', '', 'done', '', :spent, '') RETURNING id",
            spent=5_000_000_000_000,
        ).scalar_one()
        names = "run_id, column_index, case_index, repeat, fingerprint, status, attempts"
        job = f"INSERT INTO job ({names}) VALUES (?, 0, ?, 1, '100%', 'done', 0)"
        writer.many(job, [(run, index) for index in range(3)])
        output = "INSERT INTO output (job_id, attempt, text, cost, price_known, created_at) VALUES (:job, 1, :text, 3000000000, :known, '')"
        for number, text in enumerate(("nul \x00 in it", "Ünïcode 'quoted' :name ? %s", "x" * 700_000), 1):
            writer.run(output, job=number, text=text, known=True)
    assert database.query("SELECT sum(cost), avg(cost), max(price_known), spent FROM output, run GROUP BY spent") == [
        (9_000_000_000, 3_000_000_000.0, 1, 5_000_000_000_000)
    ]
    texts = [row[0] for row in database.query("SELECT text FROM output ORDER BY id")]
    assert texts[:2] == ["nul \ufffd in it", "Ünïcode 'quoted' :name ? %s"]
    assert database.query("SELECT count(*) FROM job WHERE fingerprint LIKE '1__%' AND fingerprint = :it", {"it": "100%"}) == [(3,)]
    assert len(Search(database).find("unicode quoted")) == 1
    database.close()


def test_a_text_that_no_index_can_take_is_said_in_a_sentence(url: str, as_person: Callable[[str, str], Workspace]) -> None:
    anna = as_person("anna", url)
    prompt = anna.prompts.create("P")
    name = "".join(chr(0x10000 + number * 7919 % 0xFFFF) for number in range(3000))
    with pytest.raises(StoreTrouble, match=r"longer than .* can keep it there\. Nothing was changed"):
        anna.versions.set_sample(prompt, name, "x")
    anna.versions.set_sample(prompt, "q", "x")
    assert anna.versions.samples(prompt) == {"q": "x"}


TEXTS = (
    "Write to anna.smith@example.com or https://example.com/a-b?c=d about 3.14 and v2x, 1st, 0x1F and 12e5",
    "snake_case, kebab-case, CamelCase and don't; half-life's 2,000.5 units",
    "Grüße aus Łódź, naïve café déjà vu, ÅNGSTRÖM, straße",
    "STRASSE, STRAẞE, İstanbul, ΣΑΣ",
    "Привет мир, ёлка; 日本語のテキスト; שלום; नमस्ते",
    "{{ customer.name }} {% for x in items %} <b>bold</b> C:\\dir\\file.txt 50% $9.99",
    "",
)
ASKED = (
    *("anna", "smith example", "example.com", "3.14", "314", "v2x", "v2", "1st", "0x1f", "12e5", "snake", "case", "kebab-case", "camel"),
    *("don't", "dont", "2,000", "grusse", "grüsse", "gruße", "lodz", "łodz", "naive", "cafe", "angstrom"),
    *("strasse", "STRASSE", "straße", "straß"),
    *("привет", "ПРИВ", "елка", "ёлка", "日本", "日本語のテキスト", "テキスト", "שלום", "नमस्ते", "customer.name", '"for x in"', '"x for"'),
    *("bold", "file.txt", "50%", "9.99", "b", "-", "'", "!!", "a & b | c", "(", "\\", ":*", "<->", "%", "_"),
)


def test_both_stores_find_the_same(url: str, tmp_path: Path) -> None:
    file, server = Database.open(tmp_path / "w.db"), Database.open(url)
    for database in (file, server):
        with database.write() as writer:
            dataset = writer.add(tables.Dataset(name="D", columns=[]))
            for place, text in enumerate(TEXTS):
                writer.add(tables.Prompt(name=f"{place}", description=text))
                writer.add(tables.CaseRow(dataset_id=dataset, position=place, values={"text": text}, content_hash=""))
    differing = {}
    for asked in ASKED:
        found = [[(hit.kind, hit.id, hit.excerpt) for hit in Search(database).find(asked)] for database in (file, server)]
        if found[0] != found[1]:
            differing[asked] = found
    assert differing == {}
    file.close()
    server.close()


# -- runs --------------------------------------------------------------------------------------------------------


def test_a_run_is_watched_from_the_other_app_and_survives_a_restart_of_the_server(
    postgres: PostgresServer,
    url: str,
    as_person: Callable[[str, str], Workspace],
    settings: Settings,
    fakeprovider: Callable[..., FakeProvider],
) -> None:
    provider = fakeprovider(latency_ms=150, answer="words", tokens=5)
    filled = fill(url, settings, provider.base_url, cases=15)
    anna, ben = as_person("anna", url), as_person("ben", url)
    run = anna.runs.start_comparison(filled.comparison)
    ended: list[BaseException] = []

    async def make() -> None:
        async for _event in anna.runs.execute(run):
            pass

    def go() -> None:
        try:
            asyncio.run(make())
        except BaseException as failure:
            ended.append(failure)

    thread = threading.Thread(target=go)
    thread.start()
    wait_for(lambda: ben.runs.get(run).done > 8)
    assert ben.runs.get(run).status == "running"
    assert ben.runs.unfinished() == [], "it is not cut off: another app makes it"

    async def make_too() -> None:
        async for _event in ben.runs.execute(run):
            pass

    with pytest.raises(BadInput, match="going on in another app"):
        asyncio.run(make_too())
    postgres.stop()
    time.sleep(1)
    postgres.start()
    thread.join(60)
    assert ended == []
    row = ben.runs.get(run)
    assert (row.status, row.done, row.failed) == ("done", 60, 0)
    assert ben._database.query("SELECT count(*), count(DISTINCT job_id) FROM output") == [(60, 60)]
    assert provider.stats()["requests"] == 60, "no call was paid for twice"
    assert ben._database.query("SELECT author FROM run") == [("anna",)]
