"""The verbs on templates: variables, check, render, preview. Compiled templates are kept, because a run renders one many times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench.quick_dataclass import replace
from workbench.templates import beside
from workbench.templates.placed import Placed, messages_of, name_of_messages, placed
from workbench.templates.plain import NotPlain, PlainTemplate, plain
from workbench.templates.records import NO_SNIPPETS, MissingValues, Piece, PreviewMessage, TemplateProblem, Variable
from workbench.values.messages import Content, Message, Part
from workbench.values.problems import BadInput

if TYPE_CHECKING:
    from workbench.templates.compiled import SandboxTemplate


@lru_cache(maxsize=256)
def _plain(text: str) -> PlainTemplate | None:
    return plain(text)


_Pairs = tuple[tuple[str, str], ...]
"""Snippets, name and text, as a cache can keep them."""


def _pairs(text: str, snippets: Mapping[str, str]) -> _Pairs:
    return tuple(sorted(snippets.items())) if snippets and "include" in text else ()


def _compiled(text: str, snippets: _Pairs) -> SandboxTemplate | TemplateProblem:
    return (_compiled_long if len(text) > beside.LONG else _compiled_short)(text, snippets)


def _compile(text: str, snippets: _Pairs) -> SandboxTemplate | TemplateProblem:
    from workbench.templates import compiled  # jinja2 costs 80 ms to import, and most prompts do without

    try:
        return compiled.SandboxTemplate(text, dict(snippets), beside.make)
    except compiled.SyntaxTrouble as trouble:
        return trouble.problem


_compiled_short = lru_cache(maxsize=256)(_compile)
_compiled_long = lru_cache(maxsize=16)(_compile)
"""Fewer: each holds some megabytes, and each pause of somebody who types makes another one."""


@lru_cache(maxsize=16)
def _partial_variables(text: str) -> tuple[Variable, ...]:
    return beside.partial_variables(text)


def _sandboxed(text: str, snippets: Mapping[str, str]) -> SandboxTemplate:
    template = _compiled(text, _pairs(text, snippets))
    if isinstance(template, TemplateProblem):
        raise BadInput(template.message, line=template.line, column=template.column)
    return template


def variables(text: str, snippets: Mapping[str, str] = NO_SNIPPETS) -> tuple[Variable, ...]:
    """Every place where the template reads a value, in the order of the text; what a snippet reads is read at its tag. Works on
    half-typed templates too."""
    template = _plain(text)
    if template is not None:
        return template.variables()
    found = _compiled(text, _pairs(text, snippets))
    if not isinstance(found, TemplateProblem):
        return found.variables()
    return _partial_variables(text)


def is_plain(text: str) -> bool:
    """True if rendering the text copies values and does nothing else, so that it cannot take long."""
    return _plain(text) is not None


def check(text: str, snippets: Mapping[str, str] = NO_SNIPPETS) -> TemplateProblem | None:
    """What is wrong with the template, with line and column; None if nothing is."""
    if _plain(text) is not None:
        return None
    found = _compiled(text, _pairs(text, snippets))
    return found if isinstance(found, TemplateProblem) else None


@lru_cache(maxsize=1)
def filter_names() -> tuple[str, ...]:
    """Names of all filters that a template may use, by name."""
    from workbench.templates.sandbox import ENVIRONMENT  # see above

    return tuple(sorted(ENVIRONMENT.filters))


def names(content: Content) -> tuple[str, ...]:
    """The root names of all variables, each once, in the order of the messages."""
    return _root_names(content, optional_too=True)


def required(content: Content) -> tuple[str, ...]:
    """The root names that the prompt cannot do without: `default(...)`, `is defined` or a declared default makes one optional."""
    return _root_names(content, optional_too=False)


def _root_names(content: Content, *, optional_too: bool) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in _texts(content):
        for variable in variables(text, content.snippets):
            declared = content.variables.get(variable.name)
            needed = not variable.optional and (declared is None or declared.needs_value)
            if optional_too or needed:
                found.setdefault(variable.name)
    return tuple(found)


def render_text(text: str, values: Mapping[str, Any], snippets: Mapping[str, str] = NO_SNIPPETS) -> str:
    """The text with its values in place.

    Raises MissingValues naming every variable without a value, or BadInput with line and column of a syntax error, or a sentence
    about a template that takes more than a second or 100 MB.
    """
    template = _plain(text)
    if template is not None:
        try:
            return template.render(values)
        except NotPlain:
            pass
    return _sandboxed(text, snippets).render(values)


def render(content: Content, values: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages with their values in place: text as text, files as parts, messages as messages. Raises as `render_text`; missing
    values are named for all messages at once."""
    whole = placed(content, with_defaults(content, values))
    rendered: list[Message] = []
    missing: dict[str, None] = {}
    for number, message in enumerate(content.messages, 1):
        parts: list[Part] = []
        try:
            if name := name_of_messages(content, message):
                if name in whole.values:
                    rendered += messages_of(name, whole.values[name])
                else:
                    missing.setdefault(name)
                continue
            for part in message.parts:
                text = render_text(part.text, whole.values, content.snippets) if part.kind == "text" else ""
                parts += whole.split(text) if whole.files and part.kind == "text" else [replace(part, text=text)]
        except MissingValues as problem:
            missing.update(dict.fromkeys(problem.names))
        except BadInput as problem:
            problem.path = f"message {number} ({message.role})" if len(content.messages) > 1 else ""
            raise
        rendered.append(replace(message, parts=tuple(parts)))
    if missing:
        raise MissingValues(tuple(missing))
    return tuple(rendered)


