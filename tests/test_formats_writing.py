"""Prompts written in the formats of other tools and read back: the same prompt, or a sentence for what it lost, or a refusal with its place."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import nodes

from workbench.formats import promptfoo
from workbench.formats.foreign_formats import FORMATS, read
from workbench.formats.foreign_writing import Outgoing
from workbench.formats.library_file import PromptFile
from workbench.formats.reports import Notes
from workbench.templates.pieces import pieces, tree
from workbench.values import BadInput, Content, Message

READ_BACK = ("github", "prompty", "dotprompt", "llm", "langfuse", "openai-chat", "promptfoo")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db00000000049454e44ae426082"
)
# Parts of texts that mean something in one of the formats, and have to stay text in all others.
FRAGMENTS = (
    "{{ name }}", "{{ name }}", "{{ user.first_name }}", "{", "}", "{{ '{{' }}", "{{ '}}' }}", "{% raw %}{{ x }}{% endraw %}", "$", "$$", "$name",
    "${x}", "user:\n", "system:", "\nassistant:\n", "\n", "\n\n", "\r\n", "no", "1e3", "- a", "# b", "---\n", "\\", " ", "\t", "'", '"', "[", "]",
    "é", "漢字", "🙂", "<b>&amp;</b>", "%", "text", "{# a note #}", "null", "true", ":", "|", ">", "{{ '\\\\{{' }}", "&a *a", "!x", "\u2028", "\x85", "\x7f",
    "file://x", '{"role": "user"}', "@", "`",
)  # fmt: skip
LOGIC = (
    "{% if name %}yes{% else %}no{% endif %}", "{% for item in items %}\n{{ item.title }}: {{ name }}\n{% endfor %}", "{% if kind == 'a' %}\nA\n{% endif %}\n",
    "{%- if name -%} x {%- endif -%}", "{{ name | upper }}", "{{ name | tojson }}", "{{ items | length }}", "{% set a = 1 %}{{ a }}",
    "{% for x in items if x %}{{ x }}{% endfor %}", "{{ items[0] }}", "{{ '%s' | format(name) }}", "{% if not name %}n{% elif kind != name %}m{% endif %}",
    "{% if name is defined %}d{% endif %}", "{{ loop }}", "{% for a in items %}{{ loop.index0 }}{% else %}none{% endfor %}", "{{ None }}", "{{ box.length }}",
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
        whole = tree(text, snippets)
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


texts = st.lists(
    st.sampled_from(FRAGMENTS) | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0{}"), max_size=6), max_size=8
).map("".join)
with_logic = st.lists(st.sampled_from((*FRAGMENTS, *LOGIC)), max_size=6).map("".join)
chats = st.lists(st.tuples(st.sampled_from(("system", "user", "assistant")), texts), min_size=1, max_size=4)
logical = st.lists(st.tuples(st.sampled_from(("system", "user")), with_logic), min_size=1, max_size=2)


def _is_template(text: str) -> bool:
    try:
        tree(text, {})
    except BadInput:
        return False
    return True


@pytest.mark.parametrize("format", READ_BACK)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    chats
    | st.tuples(texts).map(lambda one: [("user", one[0])])
    | st.tuples(texts, texts).map(lambda two: [("system", two[0]), ("user", two[1])])
    | logical
)
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
