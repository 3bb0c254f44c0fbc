"""How long a provider asks us to wait, wherever it says so: headers, the body's fields, or a sentence."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from workbench.providers.json_fields import inner, number, objects

# Patterns as text: they are compiled when the first error comes, not when the app starts.
_SPELLED = r"(?i)(\d+(?:\.\d+)?)\s*(ms|milliseconds?|h|hours?|hrs?|m|min|minutes?|mins?|s|secs?|seconds?|d|days?)(?![a-z])"
_UNITS = {"ms": 0.001, "mi": 60.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SENTENCE = r"(?i)(?:try again|retry|wait|available again|reset)[^.\d]{0,40}?((?:\d+(?:\.\d+)?\s*[a-z]+\s*(?:and\s+|,\s*)?)+)"
_IN_ONE = r"(?:remaining=0\b|;\s*r=0\b).{0,40}?\b(?:reset|t)=(\d{1,9})"
_NO_TIME = 1e9
"""Seconds that no provider means."""
_FIELDS = ("retry_after", "retry_after_s", "retry_after_seconds", "retry_after_ms", "retryAfter", "retry_after_secs", "estimated_time")


def asked_wait(headers: Mapping[str, str], body: Any = None, message: str = "") -> float | None:
    """Seconds that the provider asks for; None where it does not say. Header names are lower case.

    In this order: `retry-after-ms`, `retry-after` (seconds or a date), Google's `RetryInfo`, fields such as `retry_after`, a sentence
    such as "Please try again in 1m0s", the reset headers of the limits that are used up.
    """
    error = _error_of(body)
    passed_on = inner(inner(error, "metadata"), "headers")  # OpenRouter: those of the provider behind it
    limits = {**headers, **{str(name).lower(): str(value) for name, value in passed_on.items()}}
    for found in (_header_wait(limits), _retry_info(error), _field_wait(error, body), spelled_wait(message), _reset_wait(limits)):
        if found is not None and found < _NO_TIME:
            return found
    return None


def spelled_wait(message: str) -> float | None:
    """Seconds of a sentence such as "try again in 1m0s", "retry in 644ms", "wait 2 seconds"."""
    sentence = re.search(_SENTENCE, message)
    return _duration(sentence[1]) if sentence else None


def seconds_until(value: str, headers: Mapping[str, str]) -> float | None:
    """Seconds of a reset such as "6m0s", "51", a moment since 1970 or a date; None for what is none of these."""
    if not value.strip():
        return None
    written = _written(value, headers)
    return _until(value, headers) if written is None else written


def _duration(text: str) -> float | None:
    found = re.findall(_SPELLED, text)
    if not found:
        return None
    total = 0.0
    for digits, unit in found:
        unit = unit.lower()
        scale = _UNITS["ms"] if unit.startswith(("ms", "milli")) else _UNITS[unit[0]]
        total += float(digits) * scale
    return total


def _header_wait(headers: Mapping[str, str]) -> float | None:
    for name, scale in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if not value:
            continue
        if re.fullmatch(r"-?\d{1,20}(\.\d*)?", value):
            seconds = float(value) * scale
            return max(0.0, seconds) if seconds < _NO_TIME else _written(value, headers)
        if scale == 1.0:
            waited = _until(value, headers)
            return _written(value) if waited is None else waited
    return None


def _until(moment: str, headers: Mapping[str, str]) -> float | None:
    """Seconds until a moment, by the server's own clock where it tells it: ours may be wrong."""
    then = _moment(moment)
    if then is None:
        return None
    return max(0.0, then - _now(headers))


def _now(headers: Mapping[str, str]) -> float:
    told = _moment(headers.get("date", ""))
    return time.time() if told is None else told


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


def _error_of(body: Any) -> Mapping[str, Any]:
    """The error object of a body: inside it, or the body itself; Google wraps it in a list where a stream was asked for."""
    if isinstance(body, list) and body:
        body = body[0]
    return inner(body, "error") or (body if isinstance(body, Mapping) else {})


def _retry_info(error: Mapping[str, Any]) -> float | None:
    for detail in objects(error.get("details")):
        if str(detail.get("@type", "")).endswith("RetryInfo"):
            return _duration(str(detail.get("retryDelay", "")))
    return None


def _field_wait(error: Mapping[str, Any], body: Any) -> float | None:
    """Fields of a body that hold seconds: Hugging Face's `estimated_time` of loading a model, OpenRouter's `retry_after_seconds`."""
    for place in (error, inner(error, "metadata"), body if isinstance(body, Mapping) else {}):
        for name in _FIELDS:
            found = number(place.get(name))
            if found is not None:
                return found / 1000 if name.endswith("ms") else found
    return None


def _reset_wait(headers: Mapping[str, str]) -> float | None:
    """The longest reset among the limits with nothing remaining: OpenAI's `x-ratelimit-reset-tokens: 6m0s`, Anthropic's
    `anthropic-ratelimit-requests-reset: 2024-03-26T20:00:00Z`, the standard's `ratelimit: limit=9, remaining=0, reset=50`."""
    waits = []
    for name, value in headers.items():
        if "ratelimit" not in name:
            continue
        told = re.search(_IN_ONE, value) if "reset" not in name else None
        if told:
            waits.append(float(told[1]))
        elif "reset" in name and headers.get(name.replace("reset", "remaining"), "").strip() == "0":
            waits.append(_written(value, headers) or _until(value, headers) or 0.0)
    return max(waits, default=0.0) or None


def _written(value: str, headers: Mapping[str, str] | None = None) -> float | None:
    """Seconds written as "30s", "6m0s" or "51"; also as the moment itself, in seconds or milliseconds since 1970."""
    value = value.strip()
    if re.fullmatch(r"(?:[\d.]+\s*[a-z]+\s*)+", value):
        return _duration(value)
    if not re.fullmatch(r"\d{1,20}(\.\d+)?", value):
        return None
    found = float(value)
    if found > 1e12:
        found /= 1000
    return max(0.0, found - _now(headers or {})) if found > 1e9 else found
