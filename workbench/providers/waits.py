"""How long a provider asks us to wait, wherever it says so: headers, the body's fields, or a sentence."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

# Patterns as text: they are compiled when the first error comes, not when the app starts.
_SPELLED = r"(?i)(\d+(?:\.\d+)?)\s*(ms|milliseconds?|h|hours?|hrs?|m|min|minutes?|mins?|s|secs?|seconds?|d|days?)(?![a-z])"
_UNITS = {"ms": 0.001, "mi": 60.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SENTENCE = r"(?i)(?:try again|retry|wait|available again|reset)[^.\d]{0,40}?((?:\d+(?:\.\d+)?\s*[a-z]+\s*(?:and\s+|,\s*)?)+)"


def asked_wait(headers: Mapping[str, str], body: Any = None, message: str = "") -> float | None:
    """Seconds that the provider asks for; None where it does not say. Header names are lower case.

    In this order: `retry-after-ms`, `retry-after` (seconds or a date), Google's `RetryInfo`, a sentence such as "Please try again
    in 1m0s", the reset headers of the limits that are used up.
    """
    for found in (_header_wait(headers), _retry_info(body), spelled_wait(message), _reset_wait(headers)):
        if found is not None:
            return found
    return None


def spelled_wait(message: str) -> float | None:
    """Seconds of a sentence such as "try again in 1m0s", "retry in 644ms", "wait 2 seconds"."""
    sentence = re.search(_SENTENCE, message)
    return _duration(sentence[1]) if sentence else None


def _duration(text: str) -> float | None:
    found = re.findall(_SPELLED, text)
    if not found:
        return None
    total = 0.0
    for number, unit in found:
        unit = unit.lower()
        scale = _UNITS["ms"] if unit.startswith(("ms", "milli")) else _UNITS[unit[0]]
        total += float(number) * scale
    return total


def _header_wait(headers: Mapping[str, str]) -> float | None:
    for name, scale in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if not value:
            continue
        try:
            return max(0.0, float(value) * scale)
        except ValueError:
            waited = _until(value, headers) if scale == 1.0 else None
            if waited is not None:
                return waited
    return None


def _until(moment: str, headers: Mapping[str, str]) -> float | None:
    """Seconds until a moment, by the server's own clock where it tells it: ours may be wrong."""
    then = _moment(moment)
    if then is None:
        return None
    now = _moment(headers.get("date", ""))
    return max(0.0, then - (time.time() if now is None else now))


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def _retry_info(body: Any) -> float | None:
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("RetryInfo"):
            return _duration(str(detail.get("retryDelay", "")))
    return None


def _reset_wait(headers: Mapping[str, str]) -> float | None:
    """The longest reset among the limits with nothing remaining: OpenAI's `x-ratelimit-reset-tokens: 6m0s`, Anthropic's
    `anthropic-ratelimit-requests-reset: 2024-03-26T20:00:00Z`."""
    waits = []
    for name, value in headers.items():
        if "ratelimit" not in name or "reset" not in name:
            continue
        if headers.get(name.replace("reset", "remaining"), "").strip() != "0":
            continue
        waited = _duration(value) if re.fullmatch(_SPELLED, value.strip()) or re.fullmatch(r"(?:[\d.]+[a-z]+)+", value.strip()) else None
        if waited is None:
            waited = _plain_seconds(value) if re.fullmatch(r"\s*\d+(\.\d+)?\s*", value) else _until(value, headers)
        if waited:
            waits.append(waited)
    return max(waits) if waits else None


def _plain_seconds(value: str) -> float:
    number = float(value)
    if number > 1e12:  # some send the moment in milliseconds since 1970
        return max(0.0, number / 1000 - time.time())
    if number > 1e9:  # or in seconds
        return max(0.0, number - time.time())
    return number
