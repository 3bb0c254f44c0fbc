"""JSON Schema, without its two dangers: patterns that never end, and references that reach out over the network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import unquote

import jsonschema
import referencing
from jsonschema.protocols import Validator

from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.patterns import search
from workbench.evaluators.schema_formats import checker
from workbench.values import canonical

_NOWHERE: referencing.Registry[Any] = referencing.Registry()
"""Finds nothing, so that no schema is fetched."""
Fault: TypeAlias = jsonschema.ValidationError | jsonschema.SchemaError
_DEEPEST = 8
_LONGEST_SHOWN = 60
_MOST_PARTS = 500
_TYPES = {
    "array": "a list", "boolean": "true or false", "integer": "a whole number", "null": "null", "number": "a number", "object": "an object",
    "string": "a text",
}  # fmt: skip
_BY_NAME = frozenset({"properties", "patternProperties", "definitions", "$defs", "dependencies"})
_INSIDE = frozenset({
    "items", "additionalItems", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not", "allOf", "anyOf", "oneOf",
})  # fmt: skip
_KEYWORDS = _BY_NAME | _INSIDE | {
    "$id", "$schema", "$ref", "$comment", "$async", "id", "title", "description", "default", "examples", "readOnly", "writeOnly",
    "deprecated", "nullable", "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
    "maxLength", "minLength", "pattern", "format", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "required",
    "contentMediaType", "contentEncoding", "discriminator", "formatMaximum", "formatMinimum", "formatExclusiveMaximum",
    "formatExclusiveMinimum",
}  # fmt: skip


def first_fault(found: Any, schema: Any) -> str | None:
    """What is wrong first, as ` at place: words`; None if the value fits. Raises Invalid for a bad schema, CannotRun for one that
    cannot be used here."""
    try:
        fault = next(_validator(canonical(schema)).iter_errors(found), None)
    except (CannotRun, Invalid):
        raise
    except jsonschema.SchemaError as error:
        raise Invalid(f"The schema of the check is not valid: {error.message[:200]}.") from error
    except Exception as error:  # a reference to elsewhere, or to itself without end: jsonschema has no common error for these
        raise CannotRun(f"The schema of the check cannot be used here: {str(error)[:200]}.") from error
    if fault is None:
        return None
    place, words = _told(fault)
    return f"{f' at {place}' if place else ''}: {words[:200]}"


def schema_fault(schema: Any) -> str:
    """Why this is no JSON schema: the place, what stands there and what may; empty if it is one."""
    try:
        jsonschema.validators.validator_for(schema, default=jsonschema.Draft7Validator).check_schema(schema)
    except jsonschema.SchemaError as error:
        place, words = _told(error)
        return f"{f'at {place}: ' if place else ''}{words[:240]}"
    except RecursionError:
        return "it is nested too deeply"
    return ""


def _told(fault: Fault) -> tuple[str, str]:
    """Where a fault is and what it is. Where several ways are open and none fits, what the nearest of them ask for at that place."""
    nearest = max(_ends(fault), key=lambda one: len(one.absolute_path))
    there = [one for one in _ends(fault) if one.absolute_path == nearest.absolute_path]
    first = next((one for one in there if not _allowed(one)), nearest)  # one that takes this kind of value comes nearer than others
    place = "/".join(map(str, first.absolute_path))
    if not _allowed(first):
        return place, first.message
    allowed = dict.fromkeys(map(_allowed, there))
    here = json.dumps(first.instance, ensure_ascii=False)
    here = here if len(here) <= _LONGEST_SHOWN else f"{here[:_LONGEST_SHOWN]}…"
    return place, f"{here} stands there, allowed is {' or '.join(allowed)}"


def _ends(fault: Fault) -> Iterator[Fault]:
    """The faults from which this one comes."""
    if not fault.context:
        yield fault
    for inner in fault.context or ():
        yield from _ends(inner)


def _allowed(fault: Fault) -> str:
    """What may stand where a value is none of those allowed, or of the wrong type; empty for other faults."""
    wanted: Any = fault.validator_value
    if fault.validator == "type":
        return " or ".join(_TYPES.get(kind, str(kind)) for kind in ([wanted] if isinstance(wanted, str) else wanted))
    if fault.validator in ("enum", "const"):
        values = wanted if fault.validator == "enum" else [wanted]
        shown = [json.dumps(value, ensure_ascii=False) for value in values]
        return shown[0] if len(shown) == 1 else f"one of {', '.join(shown)}"
    return ""


def sample(schema: Any) -> Any:
    """An answer of the shape that a schema asks for: its own examples and defaults where it has them, references within it followed.
    What refers to itself ends with nothing, and so does what is very large."""
    return _Sample(schema).of(schema)


class _Sample:
    """Makes one answer of a schema, part by part."""

    def __init__(self, root: Any) -> None:
        self._root, self._left = root, _MOST_PARTS

    def of(self, schema: Any, depth: int = 0, within: frozenset[str] = frozenset()) -> Any:
        """The answer for a part; `within` are the references that led to it."""
        self._left -= 1
        if not isinstance(schema, Mapping) or depth > _DEEPEST or self._left < 0:
            return None
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("examples", "enum"):
            if isinstance(schema.get(key), list) and schema[key]:
                return schema[key][0]
        target = schema.get("$ref")
        if isinstance(target, str):
            return None if target in within else self.of(self._referred(target), depth, within | {target})
        for key in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(key), list) and schema[key]:
                return self.of(schema[key][0], depth + 1, within)
        return self._of_kind(schema, depth, within)

    def _of_kind(self, schema: Mapping[str, Any], depth: int, within: frozenset[str]) -> Any:
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        kind = next((one for one in kinds if one != "null"), "null") if isinstance(kinds, list) else kinds
        if kind == "object":
            inner = schema.get("properties")
            return {name: self.of(part, depth + 1, within) for name, part in inner.items()} if isinstance(inner, Mapping) else {}
        if kind == "array":
            fewest = schema.get("minItems", 1)
            one = self.of(schema.get("items"), depth + 1, within)
            return [one] * (min(fewest, 3) if isinstance(fewest, int) and fewest > 0 else 1)
        if kind in ("integer", "number"):
            least = schema.get("minimum", 0)
            return least if isinstance(least, (int, float)) else 0
        return {"string": "text", "boolean": True}.get(kind) if isinstance(kind, str) else None

    def _referred(self, target: str) -> Any:
        """What `#/$defs/mood` stands for; None for what lies elsewhere."""
        here = self._root
        if not target.startswith("#"):
            return None
        for step in target.split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(here, list):
                here = here[int(name)] if name.isdecimal() and int(name) < len(here) else None
            else:
                here = here.get(name) if isinstance(here, Mapping) else None
        return here


@lru_cache(maxsize=64)
def _validator(schema_text: str) -> Validator:
    schema = json.loads(schema_text)
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft7Validator)
    kind.check_schema(schema)
    if kind is jsonschema.Draft7Validator and (strange := next(_strange(schema), None)) is not None:
        raise Invalid(f"The schema of the check has the keyword {strange[:60]}, which JSON Schema (draft 7) does not know.")
    extend: Any = jsonschema.validators.extend  # the stubs leave it untyped
    validator: Validator = extend(kind, {"pattern": _pattern, "patternProperties": _pattern_properties})(
        schema, registry=_NOWHERE, format_checker=checker()
    )
    return validator


def _strange(schema: Any) -> Iterator[str]:
    """Keywords of a schema and of those in it that nobody knows: they would ask for nothing, as a mistyped one does."""
    for key, value in schema.items() if isinstance(schema, Mapping) else ():
        if key not in _KEYWORDS:
            yield key
        elif key in _BY_NAME and isinstance(value, Mapping):
            for inner in value.values():
                yield from _strange(inner)
        elif key in _INSIDE:
            for inner in value if isinstance(value, list) else [value]:
                yield from _strange(inner)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if validator.is_type(instance, "string") and not search(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if validator.is_type(instance, "object"):
        for pattern, inner in patterns.items():
            for name, value in instance.items():
                if search(pattern, name):
                    yield from validator.descend(value, inner, path=name, schema_path=pattern)
