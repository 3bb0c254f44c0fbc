"""The vectors that a run's checks compare: each text is asked for once, and a server that cannot answer is not asked for ever."""

from __future__ import annotations

import asyncio
import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal

from workbench.engine.budget import Budget
from workbench.engine.embedding import embed, is_about_the_texts
from workbench.engine.engine import Engine
from workbench.evaluators import Vectors
from workbench.providers.failures import ProviderError, concerns
from workbench.values import BadInput, Endpoint, ModelSpec, Problem, Usage

_KEPT = 4_096
"""Vectors that are kept: 6 MB of the local model, 50 MB of the largest."""
_STRIKES = 3
"""Failures in a row after which no more is sent."""
_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 5.0
"""How long a run that was stopped waits for vectors that are on their way."""
STOPPED = "The run was stopped before this answer was compared."


class Meanings:
    """The embedding model of one run. Without one, every text has the same reason why not."""

    def __init__(self, engine: Engine, source: tuple[ModelSpec, Endpoint] | Problem) -> None:
        self._engine, self._source = engine, source
        self._vectors: OrderedDict[bytes, array[float]] = OrderedDict()
        self._strikes = 0
        self._why_not = ""
        if isinstance(source, Problem):
            self._why_not = " ".join(filter(None, ("Meanings cannot be compared here.", source.message, source.remedy)))
        self._cost_usd = Decimal(0)
        self._held_usd = Decimal(0)
        self.budget = Budget(None)
        """The caps of the run's present round."""

    async def vectors(self, texts: Iterable[str], stopped: Callable[[], bool], held_usd: Decimal = Decimal(0)) -> Vectors:
        """The vectors of these texts. Those that cannot be had are left out, with the reason. Once `stopped`, waits not much longer.

        `held_usd`: what the budget holds back for this already. What may cost more is asked for.
        """
        self._held_usd = held_usd
        texts = tuple(dict.fromkeys(texts))
        lacking = [text for text in texts if _key(text) not in self._vectors]
        why_not = self._why_not
        if lacking and not why_not:
            why_not = await self._until_stopped(lacking, stopped)
        found = {}
        for text in texts:
            key = _key(text)
            if key in self._vectors:
                self._vectors.move_to_end(key)
                found[text] = self._vectors[key]
        while len(self._vectors) > _KEPT:
            self._vectors.popitem(last=False)
        return Vectors(found, why_not, "" if isinstance(self._source, Problem) else self._source[0].title)

    def worst_usd(self, tokens: int) -> Decimal:
        """What comparing so many tokens costs at most."""
        return Decimal(0) if isinstance(self._source, Problem) else (self._source[0].price.cost(Usage(tokens, 0)) or Decimal(0))

    def take_cost(self) -> Decimal:
        """What the calls cost since this was last asked, as far as it is known."""
        cost, self._cost_usd = self._cost_usd, Decimal(0)
        return cost

    async def _until_stopped(self, texts: Sequence[str], stopped: Callable[[], bool]) -> str:
        task = asyncio.ensure_future(self._learn(texts))
        grace = _GRACE_SECONDS
        try:
            while not task.done() and grace > 0:
                await asyncio.wait((task,), timeout=_LOOK_SECONDS)
                grace -= _LOOK_SECONDS if stopped() else 0
            return task.result() if task.done() else STOPPED
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _learn(self, texts: Sequence[str]) -> str:
        """Ask for the vectors of these texts. The reason for those that have none afterwards, or nothing."""
        if self._why_not:
            return self._why_not
        try:
            await self._ask(texts)
        except (ProviderError, Problem) as error:
            failure = error.failure if isinstance(error, ProviderError) else None
            if failure is not None and is_about_the_texts(failure) and len(texts) > 1:
                half = len(texts) // 2  # one text too many or too long: the others need not suffer
                reasons = [await self._learn(part) for part in (texts[:half], texts[half:])]
                return next(filter(None, reasons), "")
            reason = f"The meanings could not be compared: {error}"
            self._strikes += 1
            if self._strikes >= _STRIKES or failure is None or concerns(failure) != "job":
                self._why_not = reason
            return reason
        self._strikes = 0
        return ""

    async def _ask(self, texts: Sequence[str]) -> None:
        if isinstance(self._source, Problem):
            raise self._source
        model, endpoint = self._source
        verdict = self.budget.ask(max(Decimal(0), self.worst_usd(sum(map(worst_tokens, texts))) - self._held_usd))
        if verdict.word != "go":
            raise BadInput(verdict.reason)
        cost = None
        try:
            made = await embed(self._engine, endpoint, model.name, texts)
            cost = model.price.cost(Usage(made.tokens, 0))
        finally:
            self.budget.settle(verdict.held_usd, cost)
        self._cost_usd += cost or 0
        for index, text in enumerate(texts):
            self._vectors[_key(text)] = made.vector(index)


def worst_tokens(text: str) -> int:
    """Most tokens of a text: every second byte is one."""
    return len(text.encode("utf-8", "replace")) // 2 + 8


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
