"""Excel workbooks: one sheet read row by row, and cases written as one sheet.

Formulas are never computed: a cell has the value that the last program stored for it. On the way out every text is a text cell,
so that `=1+1` stays these four characters. What a small file unpacks to is looked at before anything is unpacked.
"""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from workbench.formats.tabular_columns import as_text
from workbench.formats.tabular_rows import BadRow, Opener, Row, show
from workbench.values.problems import BadInput, Missing, Problem

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

MOST_ROWS = 1_048_575
"""Cases that a sheet holds below its header."""
LONGEST_CELL = 32_767
_MOST_COLUMNS = 500
_MOST_PARTS = 10_000
_LARGEST_ROW = 32 * 1024 * 1024
_LARGEST = {"sheet": 1024 * 1024 * 1024, "strings": 192 * 1024 * 1024, "other": 16 * 1024 * 1024}
"""Bytes that one part may unpack to. Sheets are read as a stream; texts that cells share lie in memory while they are read."""
_BOMB_FROM, _BOMB_RATIO = 16 * 1024 * 1024, 200
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x(?=(?:005F|00[01][0-9A-F]|FFF[EF])_)")
_ESCAPED = re.compile("_x005F_(?=x(?:005F|00[01][0-9A-F]|FFF[EF])_)|_x(00[01][0-9A-F]|FFF[EF])_")


def sheet_of(name: str, source: Opener, wanted: str = "") -> tuple[str, tuple[str, ...]]:
    """The name of the sheet that is read, and those of all that can be seen. It is the wanted one, else the first with rows.

    Raises BadInput where there is no such sheet, or the file is no workbook.
    """
    with _opened(name, source) as sheets:
        titles = tuple(str(sheet.title) for sheet in sheets)
        if wanted:
            found = [title for title in titles if title == wanted] or [title for title in titles if title.casefold() == wanted.casefold()]
            if not found:
                raise BadInput(f"{name} has no sheet {wanted}.", remedy=f"Its sheets are {', '.join(titles)}.")
            return found[0], titles
        with_rows = (title for title, sheet in zip(titles, sheets, strict=True) if len(sheets) == 1 or _has_rows(sheet))
        return next(with_rows, titles[0]), titles


def _has_rows(sheet: Any) -> bool:
    """True where a row stands below the header."""
    filled = (row for row in _rows(sheet, _MOST_COLUMNS + 1) if any(cell is not None and cell != "" for cell in row))
    return next(islice(filled, 1, None), None) is not None


def xlsx_header(name: str, source: Opener, title: str) -> tuple[str, ...]:
    """Column names: the cells of the first row that is not empty."""
    with _opened(name, source) as sheets:
        sheet = _titled(sheets, title)
        for row in _rows(sheet, _MOST_COLUMNS + 1):
            if any(row):
                if row[-1] is not None:
                    raise BadInput(f"{name} has more than {_MOST_COLUMNS} columns.")
                last = max(at for at, cell in enumerate(row) if cell is not None)
                return tuple(as_text(_value(cell)) for cell in row[: last + 1])
    raise BadInput(f"{name} has no header row that can be read.", remedy="Put the names of the columns into the first row.")


def xlsx_rows(name: str, source: Opener, columns: tuple[str, ...], title: str) -> Iterator[Row | BadRow]:
    """One row for each row of the sheet that is not empty, by its number there."""
    width, header_seen, number = len(columns), False, 0
    try:
        with _opened(name, source) as sheets:
            for number, row in enumerate(_rows(_titled(sheets, title), width + 1), 1):
                if all(cell is None or cell == "" for cell in row):
                    continue
                if not header_seen:
                    header_seen = True
                elif row[-1] is not None:
                    shown = show(", ".join(as_text(_value(cell)) for cell in row))
                    yield BadRow(number, f"More cells than the {width} that the header has.", shown)
                else:
                    yield Row(number, {column: _value(cell) for column, cell in zip(columns, row, strict=False)})
    except BadInput as error:
        yield BadRow(number + 1, f"{error.message} Nothing behind it was read.")


def write_xlsx(file: IO[bytes], names: Sequence[str], rows: Iterable[Sequence[Any]], title: str) -> int:
    """How many rows were written below a header of these names. Raises BadInput for what a sheet cannot hold."""
    library()
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or "Cases")
    sheet.freeze_panes = "A2"

    def cell(value: Any, row: int) -> Cell | int | float | bool | None:
        if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 10**15):
            return value  # a longer number would lose its last digits there
        text = storable(as_text(value))
        if len(text) > LONGEST_CELL:
            where = f"Case {row}" if row else "A column name"
            raise BadInput(
                f"{where} has a text of {len(text):,} characters, and a cell of a workbook holds {LONGEST_CELL:,}.",
                remedy="Write CSV or JSON Lines instead.",
            )
        made = WriteOnlyCell(sheet, value=text)
        made.data_type = "s"  # whatever it begins with
        return made

    count = 0
    try:
        sheet.append([cell(name, 0) for name in names])
        for count, row in enumerate(rows, 1):
            if count > MOST_ROWS:
                raise BadInput(f"A sheet holds {MOST_ROWS:,} cases.", remedy="Write CSV or JSON Lines instead.")
            sheet.append([cell(value, count) for value in row])
    finally:
        sheet.close()  # the rows lie in a temporary file until the book is saved
    book.save(file)
    return count


