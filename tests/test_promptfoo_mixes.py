"""Checks of every kind in mixes of `not-`, weights, thresholds and sets: each passes, and scores, as in promptfoo 0.121.20.

`promptfoo_mixes.jsonl` holds a test of promptfoo a line, whose answer is `out`, with what promptfoo `says` of it (passed, score) and the
figures of its metrics. With WORKBENCH_PROMPTFOO they are measured once more.
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
from workbench.workspace import Workspace

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("promptfoo_mixes.jsonl").read_text("utf-8").splitlines()
]
VALUES = {"word": "refund", "lang": "de"}
DIFFERENT = {
    "set weight 0 fails": "a set of weight 0 fails its test there, though a check of weight 0 does not: here it only tells",
    "set weight 0 fails alone": "the same",
    "empty set": "a set without checks counts as a check with the score 0 there; here it asks nothing",
    "empty set threshold": "the same",
    "starts-with number": "a number is an error there, though contains takes one",
    "regex flags inline": "JavaScript has no flags inside a pattern",
    "meteor": "it needs a package there that is not installed",
    "template in schema": "variables inside a schema are not filled in there",
    "negative weight": "the score 0 of weights that sum up to nothing",
    'not-regex "(?i)refund" on num': "as regex flags inline",
    "schema true": "true is a JSON schema that everything fits; there it is an error",
    "contains schema true": "the same",
    "refusal on empty": "it passes with the score 0 there",
    "refusal on space": "the same",
    "refusal on nl": "the same",
    "PostgreSQL: ALTER TABLE t ADD COLUMN c INT": "an allowlist holds for what changes the table, too; there not in this database",
    "MySQL: CREATE INDEX i ON t (a)": "an index is made on a table, which the allowlist has to allow",
    "MySQL (drop|truncate|alter|create)::null::t: CREATE INDEX i ON t (a)": "the same",
    "PostgreSQL: CREATE INDEX i ON t (a)": "the same",
    "PostgreSQL (drop|truncate|alter|create)::null::t: CREATE INDEX i ON t (a)": "the same",
    "p8 is-xml repeated deep": "the path to an element leads through repeated ones, of which one has it; there no path does",
    "p8 not f1": "it passes with the score 0 there",
    "p8 finish-reason none": "the model that answers with the prompt says here that it ended, and nothing there",
}
"""Mixes that end otherwise here, and why."""


def config(folder: Path) -> Path:
    tests = [{key: value for key, value in row.items() if key not in ("says", "named")} for row in ROWS]
    for test in tests:
        test["vars"] = {**test["vars"], **VALUES}
    path = folder / "promptfooconfig.json"
    path.write_text(json.dumps({"prompts": ["{{out}}"], "providers": ["echo"], "tests": tests}), "utf-8")
    return path


def test_every_mix_ends_as_in_promptfoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    assert perform(["run", str(config(tmp_path)), "--json"]) == 0
    found = {output["case_name"]: output for output in json.loads(capsys.readouterr().out)["outputs"]}
    differ = {}
    for row in ROWS:
        passed, score = row["says"]
        ours = found[row["description"]]
        if ours["passed"] is not passed or abs((ours["score"] or 0.0) - score) > 0.011:
            differ[row["description"]] = (row["says"], ours["passed"], ours["score"])
    assert differ.keys() == DIFFERENT.keys(), differ
    assert len(ROWS) > 450


def test_metrics_of_checks_in_sets_are_those_of_promptfoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row for row in ROWS if "named" in row]
    assert len(rows) > 5
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    for row in rows:
        asked = {key: value for key, value in row.items() if key not in ("says", "named")} | {"vars": {**row["vars"], **VALUES}}
        path = tmp_path / "promptfooconfig.json"
        path.write_text(json.dumps({"prompts": ["{{out}}"], "providers": ["echo"], "tests": [asked]}), "utf-8")
        assert perform(["run", str(path)]) == 0
        ws = Workspace.open(tmp_path / "w.db")
        (figures,) = ws.scorings.metrics(ws.runs.list()[0].id).values()
        assert {one.name: round(one.mean or 0.0, 4) for one in figures} == row["named"], row["description"]
        ws.close()


@pytest.mark.skipif(PROMPTFOO is None, reason="promptfoo is not installed (npm install promptfoo, then WORKBENCH_PROMPTFOO=its program)")
def test_promptfoo_itself_still_says_so(tmp_path: Path) -> None:
    assert PROMPTFOO is not None
    environment = {
        **os.environ, "HOME": str(tmp_path), "PROMPTFOO_CONFIG_DIR": str(tmp_path / "promptfoo"), "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    }  # fmt: skip
    out = tmp_path / "out.json"
    command = [PROMPTFOO, "eval", "-c", str(config(tmp_path)), "--no-cache", "--no-table", "--no-progress-bar", "-o", str(out)]
    subprocess.run(command, capture_output=True, env=environment, cwd=tmp_path, timeout=300, check=False)
    said = {result["testCase"]["description"]: result for result in json.loads(out.read_text("utf-8"))["results"]["results"]}
    assert {name: [one["success"], round(one["score"] or 0, 4)] for name, one in said.items()} == {
        row["description"]: row["says"] for row in ROWS
    }
