"""What the figures of a run's columns say: which is the best in what, and how a column is spoken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.gui.words import counted, percent

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo


def best_of(columns: Sequence[ColumnInfo]) -> dict[int, frozenset[str]]:
    """Column index to the names of the figures in which it is the best: `pass`, `rating`, `p50`, `cost`.

    A figure that only one column has, or that is the same in all, has no best.
    """
    figures: dict[str, list[tuple[float, int]]] = {"pass": [], "rating": [], "p50": [], "cost": []}
    for column in columns:
        for name, value, sign in (
            ("pass", column.pass_rate, -1),
            ("rating", column.mean_rating, -1),
            ("p50", column.p50_ms, 1),
            ("cost", column.cost_usd, 1),
        ):
            if value is not None and column.done:
                figures[name].append((float(value) * sign, column.index))
    best: dict[int, set[str]] = {}
    for name, values in figures.items():
        lowest = min(values, default=(0.0, 0))[0]
        winners = [index for value, index in values if value == lowest]
        if len(values) > 1 and len(winners) < len(values):
            for index in winners:
                best.setdefault(index, set()).add(name)
    return {index: frozenset(names) for index, names in best.items()}


def version_names(columns: Sequence[ColumnInfo]) -> dict[int, tuple[str, str]]:
    """Column index to what tells its prompt version apart, in two parts: the prompt's name where it needs one, and the version.

    `v7` does where no other prompt of the run has a version 7; else all columns say the prompt as well.
    """
    prompts: dict[int | None, set[str]] = {}
    for column in columns:
        prompts.setdefault(column.version, set()).add(column.prompt_uid or column.prompt)
    alike = any(len(found) > 1 for found in prompts.values())
    return {
        column.index: ("", column.prompt) if column.version is None else (column.prompt if alike else "", f"v{column.version}")
        for column in columns
    }


def spoken_column(column: ColumnInfo, best: frozenset[str]) -> str:
    """What a screen reader and the tooltip say of a column: `gpt-4.1, v7. Pass 96 percent, best. ...`."""

    def mark(name: str) -> str:
        return ", best" if name in best else ""

    parts = [f"{column.model}, {column.prompt} {'v' + str(column.version) if column.version is not None else ''}".strip()]
    if column.pass_rate is not None:
        share = percent(column.pass_rate).replace("%", " percent")
        interval = f" ({percent(column.pass_low)} to {percent(column.pass_high)})" if column.pass_low is not None else ""
        parts.append(f"Checks passed {share}{interval}{mark('pass')}, {column.passed} of {column.checked}")
    if column.judged:
        parts.append(f"Your verdicts: {column.said_pass} of {column.judged} pass")
    if column.mean_rating is not None:
        parts.append(f"Rating {column.mean_rating:.1f}{mark('rating')}")
    if column.p50_ms is not None:
        parts.append(f"Median {column.p50_ms / 1000:.1f} seconds{mark('p50')}")
    if column.cost_usd is not None:
        parts.append("Free" + mark("cost") if column.cost_usd == 0 else f"Cost {column.cost_usd:.2f} dollars{mark('cost')}")
    if column.place == "hand":
        return ". ".join([*parts, f"By hand, time and cost not known, {column.done} of {counted(column.total, 'answer')} given"]) + "."
    parts.append(f"{column.done} of {counted(column.total, 'call')} done" + (f", {column.failed} failed" if column.failed else ""))
    return ". ".join(parts) + "."
