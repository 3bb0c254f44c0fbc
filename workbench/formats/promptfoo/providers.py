"""`providers`: those whose chats can be asked here, and `echo`, as models of the comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from workbench.formats.addresses import clean_address
from workbench.formats.foreign_values import parameter_name
from workbench.formats.promptfoo.files import CODE, ConfigFolder, suffix
from workbench.formats.reports import Notes
from workbench.formats.vendors import Vendor, place_of, vendor
from workbench.quick_dataclass import dataclass, replace
from workbench.values import BadInput, ModelSpec, Price

_OTHER_APIS = {
    "completion", "responses", "embedding", "embeddings", "moderation", "image", "assistant", "realtime", "transcription", "speech",
    "video", "agents", "chatkit", "codex", "codex-sdk", "codex-app-server", "claude-agent-sdk", "claude-code", "live", "image-generation",
}  # fmt: skip
PARAMETERS = {
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "max_completion_tokens", "frequency_penalty", "presence_penalty",
    "repetition_penalty", "stop", "seed", "n", "logprobs", "top_logprobs", "logit_bias", "response_format", "reasoning_effort",
    "reasoning", "verbosity", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "service_tier", "prediction",
    "modalities", "user", "store",
}  # fmt: skip
_HANDLED = {
    "apiKey",
    "apiKeyEnvar",
    "apiBaseUrl",
    "apiHost",
    "cost",
    "inputCost",
    "outputCost",
    "passthrough",
    "apiKeyRequired",
    "showThinking",
}
_FILLED = {"apiKey", "apiKeyEnvar", "apiBaseUrl", "apiHost"}
ENV = re.compile(r"\{\{-?\s*env\.(\w+)\s*-?\}\}")
"""The place of a variable of the environment."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider that can be asked here, with the key that its configuration holds (None: look in the environment)."""

    model: ModelSpec
    key: str | None = field(default=None, repr=False)
    transformed: bool = False
    """A program changes its answers before they are checked."""


def read_providers(value: Any, folder: ConfigFolder, notes: Notes, environment: Mapping[str, str]) -> tuple[Provider, ...]:
    """The providers of a configuration that can be asked here, with titles that differ."""
    found: list[Provider] = []
    titles: dict[str, int] = {}
    for name, options in _entries(value, folder, notes):
        name = ENV.sub(lambda match: environment.get(match[1], match[0]), name)
        provider = _provider(name, options, folder, notes, environment)
        if provider is None:
            continue
        title = provider.model.title
        titles[title] = titles.get(title, 0) + 1
        if titles[title] > 1:
            title = f"{title} ({titles[title]})"
        found.append(replace(provider, model=replace(provider.model, title=title, colour=len(found))))
    return tuple(found)


