"""A server that is named on the spot, without a connection: which vendor it belongs to, where its key lies, what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.formats.addresses import is_address
from workbench.providers import catalog
from workbench.providers.vendors import named_after, paid_at, vendor_at
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
    row = vendor_at(base_url, api)
    keyed = row or named_after(api)
    key = next((found for name in (KEY, *(keyed.key_envs if keyed else ())) if (found := environment.get(name))), None)
    endpoint = Endpoint(api, base_url.rstrip("/"), key, dict(row.options) if row else {}, timeout_s)
    return endpoint, Price() if api == "echo" else catalog.price(paid_at(base_url, api).id, model, base_url)
