"""Every error answer that users have reported is understood: its kind, how long to wait, whether to try again, the provider's own words."""

from __future__ import annotations

import json
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.providers.error_bodies import failure_in_stream, failure_of
from workbench.providers.failures import LONGEST_WAIT_S, concerns, is_retryable, wait_s
from workbench.providers.redaction import Redactor, hint
from workbench.providers.waits import asked_wait, spelled_wait
from workbench.values import Failure

# file: (kind, seconds to wait, tried again, what stops, words that must be kept)
REPORTED: dict[str, tuple[str, float | None, bool, str, str]] = {
    "anthropic_429_headers_no_retry_after": ("rate_limit", 1.0, True, "job", "429"),
    "anthropic_429_rate_limited": ("rate_limit", None, True, "job", "Rate limited"),
    "anthropic_429_would_exceed": (
        "rate_limit", None, True, "job", "This request would exceed your account's rate limit. Please try again later.",
    ),
    "anthropic_overloaded_with_details": ("overloaded", None, True, "job", "Overloaded"),
    "azure_429_wrapped_in_400": ("rate_limit", 2.0, True, "job", "Rate limit is exceeded. Try again in 2 seconds."),
    "azure_ratelimit_minus_one": ("rate_limit", None, True, "job", "429"),
    "bedrock_429_throttling": ("rate_limit", None, True, "job", "Too many tokens, please wait before trying again."),
    "gemini_400_api_key_invalid": ("auth", None, False, "connection", "API key not valid. Please pass a valid API key."),
    "gemini_429_check_quota": ("rate_limit", None, True, "job", "Resource has been exhausted (e.g. check quota)."),
    "gemini_429_quota_help": (
        "quota", None, False, "connection", "You exceeded your current quota, please check your plan and billing details.",
    ),
    "groq_429_tpm": ("rate_limit", 50.597142857, False, "job", "Limit 7000, Used 0, Requested ~12903. Please try again in 50.597142857s."),
    "mistral_422_extra_forbidden": ("bad_request", None, False, "job", "Extra inputs are not permitted (body.max_completion_tokens)"),
    "mistral_422_message_json_string": ("bad_request", None, False, "job", "Extra inputs are not permitted (body.frequency_penalty)"),
    "mistral_422_message_list": ("bad_request", None, False, "job", "Extra inputs are not permitted (body.tools)"),
    "mistral_429_1300": ("rate_limit", None, True, "job", "Rate limit exceeded"),
    "ollama_400_no_tools": ("bad_request", None, False, "job", "registry.ollama.ai/library/Qwen3.5:0.8b does not support tools"),
    "ollama_404_model": ("not_found", None, False, "model", "model 'custom-phi3-32k-Q4_K_M' not found"),
    "openai_429_114h": ("rate_limit", 411_480.0, False, "job", "Please try again in 114h18m0s."),
    "openai_429_tpm_644ms": ("rate_limit", 0.644, True, "job", "Please try again in 644ms."),
}  # fmt: skip

DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
GOOGLE_DAY = "You exceeded your current quota. * Quota exceeded for metric: free_tier_requests, limit: 20, model: gemini-x"
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s"}
# status, headers, body, then as above: their neighbours, as vendors document them
NEIGHBOURS: list[tuple[int, dict[str, str], Any, str, float | None, bool, str, str]] = [
    (429, {}, {"error": {"code": 429, "message": GOOGLE_DAY, "details": [{"violations": [{"quotaId": DAY}]}, RETRY_INFO]}},
     "quota", 36, False, "model", "limit: 20, model: gemini-x"),
    (429, {}, [{"error": {"code": 429, "message": "You exceeded your current quota.", "details": [RETRY_INFO]}}],
     "rate_limit", 36, True, "job", "exceeded"),
    (403, {}, {"error": {"code": 403, "message": "Your API key was reported as leaked. Please use another API key."}},
     "auth", None, False, "connection", "leaked"),
    (403, {}, {"error": {"code": 403, "message": "Method doesn't allow unregistered callers", "status": "PERMISSION_DENIED"}},
     "auth", None, False, "connection", "unregistered"),
    (403, {}, {"error": {"code": 403, "message": "Requests are blocked.", "details": [{"reason": "API_KEY_SERVICE_BLOCKED"}]}},
     "auth", None, False, "connection", "blocked"),
    (429, {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s", "x-ratelimit-remaining-requests": "0",
           "x-ratelimit-reset-requests": "2m59.56s"}, {"error": {"message": "slow down"}}, "rate_limit", 179.56, True, "job", "slow down"),
    (429, {"ratelimitbysize-remaining": "0", "ratelimitbysize-reset": "51"}, {"message": "Requests rate limit exceeded"},
     "rate_limit", 51, True, "job", "Requests rate limit exceeded"),
    (429, {"ratelimit": "limit=100, remaining=0, reset=50"}, "", "rate_limit", 50, True, "job", "429"),
    (429, {"ratelimit": '"default";r=0;t=12'}, "", "rate_limit", 12, True, "job", "429"),
    (429, {"retry-after": "30s"}, "Too Many Requests", "rate_limit", 30, True, "job", "Too Many Requests"),
    (429, {"date": "Tue, 26 Mar 2024 20:00:00 GMT"},
     {"error": {"code": 429, "message": "Rate limit exceeded: free-models-per-min", "metadata": {
         "headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1711483208000"}}}},
     "rate_limit", 8, True, "job", "free-models-per-min"),
    (429, {}, {"error": {"code": 429, "message": "Error", "metadata": {"raw": "busy upstream", "retry_after_seconds": 9.5}}},
     "rate_limit", 9.5, True, "job", "busy upstream"),
    (503, {}, {"error": "Model x is currently loading", "estimated_time": 20.0}, "overloaded", 20, True, "job", "currently loading"),
    (429, {}, {"message": "Too many tokens per day, please wait before trying again."}, "quota", None, False, "model", "per day"),
    (429, {}, {"error": {"message": "Please retry after 6 seconds."}}, "rate_limit", 6, True, "job", "retry after 6"),
    (429, {}, {"code": "Some resource has been exhausted", "error": "Your team has used all available credits"},
     "quota", None, False, "connection", "used all available credits"),
    (403, {}, {"code": "The caller does not have permission", "error": "Your team doesn't have any credits yet."},
     "quota", None, False, "connection", "any credits"),
    (412, {}, {"error": {"message": "Account x is suspended, possibly due to reaching the monthly spending limit"}},
     "quota", None, False, "connection", "suspended"),
    (400, {}, {"code": "Arrearage", "message": "Access denied, please make sure your account is in good standing."},
     "quota", None, False, "connection", "good standing"),
    (400, {}, {"error": {"message": "Failed to call a function.", "code": "tool_use_failed", "failed_generation": "<function=f>"}},
     "bad_request", None, False, "job", "Failed to call a function.: <function=f>"),
    (498, {}, {"error": {"message": "Flex tier capacity exceeded"}}, "overloaded", None, True, "job", "capacity"),
    (500, {}, {"error": "model requires more system memory (8.4 GiB) than is available (7.0 GiB)"},
     "server", None, False, "job", "more system memory"),
    (429, {}, {"error": "you've reached your hourly usage limit, please upgrade to continue"},
     "quota", None, False, "connection", "hourly usage limit"),
    (400, {}, {"error": {"code": "content_filter", "message": "It was filtered."}}, "bad_request", None, False, "job", "filtered"),
    (401, {}, "<html><title>401 Authorization Required</title></html>", "auth", None, False, "connection", "401 Authorization Required"),
]  # fmt: skip


def of(status: int, body: Any, headers: dict[str, str] | None = None, key: str | None = None) -> Failure:
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return failure_of(status, headers or {}, data, Redactor(key))


