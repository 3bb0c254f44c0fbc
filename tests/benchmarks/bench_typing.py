"""What one key costs in a long prompt: from the key press until the window has painted it, in the library of a real workspace.

A frame of a 60 Hz screen is 16 ms: a key that takes longer is felt. Events that are waiting are handled after each key, so that
highlighting, line numbers, autosave and study are all in the figures. Beside the time by the clock stands what the window's own thread
worked (on a machine that others use the clock also counts their turns), and what a bare QPlainTextEdit with the same text takes in
the same run: what the machine and Qt alone cost.

    python tests/benchmarks/bench_typing.py [kilobytes ...]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, Qt  # the environment comes first
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit

from workbench.gui.app import Session, application
from workbench.gui.library.view import LibraryScreen
from workbench.settings import Settings
from workbench.values import Content, Message

Editor = QTextEdit | QPlainTextEdit
KEYS = 60
MOST_MS = 16.0
LINES = (
    "## Rule {n}",
    "Answer {{{{ customer.name }}}} in **{{{{ tone | default('plain') }}}}** words, never promise a date that you cannot keep.",
    "- Order {{{{ order.number }}}}: {{% for item in order.items %}}{{{{ item.name }}}}, {{% endfor %}}and what else was bought.",
    "",
)
PASTED = ("One more rule about {{ order.number }} that somebody pastes, as long as such rules are.\n" * 12)[:1000]


@dataclass
class Keys:
    """What keys of one kind took, in milliseconds."""

    clock: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    """Processor time of the window's thread."""

    def words(self) -> str:
        """Median, 95% and worst by the clock, then of the thread's own work."""
        return "   ".join(
            f"{statistics.median(found):6.1f} {found[int(len(found) * 0.95)]:6.1f} {found[-1]:6.1f}"
            for found in (sorted(self.clock), sorted(self.own))
        )


def template(size: int) -> str:
    """A prompt of about so many characters with code on every other line."""
    lines, length, n = [], 0, 0
    while length < size:
        lines.append(LINES[n % len(LINES)].format(n=n))
        length += len(lines[-1]) + 1
        n += 1
    return "\n".join(lines)


def wait(condition: object, seconds: float = 60) -> None:
    """Handle events until something is so."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:  # type: ignore[operator]
        QApplication.processEvents()
        time.sleep(0.002)
    assert condition()  # type: ignore[operator]


def settle(seconds: float) -> None:
    """Let timers come, as between two keys of somebody who types fast."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def press(editor: Editor, key: int, text: str = "", *, control: bool = False) -> None:
    """Press and let go one key."""
    held = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(editor, QKeyEvent(kind, key, held, text))


def timed(verb: Callable[[], object], found: Keys) -> None:
    """Do something, and note what it took until all events are handled."""
    began, worked = time.perf_counter(), time.thread_time()
    verb()
    QApplication.processEvents()
    found.clock.append((time.perf_counter() - began) * 1000)
    found.own.append((time.thread_time() - worked) * 1000)
    settle(0.03)


def put_caret(editor: Editor, share: float, column: int = 1) -> None:
    """Put the caret to a line of the text, from 0 (the first) to 1 (the last)."""
    document = editor.document()
    block = document.findBlockByNumber(round(share * (document.blockCount() - 1)))
    cursor = QTextCursor(block)
    cursor.setPosition(block.position() + min(column, block.length() - 1))
    editor.setFocus()
    editor.setTextCursor(cursor)
    settle(0.3)


def in_code(editor: Editor) -> None:
    """Put the caret behind the first letters of the name in a `{{ }}` in the middle."""
    document = editor.document()
    block = document.findBlockByNumber(document.blockCount() // 2)
    while "{{ order" not in block.text():
        block = block.next()
    put_caret(editor, block.blockNumber() / (document.blockCount() - 1), block.text().index("{{ order") + 5)


def letters(editor: Editor, found: Keys) -> None:
    """Type words."""
    for number in range(KEYS):
        char = "word "[number % 5]
        timed(lambda char=char: press(editor, ord(char.upper()), char), found)  # type: ignore[misc]


def repeated(editor: Editor, key: int, text: str = "", *, count: int = 20, control: bool = False) -> Callable[[Keys], None]:
    """Press one key several times."""

    def go(found: Keys) -> None:
        for _ in range(count):
            timed(lambda: press(editor, key, text, control=control), found)

    return go


def measure(editor: Editor) -> dict[str, Keys]:
    """What each kind of key takes."""
    kinds: dict[str, Keys] = {}

    def kind(name: str, share: float | None, verb: Callable[[Keys], None]) -> None:
        if share is not None:
            put_caret(editor, share)
        verb(kinds.setdefault(name, Keys()))

    QApplication.clipboard().setText(PASTED)
    kind("letters, first line", 0, lambda found: letters(editor, found))
    kind("letters, middle", 0.5, lambda found: letters(editor, found))
    kind("letters, last line", 1, lambda found: letters(editor, found))
    in_code(editor)
    kind("letters inside {{ }}", None, lambda found: letters(editor, found))
    kind("Enter, middle", 0.4, repeated(editor, Qt.Key.Key_Return, "\r"))
    kind("Backspace, middle", None, repeated(editor, Qt.Key.Key_Backspace))
    kind("paste 1 kB, middle", 0.6, repeated(editor, Qt.Key.Key_V, count=10, control=True))
    kind("undo", None, repeated(editor, Qt.Key.Key_Z, count=10, control=True))
    return kinds


def opened(session: Session, size: int) -> Editor:
    """The editor of a new prompt of so many characters, in the window."""
    content = Content((Message.of("system", "You answer customers."), Message.of("user", template(size))))
    prompt = session.context.ws.prompts.create(f"Long {size}", "", content)
    session.context.go("library", prompt_id=prompt)
    screen = session.window.screen_at("library")
    assert isinstance(screen, LibraryScreen)
    wait(lambda: screen.working.at is not None and screen.working.at.prompt.id == prompt and screen.working.facts is not None)
    session.window.activateWindow()
    settle(0.6)
    return screen.page.messages.blocks[-1].editor


def main() -> None:
    sizes = [int(word) * 1000 for word in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        application()
        settings = Settings(Path(folder) / "settings.toml")
        settings.set("last.place", "library")
        session = Session(Path(folder) / "desk.db", settings)
        session.window.resize(1440, 900)
        session.window.show()
        session.window.activateWindow()
        wait(lambda: session.context.workspace is not None)
        for size in sizes:
            bare = QPlainTextEdit(template(size))
            bare.resize(760, 700)
            bare.show()
            alone = measure(bare)
            bare.hide()
            ours = measure(opened(session, size))
            print(f"{size / 1000:,.0f} kB, ms a key (aim: {MOST_MS:g} at 100 kB)    by the clock: median, 95%, worst    own work: the same")
            for name, found in ours.items():
                over = sum(took > MOST_MS for took in found.own)
                ratio = statistics.median(found.own) / max(0.01, statistics.median(alone[name].own))
                print(f"  {name:22} {found.words()}   {over} of {len(found.own)} over   {ratio:.0f} x bare")
                print(f"  {'  QPlainTextEdit':22} {alone[name].words()}")
        session.window.hide()
        session.end()


if __name__ == "__main__":
    main()
