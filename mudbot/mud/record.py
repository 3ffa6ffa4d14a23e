"""Keeps what passes over a session's links, a file for each: every byte in both directions, with its time.

One JSON object a line.  The first says whose link it was; the others ``{"t": seconds since the link was up, "dir": "in"
or "out", "hex": the bytes}``, with ``"dir": "stop"`` where the bot was told to end and ``"dir": "end"`` where the link
ended.  ``{"t": ..., "dir": "model", "key": a hash of what was asked, "text": ...}`` is what a model answered, so that
a replay need not ask again.  What came compressed is kept inflated.  Passwords are never in it: stars of the same
length stand for them.

The loop only appends to a list; masking, writing and deleting are done in a thread, once a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mudbot.mud.transcript import key_of

if TYPE_CHECKING:
    from mudbot.clock import Clock, Timer
    from mudbot.mud.telnet import Connection

log = logging.getLogger(__name__)

VERSION = 1
"""Of the format; in the first line, as ``mudbot``."""
FLUSH = 1.0
"""Seconds that bytes wait to be written: what a crash may lose."""
FLUSH_SIZE = 256 * 1024
"""Bytes that do not wait that long: a flood is written as it comes, in portions that take a thread few milliseconds."""
ANSWER = 8 * 1024
"""Bytes of a model's answer that are kept: no character says more."""
ENCODINGS = ("utf-8", "gb18030", "big5hkscs", "latin-1", "cp1251", "koi8-r")
"""In which a password is looked for, whatever the link is read as: a MUD may echo it in another one."""

