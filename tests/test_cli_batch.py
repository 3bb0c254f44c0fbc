"""`workbench batch` and `workbench run --batch`: from a file to answers at half price."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.batch_server import Batch, BatchServer, result_of, server
from tests.conftest import FakeProvider
from workbench.cli.frame import perform
from workbench.workspace import Workspace

__all__ = ["server"]


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    monkeypatch.setenv("WORKBENCH_API_KEY", "sk-of-the-environment-1")


def config(folder: Path, server: BatchServer) -> str:
    path = folder / "promptfooconfig.json"
    document = {
        "description": "Answers",
        "prompts": ["Say {{q}}."],
        "providers": [{"id": "openai:chat:small", "config": {"apiBaseUrl": server.url + "/v1"}}],
        "defaultTest": {"assert": [{"type": "icontains", "value": "{{q}}"}]},
        "tests": [{"vars": {"q": f"word-{n}"}} for n in range(4)],
    }
    path.write_text(json.dumps(document), "utf-8")
    return str(path)


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def test_a_run_is_submitted_asked_about_and_read(server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, server), "--batch", "--json"]) == 0
    document = said(capsys)
    run = document["run"]["id"]
    assert [(batch["state"], batch["requests"], batch["waiting"]) for batch in document["batches"]] == [("submitted", 4, 4)]
    assert perform(["batch", "status", run]) == 0
    assert "at the service" in capsys.readouterr().out
    assert perform(["show", run]) == 0
    assert "Answers #1  waits for its batch  0 of 4 done, 4 in a batch" in capsys.readouterr().out
    assert perform(["list", "runs"]) == 0
    listed = capsys.readouterr().out
    assert "waits for its batch" in listed
    assert "stopped" not in listed
    assert perform(["list", "runs", "--json"]) == 0
    assert (said(capsys)["runs"][0]["status"], document["run"]["in_batch"]) == ("stopped", 4), "a script reads what it always has"
    server.finish()
    assert perform(["batch", "status", run, "--wait", "--json"]) == 0
    assert [batch["state"] for batch in said(capsys)["batches"]] == ["read"]
    assert perform(["show", run, "--json"]) == 0
    outputs = said(capsys)["outputs"]
    assert [output["text"] for output in outputs] == [f"Re: Say word-{n}." for n in range(4)]
    assert {(output["latency_ms"], output["passed"], output["batch"]) for output in outputs} == {(None, True, True)}
    assert server.log[0][2]["authorization"] == "Bearer sk-of-the-environment-1"


def priced(folder: Path, server: BatchServer) -> tuple[Path, list[str]]:
    """A configuration that asks a model with a known price, and the options that send its calls to the stand-in."""
    path = Path(config(folder, server))
    document = json.loads(path.read_text("utf-8"))
    document["providers"] = [{"id": "openai:chat:gpt-4o", "config": {"max_tokens": 4000}}]
    path.write_text(json.dumps(document), "utf-8")
    return path, ["--base-url-override", server.url + "/v1"]


def test_half_the_price_is_said_before_and_counted_after(
    server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment-1")
    path, override = priced(tmp_path, server)
    assert perform(["run", str(path), "--batch", *override]) == 0
    said_before = capsys.readouterr()
    found = re.search(r"about \$(\S+) as a batch \(\$\S+ to \$\S+\), about \$(\S+) as calls", said_before.err)
    assert found is not None, said_before.err
    assert float(found[1]) == pytest.approx(float(found[2]) / 2, abs=0.0001)
    run = re.search(r"batch status (\S+)", said_before.err)
    assert run is not None
    server.finish()
    assert perform(["batch", "status", run[1], *override]) == 0
    capsys.readouterr()
    assert perform(["show", run[1], "--json"]) == 0
    document = said(capsys)
    ws = Workspace.open(tmp_path / "w.db")
    try:
        price = ws.runs.plan(ws.runs.get(run[1]).id).columns[0].model.price
    finally:
        ws.close()
    assert price.input_usd
    assert price.output_usd
    one = (10 * price.input_usd + 4 * price.output_usd) / 2 / 1_000_000
    assert {Decimal(str(output["cost_usd"])) for output in document["outputs"]} == {one}


def test_files_are_written_and_results_read_by_hand(server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert perform(["run", config(tmp_path, server), "--batch-files", str(folder), "--json"]) == 0
    document = said(capsys)
    (path,) = folder.iterdir()
    assert document["batches"][0]["file"] == str(path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert server.log == []
    results = tmp_path / "results.jsonl"
    results.write_text("".join(json.dumps(result_of(Batch("b", "openai", "", rows), row)) + "\n" for row in rows[:3]) + '{"custom')
    assert perform(["batch", "read", str(results)]) == 1
    text = capsys.readouterr().out
    assert "3 answers read. The last line is cut off" in text
    assert "Answers #1: 3 of 4 done" in text
    assert perform(["batch", "read", str(results), "--json"]) == 1
    assert said(capsys)["read"] == {
        "done": 0, "failed": 0, "expired": 0, "cancelled": 0, "known": 3, "duplicates": 0, "unknown": 0, "broken": 0, "truncated": True,
    }  # fmt: skip
    assert perform(["batch", "cancel", document["run"]["id"]]) == 0
    assert "taken back" in capsys.readouterr().out
    assert perform(["batch", "submit", document["run"]["id"], "--json"]) == 0
    assert said(capsys)["batches"][0]["requests"] == 1


def test_reading_results_tells_which_verdicts_of_judges_are_lacking(
    server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(tmp_path, server)
    document = json.loads(Path(path).read_text("utf-8"))
    document["tests"][0]["assert"] = [{"type": "llm-rubric", "value": "is polite"}]
    Path(path).write_text(json.dumps(document), "utf-8")
    assert perform(["import", path]) == 0
    assert perform(["run", "Answers", "--batch"]) == 0
    server.finish()
    capsys.readouterr()
    assert perform(["batch", "status", "Answers"]) == 1
    assert "1 verdict of judges is lacking." in capsys.readouterr().err
    assert perform(["show", "Answers"]) == 0
    assert "4 of 4 done" in capsys.readouterr().out


def test_a_run_that_cannot_be_handed_over_is_not_left_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "promptfooconfig.json")
    document = {"prompts": ["Say {{q}}."], "providers": ["openai:chat:gpt-4o", "echo"], "tests": [{"vars": {"q": "yes"}}]}
    Path(path).write_text(json.dumps(document), "utf-8")
    for name in ("WORKBENCH_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert perform(["run", path, "--batch"]) == 3
    assert "No key for api.openai.com" in capsys.readouterr().err
    document["providers"] = ["echo"]
    Path(path).write_text(json.dumps(document), "utf-8")
    assert perform(["run", path, "--batch"]) == 2
    assert "Nothing was handed over. echo has no form for batches" in capsys.readouterr().err
    assert perform(["list", "runs", "--json"]) == 0
    assert said(capsys)["runs"] == []


def test_a_batch_that_would_pass_a_cap_is_refused_before_a_run_is_made(
    server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment-1")
    path, override = priced(tmp_path, server)
    assert perform(["run", str(path), "--batch", "--max-cost", "0.0001", *override]) == 2
    complaint = capsys.readouterr().err
    assert "and the cap of this run leaves $0.00." in complaint
    assert "No run was made." in complaint
    assert perform(["list", "runs", "--json"]) == 0
    assert said(capsys)["runs"] == []
    ws = Workspace.open(tmp_path / "w.db")
    try:
        ws.settings.set("cap_day_usd", "0.0001")
    finally:
        ws.close()
    assert perform(["run", str(path), "--batch", *override]) == 2
    assert re.search(r"the cap of today, .* leaves", capsys.readouterr().err)
    assert perform(["list", "runs", "--json"]) == 0
    assert said(capsys)["runs"] == []
    assert server.log == []


def test_what_goes_wrong_is_one_line(server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.refuse = lambda method, path: (404, {"error": {"message": "Not here."}})
    assert perform(["run", config(tmp_path, server), "--batch"]) == 1
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert complaint == "workbench: small: Not here. Its calls are in the queue of the run again."
    assert perform(["batch", "read", str(tmp_path / "nothing.jsonl")]) == 2
    assert "nothing.jsonl cannot be read: No such file or directory." in capsys.readouterr().err
    assert perform(["run", config(tmp_path, server), "--batch-files", str(tmp_path / "no" / "folder")]) == 2
    assert "is no folder" in capsys.readouterr().err
    assert perform(["list", "runs", "--json"]) == 0
    assert len(said(capsys)["runs"]) == 1, "a run that could not be written is not left behind"
    assert perform(["batch"]) == 2


def test_a_refusal_is_told_until_its_calls_are_handed_over_after_all(
    server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuse = lambda method, path: (404, {"error": {"message": "Not here"}})
    assert perform(["run", config(tmp_path, server), "--batch"]) == 1
    told = "workbench: small: Not here. Its calls are in the queue of the run again."
    assert capsys.readouterr().err.splitlines()[-1] == told, "the full stop that the service left out stands there"
    assert perform(["batch", "status", "Answers"]) == 1
    assert told in capsys.readouterr().err
    server.refuse = lambda method, path: None
    assert perform(["batch", "submit", "Answers"]) == 0
    capsys.readouterr()
    assert perform(["batch", "status", "Answers"]) == 0
    assert "Not here" not in capsys.readouterr().err
    server.finish()
    assert perform(["batch", "status", "Answers"]) == 0
    assert capsys.readouterr().err.splitlines() == ["small: 4 answers read."]
    assert perform(["batch", "submit", "Answers"]) == 2
    assert capsys.readouterr().err.splitlines() == ["workbench: Nothing was handed over. No call of this run is in the queue."]


def test_a_refused_batch_whose_calls_were_made_as_usual_is_no_trouble_any_more(
    server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], fakeprovider: Callable[..., FakeProvider]
) -> None:
    server.refuse = lambda method, path: (404, {"error": {"message": "Not here."}})
    assert perform(["run", config(tmp_path, server), "--batch"]) == 1
    assert perform(["resume", "Answers", "--base-url-override", fakeprovider().base_url]) == 0
    capsys.readouterr()
    assert perform(["batch", "status", "Answers"]) == 0
    assert "queue" not in capsys.readouterr().err


def test_what_a_cancelled_batch_had_answered_is_told(server: BatchServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, server), "--batch"]) == 0
    batch = next(iter(server.batches.values()))
    batch.done = 1
    server.after_asks = 1
    capsys.readouterr()
    assert perform(["batch", "cancel", "Answers"]) == 0
    assert "were cancelled before an answer and cost nothing" in capsys.readouterr().err


def test_a_service_that_breaks_off_while_it_is_asked_is_not_said_to_charge_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: BatchServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    asking, _ = listener.accept()
                    asking.recv(100)
                    asking.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{")
                    asking.close()

        threading.Thread(target=hang_up, daemon=True).start()
        assert perform(["run", config(tmp_path, server), "--batch"]) == 0
        capsys.readouterr()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        assert perform(["batch", "status", "Answers", "--base-url-override", address]) == 0
        told = capsys.readouterr().err
    assert "was closed before the answer was complete" in told
    assert "charged" not in told
