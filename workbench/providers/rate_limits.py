"""What a provider's headers say of its rate limits: how much of each is left, and when it is whole again.

Headers of every vendor are read by the words in their names, so that one reader knows them all:

    OpenAI, Groq, xAI       x-ratelimit-remaining-tokens: 149984      x-ratelimit-reset-tokens: 6m0s
    Azure OpenAI            x-ratelimit-remaining-requests: 119       (no reset: a minute)
    Anthropic               anthropic-ratelimit-input-tokens-remaining: 39000   anthropic-ratelimit-input-tokens-reset: 2026-11-23T17:41:07Z
    Mistral, Cerebras       x-ratelimit-remaining-tokens-minute: 499  (the period in the name)
    Together and others     x-ratelimit-remaining: 9                  x-ratelimit-reset: 2
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from workbench.providers.waits import seconds_until
from workbench.quick_dataclass import dataclass

_ROLES = ("limit", "remaining", "reset")
_PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_MINUTE = 60.0
_UNSAID = frozenset({"x", "anthropic", "ratelimit", "tokenlimit", "per", "fireworks", "llm"})


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit as it stood when the provider answered. `reset_s`: seconds until nothing of it is used any more."""

    name: str
    counts: Literal["requests", "input", "output", "tokens"]
    limit: float
    remaining: float
    reset_s: float


def allowances(headers: Mapping[str, str]) -> tuple[Allowance, ...]:
    """The limits that an answer's headers tell. Names are lower case. Limits of which not enough is told are left out."""
    told: dict[str, dict[str, str]] = {}
    for header, value in headers.items():
        if "ratelimit" not in header and "tokenlimit" not in header:
            continue
        words = header.split("-")
        role = next((word for word in words if word in _ROLES), "")
        if role:
            kind = ["tokens"] if "tokenlimit" in words else []
            name = "-".join([*kind, *(word for word in words if word != role and word not in _UNSAID)])
            told.setdefault(name, {})[role] = value
    found = (_allowance(name, roles, headers) for name, roles in told.items()) if told else ()
    return tuple(each for each in found if each is not None)


def _allowance(name: str, roles: Mapping[str, str], headers: Mapping[str, str]) -> Allowance | None:
    limit, remaining = _count(roles.get("limit", "")), _count(roles.get("remaining", ""))
    if remaining is None or limit == 0:
        return None
    words = name.split("-")
    period = next((_PERIODS[word] for word in words if word in _PERIODS), _MINUTE)
    limit = max(limit or 0.0, remaining)
    reset = seconds_until(roles.get("reset", ""), headers)
    if reset is None:  # refilled bit by bit over the period
        reset = period * (limit - remaining) / limit if limit > remaining else period if not remaining else 0.0
    tokens = any("token" in word for word in words)
    counts: Literal["requests", "input", "output", "tokens"] = "requests"
    if tokens:
        counts = "input" if "input" in words else "output" if "output" in words else "tokens"
    return Allowance(name, counts, limit, remaining, reset)


def _count(text: str) -> float | None:
    """A count such as `5000`, or the first of `5000;w=60`; None for what is none, and for the -1 of what has no limit."""
    digits = text.split(";")[0].split(",")[0].strip()
    return float(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 16 else None
