"""Saved comparisons: kept by name, resolved into all a run needs, everything that is missing named at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from workbench.library.comparisons import Comparisons
from workbench.library.connections import Connections
from workbench.library.datasets import Datasets
from workbench.library.keys import Keys
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.store.database import Database
from workbench.values import BadInput, Case, Check, Content, Definition, Message, NotFound, PromptRef

pytestmark = pytest.mark.both_stores


@dataclass
class Library:
    prompts: Prompts
    versions: Versions
    datasets: Datasets
    connections: Connections
    comparisons: Comparisons
    definition: Definition


def said(text: str) -> Content:
    return Content((Message.of("user", text),), {"temperature": 0})


@pytest.fixture
def library(database: Database) -> Library:
    connections = Connections(database, Keys())
    made = Library(
        Prompts(database), Versions(database), Datasets(database), connections, Comparisons(database, connections), Definition("Refunds")
    )
    prompt = made.prompts.create("Reply", content=said("One {{ ticket }}"))
    second = made.versions.save(prompt, said("Two {{ ticket }}"))
    made.versions.set_label(prompt, "production", made.versions.by_number(prompt, 1).id)
    dataset = made.datasets.create("Golden")
    made.datasets.add_cases(
        dataset, [Case({"ticket": "a"}, "A", "x", ("hard",)), Case({"ticket": "b"}, tags=("easy",)), Case({"ticket": "c"})]
    )
    model = connections.add_model(connections.add("", "ollama"), "llama", "Llama", {"seed": 1})
    uid = made.prompts.get(prompt).uid
    assert second.number == 2
    made.definition = Definition(
        "Refunds",
        (PromptRef(uid, version=2), PromptRef(uid, label="production"), PromptRef(uid)),
        (connections.model(model).uid,),
        made.datasets.get(dataset).uid,
        repeats=2,
        checks=(Check("contains", "refund", "Policy", 2.0), Check("is-json", threshold=0.5)),
        concurrency=3,
        max_cost_usd=Decimal("1.50"),
        reuse=True,
    )
    return made


def test_a_definition_comes_back_as_it_was_saved(library: Library) -> None:
    id_ = library.comparisons.save(library.definition)
    row = library.comparisons.get(id_)
    assert row.definition == library.definition
    assert (row.name, row.runs, row.last_run_id, row.archived) == ("Refunds", 0, None, False)
    assert library.comparisons.find("refunds") == library.comparisons.find(row.uid) == row
    assert library.datasets.find("Golden").comparisons == 1


def test_names_are_unique_among_the_live_ones(library: Library) -> None:
    id_ = library.comparisons.save(library.definition)
    with pytest.raises(BadInput, match="already a comparison called Refunds"):
        library.comparisons.save(library.definition)
    assert library.comparisons.save(replace(library.definition, repeats=1), id_) == id_
    copy = library.comparisons.duplicate(id_)
    assert library.comparisons.get(copy).name == "Refunds copy"
    assert library.comparisons.get(copy).definition.repeats == 1
    library.comparisons.archive([id_])
    library.comparisons.rename(copy, "Refunds")
    library.comparisons.restore([id_])
    assert [row.name for row in library.comparisons.list()] == ["Refunds", "Refunds 2"]
    with pytest.raises(NotFound, match="Refunds"):
        library.comparisons.find("Refnds")


def test_resolving_freezes_contents_models_and_cases(library: Library) -> None:
    spec = library.comparisons.resolve(library.definition)
    assert [(variant.version, variant.content.messages[0].text) for variant in spec.variants] == [
        (2, "Two {{ ticket }}"),
        (1, "One {{ ticket }}"),
        (2, "Two {{ ticket }}"),
    ]
    assert (spec.models[0].title, spec.models[0].parameters) == ("Llama", {"seed": 1})
    assert [case.values["ticket"] for case in spec.cases] == ["a", "b", "c"]
    assert spec.cases[0] == Case({"ticket": "a"}, "A", "x", ("hard",))
    assert (spec.repeats, spec.concurrency, spec.max_cost_usd, spec.reuse, spec.dataset) == (2, 3, Decimal("1.50"), True, "Golden")
    assert spec.dataset_uid == library.definition.dataset_uid


def test_tags_choose_cases(library: Library) -> None:
    spec = library.comparisons.resolve(replace(library.definition, tags=("easy", "hard")))
    assert [case.values["ticket"] for case in spec.cases] == ["a", "b"]
    with pytest.raises(BadInput, match="no cases with the tag none"):
        library.comparisons.resolve(replace(library.definition, tags=("none",)))


def test_the_cases_of_a_run_are_those_of_one_moment(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.library.cases._BATCH", 10)
    dataset = library.datasets.find("Golden").id
    library.datasets.add_cases(dataset, [Case({"ticket": f"n{number}"}) for number in range(200)])
    ended = threading.Event()

    def rename_and_back() -> None:
        while not ended.is_set():
            library.datasets.rename_column(dataset, "ticket", "question")
            library.datasets.rename_column(dataset, "question", "ticket")

    other = threading.Thread(target=rename_and_back)
    other.start()
    try:
        for _ in range(60):
            cases = library.comparisons.resolve(library.definition).cases
            assert len(cases) == 203
            assert len({tuple(case.values) for case in cases}) == 1
    finally:
        ended.set()
        other.join()


def test_a_moved_label_is_followed_when_the_next_run_starts(library: Library) -> None:
    prompt = library.prompts.find("Reply").id
    library.versions.set_label(prompt, "production", library.versions.by_number(prompt, 2).id)
    assert [variant.version for variant in library.comparisons.resolve(library.definition).variants] == [2, 2, 2]


def test_everything_that_is_missing_is_named_at_once(library: Library) -> None:
    uid = library.definition.prompts[0].prompt_uid
    draft = library.prompts.get(library.prompts.create("Draft only")).uid
    model = library.connections.find_model("Llama")
    library.connections.remove_model(model.id)
    library.datasets.archive([library.datasets.find("Golden").id])
    broken = replace(
        library.definition,
        prompts=(PromptRef(uid, version=9), PromptRef(uid, label="staging"), PromptRef(draft), PromptRef("no-such-uid")),
        model_uids=(model.uid, "no-such-model"),
    )
    with pytest.raises(BadInput) as caught:
        library.comparisons.resolve(broken)
    for words in (
        "Reply has no version 9",
        "Reply has no label staging",
        "Draft only has no saved version yet",
        "no prompt no-such-uid",
        "the model Llama was removed",
        "no model no-such-model",
        "Golden is in the archive",
    ):
        assert words in caught.value.message
    with pytest.raises(BadInput, match=r"names no prompt; it names no model"):
        library.comparisons.resolve(Definition("Empty"))


def test_without_a_dataset_the_sample_values_are_the_one_case(library: Library) -> None:
    library.versions.set_sample(library.prompts.find("Reply").id, "ticket", "Where is it?")
    spec = library.comparisons.resolve(replace(library.definition, dataset_uid=None))
    assert spec.cases == (Case({"ticket": "Where is it?"}, "Sample values"),)


def test_an_archived_prompt_still_runs_as_it_was_defined(library: Library) -> None:
    library.prompts.archive([library.prompts.find("Reply").id])
    assert len(library.comparisons.resolve(library.definition).variants) == 3
