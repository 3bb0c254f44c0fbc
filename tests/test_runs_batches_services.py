"""What batch services do each in their own way, as their documentation and clients tell it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.batch_server import Batch, BatchServer, batches, lines_of, runs, server
from tests.test_runs_batches import FORMS, answered, ask, read, submit
from tests.test_runs_execute import model, spec
from workbench.providers.batch import openai, why_not
from workbench.runs.batches import Batches
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import BadInput

__all__ = ["batches", "runs", "server"]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "FIRST_WAIT_S", 0.01)


def test_a_file_that_is_still_being_read_in_is_waited_for(server: BatchServer, runs: Runs, batches: Batches) -> None:
    """Azure takes a file first and reads it in then; an order that comes before is refused."""
    server.reads_in = 3
    run_id = runs.prepare(spec(model(server.url + "/openai/v1"), cases=2))
    (batch,) = submit(batches, run_id).batches
    assert (batch.state, batch.message) == ("submitted", "")
    assert sum("/files/file-1" in path for _, path, _ in server.log) == 3
    assert (server.posts("/files"), server.posts("/batches")) == (1, 1)


def test_a_file_that_takes_too_long_begins_later_and_is_not_uploaded_again(
    server: BatchServer, runs: Runs, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai, "PATIENCE_S", 0.05)
    server.reads_in = 10**6
    run_id = runs.prepare(spec(model(server.url + "/openai/v1"), cases=2))
    (batch,) = submit(batches, run_id).batches
    assert (batch.state, batch.message) == ("submitting", "The service is still reading the file of requests; the batch begins later.")
    server.reads_in = 0
    assert ask(batches)[0].state == "submitted"
    assert (server.posts("/files"), server.posts("/batches")) == (1, 1)


def test_a_file_that_cannot_be_read_in_puts_the_calls_into_the_queue(server: BatchServer, runs: Runs, batches: Batches) -> None:
    server.reads_in = 2
    spoilt = {"id": "file-1", "status": "error", "status_details": "Line 1 is no JSON."}
    server.refuse = lambda method, path: (200, spoilt) if path.endswith("/files/file-1") else None
    run_id = runs.prepare(spec(model(server.url + "/openai/v1"), cases=2))
    (batch,) = submit(batches, run_id).batches
    assert (batch.state, batch.message, runs.get(run_id).queued) == ("refused", "Line 1 is no JSON.", 2)


def test_the_lines_for_a_dated_deployment_name_it_as_their_model(server: BatchServer, runs: Runs, batches: Batches) -> None:
    """A live call names it in its address. The lines of a file have none."""
    run_id = runs.prepare(spec(model(server.url + "/openai/deployments/my-batch?api-version=2024-10-21", "gpt-4o"), cases=2))
    (batch,) = submit(batches, run_id).batches
    assert batch.state == "submitted", batch.message
    rows = [json.loads(line) for line in server.files["file-1"].splitlines()]
    assert {(row["url"], row["body"]["model"]) for row in rows} == {("/chat/completions", "my-batch")}
    assert {path for _, path, _ in server.log} == {"/openai/files?api-version=2024-10-21", "/openai/batches?api-version=2024-10-21"}
    server.finish()
    ask(batches)
    assert runs.get(run_id).done == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("The input is too long.", "The input is too long."),
        ({"error": {"message": "No such model.", "type": "NotFoundError", "param": None, "code": 404}}, "No such model."),
        ({"object": "error", "message": "Bad value.", "type": "BadRequestError", "code": 400}, "Bad value."),
        (None, "400 Bad Request, without any words."),
    ],
)
def test_an_error_of_vllm_is_told_in_its_words(
    error: Any, words: str, server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path
) -> None:
    """`vllm run-batch` writes them beside a response whose body is empty."""
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=1))
    (batch,) = batches.write(run_id, tmp_path).batches
    named = json.loads(Path(batch.file).read_text())["custom_id"]
    response = {"status_code": 400, "request_id": "vllm-batch-1", "body": None}
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps({"id": "vllm-1", "custom_id": named, "response": response, "error": error}) + "\n")
    assert read(batches, path).failed == 1
    [cell] = runs.cells(run_id)
    assert cell.error is not None
    assert (cell.error["message"], cell.error["status"]) == (words, 400)


def test_an_error_of_vertex_is_told_in_its_words(server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path) -> None:
    """It leaves the response empty and writes the error into the status, which is empty otherwise."""
    run_id = runs.prepare(spec(model(server.url, wire_format="gemini"), cases=2))
    (batch,) = batches.write(run_id, tmp_path).batches
    good, bad = (json.loads(line) for line in Path(batch.file).read_text().splitlines())
    answer = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Yes."}]}, "finishReason": "STOP"}]}
    path = tmp_path / "out.jsonl"
    path.write_bytes(lines_of([good | {"status": "", "response": answer}, bad | {"status": "Bad Request: too long.", "response": {}}]))
    found = read(batches, path)
    assert (found.done, found.failed) == (1, 1)
    assert [cell.error["message"] for cell in runs.cells(run_id) if cell.error] == ["Bad Request: too long."]


def test_rows_of_ray_data_are_answers(server: BatchServer, runs: Runs, batches: Batches, tmp_path: Path) -> None:
    """Its engines write the text and two counts, its requests to an address what that answered; both beside the columns of the request."""
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=4))
    (batch,) = batches.write(run_id, tmp_path).batches
    rows = [json.loads(line) for line in Path(batch.file).read_text().splitlines()]
    counts = {"num_input_tokens": 12, "num_generated_tokens": 3, "__inference_error__": ""}
    message = {"role": "assistant", "content": "Over HTTP."}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    ends: list[dict[str, Any]] = [
        {"generated_text": "By an engine.", **counts},
        {"http_response": body},
        {"__inference_error__": "ValueError: The prompt is too long.", "generated_text": None},
        {"generated_text": "", **counts, "num_generated_tokens": 0},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines_of([row | end for row, end in zip(rows, ends, strict=True)]))
    found = read(batches, path)
    assert (found.done, found.failed, found.broken) == (3, 1, 0)
    cells = runs.cells(run_id)
    assert [cell.text for cell in cells] == ["By an engine.", "Over HTTP.", "", ""]
    assert [(cell.usage.input_tokens, cell.usage.output_tokens) for cell in cells[:2]] == [(12, 3), (9, 2)]
    assert cells[2].error is not None
    assert cells[2].error["message"] == "ValueError: The prompt is too long."


def begin_among_others(server: BatchServer, batches: Batches, run_id: int, created: str | None = None) -> None:
    """Submit a run's batch, forget its name, and let 250 of other people follow. `created`: what the service says of when, of all."""
    (batch,) = submit(batches, run_id).batches
    batches.update(batch, state="submitting", remote_id="")
    mine = server.batches["batch-1"]
    for number in range(2, 252):
        server.batches[f"batch-{number}"] = Batch(f"batch-{number}", mine.kind, f"other-{number}", [{}])
    for each in server.batches.values() if created else ():
        each.created = str(created)