Direction = Literal["in", "out", "stop", "end", "model"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept."""

    file: int = 64 * 1024 * 1024
    """Bytes of a file, then the next begins: about three busy days, and still opened by every editor."""
    folder: int = 1024 * 1024 * 1024
    """Bytes of all files of a session; the oldest go first.  A month or two, and no disk that a bot runs on is full."""
    waiting: int = 16 * 1024 * 1024
    """Bytes that wait for a disk that does not answer; beyond, recording stops."""


@dataclass(slots=True)
class Entry:
    """Bytes that passed, at *at* seconds after the link was up."""

    at: float
    dir: Direction
    data: bytes
    hidden: bool = False
    why: str = ""
    asked: str = ""
    """To what the bytes are a model's answer."""

    def line(self, data: bytes) -> bytes:
        """The entry in the file, with *data* for its bytes."""
        if self.dir == "model":
            text = json.dumps(data[:ANSWER].decode("utf-8", "ignore"), ensure_ascii=False)
            key = key_of(self.asked)
            return f'{{"t": {round(self.at, 6)}, "dir": "model", "key": "{key}", "text": {text}}}\n'.encode()
        why = f', "why": {json.dumps(self.why, ensure_ascii=False)}' if self.why else ""
        return f'{{"t": {round(self.at, 6)}, "dir": "{self.dir}", "hex": "{data.hex()}"{why}}}\n'.encode()


# -- passwords -------------------------------------------------------------------------------------------------------


class Mask:
    """Puts stars for secrets, also where one is spread over several pieces.  Pure."""

    def __init__(self, secrets: Sequence[str], encodings: Sequence[str] = ENCODINGS) -> None:
        found = {form for secret in secrets if secret for form in _forms(secret, encodings)}
        self._secrets = sorted(found, key=len, reverse=True)  # the longest first: one may be the beginning of another
        self._pattern = re.compile(b"|".join(map(re.escape, self._secrets))) if self._secrets else None

    def __repr__(self) -> str:
        return f"<Mask of {len(self._secrets)} forms>"

    def text(self, text: str) -> str:
        """*text* without the secrets."""
        return self.stars(text.encode("utf-8", "replace")).decode("utf-8", "replace")

    def stars(self, data: bytes) -> bytes:
        """*data* with stars for every secret that stands in it whole."""
        return self._pattern.sub(lambda found: b"*" * len(found[0]), data) if self._pattern else data

    def begun(self, data: bytes) -> int:
        """How many bytes at the end of *data* may be the beginning of a secret."""
        longest = 0
        for secret in self._secrets:
            for size in range(min(len(secret) - 1, len(data)), longest, -1):
                if data.endswith(secret[:size]):
                    longest = size
                    break
        return longest

    def pieces(self, pieces: Sequence[bytes], *, last: bool) -> tuple[list[bytes], int]:
        """*pieces* masked, and how many of them may be shown: all before the one in which a secret may have begun.

        The rest, masked, has to be given again with what follows; with *last* nothing follows.
        """
        whole = self.stars(b"".join(pieces))
        left = len(whole) - (0 if last else self.begun(whole))
        masked, ready, at = [], 0, 0
        for piece in pieces:
            masked.append(whole[at : at + len(piece)])
            at += len(piece)
            ready += at <= left
        return masked, ready


def typed_stars(data: bytes) -> bytes:
    """A line that is typed while the MUD hides it: stars, and its end."""
    return re.sub(rb"[^\r\n]", b"*", data)


def _forms(secret: str, encodings: Sequence[str]) -> set[bytes]:
    forms = set()
    for encoding in encodings:
        with contextlib.suppress(UnicodeEncodeError):
            forms.add(secret.encode(encoding))
    return forms | {form.replace(b"\xff", b"\xff\xff") for form in forms}


# -- in the thread -----------------------------------------------------------------------------------------------------


class _Pages:
    """The files of one link.  One thread at a time may call it.  Every method raises OSError."""

    def __init__(self, folder: Path, about: Mapping[str, str], mask: Mask, began: float, bounds: Bounds) -> None:
        self._folder, self._mask, self._bounds = folder, mask, bounds
        self._about = {key: mask.text(value) for key, value in about.items()}
        self._began = datetime.fromtimestamp(began, UTC)
        self._held: list[Entry] = []
        self._file: Any = None
        self._size = self._part = self._number = 0

    def write(self, entries: Sequence[Entry], *, last: bool) -> None:
        """Write what can be written of all that was given so far."""
        for line in self._lines(self._held + list(entries), last=last):
            if self._file is None or self._size + len(line) > self._bounds.file:
                self._next()
            self._put(line)
        if last:
            self.close()

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _lines(self, entries: list[Entry], *, last: bool) -> list[bytes]:
        ready = len(entries)
        for entry in entries:
            if entry.dir == "model":
                entry.data, entry.asked = self._mask.stars(entry.data), self._mask.text(entry.asked)
        for direction in ("in", "out"):
            own = [i for i, entry in enumerate(entries) if entry.dir == direction]
            masked, shown = self._mask.pieces(
                [typed_stars(entries[i].data) if entries[i].hidden else entries[i].data for i in own], last=last
            )
            for i, data in zip(own, masked, strict=True):
                entries[i].data, entries[i].hidden = data, False
            if shown < len(own):
                ready = min(ready, own[shown])  # what came after it waits as well: the file is in order
        self._held = entries[ready:]
        return [entry.line(entry.data) for entry in entries[:ready]]

    def _next(self) -> None:
        """Begin a file; delete what is too old."""
        self.close()
        for folder in (self._folder.parent, self._folder):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _prune(self._folder, self._bounds.folder - self._bounds.file)
        self._part += 1
        while self._file is None:
            self._number += 1  # never one again whose file was deleted: the age is read from it
            number = f".{self._number}" if self._number > 1 else ""
            path = self._folder / f"{self._began:%Y-%m-%d-%H%M%S}{number}.jsonl"
            with contextlib.suppress(FileExistsError):
                self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)
        self._size = 0
        about = {"mudbot": VERSION} | self._about | {"at": self._began.isoformat(timespec="milliseconds")}
        more = {"part": self._part} if self._part > 1 else {}
        self._put(json.dumps(about | more, ensure_ascii=False).encode() + b"\n")

    def _put(self, line: bytes) -> None:
        left = memoryview(line)
        while left:  # a disk that gets full takes a part, and refuses the rest
            left = left[self._file.write(left) :]
        self._size += len(line)


def _prune(folder: Path, most: int) -> None:
    """Delete the oldest recordings while all together have more than *most* bytes."""
    found = sorted((_age(path), path) for path in folder.glob("*.jsonl"))
    total = sum(path.stat().st_size for _, path in found)
    for _, path in found:
        if total <= most:
            return
        total -= path.stat().st_size
        path.unlink(missing_ok=True)


def _age(path: Path) -> tuple[str, int]:
    """What recordings are sorted by: the moment, and the number behind it."""
    moment, _, number = path.name.removesuffix(".jsonl").partition(".")
    return moment, int(number) if number.isdecimal() else 1


# -- on the loop -------------------------------------------------------------------------------------------------------


