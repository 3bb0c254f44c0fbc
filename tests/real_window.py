"""The app in a real window: an X server, a window manager, real keys and clicks, and what the window tells screen readers.

`running(...)` starts the app as its own process on a display of its own. `RealWindow` presses keys and clicks through xdotool and reads
what is then to be seen through the window's accessible tree, over the standard input and output of the process (the second half of this
file).
Nothing sleeps for a fixed time: whatever is looked for is waited for.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

TOOLS = ("Xvfb", "openbox", "xdotool")
PATIENCE_S = 60.0
"""So long is waited for what does not come: only a test that fails takes this."""
LOOK_S = 0.04
ROOT = Path(__file__).resolve().parents[1]
SIZE = (1440, 900)

BARE = '<?xml version="1.0"?><openbox_config xmlns="http://openbox.org/3.4/rc"><keyboard/><mouse/></openbox_config>'
"""A window manager that takes no keys for itself."""
FOCUS = "where_keys_are()"

T = TypeVar("T")


def why_not() -> str:
    """Why there can be no real window here; empty where there can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"a real window needs {', '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class Item:
    """One thing in the window, as a screen reader is told of it."""

    role: str
    name: str
    value: str
    place: tuple[int, int, int, int]
    state: tuple[str, ...]
    window: str
    """The title of its window."""

    @property
    def middle(self) -> tuple[int, int]:
        """Where it is clicked."""
        x, y, width, height = self.place
        return x + width // 2, y + height // 2


