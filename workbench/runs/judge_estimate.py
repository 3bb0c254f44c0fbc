"""What judging the answers of a run will take, before there are any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from workbench import evaluators
from workbench import plan as plans
from workbench.evaluators import judges
from workbench.plan import Estimate, PastUse, Plan, model_key
from workbench.quick_dataclass import replace
from workbench.runs.judge_asks import Ask, Judges, Seen, asks_of, judging_plan
from workbench.values import Check, ModelSpec, Problem

_CHARACTERS = 4
"""Of a token."""
_LETTER = "x"

Past = Callable[[tuple[ModelSpec, ...]], Mapping[str, PastUse]]


def with_judging(found: Estimate, plan: Plan, who: Judges, past: Past) -> Estimate:
    """An estimate with the calls of judges in its tokens and costs: one for each answer, or those that a row needs. What cannot be asked
    costs nothing."""
    step = max(1, len(plan.cases) // plans.SAMPLED_CASES)
    sampled = range(0, len(plan.cases), step)
    seen = {column: Seen(column, 0, _LETTER * _length(plan, column, past)) for column in range(len(plan.columns))}
    groups: dict[tuple[str, float], list[tuple[Ask, int]]] = {}
    for case in sampled:
        for place, check in enumerate(evaluators.flat(plan.checks_for(case))):
            if (kind := judges.kind_of(check.type)) is None or (kind.row and len(seen) < 2):
                continue
            ask = asks_of(str(place), 1, check, tuple(seen))[0]
            times = _times(check, len(seen)) * plan.repeats * len(plan.cases) / len(sampled)
            groups.setdefault((repr((check.type, dict(check.judge))), times), []).append((ask, case))
    for (_, times), asks in groups.items():
        try:
            found = _added(found, _estimate(asks, plan, seen, who, past), times)
        except Problem:
            continue
    if found.judge_calls:
        found = replace(found, basis=f"{found.basis} {found.judge_calls:,} calls of judges are in it.")
    return found


def _times(check: Check, answers: int) -> int:
    """Questions about the answers to one case."""
    kind = judges.kind_of(check.type)
    assert kind is not None
    return {"best": 1, "pair": answers * (answers - 1)}.get(kind.form, answers)


def _length(plan: Plan, column: int, past: Past) -> int:
    model = plan.columns[column].model
    used = past((model,)).get(model_key(model))
    return round(_CHARACTERS * (used.output_tokens if used else plans.GUESSED_ANSWER_TOKENS))


def _estimate(asks: list[tuple[Ask, int]], plan: Plan, seen: Mapping[int, Seen], who: Judges, past: Past) -> Estimate:
    """Of one question to a judge about each of these cases."""
    made: list[Plan] = []
    for ask, case in asks:
        here = {column: replace(one, case=case) for column, one in seen.items()}
        made.append(judging_plan([ask], plan, here, who, keep=False)[0])
    whole = replace(made[0], cases=tuple(case for each in made for case in each.cases), reuse=False)
    return plans.estimate(whole, past(tuple(column.model for column in whole.columns)))


def _added(found: Estimate, judging: Estimate, times: float) -> Estimate:
    def usd(before: Decimal | None, more: Decimal | None) -> Decimal | None:
        return before if more is None else (before or Decimal(0)) + more * Decimal(times)

    return replace(
        found,
        judge_calls=found.judge_calls + round(judging.calls * times),
        input_tokens=found.input_tokens + round(judging.input_tokens * times),
        output_tokens=found.output_tokens + round(judging.output_tokens * times),
        cost_usd=usd(found.cost_usd, judging.cost_usd),
        low_usd=usd(found.low_usd, judging.low_usd),
        high_usd=usd(found.high_usd, judging.high_usd),
        unknown_prices=tuple(dict.fromkeys((*found.unknown_prices, *judging.unknown_prices))),
        seconds=None if found.seconds is None or judging.seconds is None else found.seconds + judging.seconds * times,
    )
