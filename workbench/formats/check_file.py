"""Checks in a file of their own: a list, or what stands under `checks` (as in our own files) or `assert` (as in promptfoo's)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.formats.promptfoo.checks import Asserting, read_checks
from workbench.formats.promptfoo.files import ConfigFolder, parse
from workbench.formats.promptfoo.graders import Grader, Graders
from workbench.formats.reports import NotCarried, Notes
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput, Check, Content

_FORM = "Write a list of checks, such as `- {type: contains, value: refund}`."


@dataclass(frozen=True, slots=True)
class CheckFile:
    """What a file of checks holds."""

    checks: tuple[Check, ...]
    judge_prompts: Mapping[str, Content]
    """The judge prompts (`rubricPrompt`) that its checks name."""
    not_carried: tuple[NotCarried, ...]


def read_check_file(path: Path) -> CheckFile:
    """The checks in a YAML or JSON file, and what could not be carried over. Raises BadInput where it holds none."""
    folder, notes = ConfigFolder(path.parent), Notes(str(path))
    found = parse(folder.text(path.name), str(path))
    items = _items(found)
    if items is None:
        raise BadInput("This file holds no list of checks.", path=str(path), remedy=_FORM)
    graders = Graders(folder, notes, {}, path.stem)
    checks = read_checks([_spelled_out(item) for item in items], Asserting(folder, notes, graders, usual=_usual(found)))
    if items and not checks:
        raise BadInput("No entry of this file is a check with a type.", path=str(path), remedy=_FORM)
    return CheckFile(checks, graders.prompts, notes.all())


def _usual(found: Any) -> Grader:
    """Who judges where a check names nobody: as `defaultTest.options` of a configuration says."""
    default = found.get("defaultTest") if isinstance(found, dict) else None
    options = default.get("options") if isinstance(default, dict) else None
    return Grader().over(options if isinstance(options, dict) else {})


def _items(found: Any) -> list[Any] | None:
    if isinstance(found, dict):
        default = found.get("defaultTest")
        inner = default.get("assert") if isinstance(default, dict) else None
        found = next((one for one in (found.get("checks"), found.get("assert"), inner) if one is not None), None)
    return found if isinstance(found, list) else None


def _spelled_out(item: Any) -> Any:
    """An entry in promptfoo's words: `is-json` and `contains: refund` are short for a type, and our `name` is its `metric`."""
    if isinstance(item, str):
        return {"type": item}
    if not isinstance(item, dict) or not item:
        return item
    if "type" not in item:
        (kind, value), *rest = item.items()
        item = {"type": kind, "value": value, **dict(rest)}
    item = dict(item)
    if "name" in item:
        item.setdefault("metric", item.pop("name"))
    if str(item.get("type", "")).endswith("assert-set") and isinstance(item.get("value"), list):
        item["assert"] = item.pop("value")
    if isinstance(item.get("assert"), list):
        item["assert"] = [_spelled_out(one) for one in item["assert"]]
    return item
