"""Server-sent events: every slicing of the bytes gives the same events."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.api.wire.sse import Event, Parser
from mudbot.errors import BadAnswerError


def parse(*pieces: bytes) -> list[Event]:
    parser = Parser()
    return [event for piece in pieces for event in parser.feed(piece)]


def datas(*pieces: bytes) -> list[str]:
    return [event.data for event in parse(*pieces)]


FEED = (
    "\ufeff: hi\r\nid: 7\r\nevent: word\r\ndata: 你好\r\ndata:  two\r\n\r\n"
    "data: 𝄞\n\ndata\n\ndata:x:y\r\r: end\ndata: lost"
).encode()
EVENTS = [
    Event("你好\n two", "word", "7"),
    Event("𝄞", "message", "7"),
    Event("", "message", "7"),
    Event("x:y", "message", "7"),
]


def test_a_feed_with_everything_is_read_as_the_standard_says() -> None:
    assert parse(FEED) == EVENTS


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert parse(*(FEED[i : i + 1] for i in range(len(FEED)))) == EVENTS


@given(st.lists(st.integers(0, len(FEED)), max_size=12))
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(FEED)]
    assert parse(*(FEED[a:b] for a, b in itertools.pairwise(edges))) == EVENTS


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1), max_size=5),
    st.sampled_from(["\n", "\r", "\r\n"]),
)
def test_any_data_comes_through_every_line_end(lines: list[str], end: str) -> None:
    wire = "".join(f"data: {line}{end}{end}" for line in lines).encode()
    assert datas(*(wire[i : i + 3] for i in range(0, len(wire), 3))) == lines


@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_it_fail(noise: bytes) -> None:
    assert isinstance(parse(noise, b"\n\n"), list)


def test_an_event_is_given_at_its_blank_line_and_does_not_wait_for_the_lf_of_a_crlf() -> None:
    parser = Parser()
    assert [event.data for event in parser.feed(b"data: a\r\n\r")] == ["a"]
    assert parser.feed(b"\n") == []
    assert [event.data for event in parser.feed(b"data: b\n\n")] == ["b"]


def test_an_event_without_data_is_none_and_leaves_no_type_behind() -> None:
    assert parse(b"event: ping\n\ndata: a\n\n") == [Event("a")]


def test_invalid_utf8_becomes_replacement_characters() -> None:
    assert datas(b"data: \xff\xe4\n\n") == ["��"]


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 9, b"x" * 9, b"data: xxxx\n"])
def test_an_event_without_end_is_refused(piece: bytes) -> None:
    parser = Parser(longest=20)
    for _ in range(20 // len(piece)):
        parser.feed(piece)
    with pytest.raises(BadAnswerError, match="longer than 20"):
        list(map(parser.feed, [piece] * 5))


def test_endless_comments_and_events_are_no_endless_event() -> None:
    parser = Parser(longest=20)
    for _ in range(100):
        parser.feed(b": keep-alive\nevent: x\n")
        assert parser.feed(b"data: 0123456789\n\n") == [Event("0123456789", "x")]
