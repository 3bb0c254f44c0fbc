"""What is printed where: what was asked for on stdout, progress and warnings on stderr."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_EVERY_S = 0.2
_EVERY_S_IN_A_LOG = 15.0
_NAMED = 3
"""So many places that share a reason are named."""


class Terminal:
    """Stdout and stderr of this process. `json`: the one document is all that stdout gets."""

    def __init__(self) -> None:
        self.json = False
        self.quiet = False
        self._line = ""
        self._next = 0.0
        self._within = False

    def say(self, text: str) -> None:
        """Print what was asked for, as text."""
        self.end_progress()
        print(text)

    def document(self, document: dict[str, Any]) -> None:
        """Print the one JSON document."""
        self.end_progress()
        # dumps, not dump: only the former is written in C, and a long report has a hundred thousand pieces
        sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str) + "\n")

    def answer(self, document: dict[str, Any], text: str) -> None:
        """Print the document with --json, else the text."""
        if self.json:
            self.document(document)
        elif text:
            self.say(text)

    def stream(self, piece: str) -> None:
        """Print a piece of an answer as it arrives, unless the answer is one document."""
        if not self.json and piece:
            sys.stdout.write(printable(piece) if sys.stdout.isatty() else piece)
            sys.stdout.flush()
            self._within = not piece.endswith("\n")

    def end_line(self) -> None:
        """End a line that was streamed, so that what comes next does not stick to it."""
        if self._within:
            self.stream("\n")

    def note(self, text: str) -> None:
        """Print something worth knowing on stderr."""
        if not self.quiet:
            self.end_progress()
            _aside(printable(text) + "\n")

    def complain(self, text: str) -> None:
        """Print why it did not work on stderr, in one line, also when quiet."""
        self.end_progress()
        _aside("workbench: " + printable(" ".join(text.split())) + "\n")

    def wants_progress(self) -> bool:
        """True where it is time for another line of `progress`."""
        if not self._next and not sys.stderr.isatty():
            self._next = time.monotonic() + _EVERY_S_IN_A_LOG  # what is over soon needs its last line only
        return not self.quiet and time.monotonic() >= self._next

    def progress(self, text: str, *, last: bool = False) -> None:
        """Show how far it is: one line that is written anew on a screen, a line now and then in a log."""
        if self.quiet or not (last or self.wants_progress()):
            return
        on_screen = sys.stderr.isatty()
        self._next = time.monotonic() + (_EVERY_S if on_screen else _EVERY_S_IN_A_LOG)
        if on_screen:
            _aside("\r" + text.ljust(len(self._line)))
            self._line = text
        else:
            _aside(text + "\n")

    def end_progress(self) -> None:
        """Leave the line that was written anew, or, on a screen, the one that is being streamed."""
        if self._within and sys.stdout.isatty():
            self.end_line()
        if self._line:
            _aside("\n")
            self._line = ""


def _aside(text: str) -> None:
    """Print on stderr. Nobody loses work because the log behind it is full or closed."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def printable(text: str) -> str:
    """The text with control characters shown instead of sent: an answer must not steer the terminal that prints it."""
    return _CONTROL.sub("\ufffd", text)


def by_reason(said: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(places, reason) of what is said of places, each reason once: a folder of files has few reasons. Its first places are named."""
    groups: dict[str, dict[str, None]] = {}
    for place, reason in said:
        groups.setdefault(reason, {})[place] = None
    return [
        ("; ".join(list(places)[:_NAMED]) + (f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""), reason)
        for reason, places in groups.items()
    ]


def columns(head: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """A table of aligned columns, long cells cut on a screen; `right` names the columns of figures. Empty rows give an empty text."""
    if not rows:
        return ""
    longest = 60 if sys.stdout.isatty() else sys.maxsize
    texts = [list(head), *([_cell(cell, longest) for cell in row] for row in rows)]
    widths = [max(len(row[index]) for row in texts) for index in range(len(head))]
    lines = []
    for row in texts:
        cells = (cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
        lines.append("  ".join(cells))
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: object, longest: int) -> str:
    text = "" if value is None else printable(" ".join(str(value).split()))
    return text if len(text) <= longest else text[: longest - 1] + "…"
