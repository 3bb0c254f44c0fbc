"""Keys come first: what can wait a moment waits until a key that was typed in a long text is painted."""

from __future__ import annotations

from time import perf_counter

BREATH_MS = 8
"""About what a key in a long text takes until it is painted."""

PAUSE_MS = 500
"""So long after the last key, somebody who types has paused."""

_typed_at = -1.0


def typed() -> None:
    """A key changes a text now."""
    global _typed_at
    _typed_at = perf_counter()


def painting() -> bool:
    """Whether a key was typed so lately that it may not be painted yet."""
    return perf_counter() - _typed_at < BREATH_MS / 1000


def typing() -> bool:
    """Whether somebody types just now: what nobody waits for begins in a pause."""
    return perf_counter() - _typed_at < PAUSE_MS / 1000
