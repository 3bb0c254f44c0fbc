"""Templates of ours as Handlebars for dotprompt, from their tree. What Handlebars has no like for is refused with its line.

Its reader: `handlebars`, whose pairs of helpers and tags are the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from jinja2 import nodes

from workbench.formats.jinja_text import path_name
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass
from workbench.templates.pieces import path_of, tree, words_for
from workbench.values.problems import BadInput

_HELPERS = {
    "role", "media", "history", "section", "json", "ifEquals", "unlessEquals", "if", "unless", "each", "with", "lookup", "log", "else",
    "this", "true", "false", "null", "undefined",
}  # fmt: skip
"""Words that mean something else at the beginning of a tag."""
_LOOP = {"loop.index0": "@index", "loop.first": "@first", "loop.last": "@last"}
_NOTHING = "{{!}}"
"""A comment, which leaves nothing. A tag that stands behind it is not alone on its line, so it does not take the line along."""
_BRACES = re.compile(r"(?P<before>\\*)\{\{|\}(?=\})")


def to_handlebars(text: str, snippets: Mapping[str, str]) -> str:
    """The template that gives the same text. Raises BadInput, with the line, for what cannot be said."""
    return _Writing().run(tree(text, snippets).body)


@dataclass
class _Writing:
    out: list[str] = field(default_factory=list)
    text: str = ""
    """Text that is not written yet."""
    loops: list[str] = field(default_factory=list)
    """Names of the items of open loops, the innermost last."""
    keys: list[str] = field(default_factory=list)
    """What loops over objects call the names in them; empty for the others."""

    def run(self, body: Sequence[nodes.Node]) -> str:
        self._body(body)
        self._flush()
        return "".join(self.out)

    def _body(self, body: Sequence[nodes.Node]) -> None:
        for node in body:
            if isinstance(node, nodes.Scope):
                self._body(node.body)
            elif isinstance(node, nodes.Output):
                for item in node.nodes:
                    self._output(item)
            elif isinstance(node, nodes.If):
                self._if(node)
            elif isinstance(node, nodes.For):
                self._for(node)
            else:
                raise _no_like(node)

    def _flush(self) -> None:
        """Write the text that has come together, so that nothing in it is a tag."""
        text, self.text = self.text, ""
        if text.startswith("}") and self.out:
            self.out.append(_NOTHING)  # three braces at the end of a tag would be read as one
        self.out.append(_BRACES.sub(_no_tag, text))

    def _output(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.TemplateData):
            self.text += node.data
        elif isinstance(node, nodes.Const) and isinstance(node.value, str):
            self.text += node.value
        elif isinstance(node, nodes.Filter) and node.name in ("tojson", "dump") and node.node is not None:
            indent = [item.value for item in node.kwargs if item.key == "indent"] or node.args
            if any(not isinstance(item, nodes.Const) for item in indent) or len(node.kwargs) + len(node.args) > 1:
                raise _no_like(node)
            options = "".join(f" indent={item.value}" for item in indent if isinstance(item, nodes.Const))
            self._tag(f"{{{{json {self._path(node.node)}{options}}}}}")
        else:
            self._tag(f"{{{{{self._path(node)}}}}}")

    def _tag(self, tag: str, *, is_block: bool = False) -> None:
        """Add a tag so that it is one, and takes nothing of the text along."""
        if self.text.endswith("{"):
            raise BadInput("It has a brace right before a tag, which Handlebars reads as part of it")
        starts_line = not self.text.rpartition("\n")[2].strip(" \t")
        ends_in_slash = self.text.endswith("\\")
        self._flush()
        if ends_in_slash:
            self.out.append("\\")
        elif is_block and starts_line:
            self.out.append(_NOTHING)
        self.out.append(tag)

    def _if(self, node: nodes.If) -> None:
        helper, arguments = self._condition(node.test)
        self._tag(f"{{{{#{helper} {arguments}}}}}", is_block=True)
        self._body(node.body)
        for branch in node.elif_:
            inner, said = self._condition(branch.test)
            self._tag(f"{{{{else {inner} {said}}}}}", is_block=True)
            self._body(branch.body)
        if node.else_:
            self._tag("{{else}}", is_block=True)
            self._body(node.else_)
        self._tag(f"{{{{/{helper}}}}}", is_block=True)

    def _condition(self, test: nodes.Node) -> tuple[str, str]:
        if isinstance(test, nodes.Not):
            helper, said = self._condition(test.node)
            opposite = {"if": "unless", "unless": "if", "ifEquals": "unlessEquals", "unlessEquals": "ifEquals"}
            return opposite[helper], said
        if isinstance(test, nodes.Compare) and len(test.ops) == 1 and test.ops[0].op in ("eq", "ne"):
            terms = [self._term(test.expr), self._term(test.ops[0].expr)]
            return ("ifEquals" if test.ops[0].op == "eq" else "unlessEquals"), " ".join(terms)
        return "if", self._path(_without_default(test))

    def _term(self, node: nodes.Node) -> str:
        node = _without_default(node)
        if isinstance(node, nodes.Const) and (isinstance(node.value, (str, bool, int)) or node.value is None):
            return json.dumps(node.value, ensure_ascii=False)
        return self._path(node)

    def _for(self, node: nodes.For) -> None:
        pair = _pair(node)
        if node.test is not None or node.recursive or (pair is None and not isinstance(node.target, nodes.Name)):
            raise BadInput("It has a loop with a condition or several names, which Handlebars has no like for", line=int(node.lineno))
        key, name, given = pair or ("", node.target.name, node.iter)  # type: ignore[attr-defined]
        self._tag(f"{{{{#each {self._path(_without_default(given))} as |{name}|}}}}", is_block=True)
        self.loops.append(name)
        self.keys.append(key)
        self._body(node.body)
        self.loops.pop()
        self.keys.pop()
        if node.else_:
            self._tag("{{else}}", is_block=True)
            self._body(node.else_)
        self._tag("{{/each}}", is_block=True)

    def _path(self, node: nodes.Node) -> str:
        path = path_of(node)
        if path is None:
            raise _no_like(node)
        if path in _LOOP and self.loops:
            return _LOOP[path]
        if path in self.keys:  # the innermost has the name
            return f"@{'../' * self.keys[::-1].index(path)}key"
        if path_name(path, Notes("")) != path:
            raise BadInput(f"{path} is no name of a value in other tools", line=int(node.lineno), remedy="Give the variable another name.")
        first, *rest = path.split(".")
        if (first == "loop" and self.loops) or "length" in rest:
            raise BadInput(f"It has {path}, which Handlebars has no like for", line=int(node.lineno))
        if first in self.loops:
            if path in _HELPERS:
                raise BadInput(f"It has a loop over {path}, a word that means something else in Handlebars", line=int(node.lineno))
            return path
        if self.loops:
            return f"@root.{path}"
        return f"this.{path}" if first in _HELPERS else path


def _no_tag(braces: re.Match[str]) -> str:
    """Two braces so that they are text, with the backslashes before them."""
    if braces[0] == "}":
        return f"}}{_NOTHING}"
    return f"{braces['before']}\\{_NOTHING}\\{{{{" if braces["before"] else "\\{{"


def _without_default(node: nodes.Node) -> nodes.Node:
    """The value itself in `name | default(false)`, as our reader writes what may be absent: Handlebars means that anyway."""
    if isinstance(node, nodes.Filter) and node.name in ("default", "d") and node.node is not None and node.args:
        first = node.args[0]
        is_nothing = isinstance(first, nodes.Const) and first.value in (False, None)
        if isinstance(first, (nodes.List, nodes.Dict)) and not first.items:
            is_nothing = True
        if is_nothing:
            return node.node
    return node


def _pair(node: nodes.For) -> tuple[str, str, nodes.Node] | None:
    """(name of the key, name of the value, the object) of `for key, value in object | items` or `object.items()`; None for another loop."""
    given, target = node.iter, node.target
    if not isinstance(given, (nodes.Call, nodes.Filter)) or given.args or given.kwargs or not isinstance(target, nodes.Tuple):
        return None
    asked = given.node if isinstance(given, nodes.Call) else given
    name = asked.attr if isinstance(asked, nodes.Getattr) else asked.name if isinstance(asked, nodes.Filter) else ""
    pair = [item.name for item in target.items if isinstance(item, nodes.Name)]
    if (
        name != "items"
        or len(target.items) != 2
        or len(set(pair)) != 2
        or not isinstance(asked, (nodes.Getattr, nodes.Filter))
        or asked.node is None
    ):
        return None
    return pair[0], pair[1], asked.node


def _no_like(node: nodes.Node) -> BadInput:
    return BadInput(f"It has {words_for(node)}, which Handlebars has no like for", line=int(node.lineno))
