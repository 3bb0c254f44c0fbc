"""Prompt files of more tools: llm, LangChain, ChainForge, promptfoo's results, Langfuse, OpenAI, Anthropic's console, text, tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.foreign_files import messages, notes, reading, values
from workbench.formats import prompt_table
from workbench.formats.foreign_formats import file_text
from workbench.library.folder.finding import find
from workbench.templates import render
from workbench.values import BadInput


def rendered(found: Any, filled: dict[str, Any], at: int = 0) -> list[str]:
    return [message.text for message in render(found.prompts[at].content, filled)]


# llm


def test_a_template_of_llm_has_dollars(tmp_path: Path) -> None:
    text = (
        "system: In the voice of ${voice}\nprompt: 'Costs $$5 {{x}}: $input $9'\ndefaults: {voice: GlaDOS}\noptions: {temperature: 0.4}\n"
    )
    found = reading(tmp_path, "llm", text + "functions: |\n  import os\nmodel: gpt\nschema_object: {type: object}\n", "t.yaml")
    assert rendered(found, {"voice": "V", "input": "I"}) == ["In the voice of V", "Costs $5 {{x}}: I $9"]
    assert (found.prompts[0].name, found.prompts[0].samples) == ("t", {"voice": "GlaDOS"})
    assert found.prompts[0].content.parameters == {"temperature": 0.4}
    assert found.prompts[0].content.output_schema == {"type": "object"}
    assert notes(found)["functions"] == "programs in foreign files are not run"
    with pytest.raises(BadInput, match="no key") as caught:
        reading(tmp_path, "llm", "prompt: a\nprompts: b\n")
    assert caught.value.line == 2


def test_a_template_of_llm_that_has_only_a_system_text_is_told_by_that(tmp_path: Path) -> None:
    path = tmp_path / "pirate.yaml"
    path.write_text("system: 'Say {{x}} like a pirate'\n", "utf-8")
    assert list(find([tmp_path]).foreign) == [path]
    assert rendered(reading(tmp_path, "llm", path.read_text("utf-8")), {"input": "Hi"}) == ["Say {{x}} like a pirate", "Hi"]


# LangChain


def hub(*kinds: tuple[str, str]) -> dict[str, Any]:
    items = [
        {
            "lc": 1, "type": "constructor", "id": ["langchain", "prompts", "chat", f"{kind}MessagePromptTemplate"],
            "kwargs": {"prompt": {"lc": 1, "type": "constructor", "id": ["langchain", "prompts", "prompt", "PromptTemplate"],
                                  "kwargs": {"template": text, "input_variables": [], "template_format": "f-string"}}},
        }
        for kind, text in kinds
    ]  # fmt: skip
    return {"lc": 1, "type": "constructor", "id": ["langchain", "prompts", "chat", "ChatPromptTemplate"], "kwargs": {"messages": items}}


def test_prompts_of_langchain(tmp_path: Path) -> None:
    found = reading(tmp_path, "langchain", json.dumps(hub(("System", "Be {tone}: {{json}}"), ("Human", "{q:>5}"), ("AI", "Yes"))))
    assert [role for role, _ in messages(found)] == ["system", "user", "assistant"]
    assert rendered(found, {"tone": "kind", "q": "Why?"}) == ["Be kind: {json}", "Why?", "Yes"]
    few = {
        "_type": "few_shot", "examples": [{"q": "1{", "a": "2"}], "prefix": "Add {unit}.", "suffix": "Q: {q}",
        "example_separator": "\n--\n",
        "example_prompt": {"_type": "prompt", "template": "Q: {q} A: {a}", "input_variables": ["q", "a"]},
    }  # fmt: skip
    assert rendered(reading(tmp_path, "langchain", json.dumps(few)), {"unit": "ones", "q": "3"}) == ["Add ones.\n--\nQ: 1{ A: 2\n--\nQ: 3"]
    jinja = {"_type": "prompt", "template": "{% for i in l %}{{ i }}{% endfor %}", "template_format": "jinja2"}
    assert rendered(reading(tmp_path, "langchain", json.dumps(jinja)), {"l": [1, 2]}) == ["12"]
    (tmp_path / "t.txt").write_text("From {place}")
    beside = {"_type": "prompt", "template_path": "t.txt"}
    assert rendered(reading(tmp_path, "langchain", json.dumps(beside)), {"place": "here"}) == ["From here"]
    for template, reason in (("{x.__class__}", "looks into"), ("{}", "no place"), ("a } b", "no place")):
        with pytest.raises(BadInput, match=reason):
            reading(tmp_path, "langchain", json.dumps({"_type": "prompt", "template": template}))
    with pytest.raises(BadInput, match="outside the folder"):
        reading(tmp_path, "langchain", json.dumps({"_type": "prompt", "template_path": "/etc/hostname"}))


# ChainForge


def test_examples_of_a_langchain_chat_become_ours_and_what_is_filled_in_beforehand_a_default(tmp_path: Path) -> None:
    chat = hub(("System", "Add in {tongue}"), ("Human", "{q}"))
    form = hub(("Human", "{q}?"), ("AI", "{a}"))
    identity = ["langchain_core", "prompts", "few_shot", "FewShotChatMessagePromptTemplate"]
    kwargs = {"examples": [{"q": "{1}", "a": "2"}, {"q": "3", "a": "4"}], "example_prompt": form}
    chat["kwargs"]["messages"].insert(1, {"lc": 1, "type": "constructor", "id": identity, "kwargs": kwargs})
    chat["kwargs"]["partial_variables"] = {"tongue": "French"}
    found = reading(tmp_path, "langchain", json.dumps(chat))
    assert not notes(found)
    content = found.prompts[0].content
    assert [(message.role, message.text) for message in render(content, {"q": "5"})] == [
        ("system", "Add in French"), ("user", "{1}?"), ("assistant", "2"), ("user", "3?"), ("assistant", "4"), ("user", "5"),
    ]  # fmt: skip
    assert (content.variables["examples"].type, content.variables["tongue"].default) == ("messages", "French")
    del kwargs["examples"]
    assert notes(reading(tmp_path, "langchain", json.dumps(chat))).keys() == {"examples"}


def test_a_flow_of_chainforge_brings_prompts_values_and_simple_checks(tmp_path: Path) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": "p", "type": "prompt", "data": {"prompt": "\\{a\\} {q} of {sort}", "n": 2, "title": "Ask", "llms": [
            {"model": "m", "settings": {"system_msg": "Be {brief}", "temperature": 0.5, "api_key": "sk-secret"}}]}},
        {"id": "t", "type": "table", "data": {"columns": [{"key": "c0", "header": "Question"}, {"key": "c1", "header": "Expected"}],
                                              "rows": [{"c0": "1+1", "c1": "2"}, {"c0": "2+2", "c1": "4"}]}},
        {"id": "f", "type": "textfields", "data": {"fields": {"f0": "x", "f1": "y"}, "fields_visibility": {"f1": False}}},
        {"id": "e", "type": "simpleval", "data": {"operation": "contains", "varSelected": True, "varValue": "Expected"}},
        {"id": "js", "type": "evaluator", "data": {"code": "process.exit()"}},
    ]  # fmt: skip
    edges = [
        {"source": "t", "sourceHandle": "Question", "target": "p", "targetHandle": "q"},
        {"source": "f", "sourceHandle": "output", "target": "p", "targetHandle": "sort"},
    ]
    found = reading(tmp_path, "chainforge", json.dumps({"flow": {"nodes": nodes, "edges": edges}, "cache": {"a": 1}}))
    assert rendered(found, {"q": "1+1", "sort": "x", "brief": "b"}) == ["Be b", "{a} 1+1 of x"]
    assert values(found) == [{"q": "1+1", "sort": "x"}, {"q": "2+2", "sort": "x"}]
    assert [case.reference for case in found.datasets[0].cases] == ["2", "4"]
    assert [(check.type, check.value) for check in found.checks] == [("contains", "{{ reference }}")]
    assert found.prompts[0].content.parameters == {"temperature": 0.5}
    assert {"evaluator evaluator: its code", "answers of earlier runs", "2 answers to each prompt"} <= notes(found).keys()
    assert "sk-secret" not in repr(found)


# promptfoo's results


def test_results_of_promptfoo_bring_prompts_and_values(tmp_path: Path) -> None:
    prompts = [
        {"raw": '[{"role": "system", "content": "Be {{tone}}"}]', "label": "Kind", "provider": "openai:x"},
        {"raw": "(vars) => vars.q"},
    ]
    results = [{"vars": {"tone": "warm"}, "promptIdx": 0}, {"vars": {"tone": "warm"}, "promptIdx": 1}, {"vars": {"tone": "cold"}}]
    document = {
        "evalId": "e",
        "results": {"version": 3, "prompts": prompts, "results": results, "stats": {}},
        "config": {"description": "Tones"},
    }
    found = reading(tmp_path, "promptfoo-results", json.dumps(document))
    assert [(prompt.name, messages(found)) for prompt in found.prompts] == [("Kind", [("system", "Be {{tone}}")])]
    assert (found.datasets[0].name, values(found)) == ("Tones", [{"tone": "warm"}, {"tone": "cold"}])
    assert "prompt (vars) => vars.q" in notes(found)
    assert found.run is None  # no answer stands in it


# Langfuse


def test_an_export_of_langfuse_keeps_versions_labels_and_folders(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "Help {{name}} {% x %}"}, {"type": "placeholder", "name": "history"}]
    export = [
        {"name": "support/refund", "type": "text", "prompt": "Old {{name}}", "version": 1, "labels": [], "tags": []},
        {
            "name": "support/refund", "type": "chat", "prompt": chat, "config": {"model": "gpt-5", "temperature": 0, "secret": "s3cr3t"},
            "version": 3, "labels": ["production", "latest"], "tags": ["support"], "commitMessage": "Warmer",
        },
    ]  # fmt: skip
    found = reading(tmp_path, "langfuse", json.dumps(export))
    (prompt,) = found.prompts
    assert (prompt.name, prompt.folder, prompt.version, prompt.labels, prompt.tags) == (
        "refund",
        "support",
        3,
        {"production": 3},
        ("support",),
    )
    assert [entry.number for entry in found.versions["refund"].versions] == [1, 3]
    assert rendered(found, {"name": "Ana", "history": "user: Hi\nassistant: Hello"}) == ["Help Ana {% x %}", "Hi", "Hello"]
    assert prompt.content.variables["history"].type == "messages"
    assert prompt.content.parameters == {"temperature": 0}
    assert {"model gpt-5", "config: secret"} <= notes(found).keys()
    assert "s3cr3t" not in repr(found)
    with pytest.raises(BadInput, match="Version 1 of a stands twice"):
        reading(tmp_path, "langfuse", json.dumps([{"name": "a", "type": "text", "prompt": "x", "version": 1}] * 2))


# OpenAI


def test_one_chat_is_a_prompt(tmp_path: Path) -> None:
    body = {
        "model": "gpt-x", "temperature": 0.1, "messages": [
            {"role": "developer", "content": "Be {{tone}}"},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "https://a/b.png"}}]},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    }  # fmt: skip
    found = reading(tmp_path, "openai-chat", json.dumps(body), "chat.json")
    assert messages(found) == [("system", "Be {{ tone }}"), ("user", "Hi")]
    assert (found.prompts[0].content.parameters, len(found.prompts[0].content.tools)) == ({"temperature": 0.1}, 1)
    assert {"model gpt-x", "message: image_url"} <= notes(found).keys()
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [{"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c", "content": "4"}]
    asked, answered = reading(tmp_path, "openai-chat", json.dumps(turns), "c.json").prompts[0].content.messages
    assert ([one.name for one in asked.tool_calls], answered.call_id, answered.text) == (["f"], "c", "4")


def test_lines_of_chats_are_a_prompt_over_a_dataset(tmp_path: Path) -> None:
    def line(question: str, answer: str, system: str = "Be brief.") -> dict[str, Any]:
        roles = (("system", system), ("user", question), ("assistant", answer))
        return {"messages": [{"role": role, "content": text} for role, text in roles]}

    text = "\n".join(json.dumps(item) for item in (line("1+1", "2"), line("{{2}}", "4")))
    found = reading(tmp_path, "openai-chat", text, "train.jsonl")
    assert messages(found) == [("system", "Be brief."), ("user", "{{ input }}")]
    assert values(found) == [{"input": "1+1"}, {"input": "{{2}}"}]
    assert [case.reference for case in found.datasets[0].cases] == ["2", "4"]
    mixed = reading(tmp_path, "openai-chat", "\n".join([text, json.dumps(line("q", "a", "Other."))]), "train.jsonl")
    assert messages(mixed)[0] == ("system", "{{ system }}")
    evals = '{"input": [{"role": "user", "content": "Q"}], "ideal": ["A", "B"]}\n{"input": "R", "ideal": "C"}\n'
    found = reading(tmp_path, "openai-chat", evals, "samples.jsonl")
    assert [(dict(case.values), case.reference) for case in found.datasets[0].cases] == [
        ({"input": "Q"}, ["A", "B"]),
        ({"input": "R"}, "C"),
    ]
    pair = {
        "input": {"messages": [{"role": "user", "content": "Q"}]},
        "preferred_output": [{"role": "assistant", "content": "good"}],
        "non_preferred_output": [{"role": "assistant", "content": "bad"}],
    }
    found = reading(tmp_path, "openai-chat", json.dumps(pair), "dpo.jsonl")
    assert (values(found), found.datasets[0].cases[0].reference) == ([{"input": "Q", "rejected": "bad"}], "good")
    assert values(reading(tmp_path, "openai-chat", '{"item": {"q": "x"}}', "items.jsonl")) == [{"q": "x"}]
    with pytest.raises(BadInput) as caught:
        reading(tmp_path, "openai-chat", text + "\n{", "train.jsonl")
    assert caught.value.line == 3


# Tables and texts


def test_test_cases_of_anthropics_console(tmp_path: Path) -> None:
    text = '{{CODE}},Language,Ideal Output,Model Response,Grade\n"a, b",py,yes,no,3\n'
    found = reading(tmp_path, "anthropic-csv", text, "c.csv")
    assert (values(found), found.datasets[0].cases[0].reference) == ([{"CODE": "a, b", "Language": "py"}], "yes")
    assert {"column Model Response", "column Grade"} <= notes(found).keys()


def test_a_page_is_a_prompt_with_or_without_front_matter(tmp_path: Path) -> None:
    text = "---\ntitle: Sum up\ntags: [a]\ntemperature: 0.3\nmodel: m\napi_key: sk-1\n"
    text += "variables: {text: sample}\n---\nsystem:\nBrief.\n\nuser:\n{{ text }}\n"
    found = reading(tmp_path, "text", text, "p.md")
    assert (found.prompts[0].name, found.prompts[0].tags, found.prompts[0].samples) == ("Sum up", ("a",), {"text": "sample"})
    assert messages(found) == [("system", "Brief."), ("user", "{{ text }}")]
    assert found.prompts[0].content.parameters == {"temperature": 0.3}
    assert "sk-1" not in repr(found)
    heading = "# Title\n---\nno: [yaml\n---\nText"
    assert messages(reading(tmp_path, "text", heading, "h.md")) == [("user", heading)]
    plain = reading(tmp_path, "text", "Say {{ a }} and {% b", "say.prompt.md")
    assert (plain.prompts[0].name, rendered(plain, {})) == ("say", ["Say {{ a }} and {% b"])


def test_a_collection_of_prompts_as_a_table(tmp_path: Path) -> None:
    found = reading(tmp_path, "prompts-csv", 'act,prompt,category,votes\nPoet,"Rhyme, ""{{ word }}""",fun,3\nPoet,Again,,1\n', "p.csv")
    assert [(prompt.name, prompt.tags) for prompt in found.prompts] == [("Poet", ("fun",)), ("Poet (2)", None)]
    assert messages(found) == [("user", 'Rhyme, "{{ word }}"')]
    assert "column votes" in notes(found)
    with pytest.raises(BadInput, match="no prompt") as caught:
        reading(tmp_path, "prompts-csv", "act,prompt\na,b\nc,\n", "p.csv")
    assert caught.value.line == 3


