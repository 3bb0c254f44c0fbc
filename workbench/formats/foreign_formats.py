"""The formats of other tools: what each is called, its reader and its writer, and how a file of it is told apart."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.formats import (
    anthropic_table,
    chainforge,
    dotprompt,
    dotprompt_writing,
    github_prompt,
    github_prompt_writing,
    langchain,
    langfuse,
    langfuse_writing,
    llm_template,
    llm_template_writing,
    openai_chat,
    openai_chat_writing,
    prompt_table,
    prompt_text,
    prompty,
    prompty_writing,
    request_code,
)
from workbench.formats.foreign_file import FileText, ForeignFile
from workbench.formats.foreign_writing import Outgoing, WriteOne
from workbench.formats.promptfoo import looks_like as is_promptfoo
from workbench.formats.promptfoo import results
from workbench.formats.promptfoo import writing as promptfoo_writing
from workbench.formats.reports import Notes
from workbench.formats.tabular_json import is_schema
from workbench.quick_dataclass import dataclass
from workbench.values.comparisons import Case
from workbench.values.problems import BadInput

LARGEST = 64_000_000
UNEXPECTED = "Something in this file has a form that its reader does not expect"
"""Bytes of a file that are read at all."""
_FIRST = 200_000
"""Bytes of a table or page that are looked at to tell what it is."""
_TINY = 100
"""Bytes of a file in which a lone `{}` may stand."""
Read = Callable[[FileText], ForeignFile]
WriteMany = Callable[[Sequence[Outgoing], Sequence[Notes]], str]
"""The text of a file of several prompts, with notes for each."""


@dataclass(frozen=True, slots=True)
class ForeignFormat:
    """One format of another tool: what people call it, how its files end, and how it is read and written."""

    name: str
    """As `--format` takes it."""
    title: str
    ending: str = ""
    """Of the files that are written, and of those that are known by it alone."""
    read: Read | None = None
    """None for what is not read here: promptfoo's configurations have a door of their own, and code is never run."""
    write: WriteOne | None = None
    """For a format with one prompt in a file."""
    write_many: WriteMany | None = None
    """For a format with all prompts in one file."""
    file: str = ""
    """What that one file is called."""
    is_told_by_ending: bool = False
    reads_beside: bool = False
    """True where a file of it may name others, which are read with it."""


FORMATS: Mapping[str, ForeignFormat] = {
    format.name: format
    for format in (
        ForeignFormat("promptfoo", "promptfoo configuration", ".yaml", write_many=promptfoo_writing.write, file="promptfooconfig.yaml"),
        ForeignFormat("github", "GitHub Models", ".prompt.yml", github_prompt.read, github_prompt_writing.write),
        ForeignFormat(
            "prompty", "Prompty, version 2", ".prompty", prompty.read, prompty_writing.write, is_told_by_ending=True, reads_beside=True
        ),
        ForeignFormat(
            "dotprompt", "dotprompt", ".prompt", dotprompt.read, dotprompt_writing.write, is_told_by_ending=True, reads_beside=True
        ),
        ForeignFormat("llm", "Template of llm", ".yaml", llm_template.read, llm_template_writing.write),
        ForeignFormat("langchain", "LangChain", read=langchain.read, reads_beside=True),
        ForeignFormat("chainforge", "ChainForge", ".cforge", chainforge.read, is_told_by_ending=True),
        ForeignFormat("promptfoo-results", "Results of promptfoo", read=results.read),
        ForeignFormat("langfuse", "Langfuse", ".json", langfuse.read, write_many=langfuse_writing.write, file="langfuse-prompts.json"),
        ForeignFormat("openai-chat", "OpenAI chat", ".json", openai_chat.read, openai_chat_writing.write),
        ForeignFormat("anthropic-csv", "Anthropic Console", read=anthropic_table.read),
        ForeignFormat("text", "Markdown or text", read=prompt_text.read),
        ForeignFormat("prompts-csv", "Collection of prompts", read=prompt_table.read),
        ForeignFormat("python", "Python with httpx", ".py", write=request_code.python),
        ForeignFormat("curl", "curl", ".sh", write=request_code.curl),
    )
}
"""Every format of another tool, by the name that `--format` takes. Reader and writer of one lie beside each other."""
ENDINGS: Mapping[str, str] = {format.ending: format.name for format in FORMATS.values() if format.is_told_by_ending}
"""Formats that a file's ending tells."""
PAGES = (".md", ".markdown", ".mdc", ".txt")
"""Endings of texts. One that is named is a prompt; in a folder only those are that look like one."""
_OF_JSON: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("promptfoo-results", results.looks_like),
    ("chainforge", chainforge.looks_like),
    ("langchain", langchain.looks_like),
    ("promptfoo", is_promptfoo),
    ("langfuse", langfuse.looks_like),
    ("openai-chat", openai_chat.looks_like),
    ("openai-chat", openai_chat.looks_like_list),
)


def of_yaml(data: Any, name: str) -> str | None:
    """The format of a YAML file with this content; None where it is none of another tool."""
    if github_prompt.looks_like(data, name):
        return "github"
    if langchain.looks_like(data):
        return "langchain"
    if isinstance(data, list) and openai_chat.looks_like(data):
        return "openai-chat"
    return "llm" if llm_template.looks_like(data) else None


def is_github(path: Path) -> bool:
    """True for a `.prompt.yml` of GitHub Models, by its content."""
    try:
        return github_prompt.looks_like(FileText(str(path), text_of(path)).yaml().data, path.name)
    except BadInput:
        return path.name.lower().endswith(github_prompt.NAMES)  # its own reader has the better words


