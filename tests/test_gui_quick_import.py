"""The import of PySide6 with what was kept of earlier ones: quicker, and otherwise the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COMPLAINT = """
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel
for wrong in (lambda: QSize("a", "b"), lambda: QLabel(3, 4)):
    try:
        wrong()
    except TypeError as complaint:
        print(complaint)
"""
COMPILED = """
import builtins
texts, as_ever = [], compile
def seen(source, name, *rest, **options):
    texts.append(name)
    return as_ever(source, name, *rest, **options)
builtins.compile = seen
import workbench.gui
builtins.compile = as_ever
print(*(name for name in texts if name.startswith(("shibokensupport", "signature_bootstrap"))))
"""


def printed(code: str, home: Path) -> str:
    """What a new process prints whose caches lie in that folder."""
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LOCALAPPDATA": str(home)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def kept_in(home: Path) -> Path:
    """The one file that is kept."""
    (found,) = home.rglob(f"pyside-{sys.implementation.cache_tag}")
    return found


def test_what_pyside_compiles_at_every_start_is_compiled_once(tmp_path: Path) -> None:
    first = printed(COMPILED, tmp_path)
    assert "shibokensupport/signature/loader.py" in first
    assert printed(COMPILED, tmp_path) == ""


def test_wrong_arguments_are_complained_of_as_by_pyside_alone(tmp_path: Path) -> None:
    alone = printed(COMPLAINT, tmp_path)
    assert "QSize.__init__(w: int, h: int, /)" in alone
    for _start in range(2):
        assert printed(f"import workbench.gui\n{COMPLAINT}", tmp_path) == alone


HARMS: list[Callable[[bytes], bytes]] = [
    lambda _old: b"",
    lambda old: old[:-1],
    lambda old: b"\0\0\0\0" + old[4:],
    lambda old: old[:-9] + b"wrong!!!!",
]
"""Emptied, cut off, of another Python, changed."""


@pytest.mark.parametrize("harm", HARMS)
def test_a_broken_file_is_made_anew(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    printed(COMPILED, tmp_path)
    whole = kept_in(tmp_path).read_bytes()
    kept_in(tmp_path).write_bytes(harm(whole))
    assert "shibokensupport/signature/loader.py" in printed(COMPILED, tmp_path)
    assert printed(COMPILED, tmp_path) == ""


def test_a_cache_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    (tmp_path / "Library").write_text("on a Mac")
    assert "QSize" in printed(f"import workbench.gui\n{COMPLAINT}", tmp_path)
