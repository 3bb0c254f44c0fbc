"""Pictures and files of messages: their bytes lie in the workspace once, and the JSON of a prompt names them by their SHA-256.

The hash of a content is taken of the whole JSON, bytes included, so that it does not depend on where they are kept.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from workbench.library.cases import Query
from workbench.store import stamps
from workbench.store.database import Writer
from workbench.values import Damaged

KEEP = """
INSERT INTO attachment (sha256, media_type, data, size, created_at) VALUES (:sha256, :media_type, :data, :size, :at)
ON CONFLICT (sha256) DO NOTHING"""
"""Writes bytes that are not there yet."""
LONG = 1024
"""Letters of the shortest text that is looked at as a picture or file."""
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def taken_out(messages: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Messages as JSON with `sha256` in the place of `data`, and the rows that `KEEP` writes."""
    rows: list[dict[str, Any]] = []

    def kept(part: Mapping[str, Any]) -> dict[str, Any]:
        data = b64decode(part["data"])
        digest = hashlib.sha256(data).hexdigest()
        rows.append({"sha256": digest, "media_type": part.get("media_type", ""), "data": data, "size": len(data), "at": stamps.now()})
        return {**{name: value for name, value in part.items() if name != "data"}, "sha256": digest}

    return [_with_parts(message, lambda part: kept(part) if "data" in part else dict(part)) for message in messages], rows


def put_away(writer: Writer, messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages as they are stored, with their bytes kept in the workspace."""
    out, rows = taken_out(messages)
    for row in rows:
        if writer.run("SELECT 1 FROM attachment WHERE sha256 = :sha256", sha256=row["sha256"]).first() is None:
            writer.many(KEEP, [row])  # a draft is written again and again, and its pictures are there by then
    return out


def brought_back(query: Query, messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages that were put away, with `data` (bytes) in its place again. Raises Damaged where bytes are gone."""
    wanted = {part["sha256"] for part in _parts(messages) if "sha256" in part}
    if not wanted:
        return [dict(message) for message in messages]
    found = dict(_read(query, wanted))
    if lost := wanted - found.keys():
        raise Damaged(f"The workspace has lost the bytes of {len(lost)} of this prompt's pictures or files.", remedy="Open a backup.")

    def back(part: Mapping[str, Any]) -> dict[str, Any]:
        return {**part, "data": found[part["sha256"]]} if "sha256" in part else dict(part)

    return [_with_parts(message, back) for message in messages]


def content_brought_back(query: Query, item: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a content with its bytes."""
    return {**item, "messages": brought_back(query, item.get("messages") or ())}


def without_bytes(value: Any) -> Any:
    """A request as it is kept beside an output: pictures and files, which lie in the workspace once, are named by their SHA-256."""
    if isinstance(value, str):
        if len(value) < LONG:
            return value
        begin, mark, encoded = value.partition(";base64,") if value.startswith("data:") else ("", "", value)
        if len(encoded) < LONG or not _BASE64.fullmatch(encoded):
            return value
        data = b64decode(encoded)
        return f"{begin}{mark}[{len(data):,} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}]"
    if isinstance(value, (list, tuple)):
        return [without_bytes(item) for item in value]
    if isinstance(value, (dict, Mapping)):  # a dict is told at once
        return {name: without_bytes(item) for name, item in value.items()}
    return value


def _read(query: Query, wanted: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for digest in wanted:
        for row in query("SELECT sha256, data FROM attachment WHERE sha256 = :sha256", {"sha256": digest}):
            yield row[0], bytes(row[1])


def _parts(messages: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            yield from (part for part in content if isinstance(part, Mapping))


def _with_parts(message: Mapping[str, Any], change: Any) -> dict[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return dict(message)
    return {**message, "content": [change(part) for part in content]}
