"""The palette: words find actions, prompts, comparisons and text; everything works by keys."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, session
from workbench.gui.app import Session
from workbench.gui.library.view import LibraryScreen
from workbench.gui.palette.dialog import Palette
from workbench.gui.palette.entries import Entry, best, excerpt, headed, matched
from workbench.gui.widgets.dialog import Veil
from workbench.values import Content, Message

__all__ = ["session"]


def entry(text: str, right: str = "") -> Entry:
    return Entry("Prompts", text, lambda: None, right=right)


def test_a_word_at_the_start_of_a_word_counts_more_than_one_inside() -> None:
    found, count = best([entry("A preference"), entry("Refund reply"), entry("Tone")], "ref")
    assert [hit.text for hit in found] == ["Refund reply", "A preference"]
    assert count == 2
    assert found[0].marks == ((0, 3),)


def test_all_words_must_be_found_but_may_lie_in_folder_or_tags() -> None:
    rows = [entry("Refund reply", right="support"), entry("Refund reply", right="sales")]
    found, _ = best(rows, "refund sup")
    assert [hit.right for hit in found] == ["support"]


def test_accents_make_no_difference_and_marks_lie_on_the_letters() -> None:
    found = matched(entry("Résumé für Köln"), "RESUME koln")
    assert found is not None
    assert found.marks == ((0, 6), (11, 4))
    assert matched(entry("Resume"), "résumé") is not None
    assert matched(entry("환불"), "하") is None, "a syllable is no accent"


def test_first_letters_of_words_find_an_action() -> None:
    hit = matched(entry("Compare versions"), "cv")
    assert hit is not None
    assert hit.marks == ((0, 1), (8, 1))
    assert matched(entry("Compare versions"), "xq") is None


@given(st.text(max_size=40), st.text(max_size=12))
def test_marks_always_lie_inside_the_text(text: str, query: str) -> None:
    hit = matched(entry(text), query)
    if hit is not None:
        assert all(start >= 0 and start + length <= len(text.lower()) for start, length in hit.marks)


def test_an_excerpt_knows_where_its_words_are() -> None:
    assert excerpt("ask for a \ue000ref\ue001und\n now") == ("ask for a refund now", ((10, 3),))


def test_only_groups_with_rows_have_a_heading() -> None:
    rows = headed([("Actions", "", []), ("Prompts", "", [entry("A")])])
    assert [(row.text, row.run is None) for row in rows] == [("Prompts", True), ("A", False)]


@pytest.fixture
def palette(session: Session, qtbot: QtBot) -> Palette:
    ws = session.context.ws
    ws.prompts.create("Refund reply", "support", Content((Message.of("user", "Say when the parcel arrives, {{ name }}."),)))
    ws.prompts.create("Ticket triage", "support", Content((Message.of("user", "Label this ticket."),)))
    session.context.action("go.palette").trigger()
    found = dialogs()[0]
    assert isinstance(found, Palette)
    qtbot.waitUntil(lambda: len(found._objects.get("Prompts", ())) == 2)
    return found


def texts(palette: Palette) -> list[str]:
    return [row.text for row in palette._model.rows]


def test_what_has_the_word_stands_before_actions_that_have_its_letters_only(palette: Palette) -> None:
    QTest.keyClicks(palette._field, "ref")
    heads = [row.text for row in palette._model.rows if row.run is None]
    assert heads.index("Prompts") < heads.index("Actions")
    assert palette._model.rows[palette._list.currentIndex().row()].text == "Refund reply"
    palette._field.clear()
    QTest.keyClicks(palette._field, "pro")  # an action has it as a word
    assert next(row.text for row in palette._model.rows if row.run is None) == "Actions"


def test_enter_opens_the_first_prompt_found(palette: Palette, session: Session, qtbot: QtBot) -> None:
    went: list[tuple[str, object]] = []
    session.context.navigated.disconnect(session.window.go)
    session.context.navigated.connect(lambda place, at: went.append((place, at)))
    QTest.keyClicks(palette._field, "refund rep")
    assert texts(palette)[:2] == ["Prompts", "Refund reply"]
    QTest.keyClick(palette._field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(went))
    id = next(row.id for row in session.context.ws.prompts.list() if row.name == "Refund reply")
    assert went == [("library", {"prompt_id": id})]
    assert not dialogs()


def test_text_in_versions_is_found_with_its_words_marked(palette: Palette, qtbot: QtBot) -> None:
    QTest.keyClicks(palette._field, "parcel")
    qtbot.waitUntil(lambda: "Text in versions" in texts(palette))
    row = next(row for row in palette._model.rows if row.group == "Text in versions" and row.run is not None)
    start, length = row.marks[0]
    assert row.text[start : start + length].lower() == "parcel"
    assert "Refund reply" in row.detail


def test_arrows_pass_over_headings_and_shift_tab_goes_through_the_groups(palette: Palette) -> None:
    QTest.keyClicks(palette._field, "re")
    rows = palette._model.rows
    assert rows[0].run is None
    assert palette._list.currentIndex().row() == 1
    QTest.keyClick(palette._field, Qt.Key.Key_Up)
    assert rows[palette._list.currentIndex().row()].run is not None
    palette._select(1)
    QTest.keyClick(palette._field, Qt.Key.Key_Backtab)
    group = rows[palette._list.currentIndex().row()].group
    assert group != rows[1].group


def test_tab_lists_the_group_of_the_current_row_only_and_again_all(palette: Palette) -> None:
    QTest.keyClicks(palette._field, "re")
    before = [row.group for row in palette._model.rows]
    assert len(set(before)) > 1
    QTest.keyClick(palette._field, Qt.Key.Key_Tab)
    assert {row.group for row in palette._model.rows} == {before[0]}
    assert palette._only.isVisible()
    assert palette._only.text == before[0]
    QTest.keyClick(palette._field, Qt.Key.Key_Tab)
    assert [row.group for row in palette._model.rows] == before
    assert not palette._only.isVisible()


def test_the_last_row_of_a_long_group_shows_all_of_it(palette: Palette) -> None:
    QTest.keyClicks(palette._field, "a")
    row = next(row for row in palette._model.rows if row.text.startswith("Show all "))
    assert row.text.endswith("actions with “a”")
    many = int(row.text.split()[2])
    palette._run(palette._model.rows.index(row))
    assert palette.isVisible()
    assert len(palette._model.rows) == many + 1
    QTest.keyClick(palette._field, Qt.Key.Key_Backspace)
    QTest.keyClick(palette._field, Qt.Key.Key_Backspace)
    assert not palette._only.isVisible()


def test_a_prefix_asks_for_actions_only(palette: Palette) -> None:
    QTest.keyClicks(palette._field, ">dark")
    assert texts(palette) == ["Actions", "Dark theme"]


def test_an_action_is_done_after_the_palette_has_closed(palette: Palette, session: Session, qtbot: QtBot) -> None:
    QTest.keyClicks(palette._field, "dark theme")
    QTest.keyClick(palette._field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.context.theme.dark)
    session.settings.set("theme", "light")


def test_nothing_found_is_said(palette: Palette) -> None:
    QTest.keyClicks(palette._field, "zzzzqqq")
    assert texts(palette) == ["Nothing here has “zzzzqqq” in it."]
    QTest.keyClick(palette._field, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_escape_closes_it(palette: Palette) -> None:
    QTest.keyClick(palette._field, Qt.Key.Key_Escape)
    assert not dialogs()


def test_a_click_beside_it_closes_it(palette: Palette, session: Session, qtbot: QtBot) -> None:
    veil = session.window.findChildren(Veil)[0]
    QTest.mouseClick(veil, Qt.MouseButton.LeftButton, pos=veil.rect().bottomRight() - QPoint(5, 5))
    qtbot.waitUntil(lambda: not dialogs())
    assert not [veil for veil in session.window.findChildren(Veil) if veil.isVisible()]


def test_every_object_has_a_row(palette: Palette, session: Session) -> None:
    session.context.ws.datasets.create("Golden")
    assert set(palette._objects) == {"Prompts", "Folders", "Comparisons", "Runs", "Datasets", "Models", "Connections", "Settings"}
    QTest.keyClicks(palette._field, "text size")
    assert "Settings" in texts(palette)


def test_a_folder_is_gone_to_in_the_list_of_prompts(palette: Palette, session: Session, qtbot: QtBot) -> None:
    session.context.go("models")
    QTest.keyClicks(palette._field, "support")
    palette._narrow("Folders")
    assert texts(palette) == ["Folders", "support"]
    QTest.keyClick(palette._field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.window.place == "library" and not dialogs())
    screen = session.window.screen_at("library")
    assert isinstance(screen, LibraryScreen)
    qtbot.waitUntil(lambda: screen.list.current_folder() == "support")


def test_an_action_of_another_screen_goes_there_first(palette: Palette, session: Session, qtbot: QtBot) -> None:
    QTest.keyClicks(palette._field, ">look for servers")
    assert texts(palette)[1] == "Look for servers on this computer"
    assert palette._model.rows[1].right == "Models"
    QTest.keyClick(palette._field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.window.place == "models")


def test_what_was_used_last_comes_first(palette: Palette, session: Session, qtbot: QtBot) -> None:
    QTest.keyClicks(palette._field, "ticket")
    QTest.keyClick(palette._field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.window.place == "library" and not dialogs())
    session.context.action("go.palette").trigger()
    again = dialogs()[0]
    assert isinstance(again, Palette)
    qtbot.waitUntil(lambda: texts(again)[:2] == ["Last used", "Ticket triage"])
    again.reject()


def test_ctrl_tab_narrows_to_the_folder_of_the_open_prompt(palette: Palette, session: Session, qtbot: QtBot) -> None:
    session.context.ws.prompts.create("Refund memo", "sales")
    QTest.keyClicks(palette._field, "refund reply")
    QTest.keyClick(palette._field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(session.window.place == "library" and session.window.screen_at("library").where()) and not dialogs())
    session.context.action("go.palette").trigger()
    again = dialogs()[0]
    assert isinstance(again, Palette)
    qtbot.waitUntil(lambda: again._scope is not None and len(again._objects.get("Prompts", ())) == 3)
    QTest.keyClicks(again._field, "refund")
    assert {"Refund memo", "Refund reply"} <= set(texts(again))
    QTest.keyClick(again._field, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    assert texts(again) == ["Prompts", "Refund reply"]
    again.reject()


def test_letters_that_lie_close_together_are_found_though_some_are_missing() -> None:
    assert matched(entry("Refund reply"), "refnd") is not None
    assert matched(entry("Refund reply"), "rfrpl") is None


def test_ten_thousand_objects_are_looked_through_between_two_keys() -> None:
    rows = [entry(f"Prompt {number} about refunds and parcels", right=f"team {number % 9}") for number in range(10_000)]
    began = time.perf_counter()
    found, count = best(rows, "refund par", 4)
    took = time.perf_counter() - began
    assert (len(found), count) == (4, 10_000)
    assert took < 0.5  # about 50 ms; the limit only tells a mistake
