"""Services that are built when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class late(Generic[T]):
    """A service that is built when it is first asked for: once, whichever threads ask. (`cached_property` has no lock any more.)"""

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self._lock = RLock()
        self.__doc__ = build.__doc__

    def __get__(self, workspace: Any, owner: type[Any]) -> T:
        with self._lock:
            name = self._build.__name__
            if name not in workspace.__dict__:  # from then on it is found there without coming here
                workspace.__dict__[name] = self._build(workspace)
            return cast("T", workspace.__dict__[name])
