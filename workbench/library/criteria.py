"""Verbs on the criteria of saved comparisons: what people rate in their runs.

Criteria of a comparison that has runs are never removed for good: what was said by them stays readable.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workbench import store
from workbench.library.cases import Query, asking
from workbench.library.names import clean_name
from workbench.quick_dataclass import dataclass
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import BadInput, Criterion, NotFound, Scale, canonical, checked_criterion

_SELECT = """
SELECT criterion.id, criterion.comparison_id, criterion.name, criterion.scale, criterion.weight, criterion.help,
       criterion.archived_at IS NOT NULL,
       (SELECT count(DISTINCT rating.output_id) FROM rating WHERE rating.criterion_id = criterion.id AND rating.replaced_by_id IS NULL
        AND (rating.value IS NOT NULL OR rating.label IS NOT NULL))
FROM criterion WHERE {which} ORDER BY criterion.position, criterion.id"""
_LIVE = "criterion.archived_at IS NULL AND criterion.comparison_id = "
_OF_RUN = "(SELECT comparison_id FROM run WHERE run.id = :run)"


Draft = tuple[int | None, Criterion]
"""A criterion as it shall be, with its id where it is stored already."""


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """A stored criterion."""

    id: int
    comparison_id: int
    criterion: Criterion
    archived: bool
    rated: int
    """Outputs that were rated by it."""


class Criteria:
    """The criteria of the saved comparisons of one workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, comparison_id: int, *, archived: bool = False) -> list[CriterionRow]:
        """The live criteria of a comparison in their order; with the archived ones behind them."""
        given = {"comparison": comparison_id}
        if not archived:
            return _rows(self._database.query(_SELECT.format(which=f"{_LIVE} :comparison"), given))
        rows = _rows(self._database.query(_SELECT.format(which="criterion.comparison_id = :comparison"), given))
        return sorted(rows, key=lambda row: row.archived)

    def of_run(self, run_id: int) -> Sequence[CriterionRow]:
        """The live criteria by which the outputs of a run are rated; none for a run without a saved comparison."""
        return _rows(self._database.query(_SELECT.format(which=f"{_LIVE} {_OF_RUN}"), {"run": run_id}))

    def get(self, id: int) -> CriterionRow:
        """One criterion, live or archived. Raises NotFound."""
        rows = _rows(self._database.query(_SELECT.format(which="criterion.id = :id"), {"id": id}))
        if not rows:
            raise NotFound(f"There is no criterion {id}.")
        return rows[0]

    def add(self, comparison_id: int, criterion: Criterion) -> int:
        """Id of a new criterion, last in the order. Raises BadInput for what cannot be rated or a name in use, NotFound."""
        criterion = checked_criterion(criterion)
        with self._database.write() as writer:
            _free(writer, comparison_id, criterion.name)
            return _insert(writer, comparison_id, criterion)

    def change(self, id: int, criterion: Criterion) -> None:
        """Give a criterion another name, help, weight, or other points.

        Raises BadInput where ratings would lose their meaning (another kind of scale, a label less that was given), NotFound.
        """
        criterion = checked_criterion(criterion)
        with self._database.write() as writer:
            old = _stored(writer, id)
            _free(writer, old.comparison_id, criterion.name, besides=id)
            _refuse_loss(writer, old, criterion)
            _update(writer, id, old.comparison_id, criterion)

    def put(self, comparison_id: int, drafts: Sequence[Draft]) -> None:
        """Make these the live criteria of a comparison, in this order: those with an id are changed, the others are new, and what is
        missing goes to the archive. Raises BadInput as `change` does; nothing is changed then.
        """
        with self._database.write() as writer:
            live = {row.id: row for row in _rows(writer.run(_SELECT.format(which=f"{_LIVE} :comparison"), comparison=comparison_id))}
            wanted = [(id_ if id_ in live else None, checked_criterion(criterion)) for id_, criterion in drafts]
            names = [criterion.name.casefold() for _id, criterion in wanted]
            if len(set(names)) < len(names):
                raise BadInput("Two criteria have the same name.", remedy="Choose another name for one of them.")
            for id_ in live.keys() - {id_ for id_, _criterion in wanted}:
                _archive(writer, live[id_])
            for position, (known, criterion) in enumerate(wanted):
                if known is not None:
                    _refuse_loss(writer, live[known], criterion)
                    _update(writer, known, comparison_id, criterion)
                kept = known or _insert(writer, comparison_id, criterion)
                writer.run("UPDATE criterion SET position = :position WHERE id = :id", position=position, id=kept)
            writer.touch("comparison", comparison_id)

    def order(self, comparison_id: int, ids: Sequence[int]) -> None:
        """Put the criteria of a comparison in this order; those that are not named follow."""
        with self._database.write() as writer:
            live = [row[0] for row in writer.run(_SELECT.format(which=f"{_LIVE} :comparison"), comparison=comparison_id)]
            wanted = [id_ for id_ in ids if id_ in live]
            for position, id_ in enumerate([*wanted, *(id_ for id_ in live if id_ not in wanted)]):
                writer.run("UPDATE criterion SET position = :position WHERE id = :id", position=position, id=id_)
            writer.touch("comparison", comparison_id)

    def archive(self, id: int) -> bool:
        """Take a criterion out of use. True if it is kept for what was said by it; False where its comparison has no run: it is gone."""
        with self._database.write() as writer:
            old = _stored(writer, id)
            kept = _archive(writer, old)
            writer.touch("comparison", old.comparison_id)
        return kept

    def restore(self, id: int) -> None:
        """Bring an archived criterion back, last in the order. Raises BadInput where its name is in use by now, NotFound."""
        with self._database.write() as writer:
            old = _stored(writer, id)
            _free(writer, old.comparison_id, old.criterion.name, besides=id)
            last = _next_position(writer, old.comparison_id)
            writer.run("UPDATE criterion SET archived_at = NULL, position = :last WHERE id = :id", last=last, id=id)
            writer.touch("comparison", old.comparison_id)


