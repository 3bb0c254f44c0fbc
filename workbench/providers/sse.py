"""Server-sent events from bytes in any cut.

Follows the WHATWG specification (section 9.2.6): lines end in LF, CRLF or CR, a blank line ends an event, `data` lines of one event
are joined by LF, lines that start with a colon are comments. Two liberties that real servers need: an event that the end of the
stream cut off from its blank line still counts, and a line is bounded, so that a server cannot fill the memory.
"""

from __future__ import annotations

from typing import NamedTuple

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes of one line. A picture inside an event may take several megabytes; nothing sensible takes more than this."""


class Event(NamedTuple):
    """One event: its `data` as bytes, and its name where the server gave one."""

    data: bytes
    name: str = ""


class LineTooLong(ValueError):
    """A line is longer than `LONGEST_LINE`."""


class EventParser:
    """Turns bytes into events. Feed it pieces of any size; call `close` after the last."""

    def __init__(self) -> None:
        self._tail: list[bytes] = []  # pieces of a line that has not ended yet: joined once, however small the pieces are
        self._tail_size = 0
        self._after_cr = False
        self._data: list[bytes] = []
        self._name = ""
        self._first = True

    def feed(self, piece: bytes) -> list[Event]:
        """The events that this piece completes. Raises LineTooLong."""
        if not piece:
            return []
        if self._after_cr:  # the LF of a CRLF that the cut parted
            self._after_cr = False
            if piece[:1] == b"\n":
                piece = piece[1:]
        if b"\r" in piece:
            self._after_cr = piece[-1:] == b"\r"
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in piece:
            self._keep(piece)
            return []
        if self._tail:
            self._tail.append(piece)
            piece = b"".join(self._tail)
            self._tail.clear()
            self._tail_size = 0
        lines = piece.split(b"\n")
        self._keep(lines.pop())
        events: list[Event] = []
        for line in lines:
            self._line(line, events)
        return events

    def close(self) -> list[Event]:
        """The event that the stream's end cut off from its blank line, if there is one."""
        events: list[Event] = []
        if self._tail:
            self._line(b"".join(self._tail), events)
            self._tail.clear()
        self._line(b"", events)
        return events

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._tail.append(piece)
            self._tail_size += len(piece)
            if self._tail_size > LONGEST_LINE:
                raise LineTooLong

    def _line(self, line: bytes, events: list[Event]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")  # a byte order mark
        if not line:
            if self._data:
                events.append(Event(b"\n".join(self._data), self._name))
                self._data = []
            self._name = ""
        elif line.startswith(b"data:"):
            self._data.append(line[6:] if line[5:6] == b" " else line[5:])
        elif line.startswith(b"event:"):
            self._name = line[6:].strip().decode("utf-8", "replace")
        elif line == b"data":
            self._data.append(b"")
