"""Verbs on connections: a vendor or server, its address, and where its key is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from workbench import store
from workbench.formats.addresses import clean_address
from workbench.library.cases import Query, asking
from workbench.library.keys import GENERAL, PASSPHRASE, KeyPlace, Keys, checked_key, file_key, hint
from workbench.library.models import NO_ADDRESS, FactsOf, Link, Models, PriceOf, link_of, merged, remembered_place, touch_models
from workbench.library.names import checked_name, free_name, no_such
from workbench.library.records import ConnectionRow
from workbench.library.vendors import Vendor, vendor, vendors
from workbench.store import stamps
from workbench.store.database import Database
from workbench.values import BadInput, Endpoint, Missing, ModelSpec, NoKey, NotFound, canonical

_SELECT = """
SELECT id, (SELECT count(*) FROM model WHERE model.connection_id = connection.id AND model.archived_at IS NULL),
       uid, name, vendor, wire_format, base_url, key_ref, options, state
FROM connection WHERE {where} ORDER BY id
"""


class Connections(Models):
    """The connections and models of one workspace."""

    def __init__(self, database: Database, keys: Keys, price_of: PriceOf | None = None, facts_of: FactsOf | None = None) -> None:
        super().__init__(database, keys, price_of, facts_of)

    def vendors(self) -> list[Vendor]:
        """Whom one can connect to, in the order in which they are offered."""
        return list(vendors())

    def list(self) -> list[ConnectionRow]:
        """All connections in the order in which they were made."""
        return [self._connection(row) for row in self._database.query(_SELECT.format(where="archived_at IS NULL"))]

    def get(self, id: int) -> ConnectionRow:
        """One connection. Raises NotFound."""
        return self._connection(_found(self._database.query, id))

    def find(self, name: str) -> ConnectionRow:
        """The connection of this name or uid. Raises NotFound with the nearest names."""
        rows = self.list()
        for row in rows:
            if name in (row.name, row.uid) or name.casefold() == row.name.casefold():
                return row
        raise no_such("connection", name, [row.name for row in rows])

    def add(
        self,
        name: str = "",
        vendor: str = "other",
        base_url: str = "",
        wire_format: str = "openai-chat",
        options: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> int:
        """The id of a new connection. Address and wire format come from the vendor where they are not given.

        Raises BadInput for a name in use, and for what is no address or no key; then nothing is kept.
        """
        row = _known_vendor(vendor)
        base_url = clean_address(base_url or row.base_url)
        key = checked_key(key) if key else None
        if key:
            self._keys.check_file()
        with self._database.write() as writer:
            taken = _names(asking(writer))
            id_ = writer.add(
                store.tables.Connection(
                    name=checked_name("connection", name, taken) if name.strip() else free_name(row.name, taken),
                    vendor=row.id,
                    wire_format=row.wire_format if row.id != "other" else wire_format,
                    base_url=base_url,
                    options=dict(options or {}),
                    limits={},
                    state={},
                )
            )
            writer.run("UPDATE connection SET key_ref = uid WHERE id = :id", id=id_)
            writer.touch("connection", id_)
        if key:
            self.set_key(id_, key)
        return id_

    def update(self, id: int, name: str | None = None, base_url: str | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Change what is given."""
        with self._database.write() as writer:
            link = link_of(_found(asking(writer), id)[2:])
            if name is not None:
                name = checked_name("connection", name, _names(asking(writer), besides=id))
                writer.run("UPDATE connection SET name = :name WHERE id = :id", name=name, id=id)
            if base_url is not None:
                state = merged(link.state, {"from_file": None})  # a person has looked at the address
                writer.run(
                    "UPDATE connection SET base_url = :base_url, state = :state WHERE id = :id",
                    base_url=clean_address(base_url),
                    state=canonical(state),
                    id=id,
                )
            if options is not None:
                writer.run("UPDATE connection SET options = :options WHERE id = :id", options=canonical(dict(options)), id=id)
            writer.touch("connection", id)
            touch_models(writer, id)

    def remove(self, id: int) -> None:
        """Take a connection and its models out of the lists and forget its key. Runs that used it stay as they are."""
        with self._database.write() as writer:
            link = link_of(_found(asking(writer), id)[2:])
            writer.run("UPDATE connection SET archived_at = coalesce(archived_at, :at) WHERE id = :id", at=stamps.now(), id=id)
            writer.touch("connection", id)
            touch_models(writer, id)
        self._keys.forget(link.key_ref)

    def set_key(self, id: int, key: str) -> KeyPlace:
        """Where the key of a connection is kept from now on. Raises BadInput for what is no key, Missing while the key file is locked."""
        self._database.refuse_if_read_only()
        link = link_of(_found(self._database.query, id)[2:])
        place = self._keys.put(link.key_ref, key)
        # That there was a key is remembered also where the key itself is not: the next session knows then what is missing.
        remembered = {"place": place, "hint": hint(checked_key(key))} if place != "session" else {"place": place}
        self.set_state(id, {"key": remembered, "from_file": None, "test": None})
        return place

    def forget_key(self, id: int) -> None:
        """Remove the key of a connection from where it was kept, and that it ever had one."""
        self._keys.forget(link_of(_found(self._database.query, id)[2:]).key_ref)
        self.set_state(id, {"key": None, "test": None})

    def without_key(self, connection_uids: Iterable[str]) -> tuple[ConnectionRow, ...]:
        """Those of these connections that need a key while none is known here: their calls would be refused."""
        wanted = set(connection_uids)
        return tuple(row for row in self.list() if row.uid in wanted and row.key_place == "missing")

    def set_state(self, connection_id: int, state: Mapping[str, Any]) -> None:
        """Keep what is known about a connection, such as the last test; what is not named stays, None forgets.

        `why_not`, one sentence, makes its models not ready.
        """
        with self._database.write() as writer:
            known = json.loads(_found(asking(writer), connection_id)[9])
            writer.run("UPDATE connection SET state = :state WHERE id = :id", state=canonical(merged(known, state)), id=connection_id)
            writer.touch("connection", connection_id)
            touch_models(writer, connection_id)

    def endpoint(self, spec: ModelSpec, timeout_s: float = 60.0) -> Endpoint:
        """Where to call a model, with its key. Raises Missing, with what to do; NoKey where a key that it needs is not found."""
        return self._endpoint(spec, timeout_s, may_lack=False)

    def _endpoint(self, spec: ModelSpec, timeout_s: float, *, may_lack: bool) -> Endpoint:
        if spec.by_hand:
            name = spec.title or spec.connection
            raise BadInput(
                f"{name} is asked by hand, so it cannot be called.", remedy="Use it in a comparison and give its answers in Compare."
            )
        rows = self._database.query(_SELECT.format(where="uid = :uid"), {"uid": spec.connection_uid}) if spec.connection_uid else []
        link = link_of(rows[0][2:]) if rows else None
        if not spec.base_url and spec.place not in NO_ADDRESS:
            raise Missing(f"{spec.connection or spec.title} has no address.", remedy="Enter one in Models.")
        if spec.place == "builtin":
            return Endpoint(spec.wire_format, spec.base_url, None, spec.options, timeout_s)
        env = link.key_env if link else (GENERAL, spec.key_env or "")
        key, _ = self._keys.get(link.key_ref if link else file_key(spec.base_url, spec.name), env)
        if key is None and not may_lack and (link.needs_key if link else spec.place == "cloud" and spec.key_env):
            raise self._no_key(spec, env, link)
        return Endpoint(spec.wire_format, spec.base_url, key, spec.options, timeout_s)

    def endpoint_of(self, id: int, timeout_s: float = 60.0) -> Endpoint:
        """Where a connection itself answers, with its key: to test it or to list its models. Raises Missing."""
        link = link_of(_found(self._database.query, id)[2:])
        options = {**link.vendor.options, **link.options}
        spec = ModelSpec("", "", link.wire_format, link.base_url, link.name, link.uid, options=options, place=link.place)
        return self._endpoint(spec, timeout_s, may_lack=link.place == "server")  # a server may do without one by now: the test tells

    def _no_key(self, spec: ModelSpec, env: tuple[str, ...], link: Link | None) -> NoKey:
        name = spec.connection or spec.title
        if self._keys.locked():
            return NoKey(
                f"The system keychain is locked. {name} has its key there.", remedy="Unlock it, or enter the key for this session."
            )
        if link is not None and self._keys.file.has(link.key_ref):
            wrong = self._keys.wrong_passphrase()
            why = f"{PASSPHRASE} does not open the key file" if wrong else "The key file is locked"
            return NoKey(f"{why}. {name} has its key there.", remedy=f"Enter the passphrase in Models, or set {PASSPHRASE}.")
        variable = f", or set {env[-1]}" if env else ""
        where = "in this session" if self._keys.kind() == "session" else "here"
        return NoKey(f"No key for {name} {where}.", remedy=f"Enter one in Models{variable}.")

    def _connection(self, row: Any) -> ConnectionRow:
        link = link_of(row[2:])
        place, known_hint, variable = self._key_place(link)
        return ConnectionRow(
            id=row[0],
            uid=link.uid,
            name=link.name,
            vendor=link.vendor.id,
            wire_format=link.wire_format,
            base_url=link.base_url,
            key_ref=link.key_ref,
            key_place=place,
            key_hint=known_hint,
            place=link.place,
            models=row[1],
            state={name: value for name, value in link.state.items() if name != "key"},
            options=link.options,
            key_variable=variable,
        )

    def _key_place(self, link: Link) -> tuple[str, str, str]:
        place, known_hint, variable = self._keys.look(link.key_ref, link.key_env, remembered_place(link.state))
        if place in ("keyring", "file"):
            known_hint = str((link.state.get("key") or {}).get("hint", ""))
        return ("none" if place == "missing" and not link.needs_key else place), known_hint, variable


def _known_vendor(id: str) -> Vendor:
    row = vendor(id)
    if row.id != id:
        raise no_such("vendor", id, [known.id for known in vendors()])
    return row


def _names(query: Query, besides: int = 0) -> set[str]:
    return {row[0] for row in query("SELECT name FROM connection WHERE archived_at IS NULL AND id <> :id", {"id": besides})}


def _found(query: Query, id: int) -> Any:
    rows = query(_SELECT.format(where="id = :id"), {"id": id})
    if not rows:
        raise NotFound(f"There is no connection {id}.")
    return rows[0]
