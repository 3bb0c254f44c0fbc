"""Where a value stands in a request body, and in which form. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from workbench.providers.message_parts import merged
from workbench.values import Part, Request


def placed(body: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The body with a value at a dotted path, such as "reasoning.max_tokens"."""
    for step in reversed(path.split(".")):
        value = {step: value}
    return merged(body, value)


def finished(body: Mapping[str, Any], options: Mapping[str, Any] | None, request: Request) -> dict[str, Any]:
    """The body with what goes over everything else: the `body` of the endpoint's options, then the request's own `extra`."""
    return merged(merged(body, (options or {}).get("body")), request.parameters.get("extra"))


def as_list(stop: Any) -> list[Any]:
    """Stop words as a list: one text is a list of one, none is an empty list."""
    if isinstance(stop, str):
        return [stop] if stop else []
    return list(stop) if isinstance(stop, (list, tuple)) else []


def data_url(part: Part) -> str:
    """The bytes of a picture or a file inside an address, as most APIs take them."""
    usual = "image/png" if part.kind == "image" else "application/octet-stream"
    return f"data:{part.media_type or usual};base64,{base64.b64encode(part.data).decode('ascii')}"


def chat_tool(tool: Mapping[str, Any], function: Mapping[str, Any] | None) -> dict[str, Any]:
    """A tool as Chat Completions and its relatives take it: a function is wrapped, a vendor's own kind travels as it is."""
    if function is None:
        return dict(tool)
    return {"type": "function", "function": {name: value for name, value in function.items() if name != "type"}}
