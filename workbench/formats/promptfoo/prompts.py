"""`prompts`: texts, chat messages in JSON or YAML, and files of both, as variants of the comparison."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from workbench.formats.foreign_values import schema_of, tools_of
from workbench.formats.nunjucks import Untranslatable, from_nunjucks
from workbench.formats.promptfoo.files import CODE, ConfigFolder, bare, parse, suffix
from workbench.formats.promptfoo.places import Places
from workbench.formats.promptfoo.providers import ENV, parameters_of
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass, replace
from workbench.values import BadInput, Content, Message, Part, Role, Variant

_FILES = (".txt", ".md", ".j2", ".json", ".jsonl", ".yaml", ".yml", ".csv", *CODE)
_SEPARATOR = re.compile(r"^---\s*$", re.MULTILINE)
_FILE_NAME = re.compile(r"[\w./*-]+")
_CONTENT = re.compile(r'"(?:content|text)"\s*:\s*"((?:[^"\\]|\\.)+)"')
_BARE_DUMP = re.compile(r'(?<!["\w])\{\{-?\s*([\w.]+)\s*\|\s*dump(?:\(\s*\d*\s*\))?\s*-?\}\}(?!")')
_Ours = Callable[[str, str], str]
"""A text and where it stands -> the text as a template here."""
_ROLES: Mapping[str, Role] = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "tool": "tool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Around:
    """What a configuration says of all its prompts: texts before and behind each, values of its `env`, filters that are programs."""

    prefix: str = ""
    suffix: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    programs: Collection[str] = ()


NOTHING_AROUND = Around()


@dataclass(frozen=True, slots=True)
class _Raw:
    """One prompt as it is written: its name, its text, its `config`, and the file in which its text stands."""

    name: str
    text: str
    config: Mapping[str, Any]
    file: str


def read_prompts(
    value: Any, folder: ConfigFolder, notes: Notes, around: Around = NOTHING_AROUND, *, to_run: bool = True
) -> tuple[tuple[Variant, ...], tuple[BadInput, ...]]:
    """The prompts of a configuration, with names that differ; and those that cannot be translated, each as an error with its place.

    A file that is not there is such an error too, unless the prompts are `to_run`: then it is raised.
    """
    items: list[Any] = value if isinstance(value, list) else [value]
    if isinstance(value, dict):  # the old form: file -> label
        items = [{"id": path if path.startswith("file://") else f"file://{path}", "label": label} for path, label in value.items()]
    found: list[Variant] = []
    refused: list[BadInput] = []
    places = Places(folder)
    names: dict[str, int] = {}
    entries: list[_Raw] = []
    for item in items:
        try:
            entries += _raw(item, folder, notes)
        except BadInput as error:
            if to_run:
                raise
            path = notes.path if error.path in ("", str(folder.root)) else error.path
            refused.append(BadInput(error.message, path=path, line=error.line or places.line_of(notes.path, str(item))))
    for raw in {repr(raw): raw for raw in entries}.values():  # promptfoo asks what stands there twice once
        names[raw.name] = names.get(raw.name, 0) + 1
        title = raw.name if names[raw.name] == 1 else f"{raw.name} ({names[raw.name]})"
        file = raw.file or Path(notes.path).name
        places.enter(file, raw.text)
        parameters = parameters_of(raw.config, folder, notes, f"prompt {title}")
        schema = _schema(parameters)
        tools = tools_of(parameters.pop("tools"), notes) if isinstance(parameters.get("tools"), list) else ()
        try:
            messages = messages_of(_surrounded(raw.text, around, notes, title), notes, title, around.programs)
        except Untranslatable as error:
            path, line = places.of(file, error)
            refused.append(BadInput(f"The prompt {title} cannot be translated: {error.message}", path=path, line=line))
            continue
        found.append(Variant(title, None, Content(messages, parameters, schema, tools)))
    return tuple(found), tuple(refused)


def _surrounded(text: str, around: Around, notes: Notes, title: str) -> str:
    """The prompt with what stands before and behind it, and with the values that the file's own `env` gives."""
    if around.prefix or around.suffix:
        if _is_chat(text):
            notes.add(f"prompt {title}: prefix, suffix", "they stand around a text, and this is a chat: write them into its messages")
        else:
            text = f"{around.prefix}{text}{around.suffix}"
    return ENV.sub(lambda match: around.environment.get(match[1], match[0]), text)


def _is_chat(text: str) -> bool:
    return messages_of(text, Notes(""), "", None) != (Message.of("user", text),)


