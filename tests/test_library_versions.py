"""Versions, drafts, labels and sample values."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from workbench import plan as plans
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.store.database import Database
from workbench.store.stamps import new_uid
from workbench.values import BadInput, Case, Changes, Content, Message, ModelSpec, NotFound, Part, Spec, Variant, canonical

pytestmark = pytest.mark.both_stores


def _content(text: str, **parameters: Any) -> Content:
    return Content((Message.of("user", text),), parameters)


@pytest.fixture
def versions(database: Database) -> Versions:
    return Versions(database)


@pytest.fixture
def prompt(database: Database) -> int:
    return Prompts(database).create("Reply", content=_content("one"))


def test_saving_makes_the_next_version_and_ends_the_draft(versions: Versions, prompt: int) -> None:
    versions.save_draft(prompt, _content("two, in the making"))
    saved = versions.save(prompt, _content("two"), note=" Warmer ", author="Ada")
    assert (saved.number, saved.note, saved.author, saved.parent) == (2, "Warmer", "Ada", 1)
    assert versions.draft(prompt) is None
    assert [row.number for row in versions.list(prompt)] == [2, 1]
    assert versions.latest(prompt) == versions.get(saved.id) == versions.by_number(prompt, 2)
    with pytest.raises(NotFound, match=r"no version 7\. Its newest is version 2"):
        versions.by_number(prompt, 7)


def test_saving_the_same_again_makes_no_version(versions: Versions, prompt: int) -> None:
    first = versions.latest(prompt)
    versions.save_draft(prompt, _content("changed"))
    assert versions.save(prompt, _content("one"), note="again") == first
    assert versions.draft(prompt) is None
    assert len(versions.list(prompt)) == 1


def test_equal_content_is_one_row_in_the_whole_workspace(database: Database, versions: Versions, prompt: int) -> None:
    versions.save(prompt, _content("two"))
    versions.save(prompt, _content("one"))
    Prompts(database).create("Another", content=_content("one"))
    assert database.query("SELECT count(*) FROM content") == [(2,)]
    assert versions.list(prompt)[0].content_hash == versions.list(prompt)[2].content_hash == _content("one").hash


def test_content_comes_back_as_it_was(versions: Versions, prompt: int) -> None:
    content = Content(
        (
            Message.of("system", 'Größe: {{ größe }}\n\ttabs, "quotes", \\ and 日本語 👩‍👩‍👧\n'),
            Message("user", (Part(text="See"), Part("image", media_type="image/png", data=bytes(range(256)), name="a.png"))),
            Message.of("assistant", ""),
        ),
        {"temperature": 0.1, "stop": ["\n"], "nested": {"b": [1, None, True]}},
        {"type": "object", "properties": {}},
        ({"name": "look_up", "parameters": {}},),
    )
    saved = versions.save(prompt, content)
    assert versions.content(saved.id) == content
    assert saved.content_hash == content.hash


def test_content_that_is_no_json_is_refused_and_nothing_is_written(versions: Versions, prompt: int) -> None:
    for wrong in (float("nan"), float("inf"), object(), {1, 2}):
        with pytest.raises(BadInput, match="no JSON value"):
            versions.save(prompt, _content("x", temperature=wrong))
        with pytest.raises(BadInput, match="no JSON value"):
            versions.save_draft(prompt, _content("x", temperature=wrong))
        with pytest.raises(BadInput, match="no JSON value"):
            versions.set_sample(prompt, "x", wrong)
    assert len(versions.list(prompt)) == 1
    assert versions.draft(prompt) is None


def test_a_version_with_a_broken_template_can_be_saved(database: Database, versions: Versions, prompt: int) -> None:
    versions.save(prompt, _content("{% for x in %} {{ a"))
    versions.save(prompt, _content("{{ customer.name }} and {{ ticket }}"))
    rows = database.query("SELECT variables FROM content ORDER BY id DESC")
    assert rows[0] == ('["customer","ticket"]',)
    assert rows[1] == ('["a"]',)


def test_an_old_version_is_restored_as_a_new_one_and_the_draft_stays(versions: Versions, prompt: int) -> None:
    old = versions.list(prompt)[0]
    versions.save(prompt, _content("two"))
    versions.save_draft(prompt, _content("three, in the making"))
    restored = versions.restore(old.id)
    assert (restored.number, restored.note, restored.parent, restored.content_hash) == (3, "Restored from v1", 1, old.content_hash)
    draft = versions.draft(prompt)
    assert draft
    assert draft.content == _content("three, in the making")
    assert versions.restore(restored.id) == versions.get(restored.id), "the newest version needs no restoring"


def test_a_draft_is_on_disk_as_soon_as_it_is_saved(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "w.db")
    id = Prompts(database).create("P")
    Versions(database).save_draft(id, _content("half a sentence"))
    with closing(sqlite3.connect(tmp_path / "w.db")) as other:
        assert "half a sentence" in other.execute("SELECT content FROM draft").fetchone()[0]
    database.close()


def test_a_draft_remembers_its_base_and_its_last_text(database: Database, versions: Versions, prompt: int) -> None:
    first = versions.list(prompt)[0].id
    versions.save(prompt, _content("two"))
    heard: list[Changes] = []
    database.subscribe(heard.append)
    versions.save_draft(prompt, _content("a"), base_version_id=first)
    assert heard[-1].has("draft")
    assert heard[-1].ids("prompt") == {prompt}, "the list shows that there is a draft now"
    versions.save_draft(prompt, _content("ab"), base_version_id=first)
    assert not heard[-1].has("prompt"), "typing on does not reload the list"
    count = len(heard)
    versions.save_draft(prompt, _content("ab"), base_version_id=first)
    assert len(heard) == count, "nothing changed"
    draft = versions.draft(prompt)
    assert draft
    assert (draft.base_version_id, draft.content) == (first, _content("ab"))
    saved = versions.save(prompt, _content("ab"))
    assert saved.parent == 1, "the version says which one it came from"


def test_a_draft_that_is_undone_is_no_draft_any_more(database: Database, versions: Versions, prompt: int) -> None:
    versions.save_draft(prompt, _content("changed"))
    assert Prompts(database).get(prompt).has_draft
    versions.save_draft(prompt, _content("one"))
    assert versions.draft(prompt) is None
    assert not Prompts(database).get(prompt).has_draft


def test_discarding_keeps_the_draft_of_a_prompt_that_has_nothing_else(database: Database, versions: Versions, prompt: int) -> None:
    versions.save_draft(prompt, _content("changed"))
    versions.discard_draft(prompt)
    assert versions.draft(prompt) is None
    new = Prompts(database).create("New")
    versions.discard_draft(new)
    assert versions.draft(new) is not None


def test_a_draft_that_its_writer_has_not_seen_becomes_a_version_before_it_gives_way(versions: Versions, prompt: int) -> None:
    mine = versions.save_draft(prompt, _content("mine"), over="")
    seen = versions.draft(prompt)
    assert seen is not None
    assert seen.mark == mine
    assert versions.save_draft(prompt, _content("mine, on"), over=mine) != mine
    assert [row.number for row in versions.list(prompt)] == [1], "what was seen simply goes on"
    theirs = versions.save_draft(prompt, _content("theirs"), over="")
    kept = versions.get(versions.list(prompt)[0].id)
    assert (kept.number, kept.parent, kept.branch) == (2, 1, "kept aside")
    assert kept.note == "Unsaved text that gave way to other text, written at the same time"
    assert versions.content(kept.id).messages[0].text == "mine, on"
    newest = versions.latest(prompt)
    assert newest is not None
    assert newest.number == 1, "it is nobody's newest"
    assert versions.keep_aside(prompt, _content("mine, on")) == 2, "the same text is kept once"
    versions.save_draft(prompt, _content("mine, on"), over="")
    versions.save_draft(prompt, _content("theirs"), over="")
    versions.save_draft(prompt, _content("theirs"), over=mine)
    assert [row.number for row in versions.list(prompt)] == [3, 2, 1], "each text once, and none for what both wrote"
    versions.save(prompt, _content("saved"), over=theirs)
    assert [row.branch for row in versions.list(prompt)] == ["", "kept aside", "kept aside", ""]
    versions.save_draft(prompt, _content("unseen"))
    versions.discard_draft(prompt, over="")
    assert versions.content(versions.list(prompt)[0].id).messages[0].text == "unseen"
    versions.save_draft(prompt, _content("unseen, too"))
    versions.save(prompt, _content("saved again"), over="")
    assert {versions.content(row.id).messages[0].text for row in versions.list(prompt)} >= {"unseen", "unseen, too", "saved again"}


def test_unsaved_text_of_a_prompt_that_was_never_saved_is_kept_too(database: Database, versions: Versions) -> None:
    def texts(prompt: int) -> list[tuple[str, str]]:
        return [(versions.content(row.id).messages[0].text, row.branch) for row in versions.list(prompt)]

    prompt = Prompts(database).create("New")
    versions.save_draft(prompt, _content("mine"))
    assert versions.save_draft(prompt, _content("theirs"), over="") == "", "what stands there is the first version: the prompt says it"
    assert texts(prompt) == [("mine", "kept aside"), ("theirs", "")]
    newest = versions.latest(prompt)
    assert newest is not None
    assert newest.number == 1
    assert versions.draft(prompt) is None
    told = Prompts(database).create("Told")
    versions.save_draft(told, _content("theirs"))
    assert versions.keep_aside(told, _content("mine")) == 2
    assert texts(told) == [("mine", "kept aside"), ("theirs", "")]
    assert versions.draft(told) is None


def test_labels_move_and_their_way_is_kept(database: Database, versions: Versions, prompt: int) -> None:
    first = versions.list(prompt)[0].id
    second = versions.save(prompt, _content("two")).id
    versions.set_label(prompt, "production", first)
    versions.set_label(prompt, " production ", second)
    versions.set_label(prompt, "production", second)
    versions.set_label(prompt, "staging", second)
    assert versions.get(second).labels == ("production", "staging")
    assert versions.get(first).labels == ()
    assert dict(Prompts(database).get(prompt).labels) == {"production": 2, "staging": 2}
    versions.remove_label(prompt, "staging")
    moves = database.query("SELECT name, from_version_id, to_version_id FROM label_move ORDER BY id")
    assert moves == [("production", None, first), ("production", first, second), ("staging", None, second), ("staging", second, None)]
    with pytest.raises(NotFound, match="no label staging"):
        versions.remove_label(prompt, "staging")
    other = Prompts(database).create("Other", content=_content("x"))
    with pytest.raises(NotFound):
        versions.set_label(other, "production", first)


def test_sample_values_are_any_json_and_none_removes_them(versions: Versions, prompt: int) -> None:
    values = {"a": "text", "b": 0, "c": False, "d": [1, {"x": None}], "e": "", "ü": "日本"}
    for variable, value in values.items():
        versions.set_sample(prompt, variable, value)
    assert versions.samples(prompt) == values
    versions.set_sample(prompt, "a", "other")
    versions.set_sample(prompt, "b", None)
    assert versions.samples(prompt) == {**{key: value for key, value in values.items() if key != "b"}, "a": "other"}


def _run(database: Database, uid: str, versions: list[int], outputs: list[tuple[int, str, list[tuple[bool | None, float]]]]) -> None:
    """A run with a column for each version; outputs are (column, job status, scores with weight)."""
    model = ModelSpec("m", "M", "echo", "")
    variants = tuple(Variant("Reply", number, _content(str(number)), uid) for number in versions)
    plan = plans.make(Spec("C", variants, (model,), (Case({}),)))
    with database.write() as writer:
        run = writer.run(
            """INSERT INTO run (uid, number, plan, plan_hash, status, created_at, spent, author)
            VALUES (:uid, 1, :plan, '', 'done', '', 0, '') RETURNING id""",
            uid=new_uid(),
            plan=canonical(plan.to_json()),
        ).scalar_one()
        for index, (column, status, scores) in enumerate(outputs):
            job = writer.run(
                """INSERT INTO job (run_id, column_index, case_index, repeat, fingerprint, status, attempts)
                VALUES (:run, :column, :case, 1, '', :status, 1) RETURNING id""",
                run=run, column=column, case=index, status=status,
            ).scalar_one()  # fmt: skip
            for attempt in (1, 2):
                output = writer.run(
                    "INSERT INTO output (job_id, attempt, text, price_known, created_at) VALUES (:job, :attempt, '', 0, '') RETURNING id",
                    job=job, attempt=attempt,
                ).scalar_one()  # fmt: skip
            writer.many(
                """INSERT INTO score (output_id, check_key, "check", passed, reason, generation, at) VALUES (?, '0', ?, ?, '', 1, '')""",
                [(output, canonical({"type": "contains", "weight": weight}), passed) for passed, weight in scores],
            )


def test_a_version_knows_its_outputs_and_pass_rate_in_all_runs(database: Database, versions: Versions, prompt: int) -> None:
    versions.save(prompt, _content("two"))
    versions.save(prompt, _content("three"))
    uid = Prompts(database).get(prompt).uid
    well, badly, open_, told = (True, 1.0), (False, 1.0), (None, 1.0), (False, 0.0)
    _run(database, uid, [1, 2], [(0, "done", [well]), (0, "done", [well, badly]), (1, "done", []), (1, "failed", [well])])
    _run(database, uid, [2, 1], [(1, "done", [well, told]), (1, "done", [well, open_]), (1, "done", [open_]), (0, "queued", [])])
    _run(database, "somebody else's", [1], [(0, "done", [badly])])
    three, two, one = versions.list(prompt)
    assert (three.outputs, three.pass_rate) == (0, None)
    assert (two.outputs, two.pass_rate) == (1, None)
    assert (one.outputs, one.pass_rate) == (5, 0.75)
    _run(database, uid, [3], [(0, "done", [well])])
    assert versions.list(prompt)[0].pass_rate == 1.0
