from __future__ import annotations

import asyncio
import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.exports import Exports, money, shielded
from workbench.formats.tabular_shield import unshielded
from workbench.library.criteria import Criteria
from workbench.ratings import Ratings
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store import tables
from workbench.store.database import Database
from workbench.values import (
    BLIND,
    BadInput,
    Case,
    Check,
    Content,
    Criterion,
    Endpoint,
    Highlight,
    Message,
    ModelSpec,
    Spec,
    StoreTrouble,
    Variant,
)

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "＝1", "'quoted", " =1", "plain", "a=b", "", "Grüße 😀", 'a "b", c\nd']


@pytest.fixture
def runs(database: Database, settings: Settings) -> Runs:
    def endpoint(model: ModelSpec, timeout_s: float) -> Endpoint:
        return Endpoint(model.wire_format, model.base_url, None, {}, timeout_s)

    return Runs(database, endpoint=endpoint, settings=settings)


def made(runs: Runs, *texts: str, repeats: int = 1) -> int:
    spec = Spec(
        name="Test",
        variants=(Variant("P", 7, Content((Message.of("user", "{{ q }}"),))),),
        models=(ModelSpec("m", "M", "echo", ""), ModelSpec("n", "N", "echo", "")),
        cases=tuple(Case({"q": text, "=x": index}, name=text, reference=text) for index, text in enumerate(texts)),
        checks=(Check("contains", "a", weight=2.0), Check("javascript", "1")),
        repeats=repeats,
    )
    run_id = runs.prepare(spec)

    async def run() -> None:
        async for _ in runs.execute(run_id):
            pass

    asyncio.run(run())
    return run_id


def test_the_report_is_the_contracts_document(database: Database, runs: Runs) -> None:
    run_id = made(runs, "alpha", "beta")
    output_id = runs.cells(run_id)[0].output_id or 0
    Ratings(database).stars(output_id, 4)
    Ratings(database).verdict(output_id, "fail")
    report = Exports(database, runs).report(run_id)
    assert json.loads(json.dumps(report)) == report
    assert report["schema"] == 1
    run = report["run"]
    assert {"id", "comparison", "status", "started", "finished", "jobs", "done", "failed", "reused", "cost_usd", "unknown_prices"} <= set(
        run
    )
    assert (run["status"], run["jobs"], run["done"], run["unknown_prices"], run["cost_usd"]) == ("done", 4, 4, [], "0")
    first = report["outputs"][0]
    assert first["messages"] == [{"role": "user", "content": "alpha"}]
    assert (first["prompt"], first["version"], first["model"], first["case"], first["case_name"], first["repeat"]) == (
        "P",
        7,
        "M",
        1,
        "alpha",
        1,
    )
    assert (first["status"], first["text"], first["vars"], first["error"]) == ("done", "alpha", {"q": "alpha", "=x": 0}, None)
    assert [(check["type"], check["passed"], check["weight"]) for check in first["checks"]] == [
        ("contains", True, 2.0),
        ("javascript", None, 1.0),
    ]
    assert first["checks"][1]["reason"]
    assert first["passed"] is True, "what cannot run here leaves the word to the others"
    assert first["score"] == 1.0
    assert [(said["aspect"], said["value"]) for said in first["ratings"]] == [("stars", 4.0), ("verdict", "fail")]
    column = report["columns"][0]
    assert (column["outputs"], column["errors"], column["mean_rating"], column["pass_rate"]) == (2, 0, 4.0, 1.0)
    assert set(column) >= {"pass_low", "pass_high", "p50_ms", "p95_ms", "cost_usd"}


def test_json_lines_hold_every_output_with_what_people_said(database: Database, runs: Runs, tmp_path: Path) -> None:
    run_id = made(runs, *HOSTILE, repeats=2)
    Ratings(database).note(runs.cells(run_id)[0].output_id or 0, "=note")
    path = tmp_path / "out.jsonl"
    assert Exports(database, runs).write(run_id, path) == len(HOSTILE) * 4
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert rows[0]["note"] == "=note"
    assert rows[0]["reference"] == HOSTILE[0]
    assert [row["text"] for row in rows[::4]] == HOSTILE


def test_no_cell_of_the_csv_is_a_formula_and_nothing_is_lost(database: Database, runs: Runs, tmp_path: Path) -> None:
    run_id = made(runs, *HOSTILE)
    path = tmp_path / "out.csv"
    Exports(database, runs).write(run_id, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))
    assert len(rows) == 2 * len(HOSTILE)
    for row in (head, *rows):
        assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) for cell in row)
    column = head.index("var.q")
    assert [unshielded(row[column]) for row in rows[::2]] == HOSTILE
    assert "var.=x" in head


