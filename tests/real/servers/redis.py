"""A real redis-server on loopback, that keeps its port when it is killed and started again, and keeps no file.

Debian's package; where it is not installed it is unpacked beside the other servers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import time
from pathlib import Path

from tests.real.servers.evennia import HOST, StartError, wait_until
from tests.real.servers.packages import apt_unpack, installed
from tests.real.servers.program import START_SECONDS, TRIES, Program

PACKAGES = ("redis-server", "redis-tools", "liblzf1", "libjemalloc2", "libatomic1")
PROGRAM = "redis-server"
_QUIET = ("--bind", HOST, "--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning")


class Redis(Program):
    """Use it in ``with``, or call ``start`` and ``stop``.  *options* are redis-server's (``--requirepass secret``)."""

    def __init__(self, *options: str) -> None:
        binary, libraries = found()
        self._options = options
        self._kept = 0
        variables = {"LD_LIBRARY_PATH": libraries} if libraries else {}
        super().__init__("redis", lambda folder, port: self._argv(binary, folder, port), variables)

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"redis://{self.host}:{self.port}/0"

    @property
    def pid(self) -> int:
        """Its process.  Raises StartError if it does not run."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / "redis.pid").read_text())
        raise StartError(f"{self.name} does not run")

    def kill(self) -> None:
        """SIGKILL: all that it kept is lost.  ``start`` starts it again, at the same port."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def pause(self) -> None:
        """SIGSTOP: it takes connections still, because the kernel does, and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def ask(self, *words: str) -> str:
        """The first line of its answer to a command; for the text of a bulk reply, that text."""
        with socket.create_connection((self.host, self.port), timeout=3) as link, link.makefile("rwb") as file:
            parts = [word.encode() for word in words]
            file.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))
            file.flush()
            head = file.readline().decode().rstrip()
            return file.read(int(head[1:])).decode() if head.startswith("$") and head != "$-1" else head

    def now(self) -> int:
        """Microseconds since 1970 by its clock."""
        return int(self.ask("EVAL", "local t = redis.call('TIME') return t[1] .. string.format('%06d', t[2])", "0"))

    def start(self) -> None:
        """Return as soon as it answers.  Raises StartError."""
        if not self._kept:
            super().start()
            self._kept = self.port
            return
        for _ in range(TRIES):
            self._launch()
            if wait_until(self._greets, START_SECONDS, alive=lambda: self.alive):
                return
            self.stop()
            time.sleep(0.2)
        raise StartError(f"{self.name} did not come up again at port {self._kept}")

    def stop(self) -> None:
        """End it, also while it is paused."""
        with contextlib.suppress(StartError, ProcessLookupError):
            self.resume()
        super().stop()

    def _argv(self, binary: str, folder: Path, port: int) -> list[str]:
        pid = str(folder / "redis.pid")
        return [
            binary,
            "--port",
            str(self._kept or port),
            "--dir",
            str(folder),
            "--pidfile",
            pid,
            *_QUIET,
            *self._options,
        ]

    def _launch(self) -> None:
        super()._launch()
        self.port = self._kept or self.port

    def _greets(self) -> bool:
        with contextlib.suppress(OSError):
            return self.ask("PING") != ""  # an error is an answer as well: -NOAUTH
        return False


def found() -> tuple[str, str]:
    """The program and where its libraries are.  Raises UnavailableError where it can be neither found nor installed."""
    if binary := shutil.which(PROGRAM):
        return binary, os.environ.get("LD_LIBRARY_PATH", "")
    folder = installed("redis", " ".join(PACKAGES), lambda folder: apt_unpack(PACKAGES, folder / "root")) / "root"
    libraries = next(folder.glob("usr/lib/*/liblzf.so.1")).parent
    return str(folder / "usr" / "bin" / PROGRAM), str(libraries)
