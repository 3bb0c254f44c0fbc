"""What the template verbs return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.quick_dataclass import dataclass
from workbench.values.messages import Part, Role
from workbench.values.problems import BadInput

NO_SNIPPETS: Mapping[str, str] = {}
"""With these every include is unknown."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One place where a template reads a value. Lines and columns count from 1."""

    name: str
    """The root name, such as `user`."""
    path: str
    """The whole path, such as `user.name`."""
    line: int
    column: int
    optional: bool = False
    """True where the template copes without it (`default`, `is defined`)."""


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """What is wrong with a template, and where. Lines and columns count from 1."""

    message: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a preview: `filled` is text that a value or an expression gave; `variable` is its path if it is a plain one.

    A piece with a variable that is not filled stands for a missing value."""

    text: str
    filled: bool = False
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    """One message of a preview. `problem` tells why it could not be rendered; then `pieces` holds the template as it is."""

    role: Role
    pieces: tuple[Piece, ...]
    missing: tuple[str, ...] = ()
    problem: TemplateProblem | None = None
    attachments: tuple[Part, ...] = ()
    """Its pictures and files."""
    is_turn: bool = False
    """True where it came with a value of messages; one without a word stands where such a value holds none."""
    message: int = 0
    """The message of the content that it comes from, from 0: several turns may come from one."""


class MissingValues(BadInput):
    """Variables without a value: all of them at once, in `names`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        listed = self.names[0] if len(self.names) == 1 else ", ".join(self.names[:-1]) + " and " + self.names[-1]
        super().__init__(f"{listed} {'has' if len(self.names) == 1 else 'have'} no value here.")
