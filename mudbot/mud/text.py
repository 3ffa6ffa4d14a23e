"""Bytes to lines and prompts.  Pure: no socket, no clock.

Works on whole socket reads, because the cost of a line is dominated by what is done per line: one search for the last
line end, one pass that strips escapes, one decode, one split.  Escapes are taken from the bytes before decoding, as a
colour change can stand between the two bytes of a Big5 character (ESC is never a trail byte in GBK, Big5 or GB18030).
"""

from __future__ import annotations

import codecs
import contextlib
import re

from mudbot.events import Line, Lines, Page, Prompt, PromptKind
from mudbot.mud.charset import Guess, Guesser
from mudbot.mud.colour import CONTROLS, ESCAPES, GUARD, LINE_END, PLAIN, UNFINISHED_ESCAPE, Block, after

MAX_LINE = 16 * 1024
"""Bytes of one line that are held before it is given in pieces: true lines are shorter, endless ones exist."""
AUTO = "auto"
"""The encoding that is guessed from what the MUD says first."""

_MAX_READ = 16 * 1024
"""Bytes that are worked on at once: a line keeps those it was read with, for its colours."""
_UNSEEN = CONTROLS + b"\r"  # what is left of line ends once they are all made of one LF each
_OTHER_CR = re.compile(rb"\r(?!\n)")  # three times as fast as counting both
_ASCII = bytes(range(0x20, 0x7F))
_NONE = Lines(Page(""))

# What a codec's own name cannot read, its superset can: real GBK and Big5 text strays beyond the standard.
_DECODERS = {"gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs"}
# What the narrower codec reads without a complaint the wider one reads the same, and takes half as long again; and
# what needs no replacement in UTF-8 need not be encoded again for whoever searches in it.
_SUBSETS = {"gb18030": "gbk", "utf-8": "utf-8"}


def decoder_name(encoding: str) -> str:
    """The codec that reads *encoding* as MUDs use it."""
    name = codecs.lookup(encoding).name
    return _DECODERS.get(name, name)


