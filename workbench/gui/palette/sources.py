"""Where the rows of the palette come from: the table of actions, the objects of the workspace, and what a search found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from workbench.gui.actions import ACTIONS, PLACES, Action, shown_keys
from workbench.gui.context import Context
from workbench.gui.palette.entries import Entry, excerpt
from workbench.gui.palette.places import Place
from workbench.gui.words import counted
from workbench.settings import SECTIONS, SETTINGS

if TYPE_CHECKING:
    from workbench.gui.window import Window
    from workbench.workspace import Hit, PromptRow, Workspace

RECENT = "last.palette"
_RECENT_KEPT = 40

HITS = {"version": "Text in versions", "case": "Cases", "note": "Notes on answers", "output": "Outputs"}
"""Kind of a hit to the title of its group. Prompts are listed by name already."""
PLURALS = {"Text in versions": "places in versions", "Notes on answers": "notes"}
"""What a group's rows are called within a sentence, where it is not the title."""


def actions(context: Context, window: Window) -> list[Entry]:
    """Every action that can be chosen from a list, those of the shown screen first; another screen's takes you there."""
    rows = [row for row in ACTIONS if row.shown]
    rows.sort(key=lambda row: (row.where not in (window.place, ""), row.where == ""))
    return [_action(context, window, row) for row in rows]


def _action(context: Context, window: Window, row: Action) -> Entry:
    place = dict(PLACES)[row.where] if row.where else ""
    away = row.where not in ("", window.place)

    def go() -> None:
        context.go(row.where)
        QTimer.singleShot(0, window, context.action(row.id).trigger)  # the screen is shown by then

    return Entry(
        "Actions",
        row.text,
        go if away else context.action(row.id).trigger,
        row.icon or "arrow-right",
        right=place if away else "",
        keys=shown_keys(row.keys[0]) if row.keys else "",
        words=f"{place} {row.id}",
    )


def settings(context: Context) -> list[Entry]:
    """Every setting; choosing one goes to its section."""
    titles = dict(SECTIONS)
    return [
        Entry(
            "Settings",
            row.title,
            partial(context.go, "settings", section=row.section),
            "settings",
            right=titles[row.section],
            words=row.short,
        )
        for row in SETTINGS
    ]


def objects(workspace: Workspace, go: Any) -> dict[str, list[Entry]]:
    """Group to its rows: everything of a workspace that has a name. For a reading thread."""
    prompts = [
        Entry(
            "Prompts", row.name, partial(go, "library", prompt_id=row.id), "puzzle" if row.kind == "snippet" else "file-text",
            right=row.folder, chip=f"v{row.latest}" if row.latest else "draft", words=_words(row),
            badge=next((name for name, number in row.labels.items() if number == row.latest), ""), badge_kind="label",
        )
        for row in workspace.prompts.list()
    ]  # fmt: skip
    folders = [Entry("Folders", path, partial(go, "library", folder=path), "folder") for path in workspace.prompts.folders()]
    comparisons = [
        Entry("Comparisons", row.name, partial(go, "compare", comparison_id=row.id), "columns-3", right=_runs(row.runs))
        for row in workspace.comparisons.list()
    ]
    runs = [
        Entry("Runs", f"{row.comparison or 'A run'}, run {row.number}", partial(go, "compare", run_id=row.id), "play", right=row.standing)
        for row in workspace.runs.list()
    ]
    datasets = [
        Entry(
            "Datasets", row.name, partial(go, "datasets", dataset_id=row.id), "table-2", right=f"{row.cases:,} cases", words=row.description
        )
        for row in workspace.datasets.list()
    ]
    models = [
        Entry("Models", row.title, partial(go, "models", connection_id=row.connection_id), "cpu", right=row.connection, words=row.name)
        for row in workspace.connections.models()
    ]
    connections = [
        Entry(
            "Connections",
            row.name,
            partial(go, "models", connection_id=row.id),
            "plug",
            right=row.place,
            words=f"{row.vendor} {row.base_url}",
        )
        for row in workspace.connections.list()
    ]
    found = (prompts, folders, comparisons, runs, datasets, models, connections)
    return dict(zip(("Prompts", "Folders", "Comparisons", "Runs", "Datasets", "Models", "Connections"), found, strict=True))


def hits(
    found: Sequence[Hit], go: Any, words: str, places: Mapping[tuple[str, int], Place], blind_runs: Collection[int]
) -> dict[str, list[Entry]]:
    """Group to its rows: what a full-text search for these words found; choosing one goes to the place itself. `places` says more of some
    of them. An answer of a run that is under review is shown there, where its model stays hidden."""
    groups: dict[str, list[Entry]] = {title: [] for title in HITS.values()}
    for hit in found:
        group = HITS.get(hit.kind)
        if group is None:
            continue
        text, marks = excerpt(hit.excerpt)
        place = places.get((hit.kind, hit.id)) or Place(", ".join(part for part in (hit.title, hit.where) if part))
        text, marks = (place.text, place.marks) if place.text else (text, marks)
        if hit.kind == "version":
            run, icon = partial(go, "library", prompt_id=hit.prompt_id, version_id=hit.id, read=True, words=words), "history"
        elif hit.kind == "case":
            run, icon = partial(go, "datasets", case_id=hit.id), "table-2"
        else:
            screen, said = "review" if hit.run_id in blind_runs else "compare", words if hit.kind == "output" else ""
            run = partial(go, screen, run_id=hit.run_id, output_id=hit.id, words=said)
            icon = "pencil" if hit.kind == "note" else "columns-3"
        groups[group].append(
            Entry(
                group, text, run, icon, place.detail, badge=place.badge, badge_kind=place.badge_kind, badge_icon=place.badge_icon,
                marker=place.marker if hit.kind == "output" else None, code=hit.kind == "version", marks=marks,
            )
        )  # fmt: skip
    return groups


def spread(found: Sequence[Hit]) -> dict[str, str]:
    """Group to how far its hits are spread: `in 6 comparisons`."""
    over: dict[str, set[str]] = {}
    for hit in found:
        over.setdefault(HITS.get(hit.kind, ""), set()).add(hit.where if hit.kind == "case" else hit.title)
    words = {"Text in versions": "prompt", "Cases": "dataset"}
    return {group: f"in {counted(len(names), words.get(group, 'comparison'))}" for group, names in over.items()}


def recent(context: Context) -> list[str]:
    """Keys of the rows that were chosen last, the newest first."""
    kept = context.settings.get(RECENT)
    return [key for key in kept if isinstance(key, str)] if isinstance(kept, list) else []


def remember(context: Context, entry: Entry) -> None:
    """Keep a chosen row as the newest."""
    if entry.group not in HITS.values():
        context.settings.set(RECENT, [entry.key, *(key for key in recent(context) if key != entry.key)][:_RECENT_KEPT])


def _words(row: PromptRow) -> str:
    return " ".join((*(f"#{tag} {tag}" for tag in row.tags), row.description, *row.labels))


def _runs(count: int) -> str:
    return "not run yet" if not count else "1 run" if count == 1 else f"{count} runs"
