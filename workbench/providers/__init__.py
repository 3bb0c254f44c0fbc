"""One file per wire format; vendors are rows of data.

A wire format has one method: `call(client, endpoint, request)` yields Deltas and then exactly one Reply, or raises ProviderError.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from workbench.providers import attachments
from workbench.providers.discovery import LocalServer, TestReport, find_local, list_models, test_connection
from workbench.providers.failures import ProviderError
from workbench.providers.transport import client
from workbench.providers.vendors import Vendor, vendor, vendors
from workbench.values import BY_HAND, BadInput, Delta, Endpoint, Message, Missing, Reply, Request

if TYPE_CHECKING:
    import httpx

    from workbench.providers.builtin import Builtin

__all__ = [
    "NAMES", "LocalServer", "ProviderError", "TestReport", "Vendor", "WireFormat", "adapted", "client", "find_local", "left_out",
    "list_models", "refusal", "set_limit", "test_connection", "unread", "vendor", "vendors", "wire_format", "wire_formats",
]  # fmt: skip

_FORMATS = {
    "openai-chat": ("openai_chat", "OpenAIChat"),
    "openai-images": ("openai_images", "OpenAIImages"),
    "anthropic": ("anthropic", "Anthropic"),
    "bedrock": ("bedrock", "Bedrock"),
    "gemini": ("gemini", "Gemini"),
    "ollama": ("ollama", "Ollama"),
    "openai-responses": ("openai_responses", "OpenAIResponses"),
    "mistral": ("mistral", "Mistral"),
    "cohere": ("cohere", "Cohere"),
    "echo": ("echo", "Echo"),
}
"""Name of a wire format: its module here and its class."""

NAMES = (*_FORMATS, "builtin")
"""Wire formats by name."""


class WireFormat(Protocol):
    """How one kind of server is asked."""

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError. Closing the iterator closes the connection."""
        ...


def wire_format(name: str, builtin: Builtin | None = None) -> WireFormat:
    """The wire format of that name; "builtin" needs the object that holds the built-in model's servers. Raises BadInput, Missing."""
    if name in _FORMATS:
        module, made = _FORMATS[name]
        return cast("WireFormat", getattr(import_module(f"workbench.providers.{module}"), made)())
    if name == "builtin":
        if builtin is None:
            raise Missing("The built-in model is not available here.", remedy="Open a workspace first.")
        return builtin.wire_format()
    raise BadInput(f"There is no wire format {name!r}.", remedy=f"Use one of: {', '.join(NAMES)}.")


def left_out(name: str, parameters: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The parameters that a wire format has no place for, in their order: its requests go without them."""
    if name == BY_HAND:  # a person carries the messages over, and nothing else
        return tuple(key for key, value in parameters.items() if value is not None)
    if name not in _FORMATS:
        name = "openai-chat"  # the built-in model speaks it; an unknown format is told of elsewhere
    module = import_module(f"workbench.providers.{_FORMATS[name][0]}")
    ask = getattr(module, "unsupported", None)
    none: frozenset[str] = frozenset()
    unknown = ask(options) if ask is not None else getattr(module, "UNSUPPORTED", none)
    return tuple(key for key, value in parameters.items() if value is not None and key in unknown)


def unsaid(name: str, schema: Mapping[str, Any] | None, tools: Sequence[Any]) -> tuple[str, ...]:
    """`JSON schema` and `tools`, as far as they are asked for and a wire format has no place for them."""
    wanted = [word for word, asked in (("JSON schema", schema is not None), ("tools", bool(tools))) if asked]
    if name == BY_HAND or not wanted:  # by hand: see left_out
        return tuple(wanted)
    module = import_module(f"workbench.providers.{_FORMATS[name][0]}") if name in _FORMATS else None
    none: frozenset[str] = frozenset()
    return tuple(word for word in wanted if word in getattr(module, "UNSAID", none))


def adapted(name: str, model: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """What a wire format says to this model in other words than asked, such as "takes reasoning_effort low as thinking on"."""
    module = import_module(f"workbench.providers.{_FORMATS[name][0]}") if name in _FORMATS else None
    ask = getattr(module, "adapted", None)
    return tuple(ask(model, {key: value for key, value in parameters.items() if value is not None})) if ask is not None else ()


def unread(name: str, reads: Sequence[str], messages: Iterable[Message]) -> tuple[str, ...]:
    """`pictures` and `files`, as far as these messages hold some that a model behind this wire format does not read; `reads` is what
    the model is known to read, empty where nothing is known."""
    if name not in _FORMATS:
        return attachments.unread({"image", "file"} if name == "builtin" else (), reads, messages)
    module = import_module(f"workbench.providers.{_FORMATS[name][0]}")
    none: frozenset[str] = frozenset()
    return attachments.unread(getattr(module, "UNREAD", none), reads, messages)


def refusal(name: str, request: Request, options: Mapping[str, Any] | None = None) -> str | None:
    """Why a wire format cannot say this request, in a sentence; None if it can."""
    module = import_module(f"workbench.providers.{_FORMATS[name][0]}") if name in _FORMATS else None
    build = getattr(module, "request_body", None)
    try:
        if build is not None:
            build(request, options)
    except ProviderError as problem:
        return problem.failure.message
    return None


def set_limit(name: str, model: str, options: Mapping[str, Any]) -> int | None:
    """Tokens of the longest answer that a wire format asks for by itself where the request names none; None where it asks for none."""
    if name != "anthropic":
        return None
    from workbench.providers.anthropic.request import default_max_tokens  # with the wire format, not with the app

    return int(options.get("max_tokens") or default_max_tokens(model))


def wire_formats(builtin: Builtin | None = None) -> Callable[[str], WireFormat]:
    """`wire_format` with the built-in model's servers bound to it: what an engine is given."""
    return lambda name: wire_format(name, builtin)
