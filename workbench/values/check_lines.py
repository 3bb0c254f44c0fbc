"""The checks of one case as lines that people read and type: `contains: refund`, `similar(0.8): It is on its way`, `is-json`.

A check that has more to say, such as a name, a weight or a schema, is a line of JSON. `only:` alone in the first line lets those below
stand in place of the comparison's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from workbench.values.checks import Check
from workbench.values.comparisons import Case

ONLY = "only:"
_LINE = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?:\(\s*(\d*\.?\d+)\s*\))?(?:\s*:\s*(.*))?")
_ITEM = re.compile(r"""[\s,]*(?:"(?P<quoted>(?:\\["\\]|""|[^"\\]|\\(?!["\\]))*)"\s*(?=,|$)|(?P<bare>[^\s,][^,]*))""")
_ESCAPED = re.compile(r"""\\(["\\])|"(")""")


def to_lines(item: Any) -> str:
    """The lines for what `Case.checks_to_json` wrote."""
    case = Case().with_checks(item)
    return "\n".join([*([ONLY] if case.only_own_checks else []), *map(_to_line, case.checks)])


def from_lines(text: str) -> Any:
    """What `Case.checks_to_json` would write for these lines. Raises ValueError with a sentence that names the line."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    only = bool(lines) and lines[0] == ONLY
    case = Case(checks=tuple(_from_line(line) for line in lines[only:]), only_own_checks=only)
    return case.checks_to_json()


def summary(item: Any) -> str:
    """In one line: `contains: refund, is-json`."""
    case = Case().with_checks(item)
    said = ", ".join(check.title for check in case.checks) or ("none" if case.only_own_checks else "")
    return f"only {said}" if case.only_own_checks else said


def comma_values(text: str) -> list[str]:
    """The texts in a list that is written with commas, empty ones left out; one in double quotes may hold commas, and quotes as `""` or
    `\\"`. Raises ValueError with a sentence for quotes that do not end, or that more follows than a comma."""
    found, at = [], 0
    while match := _ITEM.match(text, at):
        if match["bare"] is not None and match["bare"].startswith('"'):
            raise ValueError("A text in the list begins with a quote and does not end with one.")
        found.append(match["bare"].strip() if match["quoted"] is None else _ESCAPED.sub(lambda one: one[1] or one[2], match["quoted"]))
        at = match.end()
    return found


def _to_line(check: Check) -> str:
    bound = "" if check.threshold is None else f"({check.threshold:g})"
    line = f"{check.type}{bound}" if check.value is None else f"{check.type}{bound}: {check.value}"
    try:
        is_the_same = _from_line(line) == check
    except ValueError:
        is_the_same = False
    return line if is_the_same else json.dumps(check.to_json(), ensure_ascii=False)


def _from_line(line: str) -> Check:
    if line.startswith("{"):
        try:
            item = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{_short(line)} is not valid JSON: {error}.") from None
        if not isinstance(item, Mapping) or not isinstance(item.get("type"), str):
            raise ValueError(f"{_short(line)} has no type.")
        return Case().with_checks([item]).checks[0]
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"{_short(line)} is no check. Begin the line with what it asks, such as contains: refund.")
    kind, bound, value = match.groups()
    return Check(kind, value or None, threshold=None if bound is None else float(bound))


def _short(line: str) -> str:
    return line if len(line) <= 40 else f"{line[:40]}..."
