"""Copies of the workspace file: when they are made, how many stay, and putting one back."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from workbench.store import backups, tables
from workbench.store.database import Database
from workbench.values import NotFound, StoreTrouble


def _add(path: Path, name: str) -> None:
    database = Database.open(path)
    with database.write() as writer:
        writer.add(tables.Prompt(name=name))
    database.close()


def _names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM prompt ORDER BY id")]


def _make_older(path: Path) -> None:
    """Let today's copies look like yesterday's."""
    for backup in backups.backups(path):
        older = backup.path.with_name(backup.path.name.replace(backup.at[:10], "2020-01-01"))
        backup.path.rename(older)
        os.utime(older, (1_577_836_800, 1_577_836_800))


def test_the_second_start_makes_the_copy_of_the_day_and_the_third_does_not(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    assert backups.backups(path) == []
    _add(path, "Second")
    (made,) = backups.backups(path)
    assert made.why == "day"
    assert made.path.parent == tmp_path / "backups"
    assert made.size == made.path.stat().st_size
    assert _names(made.path)[0] == "First"
    _add(path, "Third")
    assert backups.backups(path) == [made]


def test_a_new_day_makes_a_new_copy_only_if_something_changed(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    _add(path, "Second")
    _make_older(path)
    assert backups.is_due(path)
    _add(path, "Third")
    assert [backup.why for backup in backups.backups(path)] == ["day", "day"]
    for backup in backups.backups(path):
        backup.path.unlink()
    backups.make(path, "day", 7)
    yesterday = backups.backups(path)[0]
    yesterday.path.rename(yesterday.path.with_name(yesterday.path.name.replace(yesterday.at[:10], "2020-01-01")))
    assert not backups.is_due(path)


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_broken_link_among_the_copies_stops_neither_the_start_nor_a_write(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "w-2020-01-01T000000-day.db").symlink_to(tmp_path / "gone")
    _add(path, "Second")
    assert [backup.why for backup in backups.backups(path)] == ["day"]


def test_the_newest_copies_stay_and_older_ones_go(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    made = [backups.make(path, "day", 3) for _ in range(5)]
    assert backups.backups(path) == made[:1:-1]


def test_copies_of_another_workspace_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    one, two = tmp_path / "team.db", tmp_path / "team-old.db"
    _add(one, "One")
    _add(two, "Two")
    kept = backups.make(two, "day", 1)
    for _ in range(3):
        backups.make(one, "day", 1)
    assert backups.backups(two) == [kept]
    assert len(backups.backups(one)) == 1


def test_a_copy_made_while_rows_are_written_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    database = Database.open(path)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            with database.write(durable=False) as writer:
                for _ in range(10):
                    number += 1
                    writer.add(tables.Prompt(name=f"{number}", description="x" * 2000))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(10):
            copy = backups.make(path, "day", 20)
            assert backups.check(copy.path) == []
            assert len(_names(copy.path)) % 10 == 0
    finally:
        stop.set()
        thread.join()
        database.close()


def test_a_restored_copy_takes_the_place_and_the_file_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    copy = backups.make(path, "day", 7)
    _add(path, "Regretted")
    aside = backups.restore(path, copy.path)
    assert _names(path) == ["First"]
    assert aside
    assert _names(aside) == ["First", "Regretted"]
    _add(path, "After")
    assert _names(path) == ["First", "After"]
    assert _names(copy.path) == ["First"], "the copy itself stays as it was"
    assert [backup.why for backup in backups.backups(path)].count("before-restore") == 1


def test_a_damaged_file_is_replaced_by_a_copy_and_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    copy = backups.make(path, "day", 7)
    path.write_bytes(path.read_bytes()[:5000])
    broken = path.read_bytes()
    with pytest.raises(StoreTrouble, match="damaged"):
        Database.open(path)
    aside = backups.restore(path, copy.path)
    assert aside
    assert aside.read_bytes() == broken
    assert _names(path) == ["First"]


def test_what_an_unclean_end_left_in_the_log_does_not_spoil_the_restored_file(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    copy = backups.make(path, "day", 7)
    database = Database.open(path)
    with database.write() as writer:
        writer.add(tables.Prompt(name="In the log only"))
    log = path.with_name("w.db-wal").read_bytes()
    database.close()
    path.with_name("w.db-wal").write_bytes(log)
    backups.restore(path, copy.path)
    assert _names(path) == ["First"]


def test_a_lost_file_comes_back_from_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    copy = backups.make(path, "day", 7)
    path.unlink()
    assert backups.restore(path, copy.path) is None
    assert _names(path) == ["First"]


def test_nothing_is_restored_over_an_open_window_or_from_a_damaged_copy(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    copy = backups.make(path, "day", 7)
    database = Database.open(path)
    with pytest.raises(StoreTrouble, match=r"Another window has w\.db open"):
        backups.restore(path, copy.path)
    database.close()
    copy.path.write_bytes(copy.path.read_bytes()[:3000])
    with pytest.raises(StoreTrouble, match="damaged"):
        backups.restore(path, copy.path)
    with pytest.raises(NotFound):
        backups.restore(path, tmp_path / "nowhere.db")
    assert _names(path) == ["First"]


def test_a_sound_file_passes_the_check_and_a_lost_reference_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _add(path, "First")
    assert backups.check(path) == []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO draft (prompt_id, content, saved_at) VALUES (99, '{}', '')")
        connection.commit()
    assert backups.check(path) == ["row 1 of draft points to a missing prompt"]
    (tmp_path / "notes.txt").write_text("hello")
    assert "not a workspace file" in backups.check(tmp_path / "notes.txt")[0]
