"""The bytes of a table file: which encoding, which form, which separator, and its rows one by one with their line numbers."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from workbench.formats.tabular_json import is_json, json_rows, jsonl_rows
from workbench.formats.tabular_rows import (
    CHUNK,
    LONGEST_CELL,
    BadRow,
    Form,
    Opener,
    Row,
    TableFormat,
    is_broken,
    open_text,
    show,
    why_broken,
)
from workbench.formats.tabular_shield import unshielded
from workbench.formats.tabular_xlsx import sheet_of, xlsx_header, xlsx_rows
from workbench.values.problems import BadInput

_SAMPLE = 256 * 1024
_BOMS = (  # the longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TABLES = (
    (b"\xd0\xcf\x11\xe0", "is an old or a protected Excel workbook", "Save it as XLSX without a password, or as CSV, and import that."),
    (b"%PDF", "is a PDF", "Import a CSV, TSV, XLSX, JSON or JSONL file."),
    (b"SQLite format 3", "is a database", "Import a CSV, TSV, XLSX, JSON or JSONL file."),
    (b"\x1f\x8b", "is compressed", "Unpack it and import the file inside."),
)
# Letters and marks that Windows text of western languages really holds; others hint at bytes that are simply broken.
_WESTERN = set("àâäáãåæçèéêëìíîïñòóôõöøœùúûüßÀÂÄÁÃÅÆÇÈÉÊËÍÎÏÑÒÓÔÕÖØŒÚÛÜ‘’“”„‚–—…•·€£¥§°²³«»¿¡®©™ºª´±\xa0")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_INNER_CR = "\ue00d"
"""Stands for a carriage return inside a line while the csv module reads it, which would take it for the end of a record."""


def form_of(name: str, source: Opener, encoding: str = "", delimiter: str = "", sheet: str = "") -> Form:
    """How the file is written, found from its bytes; what is given is not guessed. Raises BadInput for what is no table."""
    with source() as file:
        head = file.read(_SAMPLE)
    if head.startswith(b"PK\x03\x04"):
        chosen, sheets = sheet_of(name, source, sheet)
        return Form("xlsx", "", sheet=chosen, sheets=sheets)
    if sheet:
        raise BadInput(f"{name} is no Excel workbook and has no sheets.", remedy="Leave the sheet out.")
    for magic, what, remedy in _NOT_TABLES:
        if head.startswith(magic):
            raise BadInput(f"{name} {what}.", remedy=remedy)
    guessed = not encoding
    encoding = encoding or _encoding_of(name, source, head)
    try:
        sample = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    except LookupError:
        raise BadInput(f"{encoding} is not a known encoding.") from None
    except UnicodeError:  # UTF-16 and UTF-32 want to begin with their mark
        raise BadInput(f"{name} is not {encoding.upper()}.", remedy="Choose another encoding.") from None
    text = sample.lstrip()
    if guessed and len(_CONTROL.findall(sample)) * 20 > len(sample):
        raise BadInput(f"{name} is not text.", remedy="Import a CSV, TSV, XLSX, JSON or JSONL file.")
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
        return "jsonl" if rest.strip() and is_json(first) else "json"
    return "json" if name.endswith(".json") else None


def header_of(name: str, source: Opener, form: Form) -> tuple[str, ...]:
    """Column names of a CSV or TSV file, or of a workbook, as they stand there: one may stand twice."""
    if form.format == "xlsx":
        return xlsx_header(name, source, form.sheet)
    with open_text(source, form.encoding, form.newline) as lines:
        for _, fields, _ in _csv_records(lines, form):
            if isinstance(fields, str):
                break
            if not any(fields):
                continue
            return tuple(map(unshielded, fields)) if form.is_shielded else tuple(fields)
    raise BadInput(f"{name} has no header row that can be read.", remedy="Put the names of the columns into the first line.")


def rows_of(name: str, source: Opener, form: Form, columns: tuple[str, ...] = ()) -> Iterator[Row | BadRow]:
    """Every row of the file, good or bad, one at a time: memory does not grow with the file."""
    if form.format in ("csv", "tsv"):
        yield from _csv_rows(source, form, columns)
    elif form.format == "xlsx":
        yield from xlsx_rows(name, source, columns, form.sheet)
    elif form.format == "jsonl":
        yield from jsonl_rows(source, form)
    else:
        yield from json_rows(source, form)


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
            while chunk := file.read(CHUNK):
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
            yield line, f"A cell is longer than {LONGEST_CELL:,} characters, or its quote is never closed. Nothing behind it was read.", raw
            return
        except UnicodeDecodeError:
            yield line, why_broken(form.encoding) + " Nothing behind them could be read.", raw
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
    with open_text(source, form.encoding, form.newline) as lines:
        for line, fields, raw in _csv_records(lines, form):
            if isinstance(fields, str):
                yield BadRow(line, fields, show(raw[0] if raw else ""))
                return
            if not any(fields):
                continue
            if not header_seen:
                header_seen = True
                continue
            if len(fields) != width:
                yield BadRow(line, _why_width(len(fields), width), show("".join(raw)))
            elif any(is_broken(field) for field in fields):
                yield BadRow(line, why_broken(form.encoding), show("".join(raw)))
            else:
                yield Row(line, dict(zip(columns, map(unshielded, fields) if form.is_shielded else fields, strict=True)))


def _why_width(found: int, wanted: int) -> str:
    return f"{found} field{'' if found == 1 else 's'} where the header has {wanted}."
