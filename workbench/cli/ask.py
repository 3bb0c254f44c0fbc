"""`ask`: one call. With --api and --base-url no workspace is opened."""

from __future__ import annotations

import argparse
import json
import os
import sys
from base64 import b64encode
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.terminal import Terminal
from workbench.values import BadInput, Delta, Message, Part, Price, Reply, Request

if TYPE_CHECKING:
    from workbench.settings import Settings
    from workbench.values import Failure
    from workbench.workspace import Answer

_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}


def ask_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench ask`."""
    parser.add_argument("prompt", metavar="PROMPT", help="what to ask; - reads it from stdin")
    parser.add_argument(
        "--model", metavar="M", required=True, help="a model of the workspace, or with --api the name that the server knows"
    )
    parser.add_argument("--api", metavar="WIRE_FORMAT", help="ask a server directly, such as openai-chat")
    parser.add_argument("--base-url", metavar="URL", help="what stands before the wire format's own path, such as http://127.0.0.1:9000/v1")
    parser.add_argument("--system", metavar="TEXT", help="a system message before the prompt")
    parser.add_argument("--image", action="append", default=[], type=Path, metavar="FILE", help="a picture beside the prompt")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="such as temperature=0")
    parser.add_argument("--json-schema", type=Path, metavar="FILE", help="the answer must fit this JSON Schema")
    parser.add_argument("--no-stream", action="store_true", help="ask for the answer in one piece")
    parser.add_argument("--timeout", type=float, metavar="S", help="longest silence in seconds")
    parser.add_argument("--max-retries", type=int, metavar="N", help="tries after a slow-down or a server fault")


def ask_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench ask`."""
    if bool(options.api) != bool(options.base_url):
        raise BadInput("--api and --base-url go together.", remedy="Give both, or neither to use a model of the workspace.")
    request = _request(options)
    if options.api:
        return _directly(options, request, terminal)
    return _from_workspace(options, request, terminal)


def _directly(options: argparse.Namespace, request: Request, terminal: Terminal) -> int:
    from workbench.settings import Settings
    from workbench.workspace import direct_endpoint, one_call

    settings, shown = Settings(), Shown(terminal)
    timeout_s = _timeout(options, settings)
    endpoint, price = direct_endpoint(options.api, options.base_url, options.model, os.environ, timeout_s)
    answer = _run(one_call(endpoint, request, **_how(options, settings, shown)))
    return _tell(options.model, request, answer, price, shown)


def _from_workspace(options: argparse.Namespace, request: Request, terminal: Terminal) -> int:
    from dataclasses import replace

    from workbench.cli.opened import model_of, workspace

    with workspace(options, terminal) as ws:
        model = model_of(ws, options.model)
        own = replace(request, model=model.name, parameters={**model.parameters, **request.parameters})
        shown = Shown(terminal)
        how = _how(options, ws.settings, shown)
        answer = _run(ws.ask(model, own, timeout_s=_timeout(options, ws.settings), **how))
        return _tell(model.title, request, answer, model.price, shown)


def _run(asked: Coroutine[Any, Any, Answer]) -> Answer:
    import asyncio  # 60 ms, and not for --help

    return asyncio.run(asked)


class Shown:
    """The answer as it stands on the terminal.

    After a failed attempt the answer begins anew. What it says again is held back until there is more of it than was printed before,
    so that an answer which breaks off three times is not read three times.
    """

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._longest = 0
        self._now = ""
        self._held = False

    def streamed(self, delta: Delta) -> None:
        """Print a piece, or hold it back."""
        self._now += delta.text
        if not self._held:
            self.terminal.stream(delta.text)
        elif len(self._now) > self._longest:
            self.release()

    def waits(self, event: Any) -> None:
        """Say that the call is tried again, and that the answer does not go on where it broke off."""
        if not self._held:
            self._longest = max(self._longest, len(self._now))
        self._held, self._now = self._longest > 0, ""
        anew = "; the answer starts anew" if self._held else ""
        tries = f"{event.attempt + 1} of {event.attempts}"
        self.terminal.note(f"{explained(event.failure)} Trying again in {event.delay_s:.0f} s ({tries}){anew}.")

    def release(self) -> None:
        """Print what was held back."""
        if self._held and self._now:
            self.terminal.end_line()
            self.terminal.stream(self._now)
        self._held = False


_MEANINGS = {
    "server": ("The server had a fault of its own", "Try again later, or ask another model."),
    "overloaded": ("The server is too busy", "Try again in a minute."),
    "rate_limit": ("The provider says: too many calls in a short time", "Wait a little and try again."),
    "quota": ("The provider says that there is no credit left", "Add credit to your account there, or ask another model."),
    "auth": ("The key was not accepted", "Check the key and whether it belongs to this server."),
    "permission": ("This key may not use this model", "Allow it in your account there, or ask another model."),
    "not_found": ("The server does not have this model or address", "Check the model's name and the base URL."),
    "timeout": ("The server was silent for too long", "Raise --timeout, or try again later."),
    "context_length": ("The prompt is too long for this model", "Shorten it, or ask a model with more room."),
    "bad_request": ("The server refused the request", "Change what it names."),
    "protocol": ("The answer came garbled and cannot be read", "Try again; if it stays so, check --api and the base URL."),
}
"""What a kind of failure means, and the one thing to do. A failure of the network says both itself."""


def explained(failure: Failure, *, remedy: bool = False) -> str:
    """What happened in plain words, then in the provider's own, then what to do."""
    if failure.kind not in _MEANINGS:
        return failure.message
    meaning, todo = _MEANINGS[failure.kind]
    code = f"{failure.status}: " if failure.status and str(failure.status) not in failure.message else ""
    return f"{meaning} ({code}{failure.message.rstrip('. ')}).{f' {todo}' if remedy else ''}"


