"""What the columns of a table mean: guessed from their names and first values, and a row turned into a case by that mapping."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.formats.expected_cells import expected, says_more
from workbench.quick_dataclass import replace
from workbench.values.check_lines import from_lines
from workbench.values.checks import Check
from workbench.values.comparisons import Case
from workbench.values.datasets import ColumnRole, ColumnSpec
from workbench.values.messages import canonical
from workbench.values.problems import BadInput

# Best first: where a file has two of them, the first becomes the reference and the other stays a variable.
REFERENCES = (
    "__expected", "reference", "reference_answer", "expected", "expected_output", "expected_answer", "ideal", "gold", "golden",
    "ground_truth", "groundtruth", "truth", "target", "answer", "correct_answer", "correct", "solution", "label", "gold_label",
    "answer_matching_behavior", "completion", "output", "category", "class", "intent", "sentiment",
)  # fmt: skip
_NAMES = ("__description", "case_name", "case", "test_name", "test", "name", "title", "description")
_TAGS = ("tags", "labels", "tag", "topics", "__metadata:tags[]")
_NOTES = ("note", "notes", "comment", "comments", "remark", "remarks")
_WEIGHTS = ("weight", "weights")
_METADATA = ("metadata", "meta", "id", "case_id", "uid", "extra", "source")
_LONGEST_NAME = 80
_EXPECTED = re.compile(r"__expected\d*")
"""promptfoo's columns of checks, or of answers where their cells say no more."""


