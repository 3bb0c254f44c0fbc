"""The catalogue: its file, the names that find a model, prices that change, and a provider's own list as facts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.assets import asset
from workbench.providers import catalog
from workbench.providers.catalog import _fact
from workbench.providers.facts import KINDS, Fact, facts_from_listing, listed
from workbench.providers.model_names import bare, candidates, weights
from workbench.values import Price, Usage

TODAY = "2026-11-28"
DAY = re.compile(r"20\d\d-\d\d(-\d\d)?")


def facts() -> Iterator[tuple[str, str, Fact]]:
    for section, vendor in json.loads(asset("models.json").read_text("utf-8"))["vendors"].items():
        for name in vendor["models"]:
            fact = _fact(section, name, TODAY)
            assert fact is not None, (section, name)
            yield section, name, fact


def test_every_row_of_the_catalogue_has_source_and_date_and_figures_that_can_be_true() -> None:
    count = 0
    for section, name, fact in facts():
        at = (section, name)
        assert fact.source, at
        assert DAY.fullmatch(fact.date), at
        assert set(fact.reads) <= set(KINDS), at
        assert set(fact.writes) <= set(KINDS), at
        for day in (fact.released, fact.retires):
            assert day is None or re.match(r"20\d\d(-\d\d(-\d\d)?)?$", day), (at, day)
        assert section not in fact.hosts, at
        for tokens in (fact.context_tokens, fact.output_tokens):
            assert tokens is None or 0 < tokens < 100_000_000, at
        for price in (fact.price, *(price for _, price in fact.price.tiers), *([fact.price.batch] if fact.price.batch else [])):
            assert (price.input_usd is None) == (price.output_usd is None), at
            assert price.input_usd is None or 0 <= price.input_usd <= 1000, at
        count += 1
    assert count > 1500


def test_the_file_is_small_sorted_and_read_when_first_needed() -> None:
    text = asset("models.json").read_text("utf-8")
    assert len(text) < 600_000
    for vendor in json.loads(text)["vendors"].values():
        assert list(vendor["models"]) == sorted(vendor["models"])
    assert max(len(line) for line in text.splitlines()) < 2_000, "one readable line for each model"
    catalog._catalogue.cache_clear()
    catalog.price("ollama", "llama3")
    catalog.price("builtin", "anything")
    assert catalog._catalogue.cache_info().currsize == 0, "what runs here needs no catalogue"


@pytest.mark.parametrize(
    "section", ["anthropic", "aws", "azure", "cohere", "google", "google-vertex", "groq", "mistral", "openai", "openrouter"]
)
def test_each_large_vendor_has_priced_models_that_read_pictures_and_have_a_context(section: str) -> None:
    mine = [fact for name, _, fact in facts() if name == section]
    assert sum(fact.price.input_usd is not None and bool(fact.context_tokens) for fact in mine) >= 5
    assert any("image" in fact.reads for fact in mine)


@pytest.mark.parametrize(
    ("section", "asked", "read_usd"),
    [
        ("anthropic", "claude-sonnet-4-5-20250929", "3"),
        ("anthropic", "claude-sonnet-4-5-latest", "3"),
        ("anthropic", "Claude-Sonnet-4-5", "3"),
        ("aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.3"),
        ("aws", "jp.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.3"),
        ("aws", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "3"),
        ("aws", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0", "0.06"),
        ("google", "models/gemini-2.5-flash", "0.3"),
        ("google", "gemini-2.0-flash-001", "0.1"),
        ("google-vertex", "publishers/google/models/gemini-2.5-flash", "0.3"),
        ("google-vertex", "claude-sonnet-4-5@20250929", "3"),
        ("openai", "gpt-4o-mini-2024-07-18", "0.15"),
        ("openai", "gpt-4o-2024-05-13", "5"),
        ("openai", "openai/gpt-4o", "2.5"),
        ("mistral", "mistral-small-latest", "0.15"),
        ("x-ai", "grok-4-latest", "3"),
        ("fireworks", "accounts/fireworks/models/deepseek-v3p2", "0.56"),
        ("azure", "gpt-4o", "2.5"),
    ],
)
def test_a_model_is_found_by_every_name_that_apis_have_for_it(section: str, asked: str, read_usd: str) -> None:
    fact = _fact(section, asked, TODAY)
    assert fact is not None
    assert fact.price.input_usd == Decimal(read_usd)


@pytest.mark.parametrize(
    ("section", "asked"),
    [
        ("openai", "gpt-99"),
        ("openai", "gpt-4o-mega"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::abc"),
        ("openai", ""),
        ("anthropic", "claude-sonnet-9"),
        ("openrouter", "openai/gpt-4o:no-such-way"),
        ("no-such-vendor", "gpt-4o"),
    ],
)
def test_a_model_that_no_catalogue_knows_is_unknown(section: str, asked: str) -> None:
    assert _fact(section, asked, TODAY) is None


def test_a_snapshot_has_no_end_but_its_own() -> None:
    alias, snapshot = _fact("openai", "gpt-4o-mini", TODAY), _fact("openai", "gpt-4o-mini-2031-01-01", TODAY)
    assert alias is not None
    assert snapshot is not None
    assert alias.retires is not None
    assert snapshot.retires is None
    assert snapshot.price == alias.price


def test_an_announced_price_counts_from_its_day() -> None:
    before, after = _fact("google", "gemini-3.8-flash", "2026-12-31"), _fact("google", "gemini-3.8-flash", "2027-01-01")
    assert before is not None
    assert after is not None
    assert before.price != after.price
    assert after.price.input_usd == Decimal("1.5")


def test_a_model_that_has_stopped_is_deprecated() -> None:
    fact = _fact("deepseek", "deepseek-chat", TODAY)
    assert fact is not None
    assert (fact.retires, fact.is_deprecated) == ("2026-07-24", True)
    assert fact.price == Price(), "its price depends on the time of day: unknown, and never 0"


def test_the_same_weights_are_found_at_other_hosts() -> None:
    fact = _fact("groq", "llama-3.3-70b-versatile", TODAY)
    assert fact is not None
    assert fact.open_weights is True
    assert {"aws", "openrouter"} <= set(fact.hosts)
    names = ("meta-llama/Llama-3.3-70B-Instruct", "llama-3.3-70b-versatile", "us.meta.llama3-3-70b-instruct-v1:0")
    assert {weights(name) for name in names} == {"llama-3-3-70b"}
    assert weights("accounts/fireworks/models/deepseek-v3p2") == weights("deepseek/deepseek-v3.2") == "deepseek-v3-2"


def test_prices_hold_at_the_vendors_own_addresses_only() -> None:
    assert catalog.known("openai", "gpt-4o", "https://api.openai.com/v1").price.input_usd == Decimal("2.5")
    assert catalog.known("openai", "gpt-4o", "https://resold.example.com/v1") == Fact()
    assert catalog.known("azure", "gpt-4o", "https://my-resource.openai.azure.com/openai/v1").price.input_usd == Decimal("2.5")
    assert catalog.known("azure", "gpt-4o", "https://gateway.example.com/openai/v1") == Fact()


@given(st.text(max_size=80))
def test_any_name_can_be_asked_for(name: str) -> None:
    forms = list(candidates(name))
    assert len(forms) == len(set(forms))
    assert isinstance(bare(name), str)
    fact = _fact("openai", name, TODAY)
    assert fact is None or fact.source


# -- lists of providers ------------------------------------------------------------------------------------------------


def test_openrouters_list_gives_prices_by_the_million_limits_and_kinds(shared: Path) -> None:
    rows = json.loads((shared / "models" / "openrouter_models_list.json").read_text("utf-8"))["data"]
    found = {row["id"]: facts_from_listing("OpenRouter", row, TODAY) for row in rows}
    fact = found["anthropic/claude-opus-4.7-fast"]
    assert fact.price.input_usd == Decimal(30)
    assert fact.price.output_usd == Decimal(150)
    assert fact.price.cached_input_usd == Decimal(3)
    assert fact.price.cache_write_usd == Decimal("37.5")
    assert fact.price.web_search_usd == Decimal("0.01")
    assert (fact.context_tokens, fact.output_tokens) == (1_000_000, 128_000)
    assert (fact.reads, fact.writes) == (("text", "image", "pdf"), ("text",))
    assert (fact.source, fact.date, fact.released) == ("OpenRouter's own list of models", TODAY, "2026-05-12")
    assert fact.price.cost(Usage(1_000, 100, 400)) == Decimal("0.0342")
    assert sum(fact.price != Price() for fact in found.values()) > 300
    assert found["openrouter/auto"].price == Price(), "a router's price depends on the model that it picks"
    assert any(fact.retires for fact in found.values())
    assert all(fact.price.input_usd is None or fact.price.input_usd >= 0 for fact in found.values())


def test_recorded_lists_of_models_are_read(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "wire" / "open").glob("*_models_single_*.json")):
        recording = json.loads(path.read_text("utf-8"))
        body = recording["response"].get("body") or recording["response"].get("body_text") or ""
        listed = json.loads(body) if isinstance(body, str) and body else body
        for row in (listed or {}).get("data", (listed or {}).get("models", [])):
            fact = facts_from_listing(recording["provider"], row, TODAY)
            assert fact.date == TODAY
            if row.get("name") == "models/gemini-2.5-flash":
                assert (fact.context_tokens, fact.output_tokens) == (1_048_576, 65_536)
            seen += 1
    assert seen > 10


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"id": "gpt-4o", "created": 1715367049, "shutdown_date": "2027-01-14"}, {"retires": "2027-01-14", "released": "2024-05-10"}),
        ({"id": "gpt-4o", "shutdown_date": None}, {"retires": None}),
        ({"id": "m", "deprecation": "2026-11-30T12:00:00Z", "deprecation_replacement_model": "mistral-medium-latest",
          "max_context_length": 131072, "capabilities": {"vision": True}},
         {"retires": "2026-11-30", "deprecated": "2026-11-30", "successor": "mistral-medium-latest",
          "context_tokens": 131072, "reads": ("text", "image"), "is_deprecated": False}),
        ({"id": "m", "deprecation": "2026-11-01", "capabilities": {"vision": False}}, {"is_deprecated": True, "reads": ("text",)}),
        ({"id": "a/b", "expiration_date": "2026-12-24"}, {"retires": "2026-12-24"}),
        ({"modelId": "x", "inputModalities": ["TEXT", "IMAGE"], "outputModalities": ["TEXT"],
          "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": "2027-04-08T00:00:00Z", "legacyTime": "2026-10-01T00:00:00Z"}},
         {"reads": ("text", "image"), "writes": ("text",), "retires": "2027-04-08", "deprecated": "2026-10-01", "is_deprecated": True}),
        ({"id": "claude", "created_at": "2025-09-29T00:00:00Z", "max_input_tokens": 200000, "max_tokens": 64000,
          "capabilities": {"image_input": {"supported": True}, "pdf_input": {"supported": False}}},
         {"context_tokens": 200000, "output_tokens": 64000, "reads": ("text", "image"), "released": "2025-09-29"}),
        ({"id": "t", "context_length": 8192, "pricing": {"input": 0.18, "output": 0.18, "hourly": 0}},
         {"price": Price(Decimal("0.18"), Decimal("0.18")), "context_tokens": 8192}),
        ({"id": "t", "pricing": {"input": 0, "output": 0}}, {"price": Price()}),
        ({"id": "q", "pricing": {"prompt": "-1", "completion": "-1"}}, {"price": Price()}),
        ({"id": "q", "pricing": {"prompt": "0.000001", "completion": "0.000002", "request": "0.005"}}, {"price": Price()}),
        ({"id": "q", "pricing": {"prompt": "0", "completion": "0"}}, {"price": Price(Decimal(0), Decimal(0))}),
        ({"id": "groq", "context_window": 131072, "max_completion_tokens": 32768}, {"context_tokens": 131072, "output_tokens": 32768}),
    ],
)  # fmt: skip
def test_each_vendors_own_words_are_understood(row: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    fact = facts_from_listing("Vendor", row, TODAY)
    assert {name: getattr(fact, name) for name in expected} == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("created", "shutdown_date", "deprecation", "expiration_date", "pricing", "architecture", "context_length", "capabilities",
         "modelLifecycle", "top_provider", "max_tokens", "inputModalities", "deprecation_replacement_model")  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), json_values, max_size=6))
def test_no_list_of_models_can_break_it(row: dict[str, Any]) -> None:
    assert facts_from_listing("Vendor", row, TODAY).date == TODAY


def test_pages_of_a_list_become_what_is_learnt_of_each_model(shared: Path) -> None:
    page = json.loads((shared / "models" / "openrouter_models_list.json").read_text("utf-8"))
    learnt = listed("OpenRouter", [page, {"error": "no"}, "text", None, {"data": [3, {"id": None}]}], TODAY)
    assert len(learnt) == len(page["data"])
    assert learnt["anthropic/claude-opus-4.7-fast"]["price"]["input_usd"] == "30"
    assert learnt["anthropic/claude-opus-4.7-fast"]["listed"] == TODAY
    assert json.loads(json.dumps(learnt)) == learnt, "it lies in the workspace as JSON"
    gemini = listed("Gemini", [{"models": [{"name": "models/gemini-2.5-flash", "inputTokenLimit": 1048576}]}], TODAY)
    assert gemini == {"gemini-2.5-flash": {"context_tokens": 1048576, "listed": TODAY}}
    bedrock = listed("Bedrock", [{"modelSummaries": [{"modelId": "amazon.nova-lite-v1:0", "inputModalities": ["TEXT", "VIDEO"]}]}], TODAY)
    assert bedrock["amazon.nova-lite-v1:0"]["reads"] == ["text", "video"]


def test_a_list_wins_over_the_catalogue_and_what_it_lacks_stays() -> None:
    listed = facts_from_listing("OpenAI", {"id": "gpt-4o", "shutdown_date": "2026-12-31"}, TODAY)
    known = _fact("openai", "gpt-4o", TODAY)
    assert known is not None
    merged = listed.over(known)
    assert (merged.retires, merged.price, merged.context_tokens) == ("2026-12-31", known.price, known.context_tokens)
    assert merged.source == f"OpenAI's own list of models; {known.source}"
    assert listed.learnt() == {"retires": "2026-12-31", "listed": TODAY}


def test_a_server_of_ones_own_is_free_and_a_gateway_to_a_vendor_is_not() -> None:
    for vendor, address in (("ollama", ""), ("ollama", "http://127.0.0.1:9/"), ("other", "http://127.0.0.1:8000/v1"), ("builtin", "")):
        assert catalog.price(vendor, "gpt-4.1", address).is_free
    assert catalog.price("openai", "gpt-4.1", "http://127.0.0.1:4000/v1") == Price()
    assert catalog.price("openai", "gpt-4.1").input_usd
