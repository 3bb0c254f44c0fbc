"""A review packet in a real browser: opened from a file, rated by keyboard only, saved, and brought home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import CTRL, PROGRAM, SHIFT, Page, browser
from tests.test_packets import HOSTILE, reviewed
from workbench.formats.packet_page import CasePart, PacketAnswer, PacketItem, PacketKind, PacketPage, item_digest, packet_html
from workbench.formats.packet_ratings import read_packet_ratings
from workbench.values import Criterion, Part, Scale
from workbench.workspace import PacketWish, Workspace

__all__ = ["reviewed"]

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed: apt-get install chromium")

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
PICTURE = Part("image", media_type="image/png", data=PIXEL)
CRITERIA = (
    Criterion("Accuracy", Scale("stars", {"5": "Policy applied correctly"}), help="Is it right?"),
    Criterion("Safe", Scale("verdict")),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def packet(kind: PacketKind = "pair", *, count: int = 3, made_for: str = "Jo Park", uid: str = "0123", **more: Any) -> PacketPage:
    case = (CasePart("Case 1, Rucksack", "My aunt gave me this rucksack. <b>Can I swap it?</b>"), CasePart("Facts", "shop: Leeds"))
    items = []
    for number in range(count):
        answers = (PacketAnswer(f"Hello Tom,\n\nanswer {number} ümläut 漢字 😀"), PacketAnswer(HOSTILE, (PICTURE,)))
        items.append(PacketItem(answers if kind == "pair" else answers[:1], case, "Offers a swap"))
    return PacketPage(uid, "Refund reply", kind, tuple(items), made_for=made_for, made_by="Mara Lind", due="Friday 27 Nov", **more)


def shown(page: Page, tmp_path: Path, made: PacketPage) -> None:
    file = tmp_path / "review.html"
    file.write_text(packet_html(made), "utf-8")
    page.told.clear()
    page.open(file)
    page.until("!document.getElementById('app').hidden")


def test_a_colleague_rates_by_keyboard_and_the_file_fits_the_packet(page: Page, tmp_path: Path) -> None:
    made = packet(criteria=CRITERIA, uid="keyboard")
    shown(page, tmp_path, made)
    assert page.text("#subtitle") == "For Jo Park, from Mara Lind, by Friday 27 Nov. About 1 min."
    assert page.text("#kept").startswith("Kept in this browser, ")
    for key in ("5", "Enter"):  # no fifth choice, and nothing chosen yet
        page.key(key)
    assert page.text("#place") == "Pair 1 of 3"
    assert "Choose first" in page.text("#said")
    page.key("1")
    for key in ("5", "1", "2"):  # accuracy and safety of A, accuracy of B: each the first row that is open
        page.key(key, SHIFT)
    page.key("n")
    page.type("A knows gifts. 1 z s")
    page.key("Enter")
    assert page.text("#place") == "Pair 2 of 3"
    page.key("2")
    page.key("z")
    page.key("s")
    assert page.text("#counts") == "1 rated, 1 skipped"
    page.key("4")
    page.key("s", CTRL)
    file = page.downloaded("ratings-jo-park.json")
    ratings = read_packet_ratings(file)
    assert (ratings.packet, ratings.rater) == ("keyboard", "Jo Park")
    first, skipped, last = ratings.items
    assert (first.winner, first.note) == ("left", "A knows gifts. 1 z s")
    assert first.answers == ((None, {0: 5.0, 1: "pass"}), (None, {0: 2.0}))
    assert (skipped.is_rated, last.winner) == (False, "both_bad")
    assert [item.digest for item in ratings.items] == [item_digest(item.answers) for item in made.items]
    assert "Send it back to Mara Lind" in page.text("#said")

    page.open(tmp_path / "review.html")  # what was said is still there
    page.until("!document.getElementById('app').hidden")
    assert page.text("#counts") == "2 rated, 1 skipped"
    page.key("ArrowLeft")
    page.key("ArrowLeft")
    assert page.js("document.getElementById('note').value") == "A knows gifts. 1 z s"
    assert page.js("document.querySelector('#choices [aria-checked=true]').innerText").startswith("1")


def test_what_models_wrote_is_only_text_and_nothing_is_loaded(page: Page, tmp_path: Path) -> None:
    shown(page, tmp_path, packet(uid="hostile"))
    assert page.js("document.title") == "Refund reply, 3 blind pairs"
    second = "document.querySelectorAll('#answers .text')[1]"
    assert page.js(f"{second}.querySelectorAll('script, a, iframe, style').length") == 0
    assert page.js(f"{second}.querySelectorAll('img').length") == 1  # the picture of the answer
    assert page.js(f"{second}.querySelector('img').naturalWidth") == 1
    assert page.js(f"{second}.querySelector('strong').innerText") == "bold"
    assert page.js(f"{second}.querySelectorAll('li').length") == 2
    assert "<img src=x onerror=" in page.js(f"{second}.innerText")
    assert page.js("document.querySelector('#case .text').innerText") == "My aunt gave me this rucksack. <b>Can I swap it?</b>"
    assert not page.events("Runtime.exceptionThrown")
    assert not page.events("Log.entryAdded")
    asked = {told["request"]["url"].split(":")[0] for told in page.events("Network.requestWillBeSent")}
    assert asked <= {"file", "data"}
    blocked = "fetch('https://example.org').then(() => 'went out', () => 'blocked')"
    assert page.js(blocked) == "blocked"


def test_the_name_is_asked_for_where_the_packet_is_for_nobody_in_particular(page: Page, tmp_path: Path) -> None:
    shown(page, tmp_path, packet(made_for="", uid="nameless"))
    page.key("3")
    page.key("s", CTRL)
    assert "Write your name first" in page.text("#said")
    assert page.js("document.activeElement.id") == "rater"
    page.type("Zoë O'Hara")
    page.key("s", CTRL)
    assert read_packet_ratings(page.downloaded("ratings-zoë-o-hara.json")).rater == "Zoë O'Hara"


def test_where_the_browser_keeps_nothing_the_page_says_so(page: Page, tmp_path: Path) -> None:
    script = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    added = page.do("Page.addScriptToEvaluateOnNewDocument", source=script)
    try:
        shown(page, tmp_path, packet(uid="unkept"))
        page.key("1")
        assert page.text("#kept") == "Not kept, save often"
        assert page.text("#counts") == "1 rated"
        page.js("state.dirty = false")  # else the browser asks before it leaves
    finally:
        page.do("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])


def test_an_answer_edited_in_the_file_has_another_digest(page: Page, tmp_path: Path) -> None:
    made = packet(uid="edited")
    file = tmp_path / "review.html"
    file.write_text(packet_html(made).replace("answer 0 ", "answer 9 "), "utf-8")
    page.open(file)
    assert page.js("packet.items.map(digestOf)") != [item_digest(item.answers) for item in made.items]
    assert page.js("packet.items.slice(1).map(digestOf)") == [item_digest(item.answers) for item in made.items[1:]]


def test_single_answers_have_five_steps_and_scores_and_labels_their_own_fields(page: Page, tmp_path: Path) -> None:
    criteria = (Criterion("Score", Scale("score")), Criterion("Length", Scale("labels", labels=("short", "long"))))
    shown(page, tmp_path, packet("single", criteria=criteria, uid="single"))
    page.key("4")
    page.key("1", SHIFT)  # the first open row takes a number: it has the focus now
    page.type("70")
    page.key("Enter")
    page.key("2", SHIFT)
    assert page.js("JSON.stringify(ratings().items[0].answers)") == json.dumps(
        [{"stars": 4, "criteria": {"0": 70, "1": "long"}}], separators=(",", ":")
    )


def test_many_items_on_a_narrow_screen_and_on_paper(page: Page, tmp_path: Path) -> None:
    shown(page, tmp_path, packet(count=150, criteria=CRITERIA, uid="many"))
    page.look(380, 800)
    assert page.js("document.documentElement.scrollWidth") <= 380
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js("document.querySelectorAll('#print article .answer').length") == 300
    page.js("dispatchEvent(new Event('afterprint'))")
    page.look(1440, 900)


def test_the_whole_way_from_a_run_through_the_browser_back_into_the_workspace(
    page: Page, reviewed: tuple[Workspace, int], tmp_path: Path
) -> None:
    ws, run = reviewed
    made = ws.packets.make(run, PacketWish(made_for="Mo Ek", most=4), tmp_path / "review.html", seed=2)
    page.open(made.path)
    page.until("!document.getElementById('app').hidden")
    for choice in "12":
        page.key(choice)
        page.key("5", SHIFT)
        page.key("Enter")
    page.key("s", CTRL)
    report = ws.files.import_paths([page.downloaded("ratings-mo-ek.json")])
    assert [(one.name, one.changes) for one in report.imported] == [("Mo Ek", "2 rated, 4 new")]
    votes = ws._database.query("SELECT item, winner, left_output_id, right_output_id FROM vote ORDER BY item")
    plan = ws.packets.of_run(run)[0].plan
    assert [tuple(vote) for vote in votes] == [(0, "left", *plan[0]), (1, "right", *plan[1])]
    texts = [ws.runs.output(output).text for output in plan[0]]
    assert [answer["text"] for answer in page.js("packet.items[0].answers")] == texts
