"""Declared variables: kept with versions, in files and drafts; defaults when rendering; nothing changes where none are declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.analysis import differences
from workbench.formats.library_file import PromptFile, read_prompt, read_versions, write_prompt
from workbench.formats.library_file_values import parse
from workbench.templates import MissingValues, preview, render, required
from workbench.values import BadInput, Content, Message, VariableSpec
from workbench.workspace import Workspace

TEXT = "{{ company }}: {% for item in items %}{{ item }}{% endfor %} {{ tone }} {{ ticket }}"
SPECS = {
    "company": VariableSpec("text", "Who answers", default="Fell & Tarn"),
    "items": VariableSpec("list", required=False),
    "tone": VariableSpec("choice", options=("warm", "plain")),
}


def content(specs: dict[str, VariableSpec] | None = None) -> Content:
    return Content((Message.of("user", TEXT),), variables=SPECS if specs is None else specs)


def test_a_content_without_declarations_has_the_hash_that_it_had() -> None:
    bare = Content((Message.of("user", "Hello"),), {"temperature": 0.2})
    assert set(bare.to_json()) == {"messages", "parameters", "output_schema", "tools"}
    assert bare.hash == "df34c76d0718e303810f71f64362b5a73ee6f51a46ac58f388bea50c5a8f8851"
    assert content().hash != content({}).hash
    assert Content.from_json(content().to_json()) == content()


def test_defaults_are_filled_in_and_what_needs_a_value_is_named() -> None:
    assert required(content()) == ("tone", "ticket")
    with pytest.raises(MissingValues) as raised:
        render(content(), {"ticket": "T"})
    assert raised.value.names == ("tone",)
    assert render(content(), {"ticket": "T", "tone": "warm"})[0].text == "Fell & Tarn:  warm T"
    assert render(content(), {"ticket": "T", "tone": "warm", "company": "X", "items": ["a"]})[0].text == "X: a warm T"
    assert preview(content(), {})[0].missing == ("tone", "ticket")


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        (VariableSpec("number"), 3, "three"),
        (VariableSpec("number"), "3.5", True),
        (VariableSpec("choice", options=("a", "b")), "a", "c"),
        (VariableSpec("list"), ["a"], "a"),
        (VariableSpec("object"), {"a": 1}, ["a"]),
        (VariableSpec("text"), "a", {"a": 1}),
        (VariableSpec("image"), "boots.png", ["boots.png"]),
    ],
)
def test_a_value_is_of_its_type_or_the_reason_is_said(spec: VariableSpec, good: object, bad: object) -> None:
    assert spec.misfit(good) == ""
    assert spec.misfit(bad).startswith("is no")


def test_versions_and_drafts_keep_what_is_declared(tmp_path: Path) -> None:
    ws = Workspace.open(tmp_path / "desk.db")
    try:
        prompt = ws.prompts.create("A", "", content({}))
        ws.versions.save_draft(prompt, content())
        draft = ws.versions.draft(prompt)
        assert draft is not None
        assert draft.content == content()
        second = ws.versions.save(prompt, content())
        assert second.number == 2
        assert ws.versions.content(second.id) == content()
        assert [field.name for field in differences.contents(content({}), content()).parameters] == [
            "variable company", "variable items", "variable tone",
        ]  # fmt: skip
    finally:
        ws.close()


def test_files_say_what_is_declared_beside_the_sample_and_come_back_the_same() -> None:
    record = PromptFile("A", content(), version=1, samples={"company": "Acme", "ticket": "Help"})
    text = write_prompt(record)
    assert "  company: {type: text, description: Who answers, default: Fell & Tarn, sample: Acme}\n" in text
    assert "  items: {type: list, required: false}\n" in text
    assert "  tone: {type: choice, options: [warm, plain]}\n" in text
    assert "  ticket: {sample: Help}\n" in text
    read = read_prompt(parse(text), "a")
    assert read.content == content()
    assert read.samples == record.samples
    assert read.left_out == ()
    assert write_prompt(read) == text


def test_a_version_in_a_file_is_complete_and_a_wrong_type_is_rejected_with_its_line() -> None:
    text = "prompt: A\nversions:\n  - number: 1\n    variables:\n      tone: {type: mood}\n    messages:\n      - user: Hi\n"
    with pytest.raises(BadInput, match="tone cannot be read: its type is text") as raised:
        read_versions(parse(text))
    assert raised.value.line == 5
    assert read_versions(parse(text.replace("mood", "choice"))).versions[0].content.variables == {"tone": VariableSpec("choice")}
