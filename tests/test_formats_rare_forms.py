"""Forms of other tools' files that are seen seldom: each was met in the field, and came in wrongly or not at all."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT
from tests.foreign_files import messages, notes, reading, values
from tests.test_formats_writing import back, out, write
from tests.test_library_attachments import PICTURE
from tests.test_promptfoo_cells import PROMPTFOO
from workbench.formats.promptfoo import writing as promptfoo_writing
from workbench.formats.reports import Notes
from workbench.formats.yaml_text_reading import load
from workbench.values import BadInput, Content, Message
from workbench.values.variables import VariableSpec
from workbench.workspace import Workspace

SCHEMA = """\
---
input:
  default: {name: Ana}
  schema:
    name: string, whose it is
    age?: integer
    is_new: boolean
    kind(enum, which one): [A, B]
    people?(array):
      first: string
    addr(object, where): {street: string}
    (*): any
---
{{name}} {{age}} {{kind}}
"""


def test_the_input_schema_of_dotprompt_declares_the_variables(tmp_path: Path) -> None:
    found = reading(tmp_path, "dotprompt", SCHEMA)
    assert found.prompts[0].content.variables == {
        "name": VariableSpec("text", "whose it is", default="Ana"),
        "age": VariableSpec("number", required=False),
        "kind": VariableSpec("choice", "which one", ("A", "B")),
        "people": VariableSpec("list", required=False),
        "addr": VariableSpec("object", "where"),
    }
    assert {what for what in notes(found) if what.startswith("input")} == {"input: schema of people", "input: schema of addr"}
    as_json = "---\ninput: {schema: {type: object, properties: {n: {type: number, description: d}}, required: []}}\n---\n{{n}}\n"
    assert reading(tmp_path, "dotprompt", as_json).prompts[0].content.variables == {"n": VariableSpec("number", "d", required=False)}
    named = reading(tmp_path, "dotprompt", "---\ninput: {schema: Recipe}\n---\n{{n}}\n")
    assert "Recipe is no type of a schema" in notes(named)["input: schema"]


def test_pictures_and_files_of_an_anthropic_request_are_carried(tmp_path: Path) -> None:
    data = base64.b64encode(PICTURE.data).decode()
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    pdf = {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": base64.b64encode(b"%PDF-1.4 x").decode()},
    }
    far = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
    chat = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "See"}, image, pdf, far]}]}
    found = reading(tmp_path, "openai-chat", json.dumps(chat), "chat.json")
    parts = found.prompts[0].content.messages[0].parts
    assert [(part.kind, part.media_type) for part in parts] == [("text", ""), ("image", "image/png"), ("file", "application/pdf")]
    assert notes(found).keys() == {"model m", "message: image"}, "only the picture that lies elsewhere is told"


def test_a_request_of_responses_and_a_line_of_a_batch_bring_schema_and_tools(tmp_path: Path) -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
    form = {"type": "json_schema", "name": "n", "strict": True, "schema": {"type": "object", "properties": {}}}
    request = {"model": "m", "input": [{"role": "user", "content": "q"}], "text": {"format": form}, "tools": [tool]}
    content = reading(tmp_path, "openai-chat", json.dumps(request), "r.json").prompts[0].content
    assert content.output_schema == {"name": "n", "strict": True, "schema": {"type": "object", "properties": {}}}
    assert [tool["function"]["name"] for tool in content.tools] == ["f"]
    plain = {"model": "m", "input": [{"role": "user", "content": "q"}], "text": {"format": {"type": "json_object"}}}
    assert reading(tmp_path, "openai-chat", json.dumps(plain), "p.json").prompts[0].content.parameters == {
        "response_format": {"type": "json_object"}
    }
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [{"type": "function", "function": {"name": "g"}}]}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    batch = reading(tmp_path, "openai-chat", json.dumps(line), "b.jsonl").prompts[0].content
    assert [tool["function"]["name"] for tool in batch.tools] == ["g"]


def test_texts_of_chainforge_that_stand_in_others_are_filled_in(tmp_path: Path) -> None:
    def fields(id: str, *texts: str) -> dict[str, object]:
        return {"id": id, "type": "textfields", "data": {"fields": {f"f{place}": text for place, text in enumerate(texts)}}}

    edges = [{"source": key, "target": "p", "targetHandle": name} for key, name in (("a", "tmpl"), ("b", "x"), ("c", "unused"))]
    nodes = [
        fields("a", "Translate {x}", "Keep \\{x\\}"),
        fields("b", "foo", "bar"),
        fields("c", "no"),
        {"id": "p", "type": "prompt", "data": {"prompt": "{tmpl}!", "llms": []}},
    ]
    found = reading(tmp_path, "chainforge", json.dumps({"flow": {"nodes": nodes, "edges": edges}}))
    assert [item["tmpl"] for item in values(found)][:2] == ["Translate foo", "Translate bar"]
    assert [item["x"] for item in values(found)] == ["foo", "bar", "foo", "bar"]
    assert all(item.keys() == {"tmpl", "x"} for item in values(found))
    bomb = [fields("a", "{x}" * 300_000), fields("b", "y" * 1_000_000), nodes[3]]
    big = reading(tmp_path, "chainforge", json.dumps({"flow": {"nodes": bomb, "edges": edges[:2]}}))
    assert len(values(big)[0]["tmpl"]) == 900_000, "what would fill the memory stays as it is"


def test_prompts_of_langfuse_come_in_lines_too_and_a_list_without_texts_says_so(workspace: Workspace, tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {"name": "a", "type": "text", "prompt": f"v{number} {{{{x}}}}", "version": number, "labels": [], "tags": []} for number in (1, 2)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    report = workspace.files.import_paths([tmp_path / "a.jsonl"])
    assert [(item.kind, item.name, item.format, item.version) for item in report.imported] == [("prompt", "a", "langfuse", 2)]
    listed = {"data": [{"name": "b", "versions": [1], "labels": [], "tags": [], "lastUpdatedAt": "x"}], "meta": {"page": 1}}
    (tmp_path / "list.json").write_text(json.dumps(listed))
    (rejected,) = workspace.files.import_paths([tmp_path / "list.json"]).rejected
    assert rejected.reason.startswith("This is a list of prompts without their texts, as for b. Export the prompts themselves")


def test_a_folder_brings_the_prompts_that_editors_keep_in_hidden_folders(workspace: Workspace, tmp_path: Path) -> None:
    files = {
        ".github/prompts/review.prompt.md": "---\nmode: agent\n---\nReview ${file}\n",
        ".github/prompts/sum.prompt.yml": "messages:\n- {role: user, content: hi}\n",
        ".github/workflows/ci.yml": "on: push\njobs: {}\n",
        ".claude/commands/fix.md": "---\nallowed-tools: Bash(git add:*), Read\nargument-hint: [issue] [label]\n---\nFix #$ARGUMENTS\n",
        ".claude/settings.json": '{"hooks": [{"a": 1}]}',
        ".cursor/rules/style.mdc": "---\ndescription: Style: tabs\nglobs: *.ts\nalwaysApply: true\n---\nUse tabs.\n",
        ".git/x.prompt.md": "no",
        "evals/promptfooconfig.ts": "export default {}",
        ".other/y.prompt.md": "no",
    }
    for name, text in files.items():
        (tmp_path / "repo" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "repo" / name).write_text(text)
    report = workspace.files.import_paths([tmp_path / "repo"])
    assert {item.name for item in report.imported} == {"review", "sum", "fix", "style"}
    assert [(Path(item.path).name, item.reason.split(",")[0]) for item in report.rejected] == [("promptfooconfig.ts", "This is a program")]
    (style,) = [item for item in workspace.prompts.list() if item.name == "style"]
    assert style.description == "Style: tabs"


def test_a_front_matter_that_is_broken_is_rejected_with_its_line_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="front matter cannot be read") as caught:
        reading(tmp_path, "text", "---\nname: [x\n---\nHello\n")
    assert caught.value.line == 3
    found = reading(tmp_path, "text", '---\nname: "a: b"\ndescription: Use when: asked\n---\nHello\n')
    assert (found.prompts[0].name, found.prompts[0].description) == ("a: b", "Use when: asked")


def test_what_stands_beside_the_messages_of_a_promptfoo_chat_is_told(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps({"messages": [{"role": "user", "content": "{{q}}"}], "temperature": 0.1}))
    (tmp_path / "promptfooconfig.yaml").write_text("prompts: [file://p.json]\nproviders: [echo]\ntests: [{vars: {q: a}}]\n")
    report = workspace.files.import_paths([tmp_path / "promptfooconfig.yaml"])
    assert [item.what for item in report.not_carried] == ["prompt p: temperature"]


def test_a_picture_of_prompty_that_comes_from_a_value_is_no_file_that_is_not_read(tmp_path: Path) -> None:
    text = "---\nname: x\ninputs: [{name: pic, kind: image}]\n---\nuser:\n![a]({{pic}}) ![b](b.png)\n"
    assert [what for what in notes(reading(tmp_path, "prompty", text)) if "picture" in what] == ["picture in message 1"]
    only = "---\nname: x\ninputs: [{name: pic, kind: image}]\n---\nuser:\n![a]({{pic}})\n"
    found = reading(tmp_path, "prompty", only)
    assert (notes(found), messages(found)) == ({}, [("user", "![a]({{pic}})")])


LIKE_FILES = [
    "Answer yes/no: {{q}}", "Say *{{q}}*", "exec: {{q}}", "exec:a\nb", "Read a.py", "Use a.py:main", "Back\\slash {{q}}", "Is it. Ok",
    "v1.55", "langfuse://x", "file://a\nb",
]  # fmt: skip


@pytest.mark.parametrize("text", LIKE_FILES)
def test_a_text_that_promptfoo_would_look_for_as_a_file_goes_out_as_a_chat(text: str) -> None:
    content = Content((Message.of("user", text),))
    written, _ = write("promptfoo", out(content))
    (entry,) = load(written).data["prompts"]
    assert [message["role"] for message in json.loads(entry["raw"])] == ["user"]
    assert back("promptfoo", written).content.messages == content.messages


@pytest.mark.skipif(PROMPTFOO is None, reason="promptfoo is not installed (npm install promptfoo, then WORKBENCH_PROMPTFOO=its program)")
def test_promptfoo_takes_such_a_configuration(tmp_path: Path) -> None:
    prompts = [out(Content((Message.of("user", text),)), name=f"P{place}") for place, text in enumerate(LIKE_FILES)]
    (tmp_path / "promptfooconfig.yaml").write_text(promptfoo_writing.write(prompts, [Notes("") for _ in prompts]))
    assert PROMPTFOO is not None
    command = [PROMPTFOO, "eval", "-c", "promptfooconfig.yaml", "--no-cache", "--no-share", "--no-table", "-o", "out.json"]
    environment = {**ORIGINAL_ENVIRONMENT, "HOME": str(tmp_path), "PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    results = json.loads((tmp_path / "out.json").read_text())["results"]["results"]
    assert len(results) == len(LIKE_FILES)
