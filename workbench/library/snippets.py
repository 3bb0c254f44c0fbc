"""Snippets: shared text that prompts include by name. They are prompts of their own kind, with versions, labels and a draft.

A saved version holds the text of its snippets as it was (`Content.snippets`), so a snippet that changes changes no prompt: the
prompts are told, and take it in as a new version when somebody says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from workbench.library.branches import NEWEST
from workbench.library.cases import asking
from workbench.library.contents import frozen, snippet_text
from workbench.library.records import VersionRow
from workbench.library.versions import Versions, keep_draft, written
from workbench.quick_dataclass import dataclass
from workbench.store.database import Database, Writer
from workbench.values import BadInput, Content

_FROZEN = f"""
SELECT prompt.id, prompt.name, prompt.kind, version.number, content.snippets
FROM prompt JOIN version ON version.prompt_id = prompt.id JOIN content ON content.id = version.content_id
WHERE prompt.archived_at IS NULL AND content.snippets IS NOT NULL
  AND version.id = (SELECT version.id FROM version WHERE version.prompt_id = prompt.id {NEWEST})
ORDER BY prompt.name, prompt.id
"""


_FROZEN_DRAFTS = f"""
SELECT prompt.id, prompt.name, prompt.kind, (SELECT version.number FROM version WHERE version.prompt_id = prompt.id {NEWEST}),
       json_extract(draft.content, '$.snippets')
FROM prompt JOIN draft ON draft.prompt_id = prompt.id
WHERE prompt.archived_at IS NULL AND json_extract(draft.content, '$.snippets') IS NOT NULL
ORDER BY prompt.name, prompt.id
"""
_TEXTS = """
SELECT prompt.id, names.branch FROM prompt
JOIN (SELECT prompt_id, branch FROM version UNION SELECT prompt_id, branch FROM draft) AS names ON names.prompt_id = prompt.id
LEFT JOIN branch ON branch.prompt_id = prompt.id AND branch.name = names.branch
LEFT JOIN draft ON draft.prompt_id = prompt.id AND draft.branch = names.branch
LEFT JOIN version ON version.prompt_id = prompt.id
 AND version.number = (SELECT max(number) FROM version WHERE prompt_id = prompt.id AND branch = names.branch)
LEFT JOIN content ON content.id = version.content_id
WHERE prompt.archived_at IS NULL AND branch.closed_at IS NULL AND coalesce(draft.content, content.messages) LIKE '%include%'
"""
_NAMES = """
SELECT name, EXISTS (SELECT 1 FROM version WHERE prompt_id = prompt.id) FROM prompt
WHERE kind = 'snippet' AND archived_at IS NULL ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class Use:
    """A prompt, or a snippet, that includes a snippet."""

    prompt_id: int
    name: str
    kind: str
    version: int | None
    """Number of its newest version; None where it has none."""


@dataclass(frozen=True, slots=True)
class Stale:
    """What a content includes and what is no more as it was frozen."""

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    """Snippets that were renamed or archived since: their text stays in the content, and nobody tells of changes."""


class Snippets:
    """The verbs on what prompts include. Snippets themselves are made, saved, renamed and archived as prompts."""

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database = database
        self._versions = versions

    def text(self, name: str) -> str | None:
        """What the live snippet of this name says now; None where there is none."""
        return snippet_text(self._database.query, name)

    def names(self) -> tuple[str, ...]:
        """Names of all live snippets with a saved version: those that can be included."""
        return tuple(name for name, saved in self._database.query(_NAMES) if saved)

    def unsaved(self) -> tuple[str, ...]:
        """Names of the live snippets that were never saved and cannot be included yet."""
        return tuple(name for name, saved in self._database.query(_NAMES) if not saved)

    def filled(self, content: Content) -> Content:
        """The content as it would be saved: with the text of all that it includes, frozen or as it is now."""
        return frozen(content, self._database.query)

    def renewed(self, content: Content) -> Content:
        """The content with its snippets as they are now."""
        from workbench.templates import renewed  # Jinja2, which reading does not need

        return renewed(content, lambda name: snippet_text(self._database.query, name))

    def stale(self, content: Content) -> Stale:
        """Which snippets of a content are other ones by now."""
        return _stale(content.snippets, {name: snippet_text(self._database.query, name) for name in content.snippets})

    def uses(self) -> Mapping[str, Sequence[Use]]:
        """By snippet: the live prompts whose newest version or unsaved edits include it, themselves or through another snippet."""
        found: dict[str, dict[int, Use]] = {}
        for id, name, kind, number, snippets in (*self._database.query(_FROZEN), *self._database.query(_FROZEN_DRAFTS)):
            for snippet in json.loads(snippets):
                found.setdefault(snippet, {}).setdefault(id, Use(id, name, kind, number))
        return {snippet: [*uses.values()] for snippet, uses in found.items()}

    def stale_prompts(self) -> Mapping[int, Stale]:
        """By prompt id: what changed since its newest version; prompts with nothing to tell are left out."""
        live: dict[str, str | None] = {}
        found = {}
        for id, _, _, _, snippets in self._database.query(_FROZEN):
            texts = json.loads(snippets)
            for name in texts:
                if name not in live:
                    live[name] = snippet_text(self._database.query, name)
            told = _stale(texts, live)
            if told.changed or told.gone:
                found[id] = told
        return found

    def take_in(self, prompt_id: int) -> VersionRow:
        """A new version of a prompt with its snippets as they are now. Raises BadInput while it has unsaved edits, or nothing changed."""
        newest = self._versions.current(prompt_id)
        if newest is None or self._versions.draft(prompt_id) is not None:
            raise BadInput("This prompt has unsaved edits.", remedy="Save or discard them first.")
        content = self._versions.content(newest.id)
        names = self.stale(content).changed
        if not names:
            raise BadInput("None of its snippets has changed.")
        return self._versions.save(prompt_id, self.renewed(content), taken_in(names))


def follow(writer: Writer, old: str, new: str) -> int:
    """Write a snippet's new name into all that is written on and includes it, as unsaved edits; the answer is of how many prompts.
    Saved versions keep the name and the text that they saw."""
    from workbench.templates import with_renamed  # Jinja2, which a renaming of prompts does not need

    query, followed = asking(writer), set[int]()
    for id, branch in writer.run(_TEXTS).all():
        content, base = written(query, id, branch)
        now = with_renamed(content, old, new)
        if now != content:
            keep_draft(writer, id, frozen(now, query), base, branch)
            followed.add(id)
    return len(followed)


def taken_in(names: Sequence[str]) -> str:
    """The note of a version that only takes snippets in."""
    return f"Takes in {' and '.join([', '.join(names[:-1]), names[-1]] if len(names) > 1 else names)} as it is now"


def _stale(frozen_texts: Mapping[str, str], live: Mapping[str, str | None]) -> Stale:
    changed = tuple(name for name, text in sorted(frozen_texts.items()) if live.get(name) not in (None, text))
    return Stale(changed, tuple(name for name in sorted(frozen_texts) if live.get(name) is None))
