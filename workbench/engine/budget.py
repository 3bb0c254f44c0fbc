"""The cap on what a run may spend: looks ahead, so that calls in flight do not carry it far beyond."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from workbench.values import Price, Request, Usage

_TOKENS_WITHOUT_LIMIT = 1_000
"""Answer length that a first call of a model is reckoned with when the request sets none."""


class Budget:
    """Dollars spent and reserved. A call whose price is unknown or zero never counts."""

    def __init__(self, cap_usd: Decimal | None, spent_usd: Decimal = Decimal(0)) -> None:
        self.cap_usd = cap_usd
        self.spent_usd = spent_usd
        self._reserved = Decimal(0)
        self._known: dict[Price, tuple[Decimal, int]] = {}  # what finished calls at this price cost, and how many there were

    @property
    def reason(self) -> str:
        """Why a job was not made."""
        return f"Not sent: the cap of ${self.cap_usd or 0:.2f} for this run is reached."

    def ask(self, price: Price, request: Request) -> tuple[Literal["go", "later", "never"], Decimal]:
        """Whether a call may be made, and the dollars to hold back for it. `later`: calls in flight may leave enough."""
        if self.cap_usd is None or (not price.input_usd and not price.output_usd):
            return "go", Decimal(0)
        expected = self._expected(price, request)
        if self.spent_usd < self.cap_usd and self.spent_usd + self._reserved + expected <= self.cap_usd:
            self._reserved += expected
            return "go", expected
        return ("later" if self._reserved else "never"), expected

    def release(self, held: Decimal) -> None:
        """A call has ended: give back what was held for it."""
        self._reserved -= held

    def spend(self, price: Price, usage: Usage) -> None:
        """Book a call that was answered."""
        cost = price.cost(usage) if self.cap_usd is not None else None
        if cost:
            self.spent_usd += cost
            total, count = self._known.get(price, (Decimal(0), 0))
            self._known[price] = (total + cost, count + 1)

    def _expected(self, price: Price, request: Request) -> Decimal:
        total, count = self._known.get(price, (Decimal(0), 0))
        if count:
            return total / count
        letters = sum(len(message.text) for message in request.messages)
        limit = request.parameters.get("max_tokens")
        written = limit if isinstance(limit, int) and not isinstance(limit, bool) else _TOKENS_WITHOUT_LIMIT
        read = letters // 4 + 1
        rates = price.at(read)
        return ((rates.input_usd or 0) * read + (rates.output_usd or 0) * written) / Decimal(1_000_000)
