"""Search on a server: the same answers in the same order as FTS5 gives, as far as PostgreSQL ranks alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.store.database import Query
from workbench.store.search import IN_FOLDER, ROWS, TEXTS, Finder

_ROWS: Mapping[str, str] = {
    **ROWS,
    "version": """
SELECT version.id, prompt.name, 'v' || version.number, prompt.id, NULL, version.note, text.text
FROM search_version AS text JOIN version ON version.id = text.id JOIN prompt ON prompt.id = version.prompt_id WHERE text.id = :id""",
    "case": """
SELECT "case".id, "case".name, dataset.name, NULL, NULL, text.text, text.title
FROM search_case AS text JOIN "case" ON "case".id = text.id JOIN dataset ON dataset.id = "case".dataset_id WHERE text.id = :id""",
}

# The id, and what is to be found once only: of old versions of a prompt that say the same, and of notes on one output, the newest.
_NEWEST: Mapping[str, str] = {
    "version": "SELECT max(version.id) AS id FROM search_version AS found JOIN version ON version.id = found.id "
    "JOIN prompt ON prompt.id = version.prompt_id WHERE prompt.archived_at IS NULL AND {matching} {inside} GROUP BY prompt.id",
    "case": 'SELECT "case".id AS id FROM search_case AS found JOIN "case" ON "case".id = found.id '
    'JOIN dataset ON dataset.id = "case".dataset_id WHERE "case".archived_at IS NULL AND dataset.archived_at IS NULL '
    "AND {matching}",
    "note": "SELECT max(rating.id) AS id FROM search_note AS found JOIN rating ON rating.id = found.id "
    "WHERE rating.replaced_by_id IS NULL AND {matching} GROUP BY rating.output_id",
    "output": "SELECT found.id AS id FROM search_output AS found JOIN output ON output.id = found.id JOIN job ON job.id = output.job_id "
    "JOIN run ON run.id = job.run_id WHERE run.judged_run_id IS NULL AND {matching}",
}
_BEST_PROMPTS = """
SELECT prompt.id FROM search_prompt AS found JOIN prompt ON prompt.id = found.id
WHERE prompt.archived_at IS NULL AND found.words @@ {match} {inside}
ORDER BY ts_rank('{{0.25, 0.25, 0.25, 1}}', found.words, {match}, 1) DESC, prompt.name LIMIT :limit"""
_NAMED_PROMPTS = """
SELECT prompt.id FROM prompt WHERE prompt.archived_at IS NULL {inside} ORDER BY prompt.name LIMIT :limit"""
_TEXTS: Mapping[str, tuple[str, ...]] = {
    **TEXTS, "version": ("version.note", "found.text"), "case": ("found.title", "found.text"), "note": ("rating.note",),
    "output": ("output.text",),
}  # fmt: skip


class ServerFinder(Finder):
    """One search in a table of words."""

    rows = _ROWS

    def __init__(self, query: Query, kind: Any, text: str, folder: str | None) -> None:
        super().__init__(query, kind, text, folder)
        words = [term[1:-1].replace('""', '"') for term in self._indexed]
        self._values: dict[str, Any] = {f"term{place}": term for place, term in enumerate(words)}
        last = len(words) - 1
        terms = (f"search_term(:term{place}, {'true' if self._opens and place == last else 'false'})" for place in range(len(words)))
        # What holds no word of its own, such as a lone dash beside words, asks for nothing; alone it finds nothing.
        self._match = f"({' && '.join(terms)})" if words else ""

    def ids(self, limit: int) -> list[int]:
        """See Finder."""
        inside = IN_FOLDER if self._folder is not None else ""
        values = {**self._values, **self._read, "folder": self._folder, "limit": limit}
        reading = self._reading("strpos", _TEXTS[self._kind])
        if self._kind == "prompt":
            sql = _BEST_PROMPTS if self._match else _NAMED_PROMPTS
            sql = sql.format(match=self._match, inside=inside + reading)
        else:
            matching = f"found.words @@ {self._match}" if self._match else "true"
            found = _NEWEST[self._kind].format(matching=matching + reading, inside=inside)
            sql = f"SELECT id FROM ({found}) AS newest ORDER BY id DESC LIMIT :limit"
        return [row[0] for row in self._query(sql, values)]
