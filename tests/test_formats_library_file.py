"""Files of the library folder: prompts, versions, datasets, models. Short hand-written ones too; nothing a person added is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_formats_yaml_text import SCALAR, TEXT
from workbench.formats.library_file import (
    PromptFile,
    VersionEntry,
    VersionsFile,
    kind_of,
    read_prompt,
    read_versions,
    write_prompt,
    write_versions,
)
from workbench.formats.library_file_data import (
    ConnectionEntry,
    DatasetFile,
    LibraryPage,
    ModelEntry,
    read_dataset,
    read_library,
    read_models,
    write_dataset,
    write_library,
    write_models,
)
from workbench.formats.library_file_values import decode, parse
from workbench.values import BadInput, Case, Check, Content, Message, Part
from workbench.values.datasets import ColumnSpec

ROLE: st.SearchStrategy[Any] = st.sampled_from(["system", "user", "assistant", "tool"])
JSON: st.SearchStrategy[Any] = st.dictionaries(TEXT, SCALAR, max_size=3)
CHECK = st.builds(
    Check,
    TEXT.filter(bool),
    st.none() | SCALAR | JSON | st.lists(SCALAR, max_size=2),
    TEXT,
    st.sampled_from([1.0, 0.0, 2.5]),
    st.none() | st.sampled_from([0.0, 0.8]),
    st.dictionaries(st.sampled_from(["model", "prompt"]), TEXT, max_size=2),
)
MESSAGE = st.builds(Message.of, ROLE, TEXT)
CONTENT = st.builds(
    Content,
    st.lists(MESSAGE, max_size=3).map(tuple),
    JSON,
    st.none() | JSON,
    st.lists(JSON.filter(bool), max_size=2).map(tuple),
    parameters_for=st.dictionaries(TEXT, JSON.filter(bool), max_size=2),
    checks=st.lists(CHECK, max_size=2).map(tuple),
)
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12).map(str.strip).filter(bool)
PROMPT = st.builds(
    PromptFile,
    name=NAME,
    content=CONTENT,
    folder=st.none() | NAME,
    kind=st.sampled_from(["prompt", "snippet", "judge"]),
    description=TEXT.filter(bool),
    tags=st.lists(NAME, min_size=1, max_size=3, unique=True).map(tuple),
    labels=st.dictionaries(NAME, st.integers(1, 99), min_size=1, max_size=3),
    version=st.none() | st.integers(1, 99),
    draft=st.booleans(),
    note=TEXT,
    samples=st.dictionaries(NAME, SCALAR.filter(lambda value: value is not None), min_size=1, max_size=3),
)


def prompt(text: str, stem: str = "file") -> PromptFile:
    return read_prompt(parse(text, f"{stem}.yaml"), stem)


@settings(max_examples=100, deadline=None)
@given(PROMPT)
def test_any_prompt_comes_back_as_it_was_written(record: PromptFile) -> None:
    text = write_prompt(record, "header")
    back = prompt(text)
    assert back == record
    assert back.content.hash == record.content.hash
    assert write_prompt(back, "header", parse(text)) == text


@settings(max_examples=100, deadline=None)
@given(st.lists(CONTENT, min_size=1, max_size=4), TEXT)
def test_any_versions_come_back_as_they_were_written(contents: list[Content], note: str) -> None:
    entries = tuple(
        VersionEntry(number, content, number - 1 or None, "main", "Ann", "2026-11-23T10:00:00.000Z", note, content.hash)
        for number, content in enumerate(contents, 1)
    )
    text = write_versions(VersionsFile("Reply", entries))
    back = read_versions(parse(text))
    assert [(entry.number, entry.content, entry.parent, entry.note, entry.is_changed) for entry in back.versions] == [
        (entry.number, entry.content, entry.parent, entry.note, False) for entry in entries
    ]
    assert write_versions(back) == text


CASES = st.lists(
    st.builds(
        Case,
        values=st.dictionaries(NAME, SCALAR, min_size=1, max_size=3),
        name=TEXT,
        reference=st.none() | SCALAR,
        tags=st.lists(NAME, max_size=2, unique=True).map(tuple),
        weight=st.sampled_from([1.0, 0.5, 3.0]),
        note=TEXT,
    ),
    max_size=4,
).map(tuple)


@settings(max_examples=100, deadline=None)
@given(CASES, NAME, TEXT.filter(bool))
def test_any_cases_inside_a_dataset_come_back(cases: tuple[Case, ...], name: str, description: str) -> None:
    record = DatasetFile(name, description, (ColumnSpec("q"), ColumnSpec("n", "number", "metadata")), None, cases)
    assert read_dataset(parse(write_dataset(record)), "x") == record


def test_a_prompt_file_reads_like_a_letter() -> None:
    text = write_prompt(
        PromptFile(
            "Refund reply",
            Content((Message.of("system", "You are kind.\nAlways.\n"), Message.of("user", "Ticket: {{ ticket }}")), {"temperature": 0.2}),
            description="Answers refund requests.",
            tags=("refunds",),
            labels={"staging": 7, "production": 6},
            version=7,
            note="Ask for the order number",
            samples={"company": "Fell & Tarn"},
        ),
        "yaml-language-server: $schema=../.schemas/prompt.json",
    )
    assert text == (
        "# yaml-language-server: $schema=../.schemas/prompt.json\n"
        "prompt: Refund reply\n"
        "description: Answers refund requests.\n"
        "tags: [refunds]\n"
        "labels: {production: 6, staging: 7}\n"
        "version: 7\n"
        "note: Ask for the order number\n"
        "parameters: {temperature: 0.2}\n"
        "variables:\n"
        "  company: {sample: Fell & Tarn}\n"
        "messages:\n"
        "  - system: |\n"
        "      You are kind.\n"
        "      Always.\n"
        '  - user: "Ticket: {{ ticket }}"\n'
    )


def test_short_files_of_people_are_prompts() -> None:
    assert prompt("messages:\n  - user: Hello\n", "greet") == PromptFile("greet", Content((Message.of("user", "Hello"),)))
    assert prompt("prompt: Hello {{ name }}\n", "greet").content == Content((Message.of("user", "Hello {{ name }}"),))
    assert prompt("prompt: Hello\nsystem: Be brief\nname: Greeting\n") == PromptFile(
        "Greeting", Content((Message.of("system", "Be brief"), Message.of("user", "Hello")))
    )
    assert prompt("messages:\n  - {role: user, content: Hi}\n  - assistant:\n").content.messages == (
        Message.of("user", "Hi"),
        Message.of("assistant", ""),
    )


def test_pictures_in_a_message_are_kept() -> None:
    content = Content((Message("user", (Part(text="Look:"), Part("image", media_type="image/png", data=b"\x89PNG", name="a.png"))),))
    assert prompt(write_prompt(PromptFile("P", content))).content == content


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("prompt: A\nmessages:\n  - user: hi\n  - usr: there\n", 4, "role is system"),
        ("prompt: A\nmessages:\n  - user: hi\n    assistant: x\n", 3, "one role"),
        ("prompt: A\nmessages:\n  - user: 5\n", 3, "quotes"),
        ("prompt: A\nlabels: {production: six}\nmessages: []\n", 2, "number of a version"),
        ("prompt: A\nversion: x\nmessages: []\n", 2, "whole number"),
        ("prompt: A\nparameters: hot\nmessages: []\n", 2, "Parameters"),
        ("prompt: A\nmessages: hello\n", 2, "list"),
        ("description: nothing\n", 1, "has `messages`"),
        ("- a\n- b\n", 1, "no keys"),
        ("", 1, "empty"),
        ("prompt: A\nkind: other\nmessages: []\n", 2, "kind"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        prompt(text)
    assert caught.value.line == line


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(BadInput) as caught:
        decode(b"prompt: A\nnote: \xff\n", "x.yaml")
    assert caught.value.line == 2


def test_a_version_that_was_changed_by_hand_shows() -> None:
    text = write_versions(VersionsFile("P", (VersionEntry(1, Content((Message.of("user", "old"),))),)))
    assert not read_versions(parse(text)).versions[0].is_changed
    changed = read_versions(parse(text.replace("old", "new"))).versions[0]
    assert (changed.is_changed, changed.line) == (True, 3)


def test_comments_and_unknown_keys_of_a_person_stay_when_the_app_writes() -> None:
    old = (
        "# Owner: Ann\n"
        "prompt: Refund reply  # ask Ben before renaming\n"
        "owner: ann@example.com\n"
        "labels: {production: 1}\n"
        "variables:\n"
        "  tone: {unit: words, sample: warm}\n"
        "  # gone soon\n"
        "  old: {sample: x}\n"
        "messages:\n"
        "  # keep this short\n"
        "  - user: |  # the ticket\n"
        "      Hello\n"
    )
    record = PromptFile("Refund reply", Content((Message.of("user", "Hello\nagain\n"),)), tags=("a",), version=2, samples={"tone": "plain"})
    text = write_prompt(record, "", parse(old))
    assert text == (
        "# Owner: Ann\n"
        "prompt: Refund reply  # ask Ben before renaming\n"
        "owner: ann@example.com\n"
        "tags: [a]\n"
        "version: 2\n"
        "# gone soon\n"
        "variables:\n"
        "  tone: {unit: words, sample: plain}\n"
        "messages:\n"
        "  # keep this short\n"
        "  - user: |  # the ticket\n"
        "      Hello\n"
        "      again\n"
    )
    assert write_prompt(record, "", parse(text)) == text


def test_a_short_file_becomes_a_full_one_without_leftovers() -> None:
    old = parse("# mine\nprompt: Hello\nsystem: Be brief\n")
    text = write_prompt(PromptFile("greet", read_prompt(old, "greet").content, version=1), "", old)
    assert text == "# mine\nprompt: greet\nversion: 1\nmessages:\n  - system: Be brief\n  - user: Hello\n"


def test_kinds_are_told_by_their_keys() -> None:
    texts = {
        "prompt": "prompt: a", "versions": "prompt: a\nversions: []", "dataset": "dataset: a", "comparison": "comparison: a\ndataset: b",
        "models": "connections: []", "library": "format: 1", None: "x: 1",
    }  # fmt: skip
    for kind, text in texts.items():
        assert kind_of(parse(text).data) == kind


def test_cases_may_be_written_short() -> None:
    record = read_dataset(parse("dataset: D\ncases:\n  - just text\n  - {ticket: a, reference: b, tags: x}\n"), "d")
    assert record.cases == (Case({"input": "just text"}), Case({"ticket": "a"}, reference="b", tags=("x",)))


def test_models_come_back_and_a_key_in_the_file_is_refused() -> None:
    record = (
        ConnectionEntry(
            "Work",
            "openai",
            "https://proxy.example/v1",
            "openai-chat",
            {"organization": "o"},
            (ModelEntry("gpt-x", "GPT X", {"temperature": 0}, {"input_usd": "0.40", "output_usd": "1.6"}), ModelEntry("gpt-y", "gpt-y")),
        ),
        ConnectionEntry("Ollama", "ollama", "", ""),
    )
    text = write_models(record)
    assert read_models(parse(text)) == record
    with pytest.raises(BadInput, match="key must not stand in a file") as caught:
        read_models(parse(text.replace("vendor: openai\n", "vendor: openai\n    api_key: sk-1\n")))
    assert caught.value.line == 4


def test_a_folder_of_a_newer_version_is_refused() -> None:
    assert read_library(parse(write_library(LibraryPage(folders=("a", "b/c"))))) == LibraryPage(1, ("a", "b/c"))
    with pytest.raises(BadInput, match="newer version"):
        read_library(parse("format: 9\n"))


@settings(max_examples=60, deadline=None)
@given(PROMPT, PROMPT, st.data())
def test_a_comment_put_anywhere_is_kept_when_the_prompt_changes(before: PromptFile, after: PromptFile, draw: st.DataObject) -> None:
    lines = write_prompt(before, "header").split("\n")
    place = draw.draw(st.integers(0, len(lines) - 1))
    commented = "\n".join([*lines[:place], " " * draw.draw(st.sampled_from([0, 2])) + "# kept words", *lines[place:]])
    try:
        old = parse(commented)
        if read_prompt(old, "file") != before:  # it became part of a text
            return
    except BadInput:  # it broke a text
        return
    text = write_prompt(after, "header", old)
    assert text.count("# kept words") == 1
    assert prompt(text) == after
    assert write_prompt(after, "header", parse(text)) == text
