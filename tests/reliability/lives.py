"""A bot that is killed and begins anew, again and again: every life is a process of its own, and none is told to end.

What takes most of a start is loading modules; ``python -m tests.reliability.lives CONFIG`` does that once, and forks.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]


# -- the processes -----------------------------------------------------------------------------------------------------


def nursery(path: Path) -> None:
    """For each line on standard input: fork a bot, and print its process id."""
    import sqlalchemy.dialects.sqlite.pysqlite  # noqa: F401

    import mudbot.api.client
    import mudbot.store.kept
    import mudbot.web.site  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    for _ in sys.stdin:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            live(path)
        print(pid, flush=True)  # noqa: T201 - it is what is asked for


def live(path: Path) -> None:
    """Run the bot of the configuration at *path*, until the end."""
    from mudbot.app import App
    from mudbot.config import load

    read = partial(load, path, environ={})
    asyncio.run(App(read(), reread=read).run())
    os._exit(0)


# -- the test's side ---------------------------------------------------------------------------------------------------


class Lives:
    """Starts bots, and kills them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = 0

    async def begin(self) -> None:
        """Another life."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self.pid = int(await self._process.stdout.readline())

    def kill(self) -> None:
        """Without a word: kill -9."""
        os.kill(self.pid, signal.SIGKILL)
        self.pid = 0

    async def close(self) -> None:
        """No more of them."""
        if self.pid:
            self.kill()
        self._process.kill()
        await self._process.communicate()


@asynccontextmanager
async def lives(config: Path, log: Path) -> AsyncIterator[Lives]:
    """Lives of the bot that *config* describes; what they log is added to *log*."""
    with log.open("ab") as told:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.reliability.lives", str(config)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=told,
        )
        them = Lives(process)
        try:
            yield them
        finally:
            await them.close()


if __name__ == "__main__":
    nursery(Path(sys.argv[1]))
