"""Text as it can be kept and sent, whatever a broken clipboard or file made of it."""

from __future__ import annotations


def whole_text(text: str) -> str:
    """The text as UTF-8 can hold it: halves of characters, as a broken clipboard gives them, are joined or replaced."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
