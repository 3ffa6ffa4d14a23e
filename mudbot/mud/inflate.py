"""Decompression with bounds, for MCCP2 (MUD Client Compression Protocol, tintin.mudhalla.net/protocols/mccp).  Pure.

A thousand bytes of zlib can stand for a million of text, so no more is inflated than is asked for; a stream that goes
on like that is given up.
"""

from __future__ import annotations

import zlib

from mudbot.errors import MudError

CHUNK = 4096
"""Compressed bytes that are taken at once: what zlib did not use of them is copied at every call."""
WINDOW = 8 * 1024 * 1024
"""Bytes of text after which the ratio is looked at, afresh each time."""
MAX_RATIO = 250
"""Text of MUDs shrinks to between a third and a twentieth, a screen of one character to a hundredth; a bomb's ratio is
about 1,000, the most that deflate can do (1,032)."""


class Inflater:
    """One compressed stream, from the byte after ``IAC SB COMPRESS2 IAC SE`` to its own end."""

    def __init__(self) -> None:
        # 15: a zlib header and its largest window, nothing else (the protocol's text names RFC 1950).
        self._zlib = zlib.decompressobj(15)
        self._taken = b""  # compressed, not yet used
        self._full = False  # the last piece was cut at its limit: there may be more without further input
        self._bytes_in = self._bytes_out = 0
        self.bytes_out = 0
        """Text given so far."""
        self.ended = False
        """Whether the stream came to its end; what follows is plain."""

    def __repr__(self) -> str:
        return f"<Inflater {self.bytes_out} bytes of text{', ended' if self.ended else ''}>"

    @property
    def waiting(self) -> bool:
        """Whether there is something to give without further input."""
        return not self.ended and (bool(self._taken) or self._full)

    def take(self, source: bytearray, size: int) -> bytes:
        """At most *size* bytes of text, from what was kept and then from *source*, which is shortened.

        Empty if more input is needed.  After the end of the stream what follows it is back in *source*.
        Raises MudError where the stream is damaged or is a bomb.
        """
        if not self._taken:
            self._taken = bytes(source[:CHUNK])
            del source[: len(self._taken)]
            self._bytes_in += len(self._taken)
        try:
            data = self._zlib.decompress(self._taken, size)
        except zlib.error as exc:
            raise MudError(f"damaged compression (MCCP2: {exc}); set compress: false if it comes again") from exc
        self._taken, self._full = self._zlib.unconsumed_tail, len(data) == size
        if self._zlib.eof:
            self.ended = True
            source[:0] = self._zlib.unused_data
        self._weigh(len(data))
        return data

    def _weigh(self, size: int) -> None:
        self.bytes_out += size
        self._bytes_out += size
        if self._bytes_out < WINDOW:
            return
        if self._bytes_out > MAX_RATIO * self._bytes_in:
            raise MudError(f"a compression bomb (MCCP2: {self._bytes_in} bytes became {self._bytes_out})")
        self._bytes_in = self._bytes_out = 0
