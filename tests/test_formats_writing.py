"""Prompts written in the formats of other tools and read back: the same prompt, a sentence for what it lost, or a refusal."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jinja2 import nodes

from workbench.formats import promptfoo
from workbench.formats.foreign_formats import FORMATS, of_table, read
from workbench.formats.foreign_writing import Outgoing
from workbench.formats.library_file import PromptFile, VersionEntry
from workbench.formats.reports import Notes
from workbench.library.folder.finding import find
from workbench.templates import render
from workbench.templates.pieces import pieces, tree
from workbench.values import BadInput, Check, Content, Message, Part, ToolCall, VariableSpec

READ_BACK = ("github", "prompty", "dotprompt", "llm", "langfuse", "openai-chat", "promptfoo")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "789c63f8cfc000000301010018dd8db00000000049454e44ae426082"
)
# Parts of texts that mean something in one of the formats, and have to stay text in all others.
FRAGMENTS = (
    "{{ name }}", "{{ name }}", "{{ user.first_name }}", "{", "}", "{{ '{{' }}", "{{ '}}' }}", "{% raw %}{{ x }}{% endraw %}", "$",
    "$$", "$name", "${x}", "user:\n", "system:", "\nassistant:\n", "\n", "\n\n", "\r\n", "no", "1e3", "- a", "# b", "---\n", "\\", " ",
    "\t", "'", '"', "[", "]", "é", "漢字", "🙂", "<b>&amp;</b>", "%", "text", "{# a note #}", "null", "true", ":", "|", ">",
    "{{ '\\\\{{' }}", "&a *a", "!x", "\u2028", "\x85", "\x7f", "file://x", '{"role": "user"}', "@", "`",
)  # fmt: skip
LOGIC = (
    "{% if name %}yes{% else %}no{% endif %}", "{% for item in items %}\n{{ item.title }}: {{ name }}\n{% endfor %}",
    "{% if kind == 'a' %}\nA\n{% endif %}\n", "{%- if name -%} x {%- endif -%}", "{{ name | upper }}", "{{ name | tojson }}",
    "{{ items | length }}", "{% set a = 1 %}{{ a }}", "{% for x in items if x %}{{ x }}{% endfor %}", "{{ items[0] }}",
    "{{ '%s' | format(name) }}", "{% if not name %}n{% elif kind != name %}m{% endif %}", "{% if name is defined %}d{% endif %}",
    "{{ loop }}", "{% for a in items %}{{ loop.index0 }}{% else %}none{% endfor %}", "{{ None }}", "{{ box.length }}",
)  # fmt: skip


def out(content: Content, **about: Any) -> Outgoing:
    return Outgoing(PromptFile(about.pop("name", "Refund reply"), content, **about))


def write(format: str, given: Outgoing) -> tuple[str, dict[str, str]]:
    """The text, and the sentence for each thing that was lost."""
    row, notes = FORMATS[format], Notes(given.prompt.name)
    text = row.write(given, notes) if row.write else row.write_many([given], [notes]) if row.write_many else ""
    return text, {note.what: note.why for note in notes.all()}


def back(format: str, text: str) -> PromptFile:
    """The prompt in a text, by the importer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, FORMATS[format].file or f"refund-reply{FORMATS[format].ending}")
        path.write_bytes(text.encode())
        if format != "promptfoo":
            return read(path, format).prompts[0]
        (variant,) = promptfoo.read(path, {}).spec.variants
        return PromptFile(variant.prompt, variant.content)


def meaning(text: str, snippets: Mapping[str, str]) -> Any:
    """What a template says, whichever way it is written: texts that follow each other are one."""
    try:
        found = pieces(text, snippets)
        return [re.sub("\r\n?", "\n", piece) if isinstance(piece, str) else (piece.path,) for piece in found]
    except BadInput:
        whole = deepcopy(tree(text, snippets))
    return repr(_joined(whole))


def _joined(node: nodes.Node) -> nodes.Node:
    for child in node.find_all(nodes.Filter):
        child.name = {"count": "length", "d": "default"}.get(child.name, child.name)
    for output in [*node.find_all(nodes.Output)]:
        joined: list[Any] = []
        for item in output.nodes:
            said = item.data if isinstance(item, nodes.TemplateData) else item.value if isinstance(item, nodes.Const) else None
            if isinstance(said, str):
                if joined and isinstance(joined[-1], nodes.TemplateData):
                    joined[-1] = nodes.TemplateData(joined[-1].data + said)
                elif said:
                    joined.append(nodes.TemplateData(said))
            else:
                joined.append(item)
        output.nodes = joined
    return node


