"""`assert`: promptfoo's assertions as checks. All of them are kept; those that cannot run here say so when they are asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from math import isfinite, nan
from typing import Any

from workbench.formats import expected_cells
from workbench.formats.expected_cells import CODE_PREFIX, GRADED_PREFIX, LISTS, TYPES
from workbench.formats.promptfoo.files import CODE, ConfigFolder, parse, suffix
from workbench.formats.promptfoo.graders import Grader, Graders
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass, replace
from workbench.values import BadInput, Check

TRANSFORMED = " (transformed)"
"""Behind the type of a check whose answer a program would change first: no such check may run on the answer as it is."""
UNREAD = " (its file is not read)"
"""Behind the type of a check whose value stands in a file that may not be read."""
_KNOWN = {
    "type", "provider", "rubricPrompt", "judge", "value", "threshold", "weight", "metric", "transform", "contextTransform", "assert",
    "$ref",
}  # fmt: skip
_DATA = (".json", ".yaml", ".yml")
_SCHEMED = ("is-json", "contains-json")


NOT_HERE = {"javascript", "perplexity", "perplexity-score", "classifier", "moderation", "webhook", "guardrails", "ends-with", "not-empty"}
"""Kinds of promptfoo that nothing here asks: they are kept, and have no verdict."""
OURS = {
    "classification", "language", "links-only-to", "matches-reference", "no-personal-data", "no-secrets", "pairwise", "reading-level",
    "sentence-count",
}  # fmt: skip
"""Kinds that are asked here and that promptfoo does not have."""


def note_what_cannot_run(checks: Iterable[Check], notes: Notes) -> None:
    """Say how many checks are kept and cannot run here, each once however many cases have it."""
    found: list[Check] = []
    for check in _inside(checks):
        kind = check.type.removeprefix("not-")
        if (kind in NOT_HERE or kind.endswith((TRANSFORMED, UNREAD)) or not is_known(kind)) and kind not in OURS and check not in found:
            found.append(check)
    if found:
        kinds = ", ".join(dict.fromkeys(check.type for check in found))
        what = "1 check cannot run here" if len(found) == 1 else f"{len(found)} checks cannot run here"
        notes.add(f"{what}: {kinds}", "kept without a verdict; an answer is judged by its other checks, and not at all where it has none")


def _inside(checks: Iterable[Check]) -> Iterator[Check]:
    for check in checks:
        if check.type.removeprefix("not-") == "assert-set" and isinstance(check.value, list):
            yield from _inside(map(Check.from_json, check.value))
        else:
            yield check


def is_known(kind: str) -> bool:
    """True for a check that promptfoo has."""
    return kind.removeprefix("not-") in {*TYPES, *CODE_PREFIX.values(), *GRADED_PREFIX.values(), "assert-set", "similar:cosine"}


@dataclass(frozen=True, slots=True)
class Asserting:
    """What the assertions of one place have in common."""

    folder: ConfigFolder
    notes: Notes
    graders: Graders
    templates: Mapping[str, Any] = field(default_factory=dict)
    transformed: bool = False
    """A program changes the answers before all of them."""
    usual: Grader = field(default_factory=Grader)
    """Who judges where an assertion names nobody."""


def read_checks(value: Any, where: Asserting) -> tuple[Check, ...]:
    """The checks in a list of assertions."""
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(check for item in items for check in _checks(item, where))


def _checks(item: Any, place: Asserting) -> Iterator[Check]:
    folder, notes, templates = place.folder, place.notes, place.templates
    if isinstance(item, dict) and isinstance(item.get("$ref"), str):
        template = templates.get(item["$ref"].rsplit("/", 1)[-1])
        item = {**template, **item} if isinstance(template, dict) else item
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        notes.add(f"assert {item!r}"[:80], "it has no type")
        return
    kind, where = item["type"], f"assert {item['type']}"
    notes.leftover(item, _KNOWN, where)
    changed = place.transformed or bool(item.get("transform") or item.get("contextTransform"))
    if place.transformed:
        notes.add("transform of answers", "programs in foreign files are not run, so the checks of such answers stay without a verdict")
    elif changed:
        notes.add(f"{where}: transform", "programs in foreign files are not run, so this check stays without a verdict")
    if kind == "assert-set":
        value: Any = [check.to_json() for check in read_checks(item.get("assert"), place)]
    else:
        value = _value(item.get("value"), folder, notes, where, kind.removeprefix("not-"))
    if value == item.get("value") and _is_unread(value, folder, kind):
        kind += UNREAD
    yield Check(
        type=kind + TRANSFORMED if changed else kind,
        value=value,
        name=str(item.get("metric") or ""),
        weight=_number(item, "weight", 1.0, notes, where) or 0.0,
        threshold=_number(item, "threshold", None, notes, where),
        judge=place.graders.judge(item, place.usual),
    )


def _value(value: Any, folder: ConfigFolder, notes: Notes, where: str, kind: str) -> Any:
    if isinstance(value, str) and kind in _SCHEMED and "{{" not in value and not value.startswith("file://"):
        with suppress(BadInput):  # a schema in YAML
            schema = parse(value, where)
            return schema if isinstance(schema, dict) else value
    if not isinstance(value, str) or not value.startswith("file://"):
        return value
    if kind == "python" and suffix(value) == ".py":
        return folder.whole(value)  # nothing of it is read here, and it runs only after somebody has allowed it
    if suffix(value) in CODE:
        notes.add(f"{where}: {value}", "programs in foreign files are not run")
        return value
    if folder.leaves_out(value):
        return value
    return folder.data(value) if suffix(value) in _DATA else folder.text(value).strip()


def _is_unread(value: Any, folder: ConfigFolder, kind: str) -> bool:
    """True for a value that still names a file, outside of the folder: it is noted where it is read."""
    is_name = isinstance(value, str) and value.startswith("file://") and suffix(value) not in CODE
    return is_name and folder.leaves_out(value)


def _number(item: Mapping[str, Any], key: str, default: float | None, notes: Notes, where: str) -> float | None:
    value = item.get(key)
    try:
        found = default if value is None else float(value)
    except (TypeError, ValueError):
        found = nan
    if found is None or isfinite(found):
        return found
    notes.add(f"{where}: {key} {value!r}"[:80], f"a {key} is a number, so the usual one counts")
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
        read = _value(check.value, folder, notes, f"assert {kind}", kind)
        return replace(check, type=check.type + UNREAD if _is_unread(read, folder, kind) else check.type, value=read)
    return check
