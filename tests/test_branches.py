"""Branches: two rewrites of a prompt at once, each with its own draft; what is closed is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.cli.frame import perform
from workbench.values import BadInput, Content, Definition, Message, NotFound, PromptRef
from workbench.workspace import Workspace

pytestmark = pytest.mark.both_stores


@pytest.fixture
def ws(where: str) -> Iterator[Workspace]:
    opened = Workspace.open(where)
    yield opened
    opened.close()


def said(text: str) -> Content:
    return Content((Message.of("user", text),))


@pytest.fixture
def prompt(ws: Workspace) -> int:
    """With v1 and v2 on the main line, and v3 on the branch `short`, which began at v1 and is written on."""
    id = ws.prompts.create("Reply", "", said("one"))
    ws.versions.save(id, said("two"))
    ws.branches.start(ws.versions.by_number(id, 1).id, "short")
    ws.versions.save(id, said("1"), "Shorter")
    return id


def test_a_branch_has_its_own_versions_and_the_newest_is_that_of_the_main_line(ws: Workspace, prompt: int) -> None:
    assert [(row.number, row.branch, row.parent) for row in ws.versions.list(prompt)] == [(3, "short", 1), (2, "", 1), (1, "", None)]
    newest, current = ws.versions.latest(prompt), ws.versions.current(prompt)
    assert newest is not None
    assert current is not None
    assert (newest.number, current.number) == (2, 3)
    assert (ws.prompts.get(prompt).latest, ws.prompts.get(prompt).branch, ws.prompts.get(prompt).versions) == (2, "short", 3)
    main, short = ws.branches.list(prompt)
    assert (main.name, main.newest, main.began, main.versions, main.current) == ("", 2, None, 2, False)
    assert (short.name, short.newest, short.began, short.versions, short.current) == ("short", 3, 1, 1, True)
    ref = PromptRef(ws.prompts.get(prompt).uid)
    ws.builtin.ensure_connection()
    [model] = ws.connections.models()
    [variant] = ws.comparisons.resolve(Definition("C", (ref,), (model.uid,))).variants
    assert variant.version == 2


def test_two_rewrites_keep_their_own_drafts_and_a_late_save_lands_on_its_own_branch(ws: Workspace, prompt: int) -> None:
    ws.versions.save_draft(prompt, said("1, in the making"))
    ws.branches.switch(prompt, "")
    assert ws.versions.draft(prompt) is None
    ws.versions.save_draft(prompt, said("two, in the making"))
    ws.versions.save_draft(prompt, said("1, later"), branch="short")
    assert [row.has_draft for row in ws.branches.list(prompt)] == [True, True]
    kept = [ws.versions.draft(prompt, branch) for branch in ("", "short")]
    assert [draft.content.messages[0].text for draft in kept if draft] == ["two, in the making", "1, later"]
    saved = ws.versions.save(prompt, said("1, done"), branch="short")
    assert (saved.number, saved.branch, saved.parent) == (4, "short", 3)
    assert [row.has_draft for row in ws.branches.list(prompt)] == [True, False]
    ws.versions.discard_draft(prompt)
    assert not ws.prompts.get(prompt).has_draft


def test_a_branch_without_a_version_is_written_on_from_where_it_began(ws: Workspace, prompt: int) -> None:
    first = ws.versions.by_number(prompt, 1)
    ws.branches.start(first.id, "warm")
    current = ws.versions.current(prompt)
    assert current is not None
    assert current.id == first.id
    assert ws.versions.save(prompt, said("one")) == first
    assert [(row.name, row.newest, row.versions) for row in ws.branches.list(prompt)] == [("", 2, 2), ("short", 3, 1), ("warm", None, 0)]
    ws.branches.remove(prompt, "warm")
    assert [row.name for row in ws.branches.list(prompt)] == ["", "short"]
    assert ws.prompts.get(prompt).branch == ""


def test_a_closed_branch_keeps_its_versions_and_its_draft_and_opens_again(ws: Workspace, prompt: int) -> None:
    ws.versions.save_draft(prompt, said("1, in the making"))
    ws.branches.close(prompt, "short")
    assert ws.prompts.get(prompt).branch == ""
    assert [(row.name, row.closed, row.has_draft, row.versions) for row in ws.branches.list(prompt)][1] == ("short", True, True, 1)
    assert ws.versions.content(ws.versions.by_number(prompt, 3).id) == said("1")
    ws.branches.switch(prompt, "short")
    [_, short] = ws.branches.list(prompt)
    assert (short.closed, short.current) == (False, True)
    draft = ws.versions.draft(prompt)
    assert draft is not None
    assert draft.content == said("1, in the making")


def test_restoring_goes_to_the_branch_that_is_written_on(ws: Workspace, prompt: int) -> None:
    ws.branches.switch(prompt, "")
    restored = ws.versions.restore(ws.versions.by_number(prompt, 3).id)
    assert (restored.number, restored.branch, restored.parent, restored.note) == (4, "", 3, "Restored from v3")
    newest = ws.versions.latest(prompt)
    assert newest is not None
    assert newest.number == 4


def test_a_renamed_branch_takes_versions_and_draft_along(ws: Workspace, prompt: int) -> None:
    ws.versions.save_draft(prompt, said("more"))
    ws.branches.rename(prompt, "short", "terse")
    assert [(row.name, row.newest, row.has_draft, row.current) for row in ws.branches.list(prompt)][1] == ("terse", 3, True, True)
    assert ws.versions.by_number(prompt, 3).branch == "terse"
    draft = ws.versions.draft(prompt)
    assert draft is not None
    assert draft.branch == "terse"


def test_names_of_branches_are_refused_in_words(ws: Workspace, prompt: int) -> None:
    first = ws.versions.by_number(prompt, 1).id
    for name in ("short", "SHORT", "main", "Main"):
        with pytest.raises(BadInput, match="There is already a branch named"):
            ws.branches.start(first, name)
    with pytest.raises(BadInput, match="name is missing"):
        ws.branches.start(first, "  ")
    with pytest.raises(NotFound, match=r"no branch long\. It has short\."):
        ws.branches.switch(prompt, "long")
    with pytest.raises(BadInput, match="main is always open"):
        ws.branches.close(prompt, "")
    with pytest.raises(BadInput, match="holds text"):
        ws.branches.remove(prompt, "short")
    with pytest.raises(BadInput, match="main keeps its name"):
        ws.branches.rename(prompt, "", "other")
    ws.branches.rename(prompt, "short", "Short")
    assert [row.name for row in ws.branches.list(prompt)] == ["", "Short"]


def test_branches_travel_in_the_library_folder(ws: Workspace, prompt: int, tmp_path: Path) -> None:
    ws.versions.save_draft(prompt, said("unsaved"))
    ws.branches.switch(prompt, "")
    ws.versions.save_draft(prompt, said("unsaved too"))
    ws.files.export(tmp_path / "out")
    other = Workspace.open(tmp_path / "other.db")
    other.files.import_paths([tmp_path / "out"])
    [row] = other.prompts.list()
    assert (row.latest, row.versions) == (2, 3)
    assert [(each.name, each.newest, each.began) for each in other.branches.list(row.id)] == [("", 2, None), ("short", 3, 1)]
    report = other.files.import_paths([tmp_path / "out"])
    assert [each.changes for each in report.imported] == []
    assert other.prompts.list() == [row]
    other.close()


def test_the_command_line_lists_branches(ws: Workspace, prompt: int, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    ws.branches.start(ws.versions.by_number(prompt, 2).id, "warm")
    ws.branches.close(prompt, "short")
    ws.prompts.create("Plain", "", said("x"))
    assert perform(["list", "prompts", "--workspace", where]) == 0
    shown = capsys.readouterr().out
    assert "warm:from v2 short:v3 (closed)" in shown
    assert perform(["list", "prompts", "--json", "--workspace", where]) == 0
    plain, reply = json.loads(capsys.readouterr().out)["prompts"]
    assert (plain["branch"], plain["branches"]) == ("", [])
    assert reply["branch"] == "warm"
    assert reply["branches"][1] == {"name": "short", "version": 3, "from": 1, "draft": False, "closed": True}


def test_what_is_typed_while_its_branch_is_renamed_stays_in_sight(ws: Workspace, prompt: int) -> None:
    ws.branches.rename(prompt, "short", "brief")
    ws.versions.save_draft(prompt, said("typed meanwhile"), branch="short")
    assert [(row.name, row.has_draft) for row in ws.branches.list(prompt)] == [("", False), ("brief", False), ("short", True)]
    ws.branches.switch(prompt, "short")
    assert ws.versions.draft(prompt) is not None


def test_unsaved_edits_come_along_into_a_new_branch(ws: Workspace, prompt: int) -> None:
    ws.versions.save_draft(prompt, said("more"))
    ws.branches.start(ws.versions.by_number(prompt, 3).id, "long", with_draft=True)
    assert [(row.name, row.has_draft) for row in ws.branches.list(prompt)] == [("", False), ("long", True), ("short", False)]


def test_nobody_writes_on_the_branch_of_texts_that_gave_way(ws: Workspace, prompt: int) -> None:
    with pytest.raises(BadInput, match="already a branch named Kept aside"):
        ws.branches.start(ws.versions.by_number(prompt, 1).id, "Kept aside")
    ws.versions.keep_aside(prompt, said("Gave way."))
    with pytest.raises(BadInput, match="holds texts that gave way"):
        ws.branches.switch(prompt, "kept aside")
    (aside,) = [row for row in ws.branches.list(prompt) if row.name == "kept aside"]
    assert aside.closed
