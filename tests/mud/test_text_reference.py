"""The reader of lines against another that goes a byte at a time and knows nothing of its tricks.

``MUDBOT_FUZZ_EXAMPLES`` sets how many streams each test tries; without it the whole file takes some seconds.
"""

from __future__ import annotations

import codecs
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mudbot.events import Line, Prompt, PromptKind
from mudbot.mud.text import MAX_LINE, TextStream

EXAMPLES = int(os.environ.get("MUDBOT_FUZZ_EXAMPLES", "60"))
FUZZ = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

READ_WITH = {
    "utf-8": "utf-8",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "latin-1": "latin-1",
    "cp1251": "cp1251",
    "koi8-r": "koi8-r",
}
ESC, BEL, CR, LF, NUL, DEL = 0x1B, 0x07, 0x0D, 0x0A, 0x00, 0x7F
LONGEST_STRING = 4096

Op = bytes | PromptKind
Event = Line | Prompt


# -- the reference -----------------------------------------------------------------------------------------------------


def escape_at(data: bytes, start: int) -> int | None:
    """Where the escape that begins at *start* ends; *start* if it is none, None if *data* ends before it does."""
    i = start + 1
    if i == len(data):
        return None
    kind = chr(data[i])
    if kind == "[":
        i += 1
        while i < len(data) and 0x30 <= data[i] <= 0x3F:
            i += 1
        while i < len(data) and 0x20 <= data[i] <= 0x2F:
            i += 1
        return None if i == len(data) else i + 1 if 0x40 <= data[i] <= 0x7E else start
    if kind in "]PX^_":
        return string_end(data, start)
    while i < len(data) and 0x20 <= data[i] <= 0x2F:
        i += 1
    return None if i == len(data) else i + 1 if 0x30 <= data[i] <= 0x7E else start


def string_end(data: bytes, start: int) -> int | None:
    """The same for a control string: up to BEL or ESC and backslash, on one line, and not without bound."""
    for i in range(start + 2, len(data)):
        if data[i] == BEL:
            return i + 1
        if data[i] == ESC:
            return None if i + 1 == len(data) else i + 2 if data[i + 1] == ord("\\") else start
        if i - start - 2 == LONGEST_STRING:
            return start
    return None


class Reference:
    """Reads one byte after the other."""

    def __init__(self, encoding: str, max_line: int = MAX_LINE) -> None:
        self.codec = READ_WITH[encoding]
        self.max_line = max_line
        self.here = b""  # the line as far as it has come
        self.second: tuple[int, ...] = ()  # what would only complete the line end just seen
        self.prompt = ""
        self.waited = False
        self.events: list[Event] = []

    def read(self, op: Op) -> None:
        if isinstance(op, str):
            self.flush(op)
            return
        for byte in op:
            self.waited = False
            second, self.second = self.second, ()
            if byte in second:
                continue
            if byte in (CR, LF):
                self.second = (LF, NUL) if byte == CR else (CR,)
                self.line(self.here, cut=False)
                self.here = b""
                continue
            self.here += bytes((byte,))
            if len(self.here) > self.max_line:
                size = self.safe(self.here[: self.max_line]) or self.max_line
                self.line(self.here[:size], cut=True)
                self.here = self.here[size:]

    def line(self, data: bytes, *, cut: bool) -> None:
        self.events.append(Line(self.text(data), cut, self.prompt))
        self.prompt = ""

    def flush(self, kind: PromptKind) -> None:
        if kind == "quiet" and not self.waited and self.safe(self.here) < len(self.here):
            self.waited = True
        elif self.here:
            text = self.text(self.here)
            self.here = b""
            if not text:
                return
            self.prompt = (self.prompt + text)[-self.max_line :] if kind == "quiet" else ""
            self.events.append(Prompt(text, kind))

    def seen(self, data: bytes) -> Iterator[tuple[int, int]]:
        """The bytes of *data* that are text, each with its place; the place of an unfinished escape with -1."""
        i = 0
        while i < len(data):
            if data[i] == ESC:
                end = escape_at(data, i)
                if end is None:
                    yield i, -1
                    end = i
                if end > i:
                    i = end
                    continue
            elif data[i] == 0x09 or (data[i] >= 0x20 and data[i] != DEL):
                yield i, data[i]
            i += 1

    def safe(self, data: bytes) -> int:
        """How much of *data* there is before the character or escape that it ends inside of."""
        places: list[int] = []
        decoder = codecs.getincrementaldecoder(self.codec)("replace")
        end = len(data)
        for place, byte in self.seen(data):
            if byte < 0:
                end = place
                break
            places.append(place)
            decoder.decode(bytes((byte,)))
        begun = len(decoder.getstate()[0])
        return places[-begun] if begun else end

    def text(self, data: bytes) -> str:
        visible = bytes(byte for _, byte in self.seen(data) if byte >= 0)
        # Line ends behind, as in the stream: a character that breaks off must not look as if more could come.
        return (visible + b"\n\n").decode(self.codec, "replace")[:-2]


# -- what MUDs send, and worse -----------------------------------------------------------------------------------------

ESCAPES = [
    b"\x1b[1;31m", b"\x1b[0m", b"\x1b[m", b"\x1b[256D\x1b[K", b"\x1b", b"\x1b[", b"\x1b[3", b"\x1b[1\x1b", b"\x1b[1 q",
    b"\x1b]0;t\x07", b"\x1b]t\x1b\\", b"\x1b]t", b"\x1bPq\x1b", b"\x1b_x\x1b\x1b\\", b"\x1b(B", b"\x1b(", b"\x1bM",
    b"\x1b]" + b"o" * 50,
]  # fmt: skip
STRINGS = [b"\x1b]" + b"o" * (LONGEST_STRING - 1), b"\x1bX" + b"s" * LONGEST_STRING + b"\x07", b"\x1b]" + b"y" * 5000]
BROKEN = [b"\x81", b"\xe5\x8a", b"\xa4", b"\x81\x30", b"\x81\x30\x81", b"\xf0\x9f", b"\xff", b"\x80", b"\xc0\xaf"]
ENDS = [b"\r\n", b"\n\r", b"\r\0", b"\n", b"\r", b"\0"]


