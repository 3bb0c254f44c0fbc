"""Checks that compare meanings (`similar`), as promptfoo has them: the cosine of two vectors reaches a threshold, of a list one of them.

Cut in two pure halves, since vectors take calls that nobody makes here: `texts_of` says whose vectors are needed, `similar` judges by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from operator import mul
from typing import Any

from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.texts import as_text
from workbench.quick_dataclass import dataclass
from workbench.values import Check, canonical

TYPES = ("similar", "similar:cosine")
THRESHOLD = 0.75
_EPSILON = 1e-6
"""Vectors are 32-bit floats: the cosine of a text with itself may come out as 0.9999999."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors by their texts. `why_not`: a sentence for those that have none. `model`: whose they are, since scores of different models
    are not comparable."""

    found: Mapping[str, Sequence[float]] = field(default_factory=dict)
    why_not: str = "No embedding model is at hand, so meanings cannot be compared here."
    model: str = ""
    known: Mapping[str, float] = field(default_factory=dict)
    """Where vectors are missing: scores that the same checks gave to the same answer before, by `key`."""


def key(check: Check) -> str:
    """What has to be the same, so that an earlier score still tells how alike the texts are."""
    return canonical([check.type, check.value])


def texts_of(value: Any, text: str) -> tuple[str, ...]:
    """The texts that a check with this value compares on an answer; none where it can be judged without."""
    return (text, *_wanted(value)) if text.strip() else ()


def similar(check: Check, value: Any, text: str, vectors: Vectors) -> tuple[bool, float, str]:
    """Passed, score and reason, `not-` included. Raises CannotRun where a vector is missing, Invalid where there is nothing to compare."""
    negated = check.type.startswith("not-")
    threshold = THRESHOLD if check.threshold is None else check.threshold
    wanted = _wanted(value)
    if not text.strip():
        return negated, float(negated), "The answer is empty, so it means nothing like that."
    earlier = vectors.known.get(key(check))
    if earlier is not None:
        likeness = [1.0 - earlier if negated else earlier] * len(wanted)
    else:
        likeness = [cosine(_vector(text, vectors), _vector(one, vectors)) for one in wanted]
    best = min(likeness) if negated else max(likeness)
    passed = best <= threshold + _EPSILON if negated else best >= threshold - _EPSILON
    says = "means the same as" if best >= threshold - _EPSILON else "does not mean the same as"
    named = as_text(wanted[likeness.index(best)])
    short = named if len(named) <= 60 else f"{named[:59]}…"
    by = " as compared before" if earlier is not None else f" by {vectors.model}" if vectors.model else ""
    reason = f"The answer {says} “{short}”: similarity {best:.2f}{by}, threshold {threshold:g}."
    return passed, max(0.0, min(1.0, 1.0 - best if negated else best)), reason


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    """The cosine of the angle between two vectors; 0 where one of them is nought."""
    if len(left) != len(right):
        raise CannotRun("The vectors of the two texts have different lengths, so they cannot be compared.")
    lengths = math.sqrt(sum(map(mul, left, left)) * sum(map(mul, right, right)))
    return sum(map(mul, left, right)) / lengths if lengths else 0.0


def _vector(text: str, vectors: Vectors) -> Sequence[float]:
    if text not in vectors.found:
        raise CannotRun(vectors.why_not)
    return vectors.found[text]


def _wanted(value: Any) -> tuple[str, ...]:
    """The texts of a check's value. Raises Invalid where there are none."""
    found = tuple(as_text(one) for one in (value if isinstance(value, list) else [value]) if one is not None and as_text(one).strip())
    if not found:
        raise Invalid("The check has no text to compare with.")
    return found
