"""Configurations of other tools as comparison files of our own, so that they come in by the same door."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench.formats import promptfoo
from workbench.formats.comparison_file_record import ComparisonFile, ModelPick, PromptPick
from workbench.formats.library_file import PromptFile
from workbench.formats.library_file_data import ConnectionEntry, ModelEntry
from workbench.formats.reports import NotCarried
from workbench.formats.vendors import vendors
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput, ModelSpec


@dataclass(frozen=True, slots=True)
class ForeignComparison:
    """A configuration of another tool as a comparison file of our own, everything inside."""

    record: ComparisonFile
    not_carried: tuple[NotCarried, ...] = ()
    refused: tuple[BadInput, ...] = ()
    """Prompts that cannot be translated, each with its place."""
    files: frozenset[Path] = frozenset()
    """The other files that it was read from."""


def as_comparison(path: Path, environment: Mapping[str, str], within: Path | None = None) -> ForeignComparison:
    """The comparison in a promptfoo configuration; keys are left out. Files that it names have to lie `within` a folder, where one is
    given. Raises BadInput."""
    config = promptfoo.read(path, environment, to_run=False, within=within)
    spec = config.spec
    left = list(config.not_carried)
    if config.keys:
        left.append(NotCarried(str(path), "API keys", "keys are never taken from files: enter them in Models"))
    record = ComparisonFile(
        name=spec.name,
        prompts=tuple(PromptPick(inside=PromptFile(variant.prompt, variant.content)) for variant in spec.variants),
        models=tuple(ModelPick(inside=_connection(model)) for model in spec.models),
        cases=spec.cases,
        repeats=spec.repeats,
        checks=spec.checks,
        concurrency=spec.concurrency,
        max_cost_usd=spec.max_cost_usd,
        reuse=spec.reuse,
        judges=tuple(ModelPick(inside=_connection(model)) for model in spec.judges),
        judge_prompts=tuple(PromptFile(name, content, kind="judge") for name, content in config.judge_prompts.items()),
        criteria=None,
    )
    return ForeignComparison(record, tuple(left), config.refused, config.files - {path.resolve()})


def _connection(model: ModelSpec) -> ConnectionEntry:
    row = next(
        (row for row in vendors() if row.wire_format == model.wire_format and row.base_url.rstrip("/") == model.base_url.rstrip("/")), None
    )
    name = row.name if row else model.connection or model.base_url.split("://")[-1].split("/")[0] or "Server"
    price = {rate: value for rate, value in model.price.to_json().items() if value is not None}
    entry = ModelEntry(model.name, model.title, model.parameters, price or None)
    return ConnectionEntry(name, row.id if row else "other", model.base_url, model.wire_format, {}, (entry,))
