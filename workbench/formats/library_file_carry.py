"""A file of the library written again: what a person added to it stays, comments as well as keys that the app does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.formats.yaml_text import dump
from workbench.formats.yaml_text_reading import Comments, Document, Path

Owned = Mapping[str, Any]
"""The keys that the app writes: each with None, or with the `Owned` of the mapping below it. `*` stands for any key."""

_HEADER = "# yaml-language-server:"


def rewritten(data: Mapping[str, Any], owned: Owned, header: str, old: Document | None) -> str:
    """The text of a file that now holds this data, with what a person had added to the old one."""
    if old is None or not isinstance(old.data, Mapping):
        return dump(data, header)
    kept = _carried(old.data, data, owned)
    return dump(kept, header, _moved(old.comments(), old.data, kept, header))


def _carried(old: Mapping[str, Any], new: Mapping[str, Any], owned: Owned) -> dict[str, Any]:
    """The new mapping with the old one's unknown keys behind the keys that they stood behind."""
    result: dict[str, Any] = {}
    for key, value in new.items():
        below = owned.get(key, owned.get("*"))
        was = old.get(key)
        result[key] = _carried(was, value, below) if below and isinstance(was, Mapping) and isinstance(value, Mapping) else value
    order = list(result)
    behind: str | None = None
    for key, value in old.items():
        if key not in result:
            left = _unknown(value, key, owned)
            if left is not None:
                result[key] = left
                order.insert(order.index(behind) + 1 if behind in order else 0, key)
        if key in result:
            behind = key
    return {key: result[key] for key in order}


def _unknown(value: Any, key: str, owned: Owned) -> Any:
    """What of an old entry that the app no longer writes is a person's own; None if nothing is."""
    if key not in owned and "*" not in owned:
        return value
    below = owned.get(key, owned.get("*"))
    if not below or not isinstance(value, Mapping):
        return None
    left = {name: kept for name, item in value.items() if (kept := _unknown(item, name, below)) is not None}
    return left or None


def _moved(comments: Comments, old: Any, new: Any, header: str) -> Comments:
    """The comments at the entries of the new data. Where an entry is gone, its comment stands at what was around it."""
    moved = Comments(at_end=list(comments.at_end))
    for path, lines in comments.before.items():
        kept = [line for line in lines if not line.startswith(_HEADER) and line != f"# {header}"]
        if kept:
            _put(moved, _found(path, old, new)[0], kept)
    for path, line in comments.end_of_line.items():
        place, is_same = _found(path, old, new)
        if is_same and place not in moved.end_of_line:
            moved.end_of_line[place] = line
        else:
            _put(moved, place, [line])
    return moved


def _put(comments: Comments, place: Path, lines: list[str]) -> None:
    if place:
        comments.before.setdefault(place, []).extend(lines)
    else:
        comments.at_end.extend(lines)


def _found(path: Path, old: Any, new: Any) -> tuple[Path, bool]:
    """Where an entry of the old data is in the new, and whether it is that entry or only what is around it."""
    place: Path = ()
    for step in path:
        if isinstance(step, str) and isinstance(new, Mapping) and step in new and isinstance(old, Mapping):
            following: str | int = step
        elif isinstance(step, int) and _is_list(old) and _is_list(new) and (other := _same(old, new, step)) is not None:
            following = other
        else:
            return place, False
        old, new = old[step], new[following]
        place = (*place, following)
    return place, True


def _same(old: Sequence[Any], new: Sequence[Any], place: int) -> int | None:
    """Where the item at this place is now: there if it is equal there, else where it is equal, else the same place."""
    item = old[place]
    if place < len(new) and new[place] == item:
        return place
    equal = [other for other, candidate in enumerate(new) if candidate == item]
    if equal:
        return equal[0]
    return place if place < len(new) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))
