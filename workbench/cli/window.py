"""`app`: the window, or one sentence why it cannot open here."""

from __future__ import annotations

import argparse
import os
import sys

from workbench.cli.terminal import Terminal
from workbench.values.problems import Missing

_LIBRARIES = (
    "libglib2.0-0 libgl1 libegl1 libxkbcommon0 libfontconfig1 libfreetype6 libdbus-1-3 libx11-6 libbrotli1 libgssapi-krb5-2 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 "
    "libxcb-xkb1 libxcb-shm0 libxcb-render0 libx11-xcb1 libxkbcommon-x11-0"
)


def app_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench app`."""


def app_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench app`, when the window is closed."""
    if not has_display():
        raise Missing(
            "There is no display here, so the window cannot open.",
            remedy="Start it on a desktop, or use the command line: workbench --help.",
        )
    try:
        from workbench.gui.app import main
    except ImportError as error:
        if "PySide6" not in str(error) and ".so" not in str(error):
            raise
        raise Missing(f"Qt cannot be loaded ({error}).", remedy=f"On Debian: sudo apt-get install {_LIBRARIES}") from error
    return int(main(options.workspace))


def has_display() -> bool:
    """True if a window can open, or Qt was told to draw without one."""
    drawn_on = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if not sys.platform.startswith("linux") or drawn_on in ("offscreen", "minimal", "vnc", "eglfs"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
