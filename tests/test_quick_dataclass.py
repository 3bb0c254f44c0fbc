"""Our quick dataclasses do what the standard library's do, but for refusing to be changed, which the type checker does."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import threading
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from workbench.quick_dataclass import dataclass, replace

T = TypeVar("T")


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


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, dataclasses.replace, replace, lambda each: pickle.loads(pickle.dumps(each))])
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


# Beside the standard library's: each of these makes a class with the decorator that it is given, and what is to be tried on it

Decorator = Any


def _inherited(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True, slots=True)
    class Base:
        first: int
        shared: list[int] = dataclasses.field(default_factory=list)

    @decorator(frozen=True, slots=True)
    class Made(Base):
        first: int = 1
        last: str = "z"

    return Made


def _of_two_bases(decorator: Decorator) -> type[Any]:
    @decorator()
    class One:
        a: int = 1

    @decorator()
    class Two:
        b: int = 2

    @decorator()
    class Made(One, Two):
        c: int = 3

    return Made


def _subclass_without_the_decorator(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True)
    class Base:
        a: int
        b: int = 2

    class Made(Base):
        c: int = 3  # no field

        def __post_init__(self) -> None:
            raise AssertionError("the base has none")

    return Made


def _named_arguments(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True, slots=True)
    class Made:
        a: int = 1
        b: int = dataclasses.field(kw_only=True)
        c: list[int] = dataclasses.field(default_factory=list)
        _: dataclasses.KW_ONLY
        d: int
        e: int = 5

    return Made


def _not_given(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True, slots=True)
    class Made:
        a: int
        twice: int = dataclasses.field(init=False)
        some: list[int] = dataclasses.field(init=False, default_factory=list)
        seven: int = dataclasses.field(init=False, default=7)
        kinds: ClassVar[int] = 3

        def __post_init__(self) -> None:
            object.__setattr__(self, "twice", 2 * self.a)

    return Made


def _names_that_clash(decorator: Decorator) -> type[Any]:
    @decorator(slots=True)
    class Made:
        x: list[int] = dataclasses.field(default_factory=lambda: [1])
        _x: list[int] = dataclasses.field(default_factory=lambda: [2])
        _absent: int = 3
        _compared: int = 4
        self: int = 5
        record: int = 6
        cls: int = 7
        _other: int = 8
        __own: int = 9

    return Made


def _own_comparing(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True)
    class Made:
        a: int
        b: list[int] = dataclasses.field(default_factory=list, compare=False)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Made) and self.a % 10 == other.a % 10  # type: ignore[redundant-expr, unused-ignore]

    return Made


def _own_comparing_that_changes(decorator: Decorator) -> type[Any]:
    @decorator()
    class Made:
        a: int

        def __eq__(self, other: object) -> bool:
            return True

    return Made


def _no_hash_by_its_own_words(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True)
    class Made:
        a: int
        __hash__ = None  # type: ignore[assignment]

    return Made


def _own_hash_below_shared_comparing(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True)
    class Base:
        a: int

    @decorator(frozen=True)
    class Made(Base):
        b: int = 2

        def __hash__(self) -> int:
            return 31 * super().__hash__()  # the fields of the base only

    return Made


def _parts_of_the_hash(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True, slots=True)
    class Made:
        a: int
        b: list[int] = dataclasses.field(default_factory=list, hash=False)
        c: int = dataclasses.field(default=3, compare=False, hash=True)

    return Made


def _compared_as_its_base(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True)
    class Base:
        a: int

    @decorator(frozen=True, eq=False)
    class Made(Base):
        b: int = 2

    return Made


def _own_beginning(decorator: Decorator) -> type[Any]:
    @decorator(slots=True)
    class Base:
        a: int
        b: int = 2

    class Made(Base):
        def __init__(self, a: int) -> None:
            super().__init__(a + 1, b=a + 2)  # type: ignore[call-arg]

    return Made


def _generic(decorator: Decorator) -> type[Any]:
    @decorator(frozen=True, slots=True)
    class Made(Generic[T]):
        a: T

    return Made


CLASSES = [
    _inherited, _of_two_bases, _subclass_without_the_decorator, _named_arguments, _not_given, _names_that_clash, _own_comparing,
    _own_comparing_that_changes, _no_hash_by_its_own_words, _own_hash_below_shared_comparing, _parts_of_the_hash, _compared_as_its_base,
    _own_beginning, _generic,
]  # fmt: skip
ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}), ((1,), {}), ((2,), {}), ((1, 2), {}), ((1, [2]), {}), ((1, 2, 3), {}), ((1,) * 12, {}), ((1,), {"a": 2}), ((1,), {"none": 2}),
    ((), {"a": 11}), ((), {"b": 2}), ((), {"b": 2, "d": 4}), ((1,), {"b": 2, "c": [3], "d": 4, "e": 6}), ((), {"self": 1}),
    ((), {"x": [5], "_x": [6], "_absent": 0}), ((1,), {"twice": 2}), ((1,), {"seven": 2}),
]  # fmt: skip


def told(what: Callable[[], Any]) -> str:
    """What came of it, in words."""
    try:
        return repr(what())
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace("__dataclass_self__", "__self__")


@pytest.mark.parametrize("make", CLASSES)
def test_a_class_does_what_the_standard_librarys_does_with_the_same_words(make: Callable[[Decorator], type[Any]]) -> None:
    def seen(decorator: Decorator) -> dict[str, str]:
        found = {}
        for args, named in ARGUMENTS:
            where = f"{args} {named}"
            cls = make(decorator)  # anew: what is told of wrong arguments is told with the first instance too
            found[where] = told(lambda cls=cls, args=args, named=named: cls(*args, **named))  # type: ignore[misc]
            found[f"{where}, again"] = told(lambda cls=cls, args=args, named=named: cls(*args, **named))  # type: ignore[misc]
            if "Error" in found[where]:
                continue
            one, other = cls(*args, **named), cls(*args, **named)
            found[f"{where}, equal"] = told(lambda one=one, other=other: (one == other, one != other, one == 1))  # type: ignore[misc]
            found[f"{where}, hash"] = told(lambda one=one, other=other: (hash(one) == hash(other), hash(one)))  # type: ignore[misc]
            found[f"{where}, copied"] = told(lambda one=one: (copy.copy(one), copy.deepcopy(one), dataclasses.astuple(one)))  # type: ignore[misc]
            for field in dataclasses.fields(cls):
                if field.init:  # of others there is another error
                    changed = {field.name: 8}
                    with_ours = replace if decorator is dataclass else dataclasses.replace
                    found[f"{where}, {field.name}"] = told(lambda one=one, changed=changed, other=with_ours: other(one, **changed))  # type: ignore[misc]
        cls = make(decorator)
        found["parameters"] = f"{cls.__match_args__} {[name for name in dir(cls) if not name.startswith('__')]}"
        return found

    assert seen(dataclass) == seen(dataclasses.dataclass)


def test_a_value_that_must_be_given_behind_one_that_need_not_is_refused_with_the_class() -> None:
    with pytest.raises(TypeError, match="non-default argument 'b' follows default argument"):

        @dataclass(slots=True)
        class Wrong:
            a: int = 1
            b: int  # type: ignore[misc]


def test_many_threads_make_the_first_instance_at_once() -> None:
    for _ in range(20):

        @dataclass(frozen=True, slots=True)
        class Fresh:
            a: int
            b: list[int] = dataclasses.field(default_factory=list)
            c: int = 3

        ready, made = threading.Barrier(8), list[Fresh]()

        def begin(number: int, ready: threading.Barrier = ready, made: list[Any] = made, cls: type[Any] = Fresh) -> None:
            ready.wait(10)
            made.append(cls(number, c=number))

        threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted((each.a, each.c, len(each.b)) for each in made) == [(number, number, 0) for number in range(8)]
        assert len({id(each.b) for each in made}) == 8


@dataclass(frozen=True, slots=True)
class Sent:
    a: int
    b: tuple[int, ...] = ()


def test_an_instance_that_came_from_elsewhere_needs_no_first_one() -> None:
    """As where another process made it."""
    bare = object.__new__(Sent)
    for name, value in (("a", 1), ("b", (2,))):
        object.__setattr__(bare, name, value)
    assert (repr(bare), bare == copy.copy(bare), hash(bare)) == ("Sent(a=1, b=(2,))", True, hash((1, (2,))))
    again = pickle.loads(pickle.dumps(bare))
    assert again == bare == replace(bare) == Sent(1, (2,))
    assert again is not bare


def test_a_beginning_that_somebody_put_in_the_place_of_ours_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Fresh:
        a: int

    seen: list[int] = []
    ours = Fresh.__init__

    def spied(self: Fresh, a: int) -> None:
        seen.append(a)
        ours(self, a)

    monkeypatch.setattr(Fresh, "__init__", spied)
    assert [Fresh(1).a, Fresh(2).a] == [1, 2]
    assert seen == [1, 2]


def test_what_is_no_record_is_not_replaced_and_unknown_options_are_refused() -> None:
    for wrong in (1, Point):
        with pytest.raises(TypeError):
            replace(wrong, x=1)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="order"):
        dataclass(order=True)(One)
