"""Bytes to lines: every line end, every split, every codec, escapes anywhere, and bounds on what is kept."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mudbot.events import Line, Prompt, PromptKind
from mudbot.mud.text import MAX_LINE, TextStream

CODECS = ["utf-8", "gbk", "gb18030", "big5", "latin-1", "cp1251", "koi8-r"]
ENDS = [b"\r\n", b"\n\r", b"\r\0", b"\n", b"\r"]
RED = b"\x1b[1;31m"


def lines(*reads: bytes, encoding: str = "utf-8", max_line: int = MAX_LINE) -> list[str]:
    """The texts of the lines that *reads* give."""
    return [line.text for line in feed(TextStream(encoding, max_line), reads)]


def feed(stream: TextStream, reads: Iterable[bytes]) -> list[Line]:
    return [line for read in reads for line in stream.feed(read)]


def splits(data: bytes) -> list[tuple[bytes, ...]]:
    """*data* in one read, in two at every place, and a byte at a time."""
    halves = [(data[:i], data[i:]) for i in range(1, len(data))]
    return [(data,), *halves, tuple(data[i : i + 1] for i in range(len(data)))]


# -- line ends ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ENDS)
def test_every_line_end_ends_a_line_however_it_is_split(end: bytes) -> None:
    """Two lines and a blank one are three lines, in whatever reads they come."""
    for reads in splits(b"one" + end + end + b"two" + end):
        assert lines(*reads) == ["one", "", "two"], reads


@pytest.mark.parametrize(("first", "second"), list(itertools.product(ENDS, ENDS)))
def test_mixed_line_ends_are_split_without_phantom_lines(first: bytes, second: bytes) -> None:
    """Two ends in a row, of any kinds, give the same lines for every split as they give in one read."""
    data = b"a" + first + second + b"b" + second
    whole = lines(data)
    for reads in splits(data):
        assert lines(*reads) == whole, reads


def test_runs_of_line_ends_are_the_same_lines_for_every_split() -> None:
    """Every run of up to five CRs, LFs and NULs gives the lines of one read also a byte at a time and in halves."""
    for size in range(1, 6):
        for run in map(bytes, itertools.product(b"\r\n\0", repeat=size)):
            data = b"a" + run + b"z\n"
            whole = lines(data)
            for reads in splits(data):
                assert lines(*reads) == whole, reads


def test_an_unfinished_line_waits() -> None:
    stream = TextStream()
    assert stream.feed(b"no end") == []
    assert stream.pending
    assert stream.feed(b" yet\n") == [Line("no end yet")]
    assert not stream.pending


def test_an_empty_read_changes_nothing() -> None:
    """Between the halves of a line end as well."""
    assert lines(b"a\r", b"", b"\nb\n") == ["a", "b"]


def test_nothing_stands_after_a_carriage_return_and_its_nul() -> None:
    """The NUL belongs to the line end also in a read of its own: it must not come back as an empty prompt."""
    for reads in splits(b"a\r\0"):
        stream = TextStream()
        assert feed(stream, reads) == [Line("a")]
        assert not stream.pending


def test_controls_are_dropped_but_the_tab_stays() -> None:
    assert lines(b"\0a\tb\x07\x08\x7fc\n") == ["a\tbc"]


@settings(max_examples=200, deadline=None)
@given(
    encoding=st.sampled_from(CODECS),
    stream=st.lists(st.sampled_from([b"a", b"\xa4\x40", b"\xe5", b"\x8a", b"\x81\x30", RED, b"\x1b[", b"\r", b"\n"])),
    size=st.integers(1, 8),
)
@example(encoding="big5", stream=[b"a", b"a", b"a", b"\xa4\x40" * 5, b"\n"], size=3)
def test_pieces_of_long_lines_do_not_depend_on_the_reads(encoding: str, stream: list[bytes], size: int) -> None:
    """A line over the bound comes in the same pieces in one read and in reads of any size."""
    data = b"".join(stream) + b"end\n"
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    assert feed(TextStream(encoding, 16), chunks) == feed(TextStream(encoding, 16), [data])


# -- escapes and characters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["big5", "gbk", "gb18030", "utf-8"])
def test_a_colour_between_the_bytes_of_a_character_does_not_harm_it(encoding: str) -> None:
    """功 is a character with a metacharacter as its second byte in Big5; colours stand before every byte."""
    data = b"".join(RED + bytes([byte]) for byte in "功夫".encode(encoding)) + b"\x1b[0m\n"
    for reads in splits(data):
        assert lines(*reads, encoding=encoding) == ["功夫"], reads


@pytest.mark.parametrize(
    "escape", [RED, b"\x1b[256D\x1b[K", b"\x1b]0;title\x07", b"\x1b]8;;x\x1b\\", b"\x1b(B", b"\x1b7", b"\x1b[?25l"]
)
def test_an_escape_split_over_reads_is_taken_out(escape: bytes) -> None:
    for reads in splits(b"a" + escape + b"b\n"):
        assert lines(*reads) == ["ab"], reads


@pytest.mark.parametrize("encoding", CODECS)
def test_a_broken_character_never_swallows_the_line_end(encoding: str) -> None:
    """Every byte, and every pair of high ones, before every line end: two lines come out and the second is whole."""
    high = range(0x80, 0x100, 3)
    starts = [bytes([b]) for b in range(0x80, 0x100)] + [bytes(pair) for pair in itertools.product(high, high)]
    starts += [bytes([b, 0x30]) for b in high] + [bytes([b, 0x30, 0x81]) for b in high]  # of four in GB18030
    for start, end in itertools.product(starts, [b"\n", b"\r\n"]):
        found = lines(b"a" + start + end, b"next" + end, encoding=encoding)
        assert len(found) == 2, start
        assert found[0] == lines(b"a" + start + end + b"next" + end, encoding=encoding)[0], start
        assert found[0].startswith("a"), start
        assert len(found[0]) > 1, start
        assert found[1] == "next", start


def test_gbk_and_big5_are_read_by_their_supersets() -> None:
    """Real text strays beyond the standards: € and 㐂 in a GBK world, 嘅 in a Big5 one."""
    assert lines("€㐂\n".encode("gb18030"), encoding="gbk") == ["€㐂"]
    assert lines("嘅\n".encode("big5hkscs"), encoding="big5") == ["嘅"]


def test_unreadable_bytes_are_shown_as_such() -> None:
    assert lines(b"ok \xff\xfe\n") == ["ok \ufffd\ufffd"]


# -- prompts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ga", "eor", "quiet", "eof"])
def test_text_without_a_line_end_becomes_a_prompt_of_the_given_kind(kind: PromptKind) -> None:
    stream = TextStream()
    stream.feed(RED + "你的名字：".encode())
    assert stream.flush(kind) == Prompt("你的名字：", kind)
    assert not stream.pending
    assert stream.flush(kind) is None


@pytest.mark.parametrize(
    ("encoding", "begun", "rest"),
    [
        ("utf-8", "你".encode()[:1], "你".encode()[1:]),
        ("utf-8", "你".encode()[:2], "你".encode()[2:]),
        ("gbk", "你".encode("gbk")[:1], "你".encode("gbk")[1:]),
        ("big5", "你".encode("big5")[:1], "你".encode("big5")[1:]),
        ("gb18030", "你".encode("gb18030")[:1] + RED, "你".encode("gb18030")[1:]),
        ("big5", "你".encode("big5")[:1] + RED + b"\x07", "你".encode("big5")[1:]),
        ("utf-8", b"\x1b", b"[0m" + "你".encode()),
        ("utf-8", b"\x1b[1;3", b"1m" + "你".encode()),
        ("utf-8", b"\x1b]0;titl", b"e\x07" + "你".encode()),
        ("utf-8", b"\x1b]0;title\x1b", b"\\" + "你".encode()),
        ("utf-8", b"\x1b(", b"B" + "你".encode()),
    ],
)
def test_quiet_waits_for_the_rest_of_a_character_or_an_escape(encoding: str, begun: bytes, rest: bytes) -> None:
    """A pause inside of one is the network's, not the MUD's; GA and the end of the link do not wait."""
    stream = TextStream(encoding)
    stream.feed(b"> " + begun)
    assert stream.unfinished
    assert stream.flush("quiet") is None
    assert stream.feed(rest) == []
    assert stream.flush("quiet") == Prompt("> 你", "quiet")

    other = TextStream(encoding)
    other.feed(b"> " + begun)
    assert other.flush("ga") is not None


@pytest.mark.parametrize("encoding", CODECS)
def test_a_whole_prompt_is_not_held_back(encoding: str) -> None:
    stream = TextStream(encoding)
    stream.feed("Name: ".encode(encoding) + b"\x1b[0m")
    assert not stream.unfinished
    assert stream.flush("quiet") == Prompt("Name: ", "quiet")


def test_the_rest_of_a_line_remembers_the_quiet_prompt_before_it() -> None:
    """A line that came slowly looks like a prompt: its rest carries what was given, and only the first line does."""
    stream = TextStream()
    stream.feed(b"Bob says,")
    stream.flush("quiet")
    assert stream.feed(b' "hi"\r\nnext\r\n') == [Line(' "hi"', prompt="Bob says,"), Line("next")]
    assert stream.feed(b"later\r\n") == [Line("later")]


def test_a_line_that_paused_twice_remembers_all_of_it() -> None:
    stream = TextStream()
    stream.feed(b"Bob ")
    assert stream.flush("quiet") == Prompt("Bob ")
    stream.feed(b"says, ")
    assert stream.flush("quiet") == Prompt("says, ")
    assert stream.feed(b"hi\n") == [Line("hi", prompt="Bob says, ")]


@pytest.mark.parametrize("kind", ["ga", "eor"])
def test_a_prompt_that_the_mud_ended_itself_is_no_part_of_the_next_line(kind: PromptKind) -> None:
    stream = TextStream()
    stream.feed(b"> ")
    stream.flush(kind)
    assert stream.feed(b"A bird sings.\n") == [Line("A bird sings.")]


def test_an_answered_prompt_ends_with_the_line_end_that_follows() -> None:
    """The line end after a quiet prompt gives an empty line that belongs to the prompt, and no other."""
    stream = TextStream()
    stream.feed(b"Password: ")
    stream.flush("quiet")
    assert stream.feed(b"\r") == [Line("", prompt="Password: ")]
    assert stream.feed(b"\nWelcome!\r\n") == [Line("Welcome!")]


# -- bounds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [1000, 4096, 100_000])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "big5", "latin-1"])
def test_a_long_line_comes_in_pieces_of_whole_characters(encoding: str, read: int) -> None:
    """50 KB of line, in one read or many: nothing lost, no piece over 16 KB, all but the last marked as cut."""
    text = "x" + ("é" if encoding == "latin-1" else "功") * (50_000 // len("功".encode(encoding, "replace")))
    data = text.encode(encoding) + b"\r\n"
    found = feed(TextStream(encoding), [data[i : i + read] for i in range(0, len(data), read)])
    assert "".join(line.text for line in found) == text
    assert all(len(line.text.encode(encoding)) <= MAX_LINE for line in found)
    assert [line.cut for line in found] == [True] * (len(found) - 1) + [False]
    assert len(found) >= 3


def test_a_line_of_the_bound_itself_is_one_line() -> None:
    assert feed(TextStream(), [b"x" * MAX_LINE + b"\n"]) == [Line("x" * MAX_LINE)]
    assert [line.cut for line in feed(TextStream(), [b"x" * (MAX_LINE + 1) + b"\n"])] == [True, False]


def test_short_lines_around_a_long_one_stay_whole() -> None:
    found = feed(TextStream("utf-8", 10), [b"before\n" + b"0123456789abc" + b"\nafter\nrest"])
    assert found == [Line("before"), Line("0123456789", cut=True), Line("abc"), Line("after")]


@pytest.mark.parametrize("inside", [b"", RED, b"\x07", RED + b"\x07\0"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "big5"])
def test_a_bound_never_cuts_a_character_with_something_inside(encoding: str, inside: bytes) -> None:
    """Wherever the bound falls, between the bytes of a character and what the MUD put between them."""
    character = inside.join(bytes([byte]) for byte in "功".encode(encoding))
    for before in range(20):
        found = lines(b"x" * before + character * 10, b"\n", encoding=encoding, max_line=32)
        assert "".join(found) == "x" * before + "功" * 10, before


@pytest.mark.parametrize("splitter", [RED, b"\x1b]0;a title\x07"])
def test_a_bound_never_cuts_an_escape(splitter: bytes) -> None:
    """No digit of a colour shows up where the bound falls inside of it."""
    for before in range(12, 22):
        found = lines(b"x" * before + splitter + b"y" * 30, b"\n", max_line=20)
        assert "".join(found) == "x" * before + "y" * 30, before


def test_the_first_piece_of_a_long_line_carries_the_quiet_prompt() -> None:
    stream = TextStream("utf-8", 10)
    stream.feed(b"> ")
    stream.flush("quiet")
    assert stream.feed(b"0123456789ab") == [Line("0123456789", cut=True, prompt="> ")]
    assert stream.feed(b"\n") == [Line("ab")]


def kept_by(stream: TextStream) -> int:
    """Bytes and characters that *stream* holds on to."""
    return sum(len(value) for value in vars(stream).values() if isinstance(value, (bytes, str)))


@pytest.mark.parametrize(
    "filler", [b"x" * 4096, "功".encode("gbk") * 2048, b"\x1b]" * 2048, b"\x1b[1" * 1365, b"\0" * 4096]
)
def test_an_endless_line_keeps_memory_bounded(filler: bytes) -> None:
    """2 MB without a line end: never more than the bound and a read is kept."""
    stream = TextStream("gbk")
    for _ in range(512):
        stream.feed(filler)
        assert kept_by(stream) <= MAX_LINE + 4096 + 64


def test_an_endless_line_that_pauses_keeps_memory_bounded() -> None:
    """2 MB without a line end, given as quiet prompts on the way: what they remember is bounded as well."""
    stream = TextStream()
    for _ in range(512):
        stream.feed(b"x" * 4096)
        assert stream.flush("quiet") is not None
    assert kept_by(stream) <= MAX_LINE + 64
    (line,) = stream.feed(b"end\n")
    assert line.text == "end"
    assert re.fullmatch("x+", line.prompt)


def test_its_repr_tells_codec_and_state() -> None:
    stream = TextStream("GBK")
    stream.feed(b"abc")
    assert repr(stream) == "<TextStream gb18030, 3 bytes pending>"


# -- what waits, and for how long --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["ende é".encode("latin-1"), b"> \x1b]0;a title without an end", b"> \x1b[3", b"x\x1b"])
def test_an_end_that_stays_unfinished_is_given_after_a_second_quiet(end: bytes) -> None:
    """A login must not wait for ever behind a byte that is broken, or an escape that nobody ends."""
    stream = TextStream()
    stream.feed(end)
    assert stream.flush("quiet") is None
    assert stream.pending
    prompt = stream.flush("quiet")
    assert prompt is not None
    assert prompt.text.startswith(end[:1].decode())
    assert not stream.pending


def test_every_read_gives_an_unfinished_end_another_moment() -> None:
    stream = TextStream()
    for byte in "功".encode()[:2]:
        stream.feed(bytes((byte,)))
        assert stream.flush("quiet") is None
    stream.feed("功".encode()[2:])
    assert stream.flush("quiet") == Prompt("功", "quiet")


def test_a_control_string_is_bounded() -> None:
    """An endless one is text after four kilobytes: it can neither hide a line nor hold a prompt back."""
    assert lines(b"a\x1b]" + b"t" * 4096 + b"\x07b\n") == ["ab"]
    assert lines(b"a\x1b]" + b"t" * 4097 + b"\x07b\n") == ["a]" + "t" * 4097 + "b"]
    stream = TextStream()
    stream.feed(b"\x1b]" + b"t" * 4097)
    assert not stream.unfinished


def test_nothing_visible_is_no_prompt() -> None:
    """A colour or a NUL behind the last line end asks for nothing."""
    for rest in (b"\x1b[0m", b"\0", b"\x07\x1b[1;31m"):
        stream = TextStream()
        assert stream.feed(b"a\n" + rest) == [Line("a")]
        assert stream.flush("quiet") is None
        assert not stream.pending
        assert stream.feed(b"b\n") == [Line("b")]


def test_a_read_of_megabytes_is_the_same_as_many() -> None:
    data = b"\x1b[31mred\x1b[0m " * 7 + b"\r\n"
    found = lines(data * 20_000)
    assert found == [("red " * 7)] * 20_000


def test_the_narrow_codec_reads_nothing_otherwise() -> None:
    """GBK is tried before GB18030 because it is faster: every pair that it can read, GB18030 reads the same."""
    for pair in itertools.product(range(0x80, 0x100), range(0x30, 0x100)):
        try:
            narrow = bytes(pair).decode("gbk")
        except UnicodeDecodeError:
            continue
        assert bytes(pair).decode("gb18030") == narrow


@pytest.mark.parametrize("encoding", ["shift_jis", "hz"])
def test_a_codec_that_does_not_extend_ascii_is_used_for_ascii_too(encoding: str) -> None:
    """Only where ASCII bytes are ASCII is the codec spared."""
    text = "~ tilde" if encoding == "hz" else "plain"
    assert TextStream(encoding)._decode(text.encode(encoding)) == text


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(LookupError):
        TextStream("klingon")
