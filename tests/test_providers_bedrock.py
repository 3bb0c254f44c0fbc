"""Bedrock Converse: the binary event stream in any cut, recordings as they were meant, requests as Amazon's service model has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import sys
import zlib
from typing import Any

import pytest

from tests.conftest import SHARED
from tests.recorded_wire import KEY, answered, ask, http, read, recordings, replayed, streams
from tests.test_providers_http import RawServer
from workbench.providers import transport
from workbench.providers.bedrock import UNSUPPORTED, BinaryEvents, ConverseReader, address_of, request_body
from workbench.providers.bedrock.answer import usage_of
from workbench.providers.bedrock.signing import region_of
from workbench.providers.error_bodies import failure_of
from workbench.providers.failures import ProviderError, concerns, is_retryable
from workbench.providers.redaction import Redactor
from workbench.values import Endpoint, Message, Part, Reply, Request, Usage

needs_recordings = pytest.mark.skipif(not (SHARED / "wire").is_dir(), reason="the folder ../shared is not here")
STREAMS = streams("bedrock-converse")
KIND = "application/vnd.amazon.eventstream"
HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello"))
CLAUDE, NOVA = "us.anthropic.claude-sonnet-4-6", "us.amazon.nova-2-lite-v1:0"
WEATHER = {"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
ACCESS_KEYS = "AKIDEXAMPLE0123456:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def message(payload: Any, **headers: str) -> bytes:
    """One message of the binary stream."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    names = b"".join(
        bytes([len(name) + 1]) + b":" + name.replace("_", "-").encode() + b"\x07" + struct.pack(">H", len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(names) + len(data), len(names))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + names + data
    return whole + struct.pack(">I", zlib.crc32(whole))


def event(name: str, payload: Any) -> bytes:
    return message(payload, event_type=name, content_type="application/json", message_type="event")


def exception(name: str, payload: Any) -> bytes:
    return message(payload, exception_type=name, content_type="application/json", message_type="exception")


def delta(index: int, **delta: Any) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta, "p": "abc"})


def use(index: int, **call: str) -> bytes:
    return event("contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": call}})


def ending(reason: str = "end_turn", **metadata: Any) -> bytes:
    usage = {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7}
    return event("messageStop", {"stopReason": reason}) + event("metadata", {"usage": usage, "metrics": {"latencyMs": 9}, **metadata})


BEGIN = event("messageStart", {"role": "assistant"})


def reply_of(*messages: bytes) -> Reply:
    return read(ConverseReader(), b"".join(messages), parser=BinaryEvents)[0]


def body(model: str = CLAUDE, messages: tuple[Message, ...] = HELLO, **parameters: Any) -> dict[str, Any]:
    return request_body(Request(model, messages, parameters))


# Recordings


@needs_recordings
def test_recordings_are_read_as_they_were_meant() -> None:
    found = recordings("bedrock-converse")
    assert len(found) > 6
    for item in found:
        head, _, sent = replayed("bedrock", item)[0].partition(b"\r\n\r\n")
        verb = "converse-stream" if item["streaming"] else "converse"
        assert head.startswith(f"POST /model/m/{verb} HTTP/1.1".encode())
        assert f"authorization: bearer {KEY}" in head.decode().lower()
        assert json.loads(sent)["messages"] == [{"role": "user", "content": [{"text": "hi"}]}]


@needs_recordings
def test_a_stream_without_its_last_event_is_cut_off_and_keeps_what_had_arrived() -> None:
    for data in STREAMS:
        (pieces, _, failure), _ = answered("bedrock", http(data[:-5], KIND))
        assert failure is not None
        assert (failure.kind, failure.provider_code) == ("network", "cut")
        assert failure.partial is not None
        assert failure.partial.text == "".join(piece.text for piece in pieces) != ""


# The binary stream


