"""How many calls at once a window lets through, by what is answered and what is refused."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Iterator
from itertools import pairwise

import pytest

from workbench.engine.limits import FOREVER, BegunCall, ConnectionLimit, ModelLimit, Need
from workbench.engine.window import Begun, Window
from workbench.providers.rate_limits import Allowance

MOST = 16


def full(window: Window) -> list[Begun]:
    """As many calls begin as the window lets."""
    begun = []
    while window.has_room(again=False):
        window.held += 1
        begun.append(window.begin())
    return begun


def refuse(window: Window, begun: Begun) -> None:
    window.end()
    window.held -= 1
    if window.refused(begun):
        window.slow_down(begun)


def answer(window: Window, begun: Begun) -> None:
    window.end()
    window.held -= 1
    window.answered(begun, MOST)


def test_refusals_narrow_the_window_and_answers_widen_it_again() -> None:
    window = Window(MOST)
    begun = full(window)
    refuse(window, begun.pop())
    assert window.size == pytest.approx(0.7 * MOST)
    for one in reversed(begun[4:]):
        refuse(window, one)
    assert window.size == 4, "so many calls are in flight still, and they are not refused"
    for one in begun[:4]:
        answer(window, one)
    for _ in range(60):
        for one in full(window):
            answer(window, one)
    assert window.size == MOST, "it grows again, and never beyond what the user allows"


def test_all_calls_of_one_moment_refused_leave_a_quarter() -> None:
    window = Window(MOST)
    for one in reversed(full(window)):
        refuse(window, one)
    assert window.size == MOST / 4


def test_what_was_too_much_again_and_again_is_tried_less_and_less_often() -> None:
    """A server that bears two calls at once and refuses each third one: two out of three refusals are saved with each try."""
    window, tries, now = Window(2.0), [], 0
    under_way: deque[Begun] = deque()
    while now < 400:
        while window.has_room(again=False):
            window.held += 1
            begun = window.begin()
            if len(under_way) == 2:
                tries.append(now)
                refuse(window, begun)
            else:
                under_way.append(begun)
        answer(window, under_way.popleft())
        now += 1
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[0] <= 10
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 30


def test_single_refusals_at_random_do_not_bring_a_run_to_a_crawl() -> None:
    """One call in ten is refused, whatever is sent. That as many others are answered beside them says that it is not for their number."""
    window, draw = Window(MOST), random.Random(7)
    under_way: deque[Begun] = deque()
    sizes = []
    for _ in range(5_000):
        under_way += full(window)
        (refuse if draw.random() < 0.1 else answer)(window, under_way.popleft())
        sizes.append(window.size)
    assert sum(sizes) / len(sizes) > 0.9 * MOST


@pytest.fixture
def connection() -> Iterator[ConnectionLimit]:
    loop = asyncio.new_event_loop()
    found = ConnectionLimit()
    found.join(MOST, loop, print)
    yield found
    loop.close()


def begin(limit: ModelLimit, calls: int = 1) -> list[BegunCall]:
    limit.hold(calls)
    return [limit.begin(Need()) for _ in range(calls)]


def end(connection: ConnectionLimit, limit: ModelLimit, begun: BegunCall, *, refused: bool) -> None:
    limit.end(Need())
    limit.hold(-1)
    if refused:
        connection.slow_down(limit, begun)
    else:
        connection.answered(limit, begun, ())


def sizes(connection: ConnectionLimit) -> dict[str, float]:
    return {name: limit.window.size for name, limit in connection.models.items()} | {"all": connection._together.size}


def test_models_that_are_refused_at_the_same_time_have_one_window(connection: ConnectionLimit) -> None:
    a, b = connection.model("a"), connection.model("b")
    begun = [(limit, one) for _ in range(4) for limit in (a, b) for one in begin(limit)]
    for limit, one in begun[2:]:
        end(connection, limit, one, refused=True)
    assert sizes(connection) == {"a": MOST, "b": MOST, "all": 2}
    assert a.wait_s(Need(), again=False) == b.wait_s(Need(), again=False) == FOREVER
    for limit, one in begun[:2]:
        end(connection, limit, one, refused=False)
    for _ in range(200):
        end(connection, a, begin(a)[0], refused=False)
    assert sizes(connection)["all"] == math.inf, "where all is answered, none is held back any more"


def test_a_model_that_is_refused_while_another_is_answered_beside_it_has_its_own_window(connection: ConnectionLimit) -> None:
    wide, narrow = connection.model("wide"), connection.model("narrow")
    for _ in range(6):
        for one in begin(wide, 4):
            end(connection, wide, one, refused=False)
    others = begin(wide, 4)
    for one in begin(narrow, 3):
        end(connection, narrow, one, refused=True)
    for one in others:
        end(connection, wide, one, refused=False)
    found = sizes(connection)
    assert (found["wide"], found["all"]) == (MOST, math.inf)
    assert found["narrow"] < 3


def test_a_model_of_which_the_provider_tells_its_limits_shares_none(connection: ConnectionLimit) -> None:
    a, b = connection.model("a"), connection.model("b")
    for limit in (a, b):
        connection.answered(limit, begin(limit)[0], (Allowance("requests", "requests", 100, 50, 30.0),))
    for limit in (a, b, a, b):
        end(connection, limit, begin(limit)[0], refused=True)
    assert sizes(connection)["all"] == math.inf
    assert max(sizes(connection)["a"], sizes(connection)["b"]) < MOST
