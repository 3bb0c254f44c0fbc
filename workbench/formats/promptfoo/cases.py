"""`tests`, `scenarios` and `defaultTest`: the cases of the comparison with their values and checks."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from workbench.formats.promptfoo.checks import Asserting, expected, read_checks
from workbench.formats.promptfoo.files import CODE, ConfigFolder, bare, suffix
from workbench.formats.promptfoo.graders import Grader, Graders
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass, replace
from workbench.templates import render_text, variables
from workbench.values import BadInput, Case, Check

_KNOWN = {"description", "vars", "assert", "options", "providerOutput", "threshold", "metadata"}
_COLUMNS = ("__description", "__metric", "__threshold", "__prefix", "__suffix")
_NO_TEXT = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".svg", ".pdf", ".mp3", ".wav", ".mp4", ".webm", ".docx", ".xlsx")
_TURNS = "_conversation"
_MOST_COMBINATIONS = 100_000
_MOST_CASES = 500_000
_ELSEWHERE = ("http://", "https://", "huggingface://", "az://", "s3://", "gs://")


@dataclass(slots=True)
class _Reader:
    folder: ConfigFolder
    notes: Notes
    templates: Mapping[str, Any]
    graders: Graders
    default: dict[str, Any] = field(default_factory=dict)
    transformed: bool = False
    around: list[tuple[str, str]] = field(default_factory=list)
    """What stands before and behind the prompt in each case."""

    def asserting(self, options: Mapping[str, Any], *, transformed: bool) -> Asserting:
        """What the assertions of a test with these options have in common."""
        usual = Grader().over(_options(self.default)).over(options)
        return Asserting(self.folder, self.notes, self.graders, self.templates, transformed, usual)


def read_cases(
    data: Mapping[str, Any], folder: ConfigFolder, notes: Notes, graders: Graders, *, transformed: bool
) -> tuple[tuple[Check, ...], tuple[Case, ...], tuple[str, str]]:
    """(checks of every case, cases with their own checks, what stands before and behind every prompt). A configuration without tests has
    one case without values."""
    templates = data.get("assertionTemplates")
    reader = _Reader(folder, notes, templates if isinstance(templates, dict) else {}, graders)
    default = data.get("defaultTest") or {}
    if isinstance(default, str):
        default = {} if folder.leaves_out(default) else folder.data(default)
    reader.default = default
    if not isinstance(reader.default, dict):
        raise BadInput("defaultTest is neither a test nor a file that holds one.", path=notes.path)
    reader.transformed = transformed or bool(_options(reader.default).get("transform"))
    tests = [*_tests(data.get("tests"), reader), *_scenarios(data.get("scenarios"), reader)]
    if not tests and not data.get("tests") and not data.get("scenarios"):
        tests = [{}]
    notes.leftover(reader.default, _KNOWN, "defaultTest")
    notes.leftover(_options(reader.default), _OPTIONS, "defaultTest: options")
    shared = read_checks(reader.default.get("assert"), reader.asserting({}, transformed=reader.transformed))
    cases = tuple(itertools.islice((case for test in tests for case in _cases(test, shared, reader)), _MOST_CASES + 1))
    if len(cases) > _MOST_CASES:
        raise BadInput(f"It has more than {_MOST_CASES:,} tests.", path=notes.path, remedy="Import the table of its values as a dataset.")
    cases, around = _with_around(cases, reader)
    if cases and all(case.only_own_checks for case in cases):  # then the comparison has none that a case could do without
        return (), tuple(replace(case, only_own_checks=False) for case in cases), around
    return shared, cases, around


def _with_around(cases: tuple[Case, ...], reader: _Reader) -> tuple[tuple[Case, ...], tuple[str, str]]:
    """The cases, and the texts before and behind the prompt: what differs from case to case is a value of each."""
    kept: list[str] = []
    for name, texts in (("prefix", [one[0] for one in reader.around]), ("suffix", [one[1] for one in reader.around])):
        if len(set(texts)) < 2:
            kept.append(texts[0] if texts else "")
            continue
        taken = {key for case in cases for key in case.values}
        variable = next(one for number in itertools.count(1) if (one := name if number == 1 else f"{name}_{number}") not in taken)
        cases = tuple(replace(case, values=_filled({**case.values, variable: text})) for case, text in zip(cases, texts, strict=True))
        kept.append(f"{{{{ {variable} }}}}")
        reader.notes.add(f"options: {name}", f"it differs from test to test, so it is the value {variable} of each case")
    return cases, (kept[0], kept[1])


_OPTIONS = {"provider", "rubricPrompt", "transform", "disableDefaultAsserts", "disableVarExpansion", "prefix", "suffix"}


def _options(test: Mapping[str, Any]) -> dict[str, Any]:
    return _mapping(test.get("options"))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tests(value: Any, reader: _Reader) -> Iterator[dict[str, Any]]:
    """Each test as a mapping, those in files included."""
    if value is None:
        return
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and isinstance(item.get("path"), str):
            item = item["path"]
        if isinstance(item, str):
            yield from _from_files(item, reader)
        elif isinstance(item, dict):
            yield item
        else:
            reader.notes.add(f"tests {item!r}"[:80], "it is neither a test nor a file")


def _from_files(reference: str, reader: _Reader) -> Iterator[dict[str, Any]]:
    if reference.startswith(_ELSEWHERE):
        reader.notes.add(f"tests {reference}", "they lie on another computer: download the file and name it here")
        return
    if suffix(reference) in CODE:
        reader.notes.add(f"tests {bare(reference)}", "a program makes these tests, and programs in foreign files are not run")
        return
    if reader.folder.leaves_out(reference):
        return
    names = reader.folder.matches(reference)
    if not names and not reader.folder.has_left(reference):
        raise BadInput(f"No file matches the tests {reference}.", path=reader.notes.path)
    for name in names:
        kind = suffix(name)
        if kind in (".csv", ".tsv"):
            yield from _table(name, "\t" if kind == ".tsv" else ",", reader)
        elif kind == ".jsonl":
            yield from (item for item in reader.folder.lines(name) if isinstance(item, dict))
        elif kind in (".json", ".yaml", ".yml"):
            yield from _tests(reader.folder.data(name), reader)
        else:
            reader.notes.add(f"tests {name}", f"tests in {kind or 'such'} files are not read: save them as CSV")


def _table(name: str, delimiter: str, reader: _Reader) -> Iterator[dict[str, Any]]:
    """The rows of a CSV file as tests: columns are values, those with two underscores say something about the test."""
    rows = csv.DictReader(io.StringIO(reader.folder.text(name), newline=""), delimiter=delimiter, restkey="", restval="")
    try:
        for row in rows:
            yield _row({(key or "").strip(): value for key, value in row.items()}, reader)
    except csv.Error as error:
        raise BadInput(f"This is not a CSV table: {error}.", path=str(reader.folder.root / name), line=rows.line_num) from error


def _row(row: Mapping[str, Any], reader: _Reader) -> dict[str, Any]:
    values: dict[str, Any] = {}
    thresholds = {
        key.split(":")[1]: float(value)
        for key, value in row.items()
        if key.startswith("__config:") and key.endswith(":threshold") and _is_number(value)
    }
    checks: list[Check] = []
    metadata: dict[str, Any] = {}
    for key, value in row.items():
        if key.startswith("__expected"):
            if str(value).strip():
                checks.append(
                    expected(str(value), reader.folder, reader.notes, name=str(row.get("__metric") or ""), threshold=thresholds.get(key))
                )
        elif key.startswith("__metadata:"):
            name = key.removeprefix("__metadata:")
            if str(value).strip():
                listed = [part.replace("\\,", ",").strip() for part in re.split(r"(?<!\\),", str(value))]
                metadata[name.removesuffix("[]")] = listed if name.endswith("[]") else value
        elif key.startswith("__"):
            is_read = key in _COLUMNS or (key.startswith("__config:") and key.endswith(":threshold"))
            if not is_read and value:
                reader.notes.add(f"tests: column {key}", "nothing here does this yet")
        elif key:
            values[key] = value
    about: dict[str, Any] = {"metadata": metadata} if metadata else {}
    around = {name: row[f"__{name}"] for name in ("prefix", "suffix") if row.get(f"__{name}")}
    if around:
        about["options"] = around
    if str(row.get("__threshold") or "").strip():
        about["threshold"] = row["__threshold"]
    return {"vars": values, "description": row.get("__description") or "", "checks of the row": checks, **about}


def _threshold(test: Mapping[str, Any]) -> float | None:
    value = test.get("threshold")
    return float(value) if value is not None and _is_number(value) and not isinstance(value, bool) else None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _scenarios(value: Any, reader: _Reader) -> Iterator[dict[str, Any]]:
    """Each scenario's configurations times its tests."""
    for scenario in value if isinstance(value, list) else []:
        if not isinstance(scenario, dict):
            reader.notes.add("scenarios", "scenarios in files are not read")
            continue
        configs = [item for item in _listed(scenario.get("config")) or [{}] if isinstance(item, dict)]
        tests = list(_tests(scenario.get("tests"), reader)) or [{}]
        _refuse_many(len(configs) * len(tests), "A scenario", reader)
        for config, test in itertools.product(configs, tests):
            yield {
                **config,
                **test,
                "metadata": {**_mapping(config.get("metadata")), **_mapping(test.get("metadata"))},
                "vars": {**_values(config, reader), **_values(test, reader)},
                "assert": [*_listed(config.get("assert")), *_listed(test.get("assert"))],
                "options": {**_options(config), **_options(test)},
                "description": test.get("description") or config.get("description") or scenario.get("description") or "",
            }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _values(test: Mapping[str, Any], reader: _Reader) -> dict[str, Any]:
    """The `vars` of a test; files of them are read and joined."""
    value = test.get("vars")
    if isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for reference in value if isinstance(value, list) else [value] if isinstance(value, str) else []:
        if suffix(str(reference)) in CODE:
            reader.notes.add(f"vars {reference}", "programs in foreign files are not run")
            continue
        if reader.folder.leaves_out(str(reference)):
            continue
        for name in reader.folder.matches(str(reference)):
            data = reader.folder.data(name)
            found.update(data if isinstance(data, dict) else {})
    return found


