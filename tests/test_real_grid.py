"""Each feature of the grid in a real window, once by keyboard and once by mouse."""

from __future__ import annotations

import pytest

from tests.grid_workspace import BROKEN, MARKDOWN, ODD, RATED, THOUGHT, TREE
from tests.grid_workspace import grid as grid
from tests.grid_workspace import opened as opened
from tests.real_window import RealWindow, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

ROWS = "[table.grid.case_index(row) for row in range(table.grid.rowCount())]"
ALL = list(range(8))
FILTERS = (
    ("Rows", "Answers differ", [MARKDOWN, ODD]),
    ("State", "Failed", [BROKEN]),
    ("Failed check", "Order no. failed", [ODD]),
    ("Rating", "5 stars", [RATED]),
    ("Tag of the case", "odd", [TREE, THOUGHT, RATED, ODD]),
)


def head(grid: RealWindow, column: int) -> tuple[int, int]:
    """Where the head of a column is."""
    header = "table.main.headers"
    x, y = grid.tell(f"{header}.viewport().mapToGlobal({header}.viewport().rect().topLeft()).toTuple()")
    left, width = grid.tell(f"[{header}.sectionViewportPosition({column + 1}), {header}.sectionSize({column + 1})]")
    return x + left + width // 2, y + 14


# -- rows --------------------------------------------------------------------------------------------------------


def test_rows_get_taller_and_lower_by_a_key(grid: RealWindow) -> None:
    normal = grid.tell("table.main.rowHeight(0)")
    grid.key("v")
    grid.waits_for("table.height_choice", "tall")
    assert grid.tell("table.main.rowHeight(0)") > normal
    grid.key("v")
    grid.waits_for("table.height_choice", "compact")
    assert grid.tell("table.main.rowHeight(0)") < normal


def test_rows_get_taller_and_lower_by_a_click(grid: RealWindow) -> None:
    normal = grid.tell("table.main.rowHeight(0)")
    grid.press("CheckBox", "Row height: Tall")
    grid.waits_for(f"table.main.rowHeight(0) > {normal}")
    grid.press("CheckBox", "Row height: Compact")
    grid.waits_for(f"table.main.rowHeight(0) < {normal}")


@pytest.mark.parametrize(("box", "choice", "rows"), FILTERS)
def test_rows_are_filtered_by_keys(grid: RealWindow, box: str, choice: str, rows: list[int]) -> None:
    grid.key("ctrl+shift+f")
    grid.tab_to(box)
    grid.type(choice.split()[0])  # a space would open the box
    grid.see("ComboBox", box, holds=lambda item: item.value == choice)
    grid.see("StaticText", "Rows left", holds=lambda item: item.value.startswith(f"{len(rows)} of 8") or not item.value)
    grid.key("Return")
    grid.waits_for(ROWS, rows)


@pytest.mark.parametrize(("box", "choice", "rows"), FILTERS)
def test_rows_are_filtered_by_clicks(grid: RealWindow, box: str, choice: str, rows: list[int]) -> None:
    grid.press("Button", "All cases")
    grid.choose("Filter and sort rows")
    grid.pick(box, choice)
    grid.press("Button", "Show rows")
    grid.waits_for(ROWS, rows)


def test_rows_are_filtered_by_words_by_keys(grid: RealWindow) -> None:
    grid.key("ctrl+shift+f")
    grid.tab_to("Text of the answer")
    grid.type("zebra")
    grid.key("Return")
    grid.waits_for(ROWS, [ODD])


def test_rows_are_filtered_by_words_by_clicks(grid: RealWindow) -> None:
    grid.press("Button", "All cases")
    grid.choose("Filter and sort rows")
    grid.press("EditableText", "Text of the answer")
    grid.type("zebra")
    grid.see("StaticText", "Rows left", holds=lambda item: item.value.startswith("1 of 8") or not item.value)
    grid.press("Button", "Show rows")
    grid.waits_for(ROWS, [ODD])


def test_rows_where_a_pair_disagrees_are_found_by_keys(grid: RealWindow) -> None:
    grid.key("ctrl+shift+f")
    for box, presses in (("One column", 1), ("The other column", 4)):
        grid.tab_to(box)
        grid.key(*["Down"] * presses)
    grid.key("Return")
    grid.waits_for(ROWS, [ODD])


def test_rows_where_a_pair_disagrees_are_found_by_clicks(grid: RealWindow) -> None:
    grid.press("Button", "All cases")
    grid.choose("Filter and sort rows")
    grid.pick("One column", grid.column(0))
    grid.pick("The other column", grid.column(3))
    grid.press("Button", "Show rows")
    grid.waits_for(ROWS, [ODD])


