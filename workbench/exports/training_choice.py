"""Which answers of a case become training examples: the best ones, and pairs of a better and a worse one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from itertools import combinations
from typing import Literal, get_args

from workbench.exports.items import Item
from workbench.exports.opinions import Ballots, Opinion, opinion_of
from workbench.quick_dataclass import dataclass
from workbench.values import canonical

TrainingFormat = Literal["chat", "pairs", "pairs-trl"]
TRAINING_FORMATS: tuple[TrainingFormat, ...] = get_args(TrainingFormat)
"""OpenAI's chats for fine-tuning, OpenAI's preference pairs, and those of TRL (`prompt`, `chosen`, `rejected`)."""


@dataclass(frozen=True, slots=True)
class TestCases:
    """Cases that a trained model is to be tested on: of a dataset, those with one tag where it is named."""

    __test__ = False  # it is no test, whatever its name begins with
    dataset_id: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class TrainingWish:
    """What training data is wanted."""

    format: TrainingFormat = "chat"
    threshold: float = 4.0
    """Stars from which an answer is good enough; a pass counts as 5, a fail as 1, votes by the share that was won."""
    margin: float = 1.0
    """Stars by which the chosen answer of a pair is better than the rejected one. Votes decide by their majority."""
    raters: tuple[str, ...] = ()
    """Whose word counts; empty: everybody's."""
    every: bool = False
    """All answers that are good enough and all pairs, not only the best answer of each input and its pairs."""
    across: bool = False
    """Pairs of answers to different prompts too; the chosen one's prompt stands in them."""
    tests: tuple[TestCases, ...] = ()
    refuse_leaks: bool = False
    """Write nothing where an example repeats a test case, in place of leaving it out."""

    @property
    def least(self) -> float:
        """The threshold as a share of the scale."""
        return (self.threshold - 1) / 4

    @property
    def gap(self) -> float:
        """The margin as a share of the scale."""
        return self.margin / 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that may be taken, as it was written by a model or by an editor."""

    item: Item
    text: str
    liking: float | None
    raters: tuple[str, ...]
    is_edit: bool = False
    by_votes: bool = False
    """Nobody rated it: `liking` is the share of its votes that it won."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One training example: an answer, and in a pair the one that it is better than."""

    chosen: Candidate
    rejected: Candidate | None = None
    raters: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """What became of all answers and pairs."""

    dropped: Counter[str] = field(default_factory=Counter)
    raters: Counter[str] = field(default_factory=Counter)


def choices(items: Iterable[Item], wish: TrainingWish, ballots: Ballots, tally: Tally) -> Iterator[Choice]:
    """The examples that the answers of one case give."""
    groups: dict[str, list[Candidate]] = {}
    for item in items:
        for candidate in _candidates(item, wish, ballots, tally):
            groups.setdefault(canonical(item.document["messages"]), []).append(candidate)
    if wish.format == "chat":
        for group in groups.values():
            yield from _good(group, wish, tally)
        return
    if not wish.across and len(groups) > 1:
        apart = list(groups.values())
        tally.dropped["pairs of answers to different messages"] += sum(len(a) * len(b) for a, b in combinations(apart, 2))
    together = [[one for group in groups.values() for one in group]]
    for candidates in together if wish.across else groups.values():
        yield from _pairs(candidates, wish, ballots, tally)


def _candidates(item: Item, wish: TrainingWish, ballots: Ballots, tally: Tally) -> Iterator[Candidate]:
    document = item.document
    if document["status"] != "done" or item.output_id is None:
        tally.dropped["calls without an answer"] += 1
        return
    opinion = opinion_of(document["ratings"], frozenset(wish.raters) or None)
    text = document["text"] or ""
    if opinion.edited is not None and opinion.edited.strip() and opinion.edited != text:
        yield Candidate(item, opinion.edited, 1.0, (opinion.editor,), is_edit=True)
    if not text.strip():
        tally.dropped["answers without text"] += 1
    elif document["finish_reason"] == "length":
        tally.dropped["answers that were cut off"] += 1
    elif opinion.disagree:
        tally.dropped["answers on which raters disagree"] += 1
    else:
        yield _candidate(item, text, opinion, ballots)


def _candidate(item: Item, text: str, opinion: Opinion, ballots: Ballots) -> Candidate:
    if opinion.liking is not None:
        return Candidate(item, text, opinion.liking, opinion.raters)
    return Candidate(item, text, *ballots.share(item.output_id or 0), by_votes=True)


def _good(group: Sequence[Candidate], wish: TrainingWish, tally: Tally) -> Iterator[Choice]:
    good = []
    for one in group:
        if one.liking is None:
            tally.dropped["answers that nobody rated"] += 1
        elif one.liking < wish.least - 1e-9:
            tally.dropped["answers rated below the threshold"] += 1
        else:
            good.append(one)
    good.sort(key=_rank)
    for place, one in enumerate(good):
        if place and not wish.every:
            tally.dropped["answers beside a better one to the same messages"] += 1
        elif any(one.text == other.text for other in good[:place]):
            tally.dropped["answers of the same text"] += 1
        else:
            yield Choice(one, None, one.raters)


def _rank(one: Candidate) -> tuple[float, bool]:
    """The best first: an edited answer before the ones that models wrote."""
    return (-(one.liking if one.liking is not None else -1.0), not one.is_edit)


def _pairs(group: Sequence[Candidate], wish: TrainingWish, ballots: Ballots, tally: Tally) -> Iterator[Choice]:
    ordered = sorted(group, key=_rank)
    taken: set[tuple[str, str]] = set()
    for first, second in combinations(ordered, 2):
        if first is not ordered[0] and not wish.every:
            continue
        if first.text == second.text:
            tally.dropped["pairs of the same text"] += 1
            continue
        decided = _decided(first, second, wish, ballots)
        if isinstance(decided, str):
            tally.dropped[decided] += 1
        elif (decided.chosen.text, decided.rejected.text if decided.rejected else "") in taken:
            tally.dropped["pairs that repeat another of their case"] += 1
        else:
            taken.add((decided.chosen.text, decided.rejected.text if decided.rejected else ""))
            yield decided


def _decided(a: Candidate, b: Candidate, wish: TrainingWish, ballots: Ballots) -> Choice | str:
    """The pair with the better answer chosen, or why it is left out."""
    raters = tuple(dict.fromkeys((*a.raters, *b.raters)))
    if a.item.output_id == b.item.output_id:  # an answer and its edit
        return Choice(a, b, a.raters) if a.is_edit else Choice(b, a, b.raters)
    ballot, voted = ballots.between(a.item.output_id or 0, b.item.output_id or 0)
    rated = a.liking - b.liking if a.liking is not None and b.liking is not None else None
    if ballot is not None and not (a.is_edit or b.is_edit):
        raters = tuple(dict.fromkeys((*ballot.raters, *raters)))
        if voted == 0:
            return "pairs on which votes are not of one mind"
        if rated is not None and rated * voted < -1e-9 and not (a.by_votes or b.by_votes):
            return "pairs on which votes and ratings contradict each other"
        chosen, rejected = (a, b) if voted > 0 else (b, a)
    elif rated is None:
        return "pairs that nobody judged"
    elif abs(rated) < max(wish.gap, 1e-6) - 1e-9:
        return "pairs with less than the margin between them"
    else:
        chosen, rejected = (a, b) if rated > 0 else (b, a)
    if chosen.liking is not None and ballot is None and chosen.liking < wish.least - 1e-9:
        return "pairs whose better answer is below the threshold"
    return Choice(chosen, rejected, raters)
