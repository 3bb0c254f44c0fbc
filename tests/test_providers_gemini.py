"""Gemini: recordings are read as they were meant in any cut, requests fit Google's description, addresses and keys are right."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import recorded_wire
from tests.recorded_wire import Asked, answered, body_of, ends_well, http, recordings, streams
from tests.test_providers_discovery import report_of
from tests.test_providers_http import RawServer, answer, stream
from tests.test_providers_http import serve as serve
from workbench.providers.failures import ProviderError
from workbench.providers.gemini import Gemini, GeminiReader, address, request_body
from workbench.providers.gemini.usage import usage_of
from workbench.providers.json_stream import JsonParser
from workbench.values import Endpoint, Failure, Message, Part, Reply, Request, Usage

Serve = Callable[..., RawServer]
HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello"))
PNG = b"\x89PNG\r\n\x1a\n0123"
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
COUNTS = {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7}


def chunk(*parts: dict[str, Any], finish: Any = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [candidate if finish is None else {**candidate, "finishReason": finish}], "modelVersion": "g-1", **more}


def sse(*chunks: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(one, ensure_ascii=False).encode() + b"\r\n\r\n" for one in chunks)


def array(*chunks: Any) -> bytes:
    return ("[" + "\n,\r\n".join(json.dumps(one, indent=2, ensure_ascii=False) for one in chunks) + "\n]").encode()


def read(data: bytes, cuts: Sequence[int] = ()) -> Reply:
    return recorded_wire.read(GeminiReader(), data, cuts, JsonParser)[0]


def reply_of(*chunks: Any) -> Reply:
    reply = read(sse(*chunks))
    assert reply == read(array(*chunks)) == GeminiReader().whole(list(chunks))
    return reply


def failure_of(data: bytes) -> Failure:
    with pytest.raises(ProviderError) as caught:
        read(data)
    return caught.value.failure


def ask(server: RawServer, *, path: str = "", key: str = recorded_wire.KEY, streamed: bool = True) -> Asked:
    request = Request("m", (Message.of("user", "hi"),), stream=streamed)
    return recorded_wire.ask("gemini", f"http://127.0.0.1:{server.port}{path}", request=request, key=key)


CHUNKS = (
    chunk({"text": "I think ", "thought": True}, {"text": "Grüße "}),
    chunk({"text": '"}]{[\\ 😀'}, {"functionCall": {"name": "f", "args": {"x": "}"}, "id": "c1"}, "thoughtSignature": "AA=="}),
    chunk({"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}}, finish="STOP", usageMetadata=COUNTS),
)
STREAMS = (
    sse(*CHUNKS),
    array(*CHUNKS),
    json.dumps(CHUNKS).encode(),
    json.dumps(chunk({"text": "whole"}, finish="STOP"), indent=1).encode(),
)


def test_recordings_are_read_as_they_were_meant(shared: Path) -> None:
    items = recordings("gemini")
    assert len(items) >= 10
    for item in items:
        response, expect = item["response"], item["expect"]
        request = Request("m", (Message.of("user", "hi"),), stream=item["streaming"])
        script = http(body_of(item), response["headers"]["content-type"], response["status"])
        (pieces, reply, failure), requests = answered("gemini", script, request=request)
        assert len(requests) == 1
        head = requests[0].split(b"\r\n\r\n")[0]
        assert (b":streamGenerateContent?alt=sse " if item["streaming"] else b":generateContent ") in head
        assert f"x-goog-api-key: {recorded_wire.KEY}".encode() in head
        assert b"authorization" not in head.lower()
        if "error" in expect:
            assert failure is not None
            assert (failure.kind, failure.status) == ("bad_request", 400)
            assert expect["error"]["message"] in failure.message
            continue
        assert reply is not None, (item["id"], failure)
        assert reply.text == (expect["text"] or ""), item["id"]
        if item["streaming"]:
            assert "".join(piece.text for piece in pieces) == reply.text
        assert [(call.name, call.arguments) for call in reply.tool_calls] == [
            (call["name"], call["arguments"]) for call in expect.get("tool_calls") or []
        ]
        assert (reply.raw_finish_reason, reply.resolved_model) == (str(expect["finish_reason"]), expect["model"])
        written = (expect["output_tokens"] or 0) + (expect.get("reasoning_tokens") or 0)
        common = Usage(expect["input_tokens"], written, expect.get("cached_tokens"), None, expect.get("reasoning_tokens"))
        assert {name: reply.usage.to_json()[name] for name in common.to_json()} == common.to_json()
        assert reply.exchange is not None
        assert reply.exchange.response == body_of(item)


def test_an_array_arrives_in_pieces_too(serve: Serve) -> None:
    first, second = array(chunk({"text": "Hel"}), chunk({"text": "lo"}, finish="STOP")).split(b"\n,")
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\ntransfer-encoding: chunked\r\n\r\n"
    second = b"," + second
    server = serve(head + b"%x\r\n%s\r\n" % (len(first), first), 0.1, b"%x\r\n%s\r\n0\r\n\r\n" % (len(second), second))
    pieces, reply, _ = ask(server)
    assert [piece.text for piece in pieces] == ["Hel", "lo"]
    assert reply is not None
    assert reply.first_token_ms is not None
    assert reply.latency_ms is not None
    assert reply.latency_ms - reply.first_token_ms > 50


def test_a_connection_that_breaks_after_the_reason_costs_nothing(serve: Serve) -> None:
    for data, is_whole in ((sse(*CHUNKS), True), (sse(*CHUNKS[:2]), False)):
        _, reply, failure = ask(serve(stream(data, end=False)))
        assert (reply is not None) == is_whole
        if failure is not None:
            assert (failure.kind, failure.partial and failure.partial.text) == ("network", 'Grüße "}]{[\\ 😀')


@given(st.sampled_from((*STREAMS, *streams("gemini"))), st.lists(st.integers(0, 5000), max_size=40))
def test_the_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    assert read(data, cuts) == read(data) == read(data, range(len(data)))


@given(st.sampled_from((*STREAMS, *streams("gemini"))), st.integers(0, 4000), st.binary(max_size=30))
def test_any_beginning_of_a_stream_is_a_reply_or_a_failure(data: bytes, end: int, noise: bytes) -> None:
    ends_well(GeminiReader(), data[:end], JsonParser)
    ends_well(GeminiReader(), data[:end] + noise + data[end:], JsonParser)


def test_a_stream_that_ends_before_its_reason_is_cut_off(shared: Path) -> None:
    for data in (sse(*CHUNKS), array(*CHUNKS), *(data for data in streams("gemini") if data.count(b'"candidates"') > 1)):
        failures = [failure_of(data[:end]) for end in range(0, data.rindex(b"finishReason"), 7)]
        assert {failure.provider_code for failure in failures} == {None, "cut"}
        assert all("before it began" in failure.message for failure in failures if failure.provider_code is None)


def test_text_thinking_pictures_and_calls_are_told_apart() -> None:
    reply = reply_of(*CHUNKS)
    assert (reply.text, reply.thinking) == ('Grüße "}]{[\\ 😀', "I think ")
    assert reply.images == (Part("image", "", "image/png", PNG),)
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [("c1", "f", {"x": "}"})]
    assert (reply.finish_reason, reply.raw_finish_reason, reply.resolved_model) == ("tool_calls", "STOP", "g-1")
    assert reply.usage == Usage(5, 2)


def test_what_is_no_text_or_picture_stays_in_the_raw_answer() -> None:
    draft = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}, "thought": True}
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}
    code = ({"executableCode": {"language": "PYTHON", "code": "1"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}})
    reply = reply_of(chunk(draft, sound, *code, {"inlineData": {"mimeType": "image/png", "data": "%%"}}, {"text": "x"}, finish="STOP"))
    assert (reply.text, reply.images, reply.tool_calls) == ("x", (), ())


def test_arguments_that_arrive_in_pieces_are_put_together() -> None:
    def call(**fields: Any) -> dict[str, Any]:
        return chunk({"functionCall": fields})

    def piece(path: str, **value: Any) -> dict[str, Any]:
        return {"jsonPath": path, **value}

    reply = reply_of(
        call(name="book", willContinue=True),
        call(partialArgs=[piece("$.city", stringValue="Bos", willContinue=True)], willContinue=True),
        call(partialArgs=[piece("$.city", stringValue="ton"), piece("$.rooms[0].beds", numberValue=2)], willContinue=True),
        call(partialArgs=[piece("$.rooms[1].beds", numberValue=1), piece("$['a b']", nullValue="NULL_VALUE")], willContinue=True),
        call(partialArgs=[piece("$.rooms[999999999999]", boolValue=True), piece("$", boolValue=True), piece("$" + ".a" * 9000)]),
        call(),
        chunk({"functionCall": {"name": "other"}}, finish="STOP"),
    )
    wanted = {"city": "Boston", "rooms": [{"beds": 2}, {"beds": 1}, True], "a b": None}
    first, second = reply.tool_calls
    assert "a" in first.arguments, "a path without end is followed for a while"
    assert {**first.arguments, "a": None} == {**wanted, "a": None}
    assert (first.name, second.name, second.arguments) == ("book", "other", {})


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
        ("FINISH_REASON_BLOCKLIST", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("UNEXPECTED_TOOL_CALL", "error"),
        ("LANGUAGE", "other"),
        ("NO_IMAGE", "other"),
        ("SOMETHING_NEW", "other"),
        (1, "stop"),
        (2, "length"),
        (8, "content_filter"),
        (9, "error"),
        (99999, "other"),
    ],
)
def test_reasons_to_finish(raw: Any, expected: str) -> None:
    reply = reply_of(chunk({"text": "x"}, finish=raw))
    assert (reply.finish_reason, reply.raw_finish_reason) == (expected, str(raw))


def test_what_went_wrong_is_said_in_the_providers_words() -> None:
    malformed = chunk(finish="MALFORMED_FUNCTION_CALL")
    malformed["candidates"][0]["finishMessage"] = "Malformed function call: print(f("
    assert reply_of(malformed).refusal == "Malformed function call: print(f("
    called = chunk({"functionCall": {"name": "f"}}, finish="STOP")
    called["candidates"][0]["finishMessage"] = "Model generated function call(s)."
    assert reply_of(called).refusal is None


@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT", 4])
def test_a_blocked_prompt_is_a_reply_that_says_so(reason: Any) -> None:
    blocked = {
        "promptFeedback": {"blockReason": reason, "blockReasonMessage": "The prompt was blocked."},
        "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8},
        "modelVersion": "g-1",
    }
    reply = reply_of(blocked)
    assert (reply.text, reply.finish_reason, reply.raw_finish_reason) == ("", "content_filter", str(reason))
    assert reply.refusal == "The prompt was blocked."
    assert reply.usage == Usage(8, 0)
    assert GeminiReader().whole(blocked) == reply


def test_counts_come_with_the_last_chunk_or_behind_it() -> None:
    early = {"promptTokenCount": 5, "cachedContentTokenCount": 3, "totalTokenCount": 5}
    reply = reply_of(chunk({"text": "a"}, usageMetadata=early), chunk({"text": "b"}, finish="STOP"), {"usageMetadata": COUNTS})
    assert (reply.text, reply.usage) == ("ab", Usage(5, 2, 3))


def test_of_several_candidates_the_first_is_the_answer() -> None:
    second = {"candidates": [{"index": 1, "content": {"parts": [{"text": "no"}]}, "finishReason": "STOP"}]}
    reply = reply_of(second, chunk({"text": "yes"}), second, chunk(finish="MAX_TOKENS"))
    assert (reply.text, reply.finish_reason) == ("yes", "length")


def test_an_error_in_a_stream_keeps_its_words_however_it_is_framed() -> None:
    error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    begun = sse(chunk({"text": "par"}))
    bare = json.dumps(error, indent=2).encode()
    for data in (begun + sse(error), begun + bare, begun + bare + b"\n", array(chunk({"text": "par"}), error), bare):
        failure = failure_of(data)
        assert (failure.kind, failure.status, failure.message) == ("overloaded", 503, "The model is overloaded.")
    assert reply_of(chunk({"text": "x"}, finish="STOP"), error).text == "x", "the answer was complete"


def test_streams_that_are_no_answer_are_named() -> None:
    assert failure_of(sse(chunk({"text": "hel"}))).provider_code == "cut"
    assert failure_of(array(chunk({"text": "hel"}))).provider_code == "cut"
    assert failure_of(sse(*CHUNKS)[:100]).provider_code == "cut" or failure_of(sse(*CHUNKS)[:100]).kind == "protocol"
    for data in (b"", b"[]", b"data: {}\n\n", b"data: 7\n\n", b"data: {]\n\n", b"[" * 5000, b"hello"):
        assert failure_of(data).kind == "protocol", data
    value: Any
    for value in (None, 7, "x", {}, [], {"candidates": []}, {"candidates": {"a": 1}}, [7], {"usageMetadata": COUNTS}):
        with pytest.raises(ProviderError) as caught:
            GeminiReader().whole(value)
        assert caught.value.failure.kind == "protocol"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (COUNTS, Usage(5, 2)),
        ({"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": 10, "totalTokenCount": 17}, Usage(5, 12, None, None, 10)),
        (
            {"promptTokenCount": 5, "candidatesTokenCount": 12, "thoughtsTokenCount": 10, "totalTokenCount": 17},
            Usage(5, 12, None, None, 10),
        ),
        ({"promptTokenCount": 15, "thoughtsTokenCount": 2, "totalTokenCount": 17}, Usage(15, 2, None, None, 2)),
        ({"promptTokenCount": 5, "toolUsePromptTokenCount": 30, "candidatesTokenCount": 2, "totalTokenCount": 37}, Usage(35, 2)),
        (
            {"promptTokenCount": 5, "toolUsePromptTokenCount": 30, "thoughtsTokenCount": 4, "totalTokenCount": 41},
            Usage(35, 6, None, None, 4),
        ),
        ({"promptTokenCount": 9, "cachedContentTokenCount": 4}, Usage(9, None, 4)),
        ({}, Usage()),
        ({"promptTokenCount": "x", "candidatesTokenCount": -1, "thoughtsTokenCount": True, "totalTokenCount": float("inf")}, Usage()),
    ],
)
def test_counts_are_normalised(raw: dict[str, Any], expected: Usage) -> None:
    assert usage_of(raw) == expected


# Requests


def test_a_plain_request_is_small() -> None:
    assert request_body(Request("m", HELLO, {"temperature": 0, "stop": [], "seed": None})) == {
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"temperature": 0},
    }


def test_parameters_go_where_google_keeps_them() -> None:
    parameters = {
        "temperature": 0.5, "top_p": 0.9, "top_k": 3, "max_tokens": 9, "stop": "END", "seed": 7, "presence_penalty": 1, "n": 2,
        "frequency_penalty": 2, "logprobs": True, "top_logprobs": 4, "modalities": "text, image", "mediaResolution": "LOW",
        "min_p": 1, "user": "u", "parallel_tool_calls": False, "safetySettings": [1], "tool_choice": "required",
        "generationConfig": {"imageConfig": {"aspectRatio": "1:1"}}, "extra": {"generationConfig": {"topK": 4}, "labels": {"a": "b"}},
    }  # fmt: skip
    body = request_body(Request("m", HELLO, parameters), {"body": {"labels": {"c": "d"}}})
    assert body["generationConfig"] == {
        "temperature": 0.5, "topP": 0.9, "topK": 4, "maxOutputTokens": 9, "stopSequences": ["END"], "seed": 7, "presencePenalty": 1,
        "candidateCount": 2, "frequencyPenalty": 2, "responseLogprobs": True, "logprobs": 4, "responseModalities": ["TEXT", "IMAGE"],
        "mediaResolution": "LOW", "imageConfig": {"aspectRatio": "1:1"},
    }  # fmt: skip
    assert body["safetySettings"] == [1]
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    assert body["labels"] == {"a": "b", "c": "d"}


@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        ("gemini-2.5-flash", {"reasoning_effort": "low"}, {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-pro", {"reasoning_effort": "max"}, {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-2.5-flash", {"reasoning_effort": "none"}, {"thinkingBudget": 0, "includeThoughts": False}),
        ("gemini-3-pro-preview", {"reasoning_effort": "minimal"}, {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-3.1-flash-lite", {"reasoning_effort": "xhigh"}, {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3-flash", {"reasoning_effort": "high", "reasoning_budget": 99}, {"thinkingBudget": 99, "includeThoughts": True}),
        ("gemini-flash-latest", {"reasoning_budget": 0}, {"thinkingBudget": 0, "includeThoughts": False}),
        ("m", {"reasoning_budget": 5, "thinkingConfig": {"includeThoughts": False}}, {"thinkingBudget": 5, "includeThoughts": False}),
    ],
)
def test_effort_and_budget_become_a_thinking_config(model: str, parameters: dict[str, Any], expected: dict[str, Any]) -> None:
    assert request_body(Request(model, HELLO, parameters))["generationConfig"] == {"thinkingConfig": expected}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (SCHEMA, {"responseJsonSchema": SCHEMA}),
        ({"name": "x", "schema": SCHEMA, "strict": True}, {"responseJsonSchema": SCHEMA}),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}, {"responseJsonSchema": SCHEMA}),
        ({"type": "OBJECT", "properties": {}}, {"responseSchema": {"type": "OBJECT", "properties": {}}}),
        ({"type": "json_object"}, {}),
        ({"responseSchema": {"type": "STRING"}}, {"responseSchema": {"type": "STRING"}}),
    ],
)
def test_an_output_schema_asks_for_json(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    body = request_body(Request("m", HELLO, output_schema=schema))
    assert body["generationConfig"] == {"responseMimeType": "application/json", **expected}
    assert "generationConfig" not in request_body(Request("m", HELLO, output_schema={"type": "text"}))


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("none", {"mode": "NONE"}),
        ("auto", {"mode": "AUTO"}),
        ({"type": "any"}, {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "f"}}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        ({"type": "tool", "name": "f"}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        ({"mode": "VALIDATED"}, {"mode": "VALIDATED"}),
        ({"functionCallingConfig": {"mode": "AUTO"}}, {"mode": "AUTO"}),
    ],
)
def test_a_tool_choice_becomes_a_calling_mode(choice: Any, expected: dict[str, Any]) -> None:
    assert request_body(Request("m", HELLO, {"tool_choice": choice}))["toolConfig"] == {"functionCallingConfig": expected}


def test_requests_fit_googles_description(shared: Path) -> None:
    schema = json.loads((shared / "wire" / "schemas" / "gemini_content.schema.json").read_text("utf-8"))
    tool = {"name": "weather", "parameters": SCHEMA}
    messages = (
        *HELLO,
        Message.of("user", ""),
        Message("user", (Part(text="What?"), Part("image", "", "image/jpeg", PNG), Part("file", "", "application/pdf", b"%PDF", "a.pdf"))),
        Message.of("assistant", "It rains."),
        Message.of("tool", "12 degrees"),
    )
    body = request_body(Request("m", messages, tools=(tool, {"type": "function", "function": tool}, {"googleSearch": {}})))
    for name, kind in (("contents", "Content"), ("tools", "Tool")):
        validator = jsonschema.Draft202012Validator({"type": "array", "items": {"$ref": f"#/$defs/{kind}"}, "$defs": schema["$defs"]})
        assert not [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(body[name])]
    assert [turn["role"] for turn in body["contents"]] == ["user", "model", "user"]
    assert [list(part) for part in body["contents"][0]["parts"]] == [["text"], ["text"], ["inlineData"], ["inlineData"]]
    assert body["contents"][0]["parts"][3]["inlineData"] == {"mimeType": "application/pdf", "data": "JVBERg=="}
    declared, search = body["tools"]
    assert [one["parametersJsonSchema"] for one in declared["functionDeclarations"]] == [SCHEMA, SCHEMA]
    assert search == {"googleSearch": {}}


def test_where_there_is_only_system_text_it_is_what_the_user_says() -> None:
    body = request_body(Request("m", (Message.of("system", "One."), Message.of("system", "Two."))))
    assert body == {"contents": [{"role": "user", "parts": [{"text": "One.\n\nTwo."}]}]}


# Addresses, keys, lists

STUDIO = "https://generativelanguage.googleapis.com"
PROJECT = "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1"
EXPRESS = "https://aiplatform.googleapis.com"


@pytest.mark.parametrize(
    ("base", "model", "expected"),
    [
        (STUDIO, "m", f"{STUDIO}/v1beta/models/m:generateContent"),
        (f"{STUDIO}/v1beta/", "models/m", f"{STUDIO}/v1beta/models/m:generateContent"),
        (f"{STUDIO}/v1", "m", f"{STUDIO}/v1/models/m:generateContent"),
        (f"{STUDIO}/v1beta/models", "m", f"{STUDIO}/v1beta/models/m:generateContent"),
        (f"{STUDIO}/v1beta/openai", "m", f"{STUDIO}/v1beta/models/m:generateContent"),
        (f"{STUDIO}/v1beta/models/x", "m", f"{STUDIO}/v1beta/models/x:generateContent"),
        (f"{STUDIO}/v1beta/models/x:streamGenerateContent", "m", f"{STUDIO}/v1beta/models/x:generateContent"),
        (f"{STUDIO}?a=1", "tunedModels/t", f"{STUDIO}/v1beta/tunedModels/t:generateContent?a=1"),
        (STUDIO, "a b/c?d", f"{STUDIO}/v1beta/models/a%20b%2Fc%3Fd:generateContent"),
        (PROJECT, "m@001", f"{PROJECT}/publishers/google/models/m@001:generateContent"),
        (f"{PROJECT}/publishers/google", "m", f"{PROJECT}/publishers/google/models/m:generateContent"),
        (f"{PROJECT}/publishers/google/models", "m", f"{PROJECT}/publishers/google/models/m:generateContent"),
        (f"{PROJECT}/publishers/google/models/x", "m", f"{PROJECT}/publishers/google/models/x:generateContent"),
        (PROJECT, "endpoints/42", f"{PROJECT}/endpoints/42:generateContent"),
        (PROJECT, "projects/q/locations/l/endpoints/4", f"{PROJECT[:49]}/projects/q/locations/l/endpoints/4:generateContent"),
        (EXPRESS, "m", f"{EXPRESS}/v1/publishers/google/models/m:generateContent"),
        (f"{EXPRESS}/v1", "publishers/google/models/m", f"{EXPRESS}/v1/publishers/google/models/m:generateContent"),
        (
            "https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/p/locations/eu",
            "m",
            "https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/p/locations/eu/publishers/google/models/m:generateContent",
        ),
        (
            "http://127.0.0.1:9/x/v1/projects/p/locations/l/publishers/google",
            "m",
            "http://127.0.0.1:9/x/v1/projects/p/locations/l/publishers/google/models/m:generateContent",
        ),
    ],
)
def test_base_urls_are_understood_as_people_write_them(base: str, model: str, expected: str) -> None:
    assert address(Endpoint("gemini", base), model, streamed=False) == expected


def test_a_stream_is_asked_for_in_the_address() -> None:
    asked = address(Endpoint("gemini", f"{STUDIO}?a=1", options={"query": {"b": "2"}}), "m", streamed=True)
    assert asked == f"{STUDIO}/v1beta/models/m:streamGenerateContent?alt=sse&a=1&b=2"


@pytest.mark.parametrize(
    ("path", "key", "header", "value"),
    [
        ("", "any-key", "x-goog-api-key", "any-key"),
        ("", "ya29.token", "authorization", "Bearer ya29.token"),
        ("/v1/projects/p/locations/l", "some-token", "authorization", "Bearer some-token"),
        ("/v1/projects/p/locations/l", "AIzaSyKey", "x-goog-api-key", "AIzaSyKey"),
        ("/v1/publishers/google", "AQ.key", "x-goog-api-key", "AQ.key"),
    ],
)
def test_a_key_travels_as_what_it_is(serve: Serve, path: str, key: str, header: str, value: str) -> None:
    server = serve(answer(json.dumps(chunk({"text": "x"}, finish="STOP")).encode()))
    _, reply, _ = ask(server, key=key, path=path, streamed=False)
    assert reply is not None
    head = server.requests[0].split(b"\r\n\r\n")[0].decode().lower()
    assert f"{header}: {value.lower()}\r\n" in head + "\r\n"
    assert ("authorization:" in head) == (header == "authorization")


def test_a_token_without_a_project_is_not_sent() -> None:
    _, reply, failure = recorded_wire.ask("gemini", EXPRESS, key="ya29.token-0123456789")
    assert reply is None
    assert failure is not None
    assert failure.kind == "bad_request"
    assert "projects/PROJECT" in failure.message


def test_the_list_of_models_is_read_page_by_page(shared: Path, serve: Serve) -> None:
    first = recordings("models")
    google = next(item for item in first if item["provider"] == "google")
    last = {"models": [{"name": "models/zz-last", "supportedGenerationMethods": ["generateContent"]}]}

    def script(request: bytes) -> list[Any]:
        return [answer(json.dumps(last).encode() if b"pageToken=" in request.split(b"\r\n")[0] else body_of(google))]

    server = serve(script=script)
    report = report_of(f"http://127.0.0.1:{server.port}", key="k-0123456789", wire_format="gemini")
    assert report.ok
    assert {"gemini-2.5-flash", "gemma-4-31b-it", "zz-last"} <= set(report.models)
    assert not {name for name in report.models if name.startswith(("models/", "imagen", "veo")) or "embedding" in name or name == "aqa"}
    assert [request.split(b" ")[1].split(b"?")[0] for request in server.requests] == [b"/v1beta/models", b"/v1beta/models"]
    assert f"pageToken={google['expect']['next_page_token']}".encode() in server.requests[1]


def test_the_models_of_vertex_are_those_of_its_publisher() -> None:
    url, headers = Gemini().models_call(Endpoint("gemini", PROJECT, "token"), "")
    assert url == "https://europe-west1-aiplatform.googleapis.com/v1beta1/publishers/google/models?pageSize=300"
    assert (headers["authorization"], headers["x-goog-user-project"]) == ("Bearer token", "p")
    rows = [{"name": f"publishers/google/models/{name}"} for name in ("gemini-2.5-pro", "gemini-embedding-001", "imagen-4")]
    assert Gemini().model_names({"publisherModels": rows, "nextPageToken": "n"}) == (["gemini-2.5-pro"], "n")
    value: Any
    for value in (None, [], {"models": 7}, {"models": [7, {}]}, {"nextPageToken": 7}):
        assert Gemini().model_names(value) == ([], "")
