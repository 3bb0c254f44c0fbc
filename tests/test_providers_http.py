"""Calls against servers that behave badly: each fault ends in one failure with a sentence, nothing hangs, no key gets out."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from workbench import awake_loop, providers
from workbench.providers import http_answer, transport
from workbench.providers.kept import head_of
from workbench.providers.network_errors import url_of
from workbench.providers.redaction import AnswerStream, Redactor
from workbench.values import Delta, Endpoint, Failure, Message, Reply, Request

KEY = "sk-test-0123456789abcdef"
Step = bytes | float | None
"""What a script holds: bytes to send, seconds to wait, None to wait until the client goes away."""


class RawServer:
    """A server on loopback that answers each request with the same script, byte for byte."""

    def __init__(self, script: Callable[[bytes], list[Step]]) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.gone = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            try:
                request = self._read(connection)
                if not request:
                    return
                self.requests.append(request)
                for step in self.script(request):
                    if isinstance(step, bytes):
                        connection.sendall(step)
                    elif step is None:
                        while connection.recv(4096):
                            pass
                        self.gone.set()
                    else:
                        time.sleep(step)
            except OSError:
                self.gone.set()

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
            if not data or data[:1] == b"\x16":  # nobody there, or the hello of TLS
                return data
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        # shutdown wakes the accepting thread, close alone does not on Linux
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    running: list[RawServer] = []

    def start(*steps: Step, script: Callable[[bytes], list[Step]] | None = None) -> RawServer:
        running.append(RawServer(script or (lambda _: list(steps))))
        return running[-1]

    yield start
    for server in running:
        server.close()


def answer(body: bytes, status: str = "200 OK", kind: str = "application/json", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{extra}\r\n".encode() + body


def stream(*pieces: bytes, end: bool = True) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + (b"0\r\n\r\n" if end else b"")


def event(text: str, finish: str | None = None) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
WHOLE = json.dumps({"model": "m", "choices": [{"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}]}).encode()


@pytest.fixture(params=["httpx", "aiohttp"])
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Each test runs over both transports."""
    if request.param == "httpx":
        monkeypatch.setattr(transport, "is_paid", lambda: False)
        return 1
    return 1000


def ask(
    address: RawServer | str,
    calls: int,
    *,
    streamed: bool = True,
    timeout_s: float = 5.0,
    key: str = KEY,
    still_s: float = 0.0,
    **options: Any,
) -> tuple[list[Delta], Reply | None, Failure | None]:
    """One call: the pieces, and the reply or the failure. `still_s`: so long nobody looks at the network, soon after it was sent."""
    url = address if isinstance(address, str) else f"http://127.0.0.1:{address.port}/v1"

    async def go() -> tuple[list[Delta], Reply | None, Failure | None]:
        pieces: list[Delta] = []
        if still_s:
            asyncio.get_running_loop().call_later(0.2, time.sleep, still_s)
        async with providers.client(calls=calls) as client:
            request = Request("m", (Message.of("user", "hi"),), stream=streamed)
            try:
                async for item in providers.wire_format("openai-chat").call(
                    client, Endpoint("openai-chat", url, key, options, timeout_s), request
                ):
                    if isinstance(item, Reply):
                        return pieces, item, None
                    pieces.append(item)
            except providers.ProviderError as error:
                return pieces, None, error.failure
        raise AssertionError("neither reply nor failure")

    return awake_loop.run(go())


def failed(*args: Any, **options: Any) -> Failure:
    _, reply, failure = ask(*args, **options)
    assert reply is None
    assert failure is not None
    return failure


