"""The library as a folder of files: out, into another workspace, out again, equal to the byte; nothing lost, nothing taken silently."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_formats_yaml_text import NASTY
from workbench.assets import asset
from workbench.formats.yaml_text_reading import load
from workbench.library.comparisons import Comparisons
from workbench.library.connections import Connections
from workbench.library.datasets import Datasets
from workbench.library.folder import LibraryFiles
from workbench.library.keys import Keys
from workbench.library.prompts import Prompts
from workbench.library.reports import ExportReport
from workbench.library.versions import Versions
from workbench.store.database import Database
from workbench.values import BadInput, Case, Check, Content, Definition, Message, Price, PromptRef, ReadOnly, Stopped
from workbench.values.datasets import ColumnSpec


@dataclass
class Library:
    """One workspace with the services that files touch."""

    database: Database
    prompts: Prompts
    versions: Versions
    datasets: Datasets
    connections: Connections
    comparisons: Comparisons
    files: LibraryFiles

    @staticmethod
    def at(database: Database) -> Library:
        connections = Connections(database, Keys())
        datasets, comparisons = Datasets(database), Comparisons(database, connections)
        files = LibraryFiles(database, datasets, comparisons)
        return Library(database, Prompts(database), Versions(database), datasets, connections, comparisons, files)


@contextmanager
def opened(path: Path) -> Iterator[Library]:
    with closing(Database.open(path)) as database:
        yield Library.at(database)


@pytest.fixture
def library(database: Database) -> Library:
    return Library.at(database)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Library]:
    with opened(tmp_path / "other.db") as made:
        yield made


def said(text: str, **parameters: Any) -> Content:
    return Content((Message.of("system", "You are kind.\nAlways.\n"), Message.of("user", text)), parameters)


def fill(library: Library) -> None:
    """Prompts in folders with versions and labels, datasets of every form, models, a comparison of all of them."""
    reply = library.prompts.create("Refund reply", "Support/Mails", said("v1 {{ ticket }}"), "Answers refunds.", note="First")
    library.versions.save(reply, said("v2 {{ ticket }}\n\n  indented\n", temperature=0.2), "Shorter", "Ann")
    library.versions.restore(library.versions.by_number(reply, 1).id)
    library.versions.set_label(reply, "production", library.versions.by_number(reply, 2).id)
    library.versions.set_label(reply, "staging", library.versions.by_number(reply, 3).id)
    library.prompts.set_tags(reply, ["refunds", "support"])
    library.versions.set_sample(reply, "ticket", "Where is\nit?")
    library.prompts.create("refund-reply", "Support/Mails", said("another"))
    library.prompts.create("Refund reply", "", Content((Message.of("user", "no folder"),), {}, {"type": "object"}, ({"name": "t"},)))
    library.prompts.create("Polite words", "", said("{# snippet #}"), kind="snippet")
    library.prompts.create("Only a draft")
    library.prompts.create("con", "", said("reserved"))
    library.prompts.create_folder("Ideas/later")
    few = library.datasets.create("Few", (ColumnSpec("ticket"), ColumnSpec("lang", "text", "metadata")), "Two cases")
    library.datasets.add_cases(
        few, [Case({"ticket": "a\nb", "lang": "en"}, "One", "yes", ("hard",), 2.0, "n"), Case({"ticket": "c", "lang": ""})]
    )
    many = library.datasets.create("Many rows", (ColumnSpec("ticket"), ColumnSpec("n", "number")))
    library.datasets.add_cases(many, [Case({"ticket": f'say "{number}"\nthere', "n": number}, reference="x") for number in range(40)])
    values = library.datasets.create("Lists", (ColumnSpec("items", "json"),))
    library.datasets.add_cases(values, [Case({"items": [number, {"a": None}]}, reference={"k": 1}) for number in range(40)])
    library.datasets.create("Empty")
    cloud = library.connections.add("Work", "openai", options={"organization": "o", "headers": {"Authorization": "Bearer sk-hidden"}})
    library.connections.set_key(cloud, "sk-very-secret-key-123456")
    gpt = library.connections.add_model(cloud, "gpt-x", "GPT X", {"seed": 1}, Price(Decimal("0.10"), Decimal(2)))
    rates = (Decimal("0.1"), Decimal("0.2"), Decimal("0.05"))
    stepped = Price(*rates, cache_write_usd=Decimal(1), tiers=((200_000, Price(*rates)),), batch=Price(Decimal("0.05"), Decimal("0.1")))
    local = library.connections.add_model(library.connections.add("", "other", "http://127.0.0.1:9/v1"), "llama", price=stepped)
    library.connections.add_model(cloud, "never used")
    uid = library.prompts.get(reply).uid
    library.comparisons.save(
        Definition(
            "Refund before release",
            (PromptRef(uid, version=2), PromptRef(uid, label="staging"), PromptRef(uid)),
            (library.connections.model(gpt).uid, library.connections.model(local).uid),
            library.datasets.get(many).uid,
            repeats=2,
            checks=(Check("contains", "refund"), Check("is-json", name="JSON", weight=2.0)),
            max_cost_usd=Decimal("1.50"),
            reuse=True,
        )
    )
    library.comparisons.save(Definition("Quick look", (PromptRef(uid),), (library.connections.model(local).uid,), None, concurrency=1))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def text_of(folder: Path, name: str) -> str:
    return (folder / name).read_text("utf-8")


def versions_of(library: Library, name: str, folder: str | None = None) -> list[str]:
    """The last message of each version, newest first."""
    id_ = library.prompts.find(name, folder).id
    return [library.versions.content(row.id).messages[-1].text for row in library.versions.list(id_)]


# Out


def test_the_folder_is_laid_out_for_people(library: Library, tmp_path: Path) -> None:
    fill(library)
    report = library.files.export(tmp_path / "out")
    names = [name for name in contents(tmp_path / "out") if not name.startswith(".schemas/")]
    assert names == [
        "comparisons/quick-look.yaml",
        "comparisons/refund-before-release.yaml",
        "datasets/empty.yaml",
        "datasets/few.yaml",
        "datasets/lists.jsonl",
        "datasets/lists.yaml",
        "datasets/many-rows.csv",
        "datasets/many-rows.yaml",
        "models.yaml",
        "prompts/con-file.versions.yaml",
        "prompts/con-file.yaml",
        "prompts/only-a-draft.yaml",
        "prompts/refund-reply.versions.yaml",
        "prompts/refund-reply.yaml",
        "prompts/support/mails/refund-reply-2.versions.yaml",
        "prompts/support/mails/refund-reply-2.yaml",
        "prompts/support/mails/refund-reply.versions.yaml",
        "prompts/support/mails/refund-reply.yaml",
        "snippets/polite-words.versions.yaml",
        "snippets/polite-words.yaml",
        "workbench.yaml",
    ]
    assert sorted(report.files) == sorted(contents(tmp_path / "out"))
    assert text_of(tmp_path / "out", "prompts/support/mails/refund-reply.yaml") == (
        "# yaml-language-server: $schema=../../../.schemas/prompt.json\n"
        "prompt: Refund reply\n"
        "folder: Support/Mails\n"
        "description: Answers refunds.\n"
        "tags: [refunds, support]\n"
        "labels: {production: 2, staging: 3}\n"
        "version: 3\n"
        "note: Restored from v1\n"
        "variables:\n"
        "  ticket:\n"
        "    sample: |-\n"
        "      Where is\n"
        "      it?\n"
        "messages:\n"
        "  - system: |\n"
        "      You are kind.\n"
        "      Always.\n"
        "  - user: v1 {{ ticket }}\n"
    )
    assert text_of(tmp_path / "out", "comparisons/refund-before-release.yaml") == (
        "# yaml-language-server: $schema=../.schemas/comparison.json\n"
        "comparison: Refund before release\n"
        "prompts:\n"
        "  - {file: ../prompts/support/mails/refund-reply.yaml, version: 2}\n"
        "  - {file: ../prompts/support/mails/refund-reply.yaml, label: staging}\n"
        "  - file: ../prompts/support/mails/refund-reply.yaml\n"
        "models: [GPT X, llama]\n"
        "dataset: ../datasets/many-rows.yaml\n"
        "repeats: 2\n"
        "checks:\n"
        "  - {type: contains, value: refund}\n"
        "  - {type: is-json, name: JSON, weight: 2.0}\n"
        'max_cost_usd: "1.50"\n'
        "reuse: true\n"
    )
    assert "folders: [Ideas, Ideas/later]" in text_of(tmp_path / "out", "workbench.yaml")


def test_no_key_ever_lies_in_the_folder(library: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "out")
    for name, data in contents(tmp_path / "out").items():
        assert b"sk-" not in data, name
    assert "never used" not in text_of(tmp_path / "out", "models.yaml")


def test_every_file_fits_its_schema(library: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "out")
    checked = 0
    for path in (tmp_path / "out").rglob("*.yaml"):
        text = path.read_text("utf-8")
        named = (path.parent / text.splitlines()[0].split("$schema=")[1]).resolve()
        schema = json.loads(named.read_text("utf-8"))
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.Draft7Validator(schema).validate(load(text).data)
        checked += 1
    assert checked > 15
    for name in ("prompt", "versions", "dataset", "comparison", "models", "library"):
        assert asset(f"schemas/{name}.json").read_bytes() == (tmp_path / "out" / ".schemas" / f"{name}.json").read_bytes()


def test_exporting_again_touches_nothing(library: Library, tmp_path: Path) -> None:
    fill(library)
    first = library.files.export(tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    again = library.files.export(tmp_path / "out")
    assert (again.files, again.unchanged, again.removed, again.left) == ((), len(first.files), (), ())
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_only_files_of_what_changed_are_written(library: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "out")
    library.versions.save(library.prompts.find("con").id, said("new words"))
    assert library.files.export(tmp_path / "out").files == ("prompts/con-file.versions.yaml", "prompts/con-file.yaml")


def test_a_selection_brings_what_it_needs_and_no_more(library: Library, tmp_path: Path) -> None:
    fill(library)
    report = library.files.export(tmp_path / "a", folders=["Support"])
    assert [name for name in report.files if not name.startswith(".")] == [
        "comparisons/quick-look.yaml",
        "comparisons/refund-before-release.yaml",
        "datasets/many-rows.csv",
        "datasets/many-rows.yaml",
        "models.yaml",
        "prompts/support/mails/refund-reply-2.versions.yaml",
        "prompts/support/mails/refund-reply-2.yaml",
        "prompts/support/mails/refund-reply.versions.yaml",
        "prompts/support/mails/refund-reply.yaml",
        "workbench.yaml",
    ]
    one = library.files.export(tmp_path / "b", prompt_ids=[library.prompts.find("con").id], versions=False)
    assert [name for name in one.files if not name.startswith(".")] == ["prompts/con-file.yaml", "workbench.yaml"]
    none = library.files.export(tmp_path / "c", datasets=False, comparisons=False)
    assert not any(name.startswith(("datasets", "comparisons", "models")) for name in none.files)


# Into another workspace


def test_out_in_and_out_again_is_equal_to_the_byte(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "one")
    report = other.files.import_paths([tmp_path / "one"])
    assert (report.rejected, report.not_carried) == ((), ())
    other.files.export(tmp_path / "two")
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_parameters_for_one_model_alone_and_checks_survive_to_the_byte_and_the_schema_knows_them(
    library: Library, other: Library, tmp_path: Path
) -> None:
    own = replace(said("Say {{ q }}.", temperature=0.2, max_tokens=900), parameters_for={"gpt-4.1": {"temperature": 0.0}})
    judged = Check("llm-rubric", "It is warm", "Tone is warm", judge={"prompt": "Tone judge", "version": 3})
    own = replace(own, checks=(Check("contains", "Say", weight=2), judged))
    library.prompts.create("Reply", "", own)
    id = library.prompts.find("Reply").id
    library.versions.save(id, replace(own, parameters_for={"my_model": {"stop": ["a", "b"], "top_k": 4, "temperature": None}}))
    library.files.export(tmp_path / "one")
    text = (tmp_path / "one" / "prompts" / "reply.yaml").read_text("utf-8")
    assert "\nparameters: {max_tokens: 900, temperature: 0.2}\nparameters_for:\n  my_model: {" in text
    assert "{stop: [a, b], temperature: null, top_k: 4}\nchecks:\n  - " in text
    assert "value: It is warm" in text
    for name, kind in (("reply.yaml", "prompt"), ("reply.versions.yaml", "versions")):
        data = load((tmp_path / "one" / "prompts" / name).read_text("utf-8")).data
        jsonschema.validate(data, json.loads(asset(f"schemas/{kind}.json").read_text("utf-8")))
    report = other.files.import_paths([tmp_path / "one"])
    assert (report.rejected, report.not_carried) == ((), ())
    assert [other.versions.content(row.id).hash for row in other.versions.list(other.prompts.find("Reply").id)] == [
        library.versions.content(row.id).hash for row in library.versions.list(id)
    ]
    other.files.export(tmp_path / "two")
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_nothing_is_lost_on_the_way(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "one")
    other.files.import_paths([tmp_path / "one"])

    def everything(made: Library) -> Any:
        prompts = []
        for row in made.prompts.list():
            rows = made.versions.list(row.id)
            versions = [(one.number, one.parent, one.note, one.author, one.created_at, one.content_hash, one.labels) for one in rows]
            samples, draft = made.versions.samples(row.id), made.versions.draft(row.id)
            prompts.append(
                (row.name, row.folder, row.description, row.kind, row.tags, row.labels, versions, samples, draft and draft.content)
            )
        datasets = [
            (row.name, row.description, row.columns, [replace(case, id=0, uid="", dataset_id=0) for case in made.datasets.cases(row.id)])
            for row in made.datasets.list()
        ]
        comparisons = [made.comparisons.resolve(row.definition) for row in made.comparisons.list()]
        bare = [
            replace(
                spec,
                dataset_uid=None,
                variants=tuple(replace(variant, prompt_uid=None) for variant in spec.variants),
                models=tuple(replace(model, model_uid=None, connection_uid=None, colour=0, options={}) for model in spec.models),
            )
            for spec in comparisons
        ]
        return prompts, datasets, bare, made.prompts.folders()

    assert everything(other) == everything(library)


def test_importing_twice_changes_nothing(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "one")
    first = other.files.import_paths([tmp_path / "one"])
    before = other.database.query("SELECT count(*), max(id) FROM version")
    again = other.files.import_paths([tmp_path / "one"])
    assert (again.imported, again.rejected) == ((), ())
    assert len(again.unchanged) == len(first.imported) + len(first.unchanged)
    assert other.database.query("SELECT count(*), max(id) FROM version") == before
    home = library.files.import_paths([tmp_path / "one"])
    assert (home.imported, home.rejected) == ((), ())


def test_without_versions_the_number_of_the_current_one_stays(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "one", versions=False)
    other.files.import_paths([tmp_path / "one"])
    assert [row.number for row in other.versions.list(other.prompts.find("Refund reply", "Support/Mails").id)] == [3]
    other.files.export(tmp_path / "two", versions=False)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert two == one


def test_versions_that_come_later_fill_the_gaps(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "short", versions=False)
    library.files.export(tmp_path / "full")
    other.files.import_paths([tmp_path / "short"])
    report = other.files.import_paths([tmp_path / "full"])
    assert report.rejected == ()
    assert versions_of(other, "Refund reply", "Support/Mails") == versions_of(library, "Refund reply", "Support/Mails")


TEXT = NASTY | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(TEXT, min_size=1, max_size=3),
    st.lists(st.tuples(TEXT, st.none() | TEXT.filter(bool), TEXT), min_size=1, max_size=14),
    TEXT,
)
def test_any_text_survives_the_way_through_files(texts: list[str], cells: list[tuple[str, str | None, str]], note: str) -> None:
    with tempfile.TemporaryDirectory() as name, opened(Path(name) / "a.db") as one, opened(Path(name) / "b.db") as two:
        folder = Path(name)
        id_ = one.prompts.create("Prompt", "", Content((Message.of("user", texts[0]),)), note=note)
        for text in texts[1:]:
            one.versions.save(id_, Content((Message.of("user", text),)), note)
        one.versions.set_sample(id_, "x", texts[0])
        data = one.datasets.create("Data", (ColumnSpec("q"), ColumnSpec("n", "number")), note)
        one.datasets.add_cases(data, [Case({"q": q, "n": n}, n, reference, note=q) for q, reference, n in cells])
        one.files.export(folder / "one")
        report = two.files.import_paths([folder / "one"])
        assert (report.rejected, report.not_carried) == ((), ())
        assert versions_of(two, "Prompt") == versions_of(one, "Prompt")
        cases = [(case.values, case.name, case.reference, case.note) for case in two.datasets.cases(two.datasets.find("Data").id)]
        assert cases == [({"q": q, "n": n}, n, reference, q) for q, reference, n in cells]
        two.files.export(folder / "two")
        assert contents(folder / "two") == contents(folder / "one")


# People's own files


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_short_hand_written_files_come_in(library: Library, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "mine",
        {
            "workbench.yaml": "format: 1\n",
            "prompts/support/greet.yaml": "messages:\n  - user: Hello {{ name }}\n",
            "prompts/bye.yaml": "prompt: Goodbye\n",
            "datasets/people.yaml": "cases: [Ann, Ben]\n",
            "datasets/towns.csv": "town,ideal\nUlm,DE\n",
            "comparisons/all.yaml": "prompts: [../prompts/support/greet.yaml]\nmodels: [{name: m, vendor: ollama}]\n"
            "dataset: ../datasets/towns.csv\n",
        },
    )
    report = library.files.import_paths([folder])
    assert report.rejected == ()
    assert [(item.kind, item.name, item.changes) for item in report.imported] == [
        ("prompt", "bye", "new"),
        ("prompt", "greet", "new"),
        ("dataset", "people", "new"),
        ("dataset", "towns", "1 cases"),
        ("connection", "ollama", "new"),
        ("model", "m", "new"),
        ("comparison", "all", "new"),
    ]
    assert library.prompts.find("greet").folder == "support"
    assert report.imported[1].variables == ("name",)
    spec = library.comparisons.resolve(library.comparisons.find("all").definition)
    assert (spec.variants[0].content.messages[0].text, spec.cases[0].reference) == ("Hello {{ name }}", "DE")
    again = library.files.import_paths([folder])
    assert (again.imported, again.rejected) == ((), ())


def test_a_changed_text_becomes_a_new_version_and_keeps_its_comments(library: Library, tmp_path: Path) -> None:
    id_ = library.prompts.create("Reply", "", said("first"), note="One")
    library.files.export(tmp_path / "lib")
    path = tmp_path / "lib" / "prompts" / "reply.yaml"
    text = path.read_text("utf-8")
    path.write_text("# Owner: Ann\n" + text.replace("- user: first", "- user: second  # shorter") + "owner: ann\n", "utf-8")
    left = library.files.export(tmp_path / "lib")
    assert left.files == ()
    assert "import it first" in left.left[0].why
    report = library.files.import_paths([path])
    assert [(item.name, item.changes, item.version) for item in report.imported] == [("Reply", "version 2", 2)]
    assert library.versions.list(id_)[0].note == "Changed in reply.yaml"
    assert library.files.import_paths([path]).imported == ()
    library.files.export(tmp_path / "lib")
    written = path.read_text("utf-8")
    assert written.startswith("# yaml-language-server: $schema=../.schemas/prompt.json\n# Owner: Ann\n")
    assert "- user: second  # shorter\n" in written
    assert written.endswith("owner: ann\n")
    assert "version: 2\n" in written
    assert library.files.export(tmp_path / "lib").files == ()


def test_a_changed_old_version_is_reported_and_not_taken(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "one")
    path = tmp_path / "one" / "prompts" / "support" / "mails" / "refund-reply.versions.yaml"
    path.write_text(path.read_text("utf-8").replace("indented", "changed"), "utf-8")
    report = other.files.import_paths([tmp_path / "one"])
    (rejected,) = report.rejected
    assert (rejected.path, rejected.text.strip()) == (str(path), "- number: 2")
    assert "Version 2 was changed" in rejected.reason
    assert versions_of(other, "Refund reply", "Support/Mails") == ["v1 {{ ticket }}"]
    assert ("label production", "version 2 is not among the files") in [(left.what, left.why) for left in report.not_carried]
    assert "not in the workspace" in library.files.export(tmp_path / "one").left[0].why
    assert b"changed" in path.read_bytes()


def test_two_people_who_both_made_a_version_lose_neither(library: Library, other: Library, tmp_path: Path) -> None:
    mine = library.prompts.create("Reply", "", said("one"))
    library.files.export(tmp_path / "base")
    other.files.import_paths([tmp_path / "base"])
    theirs = other.prompts.find("Reply").id
    library.versions.save(mine, said("two, mine"))
    other.versions.save(theirs, said("two, theirs"))
    other.versions.set_label(theirs, "live", other.versions.by_number(theirs, 2).id)
    other.files.export(tmp_path / "theirs")
    report = library.files.import_paths([tmp_path / "theirs"])
    assert "version 2 of the file as version 3" in report.imported[0].changes
    assert versions_of(library, "Reply") == ["two, theirs", "two, mine", "one"]
    assert library.prompts.get(mine).labels == {"live": 3}
    again = library.files.import_paths([tmp_path / "theirs"])
    assert again.imported == ()


def test_what_is_plainly_no_prompt_is_refused_in_its_own_words(library: Library, tmp_path: Path) -> None:
    (tmp_path / "boots.png").write_bytes(b"PNG")
    (tmp_path / "null.json").write_text("null", encoding="utf-8")
    report = library.files.import_paths([tmp_path / "boots.png", tmp_path / "null.json"])
    picture, value = report.rejected
    assert picture.reason.startswith("This is a picture or a PDF file, not a prompt.")
    assert value.reason.endswith("The file holds neither a list nor an object.")


def test_a_promptfoo_configuration_whose_providers_come_from_the_command_line_brings_its_prompts(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "promptfooconfig.yaml"
    file.write_text("prompts: ['Hello {{x}}']\ntests:\n  - vars: {x: 1}\n", encoding="utf-8")
    report = library.files.import_paths([file])
    assert report.rejected == ()
    assert "prompt" in {item.kind for item in report.imported}


def test_one_bad_file_never_stops_the_others(library: Library, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "mine",
        {
            "workbench.yaml": "format: 1\n",
            "prompts/good.yaml": "prompt: Hello\n",
            "prompts/tab.yaml": "messages:\n\t- user: x\n",
            "prompts/conflict.yaml": "prompt: A\n<<<<<<< HEAD\nnote: a\n=======\nnote: b\n>>>>>>> theirs\nmessages: []\n",
            "prompts/role.yaml": "prompt: A\nmessages:\n  - usr: x\n",
            "prompts/unknown.yaml": "something: else\n",
            "datasets/rows.yaml": "dataset: Rows\ncolumns: [a, b]\nfile: rows.csv\n",
            "datasets/rows.csv": "a,b\n1,2\n3\n",
            "datasets/gone.yaml": "dataset: Gone\nfile: gone.csv\n",
            "comparisons/bad.yaml": "prompts: [../prompts/role.yaml]\nmodels: [none]\n",
        },
    )
    (folder / "prompts" / "bytes.yaml").write_bytes(b"prompt: \xff\n")
    report = library.files.import_paths([folder])
    assert [item.name for item in report.imported] == ["good"]
    found = {Path(row.path).name: (row.line, row.reason) for row in report.rejected}
    assert found["tab.yaml"] == (2, "A tab stands where spaces are needed.")
    assert found["conflict.yaml"] == (2, "Git left a conflict in lines 2 to 6. Choose one side and import it again.")
    assert found["role.yaml"][0] == 3
    assert found["unknown.yaml"][0] == 1
    assert found["bytes.yaml"][0] == 1
    assert found["rows.csv"] == (3, "1 row cannot be used: line 3: 1 field where the header has 2.")
    assert "gone.csv cannot be read" in found["gone.yaml"][1]
    assert "could not be imported" in found["bad.yaml"][1]
    assert len(report.rejected) == 8
    assert library.datasets.list() == []


def test_a_file_is_taken_whole_or_not_at_all(library: Library, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "mine",
        {"one.comparison.yaml": "prompts:\n  - Hi {{ x }}\n  - gone.yaml\nmodels: [{name: m, vendor: ollama}]\ncases: [a, b]\n"},
    )
    report = library.files.import_paths([folder / "one.comparison.yaml"])
    assert len(report.rejected) == 1
    assert (library.prompts.list(), library.datasets.list(), library.connections.list()) == ([], [], [])


def test_a_dataset_that_was_edited_in_its_file_loses_no_case(library: Library, tmp_path: Path) -> None:
    id_ = library.datasets.create("Towns", (ColumnSpec("town"),))
    ids = library.datasets.add_cases(id_, [Case({"town": name}) for name in ("Ulm", "Bonn", "Kiel")])
    library.files.export(tmp_path / "lib")
    path = tmp_path / "lib" / "datasets" / "towns.yaml"
    path.write_text(path.read_text("utf-8").replace("Bonn", "Berlin"), "utf-8")
    report = library.files.import_paths([tmp_path / "lib"])
    assert [item.changes for item in report.imported] == ["1 case added, 1 case to the archive"]
    cases = library.datasets.cases(id_)
    assert [case.values["town"] for case in cases] == ["Ulm", "Berlin", "Kiel"]
    assert (cases[0].id, cases[2].id) == (ids[0], ids[2])
    library.datasets.restore_cases([ids[1]])
    assert "Bonn" in [case.values["town"] for case in library.datasets.cases(id_)]


def test_a_comparison_that_was_edited_in_its_file_keeps_the_old_one_in_the_archive(library: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "lib")
    path = tmp_path / "lib" / "comparisons" / "quick-look.yaml"
    path.write_text(path.read_text("utf-8") + "repeats: 5\n", "utf-8")
    report = library.files.import_paths([path])
    assert [(item.kind, item.changes) for item in report.imported] == [("comparison", "definition")]
    assert library.comparisons.find("Quick look").definition.repeats == 5
    assert [row.definition.repeats for row in library.comparisons.list(archived=True)] == [1]


def test_a_connection_from_a_file_never_takes_the_place_of_one_with_a_key(library: Library, tmp_path: Path) -> None:
    library.connections.set_key(library.connections.add("Work", "openai"), "sk-very-secret-key-123456")
    evil = write(
        tmp_path,
        {"models.yaml": "connections: [{name: Work, vendor: openai, base_url: 'https://collector.example/v1', models: [gpt-x]}]\n"},
    )
    library.files.import_paths([evil / "models.yaml"])
    assert [(row.name, row.base_url, row.key_place) for row in library.connections.list()] == [
        ("Work", "https://api.openai.com/v1", "session"),
        ("Work 2", "https://collector.example/v1", "missing"),
    ]
    assert library.files.import_paths([evil / "models.yaml"]).imported == ()


# Files of things that are gone


def test_a_renamed_or_archived_prompt_takes_its_old_files_along(library: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "lib")
    library.prompts.rename(library.prompts.find("con").id, "Reserved word")
    library.prompts.archive([library.prompts.find("refund-reply").id])
    report = library.files.export(tmp_path / "lib")
    assert sorted(report.removed) == [
        "prompts/con-file.versions.yaml",
        "prompts/con-file.yaml",
        "prompts/support/mails/refund-reply-2.versions.yaml",
        "prompts/support/mails/refund-reply-2.yaml",
    ]
    assert (tmp_path / "lib" / "prompts" / "reserved-word.yaml").is_file()


def test_what_others_put_into_the_folder_stays(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "lib")
    other.prompts.create("Colleague's", "", said("theirs"))
    other.files.export(tmp_path / "lib", datasets=False, comparisons=False)
    write(tmp_path / "lib", {"README.md": "# Ours\n", "prompts/mine.yaml": "prompt: by hand\n"})
    library.prompts.rename(library.prompts.find("con").id, "Reserved word")
    commented = tmp_path / "lib" / "prompts" / "con-file.yaml"
    commented.write_text(commented.read_text("utf-8") + "# do not lose me\n", "utf-8")
    report = library.files.export(tmp_path / "lib")
    assert report.removed == ()
    assert {left.path for left in report.left} == {"prompts/con-file.yaml"}
    for name in ("README.md", "prompts/mine.yaml", "prompts/colleague-s.yaml", "prompts/colleague-s.versions.yaml"):
        assert (tmp_path / "lib" / name).is_file()


def test_a_file_that_cannot_be_read_is_left_and_reported(library: Library, tmp_path: Path) -> None:
    library.prompts.create("Reply", "", said("one"))
    library.files.export(tmp_path / "lib")
    path = tmp_path / "lib" / "prompts" / "reply.yaml"
    path.write_text(path.read_text("utf-8").replace("version: 1\n", "<<<<<<< HEAD\nversion: 1\n=======\nversion: 2\n>>>>>>> x\n"), "utf-8")
    before = path.read_bytes()
    report = library.files.export(tmp_path / "lib")
    assert [(left.path, left.what) for left in report.left] == [("prompts/reply.yaml", "line 3")]
    assert path.read_bytes() == before


def test_a_dataset_that_outgrows_its_file_moves_to_a_table_and_back(library: Library, tmp_path: Path) -> None:
    id_ = library.datasets.create("Towns", (ColumnSpec("town"),))
    library.datasets.add_cases(id_, [Case({"town": "Ulm"})])
    library.files.export(tmp_path / "lib")
    more = library.datasets.add_cases(id_, [Case({"town": f"Town {number}"}) for number in range(30)])
    assert library.files.export(tmp_path / "lib").files == ("datasets/towns.csv", "datasets/towns.yaml")
    library.datasets.archive_cases(more)
    report = library.files.export(tmp_path / "lib")
    assert (report.files, report.removed) == (("datasets/towns.yaml",), ("datasets/towns.csv",))


def test_a_table_that_a_person_saved_in_another_form_is_left_alone_while_it_says_the_same(library: Library, tmp_path: Path) -> None:
    id_ = library.datasets.create("Towns", (ColumnSpec("town"), ColumnSpec("n", "number")))
    library.datasets.add_cases(id_, [Case({"town": f"Town {number}", "n": number}) for number in range(30)])
    library.files.export(tmp_path / "lib")
    path = tmp_path / "lib" / "datasets" / "towns.csv"
    path.write_text(path.read_text("utf-8").replace(",", ";").replace("\n", "\r\n"), "utf-8")
    assert library.files.import_paths([tmp_path / "lib"]).imported == ()
    assert library.files.export(tmp_path / "lib").files == ()


def test_line_ends_that_git_changed_change_nothing(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    library.files.export(tmp_path / "lib")
    for path in (tmp_path / "lib").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert library.files.import_paths([tmp_path / "lib"]).imported == ()
    other.files.import_paths([tmp_path / "lib"])
    assert other.datasets.cases(other.datasets.find("Many rows").id)[3].values == {"ticket": 'say "3"\nthere', "n": 3}


def test_what_a_prompt_of_another_tool_brings_along_is_reported(library: Library, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"sum.prompt.yml": "name: Summary\nmodel: openai/gpt-x\nmessages:\n  - {role: user, content: 'Sum up'}\ntestData: [{input: a}]\n"},
    )
    report = library.files.import_paths([tmp_path / "sum.prompt.yml"])
    assert [(item.kind, item.name) for item in report.imported] == [("prompt", "Summary"), ("dataset", "Summary")]
    assert [left.what for left in report.not_carried] == ["model openai/gpt-x"]


def test_a_read_only_folder_and_a_file_in_the_way_are_sentences(library: Library, tmp_path: Path) -> None:
    library.prompts.create("Reply", "", said("one"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="cannot be made"):
        library.files.export(tmp_path / "file" / "lib")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "prompts").write_text("in the way")
    report: ExportReport = library.files.export(tmp_path / "lib")
    assert any(left.path == "prompts/reply.yaml" and "could not be written" in left.why for left in report.left)


def test_names_that_differ_only_in_case_get_files_of_their_own(library: Library, tmp_path: Path) -> None:
    for name in ("Reply", "REPLY", "reply!", "Éply", "日本", "...", "aux"):
        library.prompts.create(name, "", said(name))
    library.files.export(tmp_path / "lib", versions=False)
    names = [path.name for path in sorted((tmp_path / "lib" / "prompts").iterdir())]
    assert len({name.casefold() for name in names}) == 7
    assert {"aux-file.yaml", "eply.yaml", "reply-2.yaml", "reply-3.yaml", "reply.yaml", "untitled.yaml", "日本.yaml"} == set(names)


def test_a_folder_of_a_newer_version_is_refused_with_a_sentence(library: Library, tmp_path: Path) -> None:
    folder = write(tmp_path / "new", {"workbench.yaml": "format: 9\n", "prompts/a.yaml": "prompt: Hello\n"})
    report = library.files.import_paths([folder])
    assert (report.imported, len(report.rejected)) == ((), 1)
    assert "newer version" in report.rejected[0].reason


def test_paths_that_are_not_there_and_unknown_formats_are_sentences(library: Library, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        library.files.import_paths([tmp_path / "none"])
    with pytest.raises(BadInput, match="no format"):
        library.files.import_paths([tmp_path], "docx")


def test_a_table_alone_becomes_a_dataset(library: Library, shared: Path) -> None:
    report = library.files.import_paths([shared / "datasets" / "gsm8k_sample.csv"])
    assert [(item.kind, item.name, item.format, item.cases) for item in report.imported] == [("dataset", "gsm8k_sample", "csv", 20)]
    assert library.files.import_paths([shared / "datasets" / "gsm8k_sample.csv"]).imported == ()


def test_a_promptfoo_configuration_comes_in_as_prompts_cases_and_a_comparison(library: Library, tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "promptfooconfig.yaml": "description: Greetings\nprompts: ['Say hi to {{name}}', 'Greet {{name}}']\n"
            "providers: [{id: 'openai:chat:gpt-x', config: {apiKey: sk-in-the-file, temperature: 0}}]\n"
            "tests:\n  - {description: Ann, vars: {name: Ann}, assert: [{type: contains, value: Ann}]}\n  - vars: {name: Ben}\n"
        },
    )
    report = library.files.import_paths([folder / "promptfooconfig.yaml"])
    assert report.rejected == ()
    assert {item.kind for item in report.imported} == {"prompt", "dataset", "comparison", "connection", "model"}
    assert "API keys" in [left.what for left in report.not_carried]
    spec = library.comparisons.resolve(library.comparisons.find("Greetings").definition)
    assert [case.values["name"] for case in spec.cases] == ["Ann", "Ben"]
    assert library.files.import_paths([folder / "promptfooconfig.yaml"]).imported == ()


def test_a_workspace_that_cannot_be_written_refuses(tmp_path: Path, library: Library) -> None:
    library.prompts.create("Reply", "", said("one"))
    with opened(tmp_path / "workspace.db") as reading:  # the fixture has it open
        assert reading.database.read_only
        reading.files.export(tmp_path / "lib")
        with pytest.raises(ReadOnly):
            reading.files.import_paths([tmp_path / "lib"])


def test_the_report_is_the_command_lines_document(library: Library, tmp_path: Path) -> None:
    write(tmp_path, {"greet.yaml": "prompt: Hello {{ name }}\nparameters: {temperature: 0}\n", "bad.yaml": "prompt: [\n"})
    document = library.files.import_paths([tmp_path / "greet.yaml", tmp_path / "bad.yaml"]).to_json()
    assert document["imported"] == [
        {
            "kind": "prompt",
            "name": "greet",
            "path": os.fspath(tmp_path / "greet.yaml"),
            "format": "library",
            "version": 1,
            "messages": [{"role": "user", "content": "Hello {{ name }}"}],
            "variables": ["name"],
            "parameters": {"temperature": 0},
            "changes": "new",
        }
    ]
    assert document["rejected"][0]["line"] == 2
    shutil.rmtree(tmp_path / "none", ignore_errors=True)


def test_a_broken_configuration_of_promptfoo_in_a_folder_is_reported_with_its_line(library: Library, tmp_path: Path) -> None:
    (tmp_path / "imp").mkdir()
    path = tmp_path / "imp" / "promptfooconfig.yaml"
    path.write_text("prompts:\n\t- role: user\n", "utf-8")
    (tmp_path / "imp" / "other.yaml").write_text("a:\n\t- b\n", "utf-8")
    report = library.files.import_paths([tmp_path / "imp"])
    assert [(one.path, one.line) for one in report.rejected] == [(str(path), 2)]
    assert report.rejected == library.files.import_paths([path]).rejected


def test_what_a_killed_export_left_half_written_goes_with_the_next_one(library: Library, tmp_path: Path) -> None:
    fill(library)
    out = tmp_path / "out"
    library.files.export(out)
    old, fresh = out / "prompts" / ".writing-abc", out / ".writing-def"
    for path in (old, fresh):
        path.write_text("half", "utf-8")
    os.utime(old, (1, 1))
    library.files.export(out)
    assert not old.exists()
    assert fresh.exists()  # another export may be writing it now


def test_an_export_and_an_import_tell_how_far_they_are_and_can_be_stopped(library: Library, other: Library, tmp_path: Path) -> None:
    fill(library)
    told: list[tuple[float, float]] = []
    library.files.export(tmp_path / "out", progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
    assert [done for done, _ in told] == sorted(done for done, _ in told)

    def stop(done: float, total: float) -> None:
        if done > 2:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        library.files.export(tmp_path / "stopped", progress=stop)
    assert not list(tmp_path.rglob(".writing-*"))
    with pytest.raises(Stopped):
        other.files.import_paths([tmp_path / "out"], progress=stop)
    assert other.prompts.list() == []
    told.clear()
    other.files.import_paths([tmp_path / "out"], progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
    assert other.prompts.list()
