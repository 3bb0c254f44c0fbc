"""promptfoo's results in JSON, versions 1 to 4: the prompts that were asked, the values of every test as a dataset, and the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile
from workbench.formats.foreign_values import CODE_WHY, listed, samples_of
from workbench.formats.library_file import PromptFile
from workbench.formats.library_file_data import DatasetFile
from workbench.formats.promptfoo.answers import read_run
from workbench.formats.promptfoo.prompts import messages_of
from workbench.formats.reports import Notes
from workbench.values.comparisons import Case
from workbench.values.messages import Content

_CODE = re.compile(r"\s*(?:async\s+)?(?:function\b|\([\w\s,{}:]*\)\s*=>|\w+\s*=>|def \w+\(|module\.exports|import \w)")
"""How programs begin that make a prompt: they stand in results in place of it."""


def looks_like(data: Any) -> bool:
    """True for results of promptfoo."""
    if not isinstance(data, Mapping):
        return False
    inner = data.get("results")
    if isinstance(inner, Mapping):
        return isinstance(inner.get("results"), list) and bool(inner.keys() & {"table", "prompts", "stats", "version"})
    return isinstance(inner, list) and bool(data.keys() & {"table", "stats"}) and ("version" in data or "table" in data)


def read(source: FileText) -> ForeignFile:
    """The prompts and the dataset of an evaluation. Raises BadInput."""
    data = source.json()
    if not looks_like(data):
        raise source.problem("These are no results of promptfoo.", 1)
    notes = Notes(source.path)
    inner = data["results"] if isinstance(data["results"], Mapping) else data
    config = data.get("config") if isinstance(data.get("config"), Mapping) else {}
    title = str((config or {}).get("description") or source.stem).strip().splitlines()[0][:120]
    prompts: dict[str, PromptFile] = {}
    contents: dict[str, tuple[str, Content]] = {}
    for raw, label, _provider_id in _prompts(inner):
        if _CODE.match(raw):
            notes.add(f"prompt {label or raw}"[:80], CODE_WHY)
            continue
        name = " ".join((label if label and label != raw and len(label) < 80 else f"{title} {len(prompts) + 1}").split())
        content = Content(messages_of(raw, notes, name))
        contents.setdefault(raw, (prompts.setdefault(content.hash, PromptFile(name, content)).name, content))
    cases: dict[str, Case] = {}
    for values, reference in _cases(inner):
        case = Case(values, reference=reference)
        cases.setdefault(repr(sorted(values.items(), key=lambda item: item[0])), case)
    if (config or {}).get("tests") or (config or {}).get("defaultTest"):
        notes.add("assertions", "the run has their verdicts; the configuration brings them for further runs: import promptfooconfig.yaml")
    if not prompts:
        raise source.problem("There is no prompt in these results.", 1)
    run, lost = read_run(inner, title, contents, str(inner.get("timestamp") or ""))
    if lost:
        notes.add(f"{lost:,} answers", "the file does not say which of its prompts they answer, or it is a program")
    datasets = (DatasetFile(title, cases=tuple(cases.values())),) if any(case.values for case in cases.values()) else ()
    return ForeignFile(tuple(prompts.values()), datasets=datasets, not_carried=notes.all(), run=run)


def _prompts(inner: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(template, label, provider) of each prompt."""
    table = inner.get("table") if isinstance(inner.get("table"), Mapping) else {}
    head = (table or {}).get("head")
    given = inner.get("prompts") or (head.get("prompts") if isinstance(head, Mapping) else None) or []
    found = False
    for item in listed(given):
        if isinstance(item, str):
            found = True
            yield item, "", ""
        elif isinstance(item, Mapping):
            # `raw` is the template; in old files it is filled in, and `display` is the template.
            text = item.get("raw") if "raw" in item else item.get("display")
            if isinstance(text, str) and text.strip():
                found = True
                yield text, str(item.get("label") or item.get("display") or ""), _provider(item.get("provider"))
    if not found:
        for result in listed(inner.get("results")):
            prompt = result.get("prompt") if isinstance(result, Mapping) else None
            if isinstance(prompt, Mapping):
                text = prompt.get("display") or prompt.get("label") or prompt.get("raw")
                if isinstance(text, str) and text.strip():
                    yield text, str(prompt.get("label") or ""), _provider(result.get("provider"))


def _provider(value: Any) -> str:
    return str(value.get("label") or value.get("id") or "") if isinstance(value, Mapping) else str(value or "")


def _cases(inner: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """(values, reference) of each test, in order, as often as it was asked."""
    for result in listed(inner.get("results")):
        if not isinstance(result, Mapping):
            continue
        test = result.get("testCase") if isinstance(result.get("testCase"), Mapping) else {}
        values = result.get("vars") if isinstance(result.get("vars"), Mapping) else (test or {}).get("vars")
        if isinstance(values, Mapping):
            yield {name: value for name, value in samples_of(values).items() if name != "_conversation"}, None
