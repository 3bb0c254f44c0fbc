"""Checks in the files of the library folder: of a prompt, a comparison, a case."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.formats.library_file_values import at, list_at
from workbench.formats.yaml_text_reading import Document
from workbench.values.checks import Check


def read_checks(document: Document, where: tuple[str | int, ...]) -> tuple[Check, ...]:
    """A list of checks: `{type: contains, value: refund}`, or shorter `contains: refund`, or `is-json` alone."""
    checks = []
    for place in range(len(list_at(document, *where))):
        item = at(document, (*where, place))
        if isinstance(item, str):
            item = {"type": item}
        if not isinstance(item, Mapping) or not item:
            raise document.problem("A check has a type, such as `contains: refund`.", *where, place)
        if "type" not in item:
            type_, value = next(iter(item.items()))
            item = {"type": type_, "value": value} | {key: item[key] for key in list(item)[1:]}
        try:
            checks.append(Check.from_json(item))
        except (TypeError, ValueError):
            raise document.problem("The weight and threshold of a check are numbers.", *where, place) from None
    return tuple(checks)
