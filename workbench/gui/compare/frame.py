"""The places inside one cell, measured from the fonts, and what a cell offers to click in its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect

from workbench.gui.cells import Fix, Shown, State, blocked_words, failed_words, held_words, is_skipped
from workbench.gui.theme import Theme
from workbench.gui.widgets.chip import chip_size
from workbench.gui.widgets.stars import COUNT, SLOT, stars_width
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo

HEIGHTS = {"compact": 2, "normal": 4, "tall": 9}
"""Lines of answer in a cell."""
PAD_X, PAD_TOP, PAD_BOTTOM = 12, 10, 9


@dataclass(frozen=True, slots=True)
class Frame:
    """The places inside one cell, in pixels."""

    rect: QRect
    x: int
    width: int
    text_top: int
    lines: int
    chips_top: int
    foot: QRect

    @staticmethod
    def of(theme: Theme, rect: QRect, height: str) -> Frame:
        """The places for a cell's rectangle at a row height."""
        lines = HEIGHTS[height]
        x = rect.x() + theme.px(PAD_X)
        width = rect.width() - 2 * theme.px(PAD_X)
        top = rect.y() + theme.px(PAD_TOP)
        foot_height = theme.line("small")
        foot = QRect(x, rect.bottom() - theme.px(PAD_BOTTOM) - foot_height + 1, width, foot_height)
        return Frame(rect, x, width, top, lines, top + lines * theme.line("cell") + theme.px(6), foot)


def row_height(theme: Theme, height: str) -> int:
    """Height of every row: text lines, the row of checks (not in compact rows) and the foot."""
    chips = 0 if height == "compact" else chip_size("x").height() + theme.px(8)
    body = HEIGHTS[height] * theme.line("cell") + theme.px(6)
    return theme.px(PAD_TOP) + body + chips + theme.line("small") + theme.px(PAD_BOTTOM)


def stars_area(theme: Theme, frame: Frame, *, large: bool) -> QRect:
    """Where the stars are drawn; large ones own a slot each for the mouse."""
    width = COUNT * theme.px(SLOT.width()) if large else stars_width(11, 0)
    height = theme.px(SLOT.height()) if large else frame.foot.height()
    right = frame.foot.right() + (theme.px(7) if large else 0)
    return QRect(right - width + 1, frame.foot.center().y() - height // 2 + 1, width, height)


def turn_areas(theme: Theme, frame: Frame, state: State, height: str, words: str) -> tuple[QRect, QRect, QRect] | None:
    """Where a cell with repeats is turned: back, the number between, on. At the foot of an answer, else where its checks would stand;
    None where there is no room."""
    step, tall = theme.px(18), max(24, frame.foot.height())
    width = theme.width(words, "micro") + 2
    if state in (State.DONE, State.REUSED):
        x, middle = frame.x - theme.px(5), frame.foot.center().y() + 1
    elif height == "compact":
        return None
    else:
        x, middle = frame.x + frame.width - width - 2 * step + theme.px(5), frame.chips_top + theme.px(9)
    top = middle - tall // 2
    return QRect(x, top, step, tall), QRect(x + step, top, width, tall), QRect(x + step + width, top, step, tall)


def still_fixes(shown: Shown) -> tuple[Fix, ...]:
    """What a cell offers in which nothing goes on."""
    match shown.state:
        case State.SKIPPED:
            return (("again", "Run now"),)
        case State.STOPPED:
            return (("again", "Run now" if is_skipped(shown.cell) else "Run again"),)
        case State.BY_HAND:
            return (("copy", "Copy prompt"), ("give", "Give answer"))
    return ()


def fixes_of(shown: Shown, column: ColumnInfo) -> tuple[Fix, ...]:
    """What a cell offers to click in its state."""
    match shown.state:
        case State.WAITING:
            return (("try_now", "Try now"), ("skip", "Skip"))
        case State.HELD:
            return held_words(shown.cell.error, column)[2]
        case State.FAILED:
            return failed_words(shown.cell.error, column)[2]
        case State.BLOCKED:
            return blocked_words(shown.cell, column)[2]
        case State.STOPPED | State.SKIPPED | State.BY_HAND:
            return still_fixes(shown)
    return ()
