"""The library folder of a workspace: chosen once, then kept in step on demand or whenever something changes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.library.in_step import agreed
from workbench.library.in_step.records import Choice, Settled, StepReport
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput, Progress, Steps

if TYPE_CHECKING:
    from workbench.library.comparisons import Comparisons
    from workbench.library.datasets import Datasets
    from workbench.library.in_step.outside import Look
    from workbench.library.in_step.round import Deletions
    from workbench.store.database import Database


@dataclass(frozen=True, slots=True)
class Chosen:
    """The folder that a workspace is kept in step with."""

    path: str
    in_step_at: str | None
    """When it last was; None: not yet."""


class LibraryFolder:
    """The verbs on it. Any thread; one round at a time."""

    def __init__(self, database: Database, datasets: Datasets, comparisons: Comparisons) -> None:
        self._database, self._datasets, self._comparisons = database, datasets, comparisons
        self._looks: dict[str, Look] = {}
        self._guard = threading.Lock()

    def chosen(self) -> Chosen | None:
        """The folder that was chosen; None if none is."""
        found = agreed.chosen(self._database)
        return Chosen(*found) if found else None

    def choose(self, folder: str | Path) -> None:
        """Keep the workspace in step with this folder from now on. Nothing is read or written yet. Raises BadInput for a file."""
        path = _place(folder)
        if path.exists() and not path.is_dir():
            raise BadInput(f"{path} is a file.", remedy="Choose a folder.")
        agreed.choose(self._database, str(path))

    def forget(self) -> None:
        """Keep in step with no folder any more. Files and workspace stay as they are."""
        agreed.choose(self._database, None)

    def look(self) -> str:
        """A mark that changes when something in the chosen folder does; it costs one look at each file's time. Raises BadInput."""
        chosen = self.chosen()
        if chosen is None:
            return ""
        with self._guard:
            return self._look_of(Path(chosen.path)).all().mark

    def sync(
        self,
        folder: str | Path | None = None,
        *,
        answers: Mapping[str, Settled] | None = None,
        settle: Choice | None = None,
        deletions: Deletions = "ask",
        progress: Progress | None = None,
    ) -> StepReport:
        """What was done to bring both sides in step: the chosen folder, or another one.

        `answers` by path say what to do where both sides changed, `settle` says it for all. `deletions`: what very many missing files
        mean. Raises BadInput where the folder is not there or cannot be read, ReadOnly, and Stopped where the progress does: what was
        done until then stays, and the next round goes on.
        """
        from workbench.library.in_step.round import Round  # only a folder needs it

        self._database.refuse_if_read_only()
        chosen = self.chosen()
        if folder is None and chosen is None:
            raise BadInput("No library folder was chosen yet.", remedy="Name a folder.")
        path = _place(folder) if folder is not None else Path(chosen.path if chosen else "")
        with self._guard:
            if not path.exists() and not agreed.read(self._database, str(path)):
                _make(path)
            look = self._look_of(path)
            return Round(self._database, self._datasets, self._comparisons, look, Steps(progress), answers or {}, settle, deletions).run()

    def check(self, path: str, text: str) -> None:
        """Raises BadInput with the line for a text that could not be the file at this path of the chosen folder."""
        from workbench.library.in_step import reading  # only a folder needs it
        from workbench.library.in_step.outside import kind_of_path

        chosen, kind = self.chosen(), kind_of_path(path)
        if chosen is not None and kind is not None:
            reading.check(self._look_of(Path(chosen.path)), path, text, kind)

    def _look_of(self, path: Path) -> Look:
        from workbench.library.in_step.outside import Look  # only a folder needs it

        return self._looks.setdefault(str(path), Look(path))


def _place(folder: str | Path) -> Path:
    return Path(folder).expanduser().absolute()


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{path} cannot be made ({error.strerror}).", remedy="Choose another folder.") from error
