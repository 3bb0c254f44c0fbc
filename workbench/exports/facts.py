"""What summaries and reports say of a run: its columns, checks by column, cases from the worst on, and what the numbers allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from workbench.analysis.paired import mcnemar
from workbench.analysis.regression import Regression
from workbench.analysis.results.figures import Judged, WinRate, win_rates
from workbench.analysis.results.found import look
from workbench.analysis.results.result_words import told_apart, unasked_words, win_words
from workbench.evaluators.judges import kind_of
from workbench.exports.items import Item
from workbench.exports.words import chance, counted, word_in
from workbench.plan import Plan, column_titles
from workbench.quick_dataclass import dataclass
from workbench.runs.records import ColumnInfo, RunRow
from workbench.values import OPEN
from workbench.values.votes import Vote


class Beside(Protocol):
    """A run beside its baseline."""

    @property
    def baseline(self) -> RunRow:
        """The run that it is compared with."""

    @property
    def baseline_plan(self) -> Plan:
        """The frozen plan of that run."""

    @property
    def regression(self) -> Regression:
        """What comparing them found."""


Against = Callable[[int], "Beside | None"]
"""Sets a run beside its baseline; None where it has none."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What all columns made of one case."""

    index: int
    name: str
    passed: int
    checked: int
    """Answers with a verdict; `passed` of them passed."""
    errors: int
    reasons: tuple[tuple[int, str], ...]
    """Of answers that did not pass: the column, and the first check that failed with what it said."""

    @property
    def is_bad(self) -> bool:
        """True where an answer failed its checks or its call."""
        return self.passed < self.checked or self.errors > 0


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What one check made of the answers of every column."""

    title: str
    passed: tuple[int, ...]
    run: tuple[int, ...]
    """Answers on which it gave a verdict, by column; `passed` of them passed."""
    not_run: int
    without: tuple[str, ...]
    """Of each column, the word of an answer on which it gave no verdict; empty where it gave one on every answer."""
    judge: bool = False
    """True where a model judges, not a rule."""

    def said(self, at: int) -> str:
        """`3 of 5` answers of this column passed, or why none has a verdict."""
        return f"{self.passed[at]} of {self.run[at]}" if self.run[at] else self.without[at] or "not run"


@dataclass(frozen=True, slots=True)
class Facts:
    """A run as summaries and reports tell it."""

    run: RunRow
    dataset: str
    plan: Plan
    columns: Sequence[ColumnInfo]
    titles: Sequence[str]
    """What tells the columns apart: their model, and which prompt where there are several."""
    outputs: int
    cases: tuple[CaseFacts, ...]
    checks: tuple[CheckFacts, ...]
    failures: Sequence[tuple[str, int]]
    causes: tuple[tuple[str, tuple[int, ...]], ...]
    """Why answers failed, the most frequent first: so many of each column."""
    against: Beside | None
    wins: tuple[WinRate, ...]
    """By column; none where there are too few votes."""
    sentences: tuple[str, ...]
    """What the numbers allow to say, and what they do not hold."""

    @property
    def worst(self) -> list[CaseFacts]:
        """The cases that went wrong, those that most answers failed first."""
        return sorted((case for case in self.cases if case.is_bad), key=_badness)


def facts_of(
    run: RunRow, dataset: str, plan: Plan, columns: Sequence[ColumnInfo], items: Iterable[Item], failures: Sequence[tuple[str, int]],
    against: Beside | None, votes: Sequence[Vote] = (),
) -> Facts:  # fmt: skip
    """Reads every output once, and remembers no text. `votes` have the indexes of columns as names."""
    seen = _Seen(len(columns))
    for item in items:
        seen.look(item)
    cases = tuple(seen.case(index, plan) for index in range(len(plan.cases)))
    checks = tuple(
        CheckFacts(title, tuple(passed), tuple(ran), seen.check_not_run[title], tuple(seen.without[title]), title in seen.judges)
        for title, (passed, ran) in seen.checks.items()
    )
    titles = [*column_titles(plan).values()]
    causes = tuple(sorted(((name, tuple(counts)) for name, counts in seen.causes.items()), key=lambda cause: (-sum(cause[1]), cause[0])))
    meant = [vote for vote in votes if vote.left != vote.right]
    wins = win_rates(meant, [column.index for column in columns])
    sentences = [*_sentences(run, plan, columns, titles, seen)]
    if meant:
        sentences.append(win_words(len(meant), wins, {column.index: titles[column.index] for column in columns}))
    return Facts(
        run, dataset, plan, columns, titles, seen.outputs, cases, checks, failures, causes, against, tuple(wins), tuple(sentences)
    )  # fmt: skip


class _Seen:
    def __init__(self, width: int) -> None:
        self.outputs = self.owed = 0
        self.checks: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([0] * width, [0] * width))
        self.check_not_run: dict[str, int] = defaultdict(int)
        self.without: dict[str, list[str]] = defaultdict(lambda: [""] * width)
        self.shares: dict[int, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
        """Verdicts by column and case."""
        self.judges: set[str] = set()
        self.causes: dict[str, list[int]] = defaultdict(lambda: [0] * width)
        self._errors: dict[int, int] = defaultdict(int)
        self._reasons: dict[int, list[tuple[int, str]]] = defaultdict(list)

    def look(self, item: Item) -> None:
        document, case = item.document, item.case_index
        self.outputs += document["status"] in ("done", "failed")
        if item.cause is not None:
            self.causes[item.cause][item.column] += 1
        if document["status"] == "failed":
            self._errors[case] += 1
            self._reasons[case].append((item.column, str((document["error"] or {}).get("message") or "the call failed")))
        if document["status"] != "done" or not document["checks"]:
            return
        for check in document["checks"]:
            passed, ran = self.checks[check["name"]]
            if kind_of(check["type"]) is not None:
                self.judges.add(check["name"])
            is_open = check.get("label") in OPEN
            self.check_not_run[check["name"]] += check["passed"] is None and not is_open
            words = self.without[check["name"]]
            if check["passed"] is None and (is_open or not words[item.column]):
                words[item.column] = word_in(check)
            ran[item.column] += check["passed"] is not None
            passed[item.column] += check["passed"] is True
        self.owed += document["passed"] is None and any(
            check["passed"] is None and check.get("label") in OPEN for check in document["checks"]
        )
        if document["passed"] is not None:
            self.shares[item.column][case].append(document["passed"])
            failed = next((check for check in document["checks"] if check["passed"] is False and check["weight"]), None)
            if failed is not None:
                said = f": {failed['reason']}" if failed["reason"] else ""
                self._reasons[case].append((item.column, f"{failed['name']}{said}"))

    def case(self, index: int, plan: Plan) -> CaseFacts:
        verdicts = [one for cases in self.shares.values() for one in cases.get(index, ())]
        reasons = tuple(dict.fromkeys(self._reasons.get(index, ())))
        return CaseFacts(index, plan.cases[index].name, sum(verdicts), len(verdicts), self._errors.get(index, 0), reasons)


def _badness(case: CaseFacts) -> tuple[float, int, int]:
    asked = case.checked + case.errors
    return (case.passed / asked if asked else 1.0, -asked, case.index)


def _sentences(run: RunRow, plan: Plan, columns: Sequence[ColumnInfo], titles: Sequence[str], seen: _Seen) -> Iterable[str]:
    """Honest words: what the run lacks, and which columns differ by more than chance."""
    missing = run.queued + run.skipped + run.by_hand + run.in_batch
    if missing:
        yield f"The run is not complete: {counted(missing, 'answer')} of {run.jobs:,} {'is' if missing == 1 else 'are'} missing."
    if run.failed:
        yield f"{counted(run.failed, 'call')} failed and {'counts' if run.failed == 1 else 'count'} in no pass rate."
    if said := unasked_words([title for title, count in seen.check_not_run.items() if count], seen.owed):
        yield said
    if run.brought_from:
        yield f"The answers came in from {run.brought_from}; they were not asked for here."
    if run.unknown_prices:
        yield f"No price is known for {', '.join(run.unknown_prices)}, so the cost is that of the others."
    rated = sorted((column for column in columns if column.pass_rate is not None), key=lambda column: -(column.pass_rate or 0))
    if not rated:
        yield "No answer is judged, so there is no pass rate."
    elif len(rated) > 1:
        indexes = [column.index for column in rated]
        # In a sentence of several commas, the one between model and version would part them.
        models = {index: plan.columns[index].model.title for index in indexes}
        named = {index: titles[index].replace(f"{model}, ", f"{model} ", 1) for index, model in models.items()}
        yield _told_of_two((indexes[0], indexes[1]), named, plan, seen) if len(rated) == 2 else _told_of_many(named, seen)


def _told_of_many(titles: Mapping[int, str], seen: _Seen) -> str:
    """What the Results tab says of its columns."""
    judged = [
        Judged(column, case, repeat, None, passed)
        for column in titles
        for case, verdicts in seen.shares[column].items()
        for repeat, passed in enumerate(verdicts, 1)
    ]
    return told_apart(look(judged, titles, (), groups={}, found_causes={}))


def _told_of_two(columns: tuple[int, int], titles: Mapping[int, str], plan: Plan, seen: _Seen) -> str:
    ours, theirs = (seen.shares[index] for index in columns)
    first, second = (titles[index] for index in columns)
    shared = [case for case in ours if case in theirs]
    share = {case: (sum(ours[case]) / len(ours[case]), sum(theirs[case]) / len(theirs[case])) for case in shared}
    better, worse = sum(a > b for a, b in share.values()), sum(a < b for a, b in share.values())
    names = f"{first} and {second}"
    if not shared:
        return f"{names} share no case with a verdict, so they cannot be compared."
    did = "pass" if plan.repeats == 1 else "fare better on"
    if better == worse == 0:
        return f"{names} {did} the same of the {counted(len(shared), 'case')} that they share: nothing here tells them apart."
    p_value = mcnemar(better, worse)
    verb = "passed" if plan.repeats == 1 else "did better on"
    return (
        f"Of the {counted(len(shared), 'case')} that both answered, {first} alone {verb} {better}, "
        f"{second} alone {worse}: {chance(better, worse, p_value)}."
    )
