"""Reading a template without rendering it: its problems with line and column, and its variables with their places.

jinja2 knows lines only. Our lexer hands on line numbers that also carry their column (`Place`); the parser copies them into
every node and every error, so both have columns for free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from jinja2 import nodes
from jinja2.environment import Environment
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import Lexer
from jinja2.parser import Parser

MOST_TOKENS = 20_000
"""Of code, not of text. More would take too long to compile."""
LONGEST = 1_000_000

GLOBALS = frozenset({"range", "dict", "namespace", "cycler", "joiner"})
"""Functions of the sandbox: called, they are no variables."""

_REFUSED = {
    "import": "Another file cannot be imported in a prompt.",
    "from": "Another file cannot be imported in a prompt.",
    "extends": "A prompt cannot extend another file.",
    "block": "Blocks are for templates that extend each other; a prompt has none.",
    "autoescape": "A prompt is no web page, so there is nothing to escape.",
}
_NEWLINE = re.compile(r"\r\n|\r|\n")


class Place(int):
    """A line number that knows its column; both count from 1."""

    column: int = 1

    @staticmethod
    def at(line: int, column: int) -> Place:
        """The place of this line and column."""
        place = Place(line)
        place.column = column
        return place


class PlacedLexer(Lexer):
    """jinja2's lexer, with a `Place` for each line number."""

    def tokeniter(self, source: str, name: str | None, filename: str | None = None, state: str | None = None) -> Iterator[Any]:
        """The tokens as (Place, type, text)."""
        if len(source) > LONGEST:
            raise TemplateSyntaxError(f"The template is longer than {LONGEST:,} characters.", Place.at(1, 1))
        source = _NEWLINE.sub("\n", source)
        position, line, line_start, code = 0, 1, 0, 0
        try:
            for _, token, value in super().tokeniter(source, name, filename, state):
                at = source.find(value, position)  # text before `{%-` comes stripped, so the next token may lie further on
                line, line_start = _line(source, position, at, line, line_start)
                position = at + len(value)
                yield Place.at(line, at - line_start + 1), token, value
                line, line_start = _line(source, at, position, line, line_start)
                code += token != "data"
                if code > MOST_TOKENS:
                    raise TemplateSyntaxError("The template has more code than can be compiled.", Place.at(line, 1))
        except TemplateSyntaxError as error:
            if not isinstance(error.lineno, Place):
                rest = source[position : position + 1000]
                error.lineno = Place.at(line, position - line_start + 1 + (len(rest) - len(rest.lstrip(" \t"))))
            raise


def _line(source: str, start: int, end: int, line: int, line_start: int) -> tuple[int, int]:
    newlines = source.count("\n", start, end)
    return (line + newlines, source.rfind("\n", start, end) + 1) if newlines else (line, line_start)


class PlacedParser(Parser):
    """jinja2's parser, with clear words for what is missing and no tags that reach beyond the prompt."""

    def __init__(self, environment: Environment, source: str) -> None:
        super().__init__(environment, source)
        self.open_tags: list[tuple[str, int]] = []
        lines = _NEWLINE.split(source)
        self.end = Place.at(len(lines), len(lines[-1]) + 1)

    def parse_statement(self) -> Any:
        """The node of one tag."""
        token = self.stream.current
        if token.value in _REFUSED:
            self.fail(_REFUSED[token.value], token.lineno)
        self.open_tags.append((token.value, token.lineno))
        node = super().parse_statement()
        self.open_tags.pop()
        return node

    def fail_eof(self, end_tokens: tuple[str, ...] | None = None, lineno: int | None = None) -> NoReturn:
        """Raises TemplateSyntaxError naming the tag that is still open."""
        tag, line = self.open_tags[-1]
        raise TemplateSyntaxError(f"end{tag} is missing for the {_WORDS.get(tag, tag)} that starts on line {line}.", self.end)

    def fail_unknown_tag(self, name: str, lineno: int | None = None) -> NoReturn:
        """Raises TemplateSyntaxError naming the tag that cannot stand here."""
        where = self._here(lineno)
        if name.startswith("end") and self.open_tags:
            opened = [tag for tag, _ in self.open_tags if tag != name]
            tag, line = self.open_tags[-1] if self.open_tags[-1][0] != name else self.open_tags[-2] if opened else ("", 0)
            if tag:
                raise TemplateSyntaxError(f"{name} stands where end{tag} is expected for the {tag} that starts on line {line}.", where)
        raise TemplateSyntaxError(f"There is no tag {name} that could stand here.", where)

    def _here(self, lineno: int | None) -> int:
        return self.stream.current.lineno if lineno is None else lineno


