"""The outputs of a run as they leave the app, one after the other, with what checks and people say of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.evaluators import verdict
from workbench.exports.documents import check_document, money
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass
from workbench.ratings import Ratings
from workbench.ratings.counting import VoteCounts, won_lost_tied
from workbench.ratings.documents import overall, rating_documents
from workbench.runs.outputs import messages_of
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.store.outputs import newest, scored
from workbench.values import Check, Progress, Steps

PAGE = 200
"""Cases that are read at a time."""

_TEXTS = f"""
SELECT job.id, output.text, output.thinking, output.refusal, output.raw_finish_reason, output.resolved_model, output.request_id
FROM job JOIN output ON output.id = {newest()}
WHERE job.run_id = :run AND job.case_index BETWEEN :first AND :last AND job.status NOT IN ('queued', 'running', 'by_hand', 'in_batch')"""
_CHECKS = f"""
SELECT DISTINCT score.check_key, score."check" FROM job JOIN output ON output.id = {newest()} JOIN score ON {scored()}
WHERE job.run_id = :run"""
_STATUSES = {"by_hand": "queued", "in_batch": "queued"}
"""Statuses that the contract has no word for, by the one it says."""
_NO_CAUSES: Mapping[int, str] = {}
_USAGE = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")


@dataclass(frozen=True, slots=True)
class Item:
    """One output of a run as it leaves the app."""

    document: dict[str, Any]
    """The object of the command line's contract."""
    reference: Any
    said: dict[str, Any]
    """What all raters come to."""
    attempts: int
    column: int
    case_index: int
    output_id: int | None
    pictures: int
    cause: str | None = None
    """Why it failed, as people call it; None where it did not, or where it was not asked for."""


class Items:
    """Reads the outputs of runs."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs
        self._votes = VoteCounts(database, runs)

    def of(
        self,
        run_id: int,
        progress: Progress | None = None,
        cases: frozenset[int] | None = None,
        causes: Mapping[int, str] = _NO_CAUSES,
    ) -> Iterator[Item]:
        """Every output of a run (of these cases alone), by case, repeat and column. `progress` may raise Stopped; `causes`: of outputs,
        why they failed."""
        plan = self._runs.plan(run_id)
        ratings, voted = self.ratings(run_id), won_lost_tied(self._votes.of_runs([run_id]))
        messages = _Messages(plan)
        steps, total = Steps(progress, 1), max(1, len(plan.cases))
        for first in range(0, len(plan.cases), PAGE):
            steps.say(first / total)
            last = first + PAGE - 1
            if cases is not None and cases.isdisjoint(range(first, last + 1)):
                continue
            texts = {row[0]: row[1:] for row in self._database.query(_TEXTS, {"run": run_id, "first": first, "last": last})}
            for cell in self._runs.cells(run_id, first, last):
                if cases is not None and cell.case_index not in cases:
                    continue
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
                    "checks": [check_document(one) for one in cell.scores], "passed": passed, "score": score,
                    "ratings": ratings.get(cell.output_id or 0, []),
                }  # fmt: skip
                said = overall(document["ratings"], cell.rating, cell.differ, voted.get(cell.output_id or 0))
                yield Item(
                    document, case.reference, said, cell.attempts, cell.column, cell.case_index, cell.output_id, cell.pictures,
                    causes.get(cell.output_id or 0),
                )  # fmt: skip

    def ratings(self, run_id: int) -> dict[int, list[dict[str, Any]]]:
        """What people say now of the outputs of a run, by output, as in the `ratings` of the contract."""
        return rating_documents(Ratings(self._database), run_id)

    def check_titles(self, run_id: int) -> list[str]:
        """The names of all checks that count in a run, each once, those of the comparison before those of single cases."""
        rows = self._database.query(_CHECKS, {"run": run_id})
        rows.sort(key=lambda row: (not row[0].isdigit(), int(row[0]) if row[0].isdigit() else 0, row[0]))
        return list(dict.fromkeys(Check.from_json(json.loads(check)).title for _key, check in rows))


def about(rating: Mapping[str, Any]) -> str:
    """What a rating is about: the name of its criterion, or its aspect."""
    return str(rating.get("criterion") or rating["aspect"])


class _Messages:
    """Rendered messages, each only once where repeats or several models ask the same."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._case = -1
        self._found: dict[int, tuple[Mapping[str, Any], ...]] = {}
        """Of the case: by the first column that asks this."""
        contents = [column.variant.content for column in plan.columns]
        alike = [(content, column.model.reads, column.model.wire_format) for content, column in zip(contents, plan.columns, strict=True)]
        self._first = [alike.index(one) for one in alike]

    def of(self, column: int, case_index: int) -> list[Mapping[str, Any]]:
        """The messages of a job. Cases come one after the other."""
        if case_index != self._case:
            self._case = case_index
            self._found.clear()
        first = self._first[column]
        if first not in self._found:
            self._found[first] = messages_of(self._plan, first, case_index)
        return [*self._found[first]]
