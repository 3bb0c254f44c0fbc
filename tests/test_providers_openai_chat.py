"""Chat Completions as pure functions: what is sent fits OpenAI's own schema, what was recorded is read as it was meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from workbench.providers.failures import ProviderError
from workbench.providers.openai_chat import UNSUPPORTED, ChatReader, address, request_body
from workbench.providers.openai_chat.request import unsupported
from workbench.providers.openai_chat.usage import usage_of
from workbench.providers.sse import Event, EventParser
from workbench.values import Endpoint, Message, Part, Reply, Request, Usage

HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello"))
STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def read(*chunks: Any, done: bool = True) -> tuple[Reply, str]:
    """The reply of a stream of these chunks, and the text of its pieces joined."""
    reader, parser, text = ChatReader(), EventParser(), ""
    data = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + (b"data: [DONE]\n\n" if done else b"")
    for event in [*parser.feed(data), *parser.close()]:
        text += reader.event(event)[0]
    return reader.end(), text


def chunk(delta: dict[str, Any], finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {"model": "m-1", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def test_a_plain_request_is_small() -> None:
    body = request_body(Request("m", HELLO, {"temperature": 0, "max_tokens": 9, "stop": [], "seed": None}, stream=False))
    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "temperature": 0,
        "max_tokens": 9,
    }


def test_a_streamed_request_asks_for_usage_unless_the_server_refuses_it() -> None:
    assert request_body(Request("m", HELLO))["stream_options"] == {"include_usage": True}
    assert "stream_options" not in request_body(Request("m", HELLO), {"include_usage": False})


def test_what_servers_do_differently_is_an_option() -> None:
    options = {"max_tokens_name": "max_completion_tokens", "system_role": "developer", "body": {"provider": {"order": ["a"]}}}
    body = request_body(Request("m", HELLO, {"max_tokens": 9}), options)
    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body
    assert body["messages"][0]["role"] == "developer"
    assert body["provider"] == {"order": ["a"]}


def test_requests_fit_openais_schema(shared: Path) -> None:
    schema = json.loads((shared / "wire" / "schemas" / "openai_chat.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/CreateChatCompletionRequest", "$defs": schema["$defs"]})
    picture = Message(
        "user", (Part(text="What?"), Part("image", "", "image/png", b"\x89PNG"), Part("file", "", "application/pdf", b"%PDF", "a.pdf"))
    )
    tool = {"name": "weather", "description": "d", "parameters": STRICT}
    parameters = {"temperature": 0.5, "top_p": 1, "max_tokens": 5, "stop": ["END"], "seed": 7, "n": 2}
    for request in (
        Request("m", HELLO),
        Request("m", HELLO, parameters, output_schema=STRICT),
        Request("m", (picture,), tools=(tool, {"type": "function", "function": tool}), stream=False),
    ):
        faults = [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(request_body(request))]
        assert not faults


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (STRICT, {"name": "answer", "schema": STRICT, "strict": True}),
        (
            {"title": "My answer!", "type": "object"},
            {"name": "My_answer", "schema": {"title": "My answer!", "type": "object"}, "strict": False},
        ),
        ({"name": "x", "schema": STRICT, "strict": False}, {"name": "x", "schema": STRICT, "strict": False}),
        ({"type": "array", "items": {"type": "object", "properties": {"a": {}}}}, None),
    ],
)
def test_an_output_schema_becomes_a_response_format(schema: dict[str, Any], expected: dict[str, Any] | None) -> None:
    sent = request_body(Request("m", HELLO, output_schema=schema))["response_format"]
    assert sent["type"] == "json_schema"
    if expected is None:
        assert sent["json_schema"]["strict"] is False
    else:
        assert sent["json_schema"] == expected


def test_the_address_keeps_a_query_and_a_path_that_is_already_whole() -> None:
    def full(base: str, **options: Any) -> str:
        return address(Endpoint("openai-chat", base, options=options), "/chat/completions")

    assert full("http://h/v1") == full("http://h/v1/") == full(" http://h/v1/chat/completions ") == "http://h/v1/chat/completions"
    assert full("http://h/v1?a=1", query={"api-version": "2024-02-01"}) == "http://h/v1/chat/completions?a=1&api-version=2024-02-01"


def test_parallel_tool_calls_are_put_together_from_their_pieces() -> None:
    pieces = [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": '{"x"'}},
        {"index": 0, "function": {"arguments": '{"y": 1}'}},
        {"index": 1, "function": {"arguments": ": 2}"}},
    ]
    reply, _ = read(*(chunk({"tool_calls": [piece]}) for piece in pieces), chunk({}, "tool_calls"))
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [("a", "f", {"y": 1}), ("b", "g", {"x": 2})]
    assert reply.finish_reason == "tool_calls"


@pytest.mark.parametrize("index", [None, 0])
def test_tool_calls_without_a_true_index_are_told_apart_by_their_ids(index: int | None) -> None:
    place = {} if index is None else {"index": index}
    pieces = [
        {**place, "id": "a", "function": {"name": "f", "arguments": '{"y"'}},
        {**place, "function": {"arguments": ": 1}"}},
        {**place, "id": "b", "function": {"name": "g", "arguments": '{"x"'}},
        {**place, "function": {"arguments": ": 2}"}},
    ]
    reply, _ = read(*(chunk({"tool_calls": [piece]}) for piece in pieces), chunk({}, "tool_calls"))
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [("f", {"y": 1}), ("g", {"x": 2})]


def test_arguments_that_are_not_json_stay_as_the_model_wrote_them() -> None:
    reply, _ = read(chunk({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{broken"}}]}, "tool_calls"))
    assert reply.tool_calls[0].arguments == "{broken"
    reply, _ = read(chunk({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": {"x": 1}}}]}, "tool_calls"))
    assert reply.tool_calls[0].arguments == {"x": 1}


def test_of_several_choices_the_first_is_the_answer() -> None:
    reply, text = read(chunk({"content": "no"}, index=1), chunk({"content": "yes"}), chunk({}, "length", index=1), chunk({}, "stop"))
    assert (reply.text, text, reply.finish_reason) == ("yes", "yes", "stop")


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "hm", "content": None},
        {"reasoning": "hm", "content": ""},
        {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"reasoning_details": [{"type": "reasoning.text", "text": "h"}, {"type": "reasoning.summary", "summary": "m"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
    ],
)
def test_thinking_is_found_wherever_a_server_puts_it(delta: dict[str, Any]) -> None:
    reply, text = read(chunk(delta), chunk({"content": "yes"}, "stop"))
    assert (reply.thinking, reply.text, text) == ("hm", "yes", "yes")


def test_spoken_words_are_the_text_where_there_is_no_other() -> None:
    audio = {"id": "a", "data": "AAAA", "expires_at": 1, "transcript": "Good day."}
    message = {"role": "assistant", "content": None, "refusal": None, "audio": audio}
    assert ChatReader().whole({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).text == "Good day."
    pieces = (
        chunk({"audio": {"id": "a"}}),
        chunk({"audio": {"transcript": "Good "}}),
        chunk({"audio": {"data": "AA", "transcript": "day."}}, "stop"),
    )
    assert read(*pieces)[0].text == read(*pieces)[1] == "Good day."


def test_thinking_in_parts_of_the_content_comes_as_summaries_too() -> None:
    """Databricks sends a model's reasoning so."""
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm", "signature": "s"}]}
    reply, text = read(chunk({"content": [reasoning]}), chunk({"content": [{"type": "text", "text": "yes"}]}, "stop"))
    assert (reply.thinking, reply.text, text) == ("hm", "yes", "yes")


