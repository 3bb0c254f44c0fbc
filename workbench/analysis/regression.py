"""A run beside a baseline: which cases got worse, better or stayed, whether that could be chance, and what changed in between."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from statistics import fmean
from typing import Literal

from workbench.analysis.differences import attribution
from workbench.analysis.paired import mcnemar
from workbench.evaluators import verdict
from workbench.evaluators.rates import percentile
from workbench.plan import Plan, PlanColumn
from workbench.quick_dataclass import dataclass
from workbench.values import Case, canonical
from workbench.values.outputs import JobOutput

Kind = Literal["worse", "better", "same", "apart"]
"""`apart`: cannot be compared, for the reason that stands beside it."""
KINDS: tuple[Kind, ...] = ("worse", "better", "same", "apart")


@dataclass(frozen=True, slots=True)
class ComparedCase:
    """One case in one pair of columns. With repeats, `passed` is the share of answers that passed."""

    kind: Kind
    pair: int
    """Index into `Regression.pairs`."""
    case: int
    """Index of the case in the run; `before_case` is the one in the baseline."""
    before_case: int
    job_id: int
    """First job of the case in the run, to open and to remember a decision by; `before_job_id` is the one of the baseline."""
    before_job_id: int
    passed: float | None
    before_passed: float | None
    reworded: bool
    """True where the verdict is the same and the text is not."""
    reason: str
    """What the check that turned says, or why the two cannot be compared."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One column over the cases that both runs share."""

    pass_rate: float | None
    p50_ms: float | None
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of the run and the one of the baseline that it is compared with."""

    column: int
    before: int
    counts: Mapping[Kind, int]
    reworded: int
    p_value: float
    """That so uneven a split into worse and better is chance: exact, two-sided, over the cases whose verdict turned."""
    figures: Figures
    before_figures: Figures


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """A part of the definition that differs, in words: what it is, how it was, how it is."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Regression:
    """A run beside its baseline."""

    pairs: tuple[Pair, ...]
    figures: Figures
    """Over all pairs; `before_figures` are those of the baseline."""
    before_figures: Figures
    cases: tuple[ComparedCase, ...]
    """Of every pair and every shared case: by pair, then as the run orders them."""
    changed: tuple[DefinitionChange, ...]
    unchanged: tuple[str, ...]
    only_run: tuple[int, ...]
    """Cases that the baseline does not have, by index in the run."""
    only_baseline: tuple[int, ...]
    unpaired: tuple[int, ...]
    """Columns of the run that no column of the baseline stands for."""

    def count(self, kind: Kind) -> int:
        """Over all pairs."""
        return sum(pair.counts[kind] for pair in self.pairs)

    @property
    def compared(self) -> int:
        """How many cases could be compared, over all pairs; with none of them, no case got worse either."""
        return sum(self.count(kind) for kind in ("worse", "better", "same"))

    @property
    def p_value(self) -> float:
        """Over all pairs. Columns answer the same cases, so with several it is a guide, not a test."""
        return mcnemar(self.count("worse"), self.count("better"))


def compare(plan: Plan, baseline: Plan, answers: Iterable[JobOutput], before: Iterable[JobOutput]) -> Regression:
    """What the run did with the cases that it shares with the baseline.

    Columns are paired by prompt and model, then by prompt or model alone where one is left on each side. Cases are the same where their
    values and their reference are: a name or a tag does not matter. A failed call counts as not passed.
    """
    columns = _paired_columns(plan.columns, baseline.columns)
    cases = _paired_cases(plan.cases, baseline.cases)
    ours, theirs = _grouped(answers), _grouped(before)
    changes: list[ComparedCase] = []
    pairs: list[Pair] = []
    all_new: list[JobOutput] = []
    all_old: list[JobOutput] = []
    for number, (column, old) in enumerate(columns):
        shared = [(ours.get((column, case), ()), theirs.get((old, old_case), ())) for case, old_case in cases]
        found = [_change(number, *which, *both) for which, both in zip(cases, shared, strict=True)]
        counts = Counter(change.kind for change in found)
        changes += found
        new, old_ones = [answer for now, _ in shared for answer in now], [answer for _, was in shared for answer in was]
        all_new += new
        all_old += old_ones
        pairs.append(
            Pair(
                column,
                old,
                {kind: counts[kind] for kind in KINDS},
                sum(change.reworded for change in found),
                mcnemar(counts["worse"], counts["better"]),
                _figures(new),
                _figures(old_ones),
            )
        )
    changed, unchanged = _definition(plan, baseline, columns, cases, ours, theirs)
    shared_new, shared_old = {case for case, _ in cases}, {case for _, case in cases}
    return Regression(
        tuple(pairs),
        _figures(all_new),
        _figures(all_old),
        tuple(changes),
        changed,
        unchanged,
        tuple(index for index in range(len(plan.cases)) if index not in shared_new),
        tuple(index for index in range(len(baseline.cases)) if index not in shared_old),
        tuple(index for index in range(len(plan.columns)) if index not in {column for column, _ in columns}),
    )


