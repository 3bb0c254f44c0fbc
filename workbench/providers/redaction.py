"""Keys out of everything that is kept, shown or logged: the exact value is looked for, in the forms in which it travels."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any
from urllib.parse import quote

MARK = "[key]"
_SHORTEST = 8
"""Shorter keys are placeholders such as `x` or `ollama`; taking them out would cut holes into words."""

_LONG_PART = 16
"""AWS access keys are several secrets joined by colons, and an error about a signature repeats one of them alone."""


@lru_cache(maxsize=64)
def redactor(key: str | None) -> Redactor:
    """The redactor of a key. Calls with one key share it."""
    return Redactor(key)


class Redactor:
    """Takes one key out of text, bytes and JSON values. Does nothing where there is no key worth hiding."""

    __slots__ = ("_answer_too", "_bytes", "_texts")

    def __init__(self, key: str | None) -> None:
        key = (key or "").strip()
        parts = {part for part in key.split(":") if len(part) >= _LONG_PART} | {key} if len(key) >= _SHORTEST else set()
        forms = {form for part in parts for form in (part, quote(part, safe=""), json.dumps(part)[1:-1])}
        self._texts = sorted(forms, key=len, reverse=True)
        self._bytes = [form.encode("utf-8", "replace") for form in self._texts]
        # "lm-studio" is a usual placeholder, and an answer may well say that word. A real key is long and has digits.
        self._answer_too = len(key) >= 12 and any(letter.isdigit() for letter in key)

    def text(self, text: str) -> str:
        """The text without the key."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, MARK)
        return text

    def answer(self, text: str) -> str:
        """A model's answer without the key, where the key cannot be an ordinary word."""
        return self.text(text) if self._answer_too else text

    def tail(self, text: str) -> int:
        """How many characters at the end of a piece of an answer may be the beginning of the key, whose rest comes with the next piece."""
        longest = 0
        for form in self._texts if self._answer_too else ():
            at = text.find(form[0], max(0, len(text) - len(form) + 1))
            while at != -1:
                if form.startswith(text[at:]):
                    longest = max(longest, len(text) - at)
                    break
                at = text.find(form[0], at + 1)
        return longest

    def raw(self, data: bytes) -> bytes:
        """The bytes without the key."""
        for form in self._bytes:
            if form in data:
                data = data.replace(form, MARK.encode())
        return data

    def value(self, value: Any) -> Any:
        """A JSON value without the key; the same object where it holds none."""
        if not self._texts:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(name)): self.value(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


class AnswerStream:
    """An answer that arrives in pieces, without the key also where it is split over two of them."""

    __slots__ = ("_held", "_hide")

    def __init__(self, hide: Redactor) -> None:
        self._hide, self._held = hide, ""

    def piece(self, text: str) -> str:
        """What of the answer can be shown after this piece; an end that may begin the key waits for the next one."""
        if not text:
            return ""
        text = self._hide.answer(self._held + text)
        shown = len(text) - self._hide.tail(text)
        self._held = text[shown:]
        return text[:shown]

    def rest(self) -> str:
        """What still waits when no more pieces come."""
        text, self._held = self._held, ""
        return text


def hint(key: str | None) -> str:
    """The last four characters of a key as users may see them, such as `...9f2c`; empty where it is too short to show any."""
    key = (key or "").strip()
    return f"...{key[-4:]}" if len(key) >= 12 else ""
