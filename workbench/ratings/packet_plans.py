"""What a review packet shows, and in which order: drawn by a seed, balanced between columns and sides."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, zip_longest
from typing import TypeVar

from workbench.quick_dataclass import dataclass
from workbench.values import canonical

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """One output that can be shown. Two with the same `looks` cannot be told apart."""

    output_id: int
    case_index: int
    column: int
    repeat: int
    looks: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The items in their order, each the outputs in the order in which they are shown."""

    items: tuple[tuple[int, ...], ...]
    possible: int
    """How many there could be."""
    same: int
    """Pairs that are left out because both answers read the same."""


def draw_pairs(answers: Sequence[Answer], seed: int, most: int | None = None) -> Drawn:
    """Pairs of answers to the same case, of two columns each.

    Every two columns get as many items, give or take one, each column stands left as often as right, and cases are drawn without putting
    back before any comes again.
    """
    dice = random.Random(f"packet:{seed}")
    by_case: dict[tuple[int, int], dict[int, Answer]] = defaultdict(dict)
    for answer in answers:
        by_case[answer.case_index, answer.repeat][answer.column] = answer
    found: dict[tuple[int, int], list[tuple[Answer, Answer]]] = defaultdict(list)
    same = 0
    for row in by_case.values():
        for one, other in combinations(sorted(row), 2):
            if row[one].looks == row[other].looks:
                same += 1
            else:
                found[one, other].append((row[one], row[other]))
    for pairs in found.values():
        dice.shuffle(pairs)
    kinds = sorted(found)
    dice.shuffle(kinds)
    ordered = _in_turn({kind: found[kind] for kind in kinds})
    chosen = ordered if most is None else ordered[: max(0, most)]
    items = _sides(chosen, dice)
    dice.shuffle(items)
    return Drawn(tuple(items), len(ordered), same)


def draw_single(answers: Sequence[Answer], seed: int, most: int | None = None) -> Drawn:
    """Answers one by one, of each column as many, give or take one; what reads the same in a case comes once."""
    dice = random.Random(f"packet:{seed}")
    found: dict[int, list[Answer]] = defaultdict(list)
    seen: set[tuple[int, str]] = set()
    shuffled = sorted(answers, key=lambda answer: answer.output_id)
    dice.shuffle(shuffled)
    for answer in shuffled:
        if (answer.case_index, answer.looks) not in seen:
            seen.add((answer.case_index, answer.looks))
            found[answer.column].append(answer)
    ordered = _in_turn(found)
    items = [(answer.output_id,) for answer in (ordered if most is None else ordered[: max(0, most)])]
    dice.shuffle(items)
    return Drawn(tuple(items), len(ordered), len(answers) - len(ordered))


def looks_of(text: str, pictures: Sequence[bytes]) -> str:
    """What an answer looks like, as a key: white space at its lines' ends does not count."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return canonical([lines, [hash(picture) for picture in pictures]])


def _in_turn(groups: Mapping[K, Sequence[T]]) -> list[T]:
    return [one for row in zip_longest(*groups.values()) for one in row if one is not None]


def _sides(pairs: Sequence[tuple[Answer, Answer]], dice: random.Random) -> list[tuple[int, ...]]:
    """Each pair with its sides: of every two columns the first stands left in half of the pairs, in an order that nobody guesses."""
    by_kind: dict[tuple[int, int], list[tuple[Answer, Answer]]] = defaultdict(list)
    for one, other in pairs:
        by_kind[one.column, other.column].append((one, other))
    items: list[tuple[int, ...]] = []
    odd = dice.random() < 0.5
    for kind in by_kind.values():
        turned = [number % 2 == odd for number in range(len(kind))]
        dice.shuffle(turned)
        odd ^= len(kind) % 2 == 1
        items += [
            (other.output_id, one.output_id) if turn else (one.output_id, other.output_id)
            for (one, other), turn in zip(kind, turned, strict=True)
        ]
    return items