def _how(options: argparse.Namespace, settings: Settings, shown: Shown) -> dict[str, Any]:
    """How the call is made, as `one_call` takes it."""
    return {
        "max_retries": settings.get("max_retries") if options.max_retries is None else max(0, options.max_retries),
        "on_delta": shown.streamed,
        "on_wait": shown.waits,
        "local_only": bool(settings.get("local_only")),
    }


def _timeout(options: argparse.Namespace, settings: Settings) -> float:
    return float(settings.get("timeout_s") if options.timeout is None else options.timeout)


def _request(options: argparse.Namespace) -> Request:
    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    parts = [Part(text=prompt), *(_picture(path) for path in options.image)]
    messages = [Message("user", tuple(parts))]
    if options.system is not None:
        messages.insert(0, Message.of("system", options.system))
    return Request(
        model=options.model,
        messages=tuple(messages),
        parameters=dict(_parameter(text) for text in options.param),
        output_schema=None if options.json_schema is None else _schema(options.json_schema),
        stream=not options.no_stream,
    )


def _picture(path: Path) -> Part:
    kind = _IMAGES.get(path.suffix.lower())
    if kind is None:
        raise BadInput(f"Pictures are {', '.join(sorted(_IMAGES))} files.", path=str(path))
    try:
        return Part("image", "", kind, path.read_bytes(), path.name)
    except OSError as error:
        raise BadInput(f"This picture cannot be read: {error.strerror}.", path=str(path)) from error


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadInput(f"--param {text} is not of the form name=value.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _schema(path: Path) -> dict[str, Any]:
    try:
        schema = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"This file cannot be read: {error.strerror}.", path=str(path)) from error
    except ValueError as error:
        raise BadInput(f"This is not JSON: {error}.", path=str(path)) from error
    if not isinstance(schema, dict):
        raise BadInput("A JSON Schema is an object.", path=str(path))
    return schema


def _tell(title: str, request: Request, answer: Answer, price: Price, shown: Shown) -> int:
    failure, terminal = answer.failure, shown.terminal
    if answer.reply is not None:
        shown.release()
    reply = answer.reply or (failure.partial if failure else None) or Reply(finish_reason="error")
    if terminal.json:
        terminal.document(_document(title, reply, answer, price))
    else:
        if answer.reply is not None and not request.stream:
            terminal.stream(reply.text)
        if reply.text:
            terminal.end_line()
        if reply.refusal:
            terminal.note(f"The model refused: {reply.refusal}")
        for call in reply.tool_calls:
            terminal.say(f"{call.name}({json.dumps(call.arguments, ensure_ascii=False)})")
    if failure is None:
        return 0
    if not terminal.json:
        terminal.complain(explained(failure, remedy=True))
    return 1


def _document(title: str, reply: Reply, answer: Answer, price: Price) -> dict[str, Any]:
    usage = reply.usage
    cost: Decimal | None = price.cost(usage) if answer.reply is not None else None
    return {
        "schema": 1,
        "model": title,
        "resolved_model": reply.resolved_model,
        "text": reply.text,
        "thinking": reply.thinking,
        "refusal": reply.refusal,
        "tool_calls": [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in reply.tool_calls],
        "images": [{"media_type": image.media_type, "data": b64encode(image.data).decode("ascii")} for image in reply.images],
        "finish_reason": "error" if answer.failure else reply.finish_reason,
        "raw_finish_reason": reply.raw_finish_reason,
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_input_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
        },
        "cost_usd": None if cost is None else f"{cost.normalize():f}",
        "latency_ms": reply.latency_ms,
        "first_token_ms": reply.first_token_ms,
        "retries": answer.retries,
        "error": answer.failure.to_json() if answer.failure else None,
    }
