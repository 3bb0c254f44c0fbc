"""Runs that are handed over as batches: written, submitted, asked about, and read back into the same run."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.batch_server import Batch, BatchServer, batches, endpoint, lines_of, result_of, runs, server
from tests.test_runs_execute import make, model, spec
from workbench.runs.batches import Batches, BatchRow, HandedOver
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import BadInput, Case, CaseQuery, Check, Content, Message, Part, Price, Variant
from workbench.workspace.run_log import RunLogs

__all__ = ["batches", "runs", "server"]


def submit(batches: Batches, run_id: int, **options: Any) -> HandedOver:
    return asyncio.run(batches.submit(run_id, **options))


def ask(batches: Batches, run_id: int | None = None) -> list[BatchRow]:
    return asyncio.run(batches.ask(run_id))


def read(batches: Batches, path: Path, run_id: int | None = None) -> Any:
    return asyncio.run(batches.read_file(path, run_id))


FORMS = {
    "openai-chat": "/v1",
    "openai-responses": "/v1",
    "mistral": "/v1",
    "anthropic": "",
    "gemini": "",
}


@pytest.mark.both_stores
@pytest.mark.parametrize("wire_format", FORMS)
def test_a_run_goes_to_the_service_and_its_answers_come_back_like_live_ones(
    wire_format: str, server: BatchServer, runs: Runs, batches: Batches
) -> None:
    run_id = runs.prepare(spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=7, repeats=2))
    handed = submit(batches, run_id)
    assert [(batch.state, batch.requests, batch.waiting) for batch in handed.batches] == [("submitted", 14, 14)]
    row = runs.get(run_id)
    assert (row.status, row.in_batch, row.queued, row.done) == ("stopped", 14, 0, 0)
    assert {cell.status for cell in runs.cells(run_id)} == {"in_batch"}
    assert [(batch.state, batch.done) for batch in ask(batches, run_id)] == [("submitted", 0)]
    server.finish()
    (batch,) = ask(batches, run_id)
    assert (batch.state, batch.waiting, batch.message) == ("read", 0, "14 answers read.")
    row = runs.get(run_id)
    assert (row.status, row.done, row.failed, row.in_batch) == ("done", 14, 0, 0)
    assert row.finished_at
    assert row.cost_usd == 14 * (10 * Decimal(1) + 4 * Decimal(2)) / 2 / 1_000_000
    for cell in runs.cells(run_id):
        assert (cell.status, cell.text) == ("done", f"Re: Say case-{cell.case_index}.")
        assert [score.passed for score in cell.scores] == [True]
        assert (cell.latency_ms, cell.first_token_ms, cell.usage.service_tier) == (None, None, "batch")
        assert (cell.usage.input_tokens, cell.usage.output_tokens) == (10, 4)
    assert runs.columns(run_id)[0].p50_ms is None
    assert ask(batches) == []
    assert server.posts("/batches") + server.posts("/batch/jobs") + server.posts(":batchGenerateContent") == 1


def test_the_requests_are_those_of_live_calls_and_hold_no_key(server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path) -> None:
    picture = Part("image", media_type="image/png", data=b"\x89PNG\r\n\x1a\n0000", name="a.png")
    message = Message("user", (Part(text="Look at {{ q }}."), picture))
    variant = Variant("P", 1, Content((Message.of("system", "Be brief."), message), {"temperature": 0.5, "max_tokens": 20}))
    chosen = model(server.url + "/v1", options={"headers": {"x-secret": "hidden"}, "body": {"safe": True}})
    run_id = runs.prepare(spec(chosen, cases=2, variants=(variant,)))
    (batch,) = batches.write(run_id, tmp_path).batches
    text = Path(batch.file).read_text()
    assert "sk-test" not in text
    assert "hidden" not in text
    first = json.loads(text.splitlines()[0])
    assert (first["method"], first["url"]) == ("POST", "/v1/chat/completions")
    body = first["body"]
    assert "stream" not in body
    assert (body["model"], body["temperature"], body["max_tokens"], body["safe"]) == ("m1", 0.5, 20, True)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert body["messages"][1]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert len({json.loads(line)["custom_id"] for line in text.splitlines()}) == 2
    assert all(len(json.loads(line)["custom_id"]) <= 64 for line in text.splitlines())


@pytest.mark.both_stores
def test_a_file_written_today_is_read_back_by_hand_and_reading_it_again_changes_nothing(
    server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path
) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=5))
    (batch,) = batches.write(run_id, tmp_path).batches
    assert (batch.state, batch.waiting) == ("written", 5)
    results = answered(Path(batch.file), tmp_path / "out.jsonl")
    found = read(batches, results)
    assert (found.done, found.taken, found.sentences()) == (5, 5, ["5 answers read."])
    assert batches.get(batch.id).state == "read"
    assert runs.get(run_id).status == "done"
    again = read(batches, results)
    assert (again.done, again.known) == (0, 5)
    assert len(runs.outputs_of(runs.cells(run_id)[0].job_id)) == 1


def answered(requests: Path, place: Path, kind: str = "openai") -> Path:
    rows = [json.loads(line) for line in requests.read_text().splitlines()]
    batch = Batch("b", kind, "", rows)
    place.write_text("".join(json.dumps(result_of(batch, row)) + "\n" for row in rows))
    return place


def test_partial_spoilt_and_doubled_lines_are_passed_over_and_told(
    server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path
) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=6))
    (batch,) = batches.write(run_id, tmp_path).batches
    lines = answered(Path(batch.file), tmp_path / "out.jsonl").read_text().splitlines()
    failed = json.loads(lines[1]) | {"response": {"status_code": 400, "body": {"error": {"message": "Too long.", "code": "invalid_value"}}}}
    expired = json.loads(lines[2]) | {"response": None, "error": {"code": "batch_expired", "message": "Not in time."}}
    stranger = json.loads(lines[3]) | {"custom_id": "somebody-else"}
    spoilt = [
        "\ufeff" + lines[0],
        lines[0],
        json.dumps(failed),
        json.dumps(expired),
        json.dumps(stranger),
        "no json",
        "",
        "[1]",
        lines[4][:90],
    ]
    path = tmp_path / "spoilt.jsonl"
    path.write_text("\r\n".join(spoilt), "utf-8")
    found = read(batches, path, run_id)
    counts = (found.done, found.failed, found.expired, found.duplicates, found.unknown, found.broken, found.truncated)
    assert counts == (1, 1, 1, 1, 1, 2, True)
    assert "of no job here: 1, such as somebody-else" in " ".join(found.sentences())
    row = runs.get(run_id)
    assert (row.done, row.failed, row.in_batch, row.status) == (1, 2, 3, "stopped")
    errors = [cell.error for cell in runs.cells(run_id) if cell.error]
    assert (errors[0]["kind"], errors[0]["message"]) == ("bad_request", "Too long.")
    assert errors[1]["provider_code"] == "batch_expired"
    # The whole file comes later: what had expired has an answer now, what had failed too, and nothing is there twice.
    assert read(batches, tmp_path / "out.jsonl").done == 5
    assert (runs.get(run_id).done, runs.get(run_id).status, batches.get(batch.id).state) == (6, "done", "read")


def test_a_file_that_holds_no_results_is_refused_with_what_to_do(server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path) -> None:
    wire = {"openai-chat": server.url + "/v1", "anthropic": server.url}
    for wire_format, url in wire.items():
        run_id = runs.prepare(spec(model(url, wire_format=wire_format), cases=2))
        (batch,) = batches.write(run_id, tmp_path).batches
        with pytest.raises(BadInput, match="holds the requests, not their results"):
            read(batches, Path(batch.file))
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="holds no result of a batch"):
        read(batches, tmp_path / "x.csv")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(BadInput, match="holds no result"):
        read(batches, tmp_path / "empty")
    with pytest.raises(BadInput, match="cannot be read"):
        read(batches, tmp_path)


def test_an_expired_batch_keeps_what_was_answered_and_the_rest_can_be_run_again(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=5))
    submit(batches, run_id)
    server.finish("expired", done=3)
    (batch,) = ask(batches)
    assert batch.message == "3 answers read. 2 expired unanswered and cost nothing: run them again."
    row = runs.get(run_id)
    assert (row.done, row.failed, row.status) == (3, 2, "done")
    assert runs.requeue(run_id) == 2
    submit(batches, run_id)
    server.finish()
    ask(batches)
    assert (runs.get(run_id).done, runs.get(run_id).failed) == (5, 0)


def test_errors_of_requests_come_out_of_the_error_file(server: BatchServer, runs: Runs, batches: Batches) -> None:
    def errors(batch: Batch) -> bytes:
        body = {"error": {"message": "No such model.", "code": "model_not_found"}}
        row = {"custom_id": batch.rows[-1]["custom_id"], "response": {"status_code": 404, "body": body}, "error": None}
        return json.dumps(row).encode() + b"\n"

    server.errors = errors
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=4))
    submit(batches, run_id)
    server.finish(done=2)
    (batch,) = ask(batches)
    assert "1 failed" in batch.message
    assert "1 stand in no result file" in batch.message
    errors_told = [cell.error["kind"] for cell in runs.cells(run_id) if cell.error]
    assert errors_told == ["protocol", "not_found"]


@pytest.mark.parametrize("wire_format", FORMS)
def test_a_cancelled_batch_keeps_what_was_answered(wire_format: str, server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=4))
    (batch,) = submit(batches, run_id).batches
    next(iter(server.batches.values())).done = 1
    assert asyncio.run(batches.cancel(batch.id)).state == "cancelling"
    (batch,) = ask(batches)
    assert batch.state == "read"
    assert "1 answer read. 3 were cancelled" in batch.message
    assert [cell.status for cell in runs.cells(run_id)] == ["done", "cancelled", "cancelled", "cancelled"]
    with pytest.raises(BadInput, match="is over"):
        asyncio.run(batches.cancel(batch.id))


def test_a_written_file_that_is_taken_back_leaves_its_calls_to_be_made(
    runs: Runs, batches: Batches, server: BatchServer, tmp_path: Path
) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))
    (batch,) = batches.write(run_id, tmp_path).batches
    assert asyncio.run(batches.cancel(batch.id)).state == "taken_back"
    assert (runs.get(run_id).queued, runs.get(run_id).in_batch) == (3, 0)
    assert read(batches, answered(Path(batch.file), tmp_path / "out.jsonl")).done == 3


def test_what_the_service_refuses_is_in_the_queue_again_and_says_why(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))
    server.refuse = lambda method, path: (401, {"error": {"message": "Bad key sk-test-1234567890."}}) if path.endswith("/files") else None
    (batch,) = submit(batches, run_id).batches
    assert (batch.state, batch.message) == ("refused", "Bad key [key].")
    assert runs.get(run_id).queued == 3
    server.refuse = lambda method, path: None
    submit(batches, run_id)
    server.finish("failed")
    batch = ask(batches)[0]
    assert batch.state == "refused"
    assert "The model is not known. (line 1)" in batch.message
    assert runs.get(run_id).queued == 3


@pytest.mark.parametrize("wire_format", FORMS)
def test_a_submission_whose_answer_was_lost_is_found_again_and_not_sent_twice(
    wire_format: str, server: BatchServer, runs: Runs, batches: Batches
) -> None:
    run_id = runs.prepare(spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=3))
    orders = ("/batches", "/batch/jobs", ":batchGenerateContent")
    seen: list[str] = []

    def lose(method: str, path: str) -> tuple[int, dict[str, Any]] | None:
        if method == "POST" and path.endswith(orders) and not seen:
            seen.append(path)
            file = next(iter(server.files), "")
            rows = [json.loads(line) for line in server.files[file].splitlines()] if file else [{}] * 3
            kind = (
                "anthropic"
                if wire_format == "anthropic"
                else "gemini"
                if wire_format == "gemini"
                else "mistral"
                if wire_format == "mistral"
                else "openai"
            )
            server.batches["batch-1"] = Batch("batch-1", kind, file, rows)
            return 502, {"error": {"message": "Bad gateway."}}
        return None

    server.refuse = lose
    (batch,) = submit(batches, run_id).batches
    assert (batch.state, batch.message) == ("submitting", "Bad gateway.")
    (batch,) = ask(batches)
    assert (batch.state, batch.remote_id.rpartition("/")[2]) == ("submitted", "batch-1")
    assert len(server.batches) == 1


def test_a_submission_that_never_arrived_is_sent_once_more(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))
    server.refuse = lambda method, path: (503, {"error": {"message": "Busy."}}) if path.endswith("/batches") and method == "POST" else None
    assert submit(batches, run_id).batches[0].state == "submitting"
    server.refuse = lambda method, path: None
    assert ask(batches)[0].state == "submitted"
    assert len(server.files) == 1
    assert len(server.batches) == 1
    assert len(server.files["file-1"].splitlines()) == 3


SCRIPT = """
import asyncio, sys
from pathlib import Path
from workbench.runs.batches import Batches
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Endpoint
database, settings = Database.open(sys.argv[1]), Settings(Path(sys.argv[1] + ".json"))
runs = Runs(database, endpoint=lambda model, timeout: Endpoint(model.wire_format, model.base_url, None, {}, timeout), settings=settings)
asyncio.run(Batches(database, runs, settings).submit(int(sys.argv[2])))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
@pytest.mark.parametrize("wire_format", ["openai-chat", "anthropic"])
def test_an_app_killed_between_submitting_and_recording_submits_nothing_twice(
    wire_format: str, server: BatchServer, tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "w.db"
    database = Database.open(path)
    run_id = Runs(database, endpoint=endpoint, settings=settings).prepare(
        spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=4)
    )
    database.close()
    server.hold_order_s = 30
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(run_id)], cwd=Path(__file__).parent.parent)
    until = time.monotonic() + 30
    while not server.batches:
        assert time.monotonic() < until
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    server.hold_order_s = 0
    database = Database.open(path)
    try:
        runs = Runs(database, endpoint=endpoint, settings=settings)
        batches = Batches(database, runs, settings)
        assert [batch.state for batch in batches.open()] == ["submitting"]
        assert runs.get(run_id).in_batch == 4
        assert ask(batches)[0].state == "submitted"
        server.finish()
        assert ask(batches)[0].state == "read"
        assert (runs.get(run_id).done, len(server.batches)) == (4, 1)
    finally:
        database.close()


