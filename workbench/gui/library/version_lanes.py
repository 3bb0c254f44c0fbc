"""The lines that join the versions of a prompt: the main line at the left, each branch in a lane beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from workbench.quick_dataclass import dataclass

MOST_LANES = 4
"""Further branches share the last one: the words need the room."""


@dataclass(slots=True)
class Lanes:
    """What is drawn beside one line of the list."""

    node: int
    """The lane of the line's own node."""
    above: set[int] = field(default_factory=set)
    """Lanes with a line from the top edge to the node's height."""
    below: set[int] = field(default_factory=set)
    """Lanes with a line from the node's height to the bottom edge."""
    joins: set[int] = field(default_factory=set)
    """Lanes that begin at this node: they come from the top edge."""


def lanes_of(branches: Sequence[str], numbers: Sequence[int | None], parents: Sequence[int | None]) -> list[Lanes]:
    """For each line, newest first, what is drawn; by its branch, its version number and that of its parent (None: not among them)."""
    order = sorted(dict.fromkeys(branches), key=lambda name: (name != "", branches.index(name)))
    lane = {name: min(place, MOST_LANES - 1) for place, name in enumerate(order)}
    found = [Lanes(lane[name]) for name in branches]
    at = {number: place for place, number in enumerate(numbers) if number is not None}
    for name in order:
        mine = [place for place, other in enumerate(branches) if other == name]
        began = at.get(parents[mine[-1]] or 0)
        joined = began if began is not None and began > mine[-1] else None
        end = joined if joined is not None else mine[-1]
        for place in range(mine[0], end + 1):
            if place > mine[0] and place != joined:
                found[place].above.add(lane[name])
            if place < end:
                found[place].below.add(lane[name])
        if joined is not None and lane[name] != found[joined].node:
            found[joined].joins.add(lane[name])
        elif joined is not None:
            found[joined].above.add(lane[name])
    return found
