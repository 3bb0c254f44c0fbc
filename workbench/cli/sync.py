"""`sync`: the workspace and a library folder kept in step."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal, by_reason

if TYPE_CHECKING:
    from workbench.workspace import StepReport


def sync_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench sync`."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="the library folder; without it the one that was chosen")
    parser.add_argument(
        "--settle",
        choices=("mine", "theirs", "both"),
        help="where both sides changed: keep the workspace's text, take the folder's, or keep both as two; without it they are listed",
    )
    parser.add_argument(
        "--deleted",
        choices=("archive", "write"),
        help="where very many files are gone: put their prompts into the archive, or write them again; without it nothing is done",
    )


def sync_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench sync`: 1 where something is left to be chosen or mended."""

    def tell(done: float, total: float) -> None:
        terminal.progress(f"Bringing in step: {100 * done / total:.0f}%" if total else "Looking at the folder")

    with workspace(options, terminal) as ws:
        if options.folder is not None and ws.folder.chosen() is None:
            ws.folder.choose(options.folder)  # the first one that is named is remembered
        report = ws.folder.sync(options.folder, settle=options.settle, deletions=options.deleted or "ask", progress=tell)
        terminal.end_progress()
        terminal.answer(report.to_json(), _summary(report))
        for conflict in report.conflicts:
            terminal.complain(f"{conflict.path}: {conflict.sentence} Choose in the window, or with --settle.")
        for places, reason in by_reason((f"{one.path}{f', line {one.line}' if one.line else ''}", one.reason) for one in report.aside):
            terminal.complain(f"{places}: {reason}")
        for note in report.unwritten:
            terminal.complain(f"{note.path}: {note.what}: {note.why}")
        if report.missing:
            what = "All files are gone from this folder" if report.is_empty else f"{len(report.missing)} files are gone from this folder"
            terminal.complain(f"{what}. Nothing was put into the archive. Say --deleted archive or --deleted write.")
        if report.is_busy:
            terminal.complain("Git is at work in this folder, so nothing was done. Try again when it is done.")
        for path in report.waiting:
            terminal.note(f"{path}: not downloaded yet, so it was left alone.")
        for places, left in () if terminal.json else by_reason((one.path, f"{one.what} ({one.why})") for one in report.not_carried):
            terminal.note(f"Not carried over from {places}: {left}")
        return 0 if report.is_in_step else 1


def _summary(report: StepReport) -> str:
    lines = [f"in   {item.path}: {item.name}, {item.changes}" for item in report.brought]
    lines += [f"out  {path}" for path in report.written]
    lines += [f"gone {path}" for path in report.removed]
    lines += [f"gone {item.path}: {item.name} is in the archive now" for item in report.archived]
    return "\n".join([*lines, "In step." if report.is_in_step else "Not in step yet."])