def test_what_stands_around_the_choices_counts_wherever_it_comes() -> None:
    """Azure's first chunk has filters, no choice and no model; some name the model or count tokens only at the end."""
    first = {"choices": [], "created": 0, "id": "", "model": "", "prompt_filter_results": [{"prompt_index": 0}]}
    last = {
        "id": "c-1",
        "model": "m-2",
        "choices": [],
        "x_groq": {"usage": {"prompt_tokens": 3, "completion_tokens": 2, "queue_time": 0.5}},
    }
    no_name = {"choices": [{"index": 0, "delta": {"content": "yes"}, "finish_reason": "stop", "content_filter_results": {}}], "usage": None}
    reply, _ = read(first, no_name, last)
    assert (reply.text, reply.resolved_model, reply.request_id, reply.queue_ms) == ("yes", "m-2", "c-1", 500)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (3, 2)


def test_an_error_with_a_reason_of_error_is_a_failure_that_keeps_its_counts() -> None:
    """OpenRouter's form of an error in the middle of an answer."""
    reader = ChatReader()
    broken = {
        **chunk({"content": ""}, "error"),
        "error": {"code": "server_error", "message": "Provider disconnected"},
        "usage": {"prompt_tokens": 3},
    }
    for value in (chunk({"content": "par"}), broken):
        event = Event(json.dumps(value).encode())
        if value is broken:
            with pytest.raises(ProviderError, match="Provider disconnected"):
                reader.event(event)
        else:
            reader.event(event)
    partial = reader.partial()
    assert partial is not None
    assert (partial.text, partial.usage.input_tokens) == ("par", 3)


