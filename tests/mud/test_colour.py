"""Colours beside the text: what escapes mean, where they begin and end, how long they last, and what they cost.

And that a line stays a plain value with them.
"""

from __future__ import annotations

import gc
import itertools
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.events import Line, Prompt, Span, Style
from mudbot.mud.colour import PLAIN, Block, after
from mudbot.mud.text import TextStream

RED, GREEN = Style(fg="red"), Style(fg="green")


def feed(*reads: bytes, encoding: str = "utf-8") -> list[Line]:
    stream = TextStream(encoding)
    return [line for read in reads for line in stream.feed(read)]


def style_of(code: str) -> Style:
    """How text looks behind an SGR sequence with these parameters."""
    (line,) = feed(f"\x1b[{code}mx\n".encode())
    return line.spans[0].style if line.spans else Style()


# -- what a sequence means ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "style"),
    [
        ("31", RED),
        ("36;44", Style(fg="cyan", bg="blue")),
        ("91", Style(fg="bright red")),
        ("103", Style(bg="bright yellow")),
        ("38;5;2", GREEN),
        ("38;5;9", Style(fg="bright red")),
        ("38;5;16", Style(fg="#000000")),
        ("38;5;196", Style(fg="#ff0000")),
        ("48;5;255", Style(bg="#eeeeee")),
        ("38;2;1;2;255", Style(fg="#0102ff")),
        ("38:2::1:2:255", Style(fg="#0102ff")),
        ("38:2:1:2:255", Style(fg="#0102ff")),
        ("48:5:232", Style(bg="#080808")),
        ("2;3;4;5", Style(faint=True, italic=True, underline=True, blink=True)),
        ("7;8;9", Style(inverse=True, hidden=True, strike=True)),
        ("4:3", Style(underline=True)),
        ("4;4:0;31", RED),
        ("1;3;4;22;23;24;31", RED),
        ("31;42;39", Style(bg="green")),
        ("31;42;49", RED),
        ("01;031", Style(fg="bright red")),
        ("1;31;0", Style()),
        ("2;37;0", Style()),
        ("31;", Style()),
        ("", Style()),
        # What no terminal knows changes nothing.
        ("31;77;999999999999999999999999", RED),
        ("31;38;5;300", RED),
        ("31;38;2;1;2;999", RED),
        ("31;38;7;1", Style(fg="bright red")),
        ("31;38", RED),
        ("31;38;5", Style(fg="black")),
    ],
)
def test_a_sequence_means_a_style(code: str, style: Style) -> None:
    assert style_of(code) == style


def test_bold_green_and_bright_green_are_one_style() -> None:
    """A rule for a MUD's bright green need not know how the MUD says it; bold alone stays bold."""
    assert style_of("1;32") == style_of("32;1") == style_of("92") == style_of("1;92") == Style(fg="bright green")
    assert style_of("1") == Style(bold=True)
    assert style_of("1;38;5;196") == Style(fg="#ff0000", bold=True)


def test_bold_stays_on_for_the_next_colour() -> None:
    """The MUD switched it on once: ``1;32`` and then ``33`` is bright yellow, and ``22`` ends it."""
    (line,) = feed(b"\x1b[1;32ma\x1b[33mb\x1b[22mc\n")
    assert line.spans == (
        Span(0, 1, Style(fg="bright green")),
        Span(1, 2, Style(fg="bright yellow")),
        Span(2, 3, Style(fg="yellow")),
    )


@pytest.mark.parametrize("escape", [b"\x1b[K", b"\x1b[?31m", b"\x1b[>4;2m", b"\x1b[31 m", b"\x1b]31m\x07", b"\x1b(B"])
def test_other_escapes_are_no_colours(escape: bytes) -> None:
    (line,) = feed(escape + b"x\n")
    assert (line.text, line.spans) == ("x", ())


def test_a_style_tells_only_what_it_has() -> None:
    assert repr(Style(fg="bright green", underline=True)) == "Style(fg='bright green', underline=True)"
    assert repr(Style()) == "Style()"


# -- where it is -------------------------------------------------------------------------------------------------------


def test_spans_are_places_in_the_text() -> None:
    (line,) = feed("\x1b[31m【\x1b[32m闲聊\x1b[0m】张\x1b[4m三\x1b[0m\r\n".encode("gbk"), encoding="gbk")
    assert line.text == "【闲聊】张三"
    assert line.spans == (Span(0, 1, RED), Span(1, 3, GREEN), Span(5, 6, Style(underline=True)))
    assert [line.text[span.start : span.end] for span in line.spans] == ["【", "闲聊", "三"]


