from __future__ import annotations

import json
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluators import TYPES, patterns, percentile, score, verdict, wilson
from workbench.evaluators.checks import LATE
from workbench.values import Case, Check, Score


def said(check: Check, text: str) -> Score:
    return score([check], Case({}), text)[0]


def passed(kind: str, value: Any, text: str, **values: Any) -> bool | None:
    return score([Check(kind, value)], Case(values), text)[0].passed


@pytest.mark.parametrize(
    ("kind", "value", "text", "expected"),
    [
        ("equals", "refund", "refund", True),
        ("equals", "refund", "Refund", False),
        ("equals", "refund", "refund ", False),
        ("equals", {"b": [2], "a": 1}, '{"a": 1.0, "b": [2]}', True),
        ("equals", {"a": True}, '{"a": 1}', False),
        ("equals", {"a": 1}, "no JSON", False),
        ("equals", 42, "42", True),
        ("equals", True, "true", True),
        ("contains", "refund", "Your refund is on its way", True),
        ("contains", 4711, "Order 4711 shipped", True),
        ("contains", "", "hello", False),
        ("icontains", "refund", "Your REFUND", True),
        ("starts-with", "Hello", "Hello Priya", True),
        ("contains-any", ["refund", "parcel"], "late parcel", True),
        ("contains-any", "refund, parcel", "late parcel", True),
        ("contains-all", ["refund", "parcel"], "refund for letter", False),
        ("icontains-all", ["refund", "parcel"], "REFUND for Parcel", True),
        ("regex", r"#\d{4}", "Order #4711", True),
        ("regex", "^b$", "a\nb", False),
        ("regex", "a$", "a\n", False),
        ("regex", "a.b", "a\rb", False),
        ("regex", r"a\sb", "a\u00a0b", True),
        ("regex", r"(?<word>\w)\k<word>", "xx", True),
        ("regex", "[^]{3}", "a\nb", True),
        ("regex", r"[\s\S]", "\u00a0", True),
        ("regex", r"\/path\-x", "/path-x", True),
        ("is-json", None, '{"a": 1}', True),
        ("is-json", None, "12", True),
        ("is-json", None, '```json\n{"a": 1}\n```', False),
        ("is-json", None, '{"a": NaN}', False),
        ("is-json", None, "[" * 5000, False),
        ("is-json", {"type": "object", "required": ["label"]}, '{"label": 3}', True),
        ("is-json", {"properties": {"label": {"type": "string"}}}, '{"label": 3}', False),
        ("is-json", '{"type": "array"}', "[]", True),
        ("contains-json", None, 'Sure:\n```json\n{"a": 1}\n```', True),
        ("contains-json", {"required": ["label"]}, 'x {"other": 1} y {"label": 2}', True),
        ("contains-json", None, "no json { here", False),
    ],
)
def test_a_check_means_what_it_means_in_promptfoo_and_not_turns_it_round(kind: str, value: Any, text: str, expected: bool) -> None:
    assert passed(kind, value, text) is expected
    if value != "":
        assert passed(f"not-{kind}", value, text) is not expected


@pytest.mark.parametrize("kind", ["contains", "not-contains", "regex", "not-regex", "icontains"])
def test_a_check_without_a_value_never_passes(kind: str) -> None:
    assert passed(kind, "", "hello") is False
    assert passed(kind, None, "hello") is False


def test_a_pattern_that_is_none_never_passes() -> None:
    for kind in ("regex", "not-regex"):
        found = score([Check(kind, "(")], Case(), "(")[0]
        assert found.passed is False
        assert found.reason.startswith("The pattern is not valid")


def test_the_value_is_a_template_of_the_case() -> None:
    assert passed("contains", "{{ name }}", "Hello Priya", name="Priya") is True
    assert passed("contains-all", ["{{ name }}", "Hello"], "Hello Priya", name="Priya") is True
    assert passed("equals", {"who": "{{ name }}"}, '{"who": "Priya"}', name="Priya") is True
    assert score([Check("equals", "{{ reference }}")], Case({}, reference="yes"), "yes")[0].passed is True


