"""Reading the header of a GGUF model file: what the model is, without loading it.

The layout is that of ggml's docs/gguf.md: magic, version, counts, then key-value pairs of typed values, little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from workbench.quick_dataclass import dataclass
from workbench.values import BadInput

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_PAIRS = 10_000
_LONGEST_TEXT = 16 * 1024 * 1024
_MOST_ITEMS = 50_000_000
_NOT_CHATTING = {"clip", "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "t5encoder", "wavtokenizer-dec"}


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model file says of itself. A fact that is not in it is None or empty."""

    architecture: str
    name: str
    context_tokens: int | None
    has_template: bool
    size_bytes: int


def read_facts(path: Path) -> ModelFacts:
    """The facts of one file. Raises BadInput with a sentence where it is not a model that can answer."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            pairs = _pairs(file, path)
    except FileNotFoundError:
        raise BadInput(f"The model file {path} is not there.", remedy="Choose another file.") from None
    except OSError as error:
        raise BadInput(f"The model file {path} cannot be read: {error.strerror or error}.") from None
    except (struct.error, EOFError, ValueError, MemoryError):
        raise BadInput(f"{path.name} is a damaged GGUF file: its header is cut off.", remedy="Fetch the file again.") from None
    architecture = str(pairs.get("general.architecture") or "")
    if architecture in _NOT_CHATTING:
        what = "pictures" if architecture == "clip" else "embeddings"
        raise BadInput(f"{path.name} is a model for {what} ({architecture}), it cannot answer.", remedy="Choose a chat model's file.")
    context = pairs.get(f"{architecture}.context_length")
    return ModelFacts(
        architecture=architecture,
        name=str(pairs.get("general.name") or ""),
        context_tokens=context if isinstance(context, int) and context > 0 else None,
        has_template=bool(pairs.get("tokenizer.chat_template")),
        size_bytes=size,
    )


def _pairs(file: BinaryIO, path: Path) -> dict[str, Any]:
    """The scalar and text pairs of the header; of arrays only that they are there."""
    if file.read(4) != b"GGUF":
        raise BadInput(f"{path.name} is not a GGUF model file: it does not begin with GGUF.", remedy="Choose a file that ends in .gguf.")
    (version,) = struct.unpack("<I", _exactly(file, 4))
    if version not in (2, 3):
        raise BadInput(f"{path.name} is a GGUF file of version {version}; versions 2 and 3 can be used.")
    _, count = struct.unpack("<QQ", _exactly(file, 16))
    if count > _MOST_PAIRS:
        raise ValueError("too many pairs")
    pairs: dict[str, Any] = {}
    for _ in range(count):
        name = _text(file)
        (kind,) = struct.unpack("<I", _exactly(file, 4))
        pairs[name] = _value(file, kind)
    return pairs


def _value(file: BinaryIO, kind: int) -> Any:
    if kind in _SCALARS:
        form = "<" + _SCALARS[kind]
        return struct.unpack(form, _exactly(file, struct.calcsize(form)))[0]
    if kind == _STRING:
        return _text(file)
    if kind != _ARRAY:
        raise ValueError("unknown type")
    inner, count = struct.unpack("<IQ", _exactly(file, 12))
    if count > _MOST_ITEMS:
        raise ValueError("array too long")
    if inner in _SCALARS:
        _skip(file, struct.calcsize("<" + _SCALARS[inner]) * count)
    else:
        for _ in range(count):
            if inner == _STRING:
                _skip(file, _length(file))
            else:
                _value(file, inner)
    return None


def _text(file: BinaryIO) -> str:
    length = _length(file)
    if length > _LONGEST_TEXT:
        raise ValueError("text too long")
    return _exactly(file, length).decode("utf-8", "replace")


def _length(file: BinaryIO) -> int:
    return int(struct.unpack("<Q", _exactly(file, 8))[0])


def _skip(file: BinaryIO, size: int) -> None:
    if size > 4 * 1024:
        if size > 1 << 40:
            raise ValueError("too long")
        file.seek(size, 1)
    else:
        _exactly(file, size)


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise EOFError
    return data
