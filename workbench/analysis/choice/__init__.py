"""Choosing a model: candidates from stored answers, how well each fits by weights, and what it costs a month."""

from workbench.analysis.choice.candidates import Candidate, MustHave, lacking, same_verdict
from workbench.analysis.choice.fit import CRITERIA, USUAL_WEIGHTS, Scorecard, Scored, best_for_money, evened, reweighted, scorecard
from workbench.analysis.choice.ownership import Line, OwnServer, break_even, lines, monthly
from workbench.analysis.choice.tables import calls_words, cost_table, decision_note, quality_table, scorecard_table, wins_table

__all__ = [
    "CRITERIA",
    "USUAL_WEIGHTS",
    "Candidate",
    "Line",
    "MustHave",
    "OwnServer",
    "Scorecard",
    "Scored",
    "best_for_money",
    "break_even",
    "calls_words",
    "cost_table",
    "decision_note",
    "evened",
    "lacking",
    "lines",
    "monthly",
    "quality_table",
    "reweighted",
    "same_verdict",
    "scorecard",
    "scorecard_table",
    "wins_table",
]
