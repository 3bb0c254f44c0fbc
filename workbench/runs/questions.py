"""What is sent for a job: its rendered request without what its model does not read, and which parameters stay out."""

from __future__ import annotations

from time import monotonic

from workbench import plan as plans
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput, Endpoint, Problem, Request

_SLOW_TEMPLATES = 3
_SLOW_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Todo:
    """A job that is still to be made. `asked`: where, and with which key, once it was given to the engine."""

    id: int
    column: int
    case_index: int
    repeat: int
    asked: Endpoint | None = None


class Questions:
    """The questions of a run's jobs while they are made, with the fingerprint of each until its answer is written."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.unsent = tuple(unsent(plan, index) for index in range(len(plan.columns)))
        """Of each column, what is left out of its questions."""
        self._prints: dict[int, str] = {}
        self._slow: dict[int, tuple[int, BadInput]] = {}

    def ask(self, todo: Todo) -> Request:
        """The question of a job. Raises BadInput where it cannot be rendered."""
        request = self._rendered(todo)
        self._prints[todo.id] = plans.fingerprint(self._plan, todo.column, request, todo.repeat)
        return request

    def print_of(self, todo: Todo) -> str:
        """The fingerprint of a job's question; empty where it cannot be asked, which whoever asks it will meet again."""
        try:
            self.ask(todo)
        except Problem:
            return ""
        return self._prints[todo.id]

    def take_print(self, job_id: int) -> str:
        """The fingerprint of a job that has ended, which is then forgotten; empty where it was never asked."""
        return self._prints.pop(job_id, "")

    def _rendered(self, todo: Todo) -> Request:
        """A column whose template runs into its time limit again and again is not tried for ever."""
        slow, problem = self._slow.get(todo.column, (0, None))
        if problem is not None and slow >= _SLOW_TEMPLATES:
            raise problem
        began = monotonic()
        try:
            return question(self._plan, todo.column, todo.case_index)
        except BadInput as failed:
            if monotonic() - began > _SLOW_SECONDS:
                self._slow[todo.column] = slow + 1, failed
            raise


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
