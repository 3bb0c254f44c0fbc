"""What leads away from two compared runs: the whole prompt diff, library, grid, another run, a file."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.gui.code_dialog import with_consent
from workbench.gui.context import Context
from workbench.gui.insights.comparing import Answers
from workbench.gui.insights.prompt_change import PromptDiffDialog
from workbench.gui.widgets.dialog import ask
from workbench.gui.words import cost_last_time

if TYPE_CHECKING:
    from workbench.workspace import ComparedCase, RunPair, RunRow, Workspace

MANY_CALLS = 200


class Ways:
    """The verbs on two runs, and on one case of them, that go elsewhere."""

    def __init__(self, context: Context, screen: QWidget) -> None:
        self._context, self._screen = context, screen

    def show_prompt_diff(self, answers: Answers | None) -> None:
        """Both prompts beside each other (Ctrl+D)."""
        if answers is None or not answers.prompt.edits:
            self._context.notice("The prompt is the same in both runs.")
            return
        PromptDiffDialog(self._screen, "What changed in the prompt", answers.prompt).open()

    def open_prompt(self, pair: RunPair, change: ComparedCase) -> None:
        """The prompt of the rerun in the library, at its version."""
        variant = pair.plan.columns[pair.regression.pairs[change.pair].column].variant
        ws, uid, number = self._context.ws, variant.prompt_uid, variant.version

        def find() -> tuple[int, int | None] | None:
            row = next((row for row in ws.prompts.list() if row.uid == uid), None)
            if row is None:
                return None
            versions = ws.versions.list(row.id, with_figures=False)
            return row.id, next((version.id for version in versions if version.number == number), None)

        def show(found: tuple[int, int | None] | None) -> None:
            if found is None:
                self._context.notice(f"{variant.prompt} is not in the library. The run keeps what was sent.")
            else:
                self._context.go("library", prompt_id=found[0], version_id=found[1], read=True)

        self._context.bridge.read(find, then=show, owner=self._screen)

    def open_answer(self, pair: RunPair, change: ComparedCase) -> None:
        """The answer of the rerun in its grid."""
        ws, run_id = self._context.ws, pair.run.id
        column = pair.regression.pairs[change.pair].column

        def find() -> int | None:
            cells = ws.runs.cells(run_id, change.case, change.case)
            return next((cell.output_id for cell in cells if cell.column == column), None)

        self._context.bridge.read(
            find, then=lambda output_id: self._context.go("compare", run_id=run_id, output_id=output_id), owner=self._screen
        )

    def rerun(self, run: RunRow) -> None:
        """A new run of the frozen plan; where it is dear, the price is said first."""
        context, screen = self._context, self._screen

        def started(run_id: int) -> None:
            context.start_run(run_id)
            context.go("compare", run_id=run_id)

        def go() -> None:
            begin = partial(context.bridge.call, context.ws.runs.rerun, run.id, "all", then=started, owner=screen)
            with_consent(context, screen, begin, run_id=run.id)

        limit = Decimal(str(context.settings.get("ask_above_usd") or "1"))
        if (run.cost_usd is not None and run.cost_usd > limit) or run.jobs > MANY_CALLS:
            text = cost_last_time(run.jobs, run.cost_usd, run.reused)
            ask(screen, "Rerun this comparison?", text, f"Start {run.jobs:,} calls", go, danger=False)
        else:
            go()

    def ask_export(self, pair: RunPair) -> None:
        """Ask for a file name; what `workbench diff` prints, or its JSON."""
        name = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in pair.run.comparison).strip() or "rerun"
        start = str(Path.home() / f"{name}, run {pair.run.number} against {pair.baseline.number}.txt")
        chooser = QFileDialog(self._screen, "Export what changed", start)
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setNameFilters(["Text (*.txt)", "JSON (*.json)"])
        chooser.setDefaultSuffix("txt")
        chooser.filterSelected.connect(lambda chosen: chooser.setDefaultSuffix("json" if "json" in chosen else "txt"))
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(lambda path: self.export(pair, Path(path)))
        chooser.open()

    def export(self, pair: RunPair, path: Path) -> None:
        """Write what changed to a file: JSON where its name ends so, else text."""
        self._context.bridge.read(
            _write, self._context.ws, pair, path, then=lambda _nothing: self._context.notice(f"Exported to {path}."),
            failed=lambda error: self._context.failed(error, lambda: self.export(pair, path)), owner=self._screen,
        )  # fmt: skip


def _write(ws: Workspace, pair: RunPair, path: Path) -> None:
    from workbench.quick_dataclass import replace
    from workbench.workspace import regressions

    now = replace(pair, decisions=ws.regressions.decisions.of(pair.run.id, pair.baseline.id))
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(regressions.document(now), ensure_ascii=False, indent=2) + "\n", "utf-8")
    else:
        path.write_text(regressions.text(now) + "\n", "utf-8")
