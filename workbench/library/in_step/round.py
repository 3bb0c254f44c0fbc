"""One round: both sides are looked at, what changed on one goes to the other, what changed on both is asked about."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from workbench.formats.conflict_text import sides
from workbench.formats.library_file_data import read_library
from workbench.formats.library_layout import MODELS, PAGE, folded
from workbench.formats.reports import NotCarried
from workbench.library.cases import asking
from workbench.library.comparisons import Comparisons
from workbench.library.datasets import Datasets
from workbench.library.folder.finding import Finds
from workbench.library.folder.importing import Importer
from workbench.library.folder.incoming_prompts import Arrival
from workbench.library.in_step import agreed, first_meeting, inside, moves, reading
from workbench.library.in_step.agreed import Agreed
from workbench.library.in_step.bringing import Arriving, Bringing, theirs
from workbench.library.in_step.inside import Thing
from workbench.library.in_step.outside import KINDS, Kind, Look, Outside, Unit
from workbench.library.in_step.plan import Plan
from workbench.library.in_step.questions import Questions
from workbench.library.in_step.records import Choice, Gone, Settled, StepReport
from workbench.library.in_step.set_aside import SetAside
from workbench.library.in_step.writing import Writing
from workbench.library.reports import Imported
from workbench.quick_dataclass import replace
from workbench.store.database import Database
from workbench.values import BadInput, Steps

Deletions = Literal["ask", "archive", "write"]
"""What is done where very many files are gone: ask first, take it as meant, or write them again."""

_NAMED: tuple[Kind, ...] = ("prompt", "dataset", "comparison")
_TAKE_OVER = "Take over what you need, then delete it."
_FEW = 3
_SHARE = 0.2
"""So many deleted files, and such a share of all, are asked about before anything goes to the archive."""


class Round:
    """Made for one round, of one folder."""

    def __init__(
        self,
        database: Database,
        datasets: Datasets,
        comparisons: Comparisons,
        look: Look,
        steps: Steps,
        answers: Mapping[str, Settled],
        settle: Choice | None,
        deletions: Deletions,
    ) -> None:
        self._database, self._look, self._steps = database, look, steps
        self._folder = str(look.folder)
        self._deletions = deletions
        self._outside = Outside()
        self._base: dict[str, Agreed] = {}
        self._held: set[str] = set()
        self._moved: set[str] = set()
        self._changed: dict[str, Agreed] = {}
        self._forgotten: set[str] = set()
        self._brought: list[Imported] = []
        self._archived: list[Gone] = []
        self._aside = SetAside(look.folder)
        self._missing: list[Gone] = []
        self._not_carried: list[NotCarried] = []
        self._writing = Writing(datasets, comparisons, look)
        self._questions = Questions(database.query, look, self._writing, answers, settle)

    def run(self) -> StepReport:
        """Do it. Raises BadInput where the folder is not there or of a newer version, and Stopped where the progress does."""
        self._database.refuse_if_read_only()
        self._base = agreed.read(self._database, self._folder)
        self._look.agreed = frozenset(base.path for base in self._base.values())
        outside = self._outside = self._look.all(self._steps)
        if outside.is_busy:
            return StepReport(self._folder, is_busy=True)
        self._aside.files += outside.aside
        live = [base for base in self._base.values() if not base.gone and base.kind not in ("page", "models")]
        if live and not outside.units and not outside.waiting and self._deletions == "ask":
            names = self._names()
            gone = tuple(Gone(base.kind, *names.get(base.thing, (0, base.path)), base.path) for base in live)
            return StepReport(self._folder, missing=gone, is_empty=True)
        self._refuse_newer()
        self._follow_moves()
        self._count_missing()
        self._writing.begin(outside.taken, self._paths())
        self._steps.total = len(outside.units) or len(self._base)
        for kind in KINDS:
            self._stage(kind)
        if MODELS not in {*(item.path for item in self._aside.files), *(conflict.path for conflict in self._questions.conflicts)}:
            self._stage("models")  # again: the comparisons that came in may name others
        agreed.finish(self._database, self._folder)
        written = self._writing
        return StepReport(
            self._folder,
            tuple(self._brought),
            tuple(written.written),
            tuple(written.removed),
            tuple(self._archived),
            tuple(self._questions.conflicts),
            tuple(self._aside.files),
            tuple(self._missing),
            waiting=tuple(sorted(outside.waiting - self._aside.paths())),
            unwritten=written.unwritten,
            not_carried=(*self._not_carried, *written.not_carried),
        )

    # -- looking ---------------------------------------------------------------------------------------------

    def _paths(self) -> dict[str, str]:
        """Where each thing lies, by uid."""
        return {base.thing: base.path for base in self._base.values() if base.thing and not base.gone}

    def _names(self) -> dict[str, tuple[int, str]]:
        sql = "SELECT uid, id, name FROM {}"
        rows = [row for table in ("prompt", "dataset", "comparison") for row in self._database.query(sql.format(table))]
        return {uid: (id_, name) for uid, id_, name in rows}

    def _refuse_newer(self) -> None:
        """Raises BadInput for a library that a newer version of the app wrote: half of it would be misread."""
        if not self._outside.has_page:
            return
        try:
            read_library(reading.document(self._look.folder, PAGE, self._look.text(PAGE)))
        except BadInput as error:
            if "newer version" in error.message:
                raise

    def _follow_moves(self) -> None:
        """Know files again that were moved or renamed."""
        for key, found, unit in moves.followed(self._database.query, self._look, self._lost(), self._fresh()):
            base = self._base.pop(key)
            if posixpath.dirname(unit.path) != posixpath.dirname(base.path):
                self._moved.add(found)
            self._forgotten.add(base.path)
            self._base[found] = self._changed[found] = replace(base, path=unit.path)

    def _lost(self) -> dict[str, Agreed]:
        """Files that both sides had and that are not there."""
        there, waits = self._outside.units.keys(), self._outside.waits_for
        lost = {key: base for key, base in self._base.items() if key not in there and not waits(key)}
        return {key: base for key, base in lost.items() if not base.gone and base.kind not in ("page", "models")}

    def _fresh(self) -> dict[str, Unit]:
        """Files that are new to us."""
        return {key: unit for key, unit in self._outside.units.items() if key not in self._base}

    def _count_missing(self) -> None:
        lost = self._lost()
        if self._deletions == "ask" and len(lost) > _FEW and len(lost) > _SHARE * len(self._base):
            names = self._names()
            self._held = set(lost)
            self._missing = [Gone(base.kind, *names.get(base.thing, (0, base.path)), base.path) for base in lost.values()]

    # -- one kind after the other ------------------------------------------------------------------------------

    def _stage(self, kind: Kind) -> None:
        plan = Plan()
        with self._database.snapshot() as query:
            things = inside.things(query, kind, self._paths())
            self._writing.look_from(query)
            units = {key: unit for key, unit in self._outside.units.items() if unit.kind == kind}
            bases = {key: base for key, base in self._base.items() if base.kind == kind}
            known = {base.thing for base in bases.values()}
            by_name = {(thing.folder, thing.name): thing for thing in things.values() if thing.is_live and thing.uid not in known}
            met: set[str] = set()
            for key in sorted({*units, *bases}, key=lambda key: (not key.startswith("snippets/"), key)):
                self._steps.say()
                if key in self._held:
                    continue
                unit, base = units.get(key), bases.get(key)
                try:
                    if base is not None:
                        self._decide(plan, key, unit, base, things.get(base.thing))
                    elif unit is not None:
                        met |= self._meet(plan, unit, by_name, things)
                except BadInput as error:
                    self._aside.add(unit.path if unit else key, error)
            self._meet_copies(plan, kind, things)
            aside = self._aside.paths()  # a thing's own file may be one of them, and has no name before it is mended
            free = [thing for thing in things.values() if thing.is_live and thing.uid not in known and thing.uid not in met]
            if aside and kind in ("prompt", "dataset", "comparison"):
                free = [thing for thing in free if folded(self._writing.natural(thing)) not in aside]
            plan.write += [(thing, None) for thing in sorted(free, key=lambda thing: (thing.folder, thing.name))]
        for unit, thing in plan.agree:
            self._agree(unit.path, kind, thing, unit.hash)
        if plan.bring or plan.archive:
            self._bring(kind, plan)
        self._write(kind, plan)
        agreed.write(self._database, self._folder, self._changed.values(), self._forgotten)
        self._changed, self._forgotten = {}, set()

    def _decide(self, plan: Plan, key: str, unit: Unit | None, base: Agreed, thing: Thing | None) -> None:
        """What to do with a file on which both sides had agreed."""
        self._steps.step()
        is_live = thing is not None and thing.is_live
        if unit is None:
            self._decide_lost(plan, key, base, thing)
        elif not is_live:
            if base.outside == unit.hash and thing is not None:
                plan.remove.append((thing, base))
            elif base.gone or thing is None:  # the file came back
                plan.bring.append(Arriving(unit, base, thing, theirs(self._look.text(unit.path))))
            else:
                self._questions.ask(plan, unit, base, thing, "archived")
        else:
            assert thing is not None
            outside_changed = unit.hash != base.outside or key in self._moved
            inside_changed = thing.digest != base.inside
            if outside_changed:
                self._decide_changed(plan, unit, base, thing, inside_changed)
            elif inside_changed:
                plan.write.append((thing, None))

    def _decide_lost(self, plan: Plan, key: str, base: Agreed, thing: Thing | None) -> None:
        """What to do where the file is not there."""
        if self._outside.waits_for(key):
            return
        if thing is None or not thing.is_live:
            if thing is None:
                self._forgotten.add(base.path)
            elif not base.gone:
                self._changed[key] = self._base[key] = replace(base, gone=True, outside="")
        elif base.gone or base.kind in ("page", "models") or self._deletions == "write":
            plan.write.append((thing, base.text or None))
        elif thing.digest != base.inside:
            self._questions.ask(plan, None, base, thing, "deleted")
        else:
            plan.archive.append((thing, base))

    def _decide_changed(self, plan: Plan, unit: Unit, base: Agreed, thing: Thing, inside_changed: bool) -> None:
        """What to do where the file was changed; a file that git could not merge is always asked about."""
        text = self._look.text(unit.path)
        if reading.unmerged(self._look, unit.path, text):
            both = sides(text)
            for side in (both.ours, both.theirs) if both is not None else (text,):
                reading.check(self._look, unit.path, side, unit.kind)
            self._questions.ask(plan, unit, base, thing, "git")
        elif inside_changed:
            if self._writing.fresh(thing, unit.path).get(unit.path) == text:
                plan.bring.append(Arriving(unit, base, thing, text))  # the same was done on both sides
            else:
                reading.check(self._look, unit.path, text, unit.kind)
                self._questions.ask(plan, unit, base, thing, "both")
        else:
            label = self._questions.protected_label(unit, base, thing, text) if unit.kind == "prompt" else ""
            if label:
                self._questions.ask(plan, unit, base, thing, "label", label)
            else:
                plan.bring.append(Arriving(unit, base, thing, text))

    def _meet(self, plan: Plan, unit: Unit, by_name: Mapping[tuple[str, str], Thing], things: Mapping[str, Thing]) -> set[str]:
        """What to do with a file that is new to us; the uid of the thing of the workspace that it is, if there is one."""
        self._steps.step()
        text = self._look.text(unit.path)
        if unit.kind in ("page", "models"):
            plan.bring.append(Arriving(unit, None, things.get(""), text, reason="first"))
            return {""}
        place = moves.name_in(self._look, unit.path, theirs(text), unit.kind)
        thing = by_name.get(place)
        if thing is None:
            other = next((it for it in things.values() if it.is_live and (it.folder, it.name) == place), None)
            if other is not None and other.uid in self._paths():
                self._outside.copies[folded(unit.path)] = unit  # its turn comes when all that have no other file are settled
                return set()
            if left := reading.unmerged(self._look, unit.path, text):
                raise BadInput("Git left a conflict in this file.", path=left[0], line=left[1], remedy="Choose one side.")
            plan.bring.append(Arriving(unit, None, None, text))
            return set()
        mine = self._writing.fresh(thing, unit.path)
        if reading.unmerged(self._look, unit.path, text):
            self._questions.ask(plan, unit, None, thing, "git")
        elif all(self._same(path, said) for path, said in mine.items()):
            plan.agree.append((unit, thing))
        elif unit.kind == "prompt" and (ahead := first_meeting.ahead(self._database.query, thing, self._look, unit.path, text)):
            if ahead == "folder":
                plan.bring.append(Arriving(unit, None, thing, text))
            else:
                plan.write.append((thing, None))
        else:
            self._questions.ask(plan, unit, None, thing, "first")
        return {thing.uid}

    def _copied(self, plan: Plan, unit: Unit, thing: Thing, lies: str) -> None:
        """Ask about a second file of a thing that has its own, once that is settled. Raises BadInput where there is nothing to choose."""
        base = self._base.get(folded(lies))
        if any(conflict.path == lies for conflict in self._questions.conflicts) or folded(lies) not in self._outside.units or base is None:
            raise BadInput(f"This is another form of {lies}.", path=unit.path, remedy=f"Choose about {lies} first.")
        if self._same(lies, self._look.text(unit.path)):
            raise BadInput(f"{lies} says the same.", path=unit.path, remedy="Delete this file, or give it another name, inside.")
        reading.check(self._look, unit.path, self._look.text(unit.path), unit.kind)
        self._questions.ask(plan, unit, base, thing, "copy")

    def _meet_copies(self, plan: Plan, kind: Kind, things: Mapping[str, Thing]) -> None:
        """What to do with the second files that cloud drives made."""
        by_path = {folded(path): things[uid] for uid, path in self._paths().items() if uid in things and things[uid].is_live}
        for unit in [unit for unit in self._outside.copies.values() if unit.kind == kind]:
            try:
                place = moves.name_in(self._look, unit.path, self._look.text(unit.path), kind) if kind in _NAMED else ("", "")
                found = [(key, thing) for key, thing in by_path.items() if (thing.folder, thing.name) == place]
                if not found:
                    raise BadInput("This is a copy that a cloud drive made because two computers wrote the file.", remedy=_TAKE_OVER)
                self._copied(plan, unit, found[0][1], self._base[found[0][0]].path)
            except BadInput as error:
                self._aside.add(unit.path, error)

    def _same(self, path: str, said: str) -> bool:
        try:
            return self._look.text(path) == said
        except BadInput:
            return False

    # -- doing ------------------------------------------------------------------------------------------------

    def _bring(self, kind: Kind, plan: Plan) -> None:
        """Bring in and archive, in one transaction; what was changed by it, or is chosen against the file, is then written."""
        arrived: list[tuple[Arriving, str, bool]] = []
        with self._database.write() as writer:
            importer = Importer(writer, Finds(), Steps(None))
            if kind == "comparison":
                self._lend_paths(importer)
            bringing = Bringing(importer, self._look)
            for arriving in plan.bring:
                self._steps.say()
                before, wrong = len(importer.done), len(importer.rejected)
                with importer.whole(self._look.folder / arriving.unit.path):
                    uid = bringing.bring(arriving)
                    is_changed = any(item.changes for item in importer.done[before:])
                    arrived.append((arriving, uid, is_changed))
                for rejected in importer.rejected[wrong:]:
                    self._aside.add(arriving.unit.path, BadInput(rejected.reason, path=rejected.path, line=rejected.line))
            for thing, _ in plan.archive:
                bringing.archive(thing)
            lie = {uid: arriving.unit.path for arriving, uid, _ in arrived if arriving.reason != "copy"}
            things = inside.things(asking(writer), kind, self._paths() | lie)
        self._brought += [self._relative(item) for item in importer.done if item.changes]
        self._not_carried += [replace(note, path=self._short(note.path)) for note in importer.not_carried]
        for thing, base in plan.archive:
            self._archived.append(Gone(kind, thing.id, thing.name, base.path))
            self._changed[folded(base.path)] = replace(base, gone=True, outside="")
            self._base[folded(base.path)] = self._changed[folded(base.path)]
        for arriving, uid, is_changed in arrived:
            unit, now = arriving.unit, things.get(uid)
            if now is None or not now.is_live:
                continue
            choice = arriving.answer.choice if arriving.answer else None
            if arriving.reason == "copy":
                self._writing.discard(unit.path)
                plan.write.append((now, None))
                continue
            self._agree(unit.path, kind, now, unit.hash)
            if is_changed or choice is not None or arriving.reason == "first":
                plan.write.append((now, self._instead(arriving, now, choice)))

        plan.write += [(things[uid], None) for uid in bringing.beside if uid in things]

    def _instead(self, arriving: Arriving, thing: Thing, choice: Choice | None) -> str | None:
        """The text to put in the place of the file before it is written on: another one than lies there, where so was chosen."""
        if choice == "merged" and arriving.answer is not None:
            return arriving.answer.text
        if choice in ("mine", "both") and arriving.reason != "label":
            return arriving.base.text if arriving.base is not None and arriving.base.text else ""
        if arriving.reason == "git":
            return arriving.text
        return None

    def _write(self, kind: Kind, plan: Plan) -> None:
        for _, base in plan.remove:
            if self._writing.remove(base):
                self._changed[folded(base.path)] = self._base[folded(base.path)] = replace(base, gone=True, outside="")
        if not plan.write:
            return
        if kind == "prompt":
            self._steps.total += len(plan.write)
        with self._database.snapshot() as query:
            self._writing.look_from(query)
            things = inside.things(query, kind, self._paths())
            bases = {base.thing: base for base in self._base.values() if base.kind == kind and base.thing}
            for thing, instead in plan.write:
                now = things.get(thing.uid)
                if now is None or not now.is_live:
                    continue
                self._steps.step()
                known = bases.get(thing.uid)
                path = self._writing.write(now, known, instead)
                if path is None:
                    continue
                if known is not None and known.path != path:
                    self._forgotten.add(known.path)
                    self._changed.pop(folded(known.path), None)
                    self._base.pop(folded(known.path), None)
                self._agree(path, kind, now, self._look.hash_of(path))
            if kind == "comparison":  # their own paths, and those of what they name, count into what they say
                things = inside.things(query, kind, self._paths())
                for key, base in list(self._base.items()):
                    if base.kind == kind and not base.gone and base.thing in things and key in self._changed:
                        self._base[key] = self._changed[key] = replace(base, inside=things[base.thing].digest)
        if kind == "prompt":
            self._writing.remove_unnamed()

    def _agree(self, path: str, kind: Kind, thing: Thing, hash_: str) -> None:
        """Note that both sides say the same."""
        key = folded(path)
        self._writing.lies_at(thing.uid, path)
        try:
            text = self._look.text(path)
        except BadInput:
            return
        self._base[key] = self._changed[key] = Agreed(path, kind, thing.uid, hash_, thing.digest, text)

    def _lend_paths(self, importer: Importer) -> None:
        """Let comparisons find the prompts and datasets that they name by path."""
        root = self._look.folder.resolve()
        ids = self._names()
        for base in self._base.values():
            if base.gone or base.thing not in ids:
                continue
            if base.kind == "prompt":
                stands_for = Imported("prompt", "", base.path, "library", ids[base.thing][0])
                importer.prompts[root / base.path] = Arrival(ids[base.thing][0], base.thing, stands_for, {}, [])
            elif base.kind == "dataset":
                importer.datasets[root / base.path] = base.thing

    def _relative(self, item: Imported) -> Imported:
        return replace(item, path=self._short(item.path))

    def _short(self, path: str) -> str:
        with suppress(ValueError):
            return Path(path).relative_to(self._look.folder).as_posix()
        return path
