"""`doctor`: is everything here that the app needs, and how to mend what is not."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from workbench.cli.terminal import Terminal
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.values import Problem
    from workbench.workspace import ConnectionRow, Workspace

_MARKS = {"ok": "ok     ", "note": "note   ", "trouble": "TROUBLE"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `note`: the app works, but something is not there; `trouble`: something is broken."""

    name: str
    state: Literal["ok", "note", "trouble"]
    sentence: str
    remedy: str = ""


def doctor_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench doctor`."""
    parser.add_argument(
        "--restore",
        nargs="?",
        const="newest",
        metavar="BACKUP",
        help="put a backup in the place of the workspace; the newest if none is named",
    )
    parser.add_argument("--rebuild-search", action="store_true", help="build the search index anew")
    parser.add_argument("--offline", action="store_true", help="do not ask any server")


def doctor_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench doctor`: 1 where something is broken, 0 where it all works or only lacks something optional."""
    if options.restore is not None:
        return _restore(options, terminal)
    findings = []
    for finding in _findings(options):
        findings.append(finding)
        if not terminal.json:
            terminal.say(f"{_MARKS[finding.state]}  {finding.name}: {finding.sentence}")
            if finding.remedy:
                terminal.say(f"         {finding.remedy}")
    if terminal.json:
        terminal.document({"schema": 1, "ok": _sound(findings), "checks": [_document(finding) for finding in findings]})
    return 0 if _sound(findings) else 1


def _sound(findings: list[Finding]) -> bool:
    return all(finding.state != "trouble" for finding in findings)


def _document(finding: Finding) -> dict[str, Any]:
    return {"name": finding.name, "state": finding.state, "sentence": finding.sentence, "remedy": finding.remedy or None}


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    from workbench.values import Problem
    from workbench.workspace import Workspace

    yield _display()
    try:
        ws = Workspace.open(options.workspace)
    except Problem as problem:
        yield Finding("Workspace", "trouble", problem.message, _how_to_mend(options, problem))
        return
    try:
        yield from _of_workspace(ws, options)
    finally:
        ws.close()


def _how_to_mend(options: argparse.Namespace, problem: Problem) -> str:
    """The one thing to do about a workspace that cannot be opened."""
    from workbench.values import is_server
    from workbench.workspace import Workspace

    if is_server(options.workspace or ""):
        return problem.remedy or "Ask who looks after the server."
    backups = Workspace.backups_of(options.workspace)
    is_replaced = backups and "not a workspace" in problem.message  # something else was written over it
    if problem.remedy and "doctor" not in problem.remedy and not is_replaced:
        return problem.remedy
    if not backups:
        return "It has no backup here. Put a copy of the file in its place, or name another workspace."
    return f"workbench doctor --restore puts the newest of {len(backups)} backups, from {_clock(backups[0].at)}, in its place."


def _clock(at: str) -> str:
    return f"{at[:16].replace('T', ' ')} (UTC)"


def _display() -> Finding:
    from workbench.cli.window import has_display

    if has_display():
        return Finding("Display", "ok", "a window can open here.")
    return Finding(
        "Display", "note", "there is none, so the window cannot open; the command line works.", "Start workbench app on a desktop."
    )


def _of_workspace(ws: Workspace, options: argparse.Namespace) -> Iterator[Finding]:
    yield _integrity(ws)
    if options.rebuild_search:
        ws.search.rebuild()
        yield Finding("Search", "ok", "the index was built anew.")
    yield _backups(ws)
    ws.keys.get("doctor")  # only a store that is asked for a key tells that it is locked
    kind = ws.keys.kind()
    remedy = "" if kind != "session" else _LOCKED_REMEDY if ws.keys.locked() else _KEY_REMEDY
    if ws.keys.file.state() == "damaged":
        remedy = f"Put a copy of {ws.keys.file.path} back, or remove it: workbench connections key-file --remove."
    yield Finding("Key store", "note" if kind == "session" else "ok", f"{ws.keys.place()}.", remedy)
    status = ws.builtin.status()
    yield Finding("Built-in model", "ok" if status.engine and status.weights else "note", status.sentence, status.remedy)
    embedding = ws.embedding_status()
    yield Finding("Embedding model", "ok" if embedding.ready else "note", embedding.sentence, embedding.remedy)
    connections = [row for row in ws.connections.list() if row.place not in ("builtin", "hand")]
    if not connections:
        yield Finding("Connections", "note", "there are none.", "workbench connections add NAME --vendor V")
    for row in connections:
        yield from _connection(ws, row, options.offline)


_LOCKED_REMEDY = "Unlock it, or put keys into the environment (such as OPENAI_API_KEY)."
_KEY_REMEDY = "Put keys into the environment (such as OPENAI_API_KEY), or make a key file: workbench connections key-file."


def _integrity(ws: Workspace) -> Finding:
    problems = ws.integrity()
    if problems:
        return Finding(
            "Workspace",
            "trouble",
            f"{ws.path} is damaged: {problems[0]}",
            "workbench doctor --restore puts the newest backup in its place.",
        )
    if ws.notice:
        remedy = "Close what else has it open, or let it be written."
        return Finding("Workspace", "note", f"{ws.path}: {ws.notice}", ws.remedy or remedy)
    return Finding("Workspace", "ok", f"{ws.path} {'answers' if ws.on_server else 'is sound'}.")


def _backups(ws: Workspace) -> Finding:
    if ws.on_server:
        return Finding("Backups", "ok", "the server's own are in charge.", "Ask who looks after it how often they are made.")
    backups = ws.backups()
    if not backups:
        return Finding("Backups", "note", "there is none yet; one is made each day the app runs.")
    return Finding("Backups", "ok", f"{len(backups)} in {backups[0].path.parent}, the newest from {_clock(backups[0].at)}.")


def _connection(ws: Workspace, row: ConnectionRow, offline: bool) -> Iterator[Finding]:
    from workbench.workspace import plain_http_warning

    name = f"Connection {row.name}"
    warning = plain_http_warning(row.base_url)
    if warning:
        yield Finding(name, "note", warning)
    if row.key_place == "missing":
        remedy = f"Put it into the environment, or enter it: workbench connections key {shlex.quote(row.name)}"
        yield Finding(name, "note", "its key is not here.", remedy)
        return
    if offline:
        yield Finding(name, "ok", f"{row.base_url}, not asked.")
        return
    from workbench.cli.models import tested

    report = tested(ws, row.id)
    yield Finding(name, "ok" if report.ok else "note", report.sentence)


def _restore(options: argparse.Namespace, terminal: Terminal) -> int:
    from workbench.values import NotFound
    from workbench.workspace import Workspace

    found = Workspace.backups_of(options.workspace)
    if not found:
        raise NotFound("There is no backup of this workspace.")
    wanted = options.restore
    chosen = next((one for one in found if wanted in ("newest", one.path.name, str(one.path), one.at, one.at[:10])), None)
    if chosen is None:
        raise NotFound(f"There is no backup {wanted}. There are: {', '.join(one.path.name for one in found)}.")
    aside = Workspace.restore(options.workspace, chosen.path)
    document = {"schema": 1, "restored": str(chosen.path), "at": chosen.at, "before": str(aside) if aside else None}
    kept = f" What was there before is kept as {aside}." if aside else ""
    terminal.answer(document, f"The workspace is now the copy of {_clock(chosen.at)}.{kept}")
    return 0
