"""A run as one HTML file that needs nothing beside it: no script, no address, pictures inside.

Every text in it is somebody's: all are escaped, and the page's own policy forbids whatever a slip might let through.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import IO, Any

from workbench import __version__
from workbench.exports.facts import Facts
from workbench.exports.items import Item, about
from workbench.exports.page_style import style_sheet
from workbench.exports.words import chance, cost_of, counted, counts, prompt_of, seconds, word_in
from workbench.runs.records import ColumnInfo
from workbench.values import Part

MOST_ANSWERS = 2000
"""Answers that are shown in full; beyond them the cases that went wrong go first."""
LONGEST = 20_000
_PICTURE_BYTES = 64 * 1024 * 1024
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp")
_TURNED = 25
_MOST_CAUSES = 20
_GAUGE = 180
_UNFIT = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(55296, 57344), 65534, 65535), "�")
"""Signs that HTML has no place for."""

Pictures = Callable[[int], Sequence[Part]]


def shown_cases(facts: Facts) -> list[int]:
    """The cases whose answers are shown, in their order: all, or where those are too many first those that went wrong."""
    width = max(1, len(facts.columns) * facts.plan.repeats)
    most = max(1, MOST_ANSWERS // width)
    indexes = [case.index for case in facts.cases]
    if len(indexes) <= most:
        return indexes
    bad = [case.index for case in facts.worst]
    known = set(bad)
    return sorted([*bad, *(index for index in indexes if index not in known)][:most])


def write_page(file: IO[str], facts: Facts, cases: Sequence[int], items: Iterable[Item], pictures: Pictures) -> int:
    """How many answers the page shows."""
    page = _Page(facts, frozenset(cases), pictures)
    count = 0
    for piece in page.head():
        file.write(piece)
    for case, answers in groupby(items, key=lambda item: item.case_index):
        listed = list(answers)
        count += len(listed)
        for piece in page.case(case, listed):
            file.write(piece)
    for piece in page.foot():
        file.write(piece)
    return count


def _table(title: str, caption: str, heads: Sequence[str], rows: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    """A section with a table of figures. The name of a row is markup already."""
    first, *others = heads
    figures = "".join(f'<th class="figure">{_e(head)}</th>' for head in others)
    yield f'<h2>{_e(title)}</h2>\n<div class="wide"><table><caption>{_e(caption)}</caption>'
    yield f"<thead><tr><th>{_e(first)}</th>{figures}</tr></thead><tbody>\n"
    for name, cells in rows:
        figures = "".join(f'<td class="figure">{_e(cell)}</td>' for cell in cells)
        yield f'<tr><th scope="row">{name}</th>{figures}</tr>\n'
    yield "</tbody></table></div>\n"


def _e(text: object) -> str:
    return escape(str(text).translate(_UNFIT), quote=True)


class _Page:
    def __init__(self, facts: Facts, shown: frozenset[int], pictures: Pictures) -> None:
        self._facts, self._shown, self._pictures = facts, shown, pictures
        self._room = _PICTURE_BYTES

    # -- before the cases --------------------------------------------------------------------------------------

    def head(self) -> Iterator[str]:
        facts, run = self._facts, self._facts.run
        rules, allowed = style_sheet()
        policy = f"default-src 'none'; img-src data:; style-src {allowed}; base-uri 'none'; form-action 'none'"
        title = _e(f"{run.comparison}, run {run.number}")
        yield (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n<meta name="referrer" content="no-referrer">\n'
            f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{title}</title>\n<style>{rules}</style>\n'
            f"</head>\n<body>\n<header><h1>{title}</h1>\n"
        )
        when = (run.finished_at or run.started_at or run.created_at)[:16].replace("T", " ")
        on = f" on {facts.dataset}" if facts.dataset else ""
        sums = f"{counted(len(facts.plan.cases), 'case')}{on}, {counted(len(facts.columns), 'column')}"
        yield f'<p class="meta">{_e(sums)}. {_e(counts(run))}. {_e(when)} UTC.</p></header>\n'
        yield from self._list("What the numbers say", facts.sentences)
        yield from self._columns()
        yield from self._against()
        yield from self._causes()
        yield from self._checks()
        yield from self._wins()
        yield from self._list("Failed calls", [f"{count} × {words}" for words, count in facts.failures])
        yield from self._worst()
        left = len(facts.cases) - len(self._shown)
        said = f'<p class="meta">{counted(left, "case")} more are not shown here: those that went wrong go first.</p>' if left else ""
        yield f"<h2>Cases</h2>\n{said}\n"

    def _list(self, title: str, sentences: Sequence[str]) -> Iterator[str]:
        if sentences:
            yield f"<h2>{_e(title)}</h2>\n<ul>{''.join(f'<li>{_e(sentence)}</li>' for sentence in sentences)}</ul>\n"

    def _columns(self) -> Iterator[str]:
        yield (
            '<h2>Columns</h2>\n<div class="wide"><table><thead><tr><th>Prompt</th><th>Model</th><th class="figure">Passed</th>'
            '<th>95 % interval, 0 to 100 %</th><th class="figure">Rating</th><th class="figure">Median</th><th class="figure">95 % of calls'
            '</th><th class="figure">Cost</th></tr></thead><tbody>\n'
        )
        for column in self._facts.columns:
            passed = "-" if column.pass_rate is None else f"{column.pass_rate:.0%} ({column.passed:,} of {column.checked:,})"
            rating = "-" if column.mean_rating is None else f"{column.mean_rating:.1f} ({column.rated:,})"
            yield f'<tr><th scope="row">{_e(prompt_of(column))}</th><td>{_e(column.model)}</td><td class="figure">{passed}</td>'
            yield f'<td>{_gauge(column)}</td><td class="figure">{rating}</td><td class="figure">{seconds(column.p50_ms)}</td>'
            yield f'<td class="figure">{seconds(column.p95_ms)}</td><td class="figure">{_e(cost_of(column))}</td></tr>\n'
        yield "</tbody></table></div>\n"

    def _against(self) -> Iterator[str]:
        against = self._facts.against
        if against is None:
            return
        found, before = against.regression, against.baseline
        worse, better = found.count("worse"), found.count("better")
        said = f" {chance(worse, better, found.p_value)}." if worse or better else ""
        yield f"<h2>Against {_e(before.comparison)}, run {before.number}</h2>\n"
        yield f"<p>{worse} worse, {better} better, {found.count('same')} same.{_e(said)}</p>\n<ul>"
        for change in found.changed:
            yield f"<li>{_e(change.what)}: {_e(f'{change.before} to ' if change.before else '')}{_e(change.after)}</li>"
        if found.unchanged:
            yield f"<li>Unchanged: {_e(', '.join(found.unchanged))}</li>"
        yield "</ul>\n"
        turned = [change for kind in ("worse", "better") for change in found.cases if change.kind == kind]
        for one in turned[:_TURNED]:
            tag = '<span class="tag fail">worse</span>' if one.kind == "worse" else '<span class="tag pass">better</span>'
            was = "before, " if one.kind == "better" else ""
            column = self._facts.titles[found.pairs[one.pair].column]
            yield f"<p>{tag} {self._case_link(one.case)}, {_e(column)}{f': {was}{_e(one.reason)}' if one.reason else ''}</p>\n"
        if len(turned) > _TURNED:
            yield f'<p class="meta">and {len(turned) - _TURNED} more</p>\n'

    def _causes(self) -> Iterator[str]:
        facts = self._facts
        if not facts.causes:
            return
        yield from _table(
            "Why answers failed", "An answer that failed several checks counts at the first", ("Cause", "Answers", *facts.titles),
            ((_e(name), (f"{count:,}" for count in (sum(answers), *answers))) for name, answers in facts.causes[:_MOST_CAUSES]),
        )  # fmt: skip
        if len(facts.causes) > _MOST_CAUSES:
            yield f'<p class="meta">and {len(facts.causes) - _MOST_CAUSES} more</p>\n'

    def _checks(self) -> Iterator[str]:
        facts = self._facts
        if not facts.checks:
            return
        judge = ' <span class="small">judge</span>'
        yield from _table(
            "Checks", "Answers that passed, of those on which the check gave a verdict", ("Check", *facts.titles),
            (
                (_e(check.title) + (judge if check.judge else ""), (check.said(at) for at in range(len(facts.columns))))
                for check in facts.checks
            ),
        )  # fmt: skip

    def _wins(self) -> Iterator[str]:
        facts = self._facts
        if not facts.wins:
            return
        yield from _table(
            "Win rates", "The chance to beat the answer of another column, by people’s votes; a tie is half a win",
            ("Column", "Beats another", "95 % interval", "Votes"),
            (
                (_e(facts.titles[one.column]), (f"{one.rate:.0%}", f"{one.low:.0%} to {one.high:.0%}", f"{one.votes:,}"))
                for one in facts.wins
            ),
        )  # fmt: skip

    def _worst(self) -> Iterator[str]:
        worst = self._facts.worst
        if not worst:
            return
        yield "<h2>Worst cases</h2>\n<ul>"
        for case in worst[:15]:
            column, reason = case.reasons[0] if case.reasons else (0, "")
            where = f"{self._facts.titles[column]}: " if len(self._facts.columns) > 1 else ""
            said = f"; {where}{_shortened(reason, 200)}" if reason else ""
            asked = case.checked + case.errors
            yield f"<li>{self._case_link(case.index)}: {case.passed} of {asked} passed{_e(said)}</li>"
        yield f"</ul>\n{f'<p class=meta>and {len(worst) - 15} more</p>' if len(worst) > 15 else ''}\n"

    def _case_link(self, index: int) -> str:
        words = _e(self._case_words(index))
        return f'<a href="#case-{index + 1}">{words}</a>' if index in self._shown else words

    def _case_words(self, index: int) -> str:
        name = self._facts.plan.cases[index].name
        return f"Case {index + 1}{f', {name}' if name else ''}"

    # -- cases -------------------------------------------------------------------------------------------------

    def case(self, index: int, items: Sequence[Item]) -> Iterator[str]:
        """One case with the answers of all columns."""
        case, facts = self._facts.plan.cases[index], self._facts.cases[index]
        asked = facts.checked + facts.errors
        said = f'<span class="meta">{facts.passed} of {asked} passed</span>' if asked else ""
        yield f'<section class="case" id="case-{index + 1}">\n<header><h3>{_e(self._case_words(index))}</h3>{said}</header>\n'
        fields = [(name, self._value(value)) for name, value in case.values.items()]
        if case.reference is not None:
            fields.append(("Reference", _text(case.reference)))
        if fields:
            yield f"<dl>{''.join(f'<dt>{_e(name)}</dt><dd>{value}</dd>' for name, value in fields)}</dl>\n"
        yield '<div class="answers">\n'
        for item in items:
            yield from self._answer(item)
        yield "</div>\n</section>\n"

    def _answer(self, item: Item) -> Iterator[str]:
        document = item.document
        repeat = f", answer {document['repeat']}" if self._facts.plan.repeats > 1 else ""
        figures = [seconds(document["latency_ms"])] if document["latency_ms"] is not None else []
        if document["cost_usd"] is not None:
            figures.append("free" if document["cost_usd"] == "0" else f"${document['cost_usd']}")
        yield f'<article class="answer"><h4>{_e(self._facts.titles[item.column])}{_e(repeat)}</h4>'
        yield f'<div class="small">{_tag(document)} {_e(", ".join(figures))}</div>\n'
        if document["error"]:
            yield f'<p class="text">{_e(document["error"].get("message") or "The call failed.")}</p>\n'
        if document["text"]:
            yield f'<div class="text">{_text(document["text"])}</div>\n'
        if document["refusal"]:
            yield f'<p class="text">Refused: {_text(document["refusal"])}</p>\n'
        if item.pictures and item.output_id is not None:
            for part in self._pictures(item.output_id):
                yield self._picture(part.media_type, part.data, "Picture that the model made")
        notes = [_check_words(check) for check in document["checks"] if check["passed"] is not True]
        notes += [f"{one['rater']}, {about(one)}: {_said(one['value'])}" for one in document["ratings"] if one["aspect"] != "edited"]
        if notes:
            yield f"<ul>{''.join(f'<li>{_e(note)}</li>' for note in notes)}</ul>"
        yield "</article>\n"

    def _value(self, value: Any) -> str:
        if isinstance(value, Mapping) and value.get("type") in ("image", "file") and isinstance(value.get("sha256"), str):
            data, kind = self._facts.plan.files.get(value["sha256"], b""), str(value.get("media_type") or "")
            name = str(value.get("name") or value["type"])
            return self._picture(kind, data, name) if value["type"] == "image" and data else _e(name)
        return _text(value)

    def _picture(self, media_type: str, data: bytes, words: str) -> str:
        if media_type not in _PICTURES:
            return f'<p class="small">{_e(words)}: a picture of the kind {_e(media_type or "unknown")} is not shown here.</p>'
        if len(data) > self._room:
            return f'<p class="small">{_e(words)}: left out, to keep this file small enough to open.</p>'
        self._room -= len(data)
        return f'<img alt="{_e(words)}" src="data:{media_type};base64,{base64.b64encode(data).decode("ascii")}">'

    def foot(self) -> Iterator[str]:
        """The end of the page."""
        yield f"<footer>Written by Prompt Workbench {_e(__version__)}. This file loads nothing and holds no script.</footer>\n"
        yield "</body>\n</html>\n"


def _gauge(column: ColumnInfo) -> str:
    """The pass rate as a dot on its interval, on a line from 0 to 100 %."""
    if column.pass_rate is None or column.pass_low is None or column.pass_high is None:
        return "-"
    low, high, at = (round(4 + share * (_GAUGE - 8), 1) for share in (column.pass_low, column.pass_high, column.pass_rate))
    words = f"{column.pass_low:.0%} to {column.pass_high:.0%}"
    return (
        f'<svg width="{_GAUGE}" height="16" viewBox="0 0 {_GAUGE} 16" role="img" aria-label="{words}">'
        f'<line x1="4" y1="8" x2="{_GAUGE - 4}" y2="8" stroke="currentColor" stroke-opacity=".3"/>'
        f'<line x1="{low}" y1="8" x2="{high}" y2="8" stroke="currentColor" stroke-width="6" stroke-opacity=".45"/>'
        f'<circle cx="{at}" cy="8" r="4.5" fill="currentColor"/></svg><span class="small">{words}</span>'
    )


def _tag(document: Mapping[str, Any]) -> str:
    if document["status"] != "done":
        return f'<span class="tag warn">{_e(document["status"])}</span>'
    if not document["checks"]:
        return ""
    if document["passed"] is None:
        return '<span class="tag warn">not judged</span>'
    return '<span class="tag pass">passed</span>' if document["passed"] else '<span class="tag fail">not passed</span>'


def _check_words(check: Mapping[str, Any]) -> str:
    why = f": {check['reason']}" if check["reason"] else ""
    return f"{check['name']}, {word_in(check)}{why}"


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(value: Any) -> str:
    return _e(_shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), LONGEST))


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]} … ({len(text) - longest:,} characters more)"
