"""Checks that compare texts. Meanings are promptfoo's: what passes there passes here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from workbench.evaluators.outcomes import Invalid
from workbench.values.check_lines import comma_values

Verdict = tuple[bool, str]
"""Passed (before `not-` turns it round), and why, as a sentence."""


def equals(text: str, value: Any) -> Verdict:
    """The whole answer is the value; a list or mapping is compared with the answer read as JSON."""
    if isinstance(value, (dict, list)):
        try:
            found = parse_json(text)
        except ValueError as error:
            return False, f"The answer is not JSON ({error}), so it cannot equal {_short(value)}."
        same = same_json(found, value)
    else:
        same = text == as_text(value)
    return same, f"The answer {'equals' if same else 'is not'} {_short(value)}."


def contains(text: str, value: Any) -> Verdict:
    """The value stands somewhere in the answer."""
    wanted = _needed(value)
    return _found(wanted in text, wanted)


def icontains(text: str, value: Any) -> Verdict:
    """As `contains`, upper and lower case alike."""
    wanted = _needed(value)
    return _found(wanted.lower() in text.lower(), wanted)


def starts_with(text: str, value: Any) -> Verdict:
    """The answer begins with the value."""
    wanted = _needed(value)
    begins = text.startswith(wanted)
    return begins, f"The answer {'starts' if begins else 'does not start'} with {_short(wanted)}."


def _any_of(look: Callable[[str], str]) -> Callable[[str, Any], Verdict]:
    def check(text: str, value: Any) -> Verdict:
        wanted = _several(value)
        hit = next((item for item in wanted if look(item) in look(text)), None)
        return (
            hit is not None,
            f"The answer contains {_short(hit)}." if hit is not None else f"The answer contains none of {_list(wanted)}.",
        )

    return check


def _all_of(look: Callable[[str], str]) -> Callable[[str, Any], Verdict]:
    def check(text: str, value: Any) -> Verdict:
        wanted = _several(value)
        if not wanted:
            return True, "There is nothing to look for."
        lacking = [item for item in wanted if look(item) not in look(text)]
        return not lacking, f"The answer lacks {_list(lacking)}." if lacking else f"The answer contains all of {_list(wanted)}."

    return check


def is_json(text: str, value: Any) -> Verdict:
    """The whole answer is JSON; with a value, JSON that fits this JSON Schema."""
    try:
        found = parse_json(text)
    except ValueError as error:
        return False, f"The answer is not valid JSON: {error}."
    return _fits(found, value) if value is not None else (True, "The answer is valid JSON.")


def contains_json(text: str, value: Any) -> Verdict:
    """Somewhere in the answer stands a JSON object, in a list too; with a value, one that fits this JSON Schema."""
    decoder = json.JSONDecoder(parse_constant=_no_constant, parse_int=_number)
    reason, at, tries = "The answer contains no JSON.", 0, 0
    while tries < 1000:
        at, tries = text.find("{", at), tries + 1
        if at < 0:
            break
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        passed, why = _fits(found, value) if value is not None else (True, "The answer contains JSON.")
        if passed:
            return True, why
        reason, at = why, end
    return False, reason


HANDLERS: dict[str, Callable[[str, Any], Verdict]] = {
    "equals": equals,
    "contains": contains,
    "icontains": icontains,
    "starts-with": starts_with,
    "contains-any": _any_of(str),
    "icontains-any": _any_of(str.lower),
    "contains-all": _all_of(str),
    "icontains-all": _all_of(str.lower),
    "is-json": is_json,
    "contains-json": contains_json,
}


def parse_json(text: str) -> Any:
    """The value of strict JSON. Raises ValueError saying where it is wrong."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_int=_number)
    except json.JSONDecodeError as error:
        words = error.msg[0].lower() + error.msg[1:]
        raise ValueError(f"line {error.lineno}, column {error.colno}: {words}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def same_json(left: Any, right: Any) -> bool:
    """True if two JSON values are the same. 1 and 1.0 are one number; true is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    return bool(left == right)


def as_text(value: Any) -> str:
    """A value of a check as the text that is looked for."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))  # a spreadsheet's 4711.0 is meant as 4711
    return json.dumps(value, ensure_ascii=False)


def _fits(found: Any, schema: Any) -> Verdict:
    from workbench.evaluators import schemas  # 0.1 s of import that only a check with a schema needs

    if isinstance(schema, str):
        try:
            schema = parse_json(schema)
        except ValueError as error:
            raise Invalid(f"The schema of the check is not JSON: {error}.") from error
    fault = schemas.first_fault(found, schema)
    return (True, "The JSON fits the schema.") if fault is None else (False, f"The JSON does not fit the schema{fault}.")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 4000 else float(digits)  # Python refuses to read longer ones


def _needed(value: Any) -> str:
    if value is None or value == "":
        raise Invalid("The check has no value to look for.")
    return as_text(value)


def _several(value: Any) -> list[str]:
    try:
        items = (comma_values(value) if value else None) if isinstance(value, str) else value
    except ValueError as error:
        raise Invalid(str(error)) from None
    if not isinstance(items, Sequence):
        raise Invalid("The check has no values to look for.")
    return [as_text(item) for item in items]


def _found(is_there: bool, wanted: str) -> Verdict:
    return is_there, f"The answer {'contains' if is_there else 'does not contain'} {_short(wanted)}."


def _short(value: Any) -> str:
    text = as_text(value)
    return f"“{text if len(text) <= 80 else text[:79] + '…'}”"


def _list(values: Sequence[str]) -> str:
    return ", ".join(_short(value) for value in values[:5]) + (f" and {len(values) - 5:,} more" if len(values) > 5 else "")