def test_recordings_are_read_as_they_were_meant(shared: Path, serve: Callable[..., RawServer], calls: int) -> None:
    for path in sorted((shared / "wire" / "open").glob("*openai-chat*.json")):
        item = json.loads(path.read_text("utf-8"))
        response, expect = item["response"], item["expect"]
        body = response["body"] if isinstance(response["body"], str) else json.dumps(response["body"])
        data = base64.b64decode(response["body_base64"]) if response.get("body_base64") else body.encode()
        cut = [data[at : at + 7] for at in range(0, len(data), 7)]
        kind = response["headers"].get("content-type", "application/json")
        script = stream(*cut).replace(b"text/event-stream", kind.encode(), 1).replace(b"200 OK", b"%d X" % response["status"], 1)
        server = serve(script)
        pieces, reply, failure = ask(server, calls, streamed=item["streaming"])
        assert len(server.requests) == 1
        if "error" in expect:
            assert failure is not None
            assert failure.status == response["status"]
            assert expect["error"]["message"] in failure.message
            continue
        assert reply is not None, (path.name, failure)
        assert reply.text == expect.get("text", ""), path.name
        if "thinking_text" in expect:
            assert (reply.thinking or "").strip() == expect["thinking_text"].strip(), path.name
        assert reply.refusal == expect.get("refusal")
        assert [(call.name, call.arguments) for call in reply.tool_calls] == [
            (c["name"], c["arguments"]) for c in expect.get("tool_calls") or []
        ]
        assert (reply.usage.input_tokens, reply.usage.output_tokens) == (expect["input_tokens"], expect["output_tokens"])
        assert reply.resolved_model == expect["model"]
        assert reply.raw_finish_reason == expect["finish_reason"]
        assert reply.exchange is not None
        assert reply.exchange.response == data
        if item["streaming"]:
            assert "".join(piece.text for piece in pieces) == reply.text


def test_half_an_event_at_the_end_is_a_stream_that_was_cut_off(serve: Callable[..., RawServer], calls: int) -> None:
    failure = failed(serve(answer(event("hel") + b'data: {"cho', kind="text/event-stream")), calls)
    assert (failure.kind, failure.provider_code, failure.message) == (
        "network",
        "cut",
        "The stream was cut off in the middle of the answer.",
    )


def test_an_error_that_is_no_text_is_not_printed(serve: Callable[..., RawServer], calls: int) -> None:
    failure = failed(serve(answer(bytes(range(256)) * 20, "500 Oops", "application/octet-stream")), calls)
    assert (failure.kind, failure.message) == ("server", "500 Internal Server Error, without any words.")


def test_a_port_that_does_not_exist_is_an_address_that_cannot_be_called() -> None:
    with pytest.raises(providers.ProviderError, match="there is no port 99999"):
        url_of("http://127.0.0.1:99999/v1")


def test_a_web_page_is_not_an_answer(serve: Callable[..., RawServer], calls: int) -> None:
    page = b"<html><title>Sign in to Hotel WiFi</title></html>"
    for streamed in (True, False):
        failure = failed(serve(answer(page, kind="text/html")), calls, streamed=streamed)
        assert (failure.kind, failure.provider_code) == ("protocol", "html")
        assert "Sign in to Hotel WiFi" in failure.message
    assert failed(serve(answer(page, "502 Bad Gateway", "text/html")), calls).kind == "server"


def test_a_stream_that_is_cut_off_keeps_what_had_arrived(serve: Callable[..., RawServer], calls: int) -> None:
    for script in (stream(event("hel"), end=False), stream(event("hel")), answer(event("hel") + b"data: {", kind="text/event-stream")):
        pieces, reply, failure = ask(serve(script), calls)
        assert reply is None
        assert failure is not None
        assert failure.kind in ("network", "protocol")
        assert failure.partial is not None
        assert failure.partial.text == "hel" == pieces[0].text


def test_a_body_that_is_cut_off_is_a_network_fault(serve: Callable[..., RawServer], calls: int) -> None:
    failure = failed(serve(answer(WHOLE)[:-9]), calls, streamed=False)
    assert failure.kind == "network"
    assert failure.message.endswith(" was closed before the answer was complete. It may still be charged.")


