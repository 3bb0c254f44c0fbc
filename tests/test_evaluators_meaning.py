from __future__ import annotations

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluators import Vectors, compares_meanings, may_be_slow, score, texts_to_compare, verdict
from workbench.evaluators.meaning import cosine
from workbench.values import Case, Check, Score

KNOWN = Vectors(
    {"money back": array("f", [1, 0]), "refund": array("f", [0.8, 0.6]), "parcel": array("f", [0, 2]), "nothing": array("f", [0, 0])},
    "no vector",
)


def judged(check: Check, text: str, vectors: Vectors = KNOWN, **values: Any) -> Score:
    return score([check], Case(values, reference=values.get("reference")), text, vectors)[0]


@pytest.mark.parametrize(
    ("check", "passed", "likeness"),
    [
        (Check("similar", "refund"), True, 0.8),
        (Check("similar:cosine", "refund"), True, 0.8),
        (Check("similar", "refund", threshold=0.8), True, 0.8),
        (Check("similar", "refund", threshold=0.81), False, 0.8),
        (Check("similar", "parcel"), False, 0.0),
        (Check("similar", "money back", threshold=1.0), True, 1.0),
        (Check("similar", "nothing"), False, 0.0),
        (Check("similar", ["parcel", "refund"]), True, 0.8),
        (Check("similar", ["parcel", "nothing"]), False, 0.0),
        (Check("similar", "refund", threshold=0.0), True, 0.8),
        (Check("not-similar", "refund"), False, 0.2),
        (Check("not-similar", "parcel"), True, 1.0),
        (Check("not-similar", ["refund", "parcel"]), True, 1.0),
    ],
)
def test_meanings_are_compared_as_promptfoo_does(check: Check, passed: bool, likeness: float) -> None:
    found = judged(check, "money back")
    assert found.passed is passed
    assert found.score == pytest.approx(likeness, abs=1e-6)


def test_the_reason_names_the_nearest_text_the_likeness_and_the_threshold() -> None:
    assert judged(Check("similar", ["parcel", "refund"]), "money back").reason == (
        "The answer means the same as “refund”: similarity 0.80, threshold 0.75."
    )
    assert judged(Check("not-similar", "parcel"), "money back").reason == (
        "The answer does not mean the same as “parcel”: similarity 0.00, threshold 0.75."
    )


def test_the_value_is_a_template_and_the_reference_of_the_case_stands_in_it() -> None:
    check = Check("similar", "{{ reference }}")
    case = Case({}, reference="refund")
    assert texts_to_compare([check, check, Check("contains", "x")], case, "money back") == ("money back", "refund")
    assert score([check], case, "money back", KNOWN)[0].passed is True
    assert not may_be_slow(check)


def test_without_a_vector_there_is_no_verdict_and_the_word_is_left_to_the_other_checks() -> None:
    missing = judged(Check("similar", "unknown"), "money back")
    assert (missing.passed, missing.score, missing.reason) == (None, None, "no vector")
    none = score([Check("not-similar", "refund"), Check("contains", "money")], Case({}), "money back")
    assert [one.passed for one in none] == [None, True]
    assert "No embedding model" in none[0].reason
    assert verdict(none)[0] is True
    assert verdict(none[:1])[0] is None, "no check could be asked"


def test_an_empty_answer_means_nothing_and_takes_no_call() -> None:
    checks = [Check("similar", "refund"), Check("not-similar", "refund")]
    assert texts_to_compare(checks, Case({}), " \n") == ()
    assert [(one.passed, one.score) for one in score(checks, Case({}), " \n")] == [(False, 0.0), (True, 1.0)]


def test_a_check_without_a_text_to_compare_with_fails_and_asks_for_nothing() -> None:
    for value in (None, "", [], ["  "]):
        assert texts_to_compare([Check("similar", value)], Case({}), "x") == ()
        assert judged(Check("similar", value), "x").passed is False
        assert judged(Check("not-similar", value), "x").passed is False
    assert texts_to_compare([Check("similar", "{{ gone }}")], Case({}), "x") == ()
    assert judged(Check("similar", "{{ gone }}"), "x").passed is None


def test_sets_of_checks_compare_meanings_too() -> None:
    inner = [{"type": "similar", "value": "refund"}, {"type": "contains", "value": "parcel"}]
    for kind, passed in (("assert-set", False), ("not-assert-set", True)):
        check = Check(kind, inner)
        assert compares_meanings([check])
        assert texts_to_compare([check], Case({}), "money back") == ("money back", "refund")
        assert judged(check, "money back").passed is passed
    assert judged(Check("assert-set", inner, threshold=0.39), "money back").passed is True
    assert not compares_meanings([Check("contains", "similar"), Check("assert-set", 7), Check("similar:dot", "x")])


def test_other_measures_are_not_taken_for_the_cosine() -> None:
    found = judged(Check("similar:euclidean", "refund"), "money back")
    assert found.passed is None
    assert "cannot be run here" in found.reason


def test_vectors_of_different_models_are_not_compared() -> None:
    mixed = Vectors({"a": [1.0], "b": [1.0, 0.0]})
    assert judged(Check("similar", "b"), "a", mixed).passed is None


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=8))
def test_a_text_means_the_same_as_itself(vector: list[float]) -> None:
    likeness = cosine(vector, vector)
    assert likeness == pytest.approx(1.0) or (likeness == 0.0 and max(map(abs, vector)) < 1e-20)
