"""The content that the app brings along: whole, true to its own form, and runnable on the built-in model."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT
from workbench.assets import asset
from workbench.cli.frame import perform
from workbench.settings import data_folder
from workbench.workspace import Workspace


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".schemas" not in path.parts
    }


def test_the_starter_comes_in_whole_and_twice_changes_nothing(workspace: Workspace) -> None:
    comparison = workspace.comparisons.get(workspace.add_starter())
    assert comparison.name == "Starter"
    prompts = {row.name: row for row in workspace.prompts.list()}
    assert {name: row.versions for name, row in prompts.items()} == {"Support triage": 3, "Support reply": 4, "Call summary": 2}
    assert dict(prompts["Support triage"].labels) == {"production": 2, "staging": 3}
    assert all(row.description and row.tags for row in prompts.values())
    assert all(version.note for row in prompts.values() for version in workspace.versions.list(row.id))
    datasets = workspace.datasets.list()
    assert len(datasets) == 3
    assert all(case.reference for dataset in datasets for case in workspace.datasets.cases(dataset.id))
    before = (len(workspace.prompts.list()), len(workspace.connections.models()), len(workspace.comparisons.list()))
    assert workspace.add_starter() == comparison.id
    assert (len(workspace.prompts.list()), len(workspace.connections.models()), len(workspace.comparisons.list())) == before


def test_the_starter_comparison_is_two_versions_on_six_cases_with_checks(workspace: Workspace) -> None:
    comparison = workspace.comparisons.get(workspace.add_starter())
    spec = workspace.comparisons.resolve(comparison.definition)
    assert [(variant.prompt, variant.version) for variant in spec.variants] == [("Support triage", 2), ("Support triage", 3)]
    assert [model.place for model in spec.models] == ["builtin"]
    assert len(spec.cases) == 6
    assert [check.type for check in spec.checks] == ["regex", "icontains"]
    assert not workspace.runs.problems(spec)


def test_the_starter_is_what_an_export_of_it_writes(workspace: Workspace, tmp_path: Path) -> None:
    workspace.add_starter()
    workspace.files.export(tmp_path / "again")
    assert files(tmp_path / "again") == files(asset("starter"))


@pytest.mark.builtin
def test_the_demo_answers_every_case_on_the_built_in_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from workbench.providers.builtin.weights import SMOLLM2

    real = Path(ORIGINAL_ENVIRONMENT.get("XDG_DATA_HOME") or Path(ORIGINAL_ENVIRONMENT.get("HOME", "/")) / ".local" / "share")
    fetched = real / "prompt-workbench" / "models" / SMOLLM2.file_name
    if importlib.util.find_spec("xllamacpp") is None or not SMOLLM2.is_whole(fetched):
        pytest.skip("the built-in model is not installed and fetched here (make demo does both)")
    models = data_folder() / "models"
    models.mkdir(parents=True)
    shutil.copy(fetched, models / SMOLLM2.file_name)
    assert perform(["--workspace", str(tmp_path / "w.db"), "demo", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["run"]["done"] == said["run"]["jobs"] == 12
    assert all(output["status"] == "done" and output["text"] for output in said["outputs"])
    assert {output["version"] for output in said["outputs"]} == {2, 3}
