"""Errors that carry a sentence for the user: what happened, what it means, the one thing to do.

Problem
├── BadInput      wrong usage or input (exit code 2); may name a place: path, line, column
├── Missing       the environment lacks something (exit code 3): no built-in model, no display
│   ├── NoKey     no key of a connection is known here
│   └── NoPassword  the server of a workspace wants a password, or another one
├── NotFound      no prompt, run, model ... of that name (exit code 2)
├── ReadOnly      the workspace cannot be written now, or here (exit code 3)
├── Stopped       the user wanted no more of it
└── StoreTrouble  the workspace file is newer, foreign, or the disk is full (the command line: 2 or 3 where it cannot even be opened)
    ├── Hindered  nothing can be saved at the moment, which may pass: the disk is full or faulty, another program is writing
    │   └── ConnectionLost  the server of the workspace does not answer any more
    └── Damaged   its content is broken: a backup may take its place, in the window or with `workbench doctor`
"""

from __future__ import annotations


class Problem(Exception):
    """A failure with a sentence that a user can act on. `str()` is that sentence."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        """The one thing to do, as a short imperative sentence; may be empty."""

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class BadInput(Problem):
    """Input that cannot be used, with its place."""

    exit_code = 2

    def __init__(self, message: str, *, path: str = "", line: int | None = None, column: int | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.path, self.line, self.column = path, line, column

    def __str__(self) -> str:
        place = self.path + (f", line {self.line}" if self.path and self.line else f"Line {self.line}" if self.line else "")
        return f"{place}: {super().__str__()}" if place else super().__str__()


class NotFound(Problem):
    """Nothing here has that name or id."""

    exit_code = 2


class Missing(Problem):
    """The environment lacks something that the work needs."""

    exit_code = 3


class NoKey(Missing):
    """No key of a connection is known here, and none was sent."""


class NoPassword(Missing):
    """The server of the workspace takes no password, or not this one."""


class ReadOnly(Problem):
    """The workspace is open for reading only."""

    exit_code = 3


class Stopped(Problem):
    """The user stopped it."""

    exit_code = 130


class StoreTrouble(Problem):
    """The workspace file cannot be used as it is. Nothing was overwritten."""


class Hindered(StoreTrouble):
    """Nothing can be saved at the moment. It may pass by itself or by what the remedy says; what was being written was not kept."""

    @property
    def while_waiting(self) -> str:
        """The remedy for somebody who need not try again, because it is tried by itself."""
        first = self.remedy.removesuffix(" and try again.").removesuffix(",")
        return f"{first}." if first != self.remedy else ""


class ConnectionLost(Hindered):
    """The server of the workspace does not answer any more. What was being written was not kept."""


class Damaged(StoreTrouble):
    """The content of the workspace file is broken. What to do about it each face says in its own way."""
