"""`score`: ask other checks of the answers of a finished run, without a call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.opened import workspace
from workbench.cli.run import allow_python, judge_model, newest, rate, tell_lacking, too_few
from workbench.cli.terminal import Terminal

if TYPE_CHECKING:
    from workbench.values import Check
    from workbench.workspace import Scored, Workspace


def score_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench score`."""
    parser.add_argument("what", metavar="RUN", help="id of a run, or the name of a comparison for its newest run")
    parser.add_argument(
        "--checks", type=Path, metavar="FILE", help="a YAML or JSON file with a list of checks; else those that the comparison has now"
    )
    judge_model(parser)
    parser.add_argument("--fail-under", type=rate, metavar="RATE", help="exit 1 when fewer than this share of outputs pass, such as 0.9")
    allow_python(parser)


def score_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench score`."""
    with workspace(options, terminal) as ws:
        run = newest(ws, options.what)
        checks = _checks(ws, run.comparison_id, options.checks, terminal)
        ws.runs.code.allow_all = options.allow_python
        tell_lacking(ws, ws.scorings.asked(run.id, checks), terminal)
        if options.judge_model:
            ws.judges.model_named(options.judge_model, ws.runs.plan(run.id).models)  # before anything is changed
        scored = _scored(ws, run.id, checks, options.judge_model or "", terminal)
        terminal.end_progress()
        if scored.stopped:
            terminal.complain("Interrupted. The scores are as they were.")
            return 130
        if terminal.json:
            terminal.document(ws.exports.report(run.id))
        else:
            terminal.say(ws.exports.table_text(run.id))
        return 1 if too_few(ws, run.id, options.fail_under, terminal) else 0


def _checks(ws: Workspace, comparison_id: int | None, path: Path | None, terminal: Terminal) -> tuple[Check, ...]:
    """The checks in the file, else those of the run's comparison. Raises BadInput where there are neither."""
    from workbench.values import BadInput
    from workbench.workspace import read_check_file

    if path is not None:
        found = read_check_file(path)
        for left in found.not_carried:
            terminal.note(f"Not carried over: {left.what} ({left.why})")
        _tell_unknown(ws, found.checks, path, terminal)
        return ws.judges.with_checks(found.checks, found.judge_prompts, path.name)
    if comparison_id is None:
        raise BadInput("This run belongs to no saved comparison.", remedy="Name the checks with --checks FILE.")
    return ws.comparisons.get(comparison_id).definition.checks


def _tell_unknown(ws: Workspace, checks: Sequence[Check], path: Path, terminal: Terminal) -> None:
    """Say which checks of the file nothing here can ask, and what may have been meant: they neither pass nor fail anything."""
    from difflib import get_close_matches

    known = ws.check_types()
    for number, check in enumerate(checks, 1):
        if check.type not in known:
            near = get_close_matches(check.type, known, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            terminal.note(f"{path.name}, check {number}: there are no checks of the type {check.type} here, so it says nothing.{meant}")
    if not checks:
        terminal.note(f"{path.name} holds no checks: what the run was checked by is taken away, beside the checks of the cases.")


def _scored(ws: Workspace, run_id: int, checks: tuple[Check, ...], judge: str, terminal: Terminal) -> Scored:
    import signal
    import threading

    from workbench import awake_loop

    stop = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())  # what is half scored is put away in peace

    def progress(done: int, of: int) -> None:
        terminal.progress(f"{done:,} of {of:,} answers scored", last=done == of)

    try:
        return awake_loop.run(ws.scorings.score_again(run_id, checks, judge=judge, progress=progress, stop=stop))
    finally:
        signal.signal(signal.SIGINT, before)
        sys.stderr.flush()
