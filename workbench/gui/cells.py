"""What one cell of a run shows: a single state for model, delegate, filter and export, and its words."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from workbench.gui.words import call_money, counted, duration
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.values import Case, Failure
    from workbench.workspace import Cell, ColumnInfo, OutputRow


class State(StrEnum):
    """The states of a cell."""

    QUEUED = "queued"
    WRITING = "writing"
    WAITING = "waiting"
    DONE = "done"
    REUSED = "reused"
    BLOCKED = "blocked"
    FAILED = "failed"
    STOPPED = "stopped"
    SKIPPED = "skipped"
    HELD = "held"
    """Waits for a mended key, more quota, or the network."""
    BY_HAND = "by hand"
    """A person has to give the answer."""
    IN_BATCH = "in batch"
    """Handed over; the answer comes within a day."""


FINISHED = (State.DONE, State.REUSED, State.BLOCKED)
OVER = (*FINISHED, State.FAILED, State.STOPPED, State.SKIPPED)

Fix = tuple[str, str]
"""(action, text): the action names are those of `ACTIONS`."""

ACTIONS = ("try_now", "skip", "raw", "again", "key", "models", "limit", "copy", "give", "go_on", "spending", "billing", "skip_model")


@dataclass(slots=True)
class Live:
    """What is known of a call under way and not yet in the store."""

    since: float = field(default_factory=time.perf_counter)
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    words: int = 0
    failure: Failure | None = None
    until: float = 0.0
    """When the next try starts, on the clock of `time.perf_counter`."""
    delay: float = 0.0
    attempt: int = 1
    attempts: int = 1
    paused: bool = False
    """True while its next try waits for the run to go on."""
    ended: bool = False
    """True once the call is over and only the stored row is awaited."""

    def add(self, text: str) -> None:
        """Take in a piece of the answer."""
        self.pieces.append(text)
        self.length += len(text)
        self.words += text.count(" ")

    @property
    def text(self) -> str:
        """The answer so far."""
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell with what is going on in it now."""

    cell: Cell
    state: State
    live: Live | None = None
    place: int | None = None
    """Place in the queue now."""
    repeats: int = 1

    @property
    def text(self) -> str:
        """The answer, or as much of it as is here."""
        return self.live.text if self.live and self.live.pieces else self.cell.text


def state_of(cell: Cell, live: Live | None = None) -> State:
    """The state of a cell from its stored row and the call under way, if there is one."""
    if live is not None and not live.ended:
        return State.WAITING if live.failure is not None else State.WRITING
    if cell.status == "done":
        if cell.finish_reason in ("content_filter", "refusal") and not cell.text.strip():
            return State.BLOCKED
        return State.REUSED if cell.reused else State.DONE
    if cell.status == "queued" and cell.error:
        return State.HELD
    return {
        "queued": State.QUEUED,
        "running": State.WRITING if live is not None else State.QUEUED,
        "failed": State.FAILED,
        "cancelled": State.STOPPED,
        "skipped": State.SKIPPED,
        "by_hand": State.BY_HAND,
        "in_batch": State.IN_BATCH,
    }.get(cell.status, State.QUEUED)


_WAITING_WORDS = {
    "rate_limit": ("Rate limited", "{who} asked us to slow down."),
    "overloaded": ("Overloaded", "{who} has too much to do."),
    "server": ("Server fault", "{who} answered with a fault."),
    "network": ("No answer", "No answer from {who}."),
    "timeout": ("No word", "{who} fell silent."),
    "protocol": ("Garbled answer", "The answer was not what the API promises."),
}

