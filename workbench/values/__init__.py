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
from workbench.values.changes import Changes, Kind
from workbench.values.comparisons import BY_HAND, Case, Check, Definition, ModelSpec, PromptRef, Score, Spec, Variant
from workbench.values.conversations import named_alone, turns
from workbench.values.embeddings import Embeddings, names_embedding_model
from workbench.values.messages import Content, Message, Part, Role, ToolCall, canonical, sha256
from workbench.values.prices import Price
from workbench.values.problems import BadInput, Damaged, Missing, NoKey, NotFound, Problem, ReadOnly, Stopped, StoreTrouble
from workbench.values.progress import Progress, Steps
from workbench.values.variables import SPEC_KEYS, VARIABLE_TYPES, VariableSpec, VariableType

__all__ = [
    "BY_HAND",
    "SPEC_KEYS",
    "VARIABLE_TYPES",
    "BadInput",
    "Case",
    "Changes",
    "Check",
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
    "named_alone",
    "names_embedding_model",
    "sha256",
    "turns",
]  # fmt: skip
