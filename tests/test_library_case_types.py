"""Values of cases against the types that a prompt declares: what fits, what is converted, and what no run starts with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench import plan as plans
from workbench import templates
from workbench.settings import Settings
from workbench.values import BadInput, Case, Content, Definition, Message, ModelSpec, PromptRef, Spec, Variant
from workbench.values.datasets import ColumnSpec
from workbench.values.variables import VariableSpec
from workbench.workspace import Workspace

NUMBER, LIST, OBJECT = VariableSpec("number"), VariableSpec("list"), VariableSpec("object")
CHOICE = VariableSpec("choice", options=("small", "large"))


@pytest.mark.parametrize(
    ("spec", "value", "becomes"),
    [
        (NUMBER, "3", 3), (NUMBER, " -2.50 ", -2.5), (NUMBER, "1e3", 1000.0), (NUMBER, 7, 7),
        (LIST, '["a", 1]', ["a", 1]), (OBJECT, '{"a": {"b": 1}}', {"a": {"b": 1}}), (CHOICE, " small ", "small"),
        (VariableSpec("number", default=5), "", 5), (VariableSpec("list", required=False), None, []), (VariableSpec(), "3", "3"),
    ],
)  # fmt: skip
def test_text_that_says_a_value_exactly_is_that_value(spec: VariableSpec, value: Any, becomes: Any) -> None:
    assert (spec.fitted(value), type(spec.fitted(value)), spec.misfit(value)) == (becomes, type(becomes), "")


@pytest.mark.parametrize(
    ("spec", "value", "why"),
    [
        (NUMBER, "warm", "is no number"), (NUMBER, "", "is no number"), (NUMBER, "nan", "is no number"), (NUMBER, "1_000", "is no number"),
        (NUMBER, "3,5", "is no number"), (NUMBER, True, "is no number"), (NUMBER, "٣", "is no number"),
        (NUMBER, "0.12345678901234567890123", "has more digits than a number keeps"),
        (NUMBER, "1e999", "has more digits than a number keeps"),
        (OBJECT, "3", "is no object"),
        (LIST, "a, b", "is no list"), (LIST, '{"a": 1}', "is no list"), (LIST, "[" * 5000, "is no list"), (OBJECT, "[]", "is no object"),
        (CHOICE, "huge", "is none of small, large"), (VariableSpec(), ["a"], "is no text"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_type_stays_as_it_is_and_says_why(spec: VariableSpec, value: Any, why: str) -> None:
    assert spec.misfit(value) == why
    assert spec.fitted(value) == value


def test_a_converted_value_is_what_the_template_sees() -> None:
    content = Content(
        (Message.of("user", "{{ n + 1 }}{% for item in items %} {{ item }}{% endfor %}"),), variables={"n": NUMBER, "items": LIST}
    )
    assert templates.render(content, {"n": "3", "items": '["a", "b"]'})[0].text == "4 a b"


def _spec(*cases: Case, **changes: Any) -> Spec:
    content = Content(
        (Message.of("user", "Be {{ temperature }} and {{ size }}."),),
        variables={"temperature": NUMBER, "size": CHOICE, "unread": NUMBER},
    )
    return Spec("Test", (Variant("Reply", 3, content),), (ModelSpec("m", "M", "echo", ""),), cases, **changes)


def test_a_plan_names_case_column_and_reason() -> None:
    good = Case({"temperature": "3", "size": "small", "unread": "not read by the prompt"})
    (problem,) = plans.problems(plans.make(_spec(good, Case({"temperature": "warm", "size": "huge"}, "Boots"))))
    assert problem.message == (
        "Reply v3: case 2 (Boots): temperature is 'warm', the prompt wants a number, size is 'huge', the prompt wants small or large."
    )
    assert (problem.fatal, problem.cases, problem.case) == (True, 1, 2)
    many = [Case({"temperature": "", "size": "small"})] * 9
    (problem,) = plans.problems(plans.make(_spec(good, *many)), numbers=[*range(40, 50)])
    assert problem.message.startswith("Reply v3: case 41: temperature is empty, the prompt wants a number; case 42: ")
    assert problem.message.endswith("; 6 more cases do not fit either.")
    assert plans.problems(plans.make(_spec(good))) == ()


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "w.db", Settings(tmp_path / "settings.json"))
    yield opened
    opened.close()


def test_no_run_starts_with_values_that_do_not_fit_and_cases_are_numbered_as_in_their_dataset(ws: Workspace) -> None:
    prompt = ws.prompts.create("Reply")
    content = Content((Message.of("user", "{{ temperature }}"),), variables={"temperature": NUMBER})
    ws.versions.save(prompt, content)
    dataset = ws.datasets.create("Golden", [ColumnSpec("temperature")])
    ws.datasets.add_cases(
        dataset, [Case({"temperature": "1"}), Case({"temperature": "2"}, tags=("cold",)), Case({"temperature": "ice"}, tags=("cold",))]
    )
    ws.builtin.ensure_connection()
    model = next(row.uid for row in ws.connections.models() if not row.embeds)
    refs = (PromptRef(ws.prompts.get(prompt).uid),)
    made = ws.comparisons.save(Definition("Cold", refs, (model,), ws.datasets.get(dataset).uid, ("cold",)))
    with pytest.raises(BadInput, match=r"case 3: temperature is 'ice', the prompt wants a number\. Nothing was sent\."):
        ws.runs.start_comparison(made)
    assert ws.runs.list() == []
    assert ws.dataset_versions.list(dataset) == []
    ws.datasets.set_cell(ws.datasets.cases(dataset)[2].id, "temperature", "-4")
    run = ws.runs.get(ws.runs.start_comparison(made))
    assert (run.jobs, run.dataset_version) == (2, 1)
