"""The child servers of the built-in model: started with the first call, shared by all, started again when one has died."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from workbench.providers.builtin.cores import engine_threads
from workbench.providers.builtin.files import ModelFile
from workbench.quick_dataclass import dataclass
from workbench.tied_child import end_tied, start_tied
from workbench.values import Endpoint, Missing

LONGEST_ANSWER = 1_024
"""Tokens of an answer when the request sets no limit: small models can go on for ever."""

_MODULE = "workbench.providers.builtin.server"


@dataclass(slots=True)
class _Server:
    child: subprocess.Popen[bytes]
    address: str
    key: str
    log: IO[bytes]

    @property
    def lives(self) -> bool:
        return self.child.poll() is None


class Servers:
    """One child for each model file in use. Its coroutines belong to one event loop at a time."""

    def __init__(self) -> None:
        self._servers: dict[str, _Server] = {}
        self._starting: dict[str, asyncio.Task[_Server]] = {}
        self._children: list[subprocess.Popen[bytes]] = []
        self._refused: dict[str, tuple[tuple[float, int], str]] = {}  # a file that could not be loaded is not tried for every job

    async def endpoint(self, file: ModelFile, timeout_s: float = 60.0) -> Endpoint:
        """Where to ask this model. Starts its server if there is none or it has died. Raises Missing if it cannot be loaded."""
        name = str(file.path)
        server = self._servers.get(name)
        if server is None or not server.lives:
            task = self._starting.get(name)
            if task is None:
                task = self._starting[name] = asyncio.get_running_loop().create_task(self._start(file))
                task.add_done_callback(lambda _: self._starting.pop(name, None))
            server = await asyncio.shield(task)  # one caller that gives up must not take it from the others
        return Endpoint("openai-chat", f"{server.address}/v1", server.key, timeout_s=timeout_s)

    def running(self) -> list[str]:
        """Paths of the models that are loaded now."""
        return [path for path, server in self._servers.items() if server.lives]

    def close(self) -> None:
        """End all children. Safe to call from any thread, and twice."""
        for child in list(self._children):
            end_tied(child)
        for server in self._servers.values():
            server.log.close()
        self._children.clear()
        self._servers.clear()

    def stop(self, file: ModelFile) -> None:
        """End one model's server, and so unload the model."""
        server = self._servers.pop(str(file.path), None)
        if server is not None:
            end_tied(server.child)
            server.log.close()
            self._children.remove(server.child)

    async def _start(self, file: ModelFile) -> _Server:
        name = str(file.path)
        state = _state_of(file)
        known = self._refused.get(name)
        if known and known[0] == state:
            raise _refusal(file, known[1])
        self.stop(file)
        key = secrets.token_urlsafe(24)
        log = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the child
        # From the loop's own thread: it lives as long as the child may, which Linux takes for the parent's life.
        child = start_tied(_MODULE, stderr=log)
        self._children.append(child)
        order = {
            "path": name,
            "name": file.name,
            "key": key,
            "threads": engine_threads(),
            "context": file.context_tokens,
            "longest_answer": LONGEST_ANSWER,
        }
        try:
            answer = await asyncio.to_thread(_ask, child, order)
        except asyncio.CancelledError:
            end_tied(child)
            self._children.remove(child)
            log.close()
            raise
        if "address" not in answer:
            with _closing(log):
                words = str(answer.get("error") or "") or _last_words(log)
            end_tied(child)
            self._children.remove(child)
            self._refused[name] = (state, words)
            raise _refusal(file, words)
        server = self._servers[name] = _Server(child, str(answer["address"]), key, log)
        return server


def _ask(child: subprocess.Popen[bytes], order: dict[str, object]) -> dict[str, object]:
    """The child's first line, once its model is loaded; empty if it died before."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.flush()
        line = child.stdout.readline()
    except (OSError, ValueError):
        return {}
    return dict(json.loads(line)) if line.strip() else {}


def _state_of(file: ModelFile) -> tuple[float, int]:
    try:
        status = file.path.stat()
    except OSError:
        raise Missing(f"The model file {file.path} is no longer there.", remedy="Put it back, or add it again from where it is.") from None
    return status.st_mtime, status.st_size


def _refusal(file: ModelFile, words: str) -> Missing:
    return Missing(
        f"The built-in engine could not load {file.path.name}: {words or 'it ended without a word'}.", remedy="Use another model file."
    )


@contextmanager
def _closing(log: IO[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        log.close()


def _last_words(log: IO[bytes]) -> str:
    log.seek(0)
    lines = [line.strip() for line in log.read()[-4000:].decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