@pytest.mark.parametrize("encoding", ["gbk", "big5", "gb18030", "utf-8"])
def test_a_colour_inside_a_character_begins_behind_it(encoding: str) -> None:
    """A character has one colour: that of its first byte."""
    first, *rest = (bytes((byte,)) for byte in "功".encode(encoding))
    data = b"\x1b[31m" + first + b"\x1b[32m" + b"".join(rest) + "夫".encode(encoding) + b"\n"
    (line,) = feed(data, encoding=encoding)
    assert (line.text, line.spans) == ("功夫", (Span(0, 1, RED), Span(1, 2, GREEN)))


def test_controls_and_unknown_escapes_take_no_place() -> None:
    (line,) = feed(b"a\x07\x1b[31m\x00b\x1b[Kc\x1b[0md\n")
    assert (line.text, line.spans) == ("abcd", (Span(1, 3, RED),))


def test_the_same_style_said_twice_is_one_span() -> None:
    (line,) = feed(b"\x1b[1;32ma\x1b[92mb\x1b[0m\x1b[1m\x1b[32mc\n")
    assert line.spans == (Span(0, 3, Style(fg="bright green")),)


def painted(data: bytes, encoding: str) -> list[tuple[str, list[tuple[str, Style]]]]:
    """Text and look of every character, a byte at a time; only for whole characters and four known sequences."""
    known = {b"[31m": RED, b"[32m": GREEN, b"[0m": Style(), b"[m": Style()}
    found: list[tuple[str, list[tuple[str, Style]]]] = []
    style, begun, row, i = Style(), b"", list[tuple[str, Style]](), 0
    first = style
    while i < len(data):
        if data[i] == 0x1B:
            (code,) = (code for code in known if data.startswith(code, i + 1))
            style = known[code]
            i += 1 + len(code)
            continue
        first = first if begun else style
        begun += data[i : i + 1]
        i += 1
        try:
            char = begun.decode(encoding)
        except UnicodeDecodeError:
            continue
        begun = b""
        if char == "\n":
            found.append(("".join(c for c, _ in row), row))
            row = []
        else:
            row.append((char, first))
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "big5", "latin-1"])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_every_character_has_the_colour_that_a_slow_painter_gives_it(encoding: str, data: st.DataObject) -> None:
    """Colours between any two bytes, over any line ends, in any reads; asked for in any order."""
    colours = st.sampled_from([b"\x1b[31m", b"\x1b[32m", b"\x1b[0m", b"\x1b[m"])
    byte = st.sampled_from("功夫ab\n" if encoding != "latin-1" else "éß ab\n").map(lambda c: c.encode(encoding))
    pieces = data.draw(st.lists(st.tuples(byte, st.lists(colours, max_size=2), st.integers(1, 2)), max_size=25))
    stream = b"".join(p[:at] + b"".join(between) + p[at:] for p, between, at in pieces) + b"\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    found = feed(*(stream[i:j] for i, j in itertools.pairwise([0, *cuts, len(stream)])), encoding=encoding)
    expected = painted(stream, encoding)
    for line, (text, row) in reversed(list(zip(found, expected, strict=True))):
        assert line.text == text
        looks = [Style()] * len(text)
        for start, end, style in line.spans:
            looks[start:end] = [style] * (end - start)
        assert looks == [style for _, style in row]


# -- how long it lasts -------------------------------------------------------------------------------------------------


def test_a_colour_goes_on_over_line_ends_and_reads_until_it_is_ended() -> None:
    found = feed(b"\x1b[31mone\r\ntwo\r\n", b"three\r\n", b"fo\x1b[0mur\r\n", b"five\r\n")
    assert [line.spans for line in found] == [
        (Span(0, 3, RED),),
        (Span(0, 3, RED),),
        (Span(0, 5, RED),),
        (Span(0, 2, RED),),
        (),
    ]


def test_a_colour_goes_on_over_a_prompt() -> None:
    stream = TextStream()
    stream.feed(b"\x1b[32m> ")
    assert stream.flush("ga") is not None
    (line,) = stream.feed(b"A bird sings.\n")
    assert line.spans == (Span(0, 13, GREEN),)


def test_a_colour_alone_is_no_prompt_but_counts() -> None:
    """MUDs end a screen with a reset behind the last line end: there is nothing to answer there."""
    stream = TextStream()
    (line,) = stream.feed(b"\x1b[31mred\r\n\x1b[32m")
    assert stream.flush("quiet") is None
    assert not stream.pending
    assert stream.feed(b"green\n")[0].spans == (Span(0, 5, GREEN),)
    assert line.spans == (Span(0, 3, RED),)