class RealWindow:
    """The window of a running app."""

    def __init__(self, process: subprocess.Popen[str], environment: Mapping[str, str]) -> None:
        self.process, self._environment = process, environment

    # -- what is seen ------------------------------------------------------------------------------------------

    def ask(self, what: str, **more: Any) -> Any:
        """Ask the process of the app."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"what": what, **more}) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        assert ready, f"the app does not answer when it is asked for {what} {more}"
        line = self.process.stdout.readline()
        assert line, "the app has ended"
        found = json.loads(line)
        assert "trouble" not in found, found["trouble"]
        return found["answer"]

    def items(self, role: str = "", name: str = "", *, within: str = "") -> list[Item]:
        """All that is to be seen now with this role, whose name begins so, in a window whose title begins so."""
        found = [Item(r, n, v, (x, y, w, h), tuple(s), t) for r, n, v, (x, y, w, h), s, t in self.ask("items")]
        return [
            item
            for item in found
            if (not role or item.role == role) and item.name.startswith(name) and (not within or item.window.startswith(within))
        ]

    def see(self, role: str, name: str = "", *, within: str = "", holds: Callable[[Item], bool] = lambda _item: True) -> Item:
        """The first such thing for which something holds, once it is there."""
        seen: list[Item] = []

        def look() -> Item | None:
            seen[:] = self.items(role, name, within=within)
            return next((item for item in seen if holds(item)), None)

        return until(look, lambda: f"no {role} {name!r} is to be seen as it should; there are {seen or self.names(role)}")

    def names(self, role: str) -> list[str]:
        """The names of all that has a role."""
        return [item.name for item in self.items(role)]

    def gone(self, role: str, name: str = "") -> None:
        """Wait until no such thing is to be seen."""
        until(lambda: not self.items(role, name), lambda: f"{role} {name!r} is still to be seen")

    def waits_for(self, expression: str, value: Any = True) -> None:
        """Wait until an expression over the open `page` of the run, its `table` and the `session` has a value."""
        found: list[Any] = []

        def look() -> bool:
            found[:] = [self.ask("tell", of=expression)]
            return bool(found[0] == value)

        until(look, lambda: f"{expression} is {found[0]!r}, not {value!r}")

    def tell(self, expression: str) -> Any:
        """The value of such an expression."""
        return self.ask("tell", of=expression)

    def clipboard(self) -> str:
        """The text of the clipboard."""
        return str(self.ask("tell", of="clipboard()"))

    # -- what is done ------------------------------------------------------------------------------------------

    def key(self, *keys: str) -> None:
        """Press keys one after another: `ctrl+f`, `Down`, `Return`."""
        self._xdotool("key", "--clearmodifiers", "--delay", "8", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._xdotool("type", "--delay", "8", text)

    def click(self, item: Item, *, button: int = 1, shift: bool = False, twice: bool = False) -> None:
        """Click the middle of something."""
        self.click_at(*item.middle, button=button, shift=shift, twice=twice)

    def click_at(self, x: int, y: int, *, button: int = 1, shift: bool = False, twice: bool = False) -> None:
        """Click a place of the screen."""
        presses = ["click", *(["--repeat", "2", "--delay", "60"] if twice else []), str(button)]
        held = (["keydown", "shift"], ["keyup", "shift"]) if shift else ([], [])
        self._xdotool("mousemove", str(x), str(y), *held[0], *presses, *held[1])

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag from a place to another, in steps as a hand does."""
        steps = [(start[0] + (end[0] - start[0]) * n // 6, start[1] + (end[1] - start[1]) * n // 6) for n in range(1, 7)]
        moves = [word for x, y in steps for word in ("mousemove", str(x), str(y), "sleep", "0.02")]
        self._xdotool("mousemove", *map(str, start), "mousedown", "1", *moves, "mouseup", "1")

    def press(self, role: str, name: str, **more: Any) -> None:
        """Click something by its role and the beginning of its name, once it is there."""
        item = self.see(role, name, **more)
        while (again := self.see(role, name, **more)).place != item.place:  # the window manager is still placing its window
            item = again
        self.click(item)

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=dict(self._environment), check=True, timeout=PATIENCE_S)

    def open_run(self, run: int) -> None:
        """Show a run as it is when it is opened for the first time, its first cell chosen and the keys in the grid."""
        self.ask("go", run=run)
        self.waits_for("page.model.data is not None and page.model.data.run.id", run)
        self.ask("clear")
        self.waits_for("table.grid.rowCount() == len(table.grid.cases)")
        self.ask("begin")
        self.waits_for("app.focusWidget() is table.main and page.current() is not None and session.window.isActiveWindow()")
        self.waits_for("table.current()", [0, 0])

    def cell(self, case: int, column: int) -> tuple[int, int]:
        """Where the middle of a cell is on the screen."""
        view = "table.main"
        at = f"{view}.visualRect(table.grid.index(table.grid.row_of({case}), {column + 1})).center()"
        x, y = self.tell(f"{view}.viewport().mapToGlobal({at}).toTuple()")
        return x, y

    def column(self, number: int) -> str:
        """The title of a column of the open run."""
        return str(self.tell(f"column_title(table.grid.columns[{number}])"))

    def tab_to(self, name: str) -> None:
        """Press Tab until the keys are in what has a name."""
        before: Any = None
        for _ in range(60):
            now = self._focus_beside(before)
            if now[1] == name:
                return
            before = now
            self.key("Tab")
        raise AssertionError(f"Tab never comes to {name!r}")

    def _focus_beside(self, before: Any) -> Any:
        """Where the keys are, once they are elsewhere."""

        def look() -> Any:
            now = self.tell(FOCUS)
            return now if now != before else None

        return until(look, lambda: f"the keys stay at {before}")

    def choose(self, *texts: str) -> None:
        """Click one item after another of a menu and its submenus."""
        for text in texts:
            self.press("MenuItem", text)

    def pick(self, box: str, text: str) -> None:
        """Choose in a box of choices by the mouse."""
        self.press("ComboBox", box)
        self.press("ListItem", text, holds=lambda item: item.name == text)
        self.gone("ListItem", text)

    def picture(self, path: Path) -> None:
        """Keep a picture of the window, for whoever looks into a failure."""
        self.ask("picture", path=str(path))


def until(look: Callable[[], T | None], words: Callable[[], str]) -> T:
    """What a look gives, once it gives something; fails with words."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, words()
        time.sleep(LOOK_S)


@contextmanager
def running(workspace: Path, environment: Mapping[str, str]) -> Iterator[RealWindow]:
    """The app over a workspace, in a window that has the keys."""
    read, write = os.pipe()
    display = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0] + 20}x{SIZE[1] + 60}x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as number:
        everywhere = {**environment, "DISPLAY": f":{number.readline().strip()}", "QT_QPA_PLATFORM": "xcb", "LC_ALL": "C.UTF-8"}
    bare = Path(environment["HOME"]) / "openbox.xml"
    bare.parent.mkdir(parents=True, exist_ok=True)
    bare.write_text(BARE, "utf-8")
    manager = subprocess.Popen(["openbox", "--config-file", str(bare)], env=everywhere, stderr=subprocess.DEVNULL)
    app = subprocess.Popen(
        [sys.executable, "-m", "tests.real_window", str(workspace)],
        cwd=ROOT,
        env=everywhere,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        window = RealWindow(app, everywhere)
        window.waits_for("session.context.workspace is not None and session.window.isActiveWindow()")
        yield window
    finally:
        if app.stdin and app.stdout:
            app.stdin.close()  # the app ends with its input
            ended = _ended(app)
            app.stdout.close()
        for process in (manager, display):
            process.terminate()
            process.wait()
    assert ended == 0, f"the app ended with {ended}"


def _ended(process: subprocess.Popen[str]) -> int:
    try:
        return process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


# In the process of the app


def serve(workspace: str) -> int:
    """Run the app, and answer what is asked on standard input."""
    from PySide6.QtCore import QObject, Qt, Signal

    from workbench.gui.app import Session, application

    app = application()
    session = Session(workspace)
    session.window.resize(*SIZE)
    session.window.show()

    class Asked(QObject):
        came = Signal(str)

    asked = Asked()

    def answer(line: str) -> None:
        if not line:
            session.window.close()
            app.quit()
            return
        wanted = json.loads(line)
        try:
            found = {"answer": ANSWERS[wanted.pop("what")](session, **wanted)}
        except Exception:
            found = {"trouble": traceback.format_exc()}
        print(json.dumps(found), flush=True)

    asked.came.connect(answer, Qt.ConnectionType.QueuedConnection)

    def listen() -> None:
        for line in sys.stdin:
            asked.came.emit(line)
        asked.came.emit("")

    threading.Thread(target=listen, daemon=True).start()
    code = app.exec()
    if not session.ended:
        session.end()
    return code


def _items(_session: Any) -> list[Any]:
    from PySide6.QtGui import QAccessible
    from PySide6.QtWidgets import QApplication

    found: list[Any] = []
    for window in QApplication.topLevelWidgets():
        handle = window.windowHandle()
        if window.isVisible() and handle is not None and handle.isExposed():
            _walk(QAccessible.queryAccessibleInterface(window), window.windowTitle(), window.frameGeometry(), found)
    return found


def _walk(item: Any, title: str, room: Any, found: list[Any]) -> None:
    from PySide6.QtGui import QAccessible

    state, place = item.state(), item.rect()
    if state.invisible or not place.intersects(room):
        return
    said = [name for name in ("focused", "checked", "disabled", "selected", "expanded", "collapsed") if getattr(state, name)]
    role, name, value = str(item.role()).rsplit(".", 1)[-1], item.text(QAccessible.Text.Name), item.text(QAccessible.Text.Value)
    if role == "ComboBox" and item.object() is not None:
        name = item.object().accessibleName() or name  # Qt tells its text here, and its name by its label alone
    found.append([role, name, value, place.getRect(), said, title])
    for number in range(item.childCount()):
        child = item.child(number)
        if child is not None and child.isValid():
            _walk(child, title, room, found)


def _tell(session: Any, of: str) -> Any:
    from PySide6.QtWidgets import QApplication

    screen = session.window.screen_at("compare") if session.context.workspace is not None else None
    from workbench.gui.cells import column_title

    def where_keys_are() -> list[Any] | None:
        widget: Any = QApplication.focusWidget()
        if widget is None:
            return None
        name = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "")
        assert name, f"Tab stops at a {type(widget).__name__} that has no name"
        return [id(widget), name]

    names: dict[str, Any] = {
        "where_keys_are": where_keys_are,
        "column_title": column_title,
        "session": session,
        "clipboard": lambda: QApplication.clipboard().text(),
        "app": QApplication,
    }
    if screen is not None:
        names |= {"screen": screen, "page": screen.page, "table": screen.page.table, "detail": screen.page.detail}
    try:
        return eval(of, names)
    except (AttributeError, LookupError):  # not there yet
        return None


def _picture(session: Any, path: str) -> bool:
    return bool(session.window.screen().grabWindow(0).save(path))


def _go(session: Any, run: int) -> bool:
    """Leave all that a test left open, and show a run."""
    from PySide6.QtWidgets import QApplication, QDialog

    while popup := QApplication.activePopupWidget():
        popup.close()
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog) and widget.isVisible():
            widget.reject()
    session.context.go("compare", run_id=run)
    return True


def _clear(session: Any) -> bool:
    """Show the open run as if it were opened for the first time."""
    from workbench.values import CaseQuery

    page = session.window.screen_at("compare").page
    session.settings.set("compare.columns", {})
    page.columns.open_run()
    page.find_bar.field.clear()
    page.find_bar.leave()
    page.rows.show(CaseQuery())
    page.set_height("normal")
    page.tools.differences.setChecked(False)
    page.show_detail(True)
    return True


def _begin(session: Any) -> bool:
    """Put the keys into the first cell of the open run."""
    page = session.window.screen_at("compare").page
    page.table.choose(0, 0)
    page.table.main.clearSelection()
    page.focus_grid()
    session.window.activateWindow()
    return True


ANSWERS: dict[str, Callable[..., Any]] = {"items": _items, "tell": _tell, "picture": _picture, "go": _go, "clear": _clear, "begin": _begin}

if __name__ == "__main__":
    sys.exit(serve(sys.argv[1]))
