"""What leaves the app of a run: its outputs, a summary, a report, and training data. Written beside the window, and can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.save_chooser import ask_path
from workbench.gui.words import counted
from workbench.values import Stopped

if TYPE_CHECKING:
    from workbench.values import Progress
    from workbench.workspace import RunRow, TrainingReport, TrainingWish, Workspace

FORMS = (
    ("csv", "Outputs with checks and ratings as CSV…", "CSV"),
    ("xlsx", "The same as an Excel workbook…", "Excel workbook"),
    ("jsonl", "The same as JSON Lines…", "JSON Lines"),
    ("md", "Summary for a pull request (Markdown)…", "Markdown"),
    ("html", "Report as one HTML file…", "HTML"),
)
"""Ending, words of the menu, name of the kind of file."""


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
    name = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in run.comparison)[:80].strip() or "outputs"
    return f"{name}, run {run.number}"


def _write(ws: Workspace, run_id: int, path: Path, kind: str, progress: Progress) -> int:
    return ws.exports.write(run_id, path, kind, progress)


def _write_training(ws: Workspace, run_id: int, path: Path, wish: TrainingWish, progress: Progress) -> TrainingReport:
    return ws.exports.write_training([run_id], path, wish, progress)
