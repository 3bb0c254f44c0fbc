"""What every test stands on: an empty home, no key store, no network beyond this computer, Qt without a screen."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.postgres_server import PostgresServer
    from workbench.settings import Settings
    from workbench.store.database import Database
    from workbench.workspace import Workspace

# What an example takes depends on what else the machine does: slowness is measured in tests/benchmarks, not here.
# The same examples every time, so that a failure belongs to the change in hand; `make fuzz` draws new ones.
hypothesis.settings.register_profile(
    "workbench", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], derandomize="WORKBENCH_FUZZ" not in os.environ
)
hypothesis.settings.load_profile("workbench")

ORIGINAL_ENVIRONMENT: Mapping[str, str] = dict(os.environ)
"""The environment before it was emptied, for tests that need the real home (weights fetched once)."""

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _empty_home(home: Path) -> dict[str, str]:
    runtime = home / "runtime"
    runtime.mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)  # Qt warns about a runtime folder that others can read
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "APPDATA": str(home / "AppData" / "Roaming"),
        "LOCALAPPDATA": str(home / "AppData" / "Local"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_RUNTIME_DIR": str(runtime),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


def _is_leftover(name: str) -> bool:
    """True for a variable of the developer's own that would change what a test sees: keys, proxies, a workspace."""
    upper = name.upper()
    return (
        upper.endswith(("_API_KEY", "_API_BASE", "_BASE_URL"))
        or upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "DBUS_SESSION_BUS_ADDRESS")
        or upper.startswith("WORKBENCH_")
    )


_SESSION_HOME = Path(tempfile.mkdtemp(prefix="workbench-tests-"))
for _name in [name for name in os.environ if _is_leftover(name)]:
    del os.environ[_name]
os.environ.update(_empty_home(_SESSION_HOME))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_unconfigure() -> None:
    qt = sys.modules.get("PySide6.QtCore")
    if qt is not None:  # what Qt has to say while the process ends, a handler of ours can no longer hear: it would end in a crash
        qt.qInstallMessageHandler(None)
    shutil.rmtree(_SESSION_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of this test's own. User data and settings folders lie in it."""
    folder = tmp_path_factory.mktemp("home")
    for name, value in _empty_home(folder).items():
        monkeypatch.setenv(name, value)
    return folder


# Network: this computer only


def _is_here(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    return name in ("", "localhost", "::1", "0.0.0.0") or name.startswith("127.")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections and name look-ups beyond loopback fail at once, as on a computer without a network."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise OSError(101, f"tests stay on this computer, {address[0]} is beyond it")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse(self, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_here(host):
            raise socket.gaierror(socket.EAI_NONAME, f"tests stay on this computer, {host} is not looked up")
        return getaddrinfo(host, *args, **kwargs)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
    yield
    patch.undo()


# What lies beside the project


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings, tools and data sets beside the project; the test is skipped where it is not there."""
    if not (SHARED / "README.md").is_file():
        pytest.skip("the folder ../shared is not here")
    return SHARED


class FakeProvider:
    """A running `fakeprovider.py`: `base_url` ends in /v1, `url` does not."""

    def __init__(self, script: Path, options: Mapping[str, Any]) -> None:
        arguments = []
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            arguments.append(flag if value is True else f"{flag}={value}")
        self.process = subprocess.Popen(
            [sys.executable, str(script), "--port", "0", "--exit-with-stdin", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        first = self.process.stdout.readline()
        assert first.startswith("listening "), f"fakeprovider.py did not start: {first!r}"
        self.url = first.split()[1]
        self.base_url = f"{self.url}/v1"

    def stats(self) -> dict[str, Any]:
        """Its counters."""
        return dict(json.loads(self._ask("/__stats")))

    def log(self) -> list[dict[str, Any]]:
        """The last requests, oldest first."""
        return [json.loads(line) for line in self._ask("/__log").splitlines() if line]

    def reset(self) -> None:
        """Forget counters and attempts."""
        self._ask("/__reset", {})

    def configure(self, **options: Any) -> None:
        """Change options while it runs, such as `latency_ms=300`."""
        self._ask("/__config", options)

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> str:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data), timeout=10) as answer:
            return str(answer.read().decode())


@pytest.fixture
def fakeprovider(shared: Path) -> Iterator[Callable[..., FakeProvider]]:
    """Starts stand-in providers: `fakeprovider(latency_ms=5, rate_429=0.1)`. All end with the test."""
    running: list[FakeProvider] = []

    def start(**options: Any) -> FakeProvider:
        running.append(FakeProvider(shared / "tools" / "fakeprovider.py", options))
        return running[-1]

    yield start
    for provider in running:
        provider.close()


# The app's own


@pytest.fixture
def qtbot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """pytest-qt's own, whose waits are longer: on a slow machine a wait that succeeds takes longer, and only one that fails takes this.

    A row or a name that is looked for and not there yet is waited for like a statement that does not hold yet.
    """
    wait = qtbot.waitUntil

    def wait_until(callback: Callable[[], bool | None], *, timeout: int = 0) -> None:
        def holds() -> bool | None:
            try:
                return callback()
            except (LookupError, StopIteration) as missing:
                raise AssertionError(f"not there yet: {missing!r}") from missing

        wait(holds, timeout=max(timeout, 60_000))

    monkeypatch.setattr(qtbot, "waitUntil", wait_until)
    return qtbot


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings in a file of this test's own."""
    from workbench.settings import Settings

    return Settings(tmp_path / "settings.json")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests with the mark `both_stores` run on a workspace file and on a server, one with `one_store` on that which it names."""
    one, both = (metafunc.definition.get_closest_marker(name) for name in ("one_store", "both_stores"))
    if "where" in metafunc.fixturenames and (one or both):
        metafunc.parametrize("where", one.args if one else ["file", "server"], indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; tests that need it are skipped where there is none."""
    from tests import postgres_server

    reason = postgres_server.why_not()
    if reason and ORIGINAL_ENVIRONMENT.get("POSTGRES_TESTS") == "needed":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    # pytest's own folders can be entered by their owner only, and that is not who the server runs as.
    with tempfile.TemporaryDirectory(prefix="workbench-postgres-", dir=memory) as folder, postgres_server.running(Path(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def empty_workspace(postgres: PostgresServer) -> str:
    """The name of a database with an empty workspace, to be copied: that is faster than to make one."""
    from workbench.store.database import Database

    name = postgres.new()
    Database.open(postgres.url(name)).close()
    return name


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the workspace of a test lies: a file, or the address of a database where the test asks for a server."""
    if getattr(request, "param", "file") == "file":
        yield str(tmp_path / "workspace.db")
        return
    template = request.getfixturevalue("empty_workspace")
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.new(template)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def database(where: str) -> Iterator[Database]:
    """A fresh workspace, open."""
    from workbench.store.database import Database

    opened = Database.open(where)
    yield opened
    opened.close()


@pytest.fixture
def workspace(where: str, settings: Settings) -> Iterator[Workspace]:
    """A fresh workspace, open, with all its services."""
    from workbench.workspace import Workspace

    opened = Workspace.open(where, settings)
    yield opened
    opened.close()
