"""JSON in a YAML file: read by json, with the values, lines and complaints of YAML's reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.formats import yaml_text_reading
from workbench.formats.json_as_yaml import plain_json
from workbench.formats.yaml_text_reading import load
from workbench.values import BadInput

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4) | st.lists(VALUES, max_size=4), st.sampled_from([None, 0, 2]), st.booleans())
def test_values_and_lines_are_those_of_yaml(data: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    try:
        slow = yaml_text_reading._read(text, "")
    except BadInput:  # such as keys of more than 1,024 letters
        return
    found = load(text)
    assert repr(found.data) == repr(slow.data)
    assert dict(found.lines) == slow.lines


def test_lines_are_looked_for_when_they_are_asked() -> None:
    document = load('{\n "a": 1,\n "b": {"c":\n  [1,\n   2]}}')
    assert [document.line("a"), document.line("b", "c"), document.line("b", "c", 1), document.line("d")] == [2, 3, 5, 1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a": 1,\n "a": 2}', 2),
        ('{"a": 1,\n "b": }}', 2),
        ("[" * 150 + "1" + "]" * 150, 1),
    ],
)
def test_what_is_wrong_is_said_as_for_any_yaml(text: str, line: int) -> None:
    with pytest.raises(BadInput) as caught:
        load(text, "x.yaml")
    assert caught.value.line == line


def test_json_that_yaml_does_not_take_is_read_and_has_its_first_line() -> None:
    document = load('{\n\t"a":\t[1,\n\t2]\n}')
    assert document.data == {"a": [1, 2]}
    assert document.line("a", 1) in (1, 3)


@pytest.mark.parametrize("text", ['{"a": NaN}', "{a: 1}", '{"a": "\\ud83d"}', "a: 1", "[" * 120 + "]" * 120])
def test_what_could_mean_something_else_is_left_to_yaml(text: str) -> None:
    with pytest.raises(ValueError):
        plain_json(text, 100)
