"""`demo`: from a bare clone to a table of answers, without a key: the starter comparison on the built-in models."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal

if TYPE_CHECKING:
    from workbench.workspace import Workspace


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench demo`."""


def demo_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench demo`."""
    from workbench.cli.run import finish
    from workbench.quick_dataclass import replace

    with workspace(options, terminal) as ws:
        if not ws.builtin.status().weights:
            fetch(ws, terminal)
        comparison_id = ws.add_starter()
        source = ws.sources.named(ws.comparisons.get(comparison_id).uid)
        built_in = [model.id for model in ws.connections.models() if model.vendor == "builtin" and model.ready]
        spec = replace(source.spec, models=tuple(ws.connections.spec(id) for id in built_in)) if built_in else source.spec
        run_id = ws.runs.prepare(spec, comparison_id)
        code = finish(ws, run_id, options, terminal)
        if not terminal.json:
            terminal.note("The built-in model is a toy for trying the app, not for judging prompts.")
            started_as = sys.argv[0] if Path(sys.argv[0]).stem == "workbench" else "python -m workbench"
            terminal.note(f"Everything is kept in {ws.path}. Open the window with: {started_as}")
        return code


def fetch(ws: Workspace, terminal: Terminal, what: str = "builtin") -> None:
    """Bring the weights of the built-in model here, or those of the embedding model, with progress. Raises Missing where they cannot be
    had."""
    title = "built-in model" if what == "builtin" else "embedding model"

    def seen(done: int, of: int) -> None:
        share = f"{done / 1e6:.0f} of {of / 1e6:.0f} MB" if of else f"{done / 1e6:.0f} MB"
        terminal.progress(f"Fetching the {title}, once: {share}", last=bool(of) and done >= of)

    import asyncio  # 60 ms, and not for --help

    asyncio.run(ws.builtin.fetch(seen) if what == "builtin" else ws.fetch_embedding_model(seen))
    terminal.end_progress()
