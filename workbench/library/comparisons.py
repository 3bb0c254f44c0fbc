"""Verbs on saved comparisons: keep a definition by name, and resolve it into all that a run needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from workbench import store
from workbench.library.branches import NEWEST
from workbench.library.case_files import cases_with_files
from workbench.library.cases import Query, asking, live_cases
from workbench.library.contents import read_content
from workbench.library.criteria import criteria_of, put_criteria
from workbench.library.models import Models
from workbench.library.names import checked_name, free_name, no_such
from workbench.library.records import ComparisonRow
from workbench.library.retirements import Retirement, retirements
from workbench.quick_dataclass import replace
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import (
    BadInput,
    Case,
    Check,
    Definition,
    ModelSpec,
    NotFound,
    PromptRef,
    Spec,
    Variant,
    canonical,
    every_check,
    held_to,
    travelling,
)

_SELECT = """
SELECT id, uid, name, definition, (SELECT count(*) FROM run WHERE run.comparison_id = comparison.id),
       (SELECT max(run.id) FROM run WHERE run.comparison_id = comparison.id), created_at, archived_at IS NOT NULL
FROM comparison WHERE {where}
"""
_VERSIONS = """
SELECT prompt.id, prompt.uid, prompt.name, version.number,
       content.messages, content.parameters, content.output_schema, content.tools, content.typed, content.snippets,
       content.further
