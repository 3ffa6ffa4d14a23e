"""The data folder: one small SQLite file for what is known, and plain files for what was sent."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sqlite3
import string
import tempfile
from collections.abc import Generator
from pathlib import Path

from mudbot.errors import LocalError

_ALPHABET = string.ascii_letters + string.digits
_PATIENCE = 10.0
"""Seconds to wait for another process (`mudbot api --embedded` beside `mudbot serve`) that writes the same file."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, purpose TEXT NOT NULL,
    bytes INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER);
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, legacy INTEGER NOT NULL, status TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, finished INTEGER, asked TEXT NOT NULL, error TEXT);
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, job TEXT NOT NULL, created INTEGER NOT NULL,
    level TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_of_job ON events (job, seq);
"""


class Storage:
    """A folder that outlives the server, or with None a temporary one that does not.

    Everything blocks: call it from a worker thread.  Several processes may share a folder.
    """

    def __init__(self, folder: Path | None) -> None:
        self._given, self._made = folder, None if folder is None else folder
        self._ready = False

    def __repr__(self) -> str:
        return f"<Storage {self._given or 'temporary'}>"

    @property
    def folder(self) -> Path:
        """Where it is.  Raises LocalError if it cannot be made."""
        with _explained(self._given):
            if self._made is None:
                self._made = Path(tempfile.mkdtemp(prefix="mudbot-"))
            self._made.mkdir(parents=True, exist_ok=True)
            return self._made

    @contextlib.contextmanager
    def database(self) -> Generator[sqlite3.Connection, None, None]:
        """A transaction: kept whole if the block ends well, else not at all.  Raises LocalError."""
        folder = self.folder
        # A connection for each use: worker threads come and go, and opening one costs a tenth of a millisecond.
        with _explained(folder), contextlib.closing(sqlite3.connect(folder / "server.sqlite3", _PATIENCE)) as opened:
            opened.row_factory = sqlite3.Row
            if not self._ready:
                opened.executescript(_SCHEMA)
                self._ready = True
            with opened:
                yield opened

    def close(self) -> None:
        """Remove the folder if it was temporary."""
        if self._given is None and self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)
            self._made, self._ready = None, False


@contextlib.contextmanager
def _explained(folder: Path | None) -> Generator[None, None, None]:
    where = folder or tempfile.gettempdir()
    try:
        yield
    except OSError as error:
        raise LocalError(
            f"cannot write to {where}: {error.strerror}: free the disk, or choose another folder"
        ) from error
    except sqlite3.Error as error:
        raise LocalError(
            f"cannot use {where}/server.sqlite3: {error}: free the disk, or move the file away if it is damaged"
        ) from error


def new_id(prefix: str) -> str:
    """An unguessable id in OpenAI's manner: ``file-``, ``ft-`` ... and 24 letters and digits (142 bits)."""
    return f"{prefix}{''.join(secrets.choice(_ALPHABET) for _ in range(24))}"
