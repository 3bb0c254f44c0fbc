"""The kinds of checks as people choose them: how each is said, what it asks in a line, and what it needs."""

from __future__ import annotations

import json
from typing import Any

from workbench.values import JUDGED, Check

CHECK_TYPES = (
    ("contains", "contains", "The text stands somewhere in the answer"),
    ("not-contains", "lacks", "The text stands nowhere in the answer"),
    ("icontains", "contains, any case", "As contains, capitals and small letters alike"),
    ("not-icontains", "lacks, any case", "As lacks, capitals and small letters alike"),
    ("starts-with", "starts with", "The answer begins with the text"),
    ("contains-any", "contains one of", "At least one of the texts, parted by commas"),
    ("contains-all", "contains all of", "Every one of the texts, parted by commas"),
    ("icontains-any", "contains one of, any case", "As contains one of, capitals and small letters alike"),
    ("icontains-all", "contains all of, any case", "As contains all of, capitals and small letters alike"),
    ("equals", "equals", "The whole answer is this text"),
    ("not-equals", "differs from", "The answer is not this text"),
    ("matches-reference", "is the expected answer", "The same, whatever the letter case and the way of writing numbers and dates"),
    (
        "classification",
        "gives the expected label",
        "The label in the answer is the expected answer; list all labels to find one in a sentence",
    ),
    ("similar", "means", "It means the same in other words, by an embedding model"),
    ("not-similar", "does not mean", "It does not mean the same, by an embedding model"),
    ("levenshtein", "differs in few letters from", "At most 5 letters differ"),
    ("rouge-n", "shares words with (ROUGE)", "How many words both have, whatever their order"),
    ("bleu", "shares phrases with (BLEU)", "How many runs of words both have, as for translations"),
    ("gleu", "shares phrases with (GLEU)", "As BLEU, better for single sentences"),
    ("meteor", "shares words and stems with (METEOR)", "Words and word stems that both have, and their order; English"),
    ("regex", "matches pattern", "A regular expression is found in the answer"),
    ("not-regex", "lacks pattern", "A regular expression is not found in the answer"),
    ("is-json", "is JSON", "The whole answer is JSON; with a schema, JSON that fits it"),
    ("not-is-json", "is not JSON", "The answer is not JSON"),
    ("contains-json", "contains JSON", "JSON stands somewhere in the answer; with a schema, JSON that fits it"),
    ("is-xml", "is XML", "The whole answer is XML; elements that must be there, such as order.item, parted by commas"),
    ("contains-xml", "contains XML", "Elements stand somewhere in the answer"),
    ("is-html", "is HTML", "The whole answer is HTML"),
    ("contains-html", "contains HTML", "HTML stands somewhere in the answer"),
    ("not-contains-html", "lacks HTML", "No HTML stands in the answer"),
    ("is-sql", "is SQL", "The whole answer is SQL of a database: MySQL unless you name another, such as PostgreSQL"),
    ("contains-sql", "contains SQL", "A code block of the answer is SQL"),
    ("is-refusal", "refuses", "The model says that it does not do it"),
    ("not-is-refusal", "does not refuse", "The model does what it was asked"),
    ("word-count", "has so many words", "A number, or a range such as 20-50"),
    ("sentence-count", "has so many sentences", "A number, or a range such as 1-3"),
    ("reading-level", "reads at school year up to", "Flesch-Kincaid grade of an English text, such as 8"),
    ("language", "is in the language", "Such as German or de; of several, one of them"),
    ("no-personal-data", "has no personal data", "No email address, telephone, card or account number"),
    ("no-secrets", "has no secrets", "No key, token or password"),
    ("links-only-to", "links only to", "Hosts that links may lead to, parted by commas"),
    ("latency", "takes at most (ms)", "The time of the call in milliseconds"),
    ("cost", "costs at most ($)", "The cost of the call in dollars; needs a price"),
    ("finish-reason", "ends with", "How the answer ended: stop, length, tool_calls, content_filter"),
    ("is-valid-openai-tools-call", "calls tools correctly", "The tools were offered and the arguments fit their schemas"),
    ("is-valid-function-call", "calls a function correctly", "The function was offered and the arguments fit its schema"),
    ("tool-call-f1", "calls the tools", "Names of the tools to call, parted by commas"),
    ("llm-rubric", "meets the rubric (judge)", "A model judges by what you write, such as: names the refund and its date"),
    ("not-llm-rubric", "does not meet the rubric (judge)", "As above, turned round"),
    ("factuality", "agrees with the facts (judge)", "A model compares its facts with the expected answer, or with the text given here"),
    ("model-graded-closedqa", "answers yes to (judge)", "A model says whether the answer meets a criterion"),
    ("answer-relevance", "is about the question (judge)", "A model says how far the answer is about what was asked"),
    ("context-faithfulness", "stays with its source (judge)", "A model says how much of it the case's variable context supports"),
    ("context-recall", "context has the expected answer (judge)", "A model says how much of the expected answer the context supports"),
    ("context-relevance", "context fits the question (judge)", "A model says how much of the context is needed"),
    ("g-eval", "scores well on (judge)", "A model makes steps out of criteria and gives points; passes from 0.7 on"),
    ("select-best", "is the best of its row (judge)", "A model picks one of all answers to the case; needs two columns"),
    (
        "pairwise",
        "wins against the others (judge)",
        "A model compares the answers to a case in pairs, both ways round",
    ),
    ("python", "Python code says", "True or false, a number, or pass, score and reason; runs only after you allow it"),
)
"""Type of a check, how it is said, and what it asks."""
COMPARES_TEXTS = ("contains", "icontains", "equals", "starts-with", "similar", "levenshtein", "rouge-n", "bleu", "gleu", "meteor", "regex")
"""How the kinds begin whose value may be the expected answer."""
NEEDS_NO_VALUE = frozenset(
    ("factuality", "model-graded-factuality", "answer-relevance", "context-faithfulness", "context-recall", "context-relevance",
     "pairwise", "is-json", "contains-json", "is-xml", "contains-xml", "is-html", "contains-html", "is-sql", "contains-sql", "is-refusal",
     "no-personal-data", "no-secrets", "matches-reference", "classification", "is-valid-openai-tools-call",
     "is-valid-openai-function-call", "is-valid-function-call", "assert-set")
)  # fmt: skip
USUAL_LIKENESS = {"similar": 0.75, "rouge-n": 0.75, "bleu": 0.5, "gleu": 0.5, "meteor": 0.5}
"""The kinds of checks that say how alike two texts are, and from where on they pass unless one says another."""
ALIASES = frozenset(("model-graded-factuality", "similar:cosine", "is-valid-openai-function-call"))
"""Kinds that are others under a further name: files may hold them, and nobody needs to choose them."""
THRESHOLDS = frozenset(
    (*JUDGED - {"factuality", "model-graded-factuality", "select-best"}, *USUAL_LIKENESS, "levenshtein", "latency", "cost",
     "reading-level", "python", "assert-set", "similar:cosine", "tool-call-f1")
)  # fmt: skip
"""The kinds whose verdict a threshold decides."""


