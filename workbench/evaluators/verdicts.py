"""What a judge said, read tolerantly: fences, words around, single quotes and trailing commas are mended, a verdict is never made up."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from workbench.evaluators.judges import Form, kind_of
from workbench.quick_dataclass import dataclass
from workbench.values import Check

Winner = Literal["first", "second", "tie"]

_LONGEST = 20_000
_STARTS = 50
_TRUE, _FALSE = {"true", "yes", "y", "pass", "passed"}, {"false", "no", "n", "fail", "failed"}
_CATEGORIES = {
    "A": ("subset", True), "B": ("superset", True), "C": ("agrees", True), "D": ("disagrees", False), "E": ("differs in form only", True),
}  # fmt: skip
_KEYS: dict[Form, tuple[str, ...]] = {
    "verdict": ("pass", "score"), "category": ("category",), "points": ("score",), "best": ("best",), "pair": ("winner",),
}  # fmt: skip
_TRAILING = re.compile(r",(\s*[}\]])")
_WORDS = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\b(true|false|null)\b""")
_BEGUN = re.compile(r"""\{\s*["']?(?:reason|pass|score|category|best|winner)["']?\s*:[^{}]*\Z""")
_PYTHON = {"true": "True", "false": "False", "null": "None"}


class Unreadable(Exception):
    """An answer that holds no verdict; `str()` is a sentence that the judge is told."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a judge said, before `not-` turns it round. `best`: of a row, the place of the best; `winner`: of two."""

    passed: bool = False
    score: float = 0.0
    reason: str = ""
    label: str = ""
    best: int = 0
    winner: Winner = "tie"


def read(check: Check, text: str, answers: int = 1, *, judged: Sequence[str] = (), is_cut: bool = False) -> Said:
    """The verdict in a judge's answer about so many answers. Raises Unreadable where there is none, or more than one.

    A verdict that stands word for word in one of the `judged` texts is a quotation and none of the judge's own. `is_cut`: the judge was
    cut off, so that only what it said last can be whole.
    """
    kind = kind_of(check.type)
    assert kind is not None
    found = _object(text, _KEYS[kind.form], judged, is_cut=is_cut)
    reason = " ".join(str(found.get("reason") or "").split())
    if kind.form == "category":
        letter = str(found["category"]).strip().strip("()").upper()[:1]
        if letter not in _CATEGORIES:
            raise Unreadable("The category is none of A, B, C, D and E.")
        label, passed = _CATEGORIES[letter]
        return Said(passed, float(passed), reason, label)
    if kind.form == "best":
        return Said(reason=reason, best=_place(found["best"], answers))
    if kind.form == "pair":
        return Said(reason=reason, winner=_winner(found["winner"]))
    threshold = kind.threshold if check.threshold is None else check.threshold
    if kind.form == "points":
        score = _number(found["score"], 10) / 10
        return Said(score >= (threshold or 0) - 1e-9, score, reason)
    passed_word = _truth(found["pass"]) if found.get("pass") is not None else None
    score_given = _number(found["score"], 1) if found.get("score") is not None else None
    if passed_word is None and (threshold is None or score_given is None):
        raise Unreadable('It lacks "pass".')
    score = float(bool(passed_word)) if score_given is None else score_given
    enough = threshold is None or score >= threshold - 1e-9
    return Said(enough and passed_word is not False, score, reason)


def turned(check: Check, passed: bool, score: float) -> tuple[bool, float]:
    """A verdict as the check means it: `not-` turns it round."""
    return (not passed, 1.0 - score) if check.type.startswith("not-") else (passed, score)


def outcome(shown: Winner, swapped: Winner) -> Winner:
    """The better of two answers that a judge saw in both orders, as they stood the first time: who wins only from one side does not win.

    `swapped` is what it said of the same two the other way round.
    """
    mirrored: Winner = {"first": "second", "second": "first", "tie": "tie"}[swapped]  # type: ignore[assignment]
    return shown if shown == mirrored else "tie"


def of_row(outcomes: Sequence[Winner]) -> tuple[float, str]:
    """The share of points of one answer against the others, a tie counting half, and it in words; `first` is the answer itself."""
    wins, losses = outcomes.count("first"), outcomes.count("second")
    ties = len(outcomes) - wins - losses
    words = [_counted(wins, "win"), _counted(losses, "loss", "losses"), _counted(ties, "tie")]
    return (wins + ties / 2) / len(outcomes), ", ".join(filter(None, words))


