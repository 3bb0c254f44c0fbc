"""Pictures: recognised by their bytes, measured by their headers, and cleaned of what a camera wrote."""

from __future__ import annotations

import random
import struct
import zlib
from contextlib import suppress

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageReader

from workbench.formats.pictures import LARGEST, media_type, picture, pixels, without_metadata
from workbench.values import BadInput

KINDS = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
SECRET = b"Canon EOS, 52.5200 N 13.4050 E, Jane Doe"


def drawn(form: str, width: int = 48, height: int = 32) -> bytes:
    """A picture as Qt writes it: left half red, right half blue, the first row white."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    for x in range(width):
        for y in range(height):
            if x >= width // 2:
                image.setPixelColor(x, y, Qt.GlobalColor.blue)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, form)  # type: ignore[call-overload]
    return bytes(data.data())


def exif(orientation: int) -> bytes:
    tiff = b"II*\0" + struct.pack("<IHHHIHH", 8, 2, 274, 3, 1, orientation, 0) + struct.pack("<HHII", 271, 2, len(SECRET), 38) + b"\0" * 4
    return b"Exif\0\0" + tiff + SECRET


def with_metadata(form: str, data: bytes, orientation: int = 6) -> bytes:
    """The same picture with everything that a camera or an editor writes into it."""
    if form == "png":
        chunks = b""
        for name, inner in ((b"tEXt", b"Author\0" + SECRET), (b"eXIf", exif(orientation)[6:])):
            chunks += struct.pack(">I", len(inner)) + name + inner + struct.pack(">I", zlib.crc32(name + inner))
        return data[:33] + chunks + data[33:]
    if form == "jpeg":
        block, comment = exif(orientation), SECRET
        return (
            data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
            + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + data[2:]
        )  # fmt: skip
    assert data[12:16] in (b"VP8 ", b"VP8L")
    width, height = pixels(data) or (1, 1)
    frame = b"VP8X" + struct.pack("<IB3x", 10, 0x0C) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    info = exif(orientation)
    body = frame + data[12:] + b"EXIF" + struct.pack("<I", len(info)) + info + b"\0" * (len(info) & 1)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def decoded(data: bytes, *, turned: bool = False) -> QImage:
    held = QByteArray(data)
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(turned)
    return reader.read()


def supported(form: str) -> str:
    if form.encode() not in [bytes(name.data()) for name in QImageReader.supportedImageFormats()]:
        pytest.skip(f"this Qt reads no {form}")
    return form


@pytest.mark.parametrize("form", KINDS)
def test_a_picture_keeps_its_pixels_and_loses_what_the_camera_wrote(qapp: object, form: str) -> None:
    plain = drawn(supported(form))
    told = with_metadata(form, plain)
    assert SECRET in told
    assert media_type(told) == KINDS[form]
    assert pixels(told) == (48, 32)
    part = picture(told, "photo")
    assert SECRET not in part.data
    assert b"Jane" not in part.data
    assert (part.kind, part.media_type, part.name) == ("image", KINDS[form], "photo")
    assert decoded(part.data) == decoded(plain)
    assert without_metadata(part.data) == part.data


def test_a_photo_stays_the_right_way_up(qapp: object) -> None:
    lying = with_metadata("jpeg", drawn("jpeg"), orientation=6)
    kept = without_metadata(lying)
    assert SECRET not in kept
    assert decoded(kept, turned=True).size().height() == 48  # turned by a quarter, as the camera's note says
    assert decoded(kept, turned=True) == decoded(lying, turned=True)


def test_a_gif_is_recognised_and_measured() -> None:
    data = b"GIF89a" + struct.pack("<HH", 7, 9) + b"\x80\0\0" + b"\0" * 6 + b";"
    assert (media_type(data), pixels(data)) == ("image/gif", (7, 9))
    assert picture(data).media_type == "image/gif"


def test_what_is_no_picture_or_too_large_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="no PNG"):
        picture(b"%PDF-1.7", "a.pdf")
    with pytest.raises(BadInput, match="20 MB at most"):
        picture(b"GIF89a" + struct.pack("<HH", 7, 9) + b"\0" * LARGEST)
    with pytest.raises(BadInput, match="60,000 by 9"):
        picture(b"GIF89a" + struct.pack("<HH", 60_000, 9))
    with pytest.raises(BadInput, match="damaged"):
        picture(b"\xff\xd8\xff\xd9")


def test_broken_pictures_never_break_the_app(qapp: object) -> None:
    dice = random.Random(7)
    for form in KINDS:
        whole = with_metadata(form, drawn(supported(form)))
        for _ in range(400):
            data = bytearray(whole[: dice.randrange(len(whole))])
            for _ in range(dice.randrange(4)):
                if data:
                    data[dice.randrange(len(data))] = dice.randrange(256)
            with suppress(BadInput):  # anything else is a fault
                assert picture(bytes(data)).data