def preview(content: Content, values: Mapping[str, Any]) -> list[PreviewMessage]:
    """The messages as a preview shows them: pieces that say what a value filled in. Never raises; each message names its own problem.

    One for each message of the content; in the place of one that names a value of messages, one for each of these."""
    whole = with_defaults(content, values)
    try:
        with_files, trouble = placed(content, whole), ""
    except BadInput as problem:
        with_files, trouble = Placed(whole), problem.message
    return [
        replace(row, message=number)
        for number, message in enumerate(content.messages)
        for row in _turns(content, message, with_files) or [_preview(content, message, with_files, trouble)]
    ]


def with_defaults(content: Content, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values as the types of the content have them, and what it declares for those that are not given."""
    if not content.variables:
        return values
    specs = content.variables
    declared = {name: spec.stand_in for name, spec in specs.items() if not spec.needs_value}
    return {**declared, **{name: specs[name].fitted(value) if name in specs else value for name, value in values.items()}}


def _turns(content: Content, message: Message, placed: Placed) -> list[PreviewMessage]:
    """The messages that stand in the place of this one; none where it is an ordinary message or its value cannot be read."""
    name = name_of_messages(content, message)
    if not name or name not in placed.values:
        return []
    try:
        turns = messages_of(name, placed.values[name])
    except BadInput as problem:
        where = TemplateProblem(problem.message, problem.line or 1, problem.column or 1)
        return [PreviewMessage(message.role, (Piece(message.text),), problem=where)]
    rows = []
    for turn in turns:
        said = [turn.text] if turn.text else []
        said += [f"calls {call.name}({call.arguments})" for call in turn.tool_calls]
        rows.append(PreviewMessage(turn.role, (Piece("\n".join(said), True, name),), attachments=turn.attachments, is_turn=True))
    return rows or [PreviewMessage(message.role, (), is_turn=True)]


def _preview(content: Content, message: Message, placed: Placed, trouble: str) -> PreviewMessage:
    pieces: list[Piece] = []
    missing: dict[str, None] = {}
    attached = list(message.attachments)
    try:
        for part in message.parts:
            if part.kind != "text":
                continue
            found, absent = _sandboxed(part.text, content.snippets).preview(placed.values)
            missing.update(dict.fromkeys(absent))
            for piece in found:
                text, files = placed.named(piece.text) if placed.files else (piece.text, ())
                attached += files
                pieces.append(replace(piece, text=text) if files else piece)
    except BadInput as problem:
        where = TemplateProblem(problem.message, problem.line or 1, problem.column or 1)
        return PreviewMessage(message.role, (Piece(message.text),), problem=where, attachments=message.attachments)
    if trouble and any(piece.variable == trouble.split(":")[0].split(" ")[0] for piece in pieces):
        return PreviewMessage(message.role, tuple(pieces), problem=TemplateProblem(trouble, 1, 1), attachments=tuple(attached))
    return PreviewMessage(message.role, tuple(pieces), tuple(missing), attachments=tuple(attached))


def _texts(content: Content) -> list[str]:
    return [part.text for message in content.messages for part in message.parts if part.kind == "text"]


def frozen(content: Content, find: Callable[[str], str | None]) -> Content:
    """The content with the text of every snippet that it includes: as it was frozen in it, else as `find` knows it."""
    texts = _texts(content)
    if not any("include" in text for text in texts):
        return replace(content, snippets={}) if content.snippets else content
    from workbench.templates import includes  # jinja2 costs 80 ms to import, and most prompts do without

    return replace(
        content, snippets=includes.frozen(texts, lambda name: content.snippets[name] if name in content.snippets else find(name))
    )


def renewed(content: Content, find: Callable[[str], str | None]) -> Content:
    """The content with its snippets as `find` knows them now; one that it does not know any more stays as it was frozen."""
    gone = {name: text for name, text in content.snippets.items() if find(name) is None}
    return frozen(replace(content, snippets=gone), find)


def with_renamed(content: Content, old: str, new: str) -> Content:
    """The content with another name in all that includes a snippet, and its frozen text under that; the same where nothing does."""
    if not any(old in message.text for message in content.messages):
        return content
    from workbench.templates import includes  # see above

    messages = tuple(
        replace(message, parts=tuple(replace(part, text=includes.renamed(part.text, old, new)) for part in message.parts))
        for message in content.messages
    )
    if messages == content.messages:
        return content
    known = {new: content.snippets[old]} if old in content.snippets else {}
    return replace(content, messages=messages, snippets={**content.snippets, **known})


def circle(name: str, content: Content, find: Callable[[str], str | None]) -> str:
    """`a includes b, which includes a` where a snippet of this name with this content would include itself; empty else."""
    texts = _texts(content)
    if not any("include" in text for text in texts):
        return ""
    from workbench.templates import includes  # see above

    way = includes.circle(name, texts, find)
    return includes.circle_words(way) if way else ""


def included(content: Content) -> tuple[str, ...]:
    """Names of the snippets that the messages include themselves, each once."""
    texts = [text for text in _texts(content) if "include" in text]
    if not texts:
        return ()
    from workbench.templates import includes  # see above

    return tuple(dict.fromkeys(name for text in texts for name in includes.included(text)))
