"""What a month of calls costs: hosted by the call, on an own server by the month."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from workbench.analysis.choice.candidates import Candidate
from workbench.analysis.choice.fit import Scored
from workbench.quick_dataclass import dataclass

SPREAD_MONTHS = 12
"""Months over which what is paid once is spread."""
MOST_HOSTED = 3


@dataclass(frozen=True, slots=True)
class OwnServer:
    """What is assumed of an own server. Dollars and hours are a month's, unless it says once."""

    server_usd: float = 650.0
    """Rent of one server, or its share of what it cost to buy, with power."""
    upkeep_hours: float = 6.0
    hour_usd: float = 40.0
    once_usd: float = 0.0
    """Setting up, training."""
    most_calls: int = 0
    """Calls a month that one server answers; 0 for no limit."""

    def fixed(self, calls: float) -> float:
        """What the servers for so many calls cost, whatever each call costs."""
        servers = max(1, ceil(calls / self.most_calls)) if self.most_calls else 1
        return servers * self.server_usd + self.upkeep_hours * self.hour_usd + self.once_usd / SPREAD_MONTHS

    @property
    def words(self) -> str:
        """What is assumed, in a sentence."""
        said = f"Own server: ${self.server_usd:,.0f} a month, {self.upkeep_hours:g} h of upkeep at ${self.hour_usd:,.0f}"
        if self.once_usd:
            said += f", ${self.once_usd:,.0f} once over {SPREAD_MONTHS} months"
        return said + (f"; one server answers {self.most_calls:,} calls a month." if self.most_calls else "; one server is enough.")


@dataclass(frozen=True, slots=True)
class Line:
    """One way to make the calls."""

    title: str
    per_call: float
    """Dollars that each call costs beside the server."""
    server: OwnServer | None
    """None where a call is all that is paid."""
    candidate: Candidate | None = None
    """None for a server on which no model was tried."""


def monthly(line: Line, calls: float) -> float:
    """Dollars for so many calls a month."""
    return line.per_call * calls + (line.server.fixed(calls) if line.server is not None else 0.0)


def lines(rows: Sequence[Scored], server: OwnServer) -> list[Line]:
    """The hosted models that fit best, and each model that ran on an own server; a server without a model where none did.

    Models that are out are left aside. What a call to an own server costs is taken as it is known, 0 where it is not.
    """
    inside = [row.candidate for row in rows if not row.is_out]
    hosted = [one for one in inside if one.place == "cloud" and one.per_thousand is not None]
    own = [one for one in inside if one.place == "server"]
    found = [Line(one.title, (one.per_thousand or 0.0) / 1000, None, one) for one in hosted[:MOST_HOSTED]]
    found += [Line(one.title, (one.per_thousand or 0.0) / 1000, server, one) for one in own[:MOST_HOSTED]]
    return found if own else [*found, Line("Own server", 0.0, server)]


def break_even(hosted: Line, own: Line) -> float | None:
    """The calls a month from which on the own server costs no more than the hosted model; None where it never does.

    With a limit of calls for each server its cost goes up in steps: the first number of calls counts at which it is reached.
    """
    if own.server is None or hosted.server is not None or hosted.per_call <= own.per_call:
        return None
    gain, limit = hosted.per_call - own.per_call, own.server.most_calls
    for servers in range(1, 1_001 if limit else 2):
        calls = own.server.fixed(servers * limit) / gain
        if not limit or calls <= servers * limit:
            return max(calls, (servers - 1) * limit + 1.0) if servers > 1 else calls
    return None
