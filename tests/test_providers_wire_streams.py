"""Recorded traffic of every format: read as it was meant, however it is cut, dressed or damaged, and whatever is missing at its end."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recorded_wire import KEY, answered, body_of, http, recordings
from workbench.providers.anthropic import MessagesReader
from workbench.providers.bedrock import BinaryEvents, ConverseReader
from workbench.providers.cohere import CohereReader
from workbench.providers.failures import ProviderError
from workbench.providers.gemini import GeminiReader
from workbench.providers.http_answer import HttpAnswer, Parser, Reader
from workbench.providers.json_stream import JsonParser, ObjectParser
from workbench.providers.ollama import OllamaReader
from workbench.providers.openai_chat import ChatReader
from workbench.providers.openai_responses import ResponsesReader
from workbench.providers.redaction import Redactor
from workbench.providers.sse import EventParser
from workbench.values import Failure, Message, Reply, Request


class Format(NamedTuple):
    """How one wire format's answers are read, as its call does it."""

    name: str
    reader: Callable[[], Reader]
    parser: Callable[[], Parser] = EventParser
    json_streams: bool = False


FORMATS = {
    "openai-chat": Format("openai-chat", ChatReader),
    "openai-responses": Format("openai-responses", ResponsesReader),
    "anthropic-messages": Format("anthropic", MessagesReader),
    "gemini": Format("gemini", GeminiReader, JsonParser, json_streams=True),
    "ollama": Format("ollama", OllamaReader, ObjectParser, json_streams=True),
    "mistral": Format("mistral", ChatReader),
    "cohere-v2": Format("cohere", CohereReader),
    "bedrock-converse": Format("bedrock", ConverseReader, BinaryEvents),
}
"""API of the recordings: what reads it."""
PATHS = {"openai-responses": b"POST /responses ", "mistral": b"POST /chat/completions ", "cohere": b"POST /v2/chat "}
ITEMS = [item for api in ("openai-responses", "mistral", "cohere-v2") for item in recordings(api)]
Body = tuple[Format, str, bytes]
"""A recorded answer: its format, its content type, its bytes."""
ANSWERS = [
    (item["streaming"], (found, item["response"]["headers"].get("content-type", "application/json"), body_of(item)))
    for api, found in FORMATS.items()
    for item in recordings(api)
    if item["response"]["status"] == 200 and "error" not in item["expect"]
]
STREAMS = [body for streamed, body in ANSWERS if streamed]
WHOLES = [body for streamed, body in ANSWERS if not streamed]
RECORDED = pytest.mark.skipif(not STREAMS, reason="the folder ../shared is not here")
NONE: Body = (FORMATS["ollama"], "", b"")
each_stream, each_whole = st.sampled_from(STREAMS or [NONE]), st.sampled_from(WHOLES or [NONE])


@pytest.mark.parametrize("item", ITEMS, ids=[item["id"] for item in ITEMS])
def test_a_recording_is_read_as_it_was_meant(item: dict[str, Any]) -> None:
    expect, response, name = item["expect"], item["response"], FORMATS[item["api"]].name
    request = Request("m", (Message.of("user", "hi"),), stream=item["streaming"])
    kind = response["headers"].get("content-type", "application/json")
    (pieces, reply, failure), requests = answered(name, http(body_of(item), kind, response["status"]), request=request)
    assert len(requests) == 1
    assert requests[0].startswith(PATHS[name])
    assert f"authorization: Bearer {KEY}".encode() in requests[0]
    if "error" in expect:
        assert failure is not None
        assert (failure.status, failure.provider_code) == (response["status"], expect["error"]["code"])
        assert expect["error"]["message"] in failure.message
        return
    assert reply is not None, failure
    assert reply.text == expect["text"]
    if "thinking_text" in expect:
        assert (reply.thinking or "").strip() == expect["thinking_text"].strip()
    calls = [(call["id"], call["name"], call["arguments"]) for call in expect.get("tool_calls") or []]
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == calls
    assert reply.raw_finish_reason == expect["finish_reason"]
    assert reply.finish_reason == ("tool_calls" if calls else "stop")
    usage = reply.usage
    assert (usage.input_tokens, usage.output_tokens) == (expect["input_tokens"], expect["output_tokens"])
    assert (usage.cached_input_tokens, usage.reasoning_tokens) == (expect.get("cached_tokens"), expect.get("reasoning_tokens"))
    assert reply.resolved_model == expect.get("model")
    assert reply.request_id
    if item["streaming"]:
        assert "".join(piece.text for piece in pieces) == reply.text
        assert "".join(piece.thinking for piece in pieces) == (reply.thinking or "")


def answer_of(body: Body, data: bytes, cuts: Sequence[int] = (), *, asked: bool = True) -> tuple[Reply, str]:
    """The reply of these bytes that arrive cut at these places, and the text of its pieces joined. Raises ProviderError."""
    reading, text = begun(body, asked)[0], ""
    for start, end in pairwise(sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})):
        text += reading.feed(data[start:end])[0]
    text += reading.close()[0]
    return reading.reply(), text


def begun(body: Body, asked: bool = True) -> tuple[HttpAnswer, Reader]:
    form, kind, _ = body
    reader = form.reader()
    reading = HttpAnswer(reader, form.parser, Redactor(None))
    reading.begin(200, {"content-type": kind}, asked=asked, json_streams=form.json_streams)
    return reading, reader


