"""A file in which git left conflicts, as the two files that it was made of."""

from __future__ import annotations

from workbench.formats.yaml_text_reading import conflict_lines
from workbench.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Sides:
    """Both files as they were before the merge. `before` is there where git was asked for it (`merge.conflictStyle diff3`)."""

    ours: str
    theirs: str
    before: str | None
    line: int
    """Where the first conflict begins."""


def sides(text: str) -> Sides | None:
    """The two files behind a text with git's conflict markers; None for a text without them."""
    found = conflict_lines(text) if "<<<<<<<" in text else None
    if found is None:
        return None
    parts: dict[str, list[str]] = {"ours": [], "before": [], "theirs": []}
    within, has_before = "", False
    for line in text.splitlines(keepends=True):
        mark = line[:7]
        if not within and mark == "<<<<<<<":
            within = "ours"
        elif within == "ours" and mark == "|||||||":
            within, has_before = "before", True
        elif within in ("ours", "before") and line.rstrip("\r\n") == "=======":
            within = "theirs"
        elif within == "theirs" and mark == ">>>>>>>":
            within = ""
        else:
            for name, lines in parts.items():
                if within in ("", name):
                    lines.append(line)
    ours, before, theirs = ("".join(parts[name]) for name in ("ours", "before", "theirs"))
    return Sides(ours, theirs, before if has_before else None, found[0])
