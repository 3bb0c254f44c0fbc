"""What a plan will take: calls, tokens, cost with a range, time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from time import perf_counter
from typing import Any

from workbench.plan.frozen import Plan, request, shown
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput, ModelSpec, Usage

GUESSED_ANSWER_TOKENS = 150
UNKNOWN_ANSWER = (50, 600)
"""Tokens between which the mean answer of an unknown model lies most likely: a line, a page."""
READ_EXACT, READ_GUESSED = (0.95, 1.05), (0.8, 1.4)
"""How far the tokens of a text may lie from its estimate, where its model has read such texts before and where not."""
SAMPLED_CASES = 50
SAMPLING_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class PastUse:
    """What a model's finished calls used so far, the basis of an estimate."""

    calls: int
    output_tokens: float
    """Mean of one call."""
    seconds: float | None
    """Mean of one call; None where no call was timed."""
    tokens_per_character: float | None = None
    """Of what it read; None if not known."""
    spread: float = 0.0
    """Standard deviation of the tokens of an answer."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """About what a run will take. `cost_usd` leaves out the models in `unknown_prices`; None if no price is known."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    unknown_prices: tuple[str, ...]
    seconds: float | None
    basis: str
    by_hand: int = 0
    """Answers that a person will give: no calls, no cost, no time."""
    low_usd: Decimal | None = None
    high_usd: Decimal | None = None
    """Between these the cost lies most likely; None where no price is known."""
    reused: int = 0
    """Calls that are not made, because the same ones were answered before."""
    judge_calls: int = 0
    """Calls of model judges, beside `calls`; their tokens and costs are in the figures."""
    in_batch: int = 0
    """Calls that are handed over, at the price of a batch and within a day."""
    compared_tokens: int = 0
    """Tokens that an embedding model reads to compare meanings."""


def model_key(model: ModelSpec) -> str:
    """Identity of a model for past use: where it is asked, and by which name."""
    return f"{model.wire_format} {model.base_url} {model.name}"


def _range(past: PastUse | None, limit: Any, calls: float) -> tuple[float, float]:
    """Between how many tokens the mean answer lies most likely: two standard errors of the past ones, at least a tenth; an answer of which
    nothing is known is as short as a line or as long as a page."""
    if past is None:
        longest = limit if isinstance(limit, int) and limit > 0 else UNKNOWN_ANSWER[1]
        return float(min(longest, UNKNOWN_ANSWER[0])), float(min(longest, UNKNOWN_ANSWER[1]))
    error = max(0.1 * past.output_tokens, 2 * past.spread * (1 / max(1, past.calls) + 1 / max(1.0, calls)) ** 0.5)
    return max(0.0, past.output_tokens - error), past.output_tokens + error


def estimate(
    plan: Plan,
    history: Mapping[str, PastUse] | None = None,
    reused: Mapping[int, float] | None = None,
    in_batch: Collection[int] = (),
) -> Estimate:
    """What the plan will take, from past use per model (`model_key`) where there is any, else from 4 characters a token.

    `reused`: of each column, the share of its calls that were answered before and are not made. `in_batch`: the columns that are handed
    over as a batch, at its price and within a day.
    """
    history, reused = history or {}, reused or {}
    all_calls = len(plan.cases) * plan.repeats
    lows, highs = Decimal(0), Decimal(0)
    spared = timed = 0
    input_total, output_total = 0.0, 0.0
    costs: list[Decimal] = []
    unknown: dict[str, None] = {}
    busy: dict[str, float] = {}
    used: dict[str, int] = {}
    guessed: set[int] = set()
    called = [(index, column) for index, column in enumerate(plan.columns) if not column.model.by_hand]
    for index, column in called:
        model, past = column.model, history.get(model_key(column.model))
        calls = all_calls - round(all_calls * reused.get(index, 0.0))
        spared += all_calls - calls
        price = model.price.in_batch() if index in in_batch else model.price
        read = _characters(plan, index) * ((past.tokens_per_character if past else None) or 0.25)
        written = past.output_tokens if past else _guessed_answer(plan._parts[index][2].get("max_tokens"))
        if not past:
            guessed.add(round(written))
        input_total, output_total = input_total + calls * read, output_total + calls * written
        # A thousand calls: tokens are whole numbers, their mean is not. The rates are those of one call, whose length may choose them.
        thousand_calls = price.at(read).cost(Usage(round(1000 * read), round(1000 * written)))
        if thousand_calls is None:
            unknown.setdefault(model.title)
        else:
            costs.append(thousand_calls * calls / 1000)
            least, most = _range(past, plan._parts[index][2].get("max_tokens"), calls)
            rough = READ_EXACT if past and past.tokens_per_character else READ_GUESSED
            low = price.at(read).cost(Usage(round(1000 * read * rough[0]), round(1000 * least)))
            high = price.at(read).cost(Usage(round(1000 * read * rough[1]), round(1000 * most)))
            lows, highs = lows + (low or Decimal(0)) * calls / 1000, highs + (high or Decimal(0)) * calls / 1000
        if past:
            used[model_key(model)] = past.calls
        if past and past.seconds is not None:
            timed += 1
            at_once = 1 if model.place == "builtin" else plan.concurrency
            busy[model.connection] = busy.get(model.connection, 0.0) + calls * past.seconds / at_once
    is_learned = all(model_key(column.model) in used for _, column in called)
    basis = f"About, from {sum(used.values()):,} past answers of these models" if used else "About, with 4 characters for a token"
    if guessed and not used:
        basis += f" and {' to '.join(f'{tokens:,}' for tokens in sorted({min(guessed), max(guessed)}))} tokens for an answer"
    elif not is_learned:
        basis += ", and 4 characters for a token where there are none"
    return Estimate(
        calls=plan.calls,
        input_tokens=round(input_total),
        output_tokens=round(output_total),
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        unknown_prices=tuple(unknown),
        seconds=max(busy.values(), default=0.0) if called and timed == len(called) and not in_batch else None,
        basis=basis + (". Pictures and files are not counted." if _has_attachments(plan) else ".") if called else "Nothing is called.",
        by_hand=(len(plan.columns) - len(called)) * all_calls,
        low_usd=lows if costs else None,
        high_usd=highs if costs else None,
        reused=spared,
        in_batch=sum(all_calls - round(all_calls * reused.get(index, 0.0)) for index in in_batch),
    )


def _has_attachments(plan: Plan) -> bool:
    return any(message.attachments for column in plan.columns for message in shown(column.variant.content))


def _guessed_answer(limit: Any) -> int:
    """Tokens of an answer of which nothing is known: fewer where the parameters allow only fewer."""
    return min(limit, GUESSED_ANSWER_TOKENS) if isinstance(limit, int) and limit > 0 else GUESSED_ANSWER_TOKENS


def _characters(plan: Plan, column_index: int) -> float:
    """Mean length of what a column sends, from at most 50 cases spread over all, or fewer where rendering takes long."""
    step = max(1, len(plan.cases) // SAMPLED_CASES)
    lengths: list[int] = []
    enough = perf_counter() + SAMPLING_SECONDS
    for case_index in range(0, len(plan.cases), step):
        if perf_counter() > enough:
            break
        try:
            messages = request(plan, column_index, case_index).messages
        except BadInput:
            continue
        lengths.append(sum(len(message.text) for message in messages))
    return sum(lengths) / len(lengths) if lengths else 0.0