def _cases(test: Mapping[str, Any], shared: tuple[Check, ...], reader: _Reader) -> Iterator[Case]:
    """The cases of one test: one for each combination of its listed values."""
    if "providerOutput" in test:
        reader.notes.add("test with providerOutput", "its answer is given in the file, so there is nothing to ask")
        return
    options = _options(test)
    reader.notes.leftover(dict(test), {*_KNOWN, "checks of the row"}, "test")
    reader.notes.leftover(options, _OPTIONS, "test: options")
    transformed = reader.transformed or bool(options.get("transform"))
    own = (
        *read_checks(test.get("assert"), reader.asserting(options, transformed=transformed)),
        *test.get("checks of the row", ()),
    )
    without_shared = bool(options.get("disableDefaultAsserts"))
    threshold = _threshold(test) if _threshold(test) is not None else _threshold(reader.default)
    if threshold is not None and (together := own if without_shared else (*shared, *own)):  # the mean counts, not each check
        own = (Check("assert-set", [check.to_json() for check in together], threshold=threshold),)
        without_shared = True
    merged = {**_values(reader.default, reader), **_values(test, reader)}
    description = str(test.get("description") or reader.default.get("description") or "")
    expands = not (options.get("disableVarExpansion") or _options(reader.default).get("disableVarExpansion"))
    tags = _tags(test, reader)
    usual = _options(reader.default)
    around = tuple(str(options.get(name) or usual.get(name) or "") for name in ("prefix", "suffix"))
    for values in _combinations(merged, expands, reader):
        reader.around.append((around[0], around[1]))
        yield Case(values=_filled(values), name=description, checks=own, only_own_checks=without_shared and bool(shared), tags=tags)


