"""promptfoo's results come in as a finished run: what was answered, how fast, for how much, and how promptfoo judged it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from workbench.cli.frame import perform
from workbench.values import CaseQuery, Missing
from workbench.workspace import Workspace


def graded(passed: bool, *parts: tuple[str, Any, bool]) -> dict[str, Any]:
    return {
        "pass": passed,
        "score": float(passed),
        "reason": "",
        "componentResults": [
            {"pass": good, "score": float(good), "reason": f"said {good}", "assertion": {"type": kind, "value": value, "metric": "M"}}
            for kind, value, good in parts
        ],
    }


def results(folder: Path) -> Path:
    def one(prompt: int, test: int, q: str, **more: Any) -> dict[str, Any]:
        provider = {"id": "openai:chat:gpt-x" if prompt == 0 else "file://own.py", "label": "" if prompt == 0 else "Mine"}
        return {"promptIdx": prompt, "testIdx": test, "provider": provider, "vars": {"q": q}, "prompt": {"raw": f"Say {q}"},
                "testCase": {"description": f"Test {test}"}} | more  # fmt: skip

    told = [
        one(0, 0, "a", success=True, latencyMs=120, cost=0.0025, gradingResult=graded(True, ("contains", "A", True)),
            response={"output": "A!", "tokenUsage": {"prompt": 5, "completion": 2, "total": 7}}),
        one(0, 1, "b", success=False, failureReason=1, error="No B", latencyMs=80, gradingResult=graded(False, ("equals", "B", False)),
            response={"output": {"x": 1}}),
        one(1, 0, "a", success=False, failureReason=2, error="429 Too many", latencyMs=5, response={"error": "429 Too many"}),
    ]  # fmt: skip
    prompts = [{"raw": "Say {{q}}", "label": "Say", "provider": name} for name in ("openai:chat:gpt-x", "file://own.py")]
    path = folder / "out.json"
    path.write_text(json.dumps({
        "evalId": "e1", "results": {"version": 3, "timestamp": "2026-01-02T03:04:05Z", "prompts": prompts, "results": told, "stats": {}},
        "config": {"description": "Greetings"},
    }))  # fmt: skip
    return path


@pytest.mark.both_stores
def test_results_are_a_finished_run_with_everything_that_the_file_says(workspace: Workspace, tmp_path: Path) -> None:
    report = workspace.files.import_paths([results(tmp_path)])
    assert [item.name for item in report.imported if item.kind == "run"] == ["Greetings #1"]
    assert not [left for left in report.not_carried if "answer" in left.what]
    (run,) = workspace.runs.list()
    assert (run.status, run.brought_from, run.done, run.failed, run.queued, run.jobs) == ("done", "promptfoo", 2, 1, 0, 4)
    assert [(column.prompt, column.model) for column in workspace.runs.columns(run.id)] == [("Say", "openai:chat:gpt-x"), ("Say", "Mine")]
    cells = {(cell.column, cell.case_index): cell for cell in workspace.runs.cells(run.id)}
    first, second, broken = cells[0, 0], cells[0, 1], cells[1, 0]
    assert (first.text, first.latency_ms, first.cost_usd) == ("A!", 120, Decimal("0.0025"))
    (score,) = first.scores
    assert (score.check.type, score.check.name, score.passed, score.reason) == ("contains", "M", True, "said True")
    assert second.text == '{"x": 1}'
    assert [score.passed for score in second.scores] == [False]
    assert broken.status == "failed"
    assert "429 Too many" in str(broken.error)
    output = workspace.runs.output(workspace.runs.outputs_of(first.job_id)[-1])
    assert (output.usage.input_tokens, output.usage.output_tokens, output.attempt) == (5, 2, 0)
    assert workspace.runs.find_cases(run.id, CaseQuery(check="case"), [0, 1]) == [1]
    assert workspace.runs.spent_today() == 0  # it was spent elsewhere


def test_the_checks_of_the_tests_come_in_with_their_cases(workspace: Workspace, tmp_path: Path) -> None:
    path = results(tmp_path)
    data = json.loads(path.read_text())
    asked = [{"type": "contains", "value": "A", "weight": 2}, {"type": "assert-set", "assert": [{"type": "is-json"}], "threshold": 0.5}]
    data["results"]["results"][0]["testCase"] |= {"assert": asked}
    data["results"]["results"][1]["testCase"] |= {"assert": [{"type": "equals", "value": "B", "transform": "x"}], "threshold": 0.25}
    path.write_text(json.dumps(data))
    report = workspace.files.import_paths([path])
    (dataset,) = [item for item in report.imported if item.kind == "dataset"]
    first, second = workspace.datasets.cases(dataset.id)  # the call that failed is the first case once more
    assert (first.name, [check.type for check in first.checks], first.checks[0].weight) == ("Test 0", ["contains", "assert-set"], 2)
    assert (second.checks[0].threshold, second.checks[0].value[0]["type"]) == (0.25, "equals (transformed)")
    assert [left.what for left in report.not_carried] == ["1 check cannot run here: equals (transformed)"]


def test_the_same_results_again_change_nothing_and_a_rerun_is_a_run_of_ours(workspace: Workspace, tmp_path: Path) -> None:
    path = results(tmp_path)
    workspace.files.import_paths([path])
    again = workspace.files.import_paths([path])
    assert not again.imported
    assert len(workspace.runs.list()) == 1
    (run,) = workspace.runs.list()
    new = workspace.runs.get(workspace.runs.rerun(run.id))
    assert (new.brought_from, new.queued, new.done) == ("", 4, 0)
    assert [len(workspace.runs.plan(new.id).checks_for(index)) for index in range(2)] == [1, 1]
    model = workspace.runs.plan(new.id).columns[1].model
    with pytest.raises(Missing, match="Mine has no address"):
        workspace.connections.endpoint(model)
    old = workspace.runs.get(run.id)
    assert (old.done, old.brought_from) == (2, "promptfoo")


def test_the_command_line_lists_and_shows_the_run_and_where_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    assert perform(["import", str(results(tmp_path))]) == 0
    assert "run" in capsys.readouterr().out
    assert perform(["list", "runs", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["brought_from"] == "promptfoo"
    assert perform(["list", "runs"]) == 0
    assert "done, from promptfoo" in capsys.readouterr().out
    assert perform(["show", run["id"]]) == 0
    assert "429 Too many" in capsys.readouterr().out
    assert perform(["show", run["id"], "--results"]) == 0
    said = capsys.readouterr().out
    assert "They came in from promptfoo, which measured them elsewhere" in said
    assert "this computer" not in said


def test_the_results_of_the_field_bring_their_answers(shared: Path, workspace: Workspace) -> None:
    folder = shared / "formats" / "promptfoo-results"
    for name, answers in (("simple-test__output.json", 4), ("replicate-llama4-scout__output.json", 10), ("node-package__output.json", 12)):
        before = {run.id for run in workspace.runs.list()}
        workspace.files.import_paths([folder / name])
        (run,) = [run for run in workspace.runs.list() if run.id not in before]
        assert run.done + run.failed == answers, name
