"""A tier that has prices of its own is recorded, and priced only where its rates are known; Cohere's bill is its own count."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from workbench.providers.anthropic.answer import usage_of as anthropic
from workbench.providers.bedrock import ConverseReader
from workbench.providers.cohere.answer import usage_of as cohere
from workbench.providers.gemini.usage import usage_of as gemini
from workbench.providers.openai_chat import ChatReader
from workbench.providers.openai_responses import ResponsesReader
from workbench.providers.service_tiers import tier_of
from workbench.values import Price, Usage

RATES = Price(Decimal(2), Decimal(10), batch=Price(Decimal(1), Decimal(5)))


@pytest.mark.parametrize(
    ("reported", "tier"),
    [
        ("default", None), ("standard", None), ("auto", None), ("ON_DEMAND", None), ("on_demand", None), (None, None), (3, None),
        ("flex", "flex"), ("priority", "priority"), ("ON_DEMAND_FLEX", "flex"), ("PROVISIONED_THROUGHPUT", "provisioned_throughput"),
        ({"type": "reserved"}, "reserved"), ({"type": "default"}, None), ("batch", "batch"),
    ],
)  # fmt: skip
def test_tiers_go_by_one_word(reported: Any, tier: str | None) -> None:
    assert tier_of(reported) == tier


def test_every_format_records_the_tier_that_it_is_told() -> None:
    answer = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}], "service_tier": "flex"}
    assert ChatReader().whole({**answer, "usage": {"prompt_tokens": 1, "completion_tokens": 2}}).usage.service_tier == "flex"
    said = [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]
    response = {"status": "completed", "output": said, "usage": {"input_tokens": 1, "output_tokens": 2}, "service_tier": "priority"}
    assert ResponsesReader().whole(response).usage.service_tier == "priority"
    assert anthropic({"input_tokens": 1, "output_tokens": 2, "service_tier": "batch"}).service_tier == "batch"
    assert gemini({"promptTokenCount": 1, "trafficType": "PROVISIONED_THROUGHPUT"}).service_tier == "provisioned_throughput"
    body = {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}, "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 2}, "serviceTier": {"type": "flex"},
    }  # fmt: skip
    assert ConverseReader().whole(body).usage.service_tier == "flex"


def test_a_tier_without_known_rates_has_an_unknown_cost_and_a_batch_has_its_own() -> None:
    counts = Usage(1_000_000, 100_000)
    assert RATES.cost(counts) == Decimal(3)
    assert RATES.cost(Usage(1_000_000, 100_000, service_tier="flex")) is None
    assert RATES.cost(Usage(1_000_000, 100_000, service_tier="batch")) == Decimal("1.5")
    assert Price(Decimal(2), Decimal(10)).cost(Usage(1, 1, service_tier="batch")) is None
    assert Price(Decimal(0), Decimal(0)).cost(Usage(1, 1, service_tier="flex")) == 0
    stored = Usage(1, 2, service_tier="flex").to_json()
    assert stored["service_tier"] == "flex"
    assert Usage.from_json(stored) == Usage(1, 2, service_tier="flex")
    assert "service_tier" not in Usage(1, 2).to_json()


def test_cohere_is_paid_by_its_billed_units_and_counted_by_its_tokens() -> None:
    usage = cohere({"billed_units": {"input_tokens": 25, "output_tokens": 9}, "tokens": {"input_tokens": 91, "output_tokens": 11}})
    assert (usage.input_tokens, usage.output_tokens) == (91, 11)
    assert RATES.cost(usage) == (25 * Decimal(2) + 9 * Decimal(10)) / 1_000_000
    only = cohere({"billed_units": {"input_tokens": 25, "output_tokens": 9}})
    assert (only.input_tokens, only.billed_input_tokens) == (25, None)
    assert RATES.cost(only) == RATES.cost(usage)
    cached = cohere({"billed_units": {"input_tokens": 5, "output_tokens": 1}, "tokens": {"input_tokens": 91}, "cached_tokens": 64})
    assert RATES.cost(cached) == (5 * Decimal(2) + 1 * Decimal(10)) / 1_000_000
