"""The figures of a run's answers, each counted from the answers alone. Columns and cases go by their indexes in the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from itertools import combinations
from statistics import fmean

from workbench.analysis import preferences
from workbench.analysis.paired import Gap, bootstrap, holm, mcnemar
from workbench.analysis.preferences import ENOUGH_VOTES
from workbench.analysis.repeats import pass_at_k, pass_hat_k
from workbench.evaluators import percentile, wilson
from workbench.quick_dataclass import dataclass
from workbench.values.votes import Vote

FEW = 8
"""Cells of a table of shares with fewer cases are to be read, not ranked."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that an answer failed."""

    check: str
    """Key of the check; `case` for any check of the case's own."""
    reason: str
    counts: bool = True
    """False for a check of weight 0, which only tells."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer of a run as its checks, its call and people judge it."""

    column: int
    case: int
    repeat: int
    output_id: int | None
    passed: bool | None
    """Whether it passes by its checks (`values.passing`); None where it is not judged, or no answer came."""
    failures: tuple[Failure, ...] = ()
    asked: tuple[str, ...] = ()
    """Keys of the checks that have a verdict."""
    unasked: tuple[str, ...] = ()
    """Keys of the checks that could not be asked here."""
    owed: bool = False
    """True where a judge owes a verdict."""
    trouble: str = ""
    """What went wrong where no answer came: the kind of error, or blocked. Empty for an answer."""
    latency_ms: float | None = None
    """Of a call made for this run to a model that was loaded; None where the time says nothing of the next call."""
    cost_usd: float | None = None
    fresh: bool = True
    """False for an answer that an earlier run gave."""
    called: bool = True
    """False for an answer that a person brought."""


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """A check of the run as rows name it."""

    key: str
    title: str
    judge: bool = False
    """True where a model judges, not a rule."""


@dataclass(frozen=True, slots=True)
class PassRate:
    """How many answers of a column passed, with the 95 % interval of the rate."""

    column: int
    passed: int
    of: int
    cases: int
    low: float
    high: float
    wrong: tuple[int, ...] = ()
    """Cases of which not every repeat passed."""

    @property
    def rate(self) -> float:
        """The share that passed."""
        return self.passed / self.of


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns over the cases that both were checked on. A case is right in a column where all of its repeats passed."""

    first: int
    second: int
    both: tuple[int, ...]
    only_first_wrong: tuple[int, ...]
    only_second_wrong: tuple[int, ...]
    neither: tuple[int, ...]
    p: float
    """Exact McNemar test; not corrected for other pairs."""
    gap: Gap | None = None
    """Of the shares of repeats that passed, second less first, where there are repeats."""

    @property
    def cases(self) -> int:
        """Cases that both have."""
        return len(self.both) + len(self.only_first_wrong) + len(self.only_second_wrong) + len(self.neither)

    @property
    def apart(self) -> int:
        """Cases on which they differ."""
        return len(self.only_first_wrong) + len(self.only_second_wrong)


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One group of cases, such as those with a tag: what passed in each column."""

    name: str
    cases: tuple[int, ...]
    cells: Mapping[int, tuple[int, int]]
    """Column to (passed, of)."""
    failed: Mapping[int, tuple[int, ...]]
    """Column to the cases that did not pass."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check: how many answers of each column failed it."""

    check: CheckInfo
    cells: Mapping[int, tuple[int, int]]
    """Column to (failed, asked)."""
    failed: Mapping[int, tuple[int, ...]]
    """Column to the cases that failed it."""


@dataclass(frozen=True, slots=True)
class ColumnCalls:
    """Times and costs of single calls, sorted, answers of earlier runs left out."""

    column: int
    milliseconds: tuple[float, ...]
    dollars: tuple[float, ...]
    reused: int
    untimed: int
    """Calls of this run whose time is not known or says nothing: batches, cold starts."""
    by_hand: bool = False

    def time(self, share: float) -> float | None:
        """The time within which this share of the calls ended."""
        return percentile(self.milliseconds, share)

    def cost(self, share: float) -> float | None:
        """The cost that this share of the calls did not exceed."""
        return percentile(self.dollars, share)


