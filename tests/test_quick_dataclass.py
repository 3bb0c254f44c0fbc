"""Our quick dataclasses do what the standard library's do, but for refusing to be changed, which the type checker does."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from workbench.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """Has all that fields can have."""

    x: float
    y: float = 0.0
    seen: list[str] = dataclasses.field(default_factory=list, compare=False)
    secret: str = dataclasses.field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.x > 1e9:
            raise ValueError("too far")


@dataclass(frozen=True, slots=True)
class One:
    value: float


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


@dataclass(slots=True)
class Changing:
    value: int = 0
    other: Any = None


@dataclass(frozen=True)
class Own:
    value: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return "mine"


@dataclass(slots=True, eq=False)
class Itself:
    value: int


def test_records_are_equal_where_all_that_is_compared_is_equal() -> None:
    assert Point(1, 2, ["a"]) == Point(1, 2, ["b"])
    assert Point(1, 2, secret="a") != Point(1, 2, secret="b")
    assert One(1) == One(1)
    other: object = Point(1)
    assert other != One(1)
    assert Nothing() == Nothing()
    assert Changing(1) == Changing(1) != Changing(2)
    assert Itself(1) != Itself(1)
    assert Own(1) == Own(2)
    assert math.nan != math.nan
    assert One(math.nan) == One(math.nan)  # the same object, as in a tuple


def test_only_what_does_not_change_has_a_hash() -> None:
    assert len({Point(1, 2, ["a"]), Point(1, 2, ["b"]), Point(2)}) == 2
    assert hash(One(1)) == hash(One(1.0))
    assert hash(Own(5)) == 1
    assert len({Itself(1), Itself(1)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Changing())


def test_records_print_as_they_are_made_without_what_is_kept_to_themselves() -> None:
    assert repr(Point(1, secret="key")) == "Point(x=1, y=0.0, seen=[])"
    assert repr(Nothing()) == "Nothing()"
    assert repr(Own(1)) == "mine"
    circle = Changing()
    circle.other = circle
    assert repr(circle) == "Changing(value=0, other=...)"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, dataclasses.replace, lambda each: pickle.loads(pickle.dumps(each))])
def test_records_can_be_copied_replaced_and_sent(again: Callable[[Point], Point]) -> None:
    point = Point(1, 2, ["a"], "b")
    assert again(point) == point
    assert again(point) is not point
    assert dataclasses.replace(point, y=3).y == 3
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "seen": ["a"], "secret": "b"}


def test_what_a_class_says_of_its_making_holds() -> None:
    with pytest.raises(ValueError, match="too far"):
        Point(1e10)
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    assert Point(1).seen is not Point(1).seen
    assert not hasattr(Point(1), "__dict__")
    assert Point.__match_args__ == ("x", "y", "seen", "secret")
