"""Judgements, raters and reviews as the faces see them."""

from __future__ import annotations

from typing import Literal, cast

from workbench.quick_dataclass import dataclass
from workbench.values import Highlight, Saw

Aspect = Literal["stars", "verdict", "score", "label", "note", "highlights", "criterion", "edited"]
Verdict = Literal["pass", "fail"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One word of one rater on one aspect of an output. Where it was taken away, nothing is said in it."""

    id: int
    output_id: int
    aspect: Aspect
    value: float | None
    """Stars 1 to 5, or a score 0 to 100."""
    label: str | None
    """pass, fail, or a label."""
    note: str | None
    highlights: tuple[Highlight, ...]
    criterion_id: int | None
    criterion: str
    """Name of the criterion; empty for the aspects that every output has."""
    kind: str
    """Its scale: stars, verdict, score, labels, note, highlights."""
    rater: str
    own: bool
    """True if whoever rates now said it."""
    at: str
    current: bool
    saw: Saw | None
    """What could be seen then; None where that is not known."""

    @property
    def stars(self) -> int | None:
        """Stars, where the aspect is stars."""
        return None if self.aspect != "stars" or self.value is None else round(self.value)

    @property
    def verdict(self) -> Verdict | None:
        """pass or fail, where the aspect is the verdict."""
        return cast(Verdict, self.label) if self.aspect == "verdict" and self.label else None

    @property
    def said(self) -> float | str | None:
        """The number or the word; None for notes and marks, and where it was taken away."""
        return self.label if self.value is None else self.value

    @property
    def is_empty(self) -> bool:
        """True where something was taken away."""
        return self.value is None and self.label is None and not self.note and not self.highlights


@dataclass(frozen=True, slots=True)
class RaterRow:
    """Somebody who rates in this workspace."""

    id: int
    name: str
    outputs: int
    """Outputs of which something is said."""
    own: bool
