"""What nobody foresaw: written to a log without secrets, shown with its details, and the app goes on."""

from __future__ import annotations

import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QtMsgType, Signal, qInstallMessageHandler, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from workbench import __version__
from workbench.settings import data_folder

if TYPE_CHECKING:
    from workbench.gui.crash_dialog import CrashDialog

LOG_BYTES = 500_000
LOG_COPIES = 3

_SECRETS = (
    re.compile(r"\b(?:sk|pk|rk|gsk|xai|key|hf|ghp|gho|glpat|AKIA|AIza)[-_]?[A-Za-z0-9_-]{12,}"),
    re.compile(r"(?i)(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"""(?i)(["']?(?:api[-_ ]?key|x-api-key|authorization|password|secret|token)["']?\s*[:=]\s*["']?)[^\s"',;&}]{6,}"""),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
_SECRET_NAMES = re.compile(r"(?i)(key|token|secret|password)$")


def log_path() -> Path:
    """The log file; older ones lie beside it with a number behind."""
    return data_folder() / "logs" / "workbench.log"


def without_secrets(text: str) -> str:
    """The text with everything that looks like a key, and every key of the environment, replaced."""
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAMES.search(name):
            text = text.replace(value, "[removed]")
    for pattern in _SECRETS:
        text = pattern.sub(lambda found: (found.group(1) if found.re.groups else "") + "[removed]", text)
    return text


def write_log(text: str) -> None:
    """Append to the log with the time; at 500 kB it is set aside, and three old ones are kept. A full disk is no reason to fail."""
    from datetime import UTC, datetime  # only when something is written

    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            for number in range(LOG_COPIES - 1, 0, -1):
                older = path.with_suffix(f".log.{number}")
                if older.exists():
                    older.replace(path.with_suffix(f".log.{number + 1}"))
            path.replace(path.with_suffix(".log.1"))
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {without_secrets(text).rstrip()}\n")
    except OSError:
        pass


def details(error: BaseException) -> str:
    """What a report needs: versions, the system, and the trace, without secrets and without anything of the workspace."""
    import platform  # only for a report

    trace = "".join(traceback.format_exception(error))
    head = f"Prompt Workbench {__version__}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}"
    return without_secrets(f"{head}\n\n{trace}")


class CrashReporter(QObject):
    """Takes exceptions from every thread and shows them on the Qt thread, one dialog at a time."""

    caught = Signal(object)

    def __init__(self, window: Callable[[], QWidget | None], hide: Callable[[str], str] = str) -> None:
        super().__init__()
        self._window = window
        self._hide = hide
        """Takes the keys of this session out of a text: one may look like nothing that `without_secrets` knows."""
        self._dialog: CrashDialog | None = None
        self._before: tuple[object, object] | None = None
        self.caught.connect(self.show)

    def install(self) -> None:
        """Become the last resort of this process: main thread, other threads, and what Qt has to say."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._from_python
        threading.excepthook = self._from_thread
        qInstallMessageHandler(_from_qt)

    def uninstall(self) -> None:
        """Give the hooks back."""
        if self._before is not None:
            sys.excepthook, threading.excepthook = self._before  # type: ignore[assignment]
            self._before = None
            qInstallMessageHandler(None)

    def _from_python(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
            return
        self.report(error)

    def _from_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            self.report(args.exc_value)

    def report(self, error: BaseException) -> None:
        """Log an exception and show it. May be called from any thread."""
        text = self._hide(details(error))
        write_log(text)
        print(text, file=sys.stderr)
        self.caught.emit(error)

    def show(self, error: BaseException) -> None:
        """Show the dialog, or add to the one that is open."""
        window = self._window()
        if window is None:
            return
        if self._dialog is not None:
            self._dialog.add(self._hide(details(error)))
            return
        from workbench.gui.crash_dialog import CrashDialog  # most sessions never need it

        self._dialog = CrashDialog(window, self._hide(details(error)))
        self._dialog.finished.connect(self._closed)
        self._dialog.open()

    def _closed(self, _result: int) -> None:
        self._dialog = None


def _from_qt(kind: QtMsgType, context: object, message: str) -> None:
    if kind != QtMsgType.QtDebugMsg and "propagateSizeHints" not in message:
        write_log(f"Qt: {message}")
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            print(message, file=sys.stderr)
