"""Tables of pairwise votes: the columns `left`, `right` and `winner`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.formats import tabular
from workbench.formats.tabular import BadRow
from workbench.quick_dataclass import dataclass
from workbench.values.problems import BadInput
from workbench.values.progress import Progress
from workbench.values.votes import Vote, Winner

_WINNERS: Mapping[str, Winner] = {"left": "left", "right": "right", "tie": "tie", "both_bad": "tie"}


@dataclass(frozen=True, slots=True)
class VoteTable:
    """The votes in the order of the file, and the rows that are none."""

    votes: tuple[Vote, ...]
    bad: tuple[BadRow, ...]


def read_votes(path: str | Path, controls: Sequence[str] = (), progress: Progress | None = None) -> VoteTable:
    """The votes in a table file; other columns than `left`, `right` and `winner` are ignored.

    A control such as `length` is read from the columns `left_length` and `right_length`; its feature is the difference as a share of the
    sum, from -1 to 1. Raises BadInput where the file is no table, or a column or every vote is missing.
    """
    table = tabular.read(path, progress=progress)
    needed = ["left", "right", "winner", *(f"{side}_{name}" for name in controls for side in ("left", "right"))]
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise BadInput(
            f"{table.path} has no column {missing[0]}.",
            remedy="A table of votes has the columns left, right and winner, and for --control NAME also left_NAME and right_NAME.",
        )
    votes: list[Vote] = []
    bad: list[BadRow] = []
    for row in table.records():
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        try:
            votes.append(_vote(row.values, controls))
        except ValueError as error:
            bad.append(BadRow(row.line, str(error), ""))
    if not votes:
        first = f" Line {bad[0].line}: {bad[0].reason}" if bad else ""
        raise BadInput(f"{table.path} has no vote that counts.{first}")
    return VoteTable(tuple(votes), tuple(bad))


def _vote(values: Mapping[str, Any], controls: Sequence[str]) -> Vote:
    left, right, winner = (str(values.get(name) if values.get(name) is not None else "").strip() for name in ("left", "right", "winner"))
    if not left or not right:
        raise ValueError("The name on one side is empty.")
    if left == right:
        raise ValueError(f"{left} stands on both sides.")
    if winner.lower() not in _WINNERS:
        raise ValueError(f"winner is {winner!r}; it is one of left, right, tie, both_bad.")
    return Vote(left, right, _WINNERS[winner.lower()], {name: _feature(values, name) for name in controls})


def _feature(values: Mapping[str, Any], name: str) -> float:
    left, right = _number(values, f"left_{name}"), _number(values, f"right_{name}")
    return (left - right) / (left + right) if left + right else 0.0


def _number(values: Mapping[str, Any], column: str) -> float:
    value = values.get(column)
    try:
        number = float(value)  # type: ignore[arg-type] # what is no number says so below
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError(f"{column} is {value!r}; it is a number from 0.")
    return number
