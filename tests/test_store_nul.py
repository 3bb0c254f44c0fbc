"""Text with NUL, which PostgreSQL cannot keep: it is stored with a mark in its place in both stores, wherever it comes in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_runs_execute import model, spec
from workbench.values import Case, Check, Content, Message
from workbench.workspace import Workspace

NUL = "a\x00b"


def made(workspace: Workspace, run_id: int) -> int:
    async def run() -> None:
        async for _ in workspace.runs.execute(run_id):
            pass

    asyncio.run(run())
    return run_id


@pytest.mark.both_stores
def test_cases_prompts_runs_answers_and_notes_may_hold_nul(workspace: Workspace, tmp_path: Path) -> None:
    dataset = workspace.datasets.create("Odd")
    workspace.datasets.add_cases(
        dataset, [Case({"q": NUL, "more": {"deep": [NUL]}}, NUL, NUL, (NUL,), note=NUL, checks=(Check("contains", NUL),))]
    )
    prompt = workspace.prompts.create("P" + NUL, "", Content((Message.of("user", "Say {{ q }} " + NUL),)), NUL)
    run_id = made(
        workspace,
        workspace.runs.prepare(replace(spec(model()), cases=(Case({"q": NUL}, NUL, NUL, (NUL,)),), checks=(Check("contains", NUL, NUL),))),
    )
    (cell,) = workspace.runs.cells(run_id)
    assert cell.status == "done"
    workspace.ratings.note(cell.output_id or 0, NUL)
    workspace.ratings.label(cell.output_id or 0, NUL)
    assert workspace.runs.plan(run_id).cases[0].values["q"] in (NUL, "a\ufffdb")
    workspace.results.read(run_id).look()
    workspace.exports.report(run_id)
    workspace.exports.write(run_id, tmp_path / "x.csv")
    workspace.search.find("a")
    workspace.runs.case_results(dataset, {"q": NUL})
    workspace.runs.forget_verdicts(run_id)
    workspace.runs.rerun(run_id)
    workspace.versions.latest(prompt)


@pytest.mark.both_stores
@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_a_table_with_nul_comes_in(form: str, workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / f"cases.{form}"
    path.write_text({"json": '[{"q": "a\\u0000b"}]', "jsonl": '{"q": "a\\u0000b"}\n', "csv": "q,r\na\x00b,c\n"}[form], "utf-8")
    report = workspace.files.import_paths([path])
    if form == "csv":
        assert not report.imported
        assert "is not text" in report.rejected[0].reason
        return
    (came,) = [item for item in report.imported if item.kind == "dataset"]
    assert workspace.datasets.cases(came.id)[0].values["q"] in (NUL, "a\ufffdb")


@pytest.mark.both_stores
def test_a_text_that_only_writes_of_nul_is_left_as_it_is(workspace: Workspace) -> None:
    written = "the escape \\u0000 and \\\\u0000"
    run_id = made(workspace, workspace.runs.prepare(replace(spec(model()), name=written, cases=(Case({"q": written}),))))
    assert workspace.runs.cells(run_id)[0].text == f"Say {written}."
    assert workspace.runs.get(run_id).comparison == written