FROM prompt JOIN version ON version.prompt_id = prompt.id JOIN content ON content.id = version.content_id
"""

_Words = list[str]  # inside the class, `list` is a verb
_Retirements = list[Retirement]


class Comparisons:
    """The saved comparisons of one workspace."""

    def __init__(self, database: Database, models: Models) -> None:
        self._database = database
        self._models = models

    def list(self, archived: bool = False) -> list[ComparisonRow]:
        """All live comparisons by name, or the archived ones."""
        rows = self._database.query(_SELECT.format(where=f"archived_at IS {'NOT NULL' if archived else 'NULL'}"))
        return sorted(map(_row, rows), key=lambda row: (row.name.casefold(), row.id))

    def get(self, id: int) -> ComparisonRow:
        """One comparison, live or archived. Raises NotFound."""
        rows = self._database.query(_SELECT.format(where="id = :id"), {"id": id})
        if not rows:
            raise NotFound(f"There is no comparison {id}.")
        return _row(rows[0])

    def find(self, name_or_uid: str) -> ComparisonRow:
        """The live comparison of this name or uid. Raises NotFound with the nearest names."""
        rows = self.list()
        wanted = name_or_uid.strip()
        for match in (
            [row for row in rows if wanted in (row.name, row.uid)],
            [row for row in rows if row.name.casefold() == wanted.casefold()],
        ):
            if match:
                return match[0]
        raise no_such("comparison", wanted, [row.name for row in rows])

    def retiring(self, today: date) -> _Retirements:
        """The models that stop soon or have stopped, with the saved comparisons and prompts that they touch; those in use first."""
        prompts = {row[1]: (row[0], row[2]) for row in self._database.query("SELECT id, uid, name FROM prompt WHERE archived_at IS NULL")}
        return retirements(self._models.models(), self.list(), prompts, today)

    def save(self, definition: Definition, id: int | None = None) -> int:
        """The id of the comparison that now has this definition: a new one, or the one given. Raises BadInput for a name in use."""
        with self._database.write() as writer:
            name = checked_name("comparison", definition.name, _names(asking(writer), besides=id or 0))
            if id is None:
                return insert_comparison(writer, name, definition)
            _must_exist(writer, id)
            stored = canonical(definition_to_json(definition))
            writer.run("UPDATE comparison SET name = :name, definition = :stored WHERE id = :id", name=name, stored=stored, id=id)
            writer.touch("comparison", id)
        return id

    def rename(self, id: int, name: str) -> None:
        """Raises BadInput for a name in use."""
        with self._database.write() as writer:
            _must_exist(writer, id)
            name = checked_name("comparison", name, _names(asking(writer), besides=id))
            writer.run("UPDATE comparison SET name = :name WHERE id = :id", name=name, id=id)
            writer.touch("comparison", id)

    def duplicate(self, id: int) -> int:
        """The id of a copy named `X copy`, with its criteria, without runs."""
        row = self.get(id)
        with self._database.write() as writer:
            made = insert_comparison(writer, free_name(f"{row.name} copy", _names(asking(writer))), row.definition)
            put_criteria(writer, made, criteria_of(asking(writer), id))
            return made

    def archive(self, ids: Sequence[int]) -> None:
        """Take comparisons out of the list. Their runs stay."""
        with self._database.write() as writer:
            for id_ in ids:
                _must_exist(writer, id_)
                at = stamps.now()
                writer.run("UPDATE comparison SET archived_at = coalesce(archived_at, :at) WHERE id = :id", at=at, id=id_)
            writer.touch("comparison", *ids)

    def restore(self, ids: Sequence[int]) -> None:
        """Bring archived comparisons back; a name that is in use by now gets a number."""
        with self._database.write() as writer:
            for id_ in ids:
                name = free_name(_must_exist(writer, id_), _names(asking(writer), besides=id_))
                writer.run("UPDATE comparison SET archived_at = NULL, name = :name WHERE id = :id", name=name, id=id_)
            writer.touch("comparison", *ids)

    def checks(self, definition: Definition) -> Sequence[Check]:
        """What a run of it would ask of its answers, the checks of its prompt versions and cases included, each once. Where something
        is missing, which a run says when it starts, only its own checks."""
        try:
            spec = self.resolve(definition)
        except BadInput:
            return [*definition.checks]
        return every_check(spec.checks, spec.cases)

    def travelling(self, definition: Definition) -> Sequence[tuple[Check, str]]:
        """The checks that its prompt versions bring along, each with those that do; of prompts that are not here, none."""
        with self._database.snapshot() as query:
            return travelling(variant for ref in definition.prompts if (variant := _variant(query, ref, [])))

    def resolve(self, definition: Definition, *, others_asked: bool = False) -> Spec:
        """Everything a run needs: contents, models and cases as they are now. Raises BadInput that names all that is missing at once;
        with `others_asked`, for a run on models of one's own choice, not the models that were removed."""
        missing: _Words = []
        lost: _Words = [] if others_asked else missing
        models = [model for uid in definition.model_uids if (model := self._model(uid, lost))]
        if not definition.prompts:
            missing.append("it names no prompt")
        if not definition.model_uids:
            lost.append("it names no model")
        with self._database.snapshot() as query:
            variants = [variant for ref in definition.prompts if (variant := _variant(query, ref, missing))]
            dataset, cases, numbers = _cases(query, definition, missing)
            cases, files = cases_with_files(query, [variant.content for variant in variants], cases)
        if missing:
            raise BadInput(f"{definition.name or 'This comparison'} cannot run: {'; '.join(missing)}.", remedy="Open its set-up.")
        return Spec(
            name=definition.name,
            variants=tuple(variants),
            models=tuple(models),
            cases=cases,
            repeats=definition.repeats,
            checks=held_to(definition.checks, (variant.content for variant in variants)),
            concurrency=definition.concurrency,
            max_cost_usd=definition.max_cost_usd,
            reuse=definition.reuse,
            dataset=dataset,
            dataset_uid=definition.dataset_uid,
            numbers=numbers,
            files=files,
        )

    def with_files(self, spec: Spec) -> Spec:
        """The same with the pictures and files of its cases read."""
        with self._database.snapshot() as query:
            cases, files = cases_with_files(query, [variant.content for variant in spec.variants], spec.cases)
        return replace(spec, cases=cases, files=files)

    def _model(self, uid: str, missing: _Words) -> ModelSpec | None:
        spec = self._models.spec_by_uid(uid)
        if spec is None:
            rows = self._database.query("SELECT title FROM model WHERE uid = :uid", {"uid": uid})
            missing.append(f"the model {rows[0][0]} was removed" if rows else f"there is no model {uid}")
        return spec


def definition_to_json(definition: Definition) -> dict[str, Any]:
    """The stored form; the name has a column of its own."""
    return {
        "prompts": [{"prompt": ref.prompt_uid, "version": ref.version, "label": ref.label} for ref in definition.prompts],
        "models": list(definition.model_uids),
        "dataset": definition.dataset_uid,
        "tags": list(definition.tags),
        "repeats": definition.repeats,
        "checks": [check.to_json() for check in definition.checks],
        "concurrency": definition.concurrency,
        "max_cost_usd": None if definition.max_cost_usd is None else str(definition.max_cost_usd),
        "reuse": definition.reuse,
    }


def definition_from_json(name: str, item: Mapping[str, Any]) -> Definition:
    """The definition that `definition_to_json` wrote."""
    budget = item.get("max_cost_usd")
    return Definition(
        name=name,
        prompts=tuple(PromptRef(ref["prompt"], ref.get("version"), ref.get("label")) for ref in item.get("prompts") or ()),
        model_uids=tuple(item.get("models") or ()),
        dataset_uid=item.get("dataset"),
        tags=tuple(item.get("tags") or ()),
        repeats=int(item.get("repeats", 1)),
        checks=tuple(Check.from_json(check) for check in item.get("checks") or ()),
        concurrency=int(item.get("concurrency", 4)),
        max_cost_usd=None if budget is None else Decimal(str(budget)),
        reuse=bool(item.get("reuse", False)),
    )


