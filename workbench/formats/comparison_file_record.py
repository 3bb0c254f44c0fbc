"""A comparison as a file that runs by itself: prompts, models and cases by path, by name, or inside.

    comparison: Refund before release
    prompts:
      - {file: ../prompts/support/refund-reply.yaml, label: production}
      - prompt: Shorter
        messages:
          - user: "Answer in one line: {{ ticket }}"
    models: [gpt-4.1-mini, {name: llama3.2, vendor: ollama}]
    dataset: ../datasets/golden-50.yaml
    checks:
      - contains: refund
    criteria:
      - {name: Accuracy, points: {5: Policy applied correctly}}

Here is what stands in the file, nothing followed; `comparison_file.parse` follows the paths.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal, InvalidOperation
from typing import Any

from workbench.formats.criteria_file import read_criteria, write_criteria
from workbench.formats.library_file import PromptFile, read_prompt, write_prompt_data
from workbench.formats.library_file_carry import rewritten
from workbench.formats.library_file_checks import read_checks
from workbench.formats.library_file_data import ConnectionEntry, ModelEntry, read_case, read_models
from workbench.formats.library_file_values import at, list_at, mapping_of, number_at, optional_mapping, part_of, text_at, texts_at
from workbench.formats.tabular_writing import case_to_json
from workbench.formats.yaml_text_reading import Document, Path
from workbench.quick_dataclass import dataclass
from workbench.values.checks import Check
from workbench.values.comparisons import Case
from workbench.values.criteria import Criterion
from workbench.values.problems import BadInput

_KEYS = (
    "comparison", "description", "prompts", "models", "dataset", "cases", "tags", "repeats", "checks", "criteria", "concurrency",
    "max_cost_usd", "reuse", "stream",
)  # fmt: skip
_ENDINGS = (".yaml", ".yml", ".txt", ".md")


@dataclass(frozen=True, slots=True)
class PromptPick:
    """One prompt of a comparison: a file at a version or label, or a prompt written inside."""

    file: str = ""
    version: int | None = None
    label: str | None = None
    inside: PromptFile | None = None


@dataclass(frozen=True, slots=True)
class ModelPick:
    """One model of a comparison: by title (with its connection if need be), or written inside."""

    title: str = ""
    connection: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """On top of the model's own."""
    inside: ConnectionEntry | None = None
    """A connection with this one model."""


@dataclass(frozen=True, slots=True)
class ComparisonFile:
    """A comparison as its file says it, nothing followed yet."""

    name: str
    prompts: tuple[PromptPick, ...] = ()
    models: tuple[ModelPick, ...] = ()
    dataset: str = ""
    """Path of a dataset's file or of a table; empty where the cases stand inside, or nowhere."""
    cases: tuple[Case, ...] = ()
    tags: tuple[str, ...] = ()
    repeats: int = 1
    checks: tuple[Check, ...] = ()
    concurrency: int = 4
    max_cost_usd: Decimal | None = None
    reuse: bool = False
    stream: bool = True
    judges: tuple[ModelPick, ...] = ()
    """Models that only judge, where the file says how to reach them; checks name them by title."""
    judge_prompts: tuple[PromptFile, ...] = ()
    """Judge prompts that the file brings along; checks name them."""
    criteria: tuple[Criterion, ...] | None = ()
    """What people rate; None where the file is of a kind that does not say."""


def read_comparison(document: Document, stem: str) -> ComparisonFile:
    """The comparison in a file. Raises BadInput with the line, also for a key that is a slip of a known one."""
    data = mapping_of(document)
    for key in data:
        near = difflib.get_close_matches(str(key), _KEYS, n=1, cutoff=0.8) if key not in _KEYS else []
        if near:
            raise document.problem(f"{key} is not known here.", key, remedy=f"Did you mean {near[0]}?")
    dataset = at(document, ("dataset",))
    if isinstance(dataset, Mapping):
        dataset = dataset.get("file")
    if dataset is not None and not isinstance(dataset, str):
        raise document.problem("A dataset is the path of its file.", "dataset")
    if dataset and "cases" in data:
        raise document.problem("A comparison has a dataset or cases of its own, not both.", "cases")
    return ComparisonFile(
        name=text_at(document, "comparison") or stem.removesuffix(".comparison"),
        prompts=tuple(_prompt(document, place) for place in range(len(list_at(document, "prompts")))),
        models=tuple(_model(document, place) for place in range(len(list_at(document, "models")))),
        dataset=dataset or "",
        cases=tuple(read_case(document, ("cases", place)) for place in range(len(list_at(document, "cases")))),
        tags=tuple(texts_at(document, "tags")),
        repeats=_count(document, "repeats", 1),
        checks=read_checks(document, ("checks",)),
        concurrency=_count(document, "concurrency", 4),
        max_cost_usd=_money(document),
        reuse=_flag(document, "reuse", False),
        stream=_flag(document, "stream", True),
        criteria=read_criteria(document),
    )


def write_comparison(record: ComparisonFile, header: str = "", old: Document | None = None) -> str:
    """The text of a comparison's file, keys in their fixed order, defaults left out."""
    data: dict[str, Any] = {
        "comparison": record.name,
        "prompts": [_pick_to_data(pick) for pick in record.prompts],
        "models": [_model_to_data(pick) for pick in record.models],
    }
    if record.dataset:
        data["dataset"] = record.dataset
    if record.tags:
        data["tags"] = list(record.tags)
    if record.repeats != 1:
        data["repeats"] = record.repeats
    if record.checks:
        data["checks"] = [check.to_json() for check in record.checks]
    if record.criteria:
        data["criteria"] = write_criteria(record.criteria)
    if record.concurrency != 4:
        data["concurrency"] = record.concurrency
    if record.max_cost_usd is not None:
        data["max_cost_usd"] = str(record.max_cost_usd)
    if record.reuse:
        data["reuse"] = True
    if not record.stream:
        data["stream"] = False
    if record.cases:
        data["cases"] = [case_to_json(case) for case in record.cases]
    return rewritten(data, dict.fromkeys(key for key in _KEYS if key != "description"), header, old)


