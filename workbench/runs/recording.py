"""Writing a run down while it is made: outputs, scores and job states of a batch in one transaction."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from workbench.evaluators import Facts, facts_of
from workbench.library import attachments
from workbench.quick_dataclass import dataclass
from workbench.runs.log import Logged, write_log
from workbench.runs.reading import dollars, nano_dollars
from workbench.store.database import Database, Writer
from workbench.store.outputs import check_key, newest, scoring
from workbench.store.stamps import now
from workbench.values import Exchange, Failure, Part, Price, Reply, Score, StoreTrouble, ToolCall, Usage, canonical

_OUTPUT_AS = """
INSERT INTO output (job_id, attempt, text, thinking, finish_reason, raw_finish_reason, refusal, tool_calls, usage, cost, price_known,
 latency_ms, first_token_ms, queue_ms, resolved_model, request_id, error, reused_from_id, created_at, load_ms,
 left_out)
VALUES (:job_id, {attempt},
 :text, :thinking, :finish_reason, :raw_finish_reason, :refusal, :tool_calls, :usage, :cost, :price_known,
 :latency_ms, :first_token_ms, :queue_ms, :resolved_model, :request_id, :error, :reused_from_id, :created_at, :load_ms,
 :left_out)"""
_OUTPUT = _OUTPUT_AS.format(attempt="(SELECT coalesce(max(attempt), 0) + 1 FROM output WHERE job_id = :job_id)")
_PICTURE = """
INSERT INTO output_attachment (output_id, position, attachment_id)
SELECT max(output.id), :position, (SELECT id FROM attachment WHERE sha256 = :sha256) FROM output WHERE job_id = :job_id"""
_PICTURES = """
SELECT output_attachment.output_id, attachment.media_type, attachment.data FROM output_attachment
JOIN attachment ON attachment.id = output_attachment.attachment_id WHERE output_attachment.output_id IN ({ids})
ORDER BY output_attachment.output_id, output_attachment.position"""
_SCORE = f"""
INSERT INTO score (output_id, check_key, "check", passed, value, reason, label, generation, at)
SELECT max(output.id), :key, :check, :passed, :value, :reason, :label, {scoring()}, :at
FROM output JOIN job ON job.id = output.job_id WHERE job.id = :job_id GROUP BY job.run_id"""
_EXCHANGE = """
INSERT INTO exchange (output_id, request, response, headers, created_at)
SELECT max(id), :request, :response, :headers, :at FROM output WHERE job_id = :job_id"""
_ASKED = """
SELECT id FROM job WHERE run_id = :run AND (status IN ('queued', 'by_hand') AND EXISTS (SELECT 1 FROM output WHERE output.job_id = job.id)
 OR status = 'by_hand' AND EXISTS (SELECT 1 FROM checkpoint WHERE checkpoint.job_id = job.id))"""
_PAYS = "(SELECT coalesce(run_or_judging.judged_run_id, run_or_judging.id) FROM run AS run_or_judging WHERE run_or_judging.id = :run)"
"""Id of the run whose budget counts: of a run of judges, the one that they judge."""
_JOB = "UPDATE job SET status = :status, attempts = :attempts, fingerprint = :fingerprint, wait_until = NULL WHERE id = :job_id"
_RUNNING = "UPDATE job SET status = 'running' WHERE id = :job_id"
_FORGET = "DELETE FROM checkpoint WHERE job_id = :job_id"
_CHECKPOINT = """
INSERT INTO checkpoint (job_id, text, at) VALUES (:job_id, :text, :at)
ON CONFLICT (job_id) DO UPDATE SET text = excluded.text, at = excluded.at"""
_EARLIER = f"""
SELECT job.fingerprint, output.id, output.reused_from_id, output.text, output.thinking, output.finish_reason, output.raw_finish_reason,
       output.refusal, output.tool_calls, output.usage, output.cost, output.price_known, output.latency_ms, output.first_token_ms,
       output.queue_ms, output.resolved_model, output.request_id, output.load_ms
