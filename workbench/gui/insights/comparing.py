"""What the insights screen reads off the window's thread: the runs to choose from, two runs beside each other, one case of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from workbench.gui.case_words import case_words, read_first
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.values import Case
    from workbench.values.outputs import JobOutput
    from workbench.workspace import ComparedCase, ContentDiff, Marks, RunPair, RunRow, Workspace

KINDS = ("worse", "better", "same", "apart")


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the list: a case in one pair of columns, or a case that only one of the runs has."""

    kind: str
    number: int
    name: str
    words: str
    """Why, in one line."""
    change: ComparedCase | None = None
    column: str = ""
    """The column, where there are several."""

    @property
    def jobs(self) -> tuple[int, int] | None:
        """What a decision is remembered by; None where there is nothing to decide on."""
        change = self.change
        return (change.job_id, change.before_job_id) if change is not None and change.job_id and change.before_job_id else None


@dataclass(frozen=True, slots=True)
class Choices:
    """The runs to choose from, newest first, and those marked as baseline."""

    runs: Sequence[RunRow]
    marked: frozenset[int]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two runs beside each other, with a row for each case."""

    pair: RunPair
    items: Sequence[Item]
    prompts: dict[int, ContentDiff] = field(default_factory=dict)
    """What changed in the prompt of a pair of columns, worked out when its first case is read."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One case as both runs answered it."""

    before: JobOutput | None
    after: JobOutput | None
    texts: tuple[str, str]
    words: tuple[Marks, Marks]
    lines: tuple[Marks, Marks]
    repeats: int
    prompt: ContentDiff


def read_choices(ws: Workspace) -> Choices:
    """Every run that began, newest first."""
    runs = [run for run in ws.runs.list() if run.done or run.failed]
    return Choices(runs, ws.regressions.all_marked())


def first_choice(ws: Workspace, choices: Choices) -> int | None:
    """The newest run that there is something to compare with; a marked baseline only where nothing else is."""
    for run in sorted(choices.runs, key=lambda run: (run.id in choices.marked, -run.id)):
        if ws.regressions.baseline(run.id) is not None and not _is_one_case(ws, run):
            return run.id
    return None


def _is_one_case(ws: Workspace, run: RunRow) -> bool:
    """True for one case that was asked several times by itself: its spread is looked at, not what changed since the time before."""
    if run.comparison_id is not None:
        return False
    plan = ws.runs.plan(run.id)
    return len(plan.cases) == 1 and plan.repeats > 1


def compare(ws: Workspace, run_id: int, baseline_id: int | None, progress: Callable[[int, int], object]) -> Compared:
    """A run beside a baseline, or beside the one it has."""
    pair = ws.regressions.compare(run_id, baseline_id, progress)
    found = pair.regression
    several = len(found.pairs) > 1
    reads = read_first(pair.plan.cases, [column.variant.content for column in pair.plan.columns])
    items = []
    for change in found.cases:
        column = pair.plan.columns[found.pairs[change.pair].column]
        case = pair.plan.cases[change.case]
        words = change.reason or ("Reworded" if change.reworded else "")
        if change.kind == "better" and change.reason:
            words = f"Before: {change.reason}"  # why the baseline's answer failed
        name = case_title(case, reads)
        items.append(Item(change.kind, change.case + 1, name, words, change, column_name(column) if several else ""))
    for indexes, plan, words in (
        (found.only_run, pair.plan, "The baseline does not have this case."),
        (found.only_baseline, pair.baseline_plan, "Only the baseline has this case."),
    ):
        for index in indexes:
            case = plan.cases[index]
            items.append(Item("apart", index + 1, case_title(case, reads), words))
    # Within a kind what was said otherwise comes first, then the order of the run.
    rank = {kind: at for at, kind in enumerate(KINDS)}
    items.sort(key=lambda item: (rank[item.kind], item.kind == "same" and not (item.change is not None and item.change.reworded)))
    return Compared(pair, items)


def read_answers(ws: Workspace, compared: Compared, change: ComparedCase) -> Answers:
    """Both answers to a case with what differs. With repeats: one of each side that shows why the verdict turned."""
    pair = compared.pair
    old, new = ws.regressions.answers(pair, change)
    wanted = {"worse": (True, False), "better": (False, True)}.get(change.kind)
    before = _that(old, wanted[0]) if wanted else next(iter(old), None)
    after = _that(new, wanted[1]) if wanted else next(iter(new), None)
    texts = _one_break(before.text if before else ""), _one_break(after.text if after else "")
    prompt = compared.prompts.get(change.pair)
    if prompt is None:
        columns = pair.regression.pairs[change.pair]
        contents = pair.baseline_plan.columns[columns.before].variant.content, pair.plan.columns[columns.column].variant.content
        prompt = compared.prompts[change.pair] = ws.diff(*contents)
    return Answers(before, after, texts, ws.changed_words(*texts), ws.changed_lines(*texts), max(len(old), len(new)), prompt)


def column_name(column: object) -> str:
    """`Refund reply v7 on gpt-4.1`."""
    variant, model = column.variant, column.model  # type: ignore[attr-defined]  # a column of a plan, which faces do not import
    version = f" v{variant.version}" if variant.version is not None else ""
    return f"{variant.prompt}{version} on {model.title}"


def _that(answers: Sequence[JobOutput], passed: bool) -> JobOutput | None:
    """The first answer that passed or did not, as is wanted; else the first."""
    for answer in answers:
        good = answer.status == "done" and not any(score.failed for score in answer.scores)
        if good is passed:
            return answer
    return answers[0] if answers else None


def _one_break(text: str) -> str:
    """The text with one kind of line break, as a text widget holds it: places in it are the same then."""
    for other in ("\r\n", "\r", "\u2028", "\u2029"):
        text = text.replace(other, "\n")
    return text


def case_title(case: Case, reads: Sequence[str]) -> str:
    """What a case is called in the list; empty where it has neither name nor values."""
    return " ".join(case_words(case, reads)[0].split())[:80] if case.name or case.values else ""
