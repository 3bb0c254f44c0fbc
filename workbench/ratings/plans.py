"""What a review shows and in which order: pairs, rankings or whole cases, equal answers as one, every column left about half the time."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal

from workbench.quick_dataclass import dataclass

Kind = Literal["single", "pair", "rank"]
Order = Literal["dataset", "shuffled", "disagreement", "uncertain"]
Column = tuple[int, int]
"""Run and index of the column in it."""
LEAST_RANKED = 3
CHOICE, LEAST_CHOICE = 10, 500
"""So many items for each that is shown does a session choose from while votes come in, and so many at least: with all pairs of a large run
each choice would take seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An output as far as planning needs it."""

    output_id: int
    column: Column
    case: int
    repeat: int
    text: str
    passed: bool | None = None
    """All its checks passed; None without checks."""
    raters_differ: bool = False
    pictures: bool = False


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """Items in order, each with its outputs as shown; and which outputs are equal to one that is shown."""

    items: tuple[tuple[int, ...], ...]
    alike: Mapping[int, tuple[int, ...]]
    """A shown output -> all outputs of its case with the same words, itself included; only where there are several."""


def make_plan(answers: Iterable[Answer], kind: Kind, order: Order, most: int | None, seed: int) -> SessionPlan:
    """The plan of a session. The same answers, choices and seed give the same plan.

    `most` items are taken: for `disagreement` those that differ most, else spread over all pairs of columns. `uncertain` keeps more
    behind them: the next pair is chosen while votes come in.
    """
    draw = random.Random(seed)
    cases: dict[int, list[Answer]] = defaultdict(list)
    for answer in answers:
        cases[answer.case].append(answer)
    alike: dict[int, tuple[int, ...]] = {}
    items: list[list[Answer]] = []
    for _case, found in sorted(cases.items()):
        groups = _equal(found)
        for group in groups:
            if len(group) > 1:
                alike |= dict.fromkeys((answer.output_id for answer in group), tuple(answer.output_id for answer in group))
        items += _items(groups, kind)
    items = _ordered(items, order, most, draw)
    shown = _balanced_pairs(items, draw) if kind == "pair" else _balanced_places(items, draw)
    used = {output for item in shown for output in item}
    return SessionPlan(tuple(shown), {output: group for output, group in alike.items() if output in used})


def same_words(answers: Iterable[Answer]) -> Iterator[tuple[Answer, Answer]]:
    """Answers of two columns to a case in the same words: a tie that nobody needs to be asked about."""
    cases: dict[int, list[Answer]] = defaultdict(list)
    for answer in answers:
        cases[answer.case].append(answer)
    for _case, found in sorted(cases.items()):
        for group in _equal(found):
            for first, second in combinations(sorted(group, key=lambda answer: answer.column), 2):
                if first.column != second.column and first.repeat == second.repeat:
                    yield first, second


def _equal(answers: Sequence[Answer]) -> list[list[Answer]]:
    """Groups of the same words. Pictures are never taken for equal: nothing here looks at them."""
    groups: dict[tuple[str, int], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.text.strip(), answer.output_id if answer.pictures else 0), []).append(answer)
    return list(groups.values())


def _items(groups: Sequence[Sequence[Answer]], kind: Kind) -> list[list[Answer]]:
    if kind == "pair":
        pairs: list[list[Answer]] = []
        for first, second in combinations(groups, 2):
            meet = [(a, b) for a in first for b in second if a.column != b.column and a.repeat == b.repeat]
            if meet:
                pairs.append([*meet[0]])
        return pairs
    if kind == "rank" and len(groups) < LEAST_RANKED:
        return []
    return [[group[0] for group in groups]]


def _ordered(items: list[list[Answer]], order: Order, most: int | None, draw: random.Random) -> list[list[Answer]]:
    place = {id(item): number for number, item in enumerate(items)}
    mixed = list(items)
    draw.shuffle(mixed)
    if order == "disagreement":
        return sorted(mixed, key=lambda item: -disagreement(item))[:most]
    turns: Counter[tuple[Column, ...]] = Counter()
    turn: dict[int, int] = {}
    for item in mixed if order != "dataset" or most is not None else items:
        columns = _columns(item)
        turn[id(item)] = turns[columns]
        turns[columns] += 1
    taken = sorted(mixed, key=lambda item: turn[id(item)])
    if order == "uncertain":
        return taken if most is None else taken[: max(CHOICE * most, LEAST_CHOICE)]
    taken = taken[:most]
    if order == "dataset":
        return sorted(taken, key=lambda item: place[id(item)])
    draw.shuffle(taken)
    return taken


def disagreement(item: Sequence[Answer]) -> float:
    """How much the answers of an item differ, 0 to 5: checks that pass for one and fail for another count 2, raters who differ on one of
    them 2, and the words that they do not share (1 - Jaccard index, mean over pairs) up to 1."""
    checks = {answer.passed for answer in item if answer.passed is not None}
    words = [set(answer.text.lower().split()) for answer in item]
    apart = [1 - len(a & b) / len(a | b) for a, b in combinations(words, 2) if a | b]
    mean = sum(apart) / len(apart) if apart else 0.0
    return 2.0 * (len(checks) > 1) + 2.0 * any(answer.raters_differ for answer in item) + mean


def _columns(item: Sequence[Answer]) -> tuple[Column, ...]:
    return tuple(sorted(answer.column for answer in item))


def _balanced_pairs(items: Sequence[Sequence[Answer]], draw: random.Random) -> list[tuple[int, ...]]:
    """Sides: of every two pairs of the same two columns one has the first column left, in an order that is drawn."""
    waiting: dict[tuple[Column, ...], list[bool]] = defaultdict(list)
    shown: list[tuple[int, ...]] = []
    for item in items:
        turns = waiting[_columns(item)]
        if not turns:
            turns += draw.sample([False, True], 2)
        first, second = sorted(item, key=lambda answer: answer.column)
        shown.append((second.output_id, first.output_id) if turns.pop() else (first.output_id, second.output_id))
    return shown


def _balanced_places(items: Sequence[Sequence[Answer]], draw: random.Random) -> list[tuple[int, ...]]:
    """Places: in every round of as many items as there are answers each column stands once at each place (a Latin square, rows drawn)."""
    rounds: dict[tuple[Column, ...], list[list[int]]] = defaultdict(list)
    shown = []
    for item in items:
        left = rounds[_columns(item)]
        if not left:
            base = draw.sample(range(len(item)), len(item))
            left += [base[turn:] + base[:turn] for turn in draw.sample(range(len(item)), len(item))]
        ordered = sorted(item, key=lambda answer: (answer.column, answer.repeat))
        shown.append(tuple(ordered[place].output_id for place in left.pop()))
    return shown
