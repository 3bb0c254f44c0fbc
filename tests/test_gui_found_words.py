"""What a search found in answers: said in the palette with model and verdict, marked where the answer is shown, gone through with F3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import executed, fill
from workbench.gui.app import Session
from workbench.gui.compare.view import CompareScreen
from workbench.gui.palette.dialog import Palette
from workbench.gui.palette.entries import Entry
from workbench.gui.review.view import ReviewScreen
from workbench.gui.wanted import answers_with, searched, typed
from workbench.gui.widgets.answer_view import AnswerView
from workbench.settings import Settings
from workbench.values import Content, Message

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Callable[..., FakeProvider]) -> Iterator[tuple[Session, int]]:
    """A run of 4 cases in 4 columns with long answers."""
    filled = fill(tmp_path / "desk.db", settings, fakeprovider(answer="words", tokens=400).base_url)
    run = executed(filled, settings)
    session = opened(qtbot, filled.path, settings)
    session.window.activateWindow()
    yield session, run
    finished_well(session)


def marked(view: AnswerView) -> list[str]:
    return [one.cursor.selectedText() for one in view.extraSelections()]


def search(qtbot: QtBot, session: Session, words: str, group: str) -> tuple[Palette, Callable[[], list[Entry]]]:
    session.context.action("go.palette").trigger()
    made = next(dialog for dialog in dialogs() if isinstance(dialog, Palette))
    QTest.keyClicks(made._field, words)

    def rows() -> list[Entry]:
        return [row for row in made._model.rows if row.group == group and row.run is not None]

    qtbot.waitUntil(lambda: bool(rows()), timeout=10_000)
    return made, rows


def wake(qtbot: QtBot, session: Session) -> None:
    """Make the window the active one again, as a desktop does when a dialog has closed."""
    qtbot.waitUntil(lambda: not dialogs(), timeout=10_000)
    session.window.activateWindow()
    qtbot.waitUntil(session.window.isActiveWindow, timeout=10_000)


def went_on(now: Callable[[], tuple[int, int, int]], before: tuple[int, int, int], *, alone: bool) -> bool:
    """Another place is the current one, or there is no other."""
    return alone or (now() != before and now()[2] >= 0)


def word_of(session: Session, run: int, case: int, column: int) -> tuple[str, Any]:
    """A word that stands late in an answer and not at its beginning, and the answer."""
    ws = session.context.ws
    id = next(cell.output_id for cell in ws.runs.cells(run) if (cell.case_index, cell.column) == (case, column))
    row = ws.runs.output(id or 0)
    words = [word.strip(".,") for word in row.text.split()]
    early = {word.lower() for word in words[:200]}
    return next((word for word in words[200:] if word.isalpha() and len(word) > 3 and word.lower() not in early), words[-2]), row


def test_an_answer_found_by_the_palette_is_shown_with_its_words_marked_and_f3_goes_on(qtbot: QtBot, desk: tuple[Session, int]) -> None:
    session, run = desk
    ws = session.context.ws
    word, _ = word_of(session, run, 2, 1)
    palette, rows = search(qtbot, session, word, "Outputs")
    qtbot.waitUntil(lambda: all(row.marker is not None for row in rows()[:4]), timeout=10_000)
    first = rows()[0]
    assert first.detail.startswith("model-")
    assert "case " in first.detail
    assert first.detail.endswith("Refunds, run 1")
    assert (first.badge_kind, first.badge_icon) in (("pass", "check"), ("fail", "x"))
    assert "in 1 comparison" in next(row.detail for row in palette._model.rows if row.text == "Outputs")
    at = palette._model.rows.index(first)
    while palette._list.currentIndex().row() != at:
        QTest.keyClick(palette._field, Qt.Key.Key_Down)
    QTest.keyClick(palette._field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=10_000)
    wake(qtbot, session)
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    detail, bar = screen.page.detail, screen.page.find_bar
    qtbot.waitUntil(lambda: bool(marked(detail.text.answer)), timeout=10_000)
    assert {found.lower()[: len(word)] for found in marked(detail.text.answer)} == {word.lower()}
    qtbot.waitUntil(lambda: bool(bar.places), timeout=10_000)
    assert bar.field.text() == word
    top = detail.text.answer.extraSelections()[0]

    def visible() -> bool:
        y = detail.text.answer.mapTo(detail.area.viewport(), detail.text.answer.cursorRect(top.cursor).center()).y()
        return 0 <= y < detail.area.viewport().height()

    qtbot.waitUntil(visible, timeout=10_000)
    if len(bar.places) > 1:
        before = screen.page.table.current()
        QTest.keyClick(QApplication.focusWidget() or screen, Qt.Key.Key_F3)
        qtbot.waitUntil(lambda: screen.page.table.current() != before)
        QTest.keyClick(QApplication.focusWidget() or screen, Qt.Key.Key_F3, SHIFT)
        qtbot.waitUntil(lambda: screen.page.table.current() == before)
    assert len(bar.places) == len(answers_with(ws, run, searched(ws, word), (0, 1, 2, 3)))
    bar.leave()
    assert marked(detail.text.answer) == []
    assert not bar.isVisible()


def test_several_words_are_found_apart_from_each_other_and_only_as_words(qtbot: QtBot, desk: tuple[Session, int]) -> None:
    session, run = desk
    ws = session.context.ws
    row = word_of(session, run, 0, 0)[1]
    first, last = row.text.split()[0].strip(".,"), word_of(session, run, 0, 0)[0]
    wanted = searched(ws, f"{last} {first}")
    assert wanted.terms == (last, first)
    assert (0, 0) in answers_with(ws, run, wanted, (0, 1, 2, 3))
    assert typed(f"{last} {first}{last}").places(row.text) == []
    inner = row.text.split()[0].strip(".,")[1:]
    assert len(typed(inner).places(row.text)) >= 1
    assert searched(ws, '"a quote').terms == ("a", "quote")
    assert not searched(ws, "...")
    session.context.go("compare", run_id=run, output_id=row.id, words=f"{last} {first}")
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    qtbot.waitUntil(lambda: {last.lower(), first.lower()} <= {w.lower() for w in marked(screen.page.detail.text.answer)}, timeout=10_000)
    assert not screen.page.find_bar.only.isEnabled()  # rows are filtered by one text


def test_the_palette_leads_back_into_a_blind_review_and_tells_no_model(qtbot: QtBot, desk: tuple[Session, int]) -> None:
    session, run = desk
    session.context.go("review", run_id=run)
    screen = cast("ReviewScreen", session.window.screen_at("review"))
    qtbot.waitUntil(lambda: bool(screen.cards), timeout=10_000)
    word, row = word_of(session, run, 3, 2)
    palette, rows = search(qtbot, session, word, "Outputs")
    qtbot.waitUntil(lambda: all("under review" in entry.detail for entry in rows()[:4]), timeout=10_000)
    assert all("model" not in entry.detail and not entry.badge and entry.marker is None for entry in rows()[:4])
    palette.reject()
    wake(qtbot, session)
    session.context.go("review", run_id=run, output_id=row.id, words=word)
    qtbot.waitUntil(lambda: screen.card is not None and screen.card.answer.output_id == row.id, timeout=10_000)
    qtbot.waitUntil(lambda: bool(screen.card and marked(screen.card.text)), timeout=10_000)
    card = screen.card
    assert card is not None
    assert card.hasFocus()
    view = card.text

    def now() -> tuple[int, int, int]:
        return (screen.model.position, screen.current, screen.found._at)

    qtbot.waitUntil(lambda: screen.found._at >= 0, timeout=10_000)
    assert 0 <= view.top_of(screen.found.places[screen.found._at][1]) < view.height()
    places, before, seen = len(screen.found.places), now(), {now()}
    for _ in range(places + 1):
        at = now()
        QTest.keyClick(QApplication.focusWidget() or screen, Qt.Key.Key_F3)
        qtbot.waitUntil(partial(went_on, now, at, alone=places == 1), timeout=10_000)
        seen.add(now())
    assert now() != before or places == 1
    assert len(seen) >= places
    QTest.keyClick(screen.card or screen, Qt.Key.Key_Escape)
    assert all(marked(one.text) == [] for one in screen.cards)
    QTest.keyClick(screen.card or screen, Qt.Key.Key_F3)
    assert session.window.notice.accessibleName().startswith("Nothing is looked for.")


def test_a_line_says_since_which_version_it_stands_there(qtbot: QtBot, desk: tuple[Session, int]) -> None:
    session, _ = desk
    ws = session.context.ws
    prompt = ws.prompts.create("Triage", "", Content((Message.of("system", "Label it."), Message.of("user", "One.\nMark the zeppelin."))))
    for text in ("Two.\nMark the zeppelin.", "Three.\nLater.\nMark the zeppelin."):
        ws.versions.save(prompt, Content((Message.of("system", "Label it."), Message.of("user", text))))
    ws.versions.save(prompt, Content((Message.of("user", "Nothing of it."),)))
    ws.versions.set_label(prompt, "production", ws.versions.by_number(prompt, 3).id)
    other = ws.prompts.create("Other", "", Content((Message.of("user", "A zeppelin, once."),)))
    assert other
    palette, rows = search(qtbot, session, "zeppelin", "Text in versions")
    qtbot.waitUntil(lambda: all(" line " in row.detail for row in rows()), timeout=10_000)
    said = {row.detail.split(" v")[0]: row for row in rows()}
    assert said["Triage"].detail == "Triage v1–v3, User line 3"
    assert (said["Triage"].badge, said["Triage"].badge_kind) == ("production", "label")
    assert said["Other"].detail.startswith("Other v1, User line 1. First in v1")
    assert "2 hits in 2 prompts" in [row.detail for row in palette._model.rows]
    QTest.keyClick(palette._field, Qt.Key.Key_Down)
    palette.reject()
