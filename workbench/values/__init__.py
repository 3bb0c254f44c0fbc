"""Frozen dataclasses that cross borders between stations. Values have no ids and no session."""

from workbench.values.calls import (
    Delta,
    Endpoint,
    Exchange,
    Failure,
    FailureKind,
    FinishReason,
    Reply,
    Request,
    Usage,
)
from workbench.values.case_query import CaseQuery
from workbench.values.changes import Changes, Kind
from workbench.values.comparisons import BY_HAND, PENDING, Case, Check, Definition, ModelSpec, PromptRef, Score, Spec, Variant
from workbench.values.conversations import named_alone, turns
from workbench.values.embeddings import Embeddings, names_embedding_model
from workbench.values.messages import Content, Message, Part, Role, ToolCall, canonical, sha256
from workbench.values.places import is_server, short_name, without_password
from workbench.values.prices import Price
from workbench.values.problems import (
    BadInput,
    ConnectionLost,
    Damaged,
    Missing,
    NoKey,
    NoPassword,
    NotFound,
    Problem,
    ReadOnly,
    Stopped,
    StoreTrouble,
)
from workbench.values.progress import Progress, Steps
from workbench.values.variables import SPEC_KEYS, VARIABLE_TYPES, VariableSpec, VariableType

__all__ = [
    "BY_HAND",
    "PENDING",
    "SPEC_KEYS",
    "VARIABLE_TYPES",
    "BadInput",
    "Case",
    "CaseQuery",
    "Changes",
    "Check",
    "ConnectionLost",
    "Content",
    "Damaged",
    "Definition",
    "Delta",
    "Embeddings",
    "Endpoint",
    "Exchange",
    "Failure",
    "FailureKind",
    "FinishReason",
    "Kind",
    "Message",
    "Missing",
    "ModelSpec",
    "NoKey",
    "NoPassword",
    "NotFound",
    "Part",
    "Price",
    "Problem",
    "Progress",
    "PromptRef",
    "ReadOnly",
    "Reply",
    "Request",
    "Role",
    "Score",
    "Spec",
    "Steps",
    "Stopped",
    "StoreTrouble",
    "ToolCall",
    "Usage",
    "VariableSpec",
    "VariableType",
    "Variant",
    "canonical",
    "is_server",
    "named_alone",
    "names_embedding_model",
    "sha256",
    "short_name",
    "turns",
    "without_password",
]  # fmt: skip
