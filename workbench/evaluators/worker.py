"""A child process that searches for patterns and can be ended. It is started when the first doubtful pattern comes."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from contextlib import suppress

# The child knows nothing of this program: `-I -S` starts in about 15 ms, and it ends when its standard input closes.
_CODE = """
import json, re, sys
for line in sys.stdin:
    pattern, text = json.loads(line)
    print("1" if re.search(pattern, text, re.ASCII) else "0", flush=True)
"""


class Overtime(Exception):
    """The search did not end in time."""


class Worker:
    """One child process, started again after it had to be ended. Calls from several threads wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None

    def search(self, pattern: str, text: str, seconds: float) -> bool:
        """True if the pattern is found. Raises Overtime after `seconds`; the child is then ended."""
        with self._lock:
            for is_last in (False, True):
                child = self._started()
                assert child.stdin is not None and child.stdout is not None  # noqa: PT018
                late = threading.Event()
                timer = threading.Timer(seconds, self._end, (child, late))
                timer.daemon = True
                timer.start()
                answer = ""
                with suppress(OSError, ValueError):
                    child.stdin.write(json.dumps([pattern, text]) + "\n")
                    child.stdin.flush()
                    answer = child.stdout.readline()
                timer.cancel()
                if answer:
                    return answer.startswith("1")
                self._forget(child)
                if late.is_set() or is_last:
                    raise Overtime
        raise Overtime

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            if self._child is not None:
                self._forget(self._child)

    def _started(self) -> subprocess.Popen[str]:
        if self._child is not None and self._child.poll() is not None:
            self._forget(self._child)  # it was ended in the moment in which it answered
        if self._child is None:
            flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _CODE],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, encoding="utf-8", creationflags=flags,
            )  # fmt: skip
            atexit.register(self.close)
        return self._child

    def _end(self, child: subprocess.Popen[str], late: threading.Event) -> None:
        late.set()
        child.kill()

    def _forget(self, child: subprocess.Popen[str]) -> None:
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()
        child.wait()
        self._child = None
        atexit.unregister(self.close)
