"""Files that were moved or renamed, known again by their content, their first version, or the name that stands in them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from workbench.formats.comparison_file import stem_of
from workbench.formats.comparison_file_record import read_comparison
from workbench.formats.library_file import read_prompt
from workbench.formats.library_file_data import read_dataset
from workbench.library.cases import Query
from workbench.library.in_step import reading
from workbench.library.in_step.agreed import Agreed
from workbench.library.in_step.bringing import theirs
from workbench.library.in_step.outside import Kind, Look, Unit
from workbench.values import BadInput

Place = tuple[str, str]
"""Folder and name of a thing."""


def followed(query: Query, look: Look, lost: Mapping[str, Agreed], fresh: Mapping[str, Unit]) -> Iterator[tuple[str, str, Unit]]:
    """The key that a lost file had, the one that it has now, and the file; each at most once, by the surest sign first."""
    if not lost or not fresh:
        return
    by_hash = {(unit.kind, unit.hash): key for key, unit in fresh.items()}
    by_version: dict[tuple[int, str, str], str] = {}
    by_place: dict[tuple[Kind, Place], str] = {}
    by_name: dict[tuple[Kind, str], str] = {}
    for key, unit in fresh.items():
        with suppress(BadInput):
            place = name_in(look, unit.path, theirs(look.text(unit.path)), unit.kind)
            by_place.setdefault((unit.kind, place), key)
            by_name.setdefault((unit.kind, place[1]), key)
        with suppress(BadInput):
            entries = [history.versions[0] for history in reading.histories(look, unit.path) if history.versions]
            by_version |= {(entry.number, entry.content.hash, entry.at): key for entry in entries}
    first = _first_versions(query) if by_version else {}
    ways: tuple[Callable[[Agreed], str | None], ...] = (
        lambda base: by_hash.get((base.kind, base.outside)),
        lambda base: by_version.get(first.get(base.thing, (0, "", ""))),
        lambda base: by_place.get((base.kind, _place_before(look, base))),
        lambda base: by_name.get((base.kind, _place_before(look, base)[1])),
    )
    left, free = dict(lost), dict(fresh)
    for way in ways:
        for key, base in list(left.items()):
            found = way(base)
            if found in free:
                del left[key]
                yield key, found, free.pop(found)


def name_in(look: Look, path: str, text: str, kind: Kind) -> Place:
    """Folder and name of the thing in a file. Raises BadInput."""
    document, stem = reading.checked(look.folder, path, text, kind), stem_of(posixpath.basename(path))
    if kind == "prompt":
        file = read_prompt(document, stem)
        return (file.folder if file.folder is not None else reading.folder_of(path)), " ".join(file.name.split())
    name = read_dataset(document, stem).name if kind == "dataset" else read_comparison(document, stem).name
    return "", " ".join(name.split())


def _place_before(look: Look, base: Agreed) -> Place:
    with suppress(BadInput):
        return name_in(look, base.path, base.text, base.kind)
    return "", ""


def _first_versions(query: Query) -> dict[str, tuple[int, str, str]]:
    """Number, hash and time of the first version of each prompt by uid."""
    sql = """SELECT prompt.uid, number, hash, version.created_at FROM version JOIN content ON content.id = content_id
             JOIN prompt ON prompt.id = prompt_id
             WHERE number = (SELECT min(number) FROM version AS other WHERE other.prompt_id = version.prompt_id)"""
    return {uid: (number, hash_, at) for uid, number, hash_, at in query(sql, {})}