def _schema(parameters: dict[str, Any]) -> Mapping[str, Any] | None:
    """The output schema, taken out of the parameters."""
    response = parameters.get("response_format")
    if isinstance(response, dict) and isinstance(response.get("json_schema"), dict):
        return schema_of(parameters.pop("response_format")["json_schema"])
    return None


def _raw(item: Any, folder: ConfigFolder, notes: Notes) -> Iterator[_Raw]:
    """Each prompt that one entry stands for."""
    if isinstance(item, str):
        if _is_file(item, folder):
            yield from _from_files(item, folder, notes)
        elif _is_lost(item):
            raise BadInput(f"The prompt {item.strip()} names a file that is not there.", path=notes.path)
        elif item.startswith("exec:"):
            notes.add(f"prompt {item[:80]}", "a program makes this prompt, and programs in foreign files are not run")
        else:
            yield _Raw(_short(item), item, {}, "")
        return
    if not isinstance(item, dict):
        notes.add(f"prompt {item!r}", "it is neither text nor a file")
        return
    notes.leftover(item, {"id", "label", "raw", "config", "display"}, f"prompt {item.get('label') or item.get('id') or ''}".strip())
    given = item.get("config")
    config: dict[str, Any] = given if isinstance(given, dict) else {}
    label = str(item.get("label") or item.get("display") or "")
    raw: Any = item.get("raw")
    reference = str(item.get("id") or "")
    if isinstance(raw, str) and not raw.startswith("file://"):
        yield _Raw(label or (reference if reference and not _is_file(reference, folder) else _short(raw)), raw, config, "")
        return
    if isinstance(raw, str):
        reference = raw
    if not _is_file(reference, folder):
        notes.add(f"prompt {label or reference or item}", "it has no text")
        return
    texts = list(_from_files(reference, folder, notes))
    for number, one in enumerate(texts, start=1):
        yield replace(one, name=(label if len(texts) == 1 else f"{label} {number}") if label else one.name, config=config)


def _is_file(text: str, folder: ConfigFolder) -> bool:
    if text.startswith("file://"):
        return True
    short = text.strip()
    is_name = "\n" not in short and "{{" not in short and len(short) < 200 and suffix(short) in _FILES
    return is_name and (folder.has(short) or ("*" in short and (bool(folder.matches(short)) or folder.has_left(short))))


def _is_lost(text: str) -> bool:
    """True for what can only be the name of a file: its folder and its ending, and nothing else."""
    return bool(_FILE_NAME.fullmatch(text.strip())) and suffix(text.strip()) in _FILES


def _from_files(reference: str, folder: ConfigFolder, notes: Notes) -> Iterator[_Raw]:
    """Each prompt in the named files."""
    if suffix(reference) in CODE:
        notes.add(f"prompt {bare(reference)}", "a program makes this prompt, and programs in foreign files are not run")
        return
    names = folder.matches(reference)
    if not names and not folder.has_left(reference):
        raise BadInput(f"No file matches the prompt {reference}.", path=notes.path)
    for name in names:
        for title, text in _in_file(name, folder, notes):
            yield _Raw(title, text, {}, name)


def _in_file(name: str, folder: ConfigFolder, notes: Notes) -> Iterator[tuple[str, str]]:
    """(name, text) of each prompt in one file."""
    kind, stem = suffix(name), Path(name).stem
    if kind in (".yaml", ".yml"):
        try:
            data = folder.data(name)
        except BadInput:  # templates between its lines: promptfoo fills them in before it reads the YAML
            data = folder.text(name)
        yield stem, data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    elif kind == ".jsonl":
        for number, line in enumerate(folder.lines(name), start=1):
            yield f"{stem} {number}", json.dumps(line, ensure_ascii=False)
    elif kind in (".md", ".j2"):
        yield stem, folder.text(name)
    elif kind in (".txt", ""):
        texts = [text.strip() for text in _SEPARATOR.split(folder.text(name)) if text.strip()]
        for number, text in enumerate(texts, start=1):
            yield stem if len(texts) == 1 else f"{stem} {number}", text
    elif kind == ".json":
        yield stem, folder.text(name)
    elif kind == ".csv":
        yield from _table(stem, folder.text(name))
    elif kind in CODE:
        notes.add(f"prompt {name}", "a program makes this prompt, and programs in foreign files are not run")
    else:
        notes.add(f"prompt {name}", f"prompts in {kind} files are not read")


