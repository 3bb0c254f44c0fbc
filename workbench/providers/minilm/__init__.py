"""The embedding model inside the app: all-MiniLM-L6-v2 (Apache-2.0) with 8-bit weights, run by onnxruntime on other threads.

Its file is fetched once like the built-in model's. Text is cut off after 256 tokens, the length for which the model was made; the mean
over a text's tokens, at length 1, is its vector. A session lives as long as a run that uses it: it costs 0.4 s and 200 MB.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from array import array
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.providers.builtin.cores import engine_threads
from workbench.providers.builtin.weights import MINILM as MINILM
from workbench.providers.builtin.weights import off_loop
from workbench.providers.minilm.wordpiece import tokens
from workbench.settings import data_folder
from workbench.values import Delta, Embeddings, Endpoint, Missing, Reply, Request, Usage

if TYPE_CHECKING:
    import httpx

NAME = "all-MiniLM-L6-v2"
DIMENSIONS = 384
LONGEST = 256
"""Tokens of a text."""
ENGINE_REQUIREMENT = "onnxruntime>=1.20,<2"
_NO_ENGINE = "The embedding model's engine is not installed."
_NO_WEIGHTS = "The embedding model has not been fetched yet (21 MB, once)."


@dataclass(frozen=True, slots=True)
class MiniLMStatus:
    """Whether the model can be used, one sentence about it, and the one thing to do (empty if nothing)."""

    engine: bool
    weights: bool
    sentence: str
    remedy: str = ""

    @property
    def ready(self) -> bool:
        """True if it can be asked now."""
        return self.engine and self.weights


def path() -> Path:
    """Where the file lies, whether it is there yet or not."""
    return MINILM.bundled() or data_folder() / "models" / MINILM.file_name


def status() -> MiniLMStatus:
    """Engine and weights, without loading either."""
    engine, fetched = importlib.util.find_spec("onnxruntime") is not None, MINILM.is_whole(path())
    if not engine:
        return MiniLMStatus(False, fetched, _NO_ENGINE, f'Install it: python -m pip install "{ENGINE_REQUIREMENT}"')
    if not fetched:
        return MiniLMStatus(True, False, _NO_WEIGHTS, "Fetch it: workbench models fetch embedding")
    return MiniLMStatus(True, True, "The embedding model is ready.")


async def fetch(progress: Callable[[int, int], None] | None = None) -> Path:
    """The path of the fetched file. `progress(done, total)` counts bytes, on the loop's thread. Raises Missing."""
    known = path()
    if MINILM.is_whole(known):
        return known
    return await off_loop(lambda seen, stop: MINILM.fetch(known.parent, seen, stop), progress)


class MiniLMFormat:
    """The wire format `minilm`: no wire at all."""

    name = "minilm"

    def __init__(self) -> None:
        self._model: MiniLM | None = None
        self._loading = threading.Lock()

    async def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Exactly one reply with embeddings. Raises Missing where engine or file are not there. Closing it ends the work soon."""
        stop = threading.Event()
        texts = [message.text for message in request.messages]
        try:
            made = await asyncio.to_thread(self._embed, texts, stop)
        finally:
            stop.set()
        yield Reply(usage=Usage(made.tokens, 0), resolved_model=NAME, embeddings=made)

    def _embed(self, texts: Sequence[str], stop: threading.Event) -> Embeddings:
        with self._loading:
            model = self._model = self._model or MiniLM()
        return model.embed(texts, stop)


class MiniLM:
    """The loaded model. Raises Missing where engine or file are not there or cannot be used."""

    def __init__(self) -> None:
        now = status()
        if not now.ready:
            raise Missing(now.sentence, remedy=now.remedy)
        # Only this model needs the two: 0.2 s. As values without types, since one who lacks the extra still checks types.
        engine: Any = import_module("onnxruntime")
        self._numbers: Any = import_module("numpy")
        options = engine.SessionOptions()
        options.intra_op_num_threads = engine_threads()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave the cores to others
        try:
            self._session: Any = engine.InferenceSession(str(path()), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common class
            raise Missing(
                f"The embedding model cannot be loaded: {str(error)[:200]}", remedy="Delete its file and fetch it again."
            ) from None

    def embed(self, texts: Sequence[str], stop: threading.Event | None = None) -> Embeddings:
        """The vectors of some texts in their order. Blocks. Once `stop` is set, the rest is left out: nobody waits for it.

        One text at a time: the weights are scaled to all that is computed at once, so that in company a text would get a slightly
        different vector each time. From 30 tokens on that is as fast as a batch.
        """
        values, read = array("f"), 0
        for text in texts:
            if stop is not None and stop.is_set():
                break
            ids = tokens(text, LONGEST)
            values.frombytes(self._vector(ids).tobytes())
            read += len(ids)
        return Embeddings(values, DIMENSIONS, NAME, read)

    def _vector(self, ids: Sequence[int]) -> Any:
        np = self._numbers
        row = np.array([ids], dtype=np.int64)
        feed = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        (states,) = self._session.run(["last_hidden_state"], feed)
        mean = states[0].mean(axis=0)
        return (mean / np.linalg.norm(mean)).astype(np.float32)
