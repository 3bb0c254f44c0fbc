"""Full-text search over prompts, versions, cases and outputs."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal

from workbench.quick_dataclass import dataclass
from workbench.store.database import Database, Query
from workbench.store.excerpt import CLOSE as CLOSE
from workbench.store.excerpt import OPEN as OPEN
from workbench.store.excerpt import excerpt, is_gapless, places

_TERMS = 48
"""A beginning is completed to so many words of the index; where there are more, the first in the alphabet stand for all."""

_WINDOW = 20_000
_BUDGET_S = 0.04
"""After so long, no older rows are looked through for one kind: words that are common but never together would take seconds."""

_SCANNED = 4_000
_SCAN_BUDGET_S = 0.25
"""The same where texts are read, as the index does not know the words of a script without gaps; rows at a time."""

# What is shown of a row: id, title, where, prompt, run, and the texts that its excerpt may come from.
ROWS: Mapping[str, str] = {
    "prompt": """
SELECT prompt.id, prompt.name, coalesce(folder.path, ''), prompt.id, NULL, prompt.name, prompt.description
FROM prompt LEFT JOIN folder ON folder.id = prompt.folder_id WHERE prompt.id = :id""",
    "version": """
SELECT version.id, prompt.name, 'v' || version.number, prompt.id, NULL, text.note, text.text
FROM search_version AS text JOIN version ON version.id = text.rowid JOIN prompt ON prompt.id = version.prompt_id
WHERE text.rowid = :id""",
    "case": """
SELECT "case".id, "case".name, dataset.name, NULL, NULL, text.text, text.name
FROM search_case AS text JOIN "case" ON "case".id = text.rowid JOIN dataset ON dataset.id = "case".dataset_id WHERE text.rowid = :id""",
    "note": """
SELECT output.id, coalesce(comparison.name, ''), 'Run ' || run.number, NULL, run.id, rating.note
FROM rating JOIN output ON output.id = rating.output_id JOIN job ON job.id = output.job_id JOIN run ON run.id = job.run_id
LEFT JOIN comparison ON comparison.id = run.comparison_id WHERE rating.id = :id""",
    "output": """
SELECT output.id, coalesce(comparison.name, ''), 'Run ' || run.number, NULL, run.id, output.text
FROM output JOIN job ON job.id = output.job_id JOIN run ON run.id = job.run_id
LEFT JOIN comparison ON comparison.id = run.comparison_id WHERE output.id = :id""",
}

# Of the matching rows: the id, and what is to be found once only (old versions say the same thing again and again). CROSS JOIN keeps
# SQLite reading the index first, in order, so that a limit ends the work.
_MATCHING: Mapping[str, str] = {
    "prompt": "prompt.id, prompt.id FROM prompt WHERE prompt.archived_at IS NULL AND",
    "version": "version.id, prompt.id FROM search_version AS found CROSS JOIN version ON version.id = found.rowid "
    "JOIN prompt ON prompt.id = version.prompt_id WHERE prompt.archived_at IS NULL AND",
    "case": '"case".id, "case".id FROM search_case AS found CROSS JOIN "case" ON "case".id = found.rowid '
    'JOIN dataset ON dataset.id = "case".dataset_id WHERE "case".archived_at IS NULL AND dataset.archived_at IS NULL AND',
    "note": "rating.id, rating.output_id FROM search_note AS found CROSS JOIN rating ON rating.id = found.rowid "
    "WHERE rating.replaced_by_id IS NULL AND",
    "output": "found.rowid, found.rowid FROM search_output AS found WHERE NOT EXISTS (SELECT 1 FROM output "
    "JOIN job ON job.id = output.job_id JOIN run ON run.id = job.run_id "
    "WHERE output.id = found.rowid AND run.judged_run_id IS NOT NULL) AND",
}
_BEST_PROMPTS = """
WITH found AS MATERIALIZED (SELECT rowid AS id, bm25(search_prompt, 4.0, 1.0) AS rank FROM search_prompt WHERE search_prompt MATCH :match)
SELECT prompt.id FROM found JOIN prompt ON prompt.id = found.id WHERE prompt.archived_at IS NULL {inside}
ORDER BY found.rank, prompt.name LIMIT :limit"""
TEXTS: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt.name", "prompt.description"),
    "version": ("found.note", "found.text"),
    "case": ("found.name", "found.text"),
    "note": ("found.note",),
    "output": ("found.text",),
}
"""What is read where no index knows a term: columns of the statements above."""
IN_FOLDER = (
    """ AND prompt.folder_id IN (SELECT id FROM folder WHERE path = :folder OR substr(path, 1, length(:folder) + 1) = :folder || '/')"""
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that a search found. `excerpt` marks the words with U+E000 before and U+E001 behind."""

    kind: Literal["prompt", "version", "case", "note", "output"]
    id: int
    """Of the row itself; of a note the output that it is about."""
    title: str
    where: str
    excerpt: str
    prompt_id: int | None = None
    run_id: int | None = None


