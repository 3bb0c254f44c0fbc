"""The one rule by which an output passes. Everything that says so goes by it: the grid and its filters, results, differences, exports.

`store.outputs` says the same in SQL; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable

PENDING = "pending"
"""Label of a score whose judge has not been asked, or has given no answer."""
UNREAD = "no verdict"
"""Label of a score whose judge answered, and nobody could read what."""
OPEN = (PENDING, UNREAD)
"""Labels of scores that a judge owes: their output is not judged, whatever else passed."""


def passing(scores: Iterable[tuple[bool | None, float, str]]) -> bool | None:
    """Whether an output passes, from what each of its checks came to: (passed, weight, label). None: it is not judged.

    It fails where a check fails. It is not judged where none does and a judge still owes its verdict. A check that could not be asked
    (`passed` None) leaves the word to the others; where they are none, the output is not judged. A check of weight 0 only tells: it
    fails nothing, as in promptfoo, and where there are no others the output passes.
    """
    counts, asked, told = False, False, False
    is_open = False
    for passed, weight, label in scores:
        if weight <= 0:
            told = told or passed is not None
            continue
        counts = True
        if passed is None:
            is_open = is_open or label in OPEN
        elif not passed:
            return False
        else:
            asked = True
    if is_open:
        return None
    return True if asked or (told and not counts) else None


def word_of(passed: bool | None, weight: float, label: str) -> str:
    """What one check came to, in a word or two."""
    if passed is None:
        return {PENDING: "not judged yet", UNREAD: "no verdict"}.get(label, "not run")
    return "passed" if passed else "failed" if weight > 0 else "not so, only tells"
