"""Judgements given and taken back.

One is never overwritten. Of each rater the newest row on an aspect (or criterion) of an output counts; a new one points the row before
it to itself, and taking one back writes the earlier one again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any, Literal

from workbench.library.names import whole_text
from workbench.quick_dataclass import dataclass, replace
from workbench.ratings.records import Aspect, Verdict
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.store.raters import ensure_rater
from workbench.values import BadInput, Highlight, NotFound, Saw, Scale, canonical

LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Said:
    """The columns of a judgement; all None: nothing is said."""

    value: float | None = None
    label: str | None = None
    note: str | None = None
    spans: str | None = None


@dataclass(frozen=True, slots=True)
class _Subject:
    output_id: int
    aspect: Aspect
    criterion_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """What one verb changed, so that it can be taken back and made again."""

    subject: _Subject
    rater_id: int
    before: Said
    after: Said
    saw: Saw | None
    together: int = 0
    """Steps of the same number are one: above 0, what was said of answers in the same words."""


_Change = Callable[[Writer, Said], Said]
NOTHING = Said()


class Judging:
    """The verbs that say something of an output, for whoever rates at this desk. `saw`: what that one could see; None: not known."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._groups = 0

    def stars(self, output_id: int, value: int | None, saw: Saw | None = None) -> int:
        """Id of the new rating. `value` is 1 to 5, or None to take the stars away. Raises ValueError, NotFound."""
        return self._judge(_Subject(output_id, "stars"), said_on("stars", value), saw)

    def verdict(self, output_id: int, word: Verdict | None, saw: Saw | None = None) -> int:
        """Id of the new rating. `word` is pass or fail, or None to take it away. Raises ValueError, NotFound."""
        return self._judge(_Subject(output_id, "verdict"), said_on("verdict", word), saw)

    def score(self, output_id: int, value: float | None, saw: Saw | None = None) -> int:
        """Id of the new rating. `value` is 0 to 100, or None to take it away. Raises ValueError, NotFound."""
        return self._judge(_Subject(output_id, "score"), said_on("score", value), saw)

    def label(self, output_id: int, word: str | None, saw: Saw | None = None) -> int:
        """Id of the new rating; None or an empty word takes the label away. Raises BadInput for a very long one, NotFound."""
        cleaned = " ".join(whole_text(word or "").split())
        if len(cleaned) > LONGEST_LABEL:
            raise BadInput(f"A label has {LONGEST_LABEL} characters at most.", remedy="Write the rest into the note.")
        return self._judge(_Subject(output_id, "label"), Said(label=cleaned or None), saw)

    def note(self, output_id: int, text: str, saw: Saw | None = None) -> int:
        """Id of the new rating; an empty text takes the note away. Raises NotFound."""
        return self._judge(_Subject(output_id, "note"), Said(note=whole_text(text) or None), saw)

    def edited(self, output_id: int, text: str, saw: Saw | None = None) -> int:
        """Id of the new rating: the answer as it should have been, for training data. The output itself never changes.

        An empty text takes it away. Raises NotFound.
        """
        return self._judge(_Subject(output_id, "edited"), Said(note=whole_text(text) if text.strip() else None), saw)

    def criterion(self, output_id: int, criterion_id: int, said: float | str | None, saw: Saw | None = None) -> int:
        """Id of the new rating by a criterion: a number or a word of its scale, or None to take it away.

        Raises ValueError for what the scale does not have, NotFound.
        """
        rows = self._database.query("SELECT scale, name FROM criterion WHERE id = :id", {"id": criterion_id})
        if not rows:
            raise NotFound(f"There is no criterion {criterion_id}.")
        scale = Scale.from_json(json.loads(rows[0][0]))
        if scale.kind == "labels" and said is not None and said not in scale.labels:
            raise ValueError(f"{rows[0][1]} has no label {said}")
        return self._judge(_Subject(output_id, "criterion", criterion_id), said_on(scale.kind, said), saw)

    def highlight(self, output_id: int, mark: Highlight, saw: Saw | None = None) -> int:
        """Id of the new rating: the answer with one more mark, or with another reason on the same stretch.

        Raises ValueError for a stretch that the answer does not have, NotFound.
        """
        return self._judge(_Subject(output_id, "highlights"), lambda writer, before: _with_mark(writer, output_id, before, mark), saw)

    def remove_highlight(self, output_id: int, start: int, end: int, saw: Saw | None = None) -> int:
        """Id of the new rating: the answer without the mark on this stretch. Raises NotFound."""

        def without(_writer: Writer, before: Said) -> Said:
            return _spans(mark for mark in marks_of(before.spans) if (mark.start, mark.end) != (start, end))

        return self._judge(_Subject(output_id, "highlights"), without, saw)

    def as_one(self, verb: Callable[[], object]) -> bool:
        """True where `verb` said something new. All that it says is taken back in one step."""
        before = len(self._done)
        verb()
        with self._lock:
            self._groups += 1
            self._done[before:] = [replace(step, together=self._groups) for step in self._done[before:]]
            return len(self._done) > before

    def undo(self) -> int | None:
        """The output whose last judgement was taken back; None when there is none left. Lasts as long as the workspace is open."""
        return self._step_back(self._done, self._undone, "before")

    def redo(self) -> int | None:
        """The output whose judgement was made again; None when nothing was taken back."""
        return self._step_back(self._undone, self._done, "after")

    # -- how it is done ------------------------------------------------------------------------------------------

    def _judge(self, subject: _Subject, said: Said | _Change, saw: Saw | None) -> int:
        change = _saying(said) if isinstance(said, Said) else said
        with self._lock:
            with self._database.write() as writer:
                rater = ensure_rater(self._database, writer)
                rating_id, before, after = _write(writer, subject, rater, change, saw)
            if before != after:
                self._done.append(_Step(subject, rater, before, after, saw))
                self._undone.clear()
        return rating_id

    def _step_back(self, source: list[_Step], target: list[_Step], side: Literal["before", "after"]) -> int | None:
        with self._lock:
            if not source:
                return None
            first = len(source) - 1
            while first and source[first].together and source[first - 1].together == source[first].together:
                first -= 1
            steps = source[first:]
            with self._database.write() as writer:
                for step in reversed(steps):
                    _write(writer, step.subject, step.rater_id, _saying(step.before if side == "before" else step.after), step.saw)
            del source[first:]
            target += reversed(steps)
            return steps[0].subject.output_id


