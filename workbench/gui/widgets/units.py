"""Places in a text as Qt counts them: a sign beyond the first 65,536, as most emoji are, takes two."""

from __future__ import annotations

import re

_TWO = re.compile("[\U00010000-\U0010ffff]")
_STAND_IN = "\ufffd\ufffd"


def in_units(text: str) -> int:
    """How long a text is for Qt."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def as_units(text: str) -> str:
    """The text with two stand-ins for each such sign, so that places in it are Qt's. Lines without one come back as they are."""
    return text if text.isascii() else _TWO.sub(_STAND_IN, text)


def in_characters(text: str, units: int) -> int:
    """How many characters of a text lie before a place of Qt's."""
    return units if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "replace"))
