"""Choosing a model: the fit by weights, what a model must have, total cost, and the evidence from stored runs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_runs_execute import model, spec
from workbench.analysis.choice import (
    CRITERIA,
    USUAL_WEIGHTS,
    Candidate,
    Line,
    MustHave,
    OwnServer,
    best_for_money,
    break_even,
    cost_table,
    decision_note,
    lines,
    monthly,
    quality_table,
    reweighted,
    same_verdict,
    scorecard,
    scorecard_table,
    wins_table,
)
from workbench.evaluators import wilson
from workbench.providers.regions import region_of
from workbench.runs.recording import End, Recorder
from workbench.values import Case, Check, Content, Message, NotFound, Price, Reply, Score, Usage, Variant
from workbench.workspace import Choices, Workspace


def candidate(
    title: str, rate: float, low: float, high: float, p95: float, cost: float | None, same: float | None, **more: object
) -> Candidate:
    made = Candidate(
        title, title, "cloud", 0, round(1000 * rate), 1000, low, high, 120, p95 * 500, p95 * 1000, cost, 200_000, ("image",), same
    )
    return replace(made, **more)  # type: ignore[arg-type]


# The figures of a picture that was drawn by hand, with the fit that stands in it.
DRAWN = (
    (candidate("distil", 0.90, 0.83, 0.94, 1.6, 1.51, 0.93, place="server", context=32_000, reads=()), 61),
    (candidate("mini", 0.925, 0.86, 0.96, 4.0, 1.78, 0.91), 58),
    (candidate("haiku", 0.933, 0.87, 0.97, 3.4, 5.06, 0.92), 54),
    (candidate("flash", 0.908, 0.84, 0.95, 3.2, 2.14, 0.89), 53),
    (candidate("large", 0.958, 0.91, 0.98, 6.1, 8.88, 0.94), 51),
    (candidate("sonnet", 0.967, 0.92, 0.99, 6.8, 15.18, 0.95), 48),
    (candidate("llama", 0.867, 0.79, 0.92, 9.7, 3.63, 0.88, place="server", context=128_000), None),
)
EVERY = tuple(one for one, _ in DRAWN)
MUST = MustHave(0.85, 7_000, 32_000)


def test_the_fit_is_that_of_the_drawing() -> None:
    card = scorecard(EVERY, USUAL_WEIGHTS, MUST)
    assert [(row.candidate.title, row.fit and round(row.fit)) for row in card.rows] == [(one.title, fit) for one, fit in DRAWN]
    assert (card.rows[-1].is_out, card.rows[-1].why) == (True, "p95 over 7 s")
    assert card.headline == "distil fits best (61), then mini (58). Their pass rates overlap, so cost and time decide."
    one = EVERY[0]
    by_hand = 40 * (0.90 - 0.85) / 0.15 + 25 * (1 - log(1.51) / log(20)) + 20 * (1 - 1.6 / 8) + 15 * (one.same - 0.8) / 0.2  # type: ignore[operator]
    assert card.rows[0].fit == pytest.approx(by_hand)
    assert "$20.00 counts 0, $1.00 and less count 1" in card.formula


def test_what_no_model_has_weighs_nothing_and_what_one_lacks_keeps_it_from_being_ranked() -> None:
    without = [replace(one, same=None) for one in EVERY[:3]]
    card = scorecard(without, USUAL_WEIGHTS, MustHave())
    assert card.unknown == ("consistency",)
    assert sum(card.weights.values()) == pytest.approx(100)
    assert all(row.fit is not None for row in card.rows)
    assert "Consistency is known of no model" in card.formula
    card = scorecard([replace(EVERY[0], per_thousand=None), *EVERY[1:3]], USUAL_WEIGHTS, MustHave())
    assert [(row.candidate.title, row.why) for row in card.rows if row.fit is None] == [("distil", "cost unknown")]
    assert card.rows[-1].candidate.title == "distil"
    assert scorecard([], USUAL_WEIGHTS, MustHave()).headline.startswith("No model can be ranked yet")
    assert scorecard(EVERY, USUAL_WEIGHTS, MustHave(least_rate=1.0)).headline.startswith("No model has all that it must have")


def test_a_model_outside_the_usual_ranges_widens_them_and_free_calls_count_in_full() -> None:
    bad = candidate("bad", 0.42, 0.3, 0.5, 30, 0.0, 0.5)
    card = scorecard([bad, *EVERY[:2]], {"quality": 0, "cost": 100, "speed": 0, "consistency": 0}, MustHave())
    assert card.rows[0].candidate.title == "bad"
    assert card.rows[0].fit == 100
    assert card.ranges["quality"][0] == pytest.approx(0.4)
    assert card.ranges["speed"][0] == 30_000
    assert all(0 <= (row.fit or 0) <= 100 for row in card.rows)


@pytest.mark.parametrize(
    ("must", "out"),
    [
        (MustHave(least_rate=0.93), {"distil", "mini", "flash", "llama"}),
        (MustHave(most_p95_ms=3_300), {"mini", "haiku", "large", "sonnet", "llama"}),
        (MustHave(least_context=100_000), {"distil"}), (MustHave(reads_images=True), {"distil"}),
        (MustHave(stays_here=True), {"mini", "haiku", "flash", "large", "sonnet"}),
        (MustHave(in_the_eu=True), {"distil", "mini", "haiku", "flash", "large", "sonnet", "llama"}),
    ],
)  # fmt: skip
def test_a_model_that_lacks_what_it_must_have_is_out_with_the_reason(must: MustHave, out: set[str]) -> None:
    card = scorecard(EVERY, USUAL_WEIGHTS, must)
    assert {row.candidate.title for row in card.rows if row.is_out} == out
    assert all(row.why and row.fit is None for row in card.rows if row.is_out)
    unknown = Candidate("x", "x", "cloud", 0, 0, 0, None, None, 0)
    assert scorecard([unknown], USUAL_WEIGHTS, must).rows[0].is_out, "what is not known is not there"


@given(
    st.lists(st.integers(0, 100), min_size=4, max_size=4), st.sampled_from(CRITERIA),
    st.lists(st.tuples(st.sampled_from(CRITERIA), st.integers(-20, 120)), min_size=1, max_size=8),
)  # fmt: skip
def test_weights_are_100_together_whatever_is_moved(start: list[int], first: str, moves: list[tuple[str, int]]) -> None:
    weights = reweighted(dict(zip(CRITERIA, start, strict=True)), first, 30)
    for name, points in moves:
        weights = reweighted(weights, name, points)
        assert sum(weights.values()) == 100
        assert weights[name] == min(100, max(0, points))
        assert min(weights.values()) >= 0


def test_the_line_of_the_best_for_the_money_is_that_of_the_drawing() -> None:
    assert [one.title for one in best_for_money(EVERY)] == ["distil", "mini", "haiku", "large", "sonnet"]
    assert best_for_money([replace(EVERY[0], per_thousand=None)]) == []
    twins = [candidate("a", 0.9, 0.8, 1, 1, 2.0, 1), candidate("b", 0.9, 0.8, 1, 1, 2.0, 1)]
    assert [one.title for one in best_for_money(twins)] == ["a"]
    rows = quality_table(scorecard(EVERY, USUAL_WEIGHTS, MUST)).rows
    assert [row[0] for row in rows if row[-1] == "beaten on both"] == ["flash", "llama"]


@given(st.lists(st.tuples(st.floats(0.01, 50), st.floats(0, 1)), max_size=12))
def test_no_model_on_the_line_is_beaten_and_every_other_is(points: list[tuple[float, float]]) -> None:
    every = [
        replace(EVERY[0], key=str(at), title=str(at), per_thousand=cost, passed=round(rate * 1000))
        for at, (cost, rate) in enumerate(points)
    ]
    line = {one.key for one in best_for_money(every)}
    for one in every:
        beaten = any(
            (other.per_thousand, -(other.rate or 0)) != (one.per_thousand, -(one.rate or 0))
            and (other.per_thousand or 0) <= (one.per_thousand or 0)
            and (other.rate or 0) >= (one.rate or 0)
            for other in every
        )
        assert not (beaten and one.key in line)
        assert beaten or one.key in line or any(other.key in line and other.per_thousand == one.per_thousand for other in every)


def test_two_repeats_agree_as_often_as_is_counted_by_hand() -> None:
    assert same_verdict([[True, True, True], [True, False, True], [False, True]]) == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert same_verdict([[True], [False]]) is None


def test_an_own_server_pays_off_where_its_line_crosses() -> None:
    # By hand: 650 + 6 * 40 + 1,200 / 12 = 990 a month beside 0.2 cents a call; hosted 0.4 cents: 990 / 0.002 = 495,000.
    server = OwnServer(650, 6, 40, 1_200)
    own, hosted = Line("own", 0.002, server), Line("hosted", 0.004, None)
    at = break_even(hosted, own)
    assert at == pytest.approx(495_000)
    assert monthly(own, 495_000) == pytest.approx(monthly(hosted, 495_000)) == pytest.approx(1_980)
    assert break_even(Line("cheap", 0.002, None), own) is None
    assert break_even(own, own) is None
    table = cost_table([hosted, own], 600_000)
    assert [row[3] for row in table.rows] == [2_400, 2_190]
    assert table.rows[1][-1] == "from 495,000 calls against hosted"
    assert table.says.startswith("own pays off above 495k calls a month against hosted. Own server: $650 a month, 6 h of upkeep at $40")


@given(st.floats(0.0005, 0.1), st.floats(0, 0.0004), st.floats(1, 5_000), st.integers(0, 500_000), st.floats(0, 3_000))
def test_at_the_break_even_the_own_server_costs_no_more_and_before_it_never(
    hosted: float, own: float, rent: float, most: int, once: float
) -> None:
    line, other = Line("own", own, OwnServer(rent, 0, 0, once, most)), Line("hosted", hosted, None)
    at = break_even(other, line)
    if at is None:
        assert most, "without a limit the hosted line always gets there"
        assert all(monthly(line, calls) > monthly(other, calls) * (1 - 1e-9) for calls in (most, 3 * most, 50 * most))
        return
    assert monthly(line, at) <= monthly(other, at) * (1 + 1e-6)
    for share in (0.1, 0.5, 0.9, 0.99):
        assert monthly(line, at * share) >= monthly(other, at * share) * (1 - 1e-9)


def test_ways_to_pay_are_the_best_hosted_models_and_the_own_servers() -> None:
    found = lines(scorecard(EVERY, USUAL_WEIGHTS, MUST).rows, OwnServer())
    assert [(line.title, line.server is not None) for line in found] == [
        ("mini", False),
        ("haiku", False),
        ("flash", False),
        ("distil", True),
    ]
    assert found[-1].per_call == pytest.approx(0.00151)
    clouds = lines(scorecard(EVERY[1:4], USUAL_WEIGHTS, MUST).rows, OwnServer())
    assert [line.title for line in clouds] == ["mini", "haiku", "flash", "Own server"]
    assert "No model of an own server was tried" in cost_table(clouds, 1).says


def test_no_cell_of_a_scorecard_becomes_a_formula_and_the_note_says_all() -> None:
    bad = replace(EVERY[1], key="bad", title="=cmd|' /C calc'!A0")
    card = scorecard([bad, *EVERY], USUAL_WEIGHTS, MUST)
    text = scorecard_table(card).csv()
    assert "'\u00a0=cmd" in text
    assert "\n=cmd" not in text
    assert ",=cmd" not in text
    note = decision_note(card, ["Prompt v7, 120 cases"], cost_table(lines(card.rows, OwnServer()), 1_000))
    assert "| 61.0 | distil |" in note or "| 60.6 | distil |" in note
    assert "\\|' /C calc" in note, "a name with a bar breaks no row"
    assert "- Prompt v7, 120 cases" in note


def planted(
    ws: Workspace, name: str = "Choice", cases: int = 60, repeats: int = 2, rates: tuple[float, ...] = (0.9, 0.6), version: int = 2
) -> int:
    """The id of a finished run: each model on two versions of one prompt, of which the older one never passes."""
    random, check = Random(9), Check("contains", "yes", "Yes")
    models = tuple(model(name=f"m{number}", title=f"Model {number}") for number in range(len(rates)))
    content = Content((Message.of("user", "{{ q }}"),))
    made = replace(
        spec(*models), name=name, cases=tuple(Case({"q": f"{name} {number}"}) for number in range(cases)), repeats=repeats, checks=(check,),
        variants=tuple(Variant("P", number, replace(content, parameters={"seed": number})) for number in range(1, version + 1)),
    )  # fmt: skip
    run_id = ws.runs.prepare(made)
    plan, ends = ws.runs.plan(run_id), []
    for cell in ws.runs.cells(run_id):
        column = plan.columns[cell.column]
        number = models.index(column.model)
        passed = column.variant.version == version and random.random() < rates[number]
        reply = Reply(f"{cell.job_id}", usage=Usage(1_000, 0), latency_ms=100.0 * (number + 1))
        ends.append(
            End(cell.job_id, "done", 1, Price(Decimal(number + 1), Decimal(0)), reply=reply, scores=(Score(check, passed, float(passed)),))
        )
    Recorder(ws._database, run_id).write(ends)
    with ws._database.write() as writer:
        writer.run("UPDATE run SET status = 'done', finished_at = created_at WHERE id = :id", id=run_id)
    return run_id


@pytest.mark.both_stores
def test_the_evidence_is_counted_from_the_stored_answers_of_the_newest_version(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        workspace.model_choices.read()
    run_id = planted(workspace)
    found = workspace.model_choices.read(run_id)
    results = workspace.results.read(run_id).look()
    plan = workspace.runs.plan(run_id)
    rates = {plan.columns[one.column].model.title: one for one in results.rates if plan.columns[one.column].variant.version == 2}
    assert [one.title for one in found.candidates] == ["Model 0", "Model 1"]
    for number, one in enumerate(found.candidates):
        rate = rates[one.title]
        assert (one.passed, one.of, one.low, one.high, one.cases) == (rate.passed, rate.of, rate.low, rate.high, 60)
        assert one.p95_ms == one.p50_ms == 100.0 * (number + 1)
        assert one.per_thousand == pytest.approx(number + 1), "1,000 tokens at as many dollars a million, a thousand times"
    repeats: dict[int, list[bool]] = {}
    column = next(at for at, each in enumerate(plan.columns) if each.variant.version == 2 and each.model.title == "Model 1")
    for cell in workspace.runs.cells(run_id):
        if cell.column == column:
            repeats.setdefault(cell.case_index, []).append(bool(cell.scores[0].passed))
    assert found.candidates[1].same == pytest.approx(sum(a == b for a, b in repeats.values()) / 60)
    assert (found.prompts, found.cases, found.repeats, found.uneven, found.votes) == (("P v2",), 60, 2, False, 0)
    assert workspace.model_choices.newest() == run_id


@pytest.mark.both_stores
def test_all_comparisons_are_pooled_by_model_and_uneven_ground_is_said(workspace: Workspace) -> None:
    first, second = planted(workspace, "One", repeats=1), planted(workspace, "Two", 30, 1, (0.5,))
    heard: list[tuple[float, float]] = []
    found = workspace.model_choices.read(None, lambda done, of: heard.append((done, of)))
    alone = {one.title: one for one in workspace.model_choices.read(first).candidates}
    other = {one.title: one for one in workspace.model_choices.read(second).candidates}
    pooled = {one.title: one for one in found.candidates}
    zero = pooled["Model 0"]
    assert (zero.passed, zero.of) == (alone["Model 0"].passed + other["Model 0"].passed, 90)
    assert (zero.low, zero.high) == pytest.approx(wilson(zero.passed, 90))
    assert pooled["Model 1"].of == 60
    assert found.uneven
    assert list(found.offered) == [second, first]
    assert found.run_of[zero.key] == second
    assert heard == [(0, 2), (1, 2)]


def test_blind_votes_between_models_count_and_few_are_only_counted(workspace: Workspace) -> None:
    run_id = planted(workspace, cases=20, repeats=1, version=1)
    session = workspace.reviews.start([run_id], Choices("pair"))
    column = {cell.output_id: cell.column for cell in workspace.runs.cells(run_id)}

    def vote(start: int, end: int) -> None:
        for number, (left, right) in enumerate(session.items[start:end], start):
            workspace.reviews.votes.vote(session.id, number, "left" if column[left] < column[right] or number % 5 == 0 else "right")

    vote(0, 10)
    found = workspace.model_choices.read(run_id)
    assert (found.votes, found.wins, found.raters) == (10, (), 1)
    assert wins_table(found.wins, {}, 10, 1).says == "10 votes so far. Win rates appear after 20."
    vote(10, 20)
    found = workspace.model_choices.read(run_id)
    titles = {one.key: one.title for one in found.candidates}
    expected = [(one.rate, one.low, one.high) for one in workspace.results.read(run_id).look().wins]
    assert sorted((one.rate, one.low, one.high) for one in found.wins) == sorted(expected)
    assert [titles[one.name] for one in found.wins] == ["Model 0", "Model 1"]
    assert wins_table(found.wins, titles, 20, 1).says.startswith("Ties count half. 1 rater.")


@pytest.mark.parametrize(
    ("name", "base_url", "options", "region"),
    [
        ("anthropic.claude-haiku", "https://bedrock-runtime.eu-central-1.amazonaws.com", {}, "EU"),
        ("anthropic.claude-haiku", "https://bedrock-runtime.eu-west-2.amazonaws.com", {}, "eu-west-2"),
        ("anthropic.claude-haiku", "https://bedrock-runtime.us-east-1.amazonaws.com", {}, "US"),
        ("anthropic.claude-haiku", "https://bedrock-runtime.us-gov-west-1.amazonaws.com", {}, "US"),
        ("eu.anthropic.claude-haiku", "https://bedrock-runtime.eu-west-1.amazonaws.com/", {}, "EU"),
        ("us.anthropic.claude-haiku", "https://bedrock-runtime.us-west-2.amazonaws.com", {}, "US"),
        ("global.anthropic.claude-haiku", "https://bedrock-runtime.eu-west-1.amazonaws.com", {}, ""),
        ("anthropic.claude-haiku", "https://gateway.example/bedrock", {"region": "eu-north-1"}, "EU"),
        ("gemini", "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4", {}, "EU"),
        ("gemini", "https://europe-west6-aiplatform.googleapis.com/v1", {}, "europe-west6"),
        ("gemini", "https://us-central1-aiplatform.googleapis.com/v1", {}, "US"),
        ("gpt", "https://swedencentral.api.cognitive.microsoft.com/openai", {}, "EU"),
        ("gpt", "https://eastus2.api.cognitive.microsoft.com", {}, "US"),
        ("gpt", "https://uksouth.api.cognitive.microsoft.com", {}, "uksouth"),
        ("gpt", "https://house.openai.azure.com", {}, ""), ("gpt", "https://api.openai.com/v1", {}, ""),
        ("llama", "http://127.0.0.1:11434", {}, ""), ("llama", "", {}, ""), ("us.model", "https://eu-central-1.evil.example/v1", {}, ""),
        ("x", "https://evil.example/bedrock-runtime.eu-central-1.amazonaws.com", {}, ""),
    ],
)  # fmt: skip
def test_a_region_is_what_the_address_says_and_nothing_else(name: str, base_url: str, options: dict[str, str], region: str) -> None:
    assert region_of(name, base_url, options) == region


def test_a_model_whose_region_nobody_knows_is_out_where_it_must_run_in_the_eu() -> None:
    here, there, somewhere = (replace(EVERY[0], key=name, title=name, region=name) for name in ("EU", "europe-west2", ""))
    card = scorecard([here, there, somewhere], USUAL_WEIGHTS, MustHave(in_the_eu=True))
    assert {row.candidate.title: row.why for row in card.rows} == {"EU": "", "europe-west2": "runs in europe-west2", "": "region unknown"}
    assert {row[13] for row in scorecard_table(card).rows} == {"Own server, EU", "Own server, europe-west2", "Own server"}
