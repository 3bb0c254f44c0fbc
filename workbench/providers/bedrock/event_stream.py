"""Amazon's binary event stream (`application/vnd.amazon.eventstream`) from bytes in any cut.

A message: total length, length of the headers and a checksum of these two (4 bytes each, big-endian), the headers, the payload, and a
checksum (4 bytes) of all that came before. A header: length of its name (1 byte), the name, its type (1 byte), its value.
"""

from __future__ import annotations

import json
import struct
import zlib

from workbench.providers.failures import ProviderError
from workbench.providers.sse import Event
from workbench.values import Failure

LONGEST_MESSAGE = 25 * 1024 * 1024
"""Bytes of one message; Amazon's own limit is 24 MB of payload."""

EXCEPTION = "exception/"
"""What stands before the name of an event that is an exception."""

_PRELUDE = struct.Struct(">III")
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type: booleans, integers, a time, a UUID. Types 6 and 7, bytes and text, carry their length."""


class BinaryEvents:
    """Turns bytes into events. Feed it pieces of any size; call `close` after the last."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of a message that is not whole yet: joined when it is, however small the pieces are
        self._size = 0
        self._wanted = _PRELUDE.size

    def feed(self, piece: bytes) -> list[Event]:
        """The events that this piece completes. Raises ProviderError where the bytes are no such stream."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size < self._wanted:
            return []
        data, at = b"".join(self._pieces), 0
        events: list[Event] = []
        while len(data) - at >= _PRELUDE.size:
            length = _length(data, at)
            if len(data) - at < length:
                self._wanted = length
                break
            event = _event(data[at : at + length])
            if event is not None:
                events.append(event)
            at += length
        else:
            self._wanted = _PRELUDE.size
        rest = data[at:]
        self._pieces, self._size = [rest] if rest else [], len(rest)
        return events

    def close(self) -> list[Event]:
        """Nothing: every message says how long it is, so the end of the bytes completes none."""
        return []


def _length(data: bytes, at: int) -> int:
    """The length of the message that begins here, checked before it is believed."""
    length, headers, checksum = _PRELUDE.unpack_from(data, at)
    if zlib.crc32(data[at : at + 8]) != checksum:
        raise _broken("its checksum is wrong" if at else f"it begins with {data[:60]!r}")
    if not 16 + headers <= length <= LONGEST_MESSAGE:
        raise _broken(f"a message claims to be {length} bytes long")
    return int(length)


def _event(message: bytes) -> Event | None:
    if zlib.crc32(message[:-4]) != int.from_bytes(message[-4:], "big"):
        raise _broken("the checksum of a message is wrong")
    end = 12 + int.from_bytes(message[4:8], "big")
    headers, payload = _headers(message[12:end]), message[end:-4]
    kind = headers.get(":message-type", "event")
    if kind == "exception":
        return Event(payload, EXCEPTION + headers.get(":exception-type", "unknown"))
    if kind == "error":  # has no payload: its words are headers
        words = {"message": headers.get(":error-message", ""), "code": headers.get(":error-code", "")}
        return Event(json.dumps(words).encode(), EXCEPTION + (words["code"] or "unknown"))
    return Event(payload, headers.get(":event-type", "")) if kind == "event" else None


def _headers(data: bytes) -> dict[str, str]:
    """The headers that are text; the others are passed over."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            name_end = at + 1 + data[at]
            name, kind = data[at + 1 : name_end].decode("utf-8", "replace"), data[name_end]
            at = name_end + 1
            size = _SIZES.get(kind)
            if size is None and kind in (6, 7):
                size = int(struct.unpack_from(">H", data, at)[0])
                at += 2
            if size is None or at + size > len(data):
                raise _broken("a header is not of any known form")
            if kind == 7:
                found[name] = data[at : at + size].decode("utf-8", "replace")
            at += size
    except (IndexError, struct.error):
        raise _broken("its headers end too early") from None
    return found


def _broken(why: str) -> ProviderError:
    return ProviderError(Failure("protocol", f"The answer is not a whole Amazon event stream: {why}."))
