"""Templates with conditions, loops, filters and macros, rendered by jinja2 within a budget.

jinja2's immutable sandbox stops a template from reaching into Python. It does not bound time or memory, so the tree is changed
before it is compiled: loops, comparisons, slices, `~` and literals go through filters that ask the budget (their names start
with `~`, which no template can write), and operators, calls, attributes and the joining of output through this environment's hooks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinMethodType, MethodType
from typing import Any, ClassVar

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateAssertionError, TemplateRuntimeError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.utils import Cycler, Joiner, Namespace, missing, pass_context
from jinja2.visitor import NodeTransformer

from workbench.templates.budget import MACRO_DEPTH, VALUE_BYTES, Budget, OverBudget, activate, current
from workbench.templates.filters import filters, tests
from workbench.templates.growth import brace_field, call_method, operate, text_of
from workbench.templates.records import MissingValues, Piece, TemplateProblem, Variable
from workbench.templates.syntax import GLOBALS, PlacedLexer, PlacedParser, reads, sentence
from workbench.values.problems import BadInput


class SyntaxTrouble(Exception):
    """A template that cannot be compiled."""

    def __init__(self, problem: TemplateProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Missing(Undefined):
    """A variable without a value. Rendering goes on, so that all of them are found at once; its result is thrown away."""

    __slots__ = ()

    def _note(self) -> None:
        name = str(self._undefined_name)
        if self._undefined_obj is not missing:
            name = f"[{name}]" if isinstance(self._undefined_name, int) else f".{name}"
        current().missing.setdefault(name)

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        self._note()
        return self

    def _same(self, *args: Any, **kwargs: Any) -> Any:
        self._note()
        return self

    def _nothing(self, *args: Any) -> Any:
        self._note()
        return False

    def __str__(self) -> str:
        self._note()
        return ""

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return iter(())

    def __len__(self) -> int:
        self._note()
        return 0

    def __int__(self) -> int:
        self._note()
        return 0

    def __float__(self) -> float:
        self._note()
        return 0.0

    def __hash__(self) -> int:
        self._note()
        return 0

    __getitem__ = __call__ = _same
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _same
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __pos__ = _same
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _nothing


class Filled(str):
    """Text that a value gave, marked for the preview. `str()` of it keeps the mark, because jinja2 calls it on every output."""

    variable: str | None = None

    def __str__(self) -> str:
        return self


@pass_context
def _finalize(context: Context, value: Any) -> str:
    budget = current()
    budget.step()
    if type(value) is str or type(value) is Filled:
        return value
    if callable(value) and not isinstance(value, Undefined):
        raise TypeError("this is a function, not a value; it needs brackets behind it")
    return text_of(budget, value)


def _concat(pieces: Any) -> str:
    budget = current()
    items = pieces if isinstance(pieces, list) else list(pieces)
    size = sum(map(len, items))
    budget.fits(size if all(map(str.isascii, items)) else 4 * size)
    text = "".join(items)
    budget.made(text)
    return text


class _BraceFormat:
    """`"...".format` of one text, within the budget."""

    def __init__(self, environment: _Environment, text: str, is_map: bool) -> None:
        self.environment, self.text, self.is_map = environment, text, is_map

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        budget = current()
        if self.is_map:
            (kwargs,), args = args, ()
        formatter = _Formatter(self.environment)
        pieces = formatter.vformat(self.text, args, kwargs)
        return str(budget.made(pieces))


class _Formatter(SandboxedFormatter):
    size = 0

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion is not None:
            budget = current()
            budget.fits(8 * budget.weigh(value))
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> str:
        text = brace_field(current(), value, format_spec)
        self.size += len(text)
        current().fits(self.size)
        return text


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops: frozenset[str] = frozenset({"+", "-", "*", "/", "//", "**", "%"})
    concat = staticmethod(_concat)  # type: ignore[assignment]
    lexer_made: ClassVar[PlacedLexer]

    def __init__(self) -> None:
        super().__init__(undefined=_Missing, keep_trailing_newline=True, optimized=False, finalize=_finalize, cache_size=0)
        self.globals = {name: value for name, value in self.globals.items() if name in GLOBALS}
        self.filters = filters()
        self.tests = tests()
        self._placed_lexer = PlacedLexer(self)

    @property
    def lexer(self) -> PlacedLexer:  # type: ignore[override]
        return self._placed_lexer

    def getattr(self, obj: Any, attribute: str) -> Any:
        current().step()
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        current().step()
        return super().getitem(obj, argument)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        raise SecurityError(f"{attribute} of a value cannot be read in a prompt")

    def wrap_str_format(self, value: Any) -> Any:
        if isinstance(value, BuiltinMethodType) and value.__name__ in ("format", "format_map") and isinstance(value.__self__, str):
            return _BraceFormat(self, str(value.__self__), value.__name__ == "format_map")
        return None

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return operate(current(), operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: B902, N805
        budget = current()
        budget.step()
        budget.take(256 + 8 * (len(args) + len(kwargs)))
        if isinstance(__obj, BuiltinMethodType):
            return call_method(budget, __obj, args, kwargs)
        if isinstance(__obj, (_BraceFormat, Undefined)):
            return __obj(*args, **kwargs)
        if isinstance(__obj, LoopContext):  # a recursive loop
            args = (budget.each(args[0]), *args[1:])
        elif not (isinstance(__obj, (Macro, Joiner)) or __obj in __self.globals.values()):
            owner = __obj.__self__ if isinstance(__obj, MethodType) else None
            if not isinstance(owner, (LoopContext, Cycler)):
                raise SecurityError("this cannot be called in a prompt")
        budget.depth += 1
        try:
            if budget.depth > MACRO_DEPTH:
                raise OverBudget(f"The template calls itself more than {MACRO_DEPTH} times.")
            return __context.call(__obj, *args, **kwargs)
        finally:
            budget.depth -= 1


class _Guard(NodeTransformer):
    """Puts the budget's filters into the tree; with `marks`, outputs of plain variables say which one they are."""

    def __init__(self, marks: bool) -> None:
        self.marks = marks

    def _through(self, node: nodes.Node, name: str) -> nodes.Filter:
        return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)  # type: ignore[no-untyped-call]

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = self._through(node.iter, "~each")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return self._through(nodes.List(node.nodes, lineno=node.lineno), "~join")  # type: ignore[no-untyped-call]

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = self._through(node.expr, "~step")
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return self._through(node, "~made") if isinstance(node.arg, nodes.Slice) else node

    def _literal(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        is_constant = all(isinstance(item, nodes.Const) for item in node.items)
        return node if is_constant or getattr(node, "ctx", "load") != "load" else self._through(node, "~made")

    visit_List = visit_Tuple = visit_Dict = _literal

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        if self.marks:
            node.nodes = [item if isinstance(item, nodes.TemplateData) else self._marked(item) for item in node.nodes]
        return node

    def _marked(self, item: nodes.Expr) -> nodes.Expr:
        path = [(name, where) for name, where, _ in reads_of(item)] if isinstance(item, (nodes.Name, nodes.Getattr)) else []
        name = nodes.Const(path[0][0] if path else None, lineno=item.lineno)  # type: ignore[no-untyped-call]
        return nodes.Filter(item, "~mark", [name], [], None, None, lineno=item.lineno)  # type: ignore[no-untyped-call]


def reads_of(item: nodes.Expr) -> list[tuple[str, int, bool]]:
    """The one path that a plain output such as `{{ user.name }}` reads."""
    names = {name.name for name in [item, *item.find_all(nodes.Name)] if isinstance(name, nodes.Name)}
    return reads(nodes.Template([nodes.Output([item])]), names)  # type: ignore[no-untyped-call]


def _mark(value: Any, variable: str | None) -> Filled:
    if isinstance(value, _Missing):
        str(value)
        marked = Filled("")
    else:
        marked = Filled(value if type(value) is str else text_of(current(), value))
    marked.variable = variable
    return marked


_environment = _Environment()
_environment.filters["~mark"] = _mark


class SandboxTemplate:
    """A compiled template. Raises SyntaxTrouble where it cannot be compiled."""

    def __init__(self, text: str) -> None:
        self.text = text
        tree, self._variables = analyse(text)
        self.paths = tuple(variable.path for variable in self._variables)
        self.required = tuple(variable.name for variable in self._variables if not variable.optional)
        self._code: dict[bool, Callable[[Context], Iterator[str]]] = {False: _compile(tree, marks=False)}

    def variables(self) -> tuple[Variable, ...]:
        """Every place where a value is read, in the order of the text."""
        return self._variables

    def render(self, values: Mapping[str, Any]) -> str:
        """The rendered text. Raises MissingValues naming every missing variable, or BadInput with a line."""
        budget = Budget()
        pieces = self._run(values, budget)
        if budget.missing:
            raise MissingValues(self.missing(values, budget))
        return "".join(pieces)

    def preview(self, values: Mapping[str, Any]) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
        """The rendered pieces, and the names that have no value. Raises BadInput with a line."""
        budget = Budget(in_preview=True)
        pieces = []
        for text in self._run(values, budget):
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
            whole = next((path for path in self.paths if path.endswith(name)), name.lstrip(".")) if name[:1] in ".[" else name
            found.setdefault(whole)
        for name in self.required:
            if name not in values:
                found.setdefault(name)
        order = {path: index for index, path in enumerate(reversed([*self.paths, *(variable.name for variable in self._variables)]))}
        return sorted(found, key=lambda name: -order.get(name, -1))

    def _run(self, values: Mapping[str, Any], budget: Budget) -> list[str]:
        marks = budget.in_preview
        if marks not in self._code:
            self._code[marks] = _compile(analyse(self.text)[0], marks)
        before = activate(budget)
        try:
            pieces, size = [], 0
            context = Context(_environment, {**_environment.globals, **values}, None, {})
            for piece in self._code[marks](context):
                pieces.append(piece)
                size += len(piece)
                if size > VALUE_BYTES:
                    budget.fits(size)
            budget.fits(size if all(map(str.isascii, pieces)) else 4 * size)
            return pieces
        except Exception as error:
            raise _told(error) from error
        finally:
            activate(before)


def analyse(text: str) -> tuple[nodes.Template, tuple[Variable, ...]]:
    """The tree of a template and its variables. Raises SyntaxTrouble with line and column."""
    try:
        tree = PlacedParser(_environment, text).parse()
        _check_names(tree)
        found = reads(tree, find_undeclared_variables(tree))
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


def partial_variables(text: str) -> tuple[Variable, ...]:
    """The variables of a template that cannot be parsed (yet): names that stand first in `{{ }}`."""
    found: list[Variable] = []
    try:
        path: list[Any] | None = None
        for place, token, value in _environment.lexer.tokeniter(text, None):
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


def _check_names(tree: nodes.Template) -> None:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        kind, known = ("filter", _environment.filters) if isinstance(node, nodes.Filter) else ("test", _environment.tests)
        if node.name not in known:
            raise TemplateAssertionError(f"There is no {kind} {node.name} here.", node.lineno)


def _compile(tree: nodes.Template, marks: bool) -> Callable[[Context], Iterator[str]]:
    try:
        source = _environment._generate(_Guard(marks).visit(tree), None, None)
        namespace: dict[str, Any] = {"environment": _environment, "__file__": "<template>"}
        exec(compile(source, "<template>", "exec"), namespace)
    except TemplateSyntaxError as error:
        raise SyntaxTrouble(TemplateProblem(sentence(error), int(error.lineno), getattr(error.lineno, "column", 1))) from error
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
        raise SyntaxTrouble(TemplateProblem("The template is nested too deeply.", 1, 1)) from error
    root: Callable[[Context], Iterator[str]] = namespace["root"]
    lines = [tuple(map(int, pair.split("="))) for pair in namespace["debug_info"].split("&") if pair]
    _lines_of[root.__code__] = [(made, written) for written, made in lines]
    while len(_lines_of) > 512:
        _lines_of.pop(next(iter(_lines_of)))
    return root


_lines_of: dict[Any, list[tuple[int, int]]] = {}
"""Of each compiled template: line of Python to line of the template."""


def _told(error: Exception) -> BadInput:
    """What went wrong while rendering, as a sentence with the template's line."""
    line = _line_of(error)
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
    words = str(error) if isinstance(error, TemplateRuntimeError) else f"{error}" or type(error).__name__
    return BadInput(f"The template fails here: {words.rstrip('.')}.", line=line)


def _line_of(error: Exception) -> int | None:
    roots = {id(code): pairs for code, pairs in _lines_of.items()}
    pairs: list[tuple[int, int]] | None = None
    at = None
    trace = error.__traceback__
    for trace in itertools.takewhile(bool, _walk(trace)):
        code = trace.tb_frame.f_code
        if code.co_filename == "<template>":
            pairs, at = roots.get(id(code), pairs), trace.tb_lineno
    if pairs is None or at is None:
        return None
    return next((written for made, written in reversed(pairs) if made <= at), 1)


def _walk(trace: Any) -> Iterator[Any]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


__all__ = ["Namespace", "SandboxTemplate", "SyntaxTrouble", "analyse", "partial_variables"]
