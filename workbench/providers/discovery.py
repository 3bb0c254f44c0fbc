"""Asking a server who it is: its models, whether a connection works, and which servers run on this computer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from workbench.providers.address import deployment, list_address
from workbench.providers.failures import ProviderError
from workbench.providers.vendors import Vendor, vendors
from workbench.quick_dataclass import dataclass
from workbench.values import Endpoint, Failure, Problem

if TYPE_CHECKING:
    import httpx

_LONGEST_LIST = 16 * 1024 * 1024
_MOST_PAGES = 50
_LISTS = {"cohere": "/v1/models?endpoint=chat&page_size=1000"}
"""Where a wire format's models are listed, if not at /models."""
_LOOK_S = 1.5
"""Seconds that a server on this computer has to answer when it is looked for."""


@dataclass(frozen=True, slots=True)
class TestReport:
    """How the test of a connection went: one sentence for the user, the provider's own words, and the models it offers."""

    __test__: ClassVar[bool] = False  # a name that pytest would collect

    ok: bool
    sentence: str
    provider_words: str = ""
    models: tuple[str, ...] = ()
    seconds: float = 0.0
    failure: Failure | None = None
    pages: tuple[Any, ...] = field(default=(), repr=False)
    """The JSON of the list, page by page: `facts.listed` reads what it says about each model."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A model server found on this computer. `vendor` is the id of its row."""

    vendor: str
    name: str
    base_url: str
    models: tuple[str, ...]


async def list_models(client: httpx.AsyncClient, endpoint: Endpoint) -> list[str]:
    """The names of the models that a server offers, sorted. Raises ProviderError."""
    return (await _list(client, endpoint))[0]


async def _list(client: httpx.AsyncClient, endpoint: Endpoint) -> tuple[list[str], tuple[Any, ...]]:
    """The names, and the JSON of each page.

    A wire format whose list is not like OpenAI's brings `models_call` (address and headers of a page) and `model_names` (what is on it).
    """
    form = _form_of(endpoint.wire_format)
    names: set[str] = set()
    pages: list[Any] = []
    page = ""
    for _ in range(_MOST_PAGES):
        url, headers = form.models_call(endpoint, page)
        pages.append(await _asked(client, endpoint, url, headers))
        found, following = form.model_names(pages[-1])
        names.update(name for name in found if name)
        if not following or following == page:
            break
        page = following
    deployed = deployment(endpoint)
    return (sorted(names) if deployed is None else [deployed]), tuple(
        pages
    )  # Azure lists what could be deployed; behind this address there is one


class _ListForm(Protocol):
    def models_call(self, endpoint: Endpoint, page: str) -> tuple[str, Mapping[str, str]]:
        """Address and headers that ask for a page of the models; the first page has no name. Raises ProviderError."""
        ...

    def model_names(self, value: Any) -> tuple[list[str], str]:
        """The names on a page, whatever JSON it is, and the name of the next page, empty after the last."""
        ...


class _UsualForm:
    """GET /models, in the shapes of OpenAI (`data: [{id}]`), Ollama and others (`models: [{name}]`), Together (a plain list)."""

    def models_call(self, endpoint: Endpoint, page: str) -> tuple[str, Mapping[str, str]]:
        from workbench.providers.http_call import headers_of, key_form  # httpx is loaded with the first call, not with the window

        path = _LISTS.get(endpoint.wire_format, "/models")
        return list_address(endpoint, path), headers_of(endpoint, streamed=False, **key_form(endpoint))

    def model_names(self, value: Any) -> tuple[list[str], str]:
        rows = value.get("data", value.get("models")) if isinstance(value, dict) else value
        names = []
        for row in rows if isinstance(rows, list) else ():
            name = (
                row if isinstance(row, str) else (row.get("id") or row.get("name") or row.get("model")) if isinstance(row, dict) else None
            )
            if isinstance(name, str):
                names.append(name)
        return names, ""


def _form_of(wire_format: str) -> _ListForm:
    from workbench.providers import wire_format as made  # the package imports its modules first

    try:
        form = made(wire_format)
    except Problem:
        return _UsualForm()
    return cast("_ListForm", form) if hasattr(form, "models_call") else _UsualForm()


