"""A library folder and the workspace kept in step: real folders, real git; nothing lost, nothing guessed, nothing read back as news."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.test_library_folder import Library, contents, fill, opened, said, text_of, versions_of
from workbench.library.branches import Branches
from workbench.library.in_step import LibraryFolder
from workbench.library.in_step.records import Settled, StepReport
from workbench.store.database import Database
from workbench.values import BadInput, Case, ReadOnly, Stopped

pytestmark = pytest.mark.both_stores


class Side:
    """One workspace that is kept in step with a folder."""

    def __init__(self, library: Library, folder: Path) -> None:
        self.library, self.folder = library, folder
        self.step = LibraryFolder(library.database, library.datasets, library.comparisons)
        self.step.choose(folder)

    def sync(self, **how: object) -> StepReport:
        return self.step.sync(**how)  # type: ignore[arg-type]

    def calm(self) -> None:
        """Nothing is left to do on either side."""
        before = contents(self.folder)
        report = self.sync()
        assert not report.did_something, report
        assert report.is_in_step, report
        assert contents(self.folder) == before

    def edit(self, path: str, old: str, new: str) -> None:
        text = text_of(self.folder, path)
        assert old in text
        (self.folder / path).write_text(text.replace(old, new), "utf-8", newline="\n")

    def texts(self, name: str, folder: str | None = None) -> list[str]:
        return versions_of(self.library, name, folder)

    def save(self, name: str, text: str) -> None:
        self.library.versions.save(self.library.prompts.find(name).id, said(text))


@pytest.fixture
def side(database: Database, tmp_path: Path) -> Side:
    made = Side(Library.at(database), tmp_path / "lib")
    fill(made.library)
    made.sync()
    made.calm()
    return made


@pytest.fixture
def far(side: Side, tmp_path: Path) -> Iterator[Side]:
    """A second app on the same folder."""
    with opened(tmp_path / "far.db") as library:
        made = Side(library, side.folder)
        made.sync()
        made.calm()
        yield made


CON = "prompts/con-file.yaml"


# One side changed


def test_what_lies_in_the_folder_is_what_an_export_writes(side: Side, tmp_path: Path) -> None:
    side.library.files.export(tmp_path / "export")
    assert contents(side.folder) == contents(tmp_path / "export")


def test_a_text_that_was_changed_in_the_folder_is_a_new_version_and_the_file_then_says_its_number(side: Side) -> None:
    side.edit(CON, "reserved", "from outside")
    report = side.sync()
    assert [(item.name, item.changes) for item in report.brought] == [("con", "version 2")]
    assert side.texts("con") == ["from outside", "reserved"]
    assert "version: 2" in text_of(side.folder, CON)
    side.calm()


def on_a_branch(side: Side) -> int:
    """The prompt `con` with a newer version on a branch, which is written on and has unsaved edits."""
    id_ = side.library.prompts.find("con").id
    first = side.library.versions.by_number(id_, 1).id
    Branches(side.library.database).start(first, "warm")
    side.save("con", "on the branch")
    side.library.versions.save_draft(id_, said("typed on the branch"))
    side.sync()
    side.calm()
    return id_


def test_details_changed_in_the_file_make_no_version_of_a_prompt_with_a_newer_one_on_a_branch(side: Side) -> None:
    id_ = on_a_branch(side)
    side.edit(CON, "prompt: con", "prompt: con\ndescription: From outside")
    side.sync()
    assert [(row.number, row.branch) for row in side.library.versions.list(id_)] == [(2, "warm"), (1, "")]
    assert side.library.prompts.get(id_).description == "From outside"
    side.calm()


def test_a_file_that_says_what_a_branch_says_brings_it_to_the_main_line_and_leaves_the_draft(side: Side) -> None:
    id_ = on_a_branch(side)
    side.edit(CON, "reserved", "on the branch")
    side.sync()
    newest, draft = side.library.versions.latest(id_), side.library.versions.draft(id_, "warm")
    assert newest is not None
    assert draft is not None
    assert (newest.number, newest.branch, side.texts("con")[0]) == (3, "", "on the branch")
    assert draft.content == said("typed on the branch")
    side.calm()


def test_a_branch_that_is_closed_or_opened_again_is_so_on_the_other_side(side: Side, far: Side) -> None:
    id_, path = on_a_branch(side), "prompts/con-file.versions.yaml"
    far.sync()
    other = far.library.prompts.find("con").id
    mine, theirs = Branches(side.library.database), Branches(far.library.database)
    theirs.switch(other, "warm")

    def states() -> list[tuple[str, bool, bool]]:
        return [(branch.name, branch.closed, branch.current) for branch in theirs.list(other)]

    mine.close(id_, "warm")
    side.sync()
    assert "closed: [warm]" in text_of(side.folder, path)
    far.sync()
    assert states() == [("", False, True), ("warm", True, False)]
    far.calm()
    mine.switch(id_, "warm")
    side.sync()
    assert "closed" not in text_of(side.folder, path)
    far.sync()
    assert states() == [("", False, True), ("warm", False, False)]
    side.calm()


def test_a_saved_version_is_written_and_comments_of_a_person_stay(side: Side) -> None:
    side.edit(CON, "prompt: con", "# mine\nprompt: con\nowner: Ann")
    side.sync()
    side.save("con", "from here")
    assert set(side.sync().written) == {CON, "prompts/con-file.versions.yaml"}
    text = text_of(side.folder, CON)
    assert "# mine" in text
    assert "owner: Ann" in text
    assert "from here" in text
    side.calm()


def test_tags_labels_and_samples_that_were_taken_out_of_the_file_are_taken_off(side: Side) -> None:
    path = "prompts/support/mails/refund-reply.yaml"
    side.edit(path, "tags: [refunds, support]\n", "")
    side.edit(path, "labels: {production: 2, staging: 3}", "labels: {staging: 3}")
    side.edit(path, "description: Answers refunds.\n", "")
    side.sync()
    row = side.library.prompts.find("Refund reply", "Support/Mails")
    assert (row.tags, dict(row.labels), row.description) == ((), {"staging": 3}, "")
    side.calm()


def test_a_new_file_becomes_a_prompt_and_a_new_prompt_a_file(side: Side) -> None:
    (side.folder / "prompts" / "Short.yaml").write_text("prompt: Say hello to {{ name }}.\n")
    side.library.prompts.create("From here", "New/Place", said("hello"))
    report = side.sync()
    assert [item.name for item in report.brought] == ["Short"]
    assert (side.folder / "prompts/new/place/from-here.yaml").is_file()
    assert side.texts("Short") == ["Say hello to {{ name }}."]
    side.calm()


def test_a_deleted_file_puts_its_prompt_into_the_archive_and_its_return_brings_it_back(side: Side) -> None:
    kept = {name: (side.folder / name).read_bytes() for name in (CON, "prompts/con-file.versions.yaml")}
    id_ = side.library.prompts.find("con").id
    for name in kept:
        (side.folder / name).unlink()
    assert [gone.name for gone in side.sync().archived] == ["con"]
    assert side.library.prompts.get(id_).archived
    side.calm()
    for name, data in kept.items():
        (side.folder / name).write_bytes(data)
    side.sync()
    assert not side.library.prompts.get(id_).archived
    side.calm()
    (side.folder / CON).unlink()
    side.sync()
    side.library.prompts.restore([id_])
    side.sync()
    assert (side.folder / CON).is_file()
    side.calm()


def test_an_archived_prompt_takes_its_files_along(side: Side) -> None:
    side.library.prompts.archive([side.library.prompts.find("con").id])
    assert CON in side.sync().removed
    assert not (side.folder / CON).exists()
    assert not (side.folder / "prompts/con-file.versions.yaml").exists()
    side.calm()


def test_a_moved_and_a_renamed_file_stay_the_same_prompt(side: Side) -> None:
    id_ = side.library.prompts.find("con").id
    for ending in (".yaml", ".versions.yaml"):
        target = side.folder / "prompts" / "elsewhere" / f"aux{ending}"
        target.parent.mkdir(exist_ok=True)
        (side.folder / f"prompts/con-file{ending}").rename(target)
    side.sync()
    assert side.library.prompts.get(id_).folder == "elsewhere"
    side.calm()
    side.edit("prompts/elsewhere/aux.yaml", "prompt: con", "prompt: Other name")
    side.sync()
    assert side.library.prompts.get(id_).name == "Other name"
    assert side.texts("Other name") == ["reserved"]
    side.calm()


def test_of_two_names_that_differ_in_case_the_one_that_is_known_stays_the_prompt(side: Side) -> None:
    side.sync()
    before = {prompt.name for prompt in side.library.prompts.list()}
    known = side.folder / "prompts" / "refund-reply.yaml"
    twin = known.with_name("REFUND-reply.yaml")
    twin.write_text(known.read_text("utf-8").replace("Refund reply", "Other"), "utf-8")
    if len([path for path in known.parent.iterdir() if path.name.lower() == known.name]) < 2:
        pytest.skip("names that differ only in case are one file here")
    report = side.sync()
    assert [item.path for item in report.aside] == ["prompts/REFUND-reply.yaml"]
    assert (report.brought, report.written, report.removed) == ((), (), ())
    assert {prompt.name for prompt in side.library.prompts.list()} == before
    twin.unlink()
    side.calm()


def test_a_prompt_that_is_renamed_or_moved_here_takes_its_file_along_with_what_a_person_wrote_into_it(side: Side, far: Side) -> None:
    side.edit(CON, "prompt: con", "# mine\nprompt: con")
    side.sync()
    far.sync()
    there = far.library.prompts.find("con").id
    id_ = side.library.prompts.find("con").id
    side.library.prompts.rename(id_, "New name")
    side.library.prompts.move([id_], "a/b")
    side.sync()
    assert not (side.folder / CON).exists()
    assert "# mine" in text_of(side.folder, "prompts/a/b/new-name.yaml")
    side.calm()
    far.sync()
    row = far.library.prompts.get(there)
    assert (row.name, row.folder, row.archived) == ("New name", "a/b", False)
    far.calm()
    side.calm()


def test_a_draft_is_never_lost_and_never_written_over_a_version(side: Side) -> None:
    id_ = side.library.prompts.find("con").id
    side.library.versions.save_draft(id_, said("half written"), side.library.versions.by_number(id_, 1).id)
    side.edit(CON, "reserved", "from outside")
    side.sync()
    draft = side.library.versions.draft(id_)
    assert draft is not None
    assert draft.content == said("half written")
    assert "half written" not in text_of(side.folder, CON)
    side.calm()


def test_datasets_and_comparisons_go_both_ways(side: Side) -> None:
    few = side.library.datasets.find("Few").id
    side.library.datasets.add_cases(few, [Case({"ticket": "d", "lang": "fr"})])
    side.edit("datasets/many-rows.csv", "say", "tell")
    side.edit("comparisons/quick-look.yaml", "concurrency: 1", "concurrency: 3")
    report = side.sync()
    assert {item.name for item in report.brought} == {"Many rows", "Quick look"}
    assert "ticket: d" in text_of(side.folder, "datasets/few.yaml")
    assert side.library.comparisons.find("Quick look").definition.concurrency == 3
    side.calm()


# No change at all


def test_touched_files_other_line_ends_and_files_of_cloud_drives_are_no_change(side: Side) -> None:
    mark = side.step.look()
    for path in side.folder.rglob("*.yaml"):
        os.utime(path)
    assert side.step.look() == mark
    for path in [*side.folder.rglob("*.yaml"), *side.folder.rglob("*.csv")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    for name in ("~$con-file.yaml", "con-file.yaml.tmp", ".con-file.yaml.swp", ".DS_Store", "desktop.ini", "con-file.yaml~"):
        (side.folder / "prompts" / name).write_text("prompt: x\n")
    assert side.step.look() == mark
    assert not side.sync().did_something


def test_a_file_that_is_not_downloaded_yet_is_waited_for(side: Side) -> None:
    (side.folder / CON).unlink()
    (side.folder / "prompts/.con-file.yaml.icloud").write_bytes(b"bplist")
    report = side.sync()
    assert report.waiting == (CON,)
    assert not side.library.prompts.find("con").archived


COPIES = ("prompts/con-file (Ann's conflicted copy 2026-11-28).yaml", "prompts/con-file (1).yaml")


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_that_says_the_same_is_set_aside_and_named(side: Side, copy: str) -> None:
    shutil.copy(side.folder / CON, side.folder / copy)
    report = side.sync()
    assert [(item.path, item.reason) for item in report.aside] == [
        (copy, f"{CON} says the same. Delete this file, or give it another name, inside.")
    ]
    assert len(side.texts("con")) == 1


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize(("choice", "newest"), [("mine", "reserved"), ("theirs", "other"), ("merged", "both of us"), ("both", "reserved")])
def test_a_second_file_of_a_prompt_is_a_choice_and_goes_when_its_text_has_come_in(side: Side, copy: str, choice: str, newest: str) -> None:
    (side.folder / copy).write_text(text_of(side.folder, CON).replace("reserved", "other"), "utf-8", newline="\n")
    (conflict,) = side.sync().conflicts
    assert (conflict.path, conflict.reason, conflict.name) == (copy, "copy", "con")
    assert conflict.sentence.startswith(f"A second file of {CON}")
    assert ("user: reserved" in conflict.mine, "user: other" in conflict.theirs) == (True, True)
    merged = conflict.mine.replace("reserved", "both of us") if choice == "merged" else ""
    side.sync(answers={copy: Settled(choice, conflict.mark, merged)})  # type: ignore[arg-type]
    assert side.texts("con")[0] == newest
    kept = {*side.texts("con"), *(side.texts("con (folder)") if choice == "both" else ())}
    assert {"reserved", "other"} <= kept
    assert f"user: {newest}" in text_of(side.folder, CON)
    assert not (side.folder / copy).exists()
    side.calm()


@pytest.mark.parametrize("choice", ["mine", "theirs", "both"])
def test_a_second_file_of_a_dataset_is_a_choice_too(side: Side, choice: str) -> None:
    path = sorted(file.relative_to(side.folder).as_posix() for file in (side.folder / "datasets").glob("*.yaml"))[0]
    copy = path.replace(".yaml", " (1).yaml")
    text = text_of(side.folder, path)
    name = next(line.partition(": ")[2] for line in text.splitlines() if line.startswith("dataset: "))
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("description:"))
    (side.folder / copy).write_text(text.replace(f"dataset: {name}\n", f"dataset: {name}\ndescription: Other\n"), "utf-8", newline="\n")
    (conflict,) = side.sync().conflicts
    assert (conflict.path, conflict.reason, conflict.kind) == (copy, "copy", "dataset")
    side.sync(answers={copy: Settled(choice, conflict.mark)})  # type: ignore[arg-type]
    assert (side.library.datasets.find(name).description == "Other") == (choice == "theirs")
    said = {row.description for archived in (False, True) for row in side.library.datasets.list(archived=archived)}
    assert "Other" in said
    assert not (side.folder / copy).exists()
    side.calm()


def test_a_copy_is_asked_about_when_its_prompt_is_settled(side: Side) -> None:
    clash(side)
    (side.folder / COPIES[1]).write_text(text_of(side.folder, CON).replace("theirs", "other"), "utf-8", newline="\n")
    report = side.sync()
    assert ([item.path for item in report.conflicts], [item.path for item in report.aside]) == ([CON], [COPIES[1]])
    assert report.aside[0].reason == f"This is another form of {CON}. Choose about {CON} first."


def test_a_copy_that_fits_no_prompt_is_set_aside(side: Side) -> None:
    (side.folder / COPIES[0]).write_text("prompt: nobody\nmessages:\n  - user: x\n", "utf-8")
    assert [item.path for item in side.sync().aside] == [COPIES[0]]


@pytest.mark.skipif(os.name == "nt", reason="Windows wants rights for links")
@pytest.mark.parametrize("path", [CON, "prompts/support"])
def test_a_file_or_folder_that_became_a_link_is_set_aside_and_its_prompts_stay(side: Side, tmp_path: Path, path: str) -> None:
    names = {row.name for row in side.library.prompts.list()}
    shutil.move(side.folder / path, tmp_path / "elsewhere")
    (side.folder / path).symlink_to(tmp_path / "elsewhere")
    report = side.sync()
    assert [item.path for item in report.aside] == [path]
    assert "symbolic link" in report.aside[0].reason
    assert not report.did_something
    assert not report.waiting
    assert {row.name for row in side.library.prompts.list()} == names
    (side.folder / path).unlink()
    shutil.move(tmp_path / "elsewhere", side.folder / path)
    side.calm()


def test_own_writes_are_not_read_back(side: Side) -> None:
    side.save("con", "again")
    side.sync()
    assert side.step.look() == side.step.look()
    side.calm()


# Both sides changed


def clash(side: Side) -> StepReport:
    side.save("con", "mine")
    side.edit(CON, "reserved", "theirs")
    return side.sync()


def test_a_prompt_that_both_sides_changed_is_asked_about_and_nothing_is_done_until_then(side: Side) -> None:
    report = clash(side)
    (conflict,) = report.conflicts
    assert (conflict.path, conflict.name, conflict.reason) == (CON, "con", "both")
    assert "- user: mine\n" in conflict.mine
    assert "- user: reserved\n" in conflict.before
    assert "- user: theirs\n" in conflict.theirs
    assert not report.did_something
    assert side.sync().conflicts == report.conflicts
    assert side.texts("con") == ["mine", "reserved"]
    assert "theirs" in text_of(side.folder, CON)


@pytest.mark.parametrize(("choice", "newest"), [("mine", "mine"), ("theirs", "theirs"), ("merged", "both of us"), ("both", "mine")])
def test_each_choice_keeps_both_texts_in_the_history(side: Side, choice: str, newest: str) -> None:
    (conflict,) = clash(side).conflicts
    merged = conflict.theirs.replace("theirs", "both of us") if choice == "merged" else ""
    report = side.sync(answers={CON: Settled(choice, conflict.mark, merged)})  # type: ignore[arg-type]
    assert not report.conflicts
    texts = side.texts("con")
    assert texts[0] == newest
    kept = {*texts, *(side.texts("con (folder)") if choice == "both" else ())}
    assert {"reserved", "mine", "theirs", newest} <= kept
    assert f"user: {newest}" in text_of(side.folder, CON)
    side.calm()


def test_an_answer_to_an_older_state_is_not_used(side: Side) -> None:
    (conflict,) = clash(side).conflicts
    side.edit(CON, "theirs", "theirs again")
    report = side.sync(answers={CON: Settled("mine", conflict.mark)})
    assert "theirs again" in report.conflicts[0].theirs


def test_the_same_change_on_both_sides_is_no_conflict(side: Side) -> None:
    side.save("con", "same")
    side.library.files.export(side.folder)
    assert not side.sync().conflicts
    side.calm()


def test_a_deleted_file_of_a_changed_prompt_and_a_changed_file_of_an_archived_one_are_asked_about(side: Side) -> None:
    side.save("con", "mine")
    (side.folder / CON).unlink()
    (conflict,) = side.sync().conflicts
    assert (conflict.reason, conflict.theirs) == ("deleted", "")
    side.sync(settle="mine")
    assert "user: mine" in text_of(side.folder, CON)
    side.calm()
    id_ = side.library.prompts.find("con").id
    side.library.prompts.archive([id_])
    side.edit(CON, "user: mine", "user: theirs")
    (conflict,) = side.sync().conflicts
    assert (conflict.reason, conflict.mine) == ("archived", "")
    side.sync(settle="theirs")
    assert side.texts("con")[0] == "theirs"
    assert not side.library.prompts.get(id_).archived
    side.calm()


@pytest.mark.parametrize(("choice", "at"), [("mine", 1), ("theirs", 2)])
def test_a_protected_label_is_not_moved_by_a_file_without_a_question(side: Side, choice: str, at: int) -> None:
    side.save("con", "second")
    id_ = side.library.prompts.find("con").id
    side.library.versions.set_label(id_, "production", side.library.versions.by_number(id_, 1).id)
    side.library.versions.protect_label(id_, "production", True)
    side.sync()
    side.edit(CON, "production: 1", "production: 2")
    (conflict,) = side.sync().conflicts
    assert (conflict.reason, conflict.label) == ("label", "production")
    side.sync(settle=choice)
    assert dict(side.library.prompts.get(id_).labels) == {"production": at}
    assert f"production: {at}" in text_of(side.folder, CON)
    side.calm()


@pytest.mark.parametrize("choice", ["mine", "theirs", "both"])
def test_a_dataset_that_both_sides_changed_is_asked_about_and_the_other_form_is_kept(side: Side, choice: str) -> None:
    few = side.library.datasets.find("Few").id
    side.library.datasets.add_cases(few, [Case({"ticket": "mine", "lang": "fr"})])
    side.edit("datasets/few.yaml", "ticket: c", "ticket: theirs")
    (conflict,) = side.sync().conflicts
    assert conflict.kind == "dataset"
    side.sync(settle=choice)
    side.calm()
    rows = [*side.library.datasets.list(), *side.library.datasets.list(archived=True)]
    tickets = {case.values.get("ticket") for row in rows for case in side.library.datasets.cases(row.id)}
    assert "theirs" in tickets
    names = {row.name for row in side.library.datasets.list()}
    assert ("Few (folder)" in names) == (choice == "both")


# Two apps on one folder


def test_two_apps_on_one_folder_come_to_the_same_text_whoever_is_asked(side: Side, far: Side) -> None:
    side.save("con", "A")
    far.save("con", "B")
    side.sync()
    (conflict,) = far.sync().conflicts
    assert "user: A" in conflict.theirs
    far.sync(settle="mine")
    side.sync()
    far.sync()
    side.calm()
    far.calm()
    assert side.texts("con")[0] == far.texts("con")[0] == "B"
    assert {"A", "B", "reserved"} <= set(side.texts("con")) & set(far.texts("con"))


# Git


def git(folder: Path, *arguments: str, fails: bool = False) -> None:
    names = {f"GIT_{who}_{what}": "ann@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **names, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
@pytest.mark.parametrize("choice", ["mine", "theirs", "merged", "both"])
def test_a_merge_that_git_could_not_do_is_a_choice_of_both_sides_and_all_versions_come_in(side: Side, choice: str, tmp_path: Path) -> None:
    git(side.folder, "init", "-b", "main")
    git(side.folder, "config", "core.autocrlf", "false")
    git(side.folder, "add", "-A")
    git(side.folder, "commit", "-m", "start")
    git(side.folder, "clone", ".", str(tmp_path / "clone"))
    with opened(tmp_path / "colleague.db") as library:
        colleague = Side(library, tmp_path / "clone")
        colleague.sync()
        colleague.save("con", "of the colleague")
        colleague.sync()
    git(tmp_path / "clone", "commit", "-am", "theirs")
    side.save("con", "of mine")
    side.save("Only a draft", "another prompt")
    side.sync()
    git(side.folder, "add", "-A")
    git(side.folder, "commit", "-m", "mine")
    git(side.folder, "pull", "--no-rebase", str(tmp_path / "clone"), "main", fails=True)
    assert "<<<<<<<" in text_of(side.folder, CON)
    report = side.sync()
    (conflict,) = report.conflicts
    assert (conflict.path, conflict.reason) == (CON, "git")
    assert "user: of mine" in conflict.mine
    assert "user: of the colleague" in conflict.theirs
    assert "user: reserved" in conflict.before
    merged = conflict.mine.replace("of mine", "of us") if choice == "merged" else ""
    side.sync(answers={CON: Settled(choice, conflict.mark, merged)})  # type: ignore[arg-type]
    newest = {"mine": "of mine", "both": "of mine", "theirs": "of the colleague", "merged": "of us"}[choice]
    assert side.texts("con")[0] == newest
    if choice == "both":  # each its own, and no version twice
        assert (side.texts("con"), side.texts("con (folder)")) == (["of mine", "reserved"], ["of the colleague", "reserved"])
    else:
        assert {"reserved", "of mine", "of the colleague"} <= set(side.texts("con"))
    for name in (CON, "prompts/con-file.versions.yaml"):
        assert "<<<<<<<" not in text_of(side.folder, name)
    side.calm()
    git(side.folder, "add", "-A")
    git(side.folder, "commit", "-m", "merged")


@pytest.mark.parametrize(("choice", "newest"), [("mine", "reserved"), ("theirs", "theirs"), ("merged", "of us"), ("both", "reserved")])
def test_a_text_that_only_gits_own_side_held_is_kept_whatever_is_chosen(side: Side, choice: str, newest: str) -> None:
    lines = text_of(side.folder, CON).splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if "user: reserved" in line)
    both = ["<<<<<<< HEAD\n", lines[at].replace("reserved", "ours"), "=======\n", lines[at].replace("reserved", "theirs"), ">>>>>>> x\n"]
    (side.folder / CON).write_text("".join([*lines[:at], *both, *lines[at + 1 :]]), "utf-8", newline="\n")
    (conflict,) = side.sync().conflicts
    merged = conflict.mine.replace("reserved", "of us") if choice == "merged" else ""
    side.sync(answers={CON: Settled(choice, conflict.mark, merged)})  # type: ignore[arg-type]
    texts = side.texts("con")
    assert texts[0] == newest
    assert {"reserved", "ours", "theirs", newest} <= {*texts, *(side.texts("con (folder)") if choice == "both" else ())}
    assert "<<<<<<<" not in text_of(side.folder, CON)
    side.calm()


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_conflict_markers_in_the_versions_alone_are_told_with_their_line_and_asked_about(side: Side, choice: str) -> None:
    side.save("con", "second")
    side.sync()
    path = "prompts/con-file.versions.yaml"
    lines = text_of(side.folder, path).splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if "user: second" in line)
    both = ["<<<<<<< HEAD\n", lines[at], "=======\n", lines[at].replace("second", "of another"), ">>>>>>> other\n"]
    (side.folder / path).write_text("".join([*lines[:at], *both, *lines[at + 1 :]]), "utf-8", newline="\n")
    report = side.sync()
    (conflict,) = report.conflicts
    assert not report.aside
    assert (conflict.path, conflict.reason, conflict.file, conflict.line) == (CON, "git", path, at + 1)
    assert conflict.sentence == f"Git could not merge {path}: it left conflict markers in it, the first in line {at + 1}."
    side.sync(answers={CON: Settled(choice, conflict.mark)})  # type: ignore[arg-type]
    assert side.texts("con")[0] == "second"
    assert {"reserved", "second", "of another"} <= set(side.texts("con"))
    assert "<<<<<<<" not in text_of(side.folder, path)
    side.calm()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_a_checkout_of_an_older_state_takes_texts_back_as_new_versions_and_forth_again(side: Side) -> None:
    git(side.folder, "init", "-b", "main")
    git(side.folder, "add", "-A")
    git(side.folder, "commit", "-m", "start")
    side.save("con", "second")
    side.sync()
    git(side.folder, "commit", "-am", "second")
    git(side.folder, "checkout", "HEAD~1")
    side.sync()
    assert side.texts("con") == ["reserved", "second", "reserved"]
    git(side.folder, "checkout", "-f", "main")
    side.sync()
    assert side.texts("con")[0] == "second"
    side.calm()


# Files that cannot be used


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("prompt: con\nmessages:\n  - user: 'open\n", 4),
        ("prompt: con\nmessages:\n\t- user: x\n", 3),
        ("prompt: con\nversion: 0\nmessages:\n  - user: x\n", 2),
        ("- just\n- a list\n", None),
        ("", None),
    ],
)
def test_an_invalid_file_is_set_aside_with_its_line_while_all_others_work_and_comes_in_when_it_is_mended(
    side: Side, text: str, line: int | None
) -> None:
    good = (side.folder / CON).read_bytes()
    (side.folder / CON).write_text(text)
    side.edit("snippets/polite-words.yaml", "{# snippet #}", "Thank you")
    report = side.sync()
    assert [item.path for item in report.aside] == [CON]
    if line is not None:
        assert report.aside[0].line == line
    assert [item.name for item in report.brought] == ["Polite words"]
    assert text_of(side.folder, CON) == text
    side.save("con", "meanwhile")
    assert side.sync().aside
    assert text_of(side.folder, CON) == text, "a file that nobody can read is not written over"
    (side.folder / CON).write_bytes(good.replace(b"reserved", b"mended"))
    assert [conflict.name for conflict in side.sync().conflicts] == ["con"]
    side.sync(settle="theirs")
    assert side.texts("con")[0] == "mended"
    side.calm()


def test_a_changed_old_version_is_set_aside_and_not_written_over(side: Side) -> None:
    path = "prompts/support/mails/refund-reply.versions.yaml"
    side.edit(path, "v1 {{ ticket }}", "forged {{ ticket }}")
    report = side.sync()
    assert [(item.path, item.line is not None) for item in report.aside] == [(path, True)]
    assert "forged" in text_of(side.folder, path)


def test_a_file_larger_than_any_library_file_is_set_aside_unread_and_its_prompt_stays(side: Side) -> None:
    kept = (side.folder / CON).read_bytes()
    with (side.folder / CON).open("r+b") as file:
        file.truncate(64 << 30)  # it takes no room on the disk, and would take all memory
    report = side.sync()
    assert [(item.path, item.reason) for item in report.aside] == [(CON, "This file cannot be read (it is larger than 32 MB).")]
    assert side.library.prompts.find("con")
    (side.folder / CON).write_bytes(kept)
    side.calm()


def test_a_table_whose_line_ends_were_changed_is_no_news(side: Side) -> None:
    for path in (side.folder / "datasets").glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        break
    else:
        pytest.fail("there is no table")
    side.calm()


# Folders that are not there


def test_a_folder_that_is_gone_or_empty_never_means_that_all_was_deleted(side: Side) -> None:
    away = side.folder.with_name("away")
    side.folder.rename(away)
    with pytest.raises(BadInput, match="is not there"):
        side.sync()
    side.folder.mkdir()
    report = side.sync()
    assert report.is_empty
    assert len(report.missing) > 5
    assert not any(side.folder.iterdir()), "an unmounted drive's folder is not written into"
    assert not side.library.prompts.list(archived=True)
    side.folder.rmdir()
    away.rename(side.folder)
    side.calm()


def test_very_many_deleted_files_are_asked_about(side: Side) -> None:
    shutil.rmtree(side.folder / "prompts")
    side.library.prompts.describe(side.library.prompts.find("Polite words").id, "the rest goes on")
    report = side.sync()
    assert {gone.name for gone in report.missing} == {"Refund reply", "refund-reply", "Only a draft", "con"}
    assert not report.archived
    assert "the rest goes on" in text_of(side.folder, "snippets/polite-words.yaml")
    side.sync(deletions="write")
    assert (side.folder / CON).is_file()
    side.calm()
    shutil.rmtree(side.folder / "prompts")
    side.sync(deletions="archive")
    assert {row.kind for row in side.library.prompts.list()} == {"snippet"}
    side.calm()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the system's administrator may write everywhere")
def test_a_folder_that_cannot_be_written_says_so(side: Side) -> None:
    (side.folder / "prompts").chmod(0o500)
    try:
        side.save("con", "no room")
        assert side.sync().unwritten
    finally:
        (side.folder / "prompts").chmod(0o700)
    side.sync()
    side.calm()


def test_a_file_in_the_place_of_a_folder_is_refused(side: Side, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="is a file"):
        side.step.choose(tmp_path / "file")
    with pytest.raises(BadInput, match="is a file"):
        side.sync(folder=tmp_path / "file")


def test_a_library_of_a_newer_version_is_left_alone(side: Side) -> None:
    side.edit("workbench.yaml", "format: 1", "format: 2")
    with pytest.raises(BadInput, match="newer version"):
        side.sync()


@pytest.mark.one_store("file")  # a second window on a server writes too
def test_a_workspace_that_is_read_only_says_so(side: Side, tmp_path: Path) -> None:
    with opened(Path(side.library.database.path)) as reader, pytest.raises(ReadOnly):
        LibraryFolder(reader.database, reader.datasets, reader.comparisons).sync(side.folder)


def test_a_round_can_be_stopped_and_the_next_one_goes_on(side: Side, tmp_path: Path) -> None:
    def stop(done: float, total: float) -> None:
        if done > 3:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        side.step.sync(tmp_path / "other", progress=stop)
    side.step.sync(tmp_path / "other")
    side.library.files.export(tmp_path / "export")
    assert contents(tmp_path / "other") == contents(tmp_path / "export")


def test_git_at_work_in_the_folder_is_waited_for(side: Side) -> None:
    (side.folder / ".git").mkdir()
    (side.folder / ".git/index.lock").touch()
    side.save("con", "later")
    assert side.sync().is_busy
    (side.folder / ".git/index.lock").unlink()
    assert side.sync().written


# Any order of steps


def _steps(side: Side, chance: random.Random, number: int) -> None:
    """One step that somebody may do on either side."""
    library = side.library
    rows = library.prompts.list()
    files = sorted(path for path in (side.folder / "prompts").rglob("*.yaml") if not path.name.endswith(".versions.yaml"))
    name = f"n{number}"
    if not rows or not files:
        library.prompts.create(name, "", said(f"inside {number}"))
        return
    row, file = chance.choice(rows), chance.choice(files)

    def write(text: str) -> None:
        file.write_text(text, "utf-8", newline="\n")

    doing: dict[str, Callable[[], object]] = {
        "save": lambda: library.versions.save(row.id, said(f"inside {number}")),
        "draft": lambda: library.versions.save_draft(row.id, said(f"draft {number}")),
        "rename": lambda: library.prompts.rename(row.id, name),
        "move": lambda: library.prompts.move([row.id], name),
        "tag": lambda: library.prompts.set_tags(row.id, [name]),
        "archive": lambda: library.prompts.archive([row.id]),
        "new": lambda: library.prompts.create(name, "", said(f"inside {number}")),
        "write": lambda: write(file.read_text("utf-8").split("messages:")[0] + f"messages:\n  - user: outside {number}\n"),
        "short": lambda: (side.folder / f"prompts/{name}.yaml").write_text(f"prompt: outside {number}\n"),
        "delete": file.unlink,
        "shift": lambda: file.rename(file.with_name(f"{name}.yaml")),
        "touch": lambda: os.utime(file),
        "crlf": lambda: file.write_bytes(file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
    }
    doing[chance.choice(list(doing))]()


def _outside_texts(folder: Path) -> set[str]:
    """What was written in the folder; not a draft, which its own next draft replaces on both sides."""
    texts = [path.read_text("utf-8") for path in (folder / "prompts").rglob("*.yaml")]
    key = {text: "- user: outside" if "messages:" in text else "prompt: outside" for text in texts if "draft: true" not in text}
    lines = (line.strip() for text, start in key.items() for line in text.splitlines() if line.strip().startswith(start))
    return {line.removeprefix("- user: ").removeprefix("prompt: ") for line in lines}


@pytest.mark.parametrize("seed", range(20))
def test_after_any_steps_on_both_sides_nothing_is_lost_and_a_second_round_does_nothing(side: Side, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(12):
        for step in range(chance.randrange(1, 5)):
            _steps(side, chance, number * 10 + step)
        wanted = _outside_texts(side.folder)
        report = side.sync(settle=chance.choice(["mine", "theirs", "both"]), deletions="archive")
        assert not report.aside, report.aside
        side.calm()
        rows = [*side.library.prompts.list(), *side.library.prompts.list(archived=True)]
        kept = {
            side.library.versions.content(version.id).messages[-1].text for row in rows for version in side.library.versions.list(row.id)
        }
        drafts = [side.library.versions.draft(row.id) for row in rows]
        kept |= {draft.content.messages[-1].text for draft in drafts if draft is not None}
        lost = wanted - kept
        assert not lost, f"seed {seed}, round {number}: {lost}"
