"""Reviews of runs: what can be judged, sessions over one or several runs, the next pair that tells most, and what came out."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

from workbench.analysis.preferences import PairGap, Shared, WinRate, gaps, next_pair, shared, shared_stars, win_rates
from workbench.analysis.ranking import Ranking, rank
from workbench.formats.tabular_shield import shielded
from workbench.quick_dataclass import dataclass, replace
from workbench.ratings import Ratings
from workbench.ratings.counting import Counted, VoteCounts, between_columns
from workbench.ratings.plans import Column, Kind, make_plan, same_words
from workbench.ratings.sessions import Choices, SessionRow, identity
from workbench.ratings.votes import VoteRow
from workbench.runs.records import ColumnInfo
from workbench.runs.runs import Runs
from workbench.values import BadInput, StoreTrouble
from workbench.whole_file import beside

VOTE_COLUMNS = (
    "left", "right", "winner", "rater", "case", "seconds", "at", "session", "kind", "blind", "same_words", "left_length", "right_length",
    "left_output", "right_output", "note",
)  # fmt: skip
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

    def __init__(self, runs: Runs, ratings: Ratings, counts: VoteCounts) -> None:
        self._runs = runs
        self._ratings = ratings
        self._counts = counts
        self.sessions, self.votes = counts.sessions, counts.votes

    def offer(self, run_ids: Sequence[int]) -> Offer:
        """What could be judged. Raises NotFound."""
        answers = self.sessions.answers_of(run_ids)
        kinds: tuple[Kind, ...] = ("pair", "rank", "single")
        items = {kind: len(make_plan(answers, kind, "dataset", None, 0).items) for kind in kinds}
        columns = {answer.column for answer in answers}
        return Offer(len({answer.case for answer in answers}), len(columns), items, sum(1 for _ in same_words(answers)))

    def alike(self, run_id: int) -> list[int]:
        """The other finished runs with at least one case of this run, newest first: they can be reviewed together."""
        ours = {identity(case) for case in self._runs.cases(run_id)}
        done = [run for run in self._runs.list() if run.id != run_id and run.status == "done" and run.done]
        return [run.id for run in done[:40] if any(identity(case) in ours for case in self._runs.cases(run.id))]

    def start(self, run_ids: Sequence[int], choices: Choices, seed: int | None = None) -> SessionRow:
        """A new session. Raises BadInput where there is nothing to judge, NotFound."""
        answers = self.sessions.answers_of(run_ids)
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
        known = {run: self.sessions.cases_in(run, first) for run in {place.column[0] for place in places.values()}}
        return [known[places[item[0]].column[0]].get(places[item[0]].case, 0) for item in session.items]

    def outcome(self, session_id: int) -> Outcome:
        """What came out, by column."""
        session = self.sessions.get(session_id)
        names = self.names(session.run_ids)
        given = self.votes.of_session(session_id)
        votes = between_columns(self._counts.of_session(session_id), names)
        ranking = rank(votes) if votes else None
        infos = {(run, info.index): info for run in session.run_ids for info in self._runs.columns(run)}
        columns = tuple(OutcomeColumn(names[column], column[0], info) for column, info in infos.items())
        return Outcome(
            session=session,
            columns=columns,
            judged=len({vote.item for vote in given}),
            votes=len(votes),
            ties_known=sum(1 for _ in same_words(self.sessions.answers_of(session.run_ids, judged=False))),
            ties_counted=self._counts.asked_all(session, given),
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

    def _apart(self, run_ids: Sequence[int]) -> set[int]:
        """Outputs of pairs on which votes differ."""
        said: dict[frozenset[int], set[object]] = defaultdict(set)
        for one in self._counts.of_runs(run_ids, ties=False):
            said[frozenset((one.left, one.right))].add(one.chosen)
        return {output for pair, words in said.items() if len(words) > 1 for output in pair}

    def _choose(self, session: SessionRow, position: int) -> None:
        rest = range(position, len(session.items))
        places = self.sessions.places(output for number in rest for output in session.items[number])
        column = {output: place.column for output, place in places.items()}
        keys = {one: f"{one[0]}:{one[1]}" for one in column.values()}
        pairs = {number: tuple(sorted(keys[column[output]] for output in session.items[number])) for number in rest}
        votes = between_columns(self._counts.of_runs(session.run_ids, ties=False), keys)
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
        counted = [one for one in self._counts.of_runs([run_id]) if one.between_columns]
        runs = sorted({place.column[0] for one in counted for place in (one.left_place, one.right_place)})
        names = self.names(runs or [run_id])
        return [_vote_row(one, names) for one in counted]


def _rounded(seconds: float | None) -> object:
    return "" if seconds is None else round(seconds, 1)


def _vote_row(one: Counted, names: Mapping[Column, str]) -> tuple[object, ...]:
    vote, left, right = one.vote, one.left_place, one.right_place
    blind = one.session.choices.blind if vote is None or vote.saw is None else vote.saw.blind
    return (
        names[left.column], names[right.column], one.winner, one.rater, left.case + 1, _rounded(vote.seconds if vote else None),
        vote.at if vote else "", one.session.id, one.session.choices.kind, "yes" if blind else "no", "no" if one.was_shown else "yes",
        left.length, right.length, one.left, one.right, vote.note if vote else "",
    )  # fmt: skip


def _pair(vote: VoteRow, session: SessionRow) -> frozenset[int]:
    return frozenset((min(session.equal(vote.left)), min(session.equal(vote.right))))


def _chosen(vote: VoteRow, session: SessionRow | None = None) -> str:
    """What was voted, whichever side it stood on."""
    if vote.winner in ("tie", "both_bad"):
        return vote.winner
    output = vote.left if vote.winner == "left" else vote.right
    return str(min(session.equal(output)) if session else output)
