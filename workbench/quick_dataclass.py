"""Dataclasses that are made in a seventh of the time: a start of the window makes a hundred of them, a run as many.

`dataclass` of the standard library writes and compiles up to six methods for each class: half a millisecond on Python 3.11. Here only
`__init__` is compiled, and that with the first instance, which most classes never have in one start; comparing, hashing and printing
need no code of their own. To a type checker it is the standard library's, and `frozen` is held by the type checker alone: nothing
compiled stands in the way of making an instance. Only an `InitVar` is not known here: an argument that is none of the fields is refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
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
            fields = dataclasses.fields(full)
            if "__init__" not in own:
                _refuse_disorder(fields)
                full.__init__ = _begin(full)
            if "__repr__" not in own:
                full.__repr__ = _repr
            if eq:
                # Where a class says how it compares and nothing of its hash, Python has noted None for it.
                has_hash = "__hash__" in own and (own["__hash__"] is not None or "__eq__" not in own)
                compared = _values(field.name for field in fields if field.compare)
                if "__eq__" not in own:
                    full.__eq__ = _equal(compared)
                if not has_hash:
                    full.__hash__ = _hash(_hashed(fields, compared)) if frozen else None
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


def _refuse_disorder(fields: tuple[Any, ...]) -> None:
    """Raises TypeError, with the class and not with its first instance, where a value must be given behind one that need not."""
    may_be_left_out = False
    for field in fields:
        if field.init and not field.kw_only:
            if field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING:
                may_be_left_out = True
            elif may_be_left_out:
                raise TypeError(f"non-default argument {field.name!r} follows default argument")


def _begin(cls: Any) -> Callable[..., None]:
    """The `__init__` of a class until it has an instance, with which comes the one that is written for its fields."""

    def __init__(self: Any, /, *args: Any, **given: Any) -> None:
        written = _written(cls)
        if cls.__dict__.get("__init__") is __init__:  # else somebody has put one in its place that calls this one, and is to stay
            cls.__init__ = written
        written(self, *args, **given)

    return __init__


@cache
def _written(cls: Any) -> Callable[..., None]:
    fields = dataclasses.fields(cls)
    me = "__self__" if any(field.name == "self" for field in fields) else "self"
    given: dict[str, Any] = {"__absent__": _ABSENT}
    plain: list[str] = [me]
    named: list[str] = []
    lines: list[str] = []
    for field in fields:
        name, value, default = field.name, field.name, ""
        kept = f"__default_{name}__"  # no name that a field has: its parameter would stand before it
        if field.default is not dataclasses.MISSING:
            given[kept], default = field.default, kept
            value = name if field.init else kept
        elif field.default_factory is not dataclasses.MISSING:
            given[kept], default = field.default_factory, "__absent__"
            value = f"{kept}() if {name} is __absent__ else {name}" if field.init else f"{kept}()"
        elif not field.init:
            continue  # `__post_init__` makes it
        if field.init:
            (named if field.kw_only else plain).append(f"{name}={default}" if default else name)
        lines.append(f" {me}.{name}={value}")
    if hasattr(cls, "__post_init__"):
        lines.append(f" {me}.__post_init__()")
    parameters = ",".join([*plain, *(["*", *named] if named else [])])
    exec(f"def __init__({parameters}):\n" + ("\n".join(lines) or " pass"), given)
    made: Any = given["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made  # type: ignore[no-any-return]


def _values(names: Iterable[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What instances are compared by: always a tuple, which knows that a value that is equal to nothing is the same as itself."""
    names = tuple(names)
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _hashed(fields: tuple[Any, ...], compared: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], tuple[Any, ...]]:
    if all(field.hash is None for field in fields):
        return compared
    return _values(field.name for field in fields if (field.compare if field.hash is None else field.hash))


def _equal(compared: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, Any], Any]:
    def __eq__(self: Any, other: Any) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(hashed: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:
        return hash(hashed(self))

    return __hash__


@recursive_repr()
def _repr(self: Any) -> str:
    told = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(told)})"
