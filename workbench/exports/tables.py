"""Outputs as rows: CSV and JSON Lines, with every check and what each rater said."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from typing import IO, Any

from workbench.exports.items import Item
from workbench.exports.words import word_in
from workbench.formats.tabular_shield import shielded
from workbench.quick_dataclass import dataclass
from workbench.ratings.documents import OVERALL, rating_cells

_PLAIN = (
    "prompt", "version", "model", "case", "case_name", "repeat", "status", "cost_usd", "latency_ms",
    "input_tokens", "output_tokens", "error", "reused",
)  # fmt: skip
_SHORT = {"passed": "pass", "failed": "fail"}
_JUDGED = ("reference", "output", "passed", "score", "failed_checks", "cause")


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a table of outputs, which must be known before the first row."""

    variables: Sequence[str]
    checks: Sequence[str]
    ratings: Sequence[str]

    @property
    def heads(self) -> list[str]:
        """The names of the columns."""
        return [
            *_PLAIN, *(f"var.{name}" for name in self.variables), *_JUDGED, *OVERALL, *(f"check.{title}" for title in self.checks),
            *self.ratings,
        ]  # fmt: skip

    def row(self, item: Item) -> list[Any]:
        """An output as the cells below these heads."""
        row = item.document
        usage, error = row["usage"], row["error"] or {}
        failed = "; ".join(check["name"] for check in row["checks"] if check["passed"] is False and check["weight"] > 0)
        checks: dict[str, Any] = {}
        for check in row["checks"]:
            word = word_in(check)
            if word == "failed" or check["name"] not in checks:  # of two checks of one name the one that failed is told
                checks[check["name"]] = _SHORT.get(word, word)
        return [
            *(row[name] for name in _PLAIN[:9]), usage["input_tokens"], usage["output_tokens"], error.get("message"), row["reused"],
            *(row["vars"].get(name) for name in self.variables),
            item.reference, row["text"], row["passed"], row["score"], failed, item.cause, *(item.said[name] for name in OVERALL),
            *(checks.get(title) for title in self.checks), *rating_cells(row["ratings"], self.ratings),
        ]  # fmt: skip


def write_csv(file: IO[str], shape: Shape, items: Iterable[Item]) -> int:
    """How many outputs were written, one a row. A cell that a spreadsheet would run as a formula is shielded."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([shielded(name) for name in shape.heads])
    count = 0
    for item in items:
        count += 1
        writer.writerow([shielded(cell) for cell in shape.row(item)])
    return count


def write_jsonl(file: IO[str], items: Iterable[Item]) -> int:
    """How many outputs were written: the objects of the report, with the reference and what people said."""
    count = 0
    for item in items:
        count += 1
        said = {"reference": item.reference, "cause": item.cause} | item.said
        file.write(json.dumps(item.document | said, ensure_ascii=False) + "\n")
    return count
