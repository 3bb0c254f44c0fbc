"""Pictures and files of messages in the library's files: each lies beside them once, and the message names it.

`- {type: image, media_type: image/png, name: boots.png, file: ../files/3f9a….png}`; by hand, `- file: boots.png` is enough.
"""

from __future__ import annotations

import hashlib
import posixpath
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.formats.library_layout import attachment_path
from workbench.formats.pictures import attachment
from workbench.formats.yaml_text_reading import Document
from workbench.values.messages import Content


def with_files(message: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A message as JSON, with paths from this file of the library in the place of bytes. Without a path the bytes stay."""
    content = message["content"]
    if not path or not isinstance(content, list):
        return dict(message)
    return {**message, "content": [_named(part, path) for part in content]}


def with_bytes(document: Document, said: Any, where: tuple[str | int, ...]) -> Any:
    """What stands at a role, with bytes in the place of the paths of files. Raises BadInput with the line."""
    if not isinstance(said, list):
        return said
    return [_read(document, part, (*where, place)) for place, part in enumerate(said)]


def files_of(contents: Iterable[Content]) -> dict[str, bytes]:
    """The files that lie beside prompts with these contents, by their paths in the library."""
    parts = (part for content in contents for message in content.messages for part in message.attachments)
    return {attachment_path(hashlib.sha256(part.data).hexdigest(), part.media_type): part.data for part in parts}


def _named(part: Mapping[str, Any], path: str) -> dict[str, Any]:
    if "data" not in part:
        return dict(part)
    target = attachment_path(hashlib.sha256(b64decode(part["data"])).hexdigest(), part["media_type"])
    kept = {name: value for name, value in part.items() if name != "data" and (name, value) != ("name", "")}
    return {**kept, "file": posixpath.relpath(target, posixpath.dirname(path))}


def _read(document: Document, part: Any, where: tuple[str | int, ...]) -> Any:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, Mapping) or "file" not in part:
        return part
    if document.beside is None or not isinstance(part["file"], str):
        raise document.problem("The file of a picture cannot be read here.", *where)
    data = document.beside(part["file"])
    if "media_type" in part:
        return {**part, "data": data}
    name = str(part.get("name") or posixpath.basename(part["file"].replace("\\", "/")))
    made = attachment(data, name)
    return {"type": made.kind, "media_type": made.media_type, "name": made.name, "data": made.data}
