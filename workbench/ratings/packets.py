"""Review packets in the store: what was given away, and the ratings that came back as sessions with votes and judgements."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from workbench.formats.packet_page import PacketKind
from workbench.formats.packet_ratings import ItemRatings, PacketRatings
from workbench.quick_dataclass import dataclass
from workbench.ratings.judging import Said, said_on, write_judgement
from workbench.ratings.records import Aspect
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.store.raters import ensure_rater
from workbench.values import BadInput, NotFound, Saw, Scale, canonical

IN_PACKET = Saw("packet", names=False, cost=False, latency=False, checks=False, others=False)
"""What a rater sees in a packet: the answers."""
_SELECT = """
SELECT id, uid, run_id, made_for, made_by, kind, seed, plan, settings, created_at FROM packet WHERE {which} ORDER BY id"""


@dataclass(frozen=True, slots=True)
class PacketRow:
    """One packet that was given away."""

    id: int
    uid: str
    run_id: int
    made_for: str
    made_by: str
    kind: PacketKind
    seed: int
    plan: tuple[tuple[int, ...], ...]
    """The outputs of each item in the order in which they are shown."""
    criteria: tuple[int, ...]
    """Ids, in the order of the file."""
    digests: tuple[str, ...]
    """Of each item as it was written: what comes back has the same, or was edited."""
    title: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file of ratings came to."""

    session_id: int
    rater: str
    items: int
    """Items of which something was said."""
    written: int
    """Votes and judgements that are new; 0 where all of it was here."""
    older: bool = False
    """True where a later file of this rater came in before: then nothing of this one is taken."""


def packet(database: Database, uid: str) -> PacketRow:
    """The packet of this uid. Raises NotFound."""
    rows = database.query(_SELECT.format(which="uid = :uid"), {"uid": uid})
    if not rows:
        raise NotFound(
            "These ratings belong to no packet of this workspace.", remedy="Open the workspace that made the packet, and import them there."
        )
    return _row(rows[0])


def packets_of(database: Database, run_id: int) -> list[PacketRow]:
    """The packets of a run, the first one first."""
    return [_row(row) for row in database.query(_SELECT.format(which="run_id = :run"), {"run": run_id})]


def add_packet(writer: Writer, row: PacketRow, due: str, columns: Sequence[int]) -> int:
    """Id of a new packet."""
    settings = {"title": row.title, "due": due, "criteria": list(row.criteria), "columns": list(columns)}
    settings["digests"] = list(row.digests)
    added = writer.run(
        "INSERT INTO packet (uid, run_id, made_for, made_by, kind, seed, plan, settings, created_at) "
        "VALUES (:uid, :run, :made_for, :made_by, :kind, :seed, :plan, :settings, :at) RETURNING id",
        uid=row.uid,
        run=row.run_id,
        made_for=row.made_for,
        made_by=row.made_by,
        kind=row.kind,
        seed=row.seed,
        plan=canonical([list(item) for item in row.plan]),
        settings=canonical(settings),
        at=row.created_at,
    )
    return int(added.scalar_one())


def keep_ratings(database: Database, writer: Writer, row: PacketRow, ratings: PacketRatings, scales: Mapping[int, Scale]) -> Kept:
    """What was kept of a file that fits this packet: a session of its rater, with votes and judgements.

    What the same rater says later replaces what was said before, by new rows; items that a later file does not name stay. `scales`: of the
    criteria, by id. Raises BadInput for what a criterion does not have.
    """
    for item in ratings.items:
        _check(row, item, scales)
    rater = ensure_rater(database, writer, ratings.rater)
    session, saved_before = _session(writer, row, rater)
    rated = [item for item in ratings.items if item.is_rated]
    if saved_before and ratings.saved < saved_before:
        return Kept(cast(int, session), ratings.rater, len(rated), 0, older=True)
    if session is None:
        session = _new_session(writer, row, rater)
    written = 0
    if row.kind == "pair":
        written += sum(_vote(writer, session, row.plan[item.number - 1], item) for item in rated if item.winner)
    written += _judgements(writer, row, rater, rated, scales)
    if written:
        settings = {"packet": row.uid, "blind": True, "criteria": list(row.criteria), "saved": ratings.saved}
        writer.run(
            "UPDATE session SET settings = :settings, position = :position, finished_at = :at, seconds = :seconds WHERE id = :id",
            settings=canonical(settings),
            position=len(row.plan),
            at=stamps.now(),
            seconds=sum(item.seconds or 0.0 for item in ratings.items),
            id=session,
        )
        writer.run("UPDATE packet SET session_id = :session WHERE id = :id", session=session, id=row.id)
        writer.touch("rating", *{output for item in rated for output in row.plan[item.number - 1]})
        writer.touch("run", row.run_id)
    return Kept(session, ratings.rater, len(rated), written)


# -- how it is done ----------------------------------------------------------------------------------------------------


def _row(row: Any) -> PacketRow:
    (id_, uid, run_id, made_for, made_by, kind, seed, plan, settings, at) = row
    told = json.loads(settings) if settings else {}
    items = tuple(tuple(item) for item in json.loads(plan))
    return PacketRow(
        id_,
        uid,
        run_id,
        made_for,
        made_by,
        kind,
        seed,
        items,
        tuple(told.get("criteria") or ()),
        tuple(told.get("digests") or ()),
        str(told.get("title") or ""),
        at,
    )


