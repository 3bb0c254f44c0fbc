"""Checks of our own kinds, and those that need facts of the output beside its text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from workbench.evaluators import Facts, facts_of, score
from workbench.values import Case, Check, Reply, ToolCall

GERMAN = "Die Erstattung ist auf dem Weg und wird in fünf Tagen auf Ihrem Konto sein."
ENGLISH = "Your refund is on its way and will be in your account within five days."


def passed(kind: str, text: str, value: Any = None, reference: Any = None, facts: Facts | None = None, **more: Any) -> bool | None:
    found = score([Check(kind, value, **more)], Case(reference=reference), text, facts=facts or Facts())[0]
    assert found.reason
    return found.passed


@pytest.mark.parametrize(
    ("kind", "text", "value", "expected"),
    [
        ("language", GERMAN, "de", True),
        ("language", GERMAN, "German", True),
        ("language", GERMAN, "en, fr", False),
        ("language", ENGLISH, ["de-AT", "en-GB"], True),
        ("language", "Votre remboursement est en route et sera sur votre compte dans les cinq jours.", "fr", True),
        ("language", "Su reembolso está en camino y llegará a su cuenta en los próximos días.", "es", True),
        ("language", "お返金は五日以内に口座に入ります。", "ja", True),
        ("language", "Ваш возврат уже в пути.", "ru", True),
        ("language", "Ваше повернення вже в дорозі, і гроші надійдуть незабаром.", "uk", True),
        ("language", "OK", "en", None),
        ("language", ENGLISH, "xx", None),
        ("language", ENGLISH, "", False),
        ("sentence-count", "One. Two! Three?", 3, True),
        ("sentence-count", "Dr. Smith paid $3.50 for it. Then he left.", 2, True),
        ("sentence-count", "", 0, True),
        ("word-count", "one two three", "2-4", True),
        ("word-count", "one two three", "-2", False),
        ("word-count", "one", "many", False),
        ("word-count", "one", {"min": 5, "max": 2}, False),
        ("reading-level", "The cat sat on the mat. The dog ran to the cat. They had fun.", 3, True),
        ("reading-level", "Notwithstanding considerable organisational heterogeneity, interdepartmental communication necessitates "
         "comprehensive documentation of institutional responsibilities and administrative procedures.", 12, False),
        ("reading-level", GERMAN, 8, None),
        ("reading-level", "Too short.", 8, None),
        ("no-personal-data", "Write to ann.lee@example.com.", None, False),
        ("no-personal-data", "Call +1 (415) 555-0132 now.", None, False),
        ("no-personal-data", "Call 415-555-0132", None, False),
        ("no-personal-data", "Ruf 0170/1234567 an.", None, False),
        ("no-personal-data", "Card 4111 1111 1111 1111", None, False),
        ("no-personal-data", "Order 4111 1111 1111 1112", None, True),
        ("no-personal-data", "IBAN DE89 3704 0044 0532 0130 00.", None, False),
        ("no-personal-data", "SSN 123-45-6789", None, False),
        ("no-personal-data", "From 8.8.8.8", None, False),
        ("no-personal-data", "Version 1.2.3, 2024-05-03 to 03.05.2024, $1,234,567.00, 127.0.0.1, order 20240503123", None, True),
        ("no-personal-data", "Write to ann.lee@example.com.", ["phone"], True),
        ("no-personal-data", "x", "shoe-size", False),
        ("no-secrets", "key = sk-proj-abcDEF1234567890abcdEFGH", None, False),
        ("no-secrets", "AKIAIOSFODNN7EXAMPLE", None, False),
        ("no-secrets", "-----BEGIN RSA PRIVATE KEY-----", None, False),
        ("no-secrets", "password: hunter2-Korrekt!", None, False),
        ("no-secrets", "postgres://app:s3cretpw@db.local/x", None, False),
        ("no-secrets", "Set api_key = YOUR_API_KEY_HERE1, then your password: it must have 8 letters.", None, True),
        ("no-secrets", "The token: abcdefgh", None, True),
        ("links-only-to", "See https://www.shop.example/a and //shop.example.", "shop.example", True),
        ("links-only-to", "See [x](https://shop.example@evil.example/).", "shop.example", False),
        ("links-only-to", "https://shop.example.evil.example", "shop.example", False),
        ("links-only-to", "https://evilshop.example", "shop.example", False),
        ("links-only-to", "[x](javascript:alert(1))", "shop.example", False),
        ("links-only-to", "HTTPS:\\\\evil.example", "shop.example", False),
        ("links-only-to", "www.evil.example", "shop.example", False),
        ("links-only-to", "[a](//evil.example/x)", "shop.example", False),
        ("links-only-to", "Note: data: none, at 10:30.", ["https://shop.example/"], True),
        ("links-only-to", "no links", "shop.example", True),
        ("links-only-to", "no links", "", False),
    ],
)  # fmt: skip
def test_a_check_of_our_own_says_what_it_says_and_not_turns_it_round(kind: str, text: str, value: Any, expected: bool | None) -> None:
    assert passed(kind, text, value) is expected
    usable = value not in ("", "many", "shoe-size") and value != {"min": 5, "max": 2}
    if usable:
        assert passed(f"not-{kind}", text, value) is (None if expected is None else not expected)


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("The total is $1,234.50.", "the total is $1234.5", True),
        ("1.234.567,8 EUR", "1234567.8 eur", True),
        ("3 May 2024", "2024-05-03", True),
        ("May 3rd, 2024", "03.05.2024", True),
        ("03/05/2024", "2024-03-05", True),
        ("25/12/2024", "2024-12-25", True),
        ("99/99/2024", "2024-12-25", False),
        ("3. Mai 2024", "2024-05-03", True),
        ("-5 °C", "5 °C", False),
        ("42", 42.0, True),
        ("Yes.", "yes", True),
        ("Yes, it is", "yes", False),
        ("5", "5 %", False),
        ("anything", None, None),
    ],
)
def test_numbers_and_dates_match_however_they_are_written(text: str, reference: Any, expected: bool | None) -> None:
    assert passed("matches-reference", text, reference=reference) is expected


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("refund", None, True),
        ("**Refund.**", None, True),
        ("Label: refund", None, True),
        ('{"label": "Refund", "score": 0.9}', None, True),
        ('```json\n{"category": "refund"}\n```', None, True),
        ("delivery", None, False),
        ("This is about a refund, I think.", "refund, delivery", True),
        ("Either refund or delivery.", "refund, delivery", False),
        ("This is a partial refund request", ["refund", "partial refund"], False),
        ("This is about a refund.", None, False),
    ],
)
def test_a_label_is_found_in_what_models_write(text: str, labels: Any, expected: bool) -> None:
    assert passed("classification", text, labels, reference="refund") is expected


def test_a_fact_that_is_unknown_gives_no_verdict_and_says_why() -> None:
    hand = facts_of(Reply("x"), None, by_hand=True)
    for check in (Check("latency", threshold=5), Check("cost", 1), Check("finish-reason", "stop"), Check("not-cost", 1)):
        for facts in (Facts(), hand):
            found = score([check], Case(), "x", facts=facts)[0]
            assert found.passed is None
            assert "known" in found.reason or "nobody knows" in found.reason
    assert passed("latency", "x", facts=Facts(latency_ms=3)) is False
    assert passed("classification", "x") is None


def test_latency_cost_and_the_end_of_an_answer_are_those_of_its_call() -> None:
    reply = Reply("x", finish_reason="length", raw_finish_reason="MAX_TOKENS", latency_ms=1200.0004)
    facts = facts_of(reply, Decimal("0.002"))
    assert passed("latency", "x", facts=facts, threshold=1200) is True
    assert passed("latency", "x", "1000", facts=facts) is False
    assert passed("cost", "x", facts=facts, threshold=0.002) is True
    assert passed("not-cost", "x", facts=facts, threshold=0.001) is True
    assert passed("finish-reason", "x", "Length", facts=facts) is True
    assert passed("finish-reason", "x", "max_tokens", facts=facts) is True
    assert passed("not-finish-reason", "x", "stop", facts=facts) is True
    refused = facts_of(Reply("", refusal="No."), None)
    assert passed("is-refusal", "A long and friendly answer", facts=refused) is True
    inner = [{"type": "latency", "threshold": 2000}, {"type": "not-cost", "threshold": 1, "weight": 3}]
    assert score([Check("assert-set", inner, threshold=0.2)], Case(), "x", facts=facts)[0].score == 0.25


TOOL = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}}}  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "tools", "expected"),
    [
        ([("weather", {"city": "Bern"})], [TOOL], True),
        ([("weather", '{"city": "Bern"}')], [TOOL], True),
        ([("weather", {"city": 3})], [TOOL], False),
        ([("weather", '{"city":')], [TOOL], False),
        ([("weather", {"city": "Bern"}), ("time", {})], [TOOL], False),
        ([("weather", {"city": "Bern"})], [], False),
        ([("time", None)], [{"name": "time", "input_schema": {"type": "object"}}], True),
        ([], [TOOL], False),
    ],
)
def test_a_call_of_a_tool_is_held_against_what_the_prompt_offers(calls: Any, tools: Any, expected: bool) -> None:
    facts = Facts(tool_calls=tuple(ToolCall("1", name, arguments) for name, arguments in calls), tools=tuple(tools))
    assert passed("is-valid-openai-tools-call", "", facts=facts) is expected
    assert passed("not-is-valid-function-call", "", facts=facts) is not expected


def test_the_right_tools_are_counted_whatever_their_order() -> None:
    facts = Facts(tool_calls=(ToolCall("1", "b", {}), ToolCall("2", "a", {}), ToolCall("3", "a", {})))
    assert passed("tool-call-f1", "", "a, b", facts=facts) is True
    assert score([Check("tool-call-f1", ["a"])], Case(), "", facts=facts)[0].score == pytest.approx(2 / 3)


def test_no_reason_repeats_the_secret_it_found() -> None:
    for kind, text in (("no-secrets", "sk-proj-abcDEF1234567890abcdEFGH"), ("no-personal-data", "ann.lee@example.com")):
        assert text[4:] not in score([Check(kind)], Case(), text)[0].reason
