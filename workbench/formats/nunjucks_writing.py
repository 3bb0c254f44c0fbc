"""Templates of ours in the words of Nunjucks, as promptfoo renders them. Its reader: `nunjucks`.

The languages are close; what Nunjucks has no like for is refused with its line. https://mozilla.github.io/nunjucks/templating.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy

from jinja2 import nodes

from workbench.formats.nunjucks import from_nunjucks
from workbench.formats.reports import Notes
from workbench.templates import is_plain
from workbench.templates.pieces import expanded, path_of, tokens, tree, words_for
from workbench.values.problems import BadInput

_RENAMED = {"tojson": "dump", "count": "length", "d": "default"}
_FILTERS = {
    "abs", "batch", "capitalize", "center", "default", "dictsort", "dump", "escape", "e", "first", "float", "groupby", "indent", "int",
    "join", "last", "length", "list", "lower", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr",
    "slice",
    "sort", "string", "striptags", "sum", "title", "trim", "truncate", "upper", "urlencode", "wordcount",
}  # fmt: skip
_TESTS = {
    "callable", "defined", "divisibleby", "eq", "equalto", "even", "ge", "greaterthan", "gt", "iterable", "le", "lessthan", "lower", "lt",
    "mapping", "ne", "none", "number", "odd", "sameas", "string", "undefined", "upper",
}  # fmt: skip
_LOOP = {"index", "index0", "revindex", "revindex0", "first", "last", "length"}
_SAME = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.Assign, nodes.AssignBlock,
    nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg, nodes.Pos,
    nodes.Concat, nodes.CondExpr, nodes.List, nodes.Dict, nodes.Pair, nodes.Operand, nodes.Keyword,
)  # fmt: skip
_NONE = re.compile(r"\b(?:None|True|False)\b")


def to_nunjucks(text: str, snippets: Mapping[str, str]) -> str:
    """The template for Nunjucks. Raises BadInput, with the line, for what it has no like for."""
    whole = expanded(text, snippets)
    if is_plain(whole) and ".length" not in whole and from_nunjucks(whole, Notes(""), "") == whole:
        return whole
    found = tree(whole, {})
    for node in found.find_all(nodes.Node):
        _refuse(node)
    written = _translated(whole) if "{%" in whole or "{{" in whole else whole
    if repr(tree(from_nunjucks(written, Notes(""), ""), {})) != repr(_named_alike(deepcopy(found))):
        raise BadInput("It has words that mean something else in Nunjucks")
    return written


def has_bare_tests(text: str) -> bool:
    """True where a condition asks whether a value is there or empty, which an empty list answers in another way in Nunjucks."""
    return "{%" in text and any(path_of(node.test) is not None for node in tree(text, {}).find_all(nodes.If))


def _refuse(node: nodes.Node) -> None:
    if isinstance(node, nodes.Filter):
        name = _RENAMED.get(node.name, node.name)
        is_known = name in _FILTERS and not node.dyn_args and not node.dyn_kwargs
        if is_known and (not node.kwargs or (name == "dump" and [item.key for item in node.kwargs] == ["indent"])):
            return
    elif isinstance(node, nodes.Test):
        if node.name in _TESTS:
            return
    elif isinstance(node, nodes.For):
        if node.test is None and not node.recursive and isinstance(node.target, nodes.Name):
            return
    elif isinstance(node, nodes.Getattr):
        is_loop = isinstance(node.node, nodes.Name) and node.node.name == "loop"
        if node.attr in _LOOP if is_loop else node.attr != "length":
            return
    elif isinstance(node, nodes.Getitem):
        if not isinstance(node.arg, nodes.Slice):
            return
    elif isinstance(node, nodes.Compare):
        if len(node.ops) == 1:
            return
    elif isinstance(node, nodes.Call):
        if isinstance(node.node, nodes.Name) and node.node.name == "range" and not node.kwargs:
            return
    elif isinstance(node, _SAME):
        return
    raise BadInput(f"It has {words_for(node)}, which Nunjucks has no like for", line=int(node.lineno))


def _translated(text: str) -> str:
    out: list[str] = []
    found = tokens(text)
    for at, (kind, value) in enumerate(found):
        if kind == "name":
            before = next((item for item in reversed(found[:at]) if item[0] != "whitespace"), ("", ""))
            if before[1] == "|":
                value = _RENAMED.get(value, value)
            elif _NONE.fullmatch(value) and before[1] != ".":
                value = value.lower()
            elif value == "indent" and _is_indent(found[:at]):
                value = "\0"  # `tojson(indent=2)` is `dump(2)` there
        out.append(value)
    return re.sub("\0\\s*=\\s*", "", "".join(out))


def _is_indent(before: list[tuple[str, str]]) -> bool:
    said = [value for kind, value in before[-6:] if kind != "whitespace"]
    return said[-3:] == ["|", "tojson", "("]


def _named_alike(found: nodes.Template) -> nodes.Template:
    """The tree as it comes back: with the names of filters that both languages have."""
    back = {"count": "length", "d": "default", "dump": "tojson"}
    for node in found.find_all(nodes.Filter):
        node.name = back.get(node.name, node.name)
    return found
