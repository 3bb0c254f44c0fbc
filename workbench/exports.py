"""Runs as files and text: the command line's document, CSV and JSON Lines with ratings, and a table for the terminal."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import IO, Any

from workbench.evaluators import verdict
from workbench.formats.tabular_writing import shielded as shielded
from workbench.plan import Plan
from workbench.ratings import Ratings
from workbench.ratings.documents import OVERALL, overall, rating_cells, rating_columns, rating_documents
from workbench.runs.outputs import messages_of
from workbench.runs.records import ColumnInfo, RunRow
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.store.outputs import newest
from workbench.values import BadInput, Score, StoreTrouble
from workbench.whole_file import beside

SCHEMA = 1

_PAGE = 200

_TEXTS = f"""
SELECT job.id, output.text, output.thinking, output.refusal, output.raw_finish_reason, output.resolved_model, output.request_id
FROM job JOIN output ON output.id = {newest()}
WHERE job.run_id = :run AND job.case_index BETWEEN :first AND :last AND job.status NOT IN ('queued', 'running', 'by_hand', 'in_batch')"""


@dataclass(frozen=True, slots=True)
class _Item:
    """One output of a run as it leaves the app."""

    document: dict[str, Any]
    """The object of the command line's contract."""
    reference: Any
    said: dict[str, Any]
    """What all raters come to."""
    attempts: int


