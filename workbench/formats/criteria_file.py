"""Criteria as a comparison's file holds them.

criteria:
  - Tone
  - name: Accuracy
    help: Is the policy applied as it stands?
    scale: stars
    points: {5: Policy applied correctly, 1: Promises what nobody may promise}
    weight: 2
  - {name: Fault, scale: labels, labels: [none, too long, wrong language]}
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from workbench.formats.library_file_values import at, list_at, optional_mapping, text_at, texts_at
from workbench.formats.yaml_text_reading import Document
from workbench.values.criteria import Criterion, Scale, checked_criterion
from workbench.values.problems import BadInput

_KEYS = ("name", "help", "scale", "labels", "points", "weight")


def read_criteria(document: Document, key: str = "criteria") -> tuple[Criterion, ...]:
    """The criteria at a key. Raises BadInput with the line."""
    found: list[Criterion] = []
    for place in range(len(list_at(document, key))):
        criterion = _criterion(document, key, place)
        if criterion.name.casefold() in {other.name.casefold() for other in found}:
            raise document.problem(f"There are two criteria called {criterion.name}.", key, place)
        found.append(criterion)
    return tuple(found)


def _criterion(document: Document, key: str, place: int) -> Criterion:
    item = at(document, (key, place))
    if isinstance(item, str):
        item = {"name": item}
        criterion = Criterion(str(item["name"]))
    elif isinstance(item, Mapping):
        for word in item:
            near = difflib.get_close_matches(str(word), _KEYS, n=1, cutoff=0.8) if word not in _KEYS else []
            if near:
                raise document.problem(f"{word} is not known here.", key, place, word, remedy=f"Did you mean {near[0]}?")
        weight: Any = item.get("weight", 1)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise document.problem("A weight is a number, 0 or more.", key, place, "weight")
        points = optional_mapping(document, key, place, "points") or {}
        if any(isinstance(said, list | Mapping) or said is None for said in points.values()):
            raise document.problem("What a point means is a text.", key, place, "points")
        labels = tuple(texts_at(document, key, place, "labels"))
        scale = text_at(document, key, place, "scale") or ("labels" if labels else "stars")
        criterion = Criterion(
            text_at(document, key, place, "name"),
            Scale(scale, {_word(point): str(said) for point, said in points.items()}, labels),  # type: ignore[arg-type]
            weight,
            text_at(document, key, place, "help"),
        )
    else:
        raise document.problem("A criterion is its name, or a name with a scale.", key, place)
    try:
        return checked_criterion(criterion)
    except BadInput as error:
        raise document.problem(str(error.args[0]), key, place, remedy=error.remedy) from error


def _word(point: Any) -> str:
    return f"{point:g}" if isinstance(point, float) else str(point)


def write_criteria(criteria: tuple[Criterion, ...]) -> list[Any]:
    """What stands in the file: a name alone where all else is as usual."""
    return [_data(criterion.to_json()) for criterion in criteria]


def _data(item: dict[str, Any]) -> Any:
    if item["scale"] == "stars":
        del item["scale"]
    return item["name"] if list(item) == ["name"] else item
