"""A real browser without a window, driven over Chromium's DevTools protocol: real key presses, real downloads."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_VIRTUAL = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
CTRL, SHIFT = 2, 8
_PATIENCE_S = 30.0


class Page:
    """One tab."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse, downloads: Path) -> None:
        self._loop, self._socket, self._last = loop, socket, 0
        self.downloads = downloads
        self.told: list[dict[str, Any]] = []
        """Events that came: what the page logged, what it asked the network for."""

    def do(self, method: str, **given: Any) -> dict[str, Any]:
        """What one command answers. Raises AssertionError where the browser refuses it."""
        return self._loop.run_until_complete(self._do(method, given))

    async def _do(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        self._last += 1
        await self._socket.send_json({"id": self._last, "method": method, "params": given})
        while True:
            message = json.loads((await self._socket.receive(timeout=_PATIENCE_S)).data)
            if message.get("id") == self._last:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self.told.append(message)

    def js(self, expression: str) -> Any:
        """The value of an expression in the page. Raises AssertionError where it throws."""
        said = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def text(self, selector: str) -> str:
        """The text that an element shows."""
        return str(self.js(f"document.querySelector({json.dumps(selector)}).innerText"))

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _PATIENCE_S
        while not self.js(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.05)

    def open(self, path: Path) -> None:
        """Show a file."""
        self.do("Page.navigate", url=path.resolve().as_uri())
        self.until("document.readyState === 'complete'")

    def key(self, key: str, modifiers: int = 0) -> None:
        """Press a key, with what it types."""
        code = f"Digit{key}" if key.isdigit() else f"Key{key.upper()}" if len(key) == 1 and key.isalpha() else key
        typed = "\r" if key == "Enter" else key if len(key) == 1 and not modifiers & CTRL else ""
        virtual = _VIRTUAL.get(key, ord(key.upper()) if len(key) == 1 else 0)
        given = {"key": key, "code": code, "modifiers": modifiers, "windowsVirtualKeyCode": virtual}
        self.do("Input.dispatchKeyEvent", type="keyDown", text=typed, **given)
        self.do("Input.dispatchKeyEvent", type="keyUp", **given)

    def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        self.do("Input.insertText", text=text)

    def look(self, width: int, height: int, dark: bool = False) -> None:
        """The size of the window and the theme of its system."""
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def picture(self, path: Path) -> None:
        """Save what is on screen as PNG."""
        path.write_bytes(base64.b64decode(self.do("Page.captureScreenshot", format="png")["data"]))

    def downloaded(self, name: str) -> Path:
        """The file of this name, once it is there."""
        path, end = self.downloads / name, time.monotonic() + _PATIENCE_S
        while not path.exists() or not path.stat().st_size:
            assert time.monotonic() < end, [*self.downloads.iterdir()]
            self.js("1")
            time.sleep(0.05)
        return path

    def events(self, method: str) -> list[dict[str, Any]]:
        """What the browser told of one kind so far."""
        self.js("1")
        return [message["params"] for message in self.told if message.get("method") == method]


@contextmanager
def browser(folder: Path, *arguments: str) -> Iterator[Page]:
    """A browser with a profile of its own in `folder`, showing one empty tab."""
    assert PROGRAM is not None
    profile, downloads = folder / "profile", folder / "downloads"
    downloads.mkdir(parents=True)
    program = subprocess.Popen(
        [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--remote-debugging-port=0", f"--user-data-dir={profile}", *arguments, "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    loop = asyncio.new_event_loop()
    try:
        page = loop.run_until_complete(_connected(loop, program, profile / "DevToolsActivePort", downloads))
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.do(f"{domain}.enable")
        page.do("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        yield page
        loop.run_until_complete(page._socket.close())
    finally:
        program.kill()
        program.wait()
        loop.run_until_complete(_SESSIONS.pop(loop).close()) if loop in _SESSIONS else None
        loop.close()


_SESSIONS: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}


async def _connected(loop: asyncio.AbstractEventLoop, program: subprocess.Popen[bytes], port_file: Path, downloads: Path) -> Page:
    end = time.monotonic() + 2 * _PATIENCE_S
    while not port_file.exists() or not port_file.read_text().strip():
        assert program.poll() is None, "the browser ended"
        assert time.monotonic() < end, "the browser does not listen"
        await asyncio.sleep(0.1)
    port = port_file.read_text().split()[0]
    session = _SESSIONS[loop] = aiohttp.ClientSession()
    while True:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            tabs = [tab for tab in await answer.json() if tab["type"] == "page"]
        if tabs:
            break
        await asyncio.sleep(0.1)
    socket = await session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0)
    return Page(loop, socket, downloads)
