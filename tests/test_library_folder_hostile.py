"""Files and zips that mean harm: each ends in one clear sentence with its place, in bounded time, and nothing outside is read."""

# ruff: noqa: E501
from __future__ import annotations

import json
import os
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.good_files import GOOD
from workbench.library.reports import ImportReport
from workbench.workspace import Workspace

SECRET = "the secret of another folder"


@pytest.fixture(autouse=True)
def _in_a_moment() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < 20


def told(report: ImportReport, *words: str) -> None:
    """No prompt came in, and one sentence with its place says why. The cases of a configuration may: they are not to blame."""
    assert {item.kind for item in report.imported} <= {"dataset"}, report.imported
    assert all(SECRET not in item.text + item.reason for item in report.rejected)
    (rejected,) = report.rejected
    assert rejected.path
    assert rejected.reason.endswith((".", ")")), rejected.reason
    assert any(word in rejected.reason for word in words), rejected.reason


# What a configuration names


def config(folder: Path, reference: str, part: str = "prompts") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "promptfooconfig.json"
    document = {"prompts": ["Say {{q}}"], "providers": ["echo"], "tests": [{"vars": {"q": "a"}}]}
    inside = {"prompts": [reference], "tests": reference, "vars": [{"vars": {"q": reference}}], "providers": [reference]}[part]
    path.write_text(json.dumps({**document, ("tests" if part == "vars" else part): inside}))
    return path


