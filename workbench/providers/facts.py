"""What is known about a model, and how a provider's own list of models says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from workbench.quick_dataclass import dataclass
from workbench.values import Price

KINDS = ("text", "image", "audio", "video", "pdf")
_SAME_KIND = {"file": "pdf", "document": "pdf", "speech": "audio"}
_PER_TOKEN = {
    "prompt": "input_usd",
    "completion": "output_usd",
    "input_cache_read": "cached_input_usd",
    "input_cache_write": "cache_write_usd",
    "internal_reasoning": "reasoning_usd",
    "audio": "input_audio_usd",
    "input_audio_cache": "cached_audio_usd",
}
"""OpenRouter's names of prices: dollars for one token, as text."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One model: what it costs, takes and gives, where else it runs, and until when; where that comes from, and the day it was read.
    None and an empty tuple are unknown."""

    price: Price = field(default_factory=Price)
    context_tokens: int | None = None
    source: str = ""
    date: str = ""
    """ISO date, as all dates here."""
    output_tokens: int | None = None
    """The longest answer."""
    reads: tuple[str, ...] = ()
    """Of `KINDS`."""
    writes: tuple[str, ...] = ()
    open_weights: bool | None = None
    hosts: tuple[str, ...] = ()
    """Other vendors of the catalogue that offer the same weights."""
    released: str | None = None
    """A month where the day is not known."""
    deprecated: str | None = None
    """The day from which the vendor advises against it."""
    retires: str | None = None
    """The day on which it stops answering, or did."""
    successor: str | None = None
    is_deprecated: bool = False
    embeds: bool = False
    """True for a model that makes embeddings and writes no answers."""

    def to_json(self) -> dict[str, Any]:
        """What is known, without the price: a model's row has that for itself."""
        known: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name != "price" and (value or (each.name == "open_weights" and value is False)):
                known[each.name] = list(value) if isinstance(value, tuple) else value
        return known

    def learnt(self) -> dict[str, Any]:
        """What a model's row keeps of a listing: all that is known, the price too, and the day. Of no weight where it says nothing."""
        known = {name: value for name, value in self.to_json().items() if name not in ("source", "date")}
        if self.price != Price():
            known["price"] = self.price.to_json()
        return {**known, "listed": self.date}

    def over(self, other: Fact) -> Fact:
        """This fact, and what the other knows besides."""
        mine = {each.name: getattr(self, each.name) for each in fields(self)}
        theirs = {each.name: getattr(other, each.name) for each in fields(self)}
        merged = {name: theirs[name] if value in (None, "", (), Price()) else value for name, value in mine.items()}
        merged["is_deprecated"] = self.is_deprecated or other.is_deprecated
        merged["embeds"] = self.embeds or other.embeds
        merged["source"] = "; ".join(dict.fromkeys(source for source in (self.source, other.source) if source))
        return Fact(**merged)


def facts_from_listing(vendor: str, row: Mapping[str, Any], today: str = "") -> Fact:
    """What a vendor's own list says about one model of it. Never raises: what cannot be read is unknown.

    `shutdown_date` (OpenAI), `deprecation` (Mistral), `expiration_date` (OpenRouter), `modelLifecycle` (Bedrock); limits under the names of
    OpenRouter, Mistral, Groq, Gemini, Anthropic, Together, vLLM; prices of OpenRouter (per token) and Together (per million).
    """
    today = today or datetime.now(UTC).date().isoformat()
    design, top = _inner(row, "architecture"), _inner(row, "top_provider")
    life, replacement = _inner(row, "modelLifecycle"), row.get("deprecation_replacement_model")
    retires = next(
        (day for day in (_day(row.get(name)) for name in ("shutdown_date", "expiration_date", "retirement_date", "deprecation")) if day),
        _day(life.get("endOfLifeTime")),
    )
    deprecated = _day(row.get("deprecation")) or _day(row.get("deprecation_date")) or _day(life.get("legacyTime"))
    return Fact(
        price=_price(row),
        context_tokens=_count(
            row, "context_length", "max_context_length", "context_window", "max_model_len", "inputTokenLimit", "max_input_tokens"
        )
        or _count(top, "context_length"),
        source=f"{vendor}'s own list of models",
        date=today,
        output_tokens=_count(row, "max_completion_tokens", "outputTokenLimit", "max_output_tokens", "max_tokens")
        or _count(top, "max_completion_tokens"),
        reads=_kinds(design.get("input_modalities") or row.get("inputModalities") or row.get("input_modalities")) or _reads(row),
        writes=_kinds(design.get("output_modalities") or row.get("outputModalities") or row.get("output_modalities")),
        open_weights=True if row.get("hugging_face_id") else None,
        released=_day(row.get("created") or row.get("created_at")),
        deprecated=deprecated,
        retires=retires,
        successor=replacement if isinstance(replacement, str) and replacement else None,
        is_deprecated=bool((deprecated or retires or "9999") <= today or life.get("status") == "LEGACY" or row.get("deprecated") is True),
        embeds=_embeds(row, design),
    )


