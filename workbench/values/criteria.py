"""What people judge answers by: criteria with their scales, and what a mark on an answer and a rater's view are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Literal, get_args

from workbench.quick_dataclass import dataclass
from workbench.values.problems import BadInput

ScaleKind = Literal["stars", "verdict", "score", "labels"]
SCALE_KINDS: tuple[ScaleKind, ...] = get_args(ScaleKind)
MOST_LABELS = 20
_POINTS: dict[str, tuple[str, ...]] = {"stars": ("1", "2", "3", "4", "5"), "verdict": ("pass", "fail")}


@dataclass(frozen=True, slots=True)
class Scale:
    """How a criterion is judged: 1 to 5 stars, pass or fail, a score from 0 to 100, or one of some labels.

    `points` says what a point means, by its word (`5`, `pass`, a label; for a score any number as text).
    """

    kind: ScaleKind = "stars"
    points: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The points that can be chosen, in order; none for a score, which is typed."""
        return self.labels if self.kind == "labels" else _POINTS.get(self.kind, ())

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        item: dict[str, Any] = {"kind": self.kind}
        if self.labels:
            item["labels"] = list(self.labels)
        if self.points:
            item["points"] = dict(self.points)
        return item

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Scale:
        """The scale that `to_json` wrote."""
        return cls(item.get("kind", "stars"), dict(item.get("points") or {}), tuple(item.get("labels") or ()))


@dataclass(frozen=True, slots=True)
class Criterion:
    """An aspect that people rate, such as accuracy."""

    name: str
    scale: Scale = field(default_factory=Scale)
    weight: float = 1.0
    """How much it counts in the rating of an output, beside the others. 0: it counts not at all."""
    help: str = ""

    def to_json(self) -> dict[str, Any]:
        """The form in files: defaults are left out."""
        item: dict[str, Any] = {"name": self.name}
        if self.help:
            item["help"] = self.help
        item["scale"] = self.scale.kind
        if self.scale.labels:
            item["labels"] = list(self.scale.labels)
        if self.scale.points:
            item["points"] = dict(self.scale.points)
        if self.weight != 1:
            item["weight"] = int(self.weight) if self.weight == int(self.weight) else self.weight
        return item


@dataclass(frozen=True, slots=True)
class Highlight:
    """A marked stretch of an answer, in characters (Unicode code points), and why it was marked."""

    start: int
    end: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Saw:
    """What a rater could see when a judgement was given."""

    where: str = ""
    """compare, review, packet, or another face."""
    names: bool = True
    """Of prompts and models."""
    cost: bool = True
    latency: bool = True
    checks: bool = True
    others: bool = False
    """What other raters said."""

    @property
    def blind(self) -> bool:
        """True where nothing told where the answer comes from."""
        return not (self.names or self.cost or self.latency)

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {name: getattr(self, name) for name in ("where", "names", "cost", "latency", "checks", "others")} | {"blind": self.blind}

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Saw:
        """What `to_json` wrote; what is not said was not seen."""
        seen = {name: bool(item.get(name)) for name in ("names", "cost", "latency", "checks", "others")}
        return cls(str(item.get("where") or ""), **seen)


BLIND = Saw("review", names=False, cost=False, latency=False, checks=False, others=False)
"""What a rater sees in a blind review: the answers."""


def checked_criterion(criterion: Criterion) -> Criterion:
    """The criterion in its one form. Raises BadInput for what no rater could use."""
    name = " ".join(criterion.name.split())
    scale = criterion.scale
    if not name:
        raise BadInput("A criterion needs a name.", remedy="Write what is rated, such as Accuracy.")
    if scale.kind not in SCALE_KINDS:
        raise BadInput(f"{name}: there is no scale {scale.kind}.", remedy=f"Use {', '.join(SCALE_KINDS[:-1])} or {SCALE_KINDS[-1]}.")
    if not 0 <= criterion.weight < float("inf"):
        raise BadInput(f"{name}: a weight is 0 or more.", remedy="Use 1 where all criteria count the same.")
    labels = tuple(dict.fromkeys(word for label in scale.labels if (word := " ".join(label.split())))) if scale.kind == "labels" else ()
    if scale.kind == "labels" and not 2 <= len(labels) <= MOST_LABELS:
        raise BadInput(f"{name}: labels need 2 to {MOST_LABELS} words to choose from.", remedy="Write them with commas between.")
    words = set(labels or _POINTS.get(scale.kind, ()))
    points = {}
    for point, meaning in scale.points.items():
        word, said = str(point).strip(), meaning.strip()
        if not said:
            continue
        if word not in words and not (scale.kind == "score" and word.isascii() and word.isdigit() and int(word) <= 100):
            raise BadInput(f"{name}: the scale has no point {word}.", remedy=f"Its points are {', '.join(words) or '0 to 100'}.")
        points[word] = said
    order = {word: place for place, word in enumerate(labels or _POINTS.get(scale.kind, ()))}
    ordered = dict(sorted(points.items(), key=lambda item: order.get(item[0], int(item[0]) if item[0].isdigit() else 0)))
    return Criterion(name, Scale(scale.kind, ordered, labels), float(criterion.weight), criterion.help.strip())


def share(kind: str, value: float | None, label: str | None) -> float | None:
    """Where on its scale a judgement stands, 0 (worst) to 1 (best); None for a label, which has no order, and where nothing was said."""
    if kind == "verdict":
        return None if label is None else float(label == "pass")
    if value is None or kind == "labels":
        return None
    return (value - 1) / 4 if kind == "stars" else value / 100


def weighted_stars(parts: Iterable[tuple[float | None, float]]) -> float | None:
    """The weighted mean of (share, weight) pairs as stars, 1 to 5: `1 + 4 * sum(weight * share) / sum(weight)`.

    Criteria that were not rated, and those of weight 0, are left out; None where none is left.
    """
    known = [(part, weight) for part, weight in parts if part is not None and weight > 0]
    total = sum(weight for _part, weight in known)
    return 1 + 4 * sum(part * weight for part, weight in known) / total if known else None


def differ(kind: str, said: Iterable[float | str]) -> bool:
    """True where raters disagree on one aspect: different words, stars 2 or more apart, scores 25 or more apart."""
    seen = set(said)
    if len(seen) < 2:
        return False
    numbers = [value for value in seen if isinstance(value, (int, float))]
    if len(numbers) < len(seen):
        return True
    return max(numbers) - min(numbers) >= (APART_STARS if kind == "stars" else APART_SCORE)


APART_STARS = 2
APART_SCORE = 25
"""So far apart two numbers are a disagreement, not two hands."""
