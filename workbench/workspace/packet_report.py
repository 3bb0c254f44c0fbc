"""What a colleague's ratings from a packet came to: how far the others agree beyond chance, and where they differ.

No column is named in it: whoever reads it may still have to judge blindly.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from workbench.analysis.agreement import kappa_interval, krippendorff_alpha
from workbench.quick_dataclass import dataclass
from workbench.ratings import Judgement
from workbench.ratings.counting import VoteCounts
from workbench.ratings.plans import Column
from workbench.ratings.reading import RatingReader
from workbench.store.database import Database
from workbench.values import NotFound, differ

_SAID = {"left": "A is better", "right": "B is better", "tie": "tie", "both_bad": "both bad"}
_TURNED = {"left": "right", "right": "left"}
_SESSION = """
SELECT session.run_id, session.plan, session.rater_id, rater.name, session.kind, session.settings FROM session
JOIN rater ON rater.id = session.rater_id WHERE session.id = :id"""


@dataclass(frozen=True, slots=True)
class Agreeing:
    """How far another rater agrees on what both judged."""

    other: str
    about: str
    """pairs, stars, or a criterion."""
    items: int
    same: int
    measure: str
    """kappa, or alpha where the points have an order."""
    value: float | None
    """None where it has no meaning: too few, or everything the same."""
    low: float | None = None
    high: float | None = None

    def sentence(self) -> str:
        """It in words."""
        said = f"{self.other} on {self.about}: {self.same:,} of {self.items:,} the same"
        if self.value is None:
            return f"{said}; {self.measure} cannot be told from these."
        within = f" ({self.low:.2f} to {self.high:.2f})" if self.low is not None and self.high is not None else ""
        return f"{said}, {self.measure} {self.value:.2f}{within}."


@dataclass(frozen=True, slots=True)
class Difference:
    """One judgement on which two raters differ."""

    item: int
    """Its number in the packet."""
    about: str
    said: str
    other: str
    other_said: str

    def sentence(self) -> str:
        """It in words."""
        return f"Item {self.item}, {self.about}: {self.said}; {self.other}: {self.other_said}"


@dataclass(frozen=True, slots=True)
class PacketReport:
    """What came back."""

    session_id: int
    run_id: int
    rater: str
    kind: str
    items: int
    """Of the packet."""
    judged: int
    """Items of which something was said."""
    agreeing: tuple[Agreeing, ...] = ()
    differences: tuple[Difference, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The form in the command line's document."""
        return {
            "rater": self.rater,
            "run": self.run_id,
            "kind": self.kind,
            "items": self.items,
            "judged": self.judged,
            "agreement": [
                {"rater": one.other, "about": one.about, "items": one.items, "same": one.same}
                | {"measure": one.measure, "value": one.value, "low": one.low, "high": one.high}
                for one in self.agreeing
            ],
            "differences": [
                {"item": one.item, "about": one.about, "said": one.said, "rater": one.other, "other_said": one.other_said}
                for one in self.differences
            ],
        }

    def headline(self) -> str:
        """Who judged how much."""
        what = "pairs" if self.kind == "pair" else "answers"
        return f"{self.rater} judged {self.judged:,} of {self.items:,} {what}."

    def lines(self, most: int = 20) -> list[str]:
        """The report in sentences."""
        if not self.agreeing:
            return [self.headline(), "Nobody else has judged any of these, so there is no agreement to tell yet."]
        lines = [self.headline(), *(f"Agreement with {one.sentence()}" for one in self.agreeing)]
        lines += [f"{one.sentence()}." for one in self.differences[:most]]
        left = len(self.differences) - most
        return [*lines, f"They differ in {left:,} more."] if left > 0 else lines


def report_of(database: Database, votes: VoteCounts, session_id: int) -> PacketReport:
    """The report on a session that came from a packet. Raises NotFound."""
    rows = database.query(_SESSION, {"id": session_id})
    if not rows:
        raise NotFound(f"There is no review {session_id}.")
    run_id, plan, _rater_id, rater, kind, _settings = rows[0]
    items = [tuple(item) for item in json.loads(plan or "[]")]
    agreeing: list[Agreeing] = []
    differences: list[Difference] = []
    judged: set[int] = set()
    _on_pairs(votes, run_id, session_id, rater, items, judged, agreeing, differences)
    _on_answers(database, rater, items, judged, agreeing, differences)
    differences.sort(key=lambda one: one.item)
    return PacketReport(session_id, run_id, rater, kind, len(items), len(judged), tuple(agreeing), tuple(differences))


