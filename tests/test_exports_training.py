from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench import plan as plans
from workbench import store
from workbench.exports.training_choice import TestCases, TrainingWish
from workbench.store.database import Database
from workbench.values import BadInput, Case, Content, Message, ModelSpec, Spec, Variant
from workbench.workspace import Workspace

LONG = "The parcel that I ordered for my sister came a week too late and now she wants her money back, what can you do"


def made(ws: Workspace, texts: list[str], *, prompts: int = 1, repeats: int = 2) -> int:
    """A run whose answers differ from repeat to repeat: each was asked again, and the newest counts."""
    variants = tuple(
        Variant(f"P{at}", 1, Content((Message.of("system", f"Be kind {at}."), Message.of("user", "{{ q }}")))) for at in range(prompts)
    )
    cases = tuple(Case({"q": text, "policy": "the same policy for everybody"}) for text in texts)
    run_id = ws.runs.prepare(Spec("Train", variants, (ModelSpec("m", "M", "echo", ""),), cases, repeats=repeats))

    async def run() -> None:
        async for _ in ws.runs.execute(run_id):
            pass

    asyncio.run(run())
    for cell in ws.runs.cells(run_id):
        answer = (
            f"{plans.request(ws.runs.plan(run_id), cell.column, cell.case_index).messages[-1].text} / {cell.repeat}{' B' * cell.column}"
        )
        with ws._database.write() as writer:
            writer.add(store.tables.Output(job_id=cell.job_id, attempt=2, text=answer, finish_reason="stop", usage={}))
    return run_id


def outputs(ws: Workspace, run_id: int) -> list[int]:
    return [cell.output_id or 0 for cell in ws.runs.cells(run_id)]


def lines(ws: Workspace, run_id: int, path: Path, wish: TrainingWish) -> list[dict[str, Any]]:
    report = ws.exports.write_training([run_id], path, wish)
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(found) == report.examples
    assert ws.exports.training([run_id], wish).to_json() == report.to_json()
    return found


def rate(database: Database, output_id: int, rater: str, value: float) -> None:
    with database.write() as writer:
        found = writer.run("SELECT id FROM rater WHERE name = :name", name=rater).scalar()
        rater_id = found or writer.add(store.tables.Rater(name=rater))
        writer.add(store.tables.Rating(output_id=output_id, aspect="stars", rater_id=rater_id, value=value))


def vote(database: Database, run_id: int, left: int, right: int, winner: str, rater: str = "ann") -> None:
    with database.write() as writer:
        found = writer.run("SELECT id FROM rater WHERE name = :name", name=rater).scalar()
        rater_id = found or writer.add(store.tables.Rater(name=rater))
        session = writer.add(store.tables.ReviewSession(run_id=run_id, kind="pair", seed=1, rater_id=rater_id))
        writer.add(store.tables.Vote(session_id=session, item=0, left_output_id=left, right_output_id=right, winner=winner))


@pytest.mark.both_stores
def test_the_best_answer_of_each_case_becomes_a_chat_as_openai_takes_it(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, ["one", "two", "three"])
    first, second, third, fourth, *_ = outputs(workspace, run_id)
    workspace.ratings.stars(first, 4)
    workspace.ratings.stars(second, 5)
    workspace.ratings.stars(third, 3)
    workspace.ratings.verdict(fourth, "fail")
    report = workspace.exports.training([run_id], TrainingWish())
    found = lines(workspace, run_id, tmp_path / "chat.jsonl", TrainingWish())
    assert found == [
        {
            "messages": [
                {"role": "system", "content": "Be kind 0."},
                {"role": "user", "content": "one"},
                {"role": "assistant", "content": "one / 2"},
            ]
        }
    ]
    assert report.dropped == {
        "answers rated below the threshold": 2,
        "answers that nobody rated": 2,
        "answers beside a better one to the same messages": 1,
    }
    assert list(report.raters.values()) == [1]
    assert "1 chat from 1 case." in report.lines()
    assert "No test cases were named, so nothing was held against them." in report.notes
    assert len(lines(workspace, run_id, tmp_path / "all.jsonl", TrainingWish(every=True, threshold=3))) == 3


