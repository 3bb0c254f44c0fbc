"""How well labels match the references: precision, recall, F1 and the confusion of labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from workbench.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label. `precision` is None where it was never given, `recall` where it never was the reference, `f1` where it was neither."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    references: int
    given: int


@dataclass(frozen=True, slots=True)
class Classification:
    """All labels by name, and the figures over all of them."""

    labels: tuple[LabelFigures, ...]
    confusion: Mapping[tuple[str, str], int]
    """(reference, given) -> cases."""
    accuracy: float
    macro_f1: float
    """The plain mean over labels that were a reference, so that a rare label counts as much as a common one."""
    weighted_f1: float
    """The mean weighted by how often a label was the reference."""


def classify(references: Sequence[str], given: Sequence[str]) -> Classification | None:
    """The figures of labels given to cases whose right labels are known, in the same order; None without cases."""
    if not references:
        return None
    confusion = Counter(zip(references, given, strict=True))
    wanted, said = Counter(references), Counter(given)
    labels = tuple(_figures(label, confusion[label, label], wanted[label], said[label]) for label in sorted({*wanted, *said}))
    known = [label for label in labels if label.references]
    return Classification(
        labels,
        dict(confusion),
        sum(confusion[label, label] for label in wanted) / len(references),
        sum(label.f1 or 0.0 for label in known) / len(known),
        sum((label.f1 or 0.0) * label.references for label in known) / len(references),
    )


def _figures(label: str, right: int, references: int, given: int) -> LabelFigures:
    return LabelFigures(
        label,
        right / given if given else None,
        right / references if references else None,
        2 * right / (references + given),
        references,
        given,
    )
