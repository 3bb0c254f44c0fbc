"""What is said of a judge beside people: figures against known values and oracles, leanings, contradictions, and what they allow to say."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis import judge_advice
from workbench.analysis.agreement import kappa_interval
from workbench.analysis.calibration import Calibration, Judge, Mark, Person, calibrate, people_among_themselves
from workbench.analysis.leanings import fisher, position, split
from workbench.analysis.model_families import family_of
from workbench.analysis.verdict_words import speaks_against

JUDGE = Judge("k", "Policy judge", "Rubric judge", "uid", 3, "GPT-4.1 mini", "gpt-4.1-mini", "llm-rubric", "Names the policy.")
GPT, GEMINI = "gpt-4.1", "gemini-2.5-flash"


def mark(number: int, people: str, judge: str, model: str = GPT, **fields: object) -> Mark:
    """An answer that people and the judge gave these verdicts: p or f; of people one letter each."""
    persons = tuple(Person(f"rater {at}", word == "p") for at, word in enumerate(people))
    return Mark(number, 1, number, judge == "p", 1.0 if judge == "p" else 0.0, people=persons, model_name=model, **fields)  # type: ignore[arg-type]


def drawn(both: int, strict: int, through: int, neither: int, own: int = 0, own_through: int = 0) -> list[Mark]:
    """The four cells of the table; `own` of the answers that people failed are its own family's, `own_through` let through."""
    found: list[Mark] = []
    cells = [("p", "p", both), ("p", "f", strict), ("f", "p", through), ("f", "f", neither)]
    left = {"p": own_through, "f": own - own_through}
    for people, judge, count in cells:
        for _ in range(count):
            mine = people == "f" and left[judge] > 0
            left[judge] -= mine
            found.append(mark(len(found), people, judge, GPT if mine or people == "p" else GEMINI))
    return found


def drawn_judge() -> Calibration:
    """The judge of the drawn screen: 160 answers."""
    return calibrate(JUDGE, drawn(118, 7, 13, 22, 16, 8))


def test_the_drawn_judge_has_the_figures_that_are_drawn() -> None:
    found = drawn_judge()
    assert (found.answers, found.agreement.hits) == (160, 140)
    assert found.agreement.interval == pytest.approx((0.815, 0.918), abs=0.0006)
    assert found.kappa is not None
    assert found.kappa.chance == pytest.approx(0.679, abs=0.0005)
    assert (found.kappa.value, found.kappa.low, found.kappa.high) == pytest.approx((0.610, 0.450, 0.770), abs=0.0005)
    assert (found.mild.hits, found.mild.of, round(found.mild.p_value, 3)) == (13, 20, 0.263)
    lean = found.family
    assert (lean.name, lean.own.hits, lean.own.of, lean.others.hits, lean.others.of) == ("OpenAI", 8, 16, 5, 19)
    assert round(lean.p_value, 3) == 0.179
    assert [round(split(*pair).p_value, 3) for pair in ((27, 41), (15, 22))] == [0.06, 0.134]
    assert found.needed == 640


def test_the_drawn_judge_is_usable_with_care_and_for_what_its_numbers_allow() -> None:
    found = drawn_judge()
    assert judge_advice.headline(found) == ("Usable, with care.", "Lets through 13 of 35 bad answers.")
    assert [(use.good, use.text) for use in judge_advice.uses(found)] == [
        (True, "Sorting answers to read first"), (True, "Gaps of 10 points or more"),
        (False, "Choosing between OpenAI and other models"), (False, "A release by itself"),
    ]  # fmt: skip
    assert judge_advice.span(found) == "Between moderate and good. Four times as many rated answers (640) would halve this interval."
    said = "The Policy judge agrees with people on 88 % (kappa 0.61)"
    assert judge_advice.sentence("Policy", found, 20) == f"{said}, so a gap of 1 may be the judge."
    assert judge_advice.sentence("Policy judge", found, 25) == f"{said}, so a gap of 1 or 2 may be the judge."
    assert judge_advice.sentence("Policy", found, 50) == f"{said}, so a gap of up to 4 may be the judge."
    assert judge_advice.sentence("Policy", found, 5) == f"{said}."
    assert judge_advice.sentence("Policy", found) == f"{said}, so about 1 verdict in 8 may be wrong."
    assert judge_advice.sentence("Policy", None) == "The Policy judge is not measured yet: 30 ratings needed."
    assert judge_advice.sentence("Policy", calibrate(JUDGE, drawn(20, 2, 2, 5))) == "The Policy judge is not measured yet: 1 rating needed."
    assert "rate answers that differ" in judge_advice.sentence("Policy", calibrate(JUDGE, drawn(40, 0, 0, 0)))
    assert judge_advice.chance_words(split(27, 41).p_value) == "Could be chance (p = 0.06), but close."


