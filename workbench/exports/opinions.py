"""How much people like the answers of a run: one number for each, from their stars, verdicts, scores, criteria and votes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

from workbench.quick_dataclass import dataclass
from workbench.values import differ, share

_RATED = ("stars", "verdict", "score", "label", "criterion")
"""Aspects on which raters can disagree."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What people say of one answer."""

    liking: float | None
    """0 to 1: the mean over raters; None where nobody said how good it is."""
    raters: tuple[str, ...]
    disagree: bool
    """Raters differ on an aspect or a criterion."""
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


class Ballots:
    """All votes on the answers of a run."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[int, int], Ballot] = {}
        self._of: dict[int, list[tuple[bool, Ballot]]] = defaultdict(list)

    def add(self, left: int, right: int, winner: str, rater: str) -> None:
        """Count a vote: left, right, tie or both_bad."""
        first, second = sorted((left, right))
        ballot = self._pairs.get((first, second))
        if ballot is None:
            ballot = self._pairs[first, second] = Ballot()
            self._of[first].append((True, ballot))
            self._of[second].append((False, ballot))
        if winner in ("left", "right"):
            is_first = (left if winner == "left" else right) == first
            ballot.first += is_first
            ballot.second += not is_first
        elif winner == "tie":
            ballot.ties += 1
        else:
            ballot.both_bad += 1
        ballot.raters = tuple(dict.fromkeys((*ballot.raters, rater)))

    def between(self, one: int, other: int) -> tuple[Ballot | None, int]:
        """The votes between two answers, and who has more than half of them: 1 for `one`, -1 for `other`, 0 for neither."""
        first, second = sorted((one, other))
        ballot = self._pairs.get((first, second))
        if ballot is None:
            return None, 0
        ours, theirs = (ballot.first, ballot.second) if one == first else (ballot.second, ballot.first)
        return ballot, 1 if 2 * ours > ballot.votes else -1 if 2 * theirs > ballot.votes else 0

    def share(self, output_id: int) -> tuple[float | None, tuple[str, ...]]:
        """The share of its votes that an answer won, ties as half a win and `both bad` as a loss, and who voted; None without votes."""
        own = self._of.get(output_id, ())
        votes = sum(ballot.votes for _is_first, ballot in own)
        won = sum((ballot.first if is_first else ballot.second) + ballot.ties / 2 for is_first, ballot in own)
        raters = tuple(dict.fromkeys(rater for _is_first, ballot in own for rater in ballot.raters))
        return won / votes if votes else None, raters


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
        _disagree(rating for own in said.values() for rating in own),
        None if edited is None else str(edited["value"]),
        "" if edited is None else str(edited["rater"]),
    )


def _disagree(ratings: Iterable[Mapping[str, Any]]) -> bool:
    """True where raters differ on any aspect or criterion, by the rule of everywhere (`values.differ`)."""
    subjects: dict[tuple[str, str], list[float | str]] = defaultdict(list)
    for rating in ratings:
        if rating["aspect"] in _RATED and rating["value"] is not None:
            subjects[rating.get("criterion") or "", rating.get("scale") or rating["aspect"]].append(rating["value"])
    return any(differ(kind, words) for (_criterion, kind), words in subjects.items())


def _liking(own: Iterable[Mapping[str, Any]]) -> float | None:
    """Of one rater: a fail is a fail; else the mean of stars, score and criteria, and a pass where nothing more exact was said."""
    verdict: float | None = None
    shares = []
    for rating in own:
        part = _share(rating)
        if part is not None and rating["aspect"] == "verdict":
            verdict = part
        elif part is not None:
            shares.append(part)
    if verdict == 0.0:
        return 0.0
    return fmean(shares) if shares else verdict


def _share(rating: Mapping[str, Any]) -> float | None:
    """Where on its scale a judgement stands, 0 to 1; None for what has no order: labels, notes, marks."""
    kind, value = rating.get("scale") or rating["aspect"], rating["value"]
    return share(kind, value if isinstance(value, (int, float)) else None, value if isinstance(value, str) else None)
