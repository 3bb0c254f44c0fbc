"""What a run shows, read from both stores: against the figures that the grid counts, after scoring again, with votes and ratings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.test_cli_run import config, document
from tests.test_runs_execute import model, spec
from workbench.cli.frame import perform
from workbench.runs.recording import End, Recorder
from workbench.store.database import Database
from workbench.store.stamps import now
from workbench.values import Case, Check, NotFound, Price, Reply, Score, Usage
from workbench.workspace import Workspace
from workbench.workspace.results import divisions

CHECKS = (Check("contains", "yes", "Yes"), Check("llm-rubric", "Is kind.", "Kind"), Check("contains", "x", "Told", weight=0))


def planted(workspace: Workspace, cases: int = 40, repeats: int = 1, seed: int = 3, titles: Sequence[str] = ("M1", "Two")) -> int:
    """The id of a run over models whose scores are drawn."""
    random = Random(seed)
    made = tuple(
        Case({"q": f"case-{number}", "tone": ("calm", "angry")[number % 2]}, f"C{number}", tags=("late",) * (number % 3 == 0))
        for number in range(cases)
    )
    models = [model(name=f"m{number}", title=title) for number, title in enumerate(titles, 1)]
    run_id = workspace.runs.prepare(replace(spec(*models), checks=CHECKS, cases=made, repeats=repeats))
    ends = []
    for cell in workspace.runs.cells(run_id):
        if random.random() < 0.05:
            continue
        verdicts = [None if random.random() < 0.05 else random.random() < 0.7 for _ in CHECKS]
        scores = tuple(Score(check, said, None, f"“{cell.case_index}” is missing") for check, said in zip(CHECKS, verdicts, strict=True))
        reply = Reply("yes", usage=Usage(10, 5), latency_ms=random.uniform(200, 3000))
        ends.append(End(cell.job_id, "done", 1, Price(), reply=reply, scores=scores))
    Recorder(workspace._database, run_id).write(ends)
    return run_id


@pytest.mark.both_stores
def test_the_figures_are_those_of_the_grid(workspace: Workspace) -> None:
    run_id = planted(workspace, repeats=2)
    heard: list[tuple[float, float]] = []
    found = workspace.results.read(run_id, lambda done, of: heard.append((done, of))).look()
    for rate, column in zip(found.rates, workspace.runs.columns(run_id), strict=True):
        assert (rate.column, rate.passed, rate.of) == (column.index, column.passed, column.checked)
    for calls, column in zip(found.calls, workspace.runs.columns(run_id), strict=True):
        assert calls.time(0.5) == pytest.approx(column.p50_ms)
        assert calls.time(0.95) == pytest.approx(column.p95_ms)
    cells = workspace.runs.cells(run_id)
    for number, row in enumerate(found.checks):
        for column_index in (0, 1):
            verdicts = [cell.scores[number].passed for cell in cells if cell.column == column_index and cell.scores]
            assert row.cells[column_index] == (verdicts.count(False), len(verdicts) - verdicts.count(None))
    assert [row.check.judge for row in found.checks] == [False, True, False]
    assert [row.name for row in found.groups["tag"]] == ["late"]
    assert {row.name for row in found.groups["tone"]} == {"calm", "angry"}
    assert "q" not in found.groups, "a variable that is another in each case divides nothing"
    assert heard[-1] == (40, 40)


@pytest.mark.both_stores
def test_the_newest_scoring_counts_and_only_what_counts(workspace: Workspace) -> None:
    run_id = planted(workspace)
    asyncio.run(workspace.scorings.score_again(run_id, [Check("contains", "yes", "Yes"), Check("contains", "no", "No")]))
    found = workspace.results.read(run_id).look()
    assert [row.check.title for row in found.checks] == ["Yes", "No"]
    assert [(rate.passed, rate.of) for rate in found.rates] == [(0, column.checked) for column in workspace.runs.columns(run_id)]
    assert [(cause.check, cause.total) for cause in found.causes] == [("1", sum(rate.of for rate in found.rates))]


@pytest.mark.both_stores
def test_votes_and_ratings_of_this_run_count_those_that_were_replaced_do_not(workspace: Workspace) -> None:
    run_id, other = planted(workspace), planted(workspace, seed=4)
    pairs: dict[int, dict[int, int]] = {}
    for cell in workspace.runs.cells(run_id):
        if cell.output_id is not None:
            pairs.setdefault(cell.case_index, {})[cell.column] = cell.output_id
    whole = [each for each in pairs.values() if len(each) == 2][:24]
    with workspace._database.write() as writer:
        rater = writer.run("INSERT INTO rater (uid, name) VALUES ('r', 'Ann') RETURNING id").scalar()
        session = writer.run(
            "INSERT INTO session (run_id, kind, seed, position, rater_id, created_at, seconds) "
            "VALUES (:run, 'pair', 1, 0, :rater, :at, 0) RETURNING id",
            run=run_id, rater=rater, at=now(),
        ).scalar()  # fmt: skip
        said: list[int] = []
        for number, each in enumerate([whole[0], *whole]):
            winner = "both_bad" if number == 5 else "left" if number % 4 else "right"
            said.append(
                writer.run(
                    "INSERT INTO vote (session_id, item, left_output_id, right_output_id, winner, note, at) "
                    "VALUES (:session, :item, :left, :right, :winner, '', :at) RETURNING id",
                    session=session,
                    item=number,
                    left=each[0],
                    right=each[1],
                    winner=winner,
                    at=now(),
                ).scalar()
            )
        writer.run("UPDATE vote SET replaced_by_id = :second WHERE id = :first", first=said[0], second=said[1])
        writer.run("UPDATE vote SET winner = '' WHERE id = :last", last=said[-1])
    workspace.ratings.stars(whole[0][0], 2)
    workspace.ratings.stars(whole[0][0], 5)
    found = workspace.results.read(run_id).look()
    assert found.votes == 23, "one was replaced, one was taken back"
    assert [one.column for one in found.wins] == [0, 1], "the left answer was always of column 0 and won three of four"
    assert found.ratings[0].stars == (0, 0, 0, 0, 1)
    assert workspace.results.read(other).look().votes == 0


@pytest.mark.both_stores
def test_failed_calls_and_blocked_answers_have_a_cause(workspace: Workspace) -> None:
    run_id = workspace.runs.prepare(replace(spec(model(), cases=3), checks=()))
    cells = workspace.runs.cells(run_id)
    ends = [
        End(cells[0].job_id, "done", 1, Price(), reply=Reply("", finish_reason="content_filter")),
        End(cells[1].job_id, "done", 1, Price(), reply=Reply("fine")),
    ]
    Recorder(workspace._database, run_id).write(ends)
    found = workspace.results.read(run_id).look()
    assert [(cause.name, cause.total) for cause in found.causes] == [("Blocked, no answer came", 1)]
    assert (found.answers, found.rates) == (2, [])


def test_a_run_that_is_not_there_is_said(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        workspace.results.read("nothing")


def test_reading_can_be_ended_on_the_way(workspace: Workspace) -> None:
    run_id = planted(workspace)

    def enough(done: float, of: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workspace.results.read(run_id, enough)


def test_cases_fall_into_groups_by_tags_and_by_variables_with_few_short_values() -> None:
    values = [{"market": ("UK", "IE")[n % 2], "ticket": f"text {n}", "long": "x" * (50 + n % 2), "vip": n < 2} for n in range(6)]
    cases = [Case(each, tags=("a", "a")) for each in values]
    found = divisions(cases)
    assert found["tag"] == {"a": [0, 1, 2, 3, 4, 5]}
    assert found["market"] == {"UK": [0, 2, 4], "IE": [1, 3, 5]}
    assert found["vip"] == {"true": [0, 1], "false": [2, 3, 4, 5]}
    assert set(found) == {"tag", "market", "vip"}


def test_show_results_prints_every_card_and_gives_them_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    assert perform(["run", config(tmp_path, None), "--json"]) == 0
    run_id = str(document(capsys)["run"]["id"])
    assert perform(["show", run_id, "--results"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Pass rate\nColumn")
    assert "Time and cost of one call" in text
    assert perform(["show", run_id, "--results", "--json"]) == 0
    cards = json.loads(capsys.readouterr().out)["results"]
    assert cards[0]["title"] == "Pass rate"
    assert all(len(row) == len(card["columns"]) for card in cards for row in card["rows"])
    assert all(card["says"] for card in cards)


@pytest.mark.both_stores
def test_a_filter_of_chosen_cases_shows_those_and_no_others(workspace: Workspace) -> None:
    from workbench.values import CaseQuery

    run_id = planted(workspace, cases=6)
    assert workspace.runs.find_cases(run_id, CaseQuery(cases=(4, 1, 99), named="Chosen"), [0, 1]) == [1, 4]
    assert workspace.runs.find_cases(run_id, CaseQuery(cases=(), named="None"), [0, 1]) == []


def test_the_database_is_read_in_stretches_of_cases(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.workspace.results._CELLS_AT_ONCE", 7)
    run_id = planted(workspace)
    assert isinstance(workspace._database, Database)
    columns = workspace.runs.columns(run_id)
    rates = workspace.results.read(run_id).look().rates
    assert [(rate.passed, rate.of) for rate in rates] == [(one.passed, one.checked) for one in columns]