_Answers = Mapping[tuple[int, int], Sequence[JobOutput]]


def _grouped(answers: Iterable[JobOutput]) -> _Answers:
    found: dict[tuple[int, int], list[JobOutput]] = defaultdict(list)
    for answer in answers:
        found[answer.column, answer.case].append(answer)
    return found


def _paired_columns(ours: Sequence[PlanColumn], theirs: Sequence[PlanColumn]) -> list[tuple[int, int]]:
    """Pairs of indexes in the order of ours: alike in version and model, then in prompt and model, then in model, then in prompt."""
    keys: tuple[Callable[[PlanColumn], object], ...] = (
        lambda column: (_prompt(column), column.variant.version, column.variant.content.hash, _model(column)),
        lambda column: (_prompt(column), column.variant.version, _model(column)),
        lambda column: (_prompt(column), _model(column)),
        _model,
        lambda column: (_prompt(column), column.variant.version),
        _prompt,
    )
    left, right, pairs = dict(enumerate(ours)), dict(enumerate(theirs)), dict[int, int]()
    for step, key in enumerate(keys):
        waiting: dict[object, list[int]] = defaultdict(list)
        for index, column in right.items():
            waiting[key(column)].append(index)
        wanted = Counter(key(column) for column in left.values())
        for index, column in list(left.items()):
            found = waiting[key(column)]
            # A looser likeness decides only where it leaves no choice.
            if found and (step == 0 or len(found) == wanted[key(column)] == 1):
                pairs[index] = found.pop(0)
                del left[index], right[pairs[index]]
    return sorted(pairs.items())


def _prompt(column: PlanColumn) -> object:
    return column.variant.prompt_uid or column.variant.prompt


def _model(column: PlanColumn) -> object:
    return column.model.name, column.model.connection_uid or column.model.base_url


def _paired_cases(ours: Sequence[Case], theirs: Sequence[Case]) -> list[tuple[int, int]]:
    waiting: dict[str, list[int]] = defaultdict(list)
    for index, case in enumerate(theirs):
        waiting[_identity(case)].append(index)
    return [(index, waiting[identity].pop(0)) for index, identity in enumerate(map(_identity, ours)) if waiting[identity]]


def _identity(case: Case) -> str:
    return canonical([dict(case.values), case.reference])


def _change(pair: int, case: int, old_case: int, new: Sequence[JobOutput], was: Sequence[JobOutput]) -> ComparedCase:
    # Where nothing is checked on either side, an answer is all that can be asked for.
    unchecked = not any(answer.scores for answer in (*new, *was))
    passed, before = (_share(answers, unchecked) for answers in (new, was))
    kind: Kind = "same"
    reason = ""
    if not _ended(new) or not _ended(was):
        kind, reason = "apart", f"No answer {'yet' if not _ended(new) else 'in the baseline'}."
    elif passed is None or before is None:
        if (passed is None) != (before is None):
            kind, reason = (
                "apart",
                f"No verdict {'now' if passed is None else 'in the baseline'}: its checks are others, or cannot be run here.",
            )
    elif passed != before:
        kind = "worse" if passed < before else "better"
        reason = _reason(new if kind == "worse" else was)
    reworded = kind == "same" and sorted(answer.text for answer in new) != sorted(answer.text for answer in was)
    job, old_job = (answers[0].job_id if answers else 0 for answers in (new, was))
    if unchecked and kind == "same":
        passed = before = None
    return ComparedCase(kind, pair, case, old_case, job, old_job, passed, before, reworded, reason)


def _ended(answers: Sequence[JobOutput]) -> bool:
    return any(answer.ended for answer in answers)


def _passed(answer: JobOutput) -> bool | None:
    """False also where the call failed: who asks gets no answer."""
    return False if answer.status == "failed" else verdict(answer.scores)[0]


def _share(answers: Sequence[JobOutput], unchecked: bool) -> float | None:
    verdicts = [answer.status == "done" if unchecked else _passed(answer) for answer in answers if answer.ended]
    counted = [verdict for verdict in verdicts if verdict is not None]
    return fmean(counted) if counted else None


def _reason(answers: Sequence[JobOutput]) -> str:
    """Why the first of these answers that did not pass did not."""
    for answer in answers:
        if answer.status == "failed":
            return answer.error or "The call failed."
        for score in answer.scores:
            if score.passed is False and score.check.weight > 0:
                return f"{score.check.title}: {score.reason}" if score.reason else score.check.title
    return ""