def reads(encoding: str, more: Sequence[bytes] = ESCAPES) -> st.SearchStrategy[list[bytes]]:
    """Pieces of a stream in *encoding*: text, line ends, *more* (escapes, whole and broken), broken characters."""
    words = st.text("ab |\\[]m0;~功许許пя你好é€", max_size=6).map(lambda s: s.encode(encoding, "ignore"))
    long = st.builds(lambda word, n: word * n, words, st.integers(1, 40))
    pieces = [words, long, *map(st.sampled_from, (ENDS, more, BROKEN, ENDS)), st.binary(max_size=6)]
    return st.lists(st.one_of(pieces), max_size=14)


def operations(encoding: str) -> st.SearchStrategy[list[Op]]:
    """Reads, with a GA, a moment of quiet or two between them now and then."""
    flushes: list[PromptKind] = ["ga", "quiet", "eor", "quiet"]
    return st.lists(
        st.one_of(reads(encoding).map(b"".join), reads(encoding).map(b"".join), st.sampled_from(flushes)), max_size=8
    )


def given_by(stream: TextStream, ops: Iterable[Op]) -> list[Event]:
    events: list[Event] = []
    for op in ops:
        if isinstance(op, bytes):
            events += stream.feed(op)
        elif (prompt := stream.flush(op)) is not None:
            events.append(prompt)
    return events


def read_by_reference(ops: Iterable[Op], encoding: str, max_line: int = MAX_LINE) -> list[Event]:
    reader = Reference(encoding, max_line)
    for op in ops:
        reader.read(op)
    return reader.events


@st.composite
def split_up(draw: st.DrawFn, ops: list[Op]) -> list[Op]:
    """The same bytes and flushes, the bytes in other reads."""
    found: list[Op] = []
    for op in ops:
        if isinstance(op, str):
            found.append(op)
            continue
        cuts = sorted(draw(st.lists(st.integers(0, len(op)), max_size=5)))
        found += [op[i:j] for i, j in itertools.pairwise([0, *cuts, len(op)])]
    return found


# -- the proofs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", READ_WITH)
@FUZZ
@given(data=st.data())
def test_any_stream_is_read_as_a_reader_of_single_bytes_reads_it(encoding: str, data: st.DataObject) -> None:
    """The same lines, prompts and pieces of long lines, however the bytes are split over reads."""
    max_line = data.draw(st.sampled_from([16, 40, 300, MAX_LINE]))
    ops = data.draw(operations(encoding))
    expected = read_by_reference(ops, encoding, max_line)
    assert given_by(TextStream(encoding, max_line), ops) == expected
    assert given_by(TextStream(encoding, max_line), data.draw(split_up(ops))) == expected


@pytest.mark.parametrize("encoding", READ_WITH)
@settings(FUZZ, max_examples=max(EXAMPLES // 5, 1))
@given(data=st.data())
def test_long_lines_of_anything_are_read_so_too(encoding: str, data: st.DataObject) -> None:
    """At the true bound: tens of kilobytes of a hostile pattern, with and without a line end."""
    pattern = b"".join(data.draw(reads(encoding, [*ESCAPES, *STRINGS]))) or b"x"
    stream = (pattern * (40_000 // len(pattern)))[:40_000] + data.draw(st.sampled_from([b"", b"\r\n"]))
    size = data.draw(st.sampled_from([999, 4096, 16384, 50_000]))
    split: list[Op] = [*(stream[i : i + size] for i in range(0, len(stream), size)), "eof"]
    assert given_by(TextStream(encoding), split) == read_by_reference([stream, "eof"], encoding)


@pytest.mark.parametrize("encoding", READ_WITH)
@FUZZ
@given(data=st.data())
def test_bounds_hold_for_any_stream(encoding: str, data: st.DataObject) -> None:
    """No line takes more bytes than the bound, and no more than that waits, be it text, escape or prompt."""
    stream = TextStream(encoding, 64)
    for op in data.draw(operations(encoding)):
        if isinstance(op, bytes):
            for line in stream.feed(op):
                assert len(line.text) <= 64
                assert len(line.prompt) <= 64
        else:
            stream.flush(op)
        assert len(stream._pending) <= 64
        assert len(stream._prompt) <= 64


@pytest.mark.parametrize("encoding", [*READ_WITH, "auto"])
@FUZZ
@given(data=st.data())
def test_colours_never_depend_on_the_reads_and_stay_inside_the_line(encoding: str, data: st.DataObject) -> None:
    """Spans are in order, apart, not empty, within the text, and the same for every split of the bytes."""
    ops = data.draw(operations("utf-8" if encoding == "auto" else encoding))
    whole = given_by(TextStream(encoding), ops)
    split = given_by(TextStream(encoding), data.draw(split_up(ops)))
    assert split == whole
    for one, other in zip(whole, split, strict=True):
        if isinstance(one, Line) and isinstance(other, Line):
            assert one.spans == other.spans
            places = [place for span in one.spans for place in (span.start, span.end)]
            assert places == sorted(places)
            assert all(span.start < span.end for span in one.spans)
            assert not places or places[-1] <= len(one.text)
