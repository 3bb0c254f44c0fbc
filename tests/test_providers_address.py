"""Addresses behind base URLs, as users write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.providers.address import address, deployment, list_address
from workbench.providers.direct import direct_endpoint
from workbench.values import Endpoint, Price
from workbench.workspace import Workspace

AZURE = "https://x.openai.azure.com/openai/deployments/my-gpt"


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("https://a.example/v1", "/responses", "https://a.example/v1/responses"),
        (" https://a.example/v1/ ", "/responses", "https://a.example/v1/responses"),
        ("https://a.example/v1/responses", "/responses", "https://a.example/v1/responses"),
        ("https://a.example", "/v2/chat", "https://a.example/v2/chat"),
        ("https://a.example/v2", "/v2/chat", "https://a.example/v2/chat"),
        ("https://a.example/v2/chat/", "/v2/chat", "https://a.example/v2/chat"),
        ("https://a.example/chat", "/chat/completions", "https://a.example/chat/chat/completions"),
        (f"{AZURE}?api-version=1", "/chat/completions", f"{AZURE}/chat/completions?api-version=1"),
        (f"{AZURE}/chat/completions?api-version=1", "/chat/completions", f"{AZURE}/chat/completions?api-version=1"),
        ("https://x.openai.azure.com/openai/responses?api-version=1", "/responses", "https://x.openai.azure.com/openai/responses?api-version=1"),
    ],
)  # fmt: skip
def test_a_path_stands_behind_the_base_url_once(base: str, path: str, expected: str) -> None:
    assert address(Endpoint("x", base), path) == expected


def test_queries_of_address_and_options_are_joined() -> None:
    endpoint = Endpoint("openai-chat", f"{AZURE}?a=1", options={"query": {"api-version": "2024-10-21"}})
    assert address(endpoint, "/chat/completions") == f"{AZURE}/chat/completions?a=1&api-version=2024-10-21"


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("https://a.example/v1", "/models", "https://a.example/v1/models"),
        ("https://a.example/v1/chat/completions", "/models", "https://a.example/v1/models"),
        ("https://a.example/v2", "/v1/models?endpoint=chat", "https://a.example/v1/models?endpoint=chat"),
        ("https://a.example/v2/chat?k=1", "/v1/models?endpoint=chat", "https://a.example/v1/models?endpoint=chat&k=1"),
        (f"{AZURE}?api-version=1", "/models", "https://x.openai.azure.com/openai/models?api-version=1"),
    ],
)
def test_the_list_of_models_lies_beside_the_calls(base: str, path: str, expected: str) -> None:
    assert list_address(Endpoint("x", base), path) == expected


def test_a_dated_address_names_its_deployment() -> None:
    assert deployment(Endpoint("openai-chat", f"{AZURE}?api-version=1")) == "my-gpt"
    assert deployment(Endpoint("openai-chat", f"{AZURE}/chat/completions?api-version=1")) == "my-gpt"
    assert deployment(Endpoint("openai-chat", "https://x.openai.azure.com/openai/v1")) is None


@pytest.mark.parametrize(
    ("api", "base", "environment", "key", "option"),
    [
        ("openai-chat", f"{AZURE}?api-version=1", {"AZURE_OPENAI_API_KEY": "k"}, "k", ("key_header", "api-key")),
        ("openai-chat", "https://x.snowflakecomputing.com/api/v2/cortex/v1", {"SNOWFLAKE_PAT": "k"}, "k",
         ("max_tokens_name", "max_completion_tokens")),
        ("cohere", "https://api.cohere.com", {"CO_API_KEY": "k", "COHERE_API_KEY": "other"}, "k", None),
        ("cohere", "https://api.cohere.com", {"COHERE_API_KEY": "k"}, "k", None),
        ("cohere", "https://api.cohere.com", {"COHERE_API_KEY": "k", "WORKBENCH_API_KEY": "w"}, "w", None),
        ("openai-responses", "https://api.openai.com/v1", {"OPENAI_API_KEY": "k"}, "k", None),
        ("mistral", "http://127.0.0.1:9000/v1", {}, None, None),
    ],
)  # fmt: skip
def test_a_server_named_on_the_spot_has_its_vendors_key_and_peculiarities(
    api: str, base: str, environment: dict[str, str], key: str | None, option: tuple[str, Any] | None
) -> None:
    endpoint, _ = direct_endpoint(api, base, "m", environment, 5.0)
    assert (endpoint.wire_format, endpoint.key) == (api, key)
    if option is not None:
        assert endpoint.options[option[0]] == option[1]


@pytest.mark.parametrize(
    ("api", "base", "model", "is_known"),
    [
        ("openai-chat", "https://api.openai.com/v1", "gpt-4o", True),
        ("bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com", "amazon.nova-2-lite-v1:0", True),
        ("openai-chat", "https://models.example.com/v1", "gpt-4o", False),
        ("anthropic", "https://models.example.com", "claude-3-haiku-20240307", False),
        ("openai-chat", "http://127.0.0.1:4000/v1", "gpt-4o", True),
        ("anthropic", "http://localhost:4000", "claude-3-haiku-20240307", True),
        ("openai-chat", "http://192.168.1.7:4000/v1", "gpt-4o", False),
    ],
)
def test_a_question_and_a_run_from_a_file_know_the_same_price(
    workspace: Workspace, tmp_path: Path, api: str, base: str, model: str, is_known: bool
) -> None:
    _, price = direct_endpoint(api, base, model, {}, 5.0)
    path = tmp_path / "c.comparison.yaml"
    asked = {"name": model, "wire_format": api, "base_url": base}
    path.write_text(json.dumps({"name": "c", "prompts": [{"messages": [{"role": "user", "content": "Hi"}]}], "models": [asked]}), "utf-8")
    (found,) = workspace.sources.file(path).spec.models
    assert found.price == price
    assert (price != Price()) == is_known
