"""Model judges in runs, on a real server on loopback: planted verdicts, broken ones, injection, budgets, crashes, rows in both orders."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.judge_server import JudgeServer, verdict
from workbench.engine.control import Control
from workbench.engine.events import Event, Finished, Judged
from workbench.values import PENDING, Case, Check, Content, Message, ModelSpec, Price, Score, Spec, Variant
from workbench.workspace import Workspace

RUBRIC = Check("llm-rubric", "Names the {{ thing }}.")
PRICE = Price(Decimal(10), Decimal(10))


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    made = JudgeServer()
    yield made
    made.close()


@pytest.fixture
def desk(workspace: Workspace, server: JudgeServer) -> Workspace:
    """A workspace with two models and a judge on the server; the judge is the one in the settings."""
    connection = workspace.connections.add("Stand-in", "other", server.url)
    for name in ("writer-a", "writer-b", "judge"):
        workspace.connections.add_model(connection, name, price=PRICE)
    workspace.settings.set("judge_model", "judge")
    server.say = lambda model, text: verdict(True, 0.9) if model == "judge" else f"{model} says boots"
    return workspace


def comparison(ws: Workspace, *checks: Check, cases: int = 3, models: Sequence[str] = ("writer-a",), **changes: Any) -> Spec:
    content = Content((Message.of("user", "Tell me about {{ thing }}."),))
    specs = tuple(ws.connections.spec(ws.connections.find_model(name).id) for name in models)
    made = Spec(
        "Judged", (Variant("Telling", 1, content),), specs,
        tuple(Case({"thing": f"boots {n}"}, reference=f"boots {n}") for n in range(cases)), checks=checks or (RUBRIC,), stream=False,
    )  # fmt: skip
    return replace(made, **changes)


def make(ws: Workspace, made: Spec, control: Control | None = None) -> tuple[int, list[Event]]:
    run_id = ws.runs.prepare(made)
    return run_id, go_on(ws, run_id, control)


def go_on(ws: Workspace, run_id: int, control: Control | None = None) -> list[Event]:
    async def collect() -> list[Event]:
        return [event async for event in ws.runs.execute(run_id, control)]

    return asyncio.run(collect())


def judge(ws: Workspace, run_id: int, **how: Any) -> list[Judged]:
    async def collect() -> list[Judged]:
        return [event async for event in ws.runs.judge(run_id, **how)]

    return asyncio.run(collect())


def scores(ws: Workspace, run_id: int, key: int = 0) -> list[Score]:
    return [cell.scores[key] for cell in ws.runs.cells(run_id)]


def test_answers_are_judged_after_they_came_and_the_judge_is_frozen_with_the_score(desk: Workspace, server: JudgeServer) -> None:
    run_id, events = make(desk, comparison(desk))
    assert [event for event in events if isinstance(event, Judged)][-1] == Judged(3, 3)
    found = scores(desk, run_id)
    assert [(score.passed, score.score, score.reason) for score in found] == [(True, 0.9, "So it is.")] * 3
    assert found[0].cost_usd == Decimal("0.0012")
    judge = found[0].check.judge
    assert (judge["prompt"], judge["version"], judge["model"]) == ("Rubric judge", 1, "judge")
    prompt = desk.judges.usual("Rubric judge")
    assert (judge["prompt_uid"], prompt.kind, prompt.folder) == (prompt.uid, "judge", "Judges")
    assert found[0].judge_output_id is not None
    assert json.loads(desk.runs.output(found[0].judge_output_id).text)["score"] == 0.9
    asked = server.asked_of("judge")
    assert len(asked) == 3
    assert "Names the boots 0." in asked[0]
    assert "writer-a says boots" in asked[0]
    assert "Tell me about boots 0." in asked[0]


def test_runs_of_judges_stand_in_no_list_and_their_cost_is_the_runs(desk: Workspace) -> None:
    run_id, _ = make(desk, comparison(desk))
    assert [run.id for run in desk.runs.list()] == [run_id]
    assert desk.runs.get(run_id).cost_usd == Decimal("0.0072")
    assert desk.runs.columns(run_id)[0].passed == 3