def test_a_filter_is_taken_away_by_a_click(grid: RealWindow) -> None:
    grid.press("Button", "All cases")
    grid.choose("Failed checks")
    grid.waits_for(ROWS, [ODD])
    grid.press("Button", "Failed checks")
    grid.choose("All cases")
    grid.waits_for(ROWS, ALL)


def test_rows_are_sorted_by_keys(grid: RealWindow) -> None:
    grid.key("ctrl+shift+f")
    grid.tab_to("Sort by")
    grid.type("Time")
    grid.tab_to("Order")
    grid.key("Down", "Return")
    grid.waits_for("page.rows.query.sort", "time")
    times = grid.tell(f"[table.grid.shown_in(case, 0).cell.latency_ms for case in {ROWS}]")
    assert times == sorted(times, reverse=True)


def test_rows_are_sorted_by_a_click_on_a_column(grid: RealWindow) -> None:
    grid.click_at(*head(grid, 1), button=3)
    grid.choose("Slowest first")
    grid.waits_for("page.rows.query.sort_column", 1)
    grid.waits_for(f"{ROWS} != {ALL}")
    rows = [case for case in grid.tell(ROWS) if case != BROKEN]
    times = [grid.tell(f"table.grid.shown_in({case}, 1).cell.latency_ms") for case in rows]
    assert times == sorted(times, reverse=True)


# -- keys after clicks -------------------------------------------------------------------------------------------


def test_the_keys_stay_in_the_grid_when_a_button_is_clicked(grid: RealWindow) -> None:
    for role, name in (("CheckBox", "Row height: Tall"), ("Button", "Previous cell"), ("CheckBox", "Row height: Normal")):
        grid.click_at(*grid.cell(0, 1))
        grid.waits_for("table.current()", [0, 1])
        grid.press(role, name)
        here = grid.tell("table.current()")
        grid.key("Right")
        grid.waits_for("table.current()", [0, here[1] + 1])


def test_what_was_typed_ends_with_a_click_on_a_button_as_before(grid: RealWindow) -> None:
    grid.key("n")
    grid.waits_for("app.focusWidget().accessibleName()", "Note on this answer")
    grid.type("short")
    grid.press("Button", "Next cell")
    grid.waits_for("table.grid.shown_in(0, 0).cell.note", "short")


# -- columns -----------------------------------------------------------------------------------------------------


def test_a_column_is_hidden_moved_and_grouped_by_keys(grid: RealWindow) -> None:
    grid.key("alt+shift+Right")
    grid.waits_for("table.visible()", [1, 0, 2, 3])
    grid.key("g")
    grid.waits_for("table.visible()", [1, 3, 0, 2])
    grid.key("h")
    grid.waits_for("table.visible()", [1, 3, 2])


def test_a_column_is_hidden_moved_and_grouped_by_the_mouse(grid: RealWindow) -> None:
    grid.drag(head(grid, 0), (head(grid, 1)[0] + 60, head(grid, 1)[1]))
    grid.waits_for("table.visible()", [1, 0, 2, 3])
    grid.press("Button", "Columns")
    grid.choose("By model")
    grid.waits_for("table.visible()", [1, 3, 0, 2])
    grid.click_at(*head(grid, 0), button=3)
    grid.choose("Hide the column")
    grid.waits_for("table.visible()", [1, 3, 2])
    grid.press("Button", "Undo")
    grid.waits_for("table.visible()", [1, 3, 0, 2])


def test_columns_are_grouped_by_prompt_and_shown_as_they_were_set_up_again(grid: RealWindow) -> None:
    grid.press("Button", "Columns")
    grid.choose("By prompt")
    grid.waits_for("page.columns.grouped", "prompt")
    grid.key("g")
    grid.waits_for("page.columns.grouped", "")
    grid.waits_for("table.visible()", [0, 1, 2, 3])
    grid.click_at(*head(grid, 2), button=3)
    grid.choose("Move to the left")
    grid.waits_for("table.visible()", [0, 2, 1, 3])
    grid.press("Button", "Columns")
    grid.choose("As they were set up")
    grid.waits_for("table.visible()", [0, 1, 2, 3])


def test_the_next_prompt_version_is_shown_by_keys_and_by_a_click(grid: RealWindow) -> None:
    grid.key("bracketright")
    grid.waits_for("len(table.visible())", 2)
    grid.key("bracketleft")
    grid.waits_for("len(table.visible())", 4)
    grid.press("CheckBox", "Prompt version: v1")
    grid.waits_for("len(table.visible())", 2)
    grid.press("CheckBox", "Prompt version: All")
    grid.waits_for("len(table.visible())", 4)


