"""What is sent for a job: its rendered request without what its model does not read, and which parameters stay out."""

from __future__ import annotations

from workbench import plan as plans
from workbench.plan import Plan
from workbench.values import Request


def question(plan: Plan, column_index: int, case_index: int) -> Request:
    """The request of a job as it is sent. Raises BadInput where it cannot be rendered."""
    asked = plans.request(plan, column_index, case_index)
    if any(message.attachments for message in asked.messages):
        from workbench.providers import unread  # few prompts have any, and reading needs no network
        from workbench.providers.attachments import without

        model = plan.columns[column_index].model
        asked = without(asked, unread(model.wire_format, model.reads, asked.messages))
    return asked


def unsent(plan: Plan, column_index: int) -> tuple[str, ...]:
    """What a column asks for and its model has no place for: parameters, schema, tools, pictures, files."""
    from workbench import providers  # reading needs none of it

    column = plan.columns[column_index]
    content, model = column.variant.content, column.model
    return (
        *providers.left_out(model.wire_format, plans.parameters(plan, column_index), model.options),
        *providers.unsaid(model.wire_format, content.output_schema, content.tools),
        *providers.unread(model.wire_format, model.reads, plans.shown(content)),
    )
