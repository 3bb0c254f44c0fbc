"""The log of a run: what happened in order, put together from what the store keeps of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

from workbench.analysis.results.causes import trouble_words
from workbench.formats.tabular_shield import shielded
from workbench.library.writing import write_text
from workbench.plan import Plan, column_titles
from workbench.quick_dataclass import dataclass
from workbench.runs.reading import NANO
from workbench.runs.records import RunRow
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.values.wishes import Followed, words_of

Group = Literal["run", "answer", "retry", "failure", "held", "judge", "batch"]
LOG_GROUPS: dict[str, str] = {
    "run": "Run", "answer": "Answer", "retry": "Retry", "failure": "Failure", "held": "Held", "judge": "Judge", "batch": "Batch",
}  # fmt: skip
"""Kinds of lines, with the word that names them."""
_LONGEST = 300
_HEADS = ("Time (UTC)", "Kind", "What happened", "Column", "Case", "Case name", "Repeat")

# Of one millisecond: a run begins before its answers come, and ends after them.
_FIRST, _MIDDLE, _LAST = range(3)

_OUTPUTS = """
SELECT output.id, output.created_at, output.error, output.latency_ms, output.cost, output.reused_from_id, output.attempt,
 output.finish_reason, job.id, job.column_index, job.case_index, job.repeat, job.run_id
FROM job JOIN output ON output.job_id = job.id WHERE job.run_id IN ({runs}) AND output.id > :after ORDER BY output.id"""
_LINES = """
SELECT log_line.id, log_line.at, log_line.kind, log_line.detail, log_line.job_id, coalesce(log_line.column_index, job.column_index),
 job.case_index, job.repeat, log_line.run_id
FROM log_line LEFT JOIN job ON job.id = log_line.job_id WHERE log_line.run_id IN ({runs}) AND log_line.id > :after ORDER BY log_line.id"""
_JUDGED_BY = "SELECT id FROM run WHERE judged_run_id = :run ORDER BY id"
_SCORINGS = "SELECT at, author, number FROM scoring WHERE run_id = :run ORDER BY number"
_BATCHES = """
SELECT column_index, state, requests, message, created_at, submitted_at, collected_at, done, failed FROM job_batch
WHERE run_id = :run ORDER BY id"""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened. `at` in UTC; `column`, `case` and `job_id` where it is about one."""

    at: str
    group: Group
    text: str
    column: int | None = None
    case: int | None = None
    repeat: int | None = None
    job_id: int | None = None
    order: int = _MIDDLE


