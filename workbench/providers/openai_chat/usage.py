"""Token counts of Chat Completions servers, normalised. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.providers.json_fields import count, inner
from workbench.providers.service_tiers import tier_of
from workbench.values import Usage

_CACHED = ("prompt_cache_hit_tokens", "cached_tokens")


def usage_of(value: Any) -> Usage:
    """The normalised counts of a `usage` object; what it does not give is None.

    OpenAI: `prompt_tokens` includes cached, `completion_tokens` includes reasoning. DeepSeek names cached tokens
    `prompt_cache_hit_tokens`, some servers put `cached_tokens` on the top level. Mistral's `num_cached_tokens` is not counted: it bills
    such tokens in full, and its cheaper ones stand in the details. xAI and Google's compatible API leave reasoning out of
    `completion_tokens` but not out of `total_tokens`, by which they are recognised.
    """
    if not isinstance(value, Mapping):
        return Usage()
    read, written, total = count(value, "prompt_tokens"), count(value, "completion_tokens"), count(value, "total_tokens")
    read_details, written_details = inner(value, "prompt_tokens_details"), inner(value, "completion_tokens_details")
    reasoning = count(written_details, "reasoning_tokens")
    if reasoning is None:
        reasoning = count(value, "reasoning_tokens")
    if read is not None and written is not None and total is not None:
        unnamed = total - read - written
        if unnamed > 0 and reasoning in (None, unnamed):
            written += unnamed
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cached_input_tokens=_first(count(read_details, "cached_tokens"), value, *_CACHED),
        cache_write_tokens=_first(count(read_details, "cache_write_tokens"), value, "cache_creation_input_tokens"),
        reasoning_tokens=reasoning,
        service_tier=tier_of(value.get("service_tier")),
        **other_kinds(read_details, written_details),
    )


def other_kinds(read: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Sound and pictures among the tokens of OpenAI's details; nothing or None where there are none, as for most calls."""
    if not read and not written:
        return {}
    cached = inner(read, "cached_tokens_details")
    return {
        "input_audio_tokens": count(read, "audio_tokens") or None,
        "output_audio_tokens": count(written, "audio_tokens") or None,
        "cached_audio_tokens": count(cached, "audio_tokens") or None,
        "input_image_tokens": count(read, "image_tokens") or None,
        "output_image_tokens": count(written, "image_tokens") or None,
        "cached_image_tokens": count(cached, "image_tokens") or None,
    }


def _first(known: int | None, value: Mapping[str, Any], *names: str) -> int | None:
    """This one, else the first that the value has under one of the names."""
    if known is not None:
        return known
    return next((found for name in names if (found := count(value, name)) is not None), None)
