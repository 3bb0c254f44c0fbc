"""The models to choose from, with what the stored runs say of each: pass rate, time, cost, steadiness, blind votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from workbench.analysis.choice import Candidate, same_verdict
from workbench.analysis.preferences import ENOUGH_VOTES, WinRate, win_rates
from workbench.analysis.results import Judged
from workbench.analysis.results.figures import calls, pass_rates
from workbench.library.connections import Connections
from workbench.plan import Plan
from workbench.providers.regions import region_of
from workbench.quick_dataclass import dataclass, replace
from workbench.ratings.counting import VoteCounts, between_columns
from workbench.runs.records import RunRow
from workbench.runs.runs import Runs
from workbench.values import ModelSpec, NotFound, Progress
from workbench.workspace.results import RunResults


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of each model, and from where."""

    run_id: int | None
    """None for the newest finished run of every comparison."""
    candidates: tuple[Candidate, ...]
    wins: tuple[WinRate, ...]
    """By the keys of the candidates; empty below 20 votes."""
    votes: int
    raters: int
    runs: tuple[RunRow, ...]
    """The runs that were read, the newest first."""
    run_of: Mapping[str, int]
    """Of each candidate the newest of these runs that it is in."""
    prompts: tuple[str, ...]
    """The newest version of each prompt, which is what counts."""
    cases: int
    repeats: int
    uneven: bool
    """Not every model has an answer with a verdict to the same cases: their rates are not on the same ground."""
    offered: Mapping[int, str]
    """The newest finished run of each comparison, to choose from: the newest first."""


@dataclass(slots=True)
class _Model:
    spec: ModelSpec
    place: int


class ModelChoices:
    """The verb that reads what runs say of models."""

    def __init__(self, runs: Runs, results: RunResults, connections: Connections, votes: VoteCounts) -> None:
        self._runs, self._results, self._connections, self._votes = runs, results, connections, votes

    def newest(self) -> int:
        """The run that finished last. Raises NotFound where none did."""
        return self._newest()[0].id

    def read(self, run_id: int | None = None, progress: Progress | None = None) -> Evidence:
        """What a run says of its models, or the newest finished run of every comparison (None). Raises NotFound where there is none;
        `progress` hears of runs read, and may raise to end it.

        Where a prompt stands in several versions, its newest counts. Models that are asked by hand have neither time nor cost.
        """
        newest = self._newest()
        chosen = newest if run_id is None else [self._runs.get(run_id)]
        models: dict[str, _Model] = {}
        names: dict[tuple[int, int], str] = {}
        answers: list[Judged] = []
        prompts: dict[str, None] = {}
        run_of: dict[str, int] = {}
        first_case = repeats = 0
        for number, run in enumerate(chosen):
            if progress is not None:
                progress(number, len(chosen))
            plan = self._runs.plan(run.id)
            columns = _newest_versions(plan)
            for column in columns:
                one = plan.columns[column]
                key = one.model.model_uid or f"{one.model.base_url} {one.model.title}"
                names[run.id, column] = key
                run_of.setdefault(key, run.id)
                models.setdefault(key, _Model(one.model, len(models)))
                prompts[f"{one.variant.prompt} v{one.variant.version}" if one.variant.version else one.variant.prompt] = None
            answers += self._placed(run.id, plan, columns, names, models, first_case)
            first_case += len(plan.cases)
            repeats = max(repeats, plan.repeats)
        counted = self._votes.of_runs([run.id for run in chosen])
        votes = [vote for vote in between_columns(counted, names) if vote.left != vote.right]
        raters = {one.rater for one in counted if one.between_columns}
        candidates, uneven = self._candidates(models, answers)
        return Evidence(
            run_id, candidates, tuple(win_rates(votes)) if len(votes) >= ENOUGH_VOTES else (), len(votes), len(raters),
            tuple(chosen), run_of, tuple(prompts), first_case, repeats, uneven,
            {run.id: run.comparison for run in newest},
        )  # fmt: skip

    def _newest(self) -> list[RunRow]:
        """Of each comparison its newest finished run. Raises NotFound where no run is finished."""
        found: dict[int | str, RunRow] = {}
        for run in self._runs.list():
            if run.status == "done" and run.done:
                found.setdefault(run.comparison_id if run.comparison_id is not None else run.uid, run)
        if not found:
            raise NotFound("No comparison is finished yet.", remedy="Run one first.")
        return list(found.values())

    def _placed(
        self, run_id: int, plan: Plan, columns: Sequence[int], names: Mapping[tuple[int, int], str], models: Mapping[str, _Model],
        first_case: int,
    ) -> Iterator[Judged]:  # fmt: skip
        """The answers of a run with models in the place of its columns and its cases behind those of the runs before."""
        places = {column: models[names[run_id, column]].place for column in columns}
        for answer in self._results.answers(run_id, plan):
            if answer.column in places:
                yield replace(answer, column=places[answer.column], case=first_case + answer.case, failures=(), asked=(), unasked=())

    def _candidates(self, models: Mapping[str, _Model], answers: Sequence[Judged]) -> tuple[tuple[Candidate, ...], bool]:
        places = [one.place for one in models.values()]
        rates = {one.column: one for one in pass_rates(answers, places)}
        of_calls = {one.column: one for one in calls(answers, places)}
        verdicts: dict[int, dict[int, list[bool]]] = {place: {} for place in places}
        for answer in answers:
            if answer.passed is not None:
                verdicts[answer.column].setdefault(answer.case, []).append(answer.passed)
        found = []
        known = {row.uid: row for row in self._connections.models()}
        for key, model in models.items():
            spec, rate, made = model.spec, rates.get(model.place), of_calls[model.place]
            row = known.get(spec.model_uid or "")
            facts = row.facts if row is not None else {}
            reads = tuple(kind for kind in spec.reads or facts.get("reads") or () if kind != "text")
            found.append(
                Candidate(
                    key, spec.title, spec.place, spec.colour, rate.passed if rate else 0, rate.of if rate else 0,
                    rate.low if rate else None, rate.high if rate else None, rate.cases if rate else 0, made.time(0.5), made.time(0.95),
                    1000 * fmean(made.dollars) if made.dollars else None, facts.get("context_tokens"),
                    reads, same_verdict(verdicts[model.place].values()), region_of(spec.name, spec.base_url, spec.options),
                )
            )  # fmt: skip
        asked = {frozenset(cases) for cases in verdicts.values()}
        return tuple(found), len(asked) > 1


def _newest_versions(plan: Plan) -> list[int]:
    """The columns with the newest version of each prompt."""
    newest: dict[str, int] = {}
    for column in plan.columns:
        name = column.variant.prompt_uid or column.variant.prompt
        newest[name] = max(newest.get(name, 0), column.variant.version or 0)
    return [
        index
        for index, column in enumerate(plan.columns)
        if (column.variant.version or 0) == newest[column.variant.prompt_uid or column.variant.prompt]
    ]