def _saying(said: Said) -> _Change:
    return lambda _writer, _before: said


def said_on(kind: str, said: float | str | None) -> Said:
    """The columns for a judgement on a scale. Raises ValueError for what the scale does not have."""
    if said is None:
        return NOTHING
    if kind == "stars":
        if isinstance(said, str) or said not in (1, 2, 3, 4, 5):
            raise ValueError("stars are 1 to 5")
        return Said(value=float(said))
    if kind == "score":
        if isinstance(said, str) or not 0 <= said <= 100:
            raise ValueError("a score is 0 to 100")
        return Said(value=float(said))
    if kind == "verdict" and said not in ("pass", "fail"):
        raise ValueError("a verdict is pass or fail")
    return Said(label=str(said))


def write_judgement(
    writer: Writer, rater_id: int, output_id: int, aspect: Aspect, said: Said, *, criterion_id: int | None = None, saw: Saw | None = None
) -> int:
    """Id of the row that now counts, written as part of a larger write, such as ratings that came in a file. No undo leads behind it."""
    return _write(writer, _Subject(output_id, aspect, criterion_id), rater_id, _saying(said), saw)[0]


def marks_of(spans: str | None) -> tuple[Highlight, ...]:
    """The marks that were stored, in the order of the text."""
    return tuple(Highlight(item["start"], item["end"], item.get("why", "")) for item in json.loads(spans)) if spans else ()


def _spans(marks: Iterable[Highlight]) -> Said:
    ordered = sorted(marks, key=lambda mark: (mark.start, mark.end))
    return Said(spans=canonical([{"start": mark.start, "end": mark.end, "why": mark.why} for mark in ordered])) if ordered else NOTHING


def _with_mark(writer: Writer, output_id: int, before: Said, mark: Highlight) -> Said:
    text = writer.run("SELECT text FROM output WHERE id = :id", id=output_id).scalar()
    if not 0 <= mark.start < mark.end <= len(text or ""):
        raise ValueError("a mark lies within the answer")
    mark = replace(mark, why=" ".join(whole_text(mark.why).split()))
    others = [one for one in marks_of(before.spans) if (one.start, one.end) != (mark.start, mark.end)]
    return _spans([*others, mark])


def _write(writer: Writer, subject: _Subject, rater_id: int, change: _Change, saw: Saw | None) -> tuple[int, Said, Said]:
    """Id of the row that now counts, what counted before, and what counts now. Saying the same again adds no row."""
    given: dict[str, Any] = {"output": subject.output_id, "aspect": subject.aspect, "rater": rater_id, "criterion": subject.criterion_id}
    job = writer.run("SELECT job_id FROM output WHERE id = :id", id=subject.output_id).scalar()
    if job is None:
        raise NotFound(f"There is no output {subject.output_id}.")
    current = writer.run(
        "SELECT id, value, label, note, spans FROM rating WHERE output_id = :output AND aspect = :aspect AND rater_id = :rater "
        "AND coalesce(criterion_id, -1) = coalesce(CAST(:criterion AS INTEGER), -1) AND replaced_by_id IS NULL ORDER BY id DESC",
        **given,
    ).first()
    before = Said(*current[1:]) if current else NOTHING
    after = change(writer, before)
    if current and before == after:
        return int(current[0]), before, after
    new_id = int(
        writer.run(
            "INSERT INTO rating (output_id, aspect, rater_id, criterion_id, value, label, note, spans, saw, at) "
            "VALUES (:output, :aspect, :rater, :criterion, :value, :label, :note, :spans, :saw, :at) RETURNING id",
            **given,
            value=after.value,
            label=after.label,
            note=after.note,
            spans=after.spans,
            saw=canonical(saw.to_json()) if saw else None,
            at=stamps.now(),
        ).scalar_one()
    )
    if current:
        writer.run("UPDATE rating SET replaced_by_id = :new WHERE id = :old", new=new_id, old=current[0])
    writer.touch("rating", subject.output_id)
    return new_id, before, after
