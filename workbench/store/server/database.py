"""A workspace in a PostgreSQL database: several people, several apps, one library."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import psycopg

from workbench.store import schema
from workbench.store.database import UPDATE, Database, Listener, Query
from workbench.store.server import derived, dialect
from workbench.store.server.address import Address, parse, person
from workbench.store.server.connecting import Connector, Raw, newer
from workbench.store.server.listening import Ear
from workbench.store.server.trouble import is_lost, is_server_error, lost, problem_of
from workbench.store.writer import Answer, Writer
from workbench.values.changes import Changes
from workbench.values.problems import ConnectionLost, Problem, ReadOnly, StoreTrouble

_NOTICE_BYTES = 7500
"""PostgreSQL carries 8000 in one notice. Of more rows than fit only the kind is told."""
_ASK_AGAIN_S = 20.0
"""How long a commit whose answer was lost is asked for."""


class ServerWriter(Writer):
    """A transaction on the server."""

    def __init__(self, raw: Raw) -> None:
        super().__init__()
        self.raw = raw

    def run(self, sql: str, **parameters: Any) -> Answer:
        """See Writer."""
        return Answer(dialect.execute(self.raw, sql, parameters))

    def many(self, sql: str, rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> None:
        """See Writer."""
        dialect.execute_many(self.raw, sql, rows)

    def many_cases(self) -> AbstractContextManager[None]:
        """See Writer."""
        return derived.many_cases(self.raw.execute)

    def rebuild_search(self) -> None:
        """See Writer."""
        derived.fill_search(self.raw.execute)


class ServerDatabase(Database):
    """An open workspace on a server. One write at a time, by whichever app: that is what the services count on."""

    on_server = True

    def __init__(self, connector: Connector, *, read_only: bool, notice: str) -> None:
        super().__init__(str(connector.address), connector.address.name, read_only=read_only, notice=notice, person=connector.person)
        self._connector = connector
        self._me = uuid.uuid4().hex
        self._idle: list[Raw] = []
        self._writer: Raw | None = None
        self._runs: set[int] = set()
        self._lost_runs: set[int] = set()
        self._ear: Ear | None = None
        self._missed = False

    @staticmethod
    def connect(url: str, password: str | None = None) -> ServerDatabase:
        """The workspace at this address; see `Database.open`."""
        connector = Connector(parse(url), password, person())
        address = connector.address
        raw = connector.connect(autocommit=False)
        try:
            found = derived.revision(raw.execute)
            raw.rollback()
            if found is None:
                raise StoreTrouble(
                    f"{address.name} holds tables of something else. They were left as they are.",
                    remedy="Name an empty database or schema.",
                )
            if _format(found) < schema.FORMAT:
                from workbench.store.server.making import make  # 0.6 s of import that only a new or older workspace needs

                make(raw, connector.key)
                found = schema.REVISION
        except psycopg.Error as error:
            raise _not_made(error, address) from None
        except Exception as error:
            if not is_server_error(error):
                raise
            raise _not_made(error, address) from None
        finally:
            raw.close()
        database = ServerDatabase(connector, read_only=False, notice="")
        if _format(found) > schema.FORMAT:
            database.read_only, database.notice, database.remedy = True, newer(found), UPDATE
        elif not database.query("SELECT has_table_privilege('prompt', 'INSERT')")[0][0]:
            database.read_only = True
            database.notice = f"{address.user or database.person} may only read in {address.name}. You can read but not save."
            database.remedy = "Have who owns the tables grant the right to write."
        return database

    # -- reading -------------------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[Any]:
        """See Database."""
        return list(self._reading(lambda raw: dialect.execute(raw, sql, parameters).fetchall()))

    @contextmanager
    def snapshot(self) -> Iterator[Query]:
        """See Database."""
        raw = self._reading(_begin_to_read, keep=True)
        try:
            with self._told(raw):
                yield lambda sql, parameters=(): dialect.execute(raw, sql, parameters).fetchall()
        finally:
            with suppress(psycopg.Error):
                raw.execute("ROLLBACK")
            self._give_back(raw)

    def _reading(self, verb: Callable[[Raw], Any], *, keep: bool = False) -> Any:
        """What `verb` answers on a connection; on a new one where an old one turns out to be broken. With `keep`: the connection."""
        while True:
            raw, is_new = self._take()
            try:
                answer = verb(raw)
            except psycopg.Error as error:
                broke = is_lost(error, raw)
                self._give_back(raw)
                if broke and not is_new:
                    continue  # it was idle when the server went away; the others of that time are as dead and are closed here too
                raise self._problem(error, raw) from error
            except BaseException:
                self._give_back(raw)
                raise
            if keep:
                return raw
            self._give_back(raw)
            return answer

    def _take(self) -> tuple[Raw, bool]:
        if self._closed:
            raise RuntimeError(f"{self.path} is closed")
        with self._guard:
            if self._idle:
                return self._idle.pop(), False
        return self._connect(reads_only=True), True

    def _connect(self, *, reads_only: bool = False) -> Raw:
        try:
            return self._connector.connect(reads_only=reads_only)
        except Problem as problem:
            raise ConnectionLost(problem.message, remedy="It is tried again by itself; try again in a moment.") from None

    def _give_back(self, raw: Raw) -> None:
        with self._guard:
            if self._closed or raw.closed or raw.broken or raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                raw.close()
            else:
                self._idle.append(raw)

    # -- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def _written(self, durable: bool) -> Iterator[Writer]:
        raw = self._begun(durable)
        writer = ServerWriter(raw)
        number = ""
        try:
            with self._told(raw):
                yield writer
                if writer.changes.touched:
                    raw.execute("SELECT pg_notify(%s, %s)", [self._connector.channel, self._news(writer.changes)])
                number = str(next(iter(raw.execute("SELECT pg_current_xact_id_if_assigned()")))[0] or "")
        except BaseException:
            with suppress(psycopg.Error):
                raw.execute("ROLLBACK")
            raise
        try:
            raw.execute("COMMIT")
        except psycopg.Error as error:
            if not is_lost(error, raw):
                raise self._problem(error, raw) from error
            if number and not self._was_kept(number):
                raise lost(self._connector.address) from error

    def _begun(self, durable: bool) -> Raw:
        """The writer's connection in a transaction that no other app is in. Nothing was written yet, so a broken one is replaced."""
        wait = "" if durable else "; SET LOCAL synchronous_commit = off"
        statement = f"BEGIN{wait}; SELECT pg_advisory_xact_lock({self._connector.key}); SELECT revision FROM prompt_workbench"
        while True:
            raw, is_new = self._writing_connection()
            try:
                cursor = raw.execute(statement)
                while cursor.nextset():
                    pass
                found = str(next(iter(cursor))[0])
            except psycopg.Error as error:
                with suppress(psycopg.Error):
                    raw.execute("ROLLBACK")
                if is_lost(error, raw) and not is_new:
                    continue
                raise self._problem(error, raw) from error
            if found != schema.REVISION:
                raw.execute("ROLLBACK")
                self.read_only, self.notice, self.remedy = True, newer(found), UPDATE
                self._announce(Changes({"setting": frozenset()}))
                raise ReadOnly(self.notice, remedy=self.remedy)
            return raw

    def _writing_connection(self) -> tuple[Raw, bool]:
        if self._closed:
            raise RuntimeError(f"{self.path} is closed")
        if self._writer is not None and not self._writer.closed and not self._writer.broken:
            return self._writer, False
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._writer = self._connect()
        for run_id in list(self._runs):  # locks ended with the connection before
            if not self._lock(self._writer, run_id):
                self._runs.discard(run_id)
                self._lost_runs.add(run_id)
        return self._writer, True

    def _was_kept(self, number: str) -> bool:
        """Whether a transaction whose commit got no answer was kept. Raises StoreTrouble where the server does not say so in time."""
        end = time.monotonic() + _ASK_AGAIN_S
        while time.monotonic() < end:
            try:
                status = self.query("SELECT pg_xact_status(CAST(CAST(:number AS text) AS xid8))", {"number": number})[0][0]
            except (ConnectionLost, StoreTrouble):
                time.sleep(0.5)
                continue
            if status != "in progress":
                return bool(status == "committed")
            time.sleep(0.2)
        raise StoreTrouble(
            f"The connection to {self._connector.address.place} was lost while something was being saved. It may or may not be saved.",
            remedy="Look at it when the server answers again.",
        )

    # -- what other apps do --------------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """See Database. What other apps write is told too, on a thread of its own."""
        with self._guard:
            if self._ear is None and not self._closed:
                self._ear = Ear(self._connector, self._heard, self._gone)
                self._ear.start()
        return super().subscribe(listener)

    def look_for_changes(self) -> bool:
        """See Database. Here others are heard without looking."""
        missed, self._missed = self._missed, False
        return missed

    def _news(self, changes: Changes) -> str:
        touched: dict[str, list[int]] = {kind: sorted(ids) for kind, ids in changes.touched.items()}
        text = json.dumps({"from": self._me, "touched": touched}, separators=(",", ":"))
        if len(text) <= _NOTICE_BYTES:
            return text
        return json.dumps({"from": self._me, "touched": {kind: [] for kind in touched}})

    def _gone(self, is_cut_off: bool) -> None:
        self.is_cut_off = is_cut_off
        self._announce(Changes({"setting": frozenset()}))

    def _heard(self, sender: str, changes: Changes) -> None:
        if sender != self._me:
            self._missed = True
            self._announce(changes)

    # -- runs ----------------------------------------------------------------------------------------------------

    def take_run(self, run_id: int) -> bool:
        """See Database."""
        with self._writing:
            if run_id in self._runs:
                return True
            while True:
                raw, is_new = self._writing_connection()
                try:
                    taken = self._lock(raw, run_id)
                except psycopg.Error as error:
                    if is_lost(error, raw) and not is_new:
                        continue  # it was idle when the server went away
                    raise self._problem(error, raw) from error
                self._lost_runs.discard(run_id)
                if taken:
                    self._runs.add(run_id)
                return taken

    def has_lost_run(self, run_id: int) -> bool:
        """See Database."""
        return run_id in self._lost_runs

    def leave_run(self, run_id: int) -> None:
        """See Database."""
        with self._writing:
            self._runs.discard(run_id)
            self._lost_runs.discard(run_id)
            if self._writer is not None:
                with suppress(psycopg.Error):  # where the connection is gone, its locks are
                    self._writer.execute("SELECT pg_advisory_unlock(%s, %s)", [self._connector.run_key, run_id])

    def runs_elsewhere(self) -> frozenset[int]:
        """See Database."""
        sql = """SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = :key AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        held = {int(row[0]) for row in self.query(sql, {"key": self._connector.run_key & 0xFFFFFFFF})}
        return frozenset(held - self._runs)

    def _lock(self, raw: Raw, run_id: int) -> bool:
        row = raw.execute("SELECT pg_try_advisory_lock(%s, %s)", [self._connector.run_key, run_id]).fetchone()
        return bool(row and row[0])

    # -- the end -------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """See Database."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            idle, self._idle = self._idle, []
        if self._ear is not None:
            self._ear.stop()
        with self._writing:
            for raw in (*idle, *([self._writer] if self._writer is not None else [])):
                raw.close()
            self._writer = None

    @contextmanager
    def _told(self, raw: Raw | None) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._problem(error, raw) from error

    def _problem(self, error: psycopg.Error, raw: Raw | None) -> Exception:
        return problem_of(error, self._connector.address, raw) or error


def _begin_to_read(raw: Raw) -> None:
    raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _format(revision: str | None) -> int:
    return int(revision[:4]) if revision and revision[:4].isdigit() else 0


def _not_made(error: Exception, address: Address) -> Problem:
    original = getattr(error, "orig", None) or error
    if getattr(original, "sqlstate", None) == "42501":
        return StoreTrouble(
            f"{address.user or 'This user'} may not make or change tables in {address.name}.",
            remedy="Let who owns the database open it first, or be granted CREATE on its schema.",
        )
    return problem_of(error, address) or StoreTrouble(
        f"{address.name} could not be made ready: {str(original).strip().splitlines()[0]}. Nothing was changed.",
        remedy="Tell who looks after the server.",
    )
