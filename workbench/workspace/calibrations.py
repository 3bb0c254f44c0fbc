"""Model judges beside people: what each agrees on with them, what follows for its use, and what its prompt can learn."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from workbench.analysis.calibration import Calibration, Judge, Mark, calibrate
from workbench.analysis.judge_advice import Advice, MeasuredJudge, advice
from workbench.formats.tabular_shield import shielded
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.quick_dataclass import replace
from workbench.ratings.counting import VoteCounts
from workbench.runs.judge_asks import Seen, question_of
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.store.outputs import newest, scored
from workbench.values import BadInput, Check, Message, NotFound, Score
from workbench.workspace.judged_marks import compared, judge_of, of_judges, said_by_judges
from workbench.workspace.rulings import Rulings

if TYPE_CHECKING:
    from workbench.library.records import VersionRow

_STATE = """
SELECT (SELECT max(id) FROM score), (SELECT max(id) FROM rating), (SELECT max(id) FROM vote),
 (SELECT count(*) FROM score WHERE judge_output_id IS NOT NULL)"""
_JUDGED = f"""
SELECT DISTINCT score.check_key, score."check" FROM job JOIN output ON output.id = {newest()} JOIN score ON {scored()}
WHERE job.run_id = :run AND score.judge_output_id IS NOT NULL"""
_COLUMNS = (
    "judge", "judge_prompt", "judge_version", "judge_model", "run", "case", "case_name", "model", "version", "judge_verdict", "judge_score",
    "judge_reason", "people_verdict", "raters", "people_words", "agree", "right", "reason_contradicts", "answer",
)  # fmt: skip


class Calibrations:
    """The verbs on judges and how far they agree with people. They read much: not for the Qt thread."""

    def __init__(self, database: Database, runs: Runs, prompts: Prompts, versions: Versions, votes: VoteCounts) -> None:
        self._database, self._runs, self._prompts, self._versions = database, runs, prompts, versions
        self._votes, self.rulings = votes, Rulings(database)
        self._lock = threading.Lock()
        self._known: tuple[Any, tuple[Calibration, ...]] | None = None

    def all(self) -> tuple[Calibration, ...]:
        """Every judge that has given a verdict, beside people; the newest first. Kept until a score, rating or vote is written."""
        with self._lock:
            state = self._database.query(_STATE)[0]
            if self._known is None or self._known[0] != state:
                said, even = said_by_judges(self._database, self._runs), compared(self._votes.everywhere())
                found = tuple(calibrate(one.judge, tuple(one.marks.values()), one.outcomes, even) for one in said)
                self._known = (state, found)
            return self._known[1]

    def get(self, key: str) -> Calibration:
        """One judge by its key. Raises NotFound."""
        for found in self.all():
            if found.judge.key == key:
                return found
        raise NotFound("This judge has given no verdict.", remedy="Choose another one.")

    def unrated(self, key: str) -> list[Mark]:
        """The answers that a judge gave a verdict on and nobody rated."""
        return [mark for mark in self.get(key).judged if not mark.people]

    def of_check(self, check: Check) -> MeasuredJudge | None:
        """The judge that gave a score, and how far it agrees with people; None where no model did. `check` is that of the score."""
        if "prompt_uid" not in check.judge:  # not judged yet, or by no model
            return None
        judge = judge_of(check)
        return MeasuredJudge("", judge, next((found for found in self.all() if found.judge.key == judge.key), None))

    def of_run(self, run_id: int) -> list[MeasuredJudge]:
        """The judges whose verdicts count in a run, by the key of their check; those in a set by the key of the set."""
        found: dict[tuple[str, str], MeasuredJudge] = {}
        known = {one.judge.key: one for one in self.all()}
        for key, text in self._database.query(_JUDGED, {"run": run_id}):
            for score in of_judges(Score(Check.from_json(json.loads(text)), None, None)):
                if "prompt_uid" in score.check.judge:
                    judge = judge_of(score.check)
                    found[key, judge.key] = MeasuredJudge(key, judge, known.get(judge.key))
        return sorted(found.values(), key=lambda one: (not one.check.isdigit(), one.check.zfill(9)))

    @staticmethod
    def advice(found: Calibration) -> Advice:
        """What the numbers of a judge allow to say of it."""
        return advice(found)

    def answer(self, mark: Mark) -> str:
        """The judged answer in full."""
        return self._runs.output(mark.output_id).text

    def prompt_id(self, judge: Judge) -> int:
        """The id of the judge's prompt in the library. Raises NotFound."""
        for row in self._prompts.list():
            if row.uid == judge.prompt_uid:
                return row.id
        raise NotFound(f"The judge prompt {judge.prompt} is not in the library any more.", remedy="Choose another prompt for the check.")

    def add_example(self, judge: Judge, mark: Mark) -> VersionRow:
        """The new version of the judge's prompt, with this answer and people's verdict on it as one more example in front of what it is
        asked. Raises NotFound; BadInput where the prompt has unsaved changes or has the example already."""
        if mark.people_passed is None:
            raise BadInput("People give no verdict on this answer.", remedy="Rate it first.")
        prompt = self.prompt_id(judge)
        if self._versions.draft(prompt, "") is not None:
            raise BadInput(f"{judge.prompt} has changes that are not saved.", remedy="Save or discard them in the library, then add it.")
        latest = self._versions.latest(prompt)
        if latest is None:
            raise NotFound(f"{judge.prompt} has no version.", remedy="Save one in the library.")
        content = self._versions.content(latest.id)
        example = self._example(judge, mark)
        if example[0] in content.messages:
            raise BadInput(f"This answer is an example in {judge.prompt} already.", remedy="Choose another one.")
        messages = list(content.messages)
        last = max((at for at, message in enumerate(messages) if message.role == "user"), default=len(messages))
        messages[last:last] = example
        return self._versions.save(prompt, replace(content, messages=tuple(messages)), f"Example: {mark.name}", branch="")

    def _example(self, judge: Judge, mark: Mark) -> tuple[Message, Message]:
        plan = self._runs.plan(mark.run_id)
        answer = self.answer(mark)
        asked = question_of(plan, [Seen(mark.column, mark.case, answer)])
        parts = [("Question", asked), ("Answer", answer), ("Judge it by", judge.asks)]
        text = "\n\n".join(["An example.", *(f"{title}:\n{words}" for title, words in parts if words)])
        passed = mark.people_passed is True
        # A `not-` check turns the judge's word round, so its example is turned back.
        said = passed != judge.type.startswith("not-")
        why = "; ".join(person.words for person in mark.people if person.words and person.passed == passed)
        verdict = {"reason": why or "As people who rated it say.", "pass": said, "score": 1 if said else 0}
        return Message.of("user", _raw(text)), Message.of("assistant", _raw(json.dumps(verdict, ensure_ascii=False)))

    def table(self, found: Calibration) -> str:
        """Every answer that the judge gave a verdict on and people rated, as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        right = self.rulings.of(found.judge.key)
        for mark in found.marks:
            writer.writerow([shielded(value) for value in self._row(found.judge, mark, right.get(mark.output_id, ""))])
        return text.getvalue()

    def _row(self, judge: Judge, mark: Mark, right: str) -> Iterable[Any]:
        return (
            judge.title, judge.prompt, judge.version, judge.model, mark.run_id, mark.case + 1, mark.name, mark.model, mark.version,
            _verdict(mark.passed), mark.value, mark.reason, _verdict(mark.people_passed is True),
            ", ".join(person.rater for person in mark.people), " ".join(person.words for person in mark.people if person.words),
            "no" if mark.disagrees else "yes", right, "yes" if mark.contradicts else "no", self.answer(mark),
        )  # fmt: skip


def _verdict(passed: bool) -> str:
    return "pass" if passed else "fail"


def _raw(text: str) -> str:
    """A text that a template says as it is."""
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return text
    pieces = text.replace("{{", "\0").replace("{%", "\1").replace("{#", "\2")
    return pieces.replace("\0", "{{ '{{' }}").replace("\1", "{{ '{%' }}").replace("\2", "{{ '{#' }}")
