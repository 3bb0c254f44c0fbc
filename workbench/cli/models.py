"""`models` and `connections`: what can be asked, and where."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import everywhere
from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal, columns

if TYPE_CHECKING:
    from workbench.workspace import ConnectionRow, Retirement, TestReport, Workspace


def models_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench models`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="list them (the default)")
    add = actions.add_parser("add", help="add a model of a connection, or a .gguf file as a built-in model")
    add.add_argument("name", metavar="NAME", help="the name that the API takes, or a .gguf file")
    add.add_argument("--connection", metavar="C", help="name of the connection; not for a .gguf file")
    add.add_argument("--title", default="", metavar="TEXT", help="how it is shown")
    fetched = actions.add_parser("fetch", help="fetch the weights of the built-in model, or of the embedding model")
    fetched.add_argument("what", nargs="?", choices=("builtin", "embedding"), default="builtin", help="builtin unless you say embedding")
    remove = actions.add_parser("remove", help="remove a model from the list")
    remove.add_argument("name", metavar="MODEL")
    for action in actions.choices.values():
        everywhere(action)


def connections_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench connections`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="list them (the default)")
    add = actions.add_parser("add", help="add one; its key is asked for, or read from stdin")
    add.add_argument("name", metavar="NAME", help="how it is shown")
    add.add_argument("--vendor", default="other", metavar="V", help="a known provider such as openai, ollama, openrouter")
    add.add_argument("--base-url", default="", metavar="URL", help="such as http://127.0.0.1:9000/v1; known for most vendors")
    add.add_argument(
        "--api",
        default="openai-chat",
        metavar="WIRE_FORMAT",
        help="for other vendors, such as openai-chat (the usual one), anthropic, gemini, ollama",
    )
    add.add_argument("--model", action="append", default=[], metavar="M", help="add this model too; may be given several times")
    add.add_argument("--no-key", action="store_true", help="this server needs no key")
    test = actions.add_parser("test", help="ask the server whether it answers")
    test.add_argument("name", metavar="NAME")
    remove = actions.add_parser("remove", help="remove one and forget its key")
    remove.add_argument("name", metavar="NAME")
    for action in actions.choices.values():
        everywhere(action)


def models_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench models`."""
    with workspace(options, terminal) as ws:
        if options.action == "add":
            return _add_model(ws, options, terminal)
        if options.action == "fetch":
            from workbench.cli.demo import fetch

            fetch(ws, terminal, options.what)
            terminal.answer(
                {"schema": 1, "fetched": True}, f"The {'built-in' if options.what == 'builtin' else 'embedding'} model is here."
            )
            return 0
        if options.action == "remove":
            model = ws.connections.find_model(options.name)
            ws.connections.remove_model(model.id)
            terminal.answer({"schema": 1, "removed": model.title}, f"Removed {model.title}.")
            return 0
        items, text = listing(ws)
        terminal.answer(
            {"schema": 1, "models": items}, text or "No models yet. Add one with workbench connections add, or try workbench demo."
        )
    return 0


def _add_model(ws: Workspace, options: argparse.Namespace, terminal: Terminal) -> int:
    from workbench.values import BadInput

    if options.name.lower().endswith(".gguf"):
        title = ws.builtin.add_file(Path(options.name)).title
    elif not options.connection:
        raise BadInput("A model needs its connection.", remedy="Name it with --connection; workbench connections lists them.")
    else:
        id = ws.connections.add_model(ws.connections.find(options.connection).id, options.name, options.title)
        title = ws.connections.model(id).title
    terminal.answer({"schema": 1, "added": title}, f"Added {title}.")
    return 0


def listing(ws: Workspace) -> tuple[list[dict[str, Any]], str]:
    """(JSON rows, table) of the models of the workspace."""
    rows = ws.connections.models()
    today = datetime.now(UTC).date()
    touched = {each.model.uid: each for each in ws.comparisons.retiring(today)}
    items = [
        {
            "id": row.uid,
            "title": row.title,
            "name": row.name,
            "connection": row.connection,
            "vendor": row.vendor,
            "place": row.place,
            "parameters": dict(row.parameters),
            "price": row.price.to_json(),
            "facts": dict(row.facts),
            "used_by": _touched(touched.get(row.uid)),
            "embeds": row.embeds,
            "ready": row.ready,
            "why_not": row.why_not or None,
        }
        for row in rows
    ]
    table = [(row.title, row.name, row.connection, row.place, "ready" if row.ready else row.why_not) for row in rows]
    text = columns(("MODEL", "NAME", "CONNECTION", "PLACE", "STATE"), table)
    return items, "\n".join([text, *(_warning(each) for each in touched.values())])


