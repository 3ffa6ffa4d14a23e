"""A contestant in a process of its own: it does what each line on its standard input says, and answers in JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.real.servers.packages import installed, pip_install

_ROOT = Path(__file__).parents[2]


def packages(name: str, *wanted: str) -> Path:
    """The folder *name* with the packages *wanted*, newest versions; made the first time, then kept.

    Raises UnavailableError where they cannot be installed.
    """

    def build(folder: Path) -> None:
        for one in wanted:
            pip_install(one, folder)

    return installed(name, " ".join(wanted), build)


class Child:
    """A program of this folder, with this project's packages, or with those of *folder* and no others."""

    def __init__(self, module: str, *arguments: str, folder: Path | None = None) -> None:
        path = os.pathsep.join(map(str, [_ROOT] if folder is None else [_ROOT, folder]))
        alone = [] if folder is None else ["-S"]  # without site-packages
        self._process = subprocess.Popen(
            [sys.executable, *alone, "-P", "-m", f"bench.rivals.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    def tell(self, line: str) -> None:
        """Have it begin."""
        self._stdin.write(line + "\n")
        self._stdin.flush()

    def hear(self) -> Any:
        """Its next answer.  Raises RuntimeError where it ended instead; what it died of stands on standard error."""
        if not (line := self._stdout.readline()):
            raise RuntimeError(f"{self._process.args!r} ended without an answer")
        return json.loads(line)

    def ask(self, line: str) -> Any:
        """Both."""
        self.tell(line)
        return self.hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It ends with its standard input."""
        self._stdin.close()
        self._process.wait()
        self._stdout.close()
