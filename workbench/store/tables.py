"""The rows of the workspace file: columns only, no methods, no relationships.

Integer primary keys, plus a `uid` (UUIDv7) on everything that travels in files. Times are UTC ISO 8601 text. JSON columns
hold canonical JSON. Money is integer nano-dollars. Deleting is `archived_at`.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import Column, Dialect, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from workbench.store.stamps import new_uid as new_uid
from workbench.store.stamps import now as now
from workbench.values.messages import canonical


class CanonicalJson(TypeDecorator[Any]):
    """A value as canonical JSON text, the same on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Row(SQLModel):
    """What all rows share. Pydantic builds a validator per class only if one is used: none is, and they cost time at start."""

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]  # SQLModel declares fewer keys than it passes on


def _json(nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(CanonicalJson, nullable=nullable))


def _uid() -> Any:
    return Field(default_factory=new_uid, unique=True, max_length=36)


def _ref(target: str, *, detail: bool = False, nullable: bool = False, index: bool = True, unique: bool = False) -> Any:
    """A foreign key: RESTRICT, but CASCADE for pure details of their owner."""
    return Field(
        default=None,
        sa_column=Column(ForeignKey(target, ondelete="CASCADE" if detail else "RESTRICT"), nullable=nullable, index=index, unique=unique),
    )


def _branch() -> Any:
    return Field(default="", sa_column_kwargs={"server_default": ""})


# Library


