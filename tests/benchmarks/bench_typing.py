"""What one key costs in a long prompt: from the key press until the window has painted it, in the library of a real workspace.

A frame of a 60 Hz screen is 16 ms: a key that takes longer is felt. Events that are waiting are handled after each key, so that
highlighting, line numbers, autosave and study are all in the figures. The first keys come while the text is studied for the first time,
a fifth of a second after it was painted: nobody types sooner into what is new on the screen.
Beside the time by the clock stands what the window's own thread worked, and what the other threads of this process worked in that time,
which is the longest that they can have held the interpreter. On a machine that others use, the clock counts their turns too; what the
key costs is then the sum of those two. Below it: what a bare QPlainTextEdit with the same text takes in the same run, which is what the
machine and Qt alone cost. Every text is measured as a template that can be compiled, with code on every fourth line; with the word
`dense` on every second one: at 100 kB that is more code than the sandbox takes, so that there is a problem to show.

    python tests/benchmarks/bench_typing.py [dense] [kilobytes ...]
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
TOO_MUCH_CODE = 100_000
"""Characters from which a dense text is refused by the sandbox: it has no preview."""
LINES = (
    "## Rule {n}",
    "Answer {{{{ customer.name }}}} in **{{{{ tone | default('plain') }}}}** words, never promise a date that you cannot keep.",
    "- Order {{{{ order.number }}}}: {{% for item in order.goods %}}{{{{ item.name }}}}, {{% endfor %}}and what else was bought.",
    "",
)
PROSE = "Plain prose that says how answers are to be written, without a single value in it, as most of a prompt is."
PASTED = ("One more rule about {{ order.number }} that somebody pastes, as long as such rules are.\n" * 12)[:1000]


@dataclass
class Keys:
    """What keys of one kind took, in milliseconds."""

    clock: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    """Processor time of the window's thread."""
    others: list[float] = field(default_factory=list)
    """Processor time of the other threads of this process meanwhile."""

    between: list[float] = field(default_factory=list)
    """The longest work in one go between this key and the next one."""

    @property
    def cost(self) -> list[float]:
        """What the keys cost at most where nobody else uses the machine."""
        return [mine + theirs for mine, theirs in zip(self.own, self.others, strict=True)]

    def words(self) -> str:
        """Median, 95% and worst by the clock, of the thread's own work, of that with the other threads' work, and between two keys."""
        return "   ".join(
            f"{statistics.median(found):6.1f} {found[int(len(found) * 0.95)]:6.1f} {found[-1]:6.1f}"
            for found in (sorted(self.clock), sorted(self.own), sorted(self.cost), sorted(self.between))
        )


def template(size: int, *, dense: bool = False) -> str:
    """A prompt of about so many characters with code on every fourth line, or on every other one."""
    lines: list[str] = []
    length, n = 0, 0
    while length < size:
        added = [LINES[n % len(LINES)].format(n=n)] + ([] if dense else [PROSE])
        lines += added
        length += sum(map(len, added)) + len(added)
        n += 1
    return "\n".join(lines)


