"""`ask`: one call. With --api and --base-url no workspace is opened."""

from __future__ import annotations

import argparse
import json
import os
import sys
from base64 import b64encode
from collections.abc import Coroutine, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.terminal import Terminal
from workbench.values import BadInput, Delta, Message, Part, Price, Reply, Request

if TYPE_CHECKING:
    from workbench.settings import Settings
    from workbench.workspace import Answer

_WHAT_TO_DO = {
    "auth": "Check the key of this server.",
    "permission": "Check what this key may use.",
    "quota": "Check the credit at the provider.",
    "not_found": "Check the model's name and the address.",
    "rate_limit": "Wait a moment and ask again.",
    "overloaded": "Wait a moment and ask again.",
    "html": "Check the address: most end in /v1.",
    "context_length": "Shorten the prompt, or choose a model that reads more.",
}
"""The one thing to do, by the code or the kind of failure, behind the provider's own words."""


def ask_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench ask`."""
    parser.add_argument("prompt", metavar="PROMPT", help="what to ask; - reads it from stdin")
    parser.add_argument(
        "--model", metavar="M", required=True, help="a model of the workspace, or with --api the name that the server knows"
    )
    parser.add_argument("--api", metavar="WIRE_FORMAT", help="ask a server directly, such as openai-chat")
    parser.add_argument("--base-url", metavar="URL", help="what stands before the wire format's own path, such as http://127.0.0.1:9000/v1")
    parser.add_argument("--system", metavar="TEXT", help="a system message before the prompt")
    parser.add_argument("--image", action="append", default=[], type=Path, metavar="FILE", help="a picture or PDF beside the prompt")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="such as temperature=0")
    parser.add_argument("--json-schema", type=Path, metavar="FILE", help="the answer must fit this JSON Schema")
    parser.add_argument("--no-stream", action="store_true", help="ask for the answer in one piece")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="longest silence in seconds")
    parser.add_argument("--max-retries", type=_retries, metavar="N", help="tries after a slow-down or a server fault")


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
    from workbench.workspace import direct_endpoint, left_out, one_call

    settings = Settings()
    timeout_s = _timeout(options, settings)
    endpoint, price = direct_endpoint(options.api, options.base_url, options.model, os.environ, timeout_s)
    _tell_left_out(left_out(endpoint.wire_format, request.parameters, endpoint.options), options.model, terminal)
    streamed = _Streamed(terminal)
    answer = _run(one_call(endpoint, request, **_how(options, settings, terminal, streamed)))
    return _tell(options.model, answer, price, terminal, streamed)


def _from_workspace(options: argparse.Namespace, request: Request, terminal: Terminal) -> int:
    from workbench.cli.opened import model_of, workspace
    from workbench.quick_dataclass import replace

    with workspace(options, terminal) as ws:
        model = model_of(ws, options.model)
        own = replace(request, model=model.name, parameters={**model.parameters, **request.parameters})
        _tell_left_out(ws.left_out(model, own), model.title, terminal)
        streamed = _Streamed(terminal)
        how = _how(options, ws.settings, terminal, streamed)
        answer = _run(ws.ask(model, own, timeout_s=_timeout(options, ws.settings), **how))
        return _tell(model.title, answer, model.price, terminal, streamed)


def _tell_left_out(names: Sequence[str], title: str, terminal: Terminal) -> None:
    if names:
        terminal.note(f"Sent without {', '.join(names)}: {title} does not take that.")


def _run(asked: Coroutine[Any, Any, Answer]) -> Answer:
    from workbench import awake_loop  # asyncio, 60 ms, and not for --help

    return awake_loop.run(asked)


class _Streamed:
    """An answer on stdout as it arrives. One that is asked for again after it was cut off goes on where the first try ended."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._printed = ""
        self._text = ""

    def delta(self, delta: Delta) -> None:
        """Print a piece of the answer."""
        self.upto(self._text + delta.text)

    def again(self) -> None:
        """The answer begins anew: what comes is compared with what was printed already."""
        self._text = ""

    def upto(self, text: str) -> None:
        """Print what is missing of the answer so far; all of it on a new line where it is not how the printed one began."""
        self._text = text
        if self._printed.startswith(text):
            return
        if text.startswith(self._printed):
            self._terminal.stream(text[len(self._printed) :])
        else:
            self._terminal.stream(f"\n{text}")
        self._printed = text

    def end(self) -> None:
        """End the line, where a word on stderr has not ended it already."""
        self._terminal.end_line()


def _how(options: argparse.Namespace, settings: Settings, terminal: Terminal, streamed: _Streamed) -> dict[str, Any]:
    """How the call is made, as `one_call` takes it."""

    def waits(event: Any) -> None:
        streamed.again()
        terminal.note(f"{event.failure.message} Trying again in {event.delay_s:.0f} s ({event.attempt + 1} of {event.attempts}).")

    return {
        "max_retries": settings.get("max_retries") if options.max_retries is None else options.max_retries,
        "on_delta": streamed.delta,
        "on_wait": waits,
        "local_only": bool(settings.get("local_only")),
    }


def _timeout(options: argparse.Namespace, settings: Settings) -> float:
    return float(settings.get("timeout_s") if options.timeout is None else options.timeout)


def _request(options: argparse.Namespace) -> Request:
    prompt = _stdin() if options.prompt == "-" else _text(options.prompt, "The prompt")
    parts = [Part(text=prompt), *(_attached(path) for path in options.image)]
    messages = [Message("user", tuple(parts))]
    if options.system is not None:
        messages.insert(0, Message.of("system", _text(options.system, "The system message")))
    return Request(
        model=options.model,
        messages=tuple(messages),
        parameters=dict(_parameter(text) for text in options.param),
        output_schema=None if options.json_schema is None else _schema(options.json_schema),
        stream=not options.no_stream,
    )


def _stdin() -> str:
    """The text on stdin."""
    if sys.stdin is None:
        raise BadInput("There is nothing on stdin: it is closed.", remedy="Give the prompt as an argument.")
    binary = getattr(sys.stdin, "buffer", None)
    return _decoded(binary.read(), "The text on stdin") if binary else sys.stdin.read()


def _text(argument: str, what: str) -> str:
    """An argument as text, whatever the locale made of its bytes."""
    return argument if argument.isascii() else _decoded(os.fsencode(argument), what)


def _decoded(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{what} holds bytes that are not UTF-8.", remedy="Give it as UTF-8.") from None


def seconds(text: str) -> float:
    """A time above nothing, as an argument."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _retries(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _attached(path: Path) -> Part:
    from workbench.workspace import read_attachment  # only with --image

    return read_attachment(path)


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


def _tell(title: str, answer: Answer, price: Price, terminal: Terminal, streamed: _Streamed) -> int:
    failure = answer.failure
    reply = answer.reply or (failure.partial if failure else None) or Reply(finish_reason="error")
    if terminal.json:
        terminal.document(_document(title, reply, answer, price))
    else:
        streamed.upto(reply.text)  # what came in one piece, or together with the failure
        streamed.end()
        if reply.refusal:
            terminal.note(f"The model refused: {reply.refusal}")
        for call in reply.tool_calls:
            terminal.say(f"{call.name}({json.dumps(call.arguments, ensure_ascii=False)})")
    if failure is None:
        return 0
    if not terminal.json:
        code = f" ({failure.status})" if failure.status and str(failure.status) not in failure.message else ""
        todo = _WHAT_TO_DO.get(failure.provider_code or "") or _WHAT_TO_DO.get(failure.kind, "")
        terminal.complain(f"{failure.message.rstrip('.')}{code}. {todo}")
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
        "usage": usage.to_json(),
        "cost_usd": None if cost is None else f"{cost.normalize():f}",
        "latency_ms": reply.latency_ms,
        "first_token_ms": reply.first_token_ms,
        "retries": answer.retries,
        "error": answer.failure.to_json() if answer.failure else None,
    }