@pytest.mark.parametrize("wire_format", FORMS)
def test_a_batch_that_was_begun_is_found_behind_many_later_ones(
    wire_format: str, server: BatchServer, runs: Runs, batches: Batches
) -> None:
    run_id = runs.prepare(spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=3))
    begin_among_others(server, batches, run_id)
    (batch,) = ask(batches)
    assert (batch.state, batch.remote_id.rpartition("/")[2]) == ("submitted", "batch-1")
    assert len(server.batches) == 251, "none was begun again"


@pytest.mark.parametrize("wire_format", [form for form in FORMS if form != "anthropic"])  # where nothing but the time tells a batch
def test_a_batch_is_found_behind_later_ones_by_a_clock_that_is_hours_ahead(
    wire_format: str, server: BatchServer, runs: Runs, batches: Batches
) -> None:
    run_id = runs.prepare(spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=3))
    begin_among_others(server, batches, run_id, (datetime.now(UTC) - timedelta(hours=20)).isoformat())  # as the service's clock told it
    (batch,) = ask(batches)
    assert (batch.state, batch.remote_id.rpartition("/")[2]) == ("submitted", "batch-1")
    assert len(server.batches) == 251, "none was begun again"


@pytest.mark.parametrize("wire_format", FORMS)
def test_older_batches_are_not_looked_through(wire_format: str, server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=3))
    (batch,) = submit(batches, run_id).batches
    batches.update(batch, state="submitting", remote_id="")
    mine = server.batches.pop("batch-1")  # its order never arrived
    old = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    for number in range(500):
        server.batches[f"old-{number}"] = Batch(f"old-{number}", mine.kind, f"other-{number}", [{}] * 3, created=old)
    server.log.clear()
    (batch,) = ask(batches)
    assert batch.state == "submitted"
    assert sum(method == "GET" for method, _, _ in server.log) == 1


