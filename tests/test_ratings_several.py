"""Several raters and criteria: each rater's last word counts, a rating is the mean over raters, and where they differ is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_ratings_judging import outputs_of
from workbench.library.criteria import Criteria
from workbench.ratings import Ratings
from workbench.ratings.reading import _LABELS
from workbench.runs.grid import UNJUDGED, judgements_of
from workbench.store import tables
from workbench.store.database import Database
from workbench.values import BLIND, BadInput, CaseQuery, Changes, Criterion, Highlight, NotFound, Saw, Scale, differ, share, weighted_stars
from workbench.workspace import Workspace

pytestmark = pytest.mark.both_stores

ACCURACY = Criterion("Accuracy", Scale("stars", {"5": "Policy applied correctly"}), weight=3, help="Is it right?")
SAFE = Criterion("Safe", Scale("verdict"))
KIND = Criterion("Kind", Scale("labels", labels=("short", "long")))


def a_comparison(database: Database, *, cases: int = 3, runs: int = 1) -> tuple[int, list[int]]:
    """Ids of a comparison and of the outputs of its last run: one column, so many cases."""
    with database.write() as writer:
        comparison = writer.add(tables.Comparison(name="Refunds", definition={}))
        for number in range(runs):
            run = writer.add(tables.Run(comparison_id=comparison, number=number + 1, plan={}, plan_hash="", status="done"))
            for case in range(cases):
                job = writer.add(tables.Job(run_id=run, column_index=0, case_index=case, fingerprint=f"{case}", status="done"))
                writer.add(tables.Output(job_id=job, attempt=1, text=f"Answer {case}, with a second part."))
    return comparison, outputs_of(database, run) if runs else []


def sit_down(ratings: Ratings, name: str | None) -> None:
    """Let another person rate: at this desk, or on the server with an app of their own."""
    if ratings.can_switch:
        ratings.switch_rater(name)
    else:
        ratings._database.person = name or "me"


@pytest.fixture
def ratings(database: Database) -> Ratings:
    made = Ratings(database)
    sit_down(made, None)
    return made


def test_the_last_word_of_each_rater_counts_beside_the_others(database: Database, ratings: Ratings) -> None:
    output = a_comparison(database)[1][0]
    ratings.stars(output, 2)
    sit_down(ratings, "Ana")
    ratings.stars(output, 4)
    ratings.stars(output, 5)
    assert [(said.rater, said.stars, said.own) for said in ratings.said([output])] == [("Ana", 5, True), ("me", 2, False)]
    judged = judgements_of(database, [output])[output]
    assert (judged.stars, judged.rating, judged.raters, judged.differ) == (5, 3.5, 2, True)
    sit_down(ratings, None)
    assert judgements_of(database, [output])[output].stars == 2


def test_undo_takes_back_what_its_own_rater_said_even_after_another_one_sat_down(database: Database, ratings: Ratings) -> None:
    output = a_comparison(database)[1][0]
    ratings.stars(output, 2)
    sit_down(ratings, "Ana")
    ratings.stars(output, 5)
    sit_down(ratings, None)
    assert ratings.undo() == output
    assert [(said.rater, said.stars) for said in ratings.said([output])] == [("me", 2)]
    ratings.redo()
    assert {(said.rater, said.stars) for said in ratings.said([output])} == {("me", 2), ("Ana", 5)}


def test_who_gives_a_name_keeps_what_was_rated_without_one(database: Database, ratings: Ratings) -> None:
    if database.person:
        with pytest.raises(BadInput, match="own name"):
            ratings.switch_rater("Ana")
        return
    output = a_comparison(database)[1][0]
    ratings.stars(output, 2)
    database.owner = "Maria"
    assert ratings.said([output])[0].own
    ratings.verdict(output, "pass")
    assert [row.name for row in ratings.raters()] == ["Maria"]
    assert {said.rater for said in ratings.history(output)} == {"Maria"}
    ratings.switch_rater("Ana")
    assert [(row.name, row.own) for row in ratings.raters()] == [("Maria", False)], "Ana has not rated yet"


def test_a_rater_can_be_renamed_but_not_to_a_name_in_use(database: Database, ratings: Ratings) -> None:
    output = a_comparison(database)[1][0]
    ratings.stars(output, 2)
    sit_down(ratings, "Ana")
    ratings.stars(output, 3)
    ana = ratings.raters()[0].id
    if not ratings.can_switch:
        with pytest.raises(BadInput, match="own name"):
            ratings.rename_rater(ana, "Anna")
        return
    with pytest.raises(BadInput, match="already a rater"):
        ratings.rename_rater(ana, "me")
    ratings.rename_rater(ana, "Anna")
    assert ratings.rater == "Anna"
    with pytest.raises(NotFound):
        ratings.rename_rater(99, "Nobody")


def test_what_the_rater_could_see_is_kept(database: Database, ratings: Ratings) -> None:
    output = a_comparison(database)[1][0]
    ratings.stars(output, 2, BLIND)
    ratings.stars(output, 3, Saw("compare", others=True))
    seen = [said.saw for said in ratings.history(output)]
    assert seen == [Saw("compare", others=True), BLIND]
    assert [saw.blind for saw in seen if saw] == [False, True]
    stored = json.loads(database.query("SELECT saw FROM rating ORDER BY id")[0][0])
    assert (stored["blind"], stored["names"]) == (True, False)


def test_scores_labels_and_marks_stand_beside_stars(database: Database, ratings: Ratings) -> None:
    output = a_comparison(database)[1][0]
    ratings.score(output, 72)
    ratings.label(output, "  too   long ")
    ratings.highlight(output, Highlight(8, 9, "why?"))
    ratings.highlight(output, Highlight(0, 6, "wrong word"))
    ratings.highlight(output, Highlight(8, 9, "a number"))
    said = {one.aspect: one for one in ratings.said([output])}
    assert said["score"].value == 72
    assert said["label"].label == "too long"
    assert said["highlights"].highlights == (Highlight(0, 6, "wrong word"), Highlight(8, 9, "a number"))
    ratings.remove_highlight(output, 0, 6)
    assert ratings.said([output])[0].highlights == (Highlight(8, 9, "a number"),)
    ratings.undo()
    assert len(ratings.said([output])[0].highlights) == 2
    ratings.remove_highlight(output, 0, 6)
    ratings.remove_highlight(output, 8, 9)
    assert "highlights" not in {one.aspect for one in ratings.said([output])}


@pytest.mark.parametrize("mark", [Highlight(0, 0), Highlight(-1, 2), Highlight(5, 500), Highlight(4, 2)])
def test_a_mark_beyond_the_answer_is_refused(database: Database, ratings: Ratings, mark: Highlight) -> None:
    output = a_comparison(database)[1][0]
    with pytest.raises(ValueError, match="within the answer"):
        ratings.highlight(output, mark)
    assert ratings.history(output) == []


def test_labels_are_offered_from_all_runs_of_a_comparison(database: Database, ratings: Ratings) -> None:
    _comparison, outputs = a_comparison(database, runs=2)
    ratings.label(outputs[0], "too long")
    ratings.label(outputs[1], "too long")
    ratings.label(outputs[2], "rude")
    assert ratings.labels(1) == ratings.labels(2) == ["too long", "rude"]


@pytest.mark.one_store("file")  # a server plans by its own statistics
def test_labels_are_looked_for_among_ratings_and_not_among_the_outputs_of_a_long_run(database: Database) -> None:
    steps = [row[3] for row in database.query(f"EXPLAIN QUERY PLAN {_LABELS}", {"run": 1})]
    assert steps[0] == "SCAN rating"
    assert not any(" output_job " in step or " job_status " in step for step in steps), steps


def test_criteria_are_rated_on_their_own_scales(database: Database, ratings: Ratings) -> None:
    comparison, outputs = a_comparison(database)
    criteria = Criteria(database)
    accuracy, safe, kind = (criteria.add(comparison, one) for one in (ACCURACY, SAFE, KIND))
    ratings.criterion(outputs[0], accuracy, 5)
    ratings.criterion(outputs[0], safe, "fail")
    ratings.criterion(outputs[0], kind, "long")
    said = {one.criterion: (one.kind, one.said) for one in ratings.said(outputs)}
    assert said == {"Accuracy": ("stars", 5), "Safe": ("verdict", "fail"), "Kind": ("labels", "long")}
    for criterion, wrong in ((accuracy, 6), (accuracy, "pass"), (safe, "perhaps"), (kind, "huge")):
        with pytest.raises(ValueError):
            ratings.criterion(outputs[0], criterion, wrong)
    with pytest.raises(NotFound):
        ratings.criterion(outputs[0], 99, 3)
    # weights 3 and 1: (3 * 1 + 1 * 0) / 4 = 0.75, as stars 1 + 4 * 0.75
    assert judgements_of(database, outputs)[outputs[0]].rating == 4.0
    assert weighted_stars([(share("stars", 5, None), 3), (share("verdict", None, "fail"), 1), (share("labels", None, "long"), 1)]) == 4.0
    ratings.stars(outputs[0], 2)
    assert judgements_of(database, outputs)[outputs[0]].rating == 2.0, "stars are the rater's own sum"
    assert judgements_of(database, outputs).get(outputs[1], UNJUDGED).rating is None


def test_small_differences_between_raters_are_no_disagreement(database: Database, ratings: Ratings) -> None:
    outputs = a_comparison(database)[1]
    for name, stars, score in ((None, 4, 50), ("Ana", 5, 74), ("Ben", 4, 75)):
        sit_down(ratings, name)
        ratings.stars(outputs[0], stars)
        ratings.score(outputs[1], score)
    judged = judgements_of(database, outputs)
    assert [judged[output].differ for output in outputs[:2]] == [differ("stars", [4, 5, 4]), differ("score", [50, 74, 75])] == [False, True]


def test_criteria_keep_their_order_and_names_are_unique(database: Database) -> None:
    comparison, _ = a_comparison(database)
    criteria = Criteria(database)
    ids = [criteria.add(comparison, one) for one in (ACCURACY, SAFE, KIND)]
    criteria.order(comparison, [ids[2], ids[0]])
    assert [row.id for row in criteria.list(comparison)] == [ids[2], ids[0], ids[1]] == [row.id for row in criteria.of_run(1)]
    with pytest.raises(BadInput, match="already a criterion"):
        criteria.add(comparison, Criterion(" accuracy "))
    with pytest.raises(NotFound):
        criteria.add(99, ACCURACY)


def test_a_criterion_with_runs_is_kept_and_one_without_is_gone(database: Database, ratings: Ratings) -> None:
    comparison, outputs = a_comparison(database)
    criteria = Criteria(database)
    kept = criteria.add(comparison, ACCURACY)
    ratings.criterion(outputs[0], kept, 5)
    assert criteria.archive(kept) is True
    assert criteria.list(comparison) == []
    assert [row.id for row in criteria.list(comparison, archived=True)] == [kept]
    assert ratings.said(outputs)[0].criterion == "Accuracy"
    assert judgements_of(database, outputs)[outputs[0]].rating is None, "it counts no longer"
    criteria.restore(kept)
    assert judgements_of(database, outputs)[outputs[0]].rating == 5
    fresh, _ = a_comparison(database, runs=0)
    assert criteria.archive(criteria.add(fresh, SAFE)) is False
    assert criteria.list(fresh, archived=True) == []


def test_all_criteria_are_put_at_once_or_not_at_all(database: Database, ratings: Ratings) -> None:
    comparison, outputs = a_comparison(database)
    criteria = Criteria(database)
    criteria.put(comparison, [(None, ACCURACY), (None, SAFE)])
    accuracy, safe = (row.id for row in criteria.list(comparison))
    ratings.criterion(outputs[0], safe, "pass")
    with pytest.raises(BadInput, match="1 answer was rated by Safe"):
        criteria.put(comparison, [(None, KIND), (safe, Criterion("Safe"))])
    with pytest.raises(BadInput, match="same name"):
        criteria.put(comparison, [(None, KIND), (safe, Criterion("kind", Scale("verdict")))])
    assert [row.id for row in criteria.list(comparison)] == [accuracy, safe]
    criteria.put(comparison, [(safe, Criterion("Accuracy", Scale("verdict"))), (None, KIND)])
    assert [(row.id == safe, row.criterion.name) for row in criteria.list(comparison)] == [(True, "Accuracy"), (False, "Kind")]


def test_a_rated_criterion_keeps_its_scale_and_the_labels_that_were_given(database: Database, ratings: Ratings) -> None:
    comparison, outputs = a_comparison(database)
    criteria = Criteria(database)
    kind = criteria.add(comparison, KIND)
    criteria.change(kind, Criterion("Length", Scale("labels", labels=("short", "long", "right"))))
    ratings.criterion(outputs[0], kind, "long")
    with pytest.raises(BadInput, match="label long"):
        criteria.change(kind, Criterion("Length", Scale("labels", labels=("short", "right"))))
    with pytest.raises(BadInput, match="something else"):
        criteria.change(kind, Criterion("Length"))
    criteria.change(kind, Criterion("Length", Scale("labels", {"long": "Over a page"}, ("long", "right")), weight=0))
    assert criteria.get(kind).criterion.scale.points == {"long": "Over a page"}
    assert criteria.get(kind).rated == 1


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        (Criterion(" "), "needs a name"),
        (Criterion("A", weight=-1), "0 or more"),
        (Criterion("A", weight=float("nan")), "0 or more"),
        (Criterion("A", Scale("labels", labels=("one", " one "))), "2 to 20 words"),
        (Criterion("A", Scale("stars", {"6": "Too good"})), "no point 6"),
        (Criterion("A", Scale("score", {"101": "Too good"})), "no point 101"),
        (Criterion("A", Scale("thumbs")), "no scale thumbs"),  # type: ignore[arg-type]
    ],
)
def test_a_criterion_that_nobody_could_use_is_refused(database: Database, criterion: Criterion, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Criteria(database).add(a_comparison(database)[0], criterion)


def test_rows_are_found_by_criterion_label_and_disagreement(database: Database, ratings: Ratings, tmp_path: Path) -> None:
    from workbench.runs.finding import _BY_CRITERION, _CASES, _LABELLED, _RATINGS

    comparison, outputs = a_comparison(database)
    criteria = Criteria(database)
    accuracy = criteria.add(comparison, ACCURACY)
    ratings.criterion(outputs[0], accuracy, 5)
    ratings.criterion(outputs[1], accuracy, 2)
    ratings.label(outputs[2], "rude")
    sit_down(ratings, "Ana")
    ratings.criterion(outputs[1], accuracy, 5)

    def found(which: str, **given: object) -> list[int]:
        rows = database.query(_CASES.format(columns="0", which=which), {"run": 1, "repeat": 1, **given})
        return sorted(row[0] for row in rows)

    assert found(_BY_CRITERION["high"], criterion=accuracy) == [0]
    assert found(_BY_CRITERION[""], criterion=accuracy) == [0, 1]
    assert found(_BY_CRITERION["none"], criterion=accuracy) == [2]
    assert found(_BY_CRITERION["differ"], criterion=accuracy) == found(_RATINGS["differ"]) == [1]
    assert found(_LABELLED, label="rude") == [2]
    assert found(_RATINGS["high"]) == [0]
    assert found(_RATINGS["4"]) == [1], "the mean of 2 and 5 is 3.5, which rounds up"
    assert CaseQuery(criterion=accuracy).narrows
    assert not CaseQuery(criterion=accuracy, sort="criterion").narrows


def test_the_name_in_the_settings_stands_beside_ratings(workspace: Workspace) -> None:
    if workspace.on_server:
        assert workspace.ratings.rater != "me"
        return
    assert workspace.ratings.rater == "me"
    heard: list[Changes] = []
    workspace.subscribe(heard.append)
    workspace.settings.set("author", " Maria ")
    assert workspace.ratings.rater == "Maria"
    assert [changes.has("rating") for changes in heard] == [True]
