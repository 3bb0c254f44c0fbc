"""Files that would lose something, change something twice, or bring a secret along: told, and nothing of them is kept."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from workbench.formats.tabular_rows import LONGEST_CELL
from workbench.values import BadInput, Case
from workbench.values.datasets import ColumnSpec
from workbench.workspace import Workspace

SECRET = "sk-planted-9f8e7d6c5b4a3210"


def config(folder: Path, name: str, options: str) -> Path:
    """A promptfoo configuration on a server of this computer."""
    path = folder / name
    path.write_text(
        f"description: {name}\nprompts: ['Say {{{{a}}}}']\nproviders: [{{id: 'openai:chat:m', config: {{{options}}}}}]\n"
        "tests: [{vars: {a: 1}}]\n"
    )
    return path


def test_two_files_with_their_own_idea_of_one_model_do_not_change_one_another(workspace: Workspace, tmp_path: Path) -> None:
    server = "apiBaseUrl: 'http://127.0.0.1:9/v1'"
    paths = [config(tmp_path, "cold.yaml", f"{server}, temperature: 0"), config(tmp_path, "warm.yaml", f"{server}, temperature: 1")]
    assert workspace.files.import_paths(paths).rejected == ()
    assert workspace.files.import_paths(paths).imported == ()
    assert workspace.files.import_paths(paths[::-1]).imported == ()
    for name, temperature in (("cold.yaml", 0), ("warm.yaml", 1)):
        spec = workspace.comparisons.resolve(workspace.comparisons.find(name).definition)
        assert [dict(model.parameters) for model in spec.models] == [{"temperature": temperature}]


def test_tables_of_one_name_come_in_once_under_their_numbers(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("q\none\n")
    (tmp_path / "cases.json").write_text('[{"q": "two"}]')
    (tmp_path / "cases.jsonl").write_text('{"q": "three"}\n')
    paths = [tmp_path / f"cases.{end}" for end in ("csv", "json", "jsonl")]
    assert [item.name for item in workspace.files.import_paths(paths).imported] == ["cases", "cases 2", "cases 3"]
    again = workspace.files.import_paths(paths)
    assert (again.imported, [item.name for item in again.unchanged]) == ((), ["cases", "cases 2", "cases 3"])


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("half.yaml", 'messages:\n  - user: "a\\ud800b"\n', "Half of a character"),
        ("negative.yaml", "messages:\n  - user: a\nversion: -3\n", "Versions are counted from 1 on."),
        (
            "query.yaml",
            f"connections:\n  - name: Y\n    base_url: http://h/v1?api_key={SECRET}\n    models: [a]\n",
            "holds a secret (api_key=)",
        ),
        (
            "header.yaml",
            f"connections:\n  - name: Y\n    base_url: http://h/v1\n    options: {{headers: {{Authorization: Bearer {SECRET}}}}}\n"
            "    models: [a]\n",
            "A key must not stand in a file.",
        ),
        (
            "try.comparison.yaml",
            f"comparison: T\nprompts: [{{messages: [{{user: a}}]}}]\nmodels: [{{name: a, base_url: 'http://u:{SECRET}@h/v1'}}]\n",
            "holds a name or password",
        ),
        (
            "promptfooconfig.yaml",
            f"prompts: [a]\nproviders: [{{id: 'openai:chat:m', config: {{apiBaseUrl: 'http://h/v1?key={SECRET}'}}}}]\n",
            "holds a secret (key=)",
        ),
    ],
)
def test_a_file_that_cannot_be_kept_is_rejected_whole(workspace: Workspace, tmp_path: Path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text)
    report = workspace.files.import_paths([tmp_path / name])
    assert report.imported == ()
    assert reason in report.rejected[0].reason
    with closing(sqlite3.connect(workspace.path)) as connection:
        assert SECRET not in "\n".join(connection.iterdump())


def test_a_secret_in_an_address_does_not_reach_a_run_either(workspace: Workspace, tmp_path: Path) -> None:
    path = config(tmp_path, "promptfooconfig.yaml", f"apiBaseUrl: 'http://127.0.0.1:9/v1?token={SECRET}'")
    with pytest.raises(BadInput, match="holds a secret") as caught:
        workspace.sources.file(path)
    assert SECRET not in str(caught.value)
    with pytest.raises(BadInput, match="holds a secret"):
        workspace.connections.add("Mine", "other", f"http://127.0.0.1:9/v1?sig={SECRET}")
    assert workspace.connections.get(workspace.connections.add("Azure", "other", "https://h/v1?api-version=2024-06-01")).base_url.endswith(
        "01"
    )


def test_a_character_escaped_in_two_halves_is_one_character(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "smile.yaml").write_text('messages:\n  - user: "\\ud83d\\ude00"\n')
    (item,) = workspace.files.import_paths([tmp_path / "smile.yaml"]).imported
    assert item.messages[0]["content"] == "\U0001f600"
    assert workspace.files.import_paths([tmp_path / "smile.yaml"]).imported == ()


def test_a_cell_longer_than_a_table_may_hold_goes_out_so_that_it_comes_in_again(workspace: Workspace, tmp_path: Path) -> None:
    dataset = workspace.datasets.create("Long", [ColumnSpec("q")])
    workspace.datasets.add_cases(dataset, [Case({"q": "x" * (LONGEST_CELL + 1)})])
    report = workspace.files.export(tmp_path / "lib")
    assert "datasets/long.jsonl" in report.files
    with (tmp_path / "lib" / "datasets" / "long.jsonl").open() as file:
        assert len(json.loads(file.readline())["values"]["q"]) == LONGEST_CELL + 1
    assert workspace.files.import_paths([tmp_path / "lib"]).imported == ()


def test_a_folder_named_twice_is_not_taken_for_an_empty_one(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "greet.yaml").write_text("messages:\n  - user: Hello\n")
    report = workspace.files.import_paths([folder, folder])
    assert (len(report.imported), report.rejected) == (1, ())
