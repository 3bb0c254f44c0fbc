"""What the palette says of a place that a search found: the line and the versions that have it, the answer's model and verdict."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from workbench.gui.words import day
from workbench.quick_dataclass import dataclass
from workbench.values import Problem

if TYPE_CHECKING:
    from workbench.values import Content
    from workbench.workspace import Hit, OutputRow, VersionRow, Workspace

_BUDGET_S = 0.05
"""So long older versions of one prompt are looked through for the same line; where that is too short, only the newest is named."""
_LONGEST = 90
"""Letters of a line that the list has room for."""


@dataclass(frozen=True, slots=True)
class Place:
    """What stands below a found text, and beside it."""

    detail: str
    text: str = ""
    """The line itself, where it is short enough to be shown whole."""
    marks: tuple[tuple[int, int], ...] = ()
    """Start and length of the found words in it."""
    badge: str = ""
    badge_kind: str = "plain"
    badge_icon: str = ""
    marker: tuple[str, int] | None = None
    """Where the model runs and its colour, of an answer."""


def described(ws: Workspace, hits: Iterable[Hit], words: str, blind_runs: Collection[int]) -> Mapping[tuple[str, int], Place]:
    """(kind, id) to the place of each hit. `blind_runs` are under review: nothing is told of who answered. For a reading thread."""
    found = {}
    for hit in hits:
        try:
            if hit.kind == "version":
                found[hit.kind, hit.id] = _version(ws, hit, words)
            elif hit.kind in ("output", "note"):
                found[hit.kind, hit.id] = _answer(ws, hit, blind=hit.run_id in blind_runs)
        except Problem:  # gone since it was found; the row still says what the search knew
            continue
    return found


def _version(ws: Workspace, hit: Hit, words: str) -> Place:
    assert hit.prompt_id is not None
    versions = ws.versions.list(hit.prompt_id, with_figures=False)
    row = next(row for row in versions if row.id == hit.id)
    where, line = _line(ws, ws.versions.content(row.id), words)
    badge, kind = (row.labels[0], "label") if row.labels else ("", "plain")
    if not line:
        note = ", in its note" if ws.search.places(words, row.note) else ""
        return Place(f"{hit.title} v{row.number}{note}", badge=badge, badge_kind=kind)
    if ws.prompts.get(hit.prompt_id).kind == "snippet":
        where = where.partition(" ")[2]
    first = _first_with(ws, line, [older for older in versions if older.number <= row.number])
    said = f"{hit.title} v{row.number}, {where}"
    if first is not None and first.number < row.number:
        said = f"{hit.title} v{first.number}–v{row.number}, {where}"
    elif first is not None:
        said += f". First in v{row.number}, {day(row.created_at)}"
    text = line.strip()
    if len(text) > _LONGEST:
        return Place(said, badge=badge, badge_kind=kind)
    marks = tuple((start, end - start) for start, end in ws.search.places(words, text))
    return Place(said, text, marks, badge, kind)


def _line(ws: Workspace, content: Content, words: str) -> tuple[str, str]:
    """`System line 5` and the line itself, of the first message with any of the words."""
    for message in content.messages:
        places = ws.search.places(words, message.text)
        if places:
            number = message.text.count("\n", 0, places[0][0])
            return f"{message.role.capitalize()} line {number + 1:,}", message.text.split("\n")[number]
    return "", ""


def _first_with(ws: Workspace, line: str, versions: list[VersionRow]) -> VersionRow | None:
    """The oldest of the versions in a row, from the newest back, that all have a line; None if there was no time to find it."""
    ends, first = time.perf_counter() + _BUDGET_S, versions[0]
    for older in versions[1:]:
        if time.perf_counter() > ends:
            return None
        if not any(line in message.text for message in ws.versions.content(older.id).messages):
            break
        first = older
    return first


def _answer(ws: Workspace, hit: Hit, *, blind: bool) -> Place:
    row = ws.runs.output(hit.id)
    case = f"case {row.case_index + 1:,} {row.case.name}".rstrip()
    run = ", ".join(part for part in (hit.title, hit.where.lower()) if part)
    if blind:
        return Place(f"{case[:1].upper()}{case[1:]}. {run}, under review")
    model = ws.runs.plan(row.run_id).columns[row.column].model
    badge, kind, icon = verdict(row)
    return Place(f"{model.title}, {case}. {run}", badge=badge, badge_kind=kind, badge_icon=icon, marker=(model.place, model.colour))


def verdict(row: OutputRow) -> tuple[str, str, str]:
    """Text, kind and icon of what was found of an answer: its first failed check, how many passed, else what a person said."""
    told = [score for score in row.scores if score.passed is not None]
    failed = [score for score in told if score.failed]
    if failed:
        return failed[0].check.title, "fail", "x"
    if told:
        return f"{sum(score.passed is True for score in told)} of {len(told)}", "pass", "check"
    if row.verdict in ("pass", "fail"):
        return row.verdict.capitalize(), row.verdict, "check" if row.verdict == "pass" else "x"
    return "", "plain", ""
