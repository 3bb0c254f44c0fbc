"""Models that stop soon or have stopped, and what in the workspace would stop with them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from workbench.library.records import ComparisonRow, ModelRow
from workbench.quick_dataclass import dataclass

SOON_DAYS = 90
"""From how many days before its end on a model is told of."""


@dataclass(frozen=True, slots=True)
class Retirement:
    """One model with the day on which it stops, or stopped."""

    model: ModelRow
    day: date
    days_left: int
    """Negative where it has stopped."""
    comparisons: tuple[ComparisonRow, ...]
    """Saved comparisons that ask it."""
    prompts: tuple[tuple[int, str], ...]
    """(id, name) of the prompts in them."""
    successor: ModelRow | None = None
    """The model that the vendor names in its place, where the workspace has it."""


def retirements(
    models: Sequence[ModelRow], comparisons: Sequence[ComparisonRow], prompts: Mapping[str, tuple[int, str]], today: date
) -> list[Retirement]:
    """The models that stop within `SOON_DAYS` or have stopped, the nearest day first. `prompts`: uid -> (id, name)."""
    found = []
    for model in models:
        day = end_of(model)
        if day is None or (day - today).days > SOON_DAYS:
            continue
        using = tuple(row for row in comparisons if model.uid in row.definition.model_uids)
        uids = dict.fromkeys(ref.prompt_uid for row in using for ref in row.definition.prompts)
        found.append(
            Retirement(
                model, day, (day - today).days, using, tuple(prompts[uid] for uid in uids if uid in prompts), _successor(model, models)
            )
        )
    return sorted(found, key=lambda each: (not each.comparisons, each.day, each.model.title))


def end_of(model: ModelRow) -> date | None:
    """The day on which a model stops, where one is announced."""
    try:
        return date.fromisoformat(str(model.facts.get("retires") or ""))
    except ValueError:
        return None


def _successor(model: ModelRow, models: Sequence[ModelRow]) -> ModelRow | None:
    name = model.facts.get("successor")
    fitting = [row for row in models if name and row.name.rsplit("/", 1)[-1] == name and row.ready]
    return next((row for row in fitting if row.connection_id == model.connection_id), fitting[0] if fitting else None)
