"""The workspace that a verb works on, open for as long as the verb runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workbench.cli.connection_keys import ask_passphrase
from workbench.cli.terminal import Terminal

if TYPE_CHECKING:
    from workbench.values import ModelSpec
    from workbench.workspace import Workspace


@contextmanager
def workspace(options: argparse.Namespace, terminal: Terminal) -> Iterator[Workspace]:
    """The workspace that the options name, closed at the end. What it has to say goes to stderr."""
    from workbench.workspace import Workspace  # 0.1 s, and not every verb needs it

    opened = Workspace.open(options.workspace)
    try:
        if opened.notice:
            terminal.note(opened.notice)
        if sys.stdin is not None and sys.stdin.isatty():
            opened.keys.ask_passphrase = ask_passphrase
        yield opened
    finally:
        opened.close()


def model_of(ws: Workspace, name: str) -> ModelSpec:
    """The model of this title or name; `builtin` is the one that the app brings along. Raises NotFound."""
    if name.casefold() in ("builtin", "built-in"):
        connection_id = ws.builtin.ensure_connection()
        first = next((model for model in ws.connections.models() if model.connection_id == connection_id), None)
        if first is not None:
            return ws.connections.spec(first.id)
    return ws.connections.spec(ws.connections.find_model(name).id)