@pytest.mark.both_stores
def test_pairs_come_from_stars_in_both_shapes(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, ["one", "two"])
    first, second, third, fourth = outputs(workspace, run_id)
    workspace.ratings.stars(first, 2)
    workspace.ratings.stars(second, 5)
    workspace.ratings.stars(third, 5)
    workspace.ratings.stars(fourth, 4)
    asked = [{"role": "system", "content": "Be kind 0."}, {"role": "user", "content": "one"}]
    better, worse = ({"role": "assistant", "content": f"one / {repeat}"} for repeat in (2, 1))
    assert lines(workspace, run_id, tmp_path / "p.jsonl", TrainingWish("pairs", margin=2)) == [
        {"input": {"messages": asked}, "preferred_output": [better], "non_preferred_output": [worse]}
    ]
    assert lines(workspace, run_id, tmp_path / "t.jsonl", TrainingWish("pairs-trl", margin=2)) == [
        {"prompt": asked, "chosen": [better], "rejected": [worse]}
    ]
    assert len(lines(workspace, run_id, tmp_path / "m.jsonl", TrainingWish("pairs", margin=1))) == 2
    assert workspace.exports.training([run_id], TrainingWish("pairs", margin=2)).dropped == {
        "pairs with less than the margin between them": 1
    }


@pytest.mark.both_stores
def test_votes_make_pairs_by_their_majority(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, ["one", "two", "three"])
    first, second, third, fourth, fifth, sixth = outputs(workspace, run_id)
    for rater, winner in (("ann", "left"), ("ben", "left"), ("eve", "right")):
        vote(workspace._database, run_id, second, first, winner, rater)
    vote(workspace._database, run_id, third, fourth, "tie")
    vote(workspace._database, run_id, fifth, sixth, "both_bad")
    wish = TrainingWish("pairs-trl")
    (pair,) = lines(workspace, run_id, tmp_path / "p.jsonl", wish)
    assert (pair["chosen"][0]["content"], pair["rejected"][0]["content"]) == ("one / 2", "one / 1")
    report = workspace.exports.training([run_id], wish)
    assert report.raters == {"ann": 1, "ben": 1, "eve": 1}
    assert report.dropped == {"pairs on which votes are not of one mind": 2}
    assert workspace.exports.training([run_id], TrainingWish("pairs", raters=("eve",))).raters == {"eve": 1}
    workspace.ratings.stars(first, 5)
    workspace.ratings.stars(second, 1)
    assert workspace.exports.training([run_id], wish).dropped["pairs on which votes and ratings contradict each other"] == 1


@pytest.mark.both_stores
def test_a_vote_that_was_taken_back_is_no_vote(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, ["one"])
    first, second = outputs(workspace, run_id)
    vote(workspace._database, run_id, first, second, "")
    assert workspace.exports.training([run_id], TrainingWish()).dropped == {"answers that nobody rated": 2}
    assert workspace.exports.training([run_id], TrainingWish("pairs")).dropped == {"pairs that nobody judged": 1}


@pytest.mark.both_stores
def test_an_edited_answer_is_the_best_one_and_the_output_stays_as_it_was(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, ["one"])
    first, second = outputs(workspace, run_id)
    before = workspace.runs.output(first).text
    workspace.ratings.edited(first, "As it should be")
    workspace.ratings.stars(second, 2)
    assert workspace.runs.output(first).text == before
    assert workspace.ratings.edit_of(first) == "As it should be"
    (chat,) = lines(workspace, run_id, tmp_path / "c.jsonl", TrainingWish())
    assert chat["messages"][-1] == {"role": "assistant", "content": "As it should be"}
    pairs = lines(workspace, run_id, tmp_path / "p.jsonl", TrainingWish("pairs"))
    assert [pair["non_preferred_output"][0]["content"] for pair in pairs] == ["one / 2", "one / 1"] or [
        pair["non_preferred_output"][0]["content"] for pair in pairs
    ] == ["one / 1", "one / 2"]
    assert {pair["preferred_output"][0]["content"] for pair in pairs} == {"As it should be"}
    assert workspace.exports.training([run_id], TrainingWish()).edited == 1
    workspace.ratings.edited(first, "  ")
    assert workspace.ratings.edit_of(first) is None
    assert workspace.ratings.undo() == first
    assert workspace.ratings.edit_of(first) == "As it should be"


def test_raters_who_are_two_stars_apart_disagree_and_one_can_be_chosen(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, ["one"], repeats=1)
    (only,) = outputs(workspace, run_id)
    rate(workspace._database, only, "ann", 5)
    rate(workspace._database, only, "ben", 3)
    assert workspace.exports.training([run_id], TrainingWish()).dropped == {"answers on which raters disagree": 1}
    assert workspace.exports.training([run_id], TrainingWish(raters=("ann",))).raters == {"ann": 1}
    assert workspace.exports.training_raters([run_id]) == ["ann", "ben"]


