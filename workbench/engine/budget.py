"""The caps on what may be spent. They are never passed: a call goes out only if it fits at its worst, beside all under way at theirs."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from workbench.quick_dataclass import dataclass
from workbench.values import Price, Request, Usage

LONGEST_UNKNOWN = 4_096
"""Tokens of the longest answer, where neither the request nor what is known of the model sets a limit."""
_ATTACHMENT_TOKENS = 3_000
_MILLION = Decimal(1_000_000)


class Cap:
    """Dollars that may be spent by a run, or by all runs of a day."""

    def __init__(self, words: str, limit_usd: Decimal | None, spent_usd: Decimal = Decimal(0)) -> None:
        self.words, self.limit_usd, self.spent_usd = words, limit_usd, spent_usd
        self.held_usd = Decimal(0)
        """Held back for calls under way."""

    def fits(self, amount: Decimal) -> bool:
        """True if so much may be spent beside what is held back."""
        return self.limit_usd is None or self.spent_usd + self.held_usd + amount <= self.limit_usd

    def reason(self, amount: Decimal) -> str:
        """Why a call of that price is not made."""
        limit, left = self.limit_usd or Decimal(0), max(Decimal(0), (self.limit_usd or Decimal(0)) - self.spent_usd)
        if not left:
            return f"Not sent: the cap of ${told(limit)} for {self.words} is reached."
        places = 2 if told(left) != told(amount) else 4  # what is told must not look as if it fitted
        return (
            f"Not sent: ${told(left, places)} is left of the cap of ${told(limit)} for {self.words}, "
            f"and this call may cost up to ${told(amount, places)}."
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may be made. `later`: calls under way may leave enough; `never`: the cap that it would pass says so."""

    word: Literal["go", "later", "never"]
    held_usd: Decimal = Decimal(0)
    cap: Cap | None = None

    @property
    def reason(self) -> str:
        """Why the call is not made."""
        return self.cap.reason(self.held_usd) if self.cap is not None else ""


_FREE = Verdict("go")


class Budget:
    """The caps under which a run spends. A call whose price is unknown or zero never counts."""

    def __init__(self, cap_usd: Decimal | None, spent_usd: Decimal = Decimal(0), day: Cap | None = None) -> None:
        self.run = Cap("this run", cap_usd, spent_usd)
        self.day = day
        self._caps = [cap for cap in (self.run, day) if cap is not None]

    def ask(self, worst_usd: Decimal) -> Verdict:
        """Whether a call that costs at most so much may be made. Where it may, that much is held back for it until `settle`."""
        if not worst_usd:
            return _FREE
        for cap in self._caps:
            if not cap.fits(worst_usd):
                return Verdict("later" if cap.held_usd else "never", worst_usd, cap)
        for cap in self._caps:
            cap.held_usd += worst_usd
        return Verdict("go", worst_usd)

    def settle(self, held_usd: Decimal, cost_usd: Decimal | None) -> None:
        """A call has ended: what was held for it is free again, what it cost is spent."""
        for cap in self._caps:
            cap.held_usd -= held_usd
            cap.spent_usd += cost_usd or 0


def expected_read(request: Request) -> int:
    """About how many tokens a request has: 4 characters are one."""
    return sum(len(message.text) for message in request.messages) // 4 + 1


def longest_answer(request: Request, known: int | None) -> int:
    """Most tokens of an answer: what the request allows, else what is known of the model."""
    limit = request.parameters.get("max_tokens")
    if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
        return limit
    return known or LONGEST_UNKNOWN


def worst_cost(price: Price, request: Request, longest: int | None) -> Decimal:
    """What a call costs at most: the longest answer to a text of which every second character is a token."""
    if not price.input_usd and not price.output_usd:
        return Decimal(0)
    letters = sum(len(message.text.encode("utf-8", "replace")) for message in request.messages)
    files = sum(len(message.attachments) for message in request.messages)
    read = letters // 2 + 8 * len(request.messages) + _ATTACHMENT_TOKENS * files
    rates = price.at(read)
    dearest = max(filter(None, (rates.output_usd, rates.reasoning_usd)), default=Decimal(0))
    return ((rates.input_usd or 0) * read + dearest * longest_answer(request, longest)) / _MILLION


def cost_of(price: Price, usage: Usage) -> Decimal:
    """What an answer cost, as far as it is known."""
    return (price.cost(usage) or Decimal(0)) if price.input_usd or price.output_usd else Decimal(0)


def told(amount: Decimal, places: int = 2) -> str:
    """An amount in dollars as failures and warnings tell it."""
    return f"{amount:.{places}f}" if amount >= Decimal("0.01") else f"{amount:.4f}"
