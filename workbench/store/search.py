"""Full-text search over prompts, versions, cases and outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workbench.store import schema
from workbench.store.database import Database

OPEN, CLOSE = "\ue000", "\ue001"
"""Around the found words of an excerpt."""

_SNIPPET = f"snippet({{table}}, {{column}}, '{OPEN}', '{CLOSE}', '…', 12)"

_QUERIES: Mapping[str, str] = {
    "prompt": f"""
SELECT prompt.id, prompt.name, coalesce(folder.path, ''), {_SNIPPET.format(table="search_prompt", column=-1)}, prompt.id, NULL
FROM search_prompt JOIN prompt ON prompt.id = search_prompt.rowid LEFT JOIN folder ON folder.id = prompt.folder_id
WHERE search_prompt MATCH :match AND prompt.archived_at IS NULL ORDER BY bm25(search_prompt, 4.0, 1.0), prompt.name LIMIT :limit""",
    # One hit for a prompt, at its newest version with these words: old versions say the same thing again and again.
    "version": f"""
SELECT version.id, prompt.name, 'v' || version.number, {_SNIPPET.format(table="search_version", column=-1)}, prompt.id, NULL
FROM search_version JOIN version ON version.id = search_version.rowid JOIN prompt ON prompt.id = version.prompt_id
WHERE search_version MATCH :match AND prompt.archived_at IS NULL AND search_version.rowid IN
(SELECT max(version.id) FROM search_version JOIN version ON version.id = search_version.rowid WHERE search_version MATCH :match
 GROUP BY version.prompt_id)
ORDER BY version.id DESC LIMIT :limit""",
    "case": f"""
SELECT "case".id, "case".name, dataset.name, {_SNIPPET.format(table="search_case", column=-1)}, NULL, NULL
FROM search_case JOIN "case" ON "case".id = search_case.rowid JOIN dataset ON dataset.id = "case".dataset_id
WHERE search_case MATCH :match AND "case".archived_at IS NULL AND dataset.archived_at IS NULL ORDER BY search_case.rowid LIMIT :limit""",
    "output": f"""
SELECT output.id, coalesce(comparison.name, ''), 'Run ' || run.number, {_SNIPPET.format(table="search_output", column=0)}, NULL, run.id
FROM search_output JOIN output ON output.id = search_output.rowid JOIN job ON job.id = output.job_id JOIN run ON run.id = job.run_id
LEFT JOIN comparison ON comparison.id = run.comparison_id
WHERE search_output MATCH :match ORDER BY search_output.rowid DESC LIMIT :limit""",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that a search found. `excerpt` marks the words with U+E000 before and U+E001 behind."""

    kind: Literal["prompt", "version", "case", "output"]
    id: int
    title: str
    where: str
    excerpt: str
    prompt_id: int | None = None
    run_id: int | None = None


class Search:
    """The verbs of search."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, text: str, limit: int = 50) -> list[Hit]:
        """Hits for all of these words, the last one as a beginning: prompts (best first), versions, cases, outputs (newest first).

        No kind crowds out another: where there are too many, each keeps a fair share of `limit`.
        """
        match = match_of(text)
        if not match:
            return []
        found = {kind: self._database.query(sql, {"match": match, "limit": limit}) for kind, sql in _QUERIES.items()}
        shares = _shares([len(rows) for rows in found.values()], limit)
        return [_hit(kind, row) for (kind, rows), share in zip(found.items(), shares, strict=True) for row in rows[:share]]

    def rebuild(self) -> None:
        """Make the indexes anew from what is stored."""
        with self._database.write() as writer:
            execute = writer.connection.exec_driver_sql
            schema.drop_derived(execute)
            schema.create_derived(execute)
            schema.rebuild_search(execute)


def _hit(kind: Any, row: tuple[Any, ...]) -> Hit:
    id, title, where, excerpt, prompt_id, run_id = row
    return Hit(kind, id, title or where, where, " ".join(excerpt.split()), prompt_id, run_id)


def _shares(counts: list[int], limit: int) -> list[int]:
    """How many of each kind to keep: all that fit, the rest dealt out one by one."""
    shares = [0] * len(counts)
    while sum(shares) < min(limit, sum(counts)):
        for place, count in enumerate(counts):
            if shares[place] < count and sum(shares) < limit:
                shares[place] += 1
    return shares


def match_of(text: str) -> str:
    """The FTS5 expression for what a person typed: words, phrases in quotes, the last word as a beginning. Empty if it holds no word."""
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    found = [(phrase or word, bool(phrase)) for phrase, word in re.findall(r'"([^"]+)"|([^\s"]+)', text)]
    terms = [(term, exact) for term, exact in found if re.search(r"\w", term)]
    if not terms:
        return ""
    last_is_open = not terms[-1][1] and not text.endswith('"')
    quoted = ['"' + term.replace('"', '""') + '"' for term, _ in terms]
    return " AND ".join(quoted) + ("*" if last_is_open else "")
