"""Connections to the server: one with every sign of life that TCP has, and what is said where there is none."""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg

from workbench.store import schema
from workbench.store.server import dialect
from workbench.store.server.address import Address
from workbench.store.server.derived import PERSON
from workbench.store.server.trouble import cannot_connect
from workbench.values.problems import StoreTrouble

# A peer that is gone is noticed within a minute, on both sides: the locks of an app that died are then free.
_ALIVE = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "40000",
}
_SESSION = """SET client_encoding = 'UTF8'; SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '10min'; SET jit = off; SET client_min_messages = warning"""

Raw = psycopg.Connection[Any]


class Connector:
    """Makes connections to one workspace."""

    def __init__(self, address: Address, password: str | None, person: str) -> None:
        self.address = address
        self.person = person
        self._password = address.password if address.password is not None else password
        self.schema = ""
        """The schema that the workspace lies in; known after the first connection."""

    @property
    def key(self) -> int:
        """The number of the workspace's advisory lock, which writers and upgrades hold."""
        return int.from_bytes(hashlib.sha256(f"prompt workbench {self.schema}".encode()).digest()[:8], "big", signed=True)

    @property
    def run_key(self) -> int:
        """The first of the two numbers of the lock on a run."""
        return self.key >> 32

    @property
    def channel(self) -> str:
        """The channel on which apps tell each other what they wrote."""
        return f"workbench_{self.key & 0xFFFFFFFF:08x}"

    def connect(self, *, reads_only: bool = False, autocommit: bool = True) -> Raw:
        """A new connection. Raises a Problem where there is none."""
        parameters: dict[str, Any] = {**_ALIVE, **self.address.parameters(self._password)}
        try:
            connection = psycopg.connect(
                autocommit=True, application_name="Prompt Workbench", cursor_factory=psycopg.ClientCursor, **parameters
            )
        except psycopg.Error as error:
            raise cannot_connect(error, self.address) from None  # its text may hold more of the address than is to be shown
        try:
            dialect.adapt(connection)
            connection.execute(_SESSION)
            connection.execute(f"SELECT set_config('{PERSON}', %s, false)", [self.person])
            if reads_only:
                connection.execute("SET default_transaction_read_only = on")
            if not self.schema:
                self._look_around(connection)
            connection.autocommit = autocommit
        except psycopg.Error as error:
            connection.close()
            raise cannot_connect(error, self.address) from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _look_around(self, connection: Raw) -> None:
        row = connection.execute(
            "SELECT current_schema(), current_setting('server_encoding'), current_setting('server_version_num')::int, current_user"
        ).fetchone()
        assert row is not None
        found, encoding, version, user = row
        name = self.address.name
        if version < 130000:
            raise StoreTrouble(f"{self.address.place} is PostgreSQL {version // 10000}; 13 or newer is needed.", remedy="Have it updated.")
        if encoding != "UTF8":
            raise StoreTrouble(f"{name} keeps its text as {encoding}, which has not every letter.", remedy="Use one with ENCODING 'UTF8'.")
        if found is None:
            raise StoreTrouble(f"{user} sees no schema in {name} to keep tables in.", remedy="Have one made: CREATE SCHEMA AUTHORIZATION.")
        self.person = self.person or str(user)
        self.schema = str(found)


def newer(revision: str) -> str:
    """The sentence for a workspace that a newer app has upgraded."""
    number = int(revision[:4]) if revision[:4].isdigit() else 0
    return f"This library was upgraded by a newer version (format {number}, this app knows {schema.FORMAT}). You can read but not save."
