"""Settings: declared once, kept at once, never stopped by a damaged file."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from workbench.settings import SECTIONS, SETTINGS, Settings, is_valid


def test_every_declared_default_is_valid_and_stands_in_a_section() -> None:
    sections = {key for key, _ in SECTIONS}
    for setting in SETTINGS:
        assert is_valid(setting, setting.default), setting.key
        assert setting.section in sections, setting.key
        assert setting.title, setting.key
        assert setting.long, setting.key


def test_a_setting_is_there_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    Settings(path).set("theme", "dark")
    assert Settings(path).get("theme") == "dark"
    assert Settings(path).get("text_size") == 100


def test_a_free_key_keeps_any_json(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    Settings(path).set("layout.library", [264, 800, 312])
    assert Settings(path).get("layout.library") == [264, 800, 312]
    assert Settings(path).get("layout.compare") is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("theme", "pink"),
        ("text_size", "100"),
        ("concurrency", 0),
        ("concurrency", True),
        ("cap_run_usd", "-1"),
        ("cap_run_usd", "²"),
        ("less_motion", 1),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(tmp_path: Path, key: str, value: object) -> None:
    settings = Settings(tmp_path / "settings.json")
    with pytest.raises(ValueError):
        settings.set(key, value)
    assert settings.get(key) != value


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"theme": "pink", "text_size": 130}'])
def test_a_damaged_file_counts_as_the_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    assert Settings(path).get("theme") == "system"


def test_listeners_hear_of_a_change_and_of_nothing_else(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    heard: list[str] = []
    settings.on_change(heard.append)
    settings.set("theme", "system")
    settings.set("theme", "light")
    assert heard == ["theme"]


def test_two_windows_keep_each_others_changes(tmp_path: Path) -> None:
    one, two = Settings(tmp_path / "settings.json"), Settings(tmp_path / "settings.json")
    one.set("theme", "dark")
    two.set("text_size", 130)
    one.set("layout.library", [1, 2])
    again = Settings(tmp_path / "settings.json")
    assert (again.get("theme"), again.get("text_size"), again.get("layout.library")) == ("dark", 130, [1, 2])


def test_the_file_holds_only_what_differs_from_the_default(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    settings.set("theme", "dark")
    settings.set("text_size", 130)
    settings.set("theme", "system")
    assert json.loads(settings.path.read_text()) == {"text_size": 130}


def test_a_change_that_cannot_be_kept_counts_until_the_app_closes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file" / "settings.json")
    settings.set("theme", "dark")
    assert settings.get("theme") == "dark"
    assert "The change lasts until you close the app." in settings.problem
    (tmp_path / "file").unlink()
    settings.set("text_size", 130)
    assert settings.problem == ""
    assert [path.name for path in (tmp_path / "file").iterdir()] == ["settings.json"]


def test_what_is_written_behind_counts_at_once_and_is_in_the_file_after_the_next_flush(tmp_path: Path) -> None:
    settings, asked = Settings(tmp_path / "settings.json"), []
    settings.write_behind(lambda: asked.append("flush"))
    settings.set("theme", "dark")
    settings.set("text_size", 130)
    assert (settings.get("theme"), len(asked), settings.path.exists()) == ("dark", 2, False)
    assert settings.flush() == ""
    assert json.loads(settings.path.read_text()) == {"theme": "dark", "text_size": 130}
    written = settings.path.stat().st_mtime_ns
    settings.flush()
    assert settings.path.stat().st_mtime_ns == written, "nothing was left to write"


def test_threads_that_set_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    settings.write_behind(settings.flush)

    def set_some(first: int) -> None:
        for number in range(first, first + 25):
            settings.set(f"key {number}", number)

    threads = [threading.Thread(target=set_some, args=(first,)) for first in (0, 25, 50, 75)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settings.flush()
    assert json.loads(settings.path.read_text()) == {f"key {number}": number for number in range(100)}
