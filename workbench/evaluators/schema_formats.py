"""`format` in JSON schemas: a text that is no date, address or id of its kind does not fit, as in promptfoo (ajv-formats)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

import jsonschema

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):?[0-5]\d)", re.IGNORECASE)
_NAME = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(rf"{_NAME}(\.{_NAME})*@([a-z0-9][a-z0-9-]*\.)+[a-z0-9][a-z0-9-]*", re.IGNORECASE)
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
_UUID = re.compile(r"(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONGEST = 2_000
"""A longer text is no address of any kind; no pattern looks at it."""


def _is_date(text: str) -> bool:
    return len(text) == 10 and date.fromisoformat(text) is not None


def _is_moment(text: str) -> bool:
    return text[10:11] in ("T", "t", " ") and _is_date(text[:10]) and _TIME.fullmatch(text[11:]) is not None


def _is_uri(text: str) -> bool:
    parts = urlsplit(text)
    return bool(re.fullmatch(r"[a-zA-Z][\w+.-]*", parts.scheme)) and not re.search(r"[\s<>\"{}|\\^`]", text)


_FORMATS: dict[str, Callable[[str], bool]] = {
    "date": _is_date,
    "time": lambda text: _TIME.fullmatch(text) is not None,
    "date-time": _is_moment,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hostname": lambda text: _HOST.fullmatch(text) is not None,
    "ipv4": lambda text: ip_address(text).version == 4,
    "ipv6": lambda text: ip_address(text).version == 6,
    "uri": _is_uri,
    "uuid": lambda text: _UUID.fullmatch(text) is not None and UUID(text.removeprefix("urn:uuid:")) is not None,
}


def checker() -> jsonschema.FormatChecker:
    """What knows these formats; any other says nothing."""
    made = jsonschema.FormatChecker(formats=())
    for name, fits in _FORMATS.items():
        made.checks(name, raises=ValueError)(_of_texts(fits))
    return made


def _of_texts(fits: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or (len(value) <= _LONGEST and fits(value))
