"""How well models fit: a weighted sum of four criteria on fixed ranges, for those that have what they must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, log

from workbench.analysis.choice.candidates import Candidate, MustHave, lacking
from workbench.quick_dataclass import dataclass

CRITERIA = ("quality", "cost", "speed", "consistency")
USUAL_WEIGHTS: Mapping[str, int] = {"quality": 40, "cost": 25, "speed": 20, "consistency": 15}
_QUALITY, _CHEAP, _DEAR, _SLOW_MS, _SAME = 0.85, 1.0, 20.0, 8_000.0, 0.8
_WORDS = {"quality": "pass rate", "cost": "cost", "speed": "time", "consistency": "repeats"}


@dataclass(frozen=True, slots=True)
class Scored:
    """A model with its fit."""

    candidate: Candidate
    fit: float | None
    """0 to 100; None where it is out, or where a criterion that counts is not known of it."""
    why: str = ""
    """Why it has no fit."""
    is_out: bool = False
    """It lacks what it must have."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All models, the best fitting first, then those that cannot be ranked, then those that are out."""

    rows: tuple[Scored, ...]
    weights: Mapping[str, float]
    """The weights that were used: of a criterion that no model has, the weight is shared out among the others."""
    unknown: tuple[str, ...]
    """Criteria that have a weight and that no model in question has."""
    ranges: Mapping[str, tuple[float, float]]
    """Of each criterion the value that counts 0 and the one that counts 1."""

    @property
    def ranked(self) -> list[Scored]:
        """The models that have a fit."""
        return [row for row in self.rows if row.fit is not None]

    @property
    def headline(self) -> str:
        """Which model fits best, and how sure that is."""
        ranked = self.ranked
        if not ranked:
            if self.rows and all(row.is_out for row in self.rows):
                return "No model has all that it must have. Ask for less, or try other models."
            return "No model can be ranked yet: see what is not known of each."
        first = ranked[0]
        said = f"{first.candidate.title} fits best ({round(first.fit or 0)})"
        if len(ranked) == 1:
            return f"{said}. No other model can be ranked beside it."
        second = ranked[1]
        one, other = first.candidate, second.candidate
        said += f", then {other.title} ({round(second.fit or 0)})."
        if None in (one.low, one.high, other.low, other.high) or not self.weights.get("quality"):
            return said
        overlap = (one.low or 0) <= (other.high or 0) and (other.low or 0) <= (one.high or 0)
        if not overlap:
            return f"{said} Their pass rates are apart."
        others = [_WORDS[name] for name in CRITERIA[1:] if self.weights.get(name)]
        decide = f", so {' and '.join(others[:2])} decide{'s' if len(others) == 1 else ''}" if others else ", so nothing tells them apart"
        return f"{said} Their pass rates overlap{decide}."

    @property
    def formula(self) -> str:
        """How the fit is made, with the ranges and weights of now."""
        (worst, best), (dear, cheap), (slow, _), (waver, _) = (self.ranges[name] for name in CRITERIA)
        lines = [
            f"Quality {self.weights['quality']:.0f}: pass rate, {worst:.0%} counts 0 and {best:.0%} counts 1.",
            f"Cost {self.weights['cost']:.0f}: dollars for 1,000 calls, log scale, ${dear:,.2f} counts 0, ${cheap:,.2f} and less count 1.",
            f"Speed {self.weights['speed']:.0f}: p95, {slow / 1000:g} s counts 0, no time counts 1.",
            f"Consistency {self.weights['consistency']:.0f}: repeats with the same verdict, {waver:.0%} counts 0 and 100% counts 1.",
            "The fit is the sum of weight times count. The ranges are wider where a model lies outside of them.",
        ]
        if self.unknown:
            lines.append(f"{' and '.join(self.unknown).capitalize()} is known of no model, so the others share its weight.")
        return "\n".join(lines)


