"""Child processes that run the Python code of checks: bounded in time, memory and output, without the secrets of the environment.

They keep the code of a check from doing harm by accident. They are no prison: what it may read and write is what its user may.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from workbench.evaluators.worker import Overtime

if TYPE_CHECKING:
    from workbench.evaluators.programs import Program

SECONDS = 5.0
"""For one answer, the start of the child and its imports included."""
MEMORY = 1024 * 1024 * 1024
WRITTEN = 10_000_000
"""Bytes of a file that the code may write."""
RESULT = 64_000
_KEPT = 4
"""Children that are kept for the next answer."""
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "WINDIR", "TEMP", "TMP", "TMPDIR")
"""Variables of the environment that the code sees: no keys and no passwords are among them."""

# The child knows nothing of this program. What the code prints goes nowhere: only the answers leave by the pipe.
_CHILD = """
import json, os, sys
try:
    import resource
    memory, written = int(sys.argv[1]), int(sys.argv[2])
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, written), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            pass
except ImportError:
    pass
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
questions = os.fdopen(os.dup(0), encoding="utf-8")
nowhere = os.open(os.devnull, os.O_RDWR)
for number in (0, 1, 2):
    os.dup2(nowhere, number)
limit = int(sys.argv[3])
def plain(value):
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if hasattr(value, "item"):
        return value.item()
    raise TypeError("it returned a " + type(value).__name__)
def say(**what):
    text = json.dumps(what, default=plain)
    if len(text) > limit:
        text = json.dumps({"error": "it returned more than " + str(limit) + " characters."})
    answers.write(text + "\\n")
    answers.flush()
first = json.loads(questions.readline())
call, problem = None, None
try:
    module = {"__name__": "check", "__file__": first["place"], "json": json}
    exec(compile(first["source"], first["place"] or "check", "exec"), module)
    call = module.get(first["function"])
    if not callable(call):
        problem = "it has no function " + first["function"] + "."
except MemoryError:
    problem = "it needs more memory than it may have."
except BaseException as error:
    problem = (type(error).__name__ + ": " + str(error))[:500]
for line in questions:
    asked = json.loads(line)
    if problem is not None:
        say(error=problem)
        continue
    try:
        say(result=call(asked["output"], asked["context"]))
    except MemoryError:
        say(error="it needs more memory than it may have.")
    except BaseException as error:
        say(error=(type(error).__name__ + ": " + str(error))[:500])
"""


class Broken(Exception):
    """The code ended without a result; `str()` says how."""


class _Child:
    """One process with one program in it."""

    def __init__(self, program: Program) -> None:
        from workbench.evaluators.programs import source_of

        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _CHILD, str(MEMORY), str(WRITTEN), str(RESULT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=tempfile.gettempdir(),
            text=True, encoding="utf-8", errors="replace", creationflags=flags, start_new_session=True,
        )  # fmt: skip
        self._first = {"source": source_of(program), "place": program.place, "function": program.function or "main"}
        self.is_new = True

    def ask(self, text: str, context: dict[str, Any], seconds: float) -> Any:
        """What the code returns. Raises Overtime, Broken; this child is of no use any more after Overtime, and where it has ended."""
        child, late = self._process, threading.Event()
        assert child.stdin is not None and child.stdout is not None  # noqa: PT018

        def end() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        answer = ""
        try:
            with suppress(OSError, ValueError):
                if self.is_new:
                    child.stdin.write(json.dumps(self._first) + "\n")
                    self.is_new = False
                child.stdin.write(json.dumps({"output": text, "context": context}, default=str) + "\n")
                child.stdin.flush()
                answer = child.stdout.readline(RESULT * 6)
        finally:
            timer.cancel()
        if late.is_set():
            raise Overtime
        try:
            found = json.loads(answer)
        except ValueError as error:
            self.kill()
            raise Broken("its process ended without an answer.") from error
        if "error" in found:
            raise Broken(found["error"])
        return found.get("result")

    @property
    def is_alive(self) -> bool:
        """False where it was ended or has ended by itself."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process and those that it started."""
        with suppress(OSError, AttributeError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def close(self) -> None:
        """End it and wait until it is gone."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()
        self._process.wait()


class ProgramWorkers:
    """A child for each program that is in use. Calls from several threads wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._children: OrderedDict[str, _Child] = OrderedDict()

    def ask(self, program: Program, text: str, context: dict[str, Any], seconds: float = SECONDS) -> Any:
        """What a program says of an answer. Raises Overtime, Broken."""
        with self._lock:
            if not self._children:
                atexit.register(self.close)
            child = self._children.pop(program.hash, None)
            if child is not None and not child.is_alive:
                child.close()
                child = None
            if child is None:
                child = _Child(program)
            try:
                return child.ask(text, context, seconds)
            finally:
                if child.is_alive:
                    self._children[program.hash] = child
                else:
                    child.close()
                while len(self._children) > _KEPT:
                    self._children.popitem(last=False)[1].close()

    def close(self) -> None:
        """End all children."""
        with self._lock:
            while self._children:
                self._children.popitem()[1].close()
            atexit.unregister(self.close)