@pytest.mark.both_stores
def test_raters_disagree_in_training_data_where_the_grid_says_so(workspace: Workspace) -> None:
    run_id = made(workspace, ["one", "two", "three"])
    stars, verdict, score, label, near, lone = outputs(workspace, run_id)
    cases: list[tuple[int, str, Any, Any]] = [
        (stars, "stars", 5, 3),
        (verdict, "verdict", "pass", "fail"),
        (score, "score", 90, 65),
        (label, "label", "too long", "wrong tone"),
        (near, "stars", 5, 4),
        (lone, "score", 90, 70),
    ]
    with workspace._database.write() as writer:
        raters = [writer.add(store.tables.Rater(name=name)) for name in ("ann", "ben")]
        for output, aspect, *said in cases:
            for rater, one in zip(raters, said, strict=True):
                value, word = (None, one) if isinstance(one, str) else (float(one), None)
                writer.add(store.tables.Rating(output_id=output, aspect=aspect, rater_id=rater, value=value, label=word))
    shown = {cell.output_id for cell in workspace.runs.cells(run_id) if cell.differ}
    assert shown == {stars, verdict, score, label}
    report = workspace.exports.training([run_id], TrainingWish(every=True, threshold=1))
    assert report.dropped["answers on which raters disagree"] == len(shown)
    assert workspace.exports.training([run_id], TrainingWish(every=True, threshold=1, raters=("ann",))).dropped.keys() == {
        "answers that nobody rated"
    }, "one rater alone disagrees with nobody"


@pytest.mark.both_stores
def test_examples_that_repeat_a_test_case_are_left_out_and_counted(workspace: Workspace, tmp_path: Path) -> None:
    ws = workspace
    near = LONG.replace("a week", "one week")
    run_id = made(ws, [LONG, near, "Something else entirely, about a bicycle without a bell"], repeats=1)
    for output in outputs(ws, run_id):
        ws.ratings.stars(output, 5)
    tests = ws.datasets.create("Held back")
    ids = ws.datasets.add_cases(tests, [Case({"input": LONG.upper()}), Case({"input": "And one more test of ours"})])
    report = ws.exports.training([run_id], TrainingWish(tests=(TestCases(tests),)))
    assert (report.examples, report.leaks, report.near_leaks, report.test_cases) == (1, 1, 1, 2)
    assert report.tested_against == ["Held back"]
    assert any("2 examples, 1 word for word, 1 nearly" in note for note in report.notes)
    ws.datasets.tag_cases([ids[1]], "test")
    tagged = ws.exports.training([run_id], TrainingWish(tests=(TestCases(tests, "test"),)))
    assert (tagged.examples, tagged.test_cases, tagged.tested_against) == (3, 1, ["Held back, tag test"])
    assert tagged.notes[-1] == "No example repeats one of the 1 test case of Held back, tag test."
    path = tmp_path / "t.jsonl"
    path.write_text("before")
    with pytest.raises(BadInput, match="2 examples would repeat test cases"):
        ws.exports.write_training([run_id], path, TrainingWish(tests=(TestCases(tests),), refuse_leaks=True))
    assert path.read_text() == "before"


def test_pairs_across_prompts_are_made_only_where_they_are_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, ["one"], prompts=2, repeats=1)
    first, second = outputs(workspace, run_id)
    workspace.ratings.stars(first, 1)
    workspace.ratings.stars(second, 5)
    assert workspace.exports.training([run_id], TrainingWish("pairs")).dropped == {"pairs of answers to different messages": 1}
    (pair,) = lines(workspace, run_id, tmp_path / "p.jsonl", TrainingWish("pairs", across=True))
    assert pair["input"]["messages"][0] == {"role": "system", "content": "Be kind 1."}


def test_nothing_to_write_is_a_sentence_and_no_file(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, ["one"])
    with pytest.raises(BadInput, match=r"No training data can be made of this\. Left out: answers that nobody rated \(2\)"):
        workspace.exports.write_training([run_id], tmp_path / "t.jsonl", TrainingWish())
    assert [path.name for path in tmp_path.iterdir() if "t.jsonl" in path.name] == []
    bad: list[Callable[[], TrainingWish]] = [
        lambda: TrainingWish("csv"),  # type: ignore[arg-type]
        lambda: TrainingWish(threshold=9),
        lambda: TrainingWish(margin=-1),
    ]
    for wish in bad:
        with pytest.raises(BadInput):
            workspace.exports.training([run_id], wish())
