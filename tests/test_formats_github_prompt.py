"""`.prompt.yml`, the prompt files of GitHub Models."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign_files import notes, reading, values
from workbench.templates import names
from workbench.values import BadInput
from workbench.workspace import Workspace

WHOLE = """\
name: Summary
description: Sums up
model: openai/gpt-4o-mini
modelParameters: {temperature: 0.3, maxTokens: 50, topP: 0.9, apiKey: sk-1, mood: good}
responseFormat: json_schema
jsonSchema: '{"name": "s", "strict": true, "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}'
messages:
  - {role: system, content: "Be {% brief %}, {# and #} {brace."}
  - {role: user, content: "Sum up {{input}} for {{ my name }}: {{{x}}}"}
testData:
  - {input: long text, my name: Ana, x: 1, expected: short}
evaluators:
  - {name: starts, string: {startsWith: "Su(m"}}
  - {name: same, string: {equals: "{{expected}}", contains: no}}
  - {name: has, string: {contains: "{{expected}}"}}
  - {name: judged, uses: github/similarity}
  - {name: asked, llm: {modelId: m, prompt: p, choices: [{choice: "1", score: 1}]}}
"""


def test_everything_that_has_a_place_here_comes_in(tmp_path: Path) -> None:
    found = reading(tmp_path, "github", WHOLE, "x.prompt.yml")
    (prompt,) = found.prompts
    assert (prompt.name, prompt.description) == ("Summary", "Sums up")
    assert prompt.content.parameters == {"temperature": 0.3, "max_tokens": 50, "top_p": 0.9}
    assert prompt.content.output_schema is not None
    assert prompt.content.output_schema["schema"]["properties"] == {"a": {"type": "string"}}
    assert names(prompt.content) == ("input", "my_name", "x")
    assert values(found) == [{"input": "long text", "my_name": "Ana", "x": 1, "expected": "short"}]
    assert found.datasets[0].cases[0].reference == "short"
    assert [(check.type, check.value, check.name) for check in found.checks] == [
        ("regex", r"(?i)^Su\(m", "starts"),
        ("equals", "{{ expected }}", "same"),
        ("icontains", "{{ expected }}", "has"),
    ]
    assert "sk-1" not in repr(found)
    assert {"model openai/gpt-4o-mini", "modelParameters: apiKey", "modelParameters: mood", "evaluator same: contains"} <= notes(
        found
    ).keys()
    assert {"evaluator judged (github/similarity)", "evaluator asked (llm)", "variable my name"} <= notes(found).keys()


def test_text_that_only_looks_like_our_templates_comes_out_as_it_stands(tmp_path: Path) -> None:
    from workbench.templates import render

    found = reading(tmp_path, "github", WHOLE)
    system, user = render(found.prompts[0].content, {"input": "I", "my_name": "N", "x": "X"})
    assert system.text == "Be {% brief %}, {# and #} {brace."
    assert user.text == "Sum up I for N: {X}"


def test_a_file_comes_into_the_workspace_once_with_its_test_data_and_checks(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "x.prompt.yml").write_text(WHOLE)
    report = workspace.files.import_paths([tmp_path / "x.prompt.yml"])
    assert not report.rejected
    assert [(item.kind, item.name, item.format) for item in report.imported] == [
        ("prompt", "Summary", "github"),
        ("dataset", "Summary", "github"),
        ("comparison", "Summary", "github"),
    ]
    assert report.imported[0].variables == ("input", "my_name", "x")
    again = workspace.files.import_paths([tmp_path])
    assert (again.imported, len(again.unchanged)) == ((), 3)


def test_two_files_of_one_name_become_two_prompts(workspace: Workspace, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        text = f"name: Same\nmodel: m\nmessages: [{{role: user, content: 'Text {min(number, 2)}'}}]\n"
        (tmp_path / f"{number}.prompt.yml").write_text(text)
    for _ in range(2):
        report = workspace.files.import_paths([tmp_path])
    assert sorted(row.name for row in workspace.prompts.list()) == ["Same", "Same (2)"]
    assert not report.imported


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("name: x\nmessages:\n  - role: user\n  - user\n", 4, "role and its content"),
        ("name: x\nmessages: [{role: user, content: [1]}]\n", 2, "one text for GitHub Models"),
        ("name: x\nresponseFormat: xml\nmessages: [{role: user, content: a}]\n", 2, "not xml"),
        ("name: x\njsonSchema: '{'\nmessages: [{role: user, content: a}]\n", 2, "not JSON"),
        ("name: x\nname: y\n", 2, "twice"),
        ("name: x\n", 1, "no message"),
        ("- a\n", 1, "no names"),
        ("a: [1\n", None, "not YAML"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path: Path, text: str, line: int | None, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        reading(tmp_path, "github", text)
    assert line is None or caught.value.line == line
    assert caught.value.path


def test_content_in_parts_is_told_with_its_line_because_github_takes_one_text(tmp_path: Path) -> None:
    text = "messages:\n- role: system\n  content: Be brief.\n- role: user\n  content:\n  - type: text\n    text: Hello\n"
    with pytest.raises(BadInput) as caught:
        reading(tmp_path, "github", text)
    assert (caught.value.line, caught.value.remedy) == (5, "Write its parts as one text. Pictures have no place in such a file.")


def test_a_file_is_run_over_its_test_data(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "x.prompt.yml").write_text(WHOLE)
    source = workspace.sources.file(tmp_path / "x.prompt.yml")
    (model,) = source.spec.models
    assert (model.name, model.base_url, model.key_env) == ("openai/gpt-4o-mini", "https://models.github.ai/inference", "GITHUB_TOKEN")
    assert [dict(case.values)["input"] for case in source.spec.cases] == ["long text"]
    assert [check.name for check in source.spec.checks] == ["starts", "same", "has"]
    (tmp_path / "y.prompt.yml").write_text("name: x\nname: y\n")
    with pytest.raises(BadInput, match="twice"):
        workspace.sources.file(tmp_path / "y.prompt.yml")
