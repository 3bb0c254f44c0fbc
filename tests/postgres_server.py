"""A real PostgreSQL server in a folder of its own, on a free port of this computer, for as long as the tests run."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

USER, PASSWORD = "team", "p@ss/word:1"


def programs() -> Path | None:
    """The folder of initdb and postgres; None where PostgreSQL is not installed. Debian keeps it out of PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def why_not() -> str:
    """Why no server can be started here; empty if one can."""
    if sys.platform == "win32":
        return "the tests start no PostgreSQL on Windows"
    if programs() is None:
        return "PostgreSQL is not installed here (Debian: apt-get install postgresql)"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed here (pip install psycopg[binary])"
    return ""


class PostgresServer:
    """A server that listens on loopback only. `team` owns it, with a password."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder, self._binaries = folder, binaries
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._who = _unprivileged()
        if self._who is not None:
            os.chown(folder, self._who.pw_uid, self._who.pw_gid)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if self._who is not None:
            os.chown(secret, self._who.pw_uid, self._who.pw_gid)
        self._run("initdb", "-D", "data", "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self._folder), "fsync": "off", "max_connections": "60"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", "data", "-p", str(self.port), *options], stdout=log, stderr=log, **self._as()
            )
        self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1", until_it_works=True)

    def stop(self) -> None:
        """Stop it at once: connections break, what was committed stays."""
        if self._process is not None:
            self._process.send_signal(2)  # SIGINT: fast shutdown
            self._process.wait(30)
            self._process = None

    def url(self, database: str, *, password: bool = True) -> str:
        """The address of a database, as a person would type it."""
        secret = f":{PASSWORD.replace('@', '%40').replace('/', '%2F')}" if password else ""
        return f"postgresql+psycopg://{USER}{secret}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> list[Any]:
        """What a statement answers, past the app."""
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new(self, template: str = "template0") -> str:
        """The name of a new database, empty or a copy of another one."""
        name = f"test_{next(self._numbers)}"
        self.sql(
            f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"
            if _has_strategy(self)
            else f"CREATE DATABASE {name} TEMPLATE {template}"
        )
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _run(self, program: str, *arguments: str, until_it_works: bool = False) -> None:
        for _ in range(300):
            done = subprocess.run([str(self._binaries / program), *arguments], capture_output=True, check=False, **self._as())
            if done.returncode == 0:
                return
            if not until_it_works:
                break
        raise RuntimeError(f"{program}: {done.stdout.decode()} {done.stderr.decode()}")

    def _as(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root."""
        given: dict[str, Any] = {"cwd": self._folder}
        if self._who is not None:
            given |= {"user": self._who.pw_uid, "group": self._who.pw_gid, "extra_groups": []}
        return given


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(f"{getpass.getuser()} has no other user to run PostgreSQL as")


def _has_strategy(server: PostgresServer) -> bool:
    return int(server.sql("SHOW server_version_num")[0][0]) >= 150000


@contextmanager
def running(folder: Path) -> Iterator[PostgresServer]:
    """A running server in this folder, which others must be able to enter."""
    binaries = programs()
    assert binaries is not None
    server = PostgresServer(folder, binaries)
    server.start()
    try:
        yield server
    finally:
        server.stop()
