"""Small files of every format that comes in, and mutations of them that a number names: the same number, the same file."""

# ruff: noqa: E501
from __future__ import annotations

import io
import random
import re
import zipfile
from datetime import datetime

import openpyxl

from tests.good_files import GOOD

_PIECES = (
    b"{{", b"}}", b"{%", b"%}", b"{#", b'"', b"'", b"[", b"]", b"{", b"}", b":", b": ", b",", b"\n", b"\n\n", b"\r\n", b"- ", b"  ", b"\t",
    b"null", b"true", b"0", b"-1", b"1e999", b"NaN", b"9" * 5000, b"---\n", b"|\n", b">\n", b"&a ", b"*a", b"<<: *a", b"!!python/name:os", b"#",
    b"\\u0000", b"\\ud800", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"\xc3", b"[" * 300, b'{"a":' * 150, b"- " * 250, b"{{#if a}}", b"{{/if}}",
    b"{% for i in range(9) %}", b"$", b"${", b"file://", b"file:///etc/passwd", b"../", b"x" * 3000, b"system:\n", b"user:\n", b'"role"', b"PK\x05\x06",
)  # fmt: skip
"""What breaks readers: marks of all formats, values that no reader expects, bytes that are no text."""


_TOKEN = re.compile(rb"""\"[^"\n]*"|'[^'\n]*'|\[[^\[\]]*\]|\{[^{}]*\}|[\w.]+|[^\w\s]""")
_VALUES = (
    b"null", b"true", b"0", b"-1", b"1.5", b"[]", b"{}", b'""', b'"a"', b"[null]", b"[[]]", b'[{"a": 1}]', b'{"a": [1]}', b"[1, 2]", b"9" * 400, b"1e400",
)  # fmt: skip


def mutated(format: str, number: int) -> tuple[str, bytes]:
    """(name, bytes) of a file of this format with changes: a word or a whole value for another, or bytes anywhere."""
    dice = random.Random(f"{format} {number}")
    name, text = GOOD[format]
    data = {"zip": _zipped, "xlsx": _workbook}.get(format, str.encode)(text)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        data = _other_word(data, dice) if dice.random() < 0.6 else _other_bytes(data, dice)
    return name, data


def _other_word(data: bytes, dice: random.Random) -> bytes:
    """One word, text, list or object for another one of the file, or for a value of another kind."""
    found = list(_TOKEN.finditer(data))
    if not found:
        return data
    match = dice.choice(found)
    return data[: match.start()] + dice.choice((dice.choice(found)[0], dice.choice(_VALUES), dice.choice(_VALUES))) + data[match.end() :]


def _other_bytes(data: bytes, dice: random.Random) -> bytes:
    at = dice.randint(0, len(data))
    until = min(len(data), at + dice.choice((0, 0, 1, 2, 8, 40)))
    change = dice.randrange(10)
    if change < 5:
        return data[:at] + dice.choice(_PIECES) + data[until:]
    if change < 7:
        return data[:at] + dice.randbytes(dice.randint(0, 6)) + data[until:]
    if change == 7:
        return data[:at] + data[at : at + dice.randint(1, 200)] * dice.choice((2, 2, 30)) + data[at:]
    return data[:at] + data[until:] if change == 8 else data[:at]


def _zipped(text: str) -> bytes:
    """A zip of two prompts, one of them with this text; it stands as bytes so that its own structure is mutated too."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a/x.prompty", "y.prompty"):
            archive.writestr(zipfile.ZipInfo(name), text)
    return made.getvalue()


def _workbook(text: str) -> bytes:
    """A workbook with one row for each line. Its parts are stored as they are, so that mutations reach their words and not only the zip."""
    book, made, packed = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.properties.created = book.properties.modified = datetime(2026, 1, 1)
    assert book.active is not None
    for line in text.splitlines():
        book.active.append(line.split(","))
    book.save(made)
    with zipfile.ZipFile(made) as written, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in written.namelist():
            part = written.read(name)
            if name == "docProps/core.xml":  # it holds the time at which it was saved
                part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-01-01T00:00:00Z", part)
            archive.writestr(zipfile.ZipInfo(name), part)
    return packed.getvalue()
