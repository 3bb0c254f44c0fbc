"""What goes out to other tools: a prompt with all that may be said of it, and a sentence for each thing that a format cannot hold."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from workbench.formats.foreign_values import PARAMETERS, parameters_of, tools_of
from workbench.formats.jinja_text import literal
from workbench.formats.library_file import PromptFile, VersionEntry
from workbench.formats.reports import NotCarried, Notes
from workbench.quick_dataclass import dataclass, replace
from workbench.templates import is_plain, name_of_messages, names
from workbench.templates.pieces import tree
from workbench.values.conversations import turns
from workbench.values.messages import Content, Message, Part, canonical
from workbench.values.problems import BadInput

Thing = Literal[
    "description", "tags", "labels", "versions", "note", "samples", "variables", "overrides", "checks", "schema", "tools", "pictures",
    "files", "calls",
]  # fmt: skip
"""What a format may have a place for, beside messages and parameters."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes that is written as code. The key is never in it, only the environment variable that holds it."""

    base_url: str = "https://api.openai.com/v1"
    model: str = "gpt-5-mini"
    key_env: str = "OPENAI_API_KEY"
    """Empty where no key is needed."""
    parameters: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One prompt on its way out: its newest version, or the one that was asked for, and all others."""

    prompt: PromptFile
    versions: tuple[VersionEntry, ...] = ()
    target: Target = Target()
    has_edits: bool = False
    """True where there are edits that no version holds."""

    @property
    def content(self) -> Content:
        """The version that is written."""
        return self.prompt.content


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a file, and what of the prompts is not in it: `why` is a whole sentence."""

    text: str
    not_carried: tuple[NotCarried, ...] = ()


WriteOne = Callable[[Outgoing, Notes], str]
"""The text of a file of one prompt. Raises BadInput, with the place, for what cannot be said in the format."""


def tell(out: Outgoing, notes: Notes, *holds: Thing) -> None:
    """A sentence for each thing of the prompt that a format without a place for it loses."""
    prompt, content = out.prompt, out.content
    said: Mapping[Thing, tuple[Any, str]] = {
        "description": (prompt.description, "The description has no place in this format."),
        "tags": (prompt.tags, "Tags have no place in this format."),
        "labels": (prompt.labels, "Labels have no place in this format."),
        "versions": (len(out.versions) > 1, "Older versions have no place in this format: only the newest is written."),
        "note": (prompt.note, "The note of the version has no place in this format."),
        "samples": (prompt.samples, "Sample values have no place in this format."),
        "variables": (content.variables, "Types, descriptions and defaults of variables have no place in this format."),
        "overrides": (content.parameters_for, f"Parameters only for {', '.join(content.parameters_for)} have no place in this format."),
        "checks": (content.checks, "Checks that travel with this prompt have no place in this format."),
        "schema": (content.output_schema is not None, "The output schema has no place in this format."),
        "tools": (content.tools, "Tools have no place in this format."),
    }
    for thing, (there, sentence) in said.items():
        if there and thing not in holds:
            notes.add(thing, sentence)
    if out.has_edits:
        notes.add("unsaved edits", "Unsaved edits are not written, only the newest version.")
    if content.snippets:
        notes.add("snippets", f"Snippets are written as part of the text: {', '.join(content.snippets)}.")
    for number_, message in enumerate(content.messages, 1):
        where = place(number_, message)
        for part in message.attachments:
            kind, thing = ("picture", "pictures") if part.kind == "image" else ("file", "files")
            if thing not in holds:
                named = f"{kind} {part.name}".strip()
                notes.add(f"{kind} in message {number_}", f"{where}: {thing} have no place in this format, so the {named} is left out.")
        if (message.tool_calls or message.call_id) and "calls" not in holds:
            notes.add(f"tool calls of message {number_}", f"{where}: calls of tools have no place in this format, so they are left out.")


def with_examples(out: Outgoing, notes: Notes) -> Outgoing:
    """The prompt with its examples as messages of their own, for a format whose variables hold no messages: so the same is sent."""
    content, found, written = out.content, list[Message](), dict[str, None]()
    for message in content.messages:
        name = name_of_messages(content, message)
        default = content.variables[name].default if name else None
        try:
            examples = tuple(map(Message.from_json, turns(default))) if default else ()
        except ValueError:  # it is no list of messages, which the prompt itself says
            examples = ()
        if examples:
            written[name] = None
            found += [replace(item, parts=tuple(replace(part, text=literal(part.text)) for part in item.parts)) for item in examples]
        else:
            found.append(message)
    if not written:
        return out
    notes.add("examples", f"Examples are written as messages of their own: {', '.join(written)}.")
    content = replace(content, messages=tuple(found))
    gone = written.keys() - set(names(content))
    kept = {name: spec for name, spec in content.variables.items() if name not in gone}
    samples = {name: value for name, value in (out.prompt.samples or {}).items() if name not in gone}
    return replace(out, prompt=replace(out.prompt, content=replace(content, variables=kept), samples=samples or None))


def place(number: int, message: Message) -> str:
    """`Message 2 (user)`: how a sentence names a message."""
    return f"Message {number} ({message.role})"