def storable(text: str) -> str:
    """The text as a workbook holds it: signs that its XML has no place for are written as numbers."""
    return _UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return "_x005F_x" if len(found[0]) > 1 else f"_x{ord(found[0]):04X}_"


def _unescape(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else "_"


def library() -> Any:
    """The module openpyxl. Raises BadInput, with what to install, where it is not here."""
    try:
        import openpyxl
    except ImportError:
        lacking = BadInput(
            "Excel workbooks need the package openpyxl, which is not installed.",
            remedy='Install it with: pip install "prompt-workbench[excel]", or save the sheet as CSV.',
        )
        lacking.exit_code = Missing.exit_code  # of many files only this one is set aside, as any that cannot be read
        raise lacking from None
    # What it tells of parts that we do not read (drawings, rules of validation) is no news to anybody here.
    warnings.filterwarnings("ignore", module=r"openpyxl\.")
    return openpyxl


@contextmanager
def _opened(name: str, source: Opener) -> Iterator[list[ReadOnlyWorksheet]]:
    """The sheets that can be seen; where all are hidden, all of them."""
    openpyxl = library()
    try:
        with source() as file:
            _weigh(name, file)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "reset_dimensions")]  # a chart has no rows
                shown = [sheet for sheet in sheets if sheet.sheet_state == "visible"] or sheets
                if not shown:
                    raise BadInput(f"{name} has no sheet with cells.")
                yield shown
            finally:
                book.close()
    except (Problem, GeneratorExit, MemoryError):
        raise
    except Exception as error:  # a broken workbook fails anywhere in zip, XML and the library, with errors of every kind
        said = f"{name} is not an Excel workbook that can be read ({type(error).__name__})."
        raise BadInput(said, remedy="Save it anew, or as CSV.") from error


def _weigh(name: str, file: BinaryIO) -> None:
    """Raises BadInput for a file that would unpack to more than anybody's cases, or that hides a definition of entities."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > _MOST_PARTS:
            raise BadInput(f"{name} has {len(parts):,} parts, which no workbook of cases has.")
        for part in parts:
            path = part.filename.lower()
            kind = "sheet" if "/worksheets/" in path else "strings" if "sharedstrings" in path else "other"
            if not path.endswith((".xml", ".rels")):
                continue  # pictures and macros are never unpacked
            ratio = part.file_size / max(1, part.compress_size)
            if part.file_size > _LARGEST[kind] or (part.file_size > _BOMB_FROM and ratio > _BOMB_RATIO):
                raise BadInput(
                    f"{name} would unpack to {part.file_size // 1024**2:,} MB from {part.compress_size // 1024:,} kB. It was not opened.",
                    remedy="Save the sheet as CSV and import that.",
                )
            with archive.open(part) as head:
                if b"<!" in head.read(4096).replace(b"<!--", b""):
                    raise BadInput(f"{name} defines its own entities, which no workbook does. It was not opened.")


def _titled(sheets: Sequence[ReadOnlyWorksheet], title: str) -> ReadOnlyWorksheet:
    return next((sheet for sheet in sheets if sheet.title == title), sheets[0])


class _Watched:
    """A sheet's bytes, for the parser; it ends where one row alone would fill the memory."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner, self._since = inner, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._inner.read(size)
        end = data.rfind(b"row>")
        self._since = len(data) - end if end >= 0 else self._since + len(data)
        if self._since > _LARGEST_ROW:
            raise BadInput(f"One row has more than {_LARGEST_ROW // 1024**2} MB.")
        return data

    def close(self) -> None:
        """Close what is behind it."""
        self._inner.close()

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _rows(sheet: Any, width: int) -> Iterator[tuple[Any, ...]]:
    bytes_of = type(sheet)._get_source
    sheet._get_source = lambda: _Watched(bytes_of(sheet))
    sheet.reset_dimensions()  # what a file says of its size need not be true
    yield from sheet.iter_rows(min_row=1, max_row=MOST_ROWS + 1, min_col=1, max_col=width, values_only=True)


def _value(cell: Any) -> Any:
    """A cell as JSON has it: dates as ISO text, nothing as empty text."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return _ESCAPED.sub(_unescape, cell)
    if isinstance(cell, datetime.datetime):
        return (cell.date() if cell.time() == datetime.time() else cell).isoformat()
    if isinstance(cell, float) and (cell != cell or cell in (float("inf"), float("-inf"))):
        return str(cell)
    return cell if isinstance(cell, (bool, int, float)) else str(cell)
