"""Escapes of the terminal, and the colours that they mean.  Pure.

Colours are kept beside the text.  Reading a line only takes its escapes out; how the line looked is worked out for
whoever asks, from the bytes of the read that it came in.  What must be known at once is the style that goes on at the
end of a read (a colour lasts until the MUD ends it), and the last few escapes of the read tell that.

Sources: ECMA-48 (5.4 control sequences, 5.6 control strings, 8.3.117 SGR), xterm's ctlseqs for 90 to 107 and 256
colours, ISO 8613-6 for ``38:2``.  MUDs mean bright green by bold and green, so both are one style here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

from mudbot.events import Span, Style

MAX_STRING = 4096
"""Bytes of a control string (OSC, DCS, APC, PM, SOS) before it counts as none: true ones are titles and links, whose
addresses end at about 2,000; one without an end must not hide text or hold a prompt back."""

_STRING = rb"[\]PX^_][^\x07\x1b\r\n]{0,%d}" % MAX_STRING
# Control sequences (CSI), control strings up to their end, two- and three-byte escapes.
ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|" + _STRING + rb"(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])")
UNFINISHED_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|" + _STRING + rb"\x1b?|[ -/]*)?\Z")
LINE_END = re.compile(rb"\r\n|\n\r|\r\0|\r|\n")
CONTROLS = bytes(c for c in range(32) if c not in b"\t\n") + b"\x7f"
"""All of C0 but tab and newline, and DEL: no codec offered here uses them as a trail byte."""
GUARD = b"\n\n"
"""Put behind what is decoded: Python's gb18030 takes a four-byte character that breaks off near the end of its input
for one to come, and swallows the line end after it; with this behind, nothing is near the end."""

_SGR = re.compile(rb"\x1b\[([0-?]*)m")
_LOOK_BACK = 8  # escapes; most lines end with a reset, so one is enough

Pen = tuple[str | None, str | None, int]
"""What the MUD has set: text colour, background, attributes as bits."""
PLAIN: Pen = (None, None, 0)

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_BOLD, _FAINT, _ITALIC, _UNDERLINE, _BLINK, _INVERSE, _HIDDEN, _STRIKE = (1 << i for i in range(8))
_SET = {
    1: _BOLD, 2: _FAINT, 3: _ITALIC, 4: _UNDERLINE, 5: _BLINK, 6: _BLINK,
    7: _INVERSE, 8: _HIDDEN, 9: _STRIKE, 21: _UNDERLINE,
}  # fmt: skip
_CLEAR = {
    22: _BOLD | _FAINT, 23: _ITALIC, 24: _UNDERLINE, 25: _BLINK, 27: _INVERSE, 28: _HIDDEN, 29: _STRIKE,
}  # fmt: skip
_EVERYTHING: Pen = ("everything", "everything", 255)


def after(pen: Pen, data: bytes) -> Pen:
    """The pen at the end of *data*, which it entered with *pen*."""
    codes: list[bytes] = []
    end = len(data)
    for _ in range(_LOOK_BACK):
        end = data.rfind(b"\x1b[", 0, end)
        if end < 0:
            break
        if found := _SGR.match(data, end):
            codes.append(found[1])
            if _resets(found[1]):
                break
    else:
        codes = _SGR.findall(data)[::-1]
    for code in reversed(codes):
        pen = _written(pen, code)
    return pen


class Block:
    """The bytes of some lines that were read together, and the pen that they began with."""

    __slots__ = ("_codec", "_data", "_pen", "_spans")

    def __init__(self, data: bytes, codec: str, pen: Pen) -> None:
        self._data = data
        self._codec = codec
        self._pen = pen
        self._spans: list[tuple[Span, ...]] | None = None

    def __repr__(self) -> str:
        return f"<Block of {len(self._data)} bytes, {self._codec}>"

    def spans(self, row: int) -> tuple[Span, ...]:
        """The coloured parts of line number *row* among those of this block."""
        if self._spans is None:
            pen = self._pen
            self._spans = []
            for line in LINE_END.split(self._data):
                found, pen = _spans(line, self._codec, pen)
                self._spans.append(found)
            self._data = b""  # not needed any more
        return self._spans[row]


def _spans(line: bytes, codec: str, pen: Pen) -> tuple[tuple[Span, ...], Pen]:
    """The coloured parts of one line, and the pen at its end."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    spans: list[Span] = []
    at = here = begun = 0
    for escape in ESCAPES.finditer(line):
        at += len(decoder.decode(line[begun : escape.start()].translate(None, CONTROLS)))
        begun = escape.end()
        if sgr := _SGR.fullmatch(escape[0]):
            # A character that has begun is painted as it began: the new colour starts behind it.
            change = at + bool(decoder.getstate()[0])
            _paint(spans, here, change, pen)
            here, pen = change, _written(pen, sgr[1])
    at += len(decoder.decode(line[begun:].translate(None, CONTROLS) + GUARD)) - len(GUARD)
    _paint(spans, here, at, pen)
    return tuple(spans), pen


