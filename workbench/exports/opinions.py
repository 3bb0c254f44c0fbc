"""How much people like the answers of a run: one number for each, from their stars, verdicts, scores, criteria and votes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

APART = 0.5
"""Raters who stand further apart than this share of the scale (two stars of five) disagree."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What people say of one answer."""

    liking: float | None
    """0 to 1: the mean over raters; None where nobody said how good it is."""
    raters: tuple[str, ...]
    disagree: bool
    edited: str | None
    """The answer as somebody rewrote it for training; the last one, where several did."""
    editor: str = ""


@dataclass(slots=True)
class Ballot:
    """Votes between two answers. `first` counts those for the one with the smaller id."""

    first: int = 0
    second: int = 0
    ties: int = 0
    both_bad: int = 0
    raters: tuple[str, ...] = ()

    @property
    def votes(self) -> int:
        """All of them."""
        return self.first + self.second + self.ties + self.both_bad


def opinion_of(ratings: Iterable[Mapping[str, Any]], only: frozenset[str] | None = None) -> Opinion:
    """The opinion on an answer from the ratings of `Items.ratings`; of these raters alone, where some are named."""
    said: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    edited: Mapping[str, Any] | None = None
    for rating in ratings:
        if only is not None and rating["rater"] not in only:
            continue
        if rating["aspect"] == "edited":
            edited = rating
        else:
            said[rating["rater"]].append(rating)
    likings = {rater: liking for rater, own in said.items() if (liking := _liking(own)) is not None}
    return Opinion(
        fmean(likings.values()) if likings else None,
        tuple(likings),
        bool(likings) and max(likings.values()) - min(likings.values()) > APART - 1e-9 and len(likings) > 1,
        None if edited is None else str(edited["value"]),
        "" if edited is None else str(edited["rater"]),
    )


def _liking(own: Iterable[Mapping[str, Any]]) -> float | None:
    """Of one rater: a fail is a fail; else the mean of stars, score and criteria, and a pass where nothing more exact was said."""
    verdict: float | None = None
    shares = []
    for rating in own:
        share = _share(rating)
        if share is not None and rating["aspect"] == "verdict":
            verdict = share
        elif share is not None:
            shares.append(share)
    if verdict == 0.0:
        return 0.0
    return fmean(shares) if shares else verdict


def _share(rating: Mapping[str, Any]) -> float | None:
    """Where on its scale a judgement stands, 0 to 1; None for what has no order: labels, notes, marks."""
    kind, value = rating.get("scale") or rating["aspect"], rating["value"]
    if kind == "verdict":
        return {"pass": 1.0, "fail": 0.0}.get(value)
    if not isinstance(value, (int, float)):
        return None
    return {"stars": (value - 1) / 4, "score": value / 100}.get(kind)


def votes_share(ballots: Iterable[tuple[bool, Ballot]]) -> float | None:
    """The share of its votes that an answer won, ties as half a win and `both bad` as a loss; `True` where it is the first of a ballot."""
    won, votes = 0.0, 0
    for is_first, ballot in ballots:
        won += (ballot.first if is_first else ballot.second) + ballot.ties / 2
        votes += ballot.votes
    return won / votes if votes else None
