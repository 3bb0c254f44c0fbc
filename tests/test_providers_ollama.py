"""Ollama's own API: recordings are read as they were meant in any cut, requests fit its description, its models are found."""

from __future__ import annotations

import asyncio
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
from tests.conftest import FakeProvider
from tests.recorded_wire import answered, ask, ends_well, http, recordings, replayed, streams
from workbench import providers
from workbench.providers.failures import ProviderError
from workbench.providers.json_stream import ObjectParser
from workbench.providers.ollama import Ollama, OllamaReader, address, request_body
from workbench.values import Endpoint, Failure, Message, Part, Reply, Request, Usage

Start = Callable[..., FakeProvider]
HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello"))
PNG = b"\x89PNG\r\n\x1a\n0123"
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
LAST = {
    "model": "m-1", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", "total_duration": 9_000_000,
    "load_duration": 2_500_000, "prompt_eval_count": 5, "prompt_eval_duration": 1, "eval_count": 2, "eval_duration": 1,
}  # fmt: skip


def said(**message: Any) -> dict[str, Any]:
    return {"model": "m-1", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", **message}, "done": False}


def lines(*objects: Any) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in objects)


def read(data: bytes, cuts: Sequence[int] = ()) -> Reply:
    return recorded_wire.read(OllamaReader(), data, cuts, ObjectParser)[0]


def failure_of(data: bytes) -> Failure:
    with pytest.raises(ProviderError) as caught:
        read(data)
    return caught.value.failure


CALL = {"function": {"index": 0, "name": "f", "arguments": {"x": "}"}}}
STREAM = lines(
    said(content="", thinking="I think "), said(content="Grüße "), said(content='"}\n{ 😀'), said(content="", tool_calls=[CALL]), LAST
)


def test_recordings_are_read_as_they_were_meant(shared: Path) -> None:
    items = recordings("ollama")
    assert len(items) >= 2
    for item in items:
        (request,) = replayed("ollama", item)
        assert request.startswith(b"POST /api/chat ")
        assert json.loads(request.split(b"\r\n\r\n")[1])["stream"] is item["streaming"]


@given(st.sampled_from((STREAM, *streams("ollama"))), st.lists(st.integers(0, 9000), max_size=40))
def test_the_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    assert read(data, cuts) == read(data) == read(data, range(len(data)))


@given(st.sampled_from((STREAM, *streams("ollama"))), st.integers(0, 9000), st.binary(max_size=30))
def test_any_beginning_of_a_stream_is_a_reply_or_a_failure(data: bytes, end: int, noise: bytes) -> None:
    ends_well(OllamaReader(), data[:end], ObjectParser)
    ends_well(OllamaReader(), data[:end] + noise + data[end:], ObjectParser)


def test_a_stream_that_ends_early_is_cut_off(shared: Path) -> None:
    for data in (STREAM, *streams("ollama")):
        for end in range(data.index(b"\n"), len(data) - 2, 7):
            assert failure_of(data[:end]).provider_code == "cut"


def test_an_answer_is_read_with_its_thinking_calls_counts_and_load_time() -> None:
    reply = read(STREAM)
    assert (reply.text, reply.thinking) == ('Grüße "}\n{ 😀', "I think ")
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [("", "f", {"x": "}"})]
    assert (reply.finish_reason, reply.raw_finish_reason, reply.resolved_model) == ("stop", "stop", "m-1")
    assert (reply.usage, reply.load_ms) == (Usage(5, 2), 2.5)


def test_what_is_not_given_is_not_guessed() -> None:
    reply = OllamaReader().whole({"model": "m", "message": {"content": "x"}, "done": True})
    assert (reply.usage, reply.load_ms, reply.raw_finish_reason, reply.finish_reason) == (Usage(), None, None, "stop")
    broken = {"load_duration": "soon", "prompt_eval_count": -1, "eval_count": True}
    assert OllamaReader().whole({"message": {"content": "x"}, "done": True, **broken}).usage == Usage()