FROM job JOIN output ON output.id = {newest()}
WHERE job.fingerprint IN ({{prints}}) AND job.status = 'done' AND output.error IS NULL ORDER BY output.id"""


@dataclass(frozen=True, slots=True)
class Reused:
    """An earlier output with the same fingerprint: its answer, and what it cost then."""

    output_id: int
    """The output of the call that was really made."""
    reply: Reply
    cost: int | None
    price_known: bool


@dataclass(frozen=True, slots=True)
class Start:
    """What a round of a run begins with."""

    asked: frozenset[int]
    """Jobs that have an output already, or the draft of an answer by hand: somebody wants another answer than an earlier one."""
    budget_usd: Decimal | None
    spent_usd: Decimal


@dataclass(slots=True)
class End:
    """How one job ended, as it will be written. `status` as in the job table."""

    job_id: int
    status: str
    attempts: int
    price: Price
    fingerprint: str = ""
    reply: Reply | None = None
    failure: Failure | None = None
    reused: Reused | None = None
    scores: tuple[Score, ...] = ()
    brought_cost: int | None = None
    """What an answer cost that came in from a file."""
    is_brought: bool = False
    own_from: int | None = None
    """The place from which on the scores are of the case's own checks."""
    left_out: tuple[str, ...] = ()
    """Parameters that the model does not take and that were not sent."""

    @property
    def cost(self) -> int | None:
        """Nano-dollars of the call, as they are stored; None where they are unknown. A reused answer costs what it did then."""
        if self.reused is not None:
            return self.reused.cost
        if self.is_brought:
            return self.brought_cost
        reply = self.reply or (self.failure.partial if self.failure else None)
        if reply is None or (self.reply is None and reply.usage.output_tokens is None):
            return None
        return nano_dollars(self.price.cost(reply.usage))

    def facts(self, tools: Sequence[Mapping[str, Any]], *, by_hand: bool = False) -> Facts:
        """What checks may know of the answer beside its text."""
        cost = self.cost
        return facts_of(self.reply or Reply(), None if cost is None else dollars(cost), tools, by_hand=by_hand)


def write_brought(writer: Writer, ends: Sequence[End], at: str) -> None:
    """Write answers that came in from a file, as attempt 0: none that was made here, so that what they cost counts as spent nowhere."""
    _many(writer, _OUTPUT_AS.format(attempt=0), [_output_row(end, at) for end in ends])
    _many(writer, _SCORE, [_score_row(end, index, score, at) for end in ends for index, score in enumerate(end.scores)])
    _many(writer, _JOB, [_job_row(end) for end in ends])


