"""`run`, `resume`, `rerun`, `show`, `list`, `export`: a comparison from a file to its report, also when interrupted."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from tests.run_workspace import fill
from workbench.cli.frame import perform
from workbench.evaluators.checks import LATE
from workbench.settings import Settings
from workbench.values import Price
from workbench.workspace import Workspace

Start = Callable[..., FakeProvider]


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))


def config(folder: Path, server: FakeProvider | None, cases: int = 3, **keys: Any) -> str:
    provider: Any = "echo"
    if server is not None:
        provider = {"id": "openai:chat:fake-small", "config": {"apiBaseUrl": server.base_url, "apiKey": "sk-in-the-file"}}
    path = folder / "promptfooconfig.json"
    document = {
        "description": "Answers",
        "prompts": ["Say {{q}}.", {"label": "polite", "raw": "Please say {{q}}."}],
        "providers": [provider],
        "defaultTest": {"assert": [{"type": "icontains", "value": "{{q}}"}]},
        "tests": [{"description": f"case {n}", "vars": {"q": f"word-{n}"}} for n in range(cases)],
        **keys,
    }
    path.write_text(json.dumps(document), "utf-8")
    return str(path)


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def test_a_server_on_this_computer_is_as_free_for_a_question_as_for_a_run(
    fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    assert perform(["run", config(tmp_path, server), "--json"]) == 0
    said = document(capsys)
    assert (said["run"]["cost_usd"], said["run"]["unknown_prices"]) == ("0", [])
    for api, base_url in (("openai-chat", server.base_url), ("anthropic", server.base_url.removesuffix("/v1"))):
        assert perform(["ask", "Say hello", "--api", api, "--base-url", base_url, "--model", "gpt-4o", "--json"]) == 0
        assert document(capsys)["cost_usd"] == "0"


def test_a_configuration_runs_and_answers_with_the_report_of_the_contract(
    fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    assert perform(["run", config(tmp_path, server), "--json"]) == 0
    said = document(capsys)
    run, outputs, columns = said["run"], said["outputs"], said["columns"]
    assert said["schema"] == 1
    assert (run["comparison"], run["status"], run["jobs"], run["done"], run["failed"]) == ("Answers", "done", 6, 6, 0)
    assert set(run) >= {"id", "started", "finished", "reused", "cost_usd", "unknown_prices"}
    assert len(outputs) == 6
    first = outputs[0]
    assert set(first) >= {
        "prompt", "version", "model", "case", "case_name", "repeat", "vars", "messages", "status", "text", "finish_reason", "usage",
        "cost_usd", "latency_ms", "first_token_ms", "reused", "error", "checks", "passed", "score", "ratings",
    }  # fmt: skip
    assert first["messages"] == [{"role": "user", "content": "Say word-0."}]
    assert (first["text"], first["case_name"], first["vars"], first["passed"]) == ("You said: Say word-0.", "case 0", {"q": "word-0"}, True)
    assert [column["prompt"] for column in columns] == ["Say {{q}}.", "polite"]
    assert columns[0]["pass_rate"] == 1.0
    assert server.stats()["requests"] == 6


def test_the_key_of_a_file_is_sent_and_stored_nowhere(fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, fakeprovider()), "--json"]) == 0
    assert "sk-in-the-file" not in capsys.readouterr().out
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("w.db*"))
    assert b"word-0" in stored
    assert b"sk-in-the-file" not in stored


def test_without_json_a_table_goes_to_stdout_and_progress_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, None)]) == 0
    printed = capsys.readouterr()
    assert "Answers #1" in printed.out
    assert "polite" in printed.out
    assert "6 of 6 done" in printed.err
    assert perform(["run", config(tmp_path, None), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_a_pass_rate_below_the_threshold_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    what = config(tmp_path, None, defaultTest={"assert": [{"type": "contains", "value": "Please"}]})
    assert perform(["run", what, "--fail-under", "0.9", "--json"]) == 1
    assert "3 of 6 outputs passed, and --fail-under asks for 90%." in capsys.readouterr().err
    assert perform(["run", what, "--fail-under", "0.5", "--json"]) == 0
    assert perform(["run", what, "--json"]) == 0


def test_failed_calls_end_with_1_and_can_be_made_again_alone(
    fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    tests = [{"vars": {"q": "fine"}}, {"vars": {"q": "bad [[fake status=400 first=2]]"}}]
    assert perform(["run", config(tmp_path, server, tests=tests), "--json"]) == 1
    printed = capsys.readouterr()
    assert "Of 4 calls, 2 failed." in printed.err
    said = json.loads(printed.out)
    failed = [output for output in said["outputs"] if output["status"] == "failed"]
    assert [output["error"]["kind"] for output in failed] == ["bad_request", "bad_request"]
    server.configure(latency_ms=1)
    before = server.stats()["requests"]
    assert perform(["rerun", said["run"]["id"], "--only", "errors", "--json"]) == 1
    again = document(capsys)
    assert server.stats()["requests"] == before + 2
    assert [output["reused"] for output in again["outputs"] if output["status"] == "done"] == [True, True]


def test_a_comparison_without_values_names_all_that_is_missing_and_sends_nothing(
    fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    assert perform(["run", config(tmp_path, server, prompts=["{{name}} asks {{q}} of {{whom}}"]), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "name and whom have no value" in printed.err
    assert printed.err.count("\n") == 1
    assert server.stats()["requests"] == 0


def test_a_broken_template_of_a_configuration_names_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, None, prompts=["one\n{% for x in y %}"]), "--json"]) == 2
    assert "line 1: The prompt one cannot be translated: endfor is missing for the loop that starts on line 2" in capsys.readouterr().err


def test_the_options_of_run_change_what_is_run(fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = fakeprovider()
    (tmp_path / "cases.csv").write_text("q,note\nfrom a table,x\n")
    what = config(tmp_path, server, providers=["openai:chat:one", "openai:chat:two"])
    more = ["--base-url-override", server.base_url, "--model", "two", "--repeats", "2", "--dataset", str(tmp_path / "cases.csv")]
    assert perform(["run", what, *more, "--concurrency", "1", "--json"]) == 0
    outputs = document(capsys)["outputs"]
    assert {output["model"] for output in outputs} == {"two"}
    assert sorted(output["repeat"] for output in outputs) == [1, 1, 2, 2]
    assert {output["vars"]["q"] for output in outputs} == {"from a table"}


def test_a_missing_key_ends_with_3_and_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, None, providers=["openai:chat:gpt-x"]), "--json"]) == 3
    assert "OPENAI_API_KEY" in capsys.readouterr().err


def test_where_no_model_can_be_asked_no_run_is_left_behind(
    fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def made() -> list[str]:
        capsys.readouterr()
        assert perform(["list", "runs", "--json"]) == 0
        return [run["id"] for run in document(capsys)["runs"]]

    lacking = config(tmp_path, None, providers=["openai:chat:gpt-x", "openai:chat:gpt-y"])
    assert perform(["run", lacking, "--json"]) == 3
    assert made() == []
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-a-while")
    assert perform(["run", lacking, "--base-url-override", fakeprovider().base_url]) == 0
    monkeypatch.delenv("OPENAI_API_KEY")
    (first,) = made()
    assert perform(["rerun", first]) == 3
    assert made() == [first]
    some = config(tmp_path, None, providers=["openai:chat:gpt-x", "echo"])
    assert perform(["run", some, "--json"]) == 1
    assert len(made()) == 2, "a run of which some models can be asked is made"


def test_a_comparison_whose_model_was_removed_runs_on_others_that_are_named(
    fakeprovider: Start, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider().base_url, cases=2)
    with closing(Workspace.open(filled.path, settings)) as ws:
        ws.connections.remove_model(filled.models[0])
    assert perform(["run", "Refunds"]) == 2
    assert "the model model-0 was removed" in capsys.readouterr().err
    assert perform(["run", "Refunds", "--model", "model-1", "--json"]) in (0, 1)
    assert {output["model"] for output in document(capsys)["outputs"]} == {"model-1"}


def test_a_run_of_which_a_price_is_unknown_is_not_called_free(
    fakeprovider: Start, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider().base_url, cases=2)
    with closing(Workspace.open(filled.path, settings)) as ws:
        connection = ws.connections.list()[0].id
        for name, price in (("unpriced", Price()), ("own", Price(Decimal(0), Decimal(0)))):
            ws.connections.add_model(connection, name, price=price)
    for models, cost, told in (
        (("own",), "  free  ", ", free  on"),
        (("own", "unpriced"), "  ?  ", "8 of 8 done  on"),
        (("model-0", "unpriced"), " + ?  ", ", $0.00"),
    ):
        perform(["run", "Refunds", *(word for name in models for word in ("--model", name))])
        assert told in capsys.readouterr().out
        assert perform(["list", "runs"]) == 0
        assert cost in capsys.readouterr().out.splitlines()[1]


def test_a_provider_of_the_file_goes_before_a_connected_model_of_its_name_and_that_is_said(
    fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named, connected = fakeprovider(), fakeprovider()
    with closing(Workspace.open(tmp_path / "w.db")) as ws:
        ws.connections.add_model(ws.connections.add("Our server", "other", connected.base_url), "fake-small")
    path = config(tmp_path, named)
    note = "fake-small is asked as promptfooconfig.json says; the connected model of that name is not."
    for more in ([], ["--model", "fake-small"]):
        assert perform(["run", path, *more, "--no-reuse"]) == 0
        assert capsys.readouterr().err.count(f'{note} To ask it instead: --model "Our server/fake-small"') == 1
    assert (named.stats()["requests"], connected.stats()["requests"]) == (12, 0)
    assert perform(["run", path, "--model", "Our server/fake-small"]) == 0
    assert note not in capsys.readouterr().err
    assert connected.stats()["requests"] == 6


def test_what_is_not_carried_over_is_told_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, None, derivedMetrics=[{"name": "x"}]), "--json"]) == 0
    assert "Not carried over: configuration: derivedMetrics" in capsys.readouterr().err


def test_outputs_are_written_where_they_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("json", "jsonl", "csv"):
        assert perform(["run", config(tmp_path, None), "--out", str(tmp_path / f"out.{ending}")]) == 0
    assert len(json.loads((tmp_path / "out.json").read_text("utf-8"))["outputs"]) == 6
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 6
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 6
    capsys.readouterr()
    assert perform(["run", config(tmp_path, None), "--out", str(tmp_path / "out.pdf")]) == 2
    assert perform(["run", config(tmp_path, None), "--out", str(tmp_path / "gone" / "out.csv")]) == 2


def test_a_place_that_cannot_be_written_is_told_before_anything_is_asked(
    fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    (tmp_path / "out.json").mkdir()
    assert perform(["run", config(tmp_path, server), "--out", str(tmp_path / "out.json")]) == 2
    assert "This is a folder, and the outputs are one file." in capsys.readouterr().err
    assert server.stats()["requests"] == 0


def test_outputs_that_cannot_be_written_after_all_do_not_keep_the_report_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("workbench.cli.run._check_out", lambda path: (tmp_path / "out.json").mkdir())  # made while the run goes on
    assert perform(["run", config(tmp_path, None), "--json", "--out", str(tmp_path / "out.json")]) == 1
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)["outputs"]) == 6
    assert "out.json cannot be written: Is a directory. Choose another place." in printed.err
    assert f"workbench export FILE --what run {json.loads(printed.out)['run']['id']}" in printed.err


def test_the_built_in_model_is_named_in_a_run_as_it_is_in_a_question(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, None), "--model", "builtin", "--json"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "workbench demo" in printed.err or "pip install" in printed.err


def test_the_last_word_of_progress_is_no_wait_that_is_over_and_tells_what_was_left_out(
    fakeprovider: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = [{"vars": {"q": "bad [[fake status=500]]"}}]
    assert perform(["run", config(tmp_path, fakeprovider(), tests=tests)]) == 1
    assert "trying again" not in capsys.readouterr().err.splitlines()[-2]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-key-of-the-environment")
    what = config(tmp_path, None, providers=["openai:chat:gpt-4o-mini"], tests=tests, prompts=["Say {{q}}."])
    assert perform(["run", what, "--max-cost", "0.0000001", "--base-url-override", "http://127.0.0.1:9/v1"]) == 1
    said = capsys.readouterr().err
    assert "0 of 1 done · 1 left out" in said
    assert "Of 1 call, 1 was left out by the cap." in said
    assert "1 call, about" in said


def test_what_the_cap_left_out_is_asked_under_a_higher_one(
    fakeprovider: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-key-of-the-environment")
    what = config(tmp_path, None, providers=["openai:chat:gpt-4o-mini"], prompts=["Say {{q}}."])
    to = ["--base-url-override", server.base_url]
    assert perform(["run", what, "--max-cost", "0.0000001", *to, "--json"]) == 1
    printed = capsys.readouterr()
    run = json.loads(printed.out)["run"]
    assert (run["status"], run["done"]) == ("stopped", 0)
    assert ", with 4 characters for a token" in printed.err
    assert "One call of gpt-4o-mini may cost up to $0.0025, and the cap of the run is $0.0000: none is sent." in printed.err
    assert f"workbench resume {run['id']} --max-cost USD" in printed.err
    assert perform(["resume", "Answers #1", *to]) == 1
    assert "Nothing is left to do" not in capsys.readouterr().err
    assert server.stats()["requests"] == 0
    assert perform(["resume", "Answers #1", "--max-cost", "5", *to, "--json"]) == 0
    resumed = document(capsys)["run"]
    assert (resumed["id"], resumed["status"], resumed["done"]) == (run["id"], "done", run["jobs"])
    assert server.stats()["requests"] == run["jobs"]


def test_a_rerun_keeps_the_cap_that_its_run_was_raised_to_and_takes_another(
    fakeprovider: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-key-of-the-environment")
    what = config(tmp_path, None, providers=["openai:chat:gpt-4o-mini"], prompts=["Say {{q}}."])
    to = ["--base-url-override", server.base_url, "--json"]
    assert perform(["run", what, "--max-cost", "0.0000001", *to]) == 1
    assert perform(["resume", "Answers #1", "--max-cost", "5", *to]) == 0
    capsys.readouterr()
    for number in (1, 2):  # what a rerun was given is kept by its own reruns
        assert perform(["rerun", f"Answers #{number}", *to]) == 0
        assert document(capsys)["run"]["status"] == "done"
    asked = server.stats()["requests"]
    assert perform(["rerun", "Answers #1", "--max-cost", "0.0000001", *to]) == 1
    run = document(capsys)["run"]
    assert (run["number"], run["done"]) == (4, 0)
    assert server.stats()["requests"] == asked


def test_runs_are_listed_newest_first_and_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    what = config(tmp_path, None)
    assert perform(["run", what, "--json"]) == 0
    first = document(capsys)
    assert perform(["run", what, "--json"]) == 0
    second = document(capsys)
    assert perform(["list", "runs", "--json"]) == 0
    runs = document(capsys)["runs"]
    assert [run["id"] for run in runs] == [second["run"]["id"], first["run"]["id"]]
    assert set(first["run"]) <= set(runs[0])
    assert perform(["show", first["run"]["id"], "--json"]) == 0
    assert document(capsys) == first
    assert perform(["show", "nowhere"]) == 2


def test_a_run_is_exported_by_ending_or_by_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, None), "--json"]) == 0
    run = document(capsys)["run"]["id"]
    assert perform(["export", str(tmp_path / "a.csv"), "--what", "run", run, "--json"]) == 0
    assert document(capsys)["files"] == [str(tmp_path / "a.csv")]
    assert perform(["export", str(tmp_path / "a.data"), "--what", "run", run, "--format", "jsonl"]) == 0
    assert perform(["export", str(tmp_path / "a.data"), "--what", "run", run]) == 2
    assert perform(["export", str(tmp_path / "a.csv"), "--what", "run"]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
def test_an_interrupt_keeps_what_is_finished_and_resume_does_the_rest(fakeprovider: Start, tmp_path: Path) -> None:
    server = fakeprovider(latency_ms=60)
    command = [sys.executable, "-m", "workbench"]
    what = config(tmp_path, server, cases=100)
    running = subprocess.Popen(
        [*command, "run", what, "--concurrency", "4", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while server.stats()["requests"] < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=90)
    assert running.returncode == 130, err
    said = json.loads(out)
    assert said["run"]["status"] == "stopped"
    kept = said["run"]["done"]
    assert 10 <= kept < 200
    server.configure(latency_ms=0)
    env = {**os.environ, "OPENAI_API_KEY": "sk-from-environment"}
    resumed = subprocess.run([*command, "resume", said["run"]["id"], "--json"], capture_output=True, text=True, timeout=60, env=env)
    assert resumed.returncode == 0, resumed.stderr
    whole = json.loads(resumed.stdout)
    assert whole["run"]["status"] == "done"
    assert [output["status"] for output in whole["outputs"]] == ["done"] * 200
    assert server.stats()["repeats"] <= 4


def test_resuming_a_finished_run_says_so_and_asks_nobody(fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = fakeprovider()
    assert perform(["run", config(tmp_path, server), "--json"]) == 0
    run = document(capsys)
    before = server.stats()["requests"]
    assert perform(["resume", run["run"]["id"], "--json"]) == 0
    printed = capsys.readouterr()
    assert "Nothing is left to do" in printed.err
    assert json.loads(printed.out) == run
    assert server.stats()["requests"] == before


def test_while_a_window_has_the_workspace_open_it_can_be_read_but_not_run_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from workbench.workspace import Workspace

    opened = Workspace.open(tmp_path / "w.db")
    try:
        code = "import sys; from workbench.cli.frame import perform; sys.exit(perform(sys.argv[1:]))"
        command = [sys.executable, "-c", code, "--workspace", str(tmp_path / "w.db")]
        ran = subprocess.run([*command, "run", config(tmp_path, None), "--json"], capture_output=True, text=True, timeout=60)
        assert (ran.returncode, ran.stdout) == (3, "")
        assert "--workspace" in ran.stderr
        listed = subprocess.run([*command, "list", "runs", "--json"], capture_output=True, text=True, timeout=60)
        assert (listed.returncode, listed.stdout) == (0, '{"schema":1,"runs":[]}\n')
    finally:
        opened.close()


def test_what_a_column_is_sent_without_is_said_before_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Settings().set("max_retries", 0)
    with closing(Workspace.open(tmp_path / "w.db")) as ws:
        model = ws.connections.add_model(ws.connections.add("Claude", "anthropic", "http://127.0.0.1:9", key="sk-test-key-1"), "claude-x")
        ws.connections.update_model(model, parameters={"seed": 1})
    assert perform(["run", config(tmp_path, None), "--model", "claude-x", "--base-url-override", "http://127.0.0.1:9"]) == 1
    assert "claude-x does not take seed. It is sent without." in capsys.readouterr().err


def test_an_embedding_model_is_refused_before_anything_is_sent(
    tmp_path: Path, fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    with closing(Workspace.open(tmp_path / "w.db")) as ws:
        ws.connections.add_model(ws.connections.add("Vectors", "other", server.base_url), "text-embedding-3-small")
    assert perform(["run", config(tmp_path, None), "--model", "text-embedding-3-small"]) == 2
    assert "text-embedding-3-small makes embeddings" in capsys.readouterr().err
    assert perform(["ask", "Hello", "--model", "text-embedding-3-small"]) == 2
    assert "text-embedding-3-small makes embeddings" in capsys.readouterr().err
    assert server.stats()["requests"] == 0


def test_a_refused_key_is_said_and_the_run_goes_on_with_another(
    fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fakeprovider(require_key="sk-right")
    path = config(tmp_path, server)
    assert perform(["run", path, "--json"]) == 1
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert {(output["status"], output["error"]["kind"]) for output in report["outputs"]} == {("queued", "auth")}
    assert "Of 6 calls, 6 were not made." in said.err
    assert "fake-small: The key was refused (401): " in said.err
    assert f"workbench resume {report['run']['id']}" in said.err
    assert server.stats()["requests"] <= 4
    server.configure(require_key="")
    assert perform(["resume", report["run"]["id"], "--json"]) == 0
    assert document(capsys)["run"]["done"] == 6


def test_only_what_is_missing_is_asked(fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = fakeprovider()
    assert perform(["run", config(tmp_path, server, cases=2)]) == 0
    capsys.readouterr()
    assert perform(["run", config(tmp_path, server, cases=5), "--missing", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["run"]["reused"] == 4
    assert server.stats()["requests"] == 4 + 6


def test_a_run_imports_only_what_makes_it_and_its_report(fakeprovider: Start, tmp_path: Path) -> None:
    arguments = ["--quiet", "run", config(tmp_path, fakeprovider(), cases=10), "--json"]
    code = (
        "import contextlib, io, sys\nfrom workbench.cli.frame import perform\n"
        f"with contextlib.redirect_stdout(io.StringIO()):\n    assert perform({arguments!r}) == 0\n"
        "print(*sys.modules)\nimport ssl\nprint(ssl.create_default_context().cert_store_stats()['x509'] > 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    loaded, trusts = done.stdout.splitlines()[-2:]
    names = set(loaded.split())
    assert "aiohttp" in names
    assert trusts == "True", "a TLS context that is made after aiohttp was imported lacks the certificates"
    dear = {"sqlalchemy", "sqlmodel", "pydantic", "alembic", "jinja2", "keyring", "ruamel", "statistics", "PySide6"}
    stations = ("gui", "analysis", "runs.batches", "runs.judging", "library.folder.", "library.in_step", "workspace.packets")
    forms = ("exports.training", "exports.facts", "exports.page", "formats.library_file", "formats.foreign_writing")
    checks = tuple(f"evaluators.{module}" for module in LATE)
    ours = {name.removeprefix("workbench.") for name in names if name.startswith("workbench.")}
    assert not dear & names
    assert not {name for name in ours if name.startswith((*stations, *forms, *checks))}
