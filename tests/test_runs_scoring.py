"""Runs scored again with other checks: no call, earlier scores kept, the newest scoring counts, all of it or nothing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.test_runs_execute import make, model, spec
from tests.test_runs_execute import runs as runs
from workbench.runs.runs import Runs
from workbench.runs.scoring import Scored, Scorings
from workbench.values import BadInput, Case, CaseQuery, Check

pytestmark = pytest.mark.both_stores

LONG = Check("word-count", "1-5", "Short")


@pytest.fixture
def scorings(runs: Runs) -> Any:
    made = Scorings(runs._database, runs)
    yield made
    made.close()


def again(scorings: Scorings, run_id: int, *checks: Check, **options: Any) -> Scored:
    return asyncio.run(scorings.score_again(run_id, checks, **options))


def passed(runs: Runs, run_id: int) -> list[list[bool | None]]:
    return [[score.passed for score in cell.scores] for cell in runs.cells(run_id)]


def test_other_checks_count_for_answers_that_are_there_and_earlier_scores_stay(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=3))
    make(runs, run_id)
    before = [cell.output_id for cell in runs.cells(run_id)]
    found = again(scorings, run_id, LONG, Check("contains", "case-1"))
    assert (found.number, found.outputs, found.stopped) == (2, 3, False)
    assert passed(runs, run_id) == [[True, False], [True, True], [True, False]]
    assert [cell.output_id for cell in runs.cells(run_id)] == before
    assert [column.passed for column in runs.columns(run_id)] == [1]
    assert [check.title for check in runs.checks(run_id)] == ["Short", "contains: case-1"]
    history = scorings.history(run_id)
    assert [(row.number, len(row.checks)) for row in history] == [(2, 2), (1, 1)]
    first = before[0]
    assert first is not None
    assert [score.check.type for score in scorings.scores(first, 1)] == ["contains"]
    assert [score.check.type for score in scorings.scores(first, 2)] == ["word-count", "contains"]


def test_scoring_again_calls_no_model(runs: Runs, scorings: Scorings, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(answer="words", tokens=3)
    run_id = runs.prepare(spec(model(server.base_url), cases=4))
    make(runs, run_id)
    calls = server.stats()["requests"]
    spent = runs.get(run_id).cost_usd
    again(scorings, run_id, LONG)
    assert passed(runs, run_id) == [[True]] * 4
    assert runs.get(run_id).cost_usd == spent
    assert server.stats()["requests"] == calls


def test_a_run_without_any_check_left_has_no_verdicts(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=2))
    make(runs, run_id)
    again(scorings, run_id)
    assert passed(runs, run_id) == [[], []]
    assert [(column.checked, column.pass_rate) for column in runs.columns(run_id)] == [(0, None)]


def test_the_checks_of_a_case_are_asked_behind_those_of_the_run(runs: Runs, scorings: Scorings) -> None:
    made = spec(cases=2)
    own = replace(made.cases[1], checks=(Check("contains", "nowhere", "Own"),))
    run_id = runs.prepare(replace(made, cases=(made.cases[0], own)))
    make(runs, run_id)
    again(scorings, run_id, LONG)
    assert passed(runs, run_id) == [[True], [True, False]]


def test_a_scoring_that_is_stopped_changes_nothing(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=900))
    make(runs, run_id)
    stop = threading.Event()
    heard: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        heard.append((done, of))
        if done:
            stop.set()

    found = again(scorings, run_id, Check("contains", "nowhere"), progress=progress, stop=stop)
    assert found.stopped
    assert heard[0] == (0, 900)
    assert 0 < heard[-1][0] < 900
    assert [column.passed for column in runs.columns(run_id)] == [900]
    assert runs._database.query("SELECT max(generation) FROM score")[0][0] == 1
    assert [row.number for row in scorings.history(run_id)] == [1]
    assert again(scorings, run_id, Check("contains", "nowhere")).number == 2
    assert [column.passed for column in runs.columns(run_id)] == [0]


def test_what_a_crash_left_half_scored_never_counts_and_is_put_away(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=2))
    make(runs, run_id)
    with runs._database.write() as writer:
        writer.run(
            """INSERT INTO score (output_id, check_key, "check", passed, value, reason, generation, at)
