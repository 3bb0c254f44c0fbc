"""What the workspace holds of each thing, as one digest that changes when the thing's file would."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from workbench.library.cases import Query
from workbench.library.criteria import criteria_of
from workbench.library.folder.gathering import connections
from workbench.library.in_step.outside import Kind
from workbench.quick_dataclass import dataclass
from workbench.values import canonical

_PROMPTS = """
SELECT prompt.id, uid, name, coalesce(path, ''), prompt.archived_at IS NULL, kind, description,
 (SELECT json_group_array(line) FROM
   (SELECT number || ' ' || content_id || ' ' || coalesce(parent_id, 0) || ' ' || created_at || ' ' || branch || author || note AS line
    FROM version WHERE prompt_id = prompt.id ORDER BY number) AS lines),
 (SELECT json_group_array(line) FROM
   (SELECT tag.name AS line FROM prompt_tag JOIN tag ON tag.id = tag_id WHERE prompt_id = prompt.id ORDER BY 1) AS lines),
 (SELECT json_group_array(line) FROM
   (SELECT label.name || ' ' || version_id AS line FROM label WHERE prompt_id = prompt.id ORDER BY 1) AS lines),
 (SELECT json_group_array(line) FROM
   (SELECT variable || ' ' || value AS line FROM sample WHERE prompt_id = prompt.id ORDER BY 1) AS lines),
 CASE WHEN NOT EXISTS (SELECT 1 FROM version WHERE prompt_id = prompt.id)
   THEN (SELECT content FROM draft WHERE prompt_id = prompt.id AND branch = '') END,
 (SELECT json_group_array(line) FROM
   (SELECT branch.name AS line FROM branch WHERE prompt_id = prompt.id AND closed_at IS NOT NULL ORDER BY 1) AS lines)
FROM prompt LEFT JOIN folder ON folder.id = folder_id
"""
_DATASETS = """
SELECT id, uid, name, archived_at IS NULL, folder, description, columns,
 (SELECT json_group_array(content_hash) FROM
   (SELECT content_hash FROM "case" WHERE dataset_id = dataset.id AND archived_at IS NULL ORDER BY position, id) AS hashes)
FROM dataset
"""


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing of the workspace that has a file, or had one before it went to the archive."""

    kind: Kind
    uid: str
    id: int
    name: str
    folder: str
    digest: str
    is_live: bool = True


def things(query: Query, kind: Kind, paths: Mapping[str, str]) -> dict[str, Thing]:
    """Every thing of a kind by uid, archived ones too. `paths`: where prompts and datasets lie, which their comparisons name."""
    if kind == "prompt":
        rows = query(_PROMPTS, {})
        return {
            uid: Thing(kind, uid, id_, name, folder, _sha(canonical([name, folder, *said, *_some(closed)])), bool(live))
            for id_, uid, name, folder, live, *said, closed in rows
        }
    if kind == "dataset":
        return {
            uid: Thing(kind, uid, id_, name, "", _sha(canonical([name, *said, *([folder] if folder else [])])), bool(live))
            for id_, uid, name, live, folder, *said in query(_DATASETS, {})
        }
    if kind == "comparison":
        return _comparisons(query, paths)
    said = canonical(empty_folders(query)) if kind == "page" else _models(query)
    return {"": Thing(kind, "", 0, kind, "", _sha(said))} if said else {}


def _comparisons(query: Query, paths: Mapping[str, str]) -> dict[str, Thing]:
    titles = dict(query("SELECT uid, title FROM model WHERE archived_at IS NULL", {}))
    found = {}
    for id_, uid, name, text, live in query("SELECT id, uid, name, definition, archived_at IS NULL FROM comparison", {}):
        definition = json.loads(text)
        named = [ref["prompt"] for ref in definition.get("prompts") or ()] + [definition.get("dataset") or ""]
        models = [titles.get(model) for model in definition.get("models") or ()]
        criteria = [criterion.to_json() for criterion in criteria_of(query, id_)]
        digest = _sha(canonical([name, text, models, [paths.get(other) for other in named], *([criteria] if criteria else [])]))
        found[uid] = Thing("comparison", uid, id_, name, "", digest, bool(live))
    return found


def empty_folders(query: Query) -> list[str]:
    """The folders of prompts in which nothing lies: no file shows them, so the library's page names them."""
    sql = """SELECT path FROM folder WHERE NOT EXISTS (SELECT 1 FROM prompt JOIN folder AS at ON at.id = prompt.folder_id
             WHERE archived_at IS NULL AND (at.path = folder.path OR substr(at.path, 1, length(folder.path) + 1) = folder.path || '/'))
             ORDER BY path"""
    return [row[0] for row in query(sql, {})]


def _models(query: Query) -> str:
    entries = connections(query, model_uids(query))
    return repr(entries) if entries else ""


def model_uids(query: Query) -> set[str]:
    """The live models that live comparisons name."""
    used = {
        uid
        for (text,) in query("SELECT definition FROM comparison WHERE archived_at IS NULL", {})
        for uid in json.loads(text).get("models") or ()
    }
    return {uid for (uid,) in query("SELECT uid FROM model WHERE archived_at IS NULL", {}) if uid in used}


def _some(names: str | None) -> list[str]:
    """A JSON list of names where it holds any: digests that were kept before it counted stay."""
    return [names] if names and json.loads(names) else []


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
