"""Keys: in the system's key store, else in the environment or for this session; never in the workspace file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, NoKeyringError, PasswordDeleteError

from workbench.library.connections import Connections
from workbench.library.keys import SERVICE, Keys, file_key
from workbench.store.database import Database
from workbench.values import BadInput, Missing, NoKey

KEY = "sk-test-0123456789abcdef9f2c"


class StoreOfThisTest(KeyringBackend):
    """A key store in memory, which can be locked, broken or slow."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.raises: Exception | None = None
        self.gate: threading.Event | None = None
        self.asked = 0

    def _before(self) -> None:
        self.asked += 1
        if self.gate:
            self.gate.wait(10)
        if self.raises:
            raise self.raises

    def get_password(self, service: str, username: str) -> str | None:
        self._before()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._before()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._before()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


@pytest.fixture
def key_store() -> Iterator[StoreOfThisTest]:
    before = keyring.get_keyring()
    made = StoreOfThisTest()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def no_store() -> Iterator[None]:
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)


def test_a_key_is_kept_in_the_systems_key_store(key_store: StoreOfThisTest) -> None:
    keys = Keys()
    assert keys.put("ref", f" {KEY}\n") == "keyring"
    assert key_store.kept == {(SERVICE, "ref"): KEY}
    assert Keys().get("ref") == (KEY, "keyring")
    assert (keys.kind(), keys.place()) == ("keyring", "Keys in system keychain")
    keys.forget("ref")
    keys.forget("ref")
    assert key_store.kept == {}
    assert keys.get("ref") == (None, "missing")


@pytest.mark.usefixtures("no_store")
def test_without_a_key_store_a_key_lasts_for_this_session_and_the_app_says_so() -> None:
    keys = Keys()
    assert (keys.kind(), keys.place()) == ("session", "No key store here: keys last for this session")
    assert keys.put("ref", KEY) == "session"
    assert keys.get("ref") == (KEY, "session")
    assert Keys().get("ref") == (None, "missing")


@pytest.mark.usefixtures("no_store")
def test_the_environment_comes_before_what_was_entered() -> None:
    keys = Keys(environ={"OPENAI_API_KEY": " from-env ", "EMPTY": ""})
    assert keys.get("ref", ("EMPTY", "OPENAI_API_KEY")) == ("from-env", "environment")
    assert keys.get("ref", "OTHER") == (None, "missing")
    keys.put("ref", KEY)
    assert keys.get("ref", "OPENAI_API_KEY") == ("from-env", "environment")
    assert keys.look("ref", ("EMPTY", "OPENAI_API_KEY"), "session") == ("environment", "", "OPENAI_API_KEY")
    assert keys.variable(("EMPTY", "OPENAI_API_KEY")) == "OPENAI_API_KEY"
    assert keys.get("ref", "EMPTY") == (KEY, "session")


@pytest.mark.usefixtures("no_store")
def test_a_key_in_the_file_being_run_comes_before_the_environment() -> None:
    keys = Keys(environ={"OPENAI_API_KEY": "from-env"})
    keys.hold(file_key("http://127.0.0.1:9/v1", "m"), KEY)
    assert keys.get(file_key("http://127.0.0.1:9/v1", "m"), "OPENAI_API_KEY") == (KEY, "session")


def test_a_locked_store_is_said_and_unlocking_it_helps(key_store: StoreOfThisTest) -> None:
    keys = Keys()
    keys.put("ref", KEY)
    key_store.raises = KeyringLocked("locked")
    assert keys.get("ref") == (None, "missing")
    assert keys.locked()
    assert keys.place() == "The system keychain is locked: keys last for this session"
    assert keys.put("other", KEY) == "session"
    key_store.raises = None
    assert keys.get("ref") == (KEY, "keyring")
    assert keys.kind() == "keyring"


def test_a_store_that_waits_for_somebody_does_not_hold_the_app(key_store: StoreOfThisTest) -> None:
    keys = Keys(timeout_s=0.2)
    key_store.kept[SERVICE, "ref"] = KEY
    key_store.gate = threading.Event()
    begun = time.perf_counter()
    assert keys.get("ref", ()) == (None, "missing")
    assert keys.place() == "The system keychain does not answer: keys last for this session"
    assert keys.get("ref", ()) == (None, "missing")
    assert time.perf_counter() - begun < 10
    assert key_store.asked <= 1, "one dialog is enough"
    key_store.gate.set()
    deadline = time.monotonic() + 30
    while keys.get("ref") != (KEY, "keyring"):
        assert time.monotonic() < deadline


def test_a_store_with_a_fault_is_like_none_for_now(key_store: StoreOfThisTest) -> None:
    key_store.raises = RuntimeError("bus gone")
    keys = Keys()
    assert keys.put("ref", KEY) == "session"
    assert keys.get("ref") == (KEY, "session")
    key_store.raises = NoKeyringError("none")
    assert Keys().put("ref", KEY) == "session"


@pytest.mark.parametrize("key", ["", "  ", "two words", "kéy", "line\nbreak", "tab\there"])
def test_what_cannot_be_a_key_is_refused(key: str, key_store: StoreOfThisTest) -> None:
    with pytest.raises(BadInput, match="not a key"):
        Keys().put("ref", key)
    assert key_store.kept == {}


def test_a_key_never_lies_in_the_workspace_file(key_store: StoreOfThisTest, database: Database, tmp_path: Path) -> None:
    connections = Connections(database, Keys())
    id_ = connections.add("OpenAI", "openai", key=KEY)
    connections.set_state(id_, {"ok": True})
    spec = connections.spec(connections.add_model(id_, "gpt-x"))
    assert connections.endpoint(spec).key == KEY
    assert KEY not in repr(connections.endpoint(spec)) + repr(connections.list()) + repr(spec)
    row = connections.get(id_)
    assert (row.key_place, row.key_hint) == ("keyring", "...9f2c")
    database.close()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path
            assert KEY[:12].encode() not in path.read_bytes(), path


