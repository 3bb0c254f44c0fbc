"""What models used in past runs: the ground on which an estimate stands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from workbench import plan as plans
from workbench.plan import PastUse, Plan, model_key
from workbench.runs.reading import RunReader
from workbench.store.database import Database
from workbench.values import BadInput, ModelSpec

_RUNS_READ = 30
_OUTPUTS_READ = 200
_REPEATS_READ = 3

_NEWEST = f"SELECT id FROM run WHERE status <> 'queued' AND judged_run_id {{kind}} ORDER BY id DESC LIMIT {_RUNS_READ}"
_USED = """
SELECT job.case_index, output.usage, output.latency_ms FROM output JOIN job ON job.id = output.job_id
WHERE job.run_id = :run AND job.column_index = :column AND output.error IS NULL AND output.reused_from_id IS NULL
ORDER BY output.id DESC LIMIT :limit"""


def past_use(database: Database, reader: RunReader, models: Iterable[ModelSpec]) -> dict[str, PastUse]:
    """Past use of these models by `model_key`, from the newest finished calls of at most 30 runs and 30 runs of judges, of which many
    may follow a single run; models without any are left out."""
    wanted = {model_key(model) for model in models}
    sums: dict[str, _Sums] = {}
    newest = [row[0] for kind in ("IS NULL", "IS NOT NULL") for row in database.query(_NEWEST.format(kind=kind))]
    for run_id, keys in reader.model_keys(sorted(newest, reverse=True)).items():
        for column, key in enumerate(keys):
            sum_ = sums.setdefault(key, _Sums())
            if key not in wanted or sum_.calls >= _OUTPUTS_READ:
                continue
            for row in database.query(_USED, {"run": run_id, "column": column, "limit": _OUTPUTS_READ - sum_.calls}):
                sum_.add(reader.plan(run_id), column, *row)  # a plan may be long: it is read only where an output stands on it
    return {key: sum_.use() for key, sum_ in sums.items() if sum_.calls}


def answered_share(database: Database, plan: Plan) -> dict[int, float]:
    """Of each column of a plan, the share of its calls that was answered before, from at most 50 cases spread over all."""
    step = max(1, len(plan.cases) // plans.SAMPLED_CASES)
    enough = perf_counter() + plans.SAMPLING_SECONDS
    shares = {}
    for column in range(len(plan.columns)):
        prints = []
        for case_index in range(0, len(plan.cases), step):
            try:
                asked = plans.request(plan, column, case_index)
            except BadInput:
                continue
            prints += [plans.fingerprint(plan, column, asked, repeat) for repeat in range(1, min(plan.repeats, _REPEATS_READ) + 1)]
            if perf_counter() > enough:
                break
        known = f"SELECT count(DISTINCT fingerprint) FROM job WHERE status = 'done' AND fingerprint IN ({','.join('?' * len(prints))})"
        if prints:
            shares[column] = database.query(known, prints)[0][0] / len(set(prints))
    return shares


class _Sums:
    """Totals of one model's calls."""

    def __init__(self) -> None:
        self.calls = self.timed = self.answered = self.written = self.squares = self.read = self.characters = 0
        self.seconds = 0.0

    def add(self, plan: Plan, column: int, case_index: int, usage: str | None, latency: float | None) -> None:
        """Count one output."""
        tokens: dict[str, Any] = json.loads(usage) if usage else {}
        self.calls += 1
        if latency is not None:  # an answer out of a batch has no time
            self.timed += 1
            self.seconds += latency / 1000
        if tokens.get("output_tokens") is not None:
            self.answered += 1
            self.written += tokens["output_tokens"]
            self.squares += tokens["output_tokens"] ** 2
        if tokens.get("input_tokens"):
            try:
                messages = plans.request(plan, column, case_index).messages
            except BadInput:
                return
            if any(message.attachments for message in messages):
                return  # how many tokens its text has is not known
            self.read += tokens["input_tokens"]
            self.characters += sum(len(message.text) for message in messages)

    def use(self) -> PastUse:
        """Means over the counted outputs."""
        mean = self.written / self.answered if self.answered else 0.0
        return PastUse(
            calls=self.calls,
            output_tokens=self.written / self.answered if self.answered else plans.GUESSED_ANSWER_TOKENS,
            seconds=self.seconds / self.timed if self.timed else None,
            tokens_per_character=self.read / self.characters if self.characters else None,
            spread=max(0.0, self.squares / self.answered - mean**2) ** 0.5 if self.answered else 0.0,
        )