@dataclass(frozen=True, slots=True)
class Ratings:
    """What people said of the answers of a column."""

    column: int
    stars: tuple[int, int, int, int, int]
    """How many ratings of 1, 2, 3, 4 and 5 stars."""
    said_pass: int = 0
    said_fail: int = 0
    cases: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Stars to the cases that have them."""

    @property
    def mean(self) -> float | None:
        """Mean of the stars."""
        rated = sum(self.stars)
        return sum(stars * count for stars, count in enumerate(self.stars, 1)) / rated if rated else None


@dataclass(frozen=True, slots=True)
class WinRate:
    """The chance that a column's answer beats that of another column drawn at random (a tie counts half), with its 95 % interval."""

    column: int
    rate: float
    low: float
    high: float
    votes: int


@dataclass(frozen=True, slots=True)
class Repeats:
    """What repeating says of a column: means over its cases with all repeats."""

    column: int
    cases: int
    k: int
    one: float
    """Chance that one answer passes."""
    any: float
    """pass@k: at least one of k passes."""
    all: float
    """pass^k: all k pass."""
    wavering: tuple[int, ...]
    """Cases of which some repeats pass and others fail."""


def pass_rates(answers: Iterable[Judged], columns: Sequence[int]) -> list[PassRate]:
    """The rate of each column that has checked answers.

    The interval is Wilson's (1927). Where cases have repeats, these are not taken as so many cases: the number of trials is that at which
    independent answers would vary as the means of the cases do (the design effect of Kish 1965), never less than the cases themselves.
    """
    found = []
    by_column = _verdicts(answers)
    for column in columns:
        cases = by_column.get(column, {})
        of = sum(map(len, cases.values()))
        if not of:
            continue
        passed = sum(map(sum, cases.values()))
        low, high = wilson(passed / of * (trials := _trials(cases)), trials) or (0.0, 1.0)
        wrong = tuple(case for case, verdicts in cases.items() if not all(verdicts))
        found.append(PassRate(column, passed, of, len(cases), 0.0 if passed == 0 else low, 1.0 if passed == of else high, wrong))
    return found


def _trials(cases: Mapping[int, Sequence[bool]]) -> float:
    of, count = sum(map(len, cases.values())), len(cases)
    rate = sum(map(sum, cases.values())) / of
    if of == count or count < 2 or not 0 < rate < 1:
        return float(of if of == count else count)
    spread = sum((sum(verdicts) - rate * len(verdicts)) ** 2 for verdicts in cases.values()) * count / (count - 1) / of**2
    return min(float(of), max(float(count), rate * (1 - rate) / spread)) if spread else float(of)


def pair(answers: Iterable[Judged], first: int, second: int) -> Pair:
    """Two columns case by case."""
    return _pair(_verdicts(answers), first, second)


def pairs(answers: Iterable[Judged], columns: Sequence[int]) -> list[tuple[Pair, float]]:
    """Every two columns, with the p-value corrected for how many there are (Holm 1979)."""
    verdicts = _verdicts(answers)
    found = [_pair(verdicts, first, second, gaps=False) for first, second in combinations(columns, 2)]
    corrected = holm({f"{one.first} {one.second}": one.p for one in found if one.cases})
    return [(one, corrected[f"{one.first} {one.second}"]) for one in found if one.cases]


def _pair(verdicts: Mapping[int, Mapping[int, Sequence[bool]]], first: int, second: int, *, gaps: bool = True) -> Pair:
    one, other = verdicts.get(first, {}), verdicts.get(second, {})
    shared = sorted(one.keys() & other.keys())
    lists: dict[tuple[bool, bool], list[int]] = {(a, b): [] for a in (True, False) for b in (True, False)}
    for case in shared:
        lists[all(one[case]), all(other[case])].append(case)
    repeated = gaps and any(len(one[case]) > 1 or len(other[case]) > 1 for case in shared)
    gap = bootstrap([fmean(one[case]) for case in shared], [fmean(other[case]) for case in shared]) if repeated else None
    both, second_wrong, first_wrong, neither = (tuple(lists[key]) for key in ((True, True), (True, False), (False, True), (False, False)))
    return Pair(first, second, both, first_wrong, second_wrong, neither, mcnemar(len(first_wrong), len(second_wrong)), gap)


def _verdicts(answers: Iterable[Judged]) -> dict[int, dict[int, list[bool]]]:
    """Column, then case, to the verdicts of its repeats."""
    found: dict[int, dict[int, list[bool]]] = {}
    for answer in answers:
        if answer.passed is not None:
            found.setdefault(answer.column, {}).setdefault(answer.case, []).append(answer.passed)
    return found


