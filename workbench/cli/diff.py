"""`diff`: what got worse, better and stayed the same between two runs."""

from __future__ import annotations

import argparse

from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal

_RUN = "id of a run, as `workbench list runs` shows it, 'Name #3', or the name of a comparison for its newest run"


def diff_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench diff`."""
    parser.add_argument("run", metavar="RUN", help=_RUN)
    parser.add_argument("baseline", metavar="BASELINE", nargs="?", help="the run to compare with; unless given, the one marked as baseline")
    parser.add_argument("--allow-worse", type=_count, default=0, metavar="N", help="end with 0 as long as no more cases than N are worse")


def diff_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench diff`: 1 where more cases got worse than are allowed, 2 where no case could be compared at all."""
    from workbench.cli.run import newest  # not for --help
    from workbench.values.problems import BadInput
    from workbench.workspace import regressions

    with workspace(options, terminal) as ws:
        pair = ws.regressions.compare(newest(ws, options.run).id, options.baseline)
    if terminal.json:
        for words in regressions.unfinished(pair):
            terminal.note(words)
        terminal.document(regressions.document(pair))
    else:
        terminal.say(regressions.text(pair))
    if not pair.regression.compared:  # a pipeline must not take it for "nothing got worse"
        raise BadInput(f"Nothing could be compared. {regressions.why_nothing(pair)}", remedy="Name another baseline.")
    return 1 if pair.regression.count("worse") > options.allow_worse else 0


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of cases")
    return int(text)
