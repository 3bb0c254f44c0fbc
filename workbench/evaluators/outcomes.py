"""How a check can end without a verdict of its own."""

from __future__ import annotations


class CannotRun(Exception):
    """The check has no verdict here; `str()` says why."""


class Invalid(Exception):
    """The check is not usable as it is written, so the output does not pass, negated or not."""
