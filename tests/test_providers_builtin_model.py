"""The built-in model itself: real engine, real weights, where both are here."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT
from workbench import providers
from workbench.engine import Engine, EngineJob, Failed, Finished, Waiting
from workbench.providers.builtin import Builtin
from workbench.providers.builtin.weights import SMOLLM2
from workbench.settings import data_folder
from workbench.values import Delta, Endpoint, Message, Missing, Reply, Request

pytestmark = pytest.mark.builtin
ROOT = Path(__file__).parent.parent
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with the weights that were fetched on this computer; skipped where they were not, or without the engine."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("the engine is not installed")
    with mock.patch.dict(os.environ, ORIGINAL_ENVIRONMENT, clear=True):
        fetched = data_folder() / "models" / SMOLLM2.file_name
    if not SMOLLM2.is_whole(fetched):
        pytest.skip("the weights are not fetched")
    made = tmp_path_factory.mktemp("models")
    (made / SMOLLM2.file_name).symlink_to(fetched)
    return made


@pytest.fixture
def builtin(folder: Path) -> Iterator[Builtin]:
    made = Builtin(folder)
    yield made
    made.close_now()


def question(text: str, **parameters: Any) -> Request:
    return Request("builtin", (Message.of("user", text),), {"temperature": 0, "max_tokens": 8, **parameters})


async def ask(builtin: Builtin, request: Request) -> Reply:
    async with providers.client(calls=1) as client:
        async for item in providers.wire_format("builtin", builtin).call(client, Endpoint("builtin", ""), request):
            if isinstance(item, Reply):
                return item
            assert isinstance(item, Delta)
    raise AssertionError("no reply")


def processes() -> set[int]:
    """Children of the built-in engine that run now and are ours."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (
                    b"workbench.providers.builtin.server" in (entry / "cmdline").read_bytes()
                    and f"PPid:\t{os.getpid()}\n" in (entry / "status").read_text()
                ):
                    found.add(int(entry.name))
    return found


def test_it_answers_and_says_the_same_again(builtin: Builtin) -> None:
    async def go() -> None:
        first = await ask(builtin, question("Say hello."))
        assert first.text.strip()
        assert first.usage.input_tokens
        assert first.usage.output_tokens
        assert first.resolved_model == "SmolLM2-135M-Instruct"
        assert first.first_token_ms is not None
        other = await ask(builtin, question("What is the capital of France?"))
        assert (await ask(builtin, question("Say hello."))).text == first.text
        assert (await ask(builtin, question("What is the capital of France?"))).text == other.text
        assert builtin.loaded() == ["SmolLM2-135M-Instruct"]
        await builtin.close()
        assert builtin.loaded() == []

    asyncio.run(go())


@linux
def test_it_is_loaded_with_the_first_call_and_ended_by_close(builtin: Builtin) -> None:
    before = processes()
    assert builtin.status().ready
    assert processes() == before

    async def go() -> None:
        both = [builtin.endpoint(), builtin.endpoint()]  # two callers at once share one server
        first, second = await asyncio.gather(*both)
        assert first == second
        assert len(processes() - before) == 1
        await builtin.close()
        assert processes() == before
        again = await builtin.endpoint()
        assert again.key != first.key
        await builtin.close()

    asyncio.run(go())


@linux
def test_its_key_is_its_own_and_out_of_sight(builtin: Builtin) -> None:
    import httpx

    before = processes()

    async def go() -> None:
        endpoint = await builtin.endpoint()
        (pid,) = processes() - before
        assert endpoint.key
        key = endpoint.key.encode()
        assert key not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert key not in Path(f"/proc/{pid}/environ").read_bytes()
        assert endpoint.base_url.startswith("http://127.0.0.1:")
        async with httpx.AsyncClient() as client:
            body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
            assert (await client.post(f"{endpoint.base_url}/chat/completions", json=body)).status_code == 401
            good = await client.post(
                f"{endpoint.base_url}/chat/completions", json=body, headers={"authorization": f"Bearer {endpoint.key}"}
            )
            assert good.status_code == 200

    asyncio.run(go())


