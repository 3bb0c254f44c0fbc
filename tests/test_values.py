"""Values: round trips through JSON, hashes as identity, costs that are never guessed."""

from __future__ import annotations

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


@pytest.mark.parametrize("price", [{"input_usd": "NaN"}, {"input_usd": "Infinity"}, {"output_usd": -1}, {"output_usd": "free"}])
def test_what_is_no_price_is_refused_before_a_run_has_to_reckon_with_it(price: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Price.from_json(price)


def test_a_threshold_is_a_number() -> None:
    assert Check.from_json({"type": "assert-set", "threshold": "0.5"}).threshold == 0.5
    with pytest.raises(ValueError):
        Check.from_json({"type": "assert-set", "threshold": "half"})