def test_a_stream_without_its_end_mark_is_complete_if_it_named_a_reason() -> None:
    reply, _ = read(chunk({"content": "yes"}, "stop"), done=False)
    assert reply.text == "yes"
    with pytest.raises(ProviderError) as caught:
        read(chunk({"content": "ye"}), done=False)
    assert caught.value.failure.kind == "network"


def test_an_end_mark_without_a_reason_is_a_stop() -> None:
    assert read(chunk({"content": "yes"}))[0].finish_reason == "stop"


def test_a_stream_that_holds_nothing_is_not_an_answer() -> None:
    for chunks in ((), ({"choices": [], "usage": {"prompt_tokens": 1}},)):
        with pytest.raises(ProviderError) as caught:
            read(*chunks)
        assert caught.value.failure.kind == "protocol"


def test_an_error_in_a_stream_is_a_failure_with_what_had_arrived() -> None:
    reader, parser = ChatReader(), EventParser()
    data = (
        b'data: {"choices": [{"delta": {"content": "par"}}]}\n\nevent: error\ndata: {"error": {"message": "Overloaded", "code": 503}}\n\n'
    )
    first, second = parser.feed(data)
    assert reader.event(first) == ("par", "")
    with pytest.raises(ProviderError) as caught:
        reader.event(second)
    assert (caught.value.failure.kind, caught.value.failure.status) == ("overloaded", 503)
    partial = reader.partial()
    assert partial is not None
    assert partial.text == "par"


def test_a_note_after_a_complete_answer_is_no_failure() -> None:
    late = {"error": {"code": 400, "message": "Token limit reached"}, **chunk({"content": ""})}
    assert read(chunk({"content": "yes"}, "length"), late)[0].finish_reason == "length"


def test_servers_that_leave_out_blank_lines_are_read() -> None:
    reader, parser = ChatReader(), EventParser()
    lines = [json.dumps(chunk({"content": "a"})), json.dumps(chunk({"content": "b"}, "stop"))]
    data = b"".join(b"data: " + line.encode() + b"\n" for line in lines) + b"data: [DONE]\n"
    assert "".join(reader.event(event)[0] for event in [*parser.feed(data), *parser.close()]) == "ab"
    assert reader.end().text == "ab"


def test_words_that_are_not_known_are_other() -> None:
    assert read(chunk({"content": "x"}, "because"))[0].finish_reason == "other"
    assert read(chunk({"content": "x"}, "because"))[0].raw_finish_reason == "because"


def test_parameters_go_where_a_server_takes_them_or_are_left_out() -> None:
    parameters = {"reasoning_budget": 500, "reasoning_effort": "low", "top_k": 4, "a.b": 1, "user": "u"}
    body = request_body(Request("m", HELLO, parameters))
    assert "reasoning_budget" not in body
    assert (body["reasoning_effort"], body["top_k"], body["a.b"], body["user"]) == ("low", 4, 1, "u")
    options = {"places": {"reasoning_budget": "reasoning.max_tokens", "top_k": False}}
    body = request_body(Request("m", HELLO, parameters), options)
    assert body["reasoning"] == {"max_tokens": 500}
    assert "top_k" not in body
    assert unsupported(options) == {"top_k"}
    assert unsupported() == UNSUPPORTED == {"reasoning_budget"}