# -- finding and differences -------------------------------------------------------------------------------------


def test_words_are_found_by_keys(grid: RealWindow) -> None:
    grid.key("ctrl+f")
    grid.waits_for("app.focusWidget() is page.find_bar.field")
    grid.type("patience")
    grid.key("Return")
    grid.waits_for("table.current()", [ODD, 0])
    grid.key("F3")
    grid.waits_for("table.current()", [ODD, 1])
    grid.key("shift+F3")
    grid.waits_for("table.current()", [ODD, 0])
    grid.key("Escape")
    grid.waits_for("page.find_bar.isVisible()", False)
    grid.waits_for("app.focusWidget() is table.main")


def test_words_are_found_by_clicks(grid: RealWindow) -> None:
    grid.key("ctrl+f")
    grid.waits_for("app.focusWidget() is page.find_bar.field")
    grid.type("zebra")
    grid.see("StaticText", "Answers found")
    grid.press("Button", "Next answer found")
    grid.waits_for("table.current()", [ODD, 0])
    grid.press("Button", "Only these rows")
    grid.waits_for(ROWS, [ODD])
    grid.press("Button", "Close (Esc)")
    grid.waits_for("page.find_bar.isVisible()", False)


def test_differences_are_told_from_a_chosen_base_by_keys(grid: RealWindow) -> None:
    grid.key("shift+d")
    grid.waits_for("[page.columns.base, page.differences.on]", [0, True])
    grid.waits_for("bool(page.differences.of(table.grid.shown_in(0, 1)).marks)")
    grid.key("d")
    grid.waits_for("page.differences.on", False)


def test_differences_are_told_from_a_chosen_base_by_clicks(grid: RealWindow) -> None:
    grid.press("CheckBox", "Show differences")
    grid.waits_for("page.differences.on")
    grid.press("Button", "from ")
    grid.choose(grid.column(2))
    grid.waits_for("page.columns.base", 2)
    grid.waits_for("bool(page.differences.of(table.grid.shown_in(0, 1)).marks) and page.differences.of(table.grid.shown_in(0, 2)) is None")


# -- copying and the menu ----------------------------------------------------------------------------------------


def test_a_block_of_cells_is_copied_as_a_table_by_keys(grid: RealWindow) -> None:
    grid.key("Down", "Down", "Down", "shift+Down", "shift+Right", "ctrl+c")
    grid.see("StaticText", "4 cells copied as a table.")
    lines = grid.clipboard().splitlines()
    assert [len(text.split("\t")) for text in lines] == [3, 3, 3]
    assert lines[1].split("\t")[1:] == ["The order can be sent back."] * 2


def test_a_block_of_cells_is_copied_as_a_table_by_the_mouse(grid: RealWindow) -> None:
    grid.drag(grid.cell(0, 1), grid.cell(1, 2))
    grid.waits_for("table.chosen()", [[0, 1], [1, 2]])
    grid.click_at(*grid.cell(1, 2), button=3)
    grid.choose("Copy cells as a table")
    grid.see("StaticText", "4 cells copied as a table.")
    assert '"{""intent""' in grid.clipboard()


def test_the_menu_of_a_cell_opens_by_keys_and_rates(grid: RealWindow) -> None:
    grid.key("Menu")
    grid.see("MenuItem", "Copy answer")
    to_stars = grid.names("MenuItem").index("Stars")
    grid.key(*["Down"] * to_stars, "Right")
    grid.see("MenuItem", "4 of 5")
    grid.key("Down", "Return")
    grid.waits_for("page.current().cell.stars", 4)
    grid.key("0")
    grid.waits_for("page.current().cell.stars", None)


@pytest.mark.parametrize(("keys", "column"), [("Menu", 1), ("shift+F10", 2)])  # two clicks on one cell could be a double one
def test_a_menu_that_a_key_opens_begins_with_its_first_entry_also_after_a_click(grid: RealWindow, keys: str, column: int) -> None:
    grid.click_at(*grid.cell(TREE, column))
    grid.waits_for("table.current()", [TREE, column])
    grid.key(keys)
    grid.waits_for("app.activePopupWidget().activeAction().text()", "Run again")
    assert grid.tell("app.activePopupWidget().activeAction().shortcut().toString()") == "R"
    grid.key("Escape")
    grid.gone("MenuItem", "Copy answer")


def test_the_menu_of_a_cell_opens_by_a_click_and_copies_the_answer(grid: RealWindow) -> None:
    grid.click_at(*grid.cell(3, 2), button=3)
    grid.choose("Copy answer")
    grid.waits_for("clipboard()", "The order can be sent back.")
    assert grid.tell("table.current()") == [3, 2]
