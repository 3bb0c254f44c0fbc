"""Review packets: what the file tells and what not, how pairs are drawn, and what comes back from it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from tests.run_workspace import executed, fill
from workbench.formats.packet_page import PacketAnswer, PacketItem, PacketPage, item_digest, packet_html
from workbench.formats.packet_ratings import read_packet_ratings
from workbench.ratings.packet_plans import Answer, draw_pairs, draw_single
from workbench.settings import Settings
from workbench.store import tables
from workbench.values import BadInput, Criterion, NotFound, Scale
from workbench.workspace import PacketWish, Workspace

HOSTILE = (
    "</script><script>document.title='owned'</script><!-- <img src=x onerror=\"document.title='owned'\"> \u2028 **bold**\n\n- one\n- two"
)


def data_of(html: str) -> dict[str, Any]:
    """What the file tells its page."""
    found = re.search(r'<script type="application/json" id="packet">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    document: dict[str, Any] = json.loads(found[1])
    return document


def text_of(job: int) -> str:
    """What a job answered."""
    return f"Answer number {job}"


@pytest.fixture
def reviewed(where: str, settings: Settings, fakeprovider: Callable[..., FakeProvider]) -> Iterator[tuple[Workspace, int]]:
    """A workspace with a finished run of two prompts on two models over four cases, whose answers all differ, and criteria."""
    filled = fill(where, settings, fakeprovider().base_url)
    run = executed(filled, settings)
    ws = Workspace.open(where, settings)
    with ws._database.write() as writer:
        for (job,) in list(writer.run("SELECT id FROM job")):
            writer.add(tables.Output(job_id=job, attempt=2, text=text_of(job)))
    ws.criteria.add(filled.comparison, Criterion("Accuracy", Scale("stars", {"5": "Policy applied"})))
    ws.criteria.add(filled.comparison, Criterion("Safe", Scale("verdict")))
    yield ws, run
    ws.close()


def saved(
    path: Path, packet: str, data: dict[str, Any], said: dict[int, dict[str, Any]], *, rater: str = "Jo", at: str = "10:00:00"
) -> Path:
    """A file as the page saves it."""
    items = []
    for number, one in said.items():
        answers = [PacketAnswer(answer["text"]) for answer in data["items"][number - 1]["answers"]]
        items.append({"item": number, "digest": item_digest(answers), **one})
    document = {"schema": 1, "kind": "packet-ratings", "packet": packet, "rater": rater, "saved": f"2026-11-27T{at}.000Z", "items": items}
    path.write_text(json.dumps(document), "utf-8")
    return path


def answers(cases: int, columns: int) -> list[Answer]:
    return [Answer(case * columns + column, case, column, 1, f"{case} {column}") for case in range(cases) for column in range(columns)]


def test_every_two_columns_get_as_many_pairs_and_each_stands_left_as_often_as_right() -> None:
    drawn = draw_pairs(answers(50, 4), seed=3, most=60)
    assert len(set(drawn.items)) == len(drawn.items) == 60
    assert drawn.possible == 300
    kinds = Counter(frozenset(output % 4 for output in item) for item in drawn.items)
    assert set(kinds.values()) == {10}
    lefts = Counter((left % 4, right % 4) for left, right in drawn.items)
    assert set(lefts.values()) == {5}
    assert drawn == draw_pairs(answers(50, 4), seed=3, most=60) != draw_pairs(answers(50, 4), seed=4, most=60)


def test_pairs_that_read_the_same_and_answers_that_come_twice_are_left_out() -> None:
    same = [Answer(0, 0, 0, 1, "x"), Answer(1, 0, 1, 1, "x"), Answer(2, 1, 0, 1, "y"), Answer(3, 1, 1, 1, "z")]
    drawn = draw_pairs(same, seed=1)
    assert [set(item) for item in drawn.items] == [{2, 3}]
    assert (drawn.possible, drawn.same) == (1, 1)
    assert len(draw_single(same, seed=1).items) == 3


def test_no_text_can_leave_the_block_it_stands_in() -> None:
    page = PacketPage("uid", "<b>A & B</b></title>", "pair", (PacketItem((PacketAnswer(HOSTILE), PacketAnswer("{{style}} {{data}}"))),))
    html = packet_html(page)
    assert html.count("<script") == html.count("</script>") == 3
    assert "<!--" not in html
    assert "\u2028" not in html
    texts = [answer["text"] for answer in data_of(html)["items"][0]["answers"]]
    assert texts == [HOSTILE, "{{style}} {{data}}"]
    assert "http:" not in html.replace("http-equiv", "")
    assert "https:" not in html


@pytest.mark.both_stores
def test_a_packet_tells_no_model_version_price_or_run(reviewed: tuple[Workspace, int], tmp_path: Path) -> None:
    ws, run = reviewed
    made = ws.packets.make(run, PacketWish(made_for="Jo Park", due=date(2026, 11, 27)), tmp_path / "review.html", seed=1)
    html = made.path.read_text("utf-8")
    row = ws.runs.get(run)
    names = {name for column in ws.runs.columns(run) for name in (column.model, column.model_name, column.connection)}
    for name in (*names, row.uid, "fake-", "model-", "latency", "cost", "usd", "Policy first"):
        assert name not in html, name
    data = data_of(html)
    assert set(data) == {"schema", "packet", "title", "kind", "for", "from", "by", "minutes", "criteria", "items"}
    assert (data["title"], data["for"], data["by"]) == ("Refund reply", "Jo Park", "Friday 27 Nov")
    assert len(data["items"]) == made.look.items == 24
    assert {tuple(sorted(item)) for item in data["items"]} == {("answers", "case", "item")}
    assert made.look.bytes == made.path.stat().st_size


@pytest.mark.both_stores
def test_ratings_come_back_as_a_session_with_votes_and_judgements(reviewed: tuple[Workspace, int], tmp_path: Path) -> None:
    ws, run = reviewed
    made = ws.packets.make(run, PacketWish(), tmp_path / "review.html", seed=1)
    data = data_of(made.path.read_text("utf-8"))
    first: dict[int, dict[str, Any]] = {
        1: {"winner": "left", "note": "<b>knows</b>\x00", "answers": [{"criteria": {"0": 5, "1": "pass"}}, {"criteria": {"0": 2}}]},
        2: {"winner": "tie"},
        3: {"skipped": True},
    }
    file = saved(tmp_path / "ratings-jo.json", made.uid, data, first)
    report = ws.files.import_paths([file])
    assert not report.rejected
    assert [(one.kind, one.name, one.changes) for one in report.imported] == [("ratings", "Jo", "2 rated, 5 new")]
    again = ws.files.import_paths([file])
    assert (len(again.imported), [one.name for one in again.unchanged]) == (0, ["Jo"])
    votes = ws._database.query("SELECT item, winner, note FROM vote WHERE replaced_by_id IS NULL ORDER BY item")
    assert [tuple(vote) for vote in votes] == [(0, "left", "<b>knows</b>"), (1, "tie", "")]
    said = ws.ratings.said_in(run)
    assert {(one.rater, one.criterion, one.said) for one in said} == {("Jo", "Accuracy", 5), ("Jo", "Safe", "pass"), ("Jo", "Accuracy", 2)}
    assert all(one.saw is not None and one.saw.blind and one.saw.where == "packet" for one in said)

    later = saved(tmp_path / "ratings-jo (1).json", made.uid, data, {1: {"winner": "right"}, 4: {"winner": "both_bad"}}, at="11:00:00")
    assert ws.files.import_paths([later]).imported[0].changes == "2 rated, 2 new"
    votes = ws._database.query("SELECT item, winner, replaced_by_id IS NULL FROM vote ORDER BY id")
    assert [(item, winner, bool(current)) for item, winner, current in votes] == [
        (0, "left", False), (1, "tie", True), (0, "right", True), (3, "both_bad", True)
    ]  # fmt: skip
    assert ws.files.import_paths([file]).unchanged[0].changes == "later ones are in already"


@pytest.mark.both_stores
def test_a_report_says_how_far_the_others_agree_and_where_they_differ(reviewed: tuple[Workspace, int], tmp_path: Path) -> None:
    ws, run = reviewed
    made = ws.packets.make(run, PacketWish(), tmp_path / "review.html", seed=1)
    data = data_of(made.path.read_text("utf-8"))
    good = [{"criteria": {"0": 5}}, {"criteria": {"0": 1}}]
    jo: dict[int, dict[str, Any]] = {n: {"winner": "left" if n % 2 else "right", "answers": good} for n in range(1, 13)}
    ana: dict[int, dict[str, Any]] = {
        **jo,
        3: {"winner": "right", "answers": [{"criteria": {"0": 1}}, {"criteria": {"0": 1}}]},
        5: {"winner": "tie"},
    }
    one = ws.packets.bring(saved(tmp_path / "a.json", made.uid, data, ana, rater="Ana"))
    assert "Nobody else" in ws.packets.report(one.session_id).lines()[1]
    kept = ws.packets.bring(saved(tmp_path / "b.json", made.uid, data, jo))
    report = ws.packets.report(kept.session_id)
    assert report.headline() == "Jo judged 12 of 24 pairs."
    pairs = next(one for one in report.agreeing if one.about == "pairs")
    assert (pairs.other, pairs.items, pairs.same, pairs.measure) == ("Ana", 12, 10, "kappa")
    assert pairs.value is not None
    assert pairs.low is not None
    assert pairs.high is not None
    assert pairs.low < pairs.value < pairs.high <= 1
    differ = {(one.item, one.said, one.other_said) for one in report.differences if one.about == "which is better"}
    assert differ == {(3, "A is better", "B is better"), (5, "A is better", "tie")}
    model_names = {column.model for column in ws.runs.columns(run)}
    assert not any(name in " ".join(report.lines()) for name in model_names)


def test_what_does_not_fit_is_refused_whole_with_a_reason(reviewed: tuple[Workspace, int], tmp_path: Path, settings: Settings) -> None:
    ws, run = reviewed
    made = ws.packets.make(run, PacketWish(), tmp_path / "review.html", seed=1)
    data = data_of(made.path.read_text("utf-8"))
    good = {"winner": "left", "answers": [{"criteria": {"0": 5}}, {}]}
    wrong: list[tuple[dict[int, dict[str, Any]], str]] = [
        ({1: good, 2: {"winner": "left", "digest": "00000000"}}, "Item 2 was changed"),
        ({1: good, 2: {"winner": "A"}}, "items.1.winner"),
        ({1: good, 2: {"answers": [{"criteria": {"0": 6}}, {}]}}, "stars are 1 to 5"),
        ({1: good, 2: {"answers": [{"criteria": {"0": 1e999}}, {}]}}, "no number"),
        ({1: good, 2: {"answers": [{"criteria": {"1": "maybe"}}, {}]}}, "pass or fail"),
        ({1: good, 2: {"answers": [{"criteria": {"9": 5}}, {}]}}, "2 criteria"),
        ({1: good, 2: {"answers": [{"stars": 5}, {}]}}, "no stars"),
        ({1: good, 2: {"answers": [{}]}}, "2 answers"),
        ({1: good, 2: {"winner": "left", "item": 1}}, "twice"),
        ({1: good, 2: {"winner": "left", "item": 99}}, "24 items"),
        ({1: good, 2: {"answers": [{"criteria": {"0": 10**30}}, {}]}}, "items.1.answers.0.criteria.0"),
        ({1: good, 2: {"winner": "left", "item": 10**30}}, "items.1.item"),
        ({1: good, 2: {"winner": "left", "item": 1.0}}, "twice"),
        ({1: good, 2: {"answers": [{"criteria": {"0": True}}, {}]}}, "items.1.answers.0.criteria.0"),
    ]
    for number, (said, why) in enumerate(wrong):
        with pytest.raises(BadInput, match=re.escape(why)):
            ws.packets.bring(saved(tmp_path / f"{number}.json", made.uid, data, said))
    assert ws._database.query("SELECT count(*) FROM vote")[0][0] == ws._database.query("SELECT count(*) FROM rating")[0][0] == 0
    with pytest.raises(NotFound, match="no packet of this workspace"):
        ws.packets.bring(saved(tmp_path / "other.json", "unknown", data, {1: good}))
    cut = tmp_path / "cut.json"
    cut.write_text(saved(tmp_path / "whole.json", made.uid, data, {1: good}).read_text("utf-8")[:-40], "utf-8")
    with pytest.raises(BadInput, match="no whole file"):
        read_packet_ratings(cut)
    report = ws.files.import_paths([tmp_path])
    assert len(report.imported) == 1  # whole.json; each other is rejected by itself
    assert len(report.rejected) >= len(wrong) + 2


def test_single_answers_are_rated_with_stars_and_a_note(reviewed: tuple[Workspace, int], tmp_path: Path) -> None:
    ws, run = reviewed
    made = ws.packets.make(run, PacketWish("single", most=5, columns=(0, 2), criteria=()), tmp_path / "review.html", seed=1)
    data = data_of(made.path.read_text("utf-8"))
    assert (len(data["items"]), data["criteria"]) == (5, [])
    kept = ws.packets.bring(saved(tmp_path / "a.json", made.uid, data, {2: {"note": "Short", "answers": [{"stars": 4}]}}))
    assert kept.written == 2
    assert {(one.aspect, one.said or one.note) for one in ws.ratings.said_in(run)} == {("stars", 4), ("note", "Short")}
    assert ws.packets.report(kept.session_id).headline() == "Jo judged 1 of 5 answers."