@dataclass(frozen=True, slots=True)
class RunLog:
    """All lines of a run, oldest first."""

    run_id: int
    titles: Mapping[int, str]
    """What tells a column apart."""
    case_names: Sequence[str]
    lines: Sequence[LogLine]
    kept: Sequence[LogLine] = ()
    """Those lines that are not read once more when the log is read on."""
    last_line: int = 0
    last_output: int = 0

    def row(self, line: LogLine) -> tuple[str, ...]:
        """A line as the cells of a table."""
        return (
            line.at, LOG_GROUPS[line.group], line.text, self.titles.get(line.column, "") if line.column is not None else "",
            *(("", "", "") if line.case is None else (str(line.case + 1), self.case_names[line.case], str(line.repeat or 1))),
        )  # fmt: skip

    def csv(self, lines: Iterable[LogLine], delimiter: str = ",") -> str:
        """These lines as a CSV file, or with tabs as a table to paste. No spreadsheet runs a cell of it as a formula."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
        writer.writerow(_HEADS)
        writer.writerows([shielded(cell) for cell in self.row(line)] for line in lines)
        return out.getvalue()

    def write(self, path: Path, lines: Sequence[LogLine]) -> int:
        """How many of these lines were written into a CSV file. Raises a sentence where it cannot be written."""
        text = self.csv(lines)

        def write(file: Any) -> int:
            file.write(text)
            return len(lines)

        return write_text(path, write, encoding="utf-8-sig")

    def chosen(self, groups: Iterable[str] = (), column: int | None = None, words: str = "") -> list[LogLine]:
        """The lines of these kinds (all if none is given), of this column, whose cells hold all of these words."""
        wanted, parts = frozenset(groups), words.casefold().split()
        found: list[LogLine] = []
        for line in self.lines:
            if (wanted and line.group not in wanted) or (column is not None and line.column != column):
                continue
            if parts:
                text = " ".join(self.row(line)).casefold()
                if not all(part in text for part in parts):
                    continue
            found.append(line)
        return found


class RunLogs:
    """The verb that reads the log of a run."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database, self._runs = database, runs

    def read(self, run: int | str, known: RunLog | None = None) -> RunLog:
        """The log of a run, or `known` with what has happened since. Raises NotFound."""
        row = self._runs.get(run)
        plan = self._runs.plan(row.id)
        if known is None or known.run_id != row.id:
            names = [case.name or f"Case {number}" for number, case in enumerate(plan.cases, 1)]
            known = RunLog(row.id, column_titles(plan), names, ())
        judging = [id for (id,) in self._database.query(_JUDGED_BY, {"run": row.id})]
        runs = ",".join(map(str, (row.id, *judging)))
        told = self._database.query(_LINES.format(runs=runs), {"after": known.last_line})
        outputs = self._database.query(_OUTPUTS.format(runs=runs), {"after": known.last_output})
        kept = [*known.kept, *(_told(line, row.id) for line in told), *(_ended(output, row.id) for output in outputs)]
        kept.sort(key=attrgetter("at", "order"))
        lines = [*kept, *self._beside(row, plan, has_begun=any(line.order == _FIRST for line in kept))]
        lines.sort(key=attrgetter("at", "order"))
        last_line, last_output = (rows[-1][0] if rows else last for rows, last in ((told, known.last_line), (outputs, known.last_output)))
        return RunLog(row.id, known.titles, known.case_names, lines, kept, last_line, last_output)

    def _beside(self, row: RunRow, plan: Plan, *, has_begun: bool) -> list[LogLine]:
        """The few lines that other tables tell, and for a run from before there was a log its first start and last end."""
        person = self._database.query("SELECT author FROM run WHERE id = :run", {"run": row.id})[0][0]
        author = f" by {person}" if person else ""
        what = f"Run {row.number} of {row.comparison} was set up{author}: {_calls(row.jobs)}, {_counted(len(plan.columns), 'column')}."
        lines = [LogLine(row.created_at, "run", what, order=_FIRST)]
        if not has_begun and row.started_at:
            lines.append(LogLine(row.started_at, "run", "Started.", order=_FIRST))
            if row.finished_at:
                ended = "Finished." if row.status == "done" else "Stopped. What is left can be gone on with."
                lines.append(LogLine(row.finished_at, "run", ended, order=_LAST))
        for at, by, _number in self._database.query(_SCORINGS, {"run": row.id}):
            lines.append(LogLine(at, "run", f"Scored again{f' by {by}' if by else ''}; the earlier scores are kept."))
        for batch in self._database.query(_BATCHES, {"run": row.id}):
            lines += _batch_lines(*batch)
        return lines


def _told(row: Sequence[Any], run_id: int) -> LogLine:
    """A line of the log table."""
    _id, at, kind, text, job_id, column, case, repeat, of = row
    detail: dict[str, Any] = json.loads(text) if text else {}
    group, words = _WORDS[kind](detail) if kind in _WORDS else ("run", str(kind).replace("_", " ").capitalize() + ".")
    order = {"began": _FIRST, "ended": _LAST, "followed": _LAST}.get(kind, _MIDDLE)
    if of != run_id:
        return LogLine(at, "judge", f"Judges: {words[:1].lower()}{words[1:]}", order=order if order == _LAST else _MIDDLE)
    return LogLine(at, group, words, column, case, repeat, job_id, order)


def _ended(row: Sequence[Any], run_id: int) -> LogLine:
    """An output: an answer, or why there is none."""
    _id, at, error, latency, cost, reused, attempt, finish, job_id, column, case, repeat, of = row
    if error:
        failure = json.loads(error)
        group: Group = "run" if failure.get("kind") == "cancelled" else "failure"
        words = failure_words(failure)
    else:
        group = "answer"
        figures = [f"in {latency / 1000:.1f} s"] if latency is not None and reused is None else []
        figures += [] if cost is None or reused is not None else ["free" if not cost else f"${cost / NANO:.4f}"]
        what = "Answer of an earlier run taken" if reused is not None else "Answer brought in" if attempt == 0 else "Answered"
        cut = ", cut at its length limit" if finish == "length" else ""
        words = f"{what} {', '.join(figures)}".rstrip() + f"{cut}."
    if of != run_id:
        return LogLine(at, "judge", f"{'A call of a judge' if error else 'A judge'}: {words[:1].lower()}{words[1:]}")
    return LogLine(at, group, words, column, case, repeat, job_id)


