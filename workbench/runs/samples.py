"""The repeats of one cell together: equal answers merged and counted, how far they agree, how time and cost spread."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from workbench.evaluators import percentile
from workbench.quick_dataclass import dataclass
from workbench.runs.grid import COLD_MS
from workbench.runs.outputs import OutputReader
from workbench.runs.reading import dollars
from workbench.store.outputs import newest

_SAMPLES = f"""
SELECT job.id, job.repeat, job.status, output.id, output.text, output.latency_ms, output.first_token_ms,
 output.load_ms, output.cost, output.reused_from_id IS NOT NULL
FROM job LEFT JOIN output ON output.id = {newest()} AND job.status IN ('done', 'failed', 'cancelled')
WHERE job.run_id = :run AND job.column_index = :column AND job.case_index = :case ORDER BY job.repeat"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One repeat of a cell. `group`: the place of its answer in `Samples.groups`; None where there is no answer."""

    job_id: int
    repeat: int
    status: str
    output_id: int | None
    group: int | None
    latency_ms: float | None
    first_token_ms: float | None
    cold: bool
    cost_usd: Decimal | None
    reused: bool


@dataclass(frozen=True, slots=True)
class SameAnswer:
    """An answer that one or more repeats gave."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, middle and most of some figures."""

    low: float
    middle: float
    high: float
    count: int

    @staticmethod
    def of(figures: Sequence[float]) -> Spread | None:
        """The spread of figures; None where there are none."""
        ordered = sorted(figures)
        return Spread(ordered[0], percentile(ordered, 0.5) or ordered[0], ordered[-1], len(ordered)) if ordered else None


@dataclass(frozen=True, slots=True)
class Samples:
    """All repeats of a cell. Times of cold starts stand apart from the others."""

    samples: tuple[Sample, ...]
    groups: tuple[SameAnswer, ...]
    """The answers that differ, the most frequent first; of equally frequent ones the earlier."""
    agreement: float | None
    """Share of the answers that are the most frequent one; None where there is no answer yet."""
    latency_ms: Spread | None = None
    first_token_ms: Spread | None = None
    cold_latency_ms: Spread | None = None
    cold_first_token_ms: Spread | None = None
    cost_usd: tuple[Decimal, Decimal, Decimal] | None = None
    """Least and most that one cost, and all together; None where no cost is known."""


class SampleReader(OutputReader):
    """The reading verb on the repeats of a cell."""

    def samples(self, run_id: int, column: int, case_index: int) -> Samples:
        """The repeats of one cell, in their order. Two answers are the same where they differ at most in white space at their ends."""
        rows = self._database.query(_SAMPLES, {"run": run_id, "column": column, "case": case_index})
        counts: dict[str, int] = {}
        for row in rows:
            if row[2] == "done":
                counts[row[4].strip()] = counts.get(row[4].strip(), 0) + 1
        texts = sorted(counts, key=lambda text: -counts[text])  # stable: of equally frequent ones the earlier
        places = {text: place for place, text in enumerate(texts)}
        samples = tuple(
            Sample(
                job_id=job_id,
                repeat=repeat,
                status=status,
                output_id=output_id,
                group=places[text.strip()] if status == "done" else None,
                latency_ms=latency,
                first_token_ms=first_token,
                cold=(load or 0.0) >= COLD_MS,
                cost_usd=dollars(cost),
                reused=bool(reused),
            )
            for job_id, repeat, status, output_id, text, latency, first_token, load, cost, reused in rows
        )
        done = [sample for sample in samples if sample.status == "done"]
        costs = [sample.cost_usd for sample in done if sample.cost_usd is not None]

        def spread(name: str, *, cold: bool) -> Spread | None:
            figures = [getattr(sample, name) for sample in done if sample.cold is cold]
            return Spread.of([figure for figure in figures if figure is not None])

        return Samples(
            samples=samples,
            groups=tuple(SameAnswer(text, counts[text]) for text in texts),
            agreement=counts[texts[0]] / len(done) if done else None,
            latency_ms=spread("latency_ms", cold=False),
            first_token_ms=spread("first_token_ms", cold=False),
            cold_latency_ms=spread("latency_ms", cold=True),
            cold_first_token_ms=spread("first_token_ms", cold=True),
            cost_usd=(min(costs), max(costs), sum(costs, Decimal(0))) if costs else None,
        )
