"""Picoschema, the short form of JSON schemas in dotprompt files: https://google.github.io/dotprompt/reference/picoschema/"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.values.problems import BadInput

_SCALARS = ("string", "boolean", "null", "number", "integer", "any")
_KEY = re.compile(r"(?P<name>.*?)(?P<optional>\?)?(?:\((?P<kind>[^()]*)\))?", re.DOTALL)
_DEEPEST = 30


def json_schema(value: Any) -> dict[str, Any]:
    """The JSON schema that a short one stands for; one that is a JSON schema already is itself. Raises BadInput without a place."""
    if isinstance(value, Mapping):
        kind = value.get("type")
        if isinstance(kind, str) and kind in (*_SCALARS, "object", "array"):
            return dict(value)
        if kind is None and isinstance(value.get("properties"), Mapping):
            return {"type": "object", **value}
    return _schema(value, 0)


def _schema(value: Any, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise BadInput("A schema is nested too deep.")
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, Mapping):
        return _object(value, depth)
    raise BadInput(f"A schema is a type or names with types, not {value!r}"[:100] + ".")


def _scalar(text: str) -> dict[str, Any]:
    kind, description = _parted(text)
    base = kind.removesuffix("[]")
    if base != kind:
        return _described({"type": "array", "items": _scalar(base)}, description)
    if "|" in kind:
        return _described({"enum": [part.strip().strip("\"'") for part in kind.split("|")]}, description)
    if kind not in _SCALARS:
        raise BadInput(f"{kind[:60]} is no type of a schema.", remedy=f"Types are {', '.join(_SCALARS)}; named schemas are not known here.")
    return _described({} if kind == "any" else {"type": kind}, description)


def _object(value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    for key, item in value.items():
        if key == "(*)":
            schema["additionalProperties"] = _schema(item, depth + 1)
            continue
        match = _KEY.fullmatch(key)
        name = match["name"] if match else key
        is_optional = bool(match and match["optional"])
        if match and match["kind"] is not None:
            kind, description = _parted(match["kind"])
            found = _described(_of_kind(kind, item, depth), description)
        else:
            found = _schema(item, depth + 1)
        if is_optional:
            found = _or_null(found)
        else:
            required.append(name)
        properties[name] = found
    if required:
        schema["required"] = required
    return schema


def _of_kind(kind: str, item: Any, depth: int) -> dict[str, Any]:
    if kind == "array":
        return {"type": "array", "items": _schema(item, depth + 1)}
    if kind == "object":
        return _schema(item, depth + 1)
    if kind == "enum" and isinstance(item, list):
        return {"enum": list(item)}
    raise BadInput(f"{kind[:60]} is no kind of a field: it is array, object or enum.")


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema and None not in schema["enum"]:
        return {**schema, "enum": [*schema["enum"], None]}
    return schema


def _described(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {**schema, "description": description} if description else schema


def _parted(text: str) -> tuple[str, str]:
    kind, _, description = text.partition(",")
    return kind.strip(), description.strip()
