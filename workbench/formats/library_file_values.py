"""Values read out of a YAML document by their place, each error with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.formats.yaml_text_reading import Document, load
from workbench.values.problems import BadInput


def parse(text: str, path: str = "") -> Document:
    """The document in a text, which has to be a mapping. Raises BadInput with the line."""
    document = load(text, path)
    mapping_of(document)
    return document


def decode(data: bytes, path: str = "") -> str:
    """The text of a file: UTF-8, or UTF-16 with its mark. Raises BadInput with the line of the first byte that is neither."""
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput("Bytes that are not UTF-8.", path=path, line=line, remedy="Save the file as UTF-8.") from error


def mapping_of(document: Document) -> Mapping[str, Any]:
    """The document's mapping. Raises BadInput where it is a list, a text or nothing."""
    if not isinstance(document.data, Mapping):
        raise document.problem("This file is empty." if document.data is None else "This is no file of a library: it has no keys.")
    return document.data


def at(document: Document, where: Sequence[str | int]) -> Any:
    """The value at a path; None where there is none."""
    value = document.data
    for step in where:
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def text_at(document: Document, *where: str | int) -> str:
    """A text; empty where it is absent. A number or truth value is its text."""
    value = at(document, where)
    if value is None:
        return ""
    if isinstance(value, (Mapping, list)):
        raise document.problem(f"{where[-1]} is one text.", *where)
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def texts_at(document: Document, *where: str | int) -> list[str]:
    """A list of texts; one text alone is a list of it."""
    value = at(document, where)
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, (Mapping, list)) or item is None for item in items):
        raise document.problem(f"{where[-1]} is a list of words.", *where)
    return [item if isinstance(item, str) else str(item) for item in items]


def number_at(document: Document, *where: str | int) -> int | None:
    """A whole number; None where it is absent."""
    value = at(document, where)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise document.problem(f"{where[-1]} is a whole number.", *where)
    return value


def list_at(document: Document, *where: str | int) -> list[Any]:
    """A list; empty where it is absent."""
    value = at(document, where)
    if value is None:
        return []
    if not isinstance(value, list):
        raise document.problem(f"{where[-1]} is a list.", *where)
    return value


def optional_mapping(document: Document, *where: str | int) -> dict[str, Any] | None:
    """A mapping; None where it is absent."""
    value = at(document, where)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise document.problem(f"{where[-1]} is a mapping of names to values.", *where)
    return dict(value)


def part_of(document: Document, *where: str | int) -> Document:
    """What stands under a path, as a document of its own with the same line numbers."""
    depth = len(where)
    lines = {path[depth:]: line for path, line in document.lines.items() if path[:depth] == where}
    return Document(at(document, where), lines, document.text, document.path, [], document.beside)