def _figures(answers: Sequence[JobOutput]) -> Figures:
    verdicts = [_passed(answer) for answer in answers if answer.ended]
    counted = [verdict for verdict in verdicts if verdict is not None]
    times = sorted(answer.latency_ms for answer in answers if answer.latency_ms is not None)
    costs = [Decimal(0) if answer.unpaid and answer.cost_usd is None else answer.cost_usd for answer in answers if answer.ended]
    known = [cost for cost in costs if cost is not None]
    return Figures(
        fmean(counted) if counted else None,
        percentile(times, 0.5),
        sum(known, Decimal(0)) if known and len(known) == len(costs) else None,
    )


def _definition(
    plan: Plan, baseline: Plan, columns: Sequence[tuple[int, int]], cases: Sequence[tuple[int, int]], ours: _Answers, theirs: _Answers
) -> tuple[tuple[DefinitionChange, ...], tuple[str, ...]]:
    changed: dict[DefinitionChange, None] = {}
    unchanged: dict[str, None] = {}
    for column, old in columns:
        now, was = plan.columns[column], baseline.columns[old]
        _version(now, was, changed, unchanged)
        _model_change(now, was, _snapshots(ours, column), _snapshots(theirs, old), changed, unchanged)
    if {canonical(check.to_json()) for check in plan.checks} != {canonical(check.to_json()) for check in baseline.checks}:
        changed[DefinitionChange("checks", _names(baseline), _names(plan))] = None
    elif plan.checks:
        unchanged[f"{len(plan.checks)} check{'' if len(plan.checks) == 1 else 's'}"] = None
    own = sum(plan.cases[now].checks_to_json() != baseline.cases[was].checks_to_json() for now, was in cases)
    if own:
        changed[DefinitionChange("checks of single cases", "", f"changed in {own} case{'' if own == 1 else 's'}")] = None
    if len(cases) == len(plan.cases) == len(baseline.cases):
        unchanged[f"{plan.dataset + ', ' if plan.dataset else ''}{len(cases)} case{'' if len(cases) == 1 else 's'}"] = None
    else:
        changed[DefinitionChange("cases", str(len(baseline.cases)), f"{len(plan.cases)}, {len(cases)} of them shared")] = None
    if plan.repeats != baseline.repeats:
        changed[DefinitionChange("repeats", str(baseline.repeats), str(plan.repeats))] = None
    return tuple(changed), tuple(unchanged)


def _version(now: PlanColumn, was: PlanColumn, changed: dict[DefinitionChange, None], unchanged: dict[str, None]) -> None:
    name = now.variant.prompt
    if now.variant.content.hash == was.variant.content.hash:
        unchanged[f"{name} {_label(now)}".strip()] = None
        return
    words = attribution(was.variant.content, now.variant.content)
    before, after = (_label(was), _label(now)) if _label(was) != _label(now) else ("", words)
    changed[DefinitionChange(name if _prompt(now) == _prompt(was) else f"{was.variant.prompt}, now {name}", before, after)] = None
    if before and words:
        changed[DefinitionChange(f"{name} {before} to {after}", "", words)] = None


def _label(column: PlanColumn) -> str:
    return f"v{column.variant.version}" if column.variant.version is not None else ""


def _model_change(
    now: PlanColumn,
    was: PlanColumn,
    snapshots: tuple[str, ...],
    old_snapshots: tuple[str, ...],
    changed: dict[DefinitionChange, None],
    unchanged: dict[str, None],
) -> None:
    model, old = now.model, was.model
    if _model(now) != _model(was):
        changed[DefinitionChange("model", old.title, model.title)] = None
        return
    if snapshots and old_snapshots and snapshots != old_snapshots:
        changed[DefinitionChange(f"{model.title} snapshot", ", ".join(old_snapshots), ", ".join(snapshots))] = None
    else:
        unchanged[model.title] = None
    for name in sorted({*model.parameters, *old.parameters}):
        values = tuple("not set" if name not in each.parameters else str(each.parameters[name]) for each in (old, model))
        if values[0] != values[1]:
            changed[DefinitionChange(f"{model.title} {name}", *values)] = None
    if model.price != old.price:
        prices = tuple(_price(each.price.input_usd, each.price.output_usd) for each in (old, model))
        changed[DefinitionChange(f"{model.title} price", *(prices if prices[0] != prices[1] else ("", "special rates changed")))] = None


def _snapshots(answers: _Answers, column: int) -> tuple[str, ...]:
    return tuple(
        sorted({answer.resolved_model for (at, _), each in answers.items() if at == column for answer in each if answer.resolved_model})
    )


def _price(read: Decimal | None, written: Decimal | None) -> str:
    return "unknown" if read is None or written is None else f"${read.normalize():f} in, ${written.normalize():f} out per million"


def _names(plan: Plan) -> str:
    return ", ".join(check.title for check in plan.checks) or "none"