_NO_KEY: tuple[str, str, tuple[Fix, ...]] = ("No key", "{words}", (("key", "Add key"), ("again", "Run again")))
_NOT_READY: tuple[str, str, tuple[Fix, ...]] = ("Not ready", "{words}", (("models", "Open Models"), ("again", "Run again")))
_ON_THE_WAY = ("proxy", "certificate", "certificates")
"""Codes of network failures for which the model's server is not to blame."""
_TOO_LONG = "The prompt is too long for {model}: {words} Not charged."
_GARBLED = "The answer was not what the API promises. It may still be charged."
_BROKEN_OFF: tuple[str, str] = ("Broken off", "{who} stopped in the middle of the answer. It may still be charged.")
_REFUSED = (400, 413, 422)
"""Statuses with which a provider turns a request down before a model reads it."""
_BLOCKED = ("content", "policy", "moderation", "safety")
"""In the codes of refusals for what a request says, for which some providers charge."""
_BILLING: Fix = ("billing", "Open billing page")
_SKIP_MODEL: Fix = ("skip_model", "Skip this model")
_KEY: Fix = ("key", "Change key")
_FAILED_WORDS: Mapping[str, tuple[str, str, tuple[Fix, ...]]] = {
    "auth": ("Key rejected", "{who} refused the key. No more calls were sent there.", (_KEY, ("raw", "Raw reply"))),
    "permission": ("Not allowed", "{who} does not let this key use the model.", (_KEY, ("raw", "Raw reply"))),
    "not_found": ("Not found", "{who} does not know this model or address: {words}", (("models", "Open Models"), ("raw", "Raw reply"))),
    "bad_request": ("Request refused", "{words}", (("raw", "Raw reply"), ("again", "Run again"))),
    "context_length": ("Too long", _TOO_LONG, (("models", "Open Models"), ("raw", "Raw reply"))),
    "rate_limit": ("Rate limited", "{who} still asks us to slow down; given up.", (("again", "Run again"), ("raw", "Raw reply"))),
    "quota": ("Quota used up", "{who} reports no credit left. Other models go on.", (_BILLING, ("again", "Run again"))),
    "overloaded": ("Overloaded", "{who} has too much to do. Try again later.", (("again", "Run again"), ("raw", "Raw reply"))),
    "server": ("Server fault", "{who} answered with a fault each time.", (("again", "Run again"), ("raw", "Raw reply"))),
    "timeout": ("No word", "{words} It may still be charged.", (("again", "Run again"), ("limit", "Change limit"))),
    "network": ("No answer", "No answer from {who}. Is it running?", (("again", "Run again"), ("models", "Open Models"))),
    "protocol": ("Garbled answer", _GARBLED, (("again", "Run again"), ("raw", "Raw reply"))),
    "cancelled": ("Stopped", "This call was stopped.", (("again", "Run again"),)),
    "budget": ("Budget reached", "Not sent, not charged.", (("again", "Run now"),)),
}  # fmt: skip


_ENDED_WORDS = {"length": "cut off", "content_filter": "filter"}
_GO_ON: Fix = ("go_on", "Continue")
_HELD_WORDS: Mapping[str, tuple[str, str, tuple[Fix, ...]]] = {
    "auth": ("Key rejected", "{who} refused the key. This call waits for a new one; other models go on.", (_KEY, _SKIP_MODEL)),
    "quota": ("Quota used up", "{who} reports no credit left. This call waits; other models go on.", (_BILLING, _SKIP_MODEL)),
    "network": ("No answer", "{who} can no longer be reached. This call waits until you continue.", (_GO_ON,)),
    "budget": ("Budget reached", "{words}", (("spending", "Change the cap"), _GO_ON)),
}  # fmt: skip


def held_words(error: Mapping[str, Any] | None, column: ColumnInfo) -> tuple[str, str, tuple[Fix, ...]]:
    """Title, sentence and the fixes of a cell that waits until something is mended."""
    error = error or {}
    title, sentence, fixes = _HELD_WORDS.get(str(error.get("kind") or ""), ("Waits", "{words}", (_GO_ON,)))
    words = first_sentence(str(error.get("message") or ""))
    if error.get("provider_code") == "no_key":
        title, sentence, fixes = "No key", "{words} This call waits for one.", (("key", "Add key"), _SKIP_MODEL)
        if error.get("status"):  # the call went out: what came back speaks of a key that never was
            words = f"No key for {who(column)} in this session, so none was sent."
    return with_status(title, error.get("status")), sentence.format(who=who(column), words=words), fixes


def waiting_words(live: Live, column: ColumnInfo, now: float) -> tuple[str, str]:
    """Title and sentence of a cell that waits for its next try."""
    failure = live.failure
    kind = failure.kind if failure else "server"
    title, words = _WAITING_WORDS.get(kind, ("Waiting", "{who} gave no answer."))
    left = live.until - now
    # Its wait may be over long before its call goes out: the run is paused, or the model has no place for it yet.
    when = "when the run goes on" if live.paused else f"in {max(0, round(left))} s" if left > -1 else "when its turn comes"
    return with_status(title, failure.status if failure else None), (
        f"{words.format(who=who(column))} Retrying {when} ({live.attempt + 1} of {live.attempts})."
    )


