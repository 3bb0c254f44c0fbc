"""A run beside its baseline: the comparison, the mark that makes a run the baseline, and both as a document and as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from workbench.analysis.regression import KINDS, ComparedCase, DefinitionChange, Figures, Kind, Regression, compare
from workbench.exports.documents import money, run_document
from workbench.exports.words import chance as chance
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass
from workbench.runs.job_outputs import case_outputs, job_outputs
from workbench.runs.records import RunRow
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.values import BadInput, NotFound
from workbench.values.outputs import JobOutput
from workbench.workspace.decisions import Decision, Decisions

_SHOWN = 20
_NAMED = 5
"""So many cases that share a line are named by their number."""


@dataclass(frozen=True, slots=True)
class RunPair:
    """Two runs with their frozen plans and what comparing them found."""

    run: RunRow
    baseline: RunRow
    plan: Plan
    baseline_plan: Plan
    regression: Regression
    decisions: Mapping[tuple[int, int], Decision] = field(default_factory=dict)
    """What people decided about changed cases, by (job, job of the baseline)."""


class Regressions:
    """The verbs on a run and its baseline."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs
        self.decisions = Decisions(database)

    def mark(self, run_id: int | None, comparison_id: int) -> None:
        """Make a run the baseline of its comparison, or with None let it have none."""
        if run_id is not None and self._runs.get(run_id).comparison_id != comparison_id:
            raise BadInput("This run is of another comparison.", remedy="Mark one of its own runs as baseline.")
        with self._database.write() as writer:
            writer.run("UPDATE comparison SET baseline_run_id = :run WHERE id = :id", run=run_id, id=comparison_id)
            writer.touch("comparison", comparison_id)

    def baseline(self, run_id: int) -> RunRow | None:
        """What a run is compared with unless said: its comparison's baseline, else the newest run before it that is finished, or at
        least has answers and no more to come for now; None where there is none."""
        run = self._runs.get(run_id)
        if run.comparison_id is not None:
            marked = self.marked(run.comparison_id)
            if marked not in (None, run.id):
                return self._runs.get(int(marked or 0))
        before = self._before(run)
        finished = (row for row in before if row.status == "done")
        return next(finished, None) or next((row for row in before if row.done and row.status != "running"), None)

    def _before(self, run: RunRow) -> list[RunRow]:
        """Runs of the same comparison before this one, newest first."""
        return [
            row
            for row in self._runs.list(run.comparison_id)
            if row.id < run.id and row.comparison_id == run.comparison_id and row.comparison == run.comparison
        ]

    def compare(self, run: int | str, baseline: int | str | None = None, progress: Callable[[int, int], object] | None = None) -> RunPair:
        """A run beside its baseline. Raises NotFound where there is none; `progress` hears of jobs read and may raise Stopped."""
        row = self._runs.get(run)
        before = self._runs.get(baseline) if baseline is not None else self.baseline(row.id)
        if before is None:
            going = next((one for one in self._before(row) if one.status == "running"), None)
            if going is not None:
                raise NotFound(
                    f"No run before {row.comparison} #{row.number} is finished: #{going.number} is still going on.",
                    remedy="Wait until it has ended, or name the run to compare it with.",
                )
            raise NotFound(f"There is no run before {row.comparison} #{row.number}.", remedy="Name the run to compare it with.")
        if before.id == row.id:
            raise BadInput("A run is not its own baseline.", remedy="Name another run.")
        plan, old = self._runs.plan(row.id), self._runs.plan(before.id)
        read, total = 0, row.jobs + before.jobs

        def counted(run_id: int) -> Iterator[Any]:
            nonlocal read
            for output in job_outputs(self._database, self._runs, run_id):
                read += 1
                if progress is not None and read % 500 == 0:
                    progress(read, total)
                yield output

        found = compare(plan, old, counted(row.id), counted(before.id))
        return RunPair(row, before, plan, old, found, self.decisions.of(row.id, before.id))

    def beside(self, run_id: int) -> RunPair | None:
        """A run beside its baseline; None for a first run."""
        return self.compare(run_id) if self.baseline(run_id) is not None else None

    def answers(self, pair: RunPair, change: ComparedCase) -> tuple[Sequence[JobOutput], Sequence[JobOutput]]:
        """The answers of one case: in the baseline and in the run, one for each repeat."""
        columns = pair.regression.pairs[change.pair]
        return (
            case_outputs(self._database, pair.baseline.id, columns.before, change.before_case),
            case_outputs(self._database, pair.run.id, columns.column, change.case),
        )

    def all_marked(self) -> frozenset[int]:
        """Every run that is the baseline of its comparison."""
        return frozenset(
            int(run) for (run,) in self._database.query("SELECT baseline_run_id FROM comparison WHERE baseline_run_id IS NOT NULL")
        )

    def marked(self, comparison_id: int) -> int | None:
        """The run that is marked as baseline of a comparison; None where none is."""
        rows = self._database.query("SELECT baseline_run_id FROM comparison WHERE id = ?", [comparison_id])
        return int(rows[0][0]) if rows and rows[0][0] is not None else None


