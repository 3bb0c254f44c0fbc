"""A comparison's file made into all that a run needs: paths followed, versions found, tables read."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench.formats import tabular
from workbench.formats.addresses import clean_address
from workbench.formats.comparison_file_record import (
    ComparisonFile,
    ModelPick,
    PromptPick,
    is_comparison_path,
    model_entries,
    read_comparison,
    unknown_model,
)
from workbench.formats.library_file import PromptFile, kind_of, read_prompt, read_versions
from workbench.formats.library_file_data import ConnectionEntry, ModelEntry, read_dataset, read_models
from workbench.formats.library_file_values import decode
from workbench.formats.library_file_values import parse as parse_yaml
from workbench.formats.library_table import library_cases, library_table
from workbench.formats.pictures import attachment
from workbench.formats.tabular import BadRow, Table
from workbench.formats.vendors import place_of, vendor
from workbench.formats.yaml_text_reading import Document, load
from workbench.quick_dataclass import dataclass, replace
from workbench.values.checks import Check, with_judges
from workbench.values.comparisons import Case, ModelSpec, Spec, Variant, held_to
from workbench.values.messages import Content, Message
from workbench.values.prices import Price
from workbench.values.problems import BadInput, NotFound

Read = Callable[[str], str | bytes]
"""The content of the file at a path: the comparison's own folder joined with what stands in it. Raises OSError or BadInput."""
FindModel = Callable[[str], ModelSpec]
"""A model of the workspace by title, `connection/title` or name. Raises NotFound."""

_NAMED_LINES = 5


def parse(text: str, path: str, read: Read, find_model: FindModel | None = None) -> Spec:
    """The comparison in a file, complete. `path` is the file's own; others are read relative to its folder.

    Raises BadInput, with path and line, for what is wrong or missing.
    """
    document = parse_yaml(text, path)
    document.beside = _beside(path, read)
    record = read_comparison(document, stem_of(path))
    return _Resolver(document, path, read, find_model).spec(record)


def is_comparison(path: Path) -> bool:
    """True for a file named `*.comparison.yaml`, and for a YAML file with the keys of one."""
    if is_comparison_path(path.name):
        return True
    if path.suffix.lower() not in (".yaml", ".yml"):
        return False
    try:
        return kind_of(load(text_of(path), str(path)).data) == "comparison"
    except BadInput:
        return False  # whoever reads it as something else has the better words


def text_of(path: Path) -> str:
    """The text of a file. Raises BadInput where it cannot be read or is not UTF-8."""
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"This file cannot be read ({error.strerror}).", path=str(path)) from error


def stem_of(path: str) -> str:
    """The file's name without its endings: `refund` of `a/refund.comparison.yaml`."""
    return posixpath.splitext(posixpath.basename(path.replace("\\", "/")))[0]


