"""Judges on the command line: `run` waits for them, `judge` asks them on a finished run, a killed process goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.judge_server import JudgeServer, verdict
from tests.test_cli_run import document
from workbench.cli.frame import perform
from workbench.workspace import Workspace


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    made = JudgeServer()
    made.say = lambda model, text: verdict("word-1" not in text, 0.8) if "is to be judged" in text else "It is fine."
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: JudgeServer) -> Path:
    """A promptfoo configuration whose rubric is judged by a model of a connection in the workspace."""
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    ws = Workspace.open(tmp_path / "w.db")
    ws.connections.add_model(ws.connections.add("Stand-in", "other", server.url), "judge-1")
    ws.close()
    config: dict[str, Any] = {
        "prompts": ["Say {{ word }}, please."],
        "providers": [{"id": "openai:chat:gpt-4o-mini", "config": {"apiBaseUrl": server.url}}],
        "defaultTest": {"options": {"provider": "openai:chat:judge-1"}, "assert": [{"type": "llm-rubric", "value": "Says {{ word }}"}]},
        "tests": [{"vars": {"word": f"word-{n}"}} for n in range(3)],
    }
    path = tmp_path / "promptfooconfig.json"
    path.write_text(json.dumps(config), "utf-8")
    return path


def test_a_run_waits_for_its_judges_and_its_report_has_their_verdicts(
    file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perform(["run", str(file), "--json", "--fail-under", "0.6", "--base-url-override", server.url]) == 0
    outputs = document(capsys)["outputs"]
    assert [output["passed"] for output in outputs] == [True, False, True]
    assert outputs[0]["checks"][0]["reason"] == "So it is."
    assert len(server.asked_of("judge-1")) == 3
    assert perform(["run", str(file), "--fail-under", "0.9", "--base-url-override", server.url]) == 1
    assert "2 of 3 outputs passed" in capsys.readouterr().err


def test_what_could_not_be_judged_ends_with_1_and_is_judged_later(
    file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    good = server.say
    server.say = lambda model, text: (403, {"error": {"message": "no access"}}) if model == "judge-1" else "It is fine."
    assert perform(["run", str(file), "--json", "--base-url-override", server.url]) == 1
    found = capsys.readouterr()
    assert "3 verdicts of judges are lacking." in found.err
    assert "no access" in found.err
    run_id = json.loads(found.out)["run"]["id"]
    server.say = good
    calls = len(server.asked_of("gpt-4o-mini"))
    assert perform(["judge", run_id, "--json"]) == 0
    assert [output["passed"] for output in document(capsys)["outputs"]] == [True, False, True]
    assert perform(["judge", run_id]) == 0
    assert "Nothing is left to judge" in capsys.readouterr().err
    server.say = lambda model, text: verdict(False, 0.0)
    assert perform(["judge", run_id, "--again", "--fail-under", "0.5"]) == 1
    assert len(server.asked_of("gpt-4o-mini")) == calls


def test_a_run_without_judges_says_how_to_get_one(tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads(file.read_text("utf-8"))
    config["defaultTest"], config["providers"] = {"assert": [{"type": "contains", "value": "Say"}]}, ["echo"]
    file.write_text(json.dumps(config), "utf-8")
    assert perform(["run", str(file), "--json"]) == 0
    run_id = document(capsys)["run"]["id"]
    assert perform(["judge", run_id]) == 2
    assert "No check of this run asks a judge." in capsys.readouterr().err


def test_a_process_that_is_killed_while_judging_goes_on_and_pays_nothing_twice(
    file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads(file.read_text("utf-8"))
    config["tests"] = [{"vars": {"word": f"w{n}"}} for n in range(40)]
    file.write_text(json.dumps(config), "utf-8")
    pause = server.say

    def slow(model: str, text: str) -> Any:
        time.sleep(0.1 if model == "judge-1" else 0)
        return pause(model, text)

    server.say = slow
    arguments = [sys.executable, "-m", "workbench", "run", str(file), "--concurrency", "2", "--base-url-override", server.url]
    quiet, here = subprocess.DEVNULL, Path(__file__).parent.parent
    child = subprocess.Popen(arguments, env=os.environ, cwd=here, stdout=quiet, stderr=quiet)
    deadline = time.monotonic() + 60
    while len(server.asked_of("judge-1")) < 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert perform(["list", "runs", "--json"]) == 0
    run_id = document(capsys)["runs"][0]["id"]
    server.say = pause
    assert perform(["resume", run_id, "--json", "--base-url-override", server.url]) == 0
    assert all(output["passed"] for output in document(capsys)["outputs"])
    assert len(set(server.asked_of("judge-1"))) == 40
    assert len(server.asked_of("judge-1")) <= 44
    assert len(server.asked_of("gpt-4o-mini")) == 40
