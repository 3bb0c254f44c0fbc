"""Function calls of Gemini: whole, or with arguments that arrive in pieces (Vertex AI's `partialArgs`). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.json_fields import objects, text_of
from workbench.providers.tool_calls import PendingCall

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[['\"](.*?)['\"]\]")

_DEEPEST = 64
"""Steps of a path that are followed; arguments are never nested like this."""


class FunctionCalls:
    """Puts the calls of one answer into a reader's, as they arrive."""

    def __init__(self, calls: dict[Any, PendingCall]) -> None:
        self._calls = calls
        self._is_open = False

    def add(self, part: Mapping[str, Any]) -> None:
        """One `functionCall`: a new call, or more of the one that said it will continue."""
        name, arguments, pieces = part.get("name"), part.get("args"), part.get("partialArgs")
        if name or not self._is_open:
            if not name and not arguments and not pieces:
                return
            self._calls[len(self._calls)] = PendingCall(text_of(part.get("id")), text_of(name), {})
        call = self._calls[len(self._calls) - 1]
        if isinstance(arguments, dict) and isinstance(call.whole, dict):
            call.whole = {**call.whole, **arguments}
        elif arguments is not None:
            call.whole = arguments
        for piece in objects(pieces):
            if isinstance(call.whole, dict):
                _put(call.whole, piece)
        self._is_open = part.get("willContinue") is True


def _put(arguments: dict[str, Any], piece: Mapping[str, Any]) -> None:
    """Lay one piece at its JSON path, such as "$.rooms[0].name"; pieces of one text are joined."""
    value = next((piece[name] for name in ("stringValue", "numberValue", "boolValue") if name in piece), None)
    found = _STEP.findall(str(piece.get("jsonPath")))[:_DEEPEST]
    steps: list[str | int] = [int(index[:9]) if index else name or quoted for name, index, quoted in found]
    if steps and isinstance(steps[0], str):
        arguments[steps[0]] = _laid(arguments.get(steps[0]), steps[1:], value)


def _laid(there: Any, steps: Sequence[str | int], value: Any) -> Any:
    """What is there with a value laid at these steps in it."""
    if not steps:
        return there + value if isinstance(there, str) and isinstance(value, str) else value
    step = steps[0]
    if isinstance(step, int):
        items = list(there) if isinstance(there, list) else []
        at = min(step, len(items))  # pieces come in order; no index may make room for millions
        items[at : at + 1] = [_laid(items[at] if at < len(items) else None, steps[1:], value)]
        return items
    known = there if isinstance(there, dict) else {}
    return {**known, step: _laid(known.get(step), steps[1:], value)}
