"""Where things lie in the library folder: file names from names, safe on every file system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

PAGE = "workbench.yaml"
MODELS = "models.yaml"
SCHEMAS = ".schemas"
FOLDERS = {"prompt": "prompts", "judge": "prompts", "snippet": "snippets", "dataset": "datasets", "comparison": "comparisons"}
VERSIONS = ".versions.yaml"
ATTACHMENTS = "prompts/files"
"""Where the pictures and files of prompts lie, each once, under its SHA-256."""
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "application/pdf": ".pdf"}

_LONGEST = 60
_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$", *(f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³")}


def slug(name: str) -> str:
    """A file name for a name: lower case, words parted by dashes, accents dropped, never one that Windows reserves."""
    decomposed = unicodedata.normalize("NFKD", name)
    plain = unicodedata.normalize("NFC", "".join(char for char in decomposed if not unicodedata.combining(char)))
    words = re.sub(r"[^\w]+", "-", plain.casefold()).strip("-_")
    cut = words[:_LONGEST]
    while len(cut.encode("utf-8")) > 2 * _LONGEST:
        cut = cut[:-1]
    cut = cut.strip("-_") or "untitled"
    return f"{cut}-file" if cut in _RESERVED else cut


def folder_slug(path: str) -> str:
    """The folder on disk for a folder of prompts."""
    return "/".join(slug(part) for part in path.split("/")) if path else ""


def free_path(folder: str, name: str, ending: str, taken: set[str]) -> str:
    """The first free path `folder/name`, `folder/name-2`, ... and note it in `taken`, which holds `folded` paths."""
    base = f"{folder}/{slug(name)}" if folder else slug(name)
    number = 1
    while True:
        path = f"{base}{'' if number == 1 else f'-{number}'}{ending}"
        if not any(folded(path.removesuffix(ending) + other) in taken for other in (ending, ".csv", ".jsonl", VERSIONS)):
            taken.add(folded(path))
            return path
        number += 1


def folded(path: str) -> str:
    """The path as file systems that ignore case and accents' form compare it."""
    return unicodedata.normalize("NFC", path).casefold()


def is_listed(relative: str) -> bool:
    """True for a path that belongs to the library: not hidden, not an attachment."""
    parts = relative.split("/")
    return not any(part.startswith(".") for part in parts) and parts[:2] != ["datasets", "files"]


def attachment_path(sha256: str, media_type: str) -> str:
    """The file of a picture or another attachment in the library."""
    return f"{ATTACHMENTS}/{sha256}{_ENDINGS.get(media_type, '.bin')}"


def missing_folders(all_folders: Iterable[str], used: Iterable[str]) -> tuple[str, ...]:
    """The folders that no file of the library shows, because nothing lies in them or below."""
    seen: set[str] = set()
    for path in used:
        parts = path.split("/")
        seen.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    return tuple(sorted(path for path in all_folders if path not in seen))
