"""Embeddings over HTTP: every vendor's shape from a server on loopback, in order, in batches, with the failures of calls."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from array import array
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.embedding_server import DIMENSIONS, EmbeddingServer, vector_for
from tests.recorded_wire import body_of, recordings
from tests.test_providers_http import RawServer
from workbench import providers
from workbench.engine.embedding import embed
from workbench.engine.engine import Engine
from workbench.providers.catalog import price
from workbench.providers.embeddings import VectorsReader, batches, can_embed, floats
from workbench.providers.failures import ProviderError
from workbench.providers.openai_chat import embeddings as openai_form
from workbench.values import BadInput, Embeddings, Endpoint, Usage, names_embedding_model

KEY = "test-key-0123456789"


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    made = EmbeddingServer()
    yield made
    made.close()


def vectors(endpoint: Endpoint, texts: Sequence[str], model: str = "m", retries: int = 0) -> Embeddings:
    async def go() -> Embeddings:
        async with Engine(lambda: providers.client(calls=1), retries) as engine:
            return await embed(engine, endpoint, model, texts)

    return asyncio.run(go())


def refused(endpoint: Endpoint, texts: Sequence[str] = ("a",), retries: int = 0) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        vectors(endpoint, texts, retries=retries)
    return caught.value


FORMS = [
    ("openai-chat", "/v1", "/v1/embeddings", 256),
    ("openai-chat", "/v1/chat/completions", "/v1/embeddings", 256),
    ("openai-responses", "/v1/responses", "/v1/embeddings", 256),
    ("openai-chat", "/openai/deployments/small?api-version=2024-10-21", "/openai/deployments/small/embeddings?api-version=2024-10-21", 256),
    ("mistral", "/v1", "/v1/embeddings", 128),
    ("gemini", "", "/v1beta/models/m:batchEmbedContents", 100),
    ("gemini", "/v1beta/models/gemini-2.5-pro:generateContent", "/v1beta/models/m:batchEmbedContents", 100),
    ("gemini", "/v1/projects/p/locations/l", "/v1/projects/p/locations/l/publishers/google/models/m:predict", 5),
    ("cohere", "", "/v2/embed", 96),
    ("cohere", "/v2/chat", "/v2/embed", 96),
    ("ollama", "", "/api/embed", 32),
    ("ollama", "/v1", "/api/embed", 32),
]


@pytest.mark.parametrize(("wire_format", "base", "path", "most"), FORMS)
def test_texts_come_back_as_vectors_in_their_order_however_many_calls_it_takes(
    server: EmbeddingServer, wire_format: str, base: str, path: str, most: int
) -> None:
    texts = [f"text {number} about parcels and refunds {number * 7}" for number in range(2 * most + 3)]
    made = vectors(Endpoint(wire_format, server.url + base, KEY), texts)
    assert len(made) == len(texts)
    assert made.dimensions == DIMENSIONS
    assert made.tokens == sum(len(text.split()) for text in texts)
    for index in (0, 1, most - 1, most, 2 * most, len(texts) - 1):
        assert made.vector(index) == array("f", vector_for(texts[index]))
    assert {asked[0] for asked in server.asked} == {path}
    assert sorted(len(asked[2]) for asked in server.asked) == [3, most, most]
    headers = {name.lower(): value for name, value in server.asked[0][1].items()}
    assert KEY in (headers.get("x-goog-api-key"), headers.get("authorization", "").removeprefix("Bearer "))


def test_what_a_vendor_demands_is_sent_and_the_options_go_over_it(server: EmbeddingServer) -> None:
    vectors(Endpoint("cohere", server.url, KEY), ["a"])
    assert server.asked[-1][3] == {
        "model": "m", "texts": ["a"], "input_type": "clustering", "embedding_types": ["float"], "truncate": "END",
    }  # fmt: skip
    vectors(Endpoint("cohere", server.url, KEY, {"body": {"input_type": "classification"}}), ["a"])
    assert server.asked[-1][3]["input_type"] == "classification"
    vectors(Endpoint("gemini", server.url, KEY), ["a"])
    assert server.asked[-1][3] == {
        "requests": [{"model": "models/m", "content": {"parts": [{"text": "a"}]}, "taskType": "SEMANTIC_SIMILARITY"}]
    }
    vectors(Endpoint("gemini", server.url, KEY), ["a"], model="gemini-embedding-2")
    assert "taskType" not in server.asked[-1][3]["requests"][0]
    vectors(Endpoint("openai-chat", server.url, KEY), ["a"])
    assert server.asked[-1][3] == {"model": "m", "input": ["a"]}, "many servers refuse fields that they do not know"


def test_long_texts_are_spread_over_calls_by_their_characters() -> None:
    endpoint = Endpoint("mistral", "http://127.0.0.1:1", None)
    texts = ["x" * 20_000, "y" * 20_000, "z" * 50_000, "a", "b"]
    assert [len(request.messages) for request in batches(endpoint, "m", texts)] == [1, 1, 1, 2]
    assert batches(endpoint, "m", []) == []
    assert len(vectors(endpoint, [])) == 0, "nothing is sent for nothing"


def test_a_slow_down_is_waited_for_and_the_failures_are_those_of_every_call(server: EmbeddingServer) -> None:
    left = [(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}), (503, {"error": {"message": "overloaded"}})]
    server.refuse = lambda texts: left.pop() if left else None
    assert len(vectors(Endpoint("openai-chat", server.url, KEY), ["a", "b"], retries=4)) == 2
    assert len(server.asked) == 3
    cases: list[tuple[int, dict[str, Any], str]] = [
        (401, {"error": {"message": "Incorrect API key provided"}}, "auth"),
        (404, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}, "not_found"),
        (400, {"error": {"message": "This model's maximum context length is 8192 tokens"}}, "context_length"),
        (200, {"error": {"message": "quota", "code": "insufficient_quota"}}, "quota"),
    ]
    for status, body, kind in cases:
        server.asked.clear()
        server.refuse = lambda texts, answer=(status, body): answer  # type: ignore[misc]
        assert refused(Endpoint("openai-chat", server.url, KEY), retries=2).failure.kind == kind
        assert len(server.asked) == 1, "none of these is tried again"


def test_the_key_is_in_no_error(server: EmbeddingServer) -> None:
    server.refuse = lambda texts: (401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": f"bad_{KEY}"}})
    error = refused(Endpoint("openai-chat", server.url, KEY))
    assert KEY not in f"{error} {error.failure!r}"
    server.refuse = lambda texts: (200, {"data": [{"embedding": [KEY]}], "note": KEY})
    error = refused(Endpoint("openai-chat", server.url, KEY))
    assert error.failure.kind == "protocol"
    assert KEY not in f"{error} {error.failure!r}"


@pytest.mark.parametrize(
    "answer",
    [
        {"data": []},
        {"data": [{"embedding": [0.5]}]},
        {"data": [{"embedding": [0.5, 1]}, {"embedding": [0.5]}]},
        {"data": [{"embedding": [None, 1]}, {"embedding": [1, 1]}]},
        {"data": [{"embedding": []}, {"embedding": []}]},
        {"data": "none"},
        {"data": [{"embedding": "no base64!"}, {"embedding": "no base64!"}]},
        {"data": [{"embedding": [1e300, 1]}, {"embedding": [1, 1]}]},
        ["no object"],
    ],
)
def test_an_answer_without_one_vector_for_each_text_is_no_answer(answer: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        VectorsReader(openai_form, "m", 2).whole(answer)
    assert caught.value.failure.kind == "protocol"


def test_vectors_in_base64_are_read_too() -> None:
    packed = base64.b64encode(array("f", [0.25, -1.5]).tobytes()).decode()
    assert list(floats(packed)) == [0.25, -1.5]
    assert list(floats([0.25, -1.5])) == [0.25, -1.5]


def test_recorded_embeddings_are_read() -> None:
    found = recordings("openai-embeddings")
    if not found:
        pytest.skip("the folder ../shared is not here")
    for item in found:
        if "error" in item["expect"]:
            continue
        body = json.loads(body_of(item))
        reply = VectorsReader(openai_form, "m", 1).whole(body)
        assert reply.embeddings is not None
        assert reply.embeddings.dimensions in (1024, 1536)
        assert 0.9 < sum(one * one for one in reply.embeddings.values) < 1.1
        assert reply.usage.input_tokens == body["usage"]["prompt_tokens"]


@pytest.mark.parametrize("api", ["openai-embeddings", "gemini-embeddings"])
def test_recorded_refusals_are_understood(api: str) -> None:
    items = [item for item in recordings(api) if "error" in item["expect"]]
    if not items:
        pytest.skip("the folder ../shared is not here")
    for item in items:
        body, status = body_of(item), item["response"]["status"]
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        raw = RawServer(lambda _, answer=head + body: [answer])  # type: ignore[misc]
        try:
            wire = "gemini" if api.startswith("gemini") else "openai-chat"
            failure = refused(Endpoint(wire, f"http://127.0.0.1:{raw.port}", KEY)).failure
        finally:
            raw.close()
        assert failure.kind == {401: "auth", 404: "not_found"}[status]
        assert item["expect"]["error"]["message"][:40] in failure.message


def test_a_cancelled_call_closes_its_connections_at_once(server: EmbeddingServer) -> None:
    server.pause_s = 3.0

    async def go() -> float:
        async with Engine(lambda: providers.client(calls=1), 0) as engine:
            task = asyncio.ensure_future(embed(engine, Endpoint("ollama", server.url), "m", [f"text {n}" for n in range(100)]))
            while not server.asked:  # noqa: ASYNC110  (that thread knows no loop)
                await asyncio.sleep(0.01)
            began = time.perf_counter()
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            return time.perf_counter() - began

    assert asyncio.run(go()) < 1.0
    assert len(server.asked) <= 4, "the rest is not sent"


def test_a_wire_format_without_embeddings_says_so() -> None:
    assert not can_embed("anthropic")
    with pytest.raises(BadInput, match="no embeddings behind the wire format anthropic"):
        providers.embeddings.embedding_format("anthropic")


def test_the_catalogue_prices_what_is_read_and_knows_that_nothing_is_written() -> None:
    known = price("openai", "text-embedding-3-small")
    assert known.cost(Usage(1_000_000, 0)) == Decimal("0.02")
    assert price("mistral", "mistral-embed").cost(Usage(1_000_000, 0)) == Decimal("0.1")


def test_names_tell_embedding_models_from_those_that_answer() -> None:
    embedding = [
        "text-embedding-3-small", "mistral-embed", "embed-v4.0", "gemini-embedding-001", "nomic-embed-text:latest", "all-minilm",
        "BAAI/bge-m3", "bge-large", "intfloat/multilingual-e5-large", "voyage-3-large", "Qwen/Qwen3-Embedding-8B", "gte-large",
        "amazon.titan-embed-text-v2:0", "sentence-transformers/all-MiniLM-L6-v2", "sentence-transformers/all-mpnet-base-v2",
    ]  # fmt: skip
    answering = [
        "gpt-5", "claude-sonnet-4-5", "llama3.2", "gemini-2.5-pro", "command-r", "mistral-large-latest", "gpt-4o-2024-08-06", "o3",
        "phi-4", "Qwen/Qwen3-8B", "gemma-3n-e4b-it", "deepseek-r1", "smollm2", "minimax-m2",
    ]  # fmt: skip
    assert [name for name in embedding if not names_embedding_model(name)] == []
    assert [name for name in answering if names_embedding_model(name)] == []
