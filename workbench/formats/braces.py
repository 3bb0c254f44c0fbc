"""Texts in which `{name}` is the place of a value: Python's format strings as LangChain uses them, and ChainForge's."""

from __future__ import annotations

import re

from workbench.formats.jinja_text import JinjaText, variable_name
from workbench.formats.reports import Notes
from workbench.values.problems import BadInput

_PYTHON = re.compile(r"(?P<open>\{\{)|(?P<close>\}\})|\{(?P<field>[^{}]*)\}|(?P<stray>[{}])")
_FIELD = re.compile(r"(?P<name>[^\W\d]\w*)(?P<rest>(?:\.\w+|\[[^\]]*\])*)(?P<form>(?:![rsa])?(?::.*)?)", re.DOTALL)
_CHAINFORGE = re.compile(r"\\(?P<escaped>[{}])|\{(?P<field>[^{}\\\n]+)\}")


def from_format_string(text: str, notes: Notes, where: str) -> str:
    """The template for one of Python's format strings. Raises BadInput where it is none, with the line within the text."""
    found = JinjaText()
    at = 0
    for match in _PYTHON.finditer(text):
        found.text(text[at : match.start()])
        at = match.end()
        line = text.count("\n", 0, match.start()) + 1
        if match["open"] or match["close"]:
            found.text(match[0][0])
            continue
        field = _FIELD.fullmatch(match["field"]) if match["field"] is not None else None
        if field is None:
            raise BadInput(f"{where}, line {line} of its text: {match[0][:40]} is no place of a value, and no text in a format string.")
        if field["rest"]:
            raise BadInput(f"{where}, line {line} of its text: {match[0][:60]} looks into a value, which LangChain forbids too.")
        if field["form"]:
            notes.add(f"{where}: {match[0][:60]}", "the form of a number or text is not kept, only its value")
        found.variable(variable_name(field["name"], notes))
    found.text(text[at:])
    return str(found)


def from_chainforge(text: str, notes: Notes) -> str:
    """The template for a text of ChainForge: `{name}`, `{#name}` for a value that is kept apart, `\\{` for a brace."""
    found = JinjaText()
    at = 0
    for match in _CHAINFORGE.finditer(text):
        found.text(text[at : match.start()])
        at = match.end()
        if match["escaped"]:
            found.text(match["escaped"])
        else:
            found.variable(variable_name(match["field"].strip().lstrip("#="), notes))
    found.text(text[at:])
    return str(found)
