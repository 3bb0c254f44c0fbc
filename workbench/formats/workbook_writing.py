"""Excel workbooks of several sheets. Every text is a text cell, whatever it begins with; numbers and truth values stay what they are.

The parts are written as text: openpyxl builds an object and an XML tree for each of the 700,000 cells of 10,000 answers, which takes six
times as long. It reads them back in the tests.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from html import escape
from tempfile import TemporaryFile
from typing import IO, Any

from workbench.formats.tabular_columns import as_text
from workbench.formats.tabular_shield import is_formula
from workbench.formats.tabular_xlsx import LONGEST_CELL, MOST_ROWS, storable
from workbench.values.problems import BadInput

_CUT = " … (cut here: a cell of a workbook holds no more)"
_PLAIN, _HEAD, _QUOTED = "", ' s="1"', ' s="2"'
"""Styles of cells: none, the bold one of the header, and that of a text that stays one when somebody edits the cell."""
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = f"""{_HEADER}<styleSheet {_MAIN}><fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>
<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""


class Workbook:
    """Sheets are written row by row, one after the other or in turn, and stand in the order in which they were begun."""

    def __init__(self) -> None:
        self._sheets: list[Sheet] = []
        self.cut = 0
        """Texts that were longer than a cell and were cut."""

    def sheet(self, title: str, heads: Sequence[str], widths: Sequence[float] = ()) -> Sheet:
        """A new sheet with a header that stays in sight. `widths` in characters, of the first columns."""
        clean = "".join(letter if letter.isprintable() else " " for letter in re.sub(r"[\[\]:*?/\\']", " ", title))
        made = Sheet(self, clean[:31].strip() or "Sheet", widths)
        self._sheets.append(made)
        made.add(heads, _HEAD)
        return made

    def save(self, file: IO[bytes]) -> None:
        """Write all of it."""
        numbers = range(1, len(self._sheets) + 1)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
            sheets = "".join(
                f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_KIND}.worksheet+xml"/>' for number in numbers
            )
            packed.writestr(
                "[Content_Types].xml",
                f'{_HEADER}<Types xmlns="{_PACKAGE}/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/>'
                f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
                f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{sheets}</Types>',
            )
            packed.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
            listed = "".join(
                f'<sheet name="{escape(sheet.title)}" sheetId="{number}" r:id="rId{number}"/>'
                for number, sheet in zip(numbers, self._sheets, strict=True)
            )
            packed.writestr("xl/workbook.xml", f'{_HEADER}<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>')
            parts = [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
            packed.writestr("xl/_rels/workbook.xml.rels", _relations([*parts, ("styles", "styles.xml")]))
            packed.writestr("xl/styles.xml", _STYLES)
            for number, sheet in zip(numbers, self._sheets, strict=True):
                with packed.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part:
                    sheet.copy_to(part)
        self.close()

    def close(self) -> None:
        """Let go of the rows: they lie in temporary files until the book is saved."""
        while self._sheets:
            self._sheets.pop().close()


class Sheet:
    """One sheet of a workbook that is being written."""

    def __init__(self, book: Workbook, title: str, widths: Sequence[float]) -> None:
        self.title = title
        self._book = book
        self._letters: list[str] = []
        self._rows = 0
        self._file = TemporaryFile()  # noqa: SIM115  (`close` closes it)
        wide = "".join(f'<col min="{at}" max="{at}" width="{width:g}" customWidth="1"/>' for at, width in enumerate(widths, 1))
        self._write(
            f'{_HEADER}<worksheet {_MAIN}><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
            f'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>{f"<cols>{wide}</cols>" if wide else ""}<sheetData>'
        )

    def add(self, values: Iterable[Any], style: str = _PLAIN) -> None:
        """One more row. Raises BadInput where the sheet is full."""
        if self._rows > MOST_ROWS:
            raise BadInput(f"A sheet holds {MOST_ROWS:,} rows.", remedy="Write CSV or JSON Lines instead.")
        self._rows += 1
        row, letters = self._rows, self._letters
        cells = [f'<row r="{row}">']
        for at, value in enumerate(values):
            if at == len(letters):
                letters.append(_letters(at))
            if value is not None:
                cells.append(self._cell(value, f"{letters[at]}{row}", style))
        cells.append("</row>")
        self._write("".join(cells))

    def _cell(self, value: Any, place: str, style: str) -> str:
        if value is True or value is False:
            return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
        if (isinstance(value, float) and value - value == 0) or (isinstance(value, int) and abs(value) < 10**15):
            return f'<c r="{place}"><v>{value!r}</v></c>'  # a longer number would lose its last digits, and there are no endless ones
        text = storable(as_text(value) if not isinstance(value, str) else value)
        if len(text) > LONGEST_CELL:
            text = text[: LONGEST_CELL - len(_CUT)] + _CUT
            self._book.cut += 1
        if not style and not text[:1].isalnum() and is_formula(text):
            style = _QUOTED
        space = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
        return f'<c r="{place}"{style} t="inlineStr"><is><t{space}>{escape(text, quote=False)}</t></is></c>'

    def copy_to(self, part: IO[bytes]) -> None:
        """Write the sheet into its part of the file."""
        self._write("</sheetData></worksheet>")
        self._file.seek(0)
        shutil.copyfileobj(self._file, part, 1 << 18)

    def _write(self, text: str) -> None:
        self._file.write(text.encode("utf-8", "backslashreplace"))  # half a character has no place in a file

    def close(self) -> None:
        """Let go of its rows."""
        self._file.close()


def _relations(parts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for number, (kind, target) in enumerate(parts, 1)
    )
    return f'{_HEADER}<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'


def _letters(column: int) -> str:
    """`A` for 0, `Z` for 25, `AA` for 26."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
