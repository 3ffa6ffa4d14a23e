"""What reads lines and calls handlers: each in a process of its own that prepares once and is then timed.

``python -m bench.triggers.worker KIND SET`` takes the triggers of a file, says that it is ready, and for each port
on standard input says when it had read all there was, and how often a handler was called.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from bench.triggers.corpus import Regexes
from bench.triggers.serve import ROOT

_ANSI = re.compile(r"\x1b\[[0-9;]*[a-zA-Z]")


class Done(NamedTuple):
    """How a reading ended."""

    at: float
    """When, by ``time.monotonic``."""
    fired: int
    """Calls of handlers."""


class Reader(Protocol):
    """Reads what a port sends, to the end."""

    async def read(self, port: int) -> Done:
        """Read it."""


class _Counter:
    """A handler that counts its calls."""

    def __init__(self) -> None:
        self.fired = 0

    def __call__(self, _found: re.Match[str]) -> None:
        self.fired += 1


class _Link(asyncio.Protocol):
    """The barest protocol: hands on what comes."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.data_received = take  # type: ignore[assignment, method-assign]  # one call less for each read
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        self.over.set_result(None)


async def _read_bare(port: int, take: Callable[[bytes], None]) -> float:
    loop = asyncio.get_running_loop()
    _, link = await loop.create_connection(lambda: _Link(take), "127.0.0.1", port)
    await link.over
    return time.monotonic()


class Naive:
    """The loop that everybody writes first, as good as it gets: compiled once, nothing in it that need not be."""

    def __init__(self, regexes: Regexes, _folder: Path) -> None:
        self.handler = _Counter()
        self.triggers = [(re.compile(pattern, flags).search, self.handler) for pattern, flags in regexes]

    async def read(self, port: int) -> Done:
        """Line by line: decode, strip, search for each."""
        triggers, rest = self.triggers, b""

        def take(data: bytes) -> None:
            nonlocal rest
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                text = line.decode("utf-8", "replace").rstrip("\r")
                if "\x1b" in text:
                    text = _ANSI.sub("", text)
                for search, handler in triggers:
                    if found := search(text):
                        handler(found)

        self.handler.fired = 0
        return Done(await _read_bare(port, take), self.handler.fired)


class Bare:
    """Ours, from the bytes of a socket through TextStream and the engine to handlers."""

    backend: Any = "auto"

    def __init__(self, regexes: Regexes, folder: Path) -> None:
        from mudbot.triggers.engine import Engine
        from mudbot.triggers.trigger import Pattern, Trigger

        self.handler = _Counter()
        self.engine: Engine[_Counter] = Engine(backend=self.backend, cache=folder / "sieves")
        for number, (pattern, flags) in enumerate(regexes):
            self.engine.add(Trigger(patterns=(Pattern(pattern, flags=flags),), name=f"t{number}"), self.handler)
        self.engine.prepare()

    async def read(self, port: int) -> Done:
        """Read by read."""
        from mudbot.mud.text import TextStream

        stream, engine = TextStream(), self.engine

        def fire(firing: Any) -> None:
            firing.entry.data(firing.found)

        def take(data: bytes) -> None:
            if lines := stream.feed(data):
                engine.feed(lines, fire)

        self.handler.fired = 0
        return Done(await _read_bare(port, take), self.handler.fired)


class Plain(Bare):
    """Ours without hyperscan."""

    backend = "plain"


Make = Callable[[Regexes, Path], Reader]
"""Prepares a reader for triggers; the folder is for what it keeps."""
READERS: dict[str, Make] = {"ours": Bare, "ours, plain": Plain, "naive": Naive}


# -- the process -------------------------------------------------------------------------------------------------------


class Worker:
    """A reader in its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._told, self._said = process.stdin, process.stdout

    def ready(self) -> None:
        """Wait until it is prepared."""
        self._answer()

    def start(self, port: int) -> None:
        """Let it read what *port* sends."""
        self._told.write(f"{port}\n")
        self._told.flush()

    def done(self) -> Done:
        """How that ended; waits until it has."""
        return Done(*self._answer())

    def _answer(self) -> Any:
        answer = self._said.readline()
        if not answer:
            raise RuntimeError("a reader of the benchmark died: what it wrote stands above")
        return json.loads(answer)


@contextlib.contextmanager
def worker(command: Sequence[str]) -> Iterator[Worker]:
    """The process of a reader, until the end of the block."""
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Worker(process)
        finally:
            process.terminate()


def work(make: Make) -> None:
    """Prepare, then read what standard input says; of whatever kind the reader is."""

    file = Path(sys.argv[-1])
    regexes = json.loads(file.read_text(encoding="utf-8"))

    async def run() -> None:
        loop = asyncio.get_running_loop()
        reader = make(regexes, file.parent)
        gc.collect()
        print(json.dumps("ready"), flush=True)
        while port := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await reader.read(int(port))), flush=True)

    asyncio.run(run())


if __name__ == "__main__":
    work(READERS[sys.argv[1]])
