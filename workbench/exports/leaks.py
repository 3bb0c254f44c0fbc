"""Whether training examples repeat cases that a trained model is to be tested on, word for word or nearly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.exports.training_choice import TestCases
from workbench.library.near_copies import NearCopies, text_of
from workbench.store.database import Database
from workbench.values import Case, NotFound, canonical

_CASES = 'SELECT "values" FROM "case" WHERE dataset_id = :dataset AND archived_at IS NULL'
_TAGGED = " AND id IN (SELECT case_id FROM case_tag JOIN tag ON tag.id = case_tag.tag_id WHERE tag.name = :tag)"


class Leaks:
    """Compares cases of a run with test cases, by the values of the variables that both have.

    A value that every case of the run has (a policy, say) tells no case from another: it is left out of the comparison.
    """

    def __init__(self, database: Database, tests: Sequence[TestCases], cases: Sequence[Case]) -> None:
        self._names = frozenset(name for case in cases for name in case.values)
        self._same = _shared_by_all(cases)
        self._tests = NearCopies()
        self.cases = 0
        """Test cases that are looked at."""
        self.names: list[str] = []
        for test in tests:
            self._add(database, test)

    def _add(self, database: Database, test: TestCases) -> None:
        found = database.query("SELECT name FROM dataset WHERE id = :id", {"id": test.dataset_id})
        if not found:
            raise NotFound(f"There is no dataset {test.dataset_id}.")
        self.names.append(f"{found[0][0]}{f', tag {test.tag}' if test.tag else ''}")
        rows = database.query(
            _CASES + (_TAGGED if test.tag else ""), {"dataset": test.dataset_id} | ({"tag": test.tag} if test.tag else {})
        )
        for (values,) in rows:
            self._tests.seen(self._text(json.loads(values)))
            self.cases += 1

    def share(self, case: Case) -> float:
        """1 where a test case has the same words in the same order, above 0 where one is nearly the same; else 0."""
        found = self._tests.find(self._text(case.values)) if self.cases else None
        return 0.0 if found is None else found[1]

    def _text(self, values: Mapping[str, Any]) -> str:
        known = {name: value for name, value in values.items() if name in self._names} or values
        own = {name: value for name, value in known.items() if (name, canonical(value)) not in self._same}
        return text_of(dict(sorted((own or known).items())))


def _shared_by_all(cases: Iterable[Case]) -> frozenset[tuple[str, str]]:
    each = [{(name, canonical(value)) for name, value in case.values.items()} for case in cases]
    return frozenset(set.intersection(*each)) if len(each) > 1 else frozenset()