def test_every_reported_error_is_understood(shared: Path) -> None:
    found = {path.stem for path in (shared / "wire" / "reported_errors").glob("*.json")}
    assert found == set(REPORTED)
    for name, row in REPORTED.items():
        response = json.loads((shared / "wire" / "reported_errors" / f"{name}.json").read_text("utf-8"))["response"]
        failure = of(response["status"], response["body"] or "", response["headers"])
        check(name, failure, *row)
        assert failure.status == response["status"]


def test_their_neighbours_are_understood() -> None:
    for status, headers, body, kind, wait, again, stops, words in NEIGHBOURS:
        check(json.dumps(body), of(status, body, headers), kind, wait, again, stops, words)


def check(name: str, failure: Failure, kind: str, wait: float | None, again: bool, stops: str, words: str) -> None:
    assert (name, failure.kind) == (name, kind)
    assert failure.retry_after_s == (None if wait is None else pytest.approx(wait)), name
    assert is_retryable(failure) is again, name
    assert concerns(failure) == stops, name
    assert words in failure.message, name


@pytest.mark.parametrize(
    ("value", "kind", "status"),
    [
        ({"object": "error", "message": "Rate limit exceeded", "code": "1300", "raw_status_code": 429}, "rate_limit", 429),
        ({"error": {"message": "Incorrect API key provided"}}, "auth", None),
        ({"error": "You exceeded your current quota, please check your plan"}, "quota", None),
        ({"error": "Unexpected endpoint or method. (POST /v1/x)"}, "not_found", None),
        ({"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}, "bad_request", None),
        ({"error": {"code": "503", "message": "busy"}}, "overloaded", 503),
        ({"error": {"code": "server_error", "message": "Provider disconnected"}}, "server", None),
    ],
)
def test_an_error_object_in_a_stream_is_the_same_failure(value: dict[str, Any], kind: str, status: int | None) -> None:
    failure = failure_in_stream(value)
    assert (failure.kind, failure.status) == (kind, status)


def test_a_wait_of_nothing_or_of_centuries_is_none() -> None:
    assert 0 <= wait_s(Failure("rate_limit", "", retry_after_s=0.0), 1) <= 1
    assert asked_wait({"retry-after": "9" * 400}) is None
    assert spelled_wait("try again in " + "9" * 400 + " s") is not None
    assert asked_wait({}, None, "try again in " + "9" * 400 + " s") is None


def test_a_429_inside_a_400_is_a_rate_limit() -> None:
    inner = '{"error": {"code": "429", "message": "Rate limit is exceeded. Try again in 2 seconds."}}'
    for body in ({"error": {"code": "429", "message": "slow down"}}, {"error": {"code": "bad", "message": f"Call failed: {inner}"}}):
        failure = of(400, body)
        assert (failure.kind, is_retryable(failure)) == ("rate_limit", True)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"message": "Your prompt is 9 tokens.", "code": "context_length_exceeded"}}, "context_length"),
        (400, {"error": {"code": 400, "message": "request (9 tokens) exceeds the available context size (8 tokens)"}}, "context_length"),
        (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400}, "context_length"),
        (401, {"error": {"message": "Incorrect API key provided: sk-abc***xyz.", "code": "invalid_api_key"}}, "auth"),
        (403, {"error": {"message": "Country not supported"}}, "permission"),
        (402, {"error": {"message": "Insufficient Balance"}}, "quota"),
        (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, "quota"),
        (400, {"type": "error", "error": {"message": "Your credit balance is too low to access the API."}}, "quota"),
        (404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, "not_found"),
        (400, {"error": {"message": "model gpt-9 not found"}}, "not_found"),
        (404, {"detail": "Not Found"}, "not_found"),
        (408, {}, "timeout"),
        (413, {"error": {"message": "payload too large"}}, "bad_request"),
        (500, {"error": {"message": "oops", "type": "server_error"}}, "server"),
        (500, {"error": {"message": "The model is overloaded"}}, "overloaded"),
        (502, "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>", "server"),
        (503, "upstream connect error", "overloaded"),
        (529, {}, "overloaded"),
        (524, "<html><title>524: A timeout occurred</title></html>", "timeout"),
        (418, b"\xff\xfe\x00", "bad_request"),
    ],
)  # fmt: skip
def test_status_and_words_give_the_kind(status: int, body: Any, kind: str) -> None:
    failure = of(status, body)
    assert failure.kind == kind
    assert failure.message


