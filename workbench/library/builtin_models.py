"""The built-in models as rows of the workspace: one connection, one model for each file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from workbench.library.connections import Connections

NAME = "Built-in"
VENDOR = "builtin"


class ModelFile(Protocol):
    """What is needed of a model file."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def context_tokens(self) -> int: ...  # noqa: D102
    @property
    def size_bytes(self) -> int: ...  # noqa: D102


def ensure_builtin(connections: Connections, files: Iterable[ModelFile], why_not: str) -> int:
    """The id of the connection to the built-in models, made if it is not there, with a model for each file.

    `why_not`: one sentence if they cannot be used now, else empty.
    """
    row = next((row for row in connections.list() if row.vendor == VENDOR), None)
    connection_id = connections.add(NAME, VENDOR) if row is None else row.id
    known = {model.name for model in connections.models() if model.connection_id == connection_id}
    for file in files:
        if file.name not in known:
            facts = {"context_tokens": file.context_tokens, "size_bytes": file.size_bytes, "file": file.path.name}
            connections.add_model(connection_id, file.name, file.title, facts=facts)
    if (row.state.get("why_not", "") if row else "") != why_not:
        connections.set_state(connection_id, {"why_not": why_not or None})
    return connection_id
