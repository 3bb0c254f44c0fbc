"""From the arguments of `workbench run` to a comparison ready to be planned."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.opened import name_here
from workbench.cli.terminal import Terminal
from workbench.quick_dataclass import replace
from workbench.values import BadInput

if TYPE_CHECKING:
    from workbench.workspace import Source, Workspace

_FILES = (".yaml", ".yml", ".json")


def source_of(ws: Workspace, options: argparse.Namespace, terminal: Terminal) -> Source:
    """What to run, with what the options change. Raises a Problem where it is not there or cannot run."""
    path = Path(options.what)
    try:
        is_there = path.is_file()
    except OSError as error:
        raise BadInput(f"This file cannot be read: {error.strerror}.", path=str(path)) from error
    if is_there:
        source = ws.sources.file(path)
    elif path.suffix.lower() in _FILES or path.is_dir():
        raise BadInput("There is no such file." if not path.is_dir() else "This is a folder; name a file in it.", path=str(path))
    else:
        source = ws.sources.named(options.what, others_asked=bool(options.model))
    for left in source.not_carried:
        terminal.note(f"Not carried over: {left.what} ({left.why})")
    if options.model:
        source = ws.sources.with_models(source, [name_here(ws, name) for name in options.model])
    _tell_namesakes(ws.sources.namesakes(source), path.name, terminal)
    if options.judge_model:
        source = ws.sources.with_judge(source, options.judge_model)
    _tell_judging_namesakes(ws.sources.judging_namesakes(source), path.name, terminal)
    if options.dataset:
        source = ws.sources.with_cases(source, Path(options.dataset), options.sheet or "")
    changes: dict[str, Any] = {}
    if options.repeats is not None:
        changes["repeats"] = options.repeats
    if options.concurrency is not None:
        changes["concurrency"] = options.concurrency
    if options.max_cost is not None:
        changes["max_cost_usd"] = Decimal(options.max_cost)
    if options.no_reuse:
        changes["reuse"] = False
    elif options.missing:
        changes["reuse"] = True
    return replace(source, spec=replace(source.spec, **changes)) if changes else source


def _tell_namesakes(found: Mapping[str, str], file: str, terminal: Terminal) -> None:
    """A provider of the file goes before a connected model of its name: who has both is told which one is asked."""
    if found:
        asked = f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} asked as {file} says"
        of = "model of that name is" if len(found) == 1 else "models of those names are"
        chosen = " ".join(f'--model "{name}"' for name in found.values())
        terminal.note(f"{asked}; the connected {of} not. To ask {'it' if len(found) == 1 else 'them'} instead: {chosen}")


def _tell_judging_namesakes(found: Mapping[str, str], file: str, terminal: Terminal) -> None:
    """The same of models that judge: what they are shown goes where the file says."""
    if found:
        one = len(found) == 1
        judge = f"{', '.join(found)} {'judges' if one else 'judge'} as {file} says"
        of = "model of that name does not" if one else "models of those names do not"
        chosen = " or ".join(f'--judge-model "{name}"' for name in found.values())
        terminal.note(f"{judge}; the connected {of}. To let {'it' if one else 'one of them'} judge instead: {chosen}")