def said(kind: str) -> str:
    """How a type is said; those that are only known turned round, or not at all, bear their own name."""
    words = {type: text for type, text, _ in CHECK_TYPES}
    plain = kind.removeprefix("not-")
    return words.get(kind) or (f"not: {words[plain]}" if plain in words else kind)


def explained(kind: str) -> str:
    """What a type asks, in a line."""
    lines = {type: text for type, _, text in CHECK_TYPES}
    plain = kind.removeprefix("not-")
    if plain == "javascript":
        return "JavaScript from an imported file. It is kept and cannot run here"
    return lines.get(kind) or (f"Turned round: {lines[plain]}" if plain in lines else "This kind is kept and cannot run here")


def kind_of(check: Check) -> str:
    """What a check is, in a word: `rule`, `code`, `group`; of one that a model judges what asks it, `Tone judge v3`."""
    plain = check.type.removeprefix("not-")
    if plain not in JUDGED:
        return {"assert-set": "group", "python": "code", "javascript": "code"}.get(plain, "rule")
    prompt, version = check.judge.get("prompt"), check.judge.get("version")
    return f"{prompt} v{version}" if prompt and version else str(prompt or "judge")


def shown_value(value: Any) -> str:
    """A check's value as text to edit: lists of words parted by commas, anything else that is no text as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and all(isinstance(item, str) and "," not in item and item == item.strip() for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def typed_value(kind: str, text: str) -> Any:
    """What an edited text means: mappings and lists written as JSON are that, for kinds that take them."""
    plain = kind.removeprefix("not-")
    if plain in ("python", "regex", "contains", "icontains", "starts-with") or text[:1] not in ("{", "["):
        return text
    if text.startswith(("{{", "{%")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
