"""The command line as such: verbs, global options, exit codes, and what each verb loads."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from workbench import __version__
from workbench.cli.frame import VERBS, perform
from workbench.cli.system_libraries import missing_for_window
from workbench.cli.terminal import Terminal, columns, printable
from workbench.store.database import Database


def loaded_by(*arguments: str, home: Path) -> set[str]:
    """Names of the modules that a verb imports, and whether it ended well."""
    code = (
        "import sys\n"
        "from workbench.cli.frame import perform\n"
        f"try:\n    perform({list(arguments)!r})\nexcept SystemExit:\n    pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": str(home)})
    return set(done.stderr.split())


def test_the_version_and_the_overview_are_printed_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["--version"]) == 0
    assert capsys.readouterr().out == f"workbench {__version__}\n"
    assert perform(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {verb} " in text for verb in VERBS)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["aks", "x"], "There is no verb aks. Did you mean ask?"),
        (["--jsn", "list", "runs"], "There is no option --jsn before the verb."),
        (["--workspace"], "--workspace needs a value."),
        (["--workspace", "--json", "list", "runs"], "--workspace needs a value."),
        (["list"], "workbench list: the following arguments are required: kind."),
        (["list", "cats"], "workbench list: argument kind: invalid choice: 'cats'"),
        (["run", "x", "--repeats", "0"], "'0' is not a whole number above 0"),
        (["run", "x", "--fail-under", "90"], "'90' is not a share between 0 and 1"),
        (["run", "x", "--max-cost", "-1"], "not an amount in US dollars"),
        (["ask", "hi", "--model", "m", "--key", "sk-1"], "unrecognized arguments: --key"),
        (["ask", "hi", "--model", "m", "--api", "openai-chat"], "--api and --base-url go together."),
        (["ask", "hi", "--model", "m", "--api", "smoke", "--base-url", "http://127.0.0.1:1"], "There is no wire format smoke"),
        (["ask", "hi", "--model", "m", "--api", "openai-chat", "--base-url", "nowhere"], "nowhere is not an address"),
        (["ask", "hi", "--model", "m", "--api", "openai-chat", "--base-url", "http://127.0.0.1:1", "--param", "x"], "not of the form"),
        (["ask", "hi", "--model", "m", "--api", "openai-chat", "--base-url", "http://[::1/v1"], "http://[::1/v1 is not an address"),
        (["ask", "hi", "--model", "m", "--api", "openai-chat", "--base-url", "http://127.0.0.1:99999/v1"], "is not an address"),
        (["ask", "hi", "--model", "m", "--timeout", "0"], "'0' is not a number of seconds above 0"),
        (["ask", "hi", "--model", "m", "--timeout", "nan"], "'nan' is not a number of seconds above 0"),
        (["ask", "hi", "--model", "m", "--max-retries", "-3"], "'-3' is not a whole number from 0 on"),
        (["ask", "caf\udce9", "--model", "m"], "The prompt holds bytes that are not UTF-8."),
        (["show", "caf\udce9"], "What was given holds bytes that are not UTF-8"),
        (["rerun", "x", "--max-cost", "0"], "'0' is not an amount in US dollars"),
        (["run", "x", "--max-cost", "inf"], "'inf' is not an amount in US dollars"),
        (["run", "x", "--repeats", "\u00b2"], "is not a whole number above 0"),
        (["run", "x", "--repeats", "9" * 30], "is not a whole number above 0"),
        (["run", "x", "--base-url-override", "nowhere"], "nowhere is not an address"),
        (["run", "x", "--out", "x.doc"], "A run is written as csv, jsonl, json, xlsx, md or html, not as doc."),
        (["connections", "add", "Mine", "--no-key"], "The address of this server is missing."),
        (["import", "/no/such/file.yaml"], "There is no such file or folder."),
        (["--workspace", "n" * 300, "list", "runs"], "No file can have so long a name."),
        (["run", "x", "--out", "n" * 300 + ".csv"], "No file can have so long a name."),
        (["export", "n" * 300], "No file can have so long a name."),
    ],
)
def test_wrong_usage_is_one_line_on_stderr_and_exit_code_2(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert line in printed.err
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err


def test_global_options_count_before_and_after_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["--workspace", str(tmp_path / "a.db"), "--json", "list", "prompts"],
        [f"--workspace={tmp_path / 'a.db'}", "list", "prompts", "--json"],
        ["list", "--workspace", str(tmp_path / "a.db"), "--json", "prompts"],
    ):
        assert perform(arguments) == 0
        assert capsys.readouterr().out == '{"schema":1,"prompts":[]}\n'


def test_every_verb_has_a_help_that_loads_neither_the_store_nor_the_network(home: Path) -> None:
    for verb in VERBS:
        loaded = loaded_by(verb, "--help", home=home)
        heavy = {
            "sqlmodel",
            "sqlalchemy",
            "httpx",
            "aiohttp",
            "PySide6",
            "jinja2",
            "keyring",
            "alembic",
            "typer",
            "rich",
            "asyncio",
        } & loaded
        assert not heavy, f"{verb}: {heavy}"


def test_the_console_script_imports_nothing_before_it_is_called() -> None:
    code = "import sys; before = set(sys.modules); import workbench.cli; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['workbench', 'workbench.cli']"


def test_without_a_display_the_window_says_so_with_exit_code_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert perform(["app"]) == 3
    assert perform([]) == 3
    assert "There is no display here" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere Qt's wheel brings all that it needs")
def test_a_window_without_its_system_libraries_ends_with_the_line_that_installs_them(tmp_path: Path) -> None:
    for name in ("libxcb-icccm.so.4", "libxcb-cursor.so.0"):  # empty files: as good as none
        (tmp_path / name).touch()
    environment = {key: value for key, value in os.environ.items() if key not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
    environment |= {"DISPLAY": ":77", "LD_LIBRARY_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "workbench", "--workspace", str(tmp_path / "w.db")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "sudo apt-get install -y --no-install-recommends " in done.stderr
    assert {"libxcb-icccm4", "libxcb-cursor0"} <= set(done.stderr.split())
    assert done.stderr.count("\n") == 1


def test_where_qt_draws_without_a_screen_no_library_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":77")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert missing_for_window(lambda _name: False) == []
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert "libxcb-icccm4" in missing_for_window(lambda _name: False)


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.cli.show.list_verb", interrupted)
    assert perform(["list", "runs"]) == 130
    assert "What was finished is kept" in capsys.readouterr().err


def test_the_version_is_one_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["--version", "--json"]) == 0
    assert capsys.readouterr().out == f'{{"schema":1,"version":"{__version__}"}}\n'


def shell(line: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """A command line in a shell; `$W` starts the program."""
    env = {**os.environ, "W": f"{sys.executable} -m workbench", "WORKBENCH_WORKSPACE": str(tmp_path / "w.db")}
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, env=env)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_the_output_is_one_sentence(tmp_path: Path) -> None:
    done = shell("$W list prompts --json > /dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr == "workbench: The output: No space left on device. What was saved before is safe; mend this and try again.\n"
    assert shell("$W list prompts --json 2> /dev/full", tmp_path).returncode == 0
    assert shell("$W aks 2> /dev/full", tmp_path).returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_streams_that_are_closed_from_the_start_do_no_harm(tmp_path: Path) -> None:
    assert (shell("$W list prompts >&-", tmp_path).returncode, shell("$W aks 2>&-", tmp_path).stdout) == (0, "")
    assert shell("$W aks 2>&-", tmp_path).returncode == 2
    done = shell("$W ask - --model m <&-", tmp_path)
    assert (done.returncode, done.stderr.count("\n"), "it is closed" in done.stderr) == (2, 1, True)
    assert shell("$W --help | head -1", tmp_path).stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("number", "before"),
    [
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.default_int_handler),
        (signal.SIGTERM, signal.SIG_IGN),  # begun in the background by a script
    ],
)
def test_a_signal_ends_a_call_with_130_and_one_line(number: signal.Signals, before: Any, fakeprovider: Callable[..., FakeProvider]) -> None:
    server = fakeprovider()
    command = ["ask", "x [[fake hang=1]]", "--api", "openai-chat", "--base-url", server.base_url, "--model", "m"]
    ours = signal.signal(signal.SIGINT, before)  # what is ignored here is ignored by what is begun here
    try:
        running = subprocess.Popen([sys.executable, "-m", "workbench", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, ours)
    deadline = time.monotonic() + 30
    while not server.stats()["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.stats()["in_flight"] == 1
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (130, "", "workbench: Interrupted. What was finished is kept.\n")


def test_an_answer_cannot_steer_the_terminal() -> None:
    assert printable("\x1b[31mred\x07\ttab\nline") == "\ufffd[31mred\ufffd\ttab\nline"
    assert columns(("A",), [("\x1b]0;title\x07",)]).splitlines()[1] == "\ufffd]0;title\ufffd"


def test_progress_in_a_log_is_a_line_now_and_then_and_none_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    for number in range(100):
        terminal.progress(f"{number} of 100")
    terminal.progress("100 of 100", last=True)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "100 of 100\n"
    terminal.quiet = True
    terminal.progress("again", last=True)
    assert capsys.readouterr().err == ""


def long_table() -> list[str]:
    return columns(("NAME", "N"), [("a", 1), ("long\nname", 100), ("x" * 80, None)], right=(1,)).splitlines()


def test_columns_are_aligned_and_long_cells_are_cut_on_a_screen_and_whole_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = long_table()
    assert lines[0].startswith("NAME ")
    assert lines[1].endswith("  1")
    assert "long name" in lines[2]
    assert lines[3] == "x" * 80
    pty = pytest.importorskip("pty")
    main, screen = pty.openpty()
    with os.fdopen(main, "rb"), os.fdopen(screen, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert long_table()[3] == "x" * 59 + "…"
    assert columns(("A",), []) == ""


def _not_a_workspace(tmp_path: Path, kind: str) -> str:
    place = tmp_path / "place"
    if kind == "a text file":
        place.write_text("Dear diary\n")
    elif kind == "a foreign database":
        with closing(sqlite3.connect(place)) as other:
            other.execute("CREATE TABLE photo (name TEXT)")
    elif kind == "a folder":
        place.mkdir()
    elif kind == "below a file":
        place.write_text("Dear diary\n")
        return str(place / "w.db")
    else:
        return "mysql://team@localhost/workbench"
    return str(place)


@pytest.mark.parametrize("kind", ["a text file", "a foreign database", "a folder", "below a file", "another database"])
def test_what_cannot_be_a_workspace_is_wrong_input_and_no_work_that_failed(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perform(["--workspace", _not_a_workspace(tmp_path, kind), "list", "runs", "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("workbench: ")
    assert printed.err.count("\n") == 1


def test_a_data_folder_that_cannot_be_made_is_the_environment_that_lacks_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file" / "data"))
    assert perform(["list", "runs"]) == 3
    assert "Name a file in a folder that can be written" in capsys.readouterr().err


def test_a_workspace_that_is_open_elsewhere_is_told_in_one_line_and_nothing_is_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.db"
    with closing(Database.open(path)):
        assert perform(["--workspace", str(path), "list", "runs"]) == 0
        assert capsys.readouterr().err == "Another window has w.db open. You can read but not save.\n"
        assert perform(["--workspace", str(path), "connections", "add", "Mine", "--vendor", "ollama", "--no-key"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "Another window has w.db open" in printed.err