def _pick_to_data(pick: PromptPick) -> dict[str, Any]:
    if pick.inside is not None:
        return write_prompt_data(pick.inside)
    data: dict[str, Any] = {"file": pick.file}
    if pick.version is not None:
        data["version"] = pick.version
    if pick.label:
        data["label"] = pick.label
    return data


def _model_to_data(pick: ModelPick) -> Any:
    if pick.inside is not None:
        connection, model = pick.inside, pick.inside.models[0]
        data: dict[str, Any] = {"name": model.name}
        if model.title != model.name:
            data["title"] = model.title
        for key in ("vendor", "base_url", "wire_format", "key_env", "options"):
            if getattr(connection, key):
                data[key] = getattr(connection, key)
        if model.parameters:
            data["parameters"] = dict(model.parameters)
        return data | ({"price": dict(model.price)} if model.price else {})
    if not pick.connection and not pick.parameters:
        return pick.title
    data = {"model": pick.title}
    if pick.connection:
        data["connection"] = pick.connection
    return data | ({"parameters": dict(pick.parameters)} if pick.parameters else {})


def _prompt(document: Document, place: int) -> PromptPick:
    where: tuple[str | int, ...] = ("prompts", place)
    item = at(document, where)
    if isinstance(item, str):
        is_path = item.endswith(_ENDINGS) and "\n" not in item and "{{" not in item
        return PromptPick(item) if is_path else PromptPick(inside=read_prompt(_text_of(document, where, item), f"Prompt {place + 1}"))
    if not isinstance(item, Mapping):
        raise document.problem("A prompt is the path of its file, or its text.", *where)
    if "file" in item:
        version, label = number_at(document, *where, "version"), text_at(document, *where, "label") or None
        if version is not None and label:
            raise document.problem("A prompt is named at a version or at a label, not both.", *where)
        return PromptPick(text_at(document, *where, "file"), version, label)
    return PromptPick(inside=read_prompt(part_of(document, *where), f"Prompt {place + 1}"))


def _text_of(document: Document, where: tuple[str | int, ...], text: str) -> Document:
    """A prompt that is only its text, as a document with the same lines."""
    return Document({"prompt": text}, {("prompt",): document.line(*where)}, document.text, document.path, [], document.beside)


def _model(document: Document, place: int) -> ModelPick:
    where: tuple[str | int, ...] = ("models", place)
    item = at(document, where)
    if isinstance(item, str) and item:
        return ModelPick(item)
    if not isinstance(item, Mapping):
        raise document.problem("A model is its title, or a name with the address of its server.", *where)
    if "model" in item:
        return ModelPick(
            text_at(document, *where, "model"),
            text_at(document, *where, "connection"),
            optional_mapping(document, *where, "parameters") or {},
        )
    if "name" not in item or not ("vendor" in item or "base_url" in item or "wire_format" in item):
        raise document.problem("A model that stands here needs a name, and a vendor or base_url.", *where)
    inside = {
        "connections": [
            {
                "name": item.get("connection") or item.get("vendor") or _host(str(item.get("base_url", ""))) or "Server",
                **{key: item[key] for key in ("vendor", "base_url", "wire_format", "options", "key_env") if key in item},
                **{key: item[key] for key in item if str(key).casefold() in ("key", "api_key", "apikey", "token", "password", "secret")},
                "models": [{key: item[key] for key in ("name", "title", "parameters", "price") if key in item}],
            }
        ]
    }
    lines: dict[Path, int] = {("connections",): document.line(*where)}
    return ModelPick(inside=read_models(Document(inside, lines, document.text, document.path, []))[0])


def _host(base_url: str) -> str:
    return base_url.split("://")[-1].split("/")[0]


def _count(document: Document, key: str, default: int) -> int:
    number = number_at(document, key)
    if number is not None and number < 1:
        raise document.problem(f"{key} is 1 or more.", key)
    return default if number is None else number


def _money(document: Document) -> Decimal | None:
    text = text_at(document, "max_cost_usd")
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise document.problem(f"max_cost_usd is an amount in dollars, not {text}.", "max_cost_usd")
    return amount


def _flag(document: Document, key: str, default: bool) -> bool:
    value = at(document, (key,))
    if value is None:
        return default
    if not isinstance(value, bool):
        raise document.problem(f"{key} is true or false.", key)
    return value


def is_comparison_path(path: str) -> bool:
    """True for a name such as `refund.comparison.yaml`."""
    return path.lower().endswith((".comparison.yaml", ".comparison.yml"))


def model_entries(connections: tuple[ConnectionEntry, ...]) -> list[tuple[ConnectionEntry, ModelEntry]]:
    """Every model with its connection."""
    return [(connection, model) for connection in connections for model in connection.models]


def unknown_model(document: Document, place: int, title: str, known: list[str]) -> BadInput:
    """The error for a model that neither a file nor the workspace knows."""
    near = difflib.get_close_matches(title, known, n=3, cutoff=0.5)
    remedy = f"Did you mean {' or '.join(near)}?" if near else "Add it in Models, or write its name with vendor or base_url here."
    return document.problem(f"There is no model called {title}.", "models", place, remedy=remedy)
