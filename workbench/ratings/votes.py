"""Votes between two answers of a session. One is never overwritten: a new row replaces it, and one that is taken back is an empty row."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any, Literal, cast

from workbench.library.names import whole_text
from workbench.quick_dataclass import dataclass
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


@dataclass(slots=True)
class _Given:
    """A vote that was given and not taken back, with the row that stands for it now."""

    id: int
    item: int
    pair: tuple[int, int]
    winner: Winner
    seconds: float | None
    note: str
    at: str
    stands: int
    before: _Given | None = None
    """What counted before it."""


class Votes:
    """The verbs on votes."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions
        self._lock = threading.Lock()
        self._undone: dict[int, list[list[_Given]]] = {}

    def vote(self, session_id: int, item: int, winner: Winner, *, seconds: float | None = None, note: str = "") -> int:
        """Id of the vote that now counts for an item of pairs. Raises BadInput, NotFound."""
        if winner not in WINNERS:
            raise BadInput(f"{winner} is no vote; it is one of {', '.join(WINNERS)}.")
        outputs = self._outputs(self._open(session_id), item)
        if len(outputs) != 2:
            raise BadInput("This item is no pair.", remedy="Give its answers their places.")
        with self._lock:
            self._undone.pop(session_id, None)
        return self._write(session_id, item, [(*outputs, winner)], seconds, note)[0]

    def rank(self, session_id: int, item: int, places: Mapping[int, int], *, seconds: float | None = None, note: str = "") -> list[int]:
        """Ids of the votes that a ranking comes to, one for each of its pairs. `places`: output -> its place, 1 is best; equal places tie.

        Raises BadInput where an answer has no place, NotFound.
        """
        outputs = self._outputs(self._open(session_id), item)
        if set(places) != set(outputs):
            raise BadInput("A ranking gives every answer its place.", remedy="Give the others theirs.")
        votes: list[tuple[int, int, Winner]] = [
            (left, right, _winner(places[left], places[right])) for left, right in combinations(outputs, 2)
        ]
        with self._lock:
            self._undone.pop(session_id, None)
        return self._write(session_id, item, votes, seconds, note)

    def undo(self, session_id: int) -> int | None:
        """The item of the vote or ranking that was given last, which is taken back: what was said before it counts again, in a new row.

        None where there is none left. The way back is read from the rows, so that it lasts longer than the workspace is open. Raises
        BadInput where the session is finished, NotFound.
        """
        self._open(session_id)
        with self._lock, self._database.write() as writer:
            steps = _steps(writer, session_id)
            if not steps:
                return None
            step = steps[-1]
            at = stamps.now()
            for vote in step:
                _go_back(writer, session_id, vote, at)
            writer.touch("rating", *{output for vote in step for output in vote.pair})
            self._undone.setdefault(session_id, []).append(step)
        return step[0].item

    def redo(self, session_id: int) -> int | None:
        """The item whose vote or ranking was given again; None when nothing was taken back since the workspace was opened.

        Raises as `undo`.
        """
        self._open(session_id)
        with self._lock:
            undone = self._undone.get(session_id)
            step = undone.pop() if undone else None
        if step is None:
            return None
        self._write(session_id, step[0].item, [(*vote.pair, vote.winner) for vote in step], step[0].seconds, step[0].note)
        return step[0].item

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

    def _open(self, session_id: int) -> SessionRow:
        session = self._sessions.get(session_id)
        if session.finished_at is not None:
            raise BadInput("This session is finished.", remedy="Start another one.")
        return session

    def _outputs(self, session: SessionRow, item: int) -> tuple[int, ...]:
        if not 0 <= item < len(session.items):
            raise NotFound(f"Review {session.id} has no item {item}.")
        return session.items[item]

    def _write(self, session_id: int, item: int, votes: Sequence[tuple[int, int, str]], seconds: float | None, note: str) -> list[int]:
        saw = BLIND if self._sessions.get(session_id).choices.blind else OPEN
        note, made = whole_text(note), []
        with self._database.write() as writer:
            at = _later(writer, session_id)
            for left, right, winner in votes:
                given: dict[str, Any] = {"session": session_id, "item": item, "left": left, "right": right}
                given |= {"seconds": seconds, "saw": canonical(saw.to_json()), "at": at}
                made.append(_insert(writer, given, winner, note))
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


