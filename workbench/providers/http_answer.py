"""One HTTP answer as its bytes arrive: a stream handed to a reader event by event, or a whole body. Knows no client and no time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from workbench.providers.answer_parts import cut_off
from workbench.providers.error_bodies import failure_of
from workbench.providers.failures import ProviderError
from workbench.providers.redaction import Redactor
from workbench.providers.sse import Event, LineTooLong
from workbench.values import Failure, Reply

LARGEST_ANSWER = 128 * 1024 * 1024
"""Bytes of one answer. Text never comes near; a server that sends on and on must not fill the memory."""

_STREAMS = ("event-stream", "eventstream", "ndjson", "jsonl")
"""In the content types of streams: server-sent events, Amazon's binary events, JSON lines."""


class Reader(Protocol):
    """Reads one answer of a wire format. Pure: bytes were read elsewhere, time is not its business."""

    done: bool
    """True once the answer is complete, though the server may not have closed the stream."""

    def event(self, event: Event) -> tuple[str, str]:
        """The new text and thinking of one event of a stream. Raises ProviderError."""
        ...

    def whole(self, value: Any) -> Reply:
        """The reply that a whole JSON body holds. Raises ProviderError."""
        ...

    def end(self) -> Reply:
        """The reply after the last event. Raises ProviderError if the stream was cut off before its end."""
        ...

    def partial(self) -> Reply | None:
        """What has arrived so far; None if nothing."""
        ...


class Parser(Protocol):
    """Cuts the bytes of a stream, which arrive in any pieces, into events."""

    def feed(self, piece: bytes) -> list[Event]:
        """The events that this piece completes. Raises LineTooLong, or ProviderError where the bytes are no such stream."""
        ...

    def close(self) -> list[Event]:
        """The event that the stream's end completes, if there is one."""
        ...


class HttpAnswer:
    """The bytes of one answer so far, bounded, and what its reader makes of them."""

    def __init__(self, reader: Reader, parser: Callable[[], Parser], hide: Redactor) -> None:
        self._reader = reader
        self._make_parser = parser
        self._parser: Parser | None = None
        self._hide = hide
        self._pieces: list[bytes] = []
        self._size = 0
        self.status = 0
        self.headers: Mapping[str, str] = {}

    def begin(self, status: int, headers: Mapping[str, str], *, asked: bool, json_streams: bool) -> None:
        """Take the head; header names are lower case. `asked`: a stream was asked for; `json_streams`: it may call itself JSON."""
        self.status, self.headers = status, headers
        if status == 200 and _is_stream(headers.get("content-type", ""), asked=asked, json_streams=json_streams):
            self._parser = self._make_parser()

    def feed(self, piece: bytes) -> tuple[str, str]:
        """The new text and thinking of one network read: events that arrive together travel on together."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > LARGEST_ANSWER:
            raise _too_large()
        if self._parser is None:
            return "", ""
        try:
            return self._read(self._parser.feed(piece))
        except LineTooLong:
            raise _too_large() from None

    def close(self) -> tuple[str, str]:
        """The new text and thinking of an event that the stream's end completed."""
        if self._parser is None:
            return "", ""
        try:
            return self._read(self._parser.close())
        except ProviderError as error:
            if error.failure.kind != "protocol":
                raise
            raise cut_off() from None  # half an event: the connection ended inside it

    def is_complete(self) -> bool:
        """True once nothing more is to be expected of a stream, though it may still be open."""
        return self._parser is not None and self._reader.done

    def reply(self) -> Reply:
        """The reply of all that has come. Raises ProviderError."""
        return self._reader.end() if self._parser is not None else self._whole()

    def raw(self) -> bytes:
        """All bytes."""
        return b"".join(self._pieces)

    def _read(self, events: list[Event]) -> tuple[str, str]:
        text = thinking = ""
        for event in events:
            more, more_thinking = self._reader.event(event)
            text += more
            thinking += more_thinking
        return text, thinking

    def _whole(self) -> Reply:
        if 300 <= self.status < 400 and "location" in self.headers:
            place = self._hide.text(self.headers["location"])
            message = f"The server answers with a redirect to {place} ({self.status}). Use that address as the base URL."
            raise ProviderError(Failure("protocol", message, status=self.status, provider_code="redirect"))
        data = self.raw()
        text = data.decode("utf-8", "replace").removeprefix("\ufeff").strip()
        answered = self.status == HTTPStatus.OK or (200 <= self.status < 300 and text.startswith("{"))
        if not answered or text.startswith("<"):
            raise ProviderError(failure_of(self.status, self.headers, data, self._hide))
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            if text.startswith(("data:", "event:", ":")):  # a stream that calls itself something else
                parser = self._make_parser()
                self._read([*parser.feed(data), *parser.close()])
                return self._reader.end()
            what = f"{error}: {self._hide.text(text[:200])!r}" if text else "it is empty"
            raise ProviderError(Failure("protocol", f"The server's answer is not JSON: {what}", status=self.status)) from None
        return self._reader.whole(value)


def _is_stream(kind: str, *, asked: bool, json_streams: bool) -> bool:
    """True if events are to be expected. Some servers answer a streamed request with one plain JSON body, or with a web page."""
    if any(name in kind for name in _STREAMS):
        return True
    return asked and (json_streams or "json" not in kind) and "html" not in kind


def _too_large() -> ProviderError:
    return ProviderError(Failure("protocol", "The answer is larger than an answer can be. The call was ended.", provider_code="too_large"))
