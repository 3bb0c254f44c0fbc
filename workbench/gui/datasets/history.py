"""Undo and redo of what was done to datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workbench.quick_dataclass import dataclass

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, and how to take it back and do it again."""

    text: str
    undo: Callable[[], object]
    redo: Callable[[], object]
    datasets: frozenset[int]
    """The datasets in which it can be taken back: a split in the one that was split and in its parts."""


class History:
    """Steps of all datasets, newest last. Only those of the one that is shown are taken back: nothing changes out of sight."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self.dataset = 0
        """Id of the dataset that is shown."""

    def add(self, text: str, undo: Callable[[], object], redo: Callable[[], object], also: Iterable[int] = ()) -> Callable[[], None]:
        """Remember a step that was just done in the dataset that is shown, and maybe in others. The answer takes just this step back."""
        step = Step(text, undo, redo, frozenset({self.dataset, *also}))
        self._done.append(step)
        del self._done[:-_LONGEST]
        self._undone = [other for other in self._undone if not other.datasets & step.datasets]

        def take_back() -> None:
            if step in self._done:
                self._done.remove(step)
                self._undone.append(step)
                step.undo()

        return take_back

    def forget(self, text: str) -> None:
        """Forget the last step if it has this name: it came to nothing."""
        if self._done and self._done[-1].text == text:
            self._done.pop()

    def undo(self) -> str:
        """Take the last step back; the answer says which one, empty if there is none."""
        return self._move(self._done, self._undone, "undo")

    def redo(self) -> str:
        """Do the step again that was taken back last."""
        return self._move(self._undone, self._done, "redo")

    def _move(self, source: list[Step], target: list[Step], what: str) -> str:
        step = next((step for step in reversed(source) if self.dataset in step.datasets), None)
        if step is None:
            return ""
        source.remove(step)
        target.append(step)
        (step.undo if what == "undo" else step.redo)()
        return step.text
