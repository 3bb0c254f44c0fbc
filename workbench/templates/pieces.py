"""A template taken apart for other languages: text and places of values, or the tree with every snippet in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from jinja2 import nodes

from workbench.quick_dataclass import dataclass
from workbench.templates.compiled import SyntaxTrouble, analyse
from workbench.templates.plain import PLAIN_TAG, plain
from workbench.templates.sandbox import ENVIRONMENT
from workbench.values.problems import BadInput


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value: a dotted path, and its line."""

    path: str
    line: int = 0


def pieces(text: str, snippets: Mapping[str, str]) -> tuple[str | Slot, ...]:
    """Text and places of values in turn, neighbouring texts joined. Raises BadInput, with the line, for whatever else stands there."""
    found: list[str | Slot] = []
    for piece in _plain_pieces(text) if plain(text) is not None else _flat(tree(text, snippets).body):
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return tuple(found)


def tree(text: str, snippets: Mapping[str, str]) -> nodes.Template:
    """The tree of a template, its snippets inside; nobody may change it. Raises BadInput, with line and column, where it cannot be read."""
    return _tree(text, tuple(sorted(snippets.items())) if "include" in text else ())


@lru_cache(maxsize=256)
def _tree(text: str, snippets: tuple[tuple[str, str], ...]) -> nodes.Template:
    try:
        return analyse(text, dict(snippets))[0]
    except SyntaxTrouble as trouble:
        problem = trouble.problem
        raise BadInput(problem.message, line=problem.line, column=problem.column) from trouble


def path_of(node: nodes.Node) -> str | None:
    """The dotted path that an expression reads; None for every other expression."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        before = path_of(node.node)
        return None if before is None else f"{before}.{node.attr}"
    return None


def words_for(node: nodes.Node) -> str:
    """What a node is, in words for the user."""
    if isinstance(node, nodes.Filter):
        return f"the filter {node.name}"
    if isinstance(node, nodes.Test):
        return f"the test {node.name}"
    return _WORDS.get(type(node), "an expression")


def tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) of the tokens of a template that can be read; joined they render as it does."""
    return [(str(kind), str(value)) for _, kind, value in ENVIRONMENT.lexer.tokeniter(text, None)]


def expanded(text: str, snippets: Mapping[str, str]) -> str:
    """The template with the text of every snippet in place of its tag. Raises BadInput, with the line, for a tag that finds nothing."""
    if "include" not in text:
        return text
    tree(text, snippets)  # which names what is missing or goes round in a circle
    return _expanded(text, snippets)


def _expanded(text: str, snippets: Mapping[str, str]) -> str:
    out: list[str] = []
    pending = list(tokens(text))
    at = 0
    while at < len(pending):
        kind, value = pending[at]
        end = next((place for place in range(at, len(pending)) if pending[place][0] == "block_end"), at) if kind == "block_begin" else at
        inside = [item for item in pending[at + 1 : end] if item[0] != "whitespace"]
        if kind != "block_begin" or inside[:1] != [("name", "include")]:
            out.append(value)
            at += 1
            continue
        said = _expanded(snippets[inside[1][1][1:-1]], snippets)
        if "{%" in said and "set" in said:
            said = f"{{% with %}}{said}{{% endwith %}}"  # what a snippet sets stays inside of it
        if said.startswith("{") and out and out[-1].endswith("{"):
            out[-1] = out[-1][:-1] + "{{ '{' }}"
        out.append(said)
        at = end + 1
    return "".join(out)


_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.If: "a condition",
    nodes.For: "a loop",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.With: "{% with %}",
    nodes.Call: "a call",
    nodes.Getitem: "a value by its place",
    nodes.CondExpr: "an if within an expression",
    nodes.Compare: "a comparison",
    nodes.And: "and",
    nodes.Or: "or",
    nodes.Not: "not",
}


def _plain_pieces(text: str) -> Iterator[str | Slot]:
    line = 1
    for place, piece in enumerate(PLAIN_TAG.split(text)):
        yield Slot(piece, line) if place % 2 else piece
        line += piece.count("\n")


def _flat(body: list[nodes.Node]) -> Iterator[str | Slot]:
    for node in body:
        if isinstance(node, nodes.Scope):
            yield from _flat(node.body)
        elif isinstance(node, nodes.Output):
            for item in node.nodes:
                path = path_of(item)
                if isinstance(item, nodes.TemplateData):
                    yield item.data
                elif isinstance(item, nodes.Const) and isinstance(item.value, (str, int)) and not isinstance(item.value, bool):
                    yield str(item.value)
                elif path is not None:
                    yield Slot(path, item.lineno)
                else:
                    raise BadInput(f"It has {words_for(item)}", line=int(item.lineno))
        else:
            raise BadInput(f"It has {words_for(node)}", line=int(node.lineno))