def test_a_web_page_is_named_as_one_and_its_title_kept() -> None:
    failure = of(502, "<!DOCTYPE html><html><head><title>Bad&nbsp;gateway | proxy.example</title></head></html>")
    assert "web page" in failure.message
    assert "proxy.example" in failure.message
    wrong_address = of(200, "<html><title>Welcome to nginx!</title></html>")
    assert (wrong_address.kind, wrong_address.provider_code, is_retryable(wrong_address)) == ("protocol", "html", False)


def test_an_empty_body_still_gives_a_sentence() -> None:
    assert of(503, "").message == "503 Service Unavailable, without any words."


NAMES = ["error", "message", "detail", "code", "type", "errors", "status", "loc", "msg", "metadata", "raw"]
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
BODIES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), max_leaves=12
)


@given(BODIES)
def test_no_error_body_is_so_odd_that_it_breaks(value: Any) -> None:
    for status in (200, 400, 429, 500):
        assert isinstance(of(status, value).message, str)
    if isinstance(value, dict):
        assert failure_in_stream(value).message


def test_a_wait_is_taken_from_wherever_it_is_said() -> None:
    date = "Tue, 26 Mar 2024 20:00:00 GMT"
    assert asked_wait({"retry-after": "7"}) == 7
    assert asked_wait({"retry-after": "1.5", "retry-after-ms": "250"}) == 0.25
    assert asked_wait({"retry-after": "Tue, 26 Mar 2024 20:00:09 GMT", "date": date}) == 9
    assert asked_wait({"retry-after": "Tue, 26 Mar 2024 19:00:00 GMT", "date": date}) == 0
    assert asked_wait({"retry-after": "-3"}) == 0
    assert asked_wait({"retry-after": "soon"}) is None
    retry_info = {"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "30s"}]}}
    assert asked_wait({}, retry_info) == 30
    assert asked_wait({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "0"}) == 360
    assert asked_wait({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "12"}) is None
    assert asked_wait({"x-ratelimit-reset": "4", "x-ratelimit-remaining": "0"}) == 4
    assert asked_wait({}) is None


def test_a_date_without_the_servers_clock_is_read_by_ours() -> None:
    from datetime import UTC, datetime, timedelta

    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    waited = asked_wait({"retry-after": moment})
    assert waited is not None
    assert 25 < waited <= 30


@pytest.mark.parametrize(
    ("sentence", "seconds"),
    [
        ("Please try again in 1m0s.", 60),
        ("Please try again in 644ms. Visit", 0.644),
        ("try again in 2 seconds", 2),
        ("Please retry in 36.5s", 36.5),
        ("wait 1 minute and 30 seconds", 90),
        ("Please try again later.", None),
        ("Retry shortly", None),
        ("Limit 100000, Used 96749", None),
    ],
)
def test_a_wait_in_a_sentence(sentence: str, seconds: float | None) -> None:
    assert spelled_wait(sentence) == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=300))
def test_any_sentence_can_be_looked_through(sentence: str) -> None:
    spelled_wait(sentence)
    asked_wait({"retry-after": sentence, "x-ratelimit-reset": sentence, "x-ratelimit-remaining": "0"}, None, sentence)


