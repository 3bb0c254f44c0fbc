"""Model files: what a GGUF says of itself, which files are refused, how the user's own become models."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.providers.builtin import Builtin
from workbench.providers.builtin.files import DEFAULT_NAME
from workbench.providers.builtin.gguf import read_facts
from workbench.values import BadInput, Missing, NotFound


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(name: str, value: Any) -> bytes:
    if isinstance(value, str):
        return text(name) + struct.pack("<I", 8) + text(value)
    if isinstance(value, list):
        return text(name) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(item) for item in value)
    return text(name) + struct.pack("<II", 4, value)


def gguf(path: Path, version: int = 3, **pairs: Any) -> Path:
    named = {name.replace("__", "."): value for name, value in pairs.items()}
    body = b"".join(pair(name, value) for name, value in named.items())
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", version, 0, len(named)) + body)
    return path


LLAMA: dict[str, Any] = {
    "general__architecture": "llama",
    "general__name": "Tiny",
    "tokenizer__ggml__tokens": ["a", "bc"],
    "llama__context_length": 2048,
}


def test_a_file_tells_name_context_and_template(tmp_path: Path) -> None:
    facts = read_facts(gguf(tmp_path / "m.gguf", **LLAMA, tokenizer__chat_template="{{ x }}"))
    assert (facts.architecture, facts.name, facts.context_tokens, facts.has_template) == ("llama", "Tiny", 2048, True)
    assert facts.size_bytes == (tmp_path / "m.gguf").stat().st_size


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not begin with GGUF"),
        (b"PK\x03\x04 a zip", "does not begin with GGUF"),
        (b"GGUF", "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 5), "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "damaged"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 62), "damaged"),
    ],
)
def test_a_file_that_is_no_model_is_refused_with_a_reason(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=words):
        Builtin(tmp_path / "models").add_file(path)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_stumble(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<I", 3) + content)
    with contextlib.suppress(BadInput):
        read_facts(path)


def test_models_that_cannot_answer_are_refused(tmp_path: Path) -> None:
    for architecture in ("bert", "clip"):
        with pytest.raises(BadInput, match="cannot answer"):
            Builtin(tmp_path / "models").add_file(gguf(tmp_path / "m.gguf", general__architecture=architecture))


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        Builtin(tmp_path).add_file(tmp_path / "none.gguf")
    with pytest.raises(BadInput):
        Builtin(tmp_path).add_file(tmp_path)


def test_an_added_file_becomes_a_model_and_stays_one(tmp_path: Path) -> None:
    path = gguf(tmp_path / "tiny-q4.gguf", **LLAMA, tokenizer__chat_template="x")
    added = Builtin(tmp_path / "models").add_file(path)
    assert (added.name, added.title, added.context_tokens, added.note) == ("tiny-q4", "Tiny", 2048, "")
    again = Builtin(tmp_path / "models")
    assert [file.name for file in again.files.all()] == [DEFAULT_NAME, "tiny-q4"]
    assert again.add_file(path) == added
    assert len(again.files.all()) == 2
    for name in ("tiny-q4", "tiny-q4.gguf", str(path)):
        assert again.files.find(name) == added
    again.files.forget("tiny-q4")
    assert [file.name for file in again.files.all()] == [DEFAULT_NAME]
    assert path.exists()


def test_two_files_of_one_name_are_two_models(tmp_path: Path) -> None:
    builtin = Builtin(tmp_path / "models")
    names = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        names.append(builtin.add_file(gguf(tmp_path / folder / "m.gguf", **LLAMA)).name)
    assert names == ["m", "m (2)"]


def test_a_file_without_a_chat_template_comes_with_a_warning(tmp_path: Path) -> None:
    added = Builtin(tmp_path / "models").add_file(gguf(tmp_path / "base.gguf", **LLAMA))
    assert "no chat template" in added.note
    assert "ChatML" in added.note


def test_a_large_context_is_not_set_up_whole(tmp_path: Path) -> None:
    added = Builtin(tmp_path / "models").add_file(gguf(tmp_path / "m.gguf", **{**LLAMA, "llama__context_length": 131_072}))
    assert added.context_tokens == 8_192


def test_a_damaged_index_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "added.json").write_text("{broken")
    assert [file.name for file in Builtin(tmp_path).files.all()] == [DEFAULT_NAME]
    (tmp_path / "added.json").write_text('[{"name": 1}, 7]')
    assert [file.name for file in Builtin(tmp_path).files.all()] == [DEFAULT_NAME]


def test_an_unknown_model_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=DEFAULT_NAME):
        Builtin(tmp_path).files.find("gpt-4")
    assert Builtin(tmp_path).files.find("builtin").name == DEFAULT_NAME


def test_what_is_missing_comes_with_the_one_thing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == "xllamacpp" else find(name))
    status = Builtin(tmp_path).status()
    assert (status.engine, status.weights, status.ready) == (True, False, False)
    assert "not been fetched" in status.sentence
    assert "workbench demo" in status.remedy
    with pytest.raises(Missing, match="not been fetched"):
        asyncio.run(Builtin(tmp_path).endpoint())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "xllamacpp" else find(name))
    status = Builtin(tmp_path).status()
    assert not status.engine
    assert "pip install" in status.remedy
    with pytest.raises(Missing, match="not installed"):
        asyncio.run(Builtin(tmp_path).endpoint())
