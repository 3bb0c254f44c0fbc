"""Processes that must never outlive the app: both sides of the tie.

The parent keeps the write end of the child's standard input open. When the parent ends, however it ends, the system closes that pipe and
the child, which reads it in a thread of its own, ends at once. On Linux the kernel is asked to kill the child as well
(PR_SET_PDEATHSIG), because a thread cannot run while native code holds the interpreter, as while a large model is loaded.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any

_PR_SET_PDEATHSIG = 1


def start_tied(
    module: str, arguments: Sequence[str] = (), *, stderr: int | IO[Any], env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A child process that runs one of our modules, with pipes on its standard input and output.

    Call it from a thread that lives as long as the child may: Linux counts the death of the starting thread as the parent's. A frozen
    build runs the same command, its entry script understands `-m MODULE`.
    """
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: no console beside the window
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=None if env is None else dict(env),
        creationflags=flags,
    )


def end_tied(child: subprocess.Popen[bytes], patience_s: float = 2.0) -> None:
    """End a child for certain and close its pipes. Closing its standard input is the polite way."""
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()
    for insist in (None, child.terminate, child.kill):
        if insist is not None:
            with contextlib.suppress(OSError):
                insist()
        try:
            child.wait(patience_s)
            break
        except subprocess.TimeoutExpired:
            continue
    if child.stdout is not None:  # last: a thread may be reading it until the child has ended
        child.stdout.close()


def tie_to_parent(on_end: Any = None) -> None:
    """In the child: end this process when the parent does. What is already read of standard input stays with the caller."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        if on_end is not None:
            on_end()
        os._exit(0)  # no clean-up: nothing here is worth waiting for

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
