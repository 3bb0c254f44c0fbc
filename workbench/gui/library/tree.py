"""The prompts in their folders, as a tree that is filtered and drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from workbench.gui.words import counted, day, joined, plain
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import Hit, PromptRow

Index = QModelIndex | QPersistentModelIndex
NODE = Qt.ItemDataRole.UserRole
OPEN, CLOSE = "\ue000", "\ue001"
"""Around the found words of an excerpt."""
MIME = "application/x-workbench-prompts"
_NOWHERE = QModelIndex()
_TOLD = 20
"""So many changed lines are told to views one by one; reading tools hear of them."""
# Made once: Qt asks for the flags of every line, and joining them costs as much as all the rest.
_PROMPT_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren
_FOLDER_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsDropEnabled


@dataclass(slots=True)
class Node:
    """A folder or a prompt. `shown` and `total` count the prompts of a folder and all below it, with and without the filter."""

    parent: Node | None
    place: int = 0
    folder: str = ""
    row: PromptRow | None = None
    children: list[Node] = field(default_factory=list)
    shown: int = 0
    total: int = 0

    @property
    def name(self) -> str:
        """What stands in the line."""
        return self.row.name if self.row is not None else self.folder.rsplit("/", 1)[-1]

    @property
    def depth(self) -> int:
        """Folders above it."""
        return 0 if self.parent is None or self.parent.parent is None else self.parent.depth + 1


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list shows. Several tags mean any of them, and so do several labels."""

    text: str = ""
    tags: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    folder: str = ""
    """Only what lies in this folder or below."""
    days: int = 0
    """Only what changed in so many days; 0: whenever."""
    since: str = ""
    """Only what changed on this day or later, as `2026-11-28`; empty: whenever. By the days of this computer's clock."""
    until: str = ""
    """Only what changed on this day or before."""
    unsaved: bool = False
    archived: bool = False

    @property
    def on(self) -> bool:
        """True if anything but the archive narrows the list."""
        return bool(
            self.text or self.tags or self.labels or self.models or self.folder or self.days or self.since or self.until or self.unsaved
        )

    def accepts(self, row: PromptRow, found: Container[int] = ()) -> bool:
        """True if a prompt is shown. Each word of the text must be in name, folder, description or tags, or the prompt is among those
        whose versions were `found` to have them."""
        if self.tags and not self.tags.intersection(row.tags):
            return False
        if self.labels and not self.labels.intersection(row.labels):
            return False
        if self.unsaved and not row.has_draft:
            return False
        if self.models and not self.models.intersection(row.models):
            return False
        if self.folder and not f"{row.folder}/".startswith(f"{self.folder}/"):
            return False
        if self.days and row.changed_at < (datetime.now(UTC) - timedelta(days=self.days)).isoformat():
            return False
        if self.since or self.until:
            day = datetime.fromisoformat(row.changed_at).astimezone().date().isoformat()
            if day < self.since or (self.until and day > self.until):
                return False
        if not self.text or row.id in found:
            return True
        words = plain(f"{row.name} {row.folder} {row.description} {' '.join(row.tags)}")
        return all(word in words for word in plain(self.text).split())


def build(rows: Iterable[PromptRow], folders: Iterable[str], accepts: Callable[[PromptRow], bool], *, empty_folders: bool) -> Node:
    """The root of the tree: folders first, then prompts, both by name. Folders without a shown prompt are left out where a filter is on."""
    root = Node(None)
    by_path: dict[str, Node] = {"": root}

    def folder(path: str) -> Node:
        found = by_path.get(path)
        if found is None:
            found = by_path[path] = Node(folder(path.rpartition("/")[0]), folder=path)
            assert found.parent is not None
            found.parent.children.append(found)
        return found

    for path in folders:
        folder(path)
    for row in rows:
        home = folder(row.folder)
        shown = accepts(row)
        above: Node | None = home
        while above is not None:
            above.total += 1
            above.shown += shown
            above = above.parent
        if shown:
            home.children.append(Node(home, folder=row.folder, row=row))
    _settle(root, empty_folders)
    return root


