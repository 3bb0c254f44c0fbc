"""What the answers of a run show: read from the store a stretch of cases at a time, then counted."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from workbench.analysis.judge_advice import MeasuredJudge
from workbench.analysis.results import (
    CauseChanges,
    CheckInfo,
    Failure,
    FoundCause,
    Judged,
    Place,
    Ratings,
    Results,
    cause_names,
    find_causes,
    look,
)
from workbench.evaluators import asks_judges
from workbench.plan import Plan, column_titles
from workbench.quick_dataclass import dataclass, replace
from workbench.ratings.counting import VoteCounts, between_columns
from workbench.runs.grid import COLD_MS
from workbench.runs.reading import NANO
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.store.outputs import OWN_CHECK, newest, scored
from workbench.values import OPEN, Case, Check, Progress, passing
from workbench.values.votes import Vote
from workbench.workspace.calibrations import Calibrations
from workbench.workspace.cause_changes import CauseEdits

OWN = "case"
"""Key under which the rules among the checks of single cases stand together, as filters know them."""
OWN_JUDGES = "case judges"
"""Key under which the judges among them do, and sets with a judge: what a rule says is sure, what a judge says is not."""
_CELLS_AT_ONCE = 5_000
_MOST_VALUES = 12
"""A variable with more values than this does not divide the cases."""
_LONGEST_VALUE = 40

_ANSWERS = f"""
SELECT output.id, job.column_index, job.case_index, job.repeat, job.status, output.error,
 CASE WHEN output.finish_reason IN ('content_filter', 'refusal') AND trim(output.text, :blank) = '' THEN 1 ELSE 0 END,
 output.latency_ms, coalesce(output.load_ms, 0) >= {COLD_MS}, output.cost, output.reused_from_id
FROM job JOIN output ON output.id = {newest()}
WHERE job.run_id = :run AND job.status IN ('done', 'failed') AND job.column_index IN ({{columns}})
AND job.case_index BETWEEN :first AND :last ORDER BY job.case_index, job.column_index, job.repeat"""
_SCORES = f"""
SELECT output.id, score.check_key,
 CASE WHEN substr(score.check_key, 1, {len(OWN_CHECK)}) <> '{OWN_CHECK}' THEN NULL
  WHEN json_extract(score."check", '$.type') IN ('assert-set', 'not-assert-set') THEN score."check"
  ELSE json_extract(score."check", '$.type') END,
 score.passed, CASE WHEN score.passed = 0 THEN score.reason END,
 CAST(coalesce(json_extract(score."check", '$.weight'), '1') AS REAL), score.label
