"""Chats in OpenAI's form, and requests of other vendors.

One chat or request is a prompt; JSON Lines for fine-tuning, evals and batches are a prompt with cases.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile, foreign_file, load_yaml
from workbench.formats.foreign_values import MODEL_WHY, is_role, listed, parameters_of, role_of, schema_of, tools_of
from workbench.formats.jinja_text import from_double_braces, literal, variable_name
from workbench.formats.library_file import PromptFile
from workbench.formats.library_file_data import DatasetFile
from workbench.formats.pictures import attachment, picture
from workbench.formats.reports import Notes
from workbench.formats.tabular_columns import REFERENCES
from workbench.formats.vendor_requests import as_chat, as_line
from workbench.quick_dataclass import dataclass, replace
from workbench.values.comparisons import Case
from workbench.values.messages import Content, Message, Part
from workbench.values.problems import BadInput

_DATA = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)")
_PDF_DATA = "data:application/pdf;base64,"
_HISTORY = "earlier turns differ from case to case; they stand in the column conversation"


def looks_like(data: Any) -> bool:
    """True for a chat: a list of messages, or an object that holds one."""
    data = as_chat(data)
    chat = _turns(data) if isinstance(data, Mapping) else data
    return isinstance(chat, list) and bool(chat) and all(_is_message(item) for item in chat)


def looks_like_list(data: Any) -> bool:
    """True for a JSON list of such lines as JSON Lines have."""
    return (
        isinstance(data, list) and bool(data) and all(looks_like_line(item) and isinstance(_chat_of(as_chat(item)), list) for item in data)
    )


def _turns(body: Mapping[str, Any]) -> Any:
    """The messages of a request: of Chat Completions, or of Responses, where one text may stand for them."""
    if "messages" in body or "model" not in body:
        return body.get("messages")
    given = body.get("input")
    return [{"role": "user", "content": given}] if isinstance(given, str) and "instructions" in body else given


def _system(body: Mapping[str, Any], notes: Notes) -> str:
    """What stands beside the messages for the system: `instructions` of Responses, `system` of Anthropic's requests."""
    given = body.get("instructions") or body.get("system")
    return given if isinstance(given, str) else _text({"content": given}, notes)


def looks_like_line(data: Any) -> bool:
    """True for a line of JSON Lines with a chat in it."""
    data = as_chat(data)
    if not isinstance(data, Mapping):
        return False
    if isinstance(data.get("item"), Mapping):
        return data.keys() <= {"item", "sample"}
    chat = _chat_of(data)
    is_sample = isinstance(data.get("input"), str) and "ideal" in data
    return is_sample or (isinstance(chat, list) and bool(chat) and all(_is_message(item) for item in chat))


def _is_message(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("role"), str) and ("content" in item or "tool_calls" in item)


def _chat_of(line: Mapping[str, Any]) -> Any:
    """The chat in a line: of fine-tuning, of preferences, of evals, of a batch."""
    if isinstance(line.get("messages"), list):
        return line["messages"]
    if isinstance(line.get("conversations"), list):  # ShareGPT's words
        turns = [turn for turn in line["conversations"] if isinstance(turn, Mapping)]
        return [{"role": turn["from"], "content": turn.get("value")} if "from" in turn else turn for turn in turns]
    if isinstance(line.get("body"), Mapping):
        return _turns({"instructions": "", **line["body"]})
    given = line.get("input")
    return given.get("messages", given.get("input")) if isinstance(given, Mapping) else given


