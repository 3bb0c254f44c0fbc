"""Compiled templates of the sandbox: their variables, rendering, preview, and what went wrong in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateAssertionError, TemplateSyntaxError
from jinja2.meta import TrackingCodeGenerator
from jinja2.runtime import Context

from workbench.quick_dataclass import dataclass
from workbench.templates.budget import VALUE_BYTES, Budget, OverBudget, activate
from workbench.templates.includes import Includes
from workbench.templates.records import NO_SNIPPETS, MissingValues, Piece, TemplateProblem, Variable
from workbench.templates.sandbox import ENVIRONMENT, Filled, Guard
from workbench.templates.syntax import PlacedParser, reads, sentence
from workbench.values.problems import BadInput

Make = Callable[[str, Mapping[str, str], bool], tuple[CodeType, tuple[Variable, ...]]]
"""Who reads and compiles a template: `make` below, or one who has it done elsewhere."""


class SyntaxTrouble(Exception):
    """A template that cannot be compiled."""

    def __init__(self, problem: TemplateProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Code:
    """What jinja2's compiler made: the function, and which of its lines comes from which line of the template."""

    root: Callable[[Context], Iterator[str]]
    lines: list[tuple[int, int]]


def make(text: str, snippets: Mapping[str, str], marks: bool) -> tuple[CodeType, tuple[Variable, ...]]:
    """What Python's compiler makes of a template, and its variables. With `marks` the pieces that are filled in say so.

    Raises SyntaxTrouble with line and column."""
    tree, variables = analyse(text, snippets)
    try:
        source = ENVIRONMENT._generate(Guard(marks).visit(tree), None, None)
        return compile(source, "<template>", "exec"), variables
    except TemplateSyntaxError as error:
        raise SyntaxTrouble(TemplateProblem(sentence(error), int(error.lineno), getattr(error.lineno, "column", 1))) from error
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
        raise SyntaxTrouble(TemplateProblem("The template is nested too deeply.", 1, 1)) from error


class SandboxTemplate:
    """A compiled template. Raises SyntaxTrouble where it cannot be compiled."""

    def __init__(self, text: str, snippets: Mapping[str, str] = NO_SNIPPETS, make: Make = make) -> None:
        self.text, self._snippets = text, snippets
        self._make = make
        code, self._variables = self._make(text, snippets, False)
        self.paths = tuple(variable.path for variable in self._variables)
        self.required = tuple(variable.name for variable in self._variables if not variable.optional)
        self._code: dict[bool, _Code] = {False: _loaded(code)}

    def variables(self) -> tuple[Variable, ...]:
        """Every place where a value is read, in the order of the text."""
        return self._variables

    def render(self, values: Mapping[str, Any]) -> str:
        """The rendered text. Raises MissingValues naming every missing variable, or BadInput with a line."""
        code, budget = self._loaded(marks=False), Budget()
        pieces = _run(code, values, budget)
        if budget.missing:
            raise MissingValues(self.missing(values, budget))
        return "".join(pieces)

    def preview(self, values: Mapping[str, Any]) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
        """The rendered pieces, and the names that have no value. Raises BadInput with a line."""
        code, budget = self._loaded(marks=True), Budget(in_preview=True)  # in this order: compiling is not on the template's time
        pieces = []
        for text in _run(code, values, budget):
            if type(text) is not Filled:
                pieces.append(Piece(text))
            elif text or text.variable is None:
                pieces.append(Piece(str.__str__(text), True, text.variable))
            else:
                is_missing = text.variable.split(".")[0] not in values
                pieces.append(Piece(f"{{{{ {text.variable} }}}}" if is_missing else "", not is_missing, text.variable))
        return tuple(pieces), tuple(self.missing(values, budget)) if budget.missing else ()

    def missing(self, values: Mapping[str, Any], budget: Budget) -> list[str]:
        """Names without a value: those that the rendering met, then those it did not come to."""
        found: dict[str, None] = {}
        for name in budget.missing:
            # A part of a path that is missing makes all of the path missing, also what is read behind it.
            whole = next((path for path in self.paths if f"{path}.".find(f"{name}.") > 0), name.lstrip(".")) if name[:1] in ".[" else name
            found.setdefault(whole)
        for name in self.required:
            if name not in values:
                found.setdefault(name)
        places: dict[str, int] = {}
        for index, variable in enumerate(self._variables):
            places.setdefault(variable.path, index)
            places.setdefault(variable.name, index)
        return sorted(found, key=lambda name: places.get(name, -1))

    def _loaded(self, *, marks: bool) -> _Code:
        if marks not in self._code:
            self._code[marks] = _loaded(self._make(self.text, self._snippets, marks)[0])
        return self._code[marks]


