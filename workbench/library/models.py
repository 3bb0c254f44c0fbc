"""Verbs on models: which ones a comparison can use, with parameters and own price."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from workbench import store
from workbench.library.cases import Query, asking
from workbench.library.keys import GENERAL, NO_KEY, Keys
from workbench.library.names import clean_name, free_name, near
from workbench.library.records import ModelRow
from workbench.library.vendors import Vendor, place_of, vendor
from workbench.quick_dataclass import dataclass
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import BY_HAND, BadInput, ModelSpec, NotFound, Price, canonical, names_embedding_model

NO_ADDRESS = ("builtin", "hand")
"""Places of models that are not reached through the network."""

PriceOf = Callable[[str, str, str], Price]
"""(vendor, model, base URL) -> the catalogue's price."""
FactsOf = Callable[[str, str, str], Mapping[str, Any]]
"""(vendor, model, base URL) -> what else the catalogue knows, by the names of `ModelRow.facts`."""

_BY_USER = "by_user"
"""Among the facts of a model: those that the user said."""

_SELECT = """
SELECT model.id, model.uid, model.connection_id, model.name, model.title, model.parameters, model.price, model.facts, model.colour,
       model.archived_at IS NOT NULL OR connection.archived_at IS NOT NULL,
       connection.uid, connection.name, connection.vendor, connection.wire_format, connection.base_url, connection.key_ref,
       connection.options, connection.state
FROM model JOIN connection ON connection.id = model.connection_id
WHERE {where} ORDER BY model.id
"""


@dataclass(frozen=True, slots=True)
class Link:
    """What a connection says about how to reach it, before any key."""

    uid: str
    name: str
    vendor: Vendor
    wire_format: str
    base_url: str
    key_ref: str
    options: Mapping[str, Any]
    state: Mapping[str, Any]

    @property
    def place(self) -> str:
        """cloud, server, builtin or hand."""
        return "hand" if self.wire_format == BY_HAND else place_of(self.vendor, self.base_url)

    @property
    def needs_key(self) -> bool:
        """True for vendors in the cloud, and for a server that was given a key once or refused a call without one."""
        if self.place == "cloud" and self.vendor.key_env:
            return True
        return bool(remembered_place(self.state)) or (self.state.get("test") or {}).get("kind") == NO_KEY

    @property
    def key_env(self) -> tuple[str, ...]:
        """Environment variables that may hold the key, best first.

        A connection that came in a file and points elsewhere than its vendor gets none: the file must not collect keys.
        """
        if not self.vendor.key_env:
            return ()
        if self.state.get("from_file") and self.vendor.base_url and not _same_host(self.base_url, self.vendor.base_url):
            return ()
        return tuple(dict.fromkeys((GENERAL, *self.vendor.key_envs)))