def said(content: Content) -> list[Any]:
    return [(message.role, meaning(message.text, content.snippets)) for message in content.messages]


letters = st.text(st.characters(codec="utf-8", exclude_characters="\0{}"), max_size=6)
texts = st.lists(st.sampled_from(FRAGMENTS) | letters, max_size=8).map("".join)
with_logic = st.lists(st.sampled_from((*FRAGMENTS, *LOGIC)), max_size=6).map("".join)
chats = st.lists(st.tuples(st.sampled_from(("system", "user", "assistant")), texts), min_size=1, max_size=4)
questions = texts.map(lambda text: [("user", text)]) | st.tuples(texts, texts).map(lambda two: [("system", two[0]), ("user", two[1])])
logical = st.lists(st.tuples(st.sampled_from(("system", "user")), with_logic), min_size=1, max_size=2)


def _is_template(text: str) -> bool:
    try:
        tree(text, {})
    except BadInput:
        return False
    return True


@pytest.mark.parametrize("format", READ_BACK)
@example(chat=[("user", "{\n")])
@example(chat=[("system", "\\"), ("user", "{{ name }}")])
@example(chat=[("system", "\\\\"), ("user", "{{ name }}")])
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(chats | questions | logical)
def test_every_prompt_is_read_back_as_it_was_or_refused(format: str, chat: list[tuple[Any, str]]) -> None:
    if not all(_is_template(text) for _, text in chat):
        return
    content = Content(tuple(Message.of(role, text) for role, text in chat))
    try:
        text, lost = write(format, out(content))
    except BadInput:
        return
    kept = [message for number, message in enumerate(content.messages, 1) if f"message {number}" not in lost]
    if format == "dotprompt":  # conditions are read as `name | default(false)`, items of loops under other names
        same = [(role, meaning) for role, meaning in said(replace(content, messages=tuple(kept)))]
        found = said(back(format, text).content)
        assert [role for role, _ in found] == [role for role, _ in same]
        for (_, there), (_, here) in zip(found, same, strict=True):
            if isinstance(here, list):
                assert there == here
    else:
        assert said(back(format, text).content) == said(replace(content, messages=tuple(kept)))


SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "description": "Short"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["title"],
    "additionalProperties": False,
}
TOOL = {
    "type": "function",
    "function": {
        "name": "find_order",
        "description": "Finds an order",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "string"}},
            "required": ["number"],
            "additionalProperties": False,
        },
    },
}
FULL = Content(
    (Message.of("system", "Be kind to {{ name }}."), Message.of("user", "Ticket: {{ ticket }}\n")),
    {"temperature": 0.2, "max_tokens": 900, "top_p": 1, "seed": 7},
    SCHEMA,
    (TOOL,),
    parameters_for={"gpt-4.1": {"temperature": 0.0}},
    checks=(Check("icontains", "refund", "Names it"),),
)
ABOUT: dict[str, Any] = {
    "description": "Answers: with care\nand in two lines", "tags": ("refunds", "no"), "labels": {"production": 2}, "version": 2,
    "note": "Shorter", "samples": {"name": "Ana", "ticket": "1e3"}, "folder": "support",
}  # fmt: skip
# What each format loses of it, and whether parameters, schema and tools come back.
LOSES = {
    "github": ({"tags", "labels", "note", "parameter seed"}, {"temperature", "max_tokens", "top_p"}, True, True),
    "prompty": ({"labels", "note"}, set(FULL.parameters), True, True),
    "dotprompt": ({"tags", "labels", "note", "samples"}, set(FULL.parameters), True, True),
    "llm": ({"description", "tags", "labels", "note", "samples", "tools"}, set(FULL.parameters), True, False),
    "langfuse": ({"description", "samples"}, set(FULL.parameters), True, True),
    "openai-chat": ({"description", "tags", "labels", "note", "samples", "name"}, set(FULL.parameters), True, True),
    "promptfoo": ({"description", "tags", "labels", "note", "models", "folder"}, set(FULL.parameters), True, True),
}  # fmt: skip


