"""YAML as the library writes it: any value comes back as it was, and a person's comments stay."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from workbench.formats.yaml_text import dump
from workbench.formats.yaml_text_reading import load
from workbench.values import BadInput

LINE = st.sampled_from(
    [
        "", " ", "  ", "\t", "text", "  indented", "\tindented", "trailing ", "trailing\t", "---", "...", "# no comment", "- item",
        "key: value",
        "{{ ticket }}", "{% if x %}", "%TAG", "&a", "*a", "!x", "|", ">", "'", '"', "\\", "`", "@", "no", "012", "1.5", "2024-01-01",
        "1:30",
        "null", "~", "true", "👍", "é", "日本", "a\rb", "a\x85b", "a\u2028b", "a\x00b", "a\x1bb", "a\ufeffb", "a\xa0", "x #y", "x: y", "x:",
        "<<<<<<< HEAD", "=======", ">>>>>>> theirs", "45 days", "a, b", "[x]", "(x)", "\ue000", "\uffff", "\x7f", "=", "<<",
    ]
)  # fmt: skip
NASTY = st.builds(
    lambda lines, end: "\n".join(lines) + end, st.lists(LINE, max_size=5), st.sampled_from(["", "\n", "\n\n", "\n\n\n", "\r\n"])
)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TEXT = NASTY | ANY
SCALAR = st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False))
VALUE: st.SearchStrategy[Any] = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
DOCUMENT = st.dictionaries(TEXT, VALUE, min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(DOCUMENT)
def test_any_value_comes_back_as_it_was(data: dict[str, Any]) -> None:
    back = load(dump(data)).data
    assert back == data
    assert repr(back) == repr(data)  # 1 and 1.0 and True are three things


@settings(max_examples=100, deadline=None)
@given(DOCUMENT)
def test_another_reader_of_yaml_reads_the_same(data: dict[str, Any]) -> None:
    read = YAML(typ="safe", pure=True)
    assert read.load(io.StringIO(dump(data))) == data


@settings(max_examples=100, deadline=None)
@given(DOCUMENT)
def test_what_is_written_again_is_equal_to_the_byte(data: dict[str, Any]) -> None:
    text = dump(data, "header")
    read = load(text)
    assert dump(read.data, "header") == text
    assert dump(read.data, "", read.comments()) == text


def test_it_reads_like_a_letter() -> None:
    data = {
        "prompt": "Refund reply",
        "tags": ["refunds", "support"],
        "labels": {"production": 6},
        "version": 7,
        "parameters": {"temperature": 0.2, "stop": ["END"]},
        "variables": {"company": {"sample": "Fell & Tarn"}},
        "messages": [{"system": "You are a support agent.\n"}, {"user": "Ticket: {{ ticket }}"}, {"assistant": "One\n\nTwo"}],
    }
    assert dump(data) == (
        "prompt: Refund reply\n"
        "tags: [refunds, support]\n"
        "labels: {production: 6}\n"
        "version: 7\n"
        "parameters: {temperature: 0.2, stop: [END]}\n"
        "variables:\n"
        "  company: {sample: Fell & Tarn}\n"
        "messages:\n"
        "  - system: |\n"
        "      You are a support agent.\n"
        '  - user: "Ticket: {{ ticket }}"\n'
        "  - assistant: |-\n"
        "      One\n"
        "\n"
        "      Two\n"
    )


@pytest.mark.parametrize("text", ["no", "yes", "Off", "012", "1_000", "1e3", "2024-01-01", "1:30", "0x1F", "~", "null", "", " a", "a "])
def test_text_that_other_tools_take_for_something_else_is_quoted(text: str) -> None:
    assert dump({"key": text}) == f'key: "{text}"\n'


@pytest.mark.parametrize("text", ["45 days", "Fell & Tarn", "No refunds", "a/b", "v7", "Grüße", "(maybe) later", "don't", "x=1"])
def test_ordinary_text_stands_without_quotes(text: str) -> None:
    assert dump({"key": text}) == f"key: {text}\n"


def test_hand_written_yaml_is_read_as_version_1_2() -> None:
    data = load("a: no\nb: 2024-01-01\nc: 0o17\nd: 012\ne: [yes, 1.5, .5, ~]\nf: !!str 5\ng: 1:30\n").data
    assert data == {"a": "no", "b": "2024-01-01", "c": 15, "d": 12, "e": ["yes", 1.5, 0.5, None], "f": "5", "g": "1:30"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1,\n", 3, "not YAML"),
        ("a: 1\nb:\n\t- x\n", 3, "tab"),
        ("a: 1\na: 2\n", 2, "twice"),
        ("a: !!python/object:os.system x\n", 1, "tag"),
        ("a: 1\n---\nb: 2\n", 2, "A second document"),
        ("a: 1\n? [x]\n: 2\n", 2, "key"),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> theirs\n", 2, "conflict in lines 2 to 6"),
        ("a: \x01\n", 1, "not YAML"),
        ("a: *nothing\n", 1, "not YAML"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        load(text, "file.yaml")
    assert (caught.value.path, caught.value.line) == ("file.yaml", line)


def test_aliases_have_a_budget() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 10):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    with pytest.raises(BadInput, match="too much"):
        load(bomb)
    with pytest.raises(BadInput, match="too"):
        load("a: &a [*a]\n")
    with pytest.raises(BadInput, match="too deep"):
        load("[" * 800)


def test_a_conflict_inside_a_text_is_only_text() -> None:
    text = dump({"messages": [{"user": "<<<<<<< HEAD\n=======\n>>>>>>> x\n"}]})
    assert load(text).data["messages"][0]["user"].startswith("<<<<<<<")


COMMENTED = """\
# first line