@given(st.text(max_size=8) | st.sampled_from(HOSTILE).flatmap(lambda text: st.just("'" * 2 + text)))
def test_a_shielded_text_comes_back_and_starts_no_formula(text: str) -> None:
    cell = shielded(text)
    assert unshielded(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def test_numbers_stay_numbers() -> None:
    assert [shielded(value) for value in (-1, 1.5, None, True, [1, "ü"])] == ["-1", "1.5", "", "true", '[1, "ü"]']


def test_money_is_a_plain_decimal() -> None:
    assert [money(amount) for amount in (None, Decimal(0), Decimal("0.0000120"), Decimal("1E+2"), Decimal("2.50"))] == [
        None, "0", "0.000012", "100", "2.5",
    ]  # fmt: skip


def test_the_table_names_columns_figures_and_failures(database: Database, runs: Runs) -> None:
    run_id = made(runs, "alpha", "beta")
    text = Exports(database, runs).table_text(run_id)
    assert "Test #1  done  4 of 4 done" in text
    assert "P v7" in text
    assert "2 of 2" in text
    plan = runs.plan(run_id)
    column = plan.columns[0]
    broken = runs.prepare(Spec("Bad", (column.variant,), (column.model,), (Case({"q": 1}), Case({}))))

    async def run() -> None:
        async for _ in runs.execute(broken):
            pass

    asyncio.run(run())
    assert "1 x bad_request: q has no value here." in Exports(database, runs).table_text(broken)


def test_a_file_is_written_whole_or_not_at_all(database: Database, runs: Runs, tmp_path: Path) -> None:
    exports = Exports(database, runs)
    run_id = made(runs, "a")
    with pytest.raises(BadInput, match="folder"):
        exports.write(run_id, tmp_path / "no" / "out.csv")
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(StoreTrouble):
        exports.write(run_id, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_half_a_surrogate_does_not_stop_a_run(database: Database, runs: Runs, tmp_path: Path) -> None:
    run_id = made(runs, "broken \ud83d end")
    assert runs.get(run_id).done == 2
    assert runs.cells(run_id)[0].text == "broken \ufffd end"
    Exports(database, runs).write(run_id, tmp_path / "out.csv")


def test_the_settings_cap_counts_where_the_comparison_has_none(runs: Runs, settings: Settings) -> None:
    assert runs.get(made(runs, "a")).budget_usd == Decimal("5.00")
    settings.set("cap_run_usd", "0")
    assert runs.get(made(runs, "a")).budget_usd is None


def test_what_each_rater_said_has_columns_of_its_own(database: Database, runs: Runs, tmp_path: Path) -> None:
    run_id = made(runs, "alpha", "beta")
    first, second = (cell.output_id or 0 for cell in runs.cells(run_id)[:2])
    with database.write() as writer:
        comparison = writer.add(tables.Comparison(name="C", definition={}))
        writer.run("UPDATE run SET comparison_id = :comparison WHERE id = :run", comparison=comparison, run=run_id)
    accuracy = Criteria(database).add(comparison, Criterion("=Accuracy"))
    ratings = Ratings(database)
    ratings.stars(first, 4)
    ratings.criterion(second, accuracy, 2)
    ratings.switch_rater("Ana")
    ratings.stars(first, 1)
    ratings.verdict(first, "fail", BLIND)
    ratings.note(first, "Rude")
    ratings.highlight(first, Highlight(0, 2, "why"))
    path = tmp_path / "out.csv"
    Exports(database, runs).write(run_id, path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    said = {name: value for name, value in rows[0].items() if name.startswith("rated.")}
    assert said == {
        "rated.Ana.stars": "1.0", "rated.Ana.verdict": "fail", "rated.Ana.note": "Rude", "rated.Ana.highlights": "0-2: why",
        "rated.me.stars": "4.0", "rated.me.=Accuracy": "",
    }  # fmt: skip
    assert [rows[0][name] for name in ("stars", "verdict", "note", "rating", "raters", "raters_differ")] == [
        "2.5", "fail", "Ana: Rude", "2.5", "2", "true",
    ]  # fmt: skip
    assert (rows[1]["rated.me.=Accuracy"], rows[1]["stars"], rows[1]["rating"]) == ("2.0", "", "2.0")
    documents = Exports(database, runs).report(run_id)["outputs"]
    assert [item["rater"] for item in documents[0]["ratings"]] == ["me", "Ana", "Ana", "Ana", "Ana"]
    assert documents[0]["ratings"][2]["saw"]["blind"] is True
    by_criterion = {key: documents[1]["ratings"][0][key] for key in ("aspect", "criterion", "scale", "value")}
    assert by_criterion == {"aspect": "criterion", "criterion": "=Accuracy", "scale": "stars", "value": 2.0}
