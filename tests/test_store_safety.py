"""What must never happen to a workspace file: foreign, damaged, newer, full disk, write-protected, two windows, kill -9."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from workbench.store import backups, schema, tables
from workbench.store.database import Database
from workbench.values import Changes, Content, Message, ReadOnly, StoreTrouble
from workbench.workspace import Workspace

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and permissions of POSIX")


def _filled(path: Path, count: int = 1) -> None:
    database = Database.open(path)
    with database.write() as writer:
        for number in range(count):
            writer.add(tables.Prompt(name=f"Prompt {number}", description="words " * 50))
    database.close()


def _count(database: Database) -> int:
    return int(database.query("SELECT count(*) FROM prompt")[0][0])


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    database = Database.open(path)
    try:
        yield database
    finally:
        database.close()


# Files that are not ours, or broken


@pytest.mark.parametrize("content", [b"Dear diary,\n" * 40, b"SQLite format 2\x00" + bytes(200), b"x", b"PK\x03\x04" + bytes(500)])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "diary.txt"
    path.write_bytes(content)
    with pytest.raises(StoreTrouble, match=r"diary\.txt is not a workspace file"):
        Database.open(path)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["diary.txt"]


def test_a_foreign_sqlite_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photo (name TEXT)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreTrouble, match=r"photos\.db is not a workspace file"):
        Database.open(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["photos.db"]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreTrouble, match="is a folder"):
        Database.open(tmp_path)


def test_another_kind_of_database_is_refused_with_a_sentence() -> None:
    with pytest.raises(StoreTrouble, match=r"mysql://.*postgresql://"):
        Database.open("mysql://team@localhost/workbench")


def test_an_empty_file_becomes_a_workspace(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    path.touch()
    database = Database.open(path)
    assert _count(database) == 0
    database.close()


def test_a_file_cut_short_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _filled(path, 500)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreTrouble, match=r"w\.db is damaged"):
        Database.open(path)
    assert path.read_bytes() == whole[: len(whole) // 2]


def test_a_file_with_broken_pages_is_found_damaged_and_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.db"
    _filled(path, 500)
    broken = bytearray(path.read_bytes())
    broken[4096:] = os.urandom(len(broken) - 4096)
    path.write_bytes(broken)
    assert backups.check(path)
    with pytest.raises(StoreTrouble, match="damaged"):
        Database.open(path)
    assert path.read_bytes() == broken
    assert [file.name for file in tmp_path.iterdir()] == ["w.db"]
    # A file that is too large to be checked at every start: the first look at a broken page tells, and so does the next start.
    monkeypatch.setattr("workbench.store.file_database._SMALL", 0)
    with pytest.raises(StoreTrouble, match="damaged"), _opened(path) as database:
        _count(database)
    assert path.read_bytes() == broken
    with pytest.raises(StoreTrouble, match="damaged"):
        Database.open(path)
    assert path.read_bytes() == broken


def test_a_file_with_a_broken_first_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _filled(path)
    broken = bytearray(path.read_bytes())
    broken[100:4096] = os.urandom(3996)
    path.write_bytes(broken)
    with pytest.raises(StoreTrouble, match="damaged"):
        Database.open(path)
    assert path.read_bytes() == broken


def test_a_newer_file_opens_for_reading_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _filled(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.FORMAT + 3}")
    before = path.read_bytes()
    workspace = Workspace.open(path)
    assert workspace.read_only
    assert f"newer version (format {schema.FORMAT + 3}, this app reads up to {schema.FORMAT})" in workspace.notice
    assert [row.name for row in workspace.prompts.list()] == ["Prompt 0"]
    with pytest.raises(ReadOnly, match=r"newer version.*Get the update\."):
        workspace.prompts.create("New")
    workspace.close()
    assert path.read_bytes() == before


# Disk and permissions


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may write everywhere, so permissions are tried as somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others can reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@POSIX
@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o444, 0o555), (0o666, 0o555)])
def test_a_write_protected_file_or_folder_opens_for_reading(open_folder: Path, file_mode: int, folder_mode: int) -> None:
    path = open_folder / "w.db"
    _filled(path)
    path.chmod(file_mode)
    open_folder.chmod(folder_mode)
    with _as_nobody():
        workspace = Workspace.open(path)
        assert workspace.read_only
        assert workspace.notice == "w.db is write-protected. You can read but not save."
        assert [row.name for row in workspace.prompts.list()] == ["Prompt 0"]
        assert workspace.versions.draft(1) is None
        with pytest.raises(ReadOnly, match="write-protected"):
            workspace.prompts.rename(1, "Other")
        workspace.close()


@POSIX
def test_a_new_workspace_in_a_write_protected_folder_is_refused_with_a_sentence(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with _as_nobody(), pytest.raises(StoreTrouble, match="cannot be made"):
        Database.open(open_folder / "w.db")
    with _as_nobody(), pytest.raises(StoreTrouble, match="cannot be made"):
        Database.open(open_folder / "below" / "w.db")
    assert list(open_folder.iterdir()) == []


def _add_many(database: Database) -> None:
    for number in range(2000):
        with database.write() as writer:
            writer.add(tables.Prompt(name=f"More {number}", description=os.urandom(20_000).hex()))


def _fill(file: Path) -> None:
    """Use up a small disk."""
    with file.open("wb", buffering=0) as open_file:
        while open_file.write(bytes(4096)):
            pass


def _type(workspace: Workspace, prompt: int) -> None:
    for number in range(200):
        workspace.versions.save_draft(prompt, Content((Message.of("user", f"Hello {number}" * 500),)))


def test_a_full_disk_ends_with_a_sentence_and_keeps_what_was_saved(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "w.db")
    with database.write() as writer:
        writer.add(tables.Prompt(name="Saved"))
    with database.write() as writer:
        pages = writer.run("PRAGMA page_count").scalar_one()
        writer.run(f"PRAGMA max_page_count = {pages + 60}")
    with pytest.raises(StoreTrouble, match=r"Could not save: the disk is full\."):
        _add_many(database)
    kept = _count(database)
    assert kept >= 1
    with database.write() as writer:
        writer.run("PRAGMA max_page_count = 1000000")
        writer.add(tables.Prompt(name="After room was made"))
    assert _count(database) == kept + 1
    database.close()
    assert backups.check(tmp_path / "w.db") == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_really_full_disk_ends_with_a_sentence_and_keeps_what_was_saved(small_disk: Path) -> None:
    path = small_disk / "w.db"
    workspace = Workspace.open(path)
    prompt = workspace.prompts.create("Saved", content=Content((Message.of("user", "Hello"),)))
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        _fill(filler)
    with pytest.raises(StoreTrouble, match=r"the disk is full\."):
        _type(workspace, prompt)
    with pytest.raises(StoreTrouble, match=r"copy of w\.db could be made: the disk is full\."):
        backups.make(path, "day", 7)
    assert not [file for file in (small_disk / "backups").glob("*") if file.is_file()], "no half copy stays behind"
    assert workspace.versions.latest(prompt) is not None
    filler.unlink()
    workspace.versions.save_draft(prompt, Content((Message.of("user", "There is room again"),)))
    workspace.close()
    workspace = Workspace.open(path)
    draft = workspace.versions.draft(prompt)
    assert draft
    assert draft.content.messages[0].text == "There is room again"
    workspace.close()


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_new_workspace_on_a_full_disk_is_refused_with_a_sentence(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        _fill(small_disk / "filler")
    with pytest.raises(StoreTrouble, match="disk is full"):
        Database.open(small_disk / "w.db")


# Two processes

_HOLDER = """
import subprocess, sys
from workbench.workspace import Workspace
workspace = Workspace.open(sys.argv[1])
print("open", workspace.read_only, workspace.notice, flush=True)
for line in sys.stdin:
    if line.startswith("create"):
        workspace.prompts.create(line.split()[1])
        print("done", flush=True)
    elif line.startswith("child"):
        child = subprocess.Popen(["sleep", "60"])
        print(child.pid, flush=True)
    elif line.startswith("close"):
        workspace.close()
        print("closed", flush=True)
