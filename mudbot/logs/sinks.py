"""Where entries go: standard error, systemd's journal, a file that does not grow for ever."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

JOURNAL = "/run/systemd/journal/socket"
"""Where the journal listens, by https://systemd.io/JOURNAL_NATIVE_PROTOCOL/."""
AGAIN = 60.0
"""Seconds between two warnings that entries cannot be kept."""

log = logging.getLogger(__name__)


class Careful(logging.Handler):
    """Never shows an entry that it cannot write: the standard library prints it as it is, with what is masked."""

    def __init__(self) -> None:
        super().__init__()
        self._told = -AGAIN

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in the standard library
        """Say, once in a while and where else entries go, that this one is lost."""
        error = sys.exc_info()[1]
        now = time.monotonic()
        if now - self._told < AGAIN:
            return
        self._told = now
        why = error.strerror or error if isinstance(error, OSError) else type(error).__name__
        log.warning("entries are lost, %s takes none: %s (one is from %s)", self.where, why, record.name)

    @property
    def where(self) -> str:
        """What it writes to, for people."""
        return "standard error"


class Stderr(Careful, logging.StreamHandler[TextIO]):
    """Standard error, or what a test has in its place."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream


class Journal(Careful):
    """systemd's journal, by its own protocol: a datagram of fields an entry, which its formatter makes."""

    def __init__(self, link: socket.socket) -> None:
        super().__init__()
        self._link = link

    @classmethod
    def open(cls) -> Journal | None:
        """Connected; None where nothing listens, which is so in a service without the host's sockets."""
        if not hasattr(socket, "AF_UNIX"):
            return None
        link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            link.connect(JOURNAL)
        except OSError:
            link.close()
            return None
        return cls(link)

    @property
    def where(self) -> str:
        return "the journal"

    def emit(self, record: logging.LogRecord) -> None:
        """Send it."""
        try:
            data = self.format(record).encode("utf-8", "surrogateescape")
            try:
                self._link.send(data)
            except ConnectionError:  # journald was restarted
                self._link.connect(JOURNAL)
                self._link.send(data)
        except Exception:  # noqa: BLE001 - whatever it is, the bot goes on
            self.handleError(record)

    def close(self) -> None:
        """Send no more."""
        self._link.close()
        super().close()


def journal_reads_stderr() -> bool:
    """Whether what is written to standard error goes into systemd's journal.

    ``JOURNAL_STREAM`` names the device and the inode of that stream; who sends standard error elsewhere inherits the
    variable all the same (systemd.exec(5)).
    """
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        about = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # no file at all
        return False
    return (device, inode) == (str(about.st_dev), str(about.st_ino))


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file for entries, and how much may be kept."""

    path: Path
    size: int = 10_000_000
    """Bytes of a file; then a new one is begun."""
    keep: int = 5
    """Full files beside it, ``mudbot.log.1`` being the newest."""


class BoundedFile(Careful):
    """*file*, begun anew when it is full.  Others may not read it.  What cannot be written now is tried with the next
    entry: a full disk, or a folder that is not there yet.
    """

    def __init__(self, file: LogFile) -> None:
        super().__init__()
        self._file = file
        self._open: int | None = None
        self._bytes = 0
        self._torn = False
        """Whether the last entry was cut off."""

    def __repr__(self) -> str:
        return f"<BoundedFile {self._file.path}, {self._bytes} of {self._file.size} bytes>"

    @property
    def where(self) -> str:
        return str(self._file.path)

    def emit(self, record: logging.LogRecord) -> None:
        """Write it; without a buffer, so that a process that is killed loses nothing."""
        try:
            data = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
            self._write(data)
        except Exception:  # noqa: BLE001 - whatever it is, the bot goes on
            self.handleError(record)

    def _write(self, data: bytes) -> None:
        try:
            if self._open is None:
                self._begin()
            if self._bytes and self._bytes + len(data) > self._file.size:
                self._rotate()
            assert self._open is not None
            data = b"\n" + data if self._torn else data
            written = os.write(self._open, data)
            self._bytes += written
            self._torn = written < len(data)
        except OSError:
            self._let_go()
            raise

    def _begin(self) -> None:
        path = self._file.path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._bytes = os.fstat(self._open).st_size

    def _rotate(self) -> None:
        self._let_go()
        path, keep = self._file.path, self._file.keep
        for number in range(keep, 0, -1):
            older = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
            with contextlib.suppress(FileNotFoundError):
                older.replace(path.with_name(f"{path.name}.{number}"))
        if not keep:
            path.unlink(missing_ok=True)
        self._torn = False
        self._begin()

    def _let_go(self) -> None:
        if self._open is not None:
            os.close(self._open)
            self._open = None

    def close(self) -> None:
        """Write no more."""
        self._let_go()
        super().close()
