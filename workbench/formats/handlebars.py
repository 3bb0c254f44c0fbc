"""Handlebars templates of dotprompt as messages of ours. What has no like here is refused with its line.

The language: https://handlebarsjs.com/guide and https://google.github.io/dotprompt/reference/template/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from workbench.formats.foreign_values import role_of
from workbench.formats.handlebars_terms import Call, Scope, Terms
from workbench.formats.jinja_text import JinjaText, variable_name
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass
from workbench.values.messages import Message, Role
from workbench.values.problems import BadInput

_TAG = re.compile(
    r"\\(?P<slash>\\)(?=\{\{)|\\(?P<escaped>\{\{)|\{\{~?!--.*?--~?\}\}|\{\{~?!(?!--)(?:[^{}]|\{\{[^{}]*\}\})*\}\}|\{\{~?!(?!--).*?\}\}|\{\{\{\{|\{\{\{(?P<triple>[^{}]*)\}\}\}"
    r"|\{\{(?P<left>~?)(?P<kind>[#^/!>&]?)(?P<body>[^{}]*?)(?P<right>~?)\}\}|(?P<stray>\{\{|\}\})",
    re.DOTALL,
)
_KEY = re.compile(r"k|key(_\d+)?", re.IGNORECASE)
"""What people call the second name of a loop over an object."""
_DEEPEST = 30
_MOST_PARTIALS = 100
_TESTS = {"if": "", "unless": "not "}
_EQUALS = {"ifEquals": "==", "unlessEquals": "!="}


@dataclass(slots=True)
class _Block:
    name: str
    end: str
    line: int
    scope: Scope | None = None
    """What `this` is in it, as long as it is."""
    loop: tuple[JinjaText, int, str] | None = None
    """Where the tag of a loop stands, and what it goes through."""


def messages_of(
    text: str,
    notes: Notes,
    *,
    line: int = 1,
    known: Sequence[str] = (),
    partial: Callable[[str], str] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> tuple[Message, ...]:
    """The messages of a template. `known`: names of all values; `partial`: the text of a partial by its name; `kinds`: which values are
    said to be an `object` or a `list`.

    Raises BadInput, with the line, for what has no like here.
    """
    return _Translation(notes, known, partial, kinds or {}).run(text, line)


class _Translation:
    def __init__(self, notes: Notes, known: Sequence[str], partial: Callable[[str], str] | None, kinds: Mapping[str, str]) -> None:
        self._notes = notes
        self._terms = Terms(notes, known)
        self._partial = partial
        self._kinds = kinds
        self._partials: list[str] = []
        self._count = 0
        self._found: list[tuple[Role, JinjaText]] = [("user", JinjaText())]
        self._open: list[_Block] = []
        self._braces = 0
        self._names = 0

    def run(self, text: str, line: int) -> tuple[Message, ...]:
        self._read(text, line)
        texts = [(role, str(said)) for role, said in self._found]
        return tuple(Message.of(role, said) for role, said in texts if said.strip())

    def _read(self, text: str, line: int) -> None:
        depth = len(self._open)
        at = 0
        strip = False
        for match in _TAG.finditer(text):
            start, end = match.span()
            here = line + text.count("\n", 0, start)
            if start < at:
                continue
            try:
                if match["stray"] and self._is_text(text[at:start], match["stray"]):
                    continue
                if self._is_alone(match) and not match["left"] and not match["right"]:
                    start, end = _standalone(text, start, end, at)
                before = text[at:start]
                before = before.lstrip() if strip else before
                self._text(before.rstrip() if match["left"] else before)
                strip = bool(match["right"])
                at = end
                self._tag(match, here)
            except BadInput as error:
                raise BadInput(error.message, path=self._notes.path, line=error.line or here, remedy=error.remedy) from None
        self._text(text[at:].lstrip() if strip else text[at:])
        if len(self._open) > depth:
            block = self._open[-1]
            raise BadInput(f"The block {block.name} is not closed.", path=self._notes.path, line=block.line)

    def _text(self, text: str) -> None:
        self._braces = max(0, self._braces + text.count("{") - text.count("}"))
        self._found[-1][1].text(text)

    def _is_text(self, before: str, stray: str) -> bool:
        """True for two braces that end what single braces began, as at the end of a JSON example."""
        if stray == "{{":
            raise BadInput("A tag is opened and not closed.")
        if self._braces + before.count("{") - before.count("}") < 2:
            raise BadInput("Two closing braces stand where no tag is open.")
        return True

    @staticmethod
    def _is_alone(match: re.Match[str]) -> bool:
        """True for tags that take their line along where they stand alone on it."""
        return (
            match[0].startswith(("{{!", "{{~!")) or match["kind"] in ("#", "^", "/", ">") or (match["body"] or "").split()[:1] == ["else"]
        )

    def _tag(self, match: re.Match[str], line: int) -> None:
        if match["slash"]:
            self._text("\\")
            return
        if match["escaped"]:
            self._text("{{")
            return
        if match[0] == "{{{{":
            raise BadInput("Raw blocks have no like here.")
        if match["triple"] is not None:
            self._value(self._terms.call(match["triple"]))
            return
        if match["body"] is None or match["kind"] == "!":
            return
        kind, body = match["kind"], match["body"].strip()
        if kind == "/":
            self._close(body)
        elif kind == ">":
            self._include(body, line)
        elif kind == "#":
            self._begin(body, line)
        elif kind == "^" and body:
            raise BadInput("An inverted section has no helper: write it with unless.")
        elif kind == "^" or body == "else" or re.match(r"else\s", body):
            self._else(body)
        else:
            self._value(self._terms.call(body))

    # Values and helpers

    def _value(self, call: Call) -> None:
        out = self._found[-1][1]
        if call.name == "role":
            self._role(call.raw[0] if call.raw else "")
        elif call.name == "history" and not call.arguments:
            self._history()
        elif call.name == "section":
            self._notes.add(f"{{{{section {' '.join(call.raw)}}}}}", "parts of a message have no names here; its text stays")
        elif call.name == "media":
            address = call.options.get("url", '""')
            self._notes.add(
                f"{{{{media url={address}}}}}", "pictures by their address have no place in a prompt yet; the address stays as text"
            )
            out.variable(address)
        elif call.name == "json" and call.arguments:
            indent = call.options.get("indent", "")
            out.variable(f"{call.arguments[0]} | tojson({f'indent={indent}' if indent else ''})".replace("()", ""))
        elif not call.is_call:
            out.variable(call.arguments[0] if not call.name else self._terms.value(call.name))
        else:
            out.variable(self._terms.operation(call.name, call.arguments) if call.name else call.arguments[0])

    def _role(self, role: str) -> None:
        if self._open:
            raise BadInput("A role changes inside of a block: a prompt here has a fixed number of messages.")
        known = role_of(role.strip("\"'"), self._notes, "message")
        self._found.append((known, JinjaText()))

    def _history(self) -> None:
        """Earlier turns stand where they are named; what follows without a role is the model's, as dotprompt has it."""
        if self._open:
            raise BadInput("The history stands inside of a block: a prompt here has a fixed number of messages.")
        earlier = JinjaText()
        earlier.variable("history")
        self._found += [("user", earlier), ("assistant", JinjaText())]

    # Blocks

    def _begin(self, body: str, line: int) -> None:
        if len(self._open) >= _DEEPEST:
            raise BadInput("Blocks are nested too deep.")
        call = self._terms.call(body)
        out = self._found[-1][1]
        name = call.name
        if name == "role":
            self._notes.add("{{#role}}", "its text is the message here; dotprompt itself would leave it out")
            self._role(call.raw[0] if call.raw else "")
            self._open.append(_Block(name, "", line))
            return
        condition = self._condition(call)
        if condition:
            out.tag(f"{{% if {condition} %}}")
            self._open.append(_Block(name, "{% endif %}", line))
        elif name in ("each", "with") and call.arguments:
            self._scoped(call, line)
        else:
            raise BadInput(f"It calls the block {name[:60] or '?'}, which does not exist here.")

    def _condition(self, call: Call) -> str:
        if call.name in _TESTS and call.arguments:
            return f"{_TESTS[call.name]}{self._terms.optional(call.arguments[0])}"
        if call.name in _EQUALS and len(call.arguments) == 2:
            left, right = (self._terms.optional(term).replace("default(false)", "default(none)") for term in call.arguments)
            return f"{left} {_EQUALS[call.name]} {right}"
        return ""

    def _scoped(self, call: Call, line: int) -> None:
        self._names += 1
        out, this = self._found[-1][1], f"item_{self._names}"
        term = call.arguments[0]
        over = self._kinds.get(term, "")
        is_keyed = over == "object" or (not over and len(call.names) > 1 and _KEY.fullmatch(call.names[1]))
        named = dict(zip(call.names, (this, ("@key" if is_keyed else "@index") if call.name == "each" else this), strict=False))
        if call.name == "with":
            out.tag(f"{{% set {this} = {self._terms.optional(term)} %}}")
            out.tag(f"{{% if {this} %}}")
            scope = Scope(this, False, named)
            self._open.append(_Block("with", "{% endif %}", line, scope))
            self._terms.scopes.append(scope)
            return
        given = self._terms.optional(term)
        out.tag(f"{{% for {this} in {given.replace('default(false)', 'default([], true)')} %}}")
        scope = Scope(this, True, named, over, over == "object")
        self._open.append(_Block("each", "{% endfor %}", line, scope, (out, out.place, given)))
        self._terms.scopes.append(scope)

    def _leave(self, block: _Block) -> None:
        """End the scope of a block. Only now it is known what is asked of a loop."""
        scope, block.scope = block.scope, None
        if scope is None:
            return
        self._terms.scopes.pop()
        if block.loop is None or not (scope.has_key or scope.outward):
            return
        out, place, given = block.loop
        if scope.has_key:
            given = given.replace("default(false)", "default({}, true)")
            head = f"{{% for {scope.own('key')}, {scope.this} in {given} | items %}}"  # the filter: a value may itself be called items
        else:
            head = f"{{% for {scope.this} in {given.replace('default(false)', 'default([], true)')} %}}"
        out.rewrite(place, head + "".join(f"{{% set {name} = {said} %}}" for said, name in scope.outward.items()))

    def _else(self, body: str) -> None:
        if not self._open or self._open[-1].name == "role":
            raise BadInput("An else stands outside of a block.")
        block, out = self._open[-1], self._found[-1][1]
        self._leave(block)
        chained = body[4:].strip()
        if not chained:
            out.tag("{% else %}")
            return
        condition = self._condition(self._terms.call(chained))
        if not condition or block.name == "each":
            raise BadInput("Only if, unless and ifEquals can follow an else.")
        out.tag(f"{{% elif {condition} %}}")

    def _close(self, name: str) -> None:
        if name == "section" and (not self._open or self._open[-1].name != "section"):
            self._notes.add("{{/section}}", "a section has no end in dotprompt")
            return
        if not self._open:
            raise BadInput(f"The block {name} is closed where it is not open.")
        block = self._open[-1]
        if block.name != name:
            raise BadInput(f"The block {name} is closed where {block.name} is open.")
        self._open.pop()
        if name == "role":
            self._found.append(("user", JinjaText()))
        else:
            self._found[-1][1].tag(block.end)
        self._leave(block)

    # Partials

    def _include(self, body: str, line: int) -> None:
        call = self._terms.call(body)
        name = call.name
        self._count += 1
        if not name or self._partial is None:
            raise BadInput(f"It includes the partial {name}, and partials lie in other files.")
        if name in self._partials:
            raise BadInput(f"The partial {name} includes itself.")
        if self._count > _MOST_PARTIALS:
            raise BadInput("It includes too many partials.")
        if call.arguments:
            raise BadInput(f"The partial {name} gets a context of its own, which nothing here does.")
        out = self._found[-1][1]
        try:
            text = self._partial(name)
        except BadInput as error:
            if call.options or len(self._terms.scopes) > 1:
                raise BadInput(f"It includes the partial {name}, and _{name}.prompt beside it cannot be read.") from error
            value = variable_name(name, self._notes)
            self._notes.add(f"{{{{> {name}}}}}", f"_{name}.prompt beside it cannot be read: its text is asked for as the value {value}")
            out.variable(value)
            return
        for option, term in call.options.items():
            out.tag(f"{{% with {option} = {term} %}}")
        self._partials.append(name)
        try:
            self._read(text, 1)
        except BadInput as error:
            raise BadInput(f"In the partial {name}, line {error.line}: {error.message}", line=line) from None
        self._partials.pop()
        for _ in call.options:
            self._found[-1][1].tag("{% endwith %}")


def _standalone(text: str, start: int, end: int, at: int) -> tuple[int, int]:
    """Where a tag that stands alone on its line begins and ends: the whole line, which leaves nothing behind."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    alone = not text[first:start].strip() and not text[end:last].strip() and first >= at
    return (first, last) if alone else (start, end)
