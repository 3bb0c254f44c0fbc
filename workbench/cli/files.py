"""`import` and `export`: files in, files out."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.opened import workspace
from workbench.cli.terminal import Terminal, by_reason, columns
from workbench.cli.training import refuse_training, training_arguments, training_verb
from workbench.values import BadInput

if TYPE_CHECKING:
    from workbench.values import Progress
    from workbench.workspace import ForeignExport, ImportReport, Workspace

_FORMATS = (
    "library, promptfoo, promptfoo-results, github, prompty, dotprompt, llm, langchain, langfuse, chainforge, openai-chat, "
    "anthropic-csv, prompts-csv, text, csv, tsv, xlsx, json or jsonl"
)
_PARTS = ("name", "text", "system", "tags", "description", "folder")

_FOREIGN = ("promptfoo", "github", "prompty", "dotprompt", "llm", "langfuse", "openai-chat", "python", "curl")
_TABLES = ("csv", "tsv", "xlsx", "jsonl", "json")
_RUN = ("csv", "jsonl", "json", "xlsx", "md", "html")
_ARTICLES = {"library": "the library", "run": "a run", "votes": "votes", "dataset": "a dataset"}
_CHOICES = {"library": _FOREIGN, "run": _RUN, "votes": ("csv",), "dataset": _TABLES}
_BY_ENDING = {
    ".prompty": "prompty",
    ".prompt": "dotprompt",
    ".prompt.yml": "github",
    ".prompt.yaml": "github",
    ".py": "python",
    ".sh": "curl",
}
"""Formats that the ending of a prompt's file says."""


def import_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench import`."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, folders or zips")
    parser.add_argument("--format", metavar="F", help=f"where it should not be guessed: {_FORMATS}")
    parser.add_argument("--sheet", metavar="NAME", help="which sheet of a workbook; else the first with rows")
    what = "which column of a collection of prompts is its name, text, system, tags, description or folder, such as text=Body; repeatable"
    parser.add_argument("--column", action="append", type=_column, metavar="PART=COLUMN", help=what)


def export_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench export`."""
    parser.add_argument(
        "dest", type=Path, metavar="DEST", help="a folder for the library or prompts, a file for a run, a dataset or a prompt"
    )
    what = (
        "library, prompt NAME..., folder NAME..., run RUN, votes RUN (as CSV for workbench rank), dataset NAME, "
        "comparison NAME (as promptfoo's configuration), or training: examples from what people said of the answers of --run"
    )
    parser.add_argument("--what", nargs="+", default=["library"], metavar="WHAT", help=what)
    foreign = (
        f"{', '.join(_FOREIGN)} for prompts; {', '.join(_RUN)} for runs and {', '.join(_TABLES)} for datasets, where the ending of DEST "
        "does not say it; chat, pairs (both as OpenAI takes them) or pairs-trl for training data"
    )
    parser.add_argument("--format", metavar="F", help=foreign)
    parser.add_argument("--version", type=int, metavar="N", help="of a prompt, instead of the newest")
    parser.add_argument("--model", metavar="MODEL", help="whom Python and curl ask: a model of a connection that speaks openai-chat")
    parser.add_argument("--replace", action="store_true", help="write over files of prompts that hold something else")
    training_arguments(parser)


def import_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench import`: 1 where a file was rejected."""
    if not any(map(os.path.exists, options.paths)):  # known before a workspace is opened, or made
        raise BadInput("There is no such file or folder.", path=str(options.paths[0]))
    with workspace(options, terminal) as ws:
        report = ws.files.import_paths(
            options.paths, options.format, sheet=options.sheet or "", columns=dict(options.column or ()),
            progress=_progress(terminal, "Importing"),
        )  # fmt: skip
        terminal.end_progress()
        rated = [
            ws.packets.report(id_)
            for id_ in dict.fromkeys(one.id for one in (*report.imported, *report.unchanged) if one.kind == "ratings")
        ]
        document = report.to_json() | ({"ratings": [one.to_json() for one in rated]} if rated else {})
        terminal.answer(document, "\n".join([_imported(report), *(line for one in rated for line in one.lines())]))
        for places, reason in by_reason((f"{one.path}{f', line {one.line}' if one.line else ''}", one.reason) for one in report.rejected):
            terminal.complain(f"{places}: {reason}")
        for places, left in () if terminal.json else by_reason((one.path, f"{one.what} ({one.why})") for one in report.not_carried):
            terminal.note(f"Not carried over from {places}: {left}")
        return 1 if report.rejected else 0


