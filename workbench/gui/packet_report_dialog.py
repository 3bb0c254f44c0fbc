"""What a colleague's ratings came to: how many, how far the others agree, and where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.scroll import scroll_area

if TYPE_CHECKING:
    from workbench.workspace import PacketReport

_MOST = 100


def show_packet_report(owner: QWidget, context: Context, session_id: int, news: str = "") -> None:
    """Open the report on a session that came from a packet. `news`: what the import changed."""

    def found(report: PacketReport) -> None:
        PacketReportDialog(owner, context, report, news).open()

    context.bridge.read(lambda: context.ws.packets.report(session_id), then=found, failed=context.failed, owner=owner)


class PacketReportDialog(Dialog):
    """Window-modal. It names no column: whoever reads it may still have to judge blindly."""

    def __init__(self, parent: QWidget, context: Context, report: PacketReport, news: str) -> None:
        super().__init__(parent, f"Ratings of {report.rater}", width=560)
        self._context, self.report = context, report
        self.body.addWidget(label(report.headline(), "section", wrap=True))
        if news:
            self.body.addWidget(label(news, "small", "text2", wrap=True))
        self.body.addWidget(label("Agreement", "small", "text2", 600))
        if not report.agreeing:
            alone = "Nobody else has judged any of these, so there is no agreement to tell yet."
            self.body.addWidget(label(alone, "body", "text2", wrap=True))
        for one in report.agreeing:
            self.body.addWidget(label(one.sentence(), "body", wrap=True))
        if report.agreeing:
            measure = "Kappa and alpha count what goes beyond chance: 1 is full agreement, 0 is chance. In brackets: the 95 % interval."
            self.body.addWidget(label(measure, "small", "text3", wrap=True))
            title = f"Where they differ ({len(report.differences):,})" if report.differences else "They differ nowhere"
            self.body.addWidget(label(title, "small", "text2", 600))
        if report.differences:
            self.body.addWidget(self._differences())
        self.add_button("Open the run", self._open_run)
        self.first = self.add_button("Close", self.accept, kind="primary")

    def _differences(self) -> QScrollArea:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        for one in self.report.differences[:_MOST]:
            column.addWidget(label(one.sentence(), "body", wrap=True))
        more = len(self.report.differences) - _MOST
        if more > 0:
            column.addWidget(label(f"And {more:,} more.", "small", "text3"))
        column.addStretch(1)
        area = scroll_area(page, by_key=True, name="Where they differ")
        area.setMinimumHeight(self._context.theme.px(min(260, 30 * min(len(self.report.differences), 8) + 10)))
        return area

    def _open_run(self) -> None:
        self.accept()
        self._context.go("compare", run_id=self.report.run_id)
