"""Bytes that players type, made into lines of clean text; and how much of it one player may send.  Pure."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from mudbot.errors import LocalError
from mudbot.local.tavern.phrases import read_yaml

_LINE_END = re.compile(rb"\r\n|\r\x00|\r|\n")
# CSI sequences, OSC strings (which end with BEL, ESC \ or the line), other two-byte escapes.  Taken off the bytes,
# before decoding: ESC is never a trail byte in GBK or GB18030, but what follows it could be half of a character.
_ESCAPE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -~]?")
# C0, DEL, C1; line and paragraph separators; marks that turn the direction of what follows; the byte order mark.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_CONTROL_BUT_ESC = re.compile("[\x00-\x1a\x1c-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Codec:
    """How one world's text travels."""

    name: str
    decodes: str
    encodes: str
    swaps: Mapping[int, int] = field(default_factory=dict)
    """Characters that are written as another: Big5 has few of the simplified ones."""

    def read(self, line: TypedLine, *, escapes: bool = False) -> str:
        """The clean text of a typed line: no escapes, no control characters; what cannot be decoded becomes U+FFFD.

        With *escapes*, ESC stays, as on servers that pass it on.
        """
        decoder = codecs.getincrementaldecoder(self.decodes)("replace")
        # A cut line can end within a character: not final, so that half a character is left out.
        text = decoder.decode(line.data if escapes else _ESCAPE.sub(b"", line.data), final=not line.cut)
        return (_CONTROL_BUT_ESC if escapes else _CONTROL).sub("", text.replace("\t", " "))

    def can_read(self, line: TypedLine) -> bool:
        """Whether the bytes are text in this encoding."""
        try:
            codecs.getincrementaldecoder(self.decodes)("strict").decode(line.data, final=not line.cut)
        except UnicodeDecodeError:
            return False
        return True

    def write(self, text: str) -> bytes:
        """The bytes of *text*; a character that the encoding lacks becomes ``?``."""
        return text.translate(self.swaps).encode(self.encodes, "replace")


# GB18030 reads all that GBK does and more, so a client that sends either is understood; answers stay plain GBK.
_READS = {
    "utf-8": "utf-8",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "latin-1": "latin-1",
    "cp1251": "cp1251",
    "koi8-r": "koi8-r",
}
EVERY_ENCODING = tuple(_READS)
ENCODINGS = ("utf-8", "gbk")
"""Those of the tavern's own dialect."""


def codec_named(encoding: str, offered: Sequence[str] = ENCODINGS) -> Codec:
    """The codec of a world's encoding, which must be one of *offered*.  LocalError when it is not."""
    try:
        wanted = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        wanted = ""
    name = next((each for each in offered if codecs.lookup(each).name == wanted), None)
    if name is None:
        raise LocalError(f"The tavern has no encoding {encoding!r} here: use one of {', '.join(offered)}.")
    return Codec(name, _READS[name], name, _traditional() if name == "big5" else {})


@cache
def _traditional() -> Mapping[int, int]:
    """Simplified to traditional, for the characters that the tavern itself uses."""
    pairs: str = read_yaml("traditional.yaml")["pairs"]
    return {ord(pair[0]): ord(pair[1]) for pair in pairs.split()}


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line as it came, without its end."""

    data: bytes
    cut: bool = False
    """True where the line was longer than the bound: the rest of it is gone."""
    length: int = field(default=0, compare=False)
    """Bytes that were typed, those beyond the bound included."""


class LineCutter:
    r"""Cuts a stream at ``\r\n``, ``\n``, ``\r\0`` and ``\r``, also when an end is split over packets.

    Holds at most *limit* bytes, however long a line gets.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._cut = False
        self._length = 0
        self._after_cr = False

    def feed(self, data: bytes) -> list[TypedLine]:
        """Take more bytes; return the lines that they completed."""
        if not data:
            return []
        if self._after_cr and data[0] in b"\n\x00":
            data = data[1:]  # the second half of a line end whose first half came before
        self._after_cr = data.endswith(b"\r")
        *complete, rest = _LINE_END.split(data)
        lines = []
        for piece in complete:
            self._hold(piece)
            lines.append(TypedLine(bytes(self._held), self._cut, self._length))
            self._held.clear()
            self._cut, self._length = False, 0
        self._hold(rest)
        return lines

    def _hold(self, piece: bytes) -> None:
        self._length += len(piece)
        room = self._limit - len(self._held)
        self._held += piece[:room]
        self._cut = self._cut or len(piece) > room


class Allowance:
    """What one player may still do: *burst* at once, refilled by *per_second*.

    An act may overdraw it; the next one then waits until the debt is paid.  Times are seconds of any monotonic clock.
    """

    def __init__(self, burst: float, per_second: float, now: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left = burst
        self._then = now

    def spend(self, cost: float, now: float) -> None:
        """Take *cost* away."""
        self._refill(now)
        self._left -= cost

    def wait(self, now: float) -> float:
        """Seconds until the next act is allowed: 0 when it is allowed now."""
        self._refill(now)
        return max(0.0, -self._left / self._per_second)

    def _refill(self, now: float) -> None:
        self._left = min(self._burst, self._left + (now - self._then) * self._per_second)
        self._then = now