def listed(vendor: str, pages: Iterable[Any], today: str = "") -> dict[str, dict[str, Any]]:
    """What a vendor's own list of models says, by the name that the API takes: for `Connections.learn`. `pages`: the JSON of each page."""
    found: dict[str, dict[str, Any]] = {}
    for page in pages:
        rows: Any = page
        if isinstance(page, Mapping):
            rows = next(
                (page[key] for key in ("data", "models", "publisherModels", "modelSummaries") if isinstance(page.get(key), list)), ()
            )
        for row in rows if isinstance(rows, list) else ():
            name = (row.get("id") or row.get("modelId") or row.get("name") or row.get("model")) if isinstance(row, Mapping) else None
            if isinstance(name, str):
                found[name.removeprefix("models/").removeprefix("publishers/google/models/")] = facts_from_listing(
                    vendor, row, today
                ).learnt()
    return found


def _price(row: Mapping[str, Any]) -> Price:
    """The price in a list; unknown where it cannot be said by the token, or where a router says -1: it depends on the model it picks."""
    listed = _inner(row, "pricing")
    if "input" in listed and "output" in listed:  # Together: dollars for a million; nought for what it does not serve by the token
        read, written, cached = _amount(listed["input"]), _amount(listed["output"]), _amount(listed.get("cached_input"))
        return Price(read, written, cached or None) if read or written else Price()
    rates = {own: _amount(listed[name]) for name, own in _PER_TOKEN.items() if name in listed}
    if rates.get("input_usd") is None or rates.get("output_usd") is None or _amount(listed.get("request", 0)) != 0:
        return Price()
    by_million = {name: rate * 1_000_000 for name, rate in rates.items() if rate is not None}
    if not by_million.get("reasoning_usd"):
        by_million.pop("reasoning_usd", None)  # nought means: as all that is written
    searched = _amount(listed.get("web_search"))
    plain: dict[str, Any] = {name: Decimal(format(rate.normalize(), "f")) for name, rate in by_million.items()}
    return Price(**plain, web_search_usd=searched or None)


def _reads(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a model reads, from the capabilities of Mistral and Anthropic."""
    can = _inner(row, "capabilities")
    if "vision" in can:
        return ("text", "image") if can["vision"] else ("text",)
    found = {"image": can.get("image_input"), "pdf": can.get("pdf_input")}
    if all(value is None for value in found.values()):
        return ()
    return ("text", *(kind for kind, value in found.items() if _is_supported(value)))


def _embeds(row: Mapping[str, Any], design: Mapping[str, Any]) -> bool:
    """True where a list says so: methods of Gemini, endpoints of Cohere, the type of Together and LM Studio, the family of Ollama, what
    comes out of OpenRouter's and Bedrock's."""
    methods, endpoints = row.get("supportedGenerationMethods"), row.get("endpoints")
    if isinstance(methods, list):
        return "embedContent" in methods and "generateContent" not in methods
    if isinstance(endpoints, list):
        return "embed" in endpoints and "chat" not in endpoints
    written = design.get("output_modalities") or row.get("outputModalities")
    kinds = written if isinstance(written, list) else [row.get("type"), _inner(row, "details").get("family")]
    return any(str(kind).lower() in ("embedding", "embeddings", "bert", "nomic-bert") for kind in kinds)


def _is_supported(value: Any) -> bool:
    return bool(value.get("supported") if isinstance(value, Mapping) else value)


def _kinds(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    named = {_SAME_KIND.get(kind, kind) for kind in (str(each).lower() for each in value)}
    return tuple(kind for kind in KINDS if kind in named)


def _inner(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = row.get(name)
    return found if isinstance(found, Mapping) else {}


def _count(row: Mapping[str, Any], *names: str) -> int | None:
    found: Iterable[Any] = (row.get(name) for name in names)
    return next((int(value) for value in found if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0), None)


def _amount(value: Any) -> Decimal | None:
    """Dollars that are no less than nought, or None."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _day(value: Any) -> str | None:
    """The ISO date of a date, a moment, or seconds since 1970."""
    if isinstance(value, bool) or not value:
        return None
    try:
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC).date().isoformat()
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return None