class Record:
    """The tap of one link; made by ``Recorder.tap``."""

    def __init__(self, recorder: Recorder, clock: Clock) -> None:
        self._recorder, self._clock = recorder, clock
        self._pages: _Pages | None = None
        self._since = 0.0
        self._new: list[Entry] = []
        self._size = 0
        self._timer: Timer | None = None
        self._writing: asyncio.Future[None] | None = None
        self._over = False

    def __repr__(self) -> str:
        return f"<Record {self._size} bytes waiting{', over' if self._over else ''}>"

    def opened(self) -> None:
        self._since, self._pages = self._clock.now(), self._recorder.pages(self._clock.wall())

    def heard(self, data: bytes) -> None:
        self._note(Entry(self._clock.now() - self._since, "in", data))

    def compressed(self, size: int) -> None:
        for entry in reversed(self._new):
            if entry.dir == "in":
                entry.data = entry.data[: len(entry.data) - size]
                return

    def sent(self, data: bytes, *, hidden: bool) -> None:
        self._note(Entry(self._clock.now() - self._since, "out", data, hidden))

    def answered(self, asked: str, text: str) -> None:
        """A model answered *text*."""
        data = text.encode("utf-8", "replace")
        self._note(Entry(self._clock.now() - self._since, "model", data, asked=asked))

    def stopping(self) -> None:
        """The bot was told to end: what it says from now on it says because of that."""
        self._note(Entry(self._clock.now() - self._since, "stop", b""))

    def ended(self, reason: str) -> None:
        self._note(Entry(self._clock.now() - self._since, "end", b"", why=reason))
        self._over = True
        self._flush()

    def give_up(self) -> None:
        """Note nothing more."""
        self._pages, self._over, self._size = None, True, 0
        self._new.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _note(self, entry: Entry) -> None:
        if self._pages is None or self._over:
            return
        self._new.append(entry)
        self._size += len(entry.data)
        if self._size > self._recorder.bounds.waiting:
            self._recorder.failed(self, OSError(errno.EIO, "the disk does not keep up"))
        elif self._size > FLUSH_SIZE and (self._writing is None or self._writing.done()):
            self._flush()
        elif self._timer is None:
            self._timer = self._clock.call_later(FLUSH, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pages is None or (self._writing is not None and not self._writing.done()):
            return  # _written goes on with it
        entries, self._new = self._new, []
        self._size = 0
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._pages.write, entries, last=self._over))
        self._writing.add_done_callback(partial(self._written, self._pages))
        self._recorder.busy.add(self._writing)
        self._writing.add_done_callback(self._recorder.busy.discard)

    def _written(self, pages: _Pages, writing: asyncio.Future[None]) -> None:
        failure = None if writing.cancelled() else writing.exception()
        if failure is not None:
            self._recorder.failed(self, failure)
        if self._pages is None:  # given up, now or meanwhile
            with contextlib.suppress(OSError):
                pages.close()
        elif self._new and (self._over or self._timer is None):
            self._flush()
        elif self._over:
            self._pages = None


class Recorder:
    """Keeps the links of one session, in *folder*, with *about* in the first line of each file.

    Where it cannot write the log says so once, and the next link is tried again; the bot never notices.
    """

    def __init__(
        self, folder: Path, about: Mapping[str, str], mask: Mask, clock: Clock, bounds: Bounds | None = None
    ) -> None:
        self.bounds = bounds or Bounds()
        self.busy: set[asyncio.Future[None]] = set()
        """Writes that are under way."""
        self.current: Record | None = None
        self._folder, self._about, self._mask, self._clock = folder, about, mask, clock
        self._told = False

    def __repr__(self) -> str:
        return f"<Recorder {self._folder}>"

    def tap(self, link: Connection) -> None:
        """Keep what will pass over *link*, which is not open yet."""
        link.tap = self.current = Record(self, self._clock)

    def pages(self, began: float) -> _Pages:
        return _Pages(self._folder, self._about, self._mask, began, self.bounds)

    def stopping(self) -> None:
        """The bot was told to end."""
        if self.current is not None:
            self.current.stopping()

    def answered(self, asked: str, text: str) -> None:
        """A model answered *text*; without a link there is nowhere to note it."""
        if self.current is not None:
            self.current.answered(asked, text)

    def failed(self, record: Record, why: BaseException) -> None:
        """*record* cannot be written."""
        record.give_up()
        if not self._told:
            self._told = True
            log.error("not recorded any more: %s; is there room, and may it be written?  The next link is tried", why)

    async def close(self) -> None:
        """Wait until all is written.  The links have ended."""
        while self.busy:
            await asyncio.wait(self.busy)