class Folder(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    path: str = Field(unique=True)
    created_at: str = Field(default_factory=now)


class Prompt(Row, table=True):
    # Unique among live ones of a folder. Two plain indexes and not one over coalesce(folder_id, 0): SQLAlchemy cannot read an index over an
    # expression back, so the first rebuild of this table would lose it. PostgreSQL needs the same as postgresql_where, which is left out
    # here because naming it imports that dialect (50 ms) into every start.
    __table_args__ = (
        Index(
            "prompt_name_in_folder", "folder_id", "name", unique=True, sqlite_where=text("archived_at IS NULL AND folder_id IS NOT NULL")
        ),
        Index("prompt_name_without_folder", "name", unique=True, sqlite_where=text("archived_at IS NULL AND folder_id IS NULL")),
    )
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    name: str
    folder_id: int | None = _ref("folder.id", nullable=True)
    description: str = ""
    kind: str = "prompt"
    created_at: str = Field(default_factory=now)
    archived_at: str | None = None
    branch: str = _branch()
    """The one that is written on."""


class ContentRow(Row, table=True):
    __tablename__ = "content"
    id: int | None = Field(default=None, primary_key=True)
    hash: str = Field(unique=True, max_length=64)
    messages: Any = _json(nullable=False)
    parameters: Any = _json(nullable=False)
    output_schema: Any = _json()
    tools: Any = _json(nullable=False)
    variables: Any = _json(nullable=False)
    snippets: Any = _json()
    created_at: str = Field(default_factory=now)
    typed: Any = _json()
    further: Any = _json()
    """What few contents have, by its key in their JSON: `parameters_for`, `checks`."""


class Version(Row, table=True):
    __table_args__ = (UniqueConstraint("prompt_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    prompt_id: int = _ref("prompt.id", detail=True, index=False)
    number: int
    parent_id: int | None = _ref("version.id", nullable=True)
    branch: str = ""
    content_id: int = _ref("content.id")
    note: str = ""
    author: str = ""
    created_at: str = Field(default_factory=now)


class Branch(Row, table=True):
    """A second line of versions. The main line has no row here, and neither has one that only its versions name."""

    __table_args__ = (UniqueConstraint("prompt_id", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    prompt_id: int = _ref("prompt.id", detail=True, index=False)
    name: str
    from_version_id: int | None = _ref("version.id", nullable=True)
    created_at: str = Field(default_factory=now)
    closed_at: str | None = None


class Draft(Row, table=True):
    __table_args__ = (Index("draft_of_branch", "prompt_id", "branch", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    prompt_id: int = _ref("prompt.id", detail=True, index=False)
    base_version_id: int | None = _ref("version.id", nullable=True)
    content: Any = _json(nullable=False)
    saved_at: str = Field(default_factory=now)
    branch: str = _branch()


class Label(Row, table=True):
    __table_args__ = (UniqueConstraint("prompt_id", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    prompt_id: int = _ref("prompt.id", detail=True, index=False)
    name: str
    version_id: int = _ref("version.id")
    protected: bool = False
    moved_at: str = Field(default_factory=now)


class LabelMove(Row, table=True):
    __tablename__ = "label_move"
    id: int | None = Field(default=None, primary_key=True)
    prompt_id: int = _ref("prompt.id", detail=True)
    name: str
    from_version_id: int | None = _ref("version.id", nullable=True)
    to_version_id: int | None = _ref("version.id", nullable=True)
    author: str = ""
    at: str = Field(default_factory=now)


class Tag(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)


class PromptTag(Row, table=True):
    __tablename__ = "prompt_tag"
    prompt_id: int = Field(sa_column=Column(ForeignKey("prompt.id", ondelete="CASCADE"), primary_key=True))
    tag_id: int = Field(sa_column=Column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True))


class Sample(Row, table=True):
    __table_args__ = (UniqueConstraint("prompt_id", "variable"),)
    id: int | None = Field(default=None, primary_key=True)
    prompt_id: int = _ref("prompt.id", detail=True, index=False)
    variable: str
    value: Any = _json()


# Datasets


class Dataset(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    name: str
    description: str = ""
    columns: Any = _json(nullable=False)
    created_at: str = Field(default_factory=now)
    archived_at: str | None = None
    folder: str | None = None
    """Path of its folder, such as `support/refunds`; null for none. A dataset is known by its name alone, wherever it lies."""


class CaseRow(Row, table=True):
    __tablename__ = "case"
    __table_args__ = (Index("case_order", "dataset_id", "position"),)
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    dataset_id: int = _ref("dataset.id", detail=True, index=False)
    position: int
    name: str = ""
    values: Any = _json(nullable=False)
    reference: Any = _json()
    weight: float = 1.0
    note: str = ""
    content_hash: str = Field(max_length=64)
    created_at: str = Field(default_factory=now)
    archived_at: str | None = None
    checks: Any = _json()
    """As `Case.checks_to_json` writes them; null where the case has only those of the comparison."""


class CaseTag(Row, table=True):
    __tablename__ = "case_tag"
    case_id: int = Field(sa_column=Column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True))
    tag_id: int = Field(sa_column=Column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True))


class CaseContent(Row, table=True):
    """What a case said when a version of its dataset was saved; equal cases are one row. `values` is null where only the hash is known."""

    __tablename__ = "case_content"
    id: int | None = Field(default=None, primary_key=True)
    hash: str = Field(unique=True, max_length=64)
    name: str = ""
    values: Any = _json()
    reference: Any = _json()
    tags: Any = _json(nullable=False)
    weight: float = 1.0
    note: str = ""
    checks: Any = _json()


class CasePage(Row, table=True):
    """A stretch of the cases of dataset versions, which share it as long as nothing in it changes."""

    __tablename__ = "case_page"
    id: int | None = Field(default=None, primary_key=True)
    hash: str = Field(unique=True, max_length=64)
    cases: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DatasetVersion(Row, table=True):
    """`pages` are ids of `case_page` in order; `columns` is null for versions that were written before columns were kept."""

    __tablename__ = "dataset_version"
    __table_args__ = (UniqueConstraint("dataset_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = _ref("dataset.id", detail=True, index=False)
    number: int
    hash: str = Field(max_length=64)
    cases: int
    pages: Any = _json(nullable=False)
    columns: Any = _json()
    note: str = ""
    author: str = ""
    created_at: str = Field(default_factory=now)


# Models


class Connection(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    name: str
    vendor: str = ""
    wire_format: str
    base_url: str = ""
    key_ref: str = ""
    options: Any = _json(nullable=False)
    limits: Any = _json(nullable=False)
    state: Any = _json(nullable=False)
    created_at: str = Field(default_factory=now)
    archived_at: str | None = None


class Model(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    connection_id: int = _ref("connection.id")
    name: str
    title: str
    parameters: Any = _json(nullable=False)
    price: Any = _json()
    facts: Any = _json(nullable=False)
    colour: int = 0
    created_at: str = Field(default_factory=now)
    archived_at: str | None = None


# Comparisons and runs


class Comparison(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    name: str
    definition: Any = _json(nullable=False)
    baseline_run_id: int | None = None
    created_at: str = Field(default_factory=now)
    archived_at: str | None = None


class Run(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    comparison_id: int | None = _ref("comparison.id", nullable=True)
    number: int
    plan: Any = _json(nullable=False)
    plan_hash: str = Field(max_length=64)
    dataset_version_id: int | None = _ref("dataset_version.id", nullable=True)
    status: str = "queued"
    """queued, running, done, stopped"""
    created_at: str = Field(default_factory=now)
    started_at: str | None = None
    finished_at: str | None = None
    budget: int | None = None
    spent: int = 0
    author: str = ""
    held: Any = _json(nullable=True)
    """Of each column that waits for a mended key or quota, why: column index -> failure."""
    judged_run_id: int | None = None
    """Of a run whose jobs are the calls of model judges: the run that they judge. Lists of runs leave it out."""


_REUSABLE = text("status = 'done'")


class Job(Row, table=True):
    __table_args__ = (
        UniqueConstraint("run_id", "column_index", "case_index", "repeat"),
        Index("job_status", "run_id", "status"),
        Index("job_fingerprint", "fingerprint", sqlite_where=_REUSABLE, postgresql_where=_REUSABLE),
    )
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = _ref("run.id", detail=True, index=False)
    column_index: int
    case_index: int
    repeat: int = 1
    fingerprint: str = Field(max_length=64)
    status: str = "queued"
    """queued, running, done, failed, cancelled, skipped; by_hand: a person has to give the answer; in_batch: a batch has it"""
    attempts: int = 0
    wait_until: str | None = None


class JobBatch(Row, table=True):
    """Requests of a run that were handed to a batch service, or written into a file for one."""

    __tablename__ = "job_batch"
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    run_id: int = _ref("run.id", detail=True)
    column_index: int
    """The first column of its model: whom to ask, and in which form."""
    state: str
    """written: a file lies on disk; submitting: being sent, or cut off while it was; submitted, cancelling: at the service; read,
    refused, taken_back: over."""
    requests: int
    file: str = ""
    remote_file: str = ""
    remote_id: str = ""
    done: int | None = None
    """Answered so far, as the service counts."""
    failed: int | None = None
    message: str = ""
    created_at: str = Field(default_factory=now)
    submitted_at: str | None = None
    asked_at: str | None = None
    collected_at: str | None = None


class JobInBatch(Row, table=True):
    """The batch with which a job was handed over last."""

    __tablename__ = "job_in_batch"
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = _ref("job.id", detail=True, unique=True, index=False)
    job_batch_id: int = _ref("job_batch.id", detail=True)


class Output(Row, table=True):
    __table_args__ = (Index("output_job", "job_id", "attempt", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = _ref("job.id", detail=True, index=False)
    attempt: int
    text: str = ""
    thinking: str | None = None
    finish_reason: str | None = None
    raw_finish_reason: str | None = None
    refusal: str | None = None
    tool_calls: Any = _json()
    usage: Any = _json()
    cost: int | None = None
    price_known: bool = False
    latency_ms: float | None = None
    first_token_ms: float | None = None
    queue_ms: float | None = None
    resolved_model: str | None = None
    request_id: str | None = None
    error: Any = _json()
    reused_from_id: int | None = _ref("output.id", nullable=True, index=False)
    created_at: str = Field(default_factory=now)
    load_ms: float | None = None
    left_out: Any = _json()
    """Names of the parameters that the model does not take and that were not sent."""


class LogLineRow(Row, table=True):
    """What happened to a run and is told by no other row: answers and failures are outputs."""

    __tablename__ = "log_line"
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = _ref("run.id", detail=True)
    at: str = Field(default_factory=now)
    kind: str
    """began, paused, continued, waiting, capped, held, mended, raised, put_back, left_out, ended, wished, followed"""
    job_id: int | None = _ref("job.id", detail=True, nullable=True)
    column_index: int | None = None
    detail: Any = _json()
    """failure (as in `output.error`), attempt, attempts, delay_s, jobs, left, failed, in_batch, again, by, budget,
    wishes, wish, pairs, why"""


class Attachment(Row, table=True):
    """Bytes that are not text, known by their content: a picture that three outputs share is one row."""

    id: int | None = Field(default=None, primary_key=True)
    sha256: str = Field(unique=True, max_length=64)
    media_type: str
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int
    created_at: str = Field(default_factory=now)


class OutputAttachment(Row, table=True):
    __tablename__ = "output_attachment"
    __table_args__ = (UniqueConstraint("output_id", "position"),)
    id: int | None = Field(default=None, primary_key=True)
    output_id: int = _ref("output.id", detail=True, index=False)
    position: int
    attachment_id: int = _ref("attachment.id")


class ExchangeRow(Row, table=True):
    __tablename__ = "exchange"
    id: int | None = Field(default=None, primary_key=True)
    output_id: int = _ref("output.id", detail=True, unique=True)
    request: Any = _json()
    response: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    headers: Any = _json()
    created_at: str = Field(default_factory=now)


class Checkpoint(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = _ref("job.id", detail=True, unique=True)
    text: str = ""
    at: str = Field(default_factory=now)


# The library as a folder


class LibraryFolder(Row, table=True):
    __tablename__ = "library_folder"
    id: int | None = Field(default=None, primary_key=True)
    path: str = Field(unique=True)
    """On a server with the person and computer before it, `ann@desk:/home/ann/library`: a folder is a computer's own."""
    chosen: bool = False
    """True for the one that the window keeps in step."""
    in_step_at: str | None = None


class LibraryFile(Row, table=True):
    """A file of a library folder as both sides last agreed on it: what a three-way choice calls `before`."""

    __tablename__ = "library_file"
    __table_args__ = (UniqueConstraint("library_folder_id", "path"),)
    id: int | None = Field(default=None, primary_key=True)
    library_folder_id: int = _ref("library_folder.id", detail=True, index=False)
    path: str
    kind: str
    """prompt (snippets too), dataset, comparison, models, page"""
    thing: str = Field(default="", max_length=36)
    """The uid of what the file holds."""
    outside: str = Field(max_length=64)
    inside: str = Field(max_length=64)
    text: str = ""
    gone: bool = False
    """True for a file whose thing is in the archive, so that it is known when it comes back."""


# Judgement


class ScoreRow(Row, table=True):
    __tablename__ = "score"
    id: int | None = Field(default=None, primary_key=True)
    output_id: int = _ref("output.id", detail=True)
    check_key: str
    """Index of the check in the plan, as text; a case's own checks follow the plan's."""
    definition: Any = Field(default=None, sa_column=Column("check", CanonicalJson, nullable=False))
    passed: bool | None = None
    value: float | None = None
    reason: str = ""
    generation: int = 1
    at: str = Field(default_factory=now)
    label: str | None = None
    cost: int | None = None
    judge_output_id: int | None = None
    """The judge's own answer, an output of the run that judged."""


class Criterion(Row, table=True):
    """An aspect that people rate in the runs of a comparison."""

    __table_args__ = (Index("criterion_order", "comparison_id", "position"),)
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    comparison_id: int = _ref("comparison.id", detail=True, index=False)
    position: int = 0
    name: str
    scale: Any = _json(nullable=False)
    """kind (stars, verdict, score, labels), what each point means (`points`: text -> text), and the words of labels (`labels`)."""
    weight: float = 1.0
    help: str = ""
    created_at: str = Field(default_factory=now)
    archived_at: str | None = None


class Scoring(Row, table=True):
    """Checks with which a whole run was scored again. The scores of its newest scoring count: those whose `generation` is its number. The
    first scoring of a run has number 1 and no row here, its checks are the plan's. A row is written when its scores are complete."""

    __table_args__ = (UniqueConstraint("run_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = _ref("run.id", detail=True, index=False)
    number: int
    author: str = ""
    at: str = Field(default_factory=now)
    checks: Any = _json(nullable=False)


class Rater(Row, table=True):
    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    name: str


class Rating(Row, table=True):
    """One judgement of one aspect of an output by one rater: stars (`value` 1 to 5), verdict (`label` pass or fail), score (`value` 0 to
    100), label, note, highlights (`spans`), or criterion. Never overwritten: the newest row has no `replaced_by_id`."""

    id: int | None = Field(default=None, primary_key=True)
    output_id: int = _ref("output.id", detail=True)
    aspect: str = "stars"
    rater_id: int = _ref("rater.id")
    value: float | None = None
    label: str | None = None
    note: str | None = None
    saw: Any = _json()
    at: str = Field(default_factory=now)
    replaced_by_id: int | None = _ref("rating.id", nullable=True, index=False)
    criterion_id: int | None = None
    spans: Any = _json()
    """Marked stretches of the answer: start, end (in characters), and why."""


class ChangeDecision(Row, table=True):
    """What a person decided about a case that is not as it was in the baseline; known by the first job of both sides."""

    __tablename__ = "change_decision"
    __table_args__ = (UniqueConstraint("job_id", "baseline_job_id"),)
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = _ref("job.id", detail=True, index=False)
    baseline_job_id: int = _ref("job.id", detail=True)
    word: str
    """accepted, flagged"""
    author: str = ""
    at: str = Field(default_factory=now)


class CauseName(Row, table=True):
    """What a person calls a cause of failed answers in place of the name that was found; newer runs of its comparison follow."""

    __tablename__ = "cause_name"
    __table_args__ = (UniqueConstraint("run_id", "cause"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = _ref("run.id", detail=True, index=False)
    cause: str
    name: str
    author: str = ""
    at: str = Field(default_factory=now)


class CauseMove(Row, table=True):
    """A failed answer that a person counts at another cause: one that was found, or a new one."""

    __tablename__ = "cause_move"
    id: int | None = Field(default=None, primary_key=True)
    output_id: int = _ref("output.id", detail=True, unique=True, index=False)
    cause: str
    author: str = ""
    at: str = Field(default_factory=now)


class SpendSum(Row, table=True):
    """What the calls of a run cost in a quarter of an hour: sums of outputs, which are never changed. What came after the highest of
    `last_output_id` is in none yet."""

    __tablename__ = "spend"
    __table_args__ = (UniqueConstraint("run_id", "column_index", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = _ref("run.id", detail=True, index=False)
    column_index: int
    at: str
    """Where the quarter begins, such as `2026-11-28T18:15`, UTC."""
    calls: int
    cost: int
    unknown: int
    last_output_id: int
    model: str | None = None
    """Titles of the column's model and prompt, from the run's plan; empty for a model that is asked by hand."""
    prompt: str | None = None


class ReviewSession(Row, table=True):
    __tablename__ = "session"
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = _ref("run.id", detail=True)
    kind: str = "single"
    """single, pair, rank"""
    seed: int
    position: int = 0
    rater_id: int = _ref("rater.id")
    created_at: str = Field(default_factory=now)
    finished_at: str | None = None
    plan: Any = _json()
    """What is shown, in order: one list of output ids for each item, sides as shown. Null where it follows from the seed."""
    settings: Any = _json()
    """blind, order, criteria, most, runs, and `alike`: a shown output -> all of its case with the same words"""
    seconds: float = Field(default=0.0, sa_column_kwargs={"server_default": "0"})
    """Time spent with it, pauses left out."""


class Vote(Row, table=True):
    """Which of two answers a rater prefers. A ranking is a vote for each of its pairs, all with the same `item`."""

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = _ref("session.id", detail=True)
    item: int
    """Index in the session's plan."""
    left_output_id: int = _ref("output.id", detail=True)
    right_output_id: int = _ref("output.id", detail=True)
    winner: str
    """left, right, tie, both_bad; empty where a vote was taken back"""
    seconds: float | None = None
    note: str = ""
    saw: Any = _json()
    at: str = Field(default_factory=now)
    replaced_by_id: int | None = _ref("vote.id", nullable=True, index=False)


class Packet(Row, table=True):
    """A review that was given to somebody as a file. What comes back is matched by the packet's uid and the item's number."""

    id: int | None = Field(default=None, primary_key=True)
    uid: str = _uid()
    run_id: int = _ref("run.id", detail=True)
    made_for: str = ""
    made_by: str = ""
    kind: str = "pair"
    seed: int
    plan: Any = _json(nullable=False)
    settings: Any = _json()
    created_at: str = Field(default_factory=now)
    session_id: int | None = _ref("session.id", nullable=True, index=False)
    """The session that its ratings became."""
