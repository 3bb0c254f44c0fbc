"""`.prompty` files, and the format's own conformance vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.foreign_files import messages, notes, reading
from workbench.formats.foreign_values import role_of
from workbench.formats.mustache import from_mustache
from workbench.formats.prompty import messages_of
from workbench.formats.reports import Notes
from workbench.templates import render, render_text
from workbench.values import BadInput

V1 = """\
---
name: Support
description: Answers
authors: [Ana]
model:
  api: chat
  configuration: {type: azure_openai, azure_deployment: gpt-x, api_key: sk-secret, azure_endpoint: "${env:ENDPOINT}"}
  parameters: {max_tokens: 30, temperature: 0.2, response_format: {type: json_object}}
sample: {firstName: Seth, question: Why?}
---

system:
Help {{firstName}}.

user:
{{question}}
"""
V2 = """\
---
name: Hello
metadata: {tags: [a, b], version: "3"}
model:
  {id: gpt-4o, provider: openai, connection: {kind: key, apiKey: sk-secret}, options: {maxOutputTokens: 9, additionalProperties: {seed: 4}}}
inputs:
  who: {kind: string, default: Ana}
  count: 5
  past: {kind: thread}
outputs:
  - {name: city, kind: string, description: A city, required: true}
  - {name: degrees, kind: float}
tools:
  - name: weather
    kind: function
    description: Tells it
    parameters: [{name: place, kind: string, required: true}, {name: unit, kind: string, enumValues: [c, f]}]
  - {name: files, kind: mcp}
template: {format: {kind: mustache}, parser: {kind: prompty}}
---
developer:
Be kind to {{who}}.

{{past}}

