"""Rankings from votes: published scores, planted strengths, and data that no strengths fit."""

from __future__ import annotations

import csv
import json
from math import exp, log
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.ranking import Z95, Ranking, elo, more_votes, rank
from workbench.cli.frame import perform
from workbench.values.votes import Vote, Winner

STRENGTHS = {"a": 1.2, "b": 0.5, "c": 0.0, "d": -0.6, "e": -1.1}
NAMES = tuple(STRENGTHS)


def drawn(random: Random, count: int, *, longer_wins: float = 0.0) -> list[Vote]:
    """Votes on random pairs of the planted strengths; the answer that is longer by 1 gains so many log odds."""
    votes = []
    for _ in range(count):
        left, right = random.sample(NAMES, 2)
        longer = random.gauss(0.5 if left in "de" else 0.0, 1.0)
        odds = exp(STRENGTHS[left] - STRENGTHS[right] + longer_wins * longer)
        votes.append(Vote(left, right, "left" if random.random() < odds / (1 + odds) else "right", {"length": longer}))
    return votes


def shares(ranking: Ranking) -> dict[str, float]:
    return {one.name: one.strength for one in ranking.ranked}


@pytest.mark.parametrize("name", ["llmfao", "food", "simple"])
def test_rank_reproduces_published_scores(shared: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with (shared / "ratings" / f"{name}-golden.csv").open(encoding="utf-8") as file:
        golden = {(row["algorithm"], row["item"]): float(row["score"]) for row in csv.DictReader(file)}
    assert perform(["rank", str(shared / "ratings" / f"{name}.csv"), "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert len(models) == sum(algorithm == "elo" for algorithm, _ in golden)
    for model in models:
        assert model["bradley_terry"] == pytest.approx(golden["bradley_terry", model["name"]], abs=1e-9)
        assert model["elo"] == pytest.approx(golden["elo", model["name"]], abs=1e-9)
        assert 0 < model["low"] < model["bradley_terry"] < model["high"] < 1


def test_planted_strengths_lie_within_their_intervals_at_the_stated_rate() -> None:
    total = sum(map(exp, STRENGTHS.values()))
    truth = {name: exp(value) / total for name, value in STRENGTHS.items()}
    covered = drawings = 0
    for seed in range(400):
        for one in rank(drawn(Random(seed), 400)).ranked:
            covered += one.low <= truth[one.name] <= one.high
            drawings += 1
    assert drawings == 2000
    assert 0.94 <= covered / drawings <= 0.965


def test_many_votes_recover_planted_strengths_and_their_order() -> None:
    ranking = rank(drawn(Random(1), 40_000))
    assert [one.name for one in ranking.ranked] == list(NAMES)
    gap, error = ranking.fit.difference("a", "e")
    assert abs(gap - 2.3) < 3 * error < 0.15


def test_control_for_length_takes_its_effect_out_of_the_strengths() -> None:
    votes = drawn(Random(2), 20_000, longer_wins=0.8)
    with_control = rank(votes, ["length"])
    assert with_control.effects["length"] == pytest.approx(0.8, abs=0.05)
    for left, right in (("a", "e"), ("c", "d")):
        gap, error = with_control.fit.difference(left, right)
        assert abs(gap - (STRENGTHS[left] - STRENGTHS[right])) < 3 * error
        biased, _ = rank(votes).fit.difference(left, right)
        assert biased < gap - 0.1  # the longer-winded look stronger than they are


def test_a_control_that_never_varies_changes_nothing() -> None:
    votes = [Vote(vote.left, vote.right, vote.winner, {"length": 0.0}) for vote in drawn(Random(3), 500)]
    plain, controlled = shares(rank(votes)), shares(rank(votes, ["length"]))
    assert controlled == pytest.approx(plain, abs=1e-9)


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(["left", "right", "tie"])), min_size=1, max_size=60)
)
def test_swapping_all_sides_changes_no_strength(drawn_votes: list[tuple[str, str, Winner]]) -> None:
    votes = [Vote(*vote) for vote in drawn_votes]
    other: dict[Winner, Winner] = {"left": "right", "right": "left", "tie": "tie"}
    swapped = rank([Vote(vote.right, vote.left, other[vote.winner]) for vote in votes])
    ranking = rank(votes)
    assert shares(swapped) == pytest.approx(shares(ranking), rel=1e-7)
    assert sum(shares(ranking).values()) == pytest.approx(1.0)
    assert elo([Vote(vote.right, vote.left, other[vote.winner]) for vote in votes]) == pytest.approx(elo(votes))


