"""The deterministic checks against promptfoo's own verdicts and scores (0.121), and that no hostile answer holds them up."""

from __future__ import annotations

import builtins
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluators import TYPES, likeness, score
from workbench.evaluators.stems import stem
from workbench.values import Case, Check

VERDICTS = Path(__file__).with_name("promptfoo_verdicts.jsonl")
"""A line each: type, value, threshold, answer, and what promptfoo says: passed, score."""
DELIBERATE = {
    ("is-refusal", ""): "an empty answer passes there with the score 0",
    ("is-refusal", "I can’t suggest one"): "a gap in a list of words there; `I cannot suggest` counts",
    ("not-is-refusal", "I can’t suggest one"): "the same",
    ("is-sql", "SELECT generate_series(1,2)"): "a call of a function that MySQL lacks is grammatical all the same",
    ("contains-sql", "SELECT generate_series(1,2)"): "the same",
    ("not-is-sql", "SELECT generate_series(1,2)"): "the same",
}


def test_verdicts_and_scores_are_those_of_promptfoo() -> None:
    differ, seen = [], set()
    for line in VERDICTS.read_text("utf-8").splitlines():
        kind, value, threshold, text, passed, amount = json.loads(line)
        found = score([Check(kind, value, threshold=threshold)], Case(), text)[0]
        same = found.passed is passed and found.score == pytest.approx(amount, abs=0.001)
        if not same and (kind, text) in DELIBERATE:
            seen.add((kind, text))
        elif not same:
            differ.append((kind, value, text, found.passed, found.score, found.reason))
    assert differ == []
    assert seen == set(DELIBERATE)


def test_meteor_is_the_formula_of_its_paper() -> None:
    assert likeness.meteor("the cat sat on the mat", ["the cat sat on the mat"]) == pytest.approx(1 - 0.5 / 6**3)
    assert likeness.meteor("The cat sat.", ["the cats sat"]) == pytest.approx(1 - 0.5 / 27)
    assert likeness.meteor("on the mat sat the cat", ["the cat sat on the mat"]) < 0.9
    assert likeness.meteor("", ["a"]) == likeness.meteor("b", ["a"]) == 0.0
    words = "caresses ponies hopping relational happily generalizations adoption controlling sky falling"
    assert [stem(word) for word in words.split()] == "caress poni hop relat happili gener adopt control sky fall".split()  # noqa: SIM905


TEXTS = st.text(st.sampled_from("ab c.,'\"<>/d"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_a_likeness_is_between_0_and_1_and_not_turns_verdict_and_score_round(text: str, other: str) -> None:
    for kind in ("rouge-n", "bleu", "gleu", "meteor", "levenshtein"):
        yes, no = score([Check(kind, other), Check(f"not-{kind}", other)], Case(), text)
        assert yes.score is not None
        assert no.score is not None
        assert -1e-9 <= yes.score <= 1 + 1e-9
        assert yes.score + no.score == pytest.approx(1)
        assert yes.passed is not no.passed
    if text.split() and [word.strip(".") for word in text.split()] != [""] * len(text.split()):
        same = score([Check("bleu", text), Check("gleu", text), Check("levenshtein", text, threshold=0)], Case(), text)
        assert [one.passed for one in same] == [True, True, True]


@settings(max_examples=150, deadline=None)
@given(TEXTS | st.text(max_size=80))
def test_no_answer_breaks_a_check(text: str) -> None:
    for kind in TYPES:
        for value in (None, "a.b", ["x"], 3, {"min": 1}, {"requiredElements": ["a"]}):
            found = score([Check(kind, value)], Case(reference="a"), text)[0]
            assert found.reason
            assert (found.passed is None) == (found.score is None)


MILLION = 1_000_000
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))
HOSTILE = {
    "laughs": f"<!DOCTYPE l [{LAUGHS}]><l>&a11;</l>",
    "nested": "<a>" * 10_000 + "</a>" * 10_000,
    "tags": "<a>" * (MILLION // 3),
    "half tags": "<a " * (MILLION // 3),
    "comments": "<!--" * (MILLION // 4),
    "ended comments": "<!---->" * (MILLION // 7),
    "brackets": "(" * MILLION,
    "addresses": "a@" * (MILLION // 2),
    "digits": "1 " * (MILLION // 2),
    "links": "http://" * (MILLION // 7),
    "quotes": "'\\" * (MILLION // 2),
    "words": "the " * (MILLION // 4),
    "braces": "{\n" * (MILLION // 2),
}
VALUES: dict[str, Any] = {
    "levenshtein": "b" * MILLION, "rouge-n": "the", "bleu": "the", "gleu": "the", "meteor": "the", "language": "en", "reading-level": 8,
    "links-only-to": "a.com", "word-count": 3, "sentence-count": 3, "is-xml": "a.a", "contains-xml": "a.a.b", "tool-call-f1": "x",
}  # fmt: skip
VALUELESS = ("is-html", "contains-html", "is-sql", "contains-sql", "is-refusal", "no-personal-data", "no-secrets", "matches-reference",
             "classification")  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_of_a_megabyte_ends_in_time(name: str) -> None:
    for kind in (*VALUES, *VALUELESS):
        began = time.process_time()
        found = score([Check(kind, VALUES.get(kind))], Case(reference="x"), HOSTILE[name])[0]
        assert time.process_time() - began < 8, kind
        assert found.reason


def test_entities_are_refused_and_never_expanded() -> None:
    found = score([Check("is-xml")], Case(), HOSTILE["laughs"])[0]
    assert found.passed is False
    assert "document type" in found.reason
    assert score([Check("is-xml", "a.a.a")], Case(), HOSTILE["nested"])[0].passed is True


def test_without_the_extra_the_check_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] in ("sqlglot", "rapidfuzz"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    for check in (Check("is-sql"), Check("levenshtein", "a")):
        found = score([check], Case(), "SELECT 1")[0]
        assert found.passed is None
        assert 'pip install "prompt-workbench[checks]"' in found.reason


def test_names_of_tables_may_stand_alone_among_those_allowed() -> None:
    value = {"databaseType": "PostgreSQL", "allowedTables": ["users", "shop.orders"]}
    assert score([Check("is-sql", value)], Case(), "SELECT u.id FROM users u JOIN shop.orders o ON o.id = u.id")[0].passed is True
    found = score([Check("is-sql", value)], Case(), "SELECT 1 FROM users; DELETE FROM secrets")[0]
    assert (found.passed, "delete::null::secrets" in found.reason) == (False, True)
    assert score([Check("is-sql", "Cobol")], Case(), "SELECT 1")[0].passed is False
