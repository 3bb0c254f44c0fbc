"""`assert`: promptfoo's assertions as checks. All of them are kept; those that cannot run here say so when they are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from workbench.formats import expected_cells
from workbench.formats.expected_cells import CODE_PREFIX, GRADED_PREFIX, LISTS, TYPES
from workbench.formats.promptfoo.files import CODE, ConfigFolder, suffix
from workbench.formats.reports import Notes
from workbench.values import Check

TRANSFORMED = " (transformed)"
"""Behind the type of a check whose answer a program would change first: no such check may run on the answer as it is."""
_KNOWN = {"type", "provider", "judge", "value", "threshold", "weight", "metric", "transform", "contextTransform", "assert", "$ref"}
_DATA = (".json", ".yaml", ".yml")
JUDGED = frozenset(
    ("llm-rubric", "factuality", "model-graded-factuality", "model-graded-closedqa", "answer-relevance", "context-faithfulness",
     "context-recall", "context-relevance", "g-eval", "select-best", "pairwise")
)  # fmt: skip
"""Types that a model judges."""


def is_known(kind: str) -> bool:
    """True for a check that promptfoo has."""
    return kind.removeprefix("not-") in {*TYPES, *CODE_PREFIX.values(), *GRADED_PREFIX.values(), "assert-set", "similar:cosine"}


def read_checks(
    value: Any, folder: ConfigFolder, notes: Notes, templates: Mapping[str, Any], *, transformed: bool, judge: str = ""
) -> tuple[Check, ...]:
    """The checks in a list of assertions. `transformed`: a program changes the answers before all of them. `judge`: the model that judges
    where an assertion names none."""
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(check for item in items for check in _checks(item, folder, notes, templates, transformed, judge))


def _checks(item: Any, folder: ConfigFolder, notes: Notes, templates: Mapping[str, Any], transformed: bool, judge: str) -> Iterator[Check]:
    if isinstance(item, dict) and isinstance(item.get("$ref"), str):
        template = templates.get(item["$ref"].rsplit("/", 1)[-1])
        item = {**template, **item} if isinstance(template, dict) else item
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        notes.add(f"assert {item!r}"[:80], "it has no type")
        return
    kind, where = item["type"], f"assert {item['type']}"
    notes.leftover(item, _KNOWN, where)
    changed = transformed or bool(item.get("transform") or item.get("contextTransform"))
    if changed:
        notes.add(f"{where}: transform", "programs in foreign files are not run, so this check stays without a verdict")
    if kind == "assert-set":
        inner = read_checks(item.get("assert"), folder, notes, templates, transformed=transformed, judge=judge)
        value: Any = [check.to_json() for check in inner]
    else:
        value = _value(item.get("value"), folder, notes, where, is_python=kind.removeprefix("not-") == "python")
    yield Check(
        type=kind + TRANSFORMED if changed else kind,
        value=value,
        name=str(item.get("metric") or ""),
        weight=_number(item.get("weight"), 1.0) or 0.0,
        threshold=_number(item.get("threshold"), None),
        judge=_judge(item, judge),
    )


def judge_named(provider: Any) -> str:
    """The model in a `provider` of promptfoo: a name, or a mapping with one; for texts where there are several."""
    if isinstance(provider, dict):
        text = provider.get("text")
        return judge_named(provider["id"] if isinstance(provider.get("id"), str) else text) if provider.get("id") or text else ""
    return provider.strip() if isinstance(provider, str) else ""


def _judge(item: Mapping[str, Any], usual: str) -> dict[str, Any]:
    """Who judges, of an assertion that a model grades."""
    if item["type"].removeprefix("not-") not in JUDGED:
        return {}
    own = item.get("judge")
    named = judge_named(item.get("provider")) or usual
    return {**({"model": named} if named else {}), **(own if isinstance(own, dict) else {})}


def _value(value: Any, folder: ConfigFolder, notes: Notes, where: str, *, is_python: bool = False) -> Any:
    if not isinstance(value, str) or not value.startswith("file://"):
        return value
    if is_python and suffix(value) == ".py":
        return folder.whole(value)  # nothing of it is read here, and it runs only after somebody has allowed it
    if suffix(value) in CODE:
        notes.add(f"{where}: {value}", "programs in foreign files are not run")
        return value
    return folder.data(value) if suffix(value) in _DATA else folder.text(value)


def _number(value: Any, default: float | None) -> float | None:
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError):
        return default


def expected(text: str, folder: ConfigFolder, notes: Notes, *, name: str = "", threshold: float | None = None) -> Check:
    """The check in a cell of an `__expected` column, with what the files that it names hold."""
    text = text.strip()
    if text.startswith("file://") and suffix(text) in CODE:
        if suffix(text) == ".py":
            return Check("python", folder.whole(text), name)
        notes.add(f"assert {text}", "programs in foreign files are not run")
        return Check("javascript", text, name)
    check = expected_cells.expected(text, name=name, threshold=threshold)
    if check.type == "equals" and check.value == text:
        return check
    kind = check.type.removeprefix("not-")
    if kind in TYPES and kind not in LISTS and isinstance(check.value, str) and check.value.startswith("file://"):
        return replace(check, value=_value(check.value, folder, notes, f"assert {kind}"))
    return check
