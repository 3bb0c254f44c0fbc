"""Children that never outlive the app: killed parents, closed pipes, keys that stay out of sight. No model is needed here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.providers.builtin.cores import engine_threads
from workbench.providers.builtin.file_lock import held
from workbench.tied_child import end_tied, start_tied

ROOT = Path(__file__).parent.parent
SERVER = "workbench.providers.builtin.server"

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while lives(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def parent_of_a_child(code: str) -> tuple[subprocess.Popen[str], int]:
    """A parent process that has started a child, and the child's process id."""
    start = "import subprocess, time\nfrom workbench.tied_child import start_tied\n"
    start += f"child = start_tied({SERVER!r}, stderr=subprocess.DEVNULL)\n"
    parent = subprocess.Popen([sys.executable, "-c", start + code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout
    return parent, int(parent.stdout.readline())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_with_a_parent_that_is_killed(how: signal.Signals) -> None:
    order = "child.stdin.write(b'{}\\n'); child.stdin.flush()\n"
    for ordered in ("", order):  # before and after the child has been told what to do
        parent, child = parent_of_a_child(f"{ordered}print(child.pid, flush=True); time.sleep(60)")
        assert lives(child) or ordered
        parent.send_signal(how)
        parent.wait()
        assert parent.stdout
        parent.stdout.close()
        assert gone_within(child, 5)


@posix
def test_a_child_ends_when_its_standard_input_closes() -> None:
    child = start_tied(SERVER, stderr=subprocess.DEVNULL)
    assert child.stdin
    assert child.stdout
    child.stdin.close()
    assert child.wait(10) == 1
    child.stdout.close()


@posix
def test_a_child_that_will_not_listen_is_killed() -> None:
    stubborn = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert stubborn.stdout
    stubborn.stdout.readline()
    began = time.perf_counter()
    end_tied(stubborn, 0.2)
    assert stubborn.returncode == -signal.SIGKILL
    assert time.perf_counter() - began < 30


def test_ending_a_child_twice_is_fine() -> None:
    child = start_tied(SERVER, stderr=subprocess.DEVNULL)
    end_tied(child)
    end_tied(child)
    assert child.returncode is not None


def test_a_lock_is_let_go_when_its_holder_is_killed(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from workbench.providers.builtin.file_lock import held\n"
    code += "with held(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "lock")], stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout
    holder.stdout.readline()

    class StillHeld(Exception):
        pass

    def give_up() -> None:
        raise StillHeld

    with pytest.raises(StillHeld), held(tmp_path / "lock", give_up):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with held(tmp_path / "lock", give_up):
        pass


def test_the_engine_leaves_a_core_to_the_window() -> None:
    assert 1 <= engine_threads() <= max(1, (os.cpu_count() or 1) - 1)
