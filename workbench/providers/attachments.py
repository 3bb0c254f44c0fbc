"""Pictures and files beside the words of a message: what a model does not read of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from workbench.quick_dataclass import replace
from workbench.values import Message, Part, Request

_NAMES = {"image": "pictures", "file": "files"}


def unread(without_place: Collection[str], reads: Sequence[str], messages: Iterable[Message]) -> tuple[str, ...]:
    """`pictures` and `files`, as far as these messages hold any that are not read: the wire format has no place for that kind of part,
    or the model is known to read no pictures. About files the catalogue says too little to go by."""
    blind = bool(reads) and "image" not in reads
    closed = {*without_place, *(["image"] if blind else [])}
    found = {part.kind for message in messages for part in message.parts}
    return tuple(name for kind, name in _NAMES.items() if kind in found & closed)


def without(request: Request, names: Collection[str]) -> Request:
    """The request without its `pictures` or `files`."""
    if not names:
        return request

    def stays(part: Part) -> bool:
        return _NAMES.get(part.kind) not in names

    messages = tuple(replace(message, parts=tuple(filter(stays, message.parts))) for message in request.messages)
    return replace(request, messages=messages)