class Recorder:
    """Writes down one run."""

    def __init__(self, database: Database, run_id: int, kept: Iterable[int] = ()) -> None:
        self._database = database
        self._run_id = run_id
        self._kept: dict[int, int] = dict.fromkeys(kept, 0)
        """Jobs with a checkpoint, and how long it is."""

    def begin(self, *, again: bool = False) -> Start:
        """Mark the run as running. What a crash left half made counts as not made. `again`: a further round, which is not logged."""
        with self._database.write(durable=False) as writer:
            if not again:
                self._log_begin(writer)
            writer.run("UPDATE job SET status = 'queued' WHERE run_id = :run AND status = 'running'", run=self._run_id)
            writer.run(
                """UPDATE run SET status = 'running', started_at = coalesce(started_at, :at), finished_at = NULL, held = NULL
WHERE id = :run""",
                run=self._run_id,
                at=now(),
            )
            asked = writer.run(_ASKED, run=self._run_id)
            kept = writer.run("SELECT job_id FROM checkpoint WHERE job_id IN (SELECT id FROM job WHERE run_id = :run)", run=self._run_id)
            self._kept = {int(row[0]): 0 for row in kept}
            budget, spent = writer.run(f"SELECT budget, spent FROM run WHERE id = {_PAYS}", run=self._run_id).one()
            writer.touch("run", self._run_id)
        return Start(frozenset(row[0] for row in asked), dollars(budget), dollars(spent) or Decimal(0))

    def _log_begin(self, writer: Writer) -> None:
        status, before = writer.run("SELECT status, started_at FROM run WHERE id = :run", run=self._run_id).one()
        jobs = writer.run("SELECT count(*) FROM job WHERE run_id = :run AND status IN ('queued', 'running')", run=self._run_id).scalar_one()
        detail = {"jobs": jobs, "again": before is not None, "cut_off": status == "running", "by": self._database.person}
        write_log(
            writer, self._run_id, [Logged("began", detail={name: value for name, value in detail.items() if value or name == "jobs"})]
        )

    def log(self, lines: Sequence[Logged]) -> None:
        """Write what happened while no output came."""
        if lines:
            with self._database.write(durable=False) as writer:
                write_log(writer, self._run_id, lines)
                writer.touch("run", self._run_id)

    def hold(self, columns: Mapping[int, Failure], lines: Sequence[Logged] = ()) -> None:
        """Keep which columns wait for a mended key or quota, and why."""
        held = _json({str(column): failure.to_json() for column, failure in columns.items()}) if columns else None
        with self._database.write(durable=False) as writer:
            writer.run("UPDATE run SET held = :held WHERE id = :run", held=held, run=self._run_id)
            write_log(writer, self._run_id, lines)
            writer.touch("run", self._run_id)

    def has_more(self, start: Start, held: Iterable[int] = ()) -> bool:
        """True if there are jobs for a further round: put back into the queue meanwhile, or left out by a budget that is another by now.
        Those of columns that are held are none."""
        run = {"run": self._run_id}
        if dollars(self._database.query(f"SELECT budget FROM run WHERE id = {_PAYS}", run)[0][0]) != start.budget_usd:
            with self._database.write(durable=False) as writer:
                writer.run("UPDATE job SET status = 'queued' WHERE run_id = :run AND status = 'skipped'", **run)
        left = f"SELECT 1 FROM job WHERE run_id = :run AND status = 'queued' AND column_index NOT IN ({_listed((-1, *held))}) LIMIT 1"
        return bool(self._database.query(left, run))

    def write(
        self,
        ends: Sequence[End],
        checks_usd: Decimal = Decimal(0),
        lines: Sequence[Logged] = (),
        *,
        durable: bool = False,
    ) -> None:
        """Write how jobs ended, with outputs and scores. All of it or nothing; `durable` as in `Database.write`.

        `checks_usd`: what the calls of their checks cost, which counts as spent by the run. `lines`: of the log, what happened before.
        """
        at = now()
        outputs = [_output_row(end, at) for end in ends if end.reply or end.failure or end.reused]
        scores = [_score_row(end, index, score, at) for end in ends for index, score in enumerate(end.scores)]
        exchanges = [row for end in ends if (row := _exchange_row(end, at))]
        pictures = [row for end in ends for row in _picture_rows(end, at)]
        forget = [{"job_id": end.job_id} for end in ends if end.job_id in self._kept and end.status != "queued"]
        spent = sum(row["cost"] or 0 for row in outputs if row["reused_from_id"] is None) + (nano_dollars(checks_usd) or 0)
        with self._database.write(durable=durable) as writer:
            self._refuse_lost()
            write_log(writer, self._run_id, lines)
            _many(writer, _OUTPUT, outputs)
            _many(writer, attachments.KEEP, pictures)
            _many(writer, _PICTURE, pictures)
            _many(writer, _SCORE, scores)
            _many(writer, _EXCHANGE, exchanges)
            _many(writer, _JOB, [_job_row(end) for end in ends])
            _many(writer, _FORGET, forget)
            if spent:
                writer.run(f"UPDATE run SET spent = spent + :spent WHERE id IN (:run, {_PAYS})", spent=spent, run=self._run_id)
            writer.touch("job", *[end.job_id for end in ends])
            writer.touch("run", self._run_id)
        for row in forget:
            self._kept.pop(row["job_id"], None)

    def mark(self, running: Collection[int]) -> None:
        """Mark which jobs are on their way."""
        with self._database.write(durable=False) as writer:
            self._refuse_lost()
            writer.many(_RUNNING, [{"job_id": job_id} for job_id in running])
            writer.touch("job", *running)
            writer.touch("run", self._run_id)

    def checkpoint(self, texts: Mapping[int, str]) -> None:
        """Keep unfinished texts, where they have grown since the last time."""
        at = now()
        grown = {job_id: text for job_id, text in texts.items() if len(text) != self._kept.get(job_id, 0)}
        if not grown:
            return
        with self._database.write(durable=False) as writer:
            _many(writer, _CHECKPOINT, [{"job_id": job_id, "text": text, "at": at} for job_id, text in grown.items()])
        self._kept |= {job_id: len(text) for job_id, text in grown.items()}

    def end(self, lines: Sequence[Logged] = (), *, by_hand: bool = False) -> None:
        """Mark the run as done, or as stopped where jobs are left to make. `by_hand`: somebody stopped it."""
        with self._database.write() as writer:
            self._refuse_lost()
            writer.run("UPDATE job SET status = 'queued' WHERE run_id = :run AND status = 'running'", run=self._run_id)
            own, handed_over = writer.run(
                """SELECT count(CASE WHEN status <> 'in_batch' THEN 1 END), count(CASE WHEN status = 'in_batch' THEN 1 END)
FROM job WHERE run_id = :run AND status IN ('queued', 'skipped', 'in_batch')""",
                run=self._run_id,
            ).one()
            left = own + handed_over
            writer.run(
                "UPDATE run SET status = :status, finished_at = :at WHERE id = :run",
                status="stopped" if left else "done",
                at=now(),
                run=self._run_id,
            )
            failed = writer.run("SELECT count(*) FROM job WHERE run_id = :run AND status = 'failed'", run=self._run_id).scalar_one()
            ended = Logged("ended", detail={"left": own, "failed": failed, "by_hand": by_hand, "in_batch": handed_over})
            write_log(writer, self._run_id, [*lines, ended])
            writer.touch("run", self._run_id)

    def _refuse_lost(self) -> None:
        """Raise StoreTrouble where another app has gone on with this run, while the server could not be reached from here."""
        if self._database.has_lost_run(self._run_id):
            raise StoreTrouble("Another app goes on with this run, so it ends here.", remedy="Its answers appear here too.")

    def earlier(self, fingerprints: Iterable[str]) -> dict[str, Reused]:
        """The newest finished output of each of these fingerprints, in this run or in any other."""
        wanted = sorted(set(fingerprints))
        if not wanted:
            return {}
        rows = self._database.query(_EARLIER.format(prints=",".join("?" * len(wanted))), wanted)
        pictures = pictures_of(self._database, [row[1] for row in rows])
        return {row[0]: _reused(row[1:], pictures.get(row[1], ())) for row in rows}


