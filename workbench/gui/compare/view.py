"""The compare screen: the list of comparisons, or one run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.baseline import mark_baseline
from workbench.gui.code_dialog import with_code_of, with_consent
from workbench.gui.compare.exporting import Exporting
from workbench.gui.compare.model import RunModel
from workbench.gui.compare.overview import Family, Overview, read_families
from workbench.gui.compare.panel_place import NARROW
from workbench.gui.compare.results.tabs import RunTabs
from workbench.gui.compare.run_page import RunPage
from workbench.gui.compare.setup import SetupDialog
from workbench.gui.compare.setup_model import MANY_CALLS, fitting_dataset
from workbench.gui.context import Context
from workbench.gui.key_dialog import with_keys
from workbench.gui.screen import Crumb, Screen
from workbench.gui.widgets.buttons import action_button, button
from workbench.gui.widgets.dialog import ask, ask_text
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.words import cost_last_time, counted
from workbench.values import Changes, ConnectionLost, Definition, NotFound, PromptRef

if TYPE_CHECKING:
    from workbench.workspace import ComparisonRow, OutputRow, RunRow


FAMILIES_MS = 300


class CompareScreen(Screen):
    """Comparisons and their runs."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.model = RunModel(context, self)
        self.overview = Overview()
        self.page = RunPage(context, self.model)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.overview)
        self.tabs = RunTabs(context, self.model, self.page)
        self.pages.addWidget(self.tabs)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        self._families_old = False
        self._let_go = False
        self._families_timer = QTimer(self)
        self._families_timer.setSingleShot(True)
        self._families_timer.setInterval(FAMILIES_MS)
        self._families_timer.timeout.connect(self._renew_families)
        self.exporting = Exporting(context, self, lambda: self.model.run)
        self._duplicate = button("Duplicate", "copy-plus", on=lambda: self.duplicate())
        self._export = button("Export", "download", on=self._export_menu)
        self._new = action_button(context.action("compare.new"), kind="primary")
        self._new.setText("New comparison")
        for id, verb in self.page.verbs().items():
            self.on(id, partial(self.page.act, verb))
        self.on("compare.results", self.tabs.toggle)
        self.on("compare.log", self.tabs.toggle_log)
        self.on("edit.undo", lambda: self.tabs.take_back())
        self.on("edit.redo", lambda: self.tabs.take_back(redo=True))
        self.on("compare.rename_cause", lambda: self.tabs.on_cause("rename"))
        self.on("compare.move_cause", lambda: self.tabs.on_cause("move"))
        self.on("compare.set_up", self.change_set_up)
        self.on("compare.to_baseline", self.compare_with_baseline)
        self.on("compare.mark_baseline", self.mark_baseline)
        self.on("compare.training", self.ask_training)
        self.on("compare.definition", self.ask_definition)
        self.model.loaded.connect(self.crumbs_changed)
        self.model.missing.connect(self._missing)
        self._wanted_output: int | None = None
        self._words = ""
        """What a search found in it."""
        self._hands_over = False
        self.model.loaded.connect(self._go_to_output)
        self.page.run_chosen.connect(lambda run_id: context.go("compare", run_id=run_id))
        self.page.rerun_wanted.connect(self.rerun)
        self.page.menu_wanted.connect(self._fill_menu)
        overview = self.overview
        overview.run_opened.connect(lambda run_id: context.go("compare", run_id=run_id))
        overview.comparison_opened.connect(self._edit_by_id)
        overview.menu_wanted.connect(self._overview_menu)
        overview.key_pressed.connect(self._overview_key)
        overview.new_wanted.connect(self.new)
        overview.starter_wanted.connect(self._starter)

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        run = self.model.run
        if run is None or self.pages.currentWidget() is self.overview:
            return [("Compare", None)]
        return [("Compare", lambda: self.context.go("compare", overview=True)), (run.comparison, None)]

    def top_actions(self) -> list[QWidget]:
        if self.pages.currentWidget() is self.tabs and self.model.run is not None:
            return [self._export, self._new] if self.width() < NARROW else [self._duplicate, self._export, self._new]
        return [self._new]

    def show_at(self, **at: Any) -> None:
        """`run_id`, maybe with `output_id` and the `words` that a search found in it, `hand_over`, or the `tab` results or log;
        `comparison_id` (its newest run); `overview`; or `new` with `prompt_id`, `version`, `model_ids`, or `prompt_versions`
        as (prompt id, number), to set one up."""
        if at.get("run_id") is not None:
            self._wanted_output, self._words = at.get("output_id"), str(at.get("words") or "")
            self._hands_over = bool(at.get("hand_over"))
            self._open(int(at["run_id"]))
            self.tabs.show_tab(str(at.get("tab") or ""))
            self.tabs.focus()
        elif at.get("comparison_id") is not None:
            self._open_comparison(int(at["comparison_id"]))
        elif at.get("new"):
            self._new_from(at)
        elif at.get("start") == "export":
            self.ask_export()
        elif at.get("overview") or self.model.run_id is None:
            self._show_overview()
        else:
            self.tabs.focus()

    def where(self) -> dict[str, Any]:
        if self.pages.currentWidget() is self.tabs and self.model.run_id is not None:
            return {"run_id": self.model.run_id} | ({"tab": self.tabs.tab} if self.tabs.tab else {})
        return {"overview": True}

    def refresh(self, changes: Changes | None) -> None:
        if changes is None:
            self._read_families()
        elif changes.has("comparison", "run", "prompt", "dataset"):
            self._families_old = True
            if not self._families_timer.isActive():
                self._families_timer.start()  # a run under way tells of itself many times a second
        self.model.refresh(changes)
        if changes is not None and changes.has("decision") and self.tabs.shows_results:
            self.tabs.results.read_causes()

    def search_focus(self) -> None:
        if self.pages.currentWidget() is self.overview:
            self.overview.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif self.tabs.shows_log:
            self.tabs.log.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.tabs.show_results(False)
            self.page.find_bar.open()

    def new(self) -> None:
        """Set up a new comparison."""
        self._set_up()

    def panes(self) -> list[QWidget]:
        if self.pages.currentWidget() is self.tabs:
            return self.tabs.panes()
        return [self.overview]

    def toggle_right(self) -> None:
        if not self.tabs.tab:
            self.page.toggle_detail()

    def leave(self) -> bool:
        self.page.detail.judging.save_note()
        self.page.detail.hand.save_draft()
        left = self.page.detail.hand.pictures_left()
        if left and not self._let_go:
            self._ask_to_let_go(left)
            return False
        return True

    def _ask_to_let_go(self, pictures: int) -> None:
        def let_go() -> None:
            self._let_go = True
            self.window().close()

        words = (
            f"{counted(pictures, 'picture')} brought by hand {'is' if pictures == 1 else 'are'} in no answer yet, and kept nowhere else."
        )
        ask(self, "Close without the pictures?", words, "Close without them", let_go, other="Stay")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.oldSize().width() < NARROW) != (self.width() < NARROW):
            self.crumbs_changed.emit()  # Duplicate is in the menu of the run too: on a narrow page the name of the run needs the room

    # -- opening -----------------------------------------------------------------------------------------------

    def _open(self, run_id: int) -> None:
        focus = self.window().focusWidget()
        if focus is not None and self.overview.isAncestorOf(focus):
            focus.clearFocus()  # a page that is hidden with the focus in it looks for the next one among all widgets of the window
        self.pages.setCurrentWidget(self.tabs)
        self.model.open(run_id)
        self.crumbs_changed.emit()
        self.page.table.main.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_to_output(self) -> None:
        """Show the cell of the output that was asked for, now that its run is shown; or how to hand it over."""
        if self._hands_over:
            self._hands_over = False
            self.page.batches.hand_over()
        wanted, self._wanted_output = self._wanted_output, None
        if wanted is not None:
            self.context.bridge.read(
                self.context.ws.runs.output, wanted, then=self._show_output, failed=lambda _error: None, owner=self, key="compare.wanted"
            )

    def _show_output(self, row: OutputRow) -> None:
        if row.run_id == self.model.run_id:
            self.page.find_bar.show_search(self._words)
            self.page.show_cell(row.case_index, row.column, row.repeat)
            self.page.table.main.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_overview(self) -> None:
        self.page.detail.judging.save_note()
        self.pages.setCurrentWidget(self.overview)
        self._renew_families()
        self.crumbs_changed.emit()
        self.overview.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_comparison(self, comparison_id: int) -> None:
        def found(row: ComparisonRow) -> None:
            if row.last_run_id is not None:
                self._open(row.last_run_id)
            else:
                self._show_overview()
                self._set_up(row.definition, row.id)

        self.context.bridge.read(self.context.ws.comparisons.get, comparison_id, then=found, failed=self._missing, owner=self)

    def _missing(self, error: BaseException) -> None:
        if isinstance(error, ConnectionLost) and self.model.is_shown:
            return  # what is on the screen stays there and is read again when the server is back; the status bar says that it is away
        self.model.close()
        self._show_overview()
        if not isinstance(error, NotFound):
            self.context.failed(error)

    def _renew_families(self) -> None:
        if self._families_old and self.pages.currentWidget() is self.overview and self.context.workspace is not None:
            self._read_families()

    def _read_families(self) -> None:
        self._families_old = False
        self.context.bridge.read(
            read_families, self.context.ws, then=self.overview.show_families, owner=self, key=("compare.families", id(self))
        )  # fmt: skip

    # -- setting up --------------------------------------------------------------------------------------------

    def _set_up(self, definition: Definition | None = None, comparison_id: int | None = None) -> SetupDialog:
        dialog = SetupDialog(
            self, self.context, definition=definition, comparison_id=comparison_id,
            started=lambda run_id, hand_over: self.context.go("compare", run_id=run_id, hand_over=hand_over),
            saved=lambda _comparison: self._saved_draft(),
        )  # fmt: skip
        dialog.open()
        return dialog

    def _saved_draft(self) -> None:
        self.context.notice("Saved. Nothing was sent.")
        if self.model.run_id is None:
            self._show_overview()

    def _new_from(self, at: dict[str, Any]) -> None:
        if self.model.run_id is None:
            self._show_overview()
        if not {"prompt_id", "prompt_versions", "model_ids", "dataset_id"} & set(at):
            self._set_up()
            return
        ws = self.context.ws

        def build() -> Definition:
            prompts: tuple[PromptRef, ...] = ()
            if at.get("prompt_id") is not None:
                row = ws.prompts.get(int(at["prompt_id"]))
                wanted = at.get("versions") or ([at["version"]] if at.get("version") else [])
                numbers = [int(number) for number in wanted] or [
                    version.number for version in ws.versions.list(row.id, with_figures=False)[:2]
                ]
                prompts = tuple(PromptRef(row.uid, number) for number in numbers)
            elif at.get("prompt_versions"):
                prompts = tuple(PromptRef(ws.prompts.get(id).uid, number) for id, number in at["prompt_versions"])
            models = tuple(ws.connections.model(int(model)).uid for model in at.get("model_ids") or ())
            if not models:
                models = tuple(model.uid for model in ws.connections.models() if model.answers)[:1]
            dataset = ws.datasets.get(int(at["dataset_id"])).uid if at.get("dataset_id") is not None else None
            if dataset is None:
                dataset = fitting_dataset(ws, prompts)
            return Definition("", prompts, models, dataset, concurrency=int(ws.settings.get("concurrency")))

        self.context.bridge.read(build, then=lambda made: self._set_up(made), owner=self)

    def change_set_up(self) -> None:
        """Change the comparison of the open run: other prompts, models, cases or checks for its next run."""
        comparison = self.model.data.comparison if self.model.data is not None else None
        if comparison is None or comparison.archived:
            self.context.notice("Open a run of a saved comparison to change its set-up.")
        else:
            self._edit_by_id(comparison.id)

    def _edit_by_id(self, comparison_id: int) -> None:
        self.context.bridge.read(
            self.context.ws.comparisons.get, comparison_id, then=lambda row: self._set_up(row.definition, row.id), owner=self
        )  # fmt: skip

    def _starter(self) -> None:
        self.context.go("welcome")

    # -- verbs on the open run ---------------------------------------------------------------------------------

    def rerun(self, only: str = "all") -> None:
        """A new run beside this one, as it was defined."""
        run = self.model.run
        if run is None or self.model.running:
            return
        from decimal import Decimal

        limit = Decimal(str(self.context.settings.get("ask_above_usd") or "1"))

        def go() -> None:
            self.model.rerun(lambda run_id: self.context.go("compare", run_id=run_id), only)

        dear, calls = run.cost_usd is not None and run.cost_usd > limit, run.jobs - self.model.carried
        if only == "all" and (dear or calls > MANY_CALLS):
            text = cost_last_time(calls, run.cost_usd, run.reused)
            ask(self, "Rerun this comparison?", text, f"Start {calls:,} calls", go, danger=False)
        else:
            go()

    def duplicate(self, comparison_id: int | None = None) -> None:
        """A copy of the comparison, opened for changes; nothing is sent."""
        data = self.model.data
        id_ = comparison_id if comparison_id is not None else data.run.comparison_id if data is not None else None
        if id_ is None:
            self.context.notice("This run came from a file. Save it as a comparison first.")
            return
        self.context.bridge.call(self.context.ws.comparisons.duplicate, id_, then=self._edit_by_id, owner=self)

    def _cases_row(self, dataset: str, run: RunRow) -> tuple[str, Any, bool]:
        """The way to the cases of a run as they were, whatever was edited since."""
        verb = partial(self.context.go, "datasets", version_id=run.dataset_version_id)
        return f"Its cases as they were: {dataset} v{run.dataset_version}", verb, True

    def _fill_menu(self, menu: QMenu) -> None:
        data, run = self.model.data, self.model.run
        if data is None or run is None:
            return
        idle, saved = not self.model.running, data.comparison is not None and not data.comparison.archived
        rows: list[tuple[str, Any, bool]] = [
            ("Rerun as it was defined", lambda: self.rerun(), idle),
            ("Rerun what failed a call or a check", lambda: self.rerun("failed"), idle and run.done + run.failed > 0),
            ("Checks, score again", self.page.scoring.change_checks, idle),
            ("Judge this run", self.page.judges.judge, idle and data.to_judge + data.unread > 0),
            ("Judge again", self.page.judges.judge_again, idle and data.has_judges and run.done > 0),
            ("Hand over as batch…", self.page.batches.hand_over, idle and run.queued > 0 and not self.context.ws.read_only),
            ("Read batch results…", self.page.batches.read_results, not self.context.ws.read_only),
            ("Change the set-up", self.change_set_up, saved),
            ("Rename", lambda: self._rename(data.comparison), saved),
            ("Duplicate", lambda: self.duplicate(), data.comparison is not None),
            ("Review blind", lambda: self.context.go("review", run_id=run.id), run.done > 0),
            ("Make a review packet…", self.page.make_packet, run.done > 0 and not self.context.ws.read_only),
            ("Compare with baseline", self.compare_with_baseline, run.done + run.failed > 0),
            ("Mark as baseline", self.mark_baseline, idle and run.comparison_id is not None and run.done > 0),
            *([self._cases_row(data.dataset, run)] if run.dataset_version_id is not None else []),
            ("Move to the archive", lambda: self._archive(data.comparison), saved and idle),
        ]
        for text, verb, on in rows:
            action = menu.addAction(text)
            action.setEnabled(on)
            action.triggered.connect(lambda _checked=False, verb=verb: verb())

    def compare_with_baseline(self, run: RunRow | None = None) -> None:
        """Show what a run (the open one) did to the cases of its baseline."""
        run = run or self.model.run
        if run is None:
            self.context.notice("Open a run to compare it with its baseline.")
        else:
            self.context.go("insights", run_id=run.id)

    def mark_baseline(self, run: RunRow | None = None) -> None:
        """Make a run (the open one) the baseline of its comparison."""
        run = run or self.model.run
        if run is None:
            self.context.notice("Open a run to mark it as baseline.")
        else:
            mark_baseline(self.context, self, run)

    def _rename(self, row: ComparisonRow | None) -> None:
        if row is None:
            return

        def rename(name: str) -> None:
            def done(_nothing: object) -> None:
                if self.model.run_id is not None:
                    self.model.open(self.model.run_id)

            self.context.bridge.call(self.context.ws.comparisons.rename, row.id, name, then=done, owner=self)

        ask_text(self, "Rename the comparison", "Name", row.name, "Rename", rename)

    def _archive(self, row: ComparisonRow | None) -> None:
        if row is None:
            return
        comparisons = self.context.ws.comparisons

        def undo() -> None:
            self.context.bridge.call(comparisons.restore, [row.id], owner=self)

        def done(_nothing: object) -> None:
            if self.model.run is not None and self.model.run.comparison_id == row.id:
                self.model.close()
                self._show_overview()
            self.context.notice(f"{row.name} moved to the archive. Its runs stay.", "Undo", undo)

        self.context.bridge.call(comparisons.archive, [row.id], then=done, owner=self)

    # -- exporting ---------------------------------------------------------------------------------------------

    def _export_menu(self) -> None:
        menu = PopupMenu(self)
        self.exporting.fill(menu)
        menu.popup(self._export.mapToGlobal(self._export.rect().bottomLeft()))

    def ask_export(self) -> None:
        """Offer the forms in which the open run can be exported (Ctrl+E)."""
        if self.pages.currentWidget() is self.tabs and self.model.run is not None:
            self._export_menu()
            return
        chosen = self.overview.selected()
        if isinstance(chosen, Family) and chosen.comparison is not None:
            self.exporting.definition(chosen.comparison)
        else:
            self.context.notice("Open a run to export its outputs, or choose a comparison to export it for promptfoo.")

    def ask_definition(self) -> None:
        """Export the comparison of the open run, or the chosen one, for promptfoo."""
        chosen = self.overview.selected() if self.pages.currentWidget() is self.overview else None
        if isinstance(chosen, Family) and chosen.comparison is not None:
            self.exporting.definition(chosen.comparison)
        elif self.model.run is not None and self.pages.currentWidget() is self.tabs:
            self.exporting.definition()
        else:
            self.context.notice("Choose a comparison, or open one of its runs, to export it for promptfoo.")

    def ask_training(self) -> None:
        """Choose which answers of the open run become training data."""
        if self.model.run is not None:
            self.exporting.training()
        else:
            self.context.notice("Open a run to make training data of its ratings.")

    # -- the list ----------------------------------------------------------------------------------------------

    def _overview_menu(self, row: Family | RunRow, at: QPoint) -> None:
        menu = PopupMenu(self)
        for text, what in self._offers(row):
            menu.addAction(text).triggered.connect(lambda _checked=False, what=what: self._overview_key(what, row))
        menu.popup(at)

    @staticmethod
    def _offers(row: Family | RunRow) -> list[tuple[str, str]]:
        if not isinstance(row, Family):
            offers = [("Open", "open"), ("Rerun as it was defined", "rerun"), ("Review blind", "review")]
            return [*offers, ("Compare with baseline", "to_baseline"), ("Mark as baseline", "mark_baseline")]
        offers = [("Open the newest run", "open")] if row.runs else []
        if row.comparison is not None:
            offers += [("Start a new run", "start"), ("Change the set-up", "edit"), ("Rename", "rename")]
            offers += [("Duplicate", "duplicate"), ("Export for promptfoo…", "definition"), ("Move to the archive", "archive")]
        return offers

    def _overview_key(self, what: str, row: Family | RunRow | None) -> None:
        if row is None:
            return
        ws, bridge, go = self.context.ws, self.context.bridge, self.context.go

        def started(run_id: int) -> None:
            self.context.start_run(run_id)
            go("compare", run_id=run_id)

        if isinstance(row, Family):
            comparison = row.comparison
            if what == "open" and row.runs:
                go("compare", run_id=row.runs[0].id)
            elif comparison is None:
                return
            elif what == "start":
                models = comparison.definition.model_uids
                begin = partial(bridge.call, ws.runs.start_comparison, comparison.id, then=started, owner=self)
                keyed = partial(with_keys, self.context, self, begin, model_uids=models)
                with_code_of(self.context, self, comparison.definition, keyed)
            elif what == "edit":
                self._set_up(comparison.definition, comparison.id)
            elif what == "rename":
                self._rename(comparison)
            elif what == "duplicate":
                self.duplicate(comparison.id)
            elif what == "definition":
                self.exporting.definition(comparison)
            elif what == "archive":
                self._archive(comparison)
        elif what == "open":
            go("compare", run_id=row.id)
        elif what == "rerun":
            with_consent(self.context, self, partial(bridge.call, ws.runs.rerun, row.id, "all", then=started, owner=self), run_id=row.id)
        elif what == "review":
            go("review", run_id=row.id)
        elif what == "to_baseline":
            self.compare_with_baseline(row)
        elif what == "mark_baseline":
            self.mark_baseline(row)
