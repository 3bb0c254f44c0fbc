"""Texts that a spreadsheet would run as a formula: how they are written into a CSV cell, and read back from one."""

from __future__ import annotations

import json
from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that begins so is a formula (or hides one) to some spreadsheet; the last four are the full-width forms."""

_SHIELD = "'\u00a0"
"""Put before such a cell: an apostrophe, by which no spreadsheet runs it, and a no-break space, by which it is known for ours again.

Texts of other people begin with an apostrophe alone (`'-ism`, `'+1 from me`) and keep it. The space is in every encoding in which a
spreadsheet may save the table.
"""


def shielded(value: Any) -> str:
    """The text of a CSV cell that no spreadsheet runs as a formula.

    A text that begins with one of `= + - @`, their full-width forms, a tab or a line break gets an apostrophe and a no-break space
    before it, and so does one that begins with these already, so that taking one away gives every text back. Numbers stay as they are.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _SHIELD + text if _needs_shield(text) else text


def unshielded(cell: str) -> str:
    """The text that `shielded` made this cell of. A cell that it did not make stays as it is."""
    rest = cell.removeprefix(_SHIELD)
    return rest if rest != cell and _needs_shield(rest) else cell


def _needs_shield(text: str) -> bool:
    return is_formula(text) or text.startswith(_SHIELD)


def is_formula(text: str) -> bool:
    """True for a text that some spreadsheet would run."""
    return text.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS)  # some trim before they look