def test_the_providers_wait_is_never_shortened_and_backoff_grows() -> None:
    asked = Failure("rate_limit", "", retry_after_s=4)
    assert 4 <= wait_s(asked, 1) <= 4.25
    assert [wait_s(asked, attempt, draw=0.0) for attempt in (1, 2, 3)] == [4, 16, 60], (
        "a time that was too short before is not believed again"
    )
    assert wait_s(asked, 2, draw=1.0) == 20, "those that were refused together do not come back together"
    assert wait_s(Failure("rate_limit", "", retry_after_s=90), 5, draw=0.0) == 90
    assert wait_s(Failure("overloaded", "", retry_after_s=4), 2, draw=0.0) == 8
    for named in (1.0, None):  # five tries reach over a limit of a minute
        assert sum(wait_s(Failure("rate_limit", "", retry_after_s=named), attempt, draw=0.0) for attempt in range(1, 5)) > 60
    plain = Failure("server", "")
    waits = [wait_s(plain, attempt, draw=1.0) for attempt in range(1, 12)]
    assert waits[:4] == [0.5, 1, 2, 4]
    assert max(waits) == 30
    assert wait_s(plain, 3, draw=0.0) == 0.0, "any time up to the longest: those that failed together do not come back together"


def test_what_waiting_cannot_mend_is_not_tried_again() -> None:
    assert not is_retryable(Failure("rate_limit", "", retry_after_s=LONGEST_WAIT_S + 1))
    assert is_retryable(Failure("rate_limit", "", retry_after_s=LONGEST_WAIT_S))
    assert not is_retryable(Failure("rate_limit", "Limit 7000, Used 0, Requested ~12,903"))
    assert is_retryable(Failure("rate_limit", "Limit 30000, Used 29937, Requested 385."))
    for kind in ("auth", "permission", "not_found", "bad_request", "context_length", "quota", "cancelled", "budget"):
        assert not is_retryable(Failure(kind, ""))


def test_whom_a_failure_concerns() -> None:
    assert [concerns(Failure(kind, "")) for kind in ("auth", "quota", "not_found", "permission", "server", "bad_request")] == [
        "connection", "connection", "model", "model", "job", "job",
    ]  # fmt: skip


def test_an_error_in_a_stream_takes_the_status_it_names() -> None:
    failure = failure_in_stream({"error": {"code": 429, "message": "slow down"}})
    assert (failure.kind, failure.status, failure.message) == ("rate_limit", 429, "slow down")
    failure = failure_in_stream({"error": {"type": "overloaded_error", "message": "Overloaded"}})
    assert (failure.kind, failure.status) == ("overloaded", None)


KEY = "sk-proj-1234567890abcdef/+="


def test_a_key_is_taken_out_in_every_form_in_which_it_travels() -> None:
    hide = Redactor(KEY)
    from urllib.parse import quote

    for text in (KEY, f"Bearer {KEY}", f"?key={quote(KEY, safe='')}", f"a{KEY}b{KEY}c"):
        assert KEY not in hide.text(text)
        assert "1234567890" not in hide.text(text)
        assert b"1234567890" not in hide.raw(text.encode())
    value = {"a": [KEY, {"b": f"x {KEY}"}], KEY: 1}
    assert "1234567890" not in json.dumps(hide.value(value))
    assert "1234567890" not in of(401, {"error": {"message": f"Bad key {KEY}", "code": KEY}}, key=KEY).message
    assert "1234567890" not in repr(of(401, {"error": {"message": "no", "code": KEY}}, key=KEY))


def test_a_placeholder_key_cuts_no_holes_into_answers() -> None:
    assert Redactor("x").text("x-ray") == "x-ray"
    assert Redactor("ollama").answer("ollama is a tool") == "ollama is a tool"
    assert Redactor("lm-studio").answer("I run in lm-studio") == "I run in lm-studio"
    assert Redactor(KEY).answer(f"your key is {KEY}") == "your key is [key]"


def test_a_hint_shows_four_characters_at_most() -> None:
    assert hint("sk-proj-1234567890") == "...7890"
    assert hint("short") == hint(None) == ""
