"""Token counts of Gemini, normalised. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.providers.json_fields import count
from workbench.providers.service_tiers import tier_of
from workbench.values import Usage


def usage_of(value: Mapping[str, Any]) -> Usage:
    """The normalised counts of a `usageMetadata`; what it does not give is None.

    `promptTokenCount` includes what came from the cache but not what tools read; `candidatesTokenCount` leaves out thoughts and may be
    missing where nothing was said: then the total tells it.
    """
    read, tools = count(value, "promptTokenCount"), count(value, "toolUsePromptTokenCount")
    said, thought = count(value, "candidatesTokenCount"), count(value, "thoughtsTokenCount")
    total = count(value, "totalTokenCount")
    everything_read = None if read is None and tools is None else (read or 0) + (tools or 0)
    by_total = None if total is None or read is None else total - (everything_read or 0)
    written: int | None
    if said is None:
        written = by_total if by_total is not None and by_total >= (thought or 0) else thought
    elif thought and by_total == said:  # a host that counts thoughts among the candidates
        written = said
    else:
        written = said + (thought or 0)
    return Usage(
        input_tokens=everything_read,
        output_tokens=written,
        cached_input_tokens=count(value, "cachedContentTokenCount"),
        reasoning_tokens=thought,
        service_tier=tier_of(value.get("serviceTier") or value.get("trafficType")),
        input_audio_tokens=_of_kind(value, "AUDIO", "promptTokensDetails", "toolUsePromptTokensDetails"),
        output_audio_tokens=_of_kind(value, "AUDIO", "candidatesTokensDetails"),
        cached_audio_tokens=_of_kind(value, "AUDIO", "cacheTokensDetails"),
        input_image_tokens=_of_kind(value, "IMAGE", "promptTokensDetails", "toolUsePromptTokensDetails"),
        output_image_tokens=_of_kind(value, "IMAGE", "candidatesTokensDetails"),
        cached_image_tokens=_of_kind(value, "IMAGE", "cacheTokensDetails"),
    )


def _of_kind(value: Mapping[str, Any], kind: str, *names: str) -> int | None:
    """Tokens of one modality in these lists; None where there are none, as for most calls."""
    rows = [row for name in names if isinstance(value.get(name), list) for row in value[name] if isinstance(row, Mapping)]
    return sum(count(row, "tokenCount") or 0 for row in rows if row.get("modality") == kind) or None
