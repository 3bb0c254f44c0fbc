"""The judges of a run: how far they are, what they still lack and why, and asking them. They belong to the run, and stop with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.notice import Banner
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage


class JudgeBanner(QObject):
    """A strip above the grid while verdicts are lacking."""

    def __init__(self, page: RunPage) -> None:
        super().__init__(page)
        self._page, self.context = page, page.context
        self.ask = button("Judge this run", "gavel", on=self.judge, size="small", tip="Ask the judges; no answer is made again")
        self.ask_passing = button(
            "Only what passes", on=lambda: self.judge(only_passing=True), size="small", tip="Judge only answers that fail no other check"
        )
        self.settings = button(
            "Choose a judge", kind="link", on=lambda: self.context.go("settings", section="runs"), size="small", tip="The judge in Settings"
        )
        self.banner = Banner("info", "Judging", "", [self.settings, self.ask_passing, self.ask], icon="gavel")
        self.banner.hide()
        page.model.progress.connect(self.show_now)

    def show_now(self) -> None:
        """Show how far the judges are, or what is lacking."""
        model, data = self._page.model, self._page.model.data
        if data is None or model.closed:
            self.banner.hide()
            return
        state = model.judging if model.running else None
        self.banner.setVisible(state is not None or (not model.running and data.to_judge + data.unread > 0))
        for made in (self.ask, self.ask_passing):
            made.setVisible(state is None)
            made.setEnabled(not self.context.ws.read_only)
        self.ask_passing.setVisible(state is None and data.checks > 1)
        self.settings.setVisible(state is None and "No model is chosen" in data.why_unjudged)
        if state is not None:
            failed = f" {counted(state.failed, 'call')} failed." if state.failed else ""
            self.banner.say("Judging.", f"{state.done:,} of {counted(state.total, 'verdict')}.{failed}")
        elif data.to_judge:
            are = "is" if data.to_judge == 1 else "are"
            self.banner.say(f"{counted(data.to_judge, 'verdict')} of judges {are} lacking.", data.why_unjudged)
        elif data.unread:
            theirs = "Its answer is" if data.unread == 1 else "Their answers are"
            words = f"{theirs} not judged. The same judge may say it better the next time, another one in Settings too."
            self.banner.say(f"{counted(data.unread, 'verdict')} of judges could not be read.", words)

    def judge(self, *, only_passing: bool = False) -> None:
        """Ask the judges of the run about the answers that wait for them."""
        run_id = self._may_judge()
        if run_id is None:
            return
        data = self._page.model.data
        if data is not None and not data.has_judges:
            self.context.notice("No check of this run asks a judge.", "Checks", self._page.scoring.change_checks)
        elif data is not None and not data.to_judge and data.unread:
            self._ask_anew(run_id, given_too=False, only_passing=only_passing)
        elif data is not None and not data.to_judge:
            self.context.notice("Every answer is judged.", "Judge again", self.judge_again)
        else:
            self.context.start_run(run_id, only_passing=only_passing)

    def judge_again(self) -> None:
        """Ask the judges anew about all answers; the earlier verdicts stay in an earlier scoring."""
        run_id, data = self._may_judge(), self._page.model.data
        if run_id is None or data is None:
            return
        if not data.has_judges:
            self.judge()
            return
        self._ask_anew(run_id, given_too=True)

    def _ask_anew(self, run_id: int, *, given_too: bool, only_passing: bool = False) -> None:
        def start(_nothing: object) -> None:
            self.context.start_run(run_id, only_passing=only_passing)

        forget = partial(self.context.ws.runs.forget_verdicts, given_too=given_too)
        self.context.bridge.call(forget, run_id, then=start, failed=self.context.failed, owner=self)

    def _may_judge(self) -> int | None:
        """The run that is shown, if its judges can be asked now."""
        run = self._page.model.run
        if run is None or not self._page.verbs_on_cell.may_write():
            return None
        if self._page.model.running or self._page.scoring.run_id is not None:
            self.context.notice("The run is going on. Its judges are asked when its answers are there.")
            return None
        return run.id
