"""What the numbers of a judge allow to say of it, in sentences. Nothing here knows more than a `Calibration`."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, sqrt
from typing import Literal

from workbench.analysis.calibration import Calibration, Judge
from workbench.analysis.leanings import Split
from workbench.evaluators import wilson
from workbench.quick_dataclass import dataclass

FEWEST = 30
"""Rated answers below which nothing is said of a judge."""
GOOD_KAPPA = 0.6
"""Where the bottom of the interval must lie for trust: the lower end of `good` (Altman 1991), a convention."""
FEW_LET_THROUGH = 0.2
FEW_OF_A_RELEASE = 0.1
"""The most bad answers that may pass for trust, and for a release by itself, at the top of the interval; conventions too."""
ENOUGH_OF_A_FAMILY = 25
"""Bad answers of its own family, and of others, below which a lean to it cannot be ruled out."""
BANDS = ((0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "good"), (1.0, "very good"))
"""Upper ends of the bands of kappa (Altman 1991)."""

Grade = Literal["unknown", "chance", "care", "trust"]


@dataclass(frozen=True, slots=True)
class MeasuredJudge:
    """A judge of a check, and how far it agrees with people."""

    check: str
    """Key of the check in its run."""
    judge: Judge
    found: Calibration | None

    def sentence(self, of: int | None = None) -> str:
        """It in words, for verdicts on `of` answers of each column, or on one answer."""
        return sentence(self.judge.title, self.found, of)


@dataclass(frozen=True, slots=True)
class Use:
    """Something that a judge is good for, or not, and the numbers that say so."""

    good: bool
    text: str
    why: str


def grade(found: Calibration) -> Grade:
    """How far a judge can be relied on, from the lower end of what is known of it."""
    if found.answers < FEWEST or found.kappa is None:
        return "unknown"
    if found.kappa.low <= 0:
        return "chance"
    through = found.let_through.interval
    if found.kappa.low >= GOOD_KAPPA and through is not None and through[1] <= FEW_LET_THROUGH:
        return "trust"
    return "care"


def headline(found: Calibration) -> tuple[str, str]:
    """Two or three words on a judge, and the numbers that belong beside them."""
    word = {"unknown": "Not measured yet.", "chance": "No better than chance.", "care": "Usable, with care.", "trust": "Trust this judge."}
    through = found.let_through
    bad = f"Lets through {through.hits:,} of {through.of:,} bad answers." if through.of else "No answer is bad in people's eyes."
    level = grade(found)
    if level == "unknown":
        lacking = FEWEST - found.answers
        if lacking > 0:
            return word[level], f"{found.answers:,} of its answers are rated, {FEWEST} tell something: rate {lacking:,} more."
        return word[level], "People or judge say the same of every answer, so kappa has no meaning. Rate answers that differ."
    return word[level], f"Kappa {_kappa(found)}. {bad}" if level != "care" else bad


def sentence(title: str, found: Calibration | None, of: int | None = None) -> str:
    """What stands beside the verdicts of the judge of this title, wherever they are shown; None: nobody has rated what it judged.

    `of`: answers of each column that are counted. Without it one verdict is meant, not a gap between columns.
    """
    name = f"The {title}" if title.casefold().endswith("judge") else f"The {title} judge"
    lacking = FEWEST - (found.answers if found is not None else 0)
    if found is None or lacking > 0:
        return f"{name} is not measured yet: {lacking:,} {'rating' if lacking == 1 else 'ratings'} needed."
    share = f"{name} agrees with people on {100 * found.agreement.hits / found.answers:.0f} %"
    if found.kappa is None:
        return f"{share}, but kappa cannot be told: rate answers that differ."
    share += f" (kappa {found.kappa.value:.2f})"
    if of is not None:
        reach = int(rate_reach(found) * of + 1e-9)
        gap = "1" if reach == 1 else "1 or 2" if reach == 2 else f"up to {reach:,}"
        return f"{share}, so a gap of {gap} may be the judge." if reach else f"{share}."
    wrong = found.answers - found.agreement.hits
    return f"{share}, so about 1 verdict in {round(found.answers / wrong):,} may be wrong." if wrong else f"{share}."


def band(kappa: float) -> str:
    """The usual word for a kappa. A convention; the interval is what counts."""
    return next((word for top, word in BANDS if kappa <= top), BANDS[-1][1])


def span(found: Calibration) -> str:
    """The words that the interval of kappa reaches over, and what would make it narrower."""
    if found.kappa is None:
        return "Kappa needs answers that people pass and answers that people fail."
    low, high = band(found.kappa.low), band(found.kappa.high)
    words = f"Between {low} and {high}" if low != high else low.capitalize()
    return f"{words}. Four times as many rated answers ({found.needed:,}) would halve this interval."


def rate_reach(found: Calibration) -> float:
    """How far a pass rate by this judge may be off that of people, at most (95 %), as a share.

    The difference of two rates on the same answers, with the standard error for matched pairs (Newcombe 1998, method 1).
    """
    through, strict, answers = found.counts["let_through"], found.counts["too_strict"], found.answers
    if not answers:
        return 1.0
    gap = (through - strict) / answers
    reach = 1.959963984540054 * sqrt(max(0.0, through + strict - (through - strict) ** 2 / answers)) / answers
    if through + strict == 0:
        reach = 1 - (wilson(answers, answers) or (0.0, 1.0))[0]
    return abs(gap) + reach


def uses(found: Calibration) -> tuple[Use, ...]:
    """What this judge can be used for and what not, from its numbers alone."""
    if grade(found) == "unknown" or found.kappa is None:
        return ()
    return tuple(_uses(found))


def _uses(found: Calibration) -> Iterator[Use]:
    assert found.kappa is not None
    yield Use(
        found.kappa.low > 0, "Sorting answers to read first", f"The interval of kappa begins at {found.kappa.low:.2f}; 0 would be chance."
    )
    if found.kappa.low > 0:
        points = ceil(100 * rate_reach(found) - 1e-9)
        why = f"Its pass rate may be off by up to {100 * rate_reach(found):.1f} points (95%), if it errs alike in all columns."
        yield Use(points <= 20, f"Gaps of {points} points or more", why)
    lean = found.family
    few = min(lean.own.of, lean.others.of) < ENOUGH_OF_A_FAMILY
    leans = lean.p_value <= 0.05 and (lean.own.share or 0) > (lean.others.share or 0)
    numbers = f"{lean.own.hits} of {lean.own.of} bad answers of its family let through, {lean.others.hits} of {lean.others.of} others"
    if lean.own.of or not lean.others.of:
        clear = not few and not leans
        why = f"{numbers} (p = {p_text(lean.p_value)})" + (", too few to rule a lean out." if few and not leans else ".")
        yield Use(clear, f"Choosing between {lean.name} and other models", why)
    through = found.let_through
    interval = through.interval
    safe = interval is not None and interval[1] <= FEW_OF_A_RELEASE
    top = f"up to {interval[1]:.0%} may pass" if interval else "no bad answer was rated"
    yield Use(safe, "A release by itself", f"{through.hits} of {through.of} bad answers let through: {top}.")


def p_text(p_value: float) -> str:
    """A p-value as it is written: two places, more for a small one."""
    return "below 0.001" if p_value < 0.001 else f"{p_value:.3f}" if p_value < 0.05 else f"{p_value:.2f}"


def chance_words(p_value: float) -> str:
    """What a p-value allows to say."""
    if p_value > 0.05:
        return f"Could be chance (p = {p_text(p_value)})" + (", but close." if p_value < 0.1 else ".")
    p_words = p_text(p_value) if p_value < 0.001 else f"= {p_text(p_value)}"
    return f"More than chance explains (p {p_words})."


def _kappa(found: Calibration) -> str:
    assert found.kappa is not None
    return f"{found.kappa.value:.2f} ({found.kappa.low:.2f} to {found.kappa.high:.2f})"


@dataclass(frozen=True, slots=True)
class Lean:
    """One thing that a judge may lean to. `bars`: what is drawn, with the name of each where there are several."""

    title: str
    about: str
    first: str
    """What was counted."""
    then: str
    """What that allows to say."""
    bars: tuple[tuple[str, Split], ...] = ()
    even: bool = True
    """True where half would be no lean."""


def leans(found: Calibration) -> tuple[Lean, ...]:
    """Whether it leans, in the order in which it is shown."""
    return (_longer(found), _first_place(found), _own_family(found), _mild(found))


def _longer(found: Calibration) -> Lean:
    title, about, lean = "Longer answers", "pairs people call even", found.length
    if lean is None:
        return Lean(title, about, "Not measured.", "It scored no two answers apart that people call even.")
    then = chance_words(lean.p_value)
    if lean.p_value < 0.1 and (lean.share or 0) > 0.5:
        then += " Add “length is not a merit” to its prompt and measure again."
    return Lean(title, about, f"{lean.hits:,} of {lean.of:,} times it picked the longer one, {lean.share:.0%}.", then, (("", lean),))


def _first_place(found: Calibration) -> Lean:
    title, about, lean = "First position", "same pair, sides swapped", found.position
    if lean is None:
        return Lean(
            title, about, "Not measured.", "It sees one answer at a time." if found.judge.one_by_one else "No pair was shown both ways."
        )
    first = f"{lean.stayed:,} of {lean.pairs:,} verdicts stayed."
    if not lean.turned.of:
        return Lean(title, about, first, "The order changes nothing.")
    first += f" Of the {lean.turned.of:,} that turned, {lean.turned.hits:,} went to the first."
    then = f"{chance_words(lean.turned.p_value)} The app asks both ways and counts a turn as a tie."
    return Lean(title, about, first, then, (("", lean.turned),))


def _own_family(found: Calibration) -> Lean:
    title, about, lean = "Its own family", "passed though people failed", found.family
    if not lean.own.of or not lean.others.of:
        lacking = "another family" if lean.own.of else lean.name
        return Lean(title, about, "Not measured.", f"No bad answer by {lacking} is rated.")
    first = f"{lean.own.hits:,} of {lean.own.of:,} {lean.name} answers let through, {lean.others.hits:,} of {lean.others.of:,} others."
    then = chance_words(lean.p_value)
    if min(lean.own.of, lean.others.of) < ENOUGH_OF_A_FAMILY and lean.p_value > 0.05:
        then += f" {lean.own.of + lean.others.of:,} answers are too few; a judge from another family would settle it."
    return Lean(title, about, first, then, ((lean.name, lean.own), ("others", lean.others)), even=False)


def _mild(found: Calibration) -> Lean:
    title, lean = "Strict or mild", found.mild
    about = f"the {lean.of:,} disagreements"
    if not lean.of:
        return Lean(title, "the disagreements", "None.", "Judge and people agree on every answer.")
    side = "mild" if 2 * lean.hits >= lean.of else "strict"
    more, less = max(lean.hits, lean.of - lean.hits), min(lean.hits, lean.of - lean.hits)
    counts = found.counts
    mine, theirs = counts["agree_pass"] + counts["let_through"], counts["agree_pass"] + counts["too_strict"]
    then = f"{chance_words(lean.p_value)} It passes {mine / found.answers:.0%}, people pass {theirs / found.answers:.0%}."
    first = f"{more:,} against {less:,} on the {side} side." if more > less else f"{more:,} against {less:,}: neither."
    return Lean(title, about, first, then, (("", lean),))


def notes(found: Calibration) -> tuple[tuple[str, str], ...]:
    """What else is to be known of it, title and words: where its model changed, and reasons that speak against their verdict."""
    lines = []
    for before, after in zip(found.drift, found.drift[1:], strict=False):
        words = (
            f"{after.name} since {after.since[:10]}: agrees on {after.agreement.hits:,} of {after.agreement.of:,}, "
            f"{before.name} on {before.agreement.hits:,} of {before.agreement.of:,}. {chance_words(after.p_value or 0.0)}"
        )
        lines.append(("Its model changed", words))
    if found.contradictions:
        count = len(found.contradictions)
        words = f"{count:,} of {len(found.judged):,} reasons seem to speak against the verdict, by their words alone. Read them."
        lines.append(("Verdict and reason", words))
    if found.undecided:
        lines.append(("People are split", f"{found.undecided:,} answers are left out: as many people pass them as fail them."))
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class Advice:
    """All that is said of a judge."""

    grade: Grade
    headline: str
    numbers: str
    span: str
    uses: tuple[Use, ...]
    leans: tuple[Lean, ...]
    notes: tuple[tuple[str, str], ...]


def advice(found: Calibration) -> Advice:
    """All that the numbers allow to say."""
    return Advice(grade(found), *headline(found), span(found), uses(found), leans(found), notes(found))
