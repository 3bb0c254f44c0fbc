"""Statistics against independent programs' numbers, known data, and simulation."""

from __future__ import annotations

import csv
from itertools import combinations
from math import comb
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from workbench.analysis.agreement import agreement, cohen_kappa, fleiss_kappa, krippendorff_alpha
from workbench.analysis.classification import classify
from workbench.analysis.paired import bootstrap, cases_needed, holm, mcnemar, smallest_difference
from workbench.analysis.repeats import consistency, pass_at_k, pass_hat_k
from workbench.evaluators import wilson


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (9, 4, 0.26684570312500),
        (4, 9, 0.26684570312500),
        (0, 5, 0.0625),
        (0, 6, 0.03125),
        (7, 7, 1.0),
        (0, 0, 1.0),
        (50_000, 49_000, 0.0014980826229750034),
    ],
)
def test_mcnemar_gives_the_exact_binomial_p_value(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p, rel=1e-9)


def test_mcnemar_is_the_sum_of_the_binomial_chances() -> None:
    for first, second in combinations(range(40), 2):
        exact = min(1.0, 2 * sum(comb(first + second, k) for k in range(first + 1)) / 2 ** (first + second))
        assert mcnemar(first, second) == pytest.approx(exact, rel=1e-11)


def test_equal_columns_are_called_different_no_more_often_than_stated() -> None:
    random, alarms = Random(5), 0
    for _ in range(1000):
        only_first = sum(random.random() < 0.15 for _ in range(120))
        only_second = sum(random.random() < 0.15 for _ in range(120))
        alarms += mcnemar(only_first, only_second) <= 0.05
    assert 0.01 <= alarms / 1000 <= 0.055


def test_the_smallest_difference_is_found_with_the_stated_power() -> None:
    random = Random(6)
    for cases, disagreement in ((100, 0.3), (400, 0.2), (2000, 0.1)):
        gap = smallest_difference(cases, disagreement)
        assert gap is not None
        found = 0
        for _ in range(1500):
            better = worse = 0
            for _ in range(sum(random.random() < disagreement for _ in range(cases))):
                if random.random() < (1 + gap / disagreement) / 2:
                    better += 1
                else:
                    worse += 1
            found += mcnemar(better, worse) <= 0.05
        assert found / 1500 == pytest.approx(0.8, abs=0.035)


def test_cases_needed_are_just_enough() -> None:
    for difference, disagreement in ((0.1, 0.2), (0.2, 0.4), (0.05, 0.06)):
        needed = cases_needed(difference, disagreement)
        assert needed is not None
        assert (smallest_difference(needed, disagreement) or 1) <= difference + 1e-6
        fewer = smallest_difference(needed - 15, disagreement)
        assert fewer is None or fewer > difference
    assert cases_needed(0.3, 0.2) is None
    assert cases_needed(0.0, 0.2) is None
    assert smallest_difference(4, 1.0) is None, "four cases show nothing, whatever they say"
    assert smallest_difference(0, 0.5) is None


def test_bootstrap_intervals_hold_the_truth_at_their_stated_rate() -> None:
    random, covered, rounds = Random(7), 0, 150
    for seed in range(rounds):
        first, second = [], []
        for _ in range(80):
            hard = random.random()
            first.append(float(random.random() < 0.9 - 0.6 * hard))
            second.append(float(random.random() < 0.95 - 0.5 * hard))
        gap = bootstrap(first, second, seed)
        assert gap is not None
        covered += gap.low <= 0.1 <= gap.high
    assert 0.9 <= covered / rounds <= 0.985


def test_wilson_intervals_hold_the_truth_at_their_stated_rate() -> None:
    random, covered, rounds = Random(9), 0, 10_000
    for _ in range(rounds):
        of, chance = random.choice((20, 50, 100)), random.random()
        interval = wilson(sum(random.random() < chance for _ in range(of)), of)
        assert interval is not None
        covered += interval[0] <= chance <= interval[1]
    assert 0.94 <= covered / rounds <= 0.96


def test_bootstrap_intervals_hold_the_truth_from_94_to_96_times_in_100(monkeypatch: pytest.MonkeyPatch) -> None:
    # Fewer resamples than in use leave time for enough draws: 800 rounds tell a rate to a point.
    monkeypatch.setattr("workbench.analysis.paired._RESAMPLES", 1000)
    random, covered, rounds = Random(11), 0, 800
    for seed in range(rounds):
        first = [random.random() for _ in range(40)]
        second = [0.1 + 0.7 * value + random.gauss(0, 0.2) for value in first]
        gap = bootstrap(first, second, seed)
        assert gap is not None
        covered += gap.low <= 0.1 - 0.3 * 0.5 <= gap.high
    assert 0.94 <= covered / rounds <= 0.96


def test_false_alarms_over_1000_equal_pairs_stay_at_the_stated_rate() -> None:
    """Cases are easy or hard for both columns alike, as real ones are, and every pair of four columns is corrected for the others."""
    random, single, family = Random(12), 0, 0
    for _ in range(1000):
        hard = [random.random() for _ in range(80)]
        columns = [[random.random() > chance for chance in hard] for _ in range(4)]
        found = {
            f"{one} {other}": mcnemar(
                sum(a and not b for a, b in zip(columns[one], columns[other], strict=True)),
                sum(b and not a for a, b in zip(columns[one], columns[other], strict=True)),
            )
            for one, other in combinations(range(4), 2)
        }
        single += found["0 1"] <= 0.05
        family += min(holm(found).values()) <= 0.05
    assert single / 1000 <= 0.05
    assert family / 1000 <= 0.05


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_same_with_the_sides_swapped(first: int, second: int) -> None:
    assert mcnemar(first, second) == mcnemar(second, first)


