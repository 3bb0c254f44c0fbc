"""The loop of calls: time in which nobody looked at the network counts for no limit."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time

import pytest

from workbench import awake_loop

STOPPED = """
import asyncio, sys
from workbench import awake_loop

async def read():
    reader, _ = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    print("reading", flush=True)
    async with asyncio.timeout(1.5):
        print((await reader.readexactly(5)).decode())

awake_loop.run(read())
"""


def test_a_time_limit_goes_on_where_it_was_after_the_loop_was_kept_from_looking() -> None:
    async def wait() -> tuple[float, float]:
        loop, began, at = asyncio.get_running_loop(), time.monotonic(), asyncio.get_running_loop().time()
        loop.call_later(0.1, time.sleep, 2.0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await asyncio.Event().wait()
        return time.monotonic() - began, loop.time() - at

    real, awake = awake_loop.run(wait())
    assert 2.9 < real < 4
    assert 0.9 < awake < 1.9


def test_usual_waits_are_no_standstill() -> None:
    async def wait() -> float:
        loop, began = asyncio.get_running_loop(), time.monotonic()
        offset = loop.time() - began
        await asyncio.sleep(1.3)
        loop.call_soon(time.sleep, 0.3)  # a busy callback
        await asyncio.sleep(0.1)
        return loop.time() - time.monotonic() - offset

    assert abs(awake_loop.run(wait())) < 0.1


def test_what_a_long_callback_sets_for_later_comes_in_time() -> None:
    async def wait() -> float:
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        time.sleep(1.5)  # noqa: ASYNC251 - this is what is tested
        began = time.monotonic()
        loop.call_later(0.3, came.set)
        await came.wait()
        return time.monotonic() - began

    assert 0.2 < awake_loop.run(wait()) < 1.0


def test_a_loop_that_is_never_quick_has_time_limits_all_the_same() -> None:
    rounds = 0

    async def work() -> None:
        nonlocal rounds
        while rounds < 8:
            rounds += 1
            time.sleep(1.05)  # noqa: ASYNC251 - this is what is tested
            await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        awake_loop.run(asyncio.wait_for(work(), 0.12))
    assert rounds < 8


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process with SIGSTOP")
@pytest.mark.parametrize("stopped_s", [1.6, 2.0, 4.0])
def test_what_came_while_the_process_was_stopped_is_read_before_its_time_limit_counts(stopped_s: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-c", STOPPED, str(server.getsockname()[1])]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        connection, _ = server.accept()
        with connection:
            assert child.stdout is not None
            assert child.stdout.readline() == "reading\n"
            time.sleep(0.2)  # it waits
            child.send_signal(signal.SIGSTOP)
            time.sleep(stopped_s)
            connection.sendall(b"there")
            child.send_signal(signal.SIGCONT)
            assert child.communicate(timeout=30)[0] == "there\n"
    assert child.returncode == 0