def _check(row: PacketRow, item: ItemRatings, scales: Mapping[int, Scale]) -> None:
    """Raises BadInput for what was never asked."""
    place = f"Item {item.number}"
    if item.number > len(row.plan):
        raise BadInput(f"{place}: the packet has {len(row.plan)} items.", remedy="Ask for the file as the packet saved it.")
    if item.digest != row.digests[item.number - 1]:
        why = "what was rated is not what was asked."
        raise BadInput(f"{place} was changed in the packet: {why}", remedy="Send the packet once more.")
    if item.answers and len(item.answers) != len(row.plan[item.number - 1]):
        raise BadInput(f"{place}: it has {len(row.plan[item.number - 1])} answers, and {len(item.answers)} are rated.")
    if item.winner and row.kind != "pair":
        raise BadInput(f"{place}: there is no pair to choose from.")
    for stars, said in item.answers:
        if stars is not None and row.kind == "pair":
            raise BadInput(f"{place}: answers of a pair have no stars.")
        for at, value in said.items():
            if at >= len(row.criteria):
                raise BadInput(f"{place}: the packet has {len(row.criteria)} criteria.")
            _by_scale(scales.get(row.criteria[at]), value, place)


def _by_scale(scale: Scale | None, value: float | str, place: str = "") -> Said | None:
    """The columns of a judgement; None where the criterion is gone. Raises BadInput."""
    if scale is None:
        return None
    if scale.kind in ("stars", "score") and isinstance(value, str):
        raise BadInput(f"{place}: a criterion is rated by a number, not by {value[:40]}.")
    if scale.kind == "labels" and value not in scale.labels:
        raise BadInput(f"{place}: a criterion has no label {str(value)[:40]}.", remedy="Give it that label again, and import once more.")
    try:
        return said_on(scale.kind, value)
    except ValueError as error:
        raise BadInput(f"{place}: {error}.") from error


def _session(writer: Writer, row: PacketRow, rater: int) -> tuple[int | None, str]:
    """The session that this rater's ratings of the packet became, and when the newest of them were saved."""
    found = writer.run(
        "SELECT id, settings FROM session WHERE run_id = :run AND rater_id = :rater AND kind = :kind ORDER BY id",
        run=row.run_id,
        rater=rater,
        kind=row.kind,
    )
    for id_, settings in found:
        told = json.loads(settings) if settings else {}
        if told.get("packet") == row.uid:
            return int(id_), str(told.get("saved") or "")
    return None, ""


def _new_session(writer: Writer, row: PacketRow, rater: int) -> int:
    added = writer.run(
        "INSERT INTO session (run_id, kind, seed, position, rater_id, created_at, plan, settings) "
        "VALUES (:run, :kind, :seed, 0, :rater, :at, :plan, :settings) RETURNING id",
        run=row.run_id,
        kind=row.kind,
        seed=row.seed,
        rater=rater,
        at=stamps.now(),
        plan=canonical([list(item) for item in row.plan]),
        settings=canonical({"packet": row.uid, "blind": True, "criteria": list(row.criteria)}),
    )
    return int(added.scalar_one())


def _vote(writer: Writer, session: int, outputs: tuple[int, ...], item: ItemRatings) -> int:
    """1 where the vote is new, 0 where it stood there."""
    given: dict[str, Any] = {"session": session, "item": item.number - 1}
    current = writer.run(
        "SELECT id, winner, note FROM vote WHERE session_id = :session AND item = :item AND replaced_by_id IS NULL ORDER BY id DESC",
        **given,
    ).first()
    if current and (current[1], current[2]) == (item.winner, item.note):
        return 0
    new = writer.run(
        "INSERT INTO vote (session_id, item, left_output_id, right_output_id, winner, seconds, note, saw, at) "
        "VALUES (:session, :item, :left, :right, :winner, :seconds, :note, :saw, :at) RETURNING id",
        **given,
        left=outputs[0],
        right=outputs[1],
        winner=item.winner,
        seconds=item.seconds,
        note=item.note,
        saw=canonical(IN_PACKET.to_json()),
        at=stamps.now(),
    ).scalar_one()
    if current:
        writer.run("UPDATE vote SET replaced_by_id = :new WHERE id = :old", new=new, old=current[0])
    return 1


def _judgements(writer: Writer, row: PacketRow, rater: int, rated: Sequence[ItemRatings], scales: Mapping[int, Scale]) -> int:
    """How many judgements are new. An answer that stands in several items has one word on each criterion: that of the last item."""
    found: dict[tuple[int, Aspect, int | None], Said] = {}
    for item in sorted(rated, key=lambda item: item.number):
        outputs = row.plan[item.number - 1]
        for output, (stars, said) in zip(outputs, item.answers, strict=False):
            if stars is not None:
                found[output, "stars", None] = said_on("stars", stars)
            for at, value in said.items():
                by = _by_scale(scales.get(row.criteria[at]), value)
                if by is not None:
                    found[output, "criterion", row.criteria[at]] = by
        if item.note and row.kind == "single":
            found[outputs[0], "note", None] = Said(note=item.note)
    before = _count(writer, rater)
    for (output, aspect, criterion), said_of in found.items():
        write_judgement(writer, rater, output, aspect, said_of, criterion_id=criterion, saw=IN_PACKET)
    return _count(writer, rater) - before


def _count(writer: Writer, rater: int) -> int:
    return int(writer.run("SELECT count(*) FROM rating WHERE rater_id = :rater", rater=rater).scalar_one())
