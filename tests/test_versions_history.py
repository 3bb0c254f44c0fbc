"""What versions and labels tell of themselves: author, parent, what changed, where a label was, and labels that ask first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.values import BadInput, Content, Message
from workbench.workspace import Workspace

pytestmark = pytest.mark.both_stores


@pytest.fixture
def ws(where: str) -> Iterator[Workspace]:
    opened = Workspace.open(where)
    yield opened
    opened.close()


def said(text: str, **parameters: object) -> Content:
    return Content((Message.of("user", text),), parameters)


def test_a_protected_label_is_moved_only_by_one_who_is_sure_and_every_move_is_kept(ws: Workspace) -> None:
    id = ws.prompts.create("Reply", "", said("one"))
    first, second = ws.versions.by_number(id, 1), ws.versions.save(id, said("two"))
    ws.versions.set_label(id, "production", first.id, author="Mara Lind")
    ws.versions.protect_label(id, "production", True)
    assert ws.versions.protected_labels(id) == {"production"}
    with pytest.raises(BadInput, match="production is protected"):
        ws.versions.set_label(id, "production", second.id)
    with pytest.raises(BadInput, match="production is protected"):
        ws.versions.remove_label(id, "production")
    ws.versions.set_label(id, "production", second.id, sure=True, author="Tomas Vale")
    ws.versions.protect_label(id, "production", False)
    ws.versions.remove_label(id, "production")
    moves = ws.versions.label_moves(id)
    assert [(move.name, move.before, move.after, move.author) for move in moves] == [
        ("production", 2, None, ""),
        ("production", 1, 2, "Tomas Vale"),
        ("production", None, 1, "Mara Lind"),
    ]


def test_a_label_in_other_letters_is_the_same_label_and_as_protected(ws: Workspace) -> None:
    id = ws.prompts.create("Reply", "", said("one"))
    first, second = ws.versions.by_number(id, 1), ws.versions.save(id, said("two"))
    ws.versions.set_label(id, "production", first.id)
    ws.versions.protect_label(id, "production", True)
    with pytest.raises(BadInput, match="production is protected"):
        ws.versions.set_label(id, "Production", second.id)
    ws.versions.set_label(id, "PRODUCTION", second.id, sure=True)
    assert ws.prompts.get(id).labels == {"production": 2}
    assert [(move.name, move.before, move.after) for move in ws.versions.label_moves(id)] == [("production", 1, 2), ("production", None, 1)]


def test_an_import_leaves_a_protected_label_where_it_is_and_says_so(ws: Workspace, tmp_path: Path) -> None:
    id = ws.prompts.create("Reply", "", said("one"))
    first, second = ws.versions.by_number(id, 1), ws.versions.save(id, said("two"))
    ws.versions.set_label(id, "production", second.id)
    ws.files.export(tmp_path / "library")
    ws.versions.set_label(id, "production", first.id)
    ws.versions.protect_label(id, "production", True)
    report = ws.files.import_paths([tmp_path / "library"])
    assert ws.prompts.get(id).labels == {"production": 1}
    assert [item.what for item in report.not_carried] == ["label production on version 2"]


@pytest.mark.parametrize(
    ("left", "right", "line"),
    [
        (said("a", temperature=0.2), said("b", temperature=0.7), "prompt changed, temperature 0.2 to 0.7"),
        (said("a"), said("a", max_tokens=900), "max tokens set to 900"),
        (said("a", seed=1), said("a"), "seed no longer set"),
        (
            said("a"),
            Content((Message.of("user", "a"),), output_schema={"type": "object"}, tools=({"name": "f"},)),
            "schema added, tools added",
        ),
        (replace(said("a"), snippets={"policy": "30"}), replace(said("a"), snippets={"policy": "14"}), "policy changed"),
        (said("a"), said("a"), ""),
    ],
)
def test_what_changed_is_said_in_one_line(ws: Workspace, left: Content, right: Content, line: str) -> None:
    assert ws.attribution(left, right) == line
