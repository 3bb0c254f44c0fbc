"""Reviews of runs: what can be judged, sessions over one or several runs, the next pair that tells most, and what came out."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from workbench.analysis.preferences import PairGap, Shared, WinRate, gaps, next_pair, shared, shared_stars, win_rates
from workbench.analysis.ranking import Ranking, rank
from workbench.formats.tabular_writing import shielded
from workbench.ratings import Ratings
from workbench.ratings.plans import Answer, Column, Kind, known_ties, make_plan
from workbench.ratings.sessions import Choices, Place, SessionRow, Sessions
from workbench.ratings.votes import VoteRow, Votes
from workbench.runs.records import ColumnInfo
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.values import BadInput, Case, StoreTrouble, canonical
from workbench.values.votes import Vote, Winner
from workbench.whole_file import beside

VOTE_COLUMNS = (
    "left", "right", "winner", "rater", "case", "seconds", "at", "session", "kind", "blind", "same_words", "left_length", "right_length",
    "left_output", "right_output", "note",
)  # fmt: skip
ENOUGH_VOTES = 20
"""With fewer votes no win rates are shown."""
HIDDEN = ("names of models and connections", "prompt versions", "costs", "times", "colours", "which column stands left")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a session over these runs could show."""

    cases: int
    columns: int
    items: Mapping[Kind, int]
    """Kind of session -> how many items it has."""
    ties: int
    """Pairs of answers in the same words: nobody is asked about them."""


