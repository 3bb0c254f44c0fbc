"""The votes on answers, counted in one way wherever they are shown, ranked or exported.

What counts: of each rater the newest vote on two answers, in whichever session or packet it was given and however many runs that spans. A
vote on an answer that stands for others in the same words counts for each of them. Where a session asked about all pairs there are, two
answers in the same words are a tie of its rater, who was not asked. A vote stays with its column where the answer was made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from workbench.quick_dataclass import dataclass
from workbench.ratings.plans import Column, same_words
from workbench.ratings.sessions import Place, SessionRow, Sessions
from workbench.ratings.votes import VoteRow, Votes
from workbench.ratings.votes import Winner as Given
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.values.votes import Vote, Winner


@dataclass(frozen=True, slots=True)
class Counted:
    """What one rater thinks of two answers to a case."""

    left: int
    right: int
    """Ids of the outputs, on the sides on which they, or those in the same words, were shown."""
    left_place: Place
    right_place: Place
    winner: Given
    session: SessionRow
    vote: VoteRow | None
    """The vote as it was given; None where nobody was asked, since the words are the same."""

    @property
    def rater(self) -> str:
        """Who thinks so."""
        return self.session.rater

    @property
    def was_shown(self) -> bool:
        """False where answers in the same words were shown instead, or none."""
        return self.vote is not None and (self.left, self.right) == (self.vote.left, self.vote.right)

    @property
    def chosen(self) -> int | str:
        """The output that is better; `tie` or `both_bad` where neither is."""
        return self.left if self.winner == "left" else self.right if self.winner == "right" else self.winner

    @property
    def between_columns(self) -> bool:
        """False for two answers of one column, which say nothing of who is better."""
        return self.left_place.column != self.right_place.column


class VoteCounts:
    """The only reader of votes that counts them."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self.sessions = Sessions(database, runs)
        self.votes = Votes(database, self.sessions)

    def of_session(self, session_id: int) -> list[Counted]:
        """What its rater said in one session, in the order in which it was said."""
        return self._of_all([self.sessions.get(session_id)])

    def of_runs(self, run_ids: Iterable[int], *, ties: bool = True) -> list[Counted]:
        """What all raters say of the answers of these runs, in the order in which it was said; also against answers of other runs.

        Without `ties` those in the same words are left out, about which nobody was asked: it is read faster, and single answers are not
        told apart by them.
        """
        runs = frozenset(run_ids)
        found = self._of_all(self.sessions.voted(runs), ties=ties)
        return [one for one in found if one.left_place.column[0] in runs or one.right_place.column[0] in runs]

    def everywhere(self) -> list[Counted]:
        """What all raters were asked about all answers, in the order in which it was said."""
        return self._of_all(self.sessions.voted(), ties=False)

    def asked_all(self, session: SessionRow, given: Sequence[VoteRow]) -> bool:
        """True where every pair of the answers was judged in a session, so that those in the same words are known ties. A packet shows a
        choice of the pairs."""
        if session.choices.kind == "single" or session.choices.most is not None or session.from_packet:
            return False
        return bool(session.items) and len({vote.item for vote in given}) == len(session.items)

    def _of_all(self, sessions: Sequence[SessionRow], *, ties: bool = True) -> list[Counted]:
        """Ties in the same words come after the votes of all sessions, and never in their place."""
        given = {session.id: self.votes.of_session(session.id) for session in sessions}
        known = {session.id: session for session in sessions}
        votes = sorted((vote for each in given.values() for vote in each), key=lambda vote: vote.id)
        places = self.sessions.places(
            output for vote in votes for shown in (vote.left, vote.right) for output in known[vote.session_id].equal(shown)
        )
        found: dict[tuple[str, frozenset[int]], Counted] = {}
        for vote in votes:
            session = known[vote.session_id]
            for left, right in _meeting(vote, session, places):
                key = vote.rater, frozenset((left, right))
                found.pop(key, None)  # the last vote of a rater counts, at its place in the order
                found[key] = Counted(left, right, places[left], places[right], vote.winner, session, vote)
        for session in sessions if ties else ():
            if self.asked_all(session, given[session.id]):
                for tie in self._ties(session):
                    found.setdefault((session.rater, frozenset((tie.left, tie.right))), tie)
        return list(found.values())

    def _ties(self, session: SessionRow) -> Iterator[Counted]:
        later = self.sessions.later_answers(session)
        answers = [one for one in self.sessions.answers_of(session.run_ids, judged=False) if one.output_id not in later]
        places = self.sessions.places(answer.output_id for answer in answers)
        for one, other in same_words(answers):
            left, right = one.output_id, other.output_id
            yield Counted(left, right, places[left], places[right], "tie", session, None)


def between_columns(counted: Iterable[Counted], names: Mapping[Column, str]) -> list[Vote]:
    """The votes between columns that have a name here, as they are ranked: where both answers are bad, neither is better."""
    return [
        Vote(names[one.left_place.column], names[one.right_place.column], preferred(one.winner))
        for one in counted
        if one.between_columns and one.left_place.column in names and one.right_place.column in names
    ]


def won_lost_tied(counted: Iterable[Counted]) -> dict[int, tuple[int, int, int]]:
    """Of each output its votes against answers of other columns; where both answers are bad, they are tied."""
    found: dict[int, tuple[int, int, int]] = {}
    for one in counted:
        if one.between_columns:
            better = preferred(one.winner)
            for output, side in ((one.left, "left"), (one.right, "right")):
                won, lost, tied = found.get(output, (0, 0, 0))
                found[output] = (won + (better == side), lost + (better not in (side, "tie")), tied + (better == "tie"))
    return found


def preferred(given: Given) -> Winner:
    """The side that is better; `tie` where both are good or both are bad."""
    return "tie" if given == "both_bad" else given


def _meeting(vote: VoteRow, session: SessionRow, places: Mapping[int, Place]) -> Iterator[tuple[int, int]]:
    """The pairs of outputs that a vote counts for: the two that were shown, and those in the same words of different columns and the same
    repeat."""
    for left, right in product(session.equal(vote.left), session.equal(vote.right)):
        a, b = places.get(left), places.get(right)
        if a and b and ((left, right) == (vote.left, vote.right) or (a.column != b.column and a.repeat == b.repeat)):
            yield left, right
