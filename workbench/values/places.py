"""How a workspace's place is told: the path of a file, or the address of a server without its password."""

from __future__ import annotations

import re
from pathlib import Path

_SERVER = re.compile(r"(postgresql|postgres|postgresql\+psycopg)://", re.IGNORECASE)
# All up to the last @ may belong to a password that was not written as it should be.
_SECRET = re.compile(r"^([a-z+]+://[^:@/?#]*)(?::.*)?@", re.IGNORECASE)
_GIVEN = re.compile(r"(?<=[?&])password=[^&]*&?", re.IGNORECASE)


def is_server(path_or_url: str | Path) -> bool:
    """True for the address of a PostgreSQL database."""
    return _SERVER.match(str(path_or_url).strip()) is not None


def without_password(path_or_url: str | Path) -> str:
    """The place as it may be shown and kept. A path stays as it is."""
    text = str(path_or_url)
    return _GIVEN.sub("", _SECRET.sub(r"\1@", text.strip())).rstrip("?&") if is_server(text) else text


def short_name(path_or_url: str | Path) -> str:
    """What a title calls it: the name of the file, or the address."""
    text = without_password(path_or_url)
    return text if is_server(text) else Path(text).name or text
