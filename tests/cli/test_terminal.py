"""The demo in a real terminal: a first screen, the inn, an answer, the way out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from mudbot.local.download import fetch
from mudbot.local.models import choose

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")


class Terminal:
    """A program in a terminal of 100 columns."""

    def __init__(self, *command: str) -> None:
        self._fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm"},
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""

    def expect(self, pattern: str, seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not re.search(pattern, self.shown):
            assert time.monotonic() < end, self.shown
            if select.select([self._fd], [], [], 0.2)[0]:
                try:
                    data = os.read(self._fd, 65536).decode("utf-8", "replace")
                except OSError:
                    data = ""
                assert data, self.shown
                if "\x1b[6n" in data:  # prompt_toolkit asks where the cursor is
                    os.write(self._fd, b"\x1b[1;1R")
                self.shown += _ESCAPES.sub("", data)

    def type(self, text: str) -> None:
        self.press(text + "\r")

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._fd)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    fetch(choose("smollm2"))
    shown = Terminal(sys.executable, "-m", "mudbot", "demo", "--model", "smollm2")
    yield shown
    shown.close()


def test_a_visit_to_the_inn(terminal: Terminal) -> None:
    """What this is and what to type; the room; the innkeeper's answer; quit ends it with 0."""
    terminal.expect("say Good evening!")
    terminal.expect("Drunken Crane Inn")
    terminal.expect("Here: Chen")
    terminal.type("say Good evening! What do you have to drink?")
    terminal.expect('Chen says, ".+"')
    terminal.type("quit")
    terminal.expect("Goodbye")
    assert terminal.process.wait(15) == 0
    assert "Traceback" not in terminal.shown


def test_ctrl_d_goes_home(terminal: Terminal) -> None:
    """The end of input ends the demo as well."""
    terminal.expect("Here: Chen")
    for _ in range(60):  # a key that is pressed before the prompt is there is nobody's
        terminal.press("\x04")
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert terminal.process.wait(0.5) == 0
            return
    pytest.fail(terminal.shown)