def test_two_models_make_two_batches_and_what_has_no_form_is_called_as_usual(server: BatchServer, runs: Runs, batches: Batches) -> None:
    chosen = (model(server.url + "/v1"), model(server.url, "c", wire_format="anthropic"), model())
    run_id = runs.prepare(spec(*chosen, cases=3))
    offer = batches.offer(run_id)
    assert [(one.title, one.requests, one.files, one.has_form) for one in offer.models] == [
        ("M1", 3, 1, True), ("C", 3, 1, True), ("M1", 3, 0, False),
    ]  # fmt: skip
    assert offer.as_batch.cost_usd == (offer.as_calls.cost_usd or 0) / 2
    handed = submit(batches, run_id)
    assert [batch.model for batch in handed.batches] == ["M1", "C"]
    assert handed.left == ("M1 has no form for batches: it is called as usual.",)
    make(runs, run_id)
    row = runs.get(run_id)
    assert (row.done, row.in_batch, row.status, row.standing) == (3, 6, "stopped", "waits for its batch")
    assert RunLogs(runs._database, runs).read(run_id).lines[-1].text == "Finished. 6 calls wait in a batch."
    server.finish()
    assert {batch.state for batch in ask(batches)} == {"read"}
    assert (runs.get(run_id).done, runs.get(run_id).status) == (9, "done")