SELECT id, '0', :check, :no, 0, '', 2, 'now' FROM output""",
            check=json.dumps({"type": "contains"}), no=False,
        )  # fmt: skip
    assert passed(runs, run_id) == [[True], [True]]
    again(scorings, run_id, LONG)
    assert passed(runs, run_id) == [[True], [True]]
    assert runs._database.query("SELECT count(*) FROM score WHERE generation = 2")[0][0] == 2


def test_answers_that_come_later_are_scored_with_the_checks_that_count(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=2))
    make(runs, run_id)
    again(scorings, run_id, LONG)
    runs.requeue(run_id, [runs.cells(run_id)[0].job_id], failed_only=False)
    make(runs, run_id)
    cell = runs.cells(run_id)[0]
    assert cell.attempts == 1
    assert [score.check.name for score in cell.scores] == ["Short"]
    assert [column.checked for column in runs.columns(run_id)] == [2]


def test_a_rerun_of_what_failed_takes_over_the_scores_that_count(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=3))
    make(runs, run_id)
    again(scorings, run_id, Check("not-contains", "case-1", "Not one"))
    second = runs.rerun(run_id, "failed")
    assert runs.get(second).queued == 1
    assert [[score.check.name for score in cell.scores] for cell in runs.cells(second)] == [["Not one"], [], ["Not one"]]
    make(runs, second)
    assert passed(runs, second) == [[True], [False], [True]]


def test_filters_and_orders_look_at_the_scores_that_count(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=3))
    make(runs, run_id)
    assert runs.find_cases(run_id, CaseQuery("failed"), [0]) == []
    again(scorings, run_id, Check("contains", "case-2"))
    assert runs.find_cases(run_id, CaseQuery("failed"), [0]) == [0, 1]
    assert runs.find_cases(run_id, CaseQuery(check="0"), [0]) == [0, 1]
    assert runs.find_cases(run_id, CaseQuery(sort="checks", sort_column=0, descending=True), [0])[0] == 2
    again(scorings, run_id, LONG)
    assert runs.find_cases(run_id, CaseQuery("failed"), [0]) == []


def test_time_cost_and_refusal_are_known_as_when_the_answer_came(runs: Runs, scorings: Scorings) -> None:
    checks = (Check("latency", 60_000), Check("cost", 1), Check("finish-reason", "stop"), Check("not-is-refusal"))
    run_id = runs.prepare(spec(cases=1, checks=checks))
    make(runs, run_id)
    first = [(score.passed, score.reason) for score in runs.cells(run_id)[0].scores]
    again(scorings, run_id, *checks)
    assert [(score.passed, score.reason) for score in runs.cells(run_id)[0].scores] == first


def test_a_check_that_cannot_be_asked_is_refused_before_anything_is_scored(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=1))
    make(runs, run_id)
    with pytest.raises(BadInput, match=r"regex: \(.*pattern is not valid"):
        again(scorings, run_id, Check("regex", "("))
    assert [row.number for row in scorings.history(run_id)] == [1]


def test_a_run_that_is_going_on_is_not_scored(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=1))
    with runs.taken(runs.get(run_id)), pytest.raises(BadInput, match="is going on already"):
        again(scorings, run_id, LONG)


def test_checks_of_one_name_are_one_metric_by_column(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=4))
    make(runs, run_id)
    heavy = Check("contains", "case-1", "Facts", weight=3)
    again(scorings, run_id, heavy, Check("contains", "Say", "Facts"), Check("contains", "x", "Told", weight=0), LONG)
    facts, told, short = scorings.metrics(run_id)[0]
    assert (facts.name, facts.sum, facts.count, facts.passed, facts.mean) == ("Facts", 5.0, 8, 5, (3 * 1 + 4) / (4 * 4))
    assert (told.name, told.mean, told.passed) == ("Told", 0.0, 0)
    assert short.mean == 1.0
    assert [column.passed for column in runs.columns(run_id)] == [1], "a check of weight 0 only tells"


def test_a_check_is_tried_on_a_stored_answer_and_nothing_is_kept(runs: Runs, scorings: Scorings) -> None:
    run_id = runs.prepare(spec(cases=2))
    make(runs, run_id)
    output = runs.cells(run_id)[1].output_id
    assert output is not None
    good, bad, odd = scorings.try_checks(output, [Check("contains", "{{ q }}"), Check("equals", "x"), Check("regex", "(a+)+$")])
    assert (good.passed, bad.passed, odd.passed) == (True, False, False)
    assert bad.reason == "The answer is not “x”."
    assert [row.number for row in scorings.history(run_id)] == [1]


def test_a_case_may_name_itself_in_its_checks(runs: Runs, scorings: Scorings) -> None:
    made = replace(spec(cases=1), cases=(Case({"q": "a"}, reference="Say a."),))
    run_id = runs.prepare(made)
    make(runs, run_id)
    again(scorings, run_id, Check("equals", "{{ reference }}"), Check("matches-reference"))
    assert passed(runs, run_id) == [[True, True]]
