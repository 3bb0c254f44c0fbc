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
    ToolCall,
    Usage,
)
from workbench.values.changes import Changes, Kind
from workbench.values.comparisons import Case, Check, Definition, ModelSpec, PromptRef, Score, Spec, Variant
from workbench.values.messages import Content, Message, Part, Role, canonical, sha256
from workbench.values.prices import Price
from workbench.values.problems import BadInput, Missing, NoKey, NotFound, Problem, ReadOnly, StoreTrouble

__all__ = [
    "BadInput", "Case", "Changes", "Check", "Content", "Definition", "Delta", "Endpoint", "Exchange", "Failure",
    "FailureKind", "FinishReason", "Kind", "Message", "Missing", "ModelSpec", "NoKey", "NotFound", "Part", "Price", "Problem",
    "PromptRef", "ReadOnly", "Reply", "Request", "Role", "Score", "Spec", "StoreTrouble", "ToolCall", "Usage", "Variant",
    "canonical", "sha256",
]  # fmt: skip