def pictures_of(database: Database, output_ids: Sequence[int]) -> dict[int, tuple[Part, ...]]:
    """The pictures of these outputs, in the order in which the model made them."""
    found: dict[int, tuple[Part, ...]] = {}
    for start in range(0, len(output_ids), 500):
        ids = ",".join(map(str, output_ids[start : start + 500]))
        for output_id, media_type, data in database.query(_PICTURES.format(ids=ids)):
            found[output_id] = (*found.get(output_id, ()), Part("image", media_type=media_type, data=data))
    return found


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(str(int(number)) for number in numbers)


def _many(writer: Writer, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        writer.many(sql, rows)


def _output_row(end: End, at: str) -> dict[str, Any]:
    reply = end.reply or (end.failure.partial if end.failure else None) or Reply(text="", finish_reason="error")
    if end.reused is not None:
        reply, price_known, reused_from = end.reused.reply, end.reused.price_known, end.reused.output_id
    else:
        reused_from = None
        price_known = (end.price.input_usd is not None and end.price.output_usd is not None) or end.brought_cost is not None
    return {
        "job_id": end.job_id,
        "text": reply.text,
        "thinking": reply.thinking,
        "finish_reason": reply.finish_reason if end.failure is None else "error",
        "raw_finish_reason": reply.raw_finish_reason,
        "refusal": reply.refusal,
        "tool_calls": _json([_tool_call(call) for call in reply.tool_calls]) if reply.tool_calls else None,
        "usage": canonical(reply.usage.to_json()),
        "cost": end.cost,
        "price_known": price_known,
        "latency_ms": _rounded(reply.latency_ms),
        "first_token_ms": _rounded(reply.first_token_ms),
        "queue_ms": _rounded(reply.queue_ms),
        "resolved_model": reply.resolved_model,
        "request_id": reply.request_id,
        "error": _json(end.failure.to_json()) if end.failure is not None else None,
        "reused_from_id": reused_from,
        "created_at": at,
        "load_ms": _rounded(reply.load_ms),
        "left_out": canonical(list(end.left_out)) if end.left_out else None,
    }


_SHORT = 4_096
"""Bytes of an answer."""


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 3)


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=dict)


