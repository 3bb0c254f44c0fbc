"""The answers in promptfoo's results, with times, costs, tokens and verdicts, as a run that was made there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from workbench.formats.foreign_values import listed, samples_of
from workbench.formats.promptfoo.checks import TRANSFORMED
from workbench.formats.promptfoo.providers import wire_of
from workbench.values.brought import BroughtAnswer, BroughtRun
from workbench.values.calls import Failure, Reply, Usage
from workbench.values.checks import Check
from workbench.values.comparisons import Case, ModelSpec, Score, Variant
from workbench.values.messages import Content, canonical

_MOST = 1_000_000
_UNNAMED = "model not named in the file"


class _Reader:
    """Gathers columns and cases while it goes through the results."""

    def __init__(self, inner: Mapping[str, Any], contents: Mapping[str, tuple[str, Content]]) -> None:
        """`contents`: the name and the content of each prompt by its template."""
        self._asked = [item for item in listed(inner.get("prompts")) if isinstance(item, Mapping)]
        self._contents = contents
        self.columns: dict[tuple[str, str], tuple[Variant, ModelSpec]] = {}
        self.cases: dict[str, Case] = {}
        self.answers: list[BroughtAnswer] = []
        self._places: dict[tuple[str, str], int] = {}
        self._numbers: dict[str, int] = {}
        self._seen: dict[tuple[int, int], int] = {}

    def take(self, result: Mapping[str, Any]) -> bool:
        """False for a result whose prompt is not among those that came in."""
        template = self._template(result)
        if template is None:
            return False
        column = self._column(template, result.get("provider"))
        scores = _scores(result)
        case = self._case(result, scores)
        repeat = self._seen[column, case] = self._seen.get((column, case), 0) + 1
        response = result.get("response") if isinstance(result.get("response"), Mapping) else {}
        cost = result.get("cost", (response or {}).get("cost"))
        answer = BroughtAnswer(column, case, repeat, _reply(result, response or {}), _failure(result, response or {}), _money(cost), scores)
        self.answers.append(answer)
        return True

    def _template(self, result: Mapping[str, Any]) -> str | None:
        prompt = result.get("prompt") if isinstance(result.get("prompt"), Mapping) else {}
        index = result.get("promptIdx")
        named = self._asked[index] if isinstance(index, int) and 0 <= index < len(self._asked) else {}
        for text in (named.get("raw"), (prompt or {}).get("raw"), (prompt or {}).get("display"), (prompt or {}).get("label")):
            if isinstance(text, str) and text in self._contents:
                return text
        return next(iter(self._contents)) if len(self._contents) == 1 and not named else None

    def _column(self, template: str, provider: Any) -> int:
        given = provider if isinstance(provider, Mapping) else {"id": provider}
        id_ = str(given.get("id") or given.get("label") or _UNNAMED)
        title = str(given.get("label") or id_)
        if (template, id_) not in self.columns:
            wire_format, base_url, model, key_env = wire_of(id_)
            name, content = self._contents[template]
            model_spec = ModelSpec(
                model, title, wire_format, base_url, title, key_env=key_env or None, colour=self._colour(id_),
                place="builtin" if wire_format == "echo" else "cloud",
            )  # fmt: skip
            self.columns[template, id_] = Variant(name, None, content), model_spec
            self._places[template, id_] = len(self._places)
        return self._places[template, id_]

    def _colour(self, id_: str) -> int:
        known = list(dict.fromkeys(other for _template, other in self.columns))
        return known.index(id_) if id_ in known else len(known)

    def _case(self, result: Mapping[str, Any], scores: Sequence[Score]) -> int:
        test = result.get("testCase") if isinstance(result.get("testCase"), Mapping) else {}
        given = result.get("vars") if isinstance(result.get("vars"), Mapping) else (test or {}).get("vars")
        values = {name: value for name, value in samples_of(given or {}).items() if name != "_conversation"}
        key = repr((result.get("testIdx"), sorted(values.items(), key=lambda item: item[0])))
        if key not in self.cases:
            name = str((test or {}).get("description") or result.get("description") or "")
            self.cases[key] = Case(values, name, checks=tuple(score.check for score in scores))
            self._numbers[key] = len(self._numbers)
        return self._numbers[key]


def read_run(
    inner: Mapping[str, Any], title: str, contents: Mapping[str, tuple[str, Content]], made_at: str
) -> tuple[BroughtRun | None, int]:
    """The run in the results, and how many answers have no prompt that came in. None where there is no answer."""
    reader = _Reader(inner, contents)
    told = [result for result in listed(inner.get("results"))[:_MOST] if isinstance(result, Mapping) and _says_something(result)]
    lost = sum(not reader.take(result) for result in told)
    if not reader.answers:
        return None, lost
    found = BroughtRun(title, "promptfoo", tuple(reader.columns.values()), tuple(reader.cases.values()), tuple(reader.answers), made_at)
    return found, lost


def _says_something(result: Mapping[str, Any]) -> bool:
    return isinstance(result.get("response"), Mapping) or bool(result.get("error"))


def _reply(result: Mapping[str, Any], response: Mapping[str, Any]) -> Reply:
    output = response.get("output")
    text = output if isinstance(output, str) else "" if output is None else json.dumps(output, ensure_ascii=False)
    usage = response.get("tokenUsage") or result.get("tokenUsage")
    counts = usage if isinstance(usage, Mapping) else {}
    latency = result.get("latencyMs")
    return Reply(
        text.replace("\x00", ""),
        usage=Usage(_whole(counts.get("prompt")), _whole(counts.get("completion"))),
        latency_ms=float(latency) if isinstance(latency, (int, float)) and not isinstance(latency, bool) and latency >= 0 else None,
        raw_finish_reason=str(response["finishReason"]) if response.get("finishReason") else None,
    )


def _failure(result: Mapping[str, Any], response: Mapping[str, Any]) -> Failure | None:
    """A failed call. What promptfoo calls the error of an answer whose checks failed is their reason, and no failure here."""
    said = response.get("error") or (result.get("error") if result.get("failureReason") == 2 or "output" not in response else None)
    return None if not said else Failure("server", str(said).replace("\x00", ""))


def checks_of(result: Mapping[str, Any]) -> tuple[Check, ...]:
    """The checks of the test of a result: as its test says them, or where old files leave that out as they were graded."""
    test = result.get("testCase") if isinstance(result.get("testCase"), Mapping) else {}
    options = (test or {}).get("options")
    transformed = isinstance(options, Mapping) and bool(options.get("transform"))
    found = tuple(check for item in listed((test or {}).get("assert")) if (check := _check(item, transformed)) is not None)
    found = found or tuple(score.check for score in _scores(result))
    threshold = (test or {}).get("threshold")
    if found and isinstance(threshold, (int, float)) and not isinstance(threshold, bool):  # the mean counts, not each check
        return (Check("assert-set", [check.to_json() for check in found], threshold=float(threshold)),)
    return found


def _scores(result: Mapping[str, Any]) -> tuple[Score, ...]:
    graded = result.get("gradingResult")
    if not isinstance(graded, Mapping):
        return ()
    parts = [part for part in listed(graded.get("componentResults")) if isinstance(part, Mapping)]
    if not parts and isinstance(graded.get("assertion"), Mapping):
        parts = [graded]
    return tuple(score for part in parts if (score := _score(part)) is not None)


def _check(asked: Any, transformed: bool = False) -> Check | None:
    if not isinstance(asked, Mapping) or not isinstance(asked.get("type"), str):
        return None
    value = asked.get("value")
    if asked["type"] == "assert-set":
        inside = [check for item in listed(asked.get("assert")) if (check := _check(item, transformed)) is not None]
        value = [check.to_json() for check in inside]
    kind = asked["type"] + (TRANSFORMED if transformed or asked.get("transform") or asked.get("contextTransform") else "")
    item = {"type": kind, "value": value, "name": asked.get("metric")}
    item |= {key: asked[key] for key in ("weight", "threshold") if isinstance(asked.get(key), (int, float))}
    try:
        canonical(item)
    except (TypeError, ValueError):
        return None
    return Check.from_json(item)


def _score(part: Mapping[str, Any]) -> Score | None:
    check = _check(part.get("assertion"))
    if check is None:
        return None
    amount = part.get("score")
    is_number = isinstance(amount, (int, float)) and not isinstance(amount, bool)
    return Score(
        check,
        bool(part.get("pass")),
        float(amount or 0) if is_number else None,
        str(part.get("reason") or "").replace("\x00", ""),
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _money(value: Any) -> Decimal | None:
    try:
        found = None if value is None or isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found is None or (found.is_finite() and 0 <= found < 1_000_000) else None
