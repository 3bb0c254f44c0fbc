"""Anthropic Messages: recordings are read as they were meant, however they are cut; requests fit the SDK's own types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import SHARED
from tests.recorded_wire import KEY, answered, http, read, recordings, replayed, streams
from workbench.providers.anthropic import UNSUPPORTED, MessagesReader, address_of, request_body
from workbench.providers.anthropic.answer import usage_of
from workbench.providers.anthropic.request import default_max_tokens
from workbench.providers.anthropic.thinking import thinking_of
from workbench.providers.failures import ProviderError, is_retryable
from workbench.values import Endpoint, Message, Part, Reply, Request, Usage

needs_recordings = pytest.mark.skipif(not (SHARED / "wire").is_dir(), reason="the folder ../shared is not here")
STREAMS = streams("anthropic-messages")
HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello"))
NEW = "claude-opus-5"
SCHEMA = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {}}}}, "required": ["a"]}
WEATHER = {"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event.get('type')}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def begin(**usage: Any) -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "stop_reason": None,
    }
    return {"type": "message_start", "message": {**message, "usage": {"input_tokens": 5, "output_tokens": 1, **usage}}}


def block(index: int, *deltas: dict[str, Any], **start: Any) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def said(text: str, index: int = 0) -> list[dict[str, Any]]:
    return block(index, {"type": "text_delta", "text": text}, type="text", text="")


def finish(reason: str | None = "end_turn", **more: Any) -> list[dict[str, Any]]:
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None, **more}, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]


def reply_of(*events: dict[str, Any]) -> Reply:
    return read(MessagesReader(), sse(*events))[0]


def body(model: str = NEW, messages: tuple[Message, ...] = HELLO, **parameters: Any) -> dict[str, Any]:
    return request_body(Request(model, messages, parameters, stream=False))


# Recordings


@needs_recordings
def test_recordings_are_read_as_they_were_meant() -> None:
    found = recordings("anthropic-messages")
    assert len(found) > 10
    for item in found:
        head, _, sent = replayed("anthropic", item)[0].partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        assert lines[0] == "post /v1/messages http/1.1"
        assert f"x-api-key: {KEY}" in lines
        assert "anthropic-version: 2023-06-01" in lines
        assert not any(line.startswith("authorization:") for line in lines)
        assert json.loads(sent).get("stream", False) is item["streaming"]


@needs_recordings
def test_a_stream_without_its_last_event_is_cut_off_and_keeps_what_had_arrived() -> None:
    for data in STREAMS:
        short = data[: data.rindex(b"event: message_stop")]
        (pieces, _, failure), _ = answered("anthropic", http(short, "text/event-stream"))
        assert failure is not None
        assert (failure.kind, failure.provider_code) == ("network", "cut")
        assert failure.partial is not None
        assert failure.partial.text == "".join(piece.text for piece in pieces) != ""


# Reading


def test_all_kinds_of_blocks_are_read() -> None:
    reply = reply_of(
        begin(),
        *block(
            0, {"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "x"}, type="thinking", thinking=""
        ),
        *block(1, type="redacted_thinking", data="secret"),
        {"type": "ping"},
        *block(
            2, {"type": "citations_delta", "citation": {"cited_text": "c"}}, {"type": "text_delta", "text": "yes"}, type="text", text=""
        ),
        *block(
            3, {"type": "input_json_delta", "partial_json": '{"query": "x"}'}, type="server_tool_use", id="s", name="web_search", input={}
        ),
        *block(4, type="web_search_tool_result", tool_use_id="s", content=[{"type": "web_search_result", "url": "u"}]),
        *block(5, type="container_upload", file_id="f"),
        {"type": "an_event_of_tomorrow", "index": {}},
        *block(6, {"type": "a_delta_of_tomorrow", "text": "no"}, type="a_block_of_tomorrow", text="no"),
        *said(" sir", 7),
        *finish(),
    )
    assert (reply.text, reply.thinking, reply.tool_calls, reply.finish_reason) == ("yes sir", "hm", (), "stop")
    assert (reply.resolved_model, reply.request_id) == ("claude-x", "msg_1")


def test_tool_calls_are_put_together_from_their_pieces() -> None:
    pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"a"', ": [1]}")]
    reply = reply_of(
        begin(),
        *block(0, *pieces, type="tool_use", id="t1", name="f", input={}),
        *block(1, type="tool_use", id="t2", name="g", input={}),
        *block(2, {"type": "input_json_delta", "partial_json": '{"cut'}, type="tool_use", id="t3", name="h", input={}),
        *block(3, type="tool_use", id="t4", name="i", input={"whole": 1}),
        *finish("tool_use"),
    )
    calls = [(call.id, call.name, call.arguments) for call in reply.tool_calls]
    assert calls == [("t1", "f", {"a": [1]}), ("t2", "g", {}), ("t3", "h", '{"cut'), ("t4", "i", {"whole": 1})]
    assert reply.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"), ("pause_turn", "pause"), ("refusal", "refusal"), ("because", "other"), (None, "stop"),
    ],
)  # fmt: skip
def test_every_reason_to_stop_has_its_common_word(word: str | None, reason: str) -> None:
    reply = reply_of(begin(), *said("x"), *finish(word))
    assert (reply.finish_reason, reply.raw_finish_reason) == (reason, word)
    whole = MessagesReader().whole({"type": "message", "content": [{"type": "text", "text": "x"}], "stop_reason": word})
    assert (whole.finish_reason, whole.text) == (reason, "x")


def test_a_refusal_says_why_where_the_provider_does() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Not this."}
    reply = reply_of(begin(), *finish("refusal", stop_details=details))
    assert (reply.finish_reason, reply.refusal, reply.text) == ("refusal", "Not this.", "")
    assert reply_of(begin(), *finish("refusal", stop_details={"type": "refusal", "category": "bio"})).refusal == "bio"
    assert reply_of(begin(), *finish("refusal", stop_details=None)).refusal is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"input_tokens": 5, "output_tokens": 2}, Usage(5, 2)),
        ({"input_tokens": 5, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 10, "output_tokens": 2}, Usage(105, 2, 90, 10)),
        (
            {"input_tokens": 1, "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3}},
            Usage(6, None, None, 5, None, 3),
        ),
        ({"input_tokens": 1, "output_tokens": 8, "output_tokens_details": {"thinking_tokens": 7}}, Usage(1, 8, reasoning_tokens=7)),
        ({"input_tokens": 1, "output_tokens": 8, "server_tool_use": {"web_search_requests": 2}}, Usage(1, 8, web_searches=2)),
        ({"input_tokens": None, "output_tokens": "2", "cache_creation": {}}, Usage()),
        (None, Usage()),
    ],
)
def test_usage_counts_cache_reads_and_writes_as_read(raw: Any, expected: Usage) -> None:
    assert usage_of(raw) == expected


def test_later_counts_replace_earlier_ones_and_a_placeholder_is_no_count() -> None:
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"input_tokens": 0, "output_tokens": 9}}
    assert reply_of(begin(cache_read_input_tokens=None), end, {"type": "message_stop"}).usage == Usage(5, 9)
    late = {**end, "usage": {"input_tokens": 7, "cache_read_input_tokens": 0, "output_tokens": 9}}
    assert reply_of(begin(input_tokens=0), late, {"type": "message_stop"}).usage == Usage(7, 9, 0)
    reader = MessagesReader()
    with pytest.raises(ProviderError):
        read(reader, sse(begin(), *said("x")))
    partial = reader.partial()
    assert partial is not None
    assert partial.usage == Usage(5, None)


def test_usage_agrees_with_the_catalogues_own_samples(shared: Path) -> None:
    compared = 0
    for sample in json.loads((shared / "models" / "genai-prices_usage_samples.json").read_text("utf-8")):
        raw = sample["body"].get("usage") or {}
        if "cache_read_input_tokens" not in raw:
            continue
        for extracted in sample["extracted"]:
            if any((each["provider_id"], each["api_flavor"]) == ("anthropic", "default") for each in extracted["extractors"]):
                want, got = extracted["usage"], usage_of(raw)
                assert (got.input_tokens, got.output_tokens) == (want["input_tokens"], want["output_tokens"]), sample["body"]
                assert (got.cached_input_tokens or 0, got.cache_write_tokens or 0) == (
                    want.get("cache_read_tokens", 0),
                    want.get("cache_write_tokens", 0),
                )
                compared += 1
    assert compared > 20


def test_an_error_in_a_stream_is_a_failure_with_what_had_arrived() -> None:
    error = {"type": "error", "error": {"details": None, "type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"}
    (_, _, failure), _ = answered("anthropic", http(sse(begin(), *said("par"), error), "text/event-stream"))
    assert failure is not None
    assert (failure.kind, failure.message, failure.provider_code) == ("overloaded", "Overloaded", "overloaded_error")
    assert is_retryable(failure)
    assert failure.partial is not None
    assert failure.partial.text == "par"
    for value in (error, {"error": {"type": "overloaded_error", "message": "Overloaded"}}):
        with pytest.raises(ProviderError) as caught:
            MessagesReader().whole(value)
        assert caught.value.failure.kind == "overloaded"


@pytest.mark.parametrize("value", [None, [], "text", {}, {"content": 7}, {"type": "message"}, {"choices": []}])
def test_a_body_that_is_no_message_is_named(value: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        MessagesReader().whole(value)
    assert caught.value.failure.kind == "protocol"


def test_a_stream_that_holds_nothing_is_no_answer() -> None:
    for data in (b"", b": hello\n\n", b'data: {"type": "ping"}\n\n', b"data: [1]\n\n", b"data: {broken\n\n"):
        with pytest.raises(ProviderError) as caught:
            read(MessagesReader(), data)
        assert caught.value.failure.kind == "protocol"


# What is sent


def test_a_plain_request_is_small() -> None:
    assert body(temperature=0, stop=[], top_k=None) == {
        "model": NEW,
        "max_tokens": 16_384,
        "messages": [{"role": "user", "content": "Hello"}],
        "system": "Be brief.",
        "temperature": 0,
    }


def test_each_parameter_finds_its_place_or_is_left_out() -> None:
    parameters = {
        "temperature": 0.5, "top_p": 0.9, "top_k": 5, "max_tokens": 99, "stop": "END", "user": "u1", "service_tier": "auto",
        **dict.fromkeys(UNSUPPORTED, 1), "extra": {"metadata": {"more": 1}, "service_tier": "standard_only"},
    }  # fmt: skip
    sent = request_body(Request(NEW, HELLO, parameters, stream=False))
    assert {name: sent[name] for name in sorted(set(sent) - {"model", "messages", "system"})} == {
        "max_tokens": 99, "metadata": {"user_id": "u1", "more": 1}, "service_tier": "standard_only", "stop_sequences": ["END"],
        "temperature": 0.5, "top_k": 5, "top_p": 0.9,
    }  # fmt: skip
    assert body(stop=("a", "b"))["stop_sequences"] == ["a", "b"]
    assert request_body(Request(NEW, HELLO), {"body": {"container": "c"}, "max_tokens": 7})["container"] == "c"
    assert request_body(Request(NEW, HELLO), {"max_tokens": 7})["max_tokens"] == 7


@pytest.mark.parametrize(
    ("model", "effort", "budget", "thinking", "word"),
    [
        (NEW, None, None, None, None),
        (NEW, "xhigh", None, "adaptive", "xhigh"),
        (NEW, "minimal", None, "adaptive", "low"),
        (NEW, "none", None, "disabled", None),
        (NEW, None, -1, "adaptive", None),
        (NEW, "high", 4096, 4096, "high"),
        ("anthropic.claude-sonnet-4-6", "max", None, "adaptive", "max"),
        ("claude-opus-4-6-v1:0", "low", None, "adaptive", "low"),
        ("anthropic/claude-4.6-sonnet", "low", None, "adaptive", "low"),
        ("claude-opus-4-5-20251101", "high", None, 16_384, "high"),
        ("claude-sonnet-4-5@20250929", "medium", None, 8192, None),
        ("claude-opus-4-20250514", "minimal", None, 1024, None),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "low", None, 2048, None),
        ("claude-haiku-4-5", "high", 1500, 1500, None),
        ("claude-haiku-4-5", None, 0, "disabled", None),
        ("MiniMax-M2", "low", None, 2048, None),
    ],
)
def test_effort_and_budget_take_the_form_that_the_model_knows(model: str, effort: Any, budget: Any, thinking: Any, word: Any) -> None:
    sent, said = thinking_of(model, effort, budget)
    assert said == word
    if isinstance(thinking, int):
        assert sent == {"type": "enabled", "budget_tokens": thinking}
        assert body(model, reasoning_effort=effort, reasoning_budget=budget)["max_tokens"] == thinking + default_max_tokens(model)
    else:
        assert (sent or {}).get("type") == thinking
    assert body(model, reasoning_effort=effort, reasoning_budget=budget).get("output_config") == ({"effort": word} if word else None)


def test_every_model_gets_a_limit_that_its_generation_takes() -> None:
    names = ("claude-3-opus-20240229", "claude-3-5-haiku-latest", "claude-sonnet-4-5", "qwen3")
    assert [default_max_tokens(name) for name in names] == [4096, 8192, 16_384, 4096]


def test_an_output_schema_is_closed_and_asked_for_beside_the_effort() -> None:
    request = Request(NEW, HELLO, {"reasoning_effort": "low"}, output_schema={"name": "n", "schema": SCHEMA, "strict": True})
    sent = request_body(request)["output_config"]
    assert sent["effort"] == "low"
    schema = sent["format"]["schema"]
    assert schema["additionalProperties"] is schema["properties"]["a"]["items"]["additionalProperties"] is False
    assert "additionalProperties" not in SCHEMA
    assert request_body(Request(NEW, HELLO, output_schema=SCHEMA))["output_config"]["format"]["schema"] == schema
    assert "output_config" not in request_body(Request(NEW, HELLO, output_schema={"type": "json_object"}))


def test_tools_of_openais_form_are_translated_and_own_ones_travel_as_they_are() -> None:
    own = ({"type": "web_search_20250305", "name": "web_search"}, {"name": "x", "input_schema": {"type": "object"}})
    request = Request(NEW, HELLO, {"parallel_tool_calls": False}, tools=(WEATHER, {"type": "function", "function": {"name": "f"}}, *own))
    sent = request_body(request)
    assert sent["tools"] == [
        {"name": "weather", "description": "d", "input_schema": WEATHER["parameters"]},
        {"name": "f", "input_schema": {"type": "object", "properties": {}}},
        *own,
    ]
    assert sent["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    choices = {"required": {"type": "any"}, "auto": {"type": "auto"}, "none": {"type": "none"}, "f": {"type": "tool", "name": "f"}}
    for choice, form in choices.items():
        assert body(tool_choice=choice)["tool_choice"] == form
    assert body(tool_choice={"type": "function", "function": {"name": "f"}})["tool_choice"] == {"type": "tool", "name": "f"}


def test_turns_alternate_and_system_texts_are_one() -> None:
    messages = (
        Message.of("system", "A"), Message.of("user", "one"), Message.of("tool", "two"), Message.of("assistant", "three"),
        Message.of("system", "B"), Message.of("user", "four"), Message("user", (Part(text=""), Part(text="five"))),
    )  # fmt: skip
    sent = body(messages=messages)
    assert sent["system"] == "A\n\nB"
    texts = [
        (turn["role"], turn["content"] if isinstance(turn["content"], str) else [part["text"] for part in turn["content"]])
        for turn in sent["messages"]
    ]
    assert texts == [("user", ["one", "two"]), ("assistant", "three"), ("user", ["four", "five"])]


def test_a_prompt_of_system_text_alone_is_what_the_user_says() -> None:
    sent = body(messages=HELLO[:1])
    assert sent["messages"] == [{"role": "user", "content": "Be brief."}]
    assert "system" not in sent


def test_pictures_and_documents_have_blocks_of_their_own() -> None:
    parts = (
        Part(text="What?"), Part("image", "", "image/jpg", b"\xff\xd8"), Part("file", "", "application/pdf", b"%PDF", "a.pdf"),
        Part("file", "", "text/csv", b"a,b"), Part("file", "", "image/webp", b"RIFF"),
    )  # fmt: skip
    blocks = body(messages=(Message("user", parts),))["messages"][0]["content"]
    sources = [entry.get("source", {}) for entry in blocks]
    assert [(entry["type"], source.get("media_type")) for entry, source in zip(blocks, sources, strict=True)] == [
        ("text", None), ("image", "image/jpeg"), ("document", "application/pdf"), ("document", "text/plain"), ("image", "image/webp"),
    ]  # fmt: skip
    assert (blocks[2]["title"], blocks[2]["source"]["data"], blocks[3]["source"]["data"]) == ("a.pdf", "JVBERg==", "a,b")
    for message in (Message("user", (Part("file", "", "video/mp4", b"x"),)), Message("system", (Part("image", "", "image/png", b"x"),))):
        with pytest.raises(ProviderError) as caught:
            body(messages=(message,))
        assert caught.value.failure.kind == "bad_request"


def test_requests_fit_the_sdks_own_types(shared: Path) -> None:
    schema = json.loads((shared / "wire" / "schemas" / "anthropic_messages.schema.json").read_text("utf-8"))
    picture = Message("user", (Part(text="What?"), Part("image", "", "image/png", b"\x89PNG")))
    everything = {"temperature": 0.5, "top_p": 1, "top_k": 3, "max_tokens": 5, "stop": "END", "user": "u", "tool_choice": "auto"}
    for request in (
        Request(NEW, HELLO),
        Request(NEW, HELLO, everything, output_schema=SCHEMA, tools=(WEATHER,), stream=False),
        Request(NEW, (picture,), {"reasoning_effort": "high", "parallel_tool_calls": False}, tools=(WEATHER,)),
        Request("claude-haiku-4-5", (picture,), {"reasoning_budget": 2000}, stream=False),
    ):
        kind = "MessageCreateParamsStreaming" if request.stream else "MessageCreateParamsNonStreaming"
        validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})
        sent = request_body(request)
        assert not [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(sent)]
        assert set(sent) <= set(schema["$defs"][kind]["properties"])


# Where it is sent


def test_the_address_is_whole_however_the_base_url_is_written() -> None:
    def full(base: str, stream: bool = True, **options: Any) -> str:
        return address_of(Endpoint("anthropic", base, options=options), Request("claude-x@1", HELLO, stream=stream))

    for base in ("http://h", "http://h/", "http://h/v1", "http://h/v1/", "http://h/v1/messages"):
        assert full(base) == "http://h/v1/messages"
    assert full("https://n.services.ai.azure.com/anthropic?a=1") == "https://n.services.ai.azure.com/anthropic/v1/messages?a=1"
    vertex: dict[str, Any] = {"path": "/models/{model}:rawPredict", "stream_path": "/models/{model}:streamRawPredict"}
    assert full("http://h", **vertex) == "http://h/models/claude-x@1:streamRawPredict"
    assert full("http://h", stream=False, **vertex) == "http://h/models/claude-x@1:rawPredict"


def test_a_host_with_the_version_in_the_body_gets_a_bearer_token_and_no_model() -> None:
    options: dict[str, Any] = {"path": "/{model}:rawPredict", "version_in_body": "vertex-2023-10-16", "key_header": "authorization"}
    (_, reply, _), requests = answered("anthropic", http(sse(begin(), *said("hello"), *finish()), "text/event-stream"), **options)
    assert reply is not None
    assert reply.text == "hello"
    head, _, sent = requests[0].partition(b"\r\n\r\n")
    assert f"authorization: bearer {KEY}" in head.decode().lower()
    assert b"anthropic-version" not in head.lower()
    assert b"x-api-key" not in head.lower()
    fields = json.loads(sent)
    assert fields["anthropic_version"] == "vertex-2023-10-16"
    assert "model" not in fields
