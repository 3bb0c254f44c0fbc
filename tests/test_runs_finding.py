"""Rows of a run by filter and order, and words in its answers: asked of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import FakeProvider
from tests.run_workspace import executed, fill
from workbench.settings import Settings
from workbench.values import CaseQuery
from workbench.workspace import Workspace

pytestmark = pytest.mark.both_stores

Start = Callable[..., FakeProvider]
COLUMNS = (0, 1, 2, 3)


ATTEMPT = """
INSERT INTO output (job_id, attempt, text, price_known, finish_reason, latency_ms, cost, created_at)
SELECT job_id, attempt + 1, :text, 0, :finish_reason, :latency_ms, 5, created_at FROM output WHERE id = :id RETURNING id"""
SCORE = """
INSERT INTO score (output_id, check_key, "check", passed, value, reason, generation, at)
SELECT :id, check_key, "check", CASE WHEN check_key = :failing THEN 0 ELSE 1 END, 1, '', 1, at FROM score WHERE output_id = :old"""


@pytest.fixture
def found(where: Path | str, settings: Settings, fakeprovider: Start) -> Iterator[tuple[Workspace, int]]:
    """A run of 6 cases in 4 columns, each with a second attempt that says the same and passes every check."""
    filled = fill(where, settings, fakeprovider().base_url, cases=6)
    run = executed(filled, settings)
    with closing(Workspace.open(filled.path, settings)) as ws:
        for cell in ws.runs.cells(run):
            assert cell.output_id is not None
            change(ws, cell.output_id)
        yield ws, run


def output(ws: Workspace, run: int, case: int, column: int) -> int:
    cell = next(cell for cell in ws.runs.cells(run, case, case) if cell.column == column)
    assert cell.output_id is not None
    return cell.output_id


def change(ws: Workspace, output_id: int, failing: str = "", **fields: object) -> None:
    """Another attempt, which counts from now on."""
    given = {"text": "The same", "finish_reason": "stop", "latency_ms": 9.0} | fields
    with ws._database.write() as writer:
        new = writer.run(ATTEMPT, id=output_id, **given).scalar_one()
        writer.run(SCORE, id=new, old=output_id, failing=failing)


def test_only_rows_whose_answers_differ_are_found_and_white_space_at_the_ends_is_no_difference(found: tuple[Workspace, int]) -> None:
    ws, run = found
    change(ws, output(ws, run, 2, 1), text="Another")
    change(ws, output(ws, run, 3, 1), text="\n The same\t")
    assert ws.runs.find_cases(run, CaseQuery("different"), COLUMNS) == [2]
    assert ws.runs.find_cases(run, CaseQuery("different"), (0, 2, 3)) == []
    assert ws.runs.find_cases(run, CaseQuery(), COLUMNS) == list(range(6))


def test_rows_are_found_by_the_check_that_failed_and_by_a_pair_that_disagrees(found: tuple[Workspace, int]) -> None:
    ws, run = found
    change(ws, output(ws, run, 4, 2), failing="1")
    find = ws.runs.find_cases
    assert find(run, CaseQuery(check="1"), COLUMNS) == [4]
    assert find(run, CaseQuery(check="0"), COLUMNS) == []
    assert find(run, CaseQuery("failed"), COLUMNS) == [4]
    assert find(run, CaseQuery("failed", column=1), COLUMNS) == []
    assert find(run, CaseQuery("disagree"), COLUMNS) == [4]
    assert find(run, CaseQuery(pair=(2, 3)), COLUMNS) == [4]
    assert find(run, CaseQuery(pair=(0, 1)), COLUMNS) == []


def test_rows_are_found_by_rating_tag_state_and_text_of_one_and_the_same_answer(found: tuple[Workspace, int]) -> None:
    ws, run = found
    rated, other = output(ws, run, 1, 0), output(ws, run, 1, 3)
    ws.ratings.stars(rated, 5)
    change(ws, other, text="100% of Übersee_straße")
    find = ws.runs.find_cases
    assert find(run, CaseQuery(rating="high"), COLUMNS) == [1]
    assert find(run, CaseQuery(rating="5", text="same"), COLUMNS) == [1]
    assert find(run, CaseQuery(rating="5", text="100%"), COLUMNS) == [], "another answer of the row holds the words"
    assert find(run, CaseQuery(rating="none", column=0), COLUMNS) == [0, 2, 3, 4, 5]
    assert find(run, CaseQuery(text="0_ of"), COLUMNS) == [], "% and _ are letters"
    assert find(run, CaseQuery(text="übersee_"), COLUMNS) == [1]
    assert find(run, CaseQuery(tag="odd"), COLUMNS) == [1, 3, 5]
    assert find(run, CaseQuery(tag="odd", state="done"), COLUMNS) == [1, 3, 5]
    assert find(run, CaseQuery(state="failed"), COLUMNS) == []
    assert ws.runs.find_text(run, "OVERSEE", COLUMNS) == []
    assert ws.runs.find_text(run, "of Ü", COLUMNS) == [(1, 3)]
    assert ws.runs.find_text(run, "of Ü", (0, 1)) == []


def test_every_state_and_rating_can_be_asked_for(found: tuple[Workspace, int]) -> None:
    from workbench.runs.finding import _RATINGS, _STATES

    ws, run = found
    for state in _STATES:
        rows = ws.runs.find_cases(run, CaseQuery(state=state), COLUMNS)
        assert rows == (list(range(6)) if state == "done" else []), state
    for rating in _RATINGS:
        rows = ws.runs.find_cases(run, CaseQuery(rating=rating), COLUMNS)
        assert rows == (list(range(6)) if rating in ("none", "not mine") else []), rating
    change(ws, output(ws, run, 0, 0), text="", finish_reason="refusal")
    assert ws.runs.find_cases(run, CaseQuery(state="blocked"), COLUMNS) == [0]
    assert ws.runs.find_cases(run, CaseQuery("errors"), COLUMNS) == [0]


def test_rows_are_sorted_by_a_column_and_those_without_the_figure_come_last(found: tuple[Workspace, int]) -> None:
    ws, run = found
    for case, time in enumerate((30.0, 10.0, None, 50.0, 20.0, 10.0)):
        change(ws, output(ws, run, case, 1), latency_ms=time, text="x" * (case + 1))
    find = ws.runs.find_cases
    assert find(run, CaseQuery(sort="time", sort_column=1), COLUMNS) == [1, 5, 4, 0, 3, 2]
    assert find(run, CaseQuery(sort="time", sort_column=1, descending=True), COLUMNS) == [3, 0, 4, 1, 5, 2]
    assert find(run, CaseQuery(sort="length", sort_column=1, descending=True), COLUMNS) == [5, 4, 3, 2, 1, 0]
    assert find(run, CaseQuery(sort="name", descending=True), COLUMNS) == [5, 4, 3, 2, 1, 0]
    assert find(run, CaseQuery(tag="odd", sort="length", sort_column=1, descending=True), COLUMNS) == [5, 3, 1]
    for sort in ("state", "checks", "stars", "cost", "answer"):
        assert sorted(find(run, CaseQuery(sort=sort, sort_column=0), COLUMNS)) == list(range(6)), sort


def test_bare_columns_count_what_is_done_and_leave_all_other_figures_out(found: tuple[Workspace, int]) -> None:
    ws, run = found
    whole, bare = ws.runs.columns(run), ws.runs.bare_columns(run)
    assert [(column.model, column.total, column.done) for column in bare] == [(column.model, 6, 6) for column in whole]
    assert all(column.p50_ms is not None for column in whole)
    assert all(column.p50_ms is None and not column.checked for column in bare)
    job = ws.runs.cells(run, 0, 0)[1].job_id
    ws.runs.requeue(run, [job], failed_only=False)
    assert [column.done for column in ws.runs.bare_columns(run)] == [6, 5, 6, 6] == [column.done for column in ws.runs.columns(run)]


def test_rows_of_the_store_come_one_by_one_and_may_be_left_in_the_middle(found: tuple[Workspace, int]) -> None:
    database = found[0]._database
    rows = database.each("SELECT id FROM job WHERE run_id = :run ORDER BY id", {"run": found[1]})
    first = next(rows)
    assert database.query("SELECT count(*) FROM job WHERE id >= :id", {"id": first[0]}) == [(24,)]
    assert len([*rows]) == 23
    left = database.each("SELECT id FROM job")
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert database.query("SELECT count(*) FROM run") == [(1,)]
