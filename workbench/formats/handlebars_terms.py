"""What stands between the braces of a Handlebars tag, written as an expression of Jinja2."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from workbench.formats.jinja_text import variable_name
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass
from workbench.values.problems import BadInput

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?=[\s)]|\Z))|(?P<open>\()|(?P<close>\))"""
    r"""|(?P<key>[\w-]+)=|(?P<as>as\s*\|(?P<names>[^|]*)\|)|(?P<path>(?:\[[^\]]*\]|[^\s()="'|])+))""",
    re.DOTALL,
)
_WORDS = {"true": "true", "false": "false", "null": "none", "undefined": "none"}
_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "lte": "<=", "gte": ">=", "and": "and", "or": "or", "add": "+", "subtract": "-"}
"""Helpers that many bring along, and that mean one thing everywhere."""
_DEEPEST = 20


@dataclass(slots=True)
class Scope:
    """What `this` is within a block. The outermost has no name: there, values are found by their own names."""

    this: str = ""
    is_loop: bool = False
    names: dict[str, str] = field(default_factory=dict)
    """Block parameters (`as |item index|`) and what they are here: `@index` and `@key` are those of the loop."""
    over: str = ""
    """What a loop goes through, `object` or `list`, where the file says so."""
    has_key: bool = False
    """True for a loop that names what it goes through."""
    outward: dict[str, str] = field(default_factory=dict)
    """Names for what loops inside of this one ask of it, and what they stand for."""

    def own(self, word: str) -> str:
        """The name of its key, index, first or last: `item_2` has `key_2`."""
        return f"{word}_{self.this.rpartition('_')[2]}"


@dataclass(slots=True)
class Call:
    """A tag: its first word, what stands behind it, and its `name=value` pairs, all as Jinja2 says them."""

    name: str
    arguments: list[str]
    options: dict[str, str]
    is_call: bool
    """False for the place of a value."""
    raw: list[str] = field(default_factory=list)
    """The arguments as they are written."""
    names: tuple[str, ...] = ()


