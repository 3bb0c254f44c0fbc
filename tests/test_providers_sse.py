"""Server-sent events come out the same however the network cuts the bytes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.providers import sse
from workbench.providers.sse import Event, EventParser, LineTooLong


def parsed(data: bytes, cuts: list[int] | None = None) -> list[Event]:
    parser, events, start = EventParser(), [], 0
    for cut in sorted(cuts or []):
        events += parser.feed(data[start:cut])
        start = max(start, cut)
    return events + parser.feed(data[start:]) + parser.close()


def test_every_line_end_ends_a_line() -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        data = end.join(
            [b": comment", b"event: message", b"data: one", b"data:two", b"", b"id: 3", b"data", b"", b"", b"data:  three", b"", b""]
        )
        assert parsed(data) == [Event(b"one\ntwo", "message"), Event(b""), Event(b" three")]


def test_an_event_without_its_blank_line_still_counts_at_the_end() -> None:
    assert parsed(b"data: a\n\ndata: b") == [Event(b"a"), Event(b"b")]


def test_a_byte_order_mark_is_skipped_once() -> None:
    assert parsed(b"\xef\xbb\xbfdata: a\n\ndata: \xef\xbb\xbfb\n\n") == [Event(b"a"), Event(b"\xef\xbb\xbfb")]


LINES = st.lists(
    st.sampled_from([b"data: x", b"data:", b'data: {"a": "\xc3\xa9"}', b": c", b"event: error", b"", b"retry: 1", b"other"]), max_size=12
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(LINES, ENDS, st.lists(st.integers(0, 160), max_size=20))
@example([b"data: x", b"data: y"], b"\r\n", [8, 8])  # an empty piece between CR and LF
def test_any_cut_gives_the_same_events(lines: list[bytes], end: bytes, cuts: list[int]) -> None:
    data = b"".join(line + end for line in lines)
    assert parsed(data, cuts) == parsed(data)


def test_a_line_without_an_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LONGEST_LINE", 1000)
    parser = EventParser()
    parser.feed(b"data: " + b"x" * 900)
    with pytest.raises(LineTooLong):
        parser.feed(b"y" * 200)


def test_a_large_line_in_tiny_pieces_is_read_once() -> None:
    parser = EventParser()
    for _ in range(200_000):
        parser.feed(b"data: x"[:7])
    assert len(parser.feed(b"\n\n")[0].data) == 200_000 * 7 - 6
