"""Checks that travel with a prompt: kept with its versions, asked in every comparison in which one takes part, told in files and diffs."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.judge_server import JudgeServer, verdict
from workbench import plan as plans
from workbench.analysis import differences
from workbench.cli.frame import perform
from workbench.formats import github_prompt, github_prompt_writing, promptfoo
from workbench.formats.foreign_file import FileText
from workbench.formats.foreign_writing import Outgoing, Target
from workbench.formats.library_file import PromptFile, read_prompt
from workbench.formats.library_file_values import parse
from workbench.formats.promptfoo import writing as promptfoo_writing
from workbench.formats.promptfoo.comparison_writing import write_comparison
from workbench.formats.reports import Notes
from workbench.formats.request_code import python
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.store.database import Database
from workbench.values import BadInput, Case, Check, Content, Definition, Message, PromptRef, held_to
from workbench.values.datasets import ColumnSpec
from workbench.workspace import Workspace

PLAIN = Content((Message.of("user", "Say {{ q }}."),), {"temperature": 0.2, "max_tokens": 900})
SAYS, SHORT = Check("contains", "Say", "Says it"), Check("word-count", "1-9", weight=2, threshold=1)
JUDGED = Check("llm-rubric", "It is warm", "Tone is warm", judge={"prompt": "Tone judge", "version": 3})
OWN = replace(PLAIN, checks=(SAYS, SHORT, JUDGED))


def test_a_content_without_checks_has_the_hash_that_it_always_had() -> None:
    assert replace(PLAIN, checks=()).hash == "0faeeb81bee292742470fe17cd593ad1c6805a54933cdd9b7ab50b99366f4c72" != OWN.hash
    assert Content.from_json(OWN.to_json()) == OWN
    assert Content.from_json(OWN.to_json()).hash == OWN.hash  # whole numbers too
    with pytest.raises(ValueError, match="checks of a case or a prompt are a list"):
        Content.from_json({"checks": {"contains": "a"}})


@pytest.mark.both_stores
def test_versions_and_drafts_keep_checks(database: Database) -> None:
    versions = Versions(database)
    prompt = Prompts(database).create("Reply", content=OWN)
    (first,) = versions.list(prompt)
    assert versions.content(first.id) == OWN
    assert versions.content(first.id).hash == first.content_hash
    draft = replace(OWN, checks=(SAYS,), parameters_for={"small": {"seed": 1}})
    versions.save_draft(prompt, draft, first.id)
    kept = versions.draft(prompt)
    assert kept is not None
    assert kept.content == draft
    second = versions.save(prompt, draft)
    assert (second.number, versions.content(second.id)) == (2, draft)
    assert versions.save(prompt, PLAIN).number == 3
    assert versions.content(versions.list(prompt)[0].id) == PLAIN


@pytest.mark.both_stores
def test_a_check_that_json_cannot_hold_is_refused_before_anything_is_written(database: Database) -> None:
    versions, prompts = Versions(database), Prompts(database)
    prompt = prompts.create("Reply", content=PLAIN)
    with pytest.raises(BadInput, match="checks hold something that is no JSON value"):
        versions.save(prompt, replace(PLAIN, checks=(Check("contains", float("nan")),)))
    assert len(versions.list(prompt)) == 1


def test_an_equal_check_is_asked_once_and_those_of_the_comparison_come_first() -> None:
    other = replace(PLAIN, checks=(SHORT, Check("is-json")))
    assert held_to((Check("is-json"), SHORT), (OWN, PLAIN, other)) == (Check("is-json"), SHORT, SAYS, JUDGED)
    assert held_to((), ()) == ()


def filled(workspace: Workspace, *cases: Case, content: Content = OWN) -> Definition:
    """A comparison of two prompts on the model that gives the question back: the second brings checks along."""
    first = workspace.prompts.create("Plain", "", PLAIN)
    second = workspace.prompts.create("Reply", "", content)
    connection = workspace.connections.add("Echo", "echo", "")
    model = workspace.connections.spec(workspace.connections.add_model(connection, "echo", "Echo"))
    dataset = workspace.datasets.create("Golden", (ColumnSpec("q"),))
    workspace.datasets.add_cases(dataset, cases)
    refs = tuple(PromptRef(workspace.prompts.get(id).uid) for id in (first, second))
    assert model.model_uid
    return Definition("Both", refs, (model.model_uid,), workspace.datasets.get(dataset).uid, checks=(Check("contains", "hi"),))


def made(workspace: Workspace, run: int) -> None:
    async def go() -> None:
        async for _event in workspace.runs.execute(run):
            pass

    asyncio.run(go())


def asked(workspace: Workspace, run: int) -> list[list[str]]:
    """The checks that each answer was held to, by title, in the order of their scores."""
    return [[score.check.title for score in cell.scores] for cell in workspace.runs.cells(run)]


RULES = replace(PLAIN, checks=(SAYS, Check("contains", "hi")))


@pytest.mark.both_stores
def test_a_run_holds_all_its_columns_to_the_checks_that_travel(workspace: Workspace) -> None:
    only = Case({"q": "ho"}, checks=(Check("is-json"),), only_own_checks=True)
    definition = filled(workspace, Case({"q": "hi"}), Case({"q": "hi 2"}, checks=(Check("contains", "2"),)), only, content=RULES)
    assert [check.title for check in workspace.comparisons.checks(definition)] == ["contains: hi", "Says it", "contains: 2", "is-json"]
    comparison = workspace.comparisons.save(definition)
    assert workspace.comparisons.get(comparison).definition.checks == (Check("contains", "hi"),)
    run = workspace.runs.start_comparison(comparison)
    made(workspace, run)
    rows = [["contains: hi", "Says it"], ["contains: hi", "Says it", "contains: 2"], ["is-json"]]
    assert sorted(asked(workspace, run)) == sorted(rows + rows)
    workspace.versions.save(workspace.prompts.find("Reply").id, PLAIN)  # what is edited later changes no run
    found = asyncio.run(workspace.scorings.score_again(run, (Check("word-count", "1-9"),)))
    assert (found.number, found.outputs) == (2, 6)
    rows = [["word-count: 1-9", "Says it", "contains: hi"], ["word-count: 1-9", "Says it", "contains: hi", "contains: 2"], ["is-json"]]
    assert sorted(asked(workspace, run)) == sorted(rows + rows)
    assert [check.title for check in workspace.comparisons.checks(definition)] == ["contains: hi", "contains: 2", "is-json"]


def test_checks_change_nothing_of_what_is_sent_nor_of_the_reuse_of_answers(workspace: Workspace) -> None:
    spec = workspace.comparisons.resolve(filled(workspace, Case({"q": "hi"})))
    bare = replace(spec, variants=tuple(replace(one, content=PLAIN) for one in spec.variants))
    prints = [
        [plans.fingerprint(plan, column, plans.request(plan, column, 0), 0) for column in range(2)]
        for plan in (plans.make(spec), plans.make(bare))
    ]
    assert prints[0] == prints[1]


def test_the_command_line_scores_by_them_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    (tmp_path / "reply.yaml").write_text(
        "prompt: Reply\nchecks:\n  - not-contains: Sorry\n  - {contains: nowhere, name: Names it}\nmessages:\n  - user: Hi {{ q }}\n",
        "utf-8",
    )
    comparison = tmp_path / "both.comparison.yaml"
    comparison.write_text(
        "comparison: Both\nprompts: [{file: reply.yaml}, {prompt: 'Sorry {{ q }}'}]\n"
        "models: [{name: echo, wire_format: echo}]\nchecks: [{not-contains: Sorry}]\ncases: [{q: a}]\n",
        "utf-8",
    )
    perform(["run", str(comparison), "--out", str(tmp_path / "out.jsonl")])
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [[(check["name"], check["passed"]) for check in line["checks"]] for line in lines] == [
        [("not-contains: Sorry", True), ("Names it", False)],
        [("not-contains: Sorry", False), ("Names it", False)],
    ]
    more = tmp_path / "more.yaml"
    more.write_text("- contains: a\n", "utf-8")
    capsys.readouterr()
    assert perform(["score", "1", "--checks", str(more), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {name for name in ("contains: a", "not-contains: Sorry", "Names it") if name in json.dumps(report)} == {
        "contains: a", "not-contains: Sorry", "Names it",
    }  # fmt: skip


def test_a_judge_of_a_check_that_travels_is_asked_as_one_of_the_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    with closing(JudgeServer()) as server:
        server.say = lambda model, _text: verdict(True, 1.0) if model == "large" else "hello"
        (tmp_path / "reply.yaml").write_text(
            "prompt: Reply\nchecks:\n  - {type: llm-rubric, value: Is warm, judge: {model: large}}\nmessages:\n  - user: Hi\n", "utf-8"
        )
        (tmp_path / "models.yaml").write_text(
            f"connections:\n  - {{name: Here, vendor: other, base_url: {server.url}, wire_format: openai-chat, "
            "models: [{name: small}, {name: large}]}\n",
            "utf-8",
        )
        comparison = tmp_path / "both.comparison.yaml"
        comparison.write_text("comparison: Both\nprompts: [{file: reply.yaml}]\nmodels: [small]\ncases: [{}]\n", "utf-8")
        perform(["run", str(comparison), "--out", str(tmp_path / "out.jsonl")])
        assert [body["model"] for body in server.bodies] == ["small", "large"]


def test_a_file_says_what_is_wrong_with_its_checks_by_line() -> None:
    text = "messages:\n  - user: Hi\nchecks:\n  - contains: a\n  - {type: contains, weight: heavy}\n"
    with pytest.raises(BadInput, match="weight and threshold of a check are numbers") as told:
        read_prompt(parse(text, "a.yaml"), "a")
    assert told.value.line == 5
    assert read_prompt(parse(text.replace("heavy", "2"), "a.yaml"), "a").content.checks == (
        Check("contains", "a"), Check("contains", weight=2.0),
    )  # fmt: skip
    assert (
        read_prompt(parse("messages:\n  - user: Hi\nchecks: []\n", "a.yaml"), "a").content.hash == Content((Message.of("user", "Hi"),)).hash
    )


def test_a_line_says_which_check_was_added_changed_and_removed() -> None:
    assert differences.attribution(PLAIN, replace(PLAIN, checks=(Check("contains", "a"),))) == "check added: contains"
    other = replace(OWN, checks=(replace(SAYS, value="Says"), JUDGED, Check("contains", "x"), Check("contains", "y")))
    assert differences.attribution(OWN, other) == (
        "check changed: Says it, check added: contains, check added: contains #2, check removed: word-count"
    )
    assert differences.contents(OWN, other).edits == 4
    assert differences.attribution(OWN, replace(OWN, checks=OWN.checks[::-1])) == "checks in another order"
    twice = replace(PLAIN, checks=(SAYS, SAYS))
    assert differences.attribution(twice, replace(PLAIN, checks=(SAYS,))) == "check removed: Says it"


def test_a_promptfoo_configuration_asks_them_of_every_test_and_is_read_back_with_them_as_its_own(tmp_path: Path) -> None:
    one = replace(PLAIN, checks=(Check("icontains", "{{ q }}", "Says it"), Check("word-count-of-ours", 3)))
    outs = [Outgoing(PromptFile(name, content)) for name, content in (("Plain", PLAIN), ("Reply", one), ("Again", one))]
    notes = [Notes(out.prompt.name) for out in outs]
    file = tmp_path / "promptfooconfig.yaml"
    file.write_text(promptfoo_writing.write(outs, notes), "utf-8")
    data = parse(file.read_text("utf-8"), str(file)).data
    assert data["defaultTest"] == {"assert": [{"type": "icontains", "value": "{{ q }}", "metric": "Says it"}]}
    told = [[note.what for note in each.all() if "check" in note.what] for each in notes]
    assert told == [[], ["check word-count-of-ours: 3"], []]
    spec = promptfoo.read(file, {}).spec
    assert [(check.type, check.name) for check in spec.checks] == [("icontains", "Says it")]
    assert [variant.content.checks for variant in spec.variants] == [(), (), ()]
    assert "defaultTest" not in promptfoo_writing.write([Outgoing(PromptFile("Plain", PLAIN))], [Notes("")])


def test_a_comparison_for_promptfoo_has_them_behind_its_own(workspace: Workspace) -> None:
    spec = workspace.comparisons.resolve(filled(workspace, Case({"q": "hi"}), content=RULES))
    text, _lost = write_comparison(spec, [Outgoing(PromptFile(one.prompt, one.content)) for one in spec.variants])
    asserts = parse(text, "promptfooconfig.yaml").data["defaultTest"]["assert"]
    assert asserts == [{"type": "contains", "value": "hi"}, {"type": "contains", "value": "Say", "metric": "Says it"}]


def test_github_models_gets_those_that_mean_the_same_and_is_told_the_others() -> None:
    content = replace(
        PLAIN, checks=(Check("icontains", "refund", "Names it"), Check("equals", "yes"), SAYS, Check("equals", "{{ q }}"), JUDGED)
    )
    notes = Notes("")
    text = github_prompt_writing.write(Outgoing(PromptFile("Reply", content)), notes)
    assert parse(text, "a.prompt.yml").data["evaluators"] == [
        {"name": "Names it", "string": {"contains": "refund"}}, {"name": "equals: yes", "string": {"equals": "yes"}},
    ]  # fmt: skip
    assert [note.why for note in notes.all() if note.what.startswith("check ")] == [
        "The check Says it has no place in this format.",
        "The check equals: {{ q }} has no place in this format.",
        "The check Tone is warm has no place in this format.",
    ]
    found = github_prompt.read(FileText("a.prompt.yml", text))
    assert [(check.type, check.value, check.name) for check in found.checks] == [
        ("icontains", "refund", "Names it"), ("equals", "yes", "equals: yes"),
    ]  # fmt: skip


def test_code_and_other_formats_say_that_checks_have_no_place() -> None:
    notes = Notes("")
    python(Outgoing(PromptFile("Reply", OWN), target=Target(model="small")), notes)
    assert "Checks that travel with this prompt have no place in this format." in [note.why for note in notes.all()]
