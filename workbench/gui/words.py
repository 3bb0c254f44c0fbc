"""How numbers are said in the window: money, time and counts, always in the same form; and how a filter compares words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache


def duration(milliseconds: float | None) -> str:
    """`40 ms`, `0.31 s`, `1.8 s`, `1 min 50 s`; empty for None."""
    if milliseconds is None:
        return ""
    if milliseconds < 99.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def about(seconds: float | None) -> str:
    """A rough time such as `52 s`, `2 min`, `3 h`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def call_money(dollars: Decimal | None) -> str:
    """The cost of one call: `$0.0017`, `free`; empty where the price is unknown."""
    if dollars is None:
        return ""
    if dollars == 0:
        return "free"
    return f"${dollars:.4f}" if dollars >= Decimal("0.00005") else "<$0.0001"


def total_money(dollars: Decimal | None) -> str:
    """The cost of many calls: `$1.92`, `<$0.01`, `free`; empty where no price is known."""
    if dollars is None:
        return ""
    if dollars == 0:
        return "free"
    return f"${dollars:,.2f}" if dollars >= Decimal("0.005") else "<$0.01"


def cost_last_time(calls: int, dollars: Decimal | None, reused: int = 0) -> str:
    """What calls that are to be made again have cost, for the question before it; `reused`: of them, answers that were not asked for."""
    spent = "nothing" if dollars == 0 else total_money(dollars) or "an unknown sum"
    then = f" {counted(reused, 'answer was', 'answers were')} taken from earlier runs then." if reused else ""
    these = "this call" if calls == 1 else f"these {calls:,} calls"
    return f"The last time {these} cost {spent}.{then}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 case`, `3 cases`, `1,200 cases`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def file_size(size: int) -> str:
    """`312 bytes`, `48 kB`, `1.2 MB`."""
    if size < 1000:
        return counted(size, "byte")
    return f"{size / 1000:,.0f} kB" if size < 999_500 else f"{size / 1e6:,.1f} MB"


def percent(share: float | None) -> str:
    """`93%`; 100 and 0 only where the share is exactly that; empty for None."""
    if share is None:
        return ""
    rounded = round(share * 100)
    if rounded == 100 and share < 1:
        rounded = 99
    if rounded == 0 and share > 0:
        rounded = 1
    return f"{rounded}%"


def day(iso: str | None, now: datetime | None = None) -> str:
    """`28 Nov, 14:03` for today, `18 Nov`, `18 Nov 2025` when the year differs; in local time. Empty for None.

    A time never stands alone: beside figures it would be read as a duration.
    """
    if not iso:
        return ""
    try:
        at = datetime.fromisoformat(iso.replace("Z", "+00:00"))
    except ValueError:
        return iso
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    at = at.astimezone()
    now = now or datetime.now().astimezone()
    if at.date() == now.date():
        return f"{at.day} {at:%b}, {at:%H:%M}"
    return f"{at.day} {at:%b}" + (f" {at.year}" if at.year != now.year else "")


def plain(text: str) -> str:
    """The text letter for letter in small letters without accents, as a filter compares it: `resume` finds `Résumé`."""
    return text.lower() if text.isascii() else "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(sign: str) -> str:
    first, *others = list(unicodedata.normalize("NFD", sign.lower()))
    return first if all(map(unicodedata.combining, others)) else sign.lower()[0]


def joined(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""
