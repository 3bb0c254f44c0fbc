"""Google's generateContent: the Gemini API with an API key, Vertex AI with an access token or, in express mode, an API key.

Pure parts are `request` (what is sent), `answer` (a whole body, a stream, an array), `usage` and `function_calls`. This is the thin call.

Base URLs that are understood:

    https://generativelanguage.googleapis.com                                               the Gemini API, also with /v1beta behind it
    https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION       Vertex AI; a bearer token is the key
    https://aiplatform.googleapis.com                                                       Vertex AI in express mode; an API key

What an endpoint's `options` may hold: `key_header`, `headers`, `query` and `body`, as for Chat Completions.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from workbench.providers.gemini.answer import GeminiReader
from workbench.providers.gemini.request import UNSUPPORTED, adapted, request_body
from workbench.providers.message_parts import refused
from workbench.values import Delta, Endpoint, Reply, Request

if TYPE_CHECKING:
    import httpx

__all__ = ["UNSUPPORTED", "Gemini", "GeminiReader", "adapted", "address", "request_body"]

_VERTEX = re.compile(
    r"//([a-z0-9-]+-)?aiplatform(\.[a-z0-9-]+\.rep)?\.googleapis\.com|/projects/[^/]+/locations/|/publishers/google\b", re.I
)
_METHOD = re.compile(r":(generateContent|streamGenerateContent)$")
_WITH_MODEL = re.compile(r"/(models|tunedModels|endpoints)/[^/:]+$")
_VERSION = re.compile(r"/v\d\w*(?=/|$)")


class Gemini:
    """The wire format `gemini`."""

    name = "gemini"

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError."""
        from workbench.providers.http_call import post  # httpx is loaded with the first call, not with the window
        from workbench.providers.json_stream import JsonParser

        url = address(endpoint, request.model, streamed=request.stream)
        headers = google_headers(endpoint, streamed=request.stream)
        body = request_body(request, endpoint.options)
        return post(client, endpoint, url, headers, body, GeminiReader(), streamed=request.stream, parser=JsonParser, json_streams=True)

    def models_call(self, endpoint: Endpoint, page: str) -> tuple[str, Mapping[str, str]]:
        """Address and headers that ask for a page of the models; the first page has no name. Raises ProviderError."""
        base, query = _parted(endpoint)
        if is_vertex(base):  # the list of a publisher belongs to no project
            url = base[: found.start()] if (found := _VERSION.search(base)) else base
            url += "/v1beta1/publishers/google/models"
        else:
            url = _root(base) + "/models"
        headers = dict(google_headers(endpoint, streamed=False))
        if project := re.search(r"/projects/([^/]+)", base):
            headers.setdefault("x-goog-user-project", project[1])
        asked = urlencode({"pageSize": 300 if is_vertex(base) else 1000, **({"pageToken": page} if page else {})})
        return f"{url}?{'&'.join(filter(None, (asked, query)))}", headers

    def model_names(self, value: Any) -> tuple[list[str], str]:
        """Names of the models on a page that generate content, without `models/`, and the name of the next page."""
        page = value if isinstance(value, dict) else {}
        rows = page.get("models", page.get("publisherModels"))
        names = [
            row["name"].rpartition("models/")[2]
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict) and isinstance(row.get("name"), str) and _generates(row)
        ]
        following = page.get("nextPageToken")
        return names, following if isinstance(following, str) else ""


def address(endpoint: Endpoint, model: str, *, streamed: bool) -> str:
    """Where a model is asked. A base URL that already names a model or the method is taken as it is."""
    base, query = _parted(endpoint)
    method = ":streamGenerateContent" if streamed else ":generateContent"
    if _METHOD.search(base):
        url = _METHOD.sub(method, base)
    elif _WITH_MODEL.search(base):
        url = base + method
    else:
        url = _resource(base, model.strip().strip("/")) + method
    if streamed and "alt=" not in query:
        query = "&".join(filter(None, ("alt=sse", query)))
    return f"{url}?{query}" if query else url


def method_address(endpoint: Endpoint, model: str, method: str) -> str:
    """Where a method of a model is called, whichever model the base URL names."""
    base, query = _parted(endpoint)
    url = f"{_resource(base, model.strip().strip('/'))}:{method}"
    return f"{url}?{query}" if query else url


def is_vertex(base: str) -> bool:
    """True for an address of Vertex AI, also behind a proxy that keeps its paths."""
    return _VERTEX.search(base) is not None


def _parted(endpoint: Endpoint) -> tuple[str, str]:
    base, _, own_query = endpoint.base_url.strip().partition("?")
    return base.rstrip("/"), "&".join(filter(None, (own_query, urlencode(endpoint.options.get("query") or {}))))


def _root(base: str) -> str:
    """What stands before /models."""
    base = _WITH_MODEL.sub("", _METHOD.sub("", base)).removesuffix("/models").removesuffix("/openai")
    if is_vertex(base):
        if "/publishers/google" in base:
            return base[: base.index("/publishers/google") + len("/publishers/google")]
        return f"{base if _VERSION.search(base) else base + '/v1'}/publishers/google"
    return base if re.search(r"/v\d\w*$", base) else base + "/v1beta"


def _resource(base: str, model: str) -> str:
    """The address of a model by its name, which may be a path: models/..., tunedModels/..., or an endpoint of Vertex AI."""
    root = _root(base)
    if model.startswith("projects/") and (version := _VERSION.search(root)):
        return f"{root[: version.end()]}/{quote(model, safe='/@')}"
    if model.startswith("endpoints/"):
        return f"{root.removesuffix('/publishers/google')}/{quote(model, safe='/@')}"
    if model.startswith("tunedModels/"):
        return f"{root}/{quote(model, safe='/@')}"
    return f"{root}/models/{quote(model.removeprefix('publishers/google/').removeprefix('models/'), safe='@')}"


def google_headers(endpoint: Endpoint, *, streamed: bool) -> dict[str, str]:
    """The headers of a call: Google takes API keys in a header of their own, access tokens as bearer."""
    from workbench.providers.http_call import headers_of, key_form

    key, base = (endpoint.key or "").strip(), endpoint.base_url
    in_project = is_vertex(base) and "/projects/" in base
    is_token = key.startswith("ya29.") or (in_project and not key.startswith(("AIza", "AQ.")))
    if is_token and is_vertex(base) and not in_project and not endpoint.options.get("headers"):
        raise refused(
            "This key is an access token, which works for one project: write the project into the base URL, as in "
            "https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global. An API key needs none."
        )
    if endpoint.options.get("key_header") or is_token:
        return headers_of(endpoint, streamed=streamed, **key_form(endpoint))
    return headers_of(endpoint, streamed=streamed, key_header="x-goog-api-key", key_prefix="")


def _generates(row: Mapping[str, Any]) -> bool:
    """Whether a model of the list writes content. Vertex AI does not say; there the name tells."""
    methods = row.get("supportedGenerationMethods")
    if isinstance(methods, list):
        return "generateContent" in methods
    return re.search(r"models/(gemini|gemma)(?!.*embedding)", row["name"]) is not None or "publishers/" not in row["name"]
