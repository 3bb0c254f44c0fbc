"""Asking servers who they are; what models cost; which client carries the calls."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from workbench import providers
from workbench.providers import catalog
from workbench.providers.local_address import is_local
from workbench.values import BadInput, Endpoint, Message, Missing, Price, Reply, Request

if TYPE_CHECKING:
    from tests.conftest import FakeProvider
    from workbench.workspace import Workspace

    Start = Callable[..., FakeProvider]


class Lists(BaseHTTPRequestHandler):
    answer: tuple[int, str, str] = (200, "application/json", "{}")
    asked = ""
    headers_seen: ClassVar[dict[str, str]] = {}

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        Lists.asked, Lists.headers_seen = self.path, {name.lower(): value for name, value in self.headers.items()}
        status, kind, body = self.answer
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """A server that answers every list of models with the same words."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Lists)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()

    def say(body: Any, status: int = 200, kind: str = "application/json") -> str:
        monkeypatch.setattr(Lists, "answer", (status, kind, body if isinstance(body, str) else json.dumps(body)))
        return f"http://127.0.0.1:{server.server_port}/v1"

    yield say
    server.shutdown()
    server.server_close()
    thread.join()


def report_of(
    base_url: str, key: str | None = "sk-1234567890abcdef", wire_format: str = "openai-chat", **options: Any
) -> providers.TestReport:
    async def go() -> providers.TestReport:
        async with providers.client(calls=1) as client:
            return await providers.test_connection(client, Endpoint(wire_format, base_url, key, options, 3))

    return asyncio.run(go())


def test_a_good_connection_names_its_models(fakeprovider: Start) -> None:
    report = report_of(fakeprovider().base_url)
    assert report.ok
    assert report.models == ("fake-large", "fake-medium", "fake-small")
    assert "3 models" in report.sentence
    assert report.seconds > 0


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"data": [{"id": "b"}, {"id": "a"}, {"id": "a"}]}, ["a", "b"]),
        ({"models": [{"name": "x:1b"}]}, ["x:1b"]),
        ([{"id": "together"}], ["together"]),
        ({"data": []}, []),
        ({"data": [1, None, {"id": 3}, "plain"]}, ["plain"]),
        ({}, []),
    ],
)
def test_lists_of_several_shapes_are_read(listing: Callable[..., str], value: Any, names: list[str]) -> None:
    assert list(report_of(listing(value)).models) == names


def test_cohere_lists_the_models_that_chat_at_an_address_of_its_own(listing: Callable[..., str]) -> None:
    base = listing({"models": [{"name": "command-a", "endpoints": ["chat"]}]}).removesuffix("/v1")
    assert report_of(base, wire_format="cohere").models == ("command-a",)
    assert Lists.asked.startswith("/v1/models?endpoint=chat")


def test_anthropic_lists_its_models_page_by_page_with_its_own_headers(listing: Callable[..., str]) -> None:
    base = listing({"data": [{"type": "model", "id": "claude-opus-5"}, {"type": "model", "id": "claude-haiku-5"}], "has_more": False})
    for written in (base, base.removesuffix("/v1"), f"{base}/messages"):
        assert report_of(written, wire_format="anthropic").models == ("claude-haiku-5", "claude-opus-5")
        assert Lists.asked == "/v1/models?limit=1000"
    assert Lists.headers_seen["x-api-key"] == "sk-1234567890abcdef"
    assert Lists.headers_seen["anthropic-version"] == "2023-06-01"
    form = providers.wire_format("anthropic")
    names, following = form.model_names({"data": [{"id": "a"}, {"id": "b"}], "has_more": True, "last_id": "b"})  # type: ignore[attr-defined]
    assert (names, following) == (["a", "b"], "b")
    url, _ = form.models_call(Endpoint("anthropic", base, "k"), following)  # type: ignore[attr-defined]
    assert url.endswith("/v1/models?limit=1000&after_id=b")


