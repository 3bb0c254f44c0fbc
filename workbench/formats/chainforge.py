"""ChainForge's flows: prompt nodes as prompts, text fields and tables as datasets. Code in them is never run."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.formats.braces import from_chainforge
from workbench.formats.foreign_file import FileText, ForeignFile
from workbench.formats.foreign_values import CODE_WHY, MODEL_WHY, listed, parameters_of
from workbench.formats.jinja_text import literal, variable_name
from workbench.formats.library_file import PromptFile
from workbench.formats.library_file_data import DatasetFile
from workbench.formats.reports import Notes
from workbench.templates import names
from workbench.values.checks import Check
from workbench.values.comparisons import Case
from workbench.values.messages import Content, Message

_SEEN = ("inspect", "vis", "comment", "join", "split")
_MOST_CASES = 100_000
_DEEPEST = 3
"""How deep values may stand within values."""
_LONGEST = 1_000_000
_INNER = re.compile(r"(?<!\\)\{([^{}\\]{1,200})\}")
_DATA = ("textfields", "table", "csv")


def looks_like(data: Any) -> bool:
    """True for a flow."""
    flow = data.get("flow") if isinstance(data, Mapping) else None
    return isinstance(flow, Mapping) and isinstance(flow.get("nodes"), list)


def read(source: FileText) -> ForeignFile:
    """The prompts and datasets of a flow. Raises BadInput."""
    data = source.json()
    if not looks_like(data):
        raise source.problem("This is no flow of ChainForge: it has no flow with nodes.", 1)
    notes = Notes(source.path)
    nodes = [node for node in data["flow"]["nodes"] if isinstance(node, Mapping) and isinstance(node.get("data"), Mapping)]
    edges = data["flow"].get("edges")
    flow = _Flow(source, notes, nodes, [edge for edge in edges if isinstance(edge, Mapping)] if isinstance(edges, list) else [])
    if data.get("cache"):
        notes.add("answers of earlier runs", "answers come from runs made here")
    prompts = [prompt for node in nodes if node.get("type") in ("prompt", "chat") for prompt in flow.prompts(node)]
    checks = tuple(check for node in nodes for check in flow.checks(node))
    if not prompts:
        raise source.problem("There is no prompt in this flow.", 1)
    return ForeignFile(tuple(prompts), datasets=tuple(flow.datasets), checks=checks, not_carried=notes.all())


class _Flow:
    def __init__(self, source: FileText, notes: Notes, nodes: list[Mapping[str, Any]], edges: list[Mapping[str, Any]]) -> None:
        self._source, self._notes = source, notes
        self._nodes = {str(node.get("id")): node for node in nodes}
        self._edges = edges
        self._several = sum(node.get("type") in ("prompt", "chat") for node in nodes) > 1
        self.datasets: list[DatasetFile] = []

    def prompts(self, node: Mapping[str, Any]) -> Iterator[PromptFile]:
        """The prompts of a node: one for each of its texts and each system message of its models. Its values become a dataset."""
        data = node["data"]
        given = data.get("prompt")
        texts = given if isinstance(given, list) else list(given.values()) if isinstance(given, Mapping) else [given]
        models = [model for model in listed(data.get("llms")) if isinstance(model, Mapping)]
        systems = list(dict.fromkeys(self._system(model) for model in models)) or [""]
        title = str(data.get("title") or "").strip() or self._source.stem
        if self._several and not data.get("title"):
            asking = [key for key, item in self._nodes.items() if item.get("type") in ("prompt", "chat")]
            title = f"{title} {asking.index(str(node.get('id'))) + 1}"
        variants = [(text, system) for text in texts if isinstance(text, str) and text.strip() for system in systems]
        contents: list[Content] = []
        for number, (text, system) in enumerate(variants, 1):
            said = Message.of("user", from_chainforge(text, self._notes))
            head = (Message.of("system", from_chainforge(system, self._notes)),) if system else ()
            contents.append(Content((*head, said), self._parameters(models, system)))
            yield PromptFile(title if len(variants) == 1 else f"{title} ({number})", contents[-1])
        self._dataset(node, title, contents)
        if data.get("n") not in (None, 1):
            self._notes.add(f"{data['n']} answers to each prompt", "repeats are chosen in Compare")

    def _system(self, model: Mapping[str, Any]) -> str:
        self._notes.add(f"model {model.get('model') or model.get('name')}", MODEL_WHY)
        settings = model.get("settings") if isinstance(model.get("settings"), Mapping) else {}
        said = (settings or {}).get("system_msg")
        return said.strip() if isinstance(said, str) else ""

    def _parameters(self, models: list[Mapping[str, Any]], system: str) -> dict[str, Any]:
        """The settings that all models with this system message share."""
        found: list[dict[str, Any]] = []
        for model in models:
            settings = model.get("settings") if isinstance(model.get("settings"), Mapping) else {}
            if self._system(model) == system:
                ignored = {"system_msg", "functions", "function_call", "tools", "tool_choice", "shortname", "model"}
                given = {key: value for key, value in (settings or {}).items() if key not in ignored}
                if model.get("temp") is not None:
                    given.setdefault("temperature", model["temp"])
                found.append(parameters_of(given, self._notes, f"settings of {model.get('model') or model.get('name')}"))
                for key in ("functions", "tools"):
                    if (settings or {}).get(key):
                        self._notes.add(f"{key} of {model.get('model')}", "they belong to one model here, not to the prompt")
        shared = found[0] if found else {}
        return {key: value for key, value in shared.items() if all(other.get(key) == value for other in found)}

    # Values

    def _dataset(self, node: Mapping[str, Any], title: str, contents: list[Content]) -> None:
        """The combinations of all values that flow into a node; columns of one table stay together."""
        wanted = self._with_inner(node, {name for content in contents for name in names(content)})
        columns: list[list[dict[str, Any]]] = []
        tables: set[str] = set()
        for edge in self._edges:
            if edge.get("target") != node.get("id"):
                continue
            name = variable_name(str(edge.get("targetHandle") or ""), self._notes) if edge.get("targetHandle") else ""
            giver = self._nodes.get(str(edge.get("source")))
            kind = giver.get("type") if giver else None
            if not giver or name not in wanted:
                continue
            if kind == "table":
                if str(edge["source"]) not in tables:
                    tables.add(str(edge["source"]))
                    columns.append(self._rows(giver["data"], node, str(edge["source"])))
            elif kind in _DATA:
                columns.append([{name: value} for value in self._fields(giver["data"], str(kind))])
            else:
                self._notes.add(f"values of {name} from a {kind} node", "answers of one prompt do not flow into another here")
        columns = [column for column in columns if column]
        if not columns:
            return
        cases = []
        for combination in itertools.islice(itertools.product(*columns), _MOST_CASES + 1):
            values = _filled({key: value for part in combination for key, value in part.items()})
            reference = next((values.pop(key) for key in list(values) if key not in wanted and key.lower() in ("ideal", "expected")), None)
            cases.append(Case(values, reference=reference))
        if len(cases) > _MOST_CASES:
            raise self._source.problem(f"Its values make more than {_MOST_CASES:,} combinations.", 1)
        self.datasets.append(DatasetFile(title, cases=tuple(cases)))

    def _with_inner(self, node: Mapping[str, Any], wanted: set[str]) -> set[str]:
        """Those names, and the names of values that stand within values: `{x}` in a text that flows in is filled by what flows in as x."""
        into = [edge for edge in self._edges if edge.get("target") == node.get("id") and edge.get("targetHandle")]
        found = set(wanted)
        for _ in range(_DEEPEST):
            said = [
                str(value)
                for edge in into
                if (giver := self._nodes.get(str(edge.get("source")))) and giver.get("type") in _DATA
                if variable_name(str(edge["targetHandle"]), Notes("")) in found
                for value in self._values(giver["data"], str(giver["type"]))
            ]
            inner = {variable_name(name, Notes("")) for text in said for name in _INNER.findall(text)}
            more = inner & {variable_name(str(edge["targetHandle"]), Notes("")) for edge in into}
            if more <= found:
                break
            found |= more
        return found

    def _values(self, data: Mapping[str, Any], kind: str) -> list[Any]:
        if kind != "table":
            return self._fields(data, kind)
        return [value for row in listed(data.get("rows")) if isinstance(row, Mapping) for value in row.values()]

    def _rows(self, data: Mapping[str, Any], node: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
        """The rows of a table, columns under the names of the variables that they flow into."""
        into = {
            str(edge.get("sourceHandle")): str(edge.get("targetHandle"))
            for edge in self._edges
            if edge.get("source") == table and edge.get("target") == node.get("id")
        }
        headers = {}
        for column in listed(data.get("columns")):
            if isinstance(column, Mapping):
                key, header = str(column.get("key")), str(column.get("header") or column.get("key"))
                target = into.get(header) or into.get(key) or (key if key in into.values() else header)
                headers[key] = variable_name(target, self._notes)
        rows = [row for row in listed(data.get("rows")) if isinstance(row, Mapping)]
        return [{headers[key]: value for key, value in row.items() if key in headers} for row in rows]

    def _fields(self, data: Mapping[str, Any], kind: str) -> list[Any]:
        if kind == "csv" and isinstance(data.get("text"), str):
            lines = csv.reader(io.StringIO(data["text"]), skipinitialspace=True)
            return [cell.strip() for line in lines for cell in line if cell.strip()]
        fields = data.get("fields")
        shown = data.get("fields_visibility") if isinstance(data.get("fields_visibility"), Mapping) else {}
        if isinstance(fields, Mapping):
            found = [value for key, value in fields.items() if (shown or {}).get(key) is not False]
        else:
            found = fields if isinstance(fields, list) else []
        return [value.get("text") if isinstance(value, Mapping) else value for value in found]

    # Checks

    def checks(self, node: Mapping[str, Any]) -> Iterator[Check]:
        """The check of a simple evaluator; of the others only a note."""
        kind, data = str(node.get("type")), node["data"]
        title = str(data.get("title") or kind)
        if kind == "simpleval":
            check = _simple(data, self._notes)
            if check is not None:
                yield check
                return
            self._notes.add(f"evaluator {title}", "this comparison does not exist here")
        elif kind in ("evaluator", "processor", "script", "multieval"):
            self._notes.add(f"{kind} {title}: its code" if data.get("code") else f"{kind} {title}", CODE_WHY)
        elif kind == "llmeval":
            self._notes.add(f"evaluator {title}", "judges are made in Compare")
        elif kind not in ("prompt", "chat", *_DATA, *_SEEN):
            self._notes.add(f"node {title}", "nothing here does this yet")


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """The values, those within others filled in."""
    known = {key: str(value) for key, value in values.items() if isinstance(value, (str, int, float))}
    for _ in range(_DEEPEST):
        before = dict(values)
        for key, text in before.items():
            if isinstance(text, str) and "{" in text:
                pieces = _INNER.split(text)  # texts and, between them, names
                pieces[1::2] = [known.get(variable_name(name, Notes("")), f"{{{name}}}") for name in pieces[1::2]]
                if sum(map(len, pieces)) < _LONGEST:
                    values[key] = "".join(pieces)
        if values == before:
            break
    return values


def _simple(data: Mapping[str, Any], notes: Notes) -> Check | None:
    kinds = {"contains": "contains", "starts with": "starts-with", "equals": "equals", "appears in": None, "ends with": None}
    kind = kinds.get(str(data.get("operation")))
    if kind is None:
        return None
    if data.get("varSelected") and data.get("varValue"):
        name = str(data["varValue"])
        value = "{{ reference }}" if name.lower() in ("ideal", "expected") else f"{{{{ {variable_name(name, notes)} }}}}"
    else:
        value = literal(str(data.get("textValue") or ""))
    return Check(kind, value, str(data.get("title") or ""))