user[name="Bob"]:
{{#count}}{{.}} times{{/count}}{{^none}}!{{/none}}
"""  # fmt: skip


def test_version_1_comes_in_without_its_connection(tmp_path: Path) -> None:
    found = reading(tmp_path, "prompty", V1)
    (prompt,) = found.prompts
    assert (prompt.name, prompt.description, prompt.samples) == ("Support", "Answers", {"firstName": "Seth", "question": "Why?"})
    assert messages(found) == [("system", "Help {{firstName}}."), ("user", "{{question}}")]
    assert prompt.content.parameters == {"max_tokens": 30, "temperature": 0.2, "response_format": {"type": "json_object"}}
    assert {"authors", "model gpt-x", "connection", "environment variable ENDPOINT"} <= notes(found).keys()
    assert "sk-secret" not in repr(found)


def test_version_2_brings_schema_tools_and_a_mustache_template(tmp_path: Path) -> None:
    found = reading(tmp_path, "prompty", V2)
    (prompt,) = found.prompts
    assert prompt.tags == ("a", "b")
    assert prompt.samples == {"who": "Ana", "count": 5}
    assert prompt.content.parameters == {"max_tokens": 9, "seed": 4}
    assert prompt.content.output_schema == {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "A city"}, "degrees": {"type": "number"}},
        "required": ["city", "degrees"],
        "additionalProperties": False,
    }
    (tool,) = prompt.content.tools
    assert tool["function"]["parameters"]["properties"]["unit"] == {"type": "string", "enum": ["c", "f"]}
    system, user = render(prompt.content, {"who": "Ana", "count": 5})
    assert (system.role, system.text, user.text) == ("system", "Be kind to Ana.", "5 times!")
    assert {"tool files (mcp)", 'user[name="Bob"]'} <= notes(found).keys()
    assert "sk-secret" not in repr(found)


def test_roles_that_come_from_values_are_noted(tmp_path: Path) -> None:
    found = reading(tmp_path, "prompty", "system:\n{% for m in past %}\n{{ m.role }}:\n{{ m.content }}\n{% endfor %}\nuser:\nHi")
    assert [role for role, _ in messages(found)] == ["system", "user"]
    assert "roles that come from values" in notes(found)


def test_a_file_that_it_names_is_read_beside_it_and_nowhere_else(tmp_path: Path) -> None:
    inner = tmp_path / "in"
    inner.mkdir()
    (tmp_path / "secret.json").write_text('{"q": "leaked"}')
    (inner / "sample.json").write_text('{"q": "Why?"}')
    assert reading(inner, "prompty", "---\nsample: ${file:sample.json}\n---\nuser:\n{{q}}").prompts[0].samples == {"q": "Why?"}
    (inner / "said.txt").write_text("Hm?")
    found = reading(
        inner, "prompty", "---\nsample: {a: '${file:sample.json}', b: '${file:said.txt}', c: '${file:../secret.json}'}\n---\nuser:\n{{a}}"
    )
    assert found.prompts[0].samples == {"a": {"q": "Why?"}, "b": "Hm?"}
    assert "lies outside" in notes(found)["sample c"]
    for place in ("../secret.json", str(tmp_path / "secret.json")):
        with pytest.raises(BadInput, match="outside the folder"):
            reading(inner, "prompty", f"---\nsample: '${{file:{place}}}'\n---\nuser:\n{{{{q}}}}")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("---\nname: [x\n---\nHello", 3, "front matter"),
        ("---\nname: x\n---\nsystem:\nHi\n\nuser:\n\n{% if %}", 9, "message|expected|Expected"),
        ("---\nname: x\ntemplate: {format: {kind: liquid}}\n---\nuser:\nHi", 3, "not liquid"),
        ("---\nname: x\ntemplate: {format: mustache}\n---\nuser:\nHi\n{{> part}}", 7, "partial"),
        ("---\nname: x\n---\n", 1, "no message"),
        ("{% if a %}\nuser:\nx{% endif %}", 1, "endif|closed|end"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        reading(tmp_path, "prompty", text)
    assert caught.value.line == line


# The conformance vectors

UNSUPPORTED = {
    "missing_variable_renders_empty": "a value that is missing is an error here, never an empty text",
    "role_with_quoted_attribute": "messages have no attributes here; a note says so",
    "role_with_multiple_unquoted_attributes": "messages have no attributes here; a note says so",
    "env_resolution": "nothing of the environment is read",
    "env_default": "nothing of the environment is read",
    "env_missing_error": "nothing of the environment is read",
    "file_resolution": "connections in files are never taken",
    "file_reference_in_tree_allowed": "connections in files are never taken",
    "template_string_invalid": "version 1 wrote a template as one word, and such files come in",
    "missing_file_error": "there is no file to read",
    "input_validation_required": "values are asked for when a prompt runs, not when it is read",
    "input_validation_example_not_used": "an example is a sample value here",
    "input_validation_optional_omit": "values are asked for when a prompt runs, not when it is read",
    "b2_bool_true_lowercase": "Prompty's own form of a truth value; here as in Jinja2",
    "b2_bool_false_lowercase": "Prompty's own form of a truth value; here as in Jinja2",
    "b2_float_integral_minimal": "Prompty's own form of a number; here as in Jinja2",
    "b2_null_renders_empty": "Prompty's own form of nothing; here as in Jinja2",
    "thread_nonce_injection": "Prompty marks the place of a thread in the text; here its messages are messages from the start",
    "thread_nonce_expansion": "Prompty marks the place of a thread in the text; here its messages are messages from the start",
    "strict_forged_boundary_throws": "messages are parted before values are filled in, so that no value can forge one",
    "strict_multiline_boundary_throws": "messages are parted before values are filled in, so that no value can forge one",
}
OUT_OF_SCOPE = {"agent", "wire", "process", "enrichment", "discovery", "render_segments", "replay", "turn", "processStream"}
"""Stages of running a prompt: what is sent to models and what comes back, which providers do here in their own way."""


def vectors(shared: Path, *stages: str) -> list[dict[str, Any]]:
    items = json.loads((shared / "formats" / "prompty-conformance" / "vectors.json").read_text("utf-8"))["vectors"]
    assert {item["vector"]["stage"] for item in items} == OUT_OF_SCOPE | {"load", "parse", "render"}
    chosen = [item["vector"] for item in items if item["vector"]["stage"] in stages]
    return [vector for vector in chosen if vector["name"] not in UNSUPPORTED]


def test_the_conformance_vectors_of_parsing(shared: Path) -> None:
    found = vectors(shared, "parse")
    assert len(found) == 16
    for vector in found:
        wanted = [(item["role"], item["content"][0]["value"]) for item in vector["expected"]["messages"]]
        got = [(role or "system", text) for role, _, text, _ in messages_of(vector["input"]["rendered"])]
        assert got == wanted, vector["name"]
    assert role_of("developer", Notes(""), "message") == "system"


def test_the_conformance_vectors_of_rendering(shared: Path) -> None:
    found = vectors(shared, "render")
    assert len(found) == 21
    for vector in found:
        text, inputs = vector["input"]["template"], vector["input"]["inputs"]
        template = from_mustache(text, Notes("")) if vector["input"]["engine"] == "mustache" else text
        assert render_text(template, inputs) == vector["expected"]["rendered"], vector["name"]


def test_the_golden_corpus_of_rendering(shared: Path) -> None:
    corpus = json.loads((shared / "formats" / "prompty-conformance" / "render_golden.json").read_text("utf-8"))
    ran = 0
    for case in corpus:
        if case["name"] not in UNSUPPORTED and "rendered" in case:
            assert render_text(case["template"], case["inputs"]) == case["rendered"], case["name"]
            ran += 1
    assert ran >= 35


def test_the_conformance_vectors_of_loading(shared: Path, tmp_path: Path) -> None:
    fixtures = shared / "formats" / "prompty"
    ran = 0
    for vector in vectors(shared, "load"):
        given, expected = vector["input"], vector["expected"]
        folder = tmp_path / vector["name"]
        folder.mkdir()
        for name, content in given.get("files", {}).items():
            place = folder / "app" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(content))
        (folder / "app").mkdir(exist_ok=True)
        if "fixture" in given:
            places = [fixtures / f"spec__fixtures__{given['fixture']}"]
            if not places[0].exists():
                continue
            text = places[0].read_text("utf-8")
        elif "frontmatter_raw" in given:
            text = given["frontmatter_raw"]
        else:
            text = f"---\n{json.dumps(given['frontmatter'])}\n---\nuser:\nHello"
        ran += 1
        if "error" in expected:
            with pytest.raises(BadInput):
                reading(folder / "app", "prompty", text)
            continue
        found = reading(folder / "app", "prompty", text, "f.prompty")
        prompt = found.prompts[0]
        assert prompt.name == expected.get("name", prompt.name), vector["name"]
        assert prompt.description == expected.get("description", prompt.description), vector["name"]
        model = expected.get("model") or {}
        if model.get("id"):
            assert any(what.startswith("model ") and what.endswith(model["id"]) for what in notes(found)), vector["name"]
        if "options" in model:
            for option, ours in (("temperature", "temperature"), ("maxOutputTokens", "max_tokens")):
                assert prompt.content.parameters.get(ours) == model["options"].get(option), vector["name"]
        wanted = {item["name"]: item["default"] for item in expected.get("inputs") or [] if "default" in item}
        if "inputs" in expected or "validated_inputs" in expected:
            assert dict(prompt.samples or {}) == wanted | expected.get("validated_inputs", {}), vector["name"]
        if "outputs" in expected:
            properties = (prompt.content.output_schema or {}).get("properties", {})
            assert set(properties) == {item["name"] for item in expected["outputs"] or []}, vector["name"]
        kept = {tool["function"]["name"] for tool in prompt.content.tools}
        for tool in expected.get("tools") or []:
            assert (tool["name"] in kept) == (tool["kind"] == "function"), vector["name"]
        if "instructions" in expected:
            assert [message.text for message in prompt.content.messages] == [
                said for _, _, said, _ in messages_of(expected["instructions"])
            ]
    assert ran >= 12


def test_tools_and_the_form_of_the_answer_may_stand_among_the_options_or_in_a_file(tmp_path: Path) -> None:
    answer = {"type": "json_schema", "json_schema": {"name": "event", "schema": {"type": "object"}, "strict": True}}
    (tmp_path / "form.json").write_text(json.dumps(answer))
    head = "---\nmodel:\n  connection: {azure_deployment: gpt-x}\n  options:\n    tools:\n      - {type: function, function: {name: add}}\n"
    found = reading(tmp_path, "prompty", head + "    response_format: ${file:form.json}\n    top_p: 0.5\n---\nuser:\nHi")
    content = found.prompts[0].content
    assert (content.output_schema, content.parameters) == (answer["json_schema"], {"top_p": 0.5})
    assert [tool["function"]["name"] for tool in content.tools] == ["add"]
    assert "model gpt-x" in notes(found)
    plain = reading(tmp_path, "prompty", "---\nmodel: {parameters: {response_format: {type: json_object}}}\n---\nuser:\nHi")
    assert plain.prompts[0].content.parameters == {"response_format": {"type": "json_object"}}
    lost = reading(tmp_path, "prompty", "---\nmodel: {parameters: {response_format: '${file:gone.json}'}}\n---\nuser:\nHi")
    assert (lost.prompts[0].content.parameters, "model options: response_format" in notes(lost)) == ({}, True)
