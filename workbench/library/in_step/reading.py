"""Files of the folder as records, conflict markers of git as two of them, and things of the workspace as the texts of their files."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from workbench.formats.comparison_file import stem_of
from workbench.formats.comparison_file_record import read_comparison
from workbench.formats.conflict_text import sides
from workbench.formats.library_file import PromptFile, VersionsFile, kind_of, read_prompt, read_versions
from workbench.formats.library_file_data import read_dataset
from workbench.formats.library_file_values import parse
from workbench.formats.library_layout import VERSIONS
from workbench.formats.yaml_text_reading import Document
from workbench.library.folder.finding import bytes_beside
from workbench.library.folder.shelf import Shelf
from workbench.library.in_step.outside import Kind, Look
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput


@dataclass(frozen=True, slots=True)
class ReadPrompt:
    """A prompt's file with every history that lies beside it: two where git left both sides."""

    file: PromptFile
    histories: tuple[VersionsFile, ...]


def document(folder: Path, path: str, text: str) -> Document:
    """The document in a text of this file. Raises BadInput with the line."""
    made = parse(text, path)
    made.beside = partial(bytes_beside, folder / path, folder)
    return made


def checked(folder: Path, path: str, text: str, kind: Kind) -> Document:
    """The same, of a file that holds what its place says. Raises BadInput."""
    made = document(folder, path, text)
    found = kind_of(made.data)
    if found != kind and (found, kind) != ("library", "page"):
        what = {
            "prompt": "prompt",
            "dataset": "dataset",
            "comparison": "comparison",
            "models": "list of connections",
            "page": "library page",
        }
        raise BadInput(f"This is no {what[kind]}, which a file at this place has to be.", path=path, line=1, remedy="Move or mend it.")
    return made


def prompt(look: Look, path: str, text: str) -> ReadPrompt:
    """The prompt that a text of this file means, with the versions beside the file. Raises BadInput with the line."""
    file = read_prompt(checked(look.folder, path, text, "prompt"), stem_of(posixpath.basename(path)))
    return ReadPrompt(file, histories(look, path))


def check(look: Look, path: str, text: str, kind: Kind) -> None:
    """Raises BadInput with the line for a text of this file that could not be brought in."""
    if kind == "prompt":
        prompt(look, path, text)
        return
    read = {"dataset": read_dataset, "comparison": read_comparison}.get(kind)
    made = checked(look.folder, path, text, kind)
    if read is not None:
        read(made, stem_of(posixpath.basename(path)))


def histories(look: Look, path: str) -> tuple[VersionsFile, ...]:
    """The versions beside a prompt's file, of both sides where git left a conflict. Raises BadInput."""
    beside = versions_path(path)
    if not (look.folder / beside).is_file():
        return ()
    text = look.text(beside)
    both = sides(text)
    if both is None:
        return (_history(look.folder, beside, text),)
    try:  # hashes are not checked: what git joined inside of one version fits none, and comes in as a text like any other
        return tuple(read_versions(document(look.folder, beside, side)) for side in (both.ours, both.theirs))
    except BadInput as error:
        raise BadInput(
            f"Git left conflict markers in this file, and one side of them cannot be read: {error.message}",
            path=beside,
            line=both.line,
            remedy="Choose one side, and take the markers out.",
        ) from error


def unmerged(look: Look, path: str, text: str) -> tuple[str, int] | None:
    """The file in which git left conflict markers, this one or the versions beside it, and their first line; None where it left none."""
    both, beside = sides(text), versions_path(path)
    if both is not None:
        return path, both.line
    within = sides(look.text(beside)) if (look.folder / beside).is_file() else None
    return None if within is None else (beside, within.line)


def _history(folder: Path, path: str, text: str) -> VersionsFile:
    found = read_versions(document(folder, path, text))
    for entry in found.versions:
        if entry.is_changed:
            raise BadInput(
                f"Version {entry.number} was changed after it was saved: its text does not fit its hash.",
                path=path,
                line=entry.line,
                remedy="Put the old text back; change the prompt's own file instead.",
            )
    return found


def versions_path(path: str) -> str:
    """The versions file of a prompt's file."""
    return path.rsplit(".", 1)[0] + VERSIONS


def folder_of(path: str) -> str:
    """The folder of prompts that a file's place stands for."""
    return "/".join(path.split("/")[1:-1])


class Pages(Shelf):
    """A shelf on which nothing is written: it keeps what would be."""

    def __init__(self, things: dict[tuple[str, str, str], str], taken: set[str]) -> None:
        super().__init__(Path(), things=dict(things), taken=set(taken))
        self.texts: dict[str, str] = {}

    def read(self, relative: str) -> bytes | None:
        """Nothing lies here."""
        return None

    def document(self, relative: str) -> Document | None:
        """Nothing lies here."""
        return None

    def write_yaml(self, relative: str, fresh: Callable[[Document | None], str], is_equal: Callable[[Document], bool]) -> bool:
        """Keep what would be written."""
        self.texts[relative] = fresh(None)
        return True

    def write_lines(self, relative: str, lines: Iterable[str]) -> bool:
        """Keep what would be written."""
        self.texts[relative] = "".join(lines).replace("\r\n", "\n")
        return True

    def write_text(self, relative: str, text: str) -> bool:
        """Keep what would be written."""
        self.texts[relative] = text
        return True

    def write_bytes(self, relative: str, data: bytes) -> bool:
        """Pictures are no text to compare."""
        return True

    def remove(self, relative: str) -> None:
        """Nothing lies here."""
