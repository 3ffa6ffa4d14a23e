"""Texts in PNG files: read out of them however they were put in, and put into them.  Pure.

From the PNG specification (W3C, third edition): the signature, chunks of length, type, data and CRC-32, and the three
kinds of text, ``tEXt``, ``zTXt`` and ``iTXt``.  What is read is bounded: nobody knows who made a picture.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 16 << 20
"""Bytes of one text, uncompressed: cards with pictures inside have some megabytes."""
MAX_CHUNKS = 100_000


class PngError(Exception):
    """The file is no PNG that can be read; the message follows its name."""


@dataclass(frozen=True, slots=True)
class PngText:
    """One text of a picture."""

    keyword: str
    data: bytes
    chunk: str
    """``tEXt``, ``zTXt`` or ``iTXt``."""
    fault: str = ""
    """What is wrong with it, where something is; ``data`` may be damaged then, or missing."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    data: bytes
    start: int
    end: int
    sound: bool
    """Whether its checksum is right."""


def texts(data: bytes) -> tuple[list[PngText], str]:
    """All texts in the PNG file *data*, and what is wrong with the file as such, or an empty text.

    Raises PngError where it is none.
    """
    if not data.startswith(SIGNATURE):
        raise PngError("is no PNG file")
    found, fault = [], ""
    try:
        found = [text for chunk in _chunks(data) if (text := _text(chunk)) is not None]
    except _CutOffError as exc:
        found = [text for chunk in exc.before if (text := _text(chunk)) is not None]
        fault = str(exc)
    return found, fault


def with_texts(data: bytes, added: dict[str, bytes], *, without: tuple[str, ...] = ()) -> bytes:
    """The picture *data* with these texts, by keyword, as ``tEXt`` before its end; others of their names are gone, and
    those of *without*.

    Raises PngError where it is no whole PNG file.
    """
    if not data.startswith(SIGNATURE):
        raise PngError("is no PNG file")
    kept, names = [SIGNATURE], {name.casefold() for name in (*added, *without)}
    try:
        for chunk in _chunks(data):
            if chunk.kind == b"IEND":
                kept += [_packed(b"tEXt", name.encode("latin-1") + b"\0" + text) for name, text in added.items()]
            text = _text(chunk)
            if text is None or text.keyword.casefold() not in names:
                kept.append(data[chunk.start : chunk.end])
    except _CutOffError as exc:
        raise PngError(str(exc)) from None
    return b"".join(kept)


class _CutOffError(Exception):
    """The file ends before its end."""

    def __init__(self, message: str, before: list[_Chunk]) -> None:
        super().__init__(message)
        self.before = before


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """The chunks up to IEND.  Raises _CutOffError after the last whole one."""
    at, before = len(SIGNATURE), list[_Chunk]()
    for _ in range(MAX_CHUNKS):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + length
        if len(kind) < 4 or not kind.isalpha() or end > len(data):
            raise _CutOffError(f"is damaged: after {at:,} bytes there is no whole chunk", before)
        body = data[at + 8 : end - 4] if kind in _KINDS else b""
        sound = kind not in _KINDS or zlib.crc32(kind + body) == int.from_bytes(data[end - 4 : end])
        chunk = _Chunk(kind, body, at, end, sound)
        yield chunk
        if kind in _KINDS:
            before.append(chunk)
        if kind == b"IEND":
            return
        at = end
    raise _CutOffError(f"has more than {MAX_CHUNKS:,} chunks", before)


def _text(chunk: _Chunk) -> PngText | None:
    if chunk.kind not in _KINDS:
        return None
    name, kind = chunk.data.partition(b"\0")[0].decode("latin-1"), chunk.kind.decode()
    fault = "" if chunk.sound else "its checksum is wrong: it was damaged, or changed by a program that did not mend it"
    try:
        return PngText(name, _KINDS[chunk.kind](chunk.data.partition(b"\0")[2]), kind, fault)
    except _UnreadableError as exc:
        return PngText(name, b"", kind, f"{exc}; {fault}" if fault else str(exc))


class _UnreadableError(Exception):
    """A text cannot be taken out; the message says why."""


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_TEXT:
        raise _UnreadableError(f"it is longer than {MAX_TEXT:,} bytes")
    return data


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data, MAX_TEXT + 1)
    except zlib.error:
        raise _UnreadableError("its compression is damaged") from None
    if not stream.eof and len(found) <= MAX_TEXT:
        raise _UnreadableError("its compression is damaged: it ends too early")
    return _bounded(found)


def _ztxt(rest: bytes) -> bytes:
    if rest[:1] != b"\0":
        raise _UnreadableError("it is compressed in a manner that PNG does not have")
    return _inflated(rest[1:])


def _itxt(rest: bytes) -> bytes:
    flag, method = rest[:1], rest[1:2]
    parts = rest[2:].split(b"\0", 2)  # language, keyword in that language, text
    if len(parts) < 3:
        raise _UnreadableError("it is not whole")
    if flag == b"\1":
        if method != b"\0":
            raise _UnreadableError("it is compressed in a manner that PNG does not have")
        return _inflated(parts[2])
    return _bounded(parts[2])


_KINDS = {b"tEXt": _bounded, b"zTXt": _ztxt, b"iTXt": _itxt}


def _packed(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
