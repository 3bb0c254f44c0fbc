"""Picture models over the images endpoint: what is sent, what comes back, and that a run keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.picture_server import PictureServer, picture_for
from workbench import providers
from workbench.providers.openai_images import PicturesReader, request_body
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Case, Content, Endpoint, Message, ModelSpec, Part, Price, Reply, Request, Spec, Variant


@pytest.fixture
def pictures() -> Iterator[PictureServer]:
    server = PictureServer()
    yield server
    server.close()


def ask(server: PictureServer, prompt: str, model: str = "sd-turbo", **parameters: Any) -> Reply:
    async def call() -> Reply:
        endpoint = Endpoint("openai-images", server.base_url, "k-1234567890")
        request = Request(model, (Message.of("user", prompt),), parameters)
        async with providers.client(calls=1) as client:
            events = [event async for event in providers.wire_format("openai-images").call(client, endpoint, request)]
        (reply,) = events
        assert isinstance(reply, Reply)
        return reply

    return asyncio.run(call())


def test_a_prompt_becomes_pictures_with_what_they_used(pictures: PictureServer) -> None:
    reply = ask(pictures, "a boat", n=2, size="1024x1024", temperature=0.3, extra={"style": "vivid"})
    assert [image.data for image in reply.images] == [picture_for("a boat0"), picture_for("a boat1")]
    assert {image.media_type for image in reply.images} == {"image/png"}
    assert (reply.text, reply.thinking) == ("", "Painted: a boat")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (11, 272)
    assert reply.latency_ms is not None
    (asked,) = pictures.asked
    assert asked == {
        "path": "/v1/images/generations", "key": "Bearer k-1234567890", "model": "sd-turbo", "prompt": "a boat", "n": 2,
        "size": "1024x1024", "response_format": "b64_json", "style": "vivid",
    }  # fmt: skip


def test_gpt_image_models_are_not_asked_for_a_form_that_they_refuse() -> None:
    assert "response_format" not in request_body(Request("gpt-image-1.5", (Message.of("user", "a boat"),)))
    body = request_body(Request("dall-e-3", (Message.of("system", "Watercolour."), Message.of("user", "a boat"))))
    assert body == {"model": "dall-e-3", "prompt": "Watercolour.\n\na boat", "response_format": "b64_json"}
    asked = Request("sd", (Message.of("user", "a boat"),), {"response_format": {"type": "json_object"}})
    assert request_body(asked)["response_format"] == "b64_json", "a prompt that wants JSON asks for something else"


def test_pictures_behind_addresses_are_fetched_at_once(pictures: PictureServer) -> None:
    assert [image.data for image in ask(pictures, "by address", n=2).images] == [picture_for("0"), picture_for("1")]
    with pytest.raises(providers.ProviderError) as caught:
        ask(pictures, "by address, gone")
    assert caught.value.failure.kind == "protocol"
    assert "could not be fetched" in caught.value.failure.message


def test_a_refusal_keeps_the_providers_words_and_nonsense_is_named(pictures: PictureServer) -> None:
    with pytest.raises(providers.ProviderError) as caught:
        ask(pictures, "forbidden things")
    assert "rejected by the safety system" in caught.value.failure.message
    nonsense: list[Any] = [{}, [], {"data": []}, {"data": [{"b64_json": "bm8gcGljdHVyZQ=="}]}, "text", {"data": [{}]}]
    for value in nonsense:
        with pytest.raises(providers.ProviderError) as caught:
            PicturesReader().whole(value)
        assert caught.value.failure.kind == "protocol"
    with pytest.raises(providers.ProviderError) as caught:
        request_body(Request("m", (Message("user", (Part("image", media_type="image/png", data=b"x"),)),)))
    assert caught.value.failure.kind == "bad_request"


def test_a_run_keeps_its_pictures_and_another_run_reuses_them(pictures: PictureServer, database: Database, settings: Settings) -> None:
    def endpoint(model: ModelSpec, timeout_s: float) -> Endpoint:
        return Endpoint(model.wire_format, model.base_url, "k", model.options, timeout_s)

    model = ModelSpec("sd", "SD", "openai-images", pictures.base_url, connection="C", price=Price(Decimal(5), Decimal(40)))
    spec = Spec(
        name="Pictures",
        variants=(Variant("P", 1, Content((Message.of("user", "{{ what }}"),), parameters={"n": 2})),),
        models=(model,),
        cases=(Case({"what": "a boat"}), Case({"what": "a boat"}), Case({"what": "forbidden"})),
    )
    runs = Runs(database, endpoint=endpoint, settings=settings)

    async def make(run_id: int) -> None:
        async for _ in runs.execute(run_id, max_retries=0):
            pass

    first = runs.prepare(spec)
    asyncio.run(make(first))
    cells = runs.cells(first)
    assert [(cell.status, cell.pictures) for cell in cells] == [("done", 2), ("done", 2), ("failed", 0)]
    output_id = cells[0].output_id
    assert output_id is not None
    assert [part.data for part in runs.pictures(output_id)] == [picture_for("a boat0"), picture_for("a boat1")]
    assert runs.output(output_id).pictures == runs.pictures(output_id)
    assert cells[0].cost_usd == (11 * Decimal(5) + 272 * Decimal(40)) / 1_000_000
    assert database.query("SELECT count(*) FROM attachment")[0][0] == 2, "equal pictures are one row"
    made = len(pictures.asked)
    second = runs.prepare(replace(spec, cases=spec.cases[:1], reuse=True))
    asyncio.run(make(second))
    (again,) = runs.cells(second)
    assert len(pictures.asked) == made
    assert (again.reused, again.pictures) == (True, 2)
    assert again.output_id is not None
    assert runs.pictures(again.output_id) == runs.pictures(output_id)
