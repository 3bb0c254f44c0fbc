"""Prompts: names, folders, tags, copies, the archive, and a list that stays fast."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.library.names import clean_name, free_name
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.store.database import Database
from workbench.values import BadInput, Changes, Content, Message, NotFound

pytestmark = pytest.mark.both_stores


def _content(text: str) -> Content:
    return Content((Message.of("system", "You are kind."), Message.of("user", text)), {"temperature": 0.2})


@pytest.fixture
def prompts(database: Database) -> Prompts:
    return Prompts(database)


@pytest.fixture
def versions(database: Database) -> Versions:
    return Versions(database)


def test_a_prompt_with_content_starts_with_version_one(prompts: Prompts, versions: Versions) -> None:
    id = prompts.create("Refund reply", "support/refunds", _content("Ticket: {{ ticket }}"), "Answers refunds", note="First")
    row = prompts.get(id)
    assert (row.name, row.folder, row.description, row.kind) == ("Refund reply", "support/refunds", "Answers refunds", "prompt")
    assert (row.latest, row.versions, row.has_draft, row.archived, row.tags, dict(row.labels)) == (1, 1, False, False, (), {})
    (version,) = versions.list(id)
    assert (version.number, version.note, version.parent) == (1, "First", None)
    assert versions.content(version.id) == _content("Ticket: {{ ticket }}")
    assert prompts.folders() == ["support", "support/refunds"]


def test_a_prompt_without_content_starts_with_an_empty_draft(prompts: Prompts, versions: Versions) -> None:
    id = prompts.create("New")
    row = prompts.get(id)
    assert (row.latest, row.versions, row.has_draft) == (None, 0, True)
    draft = versions.draft(id)
    assert draft
    assert draft.content == Content((Message.of("user", ""),))
    assert versions.latest(id) is None


def test_the_list_is_sorted_by_folder_and_name(prompts: Prompts) -> None:
    for name, folder in (("b", "Zoo"), ("B2", "alpha"), ("a", "alpha"), ("Top", "")):
        prompts.create(name, folder)
    assert [(row.folder, row.name) for row in prompts.list()] == [("", "Top"), ("alpha", "a"), ("alpha", "B2"), ("Zoo", "b")]


def test_two_live_prompts_of_one_folder_do_not_share_a_name(prompts: Prompts) -> None:
    first = prompts.create("Reply", "support")
    top = prompts.create("Reply")
    with pytest.raises(BadInput, match="already a prompt named Reply in support"):
        prompts.create("  Reply ", "support/")
    with pytest.raises(BadInput, match="already a prompt named Reply"):
        prompts.create("Reply")
    other = prompts.create("Other", "support")
    with pytest.raises(BadInput, match="Reply in support"):
        prompts.rename(other, "Reply")
    with pytest.raises(BadInput, match="Reply in support"):
        prompts.move([other, top], "support")
    assert prompts.get(other).folder == "support"
    assert prompts.get(top).folder == "", "a move that fails moves none"
    prompts.archive([first])
    prompts.move([top], "support")
    prompts.rename(top, "Reply")
    assert prompts.get(top).folder == "support"


def test_a_name_needs_a_letter_and_has_an_end(prompts: Prompts) -> None:
    for name in ("", "   ", "\n\t", "x" * 201):
        with pytest.raises(BadInput):
            prompts.create(name)
    id = prompts.create("  two\nlines\x00 ")
    assert prompts.get(id).name == "two lines"
    assert prompts.list()[0].name == "two lines"


def test_text_with_half_a_character_is_kept_as_far_as_it_goes(prompts: Prompts, versions: Versions) -> None:
    id = prompts.create("Broken \ud83d", content=_content("\ud83d\ude00 and \udc00"), description="\ude00", note="\ud83d")
    assert prompts.get(id).name == "Broken \ufffd"
    assert versions.content(versions.list(id)[0].id).messages[1].text == "😀 and \ufffd"
    versions.save_draft(id, _content("half \ud83d"))
    draft = versions.draft(id)
    assert draft
    assert draft.content.messages[1].text == "half \ufffd"


def test_a_prompt_is_found_by_name_folder_or_uid(prompts: Prompts) -> None:
    one = prompts.create("Refund reply", "support")
    two = prompts.create("Refund reply", "sales")
    three = prompts.create("Summary")
    assert prompts.find("summary").id == three
    assert prompts.find(prompts.get(one).uid).id == one
    assert prompts.find("sales/refund reply").id == two
    assert prompts.find("Refund reply", "Support").id == one
    with pytest.raises(BadInput, match=r"2 prompts named Refund reply: sales/Refund reply, support/Refund reply"):
        prompts.find("Refund reply")
    with pytest.raises(NotFound, match=r"no prompt named Refnd reply\. Did you mean Refund reply"):
        prompts.find("Refnd reply")
    with pytest.raises(NotFound, match=r"no prompt named zzzz\.$"):
        prompts.find("zzzz")
    prompts.archive([three])
    with pytest.raises(NotFound):
        prompts.find("Summary")


def test_an_unknown_id_is_said_to_be_unknown(prompts: Prompts, versions: Versions) -> None:
    for call in (
        lambda: prompts.get(9),
        lambda: prompts.rename(9, "x"),
        lambda: prompts.describe(9, "x"),
        lambda: prompts.move([9], ""),
        lambda: prompts.set_tags(9, []),
        lambda: prompts.duplicate(9),
        lambda: prompts.archive([9]),
        lambda: prompts.restore([9]),
        lambda: versions.get(9),
        lambda: versions.content(9),
        lambda: versions.by_number(9, 1),
        lambda: versions.save(9, Content()),
        lambda: versions.restore(9),
        lambda: versions.save_draft(9, Content()),
        lambda: versions.set_label(9, "x", 1),
        lambda: versions.remove_label(9, "x"),
        lambda: versions.set_sample(9, "x", 1),
    ):
        with pytest.raises(NotFound):
            call()
    assert versions.list(9) == []
    assert versions.draft(9) is None
    assert versions.samples(9) == {}


def test_tags_are_kept_once_and_sorted(prompts: Prompts) -> None:
    id = prompts.create("P")
    prompts.set_tags(id, ["support", " refunds ", "support", ""])
    assert prompts.get(id).tags == ("refunds", "support")
    other = prompts.create("Q")
    prompts.set_tags(other, ["refunds"])
    prompts.set_tags(id, ["Zebra", "apple"])
    assert prompts.get(id).tags == ("apple", "Zebra")
    assert prompts.get(other).tags == ("refunds",)


def test_a_copy_has_the_newest_content_tags_and_samples_of_its_own(prompts: Prompts, versions: Versions) -> None:
    id = prompts.create("Reply", "support", _content("one"), "About replies")
    versions.save(id, _content("two"), note="Better")
    versions.save_draft(id, _content("three"))
    prompts.set_tags(id, ["a"])
    versions.set_sample(id, "ticket", "Boots")
    copy = prompts.duplicate(id)
    row = prompts.get(copy)
    assert (row.name, row.folder, row.description, row.tags) == ("Reply copy", "support", "About replies", ("a",))
    assert (row.latest, row.has_draft) == (1, False)
    assert versions.content(versions.list(copy)[0].id) == _content("two")
    assert versions.samples(copy) == {"ticket": "Boots"}
    assert prompts.get(prompts.duplicate(id)).name == "Reply copy 2"
    draft_only = prompts.create("Only a draft")
    versions.save_draft(draft_only, _content("unsaved"))
    draft = versions.draft(prompts.duplicate(draft_only))
    assert draft
    assert draft.content == _content("unsaved")


def test_archived_prompts_come_back_whole_and_under_a_free_name(prompts: Prompts, versions: Versions) -> None:
    id = prompts.create("Reply", content=_content("one"))
    prompts.archive([id])
    assert prompts.list() == []
    assert [row.id for row in prompts.list(archived=True)] == [id]
    assert prompts.get(id).archived
    assert len(versions.list(id)) == 1
    prompts.create("Reply")
    assert prompts.restore([id]) == {"Reply": "Reply 2"}
    assert [row.name for row in prompts.list()] == ["Reply", "Reply 2"]
    assert prompts.restore([id]) == {}
    assert prompts.get(id).name == "Reply 2", "restoring a live prompt changes nothing"


def test_folders_are_made_renamed_and_removed(prompts: Prompts) -> None:
    inside = prompts.create("P", "a/b")
    prompts.create_folder("a/c")
    prompts.create_folder("a/c")
    prompts.create_folder(" x / y ")
    assert prompts.folders() == ["a", "a/b", "a/c", "x", "x/y"]
    prompts.rename_folder("a", "m/n")
    assert prompts.folders() == ["m", "m/n", "m/n/b", "m/n/c", "x", "x/y"]
    assert prompts.get(inside).folder == "m/n/b"
    prompts.delete_folder("m/n/c")
    for busy in ("m/n/b", "m", "x"):
        with pytest.raises(BadInput, match="is not empty"):
            prompts.delete_folder(busy)
    with pytest.raises(BadInput, match="already a folder x"):
        prompts.rename_folder("m", "x")
    with pytest.raises(BadInput, match="cannot be moved"):
        prompts.rename_folder("m", "m/inside")
    for wrong in ("", "/", "..", "a/../b"):
        with pytest.raises(BadInput):
            prompts.create_folder(wrong)
    with pytest.raises(NotFound):
        prompts.rename_folder("nowhere", "else")
    with pytest.raises(NotFound):
        prompts.delete_folder("nowhere")
    prompts.archive([inside])
    prompts.delete_folder("m/n/b")
    prompts.restore([inside])
    assert prompts.get(inside).folder == ""


def test_a_folder_whose_name_begins_like_another_is_left_alone(prompts: Prompts) -> None:
    for path in ("team", "team-old", "team/a", "te_m"):
        prompts.create_folder(path)
    prompts.rename_folder("team", "crew")
    assert prompts.folders() == ["crew", "crew/a", "te_m", "team-old"]


def test_each_verb_announces_what_it_touched(database: Database, prompts: Prompts) -> None:
    heard: list[Changes] = []
    database.subscribe(heard.append)
    id = prompts.create("P", "a/b", _content("x"))
    assert heard[-1].ids("prompt") == {id}
    assert heard[-1].has("version", "folder")
    prompts.rename_folder("a", "c")
    assert heard[-1].ids("prompt") == {id}
    prompts.rename_folder("c", "c")
    verbs: list[Callable[[], object]] = [
        lambda: prompts.rename(id, "Q"),
        lambda: prompts.describe(id, "d"),
        lambda: prompts.set_tags(id, ["t"]),
        lambda: prompts.archive([id]),
    ]
    for verb in verbs:
        count = len(heard)
        verb()
        assert len(heard) == count + 1
        assert heard[-1].ids("prompt") == {id}


def test_a_thousand_prompts_are_listed_in_a_blink(database: Database, prompts: Prompts) -> None:
    _fill(database, 1000)
    rows = prompts.list()
    assert len(rows) == 1000
    assert {(row.latest, row.labels["production"]) for row in rows} == {(5, 3)}
    best = min(_seconds(prompts) for _ in range(5))
    print(f"\nlisting 1,000 prompts: {best * 1000:.1f} ms")
    assert best < 0.5, "the aim is 0.03 s on a quiet machine"


def _fill(database: Database, count: int) -> None:
    """Many prompts with five versions, a label and a tag each."""
    numbers = range(1, count + 1)
    with database.write() as writer:
        writer.run("INSERT INTO folder (path, created_at) VALUES ('support', '')")
        writer.run("INSERT INTO content (hash, messages, parameters, tools, variables, created_at) VALUES ('', '[]', '{}', '[]', '[]', '')")
        writer.many(
            "INSERT INTO prompt (uid, name, folder_id, description, kind, created_at) VALUES (?, ?, 1, '', 'prompt', '2026')",
            [(str(number), f"Prompt {number}") for number in numbers],
        )
        writer.many(
            """INSERT INTO version (uid, prompt_id, number, branch, content_id, note, author, created_at)
            VALUES (?, ?, ?, '', 1, '', '', '')""",
            [(f"{number}.{version}", number, version) for number in numbers for version in range(1, 6)],
        )
        writer.run(
            "INSERT INTO label (prompt_id, name, version_id, protected, moved_at) SELECT id, 'production', id * 5 - 2, 0, '' FROM prompt"
        )
        writer.run("INSERT INTO tag (name) VALUES ('a'), ('b')")
        writer.run("INSERT INTO prompt_tag (prompt_id, tag_id) SELECT id, 1 + id % 2 FROM prompt")


def _seconds(prompts: Prompts) -> float:
    began = time.perf_counter()
    prompts.list()
    return time.perf_counter() - began


@given(st.text(min_size=1, max_size=30), st.sets(st.text(max_size=3), max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_free_name_is_never_a_taken_one(wanted: str, taken: set[str]) -> None:
    free = free_name(wanted, taken | {wanted, f"{wanted} 2"})
    assert free not in taken | {wanted, f"{wanted} 2"}
    assert free.startswith(wanted)


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_clean_name_is_already_clean(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except BadInput:
        return
    assert clean_name(cleaned) == cleaned
    assert cleaned.encode()
