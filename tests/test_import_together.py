"""Imports of several files that belong together, or that have one name, and of files of which only a part can come in."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.test_library_attachments import PICTURE
from workbench.library.reports import ImportReport
from workbench.workspace import Workspace


def _written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _in(report: ImportReport, kind: str) -> list[str]:
    return [item.name for item in report.imported if item.kind == kind]


_CONFIG = "description: {}\nprompts: ['file://prompts/*.txt']\nproviders: [echo]\ntests: file://tests.csv\n"


def test_the_files_of_a_configuration_come_in_once_with_it(workspace: Workspace, tmp_path: Path) -> None:
    files = {
        "promptfooconfig.yaml": _CONFIG.format("Replies"),
        "tests.csv": "q\nx\n",
        "prompts/a.txt": "user:\nSay {{q}}\n",
        "more.csv": "q\ny\n",
    }
    folder = _written(tmp_path / "in", files)
    report = workspace.files.import_paths([folder])
    assert (_in(report, "prompt"), _in(report, "dataset")) == (["a"], ["more", "Replies"])
    again = workspace.files.import_paths([folder])
    assert not again.imported
    by_name = workspace.files.import_paths([folder / "promptfooconfig.yaml", folder / "tests.csv"])
    assert _in(by_name, "dataset") == ["tests"], "one that is asked for comes in by itself too"


def test_the_files_that_a_prompt_of_langchain_prompty_or_dotprompt_names_come_in_once_with_it(workspace: Workspace, tmp_path: Path) -> None:
    chat = {
        "_type": "few_shot",
        "examples": "a_examples.json",
        "example_prompt_path": "form.json",
        "suffix": "Q {q}",
        "input_variables": [],
    }
    files = {
        "a_examples.json": '[{"q": "1+1", "a": "2"}]',
        "form.json": '{"_type": "prompt", "input_variables": ["q", "a"], "template": "{q}: {a}"}',
        "few.json": json.dumps(chat),
        "greet.prompty": "---\nname: greet\nsample: ${file:sample.json}\n---\nuser:\nHello {{name}}\n",
        "sample.json": '{"name": "Ana", "rows": [{"x": 1}]}',
        "tea.prompt": "---\nmodel: x\n---\n{{> style}} Write on {{topic}}.",
        "_style.prompt": "Be brief.",
        "alone.json": '[{"q": "1+1", "a": "2"}]',
    }
    folder = _written(tmp_path / "in", files)
    report = workspace.files.import_paths([folder])
    assert not report.rejected
    assert (sorted(_in(report, "prompt")), _in(report, "dataset")) == (["few", "greet", "tea"], ["alone"])
    by_name = workspace.files.import_paths([folder / "few.json", folder / "a_examples.json"])
    assert _in(by_name, "dataset") == ["a_examples"], "one that is asked for comes in by itself too"
    (folder / "few.json").write_text('{"_type": "few_shot", "examples": "a_examples.json", "suffix": "{q", "input_variables": []}')
    other = workspace.files.import_paths([folder])
    assert [Path(item.path).name for item in other.rejected] == ["few.json"]
    assert {Path(item.path).name for item in other.unchanged} >= {"greet.prompty", "tea.prompt", "alone.json"}


def test_the_files_of_a_configuration_that_cannot_be_read_come_in_alone(workspace: Workspace, tmp_path: Path) -> None:
    files = {"promptfooconfig.yaml": _CONFIG.format("[no"), "tests.csv": "q\nx\n"}
    report = workspace.files.import_paths([_written(tmp_path / "in", files)])
    assert (_in(report, "dataset"), [Path(item.path).name for item in report.rejected]) == (["tests"], ["promptfooconfig.yaml"])


def test_what_cannot_be_translated_is_rejected_by_line_and_the_rest_of_its_file_comes_in(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text("prompts:\n  - 'Good {{q}}'\n  - 'Bad {{q | load}}'\nproviders: [echo]\ntests:\n  - vars: {q: x}\n")
    report = workspace.files.import_paths([path])
    assert (_in(report, "prompt"), [item.cases for item in report.imported if item.kind == "dataset"]) == (["Good {{q}}"], [1])
    (rejected,) = report.rejected
    assert (rejected.path, rejected.line, rejected.text.strip()) == (str(path), 3, "- 'Bad {{q | load}}'")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (
            "promptfooconfig.yaml",
            "prompts: ['file://make.py']\nproviders: [echo]\n",
            "There is nothing in this file that can be brought in.",
        ),
        ("promptfooconfig.js", "module.exports = {}", "This is a program, and programs in foreign files are not run. Write it as YAML."),
        ("promptfooconfig.json", '{"prompts": [', "expected the node content, but found '<stream end>'."),
    ],
)
def test_a_configuration_of_which_nothing_can_come_in_is_rejected(
    workspace: Workspace, tmp_path: Path, name: str, text: str, why: str
) -> None:
    (tmp_path / name).write_text(text)
    report = workspace.files.import_paths([tmp_path / name])
    assert [item.reason for item in report.rejected] == [why]
    assert not report.imported


def test_two_files_that_mean_different_things_by_one_name_are_both_kept(workspace: Workspace, tmp_path: Path) -> None:
    files = {"lib/workbench.yaml": "format: 1\n"}
    for name in "ab":
        files[f"lib/datasets/{name}/golden.yaml"] = f"dataset: golden\ncases:\n  - values: {{q: {name}}}\n"
        files[f"lib/prompts/{name}.yaml"] = f"prompt: Ask\nmessages:\n  - user: {name}\n"
        files[f"other/{name}/promptfooconfig.yaml"] = (
            f"description: golden\nprompts: ['{name} {{{{q}}}}']\nproviders: [echo]\ntests: [{{vars: {{q: {name}}}}}]\n"
        )
    folder = _written(tmp_path / "in", files)
    report = workspace.files.import_paths([folder])
    assert _in(report, "prompt")[:2] == ["Ask", "Ask (2)"]
    assert _in(report, "dataset") == ["golden", "golden (2)", "golden (3)", "golden (4)"]
    assert len([left for left in report.not_carried if left.what.startswith("name ")]) == 3
    assert not workspace.files.import_paths([folder]).imported


def test_a_zip_in_a_zip_is_told(workspace: Workspace, tmp_path: Path) -> None:
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.prompty", "---\nname: A\n---\nuser:\nHi\n")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(inner, "deep/inner.zip")
        archive.writestr("b.prompty", "---\nname: B\n---\nuser:\nHi\n")
    report = workspace.files.import_paths([tmp_path / "outer.zip"])
    assert _in(report, "prompt") == ["B"]
    assert [(left.path, left.what) for left in report.not_carried] == [(str(tmp_path / "outer.zip" / "deep" / "inner.zip"), "the zip")]


def test_a_chat_with_roles_that_no_model_knows_is_told(workspace: Workspace, tmp_path: Path) -> None:
    files = {
        "lines.jsonl": '{"messages": [{"role": "narrator", "content": "Once"}, {"role": "user", "content": "Hi"}]}\n',
        "rows.json": '[{"role": "user", "text": "Hi"}]',
        "sharegpt.jsonl": '{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}\n',
    }
    report = workspace.files.import_paths([_written(tmp_path / "in", files)])
    told = {(Path(left.path).name, left.what) for left in report.not_carried}
    assert {("lines.jsonl", "role narrator"), ("rows.json", "a chat")} <= told
    (dataset,) = [item for item in report.imported if item.name == "sharegpt" and item.kind == "dataset"]
    (case,) = workspace.datasets.cases(dataset.id)
    assert (case.values, case.reference) == ({"input": "Hi"}, "Hello")


def test_a_comparison_that_is_rejected_leaves_no_picture_behind(workspace: Workspace, tmp_path: Path) -> None:
    comparison = "comparison: C\nprompts:\n  - prompt: P\n    messages:\n      - user: [hi, {file: a.png}]\nmodels: [nobody]\n"
    folder = _written(tmp_path / "in", {"workbench.yaml": "format: 1\n", "comparisons/c.yaml": comparison})
    (folder / "comparisons" / "a.png").write_bytes(PICTURE.data)
    report = workspace.files.import_paths([folder])
    assert [item.reason for item in report.rejected] == ["There is no model called nobody. Add it in Models and import this file again."]
    assert [*workspace._database.query("SELECT sha256 FROM attachment")] == []


def test_names_of_other_tools_are_cut_where_they_are_too_long(workspace: Workspace, tmp_path: Path) -> None:
    long = "very " * 60 + "long"
    files = {
        "a.prompt.yml": f"name: {long}\nmessages: [{{role: user, content: a}}]\n",
        "b.prompt.yml": f"name: {long}\nmessages: [{{role: user, content: b}}]\n",
        "c.prompt.yml": "name: '  '\nmessages: [{role: user, content: c}]\n",
        "promptfooconfig.yaml": (
            f"description: {long}\nprompts: [{{label: {long}, raw: '{{{{q}}}}'}}, {{label: {long}2, raw: x}}]\n"
            "providers: [echo]\ntests: [{vars: {q: x}}]\n"
        ),
    }
    folder = _written(tmp_path / "in", files)
    report = workspace.files.import_paths([folder])
    assert not report.rejected
    names = [*_in(report, "prompt"), *_in(report, "comparison")]
    assert "c" in names
    assert all(len(name) <= 200 for name in names)
    assert len([name for name in names if name.endswith("… (2)")]) == 2
    assert not workspace.files.import_paths([folder]).imported


def test_a_chat_in_yaml_is_a_prompt(workspace: Workspace, tmp_path: Path) -> None:
    files = {"chat.yaml": "- role: system\n  content: Be brief\n- role: user\n  content: Say {{x}}\n", "list.yaml": "- a\n- b\n"}
    report = workspace.files.import_paths([_written(tmp_path / "in", files)])
    (item,) = report.imported
    assert [(message["role"], message["content"]) for message in item.messages] == [("system", "Be brief"), ("user", "Say {{ x }}")]
    assert not report.rejected
