"""The lines of a preview: what stands in each and in which tone. Made beside the window; the pane only writes those that are others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from workbench.gui.library.roles import ROLES
from workbench.gui.widgets.file_sources import described, title_of
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from workbench.values import Part
    from workbench.workspace import PreviewMessage

Tone = Literal["role", "text", "filled", "missing", "quiet", "fail"]
Stretch = tuple[str, Tone]

_LONGEST = 200_000
"""Characters that are shown of one message."""
_MOST_MESSAGES = 200
"""Messages that are shown of a long conversation, half of them from its end."""
_LINE_END = re.compile("\r\n|[\r\n\u2029]")


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `begins`: it is the first one of a message, its role hangs before it; `apart`: and another message stands above it."""

    stretches: tuple[Stretch, ...]
    begins: bool = False
    apart: bool = False
    part: Part | None = None
    """A picture or file that is attached and stands in this line."""
    image: QImage | None = field(default=None, compare=False)
    """Of a picture, small."""


def preview_rows(messages: Sequence[PreviewMessage], images: Sequence[Sequence[QImage]], *, is_snippet: bool = False) -> tuple[Row, ...]:
    """The lines of these messages, each with its role hanging before it, or of the text of a snippet."""
    count, half = len(messages), _MOST_MESSAGES // 2
    found: list[Row] = []
    for number in range(count):
        if count > _MOST_MESSAGES and half <= number < count - half:
            if number == half:
                more = f"\t{count - _MOST_MESSAGES:,} more messages, sent but not shown here"
                found.append(Row(((more, "quiet"),), begins=True, apart=True))
            continue
        message = messages[number]
        nothing = message.is_turn and not message.pieces
        said: tuple[Stretch, ...] = (("Snippet" if is_snippet else "Chat" if nothing else ROLES[message.role][0], "role"), ("\t", "text"))
        lines: list[list[Stretch]] = [[("no messages yet, nothing is sent here", "quiet")]] if nothing else _lines(message)
        found.append(Row((*said, *lines[0]), begins=True, apart=number > 0))
        found += [Row(tuple(line)) for line in lines[1:]]
        if not nothing and message.problem is None:
            found += [
                Row(((f"{title_of(part)}, {described(part)}", "quiet"),), part=part, image=image)
                for part, image in zip(message.attachments, images[number], strict=True)
            ]
    return tuple(found)


def _lines(message: PreviewMessage) -> list[list[Stretch]]:
    if message.problem is not None:
        return [[(f"Line {message.problem.line}: {message.problem.message}", "fail")]]
    lines: list[list[Stretch]] = [[]]
    for text, tone in _stretches(message):
        for number, line in enumerate(_LINE_END.split(text)):
            if number:
                lines.append([])
            if line:
                lines[-1].append((line, tone))
    return lines


def _stretches(message: PreviewMessage) -> Iterator[Stretch]:
    left = _LONGEST
    for piece in message.pieces:
        if left <= 0:
            yield " ... longer than is shown here", "quiet"
            return
        missing = piece.variable is not None and not piece.filled
        text = f"{piece.variable}?" if missing else piece.text[:left]
        left -= len(text)
        yield text, "missing" if missing else "filled" if piece.filled else "text"
