"""Bytes to lines and prompts.  Pure: no socket, no clock.

Works on whole socket reads, because the cost of a line is dominated by what is done per line: one search for the last
line end, one pass that strips escapes, one decode, one split.  Escapes are taken from the bytes before decoding, as a
colour change can stand between the two bytes of a Big5 character (ESC is never a trail byte in GBK, Big5 or GB18030).
"""

from __future__ import annotations

import codecs
import re

from mudbot.events import Line, Prompt, PromptKind

MAX_LINE = 16 * 1024
"""Bytes of one line that are held before it is given in pieces: true lines are shorter, endless ones exist."""

# ECMA-48: control sequences (CSI), strings (OSC, DCS, APC, PM, SOS) up to their end, two- and three-byte escapes.
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\r\n]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])"
)
_UNFINISHED_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\r\n]*|[ -/]*)?\x1b?\Z")
_LINE_END = re.compile(rb"\r\n|\n\r|\r\0|\r|\n")
# All of C0 but tab and newline, and DEL: no codec offered here uses them as a trail byte.
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n") + b"\x7f"
# Python's gb18030 takes a four-byte character that breaks off near the end of its input for one to come, and swallows
# the line end after it; with this behind, nothing is near the end.
_GUARD = b"\n\n"

# What a codec's own name cannot read, its superset can: real GBK and Big5 text strays beyond the standard.
_DECODERS = {"gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs"}


def decoder_name(encoding: str) -> str:
    """The codec that reads *encoding* as MUDs use it."""
    name = codecs.lookup(encoding).name
    return _DECODERS.get(name, name)


class TextStream:
    """Turns the bytes of one connection into lines; what has no line end yet is kept until it has, or is flushed."""

    def __init__(self, encoding: str = "utf-8", max_line: int = MAX_LINE) -> None:
        self._codec = decoder_name(encoding)
        self._incremental = codecs.getincrementaldecoder(self._codec)
        self._max_line = max_line
        self._pending = b""
        self._skip = b""  # second half of a line end that was split over two reads
        self._prompt = ""  # given as a quiet prompt; the next line may continue it

    def __repr__(self) -> str:
        return f"<TextStream {self._codec}, {len(self._pending)} bytes pending>"

    @property
    def pending(self) -> bool:
        """Whether there is text without a line end."""
        return bool(self._pending)

    def feed(self, data: bytes) -> list[Line]:
        """The lines that *data* completes, in order."""
        if self._skip and data:
            if data[0] in self._skip:
                data = data[1:]
            self._skip = b""
        data = self._pending + data
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        self._pending = data[end:]
        # A NUL may follow the CR that ends this read; without a CR or LF at all there is nothing to hand out.
        if self._pending == b"\0" and data[end - 1 : end] == b"\r":
            self._pending = b""
        elif end and not self._pending:
            self._skip = self._other_half(data)
        lines = self._lines(data[:end]) if end else []
        if len(self._pending) > self._max_line:
            *pieces, self._pending = self._cut(self._pending)
            lines += [Line(self._decode(piece), cut=True) for piece in pieces]
        if self._prompt and lines:
            lines[0] = Line(lines[0].text, lines[0].cut, self._prompt)
            self._prompt = ""
        return lines

    def flush(self, kind: PromptKind) -> Prompt | None:
        """What has no line end, as a prompt; None if there is nothing, or (by quiet) if it is visibly unfinished."""
        if kind == "quiet" and self.unfinished:
            return None
        data, self._pending = self._pending, b""
        if not data:
            return None
        text = self._decode(data)
        # Bounded as well: an endless line that pauses would otherwise be kept here whole.
        self._prompt = (self._prompt + text)[-self._max_line :] if kind == "quiet" else ""
        return Prompt(text, kind)

    @property
    def unfinished(self) -> bool:
        """Whether the pending bytes end inside a character or an escape sequence."""
        return self._whole(self._pending) < len(self._pending)

    @staticmethod
    def _other_half(data: bytes) -> bytes:
        """What would belong to the line end that *data* ends with, should the next read begin with it."""
        # Read from the front of the run: the CR of LF CR is a second half, that of CR LF CR a line end of its own.
        last = _LINE_END.findall(data, len(data.rstrip(b"\r\n")))[-1]
        return {b"\r": b"\n\0", b"\n": b"\r"}.get(last, b"")

    def _decode(self, data: bytes) -> str:
        if b"\x1b" in data:
            data = _ESCAPES.sub(b"", data)
        data = data.translate(None, _CONTROLS) + _GUARD
        return data.decode(self._codec, "replace")[: -len(_GUARD)]

    def _lines(self, data: bytes) -> list[Line]:
        returns = data.count(b"\r")
        if returns:
            # The common case first: every CR belongs to a CRLF.
            data = data.replace(b"\r\n", b"\n") if data.count(b"\r\n") == returns else _LINE_END.sub(b"\n", data)
        if len(data) > self._max_line:
            raw = data[:-1].split(b"\n")
            if max(map(len, raw)) > self._max_line:
                return [line for one in raw for line in self._bounded(one)]
        return [Line(text) for text in self._decode(data)[:-1].split("\n")]

    def _bounded(self, data: bytes) -> list[Line]:
        """One line, in pieces if it is longer than the bound: the same ones that several reads would have given."""
        *pieces, rest = self._cut(data)
        return [*(Line(self._decode(piece), cut=True) for piece in pieces), Line(self._decode(rest))]

    def _cut(self, data: bytes) -> list[bytes]:
        """*data* in pieces within the bound, cut between two characters and not inside an escape."""
        pieces = []
        while len(data) > self._max_line:
            size = self._whole(data[: self._max_line]) or self._max_line
            pieces.append(data[:size])
            data = data[size:]
        return [*pieces, data]

    def _whole(self, data: bytes) -> int:
        """How many bytes of *data* there are before the escape or the character that it ends inside of."""
        if found := _UNFINISHED_ESCAPE.search(data):
            data = data[: found.start()]
        # Of the same length, so that places stay; an escape may stand between the bytes of a character.
        masked = _ESCAPES.sub(lambda m: b"\x1b" * len(m[0]), data)
        decoder = self._incremental("replace")
        decoder.decode(masked.translate(None, _CONTROLS))
        size, begun = len(data), len(decoder.getstate()[0])
        while begun:
            size -= 1
            begun -= masked[size] not in _CONTROLS
        return size
