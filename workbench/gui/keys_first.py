"""Keys come first: what can wait a moment waits until a key that was typed in a long text is painted."""

from __future__ import annotations

from time import perf_counter

BREATH_MS = 8
"""What can wait begins so long after a key is painted."""
PAUSE_MS = 500
"""So long after the last key, somebody who types has paused."""
_LONGEST_MS = 100
"""A key that is not painted after that changed nothing that is seen."""

_typed_at = _painted_at = -1.0


def typed() -> None:
    """A key changes a text now."""
    global _typed_at
    _typed_at = perf_counter()


def painted() -> None:
    """The text is painted, with all that was typed."""
    global _painted_at
    if _painted_at < _typed_at:
        _painted_at = perf_counter()


def painting() -> bool:
    """Whether a key was typed that is not painted yet, or only just."""
    now = perf_counter()
    return now - _typed_at < _LONGEST_MS / 1000 if _painted_at < _typed_at else now - _painted_at < BREATH_MS / 1000


def typing() -> bool:
    """Whether somebody types just now: what nobody waits for begins in a pause."""
    return perf_counter() - _typed_at < PAUSE_MS / 1000
