"""Mutated files of every format: each ends in an import or a clear rejection, in bounded time and memory, with nothing half done.

`WORKBENCH_FUZZ=2000` tries that many of each format (`make fuzz`), `WORKBENCH_FUZZ_FROM` is the first number.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT
from tests.good_files import GOOD
from tests.mutated_files import mutated
from workbench.formats.foreign_formats import UNEXPECTED
from workbench.library.folder import FORMATS
from workbench.library.reports import ImportReport
from workbench.workspace import Workspace

COUNT = int(ORIGINAL_ENVIRONMENT.get("WORKBENCH_FUZZ", "40"))
FIRST = int(ORIGINAL_ENVIRONMENT.get("WORKBENCH_FUZZ_FROM", "0"))
SECONDS = 2.0
GROWTH = 200_000_000
"""Bytes of memory that no single file may take."""


def peak() -> int:
    """The most memory that this process held since `forget_peak`."""
    return next(int(line.split()[1]) * 1024 for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))


def forget_peak() -> int:
    """Start to measure; the memory held now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def held(workspace: Workspace) -> tuple[int, ...]:
    """How many things there are of each kind."""
    tables = ("prompt", "version", "content", "dataset", "case", "comparison", "connection", "model")
    counts = ", ".join(f'(SELECT count(*) FROM "{table}")' for table in tables)
    with closing(sqlite3.connect(str(workspace.path))) as connection:
        return tuple(connection.execute(f"SELECT {counts}").fetchone())


def test_there_is_a_good_file_of_every_format() -> None:
    assert GOOD.keys() >= set(FORMATS) - {"library"}


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("format", GOOD)
def test_a_mutated_file_comes_in_or_is_rejected_and_leaves_nothing_half_done(workspace: Workspace, tmp_path: Path, format: str) -> None:
    outcomes = {"in": 0, "rejected": 0}
    for number in range(FIRST, FIRST + COUNT):
        name, data = mutated(format, number)
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / name
        path.write_bytes(data)
        ground, began = forget_peak(), time.process_time()
        before = held(workspace)
        report = workspace.files.import_paths([path])
        assert time.process_time() - began < SECONDS, (format, number)
        assert peak() - ground < GROWTH, (format, number)
        check(report, path, number)
        if not report.imported:
            assert held(workspace) == before, (format, number)
        outcomes["in" if report.imported or report.unchanged else "rejected"] += 1
        path.unlink()
    print(format, outcomes)
    assert outcomes["in"]
    assert outcomes["rejected"]


def check(report: ImportReport, path: Path, number: int) -> None:
    """What came in can be used, and what did not says what is wrong and where."""
    assert report.imported or report.unchanged or report.rejected, number
    for item in report.rejected:
        assert item.path.startswith(str(path.parent)), number
        assert item.reason.endswith((".", ")", "]", "?")), (number, item.reason)
        assert len(item.reason) < 500, (number, item.reason)
        assert UNEXPECTED not in item.reason, (number, item.reason)
        assert item.line is None or item.line > 0, number
    for came in (*report.imported, *report.unchanged):
        assert came.kind != "prompt" or came.messages or came.format == "library", number  # a prompt of ours may be empty
