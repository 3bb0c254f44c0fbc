"""Judges on the command line: `run` waits for them, `judge` asks them on a finished run, a killed process goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.judge_server import JudgeServer, verdict, workspace_with_a_judge
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
    workspace_with_a_judge(tmp_path / "w.db", server)
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
    assert outputs[0]["checks"][0]["judge"] == {"model": "judge-1", "prompt": "Rubric judge", "version": 1}, "who judged goes along"
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


@pytest.fixture
def second(server: JudgeServer) -> str:
    """Another judge in the workspace."""
    ws = Workspace.open(Path(os.environ["WORKBENCH_WORKSPACE"]))
    ws.connections.add_model(ws.connections.find("Stand-in").id, "judge-2", "Second judge")
    ws.close()
    return "Second judge"


def judged_by(found: dict[str, Any]) -> set[str]:
    """The models that the scores of a report say to have judged."""
    ws = Workspace.open(Path(os.environ["WORKBENCH_WORKSPACE"]))
    try:
        cells = ws.runs.cells(ws.runs.get(found["run"]["id"]).id)
        return {str(score.check.judge.get("model")) for cell in cells for score in cell.scores}
    finally:
        ws.close()


def test_the_command_line_says_who_judges_and_the_scores_keep_it(
    file: Path, server: JudgeServer, second: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perform(["run", str(file), "--json", "--judge-model", second, "--base-url-override", server.url]) == 0
    report = document(capsys)
    assert len(server.asked_of("judge-2")) == 3
    assert not server.asked_of("judge-1")
    assert judged_by(report) == {"Second judge"}
    run_id = report["run"]["id"]
    assert perform(["judge", run_id, "--again", "--judge-model", "judge-1", "--json"]) == 0
    assert len(server.asked_of("judge-1")) == 3
    assert judged_by(document(capsys)) == {"judge-1"}


def test_a_run_that_is_scored_again_may_have_another_judge(
    file: Path, server: JudgeServer, second: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perform(["run", str(file), "--json", "--base-url-override", server.url]) == 0
    run_id = document(capsys)["run"]["id"]
    checks = tmp_path / "checks.yaml"
    checks.write_text("- {type: assert-set, value: [{type: llm-rubric, value: Is short.}, {type: contains, value: fine}]}\n", "utf-8")
    assert perform(["score", run_id, "--checks", str(checks), "--judge-model", second]) == 0
    capsys.readouterr()
    assert not server.asked_of("judge-2")
    assert perform(["judge", run_id, "--json"]) == 0
    assert len(server.asked_of("judge-2")) == 3
    assert [output["passed"] for output in document(capsys)["outputs"]] == [True, False, True]


@pytest.mark.parametrize("verb", ["run", "judge", "score"])
def test_a_judge_that_is_not_there_is_refused_before_anything_is_asked(
    verb: str, file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    what = str(file)
    if verb != "run":
        assert perform(["run", what, "--json", "--base-url-override", server.url]) == 0
        what = document(capsys)["run"]["id"]
    before = len(server.asked)
    checks = tmp_path / "checks.yaml"
    checks.write_text("- {type: llm-rubric, value: Is short.}\n", "utf-8")
    more = {"run": [], "judge": ["--again"], "score": ["--checks", str(checks)]}[verb]
    assert perform([verb, what, *more, "--judge-model", "nobody"]) == 3
    assert "nobody is to judge, and it is not here" in capsys.readouterr().err
    assert len(server.asked) == before


def test_a_judge_of_a_configuration_needs_no_connection_in_the_workspace(
    file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads(file.read_text())
    config["defaultTest"]["options"]["provider"] = {
        "id": "openai:chat:elsewhere", "config": {"apiBaseUrl": server.url, "apiKey": "sk-of-the-file", "temperature": 0.5},
    }  # fmt: skip
    config["defaultTest"]["assert"].append({"type": "llm-rubric", "value": "Is kind.", "provider": "openai:chat:judge-1"})
    file.write_text(json.dumps(config))
    assert perform(["run", str(file), "--json"]) == 0
    report = document(capsys)
    assert len(server.asked_of("elsewhere")) == len(server.asked_of("judge-1")) == 3
    assert judged_by(report) == {"openai:chat:elsewhere", "judge-1"}
    assert "sk-of-the-file" not in json.dumps(report)


def test_a_judge_of_the_file_goes_before_a_connected_model_of_its_name_and_that_is_said(
    file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads(file.read_text())
    elsewhere = JudgeServer()
    elsewhere.say = server.say
    grader = {"id": "openai:chat:judge-1", "config": {"apiBaseUrl": elsewhere.url}}
    config["defaultTest"]["assert"] = [{"type": "assert-set", "assert": [{"type": "llm-rubric", "value": "Fine.", "provider": grader}]}]
    file.write_text(json.dumps(config))
    note = "judge-1 judges as promptfooconfig.json says; the connected model of that name does not. To let it judge instead: --judge-model "
    try:
        assert perform(["run", str(file)]) == 0
        told = capsys.readouterr().err
        assert told.count(note) == 1
        assert (len(elsewhere.asked_of("judge-1")), server.asked_of("judge-1")) == (3, [])
        (chosen,) = re.findall(r'--judge-model "([^"]+)"', told)
        assert perform(["run", str(file), "--judge-model", chosen]) == 0
        assert note not in capsys.readouterr().err
        assert (len(elsewhere.asked_of("judge-1")), len(server.asked_of("judge-1"))) == (3, 3)
        del config["defaultTest"]["assert"]
        config["providers"].append({**grader, "id": "openai:chat:gpt-4o"})
        file.write_text(json.dumps(config))
        assert perform(["run", str(file)]) == 0
        assert "judges as" not in capsys.readouterr().err, "nothing is judged"
    finally:
        elsewhere.close()


RUBRICS: dict[str, Any] = {
    "a text": "You mark answers about {{ word }}.\nThe answer:\n{{ output }}\nThe rubric:\n{{ rubric }}",
    "a chat": [
        {"role": "system", "content": "You mark answers about {{ word }}."},
        {"role": "user", "content": "The answer:\n{{ output }}\nThe rubric:\n{{ rubric }}"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", RUBRICS)
def test_a_rubric_prompt_becomes_a_judge_prompt_of_the_library_and_is_asked(
    form: str, file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads(file.read_text())
    config["description"] = "Words"
    config["defaultTest"]["options"]["rubricPrompt"] = RUBRICS[form]
    file.write_text(json.dumps(config))
    assert perform(["run", str(file), "--json", "--base-url-override", server.url]) == 0
    capsys.readouterr()
    asked = server.asked_of("judge-1")
    assert len(asked) == 3
    assert all("You mark answers about <<<" in text and "It is fine." in text and "Says word-" in text for text in asked)
    config["defaultTest"]["options"]["rubricPrompt"] = "Mark again: {{ output }} by {{ rubric }}"
    file.write_text(json.dumps(config))
    for _ in range(2):  # the second time it is there already
        assert perform(["run", str(file), "--json", "--base-url-override", server.url]) == 0
    assert "Mark again:" in server.asked_of("judge-1")[-1]
    ws = Workspace.open(Path(os.environ["WORKBENCH_WORKSPACE"]))
    (row,) = [row for row in ws.judges.prompts() if row.name == "Rubric of Words"]
    assert [version.number for version in ws.versions.list(row.id)] == [2, 1]
    assert row.folder == "Judges"
    ws.close()


def test_an_imported_configuration_brings_its_judge_prompt_and_its_judge(
    file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads(file.read_text())
    config["description"] = "Words"
    config["defaultTest"]["options"] = {
        "rubricPrompt": "Mark {{ completion }} by {{ criteria }}.",
        "provider": {"id": "openai:chat:elsewhere", "config": {"apiBaseUrl": server.url, "temperature": 0}},
    }
    config["tests"][0]["assert"] = [{"type": "assert-set", "assert": [{"type": "model-graded-closedqa", "value": "Is it polite?"}]}]
    file.write_text(json.dumps(config))
    assert perform(["import", str(file)]) == 0
    assert perform(["import", str(file)]) == 0
    capsys.readouterr()
    ws = Workspace.open(Path(os.environ["WORKBENCH_WORKSPACE"]))
    assert [row.name for row in ws.judges.prompts()] == ["Rubric of Words"]
    (check,) = ws.comparisons.find("Words").definition.checks
    assert check.judge == {"model": "elsewhere", "prompt": "Rubric of Words", "version": 1}
    assert ws.connections.find_model("elsewhere").parameters == {"temperature": 0}
    ws.close()
    assert perform(["run", "Words", "--base-url-override", server.url]) == 0
    assert len(server.asked_of("elsewhere")) == 4
    assert all("Mark <<<" in text for text in server.asked_of("elsewhere"))


def test_a_comparison_file_may_name_a_judge_in_the_models_file_beside_it(
    file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "models.yaml").write_text(
        f"connections:\n- name: Here\n  vendor: other\n  base_url: {server.url}\n"
        "  models: [{name: writer}, {name: marker, title: Marker}]\n"
    )
    made = file.parent / "short.comparison.yaml"
    made.write_text(
        "comparison: Short\nprompts:\n- prompt: Say\n  messages: [{user: 'Say {{ word }}'}]\nmodels: [writer]\n"
        "cases: [{values: {word: a}}]\nchecks: [{type: llm-rubric, value: Is short., judge: {model: Marker}}]\n"
    )
    assert perform(["run", str(made), "--json"]) == 0
    assert judged_by(document(capsys)) == {"Marker"}
    assert len(server.asked_of("marker")) == 1


def test_verdicts_that_cannot_be_read_are_told_and_end_with_1(file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]) -> None:
    good = server.say
    server.say = lambda model, text: "Well, it depends." if model == "judge-1" and "word-1" in text else good(model, text)
    assert perform(["run", str(file), "--json", "--base-url-override", server.url]) == 1
    found = capsys.readouterr()
    assert "1 verdict of a judge could not be read, so its answer is not judged." in found.err
    report = json.loads(found.out)
    assert [output["passed"] for output in report["outputs"]] == [True, None, True]
    assert report["columns"][0]["pass_rate"] == 1.0
    assert report["outputs"][1]["checks"][0]["label"] == "no verdict"
    server.say = good
    assert perform(["judge", report["run"]["id"], "--again", "--json"]) == 0
    assert [output["passed"] for output in document(capsys)["outputs"]] == [True, False, True]


def test_verdicts_that_cannot_be_read_are_asked_for_again_without_a_word(
    file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    good = server.say
    server.say = lambda model, text: "Well, it depends." if model == "judge-1" and "word-1" in text else good(model, text)
    assert perform(["run", str(file), "--json", "--base-url-override", server.url]) == 1
    found = capsys.readouterr()
    (said,) = [line for line in found.err.splitlines() if line.startswith("Ask again with: ")]
    asked, server.say = len(server.asked_of("judge-1")), good
    assert perform([*said.removeprefix("Ask again with: workbench ").split(), "--json", "--base-url-override", server.url]) == 0
    assert [output["passed"] for output in document(capsys)["outputs"]] == [True, False, True]
    assert len(server.asked_of("judge-1")) == asked + 1, "the verdicts that are there are not paid for again"


@pytest.mark.parametrize("place", ["beside the check", "in the options of all", "in a file"])
def test_a_rubric_prompt_in_a_file_of_checks_is_asked_with(
    place: str, file: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perform(["run", str(file), "--json", "--base-url-override", server.url]) == 0
    run = document(capsys)["run"]["id"]
    text = "Weigh {{ output }} by {{ rubric }}."
    (file.parent / "weigh.txt").write_text(text)
    check = {"type": "llm-rubric", "value": "Is short", "provider": "judge-1"}
    default: dict[str, Any] = {"assert": [check, {"type": "assert-set", "assert": [{**check, "value": "Is kind"}]}]}
    if place == "in the options of all":
        default["options"] = {"rubricPrompt": text}
    else:
        prompt = text if place == "beside the check" else "file://weigh.txt"
        check["rubricPrompt"] = default["assert"][1]["assert"][0]["rubricPrompt"] = prompt
    checks = file.parent / "kind.json"
    checks.write_text(json.dumps({"defaultTest": default}))
    for _ in range(2):
        assert perform(["score", run, "--checks", str(checks), "--json"]) == 0
        assert "Not carried over" not in capsys.readouterr().err
    assert perform(["judge", run, "--json", "--base-url-override", server.url]) == 0
    asked = [said for said in server.asked_of("judge-1") if said.startswith("Weigh <<<") or "\nWeigh <<<" in said]
    assert len(asked) == 6
    ws = Workspace.open(Path(os.environ["WORKBENCH_WORKSPACE"]))
    (row,) = [row for row in ws.judges.prompts() if row.name == "Rubric of kind"]
    assert [version.number for version in ws.versions.list(row.id)] == [1]
    ws.close()
