"""Bytes that players type, made into lines of clean text; and how much of it one player may send.  Pure."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from mudbot.errors import LocalError

_LINE_END = re.compile(rb"\r\n|\r\x00|\r|\n")
# CSI sequences, OSC strings (which end with BEL, ESC \ or the line), other two-byte escapes.  Taken off the bytes,
# before decoding: ESC is never a trail byte in GBK or GB18030, but what follows it could be half of a character.
_ESCAPE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -~]?")
# C0, DEL, C1; line and paragraph separators; marks that turn the direction of what follows; the byte order mark.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Codec:
    """How one world's text travels."""

    name: str
    decodes: str
    encodes: str

    def read(self, line: TypedLine) -> str:
        """The clean text of a typed line: no escapes, no control characters; what cannot be decoded becomes U+FFFD."""
        decoder = codecs.getincrementaldecoder(self.decodes)("replace")
        # A cut line can end within a character: not final, so that half a character is left out.
        text = decoder.decode(_ESCAPE.sub(b"", line.data), final=not line.cut)
        return _CONTROL.sub("", text.replace("\t", " "))

    def write(self, text: str) -> bytes:
        """The bytes of *text*; a character that the encoding lacks becomes ``?``."""
        return text.encode(self.encodes, "replace")


# GB18030 reads all that GBK does and more, so a client that sends either is understood; answers stay plain GBK.
_CODECS = {codec.name: codec for codec in (Codec("utf-8", "utf-8", "utf-8"), Codec("gbk", "gb18030", "gbk"))}
ENCODINGS = tuple(_CODECS)


def codec_named(encoding: str) -> Codec:
    """The codec of a world's encoding.  LocalError when the tavern does not speak it."""
    try:
        return _CODECS[codecs.lookup(encoding).name]
    except (LookupError, ValueError) as exc:
        raise LocalError(f"The tavern has no encoding {encoding!r}: use one of {', '.join(ENCODINGS)}.") from exc


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line as it came, without its end."""

    data: bytes
    cut: bool = False
    """True where the line was longer than the bound: the rest of it is gone."""


class LineCutter:
    r"""Cuts a stream at ``\r\n``, ``\n``, ``\r\0`` and ``\r``, also when an end is split over packets.

    Holds at most *limit* bytes, however long a line gets.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._cut = False
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
            lines.append(TypedLine(bytes(self._held), self._cut))
            self._held.clear()
            self._cut = False
        self._hold(rest)
        return lines

    def _hold(self, piece: bytes) -> None:
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
