"""The bytes of a table file: which encoding, which form, which separator, and its rows one by one with their line numbers."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, NoReturn

from workbench.values.problems import BadInput

Opener = Callable[[], BinaryIO]
TableFormat = Literal["csv", "tsv", "jsonl", "json"]

LONGEST_CELL = 16 * 1024 * 1024
"""Characters of one cell. More than that is an open quote that swallows the file, not a text."""
_SAMPLE = 256 * 1024
_CHUNK = 1024 * 1024
_BOMS = (  # the longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TABLES = (
    (b"PK\x03\x04", "is a zip or an Excel workbook", "Save the sheet as CSV and import that."),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", "Save the sheet as CSV and import that."),
    (b"%PDF", "is a PDF", "Import a CSV, TSV, JSON or JSONL file."),
    (b"SQLite format 3", "is a database", "Import a CSV, TSV, JSON or JSONL file."),
    (b"\x1f\x8b", "is compressed", "Unpack it and import the file inside."),
)
# Letters and marks that Windows text of western languages really holds; others hint at bytes that are simply broken.
_WESTERN = set("àâäáãåæçèéêëìíîïñòóôõöøœùúûüßÀÂÄÁÃÅÆÇÈÉÊËÍÎÏÑÒÓÔÕÖØŒÚÛÜ‘’“”„‚–—…•·€£¥§°²³«»¿¡®©™ºª´±\xa0")
_HALF = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_INNER_CR = "\ue00d"
"""Stands for a carriage return inside a line while the csv module reads it, which would take it for the end of a record."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name, and the line of the file on which it starts."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: where, why, and its beginning as it stands in the file."""

    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How a table file is written."""

    format: TableFormat
    encoding: str
    delimiter: str = ","
    skip_lines: int = 0
    """Lines before the header: 1 for Excel's `sep=;` line."""
    newline: str = "\n"
    """What ends a line; a carriage return only in files of old Macs."""


def form_of(name: str, source: Opener, encoding: str = "", delimiter: str = "") -> Form:
    """How the file is written, found from its bytes; what is given is not guessed. Raises BadInput for what is no table."""
    with source() as file:
        head = file.read(_SAMPLE)
    for magic, what, remedy in _NOT_TABLES:
        if head.startswith(magic):
            raise BadInput(f"{name} {what}.", remedy=remedy)
    guessed = not encoding
    encoding = encoding or _encoding_of(name, source, head)
    try:
        sample = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    except LookupError:
        raise BadInput(f"{encoding} is not a known encoding.") from None
    text = sample.lstrip()
    if guessed and len(_CONTROL.findall(sample)) * 20 > len(sample):
        raise BadInput(f"{name} is not text.", remedy="Import a CSV, TSV, JSON or JSONL file.")
    if not text:
        raise BadInput(f"{name} is empty.")
    json_form = _json_form(name.lower(), text) if not delimiter else None
    if json_form:
        return Form(json_form, encoding)
    newline = "\r" if "\r" in sample and "\n" not in sample else "\n"
    hint = re.match(r"sep=(.)\r?\n", sample)
    if hint:
        return Form("csv", encoding, delimiter or hint[1], 1, newline)
    delimiter = delimiter or _delimiter_of(sample, whole=len(head) < _SAMPLE, tabs_first=name.lower().endswith((".tsv", ".tab")))
    return Form("tsv" if delimiter == "\t" else "csv", encoding, delimiter, 0, newline)


def _json_form(name: str, text: str) -> TableFormat | None:
    """JSON or JSON Lines by name and first characters; None for a file of fields."""
    if text[0] == "[" and (name.endswith((".json", ".jsonl")) or text[1:].lstrip()[:1] in ("{", "]")):
        return "json"
    if name.endswith((".jsonl", ".ndjson")):
        return "jsonl"
    if text[0] == "{":
        first, _, rest = text.partition("\n")
        return "jsonl" if rest.strip() and _is_json(first) else "json"
    return "json" if name.endswith(".json") else None


def header_of(name: str, source: Opener, form: Form) -> tuple[str, ...]:
    """Column names of a CSV or TSV file, made unique. A column without a name gets its place as name."""
    with _text(source, form.encoding, form.newline) as lines:
        for _, fields, _ in _csv_records(lines, form):
            if isinstance(fields, str):
                break
            if not any(fields):
                continue
            names: list[str] = []
            for place, field in enumerate(fields, 1):
                wanted = field.strip() or f"column {place}"
                unique, count = wanted, 2
                while unique in names:
                    unique, count = f"{wanted} {count}", count + 1
                names.append(unique)
            return tuple(names)
    raise BadInput(f"{name} has no header row that can be read.", remedy="Put the names of the columns into the first line.")


