"""Cells of promptfoo's `__expected` columns as checks."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from workbench.values.check_lines import comma_values
from workbench.values.checks import Check

LISTS = ("contains-any", "contains-all", "icontains-any", "icontains-all")
_EXPECTED = re.compile(r"(not-)?([a-z][a-z0-9-]*)(?:\(\s*([\d.]+)\s*\))?(?::(.*))?", re.DOTALL)
CODE_PREFIX = {"javascript:": "javascript", "fn:": "javascript", "eval:": "javascript", "python:": "python"}
GRADED_PREFIX = {"grade:": "llm-rubric", "llm-rubric:": "llm-rubric"}
TYPES = {
    "select-best",
    "equals", "contains", "icontains", "starts-with", "ends-with", "regex", "is-json", "contains-json", "is-sql", "contains-sql",
    "is-xml", "contains-xml", "is-html", "contains-html", "similar", "levenshtein", "rouge-n", "bleu", "gleu", "meteor", "latency",
    "cost", "perplexity", "perplexity-score", "is-refusal", "is-valid-function-call", "is-valid-openai-function-call",
    "is-valid-openai-tools-call", "word-count", "model-graded-closedqa", "model-graded-factuality", "factuality",
    "answer-relevance", "context-faithfulness", "context-recall", "context-relevance", "classifier", "moderation", "webhook",
    "g-eval", "guardrails", "not-empty", "finish-reason", "tool-call-f1", *LISTS,
}  # fmt: skip
"""Checks that promptfoo has, but for those of code and those that have a prefix of their own."""


def expected(text: str, *, name: str = "", threshold: float | None = None) -> Check:
    """The check in a cell: `type:value`, `type(threshold):value`, or the answer itself. A file that it names is not looked at."""
    text = text.strip()
    for prefix, kind in {**CODE_PREFIX, **GRADED_PREFIX}.items():
        if text.startswith(prefix):
            return Check(kind, text.removeprefix(prefix).strip(), name, threshold=threshold)
    match = _EXPECTED.fullmatch(text)
    if match is None or match[2] not in TYPES:
        return Check("equals", text, name, threshold=threshold)
    negated, kind, bound, rest = match.groups()
    value: Any = None if rest is None else rest.strip()
    if kind in LISTS and value is not None:
        with suppress(ValueError):  # then the check says what is wrong
            value = comma_values(value)
    return Check((negated or "") + kind, value, name, threshold=_number(bound, threshold))


def says_more(text: str) -> bool:
    """True for a cell that says more than the answer itself."""
    return bool(text.strip()) and expected(text) != Check("equals", text.strip())


def _number(text: str | None, default: float | None) -> float | None:
    try:
        return default if text is None else float(text)
    except ValueError:  # two points
        return default
