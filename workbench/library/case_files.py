"""Pictures and files that are values of cases: read from their paths or from the workspace before a run, kept once, named by their SHA-256.

A value is a path, or `{"type", "media_type", "name", "sha256"}` for bytes that the workspace keeps. Read, it has `data`; where it cannot
be read, `problem` says why, and its case fails before its call with that sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.formats.pictures import read_attachment
from workbench.library.attachments import KEEP
from workbench.library.cases import Query
from workbench.quick_dataclass import replace
from workbench.store import stamps
from workbench.store.database import Writer
from workbench.values import BadInput, Case, Content, Part


def file_names(contents: Iterable[Content]) -> tuple[str, ...]:
    """Variables of these contents that are pictures or files."""
    return tuple(dict.fromkeys(name for content in contents for name, spec in content.variables.items() if spec.type in ("image", "file")))


def cases_with_files(query: Query, contents: Iterable[Content], cases: Sequence[Case]) -> tuple[tuple[Case, ...], dict[str, bytes]]:
    """The cases with their pictures and files named by SHA-256, and the bytes of these. Equal paths are read once."""
    names, known, files = file_names(contents), dict[str, Any](), dict[str, bytes]()
    if not names:
        return tuple(cases), files
    found = []
    for case in cases:
        values = dict(case.values)
        for name, value in _read(query, names, case.values, known).items():
            values[name], data = _apart(value)
            if data is not None:
                files[values[name]["sha256"]] = data
        found.append(replace(case, values=values))
    return tuple(found), files


def files_of(query: Query, contents: Iterable[Content], cases: Sequence[Case]) -> dict[str, bytes]:
    """The bytes that the cases of a stored run name; a path is not read again, whatever lies there by now."""
    names, known = file_names(contents), dict[str, Any]()
    for case in cases if names else ():
        _read(query, [name for name in names if isinstance(case.values.get(name), Mapping)], case.values, known)
    return {key: value["data"] for key, value in known.items() if "data" in value}


def values_with_files(query: Query, content: Content, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values with the bytes of those that are pictures or files."""
    return {**values, **_read(query, file_names([content]), values, {})}


def rows_of(cases: Sequence[Case], files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The rows that `KEEP` writes for the files of cases, each once."""
    named = (value for case in cases for value in case.values.values() if isinstance(value, Mapping)) if files else ()
    kinds = {str(value["sha256"]): str(value.get("media_type", "")) for value in named if value.get("sha256") in files}
    return [_row(digest, kind, files[digest]) for digest, kind in kinds.items()]


def keep_file(writer: Writer, part: Part) -> dict[str, Any]:
    """The value of a case that names these bytes, which the workspace keeps from now on."""
    value, data = _apart({**_value(part), "size": len(part.data), "data": part.data})
    writer.many(KEEP, [_row(value["sha256"], part.media_type, data or b"")])
    return value


def file_of(query: Query, value: Any) -> Part:
    """The picture or file that a value names. Raises BadInput with the sentence that its case would fail with."""
    found = _read(query, ["value"], {"value": value}, {}).get("value", {"problem": "This value names no file."})
    if "problem" in found:
        raise BadInput(found["problem"], remedy="Choose the file again.")
    return Part(found["type"], media_type=found["media_type"], data=found["data"], name=found.get("name", ""))


def _read(query: Query, names: Sequence[str], values: Mapping[str, Any], known: dict[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Of each name the value with its bytes, or with its problem; `known` are those that were read already, by path or SHA-256."""
    found = {}
    for name in names:
        value = values.get(name)
        key = value.strip() if isinstance(value, str) else str(value.get("sha256", "")) if isinstance(value, Mapping) else ""
        if key:
            if key not in known:
                known[key] = _read_path(key) if isinstance(value, str) else _kept(query, value or {})
            found[name] = known[key]
    return found


def _apart(value: Mapping[str, Any]) -> tuple[dict[str, Any], bytes | None]:
    rest = {key: item for key, item in value.items() if key != "data"}
    data: bytes | None = value.get("data")
    return (rest, None) if data is None else ({**rest, "sha256": hashlib.sha256(data).hexdigest()}, data)


def _row(digest: str, media_type: str, data: bytes) -> dict[str, Any]:
    return {"sha256": digest, "media_type": media_type, "data": data, "size": len(data), "at": stamps.now()}


def _value(part: Part) -> dict[str, Any]:
    return {"type": part.kind, "media_type": part.media_type, "name": part.name}


def _read_path(text: str) -> dict[str, Any]:
    path = Path(text).expanduser()
    if not path.is_absolute():  # never in the folder that the program happened to be started in
        problem = f"{text} cannot be sent. It is no whole path, and no file beside the table that it came from."
        return {"type": "file", "name": path.name, "problem": problem}
    try:
        part = read_attachment(path)
    except (BadInput, ValueError) as problem:
        why = "There is no such file." if isinstance(problem, BadInput) and not path.exists() else getattr(problem, "message", str(problem))
        return {"type": "file", "name": path.name, "problem": f"{text} cannot be sent. {why}"}
    return {**_value(part), "data": part.data}


def _kept(query: Query, value: Mapping[str, Any]) -> Mapping[str, Any]:
    rows = query("SELECT data FROM attachment WHERE sha256 = :sha256", {"sha256": value["sha256"]})
    if not rows:
        return {**value, "problem": f"The bytes of {value.get('name') or 'this file'} are not in this workspace."}
    return {**value, "data": bytes(rows[0][0])}
