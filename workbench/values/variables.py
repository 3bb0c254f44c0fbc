"""What a prompt says about its variables: type, description, default, whether a value is needed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

from workbench.quick_dataclass import dataclass
from workbench.values.conversations import turns

VariableType = Literal["text", "number", "choice", "list", "object", "image", "file", "messages"]
VARIABLE_TYPES: tuple[VariableType, ...] = get_args(VariableType)
_EMPTY: Mapping[str, Any] = {"list": [], "object": {}, "messages": []}


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """One declared variable. Nothing has to be declared: a variable without this is of any type and needs a value."""

    type: VariableType = "text"
    description: str = ""
    options: tuple[str, ...] = ()
    """What a choice can be."""
    default: Any = None
    """The value where none is given; None for no default."""
    required: bool = True
    """False: where neither a value nor a default is given, it is empty (text, list or object)."""

    @property
    def needs_value(self) -> bool:
        """True if the prompt cannot be sent without a value for it."""
        return self.required and self.default is None

    @property
    def stand_in(self) -> Any:
        """What is filled in where no value is given, if none is needed."""
        return self.default if self.default is not None else _EMPTY.get(self.type, "")

    @property
    def wants(self) -> str:
        """What a value has to be, such as `a number` or `small or large`."""
        if self.type == "choice" and self.options:
            return " or ".join([", ".join(self.options[:-1]), self.options[-1]] if len(self.options) > 1 else self.options)
        return {"number": "a number", "list": "a list", "object": "an object"}.get(self.type, "a text")

    def fitted(self, value: Any) -> Any:
        """The value as this type has it, where text says it exactly: cells of a table are text. Others come back as they are.

        An empty cell of a type that has no empty text is no value: what stands in for it is taken, if none is needed.
        """
        if value in (None, "") and self.type != "text" and not self.needs_value:
            return self.stand_in
        if not isinstance(value, str):
            return value
        if self.type == "number":
            number = _number(value)
            return value if number is None else number
        if self.type in ("list", "object") and value.strip()[:1] in ("[", "{"):
            try:
                made = json.loads(value)
            except (ValueError, RecursionError):
                return value
            return made if isinstance(made, list if self.type == "list" else dict) else value
        return value.strip() if self.type == "choice" and value not in self.options and value.strip() in self.options else value

    def misfit(self, value: Any) -> str:
        """Why a value is not of this type, as the end of a sentence; empty if it is, or is it as text."""
        value = self.fitted(value)
        if self.type == "number":
            if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
                return "has more digits than a number keeps"
            return "" if isinstance(value, (int, float)) and not isinstance(value, bool) else "is no number"
        if self.type == "list":
            return "" if isinstance(value, (list, tuple)) else "is no list"
        if self.type == "object":
            return "" if isinstance(value, Mapping) else "is no object"
        if self.type == "messages":
            try:
                turns(value)
            except ValueError as error:
                return str(error)
            return ""
        if self.type in ("image", "file"):
            return "" if isinstance(value, (str, Mapping)) else "is no file"
        if self.type == "choice" and self.options:
            return "" if str(value) in self.options else f"is none of {', '.join(self.options)}"
        return "is no text" if isinstance(value, (list, tuple, Mapping)) else ""

    def to_json(self) -> dict[str, Any]:
        """The JSON form, which is that of library files too: what is usual is left out, the type never."""
        item: dict[str, Any] = {"type": self.type}
        if self.description:
            item["description"] = self.description
        if self.options:
            item["options"] = list(self.options)
        if self.default is not None:
            item["default"] = self.default
        if not self.required:
            item["required"] = False
        return item

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> VariableSpec:
        """The variable that `to_json` wrote, or a person. Raises ValueError naming what cannot be."""
        kind = item.get("type", "text")
        if kind not in VARIABLE_TYPES:
            raise ValueError(f"its type is {', '.join(VARIABLE_TYPES[:-1])} or {VARIABLE_TYPES[-1]}, not {kind}")
        options = item.get("options") or ()
        if not isinstance(options, (list, tuple)) or any(isinstance(option, (list, Mapping)) for option in options):
            raise ValueError("its options are a list of texts")
        description, required = item.get("description") or "", item.get("required", True)
        if not isinstance(description, str):
            raise ValueError("its description is a text")
        if not isinstance(required, bool):
            raise ValueError("required is true or false")
        return VariableSpec(kind, description, tuple(map(str, options)), item.get("default"), required)


SPEC_KEYS = ("type", "description", "options", "default", "required")
"""The keys of `VariableSpec.to_json`, in the order of library files."""


_NUMBER = re.compile(r"[+-]?(\d+|\d*\.\d+|\d+\.)([eE][+-]?\d+)?", re.ASCII)
_MOST_DIGITS = 400


def _number(text: str) -> int | float | None:
    """The number that a text says; None where it says none, or one that would lose digits."""
    text = text.strip()
    if len(text) > _MOST_DIGITS or not _NUMBER.fullmatch(text):
        return None
    if text.lstrip("+-").isdigit():
        return int(text)
    number = float(text)
    return number if math.isfinite(number) and Decimal(repr(number)) == Decimal(text) else None
