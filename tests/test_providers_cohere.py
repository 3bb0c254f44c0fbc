"""Cohere v2 chat as pure functions: names of its own, every kind of event, both shapes of usage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.recorded_wire import answered, http, read
from workbench.providers.cohere import UNSUPPORTED, CohereReader, request_body
from workbench.providers.cohere.answer import usage_of
from workbench.providers.failures import ProviderError, is_retryable
from workbench.values import Message, Part, Reply, Request, Usage

HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello"))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event.get('type')}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def piece(kind: str, index: int = 0, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": index, "delta": {"message": message}}


def ending(finish: str = "COMPLETE", **fields: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": finish, **fields}}


START = {
    "id": "c14c80c3",
    "type": "message-start",
    "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}},
}


def whole(finish: str = "COMPLETE", **message: Any) -> Reply:
    return CohereReader().whole({"id": "x", "finish_reason": finish, "message": {"role": "assistant", **message}})


def test_a_request_uses_coheres_names() -> None:
    common = {
        "temperature": 0, "top_p": 0.9, "top_k": 4, "min_p": 0.1, "max_tokens": 9, "stop": "END", "seed": 7, "presence_penalty": 0.1,
        "frequency_penalty": 0.2, "logprobs": True, "top_logprobs": 2, "user": "u", "parallel_tool_calls": False, "tool_choice": "required",
        "safety_mode": "OFF", "documents": ["a"],
    }  # fmt: skip
    assert request_body(Request("m", HELLO, common, stream=False)) == {
        "model": "m", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "temperature": 0, "p": 0.9, "k": 4, "max_tokens": 9, "stop_sequences": ["END"], "seed": 7, "presence_penalty": 0.1,
        "frequency_penalty": 0.2, "logprobs": True, "tool_choice": "REQUIRED", "safety_mode": "OFF", "documents": ["a"],
    }  # fmt: skip
    assert set(request_body(Request("m", HELLO, dict.fromkeys(UNSUPPORTED, 1)))) == {"model", "messages", "stream"}


@pytest.mark.parametrize(
    ("parameters", "thinking"),
    [
        ({"reasoning_effort": "none"}, {"type": "disabled"}),
        ({"reasoning_effort": "high"}, {"type": "enabled"}),
        ({"reasoning_budget": 500}, {"type": "enabled", "token_budget": 500}),
        ({"reasoning_budget": 500, "reasoning_effort": "low"}, {"type": "enabled", "token_budget": 500}),
        ({"reasoning_effort": "low", "reasoning_budget": 500}, {"type": "enabled", "token_budget": 500}),
        ({"reasoning_budget": 0}, {"type": "disabled"}),
        ({"extra": {"thinking": {"type": "disabled"}}}, {"type": "disabled"}),
    ],
)
def test_reasoning_is_switched_and_bounded(parameters: dict[str, Any], thinking: dict[str, Any]) -> None:
    assert request_body(Request("m", HELLO, parameters))["thinking"] == thinking


@pytest.mark.parametrize(("choice", "sent"), [("auto", None), ("none", "NONE"), ("any", "REQUIRED"), ("REQUIRED", "REQUIRED")])
def test_a_tool_choice_is_translated(choice: str, sent: str | None) -> None:
    assert request_body(Request("m", HELLO, {"tool_choice": choice})).get("tool_choice") == sent


@pytest.mark.parametrize("wanted", [SCHEMA, {"name": "x", "schema": SCHEMA, "strict": True}])
def test_an_output_schema_is_a_json_object_with_that_schema(wanted: dict[str, Any]) -> None:
    assert request_body(Request("m", HELLO, output_schema=wanted))["response_format"] == {"type": "json_object", "schema": SCHEMA}
    own = {"type": "json_object"}
    assert request_body(Request("m", HELLO, output_schema=own))["response_format"] == own


def test_pictures_are_sent_and_files_are_refused_before_sending() -> None:
    picture = Message("user", (Part(text="What?"), Part("image", "", "image/png", b"\x89PNG")))
    assert request_body(Request("m", (picture,)))["messages"][0]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,iVBORw=="},
    }
    with pytest.raises(ProviderError, match=r"Take a\.pdf out") as caught:
        request_body(Request("m", (Message("user", (Part("file", "", "application/pdf", b"%PDF", "a.pdf"),)),)))
    assert caught.value.failure.kind == "bad_request"


def test_tools_are_wrapped() -> None:
    plain = {"name": "f", "parameters": SCHEMA}
    wrapped = {"type": "function", "function": plain}
    assert request_body(Request("m", HELLO, tools=(plain, wrapped, {"type": "function", **plain})))["tools"] == [wrapped] * 3


def test_text_and_thinking_come_in_parts() -> None:
    body = sse(
        START,
        piece("content-start", content={"type": "thinking", "thinking": "h"}),
        piece("content-delta", content={"thinking": "m"}),
        {"type": "content-end", "index": 0},
        piece("content-start", 1, content={"type": "text", "text": ""}),
        piece("content-delta", 1, content={"text": "ye"}),
        piece("citation-start", 0, citations={"start": 0, "end": 2, "text": "ye", "sources": [], "type": "TEXT_CONTENT"}),
        {"type": "citation-end", "index": 0},
        piece("content-delta", 1, content={"text": "s"}, logprobs={"token_ids": [1]}),
        {"type": "content-end", "index": 1},
        {"type": "debug", "prompt": "..."},
        ending(usage={"tokens": {"input_tokens": 9.0, "output_tokens": 2}}),
    )
    reply, text = read(CohereReader(), body)
    assert (reply.thinking, reply.text, text, reply.request_id) == ("hm", "yes", "yes", "c14c80c3")
    assert reply.usage == Usage(9, 2)
    assert whole(content=[{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes"}]).thinking == "hm"


def test_what_is_said_before_tools_are_called_is_thinking() -> None:
    call = {"id": "f_1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    body = sse(
        START,
        piece("tool-plan-delta", tool_plan="I will "),
        piece("tool-plan-delta", tool_plan="look."),
        piece("tool-call-start", 0, tool_calls={**call, "function": {"name": "f", "arguments": ""}}),
        piece("tool-call-delta", 0, tool_calls={"function": {"arguments": '{"x"'}}),
        piece("tool-call-start", 1, tool_calls={**call, "id": "g_2", "function": {"name": "g"}}),
        piece("tool-call-delta", 0, tool_calls={"function": {"arguments": ": 1}"}}),
        {"type": "tool-call-end", "index": 0},
        ending("TOOL_CALL"),
    )
    streamed = read(CohereReader(), body)[0]
    assert [(each.id, each.name, each.arguments) for each in streamed.tool_calls] == [("f_1", "f", {"x": 1}), ("g_2", "g", {})]
    at_once = whole("TOOL_CALL", tool_plan="I will look.", tool_calls=[call, {**call, "id": "h"}])
    assert [each.id for each in at_once.tool_calls] == ["f_1", "h"]
    for reply in (streamed, at_once):
        assert (reply.text, reply.thinking, reply.finish_reason) == ("", "I will look.", "tool_calls")


@pytest.mark.parametrize(
    ("word", "finish"),
    [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("TOOL_CALL", "tool_calls"), ("NEW_WORD", "other")],
)
def test_finish_reasons_keep_the_providers_word(word: str, finish: str) -> None:
    reply = whole(word, content=[{"type": "text", "text": "x"}])
    assert (reply.finish_reason, reply.raw_finish_reason) == (finish, word)


@pytest.mark.parametrize(("word", "kind"), [("ERROR", "server"), ("TIMEOUT", "timeout")])
def test_a_generation_that_failed_is_a_failure_with_what_had_arrived(word: str, kind: str) -> None:
    body = sse(START, piece("content-delta", content={"text": "par"}), ending(word, error="It broke."))
    (_, reply, failure), _ = answered("cohere", http(body, "text/event-stream"))
    assert reply is None
    assert failure is not None
    assert (failure.kind, failure.message) == (kind, "It broke.")
    assert is_retryable(failure)
    assert failure.partial is not None
    assert failure.partial.text == "par"
    with pytest.raises(ProviderError):
        whole(word)


@pytest.mark.parametrize(
    "event", [{"message": "internal error"}, {"type": "error", "message": "internal error"}, {"error": "internal error"}]
)
def test_an_error_object_in_a_stream_is_a_failure(event: dict[str, Any]) -> None:
    with pytest.raises(ProviderError, match="internal error") as caught:
        read(CohereReader(), sse(START) + b"data: " + json.dumps(event).encode() + b"\n\n")
    assert caught.value.failure.kind == "server"


def test_a_stream_without_its_last_event_was_cut_off() -> None:
    with pytest.raises(ProviderError) as caught:
        read(CohereReader(), sse(START, piece("content-delta", content={"text": "par"})))
    assert (caught.value.failure.kind, caught.value.failure.provider_code) == ("network", "cut")
    with pytest.raises(ProviderError, match="before it began"):
        read(CohereReader(), b"")


@pytest.mark.parametrize("value", [None, [], "x", {}, {"message": None}, {"text": "an answer of version 1"}])
def test_a_body_that_is_no_answer_is_named(value: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        CohereReader().whole(value)
    assert caught.value.failure.kind == "protocol"


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (401, "invalid api token", "auth"),
        (404, "model 'x' not found, make sure the correct model ID was used", "not_found"),
        (429, "You are using a Trial key, which is limited to 20 API calls / minute.", "rate_limit"),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month.", "quota"),
        (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081", "context_length"),
        (498, "blocked input", "bad_request"),
        (500, "internal server error, this has been reported to our developers", "server"),
    ],
)
def test_errors_are_understood(status: int, words: str, kind: str) -> None:
    (_, _, failure), _ = answered("cohere", http(json.dumps({"id": "x", "message": words}).encode(), "application/json", status))
    assert failure is not None
    assert (failure.kind, failure.message, failure.status) == (kind, words, status)


def test_usage_agrees_with_the_catalogues_own_samples(shared: Path) -> None:
    compared = 0
    for sample in json.loads((shared / "models" / "genai-prices_usage_samples.json").read_text("utf-8")):
        for extracted in sample["extracted"]:
            raw = sample["body"].get("usage") or {}
            if "tokens" not in raw or {"provider_id": "cohere", "api_flavor": "tokens"} not in extracted["extractors"]:
                continue
            want, got = extracted["usage"], usage_of(raw)
            assert (got.input_tokens, got.output_tokens) == (want.get("input_tokens"), want.get("output_tokens")), sample["body"]
            assert got.cached_input_tokens == want.get("cache_read_tokens"), sample["body"]
            compared += 1
    assert compared
    assert usage_of({"billed_units": {"input_tokens": 5, "output_tokens": 2}}) == Usage(5, 2)
    assert usage_of(None) == usage_of({}) == usage_of({"tokens": "many"}) == Usage()
