"""What is kept of a call: replies, failures and the raw exchange, without the key and without text that cannot be stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from workbench.providers.failures import ProviderError
from workbench.providers.redaction import MARK, Redactor
from workbench.quick_dataclass import replace
from workbench.values import Exchange, Failure, Reply, ToolCall

KEPT_OF_ANSWER = 4 * 1024 * 1024
"""Bytes of the raw answer that the exchange keeps."""

SECRET_HEADER = re.compile("auth|key|token|secret|cookie|password")
_UNKEPT_HEADERS = frozenset({"set-cookie", "authorization", "cookie"})


def sound(text: str) -> str:
    """The text with halves of surrogate pairs joined, or replaced where the other half is missing: such text cannot be stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def head_of(headers: httpx.Headers) -> dict[str, str]:
    """Names in lower case and values, as `headers.items()` gives them: httpx looks up the encoding anew for each of them."""
    encoding, found = headers.encoding, dict[str, str]()
    for raw_name, raw_value in headers.raw:
        name, value = raw_name.decode(encoding).lower(), raw_value.decode(encoding)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def kept_reply(reply: Reply, hide: Redactor, **changes: Any) -> Reply:
    """The reply with changes, as it may be kept."""
    for name in ("text", "thinking", "refusal", "resolved_model", "raw_finish_reason"):
        said = getattr(reply, name)
        if said:
            kept = hide.answer(sound(said))
            if kept is not said:
                changes[name] = kept
    if changes.get("request_id"):
        changes["request_id"] = hide.text(sound(changes["request_id"]))
    if reply.tool_calls:
        changes["tool_calls"] = tuple(
            ToolCall(hide.answer(sound(call.id)), hide.answer(sound(call.name)), _value(call.arguments, hide)) for call in reply.tool_calls
        )
    return replace(reply, **changes)


def kept_failure(failure: Failure, partial: Reply | None, hide: Redactor) -> ProviderError:
    """The failure as it may be kept, with what had arrived before it."""
    return ProviderError(
        replace(
            failure,
            message=hide.text(sound(failure.message)),
            provider_code=hide.text(sound(failure.provider_code)) if failure.provider_code else None,
            partial=failure.partial if partial is None else kept_reply(partial, hide),
        )
    )


def exchange(
    request: httpx.Request, body: Mapping[str, Any], data: bytes, headers: Mapping[str, str], received: bytes, hide: Redactor
) -> Exchange:
    """What was sent, `data` being the bytes of `body`, and what came back."""
    return Exchange(
        request={
            "method": "POST",
            "url": hide.text(str(request.url)),
            "headers": {name: MARK if SECRET_HEADER.search(name) else hide.text(value) for name, value in head_of(request.headers).items()},
            "body": body if hide.raw(data) is data else hide.value(body),
        },
        response=hide.raw(received)[:KEPT_OF_ANSWER],
        headers={name: hide.text(value) for name, value in headers.items() if name not in _UNKEPT_HEADERS},
    )


def _value(value: Any, hide: Redactor) -> Any:
    if isinstance(value, str):
        return hide.answer(sound(value))
    if isinstance(value, dict):
        return {sound(str(name)): _value(item, hide) for name, item in value.items()}
    return [_value(item, hide) for item in value] if isinstance(value, list) else value
