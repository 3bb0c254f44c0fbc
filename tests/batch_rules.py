"""What the documentation of each batch service asks of an upload, an order and the lines of a file; what is wrong comes as words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_ENDPOINTS = {"/v1/responses", "/v1/chat/completions", "/chat/completions", "/responses"}
_CALL_FIELDS = {
    "contents", "systemInstruction", "generationConfig", "tools", "toolConfig", "safetySettings", "cachedContent", "model", "labels",
}  # fmt: skip
_UPLOADS = ({"purpose": "batch"}, {"purpose": "batch-api", "file_type": "jsonl"})
_START = {"x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start", "x-goog-upload-header-content-type": "application/jsonl"}


def about_upload(path: str, fields: Mapping[str, str], files: Sequence[bytes]) -> str:
    """A multipart upload: one file, its purpose, and with Together its name and type."""
    plain = {name: value for name, value in fields.items() if name != "file_name"}
    if plain not in _UPLOADS or ("file_name" in fields) != path.endswith("/files/upload"):
        return f"Invalid fields: {sorted(fields.items())}"
    if len(files) != 1 or b'name="file"' not in files[0] or b"\r\nContent-Type: " not in files[0].partition(b"\r\n\r\n")[0]:
        return "One file with a content type is needed."
    return ""


def about_start(headers: Mapping[str, str]) -> str:
    """The first half of an upload to Gemini."""
    wrong = [name for name, value in _START.items() if headers.get(name) != value]
    size = headers.get("x-goog-upload-header-content-length", "")
    return f"Invalid headers: {wrong}" if wrong or not size.isdigit() else ""


def about_order(kind: str, order: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], size: int, headers: Mapping[str, str]) -> str:
    """The order of a batch, and the lines of its file."""
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        return "The body has to be application/json."
    most, most_bytes = (100_000, 256_000_000) if kind in ("anthropic", "gemini") else (50_000, 200_000_000)
    if not 1 <= len(rows) <= most or size > most_bytes:
        return f"Too many requests, or too large: {len(rows)}, {size} bytes"
    ids = [row.get("key" if kind == "gemini" else "custom_id") for row in rows]
    if len(set(ids)) != len(ids) or not all(isinstance(each, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", each) for each in ids):
        return "custom_id has to be unique and to match ^[a-zA-Z0-9_-]{1,64}$"
    return {"anthropic": _anthropic, "gemini": _gemini, "mistral": _mistral}.get(kind, _openai)(order, rows)


def _openai(order: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    unknown = set(order) - {"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"}
    if unknown or order.get("endpoint") not in _ENDPOINTS or order.get("completion_window") != "24h":
        return f"Invalid order: {dict(order)}"
    if not _is_metadata(order.get("metadata", {})):
        return "Invalid metadata."
    for row in rows:
        if set(row) != {"custom_id", "method", "url", "body"} or row["method"] != "POST" or row["url"] != order["endpoint"]:
            return f"The line does not match the endpoint, or has other fields: {sorted(row)}"
        if row["body"].get("stream") or not row["body"].get("model"):
            return "A line names a model and is not streamed."
    return "" if len({row["body"]["model"] for row in rows}) == 1 else "Only one model may stand in a file."


def _mistral(order: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    unknown = set(order) - {"input_files", "requests", "endpoint", "model", "agent_id", "metadata", "timeout_hours"}
    if unknown or order.get("endpoint") != "/v1/chat/completions" or not order.get("model") or not 1 <= order["timeout_hours"] <= 168:
        return f"Invalid order: {dict(order)}"
    if not _is_metadata(order.get("metadata", {})):
        return "Invalid metadata."
    return "" if all(set(row) == {"custom_id", "body"} and not row["body"].get("stream") for row in rows) else "Extra inputs in a line."


def _anthropic(order: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    if set(order) != {"requests"} or any(set(row) != {"custom_id", "params"} for row in rows):
        return "Extra inputs are not permitted."
    return "" if all({"model", "max_tokens", "messages"} <= set(row["params"]) for row in rows) else "params: Field required"


def _gemini(order: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    batch = order.get("batch", {})
    if set(order) != {"batch"} or set(batch) != {"display_name", "input_config"} or set(batch["input_config"]) != {"file_name"}:
        return f"Unknown name in {dict(order)}"
    for row in rows:
        if set(row) != {"key", "request"} or not set(row["request"]) <= _CALL_FIELDS:
            return f"Unknown name in a line: {sorted(row)} {sorted(row.get('request', {}))}"
    return ""


def _is_metadata(value: Mapping[str, Any]) -> bool:
    return len(value) <= 16 and all(isinstance(each, str) and len(name) <= 64 and len(each) <= 512 for name, each in value.items())
