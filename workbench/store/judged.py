"""What statements of several services say about the judgements of an output: which count, what they come to, and where raters differ."""

from __future__ import annotations

from workbench.values.criteria import APART_SCORE, APART_STARS

CURRENT = "rating.replaced_by_id IS NULL"
"""True of a judgement that its rater has not replaced."""

RULING = "ruling"
"""Aspect of what is no rating: who was right where a judge and people disagree."""

OPINION = f"{CURRENT} AND rating.aspect <> '{RULING}'"
"""True of what a rater says of an output now."""

KIND = "(CASE WHEN rating.aspect = 'criterion' THEN json_extract(criterion.scale, '$.kind') ELSE rating.aspect END)"
"""The scale of a judgement: stars, verdict, score, label, labels."""

SHARE = (
    f"(CASE WHEN {KIND} = 'stars' THEN (rating.value - 1) / 4.0 WHEN {KIND} = 'score' THEN rating.value / 100.0 "
    f"WHEN {KIND} = 'verdict' AND rating.label = 'pass' THEN 1.0 WHEN {KIND} = 'verdict' AND rating.label = 'fail' THEN 0.0 END)"
)
"""Where on its scale a judgement stands, 0 to 1. The rule of `values.share`."""

_COUNTS = f"rating.aspect = 'criterion' AND criterion.archived_at IS NULL AND criterion.weight > 0 AND {SHARE} IS NOT NULL"
_WEIGHTED = f"1 + 4 * sum(CASE WHEN {_COUNTS} THEN criterion.weight * {SHARE} END) / sum(CASE WHEN {_COUNTS} THEN criterion.weight END)"
_FROM = f"FROM rating LEFT JOIN criterion ON criterion.id = rating.criterion_id WHERE rating.output_id = output.id AND {OPINION}"

RATING = (
    f"(SELECT avg(each_rater.rating) FROM (SELECT coalesce(max(CASE WHEN rating.aspect = 'stars' THEN rating.value END), {_WEIGHTED}) "
    f"AS rating {_FROM} GROUP BY rating.rater_id) AS each_rater)"
)
"""The rating of a row of the output table, 1 to 5, null where there is none: the mean over raters of their stars, or where one gave
none of the weighted mean of what that one said by the criteria (`values.weighted_stars`)."""

APPROVAL = (
    "(SELECT avg(CASE WHEN rating.label = 'pass' THEN 1.0 ELSE 0.0 END) "
    f"{_FROM} AND rating.aspect = 'verdict' AND rating.label IS NOT NULL)"
)
"""The share of an output's raters that said pass, of those that said pass or fail; null where nobody did."""

DIFFER = (
    f"EXISTS (SELECT 1 {_FROM} AND rating.aspect IN ('stars', 'verdict', 'score', 'label', 'criterion') "
    "GROUP BY rating.aspect, rating.criterion_id "
    "HAVING count(DISTINCT rating.label) > 1 OR max(rating.value) - min(rating.value) >= "
    f"min(CASE WHEN {KIND} = 'stars' THEN {APART_STARS} ELSE {APART_SCORE} END))"
)
"""True of an output whose raters disagree on anything. The rule of `values.differ`."""

RATERS = f"(SELECT count(DISTINCT rating.rater_id) {_FROM} AND (rating.value IS NOT NULL OR rating.label IS NOT NULL))"
"""How many raters gave an output a number or a word."""


def said(which: str) -> str:
    """True of an output of which a rater said something so."""
    return f"EXISTS (SELECT 1 {_FROM} AND {which})"


def by_criterion(figure: str) -> str:
    """A figure over all raters' judgements of an output by the criterion `:criterion`, such as `avg(...)`."""
    return f"(SELECT {figure} {_FROM} AND rating.criterion_id = :criterion)"
