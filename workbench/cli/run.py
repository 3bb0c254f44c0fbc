"""`run`, `resume` and `rerun`: start a run or go on with one, watch it, and answer with its report.

The first call waits for what is imported before it, so that a run imports what makes it and no more: what only some comparisons,
checks, reports or ends of a run need is imported where it is used. `tests/test_cli_run.py` holds this.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal

if TYPE_CHECKING:
    from decimal import Decimal

    from workbench.values import Check, Problem
    from workbench.workspace import Estimate, RunRow, Workspace


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench run`."""
    parser.add_argument("what", metavar="WHAT", help="name or id of a saved comparison, or a file")
    parser.add_argument("--model", action="append", metavar="M", help="run on this model instead; may be given several times")
    judge_model(parser)
    parser.add_argument("--dataset", metavar="FILE", help="run on the cases in this CSV, TSV, XLSX, JSON or JSONL file")
    parser.add_argument("--sheet", metavar="NAME", help="which sheet of the workbook; else the first with rows")
    parser.add_argument("--repeats", type=_count, metavar="N", help="ask each case this often")
    parser.add_argument("--max-cost", type=_money, metavar="USD", help="stop when this much is spent")
    parser.add_argument("--no-reuse", action="store_true", help="ask again even where the same call was answered before")
    parser.add_argument("--missing", action="store_true", help="ask only what was never answered: new cases, models, versions, repeats")
    parser.add_argument("--batch", action="store_true", help="submit the calls as a batch: half price, answered within a day")
    parser.add_argument("--batch-files", type=Path, metavar="FOLDER", help="write the calls into batch files instead of making them")
    _shared(parser)


def resume_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench resume`."""
    parser.add_argument("what", metavar="RUN", help="id of a run, or the name of a comparison for its newest run")
    parser.add_argument("--max-cost", type=_money, metavar="USD", help="stop when this much is spent, in place of the cap that the run has")
    _shared(parser)


def rerun_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench rerun`."""
    parser.add_argument("what", metavar="RUN", help="id of a run, or the name of a comparison for its newest run")
    parser.add_argument(
        "--only",
        choices=("all", "failed", "errors"),
        default="all",
        help="all jobs, those that failed a check or the call, or failed calls",
    )
    parser.add_argument("--max-cost", type=_money, metavar="USD", help="stop when this much is spent, in place of the cap that RUN has")
    _shared(parser)


def _shared(parser: argparse.ArgumentParser) -> None:
    shared_call_options(parser)
    out = "write the outputs to a .csv, .jsonl, .json or .xlsx file, a summary to .md or a report to .html"
    parser.add_argument("--out", type=Path, metavar="FILE", help=out)
    allow_python(parser)


def shared_call_options(parser: argparse.ArgumentParser) -> None:
    """The arguments of all verbs that make calls."""
    parser.add_argument("--concurrency", type=_count, metavar="N", help="calls in flight for one connection")
    parser.add_argument("--fail-under", type=rate, metavar="RATE", help="exit 1 when fewer than this share of outputs pass, such as 0.9")
    parser.add_argument("--base-url-override", type=_address, metavar="URL", help="send every network connection to one address")


def judge_model(parser: argparse.ArgumentParser) -> None:
    """The option that says who judges."""
    parser.add_argument("--judge-model", metavar="M", help="let this model judge, whichever the checks and the settings name")


def allow_python(parser: argparse.ArgumentParser) -> None:
    """The option by which Python code of checks may run."""
    parser.add_argument(
        "--allow-python", action="store_true", help="run the Python code of checks this time, also where nobody allowed it yet"
    )


def tell_lacking(ws: Workspace, checks: Sequence[Check], terminal: Terminal) -> None:
    """Say which Python code does not run, since nobody here has allowed it."""
    for program in ws.runs.code.lacking(checks):
        where = program.place or "a check"
        terminal.note(f"The Python code of {where} is not run: nobody has allowed it here. Read it, then add --allow-python.")


def run_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench run`."""
    _check_out(options.out)
    _check_folder(options.batch_files)
    with workspace(options, terminal) as ws:
        run_id = _prepared(ws, options, terminal)
        if options.batch or options.batch_files:
            from workbench.cli.batch import hand_over  # few runs are handed over

            return hand_over(ws, run_id, options, terminal, options.batch_files)
        return finish(ws, run_id, options, terminal)


def _prepared(ws: Workspace, options: argparse.Namespace, terminal: Terminal) -> int:
    """The id of the new run. What was read for it is let go: the run has its own copy, and cases may be many."""
    from workbench.cli.sources import source_of  # with the workspace, not with the arguments

    source = source_of(ws, options, terminal)
    problems = ws.runs.problems(source.spec)
    for problem in problems:
        if not problem.fatal:  # those are refused
            terminal.note(problem.message)
    if not any(problem.fatal for problem in problems) and not options.batch_files:  # files need no key
        refuse = ws.batches.refuse_unsubmittable if options.batch else ws.runs.refuse_unaskable
        refuse(source.spec.models, options.base_url_override)
        if options.batch:
            ws.batches.refuse_too_dear(source.spec)
    if not (options.batch or options.batch_files):  # handing over tells its own estimate
        found = ws.runs.estimate(source.spec)
        _tell_estimate(found, terminal)
        for words in ws.runs.over_cap(source.spec, found):
            terminal.note(words)
    return ws.runs.prepare(source.spec, source.comparison_id)