class Models:
    """The models of one workspace."""

    def __init__(self, database: Database, keys: Keys, price_of: PriceOf | None = None, facts_of: FactsOf | None = None) -> None:
        self._database = database
        self._keys = keys
        self._price_of = price_of
        self._facts_of = facts_of

    def models(self, archived: bool = False) -> list[ModelRow]:
        """All models in the order in which they were added, or the removed ones."""
        gone = "(model.archived_at IS NOT NULL OR connection.archived_at IS NOT NULL)"
        return [self._row(row) for row in self._database.query(_SELECT.format(where=gone if archived else f"NOT {gone}"))]

    def model(self, id: int) -> ModelRow:
        """One model, also a removed one. Raises NotFound."""
        return self._row(_found(self._database.query, id))

    def find_model(self, name: str) -> ModelRow:
        """The model of this title, `connection/title`, API name or uid. Raises NotFound with near names, BadInput where several fit."""
        rows = self.models()
        wanted = name.strip().casefold()
        for match in (
            [row for row in rows if row.uid == name.strip()],
            [row for row in rows if row.title == name.strip()],
            [row for row in rows if row.title.casefold() == wanted],
            [row for row in rows if wanted in (f"{row.connection}/{row.title}".casefold(), f"{row.connection}/{row.name}".casefold())],
            [row for row in rows if row.name.casefold() == wanted],
        ):
            if len(match) == 1:
                return match[0]
            if match:
                raise BadInput(
                    f"{len(match)} models are called {name}: {', '.join(row.title for row in match)}.", remedy="Use one of these titles."
                )
        raise NotFound(f"There is no model called {name}.{near(name, [row.title for row in rows])}")

    def add_model(
        self,
        connection_id: int,
        name: str,
        title: str = "",
        parameters: Mapping[str, Any] | None = None,
        price: Price | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> int:
        """The id of a model of a connection. The same one with the same parameters is not added twice unless it has a title of its own."""
        name = clean_name(name)
        with self._database.write() as writer:
            connection = writer.run("SELECT name FROM connection WHERE id = :id AND archived_at IS NULL", id=connection_id).scalar()
            if connection is None:
                raise NotFound(f"There is no connection {connection_id}.")
            if not title:
                sql = """SELECT id FROM model WHERE connection_id = :connection AND name = :name AND parameters = :parameters
                         AND archived_at IS NULL"""
                same = writer.run(sql, connection=connection_id, name=name, parameters=canonical(dict(parameters or {}))).scalar()
                if same is not None:
                    return int(same)
            taken = _titles(asking(writer))
            wanted = clean_name(title or name)
            if wanted in taken and not title:
                wanted = f"{wanted} ({connection})"
            id_ = writer.add(
                store.tables.Model(
                    connection_id=connection_id,
                    name=name,
                    title=free_name(wanted, taken),
                    parameters=dict(parameters or {}),
                    price=None if price is None else price.to_json(),
                    facts=dict(facts or {}),
                    colour=int(writer.run("SELECT count(*) FROM model").scalar_one()),
                )
            )
            writer.touch("model", id_)
            writer.touch("connection", connection_id)
        return id_

    def update_model(
        self,
        id: int,
        title: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        price: Price | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Change what is given. A price with both rates unknown goes back to the catalogue's. `facts`: what the user says, such as
        `context_tokens`, before all lists; None for one goes back to what those say."""
        with self._database.write() as writer:
            _found(asking(writer), id)
            if title is not None:
                title = clean_name(title)
                if title in _titles(asking(writer), besides=id):
                    raise BadInput(f"There is already a model called {title}.", remedy="Choose another title.")
                writer.run("UPDATE model SET title = :title WHERE id = :id", title=title, id=id)
            if parameters is not None:
                writer.run("UPDATE model SET parameters = :parameters WHERE id = :id", parameters=canonical(dict(parameters)), id=id)
            if price is not None:
                stored = None if price == Price() else canonical(price.to_json())
                writer.run("UPDATE model SET price = :price WHERE id = :id", price=stored, id=id)
            if facts is not None:
                own = json.loads(_found(asking(writer), id)[7])
                own[_BY_USER] = merged(own.get(_BY_USER, {}), facts)
                writer.run("UPDATE model SET facts = :facts WHERE id = :id", facts=canonical(own), id=id)
            writer.touch("model", id)

    def learn(self, connection_id: int, listed: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep what a connection's own list says about its models, by the name of the API. What the list does not say any more is
        forgotten, what was learnt elsewhere stays. A price in it counts where the user has set none."""
        with self._database.write() as writer:
            for id, name, facts in asking(writer)(
                "SELECT id, name, facts FROM model WHERE connection_id = :id AND archived_at IS NULL", {"id": connection_id}
            ):
                if name not in listed:
                    continue
                known = json.loads(facts)
                elsewhere = {key: value for key, value in known.items() if key not in known.get("from_list", ())}
                learnt = {**elsewhere, **listed[name], "from_list": sorted(listed[name])}
                if learnt != known:
                    writer.run("UPDATE model SET facts = :facts WHERE id = :id", facts=canonical(learnt), id=id)
                    writer.touch("model", id)

    def remove_model(self, id: int) -> None:
        """Take a model out of the list. Runs that used it stay as they are."""
        with self._database.write() as writer:
            _found(asking(writer), id)
            writer.run("UPDATE model SET archived_at = coalesce(archived_at, :at) WHERE id = :id", at=stamps.now(), id=id)
            writer.touch("model", id)

    def restore_model(self, id: int) -> None:
        """Bring a removed model back as it was; a title that is in use by now gets a number."""
        with self._database.write() as writer:
            title = free_name(_found(asking(writer), id)[4], _titles(asking(writer), besides=id))
            writer.run("UPDATE model SET archived_at = NULL, title = :title WHERE id = :id", title=title, id=id)
            writer.touch("model", id)

    def spec(self, model_id: int) -> ModelSpec:
        """All a run freezes of a model: how to reach it, parameters, price; where to look for a key, never the key."""
        return self._spec(_found(self._database.query, model_id))

    def spec_by_uid(self, uid: str) -> ModelSpec | None:
        """The same by uid; None if there is no such model or it was removed."""
        rows = self._database.query(_SELECT.format(where="model.uid = :uid"), {"uid": uid})
        return None if not rows or rows[0][9] else self._spec(rows[0])

    def _spec(self, row: Any) -> ModelSpec:
        link = link_of(row[10:18])
        env = link.key_env
        known = self._facts_of(link.vendor.id, row[3], link.base_url) if self._facts_of else {}
        own = json.loads(row[7])
        return ModelSpec(
            name=row[3],
            title=row[4],
            wire_format=link.wire_format,
            base_url=link.base_url,
            connection=link.name,
            connection_uid=link.uid,
            model_uid=row[1],
            key_env=link.vendor.key_env if env else None,
            options={**link.vendor.options, **link.options},
            parameters=json.loads(row[5]),
            price=self._price(row[6], own, link, row[3]),
            place=link.place,
            colour=row[8],
            reads=tuple(own.get("reads") or known.get("reads") or ()),
            longest=_limit(own.get("output_tokens")) or _limit(known.get("output_tokens")),
            embeds=_embeds(own, row[3]),
        )

    def _row(self, row: Any) -> ModelRow:
        link, own = link_of(row[10:18]), json.loads(row[7])
        known = self._facts_of(link.vendor.id, row[3], link.base_url) if self._facts_of else {}
        why_not = ("It was removed." if row[9] else "") or self._why_not(link)
        return ModelRow(
            id=row[0],
            uid=row[1],
            connection_id=row[2],
            connection=link.name,
            vendor=link.vendor.id,
            name=row[3],
            title=row[4],
            parameters=json.loads(row[5]),
            price=self._price(row[6], own, link, row[3]),
            place=link.place,
            colour=row[8],
            ready=not why_not,
            why_not=why_not,
            facts=_facts(known, own),
            has_own_price=row[6] is not None,
            embeds=_embeds(own, row[3]),
        )

    def _price(self, own: str | None, facts: Mapping[str, Any], link: Link, name: str) -> Price:
        """The user's own price, else the one in the connection's list of models, else the catalogue's."""
        if own is not None:
            return Price.from_json(json.loads(own))
        if facts.get("price"):
            return Price.from_json(facts["price"])
        return self._price_of(link.vendor.id, name, link.base_url) if self._price_of else Price()

    def _why_not(self, link: Link) -> str:
        """One sentence where a model of this connection cannot be called now."""
        if link.state.get("why_not"):
            return str(link.state["why_not"])
        if not link.base_url and link.place not in NO_ADDRESS:
            return f"{link.name} has no address. Enter one in Models."
        if link.needs_key and self._keys.look(link.key_ref, link.key_env, remembered_place(link.state))[0] == "missing":
            if remembered_place(link.state) == "session":
                return f"No key for {link.name} in this session. Enter one in Models."
            return f"{link.name} has no key yet. Enter one in Models."
        return ""


def _facts(known: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What the catalogue says, under what the connection's list says, under what the user says."""
    listed = {name: value for name, value in own.items() if name not in ("price", "from_list", _BY_USER)}
    return {**known, **listed, **own.get(_BY_USER, {})}


def link_of(columns: Any) -> Link:
    """The link in the eight last columns of a row of models or connections."""
    uid, name, vendor_id, wire_format, base_url, key_ref, options, state = columns
    return Link(uid, name, vendor(vendor_id), wire_format, base_url, key_ref, json.loads(options), json.loads(state))


def remembered_place(state: Mapping[str, Any]) -> str:
    """Where the key of a connection was put when it was entered; empty if never."""
    return str((state.get("key") or {}).get("place", ""))


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Old entries under new ones; None takes an entry away."""
    return {name: value for name, value in {**old, **new}.items() if value is not None}


def _same_host(one: str, other: str) -> bool:
    return bool(other) and urlsplit(one).hostname == urlsplit(other).hostname and urlsplit(one).scheme == urlsplit(other).scheme


def _titles(query: Query, besides: int = 0) -> set[str]:
    sql = """SELECT title FROM model JOIN connection ON connection.id = connection_id
             WHERE model.archived_at IS NULL AND connection.archived_at IS NULL AND model.id <> :id"""
    return {row[0] for row in query(sql, {"id": besides})}


def _found(query: Query, id: int) -> Any:
    rows = query(_SELECT.format(where="model.id = :id"), {"id": id})
    if not rows:
        raise NotFound(f"There is no model {id}.")
    return rows[0]


def touch_models(writer: Writer, connection_id: int) -> None:
    """Say that the models of a connection changed with it."""
    writer.touch("model", *(row[0] for row in writer.run("SELECT id FROM model WHERE connection_id = :id", id=connection_id)))


def _limit(tokens: Any) -> int | None:
    return tokens if isinstance(tokens, int) and tokens > 0 else None


def _embeds(facts: Mapping[str, Any], name: str) -> bool:
    return bool(facts.get("embeds")) or names_embedding_model(name)
