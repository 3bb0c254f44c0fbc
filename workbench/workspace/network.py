"""What a workspace asks servers outside of any run. All of it runs on the engine's loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from workbench.library.keys import GENERAL, NO_KEY, Keys
from workbench.quick_dataclass import dataclass, replace
from workbench.settings import Settings
from workbench.values import BadInput, Endpoint, Missing, ModelSpec, NotFound, Price, Problem, Request

if TYPE_CHECKING:
    from workbench.engine.one_call import Answer
    from workbench.library.connections import Connections
    from workbench.providers import LocalServer, TestReport, WireFormat
    from workbench.providers.builtin.models import BuiltinModels
    from workbench.runs.runs import Runs


@dataclass(frozen=True, slots=True)
class EmbeddingStatus:
    """Whether meanings can be compared here, one sentence about it, and the one thing to do (empty if nothing)."""

    ready: bool
    sentence: str
    remedy: str = ""
    can_fetch: bool = False
    """True where `fetch_embedding_model` is all that is lacking."""


class Network:
    """The verbs that ask a server."""

    settings: Settings
    keys: Keys

    if TYPE_CHECKING:

        @property
        def read_only(self) -> bool:
            """True where nothing can be saved."""

        @property
        def connections(self) -> Connections:
            """Connections and models."""

        @property
        def builtin(self) -> BuiltinModels:
            """The built-in models."""

        @property
        def runs(self) -> Runs:
            """Runs."""

    def left_out(self, model: ModelSpec, request: Request) -> tuple[str, ...]:
        """What `ask` sends this model without: parameters, pictures and files that it does not take."""
        from workbench import providers

        parameters = providers.left_out(model.wire_format, request.parameters, model.options)
        unsaid = providers.unsaid(model.wire_format, request.output_schema, request.tools)
        return (*parameters, *unsaid, *providers.unread(model.wire_format, model.reads, request.messages))

    async def ask(self, model: ModelSpec, request: Request, *, timeout_s: float, **how: Any) -> Answer:
        """The answer to one request outside of any run, which counts towards the cap of the day; `how` as in `one_call`. Raises Missing,
        BadInput where it cannot be asked."""
        import asyncio  # 60 ms that reading needs not

        from workbench.engine.budget import Budget, cost_of
        from workbench.engine.one_call import one_call
        from workbench.plan import refuse_embedding
        from workbench.providers.attachments import without

        refuse_embedding(model)
        request = without(request, self.left_out(model, request))
        endpoint = await asyncio.to_thread(self._endpoint, model, timeout_s)  # a locked key store lets one wait for seconds
        budget = Budget(None, day=await asyncio.to_thread(self.runs.day_cap))
        price = model.price
        answer = await one_call(
            endpoint, request, wire_formats=self._wire_format, price=price, longest=model.longest, budget=budget, **how
        )  # fmt: skip
        reply = answer.reply or (answer.failure.partial if answer.failure is not None else None)
        if reply is not None:
            self.runs.count_asked(cost_of(price, reply.usage))
        if answer.failure is not None and answer.failure.kind == "budget":
            words = f"{answer.failure.message} Raise it in Settings, Spending caps."
            return replace(answer, failure=replace(answer.failure, message=words))
        return answer

    async def test_connection(self, id: int) -> TestReport:
        """Whether a connection's server answers and takes the key. What came of it is kept with the connection."""
        import asyncio  # see ask

        from workbench import providers

        endpoint = await asyncio.to_thread(self.connections.endpoint_of, id, 20.0)
        async with providers.client(calls=1, local_only=bool(self.settings.get("local_only"))) as client:
            report = await providers.test_connection(client, endpoint)
        self.keep_test(id, report)
        return report

    def keep_test(self, id: int, report: TestReport) -> None:
        """Keep with a connection how its test went; one that was made before the connection was saved, too."""
        if self.read_only:
            return
        tested = {"ok": report.ok, "sentence": report.sentence, "models": list(report.models), "seconds": report.seconds}
        tested["at"] = datetime.now(UTC).isoformat(timespec="seconds")
        if report.failure is not None:
            tested["kind"] = NO_KEY if report.failure.provider_code == NO_KEY else report.failure.kind
        self.connections.set_state(id, {"test": tested})
        if report.pages:
            from workbench.providers.facts import listed

            self.connections.learn(id, listed(self.connections.get(id).vendor, report.pages))

    async def try_connection(self, vendor: str, base_url: str, key: str | None = None) -> TestReport:
        """How a connection that is not saved would do. Without a key, the environment's is used. Nothing is kept."""
        from workbench import providers
        from workbench.formats.addresses import clean_address
        from workbench.library.vendors import vendor as vendor_row

        self.keys.see(key)
        row = vendor_row(vendor)
        if not key:
            key, _ = self.keys.get("", (GENERAL, *row.key_envs) if row.key_envs else None)  # with no name, the key store is not asked
        endpoint = Endpoint(row.wire_format, clean_address(base_url or row.base_url), key, row.options, 20.0)
        async with providers.client(calls=1, local_only=bool(self.settings.get("local_only"))) as client:
            return await providers.test_connection(client, endpoint)

    def prices(self, vendor: str, base_url: str, models: Sequence[str]) -> dict[str, Price]:
        """What the catalogue knows of each model of a vendor; a price that it does not know is unknown."""
        return {model: price_of(vendor, model, base_url) for model in models}

    async def find_local(self) -> list[LocalServer]:
        """The model servers that run on this computer now."""
        from workbench import providers

        async with providers.client(calls=1, local_only=True) as client:
            return await providers.find_local(client)

    def embedding_model(self) -> ModelSpec:
        """The model that compares meanings: the one that the settings name, else MiniLM on this computer. Raises Missing, BadInput."""
        from workbench.providers import minilm
        from workbench.providers.embeddings import LOCAL, can_embed

        named = str(self.settings.get("embedding_model")).strip()
        if not named:
            status = minilm.status()
            if not status.ready:
                raise Missing(status.sentence, remedy=status.remedy)
            return ModelSpec(minilm.NAME, "MiniLM", LOCAL, "", "This computer", price=Price(Decimal(0), Decimal(0)), place="builtin")
        try:
            spec = self.connections.spec(self.connections.find_model(named).id)
        except NotFound:
            raise Missing(f"The settings name {named} as the embedding model, and it is not here.", remedy="Add it in Models.") from None
        if not can_embed(spec.wire_format):
            raise BadInput(f"{spec.title} is reached by {spec.wire_format}, which has no embeddings.", remedy="Name another in Settings.")
        return spec

    def embedding_status(self) -> EmbeddingStatus:
        """Whether there is a model that compares meanings."""
        from workbench.providers import minilm

        try:
            spec = self.embedding_model()
        except Problem as problem:
            can_fetch = not self.settings.get("embedding_model") and minilm.status().engine
            return EmbeddingStatus(False, problem.message, problem.remedy, can_fetch)
        return EmbeddingStatus(True, f"{spec.title} compares meanings.")

    async def fetch_embedding_model(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Bring the file of MiniLM here. `progress(done, total)` counts bytes, on the loop's thread. Raises Missing."""
        from workbench.providers import minilm

        await minilm.fetch(progress)

    def _endpoint(self, model: ModelSpec, timeout_s: float) -> Endpoint:
        if model.wire_format == "builtin":
            self.builtin.check(model.name)
        return self.connections.endpoint(model, timeout_s)

    def _wire_format(self, name: str) -> WireFormat:
        from workbench import providers

        return providers.wire_format(name, self.builtin if name == "builtin" else None)


def price_of(vendor: str, model: str, base_url: str) -> Price:
    """What the catalogue knows; unknown is unknown."""
    from workbench.providers.catalog import price  # only the lists of models need the catalogue

    return price(vendor, model, base_url)


def facts_of(vendor: str, model: str, base_url: str) -> dict[str, Any]:
    """What else the catalogue knows; nothing where it knows nothing."""
    from workbench.providers.catalog import known  # see price_of

    return known(vendor, model, base_url).to_json()
