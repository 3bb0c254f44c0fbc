"""The status bar: which workspace, what runs, what today has cost, where keys are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import line

if TYPE_CHECKING:
    from decimal import Decimal

    from workbench.gui.work import Work
    from workbench.values import Changes
    from workbench.workspace import RunRow, Workspace

HEIGHT = 26
PROGRESS_MS = 400
"""How often the numbers of a run are read again while it is going."""


class StatusItem(QAbstractButton):
    """An icon and a few words. It can be clicked where something was connected to it."""

    def __init__(self, icon: str, text: str = "", *, stretch: bool = False, tip: str = "") -> None:
        super().__init__()
        self._icon = icon
        self.setText(text)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        horizontal = QSizePolicy.Policy.Preferred if stretch else QSizePolicy.Policy.Fixed
        self.setSizePolicy(horizontal, QSizePolicy.Policy.Preferred)
        set_role(self, "small")

    def say(self, text: str, tip: str = "", icon: str = "") -> None:
        """Show other words."""
        self._icon = icon or self._icon
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(tip)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self.text()) + theme().px(35), metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(40), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        if self.underMouse() and self.isEnabled():
            painter.fillRect(self.rect(), look.color("hover"))
        painter.drawPixmap(QPoint(look.px(8), (self.height() - look.px(13)) // 2), look.pixmap(self._icon, "text3", 13))
        painter.setPen(look.color("text2"))
        painter.setFont(self.font())
        area = self.rect().adjusted(look.px(27), 0, -look.px(4), 0)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()


class StatusBar(QWidget):
    """Four facts, read again when something changed."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.setAccessibleName("Status")
        self.workspace = StatusItem("database", tip="The workspace file")
        self.job = StatusItem("activity", "No jobs running", stretch=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(110)
        self.progress.setAccessibleName("Progress of the run")
        self.share = StatusItem("", "")
        self.today = StatusItem("coins", "Today $0.00", tip="Known cost of the calls made today")
        self.keys = StatusItem("lock-keyhole", "")
        self._run: RunRow | None = None
        self._work: Work | None = None
        self.stop = button("Stop", kind="link", size="small", on=lambda: self._work.stop() if self._work is not None else None)
        self.stop.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 1, 8, 0)
        row.setSpacing(4)
        row.addWidget(self.workspace)
        row.addWidget(line(vertical=True))
        row.addWidget(self.job)
        row.addWidget(self.progress)
        row.addWidget(self.stop)
        row.addSpacing(6)
        row.addWidget(line(vertical=True))
        row.addWidget(self.today)
        row.addStretch(1)
        row.addWidget(self.keys)
        self.progress.hide()
        self.workspace.clicked.connect(lambda: context.go("settings", section="storage"))
        self.job.clicked.connect(self._open_run)
        self.keys.clicked.connect(lambda: context.go("models"))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PROGRESS_MS)
        self._timer.timeout.connect(self._read_run)
        context.bridge.run_events.connect(lambda _run, _events: None if self._timer.isActive() else self._timer.start())
        context.bridge.runs_changed.connect(self._read_run)
        context.working.connect(self._show_work)
        context.changed.connect(self._changed)
        context.theme.follow(self._resize)
        self._resize()

    def show_workspace(self, workspace: Workspace | None) -> None:
        """Name the open file, and say when it can only be read."""
        if workspace is None:
            self.workspace.say("No workspace")
            self.keys.say("")
            return
        name = workspace.name
        if workspace.is_cut_off:
            lost = "The server does not answer. What is typed stays here and is saved when it answers again; it is asked all the time."
            self.workspace.say(f"{name}, not reached", f"{workspace.path}\n{lost}", "cloud-off")
            return
        text = f"{workspace.path}\n{workspace.notice}".strip()
        self.workspace.say(f"{name}, read only" if workspace.read_only else name, text, "users" if workspace.on_server else "database")

    def read_all(self) -> None:
        """Read spend and key place."""
        self._read_spend()
        self.read_keys()

    def read_keys(self) -> None:
        """Say where keys are kept."""
        if self._context.workspace is not None:
            self._context.bridge.read(self._context.workspace.keys.place, then=self._show_keys, owner=self, key="status.keys")

    def _show_keys(self, sentence: str) -> None:
        self.keys.say(sentence, sentence)

    def _changed(self, changes: Changes) -> None:
        if changes.has("run", "job"):
            self._read_spend()
        if changes.has("connection"):
            self.read_keys()
        if changes.has("setting"):
            self.show_workspace(self._context.workspace)

    def _read_spend(self) -> None:
        workspace = self._context.workspace
        if workspace is not None:  # its service is imported on the reading thread, not here
            self._context.bridge.read(lambda: workspace.runs.spent_today(), then=self._show_spend, owner=self, key="status.spend")

    def _show_spend(self, spent: Decimal | None) -> None:
        words = "less than $0.01" if spent and spent < 0.005 else f"${spent or 0:.2f}"
        self.today.say(f"Today {words}", "Known cost of the calls made today. Calls without a known price are not in it.")

    def _read_run(self) -> None:
        running = list(self._context.bridge.running)
        workspace = self._context.workspace
        if not running or workspace is None:
            self._show_run(None)
            return
        self._context.bridge.read(workspace.runs.get, running[-1], then=self._show_run, owner=self, key="status.run")

    def _show_work(self, work: Work) -> None:
        before, self._work = self._work, work if work.title else None
        self.stop.setVisible(self._work is not None)
        if self._work is None:
            if before is not None:
                self._read_run()
            return
        share = work.share
        self.progress.setMaximum(100 if share is not None else 0)
        self.progress.setValue(share or 0)
        self.progress.setAccessibleName(f"Progress: {work.title}")
        self.progress.show()
        self.job.say(f"{work.title}  {share}%" if share is not None else work.title, work.title)

    def _show_run(self, run: Any) -> None:
        if self._work is not None:
            return
        self.progress.setAccessibleName("Progress of the run")
        count = len(self._context.bridge.running)
        self._run = run if count else None
        if self._run is None:
            self.progress.hide()
            self.job.say("No jobs running")
            return
        done = self._run.done + self._run.failed + self._run.skipped
        jobs = self._run.jobs - self._run.by_hand  # what waits for a person keeps no run going
        share = round(100 * done / jobs) if jobs else 0
        self.progress.setMaximum(max(1, jobs))
        self.progress.setValue(done)
        self.progress.show()
        words = "1 run" if count == 1 else f"{count} runs"
        self.job.say(f"{words}  {self._run.comparison}  {share}%", f"{done:,} of {jobs:,} answers. Click to open the comparison.")

    def _open_run(self) -> None:
        if self._run is not None:
            self._context.go("compare", run_id=self._run.id)
        else:
            self._context.go("compare")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._context.theme.color("bg"))
        painter.fillRect(0, 0, self.width(), 1, self._context.theme.color("border"))
        painter.end()

    def _resize(self) -> None:
        self.setFixedHeight(self._context.theme.px(HEIGHT))