def test_bedrock_lists_its_models_at_another_host(listing: Callable[..., str]) -> None:
    base = listing({"modelSummaries": [{"modelId": "amazon.nova-2-lite-v1:0"}, {"modelArn": "x"}]}).removesuffix("/v1")
    assert report_of(base, wire_format="bedrock").models == ("amazon.nova-2-lite-v1:0",)
    assert Lists.asked == "/foundation-models?byInferenceType=ON_DEMAND&byOutputModality=TEXT"
    endpoint = Endpoint("bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com/", "k")
    url, headers = providers.wire_format("bedrock").models_call(endpoint, "")  # type: ignore[attr-defined]
    assert url.startswith("https://bedrock.eu-west-1.amazonaws.com/foundation-models?")
    assert headers["authorization"] == "Bearer k"


def test_what_a_list_says_of_a_model_is_kept_with_it(listing: Callable[..., str], workspace: Workspace) -> None:
    pricing = {"prompt": "0.000002", "completion": "0.000006"}
    row = {"id": "lab/one", "context_length": 262_144, "expiration_date": "2027-03-01", "pricing": pricing}
    base = listing({"data": [row, {"id": "lab/two"}]})
    connection = workspace.connections.add("Router", "openrouter", base, key="sk-1234567890abcdef")
    ids = [workspace.connections.add_model(connection, name) for name in ("lab/one", "lab/two", "lab/three")]
    report = asyncio.run(workspace.test_connection(connection))
    assert report.ok
    one, two, three = (workspace.connections.model(id_) for id_ in ids)
    assert (one.facts["context_tokens"], one.facts["retires"]) == (262_144, "2027-03-01")
    assert one.price == Price(Decimal(2), Decimal(6))
    assert two.price.input_usd is None, "its list names no price, and a vendor behind an address of this computer is not free"
    assert three.facts == {}, "what nobody says stays unknown"


def test_behind_a_dated_address_of_azure_is_its_deployment(listing: Callable[..., str]) -> None:
    base = listing({"data": [{"id": "gpt-5"}, {"id": "gpt-4o"}]}).removesuffix("/v1")
    report = report_of(f"{base}/openai/deployments/mine?api-version=2024-10-21", key_header="api-key")
    assert report.models == ("mine",)
    assert Lists.asked == "/openai/models?api-version=2024-10-21"


def test_a_server_that_is_known_to_list_nothing_is_not_blamed_for_it(listing: Callable[..., str]) -> None:
    base = listing("Not Found", 404, "text/plain")
    report = report_of(base, lists_models=False)
    assert report.ok
    assert "type the model's name" in report.sentence
    assert not report_of(base).ok
    assert not report_of(listing({"error": "no"}, 401), lists_models=False).ok


@pytest.mark.parametrize(
    ("status", "body", "begins"),
    [
        (401, {"error": {"message": "Incorrect API key provided"}}, "Key rejected (401)."),
        (403, {"error": {"message": "no"}}, "Not allowed (403)."),
        (402, {"error": {"message": "pay"}}, "Quota used up (402)."),
        (404, {"error": {"message": "no such path"}}, "Nothing at this address (404)."),
        (429, {"error": {"message": "slow"}}, "Rate limited (429)."),
        (200, "<html><title>Hello</title></html>", "This address answers with a web page."),
        (200, "{broken", "The list of models is not JSON"),
    ],
)
def test_a_bad_connection_says_what_to_do(listing: Callable[..., str], status: int, body: Any, begins: str) -> None:
    report = report_of(listing(body, status))
    assert not report.ok
    assert report.sentence.startswith(begins)
    assert report.provider_words
    assert report.failure is not None


def test_a_missing_key_is_not_called_a_rejected_one(listing: Callable[..., str]) -> None:
    assert (
        report_of(listing({"error": {"message": "no key"}}, 401), key=None).sentence == "A key is needed (401), and none was sent. Add one."
    )


