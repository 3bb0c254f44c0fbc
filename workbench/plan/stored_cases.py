"""The cases of a stored plan, left as the text that they are and read one by one: a run may have very many, and looks at few at a time."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, overload

from workbench.values import Case

_BEGIN = '"cases":['
_KEPT = 256
_decode = json.JSONDecoder().raw_decode


class StoredCases(Sequence[Case]):
    """Cases by their places in the text of a plan: a sixth of the memory that they would take, and of the time to open a long run."""

    def __init__(self, text: str, places: array[int], with_checks: frozenset[int]) -> None:
        self._text, self._places, self.with_checks = text, places, with_checks
        self._read = lru_cache(_KEPT)(self._case_at)

    def _case_at(self, place: int) -> Case:
        return case_from_json(_decode(self._text, place)[0])

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Case: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Case, ...]: ...

    def __getitem__(self, index: int | slice) -> Case | tuple[Case, ...]:
        if isinstance(index, slice):
            return tuple(map(self._read, self._places[index]))
        return self._read(self._places[index])

    def __iter__(self) -> Iterator[Case]:
        return map(self._case_at, self._places)  # all of them are not to be kept

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (StoredCases, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as of a plan, whose values have none


def read(text: str) -> dict[str, Any]:
    """A plan's JSON, with `StoredCases` for its cases where the text is as this program writes it."""
    begin = text.find(_BEGIN) + len(_BEGIN)
    places, with_checks, at = array("Q"), set[int](), begin
    while text.startswith("{", at):
        case, end = _decode(text, at)
        if "checks" in case:
            with_checks.add(len(places))
        places.append(at)
        at = end + text.startswith(",", end)
    if places and text.startswith("]", at):
        item: dict[str, Any] = json.loads(text[:begin] + text[at:])
        if item.get("cases") == []:
            return item | {"cases": StoredCases(text, places, frozenset(with_checks))}
    return dict(json.loads(text))


def case_to_json(case: Case) -> dict[str, Any]:
    """The JSON form of a case in a plan."""
    item: dict[str, Any] = {"values": dict(case.values)}
    if case.name:
        item["name"] = case.name
    if case.reference is not None:
        item["reference"] = case.reference
    if case.tags:
        item["tags"] = list(case.tags)
    if case.weight != 1.0:
        item["weight"] = case.weight
    if case.note:
        item["note"] = case.note
    checks = case.checks_to_json()
    return item if checks is None else item | {"checks": checks}


def case_from_json(item: Mapping[str, Any]) -> Case:
    """The case that `case_to_json` wrote."""
    get, checks = item.get, item.get("checks")  # there may be very many cases
    case = Case(
        item["values"],
        get("name", ""),
        get("reference"),
        tuple(get("tags", ())),
        get("weight", 1.0),
        get("note", ""),
    )
    return case.with_checks(checks) if checks else case
