"""`assert-set`: several checks as one. Its score keeps what each check in it came to, also of sets in it, under `inner` of its `judge`.

What is kept of one is [passed, score, reason, judge, label], None while a judge is to be asked; a set that waits for judges in it is kept
with what is known of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.evaluators import judges
from workbench.quick_dataclass import replace
from workbench.values import PENDING, UNREAD, Check, Score, judged_by, passing

INNER = "inner"
Path = tuple[int, ...]
"""Where a check stands in a set: its place, then its place in the set that stands there."""
_TOLD = 5
"""Of so many checks that fail in a set it is said why."""


def is_set(check: Check) -> bool:
    """True of a check that is several."""
    return check.type.removeprefix("not-") == "assert-set"


def inside(check: Check) -> list[Check]:
    """The checks of a set. Raises TypeError, KeyError or ValueError where it cannot be read."""
    return [Check.from_json(item) for item in check.value or ()]


def verdict(scores: Sequence[Score]) -> tuple[bool | None, float | None]:
    """Whether an output passes all its checks (`values.passing`), and the weighted mean of their scores.

    No checks: (None, None). A check of weight 0 is a figure only, and one that could not be asked has none.
    """
    if not scores:
        return None, None
    run = [one for one in scores if one.check.weight > 0 and one.passed is not None and one.score is not None]
    total = sum(one.check.weight for one in run)
    mean = sum(one.check.weight * (one.score or 0.0) for one in run) / total if total else None
    passed = passing((one.passed, one.check.weight, one.label) for one in scores)
    return passed, 0.0 if mean is None and passed else mean  # where nothing counts, as in promptfoo


def score_of_set(check: Check, scores: Sequence[Score]) -> Score:
    """The score of a set: passes if all of its checks pass, or with a threshold, if their weighted mean reaches it. Waits as long as a
    judge in it is to be asked."""
    value = [_as_scored(item, one.check) for item, one in zip(check.value or (), scores, strict=True)]
    kept = replace(check, value=value, judge={INNER: [_kept(one) for one in scores]})
    if any(one.pending for one in scores):
        return Score(kept, None, None, judges.NOT_JUDGED, PENDING)
    passed, mean = verdict(scores)
    is_open = any(one.passed is None and one.label == UNREAD and one.check.weight > 0 for one in scores)
    if check.threshold is not None and mean is not None:
        passed = None if is_open else mean >= check.threshold - 1e-9
    if check.type.startswith("not-"):
        passed = None if passed is None else not passed
        mean = None if mean is None else 1.0 - mean
    good = sum(1 for one in scores if one.passed)
    words = [f"{good} of {len(scores)} checks passed."]
    words += [f"{one.check.title}: {one.reason}" for one in scores if not one.passed][:_TOLD]
    return Score(kept, passed, None if passed is None else mean, " ".join(words), UNREAD if passed is None and is_open else "")


def waiting(check: Check) -> Iterator[tuple[Path, Check]]:
    """The checks in the set of a score of which judges are still to be asked, with where they stand."""
    for place, (one, known) in enumerate(zip(inside(check), check.judge[INNER], strict=True)):
        if known is None:
            yield (place,), one
        elif is_set(one) and _waits(known):
            yield from (((place, *path), found) for path, found in waiting(replace(one, judge=known[3])))


def fold(check: Check, path: Path, score: Score) -> Score | None:
    """The score of a set when one more of the judges in it has spoken; None where it did not wait for that one."""
    known, place = check.judge[INNER], path[0]
    scores = [Score.kept(one, kept) for one, kept in zip(inside(check), known, strict=True)]
    if len(path) == 1:
        if known[place] is not None:
            return None
        scores[place] = replace(score, check=replace(scores[place].check, judge=score.check.judge))
    else:
        if not _waits(known[place]):
            return None
        deeper = fold(scores[place].check, path[1:], score)
        if deeper is None:
            return None
        scores[place] = deeper
    return score_of_set(check, scores)


def unspoken(check: Check, *, given_too: bool = True) -> Check:
    """The scored set with its judges as if none had spoken, or, `given_too` False, none of those whom nobody could read; what other checks
    came to stays."""
    found = []
    for one, known in zip(inside(check), check.judge[INNER], strict=True):
        if judges.kind_of(one.type) is not None:
            could_not_be_asked = known is not None and known[0] is None and len(known) < 5
            is_unread = known is not None and len(known) > 4 and known[4] == UNREAD
            found.append(known if could_not_be_asked or not (given_too or is_unread) else None)
        elif is_set(one) and known is not None and len(known) > 3:
            inner = unspoken(replace(one, judge=known[3]), given_too=given_too)
            waits = any(each is None or _waits(each) for each in inner.judge[INNER])
            found.append([None, None, judges.NOT_JUDGED, dict(inner.judge), PENDING] if waits else known)
        else:
            found.append(known)
    return replace(check, judge={INNER: found})


def awaited_on(check: Check, model: str) -> Check:
    """The scored set with this model as the judge of what still waits for one. What others said stays."""
    value = []
    for item, one, known in zip(check.value, inside(check), check.judge[INNER], strict=True):
        if known is None:
            value.append(judged_by(one, model).to_json())
        elif is_set(one) and _waits(known):
            value.append({**item, "value": awaited_on(replace(one, judge=known[3]), model).value})
        else:
            value.append(item)
    return replace(check, value=value)


def nameless(check: Check) -> Any:
    """What a set asks, whatever its checks are called: a name may be another one for each case."""
    try:
        each = inside(check)
    except (TypeError, KeyError, ValueError):
        return check.value
    return [{**one.to_json(), "name": "", "value": nameless(one) if is_set(one) else one.value} for one in each]


def _as_scored(item: Mapping[str, Any], check: Check) -> Mapping[str, Any]:
    """A check of a set as it is kept with the score: its name, and those in a set that it is itself, are filled in for the case."""
    named = {**item, "name": check.name} if check.name else item
    return {**named, "value": check.value} if is_set(check) else named


def _kept(score: Score) -> list[Any] | None:
    if score.pending and not is_set(score.check):
        return None
    said: list[Any] = [score.passed, score.score, score.reason]
    if score.check.judge or score.label:
        said.append(dict(score.check.judge))
    return [*said, score.label] if score.label else said


def _waits(known: Any) -> bool:
    return isinstance(known, Sequence) and len(known) > 4 and known[4] == PENDING
