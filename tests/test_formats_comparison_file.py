"""A comparison as a file that runs by itself: by path, by name, or with everything inside."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from workbench.formats.comparison_file import parse
from workbench.formats.comparison_file_record import ComparisonFile, ModelPick, PromptPick, read_comparison, write_comparison
from workbench.formats.library_file import PromptFile, VersionEntry, VersionsFile, write_prompt, write_versions
from workbench.formats.library_file_data import ConnectionEntry, ModelEntry
from workbench.formats.library_file_values import parse as parse_yaml
from workbench.values import BadInput, Case, Check, Content, Message, ModelSpec, NotFound, Price, Spec

OLD, NEW = Content((Message.of("user", "Old {{ ticket }}"),)), Content((Message.of("user", "New {{ ticket }}"),), {"temperature": 0})
FILES = {
    "lib/prompts/reply.yaml": write_prompt(PromptFile("Reply", NEW, version=2, labels={"production": 1}, samples={"ticket": "sample"})),
    "lib/prompts/reply.versions.yaml": write_versions(VersionsFile("Reply", (VersionEntry(1, OLD), VersionEntry(2, NEW)))),
    "lib/datasets/golden.yaml": "dataset: Golden\ncolumns: [{name: ticket}]\nfile: golden.csv\n",
    "lib/datasets/golden.csv": "ticket,reference,tags\n007,yes,hard\nb,no,easy\n",
    "lib/datasets/values.yaml": "dataset: Values\ncolumns: [{name: items, type: json}]\nfile: values.jsonl\n",
    "lib/datasets/values.jsonl": '{"values": {"items": [1, "a"]}, "tags": ["x, y"], "weight": 2}\n',
    "lib/datasets/plain.csv": "question,ideal\nWhat?,that\n",
    "lib/datasets/broken.csv": "question,ideal\nWhat?\nWho?,me\n",
    "lib/text.txt": "Just {{ ticket }}",
    "lib/models.yaml": "connections:\n  - name: Work\n    vendor: openai\n    models: [{name: gpt-x, title: GPT, parameters: {seed: 1}}]\n",
}


def read(path: str) -> str:
    return FILES[path]


def run(text: str, path: str = "lib/comparisons/refund.comparison.yaml", known: Mapping[str, ModelSpec] | None = None) -> Spec:
    def find(name: str) -> ModelSpec:
        if name not in (known or {}):
            raise NotFound(f"There is no model called {name}.")
        return (known or {})[name]

    return parse(text, path, read, find)


MODEL = "models: [{name: m, base_url: 'http://127.0.0.1:9/v1'}]\n"


def test_prompts_are_followed_at_version_label_or_as_they_are() -> None:
    spec = run(
        "prompts:\n"
        "  - ../prompts/reply.yaml\n"
        "  - {file: ../prompts/reply.yaml, version: 1}\n"
        "  - {file: ../prompts/reply.yaml, label: production}\n"
        "  - ../text.txt\n"
        "  - 'Say {{ ticket }}'\n"
        "  - prompt: Inside\n"
        "    messages: [{user: Hi}]\n" + MODEL
    )
    assert [(variant.prompt, variant.version, variant.content.messages[0].text) for variant in spec.variants] == [
        ("Reply", 2, "New {{ ticket }}"),
        ("Reply", 1, "Old {{ ticket }}"),
        ("Reply", 1, "Old {{ ticket }}"),
        ("text", None, "Just {{ ticket }}"),
        ("Prompt 5", None, "Say {{ ticket }}"),
        ("Inside", None, "Hi"),
    ]
    assert spec.name == "refund"
    assert spec.cases == (Case({"ticket": "sample"}, "Sample values"),)


def test_datasets_come_from_their_file_a_table_or_inside() -> None:
    start = "prompts: [Hi]\n" + MODEL
    golden = run(start + "dataset: ../datasets/golden.yaml\n")
    assert golden.dataset == "Golden"
    assert golden.cases == (Case({"ticket": "007"}, reference="yes", tags=("hard",)), Case({"ticket": "b"}, reference="no", tags=("easy",)))
    assert run(start + "dataset: ../datasets/golden.yaml\ntags: [easy]\n").cases == golden.cases[1:]
    assert run(start + "dataset: ../datasets/values.yaml\n").cases == (Case({"items": [1, "a"]}, tags=("x, y",), weight=2.0),)
    assert run(start + "dataset: ../datasets/plain.csv\n").cases == (Case({"question": "What?"}, reference="that"),)
    inside = run(start + "cases:\n  - {values: {q: 1}, name: One, checks: [{contains: a}]}\n  - {q: 2, reference: b}\n")
    assert inside.cases == (Case({"q": 1}, "One", checks=(Check("contains", "a"),)), Case({"q": 2}, reference="b"))


def test_models_come_from_the_models_file_the_workspace_or_inside() -> None:
    mine = ModelSpec("llama", "Llama", "openai-chat", "http://localhost:11434/v1", "Ollama", "c-uid", "m-uid", place="server")
    spec = run(
        "prompts: [Hi]\nmodels:\n  - GPT\n  - Llama\n  - {model: Llama, parameters: {seed: 7}}\n"
        "  - {name: local, base_url: http://127.0.0.1:9/v1/, parameters: {top_p: 1}, price: {input_usd: 1, output_usd: 0.5}}\n",
        known={"Llama": mine},
    )
    first, second, third, fourth = spec.models
    assert (first.name, first.title, first.connection, first.base_url) == ("gpt-x", "GPT", "Work", "https://api.openai.com/v1")
    assert (first.parameters, first.key_env, first.place, first.connection_uid) == ({"seed": 1}, "OPENAI_API_KEY", "cloud", None)
    assert (second.model_uid, second.colour) == ("m-uid", 1)
    assert third.parameters == {"seed": 7}
    assert (fourth.base_url, fourth.place, fourth.price) == ("http://127.0.0.1:9/v1", "server", Price(Decimal(1), Decimal("0.5")))


def test_a_model_of_the_file_that_is_also_in_the_workspace_takes_its_connection() -> None:
    mine = ModelSpec("gpt-x", "GPT", "openai-chat", "https://api.openai.com/v1", "Work", "c-uid", "m-uid", parameters={"seed": 9})
    spec = run("prompts: [Hi]\nmodels: [GPT]\n", known={"Work/GPT": mine})
    assert (spec.models[0].connection_uid, spec.models[0].parameters) == ("c-uid", {"seed": 1})
    elsewhere = ModelSpec("gpt-x", "GPT", "openai-chat", "https://other.example/v1", "Work", "c-uid", "m-uid")
    assert run("prompts: [Hi]\nmodels: [GPT]\n", known={"Work/GPT": elsewhere}).models[0].connection_uid is None


def test_a_file_cannot_send_a_vendors_key_elsewhere() -> None:
    spec = run("prompts: [Hi]\nmodels: [{name: m, vendor: openai, base_url: 'https://collector.example/v1'}]\n")
    assert spec.models[0].key_env is None


def test_figures_and_checks_are_read() -> None:
    spec = run(
        "comparison: Refunds\nprompts: [Hi]\nrepeats: 3\nconcurrency: 2\nmax_cost_usd: 1.50\nreuse: true\nstream: false\n"
        "checks:\n  - {type: contains, value: refund, name: Policy, weight: 2}\n  - not-regex: 'a+'\n  - is-json\n" + MODEL
    )
    assert (spec.name, spec.repeats, spec.concurrency, spec.max_cost_usd, spec.reuse, spec.stream) == (
        "Refunds", 3, 2, Decimal("1.5"), True, False,
    )  # fmt: skip
    assert spec.checks == (Check("contains", "refund", "Policy", 2.0), Check("not-regex", "a+"), Check("is-json"))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("prompts: [Hi]\nmodels: [GPX]\n", 2, "no model called GPX. Did you mean GPT"),
        ("prompts: [../prompts/none.yaml]\n" + MODEL, 1, "none.yaml cannot be read"),
        ("prompts:\n  - {file: ../prompts/reply.yaml, label: staging}\n" + MODEL, 2, "no label staging"),
        ("prompts:\n  - {file: ../prompts/reply.yaml, version: 9}\n" + MODEL, 2, "no version 9"),
        ("prompts: []\n" + MODEL, 1, "names no prompt"),
        ("prompts: [Hi]\nmodels: []\n", 2, "names no model"),
        ("prompts: [Hi]\n" + MODEL + "repeat: 3\n", 3, "Did you mean repeats"),
        ("prompts: [Hi]\n" + MODEL + "repeats: 0\n", 3, "1 or more"),
        ("prompts: [Hi]\n" + MODEL + "max_cost_usd: much\n", 3, "amount"),
        ("prompts: [Hi]\n" + MODEL + "dataset: x.csv\ncases: []\n", 4, "not both"),
        ("prompts: [Hi]\nmodels: [{name: m}]\n", 2, "vendor or base_url"),
        ("prompts: [Hi]\nmodels: [{name: m, vendor: openai, api_key: sk}]\n", 2, "key must not stand"),
        ("prompts: [Hi]\n" + MODEL + "dataset: ../datasets/golden.yaml\ntags: [none]\n", 4, "no cases with the tag none"),
        ("prompts: [Hi]\nmodels: [{name: m, base_url: 'https://me:secret@h/v1'}]\n", 2, "holds a name or password"),
        ("prompts: [Hi]\nmodels: [{name: m, base_url: 'http://[bad'}]\n", 2, "is not an address"),
        ("prompts: [Hi]\nmodels: [{name: m, vendor: openai, price: {input_usd: free}}]\n", 2, "price"),
        ("prompts: [Hi]\nmodels: [{name: m, vendor: openai, price: {input_usd: .nan}}]\n", 2, "price"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        run(text)
    assert (caught.value.path, caught.value.line) == ("lib/comparisons/refund.comparison.yaml", line)


def test_a_bad_row_of_the_table_is_told_with_the_tables_name() -> None:
    with pytest.raises(BadInput, match="line 2: 1 field") as caught:
        run("prompts: [Hi]\n" + MODEL + "dataset: ../datasets/broken.csv\n")
    assert caught.value.path == "lib/datasets/broken.csv"


def test_a_changed_old_version_is_not_run_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "lib/prompts/reply.versions.yaml", FILES["lib/prompts/reply.versions.yaml"].replace("Old", "Odd"))
    with pytest.raises(BadInput, match="Version 1 was changed"):
        run("prompts:\n  - {file: ../prompts/reply.yaml, version: 1}\n" + MODEL)


def test_a_comparison_comes_back_as_it_was_written() -> None:
    record = ComparisonFile(
        "Refund before release",
        (PromptPick("../prompts/reply.yaml", 6), PromptPick("../prompts/reply.yaml", label="production"), PromptPick("../prompts/b.yaml"),
         PromptPick(inside=PromptFile("Inside", NEW))),
        (ModelPick("GPT"), ModelPick("Llama", "Ollama", {"seed": 1}),
         ModelPick(inside=ConnectionEntry("openai", "openai", "https://x.example/v1", "", {}, (ModelEntry("m", "M", {"top_p": 1}),)))),
        "../datasets/golden.yaml",
        tags=("hard",),
        repeats=2,
        checks=(Check("contains", "a\nb"), Check("is-json", weight=2.0)),
        concurrency=8,
        max_cost_usd=Decimal("5.00"),
        reuse=True,
        stream=False,
    )  # fmt: skip
    text = write_comparison(record)
    assert read_comparison(parse_yaml(text), "x") == record
    assert write_comparison(read_comparison(parse_yaml(text), "x"), "", parse_yaml(text)) == text
