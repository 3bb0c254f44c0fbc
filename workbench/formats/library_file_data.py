"""More files of the library folder: datasets, connections with models, and the folder's own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from workbench.formats.addresses import clean_address, holds_secret
from workbench.formats.library_file_carry import rewritten
from workbench.formats.library_file_checks import read_checks
from workbench.formats.library_file_values import at, list_at, mapping_of, number_at, optional_mapping, text_at, texts_at
from workbench.formats.tabular_writing import case_to_json
from workbench.formats.yaml_text_reading import Document
from workbench.quick_dataclass import dataclass
from workbench.values.comparisons import Case
from workbench.values.datasets import ColumnSpec
from workbench.values.prices import Price
from workbench.values.problems import BadInput

FORMAT = 1
_COLUMN_ROLES = ("variable", "metadata")


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """A dataset: its cases inside, or in a table file beside it."""

    name: str
    description: str | None = None
    columns: tuple[ColumnSpec, ...] | None = None
    table: str | None = None
    """File name of the table, relative to this file."""
    cases: tuple[Case, ...] = ()
    folder: str | None = None
    """Path of its folder. None: as the file's place says."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model of a connection. `price` holds decimal strings by rate, and maybe `tiers` and `batch`, as `Price.to_json` writes them."""

    name: str
    title: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    price: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ConnectionEntry:
    """A connection with its models: never a key."""

    name: str
    vendor: str
    base_url: str
    wire_format: str
    options: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[ModelEntry, ...] = ()
    key_env: str = ""


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """`workbench.yaml`: the form of the folder, and the prompt folders that are empty."""

    format: int = FORMAT
    folders: tuple[str, ...] = ()


def read_dataset(document: Document, stem: str) -> DatasetFile:
    """The dataset in a file, without the rows of a table beside it."""
    data = mapping_of(document)
    columns = None
    if "columns" in data:
        columns = tuple(_column(document, place) for place in range(len(list_at(document, "columns"))))
    table = text_at(document, "file") or None
    items = list_at(document, "cases") if "cases" in data else []
    only = columns[0].name if columns and len(columns) == 1 else "input"
    cases = tuple(read_case(document, ("cases", place), only) for place in range(len(items)))
    folder = text_at(document, "folder") if "folder" in data else None
    return DatasetFile(text_at(document, "dataset") or stem, data.get("description"), columns, table, cases, folder)


def write_dataset(record: DatasetFile, header: str = "", old: Document | None = None) -> str:
    """The text of a dataset's file."""
    data: dict[str, Any] = {"dataset": record.name}
    if record.description:
        data["description"] = record.description
    if record.folder is not None:
        data["folder"] = record.folder
    data["columns"] = [
        {"name": column.name}
        | ({"type": column.type} if column.type != "text" else {})
        | ({"role": column.role} if column.role != "variable" else {})
        for column in record.columns or ()
    ]
    if record.table:
        data["file"] = record.table
    else:
        data["cases"] = [case_to_json(case) for case in record.cases]
    return rewritten(data, dict.fromkeys(("dataset", "description", "folder", "columns", "file", "cases")), header, old)


def _column(document: Document, place: int) -> ColumnSpec:
    item = at(document, ("columns", place))
    if isinstance(item, str):
        return ColumnSpec(item)
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        raise document.problem("A column has a name.", "columns", place)
    role = item.get("role", "variable")
    if role not in _COLUMN_ROLES:
        raise document.problem(f"The role of a column is variable or metadata, not {role}.", "columns", place)
    return ColumnSpec(item["name"], str(item.get("type", "text")), role)


def read_case(document: Document, where: tuple[str | int, ...], only: str = "input") -> Case:
    """One case: its `values` with name, reference, tags, weight, note, checks beside them. A text alone is the value of `only`;
    without `values`, all other keys are variables."""
    item = at(document, where)
    if isinstance(item, str):
        return Case({only: item})
    if not isinstance(item, Mapping):
        raise document.problem("A case is a mapping of variables to values.", *where)
    own = ("name", "reference", "tags", "weight", "note", "checks")
    values = item.get("values")
    if values is None:
        values = {key: value for key, value in item.items() if key not in own and key != "values"}
    if not isinstance(values, Mapping):
        raise document.problem("The values of a case are variables with their values.", *where, "values")
    weight = item.get("weight", 1.0)
    if not isinstance(weight, (int, float)) or isinstance(weight, bool) or weight < 0:
        raise document.problem("A weight is a number of 0 or more.", *where, "weight")
    checks: tuple[str | int, ...] = (*where, "checks")
    is_only = isinstance(item.get("checks"), Mapping)
    return Case(
        values=dict(values),
        name=text_at(document, *where, "name"),
        reference=item.get("reference"),
        tags=tuple(texts_at(document, *where, "tags")) if "tags" in item else (),
        weight=float(weight),
        note=text_at(document, *where, "note"),
        checks=read_checks(document, (*checks, "only") if is_only else checks) if "checks" in item else (),
        only_own_checks=is_only,
    )