def _tell_estimate(found: Estimate, terminal: Terminal) -> None:
    """About what the run will take, before anything is paid for; silent where nothing can cost anything."""
    if found.unknown_prices:
        models = ", ".join(found.unknown_prices)
        terminal.note(f"No price is known for {models}: what it costs is not counted, and no cap holds it. Say the price in Models.")
    if found.high_usd:
        reused = f", {found.reused:,} of them reused" if found.reused else ""
        judges = f" and {found.judge_calls:,} of judges" if found.judge_calls else ""
        calls = f"{found.calls:,} call{'' if found.calls == 1 else 's'}"
        terminal.note(
            f"{calls}{reused}{judges}, about ${found.low_usd:.4f} to ${found.high_usd:.4f}, {found.basis.removeprefix('About, ')}"
        )


def resume_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench resume`."""
    _check_out(options.out)
    with workspace(options, terminal) as ws:
        run = newest(ws, options.what)
        if options.max_cost:
            ws.runs.raise_budget(run.id, _dollars(options.max_cost))
            run = ws.runs.get(run.id)
        if not run.queued and not ws.runs.to_judge(run.id) and not run.skipped:
            left = " but what is given by hand" if run.by_hand else ""
            terminal.note(f"Nothing is left to do in run {run.number} of {run.comparison}{left}.")
        return finish(ws, run.id, options, terminal, resumed=True)


def rerun_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench rerun`."""
    _check_out(options.out)
    with workspace(options, terminal) as ws:
        before = newest(ws, options.what).id
        ws.runs.refuse_unaskable([column.model for column in ws.runs.plan(before).columns], options.base_url_override)
        run_id = ws.runs.rerun(before, options.only, _dollars(options.max_cost))
        return finish(ws, run_id, options, terminal)


def newest(ws: Workspace, what: str) -> RunRow:
    """The run of this id, or the newest run of the comparison of this name, saved or read from a file."""
    from workbench.values import NotFound

    try:
        return ws.runs.get(what)
    except NotFound as unknown:
        try:
            comparison = ws.comparisons.find(what)
        except NotFound:
            of_a_file = next((row for row in ws.runs.list() if row.comparison == what.strip()), None)  # nothing is saved of its name
            if of_a_file is None:
                raise unknown from None
            return of_a_file
        if comparison.last_run_id is None:
            raise NotFound(f"{comparison.name} has not been run yet.", remedy=f'Start it with workbench run "{comparison.name}".') from None
        return ws.runs.get(comparison.last_run_id)


def finish(ws: Workspace, run_id: int, options: argparse.Namespace, terminal: Terminal, *, resumed: bool = False) -> int:
    """Make every job of a run that is not made yet, print the report, and answer with the exit code."""
    from workbench.cli.watch import watch  # asyncio, 60 ms
    from workbench.values import ReadOnly, StoreTrouble

    uid = ws.runs.get(run_id).uid  # read now: later it may not be possible
    ws.runs.code.allow_all = bool(getattr(options, "allow_python", False))
    tell_lacking(ws, ws.runs.all_checks(run_id), terminal)
    try:
        interrupted = (not resumed or ws.runs.get(run_id).queued or ws.runs.to_judge(run_id)) and watch(ws, run_id, options, terminal)
    except (StoreTrouble, ReadOnly):
        terminal.note(f"Go on with: workbench resume {uid}")
        raise
    unwritten = _write_out(ws, run_id, getattr(options, "out", None), terminal)
    if terminal.json:
        terminal.document(ws.exports.report(run_id))
    else:
        terminal.say(ws.exports.table_text(run_id))
    if interrupted:
        terminal.note(f"Go on with: workbench resume {uid}")
        return 130
    if unwritten is not None:
        terminal.note(f"The run is kept. Write it with: workbench export FILE --what run {uid}")
        raise unwritten
    _tell_waiting(ws.runs.get(run_id), terminal)
    return max(verdict(ws, run_id, getattr(options, "fail_under", None), terminal), unjudged(ws, run_id, terminal))


def _write_out(ws: Workspace, run_id: int, out: Path | None, terminal: Terminal) -> Problem | None:
    """Write the outputs to the file that was asked for. Why it could not be is for later: the report is printed first."""
    from workbench.values import Problem

    if out is None:
        return None
    try:
        ws.exports.write(run_id, out)
    except Problem as problem:
        return problem
    what = {".md": "The summary is", ".html": "The report is"}.get(out.suffix.lower(), "Outputs are")
    terminal.note(f"{what} in {out}.")
    return None


def unjudged(ws: Workspace, run_id: int, terminal: Terminal) -> int:
    """1 where verdicts of judges are still lacking, else 0; why goes to stderr."""
    count, why, lost = ws.runs.to_judge(run_id), ws.runs.why_unjudged(run_id), ws.runs.unread(run_id)
    if lost:
        said = "1 verdict of a judge" if lost == 1 else f"{lost:,} verdicts of judges"
        terminal.complain(f"{said} could not be read, so {'its answer is' if lost == 1 else 'their answers are'} not judged.")
        terminal.note(f"Ask again with: workbench judge {ws.runs.get(run_id).uid}")
    if not count:
        return 1 if lost else 0
    terminal.complain(f"{count:,} verdict{'' if count == 1 else 's'} of judges {'is' if count == 1 else 'are'} lacking. {why}")
    terminal.note(f"Judge them with: workbench judge {ws.runs.get(run_id).uid}")
    return 1


def _tell_waiting(run: RunRow, terminal: Terminal) -> None:
    """Answers that a person gives or a batch has are no failure: the calls are made, and the exit code speaks of them."""
    if run.by_hand:
        answers = "1 answer is" if run.by_hand == 1 else f"{run.by_hand:,} answers are"
        terminal.note(f"{answers} to be given by hand: in the window, under Compare.")
    if run.in_batch:
        terminal.note(f"{run.in_batch:,} in a batch: see workbench batch status {run.uid}")


def verdict(ws: Workspace, run_id: int, fail_under: float | None, terminal: Terminal) -> int:
    """0, or 1 where jobs failed or were left out, or too few outputs passed; the reason goes to stderr."""
    run = ws.runs.get(run_id)
    if run.failed or run.skipped or run.queued:
        left_out, unmade = ("was" if count == 1 else "were" for count in (run.skipped, run.queued))
        parts = ((run.failed, "failed"), (run.skipped, f"{left_out} left out by the cap"), (run.queued, f"{unmade} not made"))
        calls = run.jobs - run.by_hand - run.in_batch
        said = ", ".join(f"{count} {what}" for count, what in parts if count)
        terminal.complain(f"Of {calls} call{'' if calls == 1 else 's'}, {said}.")
        columns = ws.runs.columns(run_id)
        for words in dict.fromkeys(f"{columns[column].model}: {_held_words(failure)}" for column, failure in run.held.items()):
            terminal.note(words)
        if run.skipped:
            terminal.note(f"Ask them under a higher cap with: workbench resume {run.uid} --max-cost USD")
        if run.held and run.queued:
            terminal.note(f"They wait until this is mended. Go on with: workbench resume {run.uid}")
        return 1
    return 1 if too_few(ws, run_id, fail_under, terminal) else 0


def _held_words(failure: Mapping[str, Any]) -> str:
    """Why a model's calls wait; where a provider said so, what that means, beside its own words."""
    if not failure.get("status"):
        return str(failure.get("message"))
    from workbench.workspace import failure_words  # only failures need it

    return failure_words(failure)


