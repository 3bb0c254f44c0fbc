"""Imports of PySide6, and after it, that are not slowed down by it.

At every start PySide6 compiles a part of itself that it carries as source text, and patterns that only its type stubs and its complaints
about wrong arguments need: nearly half of the time that a bare window takes. Here the text is compiled once and kept in the user's cache
folder, as Python keeps what it compiles, and a pattern is compiled when it is used.

It also reads the source text of every module that is imported after it, to see whether the module is one that may switch on other names by
`from __feature__ import ...`. That is a tenth of a start, and the texts stay in memory. Here the name of a module tells the same.

These places are not public: a PySide6 that has other ones starts as it would by itself.
"""

from __future__ import annotations

import builtins
import marshal
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any
from zlib import crc32

import platformdirs

from workbench.whole_file import beside

Kept = dict[tuple[str, int, int], Any]
"""Code by the name, the length and the sum of the text that it was compiled from."""


def import_compiled() -> None:
    """Import what PySide6 stands on, with the code that was kept at an earlier start."""
    if "shiboken6" in sys.modules:
        return
    path = Path(platformdirs.user_cache_path("prompt-workbench", appauthor=False)) / f"pyside-{sys.implementation.cache_tag}"
    kept, used = _read(path), Kept()
    text_as_ever, pattern_as_ever = builtins.compile, re.compile

    def text(source: Any, filename: Any, mode: str, *rest: Any, **options: Any) -> Any:
        if rest or options or mode != "exec" or not isinstance(source, (str, bytes)):
            return text_as_ever(source, filename, mode, *rest, **options)
        content = source.encode() if isinstance(source, str) else source
        key = (str(filename), len(content), crc32(content))
        code = used[key] = kept.get(key) or text_as_ever(source, filename, mode)
        return code

    def pattern(source: Any, flags: Any = 0) -> Any:
        asks = sys._getframe(1).f_globals.get("__name__", "")
        return _Late(source, flags) if asks.startswith("shibokensupport.") else pattern_as_ever(source, flags)

    builtins.compile, re.compile = text, pattern  # type: ignore[assignment]
    try:
        import_module("shiboken6")
    finally:
        builtins.compile, re.compile = text_as_ever, pattern_as_ever
    if used.keys() != kept.keys():
        _write(path, used)


def read_no_sources() -> None:
    """Let PySide6 know its users by their names."""
    feature: Any = import_module("PySide6.support.feature")
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda module: module.__name__.startswith(f"{__package__}.")


class _Late:
    """A pattern that is compiled when one of its methods is called."""

    def __init__(self, source: Any, flags: Any) -> None:
        self._as_written = (source, flags)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *given, **options: getattr(re.compile(*self._as_written), name)(*given, **options)


def _read(path: Path) -> Kept:
    """Empty where nothing was kept, where another Python kept it, and where the file is not what was written."""
    with suppress(OSError, ValueError, EOFError, TypeError):
        content = path.read_bytes()
        body = content[len(_head(b"")) :]
        if content.startswith(_head(body)):
            return dict(marshal.loads(body))
    return {}


def _write(path: Path, kept: Kept) -> None:
    """A folder that cannot be written is no fault."""
    body = marshal.dumps(kept)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as new:
            new.write_bytes(_head(body) + body)
            new.replace(path)


def _head(body: bytes) -> bytes:
    return MAGIC_NUMBER + crc32(body).to_bytes(4, "big")
