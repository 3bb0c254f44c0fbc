"""A server that is named on the spot, without a connection: which vendor it belongs to, where its key lies, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from workbench.formats.addresses import is_address
from workbench.providers import catalog
from workbench.providers.vendors import Vendor, vendors
from workbench.values import BadInput, Endpoint, Price

KEY = "WORKBENCH_API_KEY"
"""The environment variable that goes before every vendor's own."""


def direct_endpoint(api: str, base_url: str, model: str, environment: Mapping[str, str], timeout_s: float) -> tuple[Endpoint, Price]:
    """Where a call to this address goes, with the key of the environment if there is one, and the model's price if it is known.

    Raises BadInput for an address that is none, or an unknown wire format.
    """
    from workbench.providers import NAMES  # the package imports its modules first

    if api not in NAMES or api == "builtin":
        raise BadInput(
            f"There is no wire format {api} here.", remedy=f"Use one of: {', '.join(name for name in NAMES if name != 'builtin')}."
        )
    if api != "echo" and not is_address(base_url):
        raise BadInput(f"{base_url} is not an address.", remedy="Give one such as http://127.0.0.1:9000/v1.")
    parts = urlsplit("" if api == "echo" else base_url)
    row = _vendor(api, parts.netloc)
    key = next((found for name in (KEY, *(row.key_envs if row else ())) if (found := environment.get(name))), None)
    options = dict(row.options) if row and _is_at(row, parts.netloc) else {}
    endpoint = Endpoint(api, base_url.rstrip("/"), key, options, timeout_s)
    return endpoint, catalog.price(row.id, model, base_url) if row and parts.netloc else Price()


def _vendor(api: str, place: str) -> Vendor | None:
    """The vendor of this host and port, else the one after whom the wire format is named."""
    rows = vendors()
    named = next((row for row in rows if row.wire_format == api and _is_at(row, place)), None)
    return named or next((row for row in rows if api.startswith(row.id) and row.wire_format == api), None)


def _is_at(row: Vendor, place: str) -> bool:
    return urlsplit(row.base_url).netloc == place or place.lower().endswith(tuple(row.hosts))
