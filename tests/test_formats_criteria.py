"""Criteria in a comparison's file: written by hand, written by the app, round and round, into the workspace and out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.assets import asset
from workbench.formats.comparison_file_record import ComparisonFile, read_comparison, write_comparison
from workbench.formats.library_file_values import parse
from workbench.values import BadInput, Criterion, Scale, checked_criterion
from workbench.workspace import Workspace

BY_HAND = """comparison: Refunds
prompts: ["Answer: {{ ticket }}"]
models: [tiny]
criteria:
- Tone
- name: Accuracy
  help: Is the policy applied as it stands?
  points: {5: Policy applied correctly, 1: Promises what nobody may}
  weight: 2
- {name: Fault, labels: [none, too long, "5"]}
- {name: Overall, scale: score, points: {60: Can be sent}}
- {name: Safe, scale: verdict, points: {fail: Names a customer}}
"""


def criteria_in(text: str) -> tuple[Criterion, ...]:
    found = read_comparison(parse(text, "c.comparison.yaml"), "c").criteria
    assert found is not None
    return found


def test_criteria_are_written_by_hand_in_few_words() -> None:
    assert criteria_in(BY_HAND) == (
        Criterion("Tone"),
        Criterion(
            "Accuracy",
            Scale("stars", {"1": "Promises what nobody may", "5": "Policy applied correctly"}),
            2.0,
            "Is the policy applied as it stands?",
        ),
        Criterion("Fault", Scale("labels", labels=("none", "too long", "5"))),
        Criterion("Overall", Scale("score", {"60": "Can be sent"})),
        Criterion("Safe", Scale("verdict", {"fail": "Names a customer"})),
    )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("- {name: A, scale: thumbs}", "line 5: A: there is no scale thumbs"),
        ("- {name: A, weigth: 2}", "line 5: weigth is not known here. Did you mean weight"),
        ("- {name: A, weight: much}", "line 5: A weight is a number"),
        ("- {name: A, scale: labels, labels: [one]}", "line 5: A: labels need 2"),
        ("- A\n- a", "line 6: There are two criteria called a"),
        ("- 5", "line 5: A criterion is its name"),
        ("- {name: A, points: {5: [x]}}", "line 5: What a point means is a text"),
        ("- {help: What}", "line 5: A criterion needs a name"),
    ],
)
def test_a_slip_is_told_with_its_line(lines: str, words: str) -> None:
    text = f"comparison: C\nprompts: [Hello]\nmodels: [m]\ncriteria:\n{lines}\n"
    with pytest.raises(BadInput) as error:
        criteria_in(text)
    assert words in str(error.value)


_names = st.text(min_size=1, max_size=20)
_scales = st.one_of(
    st.builds(lambda points: Scale("stars", points), st.dictionaries(st.sampled_from("12345"), st.text(max_size=9))),
    st.builds(lambda points: Scale("score", points), st.dictionaries(st.integers(0, 100).map(str), st.text(max_size=9))),
    st.builds(lambda labels: Scale("labels", {labels[0]: "first"}, tuple(labels)), st.lists(_names, min_size=2, max_size=5)),
    st.just(Scale("verdict")),
)


_weights = st.floats(0, 9).map(lambda weight: round(weight, 2))


@given(st.lists(st.builds(Criterion, _names, _scales, _weights, st.text(max_size=20)), max_size=4))
def test_what_is_written_reads_back_equal(made: list[Criterion]) -> None:
    known: dict[str, Criterion] = {}
    for criterion in made:
        try:
            known.setdefault(criterion.name.casefold(), checked_criterion(criterion))
        except BadInput:
            continue
    criteria = tuple({one.name.casefold(): one for one in known.values()}.values())
    text = write_comparison(ComparisonFile("C", criteria=criteria))
    assert criteria_in(text) == criteria
    assert write_comparison(ComparisonFile("C", criteria=criteria_in(text))) == text


def test_the_schema_knows_what_the_file_may_hold() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(asset("schemas/comparison.json").read_text("utf-8"))
    data = parse(BY_HAND, "").data
    plain = json.loads(json.dumps(data))
    jsonschema.validate(plain, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain | {"criteria": [{"name": "A", "scale": "thumbs"}]}, schema)


@pytest.mark.both_stores
def test_criteria_travel_with_the_library_folder(workspace: Workspace, tmp_path: Path) -> None:
    ws = workspace
    connection = ws.connections.add("Server", "other", base_url="http://127.0.0.1:9/v1")
    ws.connections.add_model(connection, "tiny")
    source = tmp_path / "refunds.comparison.yaml"
    source.write_text(BY_HAND, "utf-8")
    report = ws.files.import_paths([source])
    assert not report.rejected, report.rejected
    comparison = ws.comparisons.find("Refunds").id
    names = ["Tone", "Accuracy", "Fault", "Overall", "Safe"]
    assert [row.criterion.name for row in ws.criteria.list(comparison)] == names
    assert not ws.files.import_paths([source]).imported, "the same again changes nothing"
    ws.files.export(tmp_path / "out")
    (written,) = (tmp_path / "out" / "comparisons").glob("*.yaml")
    assert criteria_in(written.read_text("utf-8")) == criteria_in(BY_HAND)
    kept = ws.criteria.list(comparison)[1].id
    source.write_text(BY_HAND.replace("weight: 2", "weight: 3").replace("- Tone\n", ""), "utf-8")
    ws.files.import_paths([source])
    assert [row.criterion.name for row in ws.criteria.list(comparison)] == names[1:]
    assert (ws.criteria.get(kept).criterion.weight, ws.criteria.list(comparison)[0].id) == (3.0, kept)
    copy = ws.comparisons.duplicate(comparison)
    assert [row.criterion.name for row in ws.criteria.list(copy)] == names[1:]


def test_a_folder_kept_in_step_takes_and_gives_criteria(workspace: Workspace, tmp_path: Path) -> None:
    connection = workspace.connections.add("Server", "other", base_url="http://127.0.0.1:9/v1")
    workspace.connections.add_model(connection, "tiny")
    source = tmp_path / "refunds.comparison.yaml"
    source.write_text(BY_HAND, "utf-8")
    workspace.files.import_paths([source])
    comparison = workspace.comparisons.find("Refunds").id
    folder = tmp_path / "library"
    folder.mkdir()
    workspace.folder.choose(folder)
    workspace.folder.sync()
    (written,) = (folder / "comparisons").glob("*.yaml")
    assert len(criteria_in(written.read_text("utf-8"))) == 5
    workspace.criteria.archive(workspace.criteria.list(comparison)[0].id)
    workspace.folder.sync()
    text = written.read_text("utf-8")
    assert [criterion.name for criterion in criteria_in(text)] == ["Accuracy", "Fault", "Overall", "Safe"]
    written.write_text(text.replace("weight: 2", "weight: 4"), "utf-8")
    workspace.folder.sync()
    assert workspace.criteria.list(comparison)[0].criterion.weight == 4
