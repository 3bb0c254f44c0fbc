"""Why a call gave no answer, what is done about it, and whom it concerns.

The tree of failures. In brackets what usually causes it; on the right what the engine does.

Failure
├── of the connection                                       every job of the connection is held, none is sent
│   ├── auth            (401, "API key not valid")              not tried again; code `no_key` where none was sent
│   ├── quota           (402, insufficient_quota)               not tried again; only the model's jobs where the quota is the model's
│   └── network, code `unreachable`  (refused, unknown name)    tried again; if it lasts and nothing ever came, the rest fails;
│                                                           after answers, one call at a time asks for `PATIENCE_S`, then all are held
├── of the model                                            every job of the model ends with it
│   ├── permission      (403)                                   not tried again
│   └── not_found       (404, model_not_found)                  not tried again
├── of the moment                                           this job waits and is tried again
│   ├── rate_limit      (429)                                   after the time that the provider names, else a growing one
│   ├── overloaded      (503, 529)                              likewise
│   ├── server          (500, 502, 504, 52x)                    likewise
│   ├── timeout         (no byte for `Endpoint.timeout_s`)      after a growing time
│   ├── network         (reset, cut off in the middle)          after a growing time
│   └── protocol        (not what the wire format promises)     after a growing time, unless it is a web page or too large
└── of the request                                          this job only
    ├── bad_request     (400, 413, 422)                         not tried again
    ├── context_length  (too long for the model)                not tried again
    ├── budget          (the run's cap is reached)              not sent
    └── cancelled       (by the user)                           connection closed

The kind comes from the words where a status is used for several things, else from the status (`error_bodies`). The same error
object inside a stream of status 200 is the same failure; so is Bedrock's exception in place of an event. What is no failure: a prompt or
an answer that was blocked is a reply without text whose finish reason is `content_filter`.

    a stream without its last event           network, code `cut`, with what had arrived as `partial`
    a stream or a body without an answer      protocol
    a web page with a good status             protocol, code `html`; with a bad one the status decides

The time that a provider names is looked for in this order (`waits`): `retry-after-ms`; `retry-after` in seconds or as a date, by the
server's own clock; Google's `RetryInfo`; fields such as `retry_after`; a sentence such as "try again in 1m0s"; the reset headers of
the limits that are used up, of which the longest counts. A time of 0 is none.

A rate limit is not tried again where waiting cannot help: the provider asks for more than `LONGEST_WAIT_S`, or one
request alone is larger than the limit. A quota of a whole day is a `quota`, even where it comes with a wait of seconds. A server
without the memory for a model will not have it a moment later. `x-should-retry: false` is believed.

Where the key or the credit fails, or nobody answers any more, the jobs of the connection (of the model, where the quota is the model's)
are held: they are not failed but wait for the mended key, and the run goes on without them.
"""

from __future__ import annotations

import random
import re
from typing import Literal

from workbench.values import Failure, FailureKind

LONGEST_WAIT_S = 600.0
"""A provider that asks for more is not waited for (114 hours have been seen)."""

PATIENCE_S = 600.0
"""How long a network that is gone is waited for, where the connection has answered before."""

FIRST_WAIT_S = 0.5
LONGEST_BACKOFF_S = 30.0
LONGEST_AT_A_LIMIT_S = 60.0
"""For a call that is refused again and again for a rate limit while nobody is answered: the usual five tries reach over a limit of a
minute."""

_OF_THE_MOMENT: frozenset[FailureKind] = frozenset({"rate_limit", "overloaded", "server", "timeout", "network", "protocol"})
_FINAL_CODES = frozenset({"html", "too_large", "certificate", "redirect", "unexpected"})
_CONNECTION_CODES = frozenset({"address", "not_allowed", "redirect", "certificate"})
_MODELS_QUOTA = r"limit: \d+, model: |per day"
_NO_MEMORY = r"requires more (system )?memory"
_SIZES = re.compile(r"limit:?\s+~?([\d,]+)\b.{0,80}?requested:?\s+~?([\d,]+)", re.I | re.S)


class ProviderError(Exception):
    """A call failed. `failure` says why, in the provider's own words, with the key already taken out."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def is_retryable(failure: Failure) -> bool:
    """True if the same request may succeed later."""
    if failure.final:
        return False
    if failure.kind not in _OF_THE_MOMENT or failure.provider_code in _FINAL_CODES:
        return False
    if failure.retry_after_s is not None and failure.retry_after_s > LONGEST_WAIT_S:
        return False
    if failure.kind == "server" and re.search(_NO_MEMORY, failure.message):
        return False
    sizes = _SIZES.search(failure.message) if failure.kind == "rate_limit" else None
    return not (sizes and int(sizes[2].replace(",", "")) > int(sizes[1].replace(",", "")))


def wait_s(failure: Failure, attempt: int, draw: float | None = None) -> float:
    """Seconds to wait after the given failed attempt (1 is the first).

    The provider's own time is obeyed and never shortened; a little is added so that many waiting jobs do not come back in one moment.
    Where it was not enough, the next wait is longer, whatever is named: some name a second where their limit is one of a minute, and a job
    would have no try left by then.
    """
    share, asked = random.random() if draw is None else draw, failure.retry_after_s
    limited = failure.kind == "rate_limit"
    first, growth, longest = (2 * FIRST_WAIT_S, 4.0, LONGEST_AT_A_LIMIT_S) if limited else (FIRST_WAIT_S, 2.0, LONGEST_BACKOFF_S)
    grown = min(longest, (asked or first) * growth ** min(attempt - 1, 10))
    if not asked and (attempt == 1 or not limited):
        return share * grown
    if asked and grown <= asked:
        return asked + share * min(0.25, 0.1 * asked)
    return grown + share * grown / 4


def concerns(failure: Failure) -> Literal["job", "model", "connection"]:
    """Whom a failure concerns beyond its own job, so that nobody sends what cannot succeed."""
    if failure.kind == "quota" and re.search(_MODELS_QUOTA, failure.message):
        return "model"
    if failure.kind in ("auth", "quota") or failure.provider_code in _CONNECTION_CODES:
        return "connection"
    if failure.kind in ("permission", "not_found"):
        return "model"
    return "job"


def is_unreachable(failure: Failure) -> bool:
    """True if nobody answered at that address at all."""
    return failure.kind == "network" and failure.provider_code == "unreachable"