@pytest.mark.parametrize("wire_format", FORMS)
def test_a_list_without_an_end_begins_nothing_on_a_guess(wire_format: str, server: BatchServer, runs: Runs, batches: Batches) -> None:
    server.page = 1
    run_id = runs.prepare(spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=3))
    (batch,) = submit(batches, run_id).batches
    batches.update(batch, state="submitting", remote_id="")
    mine = server.batches.pop("batch-1")
    for number in range(6000 if wire_format == "mistral" else 60):
        server.batches[f"new-{number}"] = Batch(f"new-{number}", mine.kind, f"other-{number}", [{}])
    if wire_format == "mistral":
        server.page = 10**9  # it counts the rows of a page
    orders = sum(method == "POST" for method, _, _ in server.log)
    (batch,) = ask(batches)
    assert (batch.state, "nothing was sent again" in batch.message) == ("submitting", True), batch.message
    assert sum(method == "POST" for method, _, _ in server.log) == orders


def test_a_file_whose_last_line_is_cut_off_is_fetched_once_more(server: BatchServer, runs: Runs, batches: Batches) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))
    submit(batches, run_id)
    fetched: list[int] = []

    def spoil(_batch: Batch, rows: list[dict[str, Any]]) -> bytes:
        fetched.append(len(rows))
        whole = lines_of(rows).rstrip(b"\n")  # not every service ends the last line
        return whole if len(fetched) > 1 else whole[:-40]

    server.spoil = spoil
    server.finish()
    (batch,) = ask(batches)
    assert (batch.state, batch.message, len(fetched)) == ("read", "3 answers read.", 2)


def test_results_that_come_cut_off_again_and_again_are_asked_for_later_before_they_count_as_missing(
    server: BatchServer, runs: Runs, batches: Batches
) -> None:
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=3))
    submit(batches, run_id)
    fetched = 0

    def spoil(_batch: Batch, rows: list[dict[str, Any]]) -> bytes:
        nonlocal fetched
        fetched += 1
        return lines_of(rows)[:-40]

    server.spoil = spoil
    server.finish()
    (batch,) = ask(batches)
    assert "cut off" in batch.message
    assert (batch.state, fetched) == ("submitted", 2)
    assert (runs.get(run_id).done, runs.get(run_id).failed) == (2, 0)
    (batch,) = ask(batches)
    assert (batch.state, fetched, runs.get(run_id).failed) == ("read", 4, 1)
    assert batch.message.startswith("The results came cut off each time.")
    assert "fetch the file again" not in batch.message, "nobody but the app has it"


