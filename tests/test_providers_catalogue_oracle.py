"""Usage and cost against 250 real usage payloads that genai-prices publishes with counts and prices, at the rates of that snapshot."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from workbench.values import Price, Usage

Reader = Callable[[Any], Usage]
SNAPSHOT = "2026-08-21"
RATES = {
    "input_mtok": "input_usd", "output_mtok": "output_usd", "cache_read_mtok": "cached_input_usd", "cache_write_mtok": "cache_write_usd",
    "input_audio_mtok": "input_audio_usd", "output_audio_mtok": "output_audio_usd", "cache_audio_read_mtok": "cached_audio_usd",
}  # fmt: skip
COUNTS = {
    "cache_read_tokens": "cached_input_tokens", "output_reasoning_tokens": "reasoning_tokens",
    "cache_audio_read_tokens": "cached_audio_tokens", "cache_image_read_tokens": "cached_image_tokens",
    **{name: name for name in ("input_tokens", "output_tokens", "cache_write_tokens", "cache_write_1h_tokens", "input_audio_tokens",
       "output_audio_tokens", "input_image_tokens", "output_image_tokens")},
}  # fmt: skip
"""Names of the oracle -> ours."""

PACKAGES = {"chat": "openai_chat", "responses": "openai_responses"} | {name: name for name in ("anthropic", "gemini", "bedrock", "cohere")}
"""The package of each wire format. Its `usage_of`, in a module `usage` or beside the reader of answers, is what is tried here."""

FORMATS = {
    ("openai", "chat"): "chat", ("openai", "responses"): "responses", ("azure", "chat"): "chat", ("azure", "responses"): "responses",
    ("azure", "anthropic"): "anthropic", ("anthropic", "default"): "anthropic", ("aws", "anthropic"): "anthropic",
    ("google", "anthropic"): "anthropic", ("google", "default"): "gemini", ("google", "chat"): "chat", ("aws", "default"): "bedrock",
    ("cohere", "tokens"): "cohere", ("mistral", "default"): "chat", ("groq", "default"): "chat", ("deepseek", "chat"): "chat",
    ("fireworks", "chat"): "chat", ("openrouter", "chat"): "chat", ("x-ai", "chat"): "chat", ("cerebras", "chat"): "chat",
    ("moonshotai", "chat"): "chat", ("anthropic", "chat"): "chat",
    **{(f"huggingface_{host}", "chat"): "chat" for host in ("cerebras", "fireworks-ai", "groq", "hyperbolic", "nebius", "novita", "nscale",
       "ovhcloud", "publicai", "sambanova", "together")},
}  # fmt: skip
"""Which wire format a vendor's flavour is to us; vendors and flavours that are missing here are none that the app calls."""
DETAILS = ("cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "cache_write_1h_tokens")
PLAIN = {("openai", "chat"), ("openrouter", "chat"), ("openai", "responses"), ("anthropic", "default"), ("google", "default"),
         ("aws", "default"), ("cohere", "tokens")}  # fmt: skip
"""Flavours compared on every payload. The oracle reads each payload as all vendors would; the others count where they know the model."""

USAGE_AT = {
    "chat": ("usage",), "responses": ("usage",), "anthropic": ("usage",), "bedrock": ("usage",), "gemini": ("usageMetadata",),
    "cohere": ("usage", "meta"),
}  # fmt: skip
COMPARED = {"anthropic": (116, 116), "bedrock": (36, 0), "chat": (177, 100), "cohere": (5, 0), "gemini": (88, 86), "responses": (80, 76)}
"""Readings compared, and how many of them with a price."""
EXCEPTIONS = {
    ("azure", "responses", "test_openai_responses_model_web_search_tool_without_external_access"):
        "the oracle's reader for Azure leaves out what was written to the cache, which costs a quarter more; ours is as for OpenAI",
}  # fmt: skip
"""(vendor, flavour, name of the sample) -> why our count or cost is another."""

OTHER_RATES = {
    ("google", "gemini-2.5-flash-image"): Price(Decimal("0.3"), Decimal("2.5"), output_image_usd=Decimal(30)),
    ("aws", "openai.gpt-5.6-luna"): Price(Decimal("1.1"), Decimal("6.6")),
}
"""Rates that the oracle was made with and the snapshot lacks: a picture model's text costs less than its pictures; a model is not in it."""


def reason_to_leave_out(pair: Mapping[str, Any], extracted: Mapping[str, Any]) -> str:
    """Why a price of the oracle is none that the app could give; empty for all others."""
    if pair["api_flavor"] == "embeddings" and "output_tokens" not in extracted["usage"]:
        return "the usage of a chat answer, read as if it were of embeddings: half a price"
    return ""


def test_every_price_of_the_oracle_follows_from_its_counts(shared: Path) -> None:
    """The sum, exactly: our rates are the snapshot's, the counts are the oracle's."""
    providers, compared, left_out = catalogue(shared), 0, Counter[str]()
    for sample, extracted, pair in priced(shared):
        reason = reason_to_leave_out(pair, extracted)
        if reason:
            left_out[reason] += 1
            continue
        price = price_of(providers, pair["provider_id"], sample["model"])
        assert price is not None, (pair, sample["model"])
        expected = Decimal(pair["input_price"]) + Decimal(pair["output_price"])
        assert price.cost(counts_of(extracted["usage"])) == expected, (pair, sample)
        compared += 1
    assert compared == 445
    assert list(left_out.values()) == [52]


@pytest.mark.parametrize("wire_format", sorted(set(FORMATS.values())))
def test_usage_is_read_as_the_oracle_reads_it_and_costs_the_same(shared: Path, wire_format: str) -> None:
    """Every payload that a vendor of this wire format could have sent: same counts, and where the oracle has a price, the same price."""
    reader, providers = reader_of(wire_format), catalogue(shared)
    compared = priced_too = 0
    for sample, extracted, pair, body in payloads(shared, wire_format):
        flavour = pair["provider_id"], pair["api_flavor"]
        if (*flavour, Path(sample["body"]["file"]).stem) in EXCEPTIONS:
            continue
        got, want = reader(body), counts_of(extracted["usage"])
        assert (got.input_tokens, got.output_tokens) == (want.input_tokens, want.output_tokens), sample
        for name in DETAILS if flavour in PLAIN else ():  # the oracle's readers for resellers leave out details
            assert (getattr(got, name) or 0) == (getattr(want, name) or 0), (name, sample)
        compared += 1
        if "input_price" in pair:
            price = price_of(providers, pair["provider_id"], sample["model"])
            assert price is not None
            assert price.cost(got) == Decimal(pair["input_price"]) + Decimal(pair["output_price"]), (pair, sample)
            priced_too += 1
    assert (compared, priced_too) == COMPARED[wire_format]


def priced(shared: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    for sample in samples(shared):
        for extracted in sample["extracted"]:
            for pair in extracted["extractors"]:
                if "input_price" in pair:
                    yield sample, extracted, pair


def payloads(shared: Path, wire_format: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any], Any]]:
    """(sample, what was extracted, by whom, the usage object) of the payloads that look like this wire format's own."""
    for sample in samples(shared):
        body = next((sample["body"][key] for key in USAGE_AT[wire_format] if isinstance(sample["body"].get(key), dict)), None)
        if body is None or not is_native(wire_format, body):
            continue
        for extracted in sample["extracted"]:
            for pair in extracted["extractors"]:
                flavour = pair["provider_id"], pair["api_flavor"]
                if FORMATS.get(flavour) == wire_format and ("input_price" in pair or flavour in PLAIN):
                    yield sample, extracted, pair, body