def _counted(count: int, one: str, many: str = "") -> str:
    return "" if not count else f"1 {one}" if count == 1 else f"{count} {many or one + 's'}"


def _object(text: str, keys: Sequence[str], judged: Sequence[str], *, is_cut: bool) -> Mapping[str, Any]:
    """The one JSON object in a text that has one of these keys. A text that quotes another verdict beside its own has none."""
    if not text.strip():
        raise Unreadable("It was empty.")
    text = text[-_LONGEST:]
    wanted = [(item, start, end) for item, start, end in _objects(text) if any(item.get(key) is not None for key in keys)]
    if not wanted:
        raise Unreadable(f'It holds no JSON object with "{keys[0]}".')
    verdicts = {json.dumps([item.get(key) for key in keys], default=str) for item, _, _ in wanted}
    if len(verdicts) > 1:
        raise Unreadable("It holds several verdicts that differ.")
    found, start, end = wanted[-1]
    if any(text[start:end] in one for one in judged):
        raise Unreadable("The only verdict in it is quoted from what is judged.")
    if is_cut and text[end:].strip(" \n\r\t`"):
        raise Unreadable("It was cut off before its end.")
    if _is_inside(text, start):
        raise Unreadable("The only verdict in it stands inside another object, which does not end.")
    return found


def _is_inside(text: str, start: int) -> bool:
    """True where what begins there follows on the start of an object of ours that was never closed: it is then a part of its reason."""
    return _BEGUN.search(text, 0, start) is not None


def _objects(text: str) -> Iterator[tuple[Mapping[str, Any], int, int]]:
    """The outermost objects in a text that can be read, mended where need be, with where they begin and end."""
    at, tries = text.find("{"), 0
    while at >= 0 and tries < _STARTS:
        tries += 1
        found, end = _read_object(text, at)
        if found is not None:
            yield found, at, end
        at = text.find("{", end)


def _read_object(text: str, start: int) -> tuple[Mapping[str, Any] | None, int]:
    try:
        found, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    else:
        return (found, end) if isinstance(found, Mapping) else (None, end)
    end = text.find("}", start)
    for _ in range(8):  # the reason may hold braces
        if end < 0:
            break
        mended = _mended(text[start : end + 1])
        if mended is not None:
            return mended, end + 1
        end = text.find("}", end + 1)
    return None, start + 1


def _mended(text: str) -> Mapping[str, Any] | None:
    text = _TRAILING.sub(r"\1", text)
    for readable in (partial(json.loads, text, strict=False), partial(ast.literal_eval, _WORDS.sub(_as_python, text))):
        try:
            found = readable()
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(found, Mapping) and all(isinstance(key, str) for key in found):
            return found
    return None


def _as_python(match: re.Match[str]) -> str:
    return match[1] or _PYTHON[match[2]]


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in _TRUE or value == 1:
        return True
    if word in _FALSE or value == 0:
        return False
    raise Unreadable('"pass" is neither true nor false.')


def _number(value: Any, most: int) -> float:
    """A number from 0 to `most`. Raises Unreadable for any other: what scale was meant is not guessed."""
    try:
        number = math.nan if isinstance(value, bool) else float(str(value).strip().removesuffix(f"/{most}"))
    except ValueError:
        number = math.nan
    if not 0 <= number <= most:
        raise Unreadable(f'"score" is no number from 0 to {most}.')
    return number


def _place(value: Any, answers: int) -> int:
    try:
        place = -1 if isinstance(value, bool) else int(str(value).strip().removeprefix("answer").strip(" #."))
    except ValueError:
        place = -1
    if not 1 <= place <= answers:
        raise Unreadable(f'"best" is no number from 1 to {answers}.')
    return place


def _winner(value: Any) -> Winner:
    word = str(value).strip().strip(".").casefold().removesuffix(" answer")
    for winner, words in (("first", ("first", "1", "a")), ("second", ("second", "2", "b")), ("tie", ("tie", "equal", "draw", "both"))):
        if word in words:
            return winner  # type: ignore[return-value]
    raise Unreadable('"winner" is none of "first", "second" and "tie".')
