"""`workbench run` on promptfoo's configurations: the same cells pass as in promptfoo itself, measured or remembered."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT, FakeProvider
from tests.promptfoo_cells import FACTS, configurations, ours, prepared, theirs
from workbench.cli.frame import perform

PROMPTFOO = ORIGINAL_ENVIRONMENT.get("WORKBENCH_PROMPTFOO") or shutil.which("promptfoo")

DIFFERENT = {
    "bedrock-agentcore/promptfooconfig.yaml": "promptfoo has no check not-empty and fails such cells with an error",
    "g-eval/promptfooconfig.yaml": "it has no check that is compared",
    "simple-mcp/promptfooconfig.yaml": "promptfoo takes a prompt that is a JSON object for a whole request and asks nothing",
    "moderation/promptfooconfig.yaml": "its answers stand in the file, so there is nothing to ask",
}
"""Configurations that are meant to end otherwise here, and why."""


def test_every_configuration_runs_as_promptfoo_says(
    shared: Path,
    fakeprovider: Callable[..., FakeProvider],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    facts: dict[str, Any] = json.loads(FACTS.read_text())
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    server = fakeprovider()
    differ, cells = {}, 0
    paths = configurations(tmp_path / "own")
    assert paths.keys() == facts.keys() - {"promptfoo"} | DIFFERENT.keys()
    for number, (name, path) in enumerate(paths.items()):
        if name in DIFFERENT or name not in facts:
            continue
        config = prepared(path, tmp_path / str(number), server.base_url)
        perform(["run", str(config), "--json"])
        found = ours(json.loads(capsys.readouterr().out))
        cells += sum(map(len, found.values()))
        if found != facts[name]:
            differ[name] = {
                key: (found.get(key), facts[name].get(key))
                for key in found.keys() | facts[name].keys()
                if found.get(key) != facts[name].get(key)
            }
    assert differ == {}
    assert cells > 300


@pytest.mark.skipif(PROMPTFOO is None, reason="promptfoo is not installed (npm install promptfoo, then WORKBENCH_PROMPTFOO=its program)")
@pytest.mark.parametrize(
    "name", ["values", "sets", "tables", "checks-of-tests", "default-threshold", "scenarios", "named-metrics/promptfooconfig.yaml"]
)
def test_what_is_remembered_of_promptfoo_is_what_it_says(
    shared: Path, fakeprovider: Callable[..., FakeProvider], tmp_path: Path, name: str
) -> None:
    assert PROMPTFOO is not None
    config = prepared(configurations(tmp_path / "own")[name], tmp_path / "config", fakeprovider().base_url)
    assert theirs(PROMPTFOO, config, tmp_path) == json.loads(FACTS.read_text())[name]


def _bring(name: str, tmp_path: Path, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration in the library of a workspace of its own."""
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    assert perform(["import", str(prepared(configurations(tmp_path / "own")[name], tmp_path / "config", base_url))]) == 0


@pytest.mark.parametrize("name", ["values", "sets", "tables", "checks-of-tests", "default-threshold", "scenarios"])
def test_a_configuration_that_was_brought_into_the_library_passes_and_fails_alike(
    shared: Path,
    fakeprovider: Callable[..., FakeProvider],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    _bring(name, tmp_path, fakeprovider().base_url, monkeypatch)
    capsys.readouterr()
    perform(["run", "config", "--json"])
    assert ours(json.loads(capsys.readouterr().out)) == json.loads(FACTS.read_text())[name]


@pytest.mark.parametrize("name", ["values", "checks-of-tests", "default-threshold", "scenarios"])
def test_a_comparison_that_goes_out_again_passes_and_fails_alike(
    shared: Path,
    fakeprovider: Callable[..., FakeProvider],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    _bring(name, tmp_path, fakeprovider().base_url, monkeypatch)
    out = tmp_path / "promptfooconfig.yaml"
    assert perform(["export", str(out), "--what", "comparison", "config"]) == 0
    capsys.readouterr()
    if PROMPTFOO is not None:
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        assert theirs(PROMPTFOO, out, tmp_path) == json.loads(FACTS.read_text())[name]
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "other.db"))
    perform(["run", str(out), "--json"])
    assert ours(json.loads(capsys.readouterr().out)) == json.loads(FACTS.read_text())[name]