def test_headers_of_every_type_are_passed_over() -> None:
    values = {0: b"", 1: b"", 2: b"x", 3: b"xx", 4: b"xxxx", 5: b"x" * 8, 6: b"\x00\x02xx", 8: b"x" * 8, 9: b"x" * 16}
    names = b"".join(b"\x01" + bytes([65 + kind, kind]) + value for kind, value in values.items())
    names += b"\x0b:event-type\x07\x00\x08metadata"
    prelude = struct.pack(">II", 16 + len(names) + 2, len(names))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + names + b"{}"
    (found,) = BinaryEvents().feed(whole + struct.pack(">I", zlib.crc32(whole)))
    assert (found.name, found.data) == ("metadata", b"{}")


@pytest.mark.parametrize("place", [0, 5, 9, 20, -6, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    data = bytearray(delta(0, text="yes"))
    data[place] ^= 0x40
    with pytest.raises(ProviderError) as caught:
        BinaryEvents().feed(bytes(data) + b"\0" * 64)
    assert caught.value.failure.kind == "protocol"


def test_what_is_no_event_stream_is_named_and_a_giant_is_not_waited_for() -> None:
    for data in (b"data: {}\n\ndata: {}\n\n", b'{"message": "hello"}'):
        with pytest.raises(ProviderError) as caught:
            BinaryEvents().feed(data)
        assert caught.value.failure.kind == "protocol"
        assert data[:8].decode() in caught.value.failure.message
    for size, headers in ((2**31, 0), (8, 0), (100, 99)):
        prelude = struct.pack(">II", size, headers)
        with pytest.raises(ProviderError):
            BinaryEvents().feed(prelude + struct.pack(">I", zlib.crc32(prelude)))
    broken = struct.pack(">II", 17, 1)
    whole = broken + struct.pack(">I", zlib.crc32(broken)) + b"\x09"  # a header that claims more than there is
    with pytest.raises(ProviderError):
        BinaryEvents().feed(whole + struct.pack(">I", zlib.crc32(whole)))


# Reading


def test_all_kinds_of_blocks_are_read() -> None:
    png = b"\x89PNG picture"
    halves = [base64.b64encode(half).decode() for half in (png[:6], png[6:])]
    reply = reply_of(
        event("initial-response", {}), BEGIN,
        delta(0, reasoningContent={"text": "h"}), delta(0, reasoningContent={"text": "m"}), delta(0, reasoningContent={"signature": "s"}),
        delta(0, reasoningContent={"redactedContent": "eA=="}), event("contentBlockStop", {"contentBlockIndex": 0}),
        delta(1, text="yes"), delta(1, citation={"title": "t"}), delta(1, text=" sir"),
        use(2, toolUseId="t1", name="f"),
        delta(2, toolUse={"input": '{"a"'}), delta(2, toolUse={"input": ": 1}"}),
        use(3, toolUseId="t2", name="g"), use(4, toolUseId="t3", name="web", type="server_tool_use"),
        delta(4, toolUse={"input": "{}"}),
        event("contentBlockStart", {"contentBlockIndex": 5, "start": {"image": {"format": "png"}}}),
        delta(5, image={"source": {"bytes": halves[0]}}), delta(5, image={"source": {"bytes": halves[1]}}),
        event("anEventOfTomorrow", {"contentBlockIndex": {}}), delta(6, somethingOfTomorrow={"text": "no"}),
        ending("tool_use", trace={"promptRouter": {"invokedModelId": "m-1"}}),
    )  # fmt: skip
    assert (reply.text, reply.thinking, reply.finish_reason, reply.resolved_model) == ("yes sir", "hm", "tool_calls", "m-1")
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [("t1", "f", {"a": 1}), ("t2", "g", {})]
    assert reply.images == (Part("image", "", "image/png", png),)
    assert reply.usage == Usage(5, 2)


def test_a_whole_answer_holds_the_same_blocks() -> None:
    content = [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"text": "yes"},
        {"citationsContent": {"content": [{"text": " si"}, {"text": "r"}, "x"], "citations": [{"title": "t"}]}},
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
        {"toolUse": {"toolUseId": "t2", "name": "web", "input": {}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "t2", "content": [{"text": "found"}]}},
        {"image": {"format": "webp", "source": {"bytes": "UklGRg=="}}},
        {"blockOfTomorrow": {}},
    ]
    usage = {"inputTokens": 5, "outputTokens": 2, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 1, "totalTokens": 11}
    reply = ConverseReader().whole({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "x", "usage": usage})
    assert (reply.text, reply.thinking, reply.finish_reason) == ("yes sir", "hm", "other")
    assert [(call.id, call.arguments) for call in reply.tool_calls] == [("t1", {"a": 1})]
    assert reply.images == (Part("image", "", "image/webp", b"RIFF"),)
    assert reply.usage == Usage(9, 2, 3, 1)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"), ("guardrail_intervened", "content_filter"), ("content_filtered", "content_filter"),
        ("malformed_model_output", "error"), ("malformed_tool_use", "error"), ("refusal", "refusal"), ("because", "other"),
    ],
)  # fmt: skip
def test_every_reason_to_stop_has_its_common_word(word: str, reason: str) -> None:
    reply = reply_of(BEGIN, delta(0, text="x"), ending(word))
    assert (reply.finish_reason, reply.raw_finish_reason, reply.refusal) == (reason, word, None)


