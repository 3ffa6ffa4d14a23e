"""Transcripts: recordings and the logs of other clients, told apart by what is in them."""

from __future__ import annotations

import json

import pytest

from mudbot.errors import MudError
from mudbot.mud.transcript import EPOCH, Log, Piece, Recording, Told, Typed, key_of, read


def lines(data: bytes, encoding: str | None = None, likely: str = "utf-8") -> list[str]:
    """The lines of a log."""
    found = read(data, encoding, likely=likely)
    assert isinstance(found, Log)
    return [line for _, line in found.lines]


def times(text: str) -> list[tuple[float | None, str]]:
    found = read(text.encode())
    assert isinstance(found, Log)
    return list(found.lines)


def jsonl(*entries: object) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


HEADER = {"mudbot": 1, "session": "inn", "at": "2026-11-23T12:00:00.500+00:00"}
ENTRIES = [
    {"t": 0.5, "dir": "in", "hex": "fffb01"},
    {"t": 0.5, "dir": "out", "hex": "fffd01"},
    {"t": 2, "dir": "stop", "hex": ""},
    {"t": 2.5, "dir": "end", "hex": "", "why": "stopped"},
]
PIECES = [Piece(0.5, "in", b"\xff\xfb\x01"), Piece(0.5, "out", b"\xff\xfd\x01"), Piece(2.0, "stop"), Piece(2.5, "end")]


# -- recordings --------------------------------------------------------------------------------------------------------


def test_a_recording_gives_back_every_piece() -> None:
    found = read(jsonl(HEADER, *ENTRIES))
    assert isinstance(found, Recording)
    assert list(found.pieces("utf-8")) == PIECES
    assert (found.login, found.inflated, found.about["session"]) == (True, True, "inn")
    assert found.began == 1795435200.5


def test_what_a_model_answered_passed_over_no_link() -> None:
    """It is read by itself; what a later version may note besides is left out."""
    more = [
        {"t": 1, "dir": "model", "key": key_of("a"), "text": "酒"},
        {"t": 1.5, "dir": "model", "text": "more"},
        {"t": 1.5, "dir": "model", "text": 7},
        {"t": 1.5, "dir": "weather", "text": "model"},
    ]
    found = read(jsonl(HEADER, *ENTRIES[:2], *more, *ENTRIES[2:]))
    assert list(found.pieces("utf-8")) == PIECES
    assert list(found.answers()) == [Told("酒", key_of("a"), 1.0), Told("more", "", 1.5)]
    assert list(read(b"A log.\n").answers()) == []


@pytest.mark.parametrize(
    ("data", "encoding", "likely", "seems"),
    [
        ("少林寺往西走三里。\n".encode("gbk"), None, "utf-8", "gbk"),
        ("少林寺往西走三里。\n".encode("gbk"), None, "gbk", ""),
        ("少林寺往西走三里。\n".encode("gbk"), "utf-8", "utf-8", ""),
        ("少林寺往西走三里。\n".encode() * 9 + b"\xe4", None, "utf-8", ""),
        ("少林寺往西走三里。\n".encode(), None, "gbk", ""),
        (b"The inn.\n", None, "utf-8", ""),
    ],
)
def test_a_log_in_another_encoding_than_its_own_says_which(
    data: bytes, encoding: str | None, likely: str, seems: str
) -> None:
    """Only where nobody said which it is, and not for a little damage."""
    found = read(data, encoding, likely=likely)
    assert isinstance(found, Log)
    assert found.seems == seems


def test_a_recording_of_another_client_needs_no_first_line() -> None:
    """What it took compressed is compressed in it."""
    found = read(jsonl(*ENTRIES))
    assert isinstance(found, Recording)
    assert list(found.pieces("utf-8")) == PIECES
    assert (found.login, found.inflated, found.began) == (True, False, EPOCH)


def test_a_later_part_of_a_long_link_begins_in_the_game() -> None:
    assert not read(jsonl(HEADER | {"part": 2}, *ENTRIES)).login


def test_a_torn_last_line_is_left_out() -> None:
    """As a crash leaves it."""
    data = jsonl(HEADER, *ENTRIES)
    assert list(read(data[:-20]).pieces("utf-8")) == PIECES[:-1]


