from __future__ import annotations

import asyncio
import io
import json
import re
import time
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.exports.markdown import code, escaped
from workbench.exports.page import _e as escaped_html
from workbench.formats.workbook_writing import Workbook
from workbench.runs.recording import End, Recorder
from workbench.values import (
    PENDING,
    UNREAD,
    BadInput,
    Case,
    Check,
    Content,
    Message,
    ModelSpec,
    Part,
    Price,
    Reply,
    Score,
    Spec,
    Stopped,
    Variant,
)
from workbench.workspace import Workspace

EVIL = '<script src="https://evil.example/x.js">alert(1)</script><img src=https://evil.example/p.png onerror=alert(2)> & "q" \'s\''
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "＝1", " =1", "'quoted", '=HYPERLINK("http://evil")']
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def spec(texts: list[str], checks: tuple[Check, ...] = (Check("contains", "good"),), repeats: int = 1) -> Spec:
    return Spec(
        name=f"Refunds | {EVIL}",
        variants=(
            Variant("Reply", 7, Content((Message.of("user", "{{ q }}"),))),
            Variant("@ann", 2, Content((Message.of("user", "So: {{ q }}"),))),
        ),
        models=(ModelSpec("m", "Model_one", "echo", ""),),
        cases=tuple(Case({"q": text, "=x": index}, name=text[:40], reference=text) for index, text in enumerate(texts)),
        checks=checks,
        repeats=repeats,
    )  # fmt: skip


def made(ws: Workspace, wanted: Spec) -> int:
    run_id = ws.runs.prepare(wanted)

    async def run() -> None:
        async for _ in ws.runs.execute(run_id):
            pass

    asyncio.run(run())
    return run_id