def test_a_long_list_of_values_is_told_in_a_few_words() -> None:
    check = Check("icontains-any", ["garden", "river", "ocean", "maple", "quartz", "ember", "coral"])
    assert check.title == "icontains-any: garden, river, ocean, maple, quartz, em…"
    words = "The answer contains none of “garden”, “river”, “ocean”, “maple”, “quartz” and 2 more."
    assert said(check, "Sand").reason == words
    assert Check("contains-all", ["a", 1]).title == "contains-all: a, 1"


def test_a_check_that_cannot_run_here_has_no_verdict_and_a_reason() -> None:
    for check in (Check("javascript", "output.length > 3"), Check("not-llm-rubric", "polite"), Check("contains", "{{ gone }}")):
        found = score([check], Case(), "text")[0]
        assert found.passed is None
        assert found.score is None
        assert found.reason
        assert verdict([found])[0] is None
        others = verdict([found, Score(Check("equals", "a"), True, 1.0)])
        assert others == ((None, 1.0) if found.pending else (True, 1.0)), (
            "a judge owes its verdict; what cannot be asked leaves it to the others"
        )
        assert verdict([found, Score(Check("equals", "a"), False, 0.0)])[0] is False


def test_a_schema_never_reaches_out_and_never_hangs() -> None:
    began = time.perf_counter()
    assert passed("is-json", {"$ref": "https://example.com/schema.json"}, "{}") is None
    assert passed("is-json", {"pattern": "^(a+)+$"}, json.dumps("a" * 60 + "!")) is None
    assert passed("is-json", {"patternProperties": {"^(a+)+$": {"type": "string"}}}, json.dumps({"a" * 60 + "!": 1})) is None
    assert passed("is-json", {"$ref": "#"}, "{}") is None
    assert passed("is-json", {"type": "nonsense"}, "{}") is False
    assert time.perf_counter() - began < 30


def test_a_set_of_checks_is_one_check() -> None:
    items = [{"type": "contains", "value": "refund"}, {"type": "contains", "value": "parcel"}]
    whole, half = Check("assert-set", items), Check("assert-set", items, threshold=0.5)
    assert [(one.passed, one.score) for one in score([whole, half], Case(), "refund only")] == [(False, 0.5), (True, 0.5)]


def test_the_verdict_is_all_checks_and_the_score_their_weighted_mean() -> None:
    yes, no = Score(Check("a", weight=3), True, 1.0), Score(Check("b"), False, 0.0)
    assert verdict([]) == (None, None)
    assert verdict([yes]) == (True, 1.0)
    assert verdict([yes, no]) == (False, 0.75)
    assert verdict([yes, Score(Check("c", weight=0), False, 0.0)]) == (True, 1.0)


EXPLOSIVE = [
    ("(a+)+$", "a" * 60 + "!"),
    ("(a|aa)+$", "a" * 60 + "!"),
    ("(a|a)*b", "a" * 60),
    ("(.*)*x", "a" * 60),
    (r"^(\w+\s?)*$", "word " * 30 + "!"),
    ("(x+x+)+y", "x" * 60),
    ("a*a*a*a*a*a*b", "a" * 2000),
    ("a+b", "a" * 400_000),
    (".*.*=.*", "x" * 20_000),
    ("a?" * 40 + "a" * 40, "a" * 40),
    ("(a|aa)" * 40 + "c", "a" * 60),
    ("(?:a|ab)(?:c|bcd)" * 25 + "(d*)e", "abcd" * 30),
    (r"(\w+)\1\1\1$", "ab" * 3000 + "c"),
    ("(?=(a+))+$", "a" * 5000 + "!"),
    ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 60),
    ("(" * 90 + "a" + ")*" * 90 + "b", "a" * 60),
    ("[^]*[^]*[^]*z", "a" * 5000),
    ("(?:a{300}){200}b", "a" * 100_000),
]


def test_no_pattern_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    for pattern, text in EXPLOSIVE:
        began = time.perf_counter()
        found = score([Check("regex", pattern)], Case(), text)[0]
        assert time.perf_counter() - began < 10, pattern
        assert found.passed is not True or pattern == "a?" * 40 + "a" * 40, pattern
        if found.passed is None:
            assert "takes longer than 0.2 s" in found.reason
    monkeypatch.undo()
    assert passed("regex", "good.*morning.*all", "x" * 900 + "good morning to all") is True