class TextStream:
    """Turns the bytes of one connection into lines; what has no line end yet is kept until it has, or is flushed."""

    def __init__(self, encoding: str = "utf-8", max_line: int = MAX_LINE) -> None:
        """*encoding* is what Python calls it, or ``auto``; *max_line* is in bytes.  LookupError: no such encoding."""
        self._guesser = Guesser() if encoding == AUTO else None
        self._guess = self._guesser.guess if self._guesser else None
        self._read_as(self._guess.encoding if self._guess else encoding)
        self._max_line = max_line
        self._pending = b""
        self._skip = b""  # second half of a line end that was split over two reads
        self._prompt = ""  # given as a quiet prompt; the next line may continue it
        self._pen = PLAIN  # what the MUD writes with by now: colours last over line ends and prompts
        self._waited = False  # one moment of quiet has passed over an unfinished end

    def __repr__(self) -> str:
        return f"<TextStream {self._codec}, {len(self._pending)} bytes pending>"

    @property
    def encoding(self) -> str:
        """What the text is read in by now: as it was configured, or as it was guessed, in a name to encode with."""
        return self._encoding

    @property
    def guess(self) -> Guess | None:
        """Why it is read so; another value after every change of mind.  None where the encoding is configured."""
        return self._guess

    @property
    def pending(self) -> bool:
        """Whether there is text without a line end."""
        return bool(self._pending)

    def feed(self, data: bytes) -> Lines:
        """The lines that *data* completes, in order."""
        if len(data) > _MAX_READ:
            pieces = [self.feed(data[at : at + _MAX_READ]) for at in range(0, len(data), _MAX_READ)]
            return Lines(Page.joined([piece.page for piece in pieces]))
        if not data:
            return _NONE
        self._waited = False
        data = self._complete(data)
        long = len(self._pending) > self._max_line
        if not data and not long:
            return _NONE
        prompt, self._prompt = self._prompt, ""
        if not long and self._plain(data):
            return Lines(self._page(data, prompt))
        lines = self._one_by_one(data)
        if long:
            *cut, self._pending = self._cut(self._pending)
            lines += [self._line(piece, cut=True) for piece in cut]
        if prompt:
            lines[0] = lines[0].after(prompt)
        return Lines(Page.of(lines))

    def flush(self, kind: PromptKind) -> Prompt | None:
        """What has no line end, as a prompt; None if nothing can be seen of it, or (by quiet) if it is unfinished.

        Unfinished text is held back for one moment of quiet only: after a second one without a byte between, nothing
        more of it will come (the last character is broken, or in another encoding), and a login waits for its answer.
        So ask again later while there is something ``pending``.
        """
        self._hear(self._pending)
        if kind == "quiet" and not self._waited and self.unfinished:
            self._waited = True
            return None
        data, self._pending = self._pending, b""
        text = self._decode(data)
        self._pen = after(self._pen, data)
        if not text:
            return None  # a colour, or a NUL: nothing that anybody could answer
        # Bounded as well: an endless line that pauses would otherwise be kept here whole.
        self._prompt = (self._prompt + text)[-self._max_line :] if kind == "quiet" else ""
        return Prompt(text, kind)

    @property
    def unfinished(self) -> bool:
        """Whether the pending bytes end inside a character or an escape sequence."""
        return self._whole(self._pending) < len(self._pending)

    def _read_as(self, encoding: str) -> None:
        self._encoding = encoding
        self._codec = decoder_name(encoding)
        self._incremental = codecs.getincrementaldecoder(self._codec)
        self._strict = _SUBSETS.get(self._codec)
        # Then a read without a high byte needs no codec, and those for Chinese are slow.
        self._extends_ascii = _ASCII.decode(self._codec, "replace") == _ASCII.decode("ascii")

    def _hear(self, data: bytes) -> None:
        """Let the guess take *data* into account: what stands on one line, or as much of it as there is."""
        if self._guesser is None or data.isascii():
            return
        self._guess = self._guesser.hear(ESCAPES.sub(b"", data).translate(None, _UNSEEN))
        if self._guess.encoding != self._encoding:
            self._read_as(self._guess.encoding)
        if self._guesser.done:
            self._guesser = None

    def _complete(self, data: bytes) -> bytes:
        """What was pending and *data* up to the last line end, which it ends with; the rest is pending now."""
        if self._skip:
            if data[0] in self._skip:
                data = data[1:]
            self._skip = b""
        if self._pending:
            data = self._pending + data
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        self._pending = data[end:]
        data = data[:end]
        # The second half of the last line end comes with the next read, or it is a NUL, which nobody searched for.
        if data and (not self._pending or self._pending[0] == 0):
            other = self._other_half(data)
            if not self._pending:
                self._skip = other
            elif 0 in other:
                self._pending = self._pending[1:]
        return data

    @staticmethod
    def _other_half(data: bytes) -> bytes:
        """What would belong to the line end that *data* ends with, should the next read begin with it."""
        # Read from the front of the run: the CR of LF CR is a second half, that of CR LF CR a line end of its own.
        last = LINE_END.findall(data, len(data.rstrip(b"\r\n")))[-1]
        return {b"\r": b"\n\0", b"\n": b"\r"}.get(last, b"")

    def _decode(self, data: bytes) -> str:
        return self._read(self._visible(data))[0]

    def _visible(self, data: bytes) -> bytes:
        """*data* without escapes and what else cannot be seen."""
        if b"\x1b" in data:
            data = b"".join(ESCAPES.split(data))  # a sixth faster than sub
        return data.translate(None, _UNSEEN)

    def _read(self, visible: bytes) -> tuple[str, bytes | None]:
        """The text, and the same in UTF-8 if that is at hand."""
        if self._extends_ascii and visible.isascii():
            return visible.decode("ascii"), visible
        if self._strict is not None:
            with contextlib.suppress(UnicodeDecodeError):
                return visible.decode(self._strict), visible if self._strict == "utf-8" else None
        return (visible + GUARD).decode(self._codec, "replace")[: -len(GUARD)], None

    def _plain(self, data: bytes) -> bool:
        """Whether the lines of *data* can be read all at once: none is too long, and no guess hangs on them."""
        if self._guesser is not None and not data.isascii():
            return False
        return self._short(data) or max(map(len, LINE_END.split(data))) <= self._max_line

    def _short(self, data: bytes) -> bool:
        """Whether there is a newline within each bound's length: a few steps for many lines."""
        at, end = 0, len(data)
        while end - at > self._max_line:
            at = data.rfind(b"\n", at, at + self._max_line + 1) + 1
            if not at:
                return False
        return True

    def _one_by_one(self, data: bytes) -> list[Line]:
        """The lines of *data*, which ends with a line end, each in pieces if it is too long.

        So what is read does not depend on how much comes at once.
        """
        return [line for one in LINE_END.split(data)[:-1] for line in self._bounded(one)]

    def _page(self, data: bytes, prompt: str) -> Page:
        """The lines of *data*, which ends with a line end."""
        colours = self._colours(data)
        # The common case needs nothing done: every CR belongs to a CRLF, and goes with the controls.
        if _OTHER_CR.search(data):
            data = LINE_END.sub(b"\n", data)
        text, utf8 = self._read(self._visible(data))
        return Page(text, prompt, colours, utf8)

    def _colours(self, data: bytes) -> Block | None:
        """What knows the colours of *data*, if there are any; the pen moves on to its end."""
        pen = self._pen
        if b"\x1b" in data:
            self._pen = after(pen, data)
        elif pen == PLAIN:
            return None
        return Block(data, self._codec, pen)

    def _bounded(self, data: bytes) -> list[Line]:
        """One line, in pieces if it is longer than the bound: the same ones that several reads would have given."""
        *pieces, rest = self._cut(data)
        return [*(self._line(piece, cut=True) for piece in pieces), self._line(rest)]

    def _line(self, data: bytes, *, cut: bool = False) -> Line:
        """*data*, without a line end, as a line of its own."""
        self._hear(data)
        return Line(self._decode(data), cut, "", self._colours(data))

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
        if found := UNFINISHED_ESCAPE.search(data):
            data = data[: found.start()]
        # Of the same length, so that places stay; an escape may stand between the bytes of a character.
        masked = ESCAPES.sub(lambda m: b"\x1b" * len(m[0]), data)
        decoder = self._incremental("replace")
        decoder.decode(masked.translate(None, CONTROLS))
        size, begun = len(data), len(decoder.getstate()[0])
        while begun:
            size -= 1
            begun -= masked[size] not in CONTROLS
        return size