def rows_of(source: Opener, form: Form, columns: tuple[str, ...] = ()) -> Iterator[Row | BadRow]:
    """Every row of the file, good or bad, one at a time: memory does not grow with the file."""
    if form.format in ("csv", "tsv"):
        yield from _csv_rows(source, form, columns)
    elif form.format == "jsonl":
        yield from _jsonl_rows(source, form)
    else:
        yield from _json_rows(source, form)


# Text


def _encoding_of(name: str, source: Opener, head: bytes) -> str:
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    if b"\0" in head[:4096]:
        even, odd = head[:4096:2].count(0), head[1:4096:2].count(0)
        if max(even, odd) > len(head[:4096]) // 5:
            return "utf-16-le" if odd > even else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with source() as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _encoding_by_lines(source)
    return "utf-8"


def _encoding_by_lines(source: Opener) -> str:
    """UTF-8 with broken lines, or Windows text: whichever explains more lines beyond ASCII."""
    whole = broken = strange = 0
    with source() as file:
        for line in file:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                whole += 1
            except UnicodeDecodeError:
                broken += 1
                try:
                    strange += any(char > "\x7f" and char not in _WESTERN for char in line.decode("cp1252"))
                except UnicodeDecodeError:
                    strange += 1
    return "cp1252" if broken > whole and strange * 10 <= broken else "utf-8"


def _text(source: Opener, encoding: str, newline: str = "\n") -> io.TextIOWrapper:
    """The file as text; bytes that are no text come as halves of surrogate pairs, which `_is_broken` finds."""
    errors = "surrogatepass" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
    return io.TextIOWrapper(source(), encoding, errors=errors, newline=newline)


def _is_broken(text: str) -> bool:
    return not text.isascii() and _HALF.search(text) is not None


def _show(text: str) -> str:
    """The beginning of a line, fit for a report: one line, bytes that are no text as question marks."""
    return _HALF.sub("\ufffd", text.rstrip("\r\n")[:200]).replace("\n", " ").replace("\r", "").replace("\0", "\ufffd")


def _why_broken(encoding: str) -> str:
    name = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows text"}.get(encoding, encoding.upper())
    return f"Bytes that are not {name}."


# CSV


def _delimiter_of(sample: str, *, whole: bool, tabs_first: bool) -> str:
    """The separator under which most records have as many fields as the header. One column alone is possible too."""
    if not whole:
        sample = sample[: sample.rfind("\n") + 1] or sample
    best, best_score = "", (0.0, 0)
    candidates = "\t,;|" if tabs_first else ",;\t|"
    alone = ""
    for candidate in candidates:
        counts = _field_counts(sample, candidate)
        if not counts:
            continue
        header = counts[0]
        agree = sum(count == header for count in counts) / len(counts)
        if header == 1:
            alone = alone or (candidate if agree == 1.0 else "")
            continue
        score = (round(agree, 2), header)
        if score > best_score:
            best, best_score = candidate, score
    return best or alone or candidates[0]


def _field_counts(sample: str, delimiter: str) -> list[int]:
    counts = []
    try:
        for fields in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if fields:
                counts.append(len(fields))
            if len(counts) == 200:
                break
    except csv.Error:
        pass
    return counts


def _csv_records(lines: io.TextIOWrapper, form: Form) -> Iterator[tuple[int, list[str] | str, list[str]]]:
    """(line, fields or what is wrong, raw lines) of each record."""
    if csv.field_size_limit() < LONGEST_CELL:
        csv.field_size_limit(LONGEST_CELL)
    raw: list[str] = []
    ended = swapped = False

    def feed() -> Iterator[str]:
        nonlocal ended, swapped
        for line in lines:
            raw.append(line)
            if "\r" in line and "\r" in line.rstrip("\r\n"):
                swapped = True
                end = len(line.rstrip("\r\n"))
                yield line[:end].replace("\r", _INNER_CR) + line[end:]
            else:
                yield line
        ended = True

    reader = csv.reader(feed(), delimiter=form.delimiter)
    line = 1
    while True:
        raw.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, "A quote that opens here is never closed. Nothing behind it could be read.", raw
            return
        except UnicodeDecodeError:
            yield line, _why_broken(form.encoding) + " Nothing behind them could be read.", raw
            return
        if ended:  # the reader asks for a line behind the last one only inside quotes
            behind = "" if len(raw) == 1 else f" Lines {line} to {reader.line_num} could not be read."
            yield line, f"A quote that opens here is never closed.{behind}", raw
            return
        if swapped:
            fields, swapped = [field.replace(_INNER_CR, "\r") for field in fields], False
        if line > form.skip_lines:
            yield line, fields, raw
        line = reader.line_num + 1