def test_the_columns_of_a_collection_are_guessed_and_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("title;content;category;who\nPoet;Rhyme;fun;Mina\n", "utf-8")
    columns = prompt_table.peek(file_text(path))
    assert (columns.columns, columns.is_collection) == (("title", "content", "category", "who"), False)
    assert columns.parts == {"name": "title", "text": "content", "tags": "category"}
    assert columns.first == ({"title": "Poet", "content": "Rhyme", "category": "fun", "who": "Mina"},)
    (prompt,) = prompt_table.read(file_text(path), {"name": "who", "tags": ""}).prompts
    assert (prompt.name, prompt.tags, prompt.content.messages[0].text) == ("Mina", None, "Rhyme")
    with pytest.raises(BadInput, match="no part colour"):
        prompt_table.read(file_text(path), {"colour": "who"})


# Requests of other vendors

GEMINI = {
    "systemInstruction": {"parts": [{"text": "Be brief, {x}."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "Is it warm in {{city}}?"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {"city": "Ulm"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"degrees": 12}}}]},
        {"role": "model", "parts": [{"text": "thinking", "thought": True}, {"text": "No."}]},
        {"parts": [{"text": "And here?"}, {"inlineData": {"mimeType": "image/png", "data": "!"}}, {"fileData": {"fileUri": "gs://a"}}]},
    ],
    "generationConfig": {
        "temperature": 0.1, "maxOutputTokens": 20, "stopSequences": ["END"], "thinkingConfig": {"thinkingBudget": 0},
        "responseMimeType": "application/json", "responseSchema": {"type": "OBJECT", "properties": {"type": {"type": "STRING"}}},
    },
    "safetySettings": [{"category": "X"}],
    "tools": [{"functionDeclarations": [{"name": "weather", "parameters": {"type": "OBJECT"}}]}, {"googleSearch": {}}],
}  # fmt: skip


