"""The key file: encrypted with a passphrase, replaced whole, never written over when damaged."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from workbench.library import key_file
from workbench.library.connections import Connections
from workbench.library.key_file import KeyFile
from workbench.library.keys import Keys
from workbench.store.database import Database
from workbench.values import BadInput, Missing, NoKey

pytest.importorskip("cryptography", reason="only Linux brings it: other systems have a key store")

KEY = "sk-test-0123456789abcdef9f2c"
PASSPHRASE = "four words of mine"


@pytest.fixture(autouse=True)
def no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", fail.Keyring)
    monkeypatch.setattr(key_file, "_COST", 2**10)  # the real cost is half a second a test; one test below pays it


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.encrypted"


def test_a_key_is_kept_for_its_owner_alone_and_nothing_of_it_can_be_read(path: Path) -> None:
    file = KeyFile(path)
    assert file.state() == "absent"
    file.make(PASSPHRASE)
    file.put("one", KEY)
    text = path.read_text()
    assert KEY not in text
    assert KEY[:8] not in text
    assert PASSPHRASE not in text
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    later = KeyFile(path)
    assert (later.state(), later.has("one"), later.get("one")) == ("locked", True, None)
    later.open(PASSPHRASE)
    assert (later.state(), later.get("one"), later.get("two")) == ("open", KEY, None)
    later.put("one", KEY + "2")
    assert file.get("one") == KEY + "2"
    assert [each.name for each in path.parent.iterdir()] == [path.name], "nothing is left beside it"


def test_the_real_cost_of_a_guess_opens_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    KeyFile(path).make(PASSPHRASE)
    file = KeyFile(path)
    file.open(PASSPHRASE)
    assert file.state() == "open"
    assert json.loads(path.read_text())["n"] == 2**17


def test_a_wrong_passphrase_is_one_sentence_and_changes_nothing(path: Path) -> None:
    KeyFile(path).make(PASSPHRASE)
    before = path.read_bytes()
    file = KeyFile(path)
    with pytest.raises(BadInput) as caught:
        file.open("another one entirely")
    assert str(caught.value) == "This passphrase does not open the key file. Type it again."
    with pytest.raises(Missing, match="locked"):
        file.put("one", KEY)
    assert path.read_bytes() == before


def test_a_key_is_forgotten_without_the_passphrase(path: Path) -> None:
    file = KeyFile(path)
    file.make(PASSPHRASE)
    file.put("one", KEY)
    file.put("two", KEY)
    later = KeyFile(path)
    later.forget("one")
    later.open(PASSPHRASE)
    assert (later.get("one"), later.get("two")) == (None, KEY)


@pytest.mark.parametrize("how", ["cut", "empty", "flipped", "foreign", "binary", "costly"])
def test_a_damaged_file_is_told_and_never_written_over(path: Path, how: str) -> None:
    file = KeyFile(path)
    file.make(PASSPHRASE)
    file.put("one", KEY)
    whole = path.read_text()
    content = json.loads(whole)
    damaged = {
        "cut": whole[: len(whole) // 2],
        "empty": "",
        "flipped": whole.replace(content["keys"]["one"], content["keys"]["one"][:-8] + "AAAAAAA="),
        "foreign": json.dumps(["something", "else"]),
        "binary": "\x00\x01\x02",
        "costly": json.dumps({**content, "n": 2**40}),
    }[how]
    path.write_text(damaged)
    keys = Keys(environ={"WORKBENCH_PASSPHRASE": PASSPHRASE}, file=KeyFile(path))
    assert keys.file.state() == "damaged"
    assert (keys.kind(), keys.place()) == ("session", "The key file is damaged: keys last for this session")
    with pytest.raises(Missing, match="nothing was written"):
        keys.file.open(PASSPHRASE)
    with pytest.raises(Missing, match="nothing was written"):
        keys.file.put("two", KEY)
    with pytest.raises(BadInput, match="already"):
        keys.file.make(PASSPHRASE)
    assert keys.get("one") == (None, "missing")
    assert keys.put("one", KEY) == "session"
    keys.forget("one")
    assert path.read_text() == damaged


def test_an_entry_under_another_name_opens_nothing(path: Path) -> None:
    file = KeyFile(path)
    file.make(PASSPHRASE)
    file.put("one", KEY)
    content = file._read()
    content["keys"]["two"] = content["keys"]["one"]  # whoever can write the file must not send a key elsewhere
    file._write(content)
    assert file.get("two") is None


def test_a_short_passphrase_is_refused(path: Path) -> None:
    with pytest.raises(BadInput, match="8 characters or more"):
        KeyFile(path).make(" short ")
    assert not path.exists()


def test_without_a_key_store_keys_go_into_the_file_that_the_user_made(path: Path) -> None:
    keys = Keys(environ={}, file=KeyFile(path))
    assert keys.put("one", KEY) == "session"
    keys.file.make(PASSPHRASE)
    assert (keys.kind(), keys.place()) == ("file", "Keys in a file with a passphrase")
    assert keys.put("one", KEY) == "file"
    assert keys.get("one") == (KEY, "file")
    later = Keys(environ={}, file=KeyFile(path))
    assert later.place() == "Keys in a file with a passphrase, not opened yet"
    assert (later.get("one"), later.look("one", None, "file"), later.needs_passphrase()) == ((None, "missing"), ("file", "", ""), True)
    given = Keys(environ={"WORKBENCH_PASSPHRASE": PASSPHRASE}, file=KeyFile(path))
    assert not given.needs_passphrase()
    assert given.get("one", "OPENAI_API_KEY") == (KEY, "file")


def test_a_person_is_asked_once_for_the_passphrase(path: Path) -> None:
    first = KeyFile(path)
    first.make(PASSPHRASE)
    first.put("one", KEY)
    asked = []

    def ask() -> str:
        asked.append(1)
        return PASSPHRASE

    keys = Keys(environ={"WORKBENCH_PASSPHRASE": "a wrong one"}, file=KeyFile(path))
    assert keys.get("one") == (None, "missing")
    assert (keys.wrong_passphrase(), keys.needs_passphrase()) == (True, True)
    keys.ask_passphrase = ask
    assert keys.get("nobody") == (None, "missing")
    assert asked == [], "only a key that lies in the file needs it"
    assert [keys.get("one"), keys.get("one")] == [(KEY, "file")] * 2
    assert asked == [1]


def test_a_run_says_that_the_file_is_locked(path: Path, database: Database) -> None:
    file = KeyFile(path)
    file.make(PASSPHRASE)
    id_ = (opened := Connections(database, Keys(environ={}, file=file))).add("OpenAI", "openai", key=KEY)
    spec = opened.spec(opened.add_model(id_, "gpt-x"))
    assert opened.endpoint(spec).key == KEY
    assert (opened.get(id_).key_place, opened.get(id_).key_hint) == ("file", "...9f2c")
    locked = Connections(database, Keys(environ={}, file=KeyFile(path)))
    assert (locked.get(id_).key_place, locked.models()[0].ready) == ("file", True)
    with pytest.raises(NoKey, match=r"The key file is locked\. OpenAI has its key there\. .* WORKBENCH_PASSPHRASE"):
        locked.endpoint(spec)
    wrong = Connections(database, Keys(environ={"WORKBENCH_PASSPHRASE": "a wrong one"}, file=KeyFile(path)))
    with pytest.raises(NoKey, match="WORKBENCH_PASSPHRASE does not open the key file"):
        wrong.endpoint(spec)
    with pytest.raises(Missing, match="locked, so the key was not kept"):
        locked.add("Another", "openai", key=KEY)
    assert [row.name for row in locked.list()] == ["OpenAI"], "nothing is half made"
    locked.remove(id_)
    assert not KeyFile(path).has(spec.connection_uid or "")


def test_a_disk_that_takes_nothing_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = KeyFile(path)
    file.make(PASSPHRASE)
    before = path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Missing, match="No space left"):
        file.put("one", KEY)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
