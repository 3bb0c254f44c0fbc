"""Setting a comparison up, one answer in detail, and a rerun beside its baseline, in a real window: by keyboard and by mouse."""

from __future__ import annotations

import pytest

from tests.grid_workspace import BROKEN, MARKDOWN, PICTURE, RATED, THOUGHT, TREE
from tests.grid_workspace import grid as grid
from tests.grid_workspace import opened as opened
from tests.real_window import RealWindow, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


def go_to(grid: RealWindow, case: int) -> None:
    """Walk down to a case by keys."""
    grid.key(*["Down"] * case)
    grid.waits_for("table.current()", [case, 0])
    shows(grid, case)


def click_on(grid: RealWindow, case: int, column: int = 0) -> None:
    """Click the text of a cell, scrolled into view by the wheel of whoever looks."""
    grid.tell(f"table.main.scrollTo(table.grid.index({case}, {column + 1}))")
    grid.click_at(*grid.cell(case, column))
    grid.waits_for("table.current()", [case, column])
    shows(grid, case)


def shows(grid: RealWindow, case: int) -> None:
    """Wait until the panel shows a case whole."""
    grid.waits_for("detail.place[0]", case)
    grid.waits_for("detail.row is None or detail.row.case_index", case)


# -- setting up --------------------------------------------------------------------------------------------------


def test_a_comparison_is_set_up_by_keys_with_its_estimate_and_warnings(grid: RealWindow) -> None:
    grid.key("ctrl+shift+n")
    grid.see("Button", "Start 16 calls")
    grid.see("StaticText", "8 cases can hardly tell two columns apart.")
    grid.tab_to("Models")
    grid.key("Down", "space")
    grid.see("Button", "Start 32 calls")
    grid.see("Client", "2 prompts × 2 models × 8 cases × 1 = 32 calls")
    grid.tab_to("Repeats")
    grid.key("Up")
    grid.see("Button", "Start 64 calls")
    grid.key("Escape")
    grid.gone("Button", "Start 64 calls")


def test_a_comparison_is_set_up_by_clicks_from_a_saved_one(grid: RealWindow) -> None:
    grid.press("Button", "New comparison")
    grid.see("Button", "Start 16 calls")
    grid.press("ListItem", "model-1, Stand-in")
    grid.see("Button", "Start 32 calls")
    grid.press("ListItem", "model-0, Stand-in")
    grid.see("Button", "Start 16 calls")
    grid.see("StaticText", "Without checks you rate the answers yourself.")
    grid.press("Button", "Start from saved")
    grid.choose("Refunds")
    grid.gone("StaticText", "Without checks you rate the answers yourself.")
    grid.see("Client", "2 prompts × 2 models × 8 cases × 1 = 32 calls")
    grid.press("Button", "Cancel")
    grid.gone("Button", "Save as draft")


def test_the_wheel_scrolls_the_set_up_past_its_boxes_and_changes_none(grid: RealWindow) -> None:
    grid.press("Button", "New comparison")
    grid.see("Button", "Start 16 calls")
    grid.press("Button", "Start from saved")
    grid.choose("Refunds")
    grid.see("Client", "2 prompts × 2 models × 8 cases × 1 = 32 calls")
    boxes = grid.items("ComboBox", within="New comparison")
    assert len(boxes) > 2
    for item in boxes:
        grid.click(item, button=5)
    for _ in boxes:  # back up again: what is out of sight is not listed
        grid.click(grid.see("ComboBox", "What the answer must do"), button=4)
    grid.click(grid.see("SpinBox", "Repeats"), button=4)
    assert [(item.name, item.value) for item in grid.items("ComboBox", within="New comparison")] == [(one.name, one.value) for one in boxes]
    grid.see("Client", "2 prompts × 2 models × 8 cases × 1 = 32 calls")
    assert grid.tell("app.focusWidget().accessibleName()") == "Name of the comparison"
    grid.press("Button", "Cancel")


# -- the answer --------------------------------------------------------------------------------------------------


