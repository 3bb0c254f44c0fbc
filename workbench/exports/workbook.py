"""A run as an Excel workbook: its outputs, columns, checks and ratings, and a sheet that says what the others hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import IO, Any

from workbench import __version__
from workbench.exports.documents import column_document
from workbench.exports.items import Item, about
from workbench.exports.tables import Shape
from workbench.exports.words import counts
from workbench.formats.workbook_writing import Sheet, Workbook
from workbench.runs.records import ColumnInfo, RunRow

_COLUMNS = (
    "prompt", "version", "model", "outputs", "errors", "checked", "passed", "pass_rate", "pass_low", "pass_high", "mean_rating", "rated",
    "p50_ms", "p95_ms", "cost_usd",
)  # fmt: skip
_WHERE = ("case", "case_name", "prompt", "version", "model", "repeat")
_CHECKS = ("check", "type", "passed", "score", "weight", "reason", "judge")
_RATINGS = ("rater", "about", "value", "at")
_SAID = {
    "Outputs": "One answer a row, with the values of its case, every check and what each rater said.",
    "Columns": "One prompt version on one model a row. pass_low and pass_high are the 95 % interval of the pass rate (Wilson).",
    "Checks": "One check of one answer a row. An empty passed: the check gave no verdict, as its reason says. One that cannot run here "
    "leaves the word to the others; an answer whose judge has not spoken is not judged. A check of weight 0 only tells.",
    "Ratings": "One judgement of one rater a row; what a rater has since replaced is not here.",
}


def write_workbook(file: IO[bytes], run: RunRow, dataset: str, columns: Sequence[ColumnInfo], shape: Shape, items: Iterable[Item]) -> int:
    """How many outputs were written."""
    book = Workbook()
    try:
        outputs = book.sheet("Outputs", shape.heads, (24, 8, 20))
        figures = book.sheet("Columns", _COLUMNS, (24, 8, 20))
        checks = book.sheet("Checks", (*_WHERE, *_CHECKS), (6, 24, 24, 8, 20, 8, 24))
        ratings = book.sheet("Ratings", (*_WHERE, *_RATINGS), (6, 24, 24, 8, 20, 8, 16))
        cost = shape.heads.index("cost_usd")
        count = 0
        for item in items:
            count += 1
            row = shape.row(item)
            row[cost] = _dollars(row[cost])
            outputs.add(row)
            _add_said(checks, ratings, item)
        for column in columns:
            document = column_document(column) | {"checked": column.checked, "passed": column.passed, "rated": column.rated}
            document["cost_usd"] = _dollars(document["cost_usd"])
            figures.add(document[name] for name in _COLUMNS)
        _add_about(book.sheet("About", ("What", "Said"), (18, 100)), book, run, dataset, count)
        book.save(file)
    finally:
        book.close()
    return count


def _add_said(checks: Sheet, ratings: Sheet, item: Item) -> None:
    where = [item.document[name] for name in _WHERE]
    for check in item.document["checks"]:
        checks.add([*where, check["name"], *(check[name] for name in _CHECKS[1:-1]), _who(check.get("judge"))])
    for rating in item.document["ratings"]:
        ratings.add([*where, rating["rater"], about(rating), rating["value"], rating["at"]])


def _add_about(sheet: Sheet, book: Workbook, run: RunRow, dataset: str, count: int) -> None:
    rows: list[tuple[str, Any]] = [
        ("Comparison", run.comparison), ("Run", run.number), ("Run id", run.uid), ("Status", run.standing), ("Started", run.started_at),
        ("Finished", run.finished_at), ("Dataset", dataset or None), ("Calls", counts(run)), ("Answers", count),
        ("No price known", ", ".join(run.unknown_prices) or None), ("Brought from", run.brought_from or None), *_SAID.items(),
        ("Texts cut", book.cut), ("Written by", f"Prompt Workbench {__version__}"),
    ]  # fmt: skip
    for row in rows:
        if row[1] is not None:
            sheet.add(row)


def _who(judge: Mapping[str, Any] | None) -> str | None:
    """The judge that spoke: its model, and the version of its prompt."""
    return f"{judge.get('resolved_model') or judge.get('model')}, {judge.get('prompt')} v{judge.get('version')}" if judge else None


def _dollars(text: str | None) -> float | None:
    return None if text is None else float(Decimal(text))