def test_a_server_that_is_not_there_is_said_so() -> None:
    report = report_of("http://127.0.0.1:9/v1")
    assert not report.ok
    assert "nothing listens there" in report.sentence
    assert "base URL" in report_of("not an address").sentence


def test_servers_on_this_computer_are_found_by_asking_their_ports(fakeprovider: Start) -> None:
    here = fakeprovider()

    def row(name: str, base_url: str) -> providers.Vendor:
        return providers.Vendor(name, name.title(), "openai-chat", base_url, "", "server", "")

    async def go() -> list[providers.LocalServer]:
        async with providers.client(calls=1) as client:
            return await providers.find_local(client, [row("ollama", here.base_url), row("vllm", "http://127.0.0.1:9/v1")])

    found = asyncio.run(go())
    assert [(server.vendor, server.base_url) for server in found] == [("ollama", here.base_url)]
    assert "fake-small" in found[0].models


def test_wire_formats_are_found_by_name() -> None:
    assert {type(providers.wire_format(name)).__name__ for name in ("openai-chat", "echo")} == {"OpenAIChat", "Echo"}
    with pytest.raises(BadInput, match="no wire format"):
        providers.wire_format("morse")
    with pytest.raises(Missing):
        providers.wire_format("builtin")


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ((Message.of("user", "Hello"),), "Hello"),
        (
            (Message.of("system", "S"), Message.of("user", "ü")),
            '[{"role": "system", "content": "S"}, {"role": "user", "content": "ü"}]',
        ),
        ((Message.of("user", ""),), ""),
    ],
)
def test_echo_answers_with_the_prompt_itself(messages: tuple[Message, ...], text: str) -> None:
    async def go() -> list[Any]:
        return [item async for item in providers.wire_format("echo").call(None, Endpoint("echo", ""), Request("echo", messages))]  # type: ignore[arg-type]

    items = asyncio.run(go())
    assert isinstance(items[-1], Reply)
    assert items[-1].text == text
    assert "".join(item.text for item in items[:-1]) == text


def test_what_runs_here_is_free_and_the_unknown_stays_unknown() -> None:
    free = Price(Decimal(0), Decimal(0), Decimal(0))
    assert catalog.price("builtin", "anything") == catalog.price("ollama", "llama3") == catalog.price("echo", "") == free
    assert catalog.price("other", "m", "http://localhost:9000/v1") == free
    assert catalog.price("other", "m", "https://models.example.com/v1") == Price()
    assert catalog.price("openai", "no-such-model") == Price()
    assert catalog.price("no-such-vendor", "gpt-4o-mini") == Price()


def test_a_known_model_has_a_price_with_source_and_date() -> None:
    fact = catalog.fact("openai", "gpt-4o-mini-2024-07-18")
    assert fact is not None
    assert (fact.price.input_usd, fact.price.output_usd, fact.price.cached_input_usd) == (Decimal("0.15"), Decimal("0.6"), Decimal("0.075"))
    assert fact.context_tokens == 128_000
    assert fact.source.startswith("http")
    assert fact.date >= "2026"
    assert catalog.price("openai", "gpt-4o-mini") == fact.price
    assert catalog.price("openai", "gpt-4o-mini", "https://api.openai.com/v1") == fact.price
    assert catalog.price("openai", "gpt-4o-mini", "https://resold.example.com/v1") == Price(), "another host has prices of its own"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::1", "a.localhost", "LOCALHOST."])
def test_addresses_of_this_computer(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["", "example.com", "10.0.0.1", "192.168.1.2", "0.0.0.0", "localhost.example.com", "::ffff:8.8.8.8"])
def test_addresses_beyond_it(host: str) -> None:
    assert not is_local(host)


def test_servers_on_this_computer_are_never_asked_by_way_of_a_proxy(fakeprovider: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = fakeprovider()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert report_of(server.base_url).ok
    assert report_of(server.base_url.replace("127.0.0.1", "localhost")).ok
    assert not report_of("http://models.example/v1").ok