def test_a_connection_that_breaks_after_the_answer_costs_nothing(serve: Callable[..., RawServer], calls: int) -> None:
    _, reply, _ = ask(serve(stream(event("hello", "stop"), DONE, end=False)), calls)
    assert reply is not None
    assert reply.text == "hello"


def test_a_server_that_keeps_a_finished_stream_open_is_not_waited_for(serve: Callable[..., RawServer], calls: int) -> None:
    began = time.perf_counter()
    _, reply, _ = ask(serve(stream(event("hello", "stop"), DONE, end=False), None), calls)
    assert reply is not None
    assert time.perf_counter() - began < 20


def test_silence_ends_a_call_after_its_limit(serve: Callable[..., RawServer], calls: int) -> None:
    began = time.perf_counter()
    failure = failed(serve(None), calls, timeout_s=0.4)
    assert failure.kind == "timeout"
    assert "for 0.4 s" in failure.message
    assert "may still be charged" in failure.message
    failure = failed(serve(stream(event("hel"), end=False), None), calls, timeout_s=0.4)
    assert failure.kind == "timeout"
    assert failure.partial is not None
    assert failure.partial.text == "hel"
    assert time.perf_counter() - began < 20


def test_of_a_call_during_which_the_process_stood_still_the_time_is_not_known(serve: Callable[..., RawServer], calls: int) -> None:
    script = (stream(event("hel"), end=False), 0.4, b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest := event("lo", "stop") + DONE), rest))
    _, reply, failure = ask(serve(*script), calls)
    assert reply is not None, failure
    assert reply.latency_ms is not None
    assert reply.latency_ms > 350
    _, reply, failure = ask(serve(*script), calls, still_s=2.0)
    assert reply is not None, failure
    assert (reply.text, reply.latency_ms) == ("hello", None)
    assert reply.first_token_ms is not None, "the first word came before"
    assert reply.first_token_ms < 200


def test_comments_count_as_a_sign_of_life(serve: Callable[..., RawServer], calls: int) -> None:
    waiting: list[Step] = [stream(b": still working\n\n", end=False)]
    for _ in range(4):
        waiting += [0.2, b"10\r\n: still working\n\r\n"]
    last = event("hello", "stop") + DONE
    waiting.append(b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last))
    _, reply, failure = ask(serve(*waiting), calls, timeout_s=0.5)
    assert reply is not None, failure
    assert reply.text == "hello"


def test_bytes_that_are_no_text_are_marked_and_the_rest_is_kept(serve: Callable[..., RawServer], calls: int) -> None:
    broken = event("caf#").replace(b"#", b"\xe9\xff")
    _, reply, _ = ask(serve(stream(broken, event(" ok", "stop"), DONE)), calls)
    assert reply is not None
    assert reply.text == "caf\ufffd\ufffd ok"
    _, reply, _ = ask(serve(answer(WHOLE.replace(b"hello", b"h\xffllo"))), calls, streamed=False)
    assert reply is not None
    assert reply.text == "h\ufffdllo"


def test_halves_of_a_character_in_two_events_are_joined(serve: Callable[..., RawServer], calls: int) -> None:
    _, reply, _ = ask(serve(stream(event("a\ud83d"), event("\ude0a b \udc00", "stop"), DONE)), calls)
    assert reply is not None
    assert reply.text == "a\U0001f60a b \ufffd"
    reply.text.encode()


def test_nonsense_is_named_with_its_beginning(serve: Callable[..., RawServer], calls: int) -> None:
    failure = failed(serve(answer(b'{"choices": [{"mess')), calls, streamed=False)
    assert failure.kind == "protocol"
    assert "not JSON" in failure.message
    assert '{"choices": [{"mess' in failure.message
    failure = failed(serve(stream(event("hel"), b"data: {broken\n\n", DONE)), calls)
    assert failure.kind == "protocol"
    assert failure.partial is not None
    assert failed(serve(answer(b"")), calls, streamed=False).kind == "protocol"
    assert failed(serve(b"SSH-2.0-OpenSSH_9.2\r\n"), calls).kind in ("network", "protocol")
    deep = b'{"choices":' + b"[" * 100_000
    assert failed(serve(answer(deep)), calls, streamed=False).kind == "protocol"


