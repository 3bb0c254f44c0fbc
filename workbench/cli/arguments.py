"""The parser of a verb's arguments: the options that count everywhere, and wrong usage as one line."""

from __future__ import annotations

import argparse
from typing import NoReturn


class Usage(Exception):
    """Wrong usage; `str()` is the one line to print."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        """Raises what ends as exit code 2."""
        raise Usage(f"{self.prog}: {message}. See {self.prog} --help.")


def everywhere(parser: argparse.ArgumentParser) -> None:
    """Add the options that every verb has. One that is not given leaves what stood before the verb."""
    shared = parser.add_argument_group("everywhere")
    shared.add_argument("--workspace", metavar="FILE_OR_URL", default=argparse.SUPPRESS, help="the workspace to use (WORKBENCH_WORKSPACE)")
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document and nothing else")
    shared.add_argument("--quiet", action="store_true", default=argparse.SUPPRESS, help="no progress on stderr")