@pytest.mark.parametrize("format", READ_BACK)
def test_each_format_says_just_what_it_loses_and_brings_back_the_rest(format: str) -> None:
    loses, parameters, has_schema, has_tools = LOSES[format]
    text, lost = write(format, out(FULL, **ABOUT))
    assert set(lost) == {*loses, "overrides", *(() if format in ("promptfoo", "github") else ("checks",))}
    assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in lost.values())
    found = back(format, text)
    assert said(found.content) == said(FULL)
    assert dict(found.content.parameters) == {name: value for name, value in FULL.parameters.items() if name in parameters}
    assert found.content.output_schema == (SCHEMA if has_schema else None)
    assert found.content.tools == ((TOOL,) if has_tools else ())
    if format != "openai-chat":
        assert found.name == "Refund reply"
    if "description" not in loses:
        assert found.description == ABOUT["description"]
    if "tags" not in loses:
        assert set(found.tags or ()) == {"refunds", "no"}
    if "labels" not in loses:
        assert found.labels == {"production": 2}
    if format == "prompty":
        assert found.samples == ABOUT["samples"]
        assert found.content.hash == replace(FULL, parameters_for={}, checks=()).hash


def test_pictures_files_and_calls_of_tools_survive_in_openai_s_form_and_are_told_elsewhere() -> None:
    boots = Part("image", media_type="image/png", data=PIXEL, name="boots.png")
    call = ToolCall("c1", "find_order", {"number": "7"})
    content = Content((
        Message("user", (Part(text="Look: "), boots, Part(text="{{ name }}"))),
        Message("assistant", (Part(text=""),), (call,)),
        Message("tool", (Part(text="sent"),), (), "c1"),
        Message("user", (Part("file", media_type="application/pdf", data=b"%PDF-1.4 x", name="terms.pdf"),)),
    ))  # fmt: skip
    text, lost = write("openai-chat", out(content, name="refund-reply"))
    assert lost == {"names of pictures": "The names of pictures have no place in this format: boots.png."}
    found = back("openai-chat", text).content
    nameless = replace(content.messages[0], parts=tuple(replace(part, name="") for part in content.messages[0].parts))
    assert found.messages == (nameless, *content.messages[1:])
    _, told = write("prompty", out(content))
    assert told["picture in message 1"] == (
        "Message 1 (user): pictures have no place in this format, so the picture boots.png is left out."
    )
    assert set(told) == {"picture in message 1", "tool calls of message 2", "tool calls of message 3", "file in message 4"}


@pytest.mark.parametrize("format", READ_BACK)
def test_snippets_are_written_as_the_text_that_they_are(format: str) -> None:
    content = Content(
        (Message.of("user", 'Hello. {% include "policy" %} Bye.'),),
        snippets={
            "policy": "Be kind to {{ name }}.",
        },
    )
    text, lost = write(format, out(content))
    assert lost["snippets"] == "Snippets are written as part of the text: policy."
    assert said(back(format, text).content) == [("user", ["Hello. Be kind to ", ("name",), ". Bye."])]


@pytest.mark.parametrize("format", READ_BACK)
def test_what_cannot_be_said_is_refused_with_its_place(format: str) -> None:
    content = Content((Message.of("system", "a"), Message.of("user", "One line\n{{ items | map(attribute='x') | join }}")))
    if format == "prompty":
        assert said(back(format, write(format, out(content))[0]).content) == said(content)
        return
    with pytest.raises(BadInput, match=r"Message 2 \(user\), line 2: It has the filter (join|map)"):
        write(format, out(content))


def test_conditions_and_loops_become_handlebars_that_gives_the_same_text() -> None:
    template = (
        "{% for item in items %}\n- {{ item.title }} for {{ name }}{% if not loop.last %},{% endif %}\n{% else %}\nnothing\n{% endfor %}\n"
        "{% if kind == 'gift' %}\n  A gift.\n{% elif note %}Note: {{ note }}{% else %}{{ items | tojson }}{% endif %}"
    )
    content = Content((Message.of("user", template),))
    text, _ = write("dotprompt", out(content))
    assert "{{#each items as |item|}}" in text
    assert "{{@root.name}}" in text
    found = back("dotprompt", text).content
    for values in (
        {"items": [{"title": "Boots"}, {"title": "Tent"}], "name": "Ana", "kind": "gift", "note": ""},
        {"items": [], "name": "Ana", "kind": "", "note": "fast"},
        {"items": [{"title": "Boots"}], "name": "Ana", "kind": "", "note": ""},
    ):
        assert render(found, values)[0].text == render(content, values)[0].text


