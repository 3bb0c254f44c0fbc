"""What the figures of a run allow to say, and what not: a sentence or two for each card. Never more than the numbers carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from workbench.analysis.paired import cases_needed, smallest_difference
from workbench.analysis.preferences import ENOUGH_VOTES
from workbench.analysis.results.figures import FEW, Pair, PassRate, WinRate
from workbench.analysis.results.found import MOST_PAIRED, Results

_STATED = 0.05
_NAMED = 3
"""Of so many checks the names are said."""


def p_words(p: float) -> str:
    """`p = 0.27`, `p = 0.625`, `p < 0.001`."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}".rstrip("0") if round(p, 3) < 1 else "p = 1"


def pass_rate(found: Results) -> str:
    """Which columns the cases tell apart, and what so many cases could show; then what no pass rate holds."""
    return " ".join(filter(None, (told_apart(found), not_asked(found))))


def not_asked(found: Results) -> str:
    """Which checks cannot run here, and how many answers are not judged; empty where all is."""
    return unasked_words([title for _, title in found.unasked], sum(1 for answer in found.judged if answer.owed and answer.passed is None))


def unasked_words(titles: Sequence[str], owed: int) -> str:
    """`1 check cannot run here (javascript): it counts nowhere, and the other checks decide.`"""
    said = []
    if titles:
        one = len(titles) == 1
        named = ", ".join(titles[:_NAMED]) + (f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else "")
        said.append(
            f"{len(titles)} {'check' if one else 'checks'} cannot run here ({named}): where {'it is' if one else 'one is'} lacking, "
            "the other checks decide, and an answer without another is not judged."
        )
    if owed:
        one = owed == 1
        said.append(
            f"{owed:,} {'answer has' if one else 'answers have'} no verdict of a judge yet and {'is' if one else 'are'} in no pass rate."
        )
    return " ".join(said)


def told_apart(found: Results) -> str:
    """Which columns the cases tell apart, corrected for the number of pairs, and what so many cases could show."""
    rates = found.rates
    if not rates:
        return "No answer has been checked. Add checks to see how many pass."
    if len(rates) == 1:
        one = rates[0]
        return f"Of cases like these, between {_percent(one.low)} and {_percent(one.high)} would pass (95 %).{_repeated(found)}"
    if not found.pairs:
        if len(found.columns) > MOST_PAIRED:
            return f"With {len(found.columns)} columns every gap could be chance. Look at up to {MOST_PAIRED} columns to compare them."
        return "The columns share no checked case, so they cannot be compared."
    apart = [(one, p) for one, p in found.pairs if p <= _STATED]
    corrected = f", corrected for {len(found.pairs)} pairs" if len(found.pairs) > 1 else ""
    if not apart:
        return f"{_nothing_apart(found)}{_repeated(found)}"
    lost = _lost_to(apart)
    lower = [rate for rate in rates if len(lost.get(rate.column, ())) == len(rates) - 1]
    higher = [rate for rate in rates if all(rate.column in lost.get(other.column, ()) for other in rates if other is not rate)]
    if len(rates) > 2 and lower:
        one = lower[0]
        worst = max(p for pair, p in apart if one.column in (pair.first, pair.second))
        rest = [rate for rate in rates if rate is not one]
        inside = not any(one.column not in (pair.first, pair.second) for pair, _ in apart)
        others = f" The other {_number(len(rest))} are within noise: {_needs(found, rest)}" if inside else ""
        return f"{found.titles[one.column]} is lower than every other ({p_words(worst)}{corrected}).{others}{_repeated(found)}"
    if higher:
        worst = max(p for pair, p in apart if higher[0].column in (pair.first, pair.second))
        names = "the other" if len(rates) == 2 else "every other"
        return f"{found.titles[higher[0].column]} is higher than {names} ({p_words(worst)}{corrected}).{_repeated(found)}"
    said = [_apart_words(found, pair, p) for pair, p in sorted(apart, key=lambda item: item[1])[:2]]
    more = f" and {len(apart) - 2} more" if len(apart) > 2 else ""
    return f"Told apart{corrected}: {'; '.join(said)}{more}. All else is within noise.{_repeated(found)}"


def _lost_to(apart: Sequence[tuple[Pair, float]]) -> dict[int, set[int]]:
    lost: dict[int, set[int]] = {}
    for pair, _p in apart:
        worse, better = _order(pair)
        lost.setdefault(worse, set()).add(better)
    return lost


