"""A ranking from pairwise votes: Bradley-Terry strengths with intervals, and Elo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import ceil, exp, log, sqrt

from workbench.analysis.linear import Matrix, cholesky, inverse, solve
from workbench.quick_dataclass import dataclass
from workbench.values.votes import Vote

Z95 = 1.959963984540054
_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Ranked:
    """One competitor. `strength` sums to 1 over all; `low` and `high` are its 95 % interval; equal strengths share a rank."""

    name: str
    strength: float
    low: float
    high: float
    elo: float
    wins: int
    losses: int
    ties: int
    rank: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """All competitors, the strongest first."""

    votes: int
    ranked: tuple[Ranked, ...]
    effects: Mapping[str, float]
    """Log odds per unit of each feature: above 0, votes go to the answer that has more of it, whoever wrote it."""
    separable: bool
    """False where some never lost to the rest, or never met them: no finite strengths fit, and each is lent one tie in all."""
    fit: Fit


@dataclass(frozen=True, slots=True)
class Fit:
    """Log strengths (mean 0) and their covariance, in the order of `names`."""

    names: tuple[str, ...]
    logs: tuple[float, ...]
    covariance: Matrix

    def difference(self, left: str, right: str) -> tuple[float, float]:
        """How much stronger left is than right, in log odds, and the standard error of that."""
        i, j = self.names.index(left), self.names.index(right)
        spread = self.covariance[i][i] + self.covariance[j][j] - 2 * self.covariance[i][j]
        return self.logs[i] - self.logs[j], sqrt(max(0.0, spread))

    def win_rate(self, left: str, right: str) -> tuple[float, float, float]:
        """The chance that left beats right (a tie counts half), with its 95 % interval."""
        gap, error = self.difference(left, right)
        return _logistic(gap), _logistic(gap - Z95 * error), _logistic(gap + Z95 * error)


def rank(votes: Sequence[Vote], controls: Sequence[str] = ()) -> Ranking:
    """The ranking of everyone in the votes.

    Bradley-Terry (1952) by maximum likelihood, a tie being half a win for each; with `controls`, those features of the votes stand in the
    same logistic model (as in Li et al. 2024, "Does style matter?"), so that strengths are those at equal features. Intervals come from the
    information matrix, on the log scale. Elo goes through the votes in their order, from 1000, K = 4, scale 400.
    """
    fit, effects, separable = _fitted(votes, controls)
    return Ranking(len(votes), _ranked(fit, votes), dict(zip(controls, effects, strict=True)), separable, fit)


def strengths(votes: Sequence[Vote]) -> Fit:
    """The log strengths of `rank` alone, for who needs them after every vote."""
    return _fitted(votes, ())[0]


def _fitted(votes: Sequence[Vote], controls: Sequence[str]) -> tuple[Fit, Sequence[float], bool]:
    names = tuple(dict.fromkeys(name for vote in votes for name in (vote.left, vote.right)))
    pairs = _pairs(votes, names)
    separable = _connected(pairs, len(names))
    if not separable:
        _lend_ties(pairs, len(names))
    logs, effects, covariance = _maximum(pairs, len(names)) if not controls else _controlled(votes, names, controls, separable)
    return Fit(names, tuple(logs), covariance), effects, separable


def elo(votes: Iterable[Vote], start: float = 1000.0, k: float = 4.0, scale: float = 400.0) -> dict[str, float]:
    """Elo ratings (Elo 1978) after the votes, taken in their order."""
    ratings: dict[str, float] = {}
    for vote in votes:
        if vote.left == vote.right:
            ratings.setdefault(vote.left, start)
            continue
        left, right = ratings.setdefault(vote.left, start), ratings.setdefault(vote.right, start)
        expected = 1 / (1 + 10 ** ((right - left) / scale))
        shift = k * (_score(vote) - expected)
        ratings[vote.left] = left + shift
        ratings[vote.right] = ratings[vote.right] - shift
    return ratings


def more_votes(fit: Fit, left: str, right: str, between: int) -> int | None:
    """About how many further votes on this pair would separate the two at 95 %, if the gap stays as it is; 0 if they are, None for no gap.

    Wald's interval (1943) of the gap in log odds, solved for the number of votes: the information of independent votes adds up, so the
    error of a gap shrinks with the root of their number, and z * error * sqrt(between / (between + more)) = |gap|. `between` is the votes
    that the pair has. The gap itself is an estimate: take the answer for its size, not for a promise.
    """
    gap, error = fit.difference(left, right)
    if abs(gap) >= Z95 * error:
        return 0
    if abs(gap) < 1e-9 or not between:
        return None
    return ceil(between * ((Z95 * error / gap) ** 2 - 1))


def _score(vote: Vote) -> float:
    return {"left": 1.0, "tie": 0.5, "right": 0.0}[vote.winner]


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def _pairs(votes: Iterable[Vote], names: Sequence[str]) -> dict[tuple[int, int], list[float]]:
    """(i, j) with i before j -> [wins of i, wins of j]; a vote on one and the same says nothing of strengths."""
    place = {name: index for index, name in enumerate(names)}
    pairs: dict[tuple[int, int], list[float]] = {}
    for vote in votes:
        i, j, score = place[vote.left], place[vote.right], _score(vote)
        if i == j:
            continue
        won = pairs.setdefault((min(i, j), max(i, j)), [0.0, 0.0])
        won[0] += score if i < j else 1 - score
        won[1] += 1 - score if i < j else score
    return pairs


def _connected(pairs: Mapping[tuple[int, int], Sequence[float]], count: int) -> bool:
    """True if everyone can be reached from everyone along wins: Ford's (1957) condition for finite strengths."""
    return all(_reached(pairs, count, forward) == count for forward in (True, False))