def criteria_of(query: Query, comparison_id: int) -> tuple[Criterion, ...]:
    """The live criteria of a comparison, in their order, as files hold them."""
    rows = _rows(query(_SELECT.format(which=f"{_LIVE} :comparison"), {"comparison": comparison_id}))
    return tuple(row.criterion for row in rows)


def put_criteria(writer: Writer, comparison_id: int, criteria: Sequence[Criterion]) -> bool:
    """True if something changed: make the live criteria of a comparison those of a file, known by their names.

    One that the file does not name is archived. A criterion that was rated by another kind of scale is archived too, and a new one of
    the same name takes its place.
    """
    wanted = [checked_criterion(criterion) for criterion in criteria]
    if tuple(wanted) == criteria_of(asking(writer), comparison_id):
        return False
    live = {row.criterion.name: row for row in _rows(writer.run(_SELECT.format(which=f"{_LIVE} :comparison"), comparison=comparison_id))}
    ids = []
    for criterion in wanted:
        old = live.pop(criterion.name, None)
        if old is not None and not _loss(writer, old, criterion):
            _update(writer, old.id, comparison_id, criterion)
            ids.append(old.id)
            continue
        if old is not None:
            _archive(writer, old)
        ids.append(_insert(writer, comparison_id, criterion))
    for row in live.values():
        _archive(writer, row)
    for position, id_ in enumerate(ids):
        writer.run("UPDATE criterion SET position = :position WHERE id = :id", position=position, id=id_)
    writer.touch("comparison", comparison_id)
    return True


def _rows(rows: Any) -> list[CriterionRow]:
    return [
        CriterionRow(id_, comparison, Criterion(name, Scale.from_json(json.loads(scale)), weight, help_), bool(archived), rated)
        for id_, comparison, name, scale, weight, help_, archived, rated in rows
    ]


def _stored(writer: Writer, id: int) -> CriterionRow:
    rows = _rows(writer.run(_SELECT.format(which="criterion.id = :id"), id=id))
    if not rows:
        raise NotFound(f"There is no criterion {id}.")
    return rows[0]


def _free(writer: Writer, comparison_id: int, name: str, besides: int = 0) -> None:
    if writer.run("SELECT 1 FROM comparison WHERE id = :id", id=comparison_id).first() is None:
        raise NotFound(f"There is no comparison {comparison_id}.")
    name = clean_name(name).casefold()
    taken = writer.run(
        "SELECT name FROM criterion WHERE comparison_id = :comparison AND archived_at IS NULL AND id <> :id",
        comparison=comparison_id,
        id=besides,
    )
    if any(row[0].casefold() == name for row in taken):
        raise BadInput("There is already a criterion of this name here.", remedy="Choose another name.")


def _loss(writer: Writer, old: CriterionRow, new: Criterion) -> str:
    """Why ratings would lose their meaning; empty where they do not."""
    if not old.rated:
        return ""
    before, after = old.criterion.scale, new.scale
    if before.kind != after.kind:
        return "Another scale would make them mean something else."
    gone = set(before.labels) - set(after.labels)
    given = {
        row[0] for row in writer.run("SELECT DISTINCT label FROM rating WHERE criterion_id = :id AND replaced_by_id IS NULL", id=old.id)
    }
    lost = sorted(word for word in gone & given if word)
    return f"They would lose the label {lost[0]}." if lost else ""


def _refuse_loss(writer: Writer, old: CriterionRow, new: Criterion) -> None:
    why = _loss(writer, old, new)
    if why:
        outputs = "1 answer was" if old.rated == 1 else f"{old.rated:,} answers were"
        raise BadInput(f"{outputs} rated by {old.criterion.name} already. {why}", remedy="Remove this criterion and add a new one.")


def _insert(writer: Writer, comparison_id: int, criterion: Criterion) -> int:
    row = store.tables.Criterion(
        comparison_id=comparison_id,
        position=_next_position(writer, comparison_id),
        name=criterion.name,
        scale=criterion.scale.to_json(),
        weight=criterion.weight,
        help=criterion.help,
    )
    id_ = writer.add(row)
    writer.touch("comparison", comparison_id)
    return id_


def _update(writer: Writer, id: int, comparison_id: int, criterion: Criterion) -> None:
    writer.run(
        "UPDATE criterion SET name = :name, scale = :scale, weight = :weight, help = :help WHERE id = :id",
        name=criterion.name,
        scale=canonical(criterion.scale.to_json()),
        weight=criterion.weight,
        help=criterion.help,
        id=id,
    )
    writer.touch("comparison", comparison_id)


def _archive(writer: Writer, row: CriterionRow) -> bool:
    has_run = writer.run("SELECT 1 FROM run WHERE comparison_id = :id", id=row.comparison_id).first() is not None
    if has_run:
        writer.run("UPDATE criterion SET archived_at = coalesce(archived_at, :at) WHERE id = :id", at=stamps.now(), id=row.id)
    else:
        writer.run("DELETE FROM criterion WHERE id = :id", id=row.id)
    return has_run


def _next_position(writer: Writer, comparison_id: int) -> int:
    return int(writer.run("SELECT coalesce(max(position), -1) + 1 FROM criterion WHERE comparison_id = :id", id=comparison_id).scalar_one())
