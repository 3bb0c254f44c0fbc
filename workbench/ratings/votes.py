"""Votes between two answers of a session. One is never overwritten: a new row replaces it, and one that is taken back is an empty row."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, cast

from workbench.library.names import whole_text
from workbench.ratings.sessions import SessionRow, Sessions
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import BLIND, BadInput, NotFound, Saw, canonical

Winner = Literal["left", "right", "tie", "both_bad"]
WINNERS: tuple[Winner, ...] = ("left", "right", "tie", "both_bad")
OPEN = Saw("review", names=True, cost=False, latency=False, checks=False, others=False)
"""What a rater sees in a review that is not blind: names besides the answers."""
_SELECT = """
SELECT vote.id, vote.session_id, vote.item, vote.left_output_id, vote.right_output_id, vote.winner, vote.seconds, vote.note, vote.at,
       rater.name, vote.saw
FROM vote JOIN session ON session.id = vote.session_id JOIN rater ON rater.id = session.rater_id
WHERE {which} AND vote.replaced_by_id IS NULL AND vote.winner <> '' ORDER BY vote.id"""
_OF_RUN = "(SELECT output.id FROM output JOIN job ON job.id = output.job_id WHERE job.run_id = :run)"
_RUN = f"(vote.left_output_id IN {_OF_RUN} OR vote.right_output_id IN {_OF_RUN})"


@dataclass(frozen=True, slots=True)
class VoteRow:
    """One vote that counts, with the sides as they were shown."""

    id: int
    session_id: int
    item: int
    left: int
    right: int
    winner: Winner
    seconds: float | None
    note: str
    at: str
    rater: str
    saw: Saw | None


@dataclass(frozen=True, slots=True)
class _Taken:
    """Votes on an item that were taken back, so that they can be given again."""

    item: int
    votes: tuple[tuple[int, int, Winner], ...]
    seconds: float | None
    note: str


class Votes:
    """The verbs on votes."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions
        self._lock = threading.Lock()
        self._undone: dict[int, list[_Taken]] = {}

    def vote(self, session_id: int, item: int, winner: Winner, *, seconds: float | None = None, note: str = "") -> int:
        """Id of the vote that now counts for an item of pairs. Raises BadInput, NotFound."""
        if winner not in WINNERS:
            raise BadInput(f"{winner} is no vote; it is one of {', '.join(WINNERS)}.")
        outputs = self._outputs(self._sessions.get(session_id), item)
        if len(outputs) != 2:
            raise BadInput("This item is no pair.", remedy="Give its answers their places.")
        with self._lock:
            self._undone.pop(session_id, None)
        return self._write(session_id, item, [(*outputs, winner)], seconds, note)[0]

    def rank(self, session_id: int, item: int, places: Mapping[int, int], *, seconds: float | None = None, note: str = "") -> list[int]:
        """Ids of the votes that a ranking comes to, one for each of its pairs. `places`: output -> its place, 1 is best; equal places tie.

        Raises BadInput where an answer has no place, NotFound.
        """
        outputs = self._outputs(self._sessions.get(session_id), item)
        if set(places) != set(outputs):
            raise BadInput("A ranking gives every answer its place.", remedy="Give the others theirs.")
        votes: list[tuple[int, int, Winner]] = [
            (left, right, _winner(places[left], places[right])) for left, right in combinations(outputs, 2)
        ]
        with self._lock:
            self._undone.pop(session_id, None)
        return self._write(session_id, item, votes, seconds, note)

    def undo(self, session_id: int) -> int | None:
        """The item whose vote was taken back: the one that was voted on last. None where there is none left."""
        votes = self.of_session(session_id)
        if not votes:
            return None
        last = votes[-1]
        mine = [vote for vote in votes if vote.item == last.item]
        self._write(session_id, last.item, [(vote.left, vote.right, "") for vote in mine], None, "")
        with self._lock:
            given = tuple((vote.left, vote.right, vote.winner) for vote in mine)
            self._undone.setdefault(session_id, []).append(_Taken(last.item, given, last.seconds, last.note))
        return last.item

    def redo(self, session_id: int) -> int | None:
        """The item whose votes were given again; None when nothing was taken back since the workspace was opened."""
        with self._lock:
            taken = self._undone.get(session_id)
            last = taken.pop() if taken else None
        if last is None:
            return None
        self._write(session_id, last.item, last.votes, last.seconds, last.note)
        return last.item

    def of_session(self, session_id: int) -> list[VoteRow]:
        """The votes of a session that count, in the order in which they were given."""
        return self._read("vote.session_id = :id", {"id": session_id})

    def of_run(self, run_id: int) -> list[VoteRow]:
        """The votes of all raters on the outputs of a run, in the order in which they were given."""
        return self._read(_RUN, {"run": run_id})

    def history(self, session_id: int, item: int) -> list[tuple[str, str]]:
        """All that was ever voted on an item, newest first: winner as it was given (empty: taken back), and when."""
        rows = self._database.query(
            "SELECT winner, at FROM vote WHERE session_id = :id AND item = :item ORDER BY id DESC", {"id": session_id, "item": item}
        )
        return [(winner, at) for winner, at in rows]

    # -- how it is done ------------------------------------------------------------------------------------------

    def _outputs(self, session: SessionRow, item: int) -> tuple[int, ...]:
        if session.finished_at is not None:
            raise BadInput("This session is finished.", remedy="Start another one.")
        if not 0 <= item < len(session.items):
            raise NotFound(f"Review {session.id} has no item {item}.")
        return session.items[item]

    def _write(self, session_id: int, item: int, votes: Sequence[tuple[int, int, str]], seconds: float | None, note: str) -> list[int]:
        saw = BLIND if self._sessions.get(session_id).choices.blind else OPEN
        note, made = whole_text(note), []
        with self._database.write() as writer:
            for left, right, winner in votes:
                given: dict[str, Any] = {"session": session_id, "item": item, "left": left, "right": right}
                made.append(_insert(writer, given, winner, seconds, note, canonical(saw.to_json())))
        return made

    def _read(self, which: str, given: Mapping[str, Any]) -> list[VoteRow]:
        rows = self._database.query(_SELECT.format(which=which), given)
        return [
            VoteRow(
                id_,
                session,
                item,
                left,
                right,
                cast(Winner, winner),
                seconds,
                note,
                at,
                rater,
                Saw.from_json(json.loads(saw)) if saw else None,
            )
            for id_, session, item, left, right, winner, seconds, note, at, rater, saw in rows
        ]


def _insert(writer: Writer, given: Mapping[str, Any], winner: str, seconds: float | None, note: str, saw: str) -> int:
    old = writer.run(
        "SELECT id, winner, note FROM vote WHERE session_id = :session AND item = :item AND left_output_id = :left "
        "AND right_output_id = :right AND replaced_by_id IS NULL ORDER BY id DESC",
        **given,
    ).first()
    if old and (old[1], old[2]) == (winner, note):
        return int(old[0])  # saying the same again adds no row
    row = writer.run(
        "INSERT INTO vote (session_id, item, left_output_id, right_output_id, winner, seconds, note, saw, at) "
        "VALUES (:session, :item, :left, :right, :winner, :seconds, :note, :saw, :at) RETURNING id",
        **given,
        winner=winner,
        seconds=seconds,
        note=note,
        saw=saw,
        at=stamps.now(),
    )
    new_id = int(row.scalar_one())
    if old:
        writer.run("UPDATE vote SET replaced_by_id = :new WHERE id = :old", new=new_id, old=old[0])
    writer.touch("rating", given["left"])
    writer.touch("rating", given["right"])
    return new_id


def _winner(left: int, right: int) -> Winner:
    return "tie" if left == right else "left" if left < right else "right"
