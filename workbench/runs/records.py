"""What the read verbs of runs return: frozen rows with ids, ready to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any

from workbench.quick_dataclass import dataclass
from workbench.values import Case, Content, Message, Part, Score, Usage


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `status`: queued, running, done, stopped; a run that a crash cut off reads `stopped`."""

    id: int
    uid: str
    comparison_id: int | None
    comparison: str
    number: int
    status: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    jobs: int
    done: int
    failed: int
    queued: int
    """Jobs that still have to be made (queued or running)."""
    skipped: int
    reused: int
    cost_usd: Decimal | None
    """Known spend of this run. None when no call has a known price."""
    unknown_prices: tuple[str, ...]
    budget_usd: Decimal | None
    by_hand: int = 0
    """Answers that a person still has to give. No call waits for them: a run can be done without."""
    in_batch: int = 0
    """Jobs that were handed over as a batch and have no result yet."""
    dataset_version_id: int | None = None
    """The version of a dataset whose cases it ran on; None for cases from a file and for sample values."""
    dataset_id: int | None = None
    dataset_version: int | None = None
    """Number of that version."""
    brought_from: str = ""
    """The program that made the answers, where they came in from its file; none was asked for here then."""
    held: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Columns whose queued jobs wait for a mended key or quota, or of which a cap left jobs out, and the failure that says why."""

    @property
    def standing(self) -> str:
        """The status in words: nobody has stopped a run of which only a batch has answers to come."""
        only_a_batch = self.status == "stopped" and self.in_batch and not (self.queued or self.skipped)
        return "waits for its batch" if only_a_batch else self.status


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column of a run: a prompt version on a model, with its figures so far."""

    index: int
    prompt: str
    prompt_uid: str | None
    version: int | None
    content: Content
    model: str
    """Title of the model."""
    model_name: str
    connection: str
    place: str
    colour: int
    total: int
    done: int
    failed: int
    passed: int = 0
    checked: int = 0
    """Outputs that have at least one check that could be run."""
    pass_rate: float | None = None
    pass_low: float | None = None
    pass_high: float | None = None
    mean_rating: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    cost_usd: Decimal | None = None
    judged: int = 0
    """Outputs of which a person said pass or fail: a second figure beside the checks', never mixed with it."""
    said_pass: int = 0
    """Outputs of which more than half of their raters said pass."""
    rated: int = 0
    """Outputs with a rating: so many the mean comes from."""
    differ: int = 0
    """Outputs whose raters disagree."""
    first_token_p50_ms: float | None = None
    cold: int = 0
    """Calls that waited until their model was loaded: they count in none of the other times, unless there are no others."""
    cold_p50_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One job with its newest output: what a grid cell shows. `text` is cut to the excerpt length."""

    job_id: int
    column: int
    case_index: int
    repeat: int
    status: str
    """queued, running, done, failed, cancelled, skipped; by_hand where a person has to give the answer, in_batch where a batch has it."""
    queue_place: int | None
    """1-based place among the queued jobs of the run, or among those that wait for a person."""
    output_id: int | None
    text: str
    text_length: int
    finish_reason: str | None
    error: Mapping[str, Any] | None
    scores: tuple[Score, ...]
    usage: Usage
    cost_usd: Decimal | None
    latency_ms: float | None
    first_token_ms: float | None
    reused: bool
    stars: int | None
    """As whoever rates now said; so are the verdict and the note."""
    verdict: str | None
    """pass or fail, as a person said."""
    note: str
    attempts: int
    pictures: int = 0
    """How many pictures the answer holds: `Runs.pictures` gives them."""
    rating: float | None = None
    """1 to 5: the mean over raters of their stars, or of their weighted criteria."""
    raters: int = 0
    """How many gave a number or a word."""
    differ: bool = False
    """True where they disagree."""


@dataclass(frozen=True, slots=True)
class OutputRow:
    """One stored output in full, with its case and rendered messages. Earlier attempts stay readable."""

    id: int
    job_id: int
    run_id: int
    column: int
    case_index: int
    case: Case
    repeat: int
    attempt: int
    text: str
    thinking: str | None
    refusal: str | None
    finish_reason: str | None
    raw_finish_reason: str | None
    usage: Usage
    cost_usd: Decimal | None
    latency_ms: float | None
    first_token_ms: float | None
    resolved_model: str | None
    error: Mapping[str, Any] | None
    reused: bool
    created_at: str
    messages: tuple[Mapping[str, Any], ...]
    """The rendered messages as sent: `{"role", "content"}`."""
    scores: tuple[Score, ...]
    stars: int | None
    verdict: str | None
    note: str
    attempts: int
    """How many attempts of this job have an output."""
    pictures: tuple[Part, ...] = ()
    queue_ms: float | None = None
    load_ms: float | None = None
    """Loading the model, where the server told: such a call is a cold start."""
    left_out: tuple[str, ...] = ()
    """Parameters that the model does not take and that were not sent."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person carries over to a model without an API, and what they have typed of its answer so far."""

    job_id: int
    messages: tuple[Message, ...]
    """Rendered as they would be sent; none where the prompt cannot be rendered for this case."""
    text: str
    """The messages as one text to paste: who speaks is said only where it is a conversation."""
    problem: str
    """Why the prompt cannot be rendered; empty where it can."""
    draft: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What one model made of a case so far."""

    model: str
    place: str
    colour: int
    verdicts: tuple[bool, ...]
    """Whether its answers passed their checks, newest last; answers without checks are not among them."""
    answers: int
    run_id: int
    """Run of the last answer."""
    output_id: int
    text: str
    """Beginning of the last answer; empty where that call failed."""


@dataclass(frozen=True, slots=True)
class CaseResults:
    """The results of a case by model, those that pass most often first, and in how many runs it was."""

    models: tuple[CaseResult, ...] = ()
    runs: int = 0
