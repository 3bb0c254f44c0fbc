"""One stored output in full, its earlier attempts, and the raw traffic behind it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.library import attachments
from workbench.plan import Plan
from workbench.runs.grid import UNJUDGED, GridReader, judgements_of, scores_of, usage_from
from workbench.runs.questions import question
from workbench.runs.reading import dollars
from workbench.runs.recording import pictures_of
from workbench.runs.records import OutputRow
from workbench.values import BadInput, Exchange, Message, NotFound, Part

_OUTPUT = """
SELECT output.id, output.job_id, job.run_id, job.column_index, job.case_index, job.repeat, output.attempt, output.text, output.thinking,
       output.refusal, output.finish_reason, output.raw_finish_reason, output.usage, output.cost, output.latency_ms, output.first_token_ms,
       output.resolved_model, output.error, output.reused_from_id, output.created_at,
       (SELECT count(*) FROM output AS other WHERE other.job_id = output.job_id), output.queue_ms, output.load_ms, output.left_out
FROM output JOIN job ON job.id = output.job_id WHERE output.id = ?"""


class OutputReader(GridReader):
    """The reading verbs on outputs."""

    def output(self, output_id: int) -> OutputRow:
        """One output, with its case and the messages as they were sent. Raises NotFound."""
        rows = self._database.query(_OUTPUT, [output_id])
        if not rows:
            raise NotFound(f"There is no output {output_id}.")
        (id, job_id, run_id, column, case_index, repeat, attempt, text, thinking, refusal, finish_reason, raw_finish_reason, usage, cost,
         latency, first_token, resolved_model, error, reused_from, created_at, attempts, queue, load, left_out) = rows[0]  # fmt: skip
        plan = self.plan(run_id)
        said = judgements_of(self._database, [id]).get(id, UNJUDGED)
        return OutputRow(
            id=id,
            job_id=job_id,
            run_id=run_id,
            column=column,
            case_index=case_index,
            case=plan.cases[case_index],
            repeat=repeat,
            attempt=attempt,
            text=text,
            thinking=thinking,
            refusal=refusal,
            finish_reason=finish_reason,
            raw_finish_reason=raw_finish_reason,
            usage=usage_from(usage),
            cost_usd=dollars(cost),
            latency_ms=latency,
            first_token_ms=first_token,
            resolved_model=resolved_model,
            error=json.loads(error) if error else None,
            reused=reused_from is not None,
            created_at=created_at,
            messages=messages_of(plan, column, case_index),
            scores=scores_of(self._database, [id]).get(id, ()),
            stars=said.stars,
            verdict=said.verdict,
            note=said.note,
            attempts=attempts,
            pictures=pictures_of(self._database, [id]).get(id, ()),
            queue_ms=queue,
            load_ms=load,
            left_out=tuple(json.loads(left_out)) if left_out else (),
        )

    def answers(self, output_ids: Iterable[int]) -> dict[int, str]:
        """The whole texts of these outputs."""
        ids = ",".join(str(int(output_id)) for output_id in output_ids) or "NULL"
        return {row[0]: row[1] or "" for row in self._database.query(f"SELECT id, text FROM output WHERE id IN ({ids})")}

    def pictures(self, output_id: int) -> tuple[Part, ...]:
        """The pictures of an output, in the order in which the model made them."""
        return pictures_of(self._database, [output_id]).get(output_id, ())

    def attached(self, output_id: int) -> tuple[tuple[Part, ...], ...]:
        """Pictures and files that were sent, message by message. Raises NotFound."""
        rows = self._database.query(
            "SELECT run_id, column_index, case_index FROM job JOIN output ON output.job_id = job.id WHERE output.id = ?", [output_id]
        )
        if not rows:
            raise NotFound(f"There is no output {output_id}.")
        run_id, column, case_index = rows[0]
        return tuple(message.attachments for message in sent(self.plan(run_id), column, case_index))

    def outputs_of(self, job_id: int) -> list[int]:
        """Ids of all outputs of a job, the first attempt first."""
        return [row[0] for row in self._database.query("SELECT id FROM output WHERE job_id = ? ORDER BY attempt", [job_id])]

    def exchange(self, output_id: int) -> Exchange | None:
        """The raw request and reply, with keys removed; None if they were not kept. A reused output shows those of its first call."""
        sql = """
SELECT request, response, headers FROM exchange WHERE output_id IN (:id, (SELECT reused_from_id FROM output WHERE id = :id))
ORDER BY output_id DESC LIMIT 1"""
        rows = self._database.query(sql, {"id": output_id})
        if not rows:
            return None
        request, response, headers = rows[0]
        return Exchange(
            json.loads(request) if request else None, zlib.decompress(response) if response else b"", json.loads(headers) if headers else {}
        )


def messages_of(plan: Plan, column_index: int, case_index: int) -> tuple[Mapping[str, Any], ...]:
    """The rendered messages of a job, as sent, with pictures and files by their SHA-256; none where they cannot be rendered."""
    return tuple(attachments.taken_out([message.to_json() for message in sent(plan, column_index, case_index)])[0])


def sent(plan: Plan, column_index: int, case_index: int) -> tuple[Message, ...]:
    """The rendered messages of a job, without what its model does not read; none where they cannot be rendered."""
    try:
        return question(plan, column_index, case_index).messages
    except BadInput:
        return ()
