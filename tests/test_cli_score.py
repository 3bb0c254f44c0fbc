"""`workbench score`, and Python checks on the command line: they run only where somebody has said so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli_run import config, document
from workbench.cli.frame import perform


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def run(folder: Path, capsys: pytest.CaptureFixture[str], **keys: Any) -> str:
    """The id of a finished run of six echoed answers."""
    assert perform(["run", config(folder, None, **keys), "--json"]) == 0
    return str(document(capsys)["run"]["id"])


def test_a_run_is_scored_with_the_checks_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = run(tmp_path, capsys)
    checks = tmp_path / "checks.yaml"
    checks.write_text("- contains: please\n  name: Polite\n- {type: not-contains, value: word-1, weight: 0}\n- word-count: 1-9\n", "utf-8")
    assert perform(["score", run_id, "--checks", str(checks), "--json"]) == 0
    outputs = document(capsys)["outputs"]
    first = outputs[0]["checks"]
    assert [(one["name"], one["type"], one["weight"]) for one in first] == [
        ("Polite", "contains", 1.0), ("not-contains: word-1", "not-contains", 0.0), ("word-count: 1-9", "word-count", 1.0),
    ]  # fmt: skip
    assert sum(output["passed"] for output in outputs) == 0, "Please is written with a capital letter"
    assert all(output["text"] for output in outputs)


def test_too_few_passes_end_with_1_and_wrong_files_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = run(tmp_path, capsys)
    checks = tmp_path / "checks.json"
    checks.write_text(json.dumps({"assert": [{"type": "contains", "value": "Please", "metric": "Polite"}]}), "utf-8")
    assert perform(["score", run_id, "--checks", str(checks), "--fail-under", "0.9"]) == 1
    assert "3 of 6 outputs passed, and --fail-under asks for 90%." in capsys.readouterr().err
    assert perform(["score", run_id, "--checks", str(checks), "--fail-under", "0.5"]) == 0
    capsys.readouterr()
    checks.write_text('{"tests": []}', "utf-8")
    assert perform(["score", run_id, "--checks", str(checks)]) == 2
    assert "holds no list of checks" in capsys.readouterr().err
    checks.write_text('[{"type": "regex", "value": "("}]', "utf-8")
    assert perform(["score", run_id, "--checks", str(checks)]) == 2
    assert "The pattern is not valid" in capsys.readouterr().err
    assert perform(["score", run_id, "--checks", str(tmp_path / "gone.yaml")]) == 2
    assert perform(["score", run_id]) == 2
    assert "belongs to no saved comparison" in capsys.readouterr().err
    assert perform(["score", "nowhere", "--checks", str(checks)]) == 2


def test_sets_with_a_threshold_pass_as_in_promptfoo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = run(tmp_path, capsys)
    checks = tmp_path / "checks.yaml"
    checks.write_text(
        """
assert:
  - type: assert-set
    threshold: 0.5
    metric: Half
    assert:
      - {type: contains, value: Please}
      - {type: contains, value: word}
""",
        "utf-8",
    )
    assert perform(["score", run_id, "--checks", str(checks), "--json"]) == 0
    found = [(output["checks"][0]["passed"], output["checks"][0]["score"]) for output in document(capsys)["outputs"]]
    assert sorted(found) == [(True, 0.5)] * 3 + [(True, 1.0)] * 3


def test_python_checks_of_a_configuration_run_only_where_they_are_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marker = tmp_path / "ran"
    (tmp_path / "judge.py").write_text(
        f"""
import pathlib
pathlib.Path({str(marker)!r}).write_text("ran")
def get_assert(output, context):
    return {{"pass": context["vars"]["q"] in output, "score": 0.75, "reason": "looked at " + context["vars"]["q"]}}
def strict(output, context):
    return 0.4
