"""How much Claude thinks: the common `reasoning_effort` and `reasoning_budget` in the forms that its generations take. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

BUDGETS: Mapping[str, int] = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16_384, "xhigh": 24_576, "max": 32_000}
"""Tokens to think with, for models that take a budget but know no effort. 1024 is the least that the API takes."""

# Claude 3, 4, 4.1 and 4.5; in names such as claude-opus-4-20250514, anthropic.claude-sonnet-4-5-20250929-v1:0, anthropic/claude-4.5-sonnet
_BEFORE_ADAPTIVE = r"claude-(v?[12]\b|instant|3|(opus|sonnet|haiku)-(3|4(?![-.@][6-9]))|4(?![-.][6-9]))"
_KNOWS_EFFORT = r"opus-4[-.]5|4[-.]5-opus"


def thinking_of(model: str, effort: Any, budget: Any) -> tuple[dict[str, Any] | None, str | None]:
    """The `thinking` object and the `effort` word that ask this model to think so much; None for what is not to be sent.

    A budget is sent as it is: 0 turns thinking off, a negative one leaves it to the model. An effort is sent by its word where the model
    knows the word (Claude Opus 4.5 and everything since 4.6, which thinks adaptively), else as a budget. `minimal` is `low`,
    `none` turns thinking off. What a model refuses, its own words say.
    """
    knows_effort = is_adaptive(model) or re.search(_KNOWS_EFFORT, model.lower()) is not None
    word = str(effort).lower() if effort is not None else None
    said = None if word in (None, "none") or not knows_effort else "low" if word == "minimal" else word
    if isinstance(budget, (int, float)) and not isinstance(budget, bool):
        if budget == 0:
            return {"type": "disabled"}, said
        if budget > 0:
            return {"type": "enabled", "budget_tokens": int(budget)}, said
        return _adaptive(), said
    if word is None:
        return None, None
    if word == "none":
        return {"type": "disabled"}, None
    if is_adaptive(model):
        return _adaptive(), said
    return {"type": "enabled", "budget_tokens": BUDGETS.get(word, BUDGETS["medium"])}, said


def adapted(model: str, given: Mapping[str, Any]) -> list[str]:
    """What is said in other words than `reasoning_effort`."""
    effort = given.get("reasoning_effort")
    if effort is None or str(effort).lower() == "none":
        return []
    thinking, said = thinking_of(model, effort, given.get("reasoning_budget"))
    if said is not None:
        return [f"takes reasoning_effort {effort} as {said}"] if said != str(effort).lower() else []
    if given.get("reasoning_budget") is not None:
        return ["takes reasoning_budget and not reasoning_effort beside it"]
    tokens = (thinking or {}).get("budget_tokens")
    return [f"takes reasoning_effort {effort} as {tokens:,} tokens to think with"] if tokens else []


def is_adaptive(model: str) -> bool:
    """True if the model decides by itself when to think: Claude 4.6 and later. Other makers' models behind this API take budgets."""
    name = model.lower()
    return "claude" in name and re.search(_BEFORE_ADAPTIVE, name) is None


def _adaptive() -> dict[str, Any]:
    return {"type": "adaptive", "display": "summarized"}  # the newest models show no thinking unless asked
