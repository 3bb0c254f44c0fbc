"""Which Python code of checks may run on this computer: what somebody here said yes to, for this workspace and for just this code.

It is kept in the settings of this computer and not in the workspace: a workspace that somebody sends must not bring its own consent.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress

from workbench import plan as plans
from workbench.evaluators import Facts, Program, programs_of
from workbench.plan import Plan
from workbench.quick_dataclass import replace
from workbench.settings import Settings
from workbench.values import Check, Problem, every_check

KEY = "checks.allowed_code"
_MOST_KEPT = 500


class CodeConsent:
    """The consent of one workspace."""

    def __init__(self, settings: Settings, place: str) -> None:
        self._settings, self._place = settings, place
        self._guard = threading.Lock()
        self.allow_all = False
        """True where whoever started this process allowed all code, for as long as it lives."""

    def allow(self, hashes: Iterable[str]) -> None:
        """Remember a yes to programs, by their hashes."""
        with self._guard:
            kept = self._kept()
            mine = dict.fromkeys((*kept.get(self._place, ()), *hashes))
            self._settings.set(KEY, {**kept, self._place: list(mine)[-_MOST_KEPT:]})

    def forget(self) -> None:
        """Take back every yes that was given for this workspace."""
        with self._guard:
            self._settings.set(KEY, {place: hashes for place, hashes in self._kept().items() if place != self._place})

    def count(self) -> int:
        """How many programs are allowed here."""
        return len(self._kept().get(self._place, ()))

    def lacking(self, checks: Iterable[Check]) -> list[Program]:
        """The programs of these checks that wait for a yes. Reads their files and runs nothing."""
        allowed = frozenset(self._kept().get(self._place, ()))
        return [] if self.allow_all else [program for program in programs_of([*checks]) if program.hash not in allowed]

    def allowed(self, checks: Iterable[Check]) -> frozenset[str]:
        """The hashes of those programs of these checks that may run."""
        kept = frozenset(self._kept().get(self._place, ()))
        return frozenset(program.hash for program in programs_of([*checks]) if self.allow_all or program.hash in kept)

    def _kept(self) -> dict[str, list[str]]:
        found = self._settings.get(KEY)
        return {
            str(place): [str(item) for item in hashes] for place, hashes in found.items() if isinstance(hashes, list)
        } if isinstance(found, dict) else {}  # fmt: skip


def checks_of(plan: Plan) -> list[Check]:
    """All checks of a plan, those of its cases included, each once."""
    return every_check(plan.checks, [plan.cases[index] for index in sorted(plan.own_checks_at)])


def with_prompt(facts: Facts, plan: Plan, column: int, case: int, checks: Iterable[Check]) -> Facts:
    """The facts with the prompt as it was sent, where one of the checks is a program that may look at it."""
    if not any("python" in check.type or check.type.endswith("assert-set") for check in checks):
        return facts
    with suppress(Problem):
        return replace(facts, prompt="\n\n".join(message.text for message in plans.request(plan, column, case).messages))
    return facts