def _column(text: str) -> tuple[str, str]:
    part, sign, column = text.partition("=")
    if not sign or part.strip() not in _PARTS:
        raise argparse.ArgumentTypeError(f"{text!r} does not say PART=COLUMN, where PART is one of {', '.join(_PARTS)}")
    return part.strip(), column


def _imported(report: ImportReport) -> str:
    rows = [
        (item.kind, f"{item.name}, sheet {item.sheet}" if item.sheet else item.name, f"v{item.version}" if item.version else "", item.path)
        for item in report.imported
    ]
    news = [
        f"{item.name}: already in, nothing changed{f' ({item.changes})' if item.changes else ''}."
        for item in report.unchanged
        if item.kind == "ratings"
    ]
    summary = f"{len(report.imported)} imported, {len(report.unchanged)} unchanged, {len(report.rejected)} rejected."
    return "\n".join(filter(None, (columns(("KIND", "NAME", "VERSION", "FILE"), rows), *news, summary)))


def export_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench export`: 1 where a file could not be written, or holds what is not in the workspace."""
    what = options.what
    if what == ["training"]:
        return training_verb(options, terminal)
    refuse_training(options)
    single = dict.fromkeys(("run", "votes", "dataset", "comparison"), len(what) == 2)
    counts = {"library": what[1:] == [], **single, "prompt": len(what) > 1, "folder": len(what) > 1}
    if not counts.get(what[0], False):
        raise BadInput(
            "--what is library, prompt or folder and names, run or votes and the id of a run, dataset or comparison and its name, or "
            "training."
        )
    if what[0] == "comparison":
        return _comparison(options, terminal)
    format = _foreign_format(options)
    if format or what[0] in ("prompt", "folder"):
        return _foreign(options, format, terminal)
    if options.format is not None and (options.format not in _CHOICES[what[0]] or what[0] == "library"):
        raise BadInput(f"{options.format} is no format of {_ARTICLES[what[0]]}.", remedy=f"Choose one of {', '.join(_CHOICES[what[0]])}.")
    if options.version is not None or options.model or options.replace:
        raise BadInput("--version, --model and --replace are for prompts that go to another tool.", remedy="Add --format.")
    with workspace(options, terminal) as ws:
        if what[0] == "votes":
            document = _votes(ws, what[1], options)
        elif what[0] == "dataset":
            document = _dataset(ws, what[1], options, terminal)
        else:
            document = _run(ws, what[1], options, terminal) if what[0] == "run" else _library(ws, options.dest, terminal)
        count, unchanged, unwritten = len(document["files"]), document["unchanged"], document["unwritten"]
        text = f"{count} file{'' if count == 1 else 's'} written{f', {unchanged} unchanged' if unchanged else ''}"
        terminal.answer({"schema": 1, **document}, f"{text}{f', {unwritten} could not be' if unwritten else ''}.")
        for left in document["left"]:
            (terminal.complain if unwritten else terminal.note)(f"{left['path']}: {left['what']}: {left['why']}")
    return 1 if unwritten else 0


def _foreign_format(options: argparse.Namespace) -> str:
    """The format of another tool that is asked for; empty for our own forms."""
    if options.what[0] in ("run", "votes", "dataset"):
        if options.format in _FOREIGN:
            raise BadInput(f"{options.format} is a format of prompts.", remedy="Name them: --what prompt NAME.")
        return ""
    if options.format is not None:
        return str(options.format) if options.what[0] != "library" or options.format in _FOREIGN else ""
    if options.what[0] == "library":
        return ""
    name = options.dest.name.lower()
    return next((format for ending, format in _BY_ENDING.items() if name.endswith(ending)), "")


def _foreign(options: argparse.Namespace, format: str, terminal: Terminal) -> int:
    """Prompts in the format of another tool. What they lose is told, one sentence each."""
    kind, *named = options.what
    if not format:
        raise BadInput("The format is not said.", remedy=f"Add --format and one of {', '.join(_FOREIGN)}.")
    if options.version is not None and (kind != "prompt" or len(named) != 1):
        raise BadInput("--version is of one prompt.", remedy="Name it: --what prompt NAME.")
    with workspace(options, terminal) as ws:
        model = ws.connections.spec(ws.connections.find_model(options.model).id) if options.model else None
        report = ws.files.export_foreign(
            options.dest,
            format,
            prompt_ids=[ws.prompts.find(name).id for name in named] if kind == "prompt" else None,
            folders=[_folder(ws, name) for name in named] if kind == "folder" else None,
            version=options.version,
            model=model,
            replace_files=options.replace,
            progress=_progress(terminal, "Exporting"),
        )
        terminal.end_progress()
        return _told(report, terminal)


def _told(report: ForeignExport, terminal: Terminal) -> int:
    """The exit code of an export to another tool: 1 where a file could not be written."""
    same = f", {report.unchanged} unchanged" if report.unchanged else ""
    could_not = f", {len(report.rejected)} could not be" if report.rejected else ""
    terminal.answer(report.to_json(), f"{len(report.files)} file{'' if len(report.files) == 1 else 's'} written{same}{could_not}.")
    for rejected in report.rejected:
        terminal.complain(f"{rejected.path}: {rejected.reason}")
    for why, names in () if terminal.json else report.sentences():
        terminal.note(f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {why}")
    return 1 if report.rejected else 0


def _comparison(options: argparse.Namespace, terminal: Terminal) -> int:
    """A saved comparison in promptfoo's format, with its cases and checks."""
    if options.format not in (None, "promptfoo") or options.version is not None or options.model:
        raise BadInput("A comparison goes out as promptfoo's configuration.", remedy="Leave out --version, --model and other formats.")
    with workspace(options, terminal) as ws:
        report = ws.files.export_comparison(options.dest, ws.comparisons.find(options.what[1]).id, replace_files=options.replace)
        return _told(report, terminal)


def _folder(ws: Workspace, name: str) -> str:
    """The folder of this name, as it is written here. Raises BadInput where there is none."""
    wanted = name.strip("/").casefold()
    found = next((folder for folder in ws.prompts.folders() if folder.casefold() == wanted), None)
    if found is None:
        raise BadInput(f"There is no folder {name} in the library.", remedy="workbench list prompts shows the folders.")
    return found


def _progress(terminal: Terminal, what: str) -> Progress:
    def tell(done: float, total: float) -> None:
        terminal.progress(f"{what}: {100 * done / total:.0f}%" if total else what)

    return tell


def _library(ws: Workspace, folder: Path, terminal: Terminal) -> dict[str, Any]:
    if folder.exists() and not folder.is_dir():
        raise BadInput("A library is exported to a folder, and this is a file.", path=str(folder))
    report = ws.files.export(folder, progress=_progress(terminal, "Exporting"))
    return {
        "files": list(report.files),
        "unchanged": report.unchanged,
        "unwritten": report.unwritten,
        "removed": list(report.removed),
        "left": [item.to_json() for item in report.left],
    }


def _dataset(ws: Workspace, name: str, options: argparse.Namespace, terminal: Terminal) -> dict[str, Any]:
    id_ = ws.datasets.find(name).id
    ws.datasets.export_table(id_, options.dest, options.format or "", progress=_progress(terminal, "Exporting"))
    terminal.end_progress()
    return _one_file(options.dest)


def _one_file(path: Path) -> dict[str, Any]:
    return {"files": [str(path)], "unchanged": 0, "unwritten": 0, "removed": [], "left": []}


def _votes(ws: Workspace, what: str, options: argparse.Namespace) -> dict[str, Any]:
    ws.reviews.write_votes(ws.runs.get(what).id, options.dest)
    return _one_file(options.dest)


def _run(ws: Workspace, what: str, options: argparse.Namespace, terminal: Terminal) -> dict[str, Any]:
    ws.exports.write(ws.runs.get(what).id, options.dest, options.format, progress=_progress(terminal, "Exporting"))
    terminal.end_progress()
    return _one_file(options.dest)
