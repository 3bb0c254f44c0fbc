"""How a version of a dataset is stored: its cases in pages that it shares with other versions, each case's words once.

A page ends where the id of a case says so, not after so many cases: a case that is added or taken out changes one page, and all
behind it stay the same rows.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence

from workbench.library.cases import Query, asking, pages
from workbench.store.database import Writer
from workbench.values import canonical

LONGEST_PAGE = 1024
_ONE_IN = 256

Entry = tuple[int, int | None]
"""The id of a case (0 where an old version does not know it), and of its content (None: what it says now was never kept)."""

_LIVE = """SELECT "case".id, case_content.id FROM "case" LEFT JOIN case_content ON case_content.hash = "case".content_hash
WHERE dataset_id = :dataset AND archived_at IS NULL ORDER BY position, "case".id"""
_KEEP = """INSERT INTO case_content (hash, name, "values", reference, tags, weight, note, checks)
SELECT content_hash, name, "values", reference,
 (SELECT json_group_array(name) FROM (SELECT tag.name FROM case_tag JOIN tag ON tag.id = case_tag.tag_id
  WHERE case_tag.case_id = "case".id ORDER BY tag.name) AS named), weight, note, checks
FROM "case" WHERE id IN (SELECT min(id) FROM "case" WHERE dataset_id = :dataset AND archived_at IS NULL GROUP BY content_hash)
AND NOT EXISTS (SELECT 1 FROM case_content WHERE hash = content_hash AND case_content."values" IS NOT NULL)
ON CONFLICT (hash) DO UPDATE SET name = excluded.name, "values" = excluded."values", reference = excluded.reference,
 tags = excluded.tags, weight = excluded.weight, note = excluded.note, checks = excluded.checks"""


def live_entries(query: Query, dataset_id: int) -> list[Entry]:
    """The live cases of a dataset in order."""
    return [(case, content) for case, content in query(_LIVE, {"dataset": dataset_id})]


def entries_of(query: Query, page_ids: Sequence[int]) -> list[Entry]:
    """The cases of these pages in order."""
    found: dict[int, bytes] = {}
    for some in pages(list(dict.fromkeys(page_ids))):
        found.update({row[0]: row[1] for row in query(f"SELECT id, cases FROM case_page WHERE id IN ({','.join(map(str, some))})", {})})
    return [(case, content) for id_ in page_ids for case, content in json.loads(zlib.decompress(found[id_]))]


def keep_live(writer: Writer, dataset_id: int) -> tuple[list[int], int]:
    """The ids of the pages that hold the live cases of a dataset, and how many cases there are; what is new of them is written."""
    writer.run(_KEEP, dataset=dataset_id)
    entries = live_entries(asking(writer), dataset_id)
    kept = [canonical(page).encode() for page in _cut(entries)]
    hashes = [hashlib.sha256(text).hexdigest() for text in kept]
    insert = "INSERT INTO case_page (hash, cases) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING"
    known = _page_ids(writer, hashes)
    writer.many(insert, [(hash, zlib.compress(text)) for hash, text in zip(hashes, kept, strict=True) if hash not in known])
    known = _page_ids(writer, hashes)
    return [known[hash] for hash in hashes], len(entries)


def _page_ids(writer: Writer, hashes: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in pages(hashes):
        listed = ",".join(f"'{hash}'" for hash in some)
        found.update({row[0]: row[1] for row in writer.run(f"SELECT hash, id FROM case_page WHERE hash IN ({listed})")})
    return found


def _cut(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    page: list[Entry] = []
    for entry in entries:
        page.append(entry)
        if zlib.crc32(b"%d" % (entry[0] or entry[1] or 0)) % _ONE_IN == 0 or len(page) == LONGEST_PAGE:
            yield page
            page = []
    if page:
        yield page


def paired(old: Sequence[Entry], new: Sequence[Entry]) -> list[tuple[int | None, int | None]]:
    """Places in the two lists of the cases that differ: (old, new) where a case says something else, None where it is on one side only.

    In the order of the new list, what was taken out last.
    """
    before = {entry[0]: at for at, entry in enumerate(old) if entry[0]}
    nameless: dict[int | None, list[int]] = {}
    for at, (case, content) in enumerate(old):
        if not case:
            nameless.setdefault(content, []).append(at)
    found: list[tuple[int | None, int | None]] = []
    gone = dict.fromkeys(range(len(old)))
    for at, (case, content) in enumerate(new):
        then = before.get(case) if case else None
        same = nameless.get(content)
        if then is None and content is not None and same:
            then = same.pop(0)
        if then is None and not case:  # this side does not know which case it is: one of the other side that says the same
            then = next((place for place in gone if old[place][1] == content), None)
        if then is None or then not in gone:
            found.append((None, at))
            continue
        del gone[then]
        if content is None or old[then][1] != content:
            found.append((then, at))
    return found + [(at, None) for at in gone]
