"""Versions of datasets keep their cases, not only the hashes of them.

A version that was written when a run began held the hashes of its cases. Those cases are looked up among what the datasets hold now
and among what the runs have frozen, and kept. Of a case that is in neither, its hash and its place stay.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005_dataset_versions"
down_revision = "0004_typed_variables"

_LONGEST_PAGE = 1024
_ONE_IN = 256
_CASES = """SELECT id, dataset_id, content_hash, archived_at IS NULL, name, "values", reference, weight, note,
(SELECT json_group_array(name) FROM (SELECT tag.name FROM case_tag JOIN tag ON tag.id = case_tag.tag_id
 WHERE case_tag.case_id = "case".id ORDER BY tag.name))
FROM "case" ORDER BY dataset_id, position, id"""
_KEEP = """INSERT INTO case_content (hash, name, "values", reference, tags, weight, note) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hash) DO NOTHING"""


def upgrade() -> None:
    connection = op.get_bind()
    versions = connection.exec_driver_sql("SELECT id, dataset_id, number, case_hashes, hash, created_at FROM dataset_version").fetchall()
    _make_tables()
    wanted = {hash for row in versions for hash in json.loads(row[3])}
    if not versions:
        return
    of_dataset = _keep_known(connection, wanted)
    for hash in sorted(wanted):
        connection.exec_driver_sql(_KEEP, (hash, "", None, None, "[]", 1.0, ""))
    contents = {row[0]: int(row[1]) for row in connection.exec_driver_sql("SELECT hash, id FROM case_content")}
    for id_, dataset, number, hashes, hash, created_at in versions:
        entries = _entries(json.loads(hashes), of_dataset.get(dataset, []), contents)
        pages = [_page(connection, page) for page in _pages(entries)]
        connection.exec_driver_sql(
            """INSERT INTO dataset_version (id, dataset_id, number, hash, cases, pages, columns, note, author, created_at)
            VALUES (?, ?, ?, ?, ?, ?, NULL, '', '', ?)""",
            (id_, dataset, number, hash, len(entries), json.dumps(pages, separators=(",", ":")), created_at),
        )


def _make_tables() -> None:
    op.create_table(
        "case_content",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("values", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "case_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("cases", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    on_server = op.get_bind().dialect.name == "postgresql"
    if on_server:  # where a table to which others refer is not dropped
        op.drop_constraint("run_dataset_version_id_fkey", "run")
    op.drop_table("dataset_version")  # its rows are in memory; foreign keys are off while a file is converted
    op.create_table(
        "dataset_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dataset_id", "number"),
    )
    if on_server:
        op.create_foreign_key("run_dataset_version_id_fkey", "run", "dataset_version", ["dataset_version_id"], ["id"], ondelete="RESTRICT")


def _keep_known(connection: sa.Connection, wanted: set[str]) -> dict[int, list[tuple[int, str, bool]]]:
    """Keep the wanted cases that lie in datasets and in runs; the answer has id, hash, and whether it is live, of each dataset's cases."""
    of_dataset: dict[int, list[tuple[int, str, bool]]] = defaultdict(list)
    for id_, dataset, hash, is_live, name, values, reference, weight, note, tags in connection.exec_driver_sql(_CASES).fetchall():
        of_dataset[dataset].append((id_, hash, bool(is_live)))
        if hash in wanted:
            connection.exec_driver_sql(_KEEP, (hash, name, values, reference, tags, weight, note))
    known = {row[0] for row in connection.exec_driver_sql("SELECT hash FROM case_content")}
    for (run,) in connection.exec_driver_sql("SELECT id FROM run WHERE dataset_version_id IS NOT NULL ORDER BY id").fetchall():
        if wanted <= known:
            break
        plan = connection.exec_driver_sql("SELECT plan FROM run WHERE id = ?", (run,)).fetchone()
        for case in json.loads(plan[0]).get("cases", []) if plan else []:
            row = _row(case)
            if row[0] in wanted and row[0] not in known:
                known.add(row[0])
                connection.exec_driver_sql(_KEEP, row)
    return of_dataset


def _row(case: dict[str, Any]) -> tuple[Any, ...]:
    """A case of a run's plan as a row of `case_content`, its hash first."""
    values, reference = _canonical(case["values"]), _canonical(case.get("reference"))
    name, tags, weight, note = case.get("name", ""), sorted(case.get("tags", ())), case.get("weight", 1.0), case.get("note", "")
    rest = _canonical([name, tags, weight, note])
    hash = hashlib.sha256(f"[{values},{reference},{rest[1:]}".encode("utf-8", "surrogatepass")).hexdigest()
    return hash, name, values, None if reference == "null" else reference, _canonical(tags), weight, note


def _entries(hashes: list[str], cases: list[tuple[int, str, bool]], contents: dict[str, int]) -> list[tuple[int, int]]:
    """The id of the case, 0 where it is not known, and of its content, for each hash of a version."""
    with_hash: dict[str, deque[int]] = defaultdict(deque)
    for id_, hash, _live in cases:
        with_hash[hash].append(id_)
    found = [with_hash[hash].popleft() if with_hash[hash] else 0 for hash in hashes]
    live = [id_ for id_, _hash, is_live in cases if is_live]
    if len(live) == len(hashes):  # nothing was added or taken out since: what stands in its place is the same case with other words
        taken = set(found)
        found = [id_ or (live[at] if live[at] not in taken else 0) for at, id_ in enumerate(found)]
    return [(id_, contents[hash]) for id_, hash in zip(found, hashes, strict=True)]


def _pages(entries: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    page: list[tuple[int, int]] = []
    for case, content in entries:
        page.append((case, content))
        if zlib.crc32(b"%d" % (case or content)) % _ONE_IN == 0 or len(page) == _LONGEST_PAGE:
            yield page
            page = []
    if page:
        yield page


def _page(connection: sa.Connection, entries: list[tuple[int, int]]) -> int:
    text = json.dumps(entries, separators=(",", ":")).encode()
    hash = hashlib.sha256(text).hexdigest()
    insert = "INSERT INTO case_page (hash, cases) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING"
    connection.exec_driver_sql(insert, (hash, zlib.compress(text)))
    return int(connection.exec_driver_sql("SELECT id FROM case_page WHERE hash = ?", (hash,)).scalar_one())


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