_CURRENT = """
SELECT id, winner, note, saw FROM vote WHERE session_id = :session AND item = :item AND left_output_id = :left AND right_output_id = :right
AND replaced_by_id IS NULL ORDER BY id DESC"""
_ADD = """
INSERT INTO vote (session_id, item, left_output_id, right_output_id, winner, seconds, note, saw, at)
VALUES (:session, :item, :left, :right, :winner, :seconds, :note, :saw, :at) RETURNING id"""
_ALL = """
SELECT id, item, left_output_id, right_output_id, winner, seconds, note, at, replaced_by_id FROM vote WHERE session_id = :session
ORDER BY id"""
_LAST_AT = "SELECT max(at) FROM vote WHERE session_id = :session"
_REPLACE = "UPDATE vote SET replaced_by_id = :new WHERE id = :old"


def _insert(writer: Writer, given: Mapping[str, Any], winner: str, note: str) -> int:
    place = {name: given[name] for name in ("session", "item", "left", "right")}
    old = writer.run(_CURRENT, **place).first()
    if old and (old[1], old[2]) == (winner, note):
        return int(old[0])  # saying the same again adds no row
    new_id = int(writer.run(_ADD, **given, winner=winner, note=note).scalar_one())
    if old:
        writer.run(_REPLACE, new=new_id, old=old[0])
    writer.touch("rating", given["left"], given["right"])
    return new_id


def _later(writer: Writer, session_id: int) -> str:
    """Now, or a moment after the session's last vote: the votes of one ranking are known by the moment that they share with no others."""
    at, last = stamps.now(), writer.run(_LAST_AT, session=session_id).scalar()
    return at if last is None or at > last else stamps.stamp(datetime.fromisoformat(last) + timedelta(milliseconds=1))


def _steps(writer: Writer, session_id: int) -> list[list[_Given]]:
    """What was said in a session and not taken back, in its order: the votes of one ranking together.

    A row to which two others point was written by an undo: the one that was taken back, and the one that it says again. An empty row takes
    back all that is below it.
    """
    rows = writer.run(_ALL, session=session_id).all()
    pointing = Counter(row[8] for row in rows if row[8] is not None)
    given: dict[tuple[int, int, int], list[_Given]] = {}
    for id_, item, left, right, winner, seconds, note, at, _next in rows:
        stack = given.setdefault((item, left, right), [])
        if not winner:
            stack.clear()
        elif pointing[id_] > 1 and len(stack) > 1:
            stack.pop()
            stack[-1].stands = id_
        else:
            stack.append(_Given(id_, item, (left, right), winner, seconds, note, at, id_, stack[-1] if stack else None))
    steps: list[list[_Given]] = []
    for vote in sorted((vote for stack in given.values() for vote in stack), key=lambda vote: vote.id):
        last = steps[-1] if steps else []
        same = last and (last[0].item, last[0].at) == (vote.item, vote.at) and vote.pair not in {other.pair for other in last}
        if same:
            last.append(vote)
        else:
            steps.append([vote])
    return steps


def _go_back(writer: Writer, session_id: int, vote: _Given, at: str) -> None:
    before = vote.before
    given: dict[str, Any] = {"session": session_id, "item": vote.item, "left": vote.pair[0], "right": vote.pair[1]}
    current, _winner, _note, saw = writer.run(_CURRENT, **given).one()
    said: dict[str, Any] = {"winner": "", "seconds": None, "note": ""}
    if before is not None:
        said = {"winner": before.winner, "seconds": before.seconds, "note": before.note}
    new_id = writer.run(_ADD, **given, **said, saw=saw, at=at).scalar_one()
    for old in (current, *([before.stands] if before is not None else [])):
        writer.run(_REPLACE, new=new_id, old=old)


def _winner(left: int, right: int) -> Winner:
    return "tie" if left == right else "left" if left < right else "right"
