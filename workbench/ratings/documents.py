"""Judgements as they leave the app: the `ratings` list of the command line's contract, and the columns of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.ratings.reading import RatingReader
from workbench.ratings.records import Judgement

Document = dict[str, Any]
VOTED = ("votes_won", "votes_lost", "votes_tied")
OVERALL = ("stars", "verdict", "note", "rating", "raters", "raters_differ", *VOTED)
"""What all raters of an output come to, as columns."""


def rating_documents(ratings: RatingReader, run_id: int) -> dict[int, list[Document]]:
    """What counts of each output of a run, in the order in which it was said."""
    found: dict[int, list[Document]] = {}
    for judgement in reversed(ratings.said_in(run_id)):
        found.setdefault(judgement.output_id, []).append(_document(judgement))
    return found


def overall(said: Sequence[Document], rating: float | None, differ: bool, voted: tuple[int, int, int] | None = None) -> Document:
    """What all raters say: mean stars, the verdict of most (`split` where as many say the other), notes with their raters' names.

    `voted`: votes won, lost and tied; None where it was set against no other answer.
    """
    stars = [item["value"] for item in said if item["aspect"] == "stars"]
    verdicts = [item["value"] for item in said if item["aspect"] == "verdict"]
    notes = [item for item in said if item["aspect"] == "note"]
    mean = sum(stars) / len(stars) if stars else None
    passed = verdicts.count("pass") * 2
    word = None if not verdicts else "split" if passed == len(verdicts) else "pass" if passed > len(verdicts) else "fail"
    named = len({item["rater"] for item in said}) > 1
    return {
        "stars": int(mean) if mean is not None and mean == int(mean) else mean,
        "verdict": word,
        "note": "\n".join(f"{item['rater']}: {item['value']}" if named else str(item["value"]) for item in notes),
        "rating": rating,
        "raters": len({item["rater"] for item in said if item["aspect"] not in ("note", "highlights", "edited")}),
        "raters_differ": differ,
    } | dict(zip(VOTED, voted or (None, None, None), strict=True))


def rating_columns(documents: Mapping[int, Sequence[Document]]) -> list[str]:
    """A column for each rater and aspect or criterion that was rated: `rated.Ana.stars`, `rated.Ana.Accuracy`."""
    keys = {(item["rater"], _order(item), _name(item)) for said in documents.values() for item in said}
    return [f"rated.{rater}.{name}" for rater, _place, name in sorted(keys)]


def rating_cells(said: Iterable[Document], columns: Sequence[str]) -> list[Any]:
    """The cells of one output under `rating_columns`; marks as one line each."""
    cells = {f"rated.{item['rater']}.{_name(item)}": _plain(item["value"]) for item in said}
    return [cells.get(column) for column in columns]


def _document(judgement: Judgement) -> Document:
    value: Any = judgement.note if judgement.aspect in ("note", "edited") else judgement.said
    if judgement.aspect == "highlights":
        value = [{"start": mark.start, "end": mark.end, "why": mark.why} for mark in judgement.highlights]
    item: Document = {"aspect": judgement.aspect}
    if judgement.aspect == "criterion":
        item |= {"criterion": judgement.criterion, "scale": judgement.kind}
    saw = {"saw": judgement.saw.to_json()} if judgement.saw else {}
    return item | {"value": value, "rater": judgement.rater, "at": judgement.at} | saw


def _name(item: Document) -> str:
    criterion = item.get("criterion")
    return f"criterion {criterion}" if criterion in _ORDER else str(criterion or item["aspect"])


_ORDER = ("stars", "verdict", "score", "label", "criterion", "note", "highlights", "edited")


def _order(item: Document) -> int:
    return _ORDER.index(item["aspect"]) if item["aspect"] in _ORDER else len(_ORDER)


def _plain(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return "\n".join(f"{mark['start']}-{mark['end']}: {mark['why']}".rstrip(": ") for mark in value)