class Search:
    """The verbs of search."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, text: str, limit: int = 50, folder: str | None = None, only: str | None = None) -> list[Hit]:
        """Hits for all of these words, the last one as a beginning: prompts (best first), versions, cases, notes, outputs (newest first).

        No kind crowds out another: where there are too many, each keeps a fair share of `limit`; `only` names one kind. With a folder,
        only prompts and versions in it or below. Words that are common but seldom together are not looked for to the very oldest rows.
        """
        if not terms_of(text):
            return []
        self._database.catch_up()
        with self._database.snapshot() as query:
            kinds = ("prompt", "version") if folder is not None else tuple(ROWS)
            found = {kind: self._one(query, kind, text, folder) for kind in kinds if only in (None, kind)}
            ids = {kind: one.ids(limit) for kind, one in found.items()}
            shares = _shares([len(rows) for rows in ids.values()], limit)
            return [found[kind].hit(id) for (kind, rows), share in zip(ids.items(), shares, strict=True) for id in rows[:share]]

    def prompts_with(self, text: str, limit: int = 2000) -> dict[int, Hit]:
        """Prompt id to its newest version that has all of these words in its text or note."""
        if not terms_of(text):
            return {}
        with self._database.snapshot() as query:
            found = self._one(query, "version", text, None)
            hits = [found.hit(id) for id in found.ids(limit)]
        return {hit.prompt_id: hit for hit in hits if hit.prompt_id is not None}

    def places(self, words: str, text: str) -> list[tuple[int, int]]:
        """Where a text has these words, as (start, end): each of them by itself, the last one as a beginning."""
        terms, last_is_open = terms_of(words) or ([], False)
        return places(text, terms, last_is_open)

    def terms(self, words: str) -> list[str]:
        """The words and phrases that a search for these words looks for."""
        return [re.sub(r"^\W+|\W+$", "", term) for term in (terms_of(words) or ([], False))[0]]

    def rebuild(self) -> None:
        """Make the indexes anew from what is stored."""
        with self._database.write() as writer:
            writer.rebuild_search()

    def _one(self, query: Query, kind: str, text: str, folder: str | None) -> Finder:
        if self._database.on_server:
            from workbench.store.server.search import ServerFinder  # only teams need it

            return ServerFinder(query, kind, text, folder)
        return _FileFinder(query, kind, text, folder)


class Finder(ABC):
    """One search in one index."""

    rows: Mapping[str, str] = ROWS

    def __init__(self, query: Query, kind: Any, text: str, folder: str | None) -> None:
        self._query, self._kind, self._folder = query, kind, folder
        self._terms, self._last_is_open = terms_of(text) or ([], False)
        self._indexed = [term for term in self._terms if not is_gapless(term)]
        self._opens = self._last_is_open and self._indexed[-1:] == self._terms[-1:]
        """True where the last term that the index knows is a beginning."""
        read = [term[1:-1].replace('""', '"') for term in self._terms if is_gapless(term)]
        self._read = {f"read{place}": term for place, term in enumerate(read)}
        """Terms that are looked for in the texts themselves."""

    def _reading(self, contains: str, columns: tuple[str, ...]) -> str:
        """The conditions that one of these columns holds each term that no index knows; `contains` is the store's function for it."""
        found = ""
        for name, term in self._read.items():
            text, wanted = ("lower({})", f"lower(:{name})") if term.lower() != term.upper() else ("{}", f":{name}")
            found += f" AND ({' OR '.join(f'{contains}({text.format(column)}, {wanted}) > 0' for column in columns)})"
        return found

    @abstractmethod
    def ids(self, limit: int) -> list[int]:
        """Rows that count, the newest first; prompts: the best first. No more than `limit`."""

    def hit(self, id: int) -> Hit:
        """A row with its excerpt."""
        id, title, where, prompt_id, run_id, *texts = self._query(self.rows[self._kind], {"id": id})[0]
        return Hit(self._kind, id, title or where, where, excerpt(texts, self._terms, self._last_is_open), prompt_id, run_id)


