"""Picture files: what they are by their first bytes, how large, and the same picture without what a camera wrote into it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from workbench.quick_dataclass import replace
from workbench.values import BadInput, Part

LARGEST = 20 * 1024 * 1024
"""Bytes of one picture. Most APIs take 5 to 20 MB."""
WIDEST = 16_384
"""Pixels of the longer side. No model reads more than a few thousand, and a small file may claim to be gigantic."""

PDF = "application/pdf"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DROPPED = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_JPEG_DROPPED = frozenset({0xE1, 0xED, 0xFE})
"""APP1 (Exif and XMP), APP13 (IPTC), comments. Colour profiles (APP2) stay."""
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_WEBP_DROPPED = frozenset({b"EXIF", b"XMP "})


def picture(data: bytes, name: str = "") -> Part:
    """The part of a message that shows this picture, without metadata. Raises BadInput for what is no picture, or too large a one."""
    kind = media_type(data)
    if kind is None:
        raise BadInput("This is no PNG, JPEG, WebP or GIF picture.", path=name)
    if len(data) > LARGEST:
        raise BadInput(f"The picture has {len(data) / 1e6:.0f} MB, and models take 20 MB at most.", path=name, remedy="Make it smaller.")
    size = pixels(data)
    if size is None:
        raise BadInput("The picture is damaged: its size cannot be read.", path=name)
    if max(size) > WIDEST:
        words = f"The picture is {size[0]:,} by {size[1]:,} pixels large, and models read {WIDEST:,} at most."
        raise BadInput(words, path=name, remedy="Make it smaller.")
    return Part("image", media_type=kind, data=without_metadata(data), name=name)


def attachment(data: bytes, name: str = "") -> Part:
    """The part of a message that holds a picture or a PDF. Raises BadInput for anything else, and for what is too large."""
    if not data.startswith(b"%PDF-"):
        try:
            return picture(data, name)
        except BadInput as problem:
            if media_type(data) is None:
                raise BadInput("This is neither a picture (PNG, JPEG, WebP, GIF) nor a PDF.", path=name) from problem
            raise
    if len(data) > LARGEST:
        raise BadInput(f"The PDF has {len(data) / 1e6:.0f} MB, and models take 20 MB at most.", path=name, remedy="Make it smaller.")
    return Part("file", media_type=PDF, data=data, name=name)


def read_attachment(path: Path) -> Part:
    """The same of a file. Raises BadInput where it cannot be read."""
    try:
        if path.exists() and not path.is_file():
            raise BadInput("This is no file.", path=str(path))  # a folder, or a pipe that would never end
        if path.stat().st_size > LARGEST:  # before all of it is in memory
            raise BadInput(f"The file has {path.stat().st_size / 1e6:.0f} MB, and models take 20 MB at most.", path=str(path))
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"This file cannot be read: {error.strerror}.", path=str(path)) from error
    made = attachment(data, str(path))
    return replace(made, name=path.name)


def media_type(data: bytes) -> str | None:
    """`image/png`, `image/jpeg`, `image/gif` or `image/webp` by the first bytes; None for anything else."""
    if data.startswith(_PNG):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def pixels(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, from the header; None where it cannot be read."""
    try:
        kind = media_type(data)
        if kind == "image/png":
            width, height = struct.unpack(">II", data[16:24])
        elif kind == "image/gif":
            width, height = struct.unpack("<HH", data[6:10])
        elif kind == "image/jpeg":
            return _jpeg_pixels(data)
        elif kind == "image/webp":
            return _webp_pixels(data)
        else:
            return None
    except (struct.error, IndexError):
        return None
    return (width, height) if width and height else None


def without_metadata(data: bytes) -> bytes:
    """The same picture without place, time, camera, author and comments. Which way up it is stays.

    A file that is not built as its kind says comes back as it is: somebody else will refuse it.
    """
    kind = media_type(data)
    try:
        if kind == "image/png":
            return _png_without(data)
        if kind == "image/jpeg":
            return _jpeg_without(data)
        if kind == "image/webp":
            return _webp_without(data)
    except (struct.error, IndexError):
        pass
    return data


def _png_without(data: bytes) -> bytes:
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        length = int(struct.unpack(">I", data[at : at + 4])[0])
        if data[at + 4 : at + 8] not in _PNG_DROPPED:
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment of a JPEG before its image data; the last one is the start of scan, up to the file's end."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker == 0xDA:
            yield marker, at, len(data)
            return
        length = int(struct.unpack(">H", data[at + 2 : at + 4])[0])
        yield marker, at, at + 2 + length
        at += 2 + length


def _jpeg_pixels(data: bytes) -> tuple[int, int] | None:
    for marker, start, _end in _segments(data):
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[start + 5 : start + 9])
            return (width, height) if width and height else None
    return None


def _jpeg_without(data: bytes) -> bytes:
    kept, turned, whole = [b"\xff\xd8"], 1, False
    for marker, start, end in _segments(data):
        if marker == 0xE1 and data[start + 4 : start + 10] == b"Exif\0\0":
            turned = _orientation(data[start + 10 : end])
        if marker not in _JPEG_DROPPED:
            kept.append(data[start:end])
        whole = whole or marker == 0xDA
    if not whole:
        return data
    if turned != 1:  # a photo taken upright is stored lying, with a note which way up it is: without it the model sees it turned
        kept.insert(1, _exif_with(turned))
    return b"".join(kept)


def _orientation(tiff: bytes) -> int:
    """The orientation, 1 to 8, of an Exif block (TIFF 6.0, tag 274); 1 where it says none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        at = int(struct.unpack(order + "I", tiff[4:8])[0])
        count = int(struct.unpack(order + "H", tiff[at : at + 2])[0])
        for number in range(min(count, 200)):
            entry = tiff[at + 2 + 12 * number : at + 14 + 12 * number]
            if int(struct.unpack(order + "H", entry[:2])[0]) == 274:
                found = int(struct.unpack(order + "H", entry[8:10])[0])
                return found if 1 <= found <= 8 else 1
    except struct.error:
        pass
    return 1


def _exif_with(orientation: int) -> bytes:
    tiff = b"MM\x00\x2a" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end with padding) of each chunk of a WebP file."""
    at = 12
    while at + 8 <= len(data):
        length = int(struct.unpack("<I", data[at + 4 : at + 8])[0])
        end = at + 8 + length + (length & 1)
        yield data[at : at + 4], at, end
        at = end


def _webp_pixels(data: bytes) -> tuple[int, int] | None:
    for name, start, _end in _chunks(data):
        inner = data[start + 8 :]
        if name == b"VP8X":
            return int.from_bytes(inner[4:7], "little") + 1, int.from_bytes(inner[7:10], "little") + 1
        if name == b"VP8L" and inner[0] == 0x2F:
            bits = int.from_bytes(inner[1:5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if name == b"VP8 ":
            width, height = struct.unpack("<HH", inner[6:10])
            return width & 0x3FFF, height & 0x3FFF
    return None


def _webp_without(data: bytes) -> bytes:
    kept = []
    for name, start, end in _chunks(data):
        if name in _WEBP_DROPPED:
            continue
        chunk = data[start:end]
        if name == b"VP8X":  # its flags say which chunks follow
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        kept.append(chunk)
    body = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
