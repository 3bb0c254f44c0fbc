"""The lines of batch files: a request as each service wants it, and a result line as a reply or a failure. Pure.

The body of a request is what a live call would send, and the body of a result is read by the reader of live answers.

    openai      {"custom_id", "method": "POST", "url": "/v1/chat/completions", "body"}      -> {"custom_id", "response": {"body"}, "error"}
    mistral     {"custom_id", "body"}                                                       -> the same
    anthropic   {"requests": [{"custom_id", "params"}, ...]}, one request a line            -> {"custom_id", "result": {"type", "message"}}
    gemini      {"key", "request"}                                                          -> {"key", "response"} or {"key", "error"}

Ray Data takes the lines of openai, and answers with whatever columns its processor leaves: {"custom_id", "generated_text"} of an engine,
{"custom_id", "http_response"} of an address, {"custom_id", "__inference_error__"} where that is not empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from workbench.providers.address import deployment
from workbench.providers.answer_parts import protocol
from workbench.providers.error_bodies import failure_in_stream, failure_of
from workbench.providers.failures import ProviderError
from workbench.providers.kept import kept_failure, kept_reply
from workbench.providers.redaction import redactor
from workbench.quick_dataclass import dataclass, replace
from workbench.values import Endpoint, Failure, Reply, Request

MB = 1_000_000
EXPIRED = "The batch expired before this request was answered. It costs nothing: run it again."
CANCELLED = "The batch was cancelled before this request was answered. It costs nothing: run it again."


@dataclass(frozen=True, slots=True)
class BatchForm:
    """How the requests of a wire format stand in a file, and how many one file may hold."""

    name: str
    module: str
    reader: str
    url: str = ""
    most_requests: int = 50_000
    most_bytes: int = 200 * MB
    ending: str = "jsonl"
    head: bytes = b""
    between: bytes = b"\n"
    tail: bytes = b"\n"


_FORMS = {
    "openai-chat": BatchForm("openai", "openai_chat", "ChatReader", "/chat/completions"),
    "openai-responses": BatchForm("openai", "openai_responses", "ResponsesReader", "/responses"),
    "mistral": BatchForm("mistral", "mistral", "ChatReader"),
    "anthropic": BatchForm(
        "anthropic", "anthropic", "MessagesReader", "", 100_000, 256 * MB, "json", b'{"requests":[\n', b",\n", b"\n]}\n"
    ),
    "gemini": BatchForm("gemini", "gemini", "GeminiReader", most_requests=100_000, most_bytes=2_000 * MB),
}


_RAY = ("generated_text", "http_response", "__inference_error__")
_OTHER_CLOUDS = ("aiplatform.googleapis.com", "rep.googleapis.com", "amazonaws.com")
"""Hosts of clouds that take batches of Claude from a bucket, in forms of their own."""
_SMALL_FILES = ("api.groq.com", "together.xyz", "together.ai")
"""Hosts whose files may be half as large as OpenAI's."""
_KEPT_DAYS = {"anthropic": 29, "gemini": 2, "api.openai.com": 30}
"""So long results lie ready, by the name of the form or by host, where its documentation says so."""


def batch_form(wire_format: str, base_url: str = "") -> BatchForm | None:
    """How a wire format's requests stand in a batch file, and how large one may be at this address; None where it has no such form."""
    form = _FORMS.get(wire_format)
    if wire_format == "anthropic" and _host(base_url).endswith(_OTHER_CLOUDS):
        return None
    if form is not None and _host(base_url).endswith(_SMALL_FILES):
        return replace(form, most_bytes=100 * MB)
    return form


def kept_days(wire_format: str, base_url: str) -> int | None:
    """How many days a service keeps the results of a batch; None where that is not known."""
    form = _FORMS.get(wire_format)
    return None if form is None else _KEPT_DAYS.get(form.name) or _KEPT_DAYS.get(_host(base_url))


def _host(base_url: str) -> str:
    return (urlsplit(base_url).hostname or "").lower()


def call_path(wire_format: str, base_url: str) -> str:
    """The path that each line of an OpenAI file names: that of Azure's dated deployments has no version."""
    return ("" if "/openai/deployments/" in base_url else "/v1") + _FORMS[wire_format].url


