"""Decompression with bounds."""

from __future__ import annotations

import os
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.errors import MudError
from mudbot.mud.inflate import WINDOW, Inflater

EXAMPLES = int(os.environ.get("MUDBOT_FUZZ_EXAMPLES", "100"))


def inflate(inflater: Inflater, source: bytearray, size: int = 4096) -> bytes:
    """All there is in *source*, in pieces that are checked."""
    found = bytearray()
    while not inflater.ended and (source or inflater.waiting):
        piece = inflater.take(source, size)
        assert len(piece) <= size
        found += piece
    return bytes(found)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.binary(max_size=3000), st.integers(1, 40), st.binary(max_size=50),
    st.lists(st.integers(1, 700), min_size=1, max_size=20), st.integers(1, 5000),
)  # fmt: skip
def test_it_comes_out_as_it_went_in(text: bytes, times: int, after: bytes, cuts: list[int], size: int) -> None:
    """Whatever the packets and the pieces, each byte as early as zlib has it; what follows the end is handed back."""
    wire = zlib.compress(text * times) + after
    inflater, source, found = Inflater(), bytearray(), b""
    plain, expected = zlib.decompressobj(), b""
    at = 0
    while at < len(wire) or not inflater.ended:
        cut = cuts[at % len(cuts)]
        source += wire[at : at + cut]
        expected += plain.decompress(wire[at : at + cut])
        at += cut
        if not inflater.ended:
            found += inflate(inflater, source, size)
        assert found == expected
    assert found == text * times
    assert bytes(source) == after


def test_what_follows_keeps_its_order() -> None:
    """More plain text than is taken at once stands behind the end, as when all came in one read."""
    after = random.Random(1).randbytes(20_000)
    source = bytearray(zlib.compress(b"the end\r\n") + after)
    assert inflate(Inflater(), source) == b"the end\r\n"
    assert bytes(source) == after


def test_what_was_flushed_comes_out_at_once() -> None:
    """A MUD flushes after every message; nothing of it is kept back."""
    deflate, inflater = zlib.compressobj(9), Inflater()
    for line in (b"You are here.\r\n", b"> ", b"x" * 70_000):
        wire = bytearray(deflate.compress(line) + deflate.flush(zlib.Z_SYNC_FLUSH))
        assert inflate(inflater, wire) == line
        assert not inflater.waiting
        assert not wire


def test_a_bomb_is_given_up_within_its_first_megabytes() -> None:
    """A thousandfold stream is refused after 8 MiB, never more than a piece at a time in memory."""
    bomb = bytearray(zlib.compress(bytes(200_000_000), 9))
    inflater = Inflater()
    with pytest.raises(MudError, match="compression bomb"):
        inflate(inflater, bomb)
    assert inflater.bytes_out < WINDOW + 4096


def test_a_bomb_behind_honest_text_is_found_as_well() -> None:
    """The ratio is looked at afresh every 8 MiB."""
    deflate = zlib.compressobj(9)
    honest = random.Random(7).randbytes(3_000_000)
    wire = bytearray(deflate.compress(honest) + deflate.compress(bytes(40_000_000)) + deflate.flush())
    with pytest.raises(MudError, match="compression bomb"):
        inflate(Inflater(), wire, 65536)


def test_much_dull_text_is_no_bomb() -> None:
    """A MUD that draws the same map for hours goes on: 20 MiB that shrink to a fiftieth."""
    screen = b"".join(b"%05d" % n + b"." * 300 + b"\r\n" for n in range(1000))
    deflate, inflater = zlib.compressobj(9), Inflater()
    for _ in range(70):
        wire = bytearray(deflate.compress(screen) + deflate.flush(zlib.Z_SYNC_FLUSH))
        assert inflate(inflater, wire) == screen


@pytest.mark.parametrize("damage", [b"plain text, no zlib", b"\x00" * 100, zlib.compress(b"x" * 50)[:-4] + b"abcd"])
def test_damage_is_an_error_with_a_remedy(damage: bytes) -> None:
    """No header, no stream, a wrong checksum."""
    with pytest.raises(MudError, match=r"damaged compression .*set compress: false"):
        inflate(Inflater(), bytearray(damage))
