"""What the New comparison dialog needs to know, and what its choices amount to. Reading happens off the window's thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import TYPE_CHECKING

from workbench.gui.checks.judge_line import JudgeChoices, judge_choices
from workbench.gui.words import about, counted, joined, total_money
from workbench.quick_dataclass import dataclass, replace
from workbench.values import Definition, Problem, PromptRef, Spec

if TYPE_CHECKING:
    from workbench.workspace import (
        ComparisonRow,
        DatasetRow,
        EmbeddingStatus,
        Estimate,
        ModelRow,
        PlanProblem,
        PromptRow,
        VersionRow,
        Workspace,
    )


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen."""

    prompts: Sequence[PromptRow]
    models: Sequence[ModelRow]
    datasets: Sequence[DatasetRow]
    comparisons: Sequence[ComparisonRow]
    versions: Mapping[str, Sequence[VersionRow]]
    """Prompt uid to its versions, newest first."""
    spent_today: Decimal
    with_reference: frozenset[str] = frozenset()
    """Uids of the datasets that have expected answers."""
    embedding: EmbeddingStatus | None = None
    """Whether a check can compare meanings."""
    judges: JudgeChoices = field(default_factory=JudgeChoices)
    usual_dataset: str | None = None
    """What fits the prompts that a new comparison starts with."""


def read_choices(ws: Workspace) -> Choices:
    """All that the dialog offers."""
    prompts = [row for row in ws.prompts.list() if row.kind == "prompt"]
    versions = {row.uid: ws.versions.list(row.id, with_figures=False) for row in prompts}
    models = [row for row in ws.connections.models() if not row.embeds]
    choices = Choices(
        prompts, models, ws.datasets.list(), ws.comparisons.list(), versions, ws.runs.spent_today(),
        ws.datasets.with_reference(), ws.embedding_status(), judge_choices(ws),
    )  # fmt: skip
    return replace(choices, usual_dataset=fitting_dataset(ws, usual_prompts(choices)))


def fitting_dataset(ws: Workspace, refs: Sequence[PromptRef]) -> str | None:
    """The dataset that was used last of those whose columns cover what the prompts need, else the one that was used last.

    Where none was ever used it is the one that covers most; None where no dataset has cases.
    """
    datasets = {row.uid: row for row in ws.datasets.list() if row.cases}
    if not datasets:
        return None
    needed = _needed(ws, refs)
    lacking = {uid: len(needed - {column.name for column in row.columns}) for uid, row in datasets.items()}
    used = sorted(ws.comparisons.list(), key=lambda row: (row.last_run_id or 0, row.created_at), reverse=True)
    order = list(dict.fromkeys([row.definition.dataset_uid for row in used if row.definition.dataset_uid in datasets]))
    fits = [uid for uid in (*order, *datasets) if not lacking[str(uid)]]
    return (fits or order or [min(datasets, key=lambda uid: lacking[uid])])[0]


def _needed(ws: Workspace, refs: Sequence[PromptRef]) -> set[str]:
    """The variables that these prompt versions cannot do without, as far as a column of a dataset can give them."""
    ids = {row.uid: row.id for row in ws.prompts.list()}
    needed: set[str] = set()
    for ref in refs:
        rows = ws.versions.list(ids[ref.prompt_uid]) if ref.prompt_uid in ids else ()
        row = newest_of(rows) if ref.version is None else next((row for row in rows if row.number == ref.version), None)
        if row is not None:
            content = ws.versions.content(row.id)
            spare = {name for name, spec in content.variables.items() if not spec.needs_value}
            for message in content.messages:
                try:
                    needed |= {found.name for found in ws.variables(message.text) if not found.optional} - spare
                except Problem:
                    continue  # a template that cannot be read is told of when it is to be sent
    return needed - {"reference", "name", "tags"}


MANY_CALLS = 1000
"""More are started only after a question, free ones too: they keep a computer busy for hours."""
DISAGREE = 0.25
"""On which share of the cases two columns are taken to differ, before any is asked."""
FIGURES_SECONDS = 1.0
"""How long figures of single models are worked out; models left then say their price."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a definition amounts to."""

    estimate: Estimate | None = None
    problems: Sequence[PlanProblem] = ()
    trouble: str = ""
    """Why nothing can be started."""
    cases: int | None = None
    models: Mapping[str, Estimate] = field(default_factory=dict)
    """Of each model (its uid) that can be used: what the definition would take on it alone."""
    tokens: Mapping[PromptRef, int] = field(default_factory=dict)
    """Of each chosen prompt version: about how many tokens one call sends."""
    few: str = ""
    """That the cases are too few to tell a difference of the size wanted; empty where they do."""
    doubts: Sequence[str] = ()
    """Of which chosen models it is foreseen that they do not take the longest call, stop soon, or cost more than the cap."""


