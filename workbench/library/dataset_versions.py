"""What a dataset held when a run of it began: the hashes of its cases, in order."""

from __future__ import annotations

from workbench.library.cases import asking, live_hashes
from workbench.store import stamps
from workbench.store.database import Writer
from workbench.values import canonical, sha256

_NEWEST = "SELECT id, number, hash FROM dataset_version WHERE dataset_id = :dataset ORDER BY number DESC LIMIT 1"
_INSERT = """INSERT INTO dataset_version (dataset_id, number, case_hashes, hash, created_at)
VALUES (:dataset, :number, :hashes, :hash, :at) RETURNING id"""


def freeze(writer: Writer, dataset_uid: str) -> int | None:
    """The id of the version that holds the dataset's live cases as they are: the newest one, or a new one where they have changed
    since. None for a dataset that is not here."""
    dataset = writer.run("SELECT id FROM dataset WHERE uid = :uid", uid=dataset_uid).scalar()
    if dataset is None:
        return None
    hashes = live_hashes(asking(writer), dataset)
    hash = sha256(hashes)
    newest, number, known = writer.run(_NEWEST, dataset=dataset).first() or (None, 0, "")
    if known == hash:
        return int(newest)
    return int(writer.run(_INSERT, dataset=dataset, number=number + 1, hashes=canonical(hashes), hash=hash, at=stamps.now()).scalar_one())
