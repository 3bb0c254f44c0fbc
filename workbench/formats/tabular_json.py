"""Tables as JSON Lines, as a JSON list, or as a JSON object that holds one list."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from math import isinf
from typing import Any, NoReturn

from workbench.formats.tabular_rows import CHUNK, LONGEST_CELL, BadRow, Form, Opener, Row, is_broken, open_text, show, why_broken
from workbench.values.problems import BadInput

_LONGEST = 4 * LONGEST_CELL
"""Characters of one row, and of a file that is one object: they are held in memory at once."""
_TOO_LONG = f"This row is longer than {_LONGEST:,} characters."
_LONG_VALUE = f"A value is longer than {LONGEST_CELL:,} characters."
_TYPES = {"object", "array", "string", "number", "integer", "boolean", "null"}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _whole(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # thousands of digits
        raise ValueError(f"{digits[:20]}... is too large a number") from None


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)


def is_json(text: str) -> bool:
    """True if the text is one JSON value."""
    try:
        _DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        return False
    return True


def _json_row(line: int, value: Any, text: str) -> Row | BadRow:
    if isinstance(value, str):
        value = {"input": value}
    if not isinstance(value, dict):
        return BadRow(line, f"Not an object but {_kind(value)}.", show(text))
    if "\\u" in text and is_broken(json.dumps(value, ensure_ascii=False)):
        return BadRow(line, "Half of a character (a lone surrogate) stands in the text.", show(text))
    if len(text) > LONGEST_CELL and any(isinstance(item, str) and len(item) > LONGEST_CELL for item in value.values()):
        return BadRow(line, _LONG_VALUE, show(text[:1000]))
    return Row(line, value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return "a list" if isinstance(value, list) else "true or false" if isinstance(value, bool) else "a number"


def jsonl_rows(source: Opener, form: Form) -> Iterator[Row | BadRow]:
    """One row for each line."""
    with open_text(source, form.encoding) as lines:
        number = 0
        try:
            for number, line in enumerate(_lines(lines), 1):
                if line is None:
                    yield BadRow(number, _TOO_LONG)
                    continue
                text = line.strip()
                if not text:
                    continue
                if is_broken(text):
                    yield BadRow(number, why_broken(form.encoding), show(text))
                    continue
                try:
                    value = _DECODER.decode(text)
                except json.JSONDecodeError as error:
                    yield BadRow(number, f"Not JSON: {_json_reason(error)} at character {error.pos + 1}.", show(text))
                except RecursionError:
                    yield BadRow(number, "Nested too deep.", show(text))
                except ValueError as error:
                    yield BadRow(number, f"Not JSON: {error}.", show(text))
                else:
                    yield _json_row(number, value, text)
        except UnicodeDecodeError:
            yield BadRow(number + 1, why_broken(form.encoding) + " Nothing behind them could be read.")


def _lines(file: io.TextIOWrapper) -> Iterator[str | None]:
    """Each line; None in the place of one that is too long."""
    while line := file.readline(_LONGEST):
        is_whole = len(line) < _LONGEST or line.endswith("\n")
        yield line if is_whole else None
        while not is_whole and line and not line.endswith("\n"):
            line = file.readline(CHUNK)


def _json_reason(error: json.JSONDecodeError) -> str:
    return error.msg[:1].lower() + error.msg[1:]


def is_schema(value: Any) -> bool:
    """True for a JSON Schema, alone or as models are given one: `{"name": ..., "schema": {...}}`. It describes rows and holds none."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("$schema"), str) and "json-schema.org" in value["$schema"]:
        return True
    types = value["type"] if isinstance(value.get("type"), list) else [value.get("type")]
    if _TYPES.issuperset(map(str, types)) and any(isinstance(value.get(key), dict) for key in ("properties", "items", "$defs")):
        return True
    return {"name", "schema"} <= value.keys() <= {"name", "schema", "strict", "description"} and is_schema(value["schema"])


