"""Values that are no text: messages that stand as messages where a template names them, pictures and files as parts of a message."""

from __future__ import annotations

import re
import secrets
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from workbench.quick_dataclass import dataclass
from workbench.values import BadInput, Content, Message, Part, named_alone, turns

_SIGN = "\ue000" + "".join(str(digit % 10) for digit in secrets.token_bytes(12)) + ":"
"""Stands for a file while its template is rendered; no value can hold it, since nobody knows it."""
_SIGNS = re.compile(re.escape(_SIGN) + "(\\d+)\ue001")


def name_of_messages(content: Content, message: Message) -> str:
    """The variable whose messages stand in the place of this one; empty where it is an ordinary message."""
    name = named_alone(message.text) if content.variables and not message.attachments else ""
    spec = content.variables.get(name)
    return name if spec is not None and spec.type == "messages" else ""


def messages_of(name: str, value: Any) -> tuple[Message, ...]:
    """The messages of a value. Raises BadInput where it holds none."""
    try:
        return tuple(map(Message.from_json, turns(value)))
    except ValueError as error:
        remedy = 'Write a JSON list of {"role", "content"}, or lines that begin with user: and assistant:.'
        raise BadInput(f"The value of {name} {str(error).rstrip('.')}.", remedy=remedy) from error


def attachment_kinds(content: Content) -> Message:
    """A message with one empty part of each kind that a case's values may attach: what a model has to read."""
    kinds: dict[Literal["image", "file"], None] = {}
    for spec in content.variables.values():
        if spec.type == "image" or spec.type == "file":
            kinds.setdefault(spec.type)
    return Message("user", tuple(Part(kind) for kind in kinds))


@dataclass(frozen=True, slots=True)
class Placed:
    """Values in which a sign stands for each file, and the files."""

    values: Mapping[str, Any]
    files: tuple[Part, ...] = ()
    names: tuple[str, ...] = ()

    def split(self, text: str) -> Iterator[Part]:
        """A rendered text in parts, each file at its place."""
        pieces = _SIGNS.split(text)
        for index, piece in enumerate(pieces):
            if index % 2:
                yield self.files[int(piece)]
            elif piece or len(pieces) == 1:
                yield Part(text=piece)

    def named(self, text: str) -> tuple[str, tuple[Part, ...]]:
        """A rendered text with the names of the files in their places, and the files that it has."""
        files = tuple(self.files[int(number)] for number in _SIGNS.findall(text))
        return _SIGNS.sub(lambda sign: self.files[int(sign[1])].name or "file", text), files


def placed(content: Content, values: Mapping[str, Any]) -> Placed:
    """The values to render with. Raises BadInput for a file that is not there."""
    names = [name for name, spec in content.variables.items() if spec.type in ("image", "file") and values.get(name)]
    if not names:
        return Placed(values)
    signs = {name: f"{_SIGN}{index}\ue001" for index, name in enumerate(names)}
    return Placed({**values, **signs}, tuple(_file(name, values[name]) for name in names), tuple(names))


def _file(name: str, value: Any) -> Part:
    if isinstance(value, Mapping) and value.get("data") is not None:
        data = value["data"] if isinstance(value["data"], bytes) else b64decode(value["data"])
        kind: Literal["image", "file"] = "image" if value.get("type") == "image" else "file"
        return Part(kind, media_type=str(value.get("media_type", "")), data=data, name=str(value.get("name", "")))
    if isinstance(value, Mapping) and value.get("problem"):
        raise BadInput(f"{name}: {value['problem']}", remedy="Choose the file again, or take the value out of this case.")
    words = f"{name} is a file, and {str(value)[:80]} was not read."
    raise BadInput(words, remedy="Choose the file in the dataset, or write its whole path.")
