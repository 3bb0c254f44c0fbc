"""What judges and people said of the same outputs, read from the store into the values that `analysis.calibration` takes."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache

from workbench.analysis.calibration import Judge, Mark, Person
from workbench.evaluators.verdicts import Unreadable, read
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass
from workbench.ratings.counting import Counted, preferred
from workbench.runs.judge_asks import Ask
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.store.judged import RULING
from workbench.store.outputs import newest
from workbench.values import Check, Score, canonical

_SCORES = """
SELECT score.output_id, score."check", score.passed, score.value, score.reason, score.at, job.run_id, job.column_index, job.case_index,
 job.repeat, length(output.text), verdict.resolved_model
FROM score JOIN output ON output.id = score.output_id JOIN job ON job.id = output.job_id
JOIN output AS verdict ON verdict.id = score.judge_output_id WHERE score.passed IS NOT NULL ORDER BY score.id"""
_RATINGS = f"""
SELECT rating.output_id, rating.aspect, rating.value, rating.label, rating.note, rating.spans, rating.at, rating.saw, rater.name,
 criterion.name, criterion.scale
FROM rating JOIN rater ON rater.id = rating.rater_id LEFT JOIN criterion ON criterion.id = rating.criterion_id
WHERE rating.replaced_by_id IS NULL AND rating.aspect NOT IN ('{RULING}', 'edited') AND EXISTS (
 SELECT 1 FROM score WHERE score.output_id = rating.output_id AND score.judge_output_id IS NOT NULL)
ORDER BY rating.id"""
_PAIR_RUNS = "SELECT id FROM run WHERE judged_run_id IS NOT NULL AND plan LIKE '%pairwise%' ORDER BY id"
_PAIR_ANSWERS = f"""
SELECT job.case_index, job.column_index, output.text FROM job JOIN output ON output.id = {newest()}
WHERE job.run_id = :run AND job.status = 'done' ORDER BY output.id"""


@dataclass(slots=True)
class Said:
    """All that one judge said. `outcomes`: of pairs that it was shown both ways."""

    judge: Judge
    marks: dict[int, Mark] = field(default_factory=dict)
    outcomes: list[tuple[str, str]] = field(default_factory=list)


def judge_of(check: Check) -> Judge:
    """The judge of a score's check: who was asked, and what."""
    judge = check.judge
    prompt, version, model = str(judge.get("prompt") or ""), judge.get("version"), str(judge.get("model") or "")
    asks = check.value if isinstance(check.value, str) else "" if check.value is None else canonical(check.value)
    who = [judge.get("prompt_uid") or prompt, version, judge.get("model_uid") or judge.get("model_name") or model]
    key = hashlib.sha256(canonical([*who, check.type, check.value, check.threshold]).encode()).hexdigest()[:16]
    title = check.name or prompt or check.title
    return Judge(
        key, title, prompt, str(judge.get("prompt_uid") or ""), version, model, str(judge.get("model_name") or model), check.type, asks
    )


def said_by_judges(database: Database, runs: Runs) -> list[Said]:
    """What every judge said, its last word on each output, with what people say of the same outputs; newest judges first."""
    found: dict[str, Said] = {}
    plans: dict[int, Plan] = {}
    people = _people(database)
    for output, text, passed, value, reason, at, run, column, case, repeat, length, resolved in database.query(_SCORES):
        plan = plans.get(run)
        if plan is None:
            plan = plans[run] = runs.plan(run)
        where, row = plan.columns[column], plan.cases[case]
        whole = Score(_check(text), bool(passed), value, reason or "")
        is_set = bool(whole.parts)
        for score in of_judges(whole):
            judge = judge_of(score.check)
            said = found.setdefault(judge.key, Said(judge))
            said.marks.pop(output, None)
            answered = score.check.judge.get("resolved_model") if is_set else resolved
            said.marks[output] = Mark(
                output, run, case, bool(score.passed), score.score, score.reason, _persons(people.get(output, {}), judge.title),
                row.name or f"Case {case + 1}", row.tags, column, where.model.title, where.model.name, where.model.colour,
                where.variant.version, length or 0, answered or judge.model_name, at, repeat,
            )  # fmt: skip
    _pairs(database, runs, found)
    return sorted(found.values(), key=lambda said: max((mark.at for mark in said.marks.values()), default=""), reverse=True)