def test_a_blocked_answer_without_text_is_a_reply_that_says_why() -> None:
    reply = reply_of(BEGIN, ending("guardrail_intervened", trace={"guardrail": {"actionReason": "Guardrail blocked."}}))
    assert (reply.text, reply.finish_reason, reply.refusal) == ("", "content_filter", "Guardrail blocked.")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"inputTokens": 5, "outputTokens": 2, "totalTokens": 7}, Usage(5, 2)),
        ({"inputTokens": 5, "cacheReadInputTokenCount": 3, "cacheWriteInputTokenCount": 0}, Usage(8, None, 3, 0)),
        ({"inputTokens": None, "outputTokens": True}, Usage()),
        (None, Usage()),
    ],
)
def test_usage_counts_cache_reads_and_writes_as_read(raw: Any, expected: Usage) -> None:
    assert usage_of(raw) == expected


@pytest.mark.parametrize(
    ("name", "payload", "kind", "status"),
    [
        ("throttlingException", {"message": "Too many requests, please wait."}, "rate_limit", 429),
        ("validationException", {"message": "Input is too long for requested model."}, "context_length", 400),
        ("validationException", {"message": "Malformed input request"}, "bad_request", 400),
        ("internalServerException", {"message": "oops"}, "server", 500),
        ("serviceUnavailableException", {"message": "later"}, "overloaded", 503),
        ("modelStreamErrorException", {"message": "failed", "originalStatusCode": 500, "originalMessage": "gone"}, "server", 424),
        ("exceptionOfTomorrow", {}, "server", None),
        ("throttlingException", b"not json", "rate_limit", 429),
    ],
)
def test_an_exception_in_a_stream_is_a_failure_with_what_had_arrived(name: str, payload: Any, kind: str, status: int | None) -> None:
    (_, _, failure), _ = answered("bedrock", http(BEGIN + delta(0, text="par") + exception(name, payload), KIND))
    assert failure is not None
    assert (failure.kind, failure.status, failure.provider_code) == (kind, status, name)
    words = payload.decode() if isinstance(payload, bytes) else payload.get("message", name)
    assert words in failure.message
    assert failure.partial is not None
    assert failure.partial.text == "par"
    if name == "modelStreamErrorException":
        assert "gone" in failure.message


def test_an_error_message_has_its_words_in_its_headers() -> None:
    with pytest.raises(ProviderError) as caught:
        reply_of(BEGIN, message(b"", message_type="error", error_code="internalServerException", error_message="It broke."))
    failure = caught.value.failure
    assert (failure.kind, failure.message, failure.provider_code) == ("server", "It broke.", "internalServerException")


