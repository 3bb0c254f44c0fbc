"""A check: what is asked of an output, by a rule or by a model that judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from workbench.quick_dataclass import dataclass, replace


@dataclass(frozen=True, slots=True)
class Check:
    """A test of an output: `type` as in promptfoo (`contains`, `not-regex`, ...), `value` may be a template."""

    type: str
    value: Any = None
    name: str = ""
    weight: float = 1.0
    threshold: float | None = None
    judge: Mapping[str, Any] = field(default_factory=dict)
    """Of a check that a model judges, who is asked: `model` (title, name or uid; else the one in the settings), `prompt` (name or uid of
    the judge prompt; else the one of its type) and `version`. In a score: who was asked, with `asked` for what stood here."""

    @property
    def title(self) -> str:
        """The name to show: the given one, else the type and its value, shortened."""
        if self.name:
            return self.name
        if self.value is None:
            return self.type
        if self.type.removeprefix("not-") == "assert-set" and isinstance(self.value, list):
            return (
                f"{self.type}: {', '.join(str(one.get('name') or one.get('type')) for one in self.value if isinstance(one, Mapping))[:80]}"
            )
        plain = isinstance(self.value, list) and not any(isinstance(one, list | Mapping) for one in self.value)
        text = ", ".join(map(str, self.value)) if plain else str(self.value)
        return f"{self.type}: {text if len(text) <= 40 else text[:39] + '…'}"

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the default, so that files stay short."""
        item: dict[str, Any] = {"type": self.type}
        if self.value is not None:
            item["value"] = self.value
        if self.name:
            item["name"] = self.name
        if self.weight != 1.0:
            item["weight"] = float(self.weight)
        if self.threshold is not None:
            item["threshold"] = float(self.threshold)
        if self.judge:
            item["judge"] = dict(self.judge)
        return item

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Check:
        """The check that `to_json` wrote. Raises ValueError or TypeError where weight or threshold is no number."""
        threshold = item.get("threshold")
        return Check(
            type=str(item["type"]),
            value=item.get("value"),
            name=str(item.get("name") or ""),
            weight=float(item.get("weight", 1.0)),
            threshold=None if threshold is None else float(threshold),
            judge=dict(item["judge"]) if isinstance(item.get("judge"), Mapping) else {},
        )


JUDGED = frozenset(
    ("llm-rubric", "factuality", "model-graded-factuality", "model-graded-closedqa", "answer-relevance", "context-faithfulness",
     "context-recall", "context-relevance", "g-eval", "select-best", "pairwise")
)  # fmt: skip
"""The types of checks that a model judges, without `not-`."""


def with_judges(check: Check, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Check:
    """The check with what `change` makes of who is asked, wherever in it a model judges: in itself, or in sets at any depth."""
    kind = check.type.removeprefix("not-")
    if kind in JUDGED:
        return replace(check, judge=change(check.judge))
    inner = check.value if kind == "assert-set" and isinstance(check.value, list) else ()
    if not inner or not all(isinstance(item, Mapping) and "type" in item for item in inner):
        return check
    return replace(check, value=[with_judges(Check.from_json(item), change).to_json() for item in inner])


def judged_by(check: Check, model: str) -> Check:
    """The check with this model (title, name or uid) as its judge, whichever it names itself."""
    return with_judges(check, lambda judge: {**judge, "model": model})


def checks_from_json(listed: Any) -> tuple[Check, ...]:
    """The checks that `Check.to_json` wrote. Raises ValueError with a sentence where it is no list of them."""
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) and isinstance(one.get("type"), str) for one in listed):
        raise ValueError("The checks of a case or a prompt are a list, each with its type.")
    try:
        return tuple(Check.from_json(one) for one in listed)
    except (TypeError, ValueError):
        raise ValueError("The weight and threshold of a check are numbers.") from None
