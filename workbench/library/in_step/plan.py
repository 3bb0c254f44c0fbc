"""What a round is going to do with the files of one kind."""

from __future__ import annotations

from dataclasses import field

from workbench.library.in_step.agreed import Agreed
from workbench.library.in_step.bringing import Arriving
from workbench.library.in_step.inside import Thing
from workbench.library.in_step.outside import Unit
from workbench.quick_dataclass import dataclass


@dataclass
class Plan:
    """Filled while both sides are looked at, done afterwards."""

    bring: list[Arriving] = field(default_factory=list)
    write: list[tuple[Thing, str | None]] = field(default_factory=list)
    """Things, each with the text to put in the place of its file before it is written; None: what lies there is written on."""
    archive: list[tuple[Thing, Agreed]] = field(default_factory=list)
    remove: list[tuple[Thing, Agreed]] = field(default_factory=list)
    agree: list[tuple[Unit, Thing]] = field(default_factory=list)