@dataclass(frozen=True, slots=True)
class OutcomeColumn:
    """A column under review, with the name that tells it from the others."""

    name: str
    run_id: int
    info: ColumnInfo


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of a session. Names are in it: it is for the end."""

    session: SessionRow
    columns: tuple[OutcomeColumn, ...]
    judged: int
    """Items with a vote."""
    votes: int
    """Votes between columns; one on answers that stand for others in the same words counts for each of them."""
    ties_known: int
    """Pairs of answers in the same words."""
    ties_counted: bool
    """They are among the votes: the session saw all that there was to see."""
    win_rates: tuple[WinRate, ...]
    ranking: Ranking | None
    gaps: tuple[PairGap, ...]
    agreement: tuple[Shared, ...]
    """With each earlier rater, on the same pairs."""
    stars_alpha: float | None
    hidden: tuple[str, ...]


class RunReviews:
    """The verbs on reviews."""

    def __init__(self, database: Database, runs: Runs, ratings: Ratings) -> None:
        self._runs = runs
        self._ratings = ratings
        self.sessions = Sessions(database)
        self.votes = Votes(database, self.sessions)

    def offer(self, run_ids: Sequence[int]) -> Offer:
        """What could be judged. Raises NotFound."""
        answers = self._answers(run_ids)
        kinds: tuple[Kind, ...] = ("pair", "rank", "single")
        items = {kind: len(make_plan(answers, kind, "dataset", None, 0).items) for kind in kinds}
        columns = {answer.column for answer in answers}
        return Offer(len({answer.case for answer in answers}), len(columns), items, known_ties(answers).total())

    def alike(self, run_id: int) -> list[int]:
        """The other finished runs with at least one case of this run, newest first: they can be reviewed together."""
        ours = {_identity(case) for case in self._runs.cases(run_id)}
        done = [run for run in self._runs.list() if run.id != run_id and run.status == "done" and run.done]
        return [run.id for run in done[:40] if any(_identity(case) in ours for case in self._runs.cases(run.id))]

    def start(self, run_ids: Sequence[int], choices: Choices, seed: int | None = None) -> SessionRow:
        """A new session. Raises BadInput where there is nothing to judge, NotFound."""
        answers = self._answers(run_ids)
        if choices.order == "disagreement":
            apart = self._apart(run_ids)
            answers = [replace(answer, raters_differ=True) if answer.output_id in apart else answer for answer in answers]
        return self.sessions.start(run_ids, answers, choices, seed)

    def go_on(self, run_id: int) -> SessionRow:
        """The session over this run that was left open last, else a new one: pairs where there are any, else cases."""
        opened = next((session for session in self.sessions.unfinished() if run_id in session.run_ids), None)
        return opened or self.start([run_id], Choices(kind="single", order="dataset"))

    def advance(self, session_id: int, position: int, seconds: float = 0.0) -> SessionRow:
        """The session at another place; with the order `uncertain`, a place that was not reached yet gets the pair that tells most."""
        session = self.sessions.get(session_id)
        if session.choices.order == "uncertain" and session.reached < position < session.total:
            self._choose(session, position)
        self.sessions.move(session_id, position, seconds)
        return self.sessions.get(session_id)

    def case_of(self, session: SessionRow) -> list[int]:
        """For each item the case, as its place in the first run."""
        places = self.sessions.places(item[0] for item in session.items)
        first = session.run_ids[0]
        known = {run: self._cases_in(run, first) for run in {place.column[0] for place in places.values()}}
        return [known[places[item[0]].column[0]].get(places[item[0]].case, 0) for item in session.items]

    def outcome(self, session_id: int) -> Outcome:
        """What came out, by column."""
        session = self.sessions.get(session_id)
        answers = self._answers(session.run_ids)
        names = self.names(session.run_ids)
        given = self.votes.of_session(session_id)
        votes = _expanded(given, session, self._places(session), names)
        ties = known_ties(answers)
        whole = (
            session.choices.kind != "single" and session.choices.most is None and len({vote.item for vote in given}) == len(session.items)
        )
        if whole:
            votes += [Vote(names[left], names[right], "tie") for (left, right), count in sorted(ties.items()) for _ in range(count)]
        ranking = rank(votes) if votes else None
        infos = {(run, info.index): info for run in session.run_ids for info in self._runs.columns(run)}
        columns = tuple(OutcomeColumn(names[column], column[0], info) for column, info in infos.items())
        return Outcome(
            session=session,
            columns=columns,
            judged=len({vote.item for vote in given}),
            votes=len(votes),
            ties_known=ties.total(),
            ties_counted=whole,
            win_rates=tuple(win_rates(votes)),
            ranking=ranking,
            gaps=tuple(gaps(votes, ranking)) if ranking else (),
            agreement=tuple(self._agreement(session, given)),
            stars_alpha=self._stars_alpha(session.run_ids),
            hidden=HIDDEN if session.choices.blind else (),
        )

    def names(self, run_ids: Sequence[int]) -> dict[Column, str]:
        """A name for each column that tells it from the others: model, prompt and version, and the run where there are several."""
        infos = {(run, info.index): info for run in run_ids for info in self._runs.columns(run)}
        prompts = {info.prompt for info in infos.values()}
        named: dict[Column, str] = {}
        for (run, index), info in infos.items():
            version = f"v{info.version}" if info.version is not None else ""
            parts = [info.model, f"{info.prompt} {version}".strip() if len(prompts) > 1 or not version else version]
            if len(run_ids) > 1:
                parts.append(f"run {self._runs.get(run).number}")
            named[run, index] = ", ".join(part for part in parts if part)
        count = Counter(named.values())
        return {column: f"{name} ({column[1] + 1})" if count[name] > 1 else name for column, name in named.items()}

    def write_votes(self, run_id: int, path: Path) -> int:
        """How many votes of all raters on a run's answers were written as CSV, in a form that `workbench rank` reads.

        Raises BadInput where there are none, StoreTrouble where the file cannot be written.
        """
        rows = self._vote_rows(run_id)
        if not rows:
            raise BadInput("Nobody has voted on this run yet.", remedy="Start a session of pairs in Review.")

        try:
            with beside(path) as new:
                with new.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file, lineterminator="\r\n")
                    writer.writerow(VOTE_COLUMNS)
                    writer.writerows([shielded(cell) for cell in row] for row in rows)
                new.replace(path)
        except OSError as error:
            raise StoreTrouble(f"{path} cannot be written: {error.strerror}.", remedy="Choose another place.") from error
        return len(rows)

    # -- how it is done ------------------------------------------------------------------------------------------

    def _answers(self, run_ids: Sequence[int]) -> list[Answer]:
        """Of several runs, those of cases that all of them have, by the place of the case in the first."""
        if len(run_ids) == 1:
            return self.sessions.answers(run_ids[0])
        found: list[Answer] = []
        for run_id in run_ids:
            known = self._cases_in(run_id, run_ids[0])
            found += [replace(one, case=known[one.case]) for one in self.sessions.answers(run_id) if one.case in known]
        everywhere = defaultdict(set)
        for answer in found:
            everywhere[answer.case].add(answer.column[0])
        return [answer for answer in found if len(everywhere[answer.case]) == len(run_ids)]

    def _cases_in(self, run_id: int, first: int) -> dict[int, int]:
        """Place of a case in a run -> its place in the first run, for those that both have."""
        places: dict[str, int] = {}
        for index, case in enumerate(self._runs.cases(first)):
            places.setdefault(_identity(case), index)
        if run_id == first:
            return {index: index for index in range(len(self._runs.cases(first)))}
        mine = {index: places.get(_identity(case)) for index, case in enumerate(self._runs.cases(run_id))}
        return {index: place for index, place in mine.items() if place is not None}

    def _places(self, session: SessionRow) -> dict[int, Place]:
        """Of all outputs of a session, and of those in the same words."""
        return self.sessions.places({equal for item in session.items for output in item for equal in session.equal(output)})

    def _apart(self, run_ids: Sequence[int]) -> set[int]:
        """Outputs of pairs on which votes differ."""
        said: dict[frozenset[int], set[object]] = defaultdict(set)
        for run_id in run_ids:
            for vote in self.votes.of_run(run_id):
                said[frozenset((vote.left, vote.right))].add(_chosen(vote))
        return {output for pair, words in said.items() if len(words) > 1 for output in pair}

    def _choose(self, session: SessionRow, position: int) -> None:
        column = {output: place.column for output, place in self._places(session).items()}
        keys = {one: f"{one[0]}:{one[1]}" for one in column.values()}
        rest = range(position, len(session.items))
        pairs = {number: tuple(sorted(keys[column[output]] for output in session.items[number])) for number in rest}
        votes = [
            Vote(keys[column[vote.left]], keys[column[vote.right]], _winner(vote))
            for vote in {vote.id: vote for run_id in session.run_ids for vote in self.votes.of_run(run_id)}.values()
            if vote.left in column and vote.right in column
        ]
        best = next_pair(votes, [(pair[0], pair[1]) for pair in pairs.values()])
        wanted = next((number for number in rest if pairs[number] == best), position)
        if wanted != position:
            self.sessions.bring_forward(session.id, wanted, position)

    def _agreement(self, session: SessionRow, given: Sequence[VoteRow]) -> list[Shared]:
        """What is compared is the column that won: were it the output, each pair had labels of its own, and chance would agree on none."""
        places = self.sessions.places(output for vote in given for output in (vote.left, vote.right))
        columns = {
            _pair(vote, session): {str(min(session.equal(output))): str(places[output].column) for output in (vote.left, vote.right)}
            for vote in given
        }
        own: dict[Hashable, str] = {}
        others: dict[str, dict[Hashable, str]] = defaultdict(dict)
        for vote in (*given, *(vote for run_id in session.run_ids for vote in self.votes.of_run(run_id) if vote.rater != session.rater)):
            pair, chosen = _pair(vote, session), _chosen(vote, session)
            if pair in columns:
                (own if vote.rater == session.rater else others[vote.rater])[pair] = columns[pair].get(chosen, chosen)
        return shared(own, others)

    def _stars_alpha(self, run_ids: Sequence[int]) -> float | None:
        by_rater: dict[str, dict[int, float]] = defaultdict(dict)
        for run_id in run_ids:
            for judgement in self._ratings.said_in(run_id):
                if judgement.stars is not None:
                    by_rater[judgement.rater][judgement.output_id] = float(judgement.stars)
        return shared_stars(by_rater) if len(by_rater) > 1 else None

    def _vote_rows(self, run_id: int) -> list[tuple[object, ...]]:
        given = self.votes.of_run(run_id)
        sessions = {id_: self.sessions.get(id_) for id_ in sorted({vote.session_id for vote in given})}
        runs = sorted({run for session in sessions.values() for run in session.run_ids})
        places = {output: place for session in sessions.values() for output, place in self._places(session).items()}
        names = self.names([run_id]) if runs == [run_id] else self.names(runs or [run_id])
        rows: list[tuple[object, ...]] = []
        for vote in given:
            session = sessions[vote.session_id]
            for left, right in _meeting(vote, session, places):
                a, b = places[left], places[right]
                copied = (left, right) != (vote.left, vote.right)
                rows.append((
                    names[a.column], names[b.column], vote.winner, vote.rater, a.case + 1, _rounded(vote.seconds), vote.at, session.id,
                    session.choices.kind, "yes" if vote.saw is None or vote.saw.blind else "no", "yes" if copied else "no",
                    a.length, b.length, left, right, vote.note,
                ))  # fmt: skip
        return rows


def _rounded(seconds: float | None) -> object:
    return "" if seconds is None else round(seconds, 1)


def _identity(case: Case) -> str:
    return canonical([dict(case.values), case.reference])


def _winner(vote: VoteRow) -> Winner:
    return "tie" if vote.winner == "both_bad" else vote.winner


def _pair(vote: VoteRow, session: SessionRow) -> frozenset[int]:
    return frozenset((min(session.equal(vote.left)), min(session.equal(vote.right))))


def _chosen(vote: VoteRow, session: SessionRow | None = None) -> str:
    """What was voted, whichever side it stood on."""
    if vote.winner in ("tie", "both_bad"):
        return vote.winner
    output = vote.left if vote.winner == "left" else vote.right
    return str(min(session.equal(output)) if session else output)


def _meeting(vote: VoteRow, session: SessionRow, places: Mapping[int, Place]) -> Iterable[tuple[int, int]]:
    """The pairs of outputs that a vote counts for: each with the same words left and right, of different columns and the same repeat."""
    for left, right in product(session.equal(vote.left), session.equal(vote.right)):
        a, b = places.get(left), places.get(right)
        if a and b and a.column != b.column and (a.repeat == b.repeat or (left, right) == (vote.left, vote.right)):
            yield left, right


def _expanded(votes: Sequence[VoteRow], session: SessionRow, places: Mapping[int, Place], names: Mapping[Column, str]) -> list[Vote]:
    return [
        Vote(names[places[left].column], names[places[right].column], _winner(vote))
        for vote in votes
        for left, right in _meeting(vote, session, places)
    ]
