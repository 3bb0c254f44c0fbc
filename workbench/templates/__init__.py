"""Templates: their variables, their problems, and rendering them within a budget of time and memory."""

from workbench.templates.placed import attachment_kinds, name_of_messages
from workbench.templates.records import MissingValues, Piece, PreviewMessage, TemplateProblem, Variable
from workbench.templates.template import (
    check,
    circle,
    filter_names,
    frozen,
    included,
    is_plain,
    names,
    preview,
    render,
    render_text,
    renewed,
    required,
    variables,
    with_renamed,
)

__all__ = [
    "MissingValues",
    "Piece",
    "PreviewMessage",
    "TemplateProblem",
    "Variable",
    "attachment_kinds",
    "check",
    "circle",
    "filter_names",
    "frozen",
    "included",
    "is_plain",
    "name_of_messages",
    "names",
    "preview",
    "render",
    "render_text",
    "renewed",
    "required",
    "variables",
    "with_renamed",
]  # fmt: skip