class Exports:
    """The verbs that write runs out."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs

    def report(self, run_id: int) -> dict[str, Any]:
        """The document of `workbench run --json`."""
        return {
            "schema": SCHEMA,
            "run": run_document(self._runs.get(run_id)),
            "outputs": [item.document for item in self._items(run_id)],
            "columns": [_column_document(column) for column in self._runs.columns(run_id)],
        }

    def outputs_json(self, run_id: int, path: Path) -> int:
        """How many outputs were written as one JSON document: the report, indented."""
        report = self.report(run_id)

        def write(file: IO[str]) -> int:
            file.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
            return len(report["outputs"])

        return _written(path, write)

    def outputs_jsonl(self, run_id: int, path: Path) -> int:
        """How many outputs were written as JSON Lines: the objects of the report, with the reference and what people said."""
        return _written(path, lambda file: self._write_jsonl(run_id, file))

    def outputs_csv(self, run_id: int, path: Path) -> int:
        """How many outputs were written as CSV, one a row, every variable a column `var.NAME`.

        UTF-8 with a byte order mark, because Excel reads it wrongly without. A cell that a spreadsheet would run as a formula has an
        apostrophe before it (see `shielded`).
        """
        return _written(path, lambda file: self._write_csv(run_id, file), encoding="utf-8-sig")

    def cells_text(self, run_id: int, cases: Sequence[int], columns: Sequence[int], repeat: int = 1) -> str:
        """Answers as a table to paste: tabs between columns, case names and column titles at its edges, shielded as in CSV."""
        plan = self._runs.plan(run_id)
        titles = []
        for column in (plan.columns[index] for index in columns):
            version = f" v{column.variant.version}" if column.variant.version is not None else ""
            titles.append(f"{column.model.title}, {column.variant.prompt}{version}")
        file = StringIO()
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow([shielded(text) for text in ("Case", *titles)])
        for start in range(0, len(cases), _PAGE):
            page = cases[start : start + _PAGE]
            texts = {key: text for case in page for key, text in self._runs.texts(run_id, case, case, columns, repeat).items()}
            for case in page:
                name = plan.cases[case].name or f"Case {case + 1}"
                writer.writerow([shielded(text) for text in (name, *(texts.get((case, column), "") for column in columns))])
        return file.getvalue()

    def _ran_on(self, run: RunRow) -> str:
        return "" if run.dataset_version is None else f"  on {self._runs.plan(run.id).dataset} v{run.dataset_version}"

    def table_text(self, run_id: int) -> str:
        """The run as a table for a terminal: its columns with their figures, and what failed."""
        run, columns = self._runs.get(run_id), self._runs.columns(run_id)
        lines = [f"{run.comparison} #{run.number}  {run.status}  {_counts(run)}{self._ran_on(run)}", ""]
        rows = [_table_row(column) for column in columns]
        lines += _aligned(("PROMPT", "MODEL", "DONE", "FAILED", "PASS", "RATING", "MEDIAN", "95 %", "COST"), rows)
        failures = self._failures(run_id)
        if failures:
            lines += ["", "Failed:"] + [f"  {count} x {message}" for message, count in failures]
        if run.unknown_prices:
            lines += ["", f"No price is known for {', '.join(run.unknown_prices)}."]
        return "\n".join(lines)

    # Parts

    def _items(self, run_id: int) -> Iterator[_Item]:
        plan = self._runs.plan(run_id)
        ratings = rating_documents(Ratings(self._database), run_id)
        messages = _Messages(plan)
        for first in range(0, len(plan.cases), _PAGE):
            last = first + _PAGE - 1
            texts = {row[0]: row[1:] for row in self._database.query(_TEXTS, {"run": run_id, "first": first, "last": last})}
            for cell in self._runs.cells(run_id, first, last):
                text, thinking, refusal, raw, resolved, request_id = texts.get(cell.job_id, (cell.text, None, None, None, None, None))
                variant, model = plan.columns[cell.column].variant, plan.columns[cell.column].model
                case = plan.cases[cell.case_index]
                passed, score = verdict(cell.scores)
                document = {
                    "prompt": variant.prompt, "version": variant.version, "model": model.title, "case": cell.case_index + 1,
                    "case_name": case.name, "repeat": cell.repeat, "vars": dict(case.values),
                    "messages": messages.of(cell.column, cell.case_index), "status": _STATUSES.get(cell.status, cell.status), "text": text,
                    "thinking": thinking, "refusal": refusal, "finish_reason": cell.finish_reason, "raw_finish_reason": raw,
                    "resolved_model": resolved, "request_id": request_id,
                    "usage": {name: getattr(cell.usage, name) for name in _USAGE}, "cost_usd": money(cell.cost_usd),
                    "latency_ms": cell.latency_ms, "first_token_ms": cell.first_token_ms, "reused": cell.reused, "error": cell.error,
                    "batch": cell.usage.service_tier == "batch",
                    "checks": [_check_document(one) for one in cell.scores], "passed": passed, "score": score,
                    "ratings": ratings.get(cell.output_id or 0, []),
                }  # fmt: skip
                yield _Item(document, case.reference, overall(document["ratings"], cell.rating, cell.differ), cell.attempts)

    def _write_jsonl(self, run_id: int, file: IO[str]) -> int:
        count = 0
        for item in self._items(run_id):
            said = {"reference": item.reference} | item.said
            file.write(json.dumps(item.document | said, ensure_ascii=False) + "\n")
            count += 1
        return count

    def _write_csv(self, run_id: int, file: IO[str]) -> int:
        names = list(dict.fromkeys(name for case in self._runs.cases(run_id) for name in case.values))
        raters = rating_columns(rating_documents(Ratings(self._database), run_id))
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([shielded(name) for name in (*_PLAIN, *(f"var.{name}" for name in names), *_JUDGED, *OVERALL, *raters)])
        count = 0
        for item in self._items(run_id):
            row = item.document
            usage, error = row["usage"], row["error"] or {}
            failed = "; ".join(check["name"] for check in row["checks"] if check["passed"] is False)
            cells = [
                *(row[name] for name in _PLAIN[:9]), usage["input_tokens"], usage["output_tokens"], error.get("message"), row["reused"],
                *(row["vars"].get(name) for name in names),
                item.reference, row["text"], row["passed"], row["score"], failed, *(item.said[name] for name in OVERALL),
                *rating_cells(row["ratings"], raters),
            ]  # fmt: skip
            writer.writerow([shielded(cell) for cell in cells])
            count += 1
        return count

    def _failures(self, run_id: int) -> list[tuple[str, int]]:
        counts: dict[str, int] = {}
        sql = f"SELECT output.error FROM job JOIN output ON output.id = {newest()} WHERE job.run_id = ? AND job.status = 'failed'"
        for (error,) in self._database.query(sql, [run_id]):
            item = json.loads(error) if error else {}
            status = f" ({item['status']})" if item.get("status") else ""
            words = f"{item.get('kind', 'error')}{status}: {' '.join(str(item.get('message', '')).split())[:100]}"
            counts[words] = counts.get(words, 0) + 1
        return sorted(counts.items(), key=lambda pair: -pair[1])[:8]


_PLAIN = (
    "prompt", "version", "model", "case", "case_name", "repeat", "status", "cost_usd", "latency_ms",
    "input_tokens", "output_tokens", "error", "reused",
)  # fmt: skip
_STATUSES = {"by_hand": "queued", "in_batch": "queued"}
"""Statuses that the contract has no word for, by the one it says."""
_JUDGED = ("reference", "output", "passed", "score", "failed_checks")
_USAGE = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")


class _Messages:
    """Rendered messages, each only once where repeats ask the same."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._last: dict[tuple[int, int], tuple[Mapping[str, Any], ...]] = {}

    def of(self, column: int, case_index: int) -> list[Mapping[str, Any]]:
        """The messages of a job."""
        if self._plan.repeats == 1:
            return [*messages_of(self._plan, column, case_index)]
        if (column, case_index) not in self._last:
            if len(self._last) > 1000:
                self._last.clear()
            self._last[column, case_index] = messages_of(self._plan, column, case_index)
        return [*self._last[column, case_index]]


