"""Ids and times as every row carries them, apart from the tables because those are dear to import."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime


def new_uid() -> str:
    """A UUIDv7 (RFC 9562): sorts by the time it was made. Python's own comes with 3.14."""
    millis = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10), "big")
    return str(uuid.UUID(int=millis << 80 | 0x7 << 76 | (tail >> 68 & 0xFFF) << 64 | 0b10 << 62 | tail & (1 << 62) - 1))


def now() -> str:
    """This moment in UTC as ISO 8601 text with milliseconds."""
    return stamp(datetime.now(UTC))


def stamp(at: datetime) -> str:
    """A moment in UTC in the form of `now`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
