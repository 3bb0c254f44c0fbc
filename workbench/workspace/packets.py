"""Review packets: made of a run for a colleague without the app, and what comes back from them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from workbench.formats.packet_page import (
    SHOWN_PICTURES,
    CasePart,
    PacketAnswer,
    PacketItem,
    PacketKind,
    PacketPage,
    item_digest,
    minutes,
    packet_html,
)
from workbench.formats.packet_ratings import read_packet_ratings
from workbench.formats.pictures import without_metadata
from workbench.library.criteria import Criteria, CriterionRow
from workbench.library.names import clean_name, whole_text
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass, replace
from workbench.ratings.counting import VoteCounts
from workbench.ratings.packet_plans import Answer, Drawn, draw_pairs, draw_single, looks_of
from workbench.ratings.packets import Kept, PacketRow, add_packet, keep_ratings, packet, packets_of
from workbench.runs.recording import pictures_of
from workbench.runs.runs import Runs
from workbench.store import stamps
from workbench.store.database import Database
from workbench.store.outputs import newest
from workbench.store.raters import NAMELESS, rater_name
from workbench.values import BadInput, Case, Part, StoreTrouble
from workbench.whole_file import beside
from workbench.workspace.packet_report import PacketReport, report_of

USUAL_PAIRS = 40
_LONGEST_VALUE = 20_000
_LEAST_NAME = 4
"""Shorter names of models are words of any language."""
_ANSWERS = f"""
SELECT output.id, job.case_index, job.column_index, job.repeat, coalesce(nullif(output.text, ''), output.refusal, '')
FROM job JOIN output ON output.id = {newest()} WHERE job.run_id = :run AND job.status = 'done'
ORDER BY job.case_index, job.column_index, job.repeat"""
_TEXTS = "SELECT id, coalesce(nullif(text, ''), refusal, '') FROM output WHERE id IN ({ids})"


@dataclass(frozen=True, slots=True)
class PacketWish:
    """What goes into a packet."""

    kind: PacketKind = "pair"
    most: int | None = USUAL_PAIRS
    """Items at most; None for all."""
    columns: tuple[int, ...] = ()
    """Of the run; none for all."""
    criteria: tuple[int, ...] | None = None
    """Ids of those to rate by; None for all that the comparison has."""
    made_for: str = ""
    due: date | None = None
    title: str = ""
    """Empty: the prompt's name, or the comparison's where it names no model."""


@dataclass(frozen=True, slots=True)
class PacketLook:
    """What a packet would be."""

    items: int
    possible: int
    same: int
    """Left out, because they read the same."""
    bytes: int
    minutes: float
    title: str
    named: int
    """Answers in it that name a model themselves: their text stays as it is."""


@dataclass(frozen=True, slots=True)
class MadePacket:
    """A packet that was written."""

    uid: str
    path: Path
    look: PacketLook


class Packets:
    """The verbs on review packets."""

    def __init__(self, database: Database, runs: Runs, criteria: Criteria, votes: VoteCounts) -> None:
        self._database, self._runs, self._criteria, self._votes = database, runs, criteria, votes

    def look(self, run_id: int, wish: PacketWish) -> PacketLook:
        """What a packet would be; nothing is written. Raises BadInput, NotFound."""
        page, drawn = self._page(run_id, wish, "0" * 36, seed=0)[:2]
        return self._look(run_id, page, drawn, len(packet_html(page).encode()) if page.items else 0)

    def make(self, run_id: int, wish: PacketWish, path: Path, *, seed: int | None = None) -> MadePacket:
        """A new packet of a run, written as one HTML file. Raises BadInput where nothing can be judged, NotFound, StoreTrouble."""
        self._database.refuse_if_read_only()
        uid, seed = stamps.new_uid(), random.SystemRandom().randrange(2**31) if seed is None else seed
        page, drawn, criteria, columns = self._page(run_id, wish, uid, seed)
        if not page.items:
            raise BadInput(*_nothing(wish, drawn))
        text = packet_html(page)
        digests = tuple(item_digest(item.answers) for item in page.items)
        row = PacketRow(
            0,
            uid,
            run_id,
            page.made_for,
            page.made_by,
            page.kind,
            seed,
            drawn.items,
            tuple(one.id for one in criteria),
            digests,
            page.title,
            stamps.now(),
        )
        try:
            with beside(path) as made, self._database.write() as writer:
                made.write_text(text, "utf-8")
                add_packet(writer, row, page.due, columns)
                made.replace(path)
        except OSError as error:
            raise StoreTrouble(f"{path} cannot be written ({error.strerror}).", remedy="Choose another place.") from error
        return MadePacket(uid, path, self._look(run_id, page, drawn, len(text.encode())))

    def of_run(self, run_id: int) -> list[PacketRow]:
        """The packets of a run, the first one first."""
        return packets_of(self._database, run_id)

    def bring(self, path: Path) -> Kept:
        """What came of a file that a packet saved: kept whole, or BadInput, NotFound. The same file again changes nothing."""
        ratings = read_packet_ratings(path)
        row = packet(self._database, ratings.packet)
        scales = {one.id: one.criterion.scale for one in self._all_criteria(row)}
        try:
            with self._database.write() as writer:
                return keep_ratings(self._database, writer, row, ratings, scales)
        except BadInput as error:
            raise BadInput(f"{error.message} Nothing was imported.", path=str(path), remedy=error.remedy) from error

    def report(self, session_id: int) -> PacketReport:
        """What a colleague's ratings came to, beside those of the others. Raises NotFound."""
        return report_of(self._database, self._votes, session_id)

    # -- how it is done ------------------------------------------------------------------------------------------

    def _page(
        self, run_id: int, wish: PacketWish, uid: str, seed: int
    ) -> tuple[PacketPage, Drawn, Sequence[CriterionRow], tuple[int, ...]]:
        plan = self._runs.plan(run_id)
        columns = tuple(sorted(set(wish.columns))) or tuple(range(len(plan.columns)))
        if columns[-1] >= len(plan.columns) or columns[0] < 0:
            raise BadInput(f"The run has {len(plan.columns)} columns.", remedy=f"Use 1 to {len(plan.columns)}.")
        answers = self._answers(run_id, columns)
        drawn = (draw_pairs if wish.kind == "pair" else draw_single)(answers, seed, wish.most)
        cases = {answer.output_id: answer.case_index for answer in answers}
        shown = self._shown([output for item in drawn.items for output in item])
        criteria = [one for one in self._criteria.of_run(run_id) if wish.criteria is None or one.id in wish.criteria]
        by = rater_name(self._database)
        page = PacketPage(
            uid=uid,
            title=clean_name(wish.title) if wish.title.strip() else _title(plan),
            kind=wish.kind,
            items=tuple(_item(plan, cases[item[0]], tuple(shown[output] for output in item)) for item in drawn.items),
            criteria=tuple(one.criterion for one in criteria),
            made_for=clean_name(wish.made_for) if wish.made_for.strip() else "",
            made_by="" if by == NAMELESS else by,
            due=f"{wish.due:%A} {wish.due.day} {wish.due:%b}" if wish.due else "",
        )
        return page, drawn, criteria, columns

    def _answers(self, run_id: int, columns: Iterable[int]) -> list[Answer]:
        """What can be shown of a run. An empty answer counts: a model that said nothing did so."""
        wanted = set(columns)
        rows = [row for row in self._database.query(_ANSWERS, {"run": run_id}) if row[2] in wanted]
        pictures = pictures_of(self._database, [row[0] for row in rows])
        return [
            Answer(id_, case, column, repeat, looks_of(text, [one.data for one in pictures.get(id_, ())]))
            for id_, case, column, repeat, text in rows
        ]

    def _shown(self, outputs: Sequence[int]) -> dict[int, PacketAnswer]:
        ids = sorted(set(outputs))
        pictures = pictures_of(self._database, ids)
        found = {}
        for start in range(0, len(ids), 500):
            listed = ",".join(map(str, ids[start : start + 500]))
            for id_, text in self._database.query(_TEXTS.format(ids=listed)):
                found[id_] = PacketAnswer(whole_text(text), _showable(pictures.get(id_, ())))
        return found

    def _all_criteria(self, row: PacketRow) -> list[CriterionRow]:
        """The criteria of a packet that are still known, archived ones too."""
        comparison = self._runs.get(row.run_id).comparison_id
        return [] if comparison is None else self._criteria.list(comparison, archived=True)

    def _look(self, run_id: int, page: PacketPage, drawn: Drawn, size: int) -> PacketLook:
        names = _model_names(self._runs.plan(run_id))
        texts = {answer.text.casefold() for item in page.items for answer in item.answers}
        named = sum(any(name in text for name in names) for text in texts)
        return PacketLook(len(page.items), drawn.possible, drawn.same, size, minutes(page), page.title, named)


