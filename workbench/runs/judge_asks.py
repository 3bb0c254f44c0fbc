"""What is put before judges: each waiting score becomes one question, a row to be compared becomes one or several."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from itertools import permutations
from typing import Any, Protocol

from workbench import evaluators, templates
from workbench import plan as plans
from workbench.evaluators import judges
from workbench.evaluators.verdicts import Said
from workbench.plan import Plan, PlanColumn
from workbench.quick_dataclass import dataclass, replace
from workbench.runs.outputs import messages_of
from workbench.values import UNREAD, BadInput, Case, Check, ModelSpec, Variant

MOST_ASKS = 2_000
"""Questions of one run of judges: its plan holds all their texts."""


class Judges(Protocol):
    """Who judges, as the library knows it. Each raises a Problem."""

    def variant(self, check: Check, usual: str, shows: Sequence[str], *, keep: bool = True) -> Variant: ...  # noqa: D102
    def model(self, check: Check, others: Sequence[ModelSpec] = ()) -> ModelSpec: ...  # noqa: D102
    def fence_key(self) -> bytes: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to a judge. `targets`: the outputs that it sees, in the order in which they are shown; `row`: all that its verdict
    is about."""

    key: str
    """Key of the score."""
    scoring: int
    check: Check
    targets: tuple[int, ...]
    row: tuple[int, ...]
    attempt: int = 1
    broken: str = ""
    """Of a second attempt: the answer that could not be read."""
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the case of a judging run keeps it."""
        return {
            "key": self.key, "scoring": self.scoring, "check": self.check.to_json(), "targets": list(self.targets), "row": list(self.row),
            "attempt": self.attempt,
        }  # fmt: skip

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Ask:
        """The question that `to_json` wrote."""
        return Ask(
            item["key"], item["scoring"], Check.from_json(item["check"]), tuple(item["targets"]), tuple(item["row"]), item["attempt"]
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """An output that is judged: where it stands, and its text."""

    column: int
    case: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one question. `said` is None where there is no verdict; then `why` says so."""

    said: Said | None
    why: str
    output_id: int
    cost: int
    judge: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A score as it is to be written."""

    output_id: int
    passed: bool | None
    value: float | None
    reason: str
    label: str
    cost: int
    reading: Reading


def asks_of(key: str, scoring: int, check: Check, row: Sequence[int]) -> list[Ask]:
    """The questions about the outputs of a row, or about the one output where answers are judged one by one."""
    kind = judges.kind_of(check.type)
    assert kind is not None
    ids = tuple(row)
    if not kind.row:
        return [Ask(key, scoring, check, (one,), (one,)) for one in ids]
    if kind.form == "pair":
        return [Ask(key, scoring, check, pair, ids) for pair in permutations(ids, 2)]
    shown = list(ids)
    random.Random(hashlib.sha256(repr((key, ids)).encode()).digest()).shuffle(shown)  # no column is always shown first
    return [Ask(key, scoring, check, tuple(shown), ids)]


def judging_plan(asks: Sequence[Ask], judged: Plan, seen: Mapping[int, Seen], who: Judges, *, keep: bool = True) -> tuple[Plan, list[int]]:
    """The plan of a run that asks all this, and of each case its column. Raises a Problem where somebody cannot be asked.

    `keep`: judge prompts that are not in the library yet are put there.
    """
    columns: list[PlanColumn] = []
    places: list[int] = []
    cases: list[Case] = []
    found: dict[str, int] = {}
    names: dict[int, Sequence[str]] = {}
    key = who.fence_key()
    others = judged.models
    for ask in asks:
        asked = repr((ask.check.type, dict(ask.check.judge)))
        if asked not in found:
            column = _column(ask.check, who, others, keep=keep)
            if column not in columns:
                columns.append(column)
            found[asked] = columns.index(column)
            names.setdefault(found[asked], templates.names(column.variant.content))
        places.append(found[asked])
        cases.append(_case(ask, judged, seen, key, names[found[asked]]))
    plan = Plan(
        name=f"Judging {judged.name}", columns=tuple(columns), cases=tuple(cases), concurrency=judged.concurrency, reuse=judged.reuse,
        stream=judged.stream, dataset=judged.dataset,
    )  # fmt: skip
    return plan, places


def question_of(judged: Plan, seen: Sequence[Seen]) -> str:
    """What was asked, as a judge reads it; of answers to different wordings, nothing but the variables is common."""
    said = {_conversation(messages_of(judged, one.column, one.case)) for one in seen}
    return said.pop() if len(said) == 1 else ""


def rulings(check: Check, row: Sequence[int], readings: Mapping[tuple[int, ...], Reading]) -> list[Ruling] | None:
    """The scores of a row once all about it is read; None while something is lacking."""
    kind = judges.kind_of(check.type)
    assert kind is not None
    needed = list(permutations(row, 2)) if kind.form == "pair" else [next(iter(readings))]
    if any(targets not in readings for targets in needed):
        return None
    if kind.form == "pair":
        return [_of_pairs(check, one, row, readings) for one in row]
    reading = readings[needed[0]]
    if reading.said is None:
        return [Ruling(one, None, None, reading.why, UNREAD, _share(reading.cost, len(row), at), reading) for at, one in enumerate(row)]
    if kind.form == "best":
        best = needed[0][reading.said.best - 1]
        return [_of_best(check, one, best, reading, _share(reading.cost, len(row), at)) for at, one in enumerate(row)]
    passed, score = evaluators.turned(check, reading.said.passed, reading.said.score)
    return [Ruling(row[0], passed, score, reading.said.reason, reading.said.label, reading.cost, reading)]


def _of_best(check: Check, one: int, best: int, reading: Reading, cost: int) -> Ruling:
    assert reading.said is not None
    passed, score = evaluators.turned(check, one == best, float(one == best))
    return Ruling(one, passed, score, reading.said.reason, "best" if one == best else "not the best", cost, reading)


def _of_pairs(check: Check, one: int, row: Sequence[int], readings: Mapping[tuple[int, ...], Reading]) -> Ruling:
    """One answer against all others, each pair asked both ways."""
    mine = [(readings[one, other], readings[other, one]) for other in row if other != one]
    cost = sum(there.cost for there, _ in mine)  # the other half belongs to the other answer
    lacking = next((each for pair in mine for each in pair if each.said is None), None)
    if lacking is not None:
        return Ruling(one, None, None, lacking.why, UNREAD, cost, lacking)
    said = [(there.said, back.said) for there, back in mine if there.said is not None and back.said is not None]
    outcomes = [evaluators.outcome(there.winner, back.winner) for there, back in said]
    share, words = evaluators.of_row(outcomes)
    turns = sum(there.winner == back.winner != "tie" for there, back in said)
    threshold = 0.5 if check.threshold is None else check.threshold
    passed, score = evaluators.turned(check, share >= threshold - 1e-9, share)
    reason = f"Asked both ways: {words}."
    if turns:
        reason += f" In {turns} of {len(said)} the judge chose by the order: those are ties."
    return Ruling(one, passed, score, f"{reason} {said[0][0].reason}".strip(), words, cost, mine[0][0])


def _share(cost: int, of: int, place: int) -> int:
    """Its part of a cost that several share; the first bears what is left over."""
    return cost // of + (cost % of if place == 0 else 0)


def _column(check: Check, who: Judges, others: Sequence[ModelSpec], *, keep: bool) -> PlanColumn:
    kind = judges.kind_of(check.type)
    assert kind is not None
    model = who.model(check, others)
    plans.refuse_embedding(model)
    if model.by_hand:
        raise BadInput(f"{model.title} is asked by hand, so it cannot judge.", remedy="Choose another judge.")
    shows = {"best": ("outputs",), "pair": ("first", "second")}.get(kind.form, ("output",))
    variant = who.variant(check, kind.prompt, shows, keep=keep)
    return PlanColumn(replace(variant, content=judges.judging_content(variant.content, check.type)), plans.priced(model))


def _case(ask: Ask, judged: Plan, seen: Mapping[int, Seen], key: bytes, names: Sequence[str]) -> Case:
    shown = [seen[id] for id in ask.targets]
    case = judged.cases[shown[0].case]
    value = evaluators.judged_value(ask.check, case)
    what = judges.Judged(
        value, tuple(one.text for one in shown), question_of(judged, shown), case.reference, case.values.get("context"), case.values
    )
    values = judges.ask(ask.check.type, what, key)
    values |= judges.fenced_variables(case.values, values, names)
    if ask.attempt > 1:
        values = judges.asked_again(values, ask.broken, ask.fault)
    return Case(values | {"judged": ask.to_json()}, name=case.name)


def _conversation(messages: Iterable[Mapping[str, Any]]) -> str:
    """Messages as one text; who speaks is said only where it is more than a question."""
    said = [(str(message.get("role")), _words(message.get("content", ""))) for message in messages]
    return said[0][1] if len(said) == 1 else "\n\n".join(f"{role}:\n{text}" for role, text in said)


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text") or f"[{part.get('type', 'part')}]") for part in parts if isinstance(part, Mapping))


def text_of(text: str, tool_calls: str | None) -> str:
    """An answer as a judge reads it: with the tools that it called."""
    if not tool_calls:
        return text
    calls = [f"[calls {call['name']} with {json.dumps(call['arguments'], ensure_ascii=False)}]" for call in json.loads(tool_calls)]
    return "\n".join(filter(None, (text, *calls)))
