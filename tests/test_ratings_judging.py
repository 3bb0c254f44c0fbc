"""Ratings: nothing said is overwritten, and the last word counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.ratings import Ratings
from workbench.store import tables
from workbench.store.database import Database
from workbench.values import Changes, NotFound, ReadOnly

pytestmark = pytest.mark.both_stores


def a_run(database: Database, *, columns: int = 2, cases: int = 3, status: str = "done", comparison_id: int | None = None) -> int:
    """Id of a run whose jobs all have an output."""
    with database.write() as writer:
        run_id = writer.add(tables.Run(comparison_id=comparison_id, number=1, plan={}, plan_hash="", status=status))
        for case in range(cases):
            for column in range(columns):
                job = tables.Job(run_id=run_id, column_index=column, case_index=case, fingerprint=f"{case}.{column}", status="done")
                writer.add(tables.Output(job_id=writer.add(job), attempt=1, text=f"{case}.{column}"))
    return run_id


def outputs_of(database: Database, run_id: int) -> list[int]:
    sql = "SELECT output.id FROM output JOIN job ON job.id = job_id WHERE run_id = ? ORDER BY output.id"
    return [row[0] for row in database.query(sql, (run_id,))]


def test_the_newest_stars_count_and_the_older_ones_stay(database: Database) -> None:
    output = outputs_of(database, a_run(database))[0]
    ratings = Ratings(database)
    for stars in (2, 4, None):
        ratings.stars(output, stars)
    assert [(item.stars, item.current) for item in ratings.history(output)] == [(None, True), (4, False), (2, False)]


def test_saying_the_same_twice_adds_nothing(database: Database) -> None:
    output = outputs_of(database, a_run(database))[0]
    ratings = Ratings(database)
    assert ratings.verdict(output, "fail") == ratings.verdict(output, "fail")
    assert len(ratings.history(output)) == 1


def test_a_note_with_half_a_character_is_kept_as_far_as_it_goes(database: Database) -> None:
    output = outputs_of(database, a_run(database))[0]
    ratings = Ratings(database)
    ratings.note(output, "good \ud83d")
    assert ratings.history(output)[0].note == "good \ufffd"


def test_stars_verdict_and_note_stand_beside_each_other(database: Database) -> None:
    output = outputs_of(database, a_run(database))[0]
    ratings = Ratings(database)
    ratings.stars(output, 5)
    ratings.verdict(output, "pass")
    ratings.note(output, "Names the warranty.")
    assert {(item.aspect, item.stars, item.verdict, item.note) for item in ratings.history(output) if item.current} == {
        ("stars", 5, None, None),
        ("verdict", None, "pass", None),
        ("note", None, None, "Names the warranty."),
    }


def test_undo_takes_back_the_last_word_and_redo_says_it_again(database: Database) -> None:
    first, second = outputs_of(database, a_run(database))[:2]
    ratings = Ratings(database)
    ratings.stars(first, 3)
    ratings.stars(second, 1)
    ratings.stars(second, 5)
    assert ratings.undo() == second
    assert ratings.history(second)[0].stars == 1
    assert ratings.undo() == second
    assert ratings.history(second)[0].stars is None
    assert ratings.redo() == second
    assert ratings.history(second)[0].stars == 1
    ratings.note(first, "new")
    assert ratings.redo() is None, "a new judgement ends what could be redone"
    assert [ratings.undo(), ratings.undo(), ratings.undo(), ratings.undo()] == [first, second, first, None]


def test_each_judgement_is_announced_with_its_output(database: Database) -> None:
    output = outputs_of(database, a_run(database))[0]
    heard: list[Changes] = []
    database.subscribe(heard.append)
    Ratings(database).stars(output, 4)
    assert [changes.ids("rating") for changes in heard] == [{output}]


@pytest.mark.parametrize("stars", [0, 6, 2.5])
def test_stars_outside_one_to_five_are_refused(database: Database, stars: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        Ratings(database).stars(1, stars)


def test_an_unknown_output_is_named(database: Database) -> None:
    with pytest.raises(NotFound, match="no output 77"):
        Ratings(database).stars(77, 3)


def test_what_waits_are_the_unrated_outputs_of_the_newest_finished_run_of_each_comparison(database: Database) -> None:
    with database.write() as writer:
        live = writer.add(tables.Comparison(name="live", definition={}))
        gone = writer.add(tables.Comparison(name="gone", definition={}, archived_at=tables.now()))
    a_run(database, comparison_id=live)
    newest = a_run(database, comparison_id=live, cases=2)
    a_run(database, comparison_id=live, status="stopped")
    a_run(database, comparison_id=gone)
    a_run(database, columns=1)
    judging = a_run(database)
    with database.write() as writer:
        writer.run("UPDATE run SET judged_run_id = :judged WHERE id = :id", judged=newest, id=judging)
    ratings = Ratings(database)
    assert ratings.waiting() == 4, "nobody rates what judges said"
    first, second, *_ = outputs_of(database, newest)
    ratings.stars(first, 3)
    ratings.verdict(second, "fail")
    assert ratings.waiting() == 2
    ratings.undo()
    assert ratings.waiting() == 3


def test_nothing_is_rated_in_a_workspace_that_is_open_for_reading_only(tmp_path: Path) -> None:
    owner = Database.open(tmp_path / "workspace.db")
    output = outputs_of(owner, a_run(owner))[0]
    reader = Database.open(tmp_path / "workspace.db", wait_s=0)
    with pytest.raises(ReadOnly):
        Ratings(reader).stars(output, 3)
    reader.close()
    owner.close()


def test_what_is_said_of_several_answers_at_once_is_taken_back_at_once(database: Database) -> None:
    outputs = outputs_of(database, a_run(database))[:3]
    ratings = Ratings(database)

    def stars() -> list[int | None]:
        said = {one.output_id: one.stars for one in ratings.said(outputs)}
        return [said.get(output) for output in outputs]

    ratings.stars(outputs[0], 2)
    assert ratings.as_one(lambda: [ratings.stars(output, 4) for output in outputs])
    assert ratings.as_one(lambda: [ratings.stars(output, 5) for output in outputs])
    assert not ratings.as_one(lambda: [ratings.stars(output, 5) for output in outputs]), "the same again is no step"
    for expected in ([4, 4, 4], [2, None, None], [None, None, None]):
        assert ratings.undo() in outputs
        assert stars() == expected
    assert ratings.undo() is None
    for expected in ([2, None, None], [4, 4, 4], [5, 5, 5]):
        assert ratings.redo() in outputs
        assert stars() == expected
