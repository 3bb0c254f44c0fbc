"""Templates: their variables, their problems, and rendering them within a budget of time and memory."""

from workbench.templates.records import MissingValues, Piece, PreviewMessage, TemplateProblem, Variable
from workbench.templates.template import check, filter_names, is_plain, names, preview, render, render_text, required, variables

__all__ = [
    "MissingValues", "Piece", "PreviewMessage", "TemplateProblem", "Variable",
    "check", "filter_names", "is_plain", "names", "preview", "render", "render_text", "required", "variables",
]  # fmt: skip
