"""Statistics beside independent programs on random data, where the extra `oracles` is installed."""

from __future__ import annotations

from random import Random

import pytest

from workbench.analysis.agreement import cohen_kappa, fleiss_kappa
from workbench.analysis.paired import holm, mcnemar
from workbench.analysis.ranking import elo, rank
from workbench.evaluators.rates import wilson
from workbench.values.votes import Vote, Winner

WINNERS: tuple[Winner, ...] = ("left", "right", "tie")


def test_p_values_and_intervals_are_scipys() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install prompt-workbench[oracles]")
    random = Random(1)
    for _ in range(200):
        first, second = random.randint(0, 300), random.randint(1, 300)
        assert mcnemar(first, second) == pytest.approx(stats.binomtest(first, first + second, 0.5).pvalue, rel=1e-9)
        interval = stats.binomtest(first, first + second).proportion_ci(method="wilson")
        assert wilson(first, first + second) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_kappas_and_corrections_are_statsmodels() -> None:
    rater = pytest.importorskip(
        "statsmodels.stats.inter_rater", reason="statsmodels is not installed: pip install prompt-workbench[oracles]"
    )
    tests = pytest.importorskip("statsmodels.stats.multitest")
    random = Random(2)
    for _ in range(50):
        labels, count = random.randint(2, 5), random.randint(10, 40)
        first = [*range(labels), *(random.randrange(labels) for _ in range(count))]
        second = [*range(labels), *(value if random.random() < 0.6 else random.randrange(labels) for value in first[labels:])]
        table = [[sum(pair == (a, b) for pair in zip(first, second, strict=True)) for b in range(labels)] for a in range(labels)]
        assert cohen_kappa(first, second) == pytest.approx(rater.cohens_kappa(table, return_results=False), abs=1e-12)
        ratings = [(a, b, random.randrange(labels)) for a, b in zip(first, second, strict=True)]
        counts = [[item.count(label) for label in range(labels)] for item in ratings]
        assert fleiss_kappa(ratings) == pytest.approx(rater.fleiss_kappa(counts), abs=1e-12)
        values = {str(n): random.random() ** 3 for n in range(labels)}
        assert list(holm(values).values()) == pytest.approx(list(tests.multipletests(list(values.values()), method="holm")[1]), abs=1e-12)


def test_rankings_are_evalicas() -> None:
    evalica = pytest.importorskip("evalica", reason="evalica is not installed: pip install prompt-workbench[oracles]")
    random, names = Random(3), "abcdefg"
    theirs = {"left": evalica.Winner.X, "right": evalica.Winner.Y, "tie": evalica.Winner.Draw}
    for _ in range(20):
        pairs = [random.sample(names, 2) for _ in range(300)]
        votes = [Vote(left, right, random.choice(WINNERS)) for left, right in pairs]
        columns = [[vote.left for vote in votes], [vote.right for vote in votes], [theirs[vote.winner] for vote in votes]]
        strengths = dict(evalica.bradley_terry(*columns, tolerance=1e-14).scores)
        shares = {name: value / sum(strengths.values()) for name, value in strengths.items()}
        assert {one.name: one.strength for one in rank(votes).ranked} == pytest.approx(shares, abs=1e-8)
        assert elo(votes) == pytest.approx(dict(evalica.elo(*columns, initial=1000.0, base=10.0, scale=400.0, k=4.0).scores), abs=1e-8)
