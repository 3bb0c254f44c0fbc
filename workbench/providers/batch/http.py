"""The plain HTTP of batch services: JSON asked for, files sent and fetched piece by piece, so that no batch has to fit into memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from workbench.providers.error_bodies import failure_of
from workbench.providers.failures import ProviderError
from workbench.providers.http_call import unkeyed, without_password
from workbench.providers.kept import SECRET_HEADER
from workbench.providers.network_errors import failure_of_exception, url_of
from workbench.providers.redaction import redactor
from workbench.values import Endpoint, Failure

_PIECE = 256 * 1024
_LONGEST_JSON = 16 * 1024 * 1024
_SHORTEST_WAIT_S = 120.0
"""A service that takes in a large file is silent for longer than one that answers a question."""
_REDIRECTS = 3
_CLOCKS_DIFFER = timedelta(minutes=5)
_CLOCK_IS_WRONG = timedelta(days=1)
"""A list is followed for this much longer: to stop early at a batch of ours is to pay for it twice, to go on costs a question or two."""
MOST_PAGES = 50
"""So many pages of batches are looked through for one that may have been begun."""


class Http:
    """One endpoint's requests that are no calls of models. Nothing is sent twice."""

    def __init__(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        self._client, self._endpoint = client, endpoint
        self._wait = max(endpoint.timeout_s, _SHORTEST_WAIT_S)

    async def json(self, method: str, url: str, headers: Mapping[str, str], body: Any = None) -> dict[str, Any]:
        """The JSON object that a service answers with; a list stands in `data`. Raises ProviderError."""
        content = None if body is None else json.dumps(body).encode()
        return (await self.sent(method, url, headers, content))[0]

    async def is_there(self, url: str, headers: Mapping[str, str]) -> bool:
        """False where the service has nothing at an address that this key may see. Raises ProviderError where it does not say."""
        try:
            await self.json("GET", url, headers)
        except ProviderError as error:
            if error.failure.kind in ("not_found", "permission"):
                return False
            raise
        return True

    async def sent(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | AsyncIterator[bytes] | None
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """The JSON object of the answer, and its headers by lower-case name. Raises ProviderError."""
        address, headers = without_password(url_of(url), headers)
        data, answered = b"", {}
        try:
            response = await self._send(method, address, headers, content)
            try:
                answered = {name.lower(): value for name, value in response.headers.items()}
                async for piece in response.aiter_bytes():
                    data += piece
                    if len(data) > _LONGEST_JSON:
                        raise ProviderError(Failure("protocol", "The answer is larger than any about a batch can be."))
            finally:
                await response.aclose()
        except ProviderError:
            raise
        except Exception as error:
            raise self._failed(error, address) from None
        if not 200 <= response.status_code < 300 or data.lstrip()[:1] == b"<":
            raise ProviderError(unkeyed(failure_of(response.status_code, answered, data, redactor(self._endpoint.key)), headers))
        if not data.strip():
            return {}, answered
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            raise ProviderError(Failure("protocol", "The service answered with something that is not JSON.", status=200)) from None
        return value if isinstance(value, dict) else {"data": value}, answered

    async def fetch(self, url: str, headers: Mapping[str, str], path: Path) -> None:
        """Write what lies at an address to disk. The key travels to the host that was asked, and to no other. Raises ProviderError."""
        address, headers = without_password(url_of(url), headers)
        for _ in range(_REDIRECTS + 1):
            try:
                response = await self._send("GET", address, headers, None)
                try:
                    place = response.headers.get("location")
                    if not (300 <= response.status_code < 400 and place):
                        return await self._written(response, headers, path)
                finally:
                    await response.aclose()
            except ProviderError:
                raise
            except httpx.HTTPError as error:
                raise self._failed(error, address) from None
            following = url_of(urljoin(str(address), place))
            if (following.scheme, following.host, following.port) != (address.scheme, address.host, address.port):
                headers = {name: value for name, value in headers.items() if not SECRET_HEADER.search(name.lower())}
            address = following
        raise ProviderError(Failure("protocol", "The result file is redirected again and again."))

    async def _written(self, response: httpx.Response, headers: Mapping[str, str], path: Path) -> None:
        if response.status_code != 200:
            data = (await response.aread())[:_LONGEST_JSON]
            answered = {name.lower(): value for name, value in response.headers.items()}
            raise ProviderError(unkeyed(failure_of(response.status_code, answered, data, redactor(self._endpoint.key)), headers))
        with path.open("wb") as file:
            async for piece in response.aiter_bytes():
                await asyncio.to_thread(file.write, piece)

    async def _send(
        self, method: str, address: httpx.URL, headers: Mapping[str, str], content: bytes | AsyncIterator[bytes] | None
    ) -> httpx.Response:
        times = {"connect": min(20.0, self._wait), "read": self._wait, "write": self._wait, "pool": None}
        request = httpx.Request(method, address, headers=headers, content=content, extensions={"timeout": times})
        return await self._client.send(request, stream=True)

    def _failed(self, error: Exception, address: httpx.URL) -> Exception:
        failure = failure_of_exception(error, address, self._wait, is_call=False)
        return error if failure is None else ProviderError(failure)


async def pieces_of(path: Path, head: bytes = b"", tail: bytes = b"") -> AsyncIterator[bytes]:
    """A file piece by piece, with what stands before and behind it."""
    if head:
        yield head
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    if tail:
        yield tail


def count(value: Any) -> int | None:
    """A count of requests, which Google writes as text; None where it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name; an empty one where there is none."""
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def rows_of(value: Mapping[str, Any], *names: str) -> list[Mapping[str, Any]]:
    """The objects in the list of the first of these names that there is."""
    found: list[Any] = next((value[name] for name in names if isinstance(value.get(name), list)), [])
    return [row for row in found if isinstance(row, Mapping)]


def named(value: Mapping[str, Any], name: str, what: str) -> str:
    """The text of that name. Raises ProviderError where there is none: nothing can be asked of a batch without its id."""
    found = value.get(name)
    if isinstance(found, str) and found:
        return found
    raise ProviderError(Failure("protocol", f"The service's answer names no {what}: {json.dumps(value)[:200]}"))


def moment(value: Any) -> datetime | None:
    """A time as services write it, as text or in seconds; None where it is none."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_since(value: Any, since: str) -> bool:
    """True for a time that is not before the other, as far as two clocks agree."""
    return _is_since(value, since, _CLOCKS_DIFFER)


def is_past(times: Sequence[Any], since: str) -> bool:
    """True where a page of batches, the newest first, reaches back before that time, however wrong our clock may be: what was begun
    since then is on it or before it."""
    first, last = (moment(times[0]), moment(times[-1])) if times else (None, None)
    return first is not None and last is not None and first >= last and not _is_since(times[-1], since, _CLOCK_IS_WRONG)


def _is_since(value: Any, since: str, leeway: timedelta) -> bool:
    found, begun = moment(value), moment(since)
    return found is not None and (begun is None or found >= begun - leeway)


def too_many() -> ProviderError:
    """The error for a list of batches that does not end: nothing is begun on a guess."""
    words = "The service lists too many batches to find out whether this one was begun, so that nothing was sent again."
    return ProviderError(Failure("protocol", words))
