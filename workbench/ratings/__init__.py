"""What people think of outputs: stars, verdicts, scores, labels, criteria, notes and marks of several raters, and the blind review."""

from __future__ import annotations

from workbench.ratings.judging import Judging, Said, marks_of, said_on, write_judgement
from workbench.ratings.reading import RatingReader
from workbench.ratings.records import Aspect, Judgement, RaterRow, Verdict
from workbench.ratings.reviews import Reviews

__all__ = [
    "Aspect",
    "Judgement",
    "RaterRow",
    "Ratings",
    "Said",
    "Verdict",
    "marks_of",
    "said_on",
    "write_judgement",
]


class Ratings(Judging, RatingReader, Reviews):
    """The verbs on judgements, raters and reviews."""
