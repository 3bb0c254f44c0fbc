"""What is wrong with a prompt, in one list: its templates, its values, and what is declared of its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.quick_dataclass import dataclass
from workbench.values import VariableSpec, VariableType

if TYPE_CHECKING:
    from workbench.gui.library.study import Facts
    from workbench.workspace import Variable


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where to jump to, or the variable whose declaration or value it is about."""

    text: str
    message: int | None = None
    line: int = 1
    column: int = 1
    variable: str = ""


def likely_type(name: str, facts: Facts) -> VariableType:
    """The type that the template suggests: what a loop goes through is a list, what is read by parts an object."""
    if name in facts.looped:
        return "list"
    return "object" if name in facts.parted else "text"


def problems(facts: Facts, values: Mapping[str, Any]) -> list[Problem]:
    """All problems with these values: those with a place in the order of the text, then those of declarations."""
    found: list[Problem] = []
    specs = facts.content.variables
    for number, (variables, trouble) in enumerate(zip(facts.variables, facts.problems, strict=True)):
        if trouble is not None:
            found.append(Problem(trouble.message, number, trouble.line, trouble.column))
            continue
        told: set[str] = set()
        firsts: dict[tuple[str, bool], Variable] = {}
        for variable in variables:
            firsts.setdefault((variable.name, variable.optional), variable)
        for (name, optional), first in firsts.items():
            words = _at(name, optional, specs.get(name), facts, values)
            if words and name not in told:
                told.add(name)
                found.append(Problem(words, number, first.line, first.column, name))
    certain = not any(facts.problems)
    for name, spec in specs.items():
        if certain and name not in facts.names:
            found.append(Problem(f"{name} is declared and nothing reads it.", variable=name))
        if name not in values and name in facts.names and (words := _unfit(name, spec, facts)):
            found.append(Problem(words, variable=name))
        if spec.default is not None and (why := spec.misfit(spec.default)):
            found.append(Problem(f"The default of {name} {why}.", variable=name))
    return found


def _at(name: str, optional: bool, spec: VariableSpec | None, facts: Facts, values: Mapping[str, Any]) -> str:
    """What is wrong where a variable is read."""
    if name not in values:
        return "" if optional or (spec is not None and not spec.needs_value) else f"{name} has no value here."
    if spec is None:
        return ""
    if why := spec.misfit(values[name]):
        return f"The value of {name} {why}."
    return _unfit(name, spec, facts)


def _unfit(name: str, spec: VariableSpec, facts: Facts) -> str:
    """Why what is declared of a variable is not what the text does with it; empty if it is."""
    likely = likely_type(name, facts)
    if likely == "text" or spec.type in (likely, "messages"):  # messages are a list of objects
        return ""
    return f"{name} is declared as {spec.type}, but {'a loop goes through it' if likely == 'list' else 'the text reads parts of it'}."


def renamed_variable(before: Facts, after: Facts) -> tuple[str, str] | None:
    """(old name, new name) where one variable got another name and nothing else changed; None else.

    The new name must be one that nothing declares, so that no declaration is lost.
    """
    gone = [name for name in before.names if name not in after.names]
    come = [name for name in after.names if name not in before.names]
    if len(gone) != 1 or len(come) != 1 or come[0] in after.content.variables:
        return None
    (old,), (new,) = gone, come
    pattern = re.compile(rf"\b{re.escape(new)}\b")
    texts = [[pattern.sub(lambda _found: old, message.text) for message in facts.content.messages] for facts in (before, after)]
    return (old, new) if texts[0] == texts[1] else None
