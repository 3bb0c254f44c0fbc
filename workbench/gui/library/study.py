"""What is found out about a prompt beside the window: its variables, its problems, what changed, how it is sent."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.gui.library.preview_rows import Row, preview_rows
from workbench.gui.widgets.pictures import thumbnail
from workbench.gui.words import counted, joined
from workbench.quick_dataclass import dataclass, replace
from workbench.values import Content

if TYPE_CHECKING:
    from workbench.values import Part
    from workbench.workspace import (
        BranchRow,
        ContentDiff,
        LabelMove,
        PromptRow,
        Stale,
        TemplateProblem,
        Use,
        Variable,
        VersionRow,
        Workspace,
    )

_ATTRIBUTED = 20
"""Versions of which the list says what changed; the comparison says it of all."""
CHARACTERS_A_TOKEN = 4
"""A rough rule: a token of English text has about four characters. Every number made with it says "about"."""


_LOOPED = re.compile(r"\{%[-+]?\s*for\s[^%]*?\sin\s+([A-Za-z_]\w*)\s*(?:[-+]?%\}|if\s|recursive\s)")


@dataclass(frozen=True, slots=True)
class Opened:
    """A prompt as the screen shows it: the draft if there is one, else the newest version."""

    prompt: PromptRow
    versions: tuple[VersionRow, ...]
    content: Content
    base: VersionRow | None
    """The version that the working copy came from."""
    base_content: Content | None
    samples: Mapping[str, Any]
    has_draft: bool
    uses: tuple[Use, ...] = ()
    """Of a snippet: who includes it."""
    protected: frozenset[str] = frozenset()
    """Labels that are not moved without a question."""
    moves: tuple[LabelMove, ...] = ()
    changed: Mapping[int, str] = field(default_factory=dict)
    """Version number to what changed against its parent, for the newest ones."""
    branches: tuple[BranchRow, ...] = ()
    tip: VersionRow | None = None
    """The newest version of the branch that is written on, or the one that it began at."""
    draft: str = ""
    """The mark of the draft; empty for none."""


@dataclass(frozen=True)
class Facts:
    """What a content says about itself, message by message. Names are gathered once: a long text reads thousands."""

    content: Content
    variables: tuple[tuple[Variable, ...], ...]
    problems: tuple[TemplateProblem | None, ...]
    filters: tuple[str, ...]
    """All filters that a template may use."""
    diff: ContentDiff | None
    """Against the version it came from; None where there is none."""
    stale: Stale
    """Its snippets that are other ones in the library by now."""
    snippets: tuple[str, ...] = ()
    """Names that can be included."""
    unsaved_snippets: tuple[str, ...] = ()
    """Names that cannot be included yet."""
    edits: int = 0
    """How many lines and parameters differ from the version it came from. Counted once: it is shown at every key."""
    changed: str = ""
    """The same in words; empty where there is no version it came from."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Root names of all variables, in the order of the text."""
        return tuple(dict.fromkeys(variable.name for found in self.variables for variable in found))

    @cached_property
    def certain(self) -> tuple[str, ...]:
        """Root names that messages read which can be read themselves."""
        readable = (found for found, problem in zip(self.variables, self.problems, strict=True) if problem is None)
        return tuple(dict.fromkeys(variable.name for found in readable for variable in found))

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Root names that the prompt cannot do without. A message that cannot be read says nothing certain: `item` may be its loop's."""
        readable = (found for found, problem in zip(self.variables, self.problems, strict=True) if problem is None)
        needed = dict.fromkeys(variable.name for found in readable for variable in found if not variable.optional)
        return tuple(name for name in needed if name not in self.spared)

    @cached_property
    def spared(self) -> frozenset[str]:
        """Names for which something stands in where no value is given: so it is declared."""
        return frozenset(name for name, spec in self.content.variables.items() if not spec.needs_value)

    @cached_property
    def looped(self) -> frozenset[str]:
        """Names whose items a loop goes through: where such a value is text, it would go letter by letter."""
        return frozenset(name for message in self.content.messages for name in _LOOPED.findall(message.text))

    @cached_property
    def parted(self) -> frozenset[str]:
        """Names of which the text reads parts: `customer` of `{{ customer.name }}`."""
        return frozenset(v.name for found in self.variables for v in found if v.path.startswith(f"{v.name}."))