def shares(answers: Iterable[Judged], columns: Sequence[int], groups: Mapping[str, Sequence[int]]) -> list[ShareRow]:
    """What passed in each group of cases, the largest group first. A case may be in several groups."""
    verdicts = _verdicts(answers)
    rows = []
    for name, cases in groups.items():
        cells, failed = {}, {}
        for column in columns:
            of_column = verdicts.get(column, {})
            said = [verdict for case in cases for verdict in of_column.get(case, ())]
            cells[column] = (sum(said), len(said))
            failed[column] = tuple(case for case in cases if not all(of_column.get(case, (True,))))
        rows.append(ShareRow(name, tuple(cases), cells, failed))
    return sorted(rows, key=lambda row: -len(row.cases))


def check_rows(answers: Iterable[Judged], columns: Sequence[int], checks: Sequence[CheckInfo]) -> list[CheckRow]:
    """How many answers of each column failed each check. An answer can fail several."""
    asked: Counter[tuple[str, int]] = Counter()
    failed: dict[tuple[str, int], list[int]] = {}
    for answer in answers:
        for key in answer.asked:
            asked[key, answer.column] += 1
        for key in dict.fromkeys(failure.check for failure in answer.failures):
            failed.setdefault((key, answer.column), []).append(answer.case)
    return [
        CheckRow(
            check,
            {column: (len(failed.get((check.key, column), ())), asked[check.key, column]) for column in columns},
            {column: tuple(dict.fromkeys(failed.get((check.key, column), ()))) for column in columns},
        )
        for check in checks
    ]


def calls(answers: Iterable[Judged], columns: Sequence[int]) -> list[ColumnCalls]:
    """Time and cost of the calls of each column."""
    times: dict[int, list[float]] = {column: [] for column in columns}
    costs: dict[int, list[float]] = {column: [] for column in columns}
    reused: Counter[int] = Counter()
    untimed: Counter[int] = Counter()
    by_hand: set[int] = set()
    for answer in answers:
        if answer.column not in times or answer.output_id is None or answer.trouble:
            continue
        if not answer.called:
            by_hand.add(answer.column)
        elif not answer.fresh:
            reused[answer.column] += 1
        else:
            if answer.latency_ms is None:
                untimed[answer.column] += 1
            else:
                times[answer.column].append(answer.latency_ms)
            if answer.cost_usd is not None:
                costs[answer.column].append(answer.cost_usd)
    return [
        ColumnCalls(
            column, tuple(sorted(times[column])), tuple(sorted(costs[column])), reused[column], untimed[column], by_hand=column in by_hand
        )
        for column in columns
    ]


def repeats(answers: Iterable[Judged], columns: Sequence[int]) -> list[Repeats]:
    """pass@k and pass^k with k the repeats of the run; only cases with all of them count."""
    verdicts = _verdicts(answers)
    found = []
    for column in columns:
        cases = verdicts.get(column, {})
        k = max(map(len, cases.values()), default=0)
        whole = {case: said for case, said in cases.items() if len(said) == k}
        if k < 2 or not whole:
            continue
        counts = [(sum(said), len(said)) for said in whole.values()]
        found.append(
            Repeats(
                column, len(whole), k,
                fmean(passed / of for passed, of in counts),
                fmean(pass_at_k(passed, of, k) or 0.0 for passed, of in counts),
                fmean(pass_hat_k(passed, of, k) or 0.0 for passed, of in counts),
                tuple(case for case, said in whole.items() if any(said) and not all(said)),
            )
        )  # fmt: skip
    return found


def win_rates(votes: Sequence[Vote], columns: Sequence[int]) -> list[WinRate]:
    """Win rates from votes whose names are column indexes as text, the highest first; none below `ENOUGH_VOTES` votes."""
    wanted = {str(column) for column in columns}
    meant = [vote for vote in votes if vote.left in wanted and vote.right in wanted and vote.left != vote.right]
    if len(meant) < ENOUGH_VOTES:
        return []
    found = [WinRate(int(one.name), one.rate, one.low, one.high, one.votes) for one in preferences.win_rates(meant)]
    return sorted(found, key=lambda one: (-one.rate, one.column))