def _nothing(wish: PacketWish, drawn: Drawn) -> tuple[str]:
    if wish.kind == "single":
        return ("There is no finished answer to judge. Finish the run first.",)
    if drawn.same:
        return (f"All {drawn.same} pairs read the same, so there is nothing to choose between.",)
    return ("There are no two finished answers to the same case. Choose two columns with answers, or single answers.",)


def _model_names(plan: Plan) -> set[str]:
    models = [column.model for column in plan.columns]
    names = {name.casefold() for model in models for name in (model.title, model.name, model.connection)}
    return {name for name in names if len(name) >= _LEAST_NAME}


def _title(plan: Plan) -> str:
    """A title that tells no model, and no prompt where there are several."""
    prompts = {column.variant.prompt for column in plan.columns}
    title = prompts.pop() if len(prompts) == 1 else plan.name
    telling = _model_names(plan) | {name.casefold() for name in prompts}
    return "Review" if not title or any(name in title.casefold() for name in telling) else title


def _item(plan: Plan, case_index: int, answers: tuple[PacketAnswer, ...]) -> PacketItem:
    case = plan.cases[case_index]
    return PacketItem(answers, _parts(plan, case, case_index), _text(case.reference).strip())


def _parts(plan: Plan, case: Case, case_index: int) -> tuple[CasePart, ...]:
    """The longest value as the question, the others as facts, as Review shows them."""
    pictures = tuple(
        Part("image", media_type=str(value.get("media_type", "")), data=plan.files[value["sha256"]])
        for value in case.values.values()
        if isinstance(value, Mapping) and value.get("sha256") in plan.files
    )
    values = {name: _text(value) for name, value in case.values.items() if not (isinstance(value, Mapping) and "sha256" in value)}
    values = {name: text for name, text in values.items() if text.strip()}
    longest = max(values, key=lambda name: len(values[name]), default="")
    title = f"Case {case_index + 1}{f', {case.name}' if case.name else ''}"
    parts = [CasePart(whole_text(title), values.pop(longest, ""), _showable(pictures))]
    if values:
        parts.append(CasePart("Facts given to the model", "\n".join(f"{name}: {text}" for name, text in values.items())))
    return tuple(parts)


def _showable(pictures: Iterable[Part]) -> tuple[Part, ...]:
    """The pictures that every browser shows, without the metadata in which some models write their name."""
    return tuple(replace(one, data=without_metadata(one.data)) for one in pictures if one.media_type in SHOWN_PICTURES)


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = whole_text(text)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
