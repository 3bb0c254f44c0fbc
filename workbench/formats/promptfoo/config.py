"""One configuration file as a whole: which keys it has, and where each of them goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from workbench.formats.foreign_values import KEY_WHY, SECRET
from workbench.formats.promptfoo.cases import read_cases, with_missing
from workbench.formats.promptfoo.checks import note_what_cannot_run
from workbench.formats.promptfoo.files import ConfigFolder
from workbench.formats.promptfoo.graders import Graders
from workbench.formats.promptfoo.javascript_values import as_javascript_says
from workbench.formats.promptfoo.places import Places
from workbench.formats.promptfoo.prompts import Around, read_prompts
from workbench.formats.promptfoo.providers import read_providers
from workbench.formats.reports import NotCarried, Notes
from workbench.quick_dataclass import dataclass
from workbench.templates import required
from workbench.values import BadInput, Case, Content, Spec

_KNOWN = {
    "description", "prompts", "providers", "targets", "tests", "scenarios", "defaultTest", "evaluateOptions", "commandLineOptions",
    "env", "assertionTemplates", "$schema",
}  # fmt: skip

_UNNAMED = "My eval"
"""What promptfoo writes as the description of every configuration that it makes."""


@dataclass(frozen=True, slots=True)
class PromptfooConfig:
    """A configuration as a comparison. `keys` holds API keys found in the file, by the place of the model in
    `spec.models` followed by `spec.judges`: they are for this session and are never stored."""

    spec: Spec
    not_carried: tuple[NotCarried, ...] = ()
    keys: Mapping[int, str] = field(default_factory=dict, repr=False)
    judge_prompts: Mapping[str, Content] = field(default_factory=dict)
    """The judge prompts (`rubricPrompt`) that its checks name."""
    refused: tuple[BadInput, ...] = ()
    """Prompts that cannot be translated, each with its place."""
    files: frozenset[Path] = frozenset()
    """Every file that was read for it, its own too."""


def is_config(name: str) -> bool:
    """True if a file of this name is meant as a promptfoo configuration, whatever is in it."""
    return name.lower().startswith("promptfooconfig")


def looks_like(data: Any) -> bool:
    """True if this is the content of a promptfoo configuration."""
    return isinstance(data, dict) and "prompts" in data and ("providers" in data or "targets" in data)


def read(path: Path, environment: Mapping[str, str] | None = None, *, to_run: bool = True, within: Path | None = None) -> PromptfooConfig:
    """The comparison in a promptfoo configuration file (YAML or JSON).

    `environment` is what `{{env.NAME}}` and the provider's own variables are looked up in. `to_run` False: for importing,
    the comparison may lack models or cases.
    `within`: the folder that files it names may not leave, its own unless a larger one is said. Raises BadInput, with the place, where
    the file cannot be read, or nothing in it can run here.
    """
    folder = ConfigFolder(path.parent, within, to_run=to_run)
    data = folder.data(path.name)
    is_meant = not to_run and is_config(path.name) and isinstance(data, dict) and "prompts" in data  # providers come from the command line
    if not is_meant and not looks_like(data):
        raise BadInput("This is not a promptfoo configuration: it needs prompts and providers.", path=str(path))
    notes = Notes(str(path))
    notes.leftover(data, _KNOWN, "configuration")
    own = {str(key): str(value) for key, value in _mapping(data.get("env")).items()}
    known = {**(environment or {}), **own}
    keys_inside = set() if to_run else {key for key in own if SECRET.search(key)}  # what comes in is stored
    for key in sorted(keys_inside):
        notes.add(f"env: {key}", KEY_WHY)
    try:
        providers = read_providers(data.get("providers", data.get("targets", [])), folder, notes, known)
        graders = Graders(folder, notes, known, _name(data, path))
        checks, cases, (prefix, suffix) = read_cases(
            data, folder, notes, graders, transformed=any(provider.transformed for provider in providers)
        )
    except RecursionError:
        raise BadInput("Files that it names are nested too deep, or name each other without end.", path=str(path)) from None
    except BadInput as problem:
        raise _placed(problem, path, folder) from problem
    around = Around(
        prefix,
        suffix,
        {key: value for key, value in own.items() if key not in keys_inside},
        [str(name) for name in _mapping(data.get("nunjucksFilters"))],
    )
    variants, refused = read_prompts(data["prompts"], folder, notes, around, to_run=to_run)
    places = Places(folder)
    refused += tuple(
        BadInput(error.message, path=str(path), line=places.line_of(str(path), reference), remedy=error.remedy)
        for (reference, _), error in folder.left.items()
    )
    if to_run and refused:
        if not variants:
            raise refused[0]
        for error in refused:
            notes.add(f"{error.path}, line {error.line}" if error.line else error.path, error.message)
    if not to_run and cases == (Case(),):
        cases = ()  # nothing is tested: no dataset is made of it
    cases, variants = as_javascript_says(cases, variants)
    cases = with_missing(cases, (name for variant in variants for name in required(variant.content)), notes)
    if to_run:
        _need(path, notes, prompts=variants, providers=providers, tests=cases)
    concurrency, repeats, reuse = _options(data, notes)
    spec = Spec(
        name=_name(data, path),
        variants=variants,
        models=tuple(provider.model for provider in providers),
        cases=cases,
        repeats=repeats,
        checks=checks,
        concurrency=concurrency,
        reuse=reuse,
        stream=False,  # promptfoo asks for whole answers
        judges=tuple(judge.model for judge in graders.models.values()),
        dataset=data["tests"].removeprefix("file://") if isinstance(data.get("tests"), str) else "",
    )
    note_what_cannot_run((*checks, *(check for case in cases for check in case.checks)), notes)
    keys = {index: provider.key for index, provider in enumerate((*providers, *graders.models.values())) if provider.key}
    return PromptfooConfig(spec, notes.all(), keys, graders.prompts, refused, frozenset(folder.read))


def _placed(error: BadInput, path: Path, folder: ConfigFolder) -> BadInput:
    """The error; one about a file that is not there with the place in the configuration that names it."""
    lost = Path(error.path or path)
    if lost == path or lost.exists():
        return error
    line = Places(folder).line_of(str(path), lost.name)
    return BadInput(f"It names {lost.name}, which is not there.", path=str(path), line=line, remedy="Put the file beside it.")


def _need(path: Path, notes: Notes, **parts: tuple[Any, ...]) -> None:
    for name, found in parts.items():
        if not found:
            why = "; ".join(f"{note.what}: {note.why}" for note in notes.all() if note.what.startswith(name.removesuffix("s")))
            raise BadInput(f"None of its {name} can be run here. {why}".strip(), path=str(path))


def _name(data: Mapping[str, Any], path: Path) -> str:
    described = str(data.get("description") or "").strip()
    if described and described != _UNNAMED:
        return described.splitlines()[0]
    return path.resolve().parent.name if path.stem == "promptfooconfig" else path.stem


def _options(data: Mapping[str, Any], notes: Notes) -> tuple[int, int, bool]:
    """Concurrency, repeats and reuse."""
    options = {**_mapping(data.get("commandLineOptions")), **_mapping(data.get("evaluateOptions"))}
    notes.leftover(options, {"maxConcurrency", "repeat", "cache", "showProgressBar"}, "evaluateOptions")
    return _whole(options.get("maxConcurrency"), 4), _whole(options.get("repeat"), 1), options.get("cache") is True


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default