def test_trust_is_said_only_with_the_numbers_beside_it() -> None:
    found = calibrate(JUDGE, drawn(300, 5, 4, 150))
    word, numbers = judge_advice.headline(found)
    assert word == "Trust this judge."
    assert numbers.startswith("Kappa 0.9")
    assert "4 of 154 bad answers" in numbers


@pytest.mark.parametrize(
    ("cells", "grade"),
    [
        ((0, 0, 0, 0), "unknown"),
        ((20, 2, 2, 5), "unknown"),
        ((40, 0, 0, 0), "unknown"),
        ((20, 20, 20, 20), "chance"),
        ((100, 9, 9, 60), "care"),
    ],
)
def test_few_answers_and_chance_are_called_so(cells: tuple[int, int, int, int], grade: str) -> None:
    found = calibrate(JUDGE, drawn(*cells))
    assert judge_advice.grade(found) == grade
    assert "Trust" not in " ".join(judge_advice.headline(found))
    assert judge_advice.span(found)
    assert judge_advice.sentence("Policy", found, 50)


def test_full_agreement_on_few_answers_is_not_sure() -> None:
    found = kappa_interval({("p", "p"): 5, ("f", "f"): 5})
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low < 0.5
    assert kappa_interval({("p", "p"): 9}) is None
    assert kappa_interval({}) is None


def test_intervals_of_kappa_cover_the_truth_at_their_rate() -> None:
    random, inside, draws = Random(7), 0, 1500
    # People pass 70 %; the judge says the same with 85 %: agreement 0.85, its passes 0.64.
    chance = 0.7 * 0.64 + 0.3 * 0.36
    truth = (0.85 - chance) / (1 - chance)
    for _ in range(draws):
        counts = {("p", "p"): 0, ("p", "f"): 0, ("f", "p"): 0, ("f", "f"): 0}
        for cell in random.choices(list(counts), [0.595, 0.105, 0.045, 0.255], k=160):
            counts[cell] += 1
        found = kappa_interval(counts)
        inside += found is not None and found.low <= truth <= found.high
    assert 0.93 <= inside / draws <= 0.975, f"{inside / draws:.3f}"


@given(*[st.integers(0, 30)] * 4)
def test_fishers_test_is_the_same_from_both_sides_and_scipys(a: int, b: int, c: int, d: int) -> None:
    mine = fisher(a, b, c, d)
    assert 0 < mine <= 1
    assert mine == pytest.approx(fisher(c, d, a, b)) == pytest.approx(fisher(b, a, d, c))
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install prompt-workbench[oracles]")
    assert mine == pytest.approx(stats.fisher_exact([[a, b], [c, d]])[1], abs=1e-9)


def test_a_verdict_that_turns_with_the_order_went_to_a_place() -> None:
    outcomes = [("first", "second"), ("tie", "tie"), ("first", "first"), ("second", "second"), ("first", "tie"), ("tie", "second")]
    found = position(outcomes)
    assert (found.pairs, found.stayed, found.turned.hits, found.turned.of) == (6, 2, 2, 4)


@given(st.lists(st.tuples(*[st.sampled_from(["first", "second", "tie"])] * 2)))
def test_which_order_came_first_changes_nothing(outcomes: list[tuple[str, str]]) -> None:
    assert position(outcomes) == position([(back, there) for there, back in outcomes])


