"""The figures of a run, against the same figures counted by hand."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.test_runs_execute import endpoint, spec
from workbench.evaluators import verdict, wilson
from workbench.library.version_figures import VersionFigures
from workbench.runs.recording import End, Recorder
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import PENDING, UNREAD, Check, Price, Reply, Score

SCORES = st.lists(
    st.builds(
        lambda said, weight: Score(
            Check("contains", "x", weight=weight), said[0], None if said[0] is None else float(said[0]), "", said[1]
        ),
        st.sampled_from([(True, ""), (True, ""), (True, ""), (False, ""), (None, ""), (None, PENDING), (None, UNREAD)]),
        st.sampled_from([0.0, 1.0, 2.5]),
    ),
    max_size=4,
).map(tuple)


@examples(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(SCORES, st.floats(1, 60_000)), min_size=1, max_size=12))
def test_columns_and_versions_count_as_one_counts_by_hand(outputs: list[tuple[tuple[Score, ...], float]]) -> None:
    with TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "w.db")
        runs = Runs(database, endpoint=endpoint, settings=Settings(Path(folder) / "s.json"))
        plain = spec(cases=len(outputs))
        run_id = runs.prepare(replace(plain, variants=(replace(plain.variants[0], prompt_uid="uid-1"),)))
        ends = []
        for cell, (scores, latency) in zip(runs.cells(run_id), outputs, strict=True):
            ends.append(End(cell.job_id, "done", 1, Price(), reply=Reply("x", latency_ms=latency), scores=scores))
        Recorder(database, run_id).write(ends)
        column = runs.columns(run_id)[0]
        figures = VersionFigures(database).of("uid-1")
        database.close()
    checked = [scores for scores, _ in outputs if verdict(scores)[0] is not None]
    passed = sum(verdict(scores)[0] is True for scores in checked)
    latencies = sorted(round(latency, 3) for _, latency in outputs)
    assert (column.checked, column.passed) == (len(checked), passed)
    assert (column.pass_low, column.pass_high) == (wilson(passed, len(checked)) or (None, None))
    assert column.p50_ms == pytest.approx(statistics.median(latencies))
    assert column.p95_ms == latencies[-(-95 * len(latencies) // 100) - 1]
    assert figures == {1: (len(outputs), column.pass_rate)}
