"""Pieces of reading answers that several wire formats share. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.values import Failure, Part

_SIGNATURES = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


def json_values(data: bytes) -> list[Any]:
    """The JSON values of one event's data: one; or one for each line, from servers that leave out the blank lines.

    Raises ProviderError where it is no JSON.
    """
    text = data.decode("utf-8", "replace")
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        lines = [line for line in text.split("\n") if line.strip() not in ("", "[DONE]")]
        try:
            if len(lines) > 1:
                return [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            pass
        raise protocol(f"An event of the stream is not JSON: {text[:200]!r}") from None


def is_error(value: Mapping[str, Any]) -> bool:
    """True for an error object: beside an answer's fields, or bare as Mistral and vLLM send it."""
    return value.get("error") not in (None, "", {}) or value.get("object") in ("error", "Error")


def picture(encoded: Any, media_type: str = "") -> Part | None:
    """A picture from Base64 text or a data address; None where it is neither. Its kind is told by its first bytes, if nothing tells it."""
    if not isinstance(encoded, str) or not encoded:
        return None
    if encoded.startswith("data:"):
        head, _, encoded = encoded.partition(",")
        media_type = head[5:].split(";")[0] or media_type
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not media_type.startswith("image/"):
        media_type = next((kind for start, kind in _SIGNATURES if data.startswith(start)), "image/png")
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            media_type = "image/webp"
    return Part("image", "", media_type, data) if data else None


def reported(value: Mapping[str, Any]) -> ProviderError:
    """The failure that an error object inside an answer means."""
    return ProviderError(failure_in_stream(value))


def protocol(message: str) -> ProviderError:
    """The failure of an answer that is not what the wire format promises."""
    return ProviderError(Failure("protocol", message))


def cut_off() -> ProviderError:
    """The failure of a stream that ended before its last event."""
    return ProviderError(Failure("network", "The stream was cut off in the middle of the answer.", provider_code="cut"))