def _order(pair: Pair) -> tuple[int, int]:
    """The worse and the better of the two."""
    first_worse = len(pair.only_first_wrong) > len(pair.only_second_wrong)
    return (pair.first, pair.second) if first_worse else (pair.second, pair.first)


def _apart_words(found: Results, pair: Pair, p: float) -> str:
    worse, better = _order(pair)
    return f"{found.titles[better]} above {found.titles[worse]} ({p_words(p)})"


def _nothing_apart(found: Results) -> str:
    pair, p = min(found.pairs, key=lambda item: item[1])
    if len(found.pairs) == 1:
        return f"Within noise: {chance(pair)}. {_power(pair)}"
    return (
        f"All {len(found.rates)} are within noise: even the clearest gap, {found.titles[pair.first]} and {found.titles[pair.second]}, "
        f"could be chance ({p_words(p)}, corrected for {len(found.pairs)} pairs). {_power(pair)}"
    )


def _power(pair: Pair) -> str:
    """What so many cases could show of two that differ as often as these."""
    if not pair.apart:
        return f"They never differ on these {pair.cases} cases."
    smallest = smallest_difference(pair.cases, pair.apart / pair.cases)
    if smallest is None:
        return f"{pair.cases} cases that differ so seldom show no gap."
    return f"{pair.cases} cases would show a gap of {ceil(100 * smallest)} points."


def _needs(found: Results, rates: Sequence[PassRate]) -> str:
    """How many cases would rank those that cannot be ranked."""
    best, worst = max(rates, key=lambda rate: rate.rate), min(rates, key=lambda rate: rate.rate)
    pair = next((pair for pair, _ in found.pairs if {pair.first, pair.second} == {best.column, worst.column}), None)
    if pair is None or not pair.apart:
        return f"{rates[0].cases} cases cannot rank them."
    gap = abs(len(pair.only_first_wrong) - len(pair.only_second_wrong)) / pair.cases
    needed = cases_needed(gap, pair.apart / pair.cases) if gap else None
    more = f" A gap of {round(100 * gap)} points needs about {_round(needed)}." if needed is not None else ""
    return f"{pair.cases} cases cannot rank them.{more}"


def _repeated(found: Results) -> str:
    return " Repeats of a case are not taken for more cases." if found.repeats > 1 else ""


def chance(pair: Pair) -> str:
    """`9 against 4 could be chance (p = 0.27)`."""
    more, fewer = sorted((len(pair.only_first_wrong), len(pair.only_second_wrong)), reverse=True)
    word = "could be chance" if pair.p > _STATED else "is more than chance explains"
    return f"{more} against {fewer} {word} ({p_words(pair.p)})"


def two_columns(found: Results, pair: Pair) -> str:
    """What one pair allows to say."""
    if not pair.cases:
        return "The two share no checked case, so they cannot be compared."
    better = _order(pair)[1]
    if not pair.apart:
        words = f"Both say the same on all {pair.cases} cases."
    elif pair.p > _STATED:
        words = f"{chance(pair)}. These cases do not show that {found.titles[better]} is better."
    else:
        words = f"{chance(pair)}: {found.titles[better]} is better on cases like these."
    if pair.p <= _STATED and len(found.pairs) > 1:
        corrected = next((p for one, p in found.pairs if {one.first, one.second} == {pair.first, pair.second}), pair.p)
        words += f" As one of {len(found.pairs)} pairs: {p_words(corrected)}."
    if pair.gap is not None:
        low, high = round(100 * pair.gap.low), round(100 * pair.gap.high)
        words += f" Over all repeats, {found.titles[pair.second]} is {low:+d} to {high:+d} points from {found.titles[pair.first]} (95 %)."
    return words


def by_group(found: Results, way: str) -> str:
    """How much a table of shares can be trusted, and the cell that is worth reading first."""
    rows = found.groups.get(way, ())
    cells = sum(1 for row in rows for column in found.columns if row.cells[column][1])
    if not cells:
        return f"No checked case has a {way}." if way == "tag" else "No checked case has a value."
    worst = min(
        ((passed / of, -of, row.name, column, passed, of) for row in rows if len(row.cases) >= FEW
         for column, (passed, of) in row.cells.items() if of and passed < of),
        default=None,
    )  # fmt: skip
    chance_words = f"With {cells} cells, {_number(max(1, round(cells * _STATED)))} or so would look bad by chance." if cells > 7 else ""
    if worst is None:
        return f"{chance_words} No group of {FEW} cases or more stands out.".strip()
    _rate, _of, name, column, passed, of = worst
    return f"{chance_words} Worth reading first: {name} on {found.titles[column]} ({passed} of {of}).".strip()


