"""AWS signatures (Signature Version 4) for calls with access keys. botocore does the signing, and nothing else."""

from __future__ import annotations

import re

from workbench.providers.failures import ProviderError
from workbench.values import Endpoint, Failure

INSTALL = 'pip install "prompt-workbench[bedrock]"'

_REGION = r"\.(?=[a-z0-9-]*\d)((?:[a-z]{2,4}-)+(?:[a-z]+-)?\d+)\."


def signature(endpoint: Endpoint, url: str, body: bytes) -> dict[str, str]:
    """The headers that sign this body for this address with the endpoint's access keys. Raises ProviderError of kind `auth`."""
    try:
        from botocore.auth import SigV4Auth  # an extra, and only for access keys
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
    except ImportError:
        message = f"AWS access keys sign each call, for which botocore is needed. Use a Bedrock API key, or run: {INSTALL}"
        raise ProviderError(Failure("auth", message, provider_code="missing_extra")) from None
    id, secret, *token = (endpoint.key or "").strip().split(":", 2)
    if not id or not secret:
        message = "AWS access keys are written ACCESS_KEY_ID:SECRET, or ACCESS_KEY_ID:SECRET:SESSION_TOKEN for temporary ones."
        raise ProviderError(Failure("auth", message, provider_code="malformed_key"))
    request = AWSRequest("POST", url, {"content-type": "application/json"}, body)
    SigV4Auth(Credentials(id, secret, token[0] if token else None), "bedrock", region_of(endpoint)).add_auth(request)
    return {name.lower(): str(value) for name, value in request.headers.items() if name.lower() != "content-type"}


def region_of(endpoint: Endpoint) -> str:
    """The region for which a call is signed: the option `region`, else the one in the base URL. Raises ProviderError."""
    named = endpoint.options.get("region")
    found = None if named else re.search(_REGION, endpoint.base_url.lower())
    if not named and found is None:
        message = (
            f"The base URL {endpoint.base_url[:200]} names no AWS region. Use one such as https://bedrock-runtime.us-east-1.amazonaws.com."
        )
        raise ProviderError(Failure("bad_request", message, provider_code="address"))
    return str(named) if named or found is None else found[1]
