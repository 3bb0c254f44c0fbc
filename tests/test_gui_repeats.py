"""What is said of the repeats of one cell: how far they agree, which answers they gave, how time and cost spread."""

from __future__ import annotations

from decimal import Decimal

from workbench.gui.compare.repeats import agreement_words, spread_words, where_they_part
from workbench.runs.samples import SameAnswer, Sample, Samples, Spread

FULL = "The boots are covered for two years, so we refund them in full."
SHORT = "The boots are covered for two years, so we refund them."
OTHER = "Sorry, the refund period of 30 days has ended."


def samples(*counts: int, failed: int = 0, **more: object) -> Samples:
    """So many repeats that gave the first answer, the second and so on, and so many that failed."""
    groups = tuple(SameAnswer(f"answer {number}", count) for number, count in enumerate(counts))
    status = ["done"] * sum(counts) + ["failed"] * failed
    each = tuple(Sample(number, number + 1, word, number, 0, 100.0, 10.0, False, None, False) for number, word in enumerate(status))
    return Samples(each, groups, counts[0] / sum(counts) if counts else None, **more)  # type: ignore[arg-type]


def test_repeats_that_failed_are_not_passed_over_in_silence() -> None:
    assert agreement_words(samples(3)) == "all alike"
    assert agreement_words(samples(5, failed=2)) == "5 alike, 2 failed"
    assert agreement_words(samples(2, 1, failed=2)) == "2 of 3 alike, 2 failed"
    assert agreement_words(samples(1, 1, failed=1)) == "2 answered, 1 failed"
    assert agreement_words(samples(1, failed=6)) == "1 answered, 6 failed"
    assert agreement_words(samples(failed=3)) == "all failed"


def test_answers_that_are_alike_at_their_start_are_shown_from_where_they_part_also_beside_one_that_is_not() -> None:
    assert where_they_part([FULL, OTHER, SHORT]) == ["…them in full.", OTHER, "…them."]
    assert where_they_part([FULL, SHORT]) == ["…them in full.", "…them."]
    assert where_they_part([FULL]) == [FULL]
    assert where_they_part(["a b", "a c"]) == ["a b", "a c"]


def test_costs_that_read_alike_are_not_told_as_a_range() -> None:
    found = spread_words(samples(2, cost_usd=(Decimal("0.00011"), Decimal("0.00013"), Decimal("0.00024"))))
    assert found == ["Cost $0.0001 each, together $0.0002"]


def test_cold_starts_stand_apart_with_their_first_word_too() -> None:
    warm, first = Spread(300.0, 400.0, 500.0, 6), Spread(100.0, 120.0, 150.0, 6)
    found = spread_words(
        samples(
            7,
            latency_ms=warm,
            first_token_ms=first,
            cold_latency_ms=Spread(4000.0, 4000.0, 4000.0, 1),
            cold_first_token_ms=Spread(3800.0, 3800.0, 3800.0, 1),
        )
    )
    assert found == [
        "Time 0.30 s to 0.50 s, middle 0.40 s",
        "First word 0.10 s to 0.15 s, middle 0.12 s",
        "Time from a cold start 4.0 s",
        "First word from a cold start 3.8 s",
    ]