def test_a_request_of_gemini_is_a_prompt(tmp_path: Path) -> None:
    path = tmp_path / "ask.json"
    path.write_text(json.dumps(GEMINI))
    assert find([path]).foreign[path].format == "openai-chat"
    found = reading(tmp_path, "openai-chat", json.dumps(GEMINI), "ask.json")
    content = found.prompts[0].content
    assert messages(found)[:4] == [
        ("system", "Be brief, {x}."), ("user", "Is it warm in {{ city }}?"), ("assistant", ""), ("tool", '{"degrees": 12}'),
    ]  # fmt: skip
    assert messages(found)[4:] == [("assistant", "No."), ("user", "And here?")]
    assert content.messages[2].tool_calls[0].id == content.messages[3].call_id
    assert content.parameters == {"temperature": 0.1, "max_tokens": 20, "stop": ["END"]}
    assert content.output_schema == {"type": "object", "properties": {"type": {"type": "string"}}}
    assert content.tools[0]["function"] == {"name": "weather", "parameters": {"type": "object"}}
    assert {"request: thinkingConfig", "request: safetySettings", "tool googleSearch", "message: fileData"} <= notes(found).keys()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("batch.jsonl", [{"key": "r1", "request": {"contents": [{"parts": [{"text": "One"}]}], "generation_config": {"topP": 0.5}}}]),
        ("batch.jsonl", [{"custom_id": "r1", "params": {"top_p": 0.5, "messages": [{"role": "user", "content": "One"}]}}]),
        ("list.json", [{"contents": "One", "custom_id": "r1", "generationConfig": {"topP": 0.5}}]),
    ],
)
def test_lines_of_other_vendors_are_a_prompt_over_a_dataset(tmp_path: Path, name: str, lines: list[Any]) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(lines) if name.endswith(".json") else "\n".join(map(json.dumps, lines)))
    assert find([path]).foreign[path].format == "openai-chat"
    found = reading(tmp_path, "openai-chat", path.read_text(), name)
    assert (messages(found), values(found)) == ([("user", "{{ input }}")], [{"input": "One"}])
    assert found.datasets[0].cases[0].name == "r1"


