"""Where the files of `resources/` lie: in the source tree, in a wheel, or in a frozen bundle."""

from __future__ import annotations

import sys
from pathlib import Path


def asset(name: str) -> Path:
    """Path of one file or folder of `resources/`, such as `tokens.json`. Raises FileNotFoundError if it is not there."""
    for root in _roots():
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(f"resources/{name} is missing from this installation")


def _roots() -> list[Path]:
    package = Path(__file__).resolve().parent
    roots = [package / "resources", package.parent / "resources"]
    bundle = getattr(sys, "_MEIPASS", None)  # set by PyInstaller in a frozen build
    return [Path(bundle) / "resources", *roots] if bundle else roots
