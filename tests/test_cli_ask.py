"""`workbench ask`: one call, from the command line to a server and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from tests.picture_server import picture_for
from workbench.cli.ask import _Streamed
from workbench.cli.frame import perform
from workbench.cli.terminal import Terminal
from workbench.values import Delta

Start = Callable[..., FakeProvider]


def ask(server: FakeProvider, prompt: str, *more: str) -> list[str]:
    return ["ask", prompt, "--api", "openai-chat", "--base-url", server.base_url, "--model", "fake-small", "--max-retries", "0", *more]


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def test_the_answer_is_streamed_to_stdout(fakeprovider: Start, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(ask(fakeprovider(), "Say hello")) == 0
    assert capsys.readouterr().out == "You said: Say hello\n"


def test_the_one_document_has_every_field_of_the_contract(fakeprovider: Start, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(ask(fakeprovider(), "Say hello", "--json")) == 0
    said = document(capsys)
    assert set(said) == {
        "schema", "model", "resolved_model", "text", "thinking", "refusal", "tool_calls", "images", "finish_reason", "raw_finish_reason",
        "usage", "cost_usd", "latency_ms", "first_token_ms", "retries", "error",
    }  # fmt: skip
    assert set(said["usage"]) == {"input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"}
    assert (said["schema"], said["text"], said["finish_reason"], said["retries"], said["error"]) == (
        1,
        "You said: Say hello",
        "stop",
        0,
        None,
    )
    assert said["latency_ms"] >= said["first_token_ms"] > 0


def test_system_parameters_picture_and_schema_travel(fakeprovider: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = fakeprovider()
    (tmp_path / "a.png").write_bytes(picture_for("a"))
    (tmp_path / "s.json").write_text('{"type": "object", "properties": {}}')
    more = ["--system", "Be brief", "--param", "temperature=0", "--param", "user=Ana", "--image", str(tmp_path / "a.png"), "--no-stream"]
    assert perform(ask(server, "Look", *more, "--json-schema", str(tmp_path / "s.json"))) == 0
    sent = json.loads(json.dumps(server.log()[-1]))
    text = json.dumps(sent)
    capsys.readouterr()
    assert sent
    assert "fake-small" in text


def test_a_failure_has_its_kind_and_status_and_exit_code_1(fakeprovider: Start, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(ask(fakeprovider(), "x [[fake status=429 retry_after=2]]", "--json")) == 1
    error = document(capsys)["error"]
    assert (error["kind"], error["status"], error["retry_after_s"]) == ("rate_limit", 429, 2.0)
    assert set(error) == {"kind", "status", "message", "retry_after_s", "provider_code"}


@pytest.mark.parametrize("api", ["openai-chat", "anthropic", "bedrock"])
def test_an_impossible_key_is_refused_before_anything_is_sent(
    api: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_API_KEY", "a key with spaces")
    assert perform(["ask", "x", "--api", api, "--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--json"]) == 1
    error = document(capsys)["error"]
    assert (error["kind"], error["provider_code"]) == ("auth", "malformed_key")


def test_an_unreachable_server_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code = perform(["ask", "x", "--api", "openai-chat", "--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--max-retries", "0"])
    printed = capsys.readouterr()
    assert code == 1
    assert printed.out == ""
    assert printed.err.count("\n") == 1


def test_the_key_comes_from_the_environment_and_shows_nowhere(
    fakeprovider: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    monkeypatch.setenv("WORKBENCH_API_KEY", "sk-from-environment")
    assert perform(ask(server, "x", "--json")) == 0
    printed = capsys.readouterr()
    assert "sk-from-environment" not in printed.out + printed.err


def test_a_prompt_comes_from_stdin_too(fakeprovider: Start) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *ask(fakeprovider(), "-")], input="from a pipe", capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "You said: from a pipe\n")


def test_what_arrived_before_a_failure_is_printed_once_and_goes_on_where_it_was_cut(
    fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fakeprovider()
    again = ["ask", "one two three four [[fake drop=1 first=1]]", "--api", "openai-chat", "--base-url", server.base_url, "--model", "m"]
    assert perform(again) == 0
    assert capsys.readouterr().out == "You said: one two three four\n"
    assert perform(ask(server, "one two three [[fake garbage=1]]")) == 1
    assert capsys.readouterr().out.startswith("You said:")  # it came together with what could not be read


def test_an_answer_that_is_another_one_at_the_second_try_begins_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    streamed = _Streamed(Terminal())
    streamed.delta(Delta("Hello wor"))
    streamed.again()
    for piece in ("Hel", "p is near"):
        streamed.delta(Delta(piece))
    streamed.end()
    assert capsys.readouterr().out == "Hello wor\nHelp is near\n"


def test_a_refused_key_says_what_to_do(fakeprovider: Start, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(ask(fakeprovider(require_key="sk-other"), "x")) == 1
    assert capsys.readouterr().err.endswith(" Check the key of this server.\n")


def test_ask_loads_neither_the_database_nor_the_templates(fakeprovider: Start) -> None:
    code = (
        "import sys\nfrom workbench.cli.frame import perform\n"
        f"assert perform({ask(fakeprovider(), 'x')!r}) == 0\n"
        "print(sorted({'sqlmodel', 'sqlalchemy', 'alembic', 'jinja2', 'keyring', 'aiohttp', 'ruamel', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


def test_a_broken_off_answer_is_not_printed_again_and_its_retries_stand_on_their_own_lines(fakeprovider: Start) -> None:
    server = fakeprovider(tokens=12)
    arguments = ["ask", "hi [[fake drop=1]]", "--api", "openai-chat", "--base-url", server.base_url, "--model", "m", "--max-retries", "2"]
    reader, writer = os.openpty()
    process = subprocess.Popen([sys.executable, "-m", "workbench", *arguments], stdout=writer, stderr=writer, stdin=subprocess.DEVNULL)
    os.close(writer)
    printed = b""
    with suppress(OSError):  # Linux ends a terminal that nobody writes to any more with an error
        while piece := os.read(reader, 65_536):
            printed += piece
    os.close(reader)
    assert process.wait(30) == 1
    lines = printed.decode().replace("\r\n", "\n").splitlines()
    assert len(lines) == 4
    assert [" Trying again in " in line for line in lines] == [False, True, True, False]
    assert lines[1].startswith("The connection to ")
    assert lines[3].startswith("workbench: The connection to ")
