"""One bot for a folder, and one for a character: two would throw each other out of the game, and spend twice.

Who runs holds a lock on a file there.  It is the kernel's and ends with the process, however that ends, so nothing
stale is ever left behind; the file itself stays, as removing it would let two processes hold two files of one name.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mudbot.errors import StoreError

if TYPE_CHECKING:
    from mudbot.config import Config, SessionConfig

if sys.platform != "win32":  # nothing guards there
    import fcntl

FILE = "mudbot.lock"
PATIENCE = 0.1
"""Seconds in which the lock is tried for: whoever asks ``holder`` has it for a moment."""
_AGAIN = 0.02


class Lock:
    """The lock on *folder*, or on what else the file *name* in it stands for."""

    def __init__(self, folder: Path, name: str = FILE) -> None:
        self.folder = folder
        self.path = folder / name
        self._file: int | None = None

    def __repr__(self) -> str:
        return f"<Lock on {self.path}, {'free or of another' if self._file is None else 'held'}>"

    def take(self) -> bool:
        """Hold it until ``release`` or the process's end; False where another one does.

        Raises StoreError where the folder or the file in it cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Not inherited: the language model's process may outlive a bot that is killed.
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise StoreError(f"{self.path}: {exc.strerror}; is the folder writable?") from exc
        try:
            held = _locked(file)
        except OSError as exc:
            os.close(file)
            why = f"{exc.strerror}: put the store on a file system that knows locks (some network ones do not)"
            raise StoreError(f"{self.path} cannot be locked, {why}") from exc
        if not held:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return True

    def release(self) -> None:
        """Hold it no more; nothing happens if it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def holder(folder: Path, name: str = FILE) -> int | None:
    """The process that holds the lock on *folder*, 0 where only that it is held is known; None where nobody does.

    A folder that cannot be read is nobody's.
    """
    try:
        file = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if sys.platform == "win32":
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            words = os.pread(file, 32, 0).split()
            return int(words[0]) if words and words[0].isdigit() else 0
        except OSError:  # a file system that knows no locks: nobody holds one
            return None
        return None
    finally:
        os.close(file)


def of_characters(config: Config) -> Iterator[tuple[SessionConfig, Lock]]:
    """The lock on each character that logs in somewhere, whatever the store: a MUD lets nobody be there twice.

    Among the bots of one user, in that user's folder for states.  Worlds of the bot's own have nobody else in them.
    """
    from platformdirs import user_state_path

    folder = user_state_path("mudbot", appauthor=False) / "characters"
    found: dict[str, SessionConfig] = {}
    for session in config.sessions:
        if not session.embedded and session.login is not None:
            who = f"{session.login.name} {session.host} {session.port}".casefold()
            found.setdefault(hashlib.sha256(who.encode()).hexdigest()[:32], session)
    for name, session in found.items():
        yield session, Lock(folder, f"{name}.lock")


def _locked(file: int) -> bool:
    """Whether *file* is locked now, by us.  Raises OSError where files cannot be locked."""
    if sys.platform == "win32":
        return True
    end = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(_AGAIN)
        else:
            return True
