"""What a prompt says about its variables: type, description, default, whether a value is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

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

    def misfit(self, value: Any) -> str:
        """Why a value is not of this type, as the end of a sentence; empty if it is.

        Text that is a number is one: cells of a table are text.
        """
        if self.type == "number":
            fits = (isinstance(value, (int, float)) and not isinstance(value, bool)) or (isinstance(value, str) and _is_number(value))
            return "" if fits else "is no number"
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


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
