"""Checks of single cases: kept with the case and its versions, asked of its answers alone, and carried by every file of our own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import FakeProvider
from tests.run_workspace import Filled, fill
from workbench.settings import Settings
from workbench.values import BadInput, Case, CaseQuery, Check
from workbench.values.check_lines import from_lines, summary, to_lines
from workbench.values.datasets import ColumnSpec
from workbench.workspace import Workspace

OWN = (Check("contains", "ticket 1", "Names it"), Check("similar", "an answer", threshold=0.8), Check("is-json", {"type": "object"}))
FIRST = Check("contains", "ticket")


def filled_dataset(ws: Workspace, *cases: Case) -> int:
    made = ws.datasets.create("Golden", (ColumnSpec("input"),))
    ws.datasets.add_cases(made, cases)
    return made


@pytest.mark.both_stores
def test_a_case_keeps_its_checks_and_its_versions_keep_them_too(workspace: Workspace) -> None:
    datasets, versions = workspace.datasets, workspace.dataset_versions
    made = filled_dataset(workspace, Case({"input": "a"}, checks=OWN), Case({"input": "b"}), Case({"input": "c"}, only_own_checks=True))
    first, second, third = datasets.cases(made)
    assert (first.checks, first.only_own_checks) == (OWN, False)
    assert (second.checks, second.only_own_checks, third.only_own_checks) == ((), False, True)
    assert datasets.get(made).checked == 2
    old = versions.save(made)
    datasets.set_cell(second.id, "checks", [{"type": "contains", "value": "b"}])
    datasets.set_cell(first.id, "checks", None)
    assert [case.checks for case in datasets.cases(made)] == [(), (Check("contains", "b"),), ()]
    (one, two) = versions.compare(old.id, None, made).cases
    assert [(cell.column, cell.new) for cell in (*one.cells, *two.cells)] == [
        ("checks", None),
        ("checks", [{"type": "contains", "value": "b"}]),
    ]
    copy = datasets.duplicate_case(second.id)
    assert datasets.case(copy).checks == (Check("contains", "b"),)
    versions.restore(old.id)
    assert [case.checks for case in datasets.cases(made)] == [OWN, (), ()]
    assert [case.only_own_checks for case in versions.cases(old.id)] == [False, False, True]


def test_a_case_without_checks_is_known_by_the_same_hash_as_ever() -> None:
    from workbench.library.cases import case_hash

    plain = Case({"input": "a"}, "n", "r", ("t",), 2.0, "note")
    assert case_hash(plain) == "fc1cdaff6b9183fb27d1938c064f332e8b2c4ededc9806d08f59afc78650969e"
    assert len({case_hash(plain), case_hash(Case({}, checks=(FIRST,))), case_hash(Case({}, only_own_checks=True)), case_hash(Case())}) == 4


def test_checks_that_are_none_are_refused_and_change_nothing(workspace: Workspace) -> None:
    made = filled_dataset(workspace, Case({"input": "a"}, checks=(FIRST,)))
    (case,) = workspace.datasets.cases(made)
    for wrong in ("contains: a", [{"value": "a"}], [{"type": "contains", "weight": "heavy"}], {"only": 1}, ["contains"]):
        with pytest.raises(BadInput, match=r"checks of a case|weight and threshold"):
            workspace.datasets.set_cell(case.id, "checks", wrong)
    assert workspace.datasets.case(case.id).checks == (FIRST,)


@pytest.mark.parametrize(
    ("lines", "checks"),
    [
        ("", None),
        ("contains: refund", [{"type": "contains", "value": "refund"}]),
        ("is-json\n\n  not-contains:  so: so ", [{"type": "is-json"}, {"type": "not-contains", "value": "so: so"}]),
        ("similar(0.8): on its way", [{"type": "similar", "value": "on its way", "threshold": 0.8}]),
        ("only:", {"only": []}),
        ("only:\nequals: {{ reference }}", {"only": [{"type": "equals", "value": "{{ reference }}"}]}),
        ('{"type": "contains-any", "value": ["a", "b"], "weight": 2}', [{"type": "contains-any", "value": ["a", "b"], "weight": 2.0}]),
    ],
)
def test_checks_are_typed_a_line_each(lines: str, checks: object) -> None:
    assert from_lines(lines) == checks
    assert from_lines(to_lines(checks)) == checks


def test_every_check_survives_its_line_and_a_line_that_is_none_says_so() -> None:
    odd = (
        Check("contains", " spaces "), Check("contains", "two\nlines"), Check("equals", 3), Check("equals (transformed)", "x"),
        Check("contains", ""), Check("regex", "a", "named"), Check("latency", threshold=1234567.5), Check("x", "{"),
        Check("similar:cosine", "a"),
        Check("contains", "a b"), Check("equals", None, weight=0.0),
    )  # fmt: skip
    item = Case(checks=odd).checks_to_json()
    assert from_lines(to_lines(item)) == item
    for text, said in (("Must be polite", "no check"), ("{", "no valid JSON|not valid JSON"), ('{"value": 1}', "no type")):
        with pytest.raises(ValueError, match=said):
            from_lines(text)
    assert summary(item).startswith("contains:  spaces , contains")
    assert summary({"only": []}) == "only none"


def run(filled: Filled, settings: Settings) -> tuple[Workspace, int]:
    ws = Workspace.open(filled.path, settings)
    made = ws.runs.start_comparison(filled.comparison)

    async def go() -> None:
        async for _event in ws.runs.execute(made):
            pass

    asyncio.run(go())
    return ws, made


@pytest.mark.both_stores
def test_a_run_asks_the_checks_of_a_case_of_its_answers_alone_and_keeps_them(
    where: str, settings: Settings, fakeprovider: Callable[..., FakeProvider]
) -> None:
    filled = fill(where, settings, fakeprovider().base_url, cases=3, models=1, versions=(1,), checks=(FIRST,))
    ws = Workspace.open(where, settings)
    _zero, one, two = ws.datasets.cases(filled.dataset)
    ws.datasets.set_cell(one.id, "checks", [{"type": "contains", "value": "nowhere"}])
    ws.datasets.set_cell(two.id, "checks", {"only": [{"type": "contains", "value": "about"}, {"type": "contains", "value": "nowhere"}]})
    ws.close()
    ws, made = run(filled, settings)
    try:
        cells = {cell.case_index: cell for cell in ws.runs.cells(made)}
        said = [[(score.check.value, score.passed) for score in cells[index].scores] for index in range(3)]
        assert said == [[("ticket", True)], [("ticket", True), ("nowhere", False)], [("about", True), ("nowhere", False)]]
        ws.datasets.set_cell(one.id, "checks", None)
        assert [len(ws.runs.plan(made).checks_for(index)) for index in range(3)] == [1, 2, 2]  # frozen
        assert ws.runs.find_cases(made, CaseQuery(check="case"), [0]) == [1, 2]
        assert ws.runs.find_cases(made, CaseQuery(check="0"), [0]) == []
        assert ws.runs.find_cases(made, CaseQuery(show="failed"), [0]) == [1, 2]
    finally:
        ws.close()


def config(folder: Path) -> Path:
    path = folder / "promptfooconfig.json"
    path.write_text(json.dumps({
        "prompts": ["Say {{q}}"], "providers": ["echo"], "defaultTest": {"assert": [{"type": "icontains", "value": "say"}]},
        "tests": [
            {"vars": {"q": "one"}, "assert": [{"type": "contains", "value": "one"}]},
            {"vars": {"q": "two"}, "options": {"disableDefaultAsserts": True}},
            {"vars": {"q": "three"}},
        ],
    }))  # fmt: skip
    return path


def test_promptfoos_tests_bring_their_checks_and_folder_and_tables_carry_them(
    workspace: Workspace, tmp_path: Path, settings: Settings
) -> None:
    report = workspace.files.import_paths([config(tmp_path)])
    assert not report.not_carried
    (dataset,) = workspace.datasets.list()
    wanted = [((Check("contains", "one"),), False), ((), True), ((), False)]
    assert [(case.checks, case.only_own_checks) for case in workspace.datasets.cases(dataset.id)] == wanted
    (comparison,) = workspace.comparisons.list()
    assert comparison.definition.checks == (Check("icontains", "say"),)
    workspace.files.export(tmp_path / "library")
    for name in ("t.csv", "t.xlsx", "t.jsonl", "t.json"):
        workspace.datasets.export_table(dataset.id, tmp_path / name)
    other = Workspace.open(tmp_path / "other.db", settings)
    try:
        assert not other.files.import_paths([tmp_path / "library"]).not_carried
        (came,) = other.datasets.list()
        assert [(case.checks, case.only_own_checks) for case in other.datasets.cases(came.id)] == wanted
        assert not other.files.import_paths([tmp_path / "library"]).imported  # the same again changes nothing
        for name in ("t.csv", "t.xlsx", "t.jsonl", "t.json"):
            (item,) = other.datasets.import_table(tmp_path / name, name=name).imported
            assert [(case.checks, case.only_own_checks) for case in other.datasets.cases(item.id)] == wanted, name
    finally:
        other.close()