def _run(code: _Code, values: Mapping[str, Any], budget: Budget) -> list[str]:
    before = activate(budget)
    try:
        pieces, size = [], 0
        context = Context(ENVIRONMENT, {**ENVIRONMENT.globals, **values}, None, {})
        for piece in code.root(context):
            pieces.append(piece)
            size += len(piece)
            if size > VALUE_BYTES:
                budget.fits(size)
        budget.fits(size if all(map(str.isascii, pieces)) else 4 * size)
        return pieces
    except Exception as error:
        raise _told(error, code) from error
    finally:
        activate(before)


def analyse(text: str, snippets: Mapping[str, str]) -> tuple[nodes.Template, tuple[Variable, ...]]:
    """The tree of a template with its snippets inside, and its variables. Raises SyntaxTrouble with line and column."""
    try:
        tree = Includes(_parse, snippets).visit(_parse(text))
        found = reads(tree, _undeclared(tree))
    except TemplateSyntaxError as error:
        problem = TemplateProblem(sentence(error), int(error.lineno), getattr(error.lineno, "column", 1))
        raise SyntaxTrouble(problem) from error
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        why = "The template is nested too deeply." if isinstance(error, (RecursionError, MemoryError)) else f"{error}."
        raise SyntaxTrouble(TemplateProblem(why, 1, 1)) from error
    variables = (
        Variable(path.split(".")[0].split("[")[0], path, int(place), getattr(place, "column", 1), optional)
        for path, place, optional in found
    )
    return tree, tuple(variables)


def _undeclared(tree: nodes.Template) -> set[str]:
    """Names that the tree does not declare itself, as jinja2's meta finds them; but without its optimizer, which takes minutes for
    a few hundred filters or signs in a row."""
    generator = TrackingCodeGenerator(ENVIRONMENT)
    generator.optimizer = None
    generator.visit(tree)
    return generator.undeclared_identifiers


def partial_variables(text: str) -> tuple[Variable, ...]:
    """The variables of a template that cannot be parsed (yet): names that stand first in `{{ }}`."""
    found: list[Variable] = []
    try:
        path: list[Any] | None = None
        for place, token, value in ENVIRONMENT.lexer.tokeniter(text, None):
            if token == "variable_begin":
                path = []
            elif path is not None and token in ("name", "operator") and (token == "name") == (len(path) % 2 == 0) and value != "|":
                path.append((place, value))
                if len(path) % 2:
                    names = [part for _, part in path]
                    last = Variable(names[0], "".join(names), int(path[0][0]), path[0][0].column)
                    found = [*found[:-1], last] if len(path) > 1 else [*found, last]
                elif value != ".":
                    path = None
            elif token != "whitespace":
                path = None
    except TemplateSyntaxError:
        pass  # what came before the broken place is still worth showing
    return tuple(found)


def _parse(text: str) -> nodes.Template:
    tree = PlacedParser(ENVIRONMENT, text).parse()
    _check_names(tree)
    return tree


def _check_names(tree: nodes.Template) -> None:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        kind, known = ("filter", ENVIRONMENT.filters) if isinstance(node, nodes.Filter) else ("test", ENVIRONMENT.tests)
        if node.name not in known:
            raise TemplateAssertionError(f"There is no {kind} {node.name} here.", node.lineno)


def _loaded(code: CodeType) -> _Code:
    namespace: dict[str, Any] = {"environment": ENVIRONMENT, "__file__": "<template>"}
    exec(code, namespace)
    pairs = (pair.split("=") for pair in namespace["debug_info"].split("&") if pair)
    return _Code(namespace["root"], [(int(made), int(written)) for written, made in pairs])


def _told(error: Exception, code: _Code) -> BadInput:
    """What went wrong while rendering, as a sentence with the template's line."""
    line = _line_of(error, code)
    if isinstance(error, BadInput):
        return error
    if isinstance(error, OverBudget):
        return BadInput(str(error), line=line)
    if isinstance(error, RecursionError):
        return BadInput("The template or a value is nested too deeply.", line=line)
    if isinstance(error, MemoryError):
        return BadInput("The template builds more text than a prompt can hold, so it was stopped.", line=line)
    if isinstance(error, SecurityError):
        return BadInput(f"Not allowed: {error}.", line=line)
    if isinstance(error, ZeroDivisionError):
        return BadInput("The template divides by zero.", line=line)
    words = str(error) or type(error).__name__
    return BadInput(f"The template fails here: {words.rstrip('.')}.", line=line)


def _line_of(error: Exception, code: _Code) -> int | None:
    at, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            at = trace.tb_lineno
        trace = trace.tb_next
    return None if at is None else next((written for made, written in reversed(code.lines) if made <= at), 1)