def dresses(body: Body) -> dict[str, bytes]:
    """The same stream as other servers and proxies would send it."""
    form, _, data = body
    if form.name == "bedrock":
        return {"plain": data}
    lines = data.replace(b"\r\n", b"\n")
    found = {"plain": data, "byte order mark": b"\xef\xbb\xbf" + data, "CRLF": lines.replace(b"\n", b"\r\n")}
    if lines.startswith((b"data:", b"event:", b":", b"id:")):
        found["comments"] = b": hello\n\n" + lines.replace(b"\n\n", b"\n\n: keep-alive\n\n")
        found["data in several lines"] = b"\n".join(spread(line) for line in lines.split(b"\n"))
        found["CR"] = lines.replace(b"\n", b"\r")
    elif lines.startswith(b"{"):
        found["blank lines"] = lines.replace(b"\n", b"\n\n")
    return found


def spread(line: bytes) -> bytes:
    """A data line of JSON over several data lines, which the standard joins again."""
    data = line.removeprefix(b"data:").strip()
    if not line.startswith(b"data:") or not data.startswith(b"{"):
        return line
    return b"\n".join(b"data: " + part for part in json.dumps(json.loads(data), indent=1, ensure_ascii=False).encode().split(b"\n"))


def ends_in_words(body: Body, data: bytes, *, asked: bool) -> tuple[Failure | None, Reply | None]:
    """Check that these bytes, whatever they are, end in a reply or in a failure with words; the failure, and what there is of a reply."""
    reading, reader = begun(body, asked)
    failure: Failure | None = None
    try:
        text = reading.feed(data)[0] + reading.close()[0]
        reply = reading.reply()
    except ProviderError as error:
        failure = error.failure
    if failure is None:
        assert isinstance(reply.text, str)
        assert not asked or reply.text == text
        return None, reply
    assert failure.message
    return failure, reader.partial()


@RECORDED
@pytest.mark.parametrize("body", STREAMS, ids=[body[0].name for body in STREAMS])
def test_a_stream_gives_the_same_reply_byte_by_byte_and_however_it_is_dressed(body: Body) -> None:
    expected = answer_of(body, body[2])
    for data in dresses(body).values():
        assert answer_of(body, data) == expected
        assert answer_of(body, data, range(20_000)) == expected


@RECORDED
@given(each_stream, st.data())
def test_a_stream_cut_anywhere_gives_the_same_reply(body: Body, data: st.DataObject) -> None:
    dress = data.draw(st.sampled_from(list(dresses(body).values())))
    cuts = data.draw(st.lists(st.integers(0, len(dress)), max_size=20))
    assert answer_of(body, dress, cuts) == answer_of(body, body[2])


@RECORDED
@given(each_stream, st.floats(0, 1))
def test_the_beginning_of_a_stream_is_a_reply_or_a_failure_with_what_had_arrived(body: Body, share: float) -> None:
    complete = answer_of(body, body[2])[0].text
    failure, reply = ends_in_words(body, body[2][: int(share * (len(body[2]) - 1))], asked=True)
    if failure is None:
        assert reply is not None
        assert reply.text == complete
    else:
        assert failure.kind in ("network", "protocol")
        assert reply is None or complete.startswith(reply.text)


@RECORDED
@given(each_whole, st.floats(0, 1), st.binary(max_size=8))
def test_the_beginning_of_a_whole_body_is_no_answer(body: Body, share: float, noise: bytes) -> None:
    end = int(share * (len(body[2].rstrip()) - 1))
    failure, _ = ends_in_words(body, body[2][:end], asked=False)
    assert failure is not None
    assert failure.kind in ("protocol", "network")
    ends_in_words(body, body[2][:end] + noise, asked=False)


@RECORDED
@given(st.booleans().flatmap(lambda streamed: st.tuples(st.just(streamed), each_stream if streamed else each_whole)), st.data())
def test_damaged_bytes_end_in_a_reply_or_a_failure(found: tuple[bool, Body], data: st.DataObject) -> None:
    streamed, body = found
    damaged = bytearray(body[2])
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(damaged) - 1), st.integers(0, 255)), min_size=1, max_size=6)):
        damaged[place] = byte
    at = data.draw(st.integers(0, len(damaged)))
    damaged[at:at] = data.draw(st.binary(max_size=8))
    ends_in_words(body, bytes(damaged), asked=streamed)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@RECORDED
@given(st.data())
def test_events_with_anything_in_their_fields_never_break_a_reader(data: st.DataObject) -> None:
    """A value of a recorded event is replaced by another one, at any depth."""
    form, _, body = data.draw(each_stream)
    parser, reading = form.parser(), form.reader()
    with contextlib.suppress(ProviderError):
        for event in [*parser.feed(body), *parser.close()]:
            if event.data.startswith(b"{") and data.draw(st.integers(0, 9)) == 0:
                event = event._replace(data=json.dumps(_spoilt(json.loads(event.data), data)).encode())
            reading.event(event)
        reading.end()
    partial = reading.partial()
    assert partial is None or isinstance(partial.text, str)


def _spoilt(value: Any, data: st.DataObject) -> Any:
    """The value with one part of it replaced."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(value)))
        return {**value, name: _spoilt(value[name], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        return [_spoilt(value[0], data), *value[1:]]
    return data.draw(ODD)