def test_the_pieces_of_a_long_line_go_on_in_its_colour() -> None:
    stream = TextStream("utf-8", 10)
    found = stream.feed(b"\x1b[31m0123456789\x1b[0mabc\n")
    assert "".join(line.text for line in found) == "0123456789abc"
    assert [line.text[s.start : s.end] for line in found for s in line.spans if s.style == RED] == ["01234", "56789"]


def test_the_rest_of_a_line_that_paused_keeps_its_colours() -> None:
    """Its prompt is set beside it; places are those of its own text."""
    stream = TextStream()
    stream.feed(b"Bob \x1b[31m")
    stream.flush("quiet")
    (line,) = stream.feed(b"says\x1b[0m hi\n")
    assert (line.prompt, line.text, line.spans) == ("Bob ", "says hi", (Span(0, 4, RED),))


SEQUENCES = [b"\x1b[0m", b"\x1b[m", b"\x1b[1;0m", b"\x1b[0;36m", b"\x1b[38;5;0m", b"\x1b[48;2;0;0;0m", b"\x1b[1m"]
SEQUENCES += [b"\x1b[32m", b"\x1b[22m", b"\x1b[K", b"\x1b[", b";0m", b"x", b"\n", b"\x1b[?0m", b"\x1b[38;0m"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(SEQUENCES), max_size=30), st.integers(0, 30))
def test_the_pen_at_the_end_is_the_same_by_halves(pieces: list[bytes], cut: int) -> None:
    """Looking back for the last reset finds what going through all of it finds."""
    step = PLAIN
    # One sequence at a time: there is nothing to look back over.
    data = b"".join(pieces)
    for part in data.replace(b"\x1b", b"\0\x1b").split(b"\0"):
        step = after(step, part)
    assert after(PLAIN, data) == step
    assert after(after(PLAIN, b"\x1b[1;4;31;42m"), data) == after(after(PLAIN, b"\x1b[1;4;31;42m" + data), b"")


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_a_line_without_escapes_carries_nothing() -> None:
    for line in feed(b"one\r\ntwo\r\n", b"\x1b[31mred\x1b[0m\r\n", b"three\r\n")[::3]:
        assert line._colours is None
        assert line.spans == ()


def test_a_kept_line_keeps_little_alive() -> None:
    """One line out of every read of a megabyte in colours: no more than the read it came with."""
    (first, *_) = feed((b"\x1b[31mred\x1b[0m and more of it\r\n" * 40_000)[:1_000_000])
    block = first._colours
    assert isinstance(block, Block)
    reachable = sum(map(sys.getsizeof, gc.get_referents(block)))
    assert reachable < 40_000
    assert first.spans == (Span(0, 3, RED),)


def test_its_repr_tells_size_and_codec() -> None:
    assert repr(Block(b"abc\n", "gb18030", PLAIN)) == "<Block of 4 bytes, gb18030>"


def test_a_storm_of_sequences_without_a_reset_is_read_in_bounded_memory() -> None:
    """What was set is a style, however often it was set."""
    stream = TextStream()
    for number in range(200):
        stream.feed(b"".join(b"\x1b[38;2;%d;%d;%dm" % (number, i % 256, i // 256) for i in range(300)))
        stream.feed(b"\n")
    assert len(repr(stream._pen)) < 100


# -- a line is a value -------------------------------------------------------------------------------------------------


def test_a_line_is_equal_by_what_it_says() -> None:
    """Colours do not make another of it: a test's line is the one that was read."""
    (red,) = TextStream().feed(b"\x1b[31mred\n")
    assert red == Line("red")
    assert hash(red) == hash(Line("red"))
    assert {red, Line("red")} == {Line("red")}
    assert red not in (Line("red", cut=True), Line("red", prompt="> "), Prompt("red"), "red")


@pytest.mark.parametrize("name", ["text", "cut", "prompt", "spans", "more"])
def test_a_line_is_frozen(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Line("x"), name, "y")


def test_a_line_tells_what_it_is() -> None:
    assert repr(Line("x")) == "Line('x')"
    assert repr(Line("x", True, "> ")) == "Line('x', cut=True, prompt='> ')"


def test_a_line_can_be_matched() -> None:
    match Line("x", prompt="> "):
        case Line(text, _cut, prompt):
            assert (text, prompt) == ("x", "> ")


def test_a_line_behind_a_prompt_is_the_same_line() -> None:
    (red,) = TextStream().feed(b"\x1b[31mred\n")
    assert red.after("> ") == Line("red", prompt="> ")
    assert red.after("> ").spans == red.spans != ()
