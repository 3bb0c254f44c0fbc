"""What the connect dialog saves, on the worker thread."""

from __future__ import annotations

from typing import Any


def add(workspace: Any, name: str, vendor: Any, url: str, key: str | None, models: list[str], report: Any) -> int:
    """Everything that Connect saves, on the worker thread: the connection, its key, its models, and how its test went."""
    taken = {row.name for row in workspace.connections.list()}
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} {number}"
    id = int(workspace.connections.add(free, vendor.id, url, vendor.wire_format, key=key))
    for model in models:
        workspace.connections.add_model(id, model)
    if report is not None:
        workspace.keep_test(id, report)
    return id


def change_models(workspace: Any, id: int, ticked: list[str], gone: list[str]) -> None:
    """Add the ticked models that a connection has not yet, and remove others."""
    rows = {row.name: row for row in workspace.connections.models() if row.connection_id == id}
    for name in ticked:
        if name not in rows:
            workspace.connections.add_model(id, name)
    for name in gone:
        if name in rows:
            workspace.connections.remove_model(rows[name].id)
