"""Files that clients uploaded: bytes in the data folder, under names of our own."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mudbot.clock import Clock
from mudbot.errors import LocalError
from mudbot.local.server.paging import Page
from mudbot.local.server.problems import RequestError
from mudbot.local.server.storage import Storage, new_id

_FORGOTTEN = 24 * 3600
"""Seconds after which an upload that was never finished is removed: no client sends for a day."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much is kept."""

    file_bytes: int = 512 << 20
    """Of one file: OpenAI's bound."""
    files: int = 10_000
    all_bytes: int = 8 << 30
    """Of all files together, those included that are being sent."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a file."""

    id: str
    name: str
    """As the client called it: shown, never used as a path."""
    purpose: str
    bytes: int
    created: int
    """Seconds since 1970, as ``expires``."""
    expires: int | None = None

    def json(self) -> dict[str, Any]:
        """OpenAI's file object."""
        shown: dict[str, Any] = {
            "id": self.id,
            "object": "file",
            "bytes": self.bytes,
            "created_at": self.created,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "uploaded",
            "status_details": None,
        }
        return shown if self.expires is None else shown | {"expires_at": self.expires}


class Draft:
    """A file that is being sent.  End it with ``keep`` or ``drop``."""

    def __init__(self, store: FileStore, path: Path, room: int) -> None:
        self._store, self.path, self.room = store, path, room
        self._file: BinaryIO = path.open("xb")
        self.bytes = 0

    def write(self, chunk: bytes) -> None:
        """Add *chunk*.  Raises RequestError if there is no room for it, LocalError if the disk is full."""
        if self.bytes + len(chunk) > self.room:
            raise no_room()
        try:
            self._file.write(chunk)
        except OSError as error:
            raise LocalError(f"cannot write a file to {self.path.parent}: {error.strerror}: free the disk") from error
        self.bytes += len(chunk)

    def keep(self, name: str, purpose: str, expires_after: int | None = None) -> Kept:
        """Make it a file.  Raises RequestError, LocalError as ``write`` does."""
        return self._store.add(self, name, purpose, expires_after)

    def sync(self) -> None:
        """Let readers of its path see everything."""
        self._file.flush()

    def seal(self) -> None:
        """Have everything on the disk itself."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def drop(self) -> None:
        """Forget it.  Does nothing to what was kept."""
        self._store.drafts.discard(self)
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


class FileStore:
    """The files in a *storage*, within *room*.  Everything blocks: call it from a worker thread."""

    def __init__(self, storage: Storage, clock: Clock, room: Room) -> None:
        self._storage, self._clock, self.room = storage, clock, room
        self.drafts: set[Draft] = set()
        self._swept = False

    def __repr__(self) -> str:
        return f"<FileStore {self._storage!r}, {len(self.drafts)} being sent>"

    def begin(self) -> Draft:
        """An empty draft.  Raises RequestError if there is no room for another file, LocalError."""
        with self._storage.database() as database:
            self._expire(database)
            count, total = database.execute("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM files").fetchone()
        total += sum(draft.bytes for draft in list(self.drafts))  # a copy: the loop drops some meanwhile
        if count + len(self.drafts) >= self.room.files or total >= self.room.all_bytes:
            raise no_room()
        folder = self._folder()
        draft = Draft(self, folder / f"{new_id('draft-')}.part", self.room.all_bytes - total)
        self.drafts.add(draft)
        return draft

    def add(self, draft: Draft, name: str, purpose: str, expires_after: int | None) -> Kept:
        """Keep *draft*: see ``Draft.keep``."""
        now = int(self._clock.wall())
        expires = None if expires_after is None else now + expires_after
        kept = Kept(new_id("file-"), _writable(name), purpose, draft.bytes, now, expires)
        path = self._path(kept.id)
        with self._storage.database() as database:
            count, total = database.execute("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM files").fetchone()
            if count >= self.room.files or total + draft.bytes > self.room.all_bytes:
                raise no_room()
            draft.seal()
            # First the bytes, then the row: what is listed can always be read, also after a kill in between.
            draft.path.rename(path)
            try:
                database.execute(
                    "INSERT INTO files (id, name, purpose, bytes, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
                    (kept.id, kept.name, kept.purpose, kept.bytes, kept.created, kept.expires),
                )
            except sqlite3.Error:
                path.unlink(missing_ok=True)
                raise
        self.drafts.discard(draft)
        return kept

    def get(self, file: str) -> Kept | None:
        """The file called *file*; None if there is none (any more).  Raises LocalError."""
        with self._storage.database() as database:
            self._expire(database)
            row = database.execute("SELECT * FROM files WHERE id = ?", (_writable(file),)).fetchone()
        return None if row is None else _kept(row)

    def path(self, kept: Kept) -> Path:
        """Where the bytes of *kept* are."""
        return self._path(kept.id)

    def list(self, page: Page, purpose: str | None = None) -> tuple[Sequence[Kept], bool]:
        """The files of a *page*, and whether there are more after them.  Raises RequestError, LocalError."""
        with self._storage.database() as database:
            self._expire(database)
            wanted = ("purpose = ?", [_writable(purpose)]) if purpose is not None else ("1", [])
            rows, more = page.of(database, "files", *wanted)
        return [_kept(row) for row in rows], more

    def delete(self, file: str) -> bool:
        """Remove a file; False if there was none.  Raises LocalError."""
        with self._storage.database() as database:
            gone = database.execute("DELETE FROM files WHERE id = ?", (_writable(file),)).rowcount > 0
        if gone:  # the id is one of ours: no path can hide in it
            self._path(file).unlink(missing_ok=True)
        return gone

    def _expire(self, database: sqlite3.Connection) -> None:
        now = int(self._clock.wall())
        rows = database.execute("DELETE FROM files WHERE expires <= ? RETURNING id", (now,)).fetchall()
        for row in rows:
            self._path(row["id"]).unlink(missing_ok=True)
        if not self._swept:
            self._swept = True
            self._sweep(database, now)

    def _sweep(self, database: sqlite3.Connection, now: int) -> None:
        """Remove what a killed server left: drafts, and bytes whose row was never written."""
        known = {row["id"] for row in database.execute("SELECT id FROM files")}
        for path in self._folder().iterdir():
            with contextlib.suppress(OSError):
                if path.stem not in known and now - path.stat().st_mtime > _FORGOTTEN:
                    path.unlink()

    def _folder(self) -> Path:
        folder = self._storage.folder / "files"
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise LocalError(f"cannot make {folder}: {error.strerror}: free the disk") from error
        return folder

    def _path(self, file: str) -> Path:
        return self._folder() / f"{file}.bin"


def no_room() -> RequestError:
    """The refusal of a file for which the server has no room."""
    return RequestError(
        "The server keeps as many files as it may: delete some (DELETE /v1/files/{id})",
        status=413,
        param="file",
        code="storage_full",
    )


def _kept(row: sqlite3.Row) -> Kept:
    return Kept(row["id"], row["name"], row["purpose"], row["bytes"], row["created"], row["expires"])


def _writable(text: str) -> str:
    """*text* without half surrogate pairs, which UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
