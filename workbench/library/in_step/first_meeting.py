"""A prompt that both sides have, without anything that they agreed on before: which of them is ahead, by its versions."""

from __future__ import annotations

from typing import Literal

from workbench.formats.library_file import PromptFile, write_prompt
from workbench.library.cases import Query
from workbench.library.folder.gathering import StoredPrompt, prompts
from workbench.library.in_step import reading
from workbench.library.in_step.inside import Thing
from workbench.library.in_step.outside import Look
from workbench.quick_dataclass import replace


def ahead(query: Query, thing: Thing, look: Look, path: str, text: str) -> Literal["folder", "workspace"] | None:
    """The side that has every version of the other and more; None where neither has, or the texts are equal and only details differ."""
    read = reading.prompt(look, path, text)
    there = {entry.content.hash for history in read.histories for entry in history.versions} | {read.file.content.hash}
    stored = prompts(query, [thing.id])[0]
    here = {entry.content.hash for entry in stored.versions}
    newest = stored.versions[-1].content.hash if stored.versions else None
    if newest is None or newest == read.file.content.hash:
        return None
    if here <= there:
        return "folder"
    return "workspace" if there <= here else None


def before(query: Query, thing: Thing, look: Look, path: str) -> str:
    """The newest text that both sides had as a version, as a file says it; empty where there is none."""
    if thing.kind != "prompt" or not thing.is_live:
        return ""
    theirs = reading.histories(look, path)[-1:]  # the last one, where git left those of both sides
    there = {entry.content.hash for history in theirs for entry in history.versions}
    stored = prompts(query, [thing.id])[0]
    common = [entry for entry in stored.versions if entry.content.hash in there]
    if not common:
        return ""
    return write_prompt(_as_of(stored, common[-1].number), path=path)


def _as_of(stored: StoredPrompt, number: int) -> PromptFile:
    versions = tuple(entry for entry in stored.versions if entry.number <= number)
    return replace(stored, versions=versions, labels={}).as_file(None, with_versions=True)
