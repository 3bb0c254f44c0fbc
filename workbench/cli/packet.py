"""`packet`: a run's answers as one blind HTML file for a colleague without the app."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.opened import workspace
from workbench.cli.run import newest
from workbench.cli.terminal import Terminal
from workbench.values import BadInput

if TYPE_CHECKING:
    from workbench.workspace import Workspace

USUAL = 40


def packet_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench packet`."""
    parser.add_argument("what", metavar="RUN", help="id of a run, or the name of a comparison for its newest run")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="the file to write")
    parser.add_argument("--for", dest="made_for", default="", metavar="NAME", help="who rates; without it the page asks for the name")
    parser.add_argument("--by", type=_day, metavar="YYYY-MM-DD", help="until when")
    count = parser.add_mutually_exclusive_group()
    count.add_argument("--pairs", type=_count, metavar="N", help=f"pairs of answers, at most so many ({USUAL} without it)")
    count.add_argument("--single", type=_count, metavar="N", help="single answers, at most so many")
    parser.add_argument("--columns", type=_columns, default=(), metavar="1,2,...", help="columns of the run; else all")
    rated = "a criterion to rate by, by name, or none; repeatable; else all that the comparison has"
    parser.add_argument("--criterion", action="append", metavar="NAME", help=rated)
    parser.add_argument("--title", default="", metavar="TEXT", help="what stands above; else the prompt's name")
    parser.add_argument("--seed", type=int, metavar="N", help="draws the same items in the same order again")


def packet_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench packet`."""
    from workbench.workspace import in_a_folder

    if options.out.is_dir():
        raise BadInput("This is a folder, and a packet is one file.", path=str(options.out), remedy="Name a file in it.")
    in_a_folder(options.out)
    with workspace(options, terminal) as ws:
        from workbench.workspace import PacketWish

        run = newest(ws, options.what)
        single = options.single is not None
        wish = PacketWish(
            kind="single" if single else "pair",
            most=options.single if single else options.pairs or USUAL,
            columns=tuple(number - 1 for number in options.columns),
            criteria=_criteria(ws, run.id, options.criterion),
            made_for=options.made_for,
            due=options.by,
            title=options.title,
        )
        made = ws.packets.make(run.id, wish, options.out, seed=options.seed)
        look = made.look
        items = f"{look.items} {'answer' if single else 'pair'}{'' if look.items == 1 else 's'}"
        said = f"{items}, about {max(1, round(look.minutes))} min, {look.bytes / 1000:,.0f} kB: {made.path}"
        document = {
            "packet": made.uid,
            "run": run.uid,
            "path": str(made.path),
            "kind": wish.kind,
            "items": look.items,
            "possible": look.possible,
        }
        terminal.answer({"schema": 1, **document, "same": look.same, "bytes": look.bytes, "naming_a_model": look.named}, said)
        if look.named and not terminal.json:
            terminal.note(
                f"{look.named} of the answers name a model themselves. Their text is left as it is: read them before you send it."
            )
        return 0


def _criteria(ws: Workspace, run_id: int, names: list[str] | None) -> tuple[int, ...] | None:
    if names is None:
        return None
    known = {row.criterion.name.casefold(): row.id for row in ws.criteria.of_run(run_id)}
    if [name.casefold() for name in names] == ["none"] and "none" not in known:
        return ()
    for name in names:
        if name.casefold() not in known:
            there = ", ".join(row.criterion.name for row in ws.criteria.of_run(run_id)) or "none"
            raise BadInput(f"The comparison has no criterion {name}.", remedy=f"It has: {there}.")
    return tuple(known[name.casefold()] for name in names)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-11-27") from None


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _columns(text: str) -> tuple[int, ...]:
    return tuple(_count(part.strip()) for part in text.split(","))
