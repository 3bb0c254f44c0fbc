"""Recorded traffic of OpenAI's formats, Mistral and Cohere: read as it was meant, however it is cut, and whatever is missing at its end."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recorded_wire import KEY, answered, body_of, http, read, recordings, streams
from workbench.providers.cohere import CohereReader
from workbench.providers.failures import ProviderError
from workbench.providers.http_answer import Reader
from workbench.providers.openai_chat import ChatReader
from workbench.providers.openai_responses import ResponsesReader
from workbench.providers.sse import EventParser
from workbench.values import Message, Request

READERS: dict[str, tuple[str, Callable[[], Reader]]] = {
    "openai-chat": ("openai-chat", ChatReader),
    "openai-responses": ("openai-responses", ResponsesReader),
    "mistral": ("mistral", ChatReader),
    "cohere-v2": ("cohere", CohereReader),
}
"""API of the recordings: our name for it, and what reads it."""
PATHS = {"openai-responses": b"POST /responses ", "mistral": b"POST /chat/completions ", "cohere": b"POST /v2/chat "}
ITEMS = [item for api in ("openai-responses", "mistral", "cohere-v2") for item in recordings(api)]
STREAMS = [(reader, data) for api, (_, reader) in READERS.items() for data in streams(api)]


@pytest.mark.parametrize("item", ITEMS, ids=[item["id"] for item in ITEMS])
def test_a_recording_is_read_as_it_was_meant(item: dict[str, Any]) -> None:
    expect, response, name = item["expect"], item["response"], READERS[item["api"]][0]
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


@pytest.mark.skipif(not STREAMS, reason="the folder ../shared is not here")
@given(st.data())
def test_a_stream_cut_anywhere_gives_the_same_reply(data: st.DataObject) -> None:
    reader, body = data.draw(st.sampled_from(STREAMS))
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=20))
    assert read(reader(), body, cuts) == read(reader(), body)


@pytest.mark.skipif(not STREAMS, reason="the folder ../shared is not here")
@given(st.data())
def test_the_beginning_of_a_stream_is_a_reply_or_a_failure_with_what_had_arrived(data: st.DataObject) -> None:
    reader, body = data.draw(st.sampled_from(STREAMS))
    length = data.draw(st.integers(0, len(body) - 1))
    reading = reader()
    complete = read(reader(), body)[0].text
    failed: ProviderError | None = None
    try:
        reply, text = read(reading, body[:length])
    except ProviderError as error:
        failed, partial = error, reading.partial()
    if failed is None:
        assert reply.text == text == complete
    else:
        assert failed.failure.kind in ("network", "protocol")
        assert partial is None or complete.startswith(partial.text)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_events_with_anything_in_their_fields_never_break_a_reader(data: st.DataObject) -> None:
    """A value of a recorded event is replaced by another one, at any depth."""
    reader, body = data.draw(st.sampled_from(STREAMS))
    parser, reading = EventParser(), reader()
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
