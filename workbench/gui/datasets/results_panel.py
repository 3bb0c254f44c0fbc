"""Results so far of the case that is shown: by model, which answers passed in its runs, and the last answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.markers import paint_marker
from workbench.gui.theme import theme
from workbench.gui.tips import tip
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord, CaseResult, CaseResults

_WAIT_MS = 200
_MARKS = 4
_MOST_ROWS = 7


class ResultsPanel(QWidget):
    """Hidden for a case that was in no run."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.results: CaseResults | None = None
        self._record: CaseRecord | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._look)
        self.setAccessibleName("Results so far")
        self._count = ElidedLabel("", "small", "text2")
        head = QHBoxLayout()
        head.addWidget(label("Results so far", "small", "text2", 600))
        head.addStretch(1)
        head.addWidget(self._count)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(1)
        inside = QVBoxLayout()
        inside.setContentsMargins(16, 10, 16, 10)
        inside.setSpacing(5)
        inside.addLayout(head)
        inside.addLayout(self._rows)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line())
        column.addLayout(inside)
        self.hide()

    def show_case(self, record: CaseRecord | None) -> None:
        """Show the results of another case, or of this one after an edit. Rows that come while the table scrolls ask nothing again."""
        other = record is None or self._record is None or record.id != self._record.id or record.values != self._record.values
        self._record = record
        if other:
            self._take(None)
            self.renew()

    def renew(self) -> None:
        """Look again: a run was made."""
        if self._record is not None:
            self._timer.start()

    def _look(self) -> None:
        record, workspace = self._record, self._context.workspace
        if record is None or workspace is None:
            return

        def done(results: CaseResults) -> None:
            now = self._record
            if now is not None and (now.id, now.values) == (record.id, record.values):
                self._take(results)

        self._context.bridge.read(
            lambda: workspace.runs.case_results(record.dataset_id, record.values), then=done, owner=self, key="datasets.results"
        )

    def _take(self, results: CaseResults | None) -> None:
        if results == self.results:
            return
        self.results = results
        while self._rows.count():
            item = self._rows.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        rows = results.models if results is not None else ()
        for row in rows[:_MOST_ROWS]:
            made = ResultRow(row)
            made.clicked.connect(lambda row=row: self._context.go("compare", run_id=row.run_id, output_id=row.output_id))
            self._rows.addWidget(made)
        if len(rows) > _MOST_ROWS:
            self._rows.addWidget(label(f"{len(rows) - _MOST_ROWS} more models", "small", "text3"))
        checked = any(row.verdicts for row in rows)
        self._count.setText(f"{'passed, ' if checked else ''}{counted(results.runs, 'run')}" if results is not None else "")
        self.setVisible(bool(rows))


class ResultRow(QWidget):
    """One model: its mark and name, its last verdicts, how many passed. Enter or a click goes to its last answer."""

    clicked = Signal()

    def __init__(self, result: CaseResult) -> None:
        super().__init__()
        self._result = result
        passed = f"{sum(result.verdicts)} of {len(result.verdicts)}" if result.verdicts else counted(result.answers, "answer")
        self._passed = passed
        self.setAccessibleName(f"{result.model}: {passed}{' passed' if result.verdicts else ''}")
        last = f"Last answer: {result.text}" if result.text else "The last call failed."
        self.setToolTip(tip(f"{result.model}\n{last}"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, max(22, theme().line("body") + theme().px(6)))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        rect, result = self.rect(), self._result
        middle = rect.center().y()
        paint_marker(painter, look, QPointF(look.px(4), middle + 0.5), result.place, result.colour)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        wide = look.width(self._passed if not result.verdicts else max(self._passed, "88 of 88", key=len), "small") + look.px(2)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(rect.adjusted(rect.width() - wide, 0, 0, 0), right, self._passed)
        x = rect.right() - wide - look.px(4)
        for passed in reversed(result.verdicts[-_MARKS:]):
            x -= look.px(14)
            name, token = ("check", "pass") if passed else ("x", "fail")
            painter.drawPixmap(QPoint(x, middle - look.px(6)), look.pixmap(name, token, 12))
        painter.setFont(look.font("body"))
        painter.setPen(look.color("text"))
        name_rect = rect.adjusted(look.px(15), 0, 0, 0)
        name_rect.setRight(x - look.px(6))
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(name_rect, left, look.elided(result.model, name_rect.width(), "body"))
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
