"""What the dialog of two versions shows of everything around the messages: parameters, schema, tools, variables, snippets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from workbench.analysis import differences
from workbench.gui.library.diff_sections import parts_of, sections_of
from workbench.gui.library.diff_side import Side
from workbench.values import Content, Message, VariableSpec


def schema(**properties: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in properties.items()}}


OLD = Content(
    (Message.of("user", "Sort {{ ticket }}"),),
    {"temperature": 0.2, "max_tokens": 1200},
    schema(label="string"),
    ({"name": "lookup", "parameters": schema(order="string")},),
    {"ticket": VariableSpec("text")},
    {"policy": "Thirty days."},
)
NEW = Content(
    (Message.of("user", "Sort {{ ticket }}"),),
    {"temperature": 0.7, "stop": ["END"]},
    schema(label="string", sure="number"),
    ({"name": "lookup", "parameters": schema(order="string")}, {"name": "refund", "parameters": schema()}),
    {"ticket": VariableSpec("text", description="What the customer wrote")},
    {"policy": "Sixty days."},
)


def test_schema_and_tools_are_compared_line_by_line_like_messages() -> None:
    sections = {section.key: section for section in sections_of(differences.contents(OLD, NEW), Side(None), Side(None), ())}
    assert list(sections) == [
        "message 0", "parameters", "parameter output_schema", "parameter tools", "snippets", "variables",
    ]  # fmt: skip
    assert [(field.name, field.left, field.right) for field in sections["parameters"].fields] == [
        ("Longest answer", "1,200", ""),
        ("Stop texts", "", '["END"]'),
        ("Temperature", "0.2", "0.7"),
    ]
    added = sections["parameter output_schema"]
    assert added.title == "JSON schema"
    assert [line.right for line in added.lines if line.kind in ("added", "changed")] == [
        "    },",
        '    "sure": {',
        '      "type": "number"',
    ]
    assert any('"refund"' in (line.right or "") for line in sections["parameter tools"].lines if line.kind == "added")
    assert sections["variables"].title == "Variable ticket"
    assert sections["snippets"].lines[0].kind in ("changed", "removed")


@pytest.mark.parametrize(
    ("left", "right", "row", "kinds"),
    [
        (Content(), Content(output_schema=schema(a="string")), ("parameter output_schema", "JSON schema", "+8", ""), {"added"}),
        (Content(tools=({"name": "f"},)), Content(), ("parameter tools", "Tools", "", "-5"), {"removed"}),
    ],
)
def test_the_navigation_counts_a_schema_and_tools_apart_and_leads_to_them(
    left: Content, right: Content, row: tuple[str, str, str, str], kinds: set[str]
) -> None:
    diff = differences.contents(left, right)
    sections = sections_of(diff, Side(None), Side(None), ())
    assert {line.kind for section in sections if section.key == row[0] for line in section.lines} == kinds
    parts = {key: (key, title, more, less) for key, title, _icon, more, less in parts_of(diff, sections)}
    assert parts[row[0]] == row
    assert parts["parameters"][2] == "same", "no plain parameter changed"


def test_what_is_declared_of_a_variable_is_told_under_variables() -> None:
    diff = differences.contents(Content(), Content(variables={"tone": VariableSpec("choice", options=("warm", "plain"))}))
    sections = sections_of(diff, Side(None), Side(None), ())
    assert [(section.key, section.title) for section in sections] == [("variables", "Variable tone")]
    parts = {key: (more, less) for key, _title, _icon, more, less in parts_of(diff, sections)}
    assert parts == {"parameters": ("same", ""), "snippets": ("same", ""), "variables": ("1", "")}


def test_a_variable_that_is_no_longer_read_says_so_on_both_sides() -> None:
    diff = differences.contents(OLD, OLD, (("ticket", "tone"), ("ticket", "order")))
    section = next(section for section in sections_of(diff, Side(None), Side(None), ("order",)) if section.key == "variables")
    assert [(field.name, field.left, field.right, field.note) for field in section.fields] == [
        ("tone", "read", "not read", ""),
        ("order", "not read", "read", "no value"),
    ]


def test_a_parameter_of_one_model_alone_is_told_with_its_model() -> None:
    left, right = (
        replace(NEW, parameters_for={"gpt_x": values}) for values in ({"temperature": 0.2}, {"temperature": 0.0, "max_tokens": None})
    )
    sections = {section.key: section for section in sections_of(differences.contents(left, right), Side(None), Side(None), ())}
    assert [(field.name, field.left, field.right) for field in sections["parameters"].fields] == [
        ("Longest answer only for gpt_x", "", "model default"),
        ("Temperature only for gpt_x", "0.2", "0.0"),
    ]
    assert differences.attribution(left, right) == ("max tokens only for gpt_x set to model default, temperature only for gpt_x 0.2 to 0.0")
