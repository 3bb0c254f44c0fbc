"""Templates and differences, for the faces: pure, for any thread, and imported when first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.values import Content, Message

if TYPE_CHECKING:
    from workbench.analysis.differences import ContentDiff, Marks
    from workbench.analysis.three_way import ThreeWay
    from workbench.templates import PreviewMessage, TemplateProblem, Variable

NO_SNIPPETS: Mapping[str, str] = {}


class Texts:
    """The verbs on texts that need no workspace file."""

    def variables(self, text: str, snippets: Mapping[str, str] = NO_SNIPPETS) -> tuple[Variable, ...]:
        """Every place where a template reads a value; `snippets` are those that it may include."""
        from workbench import templates

        return templates.variables(text, snippets)

    def check(self, text: str, snippets: Mapping[str, str] = NO_SNIPPETS) -> TemplateProblem | None:
        """What is wrong with a template, with line and column; None if nothing is."""
        from workbench import templates

        return templates.check(text, snippets)

    def read_long_beside(self) -> None:
        """From now on, read long templates in a child process: a window that is typed in shares its interpreter with nobody."""
        from workbench.templates import beside

        beside.start()

    def filters(self) -> tuple[str, ...]:
        """Names of all filters that a template may use, by name."""
        from workbench import templates

        return templates.filter_names()

    def check_types(self) -> frozenset[str]:
        """Names of all checks that can run here."""
        from workbench import evaluators

        return frozenset((*evaluators.TYPES, "assert-set", "not-assert-set"))

    def schema_fault(self, schema: Any) -> str:
        """Why this is no JSON schema, with the place; empty if it is one."""
        from workbench.evaluators import schemas

        return schemas.schema_fault(schema)

    def schema_sample(self, schema: Any) -> Any:
        """An answer of the shape that a schema asks for."""
        from workbench.evaluators import schemas

        return schemas.sample(schema)

    def preview(self, content: Content, values: Mapping[str, Any]) -> list[PreviewMessage]:
        """The messages with values in place, in pieces that say what was filled in. Never raises."""
        from workbench import templates

        return templates.preview(content, values)

    def render(self, content: Content, values: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages with values in place, to send. Raises BadInput as the template verbs do."""
        from workbench import templates

        return templates.render(content, values)

    def three_way(self, mine: str, before: str, theirs: str) -> ThreeWay:
        """Two texts beside the one that both come from, and what of both can be joined without a choice."""
        from workbench.analysis import three_way

        return three_way.compared(mine, before, theirs)

    def marked(self, before: str, after: str) -> tuple[tuple[str, bool], ...]:
        """The later text in pieces, each with whether it is new."""
        from workbench.analysis import three_way

        return three_way.marked(before, after)

    def diff(self, left: Content, right: Content) -> ContentDiff:
        """What differs between two contents: lines, words, parameters, variables."""
        from workbench import templates
        from workbench.analysis import differences

        return differences.contents(left, right, (templates.names(left), templates.names(right)))

    def attribution(self, left: Content, right: Content) -> str:
        """What changed between two contents in one line: `prompt changed, temperature 0.2 to 0.7`."""
        from workbench.analysis import differences

        return differences.attribution(left, right)

    def changed_lines(self, left: str, right: str) -> tuple[Marks, Marks]:
        """The lines that are not the same in both texts, whole, as (start, end) in the left and in the right one."""
        from workbench.analysis import differences

        return differences.changed_lines(left, right)

    def changed_words(self, left: str, right: str) -> tuple[Marks, Marks]:
        """What changed within two texts, as (start, end) in the left and in the right one."""
        from workbench.analysis import differences

        return differences.words(left, right)
