"""Files of text with YAML between two lines of `---` before it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.formats.foreign_file import FileText, load_yaml
from workbench.formats.yaml_text_reading import Document
from workbench.quick_dataclass import dataclass
from workbench.values.problems import BadInput

_OPENING = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*---[ \t]*\n")
"""Comments, as of a licence, may stand before it."""
_CLOSING = re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands before the text (an empty mapping where nothing does), the text, and the line on which it starts."""

    head: Document
    body: str
    line: int


def split(source: FileText, *, after_comments: bool = True) -> FrontMatter:
    """Front matter and text of a file. Raises BadInput, with the line in the file, for YAML that cannot be read.

    `after_comments`: comments may stand before it, which in Markdown are headings.
    """
    text = source.text
    opening = _OPENING.match(text) if after_comments or text.startswith("---") else None
    closing = _CLOSING.search(text, opening.end()) if opening else None
    if opening is None or closing is None:
        return FrontMatter(load_yaml("{}", source.path), text, 1)
    before = text.count("\n", 0, opening.end())
    padded = "\n" * before + text[opening.end() : closing.start()]
    try:
        head = load_yaml(padded, source.path)
    except BadInput as error:
        raise source.problem(f"The front matter cannot be read. {error.message}", error.line, error.remedy) from error
    if head.data is None:
        head = load_yaml("{}", source.path)
    if not isinstance(head.data, Mapping):
        raise source.problem("The front matter holds no names with values.", before + 1)
    return FrontMatter(head, text[closing.end() :], text.count("\n", 0, closing.end()) + 1)
