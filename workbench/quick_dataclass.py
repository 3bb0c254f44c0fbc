"""Dataclasses that are made in a seventh of the time: a start of the window makes a hundred of them, a run as many.

`dataclass` of the standard library writes and compiles up to six methods for each class: half a millisecond on Python 3.11. Here only
`__init__` is compiled, and that with the first instance, which most classes never have in one start; comparing, hashing and printing are
shared. To a type checker it is the standard library's, and `frozen` is held by the type checker alone: nothing compiled stands in the
way of making an instance.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

_ABSENT: Any = object()

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, slots: bool = False) -> Any:
        """As `dataclasses.dataclass`, whose other options nobody needs here."""

        def made(bare: type) -> type:
            own = bare.__dict__
            if not own.get("__doc__"):
                bare.__doc__ = bare.__qualname__  # else the signature is written there, which takes longer than all the rest
            full = dataclasses.dataclass(bare, init=False, repr=False, eq=False, slots=slots)
            if "__init__" not in own:
                full.__init__ = _begin(full)
            if "__repr__" not in own:
                full.__repr__ = _repr
            if eq and "__eq__" not in own:
                full.__eq__ = _equal
                full._compared = staticmethod(_values(field.name for field in dataclasses.fields(full) if field.compare))
                if "__hash__" not in own or own["__hash__"] is None:
                    full.__hash__ = _hash if frozen else None
            return full

        return made if cls is None else made(cls)

    def replace(record: Any, /, **changes: Any) -> Any:
        """As `dataclasses.replace`, which looks at each field of a class each time."""
        cls = type(record)
        names, values = _made_of(cls)
        return cls(**dict(zip(names, values(record), strict=True)) | changes)


@cache
def _made_of(cls: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.name for field in dataclasses.fields(cls) if field.init)
    return names, _values(names)


def _begin(cls: Any) -> Callable[..., None]:
    """The `__init__` of a class until it has an instance, with which comes the one that is written for its fields."""

    def __init__(self: Any, *args: Any, **given: Any) -> None:
        cls.__init__ = _written(cls)
        cls.__init__(self, *args, **given)

    return __init__


def _written(cls: Any) -> Callable[..., None]:
    given: dict[str, Any] = {"_absent": _ABSENT}
    plain: list[str] = ["self"]
    named: list[str] = []
    lines: list[str] = []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        if field.default is not dataclasses.MISSING:
            given[f"_{name}"], default = field.default, f"_{name}"
            value = name if field.init else default
        elif field.default_factory is not dataclasses.MISSING:
            given[f"_{name}"], default = field.default_factory, "_absent"
            value = f"_{name}() if {name} is _absent else {name}" if field.init else f"_{name}()"
        elif field.init:
            default = ""
        else:
            continue  # `__post_init__` makes it
        if field.init:
            (named if field.kw_only else plain).append(f"{name}={default}" if default else name)
        lines.append(f" self.{name}={value}")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    parameters = ",".join([*plain, *(["*", *named] if named else [])])
    exec(f"def __init__({parameters}):\n" + ("\n".join(lines) or " pass"), given)
    made: Any = given["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made  # type: ignore[no-any-return]


def _values(names: Any) -> Callable[[Any], tuple[Any, ...]]:
    """What instances are compared by: always a tuple, which knows that a value that is equal to nothing is the same as itself."""
    names = tuple(names)
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _equal(self: Any, other: Any) -> Any:
    return self._compared(self) == self._compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    values: Hashable = self._compared(self)
    return hash(values)


@recursive_repr()
def _repr(self: Any) -> str:
    told = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(told)})"
