"""What is said to a model: parts, messages, and the content of a prompt version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.values.problems import BadInput

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a message: text, or bytes of a known media type (an image, a PDF)."""

    kind: Literal["text", "image", "file"] = "text"
    text: str = ""
    media_type: str = ""
    data: bytes = b""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. In a prompt version its text is a template; in a request it is final."""

    role: Role
    parts: tuple[Part, ...] = ()

    @staticmethod
    def of(role: Role, text: str) -> Message:
        """A message of one text part."""
        return Message(role, (Part(text=text),))

    @property
    def text(self) -> str:
        """All text parts joined; pictures and files are left out."""
        return "".join(part.text for part in self.parts if part.kind == "text")

    def to_json(self) -> dict[str, Any]:
        """`{"role", "content"}`: content is a string when the message is plain text, else a list of parts."""
        if all(part.kind == "text" for part in self.parts):
            return {"role": self.role, "content": self.text}
        return {"role": self.role, "content": [_part_to_json(part) for part in self.parts]}

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Message:
        """The message that `to_json` wrote. Raises ValueError where role or content are not of that form."""
        role, content = item.get("role"), item.get("content", "")
        if role not in ("system", "user", "assistant", "tool"):
            raise ValueError(f"a message's role is one of system, user, assistant, tool, not {role!r}")
        if isinstance(content, str):
            return Message.of(role, content)
        if not isinstance(content, Sequence):
            raise ValueError("a message's content is text or a list of parts")
        return Message(role, tuple(_part_from_json(part) for part in content))


@dataclass(frozen=True, slots=True)
class Content:
    """What a prompt version holds. Two equal contents have one hash and are one row in the store."""

    messages: tuple[Message, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    output_schema: Mapping[str, Any] | None = None
    tools: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The JSON form of which the hash is taken."""
        return {
            "messages": [message.to_json() for message in self.messages],
            "parameters": dict(self.parameters),
            "output_schema": None if self.output_schema is None else dict(self.output_schema),
            "tools": [dict(tool) for tool in self.tools],
        }

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Content:
        """The content that `to_json` wrote. Raises ValueError on a malformed message."""
        return Content(
            messages=tuple(Message.from_json(message) for message in item.get("messages") or ()),
            parameters=dict(item.get("parameters") or {}),
            output_schema=item.get("output_schema"),
            tools=tuple(item.get("tools") or ()),
        )

    @property
    def hash(self) -> str:
        """SHA-256 hex of the canonical JSON: the identity of this content."""
        return sha256(self.to_json())


def canonical(value: Any) -> str:
    """Canonical JSON text: sorted keys, no spaces, UTF-8 characters as they are.

    Raises BadInput for infinity and not-a-number: Python would write words that no database reads, and one such text makes every list
    fail in which its row stands.
    """
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise BadInput(f"JSON cannot hold this value ({str(error).rstrip('.')}).", remedy="Write a finite number, or a text.") from error


def sha256(value: Any) -> str:
    """SHA-256 hex of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def _part_to_json(part: Part) -> dict[str, Any]:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    import base64  # only messages with pictures or files need it

    return {
        "type": part.kind,
        "media_type": part.media_type,
        "name": part.name,
        "data": base64.b64encode(part.data).decode("ascii"),
    }


def _part_from_json(item: Mapping[str, Any]) -> Part:
    kind = item.get("type")
    if kind == "text":
        return Part(text=str(item.get("text", "")))
    if kind in ("image", "file"):
        import base64  # only messages with pictures or files need it

        return Part(kind, "", str(item.get("media_type", "")), base64.b64decode(item.get("data", "")), str(item.get("name", "")))
    raise ValueError(f"a part's type is one of text, image, file, not {kind!r}")