def test_one_who_never_lost_gets_a_finite_strength_and_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\n" + "a,b,left\n" * 5 + "b,c,left\nc,b,left\nb,c,tie\n", "utf-8")
    assert perform(["rank", str(path)]) == 0
    printed = capsys.readouterr()
    assert "no strength fits them" in printed.err
    assert printed.out.splitlines()[1].split()[1] == "a"
    ranking = rank([Vote("a", "b", "left")] * 5)
    assert not ranking.separable
    assert 0.5 < ranking.ranked[0].strength < 1


def test_equal_strengths_share_a_rank() -> None:
    ranking = rank([Vote("a", "b", "tie"), Vote("b", "c", "tie"), Vote("c", "a", "tie")])
    assert [one.rank for one in ranking.ranked] == [1, 1, 1]
    assert all(one.elo == 1000 for one in ranking.ranked)


def test_the_votes_still_needed_shrink_as_the_gap_gets_clear() -> None:
    close = rank([Vote("a", "b", "left")] * 12 + [Vote("a", "b", "right")] * 8)
    needed = more_votes(close.fit, "a", "b", 20)
    assert needed is not None
    gap, error = close.fit.difference("a", "b")
    # With so many more votes at the same rate the interval just leaves 0 out.
    assert abs(gap) - Z95 * error * (20 / (20 + needed)) ** 0.5 == pytest.approx(0, abs=0.02)
    clear = rank([Vote("a", "b", "left")] * 18 + [Vote("a", "b", "right")] * 2)
    assert more_votes(clear.fit, "a", "b", 20) == 0
    even = rank([Vote("a", "b", "left"), Vote("a", "b", "right")])
    assert more_votes(even.fit, "a", "b", 2) is None
    rate, low, high = clear.fit.win_rate("a", "b")
    assert rate == pytest.approx(0.9)
    assert log(high / (1 - high)) - log(rate / (1 - rate)) == pytest.approx(log(rate / (1 - rate)) - log(low / (1 - low)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("left,winner\na,left\n", "has no column right"),
        ("left,right,winner\n", "has no vote that counts"),
        ("left,right,winner\na,b,maybe\n", "Line 2: winner is 'maybe'"),
        ("left,right,winner\na,a,tie\n", "a stands on both sides"),
    ],
)
def test_a_table_without_votes_ends_in_one_sentence(tmp_path: Path, text: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(text, "utf-8")
    assert perform(["rank", str(path), "--json"]) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert not printed.out


def test_a_bad_row_is_named_and_the_others_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("note,left,right,winner\nx,a,b,left\nx,a,,left\nx,b,a,both_bad\nx,b,a,RIGHT\nx,a,b,right\n", "utf-8")
    assert perform(["rank", str(path), "--json"]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (document["votes"], document["left_out"]) == (4, 1)
    assert "Line 3 is left out: The name on one side is empty." in printed.err
    assert {one["name"]: (one["wins"], one["losses"], one["ties"]) for one in document["models"]} == {"a": (2, 1, 1), "b": (1, 2, 1)}


def test_controls_are_read_from_a_pair_of_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "votes.csv"
    rows = [f"a,b,{'left' if n % 3 else 'right'},{100 + n},{120 - n}\n" for n in range(40)]
    path.write_text("left,right,winner,left_length,right_length\n" + "".join(rows) + "a,b,left,-1,5\n", "utf-8")
    assert perform(["rank", str(path), "--control", "length", "--json"]) == 0
    printed = capsys.readouterr()
    assert "left_length is '-1'" in printed.err
    assert list(json.loads(printed.out)["effects"]) == ["length"]
    assert perform(["rank", str(path), "--control", "style"]) == 2
    assert "has no column left_style" in capsys.readouterr().err
