"""Excel workbooks of several sheets. Every text is a text cell, whatever it begins with; numbers and truth values stay what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import IO, Any

from workbench.formats.tabular_columns import as_text
from workbench.formats.tabular_writing import is_formula
from workbench.formats.tabular_xlsx import LONGEST_CELL, MOST_ROWS, library, storable
from workbench.values.problems import BadInput

_CUT = " … (cut here: a cell of a workbook holds no more)"


class Workbook:
    """Sheets are written row by row, one after the other or in turn, and stand in the order in which they were begun."""

    def __init__(self) -> None:
        library()
        from openpyxl import Workbook as Book

        self._book = Book(write_only=True)
        self._sheets: list[Any] = []
        self.cut = 0
        """Texts that were longer than a cell and were cut."""

    def sheet(self, title: str, heads: Sequence[str], widths: Sequence[float] = ()) -> Sheet:
        """A new sheet with a header that stays in sight. `widths` in characters, of the first columns."""
        from openpyxl.styles import Font
        from openpyxl.utils import get_column_letter

        made = self._book.create_sheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or "Sheet")
        made.freeze_panes = "A2"
        for at, width in enumerate(widths, 1):
            made.column_dimensions[get_column_letter(at)].width = width
        self._sheets.append(made)
        sheet = Sheet(self, made)
        sheet.add(heads, Font(bold=True))
        return sheet

    def save(self, file: IO[bytes]) -> None:
        """Write all of it."""
        self.close()
        self._book.save(file)

    def close(self) -> None:
        """Let go of the rows: they lie in temporary files until the book is saved."""
        while self._sheets:
            self._sheets.pop().close()


class Sheet:
    """One sheet of a workbook that is being written."""

    def __init__(self, book: Workbook, sheet: Any) -> None:
        self._book, self._sheet = book, sheet
        self._rows = 0

    def add(self, values: Iterable[Any], font: Any = None) -> None:
        """One more row. Raises BadInput where the sheet is full."""
        if self._rows > MOST_ROWS:
            raise BadInput(f"A sheet holds {MOST_ROWS:,} rows.", remedy="Write CSV or JSON Lines instead.")
        self._rows += 1
        self._sheet.append([self._cell(value, font) for value in values])

    def _cell(self, value: Any, font: Any) -> Any:
        if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 10**15):
            return value if value is None or (value == value and abs(value) != float("inf")) else str(value)
        from openpyxl.cell import WriteOnlyCell

        text = storable(as_text(value))
        if len(text) > LONGEST_CELL:
            text = text[: LONGEST_CELL - len(_CUT)] + _CUT
            self._book.cut += 1
        cell = WriteOnlyCell(self._sheet, value=text)
        cell.data_type = "s"
        if is_formula(text):
            cell.quotePrefix = True  # it stays a text when somebody edits the cell  # type: ignore[attr-defined]
        if font is not None:
            cell.font = font
        return cell