def _on_pairs(
    counts: VoteCounts, run_id: int, session_id: int, rater: str, items: Sequence[tuple[int, ...]], judged: set[int],
    agreeing: list[Agreeing], differences: list[Difference],
) -> None:  # fmt: skip
    """Votes: the labels that are compared are the column that won, or neither."""
    columns: dict[int, Column] = {}
    mine: dict[tuple[int, int], str] = {}
    others: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
    for one in (*counts.of_session(session_id), *(one for one in counts.of_runs([run_id], ties=False) if one.rater != rater)):
        columns |= {one.left: one.left_place.column, one.right: one.right_place.column}
        turned = one.left > one.right
        pair = (one.right, one.left) if turned else (one.left, one.right)
        (mine if one.rater == rater else others[one.rater])[pair] = _TURNED.get(one.winner, one.winner) if turned else one.winner
    places = {tuple(sorted(item)): (number, item) for number, item in enumerate(items, 1) if len(item) == 2}
    judged.update(places[pair][0] for pair in mine if pair in places)

    def label(pair: tuple[int, int], word: str) -> object:
        return columns[pair[word == "right"]] if word in _TURNED else "neither"

    for name, votes in sorted(others.items()):
        common = [pair for pair in mine if pair in votes and pair in places]
        if not common:
            continue
        table = Counter((label(pair, mine[pair]), label(pair, votes[pair])) for pair in common)
        same = sum(count for (one, other), count in table.items() if one == other)
        kappa = kappa_interval(table)
        numbers = (kappa.value, kappa.low, kappa.high) if kappa else (None, None, None)
        agreeing.append(Agreeing(name, "pairs", len(common), same, "kappa", *numbers))
        for pair in common:
            if label(pair, mine[pair]) != label(pair, votes[pair]):
                number, item = places[pair]
                shown = [_SAID[word if item == pair else _TURNED.get(word, word)] for word in (mine[pair], votes[pair])]
                differences.append(Difference(number, "which is better", shown[0], name, shown[1]))


def _on_answers(
    database: Database, rater: str, items: Sequence[tuple[int, ...]], judged: set[int],
    agreeing: list[Agreeing], differences: list[Difference],
) -> None:  # fmt: skip
    """Stars and criteria of the answers themselves."""
    places = {output: number for number, item in reversed([*enumerate(items, 1)]) for output in item}
    by_subject: dict[tuple[str, str], dict[str, dict[int, float | str]]] = defaultdict(lambda: defaultdict(dict))
    for one in _Reader(database).said([*places]):
        if one.rater == rater and _is_of_packet(one):
            judged.add(places[one.output_id])
        if one.said is not None and one.aspect in ("stars", "criterion"):
            by_subject[one.criterion or "stars", one.kind][one.rater].setdefault(one.output_id, one.said)
    for (about, kind), by_rater in sorted(by_subject.items()):
        mine = by_rater.pop(rater, {})
        for name, theirs in sorted(by_rater.items()):
            common = [output for output in mine if output in theirs]
            if common:
                agreeing.append(_agreeing(name, about, kind, [(mine[one], theirs[one]) for one in common]))
            differences += [
                Difference(
                    places[output], _place(about, items[places[output] - 1], output), _word(mine[output]), name, _word(theirs[output])
                )
                for output in common
                if differ(kind, (mine[output], theirs[output]))
            ]


class _Reader(RatingReader):
    def __init__(self, database: Database) -> None:
        self._database = database


def _is_of_packet(one: Judgement) -> bool:
    return one.saw is not None and one.saw.where == "packet"


def _agreeing(name: str, about: str, kind: str, said: Sequence[tuple[float | str, float | str]]) -> Agreeing:
    """Kappa for words; Krippendorff's alpha for stars (ordinal) and scores (interval), where two points apart is worse than one."""
    same = sum(one == other for one, other in said)
    if kind in ("stars", "score"):
        first, second = zip(*said, strict=True)
        value = krippendorff_alpha([first, second], "ordinal" if kind == "stars" else "interval")
        return Agreeing(name, about, len(said), same, "alpha", value)
    counts: Mapping[Any, int] = Counter(said)
    kappa = kappa_interval(counts)
    return Agreeing(name, about, len(said), same, "kappa", *((kappa.value, kappa.low, kappa.high) if kappa else (None, None, None)))


def _place(about: str, item: Sequence[int], output: int) -> str:
    return about if len(item) == 1 else f"{about} of answer {'AB'[item.index(output)]}"


def _word(said: float | str) -> str:
    return said if isinstance(said, str) else f"{said:g}"