def test_packed_answers_are_unpacked(serve: Callable[..., RawServer], calls: int) -> None:
    _, reply, _ = ask(serve(answer(gzip.compress(WHOLE), extra="content-encoding: gzip\r\n")), calls, streamed=False)
    assert reply is not None
    assert reply.text == "hello"
    packed = gzip.compress(event("hello", "stop") + DONE)
    _, reply, _ = ask(serve(answer(packed, kind="text/event-stream", extra="content-encoding: gzip\r\n")), calls)
    assert reply is not None
    assert reply.text == "hello"
    assert failed(serve(answer(b"not gzip at all", extra="content-encoding: gzip\r\n")), calls, streamed=False).kind == "protocol"


def test_what_is_sent_under_the_wrong_name_is_still_read(serve: Callable[..., RawServer], calls: int) -> None:
    _, reply, _ = ask(serve(answer(WHOLE)), calls)  # a plain body although a stream was asked for
    assert reply is not None
    assert reply.text == "hello"
    _, reply, _ = ask(serve(answer(event("hello", "stop") + DONE)), calls, streamed=False)  # events called JSON
    assert reply is not None
    assert reply.text == "hello"


def test_a_redirect_is_not_followed_but_told(serve: Callable[..., RawServer], calls: int) -> None:
    server = serve(answer(b"", "307 Temporary Redirect", extra="location: https://elsewhere.example/v1\r\n"))
    failure = failed(server, calls)
    assert failure.kind == "protocol"
    assert "https://elsewhere.example/v1" in failure.message
    assert len(server.requests) == 1


def test_a_server_that_fills_the_memory_is_stopped(serve: Callable[..., RawServer], calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_answer, "LARGEST_ANSWER", 200_000)
    endless = b"data: " + b"x" * 50_000
    for streamed in (True, False):
        server = serve(stream(*[endless] * 20, end=False), None)
        failure = failed(server, calls, streamed=streamed)
        assert (failure.kind, failure.provider_code) == ("protocol", "too_large")