def failed_words(error: Mapping[str, Any] | None, column: ColumnInfo) -> tuple[str, str, tuple[Fix, ...]]:
    """Title, sentence and the fixes of a failed cell; a fix is (action, text), the first is the one to take."""
    error = error or {}
    kind = str(error.get("kind") or "")
    words = first_sentence(str(error.get("message") or ""))
    title, sentence, fixes = _FAILED_WORDS.get(kind, ("Failed", "{words}", (("again", "Run again"), ("raw", "Raw reply"))))
    if kind == "auth" and error.get("provider_code") == "no_key":
        title, sentence, fixes = _NO_KEY
        if error.get("status"):  # the call went out: what came back speaks of a key that never was
            words = f"No key for {who(column)} in this session, so none was sent."
    elif kind == "auth" and error.get("provider_code") == "missing":
        title, sentence, fixes = _NOT_READY
    elif kind == "network" and error.get("provider_code") in _ON_THE_WAY:
        title, sentence = "No connection", "{words}"
    elif kind == "network" and error.get("provider_code") == "cut":
        (title, sentence), fixes = _BROKEN_OFF, _FAILED_WORDS["protocol"][2]
    elif kind == "bad_request" and error.get("status") in _REFUSED:
        code = str(error.get("provider_code") or "").lower()
        charged = "" if any(word in code for word in _BLOCKED) else "Not charged; "
        advice = f"{charged}change the prompt or its settings."
        sentence = f"{{who}} refused it: {{words}} {advice[0].upper()}{advice[1:]}"
    said = sentence.format(who=who(column), model=column.model, words=words or "No reason was given.")
    return with_status(title, error.get("status")), said, fixes


def ended_words(source: Cell | OutputRow) -> str:
    """How a call ended, in a word or two: `stop`, `cut off`, `key rejected`, `skipped`; empty while it has not."""
    error = source.error or {}
    if getattr(source, "status", "") == "queued":
        return ""
    if error.get("message") == _SKIPPED:
        return "skipped"
    if error.get("kind"):
        return _FAILED_WORDS.get(str(error["kind"]), ("failed",))[0].lower()
    reason = source.finish_reason or ""
    return _ENDED_WORDS.get(reason, reason.replace("_", " "))


def blocked_words(cell: Cell, column: ColumnInfo) -> tuple[str, str, tuple[Fix, ...]]:
    """Title, sentence and fixes of an answer that a safety filter stopped."""
    if cell.finish_reason == "refusal":
        return "Refused", f"{column.model} refused to answer.", (("raw", "Raw reply"), ("again", "Run again"))
    charged = " Not charged." if cell.cost_usd == 0 else ""
    return f"Blocked by {who(column)}", f"The safety filter stopped the answer.{charged}", (("raw", "Raw reply"), ("again", "Run again"))


def with_status(title: str, status: object) -> str:
    """`Rate limited (429)`: provider codes stay visible, so that they can be searched."""
    return f"{title} ({status})" if status else title


def who(column: ColumnInfo) -> str:
    """The name to blame: the connection, or the model where it has none."""
    return column.connection or column.model


def first_sentence(text: str, limit: int = 160) -> str:
    """The start of a provider's words, on one line."""
    line = " ".join(text.split())
    if len(line) > limit:
        line = line[:limit].rsplit(" ", 1)[0] + "…"
    return line if not line or line[-1] in ".!?…" else line + "."


def column_title(column: ColumnInfo) -> str:
    """`gpt-4.1, v7`: model and version, said in one breath."""
    return f"{column.model}, {version_title(column)}"


def version_title(column: ColumnInfo) -> str:
    """`v7`, or the prompt's name where the prompt has no version."""
    return f"v{column.version}" if column.version is not None else column.prompt


def metrics(cell: Cell) -> list[str]:
    """`1.8 s`, `588 tok`, `$0.0017`: time, length and cost, as far as they are known."""
    return [part for part in _metrics(cell) if part]


def _metrics(cell: Cell) -> tuple[str, str, str]:
    tokens = cell.usage.output_tokens
    return duration(cell.latency_ms), f"{tokens:,} tok" if tokens is not None else "", call_money(cell.cost_usd)


def fitting_metrics(cell: Cell, room: int, width: Callable[[str], int]) -> list[str]:
    """Those of the metrics that fit whole into so many pixels: time and cost come before the length, which never takes their place."""
    known = _metrics(cell)
    kept: list[int] = []
    for number in (0, 2, 1):
        if not known[number]:
            continue
        if sum(width(known[other]) for other in (*kept, number)) > room:
            break
        kept.append(number)
    return [known[number] for number in sorted(kept)]


def stars_of(cell: Cell) -> int | None:
    """The stars to draw: those of whoever rates now, else what the others come to, else the weighted criteria."""
    return cell.stars if cell.stars is not None or cell.rating is None else int(cell.rating + 0.5)