def test_markdown_is_laid_out_and_shown_as_text_by_keys(grid: RealWindow) -> None:
    grid.waits_for("'Refund' in detail.text.answer.toPlainText() and '**' not in detail.text.answer.toPlainText()")
    grid.key("Return")
    grid.tab_to("As text")
    grid.key("space")
    grid.waits_for("'**Refund**' in detail.text.answer.toPlainText()")
    grid.key("space")
    grid.waits_for("'**' not in detail.text.answer.toPlainText()")


def test_markdown_is_shown_as_text_by_a_click(grid: RealWindow) -> None:
    click_on(grid, MARKDOWN, 1)
    grid.press("Button", "As text")
    grid.waits_for("'**Refund**' in detail.text.answer.toPlainText()")
    grid.press("Button", "As Markdown")
    grid.waits_for("'**' not in detail.text.answer.toPlainText()")


def test_json_is_a_tree_that_folds_by_keys(grid: RealWindow) -> None:
    go_to(grid, TREE)
    grid.see("TreeItem", "number")
    grid.key("Return")
    grid.tab_to("Answer as a tree")
    grid.key("Home", "Down", "Left")
    grid.gone("TreeItem", "number")
    grid.key("Right")
    grid.see("TreeItem", "number")


def test_json_is_a_tree_that_folds_by_clicks(grid: RealWindow) -> None:
    click_on(grid, TREE)
    order = grid.see("TreeItem", "order")
    grid.click(order, twice=True)
    grid.gone("TreeItem", "number")


def test_a_picture_is_shown_and_opens_by_keys(grid: RealWindow) -> None:
    go_to(grid, PICTURE)
    grid.see("Button", "Picture")
    grid.key("Return")
    grid.tab_to(grid.see("Button", "Picture").name)
    grid.key("Return")
    grid.see("Dialog", "Picture")
    grid.key("Escape")
    grid.gone("Dialog", "Picture")


def test_a_picture_opens_by_a_click(grid: RealWindow) -> None:
    click_on(grid, PICTURE, 1)
    grid.press("Button", "Picture")
    grid.see("Dialog", "Picture")
    grid.key("Escape")
    grid.gone("Dialog", "Picture")


def test_thinking_is_folded_and_opens_by_keys(grid: RealWindow) -> None:
    go_to(grid, THOUGHT)
    grid.key("Return")
    grid.tab_to(grid.see("Button", "Thinking, closed").name)
    grid.key("space")
    grid.see("StaticText", "", holds=lambda item: "First the policy" in item.name + item.value)
    grid.key("space")
    grid.see("Button", "Thinking, closed")


def test_thinking_is_folded_and_opens_by_a_click(grid: RealWindow) -> None:
    click_on(grid, THOUGHT, 2)
    grid.press("Button", "Thinking, closed")
    grid.see("StaticText", "", holds=lambda item: "First the policy" in item.name + item.value)


def test_the_raw_request_is_shown_by_keys(grid: RealWindow) -> None:
    grid.key("Return")
    grid.tab_to("Raw request and reply")
    grid.key("Return")
    grid.see("EditableText", "Raw request", holds=lambda item: '"fake-0"' in item.value)
    grid.see("StaticText", "Keys were removed before this was stored.")


def test_the_raw_reply_is_shown_by_clicks(grid: RealWindow) -> None:
    grid.press("Button", "Raw request and reply")
    grid.press("CheckBox", "Part: Reply")
    grid.see("EditableText", "Raw", holds=lambda item: '"choices"' in item.value)


def test_the_panel_goes_to_neighbours_by_arrow_keys(grid: RealWindow) -> None:
    grid.key("Right", "Down")
    grid.waits_for("[table.current(), detail.place[:2]]", [[1, 1], [1, 1]])
    grid.see("StaticText", "case 2")


def test_the_panel_goes_to_neighbours_by_arrow_keys_while_it_has_the_keys(grid: RealWindow) -> None:
    grid.key("Return")
    grid.waits_for("app.focusWidget() is detail.area")
    grid.key("Right", "Down", "Down")
    grid.waits_for("[table.current(), detail.place[:2]]", [[2, 1], [2, 1]])
    grid.waits_for("app.focusWidget() is detail.area")
    grid.key("Escape")
    grid.waits_for("app.focusWidget() is table.main")