def open_prompt(ws: Workspace, prompt_id: int, before: Opened | None = None, *, with_figures: bool = True) -> Opened:
    """Everything about one prompt; `before`: as it was read last, if it was. Raises NotFound."""
    known = before.changed if before is not None and before.prompt.id == prompt_id else {}
    prompt = ws.prompts.get(prompt_id)
    base = tip = ws.versions.current(prompt_id)  # before the list of all: one that is made meanwhile stands in that only
    versions = tuple(ws.versions.list(prompt_id, with_figures=with_figures))
    draft = ws.versions.draft(prompt_id)
    if base is not None:
        base = tip = next(row for row in versions if base is not None and row.id == base.id)  # with what came of it
    if draft is not None and draft.base_version_id is not None:
        base = next((row for row in versions if row.id == draft.base_version_id), base)
    base_content = ws.versions.content(base.id) if base is not None else None
    content = draft.content if draft is not None else base_content or Content()
    uses = tuple(ws.snippets.uses().get(prompt.name, ())) if prompt.kind == "snippet" else ()
    return Opened(
        prompt,
        versions,
        content,
        base,
        base_content,
        ws.versions.samples(prompt_id),
        draft is not None,
        uses,
        ws.versions.protected_labels(prompt_id),
        ws.versions.label_moves(prompt_id),
        attributions(ws, versions, known) if with_figures else {},
        ws.branches.list(prompt_id),
        tip,
        draft.mark if draft is not None else "",
    )


def attributions(ws: Workspace, versions: Sequence[VersionRow], known: Mapping[int, str]) -> dict[int, str]:
    """Version number to what changed against its parent: `prompt changed, temperature 0.2 to 0.7`; for the newest ones. What is known
    already is not compared again: versions never change."""
    by_number, contents, found = {row.number: row for row in versions}, dict[int, Content](), {}
    for row in versions[:_ATTRIBUTED]:
        parent = by_number.get(row.parent) if row.parent is not None else None
        if parent is None:
            continue
        if row.number in known:
            found[row.number] = known[row.number]
            continue
        for one in (parent, row):
            if one.number not in contents:
                contents[one.number] = ws.versions.content(one.id)
        found[row.number] = ws.attribution(contents[parent.number], contents[row.number])
    return found


def facts(ws: Workspace, content: Content, base: Content | None, own_name: str = "") -> Facts:
    """Variables, problems and differences of a content; `own_name` of a snippet's: where it includes itself, that is a circle."""
    texts, snippets = [message.text for message in content.messages], ws.snippets.filled(content).snippets
    if own_name:
        snippets = {**snippets, own_name: "\n\n".join(texts)}
    diff = ws.diff(base, content) if base is not None else None
    unsaved = ws.snippets.unsaved()
    found = Facts(
        content,
        tuple(ws.variables(text, snippets) for text in texts),
        tuple(_told(ws.check(text, snippets), unsaved) for text in texts),
        ws.filters(),
        diff,
        ws.snippets.stale(content),
        ws.snippets.names(),
        unsaved,
        diff.edits if diff is not None else 0,
        changed_words(diff) if diff is not None else "",
    )
    _ = found.names, found.certain, found.required, found.looped, found.parted  # here, not between two keys
    return found


def _told(problem: TemplateProblem | None, unsaved: Sequence[str]) -> TemplateProblem | None:
    """The problem; of a snippet that is there and was never saved, what is to be done."""
    name = next((name for name in unsaved if problem is not None and problem.message == f"There is no snippet named {name}."), None)
    if problem is None or name is None:
        return problem
    return replace(problem, message=f"The snippet {name} was never saved. Save it to include it.")


def changed_words(diff: ContentDiff) -> str:
    """`1 line added, 2 changed`, with parameters and messages that came or went."""
    parts: list[str] = []
    for kind in ("added", "changed", "removed"):
        number = diff.count(kind)
        if number:
            parts.append(f"{number} {kind}" if parts else f"{number} line{'' if number == 1 else 's'} {kind}")
    variables = sum(field.name.startswith("variable ") for field in diff.parameters)
    for number, word in ((len(diff.parameters) - variables, "parameter"), (variables, "variable")):
        parts += [f"{number} {word}{'' if number == 1 else 's'}"] if number else []
    parts += [f"{name} changed" for name in diff.changed_snippets]
    attached = [change.name.replace("_", " ").replace("Picture", "picture") for message in diff.messages for change in message.attached]
    parts += dict.fromkeys(attached)
    empty = sum(1 for message in diff.messages if message.edits and not message.text.edits and not message.attached)
    if empty:
        parts.append(f"{empty} empty message{'' if empty == 1 else 's'}")
    return ", ".join(parts) or "nothing changed"


