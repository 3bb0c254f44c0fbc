"""`{% include "name" %}`: a snippet's text put in the place of its tag, before the template is compiled.

A name is looked up among the given snippets and nowhere else; there is no loader, so no file can be reached. The inserted nodes
take the place of their tag, so that every problem and variable inside a snippet points to a line that the user can see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

from workbench.templates import beside
from workbench.templates.syntax import LONGEST, PlacedParser, sentence

MOST_INCLUDES = 500
"""In one template, those inside of snippets counted each time: a few snippets that include each other twice grow without end."""

_ANY_TAG = re.compile(r"\{%[-+]?\s*include\b")
_TAG = re.compile(r"""\{%[-+]?\s*include\s+(["'])(.+?)\1""")

Parse = Callable[[str], nodes.Template]


class _Told(TemplateSyntaxError):
    """Says all that is to be said; only its place changes."""


class Includes(NodeTransformer):
    """Puts snippets into a tree. Raises TemplateSyntaxError at the tag for an unknown snippet, a circle, or too much text."""

    def __init__(self, parse: Parse, snippets: Mapping[str, str]) -> None:
        self._parse, self._snippets = parse, snippets
        self._way: list[str] = []
        self._count = self._size = 0

    def visit_Include(self, node: nodes.Include) -> Any:
        """The snippet's nodes, in a scope of their own: what it sets stays inside."""
        name = name_of(node)
        at = node.lineno
        if name in self._way:
            raise _Told(f"A circle: {circle_words((*self._way[self._way.index(name) :], name))}.", at)
        text = self._snippets.get(name)
        if text is None:
            raise _Told(f"There is no snippet named {name}{f', which {self._way[-1]} includes' if self._way else ''}.", at)
        self._count, self._size = self._count + 1, self._size + len(text)
        if self._count > MOST_INCLUDES or self._size > LONGEST:
            raise _Told("The snippets included here make the template too long.", at)
        self._way.append(name)
        try:
            tree = self.visit(self._parse(text))
        except _Told as told:
            raise _Told(str(told.message), at) from told  # every tag on the way out is nearer to what the user sees
        except TemplateSyntaxError as error:
            raise _Told(f"In the snippet {name}, line {int(error.lineno)}: {sentence(error)}", at) from error
        finally:
            self._way.pop()
        scope = nodes.Scope(tree.body, lineno=at)
        return scope.set_lineno(at, override=True)


def name_of(node: nodes.Include) -> str:
    """The name in the tag. Raises TemplateSyntaxError where it is no text in quotes, or where the tag wants more."""
    if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
        raise TemplateSyntaxError('An include names one snippet in quotes, as in {% include "refund_policy" %}.', node.lineno)
    if node.ignore_missing or not node.with_context:
        raise TemplateSyntaxError("Behind the name of an included snippet nothing more can stand.", node.lineno)
    return node.template.value


@lru_cache(maxsize=256)
def included(text: str) -> tuple[str, ...]:
    """Names of the snippets that a text includes itself, each once, in order. Works on half-typed templates too."""
    return beside.included(text) if _ANY_TAG.search(text) is not None else ()


def included_here(text: str) -> tuple[str, ...]:
    """As `included`, read in this process."""
    from workbench.templates.sandbox import ENVIRONMENT  # jinja2's, which most prompts do without

    try:
        tree = PlacedParser(ENVIRONMENT, text).parse()
        found = [node.template.value for node in tree.find_all(nodes.Include) if isinstance(node.template, nodes.Const)]
    except (TemplateSyntaxError, RecursionError, MemoryError, ValueError, OverflowError):
        found = [match[2] for match in _TAG.finditer(text)]
    return tuple(dict.fromkeys(name for name in found if isinstance(name, str)))


def renamed(text: str, old: str, new: str) -> str:
    """The text with another name in the tags that include a snippet."""
    return _TAG.sub(lambda tag: tag[0][: tag.start(2) - tag.start()] + new + tag[1] if tag[2] == old else tag[0], text)


def frozen(texts: Iterable[str], find: Callable[[str], str | None]) -> dict[str, str]:
    """Name and text of every snippet that these texts include, those inside of snippets too; unknown ones are left out."""
    found: dict[str, str] = {}
    pending = [name for text in texts for name in included(text)]
    while pending:
        name = pending.pop()
        if name in found or (text := find(name)) is None:
            continue
        found[name] = text
        pending.extend(included(text))
    return dict(sorted(found.items()))


def circle(name: str, texts: Iterable[str], find: Callable[[str], str | None]) -> tuple[str, ...]:
    """The way from a snippet with these texts back to itself, its name first and last; empty where there is none."""
    seen: set[str] = set()
    ways: list[tuple[str, ...]] = [(name, found) for text in texts for found in included(text)]
    while ways:
        way = ways.pop()
        if way[-1] == name:
            return way
        if way[-1] in seen:
            continue
        seen.add(way[-1])
        ways.extend((*way, found) for found in included(find(way[-1]) or ""))
    return ()


def circle_words(way: tuple[str, ...]) -> str:
    """`a includes b, which includes a`."""
    return f"{way[0]} includes {', which includes '.join(way[1:])}"
