"""Tables of cases: what a file is, its rows with line numbers, and what its columns mean."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.formats import tabular
from workbench.formats.tabular import BadRow, Table
from workbench.formats.tabular_writing import csv_lines, shape_of
from workbench.values import BadInput, Case
from workbench.values.datasets import ColumnSpec


def table(data: bytes | str, name: str = "cases.csv") -> Table:
    return tabular.read_bytes(data, name)


def cases(found: Table) -> list[Case]:
    return [case for case in found.cases() if isinstance(case, Case)]


def roles(found: Table) -> dict[str, str]:
    return {column: spec.role for column, spec in zip(found.columns, found.mapping, strict=True)}


@pytest.mark.parametrize(("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_the_separator_is_found(delimiter: str, name: str) -> None:
    text = f"question{delimiter}expected\nOne, two; three?{delimiter}yes\nFour, five?{delimiter}no\n"
    found = table(text.replace("One, two; three?", '"One, two; three?"').replace("Four, five?", '"Four, five?"'))
    assert found.columns == ("question", "expected")
    assert (found.rows, found.bad_count) == (2, 0)
    assert name in found.summary


def test_one_column_of_sentences_with_commas_stays_one_column() -> None:
    found = table("question\nHello, world\nOne\nYes, or no, or neither\n")
    assert found.columns == ("question",)
    assert [case.values["question"] for case in cases(found)] == ["Hello, world", "One", "Yes, or no, or neither"]


def test_excels_own_separator_line_is_obeyed() -> None:
    found = table("sep=;\r\na;b\r\n1,5;2\r\n")
    assert found.columns == ("a", "b")
    assert cases(found)[0].values == {"a": "1,5", "b": 2}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_found(encoding: str) -> None:
    found = table("frage,antwort\nGrüße aus Köln – „schön“,ja\n".encode(encoding))
    assert cases(found)[0].values["frage"] == "Grüße aus Köln – „schön“"
    assert found.bad_count == 0


def test_a_broken_byte_spoils_its_line_alone() -> None:
    data = "frage,antwort\nGrüße,ja\n".encode() + b"Sch\xffn\xe9\xfe,nein\n" + "Köln,ja\nMünchen,nein\n".encode()
    found = table(data)
    assert found.form.encoding == "utf-8"
    assert found.bad == (BadRow(3, "Bytes that are not UTF-8.", "Sch\ufffdn\ufffd\ufffd,nein"),)
    assert found.rows == 3


def test_rows_of_a_wrong_width_are_listed_with_their_line() -> None:
    found = table('a,b\n1,2\n1,2,3\n"x\ny",4\nalone\n5,6\n')
    assert [(bad.line, bad.reason) for bad in found.bad] == [
        (3, "3 fields where the header has 2."),
        (6, "1 field where the header has 2."),
    ]
    assert [case.values["a"] for case in cases(found)] == ["1", "x\ny", "5"]


def test_a_quote_that_is_never_closed_is_told_where_it_opens() -> None:
    found = table('a,b\n1,2\n"open,2\n3,4\n5,6\n')
    assert found.rows == 1
    assert found.bad[0].line == 3
    assert "never closed" in found.bad[0].reason
    assert "3 to 5" in found.bad[0].reason


def test_broken_lines_of_json_lines_are_listed_and_the_others_read() -> None:
    lines = ['{"q": "one"}', "{broken", "", "[1, 2]", '{"q": NaN}', '{"q": "\\ud800"}', '{"q": "two", "extra": [1]}']
    found = table("\n".join(lines), "cases.jsonl")
    assert [bad.line for bad in found.bad] == [2, 4, 5, 6]
    assert found.columns == ("q", "extra")
    assert [case.values for case in cases(found)] == [{"q": "one"}, {"q": "two", "extra": [1]}]


def test_a_json_list_is_read_element_by_element_with_lines() -> None:
    found = table('[\n {"q": "one",\n  "a": 1},\n 7,\n {"q": "two", "a": 2}\n]', "cases.json")
    assert found.bad == (BadRow(4, "Not an object but a number.", "7"),)
    assert [row.line for row in found.records() if not isinstance(row, BadRow)] == [2, 5]


@pytest.mark.parametrize(
    ("name", "head", "tail", "reason"),
    [
        ("x.jsonl", '{"q": "', '"}\n{"q": "short"}\n', "longer than"),
        ("x.jsonl", '{"q": "', '"', "longer than"),  # never closed
        ("x.json", '{"q": "', '"}', "longer than"),
        ("x.json", '[{"q": "', '"}, {"q": "short"}]', "longer than"),
    ],
)
def test_a_line_of_a_hundred_megabytes_is_told_and_not_held(tmp_path: Path, name: str, head: str, tail: str, reason: str) -> None:
    path = tmp_path / name
    with path.open("w") as file:
        file.write(head)
        for _ in range(100):
            file.write("x" * 1_000_000)
        file.write(tail)
    tracemalloc.start()
    try:
        found = tabular.read(path)
        assert tracemalloc.get_traced_memory()[1] < 400_000_000
    finally:
        tracemalloc.stop()
    assert (found.bad[0].line, found.bad_count) == (1, 1)
    assert reason in found.bad[0].reason
    assert found.rows == (1 if "short" in tail else 0)


def test_a_value_that_is_too_long_for_a_cell_is_told_in_json_lines_too() -> None:
    found = table(json.dumps({"q": "x" * 17_000_000}) + '\n{"q": "short"}\n', "x.jsonl")
    assert (found.rows, found.bad[0].line, found.bad[0].reason) == (1, 1, "A value is longer than 16,777,216 characters.")


def test_a_json_list_that_breaks_off_says_where() -> None:
    found = table('[{"q": "one"},\n {"q": "two"},\n {"q": ', "cases.json")
    assert found.rows == 2
    assert found.bad[0].line == 3


def test_an_object_that_holds_one_list_of_cases_is_that_list() -> None:
    found = table(json.dumps({"description": "x", "tests": [{"q": "one"}, {"q": "two"}]}), "cases.json")
    assert found.rows == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"  \n ", "empty"), (b"PK\x03\x04....", "Excel"), (b"\x00\x01\x02\x03" * 300, "not text"), (b"%PDF-1.7", "PDF")],
)
def test_what_is_no_table_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        table(data)


@pytest.mark.parametrize(
    "data",
    [
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [{"required": ["a"]}]},
        {"type": ["object", "null"], "properties": {"a": {}}, "anyOf": [{"required": ["a"]}]},
        {"name": "answer", "strict": True, "schema": {"type": "object", "properties": {}}},
    ],
)
def test_a_json_schema_holds_no_cases_and_says_so(data: object) -> None:
    found = table(json.dumps(data), "schema.json")
    assert found.rows == 0
    assert found.bad[0].reason.startswith("This is a JSON Schema")


def test_an_object_that_only_looks_like_a_schema_is_a_case() -> None:
    assert table('{"type": "bug", "items": {"a": 1}}', "one.json").rows == 1


@pytest.mark.parametrize(("data", "name"), [("{}", "a.json"), ("[{}]", "a.json"), ("{}\n{}\n", "a.jsonl")])
def test_empty_objects_are_no_cases(data: str, name: str) -> None:
    with pytest.raises(BadInput, match="nothing but empty objects"):
        table(data, name)


def test_columns_that_share_a_name_are_told_with_what_they_became() -> None:
    assert table("q,q 2,order items\na,b,c\n").repeated == ""
    assert table("q,q,order items,order_items\na,b,c,d\n").repeated == (
        "column 2 is named q too and becomes q_2, column 4 is named order_items too and becomes order_items_2"
    )
    assert table(",".join("aaaaaa") + "\n1,2,3,4,5,6\n").repeated.endswith("a_4, and 2 more columns")


def test_a_file_that_is_not_there_is_a_sentence_too(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        tabular.read(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("input,ideal", {"input": "variable", "ideal": "reference"}),
        ("Prompt,Ideal", {"Prompt": "variable", "Ideal": "reference"}),
        ("question,answer,tags", {"question": "variable", "answer": "reference", "tags": "tags"}),
        ("input,target,label", {"input": "variable", "target": "reference", "label": "variable"}),
        ("text,category", {"text": "variable", "category": "reference"}),
        ("ticket,labels,notes", {"ticket": "variable", "labels": "tags", "notes": "note"}),
        ("ticket,Expected Output,weight", {"ticket": "variable", "Expected Output": "reference", "weight": "weight"}),
        ("name,question", {"name": "name", "question": "variable"}),
        ("title", {"title": "variable"}),
        ("answer", {"answer": "variable"}),
        ("name,question,__expected", {"name": "variable", "question": "variable", "__expected": "reference"}),
        ("topic,__description,__metadata:area", {"topic": "variable", "__description": "name", "__metadata:area": "metadata"}),
    ],
)
def test_columns_are_guessed_from_their_names(header: str, wanted: dict[str, str]) -> None:
    columns = header.split(",")
    body = "\n".join(",".join("2" if column == "weight" else f"{column} {row}" for column in columns) for row in range(5))
    assert roles(table(f"{header}\n{body}\n")) == wanted


def test_expectations_of_promptfoo_are_checks_of_their_case_and_plain_answers_its_reference() -> None:
    text = 'q,__expected1,__expected2,__description\na,"contains-any: x, y",not-icontains:bye,first\nb,similar(0.8):hello,,\nc,Just so,,\n'
    first, second, third = cases(table(text))
    assert (first.name, first.reference, dict(first.values)) == ("first", None, {"q": "a"})
    assert [check.to_json() for check in first.checks] == [
        {"type": "contains-any", "value": ["x", "y"]}, {"type": "not-icontains", "value": "bye"},
    ]  # fmt: skip
    assert [(check.type, check.value, check.threshold) for check in second.checks] == [("similar", "hello", 0.8)]
    assert [(check.type, check.value) for check in third.checks] == [("equals", "Just so")]
    (plain,) = cases(table("q,__expected\na,Yes: it is\n"))
    assert (plain.reference, plain.checks) == ("Yes: it is", ())


def test_a_long_or_repeating_column_does_not_name_the_cases() -> None:
    rows = "\n".join(f"News,{number}" for number in range(10))
    assert roles(table(f"title,body\n{rows}\n")) == {"title": "variable", "body": "variable"}


def test_numbers_that_say_more_than_a_number_stay_text() -> None:
    found = table("zip,price,count,flag\n01234,1.50,3,true\n10115,2.00,4,false\n")
    first = cases(found)[0].values
    assert first == {"zip": "01234", "price": "1.50", "count": 3, "flag": True}


def test_variable_names_fit_a_template() -> None:
    found = table("order items,2nd,order items\na,b,c\n")
    assert [spec.name for spec in found.mapping] == ["order_items", "_2nd", "order_items_2"]


def test_tags_are_parted_at_commas_semicolons_and_from_lists() -> None:
    found = table('q,tags\na,"x, y;z"\nb,"[""one, two""]"\nc,"p\\,q"\n')
    assert [case.tags for case in cases(found)] == [("x", "y", "z"), ("one, two",), ("p,q",)]


def test_a_weight_that_is_no_number_is_a_bad_row() -> None:
    found = table("q,weight\na,2\nb,1\n")
    bad = list(tabular.read_bytes("q,weight\na,2\nb,much\n", "x.csv").cases((ColumnSpec("q"), ColumnSpec("weight", "number", "weight"))))
    assert cases(found)[0].weight == 2.0
    assert isinstance(bad[1], BadRow)
    assert bad[1].line == 3


def test_a_conversation_of_one_user_message_becomes_its_text() -> None:
    line = json.dumps({"input": [{"role": "user", "content": "Where is it?"}], "target": "there"})
    assert cases(table(line + "\n" + line, "x.jsonl"))[0] == Case({"input": "Where is it?"}, reference="there")


def test_two_columns_cannot_become_one_variable() -> None:
    found = table("a,b\n1,2\n")
    with pytest.raises(BadInput, match="Two columns become x"):
        found.cases((ColumnSpec("x"), ColumnSpec("x")))


def test_every_file_of_the_collection_is_read(shared: Path) -> None:
    files = [path for path in sorted((shared / "datasets").iterdir()) if path.suffix in (".csv", ".jsonl")]
    assert len(files) > 25
    for path in files:
        found = tabular.read(path)
        assert found.bad_count == 0, path
        taken = cases(found)
        assert len(taken) == found.rows > 0, path
        assert all(case.values for case in taken), path
        if "assistant-cli" not in path.name:  # the one file without an answer column
            assert all(case.checks or case.reference not in (None, "") for case in taken), path


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_any_text_that_a_csv_writer_wrote_is_read_as_it_was(rows: list[list[str]], newline: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    found = tabular.read_bytes(out.getvalue().encode(), "x.csv", encoding="utf-8", delimiter=",")
    read = [[row.values[name] for name in "abc"] for row in found.records() if not isinstance(row, BadRow)]
    assert read == [row for row in rows if any(row)]


VALUE: st.SearchStrategy[object] = st.one_of(
    TEXT,
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(TEXT, max_size=2),
)
CASE = st.builds(
    Case,
    values=st.fixed_dictionaries({"q": VALUE, "n": VALUE}),
    name=TEXT,
    reference=st.one_of(st.none(), VALUE),
    tags=st.lists(TEXT.map(str.strip).filter(bool), max_size=3, unique=True).map(tuple),
    weight=st.sampled_from([1.0, 2.0, 0.5]),
    note=TEXT,
)
COLUMNS = (ColumnSpec("q"), ColumnSpec("n", "number"))


@settings(max_examples=150, deadline=None)
@given(st.lists(CASE, min_size=1, max_size=5))
def test_what_survives_csv_comes_back_exactly(wanted: Sequence[Case]) -> None:
    shape = shape_of(wanted, COLUMNS)
    if not shape.fits_csv:
        return
    text = "".join(csv_lines(wanted, COLUMNS, shape.own))
    found = tabular.read_bytes(text, "x.csv", encoding="utf-8", delimiter=",")
    assert list(found.cases(tabular.own_mapping(found.columns, COLUMNS))) == list(wanted)


def test_ordinary_cases_fit_csv() -> None:
    case = Case({"q": 'Grüße, "you"\nthere', "n": 3}, "Name", "yes", ("a", "b"), 2.0, "note")
    assert shape_of([case, Case({"q": "=1+1", "n": 4})], COLUMNS).fits_csv
    assert not shape_of([Case({"q": ["list"], "n": 3})], COLUMNS).fits_csv
    assert not shape_of([Case({"q": "3", "n": "3"})], COLUMNS).fits_csv


def test_a_long_table_is_read_within_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("ticket,expected\n")
        file.writelines(f"Parcel {number} never came {'again ' * 20},label{number % 7}\n" for number in range(20_000))
    tracemalloc.start()
    try:
        found = tabular.read(path)
        assert sum(1 for _ in found.cases()) == found.rows == 20_000
        assert tracemalloc.get_traced_memory()[1] < 3_500_000  # less than the file alone
    finally:
        tracemalloc.stop()


def test_thousands_of_columns_of_one_name_get_names_of_their_own() -> None:
    found = table(",".join(["a"] * 5000) + "\n" + ",".join(["1"] * 5000) + "\n")
    assert len(set(found.columns)) == 5000


@pytest.mark.parametrize(("name", "data"), [("x.csv", b"a,b\n1,2\n"), ("x.jsonl", b'{"a":1}\n{"a":2}'), ("x.json", b'[{"a":1}] ')])
def test_an_encoding_chosen_by_hand_that_is_not_the_files_is_a_sentence(name: str, data: bytes) -> None:
    with pytest.raises(BadInput, match="is not UTF-16"):
        tabular.read_bytes(data, name, encoding="utf-16")


def test_broken_utf_32_is_a_bad_row() -> None:
    (bad,) = table(b"\xff\xfe\x00\x00\xff\xff\xff\x7f", "x.jsonl").bad
    assert "not UTF-32" in bad.reason
