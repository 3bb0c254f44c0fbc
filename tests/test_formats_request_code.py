"""A prompt as Python and as curl: the code is really run against a server on loopback, and asks what the app would ask."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from workbench.formats.foreign_writing import Outgoing, Target
from workbench.formats.library_file import PromptFile
from workbench.formats.reports import Notes
from workbench.formats.request_code import curl, python
from workbench.templates import render
from workbench.values import BadInput, Content, Message, Part, VariableSpec

NASTY = "It's \"quoted\" $HOME `id` \\n {braces} {{ '{{' }} $(id)\nPROMPT_JSON\n'''\r\nüñ 🙂 \u2028 \x7f {{ user.name }} {{ class }}"
VALUES = {"user": {"name": "Ana 'the' \"first\""}, "class": "$9 {x}"}
SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}}


class Heard(BaseHTTPRequestHandler):
    """Keeps what it was asked and answers."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["Authorization"], json.loads(body)))  # type: ignore[attr-defined]
        answer = json.dumps({"choices": [{"message": {"content": "refunded"}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    made = HTTPServer(("127.0.0.1", 0), Heard)
    made.asked = []  # type: ignore[attr-defined]
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def given(server: Any, content: Content, key_env: str = "MY_KEY") -> Outgoing:
    base = f"http://127.0.0.1:{server.server_address[1]}/v1/"
    return Outgoing(PromptFile('Re"fund\\', content, samples=VALUES), target=Target(base, "small", key_env, {"seed": 4}))


def run(kind: str, text: str, folder: Path) -> str:
    """What the code prints, run as it is."""
    path = folder / f"code.{kind}"
    path.write_bytes(text.encode())
    command = [sys.executable, str(path)] if kind == "py" else ["sh", str(path)]
    environment = {**os.environ, "MY_KEY": "secret-7", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


CONTENT = Content(
    (Message.of("system", "Be kind.\n"), Message.of("user", NASTY), Message.of("assistant", "")),
    {"temperature": 0.5, "stop": ["\n", "'"], "parallel_tool_calls": True},
    SCHEMA,
    ({"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}},),
)
LOGICAL = Content(
    (Message.of("user", "{% if class %}{{ user.name | upper }}\n{% endif %}" + NASTY), Message("user", (Part(text="{{ class }}"),)))
)
PAST = [{"role": "user", "content": "Is {{ it }} late?"}, {"role": "assistant", "content": "{% no %}"}]
SPOKEN = Content(
    (Message.of("system", "{{ class }}"), Message.of("user", "{{ past }}"), Message.of("user", "{{ now }}"), Message.of("user", NASTY)),
    variables={"past": VariableSpec("messages", default=PAST), "now": VariableSpec("messages", required=False)},
)


@pytest.mark.parametrize("content", [CONTENT, LOGICAL, SPOKEN], ids=["plain", "logic", "spoken"])
@pytest.mark.parametrize("kind", ["py", "sh"])
def test_the_code_asks_what_the_app_would_ask(kind: str, content: Content, server: Any, tmp_path: Path) -> None:
    if kind == "sh" and shutil.which("curl") is None:
        pytest.skip("curl is not here")
    text = (python if kind == "py" else curl)(given(server, content), Notes(""))
    assert "secret-7" not in text
    assert "refunded" in run(kind, text, tmp_path)
    ((path, authorization, body),) = server.asked
    assert (path, authorization) == ("/v1/chat/completions", "Bearer secret-7")
    wanted = [(message.role, message.text) for message in render(content, VALUES)]
    # Where only values are filled in, the line ends of the text stay as they were typed.
    assert [(item["role"], item["content"].replace("\r\n", "\n")) for item in body["messages"]] == wanted
    beside = {name: value for name, value in body.items() if name != "messages"}
    schema = {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}, "tools": list(content.tools)}
    assert beside == {"model": "small", **content.parameters, "seed": 4, **(schema if content is CONTENT else {})}


def test_a_server_without_a_key_is_asked_without_one(server: Any, tmp_path: Path) -> None:
    text = python(given(server, Content((Message.of("user", "Hi"),)), key_env=""), Notes(""))
    assert "os" not in text.split("import httpx")[0]
    assert run("py", text, tmp_path) == "refunded\n"
    assert server.asked[0][1] is None


def test_a_value_that_nobody_gave_is_told_and_stands_empty(server: Any, tmp_path: Path) -> None:
    content = Content(
        (Message.of("user", "{{ who }} {{ tone }} {{ order.buyer.name }}"),), variables={"tone": VariableSpec(default="warm")}
    )
    notes = Notes("")
    assert "{{ who }} warm {{ order.buyer.name }}" in curl(given(server, content), notes)
    assert {note.what: note.why for note in notes.all()}[
        "variable who"
    ] == "There is no sample value for who: it stands in the text as {{ who }}."
    notes = Notes("")
    assert "refunded" in run("py", python(given(server, content), notes), tmp_path)
    assert server.asked[0][2]["messages"] == [{"role": "user", "content": " warm "}]
    assert any("fill it in at the top" in note.why for note in notes.all())
    with pytest.raises(BadInput, match="There is no value for items"):
        curl(given(server, Content((Message.of("user", "{% for a in items %}{{ a }}{% endfor %}"),))), Notes(""))


def test_what_is_half_typed_is_no_template_in_any_format(server: Any) -> None:
    for write in (python, curl):
        with pytest.raises(BadInput, match=r"Message 1 \(user\), line 1: endif is missing"):
            write(given(server, Content((Message.of("user", "{% if class %} x"),))), Notes(""))