def rating_words(cell: Cell) -> str:
    """`Rating 3.5 by 2 raters, who differ`: what all raters come to; empty where nobody rated."""
    if not cell.raters:
        return ""
    by = f"by {counted(cell.raters, 'rater')}" + (", who differ" if cell.differ else "")
    return f"Rating {cell.rating:.1f} {by}" if cell.rating is not None else f"Judged {by}"


def spoken(shown: Shown, column: ColumnInfo, case: Case, number: int) -> str:
    """What a screen reader says of a cell."""
    cell, state = shown.cell, shown.state
    failed = [score.check.title for score in cell.scores if score.failed]
    passed = sum(1 for score in cell.scores if score.passed)
    parts = [f"Case {number}" + (f", {case.name}" if case.name else ""), column_title(column)]
    if shown.repeats > 1:
        parts.append(f"Repeat {cell.repeat} of {shown.repeats}")
    parts.append(_spoken_state(shown, column))
    if failed:
        parts.append(f"{counted(len(failed), 'check')} failed: {', '.join(failed)}")
    if passed:
        parts.append(f"{passed} passed")
    if state in FINISHED and cell.finish_reason == "length":
        parts.append("Cut off at its largest length")
    if cell.stars:
        parts.append(f"{cell.stars} of 5 stars")
    if cell.verdict:
        parts.append("You said pass" if cell.verdict == "pass" else "You said fail")
    if cell.raters > 1 or (cell.rating is not None and not cell.stars):
        parts.append(rating_words(cell))
    if state in FINISHED:
        costs = [f"{cell.latency_ms / 1000:.1f} seconds" if cell.latency_ms is not None else ""]
        costs.append("" if cell.cost_usd is None else "free" if cell.cost_usd == 0 else f"{cell.cost_usd:.4f} dollars")
        parts.append(", ".join(cost for cost in costs if cost))
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _spoken_state(shown: Shown, column: ColumnInfo) -> str:
    match shown.state:
        case State.QUEUED:
            return queued_words(shown)
        case State.BY_HAND:
            return f"{by_hand_words(shown)}. Waits for your answer"
        case State.IN_BATCH:
            return f"{IN_BATCH_WORDS}. Its answer comes within a day"
        case State.WAITING if shown.live is not None:
            return ". ".join(waiting_words(shown.live, column, time.perf_counter()))
        case State.HELD:
            title, sentence, _ = held_words(shown.cell.error, column)
            return f"Waits. {title}. {sentence}"
        case State.FAILED:
            title, sentence, _ = failed_words(shown.cell.error, column)
            return f"Failed. {title}. {sentence}"
        case State.BLOCKED:
            return ". ".join(blocked_words(shown.cell, column)[:2])
        case State.STOPPED:
            return stopped_words(shown.cell)
        case state:
            return state.value.capitalize()


IN_BATCH_WORDS = "In a batch"


def queued_words(shown: Shown) -> str:
    """`Queued, number 31`; where an answer was stopped and is made again, `Stopped after 12 words, queued`."""
    cell = shown.cell
    if cell.text:
        more = "more than " if cell.text_length > len(cell.text) else ""
        return f"Stopped after {more}{counted(len(cell.text.split()), 'word')}, queued"
    return f"Queued, number {shown.place:,}" if shown.place else "Queued"


def by_hand_words(shown: Shown) -> str:
    """`By hand, number 2`; where an answer is begun, `By hand, draft of 12 words`."""
    cell = shown.cell
    if cell.text:
        more = "more than " if cell.text_length > len(cell.text) else ""
        return f"By hand, draft of {more}{counted(len(cell.text.split()), 'word')}"
    return f"By hand, number {shown.place:,}" if shown.place else "By hand"


_SKIPPED = "Skipped by hand."
"""The reason that the store keeps with a job that somebody left out."""


def is_skipped(cell: Cell) -> bool:
    """True for a cell that somebody left out, before or between its tries."""
    return cell.status == "cancelled" and (cell.output_id is None or (cell.error or {}).get("message") == _SKIPPED)


def stopped_words(cell: Cell) -> str:
    """`Skipped by you`; `Stopped after 212 tokens`, or after as many characters as had arrived."""
    if is_skipped(cell):
        return "Skipped by you"
    if cell.usage.output_tokens:
        return f"Stopped after {counted(cell.usage.output_tokens, 'token')}"
    return f"Stopped after {counted(cell.text_length, 'character')}" if cell.text_length else "Stopped"
