"""A run as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.exports.words import cost_of, counts, rate_of, seconds
from workbench.runs.records import ColumnInfo, RunRow


def table_text(run: RunRow, dataset: str, columns: Sequence[ColumnInfo], failures: Sequence[tuple[str, int]]) -> str:
    """Its columns with their figures, and what failed. `dataset` with its version; empty for cases without one."""
    lines = [f"{run.comparison} #{run.number}  {run.standing}  {counts(run)}{f'  on {dataset}' if dataset else ''}", ""]
    rows = [_row(column) for column in columns]
    lines += _aligned(("PROMPT", "MODEL", "DONE", "FAILED", "PASS", "RATING", "MEDIAN", "95 %", "COST"), rows)
    if failures:
        lines += ["", "Failed:"] + [f"  {count} x {message}" for message, count in failures]
    if run.unknown_prices:
        lines += ["", f"No price is known for {', '.join(run.unknown_prices)}."]
    return "\n".join(lines)


def _row(column: ColumnInfo) -> Sequence[str]:
    version = f" v{column.version}" if column.version is not None else ""
    return (
        f"{column.prompt[:40]}{version}", column.model[:40], f"{column.done} of {column.total}", str(column.failed or "-"), rate_of(column),
        "-" if column.mean_rating is None else f"{column.mean_rating:.1f}", seconds(column.p50_ms), seconds(column.p95_ms), cost_of(column),
    )  # fmt: skip


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in (head, *rows)) for index in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]