@dataclass(frozen=True, slots=True)
class Preview:
    """The messages as they are sent with these values, line by line."""

    rows: tuple[Row, ...] = ()
    tokens: tuple[int, ...] = ()
    """About how many each message of the content has, all turns that stand in its place together."""
    attached: tuple[Part, ...] = ()
    """The pictures and files of all messages."""


def preview(ws: Workspace, content: Content, values: Mapping[str, Any], *, is_snippet: bool = False) -> Preview:
    """How a content is sent with these values. Decodes its pictures: not for the Qt thread."""
    messages = tuple(ws.preview(content, values))
    images = tuple(tuple(map(thumbnail, message.attachments)) for message in messages)
    lengths = [0] * len(content.messages)
    for message in messages:
        lengths[message.message] += sum(len(piece.text) for piece in message.pieces)
    return Preview(
        preview_rows(messages, images, is_snippet=is_snippet),
        tuple(map(about_tokens, lengths)),
        tuple(part for message in messages for part in message.attachments),
    )


def marks_of(ws: Workspace, rows: Iterable[PromptRow]) -> dict[int, str]:
    """What the list says of prompts beside their own facts: by how many a snippet is included, which snippet of a prompt changed."""
    uses = ws.snippets.uses()
    found = {row.id: included_by(len(uses.get(row.name, ()))) for row in rows if row.kind == "snippet"}
    for id, stale in ws.snippets.stale_prompts().items() if uses else ():
        if stale.changed:
            found[id] = f"{joined(stale.changed)} changed"
    return found


def included_by(count: int) -> str:
    """`included by 3 prompts`."""
    return f"included by {counted(count, 'prompt')}" if count else "not included yet"


def count_edits(ws: Workspace, prompt_ids: Iterable[int]) -> dict[int, int]:
    """Prompt id to number of unsaved edits, for prompts that have a draft beside a version."""
    found = {}
    for prompt_id in prompt_ids:
        opened = open_prompt(ws, prompt_id, with_figures=False)
        if opened.has_draft and opened.base_content is not None:
            found[prompt_id] = ws.diff(opened.base_content, opened.content).edits
    return found


def about_tokens(characters: int) -> int:
    """A rough number of tokens for so many characters."""
    return -(-characters // CHARACTERS_A_TOKEN)


def brief(value: Any, most: int = 24) -> str:
    """A value in a few characters: text shortened, `2 items` for a list, `{ Priya, gold }` for an object."""
    if isinstance(value, str):
        text = " ".join(value.split()) or "empty text"
    elif isinstance(value, list):
        text = f"{len(value)} item{'' if len(value) == 1 else 's'}"
    elif isinstance(value, Mapping) and "sha256" in value:
        text = str(value.get("name") or "file")
    elif isinstance(value, Mapping):
        text = "{ " + ", ".join(brief(inner, 12) for inner in value.values()) + " }"
    elif value is None or isinstance(value, bool):
        text = {None: "none", True: "yes", False: "no"}[value]
    else:
        text = str(value)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def as_json(value: Any) -> str:
    """A value as JSON over several lines, letters as they are."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def paths(values: Mapping[str, Any], most: int = 200) -> list[str]:
    """Names that a template can read from these values: `customer`, `customer.name`, ..."""
    found: list[str] = []
    pending = [(name, value, 0) for name, value in values.items()]
    while pending and len(found) < most:
        name, value, depth = pending.pop(0)
        found.append(name)
        if isinstance(value, Mapping) and depth < 3:
            pending[:0] = [(f"{name}.{inner}", value[inner], depth + 1) for inner in value if str(inner).isidentifier()]
    return found


def likely_meant(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant by an unknown one; empty if none is close."""
    parts = {part for part in name.lower().replace("-", "_").split("_") if len(part) > 2}

    def likeness(other: str) -> float:
        shared = any(part in other.lower() or other.lower() in part for part in parts)
        return difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio() + 0.3 * shared

    best = max(known, key=likeness, default="")
    return best if best and likeness(best) >= 0.6 else ""