class Page(HTMLParser):
    """What a browser would see: tags, attributes, and the words of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def assert_loads_nothing(text: str) -> Page:
    page = Page(text)
    assert not {"script", "iframe", "object", "embed", "link", "form", "base"} & set(page.tags)
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), f"{tag} {name}"
        assert name != "style"
        if name in ("src", "href", "srcset", "action", "data"):
            assert value.startswith(("#case-", "data:image/png;base64,")), value
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, re.S))
    assert "url(" not in styles
    assert "@import" not in styles
    return page


@pytest.mark.both_stores
def test_a_workbook_reads_back_with_its_types_and_no_formula(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, spec([*FORMULAS, "good \x01 ud", "x" * 40_000]))
    output = workspace.runs.cells(run_id)[0].output_id or 0
    workspace.ratings.stars(output, 4)
    workspace.ratings.note(output, "=note")
    path = tmp_path / "run.xlsx"
    assert workspace.exports.write(run_id, path) == 24
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Outputs", "Columns", "Checks", "Ratings", "About"]
    head, *rows = book["Outputs"].iter_rows(values_only=True)
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    at = {name: place for place, name in enumerate(head)}
    assert [row[at["var.q"]] for row in rows[:20:2]] == [text.replace("\r", "_x000D_") for text in FORMULAS]
    assert [rows[0][at[name]] for name in ("version", "case", "var.=x", "passed", "stars", "check.contains: good")] == [
        7,
        1,
        0,
        False,
        4,
        "fail",
    ]
    assert rows[20][at["passed"]] is True
    assert isinstance(rows[0][at["latency_ms"]], (int, float))
    assert str(rows[22][at["output"]]).endswith("holds no more)")
    assert {cell.quotePrefix for cell in book["Outputs"][2] if cell.value == "=1+1"} == {True}
    said = [row[6:9] for row in book["Ratings"].iter_rows(min_row=2, values_only=True)]
    assert said == [(said[0][0], "stars", 4), (said[0][0], "note", "=note")]
    assert [row[6:9] for row in book["Checks"].iter_rows(min_row=2, max_row=2, values_only=True)] == [("contains: good", "contains", False)]
    about: dict[Any, Any] = {row[0]: row[1] for row in book["About"].iter_rows(min_row=2, values_only=True)}
    assert (about["Answers"], about["Texts cut"], about["Run id"]) == (24, 6, workspace.runs.get(run_id).uid)


@given(st.lists(st.text(max_size=12) | st.sampled_from(FORMULAS) | st.integers() | st.floats() | st.booleans() | st.none(), max_size=6))
def test_any_row_goes_into_a_workbook_and_no_text_becomes_a_formula(row: list[Any]) -> None:
    book = Workbook()
    book.sheet("[A]:*?/\\'" * 9, ["=head"]).add(row)
    file = io.BytesIO()
    book.save(file)
    sheet = openpyxl.load_workbook(file).worksheets[0]
    assert all(cell.data_type != "f" for cells in sheet.iter_rows() for cell in cells)
    for cell, value in zip(list(sheet.iter_rows())[1] if sheet.max_row > 1 else [], row, strict=False):
        if isinstance(value, bool):
            assert cell.value is value


def test_a_workbook_of_many_rows_is_written_fast_and_read_by_others() -> None:
    book, file = Workbook(), io.BytesIO()
    sheets = [book.sheet(title, [f"c{at}" for at in range(30)], (12, 40)) for title in ("One <&>", "Two")]
    words = "Some words of an answer & <more> of them. " * 10
    started = time.process_time()
    for number in range(4000):
        for sheet in sheets:
            sheet.add([number, 1.5, True, None, " edge ", words, "=1+1", *["short"] * 22, "half \ud800"])
    book.save(file)
    assert time.process_time() - started < 6, "openpyxl takes 9 s for these 240,000 cells"
    read = openpyxl.load_workbook(file, read_only=True)
    assert read.sheetnames == ["One <&>", "Two"]
    rows = [*read["Two"].iter_rows(values_only=True)]
    assert len(rows) == 4001
    assert rows[-1][:8] == (3999, 1.5, True, None, " edge ", words, "=1+1", "short")
    assert rows[-1][29] == "half \\ud800"


@pytest.mark.both_stores
def test_a_report_shows_everything_loads_nothing_and_runs_nothing(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, spec([EVIL, "good", "a\x01b \u202e"], (Check("contains", "good", name=EVIL), Check("javascript", "1"))))
    workspace.ratings.note(workspace.runs.cells(run_id)[0].output_id or 0, EVIL)
    path = tmp_path / "run.html"
    assert workspace.exports.write(run_id, path) == 6
    text = path.read_text("utf-8")
    page = assert_loads_nothing(text)
    assert page.words.count(EVIL) > 6
    assert ("meta", "http-equiv", "Content-Security-Policy") in page.attributes
    policy = next(value for tag, name, value in page.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text
    assert "1 check cannot run here (javascript: 1): where it is lacking, the other checks decide" in page.words


def test_the_policy_of_a_report_allows_its_own_style_sheet(workspace: Workspace, tmp_path: Path) -> None:
    import base64
    import hashlib

    workspace.exports.write(made(workspace, spec(["good"])), tmp_path / "run.html")
    text = (tmp_path / "run.html").read_text("utf-8")
    style = re.findall(r"<style>(.*?)</style>", text, re.S)[0]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in text.replace("&#x27;", "'").replace("&amp;", "&")


def test_pictures_of_cases_stand_in_the_report_itself(workspace: Workspace, tmp_path: Path) -> None:
    from workbench.values import VariableSpec

    content = Content((Message("user", (Part(text="What is {{ photo }}?"),)),), variables={"photo": VariableSpec("image")})
    (tmp_path / "boots.png").write_bytes(PNG)
    wanted = Spec(
        "Pictures", (Variant("P", 1, content),), (ModelSpec("m", "M", "echo", "", reads=("image",)),),
        (Case({"photo": str(tmp_path / "boots.png")}),),
    )  # fmt: skip
    run_id = made(workspace, workspace.comparisons.with_files(wanted))
    workspace.exports.write(run_id, tmp_path / "run.html")
    page = assert_loads_nothing((tmp_path / "run.html").read_text("utf-8"))
    assert page.tags.count("img") == 1


@given(st.text(max_size=60) | st.sampled_from([EVIL, "]]>", "<!--", "-->", "\ud800", "&amp;", "javascript:alert(1)"]))
def test_any_text_stays_one_text_in_html_and_in_markdown(text: str) -> None:
    page = Page(f"<p>{escaped_html(text)}</p>")
    assert page.tags == ["p"]
    assert len(page.words) == len(text.replace("\r\n", "\n")) or "\r" in text
    line = escaped(text)
    assert "\n" not in line
    assert not re.search(r"(?<!\\)[<|`](?!!-- -->)", line)
    assert not re.search(r"[@#]\w", line)
    marked = code(text)
    if marked:
        ticks = re.match("`+", marked)
        assert ticks is not None
        inside = marked[len(ticks[0]) : -len(ticks[0])]
        assert ticks[0] not in re.findall("`+", inside)


@pytest.mark.both_stores
def test_a_summary_sets_a_run_beside_the_one_before_and_says_what_the_numbers_allow(workspace: Workspace, tmp_path: Path) -> None:
    made(workspace, spec(["good one", "good two", "bad|three @ann #7"]))
    run_id = made(workspace, spec(["good one", "good two", "bad|three @ann #7"], (Check("contains", "Good"), Check("contains", "good"))))
    path = tmp_path / "run.md"
    assert workspace.exports.write(run_id, path) == 6
    text = path.read_text("utf-8")
    assert text == workspace.exports.markdown(run_id)
    assert "| Reply v7 | Model\\_one | 0% (0 of 3) | 0% to 56% |" in text
    assert "### Against run 1" in text
    assert "4 worse, 0 better, 2 same." in text
    assert "4 against 0 could be chance (p = 0.12)." in text
    assert "nothing here tells them apart" in text
    assert "- case 3 `bad|three @ann #7`: 0 of 2 passed; `contains: Good" in text
    assert "@<!-- -->ann v2" in text
    assert "<script" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows[:4]}) == 1


def test_a_summary_of_many_columns_corrects_for_all_their_pairs(workspace: Workspace) -> None:
    asked = [Variant(name, 1, Content((Message.of("user", text),))) for name, text in (("A", "{{ q }}"), ("B", "So: {{ q }}"), ("C", "No"))]
    run_id = made(workspace, replace(spec([f"good {number}" for number in range(30)]), variants=tuple(asked)))
    text = workspace.exports.markdown(run_id)
    assert "C v1 is lower than every other (p &lt; 0.001, corrected for 3 pairs)." in text
    assert "The other two are within noise: 30 cases cannot rank them." in text
    assert "alone passed" not in text


def test_a_run_without_checks_says_so(workspace: Workspace) -> None:
    text = workspace.exports.markdown(made(workspace, spec(["a"], ())))
    assert "No answer is judged, so there is no pass rate." in text
    assert "| - | - |" in text


def test_an_answer_that_waits_for_its_judge_is_told_so_in_every_form(workspace: Workspace, tmp_path: Path) -> None:
    import csv

    checks = (
        Check("contains", "good", "Good"), Check("contains", "x", "Told", weight=0), Check("llm-rubric", "Kind.", "Kind"),
        Check("llm-rubric", "Short.", "Short"),
    )  # fmt: skip
    wanted = spec(["good"], checks)
    run_id = workspace.runs.prepare(replace(wanted, variants=wanted.variants[:1]))
    (cell,) = workspace.runs.cells(run_id)
    said = ((True, ""), (False, ""), (None, PENDING), (None, UNREAD))
    scores = tuple(Score(check, passed, None, "So.", label) for check, (passed, label) in zip(checks, said, strict=True))
    Recorder(workspace._database, run_id).write([End(cell.job_id, "done", 1, Price(), reply=Reply("good"), scores=scores)])
    told = {"Good": "1 of 1", "Told": "0 of 1", "Kind": "not judged yet", "Short": "no verdict"}
    text = workspace.exports.markdown(run_id)
    assert "- No answer is judged, so there is no pass rate." in text
    assert "- 1 answer has no verdict of a judge yet and is in no pass rate." in text
    for name, word in told.items():
        assert re.search(rf"\| `{name}`(?: \(judge\))? \| {word} \|", text), text
    for ending in ("html", "csv", "xlsx"):
        workspace.exports.write(run_id, tmp_path / f"run.{ending}")
    page = Page((tmp_path / "run.html").read_text("utf-8"))
    for words in ("Told, not so, only tells: So.", "Kind, not judged yet: So.", "Short, no verdict: So.", *told.values()):
        assert words in page.words
    assert not re.search("failed|not run|could not be run|not all checks", page.words)
    [row] = csv.DictReader((tmp_path / "run.csv").read_text("utf-8-sig").splitlines())
    assert [row[f"check.{name}"] for name in told] == ["pass", "not so, only tells", "not judged yet", "no verdict"]
    about: dict[Any, Any] = {row[0]: row[1] for row in openpyxl.load_workbook(tmp_path / "run.xlsx")["About"].iter_rows(values_only=True)}
    assert "One that cannot run here leaves the word to the others" in about["Checks"]


def test_a_long_run_shows_the_cases_that_went_wrong_first(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.exports.page.MOST_ANSWERS", 6)
    run_id = made(workspace, spec(["good"] * 5 + ["bad"] * 2))
    assert workspace.exports.write(run_id, tmp_path / "run.html") == 6
    page = assert_loads_nothing((tmp_path / "run.html").read_text("utf-8"))
    shown = [value for tag, name, value in page.attributes if (tag, name) == ("section", "id")]
    assert shown == ["case-1", "case-6", "case-7"]
    assert "4 cases more are not shown here" in page.words


@pytest.mark.parametrize("format", ["csv", "jsonl", "json", "xlsx", "md", "html"])
def test_an_export_that_is_stopped_leaves_the_file_that_was_there(workspace: Workspace, tmp_path: Path, format: str) -> None:
    run_id = made(workspace, spec(["a"]))
    path = tmp_path / f"out.{format}"
    path.write_text("before")

    def stop(_done: float, _total: float) -> None:
        raise Stopped("It was stopped.")

    with pytest.raises(Stopped):
        workspace.exports.write(run_id, path, progress=stop)
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".out")] == []


def test_a_form_that_there_is_not_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    run_id = made(workspace, spec(["a"]))
    with pytest.raises(BadInput, match=r"csv, jsonl, json, xlsx, md or html, not as docx\."):
        workspace.exports.write(run_id, tmp_path / "run.docx")
    with pytest.raises(BadInput, match="has no ending"):
        workspace.exports.write(run_id, tmp_path / "run")


def test_every_rater_and_check_has_a_column_in_the_csv(workspace: Workspace, tmp_path: Path) -> None:
    import csv

    run_id = made(workspace, spec(["good", "bad"], (Check("contains", "good", name="G"), Check("javascript", "1", name="=J"))))
    workspace.ratings.verdict(workspace.runs.cells(run_id)[0].output_id or 0, "pass")
    workspace.exports.write(run_id, tmp_path / "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text("utf-8-sig").splitlines()))
    rater = next(name for name in rows[0] if name.startswith("rated."))
    assert re.fullmatch(r"rated\..+\.verdict", rater)
    assert [row[rater] for row in rows] == ["pass", "", "", ""]
    assert [row["check.G"] for row in rows] == ["pass", "pass", "fail", "fail"]
    assert {row["check.=J"] for row in rows} == {"not run"}
    workspace.exports.write(run_id, tmp_path / "out.jsonl")
    first = json.loads((tmp_path / "out.jsonl").read_text("utf-8").splitlines()[0])
    assert [(one["aspect"], one["value"]) for one in first["ratings"]] == [("verdict", "pass")]
    assert Decimal(first["cost_usd"]) == 0
