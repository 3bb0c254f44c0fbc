"""The pane at the right: answers on which judge and people differ, the current one in full, and who was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.insights.raters.reading import Measured
from workbench.gui.theme import paint_row, set_kind, theme
from workbench.gui.tips import tip
from workbench.gui.widgets.buttons import action_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line

if TYPE_CHECKING:
    from workbench.workspace import Mark

Index = QModelIndex | QPersistentModelIndex
MARK, RULED = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
FILTERS = (("all", "All"), ("let_through", "let through"), ("too_strict", "too strict"), ("contradicts", "reason against verdict"))
_EXCERPT = 280
_NOWHERE = QModelIndex()


def people_say(mark: Mark) -> str:
    """What people say of an answer and who they are, those first who are most."""
    said = [person.words for person in mark.people if person.words]
    return " ".join(said)


def raters(mark: Mark) -> str:
    """Who rated it."""
    return ", ".join(person.rater for person in mark.people)


class MarkModel(QAbstractListModel):
    """The listed answers and the rulings on them."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: Sequence[Mark] = ()
        self.rulings: Mapping[int, str] = {}

    def show_marks(self, marks: Sequence[Mark], rulings: Mapping[int, str]) -> None:
        """Show these."""
        self.beginResetModel()
        self.marks, self.rulings = marks, rulings
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.marks)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.marks):
            return None
        mark = self.marks[index.row()]
        ruled = self.rulings.get(mark.output_id, "")
        if role == MARK:
            return mark
        if role == RULED:
            return ruled
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            people = "not rated" if mark.people_passed is None else f"people {_word(mark.people_passed)}"
            settled = f". {ruled} right" if ruled else ""
            return f"Case {mark.case + 1}, {mark.name}, {mark.model}: {people}, judge {_word(mark.passed)}. {mark.reason}{settled}"
        return None


class MarkList(QListView):
    """The list. A view over a model: thousands of rows cost nothing until they are seen."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = MarkModel()
        self.setModel(self.marks)
        self.setItemDelegate(_Delegate(self))
        self.setProperty("kind", "panel")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName("Answers")
        theme().follow(self.doItemsLayout)

    @property
    def mark(self) -> Mark | None:
        """The current answer."""
        found: Mark | None = self.currentIndex().data(MARK)
        return found

    def go(self, row: int) -> None:
        """Make a row current, the nearest there is."""
        if self.marks.rowCount():
            self.setCurrentIndex(self.marks.index(max(0, min(row, self.marks.rowCount() - 1)), 0))
            self.scrollTo(self.currentIndex())


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look = theme()
        return QSize(look.px(160), look.height("body", 500) + 2 * look.height("small") + look.px(22))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        mark, look, rect = index.data(MARK), theme(), option.rect
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if on or option.state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, rect, selected=on)
        if on:
            painter.fillRect(rect.x(), rect.y(), 3, rect.height(), look.color("accent-ink"))
        edge, y = look.px(16), rect.y() + look.px(8)
        left, right = rect.x() + edge, rect.right() - edge
        self._first(painter, mark, index.data(RULED), left, right, y)
        y += look.height("body", 500) + look.px(3)
        people = people_say(mark) or raters(mark)
        self._line(painter, "users-round", mark.people_passed, people, left, right, y)
        self._line(
            painter, "gavel", mark.passed, f"“{mark.reason}”" if mark.reason else "", left, right, y + look.height("small") + look.px(3)
        )
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, look.color("border"))
        if on and option.widget is not None and option.widget.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.color("focus"))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def _first(self, painter: QPainter, mark: Mark, ruled: str, left: int, right: int, y: int) -> None:
        look = theme()
        tall, middle = look.height("body", 500), int(Qt.AlignmentFlag.AlignVCenter)
        if ruled:
            right -= look.px(18)
            icon = "users-round" if ruled == "people" else "gavel"
            painter.drawPixmap(QPoint(right + look.px(3), y + look.px(2)), look.pixmap(icon, "pass", 14))
        wide = min(look.width(mark.model, "small"), (right - left) // 2)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        painter.drawText(QRect(right - wide, y, wide, tall), middle, look.elided(mark.model, wide, "small"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.series(mark.colour))
        dot = look.px(7)
        painter.drawEllipse(right - wide - look.px(12), y + (tall - dot) // 2, dot, dot)
        number = str(mark.case + 1)
        painter.setFont(look.font("code"))
        painter.setPen(look.color("text2"))
        painter.drawText(QRect(left, y, look.px(60), tall), middle, number)
        x = left + look.width(f"{number} ", "code") + look.px(4)
        room = right - wide - look.px(18) - x
        painter.setFont(look.font("body", 500))
        painter.setPen(look.color("text"))
        painter.drawText(QRect(x, y, max(0, room), tall), middle, look.elided(mark.name, max(0, room), "body", 500))

    def _line(self, painter: QPainter, icon: str, passed: bool | None, text: str, left: int, right: int, y: int) -> None:
        look = theme()
        painter.drawPixmap(QPoint(left, y + look.px(1)), look.pixmap(icon, "text2", 13))
        sign, tone = ("minus", "text3") if passed is None else ("check", "pass") if passed else ("x", "fail")
        painter.drawPixmap(QPoint(left + look.px(20), y + look.px(1)), look.pixmap(sign, tone, 13))
        x = left + look.px(40)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        area = QRect(x, y, right - x, look.height("small"))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), look.elided(" ".join(text.split()), right - x, "small"))


class Current(QFrame):
    """The current answer: how it begins, what people and the judge say, and who was right."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("kind", "surface")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(6)
        self.name = ElidedLabel("", "body", "text", 600)
        column.addWidget(self.name)
        self.answer = label("", "small", "text2", wrap=True)
        self.answer.setProperty("kind", "quote")
        box = QFrame()
        box.setProperty("kind", "sunken")
        inside = QVBoxLayout(box)
        inside.setContentsMargins(8, 6, 8, 6)
        inside.addWidget(self.answer)
        column.addWidget(box)
        self.people, self._people_chip = self._said(column, "users-round", "People")
        self.judge, self._judge_chip = self._said(column, "gavel", "Judge")
        buttons = QWidget()
        flow = FlowLayout(buttons, gap=8, row_gap=6)
        self.right = {
            word: action_button(context.action(f"raters.{word}"), text, show_key=True)
            for word, text in (("people", "People right"), ("judge", "Judge right"))
        }
        self.example = action_button(context.action("raters.example"), "Add as example", kind="link")
        for made in (*self.right.values(), self.example):
            flow.addWidget(made)
        column.addWidget(buttons)

    def _said(self, column: QVBoxLayout, icon: str, who: str) -> tuple[Any, Chip]:
        row = QHBoxLayout()
        row.setSpacing(8)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(icon_label(icon, "text2", 15, who), 0, top)
        chip = Chip("pass", "pass")
        row.addWidget(chip, 0, top)
        words = label("", "small", wrap=True)
        row.addWidget(words, 1)
        column.addLayout(row)
        return words, chip

    def show_mark(self, mark: Mark, ruled: str) -> None:
        """Show an answer; its text follows."""
        version = f", v{mark.version}" if mark.version is not None else ""
        self.name.setText(f"{mark.case + 1}  {mark.name}, {mark.model}{version}")
        self.answer.setText("Reading the answer.")
        passed = mark.people_passed
        self._people_chip.set_text("not rated" if passed is None else _word(passed), "plain" if passed is None else _word(passed))
        self._judge_chip.set_text(_word(mark.passed), _word(mark.passed))
        self.people.setText(" ".join(filter(None, (people_say(mark), f"({raters(mark)})" if mark.people else ""))))
        self.judge.setText(f"“{mark.reason}”" if mark.reason else "It gave no reason.")
        for word, made in self.right.items():
            set_kind(made, state="on" if word == ruled else "")
            made.setAccessibleName(f"{made.text()}, chosen" if word == ruled else made.text())

    def show_answer(self, text: str) -> None:
        """Show how the answer begins; the tooltip has more of it."""
        words = " ".join(text.split())
        self.answer.setText(f"“{words[:_EXCERPT]}…”" if len(words) > _EXCERPT else f"“{words}”" if words else "The answer is empty.")
        self.answer.setToolTip(tip(text[:2000]) if len(words) > _EXCERPT else "")