def test_extra_fields_go_over_everything_else() -> None:
    extra = {"stream_options": {"include_obfuscation": False}, "provider": {"sort": "price"}, "temperature": 1, "reasoning_budget": 7}
    body = request_body(Request("m", HELLO, {"temperature": 0, "extra": extra}), {"body": {"provider": {"order": ["a"]}}})
    assert body["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    assert body["provider"] == {"order": ["a"], "sort": "price"}
    assert (body["temperature"], body["reasoning_budget"]) == (1, 7)
    assert "extra" not in request_body(Request("m", HELLO, {"extra": None}))
    assert "extra" not in request_body(Request("m", HELLO, {"extra": "text"}))


def test_tools_of_every_form_are_wrapped_once() -> None:
    plain = {"name": "f", "parameters": STRICT}
    wrapped = {"type": "function", "function": plain}
    own = {"type": "browser_search"}
    assert request_body(Request("m", HELLO, tools=(plain, wrapped, {"type": "function", **plain}, own)))["tools"] == [wrapped] * 3 + [own]


def test_pictures_that_were_made_are_images_of_the_reply() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/webp;base64,UklGRg=="}}
    made = (Part("image", "", "image/webp", b"RIFF"),)
    assert read(chunk({"content": "Here.", "images": [picture]}, "stop"))[0].images == made
    assert read(chunk({"content": [{"type": "text", "text": "Here."}, picture]}, "stop"))[0].images == made
    message = {
        "role": "assistant",
        "content": "",
        "images": [picture, {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}],
    }
    assert ChatReader().whole({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).images == made


@pytest.mark.parametrize("index", [[], {}, 1.5])
def test_a_tool_call_at_an_impossible_place_is_still_a_call(index: Any) -> None:
    reply, _ = read(chunk({"tool_calls": [{"index": index, "id": "a", "function": {"name": "f", "arguments": "{}"}}]}, "tool_calls"))
    assert [call.name for call in reply.tool_calls] == ["f"]


def test_waiting_in_the_queue_is_told_apart() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    for more in ({"usage": usage, "time_info": {"queue_time": 0.25}}, {"x_groq": {"usage": {**usage, "queue_time": 0.25}}}):
        assert read(chunk({"content": "x"}, "stop"), {"choices": [], **more})[0].queue_ms == 250


@pytest.mark.parametrize("value", [None, [], "text", {}, {"choices": []}, {"choices": ["x"]}, {"choices": {"a": 1}}])
def test_a_body_that_is_not_a_completion_is_named(value: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        ChatReader().whole(value)
    assert caught.value.failure.kind == "protocol"


def test_an_error_object_with_status_200_is_a_failure() -> None:
    for value in (
        {"error": {"message": "Provider returned error", "code": 502}},
        {"choices": [{"error": {"message": "bad", "code": 502}}]},
    ):
        with pytest.raises(ProviderError) as caught:
            ChatReader().whole(value)
        assert caught.value.failure.status == 502


REASONED = {"completion_tokens_details": {"reasoning_tokens": 10}}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}, Usage(5, 2)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1}}, Usage(5, None, 4, 1)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_cache_hit_tokens": 3}, Usage(5, 2, 3)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "cached_tokens": 0}, Usage(5, 2, 0)),
        # xAI: reasoning beside the completion; Google's compatible API: thinking only in the total
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 17, **REASONED}, Usage(5, 12, reasoning_tokens=10)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 17}, Usage(5, 12)),
        # a total that cannot be explained changes nothing
        ({"prompt_tokens": 5, "completion_tokens": 12, "total_tokens": 99, **REASONED}, Usage(5, 12, reasoning_tokens=10)),
        ({"prompt_tokens": None, "completion_tokens": "2"}, Usage()),
        ({}, Usage()),
        (None, Usage()),
    ],
)
def test_usage_is_normalised_and_the_unknown_stays_unknown(raw: Any, expected: Usage) -> None:
    assert usage_of(raw) == expected


def test_usage_agrees_with_the_catalogues_own_samples(shared: Path) -> None:
    """genai-prices publishes real usage payloads with the counts its extractors find: an oracle for the Chat Completions flavour."""
    samples = json.loads((shared / "models" / "genai-prices_usage_samples.json").read_text("utf-8"))
    compared = 0
    for sample in samples:
        raw = sample["body"].get("usage")
        if not isinstance(raw, dict) or "prompt_tokens" not in raw:
            continue
        for extracted in sample["extracted"]:
            # each payload is read by every vendor's extractor; OpenAI's is the plain form
            if not any((each["provider_id"], each["api_flavor"]) == ("openai", "chat") for each in extracted["extractors"]):
                continue
            want, got = extracted["usage"], usage_of(raw)
            assert got.input_tokens == want.get("input_tokens", got.input_tokens), sample["body"]
            assert got.output_tokens == want.get("output_tokens", got.output_tokens), sample["body"]
            assert (got.cached_input_tokens or 0) == want.get("cache_read_tokens", 0), sample["body"]
            compared += 1
    assert compared > 5
