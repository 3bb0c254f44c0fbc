"""A team's workspace in the window: opened by its address, named in the status bar, kept up while the server is away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished, finished_well, opened
from tests.postgres_server import PASSWORD, PostgresServer
from tests.run_workspace import fill
from tests.test_gui_library import Desk
from workbench.gui.app import Session
from workbench.gui.compare.view import CompareScreen
from workbench.gui.library.view import LibraryScreen
from workbench.gui.server_dialog import ServerDialog
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.notice import Banner
from workbench.settings import Settings
from workbench.values import Content, Message, NoPassword
from workbench.workspace import Workspace


@pytest.fixture
def database(postgres: PostgresServer, empty_workspace: str) -> Iterator[str]:
    """The name of a database with an empty workspace."""
    name = postgres.new(empty_workspace)
    yield name
    postgres.drop(name)


def asked() -> ServerDialog:
    return next(dialog for dialog in dialogs() if isinstance(dialog, ServerDialog))


def test_a_workspace_on_a_server_is_opened_from_the_window(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings, tmp_path: object
) -> None:
    session = opened(qtbot, f"{tmp_path}/own.db", settings, place="library")
    successors: list[Session] = []
    session.replaced.connect(successors.append)
    session.context.action("file.server").trigger()
    qtbot.waitUntil(lambda: bool(dialogs()))
    dialog = asked()
    assert not dialog.go.isEnabled(), "there is no address yet"
    QTest.keyClicks(dialog.address, "my server")
    QTest.keyClick(dialog.address, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert "no address of a PostgreSQL database" in " ".join(each.text() for each in dialog.findChildren(QLabel))
    dialog.address.clear()
    QTest.keyClicks(dialog.address, postgres.url(database, password=False))
    QTest.keyClicks(dialog.password, PASSWORD)
    QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(successors) and successors[0].context.workspace is not None)
    team = successors[0]
    assert team.window.status.workspace.text() == f"{database} on 127.0.0.1:{postgres.port}"
    assert team.context.ws.on_server
    settings.flush()
    assert settings.path.read_text("utf-8").find(f"@127.0.0.1:{postgres.port}/{database}") > 0, "it is opened at the next start"
    assert "p@ss" not in settings.path.read_text("utf-8")
    assert "p%40ss" not in settings.path.read_text("utf-8")
    finished(session)
    finished_well(team)


def test_a_wrong_password_is_asked_for_again(qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings) -> None:
    session = opened(qtbot, postgres.url(database).replace("word", "worse"), settings)
    page = session.window.opening
    assert isinstance(page.problem, NoPassword)
    shown = " ".join(each.text() for each in page.findChildren(QLabel))
    assert "does not take the password of team" in shown
    assert "worse" not in shown
    session.open_server()
    dialog = asked()
    assert "worse" not in dialog.address.text()
    QTest.keyClicks(dialog.password, PASSWORD)
    QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.context.workspace is not None)
    finished_well(session)


def test_text_that_gives_way_to_what_somebody_else_wrote_is_told_and_comes_back(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings
) -> None:
    session = opened(qtbot, postgres.url(database), settings)
    desk = Desk(qtbot, session)
    desk.open(desk.prompt("Refund", "Be kind."))
    id_ = desk.working.prompt_id
    desk.write(" Mine.")
    desk.until(lambda: desk.ws.versions.draft(id_) is not None and not desk.working.keeping)
    elsewhere = Workspace.open(postgres.url(database), settings)
    elsewhere.versions.save_draft(id_, Content((Message.of("system", "Be kind. Theirs."),)))
    desk.until(lambda: desk.blocks[0].editor.text == "Be kind. Theirs.")
    said = "Other text was written in Refund at the same time, in another window or by somebody else."
    desk.until(lambda: desk.notice() == f"{said} It stands here now; yours is kept as v2.")
    desk.undo()
    desk.until(lambda: desk.blocks[0].editor.text == "Be kind. Mine.")
    desk.until(lambda: elsewhere.versions.draft(id_).content.messages[0].text == "Be kind. Mine.")  # type: ignore[union-attr]
    desk.session.window.notice.say("")
    elsewhere.versions.save(id_, desk.working.content)
    desk.until(lambda: not desk.working.unsaved)
    elsewhere.versions.save_draft(id_, Content((Message.of("system", "Be brief."),)))
    desk.until(lambda: desk.blocks[0].editor.text == "Be brief.")
    assert desk.notice() == "", "what was typed here is in a version: nothing is lost"
    elsewhere.close()
    finished_well(session)


def test_two_windows_that_write_in_one_prompt_lose_no_text(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings
) -> None:
    session = opened(qtbot, postgres.url(database), settings)
    desk = Desk(qtbot, session)
    prompt = desk.prompt("Refund", "Be kind.")
    desk.open(prompt)
    elsewhere = Workspace.open(postgres.url(database), settings)
    try:
        elsewhere.versions.save_draft(prompt, Content((Message.of("system", "Theirs."),)))
        desk.write(" Mine.")  # before this window has heard of it
        desk.until(lambda: (draft := desk.ws.versions.draft(prompt)) is not None and draft.content.messages[0].text == "Be kind. Mine.")
        kept = desk.ws.versions.list(prompt)[0]
        assert (kept.number, kept.branch) == (2, "kept aside")
        assert desk.ws.versions.content(kept.id).messages[0].text == "Theirs."
        desk.until(lambda: not desk.working.keeping)
        desk.session.window.notice.say("")
        for _ in range(2):  # the same text gives way again and again: it is one version
            elsewhere.versions.save_draft(prompt, Content((Message.of("system", "Theirs again."),)))
            desk.until(lambda: desk.blocks[0].editor.text == "Theirs again.")
            desk.until(lambda: desk.notice().endswith("It stands here now; yours is kept as v3."))
            desk.undo()
            desk.until(lambda: desk.blocks[0].editor.text == "Be kind. Mine." and not desk.working.keeping)
        desk.until(lambda: len(desk.ws.versions.list(prompt)) == 4)
        texts = [desk.ws.versions.content(row.id).messages[0].text for row in desk.ws.versions.list(prompt)]
        assert texts == ["Theirs again.", "Be kind. Mine.", "Theirs.", "Be kind."]
        assert desk.working.at.base.number == 1
        assert desk.ws.prompts.get(prompt).branch == ""
    finally:
        elsewhere.close()
        finished_well(session)


def test_who_saves_is_told_of_a_version_that_somebody_else_saved_since(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(qtbot, postgres.url(database), settings)
    desk = Desk(qtbot, session)
    prompt = desk.prompt("Refund", "Be kind.")
    desk.open(prompt)
    desk.write(" Mine.")
    desk.until(lambda: desk.ws.versions.draft(prompt) is not None)
    monkeypatch.setenv("LOGNAME", "bert")
    elsewhere = Workspace.open(postgres.url(database), settings)
    try:
        elsewhere.versions.save(prompt, Content((Message.of("system", "Theirs."),)))
        desk.until(lambda: desk.working.next_number == 3)
        session.context.action("library.save").trigger()
        desk.until(lambda: bool(dialogs()))
        said = [text.text() for text in dialogs()[-1].findChildren(QLabel)]
        assert any("Yours began from v1. v2 by bert came since then, and what it changed is not in yours." in text for text in said), said
        dialogs()[-1].reject()
    finally:
        elsewhere.close()
        finished_well(session)


def test_what_another_person_saves_appears_and_a_server_that_is_away_is_said(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings
) -> None:
    session = opened(qtbot, postgres.url(database), settings, place="library")
    other = Workspace.open(postgres.url(database), settings)
    screen = session.window.screen_at("library")
    assert isinstance(screen, LibraryScreen)
    prompt = other.prompts.create("From somebody else")
    qtbot.waitUntil(lambda: screen.list.model.find(prompt_id=prompt).isValid())
    item = session.window.status.workspace
    postgres.stop()
    try:
        qtbot.waitUntil(lambda: item.text().endswith("not reached"))
        session.context.bridge.call(session.context.ws.prompts.create, "Lost", then=lambda _id: None)
        qtbot.waitUntil(lambda: session.window.notice.isVisible())
        time.sleep(0.1)
    finally:
        postgres.start()
    qtbot.waitUntil(lambda: not item.text().endswith("not reached"))
    assert session.context.ws.prompts.create("Back") > 0
    other.close()
    finished_well(session)


def test_a_run_that_another_app_makes_says_so_and_offers_no_way_to_make_it_twice(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings, fakeprovider: Callable[..., FakeProvider]
) -> None:
    server = fakeprovider(latency_ms=400)
    filled = fill(postgres.url(database), settings, server.base_url, cases=10, models=1, versions=(1,), concurrency=1)
    other = Workspace.open(filled.path, settings)
    run = other.runs.start_comparison(filled.comparison)

    async def make() -> None:
        async for _event in other.runs.execute(run):
            pass

    maker = threading.Thread(target=lambda: asyncio.run(make()))
    maker.start()
    qtbot.waitUntil(lambda: server.stats()["requests"] > 0)
    session = opened(qtbot, str(filled.path), settings, place="compare")
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    screen.context.go("compare", run_id=run)
    bar = screen.page.run_bar
    qtbot.waitUntil(lambda: bar.done.more.text() == "going on in another app")
    assert bar.go.isHidden()
    qtbot.waitUntil(lambda: bar.done.more.text() == "done", timeout=20_000)
    maker.join()
    assert server.stats()["requests"] == 10
    other.close()
    finished_well(session)


def test_a_workspace_on_a_server_that_can_only_be_read_offers_no_copy_and_says_who_can_mend_it(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings
) -> None:
    postgres.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    try:
        postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest", database)
        session = opened(qtbot, f"postgresql://guest:guest@127.0.0.1:{postgres.port}/{database}", settings, place="library")
        banner = next(one for one in session.window.findChildren(Banner) if "guest may only read" in one.title.text())
        assert banner.text.text() == "Have who owns the tables grant the right to write."
        assert [made.text() for made in banner.findChildren(Button)] == ["Try again"]
        session.context.action("library.new").trigger()
        qtbot.waitUntil(session.window.notice.isVisible)
        assert session.window.notice.accessibleName().endswith("Have who owns the tables grant the right to write.")
        finished_well(session)
    finally:
        postgres.sql("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM guest", database)
        postgres.sql("DROP ROLE guest")


def test_a_window_says_when_a_newer_app_has_upgraded_its_workspace(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings
) -> None:
    session = opened(qtbot, postgres.url(database), settings, place="library")
    postgres.sql("UPDATE prompt_workbench SET revision = '9999_future'", database)
    session.context.bridge.call(session.context.ws.prompts.create, "Lost", then=lambda _id: None)
    qtbot.waitUntil(lambda: session.window.status.workspace.text().endswith("read only"))
    assert session.context.ws.read_only
    assert "Get the update." in session.window.notice.accessibleName()
    finished_well(session)


def test_a_run_on_the_screen_stays_there_while_the_server_is_away(
    qtbot: QtBot, postgres: PostgresServer, database: str, settings: Settings, fakeprovider: Callable[..., FakeProvider]
) -> None:
    server = fakeprovider()
    filled = fill(postgres.url(database), settings, server.base_url, cases=3, models=1, versions=(1,))
    other = Workspace.open(filled.path, settings)
    run = other.runs.start_comparison(filled.comparison)
    session = opened(qtbot, str(filled.path), settings, place="compare")
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    screen.context.go("compare", run_id=run)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.tabs and screen.model.data is not None)
    item = session.window.status.workspace
    postgres.stop()
    try:
        qtbot.waitUntil(lambda: item.text().endswith("not reached"))
        missed: list[object] = []
        screen.model.missing.connect(missed.append)
        screen.refresh(None)
        qtbot.waitUntil(lambda: bool(missed))
        assert screen.pages.currentWidget() is screen.tabs
        assert screen.model.run_id == run
        qtbot.waitUntil(session.window.notice.isVisible)  # its cells could not be read either
    finally:
        postgres.start()
    qtbot.waitUntil(lambda: not item.text().endswith("not reached"))
    qtbot.waitUntil(session.window.notice.isHidden)
    other.close()
    elsewhere = Workspace.open(filled.path, settings)

    async def make() -> None:
        async for _event in elsewhere.runs.execute(run):
            pass

    maker = threading.Thread(target=lambda: asyncio.run(make()))
    maker.start()
    qtbot.waitUntil(lambda: screen.page.run_bar.done.more.text() == "done", timeout=20_000)
    maker.join()
    elsewhere.close()
    finished_well(session)