def neighbour(path: str, reference: str) -> str:
    """The path that a reference in a file means: relative to the file's folder."""
    path, reference = path.replace("\\", "/"), reference.replace("\\", "/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), reference))


def versions_path(path: str) -> str:
    """Where the versions of the prompt in this file are kept."""
    return posixpath.splitext(path)[0] + ".versions.yaml"


def read_cases(table: Table, path: str) -> tuple[Case, ...]:
    """All cases of a table. Raises BadInput that names the lines that cannot be used."""
    cases: list[Case] = []
    bad: list[BadRow] = []
    for item in library_cases(table):
        if isinstance(item, Case):
            cases.append(item)
        else:
            bad.append(item)
    if bad:
        lines = "; ".join(f"line {row.line}: {row.reason.rstrip('.')}" for row in bad[:_NAMED_LINES])
        raise BadInput(f"{len(bad)} {'row' if len(bad) == 1 else 'rows'} cannot be used: {lines}.", path=path, line=bad[0].line)
    return tuple(cases)


def model_spec(connection: ConnectionEntry, model: ModelEntry) -> ModelSpec:
    """What a run needs of a model that stands in a file. It may take a key from the environment only for its vendor's own address."""
    row = vendor(connection.vendor)
    base_url = clean_address(connection.base_url or row.base_url)
    is_own = urlsplit(base_url).hostname == urlsplit(row.base_url).hostname
    return ModelSpec(
        name=model.name,
        title=model.title,
        wire_format=connection.wire_format or row.wire_format,
        base_url=base_url,
        connection=connection.name,
        key_env=connection.key_env or (row.key_env if is_own or not row.base_url else "") or None,
        options={**row.options, **connection.options},
        parameters=dict(model.parameters),
        price=Price.from_json(model.price),
        place=place_of(row, base_url),
    )


@dataclass
class _Resolver:
    document: Document
    path: str
    read: Read
    find_model: FindModel | None
    _entries: list[tuple[ConnectionEntry, ModelEntry]] | None = None

    def spec(self, record: ComparisonFile) -> Spec:
        if not record.prompts:
            raise self.document.problem("This comparison names no prompt.", "prompts")
        if not record.models:
            raise self.document.problem("This comparison names no model.", "models")
        samples: dict[str, Any] = {}
        variants = tuple(self._variant(pick, place, samples) for place, pick in enumerate(record.prompts))
        models = tuple(replace(self._model(pick, place), colour=place) for place, pick in enumerate(record.models))
        dataset, cases = self._cases(record, samples)
        checks = held_to(record.checks, (variant.content for variant in variants))
        return Spec(
            name=record.name,
            variants=variants,
            models=models,
            cases=cases,
            repeats=record.repeats,
            checks=checks,
            judges=tuple(self._judges(checks, cases)),
            concurrency=record.concurrency,
            max_cost_usd=record.max_cost_usd,
            reuse=record.reuse,
            stream=record.stream,
            dataset=dataset,
        )

    # Prompts

    def _variant(self, pick: PromptPick, place: int, samples: dict[str, Any]) -> Variant:
        if pick.inside is not None:
            found, content, number = pick.inside, pick.inside.content, pick.inside.version
        else:
            path = neighbour(self.path, pick.file)
            text = self._text(path, "prompts", place)
            if not path.endswith((".yaml", ".yml")):
                return Variant(stem_of(path), None, Content((Message.of("user", text),)))
            found = read_prompt(self._yaml(text, path), stem_of(path))
            content, number = self._at_version(found, pick, path, place)
        for name, value in (found.samples or {}).items():
            samples.setdefault(name, value)
        return Variant(found.name, number, content)

    def _at_version(self, found: PromptFile, pick: PromptPick, path: str, place: int) -> tuple[Content, int | None]:
        number = pick.version
        if pick.label:
            number = (found.labels or {}).get(pick.label)
            if number is None:
                raise self.document.problem(f"{found.name} has no label {pick.label}.", "prompts", place)
        if number is None or number == found.version:
            return found.content, found.version
        versions = versions_path(path)
        entries = read_versions(self._yaml(self._text(versions, "prompts", place), versions)).versions
        for entry in entries:
            if entry.number == number:
                if entry.is_changed:
                    raise BadInput(f"Version {number} was changed after it was saved.", path=versions, line=entry.line)
                return entry.content, number
        raise self.document.problem(f"{found.name} has no version {number} in {versions}.", "prompts", place)

    # Models

    def _model(self, pick: ModelPick, place: int) -> ModelSpec:
        if pick.inside is not None:
            return model_spec(pick.inside, pick.inside.models[0])
        spec = self._in_file(pick) or self._in_workspace(f"{pick.connection}/{pick.title}" if pick.connection else pick.title)
        if spec is None:
            known = [title for _, model in self._models_file() for title in (model.title, model.name)]
            raise unknown_model(self.document, place, pick.title, known)
        return replace(spec, parameters={**spec.parameters, **pick.parameters})

    def _judges(self, checks: Sequence[Check], cases: Sequence[Case]) -> Iterator[ModelSpec]:
        """The models in `models.yaml` that checks name as their judge."""
        named: dict[str, None] = {}

        def note(judge: Mapping[str, Any]) -> Mapping[str, Any]:
            named[str(judge.get("model") or "")] = None
            return judge

        for check in (*checks, *(check for case in cases for check in case.checks)):
            with_judges(check, note)
        for name in filter(None, named):
            connection, _, title = name.rpartition("/")
            spec = self._in_file(ModelPick(name)) or self._in_file(ModelPick(title, connection))
            if spec is not None and spec.model_uid is None:
                yield replace(spec, title=name)

    def _in_file(self, pick: ModelPick) -> ModelSpec | None:
        entries = [item for item in self._models_file() if not pick.connection or item[0].name == pick.connection]
        found = [item for item in entries if item[1].title == pick.title] or [item for item in entries if item[1].name == pick.title]
        if not found:
            return None
        spec = model_spec(*found[0])
        known = self._in_workspace(f"{spec.connection}/{spec.title}") or self._in_workspace(spec.title)
        if known and (known.name, known.base_url, known.wire_format) == (spec.name, spec.base_url, spec.wire_format):
            # the same model stands in the workspace: its connection knows the key
            return replace(known, parameters=spec.parameters, price=spec.price if spec.price != Price() else known.price)
        return spec

    def _in_workspace(self, name: str) -> ModelSpec | None:
        if self.find_model is None:
            return None
        try:
            return self.find_model(name)
        except NotFound:
            return None

    def _models_file(self) -> list[tuple[ConnectionEntry, ModelEntry]]:
        """The models in `models.yaml` beside the comparison, or in the folder above, as the library folder has it."""
        if self._entries is None:
            self._entries = []
            for reference in ("models.yaml", "../models.yaml"):
                path = neighbour(self.path, reference)
                try:
                    data = self.read(path)
                except (OSError, BadInput, LookupError):
                    continue
                self._entries = model_entries(read_models(parse_yaml(_as_text(data, path), path)))
                break
        return self._entries

    # Cases

    def _cases(self, record: ComparisonFile, samples: Mapping[str, Any]) -> tuple[str, tuple[Case, ...]]:
        name, cases = "", record.cases
        if record.dataset:
            name, cases = self._dataset(neighbour(self.path, record.dataset))
        elif not cases:
            return "", (Case(dict(samples), "Sample values" if samples else ""),)
        wanted = set(record.tags)
        chosen = tuple(case for case in cases if not wanted or wanted & set(case.tags))
        if not chosen:
            tagged = f" with the tag {' or '.join(sorted(wanted))}" if wanted else ""
            raise self.document.problem(f"There are no cases{tagged}.", "tags" if wanted else "dataset")
        return name, chosen

    def _dataset(self, path: str) -> tuple[str, tuple[Case, ...]]:
        if not path.endswith((".yaml", ".yml")):
            return stem_of(path), read_cases(tabular.read_bytes(self._data(path, "dataset"), path), path)
        record = read_dataset(parse_yaml(self._text(path, "dataset"), path), stem_of(path))
        if not record.table:
            return record.name, record.cases
        beside = neighbour(path, record.table)
        return record.name, read_cases(library_table(self._data(beside, "dataset"), beside, record.columns), beside)

    # Files

    def _data(self, path: str, *where: str | int) -> bytes:
        try:
            data = self.read(path)
        except (OSError, LookupError) as error:
            reason = getattr(error, "strerror", None) or "it is not there"
            raise self.document.problem(f"{path} cannot be read ({reason}).", *where) from error
        return data.encode("utf-8") if isinstance(data, str) else data

    def _yaml(self, text: str, path: str) -> Document:
        document = parse_yaml(text, path)
        document.beside = _beside(path, self.read)
        return document

    def _text(self, path: str, *where: str | int) -> str:
        return decode(self._data(path, *where), path)


def _beside(path: str, read: Read) -> Callable[[str], bytes]:
    """Reads pictures and PDF files that a file of prompts names, and nothing else: what it reads is sent to a server."""

    def bytes_of(reference: str) -> bytes:
        try:
            data = read(neighbour(path, reference))
        except OSError as error:
            raise BadInput(f"This picture cannot be read: {error.strerror}.", path=neighbour(path, reference)) from error
        made = data.encode() if isinstance(data, str) else data
        attachment(made, neighbour(path, reference))
        return made

    return bytes_of


def _as_text(data: str | bytes, path: str) -> str:
    return data if isinstance(data, str) else decode(data, path)
