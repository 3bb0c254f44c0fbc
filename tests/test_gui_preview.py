"""The preview of a prompt: whatever came before, what stands there is what was asked for last, line by line."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QTextBlock, QTextDocument
from pytestqt.qtbot import QtBot

from workbench.gui import keys_first
from workbench.gui.library.preview_pane import PreviewPane
from workbench.gui.library.preview_rows import Row, Tone, preview_rows
from workbench.gui.library.study import Preview
from workbench.gui.theme import theme
from workbench.templates.records import Piece, PreviewMessage

TONES: tuple[Tone, ...] = ("text", "filled", "missing", "quiet", "fail")
ROWS = st.lists(
    st.builds(
        Row,
        st.lists(st.tuples(st.sampled_from(["", "a", "long words", "{{ b }}", "ö\t-"]), st.sampled_from(TONES)), max_size=3).map(tuple),
        begins=st.booleans(),
        apart=st.booleans(),
    ),
    max_size=9,
).map(tuple)


def blocks(document: QTextDocument) -> list[QTextBlock]:
    return [document.findBlockByNumber(number) for number in range(document.blockCount())]


def shape(block: QTextBlock) -> tuple[str, float, float]:
    return block.text(), block.blockFormat().textIndent(), block.blockFormat().topMargin()


def wanted(row: Row) -> tuple[str, float, float]:
    look = theme()
    return (
        "".join(text for text, _tone in row.stretches),
        float(-look.px(66) if row.begins else 0),
        float(look.px(4) if row.begins and row.apart else 0),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shown=st.lists(ROWS, min_size=1, max_size=5))
def test_whatever_came_before_the_lines_shown_are_those_asked_for(qtbot: QtBot, shown: list[tuple[Row, ...]]) -> None:
    pane = PreviewPane()
    try:
        for rows in shown:
            pane.show_preview(Preview(rows))
            qtbot.waitUntil(lambda: not pane._more.isActive())
            assert [shape(block) for block in blocks(pane.text.document())] == [wanted(row) for row in rows or (Row(()),)]
    finally:
        pane.deleteLater()


def test_lines_that_are_as_they_were_are_not_written_again(qtbot: QtBot) -> None:
    pane = PreviewPane()
    qtbot.addWidget(pane)
    lines = [Row(((f"line {number}", "text"),)) for number in range(400)]
    pane.show_preview(Preview(tuple(lines)))
    qtbot.waitUntil(lambda: not pane._more.isActive())
    before = blocks(pane.text.document())
    lines[200] = Row((("another", "filled"),))
    changes: list[tuple[int, int]] = []
    pane.text.document().contentsChange.connect(lambda at, _gone, came: changes.append((at, came)))
    pane.show_preview(Preview(tuple(lines)))
    qtbot.waitUntil(lambda: not pane._more.isActive())
    assert before[200].text() == "another"
    assert all(before[200].position() - 1 <= at <= before[201].position() for at, _came in changes)
    assert sum(came for _at, came in changes) < 60


def test_a_preview_that_comes_while_a_key_is_painted_is_written_after_it(qtbot: QtBot) -> None:
    pane = PreviewPane()
    qtbot.addWidget(pane)
    keys_first.typed()
    pane.show_preview(Preview((Row((("later", "text"),)),)))
    assert pane.text.toPlainText() == ""
    qtbot.waitUntil(lambda: pane.text.toPlainText() == "later")


def test_a_message_is_cut_into_lines_with_its_role_before_the_first() -> None:
    messages = [
        PreviewMessage("system", (Piece("Be "), Piece("kind\nand short", filled=True, variable="tone"), Piece("."))),
        PreviewMessage("user", (Piece("", variable="ticket"),), missing=("ticket",)),
    ]
    assert preview_rows(messages, [(), ()]) == (
        Row((("System", "role"), ("\t", "text"), ("Be ", "text"), ("kind", "filled")), begins=True),
        Row((("and short", "filled"), (".", "text"))),
        Row((("User", "role"), ("\t", "text"), ("ticket?", "missing")), begins=True, apart=True),
    )