def test_what_a_batch_has_is_neither_over_nor_forgotten(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), model(server.url, "c", wire_format="anthropic"), cases=3))
    submit(batches, run_id, columns=[1])
    assert runs.ended_jobs(run_id, 1) == []
    assert len(runs.leave_out(run_id, 0)) == 3
    assert (runs.get(run_id).status, runs.get(run_id).in_batch) == ("stopped", 3)


def test_large_batches_are_split_where_the_service_has_its_limits(
    runs: Runs, batches: Batches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from workbench.providers.batch import lines

    run_id = runs.prepare(spec(model("http://127.0.0.1:9/v1"), model("http://127.0.0.1:9", "c", wire_format="anthropic"), cases=25))
    monkeypatch.setitem(lines._FORMS, "openai-chat", replace(lines._FORMS["openai-chat"], most_requests=10))
    monkeypatch.setitem(lines._FORMS, "anthropic", replace(lines._FORMS["anthropic"], most_bytes=2_000))
    handed = batches.write(run_id, tmp_path).batches
    first = [batch for batch in handed if batch.model == "M1"]
    assert [batch.requests for batch in first] == [10, 10, 5]
    second = [Path(batch.file) for batch in handed if batch.model == "C"]
    assert len(second) > 1
    assert all(path.stat().st_size <= 2_000 for path in second)
    assert sum(len(json.loads(path.read_text())["requests"]) for path in second) == 25
    assert len({batch.file for batch in handed}) == len(handed)


def test_a_batch_that_would_pass_a_cap_is_not_sent(server: BatchServer, runs: Runs, batches: Batches, settings: Settings) -> None:
    dear = model(server.url + "/v1", price=Price(Decimal(1000), Decimal(1000)))
    run_id = runs.prepare(spec(dear, cases=20, max_cost_usd=Decimal("0.50")))
    with pytest.raises(BadInput, match="cap of this run leaves"):
        submit(batches, run_id)
    assert server.log == []
    assert runs.get(run_id).queued == 20


@pytest.mark.both_stores
def test_what_was_ordered_before_counts_for_the_caps_until_it_is_read(
    server: BatchServer, runs: Runs, batches: Batches, settings: Settings
) -> None:
    dear = model(server.url + "/v1", price=Price(Decimal(1000), Decimal(1000)))
    first = runs.prepare(spec(dear, replace(dear, name="m2", title="M2"), cases=4))
    most = batches.offer(first, [0]).as_batch.high_usd
    assert most
    runs.raise_budget(first, most * Decimal("1.5"))
    submit(batches, first, columns=[0])
    with pytest.raises(BadInput, match="cap of this run leaves"):
        submit(batches, first, columns=[1])
    settings.set("cap_day_usd", str(most * Decimal("1.5")))
    second = runs.prepare(spec(dear, cases=4, text="Other {{ q }}."))
    with pytest.raises(BadInput, match=r"cap of today, .* leaves"):
        submit(batches, second)
    server.finish()
    ask(batches)
    submit(batches, second)  # the answers were far shorter than they might have been


def test_watching_asks_until_the_last_batch_is_read(server: BatchServer, runs: Runs, batches: Batches) -> None:
    server.after_asks = 3
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))
    submit(batches, run_id)

    async def watched() -> list[str]:
        return [rows[0].state async for rows in batches.watch(run_id, first_s=0.01)]

    assert asyncio.run(watched()) == ["submitted", "submitted", "read"]