class Disagreements(QFrame):
    """Heading, filters, the current answer and the list."""

    filtered = Signal(str)
    moved = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.which = "all"
        self.list, self.current = MarkList(), Current(context)
        self.title = label("Disagreements", "body", weight=600)
        self.count = label("", "small", "text2")
        self.chips = {name: Chip("", clickable=True) for name, _ in FILTERS}
        self.settled = label("", "small", "text2")
        self.nothing = label("", "body", "text2", wrap=True)
        self.nothing.setContentsMargins(16, 16, 16, 16)
        top = QWidget()
        top.setProperty("kind", "panel")
        column = QVBoxLayout(top)
        column.setContentsMargins(16, 12, 16, 8)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self.title, 1)
        row.addWidget(self.settled)
        row.addWidget(self.count)
        column.addLayout(row)
        chips = QWidget()
        flow = FlowLayout(chips, gap=6, row_gap=4)
        for name, made in self.chips.items():
            flow.addWidget(made)
            made.clicked.connect(lambda to=name: self.filtered.emit(to))
        column.addWidget(chips)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        for widget in (top, line(), self.current, line(), self.nothing):
            outer.addWidget(widget)
        outer.addWidget(self.list, 1)
        self.list.selectionModel().currentChanged.connect(lambda _now, _before: self._show_current())

    def show_judge(self, shown: Measured, which: str) -> None:
        """List the answers of a filter; the current one stays where it is among them."""
        before, row = self.list.mark, self.list.currentIndex().row()
        same = which == self.which
        self.which = which
        marks = shown.listed(which)
        for name, text in FILTERS:
            number = len(shown.listed(name))
            self.chips[name].set_text(f"{text} {number:,}", "on" if name == which else "plain")
            self.chips[name].setVisible(name != "contradicts" or number > 0)
        agreeing = which in ("agree_pass", "agree_fail")
        self.title.setText("Both pass" if which == "agree_pass" else "Both fail" if agreeing else "Disagreements")
        self.count.setText(f"{len(marks):,}")
        settled = sum(mark.output_id in shown.rulings for mark in shown.found.disagreements)
        self.settled.setText(f"{settled:,} settled" if settled else "")
        self.list.marks.show_marks(marks, shown.rulings)
        at = next((place for place, mark in enumerate(marks) if before is not None and mark.output_id == before.output_id), -1)
        self.list.go(at if at >= 0 else row if same and row > 0 else 0)
        self.nothing.setText("" if marks else _nothing(shown, which))
        self.nothing.setVisible(not marks)
        self._show_current()

    def _show_current(self) -> None:
        mark = self.list.mark
        self.current.setVisible(mark is not None)
        if mark is not None:
            self.current.show_mark(mark, self.list.marks.rulings.get(mark.output_id, ""))
        self.moved.emit()


def _nothing(shown: Measured, which: str) -> str:
    if not shown.found.answers:
        return "Nobody has rated an answer that this judge judged. Rate some: then its verdicts stand beside yours."
    return "Judge and people agree on every answer." if which == "all" else "No answer is in this cell."


def _word(passed: bool) -> str:
    return "pass" if passed else "fail"
