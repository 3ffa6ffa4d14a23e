"""What our pictures say of themselves: the scene and the seed that they were painted from, in a text chunk of the PNG.

PNG (third edition), 11.3.3: an ``iTXt`` chunk holds a keyword and UTF-8 text; readers that do not know it skip it.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_KEYWORD = b"mudbot"
_HEAD = b"\x89PNG\r\n\x1a\n"
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """What a picture was painted from."""

    prompt: str
    seed: int | None


def marked(png: bytes, mark: Mark) -> bytes:
    """*png* with *mark* in it; what is no PNG stays as it is."""
    if not png.startswith(_HEAD):
        return png
    text = json.dumps({"prompt": mark.prompt[:8000], "seed": mark.seed}).encode()
    chunk = b"iTXt" + _KEYWORD + b"\0\0\0\0\0" + text
    at = 8 + 25  # behind the header, which has a fixed length
    return png[:at] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[at:]


def mark_of(picture: bytes) -> Mark | None:
    """The mark in a picture; None where there is none, as in every picture that is not ours."""
    for kind, data in _chunks(picture):
        if kind == b"iTXt" and data.startswith(_KEYWORD + b"\0\0\0\0\0"):
            try:
                said = json.loads(data[len(_KEYWORD) + 5 :])
                seed = said["seed"]
                return Mark(str(said["prompt"]), None if seed is None else int(seed))
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                return None  # whoever sent it may have written anything
    return None


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(_HEAD):
        return
    at = len(_HEAD)
    while at + 12 <= len(png):
        length = int.from_bytes(png[at : at + 4])
        kind = png[at + 4 : at + 8]
        if kind == b"IDAT":
            return  # the picture itself: a mark stands before it
        if length <= _LONGEST:
            yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length
