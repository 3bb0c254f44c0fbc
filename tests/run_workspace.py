"""A workspace with a prompt in two versions, a dataset, two models on a stand-in provider, and a comparison over them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from workbench.settings import Settings
from workbench.values import Case, Check, Content, Definition, Message, Price, PromptRef
from workbench.workspace import Workspace

CHECKS = (Check("icontains", "order", "Order no."), Check("not-contains", "unfortunately", "Tone"))


@dataclass(frozen=True)
class Filled:
    """Ids of what was put in."""

    path: Path | str
    prompt: int
    dataset: int
    models: tuple[int, ...]
    comparison: int


def fill(
    path: Path | str, settings: Settings, base_url: str, *,
    cases: int = 4, models: int = 2, versions: Sequence[int] = (1, 2), repeats: int = 1,
    checks: Sequence[Check] = CHECKS, concurrency: int = 4, budget: str | None = "5",
    vendor: str = "other",
) -> Filled:  # fmt: skip
    """Make it, closed again."""
    ws = Workspace.open(path, settings)
    prompt = ws.prompts.create("Refund reply", "support", content("Short."))
    ws.versions.save(prompt, content("Say what the policy allows."), "Policy first")
    dataset = ws.datasets.create("Golden")
    rows = [Case({"input": f"ticket {n} about an order"}, f"Case name {n}", "refund", ("odd",) * (n % 2)) for n in range(cases)]
    ws.datasets.add_cases(dataset, rows)
    connection = ws.connections.add("Stand-in", vendor, base_url)
    ids = tuple(
        ws.connections.add_model(connection, f"fake-{number}", f"model-{number}", price=Price(Decimal(1 + number), Decimal(2)))
        for number in range(models)
    )
    definition = Definition(
        "Refunds",
        tuple(PromptRef(ws.prompts.get(prompt).uid, version) for version in versions),
        tuple(ws.connections.model(id).uid for id in ids),
        ws.datasets.get(dataset).uid,
        repeats=repeats,
        checks=tuple(checks),
        concurrency=concurrency,
        max_cost_usd=None if budget is None else Decimal(budget),
    )
    comparison = ws.comparisons.save(definition)
    ws.close()
    return Filled(path, prompt, dataset, ids, comparison)


def content(system: str) -> Content:
    """A prompt with one variable."""
    return Content((Message.of("system", system), Message.of("user", "Ticket: {{ input }}")))


def executed(filled: Filled, settings: Settings) -> int:
    """The id of a run of the comparison that was made to its end."""
    ws = Workspace.open(filled.path, settings)
    try:
        run = ws.runs.start_comparison(filled.comparison)

        async def go() -> None:
            async for _event in ws.runs.execute(run):
                pass

        asyncio.run(go())
        return run
    finally:
        ws.close()