def _entries(value: Any, folder: ConfigFolder, notes: Notes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(id, options) of each provider."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            if item.startswith("file://") and suffix(item) in (".yaml", ".yml", ".json"):
                if folder.leaves_out(item):
                    continue
                for name in folder.matches(item):
                    yield from _entries(folder.data(name), folder, notes)
            else:
                yield item, {}
        elif isinstance(item, dict) and isinstance(item.get("id"), str):
            yield item["id"], item
        elif isinstance(item, dict) and len(item) == 1 and isinstance(next(iter(item.values())), dict):
            yield from item.items()  # the short form: openai:gpt-4o: {config: ...}
        else:
            notes.add(f"provider {item!r}"[:80], "it names no provider")


def _provider(name: str, options: Mapping[str, Any], folder: ConfigFolder, notes: Notes, environment: Mapping[str, str]) -> Provider | None:
    where = f"provider {options.get('label') or name}"
    if name == "echo":
        notes.leftover(dict(options), {"id", "label"}, where)
        title = str(options.get("label") or "echo")
        return Provider(ModelSpec("echo", title, "echo", "", connection="Echo", place="builtin", price=Price(Decimal(0), Decimal(0))))
    found = _asked(name)
    if found is None:
        why = "programs in foreign files are not run" if suffix(name) in CODE or name.startswith("exec:") else _WHY
        notes.add(where, why)
        return None
    notes.leftover(dict(options), {"id", "label", "config", "prompts", "transform"}, where)
    if options.get("prompts"):
        notes.add(f"{where}: prompts", "here every prompt runs on every provider")
    raw = options.get("config")
    config = _with_environment(raw if isinstance(raw, dict) else {}, environment)
    row, model = found
    try:
        base_url = clean_address(_base_url(row, config, environment))
    except BadInput as error:
        raise BadInput(error.message, path=notes.path, remedy=error.remedy) from None
    spec = ModelSpec(
        name=model,
        title=str(options.get("label") or model),
        wire_format=row.wire_format,
        base_url=base_url,
        connection=urlsplit(base_url).netloc or base_url,
        key_env=str(config.get("apiKeyEnvar") or row.key_env),
        parameters=parameters_of(config, folder, notes, where),
        price=_price(config),
        place=place_of(row, base_url),
    )
    return Provider(spec, str(config["apiKey"]) if config.get("apiKey") else None, bool(options.get("transform")))


_WHY = "nothing here asks it; one with an OpenAI-compatible address can be written as openai:chat:MODEL with its apiBaseUrl"
_VENDORS: Mapping[str, str] = {
    "openai": "openai", "anthropic": "anthropic", "google": "gemini", "mistral": "mistral", "cohere": "cohere", "ollama": "ollama",
    "openrouter": "openrouter", "groq": "groq", "deepseek": "deepseek", "togetherai": "together", "xai": "xai", "fireworks": "fireworks",
    "cerebras": "cerebras", "perplexity": "perplexity",
}  # fmt: skip
"""Our vendor for the first word of a provider's id."""
_CHATS = ("chat", "messages")


def _asked(name: str) -> tuple[Vendor, str] | None:
    """The vendor and the model of a provider that can be asked here; None for all others, and for their APIs that are no chat."""
    first, _, rest = name.partition(":")
    kind, _, model = rest.partition(":")
    if first not in _VENDORS or not rest:
        return None
    if first == "openai" and kind == "responses" and model:
        return vendor("openai-responses"), model
    if kind in _CHATS:
        return (vendor(_VENDORS[first]), model) if model else None
    return None if kind in _OTHER_APIS else (vendor(_VENDORS[first]), rest)


def wire_of(name: str) -> tuple[str, str, str, str]:
    """(wire format, address, model, variable of the key) of a provider's id: where it is asked if it is run again. One that nothing here
    asks has no address."""
    found = None if name == "echo" else _asked(name)
    if found is None:
        return ("echo", "", name, "") if name == "echo" else ("openai-chat", "", name, "")
    row, model = found
    return row.wire_format, row.base_url, model, row.key_env


def parameters_of(config: Mapping[str, Any], folder: ConfigFolder, notes: Notes, where: str) -> dict[str, Any]:
    """The model parameters in a provider's or prompt's `config`, by our names; those in files are read."""
    nested = config.get("generationConfig")  # where Google has them
    config = _by_our_names({**(nested if isinstance(nested, dict) else {}), **config})
    handled = _HANDLED | ({"generationConfig"} if isinstance(nested, dict) else set())
    notes.leftover(config, PARAMETERS | handled, f"{where}: config")
    found: dict[str, Any] = {}
    for name, value in config.items():
        if name not in PARAMETERS or value is None:
            continue
        if isinstance(value, str) and value.startswith("file://"):
            if suffix(value) in CODE:
                notes.add(f"{where}: {name}", "programs in foreign files are not run")
                continue
            if folder.leaves_out(value):
                continue
            value = folder.data(value)
        found[name] = value
    extra = config.get("passthrough")
    return {**found, **extra} if isinstance(extra, dict) else found


def _by_our_names(config: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in config.items():
        known = name if name in PARAMETERS or name in _HANDLED else parameter_name(name)
        found.setdefault(known if known in PARAMETERS else name, value)
    return found


def _with_environment(config: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The config with `{{env.NAME}}` filled in, but only where a call goes and what it is opened with: everything else is
    stored with the run, and a secret must not end up there."""
    return {
        key: ENV.sub(lambda match: environment.get(match[1], ""), value) if key in _FILLED and isinstance(value, str) else value
        for key, value in config.items()
    }


def _base_url(row: Vendor, config: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    if not row.id.startswith("openai"):
        variable = environment.get("OLLAMA_BASE_URL") if row.id == "ollama" else None
        return str(config.get("apiBaseUrl") or variable or row.base_url)
    host = config.get("apiHost") or environment.get("OPENAI_API_HOST")
    if host:
        return f"https://{host}/v1"
    given = config.get("apiBaseUrl") or environment.get("OPENAI_API_BASE_URL") or environment.get("OPENAI_BASE_URL")
    return str(given or row.base_url)


def _price(config: Mapping[str, Any]) -> Price:
    """promptfoo counts dollars per token, a price here is per million."""
    return Price(_per_million(config.get("inputCost", config.get("cost"))), _per_million(config.get("outputCost", config.get("cost"))))


def _per_million(value: Any) -> Decimal | None:
    try:
        rate = None if value is None else Decimal(str(value)) * 1_000_000
    except InvalidOperation:
        return None
    return rate if rate is None or (rate.is_finite() and rate >= 0) else None