def _reached(pairs: Mapping[tuple[int, int], Sequence[float]], count: int, forward: bool) -> int:
    beats: list[list[int]] = [[] for _ in range(count)]
    for (i, j), (first, second) in pairs.items():
        if first:
            beats[i if forward else j].append(j if forward else i)
        if second:
            beats[j if forward else i].append(i if forward else j)
    seen, stack = {0}, [0]
    while stack and count:
        for other in beats[stack.pop()]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return len(seen) if count else 0


def _lend_ties(pairs: dict[tuple[int, int], list[float]], count: int) -> None:
    for pair in combinations(range(count), 2):
        won = pairs.setdefault(pair, [0.0, 0.0])
        won[0] += 0.5 / (count - 1)
        won[1] += 0.5 / (count - 1)


def _maximum(pairs: Mapping[tuple[int, int], Sequence[float]], count: int) -> tuple[list[float], list[float], Matrix]:
    """Log strengths of mean 0 with their covariance, by Newton's method on the concave likelihood."""
    logs = [0.0] * count
    for _ in range(_MOST_STEPS):
        slope = [0.0] * count
        # One in each element pins the mean, which the votes leave free, to 0 without touching the gaps.
        bend = [[1.0] * count for _ in range(count)]
        for (i, j), (first, second) in pairs.items():
            votes = first + second
            chance = _logistic(logs[i] - logs[j])
            pull, weight = first - votes * chance, votes * chance * (1 - chance)
            slope[i] += pull
            slope[j] -= pull
            bend[i][i] += weight
            bend[j][j] += weight
            bend[i][j] -= weight
            bend[j][i] -= weight
        lower = cholesky(bend)
        step = solve(lower, slope)
        largest = max(map(abs, step), default=0.0)
        shrink = min(1.0, 2 / largest) if largest else 1.0
        logs = [value + shrink * change for value, change in zip(logs, step, strict=True)]
        if largest < 1e-13:
            break
    return logs, [], _centred(inverse(lower)) if count else []