def assess(ws: Workspace, definition: Definition, in_batch: bool = False) -> Assessment:
    """Calls, cost and time of a definition, and what keeps prompts from being sent; `in_batch`: what can be is handed over."""
    cases = count_cases(ws, definition)
    if not (definition.prompts and cases):
        return Assessment(cases=cases)
    try:
        models, tokens = _figures(ws, definition, in_batch)
        if not definition.model_uids:
            return Assessment(cases=cases, models=models, tokens=tokens)
        spec = ws.comparisons.resolve(definition)
        few = few_words(ws, cases, len(definition.prompts) * len(definition.model_uids))
        found = ws.runs.estimate(spec, in_batch=in_batch)
        return Assessment(
            found,
            ws.runs.problems(spec),
            "",
            cases,
            models,
            tokens,
            few,
            (*model_doubts(ws, spec, definition), *(_too_dear(ws, spec) if in_batch else ws.runs.over_cap(spec, found))),
        )
    except Problem as error:
        return Assessment(trouble=str(error), cases=cases)


def _too_dear(ws: Workspace, spec: Spec) -> tuple[str, ...]:
    """Why a batch could not be handed over for its cost, if so."""
    try:
        ws.batches.refuse_too_dear(spec)
    except Problem as problem:
        return (problem.message,)
    return ()


def model_doubts(ws: Workspace, spec: Spec, definition: Definition) -> tuple[str, ...]:
    """What speaks against chosen models, a sentence each: a context that the longest call does not fit into, an announced end."""
    today, found = date.today(), []
    rows = {row.uid: row for row in ws.connections.models()}
    ends = {each.model.uid: each for each in ws.comparisons.retiring(today)}
    longest = max(spec.cases, key=lambda case: sum(len(str(value)) for value in case.values.values()))
    for uid, model in zip(definition.model_uids, spec.models, strict=True):
        row, end = rows.get(uid), ends.get(uid)
        room = row.facts.get("context_tokens") if row is not None else None
        if row is not None and isinstance(room, int) and not model.by_hand:
            alone = (replace(spec, variants=(one,), models=(model,), cases=(longest,), repeats=1, reuse=False) for one in spec.variants)
            most = max(ws.runs.estimate(one).input_tokens for one in alone)
            if most > room:
                found.append(f"{row.title} reads up to {room:,} tokens. The longest call has about {most:,} and would be refused.")
        if row is not None and end is not None:
            when = f"{end.day.day} {end.day:%b %Y}"
            then = f" The vendor names {row.facts['successor']} in its place." if row.facts.get("successor") else ""
            found.append(f"{row.title} {'stopped' if end.days_left < 0 else 'stops'} working on {when}.{then}")
    return tuple(found)


def few_words(ws: Workspace, cases: int, columns: int) -> str:
    """`12 cases can tell two columns apart from about 25 points on. ...`: said where the difference wanted is smaller than that."""
    from workbench.workspace import cases_needed, smallest_difference  # only where a comparison is set up

    wanted = int(ws.settings.get("told_difference")) / 100
    needed = cases_needed(wanted, max(wanted, DISAGREE)) if wanted and columns > 1 else None
    if needed is None or cases >= needed:
        return ""
    told = smallest_difference(cases, DISAGREE)
    start = (
        f"{counted(cases, 'case')} can tell two columns apart from about {round(100 * told)} points of pass rate on"
        if told
        else (f"{counted(cases, 'case')} can hardly tell two columns apart")
    )
    return f"{start}. {round(100 * wanted)} points take about {needed:,} cases."


def _figures(ws: Workspace, definition: Definition, in_batch: bool) -> tuple[dict[str, Estimate], dict[PromptRef, int]]:
    """What single models take, the ticked ones first, and what single prompt versions send; as many as the time does for."""
    ready = [row.uid for row in ws.connections.models() if row.answers]
    uids = [uid for uid in definition.model_uids if uid in ready] + [uid for uid in ready if uid not in definition.model_uids]
    if not uids:
        return {}, {}
    spec = ws.comparisons.resolve(replace(definition, model_uids=tuple(uids)))
    end = perf_counter() + FIGURES_SECONDS
    tokens: dict[PromptRef, int] = {}
    for ref, variant in zip(definition.prompts, spec.variants, strict=True):
        if perf_counter() < end:
            asked = next((model for model in spec.models if not model.by_hand), spec.models[0])
            one = ws.runs.estimate(replace(spec, variants=(variant,), models=(asked,), reuse=False))
            tokens[ref] = round(one.input_tokens / max(1, one.calls))
    models: dict[str, Estimate] = {}
    for uid, model in zip(uids, spec.models, strict=True):
        if perf_counter() < end:
            models[uid] = ws.runs.estimate(replace(spec, models=(model,)), in_batch=in_batch)
    return models, tokens