def is_native(wire_format: str, body: Mapping[str, Any]) -> bool:
    """False for a payload of another wire format that has some names in common."""
    if wire_format == "responses":
        return "input_tokens_details" in body or "output_tokens_details" in body
    if wire_format == "anthropic":
        return "input_tokens_details" not in body and "input_tokens" in body
    return True


def reader_of(wire_format: str) -> Reader:
    for module in ("usage", "answer"):
        name = f"workbench.providers.{PACKAGES[wire_format]}.{module}"
        if find_spec(f"workbench.providers.{PACKAGES[wire_format]}") and find_spec(name):
            reader: Reader | None = getattr(import_module(name), "usage_of", None)
            if reader:
                return reader
    raise AssertionError(f"workbench.providers.{PACKAGES[wire_format]} has no usage_of")


def samples(shared: Path) -> list[dict[str, Any]]:
    return list(json.loads((shared / "models" / "genai-prices_usage_samples.json").read_text("utf-8")))


def catalogue(shared: Path) -> dict[str, dict[str, Any]]:
    return {provider["id"]: provider for provider in json.loads((shared / "models" / "genai-prices_data.json").read_text("utf-8"))}


def counts_of(usage: Mapping[str, Any]) -> Usage:
    return Usage(**{COUNTS[name]: count for name, count in usage.items() if name in COUNTS})


def price_of(providers: Mapping[str, dict[str, Any]], provider_id: str, model: str) -> Price | None:
    """The snapshot's price of a model, also of the makers whose models a vendor resells."""
    if (provider_id, model) in OTHER_RATES:
        return OTHER_RATES[provider_id, model]
    provider = providers[provider_id]
    for seller in (provider, *(providers[name] for name in provider.get("fallback_model_providers", ()))):
        found = next((each for each in seller["models"] if matches(each["match"], model.lower())), None)
        if found:
            return price_from(found["prices"])
    return None


def matches(rule: Mapping[str, Any], name: str) -> bool:
    ((kind, value),) = rule.items()
    tests: dict[str, Callable[[], bool]] = {
        "equals": lambda: name == value,
        "starts_with": lambda: name.startswith(value),
        "ends_with": lambda: name.endswith(value),
        "contains": lambda: value in name,
        "regex": lambda: bool(re.search(value, name)),
        "or": lambda: any(matches(each, name) for each in value),
        "and": lambda: all(matches(each, name) for each in value),
    }
    return tests[kind]()


def price_from(prices: Any) -> Price:
    if isinstance(prices, list):
        valid = [each for each in prices if (each.get("constraint") or {}).get("start_date", "") <= SNAPSHOT]
        prices = valid[-1]["prices"]
    rates = {RATES[name]: rate for name, rate in prices.items()}
    starts = sorted({tier["start"] for rate in rates.values() if isinstance(rate, dict) for tier in rate["tiers"]})

    def flat(start: int) -> Price:
        own: dict[str, Any] = {name: Decimal(str(rate_at(rate, start))) for name, rate in rates.items()}
        return Price(**own)

    return replace(flat(0), tiers=tuple((start, flat(start)) for start in starts))


def rate_at(rate: Any, start: int) -> Any:
    if not isinstance(rate, dict):
        return rate
    return next((tier["price"] for tier in reversed(rate["tiers"]) if tier["start"] <= start), rate["base"]) if start else rate["base"]
