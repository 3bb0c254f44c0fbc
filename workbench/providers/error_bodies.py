"""From an error answer to a Failure: the provider's own words out of the many shapes in which they come, and the kind they mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from workbench.providers.redaction import Redactor
from workbench.providers.waits import asked_wait
from workbench.quick_dataclass import dataclass, replace
from workbench.values import Failure, FailureKind

_LONGEST_MESSAGE = 8_000

# Patterns as text: they are compiled when the first error comes, not when the app starts.
_TOO_LONG = (
    r"context[ _](length|window|size|limit)|maximum (context|prompt|input) length|(prompt|input|request) is too long|max_model_len"
    r"|too many (input )?tokens( in|:)|tokens? (exceeds?|exceeded)|exceeds? the (available |model'?s? )?(context|maximum number of tokens)"
    r"|reduce (the length|your prompt)|exceed_context_size|max(imum)? input tokens"
)
_BAD_KEY = (
    r"(api|access)[ _-]?key (is )?(not valid|invalid|incorrect|missing|not found|expired|disabled)"
    r"|(invalid|incorrect|wrong|expired|missing|no) (x-)?(api|access)[ _-]?key|API_KEY_INVALID"
    r"|invalid (authentication|bearer token)|unauthorized|API key is valid|bearer token has expired|missing authentication token"
    r"|security token included in the request|request signature we calculated|signature expired|UnrecognizedClient|ExpiredToken"
    r"|API_KEY_\w+_BLOCKED|key was reported as leaked|unregistered callers|consumer '?api_key\S+ has been suspended"
)
_NO_CREDIT = (
    r"insufficient[ _](quota|balance|credits?|funds)|exceeded your current quota|credit balance is too low|(out of|no|more|any) credits"
    r"|billing[ _](hard[ _])?(limit|details|not active)|(monthly|spend(ing)?|usage|budget) limit (has been )?(reached|exceeded)"
    r"|payment required|API usage limits|service ?quota ?exceeded"
    r"|used all available credits|reached (its|your) (\w+ )?(spending|usage) limit|account .{0,80}suspended|arrearage|余额不足|欠费"
)
_NO_MODEL = (
    r"\bmodels?\b.{0,120}(not found|does ?n[o']t exist|not exist|is not available|unknown)|(unknown|no such) model"
    r"|model identifier is invalid"
)
_INVALID_MODEL = r"invalid[ _]model\b(?![ _]?(output|response))"
_TRIAL_USED_UP = r"limited to [\d,]+ api calls ?/ ?month"
_DAY_USED_UP = r"PerDay|\blimit: 0(?![\d.]*\d)|too many tokens per day"
"""Quotas of a whole day, for which Google names a wait of seconds all the same; and a limit of nothing."""
_WRAPPED_429 = r"^429 |\"code\\?\"\s*:\s*\\?\"?429|rate limit (is )?(exceeded|reached)"

_STATUS_NAMES = ("status_code", "statusCode", "raw_status_code", "http_status_code", "status", "http_code")

_BY_STATUS: Mapping[int, FailureKind] = {
    401: "auth", 402: "quota", 403: "permission", 404: "not_found", 405: "not_found", 408: "timeout", 410: "not_found",
    424: "server", 425: "overloaded", 429: "rate_limit", 503: "overloaded", 524: "timeout", 529: "overloaded",
}  # fmt: skip
_BY_WORD: tuple[tuple[str, FailureKind], ...] = (
    ("insufficient_quota", "quota"), ("billing", "quota"), ("rate_limit", "rate_limit"), ("rate_limited", "rate_limit"),
    ("too_many_requests", "rate_limit"), ("resource_exhausted", "rate_limit"), ("throttling", "rate_limit"),
    ("overloaded", "overloaded"), ("unavailable", "overloaded"), ("capacity", "overloaded"), ("invalid_api_key", "auth"),
    ("authentication", "auth"), ("unauthorized", "auth"), ("permission", "permission"), ("forbidden", "permission"),
    ("invalid_image", "bad_request"), ("image_file", "bad_request"), ("image_too", "bad_request"), ("image_parse", "bad_request"),
    ("base64_image", "bad_request"), ("image_media", "bad_request"), ("image_content", "bad_request"), ("download_image", "bad_request"),
    ("not_found", "not_found"), ("timeout", "timeout"), ("context_length", "context_length"), ("invalid_request", "bad_request"),
    ("invalid_prompt", "bad_request"), ("bad_request", "bad_request"), ("content_filter", "bad_request"), ("server_error", "server"),
    ("policy", "bad_request"), ("too_large", "bad_request"), ("unexpected_endpoint", "not_found"), ("api_error", "server"),
    ("internal", "server"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What an error body says: message, code (as text), type, and a status of its own."""

    message: str = ""
    code: str | None = None
    type: str = ""
    status: int | None = None


