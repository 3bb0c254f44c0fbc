"""What may be wrong with the cases of a dataset: cells without a value, and cases that nearly repeat another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.library.cases import Query
from workbench.library.near_copies import NearCopies, text_of
from workbench.library.records import ColumnSpec
from workbench.quick_dataclass import dataclass
from workbench.values import Progress, Steps

MOST_FOUND = 5000
_CASES = """SELECT id, position, "values" FROM "case" WHERE dataset_id = :dataset AND archived_at IS NULL AND (position > :position OR
position = :position AND id > :id) ORDER BY position, id LIMIT 2000"""


@dataclass(frozen=True, slots=True)
class CaseProblem:
    """One case with something to look at. `number` is its place in the dataset."""

    case_id: int
    number: int
    empty: tuple[str, ...] = ()
    """Variables without a value."""
    copy_of: int | None = None
    """Number of the earlier case that it repeats."""
    share: float = 0.0
    """Share of words that both have, 1 for the same text."""


@dataclass(frozen=True, slots=True)
class DatasetProblems:
    """The problems of a dataset in the order of its cases, the first 5,000 of them, and how many there are of each kind."""

    cases: tuple[CaseProblem, ...]
    with_problems: int
    empty_cells: int
    near_copies: int


def find_problems(
    query: Query, dataset_id: int, columns: Sequence[ColumnSpec], expected: int, progress: Progress | None = None
) -> DatasetProblems:
    """The problems of the live cases. Memory grows with their words, not with their texts. Raises Stopped where `progress` does."""
    variables = [column.name for column in columns if column.role == "variable"]
    steps = Steps(progress, 1)
    copies, near = NearCopies(), {}
    ids: list[int] = []
    empty: dict[int, tuple[str, ...]] = {}
    for place, (id_, values) in enumerate(steps.within(_values(query, dataset_id), expected)):
        ids.append(id_)
        missing = tuple(name for name in variables if values.get(name) in (None, "", [], {}))
        if missing:
            empty[place] = missing
        if (found := copies.seen(text_of(values))) is not None:
            near[place] = found
    places = sorted({*empty, *near})
    cases = tuple(
        CaseProblem(ids[place], place + 1, empty.get(place, ()), *((near[place][0] + 1, near[place][1]) if place in near else ()))
        for place in places[:MOST_FOUND]
    )
    return DatasetProblems(cases, len(places), sum(map(len, empty.values())), len(near))


def _values(query: Query, dataset_id: int) -> Iterable[tuple[int, Mapping[str, Any]]]:
    position = last = -1
    while True:
        rows = query(_CASES, {"dataset": dataset_id, "position": position, "id": last})
        for id_, _position, values in rows:
            yield id_, json.loads(values)
        if not rows:
            return
        last, position = rows[-1][0], rows[-1][1]