def test_a_service_that_is_out_of_reach_leaves_the_batch_as_it_is(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))
    submit(batches, run_id)
    server.refuse = lambda method, path: (500, {"error": {"message": "Down."}})
    (batch,) = ask(batches)
    assert (batch.state, batch.message, batch.waiting) == ("submitted", "Down.", 3)
    server.refuse = lambda method, path: None
    server.batches.clear()
    assert "does not know this batch any more" in ask(batches)[0].message
    asyncio.run(batches.cancel(batch.id))
    assert runs.get(run_id).queued == 3


def test_checks_without_a_time_have_no_verdict_and_the_next_estimate_no_wrong_one(
    server: BatchServer, runs: Runs, batches: Batches
) -> None:
    chosen = spec(model(server.url + "/v1"), cases=3, checks=(Check("latency", None, threshold=10), Check("cost", None, threshold=1)))
    run_id = runs.prepare(chosen)
    submit(batches, run_id)
    server.finish()
    ask(batches)
    for cell in runs.cells(run_id):
        assert [score.passed for score in cell.scores] == [None, True]
    estimate = runs.estimate(chosen)
    assert estimate.seconds is None
    assert "past answers" in estimate.basis


@pytest.mark.both_stores
def test_checks_of_a_case_and_allowed_python_code_are_asked_as_of_live_answers(
    server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path
) -> None:
    own = Case({"q": "a"}, checks=(Check("equals", "never"), Check("python", "'Say a' in context['prompt']")))
    chosen = spec(model(server.url + "/v1"), checks=(Check("contains", "Say"),), cases=0)
    chosen = replace(chosen, cases=(own, Case({"q": "b"})))
    runs.code.allow(program.hash for program in runs.code.lacking(own.checks))
    run_id = runs.prepare(chosen)
    (batch,) = batches.write(run_id, tmp_path).batches
    read(batches, answered(Path(batch.file), tmp_path / "out.jsonl"))
    first, second = runs.cells(run_id)
    assert [score.passed for score in first.scores] == [True, False, True], first.scores
    assert [score.passed for score in second.scores] == [True]
    assert runs.find_cases(run_id, CaseQuery(check="case"), [0]) == [0]


