"""A comparison as `promptfooconfig.yaml`: its checks as `defaultTest`, each case with its own checks as a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.formats.foreign_writing import Outgoing
from workbench.formats.promptfoo.checks_writing import asserts
from workbench.formats.promptfoo.writing import HEADER, entry
from workbench.formats.reports import NotCarried, Notes
from workbench.formats.yaml_text import dump
from workbench.values.comparisons import Case, ModelSpec, Spec
from workbench.values.messages import Content

_PROVIDERS = {"openai-chat": "openai:chat", "openai-responses": "openai:responses", "anthropic": "anthropic:messages", "gemini": "google", "ollama": "ollama:chat"}  # fmt: skip  # noqa: E501


def write_comparison(spec: Spec, outs: Sequence[Outgoing]) -> tuple[str, tuple[NotCarried, ...]]:
    """The text of the file, and what of the comparison is not in it. Raises BadInput for a template that cannot be said."""
    notes = Notes(spec.name)
    data: dict[str, Any] = {"description": spec.name, "prompts": [entry(out, Notes("")) for out in outs]}
    data["providers"] = list(_providers(spec.models, [out.content for out in outs], notes)) or ["echo"]
    shared = list(asserts(spec.checks, notes))
    if shared:
        data["defaultTest"] = {"assert": shared}
    data["tests"] = [_test(case, notes) for case in spec.cases]
    options = {"repeat": spec.repeats} if spec.repeats > 1 else {}
    data["evaluateOptions"] = {"maxConcurrency": spec.concurrency, **options}
    return dump(data, HEADER), notes.all()


def _providers(models: Sequence[ModelSpec], prompts: Sequence[Content], notes: Notes) -> Iterator[Any]:
    for model in models:
        if model.wire_format == "echo":
            yield "echo"
            continue
        kind = _PROVIDERS.get(model.wire_format)
        if kind is None:
            notes.add(f"model {model.title}", "promptfoo has no provider that asks it so.")
            continue
        config = {**_only_for(model, prompts, notes), **model.parameters}
        if kind.startswith("openai"):
            config |= {"apiBaseUrl": model.base_url} | ({"apiKeyEnvar": model.key_env} if model.key_env else {})
        yield {"id": f"{kind}:{model.name}", "label": model.title} | ({"config": config} if config else {})


def _only_for(model: ModelSpec, prompts: Sequence[Content], notes: Notes) -> Mapping[str, Any]:
    """What all prompts say for this model alone. In promptfoo the config of a prompt goes over that of a provider, which all prompts share:
    what a prompt sets for all models too, or what only some prompts say, has no place there and is told."""
    first, *others = [content.parameters_for.get(model.name, {}) for content in prompts]
    set_for_all = {name for content in prompts for name in content.parameters}
    if all(values == first for values in others) and not set_for_all & first.keys() and None not in first.values():
        return first
    notes.add(
        f"parameters only for {model.title}", "promptfoo lets the config of a prompt go over that of a provider, so they have no place."
    )
    return {}


def _test(case: Case, notes: Notes) -> dict[str, Any]:
    for what, there in (("weight", case.weight != 1.0), ("note", case.note)):
        if there:
            notes.add(f"{what} of cases", "They have no place in this format.")
    values = dict(case.values)
    if case.reference is not None:
        values.setdefault("reference", case.reference)
    test: dict[str, Any] = {"description": case.name} if case.name else {}
    test["vars"] = values
    asked = list(asserts(case.checks, notes))
    if asked:
        test["assert"] = asked
    options = {"disableVarExpansion": True} if any(isinstance(value, (list, tuple)) for value in values.values()) else {}
    if case.only_own_checks:
        options["disableDefaultAsserts"] = True
    if case.tags:
        test["metadata"] = {"tags": list(case.tags)}
    return test | ({"options": options} if options else {})
