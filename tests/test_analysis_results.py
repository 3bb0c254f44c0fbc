"""The figures of a run and what they allow to say: against the numbers of the design, by hand, and under swaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.preferences import ENOUGH_VOTES
from workbench.analysis.results import CheckInfo, Failure, Judged, Ratings, Results, look, result_tables, result_words
from workbench.analysis.results.causes import reason_kind
from workbench.analysis.results.figures import pair, win_rates
from workbench.values.votes import Vote, Winner

TITLES = {0: "mini", 1: "gpt-4.1", 2: "gemini", 3: "Built-in"}
CHECKS = (CheckInfo("0", "Policy", judge=True), CheckInfo("1", "Order no."), CheckInfo("2", "Dates"))
# Cases of each column that fail, and the check that each fails first: 46, 48, 45 and 29 of 50 pass.
WRONG: tuple[Mapping[int, str], ...] = (
    {15: "0", 12: "1", 14: "1", 17: "0"},
    {21: "1", 17: "0"},
    {3: "0", 8: "2", 30: "2", 41: "0", 17: "0"},
    {case: "0" if case < 30 else "2" for case in range(0, 42, 2)},
)


def answer(column: int, case: int, wrong: str | None, repeat: int = 1, **more: object) -> Judged:
    failures = () if wrong is None else (Failure(wrong, f"“case {case}” is not kept"),)
    output = 1000 * column + case
    made = Judged(column, case, repeat, output, wrong is None, failures, ("0", "1", "2"), latency_ms=1000.0 + case, cost_usd=0.001)
    return replace(made, **more)  # type: ignore[arg-type]


def designed(**more: object) -> Results:
    answers = [answer(column, case, WRONG[column].get(case)) for column in TITLES for case in range(50)]
    groups = {"tag": {"warranty": list(range(0, 18, 2)), "gifts": list(range(18, 25))}, "market": {"UK": list(range(25))}}
    return look(answers, TITLES, CHECKS, groups=groups, **more)  # type: ignore[arg-type]


def test_pass_rates_and_intervals_are_those_of_the_design() -> None:
    found = designed()
    said = [(one.passed, one.of, round(100 * one.low), round(100 * one.high)) for one in found.rates]
    assert said == [(46, 50, 81, 97), (48, 50, 87, 99), (45, 50, 79, 96), (29, 50, 44, 71)]


def test_two_columns_are_those_of_the_design() -> None:
    found = designed().pair(0, 1)
    assert tuple(map(len, (found.both, found.only_first_wrong, found.only_second_wrong, found.neither))) == (45, 3, 1, 1)
    assert found.p == pytest.approx(0.625)
    words = result_words.two_columns(designed(), found)
    assert words == "3 against 1 could be chance (p = 0.625). These cases do not show that gpt-4.1 is better."


def test_the_sentence_says_which_column_the_cases_tell_apart_and_never_significant() -> None:
    found = designed()
    words = result_words.pass_rate(found)
    assert words.startswith("Built-in is lower than every other (p = 0.00")
    assert "corrected for 6 pairs" in words
    assert "The other three are within noise: 50 cases cannot rank them." in words
    without = designed(columns=(0, 1, 2))
    assert result_words.pass_rate(without).startswith("All 3 are within noise: even the clearest gap, ")
    every = [table.says for table in result_tables.tables(found)] + [result_words.pass_rate(without)]
    assert not any("significan" in said for said in every)


def test_nine_against_four_could_be_chance() -> None:
    answers = [answer(0, case, "0" if case < 9 else None) for case in range(40)]
    answers += [answer(1, case, "0" if 9 <= case < 13 else None) for case in range(40)]
    found = look(answers, {0: "A", 1: "B"}, CHECKS, groups={})
    assert result_words.pass_rate(found).startswith("Within noise: 9 against 4 could be chance (p = 0.267). 40 cases would show a gap of ")


def test_groups_count_what_passed_and_name_the_cell_to_read_first() -> None:
    found = designed()
    warranty, gifts = found.groups["tag"]
    assert (warranty.name, len(warranty.cases), warranty.cells[3]) == ("warranty", 9, (0, 9))
    assert (gifts.name, gifts.cells[0], gifts.failed[1]) == ("gifts", (7, 7), (21,))
    assert result_words.by_group(found, "tag").endswith("Worth reading first: warranty on Built-in (0 of 9).")


def test_each_failed_answer_has_one_cause_and_failed_calls_are_causes_too() -> None:
    answers = [answer(column, case, WRONG[column].get(case)) for column in TITLES for case in range(50)]
    answers[0] = answer(0, 0, None, passed=None, asked=(), trouble="rate_limit")
    found = look(answers, TITLES, CHECKS, groups={})
    assert sum(cause.total for cause in found.causes) == 33
    assert [cause.name for cause in found.causes][-1] == "Too many calls at once"
    assert found.rates[0].of == 49, "a call without an answer counts in no rate"
    assert "1 without a verdict counts in no pass rate" in result_words.causes(found)


def test_a_check_that_cannot_run_here_is_said_and_so_are_answers_that_wait_for_a_judge() -> None:
    lacking = CHECKS[0]
    answers = [
        answer(0, 0, None, unasked=(lacking.key,)), answer(0, 1, None, passed=None, asked=(), owed=True),
        answer(0, 2, None, passed=None, asked=(), trouble="timeout"),
    ]  # fmt: skip
    found = look(answers, {0: "A"}, CHECKS, groups={})
    assert (found.rates[0].passed, found.rates[0].of) == (1, 1)
    words = result_words.pass_rate(found)
    assert f"1 check cannot run here ({lacking.title}): where it is lacking, the other checks decide" in words
    assert "1 answer has no verdict of a judge yet and is in no pass rate." in words
    assert "1 without a verdict counts in no pass rate." in result_words.causes(found)


def test_reasons_of_one_kind_are_one_cause_and_a_judges_many_wordings_too() -> None:
    assert reason_kind("The answer does not contain “order 12”.") == reason_kind("The answer does not contain “refund”.")
    same = [answer(0, case, None, passed=False, failures=(Failure("0", f"Has {case} words"),)) for case in range(4)]
    apart = [answer(0, 9, None, passed=False, failures=(Failure("0", "It is empty"),))]
    names = [(cause.name, cause.total) for cause in look([*same, *apart], {0: "A"}, CHECKS, groups={}).causes]
    assert names == [("Policy: Has … words", 4), ("Policy: It is empty", 1)]
    wordy = [answer(0, case, None, passed=False, failures=(Failure("0", "so " * case + "wrong"),)) for case in range(6)]
    assert [(cause.name, cause.total) for cause in look(wordy, {0: "A"}, CHECKS, groups={}).causes] == [("Policy", 6)]


def test_a_check_of_weight_0_is_in_the_matrix_and_no_cause() -> None:
    told = answer(0, 0, None, failures=(Failure("2", "a date", counts=False),))
    found = look([told], {0: "A"}, CHECKS, groups={})
    assert found.checks[2].cells[0] == (1, 1)
    assert not found.causes
    assert found.rates[0].passed == 1


def test_calls_leave_out_cached_ones_batches_and_answers_by_hand() -> None:
    answers = [answer(0, case, None, latency_ms=float(case)) for case in range(1, 51)]
    answers += [answer(0, 60, None, fresh=False), answer(0, 61, None, latency_ms=None), answer(1, 1, None, called=False)]
    first, second = look(answers, {0: "A", 1: "B"}, CHECKS, groups={}).calls
    assert (first.time(0.5), first.time(0.95), first.reused, first.untimed) == (25.5, 48.0, 1, 1)
    assert (second.by_hand, second.milliseconds, second.dollars) == (True, (), ())
    words = result_words.calls(look(answers, {0: "A", 1: "B"}, CHECKS, groups={}))
    assert words.startswith("p95 rests on 3 calls of 50. 1 cached answer is left out. 1 from batches or a cold start")


def test_repeats_are_no_new_cases() -> None:
    random = Random(1)
    once = [answer(0, case, None if random.random() < 0.6 else "0") for case in range(60)]
    thrice = [answer(0, each.case, None if each.passed else "0", repeat) for each in once for repeat in (1, 2, 3)]
    one, three = (look(answers, {0: "A"}, CHECKS, groups={}) for answers in (once, thrice))
    assert (three.rates[0].of, three.rates[0].cases) == (180, 60)
    assert three.rates[0].low == pytest.approx(one.rates[0].low, abs=0.01), "asking the same thrice makes nothing surer"
    assert three.repeated[0].any == three.repeated[0].all == three.repeated[0].one
    mixed = [answer(0, case, None if repeat == 1 else "0", repeat) for case in range(4) for repeat in (1, 2)]
    found = look(mixed, {0: "A"}, CHECKS, groups={}).repeated[0]
    assert (found.one, found.any, found.all, found.wavering) == (0.5, 1.0, 0.0, (0, 1, 2, 3))


def votes(count: int, strength: float, seed: int) -> list[Vote]:
    """Votes between column 0, and 1 that is weaker."""
    random = Random(seed)
    made = []
    for _ in range(count):
        left, right = random.choice((("0", "1"), ("1", "0")))
        zero_wins = random.random() < strength
        made.append(Vote(left, right, "left" if zero_wins == (left == "0") else "right"))
    return made


def test_win_rates_appear_from_twenty_votes_on() -> None:
    few = designed(votes=votes(8, 0.7, 1))
    assert not few.wins
    assert result_words.win_rates(few) == "8 votes so far. Win rates appear after 20."
    found = designed(votes=votes(ENOUGH_VOTES, 0.7, 1))
    assert [one.column for one in found.wins] == [0, 1]
    assert found.wins[0].rate + found.wins[1].rate == pytest.approx(1)


def test_win_rates_cover_the_planted_one_at_their_stated_rate() -> None:
    covered = 0
    for seed in range(400):
        won = {one.column: one for one in win_rates(votes(80, 0.7, seed), (0, 1))}
        covered += won[0].low <= 0.7 <= won[0].high
    assert 0.925 <= covered / 400 <= 0.975


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from(["left", "right", "tie"])), min_size=20, max_size=60))
def test_swapping_the_sides_of_every_vote_changes_no_win_rate(drawn: list[tuple[int, int, Winner]]) -> None:
    swap: dict[Winner, Winner] = {"left": "right", "right": "left", "tie": "tie"}
    plain = win_rates([Vote(str(left), str(right), winner) for left, right, winner in drawn], (0, 1, 2))
    turned = win_rates([Vote(str(right), str(left), swap[winner]) for left, right, winner in drawn], (0, 1, 2))
    assert {one.column: one.votes for one in plain} == {one.column: one.votes for one in turned}
    other = {one.column: one for one in turned}
    for one in plain:
        same = other[one.column]
        assert (one.rate, one.low, one.high) == pytest.approx((same.rate, same.low, same.high), abs=1e-6)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_swapping_two_columns_mirrors_their_pair(verdicts: Sequence[tuple[bool, bool]]) -> None:
    answers = [answer(column, case, None if said else "0") for case, both in enumerate(verdicts) for column, said in enumerate(both)]
    one, other = pair(answers, 0, 1), pair(answers, 1, 0)
    assert (one.both, one.neither, one.only_first_wrong) == (other.both, other.neither, other.only_second_wrong)
    assert one.p == other.p


def test_some_columns_and_cases_are_looked_at_alone() -> None:
    found = designed(columns=(1, 3), cases=frozenset(range(10)))
    assert (found.columns, found.cases, found.answers) == ((1, 3), 10, 20)
    assert [(one.passed, one.of) for one in found.rates] == [(10, 10), (5, 10)]
    assert [len(row.cases) for row in found.groups["market"]] == [10]


def test_tables_have_a_row_for_each_column_and_go_into_csv() -> None:
    found = designed(ratings=[Ratings(0, (0, 1, 0, 2, 5), 3, 1)])
    made = {table.title: table for table in result_tables.tables(found)}
    assert made["Pass rate"].csv().splitlines()[1] == "mini,46,50,0.92,0.8116,0.9685"
    odd = look([answer(0, 0, None)], {0: "=cmd()"}, CHECKS, groups={})
    assert result_tables.pass_rate(odd).csv().splitlines()[1].startswith("'\u00a0=cmd(),1,1,")
    assert [row[0] for row in made["Ratings"].rows] == ["mini"]
    assert made["Two columns"].rows[0][2:7] == (45, 3, 1, 1, 0.625)
    assert all(len(row) == len(table.header) for table in made.values() for row in table.rows)


def test_nothing_checked_and_nothing_answered_is_said() -> None:
    empty = look([], TITLES, CHECKS, groups={"tag": {}})
    assert result_words.pass_rate(empty) == "No answer has been checked. Add checks to see how many pass."
    assert result_words.calls(empty) == "No call of this run has a time or a cost."
    assert [table.rows for table in result_tables.tables(empty) if table.title == "Pass rate"] == [[]]
