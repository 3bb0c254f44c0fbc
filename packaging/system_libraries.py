"""Finds the system libraries that Qt's wheel links to and a bare Debian lacks; installs them, or prints the line that does.

    system_libraries.py [offscreen] [window] [screenshots] [keyring] [browser] [--install]

Without --install, or where apt cannot be used: prints the exact apt line and exits with 1. What is asked is whether a library
loads, not what its package is called: on Debian 13 some have another name (libglib2.0-0t64) and apt finds them by the old one.
Standard library only: this runs before anything is installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from workbench.cli.system_libraries import QT, XCB, apt_line, loads

LIBRARIES = {"offscreen": QT, "window": XCB}
COMMANDS = {
    "keyring": {"gnome-keyring-daemon": "gnome-keyring", "dbus-run-session": "dbus-daemon"},
    "browser": {"chromium": "chromium"},
    "screenshots": {"xvfb-run": "xvfb", "xauth": "xauth"},
}
FONTS = {
    "screenshots": {"Inter": "fonts-inter", "JetBrainsMono": "fonts-jetbrains-mono", "NotoColorEmoji": "fonts-noto-color-emoji"},
}


def has_font(stem: str) -> bool:
    """True if a font file of this name lies where Debian puts fonts."""
    return any(stem in file for _, _, files in os.walk("/usr/share/fonts") for file in files)


def missing(sets: list[str]) -> list[str]:
    """The packages that these sets need and that are not here, in order."""
    packages: list[str] = []
    for name in sets:
        packages += [package for library, package in LIBRARIES.get(name, {}).items() if not loads(library)]
        packages += [package for command, package in COMMANDS.get(name, {}).items() if not shutil.which(command)]
        packages += [package for font, package in FONTS.get(name, {}).items() if not has_font(font)]
    return packages


def main(arguments: list[str]) -> int:
    """The exit code: 0 when nothing is missing any more."""
    if not sys.platform.startswith("linux"):
        return 0  # on macOS and Windows Qt's wheel brings all that it needs
    sets = [argument for argument in arguments if not argument.startswith("-")] or ["offscreen"]
    unknown = set(sets) - {*LIBRARIES, *COMMANDS, *FONTS}
    if unknown:
        print(f"There is no set of libraries named {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    packages = missing(sets)
    if not packages:
        return 0
    line = apt_line(packages)
    if "--install" in arguments and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=environment, check=False)
        subprocess.run(line.split(), env=environment, check=True)
        left = missing(sets)
        if left:
            print(f"Still missing after the installation: {' '.join(left)}", file=sys.stderr)
        return 1 if left else 0
    print("System libraries are missing. Install them with:", file=sys.stderr)
    print(f"\n    sudo {line}\n", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