def too_few(ws: Workspace, run_id: int, fail_under: float | None, terminal: Terminal) -> bool:
    """True where fewer outputs passed than are asked for; the reason goes to stderr."""
    if fail_under is None:
        return False
    columns = ws.runs.columns(run_id)
    checked, passed = sum(column.checked for column in columns), sum(column.passed for column in columns)
    if checked and passed / checked >= fail_under:
        return False
    words = f"{passed} of {checked} outputs passed" if checked else "No output has a check"
    terminal.complain(f"{words}, and --fail-under asks for {fail_under:.0%}.")
    return True


def _check_out(path: Path | None) -> None:
    """Raise before anything is paid for where the outputs could not be written."""
    if path is None:
        return
    from workbench.values import BadInput
    from workbench.workspace import format_of, in_a_folder

    format_of(in_a_folder(path))
    if path.is_dir():
        raise BadInput("This is a folder, and the outputs are one file.", path=str(path), remedy="Name a file in it.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise BadInput("This file cannot be written.", path=str(path), remedy="Choose another place.")


def _check_folder(path: Path | None) -> None:
    """Raise before a run is made where its batch files could not be written."""
    if path is not None and not path.is_dir():
        from workbench.values import BadInput

        raise BadInput(f"{path} is no folder.", remedy="Name one that is there. No run was made.")


def _address(text: str) -> str:
    from workbench.values import BadInput
    from workbench.workspace import clean_address

    try:
        return clean_address(text)
    except BadInput as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def rate(text: str) -> float:
    """The share that an argument names."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return share


def _dollars(text: str | None) -> Decimal | None:
    from decimal import Decimal

    return None if text is None else Decimal(text)


def _money(text: str) -> str:
    from decimal import Decimal, InvalidOperation

    try:
        if Decimal(text).is_finite() and Decimal(text) > 0:
            return text
    except InvalidOperation:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not an amount in US dollars")
