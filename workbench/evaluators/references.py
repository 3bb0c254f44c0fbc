"""Checks against the case's expected answer: the same after numbers and dates are written alike, and the right label."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from workbench.evaluators.facts import Asked, Finding, Handler
from workbench.evaluators.outcomes import CannotRun
from workbench.evaluators.texts import as_text, parse_json

LONGEST = 100_000
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january januar janvier enero", "february februar février febrero", "march märz mars marzo", "april avril abril", "may mai mayo",
         "june juni juin junio", "july juli juillet julio", "august août agosto", "september septembre septiembre",
         "october oktober octobre octubre", "november novembre noviembre", "december dezember décembre diciembre"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS |= {name: number for number, name in enumerate(_SHORT, start=1)} | {"sept": 9, "okt": 10, "dez": 12}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_PIECE = re.compile(
    rf"(?P<iso>\b\d{{4}}-\d\d?-\d\d?)(?:t00:00(?::00)?z?)?\b"
    rf"|\b(?P<day>\d\d?)(?:st|nd|rd|th|\.)?\s?(?:of\s)?(?P<month>{_MONTH})\b\.?,?\s?(?P<year>\d{{4}})\b"
    rf"|\b(?P<month2>{_MONTH})\b\.?\s(?P<day2>\d\d?)(?:st|nd|rd|th)?,?\s(?P<year2>\d{{4}})\b"
    r"|\b(?P<a>\d\d?)(?P<sign>[/.-])(?P<b>\d\d?)(?P=sign)(?P<year3>\d{4})\b"
    r"|(?P<number>(?:(?<![\w.])[-+−])?(?:\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d{1,3}\.\d{3},\d+|\d+(?:[.,]\d+)?|\.\d+))"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)|(?P<sign2>[%€$£¥°])"
)
_Piece = str | Decimal | frozenset[date]


def matches_reference(asked: Asked) -> Finding:
    """The answer is the expected one: letter case, spaces, punctuation and the way of writing numbers and dates do not count."""
    wanted = asked.expected()
    if len(asked.text) > LONGEST:
        return False, "The answer is far longer than the expected one."
    ours, theirs = list(_pieces(asked.text)), list(_pieces(as_text(wanted)))
    if not theirs:
        return asked.text.strip() == as_text(wanted).strip(), "The expected answer has neither words nor numbers."
    for place, (mine, his) in enumerate(zip(ours, theirs, strict=False), start=1):
        if not _same(mine, his):
            return False, f"The answer differs from the expected one at word {place}: “{_said(mine)}”, expected “{_said(his)}”."
    if len(ours) != len(theirs):
        return False, f"The answer has {len(ours):,} words and numbers, the expected one {len(theirs):,}."
    return True, "The answer is the expected one."


def _pieces(text: str) -> Iterator[_Piece]:
    """Words in small letters, numbers as numbers, dates as all days that they can mean."""
    for found in _PIECE.finditer(unicodedata.normalize("NFKC", text[:LONGEST]).casefold()):
        kind = found.lastgroup
        days = _days(found.groupdict())
        if days:
            yield days
        elif kind == "number":
            yield _number(found[0])
        elif kind in ("word", "sign2"):
            yield found[0].replace("’", "'")
        else:  # looks like a date and is none
            yield from (_number(digits) for digits in re.findall(r"\d+", found[0]))


def _days(parts: Mapping[str, str | None]) -> frozenset[date]:
    """03/05/2024 is two days, since nobody knows where it was written."""
    if parts["iso"]:
        year, month, day = map(int, parts["iso"].split("-"))
        options = [(year, month, day)]
    elif parts["year"]:
        options = [(int(parts["year"]), _MONTHS[str(parts["month"])], int(str(parts["day"])))]
    elif parts["year2"]:
        options = [(int(parts["year2"]), _MONTHS[str(parts["month2"])], int(str(parts["day2"])))]
    elif parts["year3"]:
        one, two, year = int(str(parts["a"])), int(str(parts["b"])), int(parts["year3"])
        options = [(year, two, one)] + ([(year, one, two)] if parts["sign"] != "." else [])
    else:
        options = []
    found = set()
    for year, month, day in options:
        try:
            found.add(date(year, month, day))
        except ValueError:
            continue
    return frozenset(found)


def _number(text: str) -> Decimal:
    """1,234.50 and 1'234.5 are one number; so are 1.234.567,8 and 1234567.8. One comma with three digits behind parts thousands."""
    text = re.sub("['’]", "", text.replace("−", "-"))
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    elif "," in text:
        text = text.replace(".", "").replace(",", ".")
    elif text.count(".") > 1:
        text = text.replace(".", "")
    return Decimal(text)


def _same(mine: _Piece, his: _Piece) -> bool:
    if isinstance(mine, frozenset) and isinstance(his, frozenset):
        return bool(mine & his)
    return mine == his


def _said(piece: _Piece) -> str:
    return sorted(piece)[0].isoformat() if isinstance(piece, frozenset) else str(piece)[:40]


_FIELDS = ("label", "class", "category", "classification", "intent", "answer", "result", "sentiment")
_PREFIX = re.compile(r"(?:the )?(?:label|class|category|classification|intent|answer|result|sentiment)(?: is)?\s*[:=]\s*", re.IGNORECASE)
_FENCED = re.compile(r"\s*```\w*\n(.*)\n```\s*", re.DOTALL)


def classification(asked: Asked) -> Finding:
    """The label that the answer gives is the expected one. A value lists all labels, so that one inside a sentence is found."""
    if asked.reference is None or asked.reference == "":
        raise CannotRun("The case has no expected answer, so there is no label to compare with. Give the case one.")
    expected, labels = _label(as_text(asked.reference)), _labels(asked.value)
    said = given_label(asked.text, [*labels, _label(as_text(asked.reference))] if labels else [])
    if said is None:
        return False, f"The answer gives no single label, expected is “{expected[:60]}”."
    return said == expected, f"The answer says “{said[:60]}”, expected is “{expected[:60]}”."


def given_label(text: str, labels: list[str]) -> str | None:
    """The label that an answer gives, in small letters: a field of JSON, what stands behind `Label:`, the whole answer, or the only
    one of the known labels in it. None where there are several or none."""
    text = text[:LONGEST]
    if fenced := _FENCED.fullmatch(text):
        text = fenced[1]
    try:
        found: Any = parse_json(text)
    except ValueError:
        found = text
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if isinstance(found, Mapping):
        low = {str(key).lower(): value for key, value in found.items()}
        found = next((low[key] for key in _FIELDS if key in low), next(iter(low.values())) if len(low) == 1 else text)
    said = _label(found if isinstance(found, str) else as_text(found))
    said = _PREFIX.sub("", said, count=1) if _PREFIX.match(said) else said
    said = _label(said)
    if not labels or said in labels:
        return said
    inside = {label for label in labels if label and re.search(rf"(?<!\w){re.escape(label)}(?!\w)", said)}
    longest = {one for one in inside if not any(one != other and one in other for other in inside)}
    return longest.pop() if len(longest) == 1 else None


def _labels(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        value = value.get("labels")
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [_label(as_text(item)) for item in items if item]


def _label(text: str) -> str:
    """A label without what models put around it: quotes, stars, a stop."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(" \"'`*_.,!:;“”„‘’()[]")


HANDLERS: dict[str, Handler] = {"matches-reference": matches_reference, "classification": classification}
