"""Answers as a reader meets them: words without end, pictures from elsewhere, links, nothing at all, and text from right to left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage, QPainter, QTextOption
from PySide6.QtWidgets import QDialog, QLabel, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import executed, fill
from tests.test_gui_grid_view import ATTEMPT
from workbench.gui.app import application
from workbench.gui.compare.excerpt import break_lines
from workbench.gui.compare.view import CompareScreen
from workbench.gui.link_dialog import MOST, ask_link
from workbench.gui.theme import theme
from workbench.gui.widgets.answer_view import AnswerView
from workbench.settings import Settings
from workbench.workspace import Workspace

ARABIC = "مرحبا بك يا بريا، شكرا على تواصلك معنا. يمكن إرجاع الحذاء خلال 30 يوما من تاريخ الشراء، ورقم الطلب هو ORD-118."


def view_of(qtbot: QtBot, text: str, width: int = 300) -> AnswerView:
    application()
    made = AnswerView("answer", spacing=122)
    qtbot.addWidget(made)
    made.resize(width, 100)
    made.show()
    made.show_text(text, finished=True)
    return made


def button_of(dialog: QDialog, text: str) -> QPushButton:
    return next(made for made in dialog.findChildren(QPushButton) if made.text() == text)


# -- words without end -------------------------------------------------------------------------------------------


def test_a_word_without_end_does_not_hold_the_window_up(qtbot: QtBot) -> None:
    view = view_of(qtbot, "short")
    started = time.perf_counter()
    view.show_text("data:image/png;base64," + "iVBORw0KGgo" * 30_000, finished=True)
    view.show_text("short again", finished=True)
    assert time.perf_counter() - started < 3, "breaking it at words takes more than ten seconds"
    assert view.toPlainText() == "short again"


def test_only_a_word_without_end_is_broken_anywhere(qtbot: QtBot) -> None:
    view = view_of(qtbot, "words " * 4000)
    usual = view.wordWrapMode()
    view.grow("words " * 4000 + "x" * 30_000)
    assert view.wordWrapMode() != usual
    view.show_text("words again", finished=True)
    assert view.wordWrapMode() == usual


# -- pictures and links ------------------------------------------------------------------------------------------


def test_a_picture_of_an_answer_is_a_link_that_says_so(qtbot: QtBot) -> None:
    view = view_of(qtbot, "See ![a map](http://127.0.0.1:9/spy.png) and ![](file:///etc/hostname).\n\n```\n![code](stays)\n```")
    assert "See Picture: a map and Picture." in view.toPlainText()
    assert "![code](stays)" in view.toPlainText()
    assert "<img" not in view.toHtml()
    assert view.has_links


@pytest.fixture
def seen(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Callable[..., FakeProvider]) -> Iterator[CompareScreen]:
    """A run whose first answer is Markdown with links, the second blank."""
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=2, models=1, versions=(1,))
    run = executed(filled, settings)
    ws = Workspace.open(filled.path, settings)
    texts = ("**Look** at [this](https://example.com/a?b=c) or [that](javascript:alert(1)).", "  \n\n ")
    with ws._database.write() as writer:
        for cell in ws.runs.cells(run):
            writer.run(ATTEMPT, text=texts[cell.case_index], id=cell.output_id, ms=900)
    ws.close()
    session = opened(qtbot, filled.path, settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare")
    made = cast("CompareScreen", session.window.screen_at("compare"))
    made.context.go("compare", run_id=run)
    qtbot.waitUntil(lambda: made.page.current() is not None and made.page.detail.row is not None)
    yield made
    finished_well(session)


def test_a_link_is_opened_only_after_its_address_was_shown(qtbot: QtBot, seen: CompareScreen, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: went.append(url.toString()))
    part = seen.page.detail.text
    part.answer.anchorClicked.emit(QUrl("https://example.com/a?b=c"))
    made = dialogs()[0]
    assert made.windowTitle() == "Open this link to example.com?"
    assert any(label.accessibleName() == "Address: https://example.com/a?b=c" for label in made.findChildren(QLabel))
    made.reject()
    assert not went
    part.answer.anchorClicked.emit(QUrl("https://example.com/a?b=c"))
    made = dialogs()[0]
    button_of(made, "Open in the browser").click()
    assert went == ["https://example.com/a?b=c"]


def test_of_a_long_host_the_end_is_told(qtbot: QtBot, seen: CompareScreen) -> None:
    ask_link(seen, seen.context, f"https://accounts.bank.example.{'a' * 40}.{'b' * 40}.evil.example/login")
    made = dialogs()[0]
    assert made.windowTitle().endswith(".evil.example?")
    assert f"Host: accounts.bank.example.{'a' * 40}.{'b' * 40}.evil.example" in spoken(made)
    made.reject()


def spoken(dialog: QDialog) -> list[str]:
    return [label.accessibleName() or label.text() for label in dialog.findChildren(QLabel)]


def test_what_is_not_seen_in_an_address_or_turns_it_around_is_shown_as_it_is_sent(
    qtbot: QtBot, seen: CompareScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", went.append)
    address = "https://example.com/\u202egpj.\u2066exe?\u200b\u3164\ufe0f\n\x7f\u2028#\U000e0041 é"
    seen.page.detail.text.answer.anchorClicked.emit(QUrl(address))
    made = dialogs()[0]
    shown = "https://example.com/%E2%80%AEgpj.%E2%81%A6exe?%E2%80%8B%E3%85%A4%EF%B8%8F%0A%7F%E2%80%A8#%F3%A0%81%81 é"
    assert f"Address: {shown}" in spoken(made)
    assert not any("\u202e" in label.text() for label in made.findChildren(QLabel))
    button_of(made, "Open in the browser").click()
    assert [url.toEncoded() for url in went] == [QUrl(address).toEncoded()]
    said: list[str] = []
    seen.context.noticed.connect(lambda text, *_: said.append(text))
    ask_link(seen, seen.context, "file:///\u202ecod.exe")
    assert said == ["Only web addresses are opened from answers, not file:///%E2%80%AEcod.exe"]


def test_an_address_that_is_cut_says_so_and_its_host_is_told_all_the_same(qtbot: QtBot, seen: CompareScreen) -> None:
    address = f"https://{'bank.example' * 300}@evil.example/"
    ask_link(seen, seen.context, address)
    made = dialogs()[0]
    assert made.windowTitle() == "Open this link to evil.example?"
    assert "Only the first 2,000 of its 3,622 characters stand here. Copy the address to see all of it." in spoken(made)
    made.reject()
    ask_link(seen, seen.context, "https://evil.example/" + "a" * (MOST - 21))
    made = dialogs()[0]
    assert not any("Only the first" in text for text in spoken(made))
    made.reject()


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "ssh://host", "relative.html", "data:text/html,x"])
def test_what_is_no_web_address_is_never_opened(qtbot: QtBot, seen: CompareScreen, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    went: list[object] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", went.append)
    ask_link(seen, seen.context, address)
    assert not dialogs()
    assert not went


def test_a_blank_answer_says_that_it_is_empty(qtbot: QtBot, seen: CompareScreen) -> None:
    part = seen.page.detail.text
    assert not part.empty.isVisible()
    seen.page.table.choose(1, 0)
    qtbot.waitUntil(part.empty.isVisible)
    assert not part.answer.isVisible()
    seen.page.table.choose(0, 0)
    qtbot.waitUntil(part.answer.isVisible)
    assert not part.empty.isVisible()


# -- from right to left ------------------------------------------------------------------------------------------


def inked(text: str, width: int = 180) -> QImage:
    """The lines of an excerpt as they are drawn."""
    font = theme().font("cell")
    picture = QImage(width, 90, QImage.Format.Format_Grayscale8)
    picture.fill(255)
    painter = QPainter(picture)
    painter.setFont(font)
    break_lines(text, font, width, 4).draw(painter, 0, 2, 17)
    painter.end()
    return picture


def ink(picture: QImage, left: int, right: int) -> int:
    """How many dark points are between two edges."""
    return sum(picture.pixelColor(x, y).value() < 128 for x in range(left, right) for y in range(picture.height()))


def test_lines_from_right_to_left_begin_at_the_right(qtbot: QtBot) -> None:
    application()
    arabic, english = break_lines(ARABIC, theme().font("cell"), 180, 4), break_lines("Hello there", theme().font("cell"), 180, 4)
    assert not english.lefts
    assert len(arabic.lefts) == len(arabic.lines)
    short = break_lines("مرحبا", theme().font("cell"), 180, 4)
    picture = inked("مرحبا")
    assert ink(picture, 180 - round(short.last_width) - 1, 180) > 0
    assert ink(picture, 0, 180 - round(short.last_width) - 4) == 0
    assert short.caret(2, 7) < short.lefts[-1]


def test_a_stretch_is_found_where_it_is_drawn_in_either_direction(qtbot: QtBot) -> None:
    application()
    font = theme().font("cell")
    first = break_lines(ARABIC, font, 180, 4).spans(0, 0, 5, font)[0]
    later = break_lines(ARABIC, font, 180, 4).spans(0, 6, 8, font)[0]
    assert first[1] <= 181
    assert later[1] <= first[0] + 1, "what comes later stands further left"
    plain = break_lines("one two three", font, 180, 4)
    assert plain.spans(0, 0, 3, font)[0][0] == 0
    assert plain.spans(0, 4, 7, font)[0][0] > plain.spans(0, 0, 3, font)[0][1]


def test_a_sentence_that_goes_on_ends_with_three_dots(qtbot: QtBot) -> None:
    application()
    lines = break_lines("It is so.\n\nThen more.\n\nAnd more.", theme().font("cell"), 180, 1).lines
    assert lines[0].text() == "It is so…"


def test_the_address_is_copied_as_it_is(qtbot: QtBot, seen: CompareScreen) -> None:
    address = "https://example.com/" + "a" * 200
    ask_link(seen, seen.context, address)
    made = dialogs()[0]
    button_of(made, "Copy address").click()
    assert QGuiApplication.clipboard().text() == address


def test_the_raw_reply_ends_its_lines_anywhere(qtbot: QtBot, seen: CompareScreen) -> None:
    seen.page.detail.show_raw()
    fields = dialogs()[0].findChildren(QPlainTextEdit)
    assert fields
    assert all(field.wordWrapMode() == QTextOption.WrapMode.WrapAnywhere for field in fields), "a picture in letters has no words"
