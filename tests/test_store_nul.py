"""Text with NUL, which PostgreSQL cannot keep, with halves of characters, or too long for an index: the same in both stores."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_runs_execute import model, spec
from workbench.values import BadInput, Case, Check, Content, Message, NotFound
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


HALF = "a\ud800b"


@pytest.mark.both_stores
@pytest.mark.parametrize("odd", [HALF, "\ud83d\ude00 two halves"])
def test_no_text_from_a_broken_clipboard_breaks_a_verb(odd: str, workspace: Workspace) -> None:
    """Half a character comes out of a cut-off JSON escape, too. It is stored and looked for in the same form."""
    prompt = workspace.prompts.create("P" + odd, "f/" + odd, Content((Message.of("user", "Say {{ q }} " + odd),)), odd)
    workspace.prompts.describe(prompt, odd)
    workspace.prompts.set_tags(prompt, [odd, "plain"])
    workspace.versions.save(prompt, Content((Message.of("user", odd),)), odd, odd)
    workspace.versions.set_sample(prompt, odd, odd)
    row = workspace.prompts.get(prompt)
    whole = odd.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert (row.folder, row.description, set(row.tags)) == ("f/" + whole, whole, {whole, "plain"})
    assert [each.id for each in workspace.prompts.list() if each.folder == "f/" + whole] == [prompt]
    dataset = workspace.datasets.create("D", description=odd)
    workspace.datasets.add_cases(dataset, [Case({"input": "y"}), Case({"input": "x"})])
    cases = workspace.datasets.cases(dataset)
    assert workspace.datasets.tag_cases([cases[1].id], odd) == [cases[1].id]
    assert [case.tags for case in workspace.datasets.cases(dataset, tag=odd)] == [(whole,)]
    assert workspace.datasets.count(dataset, text="x") == 1
    workspace.datasets.count(dataset, text=odd)
    run_id = made(workspace, workspace.runs.prepare(replace(spec(model()), cases=(Case({"q": odd}, odd, odd, (odd,)),))))
    assert workspace.runs.cells(run_id)[0].text == f"Say {whole}."
    workspace.runs.find_text(run_id, odd, [0])
    with pytest.raises(NotFound):
        workspace.runs.get(odd)


@pytest.mark.both_stores
def test_what_is_looked_up_by_an_index_has_a_longest_form(workspace: Workspace) -> None:
    """An index of PostgreSQL takes no more than 2,704 bytes; a file is held to the same, so that it can move to a server."""
    most = "".join(chr(0x10000 + number * 7919 % 0xFFFF) for number in range(600))  # of four bytes each, which cannot be made smaller
    prompt = workspace.prompts.create("P")
    workspace.prompts.set_tags(prompt, [most[:200]])
    workspace.prompts.move([prompt], most)
    row = workspace.prompts.get(prompt)
    assert (row.folder, row.tags) == (most, (most[:200],))
    with pytest.raises(BadInput, match="This tag has 201 characters, 200 are possible"):
        workspace.prompts.set_tags(prompt, [most[:201]])
    with pytest.raises(BadInput, match="This folder has 601 characters, 600 are possible"):
        workspace.prompts.create_folder(most + "x")
    dataset = workspace.datasets.create("D")
    with pytest.raises(BadInput, match="This tag has 5,000 characters"):
        workspace.datasets.add_cases(dataset, [Case({"input": "x"}, tags=("t" * 5000,))])
    assert workspace.datasets.count(dataset) == 0
