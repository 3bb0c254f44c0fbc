"""`export --what training`: chats and preference pairs from what people said of answers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal
from workbench.values import BadInput

if TYPE_CHECKING:
    from workbench.workspace import TestCases, TrainingWish, Workspace

_OWN = {"run": None, "threshold": 4.0, "margin": 1.0, "rater": None, "every": False, "across_prompts": False, "test": None, "leaks": "drop"}
"""The options of training data, with what they are where they are not given."""


def training_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench export` that are for training data alone."""
    group = parser.add_argument_group("training data (--what training)")
    group.add_argument("--run", action="append", metavar="RUN", help="whose answers; may be given several times")
    group.add_argument(
        "--threshold", type=float, default=4.0, metavar="STARS",
        help="from how many stars on an answer is good enough (4); a pass is 5, a fail is 1, votes count by the share that was won",
    )  # fmt: skip
    group.add_argument(
        "--margin", type=float, default=1.0, metavar="STARS", help="by how many stars the chosen answer of a pair is better (1)"
    )
    group.add_argument("--rater", action="append", metavar="NAME", help="count only what this person said; may be given several times")
    group.add_argument(
        "--every", action="store_true", help="every answer that is good enough and every pair, not only the best of each input"
    )
    group.add_argument("--across-prompts", action="store_true", help="pairs of answers to different prompts too")
    group.add_argument(
        "--test", action="append", metavar="DATASET[#TAG]",
        help="cases that the trained model is tested on: examples that repeat one, word for word or nearly, are left out; repeatable",
    )  # fmt: skip
    group.add_argument("--leaks", choices=("drop", "refuse"), default="drop", help="leave such examples out, or write nothing")


def refuse_training(options: argparse.Namespace) -> None:
    """Raise BadInput where an option of training data is given for something else."""
    given = [name for name, usual in _OWN.items() if getattr(options, name) != usual]
    if given:
        raise BadInput(f"--{given[0].replace('_', '-')} is for training data.", remedy="Add --what training.")


def training_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench export DEST --what training`."""
    if options.format is None:
        raise BadInput("The format of the training data is not said.", remedy="Add --format chat, --format pairs or --format pairs-trl.")
    if not options.run:
        raise BadInput("No run is named.", remedy="Add --run and the id of a run, as workbench list runs shows it.")
    if options.version is not None or options.model or options.replace:
        raise BadInput("--version, --model and --replace are for prompts that go to another tool.", remedy="Leave them out.")
    with workspace(options, terminal) as ws:
        run_ids = list(dict.fromkeys(ws.runs.get(run).id for run in options.run))

        def progress(done: float, total: float) -> None:
            terminal.progress(f"Exporting: {100 * done / total:.0f}%" if total else "Exporting")

        report = ws.exports.write_training(run_ids, options.dest, _wish(ws, options, run_ids), progress)
        terminal.end_progress()
        first, *others = report.lines()
        document: dict[str, Any] = {"schema": 1, "files": [str(options.dest)], **report.to_json()}
        terminal.answer(document, first)
        for line in () if terminal.json else others:
            terminal.note(line)
    return 0


def _wish(ws: Workspace, options: argparse.Namespace, run_ids: list[int]) -> TrainingWish:
    from workbench.workspace import TrainingWish

    known = ws.exports.training_raters(run_ids)
    for name in options.rater or ():
        if name not in known:
            listed = f"Here rated {', '.join(known)}." if known else "Nobody has rated an answer of it yet."
            raise BadInput(f"{name} has said nothing of these answers.", remedy=listed)
    return TrainingWish(
        options.format, options.threshold, options.margin, tuple(options.rater or ()), options.every, options.across_prompts,
        tuple(_test_cases(ws, text) for text in options.test or ()), options.leaks == "refuse",
    )  # fmt: skip


def _test_cases(ws: Workspace, text: str) -> TestCases:
    """The cases that `DATASET` or `DATASET#TAG` names; a dataset whose own name has a `#` is found by it first."""
    from workbench.values import NotFound
    from workbench.workspace import TestCases

    try:
        return TestCases(ws.datasets.find(text).id)
    except NotFound:
        name, sign, tag = text.rpartition("#")
        if not sign:
            raise
    dataset = ws.datasets.find(name)
    if tag not in dataset.tags:
        raise BadInput(f"No case of {dataset.name} has the tag {tag}.", remedy=f"Its tags are {', '.join(dataset.tags) or 'none'}.")
    return TestCases(dataset.id, tag)