def test_the_panel_goes_to_neighbours_by_clicks(grid: RealWindow) -> None:
    grid.press("Button", "Next cell")
    grid.waits_for("[table.current(), detail.place[:2]]", [[0, 1], [0, 1]])
    grid.press("Button", "Previous cell")
    grid.waits_for("detail.place[:2]", [0, 0])


def test_three_answers_stand_side_by_side_by_keys(grid: RealWindow) -> None:
    grid.key("s")
    grid.see("Dialog", "Answers side by side")
    grid.key("3", "Down")
    grid.see("StaticText", "Case name 1, 2 of 8")
    grid.see("Client", grid.column(2), within="Answers side by side")
    grid.key("Right")
    grid.see("Client", grid.column(3), within="Answers side by side")
    grid.key("Escape")
    grid.waits_for("table.current()", [1, 1])


def test_answers_stand_side_by_side_by_clicks(grid: RealWindow) -> None:
    grid.click_at(*grid.cell(0, 1), button=3)
    grid.choose("Answers side by side in full")
    grid.press("Button", "Next case", within="Answers side by side")
    grid.see("StaticText", "Case name 1, 2 of 8")
    grid.press("Button", "Close", within="Answers side by side")
    grid.gone("Dialog", "Answers side by side")


# -- judging -----------------------------------------------------------------------------------------------------


def test_an_answer_is_rated_and_noted_by_keys(grid: RealWindow) -> None:
    grid.key("3")
    grid.waits_for("page.current().cell.stars", 3)
    grid.key("p")
    grid.waits_for("page.current().cell.verdict", "pass")
    grid.key("n")
    grid.waits_for("app.focusWidget().accessibleName()", "Note on this answer")
    grid.type("kind")
    grid.key("Escape")
    grid.waits_for("page.current().cell.note", "kind")
    grid.waits_for("app.focusWidget() is table.main")


def test_an_answer_is_rated_and_noted_by_clicks(grid: RealWindow) -> None:
    click_on(grid, RATED, 3)
    stars = grid.see("Client", "Rating, ")
    grid.click_at(stars.place[0] + stars.place[2] - 8, stars.middle[1])
    grid.waits_for("page.current().cell.stars", 5)
    grid.press("CheckBox", "Fail")
    grid.waits_for("page.current().cell.verdict", "fail")
    grid.press("EditableText", "Note on this answer")
    grid.waits_for("app.focusWidget().accessibleName()", "Note on this answer")
    grid.type("short")
    grid.click_at(*grid.cell(RATED, 2))
    grid.waits_for(f"table.grid.shown_in({RATED}, 3).cell.note", "short")


def test_a_failed_call_says_why_and_what_to_do(grid: RealWindow) -> None:
    click_on(grid, BROKEN, 1)
    grid.see("StaticText", "Server fault (500)")
    grid.see("Button", "Run again")


# -- the baseline ------------------------------------------------------------------------------------------------


def test_a_rerun_is_held_beside_its_baseline_by_keys(grid: RealWindow) -> None:
    grid.key("ctrl+k")
    grid.waits_for("app.focusWidget().__class__.__name__", "QLineEdit")
    grid.type("with its baseline")
    grid.see("ListItem", "Compare the run with its baseline")
    grid.key("Return")
    grid.see("Client", "2 worse, passed, now fail")
    grid.key("a")
    grid.see("CheckBox", "Accepted")
    grid.key("j")
    grid.see("CheckBox", "Accept change")
    grid.key("f")
    grid.see("CheckBox", "Flagged for fixing")


def test_a_rerun_is_held_beside_its_baseline_by_clicks(grid: RealWindow) -> None:
    grid.press("Button", "More for this run")
    grid.choose("Compare with baseline")
    grid.see("Client", "30 same, 0 reworded")
    grid.see("StaticText", "Answer, rerun", holds=lambda item: "patience" in item.value)
    ways = [("Accept change", "Accepted"), ("Flag for fixing", "Flagged for fixing")]
    if "Accepted" in grid.names("CheckBox"):
        ways.reverse()
    for undecided, decided in ways:
        grid.press("CheckBox", undecided)
        grid.see("CheckBox", decided)
    assert ways[0][0] in grid.names("CheckBox"), "one decision takes the other's place"
