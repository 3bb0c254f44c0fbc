"""What keeps the prompt versions of a plan from being sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench import templates
from workbench.plan.frozen import Plan, distinct
from workbench.quick_dataclass import dataclass
from workbench.values import Variant, canonical
from workbench.values.variables import VariableSpec

_TOLD_MISFITS = 3


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Why some calls of a plan cannot be made."""

    prompt: str
    version: int | None
    message: str
    names: tuple[str, ...] = ()
    """Variables without a value."""
    cases: int = 0
    """How many cases are concerned."""
    fatal: bool = False
    """True if no case of this prompt version can be sent, or some would be sent with values of another type than it wants."""
    case: int | None = None
    """Number of the first case with such a value."""


def problems(plan: Plan, numbers: Sequence[int] = ()) -> tuple[PlanProblem, ...]:
    """What keeps prompt versions from being sent: syntax errors, values of another type, and all variables without a value at once.

    `numbers` are those of the cases in their dataset, where they are only some of it.
    """
    found: list[PlanProblem] = []
    for variant in distinct(column.variant for column in plan.columns):
        title = variant.prompt if variant.version is None else f"{variant.prompt} v{variant.version}"
        broken = _syntax_problem(variant)
        if broken:
            found.append(PlanProblem(variant.prompt, variant.version, f"{title}: {broken}", (), len(plan.cases), True))
            continue
        misfits = _misfits(plan, variant, title, numbers)
        if misfits is not None:
            found.append(misfits)
        found += _unreadable(plan, variant, title)
        needed = templates.required(variant.content)
        lacking = [tuple(name for name in needed if name not in case.values) for case in plan.cases]
        count = sum(1 for names in lacking if names)
        if not count:
            continue
        all_names = tuple(name for name in needed if any(name in names for names in lacking))
        where = f"in dataset {plan.dataset}" if plan.dataset else "in the cases"
        if count < len(plan.cases):
            where = f"in {count} of {len(plan.cases)} cases"
        listed = " and ".join([", ".join(all_names[:-1]), all_names[-1]] if len(all_names) > 1 else all_names)
        message = f"{title}: {listed} {'have' if len(all_names) > 1 else 'has'} no value {where}."
        found.append(PlanProblem(variant.prompt, variant.version, message, all_names, count, count == len(plan.cases)))
    return tuple(found)


def _misfits(plan: Plan, variant: Variant, title: str, numbers: Sequence[int]) -> PlanProblem | None:
    """The cases whose values are not of the types that a prompt version declares for what it reads."""
    specs = variant.content.variables
    read = [name for name in templates.names(variant.content) if name in specs and specs[name].type not in ("image", "file")]
    told: list[str] = []
    concerned: list[int] = []
    for index, case in enumerate(plan.cases if read else ()):
        wrong = [name for name in read if name in case.values and specs[name].misfit(case.values[name])]
        if not wrong:
            continue
        concerned.append(numbers[index] if numbers else index + 1)
        if len(concerned) <= _TOLD_MISFITS:
            where = f"case {concerned[-1]:,}{f' ({case.name[:40]})' if case.name else ''}"
            told.append(f"{where}: {', '.join(_misfit(name, case.values[name], specs[name]) for name in wrong)}")
    if not concerned:
        return None
    left = len(concerned) - len(told)
    more = f"; {left:,} more {'case does' if left == 1 else 'cases do'} not fit either" if left else ""
    message = f"{title}: {'; '.join(told)}{more}."
    return PlanProblem(variant.prompt, variant.version, message, tuple(read), len(concerned), True, concerned[0])


def _misfit(name: str, value: Any, spec: VariableSpec) -> str:
    shown = "empty" if value in (None, "") else f"'{value[:40]}'" if isinstance(value, str) else canonical(value)[:40]
    why = spec.misfit(value)
    return f"{name} is {shown}, the prompt wants {spec.wants}" if why.startswith("is ") else f"{name} {why}"


def _unreadable(plan: Plan, variant: Variant, title: str) -> list[PlanProblem]:
    """Cases whose pictures or files cannot be read: each fails before its call."""
    names = [name for name, spec in variant.content.variables.items() if spec.type in ("image", "file")]
    values = [[case.values.get(name) for name in names] for case in plan.cases] if names else []
    troubles = [next((each["problem"] for each in row if isinstance(each, Mapping) and each.get("problem")), "") for row in values]
    count = sum(map(bool, troubles))
    if not count:
        return []
    more = f" So it is in {count} of {len(plan.cases)} cases." if len(plan.cases) > 1 else ""
    words = f"{title}: {next(filter(None, troubles))}{more}"
    return [PlanProblem(variant.prompt, variant.version, words, (), count, count == len(plan.cases))]


def _syntax_problem(variant: Variant) -> str:
    for number, message in enumerate(variant.content.messages, 1):
        problem = templates.check(message.text, variant.content.snippets)
        if problem:
            return f"message {number} ({message.role}), line {problem.line}, column {problem.column}: {problem.message}"
    return ""
