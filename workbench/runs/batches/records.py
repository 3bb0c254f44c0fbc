"""What the verbs on batches return."""

from __future__ import annotations

from dataclasses import field

from workbench.plan import Estimate
from workbench.quick_dataclass import dataclass

OPEN = ("submitting", "submitted", "cancelling")
"""States in which a service has, or may have, a batch that is asked about."""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch of a run.

    `state`: written (into a file by hand), submitting (being sent, or cut off while it was), submitted, cancelling, read, refused,
    taken_back.
    """

    id: int
    uid: str
    run_id: int
    column: int
    """The first column of its model."""
    model: str
    connection: str
    state: str
    requests: int
    waiting: int
    """Its jobs that have no result yet."""
    file: str
    remote_id: str
    done: int | None
    """Answered so far, as the service counts; None where it was not asked or does not count."""
    failed: int | None
    message: str
    created_at: str
    submitted_at: str | None
    asked_at: str | None
    collected_at: str | None

    @property
    def is_open(self) -> bool:
        """True while its service is to be asked."""
        return self.state in OPEN

    @property
    def is_waiting(self) -> bool:
        """True while results may still come, also from a file."""
        return self.is_open or self.state == "written"


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """One model's jobs of a run that could be handed over."""

    columns: tuple[int, ...]
    title: str
    requests: int
    files: int
    """About how many batches they make, by the size of the first requests."""
    has_form: bool
    """False where there is no batch form at all: such jobs are called as usual."""
    why_not_submitted: str = ""
    """Why the app can only write a file; empty where it can submit."""


@dataclass(frozen=True, slots=True)
class BatchOffer:
    """What of a run could be handed over, and about what it costs as a batch and as calls."""

    models: tuple[OfferedModel, ...]
    as_batch: Estimate
    as_calls: Estimate

    @property
    def requests(self) -> int:
        """Jobs that could be handed over."""
        return sum(model.requests for model in self.models if model.has_form)

    @property
    def files(self) -> int:
        """About how many batches they make."""
        return sum(model.files for model in self.models if model.has_form)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What came of handing over."""

    batches: tuple[BatchRow, ...]
    left: tuple[str, ...] = ()
    """What stayed in the run's queue, and why, in sentences."""
    keep: tuple[str, ...] = ()
    """How long services keep the results, in sentences."""


@dataclass(slots=True)
class BatchReading:
    """What was found in results, line by line."""

    done: int = 0
    failed: int = 0
    expired: int = 0
    cancelled: int = 0
    known: int = 0
    """Results of jobs that had an answer already: read before, or answered otherwise meanwhile."""
    duplicates: int = 0
    """Further lines of a request that this reading has taken in."""
    unknown: int = 0
    """Lines whose id belongs to no job of the run."""
    broken: int = 0
    """Lines that are no JSON, or name no request."""
    truncated: bool = False
    """True where the file ends in the middle of its last line."""
    missing: int = 0
    """Requests of a finished batch of which no line tells."""
    first_unknown: str = ""
    run_ids: set[int] = field(default_factory=set)

    @property
    def taken(self) -> int:
        """Jobs that have a result by this reading."""
        return self.done + self.failed + self.expired + self.cancelled

    def sentences(self) -> list[str]:
        """What to tell of it."""
        told = (
            (self.failed, "{n:,} failed; the reasons are in their cells."),
            (self.expired, "{n:,} expired unanswered and cost nothing: run them again."),
            (self.cancelled, "{n:,} were cancelled before an answer and cost nothing: run them again."),
            (self.missing, "{n:,} stand in no result file and count as failed: run them again."),
            (self.known, "{n:,} had a result already, which stays."),
            (self.duplicates, "{n:,} stood there twice; the first line counts."),
            (self.unknown, f"Passed over, of no job here: {{n:,}}, such as {_plain(self.first_unknown)}."),
            (self.broken, "Passed over, no result in them: {n:,} of the lines."),
            (int(self.truncated), "The last line is cut off: fetch the file again to get the rest."),
        )
        return [f"{self.done:,} {'answer' if self.done == 1 else 'answers'} read.", *(text.format(n=n) for n, text in told if n)]


def _plain(text: str) -> str:
    return "".join(sign for sign in text[:60] if sign.isprintable() and sign not in "{}")
