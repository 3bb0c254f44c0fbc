"""`connections key` and `connections key-file`: where a key comes from and where it is kept. Never from an argument: all can see those."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from workbench.cli.terminal import Terminal

if TYPE_CHECKING:
    from workbench.workspace import ConnectionRow, Workspace

_PLACES = {"keyring": "system keychain", "file": "key file", "none": "not needed"}


def key_words(row: ConnectionRow) -> str:
    """Where the key of a connection is, with its last characters where they are known: `...9f2c, system keychain`."""
    place = f"{row.key_variable} in the environment" if row.key_variable else _PLACES.get(row.key_place, row.key_place)
    return f"{row.key_hint}, {place}" if row.key_hint else place


def read_key(name: str) -> str | None:
    """The key from a prompt that does not show it, or the first line of stdin."""
    return _asked(f"Key for {name} (empty for none): ")


def set_key(ws: Workspace, name: str, terminal: Terminal) -> int:
    """The exit code of `connections key NAME`."""
    from workbench.values import BadInput

    connection = ws.connections.find(name)
    key = read_key(connection.name)
    if key is None:
        raise BadInput("No key was given.", remedy="Type it, or write it to stdin.")
    ws.connections.set_key(connection.id, key)
    row = ws.connections.get(connection.id)
    warn_of_key(ws, row, terminal)
    terminal.answer({"schema": 1, "connection": row.name, "key": key_document(row)}, f"Key of {row.name}: {key_words(row)}.")
    return 0


def key_document(row: ConnectionRow) -> dict[str, Any]:
    """Where a connection's key is, as JSON."""
    return {"place": row.key_place, "hint": row.key_hint or None, "variable": row.key_variable or None}


def warn_of_key(ws: Workspace, row: ConnectionRow, terminal: Terminal) -> None:
    """Say what the user may not expect of a key that was just entered."""
    if row.key_variable:
        terminal.note(f"{row.key_variable} in the environment comes first: a key that was entered counts once it is not set any more.")
    elif row.key_place == "session":
        terminal.note(
            f"{ws.keys.place()}, and this session is over now. Put the key into the environment instead: {_environment(ws, row)}."
            " Or keep keys in a file with a passphrase: workbench connections key-file."
        )


def key_file(ws: Workspace, options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `connections key-file`: makes the file, or tells whether a passphrase opens the one that is there."""
    from workbench.values import BadInput

    file = ws.keys.file
    document: dict[str, Any] = {"schema": 1, "key_file": str(file.path)}
    if options.remove:
        was_there = file.state() != "absent"
        file.remove()
        said = f"Removed {file.path} and the keys in it." if was_there else "There is no key file here."
        terminal.answer({**document, "state": "absent"}, said)
        return 0
    if file.state() == "absent":
        if ws.keys.kind() == "keyring":
            raise BadInput("Keys go into the system keychain here, so a key file would stay empty.")
        file.make(_passphrase(twice=True))
        said = f"Made {file.path}. Keys that you enter go into it. Nobody can open it without the passphrase, so keep that one safe."
    else:
        file.open(_passphrase())
        said = f"The passphrase opens {file.path}."
    terminal.answer({**document, "state": file.state()}, said)
    return 0


def ask_passphrase() -> str:
    """The passphrase from a prompt that does not show it."""
    return _asked("Passphrase of the key file: ") or ""


def _passphrase(*, twice: bool = False) -> str:
    """From the environment, else from a prompt or the first line of stdin. Raises BadInput where two prompts differ."""
    from workbench.values import BadInput

    given = os.environ.get("WORKBENCH_PASSPHRASE") or ask_passphrase()
    if twice and "WORKBENCH_PASSPHRASE" not in os.environ and sys.stdin.isatty() and _asked("The same once more: ") != given:
        raise BadInput("The two passphrases differ.", remedy="Type the same one twice.")
    return given


def _asked(prompt: str) -> str | None:
    if sys.stdin is None:
        return None
    if sys.stdin.isatty():
        from getpass import getpass  # only where somebody types

        return getpass(prompt).strip() or None
    return sys.stdin.readline().strip() or None


def _environment(ws: Workspace, row: ConnectionRow) -> str:
    return next((vendor.key_env for vendor in ws.connections.vendors() if vendor.id == row.vendor and vendor.key_env), "WORKBENCH_API_KEY")