@pytest.mark.parametrize("bad", ["{", '{"t": 1, "dir": "in", "hex": "0"}', '{"t": 1, "hex": ""}', "[1]"])
def test_another_line_that_cannot_be_read_is_named(bad: str) -> None:
    data = jsonl(HEADER, ENTRIES[0]) + bad.encode() + b"\n" + jsonl(ENTRIES[1])
    with pytest.raises(MudError, match="line 3"):
        list(read(data).pieces("utf-8"))


def test_a_recording_of_a_later_mudbot_says_so() -> None:
    with pytest.raises(MudError, match="later mudbot"):
        read(jsonl({"mudbot": 2}))


@pytest.mark.parametrize("data", [b"", b" \n", b"\x7fELF\0\0\0"])
def test_what_is_no_transcript_is_refused(data: bytes) -> None:
    with pytest.raises(MudError):
        read(data)


# -- plain logs --------------------------------------------------------------------------------------------------------


def test_a_log_has_a_line_a_line_with_its_colours() -> None:
    found = read("一\r\n\x1b[32mtwo\x1b[0m\n\n three".encode())
    assert isinstance(found, Log)
    assert found.kind == "log"
    assert [line for _, line in found.lines] == ["一", "\x1b[32mtwo\x1b[0m", "", " three"]
    assert (found.login, found.began) == (False, EPOCH)
    assert next(piece.data for piece in found.pieces("gbk")) == "一\r\n".encode("gbk")


def test_what_telnet_would_take_for_a_command_is_doubled() -> None:
    (piece,) = read("ÿ\n".encode()).pieces("latin-1")
    assert piece.data == b"\xff\xff\r\n"


@pytest.mark.parametrize(
    ("data", "encoding", "likely"),
    [
        ("李四光说道：你好".encode("gbk"), None, "gbk"),
        ("李四光说道：你好".encode("gbk"), "gbk", "utf-8"),
        ("李四光说道：你好".encode(), None, "gbk"),
        ("\ufeff李四光说道：你好".encode(), None, "big5"),
        ("李四光说道：你好".encode("gb18030") + b"\n" + "客栈今晚还有空房吗".encode("gb18030"), None, "auto"),
    ],
)
def test_a_log_is_read_in_the_encoding_that_it_is_in(data: bytes, encoding: str | None, likely: str) -> None:
    """As told; UTF-8 where it is that; else as the session's MUD writes."""
    assert lines(data, encoding, likely)[0] == "李四光说道：你好"


@pytest.mark.parametrize(
    "stamp", ["[{}] ", "{} ", "({}) ", "[{}]: ", "<{}>\t", "\x1b[33m[{}]\x1b[0m ", "[{}.250] ", "{},250 "]
)
def test_times_before_the_lines_are_read_and_removed(stamp: str) -> None:
    text = "".join(f"{stamp.format(f'12:00:0{i}')}  line {i}\n" for i in range(3))
    found = times(text)
    assert [at for at, _ in found] == [0.0, 1.0, 2.0]
    assert [line.replace("\x1b[33m", "").replace("\x1b[0m", "") for _, line in found] == [
        f"  line {i}" for i in range(3)
    ]


def test_dates_give_the_log_its_time() -> None:
    found = read(b"2026-11-23T12:00:00.500+00:00 one\n2026-11-24 12:00:00Z two\n")
    assert isinstance(found, Log)
    assert list(found.lines) == [(0.0, "one"), (86399.5, "two")]
    assert found.began == 1795435200.5


def test_midnight_is_passed_and_time_never_goes_back() -> None:
    text = "[23:59:59] a\n[00:00:01] b\n[00:00:00] c\nwithout\n[00:00:05] d\n"
    assert times(text) == [(0.0, "a"), (2.0, "b"), (2.0, "c"), (2.0, "without"), (6.0, "d")]


def test_times_that_the_mud_itself_shows_stay() -> None:
    """Where only some of the lines begin with one, it is the MUD's: a channel with a clock."""
    text = "[12:00:00] Anna gossips: hi\none\ntwo\nthree\n"
    assert times(text) == [(None, line) for line in text.splitlines()]


# -- other clients -----------------------------------------------------------------------------------------------------

