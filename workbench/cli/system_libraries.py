"""The system libraries that Qt's wheel links to and a bare Debian lacks, and the line that installs them.

What is asked is whether a library loads, not what its package is called: on Debian 13 some have another name (libglib2.0-0t64) and
apt finds them by the old one. Standard library only: `packaging/system_libraries.py` reads this before anything is installed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping

QT: Mapping[str, str] = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libX11.so.6": "libx11-6",
    "libbrotlidec.so.1": "libbrotli1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
}
"""What Qt needs to be imported at all, also without a screen."""
XCB: Mapping[str, str] = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-render.so.0": "libxcb-render0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""What the window needs on X11; where one is missing, Qt ends the whole process."""


def loads(name: str) -> bool:
    """True if the dynamic linker finds this library."""
    from _ctypes import dlopen  # only a window on X11 asks; all of ctypes takes five times as long to import

    try:
        dlopen(name, 0)
    except OSError:
        return False
    return True


def missing(sets: Iterable[Mapping[str, str]], loads: Callable[[str], bool] = loads) -> list[str]:
    """The packages of the libraries that are not here, in order."""
    return [package for libraries in sets for library, package in libraries.items() if not loads(library)]


def apt_line(packages: Iterable[str]) -> str:
    """The command that installs them."""
    return " ".join(["apt-get", "install", "-y", "--no-install-recommends", *packages])


def missing_for_window(loads: Callable[[str], bool] = loads) -> list[str]:
    """The packages without which the window could not open on this screen. Where Qt draws without X11, nothing is looked for.

    What is loaded here Qt would load a moment later: the look costs about a millisecond.
    """
    if not sys.platform.startswith("linux"):
        return []
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    by_x11 = chosen == "xcb" or (not chosen and bool(os.environ.get("DISPLAY")) and not os.environ.get("WAYLAND_DISPLAY"))
    return missing([XCB], loads) if by_x11 else []
