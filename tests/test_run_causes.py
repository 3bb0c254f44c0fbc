"""Causes of failed answers that people rename and sort anew: in both stores, over reruns, undone, in what leaves the app."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_runs_execute import model, spec
from workbench.runs.recording import End, Recorder
from workbench.values import BadInput, Case, Check, Price, Reply, Score, Stopped, Usage
from workbench.workspace import Workspace

CHECKS = (Check("contains", "yes", "Yes"), Check("contains", "x", "Length"))
WRONG = {0: 0, 1: 0, 2: 0, 3: 1, 4: 1}
"""Case to the check that it fails."""


def failing(workspace: Workspace, **beside: object) -> int:
    """The id of a run of eight cases, of which three fail Yes and two Length."""
    cases = tuple(Case({"q": f"case-{number}"}, f"C{number}") for number in range(8))
    run_id = workspace.runs.prepare(replace(spec(), checks=CHECKS, cases=cases), **beside)  # type: ignore[arg-type]
    answer(workspace, run_id)
    return run_id


def answer(workspace: Workspace, run_id: int) -> None:
    ends = []
    for cell in workspace.runs.cells(run_id):
        wrong = WRONG.get(cell.case_index)
        scores = tuple(Score(check, at != wrong, None, "" if at != wrong else "It is not there.") for at, check in enumerate(CHECKS))
        ends.append(End(cell.job_id, "done", 1, Price(), reply=Reply("yes", usage=Usage(10, 5)), scores=scores))
    Recorder(workspace._database, run_id).write(ends)


def causes(workspace: Workspace, run_id: int) -> dict[str, tuple[int, ...]]:
    return {cause.name: cause.cases[0] for cause in workspace.results.read(run_id).look().causes}


def keys(workspace: Workspace, run_id: int, name: str) -> tuple[str, ...]:
    """What the app renames when the cause of this name is renamed."""
    return next(cause.keys for cause in workspace.results.read(run_id).look().causes if cause.name == name)


def judged(workspace: Workspace, run_id: int, reasons: Mapping[int, str], check: Check = CHECKS[0]) -> None:
    """Answer anew: these cases fail the check for these reasons."""
    ends = [
        End(
            cell.job_id, "done", 1, Price(), reply=Reply("yes"),
            scores=(Score(check, cell.case_index not in reasons, None, reasons.get(cell.case_index, "")),),
        )
        for cell in workspace.runs.cells(run_id)
    ]  # fmt: skip
    Recorder(workspace._database, run_id).write(ends)


def in_a_comparison(workspace: Workspace, run_id: int) -> None:
    with workspace._database.write() as writer:
        comparison = writer.run(
            "INSERT INTO comparison (uid, name, definition, created_at) VALUES ('u', 'C', '{}', '2026') RETURNING id"
        ).scalar_one()
        writer.run("UPDATE run SET comparison_id = :comparison WHERE id = :id", comparison=comparison, id=run_id)


def output(workspace: Workspace, run_id: int, case: int) -> int:
    return next(cell.output_id or 0 for cell in workspace.runs.cells(run_id) if cell.case_index == case)


@pytest.mark.both_stores
def test_a_cause_is_renamed_and_the_name_is_taken_back_and_given_again(workspace: Workspace) -> None:
    run_id, edits = failing(workspace), workspace.results.causes
    assert causes(workspace, run_id) == {"Yes": (0, 1, 2), "Length": (3, 4)}
    edits.rename(run_id, ["Yes"], "  Quotes the   wrong rule ")
    assert causes(workspace, run_id) == {"Quotes the wrong rule": (0, 1, 2), "Length": (3, 4)}
    edits.rename(run_id, ["Yes"], "Wrong rule")
    assert edits.undo(run_id)
    assert "Quotes the wrong rule" in causes(workspace, run_id)
    assert edits.undo(run_id)
    assert not edits.undo(run_id)
    assert causes(workspace, run_id) == {"Yes": (0, 1, 2), "Length": (3, 4)}
    assert edits.redo(run_id)
    assert "Quotes the wrong rule" in causes(workspace, run_id)
    with pytest.raises(BadInput, match="needs a name"):
        edits.rename(run_id, ["Yes"], "  ")
    with pytest.raises(BadInput, match="at most 80"):
        edits.rename(run_id, ["Yes"], "long " * 20)


@pytest.mark.both_stores
def test_two_causes_of_one_name_are_one_and_part_again(workspace: Workspace) -> None:
    run_id, edits = failing(workspace), workspace.results.causes
    edits.rename(run_id, ["Length"], "Yes")
    assert causes(workspace, run_id) == {"Yes": (0, 1, 2, 3, 4)}
    [cause] = workspace.results.read(run_id).look().causes
    assert set(cause.keys) == {"Yes: It is not there", "Length"}
    edits.undo(run_id)
    assert len(causes(workspace, run_id)) == 2


@pytest.mark.both_stores
def test_an_answer_is_moved_to_another_cause_or_to_a_new_one_and_follows_its_name(workspace: Workspace) -> None:
    run_id, edits = failing(workspace), workspace.results.causes
    edits.move(run_id, [output(workspace, run_id, 2)], "Length")
    assert causes(workspace, run_id) == {"Length": (2, 3, 4), "Yes": (0, 1)}
    edits.rename(run_id, ["Length"], "Too long")
    assert causes(workspace, run_id)["Too long"] == (2, 3, 4)
    edits.move(run_id, [output(workspace, run_id, case) for case in (0, 3)], "Blames the customer")
    assert causes(workspace, run_id) == {"Blames the customer": (0, 3), "Too long": (2, 4), "Yes": (1,)}
    edits.undo(run_id)
    edits.undo(run_id)
    edits.undo(run_id)
    assert causes(workspace, run_id) == {"Yes": (0, 1, 2), "Length": (3, 4)}


def test_an_answer_is_moved_to_a_cause_whose_name_is_long(workspace: Workspace) -> None:
    run_id, long = failing(workspace), "A check with  two blanks and a very long title: " * 4
    workspace.results.causes.move(run_id, [output(workspace, run_id, 0)], long)
    assert causes(workspace, run_id)[long] == (0,)
    with pytest.raises(BadInput, match="needs a name"):
        workspace.results.causes.move(run_id, [output(workspace, run_id, 0)], " ")


@pytest.mark.both_stores
def test_an_answer_that_is_made_again_is_found_anew(workspace: Workspace) -> None:
    run_id = failing(workspace)
    workspace.results.causes.move(run_id, [output(workspace, run_id, 2)], "Length")
    answer(workspace, run_id)
    assert causes(workspace, run_id) == {"Yes": (0, 1, 2), "Length": (3, 4)}


@pytest.mark.both_stores
def test_looking_at_some_columns_or_cases_changes_no_name(workspace: Workspace) -> None:
    cases = tuple(Case({"q": f"case-{number}"}, f"C{number}") for number in range(6))
    run_id = workspace.runs.prepare(replace(spec(model(), model(name="m2")), checks=CHECKS[:1], cases=cases))
    ends = []
    for cell in workspace.runs.cells(run_id):
        scores = (Score(CHECKS[0], False, None, "Too short." if cell.case_index < 3 else "Too rude."),)
        ends.append(End(cell.job_id, "done", 1, Price(), reply=Reply("yes"), scores=scores))
    Recorder(workspace._database, run_id).write(ends)
    answers = workspace.results.read(run_id)
    assert {cause.name for cause in answers.look().causes} == {"Yes: Too short", "Yes: Too rude"}
    assert [cause.name for cause in answers.look([0], [0, 1]).causes] == ["Yes: Too short"]


@pytest.mark.both_stores
def test_a_name_and_moved_answers_stay_when_reasons_of_another_kind_appear(workspace: Workspace) -> None:
    run_id, edits = failing(workspace), workspace.results.causes
    in_a_comparison(workspace, run_id)
    edits.rename(run_id, keys(workspace, run_id, "Yes"), "Wrong rule")
    second = workspace.runs.rerun(run_id)
    judged(workspace, second, {0: "It is not there.", 1: "It is too long.", 2: ""})
    assert causes(workspace, second) == {"Wrong rule": (0,), "Yes: It is too long": (1,), "Yes": (2,)}
    edits.rename(second, keys(workspace, second, "Yes"), "Says nothing")
    assert causes(workspace, second) == {"Wrong rule": (0,), "Yes: It is too long": (1,), "Says nothing": (2,)}
    third = workspace.runs.rerun(run_id)
    judged(workspace, third, {0: "It is too long."})
    assert causes(workspace, third) == {"Yes": (0,)}, "the other kind was not renamed"
    answer(workspace, run_id)
    edits.move(run_id, [output(workspace, run_id, 4)], keys(workspace, run_id, "Wrong rule")[0])
    job = workspace.runs.cells(run_id)[7].job_id
    late = (Score(CHECKS[0], False, None, "It is too long."), Score(CHECKS[1], True, None))
    Recorder(workspace._database, run_id).write([End(job, "done", 1, Price(), reply=Reply("no"), scores=late)])
    assert causes(workspace, run_id) == {"Wrong rule": (0, 1, 2, 4), "Length": (3,), "Yes: It is too long": (7,)}


@pytest.mark.both_stores
def test_a_name_of_a_check_whose_reasons_never_come_again_holds_for_new_ones(workspace: Workspace) -> None:
    judge = Check("llm-rubric", "Is kind.", "Kind")
    cases = tuple(Case({"q": f"case-{number}"}, f"C{number}") for number in range(8))
    run_id, edits = workspace.runs.prepare(replace(spec(), checks=(judge,), cases=cases)), workspace.results.causes
    in_a_comparison(workspace, run_id)
    judged(workspace, run_id, {0: "Sounds harsh."}, judge)
    edits.rename(run_id, keys(workspace, run_id, "Kind"), "Harsh")
    judged(workspace, run_id, {0: "Is rude.", 1: "Mocks the reader."}, judge)
    assert causes(workspace, run_id) == {"Harsh": (0, 1)}
    edits.undo(run_id)
    assert set(causes(workspace, run_id)) == {"Kind: Is rude", "Kind: Mocks the reader"}
    edits.rename(run_id, keys(workspace, run_id, "Kind: Is rude"), "Rude")
    judged(workspace, run_id, dict(enumerate(("Is rude.", "Is a", "Is b", "Is c", "Is d", "Is e"))), judge)
    assert causes(workspace, run_id) == {"Rude": (0,), "Kind": (1, 2, 3, 4, 5)}
    edits.move(run_id, [output(workspace, run_id, 0)], keys(workspace, run_id, "Kind")[0])
    edits.rename(run_id, keys(workspace, run_id, "Kind"), "Harsh")
    assert causes(workspace, run_id) == {"Harsh": (0, 1, 2, 3, 4, 5)}
    later = workspace.runs.rerun(run_id)
    judged(workspace, later, {3: "Is f", 4: "Is g", 5: "Is rude."}, judge)
    assert causes(workspace, later) == {"Harsh": (3, 4), "Rude": (5,)}


@pytest.mark.both_stores
def test_a_later_run_of_the_comparison_has_the_names_until_it_has_its_own(workspace: Workspace) -> None:
    run_id = failing(workspace)
    in_a_comparison(workspace, run_id)
    workspace.results.causes.rename(run_id, ["Yes"], "Wrong rule")
    second = workspace.runs.rerun(run_id)
    answer(workspace, second)
    assert set(causes(workspace, second)) == {"Wrong rule", "Length"}
    workspace.results.causes.rename(second, ["Yes"], "Another word")
    assert set(causes(workspace, second)) == {"Another word", "Length"}
    assert set(causes(workspace, run_id)) == {"Wrong rule", "Length"}
    workspace.results.causes.rename(second, ["Length"], "Too long")
    third = workspace.runs.rerun(second)
    answer(workspace, third)
    workspace.results.causes.rename(run_id, ["Yes"], "Said last, in the first run")
    assert set(causes(workspace, run_id)) == {"Said last, in the first run", "Length"}, "names go to later runs alone"
    assert set(causes(workspace, third)) == {"Another word", "Too long"}, "the nearest run before it says what holds"
    assert "Wrong rule" not in causes(workspace, failing(workspace)), "a run of another comparison has its own"


def test_causes_travel_with_what_is_exported(workspace: Workspace, tmp_path: Path) -> None:
    run_id = failing(workspace)
    workspace.results.causes.rename(run_id, ["Yes"], "Wrong rule")
    workspace.results.causes.move(run_id, [output(workspace, run_id, 3)], "Yes")
    workspace.exports.write(run_id, tmp_path / "run.csv")
    rows = list(csv.DictReader((tmp_path / "run.csv").read_text("utf-8-sig").splitlines()))
    assert [row["cause"] for row in rows] == ["Wrong rule"] * 4 + ["Length"] + [""] * 3
    workspace.exports.write(run_id, tmp_path / "run.jsonl")
    said = [json.loads(line)["cause"] for line in (tmp_path / "run.jsonl").read_text("utf-8").splitlines()]
    assert said == ["Wrong rule"] * 4 + ["Length"] + [None] * 3
    for kind in ("md", "html"):
        workspace.exports.write(run_id, tmp_path / f"run.{kind}")
        assert "Wrong rule" in (tmp_path / f"run.{kind}").read_text("utf-8")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx", "md", "html"])
def test_an_export_tells_how_far_it_is_and_stops_while_causes_are_read(
    workspace: Workspace, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_calibrations: object) -> None:
        raise AssertionError("an export needs no judge beside people")

    monkeypatch.setattr("workbench.workspace.calibrations.Calibrations.all", refuse)
    monkeypatch.setattr("workbench.workspace.results._CELLS_AT_ONCE", 2)
    run_id, path, heard = failing(workspace), tmp_path / f"run.{kind}", list[float]()
    workspace.exports.write(run_id, path, progress=lambda done, of: heard.append(done / of))
    assert heard == sorted(heard)
    assert heard[0] == 0
    assert heard[-1] >= 0.5, "the answers are told after the causes"
    assert len({share for share in heard if share < 0.5}) >= 4, "each stretch of causes is told"
    before, left = path.read_bytes(), iter(range(2))

    def stop(_done: float, _of: float) -> None:
        if next(left, None) is None:
            raise Stopped("It was stopped.")

    with pytest.raises(Stopped):
        workspace.exports.write(run_id, path, progress=stop)
    assert path.read_bytes() == before


def test_rules_and_judges_of_single_cases_stand_in_rows_of_their_own(workspace: Workspace) -> None:
    own = (Check("contains", "yes", "Says yes"), Check("llm-rubric", "Is kind.", "Kind"))
    cases = (Case({"q": "a"}, "A", checks=own), Case({"q": "b"}, "B", checks=own[:1]))
    run_id = workspace.runs.prepare(replace(spec(), checks=(), cases=cases))
    ends = [
        End(
            cell.job_id, "done", 1, Price(), reply=Reply("no"), own_from=0,
            scores=tuple(Score(check, False, None, "") for check in cases[cell.case_index].checks),
        )
        for cell in workspace.runs.cells(run_id)
    ]  # fmt: skip
    Recorder(workspace._database, run_id).write(ends)
    rows = workspace.results.read(run_id).look().checks
    assert [(row.check.title, row.check.judge, row.cells[0]) for row in rows] == [
        ("Checks of the case", False, (2, 2)), ("Judges of the case", True, (1, 1)),
    ]  # fmt: skip
