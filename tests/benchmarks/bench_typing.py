"""What one key costs in a long prompt: from the key press until the window has painted it, in the library of a real workspace.

A frame of a 60 Hz screen is 16 ms: a key that takes longer is felt. Keys go to the middle of the text; events that are waiting are
handled after each key, so that highlighting, line numbers, autosave and study are all in the figures.

    python tests/benchmarks/bench_typing.py [kilobytes ...]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, Qt  # the environment comes first
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from workbench.gui.app import Session, application
from workbench.gui.library.view import LibraryScreen
from workbench.settings import Settings
from workbench.values import Content, Message

KEYS = 120
MOST_MS = 16.0
LINES = (
    "## Rule {n}",
    "Answer {{{{ customer.name }}}} in **{{{{ tone | default('plain') }}}}** words, never promise a date that you cannot keep.",
    "- Order {{{{ order.number }}}}: {{% for item in order.items %}}{{{{ item.name }}}}, {{% endfor %}}and what else was bought.",
    "",
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


def measure(session: Session, size: int) -> list[float]:
    """Milliseconds of each key in a prompt of so many characters."""
    content = Content((Message.of("system", "You answer customers."), Message.of("user", template(size))))
    prompt = session.context.ws.prompts.create(f"Long {size}", "", content)
    session.context.go("library", prompt_id=prompt)
    screen = session.window.screen_at("library")
    assert isinstance(screen, LibraryScreen)
    wait(lambda: screen.working.at is not None and screen.working.at.prompt.id == prompt and screen.working.facts is not None)
    editor = screen.page.messages.blocks[-1].editor
    editor.go_to(editor.document().blockCount() // 2, 1)
    settle(0.6)
    found = []
    for number in range(KEYS):
        char = "word "[number % 5]
        started = time.perf_counter()
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(editor, QKeyEvent(kind, ord(char.upper()), Qt.KeyboardModifier.NoModifier, char))
        QApplication.processEvents()
        found.append((time.perf_counter() - started) * 1000)
        settle(0.03)
    return found


def settle(seconds: float) -> None:
    """Let timers come, as between two keys of somebody who types fast."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def main() -> None:
    sizes = [int(word) * 1000 for word in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        application()
        settings = Settings(Path(folder) / "settings.toml")
        settings.set("last.place", "library")
        session = Session(Path(folder) / "desk.db", settings)
        session.window.resize(1440, 900)
        session.window.show()
        wait(lambda: session.context.workspace is not None)
        for size in sizes:
            keys = sorted(measure(session, size))
            worst, ninetyfifth = keys[-1], keys[int(len(keys) * 0.95)]
            print(
                f"{size / 1000:6,.0f} kB: median {statistics.median(keys):6.1f} ms, 95% {ninetyfifth:6.1f} ms, worst {worst:6.1f} ms a key"
                f"   (aim: under {MOST_MS:g} ms at 100 kB)"
            )
        session.window.hide()
        session.end()


if __name__ == "__main__":
    main()
