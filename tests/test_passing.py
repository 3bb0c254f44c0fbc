"""Whether an answer passes is one rule: the same in the grid's heads, filters, results, differences, datasets, sessions and exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.test_runs_execute import model, spec
from workbench.analysis.results import result_words
from workbench.evaluators import verdict
from workbench.library.version_figures import VersionFigures
from workbench.runs.recording import End, Recorder
from workbench.values import PENDING, UNREAD, Case, CaseQuery, Check, Price, Reply, Score, passing
from workbench.workspace import Workspace

SAID: Sequence[tuple[bool | None, str]] = ((True, ""), (False, ""), (None, ""), (None, PENDING), (None, UNREAD))
CHECKS = (Check("contains", "yes", "Yes"), Check("javascript", "1", "Script"), Check("contains", "x", "Told", weight=0))


def every_mix(workspace: Workspace, checks: Sequence[Check] = CHECKS) -> int:
    """The id of a run in which each case has another mix of what its checks came to."""
    mixes = [*product(SAID, repeat=len(checks))]
    cases = tuple(Case({"q": f"case-{number}"}, f"C{number}") for number in range(len(mixes)))
    made = spec(model())
    made = replace(made, variants=(replace(made.variants[0], prompt_uid="uid-1"),), checks=tuple(checks), cases=cases)
    run_id = workspace.runs.prepare(made)
    ends = []
    for cell, mix in zip(workspace.runs.cells(run_id), mixes, strict=True):
        scores = tuple(
            Score(check, passed, None if passed is None else float(passed), "So.", label)
            for check, (passed, label) in zip(checks, mix, strict=True)
        )
        ends.append(End(cell.job_id, "done", 1, Price(), reply=Reply("yes", latency_ms=5.0), scores=scores))
    Recorder(workspace._database, run_id).write(ends)
    with workspace._database.write() as writer:
        writer.run("UPDATE run SET status = 'done' WHERE id = :run", run=run_id)
    return run_id


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ([(True, 1.0, ""), (None, 1.0, "")], True),
        ([(False, 1.0, ""), (None, 1.0, PENDING)], False),
        ([(None, 1.0, "")], None),
        ([(True, 1.0, ""), (None, 1.0, PENDING)], None),
        ([(True, 1.0, ""), (None, 1.0, UNREAD)], None),
        ([(True, 1.0, ""), (False, 0.0, ""), (None, 0.0, PENDING)], True),
        ([(False, 0.0, "")], True),
        ([(True, 0.0, ""), (None, 1.0, "")], None),
        ([], None),
    ],
)
def test_what_cannot_be_asked_leaves_the_word_to_the_others_and_a_judge_is_waited_for(
    said: list[tuple[bool | None, float, str]], passes: bool | None
) -> None:
    assert passing(said) is passes


@pytest.mark.both_stores
def test_everything_that_says_whether_an_answer_passes_says_the_same(workspace: Workspace) -> None:
    run_id, again = every_mix(workspace), every_mix(workspace)
    expected = [verdict(cell.scores)[0] for cell in workspace.runs.cells(run_id)]
    passed, judged = expected.count(True), len(expected) - expected.count(None)
    column = workspace.runs.columns(run_id)[0]
    assert (column.passed, column.checked) == (passed, judged)
    found = workspace.results.read(run_id).look()
    assert (found.rates[0].passed, found.rates[0].of) == (passed, judged)
    assert [answer.passed for answer in found.judged] == expected
    report = workspace.exports.report(run_id)
    assert [output["passed"] for output in report["outputs"]] == expected
    assert report["columns"][0]["pass_rate"] == passed / judged
    pair = workspace.regressions.compare(again, run_id)
    shown = {change.case: change.passed for change in pair.regression.cases}
    assert [shown[case] for case in range(len(expected))] == [None if one is None else float(one) for one in expected]
    failed = workspace.runs.find_cases(run_id, CaseQuery(show="failed"), [0])
    assert failed == [case for case, one in enumerate(expected) if one is False]
    assert VersionFigures(workspace._database).of("uid-1")[1][1] == passed / judged
    assert pair.regression.pairs[0].figures.pass_rate == passed / judged


@pytest.mark.both_stores
def test_a_run_with_a_check_that_cannot_run_here_says_so_in_its_results_and_reports(workspace: Workspace, tmp_path: Path) -> None:
    run_id = every_mix(workspace)
    found = workspace.results.read(run_id).look()
    assert found.unasked == [("0", "Yes"), ("1", "Script"), ("2", "Told")]
    owed = [answer for answer in found.judged if answer.owed and answer.passed is None]
    assert "3 checks cannot run here (Yes, Script, Told): where one is lacking" in result_words.pass_rate(found)
    assert f"{len(owed)} answers have no verdict of a judge yet and are in no pass rate." in result_words.pass_rate(found)
    workspace.exports.write(run_id, tmp_path / "run.md")
    assert "3 checks cannot run here (Yes, Script, Told)" in (tmp_path / "run.md").read_text("utf-8")
