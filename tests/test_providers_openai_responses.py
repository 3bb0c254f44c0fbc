"""Responses as pure functions: what is sent fits OpenAI's own schema, and every kind of event and item is read."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.recorded_wire import answered, http, read
from workbench.providers.failures import ProviderError, is_retryable
from workbench.providers.openai_responses import UNSUPPORTED, ResponsesReader, request_body
from workbench.providers.openai_responses.answer import usage_of
from workbench.providers.sse import EventParser
from workbench.values import Message, Part, Reply, Request, Usage

HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello"))
STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
PNG = b"\x89PNG\r\n\x1a\n"


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event.get('type')}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def created() -> dict[str, Any]:
    return {"type": "response.created", "response": {"id": "resp_1", "model": "m-1", "status": "in_progress", "output": []}}


def last(*output: dict[str, Any], kind: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", "response": {"id": "resp_1", "status": kind, "output": list(output), **fields}}


def message(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": list(parts)}


def said(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def delta(what: str, text: str, output: int = 0, part: int = 0) -> dict[str, Any]:
    number = "summary_index" if "summary" in what else "content_index"
    return {"type": f"response.{what}.delta", "output_index": output, number: part, "item_id": f"item_{output}", "delta": text}


def reply_of(*events: dict[str, Any]) -> Reply:
    """The reply of a stream, after checking that its text had been told piece by piece."""
    reply, text = read(ResponsesReader(), sse(*events))
    assert reply.text == text
    return reply


def whole(*output: dict[str, Any], status: str = "completed", **fields: Any) -> Reply:
    return ResponsesReader().whole({"id": "resp_1", "model": "m-1", "object": "response", "status": status, "output": [*output], **fields})


# Requests


def test_a_plain_request_is_small_and_nothing_is_stored() -> None:
    assert request_body(Request("m", HELLO, {"temperature": 0, "top_p": None}, stream=False)) == {
        "model": "m", "instructions": "Be brief.", "input": [{"role": "user", "content": "Hello"}], "store": False, "temperature": 0,
    }  # fmt: skip
    assert request_body(Request("m", HELLO, {"store": True}))["store"] is True


def test_parameters_stand_where_the_format_keeps_them() -> None:
    common = {
        "temperature": 0.5, "top_p": 0.9, "max_tokens": 50, "reasoning_effort": "low", "reasoning_summary": "auto", "verbosity": "low",
        "logprobs": True, "top_logprobs": 2, "user": "u", "parallel_tool_calls": False, "service_tier": "flex",
        "tool_choice": {"type": "function", "function": {"name": "f"}},
    }  # fmt: skip
    body = request_body(Request("m", HELLO, common))
    assert {name: body[name] for name in body if name not in ("model", "instructions", "input", "store", "stream")} == {
        "temperature": 0.5, "top_p": 0.9, "max_output_tokens": 50, "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"verbosity": "low"}, "include": ["message.output_text.logprobs"], "top_logprobs": 2, "user": "u",
        "parallel_tool_calls": False, "service_tier": "flex", "tool_choice": {"type": "function", "name": "f"},
    }  # fmt: skip


def test_what_has_no_place_is_left_out() -> None:
    body = request_body(Request("m", HELLO, dict.fromkeys(UNSUPPORTED, 1)))
    assert set(body) == {"model", "instructions", "input", "store", "stream"}


def test_extra_fields_go_over_everything_else() -> None:
    parameters = {"reasoning_effort": "low", "extra": {"reasoning": {"summary": "detailed"}, "store": True, "include": ["a"]}}
    body = request_body(Request("m", HELLO, parameters), {"body": {"store": False, "metadata": {"a": "b"}}})
    assert body["reasoning"] == {"effort": "low", "summary": "detailed"}
    assert (body["store"], body["include"], body["metadata"]) == (True, ["a"], {"a": "b"})


def test_system_messages_are_instructions_or_turns() -> None:
    turns = (*HELLO[:1], Message.of("system", "Be kind."), HELLO[1], Message.of("assistant", "Hi"), Message.of("system", "Now in French."))
    body = request_body(Request("m", turns))
    assert body["instructions"] == "Be brief.\n\nBe kind."
    assert [item["role"] for item in body["input"]] == ["user", "assistant", "developer"]
    alone = request_body(Request("m", HELLO[:1]), {"system_role": "system"})
    assert "instructions" not in alone
    assert alone["input"] == [{"role": "system", "content": "Be brief."}]


def test_an_output_schema_lies_flat_beside_other_settings_of_the_text() -> None:
    body = request_body(Request("m", HELLO, {"verbosity": "low"}, output_schema=STRICT))
    assert body["text"] == {"verbosity": "low", "format": {"type": "json_schema", "name": "answer", "schema": STRICT, "strict": True}}
    assert request_body(Request("m", HELLO, output_schema={"type": "json_object"}))["text"] == {"format": {"type": "json_object"}}


def test_tools_lie_flat_and_a_vendors_own_kind_travels_as_it_is() -> None:
    plain = {"name": "f", "description": "d", "parameters": STRICT}
    own = {"type": "web_search", "search_context_size": "low"}
    flat = {"type": "function", "strict": False, **plain}
    tools = (plain, {"type": "function", "function": plain}, {"type": "function", **plain, "strict": True}, own)
    assert request_body(Request("m", HELLO, tools=tools))["tools"] == [flat, flat, {**flat, "strict": True}, own]


def test_requests_fit_openais_schema(shared: Path) -> None:
    schema = json.loads((shared / "wire" / "schemas" / "openai_responses.schema.json").read_text("utf-8"))
    item = schema["$defs"]["InputItem"]
    item["anyOf"] = item.pop("oneOf")  # a message whose content is a list is of two kinds there
    validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/CreateResponse", "$defs": schema["$defs"]})
    parts = (Part(text="What?"), Part("image", "", "image/png", PNG), Part("file", "", "application/pdf", b"%PDF", "a.pdf"))
    parameters = {"temperature": 0.5, "max_tokens": 50, "reasoning_effort": "low", "verbosity": "low", "stop": ["x"], "seed": 1}
    for request in (
        Request("m", HELLO),
        Request("m", HELLO, parameters, output_schema=STRICT),
        Request("m", (Message("user", parts),), tools=({"name": "f", "description": "d", "parameters": STRICT},), stream=False),
        Request("m", (*HELLO, Message.of("assistant", "Hi"), Message.of("tool", "4"), Message.of("system", "Go on."))),
    ):
        body = request_body(request)
        faults = [f"{list(error.path)}: {error.message[:300]}" for error in validator.iter_errors(body)]
        assert not faults
    content = request_body(Request("m", (Message("user", parts),)))["input"][0]["content"]
    assert content[1]["image_url"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert content[2]["filename"] == "a.pdf"


# Streams


def test_text_of_several_items_and_parts_is_one_text() -> None:
    reply = reply_of(
        created(), delta("output_text", "a"), delta("output_text", "b", part=1), delta("output_text", "c", output=1), last(usage=None)
    )
    assert (reply.text, reply.finish_reason, reply.raw_finish_reason) == ("abc", "stop", "completed")
    assert (reply.resolved_model, reply.request_id) == ("m-1", "resp_1")


@pytest.mark.parametrize(
    "events",
    [
        [delta("output_text", "he"), {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "hello"}, last()],
        [{"type": "response.output_item.done", "output_index": 0, "item": message(said("hello"))}, last()],
        [{"type": "response.output_item.done", "item": message(said("hello"))}, last()],
        [last(message(said("hello")))],
        [delta("output_text", "hel"), last(message(said("hello")))],
        [delta("output_text", "hello", output=3), last(message(said("hello")))],  # numbered otherwise in the last event
        [{"type": "response.output_text.delta", "item_id": "x", "delta": "hello"}, last()],  # not numbered at all
    ],
)
def test_a_text_that_is_said_twice_or_only_at_the_end_is_there_once(events: list[dict[str, Any]]) -> None:
    assert reply_of(created(), *events).text == "hello"


def test_the_last_event_counts_more_than_what_came_before() -> None:
    reply, told = read(ResponsesReader(), sse(created(), delta("output_text", "hallo"), last(message(said("hello")))))
    assert (reply.text, told) == ("hello", "hallo")


def test_thinking_is_told_as_it_arrives_with_a_blank_line_between_its_parts() -> None:
    events = (
        created(),
        delta("reasoning_summary_text", "one "),
        delta("reasoning_summary_text", "two"),
        delta("reasoning_summary_text", "three", part=1),
        {"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 1, "text": "three"},
        delta("reasoning_text", "four", output=1),
        delta("output_text", "yes", output=2),
        last(),
    )
    reader, thinking = ResponsesReader(), ""
    for event in EventParser().feed(sse(*events)):
        thinking += reader.event(event)[1]
    assert reader.end().thinking == thinking == "one two\n\nthree\n\nfour"


def test_thinking_of_whole_answers_comes_from_summaries_and_contents() -> None:
    item = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]}
    open_item = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "c"}], "encrypted_content": "x"}
    assert whole(item, open_item, message(said("yes"))).thinking == "a\n\nb\n\nc"
    assert whole({"type": "reasoning", "summary": []}, message(said("yes"))).thinking is None


def test_a_refusal_is_a_finish_reason_of_its_own() -> None:
    streamed = reply_of(
        created(), delta("refusal", "I "), delta("refusal", "cannot."), last(message({"type": "refusal", "refusal": "I cannot."}))
    )
    at_once = whole(message({"type": "refusal", "refusal": "I cannot."}))
    for reply in (streamed, at_once):
        assert (reply.text, reply.refusal, reply.finish_reason) == ("", "I cannot.", "refusal")


def test_function_calls_are_put_together_from_their_pieces() -> None:
    first = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": ""}
    second = {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "g", "arguments": ""}
    reply = reply_of(
        created(),
        {"type": "response.output_item.added", "output_index": 0, "item": first},
        delta("function_call_arguments", '{"x"'),
        {"type": "response.output_item.added", "output_index": 1, "item": second},
        delta("function_call_arguments", '{"y": 2}', output=1),
        delta("function_call_arguments", ": 1}"),
        {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": '{"x": 1}'},
        last(),
    )
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [("call_1", "f", {"x": 1}), ("call_2", "g", {"y": 2})]
    assert reply.finish_reason == "tool_calls"


def test_other_calls_that_are_to_be_run_here_are_recorded_and_the_providers_own_are_not() -> None:
    reply = whole(
        {"type": "custom_tool_call", "call_id": "a", "name": "sql", "input": "[1]"},
        {"type": "computer_call", "call_id": "b", "action": {"type": "click", "x": 1}},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{broken"},
        {"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"type": "mcp_call", "id": "m", "name": "n", "arguments": "{}", "output": "x"},
    )
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [
        ("a", "sql", "[1]"), ("b", "computer", {"type": "click", "x": 1}), ("c", "f", "{broken"),
    ]  # fmt: skip


def test_pictures_that_were_made_are_images_of_the_reply() -> None:
    result = base64.b64encode(PNG).decode()
    item = {"type": "image_generation_call", "id": "ig", "status": "completed", "result": result}
    jpeg = {**item, "output_format": "jpeg"}
    partial = {"type": "response.image_generation_call.partial_image", "output_index": 0, "partial_image_b64": "AAAA"}
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    assert reply_of(created(), partial, done, last(item)).images == (Part("image", "", "image/png", PNG),)
    assert reply_of(created(), partial, done, last(message(said("Here.")))).images == (Part("image", "", "image/png", PNG),)
    assert whole(jpeg, message(said("Here."))).images[0].media_type == "image/jpeg"
    assert whole({**item, "result": "not base64!"}, {**item, "result": None}).images == ()


@pytest.mark.parametrize(
    ("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("max_tool_calls", "other")]
)
def test_an_incomplete_answer_says_why(reason: str, finish: str) -> None:
    details = {"incomplete_details": {"reason": reason}, "usage": {"input_tokens": 5, "output_tokens": 9}}
    for reply in (
        reply_of(created(), delta("output_text", "par"), last(message(said("par")), kind="incomplete", **details)),
        whole(message(said("par")), status="incomplete", **details),
    ):
        assert (reply.text, reply.finish_reason, reply.raw_finish_reason) == ("par", finish, reason)
        assert reply.usage == Usage(5, 9)


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        (last(kind="failed", error={"code": "server_error", "message": "It broke."}), "server", "It broke."),
        (last(kind="failed", error={"code": "rate_limit_exceeded", "message": "Too fast."}), "rate_limit", "Too fast."),
        (last(kind="failed", error={"code": "invalid_prompt", "message": "No."}), "bad_request", "No."),
        (last(kind="failed", error={"code": "image_file_not_found", "message": "No."}), "bad_request", "No."),
        (last(kind="failed", error=None), "server", "does not say why"),
        ({"type": "error", "code": "rate_limit_exceeded", "message": "Too fast.", "param": None}, "rate_limit", "Too fast."),
        ({"type": "error", "error": {"type": "invalid_request_error", "code": None, "message": "No."}}, "bad_request", "No."),
        ({"error": {"code": "insufficient_quota", "message": "You exceeded your current quota."}}, "quota", "quota"),
    ],
)
def test_an_error_in_a_stream_is_a_failure_with_what_had_arrived(event: dict[str, Any], kind: str, words: str) -> None:
    reader = ResponsesReader()
    with pytest.raises(ProviderError, match=words) as caught:
        read(reader, sse(created(), delta("output_text", "par"), event))
    assert caught.value.failure.kind == kind
    partial = reader.partial()
    assert partial is not None
    assert partial.text == "par"


def test_a_stream_without_its_last_event_was_cut_off_whatever_else_it_ends_with() -> None:
    body = sse(created(), delta("output_text", "par")) + b"data: [DONE]\n\n"
    (_, reply, failure), _ = answered("openai-responses", http(body, "text/event-stream"))
    assert reply is None
    assert failure is not None
    assert (failure.kind, failure.provider_code) == ("network", "cut")
    assert is_retryable(failure)
    assert failure.partial is not None
    assert failure.partial.text == "par"


@pytest.mark.parametrize("body", [b"", b"data: 7\n\n", b"data: {\n\n", b": ping\n\n", b'data: {"type": "response.unknown"}\n\n'])
def test_a_stream_that_is_no_answer_is_named(body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        read(ResponsesReader(), body)
    assert caught.value.failure.kind == "protocol"


@pytest.mark.parametrize("value", [None, [], "x", {}, {"output": None}, {"status": "queued", "output": []}, {"choices": []}])
def test_a_body_that_is_no_answer_is_named(value: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        ResponsesReader().whole(value)
    assert caught.value.failure.kind == "protocol"


def test_a_whole_answer_that_failed_is_a_failure() -> None:
    with pytest.raises(ProviderError, match="It broke"):
        whole(status="failed", error={"code": "server_error", "message": "It broke."})
    with pytest.raises(ProviderError, match="does not say why"):
        whole(status="failed", error=None)


def test_a_cancelled_answer_is_no_stop() -> None:
    reply = whole(message(said("par")), status="cancelled")
    assert (reply.finish_reason, reply.raw_finish_reason) == ("other", "cancelled")


def test_usage_agrees_with_the_catalogues_own_samples(shared: Path) -> None:
    compared = 0
    for sample in json.loads((shared / "models" / "genai-prices_usage_samples.json").read_text("utf-8")):
        for extracted in sample["extracted"]:
            if not any((each["provider_id"], each["api_flavor"]) == ("openai", "responses") for each in extracted["extractors"]):
                continue
            raw, want = sample["body"].get("usage"), extracted["usage"]
            if not isinstance(raw, dict) or "cache_read_input_tokens" in raw:  # Anthropic's, which only shares the names
                continue
            got = usage_of(raw)
            assert (got.input_tokens, got.output_tokens) == (want.get("input_tokens"), want.get("output_tokens")), sample["body"]
            assert (got.cached_input_tokens or 0) == want.get("cache_read_tokens", 0), sample["body"]
            compared += 1
    assert compared > 5
