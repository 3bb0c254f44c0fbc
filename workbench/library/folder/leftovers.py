"""Files of things that are gone from the workspace: removed only where the workspace still holds every word of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from workbench.formats.library_file import read_prompt, read_versions, write_prompt, write_versions
from workbench.formats.library_layout import VERSIONS
from workbench.formats.reports import NotCarried
from workbench.library.cases import Query
from workbench.library.folder.gathering import StoredPrompt
from workbench.library.folder.shelf import Shelf
from workbench.values import BadInput

_KNOWN = """
SELECT version.prompt_id, version.number, content.hash, version.created_at
FROM version JOIN content ON content.id = version.content_id
"""


def remove_leftovers(query: Query, shelf: Shelf, stored: Sequence[StoredPrompt], written: Collection[str]) -> None:
    """Remove the files of prompts that were renamed, moved or archived here.

    Such a file is ours if its versions, all of them, are versions of one prompt of this workspace, by number, content and time. A
    prompt that a colleague put into the folder has other times and stays; a file with a person's comments stays and is reported.
    """
    candidates = [path for key, path in shelf.things.items() if key[0] == "prompt" and path not in written]
    if not candidates:
        return
    owners: dict[tuple[int, str, str], set[int]] = {}
    for prompt_id, number, hash_, at in query(_KNOWN, {}):
        owners.setdefault((number, hash_, at), set()).add(prompt_id)
    for path in candidates:
        if not _is_held(shelf, path, owners):
            continue
        if _has_own_words(shelf, path):
            why = "Its prompt was renamed or archived here. It holds comments or keys of a person, so it was left."
            shelf.left.append(NotCarried(path, "the file", why))
        else:
            shelf.remove(path)
            shelf.remove(beside(path))


def beside(path: str) -> str:
    """The versions file of a prompt's file."""
    return path.rsplit(".", 1)[0] + VERSIONS


def _is_held(shelf: Shelf, path: str, owners: dict[tuple[int, str, str], set[int]]) -> bool:
    """True if the workspace holds everything that stands in a prompt's two files."""
    try:
        current, old = shelf.document(path), shelf.document(beside(path))
        if current is None or old is None:
            return False
        prompt, versions = read_prompt(current, ""), read_versions(old)
    except BadInput:
        return False
    if not any(entry.number == prompt.version and entry.content == prompt.content for entry in versions.versions):
        return False
    holders: set[int] | None = None
    for entry in versions.versions:
        found = owners.get((entry.number, entry.content.hash, entry.at), set())
        holders = found if holders is None else holders & found
    return bool(holders)


def _has_own_words(shelf: Shelf, path: str) -> bool:
    """True if the files say more than what we wrote: comments, unknown keys."""
    current, old = shelf.document(path), shelf.document(beside(path))
    if current is None or old is None:
        return True
    prompt = write_prompt(read_prompt(current, ""), shelf.header(path, "prompt"), path=path)
    versions = write_versions(read_versions(old), shelf.header(beside(path), "versions"), path=beside(path))
    return prompt != current.text or versions != old.text
