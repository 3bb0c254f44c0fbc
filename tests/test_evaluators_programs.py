"""Python checks: only allowed code runs, with limits and without secrets, and what it returns means what it means in promptfoo."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from workbench.evaluators import fault, programs_of, score
from workbench.evaluators.programs import NOT_ALLOWED
from workbench.runs.consent import CodeConsent
from workbench.settings import Settings
from workbench.values import Case, Check, Score


def judged(value: str, text: str = "Hello order 7", type: str = "python", threshold: float | None = None, **values: Any) -> Score:
    """The score of an allowed Python check."""
    check = Check(type, value, threshold=threshold)
    allowed = frozenset(program.hash for program in programs_of([check]))
    return score([check], Case(values), text, allowed=allowed)[0]


def test_code_that_nobody_allowed_does_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    check = Check("python", f"open({str(marker)!r}, 'w') is not None")
    for one in (check, Check("assert-set", [check.to_json()]), Check("not-python", check.value)):
        found = score([one], Case(), "x")[0]
        assert found.passed is None
        assert fault(one) == ""
    assert score([check], Case(), "x")[0].reason == NOT_ALLOWED
    assert not marker.exists()


@pytest.mark.parametrize(
    ("code", "threshold", "passed", "amount"),
    [
        ("'order' in output", None, True, 1.0),
        ("'zebra' in output", None, False, 0.0),
        ("0.3", None, True, 0.3),
        ("0", None, False, 0.0),
        ("0.3", 0.5, False, 0.3),
        ("0.5", 0.5, True, 0.5),
        ("{'pass': True, 'score': 0.4, 'reason': 'so'}", None, True, 0.4),
        ("{'pass': True, 'score': 0.4, 'reason': 'so'}", 0.5, False, 0.4),
        ("{'pass_': False, 'score': 0.4, 'reason': 'so'}", None, False, 0.4),
        ("'true'", None, True, 1.0),
        ("json.loads('true')", None, True, 1.0),
        ("import math\nif math.pi > 3:\n    return context['vars']['q'] == 'a'\nreturn False", None, True, 1.0),
    ],
)
def test_results_mean_what_they_mean_in_promptfoo(code: str, threshold: float | None, passed: bool, amount: float) -> None:
    found = judged(code, threshold=threshold, q="a")
    assert (found.passed, found.score) == (passed, amount), found.reason


def test_turned_round_a_number_stays_and_a_word_turns() -> None:
    assert (judged("True", type="not-python").passed, judged("True", type="not-python").score) == (False, 0.0)
    assert (judged("0.3", type="not-python").passed, judged("0.3", type="not-python").score) == (False, 0.3)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 / 0", "ZeroDivisionError"), ("None", "must return true or false"), ("[1]", "must return true or false"),
        ("float('nan')", "must return"), ("'x' * 10**6", "more than 64000 characters"), ("[0] * 10**10", "more memory"),
        ("import os\nos._exit(1)", "ended without an answer"), ("{'score': 1}", "must return"), ("object()", "returned a object"),
        ("raise SystemExit(3)\nreturn 1", "SystemExit"),
    ],
)  # fmt: skip
def test_code_that_fails_fails_the_answer_and_says_why(code: str, words: str) -> None:
    found = judged(code)
    assert (found.passed, found.score) == (False, 0.0)
    assert words in found.reason
    assert judged("True").passed, "the next check is not hurt"


def test_code_without_end_is_stopped_with_what_it_started() -> None:
    began = time.monotonic()
    found = judged("import subprocess\nsubprocess.run(['sleep', '300'])\nreturn True")
    assert time.monotonic() - began < 60
    assert found.passed is None
    assert "took too long" in found.reason


def test_code_sees_no_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("WORKBENCH_PASSPHRASE", "open")
    found = judged("import os\nreturn {'pass': True, 'reason': ' '.join(sorted(os.environ))}")
    assert "KEY" not in found.reason
    assert "WORKBENCH" not in found.reason


def test_what_code_prints_is_no_answer_and_goes_nowhere() -> None:
    found = judged("print('{\"result\": true}')\nimport sys\nsys.stdout.flush()\nreturn False")
    assert (found.passed, found.reason) == (False, "The Python code says false.")


def test_a_file_is_called_by_its_function_and_known_by_what_stands_in_it(tmp_path: Path) -> None:
    path = tmp_path / "judge.py"
    path.write_text("def get_assert(output, context):\n    return 'order' in output\ndef no(output, context):\n    return False\n", "utf-8")
    assert judged(f"file://{path}").passed
    assert judged(f"file://{path}:no").passed is False
    assert judged(f"file://{path}:gone").passed is False
    check = Check("python", f"file://{path}")
    before = programs_of([check])[0].hash
    path.write_text(path.read_text("utf-8") + "# changed\n", "utf-8")
    assert programs_of([check])[0].hash != before
    assert score([check], Case(), "order", allowed=frozenset([before]))[0].reason == NOT_ALLOWED


@pytest.mark.parametrize("value", ["file://judge.py", "file:///nowhere/judge.py", "file:///etc"])
def test_a_file_that_cannot_be_read_has_no_verdict_and_says_so(value: str) -> None:
    found = score([Check("python", value)], Case(), "x")[0]
    assert found.passed is None
    assert "file" in found.reason or "folder" in found.reason
    assert fault(Check("python", value)) == found.reason


def test_what_is_no_python_is_told_with_its_line_before_it_runs() -> None:
    assert fault(Check("python", "len(")).startswith("The check is not Python: line 1:")
    assert fault(Check("python", "x = 1\nreturn x +")).startswith("The check is not Python: line 2:")
    assert fault(Check("python", "")) == "The check has no Python code."


def test_a_case_cannot_write_itself_into_the_code() -> None:
    found = judged("'{{ q }}' == output", text="{{ q }}", q="' or True or '")
    assert found.passed, "the code is taken as it is written"


def test_a_yes_holds_for_one_workspace_and_can_be_taken_back(settings: Settings) -> None:
    check = Check("python", "True")
    here, there = CodeConsent(settings, "/a.db"), CodeConsent(settings, "/b.db")
    assert [program.code for program in here.lacking([check])] == ["True"]
    here.allow([program.hash for program in here.lacking([check])])
    assert (here.lacking([check]), here.count()) == ([], 1)
    assert len(CodeConsent(Settings(settings.path), "/a.db").allowed([check])) == 1, "it is kept for the next start"
    assert len(there.lacking([check])) == 1
    here.forget()
    assert len(here.lacking([check])) == 1
    there.allow_all = True
    assert len(there.allowed([check])) == 1