@linux
def test_it_is_started_again_when_it_has_died(builtin: Builtin) -> None:
    before = processes()

    async def go() -> None:
        async with Engine(lambda: providers.client(calls=1), wire_formats=providers.wire_formats(builtin)) as engine:
            work = [EngineJob(n, question(f"Count to {n}.", max_tokens=30), Endpoint("builtin", ""), "b") for n in range(3)]
            ends, killed = [], False
            async for event in engine.run(work):
                if isinstance(event, Finished) and not killed:
                    killed = True
                    (pid,) = processes() - before
                    os.kill(pid, signal.SIGKILL)
                if isinstance(event, (Finished, Failed)):
                    ends.append(event)
                # A port whose process was killed in this moment refuses, or does not answer at all for a while.
                assert not isinstance(event, Waiting) or event.failure.kind in ("network", "timeout")
            assert [type(end) for end in ends] == [Finished] * 3

    asyncio.run(go())


def test_two_built_in_models_stand_side_by_side(builtin: Builtin, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "my-model.gguf").write_bytes((folder / SMOLLM2.file_name).read_bytes())
    added = builtin.add_file(tmp_path / "my-model.gguf")
    assert (added.name, added.context_tokens, added.note) == ("my-model", 8192, "")

    async def go() -> None:
        both = [builtin.endpoint("builtin"), builtin.endpoint("my-model")]
        first, second = await asyncio.gather(*both)
        assert first.base_url != second.base_url
        reply = await ask(builtin, Request("my-model", (Message.of("user", "Say hello."),), {"max_tokens": 4}))
        assert reply.resolved_model == "my-model"
        assert builtin.loaded() == ["SmolLM2-135M-Instruct", "my-model"]
        builtin.unload("my-model")
        assert builtin.loaded() == ["SmolLM2-135M-Instruct"]

    asyncio.run(go())
    builtin.files.forget("my-model")


def test_an_answer_fits_its_schema(builtin: Builtin) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}},
        "required": ["city"],
        "additionalProperties": False,
    }
    request = Request("builtin", (Message.of("user", "Where is the Louvre?"),), {"max_tokens": 60, "temperature": 0}, output_schema=schema)
    assert set(json.loads(asyncio.run(ask(builtin, request)).text)) == {"city"}


def test_a_prompt_that_is_too_long_is_told_with_both_numbers(builtin: Builtin) -> None:
    with pytest.raises(providers.ProviderError) as caught:
        asyncio.run(ask(builtin, question("word " * 9000)))
    failure = caught.value.failure
    assert failure.kind == "context_length"
    assert "8192" in failure.message


def test_a_file_that_the_engine_cannot_load_is_a_plain_sentence_and_tried_once(folder: Path, tmp_path: Path) -> None:
    name = b"general.architecture"
    value = b"no-such-architecture"
    body = struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", len(name)) + name + struct.pack("<IQ", 8, len(value)) + value
    (tmp_path / "odd.gguf").write_bytes(b"GGUF" + body + bytes(4096))
    builtin = Builtin(tmp_path / "models")
    builtin.add_file(tmp_path / "odd.gguf")

    async def go() -> float:
        with pytest.raises(Missing, match=r"could not load odd\.gguf"):
            await builtin.endpoint("odd")
        began = time.perf_counter()
        with pytest.raises(Missing, match=r"could not load odd\.gguf"):
            await builtin.endpoint("odd")
        return time.perf_counter() - began

    assert asyncio.run(go()) < 0.1
    builtin.close_now()


@linux
def test_nothing_is_left_when_the_app_is_killed(folder: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from workbench.providers.builtin import Builtin\n"
        "builtin = Builtin(Path(sys.argv[1]))\n"
        "async def go():\n"
        "    await builtin.endpoint()\n"
        "    print(builtin._servers._children[0].pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(go())"
    )
    app = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert app.stdout
    pid = int(app.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    app.kill()
    app.wait()
    app.stdout.close()
    end = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_the_fetched_file_is_the_right_one(builtin: Builtin) -> None:
    assert builtin.check_weights()