@pytest.mark.parametrize("part", ["prompts", "tests", "vars", "providers"])
@pytest.mark.parametrize(
    "reference", ["file://../secret.yaml", "file:///SECRET", "file://a/../../secret.yaml", "file://../*.yaml", "file://link.yaml"]
)
def test_a_configuration_reads_nothing_outside_of_its_folder(workspace: Workspace, tmp_path: Path, reference: str, part: str) -> None:
    (tmp_path / "secret.yaml").write_text(f"- vars: {{q: {SECRET}}}\n")
    path = config(tmp_path / "in", reference.replace("/SECRET", str(tmp_path / "secret.yaml")), part)
    (tmp_path / "in" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    report = workspace.files.import_paths([path])
    (rejected,) = report.rejected
    assert (rejected.path, "outside the folder" in rejected.reason) == (str(path), True)
    assert any(item.kind == ("dataset" if part == "prompts" else "prompt") for item in report.imported), "the rest comes in"
    assert SECRET not in str(report)
    values = [case.values for dataset in workspace.datasets.list() for case in workspace.datasets.cases(dataset.id)]
    assert all(SECRET not in str(each) for each in values)


def test_a_run_reads_the_folder_that_one_is_in_but_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    (tmp_path / "work" / "shared").mkdir(parents=True)
    (tmp_path / "work" / "shared" / "p.txt").write_text("Hi {{q}}")
    path = config(tmp_path / "work" / "evals", "file://../shared/p.txt")
    monkeypatch.chdir(tmp_path / "work")
    assert workspace.sources.file(path).spec.variants[0].content.messages[0].text == "Hi {{q}}"
    monkeypatch.setenv("HOME", str(tmp_path / "work"))
    with pytest.raises(Exception, match="outside the folder"):
        workspace.sources.file(path)


@pytest.mark.parametrize("name", ["pipe.txt", "pipe.yaml", "pipe.csv"])
def test_a_pipe_and_a_device_that_a_configuration_names_are_told(workspace: Workspace, tmp_path: Path, name: str) -> None:
    path = config(tmp_path / "in", f"file://{name}", "tests" if name.endswith("csv") else "prompts")
    os.mkfifo(tmp_path / "in" / name)
    told(workspace.files.import_paths([path]), "no file")


def test_a_pipe_that_a_prompt_names_is_told(workspace: Workspace, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "a.prompty").write_text("---\nname: A\nsample: pipe.json\n---\nuser:\nHi")
    told(workspace.files.import_paths([tmp_path / "a.prompty"]), "no file")


@pytest.mark.parametrize("reference", ["file://" + "x" * 5000 + ".txt", "file://a\0b.txt", "file://", "file://.", "file://**/**/**/*.txt"])
def test_a_name_that_is_none_is_told(workspace: Workspace, tmp_path: Path, reference: str) -> None:
    report = workspace.files.import_paths([config(tmp_path / "in", reference)])
    assert not any(item.kind == "prompt" for item in report.imported)
    assert report.rejected


# Folders


def test_pipes_devices_links_and_odd_names_in_a_folder_stop_nothing(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "pipe.prompty")
    (folder / "zero.prompty").symlink_to("/dev/zero")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.prompty").symlink_to(folder / "gone")
    for name in ("CON", "a\nb", "A", "a", "ü", "u\u0308", "x" * 240, "a:b", "..b", " c ", "%00", "-rf"):
        (folder / f"{name}.prompty").write_text(f"user:\nHi {name.strip()!r}")
    (folder / os.fsdecode(b"\xff.prompty")).write_text("user:\nbytes")
    report = workspace.files.import_paths([folder])
    assert len(report.imported) >= 10
    assert json.dumps(report.to_json()).encode()
    assert workspace.files.import_paths([folder]).imported == ()


def test_a_pipe_that_is_named_is_told(workspace: Workspace, tmp_path: Path) -> None:
    for name in ("a.prompty", "a.yaml", "a.csv", "a.json", "a.zip", "a.md"):
        os.mkfifo(tmp_path / name)
        told(workspace.files.import_paths([tmp_path / name]), "neither a file nor a folder", "cannot be read", "damaged")


# Zips


def zipped(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return path


def overlapping(path: Path) -> Path:
    """Every entry means the same compressed bytes."""
    zipped(path, {"a.md": b"x" * 900_000})
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    many = 2_000
    directory = b"".join(entry.replace(b"a.md", str(n).zfill(4).encode()) for n in range(many))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, many, many, len(directory), start, 0)
    path.write_bytes(data[:start] + directory + tail)
    return path


ZIPS: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
    "one bomb": (lambda path: zipped(path, {"a.json": b"0" * 60_000_000}), ("times its size",)),
    "many entries": (lambda path: zipped(path, {f"{n}.txt": b"" for n in range(10_001)}), ("more than 10,000",)),
    "many middling entries": (
        lambda path: zipped(path, {f"{n}.md": b"x" * 900_000 for n in range(290)}), ("unpacks to more than", "times its size", "No file"),
    ),
    "overlapping entries": (overlapping, ("damaged", "unpacks to more than", "times its size")),
    "a zip in a zip": (lambda path: zipped(path, {"inner.zip": zipped(path.with_name("i"), {"a.prompty": b"user:\nHi"}).read_bytes()}), ("No file",)),
    "above": (lambda path: zipped(path, {"../a.prompty": b"user:\nHi"}), ("outside",)),
    "above, backwards": (lambda path: zipped(path, {"..\\a.prompty": b"user:\nHi"}), ("outside",)),
    "absolute": (lambda path: zipped(path, {"/tmp/a.prompty": b"user:\nHi"}), ("outside",)),
    "a drive": (lambda path: zipped(path, {"C:/a.prompty": b"user:\nHi"}), ("outside",)),
    "a network drive": (lambda path: zipped(path, {"\\\\host\\a.prompty": b"user:\nHi"}), ("outside",)),
    "a dot": (lambda path: zipped(path, {"./": b"", ".": b"user:\nHi"}), ("without a name", "No file", "cannot be read")),
    "a file that is a folder": (lambda path: zipped(path, {"a": b"x", "a/b.prompty": b"user:\nHi"}), ("cannot be read",)),
    "a very long name": (lambda path: zipped(path, {"x" * 5_000 + ".prompty": b"user:\nHi"}), ("outside",)),
    "very deep": (lambda path: zipped(path, {"a/" * 5_000 + "b.prompty": b"user:\nHi"}), ("cannot be read", "outside")),
    "nothing": (lambda path: zipped(path, {}), ("No file",)),
    "cut off": (lambda path: cut(zipped(path, {"a.prompty": b"user:\nHi" * 100})), ("damaged",)),
}  # fmt: skip


