"""Values: round trips through JSON, hashes as identity, costs that are never guessed."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.values import BadInput, Changes, Check, Content, Endpoint, Message, Part, Price, Usage, canonical, sha256

texts = st.text(max_size=40)
parts = st.one_of(
    st.builds(Part, text=texts),
    st.builds(Part, kind=st.sampled_from(["image", "file"]), media_type=st.just("image/png"), data=st.binary(max_size=20), name=texts),
)
messages = st.one_of(
    st.builds(Message.of, st.sampled_from(["system", "user", "assistant", "tool"]), texts),
    st.builds(Message, st.sampled_from(["user", "assistant"]), st.tuples(parts, parts)),
)
contents = st.builds(
    Content,
    messages=st.lists(messages, max_size=3).map(tuple),
    parameters=st.dictionaries(texts, st.one_of(st.integers(), texts, st.booleans(), st.none()), max_size=3),
    output_schema=st.one_of(st.none(), st.just({"type": "object"})),
)


@given(contents)
def test_content_is_the_same_after_a_round_trip_through_json(content: Content) -> None:
    again = Content.from_json(content.to_json())
    assert again.hash == content.hash
    assert canonical(again.to_json()) == canonical(content.to_json())


def test_equal_content_has_one_hash_whatever_the_order_of_its_parameters() -> None:
    one = Content((Message.of("user", "Hi"),), {"temperature": 0, "top_p": 1})
    two = Content((Message.of("user", "Hi"),), {"top_p": 1, "temperature": 0})
    assert one.hash == two.hash != Content((Message.of("user", "Hi "),), one.parameters).hash


def test_the_hash_of_a_text_with_a_lone_surrogate_does_not_fail() -> None:
    assert len(sha256("\ud800")) == 64


@pytest.mark.parametrize("item", [{"role": "robot", "content": "x"}, {"role": "user", "content": 3}, {"content": "x"}])
def test_a_malformed_message_is_refused(item: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Message.from_json(item)


def test_a_check_writes_only_what_differs_from_the_default() -> None:
    assert Check("is-json").to_json() == {"type": "is-json"}
    check = Check("contains", "refund", "Policy", 2.0, 0.5)
    assert Check.from_json(check.to_json()) == check


def test_a_cost_needs_both_prices_and_both_counts() -> None:
    price = Price(Decimal("2"), Decimal("8"))
    assert price.cost(Usage(1_000, 500)) == Decimal("0.006")
    assert price.cost(Usage(1_000, None)) is None
    assert Price(Decimal("2"), None).cost(Usage(1, 1)) is None
    assert Price().cost(Usage(1, 1)) is None


def test_a_free_model_costs_nothing_even_where_it_counts_nothing() -> None:
    assert Price(Decimal(0), Decimal(0)).cost(Usage()) == 0


def test_counts_that_cannot_be_true_have_no_cost() -> None:
    price = Price(Decimal("2"), Decimal("8"))
    assert price.cost(Usage(10, 1, cached_input_tokens=11)) is None
    assert price.cost(Usage(10**18, 1)) is None
    assert price.cost(Usage(10, -1_000)) is None


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_has_no_word_for_is_refused(number: float) -> None:
    with pytest.raises(BadInput, match="JSON cannot hold"):
        canonical({"a": [number]})


def test_cached_tokens_cost_their_own_rate() -> None:
    assert Price(Decimal("2"), Decimal("8"), Decimal("0.5")).cost(Usage(1_000_000, 0, cached_input_tokens=400_000)) == Decimal("1.4")


@given(st.one_of(st.none(), st.decimals("0", "1000", places=6)), st.one_of(st.none(), st.decimals("0", "1000", places=6)))
def test_a_price_keeps_its_digits_through_json(input_usd: Decimal | None, output_usd: Decimal | None) -> None:
    assert Price.from_json(Price(input_usd, output_usd).to_json()) == Price(input_usd, output_usd)


def test_a_key_is_never_in_the_repr_of_an_endpoint() -> None:
    assert "sk-secret" not in repr(Endpoint("openai-chat", "http://127.0.0.1", "sk-secret"))


def test_bad_input_names_its_place() -> None:
    assert str(BadInput("A tab stands here.", path="a.yaml", line=14)) == "a.yaml, line 14: A tab stands here."
    assert str(BadInput("endfor is missing.", line=4)) == "Line 4: endfor is missing."


def test_changes_tell_kinds_and_ids() -> None:
    changes = Changes({"prompt": frozenset({1, 2})})
    assert changes.has("run", "prompt")
    assert not changes.has("run")
    assert changes.ids("prompt") == {1, 2}
    assert changes.ids("run") == frozenset()


@pytest.mark.parametrize(
    "price",
    [
        {"input_usd": "NaN"}, {"input_usd": "Infinity"}, {"output_usd": -1}, {"output_usd": "free"}, {"cache_write_usd": "much"},
        {"tiers": [{"input_usd": "1"}]}, {"tiers": ["x"]}, {"tiers": [{"above": "x"}]}, {"tiers": 3}, {"batch": "half"},
    ],
)  # fmt: skip
def test_what_is_no_price_is_refused_before_a_run_has_to_reckon_with_it(price: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Price.from_json(price)


def test_a_threshold_is_a_number() -> None:
    assert Check.from_json({"type": "assert-set", "threshold": "0.5"}).threshold == 0.5
    with pytest.raises(ValueError):
        Check.from_json({"type": "assert-set", "threshold": "half"})


STEPPED = Price(Decimal(3), Decimal(15), Decimal("0.3"), tiers=((200_000, Price(Decimal(6), Decimal("22.5"), Decimal("0.6"))),))


def test_a_long_prompt_is_billed_at_the_rate_above_its_threshold_all_of_it() -> None:
    assert STEPPED.cost(Usage(200_000, 1_000)) == Decimal("0.615")
    assert STEPPED.cost(Usage(200_001, 1_000)) == Decimal("1.222506")
    assert STEPPED.cost(Usage(300_000, 0, 300_000)) == Decimal("0.18"), "what came from the cache counts as read"
    assert STEPPED.at(200_001).tiers == ()
    assert STEPPED.at(1).output_usd == 15


def test_every_kind_of_token_costs_its_own_rate() -> None:
    price = Price(
        Decimal(1), Decimal(10), Decimal("0.1"), Decimal("1.25"), Decimal(2), reasoning_usd=Decimal(20), input_audio_usd=Decimal(5),
        output_audio_usd=Decimal(40), cached_audio_usd=Decimal("0.5"), input_image_usd=Decimal(3), output_image_usd=Decimal(30),
        web_search_usd=Decimal("0.01"),
    )  # fmt: skip
    usage = Usage(
        1_000, 1_000, 200, 100, 300, cache_write_1h_tokens=40, input_audio_tokens=150, cached_audio_tokens=50, output_audio_tokens=200,
        input_image_tokens=60, output_image_tokens=100, web_searches=2,
    )  # fmt: skip
    # read: 150 from the cache and 50 of it as sound, 60 written for minutes and 40 for an hour, 100 as sound, 60 as pictures, 540 plain
    read = Decimal(150) / 10 + Decimal(50) / 2 + 60 * Decimal("1.25") + 40 * 2 + 100 * 5 + 60 * 3 + 540
    written = Decimal(300) * 20 + 200 * 40 + 100 * 30 + 400 * 10
    assert price.cost(usage) == (read + written) / 1_000_000 + Decimal("0.02")


def test_a_kind_without_a_rate_of_its_own_costs_what_the_kind_around_it_costs() -> None:
    price = Price(Decimal(2), Decimal(8))
    assert price.cost(Usage(1_000, 500, 400, 300, 200, cache_write_1h_tokens=100, input_audio_tokens=50)) == price.cost(Usage(1_000, 500))
    with_cache = Price(Decimal(2), Decimal(8), cache_write_usd=Decimal(3))
    assert with_cache.cost(Usage(1_000, 0, cache_write_tokens=500, cache_write_1h_tokens=500)) == Decimal("0.0025")


def test_parts_that_are_more_than_the_whole_have_no_cost() -> None:
    price = Price(Decimal(2), Decimal(8), Decimal(1), Decimal(3), Decimal(4), reasoning_usd=Decimal(9), input_audio_usd=Decimal(5))
    assert price.cost(Usage(10, 1, 6, 5)) is None
    assert price.cost(Usage(10, 1, 0, 5, cache_write_1h_tokens=6)) is None
    assert price.cost(Usage(10, 1, reasoning_tokens=2)) is None
    assert price.cost(Usage(10, 1, input_audio_tokens=4, cached_audio_tokens=5)) is None


def test_embeddings_write_nothing_and_still_cost() -> None:
    assert Price(Decimal("0.02"), Decimal(0)).cost(Usage(1_000_000)) == Decimal("0.02")


def test_a_price_is_read_as_it_was_written_before_there_were_more_rates() -> None:
    old = {"input_usd": "0.4", "output_usd": "1.6", "cached_input_usd": None}
    assert Price.from_json(old) == Price(Decimal("0.4"), Decimal("1.6"))
    assert Price.from_json(old).to_json() == old, "a frozen plan is written back as it was"
    assert Price.from_json(None) == Price.from_json({}) == Price()


rates = st.one_of(st.none(), st.decimals("0", "1000", places=6))
flat = st.builds(Price, *[rates] * 13)


@given(flat, st.lists(st.tuples(st.integers(1, 10**6), flat), max_size=2, unique_by=lambda step: step[0]), st.one_of(st.none(), flat))
def test_a_whole_price_goes_through_json(price: Price, steps: list[tuple[int, Price]], batch: Price | None) -> None:
    whole = replace(price, tiers=tuple(sorted(steps, key=lambda step: step[0])), batch=batch)
    assert Price.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    assert hash(whole) == hash(Price.from_json(whole.to_json()))


counts = st.one_of(st.none(), st.integers(0, 10**6))


@given(st.builds(Price, *[rates] * 13), st.builds(Usage, *[counts] * 13))
def test_a_cost_is_none_or_no_less_than_nought(price: Price, usage: Usage) -> None:
    cost = price.cost(usage)
    assert cost is None or cost >= 0


def test_usage_is_written_with_its_common_counts_and_read_back_also_from_before() -> None:
    assert Usage(1, 2).to_json() == {
        "input_tokens": 1, "output_tokens": 2, "cached_input_tokens": None, "cache_write_tokens": None, "reasoning_tokens": None,
    }  # fmt: skip
    whole = Usage(9, 2, 3, 4, 1, 2, 1, 1, 1, 2, 1, 1, 5)
    assert Usage.from_json(whole.to_json()) == whole
    assert Usage.from_json({"input_tokens": 1, "output_tokens": 2, "of_a_later_version": 3}) == Usage(1, 2)
    assert Usage.from_json(None) == Usage()
