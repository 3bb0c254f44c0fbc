"""Which rows of a grid belong to a filter, in which order, and which answers hold some words: asked of the store, never of the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.runs.samples import SampleReader
from workbench.store.excerpt import writings
from workbench.store.judged import APPROVAL, DIFFER, RATERS, RATING, SHARE, by_criterion, said
from workbench.store.outputs import CHECKED, FAILED, OWN_CHECK, PASSED, newest, scored
from workbench.store.raters import own_rater
from workbench.values import CaseQuery
from workbench.values.case_query import LABEL

_BLOCKED = "(output.finish_reason IN ('content_filter', 'refusal') AND trim(output.text, :blank) = '')"
_REUSED = "output.reused_from_id IS NOT NULL"
_STATES = {
    "queued": "job.status IN ('queued', 'running') AND NOT job.column_index IN ({held})",
    "held": "job.status = 'queued' AND job.column_index IN ({held})",
    "done": f"job.status = 'done' AND NOT {_REUSED} AND NOT coalesce({_BLOCKED}, 1 = 0)",
    "reused": f"job.status = 'done' AND {_REUSED} AND NOT coalesce({_BLOCKED}, 1 = 0)",
    "blocked": f"job.status = 'done' AND {_BLOCKED}",
    "failed": "job.status = 'failed'",
    "stopped": "job.status = 'cancelled'",
    "skipped": "job.status = 'skipped'",
    "by hand": "job.status = 'by_hand'",
    "in batch": "job.status = 'in_batch'",
}
_WORD = "(rating.value IS NOT NULL OR rating.label IS NOT NULL)"
_UNRATED = f"job.status = 'done' AND NOT {said(_WORD)}"
_RATINGS = {
    "none": _UNRATED,
    "not mine": f"job.status = 'done' AND NOT {said(f'{_WORD} AND rating.rater_id = :me')}",
    "high": f"{RATING} >= 4",
    "low": f"{RATING} <= 2",
    "pass": f"{APPROVAL} > 0.5",
    "fail": f"{APPROVAL} < 0.5",
    "note": said("rating.aspect = 'note' AND coalesce(rating.note, '') <> ''"),
    "marks": said("rating.aspect = 'highlights' AND rating.spans IS NOT NULL"),
    "differ": DIFFER,
    **{str(stars): f"{RATING} >= {stars} - 0.5 AND {RATING} < {stars} + 0.5" for stars in range(1, 6)},
}
_LABELLED = said("rating.aspect = 'label' AND rating.label = :label")
_LABELLED_BY = said("rating.criterion_id = :criterion AND rating.label = :label")
_BY_CRITERION = {
    "": by_criterion(f"count(CASE WHEN {_WORD} THEN 1 END)") + " > 0",
    "none": "job.status = 'done' AND " + by_criterion(f"count(CASE WHEN {_WORD} THEN 1 END)") + " = 0",
    "high": by_criterion(f"avg({SHARE})") + " >= 0.75",
    "low": by_criterion(f"avg({SHARE})") + " <= 0.25",
    "pass": by_criterion(f"avg({SHARE})") + " > 0.5",
    "fail": by_criterion(f"avg({SHARE})") + " < 0.5",
    "differ": f"{DIFFER[:-1].replace(' GROUP BY', ' AND rating.criterion_id = :criterion GROUP BY')})",
}
_ANY_FAILED = f"job.status = 'done' AND EXISTS (SELECT 1 FROM score WHERE {scored()} AND {FAILED})"
_SHOWN = {
    "failed": _ANY_FAILED,
    "errors": f"(job.status = 'failed' OR {_STATES['blocked']})",
    "unrated": _UNRATED,
    "by_hand": "job.status = 'by_hand'",
}
_CHECK = f"EXISTS (SELECT 1 FROM score WHERE {scored()} AND score.check_key LIKE :check AND score.passed = 0)"

_FROM = f"""
FROM job LEFT JOIN output ON output.id = {newest()} AND job.status NOT IN ('queued', 'running', 'by_hand', 'in_batch')
WHERE job.run_id = :run AND job.repeat = :repeat AND job.column_index IN ({{columns}})"""
_CASES = f"SELECT DISTINCT job.case_index {_FROM} AND {{which}}"
_PLACES = f"SELECT job.case_index, job.column_index {_FROM} AND {{which}} ORDER BY job.case_index, job.column_index"
_TEXTS = f"SELECT job.case_index, job.column_index, output.text {_FROM} AND job.case_index BETWEEN :first AND :last"
_DIFFERENT = f"""
SELECT job.case_index {_FROM} AND job.status = 'done' GROUP BY job.case_index HAVING count(DISTINCT trim(output.text, :blank)) > 1"""
_VERDICTS = f"""
SELECT job.case_index AS case_index, job.column_index AS column_index, {PASSED} AS passed
FROM job JOIN output ON output.id = {newest()} JOIN score ON {scored()}
WHERE job.run_id = :run AND job.repeat = :repeat AND job.column_index IN ({{columns}}) AND job.status = 'done'
GROUP BY job.case_index, job.column_index, output.id HAVING {CHECKED} = 1"""
_DISAGREE = f"""
SELECT case_index FROM ({_VERDICTS}) AS verdicts GROUP BY case_index HAVING min(passed) <> max(passed)"""
_STATE_ORDER = (
    "CASE WHEN job.status = 'failed' THEN 0 WHEN job.status = 'cancelled' THEN 2 WHEN job.status = 'skipped' THEN 3 "
    f"WHEN job.status IN ('by_hand', 'in_batch') THEN 4 WHEN job.status IN ('queued', 'running') THEN 5 WHEN {_BLOCKED} THEN 1 ELSE 6 END"
)
_SORTS = {
    "state": _STATE_ORDER,
    "checks": f"(SELECT avg(CASE WHEN {FAILED} THEN 0.0 ELSE 1.0 END) FROM score WHERE {scored()} AND score.passed IS NOT NULL)",
    "stars": RATING,
    "verdict": APPROVAL,
    "differ": f"(CASE WHEN {DIFFER} THEN 0 WHEN {RATERS} > 1 THEN 1 END)",
    "criterion": by_criterion(f"avg({SHARE})"),
    "label": by_criterion("min(rating.label)"),
    "time": "output.latency_ms",
    "cost": "output.cost",
    "length": "CASE WHEN output.error IS NULL THEN length(output.text) END",
    "answer": "CASE WHEN job.status = 'done' THEN lower(substr(trim(output.text, :blank), 1, 200)) END",
}
_FIGURES = f"SELECT job.case_index, {{figure}} {_FROM}"
_BLANK = " \t\r\n"


class CaseFinder(SampleReader):
    """The reading verbs that look through a whole run."""

    def find_cases(self, run_id: int, query: CaseQuery, columns: Sequence[int], repeat: int = 1) -> list[int]:
        """Indexes of the cases that a query asks for, in its order, looking at these columns and this repeat.

        Where a query sorts, cases without the figure come last, and equal ones keep their order. Raises NotFound.
        """
        found: set[int] | None = None
        for part in self._parts(run_id, query, columns, repeat):
            found = part if found is None else found & part
        cases = self.plan(run_id).cases
        wanted = range(len(cases)) if found is None else sorted(found)
        if query.sort == "name":
            return sorted(wanted, key=lambda index: cases[index].name.casefold(), reverse=query.descending)
        if query.sort not in _SORTS:
            return [*wanted][::-1] if query.descending else [*wanted]
        sql = _FIGURES.format(figure=_SORTS[query.sort], columns=query.sort_column)
        given = {"criterion": query.criterion} if query.sort in ("criterion", "label") else {}
        figures = dict(self._database.query(sql, self._given(run_id, repeat, **given)))
        known = [index for index in wanted if figures.get(index) is not None]
        known.sort(key=lambda index: figures[index], reverse=query.descending)
        return known + [index for index in wanted if figures.get(index) is None]

    def find_text(self, run_id: int, text: str, columns: Sequence[int], repeat: int = 1) -> list[tuple[int, int]]:
        """(case index, column) of the answers that hold a text, whatever its case, by case and column."""
        if not text or not columns:
            return []
        which, given = _holds(text)
        sql = _PLACES.format(which=which, columns=_listed(columns))
        return [(case, column) for case, column in self._database.query(sql, self._given(run_id, repeat, **given))]

    def texts(self, run_id: int, first_case: int, last_case: int, columns: Sequence[int], repeat: int = 1) -> dict[tuple[int, int], str]:
        """The whole answers of a stretch of cases (both ends included) in these columns, by case index and column."""
        given = self._given(run_id, repeat, first=first_case, last=last_case)
        rows = self._database.query(_TEXTS.format(columns=_listed(columns)), given)
        return {(case, column): text or "" for case, column, text in rows}

    def _parts(self, run_id: int, query: CaseQuery, columns: Sequence[int], repeat: int) -> list[set[int]]:
        """The cases of each condition; all have to hold."""
        meant = columns if query.column is None else [query.column]
        which, given = self._of_one_answer(run_id, query)
        sets: list[set[int]] = []
        if which:
            sql = _CASES.format(which=" AND ".join(f"({part})" for part in which), columns=_listed(meant))
            sets.append(self._indexes(sql, self._given(run_id, repeat, **given)))
        if query.show == "different":
            sets.append(self._indexes(_DIFFERENT.format(columns=_listed(columns)), self._given(run_id, repeat)))
        if query.show == "disagree":
            sets.append(self._indexes(_DISAGREE.format(columns=_listed(columns)), self._given(run_id, repeat)))
        if query.pair is not None:
            sets.append(self._indexes(_DISAGREE.format(columns=_listed(query.pair)), self._given(run_id, repeat)))
        if query.tag:
            sets.append({index for index, case in enumerate(self.plan(run_id).cases) if query.tag in case.tags})
        if query.cases is not None:
            sets.append(set(query.cases) & set(range(len(self.plan(run_id).cases))))
        return sets

    def _of_one_answer(self, run_id: int, query: CaseQuery) -> tuple[list[str], dict[str, Any]]:
        """Conditions that have to hold of one and the same cell, and what they need."""
        which, given = [], {}
        if query.show in _SHOWN:
            which.append(_SHOWN[query.show])
        if query.state:
            which.append(_STATES[query.state].format(held=_listed((-1, *self._held(run_id)))))
        if query.check:
            which.append(_CHECK)
            given["check"] = f"{OWN_CHECK}%" if query.check == "case" else query.check
        if query.rates:
            which.append(self._rated(query, given))
        if query.text:
            holds, words = _holds(query.text)
            which.append(holds)
            given |= words
        return which, given

    def _rated(self, query: CaseQuery, given: dict[str, Any]) -> str:
        """The condition on what people said, and what it needs."""
        if query.rating.startswith(LABEL):
            given["label"] = query.rating.removeprefix(LABEL)
            return _LABELLED if query.criterion is None else self._of_criterion(_LABELLED_BY, query, given)
        if query.criterion is not None:
            return self._of_criterion(_BY_CRITERION[query.rating], query, given)
        if query.rating == "not mine":
            given["me"] = own_rater(self._database)
        return _RATINGS[query.rating]

    @staticmethod
    def _of_criterion(which: str, query: CaseQuery, given: dict[str, Any]) -> str:
        given["criterion"] = query.criterion
        return which

    def _indexes(self, sql: str, given: dict[str, Any]) -> set[int]:
        return {row[0] for row in self._database.query(sql, given)}

    @staticmethod
    def _given(run_id: int, repeat: int, **more: Any) -> dict[str, Any]:
        return {"run": run_id, "repeat": repeat, "blank": _BLANK, **more}


def _listed(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers)) or "-1"


def _holds(text: str) -> tuple[str, dict[str, str]]:
    """A condition that an answer holds a text."""
    names = {f"words{number}": f"%{_escaped(writing)}%" for number, writing in enumerate(writings(text))}
    return "(" + " OR ".join(f"output.text LIKE :{name} ESCAPE '\\'" for name in names) + ")", names


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
