"""Where a wire format's paths lie behind a base URL, as users write base URLs."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from workbench.quick_dataclass import replace
from workbench.values import Endpoint

_CALLS = ("/chat/completions", "/responses", "/v2/chat", "/messages")
"""Paths of calls that users copy along with the base URL."""
_DEPLOYMENT = re.compile(r"(.*/openai)/deployments/([^/]+)")


def address(endpoint: Endpoint, path: str) -> str:
    """The full address of one of the API's paths, query parameters of base URL and options included.

    A base URL that already ends in the path is taken as it is, and a version that both have (".../v2" and "/v2/chat") stands once.
    """
    base, query = _parted(endpoint)
    version = re.match(r"/v\d\w*(?=/)", path)
    if base.endswith(path):
        url = base
    elif version and base.endswith(version[0]):
        url = base + path[version.end() :]
    else:
        url = base + path
    return f"{url}?{query}" if query else url


def beside(endpoint: Endpoint, path: str) -> str:
    """The same for another path of the API where the base URL may end in that of a chat call: `/embeddings` for `.../chat/completions`."""
    base, _, query = endpoint.base_url.strip().partition("?")
    base = base.rstrip("/")
    for call in _CALLS:
        base = base.removesuffix(call)
    return address(replace(endpoint, base_url=f"{base}?{query}" if query else base), path)


def list_address(endpoint: Endpoint, path: str) -> str:
    """The same for the list of models, which lies beside a call's own path and above a dated deployment of Azure."""
    base, query = _parted(endpoint)
    for call in _CALLS:
        base = base.removesuffix(call)
    dated = _DEPLOYMENT.fullmatch(base)
    if dated:
        base = dated[1]
    version = re.match(r"/v\d\w*(?=/)", path)
    if version:
        base = re.sub(r"/v\d\w*$", "", base)
    return f"{base}{path}{('&' if '?' in path else '?') + query if query else ''}"


def deployment(endpoint: Endpoint) -> str | None:
    """The deployment that a dated address of Azure OpenAI names (".../openai/deployments/NAME"): the one model behind it."""
    base, _ = _parted(endpoint)
    for call in _CALLS:
        base = base.removesuffix(call)
    found = _DEPLOYMENT.fullmatch(base)
    return found[2] if found else None


def _parted(endpoint: Endpoint) -> tuple[str, str]:
    base, _, own_query = endpoint.base_url.strip().partition("?")
    return base.rstrip("/"), "&".join(filter(None, (own_query, urlencode(endpoint.options.get("query") or {}))))
