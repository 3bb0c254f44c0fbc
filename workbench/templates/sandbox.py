"""Templates with conditions, loops, filters and macros, rendered by jinja2 within a budget.

jinja2's immutable sandbox stops a template from reaching into Python. It does not bound time or memory, so the tree is changed
before it is compiled: loops, comparisons, slices, `~` and literals go through filters that ask the budget (their names start
with `~`, which no template can write), and operators, calls, attributes and the joining of output through this environment's hooks.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.utils import Cycler, Joiner, missing, pass_context
from jinja2.visitor import NodeTransformer

from workbench.templates.budget import MACRO_DEPTH, OverBudget, current
from workbench.templates.filters import filters, tests
from workbench.templates.growth import brace_field, call_method, operate, text_of
from workbench.templates.syntax import GLOBALS, PlacedLexer, reads


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

    def __int__(self) -> int:  # type: ignore[override]
        self._note()
        return 0

    def __float__(self) -> float:  # type: ignore[override]
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


_OF_JINJA = ("_loop_vars", "_block_vars")
"""What Jinja2 hands every call within a loop or a block, for macros alone."""


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
    concat = staticmethod(_concat)

    def __init__(self) -> None:
        super().__init__(undefined=_Missing, keep_trailing_newline=True, optimized=False, finalize=_finalize, cache_size=0)
        self.globals = {name: value for name, value in self.globals.items() if name in GLOBALS}
        self.filters: dict[str, Any] = filters()
        self.tests: dict[str, Any] = tests()
        self._placed_lexer = PlacedLexer(self)

    @property
    def lexer(self) -> PlacedLexer:
        return self._placed_lexer

    def getattr(self, obj: Any, attribute: str) -> Any:
        current().step()
        if type(obj) is dict and attribute in obj:  # `order.items` of a case means its items, not Python's method of that name
            return obj[attribute]
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

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        budget = current()
        budget.step()
        budget.take(256 + 8 * (len(args) + len(kwargs)))
        if isinstance(__obj, (BuiltinMethodType, _BraceFormat, Undefined)):
            given = {name: value for name, value in kwargs.items() if name not in _OF_JINJA}
            return call_method(budget, __obj, args, given) if isinstance(__obj, BuiltinMethodType) else __obj(*args, **given)
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


class Guard(NodeTransformer):
    """Puts the budget's filters into the tree; with `marks`, outputs of plain variables say which one they are."""

    def __init__(self, marks: bool) -> None:
        self.marks = marks

    def _through(self, node: nodes.Node, name: str) -> nodes.Filter:
        return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)

    def _for(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = self._through(node.iter, "~each")
        return node

    def _concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return self._through(nodes.List(node.nodes, lineno=node.lineno), "~join")

    def _compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = self._through(node.expr, "~step")
        return node

    def _slice(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return self._through(node, "~made") if isinstance(node.arg, nodes.Slice) else node

    visit_For, visit_Concat, visit_Compare, visit_Getitem = _for, _concat, _compare, _slice

    def _literal(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        is_constant = all(isinstance(item, nodes.Const) for item in node.items)
        return node if is_constant or getattr(node, "ctx", "load") != "load" else self._through(node, "~made")

    visit_List = visit_Tuple = visit_Dict = _literal

    def _output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        if self.marks:
            node.nodes = [item if isinstance(item, nodes.TemplateData) else self._marked(item) for item in node.nodes]
        return node

    visit_Output = _output

    def _marked(self, item: nodes.Expr) -> nodes.Expr:
        path = [(name, where) for name, where, _ in reads_of(item)] if isinstance(item, (nodes.Name, nodes.Getattr)) else []
        name = nodes.Const(path[0][0] if path else None, lineno=item.lineno)
        return nodes.Filter(item, "~mark", [name], [], None, None, lineno=item.lineno)


def reads_of(item: nodes.Expr) -> list[tuple[str, int, bool]]:
    """The one path that a plain output such as `{{ user.name }}` reads."""
    names = {name.name for name in [item, *item.find_all(nodes.Name)] if isinstance(name, nodes.Name)}
    return reads(nodes.Template([nodes.Output([item])]), names)


def _mark(value: Any, variable: str | None) -> Filled:
    if isinstance(value, _Missing):
        str(value)
        marked = Filled("")
    else:
        marked = Filled(value if type(value) is str else text_of(current(), value))
    marked.variable = variable
    return marked


ENVIRONMENT = _Environment()
ENVIRONMENT.filters["~mark"] = _mark