""",
        "utf-8",
    )
    keys: dict[str, Any] = {
        "defaultTest": {
            "assert": [
                {"type": "python", "value": "file://judge.py"},
                {"type": "python", "value": "file://judge.py:strict", "threshold": 0.5},
                {"type": "python", "value": "'word' in output"},
                {"type": "javascript", "value": "output.length > 3"},
            ]
        }
    }
    path = config(tmp_path, None, cases=1, **keys)
    assert perform(["run", path, "--json"]) == 0
    said = capsys.readouterr()
    assert "is not run: nobody has allowed it here. Read it, then add --allow-python." in said.err
    found = json.loads(said.out)
    assert {one["passed"] for one in found["outputs"][0]["checks"]} == {None}
    assert "runs only after you allow it" in found["outputs"][0]["checks"][0]["reason"]
    assert not marker.exists(), "imported code never runs without a yes"
    assert perform(["run", path, "--json", "--allow-python"]) == 0
    scores = document(capsys)["outputs"][0]["checks"]
    assert [(one["passed"], one["score"]) for one in scores] == [(True, 0.75), (False, 0.4), (True, 1.0), (None, None)]
    assert scores[0]["reason"] == "looked at word-0"
    assert "cannot be run here" in scores[3]["reason"]
    assert marker.exists()


def test_ctrl_c_leaves_the_scores_as_they_were(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = run(tmp_path, capsys, tests=[{"vars": {"q": f"word-{n}"}} for n in range(400)])
    checks = tmp_path / "checks.json"
    begun = tmp_path / "begun"
    code = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(0.2)\nreturn False"
    checks.write_text(json.dumps([{"type": "python", "value": code}]), "utf-8")
    command = [sys.executable, "-m", "workbench", "score", run_id, "--checks", str(checks), "--allow-python"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ}, text=True)
    latest = time.monotonic() + 120
    while not begun.exists() and time.monotonic() < latest:
        time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "The scores are as they were." in err
    assert perform(["show", run_id, "--json"]) == 0
    assert all(output["passed"] for output in document(capsys)["outputs"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {type: contanis, value: x}\n", "checks.yaml, check 1: there are no checks of the type contanis here, so it says nothing."),
        ("- {type: contanis, value: x}\n", "Did you mean contains?"),
        ("- contains: Say\n- {type: javascript, value: output}\n", "check 2: there are no checks of the type javascript here"),
        ("- {type: contains, value: Say, weight: heavy}\n", "contains: weight 'heavy' (a weight is a number, so the usual one counts)"),
        ("- {type: bleu, value: Say, threshold: .nan}\n", "bleu: threshold nan (a threshold is a number, so the usual one"),
        ("[]\n", "checks.yaml holds no checks: what the run was checked by is taken away"),
    ],
)  # fmt: skip
def test_what_a_file_of_checks_says_in_vain_is_told(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = run(tmp_path, capsys)
    checks = tmp_path / "checks.yaml"
    checks.write_text(text, "utf-8")
    assert perform(["score", run_id, "--checks", str(checks), "--json"]) == 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"), (b"left,right,winner\n", "votes.csv has no vote that counts"), (b"one,two\n1,2\n", "has no column left"),
        (b"left,right,winner\nA,B\n", "Line 2: 2 fields where the header has 3."),
        (b'left,right,winner\n"A,B,left\n', "Line 2: A quote that opens here is never closed."),
        (b"left,right,winner\nA,A,left\n", "Line 2: A stands on both sides."),
    ],
)  # fmt: skip
def test_a_table_without_a_vote_says_where_and_why(data: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "votes.csv").write_bytes(data)
    assert perform(["rank", str(tmp_path / "votes.csv")]) == 2
    assert said in capsys.readouterr().err


def test_votes_with_commas_a_mark_at_the_start_and_ties_alone_are_ranked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes = tmp_path / "votes.csv"
    votes.write_text('\ufeffrater,left,right,winner\nJo,"mini, small","large, dear",tie\nJo,"large, dear",other,tie\n', "utf-8")
    assert perform(["rank", str(votes), "--json"]) == 0
    ranked = document(capsys)["models"]
    assert {one["name"] for one in ranked} == {"mini, small", "large, dear", "other"}
    assert {round(one["bradley_terry"], 9) for one in ranked} == {round(1 / 3, 9)}
    votes.write_text("left,right,winner\nA,B,left\n", "utf-8")
    assert perform(["rank", str(votes)]) == 0
    assert capsys.readouterr().out.endswith("1 vote.\n")