def test_declared_variables_survive_in_prompty_and_their_defaults_elsewhere() -> None:
    declared = {
        "tone": VariableSpec("choice", "How it sounds", ("warm", "plain"), "plain", False),
        "count": VariableSpec("number", default=3),
        "items": VariableSpec("list"),
    }
    content = Content((Message.of("user", "{{ tone }} {{ count }} {{ items }}"),), variables=declared)
    text, lost = write("prompty", out(content))
    assert not lost
    assert back("prompty", text).content == content
    for format in ("llm", "dotprompt"):
        text, lost = write(format, out(content))
        assert set(lost) == {"variables"}
        assert {name: spec.default for name, spec in back(format, text).content.variables.items()} == {"tone": "plain", "count": 3}


PAST = [{"role": "user", "content": "Is {{ it }} late?"}, {"role": "assistant", "content": "{% no %}"}]


def test_messages_that_come_as_a_value_stay_such_where_a_format_has_a_place_for_them() -> None:
    declared = {"past": VariableSpec("messages", "Said before", default=PAST, required=False), "now": VariableSpec("messages")}
    texts = ("Be kind", "{{ past }}", "{{ now }}", "Well, {{ name }}?")
    content = Content(tuple(Message.of("user" if at else "system", text) for at, text in enumerate(texts)), variables=declared)
    text, lost = write("prompty", out(content, samples={"now": PAST}))
    assert not lost
    read_back = back("prompty", text)
    assert (read_back.content, read_back.samples) == (content, {"now": PAST})
    placed = replace(content, variables={name: VariableSpec("messages", required=False) for name in declared})
    text, lost = write("langfuse", out(placed))
    assert (lost, back("langfuse", text).content) == ({}, placed)


@pytest.mark.parametrize("format", ["github", "dotprompt", "langfuse", "openai-chat", "promptfoo"])
def test_examples_go_out_as_messages_where_a_variable_holds_none(format: str) -> None:
    messages = (Message.of("system", "Be kind"), Message.of("user", "{{ past }}"), Message.of("user", "Well, {{ name }}?"))
    content = Content(messages, variables={"past": VariableSpec("messages", default=PAST)})
    try:
        text, lost = write(format, out(content))
    except BadInput:  # braces that are text
        content = replace(content, variables={"past": VariableSpec("messages", default=[{"role": "user", "content": "a"}])})
        text, lost = write(format, out(content))
    assert lost["examples"] == "Examples are written as messages of their own: past."
    assert "variables" not in lost
    assert render(back(format, text).content, {"name": "Ana"}) == render(content, {"name": "Ana"})


def test_langfuse_holds_every_version_with_its_note_and_labels() -> None:
    old, new = Content((Message.of("user", "Hi {{ name }}"),)), Content((Message.of("user", "Hello {{ name }}"),))
    versions = (VersionEntry(1, old, note="First", at="2026-01-02T03:04:05.000Z"), VersionEntry(3, new, note="Kinder"))
    given = Outgoing(PromptFile("Greet", new, folder="a/b", version=3, note="Kinder", labels={"production": 1}), versions)
    text, lost = write("langfuse", given)
    assert not lost
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "langfuse-prompts.json")
        path.write_text(text, "utf-8")
        assert of_table(path) == "langfuse"
        found = read(path, "langfuse")
    assert (found.prompts[0].name, found.prompts[0].folder, found.prompts[0].labels) == ("Greet", "a/b", {"production": 1})
    entries = [(entry.number, entry.note, entry.at, entry.content) for entry in found.versions["Greet"].versions]
    assert entries == [(1, "First", "2026-01-02T03:04:05.000Z", old), (3, "Kinder", "", new)]


def test_every_file_is_known_for_what_it_is_without_being_told(tmp_path: Path) -> None:
    odd = Content((Message.of("user", "Costs $5, {{ '{{' }} braces"),))
    for format in ("prompty", "dotprompt", "llm", "openai-chat"):
        path = tmp_path / format / f"odd{FORMATS[format].ending}"
        path.parent.mkdir()
        path.write_text(write(format, out(odd, name="Odd"))[0], "utf-8")
        finds = find([path])
        assert [found.format for found in finds.foreign.values()] == [format]


@pytest.mark.parametrize("format", ["langfuse", "openai-chat", "promptfoo", "github"])
def test_a_form_of_answers_beside_a_schema_is_told(format: str) -> None:
    content = Content((Message.of("user", "Hi"),), {"response_format": {"type": "json_object"}}, SCHEMA)
    text, lost = write(format, out(content))
    assert "parameter response_format" in lost
    found = back(format, text).content
    assert (found.output_schema, dict(found.parameters)) == (SCHEMA, {})
