"""How one cell looks in each of its states: plain fills, lines, icons and text, measured from the fonts."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from workbench.gui.cells import (
    IN_BATCH_WORDS,
    Fix,
    Live,
    Shown,
    State,
    blocked_words,
    by_hand_words,
    failed_words,
    held_words,
    is_skipped,
    queued_words,
    stopped_words,
    waiting_words,
)
from workbench.gui.compare.cell_foot import CellFoot, small
from workbench.gui.compare.excerpt import Excerpt, Excerpts, flat
from workbench.gui.compare.frame import Frame, still_fixes
from workbench.gui.compare.frame_time import FrameTime
from workbench.gui.theme import Theme
from workbench.gui.wanted import Wanted
from workbench.gui.widgets.pictures import Thumbnails, paint_pictures
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.gui.compare.differences import Difference
    from workbench.workspace import Cell, ColumnInfo, Samples

    Told = tuple[Difference | None, Samples | None]
    Places = Sequence[tuple[int, int]]

PICTURE_BYTES = 32_000_000
FULL_KEPT = 96
MAKING_S = 0.003
"""Time of a hurried frame for pictures of cells."""
BLANKS_KEPT = 16
READ = 2000
"""Letters of a growing answer in which is looked for words: no cell shows more."""
BEFORE_FOUND = 24
"""At least so many letters before the first place found are shown with it, where the beginning of the answer is not."""
_KEPT_STATES = (State.DONE, State.REUSED, State.BLOCKED, State.FAILED)
_FILLS = {State.QUEUED: "panel", State.STOPPED: "panel", State.SKIPPED: "panel", State.BY_HAND: "panel", State.IN_BATCH: "panel"}
_BARS = {State.WRITING: "accent-ink", State.WAITING: "warn", State.HELD: "warn", State.FAILED: "fail", State.BLOCKED: "fail"}


class CellPainter:
    """Paints cells. One for a grid: it keeps the broken texts, and whole pictures of finished cells for scrolling."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.excerpts = Excerpts()
        self.foot = CellFoot(theme)
        self._pictures: OrderedDict[tuple[int, int, int], tuple[tuple[Cell, Told], QPixmap]] = OrderedDict()
        self._full: OrderedDict[int, tuple[Excerpt, QPixmap]] = OrderedDict()
        self.height = "normal"
        self.caret_on = True
        self.thumbnails: Thumbnails | None = None
        self._wanted = Wanted()
        self.difference_of: Callable[[Shown], Difference | None] = nothing
        self.samples_of: Callable[[Shown], Samples | None] = nothing
        self.group_ends: frozenset[int] = frozenset()
        """Columns behind which another group begins."""
        self.batch_words: Mapping[int, str] = {}
        """Of each column that a batch has, how far that is."""
        self.time = FrameTime(MAKING_S)
        self._blanks: dict[tuple[int, int, bool], QPixmap] = {}

    @property
    def is_empty(self) -> bool:
        """True until an answer was painted since all was forgotten."""
        return not self._pictures

    def told(self, shown: Shown) -> Told:
        """What is worked out of a cell beside its row: what differs from its base, and what its repeats say."""
        return self.difference_of(shown), self.samples_of(shown) if shown.repeats > 1 else None

    def paint(
        self,
        painter: QPainter,
        rect: QRect,
        shown: Shown | None,
        column: ColumnInfo,
        *,
        current: bool,
        hover_star: int | None,
        hovered: bool,
    ) -> bool:
        """Paint one cell with its hairlines; `current` adds the ring. False where only its ground was painted: the frame has no time left
        for one that is seen for the first time."""
        if shown is None and not current:
            self.time.leave()
            self._paint_blank(painter, rect, column)
            return True
        if shown is None or current or hovered or shown.live is not None or shown.state not in _KEPT_STATES or shown.cell.pictures:
            self._paint(painter, rect, shown, column, current=current, hover_star=hover_star, hovered=hovered)
            return True
        key = (id(shown.cell), rect.width(), rect.height())
        kept, now = self._pictures.get(key), (shown.cell, self.told(shown))
        if kept is None or kept[0][0] is not shown.cell or kept[0][1] != now[1]:
            if not self.time.may_make():
                self._paint_blank(painter, rect, column)
                return False
            kept = self._pictures[key] = (now, self._picture(painter, rect, shown, column))
            if len(self._pictures) > self._room(kept[1]):
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        painter.drawPixmap(rect.topLeft(), kept[1])
        return True

    def forget(self) -> None:
        """Forget what was kept: fonts, colours or row heights are others now."""
        self.excerpts.clear()
        self._pictures.clear()
        self._full.clear()
        self._blanks.clear()

    def mark_words(self, wanted: Wanted) -> None:
        """Mark what is looked for in every answer from now on."""
        self._wanted = wanted
        self.repaint()

    def repaint(self) -> None:
        """Paint every cell anew: what is said of all of them is another now."""
        self._pictures.clear()

    def _paint_blank(self, painter: QPainter, rect: QRect, column: ColumnInfo) -> None:
        """The ground of a cell: a jump lays a whole page of it, so it is one kept picture."""
        key = (rect.width(), rect.height(), column.index in self.group_ends)
        kept = self._blanks.get(key)
        if kept is None:
            if len(self._blanks) > BLANKS_KEPT:
                self._blanks.clear()  # the columns were dragged to many widths
            kept = self._blanks[key] = self._picture(painter, rect, None, column)
        painter.drawPixmap(rect.topLeft(), kept)

    def _picture(self, painter: QPainter, rect: QRect, shown: Shown | None, column: ColumnInfo) -> QPixmap:
        ratio = painter.device().devicePixelRatio()
        made = QPixmap(rect.size() * ratio)
        made.setDevicePixelRatio(ratio)
        inside = QPainter(made)
        self._paint(inside, QRect(QPoint(0, 0), rect.size()), shown, column, current=False, hover_star=None, hovered=False)
        inside.end()
        return made

    @staticmethod
    def _room(picture: QPixmap) -> int:
        return max(24, PICTURE_BYTES // max(1, picture.width() * picture.height() * 4))

    def _paint(
        self,
        painter: QPainter,
        rect: QRect,
        shown: Shown | None,
        column: ColumnInfo,
        *,
        current: bool,
        hover_star: int | None,
        hovered: bool,
    ) -> None:
        theme = self.theme
        inner = rect.adjusted(0, 0, -1, -1)
        state = shown.state if shown is not None else State.QUEUED
        painter.fillRect(inner, theme.color(_FILLS.get(state, "surface") if shown is not None else "panel"))
        edge = theme.color("border")
        painter.fillRect(QRect(rect.right(), rect.y(), 1, rect.height()), edge)
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), edge)
        if column.index in self.group_ends:
            painter.fillRect(QRect(rect.right() - 2, rect.y(), 3, rect.height()), theme.color("border-strong"))
        bar = _BARS.get(state) if shown is not None else None
        if bar:
            painter.fillRect(QRect(rect.x(), rect.y(), theme.px(3), inner.height()), theme.color(bar))
        if shown is not None:
            frame = Frame.of(theme, inner, self.height)
            if state in (State.DONE, State.REUSED):
                self._done(painter, frame, shown, large=current or hovered, hover_star=hover_star)
            elif state is State.WRITING:
                self._writing(painter, frame, shown)
            elif state is State.WAITING and shown.live is not None:
                self._waiting(painter, frame, shown.live, column)
            elif state is State.HELD:
                title, sentence, fixes = held_words(shown.cell.error, column)
                self._trouble(painter, frame, "lock-keyhole", "warn", title, sentence, fixes)
            elif state is State.FAILED:
                title, sentence, fixes = failed_words(shown.cell.error, column)
                self._trouble(painter, frame, "octagon-x", "fail", title, sentence, fixes)
            elif state is State.BLOCKED:
                title, sentence, fixes = blocked_words(shown.cell, column)
                self._trouble(painter, frame, "octagon-x", "fail", title, sentence, fixes)
            else:
                self._still(painter, frame, shown, active=current or hovered)
            if shown.repeats > 1 and state not in (State.DONE, State.REUSED):
                self.foot.turn(painter, frame, shown, self.height)
                self.foot.beside_turn(painter, frame, shown, self.height, self.samples_of(shown))
        if current:
            painter.save()
            pen = painter.pen()
            pen.setColor(theme.color("focus"))
            pen.setWidth(2)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(inner.adjusted(1, 1, -1, -1))
            painter.restore()

    # -- states ------------------------------------------------------------------------------------------------

    def _excerpt(self, frame: Frame, shown: Shown) -> Excerpt:
        font, live, cell = self.theme.font("cell"), shown.live, shown.cell
        if live is not None and live.pieces:
            return self.excerpts.growing((cell.job_id, "live", live.attempt), live.text, font, frame.width, frame.lines)
        key = (cell.job_id, cell.output_id, len(cell.text))
        return self.excerpts.get(key, cell.text, font, frame.width, frame.lines, more=cell.text_length > len(cell.text))

    def _answer(self, painter: QPainter, frame: Frame, shown: Shown, token: str = "text") -> Excerpt:
        """Draw the answer; returns what was drawn."""
        theme = self.theme
        font = theme.font("cell")
        excerpt, difference = self._excerpt(frame, shown), self.difference_of(shown)
        painter.setFont(font)
        painter.setPen(theme.color(token))
        line = theme.line("cell")
        if self._wanted:
            excerpt, places = self.looked_for(frame, shown, excerpt, stays=difference is not None)
            self._mark(painter, frame, excerpt, places, "warn-soft", "warn")
        self._mark(painter, frame, excerpt, difference.marks if difference is not None else (), "add-bg", "pass")
        excerpt.draw(painter, frame.x, frame.text_top + (line - theme.height("cell")) / 2, line)
        return excerpt

    def looked_for(self, frame: Frame, shown: Shown, excerpt: Excerpt, *, stays: bool) -> tuple[Excerpt, Places]:
        """The excerpt with the places in it of what is looked for. Where the first of them lies behind its lines, it begins a little
        before that place; `stays`: it does not, for other marks are told from its beginning."""
        live, cell = shown.live, shown.cell
        grows = live is not None and bool(live.pieces)
        text = flat(live.text[:READ] if live is not None and grows else cell.text)
        places = self._wanted.places(text)
        drawn = excerpt.starts[-1] + len(excerpt.lines[-1].text()) - 1 if excerpt.lines and excerpt.cut else len(text)  # without its dots
        if not places or grows or stays or places[0][1] <= drawn:
            return excerpt, places
        before = max(BEFORE_FOUND, excerpt.starts[-2] if len(excerpt.starts) > 2 else 0)  # it comes to lie on the last line but one
        begin = text.rfind(" ", 0, max(0, places[0][0] - before)) + 1
        text = f"…{text[begin:]}"
        key, more = (cell.job_id, cell.output_id, "from", begin), cell.text_length > len(cell.text)
        return self.excerpts.get(key, text, self.theme.font("cell"), frame.width, frame.lines, more=more), self._wanted.places(text)

    def _mark(self, painter: QPainter, frame: Frame, excerpt: Excerpt, places: Places, ground: str, under: str) -> None:
        """Mark places of the text on the lines that are drawn."""
        theme, line = self.theme, self.theme.line("cell")
        for start, end in places:
            for number, (begin, drawn) in enumerate(zip(excerpt.starts, excerpt.lines, strict=True)):
                text = drawn.text()
                first, last = max(start, begin) - begin, min(end, begin + len(text)) - begin
                for left, right in excerpt.spans(number, first, last, theme.font("cell")) if first < last else ():
                    place = QRect(frame.x + left, frame.text_top + number * line, right - left, line)
                    painter.fillRect(place, theme.color(ground))
                    painter.fillRect(QRect(place.x(), place.bottom() - 1, place.width(), 2), theme.color(under))

    def _done(self, painter: QPainter, frame: Frame, shown: Shown, *, large: bool, hover_star: int | None) -> None:
        cell = shown.cell
        if cell.pictures:
            self._pictures_of(painter, frame, cell)
        elif cell.text.strip() or cell.text_length > len(cell.text):
            self._answer(painter, frame, shown)
        else:
            self._line(painter, frame.x, frame.text_top, frame.width, "Empty answer", "text3")
        self.foot.paint(painter, frame, shown, self.height, self.told(shown), large=large, hover_star=hover_star)

    def _pictures_of(self, painter: QPainter, frame: Frame, cell: Cell) -> None:
        images = self.thumbnails.of(cell.output_id) if self.thumbnails is not None and cell.output_id is not None else None
        if images is None:
            self._line(painter, frame.x, frame.text_top, frame.width, counted(cell.pictures, "picture"), "text3")
            return
        bottom = frame.chips_top if cell.scores and self.height != "compact" else frame.foot.y()
        area = QRect(frame.x, frame.text_top, frame.width, bottom - frame.text_top - self.theme.px(5))
        paint_pictures(painter, area, images, self.theme.px(4))

    def _writing(self, painter: QPainter, frame: Frame, shown: Shown) -> None:
        """Text so far with its caret. Once the lines are full only the clock at the foot goes on, over a kept picture."""
        theme, live = self.theme, shown.live
        excerpt = self._excerpt(frame, shown)
        if not excerpt.cut or live is None:
            self._writing_body(painter, frame, shown)
            line = theme.line("cell")
            top = frame.text_top + max(0, len(excerpt.lines) - 1) * line + theme.px(1)
            caret = QRectF(frame.x + excerpt.caret(theme.px(2), theme.px(7)), top, theme.px(7), line - theme.px(3))
            if self.caret_on and frame.rect.left() <= caret.left() and caret.right() <= frame.rect.right():
                painter.fillRect(caret, theme.color("accent-ink"))
        else:
            inner = frame.rect
            picture = self._full.get(shown.cell.job_id)
            if picture is None or picture[0] is not excerpt:
                picture = self._full[shown.cell.job_id] = (excerpt, self._writing_picture(painter, inner, shown))
                if len(self._full) > FULL_KEPT:
                    self._full.popitem(last=False)
            painter.drawPixmap(inner.topLeft(), picture[1])
        if live is not None:
            words = f"{time.perf_counter() - live.since:.1f} s"
            if excerpt.cut:
                words += f"  {counted(live.words + 1, 'word')}"
            if live.attempt > 1:
                words += f"  try {live.attempt}"
            x = frame.x + theme.px(24) + theme.width(_writing_word(live), "micro", 500)
            small(theme, painter, x, frame.foot.center().y() + 1, frame.foot.right(), words, "text3")

    def _writing_body(self, painter: QPainter, frame: Frame, shown: Shown) -> None:
        theme, middle = self.theme, frame.foot.center().y() + 1
        self._answer(painter, frame, shown)
        painter.drawPixmap(QPointF(frame.x, middle - theme.px(13) / 2), theme.pixmap("loader-circle", "accent-ink", 13))
        small(theme, painter, frame.x + theme.px(18), middle, frame.foot.right(), _writing_word(shown.live), "accent-ink", 500)

    def _writing_picture(self, painter: QPainter, inner: QRect, shown: Shown) -> QPixmap:
        ratio = painter.device().devicePixelRatio()
        made = QPixmap(inner.size() * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(self.theme.color("surface"))
        inside = QPainter(made)
        rect = QRect(QPoint(0, 0), inner.size())
        inside.fillRect(QRect(0, 0, self.theme.px(3), rect.height()), self.theme.color("accent-ink"))
        self._writing_body(inside, Frame.of(self.theme, rect, self.height), shown)
        inside.end()
        return made

    def _waiting(self, painter: QPainter, frame: Frame, live: Live, column: ColumnInfo) -> None:
        theme, now = self.theme, time.perf_counter()
        title, sentence = waiting_words(live, column, now)
        fixes: tuple[Fix, ...] = (("try_now", "Try now"), ("skip", "Skip"))
        bottom = self._trouble(painter, frame, "timer-reset", "warn", title, sentence, fixes)
        if self.height == "compact" or live.delay <= 0:
            return
        share = min(1.0, max(0.0, 1 - (live.until - now) / live.delay))
        track = QRect(frame.x, bottom + theme.px(8), frame.width, max(2, theme.px(3)))
        if track.bottom() < frame.foot.y():
            painter.fillRect(track, theme.color("border-strong"))
            painter.fillRect(QRect(track.x(), track.y(), round(track.width() * share), track.height()), theme.color("warn"))

    def _trouble(self, painter: QPainter, frame: Frame, icon: str, token: str, title: str, sentence: str, fixes: tuple[Fix, ...]) -> int:
        """Icon and title, the sentence, and the fixes at the foot; returns the bottom of the sentence."""
        theme = self.theme
        line = theme.line("cell")
        painter.drawPixmap(QPointF(frame.x, frame.text_top + (line - theme.px(15)) / 2), theme.pixmap(icon, token, 15))
        self._line(painter, frame.x + theme.px(21), frame.text_top, frame.width - theme.px(21), title, token, role="body", weight=600)
        lines = 0 if self.height == "compact" else min(frame.lines - 1, 6)
        top = frame.text_top + line + theme.px(4)
        font = theme.font("small")
        if lines:
            excerpt = self.excerpts.get(("words", sentence), sentence, font, frame.width, lines)
            painter.setFont(font)
            painter.setPen(theme.color("text2"))
            excerpt.draw(painter, frame.x, top, theme.line("small"))
            top += len(excerpt.lines) * theme.line("small")
        self._fixes(painter, frame, fixes)
        return top

    def _fixes(self, painter: QPainter, frame: Frame, fixes: tuple[Fix, ...]) -> None:
        """Write what can be done at the foot."""
        painter.setFont(self.theme.font("small", 500))
        painter.setPen(self.theme.color("accent-ink"))
        for (_action, text), rect in zip(fixes, self.fix_areas(frame, fixes), strict=True):
            if not rect.isEmpty():
                elided = self.theme.elided(text, rect.width(), "small", 500)
                painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), elided)

    def fix_areas(self, frame: Frame, fixes: tuple[Fix, ...]) -> list[QRect]:
        """Where the words of the fixes stand, at least 24 pixels high: the first at the left, the second at the right; empty where that
        has no room beside the first: the menu of the cell has it too."""
        theme = self.theme
        height = max(24, theme.height("small", 500))
        top = frame.foot.center().y() - height // 2 + 1
        areas: list[QRect] = []
        for number, (_, text) in enumerate(fixes):
            width = min(theme.width(text, "small", 500) + 2, frame.width)
            x = frame.x if number == 0 else frame.x + frame.width - width
            fits = not areas or x >= areas[0].right() + theme.px(8)
            areas.append(QRect(x, top, width, height) if fits else QRect())
        return areas

    def _still(self, painter: QPainter, frame: Frame, shown: Shown, *, active: bool) -> None:
        """Queued, by hand, in a batch, stopped and skipped: an icon and a few words, and whatever text had come."""
        theme, cell = self.theme, shown.cell
        if shown.state is State.QUEUED:
            icon, words = "circle-dashed", queued_words(shown)
        elif shown.state is State.BY_HAND:
            icon, words = "hand", by_hand_words(shown)
        elif shown.state is State.IN_BATCH:
            icon, words = "package", IN_BATCH_WORDS
        elif shown.state is State.STOPPED:
            icon, words = "minus" if is_skipped(cell) else "circle-stop", stopped_words(cell)
        else:
            icon, words = "minus", "Skipped by you" if not cell.error else "Skipped, budget reached"
        y = frame.text_top
        if cell.text and shown.state in (State.STOPPED, State.QUEUED, State.BY_HAND) and self.height != "compact":
            self._answer(painter, frame, shown, "text2")
            y = frame.chips_top
        line = theme.line("cell")
        yours = shown.state is State.BY_HAND and active
        token = "accent-ink" if yours else "text3"
        words = words.replace("By hand", "Your turn") if yours else words
        painter.drawPixmap(QPointF(frame.x, y + (line - theme.px(14)) / 2), theme.pixmap(icon, token, 14))
        self._line(painter, frame.x + theme.px(20), y, frame.width - theme.px(20), words, token, weight=600 if yours else None)
        below = self.batch_words.get(cell.column, "") if shown.state is State.IN_BATCH and self.height != "compact" else ""
        if below:
            self._line(painter, frame.x + theme.px(20), y + line, frame.width - theme.px(20), below, "text3", "small")
        if shown.state is State.BY_HAND and not active:
            return  # there may be many of them in a column: only the one that is meant says what to do
        self._fixes(painter, frame, still_fixes(shown))

    # -- pieces ------------------------------------------------------------------------------------------------

    def _line(
        self, painter: QPainter, x: int, y: int, width: int, text: str, token: str, role: str = "cell", weight: int | None = None
    ) -> None:
        theme = self.theme
        painter.setFont(theme.font(role, weight))
        painter.setPen(theme.color(token))
        words, code = _and_code(text)
        elided = theme.elided(words, width - theme.width(code, role, weight), role, weight) + code
        painter.drawText(QRect(x, y, width, theme.line("cell")), int(Qt.AlignmentFlag.AlignVCenter), elided)


def _and_code(title: str) -> tuple[str, str]:
    """`Rate limited` and ` (429)`: the code stays where the words are cut, so that it can be searched."""
    words, mark, code = title.rpartition(" (")
    return (words, mark + code) if code.removesuffix(")").isdigit() else (title, "")


def nothing(_shown: Shown) -> None:
    """Nothing is worked out of cells."""


def _writing_word(live: Live | None) -> str:
    return "Writing" if live is not None and live.pieces else "Asked"