@pytest.mark.parametrize(
    ("status", "type", "value", "kind", "concerned"),
    [
        (400, "ValidationException", {"message": "The provided model identifier is invalid."}, "not_found", "model"),
        (400, "ValidationException", {"message": "Too many input tokens. Max input tokens: 8192, request: 9000"}, "context_length", "job"),
        (403, "AccessDeniedException", {"Message": "User: x is not authorized to perform: bedrock:InvokeModel"}, "permission", "model"),
        (403, "UnrecognizedClientException", {"message": "The security token included in the request is invalid."}, "auth", "connection"),
        (403, "ExpiredTokenException", {"message": "The security token included in the request is expired"}, "auth", "connection"),
        (403, "AccessDeniedException", {"Message": "Authentication failed: Please make sure your API Key is valid."}, "auth", "connection"),
        (403, "InvalidSignatureException", {"message": "The request signature we calculated does not match"}, "auth", "connection"),
        (404, "ResourceNotFoundException", {"message": "This model version has reached the end of its life."}, "not_found", "model"),
        (424, "ModelErrorException", {"message": "The model failed."}, "server", "job"),
        (429, "ThrottlingException", {"message": "Too many requests, please wait before trying again."}, "rate_limit", "job"),
        (503, "ServiceUnavailableException", {"message": "Bedrock is unable to process your request."}, "overloaded", "job"),
    ],
)
def test_amazons_errors_are_understood(status: int, type: str, value: dict[str, str], kind: str, concerned: str) -> None:
    headers = {"x-amzn-errortype": f"{type}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    failure = failure_of(status, headers, json.dumps(value).encode(), Redactor(None))
    assert (failure.kind, failure.provider_code, concerns(failure)) == (kind, type, concerned)
    assert next(iter(value.values())) in failure.message
    assert is_retryable(failure) is (concerned == "job" and status > 400)
    inside = failure_of(status, {}, json.dumps({"__type": f"com.amazon.coral.service#{type}", **value}).encode(), Redactor(None))
    assert (inside.kind, inside.provider_code) == (kind, type)


@pytest.mark.parametrize("value", [None, [], "text", {}, {"output": {}}, {"output": {"message": {"content": "x"}}}])
def test_a_body_that_is_no_converse_answer_is_named(value: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        ConverseReader().whole(value)
    assert caught.value.failure.kind == "protocol"


# What is sent


def test_a_plain_request_is_small() -> None:
    assert body(temperature=0, stop=[], seed=None) == {
        "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"temperature": 0},
    }


def test_each_parameter_finds_its_place_or_is_left_out() -> None:
    guardrail = {"guardrailIdentifier": "g", "guardrailVersion": "1"}
    parameters = {
        "temperature": 0.5, "top_p": 0.9, "top_k": 5, "max_tokens": 99, "stop": "END", "anything": 1, "guardrailConfig": guardrail,
        "additionalModelRequestFields": {"more": 2}, **dict.fromkeys(UNSUPPORTED, 1), "extra": {"inferenceConfig": {"maxTokens": 7}},
    }  # fmt: skip
    sent = request_body(Request(CLAUDE, HELLO, parameters))
    assert {name: sent[name] for name in sorted(set(sent) - {"messages", "system"})} == {
        "additionalModelRequestFields": {"anything": 1, "more": 2, "top_k": 5},
        "guardrailConfig": guardrail,
        "inferenceConfig": {"maxTokens": 7, "stopSequences": ["END"], "temperature": 0.5, "topP": 0.9},
    }
    assert body(NOVA, top_k=5)["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 5}}
    assert body("cohere.command-r-v1:0", top_k=5)["additionalModelRequestFields"] == {"k": 5}


def test_effort_takes_the_form_that_the_models_family_knows() -> None:
    claude = body(reasoning_effort="high")
    assert claude["outputConfig"] == {"effort": "high"}
    assert claude["additionalModelRequestFields"]["thinking"]["type"] == "adaptive"
    old = body("anthropic.claude-3-7-sonnet-20250219-v1:0", reasoning_budget=3000)
    assert old["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 3000}}
    assert "outputConfig" not in old
    nova = body(NOVA, reasoning_effort="minimal")["additionalModelRequestFields"]
    assert nova == {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}
    assert body(NOVA, reasoning_effort="none")["additionalModelRequestFields"] == {"reasoningConfig": {"type": "disabled"}}
    assert body("openai.gpt-oss-20b-1:0", reasoning_effort="low")["additionalModelRequestFields"] == {"reasoning_effort": "low"}


def test_schema_and_tools_are_written_as_converse_has_them() -> None:
    schema = {"title": "My answer!", "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    own = {"toolSpec": {"name": "x", "inputSchema": {"json": {}}}}
    request = Request(CLAUDE, HELLO, {"tool_choice": "required", "reasoning_effort": "low"}, schema, (WEATHER, own))
    sent = request_body(request)
    form = sent["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert (form["name"], json.loads(form["schema"])) == ("My_answer", {**schema, "additionalProperties": False})
    assert sent["outputConfig"]["effort"] == "low"
    spec = {"toolSpec": {"name": "weather", "description": "d", "inputSchema": {"json": WEATHER["parameters"]}}}
    assert sent["toolConfig"] == {"tools": [spec, own], "toolChoice": {"any": {}}}
    for choice, expected in (
        ("auto", {"auto": {}}),
        ("f", {"tool": {"name": "f"}}),
        ({"type": "function", "function": {"name": "f"}}, None),
    ):
        sent = request_body(Request(CLAUDE, HELLO, {"tool_choice": choice}, tools=(WEATHER,)))
        assert sent["toolConfig"]["toolChoice"] == (expected or {"tool": {"name": "f"}})
    assert "toolConfig" not in request_body(Request(CLAUDE, HELLO, {"tool_choice": "none"}, tools=(WEATHER,)))


def test_pictures_and_documents_have_blocks_of_their_own() -> None:
    parts = (
        Part(text=""), Part("image", "", "image/jpg", b"\xff\xd8"), Part("file", "", "application/pdf", b"%PDF", "Q3_report (new).pdf"),
        Part("file", "", "text/x-python", b"1", "Q3 report (new) pdf"), Part("file", "", "text/csv", b"a,b"),
    )  # fmt: skip
    blocks = body(messages=(Message("user", parts),))["messages"][0]["content"]
    assert [next(iter(entry)) for entry in blocks] == ["image", "document", "document", "document"]
    assert blocks[0]["image"] == {"format": "jpeg", "source": {"bytes": "/9g="}}
    documents = [(entry["document"]["format"], entry["document"]["name"]) for entry in blocks[1:]]
    assert documents == [("pdf", "Q3 report (new) pdf"), ("txt", "Q3 report (new) pdf 2"), ("csv", "document")]
    with pytest.raises(ProviderError) as caught:
        body(messages=(Message("user", (Part("file", "", "video/mp4", b"x"),)),))
    assert caught.value.failure.kind == "bad_request"


def test_a_request_fits_amazons_own_service_model() -> None:
    loaders = pytest.importorskip("botocore.loaders")
    model = pytest.importorskip("botocore.model").ServiceModel(loaders.Loader().load_service_model("bedrock-runtime", "service-2"))
    validator = pytest.importorskip("botocore.validate").ParamValidator()
    schema = {"type": "object", "properties": {}}
    parts = (Part(text="What?"), Part("image", "", "image/png", b"x"), Part("file", "", "application/pdf", b"%PDF", "a_b.pdf"))
    everything = {"temperature": 0.5, "top_p": 1.0, "top_k": 3, "max_tokens": 5, "stop": "END", "tool_choice": "auto"}
    for request in (
        Request(CLAUDE, HELLO),
        Request(CLAUDE, HELLO, {**everything, "reasoning_effort": "high"}, schema, (WEATHER,)),
        Request(NOVA, (Message("user", parts),), {"reasoning_effort": "low", "top_k": 2}),
    ):
        shape = model.operation_model("ConverseStream").input_shape
        report = validator.validate({"modelId": request.model, **request_body(request)}, shape)
        assert not report.has_errors(), report.generate_report()


# Where it is sent, and with which key


def test_the_models_name_is_one_step_of_the_path() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6"

    def full(base: str, model: str = "a.b-v1:0", stream: bool = True) -> str:
        return address_of(Endpoint("bedrock", base), Request(model, HELLO, stream=stream))

    assert full("http://h") == full("http://h/", "a.b-v1%3A0") == "http://h/model/a.b-v1%3A0/converse-stream"
    assert full("http://h", stream=False) == "http://h/model/a.b-v1%3A0/converse"
    assert full("http://h?x=1", arn) == f"http://h/model/{arn.replace(':', '%3A').replace('/', '%2F')}/converse-stream?x=1"
    for base in ("http://h/model/other/converse", "http://h/model/other/converse-stream"):
        assert full(base) == "http://h/model/other/converse-stream"
        assert full(base, stream=False) == "http://h/model/other/converse"


@pytest.mark.parametrize("aiohttp", [False, True])
def test_the_path_reaches_the_server_as_it_was_written(aiohttp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "is_paid", lambda: aiohttp)
    request = Request("arn:aws:x/a.b-v1:0", HELLO)
    (_, reply, _), requests = answered("bedrock", http(BEGIN + delta(0, text="hello") + ending(), KIND), request=request)
    assert reply is not None
    assert reply.text == "hello"
    assert requests[0].startswith(b"POST /model/arn%3Aaws%3Ax%2Fa.b-v1%3A0/converse-stream HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("base", "region"),
    [
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/", "us-gov-west-1"),
        ("https://bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("https://vpce-0a1b-2c3d.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"),
    ],
)
def test_the_region_is_read_from_the_base_url(base: str, region: str) -> None:
    assert region_of(Endpoint("bedrock", base)) == region
    assert region_of(Endpoint("bedrock", base, options={"region": "eu-west-3"})) == "eu-west-3"


def test_an_address_without_a_region_cannot_be_signed_for() -> None:
    with pytest.raises(ProviderError) as caught:
        region_of(Endpoint("bedrock", "http://127.0.0.1:9000"))
    assert "names no AWS region" in caught.value.failure.message


def test_access_keys_without_botocore_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    _, reply, failure = ask("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", key=ACCESS_KEYS)
    assert reply is None
    assert failure is not None
    assert (failure.kind, failure.provider_code, concerns(failure)) == ("auth", "missing_extra", "connection")
    assert 'pip install "prompt-workbench[bedrock]"' in failure.message


def signed(key: bytes, *parts: str) -> bytes:
    for part in parts:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


@pytest.mark.parametrize("aiohttp", [False, True])
@pytest.mark.parametrize("token", ["", "FwoGZXIvYXdzEBYaDKexampletoken0123456789"])
def test_access_keys_sign_what_is_sent(aiohttp: bool, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signature is worked out again from the bytes that a server received, by the steps of AWS's description."""
    pytest.importorskip("botocore.auth")
    monkeypatch.setattr(transport, "is_paid", lambda: aiohttp)
    id, secret = ACCESS_KEYS.split(":")
    said = {"message": f"The signature should have been for {secret} with {token or 'none'}"}
    server = RawServer(lambda _: [http(json.dumps(said).encode(), "application/json", 403)])
    request = Request("arn:aws:bedrock:us-east-1:1:model/a.b-v1:0", HELLO, stream=False)
    try:
        key = ACCESS_KEYS + (f":{token}" if token else "")
        _, _, failure = ask("bedrock", f"http://127.0.0.1:{server.port}", request=request, key=key, region="eu-west-1")
    finally:
        server.close()
    assert failure is not None
    assert secret not in failure.message  # a part of the key is no less a secret
    assert not token or token not in failure.message
    head, _, sent = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    path = first.split(" ")[1]
    assert path == "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Amodel%2Fa.b-v1%3A0/converse"
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/eu-west-1/bedrock/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w{64})",
        headers["authorization"],
    )
    assert found
    assert found[1] == id
    assert headers.get("x-amz-security-token", "") == token
    names = found[3].split(";")
    assert {"host", "x-amz-date"} <= set(names)
    assert secret not in head.decode()
    canonical = "\n".join(
        (
            "POST",
            path.replace("%", "%25"),
            "",
            *(f"{name}:{headers[name]}" for name in names),
            "",
            found[3],
            hashlib.sha256(sent).hexdigest(),
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{found[2]}/eu-west-1/bedrock/aws4_request\n{digest}"
    assert signed(f"AWS4{secret}".encode(), found[2], "eu-west-1", "bedrock", "aws4_request", text).hex() == found[4]


def test_half_an_access_key_is_named() -> None:
    pytest.importorskip("botocore.auth")
    _, _, failure = ask("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", key="AKIDEXAMPLE:")
    assert failure is not None
    assert (failure.kind, failure.provider_code) == ("auth", "malformed_key")