def slowest_words(definition: Definition, found: Assessment, titles: Mapping[str, str]) -> str:
    """`Built-in is the slowest here, so it sets the time.`; empty where that is not known or there is nothing to compare."""
    times = {uid: figures.seconds for uid in definition.model_uids if (figures := found.models.get(uid)) is not None}
    known = {uid: seconds for uid, seconds in times.items() if seconds is not None}
    if len(known) < 2 or len(known) < len(definition.model_uids) or found.estimate is None or found.estimate.seconds is None:
        return ""
    slowest = max(known, key=lambda uid: known[uid])
    second = max(seconds for uid, seconds in known.items() if uid != slowest)
    if known[slowest] < 1.2 * second or known[slowest] < 0.99 * found.estimate.seconds:
        return ""
    return f"{titles.get(slowest, 'One model')} is the slowest here, so it sets the time."


def of_now(found: Assessment | None, of: Definition | None, now: Definition, choices: Choices) -> Assessment | None:
    """What an assessment of earlier choices still says of those of now: all, or only how many cases there are."""
    if found is not None and of is not None and replace(of, name="") == replace(now, name=""):
        return found
    if found is not None and of is not None and (of.dataset_uid, of.tags) == (now.dataset_uid, now.tags):
        return Assessment(cases=found.cases)
    if now.dataset_uid is None:
        return Assessment(cases=1)
    row = next((row for row in choices.datasets if row.uid == now.dataset_uid), None)
    return Assessment(cases=row.cases) if row is not None and not now.tags else None


def count_cases(ws: Workspace, definition: Definition) -> int | None:
    """How many cases the chosen dataset and tags have: one without a dataset (the sample values), None for one that is not here."""
    if definition.dataset_uid is None:
        return 1
    dataset = next((row for row in ws.datasets.list() if row.uid == definition.dataset_uid), None)
    if dataset is None:
        return None
    if not definition.tags:
        return dataset.cases
    wanted = set(definition.tags)
    if len(wanted) == 1:
        return ws.datasets.count(dataset.id, "", next(iter(wanted)))
    return sum(1 for case in ws.datasets.cases(dataset.id) if wanted & set(case.tags))


@dataclass(frozen=True, slots=True)
class Sum:
    """The live line at the foot of the dialog, in pieces: (text, heavy)."""

    line: Sequence[tuple[str, bool]] = field(default_factory=tuple)
    below: str = ""
    calls: int = 0
    by_hand: int = 0
    """Answers that a person gives."""
    reused: int = 0
    """Of the calls those that were answered before."""

    @property
    def sent(self) -> int:
        """The calls that go out."""
        return self.calls - self.reused


