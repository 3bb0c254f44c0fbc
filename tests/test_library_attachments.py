"""Pictures and files of prompts: bytes stored once, hashes as before, out and in through files equal to the byte, sent in runs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.picture_server import picture_for
from tests.test_library_folder import contents, opened
from workbench.library.attachments import without_bytes
from workbench.settings import Settings
from workbench.values import BadInput, Case, Content, Message, ModelSpec, Part, Price, Spec, ToolCall, Variant, canonical, sha256
from workbench.workspace import Workspace

PICTURE = Part("image", media_type="image/png", data=picture_for("boots", 64), name="boots.png")
PDF = Part("file", media_type="application/pdf", data=b"%PDF-1.4\n" + b"x" * 3000, name="terms.pdf")
TURNS = (
    Message("user", (Part(text="What is {{ this }}?"), PICTURE, PDF)),
    Message("assistant", (Part(text="I look."),), (ToolCall("c1", "look", {"at": ["sole", 2]}),)),
    Message("tool", (Part(text="Worn."),), (), "c1"),
)
CONTENT = Content(TURNS, {"temperature": 0})


def rows(ws: Any, sql: str) -> list[Any]:
    return [*ws._database.query(sql)]


def test_the_hash_of_a_version_is_what_it_always_was() -> None:
    plain = Content((Message.of("system", "S"), Message("user", (Part(text="T"), Part("image", "", "image/png", b"\x01", "p")))))
    written: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": [
                {"type": "text", "text": "T"}, {"type": "image", "media_type": "image/png", "name": "p", "data": "AQ=="}]},
        ],
        "parameters": {}, "output_schema": None, "tools": [],
    }  # fmt: skip
    assert plain.hash == sha256(written)
    assert plain.hash == "a1ff349d692c4a0b1717af18199eaae9bf385ebdeb0a4966c01b84fe4e050ce6"


def test_bytes_are_stored_once_for_drafts_versions_copies_and_runs(workspace: Workspace) -> None:
    ws = workspace
    prompt = ws.prompts.create("Boots", "", CONTENT)
    ws.versions.save_draft(prompt, Content((*TURNS, Message.of("user", "More")), {"temperature": 0}))
    ws.versions.save(prompt, Content((*TURNS, Message.of("user", "Less")), {"temperature": 0}))
    ws.prompts.duplicate(prompt)
    ws.prompts.create("Again", "", CONTENT)
    model = ModelSpec("m", "M", "openai-chat", "http://127.0.0.1:9/v1", price=Price())
    spec = Spec("S", (Variant("Boots", 1, CONTENT),), (model,), (Case({"this": "that"}),))
    run = ws.runs.prepare(spec)
    assert [size for (size,) in rows(ws, "SELECT size FROM attachment ORDER BY size")] == sorted([len(PICTURE.data), len(PDF.data)])
    encoded = base64.b64encode(PDF.data).decode()[:400]
    texts = rows(ws, "SELECT messages FROM content UNION ALL SELECT content FROM draft UNION ALL SELECT plan FROM run")
    assert texts
    assert not any(encoded in text for (text,) in texts)
    assert ws.versions.content(ws.versions.by_number(prompt, 1).id) == CONTENT
    assert ws.versions.by_number(prompt, 1).content_hash == CONTENT.hash
    assert ws.runs.plan(run).columns[0].variant.content == CONTENT
    with closing(Workspace.open(ws.path, Settings())) as again:
        assert again.runs.plan(run).columns[0].variant.content == CONTENT


def test_a_version_with_bytes_in_its_row_is_still_read(workspace: Workspace) -> None:
    """As versions were stored before bytes lay apart."""
    prompt = workspace.prompts.create("Old", "", Content((Message.of("user", "x"),)))
    with workspace._database.write() as writer:
        item = CONTENT.to_json()
        sql = """INSERT INTO content (hash, messages, parameters, tools, variables, created_at)
                 VALUES (:hash, :messages, '{}', '[]', '[]', '2026-01-01') RETURNING id"""
        id_ = writer.run(sql, hash=Content(TURNS).hash, messages=canonical(item["messages"])).scalar_one()
        sql = """INSERT INTO version (uid, prompt_id, number, content_id, branch, note, author, created_at)
                 VALUES ('u', :p, 2, :c, '', '', '', '2026')"""
        writer.run(sql, p=prompt, c=id_)
    newest = workspace.versions.latest(prompt)
    assert newest is not None
    assert workspace.versions.content(newest.id).messages == TURNS


def test_a_draft_with_a_picture_equal_to_its_version_is_none(workspace: Workspace) -> None:
    prompt = workspace.prompts.create("Boots", "", CONTENT)
    workspace.versions.save_draft(prompt, CONTENT)
    assert workspace.versions.draft(prompt) is None
    changed = Content((TURNS[0], *TURNS[2:]), {"temperature": 0})
    workspace.versions.save_draft(prompt, changed)
    draft = workspace.versions.draft(prompt)
    assert draft is not None
    assert draft.content == changed


def test_prompts_with_pictures_go_out_and_in_equal_to_the_byte(tmp_path: Path) -> None:
    with opened(tmp_path / "one.db") as one:
        prompt = one.prompts.create("Boots", "shoes/winter", CONTENT)
        one.versions.save(prompt, Content(TURNS[:1]), "Less")
        one.files.export(tmp_path / "first")
    written = contents(tmp_path / "first")
    kept = sorted(name for name in written if name.startswith("prompts/files/"))
    assert [name.rsplit(".", 1)[1] for name in kept if written[name] == PICTURE.data] == ["png"]
    assert [name.rsplit(".", 1)[1] for name in kept if written[name] == PDF.data] == ["pdf"]
    assert len(kept) == 2
    text = written["prompts/shoes/winter/boots.versions.yaml"].decode()
    assert "file: ../../files/" in text
    assert "tool_call_id: c1" in text
    assert base64.b64encode(PDF.data)[:80].decode() not in text
    with opened(tmp_path / "two.db") as two:
        report = two.files.import_paths([tmp_path / "first"])
        assert not report.rejected
        found = two.prompts.list()[0]
        assert two.versions.content(two.versions.by_number(found.id, 1).id) == CONTENT
        two.files.export(tmp_path / "second")
    again = contents(tmp_path / "second")
    assert again == written


def test_a_prompt_written_by_hand_names_a_picture_beside_it(tmp_path: Path) -> None:
    library = tmp_path / "library"
    (library / "prompts").mkdir(parents=True)
    (library / "workbench.yaml").write_text("format: 1\n")
    (library / "prompts" / "boots.png").write_bytes(PICTURE.data)
    (library / "prompts" / "look.yaml").write_text("messages:\n  - user:\n      - What is this?\n      - file: boots.png\n")
    with opened(tmp_path / "w.db") as ours:
        assert not ours.files.import_paths([library]).rejected
        newest = ours.versions.latest(ours.prompts.list()[0].id)
        assert newest is not None
        assert ours.versions.content(newest.id).messages == (Message("user", (Part(text="What is this?"), PICTURE)),)


@pytest.mark.parametrize("reference", ["../../secret.png", "/etc/hostname", "../prompts/gone.png", "notes.txt"])
def test_what_lies_outside_or_is_no_picture_is_refused_with_its_name(tmp_path: Path, reference: str) -> None:
    library = tmp_path / "library"
    (library / "prompts").mkdir(parents=True)
    (library / "workbench.yaml").write_text("format: 1\n")
    (library / "prompts" / "notes.txt").write_text("no picture")
    (tmp_path / "secret.png").write_bytes(PICTURE.data)
    (library / "prompts" / "look.yaml").write_text(f"messages:\n  - user:\n      - file: {reference}\n")
    with opened(tmp_path / "w.db") as ours:
        report = ours.files.import_paths([library])
        assert len(report.rejected) == 1
        assert not ours.prompts.list()


def test_requests_are_kept_without_the_bytes_that_lie_in_the_workspace() -> None:
    encoded = base64.b64encode(PDF.data).decode()
    long_text = "a" * 5000 + " b"
    kept = without_bytes({"a": [f"data:application/pdf;base64,{encoded}", encoded, long_text], "b": "AQ==", "c": 3})
    assert kept["a"][0].startswith("data:application/pdf;base64,[3,009 bytes, SHA-256 ")
    assert kept["a"][1].startswith("[3,009 bytes, SHA-256 ")
    assert (kept["a"][2], kept["b"], kept["c"]) == (long_text, "AQ==", 3)


def test_a_run_sends_pictures_and_leaves_out_what_a_model_does_not_read(workspace: Workspace, fakeprovider: Any) -> None:
    ws, server = workspace, fakeprovider()
    models = tuple(
        ModelSpec("fake-1", title, "openai-chat", server.base_url, price=Price(), reads=reads)
        for title, reads in (("Sees", ("text", "image")), ("Blind", ("text",)))
    )
    content = Content((Message("user", (Part(text="What is {{ this }}?"), PICTURE)),))
    spec = Spec("Look", (Variant("Boots", 1, content),), models, (Case({"this": "that"}),))
    assert [problem.message for problem in ws.runs.problems(spec)] == ["Boots v1: Blind does not take pictures. It is sent without."]
    assert ws.runs.estimate(spec).basis.endswith("Pictures and files are not counted.")
    run = ws.runs.prepare(spec)

    async def execute() -> None:
        async for _ in ws.runs.execute(run):
            pass

    asyncio.run(execute())
    cells = ws.runs.cells(run)
    sees, blind = (ws.runs.output(cell.output_id or 0) for cell in sorted(cells, key=lambda cell: cell.column))
    assert (sees.left_out, blind.left_out) == ((), ("pictures",))
    assert ws.runs.attached(sees.id) == ((PICTURE,),)
    assert ws.runs.attached(blind.id) == ((),)
    assert blind.messages == ({"role": "user", "content": "What is that?"},)
    assert sees.messages[0]["content"][1] == {
        "type": "image", "media_type": "image/png", "name": "boots.png", "sha256": hashlib.sha256(PICTURE.data).hexdigest(),
    }  # fmt: skip
    ws.settings.set("left_out", "refuse")
    with pytest.raises(BadInput, match="Blind does not take pictures"):
        ws.runs.prepare(spec)


def test_a_picture_where_no_api_has_a_place_for_it_is_a_problem_before_the_run(workspace: Workspace) -> None:
    content = Content((Message("system", (Part(text="See"), PICTURE)), Message.of("user", "Hi")))
    model = ModelSpec("claude", "Claude", "anthropic", "http://127.0.0.1:9", price=Price())
    spec = Spec("Look", (Variant("Boots", 1, content),), (model,), (Case(),))
    problem = workspace.runs.problems(spec)[0]
    assert problem.fatal
    assert problem.message.startswith("Boots v1: Claude cannot be asked. A system message takes only text here.")
    json.dumps(spec.variants[0].content.to_json())


def test_a_text_that_is_mended_keeps_its_pictures(workspace: Workspace) -> None:
    broken = Content((Message("user", (PICTURE, Part(text="half \ud83d a sign"), PDF)),))
    prompt = workspace.prompts.create("Broken", "", broken)
    newest = workspace.versions.latest(prompt)
    assert newest is not None
    kept = workspace.versions.content(newest.id).messages[0]
    assert kept.attachments == (PICTURE, PDF)
    assert kept.text.startswith("half ")
