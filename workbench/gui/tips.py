"""Tooltips of texts that may hold anything. Apart from the words of numbers: the first paint needs no dates, decimals or HTML."""

from __future__ import annotations

_PLAIN = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def tip(text: str) -> str:
    """A text as a tooltip takes it. Qt reads what looks like markup as markup, pictures of this computer included: none of it is."""
    return f'<p style="white-space:pre-wrap">{text.translate(_PLAIN)}</p>' if "<" in text else text
