"""Wishes of a run: kept in its log, so that they outlive a stop, a crash and the window, and done once it has finished.

Every way in which a run finishes comes by here, in the window and on the command line. A wish that could not be done is said and stays
open: it is tried again when the run is gone on with and finishes again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from contextlib import suppress

from workbench.runs.log import Logged, write_log
from workbench.store.database import Database, Writer
from workbench.values import Problem
from workbench.values.wishes import Followed, Wish

DoWish = Callable[[Wish, int], int]
"""Does what is wished of a run, and says how many pairs there are to review. Raises a Problem. Called on a thread of its own."""

_LINES = "SELECT kind, detail FROM log_line WHERE run_id = :run AND kind IN ('wished', 'followed') ORDER BY id"


def keep_wishes(writer: Writer, run_id: int, wishes: Collection[Wish]) -> None:
    """Write within a write what is to be done with a run once it has finished."""
    if wishes:
        write_log(writer, run_id, [Logged("wished", detail={"wishes": list(wishes)})])


def open_wishes(database: Database, run_id: int) -> list[Wish]:
    """What is still to be done with a run once it has finished."""
    found: list[Wish] = []
    for kind, text in database.query(_LINES, {"run": run_id}):
        detail = json.loads(text)
        if kind == "wished":
            found += [wish for wish in detail["wishes"] if wish not in found]
        elif not detail.get("why"):
            found = [wish for wish in found if wish != detail["wish"]]
    return found


def follow_wishes(database: Database, run_id: int, do: DoWish) -> list[Followed]:
    """Do what is open of a finished run. Why something could not be done is in the answer and in the log: the run stays finished."""
    told: list[Followed] = []
    for wish in open_wishes(database, run_id):
        try:
            told.append(Followed(wish, do(wish, run_id)))
        except Problem as problem:
            told.append(Followed(wish, why=problem.message))
        with suppress(Problem), database.write() as writer:
            detail = {"wish": wish, "pairs": told[-1].pairs, "why": told[-1].why}
            write_log(writer, run_id, [Logged("followed", detail={name: value for name, value in detail.items() if value})])
            writer.touch("run", run_id)
    return told
