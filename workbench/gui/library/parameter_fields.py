"""Names of parameters, and the fields in which they are typed."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLayout, QSpinBox, QVBoxLayout, QWidget

from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.labels import label

KNOWN = ("temperature", "top_p", "max_tokens", "seed", "stop", "reasoning_effort", "reasoning_budget")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""How much a model is to think, in the words of most vendors; each format says it in its own."""
TITLES = {
    "temperature": "Temperature",
    "top_p": "Top p",
    "max_tokens": "Longest answer",
    "seed": "Seed",
    "stop": "Stop texts",
    "reasoning_effort": "Thinking",
    "reasoning_budget": "Tokens to think",
    "tool_calls": "Tool calls",
    "tool_call_id": "Answers call",
    "output_schema": "JSON schema",
    "response_format": "Answer format",
    "tools": "Tools",
}
"""Everyday names of parameters; the technical one stands in the tooltip."""
UNSET = "model default"


def read_stops(text: str) -> list[str]:
    """The texts of `END, "a, b", "\\n"`: quotes keep commas and spaces, and make \\n a new line."""
    found: list[str] = []
    rest = text
    while rest.strip(", "):
        rest = rest.lstrip(", ")
        if rest.startswith('"'):
            try:
                value, end = json.JSONDecoder().raw_decode(rest)
            except ValueError:
                value, end = rest.strip('" '), len(rest)
            found.append(str(value))
            rest = rest[end:]
        else:
            part, _, rest = rest.partition(",")
            found.append(part.strip())
    return [stop for stop in found if stop]


def write_stops(stops: Any) -> str:
    """Stop texts as `read_stops` reads them."""
    listed = [stops] if isinstance(stops, str) else list(stops or ())
    return ", ".join(
        json.dumps(stop, ensure_ascii=False) if stop != stop.strip() or any(c in stop for c in ',"\n\t') else stop
        for stop in map(str, listed)
    )


def number(value: Any) -> float:
    """The value where it is a number, else the mark below 0."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else -1.0


def decimal_field(most: float, name: str, tip: str) -> QDoubleSpinBox:
    """A field for a number with decimals; its lowest mark is "not sent"."""
    made = QDoubleSpinBox()
    made.setDecimals(2)
    made.setSingleStep(0.1)
    # The mark below 0 means: not sent, the model's own default holds.
    made.setRange(-0.1, most)
    made.setSpecialValueText(UNSET)
    made.setAccessibleName(name)
    made.setToolTip(f"{tip}. Below 0: not sent, the model's own default holds.")
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def whole_field(most: int, name: str, suffix: str, tip: str) -> QSpinBox:
    """A field for a whole number; its lowest mark is "not sent"."""
    made = QSpinBox()
    made.setRange(-1, most)
    made.setGroupSeparatorShown(True)
    made.setSpecialValueText(UNSET)
    made.setSuffix(suffix)
    made.setAccessibleName(name)
    made.setToolTip(f"{tip}. Below 0: not sent, the model's own default holds.")
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def lay_out_part(part: QWidget, title: str, *inside: QLayout | QWidget, add: Button) -> None:
    """A part of the panel: its title, what stands in it, and the button that adds to it."""
    foot = QHBoxLayout()
    foot.addWidget(add)
    foot.addStretch(1)
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 8, 0, 8)
    column.setSpacing(6)
    column.addWidget(label(title, "small", "text2", 600))
    for each in inside:
        if isinstance(each, QLayout):
            column.addLayout(each)
        else:
            column.addWidget(each)
    column.addLayout(foot)
