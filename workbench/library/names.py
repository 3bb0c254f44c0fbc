"""Names of prompts, datasets, comparisons: their one form, a free one, and what the user may have meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from workbench.values.problems import BadInput, NotFound
from workbench.values.texts import whole_text as whole_text

LONGEST = 200


def clean_name(name: str) -> str:
    """The name on one line without spaces around it. Raises BadInput for an empty or very long one."""
    cleaned = " ".join(whole_text(name).replace("\x00", "").split())
    if not cleaned:
        raise BadInput("A name is missing.", remedy="Write one.")
    if len(cleaned) > LONGEST:
        raise BadInput(f"This name has {len(cleaned)} characters, {LONGEST} are possible.", remedy="Shorten it.")
    return cleaned


def clean_tag(tag: str) -> str:
    """The tag on one line without spaces around it; empty for none. Raises BadInput for a very long one."""
    cleaned = " ".join(whole_text(tag).split())
    if len(cleaned) > LONGEST:
        raise BadInput(f"This tag has {len(cleaned):,} characters, {LONGEST} are possible.", remedy="Shorten it.")
    return cleaned


def clean_snippet_name(name: str) -> str:
    """The name as a tag can hold it. Raises BadInput for quotes and backslashes."""
    name = clean_name(name)
    if any(sign in name for sign in "\"'\\"):
        raise BadInput("Quotes and backslashes cannot stand in a snippet's name.", remedy="Write it as in refund_policy.")
    return name


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The wanted name, with the first free number behind it if it is taken."""
    if wanted not in taken:
        return wanted
    return next(name for number in range(2, len(taken) + 3) if (name := f"{wanted} {number}") not in taken)


def near(wanted: str, names: Iterable[str]) -> str:
    """` Did you mean A or B?` for names that are close to the wanted one; empty if none is."""
    import difflib  # only a name that is not found needs it

    by_folded = {name.casefold(): name for name in names}
    close = [by_folded[match] for match in difflib.get_close_matches(wanted.casefold(), by_folded, n=3, cutoff=0.5)]
    close += [name for folded, name in by_folded.items() if wanted.casefold() in folded and name not in close][: 3 - len(close)]
    return f" Did you mean {' or '.join(close)}?" if close else ""


def checked_name(kind: str, name: str, taken: Collection[str]) -> str:
    """The name in its one form. Raises BadInput where another live thing of this kind has it."""
    name = clean_name(name)
    if name in taken:
        raise BadInput(f"There is already a {kind} called {name}.", remedy="Choose another name.")
    return name


def no_such(kind: str, name: str, names: Iterable[str]) -> NotFound:
    """The error for an unknown name, with the nearest known ones."""
    return NotFound(f"There is no {kind} called {name}.{near(name, names)}")
