"""Parameters of a prompt for one model alone: kept with the version, in files, in what is sent, told in diffs and exports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.judge_server import JudgeServer
from workbench import plan as plans
from workbench.analysis import differences
from workbench.cli.frame import perform
from workbench.formats.foreign_writing import Outgoing, Target
from workbench.formats.library_file import PromptFile, read_prompt
from workbench.formats.library_file_values import parse
from workbench.formats.promptfoo.comparison_writing import write_comparison
from workbench.formats.reports import Notes
from workbench.formats.request_code import python
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.store.database import Database
from workbench.values import BadInput, Case, Content, Message, ModelSpec, Price, Spec, Variant
from workbench.workspace import Workspace

PLAIN = Content((Message.of("user", "Say {{ q }}."),), {"temperature": 0.2, "max_tokens": 900})
OWN = replace(PLAIN, parameters_for={"gpt-4.1": {"temperature": 0.0}, "small": {"max_tokens": 400, "seed": 7}})


def test_a_content_without_overrides_has_the_hash_that_it_always_had() -> None:
    assert PLAIN.hash == "0faeeb81bee292742470fe17cd593ad1c6805a54933cdd9b7ab50b99366f4c72"
    assert replace(PLAIN, parameters_for={"gpt-4.1": {}}).hash == PLAIN.hash != OWN.hash
    assert Content.from_json(OWN.to_json()) == OWN


@pytest.mark.both_stores
def test_versions_and_drafts_keep_what_is_only_for_one_model(database: Database) -> None:
    versions = Versions(database)
    prompt = Prompts(database).create("Reply", content=OWN)
    (first,) = versions.list(prompt)
    assert versions.content(first.id) == OWN
    draft = replace(OWN, parameters_for={"small": {"max_tokens": 300}})
    versions.save_draft(prompt, draft, first.id)
    kept = versions.draft(prompt)
    assert kept is not None
    assert kept.content == draft
    second = versions.save(prompt, draft)
    assert (second.number, versions.content(second.id)) == (2, draft)
    assert versions.save(prompt, PLAIN).number == 3
    assert versions.content(versions.list(prompt)[0].id) == PLAIN


def asked(spec_parameters: dict[str, Any], name: str, version: Content = OWN) -> dict[str, Any]:
    model = ModelSpec(name, "Any title", "openai-chat", "http://127.0.0.1:9/v1", parameters=spec_parameters)
    plan = plans.make(Spec("Any", (Variant("P", 1, version),), (model,), (Case({"q": "hi"}),)))
    assert plans.request(plan, 0, 0).parameters == plans.parameters(plan, 0)
    return dict(plans.parameters(plan, 0))


def test_an_override_goes_over_the_prompts_own_and_below_what_the_comparison_says() -> None:
    assert asked({}, "gpt-4.1") == {"temperature": 0.0, "max_tokens": 900}
    assert asked({}, "small") == {"temperature": 0.2, "max_tokens": 400, "seed": 7}
    assert asked({"max_tokens": 5}, "small") == {"temperature": 0.2, "max_tokens": 5, "seed": 7}
    assert asked({}, "another") == PLAIN.parameters


def test_the_estimate_and_the_reuse_of_answers_go_by_the_override() -> None:
    models = [ModelSpec(name, name, "openai-chat", "http://127.0.0.1:9/v1", price=Price(Decimal(1), Decimal(1))) for name in ("a", "b")]
    version = replace(PLAIN, parameters_for={"a": {"max_tokens": 3}})
    plan = plans.make(Spec("Any", (Variant("P", 1, version),), tuple(models), (Case({"q": "hi"}),)))
    alone = [plans.estimate(replace(plan, columns=(column,))).output_tokens for column in plan.columns]
    assert alone[0] == 3 < alone[1]
    before = plans.make(Spec("Any", (Variant("P", 1, PLAIN),), tuple(models), (Case({"q": "hi"}),)))
    prints = [[plans.fingerprint(each, index, plans.request(each, index, 0), 0) for index in range(2)] for each in (before, plan)]
    assert (prints[0][0] == prints[1][0], prints[0][1] == prints[1][1]) == (False, True)


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    made = JudgeServer()
    made.say = lambda _model, _text: "refunded"
    with closing(made):
        yield made


def connected(workspace: Workspace, server: JudgeServer, version: Content) -> tuple[int, list[ModelSpec]]:
    """A prompt with this version, and two models on a stand-in provider of which one has a title of its own."""
    prompt = workspace.prompts.create("Reply", "", version)
    connection = workspace.connections.add("Stand-in", "other", server.url)
    ids = [workspace.connections.add_model(connection, name, title) for name, title in (("small", "Small one"), ("large", "large"))]
    return prompt, [workspace.connections.spec(id) for id in ids]


@pytest.mark.both_stores
def test_a_run_sends_each_model_its_own_parameters(workspace: Workspace, server: JudgeServer) -> None:
    prompt, models = connected(workspace, server, OWN)
    variant = Variant("Reply", 1, workspace.versions.content(workspace.versions.list(prompt)[0].id), workspace.prompts.get(prompt).uid)
    run = workspace.runs.prepare(Spec("Both", (variant,), tuple(models), (Case({"q": "hi"}),), stream=False))
    workspace.versions.save(prompt, PLAIN)  # what is edited later changes no run

    async def go() -> None:
        async for _event in workspace.runs.execute(run):
            pass

    asyncio.run(go())
    sent = {body["model"]: {key: body.get(key) for key in ("temperature", "max_tokens", "seed")} for body in server.bodies}
    assert sent == {
        "small": {"temperature": 0.2, "max_tokens": 400, "seed": 7},
        "large": {"temperature": 0.2, "max_tokens": 900, "seed": None},
    }
    assert workspace.runs.plan(run).columns[0].variant.content == OWN


def test_a_comparison_of_files_sends_them_from_the_command_line(
    server: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    (tmp_path / "reply.yaml").write_text(
        "prompt: Reply\nparameters: {temperature: 0.2}\nparameters_for:\n  small: {temperature: 0.0}\nmessages:\n  - user: Hi\n", "utf-8"
    )
    (tmp_path / "models.yaml").write_text(
        f"connections:\n  - {{name: Here, vendor: other, base_url: {server.url}, wire_format: openai-chat, "
        "models: [{name: small, title: Small one}, {name: large, title: large}]}\n",
        "utf-8",
    )
    comparison = tmp_path / "both.comparison.yaml"
    models = "[Small one, large, {connection: Here, model: Small one, parameters: {temperature: 0.9}}]"
    comparison.write_text(f"comparison: Both\nprompts: [{{file: reply.yaml}}]\nmodels: {models}\ncases: [{{}}]\n", "utf-8")
    assert perform(["run", str(comparison), "--json"]) == 0
    assert sorted((body["model"], body["temperature"]) for body in server.bodies) == [("large", 0.2), ("small", 0.0), ("small", 0.9)]


def test_what_a_model_does_not_take_is_said_of_its_override_too() -> None:
    version = replace(PLAIN, parameters={}, parameters_for={"m": {"top_k": 3, "seed": 1}})
    model = ModelSpec("m", "M", "anthropic", "http://127.0.0.1:9")
    plan = plans.make(Spec("Any", (Variant("P", 1, version),), (model, replace(model, name="n", title="N")), (Case({"q": "hi"}),)))
    from workbench.runs.left_out import not_taken

    assert [problem.message for problem in not_taken(plan, refused=False)] == ["P v1: M does not take seed. It is sent without."]


def test_a_line_says_what_changed_for_which_model() -> None:
    other = replace(OWN, parameters_for={"gpt-4.1": {"temperature": 0.5}, "my_model": {"max_tokens": 9}})
    assert differences.attribution(OWN, other) == (
        "max tokens only for my_model set to 9, max tokens only for small no longer set, "
        "seed only for small no longer set, temperature only for gpt-4.1 0.0 to 0.5"
    )
    assert differences.contents(OWN, other).edits == 4


def test_a_file_that_says_it_otherwise_is_refused_with_its_line() -> None:
    text = "messages:\n  - user: Hi\nparameters_for:\n  gpt-4.1: 0.2\n"
    with pytest.raises(BadInput, match="only for one model is its name with parameters") as told:
        read_prompt(parse(text, "a.yaml"), "a")
    assert told.value.line == 4
    empty = read_prompt(parse(text.replace("0.2", "{}"), "a.yaml"), "a")
    assert empty.content.hash == Content((Message.of("user", "Hi"),)).hash


def test_code_for_a_model_sends_what_is_only_for_it_and_tells_the_rest() -> None:
    notes = Notes("")
    text = python(Outgoing(PromptFile("Reply", OWN), target=Target(model="small")), notes)
    assert '"max_tokens": 400' in text
    assert '"temperature": 0.2' in text
    assert "Parameters only for gpt-4.1 are not in it: this code asks small." in [note.why for note in notes.all()]


def promptfoo(models: list[ModelSpec], *prompts: Content) -> tuple[list[Any], list[str]]:
    """The providers of a comparison's configuration, and what is told of it."""
    spec = Spec("Both", tuple(Variant(f"P{at}", 1, content) for at, content in enumerate(prompts)), tuple(models), (Case({"q": "hi"}),))
    text, lost = write_comparison(spec, [Outgoing(PromptFile(f"P{at}", content)) for at, content in enumerate(prompts)])
    return parse(text, "promptfooconfig.yaml").data["providers"], [one.what for one in lost]


def test_promptfoo_gets_it_at_the_provider_only_where_it_means_the_same() -> None:
    models = [ModelSpec(name, name.title(), "openai-chat", "http://127.0.0.1:9/v1", parameters={"seed": 1}) for name in ("small", "large")]
    free = replace(PLAIN, parameters={"temperature": 0.2}, parameters_for={"small": {"max_tokens": 400, "seed": 2}})
    (small, large), lost = promptfoo(models, free, free)
    assert {name: small["config"][name] for name in ("max_tokens", "seed")} == {"max_tokens": 400, "seed": 1}
    assert "max_tokens" not in large["config"]
    assert lost == []
    for prompts in ((OWN,), (free, PLAIN), (replace(free, parameters_for={"small": {"max_tokens": None}}),)):
        (small, _), lost = promptfoo(models, *prompts)
        assert "max_tokens" not in small["config"]
        assert lost == ["parameters only for Small"]