def _paint(spans: list[Span], start: int, end: int, pen: Pen) -> None:
    """Add a span, or make the last one longer where nothing changed."""
    if start == end or pen == PLAIN:
        return
    style = _look(pen)
    if spans and spans[-1].end == start and spans[-1].style == style:
        start = spans.pop().start
    spans.append(Span(start, end, style))


@lru_cache(maxsize=512)
def _look(pen: Pen) -> Style:
    """What a reader sees: bold makes one of the eight colours bright, and does nothing else to those sixteen."""
    fg, bg, bits = pen
    if bits & _BOLD and fg is not None and not fg.startswith("#"):
        fg, bits = fg if fg.startswith("bright") else f"bright {fg}", bits & ~_BOLD
    return Style(fg, bg, *(bool(bits >> i & 1) for i in range(8)))


def _resets(code: bytes) -> bool:
    """Whether nothing set before this outlives it."""
    return _written(PLAIN, code) == _written(_EVERYTHING, code)


@lru_cache(maxsize=1024)
def _written(pen: Pen, code: bytes) -> Pen:
    """*pen* after the SGR parameters *code* (``1;32``); what is not understood changes nothing."""
    if code.translate(None, b"0123456789;:"):
        return pen  # a private sequence of some terminal's that only looks like SGR
    fields = iter(code.split(b";"))
    for field in fields:
        number, *more = map(_number, field.split(b":"))
        if number in (38, 48):
            if colour := _mixed(more, fields):
                pen = (colour, *pen[1:]) if number == 38 else (pen[0], colour, pen[2])
        else:
            # 4:0 is the one sub-parameter that takes its attribute away.
            pen = _simple(pen, 24 if number == 4 and more[:1] == [0] else number)
    return pen


def _number(digits: bytes) -> int:
    """A parameter: nothing is 0, and what no terminal knows is -1."""
    return int(digits or b"0") if len(digits) <= 4 else -1


def _simple(pen: Pen, number: int) -> Pen:
    """*pen* after one parameter that stands for itself."""
    fg, bg, bits = pen
    tens, one = divmod(number, 10)
    if number == 0:
        fg, bg, bits = PLAIN
    elif number in _SET:
        bits |= _SET[number]
    elif number in _CLEAR:
        bits &= ~_CLEAR[number]
    elif tens in (3, 9) and one < 8:
        fg = _palette(one if tens == 3 else one + 8)
    elif tens in (4, 10) and one < 8:
        bg = _palette(one if tens == 4 else one + 8)
    elif number == 39:
        fg = None
    elif number == 49:
        bg = None
    return fg, bg, bits


def _mixed(more: list[int], fields: Iterator[bytes]) -> str | None:
    """The colour of 38 or 48: ``5:n`` or ``2:space:r:g:b``, or the same with semicolons, then in the next fields."""
    if more:
        kind, values = more[0], more[1:]
        values = values[1:4] if len(values) > 3 else values
    else:
        kind = _number(next(fields, b""))
        values = [_number(next(fields, b"")) for _ in range({5: 1, 2: 3}.get(kind, 0))]
    if len(values) not in (1, 3) or not all(0 <= value <= 255 for value in values):
        return None
    if kind == 5:
        return _palette(values[0])
    return "#{:02x}{:02x}{:02x}".format(*values) if kind == 2 and len(values) == 3 else None


def _palette(index: int) -> str:
    """A colour of xterm's 256: eight, the same bright, a cube of 6 x 6 x 6, and 24 greys."""
    if index < 16:
        return ("bright " if index > 7 else "") + _NAMES[index % 8]
    if index > 231:
        return f"#{8 + 10 * (index - 232):02x}" + f"{8 + 10 * (index - 232):02x}" * 2
    red, green, blue = (55 + 40 * n if n else 0 for n in ((index - 16) // 36, (index - 16) // 6 % 6, (index - 16) % 6))
    return f"#{red:02x}{green:02x}{blue:02x}"
