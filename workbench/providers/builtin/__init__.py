"""The built-in model: no key, no network after the first fetch, and the app's own window never at risk.

llama.cpp (by way of xllamacpp) runs in a child process and speaks the OpenAI wire format on loopback, with a key made for that child alone.
It is a toy for trying the app, not for judging prompts. Any GGUF file the user adds becomes a further model.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.providers.builtin import weights
from workbench.providers.builtin.files import DEFAULT_NAME, ModelFile, ModelFiles
from workbench.providers.builtin.running import Servers
from workbench.providers.builtin.weights import SMOLLM2, EngineStatus
from workbench.providers.openai_chat import OpenAIChat
from workbench.quick_dataclass import replace
from workbench.settings import data_folder
from workbench.values import Delta, Endpoint, Missing, Reply, Request

if TYPE_CHECKING:
    import httpx

__all__ = ["DEFAULT_NAME", "Builtin", "BuiltinFormat", "ModelFile"]

ENGINE_REQUIREMENT = "xllamacpp==2026.10.11549"
_NO_ENGINE = "The built-in model's engine is not installed."
_NO_WEIGHTS = "The built-in model has not been fetched yet (93 MB, once)."


class Builtin:
    """The built-in models of one app. `close` ends its servers; they also end when the app does, however it ends."""

    def __init__(self, folder: Path | None = None) -> None:
        self.files = ModelFiles(folder or data_folder() / "models")
        self._servers = Servers()

    def status(self) -> EngineStatus:
        """Engine and weights, without loading either."""
        engine = importlib.util.find_spec("xllamacpp") is not None
        fetched = SMOLLM2.is_whole(self.files.default().path)
        if not engine:
            return EngineStatus(False, fetched, _NO_ENGINE, f'Install it: python -m pip install "{ENGINE_REQUIREMENT}"')
        if not fetched:
            return EngineStatus(True, False, _NO_WEIGHTS, "Fetch it under Models, or run: workbench demo")
        return EngineStatus(True, True, "The built-in model is ready.")

    async def fetch(self, progress: Callable[[int, int], None] | None = None) -> Path:
        """The path of the fetched weights. `progress(done, total)` counts bytes, on the loop's thread. Raises Missing."""
        return await weights.off_loop(self.fetch_blocking, progress)

    def fetch_blocking(self, progress: Callable[[int, int], None] | None = None, stop: threading.Event | None = None) -> Path:
        """The same for callers without a loop; `progress` is called on threads of the fetch."""
        known = self.files.default().path
        return known if SMOLLM2.is_whole(known) else SMOLLM2.fetch(self.files.folder, progress, stop)

    def check_weights(self) -> bool:
        """True if the fetched file's checksum is right: reads the whole file."""
        return SMOLLM2.is_right(self.files.default().path)

    def add_file(self, path: str | Path) -> ModelFile:
        """The model that a GGUF file becomes. Raises BadInput with a sentence for a file that cannot be one."""
        return self.files.add(Path(path))

    async def endpoint(self, model: str = "", timeout_s: float = 60.0) -> Endpoint:
        """Where to ask a built-in model by its name. Loads it with the first call, again if its process died. Raises Missing, NotFound."""
        file = self.files.find(model)
        if importlib.util.find_spec("xllamacpp") is None:
            status = self.status()
            raise Missing(status.sentence, remedy=status.remedy)
        if file.name == DEFAULT_NAME and not SMOLLM2.is_whole(file.path):
            raise Missing(_NO_WEIGHTS, remedy="Fetch it under Models, or run: workbench demo")
        return await self._servers.endpoint(file, timeout_s)

    def loaded(self) -> list[str]:
        """Names of the models that are in memory now."""
        running = set(self._servers.running())
        return [file.name for file in self.files.all() if str(file.path) in running]

    def unload(self, model: str) -> None:
        """End a model's process and free its memory; the next call loads it again."""
        self._servers.stop(self.files.find(model))

    async def close(self) -> None:
        """End every server. The object can be used again afterwards."""
        await asyncio.to_thread(self._servers.close)

    def close_now(self) -> None:
        """The same for callers without a loop."""
        self._servers.close()

    def wire_format(self) -> BuiltinFormat:
        """The wire format `builtin`, bound to these servers."""
        return BuiltinFormat(self)


class BuiltinFormat:
    """The wire format `builtin`: Chat Completions against the child server of the request's model."""

    name = "builtin"

    def __init__(self, builtin: Builtin) -> None:
        self._builtin = builtin
        self._chat = OpenAIChat()

    async def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError, and Missing where engine or file are not there."""
        file = self._builtin.files.find(request.model)
        here = await self._builtin.endpoint(request.model, endpoint.timeout_s)
        # llama-server closes the connection behind each stream without announcing it: the next call on it would fail.
        options = {**endpoint.options, "headers": {**(endpoint.options.get("headers") or {}), "connection": "close"}}
        stream = self._chat.call(client, replace(here, options=options), replace(request, model=file.name))
        try:
            async for item in stream:
                yield item
        finally:
            await stream.aclose()