def test_listing_connections_does_not_open_the_key_store(key_store: StoreOfThisTest, database: Database) -> None:
    connections = Connections(database, Keys())
    connections.add("OpenAI", "openai", key=KEY)
    asked = key_store.asked
    assert connections.list()[0].key_place == "keyring"
    assert key_store.asked == asked


def test_a_key_that_is_gone_from_the_store_is_found_out_at_the_first_use(key_store: StoreOfThisTest, database: Database) -> None:
    connections = Connections(database, Keys())
    id_ = connections.add("OpenAI", "openai", key=KEY)
    spec = connections.spec(connections.add_model(id_, "gpt-x"))
    key_store.kept.clear()
    with pytest.raises(Missing, match="No key for OpenAI here"):
        connections.endpoint(spec)
    assert connections.get(id_).key_place == "missing"
    assert not connections.models()[0].ready


def test_a_key_that_lasted_for_one_session_is_missed_in_the_next_one(key_store: StoreOfThisTest, database: Database) -> None:
    key_store.raises = NoKeyringError("none")
    connections = Connections(database, Keys())
    id_ = connections.add("Mine", "other", "http://127.0.0.1:9/v1", key=KEY)  # a server: nobody knew that it needs a key
    spec = connections.spec(connections.add_model(id_, "m"))
    assert connections.endpoint(spec).key == KEY
    assert connections.without_key([spec.connection_uid or ""]) == ()
    later = Connections(database, Keys())
    assert (later.get(id_).key_place, later.models()[0].why_not) == ("missing", "No key for Mine in this session. Enter one in Models.")
    assert [row.name for row in later.without_key([spec.connection_uid or ""])] == ["Mine"]
    with pytest.raises(NoKey, match="No key for Mine in this session"):
        later.endpoint(spec)
    assert later.endpoint_of(id_).key is None, "a test may find out that the server does without"
    later.forget_key(id_)
    assert later.get(id_).key_place == "none"


def test_a_short_key_has_no_end_to_show(key_store: StoreOfThisTest, database: Database) -> None:
    connections = Connections(database, Keys())
    assert connections.get(connections.add("OpenAI", "openai", key="short")).key_hint == ""


def test_a_locked_store_is_named_where_a_run_needs_its_key(key_store: StoreOfThisTest, database: Database) -> None:
    connections = Connections(database, Keys())
    spec = connections.spec(connections.add_model(connections.add("OpenAI", "openai", key=KEY), "gpt-x"))
    key_store.raises = KeyringLocked("locked")
    with pytest.raises(Missing, match="keychain is locked"):
        connections.endpoint(spec)


def test_removing_a_connection_forgets_its_key(key_store: StoreOfThisTest, database: Database) -> None:
    connections = Connections(database, Keys())
    id_ = connections.add("OpenAI", "openai", key=KEY)
    connections.add_model(id_, "gpt-x")
    connections.remove(id_)
    assert key_store.kept == {}
    assert (connections.list(), connections.models()) == ([], [])


# The real thing: a Secret Service on a bus of its own

REAL = """
    import sys
    from workbench.library.keys import Keys
    keys = Keys()
    print(keys.kind(), keys.place())
    print(keys.put("connection-1", "sk-real-0123456789"))
    print(Keys().get("connection-1"))
    print(keys.put("connection-1", "sk-other-9876543210"))
    print(Keys().get("connection-1"))
    keys.forget("connection-1")
    print(Keys().get("connection-1"))
"""
LOCKED = """
    import keyring, secretstorage, contextlib
    from workbench.library.keys import Keys
    keys = Keys(timeout_s=3)
    print(keys.put("connection-1", "sk-real-0123456789"))
    with contextlib.closing(secretstorage.dbus_init()) as bus:
        secretstorage.get_default_collection(bus).lock()
    other = Keys(timeout_s=3)
    print(other.get("connection-1"), other.locked())
    print(other.place())
"""


def on_a_bus(script: str, home: Path) -> list[str]:
    """What a script prints on a message bus of its own with an unlocked, empty key store."""
    for tool in ("dbus-run-session", "gnome-keyring-daemon"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed here: apt-get install gnome-keyring dbus-daemon")
    pytest.importorskip("secretstorage")
    code = textwrap.dedent(script)
    start = 'printf "pw" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec "$0" -c "$1"'
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1]), "HOME": str(home)}
    environment.pop("PYTHON_KEYRING_BACKEND")
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", start, sys.executable, code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_real_secret_service_keeps_gives_and_forgets_a_key(home: Path) -> None:
    assert on_a_bus(REAL, home) == [
        "keyring Keys in system keychain",
        "keyring",
        "('sk-real-0123456789', 'keyring')",
        "keyring",
        "('sk-other-9876543210', 'keyring')",
        "(None, 'missing')",
    ]


def test_a_real_secret_service_that_is_locked_is_said(home: Path) -> None:
    put, got, place = on_a_bus(LOCKED, home)
    assert put == "keyring"
    assert got == "(None, 'missing') True"
    assert "for this session" in place


def test_without_a_message_bus_there_is_no_key_store(home: Path) -> None:
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1]), "HOME": str(home)}
    environment.pop("PYTHON_KEYRING_BACKEND")
    environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={home}/no-bus"
    if sys.platform != "linux":
        pytest.skip("other systems always have a key store")
    code = "from workbench.library.keys import Keys; print(Keys().place())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "No key store here: keys last for this session"
