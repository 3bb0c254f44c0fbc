"""Every sample file of the field has an expectation: what comes in with which messages and variables, or the line it is rejected at.

`python -m tests.test_imported_samples` writes the table `imported_samples.json` anew; read its difference before it is committed.
"""

from __future__ import annotations

import json
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from workbench.library.reports import Imported, ImportReport
from workbench.settings import Settings
from workbench.workspace import Workspace

TABLE = Path(__file__).with_name("imported_samples.json")
NO_IMPORTS = {
    "dotprompt-spec": "cases of a specification, run by test_formats_dotprompt",
    "prompty-conformance": "vectors of a specification, run by test_formats_prompty",
    "promptfoo-assertions": "a configuration whose verdicts test_evaluators_checks compares",
}
"""Folders that hold no files to import."""


def samples(root: Path) -> list[Path]:
    """Every file that could be imported."""
    return [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.parent != root and path.relative_to(root).parts[0] not in NO_IMPORTS
    ]


def expectation(report: ImportReport, root: Path) -> dict[str, Any]:
    """A row of the table: what came in, what was rejected with its line, how much was not carried over."""
    return {
        "in": [described(item) for item in (*report.imported, *report.unchanged)],
        "rejected": [[item.line, item.reason.replace(str(root), "")] for item in report.rejected],
        "not carried": len(report.not_carried),
    }


def described(item: Imported) -> list[Any]:
    """Kind, format and name; of a prompt its variables, and its messages: role, beginning and digest of each."""
    if item.kind not in ("prompt", "snippet"):
        return [item.kind, item.format, item.name] + ([item.cases] if item.cases is not None else [])
    texts = [(str(message["role"]), json.dumps(message["content"], ensure_ascii=False, sort_keys=True)) for message in item.messages]
    said = [f"{role}: {text[:60]} {blake2b(text.encode(), digest_size=6).hexdigest()}" for role, text in texts]
    return [item.kind, item.format, item.name, list(item.variables), said]


def measured(path: Path, folder: Path, root: Path) -> dict[str, Any]:
    """The row of one file, imported into an empty workspace."""
    workspace = Workspace.open(folder / "w.db", Settings(folder / "settings.json"))
    try:
        return expectation(workspace.files.import_paths([path]), root)
    finally:
        workspace.close()


ROWS: dict[str, Any] = json.loads(TABLE.read_text()) if TABLE.exists() else {}


def test_every_file_has_a_row(shared: Path) -> None:
    root = shared / "formats"
    assert [path.relative_to(root).as_posix() for path in samples(root)] == list(ROWS)


@pytest.mark.parametrize("folder", sorted({name.split("/")[0] for name in ROWS}))
def test_every_file_comes_in_as_its_row_says(shared: Path, tmp_path: Path, folder: str) -> None:
    root = shared / "formats"
    differ = {}
    for number, (name, row) in enumerate(ROWS.items()):
        if name.split("/")[0] == folder:
            place = tmp_path / str(number)
            place.mkdir()
            found = json.loads(json.dumps(measured(root / name, place, root)))
            if found != row:
                differ[name] = found
    assert differ == {}


if __name__ == "__main__":
    formats = SHARED / "formats"
    table = {}
    for sample in samples(formats):
        with tempfile.TemporaryDirectory() as home:
            table[sample.relative_to(formats).as_posix()] = measured(sample, Path(home), formats)
    TABLE.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")