def read(source: FileText) -> ForeignFile:
    """One chat as a prompt, or lines of them as a prompt over a dataset. Raises BadInput with the line."""
    if source.path.lower().endswith((".jsonl", ".ndjson")):
        return _lines(source)
    is_yaml = source.path.lower().endswith((".yaml", ".yml"))
    data = as_chat(load_yaml(source.text, source.path).data if is_yaml else source.json())
    if isinstance(data, list) and data and all(looks_like_line(item) for item in data) and not looks_like(data):
        return _cases(source, list(enumerate(data, 1)))
    if not looks_like(data):
        raise source.problem("This is no chat: it has no messages with a role each.", 1)
    notes = Notes(source.path)
    body: Mapping[str, Any] = data if isinstance(data, Mapping) else {"messages": data}
    content = _request(body, notes, is_template=True)
    return foreign_file(source, notes, str(body.get("name") or ""), content, description=str(body.get("description") or ""))


def _request(body: Mapping[str, Any], notes: Notes, *, is_template: bool) -> Content:
    if body.get("model"):
        notes.add(f"model {body['model']}", MODEL_WHY)
    ignored = {
        "messages",
        "model",
        "tools",
        "name",
        "description",
        "stream",
        "stream_options",
        "input",
        "store",
        "metadata",
        "instructions",
        "system",
    }
    own = {key: value for key, value in body.items() if key not in ignored}
    response, schema = own.get("response_format"), None
    if isinstance(response, Mapping) and isinstance(response.get("json_schema"), Mapping):
        schema = schema_of(response["json_schema"])
        own.pop("response_format")
    if isinstance(own.get("text"), Mapping):  # where Responses says it
        schema = _answer_form(own, dict(own.pop("text"))) or schema
    messages = tuple(message_of(item, notes, is_template=is_template) for item in listed(_turns(body)))
    if system := _system(body, notes):
        messages = (message_of({"role": "system", "content": system}, notes, is_template=is_template), *messages)
    return Content(messages, parameters_of(own, notes, "request"), schema, tools_of(body.get("tools"), notes))


def _answer_form(own: dict[str, Any], text: dict[str, Any]) -> Mapping[str, Any] | None:
    """The schema that answers of Responses have to fit; what else is said of their text goes among the request's `own` keys."""
    form = text.pop("format", None)
    if text:
        own["text"] = text
    if isinstance(form, Mapping) and form.get("type") == "json_schema":
        return schema_of({key: item for key, item in form.items() if key != "type"})
    if isinstance(form, Mapping) and form.get("type") == "json_object":
        own["response_format"] = {"type": "json_object"}
    return None


def message_of(item: Mapping[str, Any], notes: Notes, *, is_template: bool) -> Message:
    """One message with its text and the pictures that lie inside of the file."""
    role = role_of(item["role"], notes, "message")
    for key in item:
        if key not in ("role", "content", "weight", "tool_calls", "tool_call_id") and item[key]:
            notes.add(f"message: {key}", "only the text and the pictures of a message are carried")
    content = item.get("content")
    pieces = content if isinstance(content, list) else [content]
    parts = []
    for piece in pieces:
        text = piece if isinstance(piece, str) else piece.get("text") if isinstance(piece, Mapping) else None
        url = piece.get("image_url") if isinstance(piece, Mapping) else None
        address = url.get("url") if isinstance(url, Mapping) else url or _source_of(piece)
        if isinstance(text, str):
            parts.append(Part(text=from_double_braces(text, notes) if is_template else literal(text)))
        elif isinstance(address, str) and (data := _DATA.fullmatch(address)):
            try:
                parts.append(picture(base64.b64decode(data[1])))
            except (ValueError, BadInput) as error:
                notes.add("picture in a message", str(error))
        elif isinstance(piece, Mapping) and (file := _file(piece.get("file") or {**piece, "file_data": address})) is not None:
            parts.append(file)
        elif piece is not None:
            kind = piece.get("type", "part") if isinstance(piece, Mapping) else "part"
            notes.add(f"message: {kind}", "only text, pictures and PDF files inside the file are carried")
    try:
        calls = {key: item[key] for key in ("tool_calls", "tool_call_id") if item.get(key)}
        return replace(Message.from_json({"role": role, "content": "", **calls}), parts=tuple(parts))
    except ValueError as problem:
        notes.add("message: tool_calls", str(problem))
        return Message(role, tuple(parts))