def document(pair: RunPair) -> dict[str, Any]:
    """The JSON of `workbench diff`."""
    found = pair.regression
    return {
        "schema": 1,
        "run": run_document(pair.run),
        "baseline": run_document(pair.baseline),
        "counts": {kind: found.count(kind) for kind in KINDS} | {"reworded": sum(one.reworded for one in found.pairs)},
        "p_value": found.p_value,
        **_figures(found.figures, ""),
        **_figures(found.before_figures, "baseline_"),
        "columns": [
            _column_names(pair, number)
            | {kind: one.counts[kind] for kind in KINDS}
            | {"reworded": one.reworded, "p_value": one.p_value}
            | _figures(one.figures, "")
            | _figures(one.before_figures, "baseline_")
            for number, one in enumerate(found.pairs)
        ],
        "cases": [_case(pair, change) for change in found.cases if change.kind != "same" or change.reworded],
        "changed": [{"what": change.what, "before": change.before, "after": change.after} for change in found.changed],
        "unchanged": list(found.unchanged),
        "only_in_run": [index + 1 for index in found.only_run],
        "only_in_baseline": [index + 1 for index in found.only_baseline],
        "columns_without_baseline": [_column(pair.plan, index) for index in found.unpaired],
    }


def text(pair: RunPair) -> str:
    """What `workbench diff` prints."""
    found = pair.regression
    lines = [f"{_named(pair.run)} against {_named(pair.baseline)}", *unfinished(pair), ""]
    every = [(change, f"{change.what} {change.before} to {change.after}") for change in found.changed]
    said_in_more_words = {change.what for change in found.changed}
    lines += [f"  {_changed(change)}" for change, words in every if words not in said_in_more_words]
    if found.unchanged:
        lines += [f"  unchanged: {', '.join(found.unchanged)}"]
    for number, one in enumerate(found.pairs):
        counts = one.counts
        lines += [
            "",
            f"{_column(pair.plan, one.column)}: {counts['worse']} worse, {counts['better']} better, {counts['same']} same"
            + _said_of(counts, one.reworded, one.p_value),
            "  " + ", ".join(_figure_words(one.before_figures, one.figures)),
        ]
        for kind in ("worse", "better", "apart"):
            shown = [change for change in found.cases if change.pair == number and change.kind == kind]
            told = _apart(pair, shown) if kind == "apart" else [f"{kind}: case {_case_words(pair, change)}" for change in shown]
            lines += [f"  {one}" for one in told[:_SHOWN]]
            lines += [f"  and {len(told) - _SHOWN} more {kind}"] if len(told) > _SHOWN else []
    if len(found.pairs) > 1:
        totals, reworded = {kind: found.count(kind) for kind in KINDS}, sum(one.reworded for one in found.pairs)
        lines += [
            "",
            f"In all: {totals['worse']} worse, {totals['better']} better, {totals['same']} same"
            + _said_of(totals, reworded, found.p_value),
        ]
        lines += ["  " + ", ".join(_figure_words(found.before_figures, found.figures))]
    for indexes, where in ((found.only_run, "not in the baseline"), (found.only_baseline, "only in the baseline")):
        if indexes:
            lines += ["", f"{len(indexes)} case{'' if len(indexes) == 1 else 's'} {where}: not compared."]
    if found.unpaired:
        lines += ["", "No column of the baseline stands for " + ", ".join(_column(pair.plan, index) for index in found.unpaired) + "."]
    return "\n".join(lines)


def _said_of(counts: Mapping[Kind, int], reworded: int, p_value: float) -> str:
    """What follows the counts of worse, better and same."""
    worse, better, apart = counts["worse"], counts["better"], counts["apart"]
    return (
        (f" ({reworded} reworded)" if reworded else "")
        + (f", {apart} not compared" if apart else "")
        + (f". {chance(worse, better, p_value)}." if worse or better else ".")
    )


