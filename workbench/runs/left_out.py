"""What the models of a plan are sent without, or told in other words than the rest: never a silent difference between columns."""

from __future__ import annotations

from collections.abc import Sequence

from workbench import plan as plans
from workbench.plan import Plan, PlanProblem
from workbench.runs.questions import unsent
from workbench.values import Request


def not_taken(plan: Plan, *, refused: bool) -> list[PlanProblem]:
    """What a model has no place for, parameters as well as pictures and files: its column goes without, or with `refused` the run
    is not begun. And what it is told in other words than the others."""
    from workbench import providers  # for lists of runs it would be loaded in vain

    found: list[PlanProblem] = []
    for index, column in enumerate(plan.columns):
        model, variant = column.model, column.variant
        parameters = plans.parameters(plan, index)
        title = variant.prompt if variant.version is None else f"{variant.prompt} v{variant.version}"
        otherwise = providers.adapted(model.wire_format, model.name, parameters)
        found += [
            PlanProblem(variant.prompt, variant.version, f"{title}: {model.title} {words}.", (), len(plan.cases)) for words in otherwise
        ]
        names = unsent(plan, index)
        if any(message.attachments or message.tool_calls for message in variant.content.messages):
            found += _refused(plan, index, names, title)
        if names:
            words = "Nothing is sent, as the settings say." if refused else "It is sent without."
            message = f"{title}: {model.title} does not take {_listed(names)}. {words}"
            found.append(PlanProblem(variant.prompt, variant.version, message, names, len(plan.cases), refused))
    return found


def _refused(plan: Plan, index: int, names: Sequence[str], title: str) -> list[PlanProblem]:
    """Messages that the model's API has no form for at all, such as a picture in the system's."""
    from workbench import providers  # see not_taken
    from workbench.providers.attachments import without

    column = plan.columns[index]
    content, model = column.variant.content, column.model
    asked = Request(model.name, content.messages, plans.parameters(plan, index), content.output_schema, content.tools)
    why = providers.refusal(model.wire_format, without(asked, names), model.options)
    message = f"{title}: {model.title} cannot be asked. {why}"
    return [PlanProblem(column.variant.prompt, column.variant.version, message, (), len(plan.cases), True)] if why else []


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