def failure_of(status: int, headers: Mapping[str, str], body: bytes, redactor: Redactor) -> Failure:
    """The failure that an HTTP error answer means. Header names are lower case."""
    text = body.decode("utf-8", "replace").strip()
    value = _json(text)
    words = _words_of(value) if value is not None else Words(_plain(text))
    message = words.message or f"{status} {_phrase(status)}, without any words."
    if words.code is None and "x-amzn-errortype" in headers:  # Amazon puts its code there, with an address behind it
        words = replace(words, code=headers["x-amzn-errortype"].partition(":")[0])
    code, kind = words.code, kind_of(status, words, text)
    if value is None and text.startswith("<"):
        message = f"The server answered with a web page instead of an answer: {words.message or _phrase(status)}"
        if status < 400:
            kind, code = "protocol", "html"
    return Failure(
        kind,
        redactor.text(message)[:_LONGEST_MESSAGE],
        status=status,
        retry_after_s=asked_wait(headers, value, message),
        provider_code=redactor.text(code) if code else None,
        final=headers.get("x-should-retry", "").strip().lower() == "false",
    )


def failure_in_stream(value: Mapping[str, Any]) -> Failure:
    """The failure that an error object inside an answer of status 200 means. Its status is the one it names, if it names one.

    The key is still in it: who called takes it out, as out of everything that was answered.
    """
    words = _words_of(value)
    status = words.status
    message = words.message or "The provider reported an error without any words."
    return Failure(
        kind_of(status or 200, words, json.dumps(value, ensure_ascii=False)[:_LONGEST_MESSAGE]),
        message[:_LONGEST_MESSAGE],
        status=status,
        retry_after_s=asked_wait({}, value, message),
        provider_code=words.code,
    )


def kind_of(status: int, words: Words, text: str) -> FailureKind:
    """The kind of failure: the words decide where a status is used for several things, else the status does."""
    said = f"{words.code or ''} {words.type} {words.message}"
    named = _named(status, said, text)
    if named is not None:
        return named
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status == 498 and "capacity" in said.lower():  # Groq's flex tier; Cohere's 498 is a blocked input
        return "overloaded"
    if status >= 500:
        return "overloaded" if "overloaded" in said.lower() else "server"
    if status >= 400:
        return "bad_request"
    if status >= 300:
        return "protocol"
    if words.status:
        return kind_of(words.status, words, text)
    lowered = said.lower().replace(" ", "_")
    return next((kind for word, kind in _BY_WORD if word in lowered), "server")


def _named(status: int, said: str, text: str) -> FailureKind | None:
    """The kind that the words name, for a status (200 in a stream) that is used for several things; None where the status decides."""
    if status in (200, 400, 413, 422, 500) and _says(_TOO_LONG, said):
        return "context_length"
    if status == 429 and (_says(_TRIAL_USED_UP, said) or _says(_DAY_USED_UP, text)):
        return "quota"
    if status in (200, 400, 403, 412, 429) and _says(_NO_CREDIT, said) and "RetryInfo" not in text:
        return "quota"
    if status in (200, 400, 403) and _says(_BAD_KEY, f"{said} {text[:2000] if 'API_KEY' in text else ''}"):
        return "auth"
    if status in (200, 400, 422) and _says(_NO_MODEL, said) and "support" not in said:
        return "not_found"
    if status in (400, 404, 422) and _says(_INVALID_MODEL, said):
        return "not_found"
    if status == 400 and _says(_WRAPPED_429, said):
        return "rate_limit"
    return None


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.I | re.S) is not None


