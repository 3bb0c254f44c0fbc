"""A server that is named on the spot, without a connection: which vendor it belongs to, where its key lies, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from workbench.providers import catalog
from workbench.providers.vendors import Vendor, is_address, vendors
from workbench.values import BadInput, Endpoint, Price

KEY = "WORKBENCH_API_KEY"
"""The environment variable that goes before every vendor's own."""


def direct_endpoint(api: str, base_url: str, model: str, environment: Mapping[str, str], timeout_s: float) -> tuple[Endpoint, Price]:
    """Where a call to this address goes, with the key of the environment if there is one, and the model's price if it is known.

    Raises BadInput for an address that is none, or an unknown wire format.
    """
    from workbench.providers import NAMES  # the package imports its modules first

    if api not in NAMES or api == "builtin":
        raise BadInput(f"There is no wire format {api} here.", remedy="Use one of: openai-chat, echo.")
    if api != "echo" and not is_address(base_url):
        raise BadInput(f"{base_url} is not an address.", remedy="Give one such as http://127.0.0.1:9000/v1.")
    parts = urlsplit("" if api == "echo" else base_url)
    row = _vendor(api, parts.netloc)
    key = environment.get(KEY) or (environment.get(row.key_env) if row and row.key_env else None)
    options = dict(row.options) if row and _place(row) == parts.netloc else {}
    endpoint = Endpoint(api, base_url.rstrip("/"), key or None, options, timeout_s)
    return endpoint, catalog.price(row.id, model, base_url) if row and parts.netloc else Price()


def _vendor(api: str, place: str) -> Vendor | None:
    """The vendor of this host and port, else the one after whom the wire format is named."""
    rows = vendors()
    named = next((row for row in rows if row.wire_format == api and _place(row) == place), None)
    return named or next((row for row in rows if api.startswith(row.id) and row.wire_format == api), None)


def _place(row: Vendor) -> str:
    return urlsplit(row.base_url).netloc
