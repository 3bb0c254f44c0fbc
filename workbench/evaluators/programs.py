"""Python checks: programs that people write, known by the hash of their code, and run only where somebody has allowed just this code."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from typing import Any

from workbench.evaluators.facts import Asked
from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.program_worker import Broken, ProgramWorkers
from workbench.evaluators.worker import Overtime
from workbench.quick_dataclass import dataclass
from workbench.values import Check

TYPE = "python"
FUNCTION = "get_assert"
"""What is called in a file that names no function."""
NOT_ALLOWED = "This check is Python code. It runs only after you allow it for this workspace."
_FILE = "file://"
_LARGEST = 1_000_000

_workers = ProgramWorkers()


@dataclass(frozen=True, slots=True)
class Program:
    """Code of a check. `place`: the file it stands in, empty for code in the check itself; `function`: what is called there."""

    code: str
    place: str = ""
    function: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 hex of what runs: any change makes it another program."""
        return hashlib.sha256(f"{self.function}\0{self.code}".encode("utf-8", "surrogatepass")).hexdigest()


def program_of(value: Any) -> Program:
    """The program of a check's value: inline code, or `file://` with a whole path. Reads it and runs nothing.

    Raises CannotRun where its file cannot be read, Invalid where there is no code or it is not Python.
    """
    if not isinstance(value, str) or not value.strip():
        raise Invalid("The check has no Python code.")
    program = _from_file(value.strip()) if value.strip().startswith(_FILE) else Program(value.strip("\n"))
    fault = _syntax_fault(program)
    if fault:
        raise Invalid(fault)
    return program


def programs_in(checks: Iterable[Check]) -> Iterator[Program]:
    """The programs of these checks that could run, those of checks in sets included, each once."""
    seen: set[str] = set()
    for check in checks:
        if check.type.removeprefix("not-") == TYPE:
            with suppress(CannotRun, Invalid):
                program = program_of(check.value)
                if program.hash not in seen:
                    seen.add(program.hash)
                    yield program


def verdict_of_program(check: Check, asked: Asked, allowed: frozenset[str]) -> tuple[bool, float, str]:
    """Passed, score and reason of a Python check, `not-` included, as promptfoo has them. Raises CannotRun, Invalid.

    The code is never filled in as a template: a case's value could write itself into it.
    """
    program = program_of(check.value)
    if program.hash not in allowed:
        raise CannotRun(NOT_ALLOWED)
    context = {"vars": dict(asked.values), "test": {"vars": dict(asked.values)}, "prompt": asked.facts.prompt}
    try:
        found = _workers.ask(program, asked.text, context)
    except Overtime as error:
        raise CannotRun("The Python code of the check took too long on this answer, so it was stopped.") from error
    except Broken as error:
        raise Invalid(f"The Python code of the check failed: {error}") from error
    return _judged(found, check.threshold, negated=check.type != TYPE)


def _judged(found: Any, threshold: float | None, *, negated: bool) -> tuple[bool, float, str]:
    """What a result means: true or false, a number, or `pass`, `score` and `reason`; text as promptfoo reads it."""
    if isinstance(found, str):
        found = {"true": True, "false": False}.get(found.strip().lower(), found)
    if isinstance(found, str):
        with suppress(ValueError):
            found = float(found)
    if isinstance(found, bool):
        passed = found is not negated
        return passed, float(passed), f"The Python code says {str(found).lower()}."
    if isinstance(found, (int, float)) and math.isfinite(found):
        good = found > 0 if threshold is None else found >= threshold
        limit = "" if threshold is None else f", threshold {threshold:g}"
        return good is not negated, float(found), f"The Python code gives {found:g}{limit}."
    if isinstance(found, dict):
        said = found.get("pass", found.get("pass_"))
        score = found.get("score", float(said) if isinstance(said, bool) else None)
        if isinstance(said, bool) and isinstance(score, (int, float)) and math.isfinite(score):
            reason = str(found.get("reason") or f"The Python code says {str(said).lower()}.")
            if threshold is not None and score < threshold:
                said, reason = False, f"The score {score:g} is less than the threshold {threshold:g}: {reason}"
            return said is not negated, float(score), reason
    shown = str(found)[:80]
    raise Invalid(f"The Python code of the check must return true or false, a number, or pass, score and reason, not {shown}.")


def _from_file(reference: str) -> Program:
    name = reference.removeprefix(_FILE)
    stem, colon, function = name.rpartition(":")
    if colon and function.isidentifier() and stem.lower().endswith(".py"):
        name = stem
    else:
        function = FUNCTION
    path = Path(name)
    if not (path.is_absolute() or PureWindowsPath(name).is_absolute()):
        raise CannotRun(f"It is not known from which folder {name[:200]} is meant. Write its whole path.")
    try:
        if not path.is_file():
            raise CannotRun(f"The file {name[:200]} is not there.")
        if path.stat().st_size > _LARGEST:
            raise CannotRun(f"The file {name[:200]} is too big for a check.")
        return Program(path.read_text("utf-8-sig"), str(path), function)
    except OSError as error:
        raise CannotRun(f"The file {name[:200]} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:  # no UTF-8, or a name with a zero byte
        raise CannotRun(f"The file {name[:200]} is not UTF-8 text.") from error


def _syntax_fault(program: Program) -> str:
    """Why this is no Python, with the line; empty where it is. Nothing of it runs."""
    try:
        compile(source_of(program), "check", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.lineno or 1) - (0 if program.place else 1)
        return f"The check is not Python: line {max(1, line)}: {error.msg}."
    except (ValueError, RecursionError, MemoryError) as error:
        return f"The check is not Python: {str(error) or 'it is nested too deeply'}."
    return ""


def source_of(program: Program) -> str:
    """The module that runs: a file as it is; code of a check as the body of a function, one line as what it returns."""
    if program.place:
        return program.code
    lines = program.code.splitlines()
    if len(lines) == 1:
        return f"def main(output, context):\n    return ({lines[0].strip()}\n)"
    return "def main(output, context):\n" + "\n".join(f"    {line}" for line in lines)
