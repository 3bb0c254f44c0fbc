"""Texts that a spreadsheet would run as a formula: how they are written into a CSV cell, and read back from one."""

from __future__ import annotations

import json
from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that begins so is a formula (or hides one) to some spreadsheet; the last four are the full-width forms."""

_SHIELD = "'"
"""Put before such a cell, and before one that has apostrophes before such a text, so that taking one away gives every text back."""


def shielded(value: Any) -> str:
    """The text of a CSV cell that no spreadsheet runs as a formula.

    A text that begins with one of `= + - @`, their full-width forms, a tab or a line break, or with apostrophes before these, gets an
    apostrophe before it. Numbers stay as they are.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _SHIELD + text if is_formula(text.lstrip(_SHIELD)) else text


def unshielded(cell: str) -> str:
    """The text that `shielded` made this cell of."""
    return cell[1:] if cell.startswith(_SHIELD) and is_formula(cell.lstrip(_SHIELD)) else cell


def is_formula(text: str) -> bool:
    """True for a text that some spreadsheet would run."""
    return text.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS)  # some trim before they look
