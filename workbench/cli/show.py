"""`show` and `list`: what lies in the workspace."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal, columns

if TYPE_CHECKING:
    from workbench.workspace import BranchRow, RunRow, Workspace

_KINDS = ("prompts", "snippets", "comparisons", "runs", "models", "datasets")


def show_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench show`."""
    parser.add_argument("what", metavar="RUN", help="id of a run, or the name of a comparison for its newest run")
    parser.add_argument(
        "--results",
        action="store_true",
        help="what the answers show: rates, groups, checks, causes, pairs, times, votes",
    )
    parser.add_argument("--log", action="store_true", help="what happened, in order: started, tried again, failed, held, ended")


def list_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench list`."""
    parser.add_argument("kind", choices=_KINDS, help="what to list")


def show_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench show`."""
    from workbench.cli.run import newest  # listing needs none of it

    with workspace(options, terminal) as ws:
        run = newest(ws, options.what)
        if options.results or options.log:
            (_show_results if options.results else _show_log)(ws, run.id, terminal)
            return 0
        if terminal.json:
            terminal.document(ws.exports.report(run.id))
        else:
            terminal.say(ws.exports.table_text(run.id))
    return 0


def _show_results(ws: Workspace, run_id: int, terminal: Terminal) -> None:
    from workbench.workspace import result_tables  # few calls ask for them

    made = result_tables.tables(ws.results.read(run_id).look())
    cards, texts = [], []
    for table in made:
        cards.append({"title": table.title, "columns": list(table.header), "rows": [list(row) for row in table.rows], "says": table.says})
        rows = columns(table.header, [["" if value is None else value for value in row] for row in table.rows])
        texts.append("\n".join(filter(None, (table.title, rows, table.says))))
    terminal.answer({"schema": 1, "run": ws.runs.get(run_id).uid, "results": cards}, "\n\n".join(texts))


def _show_log(ws: Workspace, run_id: int, terminal: Terminal) -> None:
    log = ws.logs.read(run_id)
    items = [
        {
            "at": line.at, "kind": line.group, "text": line.text, "column": line.column,
            "case": None if line.case is None else line.case + 1, "repeat": line.repeat,
        }
        for line in log.lines
    ]  # fmt: skip
    table = [(at[:19].replace("T", " "), kind, words, column, case) for at, kind, words, column, case, *_ in map(log.row, log.lines)]
    text = columns(("TIME (UTC)", "KIND", "WHAT HAPPENED", "COLUMN", "CASE"), table)
    terminal.answer({"schema": 1, "run": ws.runs.get(run_id).uid, "log": items}, text)


def list_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench list`."""
    with workspace(options, terminal) as ws:
        items, text = _LISTS[options.kind](ws)
        terminal.answer({"schema": 1, options.kind: items}, text or f"No {options.kind} yet.")
    return 0


_Listing = tuple[list[dict[str, Any]], str]


def _prompts(ws: Workspace) -> _Listing:
    rows = ws.prompts.list()
    branches = ws.branches.named()
    items = [
        {
            "id": row.uid,
            "name": row.name,
            "folder": row.folder,
            "description": row.description,
            "kind": row.kind,
            "tags": list(row.tags),
            "version": row.latest,
            "versions": row.versions,
            "branch": row.branch,
            "branches": [
                {"name": branch.name, "version": branch.newest, "from": branch.began, "draft": branch.has_draft, "closed": branch.closed}
                for branch in branches[row.id]
            ],
            "labels": dict(row.labels),
            "draft": row.has_draft,
            "changed": row.changed_at,
        }
        for row in rows
    ]
    table = [
        (
            f"{row.folder}/{row.name}" if row.folder else row.name,
            f"v{row.latest}" if row.latest else "draft",
            " ".join(f"{label}:v{number}" for label, number in sorted(row.labels.items())),
            " ".join(row.tags),
            " ".join(f"{branch.name}:{_place(branch)}" for branch in branches[row.id]),
        )
        for row in rows
    ]
    return items, columns(("PROMPT", "VERSION", "LABELS", "TAGS", "BRANCHES"), table)


def _place(branch: BranchRow) -> str:
    """`v8`, or `from v3` while it has no version of its own."""
    return (f"v{branch.newest}" if branch.newest is not None else f"from v{branch.began}") + (" (closed)" if branch.closed else "")


def _snippets(ws: Workspace) -> _Listing:
    uses = ws.snippets.uses()
    rows = [row for row in ws.prompts.list() if row.kind == "snippet"]
    included = {row.id: [use.name for use in uses.get(row.name, ())] for row in rows}
    items = [
        {
            "id": row.uid,
            "name": row.name,
            "folder": row.folder,
            "version": row.latest,
            "versions": row.versions,
            "included_by": included[row.id],
        }
        for row in rows
    ]
    table = [(row.name, f"v{row.latest}" if row.latest else "draft", row.folder, ", ".join(included[row.id])) for row in rows]
    return items, columns(("SNIPPET", "VERSION", "FOLDER", "INCLUDED BY"), table)


def _comparisons(ws: Workspace) -> _Listing:
    rows = ws.comparisons.list()
    items = [
        {
            "id": row.uid,
            "name": row.name,
            "prompts": len(row.definition.prompts),
            "models": len(row.definition.model_uids),
            "repeats": row.definition.repeats,
            "runs": row.runs,
            "created": row.created_at,
        }
        for row in rows
    ]
    table = [(row.name, len(row.definition.prompts), len(row.definition.model_uids), row.runs) for row in rows]
    return items, columns(("COMPARISON", "PROMPTS", "MODELS", "RUNS"), table, right=(1, 2, 3))


def _runs(ws: Workspace) -> _Listing:
    from workbench.workspace import run_document

    rows = ws.runs.list()
    items = [run_document(row) for row in rows]
    table = [
        (
            row.uid,
            f"{row.comparison} #{row.number}",
            f"{row.status}, from {row.brought_from}" if row.brought_from else row.standing,
            f"{row.done} of {row.jobs}",
            row.failed or "",
            _cost(row),
            (row.started_at or row.created_at)[:16].replace("T", " "),
        )
        for row in rows
    ]
    return items, columns(("ID", "RUN", "STATUS", "DONE", "FAILED", "COST", "STARTED (UTC)"), table, right=(3, 4, 5))


def _cost(run: RunRow) -> str:
    """`$1.92`, `free`, and `?` for what no known price counts."""
    known = f"${run.cost_usd:.2f}" if run.cost_usd else ""
    if run.unknown_prices:
        return f"{known} + ?" if known else "?"
    return known or ("" if run.cost_usd is None else "free")


def _models(ws: Workspace) -> _Listing:
    from workbench.cli.models import listing

    return listing(ws)


def _datasets(ws: Workspace) -> _Listing:
    rows = ws.datasets.list()
    items = [
        {
            "id": row.uid,
            "name": row.name,
            "description": row.description,
            "columns": [column.name for column in row.columns],
            "cases": row.cases,
            "tags": dict(row.tags),
            "version": row.version,
        }
        for row in rows
    ]
    table = [
        (row.name, f"v{row.version}" if row.version else "", row.cases, " ".join(column.name for column in row.columns), " ".join(row.tags))
        for row in rows
    ]
    return items, columns(("DATASET", "VERSION", "CASES", "COLUMNS", "TAGS"), table, right=(2,))


_LISTS = {"prompts": _prompts, "snippets": _snippets, "comparisons": _comparisons, "runs": _runs, "models": _models, "datasets": _datasets}