FROM job JOIN output ON output.id = {newest()} JOIN score ON {scored()}
WHERE job.run_id = :run AND job.status = 'done' AND job.column_index IN ({{columns}})
AND job.case_index BETWEEN :first AND :last ORDER BY output.id, score.id"""
_RATINGS = f"""
SELECT job.column_index, job.case_index, rating.aspect, rating.value, rating.label FROM rating
CROSS JOIN output CROSS JOIN job -- SQLite keeps this order: there are few ratings
WHERE output.id = rating.output_id AND job.id = output.job_id AND job.run_id = :run AND rating.replaced_by_id IS NULL
AND rating.aspect IN ('stars', 'verdict') AND output.id = {newest()} ORDER BY rating.id"""


@dataclass(frozen=True, slots=True)
class RunAnswers:
    """All that the figures of a run are counted from."""

    run_id: int
    titles: Mapping[int, str]
    """What tells a column apart: its model, and its prompt version where there are several."""
    case_names: Sequence[str]
    checks: Sequence[CheckInfo]
    groups: Mapping[str, Mapping[str, Sequence[int]]]
    """Ways to divide the cases (`tag`, names of variables), each with its groups."""
    answers: Sequence[Judged]
    votes: Sequence[Vote]
    ratings: Sequence[Ratings]
    judges: Sequence[MeasuredJudge]
    found_causes: Mapping[Place, FoundCause]
    cause_changes: CauseChanges
    brought_from: str = ""
    """The program whose file they came in from."""

    def look(self, columns: Sequence[int] | None = None, cases: Collection[int] | None = None) -> Results:
        """The figures of these columns and cases; None for all."""
        return look(
            self.answers, self.titles, self.checks,
            groups=self.groups, votes=self.votes, ratings=self.ratings, judges=self.judges, found_causes=self.found_causes,
            cause_changes=self.cause_changes, columns=columns, cases=cases, brought_from=self.brought_from,
        )  # fmt: skip

    def group(self, way: str, name: str) -> Sequence[int]:
        """The cases of one group."""
        return self.groups.get(way, {}).get(name, ())


class RunResults:
    """The verbs on what a run shows."""

    def __init__(self, database: Database, runs: Runs, votes: VoteCounts, calibrations: Calibrations) -> None:
        self._database, self._runs, self._votes, self._calibrations = database, runs, votes, calibrations
        self.causes = CauseEdits(database)

    def read(self, run: int | str, progress: Progress | None = None) -> RunAnswers:
        """The answers of a run as they are judged now. Raises NotFound; `progress` hears of cases read and may raise to end it."""
        run_id = self._runs.get(run).id
        plan = self._runs.plan(run_id)
        answers = self.answers(run_id, plan, progress)
        names = [case.name or f"Case {number}" for number, case in enumerate(plan.cases, 1)]
        checks = _checks(plan)
        return RunAnswers(
            run_id, column_titles(plan), names, checks, divisions(plan.cases), answers, self._between(run_id, plan), self._ratings(run_id),
            self._judges(run_id), find_causes(answers, checks), self.causes.of(run_id), plan.brought_from,
        )  # fmt: skip

    def renewed(self, answers: RunAnswers) -> RunAnswers:
        """The same answers with the names and places of causes as they are now."""
        return replace(answers, cause_changes=self.causes.of(answers.run_id))

    def causes_of(self, run_id: int, progress: Progress | None = None) -> dict[int, str]:
        """What each failed output of a run failed for, as it is called now; `progress` as in `read`."""
        plan = self._runs.plan(run_id)
        answers = self.answers(run_id, plan, progress)
        return cause_names(answers, find_causes(answers, _checks(plan)), self.causes.of(run_id))

    def answers(self, run_id: int, plan: Plan, progress: Progress | None = None) -> list[Judged]:
        """The answers of a run as they are judged now, without what is said of them; `plan` is the run's, `progress` as in `read`."""
        answers: list[Judged] = []
        # Answers of one kind share their tuples: a long run has few kinds.
        kinds: dict[tuple[str, ...], tuple[str, ...]] = {}
        step = max(1, _CELLS_AT_ONCE // max(1, len(plan.columns) * plan.repeats))
        for first in range(0, len(plan.cases), step):
            if progress is not None:
                progress(first, len(plan.cases))
            answers += self._page(run_id, plan, first, min(first + step, len(plan.cases)) - 1, kinds)
        if progress is not None:
            progress(len(plan.cases), len(plan.cases))
        return answers

    def _page(self, run_id: int, plan: Plan, first: int, last: int, kinds: dict[tuple[str, ...], tuple[str, ...]]) -> list[Judged]:
        columns = ",".join(map(str, range(len(plan.columns))))
        given = {"run": run_id, "first": first, "last": last}
        scores: dict[int, list[Any]] = {}
        for output_id, *score in self._database.query(_SCORES.format(columns=columns), given):
            scores.setdefault(output_id, []).append(score)
        by_hand = [column.model.by_hand for column in plan.columns]
        found = []
        for output_id, column, case, repeat, status, error, blocked, latency, cold, cost, reused in self._database.query(
            _ANSWERS.format(columns=columns), {**given, "blank": " \t\r\n"}
        ):
            answer = Judged(
                column, case, repeat, output_id, None,
                trouble=_trouble(status, error, bool(blocked)),
                latency_ms=None if cold else latency,
                cost_usd=None if cost is None else cost / NANO,
                fresh=reused is None,
                called=not by_hand[column],
            )  # fmt: skip
            found.append(_with_scores(answer, scores[output_id], kinds) if output_id in scores else answer)
        return found

    def _between(self, run_id: int, plan: Plan) -> list[Vote]:
        names = {(run_id, column): str(column) for column in range(len(plan.columns))}
        return between_columns(self._votes.of_runs([run_id]), names)

    def _judges(self, run_id: int) -> list[MeasuredJudge]:
        found = self._calibrations.of_run(run_id)
        rows = [replace(one, check=OWN_JUDGES) if one.check.startswith(OWN_CHECK) else one for one in found]
        return [*{(one.check, one.judge.key): one for one in rows}.values()]

    def _ratings(self, run_id: int) -> list[Ratings]:
        stars: dict[int, list[int]] = {}
        said: dict[int, list[int]] = {}
        cases: dict[int, dict[int, list[int]]] = {}
        for column, case, aspect, value, label in self._database.query(_RATINGS, {"run": run_id}):
            counts, verdicts = stars.setdefault(column, [0] * 5), said.setdefault(column, [0, 0])
            if aspect == "stars" and value is not None:
                number = min(5, max(1, round(value)))
                counts[number - 1] += 1
                cases.setdefault(column, {}).setdefault(number, []).append(case)
            elif aspect == "verdict" and label in ("pass", "fail"):
                verdicts[label == "fail"] += 1
        found = []
        for column in sorted(stars):
            one, two, three, four, five = stars[column]
            where = {number: tuple(dict.fromkeys(each)) for number, each in cases.get(column, {}).items()}
            if sum(stars[column]) + sum(said[column]):
                found.append(Ratings(column, (one, two, three, four, five), said[column][0], said[column][1], where))
        return found


def divisions(cases: Sequence[Case]) -> dict[str, dict[str, list[int]]]:
    """The ways in which cases fall into groups: by tag, and by each variable that has few short values."""
    found: dict[str, dict[str, list[int]]] = {"tag": {}}
    values: dict[str, dict[str, list[int]]] = {}
    for index, case in enumerate(cases):
        for tag in dict.fromkeys(case.tags):
            found["tag"].setdefault(tag, []).append(index)
        for name, value in case.values.items():
            text = value if isinstance(value, str) else json.dumps(value) if isinstance(value, bool | int | float) else ""
            groups = values.setdefault(name, {})
            if len(groups) <= _MOST_VALUES:
                groups.setdefault(text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…", []).append(index)
    for name, groups in values.items():
        short = [value for value in groups if value and len(value) <= _LONGEST_VALUE]
        if 2 <= len(groups) <= _MOST_VALUES and len(short) == len([value for value in groups if value]) and len(groups) < len(cases):
            found.setdefault(name, {value: groups[value] for value in short})
    return found


def _with_scores(answer: Judged, scores: Sequence[Any], kinds: dict[tuple[str, ...], tuple[str, ...]]) -> Judged:
    """The answer with what its checks came to."""
    failures, asked, unasked, owed = [], [], [], False
    for key, own, passed, reason, weight, label in scores:
        check = key if own is None else _own_row(Check.from_json(json.loads(own)) if own.startswith("{") else Check(own))
        if passed is None and label in OPEN:
            owed = True
        elif passed is None:
            unasked.append(check)
        else:
            asked.append(check)
            if not passed:
                failures.append(Failure(check, reason or "", weight > 0))
    keys, lacking = tuple(dict.fromkeys(asked)), tuple(dict.fromkeys(unasked))
    said = passing((None if passed is None else bool(passed), weight, label or "") for _, _, passed, _, weight, label in scores)
    return replace(
        answer,
        passed=said,
        failures=tuple(failures),
        asked=kinds.setdefault(keys, keys),
        unasked=kinds.setdefault(lacking, lacking),
        owed=owed,
    )


def _trouble(status: str, error: str | None, blocked: bool) -> str:
    if status == "failed":
        return str((json.loads(error) if error else {}).get("kind") or "failed")
    return "blocked" if blocked else ""


def _checks(plan: Plan) -> list[CheckInfo]:
    known = [CheckInfo(str(place), check.title, asks_judges([check])) for place, check in enumerate(plan.checks)]
    own = {_own_row(check) for case in plan.cases for check in case.checks}
    rules = [CheckInfo(OWN, "Checks of the case")] if OWN in own else []
    return [*known, *rules, *([CheckInfo(OWN_JUDGES, "Judges of the case", judge=True)] if OWN_JUDGES in own else [])]


def _own_row(check: Check) -> str:
    return OWN_JUDGES if asks_judges([check]) else OWN
