"""The embedding model inside the app: its tokens, and where engine and file are here, the model itself."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import threading
import time
from pathlib import Path
from unittest import mock

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT
from workbench import providers
from workbench.engine.embedding import embed
from workbench.engine.engine import Engine
from workbench.evaluators.meaning import cosine
from workbench.providers import minilm
from workbench.providers.minilm.wordpiece import tokens
from workbench.values import Embeddings, Endpoint, Missing

PARAPHRASES = (
    ("Your refund will arrive within five days.", "The money will be back in your account in under a week."),
    ("The parcel is late.", "The package was delayed."),
    ("How do I reset my password?", "I forgot my password and need a new one."),
    ("The cat sleeps on the sofa.", "A kitty is napping on the couch."),
    ("Please call me back tomorrow.", "Could you ring me the next day?"),
)


@pytest.fixture
def fetched(home: Path) -> Path:
    """The model's file in this test's home; skipped where it was not fetched on this computer, or without the engine."""
    if importlib.util.find_spec("onnxruntime") is None:
        pytest.skip("the embedding model's engine is not installed")
    with mock.patch.dict(os.environ, ORIGINAL_ENVIRONMENT, clear=True):
        real = minilm.path()
    if not minilm.MINILM.is_whole(real):
        pytest.skip("the embedding model is not fetched")
    here = minilm.path()
    here.parent.mkdir(parents=True)
    here.symlink_to(real)
    return here


def embedded(texts: list[str]) -> Embeddings:
    async def go() -> Embeddings:
        async with Engine(lambda: providers.client(calls=1), 0) as engine:
            return await embed(engine, Endpoint("minilm", ""), minilm.NAME, texts)

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("text", "ids"),
    [  # as the package `tokenizers` reads them with the model's own tokenizer.json
        ("", [101, 102]),
        ("Hello, world!", [101, 7592, 1010, 2088, 999, 102]),
        ("Café déjà-vu", [101, 7668, 2139, 3900, 1011, 24728, 102]),
        ("unaffable\tword\r\n  piece", [101, 14477, 20961, 3468, 2773, 3538, 102]),
        ("日本 Zürich 1,5%", [101, 1864, 1876, 10204, 1015, 1010, 1019, 1003, 102]),
        ("a" * 150, [101, 100, 102]),
        ("\u0000x\ufffd\u200dy", [101, 1060, 2100, 102]),
    ],
)
def test_texts_are_cut_into_the_pieces_that_the_model_was_made_with(text: str, ids: list[int]) -> None:
    assert tokens(text, 256) == ids


def test_a_text_is_cut_off_at_the_models_limit() -> None:
    read = tokens("refund " * 10_000, minilm.LONGEST)
    assert len(read) == minilm.LONGEST
    assert (read[0], read[-1]) == (101, 102)


def test_all_pieces_of_the_vocabulary_are_here() -> None:
    from workbench.providers.minilm import wordpiece

    known = wordpiece._vocabulary()
    assert len(known) == 30_522
    assert (known["[CLS]"], known["[SEP]"], known["[UNK]"], known["##s"]) == (101, 102, 100, 2015)


def test_without_the_file_it_says_what_to_do(home: Path) -> None:
    status = minilm.status()
    assert not status.ready
    assert status.remedy
    with pytest.raises(Missing):
        minilm.MiniLM()


def test_five_of_five_paraphrases_are_found(fetched: Path) -> None:
    made = embedded([text for pair in PARAPHRASES for text in pair])
    assert (len(made), made.dimensions, made.model) == (10, 384, "all-MiniLM-L6-v2")
    for number in range(5):
        likeness = [cosine(made.vector(2 * number), made.vector(2 * other + 1)) for other in range(5)]
        assert max(likeness) == likeness[number] > 0.5
        assert sum(one * one for one in made.vector(number)) == pytest.approx(1.0, abs=1e-5)


def test_a_text_has_the_same_vector_in_any_company(fetched: Path) -> None:
    alone = embedded(["The parcel is late."])
    among = embedded(["x", "The parcel is late.", "Something much longer about refunds, parcels and opening hours of the shop."])
    assert among.vector(1) == alone.vector(0)


def test_a_text_beyond_the_limit_is_that_of_its_beginning(fetched: Path) -> None:
    long = embedded(["refund " * 300, "refund " * 254])
    assert long.vector(0) == long.vector(1)
    assert long.tokens == 512


def test_the_loop_goes_on_while_it_works_and_cancelling_ends_it_soon(fetched: Path) -> None:
    async def go() -> tuple[float, float]:
        async with Engine(lambda: providers.client(calls=1), 0) as engine:
            task = asyncio.ensure_future(embed(engine, Endpoint("minilm", ""), minilm.NAME, ["refund " * 200] * 200))
            longest, end = 0.0, time.perf_counter() + 2
            while time.perf_counter() < end:
                began = time.perf_counter()
                await asyncio.sleep(0.01)
                longest = max(longest, time.perf_counter() - began)
            assert not task.done()
            began = time.perf_counter()
            task.cancel()
            await asyncio.wait([task])
            return longest, time.perf_counter() - began

    longest, ending = asyncio.run(go())
    assert longest < 1.5, "200 such texts take many seconds"
    assert ending < 1.5


def test_work_that_nobody_waits_for_ends_with_the_text_at_hand(fetched: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert len(minilm.MiniLM().embed(["a", "b"], stop)) == 0


def test_a_file_that_is_no_model_is_told(fetched: Path) -> None:
    size = fetched.stat().st_size
    fetched.unlink()
    with fetched.open("wb") as broken:
        broken.truncate(size)
    with pytest.raises(Missing, match="cannot be loaded"):
        minilm.MiniLM()
    shutil.rmtree(fetched.parent)
