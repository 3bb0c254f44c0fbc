"""Model judges beside people, from a real run that a real judge on loopback judged and people rated: figures, rulings, examples, CSV."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Iterator, Sequence
from random import Random

import pytest
from scipy.stats import binomtest
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from tests.judge_server import JudgeServer, verdict
from workbench.analysis import judge_advice
from workbench.analysis.calibration import Calibration
from workbench.analysis.results import result_words
from workbench.ratings.sessions import Choices
from workbench.values import BadInput, Case, CaseQuery, Check, Content, Message, NotFound, Price, Spec, Variant
from workbench.workspace import Workspace
from workbench.workspace.judged_marks import compared

RUBRIC = Check("llm-rubric", "Is about {{ thing }}.", "Policy")


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    made = JudgeServer()
    yield made
    made.close()


def say(model: str, text: str) -> str:
    """The judge passes what is about boots; a writer writes about its case, writer-b at length."""
    if model == "judge":
        answer = re.search(r"<<<[0-9a-f]{16} answer\n(.*?)\n[0-9a-f]{16}>>>", text, re.DOTALL)
        good = answer is not None and "boots" in answer[1]
        return verdict(good, 0.9 if good else 0.1, "It correctly names boots." if good else "=It misses them.")
    what = "boots" if "boots" in text else "hats {{ here }}"
    return f"Here: {what}" + (" and much more that nobody asked for" if model == "writer-b" else "")


@pytest.fixture
def desk(workspace: Workspace, server: JudgeServer) -> Workspace:
    connection = workspace.connections.add("Stand-in", "other", server.url)
    for name in ("writer-a", "writer-b", "judge"):
        workspace.connections.add_model(connection, name, price=Price())
    workspace.settings.set("judge_model", "judge")
    server.say = say
    return workspace


def run(ws: Workspace, things: Sequence[str] = ("boots", "hats", "boots", "hats"), *checks: Check, own: tuple[Check, ...] = ()) -> int:
    """The id of a run that has ended; `own` are checks of each case, which then has no others unless `checks` says so."""
    content = Content((Message.of("user", "Tell me about {{ thing }}."),))
    models = tuple(ws.connections.spec(ws.connections.find_model(name).id) for name in ("writer-a", "writer-b"))
    cases = tuple(Case({"thing": thing}, f"On {thing} {n}", tags=(thing,), checks=own) for n, thing in enumerate(things))
    checks = checks or (() if own else (RUBRIC,))
    run_id = ws.runs.prepare(Spec("Judged", (Variant("Telling", 1, content),), models, cases, checks=checks, stream=False))

    async def go() -> None:
        async for _event in ws.runs.execute(run_id):
            pass

    asyncio.run(go())
    return run_id


def rate(ws: Workspace, run_id: int, words: str) -> list[int]:
    """The outputs, case by case, each rated by one of these letters: p pass, f fail, 4 and 2 stars, anything else not at all."""
    cells = sorted(ws.runs.cells(run_id), key=lambda cell: (cell.case_index, cell.column))
    outputs = [cell.output_id or 0 for cell in cells]
    for output, word in zip(outputs, words, strict=False):
        if word in "pf":
            ws.ratings.verdict(output, "pass" if word == "p" else "fail")
        elif word in "12345":
            ws.ratings.stars(output, int(word))
    return outputs


def only(ws: Workspace) -> Calibration:
    (found,) = ws.calibrations.all()
    return found


pytestmark = pytest.mark.both_stores


def test_a_judge_stands_beside_people_with_its_figures(desk: Workspace) -> None:
    outputs = rate(desk, run(desk), "pf" + "pf" + "4." + "23")
    found = only(desk)
    assert (found.judge.title, found.judge.prompt, found.judge.version, found.judge.model) == ("Policy", "Rubric judge", 1, "judge")
    assert found.counts == {"agree_pass": 2, "too_strict": 1, "let_through": 1, "agree_fail": 2}
    assert (found.answers, found.unrated, len(found.judged)) == (6, 2, 8), "three stars are no verdict"
    assert [mark.output_id for mark in found.disagreements] == [outputs[1], outputs[2]], "what it let through comes first"
    assert found.tags == (("boots", 1, 3), ("hats", 1, 3))
    assert found.disagreements[0].name == "On boots 0"
    assert found.disagreements[0].people[0].rater
    assert found.length is None, "no pair that people called even got other scores"
    assert desk.calibrations.all() is desk.calibrations.all(), "it is read once"
    desk.ratings.verdict(outputs[1], "pass")
    assert only(desk).counts["let_through"] == 0


def test_several_people_on_a_file_are_measured_against_each_other(desk: Workspace) -> None:
    outputs = rate(desk, run(desk), "pfpfp")
    if not desk.ratings.can_switch:
        return  # on a server everyone rates under the own name
    desk.ratings.switch_rater("Mara")
    for output, word in zip(outputs, ("pass", "pass", "fail", "fail"), strict=False):
        desk.ratings.verdict(output, "pass" if word == "pass" else "fail")
    found = only(desk)
    assert found.people is not None
    assert (found.people.answers, found.people.agreement.hits, found.people.name) == (4, 2, "kappa")
    assert (found.answers, found.undecided) == (3, 2)


def test_the_sentence_stands_beside_the_scores_of_a_judge_alone(desk: Workspace) -> None:
    run_id = run(desk, ("boots", "hats"), RUBRIC, Check("contains", "boots"))
    judged, plain = desk.runs.cells(run_id)[0].scores
    assert desk.calibrations.of_check(plain.check) is None
    assert desk.calibrations.of_check(Check("llm-rubric", "Is short.", judge={"model": "judge"})) is None, "nobody was asked yet"

    def said() -> str:
        measured = desk.calibrations.of_check(judged.check)
        assert measured is not None
        return measured.sentence()

    assert said().endswith("is not measured yet: 30 ratings needed.")
    rate(desk, run_id, "pp")
    assert said().endswith("is not measured yet: 28 ratings needed.")
    (measured,) = desk.results.read(run_id).look().judges
    assert (measured.check, measured.judge.key) == ("0", only(desk).judge.key)
    assert said() in result_words.checks(desk.results.read(run_id).look())


def test_judges_of_single_cases_are_measured_in_the_results_too(desk: Workspace) -> None:
    run_id = run(desk, ("boots", "hats"), own=(Check("contains", "Here"), RUBRIC))
    found = desk.results.read(run_id).look()
    assert [(row.check.title, row.check.judge) for row in found.checks] == [("Checks of the case", False), ("Judges of the case", True)]
    assert {one.judge.title for one in found.judges} == {"Policy"}
    assert "not asked here" not in result_words.checks(found)
    assert "is not measured yet: 30 ratings needed." in result_words.checks(found)


def test_a_judge_that_is_measured_says_in_the_results_how_large_a_gap_it_may_make(desk: Workspace) -> None:
    run_id = run(desk, ("boots", "hats") * 20)
    rate(desk, run_id, "ppffppffppffppffpppp" * 2)
    found = desk.results.read(run_id).look()
    assert "agrees with people on 90 % (kappa 0.80), so a gap of up to 7 may be the judge." in result_words.checks(found)
    measured = desk.calibrations.of_check(desk.runs.cells(run_id)[0].scores[0].check)
    assert measured is not None
    assert measured.sentence().endswith("so about 1 verdict in 10 may be wrong.")


def test_a_note_is_what_people_say_and_a_ruling_is_no_rating(desk: Workspace) -> None:
    outputs = rate(desk, run(desk), "pf")
    desk.ratings.note(outputs[1], "Too long.")
    key = only(desk).judge.key
    desk.calibrations.rulings.rule(key, outputs[1], "judge")
    assert desk.calibrations.rulings.of(key) == {outputs[1]: "judge"}
    assert desk.calibrations.rulings.of("another") == {}
    desk.ratings.edited(outputs[1], "Here: hats.")
    mark = only(desk).disagreements[0]
    assert (mark.people[0].words, mark.people_passed, len(mark.people)) == ("Too long.", False, 1)
    desk.calibrations.rulings.rule(key, outputs[1], "people")
    assert desk.calibrations.rulings.undo() == outputs[1]
    assert desk.calibrations.rulings.of(key) == {outputs[1]: "judge"}
    assert desk.calibrations.rulings.undo() == outputs[1]
    assert desk.calibrations.rulings.of(key) == {}
    assert desk.calibrations.rulings.undo() is None
    assert desk.calibrations.rulings.redo() == outputs[1]
    assert desk.calibrations.rulings.of(key) == {outputs[1]: "judge"}
    said = {judgement.aspect for judgement in desk.ratings.said([outputs[1]])}
    assert said == {"verdict", "note", "edited"}
    with pytest.raises(NotFound):
        desk.calibrations.rulings.rule(key, 99_999, "judge")


def test_an_answer_on_which_there_is_a_ruling_alone_still_waits_for_a_rating(desk: Workspace) -> None:
    run_id = run(desk)
    outputs = rate(desk, run_id, "")
    desk.calibrations.rulings.rule(only(desk).judge.key, outputs[0], "judge")
    assert {cell.raters for cell in desk.runs.cells(run_id)} == {0}
    assert desk.runs.find_cases(run_id, CaseQuery(rating="not mine", column=0), (0, 1)) == [0, 1, 2, 3]
    assert desk.runs.find_cases(run_id, CaseQuery(rating="none", column=0), (0, 1)) == [0, 1, 2, 3]
    assert [row.outputs for row in desk.ratings.raters()] == [0]


def test_a_vote_that_was_taken_back_calls_no_pair_apart(desk: Workspace) -> None:
    run_id = run(desk)
    session = desk.reviews.start((run_id,), Choices("pair"))
    left, right = session.items[0]
    desk.reviews.votes.vote(session.id, 0, "left")
    assert compared(desk._votes.everywhere()) == {frozenset((left, right)): "apart"}
    desk.reviews.votes.undo(session.id)
    assert compared(desk._votes.everywhere()) == {}


def test_a_disagreement_becomes_an_example_in_a_new_version_of_the_judge_prompt(desk: Workspace, server: JudgeServer) -> None:
    outputs = rate(desk, run(desk), "pp" + "pf")
    desk.ratings.note(outputs[2], "Hats are fine.")
    found = only(desk)
    made = desk.calibrations.add_example(found.judge, found.disagreements[0])
    assert (made.number, made.note) == (2, "Example: On hats 1")
    roles = [message.role for message in desk.versions.content(made.id).messages]
    assert roles == ["system", "user", "assistant", "user"]
    with pytest.raises(BadInput, match="an example in Rubric judge already"):
        desk.calibrations.add_example(found.judge, found.disagreements[0])
    server.asked.clear()
    run(desk, ("boots",))
    asked = server.asked_of("judge")[0]
    assert "Answer:\nHere: hats {{ here }}\n" in asked, "braces in an answer are no template"
    assert '{"reason": "Hats are fine.", "pass": true, "score": 1}' in asked
    versions = [one.judge.version for one in desk.calibrations.all()]
    assert versions == [2, 1], "another version is another judge"
    desk.versions.save_draft(desk.calibrations.prompt_id(found.judge), Content((Message.of("user", "{{ output }}"),)))
    with pytest.raises(BadInput, match="not saved"):
        desk.calibrations.add_example(found.judge, found.disagreements[0])


def test_pairs_in_both_orders_tell_a_lean_to_the_first_place(desk: Workspace, server: JudgeServer) -> None:
    server.say = lambda model, text: '{"winner": "first", "reason": "I like it."}' if model == "judge" else say(model, text)
    run(desk, ("boots", "hats", "boots"), Check("pairwise"))
    found = only(desk)
    assert found.position is not None
    assert (found.position.pairs, found.position.stayed, found.position.turned.hits, found.position.turned.of) == (3, 0, 3, 3)
    assert not found.judge.one_by_one


def test_the_table_holds_each_rated_answer_and_nothing_that_a_spreadsheet_runs(desk: Workspace) -> None:
    outputs = rate(desk, run(desk), "pf" + "pf")
    found = only(desk)
    desk.calibrations.rulings.rule(found.judge.key, outputs[1], "people")
    rows = list(csv.DictReader(io.StringIO(desk.calibrations.table(found))))
    assert [(row["judge_verdict"], row["people_verdict"], row["agree"], row["right"]) for row in rows] == [
        ("pass", "pass", "yes", ""), ("pass", "fail", "no", "people"), ("fail", "pass", "no", ""), ("fail", "fail", "yes", ""),
    ]  # fmt: skip
    assert rows[2]["judge_reason"] == "'\u00a0=It misses them."
    assert rows[0]["answer"] == "Here: boots"


def test_a_judge_that_saw_nobody_beside_it_says_how_many_ratings_it_lacks(desk: Workspace) -> None:
    assert desk.calibrations.all() == ()
    run(desk)
    found = only(desk)
    assert judge_advice.headline(found) == ("Not measured yet.", "0 of its answers are rated, 30 tell something: rate 30 more.")
    assert judge_advice.uses(found) == ()
    with pytest.raises(NotFound):
        desk.calibrations.get("nothing")


def test_judges_in_a_group_are_measured_each_for_itself(desk: Workspace) -> None:
    rubric = Check("llm-rubric", "Is kind.", "Kind")
    inner = Check("assert-set", [rubric.to_json(), Check("contains", "o").to_json()])
    run_id = run(
        desk, ("boots", "hats"), Check("assert-set", [inner.to_json(), Check("llm-rubric", "Is short.", "Short").to_json()], "Group")
    )
    rate(desk, run_id, "ppff")
    found = {one.judge.title: one for one in desk.calibrations.all()}
    assert found.keys() == {"Kind", "Short"}
    assert [(len(one.marks), one.judge.model) for one in found.values()] == [(4, "judge")] * 2
    shown = desk.results.read(run_id).look()
    assert {(one.check, one.judge.title) for one in shown.judges} == {("0", "Kind"), ("0", "Short")}
    words = result_words.checks(shown)
    assert "Group comes from judges. " in words
    assert "not asked here" not in words
    assert "The Kind judge is not measured yet" in words
    assert "The Short judge is not measured yet" in words


def test_a_judge_in_a_group_of_a_single_case_stands_among_the_judges_of_the_case(desk: Workspace) -> None:
    group = Check("assert-set", [Check("llm-rubric", "Is kind.", "Kind").to_json(), Check("contains", "o").to_json()], "Group")
    found = desk.results.read(run(desk, ("boots", "hats"), own=(group,))).look()
    assert [(row.check.title, row.check.judge) for row in found.checks] == [("Judges of the case", True)]
    assert [one.judge.title for one in found.judges] == ["Kind"]
    assert result_words.checks(found).endswith("The Kind judge is not measured yet: 30 ratings needed.")


def test_the_figures_of_forty_rated_answers_are_those_of_another_computation(desk: Workspace) -> None:
    draw = Random(20)
    things = [draw.choice(("boots", "hats")) for _ in range(20)]
    run_id = run(desk, things)
    said = "".join(("p" if thing == "boots" else "f") if draw.random() < 0.8 else draw.choice("pf") for thing in things for _ in "ab")
    rate(desk, run_id, said)
    pairs = [(word == "p", thing == "boots") for word, thing in zip(said, (one for one in things for _ in "ab"), strict=True)]
    found = only(desk)
    assert (found.answers, found.unrated) == (40, 0)
    table = {(person, judge): sum(1 for pair in pairs if pair == (person, judge)) for person in (True, False) for judge in (True, False)}
    assert found.counts == {
        "agree_pass": table[True, True], "too_strict": table[True, False],
        "let_through": table[False, True], "agree_fail": table[False, False],
    }  # fmt: skip
    assert all(table.values()), "every cell of the table is filled"
    agree = sum(person == judge for person, judge in pairs)
    assert found.agreement.hits == agree
    assert found.agreement.interval == pytest.approx(proportion_confint(agree, 40, method="wilson"))
    oracle = cohens_kappa([[table[True, True], table[True, False]], [table[False, True], table[False, False]]])
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(oracle.kappa)
    chance = sum(
        sum(table[side, other] for other in (True, False)) * sum(table[other, side] for other in (True, False)) for side in (True, False)
    )
    assert found.kappa.chance == pytest.approx(chance / 1600)
    half = 1.959964 * ((agree / 40) * (1 - agree / 40) / 40) ** 0.5 / (1 - chance / 1600)  # Cohen 1960
    assert (found.kappa.low, found.kappa.high) == pytest.approx((oracle.kappa - half, oracle.kappa + half), abs=1e-6)
    assert (found.kappa.low, found.kappa.high) == pytest.approx((oracle.kappa_low, oracle.kappa_upp), abs=0.01)  # Fleiss and others 1969
    wrong = table[True, False] + table[False, True]
    assert (found.mild.hits, found.mild.of) == (table[False, True], wrong)
    assert found.mild.p_value == pytest.approx(binomtest(table[False, True], wrong).pvalue)
    failed = table[False, True] + table[False, False]
    assert (found.let_through.hits, found.let_through.of) == (table[False, True], failed)
    rows = list(csv.DictReader(io.StringIO(desk.calibrations.table(found))))
    assert len(rows) == 40
