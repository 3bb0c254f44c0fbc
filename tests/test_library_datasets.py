"""Datasets: cases by page, edits, and imports that land whole or not at all."""

from __future__ import annotations

import json
import os
import random
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        assert datasets.count(id_, filters.get("text", ""), filters.get("tag", "")) == len(found)
        return [case.number for case in found]

    assert numbers(text='"hi"\nthere') == [1]
    assert numbers(text="0%") == [2]
    assert numbers(text="_") == []
    assert numbers(text="Café") == [2]
    assert numbers(text="CAFÉ") == [2], "capital letters beyond ASCII are the same"
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


# Parts, problems, and files out

WORDS = [f"word{number}" for number in range(400)]


def filled(datasets: Datasets, count: int = 200) -> int:
    id_ = datasets.create("Golden", (ColumnSpec("ticket"), ColumnSpec("n", "number")))
    datasets.add_cases(id_, (Case({"ticket": f"Ticket {n}", "n": n}, tags=("odd",) * (n % 2)) for n in range(count)))
    return id_


def tickets(datasets: Datasets, id_: int) -> list[Any]:
    return [case.values["ticket"] for case in datasets.cases(id_)]


def test_the_same_seed_draws_the_same_cases_whatever_their_order_tags_and_notes(datasets: Datasets) -> None:
    id_ = filled(datasets)
    work, held = datasets.split(id_, [("Work", 150), ("Held back", 50)], 7)
    assert (datasets.get(work).cases, datasets.get(held).cases) == (150, 50)
    assert not set(tickets(datasets, work)) & set(tickets(datasets, held))
    assert datasets.get(held).description == "50 of the 200 cases of Golden, drawn with the seed 7."
    assert [datasets.get(id).part_of for id in (id_, work, held)] == ["", "Golden", "Golden"]
    datasets.rename(id_, "Golden set, 2026")
    assert [datasets.get(id).part_of for id in (work, held)] == ["Golden set, 2026"] * 2
    datasets.rename(id_, "Golden")
    assert datasets.get(held).description == "50 of the 200 cases of Golden, drawn with the seed 7."
    assert tickets(datasets, held) == sorted(tickets(datasets, held), key=lambda text: int(text.split()[1]))
    other = datasets.create("Other", (ColumnSpec("ticket"), ColumnSpec("n", "number")))
    datasets.add_cases(other, (Case({"ticket": f"Ticket {n}", "n": n}, note="new") for n in reversed(range(200))))
    _work_2, held_2 = datasets.split(other, [("Work 2", 150), ("Held back 2", 50)], 7)
    assert set(tickets(datasets, held_2)) == set(tickets(datasets, held))
    (sample,) = datasets.split(id_, [("Another seed", 50)], 8)
    assert set(tickets(datasets, sample)) != set(tickets(datasets, held))
    with pytest.raises(BadInput, match="201 cases are wanted, and the dataset has 200"):
        datasets.split(id_, [("Too many", 201)], 1)
    with pytest.raises(BadInput, match="Work"):
        datasets.split(id_, [("Nobody", 3), ("Work", 3)], 1)
    assert "Nobody" not in [row.name for row in datasets.list()]  # all or nothing


def test_a_split_by_tags_leaves_the_cases_where_they_are_and_can_be_taken_back(datasets: Datasets) -> None:
    id_ = filled(datasets, 20)
    before = datasets.cases(id_)
    done = datasets.split_by_tags(id_, [("dev", 15), ("test", 5)], 3)
    assert {tag: len(ids) for tag, ids in done.items()} == {"dev": 15, "test": 5}
    assert datasets.get(id_).tags == {"dev": 15, "odd": 10, "test": 5}
    assert datasets.split_by_tags(id_, [("again", 15)], 3)["again"] == done["dev"]  # a tag does not change the draw
    for tag in ("dev", "test", "again"):
        datasets.tag_cases([case.id for case in before], tag, on=False)
    assert datasets.cases(id_) == before


def test_empty_cells_and_near_copies_are_found(datasets: Datasets) -> None:
    id_ = datasets.create("Golden", (ColumnSpec("ticket"), ColumnSpec("tone"), ColumnSpec("source", "text", "metadata")))
    draw = random.Random(5)
    texts = [" ".join(draw.choices(WORDS, k=30)) for _ in range(300)]
    texts[17] = texts[3] + " and one word"
    texts[40] = texts[8]
    cases = [Case({"ticket": text, "tone": "" if at == 20 else "warm"}) for at, text in enumerate(texts)]
    datasets.add_cases(id_, cases)
    found = datasets.problems(id_)
    assert [(p.number, p.empty, p.copy_of) for p in found.cases] == [(18, (), 4), (21, ("tone",), None), (41, (), 9)]
    assert (found.with_problems, found.empty_cells, found.near_copies) == (3, 1, 2)
    assert found.cases[2].share == 1.0
    assert 0.85 <= found.cases[0].share < 1.0
    only = [problem.case_id for problem in found.cases]
    assert [case.number for case in datasets.cases(id_, only=only)] == [18, 21, 41]
    assert (datasets.count(id_, only=only), datasets.count(id_, only=[])) == (3, 0)


