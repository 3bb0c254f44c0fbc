"""The users' page about the library folder: every example comes in, fits its JSON Schema, and every kind of file has one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.test_in_step import Side
from tests.test_library_folder import Library
from workbench.assets import asset
from workbench.formats.library_file import kind_of
from workbench.formats.yaml_text_reading import load
from workbench.store.database import Database

PAGE = asset("docs/library-folder.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
SCHEMAS = ("comparison", "dataset", "library", "models", "prompt", "versions")


def schema(name: str) -> Any:
    return json.loads(asset(f"schemas/{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_fits_its_schema(path: str) -> None:
    data = load(EXAMPLES[path], path).data
    jsonschema.validate(data, schema(str(kind_of(data))))


def test_every_kind_of_file_has_an_example_and_a_schema() -> None:
    assert {kind_of(load(text).data) for text in EXAMPLES.values()} == set(SCHEMAS)
    packets = {"packet-ratings"}  # what colleagues send back lies in no library folder
    assert {path.stem for path in asset("schemas").glob("*.json")} - packets == set(SCHEMAS)


def test_the_examples_of_the_page_are_a_library_that_comes_in_whole(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    for path, text in EXAMPLES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    side = Side(Library.at(database), folder)
    report = side.sync()
    assert not report.aside
    assert not report.not_carried
    assert {"hello", "Refund reply", "Greeting", "refund_policy", "Golden", "Before release"} <= {item.name for item in report.brought}
    assert "refund-reply.yaml" in (folder / "comparisons/before-release.yaml").read_text("utf-8")
    side.calm()
    assert side.texts("hello") == ["Say hello to {{ name }}."]
    assert "ideas/later" in side.library.prompts.folders()
    for path in list(folder.rglob("*.yaml")):
        data = load(path.read_text("utf-8")).data
        jsonschema.validate(data, schema(str(kind_of(data))))


def test_the_readme_links_to_the_page() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    assert "resources/docs/library-folder.md" in readme
