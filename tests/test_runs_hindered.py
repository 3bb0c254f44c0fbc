"""A run whose workspace cannot be written for a while, through the real command line: a locked file, a full disk, a file that is gone.

The file is locked as another program locks it, and the disk is a file system of 8 MB.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.conftest import FakeProvider
from tests.test_cli_run import config
from tests.test_store_safety import _fill
from workbench.cli.frame import perform
from workbench.runs import writing

Start = Callable[..., FakeProvider]
CALLS = 60
AT_ONCE = 4


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system that is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def after(server: FakeProvider, requests: int, act: Callable[[], object]) -> Iterator[None]:
    """The block beside which `act` is called once the server has seen so many requests."""

    def watch() -> None:
        while server.stats()["requests"] < requests:
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    thread.join()


def run(workspace: Path, folder: Path, server: FakeProvider) -> int:
    """The exit code of a run of 60 calls, 4 at once."""
    file = config(folder, server, cases=CALLS // 2)
    return perform(["--workspace", str(workspace), "run", file, "--concurrency", str(AT_ONCE), "--no-reuse"])


def resume(workspace: Path, said: str) -> int:
    """The exit code of going on as the message says."""
    uid = re.search(r"Go on with: workbench resume (\S+)", said)
    assert uid, said
    return perform(["--workspace", str(workspace), "resume", uid[1]])


def done(workspace: Path) -> tuple[int, int]:
    """(finished jobs, stored answers) of the one run."""
    with closing(sqlite3.connect(workspace)) as file:
        (jobs,) = file.execute("SELECT count(*) FROM job WHERE status = 'done'").fetchone()
        (outputs,) = file.execute("SELECT count(*) FROM output").fetchone()
    return jobs, outputs


def hold(workspace: Path, seconds: float) -> None:
    """Lock the file as a program does that has a transaction open in it."""
    with closing(sqlite3.connect(workspace, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def test_a_file_that_another_program_has_locked_is_waited_for_and_no_answer_is_lost(
    tmp_path: Path, fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    server, path = fakeprovider(latency_ms=20), tmp_path / "w.db"
    with after(server, 15, lambda: hold(path, 6)):  # longer than SQLite waits by itself
        assert run(path, tmp_path, server) == 0
    said = capsys.readouterr().err
    told = r"Another program is writing to w\.db\. Nothing was changed\. \d answers? waits? to be saved\. "
    told += r"The run waits for 15 min and goes on by itself; then it ends\. Close it\."
    assert len(re.findall(told, said)) == 1
    assert said.count("What waited is saved. The run goes on.") == 1
    assert done(path) == (CALLS, CALLS)
    assert server.stats()["requests"] == CALLS


def test_a_file_that_stays_locked_ends_the_run_which_says_what_is_lost_and_can_be_gone_on_with(
    tmp_path: Path, fakeprovider: Start, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "AWAITED_S", 1.0)
    server, path = fakeprovider(latency_ms=20), tmp_path / "w.db"
    with after(server, 15, lambda: hold(path, 20)):
        assert run(path, tmp_path, server) == 1
    said = capsys.readouterr().err
    lost = re.search(r"(\d) calls? that (?:was|were) made (?:is|are) not saved; the run makes them again when it goes on\.", said)
    assert lost, said
    assert 1 <= int(lost[1]) <= AT_ONCE
    assert resume(path, said) == 0
    assert done(path) == (CALLS, CALLS)
    assert server.stats()["requests"] == CALLS + int(lost[1]), "no more calls are made again than the message says"


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_full_disk_is_waited_for_and_no_answer_is_lost_when_there_is_room(
    disk: Path, tmp_path: Path, fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    server, path, filler = fakeprovider(latency_ms=20), disk / "w.db", disk / "filler"

    def fill_for_a_while() -> None:
        with pytest.raises(OSError, match="No space"):
            _fill(filler)
        time.sleep(3)
        filler.unlink()

    with after(server, 15, fill_for_a_while):
        assert run(path, tmp_path, server) == 0
    said = capsys.readouterr().err
    assert "Could not save: the disk is full. What was saved before is safe. " in said
    assert "The run waits for 15 min and goes on by itself; then it ends. Free some space." in said
    assert done(path) == (CALLS, CALLS)
    assert server.stats()["requests"] == CALLS


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_disk_that_stays_full_ends_the_run_which_can_be_gone_on_with(
    disk: Path, tmp_path: Path, fakeprovider: Start, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "AWAITED_S", 1.0)
    server, path, filler = fakeprovider(latency_ms=20), disk / "w.db", disk / "filler"

    def fill() -> None:
        with pytest.raises(OSError, match="No space"):
            _fill(filler)

    with after(server, 15, fill):
        assert run(path, tmp_path, server) == 1
    said = capsys.readouterr().err
    assert "not saved; the run makes them again when it goes on. Free some space and try again." in said
    filler.unlink()
    assert resume(path, said) == 0
    assert done(path) == (CALLS, CALLS)
    assert server.stats()["requests"] <= CALLS + AT_ONCE


def test_a_file_that_is_renamed_under_a_run_ends_it_at_once_and_keeps_what_was_saved(
    tmp_path: Path, fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    server, path, moved = fakeprovider(latency_ms=20), tmp_path / "w.db", tmp_path / "moved.db"
    with after(server, 15, lambda: path.rename(moved)):
        assert run(path, tmp_path, server) == 1
    said = capsys.readouterr().err
    assert "w.db was removed or renamed while it was open, so that nothing can be saved." in said
    assert server.stats()["requests"] < CALLS
    moved.rename(path)
    assert resume(path, said) == 0
    assert done(path) == (CALLS, CALLS)
    assert server.stats()["requests"] <= CALLS + AT_ONCE


@pytest.mark.skipif(sys.platform == "win32", reason="a folder of an open file is not renamed there")
def test_a_file_that_cannot_be_reached_for_a_while_is_waited_for(
    tmp_path: Path, fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    server, folder, aside = fakeprovider(latency_ms=20), tmp_path / "share", tmp_path / "aside"
    folder.mkdir()

    def unreachable_for_a_while() -> None:
        folder.rename(aside)
        folder.symlink_to("x" * 300)  # looking there fails with an error of the system, as on a share that went away
        time.sleep(3)
        folder.unlink()
        aside.rename(folder)

    with after(server, 15, unreachable_for_a_while):
        assert run(folder / "w.db", tmp_path, server) == 0
    said = capsys.readouterr().err
    assert re.search(
        r"w\.db cannot be reached \(.+\), so that nothing can be saved at the moment\. .+ to be saved\. The run waits for 15 min", said
    ), said
    assert done(folder / "w.db") == (CALLS, CALLS)
    assert server.stats()["requests"] == CALLS


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files of another process")
def test_a_disk_that_reports_errors_for_a_while_is_waited_for(tmp_path: Path, fakeprovider: Start) -> None:
    import resource

    server, path = fakeprovider(latency_ms=50), tmp_path / "w.db"
    command = [sys.executable, "-m", "workbench", "--workspace", str(path), "run", config(tmp_path, server, cases=CALLS // 2)]
    child = subprocess.Popen([*command, "--concurrency", str(AT_ONCE), "--no-reuse"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while server.stats()["requests"] < 15 and child.poll() is None:
        time.sleep(0.01)
    size = path.with_name("w.db-wal").stat().st_size
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))  # every further write is an error of the system
    time.sleep(3)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    said = child.communicate(timeout=60)[1].decode()
    assert child.returncode == 0, said
    assert "The disk reports an error for w.db. Nothing was changed. " in said
    assert "Check the disk." in said
    assert "What waited is saved. The run goes on." in said
    assert done(path) == (CALLS, CALLS)
    assert server.stats()["requests"] == CALLS


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="gives up root's rights")
def test_a_run_in_a_write_protected_file_asks_nobody(tmp_path: Path, fakeprovider: Start, capsys: pytest.CaptureFixture[str]) -> None:
    server, path = fakeprovider(), tmp_path / "w.db"
    assert perform(["--workspace", str(path), "list", "runs"]) == 0
    capsys.readouterr()
    path.chmod(0o444)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    file = config(tmp_path, server)
    child = os.fork()
    if not child:
        os.seteuid(65534)
        os._exit(perform(["--workspace", str(path), "run", file]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert server.stats()["requests"] == 0
