"""Review sessions: balanced sides, equal answers as one, votes that are never overwritten, and what comes out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from workbench.analysis.preferences import next_pair, win_rates
from workbench.analysis.ranking import rank
from workbench.cli.frame import perform
from workbench.formats.vote_table import read_votes
from workbench.plan import Plan, PlanColumn
from workbench.ratings.plans import Answer, Kind, Order, disagreement, make_plan, same_words
from workbench.ratings.votes import Votes
from workbench.settings import Settings
from workbench.store import stamps, tables
from workbench.values import BadInput, Case, Content, Message, ModelSpec, NotFound, Variant
from workbench.values.votes import Vote
from workbench.workspace import Choices, Workspace

Words = Callable[[int, int], str]


def answers(cases: int, columns: int, words: Words = lambda case, column: f"{case} {column}") -> list[Answer]:
    return [
        Answer(case * 100 + column, (1, column), case, 1, words(case, column))
        for case in range(cases)
        for column in range(columns)
    ]  # fmt: skip


def column_of(output: int) -> int:
    return output % 100


@pytest.mark.parametrize("order", ["dataset", "shuffled", "disagreement"])
@pytest.mark.parametrize("seed", range(6))
def test_each_column_of_a_pair_stands_left_half_the_time(order: Order, seed: int) -> None:
    plan = make_plan(answers(21, 4), "pair", order, None, seed)
    assert len(plan.items) == 21 * 6
    left = Counter((column_of(a), tuple(sorted(map(column_of, (a, b))))) for a, b in plan.items)
    for pair in combinations(range(4), 2):
        assert abs(left[pair[0], pair] - left[pair[1], pair]) <= 1


@pytest.mark.parametrize("kind", ["single", "rank"])
def test_each_column_stands_equally_often_at_each_place(kind: Kind) -> None:
    plan = make_plan(answers(24, 4), kind, "shuffled", None, 3)
    seen = Counter((place, column_of(output)) for item in plan.items for place, output in enumerate(item))
    assert set(seen.values()) == {6}


def test_a_plan_follows_from_its_seed_and_others_differ() -> None:
    plans = [make_plan(answers(12, 3), "pair", "shuffled", None, seed).items for seed in (5, 5, 6)]
    assert plans[0] == plans[1] != plans[2]


def test_a_short_session_has_each_pair_of_columns_about_equally_often() -> None:
    plan = make_plan(answers(50, 4), "pair", "dataset", 30, 1)
    assert len(plan.items) == 30
    assert set(Counter(tuple(sorted(map(column_of, item))) for item in plan.items).values()) == {5}
    assert [item[0] // 100 for item in plan.items] == sorted(item[0] // 100 for item in plan.items)


def test_equal_answers_are_shown_once_and_are_known_ties() -> None:
    given = answers(2, 3, lambda case, column: "same " if column < 2 and case == 0 else f"{case} {column}")
    plan = make_plan(given, "pair", "dataset", None, 1)
    assert Counter(item[0] // 100 for item in plan.items) == {0: 1, 1: 3}
    shown = next(output for output in plan.items[0] if output != 2)
    assert plan.alike[shown] == (0, 1)
    assert [(one.output_id, other.output_id) for one, other in same_words(given)] == [(0, 1)]
    assert not make_plan(answers(3, 2, lambda case, column: "all the same"), "pair", "dataset", None, 1).items


def test_an_answer_is_never_set_against_one_of_its_own_column() -> None:
    repeated = [
        Answer(column * 10 + repeat, (1, column), 0, repeat, "x" if (column + repeat) % 2 else "y")
        for column in range(2)
        for repeat in range(2)
    ]  # fmt: skip
    columns = {answer.output_id: answer.column for answer in repeated}
    for item in make_plan(repeated, "pair", "dataset", None, 4).items:
        assert columns[item[0]] != columns[item[1]]


def test_what_differs_most_comes_first() -> None:
    same = [Answer(1, (1, 0), 0, 1, "a b c", True), Answer(2, (1, 1), 0, 1, "a b c d", True)]
    words = [Answer(3, (1, 0), 1, 1, "a b c", True), Answer(4, (1, 1), 1, 1, "x y z", True)]
    checks = [Answer(5, (1, 0), 2, 1, "a b c", True), Answer(6, (1, 1), 2, 1, "a b d", False)]
    people = [Answer(7, (1, 0), 3, 1, "a b c", True, True), Answer(8, (1, 1), 3, 1, "x b z", False)]
    plan = make_plan([*same, *words, *checks, *people], "pair", "disagreement", None, 9)
    assert [min(item) for item in plan.items] == [7, 5, 3, 1]
    assert disagreement(people) > disagreement(checks) > disagreement(words) > disagreement(same)


def test_the_next_pair_is_one_without_votes_then_the_one_that_is_least_clear() -> None:
    pairs = [*combinations("abc", 2)]
    assert next_pair([], pairs) == ("a", "b")
    assert "c" in (next_pair([Vote("a", "b", "left")], pairs) or ())
    clear = [Vote("a", "b", "left")] * 30 + [Vote("a", "c", "left")] * 30 + [Vote("b", "a", "left"), Vote("c", "a", "left")]
    assert next_pair(clear, pairs) == ("b", "c")
    assert next_pair(clear, []) is None


def test_a_win_rate_counts_a_tie_half_and_its_interval_holds_the_rate() -> None:
    rates = win_rates([Vote("a", "b", "left")] * 7 + [Vote("b", "a", "tie")] * 3)
    assert [(one.name, one.votes) for one in rates] == [("a", 10), ("b", 10)]
    assert [one.rate for one in rates] == pytest.approx([0.85, 0.15])
    assert all(one.low < one.rate < one.high for one in rates)
    assert rates[0].low == pytest.approx(1 - rates[1].high)


# -- in a workspace ------------------------------------------------------------------------------------------------


def a_run(ws: Workspace, words: Words = lambda case, column: f"{case} says {column}", *, columns: int = 3, cases: int = 4) -> int:
    """Id of a finished run whose outputs say these words."""
    model = ModelSpec("secret-model", "Secret model", "openai-chat", "http://localhost", "Stand-in")
    plan = Plan(
        "Refunds",
        tuple(PlanColumn(Variant("Refund", column + 1, Content((Message.of("user", "x"),))), model) for column in range(columns)),
        tuple(Case({"input": f"ticket {case}"}, f"Case {case}") for case in range(cases)),
    )
    with ws._database.write() as writer:
        run_id = writer.add(tables.Run(comparison_id=None, number=1, plan=plan.to_json(), plan_hash="", status="done"))
        for case in range(cases):
            for column in range(columns):
                job = tables.Job(run_id=run_id, column_index=column, case_index=case, fingerprint=f"{case}.{column}", status="done")
                writer.add(tables.Output(job_id=writer.add(job), attempt=1, text=words(case, column)))
    return run_id


def columns_of(ws: Workspace, run_id: int) -> dict[int, int]:
    return {answer.output_id: answer.column[1] for answer in ws.reviews.sessions.answers(run_id)}


@pytest.mark.both_stores
def test_votes_are_kept_with_all_that_belongs_to_them_and_undo_writes_new_rows(workspace: Workspace) -> None:
    ws, reviews = workspace, workspace.reviews
    session = reviews.start([a_run(ws)], Choices("pair", "shuffled"), seed=3)
    left, right = session.items[0]
    votes = reviews.votes
    votes.vote(session.id, 0, "left", seconds=4.5, note="Names the warranty.")
    votes.vote(session.id, 0, "right", seconds=2.0)
    votes.vote(session.id, 0, "right", seconds=9.0)
    votes.vote(session.id, 1, "both_bad")
    kept = votes.of_session(session.id)
    assert [(one.item, one.winner, one.seconds, one.rater) for one in kept] == [
        (0, "right", 2.0, ws.ratings.rater),
        (1, "both_bad", None, ws.ratings.rater),
    ]
    assert (kept[0].left, kept[0].right) == (left, right)
    assert kept[0].saw is not None
    assert kept[0].saw.blind
    assert votes.undo(session.id) == 1
    assert [votes.undo(session.id) for _ in range(3)] == [0, 0, None]
    assert [winner for winner, _at in votes.history(session.id, 0)] == ["", "left", "right", "left"], "nothing is overwritten"
    assert [votes.redo(session.id) for _ in range(2)] == [0, 0]
    assert [one.winner for one in votes.of_session(session.id)] == ["right"]
    assert votes.redo(session.id) == 1
    assert votes.redo(session.id) is None


@pytest.mark.both_stores
def test_each_step_of_the_votes_is_taken_back_one_by_one_also_after_a_restart(workspace: Workspace) -> None:
    reviews = workspace.reviews
    session = reviews.start([a_run(workspace)], Choices("pair"))
    votes = reviews.votes
    votes.vote(session.id, 0, "left", seconds=3.0, note="First.")
    votes.vote(session.id, 1, "tie")
    votes.vote(session.id, 0, "right", note="Second.")
    votes.vote(session.id, 0, "right", note="Third.")

    def now(by: Votes) -> list[tuple[int, str, str]]:
        return sorted((one.item, one.winner, one.note) for one in by.of_session(session.id))

    said = [now(votes)]
    assert said[0] == [(0, "right", "Third."), (1, "tie", "")]
    for item, expected in (
        (0, [(0, "right", "Second."), (1, "tie", "")]),
        (0, [(0, "left", "First."), (1, "tie", "")]),
        (1, [(0, "left", "First.")]),
    ):
        later = Votes(workspace._database, reviews.sessions)  # as another start of the app has them
        assert later.undo(session.id) == item
        said.append(now(later))
        assert said[-1] == expected
    (first,) = votes.of_session(session.id)
    assert (first.seconds, first.note) == (3.0, "First."), "it counts again with all that belongs to it"
    assert [votes.undo(session.id), votes.undo(session.id)] == [0, None]
    assert now(votes) == []
    assert votes.redo(session.id) == 0
    assert now(votes) == [(0, "left", "First.")]


@pytest.mark.both_stores
def test_votes_are_given_again_and_taken_back_as_often_as_one_likes(workspace: Workspace) -> None:
    reviews = workspace.reviews
    session = reviews.start([a_run(workspace)], Choices("pair"))
    votes = reviews.votes
    for winner in ("left", "right", "tie"):
        votes.vote(session.id, 0, winner)
    for _ in range(3):
        for expected in ("right", "left"):
            votes.undo(session.id)
            assert [one.winner for one in votes.of_session(session.id)] == [expected]
        for expected in ("right", "tie"):
            votes.redo(session.id)
            assert [one.winner for one in votes.of_session(session.id)] == [expected]
    for _ in range(3):
        assert votes.undo(session.id) == 0
    assert votes.undo(session.id) is None
    assert votes.of_session(session.id) == []
    assert len(workspace._database.query("SELECT id FROM vote WHERE replaced_by_id IS NULL")) == 1


@pytest.mark.both_stores
def test_a_ranking_that_was_changed_goes_back_to_what_it_was(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "now", lambda: "2026-05-01T12:00:00.999Z")  # all of it within one thousandth of a second
    reviews = workspace.reviews
    session = reviews.start([a_run(workspace)], Choices("rank"))
    a, b, c = session.items[0]

    def winners() -> list[str]:
        return [one.winner for one in sorted(reviews.votes.of_session(session.id), key=lambda one: (one.left, one.right))]

    reviews.votes.rank(session.id, 0, {a: 1, b: 2, c: 3})
    first = winners()
    reviews.votes.rank(session.id, 0, {a: 1, b: 3, c: 2})
    second = winners()
    reviews.votes.rank(session.id, 0, {a: 3, b: 2, c: 1})
    assert first != second
    assert reviews.votes.undo(session.id) == 0
    assert winners() == second
    assert reviews.votes.undo(session.id) == 0
    assert winners() == first
    assert reviews.votes.redo(session.id) == 0
    assert winners() == second
    assert [reviews.votes.undo(session.id) for _ in range(3)] == [0, 0, None]
    assert winners() == []


@pytest.mark.both_stores
def test_what_was_voted_on_waits_no_longer_until_the_vote_is_taken_back(workspace: Workspace) -> None:
    session = workspace.reviews.start([a_run(workspace)], Choices("pair"))
    before = workspace.ratings.waiting()
    workspace.reviews.votes.vote(session.id, 0, "tie")
    assert workspace.ratings.waiting() == before - 2
    workspace.reviews.votes.undo(session.id)
    assert workspace.ratings.waiting() == before


@pytest.mark.both_stores
def test_a_ranking_is_a_vote_for_each_of_its_pairs(workspace: Workspace) -> None:
    reviews = workspace.reviews
    session = reviews.start([a_run(workspace)], Choices("rank", "dataset"), seed=1)
    first, second, third = session.items[2]
    reviews.votes.rank(session.id, 2, {first: 2, second: 1, third: 2}, seconds=12)
    kept = [(one.left, one.right, one.winner, one.item) for one in reviews.votes.of_session(session.id)]
    assert kept == [(first, second, "right", 2), (first, third, "tie", 2), (second, third, "left", 2)]
    with pytest.raises(BadInput, match="every answer its place"):
        reviews.votes.rank(session.id, 2, {first: 1})
    with pytest.raises(BadInput, match="no pair"):
        reviews.votes.vote(session.id, 0, "left")
    assert reviews.votes.undo(session.id) == 2
    assert not reviews.votes.of_session(session.id)


@pytest.mark.both_stores
def test_a_session_goes_on_where_it_was_with_its_time_and_its_choices(workspace: Workspace) -> None:
    reviews = workspace.reviews
    run_id = a_run(workspace)
    session = reviews.start([run_id], Choices("pair", "disagreement", (7, 8), 5, blind=False))
    reviews.advance(session.id, 3, seconds=40)
    reviews.advance(session.id, 2, seconds=1.5)
    again = reviews.go_on(run_id)
    assert (again.id, again.position, again.seconds, again.total, again.reached) == (session.id, 2, 41.5, 5, 3)
    assert (again.items, again.choices) == (session.items, session.choices)
    other = reviews.start([run_id], Choices("rank"))
    assert [one.id for one in reviews.sessions.unfinished()] == [other.id, session.id]
    reviews.sessions.finish(other.id)
    assert reviews.go_on(run_id).id == session.id
    with pytest.raises(BadInput, match="finished"):
        reviews.votes.rank(other.id, 0, dict.fromkeys(other.items[0], 1))


@pytest.mark.both_stores
def test_uncertain_pairs_come_next_and_places_that_were_seen_stay(workspace: Workspace) -> None:
    reviews = workspace.reviews
    run_id = a_run(workspace, columns=4, cases=10)
    column = columns_of(workspace, run_id)
    session = reviews.start([run_id], Choices("pair", "uncertain", most=20), seed=2)
    assert (session.total, len(session.items)) == (20, 60)
    shown = []
    for item in range(20):
        shown.append(session.items[item])
        # The first two columns are clear, the others are not.
        left, right = (column[output] for output in session.items[item])
        better = min(left, right) if min(left, right) < 2 else (left, right)[item % 2]
        reviews.votes.vote(session.id, item, "left" if better == left else "right")
        session = reviews.advance(session.id, item + 1)
    assert tuple(shown) == session.items[:20]
    assert sorted(map(sorted, session.items)) == sorted(map(sorted, reviews.sessions.get(session.id).items))
    pairs = Counter(tuple(sorted(column[output] for output in item)) for item in shown)
    assert pairs[2, 3] == max(pairs.values())


@pytest.mark.both_stores
def test_the_outcome_names_the_columns_and_one_vote_counts_for_all_equal_answers(workspace: Workspace) -> None:
    reviews = workspace.reviews
    run_id = a_run(workspace, lambda case, column: f"{case} short" if column < 2 else f"{case} a longer one", cases=6)
    column = columns_of(workspace, run_id)
    session = reviews.start([run_id], Choices("pair"))
    assert len(session.items) == 6
    for number, item in enumerate(session.items):
        reviews.votes.vote(session.id, number, "left" if column[item[0]] == 2 else "right")
    found = reviews.outcome(session.id)
    assert (found.judged, found.ties_known, found.ties_counted, found.votes) == (6, 6, True, 18)
    assert found.win_rates[0].name == "Secret model, v3"
    assert found.win_rates[0].votes == 12
    assert found.win_rates[0].rate > 0.9, "never lost: the ranking lends everybody one tie"
    assert found.ranking is not None
    assert found.ranking.ranked[0].name == "Secret model, v3"
    assert [one.p for one in found.gaps] == pytest.approx([0.09375, 0.09375, 1.0]), "6 against 0 is 0.03125, of three pairs"
    assert {(one.left, one.right, one.won, one.lost, one.tied) for one in found.gaps} >= {("Secret model, v3", "Secret model, v1", 6, 0, 0)}
    assert "costs" in found.hidden


@pytest.mark.both_stores
def test_raters_are_held_against_each_other_whichever_side_they_saw(workspace: Workspace) -> None:
    ws, reviews = workspace, workspace.reviews
    run_id = a_run(ws, columns=2, cases=8)
    column = columns_of(ws, run_id)
    outcome = None
    for seed, rater in enumerate(("Ana", "Ben")):
        with ws._database.write() as writer:
            rater_id = writer.add(tables.Rater(name=rater))
        session = reviews.start([run_id], Choices("pair"), seed=seed)
        with ws._database.write() as writer:
            writer.run("UPDATE session SET rater_id = :rater WHERE id = :id", rater=rater_id, id=session.id)
        for number, item in enumerate(session.items):
            wanted = min(item) if number < 2 and rater == "Ben" else min(item, key=lambda output: column[output])
            reviews.votes.vote(session.id, number, "left" if wanted == item[0] else "right")
        outcome = reviews.outcome(session.id)
    assert outcome is not None
    assert [(one.other, one.items, one.same) for one in outcome.agreement] == [("Ana", 8, 1.0)]


@pytest.mark.both_stores
def test_raters_who_agree_as_often_as_chance_have_no_kappa_to_show(workspace: Workspace) -> None:
    ws, reviews = workspace, workspace.reviews
    run_id = a_run(ws, columns=2, cases=8)
    column = columns_of(ws, run_id)
    for rater, first_wins in (("Ana", {0, 1, 2, 3}), ("Ben", {0, 1, 4, 5})):
        with ws._database.write() as writer:
            rater_id = writer.add(tables.Rater(name=rater))
        session = reviews.start([run_id], Choices("pair"), seed=4)
        with ws._database.write() as writer:
            writer.run("UPDATE session SET rater_id = :rater WHERE id = :id", rater=rater_id, id=session.id)
        for number, (item, case) in enumerate(zip(session.items, reviews.case_of(session), strict=True)):
            wanted = 0 if case in first_wins else 1
            reviews.votes.vote(session.id, number, "left" if column[item[0]] == wanted else "right")
    (found,) = reviews.outcome(session.id).agreement
    assert (found.other, found.items, found.same, found.beyond_chance) == ("Ana", 8, 0.5, 0.0)


@pytest.mark.both_stores
def test_runs_of_the_same_cases_are_reviewed_together(workspace: Workspace) -> None:
    reviews = workspace.reviews
    first = a_run(workspace, columns=1)
    second = a_run(workspace, lambda case, column: f"{case} other words", columns=1, cases=3)
    assert reviews.alike(first) == [second]
    offer = reviews.offer([first, second])
    assert (offer.cases, offer.columns, offer.items["pair"], offer.items["rank"]) == (3, 2, 3, 0)
    session = reviews.start([first, second], Choices("pair"))
    assert set(reviews.case_of(session)) == {0, 1, 2}
    reviews.votes.vote(session.id, 0, "tie")
    assert len(reviews.votes.of_run(second)) == 1
    with pytest.raises(BadInput, match="two different answers"):
        reviews.start([first], Choices("pair"))
    with pytest.raises(NotFound):
        reviews.start([99], Choices("pair"))


@pytest.mark.both_stores
def test_an_answer_that_was_given_anew_keeps_the_votes_on_the_old_one_with_their_case(workspace: Workspace) -> None:
    reviews = workspace.reviews
    run_id = a_run(workspace, columns=2)
    session = reviews.start([run_id], Choices("pair", "dataset"))
    reviews.votes.vote(session.id, 3, "left")
    with workspace._database.write() as writer:
        for job in workspace._database.query("SELECT id FROM job WHERE run_id = :run", {"run": run_id}):
            writer.add(tables.Output(job_id=job[0], attempt=2, text="another time"))
    assert reviews.case_of(reviews.sessions.get(session.id)) == [0, 1, 2, 3]
    assert reviews.outcome(session.id).votes == 1


def test_exported_votes_are_ranked_by_the_command_line(workspace: Workspace, tmp_path: Path) -> None:
    reviews = workspace.reviews
    run_id = a_run(workspace, cases=5)
    column = columns_of(workspace, run_id)
    with pytest.raises(BadInput, match="Nobody has voted"):
        reviews.write_votes(run_id, tmp_path / "votes.csv")
    session = reviews.start([run_id], Choices("pair"))
    for number, (left, right) in enumerate(session.items):
        reviews.votes.vote(session.id, number, "left" if column[left] < column[right] else "right", note="=1+1")
    assert reviews.write_votes(run_id, tmp_path / "votes.csv") == 15
    table = read_votes(tmp_path / "votes.csv", ["length"])
    assert not table.bad
    assert [one.name for one in rank(table.votes).ranked] == ["Secret model, v1", "Secret model, v2", "Secret model, v3"]
    assert "'\u00a0=1+1" in (tmp_path / "votes.csv").read_text("utf-8")


def test_the_command_line_writes_votes_and_ranks_them(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    ws = Workspace.open(tmp_path / "desk.db", settings)
    run_id = a_run(ws)
    session = ws.reviews.start([run_id], Choices("pair"))
    for number in range(len(session.items)):
        ws.reviews.votes.vote(session.id, number, "tie" if number % 2 else "left")
    ws.close()
    votes, where = tmp_path / "votes.csv", ["--workspace", str(tmp_path / "desk.db")]
    assert perform(["export", str(votes), "--what", "votes", str(run_id), *where]) == 0
    assert perform(["export", str(votes), "--what", "votes", str(run_id), "--format", "json", *where]) != 0
    capsys.readouterr()
    assert perform(["rank", str(votes), "--control", "length", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["votes"], said["left_out"], len(said["models"])) == (12, 0, 3)
