"""What votes say of columns: win rates with intervals, which pair to ask about next, and how far voters agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from math import exp, log, log1p, sqrt
from statistics import fmean

from workbench.analysis.agreement import agreement, cohen_kappa, krippendorff_alpha
from workbench.analysis.paired import holm, mcnemar
from workbench.analysis.ranking import Z95, Fit, Ranking, more_votes, strengths
from workbench.quick_dataclass import dataclass
from workbench.values.votes import Vote, Winner

ENOUGH_VOTES = 20
"""Win rates appear from this many votes on."""


@dataclass(frozen=True, slots=True)
class WinRate:
    """The chance that an answer of one beats that of another drawn at random (a tie counts half), with its 95 % interval."""

    name: str
    rate: float
    low: float
    high: float
    votes: int


@dataclass(frozen=True, slots=True)
class PairGap:
    """Two and what their votes allow to say."""

    left: str
    right: str
    won: int
    lost: int
    tied: int
    more: int | None
    """About so many further votes on them would separate the two at 95 %; 0: they are apart, None: nothing points to a gap."""
    p: float
    """How often chance alone makes a score like this: the exact sign test of `won` against `lost`, corrected for all pairs (Holm 1979)."""


@dataclass(frozen=True, slots=True)
class Shared:
    """How far two or more agree on what all of them judged."""

    other: str
    items: int
    same: float
    beyond_chance: float | None
    """Cohen's kappa; None where it has no meaning."""


def win_rates(votes: Iterable[Vote]) -> list[WinRate]:
    """Of everyone in the votes, the highest first.

    Strengths are those of Bradley-Terry (`ranking.rank`), so that who met the strongest more often does not look weaker. A rate is the
    mean of the chances against each other, and its interval follows from their covariance by the delta method, on the logit scale so that
    it stays between 0 and 1.
    """
    meant = [vote for vote in votes if vote.left != vote.right]
    fit = strengths(meant)
    had: Counter[str] = Counter(name for vote in meant for name in (vote.left, vote.right))
    size, found = len(fit.names), []
    for i, name in enumerate(fit.names):
        others = [j for j in range(size) if j != i]
        chances = {j: 1 / (1 + exp(fit.logs[j] - fit.logs[i])) for j in others}
        rate = fmean(chances.values())
        pull = [0.0] * size
        for j, chance in chances.items():
            slope = chance * (1 - chance) / len(others)
            pull[i] += slope
            pull[j] -= slope
        spread = sum(a * b * fit.covariance[x][y] for x, a in enumerate(pull) for y, b in enumerate(pull))
        reach, middle = Z95 * sqrt(max(0.0, spread)) / (rate * (1 - rate)), log(rate / (1 - rate))
        low, high = (1 / (1 + exp(-(middle + side * reach))) for side in (-1, 1))
        found.append(WinRate(name, rate, low, high, had[name]))
    return sorted(found, key=lambda one: (-one.rate, one.name))


def gaps(votes: Sequence[Vote], ranking: Ranking) -> list[PairGap]:
    """Every two that met, the stronger left, the strongest first. `more` is of the gap in the ranking, in which all votes count."""
    met: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    order = {one.name: place for place, one in enumerate(ranking.ranked)}
    for vote in votes:
        swapped = order[vote.left] > order[vote.right]
        key = (vote.right, vote.left) if swapped else (vote.left, vote.right)
        met[key][_turned(vote.winner) if swapped else vote.winner] += 1
    chance = holm({f"{order[a]} {order[b]}": mcnemar(tally["left"], tally["right"]) for (a, b), tally in met.items()})
    found = []
    for (left, right), tally in sorted(met.items(), key=lambda one: (order[one[0][0]], order[one[0][1]])):
        more = more_votes(ranking.fit, left, right, tally.total())
        p = chance[f"{order[left]} {order[right]}"]
        found.append(PairGap(left, right, tally["left"], tally["right"], tally["tie"], more, p))
    return found


def _turned(winner: Winner) -> Winner:
    turned: Mapping[Winner, Winner] = {"left": "right", "right": "left", "tie": "tie"}
    return turned[winner]


def next_pair(votes: Sequence[Vote], pairs: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """The pair whose vote tells most about the ranking; None for no pairs. Who was in no vote yet comes first, then who was in few.

    D-optimal design (Wald 1943, "On the efficient design of statistical investigations"; for Bradley-Terry Grasshoff and Schwabe 2008,
    "Optimal design for the Bradley-Terry paired comparison model"): a vote adds p (1 - p) to the information on the gap of its pair, so
    the determinant grows by the factor 1 + p (1 - p) var(gap). The pair with the largest is asked. In simulations with planted strengths
    neighbours in the ranking are told apart with fewer votes than in a random order (`tests/test_next_pair.py`), the more so the further
    the strengths lie apart; where all are equal no order helps.
    """
    offered = sorted(set(pairs))
    if not offered:
        return None
    count: Counter[str] = Counter(name for vote in votes for name in (vote.left, vote.right))
    if any(not count[name] for pair in offered for name in pair):
        return min(offered, key=lambda pair: (min(count[name] for name in pair), max(count[name] for name in pair)))
    fit = strengths(votes)
    return max(offered, key=lambda pair: _gain(fit, *pair))


def _gain(fit: Fit, left: str, right: str) -> float:
    chance = fit.win_rate(left, right)[0]
    return log1p(chance * (1 - chance) * fit.difference(left, right)[1] ** 2)


def shared(own: Mapping[Hashable, str], others: Mapping[str, Mapping[Hashable, str]]) -> list[Shared]:
    """How far one agrees with each other, on the items that both judged; those without a common item are left out."""
    found = []
    for name, said in others.items():
        both = [item for item in own if item in said]
        ours, theirs = [own[item] for item in both], [said[item] for item in both]
        same = agreement(ours, theirs)
        if same is not None:
            found.append(Shared(name, len(both), same, cohen_kappa(ours, theirs)))
    return sorted(found, key=lambda one: (-one.items, one.other))


def shared_stars(by_rater: Mapping[str, Mapping[int, float]]) -> float | None:
    """Krippendorff's interval alpha of the stars of all raters; None where nothing can be compared."""
    outputs = sorted({output for said in by_rater.values() for output in said})
    if sum(any(output in a and output in b for a, b in combinations(by_rater.values(), 2)) for output in outputs) < 2:
        return None
    return krippendorff_alpha([[said.get(output) for output in outputs] for said in by_rater.values()], "interval")