def scorecard(candidates: Sequence[Candidate], weights: Mapping[str, int], must: MustHave) -> Scorecard:
    """The models ranked by these weights (points, 100 together)."""
    inside = [one for one in candidates if not lacking(one, must)]
    ranges = _ranges(inside)
    counts = {one.key: _counts(one, ranges) for one in inside}
    unknown = tuple(name for name in CRITERIA if weights.get(name) and inside and all(counts[one.key][name] is None for one in inside))
    left = sum(weights.get(name, 0) for name in CRITERIA if name not in unknown)
    used = {name: 0.0 if name in unknown or not left else 100 * weights.get(name, 0) / left for name in CRITERIA}
    rows = [_scored(one, counts.get(one.key), used, lacking(one, must)) for one in candidates]
    rows.sort(key=lambda row: (row.is_out, row.fit is None, -(row.fit or 0.0), -(row.candidate.rate or 0.0), row.candidate.title))
    return Scorecard(tuple(rows), used, unknown, ranges)


def _scored(one: Candidate, counts: Mapping[str, float | None] | None, weights: Mapping[str, float], out: str) -> Scored:
    if counts is None:
        return Scored(one, None, out, is_out=True)
    unknown = [_WORDS[name] for name in CRITERIA if weights[name] and counts[name] is None]
    if unknown or not any(weights.values()):
        return Scored(one, None, f"{' and '.join(unknown)} unknown" if unknown else "nothing is known to rank by")
    return Scored(one, sum(weights[name] * (counts[name] or 0.0) for name in CRITERIA))


def _ranges(inside: Sequence[Candidate]) -> dict[str, tuple[float, float]]:
    """85 to 100 % passed, $1 to $20 for 1,000 calls, p95 up to 8 s, 80 to 100 % alike; wider where a model lies outside, so that those
    beyond are told apart too."""
    rates = [one.rate for one in inside if one.rate is not None]
    costs = [one.per_thousand for one in inside if one.per_thousand]
    times = [one.p95_ms for one in inside if one.p95_ms is not None]
    alike = [one.same for one in inside if one.same is not None]
    return {
        "quality": (_floor(min([_QUALITY, *rates])), 1.0),
        "cost": (max([_DEAR, *costs]), min([_CHEAP, *costs])),
        "speed": (max([_SLOW_MS, *times]), 0.0),
        "consistency": (_floor(min([_SAME, *alike])), 1.0),
    }


def _floor(share: float) -> float:
    return floor(share * 20 + 1e-9) / 20


def _counts(one: Candidate, ranges: Mapping[str, tuple[float, float]]) -> dict[str, float | None]:
    dear, cheap = ranges["cost"]
    cost = one.per_thousand
    return {
        "quality": _between(one.rate, ranges["quality"]),
        "cost": None if cost is None else 1.0 if cost <= cheap else log(dear / cost) / log(dear / cheap),
        "speed": _between(one.p95_ms, ranges["speed"]),
        "consistency": _between(one.same, ranges["consistency"]),
    }


def _between(value: float | None, ends: tuple[float, float]) -> float | None:
    if value is None:
        return None
    return min(1.0, max(0.0, (value - ends[0]) / (ends[1] - ends[0]) if ends[0] != ends[1] else 1.0))


def reweighted(weights: Mapping[str, int], name: str, points: int) -> dict[str, int]:
    """The weights with one of them set and the others in their proportion, 100 together (largest remainders first)."""
    points = min(100, max(0, points))
    others = [one for one in CRITERIA if one != name]
    had = sum(weights[one] for one in others)
    exact = {one: (100 - points) * (weights[one] / had if had else 1 / len(others)) for one in others}
    found = {one: floor(exact[one]) for one in others}
    for one in sorted(others, key=lambda one: found[one] - exact[one])[: 100 - points - sum(found.values())]:
        found[one] += 1
    return {one: points if one == name else found[one] for one in CRITERIA}


def evened() -> dict[str, int]:
    """The same weight for each."""
    return {name: 100 // len(CRITERIA) for name in CRITERIA}


def best_for_money(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those of which no other is both as cheap and as good, or cheaper or better at that; the cheapest first."""
    known = [one for one in candidates if one.per_thousand is not None and one.rate is not None]
    known.sort(key=lambda one: (one.per_thousand or 0.0, -(one.rate or 0.0), one.title))
    found: list[Candidate] = []
    for one in known:
        if not found or (one.rate or 0.0) > (found[-1].rate or 0.0):
            found.append(one)
    return found
