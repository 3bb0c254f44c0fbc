"""What was said of outputs, by whom, and who rates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workbench.library.names import clean_name
from workbench.ratings.judging import marks_of
from workbench.ratings.records import Judgement, RaterRow
from workbench.store.database import Database
from workbench.store.judged import OPINION, RULING
from workbench.store.raters import NAMELESS, own_rater, rater_name
from workbench.values import BadInput, Changes, NotFound, Saw, Scale

_SELECT = f"""
SELECT rating.id, rating.output_id, rating.aspect, rating.value, rating.label, rating.note, rating.spans, rating.criterion_id,
       criterion.name, criterion.scale, rater.name, rater.id, rating.at, rating.replaced_by_id IS NULL, rating.saw
FROM rating JOIN rater ON rater.id = rating.rater_id LEFT JOIN criterion ON criterion.id = rating.criterion_id
WHERE {{which}} AND rating.aspect <> '{RULING}' ORDER BY rating.id DESC"""
_RUN = "rating.output_id IN (SELECT output.id FROM output JOIN job ON job.id = output.job_id WHERE job.run_id = :run)"
# From the ratings on: few are labels, while a run may have a hundred thousand outputs.
_LABELS = """
SELECT rating.label, count(*) FROM rating CROSS JOIN output CROSS JOIN job CROSS JOIN run CROSS JOIN run AS this
WHERE rating.aspect = 'label' AND rating.label IS NOT NULL AND rating.replaced_by_id IS NULL AND output.id = rating.output_id
AND job.id = output.job_id AND run.id = job.run_id AND this.id = :run AND (run.id = this.id OR run.comparison_id = this.comparison_id)
GROUP BY rating.label ORDER BY count(*) DESC, rating.label"""
_KINDS = {"label": "labels"}


class RatingReader:
    """The reading verbs on judgements, and the verbs on raters."""

    _database: Database

    def history(self, output_id: int) -> list[Judgement]:
        """Everything that was ever said of an output, newest first."""
        return self._read("rating.output_id = :id", {"id": output_id})

    def said(self, output_ids: Sequence[int]) -> list[Judgement]:
        """What counts of these outputs now, of every rater, newest first; what was taken away is left out."""
        found: list[Judgement] = []
        for start in range(0, len(output_ids), 1000):
            ids = ",".join(str(int(output_id)) for output_id in output_ids[start : start + 1000])
            found += self._read(f"rating.output_id IN ({ids}) AND rating.replaced_by_id IS NULL", {})
        return [judgement for judgement in found if not judgement.is_empty]

    def said_in(self, run_id: int) -> list[Judgement]:
        """What counts of all outputs of a run now, of every rater, newest first; what was taken away is left out."""
        found = self._read(f"{_RUN} AND rating.replaced_by_id IS NULL", {"run": run_id})
        return [judgement for judgement in found if not judgement.is_empty]

    def edit_of(self, output_id: int) -> str | None:
        """The answer as it was last rewritten, by whoever did; None where nobody has."""
        return next((judgement.note for judgement in self.said([output_id]) if judgement.aspect == "edited"), None)

    def labels(self, run_id: int) -> list[str]:
        """The labels that raters gave in the runs of the same comparison, those used most first."""
        return [label for label, _count in self._database.query(_LABELS, {"run": run_id})]

    # -- raters --------------------------------------------------------------------------------------------------

    @property
    def rater(self) -> str:
        """The name under which is judged now."""
        return rater_name(self._database)

    @property
    def can_switch(self) -> bool:
        """True where somebody else may rate at this desk; on a server everyone rates under the own name."""
        return not self._database.person

    def raters(self) -> list[RaterRow]:
        """Everybody who has rated here, by name; whoever rates now comes first."""
        own = own_rater(self._database)
        rows = self._database.query(
            f"SELECT rater.id, rater.name, (SELECT count(DISTINCT rating.output_id) FROM rating WHERE rating.rater_id = rater.id "
            f"AND {OPINION} AND coalesce(CAST(rating.value AS TEXT), rating.label, rating.note, rating.spans) IS NOT NULL) FROM rater"
        )
        made = [RaterRow(id_, name, count, id_ == own) for id_, name, count in rows]
        return sorted(made, key=lambda row: (not row.own, row.name.casefold()))

    def switch_rater(self, name: str | None) -> None:
        """Let somebody else rate at this desk until the app is closed; None: the user again. Raises BadInput on a server."""
        if self._database.person:
            raise BadInput("On a server everyone rates under their own name.", remedy="Open the workspace as the other person.")
        cleaned = clean_name(name) if name is not None else ""
        known = {row.name.casefold(): row.name for row in self.raters()}
        cleaned = known.get(cleaned.casefold(), cleaned)  # nobody means somebody else by a small letter
        self._database.rater = "" if cleaned == (self._database.owner or NAMELESS) else cleaned
        self._database.tell(Changes({"rating": frozenset()}))

    def rename_rater(self, id: int, name: str) -> None:
        """Give a rater another name; their ratings show it too. Raises BadInput for a name in use and on a server, NotFound."""
        name = clean_name(name)
        with self._database.write() as writer:
            if self._database.person:
                raise BadInput("On a server everyone rates under their own name.", remedy="Change the name of the account.")
            if writer.run("SELECT 1 FROM rater WHERE name = :name AND id <> :id", name=name, id=id).first():
                raise BadInput(f"There is already a rater called {name}.", remedy="Choose another name.")
            old = writer.run("SELECT name FROM rater WHERE id = :id", id=id).scalar()
            if old is None:
                raise NotFound(f"There is no rater {id}.")
            writer.run("UPDATE rater SET name = :name WHERE id = :id", name=name, id=id)
            writer.touch("rating")
        if self._database.rater == old:
            self._database.rater = name

    def _read(self, which: str, given: dict[str, Any]) -> list[Judgement]:
        own = own_rater(self._database)
        return [_judgement(row, own) for row in self._database.query(_SELECT.format(which=which), given)]


def _judgement(row: Any, own: int) -> Judgement:
    id_, output_id, aspect, value, label, note, spans, criterion_id, criterion, scale, rater, rater_id, at, current, saw = row
    kind = Scale.from_json(json.loads(scale)).kind if scale else _KINDS.get(aspect, aspect)
    return Judgement(
        id=id_,
        output_id=output_id,
        aspect=aspect,
        value=value,
        label=label,
        note=note,
        highlights=marks_of(spans),
        criterion_id=criterion_id,
        criterion=criterion or "",
        kind=kind,
        rater=rater,
        own=rater_id == own,
        at=at,
        current=bool(current),
        saw=Saw.from_json(json.loads(saw)) if saw else None,
    )
