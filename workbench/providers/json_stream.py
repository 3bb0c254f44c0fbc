"""Streams of JSON objects as servers really send them: events, lines, a whole body, or the elements of one array. Bytes in any cut."""

from __future__ import annotations

import json
import re
from typing import Protocol

from workbench.providers.sse import LONGEST_LINE, Event, EventParser, LineTooLong

_OUTSIDE = re.compile(rb'["{}\[\]]')
_INSIDE = re.compile(rb'["\\]')


class _Parser(Protocol):
    def feed(self, piece: bytes) -> list[Event]: ...

    def close(self) -> list[Event]: ...


class ObjectParser(EventParser):
    """Server-sent events, and objects that stand bare between them: one a line (NDJSON), or spread over lines and closed in the first
    column, as an error that breaks into a stream is printed. What the end of the stream cut off is left out: it is no event."""

    def __init__(self) -> None:
        super().__init__()
        self._bare: list[bytes] = []

    def close(self) -> list[Event]:
        """The last event, if it arrived whole."""
        events = super().close()
        if self._bare:
            events.append(Event(b"\n".join(self._bare)))
            self._bare = []
        return [event for event in events if _is_whole(event.data)]

    def _line(self, line: bytes, events: list[Event]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")  # a byte order mark
        if not self._bare:
            if not line.startswith(b"{"):
                super()._line(line, events)
                return
            if line.rstrip().endswith(b"}"):
                events.append(Event(line))
                return
        self._bare.append(line)
        if line.startswith(b"}"):
            events.append(Event(b"\n".join(self._bare)))
            self._bare = []


class ArrayParser:
    """The objects of one JSON array, each as soon as it is whole."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._at = 0
        self._begin = 0
        self._depth = 0
        self._in_text = False

    def feed(self, piece: bytes) -> list[Event]:
        """The objects that this piece completes. Raises LineTooLong."""
        self._kept += piece
        events: list[Event] = []
        while found := (_INSIDE if self._in_text else _OUTSIDE).search(self._kept, self._at):
            sign = found[0]
            self._at = found.end() + (sign == b"\\")
            if sign == b'"':
                self._in_text = not self._in_text
            elif sign in b"{[":
                self._depth += 1
                if self._depth == 2:
                    self._begin = found.start()
            elif sign in b"}]":
                self._depth -= 1
                if self._depth == 1:
                    events.append(Event(bytes(self._kept[self._begin : self._at])))
        self._at = max(self._at, len(self._kept))
        self._forget()
        return events

    def close(self) -> list[Event]:
        """Nothing: an object that is not whole is no event."""
        return []

    def _forget(self) -> None:
        """Let go of what was read, but never of an object that is not whole yet."""
        done = len(self._kept) if self._depth < 2 else self._begin
        if self._depth >= 2 and len(self._kept) - self._begin > LONGEST_LINE:
            raise LineTooLong
        if done:
            del self._kept[:done]
            self._at -= done
            self._begin = 0


class JsonParser:
    """Whichever of the two the first byte calls for."""

    def __init__(self) -> None:
        self._head = b""
        self._chosen: _Parser | None = None

    def feed(self, piece: bytes) -> list[Event]:
        """The events that this piece completes. Raises LineTooLong."""
        if self._chosen is None:
            self._head += piece
            begun = self._head.removeprefix(b"\xef\xbb\xbf").lstrip()
            if not begun or self._head in (b"\xef", b"\xef\xbb"):
                return []
            self._chosen = ArrayParser() if begun.startswith(b"[") else ObjectParser()
            piece, self._head = self._head, b""
        return self._chosen.feed(piece)

    def close(self) -> list[Event]:
        """The last event, if it arrived whole."""
        return self._chosen.close() if self._chosen else []


def _is_whole(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return data.strip() == b"[DONE]"
    return True
