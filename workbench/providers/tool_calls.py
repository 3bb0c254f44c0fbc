"""A function call as it arrives: its arguments come as an object, or in pieces of JSON text."""

from __future__ import annotations

import json
from dataclasses import field
from typing import Any

from workbench.quick_dataclass import dataclass
from workbench.values import ToolCall


@dataclass(slots=True)
class PendingCall:
    """One call that may not be whole yet."""

    id: str = ""
    name: str = ""
    whole: Any = None
    """Arguments that came as a value."""
    pieces: list[str] = field(default_factory=list)
    """Arguments that came as JSON text; they go before `whole`, which is then a placeholder."""

    def add(self, arguments: Any) -> None:
        """Arguments as they came: a piece of JSON text, or a value."""
        if isinstance(arguments, str):
            self.pieces.append(arguments)
        elif arguments is not None:
            self.whole = arguments

    def made(self) -> ToolCall:
        """The call as far as it has arrived."""
        text = "".join(self.pieces)
        if not text.strip():
            return ToolCall(self.id, self.name, {} if self.whole is None else self.whole)
        try:
            return ToolCall(self.id, self.name, json.loads(text))
        except (ValueError, RecursionError):
            return ToolCall(self.id, self.name, text)  # not JSON: kept as it came, the model wrote it so
