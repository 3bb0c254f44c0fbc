"""`batch`: calls of a run handed over to a batch service or written into files for one, asked about, read back, cancelled."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.cli.arguments import everywhere
from workbench.cli.opened import workspace
from workbench.cli.run import newest, unjudged
from workbench.cli.terminal import Terminal, columns

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from workbench.workspace import BatchOffer, BatchRow, HandedOver, Workspace

_T = TypeVar("_T")
_RUN = "id of a run, or the name of a comparison for its newest run"
STATES = {
    "written": "in a file",
    "submitting": "being submitted",
    "submitted": "at the service",
    "cancelling": "being cancelled",
    "read": "read",
    "refused": "refused",
    "taken_back": "taken back",
}


def batch_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench batch`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    write = actions.add_parser("write", help="write the calls that a run has not made yet into batch files")
    write.add_argument("run", metavar="RUN", help=_RUN)
    write.add_argument("folder", metavar="FOLDER", type=Path, help="where the files go")
    submit = actions.add_parser("submit", help="give the calls that a run has not made yet to their providers, at half price within a day")
    submit.add_argument("run", metavar="RUN", help=_RUN)
    status = actions.add_parser("status", help="ask how far the batches of a run are; results of those that have ended are read")
    status.add_argument("run", metavar="RUN", help=_RUN)
    status.add_argument("--wait", action="store_true", help="ask again and again until all are read; Ctrl-C ends it and loses nothing")
    read = actions.add_parser("read", help="read a file of results; reading it again changes nothing")
    read.add_argument("file", metavar="FILE", type=Path, help="the JSON Lines file that came back")
    read.add_argument("--run", metavar="RUN", help="take nothing into any other run than this")
    cancel = actions.add_parser("cancel", help="cancel the batches of a run; what was answered already is still read")
    cancel.add_argument("run", metavar="RUN", help=_RUN)
    for action in (submit, status, cancel):
        action.add_argument("--base-url-override", metavar="URL", help="ask this address instead of every provider's")
    for action in (write, submit, status, read, cancel):
        everywhere(action)


def batch_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench batch`."""
    with workspace(options, terminal) as ws:
        if options.action == "read":
            return _read(ws, options, terminal)
        run_id = newest(ws, options.run).id
        if options.action in ("write", "submit"):
            return hand_over(ws, run_id, options, terminal, getattr(options, "folder", None))
        if options.action == "cancel":
            return _cancel(ws, run_id, options, terminal)
        return _status(ws, run_id, options, terminal)


def hand_over(ws: Workspace, run_id: int, options: argparse.Namespace, terminal: Terminal, folder: Path | None) -> int:
    """Write a run's calls into files, or without a folder submit them. 1 where a provider refused some."""
    offer = ws.batches.offer(run_id)
    if offer.requests:
        terminal.note(cost_words(offer))

    def told(count: int) -> None:
        terminal.progress(f"{count:,} of {offer.requests:,} requests written")

    if folder is not None:
        handed = ws.batches.write(run_id, folder, told=told)
    else:
        handed = _now(ws.batches.submit(run_id, base_url_override=options.base_url_override, told=told))
    return _answer(ws, run_id, handed, terminal)


def cost_words(offer: BatchOffer) -> str:
    """About what a batch costs, beside the same calls one by one."""
    files = "1 file" if offer.files == 1 else f"{offer.files:,} files"
    what = f"{offer.requests:,} {'request' if offer.requests == 1 else 'requests'} in {files}"
    if not offer.as_batch.high_usd:
        return f"{what}. What they cost is not known." if offer.as_batch.unknown_prices else f"{what}, free of charge."
    batch, usual = offer.as_batch, offer.as_calls.cost_usd or 0
    likely = f"about ${batch.cost_usd or 0:.4f} as a batch (${batch.low_usd or 0:.4f} to ${batch.high_usd:.4f})"
    return f"{what}, {likely}, about ${usual:.4f} as calls. {batch.basis}"


def _answer(ws: Workspace, run_id: int, handed: HandedOver, terminal: Terminal) -> int:
    for words in handed.left:
        terminal.note(words)
    for batch in handed.batches:
        if batch.state == "submitting":
            terminal.note(f"{batch.model}: {batch.message} Whether it arrived is asked next time; nothing is sent twice.")
    _show(ws, run_id, list(handed.batches), terminal, left=handed.left)
    for words in handed.keep:
        terminal.note(words)
    if not terminal.json and any(batch.is_open for batch in handed.batches):
        terminal.note(f"See how far it is with: workbench batch status {ws.runs.get(run_id).uid}")
    if not terminal.json and any(batch.state == "written" for batch in handed.batches):
        terminal.note("Read the results with: workbench batch read FILE")
    return _refused(handed.batches, terminal)