def failure_words(failure: Mapping[str, Any]) -> str:
    """A failure as a sentence: what it is, its code, and the provider's own words."""
    status = f" ({failure['status']})" if failure.get("status") else ""
    words = " ".join(str(failure.get("message") or "").split())
    words = words if len(words) <= _LONGEST else words[: _LONGEST - 1].rstrip() + "…"
    return f"{trouble_words(str(failure.get('kind') or 'failed'))}{status}" + (
        f": {words}{'' if words[-1] in '.!?…' else '.'}" if words else "."
    )


def _began(detail: Mapping[str, Any]) -> tuple[Group, str]:
    by = f" by {detail['by']}" if detail.get("by") else ""
    left = _calls(int(detail.get("jobs") or 0))
    if detail.get("cut_off"):
        return "run", f"Went on{by} after it was cut off: {left} left."
    return "run", f"Went on{by}: {left} left." if detail.get("again") else f"Started{by}: {left} to make."


def _waiting(detail: Mapping[str, Any]) -> tuple[Group, str]:
    tries = f"{int(detail.get('attempt') or 1) + 1} of {detail.get('attempts')}"
    return "retry", f"{failure_words(detail.get('failure') or {})} Next try, {tries}, after {detail.get('delay_s')} s."


def _ended_run(detail: Mapping[str, Any]) -> tuple[Group, str]:
    left, failed = int(detail.get("left") or 0), int(detail.get("failed") or 0)
    words = f"Stopped{' by hand' if detail.get('by_hand') else ''}: {_calls(left)} left." if left else "Finished."
    handed_over = int(detail.get("in_batch") or 0)
    if handed_over:
        words += f" {_calls(handed_over)} {'waits' if handed_over == 1 else 'wait'} in a batch."
    return "run", words + (f" {_calls(failed)} failed." if failed else "")


def _raised(detail: Mapping[str, Any]) -> tuple[Group, str]:
    cap = "was taken away" if detail.get("budget") is None else f"is ${detail['budget']} now"
    again = int(detail.get("jobs") or 0)
    return "run", f"The limit {cap}." + (f" {_calls(again)} put back into the queue." if again else "")


def _wished(detail: Mapping[str, Any]) -> tuple[Group, str]:
    return "run", words_of(tuple(detail.get("wishes") or ()))


def _followed(detail: Mapping[str, Any]) -> tuple[Group, str]:
    return "run", str(Followed(detail["wish"], int(detail.get("pairs") or 0), str(detail.get("why") or "")))


_WORDS = {
    "began": _began,
    "paused": lambda _detail: ("run", "Paused: no new call goes out."),
    "continued": lambda _detail: ("run", "Continued."),
    "waiting": _waiting,
    "capped": lambda detail: ("held", f"Limit reached. {_words(detail)}"),
    "held": lambda detail: ("held", f"Held, other models go on. {failure_words(detail.get('failure') or {})}"),
    "mended": lambda _detail: ("held", "Another key is there: asked again."),
    "raised": _raised,
    "put_back": lambda detail: ("run", f"{_calls(int(detail.get('jobs') or 0))} put back into the queue."),
    "left_out": lambda detail: ("held", f"Left out: {_calls(int(detail.get('jobs') or 0))}."),
    "ended": _ended_run,
    "wished": _wished,
    "followed": _followed,
}


def _words(detail: Mapping[str, Any]) -> str:
    return str((detail.get("failure") or {}).get("message") or "")


def _batch_lines(
    column: int, state: str, requests: int, message: str, created: str, submitted: str | None, collected: str | None,
    done: int | None, failed: int | None,
) -> list[LogLine]:  # fmt: skip
    asked = _counted(requests, "request")
    lines = []
    if state == "written":
        lines.append(LogLine(created, "batch", f"{asked} written into a file.", column))
    elif submitted:
        lines.append(LogLine(submitted, "batch", f"{asked} handed over as a batch.", column))
    if collected:
        counts = f": {done or 0:,} answered, {failed or 0:,} failed" if done is not None else ""
        ended = {"read": f"Batch read{counts}.", "refused": "Batch refused.", "taken_back": "Batch taken back."}.get(state, "Batch over.")
        lines.append(LogLine(collected, "batch", f"{ended} {message}".rstrip(), column))
    return lines


def _calls(count: int) -> str:
    return _counted(count, "call")


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
