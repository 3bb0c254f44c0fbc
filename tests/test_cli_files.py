"""`import`, `export` and `list`: the library in and out as files."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.assets import asset
from workbench.cli.frame import perform


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def test_a_library_folder_comes_in_is_listed_and_goes_out_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["import", str(asset("starter")), "--json"]) == 0
    said = document(capsys)
    assert set(said) == {"schema", "imported", "unchanged", "rejected", "not_carried"}
    triage = next(item for item in said["imported"] if item["name"] == "Support triage")
    assert (triage["kind"], triage["version"], triage["variables"]) == ("prompt", 3, ["ticket"])
    assert triage["messages"][0]["role"] == "system"
    assert triage["path"]
    assert triage["format"]
    assert perform(["import", str(asset("starter")), "--json"]) == 0
    again = document(capsys)
    assert (again["imported"], len(again["unchanged"])) == ([], len(said["imported"]))
    for kind, names in {
        "prompts": ["Call summary", "Support reply", "Support triage"],
        "datasets": ["Customer calls", "Reply requests", "Support tickets"],
        "comparisons": ["Starter"],
    }.items():
        assert perform(["list", kind, "--json"]) == 0
        assert [row["name"] for row in document(capsys)[kind]] == names
    assert perform(["export", str(tmp_path / "out"), "--json"]) == 0
    written = document(capsys)
    assert "prompts/support/support-triage.yaml" in written["files"]
    assert perform(["export", str(tmp_path / "out"), "--json"]) == 0
    assert document(capsys)["files"] == []


def test_one_bad_file_is_told_with_its_line_and_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.yaml").write_text("prompt: Good\nmessages:\n  - user: hello\n")
    (tmp_path / "bad.yaml").write_text("prompt: Bad\nmessages:\n  - user: [unclosed\n")
    assert perform(["import", str(tmp_path / "bad.yaml"), str(tmp_path / "good.yaml"), "--json"]) == 1
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert [item["name"] for item in said["imported"]] == ["Good"]
    assert len(said["rejected"]) == 1
    assert said["rejected"][0]["path"].endswith("bad.yaml")
    assert said["rejected"][0]["line"]
    assert "bad.yaml" in printed.err


def test_files_that_are_rejected_or_lose_something_for_one_reason_are_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(8):
        (tmp_path / f"bad-{number}.prompt.yml").write_text("name: Bad\nmessages: [unclosed\n")
        (tmp_path / f"{number}.prompt.yml").write_text(f"name: P{number}\nmodel: openai/gpt-4o\nmessages: [{{role: user, content: hi}}]\n")
    assert perform(["import", str(tmp_path)]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if ".prompt.yml" in line]
    assert len(said) == 2
    assert "bad-0.prompt.yml, line " in said[0]
    assert all(" and 5 more: " in line for line in said)
    assert perform(["import", str(tmp_path), "--json"]) == 1
    assert len(document(capsys)["rejected"]) == 8, "the JSON names every file"


def test_tables_of_one_trouble_are_told_in_one_line_that_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(5):
        (tmp_path / f"empty-{number}.csv").write_text("")
        (tmp_path / f"paper-{number}.csv").write_bytes(b"%PDF-1.7")
    named = [str(path) for path in sorted(tmp_path.iterdir())]
    assert perform(["import", *named]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if ".csv" in line]
    assert [line.split(" and 2 more: ")[1] for line in said] == [
        "This file is empty.",
        "This file is a PDF. Import a CSV, TSV, XLSX, JSON or JSONL file.",
    ]
    assert "empty-0.csv" in said[0]
    assert perform(["import", *named[:1]]) == 1
    assert capsys.readouterr().err.strip().endswith("empty-0.csv: This file is empty.")


def test_an_imported_comparison_is_run_by_its_name_and_a_file_by_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "sort.yaml").write_text("prompt: Sort\nmessages:\n  - user: 'Sort: {{ ticket }}'\n")
    path = folder / "try.comparison.yaml"
    path.write_text(
        "comparison: Try\nprompts:\n  - sort.yaml\nmodels:\n  - {name: echo, vendor: echo}\ncases:\n  - values: {ticket: boots}\n"
        "checks:\n  - {type: contains, value: boots}\n"
    )
    assert perform(["run", str(path), "--json"]) == 0
    output = document(capsys)["outputs"][0]
    assert (output["text"], output["passed"]) == ("Sort: boots", True)


def test_an_export_that_could_not_write_everything_says_so_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["import", str(asset("starter"))]) == 0
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "prompts").write_text("a file where the folder of the prompts has to be")
    capsys.readouterr()
    assert perform(["export", str(tmp_path / "out"), "--json"]) == 1
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert said["unwritten"] == len(said["left"]) == 3
    assert {item["path"] for item in said["left"]} >= {"prompts/support/support-triage.yaml"}
    assert "could not be written" in printed.err
    assert "datasets/support-tickets.yaml" in said["files"]


def test_a_file_that_a_person_changed_is_left_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["import", str(asset("starter"))]) == 0
    assert perform(["export", str(tmp_path / "out")]) == 0
    path = tmp_path / "out" / "prompts" / "support" / "support-triage.yaml"
    path.write_text(path.read_text().replace("ticket", "letter"))
    changed = path.read_text()
    capsys.readouterr()
    assert perform(["export", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert "1 could not be." in printed.out
    assert "import it first" in printed.err
    assert path.read_text() == changed


def test_a_folder_without_any_file_to_import_is_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("nothing for us")
    assert perform(["import", str(tmp_path / "empty"), "--json"]) == 1
    said = document(capsys)["rejected"]
    assert [item["reason"] for item in said] == ["No file in this folder can be imported here. Name a single file to see why."]


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text("prompts: ['Say {{a}}']\nproviders: [echo]\ntests: [{vars: {a: 1}}]\n")
    out = tmp_path / "out.json"
    assert perform(["run", str(path), "--json", "--out", str(out)]) == 0
    run = document(capsys)["run"]["id"]
    assert json.loads(out.read_text())["run"]["id"] == run
    taken = tmp_path / "taken.json"
    taken.mkdir()
    assert perform(["export", str(taken), "--what", "run", run]) == 1
    assert "taken.json cannot be written" in capsys.readouterr().err
    assert sorted(item.name for item in tmp_path.iterdir() if item.name.startswith((".taken", "taken"))) == ["taken.json"]


def test_wrong_places_are_said_before_anything_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    assert perform(["export", str(tmp_path / "file")]) == 2
    assert perform(["export", str(tmp_path / "out"), "--what", "everything"]) == 2
    assert perform(["run", str(tmp_path)]) == 2
    assert not (tmp_path / "out").exists()
    assert capsys.readouterr().out == ""


def test_a_file_in_a_folder_that_is_not_there_is_refused_in_the_same_words_whatever_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perform(["import", str(asset("starter")), "--quiet"]) == 0
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text("prompts: ['Say {{a}}']\nproviders: [echo]\ntests: [{vars: {a: 1}}]\n")
    capsys.readouterr()
    assert perform(["run", str(path), "--json", "--quiet"]) == 0
    run = document(capsys)["run"]["id"]
    there = tmp_path / "no"
    for verb in (
        ["run", str(path), "--out", str(there / "x.json")],
        ["export", str(there / "x.json"), "--what", "run", run],
        ["export", str(there / "x.csv"), "--what", "dataset", "Support tickets"],
        ["export", str(there / "x.prompty"), "--what", "prompt", "Support triage"],
        ["packet", run, "--out", str(there / "x.html")],
    ):
        assert perform(verb) == 2
        assert f"There is no folder {there}. Make it, or choose another place." in capsys.readouterr().err
    assert not there.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes lie elsewhere there")
@pytest.mark.parametrize("name", ["pipe.csv", "pipe.yaml", "pipe.txt"])
@pytest.mark.parametrize("format", [[], ["--format", "csv"], ["--format", "promptfoo"]])
def test_a_named_pipe_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, format: list[str]) -> None:
    os.mkfifo(tmp_path / name)
    assert perform(["import", str(tmp_path / name), *format, "--json"]) == 1
    assert [item["reason"] for item in document(capsys)["rejected"]] == ["This is neither a file nor a folder."]


def test_a_dataset_goes_out_as_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["import", str(asset("starter")), "--json"]) == 0
    capsys.readouterr()
    assert perform(["export", str(tmp_path / "cases.csv"), "--what", "dataset", "Support tickets", "--json"]) == 0
    assert document(capsys)["files"] == [str(tmp_path / "cases.csv")]
    assert (tmp_path / "cases.csv").read_text("utf-8-sig").splitlines()[0].startswith("ticket,")
    assert perform(["export", str(tmp_path / "cases.csv"), "--what", "dataset", "Nobody"]) == 2


def test_prompts_go_out_for_another_tool_and_what_they_lose_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["import", str(asset("starter")), "--quiet"]) == 0
    capsys.readouterr()
    assert perform(["export", str(tmp_path / "out"), "--format", "prompty", "--json"]) == 0
    said = document(capsys)
    assert said["files"] == ["product/call-summary.prompty", "support/support-reply.prompty", "support/support-triage.prompty"]
    assert {"path": "support/Support triage", "what": "labels", "why": "Labels have no place in this format."} in said["not_carried"]
    assert (said["rejected"], said["unwritten"]) == ([], 0)
    assert perform(["export", str(tmp_path / "out"), "--format", "prompty"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "0 files written, 3 unchanged.\n"
    assert "product/Call summary and 2 more: Labels have no place in this format." in printed.err
    # They come back as they were: the workspace has every text already.
    assert perform(["import", str(tmp_path / "out"), "--json"]) == 0
    back = document(capsys)
    assert {(item["name"], item["version"]) for item in (*back["imported"], *back["unchanged"])} == {
        ("Call summary", 2), ("Support reply", 4), ("Support triage", 3),
    }  # fmt: skip


def test_a_prompt_that_the_format_cannot_say_is_left_out_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["import", str(asset("starter")), "--quiet"]) == 0
    capsys.readouterr()
    assert perform(["export", str(tmp_path / "out.json"), "--format", "langfuse"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "1 file written, 1 could not be.\n"
    assert "workbench: support/Support reply: Message 1 (system), line 9: It has a condition" in printed.err
    assert {item["name"] for item in json.loads((tmp_path / "out.json").read_text("utf-8"))} == {
        "product/Call summary",
        "support/Support triage",
    }


def test_one_prompt_goes_to_a_file_by_its_ending_and_nothing_is_written_over_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perform(["import", str(asset("starter")), "--quiet"]) == 0
    path = tmp_path / "mine.prompt.yml"
    path.write_text("name: somebody's own\n")
    ask = ["export", str(path), "--what", "prompt", "support triage"]
    assert perform(ask) == 1
    assert path.read_text() == "name: somebody's own\n"
    assert "Something else is there already" in capsys.readouterr().err
    assert perform([*ask, "--replace", "--version", "1"]) == 0
    first = path.read_text("utf-8")
    assert perform([*ask, "--replace"]) == 0
    assert path.read_text("utf-8") != first
    capsys.readouterr()
    for wrong, why in (
        ([*ask, "--version", "99"], "has no version 99"),
        (["export", str(tmp_path / "x"), "--what", "prompt", "Support triage"], "The format is not said."),
        (["export", str(tmp_path / "x.prompty"), "--what", "folder", "support"], "2 prompts become 2 files"),
        (["export", str(tmp_path / "x"), "--what", "folder", "nowhere", "--format", "llm"], "There is no folder nowhere"),
        (["export", str(tmp_path / "x"), "--format", "word"], "word is no format of the library"),
        (["export", str(tmp_path / "x"), "--format", "csv"], "csv is no format of the library"),
        (["export", str(tmp_path / "x"), "--replace"], "are for prompts that go to another tool"),
        (["export", str(tmp_path / "x.csv"), "--what", "dataset", "Support tickets", "--format", "llm"], "llm is a format of prompts"),
        (
            ["export", str(tmp_path / "no" / "x.py"), "--what", "prompt", "Support triage"],
            f"There is no folder {tmp_path / 'no'}. Make it, or choose another place.",
        ),
        (["export", str(tmp_path / "x.py"), "--what", "prompt", "Support triage", "--model", "SmolLM2"], "model"),
    ):
        assert perform(wrong) == 2
        assert why in capsys.readouterr().err


def test_a_promptfoo_file_that_was_written_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["import", str(asset("starter")), "--quiet"]) == 0
    assert perform(["export", str(tmp_path), "--what", "folder", "support", "--format", "promptfoo", "--quiet"]) == 0
    capsys.readouterr()
    assert perform(["run", str(tmp_path / "promptfooconfig.yaml"), "--json", "--quiet"]) == 0
    outputs = document(capsys)["outputs"]
    assert [output["prompt"] for output in outputs] == ["Support reply", "Support triage"]
    assert "Fell & Tarn" in outputs[0]["text"]


def test_the_sheet_of_a_workbook_is_chosen_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for name in ("Cases", "More"):
        sheet = book.create_sheet(name)
        sheet.append(["ticket"])
        sheet.append([f"from {name}"])
    book.save(tmp_path / "b.xlsx")
    assert perform(["import", str(tmp_path / "b.xlsx"), "--json"]) == 0
    told = document(capsys)
    assert [item["sheet"] for item in told["imported"]] == ["Cases"]
    assert told["not_carried"][0]["what"] == "sheets Sheet, More"
    assert perform(["import", str(tmp_path / "b.xlsx"), "--sheet", "More", "--format", "xlsx"]) == 0
    assert "b 2, sheet More" in capsys.readouterr().out
    assert perform(["import", str(tmp_path / "b.xlsx"), "--sheet", "Nope", "--json"]) == 1
    assert "Its sheets are Sheet, Cases, More." in document(capsys)["rejected"][0]["reason"]


def test_without_the_package_for_workbooks_the_environment_lacks_it_and_other_files_come_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cases.csv").write_text("q\nfine\n", "utf-8")
    assert perform(["import", str(tmp_path / "cases.csv")]) == 0
    book = tmp_path / "cases.xlsx"
    assert perform(["export", str(book), "--what", "dataset", "cases"]) == 0
    capsys.readouterr()
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert perform(["export", str(tmp_path / "more.xlsx"), "--what", "dataset", "cases"]) == 3
    assert 'pip install "prompt-workbench[excel]"' in capsys.readouterr().err
    assert not (tmp_path / "more.xlsx").exists()
    (tmp_path / "other.csv").write_text("q\nfine too\n", "utf-8")
    assert perform(["import", str(book), str(tmp_path / "other.csv"), "--json"]) == 1
    told = document(capsys)
    assert [item["name"] for item in told["imported"]] == ["other"]
    assert "[excel]" in told["rejected"][0]["reason"]


def test_the_columns_of_a_collection_of_prompts_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "p.csv"
    table.write_text("Titel,Vorlage,Rolle,Stichwort\nPoet,Rhyme {{ word }},Be brief.,fun\n", "utf-8")
    said = ["--column", "name=Titel", "--column", "text=vorlage", "--column", "system=Rolle", "--column", "tags=Stichwort"]
    assert perform(["import", str(table), *said, "--json"]) == 0
    (prompt,) = document(capsys)["imported"]
    assert (prompt["kind"], prompt["name"], prompt["format"]) == ("prompt", "Poet", "prompts-csv")
    assert [(message["role"], message["content"]) for message in prompt["messages"]] == [
        ("system", "Be brief."),
        ("user", "Rhyme {{ word }}"),
    ]
    assert perform(["import", str(table), "--column", "text=Nope", "--json"]) == 1
    assert "There is no column Nope. The columns are Titel, Vorlage, Rolle, Stichwort." in document(capsys)["rejected"][0]["reason"]
    assert perform(["import", str(table), "--column", "text=Vorlage", "--format", "csv"]) == 2
    assert "not of csv" in capsys.readouterr().err
    assert perform(["import", str(table), "--column", "titel", "--json"]) == 2
    assert "does not say PART=COLUMN" in capsys.readouterr().err


def test_a_file_that_is_not_there_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("q\nfine\n", "utf-8")
    assert perform(["import", str(tmp_path / "gone.csv"), str(tmp_path / "a.csv"), str(tmp_path / ("n" * 300)), "--json"]) == 1
    told = document(capsys)
    assert [item["name"] for item in told["imported"]] == ["a"]
    assert [(Path(one["path"]).name[:4], one["line"], one["reason"]) for one in told["rejected"]] == [
        ("gone", None, "There is no such file or folder."),
        ("nnnn", None, "There is no such file or folder."),
    ]
    assert perform(["import", str(tmp_path / "gone.csv"), str(tmp_path / "gone.yaml")]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
