"""A real server as a process of this test run: started on a free port, stopped and forgotten at its end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.real.servers import keeper
from tests.real.servers.evennia import HOST, StartError, free_ports, tail, wait_until

START_SECONDS = 30.0
"""How long one start may take; these servers need less than a second on an idle machine."""
TRIES = 3
PATIENCE = "2"
"""Seconds to stop in peace."""

Command = Callable[[Path, int], list[str]]
"""Prepares the folder it is given for a port, and returns the command that serves there."""


class Program:
    """A server program on loopback.  Use it in ``with``, or call ``start`` and ``stop``."""

    def __init__(self, name: str, command: Command, variables: dict[str, str] | None = None) -> None:
        self.name = name
        self.host = HOST
        self.port = 0
        self.folder = Path()
        """Its own, removed with it even where this test run is killed."""
        self._command = command
        self._variables = {**os.environ, **(variables or {})}
        self._keeper: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<Program {self.name} {'running' if self.alive else 'stopped'} at {self.host}:{self.port}>"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        return self._keeper is not None and self._keeper.poll() is None

    @property
    def log(self) -> str:
        """The end of what it printed."""
        return tail(self._log)

    @property
    def _log(self) -> Path:
        # Not in the folder, which is gone as soon as the program has ended.
        return self.folder.with_suffix(".log")

    def start(self) -> None:
        """Return as soon as it greets who connects.  Raises StartError with the end of its log.

        A port can be taken between choosing and binding it, so a start that ended is tried again with another.
        """
        logs: list[str] = []
        try:
            while len(logs) < TRIES:
                self._launch()
                if wait_until(self._greets, START_SECONDS, alive=lambda: self.alive):
                    return
                logs.append(self.log)
                self.stop()
        except BaseException:
            self.stop()
            raise
        raise StartError(f"{self.name} did not come up.\n{logs[-1]}")

    def stop(self) -> None:
        """End it, wait until all of its processes are gone, and remove its folder."""
        if self._keeper is None:
            return
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(timeout=30)
        self._keeper = None
        self._log.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _launch(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"mudbot-{self.name}-"))
        self.port = free_ports(1)[0]
        parts = [{"argv": self._command(self.folder, self.port), "log": str(self._log)}]
        self._keeper = subprocess.Popen(
            [sys.executable, keeper.__file__, str(self.folder), json.dumps(parts), PATIENCE],
            cwd=self.folder,
            env=self._variables,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _greets(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1) as link:
            link.settimeout(3)
            return bool(link.recv(1))
        return False
