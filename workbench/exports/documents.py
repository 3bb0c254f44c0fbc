"""Parts of a run as objects of the command line's contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from workbench.runs.records import ColumnInfo, RunRow
from workbench.values import Score

_JUDGE = ("model", "resolved_model", "prompt", "version")


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
        "in_batch": run.in_batch,
        "cost_usd": money(run.cost_usd),
        "unknown_prices": [*run.unknown_prices],
        "dataset_version": run.dataset_version,
        **({"brought_from": run.brought_from} if run.brought_from else {}),
    }


def column_document(column: ColumnInfo) -> dict[str, Any]:
    """An object of `columns`."""
    return {
        "prompt": column.prompt, "version": column.version, "model": column.model, "pass_rate": column.pass_rate,
        "pass_low": column.pass_low, "pass_high": column.pass_high, "mean_rating": column.mean_rating, "p50_ms": column.p50_ms,
        "p95_ms": column.p95_ms, "cost_usd": money(column.cost_usd), "outputs": column.done, "errors": column.failed,
    }  # fmt: skip


def check_document(score: Score) -> dict[str, Any]:
    """An object of the `checks` of an output."""
    found: dict[str, Any] = {
        "name": score.check.title, "type": score.check.type, "passed": score.passed, "score": score.score, "weight": score.check.weight,
        "reason": score.reason,
    }  # fmt: skip
    if score.label:
        found["label"] = score.label
    judge = {name: score.check.judge[name] for name in _JUDGE if score.check.judge.get(name) is not None}
    if "prompt_uid" in score.check.judge:  # it has spoken: who did is frozen with the score
        found["judge"] = judge
    inner = [check_document(one) for one in score.parts]
    return found | ({"checks": inner} if inner else {})


def money(amount: Decimal | None) -> str | None:
    """Dollars as a decimal string without an exponent and without idle zeros; None stays None."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