def run_document(run: RunRow) -> dict[str, Any]:
    """The `run` object of the command line's contract."""
    return {
        "id": run.uid,
        "comparison": run.comparison,
        "number": run.number,
        "status": run.status,
        "started": run.started_at,
        "finished": run.finished_at,
        "jobs": run.jobs,
        "done": run.done,
        "failed": run.failed,
        "reused": run.reused,
        "cost_usd": money(run.cost_usd),
        "unknown_prices": [*run.unknown_prices],
        "dataset_version": run.dataset_version,
        **({"brought_from": run.brought_from} if run.brought_from else {}),
    }


def money(amount: Decimal | None) -> str | None:
    """Dollars as a decimal string without an exponent and without idle zeros; None stays None."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _written(path: Path, write: Callable[[IO[str]], int], encoding: str = "utf-8") -> int:
    """Write a file whole or not at all. Raises a sentence where that is not possible."""
    if not path.parent.is_dir():
        raise BadInput("The folder of this file does not exist.", path=str(path))
    try:
        with beside(path) as new:
            with new.open("w", encoding=encoding, newline="", errors="backslashreplace") as file:
                count = write(file)
            new.replace(path)
    except OSError as error:
        raise StoreTrouble(f"{path} cannot be written: {error.strerror}.", remedy="Choose another place.") from error
    return count


def _check_document(score: Score) -> dict[str, Any]:
    return {
        "name": score.check.title, "type": score.check.type, "passed": score.passed, "score": score.score, "weight": score.check.weight,
        "reason": score.reason,
    }  # fmt: skip


def _column_document(column: ColumnInfo) -> dict[str, Any]:
    return {
        "prompt": column.prompt, "version": column.version, "model": column.model, "pass_rate": column.pass_rate,
        "pass_low": column.pass_low, "pass_high": column.pass_high, "mean_rating": column.mean_rating, "p50_ms": column.p50_ms,
        "p95_ms": column.p95_ms, "cost_usd": money(column.cost_usd), "outputs": column.done, "errors": column.failed,
    }  # fmt: skip


def _counts(run: RunRow) -> str:
    parts = [f"{run.done} of {run.jobs} done"]
    for count, word in (
        (run.failed, "failed"),
        (run.queued, "to do"),
        (run.by_hand, "to be given by hand"),
        (run.skipped, "left out at the cap"),
        (run.reused, "reused"),
    ):
        if count:
            parts.append(f"{count} {word}")
    if run.cost_usd is not None:
        parts.append("free" if not run.cost_usd else f"${run.cost_usd:.4f}" if run.cost_usd < 1 else f"${run.cost_usd:.2f}")
    return ", ".join(parts)


def _table_row(column: ColumnInfo) -> Sequence[str]:
    version = f" v{column.version}" if column.version is not None else ""
    rate = "-"
    if column.pass_rate is not None and column.pass_low is not None and column.pass_high is not None:
        rate = f"{column.pass_rate:.0%} ({column.pass_low:.0%} to {column.pass_high:.0%})"
    cost = "?" if column.cost_usd is None else "free" if not column.cost_usd else f"${column.cost_usd:.4f}"
    return (
        f"{column.prompt[:40]}{version}", column.model[:40], f"{column.done} of {column.total}", str(column.failed or "-"), rate,
        "-" if column.mean_rating is None else f"{column.mean_rating:.1f}", _seconds(column.p50_ms), _seconds(column.p95_ms), cost,
    )  # fmt: skip


def _seconds(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in (head, *rows)) for index in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]
