"""What leaves the app of a run: outputs, summary, report, training data, and its comparison as a file of another tool.

Written beside the window, and can be stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.save_chooser import ask_path
from workbench.gui.words import counted
from workbench.values import Stopped

if TYPE_CHECKING:
    from workbench.values import Progress
    from workbench.workspace import ComparisonRow, ForeignExport, RunRow, TrainingReport, TrainingWish, Workspace

FORMS = (
    ("csv", "Outputs with checks and ratings as CSV…", "CSV"),
    ("xlsx", "The same as an Excel workbook…", "Excel workbook"),
    ("jsonl", "The same as JSON Lines…", "JSON Lines"),
    ("md", "Summary for a pull request (Markdown)…", "Markdown"),
    ("html", "Report as one HTML file…", "HTML"),
)
"""Ending, words of the menu, name of the kind of file."""
_MOST_LOST = 12


class Exporting(QObject):
    """The exports of the run that is open on a screen."""

    def __init__(self, context: Context, owner: QWidget, run: Callable[[], RunRow | None]) -> None:
        super().__init__(owner)
        self._context, self._owner, self._run = context, owner, run

    def fill(self, menu: QMenu) -> None:
        """The forms in which the run can be exported."""
        for kind, text, _name in FORMS:
            menu.addAction(text).triggered.connect(lambda _checked=False, kind=kind: self.choose(kind))
        menu.addSeparator()
        menu.addAction("Training data from ratings…").triggered.connect(lambda _checked=False: self.training())
        menu.addSeparator()
        run = self._run()
        action = menu.addAction("The comparison as a promptfoo configuration…")
        action.setEnabled(run is not None and run.comparison_id is not None)
        action.triggered.connect(lambda _checked=False: self.definition())

    def choose(self, kind: str) -> None:
        """Ask for a file name without holding up the window, then write the run."""
        run = self._run()
        if run is not None:
            name = next(name for ending, _text, name in FORMS if ending == kind)
            self._ask("Export the run", f"{_file_name(run)}.{kind}", f"{name} (*.{kind})", lambda path: self.write(kind, path))

    def write(self, kind: str, path: Path) -> None:
        """Write the open run to a file."""
        run = self._run()
        if run is not None:
            self._work(path, _write, run.id, path, kind, again=lambda: self.write(kind, path), then=lambda _count: self._tell(path))

    def training(self) -> None:
        """Choose which answers become training data."""
        run = self._run()
        if run is None:
            return
        from workbench.gui.compare.training_dialog import TrainingDialog  # only when it is asked for

        TrainingDialog(self._owner, self._context, run, self.choose_training).open()

    def choose_training(self, run_id: int, wish: TrainingWish) -> None:
        """Ask for the file of the training data, then write it."""
        run = self._run()
        name = f"{_file_name(run) if run is not None else 'training'}, {wish.format}.jsonl"
        self._ask("Export training data", name, "JSON Lines (*.jsonl)", lambda path: self.write_training(run_id, wish, path))

    def write_training(self, run_id: int, wish: TrainingWish, path: Path) -> None:
        """Write training data to a file."""

        def told(report: TrainingReport) -> None:
            self._tell(path, f"Wrote {counted(report.examples, 'example')} to {path}.")

        self._work(path, _write_training, run_id, path, wish, again=lambda: self.write_training(run_id, wish, path), then=told)

    def definition(self, row: ComparisonRow | None = None) -> None:
        """Ask for a file name, then write a saved comparison (that of the open run) for promptfoo: prompts, models, cases and checks."""
        run = self._run()
        id_, name = (row.id, row.name) if row is not None else (run.comparison_id, run.comparison) if run is not None else (None, "")
        if id_ is None:
            self._context.notice("This run came from a file. Save it as a comparison first.")
            return
        kinds = "promptfoo configuration (*.yaml *.yml)"
        self._ask("Export the comparison", f"{_plain(name)}, promptfooconfig.yaml", kinds, lambda path: self.write_definition(id_, path))

    def write_definition(self, comparison_id: int, path: Path) -> None:
        """Write a saved comparison to a file, and tell what has no place in it."""
        self._context.bridge.read(
            partial(self._context.ws.files.export_comparison, path, comparison_id, replace_files=True),
            then=self._written_definition,
            failed=lambda error: self._context.failed(error, lambda: self.write_definition(comparison_id, path)),
            owner=self._owner,
        )

    def _written_definition(self, report: ForeignExport) -> None:
        if report.rejected:
            self._context.notice(f"Nothing was written. {report.rejected[0].reason}")
            return
        lost = report.sentences()
        name = report.files[0] if report.files else "The file"
        said = f"Wrote {name} to {report.folder}." if report.files else f"The file in {report.folder} says the same already."
        if not lost:
            self._context.notice(f"{said} All of it has a place there.")
            return
        made = Dialog(self._owner, "What has no place in the file", width=560)
        made.body.addWidget(label(said, "body", "text", wrap=True))
        for why, paths in lost[:_MOST_LOST]:
            made.body.addWidget(label(f"{', '.join(dict.fromkeys(paths))}: {why}", "body", "text2", wrap=True))
        if len(lost) > _MOST_LOST:
            made.body.addWidget(label(f"and {len(lost) - _MOST_LOST:,} more", "small", "text2"))
        made.first = made.add_button("Close", made.accept, kind="primary")
        made.open()

    # -- how it is done ----------------------------------------------------------------------------------------

    def _ask(self, title: str, name: str, kinds: str, then: Callable[[Path], object]) -> None:
        start = Path(self._context.settings.get("export.runs") or Path.home())

        def chosen(path: Path) -> None:
            self._context.settings.set("export.runs", str(path.parent))
            then(path)

        ask_path(self._owner, title, (start if start.is_dir() else Path.home()) / name, kinds, chosen)

    def _work(self, path: Path, verb: Callable[..., Any], *args: Any, again: Callable[[], object], then: Callable[[Any], object]) -> None:
        def failed(problem: BaseException) -> None:
            if isinstance(problem, Stopped):
                self._context.notice("Stopped. Nothing was written.")
            else:
                self._context.failed(problem, again)

        self._context.work.begin(
            f"Writing {path.name}", verb, self._context.ws, *args, then=then, failed=failed, owner=self._owner, reads=True
        )

    def _tell(self, path: Path, words: str = "") -> None:
        self._context.notice(words or f"Exported to {path}.")


def _file_name(run: RunRow) -> str:
    return f"{_plain(run.comparison)}, run {run.number}"


def _plain(name: str) -> str:
    """A name as a file's."""
    return "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in name)[:80].strip() or "outputs"


def _write(ws: Workspace, run_id: int, path: Path, kind: str, progress: Progress) -> int:
    return ws.exports.write(run_id, path, kind, progress)


def _write_training(ws: Workspace, run_id: int, path: Path, wish: TrainingWish, progress: Progress) -> TrainingReport:
    return ws.exports.write_training([run_id], path, wish, progress)
