"""A run as a Markdown summary for a pull request.

Names and what models wrote are somebody's text: they are escaped, so that they link to nothing, call nobody and break no table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape as html_escape

from workbench.analysis.regression import ComparedCase
from workbench.exports.facts import Facts
from workbench.exports.words import chance, cost_of, counted, counts, prompt_of, seconds

_MOST_CASES = 10
_MOST_CHECKS = 20
_LONGEST = 160
_MARKS = re.compile(r"([\\`*_\[\]|~])")
_CALLS = re.compile(r"([@#])(?=\w)")
_LINKS = re.compile(r"(?i)\b(https?|ftp|www)(?=[:.])")


def summary(facts: Facts) -> str:
    """The whole summary."""
    run = facts.run
    when = f"{(run.finished_at or run.started_at or run.created_at)[:16].replace('T', ' ')} UTC"
    on = f" on {escaped(facts.dataset)}" if facts.dataset else ""
    lines = [
        f"## {escaped(run.comparison)}, run {run.number}",
        "",
        f"{counted(len(facts.plan.cases), 'case')}{on}, {counted(len(facts.columns), 'column')}: {escaped(counts(run))}. {when}.",
        "",
        *(f"- {escaped(sentence)}" for sentence in facts.sentences),
        *([""] if facts.sentences else []),
        *_columns(facts),
    ]
    for title, part in (
        (f"Against run {facts.against.baseline.number}" if facts.against else "", list(_against(facts))),
        ("Why answers failed", _causes(facts)),
        ("Checks", _checks(facts)),
        ("Win rates", _wins(facts)),
        ("Worst cases", list(_worst(facts))),
        ("Failed calls", [f"- {count} × {code(words)}" for words, count in facts.failures]),
    ):
        if part:
            lines += ["", f"### {title}", "", *part]
    return "\n".join(lines) + "\n"


def _columns(facts: Facts) -> list[str]:
    heads = ["Prompt", "Model", "Passed", "95 % interval", "Rating", "Median", "Cost"]
    beside = {pair.column: pair for pair in facts.against.regression.pairs} if facts.against else {}
    rows = []
    for column in facts.columns:
        row = [
            escaped(prompt_of(column)), escaped(column.model),
            "-" if column.pass_rate is None else f"{column.pass_rate:.0%} ({column.passed:,} of {column.checked:,})",
            "-" if column.pass_low is None else f"{column.pass_low:.0%} to {column.pass_high:.0%}",
            "-" if column.mean_rating is None else f"{column.mean_rating:.1f} ({column.rated:,})", seconds(column.p50_ms),
            escaped(cost_of(column)),
        ]  # fmt: skip
        if facts.against:
            pair = beside.get(column.index)
            row.append("-" if pair is None else f"{pair.counts['worse']} worse, {pair.counts['better']} better")
        rows.append(row)
    if facts.against:
        heads.append(f"Against run {facts.against.baseline.number}")
    return table(heads, rows, 2)


def _against(facts: Facts) -> Iterator[str]:
    if facts.against is None:
        return
    found, before = facts.against.regression, facts.against.baseline
    worse, better = found.count("worse"), found.count("better")
    said = f" {chance(worse, better, found.p_value)}." if worse or better else ""
    sums = f"{worse} worse, {better} better, {found.count('same')} same"
    yield f"Compared with {escaped(before.comparison)}, run {before.number}: {sums}.{said}"
    yield ""
    for change in found.changed:
        yield f"- {escaped(change.what)}: {f'{escaped(change.before)} to ' if change.before else ''}{escaped(change.after)}"
    if found.unchanged:
        yield f"- Unchanged: {escaped(', '.join(found.unchanged))}"
    if found.only_run:
        yield f"- {counted(len(found.only_run), 'case')} not in run {before.number}: not compared"
    for kind in ("worse", "better"):
        turned = [change for change in found.cases if change.kind == kind]
        yield from (f"- {kind.capitalize()}: {_turned(facts, change)}" for change in turned[:_MOST_CASES])
        if len(turned) > _MOST_CASES:
            yield f"- and {len(turned) - _MOST_CASES} more {kind}"


def _turned(facts: Facts, change: ComparedCase) -> str:
    pair = facts.against.regression.pairs[change.pair] if facts.against else None
    column = f" in {escaped(facts.titles[pair.column])}" if pair is not None and len(facts.columns) > 1 else ""
    before = "before, " if change.kind == "better" else ""
    return f"{_case(change.case, facts.plan.cases[change.case].name)}{column}{f': {before}{code(change.reason)}' if change.reason else ''}"


def _causes(facts: Facts) -> list[str]:
    """Causes by column; nothing where all answers passed."""
    rows = [[_cell(code(name)), str(sum(counts)), *map(str, counts)] for name, counts in facts.causes[:_MOST_CHECKS]]
    more = len(facts.causes) - _MOST_CHECKS
    heads = ["Cause", "Answers", *map(escaped, facts.titles)]
    return (table(heads, rows, 1) if rows else []) + ([f"\nand {more} more"] if more > 0 else [])


def _checks(facts: Facts) -> list[str]:
    """Checks by column; nothing where there is one check alone, whose rates stand in the first table."""
    if len(facts.checks) < 2:
        return []
    rows = [
        [
            _cell(code(check.title)) + (" (judge)" if check.judge else ""),
            *(check.said(at) for at in range(len(facts.columns))),
        ]
        for check in facts.checks[:_MOST_CHECKS]
    ]
    more = len(facts.checks) - _MOST_CHECKS
    return table(["Check", *map(escaped, facts.titles)], rows, 1) + ([f"\nand {more} more"] if more > 0 else [])


def _wins(facts: Facts) -> list[str]:
    titles = [escaped(title) for title in facts.titles]
    rows = [[titles[one.column], f"{one.rate:.0%}", f"{one.low:.0%} to {one.high:.0%}", f"{one.votes:,}"] for one in facts.wins]
    return table(["Column", "Beats another", "95 % interval", "Votes"], rows, 1) if rows else []


def _worst(facts: Facts) -> Iterator[str]:
    worst = facts.worst
    for case in worst[:_MOST_CASES]:
        asked = case.checked + case.errors
        column, reason = case.reasons[0] if case.reasons else (None, "")
        where = f" in {escaped(facts.titles[column])}" if column is not None and len(facts.columns) > 1 else ""
        yield f"- {_case(case.index, case.name)}: {case.passed} of {asked} passed{f'; {code(reason)}{where}' if reason else ''}"
    if len(worst) > _MOST_CASES:
        yield f"- and {len(worst) - _MOST_CASES} more"


def _case(index: int, name: str) -> str:
    return f"case {index + 1}{f' {code(name, 80)}' if name else ''}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> list[str]:
    """A table; the first columns, which hold `words`, to the left, those of figures to the right."""
    rule = [":--" if at < words else "--:" for at in range(len(heads))]
    return [f"| {' | '.join(row)} |" for row in (heads, rule, *rows)]


def escaped(text: str) -> str:
    """A text that stands in Markdown for itself alone, in one line."""
    line = _MARKS.sub(r"\\\1", html_escape(_one_line(text), quote=False))
    line = _LINKS.sub(r"\1<!-- -->", line)
    return _CALLS.sub(r"\1<!-- -->", line)


def code(text: str, longest: int = _LONGEST) -> str:
    """A text of a model or a check as code, in which nothing is a mark, a mention or a link."""
    line = _one_line(text)
    line = line if len(line) <= longest else line[: longest - 1] + "…"
    if not line:
        return ""
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _cell(marked: str) -> str:
    """Code in a cell of a table, where a bar ends the cell even within code."""
    return marked.replace("|", "\\|")


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
