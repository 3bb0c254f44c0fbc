"""A template of the command line tool `llm`, written: one system text and one prompt, places as `$name`. Its reader: `llm_template`."""

from __future__ import annotations

from typing import Any

from workbench.formats.double_braces import to_dollars
from workbench.formats.foreign_values import declared_default
from workbench.formats.foreign_writing import Outgoing, bare, each_text, parameters_for, tell, text_of
from workbench.formats.llm_template import looks_like
from workbench.formats.reports import Notes
from workbench.formats.yaml_text import dump
from workbench.values.problems import BadInput

_FORM = "this format holds one system text and one prompt of the user, in this order"


def write(out: Outgoing, notes: Notes) -> str:
    """The text of the file. Raises BadInput, with the place, for what cannot be said in it."""
    content = out.content
    defaults = {name: spec.default for name, spec in content.variables.items() if spec.default is not None}
    holds_all = all(spec == declared_default(spec.default) for spec in content.variables.values())
    tell(out, notes, "schema", "variables")
    if not holds_all:
        notes.add("variables", "Types and descriptions of variables have no place in this format, only defaults.")
    texts = each_text(content, lambda text: to_dollars(text, content.snippets))
    roles = [message.role for message, _ in texts]
    if roles not in (["user"], ["system", "user"]):
        listed = f"{len(roles)} messages" if len(roles) > 3 else f"messages of {', '.join(roles)}" if roles else "no message"
        raise BadInput(f"It has {listed}: {_FORM}.", remedy="Choose another format.")
    *before, (_, user) = texts
    if not text_of(user):
        raise BadInput("The message of the user is empty: llm would put what it is asked there.", remedy="Write $input or another text.")
    data: dict[str, Any] = {"name": out.prompt.name}
    for _, parts in before:
        if text_of(parts):
            data["system"] = text_of(parts)
        else:
            notes.add("message 1", "The empty system message has no place in this format.")
    data["prompt"] = text_of(user)
    parameters, schema = parameters_for(out, notes), bare(out, notes)
    if defaults:
        data["defaults"] = defaults
    if parameters:
        data["options"] = parameters
    if schema is not None:
        data["schema_object"] = schema
    if not looks_like(data):  # nothing in it tells it from a short prompt file of our own
        data["defaults"] = {}
    return dump(data)
