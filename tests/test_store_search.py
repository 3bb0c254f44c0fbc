"""Full-text search: what is found, what is not, and that any text may be typed."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.store import tables
from workbench.store.database import Database
from workbench.store.search import CLOSE, OPEN, Hit, Search, terms_of
from workbench.store.writer import Writer
from workbench.values import Content, Message, Part

pytestmark = pytest.mark.both_stores


def _content(text: str) -> Content:
    return Content((Message.of("user", text),))


def _titles(hits: list[Hit]) -> list[tuple[str, str]]:
    return [(hit.kind, hit.title) for hit in hits]


@pytest.fixture
def filled(database: Database) -> Database:
    prompts, versions = Prompts(database), Versions(database)
    refund = prompts.create("Refund reply", "support", _content("You answer customers about déjà vu"), description="within policy")
    versions.save(refund, _content("You answer customers about déjà vu, kindly"))
    prompts.create("Summary", content=Content((Message("user", (Part(text="Look at the picture"), Part("image", data=b"\x00" * 3000))),)))
    with database.write() as writer:
        dataset = writer.add(tables.Dataset(name="Golden 50", columns=[]))
        case = {"ticket": "Boots arrived torn", "days": 45, "lines": ["green laces", {"note": "left shoe"}]}
        writer.add(tables.CaseRow(dataset_id=dataset, position=1, name="Boots", values=case, reference="exchange", content_hash=""))
        comparison = writer.add(tables.Comparison(name="Before release", definition={}))
        run = writer.add(tables.Run(comparison_id=comparison, number=3, plan={}, plan_hash=""))
        for index, text in enumerate(("Dear customer, your parcel waits", "", "Sorry about the parcel")):
            job = writer.add(tables.Job(run_id=run, column_index=0, case_index=index, fingerprint=""))
            writer.add(tables.Output(job_id=job, attempt=1, text=text))
    return database


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("refund", [("prompt", "Refund reply")]),
        ("REFUND rep", [("prompt", "Refund reply")]),
        ("policy", [("prompt", "Refund reply")]),
        ("deja vu", [("version", "Refund reply")]),
        ("picture", [("version", "Summary")]),
        ("torn", [("case", "Boots")]),
        ("laces", [("case", "Boots")]),
        ("left shoe", [("case", "Boots")]),
        ("45", [("case", "Boots")]),
        ("exchange", [("case", "Boots")]),
        ("parcel", [("output", "Before release"), ("output", "Before release")]),
        ('"your parcel"', [("output", "Before release")]),
        ('"parcel your"', []),
        ("refund nonsense", []),
        ("custom", [("version", "Refund reply"), ("output", "Before release")]),
        ("AAAA", []),
        ("", []),
        ("   ", []),
        ("!?", []),
        ("refund !?", [("prompt", "Refund reply")]),
    ],
)
def test_words_are_found_where_they_stand(filled: Database, words: str, found: list[tuple[str, str]]) -> None:
    assert _titles(Search(filled).find(words)) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("退款", [("prompt", "退款政策"), ("version", "退款政策")]),
        ("政策", [("prompt", "退款政策")]),
        ("客户要", [("version", "退款政策")]),
        ("客户 refund", [("version", "退款政策")]),
        ("refund 客", [("version", "退款政策")]),
        ('"要退" REFUND', [("version", "退款政策")]),
        ("払い戻し", [("version", "返金")]),
        ("정책", [("version", "返金")]),
        ("คืนเงิน", [("version", "返金")]),
        ("GPT模型", [("version", "返金")]),
        ("客户 nonsense", []),
        ("没有", []),
    ],
)
def test_words_of_scripts_without_gaps_are_found_wherever_they_stand(database: Database, words: str, found: list[tuple[str, str]]) -> None:
    prompts = Prompts(database)
    prompts.create("退款政策", "", _content("Refund: 如果客户要退款，请先询问订单号。"))
    prompts.create("返金", "", _content("お客様への払い戻しについて。환불정책을 보세요. นโยบายการคืนเงิน 用gpt模型"))
    hits = Search(database).find(words)
    assert _titles(hits) == found
    assert all(OPEN in hit.excerpt for hit in hits)
    inside = [hit.excerpt.split(OPEN)[1].split(CLOSE)[0] for hit in hits]
    assert all(any(term.strip('"').casefold() in text.casefold() for term in words.split()) for text in inside)
    assert Search(database).places("退款", "要退款") == [(1, 3)]


def test_a_hit_says_where_it_is_and_marks_the_words(filled: Database) -> None:
    (version, output) = Search(filled).find("custom")
    assert version.excerpt == f"You answer {OPEN}customers{CLOSE} about déjà vu, kindly"
    assert version.where == "v2"
    assert version.prompt_id == 1
    assert (output.where, output.run_id) == ("Run 3", 1)
    (prompt,) = Search(filled).find("refund")
    assert (prompt.id, prompt.where, prompt.prompt_id) == (1, "support", 1)


def test_an_old_version_is_found_if_only_it_has_the_words(filled: Database) -> None:
    Versions(filled).save(1, _content("Something else"))
    (hit,) = Search(filled).find("kindly")
    assert hit.where == "v2"


def test_edits_and_archiving_show_at_once(filled: Database) -> None:
    search, prompts = Search(filled), Prompts(filled)
    prompts.rename(1, "Return answer")
    assert _titles(search.find("refund")) == []
    assert _titles(search.find("return")) == [("prompt", "Return answer")]
    prompts.archive([1])
    assert search.find("return") == []
    assert _titles(search.find("customers")) == []
    prompts.restore([1])
    assert _titles(search.find("return")) == [("prompt", "Return answer")]
    with filled.write() as writer:
        writer.run("""UPDATE "case" SET "values" = '{"ticket": "Gloves"}', name = 'New'""")
        writer.run("UPDATE version SET note = 'about mittens' WHERE id = 2")
    assert _titles(search.find("gloves")) == [("case", "New")]
    assert search.find("torn") == []
    assert _titles(search.find("mittens")) == [("version", "Return answer")]
    with filled.write() as writer:
        writer.run('DELETE FROM "case"')
        writer.run("DELETE FROM run")
    assert search.find("gloves") == []
    assert search.find("parcel") == []


def test_no_kind_crowds_out_another(filled: Database) -> None:
    with filled.write() as writer:
        for index in range(10, 60):
            job = writer.add(tables.Job(run_id=1, column_index=0, case_index=index, fingerprint=""))
            writer.add(tables.Output(job_id=job, attempt=1, text="refund boots"))
    hits = Search(filled).find("boots", limit=10)
    assert len(hits) == 10
    assert [hit.kind for hit in hits].count("case") == 1
    assert [hit.kind for hit in hits].count("output") == 9


def test_the_index_can_be_made_anew(filled: Database) -> None:
    with filled.write() as writer:
        for table in ("search_version", "search_case"):
            writer.run(f"DELETE FROM {table}")
        if filled.on_server:
            writer.run("DELETE FROM search_output")
        else:
            writer.run("INSERT INTO search_output(search_output) VALUES('delete-all')")
            writer.run("DROP TRIGGER search_prompt_new")
    search = Search(filled)
    assert search.find("torn") == []
    search.rebuild()
    for words in ("torn", "kindly", "parcel", "refund"):
        assert search.find(words), words
    Prompts(filled).create("Brand new")
    assert _titles(search.find("brand")) == [("prompt", "Brand new")]


def _answered(writer: Writer, case: int, text: str) -> int:
    job = writer.add(tables.Job(run_id=1, column_index=0, case_index=case, fingerprint=""))
    return writer.add(tables.Output(job_id=job, attempt=1, text=text))


def _indexed(database: Database) -> set[int]:
    return {row[0] for row in database.query("SELECT id FROM search_output_docsize")}


def _written_quickly(database: Database) -> list[int]:
    """Two outputs as a run writes them, the second so soon after the first that the index waits."""
    ids = []
    for case, text in ((10, "a kettle"), (11, "a teapot")):
        with database.write(durable=False) as writer:
            ids.append(_answered(writer, case, text))
    return ids


@pytest.mark.one_store("file")  # a server indexes each row with itself
def test_what_a_run_writes_is_indexed_a_moment_later_or_as_soon_as_somebody_searches(filled: Database) -> None:
    _first, second = _written_quickly(filled)
    assert second not in _indexed(filled), "a run does not pay for the index with each answer"
    assert [hit.id for hit in Search(filled).find("teapot")] == [second]
    assert second in _indexed(filled)


@pytest.mark.one_store("file")
def test_a_search_within_a_write_sees_what_was_there_and_waits_for_nobody(filled: Database) -> None:
    with filled.write() as writer:
        _answered(writer, 12, "a samovar")
        assert Search(filled).find("samovar") == []
        assert Search(filled).find("parcel")
    assert Search(filled).find("samovar")


@pytest.mark.one_store("file")
def test_outputs_that_go_before_they_are_indexed_leave_the_index_sound(filled: Database) -> None:
    _first, second = _written_quickly(filled)
    with filled.write(durable=False) as writer:
        writer.run("DELETE FROM output WHERE id = :id", id=second)
    with filled.write() as writer:
        again = _answered(writer, 13, "a cauldron")
    assert again == second, "SQLite gives the number of the last row once more"
    assert Search(filled).find("teapot") == []
    assert [hit.id for hit in Search(filled).find("cauldron")] == [again]
    with filled.write() as writer:
        writer.run("INSERT INTO search_output(search_output, rank) VALUES('integrity-check', 1)")


@pytest.mark.one_store("file")
def test_a_search_waits_for_no_other_program_that_holds_the_file(filled: Database) -> None:
    _first, second = _written_quickly(filled)
    with closing(sqlite3.connect(filled.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert Search(filled).find("parcel")
        assert time.monotonic() - began < 3, "a write waits for five seconds"
    assert [hit.id for hit in Search(filled).find("teapot")] == [second]


def _copy(database: Database, folder: Path) -> Path:
    """What another process would find if this one ended now."""
    copy = folder / "copy.db"
    for ending in ("", "-wal"):
        shutil.copy(database.path + ending, f"{copy}{ending}")
    return copy


@pytest.mark.one_store("file")
def test_a_damaged_index_of_outputs_keeps_nobody_from_saving(filled: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = _copy(filled, tmp_path)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DELETE FROM search_output_data WHERE id = 10")
        raw.commit()
    database = Database.open(path)
    try:
        with database.write() as writer:
            _answered(writer, 14, "a parcel")
        Prompts(database).create("Brand new")
        assert len(database.query("SELECT id FROM output WHERE text = 'a parcel'")) == 1
        assert len(database.query("SELECT id FROM prompt WHERE name = 'Brand new'")) == 1
        Search(database).rebuild()
        assert len(Search(database).find("parcel", only="output")) == 3
    finally:
        database.close()
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["the search does not find the newest outputs"]
    caplog.clear()


@pytest.mark.one_store("file")
def test_what_a_crash_left_out_of_the_index_is_found_at_the_next_start(filled: Database, tmp_path: Path) -> None:
    _first, second = _written_quickly(filled)
    database = Database.open(_copy(filled, tmp_path))
    try:
        assert second not in _indexed(database)
        assert [hit.id for hit in Search(database).find("teapot")] == [second]
    finally:
        database.close()


@contextmanager
def _empty() -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "w.db")
        try:
            yield database
        finally:
            database.close()


def test_any_text_may_be_typed() -> None:
    with _empty() as database:
        search = Search(database)

        @settings(max_examples=200, deadline=None)
        @given(st.text(max_size=40) | st.text(alphabet="ab\"*^:(){}-+'\\ \x00ANDORNT", max_size=30))
        def try_it(text: str) -> None:
            search.find(text)

        try_it()


def test_what_is_typed_is_never_read_as_the_search_language() -> None:
    assert terms_of("cats OR dogs") == (['"cats"', '"OR"', '"dogs"'], True)
    assert terms_of('name:x "a b" -c') == (['"name:x"', '"a b"', '"-c"'], True)
    assert terms_of('say "hello wor') == (['"say"', '"hello"', '"wor"'], True)
    assert terms_of('say "hello"') == (['"say"', '"hello"'], False)
    assert terms_of(" !? ") is None


def test_notes_of_people_and_of_cases_are_found(filled: Database) -> None:
    with filled.write() as writer:
        rater = writer.add(tables.Rater(name="me"))
        for note in ("sounds brusque", "sounds warm"):
            old = writer.run("SELECT max(id) FROM rating").scalar()
            new = writer.add(tables.Rating(output_id=1, aspect="note", rater_id=rater, note=note))
            writer.run("UPDATE rating SET replaced_by_id = :new WHERE id = :old", new=new, old=old)
        writer.run("""UPDATE "case" SET note = 'ask the warehouse' """)
    search = Search(filled)
    (hit,) = search.find("warm")
    assert (hit.kind, hit.id, hit.run_id, hit.excerpt) == ("note", 1, 1, f"sounds {OPEN}warm{CLOSE}")
    assert search.find("brusque") == []
    assert _titles(search.find("warehouse")) == [("case", "Boots")]
    search.rebuild()
    assert _titles(search.find("warm")) == [("note", "Before release")]


def test_a_folder_narrows_a_search_to_what_lies_in_it_or_below(filled: Database) -> None:
    prompts = Prompts(filled)
    prompts.create("Refund letter", "support/letters", _content("parcel"))
    prompts.create("Refund memo", "supports", _content("parcel"))
    assert {hit.title for hit in Search(filled).find("refund", folder="support")} == {"Refund reply", "Refund letter"}
    assert _titles(Search(filled).find("parcel", folder="support")) == [("version", "Refund letter")]


def test_the_newest_version_with_the_words_stands_for_its_prompt(filled: Database) -> None:
    found = Search(filled).prompts_with("customers")
    assert {id: hit.where for id, hit in found.items()} == {1: "v2"}
    assert Search(filled).prompts_with("") == {}


def test_words_in_everything_are_found_newest_first_however_far_back_they_begin(database: Database) -> None:
    with database.write() as writer:
        run = writer.add(tables.Run(number=1, plan={}, plan_hash=""))
        for index in range(500):
            job = writer.add(tables.Job(run_id=run, column_index=0, case_index=index, fingerprint=""))
            writer.add(tables.Output(job_id=job, attempt=1, text=f"word{index % 90:02} customer {'oldest' if not index else ''}"))
    search = Search(database)
    assert [hit.id for hit in search.find("customer", limit=3)] == [500, 499, 498]
    assert [hit.id for hit in search.find("oldest")] == [1]
    assert len(search.find("word", limit=40)) == 40, "more words begin so than are tried"
    assert search.find("customer oldest")[0].excerpt == f"word00 {OPEN}customer{CLOSE} {OPEN}oldest{CLOSE}"