@pytest.mark.parametrize(
    ("raw", "expected"), [("stop", "stop"), ("length", "length"), ("load", "other"), ("unload", "other"), (7, "other")]
)
def test_reasons_to_finish(raw: Any, expected: str) -> None:
    assert OllamaReader().whole({**LAST, "done_reason": raw}).finish_reason == expected


def test_pictures_and_arguments_as_text_are_read() -> None:
    message = {
        "content": "",
        "images": [base64.b64encode(PNG).decode(), 7],
        "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": '{"a": 1}'}}, {"function": {"name": "g"}}, 7],
    }
    reply = OllamaReader().whole({**LAST, "message": message})
    assert reply.images == (Part("image", "", "image/png", PNG),)
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [("c1", "f", {"a": 1}), ("", "g", {})]


def test_an_error_in_a_stream_is_a_failure_with_what_had_arrived() -> None:
    error = {"error": "an error was encountered while running the model: unexpected EOF"}
    (_, reply, failure), _ = answered("ollama", http(lines(said(content="par"), error), "application/x-ndjson"))
    assert reply is None
    assert failure is not None
    assert (failure.kind, failure.message) == ("server", error["error"])
    assert failure.partial is not None
    assert failure.partial.text == "par"


def test_a_stream_that_is_cut_off_keeps_what_had_arrived() -> None:
    for data in (lines(said(content="par")), lines(said(content="par")) + b'{"model": "m", "mess'):
        (_, reply, failure), _ = answered("ollama", http(data, "application/x-ndjson"))
        assert reply is None
        assert failure is not None
        assert (failure.kind, failure.provider_code, failure.partial and failure.partial.text) == ("network", "cut", "par")


def test_lines_and_whole_bodies_are_read_whatever_they_call_themselves() -> None:
    whole = {**LAST, "message": {"role": "assistant", "content": "hello"}}
    for body in (lines(said(content="hel"), said(content="lo"), LAST), json.dumps(whole).encode(), json.dumps(whole, indent=2).encode()):
        for kind in ("application/json", "application/x-ndjson", "text/plain"):
            (_, reply, failure), _ = answered("ollama", http(body, kind))
            assert reply is not None, (failure, body, kind)
            assert (reply.text, reply.usage) == ("hello", Usage(5, 2))


def test_bodies_that_are_no_answer_are_named() -> None:
    value: Any
    for value in (None, 7, [], {}, {"model": "m", "done": False}):
        with pytest.raises(ProviderError) as caught:
            OllamaReader().whole(value)
        assert caught.value.failure.kind == "protocol"
    for data in (b"", b"hello", b"7\n", b'{"a": 1}\n', b"{]}\n"):
        assert failure_of(data).kind == "protocol"


# Requests


def test_a_plain_request_is_small() -> None:
    assert request_body(Request("m", HELLO, {"stop": [], "seed": None}, stream=False)) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "stream": False,
    }


def test_requests_fit_ollamas_description(shared: Path) -> None:
    schema = json.loads((shared / "wire" / "schemas" / "ollama.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/ChatRequest", "$defs": schema["$defs"]})
    picture = Message("user", (Part(text="What?"), Part("image", "", "image/png", PNG)))
    parameters = {"temperature": 0.5, "max_tokens": 5, "stop": "END", "num_ctx": 4096, "keep_alive": "5m", "reasoning_effort": "max"}
    tool = {"name": "now"}
    for request in (
        Request("m", HELLO),
        Request("m", HELLO, {**parameters, "top_logprobs": 2, "logprobs": True}, output_schema=SCHEMA),
        Request(
            "m",
            (picture, Message.of("assistant", "A cat."), Message.of("tool", "12")),
            tools=(tool, {"type": "function", "function": tool}),
        ),
    ):
        body = request_body(request)
        assert not [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(body)]
    assert body["messages"][0] == {"role": "user", "content": "What?", "images": [base64.b64encode(PNG).decode()]}
    assert body["tools"][0] == body["tools"][1]


