"""Parts of a dataset drawn by a seed: a sample, or a split such as 80 cases to work with and 20 held back.

Each case is ranked by a hash of the seed and of what it asks. So the same seed draws the same cases in any workspace, whatever their
tags, notes and order are, and a case that is added later moves few others.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from workbench.library.cases import Query
from workbench.values import BadInput

_CASES = 'SELECT id, "values", reference FROM "case" WHERE dataset_id = :dataset AND archived_at IS NULL ORDER BY position, id'

Part = tuple[str, int]
"""Its name, and how many cases it gets."""


def drawn(query: Query, dataset_id: int, counts: Sequence[int], seed: int) -> list[list[int]]:
    """The ids of the cases of each part, in the order of the dataset; no case is in two. Raises BadInput where there are too few."""
    seen: Counter[bytes] = Counter()
    ranked: list[tuple[bytes, int, int]] = []
    for place, (id_, values, reference) in enumerate(query(_CASES, {"dataset": dataset_id})):
        said = hashlib.sha256(f"{values}\n{reference}".encode()).digest()
        seen[said] += 1  # the second of two equal cases has a rank of its own
        ranked.append((hashlib.sha256(f"{seed}/{seen[said]}/".encode() + said).digest(), place, id_))
    if any(count < 1 for count in counts) or not counts:
        raise BadInput("Every part needs at least one case.")
    if sum(counts) > len(ranked):
        raise BadInput(f"{sum(counts):,} cases are wanted, and the dataset has {len(ranked):,}.", remedy="Ask for fewer.")
    ranked.sort()
    parts, start = [], 0
    for count in counts:
        parts.append([id_ for _rank, _place, id_ in sorted(ranked[start : start + count], key=lambda row: row[1])])
        start += count
    return parts
