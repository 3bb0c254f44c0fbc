"""A model judge beside people on the same answers: how far they agree, where it errs, and which way it leans."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from workbench.analysis.agreement import Kappa, kappa_interval, krippendorff_alpha
from workbench.analysis.leanings import Family, Position, Split, family, fisher, position, split
from workbench.analysis.model_families import family_of
from workbench.analysis.verdict_words import speaks_against
from workbench.quick_dataclass import dataclass

CELLS = ("agree_pass", "too_strict", "let_through", "agree_fail")
"""The cells of the table, people's pass before their fail, and the judge's pass before its fail in the first and the last."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge prompt at a version, put to a model, with what one check asks of it."""

    key: str
    title: str
    prompt: str
    prompt_uid: str
    version: int | None
    model: str
    """Title of the model."""
    model_name: str
    type: str
    """Of the check."""
    asks: str = ""
    """The rubric, or whatever else the check gives it."""

    @property
    def one_by_one(self) -> bool:
        """True where it sees one answer at a time."""
        return self.type.removeprefix("not-") not in ("pairwise", "select-best")


@dataclass(frozen=True, slots=True)
class Person:
    """What one rater says of an answer."""

    rater: str
    passed: bool
    words: str = ""
    at: str = ""
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """An answer that the judge gave a verdict on, and what people say of it."""

    output_id: int
    run_id: int
    case: int
    passed: bool
    value: float | None = None
    reason: str = ""
    people: tuple[Person, ...] = ()
    name: str = ""
    """Of the case."""
    tags: tuple[str, ...] = ()
    column: int = 0
    model: str = ""
    model_name: str = ""
    colour: int = 0
    version: int | None = None
    """Of the prompt that was answered."""
    length: int = 0
    """Of the answer, in characters."""
    snapshot: str = ""
    """The judge's model as its provider named it in the reply."""
    at: str = ""
    repeat: int = 1

    @property
    def people_passed(self) -> bool | None:
        """What most of its raters say; None without raters, or where they are split evenly."""
        passed = sum(person.passed for person in self.people)
        return None if 2 * passed == len(self.people) else 2 * passed > len(self.people)

    @property
    def cell(self) -> str:
        """Which of CELLS it is in; empty where people say nothing."""
        people = self.people_passed
        if people is None:
            return ""
        return CELLS[(0 if people else 2) + (0 if self.passed else 1)]

    @property
    def disagrees(self) -> bool:
        """True where the judge says other than people do."""
        return self.cell in ("too_strict", "let_through")

    @property
    def contradicts(self) -> bool:
        """True where the words of its reason speak against its verdict, as far as words tell."""
        return speaks_against(self.passed, self.reason)