async def _asked(client: httpx.AsyncClient, endpoint: Endpoint, plain_url: str, plain_headers: Mapping[str, str]) -> Any:
    """The JSON value at an address. Raises ProviderError."""
    import httpx  # loaded with the first call, not with the window

    from workbench.providers.error_bodies import failure_of
    from workbench.providers.http_call import unkeyed, without_password
    from workbench.providers.network_errors import failure_of_exception, url_of
    from workbench.providers.redaction import Redactor

    redactor = Redactor(endpoint.key)
    url, headers = without_password(url_of(plain_url), plain_headers)
    wait = min(endpoint.timeout_s, 30.0)
    times = {"connect": wait, "read": wait, "write": wait, "pool": None}
    try:
        response = await client.send(httpx.Request("GET", url, headers=headers, extensions={"timeout": times}), stream=True)
        try:
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _LONGEST_LIST:
                    raise ProviderError(Failure("protocol", "The list of models is larger than a list can be.", provider_code="too_large"))
        finally:
            await response.aclose()
    except ProviderError:
        raise
    except Exception as error:
        failure = failure_of_exception(error, url, wait, is_call=False)
        if failure is None:
            raise
        raise ProviderError(failure) from None
    if response.status_code != 200 or body.lstrip()[:1] == b"<":
        lower = {name.lower(): value for name, value in response.headers.items()}
        raise ProviderError(unkeyed(failure_of(response.status_code, lower, body, redactor), headers))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        words = redactor.text(body[:200].decode("utf-8", "replace"))
        raise ProviderError(Failure("protocol", f"The list of models is not JSON: {words!r}", status=200)) from None


async def test_connection(client: httpx.AsyncClient, endpoint: Endpoint) -> TestReport:
    """Whether a server answers and takes the key, by asking for its models: free of charge everywhere."""
    if endpoint.wire_format in ("echo", "builtin"):
        return TestReport(True, "Needs no connection: it runs inside the app.")
    began = time.perf_counter()
    try:
        models, pages = await _list(client, endpoint)
    except ProviderError as error:
        seconds = time.perf_counter() - began
        if endpoint.options.get("lists_models") is False and error.failure.kind == "not_found":
            sentence = f"Reached in {seconds:.1f} s. It lists no models: type the model's name. The first call shows whether the key works."
            return TestReport(True, sentence, error.failure.message, seconds=seconds)
        return _failed(error.failure, endpoint, seconds)
    seconds = time.perf_counter() - began
    if not models:
        return TestReport(True, f"Connected in {seconds:.1f} s. It names no models: type the model's name.", seconds=seconds)
    count = "1 model" if len(models) == 1 else f"{len(models):,} models"
    return TestReport(True, f"Connected in {seconds:.1f} s. {count} to choose from.", models=tuple(models), seconds=seconds, pages=pages)


test_connection.__test__ = False  # type: ignore[attr-defined]  # a name that pytest would collect


async def find_local(client: httpx.AsyncClient, candidates: Sequence[Vendor] | None = None) -> list[LocalServer]:
    """The model servers that run on this computer now, found by asking the usual ports. Never raises for a silent port."""
    asked = [row for row in (vendors() if candidates is None else candidates) if row.place == "server" and row.base_url]

    async def ask(row: Vendor) -> LocalServer | None:
        try:
            async with asyncio.timeout(_LOOK_S):
                models = await list_models(client, Endpoint(row.wire_format, row.base_url, timeout_s=_LOOK_S))
        except (ProviderError, TimeoutError):
            return None
        return LocalServer(row.id, row.name, row.base_url, tuple(models))

    found = await asyncio.gather(*(ask(row) for row in asked))
    return [server for server in found if server is not None]


def _failed(failure: Failure, endpoint: Endpoint, seconds: float) -> TestReport:
    """The report of a failed test: what happened, and the one thing to do."""
    status = f" ({failure.status})" if failure.status else ""
    usual_end = ": most end in /v1" if endpoint.wire_format.startswith("openai") else ""
    sentence = {
        "auth": f"A key is needed{status}, and none was sent. Add one."
        if failure.provider_code == "no_key"
        else f"Key rejected{status}. The server answered in {max(seconds, 0.01):.2g} s, so address and network are fine. "
        "Copy the key again from the provider's page.",
        "permission": f"Not allowed{status}. This key may not list models; a call may still work.",
        "quota": f"Quota used up{status}. Add credit on the provider's billing page.",
        "not_found": f"Nothing at this address{status}. Check the base URL{usual_end}.",
        "rate_limit": f"Rate limited{status}. Wait a moment and test again.",
        "timeout": "No answer in time. Check that the server runs, and test again.",
    }.get(failure.kind, failure.message)
    if failure.provider_code == "not_allowed":  # by the user's own setting: no server and no key has a part in it
        sentence = failure.message
    if failure.provider_code == "html":
        sentence = f"This address answers with a web page. Check the base URL{usual_end}."
    return TestReport(False, sentence, failure.message, seconds=seconds, failure=failure)
