from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.cli.frame import perform
from workbench.workspace import Workspace


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The id of a run whose first answer has five stars, of a comparison in the user's own workspace."""
    (tmp_path / "c.yaml").write_text(
        "prompts: ['Say {{word}}']\nproviders: [echo]\ntests:\n- vars: {word: one}\n- vars: {word: two}\n"
        "defaultTest:\n  assert:\n  - {type: contains, value: one}\n",
        "utf-8",
    )
    (tmp_path / "promptfooconfig.yaml").write_text((tmp_path / "c.yaml").read_text("utf-8"), "utf-8")
    assert perform(["run", str(tmp_path / "promptfooconfig.yaml"), "--json", "--out", str(tmp_path / "out.md")]) in (0, 1)
    document = json.loads(capsys.readouterr().out)
    workspace = Workspace.open()
    run_id = workspace.runs.get(document["run"]["id"]).id
    workspace.ratings.stars(workspace.runs.cells(run_id)[0].output_id or 0, 5)
    workspace.datasets.add_cases(workspace.datasets.create("Held back"), [])
    workspace.close()
    return str(document["run"]["id"])


def test_training_data_is_exported_with_its_report(run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "chat.jsonl"
    assert perform(["export", str(path), "--what", "training", "--run", run, "--format", "chat", "--test", "Held back", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["files"], document["examples"]) == (1, [str(path)], 1)
    assert document["leakage"] == {"tested_against": ["Held back"], "test_cases": 0, "exact": 0, "near": 0}
    assert document["dropped"] == {"answers that nobody rated": 1}
    assert json.loads(path.read_text("utf-8"))["messages"][-1] == {"role": "assistant", "content": "Say one"}
    assert perform(["export", str(path), "--what", "training", "--run", run, "--format", "chat"]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == "1 chat from 1 case."
    assert "No test cases were named" in told.err


def test_what_cannot_be_exported_is_said_in_one_sentence(run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "x.jsonl")
    for arguments, words in (
        (["--what", "training", "--run", run], "The format of the training data is not said."),
        (["--what", "training", "--format", "chat"], "No run is named."),
        (["--what", "training", "--format", "csv", "--run", run], "csv is no format of training data."),
        (["--what", "training", "--format", "chat", "--run", run, "--rater", "eve"], "eve has said nothing of these answers."),
        (["--what", "training", "--format", "chat", "--run", run, "--test", "Held back#t"], "No case of Held back has the tag t."),
        (["--what", "run", run, "--margin", "2"], "--margin is for training data."),
        (["--what", "training", "--format", "pairs", "--run", run], "No training data can be made of this."),
    ):
        assert perform(["export", path, *arguments]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "x.jsonl").exists()


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "xlsx", "md", "html"])
def test_a_run_is_exported_in_every_form(run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    path = tmp_path / f"run.{ending}"
    assert perform(["export", str(path), "--what", "run", run]) == 0
    assert path.stat().st_size > 100
    assert (tmp_path / "out.md").read_text("utf-8").startswith("## ")
    assert perform(["export", str(tmp_path / "noending"), "--what", "run", run, "--format", ending]) == 0
