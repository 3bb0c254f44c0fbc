"""OpenAI's images endpoint: GPT image models, DALL-E, and servers that speak it for Stable Diffusion (stable-diffusion.cpp, LocalAI).

`POST {base}/images/generations` with a prompt, answered by pictures as base64, or by addresses from which they are fetched at once: such
addresses are good for an hour, and an output must stay readable for ever.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from workbench.formats.pictures import LARGEST, media_type
from workbench.providers.body_values import finished
from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.providers.json_fields import count, inner
from workbench.providers.openai_chat import address
from workbench.providers.openai_chat.usage import other_kinds
from workbench.providers.sse import Event
from workbench.quick_dataclass import replace
from workbench.values import Delta, Endpoint, Failure, Part, Reply, Request, Usage

if TYPE_CHECKING:
    import httpx

UNSUPPORTED = frozenset({
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "stop", "seed", "presence_penalty", "frequency_penalty", "reasoning_effort",
    "reasoning_budget", "logprobs", "top_logprobs", "parallel_tool_calls", "tool_choice", "response_format",
})  # fmt: skip
"""Common parameters for which the endpoint has no place; its own `response_format` is another thing, and not for a prompt to choose."""
UNSAID = frozenset({"JSON schema", "tools"})
"""What else a prompt can ask for and this endpoint has no place for."""
UNREAD = frozenset({"image", "file"})
"""Kinds of parts for which it has none: pictures are made from text alone."""


class OpenAIImages:
    """The wire format `openai-images`."""

    name = "openai-images"

    async def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Exactly one reply with pictures. Raises ProviderError."""
        from workbench.providers.http_call import headers_of, key_form, post  # httpx is loaded with the first call, not with the window

        headers = headers_of(endpoint, streamed=False, **key_form(endpoint))
        reader = PicturesReader()
        url = address(endpoint, "/images/generations")
        async for event in post(client, endpoint, url, headers, request_body(request, endpoint.options), reader, streamed=False):
            if isinstance(event, Reply) and reader.addresses:
                fetched = [await _fetch(client, one, endpoint.timeout_s) for one in reader.addresses]
                event = replace(event, images=(*event.images, *fetched))
            yield event


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body: all that the messages say is the prompt. Raises ProviderError for messages with pictures or files."""
    if any(part.kind != "text" for message in request.messages for part in message.parts):
        raise ProviderError(Failure("bad_request", "This model makes pictures from text alone. Take the pictures out of the prompt."))
    body: dict[str, Any] = {"model": request.model, "prompt": "\n\n".join(filter(None, (message.text for message in request.messages)))}
    body |= {name: value for name, value in request.parameters.items() if value is not None and name not in UNSUPPORTED and name != "extra"}
    if not request.model.startswith(("gpt-image", "chatgpt-image")):  # these send base64 always, and refuse to be asked for it
        body["response_format"] = "b64_json"
    return finished(body, options, request)


class PicturesReader:
    """Reads one answer of the images endpoint."""

    def __init__(self) -> None:
        self.done = False
        self.addresses: list[str] = []

    def event(self, event: Event) -> tuple[str, str]:
        """Nothing: no stream was asked for."""
        return "", ""

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body. Raises ProviderError."""
        if isinstance(value, dict) and value.get("error") not in (None, "", {}):
            raise ProviderError(failure_in_stream(value))
        rows = value.get("data") if isinstance(value, dict) else None
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        images = tuple(picture_of(str(row["b64_json"])) for row in rows if row.get("b64_json"))
        self.addresses = [str(row["url"]) for row in rows if row.get("url") and not row.get("b64_json")]
        if not images and not self.addresses:
            raise ProviderError(Failure("protocol", f"The server's answer holds no picture: {str(value)[:200]}"))
        self.done = True
        revised = [str(row["revised_prompt"]) for row in rows if row.get("revised_prompt")]
        return Reply(
            images=images,
            thinking="\n\n".join(dict.fromkeys(revised)) or None,
            usage=_usage(value.get("usage")),
            resolved_model=value.get("model") if isinstance(value.get("model"), str) else None,
        )

    def end(self) -> Reply:
        """Never a reply: pictures do not come as events here."""
        raise ProviderError(Failure("protocol", "The server sent a stream where a picture was asked for."))

    def partial(self) -> Reply | None:
        """Nothing arrives in part."""
        return None


def picture_of(text: str, kind: str = "") -> Part:
    """The picture of a base64 text. Raises ProviderError where it is none."""
    try:
        data = base64.b64decode(text.partition("base64,")[2] or text, validate=False)
    except (binascii.Error, ValueError):
        data = b""
    found = media_type(data)
    if found is None:
        raise ProviderError(Failure("protocol", "The server sent a picture that is no PNG, JPEG, WebP or GIF file."))
    return Part("image", media_type=found or kind, data=data)


async def _fetch(client: httpx.AsyncClient, url: str, timeout_s: float) -> Part:
    import httpx  # loaded already: the call before came through it

    from workbench.providers.network_errors import failure_of_exception, url_of

    address_ = url_of(url)
    times = {"connect": 20.0, "read": timeout_s, "write": timeout_s, "pool": None}
    data = b""
    try:
        response = await client.send(httpx.Request("GET", address_, extensions={"timeout": times}), stream=True)
        try:
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) > 2 * LARGEST:
                    raise ProviderError(Failure("protocol", "The picture is larger than a picture can be.", provider_code="too_large"))
        finally:
            await response.aclose()
    except ProviderError:
        raise
    except Exception as error:
        failure = failure_of_exception(error, address_, timeout_s)
        if failure is None:
            raise
        raise ProviderError(failure) from None
    kind = media_type(data)
    if response.status_code != 200 or kind is None:
        words = f"The picture was made, but could not be fetched from {address_.host} ({response.status_code})."
        raise ProviderError(Failure("protocol", words, status=response.status_code))
    return Part("image", media_type=kind, data=data)


def _usage(value: Any) -> Usage:
    if not isinstance(value, Mapping):
        return Usage()
    written, details = count(value, "output_tokens"), inner(value, "output_tokens_details")
    kinds = other_kinds(inner(value, "input_tokens_details"), details)
    if not details:
        kinds["output_image_tokens"] = written  # this endpoint writes pictures
    return Usage(input_tokens=count(value, "input_tokens"), output_tokens=written, **kinds)
