"""`prompts`: texts, chat messages in JSON or YAML, and files of both, as variants of the comparison."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.formats.foreign_values import schema_of, tools_of
from workbench.formats.nunjucks import from_nunjucks
from workbench.formats.promptfoo.files import CODE, ConfigFolder, bare, parse, suffix
from workbench.formats.promptfoo.providers import parameters_of
from workbench.formats.reports import Notes
from workbench.values import BadInput, Content, Message, Part, Role, Variant

_TEXT = (".txt", ".md", ".j2")
_FILES = (*_TEXT, ".json", ".jsonl", ".yaml", ".yml", ".csv", *CODE)
_SEPARATOR = re.compile(r"^---\s*$", re.MULTILINE)
_BARE_DUMP = re.compile(r'(?<!["\w])\{\{-?\s*([\w.]+)\s*\|\s*dump(?:\(\s*\d*\s*\))?\s*-?\}\}(?!")')
_ROLES: Mapping[str, Role] = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "tool": "tool",
}  # fmt: skip


def read_prompts(value: Any, folder: ConfigFolder, notes: Notes) -> tuple[Variant, ...]:
    """The prompts of a configuration, with names that differ."""
    items: list[Any] = value if isinstance(value, list) else [value]
    if isinstance(value, dict):  # the old form: file -> label
        items = [{"id": path if path.startswith("file://") else f"file://{path}", "label": label} for path, label in value.items()]
    found: list[Variant] = []
    names: dict[str, int] = {}
    for item in items:
        for name, raw, config in _raw(item, folder, notes):
            names[name] = names.get(name, 0) + 1
            title = name if names[name] == 1 else f"{name} ({names[name]})"
            parameters = parameters_of(config, folder, notes, f"prompt {title}")
            schema = _schema(parameters)
            tools = tools_of(parameters.pop("tools"), notes) if isinstance(parameters.get("tools"), list) else ()
            content = Content(messages_of(raw, notes, title), parameters, schema, tools)
            found.append(Variant(title, None, content))
    return tuple(found)


def _schema(parameters: dict[str, Any]) -> Mapping[str, Any] | None:
    """The output schema, taken out of the parameters."""
    response = parameters.get("response_format")
    if isinstance(response, dict) and isinstance(response.get("json_schema"), dict):
        return schema_of(parameters.pop("response_format")["json_schema"])
    return None


def _raw(item: Any, folder: ConfigFolder, notes: Notes) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(name, text, config) of each prompt that one entry stands for."""
    if isinstance(item, str):
        if _is_file(item, folder):
            for name, text in _from_files(item, folder, notes):
                yield name, text, {}
        elif item.startswith("exec:"):
            notes.add(f"prompt {item[:80]}", "a program makes this prompt, and programs in foreign files are not run")
        else:
            yield _short(item), item, {}
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
        yield label or (reference if reference and not _is_file(reference, folder) else _short(raw)), raw, config
        return
    if isinstance(raw, str):
        reference = raw
    if not _is_file(reference, folder):
        notes.add(f"prompt {label or reference or item}", "it has no text")
        return
    texts = list(_from_files(reference, folder, notes))
    for number, (name, text) in enumerate(texts, start=1):
        yield (label if len(texts) == 1 else f"{label} {number}") if label else name, text, config


def _is_file(text: str, folder: ConfigFolder) -> bool:
    if text.startswith("file://"):
        return True
    short = text.strip()
    is_name = "\n" not in short and "{{" not in short and len(short) < 200 and suffix(short) in _FILES
    return is_name and (folder.has(short) or ("*" in short and bool(folder.matches(short))))


def _from_files(reference: str, folder: ConfigFolder, notes: Notes) -> Iterator[tuple[str, str]]:
    """(name, text) of each prompt in the named files."""
    if suffix(reference) in CODE:
        notes.add(f"prompt {bare(reference)}", "a program makes this prompt, and programs in foreign files are not run")
        return
    names = folder.matches(reference)
    if not names:
        raise BadInput(f"No file matches the prompt {reference}.", path=notes.path)
    for name in names:
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
        elif kind in (*_TEXT, ""):
            texts = [text.strip() for text in _SEPARATOR.split(folder.text(name)) if text.strip()]
            for number, text in enumerate(texts, start=1):
                yield stem if len(texts) == 1 else f"{stem} {number}", text
        elif kind == ".json":
            yield stem, folder.text(name)
        elif kind == ".csv":
            yield from _table(stem, folder.text(name))
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


def messages_of(raw: str, notes: Notes, title: str) -> tuple[Message, ...]:
    """The messages of a prompt's text: chat messages where it holds them as JSON or YAML, else one message of the user."""
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
        chat = chat["messages"]
    if isinstance(chat, list) and chat and all(isinstance(item, dict) and "role" in item for item in chat):
        return tuple(_message(item, notes, title) for item in chat)
    return (Message.of("user", from_nunjucks(raw, notes, f"prompt {title}")),)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _message(item: Mapping[str, Any], notes: Notes, title: str) -> Message:
    where = f"prompt {title}: message"
    notes.leftover(dict(item), {"role", "content", "tool_calls", "tool_call_id"}, where)
    role = _ROLES.get(str(item["role"]))
    if role is None:
        notes.add(f"{where} of role {item['role']}", "it is sent as the user's")
    content = item.get("content")
    if isinstance(content, list):
        parts = tuple(part for piece in content if (part := _part(piece, notes, where)))
        return replace(_with_calls(item, role or "user", notes, where), parts=parts)
    text = content if isinstance(content, str) else "" if content is None else json.dumps(content, ensure_ascii=False)
    return replace(_with_calls(item, role or "user", notes, where), parts=(Part(text=from_nunjucks(text, notes, where)),))


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


def _part(piece: Any, notes: Notes, where: str) -> Part | None:
    if isinstance(piece, str):
        return Part(text=from_nunjucks(piece, notes, where))
    if isinstance(piece, dict) and isinstance(piece.get("text"), str):
        return Part(text=from_nunjucks(piece["text"], notes, where))
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
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return (line if len(line) <= 60 else line[:59].rstrip() + "…") or "Prompt"
