"""A key that is planted in every way a user can plant one, then looked for in all that the product writes, shows and starts: nowhere."""

from __future__ import annotations

import base64
import io
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractItemView, QAbstractSlider, QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, session
from workbench.cli.frame import perform
from workbench.gui import crash
from workbench.gui.app import Session
from workbench.gui.crash_dialog import CrashDialog
from workbench.gui.key_dialog import KeyDialog
from workbench.gui.models.connect import ConnectDialog
from workbench.gui.models.view import ModelsScreen
from workbench.values import Problem
from workbench.workspace import Workspace

__all__ = ["session"]

KEY = "Zq" + secrets.token_hex(20)  # like no vendor's key: no pattern knows it
PASSPHRASE = "canary " + secrets.token_hex(12)


class Echo(BaseHTTPRequestHandler):
    """Says the key that it was sent in everything: headers, error texts, answers."""

    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: str, kind: str = "application/json") -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(data))), ("x-request-id", KEY), ("x-echo", f"Bearer {KEY}")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._answer(200, json.dumps({"data": [{"id": name, "owned_by": KEY} for name in ("good", "stream", "bad", "html")]}))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent = self.headers.get("Authorization", "")
        if asked["model"] == "bad":
            self._answer(400, json.dumps({"error": {"message": f"{sent} is refused at /x?key={quote(KEY)}", "code": KEY, "param": KEY}}))
        elif asked["model"] == "html":
            self._answer(502, f"<html><title>{sent}</title>{KEY}</html>", "text/html")
        elif asked["model"] == "stream" or asked.get("stream"):
            pieces = ["Your header: ", f"{sent}, and {KEY}", "."]
            events = [{"id": KEY, "model": asked["model"], "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
            events.append({"id": KEY, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "system_fingerprint": KEY})
            self._answer(200, "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n", "text/event-stream")
        else:
            reply = {"id": KEY, "choices": [{"message": {"content": f"{sent} came"}, "finish_reason": "stop"}]}
            self._answer(200, json.dumps(reply))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    thread.join(10)
    server.server_close()


def found_in(text: str | bytes) -> bool:
    """True if the key, the beginning of it, or a form of it that anybody could read back stands in a text."""
    data = text if isinstance(text, bytes) else text.encode()
    forms = [KEY.encode(), KEY[:16].encode(), KEY[-20:].encode(), KEY.encode("utf-16-le"), KEY.encode().hex().encode(), PASSPHRASE.encode()]
    forms += [base64.b64encode(prefix + KEY.encode())[4:-4] for prefix in (b"", b"Bearer ", b"a", b"ab")]
    return any(form in data for form in forms)


def search_files(*folders: Path) -> None:
    """Fails for a file with the key in it."""
    seen = 0
    for folder in folders:
        for path in folder.rglob("*"):
            assert not found_in(str(path)), path
            if path.is_file():
                seen += 1
                assert not found_in(path.read_bytes()), f"the key lies in {path}"
    assert seen


def search_processes() -> None:
    """Fails where the key is an argument of a process, ours or a child's."""
    for entry in Path("/proc").glob("[0-9]*/cmdline") if sys.platform == "linux" else ():
        try:
            assert not found_in(entry.read_bytes()), entry
        except OSError:
            continue


def search_window() -> None:
    """Fails where any widget shows or tells the key: texts, tool tips, titles, accessible names, descriptions and values, rows of lists."""
    for widget in QApplication.allWidgets():
        told = [widget.windowTitle(), widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.objectName()]
        told += [widget.accessibleName(), widget.accessibleDescription(), *_said(widget)]
        interface = QAccessible.queryAccessibleInterface(widget)
        if interface is not None:
            told += [interface.text(kind) for kind in (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value)]
        for text in told:
            assert not found_in(text), f"{type(widget).__name__} tells the key: {text}"


def _columns(model: QAbstractItemModel) -> int:
    return 1 if isinstance(model, QAbstractListModel) else model.columnCount()


def _said(widget: QWidget) -> list[str]:
    if isinstance(widget, QLineEdit):
        return [widget.displayText(), widget.placeholderText()]
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        model = widget.model()
        indexes = [model.index(row, column) for row in range(model.rowCount()) for column in range(_columns(model))]
        roles = [*range(16), *range(256, 272)]
        return [str(value) for index in indexes for role in roles if isinstance(value := index.data(role), str)]
    said: list[str] = []
    for name in ("text", "toPlainText", "title", "currentText"):
        method = getattr(widget, name, None)
        if callable(method) and not isinstance(widget, QAbstractSlider):
            said.append(str(method()))
    return said


def command(*arguments: str, stdin: str = "", **environment: str) -> str:
    """What the command line prints in a process of its own, on both streams; its arguments are looked at while it runs."""
    child = subprocess.Popen(
        [sys.executable, "-m", "workbench", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1]), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    search_processes()
    printed, _ = child.communicate(stdin, timeout=120)
    assert not found_in(printed), printed
    assert "Traceback" not in printed, printed
    return printed


def comparison(folder: Path, url: str, models: tuple[str, ...]) -> Path:
    """A promptfoo file that asks these models of the connection at `url`."""
    providers = "".join(f"  - id: openai:chat:{model}\n    config: {{apiBaseUrl: '{url}'}}\n" for model in models)
    file = folder / "promptfooconfig.yaml"
    file.write_text(f"prompts: ['Say {{{{word}}}}']\nproviders:\n{providers}tests:\n  - vars: {{word: hello}}\n  - vars: {{word: bye}}\n")
    return file


def export_all(workspace: Path, run: str, folder: Path) -> None:
    command("--workspace", str(workspace), "export", str(folder / "library"))
    for kind in ("csv", "jsonl", "json"):
        command("--workspace", str(workspace), "export", str(folder / f"out.{kind}"), "--what", "run", run)
    command("--workspace", str(workspace), "show", run, "--json")
    assert {file.name for file in folder.iterdir()} >= {"library", "out.csv", "out.jsonl", "out.json"}


@pytest.mark.parametrize("way", ["environment", "file"])
def test_a_key_of_the_command_line_is_nowhere(way: str, echo: str, home: Path, tmp_path: Path) -> None:
    workspace, out, config = home / "w.db", home / "out", tmp_path / "config"
    out.mkdir()
    config.mkdir()
    given = {"WORKBENCH_API_KEY": KEY, "OPENAI_API_KEY": KEY} if way == "environment" else {"WORKBENCH_PASSPHRASE": PASSPHRASE}
    if way == "file":
        pytest.importorskip("cryptography")
        command("connections", "key-file", **given)
    models = ("good", "stream", "bad", "html")
    adding = [text for model in models for text in ("--model", model)]
    add = ["--workspace", str(workspace), "connections", "add", "Echo", "--vendor", "openai", "--base-url", echo]
    assert "Added Echo" in command(*add, *adding, stdin=f"{KEY}\n", **given)
    for verb in (["connections", "test", "Echo"], ["connections", "--json"], ["models", "--json"], ["doctor"]):
        command("--workspace", str(workspace), *verb, **given)
    for model in models:
        command("--workspace", str(workspace), "ask", "hello", "--model", model, "--json", **given)
        command("--workspace", str(workspace), "ask", "hello", "--model", model, **given)
    if way == "environment":
        file = comparison(config, echo, models)
        command("--workspace", str(workspace), "run", str(file), "--json", **given)
        runs = json.loads(command("--workspace", str(workspace), "list", "runs", "--json"))["runs"]
        assert runs
        export_all(workspace, str(runs[0]["id"]), out)
    search_files(home)
    if way == "file":
        command("--workspace", str(workspace), "connections", "remove", "Echo", **given)
        search_files(home)


MISTAKES = [
    "https://user:{key}@127.0.0.1:9/v1", "https://{key}@127.0.0.1:9/v1", "https://127.0.0.1:9/v1?api_key={key}", "https://127.0.0.1:9/v1?k={key}",
    "https://127.0.0.1:9/v1?{key}", "user:{key}@127.0.0.1:9/v1", "ftp://user:{key}@127.0.0.1/v1", "127.0.0.1:9/v1?key={key}",
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_key_in_an_address_is_refused_and_kept_nowhere(
    mistake: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    url = mistake.format(key=KEY)
    assert perform(["--workspace", str(home / "w.db"), "connections", "add", "Wrong", "--base-url", url]) == 2
    printed = capsys.readouterr()
    assert not found_in(printed.out + printed.err), printed.err
    ws = Workspace.open(home / "w.db")
    id = ws.connections.add("Right", "other", "https://127.0.0.1:9/v1")
    with pytest.raises(Problem):
        ws.connections.update(id, base_url=url)
    ws.back_up()
    search_files(home)
    ws.close()
    search_files(home)


def test_a_key_of_the_window_is_nowhere(session: Session, qtbot: QtBot, echo: str, home: Path, tmp_path: Path) -> None:
    session.context.go("models")
    screen = cast("ModelsScreen", session.window.screen_at("models"))
    screen.show_at(connect="openai")
    dialog = cast("ConnectDialog", dialogs()[0])
    qtbot.waitUntil(lambda: dialog._vendor is not None and dialog._vendor.id == "openai")
    for mistake in MISTAKES:  # in the address, where the user may have pasted it
        dialog._url.setText(mistake.format(key=KEY))
        dialog._test_button.click()
        qtbot.waitUntil(lambda: dialog._test is None and not dialog._report.isHidden())
        dialog._url.clear()
        search_window()
    dialog._key.setText(KEY)
    dialog._url.setText(echo)
    search_window()
    dialog._test_button.click()
    qtbot.waitUntil(lambda: dialog._test is None and not dialog._report.isHidden())
    assert dialog._report.accessibleName().startswith("Connected")
    for row in range(4):
        dialog._models._list.item(row).setCheckState(dialog._models._list.item(row).checkState().Checked)
    search_window()
    dialog._connect.click()
    qtbot.waitUntil(lambda: len([row for row in screen._table.rows if row.place != "builtin"]) == 4)
    search_window()
    ws = session.context.ws
    connection = ws.connections.list()[-1]
    screen._do("key", connection)
    key_dialog = next(each for each in dialogs() if isinstance(each, KeyDialog))
    key_dialog._field.setText(KEY)
    search_window()
    key_dialog._save.click()
    qtbot.waitUntil(lambda: not any(isinstance(each, KeyDialog) for each in dialogs()))
    run = _run(session, qtbot)
    session.context.go("compare", run_id=run)
    qtbot.wait(300)
    search_window()
    for job in range(1, 5):
        _show_details(session, job, qtbot)
        search_window()
    boom = RuntimeError(f"Illegal header value b'Bearer {KEY}' in {quote(KEY)}")
    session._crash.report(boom)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: any(isinstance(each, CrashDialog) for each in dialogs()))
    assert "in [key]" in crash.log_path().read_text("utf-8")
    search_window()
    search_processes()
    ws.back_up()
    search_files(home, tmp_path)  # with the write-ahead log, while the workspace is open
    next(each for each in dialogs() if isinstance(each, CrashDialog)).reject()
    session.window.remember()
    session.end()
    search_files(home, tmp_path)


def _run(session: Session, qtbot: QtBot) -> int:
    """The id of a finished run of all four models."""
    from workbench.values import Case, Content, Message, Spec, Variant

    ws: Any = session.context.ws
    models = tuple(ws.connections.spec(row.id) for row in ws.connections.models() if row.place != "builtin")
    variant = Variant("Say", 1, Content((Message.of("user", "Say {{word}}"),)))
    run = int(ws.runs.prepare(Spec("Canary", (variant,), models, (Case({"word": "hello"}), Case({"word": "bye"})))))
    session.context.start_run(run)
    end = time.monotonic() + 60
    while ws.runs.get(run).status not in ("done", "stopped") and time.monotonic() < end:
        qtbot.wait(50)
    assert ws.runs.get(run).status == "done"
    return run


def _show_details(session: Session, job: int, qtbot: QtBot) -> None:
    """Read one answer with its raw exchange as the window shows it."""
    ws = session.context.ws
    assert not found_in(repr(ws.runs.cell(job)))
    for output in ws.runs.outputs_of(job):
        assert not found_in(repr(ws.runs.output(output)) + repr(ws.runs.exchange(output)))
    session.context.go("compare", job_id=job)
    qtbot.wait(50)
