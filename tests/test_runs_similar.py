"""The check `similar` in runs: vectors come before an output is written, each text once, and what cannot be compared says why."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.embedding_server import EmbeddingServer
from tests.test_providers_minilm import fetched as fetched
from tests.test_runs_execute import spec
from workbench.engine.control import Control
from workbench.engine.events import Event, Finished
from workbench.runs.records import OutputRow
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.values import Case, Check, Missing, ModelSpec, Price, Spec, names_embedding_model
from workbench.workspace import Workspace

SAME = Check("similar", "{{ reference }}")


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    made = EmbeddingServer()
    yield made
    made.close()


@pytest.fixture
def desk(workspace: Workspace, server: EmbeddingServer) -> Workspace:
    """A workspace whose settings name an embedding model on the server, at two dollars a million tokens."""
    connection = workspace.connections.add("Vectors", "other", f"{server.url}/v1")
    workspace.connections.add_model(connection, "bge-m3", price=Price(Decimal(2), Decimal(0)))
    workspace.settings.set("embedding_model", "bge-m3")
    return workspace


def comparison(*checks: Check, cases: int = 3, **changes: Any) -> Spec:
    """Answers are the prompt itself: `Say case-0.`"""
    made = spec(cases=cases, checks=checks or (SAME,), **changes)
    return replace(made, cases=tuple(replace(case, reference=f"say case-{index}") for index, case in enumerate(made.cases)))


def make(runs: Runs, made: Spec, control: Control | None = None) -> tuple[int, list[Event]]:
    run_id = runs.prepare(made)

    async def collect() -> list[Event]:
        return [event async for event in runs.execute(run_id, control)]

    return run_id, asyncio.run(collect())


def outputs(runs: Runs, run_id: int) -> list[OutputRow]:
    """The outputs of a run that are written, in the order of its cases."""
    sql = "SELECT output.id FROM output JOIN job ON job.id = output.job_id WHERE run_id = :run ORDER BY case_index, repeat"
    return [runs.output(row[0]) for row in runs._database.query(sql, {"run": run_id})]


def scores(runs: Runs, run_id: int) -> list[list[Any]]:
    return [[(score.passed, score.reason) for score in output.scores] for output in outputs(runs, run_id)]


def test_answers_are_compared_by_the_model_that_the_settings_name(desk: Workspace, server: EmbeddingServer) -> None:
    run_id, _ = make(desk.runs, comparison(SAME, Check("not-similar", "parcel gone"), Check("similar", "parcel gone")))
    found = scores(desk.runs, run_id)
    assert [[passed for passed, _ in each] for each in found] == [[True, True, False]] * 3
    assert "similarity 1.00 by bge-m3, threshold 0.75" in found[0][0][1]
    assert {asked[0] for asked in server.asked} == {"/v1/embeddings"}


def test_each_text_is_asked_about_once_in_a_run(desk: Workspace, server: EmbeddingServer) -> None:
    same = comparison(Check("similar", "parcel gone"), Check("similar", ["parcel gone", "lost"]), cases=40, repeats=3)
    run_id, _ = make(desk.runs, same)
    assert desk.runs.get(run_id).done == 120
    assert sorted(server.texts) == sorted({*(f"Say case-{n}." for n in range(40)), "parcel gone", "lost"})


def test_a_run_that_compares_nothing_asks_nobody(desk: Workspace, server: EmbeddingServer) -> None:
    make(desk.runs, comparison(Check("contains", "case")))
    assert server.asked == []


def test_an_end_is_told_when_its_scores_are_written_with_it(desk: Workspace, server: EmbeddingServer) -> None:
    server.pause_s = 0.2
    run_id = desk.runs.prepare(comparison(cases=2))

    async def watch() -> list[int]:
        seen = []
        async for event in desk.runs.execute(run_id):
            if isinstance(event, Finished):
                rows = desk._database.query("SELECT count(*) FROM output LEFT JOIN score ON score.output_id = output.id", {})
                bare = desk._database.query("SELECT count(*) FROM output WHERE id NOT IN (SELECT output_id FROM score)", {})
                assert bare[0][0] == 0
                seen.append(int(rows[0][0]))
        return seen

    assert asyncio.run(watch())


def test_what_the_comparing_costs_counts_as_spent_by_the_run(desk: Workspace, server: EmbeddingServer) -> None:
    run_id, _ = make(desk.runs, comparison(cases=3))
    tokens = sum(len(text.split()) for text in server.texts)
    spent = desk._database.query("SELECT spent FROM run WHERE id = :id", {"id": run_id})[0][0]
    assert spent == tokens * 2 * 1000, "nano-dollars; the answers themselves are free here"


def test_without_an_embedding_model_there_is_no_verdict_but_what_to_do(workspace: Workspace) -> None:
    run_id, _ = make(workspace.runs, comparison(SAME, Check("contains", "case")))
    for same, contains in scores(workspace.runs, run_id):
        assert same[0] is None
        assert "Meanings cannot be compared here." in same[1]
        assert "pip install" in same[1] or "models fetch embedding" in same[1]
        assert contains[0] is True


@pytest.mark.parametrize(
    ("named", "words"), [("gone", "The settings name gone"), ("Writer", "which has no embeddings"), ("keyless", "No key for Keyless")]
)
def test_a_model_that_cannot_be_asked_is_a_reason_too(workspace: Workspace, named: str, words: str) -> None:
    writer = workspace.connections.add("Anthropic", "anthropic", key="k")
    workspace.connections.add_model(writer, "claude-x", "Writer")
    keyless = workspace.connections.add("Keyless", "openai")
    workspace.connections.add_model(keyless, "text-embedding-3-small", "keyless")
    workspace.settings.set("embedding_model", named)
    run_id, _ = make(workspace.runs, comparison(cases=1))
    ((passed, reason),) = scores(workspace.runs, run_id)[0]
    assert passed is None
    assert words in reason
    assert workspace.runs.get(run_id).done == 1, "the answer is there all the same"


def test_a_wrong_key_is_sent_once_and_its_words_reach_the_user(desk: Workspace, server: EmbeddingServer) -> None:
    server.refuse = lambda texts: (401, {"error": {"message": "Incorrect API key provided"}})
    run_id, _ = make(desk.runs, comparison(cases=120))
    assert all("Incorrect API key provided" in each[0][1] and each[0][0] is None for each in scores(desk.runs, run_id))
    assert len(server.asked) == 1


def test_one_text_that_is_too_long_spoils_no_other(desk: Workspace, server: EmbeddingServer) -> None:
    def refuse(texts: list[str]) -> tuple[int, dict[str, Any]] | None:
        wrong = any("case-7" in text and text.startswith("Say") for text in texts)
        return (400, {"error": {"message": "maximum context length is 8192 tokens"}}) if wrong else None

    server.refuse = refuse
    run_id, _ = make(desk.runs, comparison(cases=20))
    verdicts = [each[0] for each in scores(desk.runs, run_id)]
    assert [number for number, (passed, _) in enumerate(verdicts) if passed is not True] == [7]
    assert "maximum context length" in verdicts[7][1]


def test_a_stopped_run_ends_soon_keeps_its_answers_and_says_what_was_not_compared(desk: Workspace, server: EmbeddingServer) -> None:
    server.pause_s = 30.0
    control = Control()
    run_id = desk.runs.prepare(comparison(cases=3))

    async def stop_then_close() -> None:
        events = desk.runs.execute(run_id, control)
        task = asyncio.ensure_future(anext(aiter(events), None))
        while not server.asked:
            await asyncio.wait((task,), timeout=0.02)
            if task.done():
                task = asyncio.ensure_future(anext(aiter(events), None))
        await asyncio.sleep(0.1)
        if not task.done():
            task.cancel()
        await asyncio.wait((task,))
        await events.aclose()

    began = time.perf_counter()
    asyncio.run(stop_then_close())
    assert time.perf_counter() - began < 10
    assert {each[0] for each in scores(desk.runs, run_id)} == {(None, "The run was stopped before this answer was compared.")}


def test_stopping_by_hand_waits_a_few_seconds_at_most(desk: Workspace, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.runs.meanings._GRACE_SECONDS", 0.5)
    server.pause_s = 30.0
    control = Control()
    run_id = desk.runs.prepare(comparison(cases=3))

    async def go() -> None:
        async def watch() -> None:
            async for _event in desk.runs.execute(run_id, control):
                pass

        task = asyncio.ensure_future(watch())
        while not server.asked:  # noqa: ASYNC110  (that thread knows no loop)
            await asyncio.sleep(0.02)
        control.stop()
        await asyncio.wait_for(task, 8)

    asyncio.run(go())
    assert {each[0] for each in scores(desk.runs, run_id)} == {(None, "The run was stopped before this answer was compared.")}


def test_a_promptfoo_file_with_similar_runs_here(desk: Workspace, server: EmbeddingServer, tmp_path: Path) -> None:
    config = {
        "providers": ["echo"],
        "prompts": ["{{ q }}"],
        "tests": [
            {
                "description": "same",
                "vars": {"q": "money back soon"},
                "assert": [
                    {"type": "similar", "value": "money back soon", "threshold": 0.9},
                    {"type": "not-similar", "value": "{{ q }}", "threshold": 0.9},
                    {"type": "similar", "value": ["parcel", "soon money back"]},
                ],
            },
        ],
    }
    path = tmp_path / "promptfooconfig.json"
    path.write_text(json.dumps(config))
    run_id, _ = make(desk.runs, desk.sources.file(path).spec)
    assert [passed for passed, _ in scores(desk.runs, run_id)[0]] == [True, False, True]


def test_the_model_on_this_computer_compares_without_any_setting(fetched: Path, workspace: Workspace) -> None:
    made = replace(
        comparison(Check("similar", "{{ reference }}", threshold=0.5)),
        cases=(
            Case({"q": "that the parcel is late"}, reference="The package was delayed."),
            Case({"q": "that the parcel is late"}, reference="A kitty is napping on the couch."),
        ),
    )
    run_id, _ = make(workspace.runs, made)
    assert [each[0][0] for each in scores(workspace.runs, run_id)] == [True, False]
    assert workspace.embedding_status().ready


def test_embedding_models_are_known_in_the_list_and_are_no_columns(desk: Workspace) -> None:
    from workbench.gui.compare.setup_model import read_choices

    connection = desk.connections.find("Vectors").id
    desk.connections.add_model(connection, "gpt-x")
    desk.connections.add_model(connection, "house-model")
    desk.connections.learn(connection, {"house-model": {"embeds": True}})
    known = {row.name: row.embeds for row in desk.connections.models()}
    assert known == {"bge-m3": True, "gpt-x": False, "house-model": True}
    assert [row.name for row in read_choices(desk).models] == ["gpt-x"]
    assert not names_embedding_model("house-model")


def test_doctor_tells_of_the_embedding_model_and_how_to_mend_it(tmp_path: Path, settings: Settings) -> None:
    command = [sys.executable, "-m", "workbench", "--workspace", str(tmp_path / "w.db"), "doctor", "--json", "--offline"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    (found,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "Embedding model"]
    assert found["state"] == "note"
    assert "embedding model" in found["sentence"].lower()
    assert found["remedy"]


def test_no_model_is_named_by_a_runs_station_alone(tmp_path: Path, settings: Settings) -> None:
    def none() -> ModelSpec:
        raise Missing("There is none.", remedy="Get one.")

    from workbench.store.database import Database
    from workbench.values import Endpoint

    with_none = Database.open(tmp_path / "alone.db")
    try:
        for embedding, words in ((none, "There is none. Get one."), (None, "There is no embedding model.")):
            runs = Runs(with_none, endpoint=lambda m, s: Endpoint("echo", ""), settings=settings, embedding=embedding)
            run_id, _ = make(runs, comparison(cases=1))
            assert words in scores(runs, run_id)[0][0][1]
    finally:
        with_none.close()
