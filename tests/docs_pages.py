"""Pages of the documentation as what can be run: blocks of code, and what stands above each."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import mudbot

ROOT = Path(mudbot.__file__).parents[1]
DOCS = ROOT / "docs" / "plugins"
WITHIN = 15.0
"""Seconds for something that the page says to appear."""

_BLOCK = re.compile(r"^(?:<!-- (?P<note>[^\n]*?) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{2,4} (.+)$", re.MULTILINE)
_TYPED = re.compile(
    r"(?P<prompt>By what name are you known\? |Password: |请问阁下尊姓大名？|请输入密码：|> )(?P<typed>\S.*)"
)
_ANY = re.compile(
    r"^\d\d:\d\d:\d\d |(?<=127\.0\.0\.1:)4000|^=+ (?=\d+ (?:passed|failed))|(?<= in )\d+\.\d+(?=s)|(?<=s) =+$"
)
"""What differs from run to run: a time, the port, the rules and the duration of pytest."""
_NOISE = re.compile(rb"\xff[\xfb-\xfe].|\xff\xfa.*?\xff\xf0|\xff.", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    kind: str
    text: str
    heading: str
    """That it stands under."""
    line: int
    note: str = ""
    """What is said of it in a comment right above, which readers do not see."""


def blocks(page: str) -> list[Block]:
    """All blocks of a page, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(text)]
    return [
        Block(
            found["kind"],
            found["text"],
            next((name for at, name in reversed(headings) if at < found.start()), ""),
            text.count("\n", 0, found.start()) + 1,
            found["note"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def form(line: str, folder: Path) -> re.Pattern[str]:
    """What a line on the page stands for: times, durations, the port and the author's folder are any."""
    parts = re.split(_ANY, line.rstrip().replace("/home/ann/bot", str(folder)))
    return re.compile(r"[\d.:= ]+".join(map(re.escape, parts)))


def compare(page: str, printed: str, folder: Path) -> None:
    """Raise AssertionError where *printed* is not what the page says; ``...`` there stands for any lines."""
    lines = [line.rstrip() for line in printed.splitlines()]
    at, loose = 0, False
    for wanted in page.splitlines():
        if wanted == "...":
            loose = True
            continue
        pattern = form(wanted, folder)
        if loose:
            at = next((n for n in range(at, len(lines)) if pattern.fullmatch(lines[n])), len(lines))
        found = lines[at] if at < len(lines) else "(nothing more)"
        assert pattern.fullmatch(found), f"the page says\n  {wanted}\nand it is\n  {found}\nin\n{printed}"
        at, loose = at + 1, False
    rest = [line for line in lines[at:] if line]
    assert loose or not rest, f"the page leaves out: {rest}"


def until(done: Callable[[], bool], what: str, told: Callable[[], str]) -> None:
    """Return when *done*.  Raises AssertionError with what was *told* instead."""
    end = time.monotonic() + WITHIN
    while not done():
        assert time.monotonic() < end, f"there was no {what!r} in:\n{told()}"
        time.sleep(0.02)


@dataclass
class Reader:
    """Somebody who does what a tutorial says, in a folder of their own."""

    folder: Path
    daemon: subprocess.Popen[bytes] | None = None
    player: socket.socket | None = None
    read: str = ""
    """What the player read and the page did not come to yet."""
    logged: int = 0
    """Lines of the log that the page came to."""
    environ: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        tools = self.folder.parent / f"{self.folder.name}-tools"
        tools.mkdir()
        command = tools / "mudbot"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mudbot "$@"\n')
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV", "MUDBOT"))}
        self.environ = kept | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
            "PYTEST_ADDOPTS": "-p no:hypothesispytest -p no:timeout -p no:anyio",
            "MUDBOT_WEB__PORT": "0",  # whatever else runs on this machine
            "MUDBOT_API__BASE_URL": "http://127.0.0.1:9/v1",  # no model is asked, so none is loaded
            "MUDBOT_API__MODELS__DIALOGUE": "none",
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.player is not None:
            self.player.close()
        if self.daemon is not None:
            self.daemon.send_signal(signal.SIGTERM)
            assert self.daemon.wait(timeout=WITHIN) == 0

    # -- what a page asks for --------------------------------------------------------------------------------------

    def do(self, block: Block) -> None:
        """Do what a block says, and see that what it shows is so."""
        word, _, rest = block.note.partition(": ")
        match word, block.kind:
            case "file", _:
                self._save(rest, block.text)
            case "is", _:
                assert (self.folder / rest).read_text(encoding="utf-8") == block.text
            case "change", _:
                self._change(*rest.partition(": ")[::2], block.text)
            case "telnet", _:
                self._play(block.text)
            case "skip", _:
                pass
            case "log", _:
                self._find_in_log(block.text)
            case _, "console":
                for command, printed in commands(block.text):
                    self._run(command, printed)
            case _:
                raise AssertionError(f"line {block.line}: nobody does this: {block.note or block.kind}")

    def _save(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _change(self, name: str, begins: str, text: str) -> None:
        """Put *text* in place of the line that begins with *begins*, or of the last one."""
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        at = next(n for n, line in enumerate(lines) if line.strip().startswith(begins)) if begins else -1
        lines[at] = text
        self._save(name, "".join(lines))

    def _run(self, command: str, printed: str) -> None:
        if command.startswith("mudbot run"):
            self._start(command)
            self._find_in_log(printed)
            return
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        compare(printed, done.stdout, self.folder)

    # -- the bot and its player ------------------------------------------------------------------------------------

    @property
    def log(self) -> str:
        """What the bot logged so far."""
        return (self.folder / "log.txt").read_text(encoding="utf-8")

    def _start(self, command: str) -> None:
        with (self.folder / "log.txt").open("wb") as log:
            self.daemon = subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environ | {"MUDBOT_SESSIONS__0__PORT": "0", "COLUMNS": "1000"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _find_in_log(self, page: str) -> None:
        for wanted in page.splitlines():
            if wanted != "...":
                self._find_line(form(wanted, self.folder), wanted)

    def _find_line(self, pattern: re.Pattern[str], wanted: str) -> None:
        def came() -> bool:
            lines = self.log.splitlines()
            at = next((n for n in range(self.logged, len(lines)) if pattern.fullmatch(lines[n].rstrip())), None)
            if at is not None:
                self.logged = at + 1
            return at is not None

        until(came, wanted, lambda: self.log)

    def _play(self, page: str) -> None:
        """Type what stands behind a prompt, and read the rest."""
        if self.player is None:
            found = re.search(r"127\.0\.0\.1:(\d+)", self.log[self.log.index("the tavern is open") :])
            assert found
            self.player = socket.create_connection(("127.0.0.1", int(found[1])))
            self.player.settimeout(0.05)
        for line in page.splitlines():
            typed = _TYPED.fullmatch(line)
            if typed:
                if typed["prompt"] != "> ":
                    self._reads(typed["prompt"].strip())
                self.player.sendall(f"{typed['typed']}\r\n".encode())
            elif line != "...":
                self._reads(line)

    def _reads(self, text: str) -> None:
        def came() -> bool:
            assert self.player is not None
            if text not in self.read:
                with contextlib.suppress(TimeoutError):
                    self.read += _NOISE.sub(b"", self.player.recv(65536)).decode(errors="replace")
            _, found, behind = self.read.partition(text)
            self.read = behind if found else self.read
            return bool(found)

        until(came, text, lambda: self.read)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed
