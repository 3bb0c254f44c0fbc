"""Everything that a prompt version can hold, in every wire format: a request that is JSON, or one plain sentence why not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.picture_server import picture_for
from workbench import providers
from workbench.providers.attachments import without
from workbench.values import Message, Part, Request, ToolCall

FORMATS = {
    "openai-chat": "openai_chat", "openai-responses": "openai_responses", "anthropic": "anthropic", "bedrock": "bedrock",
    "gemini": "gemini", "ollama": "ollama", "mistral": "mistral", "cohere": "cohere", "openai-images": "openai_images",
}  # fmt: skip
MODELS = ("m", "gpt-5", "claude-sonnet-4-5", "anthropic.claude-opus-5", "amazon.nova-pro-v1:0", "gemini-3-pro", "gemini-2.5-flash")
PARAMETERS = (
    "temperature", "top_p", "top_k", "max_tokens", "stop", "seed", "reasoning_effort", "reasoning_budget", "tool_choice", "user",
    "parallel_tool_calls", "logprobs", "response_format", "modalities", "extra", "options", "generationConfig", "verbosity",
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10_000) | st.floats(0, 2) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "name", "function", "schema", "a"]), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(["type", "name", "function", "properties", "schema", "title", "json_schema"]), VALUES, max_size=4)
PARTS = st.one_of(
    st.builds(lambda text: Part(text=text), st.text(max_size=8)),
    st.builds(lambda data, name: Part("image", media_type="image/png", data=data, name=name), st.binary(max_size=8), st.text(max_size=8)),
    st.builds(
        lambda kind, data: Part("file", media_type=kind, data=data, name="a.pdf"),
        st.sampled_from(["application/pdf", "text/csv", "", "video/mp4"]),
        st.binary(max_size=8),
    ),
)
CALLS = st.builds(ToolCall, st.sampled_from(["", "1", "2"]), st.sampled_from(["f", "g"]), VALUES)
MESSAGES = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant", "tool"]),
    st.lists(PARTS, max_size=3).map(tuple),
    st.lists(CALLS, max_size=2).map(tuple),
    st.sampled_from(["", "1", "2", "3"]),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from(MODELS),
    st.lists(MESSAGES, max_size=5).map(tuple),
    st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=4),
    st.none() | OBJECTS,
    st.lists(OBJECTS, max_size=2).map(tuple),
    st.booleans(),
)
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Now", "parameters": {"type": "object", "properties": {}}}}
TOOL_TURNS = (
    Message.of("user", "Is it warm in Ulm?"),
    Message("assistant", (Part(text="I look."),), (ToolCall("call_1", "weather", {"city": "Ulm"}),)),
    Message("tool", (Part(text="12 degrees"),), (), "call_1"),
)


def body(name: str, request: Request) -> dict[str, Any]:
    made: dict[str, Any] = import_module(f"workbench.providers.{FORMATS[name]}").request_body(request, {})
    return made


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FORMATS)), REQUESTS)
def test_any_version_becomes_a_request_or_a_sentence(name: str, request: Request) -> None:
    left = (*providers.left_out(name, request.parameters), *providers.unread(name, (), request.messages))
    assert all(isinstance(words, str) for words in (*left, *providers.adapted(name, request.model, request.parameters)))
    request = without(request, left)
    why = providers.refusal(name, request, {})
    if why is None:
        json.dumps(body(name, request))
    else:
        assert why.endswith(".")


@settings(max_examples=200, deadline=None)
@given(st.lists(MESSAGES, max_size=5))
def test_messages_come_back_from_their_json_as_they_were(messages: list[Message]) -> None:
    for message in messages:
        again = Message.from_json(json.loads(json.dumps(message.to_json())))
        assert again.to_json() == message.to_json()
        assert (again.tool_calls, again.call_id, again.attachments) == (message.tool_calls, message.call_id, message.attachments)


@pytest.mark.parametrize(
    ("name", "asked", "answered"),
    [
        (
            "openai-chat",
            {"role": "assistant", "content": "I look.", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}]},
            {"role": "tool", "content": "12 degrees", "tool_call_id": "call_1"},
        ),
        (
            "cohere",
            {"role": "assistant", "tool_plan": "I look.", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}]},
            {"role": "tool", "content": "12 degrees", "tool_call_id": "call_1"},
        ),
        (
            "ollama",
            {"role": "assistant", "content": "I look.", "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Ulm"}}}]},
            {"role": "tool", "content": "12 degrees", "tool_name": "weather"},
        ),
        (
            "anthropic",
            {"role": "assistant", "content": [
                {"type": "text", "text": "I look."}, {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Ulm"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "12 degrees"}]},
        ),
        (
            "bedrock",
            {"role": "assistant", "content": [
                {"text": "I look."}, {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Ulm"}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "call_1", "content": [{"text": "12 degrees"}]}}]},
        ),
    ],
)  # fmt: skip
def test_tool_turns_have_each_formats_own_shape(name: str, asked: Mapping[str, Any], answered: Mapping[str, Any]) -> None:
    assert body(name, Request("m", TOOL_TURNS))["messages"][1:] == [asked, answered]


def test_responses_and_gemini_have_items_and_parts_for_tool_turns() -> None:
    assert body("openai-responses", Request("m", TOOL_TURNS))["input"][1:] == [
        {"role": "assistant", "content": "I look."},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Ulm"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "12 degrees"},
    ]
    call = {"functionCall": {"id": "call_1", "name": "weather", "args": {"city": "Ulm"}}}
    said = {"functionResponse": {"id": "call_1", "name": "weather", "response": {"result": "12 degrees"}}}
    old = body("gemini", Request("gemini-2.5-flash", TOOL_TURNS))["contents"]
    assert [turn["parts"] for turn in old[1:]] == [[{"text": "I look."}, call], [said]]
    new = body("gemini", Request("gemini-3-pro", TOOL_TURNS))["contents"]
    assert new[1]["parts"][1] == {**call, "thoughtSignature": "skip_thought_signature_validator"}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_tools_turn_without_its_call_is_the_users(name: str) -> None:
    text = json.dumps(body(name, Request("m", (Message.of("user", "Hi"), Message("tool", (Part(text="12"),), (), "gone")))))
    assert "12" in text
    assert "gone" not in text


@pytest.mark.parametrize(
    ("name", "file", "kind"),
    [
        ("anthropic", "anthropic_messages", "MessageCreateParamsNonStreaming"),
        ("openai-chat", "openai_chat", "CreateChatCompletionRequest"),
        ("openai-responses", "openai_responses", "CreateResponse"),
        ("ollama", "ollama", "ChatRequest"),
        ("gemini", "gemini_content", "Content"),
    ],
)
def test_tool_turns_and_pictures_fit_the_vendors_own_types(shared: Path, name: str, file: str, kind: str) -> None:
    schema = json.loads((shared / "wire" / "schemas" / f"{file}.schema.json").read_text("utf-8"))
    if name == "openai-responses":
        schema["$defs"]["InputItem"]["anyOf"] = schema["$defs"]["InputItem"].pop("oneOf")  # a message is of two kinds there
    picture = Message("user", (Part(text="And this?"), Part("image", media_type="image/png", data=picture_for("x"))))
    sent = body(name, Request("gemini-3-pro", (*TOOL_TURNS, picture), {"max_tokens": 50}, tools=(WEATHER,), stream=False))
    validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})
    for item in sent["contents"] if name == "gemini" else [sent]:
        assert not [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(item)]


def test_what_a_model_does_not_read_is_named_and_left_out() -> None:
    parts = (
        Part(text="What?"),
        Part("image", media_type="image/png", data=b"x"),
        Part("file", media_type="application/pdf", data=b"%PDF-"),
    )
    request = Request("m", (Message("user", parts),))
    for name, reads, left in (
        ("openai-chat", (), ()),
        ("openai-chat", ("text",), ("pictures",)),
        ("openai-chat", ("text", "image"), ()),
        ("cohere", (), ("files",)),
        ("ollama", ("text",), ("pictures", "files")),
        ("openai-images", (), ("pictures", "files")),
        ("builtin", (), ("pictures", "files")),
    ):
        assert providers.unread(name, reads, request.messages) == left
    assert [part.kind for part in without(request, ("pictures",)).messages[0].parts] == ["text", "file"]
    assert without(request, ("pictures", "files")).messages[0].to_json() == {"role": "user", "content": "What?"}


@pytest.mark.parametrize(
    ("name", "model", "parameters", "words"),
    [
        ("cohere", "m", {"reasoning_effort": "low"}, ["takes reasoning_effort low as thinking on"]),
        ("cohere", "m", {"reasoning_effort": "none"}, []),
        ("ollama", "m", {"reasoning_effort": "xhigh"}, ["takes reasoning_effort xhigh as high"]),
        ("ollama", "m", {"reasoning_effort": "low"}, []),
        ("gemini", "gemini-2.5-flash", {"reasoning_effort": "low"}, ["takes reasoning_effort low as 1,024 tokens to think with"]),
        ("gemini", "gemini-3-pro", {"reasoning_effort": "low"}, []),
        ("gemini", "gemini-3-pro", {"reasoning_effort": "xhigh"}, ["takes reasoning_effort xhigh as high"]),
        ("anthropic", "claude-haiku-4-5", {"reasoning_effort": "low"}, ["takes reasoning_effort low as 2,048 tokens to think with"]),
        ("anthropic", "claude-opus-5", {"reasoning_effort": "minimal"}, ["takes reasoning_effort minimal as low"]),
        ("bedrock", "amazon.nova-2-lite-v1:0", {"reasoning_effort": "max"}, ["takes reasoning_effort max as high"]),
        ("openai-responses", "gpt-5", {"reasoning_effort": "minimal"}, []),
        ("gemini", "gemini-2.5-flash", {"reasoning_effort": "low", "reasoning_budget": 5},
         ["takes reasoning_budget and not reasoning_effort beside it"]),
    ],
)  # fmt: skip
def test_an_effort_that_is_said_in_other_words_is_told(name: str, model: str, parameters: Mapping[str, Any], words: list[str]) -> None:
    assert list(providers.adapted(name, model, parameters)) == words


def test_a_schema_and_tools_that_have_no_place_are_named() -> None:
    tool = {"name": "weather", "parameters": {}}
    for name in ("by-hand", "openai-images"):
        assert providers.unsaid(name, {"type": "object"}, [tool]) == ("JSON schema", "tools")
        assert providers.unsaid(name, None, ()) == ()
        assert providers.left_out(name, {"response_format": {"type": "json_object"}}) == ("response_format",)
    for name in ("openai-chat", "openai-responses", "anthropic", "gemini", "bedrock", "ollama", "cohere", "mistral", "builtin"):
        assert providers.unsaid(name, {"type": "object"}, [tool]) == ()