def _words_of(value: Any) -> Words:
    """Words of one JSON error value: `{"error": {...}}` or text, `{"message"}`, `{"detail"}`, `[{"error"}]`, `{"errors": []}`."""
    if isinstance(value, list) and value:
        return _words_of(value[0])
    if not isinstance(value, dict):
        return Words(str(value) if value not in (None, "") else "")
    error = value.get("error") if value.get("error") not in (None, "", {}) else value
    if isinstance(error, str):
        return Words(_flat(error), _code(value.get("code")), str(value.get("type") or ""))
    if not isinstance(error, dict):
        return Words(_flat(error))
    message = ""
    for name in ("message", "detail", "details", "errors", "msg", "description", "reason", "title", "Message"):
        message = _flat(error.get(name))
        if message:
            break
    metadata = error.get("metadata")
    raw = _flat(metadata.get("raw")) if isinstance(metadata, dict) else ""  # OpenRouter: the words of the provider behind it
    written = error.get("failed_generation")  # Groq: what the model wrote instead of JSON or of a call
    for more in (raw, written if isinstance(written, str) else ""):
        if more and more not in message:
            message = f"{message}: {more}" if message else more
    code = next((found for name in ("code", "status", "error_code", "type") if (found := _code(error.get(name)))), None)
    if code is None and isinstance(error.get("__type"), str):  # Amazon: com.amazon.coral.service#AccessDeniedException
        code = error["__type"].rpartition("#")[2]
    places = (error.get("code"), *(place.get(name) for place in (error, value) for name in _STATUS_NAMES))
    status = next((int(str(found)) for found in places if re.fullmatch(r"[45]\d\d", str(found))), None)
    return Words(message, code, f"{error.get('type') or ''} {error.get('status') or ''}".strip(), status)


def _flat(value: Any, depth: int = 0) -> str:
    """One line of words from a message that may be text, JSON inside text, a list, or an object (pydantic's `detail` lists)."""
    if isinstance(value, str):
        inner = _json(value) if value[:1] in "{[" and depth < 4 else None
        said = _flat(inner, depth + 1) if inner is not None else ""
        return f"{said}: {value.strip()}" if said else value.strip()  # readable first, and the provider's own words
    if isinstance(value, list):
        return "; ".join(filter(None, (_flat(item, depth + 1) for item in value[:20]))) if depth < 6 else ""
    if isinstance(value, dict) and depth < 6:
        said = next((found for name in ("msg", "message", "detail", "error") if (found := _flat(value.get(name), depth + 1))), "")
        place = value.get("loc")
        if said and isinstance(place, list):
            return f"{said} ({'.'.join(str(step) for step in place)})"
        return said or (json.dumps(value, ensure_ascii=False) if value else "")
    return "" if value in (None, "", [], {}) else str(value)


def _code(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "" else None


def _json(text: str) -> Any:
    if text[:1] not in ("{", "[", '"'):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(text: str) -> str:
    """The words of a body that is not JSON: a page's title and first heading, else the text itself; none where it is no text."""
    if not text.startswith("<"):
        return "" if re.search(r"[\x00-\x08\x0e-\x1f]", text[:2000]) else text[:_LONGEST_MESSAGE]
    import html  # only for web pages

    found = [
        html.unescape(re.sub(r"<[^>]{0,200}>", " ", part))
        for part in re.findall(r"<(?:title|h1)[^>]{0,200}>(.{0,300}?)</", text[:100_000], re.I | re.S)
    ]
    return ", ".join(dict.fromkeys(" ".join(part.split()) for part in found if part.strip()))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"
