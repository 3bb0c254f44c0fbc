"""One open workspace, wherever it lies: many readers, one writer at a time, and the news of what each write touched."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, get_args

from workbench.store.writer import Writer as Writer
from workbench.values.changes import Changes, Kind
from workbench.values.places import is_server
from workbench.values.problems import Missing, ReadOnly

_log = logging.getLogger(__name__)

Listener = Callable[[Changes], object]
Query = Callable[..., list[Any]]
"""What `Database.query` is: (statement, parameters) -> rows as tuples."""

EVERYTHING = Changes({kind: frozenset() for kind in get_args(Kind)})
"""Said where it is not known what another app wrote: every kind, without ids."""
UPDATE = "Get the update."
"""What to do where a newer app has upgraded a workspace."""


class Database(ABC):
    """An open workspace. All verbs may be called from any thread.

    Statements are SQLite's, as far as PostgreSQL knows them too; `store/server` translates the rest.
    """

    on_server = False
    """True where several apps write at the same time."""

    def __init__(self, path: str, name: str, *, read_only: bool, notice: str, person: str = "") -> None:
        self.path = path
        """The file, or the address of the server without its password."""
        self.name = name
        """What a title or a status bar calls it."""
        self.read_only = read_only
        self.notice = notice
        self.remedy = ""
        """What lets it be written, where only the kind of store tells."""
        self.person = person
        """Who works here, where several people do; empty for a file."""
        self.owner = ""
        """The name that the user of a file gave for ratings; empty before."""
        self.rater = ""
        """Somebody else who rates at this desk for a while; empty where nobody does."""
        self.writing_since: float | None = None
        """When the write that goes on now began, by `time.perf_counter`; None between writes."""
        self.is_cut_off = False
        """True while a server does not answer; listeners hear of everything when it does again."""
        self._closed = False
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._writing_thread: int | None = None
        self._listeners: list[Listener] = []

    @staticmethod
    def open(path_or_url: str | Path, *, backups_kept: int = 7, wait_s: float = 1.5, password: str | None = None) -> Database:
        """The workspace at this path or address, made if there is none, brought to the present format if it is older.

        Opened for reading only, with the reason in `notice`, where another process has the file open, where it is of a newer format, or
        where it cannot be written. Raises StoreTrouble for a foreign or damaged one, which is left as it is; Missing where a server
        cannot be reached. `password`: for a server whose address holds none.
        """
        if is_server(path_or_url):
            try:
                from workbench.store.server.database import ServerDatabase  # only teams need it
            except ImportError as error:
                remedy = 'Install it with: pip install "prompt-workbench[postgres]"'
                raise Missing("A workspace on a server needs psycopg, which is not installed.", remedy=remedy) from error
            return ServerDatabase.connect(str(path_or_url), password)
        from workbench.store.file_database import FileDatabase  # it stands on this module

        return FileDatabase.open_file(path_or_url, backups_kept=backups_kept, wait_s=wait_s)

    @abstractmethod
    def query(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[Any]:
        """All rows of a reading statement, as tuples, without SQLAlchemy. JSON columns come as text."""

    def each(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> Iterator[Any]:
        """The rows of `query` one by one, for a statement of more rows than are to be held at once."""
        yield from self.query(sql, parameters)

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Query]:
        """`query`, on one unchanging state of the workspace: several statements see nothing of what others write between them."""

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Writer]:
        """A transaction: all of it is kept when the block ends, or nothing where it raises. One at a time; others wait.

        `durable` False lets the disk write later (a power cut may take the last moments, a crash of the app takes nothing).
        Raises ReadOnly, and StoreTrouble where the disk is full.
        """
        self.refuse_if_read_only()
        if self._writing_thread == threading.get_ident():
            raise RuntimeError("a write inside a write would wait for itself")
        with self._writing:
            self._writing_thread, self.writing_since = threading.get_ident(), time.perf_counter()
            try:
                with self._written(durable) as writer:
                    yield writer
            finally:
                self._writing_thread = self.writing_since = None
        self._after_write()
        if writer.changes.touched:
            self._announce(writer.changes)

    @abstractmethod
    def _written(self, durable: bool) -> AbstractContextManager[Writer]:
        """The transaction of one write."""

    def catch_up(self) -> None:  # noqa: B027  (a server's index is never behind)
        """Let a search find what was written a moment ago. Does nothing where a long write goes on: a search waits for no import."""

    def _after_write(self) -> None:  # noqa: B027  (a server needs nothing)
        """What follows a write that is kept."""

    def refuse_if_read_only(self) -> None:
        """Raise ReadOnly with the reason, where nothing can be saved."""
        if self.read_only:
            raise ReadOnly(self.notice, remedy=self.remedy)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(changes)` after each write, on the thread that wrote. The answer ends the subscription."""
        self._listeners.append(listener)

        def end() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return end

    @abstractmethod
    def look_for_changes(self) -> bool:
        """True if another process has written since the last call; listeners then hear of every kind, without ids.

        For a window that only reads: its own file tells it nothing. Costs some microseconds.
        """

    def take_run(self, run_id: int) -> bool:
        """True if this app may make the calls of a run: no other one does. Taking it again is fine."""
        return True

    def leave_run(self, run_id: int) -> None:  # noqa: B027  (a file is open in one app only)
        """Let other apps take a run."""

    def has_lost_run(self, run_id: int) -> bool:
        """True if another app took a run while this one, which makes it, could not reach the server. Asked within a write."""
        return False

    def runs_elsewhere(self) -> frozenset[int]:
        """The runs that other apps make now."""
        return frozenset()

    @abstractmethod
    def close(self) -> None:
        """Give everything back. Closing twice is fine."""

    def tell(self, changes: Changes) -> None:
        """Let listeners hear of a change that no write made, such as another person at this desk."""
        self._announce(changes)

    def _announce(self, changes: Changes) -> None:
        for listener in list(self._listeners):
            try:
                listener(changes)
            except Exception:  # the write is done: a screen that fails to redraw must not make it look undone
                _log.exception("a listener failed")
