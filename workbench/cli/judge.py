"""`judge`: have model judges look at the answers of a run that wait for them, without making an answer again."""

from __future__ import annotations

import argparse

from workbench.cli.opened import workspace
from workbench.cli.run import judge_model, newest, shared_call_options, unjudged, verdict
from workbench.cli.terminal import Terminal


def judge_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench judge`."""
    parser.add_argument("what", metavar="RUN", help="id of a run, or the name of a comparison for its newest run")
    parser.add_argument("--only-passing", action="store_true", help="judge only answers that fail no other check")
    parser.add_argument("--again", action="store_true", help="judge anew what has a verdict already; the earlier verdicts are kept")
    judge_model(parser)
    shared_call_options(parser)


def judge_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench judge`."""
    from workbench.cli.watch import watch  # asyncio, 60 ms
    from workbench.values import BadInput

    with workspace(options, terminal) as ws:
        run = newest(ws, options.what)
        if not (options.again or ws.runs.to_judge(run.id) or ws.runs.unread(run.id)):
            if not ws.runs.has_judges(run.id):
                remedy = f"Score it with one first: workbench score {run.uid[:13]} --checks FILE."
                raise BadInput("No check of this run asks a judge.", remedy=remedy)
            terminal.note(f"Nothing is left to judge in run {run.number} of {run.comparison}.")
            interrupted = False
        else:
            if options.judge_model:
                ws.judges.model_named(options.judge_model, ws.runs.plan(run.id).models)  # before anything is changed
            judging = {"only_passing": options.only_passing, "again": options.again, "judge": options.judge_model or ""}
            interrupted = watch(ws, run.id, options, terminal, judging=judging)
        if terminal.json:
            terminal.document(ws.exports.report(run.id))
        else:
            terminal.say(ws.exports.table_text(run.id))
        if interrupted:
            terminal.note(f"Go on with: workbench judge {run.uid}")
            return 130
        code = verdict(ws, run.id, options.fail_under, terminal)
        return code if options.only_passing else max(code, unjudged(ws, run.id, terminal))
