"""Excel workbooks: read as a stream, formulas left alone, bombs refused; and cases written so that nothing in them can run."""

from __future__ import annotations

import datetime
import random
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from workbench.formats import tabular
from workbench.formats.tabular_rows import Row
from workbench.formats.tabular_xlsx import LONGEST_CELL, write_xlsx
from workbench.values import BadInput

openpyxl = pytest.importorskip("openpyxl")

NASTY = ["=1+1", "+1", "@x", "-2", '=HYPERLINK("http://x")', "_x000D_", "_x005F_x000D_", "a\rb\x01\n c ", "'quoted", "日本", ""]


def book(path: Path, *rows: Sequence[Any], sheets: Sequence[str] = (), hidden: Sequence[str] = ()) -> Path:
    """A workbook as openpyxl writes it for a spreadsheet."""
    made = openpyxl.Workbook()
    names = [*sheets] or ["Cases"]
    made.active.title = names[0]
    for name in names[1:]:
        made.create_sheet(name)
    for name in hidden:
        made[name].sheet_state = "hidden"
    shown = next(made[name] for name in names if name not in hidden)
    for row in rows:
        shown.append(list(row))
    made.save(path)
    return path


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The same workbook with other bytes in its parts."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(name, data))
    return path


def test_a_sheet_becomes_rows_with_numbers_dates_and_empty_cells(tmp_path: Path) -> None:
    day, moment = datetime.datetime(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4, 5)
    path = book(
        tmp_path / "b.xlsx", (), ("ticket", "n", "on", "when", "at"), ("Hello", 5, True, day, moment), (), (None, 1.5, False, None, None)
    )
    table = tabular.read(path)
    assert table.summary == "2 rows, sheet Cases, first row is names."
    assert table.columns == ("ticket", "n", "on", "when", "at")
    assert list(table.records()) == [
        Row(3, {"ticket": "Hello", "n": 5, "on": True, "when": "2026-01-02", "at": "2026-01-02T03:04:05"}),
        Row(5, {"ticket": "", "n": 1.5, "on": False, "when": "", "at": ""}),
    ]
    assert [spec.type for spec in table.mapping] == ["text", "number", "flag", "text", "text"]


def test_the_first_sheet_that_is_not_hidden_is_read(tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", ("a",), ("x",), sheets=["Notes", "Real"], hidden=["Notes"])
    assert tabular.read(path).form.sheet == "Real"


def test_a_formula_is_never_computed_its_stored_value_counts(tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", ("a", "b"), ("=1+1", "x"), ("=2+2", "y"))
    rewritten(path, lambda _name, data: data.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"))
    assert [row.values for row in tabular.read(path).records() if isinstance(row, Row)] == [{"a": 2, "b": "x"}, {"a": "", "b": "y"}]


def test_a_row_wider_than_the_header_is_reported_by_its_number(tmp_path: Path) -> None:
    table = tabular.read(book(tmp_path / "b.xlsx", ("a",), ("x",), ("x", "lost")))
    assert [(bad.line, bad.reason) for bad in table.bad] == [(3, "More cells than the 1 that the header has.")]
    assert table.rows == 1


def test_every_text_written_is_a_text_cell_and_reads_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    with path.open("wb") as file:
        assert write_xlsx(file, ["=head", "n"], [[text, number] for number, text in enumerate(NASTY)], "A/B: [1]") == len(NASTY)
    assert b"<f>" not in zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml")
    table = tabular.read(path)
    assert table.columns == ("=head", "n")
    assert [row.values["=head"] for row in table.records() if isinstance(row, Row)] == NASTY
    opened = openpyxl.load_workbook(path).active
    assert {cell.data_type for row in opened.iter_rows() for cell in row if isinstance(cell.value, str)} == {"s"}


def test_what_a_cell_cannot_hold_is_refused_instead_of_cut(tmp_path: Path) -> None:
    with (tmp_path / "out.xlsx").open("wb") as file, pytest.raises(BadInput, match="Case 2 has a text of 32,768 characters"):
        write_xlsx(file, ["a"], [["x"], ["x" * (LONGEST_CELL + 1)]], "T")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", ("a",), ("x",))
    rewritten(path, lambda name, data: data + b" " * 50_000_000 if "sheet1" in name else data)
    with pytest.raises(BadInput, match="would unpack to 47 MB"):
        tabular.read(path)


def test_entities_a_hostile_row_and_garbage_are_refused(tmp_path: Path) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>'
    path = book(tmp_path / "b.xlsx", ("a",), ("x",))
    rewritten(path, lambda name, data: laughs + data if "sheet1" in name else data)
    with pytest.raises(BadInput, match="entities"):
        tabular.read(path)
    path = book(tmp_path / "c.xlsx", ("a",), ("x",))
    far = b'<row r="999999999999"><c r="A999999999999"><v>1</v></c></row></sheetData>'
    rewritten(path, lambda name, data: data.replace(b"</sheetData>", far) if "sheet1" in name else data)
    assert tabular.read(path).rows == 1
    path = book(tmp_path / "d.xlsx", ("a",), ("x",))
    rewritten(path, lambda name, data: data[: len(data) // 2] if "sheet1" in name else data)
    with pytest.raises(BadInput, match="not an Excel workbook"):
        list(tabular.read(path).records())


def test_one_row_as_large_as_the_memory_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    book(path, ("a",), ("x",))
    noise = random.Random(1).randbytes(40).hex().encode()
    cells = b"".join(b'<c t="inlineStr"><is><t>%d%s</t></is></c>' % (n, noise) for n in range(400_000))
    rewritten(path, lambda name, data: data.replace(b"</row></sheetData>", cells + b"</row></sheetData>") if "sheet1" in name else data)
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size > 32 * 1024 * 1024
    table = tabular.read(path)
    assert [bad.reason for bad in table.bad] == ["One row has more than 32 MB. Nothing behind it was read."]


def sheets(path: Path, **contents: Sequence[Sequence[Any]]) -> Path:
    """A workbook with these sheets."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in contents.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    made.save(path)
    return path


def test_the_first_sheet_with_rows_is_read_unless_another_one_is_wanted(tmp_path: Path) -> None:
    path = sheets(
        tmp_path / "b.xlsx", Cover=[("About this book",)], Empty=[], Cases=[("ticket",), ("boots",)], More=[("question", "n"), ("why", 2)]
    )
    table = tabular.read(path)
    assert (table.form.sheet, table.form.sheets, table.rows) == ("Cases", ("Cover", "Empty", "Cases", "More"), 1)
    assert table.summary == "1 row, sheet Cases of 4, first row is names."
    other = tabular.read(path, sheet="more")
    assert (other.form.sheet, other.columns, list(other.records())) == ("More", ("question", "n"), [Row(2, {"question": "why", "n": 2})])
    with pytest.raises(BadInput, match=r"b.xlsx has no sheet Nope. Its sheets are Cover, Empty, Cases, More."):
        tabular.read(path, sheet="Nope")
    with pytest.raises(BadInput, match="no header row"):
        tabular.read(path, sheet="Empty")
    (tmp_path / "c.csv").write_text("a\n1\n")
    with pytest.raises(BadInput, match="no Excel workbook"):
        tabular.read(tmp_path / "c.csv", sheet="Cases")
