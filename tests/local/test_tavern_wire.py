"""The tavern's bytes: lines, encodings, allowances.  No sockets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.errors import LocalError
from mudbot.local.tavern.wire import Allowance, LineCutter, TypedLine, codec_named


def cut(*packets: bytes, limit: int = 4096) -> list[bytes]:
    """The lines that a stream of packets makes."""
    cutter = LineCutter(limit)
    return [line.data for packet in packets for line in cutter.feed(packet)]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r\0", b"\r"])
def test_every_telnet_line_end_ends_a_line(end: bytes) -> None:
    """CR LF, LF, CR NUL and CR are each one line end."""
    assert cut(b"look" + end + b"say hi" + end) == [b"look", b"say hi"]


@pytest.mark.parametrize("end", [b"\r\n", b"\r\0"])
def test_a_line_end_split_over_packets_is_one(end: bytes) -> None:
    """No phantom empty line arises where the two bytes come apart."""
    assert cut(b"look" + end[:1], end[1:] + b"who\n") == [b"look", b"who"]
    assert cut(b"look" + end[:1], end[1:], b"\n") == [b"look", b""]


def test_a_bare_return_does_not_swallow_what_follows_it() -> None:
    """Only LF or NUL right after CR belongs to it."""
    assert cut(b"a\r", b"b\n", b"\n") == [b"a", b"b", b""]


@given(st.lists(st.sampled_from([b"a", b"\r\n", b"\n", b"\r\0", b"\r", b"\xff"]), max_size=30), st.data())
def test_packet_boundaries_change_nothing(pieces: list[bytes], data: st.DataObject) -> None:
    """However a stream is cut into packets, its lines are the same."""
    stream = b"".join(pieces)
    at = data.draw(st.lists(st.integers(0, len(stream)), max_size=5).map(sorted))
    edges = [0, *at, len(stream)]
    packets = [stream[start:stop] for start, stop in pairwise(edges)]
    assert cut(*packets) == cut(stream)


def test_a_long_line_is_cut_and_says_so() -> None:
    """The beginning is kept up to the bound, the rest dropped, the next line untouched."""
    cutter = LineCutter(8)
    assert cutter.feed(b"0123456789") == []
    assert cutter.feed(b"abc\nnext\n") == [TypedLine(b"01234567", cut=True), TypedLine(b"next", cut=False)]
    assert cutter.feed(b"01234567\n") == [TypedLine(b"01234567", cut=False)]


def test_an_endless_line_is_not_kept() -> None:
    """What is held of an unfinished line never exceeds the bound."""
    cutter = LineCutter(100)
    for _ in range(1000):
        cutter.feed(b"x" * 1000)
    assert [len(line.data) for line in cutter.feed(b"\n")] == [100]


def test_text_is_read_in_the_worlds_encoding() -> None:
    """A GBK world reads GB18030 as well, and answers in GBK with ? for what GBK lacks."""
    utf8, gbk = codec_named("UTF8"), codec_named("gbk")
    assert utf8.read(TypedLine("你好".encode())) == "你好"
    assert gbk.read(TypedLine("你好😀".encode("gb18030"))) == "你好😀"
    assert gbk.write("你好😀") == "你好?".encode("gbk")
    assert utf8.read(TypedLine(b"a\xfe\xffb")) == "a\ufffd\ufffdb"


def test_half_a_character_at_the_cut_is_left_out() -> None:
    """A cut within a character shows neither a wrong one nor a mark for it."""
    assert codec_named("utf-8").read(TypedLine("你好".encode()[:-1], cut=True)) == "你"
    assert codec_named("gbk").read(TypedLine("你好".encode("gbk")[:-1], cut=True)) == "你"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (b"say \x1b[1;31mred\x1b[0m", "say red"),
        (b"say \x1b]0;title\x07x", "say x"),
        (b"say \x1b]0;title\x1b\\x", "say x"),
        (b"a\x1b7b\x1b", "ab"),
        (b"a\x00b\x07c\x08d\x7fe", "abcde"),
        (b"say\thi", "say hi"),
        ("a\x85b\u2028c\u202ed\u2066e\ufefff".encode(), "abcdef"),
        (b"one; two", "one; two"),
    ],
)
def test_escapes_and_control_characters_are_taken_off(typed: bytes, text: str) -> None:
    """Nobody can send another's terminal anything but text."""
    assert codec_named("utf-8").read(TypedLine(typed)) == text


def test_a_trail_byte_that_looks_like_ascii_stays() -> None:
    r"""The second byte of a GBK character may be a backslash or a brace: it is text."""
    gbk = codec_named("gbk")
    for char in "誠匽亅乗":
        assert gbk.read(TypedLine(char.encode("gbk"))) == char


def test_an_unknown_encoding_is_refused() -> None:
    """The error names the ones there are."""
    for name in ("big5", "klingon", "a\0b"):
        with pytest.raises(LocalError, match="utf-8, gbk"):
            codec_named(name)


def test_an_allowance_gives_a_burst_then_a_rate() -> None:
    """What is overdrawn has to be waited for, at so much a second."""
    allowance = Allowance(3, 2, now=100)
    for _ in range(3):
        assert allowance.wait(100) == 0
        allowance.spend(1, 100)
    assert allowance.wait(100) == 0
    allowance.spend(2, 100)
    assert allowance.wait(100) == 1
    assert allowance.wait(100.5) == 0.5
    assert allowance.wait(101) == 0


def test_an_allowance_never_exceeds_its_burst() -> None:
    """A long silence does not save up for a flood."""
    allowance = Allowance(2, 10, now=0)
    allowance.spend(4, 1000)
    assert allowance.wait(1000) == pytest.approx(0.2)