PIECES = st.sampled_from(["a", "b", "ab", ".", "(a)", "(a|b)", "(a|ab)", "[ab]", "(ab|a|b)"])
LOOPS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,9}", "{2,}", "*?"])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(PIECES, LOOPS), min_size=1, max_size=12), st.sampled_from(["", "$", "c", "c$"]), st.integers(0, 3000))
def test_patterns_put_together_by_chance_end_in_time(parts: list[tuple[str, str]], tail: str, length: int) -> None:
    pattern = "".join(piece + loop for piece, loop in parts) + tail
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "SECONDS", 0.1)
        began = time.perf_counter()
        passed("regex", f"({pattern})+" if length % 2 else pattern, "ab" * (length // 2))
    assert time.perf_counter() - began < 10


def test_the_checks_agree_with_promptfoo_on_its_own_cases(shared: Path) -> None:
    folder = shared / "formats" / "promptfoo-assertions"
    tests = json.loads((folder / "promptfooconfig.json").read_text())["tests"]
    verdicts = json.loads((folder / "verdicts.json").read_text())["verdicts"]

    def read(item: dict[str, Any]) -> Check:
        if item["type"] == "assert-set":
            return Check.from_json({**item, "value": [read(one).to_json() for one in item["assert"]]})
        return Check.from_json(item)

    differ = []
    for test in tests:
        checks = [read(item) for item in test["assert"]]
        if all(check.type in TYPES or check.type == "assert-set" for check in checks):
            found, mean = verdict(score(checks, Case(test["vars"]), test["vars"]["out"]))
            expected = verdicts[test["description"]]
            if found is not expected["passed"] or mean != pytest.approx(expected["score"], abs=0.02):
                differ.append(test["description"])
    assert differ == []


def test_wilsons_interval_is_that_of_the_books() -> None:
    assert wilson(0, 0) is None
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(29, 29) == pytest.approx((0.8830, 1.0), abs=5e-5)


def test_percentiles_take_the_nearest_rank() -> None:
    assert percentile([], 0.5) is None
    assert percentile([1, 2, 3, 4], 0.5) == 2.5
    assert percentile([1, 2, 3], 0.5) == 2
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile([7], 0.95) == 7


def test_the_kinds_of_a_module_are_those_that_it_answers() -> None:
    for module, kinds in LATE.items():
        assert set(import_module(f"workbench.evaluators.{module}").HANDLERS) == set(kinds), module


@pytest.mark.parametrize(
    "sql",
    ["DROP TABLE t", "SELECT a FROM t; DROP TABLE t", "TRUNCATE TABLE t", "ALTER TABLE t ADD c INT",
     "RENAME TABLE t TO b", "REPLACE INTO t VALUES (1)"],
)  # fmt: skip
def test_what_may_be_read_may_not_be_dropped_or_changed(sql: str) -> None:
    pytest.importorskip("sqlglot")
    allowed = {"databaseType": "MySQL", "allowedTables": ["select::null::t"]}
    found = said(Check("is-sql", allowed), sql)
    assert found.passed is False
    assert "is not allowed" in found.reason
    assert said(Check("is-sql"), sql).passed is True


def test_a_mistyped_keyword_of_a_schema_is_no_free_pass() -> None:
    for schema in ({"requird": ["a"]}, {"properties": {"a": {"mininum": 3}}}, {"allOf": [{"dependentRequired": {"a": ["b"]}}]}):
        found = said(Check("is-json", schema), '{"a": 1}')
        assert found.passed is False
        assert "does not know" in found.reason
    named = {"properties": {"requird": {"type": "integer"}}, "definitions": {"mininum": {}}}
    assert said(Check("is-json", named), '{"requird": 1}').passed is True, "names of properties are no keywords"
    newer = {"$schema": "https://json-schema.org/draft/2020-12/schema", "dependentRequired": {"a": ["b"]}}
    found = said(Check("is-json", newer), '{"a": 1}')
    assert found.passed is False
    assert "does not know" not in found.reason