def checks(found: Results) -> str:
    """Where the verdicts come from."""
    judges = [row.check.title for row in found.checks if row.check.judge]
    rules = "An answer can fail two checks, so rows add up to more than the answers that failed."
    if not judges:
        return f"{rules} All checks are rules: the same answer always gets the same verdict."
    said = {one.judge.key: one.sentence(_asked(found, one.check)) for one in found.judges}
    verb = "come from judges" if len(judges) > 1 else "comes from judges" if len(said) > 1 else "comes from a judge"
    if not said:
        who, whom = ("It was", "it") if len(judges) == 1 else ("They were", "them")
        return f"{_joined(judges)} {verb}. {who} not asked here, so it is not known how far people agree with {whom}."
    whose = [f"{_joined(judges)} {verb}."] if len(judges) > 1 or len(said) > 1 else []
    return " ".join((*whose, *dict.fromkeys(said.values())))


def _asked(found: Results, check: str) -> int:
    """On so many answers of a column a check was asked, at most."""
    return max((of for row in found.checks if row.check.key == check for _failed, of in row.cells.values()), default=0)


def causes(found: Results) -> str:
    """How failures are counted, and what stands out among them."""
    failed = sum(cause.total for cause in found.causes)
    if not failed:
        return "Every checked answer passed, and every call was answered."
    words = "Grouped by the failed check and its reason. An answer that failed several is counted at the first."
    silent = sum(1 for cause in found.causes for answer in cause.answers if answer.trouble)
    return words + (f" {silent} without a verdict {'counts' if silent == 1 else 'count'} in no pass rate." if silent else "")


def calls(found: Results) -> str:
    """What the times and costs rest on."""
    timed = [column for column in found.calls if column.milliseconds]
    reused, untimed = sum(column.reused for column in found.calls), sum(column.untimed for column in found.calls)
    parts = []
    if timed:
        few = min(len(column.milliseconds) for column in timed)
        beyond = max(1, few - ceil(0.95 * few) + 1)
        parts.append(f"p95 rests on {beyond} {'call' if beyond == 1 else 'calls'} of {few}.")
    if reused:
        parts.append(f"{reused} cached {'answer is' if reused == 1 else 'answers are'} left out.")
    if untimed:
        parts.append(f"{untimed} from batches or a cold start have no time that says anything.")
    if any(column.by_hand for column in found.calls):
        parts.append("Answers by hand have no time and no cost.")
    if not parts:
        return "No call of this run has a time or a cost."
    where = "Measured from this computer, on the day of the run."
    if found.brought_from:
        where = f"They came in from {found.brought_from}, which measured them elsewhere: nothing was called here."
    return " ".join([*parts, where])


def win_rates(found: Results) -> str:
    """What votes on these columns say."""
    return win_words(found.votes, found.wins, found.titles)


def win_words(votes: int, wins: Sequence[WinRate], titles: Mapping[int, str]) -> str:
    """Whether votes tell columns apart; how many there are where they are too few."""
    if votes < ENOUGH_VOTES:
        return f"{votes} {'vote' if votes == 1 else 'votes'} so far. Win rates appear after {ENOUGH_VOTES}."
    if len(wins) < 2:
        return "All votes are on one column."
    first, second = wins[:2]
    if first.low > second.high:
        return f"{titles[first.column]} wins more often than every other, by {votes} votes."
    return f"{titles[first.column]} and {titles[second.column]} are within noise: {votes} votes do not rank them."


def ratings(found: Results) -> str:
    """What the ratings rest on."""
    rated = sum(sum(one.stars) + one.said_pass + one.said_fail for one in found.ratings)
    if not rated:
        return "Nobody has rated an answer of this run."
    return f"{rated} {'rating' if rated == 1 else 'ratings'} by people. Those given with the names in sight can lean towards a name."


def repeats(found: Results) -> str:
    """What repeating shows."""
    if not found.repeated:
        return "Each case was asked once. Repeat it to see how steady the answers are."
    wavering = len({case for one in found.repeated for case in one.wavering})
    k = found.repeated[0].k
    return (
        f"{wavering} {'case' if wavering == 1 else 'cases'} passed in some of {k} repeats and failed in others. "
        "A product that asks once gets the rate of one answer."
    )


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def _round(number: int) -> str:
    """To two digits: more would claim too much."""
    step = 10 ** max(0, len(str(number)) - 2)
    return f"{round(number / step) * step:,}"


def _number(number: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number] if number < len(words) else str(number)


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
