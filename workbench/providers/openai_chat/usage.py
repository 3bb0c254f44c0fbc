"""Token counts of Chat Completions servers, normalised. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.values import Usage


def usage_of(value: Any) -> Usage:
    """The normalised counts of a `usage` object; what it does not give is None.

    OpenAI: `prompt_tokens` includes cached, `completion_tokens` includes reasoning. DeepSeek names cached tokens
    `prompt_cache_hit_tokens`, some servers put `cached_tokens` on the top level. xAI and Google's compatible API leave reasoning out of
    `completion_tokens` but not out of `total_tokens`, by which they are recognised.
    """
    if not isinstance(value, Mapping):
        return Usage()
    read, written, total = _count(value, "prompt_tokens"), _count(value, "completion_tokens"), _count(value, "total_tokens")
    read_details, written_details = _inner(value, "prompt_tokens_details"), _inner(value, "completion_tokens_details")
    reasoning = _count(written_details, "reasoning_tokens")
    if reasoning is None:
        reasoning = _count(value, "reasoning_tokens")
    if read is not None and written is not None and total is not None:
        unnamed = total - read - written
        if unnamed > 0 and reasoning in (None, unnamed):
            written += unnamed
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cached_input_tokens=_first(_count(read_details, "cached_tokens"), value, "prompt_cache_hit_tokens", "cached_tokens"),
        cache_write_tokens=_first(_count(read_details, "cache_write_tokens"), value, "cache_creation_input_tokens"),
        reasoning_tokens=reasoning,
    )


def _inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _count(value: Mapping[str, Any], name: str) -> int | None:
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found < 0:
        return None
    return int(found)


def _first(count: int | None, value: Mapping[str, Any], *names: str) -> int | None:
    """This count, else the first that the value has under one of the names."""
    return next((found for found in (count, *(_count(value, name) for name in names)) if found is not None), None)