def test_a_run_that_is_being_made_is_not_handed_over(runs: Runs, batches: Batches, server: BatchServer, tmp_path: Path) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))

    async def both() -> None:
        async for _ in runs.execute(run_id):
            with pytest.raises(BadInput, match="is going on"):
                batches.write(run_id, tmp_path)
            return

    asyncio.run(both())


def test_while_a_run_is_handed_over_nobody_makes_or_hands_over_its_calls(
    server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path
) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))
    told: list[str] = []

    def meanwhile(_count: int) -> None:
        for attempt in (lambda: make(runs, run_id), lambda: batches.write(run_id, tmp_path)):
            with pytest.raises(BadInput, match="is going on already"):
                attempt()
            told.append("refused")

    batches.write(run_id, tmp_path, told=meanwhile)
    assert len(told) == 6
    assert runs.get(run_id).in_batch == 3
    with pytest.raises(BadInput, match="No call of this run is in the queue"):
        submit(batches, run_id)
    job = next(batches.jobs("job.run_id = :run", run=run_id))
    with pytest.raises(BadInput, match="made or handed over meanwhile"):
        batches.add(run_id, 0, "submitting", [job.id])


def test_of_two_alike_anthropic_batches_each_is_found_once(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url, wire_format="anthropic"), model(server.url, "m2", wire_format="anthropic"), cases=3))
    submit(batches, run_id)
    for batch in batches.of_run(run_id):
        batches.update(batch, state="submitting", remote_id="")
    assert [batch.remote_id for batch in ask(batches)] == ["batch-1", "batch-2"]
    assert len(server.batches) == 2