def _csv_rows(source: Opener, form: Form, columns: tuple[str, ...]) -> Iterator[Row | BadRow]:
    width = len(columns)
    header_seen = False
    with _text(source, form.encoding, form.newline) as lines:
        for line, fields, raw in _csv_records(lines, form):
            if isinstance(fields, str):
                yield BadRow(line, fields, _show(raw[0] if raw else ""))
                return
            if not any(fields):
                continue
            if not header_seen:
                header_seen = True
                continue
            if len(fields) != width:
                yield BadRow(line, _why_width(len(fields), width), _show("".join(raw)))
            elif any(_is_broken(field) for field in fields):
                yield BadRow(line, _why_broken(form.encoding), _show("".join(raw)))
            else:
                yield Row(line, dict(zip(columns, fields, strict=True)))


def _why_width(found: int, wanted: int) -> str:
    return f"{found} field{'' if found == 1 else 's'} where the header has {wanted}."


# JSON


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _is_json(text: str) -> bool:
    try:
        _DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        return False
    return True


def _json_row(line: int, value: Any, text: str) -> Row | BadRow:
    if isinstance(value, str):
        value = {"input": value}
    if not isinstance(value, dict):
        return BadRow(line, f"Not an object but {_kind(value)}.", _show(text))
    if "\\u" in text and _is_broken(json.dumps(value, ensure_ascii=False)):
        return BadRow(line, "Half of a character (a lone surrogate) stands in the text.", _show(text))
    return Row(line, value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return "a list" if isinstance(value, list) else "true or false" if isinstance(value, bool) else "a number"


def _jsonl_rows(source: Opener, form: Form) -> Iterator[Row | BadRow]:
    with _text(source, form.encoding) as lines:
        try:
            for number, line in enumerate(lines, 1):
                text = line.strip()
                if not text:
                    continue
                if _is_broken(text):
                    yield BadRow(number, _why_broken(form.encoding), _show(text))
                    continue
                try:
                    value = _DECODER.decode(text)
                except json.JSONDecodeError as error:
                    yield BadRow(number, f"Not JSON: {_json_reason(error)} at character {error.pos + 1}.", _show(text))
                except RecursionError:
                    yield BadRow(number, "Nested too deep.", _show(text))
                except ValueError as error:
                    yield BadRow(number, f"Not JSON: {error}.", _show(text))
                else:
                    yield _json_row(number, value, text)
        except UnicodeDecodeError:
            yield BadRow(number + 1, _why_broken(form.encoding) + " Nothing behind them could be read.")


def _json_reason(error: json.JSONDecodeError) -> str:
    return error.msg[:1].lower() + error.msg[1:]


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
                    self._line += self._buffer.count("\n", self._place, error.pos)
                    self._place = min(error.pos, len(self._buffer))
                    return _json_reason(error)
            except RecursionError:
                return "nested too deep"
            except ValueError as error:
                return str(error)

    def _here(self) -> str:
        start = self._buffer.rfind("\n", 0, self._place) + 1
        return _show(self._buffer[start : start + 200])

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
        if self._ended or len(self._buffer) - self._place > 4 * LONGEST_CELL:
            return False
        chunk = self._file.read(max(_CHUNK, len(self._buffer) - self._place))
        self._buffer = self._buffer[self._place :] + chunk
        self._place = 0
        self._ended = not chunk
        return not self._ended


def _json_rows(source: Opener, form: Form) -> Iterator[Row | BadRow]:
    with _text(source, form.encoding) as file:
        if file.read(4096).lstrip()[:1] == "{":
            file.seek(0)
            yield from _json_object_rows(file.read(4 * LONGEST_CELL))
            return
    with _text(source, form.encoding) as file:
        try:
            for found in _ArrayReader(file).elements():
                if isinstance(found, BadRow):
                    yield found
                    return
                line, value, text = found
                yield BadRow(line, _why_broken(form.encoding), _show(text)) if _is_broken(text) else _json_row(line, value, text)
        except UnicodeDecodeError:
            yield BadRow(1, _why_broken(form.encoding))


def _json_object_rows(text: str) -> Iterator[Row | BadRow]:
    """Rows of a file such as `{"tests": [...]}`: an object that holds exactly one list of objects."""
    if _is_broken(text):
        yield BadRow(1, _why_broken("utf-8"))
        return
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
        yield BadRow(error.lineno, f"Not JSON: {_json_reason(error)}.", _show(line))
        return
    except (ValueError, RecursionError) as error:
        yield BadRow(1, f"Not JSON: {error}.")
        return
    lists = [item for item in value.values() if isinstance(item, list) and item and all(isinstance(row, dict) for row in item)]
    rows = lists[0] if len(lists) == 1 else [value] if not lists else []
    if not rows:
        yield BadRow(1, "More than one list of objects stands in the file, so it is not clear which holds the cases.")
    for row in rows:
        yield _json_row(1, row, json.dumps(row))