def test_length_is_measured_where_people_call_two_answers_even() -> None:
    def row(case: int, *answers: tuple[str, str, int]) -> list[Mark]:
        return [
            Mark(10 * case + at, 1, case, judge == "p", None, people=(Person("Mara", people == "p"),), column=at, length=length)
            for at, (people, judge, length) in enumerate(answers)
        ]

    marks = [
        *row(1, ("p", "p", 90), ("p", "f", 20)),  # even to people, the judge took the longer
        *row(2, ("f", "f", 90), ("f", "p", 20)),  # the shorter
        *row(3, ("p", "p", 90), ("f", "f", 20)),  # not even
        *row(4, ("p", "p", 50), ("p", "f", 50)),  # as long
        *row(5, ("p", "p", 50), ("p", "p", 20)),  # the judge calls them even too
    ]
    found = calibrate(JUDGE, marks).length
    assert found is not None
    assert (found.hits, found.of) == (1, 2)
    voted = calibrate(JUDGE, marks, votes={frozenset((30, 31)): "tie", frozenset((10, 11)): "apart"}).length
    assert voted is not None
    assert (voted.hits, voted.of) == (1, 2), "a vote counts before two verdicts"


def test_raters_that_are_split_leave_an_answer_out_and_agreement_among_them_is_told() -> None:
    marks = [mark(1, "pf", "p"), mark(2, "pp", "p"), mark(3, "ff", "f"), mark(4, "pp", "f"), mark(5, "", "p")]
    found = calibrate(JUDGE, marks)
    assert (found.answers, found.undecided, found.unrated, len(found.judged)) == (3, 1, 1, 5)
    assert found.people is not None
    assert (found.people.answers, found.people.agreement.hits, found.people.name) == (4, 3, "kappa")
    assert found.people.coefficient == pytest.approx(0.5)
    three = people_among_themselves([mark(1, "ppf", "p"), mark(2, "ff", "p"), mark(3, "pp", "p")])
    assert three is not None
    assert (three.name, three.agreement.hits, three.agreement.of) == ("alpha", 3, 5)
    assert people_among_themselves([mark(1, "p", "p")]) is None


def test_another_snapshot_of_the_judges_model_is_told_with_what_changed() -> None:
    marks = [mark(n, "p", "p", snapshot="gpt-4.1-mini-2025-04-14", at=f"2026-01-{n + 1:02}") for n in range(20)]
    marks += [mark(20 + n, "p", "f" if n < 12 else "p", snapshot="gpt-4.1-mini-2026-02-01", at=f"2026-02-{n + 1:02}") for n in range(20)]
    first, second = calibrate(JUDGE, marks).drift
    assert (first.agreement.hits, first.p_value, second.agreement.hits) == (20, None, 8)
    assert second.p_value is not None
    assert second.p_value < 0.001
    assert second.since == "2026-02-01"
    assert calibrate(JUDGE, marks[:20]).drift == ()


@pytest.mark.parametrize(
    ("passed", "reason", "against"),
    [
        (True, "Correctly applies the 30-day limit and stays polite.", False),
        (True, "It fails to mention the 2-year warranty.", True),
        (False, "The answer meets the rubric and is complete.", True),
        (False, "It does not fail any point; it meets the rubric.", True),
        (False, "Polite, but it misses the warranty.", False),
        (True, "Misses a comma. Overall it is correct.", False),
        (True, "Nothing is wrong or missing: it is complete.", False),
        (True, "", False),
        (False, "Es fehlt die Garantie.", False),
    ],
)
def test_a_reason_that_speaks_against_its_verdict_is_found_by_its_words(passed: bool, reason: str, against: bool) -> None:
    assert speaks_against(passed, reason) is against


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("azure/gpt-4.1-mini", "OpenAI"), ("o3-mini", "OpenAI"), ("claude-sonnet-4-5", "Anthropic"), ("models/gemini-2.5-flash", "Google"),
        ("us.anthropic.claude-3-haiku", "Anthropic"), ("meta-llama/Llama-3.3-70B", "Meta"), ("judge-2025-01-01", "judge"),
    ],
)  # fmt: skip
def test_a_model_belongs_to_its_makers_family(model: str, family: str) -> None:
    assert family_of(model) == family