@examples(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_the_bootstrap_with_the_sides_swapped_is_the_mirror(scores: list[tuple[int, int]]) -> None:
    one = bootstrap([float(first) for first, _ in scores], [float(second) for _, second in scores])
    other = bootstrap([float(second) for _, second in scores], [float(first) for first, _ in scores])
    assert one is not None
    assert other is not None
    assert one.difference == -other.difference
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)


def test_bootstrap_is_the_same_for_the_same_data_and_near_the_normal_law_for_many_cases() -> None:
    random = Random(8)
    first = [random.random() for _ in range(2000)]
    second = [value + random.gauss(0.02, 0.3) for value in first]
    small = bootstrap(first, second)
    assert small == bootstrap(first, second)
    assert small is not None
    many = bootstrap(first * 2, second * 2)
    assert many is not None
    assert (many.high - many.low) * 2**0.5 == pytest.approx(small.high - small.low, rel=0.05)
    assert bootstrap([], []) is None
    one = bootstrap([1.0], [0.0])
    assert one is not None
    assert (one.difference, one.low, one.high) == (-1, -1, -1)


def test_holm_corrects_for_the_number_of_comparisons() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.6, "b": 0.5}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_krippendorff_alpha_of_published_codings(shared: Path) -> None:
    with (shared / "ratings" / "codings.csv").open(encoding="utf-8") as file:
        rows = [[value or None for value in row] for row in csv.reader(file)]
    numbers = [[None if value is None else float(value) for value in row] for row in rows]
    assert krippendorff_alpha(rows) == pytest.approx(0.743421052631579, abs=1e-15)
    # As the package krippendorff 0.8 gives them.
    assert krippendorff_alpha(numbers, "ordinal") == pytest.approx(0.8153875037548813, abs=1e-12)
    assert krippendorff_alpha(numbers, "interval") == pytest.approx(0.8491071428571428, abs=1e-12)


def test_krippendorff_alpha_has_no_value_where_nothing_differs_or_nothing_can_be_compared() -> None:
    assert krippendorff_alpha([[1, 1, None], [1, None, None]]) is None
    assert krippendorff_alpha([[1, 2], [None, None]]) is None
    assert krippendorff_alpha([[1, 2, 3], [1, 2, 3]], "interval") == 1
    alpha = krippendorff_alpha([["yes", "no"], ["no", "yes"]])
    assert alpha is not None
    assert alpha < 0


def test_kappas_of_textbook_tables() -> None:
    # Cohen's kappa of 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no is 0.4.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(first, second) == pytest.approx(0.4)
    assert agreement(first, second) == 0.7
    assert cohen_kappa([], []) is None
    assert cohen_kappa(["yes"] * 3, ["yes"] * 3) is None
    # Fleiss (1971) as worked through in the literature: 10 items, 14 raters, 5 labels, kappa 0.210.
    counts = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    ratings = [[label for label, count in enumerate(row) for _ in range(count)] for row in counts]
    assert fleiss_kappa(ratings) == pytest.approx(0.20993, abs=1e-5)
    assert fleiss_kappa([]) is None
    with pytest.raises(ValueError, match="same number"):
        fleiss_kappa([["a", "b"], ["a"]])


def test_classification_figures() -> None:
    references = ["spam"] * 4 + ["ham"] * 5 + ["other"]
    given = ["spam", "spam", "spam", "ham", "ham", "ham", "ham", "ham", "spam", "news"]
    found = classify(references, given)
    assert found is not None
    labels = {label.label: label for label in found.labels}
    assert (labels["spam"].precision, labels["spam"].recall, labels["spam"].f1) == (0.75, 0.75, 0.75)
    assert labels["ham"].f1 == pytest.approx(0.8)
    assert (labels["other"].precision, labels["other"].recall, labels["other"].f1) == (None, 0.0, 0.0)
    assert (labels["news"].precision, labels["news"].recall) == (0.0, None)
    assert found.accuracy == 0.7
    assert found.macro_f1 == pytest.approx((0.75 + 0.8 + 0) / 3)
    assert found.weighted_f1 == pytest.approx(0.75 * 0.4 + 0.8 * 0.5)
    assert found.confusion["ham", "spam"] == 1
    assert classify([], []) is None


def test_repeats_estimate_what_drawing_from_them_gives() -> None:
    for passed, of, k in ((3, 5, 2), (1, 8, 3), (5, 5, 4), (0, 4, 2)):
        answers = [True] * passed + [False] * (of - passed)
        draws = list(combinations(answers, k))
        assert pass_at_k(passed, of, k) == pytest.approx(sum(map(any, draws)) / len(draws))
        assert pass_hat_k(passed, of, k) == pytest.approx(sum(map(all, draws)) / len(draws))
    assert pass_at_k(1, 2, 3) is None
    assert pass_hat_k(1, 2, 0) is None
    assert consistency(["a", "a", "b"]) == pytest.approx(1 / 3)
    assert consistency(["a"]) is None