def _centred(matrix: Matrix) -> Matrix:
    """Without the constant that pinned the mean."""
    size = len(matrix)
    return [[value - 1 / size**2 for value in row] for row in matrix]


def _controlled(
    votes: Sequence[Vote], names: Sequence[str], controls: Sequence[str], separable: bool
) -> tuple[list[float], list[float], Matrix]:
    place = {name: index for index, name in enumerate(names)}
    count, size = len(names), len(names) + len(controls)
    rows: list[tuple[int, int, float, list[float], float]] = [
        (place[vote.left], place[vote.right], _score(vote), [(vote.features or {}).get(name, 0.0) for name in controls], 1.0)
        for vote in votes
        if vote.left != vote.right
    ]
    if not separable:
        rows += [(i, j, 0.5, [0.0] * len(controls), 1 / (count - 1)) for i, j in combinations(range(count), 2)]
    found = [0.0] * size
    for _ in range(_MOST_STEPS):
        slope = [0.0] * size
        bend = [[float(i < count and j < count) for j in range(size)] for i in range(size)]
        for k in range(count, size):
            # A ridge that no real effect feels: a feature that is the same in all votes would leave its own effect free.
            bend[k][k] += 1e-9
        for i, j, score, features, weight in rows:
            entries = [(i, 1.0), (j, -1.0), *((count + k, value) for k, value in enumerate(features) if value)]
            chance = _logistic(sum(found[at] * value for at, value in entries))
            pull, curve = weight * (score - chance), weight * chance * (1 - chance)
            for at, value in entries:
                slope[at] += pull * value
                line = bend[at]
                for other, factor in entries:
                    line[other] += curve * value * factor
        lower = cholesky(bend)
        step = solve(lower, slope)
        largest = max(map(abs, step))
        found = [value + min(1.0, 2 / largest) * change for value, change in zip(found, step, strict=True)] if largest else found
        if largest < 1e-12:
            break
    covariance = inverse(lower)
    return found[:count], found[count:], _centred([row[:count] for row in covariance[:count]])


def _ranked(fit: Fit, votes: Sequence[Vote]) -> tuple[Ranked, ...]:
    top = max(fit.logs, default=0.0)
    weights = [exp(value - top) for value in fit.logs]
    total = sum(weights)
    shares = [weight / total for weight in weights]
    tally = {name: [0, 0, 0] for name in fit.names}
    for vote in votes:
        tally[vote.left][{"left": 0, "right": 1, "tie": 2}[vote.winner]] += 1
        tally[vote.right][{"right": 0, "left": 1, "tie": 2}[vote.winner]] += 1
    ratings = elo(votes)
    order = sorted(range(len(shares)), key=lambda index: (-shares[index], fit.names[index]))
    found: list[Ranked] = []
    for place, index in enumerate(order, 1):
        share = shares[index]
        wins, losses, ties = tally[fit.names[index]]
        low, high = _interval(share, _log_error(fit, shares, index))
        same = bool(found) and abs(log(found[-1].strength) - log(share)) < 1e-9 if share else False
        name = fit.names[index]
        found.append(Ranked(name, share, low, high, ratings[name], wins, losses, ties, found[-1].rank if same else place))
    return tuple(found)


def _interval(share: float, error: float) -> tuple[float, float]:
    """Of a share whose logarithm has this error: taken on the logit scale, so that it stays between 0 and 1."""
    if not 0 < share < 1:
        return share, share
    middle, reach = log(share / (1 - share)), Z95 * error / (1 - share)
    return _logistic(middle - reach), _logistic(middle + reach)


def _log_error(fit: Fit, shares: Sequence[float], index: int) -> float:
    """The standard error of a share's logarithm, by the delta method: d log p_i = d theta_i - sum of p_j d theta_j."""
    pull = [float(at == index) - share for at, share in enumerate(shares)]
    spread = sum(a * b * value for a, row in zip(pull, fit.covariance, strict=True) for b, value in zip(pull, row, strict=True))
    return sqrt(max(0.0, spread))
