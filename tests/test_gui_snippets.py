"""Snippets in the window: written, included, told of when they change, taken in as a new version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QMenu
from pytestqt.qtbot import QtBot

from tests.gui_window import finished, opened
from tests.test_gui_library import CTRL, Desk, Key
from workbench.settings import Settings
from workbench.values import Content, Message


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    yield Desk(qtbot, session)
    finished(session)


def snippet(desk: Desk, name: str, text: str) -> int:
    return desk.ws.prompts.create(name, "", Content((Message.of("user", text),)), kind="snippet")


def marks(desk: Desk) -> dict[int, str]:
    return dict(desk.screen.list.model.marks)


def test_a_snippet_is_written_saved_and_said_to_be_included_by_none(desk: Desk) -> None:
    desk.session.context.action("library.new_snippet").trigger()
    desk.fill("refund_policy")
    desk.until(lambda: desk.working.at is not None and desk.blocks)
    assert desk.working.at.prompt.kind == "snippet"
    desk.write("Within 30 days.")
    desk.key(Key.Key_S, CTRL)
    desk.fill("First")
    desk.until(lambda: desk.working.at.versions)
    desk.until(lambda: marks(desk) == {desk.working.at.prompt.id: "not included yet"})
    page = desk.screen.page
    assert page.snippets.title.text() == "This snippet is not included yet."
    assert page.messages._add.isHidden()
    assert desk.blocks[0]._role.isHidden()
    assert not desk.session.context.action("library.compare").isEnabled()


def test_an_include_is_chosen_previewed_and_an_unknown_one_is_marked_at_its_line(desk: Desk) -> None:
    snippet(desk, "refund_policy", "Within {{ days }} days.")
    desk.open(desk.prompt("Reply", "Be kind.\n"))
    desk.until(lambda: desk.working.facts.snippets == ("refund_policy",))
    desk.write("")
    desk.key(Key.Key_I, CTRL | Qt.KeyboardModifier.AltModifier)
    desk.until(lambda: [menu for menu in desk.screen.page.messages.findChildren(QMenu) if menu.isVisible()])
    [menu] = [menu for menu in desk.screen.page.messages.findChildren(QMenu) if menu.isVisible()]
    menu.actions()[0].trigger()
    menu.close()
    desk.until(lambda: desk.working.facts.names == ("days",))
    assert desk.blocks[0].editor.text == 'Be kind.\n{% include "refund_policy" %}'
    desk.until(lambda: "Within days? days." in desk.screen.page.preview.text.toPlainText())
    desk.write('\n{% include "nothing" %}')
    desk.until(lambda: desk.blocks[0].problem is not None)
    problem = desk.blocks[0].problem
    assert problem is not None
    assert (problem.line, problem.message) == (3, "There is no snippet named nothing.")


def test_a_snippet_that_includes_itself_is_told_of_the_circle_before_its_first_save(desk: Desk) -> None:
    desk.session.context.action("library.new_snippet").trigger()
    desk.fill("voice")
    desk.until(lambda: desk.working.at is not None and desk.blocks)
    desk.write('Kind.\n{% include "voice" %}')
    desk.until(lambda: desk.blocks[0].problem is not None)
    problem = desk.blocks[0].problem
    assert problem is not None
    assert (problem.line, problem.message) == (2, "A circle: voice includes voice.")


def test_a_snippet_that_was_never_saved_says_so_where_it_is_looked_for(desk: Desk) -> None:
    desk.ws.prompts.create("fresh", kind="snippet")
    desk.open(desk.prompt("Reply", "Be kind.\n"))
    desk.until(lambda: desk.working.facts.unsaved_snippets == ("fresh",))
    pane = desk.screen.page.messages
    pane.choose_snippet()
    [menu] = [menu for menu in pane.findChildren(QMenu) if menu.isVisible()]
    assert [(action.text(), action.isEnabled()) for action in menu.actions()] == [("fresh: save it to include it", False)]
    menu.close()
    desk.write('{% include "fresh" %}')
    desk.until(lambda: desk.blocks[0].problem is not None)
    assert desk.blocks[0].problem is not None
    assert desk.blocks[0].problem.message == "The snippet fresh was never saved. Save it to include it."


def test_names_of_snippets_are_completed_inside_an_include(desk: Desk) -> None:
    snippet(desk, "refund_policy", "x")
    desk.open(desk.prompt("Reply", "Hello {{ refund }} "))
    desk.until(lambda: desk.working.facts.snippets)
    desk.write('{% include "ref')
    desk.key(Key.Key_Space, CTRL)
    desk.until(lambda: desk.blocks[0].editor.text.endswith('"ref'))
    editor = desk.blocks[0].editor
    popup = editor.completion.popup
    desk.until(popup.isVisible)
    assert popup.model().index(0, 0).data() == "refund_policy"
    desk.qtbot.keyClick(popup, Key.Key_Return)
    assert editor.text.endswith('{% include "refund_policy')


def test_a_changed_snippet_tells_its_prompt_and_is_taken_in_with_one_click(desk: Desk) -> None:
    policy = snippet(desk, "refund_policy", "Within 30 days.")
    reply = desk.prompt("Reply", '{% include "refund_policy" %}')
    desk.open(reply)
    desk.until(lambda: marks(desk).get(policy) == "included by 1 prompt")
    assert desk.screen.page.snippets.isHidden()
    desk.ws.versions.save(policy, Content((Message.of("user", "Within 14 days."),)))
    desk.until(lambda: marks(desk).get(reply) == "refund_policy changed")
    desk.until(lambda: not desk.screen.page.snippets.isHidden())
    bar = desk.screen.page.snippets
    assert bar.title.text() == "refund_policy changed since v1. This prompt has the text as it was."
    desk.until(lambda: "Within 30 days." in desk.screen.page.preview.text.toPlainText())
    desk.press("Take it in as v2", bar)
    desk.until(lambda: desk.working.at.versions[0].number == 2)
    desk.until(bar.isHidden)
    desk.until(lambda: "Within 14 days." in desk.screen.page.preview.text.toPlainText())
    assert desk.ws.versions.content(desk.working.at.versions[1].id).snippets == {"refund_policy": "Within 30 days."}


def test_unsaved_edits_take_a_snippet_in_and_the_comparison_shows_its_lines(desk: Desk) -> None:
    policy = snippet(desk, "refund_policy", "Within 30 days.")
    desk.open(desk.prompt("Reply", '{% include "refund_policy" %}'))
    desk.write(" Bye.")
    desk.ws.versions.save(policy, Content((Message.of("user", "Within 14 days."),)))
    desk.until(lambda: not desk.screen.page.snippets.isHidden())
    desk.press("Take it into the working copy", desk.screen.page.snippets)
    desk.until(lambda: desk.working.content.snippets == {"refund_policy": "Within 14 days."})
    desk.until(lambda: desk.working.facts.edits == 2)
    assert desk.working.facts.changed == "1 line changed, refund_policy changed"
    assert desk.blocks[0].editor.text.endswith(" Bye.")
    desk.screen.version_verbs.diff_working()
    dialog = desk.dialog()
    desk.until(lambda: "Within 14 days." in dialog.view.text())
    dialog.reject()


def test_renaming_a_snippet_says_what_becomes_of_its_prompts(desk: Desk) -> None:
    policy = snippet(desk, "refund_policy", "Within 30 days.")
    reply = desk.prompt("Reply", '{% include "refund_policy" %}')
    desk.open(policy)
    assert desk.screen.page.snippets.title.text() == "This snippet is included by 1 prompt."
    assert [action.text() for action in desk.screen.page.snippets.menu().actions()] == ["Reply v1"]
    desk.key(Key.Key_F2)
    said = [shown.text() for shown in desk.dialog().findChildren(QLabel)]
    assert any(text.startswith("Reply includes refund_policy and will get the new name as unsaved edits.") for text in said)
    desk.fill("returns")
    desk.until(lambda: desk.ws.prompts.get(policy).name == "returns")
    desk.until(desk.notice)
    assert desk.notice().startswith("Renamed refund_policy to returns. 1 prompt has the new name as unsaved edits.")
    desk.until(lambda: desk.screen.page.preview.text.toPlainText().startswith("Snippet\t"))
    desk.open(reply)
    assert desk.blocks[0].editor.text == '{% include "returns" %}'
    desk.until(lambda: desk.working.facts.problems == (None,))
    desk.until(lambda: not desk.screen.page.preview.text.toPlainText().startswith("Snippet\t"))
    desk.undo()
    desk.until(lambda: desk.blocks[0].editor.text == '{% include "refund_policy" %}')
    desk.until(lambda: not desk.working.unsaved)


def test_archiving_a_snippet_in_use_says_who_includes_it_and_the_foot_counts_snippets_apart(desk: Desk) -> None:
    policy = snippet(desk, "refund_policy", "Within 30 days.")
    desk.prompt("Reply", '{% include "refund_policy" %}')
    desk.open(policy)
    desk.until(lambda: desk.screen.list._count.text().replace("\u00a0", " ") == "1 prompt, 1 snippet, 2 versions")
    desk.screen.verbs.archive([desk.ws.prompts.get(policy)], lambda: None)
    desk.until(lambda: "1 prompt includes it" in desk.notice())
    desk.undo()
    desk.until(lambda: not desk.ws.prompts.get(policy).archived)


def test_versions_say_what_changed_and_a_branch_says_where_it_began(desk: Desk) -> None:
    desk.session.context.settings.set("author", "Mara Lind")
    reply = desk.prompt("Reply", "Hello.", temperature=0.2)
    desk.ws.versions.save(reply, Content((Message.of("system", "Good day."),), {"temperature": 0.7}))
    desk.open(reply)
    model = desk.screen.inspector.versions.list
    desk.until(lambda: len(model.rows) == 2)
    newest, first = desk.working.at.versions
    assert model.said_of(newest) == "prompt changed, temperature 0.2 to 0.7"
    desk.screen.branch_verbs.begin(first)
    desk.fill("softer")
    desk.until(lambda: desk.blocks[0].editor.text == "Hello.")
    desk.write(" Friend.")
    desk.key(Key.Key_S, CTRL)
    desk.fill("Softer")
    desk.until(lambda: desk.working.at.versions[0].number == 3)
    third = desk.working.at.versions[0]
    assert (third.parent, third.author) == (1, "Mara Lind")
    desk.until(lambda: model.said_of(third) == "prompt changed since v1")


def test_a_protected_label_asks_before_it_moves(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    second = desk.ws.versions.save(reply, Content((Message.of("system", "Good day."),)))
    desk.ws.versions.set_label(reply, "production", desk.ws.versions.by_number(reply, 1).id)
    desk.open(reply)
    desk.screen.version_verbs.label(second)
    dialog = desk.dialog()
    [box] = dialog.findChildren(QCheckBox)
    assert box.text() == "Ask before moving production"
    assert any("production: put on v1" in shown.text() for shown in dialog.findChildren(QLabel))
    box.click()
    dialog.reject()
    desk.until(lambda: desk.working.at.protected == {"production"})
    desk.screen.version_verbs.move_label("production", second)
    asked = desk.dialog()
    assert desk.ws.prompts.get(reply).labels == {"production": 1}
    desk.press("Move production to v2", asked)
    desk.until(lambda: desk.ws.prompts.get(reply).labels == {"production": 2})


def test_the_page_of_a_snippet_speaks_of_a_snippet(desk: Desk) -> None:
    policy = snippet(desk, "refund_policy", "Within 30 days.")
    desk.open(policy)
    strip = desk.screen.page.samples
    desk.until(lambda: strip._all.text() == "This snippet has no variables. Write {{ a_name }} where a value belongs.")
    desk.ws.prompts.archive([policy])
    desk.until(lambda: desk.screen.page._archived.isVisible())
    assert desk.screen.page._archived.title.text() == "This snippet is in the archive."
    desk.open(desk.prompt("Reply", "Hello."))
    desk.until(lambda: strip._all.text().startswith("This prompt has no variables."))