def insert_comparison(writer: Writer, name: str, definition: Definition, archived_at: str | None = None) -> int:
    """The id of a new row. The name must be free among the live ones."""
    row = store.tables.Comparison(name=name, definition=definition_to_json(definition), archived_at=archived_at)
    id_ = writer.add(row)
    writer.touch("comparison", id_)
    return id_


def _row(row: Any) -> ComparisonRow:
    id_, uid, name, definition, runs, last_run_id, created_at, archived = row
    return ComparisonRow(
        id=id_,
        uid=uid,
        name=name,
        definition=definition_from_json(name, json.loads(definition)),
        runs=runs,
        last_run_id=last_run_id,
        created_at=created_at,
        archived=bool(archived),
    )


def _names(query: Query, besides: int = 0) -> set[str]:
    return {row[0] for row in query("SELECT name FROM comparison WHERE archived_at IS NULL AND id <> :id", {"id": besides})}


def _must_exist(writer: Writer, id: int) -> str:
    """The name. Raises NotFound."""
    name = writer.run("SELECT name FROM comparison WHERE id = :id", id=id).scalar()
    if name is None:
        raise NotFound(f"There is no comparison {id}.")
    return str(name)


def _variant(query: Query, ref: PromptRef, missing: _Words) -> Variant | None:
    parameters: Mapping[str, Any]
    if ref.version is not None:
        where, parameters = "version.number = :number", {"number": ref.version}
    elif ref.label:
        where = "version.id = (SELECT version_id FROM label WHERE label.prompt_id = prompt.id AND label.name = :label)"
        parameters = {"label": ref.label}
    else:
        where, parameters = f"version.id = (SELECT version.id FROM version WHERE version.prompt_id = prompt.id {NEWEST})", {}
    rows = query(f"{_VERSIONS} WHERE prompt.uid = :uid AND {where}", {"uid": ref.prompt_uid, **parameters})
    if rows:
        _, uid, name, number, *content = rows[0]
        return Variant(name, number, read_content(query, *content), uid)
    found = query("SELECT name FROM prompt WHERE uid = :uid", {"uid": ref.prompt_uid})
    if not found:
        missing.append(f"there is no prompt {ref.prompt_uid}")
    elif ref.version is not None:
        missing.append(f"{found[0][0]} has no version {ref.version}")
    elif ref.label:
        missing.append(f"{found[0][0]} has no label {ref.label}")
    else:
        missing.append(f"{found[0][0]} has no saved version yet")
    return None


def _cases(query: Query, definition: Definition, missing: _Words) -> tuple[str, tuple[Case, ...], tuple[int, ...]]:
    """Name of the dataset, its cases with one of the tags, and their places there where these are not all.

    Without a dataset: one case, the prompts' sample values.
    """
    if definition.dataset_uid is None:
        return "", (_sample_case(query, definition.prompts),), ()
    rows = query("SELECT id, name, archived_at FROM dataset WHERE uid = :uid", {"uid": definition.dataset_uid})
    if not rows:
        missing.append(f"there is no dataset {definition.dataset_uid}")
        return "", (), ()
    id_, name, archived_at = rows[0]
    if archived_at is not None:
        missing.append(f"the dataset {name} is in the archive")
        return name, (), ()
    wanted = set(definition.tags)
    numbered = [(number, case) for number, case in enumerate(live_cases(query, id_), 1) if not wanted or wanted & set(case.tags)]
    cases = tuple(case for _number, case in numbered)
    if not cases:
        tagged = f" with the tag {' or '.join(sorted(wanted))}" if wanted else ""
        missing.append(f"the dataset {name} has no cases{tagged}")
    return name, cases, tuple(number for number, _case in numbered) if wanted else ()


def _sample_case(query: Query, refs: Sequence[PromptRef]) -> Case:
    values: dict[str, Any] = {}
    for ref in refs:
        sql = "SELECT variable, value FROM sample JOIN prompt ON prompt.id = sample.prompt_id WHERE prompt.uid = :uid ORDER BY variable"
        for variable, value in query(sql, {"uid": ref.prompt_uid}):
            values.setdefault(variable, json.loads(value))
    return Case(values, name="Sample values" if values else "")
