"""Files of other tools brought into the workspace: every sample, folders, zips, and files that mean harm."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests import good_files
from workbench.formats.foreign_file import ForeignFile
from workbench.formats.foreign_formats import FORMATS, read
from workbench.library.reports import ImportReport
from workbench.templates import check
from workbench.values import BadInput
from workbench.workspace import Workspace

# Every sample of the field

# By folder: (format, files that come in, files that are rejected and the line).
SAMPLES: dict[str, tuple[str, int, dict[str, int | None]]] = {
    "github-models": ("github", 6, {}),
    "prompty": ("prompty", 59, {}),
    "dotprompt-files": (
        "dotprompt",
        14,
        {
            "examples__autocomplete.prompt": 22,
            "examples__error-multiple-issues.prompt": 26,
            "examples__error-unbalanced-brace.prompt": 24,
            "examples__error-unmatched-closing-block.prompt": 24,
            "examples__partials.prompt": 28,  # a partial that is not there, in a loop
        },
    ),
    "llm-templates": ("llm", 9, {}),
    "langchain-hub": ("langchain", 1, {}),
    "chainforge": ("chainforge", 17, {}),
    "promptfoo-results": ("promptfoo-results", 6, {}),
    "prompt-library": ("prompts-csv", 1, {}),
}


@pytest.mark.parametrize("folder", SAMPLES)
def test_every_sample_of_the_field_comes_in_or_is_rejected_with_its_line(workspace: Workspace, shared: Path, folder: str) -> None:
    format, count, refused = SAMPLES[folder]
    report = workspace.files.import_paths([shared / "formats" / folder])
    things = [item for item in (*report.imported, *report.unchanged) if item.format == format]
    assert len({item.path for item in things}) == count
    assert {Path(item.path).name: item.line for item in report.rejected} == refused
    for item in things:
        if item.kind == "prompt":
            assert item.messages, item.path
            assert all(check(str(message["content"])) is None for message in item.messages), item.path
    again = workspace.files.import_paths([shared / "formats" / folder])
    assert [(item.kind, item.name, item.changes) for item in again.imported] == []
    assert len(again.unchanged) == len(report.imported) + len(report.unchanged)


def prompt_of(report: ImportReport, name: str) -> Any:
    return next(item for item in (*report.imported, *report.unchanged) if item.kind == "prompt" and Path(item.path).name == name)


def test_some_samples_to_the_letter(workspace: Workspace, shared: Path) -> None:
    formats = shared / "formats"
    report = workspace.files.import_paths([formats / folder for folder in ("github-models", "prompty", "llm-templates", "chainforge")])
    github = prompt_of(report, "template_variables_prompt.yml")
    assert github.variables == ("persona", "domain", "name", "topic", "input")
    assert github.parameters == {"temperature": 0.3, "max_tokens": 200}
    prompty = prompt_of(report, "spec__fixtures__basic.prompty")
    assert [message["role"] for message in prompty.messages] == ["system", "user"]
    assert (prompty.variables, prompty.parameters) == (("firstName", "lastName", "question"), {"temperature": 0.7, "max_tokens": 1000})
    llm = prompt_of(report, "templates_09.yaml")
    assert llm.variables == ("ingredients", "country")
    flow = prompt_of(report, "oaievals__irony.cforge")
    assert (flow.variables, flow.messages[1]["content"]) == (("prompt",), "{{ prompt }}")


# Folders and zips


def filled(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "a.prompty").write_text("---\nname: A\n---\nuser:\nHi {{ who }}")
    (folder / "sub" / "b.prompt").write_text("Hello {{who}}")
    (folder / "sub" / "broken.prompt").write_text("Hello\n{{#if}")
    (folder / "README.md").write_text("# A folder of prompts\n")
    (folder / "notes.md").write_text("---\nmodel: m\n---\nNote {{ it }}")
    (folder / "t.yaml").write_text("prompt: 'Sum up $input'\n")
    return folder


EXPECTED = [("A", "prompty"), ("b", "dotprompt"), ("notes", "text"), ("t", "llm")]


def test_a_folder_comes_in_at_once_with_its_folders(workspace: Workspace, tmp_path: Path) -> None:
    report = workspace.files.import_paths([filled(tmp_path / "in")])
    assert sorted((item.name, item.format) for item in report.imported) == EXPECTED
    assert [(Path(item.path).name, item.line) for item in report.rejected] == [("broken.prompt", 2)]
    assert workspace.prompts.folders() == ["sub"]


def test_a_schema_or_an_empty_object_is_passed_over_in_a_folder_and_rejected_by_name(workspace: Workspace, tmp_path: Path) -> None:
    folder = filled(tmp_path / "in")
    (folder / "schema.json").write_text('{"type": "object", "properties": {}, "allOf": [{"required": ["a"]}]}')
    for name in ("empty.json", "empty.jsonl"):
        (folder / name).write_text("{}\n")
    (folder / "twice.csv").write_text("q,q\na,b\n")
    report = workspace.files.import_paths([folder])
    assert [item.name for item in report.imported if item.kind == "dataset"] == ["twice"]
    assert [Path(item.path).name for item in report.rejected] == ["broken.prompt"]
    [told] = [item for item in report.not_carried if item.path.endswith("twice.csv")]
    assert told.why == "one stands twice in the header: column 2 is named q too and becomes q_2"
    named = workspace.files.import_paths([folder / "schema.json", folder / "empty.json", folder / "empty.jsonl"])
    assert (named.imported, len(named.rejected)) == ((), 3)
    assert "This is a JSON Schema" in named.rejected[0].reason


def test_a_broken_file_whose_name_says_what_it_is_is_reported_in_a_folder_too(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "good.prompt.yml").write_text("messages:\n- {role: user, content: Hi}\n", "utf-8")
    (tmp_path / "twice.prompt.yml").write_text("name: a\nname: b\nmessages:\n- {role: user, content: Hi}\n", "utf-8")
    wide = "name: wide\nmessages:\n- {role: user, content: Grüße}\n".encode("utf-16")
    (tmp_path / "wide.prompt.yml").write_bytes(wide)
    (tmp_path / "none.prompt.yaml").write_text("name: a\nmodel: b\n", "utf-8")
    (tmp_path / "other.yml").write_text("name: a\nname: b\n", "utf-8")  # whatever this is, nobody meant it to come in
    report = workspace.files.import_paths([tmp_path])
    assert [item.name for item in report.imported] == ["good", "wide"]
    assert {Path(item.path).name: (item.line, item.reason) for item in report.rejected} == {
        "twice.prompt.yml": (2, "name stands here twice. Remove one of them."),
        "none.prompt.yaml": (1, "There are no messages in this file: each has a role and its content."),
    }


def test_a_zip_comes_in_like_the_folder_and_again_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    folder = filled(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    report = workspace.files.import_paths([tmp_path / "in.zip"])
    assert sorted((item.name, item.format) for item in report.imported) == EXPECTED
    assert [item.path for item in report.rejected] == [str(tmp_path / "in.zip" / "sub" / "broken.prompt")]
    again = workspace.files.import_paths([tmp_path / "in.zip", folder])
    assert again.imported == ()


def zipped(path: Path, name: str, data: bytes, link: bool = False) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        if link:
            entry.external_attr = 0o120777 << 16
        archive.writestr(entry, data)
        archive.writestr("good.prompty", "user:\nHi")
    return path


@pytest.mark.parametrize(
    ("name", "data", "link", "reason"),
    [
        ("../out.prompty", b"user:\nHi", False, "outside"),
        ("/etc/out.prompty", b"user:\nHi", False, "outside"),
        ("a/../../out.prompty", b"user:\nHi", False, "outside"),
        ("C:\\out.prompty", b"user:\nHi", False, "outside"),
        ("link.prompty", b"/etc/hostname", True, "link"),
        ("bomb.json", b"0" * 50_000_000, False, "times its size"),
    ],
)
def test_a_zip_that_means_harm_is_rejected_whole(
    workspace: Workspace, tmp_path: Path, name: str, data: bytes, link: bool, reason: str
) -> None:
    inner = tmp_path / "in"
    inner.mkdir()
    zipped(inner / "x.zip", name, data, link)
    (inner / "ok.prompty").write_text("user:\nHi")
    report = workspace.files.import_paths([inner / "x.zip", inner / "ok.prompty"])
    assert [item.name for item in report.imported] == ["ok"]
    assert reason in report.rejected[0].reason
    assert not list(tmp_path.rglob("out*"))


def test_a_damaged_zip_is_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 nothing")
    (report,) = workspace.files.import_paths([tmp_path / "x.zip"]).rejected
    assert "damaged" in report.reason


def test_links_in_a_folder_are_not_followed(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret.prompty").write_text("user:\nsecret")
    folder = filled(tmp_path / "in")
    (folder / "link.prompty").symlink_to(tmp_path / "secret.prompty")
    (folder / "deep").symlink_to(tmp_path)
    report = workspace.files.import_paths([folder])
    assert sorted((item.name, item.format) for item in report.imported) == EXPECTED


def test_a_configuration_in_a_zip_reads_nothing_beside_it(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    for number, reference in enumerate((str(tmp_path / "secret.txt"), "../" * 8 + str(tmp_path / "secret.txt")[1:], "/tmp/*.txt")):
        config = json.dumps({"prompts": [f"file://{reference}"], "providers": ["echo"]})
        zipped(tmp_path / f"{number}.zip", "promptfooconfig.yaml", config.encode())
        report = workspace.files.import_paths([tmp_path / f"{number}.zip"])
        assert "outside the folder" in report.rejected[0].reason
    assert all(item.name == "good" for item in workspace.prompts.list())


def test_the_table_of_a_comparison_and_of_a_dataset_stays_a_table(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("act,prompt\nPoet,Rhyme\n")
    (tmp_path / "d.csv").write_text("name,prompt\nPoet,Rhyme\n")
    (tmp_path / "d.yaml").write_text("dataset: D\nfile: d.csv\n")
    inside = "[{prompt: P, messages: [{user: '{{ prompt }}'}]}]"
    models = "[{name: m, base_url: 'http://127.0.0.1:9/v1'}]"
    (tmp_path / "c.comparison.yaml").write_text(f"comparison: C\nprompts: {inside}\nmodels: {models}\ndataset: t.csv\n")
    report = workspace.files.import_paths([tmp_path])
    assert not report.rejected
    kinds = sorted((item.kind, item.name) for item in report.imported if item.kind != "connection")
    assert kinds == [("comparison", "C"), ("dataset", "D"), ("dataset", "t"), ("model", "m"), ("prompt", "P")]


# Files that mean harm

GOOD = {name: good_files.GOOD[name] for name, format in FORMATS.items() if format.read is not None}


@pytest.mark.parametrize("format", GOOD)
def test_a_good_file_is_told_apart_and_comes_in_whatever_its_line_ends_and_marks(workspace: Workspace, tmp_path: Path, format: str) -> None:
    name, text = GOOD[format]
    forms = (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.replace("\n", "\r\n").encode())
    found = set()
    for number, data in enumerate(forms):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_bytes(data)
        report = workspace.files.import_paths([folder / name])
        assert not report.rejected, report.rejected
        assert {item.format for item in (*report.imported, *report.unchanged)} == {format}
        found.add(json.dumps([item.messages for item in (*report.imported, *report.unchanged)]))
    assert len(found) == 1
    (tmp_path / name).write_bytes(text.encode("utf-16"))
    assert read(tmp_path / name, format) == read(tmp_path / name, format)


def attempt(path: Path, format: str) -> ForeignFile | BadInput:
    """What the file holds, or its rejection."""
    try:
        return read(path, format)
    except BadInput as error:
        return error


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + at)}: &{chr(98 + at)} [{', '.join(['*' + chr(97 + at)] * 9)}]\n" for at in range(9)
)


@pytest.mark.parametrize("format", GOOD)
@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b"\0", b"a\0b", b"\xff\xfea", b"\xff\xfe", b"\x80\x81", BOMB.encode(), b"---\n" + BOMB.encode() + b"---\nuser:\nHi",
        b"[" * 100_000, b'{"a":' * 100_000, b"{{#if a}}" * 20_000, b"{{" * 200_000, b"{" * 200_000, b"{{{" * 100_000, b"${" * 100_000,
        b"- " * 50_000, b"a: [1, 2\n", b'{"name": "a", "name": "b"}', b"name: a\nname: b\n", b"---\n" * 20_000, b"system:\n" * 20_000,
        b'{"messages": [{"role": "user", "content": "\\ud800"}]}', b'{"messages": [{"role": "user", "content": "\\u0000"}]}',
        b"!!python/object/apply:os.system ['id']", b"x" * 5_000_000, b'"' * 100_001, b"a,b\n" * 50_000, b"\xef\xbb\xbf",
        b"---\nname: x\n---\n" + b"{% for a in b %}" * 5_000, b'{"a": 1e999999}', b'{"a": NaN}', b"[" + b"9" * 10_000 + b"]",
    ],
    ids=lambda data: repr(data[:20]),
)  # fmt: skip
def test_hostile_bytes_end_in_an_import_or_a_clear_rejection_in_bounded_time(tmp_path: Path, format: str, data: bytes) -> None:
    path = tmp_path / GOOD[format][0]
    path.write_bytes(data)
    began = time.process_time()
    found = attempt(path, format)
    assert not isinstance(found, BadInput) or (found.message and found.path)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("format", GOOD)
def test_a_line_of_100_mb_is_refused_without_reading_it(tmp_path: Path, format: str) -> None:
    path = tmp_path / GOOD[format][0]
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(BadInput, match="too big"):
        read(path, format)


@pytest.mark.parametrize("format", GOOD)
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_mutated_files_end_in_an_import_or_a_clear_rejection(tmp_path: Path, format: str, data: st.DataObject) -> None:
    name, text = GOOD[format]
    mutated = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        until = data.draw(st.integers(at, min(len(mutated), at + 8)))
        piece = data.draw(
            st.one_of(
                st.binary(max_size=6), st.sampled_from([b"{{", b"}}", b'"', b"[", b"]", b":", b"\n", b"- ", b"null", b"1", b"{%", b"---\n"])
            )
        )
        mutated[at:until] = piece
    path = tmp_path / name
    path.write_bytes(bytes(mutated))
    found = attempt(path, format)
    if isinstance(found, BadInput):
        assert found.path
        return
    for prompt in found.prompts:
        assert prompt.content.messages
        assert prompt.content.hash


def test_a_bad_file_stops_none_of_the_others_and_leaves_nothing_behind(workspace: Workspace, tmp_path: Path) -> None:
    for format, (name, text) in GOOD.items():
        (tmp_path / format).mkdir()
        (tmp_path / format / name).write_text(text)
        (tmp_path / format / f"bad{Path(name).suffix}").write_bytes(b"\x80{{#\0")
    report = workspace.files.import_paths([tmp_path])
    assert {item.format for item in report.imported} >= GOOD.keys()
    assert json.loads(json.dumps(report.to_json()))["imported"]


def test_checks_of_all_tests_come_in_where_nothing_here_asks_the_models(workspace: Workspace, tmp_path: Path) -> None:
    config = {
        "prompts": ["Say {{q}}."],
        "providers": ["python:ask.py"],
        "defaultTest": {"assert": [{"type": "contains", "value": "x"}]},
        "tests": [{"vars": {"q": "x"}}],
    }
    path = tmp_path / "promptfooconfig.json"
    path.write_text(json.dumps({**config, "description": "refunds"}))
    report = workspace.files.import_paths([path])
    assert sorted(item.kind for item in report.imported) == ["comparison", "dataset", "prompt"]
    (saved,) = workspace.comparisons.list()
    definition = workspace.comparisons.get(saved.id).definition
    assert ([check.value for check in definition.checks], definition.model_uids) == (["x"], ())
