"""Configurations whose provider gives the prompt back: each prompt reads, and each cell passes, as in promptfoo 0.121.20.

`promptfoo_answers.json` holds the files of each configuration and what promptfoo `says`: every answer with its verdict, sorted. With
WORKBENCH_PROMPTFOO one of them is asked once more. Not alike, and not in here: `dump` writes `{"a": 1}` with spaces, a date of YAML is
its text and no object, `title` begins a word after a line's end, and a value `vars: file://...` of a single test is read.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.test_promptfoo_cells import PROMPTFOO
from workbench.cli.frame import perform

ROWS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("promptfoo_answers.json").read_text("utf-8"))


def written(name: str, folder: Path) -> Path:
    """The configuration of this name with its files."""
    for file, text in ROWS[name]["files"].items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, "utf-8")
    return folder / "promptfooconfig.yaml"


def outputs(printed: str) -> list[list[Any]]:
    """(answer, passed) of a run, sorted. promptfoo passes a cell that nothing checks."""
    return sorted([output["text"], output["passed"] is not False] for output in json.loads(printed)["outputs"])


@pytest.mark.parametrize("name", ROWS)
def test_a_configuration_asks_and_passes_as_in_promptfoo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    path = written(name, tmp_path / "in")
    perform(["run", str(path), "--json"])
    assert outputs(capsys.readouterr().out) == ROWS[name]["says"]
    assert perform(["import", str(path.parent)]) == 0
    capsys.readouterr()
    comparison = "mix" if name == "mix" else "in"
    perform(["run", comparison, "--json"])
    assert outputs(capsys.readouterr().out) == ROWS[name]["says"], "the comparison that was brought in asks the same"


@pytest.mark.skipif(PROMPTFOO is None, reason="promptfoo is not installed (npm install promptfoo, then WORKBENCH_PROMPTFOO=its program)")
@pytest.mark.parametrize("name", ["prefix", "nunj", "csv"])
def test_what_is_remembered_of_promptfoo_is_what_it_says(tmp_path: Path, name: str) -> None:
    assert PROMPTFOO is not None
    path, out = written(name, tmp_path / "in"), tmp_path / "out.json"
    environment = {
        **os.environ, "HOME": str(tmp_path), "PROMPTFOO_CONFIG_DIR": str(tmp_path / "promptfoo"), "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    }  # fmt: skip
    command = [PROMPTFOO, "eval", "-c", str(path), "--no-cache", "--no-table", "--no-progress-bar", "-j", "1", "-o", str(out)]
    subprocess.run(command, capture_output=True, env=environment, cwd=path.parent, timeout=300, check=False)
    results = json.loads(out.read_text("utf-8"))["results"]["results"]
    assert sorted([result["response"]["output"], bool(result["success"])] for result in results) == ROWS[name]["says"]
