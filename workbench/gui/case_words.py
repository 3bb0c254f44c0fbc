"""What a case is called in lists: by its name, or by what the prompts read of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.values import Case, Content

_LOOKED_AT = 50
"""Cases whose names of values are looked at: all cases of a run have the same ones, most often."""


def read_first(cases: Sequence[Case], contents: Sequence[Content]) -> list[str]:
    """The values of the cases that the prompts name, in the order in which they do. Found by their names alone, without reading templates:
    it only says which value tells cases apart."""
    names = {name for case in cases[:_LOOKED_AT] for name in case.values}
    texts = [text for one in contents for text in (*(message.text for message in one.messages), *one.snippets.values())]
    text = "\n".join(texts)
    found = {name: place.start() for name in names if (place := re.search(rf"\b{re.escape(name)}\b", text))}
    return sorted(found, key=lambda name: found[name])


def case_words(case: Case, reads: Sequence[str] = ()) -> tuple[str, str]:
    """Title and second line of a case: its name and note, or what it asks where it has none: the values that prompts read come first."""
    names = dict.fromkeys((*(name for name in reads if name in case.values), *case.values))
    values = [text for name in names if (text := str(case.values[name]).strip())]
    title = case.name or (values[0][:200] if values else "Case without values")
    rest = values if case.name else values[1:]
    return title, case.note or " · ".join(value[:160] for value in rest[:3])
