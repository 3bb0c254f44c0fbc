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
    from workbench.values import Hindered, ReadOnly, StoreTrouble
    from workbench.workspace import Workspace  # 0.1 s, and not every verb needs it

    try:
        opened = Workspace.open(options.workspace)
    except StoreTrouble as trouble:  # no work has begun: what was named is none, or the place where workspaces lie lacks something
        trouble.exit_code = 2 if options.workspace and not isinstance(trouble, Hindered) else 3
        raise
    notice = opened.notice
    try:
        if sys.stdin is not None and sys.stdin.isatty():
            opened.keys.ask_passphrase = ask_passphrase
        yield opened
    except ReadOnly as refused:
        if notice in str(refused):  # it is said once
            notice = ""
        raise
    finally:
        if notice:
            terminal.note(notice)
        opened.close()


def model_of(ws: Workspace, name: str) -> ModelSpec:
    """The model of this title or name, as `name_here` reads it. Raises NotFound."""
    return ws.connections.spec(ws.connections.find_model(name_here(ws, name)).id)


def name_here(ws: Workspace, name: str) -> str:
    """The name of a model as the workspace knows it: `builtin` is the one that the app brings along."""
    if name.casefold() not in ("builtin", "built-in"):
        return name
    connection_id = ws.builtin.ensure_connection()
    return next((model.uid for model in ws.connections.models() if model.connection_id == connection_id), name)