def of_table(path: Path) -> str | None:
    """The format of a CSV, JSON or JSON Lines file that is no table of cases; None for one that is, and for what cannot be read."""
    ending = path.suffix.lower()
    try:
        if ending == ".json":
            return _of_json(text_of(path))
        with path.open("rb") as file:
            start = file.read(_FIRST).decode("utf-8-sig", "replace")
    except (OSError, BadInput):
        return None
    first = next((line for line in start.splitlines() if line.strip()), "")
    if ending in (".csv", ".tsv"):
        try:
            header = next(csv.reader([first], delimiter="\t" if ending == ".tsv" else max(",;", key=first.count)), [])
        except csv.Error:  # no header is that long; the reader of tables says what is wrong
            return None
        return "prompts-csv" if prompt_table.looks_like(header) else "anthropic-csv" if anthropic_table.looks_like(header) else None
    try:
        line = json.loads(first)
    except (ValueError, RecursionError):
        return None
    return "openai-chat" if openai_chat.looks_like_line(line) else "langfuse" if langfuse.looks_like([line]) else None


def has_rows(path: Path) -> bool:
    """False for a JSON file of one object without a list of objects: settings or a schema, but no table; and for nothing but `{}`."""
    ending = path.suffix.lower()
    try:
        if ending not in (".json", ".jsonl", ".ndjson") or (ending != ".json" and path.stat().st_size > _TINY):
            return True
        text = text_of(path).strip()
        if text in ("{}", "[]", "[{}]"):
            return False
        data = json.loads(text) if ending == ".json" and text.startswith("{") else None
    except (OSError, ValueError, RecursionError, BadInput):
        return True  # the reader of tables says what is wrong
    if data is None:
        return True
    if is_schema(data):
        return False
    return any(isinstance(item, list) and item and all(isinstance(row, Mapping) for row in item) for item in data.values())


def _of_json(text: str) -> str | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return next((format for format, looks_like in _OF_JSON if looks_like(data)), None)


def of_page(path: Path) -> str | None:
    """`text` for a page that is meant as a prompt."""
    try:
        with path.open("rb") as file:
            start = file.read(_FIRST).decode("utf-8-sig", "replace")
    except OSError:
        return None
    return "text" if prompt_text.looks_like(start.replace("\r\n", "\n"), path.name) else None


def read(path: Path, format: str, columns: Mapping[str, str] | None = None, named: set[Path] | None = None) -> ForeignFile:
    """What a file of another tool holds. Raises BadInput, with the line where there is one.

    `columns` is the mapping of a collection of prompts: column by part, for the parts that are not to be guessed. Files that a file
    names are read from its own folder and below, nowhere else; they go into `named`.
    """
    source = file_text(path, named)
    reader = FORMATS[format].read
    if reader is None:
        raise source.problem(f"Files of the format {format} are not read.")
    try:
        found = prompt_table.read(source, columns) if format == "prompts-csv" else reader(source)
    except (TypeError, AttributeError, LookupError, ValueError, RecursionError) as error:
        raise source.problem(f"{UNEXPECTED} ({type(error).__name__}).", remedy="Tell us, with the file.") from error
    _refuse_unstorable(source, found)
    return found


def file_text(path: Path, named: set[Path] | None = None) -> FileText:
    """A file as its reader takes it; the files beside it that are read with it go into `named`. Raises BadInput where it is no text."""

    def beside(reference: str) -> str:
        target, text = _beside(path, reference)
        if named is not None:
            named.add(target)
        return text

    return FileText(str(path), text_of(path), beside)


def text_of(path: Path) -> str:
    """The text of a file: UTF-8, or UTF-16 with its mark; line ends as \\n. Raises BadInput with the line."""
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for ever
            raise BadInput("This is no file.", path=str(path))
        if path.stat().st_size > LARGEST:
            raise BadInput("This file is too big to be read.", path=str(path))
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"This file cannot be read ({error.strerror}).", path=str(path)) from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        remedy = "Save the file as UTF-8."
        raise BadInput("Bytes that are not text of this encoding.", path=str(path), line=line, remedy=remedy) from error
    if "\0" in text:
        raise BadInput("A zero byte stands in the text.", path=str(path), line=text.count("\n", 0, text.index("\0")) + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _beside(path: Path, reference: str) -> tuple[Path, str]:
    root = path.parent.resolve()
    try:
        target = (root / reference).resolve()
        inside = target.is_relative_to(root)
    except (OSError, ValueError) as error:
        raise BadInput(f"{reference[:200]} is not the name of a file.", path=str(path)) from error
    if not inside:
        raise BadInput(f"{reference} lies outside the folder of this file, and is not read.", path=str(path))
    try:
        return target, text_of(target)
    except BadInput as error:
        raise BadInput(f"{reference}: {error.message}", path=str(path)) from error


def _refuse_unstorable(source: FileText, found: ForeignFile) -> None:
    """Raises BadInput for what no workspace can hold: half characters and zero characters that were escaped."""
    cases: list[Case] = [case for dataset in found.datasets for case in dataset.cases]
    parts = [[prompt.name, prompt.description, prompt.content.to_json(), prompt.samples, prompt.tags] for prompt in found.prompts] + [
        [case.name, dict(case.values), case.reference] for case in cases
    ]
    for part in parts:
        try:
            text = json.dumps(part, ensure_ascii=False, allow_nan=False)
            text.encode()
        except UnicodeEncodeError as error:
            raise source.problem("Half of a character (a lone surrogate) stands in the text.") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise source.problem(f"JSON cannot hold a value of this file ({error}).") from error
        if "\\u0000" in text and "\0" in _texts(part):
            raise source.problem("A zero character stands in the text.")


def _texts(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "".join(_texts(item) for pair in value.items() for item in pair)
    return "".join(_texts(item) for item in value) if isinstance(value, (list, tuple)) else ""