def test_parameters_go_where_ollama_keeps_them() -> None:
    parameters = {
        "temperature": 0, "top_p": 0.9, "top_k": 3, "min_p": 0.1, "max_tokens": 9, "stop": ["a", "b"], "seed": 7, "presence_penalty": 1,
        "frequency_penalty": 2, "repeat_penalty": 1.1, "options": {"num_gpu": 1}, "keep_alive": -1, "user": "u", "reasoning_budget": 5,
        "parallel_tool_calls": True, "tool_choice": "auto", "extra": {"options": {"seed": 8}, "raw": True},
    }  # fmt: skip
    body = request_body(Request("m", HELLO, parameters), {"body": {"keep_alive": 0}})
    assert body["options"] == {
        "temperature": 0, "top_p": 0.9, "top_k": 3, "min_p": 0.1, "num_predict": 9, "stop": ["a", "b"], "seed": 8, "presence_penalty": 1,
        "frequency_penalty": 2, "repeat_penalty": 1.1, "num_gpu": 1,
    }  # fmt: skip
    assert (body["keep_alive"], body["raw"]) == (0, True)
    assert set(body) == {"model", "messages", "stream", "options", "keep_alive", "raw"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"reasoning_effort": "none"}, False),
        ({"reasoning_effort": "minimal"}, "low"),
        ({"reasoning_effort": "medium"}, "medium"),
        ({"reasoning_effort": "xhigh"}, "high"),
        ({"think": True, "reasoning_effort": "low"}, True),
        ({"reasoning_effort": "low", "think": True}, True),
    ],
)
def test_an_effort_becomes_think(parameters: dict[str, Any], expected: Any) -> None:
    assert request_body(Request("m", HELLO, parameters))["think"] == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [(SCHEMA, SCHEMA), ({"name": "x", "schema": SCHEMA}, SCHEMA), ({"type": "json_object"}, "json"), ({"type": "text"}, None)],
)
def test_an_output_schema_becomes_the_format(schema: dict[str, Any], expected: Any) -> None:
    assert request_body(Request("m", HELLO, output_schema=schema)).get("format") == expected


def test_a_file_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ProviderError, match=r"not a\.pdf"):
        request_body(Request("m", (Message("user", (Part("file", "", "application/pdf", b"%PDF", "a.pdf"),)),)))


# Addresses and lists


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/api", "/api/chat", "/v1/chat/completions"])
def test_the_base_url_may_end_in_what_people_write(end: str) -> None:
    assert address(Endpoint("ollama", f"http://h:11434/x{end}"), "/api/chat") == "http://h:11434/x/api/chat"
    assert address(Endpoint("ollama", f"http://h{end}?a=1", options={"query": {"b": 2}}), "/api/tags") == "http://h/api/tags?a=1&b=2"


def test_a_server_on_this_computer_is_found_listed_and_asked(fakeprovider: Start) -> None:
    here = fakeprovider()
    row = next(row for row in providers.vendors() if row.id == "ollama")
    assert (row.wire_format, row.base_url) == ("ollama", "http://localhost:11434")
    mine = providers.Vendor(row.id, row.name, row.wire_format, here.url, "", "server", "")

    async def go() -> list[providers.LocalServer]:
        async with providers.client(calls=1) as client:
            return await providers.find_local(client, [mine])

    found = asyncio.run(go())
    assert [(server.vendor, server.base_url, "fake-small" in server.models) for server in found] == [("ollama", here.url, True)]
    for base in (here.url, here.base_url):
        for streamed in (True, False):
            request = Request("m", (Message.of("user", "hi"),), stream=streamed)
            _, reply, failure = ask("ollama", base, key="", request=request)
            assert reply is not None, failure
            assert reply.text
            assert reply.load_ms == 0.001


def test_any_list_that_is_none_has_no_names() -> None:
    assert Ollama().model_names({"models": [{"name": "a"}, {"model": "b"}, {}, 7]}) == (["a", "b"], "")
    value: Any
    for value in (None, [], {"models": 7}, {}):
        assert Ollama().model_names(value) == ([], "")


def test_a_reply_is_one_value_whichever_way_it_came() -> None:
    whole = OllamaReader().whole({**LAST, "message": {"role": "assistant", "content": "hi"}})
    assert isinstance(whole, Reply)
    assert whole == read(lines(said(content="h"), said(content="i"), LAST))