def each_text(content: Content, translate: Callable[[str], str]) -> list[tuple[Message, list[Part]]]:
    """Every message with its parts, texts translated and joined where nothing stands between them. Raises BadInput with the place."""
    found: list[tuple[Message, list[Part]]] = []
    for number, message in enumerate(content.messages, 1):
        try:
            parts = joined(message)
            for part in (part for part in parts if not is_plain(part.text)):
                tree(part.text, content.snippets)  # what is half typed is no template in any format
            parts = [replace(part, text=translate(part.text)) if part.kind == "text" else part for part in parts]
        except BadInput as problem:
            reason = problem.message.rstrip(".")
            where = f", line {problem.line}" if problem.line else ""
            message_ = f"{place(number, message)}{where}: {reason}."
            raise BadInput(message_, line=problem.line, column=problem.column, remedy=problem.remedy) from None
        found.append((message, parts))
    return found


def joined(message: Message) -> list[Part]:
    """The parts of a message, texts that follow each other as one."""
    parts: list[Part] = []
    for part in message.parts:
        if part.kind == "text" and parts and parts[-1].kind == "text":
            parts[-1] = replace(parts[-1], text=parts[-1].text + part.text)
        else:
            parts.append(part)
    return parts


def text_of(parts: Iterable[Part]) -> str:
    """The texts of these parts as one; pictures and files are left out."""
    return "".join(part.text for part in parts if part.kind == "text")


def parameters_for(out: Outgoing, notes: Notes, names: Mapping[str, str] | None = None, *, apart: Iterable[str] = ()) -> dict[str, Any]:
    """The parameters by the format's names: all that are known where `names` is None. Others are told, except those written `apart`."""
    found: dict[str, Any] = {}
    for name, value in out.content.parameters.items():
        if name in apart:
            continue
        is_known = name in PARAMETERS and (names is None or name in names)
        if not is_known:
            notes.add(f"parameter {name}", f"The parameter {name} has no place in this format.")
        elif parameters_of({name: value}, Notes(""), "") != {name: value}:
            notes.add(f"parameter {name}", f"The value of the parameter {name} has no place in this format: {json.dumps(value)[:60]}.")
        else:
            found[name if names is None else names[name]] = value
    return found


def parameters_with_schema(out: Outgoing, notes: Notes, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The parameters with the output schema among them, where OpenAI has it. A form of answers that gives way to it is told."""
    schema = out.content.output_schema
    found = parameters_for(out, notes, names)
    if schema is not None:
        if "response_format" in found:
            notes.add("parameter response_format", "The parameter response_format gives way to the output schema.")
        found["response_format"] = {"type": "json_schema", "json_schema": wrapped(schema)}
    return found


def tools_for(out: Outgoing, notes: Notes) -> list[dict[str, Any]]:
    """The functions among the tools, as OpenAI writes them. Other tools are told."""
    found: list[dict[str, Any]] = []
    for tool in out.content.tools:
        kept = tools_of([tool], Notes(""))
        if not kept:
            kind = tool.get("name") or tool.get("type") or "without a name"
            notes.add(f"tool {kind}", f"The tool {kind} is none of the functions that this format has a place for.")
            continue
        if kept[0] != dict(tool):
            name = kept[0]["function"]["name"]
            notes.add(f"tool {name}", f"The function {name} is written with its name, description and parameters; the rest has no place.")
        found.append(kept[0])
    return found


def wrapped(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`{name, schema}` of an output schema, as OpenAI's response format holds it; one that is wrapped already is itself."""
    inner = schema.get("json_schema")
    if isinstance(inner, Mapping):
        schema = inner
    if isinstance(schema.get("schema"), Mapping):
        return {"name": "answer", **schema}
    return {"name": "answer", "schema": dict(schema)}


def bare(out: Outgoing, notes: Notes) -> dict[str, Any] | None:
    """The output schema itself. What a wrapping says beside it is told."""
    schema = out.content.output_schema
    if schema is None:
        return None
    found = wrapped(schema)
    if found["schema"] != schema:
        notes.add("schema", "The name of the output schema and whether it is strict have no place in this format.")
    inner: dict[str, Any] = found["schema"]
    return inner


def openai_parts(parts: Iterable[Part]) -> str | list[dict[str, Any]]:
    """The content of a message as Chat Completions takes it."""
    found = list(parts)
    if all(part.kind == "text" for part in found):
        return text_of(found)
    return [_openai_part(part) for part in found]


def _openai_part(part: Part) -> dict[str, Any]:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    url = f"data:{part.media_type};base64,{base64.b64encode(part.data).decode('ascii')}"
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": part.name, "file_data": url}}


def openai_message(message: Message, parts: Iterable[Part]) -> dict[str, Any]:
    """A message as Chat Completions takes it, with the calls of an assistant's turn, or the call that a tool's turn answers."""
    item: dict[str, Any] = {"role": message.role, "content": openai_parts(parts)}
    if message.tool_calls:
        item["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": canonical(call.arguments)}}
            for call in message.tool_calls
        ]
    if message.call_id:
        item["tool_call_id"] = message.call_id
    return item


def tell_picture_names(out: Outgoing, notes: Notes) -> None:
    """A sentence where pictures go without the names of their files."""
    named = [part.name for message in out.content.messages for part in message.attachments if part.kind == "image" and part.name]
    if named:
        notes.add("names of pictures", f"The names of pictures have no place in this format: {', '.join(named)[:200]}.")


def pretty(value: Any) -> str:
    """JSON for a file that people read."""
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