def _tags(test: Mapping[str, Any], reader: _Reader) -> tuple[str, ...]:
    """What `metadata` says of a test, as promptfoo's filter writes it: `area=billing`. Its `tags` are tags as they are."""
    found: dict[str, None] = {}
    for name, value in {**_mapping(reader.default.get("metadata")), **_mapping(test.get("metadata"))}.items():
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, (list, dict)) for item in items):
            reader.notes.add(f"metadata: {name}", "tags of a case are words")
            continue
        said = [json.dumps(item) if isinstance(item, bool) else str(item) for item in items if item not in (None, "")]
        found |= dict.fromkeys(said if name == "tags" else (f"{name}={item}" for item in said))
    return tuple(found)


def _combinations(values: Mapping[str, Any], expands: bool, reader: _Reader) -> Iterator[dict[str, Any]]:
    choices: list[list[Any]] = []
    for name, value in values.items():
        if isinstance(value, str) and value.startswith("file://"):
            choices.append(_read_if_file(value, name, reader))
        elif expands and isinstance(value, list) and value and isinstance(value[0], str):  # promptfoo takes only lists of texts apart
            choices.append([one for item in value for one in _read_if_file(item, name, reader)])
        else:
            choices.append([value])
    _refuse_many(math.prod(map(len, choices)), "The lists of a test", reader)
    for combination in itertools.product(*choices):
        yield dict(zip(values, combination, strict=True))


