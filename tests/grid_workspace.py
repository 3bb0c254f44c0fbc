"""A workspace with two finished runs of one comparison whose answers are of every kind that the grid shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT, _empty_home
from tests.picture_server import picture_for
from tests.real_window import RealWindow, running
from tests.run_workspace import fill
from workbench.runs.recording import End, Recorder
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Check, Exchange, Failure, Part, Price, Reply, Score, Usage
from workbench.workspace import Workspace

CASES, COLUMNS = 8, 4
MARKDOWN, TREE, PICTURE, THOUGHT, BROKEN, RATED, PLAIN, ODD = range(CASES)
"""What the answers to each case are."""
SECRET = "sk-this-is-a-key-0123456789"


@dataclass(frozen=True)
class Filled:
    """Where it lies, and its runs, the older one first."""

    path: Path
    runs: tuple[int, int]


def fill_grid(path: Path, settings: Settings) -> Filled:
    """Two prompt versions on two models over eight cases; the rerun answers one case worse than the baseline."""
    filled = fill(path, settings, "http://127.0.0.1:9/v1", cases=CASES, models=2)
    ws = Workspace.open(path, settings)
    first = ws.runs.start_comparison(filled.comparison)
    checks = ws.runs.checks(first)
    ws.close()
    _write(path, first, checks, worse=False)
    ws = Workspace.open(path, settings)
    ws.regressions.mark(first, filled.comparison)
    second = ws.runs.rerun(first)
    ws.close()
    _write(path, second, checks, worse=True)
    ws = Workspace.open(path, settings)
    for cell in ws.runs.cells(second, RATED, RATED):
        if cell.output_id is not None:
            ws.ratings.stars(cell.output_id, 5 - cell.column)
    ws.close()
    return Filled(path, (first, second))


def _write(path: Path, run: int, checks: list[Check], *, worse: bool) -> None:
    database = Database.open(path)
    recorder = Recorder(database, run)
    recorder.begin()
    jobs = database.query("SELECT id, case_index, column_index FROM job WHERE run_id = ? ORDER BY id", [run])
    recorder.write([_end(job, case, column, checks, worse=worse) for job, case, column in jobs])
    recorder.end()
    database.close()


def _end(job: int, case: int, column: int, checks: list[Check], *, worse: bool) -> End:
    if case == BROKEN and column == 1:
        return End(job, "failed", 1, Price(), f"{job:064x}", failure=Failure("server", "The server fell over.", 500))
    reply = _reply(case, column, worse=worse)
    passed = not (case == ODD and _is_bad(column, worse=worse))
    scores = tuple(
        Score(check, passed or at > 0, float(passed or at > 0), "" if passed else "no order in it") for at, check in enumerate(checks)
    )
    return End(job, "done", 1, Price(), f"{job:064x}", reply, scores=scores)


def _is_bad(column: int, *, worse: bool) -> bool:
    return column == 0 or (worse and column < COLUMNS - 1)


def _reply(case: int, column: int, *, worse: bool) -> Reply:
    text = {
        MARKDOWN: f"**Refund**\n\n- boots, {('green', 'blue', 'red', 'grey')[column]}\n- order 40-118",
        TREE: json.dumps({"intent": "refund", "order": {"number": 118, "items": ["boots", "socks"]}}),
        PICTURE: "",
        THOUGHT: "The order can be sent back.",
        ODD: f"Thank you for your {'patience' if _is_bad(column, worse=worse) else 'order'}, it is the zebra's.",
    }.get(case, "The order is on its way.")
    sent = {"model": "fake-0", "messages": [{"role": "user", "content": f"ticket {case}"}]}
    return Reply(
        text,
        thinking="First the policy, then the order." if case == THOUGHT else None,
        usage=Usage(120, 20 + 10 * column),
        latency_ms=400.0 + 100 * ((case * 3 + column) % 7),
        first_token_ms=90.0,
        images=(Part("image", media_type="image/png", data=picture_for("boots", side=96), name="boots.png"),) if case == PICTURE else (),
        exchange=Exchange(sent, json.dumps({"choices": [{"message": {"content": text}}]}).encode(), {"x-request-id": "abc"}),
    )


@contextmanager
def window_on_grid(folder: Path) -> Iterator[tuple[RealWindow, Filled]]:
    """The app in a real window over such a workspace, with a home of its own."""
    home = _empty_home(folder / "home")
    settings = Settings(folder / "home" / ".config" / "prompt-workbench" / "settings.json")
    settings.set("theme", "light")
    filled = fill_grid(folder / "desk.db", settings)
    kept = {name: value for name, value in ORIGINAL_ENVIRONMENT.items() if name in ("PATH", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH")}
    with running(filled.path, {**kept, **home}) as window:
        yield window, filled


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealWindow, Filled]]:
    """One window for all tests of a file."""
    with window_on_grid(tmp_path_factory.mktemp("real")) as made:
        yield made


@pytest.fixture
def grid(opened: tuple[RealWindow, Filled]) -> RealWindow:
    """The rerun as it is when it is opened, its first cell chosen, the keys in the grid."""
    window, filled = opened
    window.open_run(filled.runs[1])
    return window