def _json(value: Any) -> str:
    """JSON text of what came from outside, which may hold NaN or half a character. No statement looks into it."""
    return _JSON.encode(value)


def _tool_call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "name": call.name, "arguments": call.arguments}


def _score_row(end: End, index: int, score: Score, at: str) -> dict[str, Any]:
    return {
        "job_id": end.job_id, "key": check_key(index, end.own_from), "check": canonical(score.check.to_json()),
        "passed": score.passed, "value": score.score, "reason": score.reason, "label": score.label or None,
        "at": at,
    }  # fmt: skip


def _exchange_row(end: End, at: str) -> dict[str, Any] | None:
    reply = end.reply or (end.failure.partial if end.failure else None)
    exchange: Exchange | None = reply.exchange if reply else None
    if exchange is None:
        return None
    return {
        "job_id": end.job_id, "at": at,
        "request": None if exchange.request is None else _request(exchange.request),
        "response": _packed(exchange.response),
        "headers": _json(dict(exchange.headers)),
    }  # fmt: skip


def _packed(response: bytes) -> bytes:
    """What `zlib.decompress` reads. For a short answer with little memory: making the usual 256 KiB ready takes longer than packing."""
    window, memory = (12, 4) if len(response) < _SHORT else (15, 8)
    packing = zlib.compressobj(1, zlib.DEFLATED, window, memory)
    return packing.compress(response) + packing.flush()


def _request(request: Any) -> str:
    """A request as it is kept. What is short as a whole holds no picture."""
    text = _json(request)
    return text if len(text) < attachments.LONG else _json(attachments.without_bytes(request))


def _picture_rows(end: End, at: str) -> list[dict[str, Any]]:
    reply = end.reused.reply if end.reused is not None else end.reply or (end.failure.partial if end.failure else None)
    return [
        {"job_id": end.job_id, "position": position, "sha256": hashlib.sha256(image.data).hexdigest(),
         "media_type": image.media_type, "data": image.data, "size": len(image.data), "at": at}
        for position, image in enumerate(reply.images if reply is not None else ())
    ]  # fmt: skip


def _job_row(end: End) -> dict[str, Any]:
    return {"job_id": end.job_id, "status": end.status, "attempts": end.attempts, "fingerprint": end.fingerprint}


def _reused(row: Sequence[Any], pictures: tuple[Part, ...]) -> Reused:
    (output_id, first_id, text, thinking, finish_reason, raw_finish_reason, refusal, tool_calls, usage, cost, price_known, latency,
     first_token, queue, resolved_model, request_id, load) = row  # fmt: skip
    reply = Reply(
        text=text,
        thinking=thinking,
        refusal=refusal,
        tool_calls=tuple(ToolCall(**call) for call in json.loads(tool_calls)) if tool_calls else (),
        finish_reason=finish_reason or "stop",
        raw_finish_reason=raw_finish_reason,
        usage=Usage.from_json(json.loads(usage)) if usage else Usage(),
        resolved_model=resolved_model,
        request_id=request_id,
        latency_ms=latency,
        first_token_ms=first_token,
        queue_ms=queue,
        load_ms=load,
        images=pictures,
    )
    return Reused(first_id or output_id, reply, cost, bool(price_known))
