"""JSON Schema, without its two dangers: patterns that never end, and references that reach out over the network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema
import referencing
from jsonschema.protocols import Validator

from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.patterns import search
from workbench.evaluators.schema_formats import checker
from workbench.values import canonical

_NOWHERE: referencing.Registry[Any] = referencing.Registry()
"""Finds nothing, so that no schema is fetched."""
_DEEPEST = 8
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
    place = "/".join(map(str, fault.absolute_path))
    return f"{f' at {place}' if place else ''}: {fault.message[:200]}"


def schema_fault(schema: Any) -> str:
    """Why this is no JSON schema, with the place; empty if it is one."""
    try:
        jsonschema.validators.validator_for(schema, default=jsonschema.Draft7Validator).check_schema(schema)
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        return f"{f'at {place}: ' if place else ''}{error.message[:200]}"
    except RecursionError:
        return "it is nested too deeply"
    return ""


def sample(schema: Any, depth: int = 0) -> Any:
    """An answer of the shape that a schema asks for: its own examples and defaults where it has them. References are left empty."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if isinstance(schema.get(key), list) and schema[key]:
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            return sample(schema[key][0], depth + 1)
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind = next((one for one in kinds if one != "null"), "null") if isinstance(kinds, list) else kinds
    if kind == "object":
        properties = schema.get("properties")
        return {name: sample(inner, depth + 1) for name, inner in properties.items()} if isinstance(properties, Mapping) else {}
    if kind == "array":
        fewest = schema.get("minItems", 1)
        return [sample(schema.get("items"), depth + 1)] * (min(fewest, 3) if isinstance(fewest, int) and fewest > 0 else 1)
    if kind in ("integer", "number"):
        least = schema.get("minimum", 0)
        return least if isinstance(least, (int, float)) else 0
    return {"string": "text", "boolean": True}.get(kind) if isinstance(kind, str) else None


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