class _FileFinder(Finder):
    """One search in an index of FTS5."""

    def __init__(self, query: Query, kind: Any, text: str, folder: str | None) -> None:
        super().__init__(query, kind, text, folder)
        terms = self._indexed
        self._match = self._completed(terms) if self._opens else " AND ".join(terms)

    def _completed(self, terms: list[str]) -> str:
        """The expression with the last word as any of the words that begin so: FTS5 itself would first merge where all of them stand."""
        whole = " AND ".join(terms) + "*"
        start = terms[-1][1:-1]
        if not start.isascii() or not start.isalnum():
            return whole  # words of several parts or with letters beyond ASCII are folded by FTS5 as only it knows
        start = start.lower()
        words: list[str] = []
        at = start
        step = f"SELECT term FROM search_{self._kind}_words WHERE term >= :at LIMIT 1"
        while len(words) < _TERMS and (row := self._query(step, {"at": at})) and row[0][0].startswith(start):
            words.append('"' + row[0][0] + '"')
            at = row[0][0] + "\x01"
        return " AND ".join([*terms[:-1], f"({' OR '.join(words)})"]) if words else whole

    def ids(self, limit: int) -> list[int]:
        """See Finder."""
        inside = IN_FOLDER if self._folder is not None else ""
        reading = self._reading("instr", TEXTS[self._kind])
        values = {"match": self._match, "folder": self._folder, **self._read}
        if self._kind == "prompt":
            if self._match:
                best = _BEST_PROMPTS.format(inside=inside + reading)
            else:
                best = f"SELECT {_MATCHING['prompt']} true {inside}{reading} ORDER BY prompt.name LIMIT :limit"
            return [row[0] for row in self._query(best, {**values, "limit": limit})]
        table = f"search_{self._kind}"
        newest = self._query(f"SELECT max(id) FROM {table}_docsize")[0][0] or 0
        match = f"{table} MATCH :match AND" if self._match else ""
        sql = f"""SELECT {_MATCHING[self._kind]} {match} found.rowid <= :newest AND found.rowid > :oldest {inside}{reading}
ORDER BY found.rowid DESC LIMIT :rows"""
        found: dict[int, int] = {}
        is_read = bool(reading) and not match
        window, most, ends = (_SCANNED, limit * 8, _SCAN_BUDGET_S) if is_read else (_WINDOW, limit * 8, _BUDGET_S)
        ends += time.perf_counter()
        while newest > 0 and len(found) < limit and time.perf_counter() < ends:
            rows = self._query(sql, {**values, "newest": newest, "oldest": newest - window, "rows": most})
            for id, once in rows:
                found.setdefault(once, id)
            if len(rows) == most:
                newest = rows[-1][0] - 1
            else:
                newest, window = newest - window, window * (1 if is_read else 4)
        return list(found.values())[:limit]


def _shares(counts: list[int], limit: int) -> list[int]:
    """How many of each kind to keep: all that fit, the rest dealt out one by one."""
    shares = [0] * len(counts)
    while sum(shares) < min(limit, sum(counts)):
        for place, count in enumerate(counts):
            if shares[place] < count and sum(shares) < limit:
                shares[place] += 1
    return shares


def terms_of(text: str) -> tuple[list[str], bool] | None:
    """What a person typed as FTS5 strings: words, phrases in quotes; and whether the last is a beginning. None if it holds no word."""
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    found = [(phrase or word, bool(phrase)) for phrase, word in re.findall(r'"([^"]+)"|([^\s"]+)', text)]
    terms = [(term, exact) for term, exact in found if re.search(r"\w", term)]
    if not terms:
        return None
    quoted = ['"' + term.replace('"', '""') + '"' for term, _ in terms]
    return quoted, not terms[-1][1] and not text.endswith('"')