def unfinished(pair: RunPair) -> list[str]:
    """What is to be known of a run that has answers to come: cases without one are not compared, and the figures are not its last."""
    said = []
    for run, role in ((pair.run, ""), (pair.baseline, ", the baseline,")):
        to_come = run.queued + run.in_batch
        if to_come:
            how = {"running": "is still going on", "stopped": "was stopped"}.get(run.standing, run.standing)
            said.append(f"#{run.number}{role} {how}: {run.done:,} of {run.jobs:,} answers are here.")
    return said


def why_nothing(pair: RunPair) -> str:
    """Why no case of two runs could be compared, in one sentence."""
    found = pair.regression
    if not found.pairs:
        return "The runs share no column: prompts and models are others."
    if not found.cases:
        return "The runs share no case: their values or references are others."
    return "No case has an answer and a verdict in both runs."


def _named(run: RunRow) -> str:
    return f"{run.comparison} #{run.number} ({(run.started_at or run.created_at)[:16].replace('T', ' ')})"


def _column(plan: Plan, index: int) -> str:
    column = plan.columns[index]
    version = f" v{column.variant.version}" if column.variant.version is not None else ""
    return f"{column.variant.prompt}{version} on {column.model.title}"


def _column_names(pair: RunPair, number: int) -> dict[str, Any]:
    found = pair.regression.pairs[number]
    new, old = pair.plan.columns[found.column], pair.baseline_plan.columns[found.before]
    return {
        "prompt": new.variant.prompt, "version": new.variant.version, "model": new.model.title,
        "baseline_prompt": old.variant.prompt, "baseline_version": old.variant.version, "baseline_model": old.model.title,
    }  # fmt: skip


def _figures(figures: Figures, before: str) -> dict[str, Any]:
    return {f"{before}pass_rate": figures.pass_rate, f"{before}p50_ms": figures.p50_ms, f"{before}cost_usd": money(figures.cost_usd)}


def _case(pair: RunPair, change: ComparedCase) -> dict[str, Any]:
    return {
        "change": change.kind if change.kind != "same" else "reworded", "case": change.case + 1, "baseline_case": change.before_case + 1,
        "case_name": pair.plan.cases[change.case].name, **_column_names(pair, change.pair), "passed": change.passed,
        "baseline_passed": change.before_passed, "reason": change.reason,
        "decision": pair.decisions.get((change.job_id, change.before_job_id)),
    }  # fmt: skip


def _case_words(pair: RunPair, change: ComparedCase) -> str:
    name = pair.plan.cases[change.case].name
    shares = "" if change.kind == "apart" or {change.passed, change.before_passed} <= {0.0, 1.0, None} else _shares(change)
    return f"{change.case + 1}{f' {name}' if name else ''}{shares}{_why(pair, change)}"


def _why(pair: RunPair, change: ComparedCase) -> str:
    """What follows the name of a case: the reason, and what people decided."""
    decided = pair.decisions.get((change.job_id, change.before_job_id))
    before = "before: " if change.kind == "better" else ""  # why the baseline's answer failed
    return f"{f'  {before}{change.reason}' if change.reason else ''}{f' ({decided})' if decided else ''}"


def _apart(pair: RunPair, changes: Sequence[ComparedCase]) -> list[str]:
    """What could not be compared, one line for each reason: most often all of it has the same one."""
    groups: dict[str, list[ComparedCase]] = {}
    for change in changes:
        groups.setdefault(_why(pair, change), []).append(change)
    lines = []
    for why, cases in groups.items():
        if len(cases) == 1:
            lines.append(f"apart: case {_case_words(pair, cases[0])}")
            continue
        named = ", ".join(str(change.case + 1) for change in cases[:_NAMED])
        more = f" and {len(cases) - _NAMED} more" if len(cases) > _NAMED else ""
        lines.append(f"apart: {len(cases)} cases ({named}{more}){why}")
    return lines


def _shares(change: ComparedCase) -> str:
    return f" ({change.before_passed or 0:.0%} of its answers passed, now {change.passed or 0:.0%})"


def _changed(change: DefinitionChange) -> str:
    return f"{change.what}: {change.before} to {change.after}" if change.before else f"{change.what}: {change.after}"


def _figure_words(before: Figures, after: Figures) -> Iterator[str]:
    if before.pass_rate is not None and after.pass_rate is not None:
        yield f"pass rate {before.pass_rate:.1%} to {after.pass_rate:.1%}"
    if before.p50_ms is not None and after.p50_ms is not None:
        yield f"median {before.p50_ms / 1000:.2f} s to {after.p50_ms / 1000:.2f} s"
    yield f"cost {_money(before)} to {_money(after)}"


def _money(figures: Figures) -> str:
    return "unknown" if figures.cost_usd is None else f"${money(figures.cost_usd)}"