def _now(work: Coroutine[Any, Any, _T]) -> _T:
    """What a coroutine gives."""
    from workbench import awake_loop  # asyncio, 60 ms, not for --help

    return awake_loop.run(work)


def _status(ws: Workspace, run_id: int, options: argparse.Namespace, terminal: Terminal) -> int:
    interrupted = False
    if options.wait:
        try:
            _now(_watch(ws, run_id, options.base_url_override, terminal))
        except KeyboardInterrupt:
            interrupted = True
    else:
        _now(ws.batches.ask(run_id, base_url_override=options.base_url_override))
    rows = ws.batches.of_run(run_id)
    _show(ws, run_id, rows, terminal)
    if interrupted:
        terminal.note("Stopped asking. The batches go on at their services.")
        return 130
    _messages(rows, terminal)
    run = ws.runs.get(run_id)
    lacking = 0 if run.in_batch else unjudged(ws, run_id, terminal)
    return (_refused(rows, terminal) if run.queued else 0) or lacking or int(run.failed > 0)


def _messages(rows: list[BatchRow], terminal: Terminal) -> None:
    for row in rows:
        if row.message and row.state != "refused" and not terminal.json:
            terminal.note(f"{row.model}: {row.message}")


async def _watch(ws: Workspace, run_id: int, override: str | None, terminal: Terminal) -> None:
    async for rows in ws.batches.watch(run_id, base_url_override=override):
        terminal.progress(
            ", ".join(f"{row.model}: {row.done if row.done is not None else '?'} of {row.requests} {STATES[row.state]}" for row in rows)
        )


def _read(ws: Workspace, options: argparse.Namespace, terminal: Terminal) -> int:
    run_id = newest(ws, options.run).id if options.run else None
    found = _now(ws.batches.read_file(options.file, run_id))
    runs = [ws.runs.get(run) for run in sorted(found.run_ids)]
    names = ("done", "failed", "expired", "cancelled", "known", "duplicates", "unknown", "broken", "truncated")
    document = {"schema": 1, "read": {name: getattr(found, name) for name in names}, "runs": [run.uid for run in runs]}
    lines = [f"{run.comparison} #{run.number}: {run.done} of {run.jobs} done" for run in runs]
    terminal.answer(document, "\n".join([" ".join(found.sentences()), *lines]))
    # Judges look at a run when nothing of it is on its way any more.
    lacking = [unjudged(ws, run.id, terminal) for run in runs if not run.in_batch]
    return 1 if found.failed or found.expired or found.truncated or any(lacking) else 0


def _cancel(ws: Workspace, run_id: int, options: argparse.Namespace, terminal: Terminal) -> int:
    waiting = [row for row in ws.batches.of_run(run_id) if row.is_waiting]
    if not waiting:
        terminal.note("This run has no batch to cancel.")
    for row in waiting:
        _now(ws.batches.cancel(row.id, base_url_override=options.base_url_override))
    with suppress(KeyboardInterrupt):
        _now(ws.batches.ask(run_id, base_url_override=options.base_url_override))
    rows = ws.batches.of_run(run_id)
    _show(ws, run_id, rows, terminal)
    _messages(rows, terminal)
    return 0


def _show(ws: Workspace, run_id: int, rows: list[BatchRow], terminal: Terminal, left: tuple[str, ...] = ()) -> None:
    from workbench.workspace import run_document

    document = {"schema": 1, "run": run_document(ws.runs.get(run_id)), "batches": [_document(row) for row in rows], "left": [*left]}
    table = columns(
        ("Model", "State", "Requests", "Answered", "Without result", "Where"),
        [(row.model, STATES[row.state], row.requests, row.done, row.waiting, row.remote_id or row.file) for row in rows],
        right=(2, 3, 4),
    )
    terminal.answer(document, table or "No call of this run was handed over.")


def _document(row: BatchRow) -> dict[str, Any]:
    names = (
        "model", "connection", "state", "requests", "waiting", "done", "failed", "file", "remote_id", "message", "created_at",
        "submitted_at", "asked_at", "collected_at",
    )  # fmt: skip
    return {"id": row.uid, **{name: getattr(row, name) for name in names}}


def _refused(rows: list[BatchRow] | tuple[BatchRow, ...], terminal: Terminal) -> int:
    """1 where a batch was refused and none of its model came after it: its calls are still to be made."""
    newest = {(row.model, row.connection): row.id for row in rows}
    refused = [row for row in rows if row.state == "refused" and newest[row.model, row.connection] == row.id]
    for row in refused[-3:]:
        terminal.complain(f"{row.model}: {row.message} Its calls are in the queue of the run again.")
    return int(bool(refused))
