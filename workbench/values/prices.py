"""What tokens cost: rates, steps by the length of the prompt, and the cost of one call from its counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from typing import Any

from workbench.quick_dataclass import dataclass, replace
from workbench.values.calls import Usage

_MOST_USD = 1_000_000
"""No call costs a million dollars. A server that counts so many tokens has counted wrongly."""
_FIRST = ("input_usd", "output_usd", "cached_input_usd")
"""The rates that stand in every price's JSON, known or not; the others stand there when they are known."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. A rate that is None is unknown; a free model says 0 for both of the first two.

    A kind of token that has no rate of its own costs what the kind around it costs: cached and written to the cache as
    read, an hour's cache as five minutes', reasoning as written, sound and pictures as text.
    """

    input_usd: Decimal | None = None
    output_usd: Decimal | None = None
    cached_input_usd: Decimal | None = None
    cache_write_usd: Decimal | None = None
    """Writing to the cache that lives for minutes, or to the only one that there is."""
    cache_write_1h_usd: Decimal | None = None
    reasoning_usd: Decimal | None = None
    input_audio_usd: Decimal | None = None
    output_audio_usd: Decimal | None = None
    cached_audio_usd: Decimal | None = None
    input_image_usd: Decimal | None = None
    output_image_usd: Decimal | None = None
    cached_image_usd: Decimal | None = None
    web_search_usd: Decimal | None = None
    """Dollars for one search that the provider made, not for a million."""
    tiers: tuple[tuple[int, Price], ...] = ()
    """(threshold, price): a call that reads more tokens than this is billed at that price, all of it. The lowest first."""
    batch: Price | None = None
    """What the same call costs where it may take a day."""

    @property
    def is_free(self) -> bool:
        """True if nothing that this model does costs anything."""
        return self.input_usd == 0 and self.output_usd == 0 and not any(_rates_of(self))

    def at(self, input_tokens: float) -> Price:
        """The rates of a call that reads so many tokens, without steps."""
        found = next((price for above, price in reversed(self.tiers) if input_tokens > above), self)
        return replace(found, tiers=()) if found.tiers else found

    def in_batch(self) -> Price:
        """The rates of a call that may take a day: those that are known, else half of all, as providers of batches ask."""
        if self.batch is not None:
            return self.batch
        halves = {name: rate / 2 for name, rate in self._rates().items() if rate is not None and name != "web_search_usd"}
        return replace(self, **halves, tiers=tuple((above, price.in_batch()) for above, price in self.tiers))  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Decimal strings, so that nothing is rounded on the way."""
        rates = self._rates()
        item: dict[str, Any] = {name: None if rates[name] is None else str(rates[name]) for name in _FIRST}
        item |= {name: str(rate) for name, rate in rates.items() if rate is not None and name not in item}
        if self.tiers:
            item["tiers"] = [{"above": above, **price.to_json()} for above, price in self.tiers]
        if self.batch is not None:
            item["batch"] = self.batch.to_json()
        return item

    @staticmethod
    def from_json(item: Mapping[str, Any] | None) -> Price:
        """The price that `to_json` wrote, also before prices had more than three rates; an absent one is unknown.

        Raises ValueError for a rate that is no amount of money, and for steps that are none.
        """
        item = item or {}
        rates = {name: _rate(item[name]) for name in RATES if item.get(name) is not None}
        tiers, batch = item.get("tiers") or (), item.get("batch")
        if not isinstance(tiers, (list, tuple)) or not all(isinstance(each, Mapping) for each in (*tiers, batch or {})):
            raise ValueError("The tiers and the batch of a price are rates by name.")
        steps = sorted(((int(str(tier.get("above"))), Price.from_json(tier)) for tier in tiers), key=lambda step: step[0])
        return Price(**rates, tiers=tuple(steps), batch=Price.from_json(batch) if batch else None)

    def cost(self, usage: Usage) -> Decimal | None:
        """US dollars for one call, or None where a price or a token count that it needs is unknown, or a count cannot be true."""
        if self.is_free:
            return Decimal(0)
        if usage.service_tier is not None:  # other rates: those of batches may be known, of the others none are
            ordinary = replace(usage, service_tier=None)
            return self.batch.cost(ordinary) if usage.service_tier == "batch" and self.batch is not None else None
        if usage.billed_input_tokens is not None:
            usage = _as_billed(usage)
        if self.input_usd is None or self.output_usd is None or usage.input_tokens is None:
            return None
        price = self.at(usage.input_tokens)
        if usage.output_tokens is None and any((price.output_usd, price.reasoning_usd, price.output_audio_usd, price.output_image_usd)):
            return None  # embeddings write nothing, and their providers count nothing written
        lines = [*price._read(usage, usage.input_tokens), *price._written(usage, usage.output_tokens or 0)]
        if any(count < 0 or rate is None for count, rate in lines):
            return None
        cost = sum((count * rate for count, rate in lines if rate), Decimal(0)) / 1_000_000
        cost += (usage.web_searches or 0) * (price.web_search_usd or Decimal(0))
        return cost if 0 <= cost < _MOST_USD else None

    def _read(self, usage: Usage, total: int) -> Iterable[tuple[int, Decimal | None]]:
        """(tokens, rate) of every kind of token that was read; together they are all that was read."""
        cached, cache_write = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
        cached_rate = _first(self.cached_input_usd, self.input_usd)
        write_rate = _first(self.cache_write_usd, self.input_usd)
        hour = (usage.cache_write_1h_tokens or 0) if self.cache_write_1h_usd is not None else 0
        yield hour, self.cache_write_1h_usd if hour else Decimal(0)
        yield cache_write - hour, write_rate
        plain, plain_cached = total - cached - cache_write, cached
        # Sound and pictures are counted apart only where they cost apart: many providers do not tell how much of the cache was sound.
        for rate, own_cached_rate, count, of_it_cached in (
            (self.input_audio_usd, self.cached_audio_usd, usage.input_audio_tokens, usage.cached_audio_tokens),
            (self.input_image_usd, self.cached_image_usd, usage.input_image_tokens, usage.cached_image_tokens),
        ):
            if rate is None or not count:
                continue
            from_cache = of_it_cached or 0
            yield from_cache, _first(own_cached_rate, cached_rate)
            yield count - from_cache, rate
            plain, plain_cached = plain - (count - from_cache), plain_cached - from_cache
        yield plain_cached, cached_rate
        yield plain, self.input_usd

    def _written(self, usage: Usage, total: int) -> Iterable[tuple[int, Decimal | None]]:
        """(tokens, rate) of every kind of token that was written; together they are all that was written."""
        plain = total
        for rate, count in (
            (self.reasoning_usd, usage.reasoning_tokens),
            (self.output_audio_usd, usage.output_audio_tokens),
            (self.output_image_usd, usage.output_image_tokens),
        ):
            if rate is not None and count:
                yield count, rate
                plain -= count
        yield plain, self.output_usd

    def _rates(self) -> dict[str, Decimal | None]:
        return dict(zip(RATES, _rates_of(self), strict=True))


RATES = tuple(field.name for field in fields(Price) if field.name.endswith("_usd"))
"""The names of all rates of a price."""
_rates_of = attrgetter(*RATES)


def _as_billed(usage: Usage) -> Usage:
    """The counts that are billed; what came from the cache cannot be more than that."""
    read = usage.billed_input_tokens or 0
    cached = None if usage.cached_input_tokens is None else min(usage.cached_input_tokens, read)
    written = usage.output_tokens if usage.billed_output_tokens is None else usage.billed_output_tokens
    return replace(usage, input_tokens=read, output_tokens=written, cached_input_tokens=cached, billed_input_tokens=None)


def _rate(value: Any) -> Decimal:
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or rate < 0:
        raise ValueError(f"{value} is no price")
    return rate


def _first(*rates: Decimal | None) -> Decimal | None:
    return next((rate for rate in rates if rate is not None), None)
