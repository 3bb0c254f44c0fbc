"""Votes are counted in one way: the end of a review, the results of a run, `workbench rank` and training data say the same."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.test_packets import data_of, saved
from tests.test_packets import reviewed as reviewed
from tests.test_reviews import a_run, columns_of
from workbench.analysis.ranking import rank
from workbench.exports.training_choice import TrainingWish
from workbench.formats.vote_table import read_votes
from workbench.ratings.sessions import SessionRow
from workbench.store import tables
from workbench.values.votes import Vote
from workbench.workspace import Choices, PacketWish, Workspace

Tally = Counter[tuple[Any, Any, str]]


def tally(votes: list[Vote] | tuple[Vote, ...], column: dict[str, int]) -> Tally:
    """Votes by pair of columns, whichever side they stood on."""
    found: Tally = Counter()
    turned = {"left": "right", "right": "left", "tie": "tie"}
    for vote in votes:
        left, right = column[vote.left], column[vote.right]
        found[min(left, right), max(left, right), vote.winner if left < right else turned[vote.winner]] += 1
    return found


def of_results(ws: Workspace, run_id: int) -> Tally:
    return tally([*ws.results.read(run_id).votes], {str(column.index): column.index for column in ws.runs.columns(run_id)})


def of_file(ws: Workspace, run_id: int, path: Path) -> Tally:
    ws.reviews.write_votes(run_id, path)
    names = {name: column[1] for column, name in ws.reviews.names([run_id]).items()}
    return tally(read_votes(path).votes, names)


def prefer(ws: Workspace, session: SessionRow, run_id: int, order: list[int], most: int | None = None) -> None:
    """Vote for the column that comes first in `order`."""
    column = columns_of(ws, run_id)
    for number, (left, right) in enumerate(session.items[:most]):
        ws.reviews.votes.vote(session.id, number, "left" if order.index(column[left]) < order.index(column[right]) else "right")


@pytest.mark.both_stores
def test_equal_answers_are_counted_alike_at_the_end_of_a_review_in_results_and_by_rank(workspace: Workspace, tmp_path: Path) -> None:
    reviews = workspace.reviews
    run_id = a_run(workspace, lambda case, column: f"{case} short" if column < 2 else f"{case} a longer one", cases=12)
    session = reviews.start([run_id], Choices("pair"))
    assert len(session.items) == 12
    prefer(workspace, session, run_id, [2, 0, 1], most=5)
    assert of_results(workspace, run_id) == {(0, 2, "right"): 5, (1, 2, "right"): 5}, "known ties count where all pairs were asked about"
    prefer(workspace, session, run_id, [2, 0, 1])
    expected = {(0, 1, "tie"): 12, (0, 2, "right"): 12, (1, 2, "right"): 12}
    outcome = reviews.outcome(session.id)
    assert outcome.ranking is not None
    assert outcome.votes == sum(expected.values())
    assert of_results(workspace, run_id) == of_file(workspace, run_id, tmp_path / "votes.csv") == expected
    ranked = {one.name: one.strength for one in outcome.ranking.ranked}
    by_file = rank(read_votes(tmp_path / "votes.csv").votes)
    assert {one.name: one.strength for one in by_file.ranked} == pytest.approx(ranked, rel=1e-9)
    wins = [
        (f"Secret model, v{one.column + 1}", one.rate, one.low, one.high, one.votes) for one in workspace.results.read(run_id).look().wins
    ]
    assert sorted(wins) == sorted((one.name, one.rate, one.low, one.high, one.votes) for one in outcome.win_rates)
    report = workspace.exports.training([run_id], TrainingWish("pairs", every=True, across=True))
    assert report.examples == 12, "one of two equal answers is rejected once; the other would repeat it"
    assert report.dropped == {"pairs that repeat another of their case": 12, "pairs of the same text": 12}


@pytest.mark.both_stores
def test_a_session_over_two_runs_counts_in_both_of_them(workspace: Workspace, tmp_path: Path) -> None:
    first = a_run(workspace, columns=2, cases=6)
    second = a_run(workspace, lambda case, column: f"{case} other words {column}", columns=2, cases=6)
    session = workspace.reviews.start([first, second], Choices("pair"))
    column = columns_of(workspace, first) | columns_of(workspace, second)
    for number, (left, right) in enumerate(session.items):
        workspace.reviews.votes.vote(session.id, number, "left" if column[left] <= column[right] else "right")
    assert len(session.items) == 36
    for run_id in (first, second):
        assert of_results(workspace, run_id) == {(0, 1, "left"): 6}
        assert workspace.exports.training([run_id], TrainingWish("pairs", across=True)).examples == 6
        assert workspace.reviews.write_votes(run_id, tmp_path / "votes.csv") == 30, "six with each other, six of each with each other run's"


@pytest.mark.both_stores
def test_words_that_a_column_of_another_run_shares_are_voted_on_there_too(workspace: Workspace) -> None:
    first = a_run(workspace, columns=2, cases=3)
    second = a_run(workspace, columns=2, cases=3)
    session = workspace.reviews.start([first, second], Choices("pair"))
    assert len(session.items) == 3, "both runs answered in the same words"
    column = columns_of(workspace, first) | columns_of(workspace, second)
    for number, (left, _right) in enumerate(session.items):
        workspace.reviews.votes.vote(session.id, number, "left" if column[left] == 1 else "right")
    assert of_results(workspace, first) == of_results(workspace, second) == {(0, 1, "right"): 3}


@pytest.mark.both_stores
def test_of_each_rater_the_last_vote_on_a_pair_counts_whatever_session_it_is_in(workspace: Workspace, tmp_path: Path) -> None:
    run_id = a_run(workspace, columns=2, cases=4)
    for order in ([0, 1], [1, 0]):
        prefer(workspace, workspace.reviews.start([run_id], Choices("pair")), run_id, order)
    assert of_results(workspace, run_id) == of_file(workspace, run_id, tmp_path / "v.csv") == {(0, 1, "right"): 4}
    with workspace._database.write() as writer:
        ana = writer.add(tables.Rater(name="Ana"))
    session = workspace.reviews.start([run_id], Choices("pair"))
    with workspace._database.write() as writer:
        writer.run("UPDATE session SET rater_id = :ana WHERE id = :id", ana=ana, id=session.id)
    prefer(workspace, session, run_id, [0, 1])
    assert of_results(workspace, run_id) == {(0, 1, "right"): 4, (0, 1, "left"): 4}
    assert workspace.exports.training([run_id], TrainingWish("pairs", across=True)).dropped["pairs on which votes are not of one mind"] == 4


@pytest.mark.both_stores
def test_a_packet_that_asks_about_some_pairs_makes_no_ties_of_the_others(workspace: Workspace) -> None:
    run_id = a_run(workspace, lambda case, column: f"{case}" if column < 2 else f"{case} a longer one", cases=3)
    session = workspace.reviews.start([run_id], Choices("pair"))
    prefer(workspace, session, run_id, [2, 0, 1])
    with workspace._database.write() as writer:
        writer.run("UPDATE session SET settings = :settings WHERE id = :id", settings='{"packet":"u","blind":true}', id=session.id)
    assert not any(winner == "tie" for _one, _other, winner in of_results(workspace, run_id))


@pytest.mark.both_stores
def test_files_and_reports_of_a_run_tell_the_same_votes_as_its_results(workspace: Workspace, tmp_path: Path) -> None:
    run_id = a_run(workspace, lambda case, column: f"{case} short" if column < 2 else f"{case} a longer one", cases=12)
    prefer(workspace, workspace.reviews.start([run_id], Choices("pair")), run_id, [2, 0, 1])
    workspace.exports.write(run_id, tmp_path / "run.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text("utf-8").splitlines()]
    told = [
        [sum(row[f"votes_{name}"] for row in rows if row["version"] == version) for name in ("won", "lost", "tied")] for version in (1, 3)
    ]
    assert told == [[0, 12, 12], [24, 0, 0]]
    wins = workspace.results.read(run_id).look().wins
    text = workspace.exports.markdown(run_id)
    workspace.exports.write(run_id, tmp_path / "run.html")
    page = (tmp_path / "run.html").read_text("utf-8")
    for one in wins:
        assert f"| {one.rate:.0%} | {one.low:.0%} to {one.high:.0%} | {one.votes} |" in text
        assert f"{one.low:.0%} to {one.high:.0%}</td>" in page
    assert "by 36 votes" in text


@pytest.mark.both_stores
def test_a_packet_that_comes_back_twice_and_after_its_run_was_changed_counts_once(reviewed: tuple[Workspace, int], tmp_path: Path) -> None:
    ws, run_id = reviewed
    packet = ws.packets.make(run_id, PacketWish(), tmp_path / "review.html", seed=1)
    data = data_of(packet.path.read_text("utf-8"))
    (plan,) = [row.plan for row in ws.packets.of_run(run_id)]
    winners = {number: {"winner": "left"} for number in range(1, len(plan) + 1)}
    ws.files.import_paths([saved(tmp_path / "first.json", packet.uid, data, winners)])
    whole = of_results(ws, run_id)
    assert whole.total() == len(plan) == 24
    assert of_file(ws, run_id, tmp_path / "votes.csv") == whole

    later = winners | {1: {"winner": "right"}}
    ws.files.import_paths([saved(tmp_path / "second.json", packet.uid, data, later, at="11:00:00")])
    assert of_results(ws, run_id).total() == 24, "the same person on the same pairs, once more"
    assert of_results(ws, run_id) != whole

    with ws._database.write() as writer:  # an answer is made anew: its column keeps the votes, training data has no word on the new one
        job = writer.run("SELECT job_id FROM output WHERE id = :id", id=plan[0][0]).scalar()
        writer.add(tables.Output(job_id=job, attempt=3, text="Another answer"))
    before = of_results(ws, run_id)
    ws.files.import_paths([saved(tmp_path / "third.json", packet.uid, data, winners, at="12:00:00")])
    assert of_results(ws, run_id) == whole != before
    pairs = ws.exports.training([run_id], TrainingWish("pairs", every=True, across=True))
    assert pairs.dropped == {"pairs that nobody judged": 3}, "who loses to one and wins more elsewhere contradicts nobody"
    assert pairs.examples == 21, "the three pairs of the answer that was made anew are left out"

    session = ws.reviews.start([run_id], Choices("pair"))
    with ws._database.write() as writer:
        rater = writer.run("SELECT id FROM rater WHERE name = 'Jo'").scalar()
        writer.run("UPDATE session SET rater_id = :rater WHERE id = :id", rater=rater, id=session.id)
    prefer(ws, session, run_id, [0, 1, 2, 3])
    # Jo's word on 21 pairs is the newer one; the three of the packet on the answer that was replaced stand beside those on the new one.
    assert of_results(ws, run_id).total() == 24 + 3


@pytest.mark.both_stores
def test_an_answer_that_came_after_a_session_is_no_tie_in_it(workspace: Workspace) -> None:
    run_id = a_run(workspace, columns=2, cases=3)
    session = workspace.reviews.start([run_id], Choices("pair"))
    prefer(workspace, session, run_id, [0, 1])
    ((job,),) = workspace._database.query("SELECT id FROM job WHERE run_id = ? AND case_index = 0 AND column_index = 0", [run_id])
    with workspace._database.write() as writer:
        writer.add(tables.Output(job_id=job, attempt=2, text="0 says 1"))
    assert of_results(workspace, run_id) == {(0, 1, "left"): 3}, "the vote on the earlier answer, and no tie that nobody gave"