def sum_up(definition: Definition, found: Assessment | None, choices: Choices) -> Sum:
    """`3 prompts × 4 models × 50 cases × 1 = 600 calls, about $1.92, about 2 min`, and what it is based on."""
    spent_today = choices.spent_today
    prompts, models, repeats = len(definition.prompts), len(definition.model_uids), definition.repeats
    cases = found.cases if found is not None and found.cases is not None else None
    lacking = [what for what, there in (("a prompt", prompts), ("a model", models), ("test cases", cases != 0)) if not there]
    if lacking:
        return Sum(((f"Choose {joined(lacking)}.", False),), _today(spent_today))
    carried = {row.uid for row in choices.models if row.place == "hand"}.intersection(definition.model_uids)
    by_hand = prompts * len(carried) * (cases or 0) * repeats
    calls = prompts * models * (cases or 0) * repeats - by_hand
    pieces: list[tuple[str, bool]] = []
    for number, word in ((prompts, "prompt"), (models, "model"), (cases, "case")):
        shown = "…" if number is None else f"{number:,}"
        pieces += [(shown, True), (f" {word if number == 1 else word + 's'} × ", False)]
    words = " and ".join([counted(calls, "call")] * bool(calls or not by_hand) + [f"{by_hand:,} by hand"] * bool(by_hand))
    pieces += [(str(repeats), True), (" = ", False), (words if cases is not None else "… calls", True)]
    below = ""
    estimate = found.estimate if found is not None else None
    if estimate is not None and calls:
        if estimate.cost_usd is not None:
            free = estimate.cost_usd == 0 and not estimate.unknown_prices
            pieces += [(", ", False), ("free", True)] if free else [(", about ", False), (total_money(estimate.cost_usd), True)]
            if estimate.high_usd and total_money(estimate.low_usd) != total_money(estimate.high_usd):
                pieces.append((f" ({total_money(estimate.low_usd)} to {total_money(estimate.high_usd)})", False))
        if estimate.judge_calls:
            pieces.append((f", with {counted(estimate.judge_calls, 'call')} of judges", False))
        if estimate.reused:
            pieces.append((f", {estimate.reused:,} reused", False))
        if estimate.unknown_prices:
            pieces.append((f"{' and' if estimate.cost_usd is not None else ','} an unknown cost", False))
            below = f"No price is known for {joined(list(estimate.unknown_prices))}: no cap counts it. "
        if estimate.in_batch:
            pieces.append((f", {'all' if estimate.in_batch == calls else f'{estimate.in_batch:,}'} as batch within a day", False))
        if estimate.seconds is not None:
            pieces += [(", about ", False), (about(estimate.seconds), True)]
        below += estimate.basis + " "
    return Sum(tuple(pieces), (below + _today(spent_today)).strip(), calls, by_hand, estimate.reused if estimate is not None else 0)


def _today(spent: Decimal) -> str:
    return f"Today so far {total_money(spent) if spent else '$0.00'}."


def newest_of(versions: Sequence[VersionRow]) -> VersionRow | None:
    """The newest of the main line; of all, where there is none; None without versions. They come newest first."""
    return next((row for row in versions if not row.branch), versions[0] if versions else None)


_NEWEST = "newest"


def usual_name(choices: Choices, definition: Definition) -> str:
    """A name for a new comparison that no live one has: `Refund reply: v6 and v7`. Where the newest version is meant each time, the name
    holds no number that would soon be wrong."""
    names = {row.uid: row.name for row in choices.prompts}
    by_prompt: dict[str, list[str]] = {}
    for ref in definition.prompts:
        title = ref.label or (f"v{ref.version}" if ref.version is not None else _NEWEST)
        by_prompt.setdefault(names.get(ref.prompt_uid, "Prompt"), []).append(title)
    parts = [
        f"{name}: {joined(sorted(set(versions)))}" if len(by_prompt) == 1 and set(versions) != {_NEWEST} else name
        for name, versions in by_prompt.items()
    ]
    return unused(joined(parts) or "Comparison", {row.name for row in choices.comparisons})


def unused(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"


def next_version(choices: Choices, prompt: PromptRow, taken: Sequence[PromptRef]) -> PromptRef | None:
    """The newest version of a prompt that is not among the chosen ones; None if it has none left."""
    used = {ref.version for ref in taken if ref.prompt_uid == prompt.uid}
    left = [row.number for row in choices.versions.get(prompt.uid, ()) if row.number not in used]
    return PromptRef(prompt.uid, left[0]) if left else None


def usual(choices: Choices, concurrency: int, cap: Decimal | None) -> Definition:
    """What a new comparison starts with: the two newest versions of the prompt changed last, one ready model, the dataset that fits."""
    ready = [model.uid for model in choices.models if model.ready]
    return Definition(
        "", usual_prompts(choices), tuple(ready[:1]), choices.usual_dataset, concurrency=concurrency, max_cost_usd=cap
    )  # fmt: skip


def usual_prompts(choices: Choices) -> tuple[PromptRef, ...]:
    """The two newest versions of the prompt that was changed last."""
    with_versions = [row for row in choices.prompts if choices.versions.get(row.uid)]
    if not with_versions:
        return ()
    newest = max(with_versions, key=lambda row: row.changed_at)
    return tuple(PromptRef(newest.uid, version.number) for version in list(choices.versions[newest.uid])[:2])


def save_draft(ws: Workspace, prompt_uid: str) -> PromptRef | None:
    """The version that a prompt's unsaved edits are from now on; None where it has none any more."""
    row = next((row for row in ws.prompts.list() if row.uid == prompt_uid), None)
    draft = ws.versions.draft(row.id) if row is not None else None
    if row is None or draft is None:
        return None
    return PromptRef(prompt_uid, ws.versions.save(row.id, draft.content).number)
