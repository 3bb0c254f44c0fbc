"""Templates of ours for tools that know only `{{name}}` (GitHub Models, Langfuse, OpenAI) or `$name` (llm)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.formats.jinja_text import from_double_braces, path_name, variable_name
from workbench.formats.reports import Notes
from workbench.templates.pieces import Slot, pieces
from workbench.values.problems import BadInput

_CONTINUES = re.compile(r"\w", re.ASCII)


def to_double_braces(text: str, snippets: Mapping[str, str]) -> str:
    """The text in which `{{name}}` is the place of a value. Raises BadInput, with the line, for what cannot be said like that."""
    wanted = simple(text, snippets)
    for piece in wanted:
        if isinstance(piece, Slot) and (not piece.path[0].isascii() or path_name(piece.path, Notes("")) != piece.path):
            raise BadInput(f"{piece.path} is no name of a value in other tools", line=piece.line, remedy="Give the variable another name.")
    written = "".join(piece if isinstance(piece, str) else f"{{{{{piece.path}}}}}" for piece in wanted)
    if _bare(pieces(from_double_braces(written, Notes("")), {})) != _bare(wanted):
        raise BadInput("Braces in its text would be taken for the place of a value, and this format has no other way to write them")
    return written


def to_dollars(text: str, snippets: Mapping[str, str]) -> str:
    """The text in which `$name` is the place of a value and `$$` a dollar. Raises BadInput, with the line, for what cannot be said."""
    found: list[str] = []
    for piece in simple(text, snippets):
        if isinstance(piece, str):
            if found and found[-1].endswith("}") and not _CONTINUES.match(piece):  # braces only where a name would go on without them
                found[-1] = f"${found[-1][2:-1]}"
            found.append(piece.replace("$", "$$"))
        elif not piece.path.isascii() or variable_name(piece.path, Notes("")) != piece.path:
            raise BadInput(f"{piece.path} is no name that this format takes: they are letters, digits and _", line=piece.line)
        else:
            found.append(f"${{{piece.path}}}")
    return "".join(found)


def simple(text: str, snippets: Mapping[str, str]) -> tuple[str | Slot, ...]:
    """Texts and places of values. Raises BadInput, with the line, for conditions, loops, filters and the like."""
    try:
        return pieces(text, snippets)
    except BadInput as problem:
        if not problem.message.startswith("It has "):
            raise
        raise BadInput(f"{problem.message}, and this format only puts values in their places", line=problem.line) from None


def _bare(found: tuple[str | Slot, ...]) -> list[str | tuple[str]]:
    return [piece.replace("\r\n", "\n").replace("\r", "\n") if isinstance(piece, str) else (piece.path,) for piece in found]
