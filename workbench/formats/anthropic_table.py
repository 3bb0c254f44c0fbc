"""Test cases of Anthropic's console as CSV: a column for each variable, beside it what was answered, graded and wished for."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Sequence

from workbench.formats.foreign_file import FileText, ForeignFile
from workbench.formats.jinja_text import variable_name
from workbench.formats.library_file_data import DatasetFile
from workbench.formats.reports import Notes
from workbench.values.comparisons import Case

_BRACES = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_WISHED = ("ideal output", "ideal outputs", "ideal", "golden answer", "golden answers", "expected output", "expected")
_ANSWERED = re.compile(r"(?:.*\b)?(?:model (?:response|output)|response|output|completion|grade|grading|rating|score)(?: \d+| v\d+)?")


def looks_like(header: Sequence[str]) -> bool:
    """True where variables stand in braces, or an ideal answer stands beside the model's own."""
    names = [_plain(name) for name in header]
    has_answer = any(_ANSWERED.fullmatch(name) and name not in _WISHED for name in names)
    return any(_BRACES.fullmatch(name.strip()) for name in header) or (has_answer and any(name in _WISHED[:6] for name in names))


def read(source: FileText) -> ForeignFile:
    """The cases with their ideal answers as references. Raises BadInput with the line."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    rows = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    notes = Notes(source.path)
    cases = []
    try:
        header = next(rows, [])
        if not any(name.strip() for name in header):
            raise source.problem("There is no header in this table.", 1)
        roles = [_role(name, notes) for name in header]
        for row in rows:
            if not any(row):
                continue
            if len(row) > len(header):
                raise source.problem(f"This row has {len(row)} cells, and there are {len(header)} columns.", rows.line_num)
            values = {name: cell for (role, name), cell in zip(roles, row, strict=False) if role == "variable"}
            wished = [cell for (role, _), cell in zip(roles, row, strict=False) if role == "reference" and cell]
            cases.append(Case(values, reference=wished[0] if wished else None))
    except csv.Error as error:
        raise source.problem(f"This is not a CSV table: {error}.", rows.line_num) from error
    if not cases:
        raise source.problem("This table has no rows.", 1)
    return ForeignFile(datasets=(DatasetFile(source.stem, cases=tuple(cases)),), not_carried=notes.all())


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").lower().split())


def _role(name: str, notes: Notes) -> tuple[str, str]:
    inside = _BRACES.fullmatch(name.strip())
    if inside:
        return "variable", variable_name(inside[1], notes)
    if _plain(name) in _WISHED:
        return "reference", name
    if _ANSWERED.fullmatch(_plain(name)):
        notes.add(f"column {name}", "answers come from runs made here")
        return "answer", name
    return ("variable", variable_name(name, notes)) if name.strip() else ("", name)