@dataclass(frozen=True, slots=True)
class People:
    """How far people agree with each other on answers that several rated."""

    answers: int
    agreement: Split
    """Over all pairs of raters on one answer."""
    coefficient: float | None
    name: str
    """kappa where two people rated, alpha (Krippendorff's) where more did."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one state of the judge's model agreed on with people. `p_value`: against the snapshot before it; None for the first."""

    name: str
    since: str
    agreement: Split
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge, and what its verdicts beside those of people say."""

    judge: Judge
    marks: tuple[Mark, ...]
    """Answers that both gave a verdict on, by run, case and column."""
    counts: Mapping[str, int]
    """Of CELLS."""
    kappa: Kappa | None
    people: People | None
    length: Split | None
    """Of pairs that people called even and the judge did not: how often it took the longer one. None without such pairs."""
    position: Position | None
    """None where the judge sees one answer at a time, or no pair was put to it both ways."""
    family: Family
    unrated: int
    """Answers that it judged and nobody rated."""
    undecided: int
    """Answers on which as many people say pass as fail: they are left out."""
    drift: tuple[Snapshot, ...]
    """Where its model answered under several names, each in the order of time."""
    contradictions: tuple[Mark, ...]
    """Of all that it judged, those whose reason speaks against the verdict."""
    judged: tuple[Mark, ...] = ()
    """All answers that it gave a verdict on."""

    @property
    def answers(self) -> int:
        """Answers that both gave a verdict on."""
        return len(self.marks)

    @property
    def agreement(self) -> Split:
        """Answers on which both say the same."""
        return Split(self.counts["agree_pass"] + self.counts["agree_fail"], self.answers, 1.0)

    @property
    def let_through(self) -> Split:
        """Answers that people failed and the judge passed, of all that people failed."""
        return Split(self.counts["let_through"], self.counts["let_through"] + self.counts["agree_fail"], 1.0)

    @property
    def mild(self) -> Split:
        """Of the disagreements, those where the judge passed."""
        return split(self.counts["let_through"], self.counts["let_through"] + self.counts["too_strict"])

    @property
    def disagreements(self) -> tuple[Mark, ...]:
        """Where the judge says other than people do: first what it let through."""
        return tuple(sorted((mark for mark in self.marks if mark.disagrees), key=lambda mark: not mark.passed))

    @property
    def tags(self) -> tuple[tuple[str, int, int], ...]:
        """(tag, disagreements, answers), the tag with most disagreements first; tags without any are left out."""
        wrong = Counter(tag for mark in self.marks if mark.disagrees for tag in mark.tags)
        every = Counter(tag for mark in self.marks for tag in mark.tags)
        return tuple((tag, count, every[tag]) for tag, count in sorted(wrong.items(), key=lambda item: (-item[1], item[0])))

    @property
    def needed(self) -> int:
        """How many rated answers would halve the interval: its width falls with the root of their number."""
        return 4 * self.answers


def calibrate(
    judge: Judge, judged: Sequence[Mark], outcomes: Sequence[tuple[str, str]] = (), votes: Mapping[frozenset[int], str] | None = None
) -> Calibration:
    """What the verdicts of a judge beside those of people say.

    `outcomes`: of each pair of answers that was put to it both ways, what it said. `votes`: of two outputs, `tie` where people called
    them even, else anything. Answers count one by one: repeats and columns of one case are not quite as good as other cases.
    """
    judged = sorted(judged, key=lambda mark: (mark.run_id, mark.case, mark.column, mark.repeat))
    marks = tuple(mark for mark in judged if mark.people_passed is not None)
    counts = Counter(mark.cell for mark in marks)
    pairs = Counter((bool(mark.people_passed), mark.passed) for mark in marks)
    own = family_of(judge.model_name)
    failed = [mark for mark in marks if not mark.people_passed]
    return Calibration(
        judge=judge,
        marks=marks,
        counts={cell: counts[cell] for cell in CELLS},
        kappa=kappa_interval(pairs),
        people=people_among_themselves(judged),
        length=_length(judged, votes or {}),
        position=position(outcomes) if outcomes else None,
        family=family(
            own,
            [mark.passed for mark in failed if family_of(mark.model_name) == own],
            [mark.passed for mark in failed if family_of(mark.model_name) != own],
        ),
        unrated=sum(not mark.people for mark in judged),
        undecided=sum(bool(mark.people) and mark.people_passed is None for mark in judged),
        drift=_drift(marks),
        contradictions=tuple(mark for mark in judged if mark.contradicts),
        judged=tuple(judged),
    )


def people_among_themselves(marks: Iterable[Mark]) -> People | None:
    """How far people agree with each other; None where no answer was rated by two."""
    several = [mark for mark in marks if len(mark.people) > 1]
    if not several:
        return None
    raters = sorted({person.rater for mark in several for person in mark.people})
    said = [{person.rater: person.passed for person in mark.people} for mark in several]
    pairs = [one == other for each in said for one, other in combinations(each.values(), 2)]
    if len(raters) == 2:
        first, second = raters
        kappa = kappa_interval(Counter((each[first], each[second]) for each in said))
        value, name = (kappa.value if kappa else None), "kappa"
    else:
        rows = [[float(each[rater]) if rater in each else None for each in said] for rater in raters]
        value, name = krippendorff_alpha(rows), "alpha"
    return People(len(several), Split(sum(pairs), len(pairs), 1.0), value, name)


def _length(judged: Sequence[Mark], votes: Mapping[frozenset[int], str]) -> Split | None:
    """Over pairs of answers to one case in one run, equal in the eyes of people and of other lengths."""
    rows: dict[tuple[int, int, int], list[Mark]] = defaultdict(list)
    for mark in judged:
        rows[mark.run_id, mark.case, mark.repeat].append(mark)
    longer = total = 0
    for row in rows.values():
        for one, other in combinations(row, 2):
            vote = votes.get(frozenset((one.output_id, other.output_id)))
            even = vote == "tie" if vote else one.people_passed is not None and one.people_passed == other.people_passed
            if not even or one.length == other.length or _worth(one) == _worth(other):
                continue
            total += 1
            longer += (one.length > other.length) == (_worth(one) > _worth(other))
    return split(longer, total) if total else None


def _worth(mark: Mark) -> tuple[bool, float]:
    return mark.passed, mark.value or 0.0


def _drift(marks: Sequence[Mark]) -> tuple[Snapshot, ...]:
    by_name: dict[str, list[Mark]] = defaultdict(list)
    for mark in sorted(marks, key=lambda mark: mark.at):
        by_name[mark.snapshot].append(mark)
    if len(by_name) < 2:
        return ()
    found: list[Snapshot] = []
    for name, each in by_name.items():
        agreed = sum(not mark.disagrees for mark in each)
        p_value = None
        if found:
            before = found[-1].agreement
            p_value = fisher(before.hits, before.of - before.hits, agreed, len(each) - agreed)
        found.append(Snapshot(name, each[0].at, Split(agreed, len(each), p_value or 1.0), p_value))
    return tuple(found)
