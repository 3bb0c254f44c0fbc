"""The composing station: opening, its services, its news, its copies."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from workbench.settings import Settings, default_workspace
from workbench.values import BadInput, Case, Changes, Content, Message, StoreTrouble
from workbench.workspace import Workspace


def _content(text: str) -> Content:
    return Content((Message.of("user", text),))


def test_without_a_name_the_users_own_workspace_opens(home: Path) -> None:
    workspace = Workspace.open()
    assert workspace.path == str(default_workspace())
    assert Path(workspace.path).is_relative_to(home)
    assert not workspace.read_only
    assert workspace.notice == ""
    workspace.close()
    workspace.close()


def test_everything_is_found_again_after_closing(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "w.db"
    workspace = Workspace.open(path, settings)
    prompt = workspace.prompts.create("Reply", "support", _content("Hello {{ name }}"))
    workspace.versions.save_draft(prompt, _content("Hello {{ name }}, half typed"))
    dataset = workspace.datasets.create("Golden")
    workspace.datasets.add_cases(dataset, [Case({"name": "Ada"}, reference="Hello Ada")])
    workspace.close()
    workspace = Workspace.open(path, settings)
    assert workspace.prompts.find("reply").has_draft
    assert [case.values["name"] for case in workspace.datasets.cases(dataset)] == ["Ada"]
    assert {hit.kind for hit in workspace.search.find("ada")} == {"case"}
    workspace.close()


def test_listeners_of_all_services_hear_each_write_once(workspace: Workspace) -> None:
    heard: list[Changes] = []
    end = workspace.subscribe(heard.append)
    workspace.prompts.create("Reply", content=_content("x"))
    assert len(heard) == 1
    workspace.datasets.create("Golden")
    assert len(heard) == 2
    assert heard[1].has("dataset")
    end()
    workspace.prompts.create("Other")
    assert len(heard) == 2


def test_a_service_is_built_once_whichever_threads_ask(workspace: Workspace) -> None:
    ready = threading.Barrier(8)
    seen: list[object] = []

    def ask() -> None:
        ready.wait()
        seen.append((workspace.exports, workspace.runs, workspace.ratings, workspace.connections))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_the_number_of_backups_is_the_setting(tmp_path: Path, settings: Settings) -> None:
    settings.set("backups_kept", 2)
    workspace = Workspace.open(tmp_path / "w.db", settings)
    for _ in range(4):
        workspace.back_up()
    assert len(workspace.backups()) == 2
    workspace.close()
    assert Workspace.backups_of(tmp_path / "w.db") == Workspace.backups_of(str(tmp_path / "w.db"))


def test_tidying_keeps_raw_traffic_as_long_as_the_setting_says(tmp_path: Path, settings: Settings) -> None:
    workspace = Workspace.open(tmp_path / "w.db", settings)
    with workspace._database.write() as writer:
        writer.run(
            "INSERT INTO run (uid, number, plan, plan_hash, status, created_at, spent, author) VALUES ('u', 1, '{}', '', 'done', '', 0, '')"
        )
        writer.run(
            "INSERT INTO job (run_id, column_index, case_index, repeat, fingerprint, status, attempts) VALUES (1, 0, 0, 1, '', '', 1)"
        )
        writer.run("INSERT INTO output (job_id, attempt, text, price_known, created_at) VALUES (1, 1, 'x', 0, '')")
        writer.run("INSERT INTO exchange (output_id, created_at) VALUES (1, '2020-01-01T00:00:00.000Z')")
    settings.set("exchange_days", 0)
    workspace.tidy()
    assert workspace._database.query("SELECT count(*) FROM exchange") == [(1,)]
    reader = Workspace.open(tmp_path / "w.db", settings)
    settings.set("exchange_days", 30)
    reader.tidy()
    workspace.tidy()
    assert workspace._database.query("SELECT count(*) FROM exchange") == [(0,)]
    assert workspace._database.query("SELECT count(*) FROM output") == [(1,)]
    reader.close()
    workspace.close()


def test_a_copy_is_a_workspace_of_its_own_and_overwrites_nothing(workspace: Workspace, tmp_path: Path, settings: Settings) -> None:
    workspace.prompts.create("Reply")
    target = tmp_path / "copy.db"
    workspace.copy_to(target)
    copy = Workspace.open(target, settings)
    assert [row.name for row in copy.prompts.list()] == ["Reply"]
    copy.prompts.create("Only in the copy")
    copy.close()
    assert len(workspace.prompts.list()) == 1
    with pytest.raises(BadInput, match=r"copy\.db is there already"):
        workspace.copy_to(target)
    with pytest.raises(StoreTrouble, match="could be made"):
        workspace.copy_to(tmp_path / "no folder" / "copy.db")


def test_a_reader_can_be_copied_and_the_copy_written(workspace: Workspace, tmp_path: Path, settings: Settings) -> None:
    workspace.prompts.create("Reply")
    second = Workspace.open(workspace.path, settings)
    assert second.read_only
    second.copy_to(tmp_path / "mine.db")
    second.close()
    mine = Workspace.open(tmp_path / "mine.db", settings)
    mine.prompts.create("More")
    assert len(mine.prompts.list()) == 2
    mine.close()


def test_a_workspace_is_checked_and_restored(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "w.db"
    workspace = Workspace.open(path, settings)
    workspace.prompts.create("Reply")
    assert workspace.integrity() == []
    copy = workspace.back_up()
    with pytest.raises(StoreTrouble, match="open"):
        Workspace.restore(path, copy.path)
    workspace.prompts.create("Later")
    workspace.close()
    assert Workspace.restore(path, copy.path)
    workspace = Workspace.open(path, settings)
    assert [row.name for row in workspace.prompts.list()] == ["Reply"]
    workspace.close()


def test_records_are_lent_to_the_faces_and_strangers_are_not() -> None:
    import workbench.workspace as station

    for name in station._LENT:
        lent = getattr(station, name)  # a class or function, a module of functions, or a list of names
        assert getattr(lent, "__name__", name).rpartition(".")[2] == name
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = station.Nonsense


def test_listing_prompts_imports_nothing_dear(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    code = f"""
import sys
from workbench.workspace import Workspace
workspace = Workspace.open({str(path)!r})
workspace.prompts.list()
with workspace._database.write() as writer:
    writer.run("INSERT INTO tag (name) VALUES ('a')")
workspace.close()
dear = ("alembic", "sqlalchemy", "sqlmodel", "pydantic", "httpx", "aiohttp", "asyncio", "jinja2", "keyring", "ruamel", "PySide6", "ssl")
print([name for name in dear if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