def test_nobody_at_the_address_is_said_so(calls: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    failure = failed(f"http://127.0.0.1:{port}/v1", calls)
    assert (failure.kind, failure.provider_code) == ("network", "unreachable")
    assert f"No answer from 127.0.0.1:{port}" in failure.message
    failure = failed("http://no-such-host.invalid/v1", calls)
    assert (failure.kind, failure.provider_code) == ("network", "unreachable")
    assert "no-such-host.invalid" in failure.message
    assert "name is not known" in failure.message


def test_a_server_that_hangs_up_at_once_is_a_network_fault(serve: Callable[..., RawServer], calls: int) -> None:
    failure = failed(serve(), calls)
    assert failure.kind == "network"
    assert failure.provider_code != "unreachable"


def test_https_to_a_server_without_it_is_explained(serve: Callable[..., RawServer], calls: int) -> None:
    failure = failed(f"https://127.0.0.1:{serve(answer(WHOLE)).port}/v1", calls)
    assert failure.kind == "network"
    assert "secure connection" in failure.message


def test_a_certificate_that_nobody_vouches_for_is_refused_and_explained(tmp_path: Path, calls: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def handshake() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(10)

        thread = threading.Thread(target=handshake)
        thread.start()
        failure = failed(f"https://127.0.0.1:{listening.getsockname()[1]}/v1", calls)
        thread.join()
    assert (failure.kind, failure.provider_code) == ("network", "certificate")
    assert "could not be verified" in failure.message
    assert "self" in failure.message


def self_signed(folder: Path) -> Path:
    """A file with a key and a certificate that only we have signed."""
    x509 = pytest.importorskip("cryptography.x509")
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    certificate = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    plain, form = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    file = folder / "server.pem"
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain) + certificate.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("address", ["", "ftp://example.com", "not an address", "http://", "http://[::1", "http://h:99999999/"])
def test_an_address_that_is_none_is_explained(address: str) -> None:
    failure = failed(address, 1)
    assert failure.kind == "bad_request"
    assert "base URL" in failure.message


def test_a_key_that_cannot_be_one_is_not_sent(serve: Callable[..., RawServer], calls: int) -> None:
    server = serve(answer(WHOLE))
    for key in ("sk-with\nnewline-1234567", "sk-schlüssel-12345678", "two words 12345678"):
        failure = failed(server, calls, key=key)
        assert failure.kind == "auth"
        assert key not in failure.message
    assert not server.requests


def test_a_key_pasted_with_spaces_around_it_works(serve: Callable[..., RawServer], calls: int) -> None:
    server = serve(answer(WHOLE))
    ask(server, calls, key=f"  {KEY}\n")
    assert f"authorization: bearer {KEY}\r\n".encode() in server.requests[0].lower()


def test_a_password_in_the_address_travels_in_a_header_and_is_kept_nowhere(serve: Callable[..., RawServer], calls: int) -> None:
    server = serve(answer(WHOLE))
    _, reply, _ = ask(
        f"http://ann:pass%20word@127.0.0.1:{server.port}/v1", calls, streamed=False, key="", headers={"x-team-token": "t-123"}
    )
    assert reply is not None
    basic = base64.b64encode(b"ann:pass word")
    assert b"authorization: basic " + basic.lower() in server.requests[0].lower()
    assert b"x-team-token: t-123" in server.requests[0].lower()
    assert "pass" not in repr(reply.exchange)
    assert "t-123" not in repr(reply.exchange)
    assert "pw" not in failed("http://ann:pw@[broken/v1", calls).message


def test_the_key_never_gets_out(serve: Callable[..., RawServer], calls: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = KEY.encode()
    echoed = WHOLE.replace(b"hello", b"your key is " + secret)
    nasty = f"x-request-id: {KEY}\r\nx-debug: Bearer {KEY}\r\nset-cookie: k={KEY}\r\n"
    scripts = [
        answer(echoed, extra=nasty),
        stream(event(f"your key is {KEY}", "stop"), DONE),
        stream(event("hel"), event(KEY[:9]), event(KEY[9:] + "!", "stop"), DONE),
        answer(b'{"error": {"message": "Incorrect API key provided: %s", "code": "%s"}}' % (secret, secret), "401 Unauthorized"),
        answer(b"<html><title>Denied for " + secret + b"</title></html>", "403 Forbidden", "text/html"),
        stream(b'data: {"error": {"message": "bad key %s"}}\n\n' % secret),
        answer(b"plain words with " + secret, "500 Oops", "text/plain"),
        answer(b"{broken " + secret),
        answer(b"", "302 Found", extra=f"location: http://elsewhere/?key={KEY}\r\n"),
    ]
    for script in scripts:
        for streamed in (True, False):
            server = serve(script)
            options: dict[str, Any] = {"headers": {"x-extra": KEY}, "query": {"key": KEY}, "body": {"user": KEY}}
            _, reply, failure = ask(server, calls, streamed=streamed, **options)
            assert secret in server.requests[0]
            assert KEY not in repr(reply), script
            assert secret not in repr(reply).encode(), script
            assert KEY not in repr(failure), script
            if reply is not None:
                assert reply.exchange is not None
                assert secret not in reply.exchange.response
                assert KEY not in json.dumps(reply.exchange.request)
    assert KEY not in repr(Endpoint("openai-chat", "http://h", KEY))
    assert not [record for record in caplog.records if KEY in record.getMessage() and record.name.startswith("workbench")]


def test_a_key_in_two_pieces_of_a_stream_is_not_shown_for_a_moment(serve: Callable[..., RawServer], calls: int) -> None:
    parts = [event(f"key {KEY[:9]}"), event(KEY[9:] + "! key ", None), event(KEY[:5], "stop") + DONE]
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts]
    server = serve(stream(event("The "), end=False), 0.05, chunks[0], 0.05, chunks[1], 0.05, chunks[2] + b"0\r\n\r\n")
    pieces, reply, _ = ask(server, calls)
    assert reply is not None
    assert [piece.text for piece in pieces] == ["The ", "key ", "[key]! key ", KEY[:5]]
    assert reply.text == f"The key [key]! key {KEY[:5]}"


@pytest.mark.parametrize("text", [f"a {KEY} b {KEY}", KEY[:7] + KEY, f"{KEY}{KEY}", KEY[:-1], f'"{quote(KEY, safe="")}"', "plain"])
def test_what_is_shown_of_an_answer_is_always_a_beginning_of_what_is_kept(text: str) -> None:
    hide = Redactor(KEY)
    for size in range(1, len(text) + 1):
        shown, seen = AnswerStream(hide), ""
        for start in range(0, len(text), size):
            seen += shown.piece(text[start : start + size])
            assert hide.answer(text).startswith(seen)
        assert seen + shown.rest() == hide.answer(text)


def test_closing_a_call_closes_its_connection(serve: Callable[..., RawServer], calls: int) -> None:
    server = serve(stream(event("hel"), end=False), None)

    async def go() -> None:
        async with providers.client(calls=calls) as client:
            endpoint = Endpoint("openai-chat", f"http://127.0.0.1:{server.port}/v1")
            pieces = providers.wire_format("openai-chat").call(client, endpoint, Request("m", (Message.of("user", "hi"),)))
            async for _ in pieces:
                break
            await pieces.aclose()
            assert await asyncio.to_thread(server.gone.wait, 5)

    asyncio.run(go())


def test_the_times_of_a_call_are_measured(serve: Callable[..., RawServer], calls: int) -> None:
    rest = event("lo", "stop") + DONE
    server = serve(
        stream(event(""), end=False),
        0.1,
        b"%x\r\n%s\r\n" % (len(event("hel")), event("hel")),
        0.1,
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest),
    )
    _, reply, _ = ask(server, calls)
    assert reply is not None
    assert reply.first_token_ms is not None
    assert reply.latency_ms is not None
    assert 80 < reply.first_token_ms < reply.latency_ms - 80


def test_only_this_computer_is_asked_where_that_is_set(serve: Callable[..., RawServer]) -> None:
    async def go(url: str) -> Failure | None:
        async with providers.client(local_only=True) as client:
            try:
                async for _ in providers.wire_format("openai-chat").call(
                    client, Endpoint("openai-chat", url), Request("m", (), stream=False)
                ):
                    pass
            except providers.ProviderError as error:
                return error.failure
        return None

    refused = asyncio.run(go("https://api.example.com/v1"))
    assert refused is not None
    assert refused.provider_code == "not_allowed"
    assert asyncio.run(go(f"http://127.0.0.1:{serve(answer(WHOLE)).port}/v1")) is None


@pytest.mark.parametrize(
    "raw",
    [
        [(b"Content-Type", b"application/json"), (b"X-Request-Id", b"a1")],
        [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2")],
        [(b"X-Name", "Zürich".encode()), (b"X-Other", b"plain")],
        [(b"X-Name", "Zürich".encode("latin-1"))],
        [],
    ],
)
def test_a_head_is_read_as_httpx_gives_it(raw: list[tuple[bytes, bytes]]) -> None:
    headers = httpx.Headers(raw)
    assert head_of(headers) == dict(headers.items())