def sent_body(wire_format: str, request: Request, options: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request, as a live call that is not streamed sends it. Raises ProviderError."""
    module = import_module(f"workbench.providers.{_FORMS[wire_format].module}")
    body: dict[str, Any] = module.request_body(replace(request, stream=False), options)
    body.pop("stream", None)
    return body


def request_line(wire_format: str, base_url: str, request: Request, options: Mapping[str, Any], custom_id: str) -> bytes:
    """One request of a batch file, without a line break. Raises ProviderError where it cannot be said."""
    form, body = _FORMS[wire_format], sent_body(wire_format, request, options)
    item: dict[str, Any]
    if form.name == "anthropic":
        item = {"custom_id": custom_id, "params": body}
    elif form.name == "gemini":
        item = {"key": custom_id, "request": body}
    elif form.name == "mistral":
        body.pop("model", None)  # the job names it, for all of its file
        item = {"custom_id": custom_id, "body": body}
    else:
        deployed = deployment(Endpoint(wire_format, base_url, None, options))
        if deployed is not None:
            body["model"] = deployed  # the lines of a file have no address of their own to name it
        item = {"custom_id": custom_id, "method": "POST", "url": call_path(wire_format, base_url), "body": body}
    # Only ASCII: some engines split lines at U+2028, and half a surrogate pair from a broken file has no other form.
    try:
        return json.dumps(item, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ProviderError(Failure("bad_request", f"A parameter cannot be sent: {error}")) from None


def is_result(value: Mapping[str, Any]) -> bool:
    """True of a line that tells how a request ended, rather than what it asks."""
    return any(name in value for name in ("response", "result", "error", *_RAY))


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What one line of a result file says of one request."""

    reply: Reply | None = None
    failure: Failure | None = None


def custom_id_of(value: Any) -> str | None:
    """The id that a result line bears; None for a line without."""
    if not isinstance(value, dict):
        return None
    found = value.get("custom_id", value.get("key"))
    if found is None and isinstance(value.get("metadata"), dict):
        found = value["metadata"].get("key")
    return found if isinstance(found, str) and found else None


def read_result(wire_format: str, value: Mapping[str, Any], key: str | None = None) -> ResultLine:
    """The reply or failure in a result line, whichever service wrote it. Its times are unknown."""
    hide = redactor(key)
    if isinstance(value.get("generated_text"), str):
        wire_format = "openai-chat"  # the form in which `_answer` has it
    reader = getattr(import_module(f"workbench.providers.{_FORMS[wire_format].module}"), _FORMS[wire_format].reader)()
    try:
        reply = reader.whole(_answer(value))
    except ProviderError as error:
        return ResultLine(failure=kept_failure(error.failure, reader.partial(), hide).failure)
    usage = replace(reply.usage, service_tier="batch")
    return ResultLine(kept_reply(replace(reply, usage=usage), hide, request_id=_request_id(value) or reply.request_id))


def _answer(value: Mapping[str, Any]) -> Any:
    """The body that a live call would have answered with. Raises ProviderError where the line tells of none."""
    result, response, error = value.get("result"), value.get("response"), value.get("error")
    if any(value.get(name) is not None for name in _RAY):
        return _of_ray(value)
    if isinstance(result, dict):  # Anthropic
        kind = result.get("type")
        if kind == "succeeded":
            return result.get("message")
        if kind == "expired":
            raise ProviderError(Failure("timeout", EXPIRED, provider_code="batch_expired"))
        if kind in ("canceled", "cancelled"):
            raise ProviderError(Failure("cancelled", CANCELLED, provider_code="batch_cancelled"))
        raise _reported(result.get("error") or result)
    if isinstance(response, dict) and ("body" in response or "status_code" in response):  # OpenAI and those who do as it does
        status, body = response.get("status_code"), response.get("body")
        if isinstance(status, int) and not 200 <= status < 300:
            # vLLM tells of an error beside the response, whose body it leaves empty: as words, or as a live answer would hold them.
            told = body if body is not None else {"error": error} if isinstance(error, str) else error
            raise ProviderError(failure_of(status, {}, b"" if told is None else json.dumps(told).encode(), redactor(None)))
        if body is not None:
            return body
    elif isinstance(response, dict) and not error:  # Gemini; Vertex AI tells of an error in the status
        if not response and value.get("status"):
            raise _reported(value["status"])
        return response
    if error:
        raise _reported(error)
    raise protocol("The line of the result file holds neither an answer nor an error.")


def _of_ray(value: Mapping[str, Any]) -> Any:
    """The body of an answer in a row of Ray Data, whose engines tell the text and two counts alone. Raises ProviderError."""
    if value.get("__inference_error__"):
        raise _reported(value["__inference_error__"])
    if value.get("http_response") is not None:
        return value["http_response"]
    if not isinstance(value.get("generated_text"), str):
        raise protocol("The line of the result file holds neither an answer nor an error.")
    usage = {"prompt_tokens": value.get("num_input_tokens"), "completion_tokens": value.get("num_generated_tokens")}
    message = {"role": "assistant", "content": value["generated_text"]}
    return {"choices": [{"index": 0, "message": message}], "usage": usage}


def _reported(error: Any) -> ProviderError:
    if isinstance(error, dict) and error.get("code") == "batch_expired":
        return ProviderError(Failure("timeout", EXPIRED, provider_code="batch_expired"))
    if isinstance(error, dict) and error.get("code") == "batch_cancelled":
        return ProviderError(Failure("cancelled", CANCELLED, provider_code="batch_cancelled"))
    if isinstance(error, dict) and not isinstance(error.get("error"), (dict, str)):
        error = {"error": error}
    return ProviderError(failure_in_stream(error if isinstance(error, dict) else {"error": {"message": str(error)}}))


def _request_id(value: Mapping[str, Any]) -> str | None:
    response = value.get("response")
    found = response.get("request_id") if isinstance(response, dict) else None
    return found if isinstance(found, str) and found else None
