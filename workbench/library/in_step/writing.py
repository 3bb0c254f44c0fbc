"""Things of the workspace written to their files: each whole or not at all, with what a person added to them."""

from __future__ import annotations

import posixpath

from workbench.formats.comparison_file import stem_of
from workbench.formats.comparison_file_record import read_comparison
from workbench.formats.library_file import read_prompt
from workbench.formats.library_file_data import read_dataset
from workbench.formats.library_layout import FOLDERS, MODELS, PAGE, folded, folder_slug, free_path
from workbench.formats.reports import NotCarried
from workbench.library.cases import Query
from workbench.library.comparisons import Comparisons
from workbench.library.datasets import Datasets
from workbench.library.folder.exporting import Exporter
from workbench.library.folder.gathering import prompts
from workbench.library.folder.leftovers import remove_unnamed
from workbench.library.folder.shelf import Key, Shelf
from workbench.library.in_step import reading
from workbench.library.in_step.agreed import Agreed
from workbench.library.in_step.inside import Thing, empty_folders, model_uids
from workbench.library.in_step.outside import Look
from workbench.values import BadInput, Steps


class Writing:
    """Writes into one folder, and knows what it would write."""

    def __init__(self, datasets: Datasets, comparisons: Comparisons, look: Look) -> None:
        self._datasets, self._comparisons, self._look = datasets, comparisons, look
        self._query: Query = _nobody
        self._paths: dict[str, str] = {}
        self._shelf = Shelf(look.folder, things={("", "", ""): ""})

    def begin(self, taken: set[str], paths: dict[str, str]) -> None:
        """Start a round: which paths are taken, and where each thing lies by uid."""
        self._paths = paths
        self._shelf = Shelf(self._look.folder, things={("", "", ""): ""}, taken=taken)

    def lies_at(self, uid: str, path: str) -> None:
        """Know where a thing lies that came in meanwhile: comparisons name it by its path."""
        if uid:
            self._paths[uid] = path

    def look_from(self, query: Query) -> None:
        """Read the workspace through this from now on."""
        self._query = query

    @property
    def written(self) -> list[str]:
        """Files that were written."""
        return self._shelf.written

    @property
    def removed(self) -> list[str]:
        """Files that were removed."""
        return self._shelf.removed

    @property
    def unwritten(self) -> tuple[NotCarried, ...]:
        """Files that could not be written or removed."""
        return tuple(note for note in self._shelf.left if "the file" in note.what or note.what.startswith("line "))

    @property
    def not_carried(self) -> tuple[NotCarried, ...]:
        """What the workspace holds and files have no place for."""
        return tuple(note for note in self._shelf.left if note not in self.unwritten)

    def fresh(self, thing: Thing, path: str) -> dict[str, str]:
        """What would be written for a thing at this path, by path, without what a person added to its files."""
        pages = reading.Pages({}, set())
        pages.things = {_key(thing): path}
        self._export(pages, thing, path)
        return {name: text for name, text in pages.texts.items() if not name.startswith(".")}

    def write(self, thing: Thing, base: Agreed | None, instead: str | None) -> str | None:
        """The path of the file that now says what the thing does; None where it could not be written.

        `instead` is put in the place of the file first; an empty text: what we would write ourselves. Then the versions beside it too.
        """
        shelf, path = self._shelf, self._paths.get(thing.uid) if thing.uid else None
        if base is not None:
            path = self._moved(thing, base)
        if path is None and thing.kind in ("prompt", "dataset", "comparison"):
            path = self._new_path(thing)
        path = path or (PAGE if thing.kind == "page" else MODELS)
        before = shelf.unwritten, len(shelf.written)
        if instead is not None:
            fresh = self.fresh(thing, path)
            shelf.write_text(path, instead or fresh[path])
            for beside, text in fresh.items():
                if beside != path:
                    shelf.write_text(beside, text)
        shelf.things = {_key(thing): path}
        self._export(shelf, thing, path)
        shelf.written[before[1] :] = dict.fromkeys(shelf.written[before[1] :])
        if shelf.unwritten > before[0]:
            return None
        self.lies_at(thing.uid, path)
        return path

    def remove(self, base: Agreed) -> bool:
        """True if the file of a thing that is in the archive is gone."""
        paths = [base.path]
        if base.kind == "prompt":
            paths.append(reading.versions_path(base.path))
        elif base.kind == "dataset":
            try:
                table = read_dataset(reading.document(self._look.folder, base.path, base.text), "").table
            except BadInput:
                table = None
            if table and "/" not in table and "\\" not in table:
                paths.append(posixpath.join(posixpath.dirname(base.path), table))
        before = self._shelf.unwritten
        for path in paths:
            self._shelf.remove(path)
        self._paths.pop(base.thing, None)
        return self._shelf.unwritten == before

    def discard(self, path: str) -> None:
        """Remove a second file of a thing, with the versions beside it: what it said is in the workspace now."""
        self._shelf.remove(path)
        self._shelf.remove(reading.versions_path(path))

    def remove_unnamed(self) -> None:
        """Remove pictures that no file names any more."""
        remove_unnamed(self._query, self._shelf)

    def _export(self, shelf: Shelf, thing: Thing, path: str) -> None:
        exporter = Exporter(self._query, shelf, True, Steps(None))
        exporter.paths = {**self._paths, thing.uid: path}
        if thing.kind == "prompt":
            exporter.prompts(prompts(self._query, [thing.id]))
        elif thing.kind == "dataset":
            exporter.datasets([self._datasets.get(thing.id)])
        elif thing.kind == "comparison":
            exporter.comparisons([self._comparisons.get(thing.id)])
        elif thing.kind == "models":
            exporter.models(model_uids(self._query))
        else:
            exporter.page(tuple(empty_folders(self._query)))

    def natural(self, thing: Thing) -> str:
        """Where the file of a new thing would lie if nothing else lay there."""
        return free_path(self._home(thing), thing.name, ".yaml", set())

    def _new_path(self, thing: Thing) -> str:
        return free_path(self._home(thing), thing.name, ".yaml", self._shelf.taken)

    def _home(self, thing: Thing) -> str:
        if thing.kind == "dataset":
            folder = self._query("SELECT coalesce(folder, '') FROM dataset WHERE id = :id", {"id": thing.id})[0][0]
            return posixpath.join(FOLDERS["dataset"], folder_slug(folder)).rstrip("/")
        if thing.kind != "prompt":
            return FOLDERS[thing.kind]
        kind = self._query("SELECT kind FROM prompt WHERE id = :id", {"id": thing.id})[0][0]
        return posixpath.join(FOLDERS[kind], folder_slug(thing.folder)).rstrip("/")

    def _moved(self, thing: Thing, base: Agreed) -> str:
        """Where the file of a thing lies that may have another name or folder than when both sides agreed: it moves along."""
        if thing.kind not in ("prompt", "dataset", "comparison") or not (self._look.folder / base.path).is_file():
            return base.path
        try:
            document, stem = reading.document(self._look.folder, base.path, base.text), stem_of(posixpath.basename(base.path))
            if thing.kind == "prompt":
                file = read_prompt(document, stem)
                was = (file.folder if file.folder is not None else reading.folder_of(base.path), file.name)
            else:
                was = ("", read_dataset(document, stem).name if thing.kind == "dataset" else read_comparison(document, stem).name)
        except BadInput:
            return base.path
        if was == (thing.folder, thing.name):
            return base.path
        # A dataset keeps its place, where its table lies too; its file says the folder.
        home = posixpath.dirname(base.path) if thing.kind == "dataset" else self._home(thing)
        path = free_path(home, thing.name, ".yaml", self._shelf.taken)
        pairs = [(base.path, path)]
        if thing.kind == "prompt":
            pairs.append((reading.versions_path(base.path), reading.versions_path(path)))
        for old, new in pairs:
            source, target = self._look.folder / old, self._look.folder / new
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.is_file() and not target.exists():
                    source.replace(target)
            except OSError:
                return base.path
            self._shelf.taken.discard(folded(old))
        self._shelf.removed.append(base.path)
        return path


def _key(thing: Thing) -> Key:
    return ("prompt", thing.folder, thing.name) if thing.kind == "prompt" else (thing.kind, "", thing.name)


def _nobody(sql: str, parameters: object = ()) -> list[object]:
    raise RuntimeError("no workspace to read from yet")