def of_judges(score: Score) -> Iterator[Score]:
    """A judge's score, or in place of a set those of the judges in it that have a verdict."""
    if not score.parts:
        yield score
    for part in score.parts:
        if part.parts or (part.passed is not None and "prompt_uid" in part.check.judge):
            yield from of_judges(part)


@lru_cache(maxsize=1024)
def _check(text: str) -> Check:
    return Check.from_json(json.loads(text))


def compared(counted: Iterable[Counted]) -> dict[frozenset[int], str]:
    """Of two outputs that people compared: `tie` where nobody preferred one, else `apart`."""
    found: dict[frozenset[int], str] = {}
    for one in counted:
        pair = frozenset((one.left, one.right))
        if preferred(one.winner) != "tie" or found.get(pair) == "apart":
            found[pair] = "apart"
        else:
            found[pair] = "tie"
    return found


# A person's verdict


@dataclass(slots=True)
class _Heard:
    """What one person said of one output, by the aspect or the criterion's name."""

    verdicts: dict[str, bool] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    at: str = ""
    blind: bool = True


def _people(database: Database) -> dict[int, dict[str, _Heard]]:
    found: dict[int, dict[str, _Heard]] = defaultdict(dict)
    for output, aspect, value, label, note, spans, at, saw, rater, criterion, scale in database.query(_RATINGS):
        heard = found[output].setdefault(rater, _Heard())
        kind = str(json.loads(scale).get("kind") or "stars") if scale else aspect
        passed = passes(kind, value, label)
        if passed is not None:
            heard.verdicts[f"criterion {criterion.casefold()}" if criterion else aspect] = passed
            heard.at = max(heard.at, at)
            heard.blind = heard.blind and bool(json.loads(saw).get("blind") if saw else False)
        if note:
            heard.words.append(note)
        heard.words += [span["why"] for span in json.loads(spans) if span.get("why")] if spans else []
    return found


def passes(kind: str, value: float | None, label: str | None) -> bool | None:
    """Pass or fail of a rating on a scale: 4 or 5 stars pass, 1 or 2 fail; 60 of 100 and more pass, 40 and less fail. None between, and
    for words that are no verdict."""
    if kind == "verdict":
        return None if label not in ("pass", "fail") else label == "pass"
    if value is None or kind not in ("stars", "score"):
        return None
    low, high = (2, 4) if kind == "stars" else (40, 60)
    return True if value >= high else False if value <= low else None


def _persons(heard: Mapping[str, _Heard], title: str) -> tuple[Person, ...]:
    """Each rater's verdict as far as a check is concerned: by the criterion of its name, else by the verdict, stars or score."""
    found = []
    for rater, said in heard.items():
        order = (f"criterion {title.casefold()}", "verdict", "stars", "score")
        which = next((name for name in order if name in said.verdicts), None)
        if which is not None:
            found.append(Person(rater, said.verdicts[which], " ".join(said.words), said.at, said.blind))
    return tuple(found)


# Pairs that were put to a judge in both orders


def _pairs(database: Database, runs: Runs, found: Mapping[str, Said]) -> None:
    for (run,) in database.query(_PAIR_RUNS):
        plan = runs.plan(run)
        said: dict[tuple[str, tuple[int, ...]], str] = {}
        for case, column, text in database.query(_PAIR_ANSWERS, {"run": run}):
            ask = Ask.from_json(plan.cases[case].values["judged"])
            if ask.check.type.removeprefix("not-") != "pairwise" or len(ask.targets) != 2:
                continue
            where = plan.columns[column]
            who = {
                "prompt": where.variant.prompt, "prompt_uid": where.variant.prompt_uid, "version": where.variant.version,
                "model": where.model.title, "model_name": where.model.name, "model_uid": where.model.model_uid,
            }  # fmt: skip
            key = judge_of(Check(ask.check.type, ask.check.value, ask.check.name, threshold=ask.check.threshold, judge=who)).key
            try:
                said[key, tuple(ask.targets)] = read(ask.check, text or "", 2).winner
            except Unreadable:
                continue
        for (key, targets), winner in said.items():
            other = said.get((key, _swapped(targets)))
            if other is not None and targets[0] < targets[1] and key in found:
                found[key].outcomes.append((winner, other))


def _swapped(targets: Sequence[int]) -> tuple[int, ...]:
    return tuple(reversed(targets))
