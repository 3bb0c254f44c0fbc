"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from workbench.whole_file import PRIVATE, beside


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_stood_there_stays_until_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before")
    with beside(target) as new:
        new.write_text("after")
        assert target.read_text() == "before"
        new.replace(target)
    assert target.read_text() == "after"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before")
    with pytest.raises(FileNotFoundError), beside(target) as new:
        new.write_bytes((tmp_path / "missing").read_bytes())
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_permissions_are_those_of_any_new_file_or_private(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    with beside(tmp_path / "usual") as new:
        assert mode_of(new) == mode_of(plain)
    with beside(tmp_path / "own", mode=PRIVATE) as new:
        assert mode_of(new) == 0o600


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), beside(tmp_path / "missing" / "a.txt"):
        pass