class Terms:
    """Reads tags in their scopes. Raises BadInput without a place."""

    def __init__(self, notes: Notes, known: Sequence[str]) -> None:
        self.notes = notes
        self.known = known
        """Names of all values, where the file declares them: what `this` is outside of blocks."""
        self.scopes: list[Scope] = [Scope()]

    def call(self, text: str) -> Call:
        """The tag with this text."""
        tokens = list(_tokens(text))
        if not tokens:
            raise BadInput("A tag is empty.")
        kind, name = tokens[0]
        if kind == "open":
            return Call("", [self._nested(tokens)], {}, True)
        found = Call(name if kind == "path" else "", [], {}, len(tokens) > 1)
        if kind in ("text", "number"):
            found.arguments.append(self._term(kind, name))
            return found
        if kind != "path":
            raise BadInput(f"{text.strip()[:60]} is no tag of Handlebars.")
        at = 1
        while at < len(tokens):
            kind, value = tokens[at]
            if kind == "as":
                found.names = tuple(value.split())
                at += 1
            elif kind == "key":
                term, after, _ = self._one(tokens, at + 1, 0)
                found.options[value] = term
                at = after
            else:
                term, after, raw = self._one(tokens, at, 0)
                found.arguments.append(term)
                found.raw.append(raw)
                at = after
        return found

    def value(self, path: str) -> str:
        """The expression that stands for a path, such as `../user.name` or `@index`."""
        if path in _WORDS:
            return _WORDS[path]
        if path.startswith("@"):
            return self._data(path[1:])
        depth = len(self.scopes) - 1
        while path.startswith("../") or path == "..":
            path = path[3:]
            depth -= 1
            if depth < 0:
                raise BadInput("../ leads out of the template.")
        return self._within(self.scopes[depth], path)

    def optional(self, term: str) -> str:
        """The term where its value may be absent, which is as good as false."""
        found = re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", term)
        if not found or term in _WORDS.values() or term.startswith("loop."):
            return term
        root, *rest = term.split(".")
        for part in rest:
            root = f"({root} | default({{}}, true)).{part}"
        return f"{root} | default(false)" if not rest else f"({root} | default(false))"

    def _within(self, scope: Scope, path: str) -> str:
        parts = [part.strip("[]") for part in re.findall(r"\[[^\]]*\]|[^./]+", path)]
        if parts and parts[0] == "this":
            parts = parts[1:]
        elif path.startswith("./"):
            parts = parts[0 if parts and parts[0] != "." else 1 :]
        elif parts and not scope.this and parts[0] in ("length",) and len(parts) == 1:
            return variable_name(parts[0], self.notes)
        named = next((outer for outer in reversed(self.scopes) if parts and parts[0] in outer.names), None)
        if named is not None:
            base = named.names[parts[0]]
            parts, base = parts[1:], self._of_loop(named, base[1:]) if base.startswith("@") else base
        else:
            base = scope.this
        if not parts and not base:
            return self._everything()
        is_length = (len(parts) > 1 and parts[-1] == "length") or (bool(base) and parts[-1:] == ["length"])
        if is_length:
            parts = parts[:-1]
        found = base
        for part in parts:
            if part.isdigit() and found:
                found = f"{found}[{part}]"
            else:
                found = f"{found}.{variable_name(part, self.notes)}" if found else variable_name(part, self.notes)
        return f"({found} | length)" if is_length else found

    def _everything(self) -> str:
        """All values at once: what `this` is outside of blocks."""
        if not self.known:
            raise BadInput("It asks for all values at once, and the file does not say which there are (input: schema).")
        names = [variable_name(name, self.notes) for name in self.known]
        return "{" + ", ".join(f"'{name}': {name}" for name in names) + "}"

    def _data(self, path: str) -> str:
        loops = [scope for scope in reversed(self.scopes) if scope.is_loop]
        outward = 0
        while path.startswith("../"):
            path = path[3:]
            outward += 1
        word, _, rest = path.partition(".")
        if word == "root":
            return self._within(self.scopes[0], rest or "this")
        if word in ("index", "first", "last", "key"):
            if outward >= len(loops):
                raise BadInput(f"@{'../' * outward}{word} stands outside of an each.")
            return self._of_loop(loops[outward], word)
        name = variable_name(word, self.notes)
        self.notes.add(f"@{word}", f"it is the value {name} here: there is no state beside the values")
        return ".".join([name, *(variable_name(part, self.notes) for part in rest.split(".") if part)])

    def _of_loop(self, loop: Scope, word: str) -> str:
        """The key, index, first or last of a loop that is open."""
        if word == "key" and loop.over == "list":
            word = "index"  # of a list, the key is the number
        if word == "key":
            if not loop.over:
                self.notes.add("@key", "it is read as the name within an object; what a loop goes through is not said in this file")
            loop.has_key = True
            return loop.own("key")
        said = {"index": "loop.index0", "first": "loop.first", "last": "loop.last"}[word]
        if loop is next(scope for scope in reversed(self.scopes) if scope.is_loop):
            return said
        return loop.outward.setdefault(said, loop.own(word))

    # Terms

    def _one(self, tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[str, int, str]:
        """(expression, place behind it, as written) of one argument."""
        if depth > _DEEPEST:
            raise BadInput("This is nested too deep.")
        if at >= len(tokens):
            raise BadInput("A value is missing at the end of a tag.")
        kind, value = tokens[at]
        if kind != "open":
            return self._term(kind, value), at + 1, value
        name = tokens[at + 1][1] if at + 1 < len(tokens) and tokens[at + 1][0] == "path" else ""
        terms: list[str] = []
        at += 2
        while at < len(tokens) and tokens[at][0] != "close":
            term, at, _ = self._one(tokens, at, depth + 1)
            terms.append(term)
        if at >= len(tokens):
            raise BadInput("A bracket is not closed.")
        return self.operation(name, terms), at + 1, name

    def _nested(self, tokens: list[tuple[str, str]]) -> str:
        term, after, _ = self._one(tokens, 0, 0)
        if after != len(tokens):
            raise BadInput("Something stands behind a bracket.")
        return term

    def operation(self, name: str, terms: list[str]) -> str:
        """A comparison or sum that helpers of these names make. Raises BadInput for another helper."""
        if name == "not" and len(terms) == 1:
            return f"(not {self.optional(terms[0])})"
        if name not in _OPERATORS or len(terms) < 2:
            raise BadInput(f"It calls the helper {name or '?'}, which does not exist here.")
        self.notes.add(f"helper {name}", f"dotprompt does not bring it along; it is read as {_OPERATORS[name]}")
        parts = [self.optional(term) for term in terms] if name in ("and", "or", "eq", "ne") else terms
        return f"({f' {_OPERATORS[name]} '.join(parts)})"

    def _term(self, kind: str, value: str) -> str:
        if kind == "text":
            inner = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
            return json.dumps(inner, ensure_ascii=False)
        if kind == "number":
            return value
        if kind == "path":
            return self.value(value)
        raise BadInput("A tag has a bracket or sign in the wrong place.")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadInput(f"{text[at : at + 40]} is no word of a tag.")
        kind = match.lastgroup or ""
        if match["as"]:
            yield "as", match["names"] or ""
        else:
            yield kind, match[kind]
        at = match.end()
        while at < len(text) and text[at].isspace():
            at += 1
