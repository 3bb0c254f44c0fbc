"""A dataset written as a table file for other programs."""

from __future__ import annotations

from pathlib import Path

from workbench.library.cases import Query, live_cases
from workbench.library.records import DatasetRow
from workbench.library.writing import write_bytes
from workbench.values import BadInput, Progress, Steps

_LIVE = 'FROM "case" WHERE dataset_id = :dataset AND archived_at IS NULL'
_USED = f"""SELECT count(CASE WHEN name <> '' THEN 1 END), count(reference),
count(CASE WHEN EXISTS (SELECT 1 FROM case_tag WHERE case_id = "case".id) THEN 1 END), count(CASE WHEN weight <> 1 THEN 1 END),
count(CASE WHEN note <> '' THEN 1 END), count(checks)
{_LIVE}"""


def export_table(query: Query, dataset: DatasetRow, path: Path, format: str = "", progress: Progress | None = None) -> int:
    """How many live cases were written, whole or not at all. The form is that of the file's ending, or `format`.

    Raises BadInput for a form or a cell that cannot be written, StoreTrouble where the file cannot, Stopped where `progress` does.
    """
    from workbench.formats.tabular_writing import FORMATS, OWN, write_cases  # only an export needs it

    kind = format or path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise BadInput("Cases are written as csv, tsv, xlsx, json or jsonl.", path=str(path), remedy="Name a file with that ending.")
    used = query(_USED, {"dataset": dataset.id})[0]
    own = [role for role, is_used in zip(OWN, used, strict=True) if is_used]
    cases = Steps(progress, 1).within(live_cases(query, dataset.id), dataset.cases)
    return write_bytes(path, lambda file: write_cases(file, kind, cases, dataset.columns, own, dataset.name))
