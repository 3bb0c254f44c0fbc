"""`workbench doctor`: what is here, what is missing, what is broken, and how to mend it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from workbench.cli.frame import perform

Start = Callable[..., FakeProvider]


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def states(said: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["state"] for check in said["checks"]}


def test_a_fresh_workspace_is_sound_and_what_it_lacks_has_a_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["doctor", "--json"]) == 0
    said = document(capsys)
    assert said["ok"] is True
    assert states(said)["Workspace"] == "ok"
    assert set(states(said)) >= {"Display", "Workspace", "Backups", "Key store", "Built-in model", "Connections"}
    assert all(check["remedy"] for check in said["checks"] if check["state"] == "note" and check["name"] != "Backups")


def test_as_text_every_finding_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["doctor", "--rebuild-search"]) == 0
    text = capsys.readouterr().out
    assert "Search: the index was built anew." in text
    assert "Workspace: " in text


def test_connections_are_asked_unless_it_is_told_not_to(fakeprovider: Start, capsys: pytest.CaptureFixture[str]) -> None:
    server = fakeprovider()
    assert perform(["connections", "add", "Mine", "--base-url", server.base_url, "--no-key"]) == 0
    capsys.readouterr()
    assert perform(["doctor", "--offline", "--json"]) == 0
    assert states(document(capsys))["Connection Mine"] == "ok"
    server.close()
    assert perform(["doctor", "--json"]) == 0
    assert states(document(capsys))["Connection Mine"] == "note"


def test_a_damaged_workspace_is_found_left_as_it_is_and_restored_from_a_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.db"
    assert perform(["connections", "add", "Mine", "--base-url", "http://127.0.0.1:9/v1", "--no-key"]) == 0
    backups = tmp_path / "backups"
    backups.mkdir(exist_ok=True)
    if not list(backups.glob("w-*.db")):
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(backups / "w-2026-01-02T030405-day.db")) as copy:
            source.backup(copy)
    broken = b"this is no database" * 100
    path.write_bytes(broken)
    capsys.readouterr()
    assert perform(["doctor", "--json"]) == 1
    said = document(capsys)
    assert states(said)["Workspace"] == "trouble"
    remedy = next(check["remedy"] for check in said["checks"] if check["name"] == "Workspace")
    assert remedy.startswith("workbench doctor --restore puts the newest of 1 backups, from ")
    assert path.read_bytes() == broken
    assert perform(["doctor", "--restore", "no-such-backup"]) == 2
    capsys.readouterr()
    assert perform(["doctor", "--restore", "--json"]) == 0
    assert document(capsys)["restored"]
    assert perform(["connections", "--json"]) == 0
    assert [row["name"] for row in document(capsys)["connections"]] == ["Mine"]


def test_without_a_backup_the_doctor_does_not_send_to_the_doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "w.db").write_bytes(b"SQLite format 3\0" + b"\1" * 5000)
    assert perform(["doctor", "--json"]) == 1
    remedy = next(check["remedy"] for check in document(capsys)["checks"] if check["name"] == "Workspace")
    assert remedy
    assert "doctor" not in remedy


def test_a_locked_key_store_is_a_note_with_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import keyring
    from keyring.backend import KeyringBackend
    from keyring.errors import KeyringLocked

    class Locked(KeyringBackend):
        priority = 1.0

        def get_password(self, service: str, username: str) -> str | None:
            raise KeyringLocked("locked")

        def set_password(self, service: str, username: str, password: str) -> None:
            raise KeyringLocked("locked")

    monkeypatch.setattr(keyring, "get_keyring", Locked)
    assert perform(["doctor", "--json"]) == 0
    found = next(check for check in document(capsys)["checks"] if check["name"] == "Key store")
    assert found["state"] == "note"
    assert found["sentence"].startswith("The system keychain is locked")
    assert found["remedy"].startswith("Unlock it")


def test_restoring_without_a_backup_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["doctor", "--restore"]) == 2
    assert "no backup" in capsys.readouterr().err
    assert not (tmp_path / "w.db").exists()
