"""promptfoo's results in JSON, versions 1 to 4: the prompts that were asked, the values of every test as a dataset, and the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile
from workbench.formats.foreign_values import CODE_WHY, listed, samples_of
from workbench.formats.library_file import PromptFile
from workbench.formats.library_file_data import DatasetFile
from workbench.formats.nunjucks import Untranslatable
from workbench.formats.promptfoo.answers import checks_of, read_run
from workbench.formats.promptfoo.checks import note_what_cannot_run
from workbench.formats.promptfoo.prompts import messages_of
from workbench.formats.reports import Notes
from workbench.values.comparisons import Case
from workbench.values.messages import Content
from workbench.values.problems import BadInput

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
    refused: dict[str, BadInput] = {}
    for raw, label, _provider_id in _prompts(inner):
        if _CODE.match(raw):
            notes.add(f"prompt {label or raw}"[:80], CODE_WHY)
            continue
        name = " ".join((label if label and label != raw and len(label) < 80 else f"{title} {len(prompts) + 1}").split())
        try:
            content = Content(messages_of(raw, notes, name))
        except Untranslatable as error:
            refused.setdefault(raw, source.problem(f"The prompt {name} cannot be translated: {error.message}", _line_of(source, error)))
            continue
        contents.setdefault(raw, (prompts.setdefault(content.hash, PromptFile(name, content)).name, content))
    cases = _once(_cases(inner))
    if ((config or {}).get("tests") or (config or {}).get("defaultTest")) and not any(case.checks for case in cases):
        notes.add("assertions", "the results do not say them; the configuration does: import promptfooconfig.yaml")
    note_what_cannot_run((check for case in cases for check in case.checks), notes)
    if not prompts and not refused:
        raise source.problem("There is no prompt in these results.", 1)
    run, lost = read_run(inner, title, contents, str(inner.get("timestamp") or ""))
    if lost:
        notes.add(f"{lost:,} answers", "the file does not say which of its prompts they answer, or it is a program")
    datasets = (DatasetFile(title, cases=cases),) if any(case.values or case.checks for case in cases) else ()
    return ForeignFile(tuple(prompts.values()), datasets=datasets, not_carried=notes.all(), refused=tuple(refused.values()), run=run)


def _line_of(source: FileText, error: Untranslatable) -> int | None:
    """The line of the file in which the tag stands that was refused: the first that has it."""
    at = source.text.find(json.dumps(error.said, ensure_ascii=False)[1:-1])
    return source.text.count("\n", 0, at) + 1 if at >= 0 else None


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


def _once(found: Iterable[Case]) -> tuple[Case, ...]:
    """Each case once, however many prompts and models it was asked of. One whose call failed was not checked, and is the same case."""
    kept: dict[str, list[Case]] = {}
    for case in found:
        same = kept.setdefault(repr((case.name, sorted(case.values.items(), key=lambda item: item[0]))), [])
        if same and not same[0].checks:
            same[0] = case
        elif not same or (case.checks and case not in same):
            same.append(case)
    return tuple(case for same in kept.values() for case in same)


def _cases(inner: Mapping[str, Any]) -> Iterator[Case]:
    """The case of each answer, in order, as often as it was asked."""
    for result in listed(inner.get("results")):
        if not isinstance(result, Mapping):
            continue
        test = result.get("testCase") if isinstance(result.get("testCase"), Mapping) else {}
        values = result.get("vars") if isinstance(result.get("vars"), Mapping) else (test or {}).get("vars")
        if isinstance(values, Mapping):
            kept = {name: value for name, value in samples_of(values).items() if name != "_conversation"}
            yield Case(kept, str((test or {}).get("description") or ""), checks=checks_of(result))
