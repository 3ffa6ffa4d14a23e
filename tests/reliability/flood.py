"""A MUD in a process of its own that says as many lines as are read, with tells among them that want an answer.

``python -m tests.reliability.flood LINES TELLS LINKS SECONDS`` prints its port; then, for each link, JSON of what came
of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.app_plugins_stage import Stage

BLOCK = 500
PATIENCE = 25.0
"""Seconds after the last line in which the last answers come."""
_ROOT = Path(__file__).parents[2]


def serve(lines: int, tells: int, links: int, least: int) -> None:
    """Take so many *links*, one after the other, and flood each with *lines*, of which *tells* are tells.

    Each lasts *least* seconds at least.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)  # noqa: T201 - it is what is asked for
    for first in range(0, links * tells, tells):
        link, _ = listener.accept()
        answers, began = Answers(link), time.monotonic()
        with contextlib.suppress(OSError):
            for block in blocks(lines, tells, first):
                link.sendall(block)
        said = time.monotonic() - began
        answers.wait(tells)
        time.sleep(max(0.0, began + least - time.monotonic()))
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_WR)  # what is on its way arrives
        answers.join()
        link.close()
        once = sum(answers.count[str(number)] == 1 for number in range(first, first + tells))
        told = {"answered": once, "replies": answers.count.total(), "seconds": said}
        print(json.dumps(told), flush=True)  # noqa: T201
    listener.close()
    threading.Event().wait()  # until it is killed


def blocks(lines: int, tells: int, first: int) -> list[bytes]:
    """The text, with tells from number *first* on spread evenly in it."""
    rows = [f"\x1b[36m{n:06}\x1b[0m 一个脚夫挑着担子走了过来，又走了过去。" for n in range(lines - tells)]
    for tell in range(tells - 1, -1, -1):
        rows.insert((lines - tells) * tell // tells, f"\x1b[1;32m巫师(wiz)告诉你：{first + tell}\x1b[0m")
    return ["".join(f"{row}\r\n" for row in rows[at : at + BLOCK]).encode() for at in range(0, len(rows), BLOCK)]


class Answers:
    """What is typed on a link, read by a thread."""

    def __init__(self, link: socket.socket) -> None:
        self.count: Counter[str] = Counter()
        self._news = threading.Condition()
        self._link = link
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._link.makefile("rb") as typed:
            for row in typed:
                if b"answer" in row:
                    with self._news:
                        self.count[row.split()[-1].decode()] += 1
                        self._news.notify()

    def join(self) -> None:
        """Until the other end has read all, and hung up."""
        self._reading.join(PATIENCE)

    def wait(self, tells: int) -> None:
        """Until every tell was answered, or nobody would wait any longer."""
        with self._news:
            self._news.wait_for(lambda: self.count.total() >= tells, PATIENCE)


class _Nobody:
    """In place of a link that this process has not."""

    def close(self) -> None: ...


_NOBODY = _Nobody()


class Flood:
    """That process, for a test."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process, self.port = process, port

    def lead_to(self, stage: Stage) -> None:
        """Have the bot of *stage* connect to this one."""

        async def port() -> int:
            return self.port

        stage.mud.open = port  # type: ignore[method-assign]
        stage.mud.writer = _NOBODY  # type: ignore[assignment]

    async def visit(self) -> dict[str, Any]:
        """What came of the next link that ended."""
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return told


@asynccontextmanager
async def flooding(lines: int, tells: int, links: int = 1, least: int = 0) -> AsyncIterator[Flood]:
    """A MUD that floods each of so many *links* with *lines*, of which *tells* are tells, *least* seconds or longer."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.reliability.flood", *map(str, (lines, tells, links, least))),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield Flood(process, int(await process.stdout.readline()))
    finally:
        process.kill()
        await process.communicate()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
