"""What is wished of a run before it starts is done once it has finished: however that comes about, and no run looks failed for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.batch_server import BatchServer, endpoint, server
from tests.conftest import FakeProvider
from tests.run_workspace import fill
from tests.test_run_log import make, said
from tests.test_runs_batches import ask, submit
from tests.test_runs_by_hand import HAND
from tests.test_runs_execute import model, spec
from workbench.cli.frame import perform
from workbench.engine.control import Control
from workbench.engine.events import Finished
from workbench.runs.batches import Batches
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Problem
from workbench.values.wishes import REVIEW_PAIRS, Followed, Wish, review_pairs
from workbench.workspace import Workspace

Start = Callable[..., FakeProvider]
__all__ = ["server"]

BOTH: tuple[Wish, ...] = ("baseline", "review")


def stopped_early(ws: Workspace, run_id: int) -> int:
    """Begin a run and stop it after the first answer; how many calls are left."""
    control = Control()

    async def go() -> None:
        async for event in ws.runs.execute(run_id, control, concurrency=1):
            assert not isinstance(event, Followed)
            if isinstance(event, Finished):
                control.stop()

    asyncio.run(go())
    return ws.runs.get(run_id).queued


@pytest.mark.parametrize(("cases", "columns", "repeats", "pairs"), [(4, 1, 1, 0), (4, 2, 1, 4), (4, 3, 2, 24), (50, 12, 1, REVIEW_PAIRS)])
def test_as_many_pairs_as_there_are_columns_to_pair(cases: int, columns: int, repeats: int, pairs: int) -> None:
    assert review_pairs(cases, columns, repeats) == pairs


def test_a_finished_run_becomes_the_baseline_and_gets_its_review(tmp_path: Path, settings: Settings, fakeprovider: Start) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider(answer="words", tokens=40).base_url)
    with closing(Workspace.open(filled.path, settings)) as ws:
        run_id = ws.runs.start_comparison(filled.comparison, BOTH)
        told = [event for event in make(ws, run_id) if isinstance(event, Followed)]
        assert ws.runs.get(run_id).status == "done"
        assert ws.regressions.marked(filled.comparison) == run_id
        (session,) = ws.reviews.sessions.of_run(run_id)
        assert (session.choices.kind, session.choices.blind, session.finished_at) == ("pair", True, None)
        assert 0 < session.total <= review_pairs(4, 4)
        assert told == [Followed("baseline"), Followed("review", session.total)]
        lines = said(ws.logs.read(run_id), "run")
        assert lines[1] == "When it is finished, it becomes the baseline and a blind review set is made."
        assert lines[-2:] == list(map(str, told))
        # Made again in part, it finishes again: what was done is not done twice.
        ws.regressions.mark(None, filled.comparison)
        ws.runs.requeue(run_id, failed_only=False)
        assert not [event for event in make(ws, run_id) if isinstance(event, Followed)]
        assert ws.regressions.marked(filled.comparison) is None
        assert len(ws.reviews.sessions.of_run(run_id)) == 1


def test_a_run_of_which_nothing_is_wished_changes_nothing(tmp_path: Path, settings: Settings, fakeprovider: Start) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider().base_url)
    with closing(Workspace.open(filled.path, settings)) as ws:
        wished = ws.runs.start_comparison(filled.comparison, BOTH)
        make(ws, wished)
        again = ws.runs.rerun(wished)
        make(ws, again)
        assert ws.regressions.marked(filled.comparison) == wished, "a rerun inherits no wish"
        assert not ws.reviews.sessions.of_run(again)


def test_a_wish_outlives_a_stop_and_the_app(
    tmp_path: Path, settings: Settings, fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider(answer="words", tokens=40).base_url)
    with closing(Workspace.open(filled.path, settings)) as ws:
        run_id = ws.runs.start_comparison(filled.comparison, BOTH)
        assert stopped_early(ws, run_id)
        assert ws.regressions.marked(filled.comparison) is None
        assert not ws.reviews.sessions.of_run(run_id)
    assert perform(["resume", str(run_id), "--workspace", str(filled.path)]) == 0
    errors = capsys.readouterr().err
    assert "The run is the baseline now: reruns are compared with it." in errors
    with closing(Workspace.open(filled.path, settings)) as ws:
        assert ws.regressions.marked(filled.comparison) == run_id
        (session,) = ws.reviews.sessions.of_run(run_id)
        assert f"A blind review set of {session.total} pairs is ready in Review." in errors


def test_what_cannot_be_done_is_said_and_the_run_is_finished_all_the_same(tmp_path: Path, settings: Settings, fakeprovider: Start) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider().base_url, models=1, versions=(1,))  # one column: no pairs
    with closing(Workspace.open(filled.path, settings)) as ws:
        run_id = ws.runs.start_comparison(filled.comparison, BOTH)
        told = [event for event in make(ws, run_id) if isinstance(event, Followed)]
        run = ws.runs.get(run_id)
        assert (run.status, run.failed) == ("done", 0)
        assert ws.regressions.marked(filled.comparison) == run_id
        assert str(told[1]) == (
            "The run is finished, but there is no blind review set: No case of this run has two different answers. "
            "Start a session in Review."
        )
        assert said(ws.logs.read(run_id), "run")[-1] == str(told[1])


def test_a_mark_that_fails_is_tried_again_when_the_run_finishes_again(
    tmp_path: Path, settings: Settings, fakeprovider: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider().base_url)

    def refuse(_run: int | None, _comparison: int) -> None:
        raise Problem("The disk is full.", remedy="Make room.")

    with closing(Workspace.open(filled.path, settings)) as ws:
        run_id = ws.runs.start_comparison(filled.comparison, BOTH[:1])
        with monkeypatch.context() as patch:
            patch.setattr(ws.regressions, "mark", refuse)
            told = [event for event in make(ws, run_id) if isinstance(event, Followed)]
        assert [str(one) for one in told] == [
            "The run is finished, but it is not the baseline: The disk is full. Mark it in the list of runs."
        ]
        assert ws.runs.get(run_id).status == "done"
        assert ws.regressions.marked(filled.comparison) is None
        ws.runs.requeue(run_id, failed_only=False)
        make(ws, run_id)
        assert ws.regressions.marked(filled.comparison) == run_id


def test_a_run_whose_last_calls_are_left_out_by_hand_is_finished_too(tmp_path: Path, settings: Settings, fakeprovider: Start) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider().base_url)
    with closing(Workspace.open(filled.path, settings)) as ws:
        run_id = ws.runs.start_comparison(filled.comparison, BOTH[:1])
        assert stopped_early(ws, run_id)
        for column in range(4):
            assert ws.regressions.marked(filled.comparison) is None
            ws.runs.leave_out(run_id, column)
        assert ws.runs.get(run_id).status == "done"
        assert ws.regressions.marked(filled.comparison) == run_id


@pytest.mark.both_stores
def test_a_review_waits_for_the_answers_that_a_person_gives(workspace: Workspace) -> None:
    runs, sessions = workspace.runs, workspace.reviews.sessions
    run_id = runs.prepare(spec(model(), HAND, cases=2), wishes=BOTH[1:])
    make(workspace, run_id)
    assert (runs.get(run_id).status, runs.get(run_id).by_hand) == ("done", 2)
    for job_id in [cell.job_id for cell in runs.cells(run_id) if cell.status == "by_hand"]:
        assert not sessions.of_run(run_id)
        asyncio.run(runs.answer_by_hand(job_id, f"By hand, {job_id}."))
    (session,) = sessions.of_run(run_id)
    assert session.total == 2


def test_a_run_that_a_batch_finishes_is_finished_too(server: BatchServer, database: Database, settings: Settings) -> None:
    done: list[tuple[Wish, int]] = []

    def do_wish(wish: Wish, run_id: int) -> int:
        done.append((wish, run_id))
        return 0

    runs = Runs(database, endpoint=endpoint, settings=settings, do_wish=do_wish)
    batches = Batches(database, runs, settings)
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3), wishes=BOTH[:1])
    submit(batches, run_id)
    ask(batches, run_id)
    assert not done
    server.finish()
    ask(batches, run_id)
    assert runs.get(run_id).status == "done"
    assert done == [("baseline", run_id)]
