"""`app`: the window, or one sentence why it cannot open here."""

from __future__ import annotations

import argparse
import os
import sys

from workbench.cli.system_libraries import QT, XCB, apt_line, missing, missing_for_window
from workbench.cli.terminal import Terminal
from workbench.values.problems import Missing


def app_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench app`."""


def app_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench app`, when the window is closed."""
    if not has_display():
        raise Missing(
            "There is no display here, so the window cannot open.",
            remedy="Start it on a desktop, or use the command line: workbench --help.",
        )
    packages = missing_for_window()
    if packages:  # Qt would end the process, with a page of text
        raise _lacking(packages, "The window needs system libraries that are not here.")
    try:
        from workbench.gui.app import main
    except ImportError as error:
        if "PySide6" not in str(error) and ".so" not in str(error):
            raise
        raise _lacking(missing([QT, XCB]), f"Qt cannot be loaded ({error}).") from error
    return int(main(options.workspace))


def _lacking(packages: list[str], said: str) -> Missing:
    return Missing(said, remedy=f"On Debian or Ubuntu: sudo {apt_line(packages)}" if packages else "Install the app again.")


def has_display() -> bool:
    """True if a window can open, or Qt was told to draw without one."""
    drawn_on = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if not sys.platform.startswith("linux") or drawn_on in ("offscreen", "minimal", "vnc", "eglfs"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