_WORDS = {"for": "loop", "if": "condition"}


def sentence(error: TemplateSyntaxError) -> str:
    """jinja2's words as a sentence for the user."""
    text = (error.message or "The template cannot be read").strip()
    text = text.replace("expected token 'name'", "expected a name").replace("expected token ", "expected ")
    text = text.replace("'end of print statement'", "}}").replace("'end of statement block'", "%}")
    text = re.sub(r"unexpected char (.+) at \d+", r"the character \1 cannot stand here", text)
    is_code = text.startswith("end")
    return (text[0] if is_code else text[0].upper()) + text[1:] + ("" if text.endswith(".") else ".")


def reads(tree: nodes.Template, undeclared: set[str]) -> list[tuple[str, int, bool]]:
    """Where the tree reads a name that it does not declare: (dotted path, place, optional), in the order of the text. Optional is what
    `default(...)` or `is defined` looks at, and what is read only where a test has said that it is defined."""
    found: list[tuple[str, int, bool]] = []
    pending: list[tuple[nodes.Node, bool, frozenset[str]]] = [(tree, False, frozenset())]
    while pending:
        node, optional, known = pending.pop()
        if isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
            path, root = _path(node)
            if root is not None and root.ctx == "load":
                if root.name in undeclared:
                    found.append((path, root.lineno, optional or root.name in known))
                continue
        if isinstance(node, nodes.Call):
            target = node.node
            pending.extend((child, False, known) for child in node.iter_child_nodes() if child is not target)
            if isinstance(target, nodes.Getattr):
                pending.append((target.node, False, known))  # in `name.upper()`, `upper` is no value
            elif not (isinstance(target, nodes.Name) and target.name in GLOBALS):
                pending.append((target, False, known))
            continue
        if isinstance(node, (nodes.If, nodes.CondExpr, nodes.And, nodes.Or)):
            pending.extend((child, False, known | defined) for child, defined in _branches(node))
            continue
        guarded = (isinstance(node, nodes.Filter) and node.name in ("default", "d")) or (
            isinstance(node, nodes.Test) and node.name in ("defined", "undefined")
        )
        pending.extend((child, guarded and child is getattr(node, "node", None), known) for child in node.iter_child_nodes())
    found.reverse()  # the walk above goes from the end; snippets put several reads at one place
    return sorted(found, key=lambda item: (item[1], getattr(item[1], "column", 1)))


def _branches(node: nodes.If | nodes.CondExpr | nodes.And | nodes.Or) -> list[tuple[nodes.Node, frozenset[str]]]:
    """The children of a node that chooses, each with the names that are defined where it is come to."""
    never: frozenset[str] = frozenset()
    if isinstance(node, (nodes.And, nodes.Or)):
        return [(node.left, never), (node.right, _defined(node.left, isinstance(node, nodes.And)))]
    otherwise = _defined(node.test, False)
    if isinstance(node, nodes.CondExpr):
        last = [(node.expr2, otherwise)] if node.expr2 is not None else []
        return [(node.test, never), (node.expr1, _defined(node.test, True)), *last]
    found = [(node.test, never), *((child, _defined(node.test, True)) for child in node.body)]
    for other in node.elif_:
        found.append((other, otherwise))
        otherwise |= _defined(other.test, False)
    return [*found, *((child, otherwise) for child in node.else_)]


def _defined(test: nodes.Node, outcome: bool) -> frozenset[str]:
    """Names that are defined for sure where a test came out so."""
    if isinstance(test, nodes.Not):
        return _defined(test.node, not outcome)
    if isinstance(test, nodes.And if outcome else nodes.Or):
        return _defined(test.left, outcome) | _defined(test.right, outcome)
    if isinstance(test, nodes.Test) and test.name == ("defined" if outcome else "undefined"):
        root = _path(test.node)[1]
        return frozenset((root.name,)) if root is not None else frozenset()
    return frozenset()


def _path(node: nodes.Node) -> tuple[str, nodes.Name | None]:
    names: list[str] = []
    while True:
        if isinstance(node, nodes.Getattr):
            names.append(f".{node.attr}")
            node = node.node
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            names.append(f".{node.arg.value}" if isinstance(node.arg.value, str) else f"[{node.arg.value}]")
            node = node.node
        else:
            break
    if not isinstance(node, nodes.Name):
        return "", None
    return node.name + "".join(reversed(names)), node