RULE = "⎯" * 80
MUDLET_TEXT = f"""{RULE}
Log session starting at 12:00:00 on Monday, 23 November 2026.
12:00:01.250 Anna says, "hi"
12:00:02.250 > look
Log session ending at 12:00:05 on Monday, 23 November 2026.
"""
# In the shape of the client's own, with words of ours.
MUDLET_HTML = """<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN' 'http://www.w3.org/TR/html4/strict.dtd'>
<html>
 <head>
  <meta http-equiv='content-type' content='text/html; charset=utf-8'>  <meta name='generator' content='Mudlet'>
  <title>Mudlet, log from Inn profile</title>
  <style type='text/css'>
   <!-- body { font-family: 'Monospace'; color:rgb(192,192,192); background-color:rgb(0,0,0);}
        span { white-space: pre-wrap; } -->
  </style>
  </head>
  <body><div>
<p>Log session starting at 12:00:00 on Monday, 23 November 2026.</p>
<span style="color: rgb(192,192,192);background: rgb(0,0,0);">李四光 says, &quot;1 &lt; 2&quot;</span><br>
<span style="color: rgb(0,128,0);background: rgb(0,0,0);">green</span><span style="color: rgb(255,255,0)">!</span><br />
  </div><hr><div>
<p>Log session starting at 13:00:00 on Monday, 23 November 2026.</p>
<span style="background: rgb(0,0,0);color: rgb(192,192,192);">again</span><br>
<p>Log session ending at 13:00:05 on Monday, 23 November 2026.</p>
  </div></body>
</html>
"""
TINTIN_HTML = """<!DOCTYPE html>
<html>
<head>
<meta http-equiv='content-type' content='text/html; charset=gb18030'>
<meta name='viewport' content='width=device-width, initial-scale=1.0'>
<style type='text/css'>
a {text-decoration:none}
</style>
<body bgcolor='#000000'>
</head>
<pre>
<span style='background-color:#000'><span style='color:#FFF'>
</span><span style='color:#AAA'>李四光说道：&lt;你好&gt; &dollar;1</span><span style='color:#55F'>blue
</span><span style='background-color:#A00'><span style='color:#0A0'>green
"""


def test_a_mudlet_log_is_without_what_mudlet_says_itself() -> None:
    found = read(MUDLET_TEXT.encode())
    assert isinstance(found, Log)
    assert found.kind == "Mudlet log"
    assert list(found.lines) == [(0.0, 'Anna says, "hi"'), (1.0, "> look")]


def test_a_mudlet_log_in_html_gives_its_lines_and_colours() -> None:
    found = read(MUDLET_HTML.encode(), likely="gbk")
    assert isinstance(found, Log)
    assert found.kind == "Mudlet log in HTML"
    shown = [line for _, line in found.lines if line]
    assert shown == [
        '\x1b[0m李四光 says, "1 < 2"',
        "\x1b[0;32mgreen\x1b[0;1;33m!",
        "\x1b[0magain",
    ]


def test_a_tintin_log_in_html_gives_its_lines_and_colours() -> None:
    """In the encoding that it names."""
    found = read(TINTIN_HTML.encode("gb18030"))
    assert isinstance(found, Log)
    assert found.kind == "TinTin++ log in HTML"
    assert [line for _, line in found.lines if line] == [
        "\x1b[0;1;37m",
        "\x1b[0m李四光说道：<你好> $1\x1b[0;1;34mblue",
        "\x1b[0;32mgreen",
    ]


def test_a_raw_tintin_log_is_a_log_with_colours() -> None:
    assert lines(b"\x1b[1;32mAnna says, 'hi'\x1b[0m\r\n> \r\n") == ["\x1b[1;32mAnna says, 'hi'\x1b[0m", "> "]


# -- what is typed -----------------------------------------------------------------------------------------------------


def test_typed_lines_are_without_telnets_own() -> None:
    """Negotiation goes, a doubled IAC is one, a line may come in pieces."""
    typed = Typed()
    assert typed.feed(b"\xff\xfd\x01\xff\xfa\x1f\0d\xff\xff\xff\xf0", "gbk") == []
    assert typed.feed("say 你".encode("gbk"), "gbk") == []
    assert typed.feed("好\r\n\r\nlook\r\0\n".encode("gbk"), "gbk") == ["say 你好", "", "look"]
    assert typed.feed(b"\xff\xff\r\n", "latin-1") == ["ÿ"]
