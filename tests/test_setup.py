"""Setting up: what is missing is named with the line that brings it, and nothing is skipped in silence."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """packaging/system_libraries.py on a Linux where libGL is missing."""
    spec = importlib.util.spec_from_file_location("system_libraries", ROOT / "packaging" / "system_libraries.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(module, "loads", lambda name: name not in ("libGL.so.1", "libxcb-cursor.so.0"))
    return module


def test_a_user_without_rights_is_told_the_exact_apt_line(
    libraries: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    assert libraries.main(["offscreen", "--install"]) == 1
    assert "sudo apt-get install -y --no-install-recommends libgl1\n" in capsys.readouterr().err
    assert libraries.main(["offscreen", "window"]) == 1
    assert "libgl1 libxcb-cursor0\n" in capsys.readouterr().err


def test_root_installs_only_what_is_missing(libraries: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []

    def run(command: list[str], **_: object) -> None:
        called.append(command)
        monkeypatch.setattr(libraries, "loads", lambda name: True)

    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(libraries.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(libraries.subprocess, "run", run)
    assert libraries.main(["offscreen", "--install"]) == 0
    assert called[0][:2] == ["apt-get", "update"]
    assert libraries.main(["offscreen", "--install"]) == 0


def test_nothing_is_needed_on_other_systems(libraries: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert libraries.main(["offscreen", "window"]) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_the_checks_do_not_run_without_the_folder_beside_the_project(tmp_path: Path) -> None:
    script = tmp_path / "project" / ".ci" / "run"
    script.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", script)
    done = subprocess.run([str(script)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "../shared is not here" in done.stderr


def test_the_readme_names_only_what_there_is() -> None:
    readme, makefile = (ROOT / "README.md").read_text("utf-8"), (ROOT / "Makefile").read_text("utf-8")
    for target in ("demo", "run", "test", "check", "bench", "screenshots"):
        assert f"make {target}" in readme
        assert f"\n{target}: " in makefile
    from workbench.cli.frame import VERBS

    pages = [readme, *(page.read_text("utf-8") for page in (ROOT / "resources" / "docs").glob("*.md"))]
    named = {line.split()[1] for page in pages for line in page.splitlines() if line.startswith("    workbench ")}
    assert named <= VERBS.keys()


def test_every_link_of_the_readme_and_its_pages_leads_to_a_heading_that_is_there() -> None:
    for page in (ROOT / "README.md", *(ROOT / "resources" / "docs").glob("*.md")):
        for where, heading in re.findall(r"\]\(([^)#:]*)#?([^)]*)\)", page.read_text("utf-8")):
            to = page.parent / where if where else page
            headings = re.findall(r"(?m)^#+ (.*)$", to.read_text("utf-8"))
            assert not heading or heading in [re.sub(r"[^a-z0-9 -]", "", found.lower()).replace(" ", "-") for found in headings], heading
