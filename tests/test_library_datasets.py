"""Datasets: cases by page, edits, and imports that land whole or not at all."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.library.datasets import Datasets
from workbench.store.database import Database
from workbench.store.search import Search
from workbench.values import BadInput, Case, Changes, NotFound, Stopped
from workbench.values.datasets import ColumnSpec
from workbench.workspace import Workspace


@pytest.fixture
def datasets(database: Database) -> Datasets:
    return Datasets(database)


def csv_file(folder: Path, text: str, name: str = "tickets.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_new_dataset_is_listed_with_its_columns(datasets: Datasets) -> None:
    id_ = datasets.create(" Golden  50 ", (ColumnSpec("ticket"), ColumnSpec("lang", "text", "metadata")), "Support mails")
    row = datasets.get(id_)
    assert (row.name, row.description, row.cases, row.archived) == ("Golden 50", "Support mails", 0, False)
    assert row.columns == (ColumnSpec("ticket"), ColumnSpec("lang", "text", "metadata"))
    assert datasets.find("Golden 50") == datasets.find(row.uid) == row == datasets.list()[0]


def test_two_datasets_never_share_a_name(datasets: Datasets) -> None:
    first, second = datasets.create("A"), datasets.create("B")
    with pytest.raises(BadInput, match="already a dataset called A"):
        datasets.create("A")
    with pytest.raises(BadInput, match="already"):
        datasets.rename(second, "A")
    datasets.archive([first])
    datasets.rename(second, "A")
    datasets.restore([first])
    assert [row.name for row in datasets.list()] == ["A", "A 2"]


def test_an_unknown_name_suggests_the_nearest(datasets: Datasets) -> None:
    datasets.create("Golden 50")
    with pytest.raises(NotFound, match="Golden 50"):
        datasets.find("golden 5")
    with pytest.raises(NotFound):
        datasets.get(99)


def test_cases_come_back_in_order_with_everything_they_hold(datasets: Datasets) -> None:
    id_ = datasets.create("A")
    wanted = [
        Case({"input": "one", "n": 3, "list": ["é", {"a": None}]}, "First", {"label": "x"}, ("b", "a"), 2.0, "look again"),
        Case({"input": "two"}),
    ]
    ids = datasets.add_cases(id_, wanted)
    first, second = datasets.cases(id_)
    assert [first.id, second.id] == ids
    assert (first.number, second.number) == (1, 2)
    assert (first.name, first.values, first.reference, first.weight) == ("First", wanted[0].values, {"label": "x"}, 2.0)
    assert first.tags == ("a", "b")
    assert datasets.get(id_).tags == {"a": 1, "b": 1}
    assert [column.name for column in datasets.get(id_).columns] == ["input", "n", "list"]


def test_a_page_of_cases_keeps_their_numbers(datasets: Datasets) -> None:
    id_ = datasets.create("A")
    datasets.add_cases(id_, (Case({"input": f"text {number}"}) for number in range(2500)))
    assert [case.number for case in datasets.cases(id_, offset=2400, limit=3)] == [2401, 2402, 2403]
    assert datasets.cases(id_, offset=2400, limit=1)[0].values == {"input": "text 2400"}
    assert datasets.count(id_) == 2500


def test_cases_are_found_by_words_in_any_field_and_by_tag(datasets: Datasets) -> None:
    id_ = datasets.create("A")
    datasets.add_cases(
        id_,
        [
            Case({"input": 'say "hi"\nthere'}, tags=("x",)),
            Case({"input": "100% sure"}, note="Café"),
            Case({"input": "b"}, name="Boots, 45 days", tags=("x", "y")),
            Case({"input": "c"}, reference="SHIPPED"),
        ],
    )

    def numbers(**filters: str) -> list[int]:
        found = datasets.cases(id_, **filters)  # type: ignore[arg-type]
        assert datasets.count(id_, **filters) == len(found)
        return [case.number for case in found]

    assert numbers(text='"hi"\nthere') == [1]
    assert numbers(text="0%") == [2]
    assert numbers(text="_") == []
    assert numbers(text="Café") == [2]
    assert numbers(text="boots") == [3]
    assert numbers(text="shipped") == [4]
    assert numbers(tag="x") == [1, 3]
    assert numbers(text="b", tag="y") == [3]


def test_one_cell_is_edited_without_touching_the_others(datasets: Datasets) -> None:
    id_ = datasets.create("A", (ColumnSpec("ticket"),))
    (case,) = datasets.add_cases(id_, [Case({"ticket": "old"}, "N", "r", ("t",), 2.0, "note")])
    datasets.set_cell(case, "ticket", "new")
    datasets.set_cell(case, "reference", ["a", "b"])
    datasets.set_cell(case, "tags", "u, v")
    datasets.set_cell(case, "weight", "3")
    datasets.set_cell(case, "name", "Boots")
    datasets.set_cell(case, "lang", "en")
    record = datasets.case(case)
    assert record.values == {"ticket": "new", "lang": "en"}
    assert (record.name, record.reference, record.tags, record.weight, record.note) == ("Boots", ["a", "b"], ("u", "v"), 3.0, "note")
    with pytest.raises(BadInput, match="weight"):
        datasets.set_cell(case, "weight", "heavy")
    assert datasets.case(case) == record
    datasets.set_cell(case, "lang", None)
    assert datasets.case(case).values == {"ticket": "new"}


def test_a_variable_called_name_is_not_the_cases_name(datasets: Datasets) -> None:
    id_ = datasets.create("A", (ColumnSpec("name"),))
    (case,) = datasets.add_cases(id_, [Case({"name": "Bob"}, "Case 1")])
    datasets.set_cell(case, "name", "Ann")
    datasets.set_cell(case, "__name", "Case one")
    record = datasets.case(case)
    assert (record.values["name"], record.name) == ("Ann", "Case one")


def test_archived_cases_leave_and_come_back_to_their_place(datasets: Datasets) -> None:
    id_ = datasets.create("A")
    ids = datasets.add_cases(id_, [Case({"input": letter}) for letter in "abc"])
    datasets.archive_cases([ids[1]])
    assert [(case.number, case.values["input"]) for case in datasets.cases(id_)] == [(1, "a"), (2, "c")]
    assert datasets.case(ids[1]).number == 0
    datasets.restore_cases([ids[1]])
    assert [case.values["input"] for case in datasets.cases(id_)] == ["a", "b", "c"]


def test_a_copy_stands_right_behind_its_original(datasets: Datasets) -> None:
    id_ = datasets.create("A")
    ids = datasets.add_cases(id_, [Case({"input": letter}, tags=("t",)) for letter in "ab"])
    copy = datasets.duplicate_case(ids[0])
    assert [case.id for case in datasets.cases(id_)] == [ids[0], copy, ids[1]]
    assert datasets.case(copy).tags == ("t",)


def test_what_is_no_json_value_is_refused(datasets: Datasets) -> None:
    id_ = datasets.create("A")
    with pytest.raises(BadInput, match="no JSON value"):
        datasets.add_cases(id_, [Case({"input": "good"}), Case({"input": object()})])
    with pytest.raises(BadInput, match="no JSON value"):
        datasets.add_cases(id_, [Case({"input": "\ud800"})])
    with pytest.raises(BadInput, match="JSON cannot hold"):
        datasets.add_cases(id_, [Case({"input": float("nan")})])
    assert datasets.count(id_) == 0


def test_a_table_is_imported_with_the_guessed_mapping(datasets: Datasets, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "ticket,ideal,tags\nWhere is it?,delivery,a;b\nBroken,warranty,b\n")
    table = datasets.read_table(path)
    assert [spec.role for spec in table.mapping] == ["variable", "reference", "tags"]
    report = datasets.import_table(table)
    row = datasets.get(report.imported[0].id)
    assert (row.name, row.cases, row.tags) == ("tickets", 2, {"a": 1, "b": 2})
    assert [(case.values, case.reference) for case in datasets.cases(row.id)] == [
        ({"ticket": "Where is it?"}, "delivery"),
        ({"ticket": "Broken"}, "warranty"),
    ]


def test_bad_rows_stop_the_import_and_are_named_with_their_lines(datasets: Datasets, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a,b\n1,2\n1,2,3\n4,5\nx\n")
    with pytest.raises(BadInput, match=r"2 rows that cannot be used: line 3: 3 fields.*; line 5: 1 field .*Nothing was imported") as caught:
        datasets.import_table(path)
    assert "2 good ones" in caught.value.remedy
    assert datasets.list() == []
    report = datasets.import_table(path, keep_good=True)
    assert report.imported[0].cases == 2
    assert [(row.line, row.text) for row in report.rejected] == [(3, "1,2,3"), (5, "x")]


def test_a_number_beyond_all_numbers_is_a_bad_row(datasets: Datasets, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"input": 1}\n{"input": 1e999}\n')
    with pytest.raises(BadInput, match=r"line 2: .*too large"):
        datasets.import_table(path)


def test_a_cell_that_does_not_fit_its_role_is_a_bad_row_too(datasets: Datasets, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "q,w\na,1\nb,many\n")
    mapping = (ColumnSpec("q"), ColumnSpec("w", "number", "weight"))
    with pytest.raises(BadInput, match="line 3: The weight 'many'"):
        datasets.import_table(path, mapping)
    assert datasets.import_table(path, mapping, keep_good=True).imported[0].cases == 1


def test_the_same_file_again_changes_nothing(datasets: Datasets, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a,b\n1,2\n3,4\n")
    first = datasets.import_table(path)
    again = datasets.import_table(path)
    assert (again.imported, again.unchanged[0].id) == ((), first.imported[0].id)
    into = datasets.import_table(path, into=first.imported[0].id)
    assert into.imported == ()
    assert datasets.count(first.imported[0].id) == 2
    csv_file(tmp_path, "a,b\n1,2\n5,6\n")
    assert datasets.import_table(path).imported[0].name == "tickets 2"


def test_more_rows_go_to_the_end_of_a_dataset_with_their_new_columns(datasets: Datasets, tmp_path: Path) -> None:
    id_ = datasets.create("A", (ColumnSpec("a"),))
    datasets.add_cases(id_, [Case({"a": "0"})])
    report = datasets.import_table(csv_file(tmp_path, "a,lang\n1,en\n2,de\n"), into=id_)
    assert (report.imported[0].name, report.imported[0].cases) == ("A", 2)
    assert [column.name for column in datasets.get(id_).columns] == ["a", "lang"]
    assert [case.values["a"] for case in datasets.cases(id_)] == ["0", 1, 2]


def test_an_import_that_fails_in_the_middle_leaves_nothing(database: Database, datasets: Datasets, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a\n" + "text\n" * 3000)
    table = datasets.read_table(path)
    heard: list[Changes] = []
    database.subscribe(heard.append)
    with database.write() as writer:
        writer.run(
            """CREATE TRIGGER full_disk BEFORE INSERT ON "case" WHEN new.position > 2500 BEGIN SELECT RAISE(ABORT, 'no room'); END"""
        )
    with pytest.raises(Exception, match="no room"):
        datasets.import_table(table)
    assert datasets.list() == []
    assert heard == []
    assert database.query('SELECT count(*) FROM "case"') == [(0,)]


def test_every_file_of_the_collection_is_imported(datasets: Datasets, shared: Path) -> None:
    for path in sorted((shared / "datasets").iterdir()):
        if path.suffix in (".csv", ".jsonl"):
            report = datasets.import_table(path)
            assert report.rejected == (), path
            done = (*report.imported, *report.unchanged)[0]  # one file is there as CSV and as JSON Lines
            assert datasets.count(done.id) == datasets.read_table(path).rows


def lines(count: int) -> Iterator[str]:
    for number in range(count):
        yield json.dumps({"ticket": f"Parcel {number} never came " * 4, "expected": f"label{number % 7}", "tags": ["a"]}) + "\n"


def test_a_hundred_thousand_rows_are_imported_within_memory(datasets: Datasets, tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines(100_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = datasets.import_table(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert datasets.count(report.imported[0].id) == 100_000
    assert grown < 96 * (1024 if sys.platform != "darwin" else 1024 * 1024)


def test_a_renamed_column_keeps_its_values_and_a_removed_one_stays_out(workspace: Workspace) -> None:
    datasets = workspace.datasets
    id = datasets.create("Tickets", (ColumnSpec("ticket"), ColumnSpec("lang")))
    first, second = datasets.add_cases(id, [Case({"ticket": "A", "lang": "en"}), Case({"ticket": "B"})])
    datasets.rename_column(id, "ticket", "message")
    assert [column.name for column in datasets.get(id).columns] == ["message", "lang"]
    assert [dict(case.values) for case in datasets.cases(id)] == [{"message": "A", "lang": "en"}, {"message": "B"}]
    with pytest.raises(BadInput, match="already a column lang"):
        datasets.rename_column(id, "message", "lang")
    datasets.set_columns(id, (ColumnSpec("message"),))
    datasets.set_cell(first, "message", "A2")
    assert [column.name for column in datasets.get(id).columns] == ["message"]
    assert datasets.case(first).values["lang"] == "en"
    datasets.set_cell(second, "tone", "warm")
    assert [column.name for column in datasets.get(id).columns] == ["message", "tone"]


def test_cases_of_a_big_import_are_found_by_a_search_and_so_are_those_that_follow(
    database: Database, datasets: Datasets, tmp_path: Path
) -> None:
    search = Search(database)
    path = csv_file(tmp_path, "ticket\n" + "".join(f"parcel{number}\n" for number in range(3000)))
    id_ = datasets.import_table(path).imported[0].id
    datasets.add_cases(id_, [Case({"ticket": "zebra"})])
    assert [len(search.find(word)) for word in ("parcel2998", "parcel2999", "zebra")] == [1, 1, 1]
    table = datasets.read_table(csv_file(tmp_path, "ticket\n" + "giraffe\n" * 3000, "more.csv"))
    (tmp_path / "more.csv").unlink()
    with pytest.raises(BadInput, match="cannot be read"):
        datasets.import_table(table)
    datasets.add_cases(id_, [Case({"ticket": "okapi"})])
    assert [len(search.find(word)) for word in ("giraffe", "okapi")] == [0, 1]


def test_an_import_tells_how_far_it_is_and_leaves_nothing_where_it_is_stopped(datasets: Datasets, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("input\n" + "".join(f"text {number}\n" for number in range(12_000)), "utf-8")
    told: list[float] = []

    def stop(done: float, total: float) -> None:
        told.append(done / total)
        if done > 0.5:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        datasets.import_table(path, progress=stop)
    assert datasets.list() == []
    assert told == sorted(told)
    datasets.import_table(path, progress=lambda done, total: told.append(done / total))
    assert max(told) > 0.9
    assert datasets.list()[0].cases == 12_000
