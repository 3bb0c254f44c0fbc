"""Hears what other apps write, and that the connection is lost and back."""

from __future__ import annotations

import json
import logging
import select
import socket
import threading
from collections.abc import Callable
from typing import get_args

import psycopg

from workbench.store.database import EVERYTHING
from workbench.store.server.connecting import Connector, Raw
from workbench.values.changes import Changes, Kind
from workbench.values.problems import Problem

_log = logging.getLogger(__name__)
_KINDS = frozenset(get_args(Kind))
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 15.0
_SIGN_OF_LIFE_S = 30.0


class Ear:
    """A thread that listens. `heard(sender, changes)` is called on it; the sender is empty where all may have changed. `cut_off` hears
    when the server is gone and when it is back."""

    def __init__(self, connector: Connector, heard: Callable[[str, Changes], None], cut_off: Callable[[bool], None]) -> None:
        self._connector, self._heard, self._cut_off = connector, heard, cut_off
        self._near, self._far = socket.socketpair()
        self._ended = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listening to the server", daemon=True)

    def start(self) -> None:
        """Begin; from when this returns, nothing is missed (if the server answers at all)."""
        self._thread.start()
        self._listening.wait(5)

    def stop(self) -> None:
        """End, and wait for it; not for an answer of a server that is away, which the thread may just be waiting for."""
        self._ended.set()
        self._far.send(b"x")
        self._thread.join(2)
        if not self._thread.is_alive():
            self._near.close()
            self._far.close()

    def _listen(self) -> None:
        wait, was_lost = _FIRST_WAIT_S, False
        while not self._ended.is_set():
            try:
                raw = self._connector.connect()
            except Problem:
                if not was_lost:
                    was_lost = True
                    self._cut_off(True)
                self._ended.wait(wait)
                wait = min(wait * 2, _LONGEST_WAIT_S)
                continue
            wait = _FIRST_WAIT_S
            try:
                raw.execute(f'LISTEN "{self._connector.channel}"')
                self._listening.set()
                if was_lost:
                    was_lost = False
                    self._cut_off(False)
                    self._heard("", EVERYTHING)
                self._hear(raw)
            except psycopg.Error as error:
                was_lost = True
                self._cut_off(True)
                _log.info("the server is gone: %s", type(error).__name__)
            finally:
                raw.close()
        self._listening.set()

    def _hear(self, raw: Raw) -> None:
        while not self._ended.is_set():
            ready, _, _ = select.select([raw.fileno(), self._near.fileno()], [], [], _SIGN_OF_LIFE_S)
            if not ready:
                raw.execute("SELECT 1")
            for notice in raw.notifies(timeout=0):
                sender, changes = _read(notice.payload)
                self._heard(sender, changes)


def _read(text: str) -> tuple[str, Changes]:
    """Who wrote, and what; everything where another version of this app says it in other words."""
    try:
        item = json.loads(text)
        touched = {kind: frozenset(int(id) for id in ids) for kind, ids in item["touched"].items() if kind in _KINDS}
        return str(item["from"]), Changes(touched)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", EVERYTHING
