"""The strip of figures: worse, better, same, what it cost, and whether so many could be chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.gui.theme import set_icon, set_kind, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line, set_tone
from workbench.gui.words import counted, duration, percent, total_money

if TYPE_CHECKING:
    from workbench.workspace import RunPair


NARROW = 1040
"""Below this width at 100% the verdict stands under the figures."""


class Count(QWidget):
    """A large number with its icon and two lines that say what it counts."""

    def __init__(self, icon: str, tone: str, title: str, words: str) -> None:
        super().__init__()
        self._title = title
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(10)
        row.addWidget(icon_label(icon, tone, 20))
        self.number = label("0", "number", tone)
        row.addWidget(self.number)
        beside = QVBoxLayout()
        beside.setSpacing(0)
        beside.addStretch(1)
        beside.addWidget(label(title, "small", "text2"))
        self.words = label(words, "small", "text2")
        beside.addWidget(self.words)
        beside.addStretch(1)
        row.addLayout(beside, 1)

    def show_count(self, number: int, words: str | None = None) -> None:
        """Show a number, and maybe other words below what it counts."""
        self.number.setText(f"{number:,}")
        if words is not None:
            self.words.setText(words)
        self.setAccessibleName(f"{number:,} {self._title}, {self.words.text()}")


class Figures(QFrame):
    """The strip above the list."""

    def __init__(self, set_limit: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        self._row = row = QHBoxLayout()
        row.setSpacing(0)
        column.addLayout(row)
        self.worse = Count("trending-down", "fail", "worse", "passed, now fail")
        self.better = Count("trending-up", "pass", "better", "failed, now pass")
        self.same = Count("equal", "text2", "same", "")
        for made in (self.worse, self.better, self.same):
            row.addWidget(made)
            row.addWidget(line(vertical=True))
        row.addLayout(self._table(), 3)
        row.addWidget(self._verdict(set_limit), 4)
        self._narrow = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < theme().px(NARROW)
        if narrow != self._narrow:
            self._narrow = narrow
            layout = self.layout()
            assert isinstance(layout, QVBoxLayout)
            if narrow:
                layout.addWidget(self.verdict)
            else:
                self._row.addWidget(self.verdict, 4)

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(14, 6, 14, 6)
        grid.setVerticalSpacing(0)
        grid.setHorizontalSpacing(6)
        self.rows: list[tuple[QLabel, QLabel]] = []
        for at, (name, tip) in enumerate((("Pass rate", ""), ("p50", "Half of the answers came within this time"), ("Cost", ""))):
            title = label(name, "small", "text2")
            title.setToolTip(tip)
            old, new = label("", "small", "text2"), label("", "small", weight=600)
            grid.addWidget(title, at, 0)
            grid.addWidget(old, at, 1, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(icon_label("arrow-right", "text3", 12), at, 2)
            grid.addWidget(new, at, 3, Qt.AlignmentFlag.AlignRight)
            self.rows.append((old, new))
        grid.setColumnStretch(1, 1)
        return grid

    def _verdict(self, set_limit: Callable[[], object]) -> QFrame:
        self.verdict = QFrame()
        row = QHBoxLayout(self.verdict)
        row.setContentsMargins(14, 6, 10, 6)
        row.setSpacing(12)
        self._icon = icon_label("scale", "warn", 20)
        row.addWidget(self._icon)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addStretch(1)
        top = QHBoxLayout()
        self.rule = ElidedLabel("", "small", "warn", 600)
        self.limit = button("Change", kind="link", size="small", on=set_limit, tip="How many worse cases are allowed")
        top.addWidget(self.rule, 1)
        top.addWidget(self.limit)
        column.addLayout(top)
        self.chance = label("", "small", "text2", wrap=True)
        column.addWidget(self.chance)
        column.addStretch(1)
        row.addLayout(column, 1)
        return self.verdict

    def show_pair(self, pair: RunPair, number: int | None, allowed: int, chance: str, nothing: str) -> None:
        """Show two runs, all columns of them or the pair of that number; `nothing` says why no case may have been compared."""
        found = pair.regression
        one = found.pairs[number] if number is not None else None
        counts = {kind: one.counts[kind] if one else found.count(kind) for kind in ("worse", "better", "same", "apart")}
        reworded = one.reworded if one else sum(each.reworded for each in found.pairs)
        apart = counts["apart"] + (0 if one else len(found.only_run) + len(found.only_baseline))
        self.worse.show_count(counts["worse"])
        self.better.show_count(counts["better"])
        words = [f"{reworded:,} reworded"] + ([f"{apart:,} not compared"] if apart else [])
        self.same.show_count(counts["same"], "\n".join(words))
        now, was = (one.figures, one.before_figures) if one else (found.figures, found.before_figures)
        values = (
            (percent(was.pass_rate), percent(now.pass_rate)),
            (duration(was.p50_ms), duration(now.p50_ms)),
            (total_money(was.cost_usd), total_money(now.cost_usd)),
        )
        for (left, right), (before, after), unknown in zip(self.rows, values, ("no checks", "unknown", "unknown"), strict=True):
            left.setText(before or unknown)
            right.setText(after or unknown)
        compared = counts["worse"] + counts["better"] + counts["same"]
        self._show_rule(counts["worse"], allowed, chance, nothing="" if compared else nothing)

    def _show_rule(self, worse: int, allowed: int, chance: str, *, nothing: str) -> None:
        over = worse > allowed
        tone = "warn" if over or nothing else "pass"
        rule = f"Your rule allows {counted(allowed, 'worse case') if allowed else 'no worse case'}, this has {worse:,}"
        if not worse:
            rule = "Nothing could be compared" if nothing else "No case got worse"
        self.rule.setText(rule)
        set_tone(self.rule, tone)
        set_icon(self._icon, "scale", tone, 20)
        set_kind(self.verdict, kind=tone)
        read = f"Read the {counted(worse, 'worse case')} before you go on with it." if over else ""
        said = " ".join(part for part in (f"{chance}." if chance else "", read) if part)
        self.chance.setText(nothing or said or "Nothing that is checked turned.")