def guess(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> tuple[ColumnSpec, ...]:
    """One mapping for each column of a file, in its order, from its name and the values of the first rows."""
    keys = {column: _key(column) for column in columns}
    special = any(column.startswith("__") for column in columns)  # promptfoo: every column without __ is a variable
    roles: dict[str, ColumnRole] = {}
    for column, key in keys.items():
        if special and not column.startswith("__"):
            continue
        if key in _TAGS:
            roles[column] = "tags"
        elif key in _WEIGHTS and _all(rows, column, _is_number):
            roles[column] = "weight"
        elif key == "checks" and all(_checks_cell(row.get(column)) for row in rows) and any(row.get(column) for row in rows):
            roles[column] = "checks"
        elif key in _NOTES:
            roles[column] = "note"
        elif key in _METADATA or (column.startswith("__") and column != "__description" and not _EXPECTED.fullmatch(column)):
            roles[column] = "metadata"
    for column in columns:
        if _EXPECTED.fullmatch(column):
            roles[column] = "checks" if any(says_more(as_text(row.get(column))) for row in rows) else "reference"
    if not special or not any(_EXPECTED.fullmatch(column) for column in columns):
        _give(REFERENCES, "reference", keys, roles, columns, rows)
    _give(("__description",) if special else _NAMES, "name", keys, roles, columns, rows)
    if not any(roles.get(column, "variable") == "variable" for column in columns):
        for column in columns:  # something must be asked
            if roles[column] in ("name", "metadata") and not column.startswith("__"):
                roles[column] = "variable"
                break
    taken: set[str] = set()
    return tuple(_spec(column, roles.get(column, "variable"), rows, taken) for column in columns)


def case_of(values: Mapping[str, Any], columns: Sequence[str], mapping: Sequence[ColumnSpec]) -> Case:
    """The case that a row becomes. Raises ValueError with the reason where a cell does not fit its role."""
    inputs: dict[str, Any] = {}
    references: list[Any] = []
    names: list[str] = []
    notes: list[str] = []
    tags: dict[str, None] = {}
    weight = 1.0
    checks: Any = None
    expectations: list[Check] = []
    for column, spec in zip(columns, mapping, strict=True):
        if spec.role == "skip" or column not in values:
            continue
        value = values[column]
        if spec.role in ("variable", "metadata"):
            inputs[spec.name] = coerced(value, spec.type)
        elif spec.role == "reference":
            value = _reference(coerced(value, spec.type))
            if value is not None and value != "":
                references.append(value)
        elif spec.role == "tags":
            tags.update(dict.fromkeys(tags_of(value)))
        elif spec.role == "weight":
            weight = _weight(value)
        elif spec.role == "checks" and _EXPECTED.fullmatch(column):
            expectations += [expected(as_text(value))] if as_text(value).strip() else []
        elif spec.role == "checks":
            checks = None if value in (None, "") else coerced(value, "json")
            checks = from_lines(checks) if isinstance(checks, str) else checks
        elif value not in (None, ""):
            (names if spec.role == "name" else notes).append(as_text(value))
    case = Case(
        values=inputs,
        name=" ".join(names),
        reference=references[0] if len(references) == 1 else references or None,
        tags=tuple(tags),
        weight=weight,
        note="\n".join(notes),
    ).with_checks(checks)
    return replace(case, checks=(*case.checks, *expectations)) if expectations else case


def check_mapping(columns: Sequence[str], mapping: Sequence[ColumnSpec]) -> None:
    """Raises BadInput where a mapping does not fit the columns, names a variable twice or maps nothing to a variable."""
    if len(mapping) != len(columns):
        raise BadInput(f"The file has {len(columns)} columns, but {len(mapping)} are mapped.")
    seen: set[str] = set()
    for column, spec in zip(columns, mapping, strict=True):
        if spec.role not in ("variable", "metadata"):
            continue
        if not spec.name.strip():
            raise BadInput(f"Column {column} needs a name.", remedy="Give it one or leave the column out.")
        if spec.name in seen:
            raise BadInput(f"Two columns become {spec.name}.", remedy="Rename one of them or leave it out.")
        seen.add(spec.name)


def coerced(value: Any, kind: str) -> Any:
    """The value as a column of this type holds it. Text that does not say the same in that type stays text."""
    if kind == "text":
        return _single_message(value)
    if not isinstance(value, str):
        return value
    if kind == "number":
        return _number(value)
    if kind == "flag":
        return {"true": True, "false": False}.get(value.strip().lower(), value)
    if kind in ("image", "file"):  # a path, or what names bytes that the workspace keeps
        return coerced(value, "json") if value.lstrip().startswith("{") else value
    if kind == "json" and value.strip():
        try:
            parsed = json.loads(value, parse_constant=_no_constant)
            canonical(parsed).encode("utf-8")  # a lone surrogate cannot be kept
        except (ValueError, BadInput, RecursionError):
            return value
        return parsed
    return value


def as_text(value: Any) -> str:
    """A value as one cell of text: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else "" if value is None else canonical(value)


def tags_of(value: Any) -> list[str]:
    r"""Tags from a list, or from text such as `a, b; c` or `["a"]`. A `\,` does not part."""
    if isinstance(value, str) and value.strip().startswith("["):
        value = coerced(value, "json")
    if isinstance(value, str):
        parts = re.split(r"(?<!\\)[,;|\n]", value)
        found = [part.replace("\\,", ",").strip() for part in parts]
    elif isinstance(value, Iterable) and not isinstance(value, Mapping):
        found = [as_text(part).strip() for part in value]
    else:
        found = [as_text(value).strip()]
    return list(dict.fromkeys(tag for tag in found if tag))


def _key(column: str) -> str:
    return re.sub(r"[\s\-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.strip())).lower()


def _give(
    wanted: Sequence[str],
    role: ColumnRole,
    keys: Mapping[str, str],
    roles: dict[str, ColumnRole],
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Give a role to the best column for it, if a variable is left beside it."""
    for name in wanted:
        for column in columns:
            if keys[column] != name or column in roles:
                continue
            left = [other for other in columns if other != column and other not in roles]
            if left and (role != "name" or name.startswith("__") or _names_cases(rows, column)):
                roles[column] = role
                return


def _names_cases(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    """Short, and different from row to row."""
    values = [as_text(row.get(column)) for row in rows]
    return all(len(value) <= _LONGEST_NAME and "\n" not in value for value in values) and len(set(values)) * 10 >= len(values) * 8


def _spec(column: str, role: ColumnRole, rows: Sequence[Mapping[str, Any]], taken: set[str]) -> ColumnSpec:
    if role not in ("variable", "metadata"):
        kind = "json" if role == "reference" and _type(rows, column) == "json" else "text"
        return ColumnSpec(column if role == "skip" else role, "number" if role == "weight" else kind, role)
    wanted = variable_of(column)
    name, count = wanted, 2
    while name in taken:
        name, count = f"{wanted}_{count}", count + 1
    taken.add(name)
    return ColumnSpec(name, _type(rows, column), role)


def variable_of(column: str) -> str:
    """The name of the variable that a column of this name becomes, where no other one has it."""
    wanted = re.sub(r"\W+", "_", column.removeprefix("__metadata:").strip()).strip("_") or "column"
    return f"_{wanted}" if wanted[0].isdigit() else wanted


def _type(rows: Sequence[Mapping[str, Any]], column: str) -> str:
    values = [row[column] for row in rows if row.get(column) not in (None, "")]
    if not values or all(isinstance(_single_message(value), str) and not isinstance(value, str) for value in values):
        return "text"
    if all(
        isinstance(value, bool) or (isinstance(value, str) and value in ("true", "false", "True", "False", "TRUE", "FALSE"))
        for value in values
    ):
        return "flag"
    if all(_is_number(value) for value in values):
        return "number"
    if all(isinstance(value, (dict, list)) or _is_json_cell(value) for value in values):
        return "json"
    return "text"


def _all(rows: Sequence[Mapping[str, Any]], column: str, test: Any) -> bool:
    return all(test(row[column]) for row in rows if row.get(column) not in (None, ""))


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return not isinstance(_number(value), str)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_json_cell(value: Any) -> bool:
    return isinstance(value, str) and value.strip()[:1] in ("{", "[") and not isinstance(coerced(value, "json"), str)


def _number(text: str) -> Any:
    """The number if it is written as we would write it: 007 and 1.10 say more than a number can hold."""
    if not re.fullmatch(r"-?(0|[1-9]\d{0,17})(\.\d+)?", text):
        return text
    number: int | float = float(text) if "." in text else int(text)
    return number if repr(number) == text else text


def _single_message(value: Any) -> Any:
    """The text of a conversation that is one user message, as question files of the field hold it; else the value itself."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        message = value[0]
        if message.get("role") == "user" and isinstance(message.get("content"), str) and set(message) == {"role", "content"}:
            return message["content"]
    return value


def _reference(value: Any) -> Any:
    """A list of one right answer is that answer."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], (str, int, float)) else value


def _checks_cell(value: Any) -> bool:
    try:
        return bool(value in (None, "") or Case().with_checks(coerced(value, "json")).checks_to_json() is not None)
    except ValueError:
        return False


def _weight(value: Any) -> float:
    if value in (None, ""):
        return 1.0
    try:
        weight = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"The weight {as_text(value)[:40]!r} is not a number.") from None
    if not math.isfinite(weight) or weight < 0:
        raise ValueError(f"The weight {value} is not a number of 0 or more.")
    return weight


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
