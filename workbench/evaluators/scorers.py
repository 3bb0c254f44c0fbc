"""Child processes that ask checks of many answers beside the window: as many at once as there are, and each can be ended."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import field
from queue import SimpleQueue
from typing import Any

from workbench.evaluators.checks import score
from workbench.evaluators.facts import NO_FACTS, Facts
from workbench.evaluators.meaning import Vectors
from workbench.evaluators.worker import Overtime
from workbench.quick_dataclass import dataclass, replace
from workbench.values import Case, Check, Score

_CHILD = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from workbench.evaluators.scorers import serve; serve()"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and what its checks may know of it."""

    text: str
    case: Case
    facts: Facts = NO_FACTS
    vectors: Vectors = field(default_factory=Vectors)


@dataclass(frozen=True, slots=True)
class Question:
    """Checks to ask of answers, and the hashes of the programs that may run."""

    checks: tuple[Check, ...]
    answers: tuple[Answer, ...]
    allowed: frozenset[str] = frozenset()


Said = tuple[bool | None, float | None, str, str, str, dict[str, Any]]


def scores_of_answers(question: Question) -> list[list[Said]]:
    """Of each answer, of each check (those of its case follow): passed, score, reason, label, the name as the case fills it in, and what
    the check keeps of judges."""
    return [
        [
            (one.passed, one.score, one.reason, one.label, one.check.name, dict(one.check.judge))
            for one in score(answer.case.asked(question.checks), answer.case, answer.text, answer.vectors, answer.facts, question.allowed)
        ]
        for answer in question.answers
    ]


class Ended(Exception):
    """The child was ended, or ended by itself, before it answered."""


class Scorers:
    """Some child processes. Calls may come from as many threads at once; a further one waits."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self._guard = threading.Lock()
        self._closed = False
        self._all: set[subprocess.Popen[bytes]] = set()
        self._idle: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()
        for _ in range(count):
            self._idle.put(None)  # a place for a child that is started when it is needed

    def ask(self, question: Question, seconds: float | None = None) -> list[tuple[Score, ...]]:
        """The scores of each answer. Raises Overtime after `seconds`, Ended where this was closed or the child broke down."""
        child = self._idle.get()
        late = threading.Event()
        timer: threading.Timer | None = None
        found: Any = None
        try:
            if child is None or child.poll() is not None:
                child = self._started()
            assert child.stdin is not None and child.stdout is not None  # noqa: PT018
            if seconds is not None:
                timer = threading.Timer(seconds, _end_late, (child, late))
                timer.daemon = True
                timer.start()
            with suppress(OSError, EOFError, pickle.UnpicklingError, ValueError):
                pickle.dump(question, child.stdin, pickle.HIGHEST_PROTOCOL)
                child.stdin.flush()
                found = pickle.load(child.stdout)
        finally:
            if timer is not None:
                timer.cancel()
            if found is None and child is not None:
                self._forget(child)
                child = None
            self._idle.put(child)
        if late.is_set():
            raise Overtime
        if found is None:
            raise Ended
        return [
            tuple(
                Score(check if (name, judge) == (check.name, check.judge) else replace(check, name=name, judge=judge), *verdict)
                for check, (*verdict, name, judge) in zip(answer.case.asked(question.checks), verdicts, strict=True)
            )
            for answer, verdicts in zip(question.answers, found, strict=True)
        ]  # fmt: skip

    def close(self) -> None:
        """End all children; whoever waits for one gets Ended."""
        with self._guard:
            self._closed = True
            children = list(self._all)
        for child in children:
            self._forget(child)

    def _started(self) -> subprocess.Popen[bytes]:
        with self._guard:
            if self._closed:
                raise Ended
            child = subprocess.Popen(
                [sys.executable, "-I", "-c", _CHILD, json.dumps(sys.path)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
            self._all.add(child)
            return child

    def _forget(self, child: subprocess.Popen[bytes]) -> None:
        child.kill()
        child.wait()
        with self._guard:
            if child not in self._all:
                return
            self._all.discard(child)
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()


def _end_late(child: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    child.kill()


def serve() -> None:
    """What a child does: answers questions until its standard input closes. What checks print goes nowhere."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nowhere, number)
    with suppress(EOFError, OSError):
        while True:
            pickle.dump(scores_of_answers(pickle.load(questions)), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
