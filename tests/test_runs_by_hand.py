"""Models without an API: a person carries the question over, and the answer they bring is an output like any other."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.embedding_server import EmbeddingServer
from tests.picture_server import picture_for
from tests.test_runs_crash import SCRIPT
from tests.test_runs_execute import make, model, spec
from workbench.cli.frame import perform
from workbench.runs.by_hand import answer_file
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import BY_HAND, BadInput, Check, Content, Definition, Endpoint, Message, ModelSpec, Part, Price, PromptRef, Variant
from workbench.workspace import Workspace

HAND = ModelSpec("Midjourney", "Midjourney", BY_HAND, "", connection="Midjourney", connection_uid="c-hand", place="hand")


def endpoint(model: ModelSpec, timeout_s: float) -> Endpoint:
    return Endpoint(model.wire_format, model.base_url, "k", model.options, timeout_s)


@pytest.fixture
def runs(database: Database, settings: Settings) -> Runs:
    return Runs(database, endpoint=endpoint, settings=settings)


def give(runs: Runs, job_id: int, text: str = "", images: Sequence[Part] = ()) -> int:
    return asyncio.run(runs.answer_by_hand(job_id, text, images))


def waiting(runs: Runs, run_id: int) -> list[int]:
    return [cell.job_id for cell in runs.cells(run_id) if cell.status == "by_hand"]


def test_a_run_is_done_when_its_calls_are_and_says_how_many_answers_a_person_has_to_give(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), HAND, cases=3))
    row = runs.get(run_id)
    assert (row.jobs, row.queued, row.by_hand) == (6, 3, 3)
    make(runs, run_id)
    row = runs.get(run_id)
    assert (row.status, row.done, row.queued, row.by_hand, row.unknown_prices) == ("done", 3, 0, 3, ())
    hand = [cell for cell in runs.cells(run_id) if cell.column == 1]
    assert [(cell.status, cell.queue_place) for cell in hand] == [("by_hand", 1), ("by_hand", 2), ("by_hand", 3)]
    make(runs, run_id)
    assert runs.get(run_id).by_hand == 3


def test_a_run_of_nothing_but_hand_answers_sends_nothing_and_is_done(runs: Runs) -> None:
    run_id = runs.prepare(spec(HAND, cases=2))
    assert make(runs, run_id) == []
    assert (runs.get(run_id).status, runs.get(run_id).by_hand) == ("done", 2)


def test_a_case_that_is_made_again_leaves_the_answers_that_a_person_gave(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), HAND, cases=2))
    make(runs, run_id)
    first, _second = waiting(runs, run_id)
    give(runs, first, "By hand.")
    called = next(cell for cell in runs.cells(run_id) if cell.case_index == 0 and cell.column == 0)
    assert runs.ended_jobs(run_id, case_index=0) == [called.job_id]
    assert runs.ended_jobs(run_id, column=1) == [first], "a column that is named is meant as it is"


def test_a_given_answer_is_checked_and_stored_like_any_other(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), HAND, cases=2))
    make(runs, run_id)
    first, second = waiting(runs, run_id)
    output = runs.output(give(runs, first, "About case-0, \ud83d\ude00."))
    assert output.text == "About case-0, 😀."
    assert [score.passed for score in output.scores] == [True]
    assert (output.cost_usd, output.latency_ms, output.usage.output_tokens) == (None, None, None)
    assert output.messages == ({"role": "user", "content": "Say case-0."},)
    picture = Part("image", media_type="image/png", data=picture_for("boots"))
    give(runs, second, images=(picture,))
    cell = runs.cell(second)
    assert (cell.status, cell.pictures, cell.scores[0].passed) == ("done", 1, False)
    assert runs.pictures(cell.output_id or 0)[0].data == picture.data
    row, column = runs.get(run_id), runs.columns(run_id)[1]
    assert (row.by_hand, row.done) == (0, 4)
    assert (column.done, column.p50_ms, column.cost_usd, column.place) == (2, None, None, "hand")


def test_nobody_knows_what_a_given_answer_took_and_cost_so_checks_of_it_have_no_verdict(runs: Runs) -> None:
    checks = (Check("latency", threshold=9), Check("cost", threshold=9), Check("finish-reason", "stop"), Check("word-count", 2))
    run_id = runs.prepare(spec(HAND, cases=1, checks=checks))
    output = runs.output(give(runs, waiting(runs, run_id)[0], "Two words"))
    assert [score.passed for score in output.scores] == [None, None, None, True]


def test_the_meaning_of_a_given_answer_is_compared_too(workspace: Workspace) -> None:
    with closing(EmbeddingServer()) as server:
        connection = workspace.connections.add("Vectors", "other", f"{server.url}/v1")
        workspace.connections.add_model(connection, "bge-m3", price=Price(Decimal(2), Decimal(0)))
        workspace.settings.set("embedding_model", "bge-m3")
        run_id = workspace.runs.prepare(spec(HAND, cases=2, checks=(Check("similar", "parcel gone"),)))
        first, second = waiting(workspace.runs, run_id)
        give(workspace.runs, first, "Parcel gone.")
        (score,) = workspace.runs.cell(first).scores
        assert (score.passed, sorted(server.texts)) == (True, ["Parcel gone.", "parcel gone"])
        assert (workspace.runs.get(run_id).cost_usd or 0) > 0
    output = workspace.runs.output(give(workspace.runs, second, "Parcel gone."))
    assert (output.text, output.scores[0].passed) == ("Parcel gone.", None)
    assert "could not be compared" in output.scores[0].reason


def test_an_answer_does_not_wait_for_ever_for_its_comparing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.runs.by_hand.COMPARING_SECONDS", 0.5)
    with closing(EmbeddingServer()) as server:
        server.pause_s = 30.0
        workspace.connections.add_model(workspace.connections.add("Vectors", "other", f"{server.url}/v1"), "bge-m3")
        workspace.settings.set("embedding_model", "bge-m3")
        run_id = workspace.runs.prepare(spec(HAND, cases=1, checks=(Check("similar", "parcel gone"),)))
        began = time.monotonic()
        (score,) = workspace.runs.output(give(workspace.runs, waiting(workspace.runs, run_id)[0], "Parcel gone.")).scores
        assert score.passed is None
        assert time.monotonic() - began < 10


def test_a_draft_that_comes_after_its_answer_is_not_kept(runs: Runs) -> None:
    run_id = runs.prepare(spec(HAND, cases=1))
    (job,) = waiting(runs, run_id)
    give(runs, job, "whole")
    runs.keep_draft(job, "who")
    assert runs.question(job).draft == ""


def test_a_second_answer_is_another_attempt(runs: Runs) -> None:
    run_id = runs.prepare(spec(HAND, cases=1))
    (job,) = waiting(runs, run_id)
    give(runs, job, "first")
    give(runs, job, "second")
    assert [runs.output(id).text for id in runs.outputs_of(job)] == ["first", "second"]
    assert runs.cell(job).text == "second"


def test_what_was_typed_is_kept_until_it_is_given(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), HAND, cases=1))
    (job,) = waiting(runs, run_id)
    runs.keep_draft(job, "half an ans")
    make(runs, run_id)
    assert (runs.question(job).draft, runs.cell(job).text) == ("half an ans", "half an ans")
    give(runs, job, "half an answer more")
    assert runs.question(job).draft == ""
    runs.requeue(run_id, [job], failed_only=False)
    runs.keep_draft(job, "again")
    runs.keep_draft(job, "")
    assert runs.question(job).draft == ""


def test_the_question_is_one_text_to_paste(runs: Runs) -> None:
    turns = (Message.of("system", "Be brief."), Message.of("user", "Say {{ q }}."))
    more = (*turns, Message.of("assistant", "Yes."), Message.of("user", "More."))
    run_id = runs.prepare(
        replace(spec(HAND, cases=1), variants=(Variant("P", 1, Content(turns)), Variant("P", 2, Content(more))), checks=())
    )
    short, long = (runs.question(job).text for job in waiting(runs, run_id))
    assert short == "Be brief.\n\nSay case-0."
    assert long == "System:\nBe brief.\n\nUser:\nSay case-0.\n\nAssistant:\nYes.\n\nUser:\nMore."


def test_an_empty_answer_and_one_for_a_called_model_are_refused(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), HAND, cases=1))
    make(runs, run_id)
    called, by_hand = (cell.job_id for cell in runs.cells(run_id))
    with pytest.raises(BadInput, match="The answer is empty"):
        give(runs, by_hand, "  \n")
    with pytest.raises(BadInput, match="M1 is called by the app"):
        give(runs, called, "mine")
    with pytest.raises(BadInput, match="M1 is called by the app"):
        runs.question(called)
    assert runs.outputs_of(by_hand) == []


def test_putting_jobs_back_lets_a_hand_answer_wait_for_a_person_again(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), HAND, cases=2))
    make(runs, run_id)
    first, _ = waiting(runs, run_id)
    give(runs, first, "case-0")
    assert runs.requeue(run_id) == 0
    assert runs.cell(first).text == "case-0"
    assert runs.requeue(run_id, [first], failed_only=False) == 1
    row = runs.get(run_id)
    assert (row.status, row.queued, row.by_hand) == ("done", 0, 2)
    assert len(runs.outputs_of(first)) == 1


def test_an_answer_that_was_given_to_the_same_question_is_taken_over_and_says_so(runs: Runs) -> None:
    first = runs.prepare(spec(model(), HAND, cases=2))
    picture = Part("image", media_type="image/png", data=picture_for("boots"))
    give(runs, waiting(runs, first)[0], "case-0", [picture])
    later = runs.prepare(spec(model(), HAND, replace(HAND, connection_uid="c-other"), cases=3, reuse=True))
    make(runs, later)
    row = runs.get(later)
    assert (row.status, row.done, row.by_hand, row.reused) == ("done", 4, 5, 1)
    cell = next(cell for cell in runs.cells(later) if cell.reused)
    assert (cell.column, cell.case_index, cell.text, cell.pictures) == (1, 0, "case-0", 1)
    assert [score.passed for score in cell.scores] == [True]
    assert runs.requeue(later, [cell.job_id], failed_only=False) == 1
    make(runs, later)
    assert runs.cell(cell.job_id).status == "by_hand", "who puts an answer back wants another one"


def test_no_earlier_answer_takes_the_place_of_a_draft(runs: Runs) -> None:
    give(runs, waiting(runs, runs.prepare(spec(HAND, cases=1)))[0], "before")
    run_id = runs.prepare(spec(HAND, cases=1, reuse=True))
    (job,) = waiting(runs, run_id)
    runs.keep_draft(job, "anew")
    make(runs, run_id)
    assert (runs.cell(job).status, runs.question(job).draft) == ("by_hand", "anew")


def test_rerunning_leaves_given_answers_alone_and_asks_for_new_ones(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), HAND, cases=2))
    make(runs, run_id)
    good, bad = waiting(runs, run_id)
    give(runs, good, "case-0")
    with pytest.raises(BadInput, match="Nothing failed"):
        runs.rerun(run_id, "failed")
    give(runs, bad, "no")
    failed = runs.rerun(run_id, "failed")
    make(runs, failed)
    row = runs.get(failed)
    assert (row.status, row.done, row.by_hand, row.reused) == ("done", 3, 1, 3)
    everything = runs.rerun(run_id)
    make(runs, everything)
    assert runs.get(everything).by_hand == 2
    assert [cell.text for cell in runs.cells(run_id)] == ["Say case-0.", "case-0", "Say case-1.", "no"]


def test_a_killed_run_goes_on_and_leaves_hand_answers_and_drafts_alone(
    tmp_path: Path, settings: Settings, fakeprovider: Callable[..., Any]
) -> None:
    server = fakeprovider(latency_ms=40)
    path = tmp_path / "w.db"
    database = Database.open(path)
    runs = Runs(database, endpoint=endpoint, settings=settings)
    run_id = runs.prepare(spec(model(server.base_url, price=HAND.price), HAND, cases=30, checks=()))
    given, typed, *_ = waiting(runs, run_id)
    give(runs, given, "by a person")
    runs.keep_draft(typed, "half")
    database.close()
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(run_id), ""])
    until = time.monotonic() + 30
    while server.stats()["requests"] < 6 and time.monotonic() < until:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    database = Database.open(path)
    runs = Runs(database, endpoint=endpoint, settings=settings)
    assert runs.get(run_id).status == "stopped"
    make(runs, run_id)
    row = runs.get(run_id)
    assert (row.status, row.done, row.by_hand, row.failed) == ("done", 31, 29, 0)
    assert runs.cell(given).text == "by a person"
    assert len(runs.outputs_of(given)) == 1
    assert runs.question(typed).draft == "half"
    database.close()


def test_an_answer_can_be_given_while_calls_are_made(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=40)
    run_id = runs.prepare(spec(model(server.base_url), HAND, cases=4, checks=()))
    job = waiting(runs, run_id)[2]

    async def both() -> None:
        async for _event in runs.execute(run_id):
            if not runs.outputs_of(job):
                await runs.answer_by_hand(job, "meanwhile")

    asyncio.run(both())
    assert (runs.get(run_id).done, runs.get(run_id).by_hand, runs.cell(job).text) == (5, 3, "meanwhile")


def test_an_estimate_counts_no_call_and_no_cost_for_hand_answers(runs: Runs) -> None:
    both = runs.estimate(spec(model(), HAND, cases=5))
    assert (both.calls, both.by_hand, both.unknown_prices) == (5, 5, ())
    alone = runs.estimate(spec(HAND, cases=5))
    assert (alone.calls, alone.by_hand, alone.cost_usd, alone.seconds) == (0, 5, None, None)


def test_parameters_that_a_person_cannot_set_are_told(runs: Runs) -> None:
    warm = Content((Message.of("user", "{{ q }}"),), {"temperature": 0.5})
    asked = replace(spec(HAND, cases=1), variants=(Variant("P", 1, warm),), checks=())
    (problem,) = runs.problems(asked)
    assert "Midjourney does not take temperature" in problem.message
    run_id = runs.prepare(asked)
    assert runs.output(give(runs, waiting(runs, run_id)[0], "x")).left_out == ("temperature",)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.bin", b"\x00\x01\x02\xff" * 10, "a.bin is neither a text nor a PNG, JPEG, WebP or GIF picture."),
        ("a.txt", b"", "a.txt is empty."),
        ("b.txt", b"x" * (5 * 1024 * 1024), "b.txt is larger than 4 MB, the most that a text can have."),
        ("c.png", picture_for("x")[:12], "c.png: The picture is damaged: its size cannot be read."),
        ("d.png", picture_for("x") + b"\0" * (21 * 1024 * 1024), "d.png: The picture has 21 MB, and models take 20 MB at most."),
        ("e.txt", "Größe".encode("latin-1"), "e.txt is neither a text nor a PNG, JPEG, WebP or GIF picture."),
    ],
)
def test_a_file_that_is_no_answer_is_refused_with_one_sentence(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BadInput) as refused:
        answer_file(path)
    assert refused.value.message == words


def test_text_and_picture_files_are_read_as_answers(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf# Yes\r\nNo\r\n")
    (tmp_path / "b.txt").write_bytes("Größe".encode("utf-16"))
    (tmp_path / "c.jpg").write_bytes(picture_for("c"))
    assert answer_file(tmp_path / "a.md").text == "# Yes\nNo\n"
    assert answer_file(tmp_path / "b.txt").text == "Größe"
    assert (answer_file(tmp_path / "c.jpg").kind, answer_file(tmp_path / "c.jpg").media_type) == ("image", "image/png")
    with pytest.raises(BadInput, match=r"gone.png cannot be read"):
        answer_file(tmp_path / "gone.png")
    with pytest.raises(BadInput, match="cannot be read"):
        answer_file(tmp_path)


# With a workspace


def by_hand_comparison(path: Path, settings: Settings, base_url: str) -> None:
    """A saved comparison of a called model with one that is asked by hand."""
    ws = Workspace.open(path, settings)
    prompt = ws.prompts.create("Caption", "", Content((Message.of("user", "Say hello."),)))
    server = ws.connections.add_model(ws.connections.add("Stand-in", "other", base_url), "fake-small")
    hand = ws.connections.add_model(ws.connections.add("Midjourney", "by-hand"), "Midjourney v7")
    uids = tuple(ws.connections.model(id).uid for id in (server, hand))
    ws.comparisons.save(Definition("Captions", (PromptRef(ws.prompts.get(prompt).uid),), uids, checks=(Check("contains", "x"),)))
    ws.close()


def test_a_connection_by_hand_needs_a_name_only_and_its_models_are_ready(tmp_path: Path, settings: Settings) -> None:
    ws = Workspace.open(tmp_path / "w.db", settings)
    id = ws.connections.add("Midjourney", "by-hand")
    added = ws.connections.model(ws.connections.add_model(id, "Midjourney v7"))
    row = ws.connections.get(id)
    assert (row.key_place, row.place, row.wire_format, row.base_url) == ("none", "hand", BY_HAND, "")
    assert (added.ready, added.place, added.price.input_usd) == (True, "hand", None)
    with pytest.raises(BadInput, match="Midjourney is asked by hand, so it cannot be called"):
        asyncio.run(ws.test_connection(id))
    ws.close()


def test_the_command_line_connects_by_hand_without_address_or_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = ["--workspace", str(tmp_path / "w.db")]
    assert perform(["connections", "add", "Midjourney", "--vendor", "by-hand", "--model", "Midjourney v7", *workspace]) == 0
    assert "Added Midjourney. Key: not needed." in capsys.readouterr().out
    assert perform(["connections", "test", "Midjourney", *workspace]) == 2
    assert "Midjourney is asked by hand, so it cannot be called." in capsys.readouterr().err


def test_the_command_line_says_what_is_to_be_given_by_hand_and_ends_well(
    tmp_path: Path, settings: Settings, fakeprovider: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.db"
    by_hand_comparison(path, settings, fakeprovider().base_url)
    assert perform(["run", "Captions", "--json", "--workspace", str(path)]) == 0
    said = capsys.readouterr()
    assert "1 answer is to be given by hand" in said.err
    document = json.loads(said.out)
    assert [row["status"] for row in document["outputs"]] == ["done", "queued"]
    assert (document["run"]["status"], document["run"]["jobs"], document["run"]["done"]) == ("done", 2, 1)
    assert document["run"]["unknown_prices"] == []
    assert perform(["resume", document["run"]["id"], "--workspace", str(path)]) == 0
    said = capsys.readouterr()
    assert "Nothing is left to do in run 1 of Captions but what is given by hand." in said.err
    assert "1 to be given by hand" in said.out
    assert perform(["ask", "Hello", "--model", "Midjourney v7", "--workspace", str(path)]) == 2
    assert "Midjourney v7 is asked by hand, so it cannot be called." in capsys.readouterr().err


def test_a_comparison_with_a_model_by_hand_travels_as_a_library_folder(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    by_hand_comparison(tmp_path / "a.db", settings, "http://127.0.0.1:9/v1")
    assert perform(["export", str(tmp_path / "library"), "--workspace", str(tmp_path / "a.db")]) == 0
    assert perform(["import", str(tmp_path / "library"), "--workspace", str(tmp_path / "b.db")]) == 0
    assert perform(["import", str(tmp_path / "library"), "--workspace", str(tmp_path / "b.db")]) == 0
    ws = Workspace.open(tmp_path / "b.db", settings)
    spec = ws.comparisons.resolve(ws.comparisons.find("Captions").definition)
    hand = next(model for model in spec.models if model.by_hand)
    assert (hand.title, hand.connection, hand.place) == ("Midjourney v7", "Midjourney", "hand")
    assert ws.connections.find_model("Midjourney v7").ready
    assert len(ws.connections.models()) == 2
    ws.close()