"""


class _Other:
    """Another process with the workspace open."""

    def __init__(self, path: Path, code: str = _HOLDER) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self.line()

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self, words: str) -> str:
        assert self.process.stdin
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.line()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()


def test_a_second_window_reads_but_does_not_save_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "support-desk.db"
    other = _Other(path)
    try:
        assert other.first == "open False"
        assert other.ask("create First") == "done"
        database = Database.open(path, wait_s=0.1)
        assert database.read_only
        assert database.notice == "Another window has support-desk.db open. You can read but not save."
        assert _count(database) == 1
        heard: list[Changes] = []
        database.subscribe(heard.append)
        assert not database.look_for_changes()
        assert other.ask("create Second") == "done"
        assert _count(database) == 2, "a reader sees what the other window saves"
        assert database.look_for_changes()
        assert not database.look_for_changes()
        assert len(heard) == 1
        assert heard[0].has("prompt")
        with pytest.raises(ReadOnly, match=r"Another window has support-desk\.db open"), database.write():
            pass
        # The reader's end leaves the other's log and lock alone.
        database.close()
        assert other.ask("create Third") == "done"
        assert Database.open(path, wait_s=0).read_only
        assert other.ask("close") == "closed"
        database = Database.open(path)
        assert not database.read_only
        assert _count(database) == 3
        database.close()
    finally:
        other.kill()


def test_a_short_visit_of_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _filled(path)
    other = _Other(path)
    try:
        assert other.process.stdin
        other.process.stdin.write("close\n")
        other.process.stdin.flush()
        database = Database.open(path, wait_s=10)
        assert not database.read_only
        database.close()
    finally:
        other.kill()


def test_a_window_that_has_been_open_for_a_while_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    first = Database.open(path)
    an_hour_ago = time.time() - 3600
    os.utime(path.with_name("w.db.lock"), (an_hour_ago, an_hour_ago))
    began = time.monotonic()
    second = Database.open(path, wait_s=30)
    assert second.read_only
    assert time.monotonic() - began < 25
    second.close()
    first.close()


@POSIX
def test_the_lock_dies_with_its_process_even_if_a_child_of_it_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    other = _Other(path)
    child = int(other.ask("child"))
    other.kill()
    try:
        database = Database.open(path, wait_s=0)
        assert not database.read_only
        database.close()
    finally:
        os.kill(child, signal.SIGKILL)


def test_two_windows_of_one_process_do_not_both_write(tmp_path: Path) -> None:
    first = Database.open(tmp_path / "w.db")
    second = Database.open(tmp_path / "w.db", wait_s=0)
    assert (first.read_only, second.read_only) == (False, True)
    second.close()
    first.close()


# kill -9

_WRITER = """
import sys
from workbench.store import tables
from workbench.values import Content, Message
from workbench.workspace import Workspace
workspace = Workspace.open(sys.argv[1])
prompt = workspace.prompts.create("Committed", content=Content((Message.of("user", "One"),)))
workspace.versions.save_draft(prompt, Content((Message.of("user", "Not saved as a version yet"),)))
with workspace._database.write() as writer:
    for number in range(3000):
        writer.add(tables.Prompt(name=f"Half {number}", description="x" * 3000))
    print("in the middle", flush=True)
    sys.stdin.readline()
"""


def test_kill_minus_nine_in_the_middle_of_a_write_keeps_all_that_was_saved_and_nothing_half(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    other = _Other(path, _WRITER)
    assert other.first == "in the middle"
    other.kill()
    assert path.with_name("w.db.lock").exists()
    workspace = Workspace.open(path)
    assert not workspace.read_only
    (row,) = workspace.prompts.list()
    assert (row.name, row.has_draft, row.latest) == ("Committed", True, 1)
    draft = workspace.versions.draft(row.id)
    assert draft
    assert draft.content.messages[0].text == "Not saved as a version yet"
    workspace.close()
    assert backups.check(path) == []
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["w.db"]


_MAKER = """
import sys
from workbench.store import schema
from workbench.store.database import Database
original = schema.create_derived
def wait(execute):
    print("in the middle", flush=True)
    sys.stdin.readline()
schema.create_derived = wait
Database.open(sys.argv[1])
"""


def test_kill_minus_nine_while_a_workspace_is_made_does_not_stop_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    other = _Other(path, _MAKER)
    assert other.first == "in the middle"
    other.kill()
    database = Database.open(path)
    assert not database.read_only
    assert _count(database) == 0
    database.close()
