"""The strip below the models: which one stops next, what uses it, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from workbench.gui.theme import set_icon, set_kind
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import icon_label, label, set_tone
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.words import counted, joined

if TYPE_CHECKING:
    from workbench.workspace import ModelRow, Retirement

SOON_DAYS = 90
"""As in the workspace's list of retirements."""
NEAR_DAYS = 14
"""From here on the strip is red."""
_MOST_NAMES = 3


def end_of(row: ModelRow) -> date | None:
    """The day on which a model stops, where one is announced."""
    try:
        return date.fromisoformat(str(row.facts.get("retires") or ""))
    except ValueError:
        return None


def day_words(day: date, today: date) -> str:
    """`30 Nov`, with the year where it is another."""
    return f"{day.day} {day:%b}" + ("" if day.year == today.year else f" {day.year}")


def left_words(days: int) -> str:
    """`in 53 days`, `tomorrow`, `today`, `3 days ago`."""
    if days < 0:
        return f"{counted(-days, 'day')} ago"
    return ("today", "tomorrow")[days] if days < 2 else f"in {days} days"


def title_of(retirement: Retirement, today: date) -> str:
    """What happens, in one sentence."""
    when = day_words(retirement.day, today)
    return f"{retirement.model.title} stopped working on {when}" if retirement.days_left < 0 else (
        f"{retirement.model.title} stops working on {when}, {left_words(retirement.days_left)}"
    )  # fmt: skip


def text_of(retirement: Retirement, others: int) -> str:
    """What it touches, and what comes in its place."""
    parts = []
    if retirement.comparisons:
        parts.append(f"Used by {_named([row.name for row in retirement.comparisons], 'saved comparison')}.")
        if retirement.prompts:
            parts.append(f"They ask with {_named([name for _, name in retirement.prompts], 'prompt')}.")
    else:
        parts.append("No saved comparison uses it.")
    if retirement.model.facts.get("successor"):
        parts.append(f"The vendor names {retirement.model.facts['successor']} in its place.")
    if others:
        parts.append(f"{counted(others, 'other model')} {'stops' if others == 1 else 'stop'} within 90 days.")
    return " ".join(parts)


def _named(names: list[str], what: str) -> str:
    shown = names[:_MOST_NAMES]
    if len(names) > _MOST_NAMES:
        return f"{counted(len(names), what)}: {', '.join(shown)} and {len(names) - _MOST_NAMES} more"
    return f"{counted(len(names), what)}: {joined(shown)}"


class RetiringStrip(QFrame):
    """Shown while a model stops soon. Where several do, the one that is in use and stops first."""

    def __init__(self, go: Callable[..., object], show_all: Callable[[], object]) -> None:
        super().__init__()
        self._go, self._shown = go, list[Any]()
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 10, 18, 10)
        row.setSpacing(12)
        self._icon = icon_label("calendar-clock", "warn", 18)
        words = QVBoxLayout()
        words.setSpacing(1)
        self.title = label("", "body", "text", 600)
        self.text = label("", "small", "text2", wrap=True)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row.addWidget(self._icon)
        row.addLayout(words, 1)
        self.all = button("Show them", on=show_all, tip="Show only the models that stop within 90 days")
        self.where = button("Show where it is used", on=self._open_where)
        self.both = button("Compare both models", "columns-3", on=self._compare)
        for each in (self.all, self.where, self.both):
            row.addWidget(each)
        self.hide()

    def show_retirements(self, retirements: list[Retirement], today: date) -> None:
        """Show the first of these, or nothing."""
        self._shown = retirements
        self.setVisible(bool(retirements))
        if not retirements:
            return
        first = retirements[0]
        near = first.days_left <= NEAR_DAYS
        set_kind(self, kind="fail" if near else "warn")
        set_icon(self._icon, "calendar-clock", "fail" if near else "warn", 18)
        set_tone(self.title, "text")
        self.title.setText(title_of(first, today))
        self.text.setText(text_of(first, len(retirements) - 1))
        self.setAccessibleName(f"{self.title.text()}. {self.text.text()}")
        self.all.setVisible(len(retirements) > 1)
        self.where.setVisible(bool(first.comparisons))
        self.both.setVisible(first.successor is not None)

    def where_menu(self) -> PopupMenu:
        """The saved comparisons and prompts that the model touches."""
        menu, first = PopupMenu(self), self._shown[0]
        for row in first.comparisons:
            menu.addAction(row.name).triggered.connect(lambda _checked=False, id=row.id: self._go("compare", comparison_id=id))
        menu.addSeparator()
        for id, name in first.prompts:
            menu.addAction(f"Prompt {name}").triggered.connect(lambda _checked=False, id=id: self._go("library", prompt_id=id))
        return menu

    def _open_where(self) -> None:
        self.where_menu().popup(self.where.mapToGlobal(self.where.rect().topLeft()))

    def _compare(self) -> None:
        first = self._shown[0]
        if first.successor is not None:
            self._go("compare", new=True, model_ids=[first.model.id, first.successor.id])