# Connections and models


def read_models(document: Document) -> tuple[ConnectionEntry, ...]:
    """The connections in `models.yaml`, with their models."""
    entries = []
    for place in range(len(list_at(document, "connections"))):
        where: tuple[str | int, ...] = ("connections", place)
        item = at(document, where)
        if not isinstance(item, Mapping):
            raise document.problem("A connection has a name.", *where)
        for name in item:
            if str(name).casefold() in ("key", "api_key", "apikey", "token", "password", "secret"):
                raise document.problem("A key must not stand in a file.", *where, name, remedy="Remove it and enter it in Models.")
        options = optional_mapping(document, *where, "options") or {}
        if holds_secret(options):
            raise document.problem("A key must not stand in a file.", *where, "options", remedy="Remove it and enter it in Models.")
        models = tuple(_model(document, (*where, "models", model)) for model in range(len(list_at(document, *where, "models"))))
        entries.append(
            ConnectionEntry(
                name=text_at(document, *where, "name") or text_at(document, *where, "vendor"),
                vendor=text_at(document, *where, "vendor") or "other",
                base_url=_address(document, *where, "base_url"),
                wire_format=text_at(document, *where, "wire_format"),
                options=options,
                models=models,
                key_env=text_at(document, *where, "key_env"),
            )
        )
        if not entries[-1].name:
            raise document.problem("A connection has a name.", *where)
    return tuple(entries)


def write_models(record: Sequence[ConnectionEntry], header: str = "", old: Document | None = None) -> str:
    """The text of `models.yaml`, by name."""
    connections = []
    for entry in record:
        item: dict[str, Any] = {"name": entry.name, "vendor": entry.vendor}
        for key in ("base_url", "wire_format", "options"):
            if getattr(entry, key):
                item[key] = getattr(entry, key)
        item["models"] = [
            {"name": model.name}
            | ({"title": model.title} if model.title != model.name else {})
            | ({"parameters": dict(model.parameters)} if model.parameters else {})
            | ({"price": dict(model.price)} if model.price else {})
            for model in entry.models
        ]
        connections.append(item)
    return rewritten({"connections": connections}, {"connections": None}, header, old)


def _address(document: Document, *where: str | int) -> str:
    text = text_at(document, *where)
    try:
        clean_address(text)
    except BadInput as error:
        raise document.problem(error.message, *where, remedy=error.remedy) from None
    return text


def _model(document: Document, where: tuple[str | int, ...]) -> ModelEntry:
    item = at(document, where)
    if isinstance(item, str):
        return ModelEntry(item, item)
    name = text_at(document, *where, "name") if isinstance(item, Mapping) else ""
    if not name:
        raise document.problem("A model has a name, as the API takes it.", *where)
    price = optional_mapping(document, *where, "price")
    try:
        Price.from_json(price)
    except ValueError as error:
        raise document.problem(f"{error}.", *where, "price", remedy="Write dollars for a million tokens, such as 0.40.") from None
    return ModelEntry(
        name,
        text_at(document, *where, "title") or name,
        optional_mapping(document, *where, "parameters") or {},
        None if price is None else {rate: str(value) if isinstance(value, (int, float)) else value for rate, value in price.items()},
    )


# The folder's own page


def read_library(document: Document) -> LibraryPage:
    """The page of the folder. Raises BadInput for a folder that a newer version wrote."""
    number = number_at(document, "format") or FORMAT
    if number > FORMAT:
        raise document.problem(
            f"This library was made by a newer version (format {number}, this app reads up to {FORMAT}).",
            "format",
            remedy="Get the update.",
        )
    return LibraryPage(number, tuple(texts_at(document, "folders")) if "folders" in mapping_of(document) else ())


def write_library(record: LibraryPage, header: str = "", old: Document | None = None) -> str:
    """The text of `workbench.yaml`."""
    data: dict[str, Any] = {"format": record.format}
    if record.folders:
        data["folders"] = list(record.folders)
    return rewritten(data, {"format": None, "folders": None}, header, old)
