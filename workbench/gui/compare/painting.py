"""How one cell looks in each of its states: plain fills, lines, icons and text, measured from the fonts."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from workbench.gui.cells import (
    Fix,
    Live,
    Shown,
    State,
    blocked_words,
    by_hand_words,
    failed_words,
    fitting_metrics,
    held_words,
    queued_words,
    stars_of,
    stopped_words,
    waiting_words,
)
from workbench.gui.compare.excerpt import Excerpt, Excerpts
from workbench.gui.compare.frame import Frame, stars_area, still_fixes
from workbench.gui.theme import Theme
from workbench.gui.wanted import Wanted
from workbench.gui.widgets.chip import FONT, chip_size, paint_chip
from workbench.gui.widgets.pictures import Thumbnails, paint_pictures
from workbench.gui.widgets.stars import COUNT, paint_stars
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.values import Score
    from workbench.workspace import Cell, ColumnInfo

PICTURE_BYTES = 32_000_000
FULL_KEPT = 96
CUT_OFF = "cut off"
"""Said of an answer that reached its largest length."""
_KEPT_STATES = (State.DONE, State.REUSED, State.BLOCKED, State.FAILED)
_FILLS = {State.QUEUED: "panel", State.STOPPED: "panel", State.SKIPPED: "panel", State.BY_HAND: "panel"}
_BARS = {State.WRITING: "accent-ink", State.WAITING: "warn", State.HELD: "warn", State.FAILED: "fail", State.BLOCKED: "fail"}


class CellPainter:
    """Paints cells. One for a grid: it keeps the broken texts, and whole pictures of finished cells for scrolling."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.excerpts = Excerpts()
        self._pictures: OrderedDict[tuple[int, int, int], tuple[Cell, QPixmap]] = OrderedDict()
        self._full: OrderedDict[int, tuple[Excerpt, QPixmap]] = OrderedDict()
        self.height = "normal"
        self.caret_on = True
        self.thumbnails: Thumbnails | None = None
        self._wanted = Wanted()

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
    ) -> None:
        """Paint one cell with its hairlines; `current` adds the ring."""
        if shown is None or current or hovered or shown.live is not None or shown.state not in _KEPT_STATES or shown.cell.pictures:
            self._paint(painter, rect, shown, column, current=current, hover_star=hover_star, hovered=hovered)
            return
        key = (id(shown.cell), rect.width(), rect.height())
        kept = self._pictures.get(key)
        if kept is None or kept[0] is not shown.cell:
            kept = self._pictures[key] = (shown.cell, self._picture(painter, rect, shown, column))
            if len(self._pictures) > self._room(kept[1]):
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        painter.drawPixmap(rect.topLeft(), kept[1])

    def forget(self) -> None:
        """Forget what was kept: fonts, colours or row heights are others now."""
        self.excerpts.clear()
        self._pictures.clear()
        self._full.clear()

    def mark_words(self, wanted: Wanted) -> None:
        """Mark what is looked for in every answer from now on."""
        self._wanted = wanted
        self._pictures.clear()

    def _picture(self, painter: QPainter, rect: QRect, shown: Shown, column: ColumnInfo) -> QPixmap:
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
        excerpt = self._excerpt(frame, shown)
        painter.setFont(font)
        painter.setPen(theme.color(token))
        line = theme.line("cell")
        if self._wanted:
            for number, drawn in enumerate(excerpt.lines):
                for place in self._wanted.places(drawn.text()):
                    left, right = (theme.width(drawn.text()[:at], "cell") for at in place)
                    painter.fillRect(QRect(frame.x + left, frame.text_top + number * line, right - left, line), theme.color("warn-soft"))
                    painter.fillRect(QRect(frame.x + left, frame.text_top + (number + 1) * line - 2, right - left, 2), theme.color("warn"))
        excerpt.draw(painter, frame.x, frame.text_top + (line - theme.height("cell")) / 2, line)
        return excerpt

    def _done(self, painter: QPainter, frame: Frame, shown: Shown, *, large: bool, hover_star: int | None) -> None:
        theme, cell = self.theme, shown.cell
        if cell.pictures:
            self._pictures_of(painter, frame, cell)
        elif cell.text:
            self._answer(painter, frame, shown)
        else:
            self._line(painter, frame.x, frame.text_top, frame.width, "Empty answer", "text3")
        if self.height == "compact":
            chips_right = self._stars(painter, frame, stars_of(cell), large=large, hover_star=hover_star)
            room = chips_right - frame.x
            used = self._chips(painter, frame.x, frame.foot.center().y() - chip_size("x").height() // 2, room, cell.scores)
            self._foot(painter, frame, shown, frame.x + used + (theme.px(6) if used else 0), chips_right)
            return
        self._chips(painter, frame.x, frame.chips_top, frame.width, cell.scores)
        right = self._stars(painter, frame, stars_of(cell), large=large, hover_star=hover_star)
        self._foot(painter, frame, shown, frame.x, right)

    def _pictures_of(self, painter: QPainter, frame: Frame, cell: Cell) -> None:
        images = self.thumbnails.of(cell.output_id) if self.thumbnails is not None and cell.output_id is not None else None
        if images is None:
            self._line(painter, frame.x, frame.text_top, frame.width, counted(cell.pictures, "picture"), "text3")
            return
        bottom = frame.chips_top if cell.scores and self.height != "compact" else frame.foot.y()
        area = QRect(frame.x, frame.text_top, frame.width, bottom - frame.text_top - self.theme.px(5))
        paint_pictures(painter, area, images, self.theme.px(4))

    def _stars(self, painter: QPainter, frame: Frame, value: int | None, *, large: bool, hover_star: int | None) -> int:
        """Draw the stars; returns the x up to which the foot has room."""
        theme = self.theme
        area = stars_area(theme, frame, large=large)
        if large:
            slot = area.width() / COUNT
            size = 15
            gap = (slot - theme.px(size)) / (theme.percent / 100)
            left = QPoint(area.x() + round((slot - theme.px(size)) / 2), area.center().y())
            paint_stars(painter, left, hover_star or value, size=size, gap=gap)
        else:
            paint_stars(painter, QPoint(area.x(), area.center().y()), value, gap=0)
        return area.x() - theme.px(6)

    def _foot(self, painter: QPainter, frame: Frame, shown: Shown, x: int, right: int) -> None:
        theme, cell = self.theme, shown.cell
        middle = frame.foot.center().y() + 1
        if shown.repeats > 1 and x < right:
            x = self._small(painter, x, middle, right, f"{cell.repeat} of {shown.repeats}", "text2") + theme.px(8)
        if shown.state is State.REUSED and x + theme.px(14) < right:
            painter.drawPixmap(QPointF(x, middle - theme.px(13) / 2), theme.pixmap("archive-restore", "info", 13))
            x = self._small(painter, x + theme.px(16), middle, right, "reused", "info") + theme.px(8)
        if cell.verdict and x + theme.px(14) < right:
            icon, token = ("check", "pass") if cell.verdict == "pass" else ("x", "fail")
            painter.drawPixmap(QPointF(x, middle - theme.px(13) / 2), theme.pixmap(icon, token, 13))
            x += theme.px(16)
        if cell.differ and x + theme.px(14) < right:
            painter.drawPixmap(QPointF(x, middle - theme.px(13) / 2), theme.pixmap("git-compare", "warn", 13))
            x += theme.px(16)
        if cell.note and x + theme.px(14) < right:
            painter.drawPixmap(QPointF(x, middle - theme.px(12) / 2), theme.pixmap("pencil", "text3", 12))
            x += theme.px(16)
        gap = theme.px(6)

        def width(text: str) -> int:
            return theme.width(text, "micro") + 1 + gap  # a pixel for what the width was rounded by: else the last digit is elided

        if cell.finish_reason == "length" and x + width(CUT_OFF) - gap <= right:
            self._small(painter, x, middle, right, CUT_OFF, "warn", 500)
            x += width(CUT_OFF)
        parts = fitting_metrics(cell, right - x + gap, width)
        if len(parts) < 2:  # large stars and marks leave little room: closer together time and cost may still fit
            gap = theme.px(3)
            parts = fitting_metrics(cell, right - x + gap, width)
        for part in parts:
            self._small(painter, x, middle, right, part, "text3")
            x += width(part)

    def _chips(self, painter: QPainter, x: int, top: int, room: int, scores: tuple[Score, ...]) -> int:
        """Failed checks first, then as many passed ones as fit, then a count; returns the width used."""
        theme, start = self.theme, x
        order = sorted((score for score in scores), key=lambda score: (score.passed is not False, score.passed is None))
        gap = theme.px(4)
        for number, score in enumerate(order):
            left = len(order) - number
            kind, icon = ("pass", "check") if score.passed else ("fail", "x") if score.passed is False else ("plain", "minus")
            size = chip_size(score.check.title, kind=kind, icon=icon)
            width = size.width()
            rest = chip_size(f"+{left - 1}").width() + gap if left > 1 else 0
            if x - start + width + rest > room:
                short = room - (x - start) - rest
                if number == 0 and short > theme.px(60):
                    title = theme.elided(score.check.title, short - theme.px(28), *FONT)
                    paint_chip(painter, QRect(x, top, short, size.height()), title, kind=kind, icon=icon)
                    x += short + gap
                    if left > 1:
                        x = self._count(painter, x, top, left - 1)
                elif x - start + chip_size(f"+{left}").width() <= room:
                    x = self._count(painter, x, top, left)
                return x - start
            paint_chip(painter, QRect(x, top, width, size.height()), score.check.title, kind=kind, icon=icon)
            x += width + gap
        return max(0, x - start - gap)

    @staticmethod
    def _count(painter: QPainter, x: int, top: int, number: int) -> int:
        size = chip_size(f"+{number}")
        paint_chip(painter, QRect(QPoint(x, top), size), f"+{number}")
        return x + size.width()

    def _writing(self, painter: QPainter, frame: Frame, shown: Shown) -> None:
        """Text so far with its caret. Once the lines are full only the clock at the foot goes on, over a kept picture."""
        theme, live = self.theme, shown.live
        excerpt = self._excerpt(frame, shown)
        if not excerpt.cut or live is None:
            self._writing_body(painter, frame, shown)
            line = theme.line("cell")
            top = frame.text_top + max(0, len(excerpt.lines) - 1) * line + theme.px(1)
            caret = QRectF(frame.x + excerpt.last_width + theme.px(2), top, theme.px(7), line - theme.px(3))
            if self.caret_on and caret.right() <= frame.rect.right():
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
            self._small(painter, x, frame.foot.center().y() + 1, frame.foot.right(), words, "text3")

    def _writing_body(self, painter: QPainter, frame: Frame, shown: Shown) -> None:
        theme, middle = self.theme, frame.foot.center().y() + 1
        self._answer(painter, frame, shown)
        painter.drawPixmap(QPointF(frame.x, middle - theme.px(13) / 2), theme.pixmap("loader-circle", "accent-ink", 13))
        self._small(painter, frame.x + theme.px(18), middle, frame.foot.right(), _writing_word(shown.live), "accent-ink", 500)

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
        for (_action, text), rect in zip(fixes, self.fix_areas(frame, fixes), strict=True):
            painter.setFont(theme.font("small", 500))
            painter.setPen(theme.color("accent-ink"))
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)
        return top

    def fix_areas(self, frame: Frame, fixes: tuple[Fix, ...]) -> list[QRect]:
        """Where the words of the fixes stand, at least 24 pixels high: the first at the left, the second at the right."""
        theme = self.theme
        height = max(24, theme.height("small", 500))
        top = frame.foot.center().y() - height // 2 + 1
        areas = []
        for number, (_, text) in enumerate(fixes):
            width = theme.width(text, "small", 500) + 2
            x = frame.x if number == 0 else frame.x + frame.width - width
            areas.append(QRect(x, top, width, height))
        return areas

    def _still(self, painter: QPainter, frame: Frame, shown: Shown, *, active: bool) -> None:
        """Queued, by hand, stopped and skipped: an icon and a few words, and whatever text had come."""
        theme, cell = self.theme, shown.cell
        if shown.state is State.QUEUED:
            icon, words = "circle-dashed", queued_words(shown)
        elif shown.state is State.BY_HAND:
            icon, words = "hand", by_hand_words(shown)
        elif shown.state is State.STOPPED:
            icon, words = "circle-stop", stopped_words(cell)
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
        if shown.state is State.BY_HAND and not active:
            return  # there may be many of them in a column: only the one that is meant says what to do
        fixes: tuple[Fix, ...] = still_fixes(shown.state)
        painter.setFont(theme.font("small", 500))
        painter.setPen(theme.color("accent-ink"))
        for (_action, text), area in zip(fixes, self.fix_areas(frame, fixes), strict=True):
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)

    # -- pieces ------------------------------------------------------------------------------------------------

    def _line(
        self, painter: QPainter, x: int, y: int, width: int, text: str, token: str, role: str = "cell", weight: int | None = None
    ) -> None:
        theme = self.theme
        painter.setFont(theme.font(role, weight))
        painter.setPen(theme.color(token))
        elided = theme.elided(text, width, role, weight)
        painter.drawText(QRect(x, y, width, theme.line("cell")), int(Qt.AlignmentFlag.AlignVCenter), elided)

    def _small(self, painter: QPainter, x: int, middle: int, right: int, text: str, token: str, weight: int | None = None) -> int:
        """A few words of small text from x; returns where they end."""
        theme = self.theme
        painter.setFont(theme.font("micro", weight))
        painter.setPen(theme.color(token))
        elided = theme.elided(text, max(0, right - x), "micro", weight)
        height = theme.height("micro", weight)
        painter.drawText(QRect(x, middle - height // 2, max(0, right - x), height), int(Qt.AlignmentFlag.AlignVCenter), elided)
        return x + theme.width(elided, "micro", weight)


def _writing_word(live: Live | None) -> str:
    return "Writing" if live is not None and live.pieces else "Asked"
