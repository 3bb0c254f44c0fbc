"""What the page of raters shows, read from the workspace off the Qt thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.gui.words import counted
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import Advice, Calibration, Mark, Workspace

CELLS = {"agree_pass": "agree", "too_strict": "too strict", "let_through": "let through", "agree_fail": "agree"}
RATED_AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Measured:
    """One judge, what is said of it, and who was found right where it and people disagree."""

    found: Calibration
    advice: Advice
    rulings: Mapping[int, str]

    def listed(self, which: str) -> list[Mark]:
        """The answers of a filter: `all` disagreements, one of CELLS, or `contradicts`."""
        if which == "contradicts":
            return list(self.found.contradictions)
        if which in CELLS:
            return [mark for mark in self.found.marks if mark.cell == which]
        return list(self.found.disagreements)


def read_judges(ws: Workspace) -> list[Measured]:
    """All judges that have given a verdict, newest first."""
    made = ws.calibrations
    return [Measured(found, made.advice(found), made.rulings.of(found.judge.key)) for found in made.all()]


def run_to_rate(ws: Workspace, key: str) -> int | None:
    """The run with most answers that this judge judged and nobody rated."""
    runs: dict[int, int] = {}
    for mark in ws.calibrations.unrated(key):
        runs[mark.run_id] = runs.get(mark.run_id, 0) + 1
    return max(runs, key=lambda run: runs[run], default=None)


def about_judge(found: Calibration) -> str:
    """The second line of a judge in the list."""
    judge = found.judge
    version = f"v{judge.version}, " if judge.version is not None else ""
    return f"{judge.prompt} {version}{judge.model}" if judge.title != judge.prompt else f"{version}{judge.model}"


def evidence(found: Calibration) -> list[str]:
    """What the figures rest on."""
    lines = [f"{found.answers:,} answers rated by both"] if found.answers != 1 else ["1 answer rated by both"]
    models = {mark.model for mark in found.marks}
    raters = {person.rater for mark in found.marks for person in mark.people}
    if models:
        runs = len({mark.run_id for mark in found.marks})
        lines.append(f"{counted(len(models), 'model')}, {counted(runs, 'run')}")
        blind = all(person.blind for mark in found.marks for person in mark.people)
        lines.append(f"{len(raters)} {'person' if len(raters) == 1 else 'people'}{', model names hidden' if blind else ''}")
    if found.position is not None:
        lines.append(f"{found.position.pairs:,} pairs judged both ways")
    if found.unrated:
        lines.append(f"{found.unrated:,} more judged, not rated")
    return lines


def people_words(found: Calibration) -> str:
    """How far people agree with each other."""
    people = found.people
    if people is None:
        return "No answer is rated by two people, so it is not known how far people agree."
    share = people.agreement.share or 0.0
    words = f"On the {people.answers:,} answers rated by several they agree on {share:.0%}"
    words += f", {people.name} {people.coefficient:.2f}." if people.coefficient is not None else "."
    return f"{words} A judge cannot be expected to do better."