def _source_of(piece: Any) -> str | None:
    """The picture or PDF file of a block of Anthropic's, as OpenAI would write it; None for one that lies elsewhere."""
    given = piece.get("source") if isinstance(piece, Mapping) else None
    if not isinstance(given, Mapping) or given.get("type") != "base64":
        return None
    return f"data:{given.get('media_type')};base64,{given.get('data')}"


def _file(given: Any) -> Part | None:
    """The PDF that lies inside of a message; None for a file that lies elsewhere."""
    data = given.get("file_data") if isinstance(given, Mapping) else None
    if not isinstance(data, str) or not data.startswith(_PDF_DATA):
        return None
    try:
        return attachment(base64.b64decode(data.removeprefix(_PDF_DATA)), str(given.get("filename") or ""))
    except (ValueError, BadInput):
        return None


_ASKING = {"body", "tools", "functions"}
_NOTHING_ASKED = Content(())
_LINE_KEYS = {
    "messages", "conversations", "input", "ideal", "body", "custom_id", "method", "url", "preferred_output", "non_preferred_output",
    "tools", "functions", "parallel_tool_calls",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: what stands before the last question, the question, the answer."""

    system: str
    earlier: tuple[Mapping[str, Any], ...]
    input: str
    answer: Any
    rejected: Any
    name: str
    more: Mapping[str, Any]
    """What else stands in the line: columns of its own."""


def _lines(source: FileText) -> ForeignFile:
    lines = source.json_lines()
    if not lines:
        raise source.problem("This file is empty.", 1)
    for number, line in lines:
        if not looks_like_line(line):
            raise source.problem("This line holds no chat.", number)
    return _cases(source, lines)


def _cases(source: FileText, lines: list[tuple[int, Any]]) -> ForeignFile:
    notes = Notes(source.path)
    lines = [(number, as_line(line)) for number, line in lines]
    if all(isinstance(line.get("item"), Mapping) for _, line in lines):
        cases = tuple(Case({variable_name(str(key), notes): value for key, value in line["item"].items()}) for _, line in lines)
        return ForeignFile(datasets=(DatasetFile(source.stem, cases=cases),), not_carried=notes.all())
    read_lines = [_line(line, notes) for _, line in lines]
    systems = {line.system for line in read_lines}
    examples: tuple[Message, ...] = ()
    if read_lines[0].earlier and all(line.earlier == read_lines[0].earlier for line in read_lines):  # few-shot examples
        examples = tuple(message_of(_example(turn), notes, is_template=False) for turn in read_lines[0].earlier)
    has_history = not examples and any(line.earlier for line in read_lines)
    is_shared = len(systems) == 1
    head = () if systems == {""} else (Message.of("system", literal(next(iter(systems))) if is_shared else "{{ system }}"),)
    asked = _shared([_asked(line, notes) for _, line in lines], notes)
    if has_history:
        notes.add("earlier turns", _HISTORY)
    made = []
    for line in read_lines:
        values: dict[str, Any] = {} if is_shared else {"system": line.system}
        if has_history:
            values["conversation"] = list(line.earlier)
        values["input"] = line.input
        for key, value in line.more.items():
            name = variable_name(key, notes)
            if values.setdefault(name, value) is not value:
                notes.add(f"line: {key}", f"there is a value {name} already")
        if line.rejected is not None:
            values["rejected"] = line.rejected
        made.append(Case(values, name=line.name, reference=line.answer))
    prompt = PromptFile(
        source.stem, Content((*head, *examples, Message.of("user", "{{ input }}")), asked.parameters, asked.output_schema, asked.tools)
    )
    return ForeignFile((prompt,), datasets=(DatasetFile(source.stem, cases=tuple(made)),), not_carried=notes.all())


def _asked(line: Mapping[str, Any], notes: Notes) -> Content:
    """The parameters, tools and schema that one line asks with."""
    if not line.keys() & _ASKING:
        return _NOTHING_ASKED
    body = line["body"] if isinstance(line.get("body"), Mapping) else {}
    asked = _request({**body, "messages": [], "instructions": None, "system": None}, notes, is_template=False)
    given = [*listed(line.get("tools")), *listed(line.get("functions"))]
    return replace(asked, tools=tools_of(given, notes)) if given else asked


def _shared(asked: list[Content], notes: Notes) -> Content:
    """What all lines ask with. What differs from one to the next has no place in one prompt."""
    first, *others = asked
    parameters = {
        name: value
        for name, value in first.parameters.items()
        if all(name in other.parameters and other.parameters[name] == value for other in others)
    }
    differ = dict.fromkeys(name for one in asked for name in one.parameters if name not in parameters)
    schema = first.output_schema if all(other.output_schema == first.output_schema for other in others) else None
    tools = first.tools if all(other.tools == first.tools for other in others) else ()
    if schema is None and any(one.output_schema is not None for one in asked):
        differ["output schema"] = None
    if not tools and any(one.tools for one in asked):
        differ["tools"] = None
    for name in differ:
        notes.add(f"{name} of the lines", "they differ from line to line, and a prompt has them once")
    return Content((), parameters, schema, tools)


def _line(line: Mapping[str, Any], notes: Notes) -> _Line:
    more = {str(key): value for key, value in line.items() if key not in _LINE_KEYS and value is not None}
    chat = _chat_of(line)
    turns = [item for item in chat if isinstance(item, Mapping)] if isinstance(chat, list) else [{"role": "user", "content": str(chat)}]
    for turn in turns:
        if not is_role(turn.get("role")):
            notes.add(f"role {turn.get('role')}", "no model knows it; the message stands in its case as it is")
    answer = line.get("ideal")
    if "preferred_output" in line:
        answer = _said(line["preferred_output"], notes)
    elif answer is None and turns and turns[-1].get("role") in ("assistant", "gpt", "chatgpt", "model"):
        answer = _text(turns.pop(), notes)
    body = line.get("body")
    system = _system(body, notes) if isinstance(body, Mapping) else ""
    if turns and turns[0].get("role") in ("system", "developer") and not turns[0].get("name"):
        system = "\n\n".join(text for text in (system, _text(turns.pop(0), notes)) if text)
    question = _text(turns.pop(), notes) if turns else ""
    rejected = _said(line["non_preferred_output"], notes) if "non_preferred_output" in line else None
    if answer is None:
        known = {re.sub(r"\W", "_", key).lower(): key for key in more}
        answer = next((more.pop(known[name]) for name in REFERENCES if name in known), None)
    return _Line(system, tuple(dict(turn) for turn in turns), question, answer, rejected, str(line.get("custom_id") or ""), more)


def _example(turn: Mapping[str, Any]) -> Mapping[str, Any]:
    """A turn of a few-shot example. OpenAI's evals write them as the system's, with a name that says whose they are."""
    role = {"example_user": "user", "example_assistant": "assistant"}.get(str(turn.get("name")))
    return {"role": role, "content": turn.get("content")} if role else turn


def _said(value: Any, notes: Notes) -> str:
    turns = value if isinstance(value, list) else [value]
    return "\n".join(_text(turn, notes) for turn in turns if isinstance(turn, Mapping))


def _text(turn: Mapping[str, Any], notes: Notes) -> str:
    content = turn.get("content")
    if turn.get("tool_calls") or turn.get("function_call"):
        notes.add("calls of tools in answers", "a reference is text or JSON: they stand in it as JSON")
        if not content:
            return json.dumps(turn.get("tool_calls") or turn.get("function_call"), ensure_ascii=False)
    if isinstance(content, list):
        texts = [piece.get("text") for piece in content if isinstance(piece, Mapping)]
        if any(not isinstance(text, str) for text in texts):
            notes.add("pictures and files of messages", "a case holds text here")
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""