def cut(path: Path) -> Path:
    """The first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_that_means_harm_is_told_and_leaves_nothing(workspace: Workspace, tmp_path: Path, name: str) -> None:
    make, words = ZIPS[name]
    (tmp_path / "in").mkdir()
    path = make(tmp_path / "in" / "x.zip")
    told(workspace.files.import_paths([path]), *words)
    assert not list(tmp_path.rglob("a.prompty"))


def test_names_in_a_zip_that_differ_only_in_case_are_two_prompts_or_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"A.prompty": b"user:\nBig", "a.prompty": b"user:\nSmall", "CON.prompty": b"user:\nCon"})
    assert {item.name for item in workspace.files.import_paths([path]).imported} == {"A", "a", "CON"}


# Bytes

XML = '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]><z>&j;</z>"  # fmt: skip
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)
BYTES: dict[str, bytes] = {
    "nothing": b"", "a zero byte": b"name: a\0b\n", "utf-16 cut off": "name: ä".encode("utf-16")[:-1], "latin-1": "name: ä\n".encode("latin-1"),
    "nested lists": b"[" * 10_000 + b"]" * 10_000, "nested objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "nested yaml": b"".join(b" " * n + b"a:\n" for n in range(1_500)), "nested dashes": b"- " * 10_000 + b"a",
    "a huge number": b'{"messages": [{"role": "user", "content": "a"}], "temperature": ' + b"9" * 10_000 + b"}",
    "a huge power": b'{"messages": [{"role": "user", "content": "a"}], "temperature": 1e999}',
    "nan": b'{"messages": [{"role": "user", "content": "a"}], "temperature": NaN}',
    "infinity": b'{"messages": [{"role": "user", "content": "a"}], "temperature": -Infinity}',
    "a key twice": b'{"prompts": ["a"], "prompts": ["b"], "providers": ["echo"]}',
    "half a character": b'{"prompts": ["\\ud800"], "providers": ["echo"]}', "a zero character": b'{"prompts": ["a\\u0000"], "providers": ["echo"]}',
    "billion laughs": LAUGHS.encode(), "billion laughs of xml": XML.encode(), "laughs before prompts": (LAUGHS + "prompts: [*j]\nproviders: [echo]\n").encode(),
    "a merge of itself": b"a: &a\n  <<: *a\nprompts: [x]\nproviders: [echo]\n", "an object of python": b"prompts: !!python/object/apply:os.system ['id']\nproviders: [echo]\n",
    "braces": b"{{" * 100_000, "blocks": b"{{#if a}}" * 20_000, "a long line": b"x" * 2_000_000, "quotes": b'"' * 100_001,
}  # fmt: skip
NAMES = sorted({name for name, _ in GOOD.values()} - {"z.zip"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", BYTES)
def test_hostile_bytes_under_any_name_end_in_an_import_or_one_sentence(workspace: Workspace, tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(BYTES[kind])
    began = time.process_time()
    report = workspace.files.import_paths([tmp_path / name])
    assert time.process_time() - began < 5
    assert report.imported or report.rejected
    for item in report.rejected:
        assert item.path
        assert 5 < len(item.reason) < 500
    json.dumps(report.to_json(), allow_nan=False).encode()


@pytest.mark.parametrize("name", NAMES)
def test_a_line_of_100_mb_is_told_without_filling_memory(workspace: Workspace, tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(100_000_000)
    told(workspace.files.import_paths([tmp_path / name]), "too big", "larger", "zero", "too long", "MB", "is not text")


def test_a_file_of_any_encoding_and_any_line_ends_says_the_same(workspace: Workspace, tmp_path: Path) -> None:
    text = "user:\nGrüße {{ it }}\n"
    for number, data in enumerate((text.encode(), text.encode("utf-8-sig"), text.encode("utf-16"), text.replace("\n", "\r\n").encode())):
        (tmp_path / str(number)).mkdir()
        path = tmp_path / str(number) / "x.prompty"
        path.write_bytes(data)
        (item,) = (*(report := workspace.files.import_paths([path])).imported, *report.unchanged)
        assert item.messages == ({"role": "user", "content": "Grüße {{ it }}"},)
    path.write_bytes(text.encode("latin-1"))
    (rejected,) = workspace.files.import_paths([path]).rejected
    assert (rejected.line, "UTF-8" in rejected.reason) == (2, True)


def test_lists_that_would_make_more_cases_than_memory_holds_are_refused_before_one_is_made(workspace: Workspace, tmp_path: Path) -> None:
    lists = {f"v{number}": [f"a{item}" for item in range(40)] for number in range(8)}
    many = [{"vars": {"a": "x"}}] * 1_000
    parts: tuple[dict[str, Any], ...] = ({"tests": [{"vars": lists}]}, {"scenarios": [{"config": many, "tests": many}]})
    for number, part in enumerate(parts):
        path = tmp_path / str(number) / "promptfooconfig.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"prompts": ["Say"], "providers": ["echo"], **part}))
        told(workspace.files.import_paths([path]), "100,000 is the most")


def test_a_table_that_is_wider_than_any_spreadsheet_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text(",".join(f"c{number}" for number in range(20_000)) + "\n" + "1," * 19_999 + "1\n")
    told(workspace.files.import_paths([tmp_path / "wide.csv"]), "20,000 columns")
