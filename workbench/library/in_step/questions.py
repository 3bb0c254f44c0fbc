"""What both sides changed, each in its own way: it is asked about, or done as was chosen for just this state of both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from workbench.formats.conflict_text import sides
from workbench.formats.library_file import PromptFile, read_prompt
from workbench.formats.library_layout import folded
from workbench.library.cases import Query
from workbench.library.in_step import first_meeting, reading
from workbench.library.in_step.agreed import Agreed
from workbench.library.in_step.bringing import Arriving, theirs
from workbench.library.in_step.inside import Thing
from workbench.library.in_step.outside import Look, Unit
from workbench.library.in_step.plan import Plan
from workbench.library.in_step.records import Choice, Conflict, Reason, Settled
from workbench.library.in_step.writing import Writing
from workbench.quick_dataclass import replace


class Questions:
    """Those of one round. `answers` by path say what was chosen, `settle` says it for all."""

    def __init__(self, query: Query, look: Look, writing: Writing, answers: Mapping[str, Settled], settle: Choice | None) -> None:
        self._query, self._look, self._writing = query, look, writing
        self._answers = {folded(path): answer for path, answer in answers.items()}
        self._settle = settle
        self.conflicts: list[Conflict] = []

    def ask(self, plan: Plan, unit: Unit | None, base: Agreed | None, thing: Thing, reason: Reason, label: str = "") -> None:
        """Ask, or plan what was chosen about just this state of both sides."""
        path = unit.path if unit else base.path if base else ""
        mark = hashlib.sha256(f"{unit.hash if unit else ''} {thing.digest} {reason}".encode()).hexdigest()
        answer = self._answers.get(folded(path))
        if answer is None and self._settle is not None:
            answer = Settled(self._settle, mark)
        if answer is not None and answer.mark in ("", mark):
            self._do(plan, unit, base, thing, reason, answer, label)
            return
        text = self._look.text(path) if unit else ""
        both = sides(text)
        before = base.text if base else ""
        if reason == "git" or base is None:  # what git merged from is older than what was last agreed on
            common = first_meeting.before(self._query, thing, self._look, path)
            before = both.before if both is not None and both.before is not None else common or before
        mine = "" if reason == "archived" else self._writing.fresh(thing, path).get(path, "")
        file, line = (reading.unmerged(self._look, path, text) if reason == "git" else None) or (base.path if base else "", None)
        there = theirs(text) if unit else ""
        self.conflicts.append(Conflict(path, thing.kind, thing.name, reason, mine, before, there, mark, label, file, line))

    def _do(self, plan: Plan, unit: Unit | None, base: Agreed | None, thing: Thing, reason: Reason, answer: Settled, label: str) -> None:
        choice = answer.choice
        if unit is None:
            assert base is not None
            if choice == "theirs":
                plan.archive.append((thing, base))
            else:
                plan.write.append((thing, answer.text or base.text))
            return
        if reason == "archived" and choice in ("mine", "both"):
            assert base is not None
            plan.remove.append((thing, replace(base, path=unit.path)))
        text = theirs(self._look.text(unit.path))
        plan.bring.append(Arriving(unit, base, thing, text, answer, reason, label))

    def protected_label(self, unit: Unit, base: Agreed, thing: Thing, text: str) -> str:
        """A protected label that a prompt's file moves or takes off; empty if it moves none."""
        rows = self._query("SELECT name FROM label WHERE prompt_id = :id AND protected = 1 ORDER BY name", {"id": thing.id})
        if not rows:
            return ""
        now, before = self._labels(unit.path, text), self._labels(base.path, base.text)
        return next((name for (name,) in rows if now.get(name) != before.get(name)), "")

    def _labels(self, path: str, text: str) -> Mapping[str, int]:
        file: PromptFile = read_prompt(reading.checked(self._look.folder, path, text, "prompt"), "")
        return file.labels or {}