def test_together_is_given_the_form_that_it_asks_for(
    server: BatchServer, runs: Runs, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its documentation: POST /files/upload with the name and type of the file. The server stands behind a proxy under Together's name."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    run_id = runs.prepare(spec(model("http://api.together.xyz/v1"), cases=3))
    [batch] = submit(batches, run_id).batches
    assert batch.state == "submitted", batch.message
    assert server.posts("/v1/files/upload") == 1
    assert server.fields["purpose"] == "batch-api"
    assert server.fields["file_type"] == "jsonl"
    assert server.fields["file_name"].endswith(".jsonl")
    server.finish()
    ask(batches, run_id)
    assert runs.get(run_id).done == 3


def test_files_are_as_large_as_each_service_takes_them() -> None:
    from workbench.providers.batch import batch_form

    def most(wire_format: str, base_url: str) -> tuple[int, int]:
        form = batch_form(wire_format, base_url)
        assert form is not None
        return form.most_requests, form.most_bytes // 1_000_000

    assert most("openai-chat", "https://api.openai.com/v1") == (50_000, 200)
    assert most("openai-chat", "https://name.openai.azure.com/openai/v1") == (50_000, 200)
    assert most("openai-chat", "https://api.groq.com/openai/v1") == (50_000, 100)
    assert most("openai-chat", "https://api.together.xyz/v1") == (50_000, 100)
    assert most("mistral", "https://api.mistral.ai") == (50_000, 200)
    assert most("anthropic", "https://api.anthropic.com") == (100_000, 256)
    assert most("gemini", "https://generativelanguage.googleapis.com") == (100_000, 2_000)


def test_how_long_results_are_kept_is_said_when_they_are_ordered(server: BatchServer, runs: Runs, batches: Batches) -> None:
    first = runs.prepare(spec(model(server.url, "c", wire_format="anthropic"), cases=2))
    assert submit(batches, first).keep == ("C: results are kept for 29 days. Ask for them before then.",)
    second = runs.prepare(spec(model(f"{server.url}/v1"), cases=2))
    assert submit(batches, second).keep == ()


def test_results_that_the_service_keeps_no_more_put_the_calls_into_the_queue_again(
    server: BatchServer, runs: Runs, batches: Batches
) -> None:
    run_id = runs.prepare(spec(model(f"{server.url}/v1"), cases=3))
    submit(batches, run_id)
    server.finish()
    gone = {"error": {"message": "No such File object: file-1", "type": "invalid_request_error", "param": "id", "code": None}}
    server.refuse = lambda method, path: (404, gone) if path.endswith("/content") else None
    [batch] = ask(batches, run_id)
    assert (batch.state, batch.message) == ("refused", "The service does not keep the results any more.")
    assert (runs.get(run_id).queued, runs.get(run_id).in_batch) == (3, 0)


def test_an_empty_error_file_beside_the_answers_is_no_trouble(server: BatchServer, runs: Runs, batches: Batches) -> None:
    """Azure names an error file in every case."""
    run_id = runs.prepare(spec(model(f"{server.url}/v1"), cases=3))
    submit(batches, run_id)
    server.errors = lambda batch: b"\n"
    server.finish()
    [batch] = ask(batches, run_id)
    assert (batch.state, batch.message) == ("read", "3 answers read.")


def test_an_error_file_that_there_is_not_takes_nothing_from_the_answers(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(f"{server.url}/v1"), cases=3))
    submit(batches, run_id)
    server.errors = lambda batch: b"never served"
    server.refuse = lambda method, path: (404, {"error": {"message": "Not here."}}) if "/errors-" in path else None
    server.finish(done=2)
    [batch] = ask(batches, run_id)
    assert batch.state == "read"
    assert batch.message.startswith("2 answers read. 1 stand in no result file")
    assert (runs.get(run_id).done, runs.get(run_id).failed, runs.get(run_id).queued) == (2, 1, 0)


def test_answers_in_any_order_come_into_their_own_cells(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(f"{server.url}/v1"), cases=9, repeats=2))
    submit(batches, run_id)
    server.spoil = lambda batch, rows: lines_of(rows[::-1])
    server.finish()
    ask(batches, run_id)
    assert all(f"case-{cell.case_index}." in cell.text for cell in runs.cells(run_id))
    assert runs.get(run_id).done == 18
