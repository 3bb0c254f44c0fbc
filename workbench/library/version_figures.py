"""What came of a prompt's versions: how many outputs they have in all runs, and how many of those passed their checks."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping

from workbench.store.database import Database
from workbench.store.outputs import CHECKED, PASSED, newest, scored

# The place of each version in a frozen plan, which never changes and may be long: read once in the life of the app.
_PLACES = """
SELECT uid, json_extract(plan, '$.columns') FROM run WHERE uid IN (SELECT value FROM json_each(:uids))"""
_VARIANTS = """
SELECT uid, json_extract(variant.value, '$.prompt_uid'), json_extract(variant.value, '$.version')
FROM run CROSS JOIN json_each(plan, '$.variants') AS variant WHERE uid IN (SELECT value FROM json_each(:uids))
ORDER BY run.id, CAST(variant.key AS INTEGER)"""

_COUNTS = f"""
SELECT uid, column_index, count(*), sum(checked), sum(passed) FROM
(SELECT run.uid AS uid, job.column_index AS column_index, {CHECKED} AS checked, {PASSED} AS passed
 FROM run JOIN job ON job.run_id = run.id JOIN output ON output.id = {newest()} LEFT JOIN score ON {scored()}
 WHERE run.uid IN (SELECT value FROM json_each(:uids)) AND job.status = 'done' GROUP BY run.uid, job.column_index, output.id) AS finished
GROUP BY uid, column_index"""

_Places = dict[int, tuple[str | None, int | None]]


class VersionFigures:
    """Reads the figures; remembers only what cannot change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places: dict[str, _Places] = {}
        """Of each run by its uid: prompt uid and version number by column."""

    def of(self, prompt_uid: str) -> Mapping[int, tuple[int, float | None]]:
        """Outputs and pass rate by version number; versions without an output are not in it. The rate is None without checks."""
        uids = [uid for (uid,) in self._database.query("SELECT uid FROM run")]
        self._look_up([uid for uid in uids if uid not in self._places])
        concerned = [uid for uid in uids if any(prompt == prompt_uid for prompt, _ in self._places[uid].values())]
        if not concerned:
            return {}
        outputs, checked, passed = Counter[int](), Counter[int](), Counter[int]()
        for uid, column, all_of_it, with_checks, well in self._database.query(_COUNTS, {"uids": json.dumps(concerned)}):
            prompt, version = self._places[uid].get(column, (None, None))
            if prompt == prompt_uid and version is not None:
                outputs[version] += all_of_it
                checked[version] += with_checks
                passed[version] += well
        return {number: (count, passed[number] / checked[number] if checked[number] else None) for number, count in outputs.items()}

    def _look_up(self, uids: list[str]) -> None:
        known: dict[str, list[tuple[str | None, int | None]]] = defaultdict(list)
        wanted = {"uids": json.dumps(uids)}
        for uid, prompt, number in self._database.query(_VARIANTS, wanted) if uids else ():
            known[uid].append((prompt, None if number is None else int(number)))
        for uid, columns in self._database.query(_PLACES, wanted) if uids else ():
            self._places[uid] = {index: known[uid][variant] for index, (variant, _) in enumerate(json.loads(columns or "[]"))}
        for uid in uids:
            self._places.setdefault(uid, {})  # a run that was taken back meanwhile
