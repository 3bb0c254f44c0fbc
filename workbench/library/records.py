"""What the library's read verbs return: frozen rows with ids, ready to show. Faces may keep them; nothing writes through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, NamedTuple

from workbench.quick_dataclass import dataclass
from workbench.store.search import Hit as Hit
from workbench.values import Check, Content, Definition, Price
from workbench.values.datasets import ColumnRole as ColumnRole
from workbench.values.datasets import ColumnSpec as ColumnSpec


class PromptRow(NamedTuple):
    """One prompt in the list. A tuple: thousands are made at every start, in a fifth of the time."""

    id: int
    uid: str
    name: str
    folder: str
    """Path such as `support/refunds`; empty for none."""
    description: str
    kind: str
    tags: tuple[str, ...]
    latest: int | None
    """Number of the newest version; None while only a draft exists."""
    labels: Mapping[str, int]
    """Label name to version number."""
    versions: int
    has_draft: bool
    changed_at: str
    archived: bool
    models: tuple[str, ...] = ()
    """Titles of the models that saved comparisons run it on."""
    branch: str = ""
    """The one that is written on; empty for the main line. `has_draft` is about this one, `latest` about the main line."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One immutable version of a prompt."""

    id: int
    uid: str
    prompt_id: int
    number: int
    parent: int | None
    """Number of the version it came from."""
    note: str
    author: str
    created_at: str
    content_hash: str
    labels: tuple[str, ...]
    outputs: int = 0
    """How many finished outputs this version has in all runs."""
    pass_rate: float | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True)
class BranchRow:
    """One line of a prompt's versions; the main line has no name."""

    name: str
    newest: int | None
    """Number of its newest version; None while it has none."""
    began: int | None
    """Number of the version that it began at."""
    versions: int
    has_draft: bool
    closed: bool
    current: bool
    """True for the one that is written on."""


@dataclass(frozen=True, slots=True)
class LabelMove:
    """One move of a label, by version numbers; None where it was not on a version before or after."""

    name: str
    before: int | None
    after: int | None
    author: str
    at: str


@dataclass(frozen=True, slots=True)
class DraftRow:
    """The working copy of a prompt: autosaved, differs from its base version."""

    prompt_id: int
    base_version_id: int | None
    content: Content
    saved_at: str
    branch: str = ""
    mark: str = ""
    """Tells this text from any other that may stand there."""


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """One dataset in the list."""

    id: int
    uid: str
    name: str
    description: str
    columns: tuple[ColumnSpec, ...]
    """The variable and metadata columns, in order; reference, name, tags, weight, note and checks belong to every case."""
    cases: int
    tags: Mapping[str, int]
    """Tag to number of live cases."""
    comparisons: int
    """How many saved comparisons use it."""
    archived: bool
    version: int | None = None
    """Number of the newest version; None while none was saved."""
    declared: Mapping[str, str] = field(default_factory=dict)
    """The variables that are `image` or `file` to the prompts of the comparisons that use it."""
    checked: int = 0
    """How many live cases have checks of their own."""
    folder: str = ""
    """Path of its folder, such as `support/refunds`; empty for none."""
    part_of: str = ""
    """Name of the dataset that it was drawn from, as its description says; empty for none."""


@dataclass(frozen=True, slots=True)
class DatasetVersionRow:
    """One saved version of a dataset."""

    id: int
    dataset_id: int
    number: int
    created_at: str
    note: str
    author: str
    cases: int
    columns: tuple[ColumnSpec, ...] | None
    """None for versions that were written before columns were kept."""
    runs: int
    """How many runs were made on it."""
    changes: str = ""
    """What it changed, such as `+3 cases, 2 changed`; empty where that was not asked for, too."""
    unknown: int = 0
    """Cases of which only the hash is known."""


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One stored case. `number` is its 1-based place among the live cases."""

    id: int
    uid: str
    dataset_id: int
    number: int
    name: str
    values: Mapping[str, Any]
    reference: Any
    tags: tuple[str, ...]
    weight: float
    note: str
    checks: tuple[Check, ...] = ()
    only_own_checks: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One connection. `key_place`: where its key was found: keyring, file, environment, session, none (not needed), missing."""

    id: int
    uid: str
    name: str
    vendor: str
    wire_format: str
    base_url: str
    key_ref: str
    key_place: str
    key_hint: str
    """Last four characters, such as `...9f2c`; empty when there is none."""
    place: str
    """cloud, server or builtin."""
    models: int
    state: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    key_variable: str = ""
    """The environment variable that gives the key; empty where none does."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model that a comparison can use. `ready` False comes with one sentence in `why_not`."""

    id: int
    uid: str
    connection_id: int
    connection: str
    vendor: str
    name: str
    title: str
    parameters: Mapping[str, Any]
    price: Price
    place: str
    colour: int
    ready: bool
    why_not: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """`context_tokens`, `output_tokens`, `reads`, `writes`, `open_weights`, `hosts`, `released`, `deprecated`, `retires`, `successor`,
    `embeds`, `source`, `date`, `size_bytes`, `file`, ... as known, from the catalogue, from the connection's own list and from the
    user; absent is unknown."""
    has_own_price: bool = False
    """True where the user said what the model costs."""
    embeds: bool = False
    """True for an embedding model: it compares meanings and writes no answers, so no comparison can have it as a column."""

    @property
    def answers(self) -> bool:
        """True if it can be asked for an answer now."""
        return self.ready and not self.embeds


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One saved comparison."""

    id: int
    uid: str
    name: str
    definition: Definition
    runs: int
    last_run_id: int | None
    created_at: str
    archived: bool
