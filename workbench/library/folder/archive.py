"""A zip of files, unpacked for one import into a folder that goes away after it: no way out, no bomb, no link."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from workbench.values import BadInput

_MOST_FILES = 10_000
_MOST_BYTES = 256_000_000
_LARGEST_RATIO = 200
_SMALL = 1_000_000
"""Bytes below which no ratio is looked at: a short text of one letter packs well and harms nobody."""
_PIECE = 1 << 16


def is_archive(path: Path) -> bool:
    """True for a zip by its name."""
    return path.suffix.lower() == ".zip"


def unpack(path: Path, target: Path) -> None:
    """Write the files of a zip into a folder. Raises BadInput, and then nothing of it is to be used.

    Sizes are counted while unpacking: what a zip says of itself may be a lie.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_FILES:
                raise BadInput(f"This zip holds more than {_MOST_FILES:,} files.", path=str(path))
            left = _MOST_BYTES
            for entry in entries:
                if not entry.filename.endswith("/"):
                    left -= _write(archive, entry, _place(entry, target, path), path, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError) as error:
        raise BadInput(f"This zip is damaged or of an unknown kind ({error}).", path=str(path)) from error
    except RuntimeError as error:  # encrypted
        raise BadInput("This zip is locked with a password.", path=str(path), remedy="Unpack it and import the folder.") from error
    except OSError as error:
        raise BadInput(f"This zip cannot be read ({error.strerror or error}).", path=str(path)) from error


def _place(entry: zipfile.ZipInfo, target: Path, path: Path) -> Path:
    name = entry.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if not parts:
        raise BadInput("This zip holds a file without a name.", path=str(path))
    if name.startswith("/") or ".." in parts or ":" in name or "\0" in name or any(len(part.encode()) > 240 for part in parts):
        raise BadInput(f"This zip holds a file that would lie outside of it: {entry.filename[:100]}.", path=str(path))
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise BadInput(f"This zip holds a link: {entry.filename[:100]}.", path=str(path), remedy="Pack the files themselves.")
    return target.joinpath(*parts)


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, path: Path, left: int) -> int:
    place.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as source, place.open("wb") as file:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > left:
                raise BadInput(f"This zip unpacks to more than {_MOST_BYTES // 1_000_000} MB.", path=str(path))
            if size > _SMALL and size > _LARGEST_RATIO * max(entry.compress_size, 1):
                raise BadInput(f"{entry.filename[:100]} in this zip unpacks to more than {_LARGEST_RATIO} times its size.", path=str(path))
            file.write(piece)
    return size