def _touched(retirement: Retirement | None) -> dict[str, Any] | None:
    """What stops with a model that stops within 90 days; null for all others."""
    if retirement is None:
        return None
    return {
        "days_left": retirement.days_left,
        "comparisons": [row.name for row in retirement.comparisons],
        "prompts": [name for _, name in retirement.prompts],
    }


def _warning(retirement: Retirement) -> str:
    when = "stopped" if retirement.days_left < 0 else "stops"
    used = ", ".join(row.name for row in retirement.comparisons)
    return f"{retirement.model.title} {when} on {retirement.day.isoformat()}." + (f" It is used by {used}." if used else "")


def connections_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench connections`."""
    with workspace(options, terminal) as ws:
        if options.action == "add":
            return _add_connection(ws, options, terminal)
        if options.action == "test":
            return _test(ws, options.name, terminal)
        if options.action == "remove":
            connection = ws.connections.find(options.name)
            ws.connections.remove(connection.id)
            terminal.answer({"schema": 1, "removed": connection.name}, f"Removed {connection.name} and forgot its key.")
            return 0
        rows = ws.connections.list()
        table = [(row.name, row.vendor, row.base_url, row.models, _key(row)) for row in rows]
        text = columns(("CONNECTION", "VENDOR", "ADDRESS", "MODELS", "KEY"), table, right=(3,))
        terminal.answer({"schema": 1, "connections": [_document(row) for row in rows]}, text or "No connections yet.")
    return 0


def _key(row: ConnectionRow) -> str:
    places = {"keyring": "system keychain", "none": "not needed"}
    place = places.get(row.key_place, row.key_place)
    return f"{row.key_hint}, {place}" if row.key_hint else place


def _document(row: ConnectionRow) -> dict[str, Any]:
    return {
        "id": row.uid,
        "name": row.name,
        "vendor": row.vendor,
        "api": row.wire_format,
        "base_url": row.base_url,
        "place": row.place,
        "models": row.models,
        "key": {"place": row.key_place, "hint": row.key_hint or None},
    }


def _add_connection(ws: Workspace, options: argparse.Namespace, terminal: Terminal) -> int:
    from workbench.values import BadInput

    known = next((vendor for vendor in ws.connections.vendors() if vendor.id == options.vendor), None)
    if known and not known.base_url and known.place not in ("builtin", "hand") and not options.base_url:
        raise BadInput("The address of this server is missing.", remedy="Give it as --base-url, such as http://127.0.0.1:9000/v1.")
    key = None if options.no_key or (known and known.place == "hand") else _read_key(options.name, terminal)
    id = ws.connections.add(options.name, options.vendor, options.base_url, options.api, None, key)
    for model in options.model:
        ws.connections.add_model(id, model)
    row = ws.connections.get(id)
    if row.key_place == "session":
        terminal.note(
            f"{ws.keys.place()}, and this session is over now. Put the key into the environment instead: {_environment(ws, row)}."
        )
    terminal.answer({"schema": 1, "added": _document(row)}, f"Added {row.name}. Key: {_key(row)}.")
    return 0


def _environment(ws: Workspace, row: ConnectionRow) -> str:
    return next((vendor.key_env for vendor in ws.connections.vendors() if vendor.id == row.vendor and vendor.key_env), "WORKBENCH_API_KEY")


def _read_key(name: str, terminal: Terminal) -> str | None:
    """The key from a prompt that does not show it, or the first line of stdin. Never from an argument: arguments are seen by all."""
    if sys.stdin is None:
        return None
    if sys.stdin.isatty():
        from getpass import getpass  # only where somebody types

        return getpass(f"Key for {name} (empty for none): ").strip() or None
    return sys.stdin.readline().strip() or None


def _test(ws: Workspace, name: str, terminal: Terminal) -> int:
    connection = ws.connections.find(name)
    report = tested(ws, connection.id)
    document = {
        "schema": 1,
        "connection": connection.name,
        "ok": report.ok,
        "sentence": report.sentence,
        "provider_words": report.provider_words or None,
        "models": list(report.models),
        "seconds": report.seconds,
    }
    terminal.answer(document, "\n".join([report.sentence, *(f"  {model}" for model in report.models)]))
    return 0 if report.ok else 1


def tested(ws: Workspace, connection_id: int) -> TestReport:
    """What a connection's server answered."""
    import asyncio  # 60 ms, and not for --help

    async def asked() -> TestReport:
        try:
            return await ws.test_connection(connection_id)
        finally:
            await ws.builtin.close()

    return asyncio.run(asked())