def test_what_else_stands_in_a_line_is_a_column_and_what_lines_ask_with_counts_where_they_agree(tmp_path: Path) -> None:
    def line(said: str, limit: int, **more: Any) -> str:
        body = {"model": said, "max_tokens": limit, "seed": 7, "messages": [{"role": "user", "content": said}]}
        return json.dumps({"custom_id": said, "body": body, **more})

    text = "\n".join([line("a", 5, expected="A", difficulty=3, input_=1), line("b", 6, expected="B", difficulty=4)])
    found = reading(tmp_path, "openai-chat", text, "asked.jsonl")
    assert values(found) == [{"input": "a", "difficulty": 3, "input_": 1}, {"input": "b", "difficulty": 4}]
    assert [case.reference for case in found.datasets[0].cases] == ["A", "B"]
    assert found.prompts[0].content.parameters == {"seed": 7}
    assert {"max_tokens of the lines", "model a", "model b"} <= notes(found).keys()


def test_places_with_dollars_in_a_collection_stay_text_and_are_told(tmp_path: Path) -> None:
    found = reading(tmp_path, "prompts-csv", "act,prompt\nGuide,Tell of ${town:Ulm}\nCook,Cost: $5 {{x}}\n", "prompts.csv")
    assert messages(found) == [("user", "Tell of ${town:Ulm}")]
    assert "stays text" in notes(found)["${town:Ulm} and such in 1 prompt"]
