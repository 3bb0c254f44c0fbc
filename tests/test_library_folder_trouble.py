"""Importing files while something goes wrong that is not in the files."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from workbench.values import StoreTrouble
from workbench.workspace import Workspace


def _prompts(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"p{number}.prompt.yaml").write_text(f"prompt: P{number}\nmessages: [{{user: '{str(number) * 40_000}'}}]\n")


def test_a_full_disk_in_the_middle_is_said_and_nothing_is_half_there(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    _prompts(folder, 30)
    with workspace._database.write() as writer:
        pages = writer.run("PRAGMA page_count").scalar_one()
        writer.run(f"PRAGMA max_page_count = {pages + 60}")
    with pytest.raises(StoreTrouble, match="the disk is full"):
        workspace.files.import_paths([folder])
    assert workspace.prompts.list() == []


def test_a_prompt_that_cannot_be_read_is_rejected_and_the_others_come_in(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    _prompts(folder, 1)
    (folder / "torn.txt").write_text("Say {{ q }}.")
    (folder / "c.comparison.yaml").write_text(
        "comparison: C\nprompts: [{file: torn.txt}]\nmodels: [{name: m, base_url: 'http://127.0.0.1:9/v1'}]\n"
    )
    whole = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name == "torn.txt":
            raise OSError(errno.EIO, "Input/output error")
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    report = workspace.files.import_paths([folder])
    assert [row.name for row in workspace.prompts.list()] == ["P0"]
    assert [rejected.reason for rejected in report.rejected] == ["This file cannot be read (Input/output error)."]
