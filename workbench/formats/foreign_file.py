"""Files of other tools: what is read of one, and what comes out of it, whichever format it has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from workbench.formats.reports import NotCarried, Notes
from workbench.formats.yaml_text_reading import Document, load, refuse_nested
from workbench.quick_dataclass import dataclass
from workbench.values.checks import Check
from workbench.values.comparisons import Case
from workbench.values.messages import Content, Message
from workbench.values.problems import BadInput

if TYPE_CHECKING:
    from workbench.formats.library_file import PromptFile, VersionsFile
    from workbench.formats.library_file_data import DatasetFile
    from workbench.values.brought import BroughtRun

_ENDINGS = (".prompt.yaml", ".prompt.yml", ".prompt.md", ".prompt.txt")
_TOO_DEEP = "This is nested too deep."
_DEEPEST = 100
_LARGEST_YAML = 2_000_000


@dataclass(frozen=True, slots=True)
class FileText:
    """A file of another tool, decoded, line ends as \\n. `beside` gives the text of a file that it names; raises BadInput."""

    path: str
    text: str
    beside: Callable[[str], str] = field(repr=False, compare=False, default=lambda reference: _nothing_beside(reference))

    @property
    def stem(self) -> str:
        """The file's name without its endings: what a prompt is called whose file gives it no name."""
        name = PurePath(self.path.replace("\\", "/")).name
        ending = next((ending for ending in _ENDINGS if name.lower().endswith(ending)), PurePath(name).suffix)
        return name[: len(name) - len(ending)] or name

    def problem(self, message: str, line: int | None = None, remedy: str = "") -> BadInput:
        """The error to raise for this file."""
        return BadInput(message, path=self.path, line=line, remedy=remedy)

    def yaml(self, *, or_text: bool = False) -> Document:
        """The YAML document in it, a mapping (or one text). Raises BadInput with the line."""
        document = load_yaml(self.text, self.path)
        if not isinstance(document.data, (Mapping, str) if or_text else Mapping):
            raise self.problem("This file is empty." if document.data is None else "This file holds no names with values.", 1)
        return document

    def json(self) -> Any:
        """The JSON value in it. Raises BadInput with the line."""
        return read_json(self.text, self.path)

    def json_lines(self) -> list[tuple[int, Any]]:
        """(line, value) of each line of JSON Lines. Raises BadInput with the line."""
        lines = enumerate(self.text.split("\n"), 1)
        return [(number, read_json(line, self.path, number)) for number, line in lines if line.strip()]


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """What a file of another tool holds, as values of ours."""

    prompts: tuple[PromptFile, ...] = ()
    versions: Mapping[str, VersionsFile] = field(default_factory=dict)
    """Older versions of a prompt by its name, where the file holds several."""
    datasets: tuple[DatasetFile, ...] = ()
    checks: tuple[Check, ...] = ()
    """Checks of every answer: they become a comparison of the prompts over the first dataset, which lacks only its models."""
    not_carried: tuple[NotCarried, ...] = ()
    refused: tuple[BadInput, ...] = ()
    """Prompts of the file that cannot be brought in, each with its place; the others can."""
    run: BroughtRun | None = None
    """What another program asked and was answered."""


def foreign_file(
    source: FileText,
    notes: Notes,
    name: str,
    content: Content,
    *,
    description: str | None = None,
    tags: tuple[str, ...] | None = None,
    samples: Mapping[str, Any] | None = None,
    cases: tuple[Case, ...] = (),
    checks: tuple[Check, ...] = (),
) -> ForeignFile:
    """A file of one prompt. Raises BadInput where it has no message."""
    if not content.messages:
        raise source.problem("There is no message in this file.", 1)
    from workbench.formats.library_file import PromptFile  # a promptfoo configuration only has its text read here
    from workbench.formats.library_file_data import DatasetFile

    prompt = PromptFile(name.strip() or source.stem, content, description=description or None, tags=tags, samples=samples or None)
    datasets = (DatasetFile(prompt.name, cases=cases),) if cases else ()
    return ForeignFile((prompt,), datasets=datasets, checks=checks, not_carried=notes.all())


def load_yaml(text: str, path: str) -> Document:
    """The YAML document in a text of another tool, where reading it takes seconds and not minutes. Raises BadInput with the line."""
    refuse_slow_yaml(text, path)
    return load(text, path)


def refuse_slow_yaml(text: str, path: str) -> None:
    """Raises BadInput for a text that YAML's reader would take minutes for."""
    if len(text) > _LARGEST_YAML:
        raise BadInput(f"This is more than {_LARGEST_YAML // 1_000_000} MB of YAML, which no prompt file is.", path=path)
    refuse_nested(text, path)


def user_message(text: str) -> tuple[Message, ...]:
    """The messages of a prompt that is one text."""
    return (Message.of("user", text),)


def read_json(text: str, path: str, line: int | None = None) -> Any:
    """A JSON value. Raises BadInput with its line for what is not JSON, what is nested too deep, and a key that stands twice."""
    try:
        value = json.loads(text, object_pairs_hook=_mapping, parse_constant=_no_number)
        _measure(value, 0)
        return value
    except json.JSONDecodeError as error:
        raise BadInput(f"This is not JSON: {error.msg}.", path=path, line=line or error.lineno, column=error.colno) from error
    except BadInput as error:
        raise BadInput(error.message, path=path, line=line) from None
    except RecursionError:
        raise BadInput(_TOO_DEEP, path=path, line=line) from None
    except ValueError as error:  # a number of thousands of digits
        raise BadInput(f"This is not JSON: {error}.", path=path, line=line) from error


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadInput(f"{twice} stands twice in one object.")
    return found


def _no_number(word: str) -> Any:
    raise BadInput(f"{word} is no number that JSON knows.")


def _measure(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise BadInput(_TOO_DEEP)
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return
    for item in value:
        if isinstance(item, (dict, list)):
            _measure(item, depth + 1)


def _nothing_beside(reference: str) -> str:
    raise BadInput(f"{reference} is not there.")