class _ArrayReader:
    """The elements of a JSON list, read piece by piece."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._buffer = ""
        self._place = 0
        self._line = 1
        self._ended = False

    def elements(self) -> Iterator[tuple[int, Any, str] | BadRow]:
        """(line, value, text) of each element; a BadRow ends the reading."""
        self._peek()
        self._place += 1  # the opening bracket
        first = True
        while True:
            char = self._peek()
            if char == "]":
                return
            if not char:
                yield BadRow(self._line, "The list is not closed: the file ends too early.")
                return
            if not first:
                if char != ",":
                    yield BadRow(self._line, "Not JSON: expecting a comma. Nothing behind it could be read.", self._here())
                    return
                self._place += 1
                if self._peek() == "]":
                    return
            first = False
            line = self._line
            found = self._element()
            if isinstance(found, str):
                yield BadRow(self._line, f"Not JSON: {found}. Nothing behind it could be read.", self._here())
                return
            value, text = found
            self._line += text.count("\n")
            yield line, value, text

    def _element(self) -> tuple[Any, str] | str:
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._place)
                if end < len(self._buffer) or not self._more():
                    text = self._buffer[self._place : end]
                    self._place = end
                    return value, text
            except json.JSONDecodeError as error:
                certain = error.pos < len(self._buffer) - 64 and not error.msg.startswith("Unterminated")
                if certain or not self._more():
                    if not certain and not self._ended:
                        return f"one of its rows is longer than {_LONGEST:,} characters"
                    self._line += self._buffer.count("\n", self._place, error.pos)
                    self._place = min(error.pos, len(self._buffer))
                    return _json_reason(error)
            except RecursionError:
                return "nested too deep"
            except ValueError as error:
                return str(error)

    def _here(self) -> str:
        start = self._buffer.rfind("\n", 0, self._place) + 1
        return show(self._buffer[start : start + 200])

    def _peek(self) -> str:
        """The next character that is no white space, or nothing at the end."""
        while True:
            while self._place < len(self._buffer):
                char = self._buffer[self._place]
                if char not in " \t\r\n":
                    return char
                self._line += char == "\n"
                self._place += 1
            if not self._more():
                return ""

    def _more(self) -> bool:
        if self._ended or len(self._buffer) - self._place > _LONGEST:
            return False
        chunk = self._file.read(max(CHUNK, len(self._buffer) - self._place))
        self._buffer = self._buffer[self._place :] + chunk
        self._place = 0
        self._ended = not chunk
        return not self._ended


def json_rows(source: Opener, form: Form) -> Iterator[Row | BadRow]:
    """One row for each object of the list."""
    with open_text(source, form.encoding) as file:
        try:
            start = file.read(4096)
        except UnicodeDecodeError as error:
            raise BadInput("Bytes that are not text of this encoding.", remedy="Save the file as UTF-8.") from error
        if start.lstrip()[:1] == "{":
            file.seek(0)
            text = file.read(_LONGEST + 1)
            yield from [BadRow(1, _TOO_LONG)] if len(text) > _LONGEST else _json_object_rows(text)
            return
        if start.strip() and start.lstrip()[:1] != "[":
            yield BadRow(1, "The file holds neither a list nor an object.", show(start.strip()))
            return
    with open_text(source, form.encoding) as file:
        try:
            for found in _ArrayReader(file).elements():
                if isinstance(found, BadRow):
                    yield found
                    return
                line, value, text = found
                yield BadRow(line, why_broken(form.encoding), show(text)) if is_broken(text) else _json_row(line, value, text)
        except UnicodeDecodeError:
            yield BadRow(1, why_broken(form.encoding))


def _json_object_rows(text: str) -> Iterator[Row | BadRow]:
    """Rows of a file such as `{"tests": [...]}`: an object that holds exactly one list of objects."""
    if is_broken(text):
        yield BadRow(1, why_broken("utf-8"))
        return
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
        yield BadRow(error.lineno, f"Not JSON: {_json_reason(error)}.", show(line))
        return
    except RecursionError:
        yield BadRow(1, "Nested too deep.")
        return
    except ValueError as error:
        yield BadRow(1, f"Not JSON: {error}.")
        return
    if is_schema(value):
        yield BadRow(1, "This is a JSON Schema: it describes answers and holds no cases. Use it in the structured output of a prompt.")
        return
    lists = [item for item in value.values() if isinstance(item, list) and item and all(isinstance(row, dict) for row in item)]
    rows = lists[0] if len(lists) == 1 else [value] if not lists else []
    if not rows:
        yield BadRow(1, "More than one list of objects stands in the file, so it is not clear which holds the cases.")
    for row in rows:
        yield _json_row(1, row, json.dumps(row))
