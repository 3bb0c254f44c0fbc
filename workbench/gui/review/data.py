"""What a review shows, read from the workspace: the session, its cases and criteria, and the answers of one item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.values import Case, Part
    from workbench.workspace import CriterionRow, OutputRow, RunRow, SessionRow, Workspace

MOST_OFFERED = 12
Said = float | str | None


@dataclass(frozen=True, slots=True)
class ReviewData:
    """A session as it was opened. `case_of`: for each item the place of its case in the run."""

    run: RunRow
    cases: Sequence[Case]
    session: SessionRow
    case_of: Sequence[int]
    criteria: Sequence[CriterionRow]
    judged: frozenset[int]
    """Items with a vote."""


@dataclass(frozen=True, slots=True)
class Blind:
    """One answer as it may be shown: nothing in it tells where it comes from, save `name`, which is empty in a blind session."""

    output_id: int
    letter: str
    text: str
    stars: int | None
    verdict: str | None
    note: str
    pictures: tuple[Part, ...] = ()
    name: str = ""
    said: Mapping[int, Said] = field(default_factory=dict)
    """By criterion, what the rater said."""
    place: int | None = None
    """In a ranking, 1 is best."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One item as it is read: its answers and what was voted on it."""

    answers: tuple[Blind, ...]
    winner: str = ""
    note: str = ""


def letter(number: int) -> str:
    """A, B, ... Z, AA, AB: the name of the answer at a place."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def reviewable(ws: Workspace, most: int = MOST_OFFERED) -> list[RunRow]:
    """The newest finished runs with two columns or more."""
    done = [run for run in ws.runs.list() if run.status == "done" and run.done]
    columns = ws.runs.model_keys([run.id for run in done])
    return [run for run in done if len(columns[run.id]) > 1][:most]


def start(ws: Workspace, run_id: int | None) -> ReviewData | None:
    """The session of a run that was left open, or a new one; of the newest fit run if none is named. None where there is none."""
    if run_id is None:
        runs = reviewable(ws, 1)
        if not runs:
            return None
        run_id = runs[0].id
    return opened(ws, ws.reviews.go_on(run_id))


def opened(ws: Workspace, session: SessionRow) -> ReviewData:
    """A session with all that is shown around its answers."""
    criteria = [row for row in ws.criteria.of_run(session.run_id) if row.id in session.choices.criteria]
    judged = frozenset(vote.item for vote in ws.reviews.votes.of_session(session.id))
    return ReviewData(
        ws.runs.get(session.run_id), ws.runs.cases(session.run_id), session, ws.reviews.case_of(session), criteria, judged
    )  # fmt: skip


def read_item(ws: Workspace, session: SessionRow, item: int) -> Shown:
    """The answers of an item in the order in which they are shown, with what this rater said of them."""
    rows = [ws.runs.output(output_id) for output_id in session.items[item]]
    names = {} if session.choices.blind else ws.reviews.names(session.run_ids)
    said: dict[int, dict[int, Said]] = {}
    for judgement in ws.ratings.said([row.id for row in rows]) if session.choices.criteria else ():
        if judgement.own and judgement.criterion_id is not None:
            said.setdefault(judgement.output_id, {})[judgement.criterion_id] = judgement.said
    votes = [vote for vote in ws.reviews.votes.of_session(session.id) if vote.item == item]
    places = _places([row.id for row in rows], votes) if session.choices.kind == "rank" and votes else {}
    answers = tuple(
        _blind(number, row, names.get((row.run_id, row.column), ""), said.get(row.id, {}), places.get(row.id))
        for number, row in enumerate(rows)
    )
    return Shown(answers, votes[0].winner if votes and session.choices.kind == "pair" else "", votes[0].note if votes else "")


def _blind(number: int, row: OutputRow, name: str, said: Mapping[int, Said], place: int | None) -> Blind:
    return Blind(row.id, letter(number), row.text, row.stars, row.verdict, row.note, row.pictures, name, said, place)


def _places(outputs: Sequence[int], votes: Sequence[object]) -> dict[int, int]:
    """The places that a ranking's votes came from: one more than the number of answers that are better."""
    better = dict.fromkeys(outputs, 0)
    for vote in votes:
        winner, left, right = (getattr(vote, name) for name in ("winner", "left", "right"))
        if winner in ("left", "right"):
            better[right if winner == "left" else left] += 1
    return {output: count + 1 for output, count in better.items()}
