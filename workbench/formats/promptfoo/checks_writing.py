"""Checks as the `assert` of promptfoo. Their reader: `checks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from workbench.formats.nunjucks_writing import to_nunjucks
from workbench.formats.promptfoo.checks import TRANSFORMED, UNREAD, is_known
from workbench.formats.reports import Notes
from workbench.values.checks import Check
from workbench.values.problems import BadInput


def asserts(checks: Sequence[Check], notes: Notes) -> Iterator[dict[str, Any]]:
    """What stands in `assert` for these checks. What promptfoo does not know is told."""
    for check in checks:
        if check.type.endswith((TRANSFORMED, UNREAD)) or not is_known(check.type):
            notes.add(f"check {check.title}", f"promptfoo has no check {check.type}.")
            continue
        item: dict[str, Any] = {"type": check.type}
        if check.type.removeprefix("not-") == "assert-set":
            item["assert"] = list(asserts([Check.from_json(inner) for inner in check.value or ()], notes))
        elif check.value is not None:
            item["value"] = _filled(check, notes)
        if check.name:
            item["metric"] = check.name
        if check.weight != 1.0:
            item["weight"] = check.weight
        if check.threshold is not None:
            item["threshold"] = check.threshold
        if check.judge:
            item |= _judge(check, notes)
        yield item


def _judge(check: Check, notes: Notes) -> dict[str, str]:
    """Who judges, as a provider of promptfoo where the check names one of those."""
    model = str(check.judge.get("model") or "")
    if check.judge.get("prompt"):
        notes.add(f"judge prompt of {check.title}", "It stays in the library: promptfoo asks with its own, or with a rubricPrompt.")
    if model and ":" not in model:
        notes.add(f"judge of {check.title}", f"promptfoo does not know the model {model} by this name: write its provider there.")
    return {"provider": model} if ":" in model else {}


def _filled(check: Check, notes: Notes) -> Any:
    """The value of a check; a template in it as promptfoo writes it."""
    if not isinstance(check.value, str) or ("{{" not in check.value and "{%" not in check.value):
        return check.value
    try:
        return to_nunjucks(check.value, {})
    except BadInput as problem:
        notes.add(f"check {check.title}", f"its value stays as it is written here: {problem.message}")
        return check.value
