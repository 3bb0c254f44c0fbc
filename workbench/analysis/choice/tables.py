"""The scorecard and its charts as tables, and as a note for whoever decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.analysis.choice.candidates import Candidate
from workbench.analysis.choice.fit import CRITERIA, Scorecard, best_for_money
from workbench.analysis.choice.ownership import Line, break_even, monthly
from workbench.analysis.preferences import ENOUGH_VOTES, WinRate
from workbench.analysis.results.result_tables import ResultTable, Value

_PLACES = {"cloud": "Cloud", "server": "Own server", "builtin": "This computer", "hand": "By hand"}


def _place(one: Candidate) -> str:
    place = _PLACES.get(one.place, one.place)
    return f"{place}, {one.region}" if one.region else place


def scorecard_table(card: Scorecard) -> ResultTable:
    """All models with all figures."""
    rows: list[tuple[Value, ...]] = []
    for row in card.rows:
        one = row.candidate
        rows.append(
            (
                None if row.fit is None else round(row.fit, 1), one.title, _share(one.rate), _share(one.low), _share(one.high), one.passed,
                one.of, one.cases, _seconds(one.p50_ms), _seconds(one.p95_ms), _money(one.per_thousand), one.context,
                ", ".join(("text", *one.reads)), _place(one),
                _share(one.same), row.why,
            )
        )  # fmt: skip
    header = (
        "Fit", "Model", "Pass rate", "Low 95 %", "High 95 %", "Passed", "Of", "Cases", "p50 s", "p95 s", "Dollars per 1,000 calls",
        "Context", "Reads", "Runs on", "Same verdict", "Not ranked",
    )  # fmt: skip
    return ResultTable("Scorecard", header, rows, card.headline)


def quality_table(card: Scorecard) -> ResultTable:
    """Pass rate against cost."""
    candidates = [row.candidate for row in card.rows]
    best = {one.key for one in best_for_money(candidates)}
    rows: list[tuple[Value, ...]] = [
        (one.title, _money(one.per_thousand), _share(one.rate), _share(one.low), _share(one.high), _for_money(one, best))
        for one in candidates
    ]
    left_out = [one.title for one in candidates if one.per_thousand is None or one.rate is None]
    says = "A model on the line has none beside it that is as cheap and better."
    if left_out:
        says += f" Not drawn, since cost or pass rate is not known: {', '.join(left_out)}."
    return ResultTable("Quality against cost", ("Model", "Dollars per 1,000 calls", "Pass rate", "Low 95 %", "High 95 %", ""), rows, says)


def wins_table(wins: Sequence[WinRate], titles: Mapping[str, str], votes: int, raters: int) -> ResultTable:
    """Win rates of models in blind votes."""
    rows: list[tuple[Value, ...]] = [(titles[one.name], _share(one.rate), _share(one.low), _share(one.high), one.votes) for one in wins]
    if votes < ENOUGH_VOTES:
        says = (
            f"{votes} votes so far. Win rates appear after {ENOUGH_VOTES}."
            if votes != 1
            else f"1 vote so far. Win rates appear after {ENOUGH_VOTES}."
        )
    else:
        says = f"Ties count half. {raters} {'rater' if raters == 1 else 'raters'}. Intervals that overlap may be chance."
    return ResultTable("Blind win rate", ("Model", "Win rate", "Low 95 %", "High 95 %", "Votes"), rows, says)


def cost_table(found: Sequence[Line], calls: int) -> ResultTable:
    """What the calls of a month cost by each way, with what is assumed and where the own server pays off."""
    rows: list[tuple[Value, ...]] = []
    for line in found:
        evens = [(other.title, break_even(other, line)) for other in found if other.server is None and line.server is not None]
        said = "; ".join(f"from {at:,.0f} calls against {title}" for title, at in evens if at is not None)
        rows.append(
            (line.title, "own server" if line.server else "hosted", round(line.per_call * 1000, 4), round(monthly(line, calls), 2), said)
        )
    header = ("Way", "Kind", "Dollars per 1,000 calls", f"Dollars a month at {calls:,} calls", "Own server pays off")
    return ResultTable("Total cost a month", header, rows, cost_words(found))


def cost_words(found: Sequence[Line]) -> str:
    """From where on the own server pays off, and what was assumed."""
    hosted = [line for line in found if line.server is None]
    own = [line for line in found if line.server is not None]
    said = []
    if not hosted:
        said.append("No hosted model has a known price. Set one in Models to compare it with an own server.")
    for line in own[:1]:
        at = break_even(hosted[0], line) if hosted else None
        if at is not None:
            said.append(f"{line.title} pays off above {calls_words(at)} calls a month against {hosted[0].title}.")
        elif hosted:
            said.append(f"{line.title} never pays off against {hosted[0].title}.")
        if line.server is not None:
            said.append(line.server.words)
        if line.candidate is None:
            said.append("No model of an own server was tried: what its calls cost beside the server is taken as nothing.")
    return " ".join(said)


def calls_words(calls: float) -> str:
    """`509k`, `1.24M`, `950`."""
    if calls >= 999_500:
        return f"{calls / 1e6:.3g}M"
    return f"{calls / 1e3:.3g}k" if calls >= 1_000 else f"{calls:.0f}"


def decision_note(card: Scorecard, evidence: Sequence[str], costs: ResultTable) -> str:
    """A note in Markdown: who fits best, by which weights, on what evidence, and what it costs."""
    table = scorecard_table(card)
    shown = (0, 1, 2, 3, 4, 9, 10, 14, 15)
    lines = [
        "# Choice of a model",
        "",
        card.headline,
        "",
        "Weights: " + ", ".join(f"{name} {card.weights[name]:.0f}" for name in CRITERIA) + ".",
        "",
    ]
    lines.append("| " + " | ".join(table.header[at] for at in shown) + " |")
    lines.append("|" + "---|" * len(shown))
    lines += ["| " + " | ".join(_cell(row[at]) for at in shown) + " |" for row in table.rows]
    lines += ["", *(f"- {said}" for said in evidence), "", "## Total cost", "", costs.says, ""]
    lines += [f"- {_cell(row[0])}: ${float(row[3] or 0):,.2f} a month ({costs.header[3].rsplit(' at ', 1)[-1]})" for row in costs.rows]
    lines += ["", *card.formula.splitlines()]
    return "\n".join(lines) + "\n"


def _cell(value: Value) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def _for_money(one: Candidate, best: set[str]) -> str:
    if one.per_thousand is None or one.rate is None:
        return "not known"
    return "best for the money" if one.key in best else "beaten on both"


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value / 1000, 3)


def _money(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
