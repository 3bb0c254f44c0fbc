"""Mistral where it differs from Chat Completions: what is sent holds nothing that it refuses, its parts and errors are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.recorded_wire import answered, http, read
from workbench.providers.failures import ProviderError, is_retryable
from workbench.providers.mistral import UNSUPPORTED, request_body
from workbench.providers.openai_chat import ChatReader
from workbench.values import Message, Part, Request

HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello"))
TAKEN = {
    "model", "messages", "temperature", "top_p", "max_tokens", "stream", "stop", "random_seed", "metadata", "response_format", "tools",
    "tool_choice", "presence_penalty", "frequency_penalty", "n", "prediction", "parallel_tool_calls", "prompt_mode", "reasoning_effort",
    "guardrails", "safe_prompt",
}  # fmt: skip
"""The fields of a request in Mistral's own SDK; others are refused with 422."""


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    value = {"id": "1", "model": "magistral", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def test_a_request_with_everything_holds_only_fields_that_mistral_takes() -> None:
    common = {
        "temperature": 0.1, "top_p": 0.9, "top_k": 4, "min_p": 0.1, "max_tokens": 9, "stop": "END", "seed": 7, "presence_penalty": 0.1,
        "frequency_penalty": 0.1, "reasoning_effort": "high", "reasoning_budget": 5, "logprobs": True, "top_logprobs": 2, "user": "u",
        "parallel_tool_calls": False, "tool_choice": "any", "prompt_mode": "reasoning", "safe_prompt": True,
    }  # fmt: skip
    tool = {"name": "f", "parameters": {"type": "object"}}
    body = request_body(Request("m", HELLO, common, output_schema={"type": "object"}, tools=(tool,)))
    assert set(body) <= TAKEN
    assert body["random_seed"] == 7
    assert {name: body[name] for name in common if name in body} == {
        name: common[name] for name in common if name not in (*UNSUPPORTED, "seed")
    }
    assert "random_seed" not in request_body(Request("m", HELLO))
    assert request_body(Request("m", HELLO, {"seed": 1, "extra": {"top_k": 3, "random_seed": 2}}))["top_k"] == 3


def test_files_are_documents_and_pictures_stay_pictures() -> None:
    parts = (Part(text="What?"), Part("image", "", "image/png", b"\x89PNG"), Part("file", "", "application/pdf", b"%PDF", "a.pdf"))
    assert request_body(Request("m", (Message("user", parts),)))["messages"][0]["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
        {"type": "document_url", "document_url": "data:application/pdf;base64,JVBERg==", "document_name": "a.pdf"},
    ]


def test_an_assistants_turn_at_the_end_is_continued() -> None:
    turns = (*HELLO, Message.of("assistant", "One"), Message.of("user", "Go on"), Message.of("assistant", "Two"))
    assert [message.get("prefix") for message in request_body(Request("m", turns))["messages"]] == [None, None, None, None, True]


def test_thinking_comes_in_parts_of_the_content() -> None:
    reference = {"type": "reference", "reference_ids": [1]}
    contents = (
        [{"type": "thinking", "thinking": [{"type": "text", "text": "h"}]}],
        [{"type": "thinking", "thinking": [{"type": "text", "text": "m"}, reference]}],
        [{"type": "text", "text": "y"}, reference],
        "es",
    )
    body = b"".join(chunk({"content": content}) for content in contents) + chunk({}, "model_length") + b"data: [DONE]\n\n"
    reply, text = read(ChatReader(), body)
    assert (reply.thinking, reply.text, text) == ("hm", "yes", "yes")
    assert (reply.finish_reason, reply.raw_finish_reason) == ("length", "model_length")


@pytest.mark.parametrize("arguments", [{"x": 1}, '{"x": 1}'])
def test_arguments_of_a_call_are_an_object_or_text(arguments: Any) -> None:
    call = {"id": "VB03LVVRm", "index": 0, "function": {"name": "f", "arguments": arguments}}
    reply, _ = read(ChatReader(), chunk({"tool_calls": [call]}, "tool_calls") + b"data: [DONE]\n\n")
    assert (reply.tool_calls[0].id, reply.tool_calls[0].arguments) == ("VB03LVVRm", {"x": 1})


def test_a_bare_error_object_in_a_stream_is_a_failure() -> None:
    error = {"object": "error", "message": "Service unavailable.", "type": "unavailable", "code": "3000"}
    reader = ChatReader()
    with pytest.raises(ProviderError, match="Service unavailable") as caught:
        read(reader, chunk({"content": "par"}) + b"data: " + json.dumps(error).encode() + b"\n\n")
    assert (caught.value.failure.kind, caught.value.failure.provider_code) == ("overloaded", "3000")
    with pytest.raises(ProviderError, match="Service unavailable"):
        ChatReader().whole(error)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "param": None, "code": "1500"}, "not_found"),
        (401, {"detail": "Unauthorized"}, "auth"),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "x"], "msg": "Extra inputs are not permitted"}]}, "bad_request"),
        (429, {"object": "error", "message": "Service tier capacity exceeded for this model.", "type": "service_tier_capacity_exceeded",
               "code": "3505"}, "rate_limit"),
    ],
)  # fmt: skip
def test_errors_are_understood(status: int, body: dict[str, Any], kind: str) -> None:
    data = json.dumps(body).encode()
    (_, _, failure), requests = answered("mistral", http(data, "application/json", status, headers="mistral-correlation-id: abc\r\n"))
    assert failure is not None
    assert (failure.kind, failure.status) == (kind, status)
    assert is_retryable(failure) == (kind == "rate_limit")
    assert b"stream_options" not in requests[0]


def test_the_correlation_id_names_the_call() -> None:
    body = json.dumps({"id": "x", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]}).encode()
    (_, reply, _), _ = answered("mistral", http(body, "application/json", headers="mistral-correlation-id: abc\r\n"))
    assert reply is not None
    assert reply.request_id == "abc"
