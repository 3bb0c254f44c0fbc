"""Reading a long template in a child process, so that it never holds the interpreter that a window is drawn with.

jinja2 takes half a second for 100 kB of code. In a thread of the same process each of its steps, Python's compiler and the collections of
garbage that its trees cause are felt between two keys. The child knows nothing but this station. It is started when the first long
template comes, and where it cannot be started, or ends, the template is read here: later, but no less well.
"""

from __future__ import annotations

import gc
import marshal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import CodeType
from typing import IO, TYPE_CHECKING, Any

from workbench.templates.records import TemplateProblem, Variable

if TYPE_CHECKING:
    import subprocess

# jinja2 and the starting of processes cost 100 ms to import, and most prompts do without: they are imported where they are needed.

LONG = 10_000
"""Characters from which a template is read in the child: a shorter one is read sooner than a child answers."""
_SIZE_BYTES = 8


class _Reader:
    """One child, started again after it ended. Calls from several threads wait for each other."""

    def __init__(self) -> None:
        self.wanted = False
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def ask(self, *question: Any) -> Any:
        """The child's answer; None where it has none to give."""
        with self._lock:
            if not self.wanted:
                return None
            try:
                if self._child is None:
                    self._child = _started()
                assert self._child.stdin is not None and self._child.stdout is not None  # noqa: PT018
                _write(self._child.stdin, question)
                return _read(self._child.stdout)
            except (OSError, EOFError, ValueError, TypeError):
                self._forget()
                return None

    def end(self) -> None:
        """Read everything here from now on, and end the child. What it is reading just now is read here instead."""
        self.wanted = False
        child = self._child
        if child is not None:
            with suppress(OSError):
                child.kill()  # whoever waits for its answer holds the lock
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            from workbench.tied_child import end_tied  # see above

            end_tied(child, 0.5)


def _started() -> subprocess.Popen[bytes]:
    import subprocess  # see above

    from workbench.tied_child import start_tied

    return start_tied(__name__, stderr=subprocess.DEVNULL)


_reader = _Reader()


def start() -> None:
    """From now on, read long templates in a child process."""
    _reader.wanted = True


def end() -> None:
    """Read them here again; the child ends."""
    _reader.end()


def make(text: str, snippets: Mapping[str, str], marks: bool) -> tuple[CodeType, tuple[Variable, ...]]:
    """As `compiled.make`, which says more: the code of a template and its variables. Raises SyntaxTrouble."""
    from workbench.templates import compiled  # see above

    answer = _reader.ask("make", text, tuple(snippets.items()), marks) if len(text) > LONG else None
    if answer is None:
        return compiled.make(text, snippets, marks)
    if answer[0] == "trouble":
        raise compiled.SyntaxTrouble(TemplateProblem(*answer[1]))
    code, found = answer[1]
    return code, tuple(Variable(*variable) for variable in found)


def partial_variables(text: str) -> tuple[Variable, ...]:
    """As `compiled.partial_variables`: what can be said of a template that cannot be read."""
    from workbench.templates import compiled  # see above

    answer = _reader.ask("partial", text) if len(text) > LONG else None
    return compiled.partial_variables(text) if answer is None else tuple(Variable(*variable) for variable in answer[1])


def included(text: str) -> tuple[str, ...]:
    """As `includes.included_here`: names of the snippets that a text includes itself."""
    from workbench.templates import includes  # see above

    answer = _reader.ask("included", text) if len(text) > LONG else None
    return includes.included_here(text) if answer is None else tuple(answer[1])


# -- in the child ----------------------------------------------------------------------------------------------


def _answer(kind: str, text: str, *more: Any) -> tuple[str, Any]:
    from workbench.templates import compiled, includes  # see above

    if kind == "included":
        return "read", includes.included_here(text)
    if kind == "partial":
        return "read", tuple(map(_plain, compiled.partial_variables(text)))
    snippets, marks = more
    try:
        code, found = compiled.make(text, dict(snippets), marks)
    except compiled.SyntaxTrouble as trouble:
        problem = trouble.problem
        return "trouble", (problem.message, int(problem.line), int(problem.column))
    return "read", (code, tuple(map(_plain, found)))


def _plain(variable: Variable) -> tuple[str, str, int, int, bool]:
    return variable.name, variable.path, int(variable.line), int(variable.column), variable.optional


def _write(stream: IO[bytes], value: Any) -> None:
    data = marshal.dumps(value)  # texts and code as they are; both ends are the same Python
    stream.write(len(data).to_bytes(_SIZE_BYTES, "big"))
    stream.write(data)
    stream.flush()


def _read(stream: IO[bytes]) -> Any:
    size = stream.read(_SIZE_BYTES)
    data = stream.read(int.from_bytes(size, "big"))
    if len(size) < _SIZE_BYTES or not data:
        raise EOFError
    return marshal.loads(data)


def main() -> None:
    """Answer until the parent closes its end, as it does when it ends itself."""
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    gc.disable()
    with suppress(EOFError, OSError):
        while True:
            _write(answers, _answer(*_read(sys.stdin.buffer)))
            gc.collect()  # nobody waits now


if __name__ == "__main__":
    main()
