"""Settings: declared once, kept at once, never stopped by a damaged file."""

from __future__ import annotations

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
