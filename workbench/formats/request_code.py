"""A prompt as code that asks it of a model over Chat Completions: Python with httpx, and curl.

The key is never written: the code takes it from an environment variable. These files are not read back: programs in files are not run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.formats.foreign_writing import Outgoing, each_text, openai_message, openai_parts, tell, text_of, wrapped
from workbench.formats.reports import Notes
from workbench.templates import name_of_messages, names, render_text, variables
from workbench.templates.pieces import Slot, expanded, pieces
from workbench.values.conversations import turns
from workbench.values.messages import Content, Message, Part
from workbench.values.problems import BadInput

_END = "PROMPT_JSON"
_JINJA = "The code fills in the templates with jinja2, which has to be installed beside httpx."


def python(out: Outgoing, notes: Notes) -> str:
    """A program that asks the prompt and prints the answer. Values stand at its top."""
    content = out.content
    tell(out, notes, "description", "samples", "overrides", "schema", "tools", "pictures", "files", "calls")
    _tell_other_models(out, notes)
    values = {name: _blank(name, content) if value is None else value for name, value in _values(out, notes).items()}
    is_simple = all(_is_simple(part, content) for message in content.messages for part in message.parts)
    if not is_simple:
        notes.add("jinja2", _JINJA)

    def said(text: str) -> str:
        return _format_string(text, content) if is_simple else f"filled({_literal(expanded(text, content.snippets))})"

    messages: list[Any] = []
    for message, parts in each_text(content, lambda text: text):
        name = name_of_messages(content, message)
        if name:
            messages.append(_Code(f"*{_lookup(name)}"))
            continue
        item = openai_message(message, parts)
        item["content"] = _Code(said(text_of(parts))) if isinstance(item["content"], str) else _parts_code(parts, said)
        messages.append(item)
    body = {"model": out.target.model, "messages": messages, **_beside(out)}
    lines = [f'"""{_one_line(out.prompt)}"""', "", *(["import os", ""] if out.target.key_env else []), "import httpx"]
    lines += [] if is_simple else ["import jinja2"]
    lines += ["", f"values = {_source(values)}", ""]
    if not is_simple:
        lines += ["", "def filled(text):", "    environment = jinja2.Environment(keep_trailing_newline=True)"]
        lines += ["    return environment.from_string(text).render(values)", "", ""]
    headers = {"Authorization": _Code("f\"Bearer {os.environ['" + out.target.key_env + "']}\"")} if out.target.key_env else {}
    lines += [f"body = {_source(body)}"]
    lines += [f"reply = httpx.post({_literal(_address(out))}, headers={_source(headers)}, json=body, timeout=120)"]
    lines += ["reply.raise_for_status()", 'print(reply.json()["choices"][0]["message"]["content"])']
    return "\n".join(lines) + "\n"


def curl(out: Outgoing, notes: Notes) -> str:
    """A command for a POSIX shell, the sample values filled in: it prints the reply as JSON."""
    content = out.content
    tell(out, notes, "samples", "overrides", "schema", "tools", "pictures", "files", "calls")
    _tell_other_models(out, notes)
    values = _values(out, notes, why="it stands in the text as {{ %s }}")
    missing = [name for name, value in values.items() if value is None]
    is_simple = all(_is_simple(part, content) for message in content.messages for part in message.parts)
    if missing and not is_simple:
        raise BadInput(f"There is no value for {', '.join(missing)}, and its templates need one.", remedy="Give a sample value.")
    given = {name: value for name, value in values.items() if value is not None}

    def filled(text: str) -> str:
        if not missing:
            return render_text(text, given, content.snippets)
        return "".join(piece if isinstance(piece, str) else _filled(piece, given) for piece in pieces(text, content.snippets))

    messages: list[Any] = []
    for asked, (message, parts) in zip(content.messages, each_text(content, filled), strict=True):
        name = name_of_messages(content, asked)
        messages += values[name] if name else [openai_message(message, parts)]
    body = json.dumps({"model": out.target.model, "messages": messages, **_beside(out)}, ensure_ascii=False, indent=2)
    key = [f'  -H "Authorization: Bearer ${out.target.key_env}" \\'] if out.target.key_env else []
    lines = [f"curl -sS {_shell(_address(out))} \\", *key, "  -H 'Content-Type: application/json' \\", f"  --data-binary @- <<'{_END}'"]
    return "\n".join([*lines, body, _END]) + "\n"


def _filled(slot: Slot, values: Mapping[str, Any]) -> str:
    """The value at a place; the place itself where there is none."""
    written = f"{{{{ {slot.path} }}}}"
    return render_text(written, values) if slot.path.split(".")[0] in values else written


def _address(out: Outgoing) -> str:
    return f"{out.target.base_url.rstrip('/')}/chat/completions"


def _beside(out: Outgoing) -> dict[str, Any]:
    """What stands in the body beside model and messages."""
    content = out.content
    given = {**content.parameters_on(out.target.model), **(out.target.parameters or {})}
    found: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if content.output_schema is not None:
        found["response_format"] = {"type": "json_schema", "json_schema": wrapped(content.output_schema)}
    if content.tools:
        found["tools"] = [dict(tool) for tool in content.tools]
    return found


def _tell_other_models(out: Outgoing, notes: Notes) -> None:
    others = [name for name in out.content.parameters_for if name != out.target.model]
    if others:
        notes.add("overrides", f"Parameters only for {', '.join(others)} are not in it: this code asks {out.target.model}.")


def _values(out: Outgoing, notes: Notes, why: str = "fill it in at the top of the program") -> dict[str, Any]:
    """Sample values and defaults by name; None, and told, where there is neither."""
    samples, found = out.prompt.samples or {}, {}
    for name in names(out.content):
        spec = out.content.variables.get(name)
        found[name] = samples.get(name, None if spec is None or spec.needs_value else spec.stand_in)
        if spec is not None and spec.type == "messages":
            if found[name] is None:
                notes.add(f"variable {name}", f"There is no sample value for {name}: no message stands in its place.")
            found[name] = _turns(name, found[name] or [])
        elif spec is not None and spec.type in ("image", "file") and isinstance(found[name], Mapping):
            found[name] = None
            notes.add(f"variable {name}", f"{name} is a file: this code does not send it.")
        elif found[name] is None:
            notes.add(f"variable {name}", f"There is no sample value for {name}: {why.replace('%s', name)}.")
    return found


def _turns(name: str, value: Any) -> list[dict[str, Any]]:
    """The messages of a value as Chat Completions takes them. Raises BadInput where it holds none."""
    try:
        return [openai_message(message, message.parts) for message in map(Message.from_json, turns(value))]
    except ValueError as error:
        raise BadInput(f"The value of {name} {str(error).rstrip('.')}.", remedy="Mend its sample value.") from error


# Python


def _blank(name: str, content: Content) -> Any:
    """An empty value of the form that the templates read: a text, or names with texts."""
    found: Any = ""
    for message in content.messages:
        for variable in variables(message.text, content.snippets):
            first, *rest = variable.path.split(".")
            if first == name and rest:
                inside = found = found if isinstance(found, dict) else {}
                for key in rest[:-1]:
                    if not isinstance(inside.get(key), dict):
                        inside[key] = {}
                    inside = inside[key]
                inside.setdefault(rest[-1], "")
    return found


class _Code(str):
    """Source that stands as it is, not as a text."""


def _is_simple(part: Part, content: Content) -> bool:
    try:
        pieces(part.text, content.snippets)
    except BadInput:
        return False
    return True


def _format_string(text: str, content: Content) -> str:
    """A string, or a format string where values stand in it; one line of source for each line of the text."""
    found = pieces(text, content.snippets)
    if not any(isinstance(piece, Slot) for piece in found):
        return _literal("".join(piece for piece in found if isinstance(piece, str)))
    written = [_braced(piece) if isinstance(piece, str) else f"{{{_lookup(piece.path)}}}" for piece in found]
    return f'f"{"".join(written)}"'


def _braced(text: str) -> str:
    return _literal(text)[1:-1].replace("{", "{{").replace("}", "}}")


def _lookup(path: str) -> str:
    first, *rest = path.split(".")
    return f"values['{first}']" + "".join(f"['{name}']" for name in rest)


def _parts_code(parts: list[Part], said: Any) -> list[dict[str, Any]]:
    items = openai_parts(parts)
    assert isinstance(items, list)
    return [
        {"type": "text", "text": _Code(said(part.text))} if part.kind == "text" else item for part, item in zip(parts, items, strict=True)
    ]


def _literal(text: str) -> str:
    """A text as Python's source says it. JSON's escapes are Python's too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def _source(value: Any, indent: int = 0) -> str:
    """A value as Python's source, a line for each item."""
    room = " " * (indent + 4)
    if isinstance(value, _Code):
        return str(value)
    if isinstance(value, str):
        return _literal(value)
    if isinstance(value, Mapping) and value:
        items = [f"{room}{_literal(str(key))}: {_source(item, indent + 4)}," for key, item in value.items()]
        return "\n".join(["{", *items, " " * indent + "}"])
    if isinstance(value, (list, tuple)) and value:
        return "\n".join(["[", *(f"{room}{_source(item, indent + 4)}," for item in value), " " * indent + "]"])
    return "{}" if isinstance(value, Mapping) else "[]" if isinstance(value, (list, tuple)) else repr(value)


def _one_line(prompt: Any) -> str:
    version = f", version {prompt.version}" if prompt.version else ""
    about = f". {prompt.description}" if prompt.description else ""
    return f"{prompt.name}{version}{about}".replace("\\", "/").replace('"', "'").replace("\n", " ").replace("\r", " ")


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