def _settle(node: Node, empty_folders: bool) -> None:
    node.children = [child for child in node.children if child.row is not None or child.shown or empty_folders]
    node.children.sort(key=lambda child: (child.row is not None, child.name.casefold()))
    for place, child in enumerate(node.children):
        child.place = place
        if child.row is None:
            _settle(child, empty_folders)


class PromptTree(QAbstractItemModel):
    """The model behind the list. The delegate asks for the `Node`; screen readers get the same in words."""

    dropped = Signal(list, list, str)
    """Prompt ids and paths of folders that were dragged, and the folder that they were dropped on."""
    redrawn = Signal()
    """Words of the lines are others now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.root = Node(None)
        self.filtered = False
        self.edits: Mapping[int, int] = {}
        """Prompt id to number of unsaved edits, as far as they were counted."""
        self.found: Mapping[int, Hit] = {}
        """Prompt id to the place in its versions where the words of the filter stand."""
        self.marks: Mapping[int, str] = {}
        """Prompt id to what is to be said of its snippets."""
        self._kept: list[Node] = []

    def show(self, root: Node, *, filtered: bool) -> bool:
        """Show another tree. True if the lines are others now; False if only their words changed."""
        if self.filtered == filtered and _same_shape(self.root, root):
            self._tell(_take_over(self.root, root))
            return False
        self.beginResetModel()
        self._kept = [self.root]  # views may hold pointers into it until they have heard
        self.root, self.filtered = root, filtered
        self.endResetModel()
        return True

    def set_edits(self, edits: Mapping[int, int]) -> None:
        """How many unsaved edits prompts have."""
        changed = [id for id in {*edits, *self.edits} if edits.get(id) != self.edits.get(id)]
        if changed:
            self.edits = dict(edits)
            self._tell([node for id in changed[:_TOLD] if (node := self._find(prompt_id=id)) is not None])

    def set_marks(self, marks: Mapping[int, str]) -> None:
        """What is to be said of the snippets of prompts."""
        changed = [id for id in {*marks, *self.marks} if marks.get(id) != self.marks.get(id)]
        if changed:
            self.marks = dict(marks)
            self._tell([node for id in changed[:_TOLD] if (node := self._find(prompt_id=id)) is not None])

    def _tell(self, changed: Sequence[Node]) -> None:
        # A view measures a line again for each of these; lines keep their heights, so for many it is told once to draw.
        for node in changed[:_TOLD]:
            self.dataChanged.emit(self.at(node), self.at(node))
        if changed:
            self.redrawn.emit()

    def node(self, index: Index) -> Node:
        """The node of a line; the root for an invalid index."""
        return (index.internalPointer() if index.isValid() else None) or self.root

    def find(self, *, prompt_id: int | None = None, folder: str | None = None) -> QModelIndex:
        """The line of a prompt or a folder; invalid where it is not shown."""
        found = self._find(prompt_id=prompt_id, folder=folder)
        return QModelIndex() if found is None else self.at(found)

    def _find(self, *, prompt_id: int | None = None, folder: str | None = None) -> Node | None:
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node.row.id == prompt_id if node.row is not None else (folder is not None and node.folder == folder and node.parent):
                return node
            pending.extend(node.children)
        return None

    def folders(self) -> Iterator[Node]:
        """Every folder that is shown, in the order of their lines."""
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node is not self.root:
                yield node
            pending += [child for child in reversed(node.children) if child.row is None]

    def at(self, node: Node) -> QModelIndex:
        """The line of a node."""
        return self.createIndex(node.place, 0, node)

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        node = self.node(parent)
        return self.createIndex(row, column, node.children[row]) if 0 <= row < len(node.children) else QModelIndex()

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        above = self.node(index).parent
        return QModelIndex() if above is None or above.parent is None else self.createIndex(above.place, 0, above)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return len(self.node(parent).children)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.node(index)
        if role == NODE:
            return node
        if role == Qt.ItemDataRole.DisplayRole:
            return node.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.spoken(node)
        if role == Qt.ItemDataRole.ToolTipRole and node.row is not None:
            return "\n".join(part for part in (node.row.name, node.row.description, ", ".join(node.row.tags)) if part)
        return None

    def spoken(self, node: Node) -> str:
        """A line in words."""
        if node.row is None:
            return f"Folder {node.folder}, {self.count(node)}"
        parts = [node.name, f"version {node.row.latest}" if node.row.latest else "no version yet"]
        if node.row.labels:
            parts.append("labels " + joined([f"{name} on version {number}" for name, number in sorted(node.row.labels.items())]))
        if node.row.id in self.found:
            parts.append("found in " + self.found[node.row.id].excerpt.replace(OPEN, "").replace(CLOSE, ""))
        return ", ".join([*parts, *self.facts(node.row)])

    def count(self, node: Node) -> str:
        """`6`, or `4 of 6` where a filter hides some."""
        return f"{node.shown} of {node.total}" if self.filtered else f"{node.total}"

    def unsaved(self, row: PromptRow) -> str:
        """`3 unsaved edits`; empty if there are none."""
        if not row.has_draft:
            return ""
        edits = self.edits.get(row.id)
        if row.latest is None:
            return "not saved yet"
        return counted(edits, "unsaved edit") if edits else "unsaved edits"

    def facts(self, row: PromptRow) -> list[str]:
        """The second line: unsaved edits, when it changed, where its labels are if not on the newest version."""
        unsaved = self.unsaved(row)
        found = [unsaved] if unsaved else []
        found += [self.marks[row.id]] if row.id in self.marks else []
        found = found or [when(row.changed_at)]
        elsewhere = sorted(
            (name for name, number in row.labels.items() if number != row.latest), key=lambda name: (name != "production", name)
        )
        found += [f"v{row.labels[name]} in {name}" for name in elsewhere]
        return found

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return _FOLDER_FLAGS if self.node(index).row is None else _PROMPT_FLAGS

    def hasChildren(self, parent: Index = _NOWHERE) -> bool:
        return bool(self.node(parent).children)

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        nodes = [self.node(index) for index in indexes]
        folders = [node.folder for node in nodes if node.row is None]
        # What lies in a folder that is dragged goes with it.
        ids = [node.row.id for node in nodes if node.row is not None and not _lies_in(node.folder, folders)]
        tops = [path for path in folders if not _lies_in(path.rpartition("/")[0], folders)]
        data = QMimeData()
        data.setData(MIME, json.dumps([ids, tops]).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        if data.hasFormat(MIME):
            ids, folders = json.loads(bytes(data.data(MIME).data()))
            self.dropped.emit(ids, folders, self.node(parent).folder)
        return False  # the move comes back as news of the store; the view must not take the lines away itself


def when(iso: str) -> str:
    """`today 09:12`, `yesterday`, `18 Nov`."""
    said = day(iso)
    if ":" in said:
        return f"today {said.rpartition(' ')[2]}"
    try:
        at = datetime.fromisoformat(iso.replace("Z", "+00:00")).astimezone()
    except ValueError:
        return said
    return "yesterday" if (datetime.now().astimezone().date() - at.date()).days == 1 else said


def all_tags(rows: Iterable[PromptRow]) -> list[str]:
    """Tags by how many prompts have them, the most used first."""
    counts: dict[str, int] = {}
    for row in rows:
        for tag in row.tags:
            counts[tag] = counts.get(tag, 0) + 1
    return sorted(counts, key=lambda tag: (-counts[tag], tag.casefold()))


def _lies_in(folder: str, others: Iterable[str]) -> bool:
    """True if a folder is one of others, or below one."""
    return any(f"{folder}/".startswith(f"{other}/") for other in others)


def _same_shape(a: Node, b: Node) -> bool:
    if len(a.children) != len(b.children):
        return False
    for left, right in zip(a.children, b.children, strict=True):
        if (left.row.id if left.row else left.folder) != (right.row.id if right.row else right.folder):
            return False
        if not _same_shape(left, right):
            return False
    return True


def _take_over(old: Node, new: Node) -> list[Node]:
    """Nodes that say something else now."""
    changed = [old] if old.parent is not None and (old.row, old.shown, old.total) != (new.row, new.shown, new.total) else []
    old.row, old.shown, old.total = new.row, new.shown, new.total
    for left, right in zip(old.children, new.children, strict=True):
        changed += _take_over(left, right)
    return changed
