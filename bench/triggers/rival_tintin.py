"""TinTin++ with an ``#action`` for each trigger, without a screen: what it shows goes nowhere."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from bench.triggers.corpus import Regexes
from bench.triggers.worker import Done

# Debian keeps it where only players look.
PROGRAM = shutil.which("tt++") or shutil.which("tt++", path="/usr/games")
_CLASS = re.compile(r"\[(\^?)([^\]]+)\]")
_START = r"""#config {charset} {UTF-8}
#variable {fired} {0}
ACTIONS
#event {SESSION DISCONNECTED} {#line log {DONE} {$fired}; #end}
#session {bench} {127.0.0.1} {PORT}
"""


def install() -> bool:
    """Whether it is there; Debian's package is installed where that can be done."""
    global PROGRAM  # noqa: PLW0603  # found once
    if PROGRAM is None and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            command = ["apt-get", "install", "-y", "-qq", "tintin++"]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            PROGRAM = shutil.which("tt++", path="/usr/games")
    if PROGRAM is None:
        print("TinTin++: skipped, there is no tt++ (apt-get install tintin++)")
    return PROGRAM is not None


def actions(regexes: Regexes) -> str:
    """Triggers as it knows them: PCRE within braces reads what Python's ``re`` reads, as far as the first set goes.

    But it reads bytes, so a class with letters beyond ASCII in it has to be an alternation.
    """
    return "\n".join(
        f"#action {{{{{'(?i)' if flags & re.IGNORECASE else ''}{_CLASS.sub(_alternatives, pattern)}}}}} "
        "{#math {fired} {$fired + 1}}"
        for pattern, flags in regexes
    )


def _alternatives(found: re.Match[str]) -> str:
    negated, members = found[1], found[2]
    if members.isascii():
        return found[0]
    choice = "|".join(members)
    return f"(?:(?!{choice}).)" if negated else f"(?:{choice})"


class TinTin:
    """One set of triggers; a process for each reading, as it ends with its session."""

    def __init__(self, regexes: Regexes, folder: Path) -> None:
        self._folder, self._actions = folder, actions(regexes)
        self._process: subprocess.Popen[bytes] | None = None
        self._terminal = -1

    def ready(self) -> None:
        """Nothing can be prepared: it ends with its session."""

    def start(self, port: int) -> None:
        """Let it read its actions and connect."""
        assert PROGRAM is not None
        done, script = self._folder / "tintin.done", self._folder / "tintin.tin"
        done.unlink(missing_ok=True)
        text = _START.replace("ACTIONS", self._actions).replace("PORT", str(port)).replace("DONE", str(done))
        script.write_text(text, encoding="utf-8")
        self._terminal, keyboard = os.openpty()
        self._process = subprocess.Popen(
            [PROGRAM, "-G", "-r", str(script)],
            cwd=self._folder,
            stdin=keyboard,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(self._folder), "TERM": "xterm", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(keyboard)

    def done(self) -> Done:
        """How that ended; waits until it has."""
        assert self._process is not None
        try:
            self._process.wait(120)
            ended = time.monotonic()
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._terminal)
        return Done(ended, int((self._folder / "tintin.done").read_text()))