def test_an_order_for_together_has_the_fields_of_its_documentation(
    server: BatchServer, runs: Runs, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    run_id = runs.prepare(spec(model("http://api.together.xyz/v1"), cases=1))
    seen: list[dict[str, Any]] = []
    order = server._order

    def kept(path: str, value: dict[str, Any], headers: dict[str, str], size: int) -> Any:
        seen.append(value)
        return order(path, value, headers, size)

    monkeypatch.setattr(server, "_order", kept)
    assert batches.offer(run_id).as_batch.basis.endswith("Together halves the price of some models only.")
    submit(batches, run_id)
    assert seen == [{"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h"}]


@pytest.mark.parametrize(
    ("wire_format", "url", "can"),
    [
        ("openai-chat", "https://api.openai.com/v1", True),
        ("openai-responses", "https://name.openai.azure.com/openai/v1", True),
        ("openai-chat", "https://api.groq.com/openai/v1", True),
        ("openai-chat", "https://api.fireworks.ai/inference/v1", False),
        ("openai-chat", "https://generativelanguage.googleapis.com/v1beta/openai", False),
        ("gemini", "https://generativelanguage.googleapis.com", True),
        ("gemini", "https://aiplatform.googleapis.com", False),
        ("anthropic", "https://api.anthropic.com", True),
        ("anthropic", "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5", False),
    ],
)
def test_a_service_without_batches_of_this_form_is_known_before_anything_is_sent(wire_format: str, url: str, can: bool) -> None:
    assert (why_not(wire_format, url, "M") == "") is can


def test_claude_on_another_cloud_is_called_as_usual(runs: Runs, batches: Batches, tmp_path: Path) -> None:
    """Vertex AI takes its batches from a bucket, in a form that is not Anthropic's own."""
    url = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5"
    run_id = runs.prepare(spec(model(url, "claude", wire_format="anthropic"), cases=2))
    assert [(one.has_form, one.why_not_submitted) for one in batches.offer(run_id).models] == [
        (False, "CLAUDE has no form for batches: it is called as usual.")
    ]
    with pytest.raises(BadInput, match="it is called as usual"):
        batches.write(run_id, tmp_path)


@pytest.mark.both_stores
def test_a_batch_of_somebody_elses_account_is_not_called_lost(
    server: BatchServer, runs: Runs, batches: Batches, database: Database
) -> None:
    """In a team each app asks with its own key. What is cancelled because one of them does not know it would be paid twice."""
    run_id = runs.prepare(spec(model(server.url + "/v1"), cases=2))
    submit(batches, run_id)
    mine = dict(server.batches)
    server.batches.clear()
    (batch,) = ask(batches)
    assert batch.state == "submitted"
    assert ("let them ask" in batch.message) is database.on_server
    assert ("any more" in batch.message) is not database.on_server
    server.batches.update(mine)
    server.finish()
    assert [row.message for row in ask(batches)] == ["2 answers read."]


@pytest.mark.one_store("server")
@pytest.mark.parametrize("wire_format", FORMS)
def test_what_somebody_elses_app_began_is_not_begun_again_in_another_account(
    wire_format: str, server: BatchServer, runs: Runs, batches: Batches, database: Database
) -> None:
    run_id = runs.prepare(spec(model(server.url + FORMS[wire_format], wire_format=wire_format), cases=2))
    (batch,) = submit(batches, run_id).batches
    batches.update(batch, state="submitting", remote_id="")  # that app was killed before it had the answer
    with database.write() as writer:
        writer.run("UPDATE run SET author = 'somebody else' WHERE id = :id", id=run_id)
    mine, files = dict(server.batches), dict(server.files)
    server.batches.clear()
    server.files.clear()
    posts = sum(method == "POST" for method, _, _ in server.log)
    (batch,) = ask(batches)
    assert (batch.state, "let them ask" in batch.message, runs.get(run_id).in_batch) == ("submitting", True, 2)
    assert sum(method == "POST" for method, _, _ in server.log) == posts
    server.batches.update(mine)
    server.files.update(files)
    assert ask(batches)[0].state == "submitted"


@pytest.mark.one_store("server")
def test_what_another_app_is_busy_with_is_neither_taken_back_nor_read_twice(
    server: BatchServer, runs: Runs, batches: Batches, database: Database, settings: Settings, tmp_path: Path
) -> None:
    """A file is open in one app only. On a server the other one may be about to begin the batch, or to read the same results."""
    run_id = runs.prepare(spec(model(server.url + "/v1"), model(server.url, "c", wire_format="anthropic"), cases=3))
    (batch,) = submit(batches, run_id, columns=[0]).batches
    written = batches.write(run_id, tmp_path, columns=[1]).batches[0]
    results = tmp_path / "out.jsonl"
    rows = json.loads(Path(written.file).read_text())["requests"]
    requests = tmp_path / "requests.jsonl"
    requests.write_text("".join(json.dumps(row) + "\n" for row in rows))
    answered(requests, results, "anthropic")
    other = Database.open(database.path, password="p@ss/word:1")
    try:
        assert other.take_run(run_id)
        with pytest.raises(BadInput, match="Another app is busy"):
            asyncio.run(batches.cancel(batch.id))
        with pytest.raises(BadInput, match="Another app is busy"):
            read(batches, results)
        assert (batches.get(batch.id).state, runs.get(run_id).in_batch) == ("submitted", 6)
        other.leave_run(run_id)
        assert read(batches, results).done == 3
        assert asyncio.run(batches.cancel(batch.id)).state == "cancelling"
        assert other.take_run(run_id), "it was left again"
    finally:
        other.close()