def wait(condition: object, seconds: float = 60) -> None:
    """Handle events until something is so."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:  # type: ignore[operator]
        QApplication.processEvents()
        time.sleep(0.002)
    assert condition()  # type: ignore[operator]


def settle(seconds: float) -> float:
    """Let timers come, as between two keys of somebody who types fast. The answer is what the window's thread worked at most in one go, in
    milliseconds: a key that came in that moment would have waited for it."""
    end, longest = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        worked = time.thread_time()
        QApplication.processEvents()
        longest = max(longest, (time.thread_time() - worked) * 1000)
        time.sleep(0.001)
    return longest


def press(editor: Editor, key: int, text: str = "", *, control: bool = False) -> None:
    """Press and let go one key."""
    held = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(editor, QKeyEvent(kind, key, held, text))


def timed(verb: Callable[[], object], found: Keys) -> None:
    """Do something, and note what it took until all events are handled."""
    began, worked, all_worked = time.perf_counter(), time.thread_time(), time.process_time()
    verb()
    QApplication.processEvents()
    found.clock.append((time.perf_counter() - began) * 1000)
    found.own.append((time.thread_time() - worked) * 1000)
    found.others.append(max(0.0, (time.process_time() - all_worked) * 1000 - found.own[-1]))
    found.between.append(settle(0.03))


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


def while_studied(editor: Editor, studying: Callable[[], bool], found: Keys) -> None:
    """Type words from the moment that the text is shown, then twice after a pause, until all that is found out of it is shown."""
    editor.setFocus()
    QApplication.processEvents()
    found.between.append(settle(0.2))
    for _ in range(3):
        for _ in range(KEYS):
            timed(lambda: press(editor, Qt.Key.Key_A, "a"), found)
        wait(lambda: not studying())
        press(editor, Qt.Key.Key_A, "a")
        wait(studying)


def while_shown(editor: Editor, rendering: Callable[[], bool], found: Keys) -> None:
    """Type words from the moment that a preview of the text is made."""
    for _ in range(3):
        press(editor, Qt.Key.Key_A, "a")
        wait(rendering)
        for _ in range(KEYS):
            timed(lambda: press(editor, Qt.Key.Key_A, "a"), found)
        wait(lambda: not rendering())


def measure(editor: Editor, studying: Callable[[], bool] | None = None, rendering: Callable[[], bool] | None = None) -> dict[str, Keys]:
    """What each kind of key takes. `studying`: whether something is being found out of the text; `rendering`: whether its preview is made
    or written; None where nobody does."""
    kinds: dict[str, Keys] = {}

    def kind(name: str, share: float | None, verb: Callable[[Keys], None]) -> None:
        if share is not None:
            put_caret(editor, share)
        verb(kinds.setdefault(name, Keys()))

    QApplication.clipboard().setText(PASTED)
    if studying is not None:
        kind("letters while studied", None, lambda found: while_studied(editor, studying, found))
        wait(lambda: not studying())
    if rendering is not None:
        wait(rendering)
        kind("letters, first preview", None, lambda found: while_shown(editor, rendering, found))
        settle(2)
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


def opened(session: Session, text: str) -> tuple[Editor, Callable[[], bool], Callable[[], bool]]:
    """The editor of a new prompt in the window, as soon as it is shown, whether something is being found out of it, and whether its
    preview is made or written."""
    content = Content((Message.of("system", "You answer customers."), Message.of("user", text)))
    prompt = session.context.ws.prompts.create(f"Long {len(text)}", "", content)
    session.context.go("library", prompt_id=prompt)
    screen = session.window.screen_at("library")
    assert isinstance(screen, LibraryScreen)
    wait(lambda: screen.working.at is not None and screen.working.at.prompt.id == prompt)
    session.window.activateWindow()
    working, page = screen.working, screen.page
    return (
        page.messages.blocks[-1].editor,
        lambda: working.facts is None or working._studying,
        lambda: page._rendering or page.preview._more.isActive(),
    )


def main() -> None:
    dense = "dense" in sys.argv
    sizes = [int(word) * 1000 for word in sys.argv[1:] if word.isdigit()] or [10_000, 100_000, 1_000_000]
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
            text = template(size, dense=dense)
            bare = QPlainTextEdit(text)
            bare.resize(760, 700)
            bare.show()
            alone = measure(bare)
            bare.hide()
            editor, studying, rendering = opened(session, text)
            ours = measure(editor, studying, None if dense and size >= TOO_MUCH_CODE else rendering)
            print(f"{size / 1000:,.0f} kB, ms a key (aim: {MOST_MS:g} at 100 kB), median, 95%, worst of")
            print(f"  {'':22} {'by the clock':23}{'own work':23}{'with other threads':23}between two keys")
            for name, found in ours.items():
                over = sum(took > MOST_MS for took in found.cost)
                print(f"  {name:22} {found.words()}   {over} of {len(found.own)} over")
                if name in alone:
                    print(f"  {'  QPlainTextEdit':22} {alone[name].words()}")
        session.window.hide()
        session.end()


if __name__ == "__main__":
    main()