def _table(stem: str, text: str) -> Iterator[tuple[str, str]]:
    """(name, text) of each row: columns `prompt` and `label`, or no header and a prompt in each first cell."""
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(cell.strip() for cell in row)]
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    at, named = (header.index("prompt") if "prompt" in header else 0), (header.index("label") if "label" in header else None)
    for number, row in enumerate(rows["prompt" in header :], start=1):
        cells = [*row, *[""] * (len(header) - len(row))]
        if cells[at].strip():
            yield (cells[named].strip() if named is not None else "") or f"{stem} {number}", cells[at]


def messages_of(raw: str, notes: Notes, title: str, programs: Collection[str] | None = ()) -> tuple[Message, ...]:
    """The messages of a prompt's text: chat messages where it holds them as JSON or YAML, else one message of the user.

    `programs`: filters that are code of the configuration; None leaves templates as they are written. Raises Untranslatable.
    """

    def ours(text: str, where: str) -> str:
        return text if programs is None else from_nunjucks(text, notes, where, programs)

    text = raw.strip()
    chat: Any = None
    if text.startswith(("[", "{")):
        chat = _json(text)
        if chat is None and '"role"' in text:
            chat = _json(_BARE_DUMP.sub(r'"{{ \1 }}"', text))
            if chat is None:
                notes.add(f"prompt {title}: chat messages", "the JSON holds template logic outside its texts, so it is sent as one message")
    elif text.startswith("- role:"):
        try:
            chat = parse(text, title)
        except BadInput:
            notes.add(f"prompt {title}: chat messages", "it looks like YAML and is not, so it is sent as one message")
    if isinstance(chat, dict) and isinstance(chat.get("messages"), list):
        notes.leftover(chat, {"messages"}, f"prompt {title}")
        chat = chat["messages"]
    if isinstance(chat, list) and chat and all(isinstance(item, dict) and "role" in item for item in chat):
        return tuple(_message(item, notes, title, ours) for item in chat)
    return (Message.of("user", ours(raw, f"prompt {title}")),)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _message(item: Mapping[str, Any], notes: Notes, title: str, ours: _Ours) -> Message:
    where = f"prompt {title}: message"
    notes.leftover(dict(item), {"role", "content", "tool_calls", "tool_call_id"}, where)
    role = _ROLES.get(str(item["role"]))
    if role is None:
        notes.add(f"{where} of role {item['role']}", "it is sent as the user's")
    content = item.get("content")
    if isinstance(content, list):
        parts = tuple(part for piece in content if (part := _part(piece, notes, where, ours)))
        return replace(_with_calls(item, role or "user", notes, where), parts=parts)
    text = content if isinstance(content, str) else "" if content is None else json.dumps(content, ensure_ascii=False)
    return replace(_with_calls(item, role or "user", notes, where), parts=(Part(text=ours(text, where)),))


def _with_calls(item: Mapping[str, Any], role: Role, notes: Notes, where: str) -> Message:
    """A message without text, with the tool calls of an assistant's turn, or the call that a tool's turn answers."""
    kept = {key: item[key] for key in ("tool_calls", "tool_call_id") if item.get(key)}
    if "{{" in json.dumps(kept.get("tool_calls"), ensure_ascii=False):
        notes.add(f"{where}: variables in a tool call", "the arguments of tool calls are sent as they stand")
    try:
        return Message.from_json({"role": role, "content": "", **kept})
    except ValueError as problem:
        notes.add(f"{where}: tool_calls", str(problem))
        return Message(role)


def _part(piece: Any, notes: Notes, where: str, ours: _Ours) -> Part | None:
    if isinstance(piece, str):
        return Part(text=ours(piece, where))
    if isinstance(piece, dict) and isinstance(piece.get("text"), str):
        return Part(text=ours(piece["text"], where))
    url = piece.get("image_url") if isinstance(piece, dict) else None
    address = url.get("url") if isinstance(url, dict) else url
    found = re.fullmatch(r"data:(image/[\w.+-]+);base64,([A-Za-z0-9+/=\s]+)", address) if isinstance(address, str) else None
    if found:
        import base64  # only messages with pictures need it

        return Part("image", "", found[1], base64.b64decode(found[2]))
    notes.add(
        f"{where}: {piece.get('type', 'part') if isinstance(piece, dict) else 'part'}", "only text and pictures inside the file are carried"
    )
    return None


def _short(text: str) -> str:
    if text.lstrip()[:1] in ("[", "{") and (said := _CONTENT.search(text)):  # a chat is called by what is said first
        text = said[1].split("\\n")[0]
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return (line if len(line) <= 60 else line[:59].rstrip() + "…") or "Prompt"
