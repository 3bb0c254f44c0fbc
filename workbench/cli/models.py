"""`models` and `connections`: what can be asked, and where."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import everywhere
from workbench.cli.connection_keys import key_document, key_file, key_words, read_key, set_key, warn_of_key
from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal, columns, printable

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
        metavar="WIRE_FORMAT",
        help="for other vendors, such as openai-chat (the usual one), anthropic, gemini, ollama",
    )
    add.add_argument("--model", action="append", default=[], metavar="M", help="add this model too; may be given several times")
    add.add_argument("--no-key", action="store_true", help="this server needs no key")
    test = actions.add_parser("test", help="ask the server whether it answers")
    test.add_argument("name", metavar="NAME")
    rename = actions.add_parser("rename", help="give one another name")
    rename.add_argument("name", metavar="NAME")
    rename.add_argument("new_name", metavar="NEW_NAME")
    key = actions.add_parser("key", help="enter or replace a key: asked for, or read from stdin")
    key.add_argument("name", metavar="NAME")
    file = actions.add_parser("key-file", help="keep keys in a file with a passphrase, where there is no key store")
    file.add_argument("--remove", action="store_true", help="remove the file with the keys in it")
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
    table = [
        (
            *(row.title, row.name, row.connection, _dollars(row.price.input_usd), _dollars(row.price.output_usd)),
            *(row.facts.get("context_tokens") or "?", " ".join(row.facts.get("reads") or ()) or "?"),
            *(row.place, "ready" if row.ready else row.why_not),
        )
        for row in rows
    ]
    text = columns(("MODEL", "NAME", "CONNECTION", "IN $/M", "OUT $/M", "CONTEXT", "READS", "PLACE", "STATE"), table, right=(3, 4, 5))
    return items, "\n".join([text, *(_warning(each) for each in touched.values())])


def _dollars(rate: Decimal | None) -> str:
    """Dollars for a million tokens: `0.15`, `0.075`, `free`; `?` where nobody knows."""
    if not rate:
        return "?" if rate is None else "free"
    return f"{rate:.2f}" if rate == rate.quantize(Decimal("0.01")) else f"{rate.normalize():f}"


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
        if options.action == "key":
            return set_key(ws, options.name, terminal)
        if options.action == "key-file":
            return key_file(ws, options, terminal)
        if options.action == "rename":
            connection = ws.connections.find(options.name)
            ws.connections.update(connection.id, options.new_name)
            renamed = ws.connections.get(connection.id).name
            terminal.answer({"schema": 1, "renamed": renamed}, f"{connection.name} is now called {renamed}.")
            return 0
        if options.action == "remove":
            connection = ws.connections.find(options.name)
            ws.connections.remove(connection.id)
            terminal.answer({"schema": 1, "removed": connection.name}, f"Removed {connection.name} and forgot its key.")
            return 0
        rows = ws.connections.list()
        table = [(row.name, row.vendor, row.base_url, row.models, key_words(row)) for row in rows]
        text = columns(("CONNECTION", "VENDOR", "ADDRESS", "MODELS", "KEY"), table, right=(3,))
        terminal.answer({"schema": 1, "connections": [_document(row) for row in rows]}, text or "No connections yet.")
    return 0


def _document(row: ConnectionRow) -> dict[str, Any]:
    from workbench.workspace import plain_http_warning

    return {
        "id": row.uid,
        "name": row.name,
        "vendor": row.vendor,
        "api": row.wire_format,
        "base_url": row.base_url,
        "place": row.place,
        "models": row.models,
        "key": key_document(row),
        "warning": plain_http_warning(row.base_url) or None,
    }


def _add_connection(ws: Workspace, options: argparse.Namespace, terminal: Terminal) -> int:
    from workbench.values import BadInput

    known = next((vendor for vendor in ws.connections.vendors() if vendor.id == options.vendor), None)
    if known and not known.base_url and known.place not in ("builtin", "hand") and not options.base_url:
        raise BadInput("The address of this server is missing.", remedy="Give it as --base-url, such as http://127.0.0.1:9000/v1.")
    if known and options.api and known.id != "other" and options.api != known.wire_format:
        likely = [
            vendor.id for vendor in ws.connections.vendors() if vendor.wire_format == options.api and vendor.base_url == known.base_url
        ]
        raise BadInput(
            f"{known.name} is called as {known.wire_format} here, not as {options.api}.",
            remedy=f"Give --vendor {likely[0]}." if likely else "Leave --vendor out and give its address as --base-url.",
        )
    key = None if options.no_key or (known and known.place == "hand") else read_key(options.name)
    id = ws.connections.add(options.name, options.vendor, options.base_url, options.api or "openai-chat", None, key)
    for model in options.model:
        ws.connections.add_model(id, model)
    row = ws.connections.get(id)
    if key:
        warn_of_key(ws, row, terminal)
    _warn_of_address(row, terminal)
    terminal.answer({"schema": 1, "added": _document(row)}, f"Added {row.name}. Key: {key_words(row)}.")
    return 0


def _warn_of_address(row: ConnectionRow, terminal: Terminal) -> None:
    from workbench.workspace import plain_http_warning

    warning = plain_http_warning(row.base_url)
    if warning:
        terminal.note(warning)


def _test(ws: Workspace, name: str, terminal: Terminal) -> int:
    connection = ws.connections.find(name)
    _warn_of_address(connection, terminal)
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
    words = report.provider_words if not report.ok and report.provider_words not in report.sentence else ""
    said = [f"{connection.name} said: {printable(words)}"] if words else []
    terminal.answer(document, "\n".join([report.sentence, *said, *(f"  {model}" for model in report.models)]))
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
