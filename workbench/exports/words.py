"""Figures as the words of tables and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.runs.records import ColumnInfo, RunRow
from workbench.values import word_of


def counts(run: RunRow) -> str:
    """How far a run is and what it cost, such as `100 of 100 done, 2 failed, $0.12`."""
    parts = [f"{run.done} of {run.jobs} done"]
    for count, word in (
        (run.failed, "failed"),
        (run.queued, "to do"),
        (run.by_hand, "to be given by hand"),
        (run.in_batch, "in a batch"),
        (run.skipped, "left out at the cap"),
        (run.reused, "reused"),
    ):
        if count:
            parts.append(f"{count} {word}")
    if run.cost_usd is not None and (run.cost_usd or not run.unknown_prices):
        parts.append("free" if not run.cost_usd else f"${run.cost_usd:.4f}" if run.cost_usd < 1 else f"${run.cost_usd:.2f}")
    return ", ".join(parts)


def prompt_of(column: ColumnInfo) -> str:
    """The prompt of a column with its version."""
    return f"{column.prompt}{f' v{column.version}' if column.version is not None else ''}"


def rate_of(column: ColumnInfo) -> str:
    """The pass rate with its 95 % interval; a dash where no answer is judged."""
    if column.pass_rate is None or column.pass_low is None or column.pass_high is None:
        return "-"
    return f"{column.pass_rate:.0%} ({column.pass_low:.0%} to {column.pass_high:.0%})"


def cost_of(column: ColumnInfo) -> str:
    """What a column cost; a question mark where no price is known."""
    return "?" if column.cost_usd is None else "free" if not column.cost_usd else f"${column.cost_usd:.4f}"


def word_in(check: Mapping[str, Any]) -> str:
    """What a check came to, of its object in the command line's contract."""
    return word_of(check["passed"], check["weight"], check.get("label", ""))


def seconds(milliseconds: float | None) -> str:
    """A time for a table."""
    if milliseconds is None:
        return "-"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def chance(worse: int, better: int, p_value: float) -> str:
    """What the exact test allows to say of so many turned verdicts."""
    if p_value > 0.05:
        return f"{max(worse, better)} against {min(worse, better)} could be chance (p = {p_value:.2g})"
    return f"{max(worse, better)} against {min(worse, better)} is more than chance explains (p = {p_value:.2g})"


def counted(count: int, thing: str) -> str:
    """`1 case`, `3 cases`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