def test_copies_are_found_in_languages_without_spaces(datasets: Datasets) -> None:
    id_ = datasets.create("Golden")
    text = "注文した靴がまだ届いていませんが、いつ届きますか。返金をお願いしたいです。"
    other = "全く違う質問です。営業時間を教えてください。"
    datasets.add_cases(id_, [Case({"input": said}) for said in (text, other, text + "早く")])
    assert [(p.number, p.copy_of) for p in datasets.problems(id_).cases] == [(3, 1)]


def test_looking_for_problems_can_be_stopped(datasets: Datasets) -> None:
    def stop(_done: float, _total: float) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        datasets.problems(filled(datasets, 10), stop)


@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "json", "jsonl"])
def test_a_dataset_goes_out_as_a_table_and_comes_back_the_same(datasets: Datasets, tmp_path: Path, ending: str) -> None:
    if ending == "xlsx":
        pytest.importorskip("openpyxl")
    id_ = datasets.create("Golden", (ColumnSpec("ticket"), ColumnSpec("n", "number"), ColumnSpec("items", "json")))
    cases = [
        Case({"ticket": 'First, with "quotes"\nand lines', "n": 5, "items": [{"a": 1}]}, "One", "Right", ("a", "b"), 2.0, "Why"),
        Case({"ticket": "Second", "n": 1.5, "items": {"b": [True, None]}}, "Two", "Left"),
    ]
    datasets.add_cases(id_, cases)
    assert datasets.export_table(id_, tmp_path / f"out.{ending}") == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("out")] == [f"out.{ending}"]
    report = datasets.import_table(tmp_path / f"out.{ending}", name="Back")
    back = datasets.cases(report.imported[0].id)
    assert [(c.values, c.name, c.reference, c.tags, c.weight, c.note) for c in back] == [
        (c.values, c.name, c.reference, c.tags, c.weight, c.note) for c in cases
    ]


@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "json", "jsonl"])
def test_what_is_shielded_from_spreadsheets_and_tags_with_commas_come_back_as_they_were(
    datasets: Datasets, tmp_path: Path, ending: str
) -> None:
    texts = ["=1+1", "+49 123", "- a list", "@you", "'=quoted", "'-ism", "'\u00a0=shielded", "''tis", "plain"]
    id_ = datasets.create("Golden", (ColumnSpec("cell"),))
    datasets.add_cases(id_, [Case({"cell": text}, tags=("late, lost", "b;c")) for text in texts])
    datasets.export_table(id_, tmp_path / f"out.{ending}")
    back = datasets.cases(datasets.import_table(tmp_path / f"out.{ending}", name="Back").imported[0].id)
    assert [dict(case.values) for case in back] == [{"cell": text} for text in texts]
    assert {case.tags for case in back} == {("b;c", "late, lost")}


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_an_apostrophe_that_another_program_wrote_before_a_sign_stays(datasets: Datasets, tmp_path: Path, ending: str) -> None:
    texts = ["'-ism", "'+1 from me", "'=1+1", "'@home", "''-wiki", "' - he said", "'tis"]
    path = tmp_path / f"theirs.{ending}"
    path.write_text("\n".join(["said", *texts]) + "\n", "utf-8")
    back = datasets.cases(datasets.import_table(path, name="Theirs").imported[0].id)
    assert [dict(case.values) for case in back] == [{"said": text} for text in texts]


def test_what_a_spreadsheet_saved_in_its_own_encoding_loses_its_shield_as_well(datasets: Datasets, tmp_path: Path) -> None:
    id_ = datasets.create("Golden", (ColumnSpec("cell"),))
    datasets.add_cases(id_, [Case({"cell": "=1+1"}), Case({"cell": "- ä list"})])
    datasets.export_table(id_, tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text("utf-8-sig")
    (tmp_path / "saved.csv").write_bytes(text.replace(",", ";").encode("cp1252"))
    back = datasets.cases(datasets.import_table(tmp_path / "saved.csv", name="Back").imported[0].id)
    assert [dict(case.values) for case in back] == [{"cell": "=1+1"}, {"cell": "- ä list"}]


def test_no_spreadsheet_runs_what_a_case_says(datasets: Datasets, tmp_path: Path) -> None:
    id_ = datasets.create("Golden", (ColumnSpec("=cmd"),))
    datasets.add_cases(id_, [Case({"=cmd": "=HYPERLINK(1)"}), Case({"=cmd": "+1"}, tags=("@x",))])
    datasets.export_table(id_, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8-sig").splitlines() == [
        "'\u00a0=cmd,tags",
        "'\u00a0=HYPERLINK(1),",
        "'\u00a0+1,'\u00a0@x",
    ]
    with pytest.raises(BadInput, match="csv, tsv, xlsx, json or jsonl"):
        datasets.export_table(id_, tmp_path / "out.parquet")


def test_a_file_that_is_read_says_how_far_it_is_and_can_be_stopped(datasets: Datasets, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "ticket\n" + "".join(f"Ticket {n} with some words\n" for n in range(60_000)))
    said: list[tuple[float, float]] = []
    assert datasets.read_table(path, progress=lambda done, total: said.append((done, total))).rows == 60_000
    assert said[-1][0] > said[-1][1] * 0.9 > 0
    assert [done for done, _ in said[1:]] == sorted(done for done, _ in said[1:])

    def stop(done: float, _total: float) -> None:
        if done:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        datasets.read_table(path, progress=stop)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes lie elsewhere there")
def test_a_pipe_in_the_place_of_a_table_is_refused_at_once(datasets: Datasets, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(BadInput, match="is not a file"):
        datasets.read_table(tmp_path / "pipe.csv")