# about the prompt
prompt: Refund reply  # its name
tags: [a, b]  # some tags
labels: {  # all labels
  # the live one
  production: 6,
  staging: 7 }
variables:

  # who writes
  company: {sample: Fell}   # the company
messages:  # what is said
  # first
  - system: |  # keep it short
      You are an agent. # not a comment
      # neither is this

  # then
  - user: "a # b"  # and this
  - assistant: >-
      folded
      text
    # behind the block
unknown: x
# the end
"""


def words_of(text: str) -> list[str]:
    """The comments of a text, in order."""
    return [line.split("# ")[-1] for line in text.splitlines() if "# " in line and "comment" not in line and "neither" not in line]


def test_comments_stay_with_what_they_stand_at() -> None:
    read = load(COMMENTED)
    text = dump(read.data, "", read.comments())
    assert load(text).data == read.data
    assert words_of(text) == words_of(COMMENTED)
    again = load(text)
    assert dump(again.data, "", again.comments()) == text
    assert "prompt: Refund reply  # its name" in text
    assert "  # the live one\n  production: 6\n" in text
    assert "  - system: |  # keep it short\n" in text
    assert text.endswith("# the end\n")


@settings(max_examples=100, deadline=None)
@given(DOCUMENT, st.data())
def test_a_comment_put_anywhere_is_kept(data: dict[str, Any], draw: st.DataObject) -> None:
    text = dump(data)
    lines = text.split("\n")
    place = draw.draw(st.integers(0, len(lines) - 1))
    indent = " " * draw.draw(st.sampled_from([0, 2, 4]))
    commented = "\n".join([*lines[:place], f"{indent}# kept words", *lines[place:]])
    try:
        read = load(commented)
    except BadInput:  # in the middle of a text, where it breaks it
        return
    if read.data != data:  # it became part of a text
        return
    written = dump(read.data, "", read.comments())
    assert written.count("# kept words") == 1
    assert load(written).data == data


def test_a_merge_takes_in_names_that_are_not_there_already() -> None:
    text = "base: &b {role: user, n: 1}\nother: &o {n: 2, m: 3}\nlist:\n- <<: *b\n  n: 5\n- <<: [*b, *o]\n- {'<<': text}\n"
    assert load(text).data["list"] == [{"role": "user", "n": 5}, {"role": "user", "n": 1, "m": 3}, {"<<": "text"}]
    with pytest.raises(BadInput, match="takes in names") as caught:
        load("a: 1\n<<: word\n")
    assert caught.value.line == 2