def _refuse_many(count: int, what: str, reader: _Reader) -> None:
    """Raises BadInput for more combinations than anybody would ask: a few short lists make more cases than memory holds."""
    if count > _MOST_COMBINATIONS:
        raise BadInput(f"{what} would make {count:,} cases, and {_MOST_COMBINATIONS:,} is the most.", path=reader.notes.path)


def _read_if_file(item: Any, name: str, reader: _Reader) -> list[Any]:
    if not isinstance(item, str) or not item.startswith("file://"):
        return [item]
    if reader.folder.leaves_out(item):
        return [item]
    paths = reader.folder.matches(item)
    if not paths and reader.folder.has_left(item):
        return [item]
    return [_from_file(f"file://{path}", name, reader) for path in paths]


def _from_file(reference: str, name: str, reader: _Reader) -> Any:
    kind = suffix(reference)
    if kind in CODE:
        reader.notes.add(f"vars: {name}", "a program makes this value, and programs in foreign files are not run")
        return reference
    if kind in _NO_TEXT:
        reader.notes.add(f"vars: {name}", f"a value is text here, so {bare(reference)} is not read: attach it to the prompt")
        return bare(reference)
    if kind in (".yaml", ".yml"):
        return json.dumps(reader.folder.data(reference), ensure_ascii=False)
    return reader.folder.text(reference).strip()


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """Values that are templates of other values, filled in. One that names something else stays as it is."""
    values = {name: "" if value is None else value for name, value in values.items()}  # promptfoo writes nothing for null
    for _ in range(3):  # values may name values that name values
        filled = dict(values)
        for name, value in values.items():
            if not isinstance(value, str) or "{{" not in value:
                continue
            try:
                names = {variable.name for variable in variables(value)}
                if names and names <= values.keys() - {name}:
                    filled[name] = render_text(value, values)
            except BadInput:
                continue  # text with braces that is no template
        if filled == values:
            break
        values = filled
    return values


def with_missing(cases: tuple[Case, ...], wanted: Iterable[str], notes: Notes) -> tuple[Case, ...]:
    """The cases with an empty text for each value that some of them lack: promptfoo leaves such places empty. One that all of them lack
    is a mistake, and stays one."""
    names = []
    for name in dict.fromkeys(wanted):
        if name == _TURNS and not any(name in case.values for case in cases):
            cases = tuple(replace(case, values={**case.values, name: []}) for case in cases)
            notes.add(f"value {name}", "there it holds the turns of the tests before; here each case is asked alone, and it is empty")
            continue
        count = sum(name not in case.values for case in cases)
        if 0 < count < len(cases):
            names.append(name)
            notes.add(f"value {name}", f"{count} of {len(cases)} tests have none; it is empty there, as in promptfoo")
    return tuple(replace(case, values={**dict.fromkeys(set(names) - case.values.keys(), ""), **case.values}) for case in cases)
