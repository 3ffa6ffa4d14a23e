"""``mudbot run`` in a process of its own, its log read as it comes."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

CONFIG = """\
api: {{base_url: "{api}"{key}}}
sessions:
  - host: tavern
    login: {{name: Chen, password: "${{MUD_SECRET}}"}}
plugins: {{dialogue: null, basics: null}}
store: {store}
web: {{port: 0}}
"""


class Daemon:
    """A running ``mudbot run``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.log += line.decode()
            self._news.set()
        self._news.set()

    async def expect(self, pattern: str) -> None:
        async with asyncio.timeout(30):
            while not re.search(pattern, self.log):
                assert not self._reading.done(), self.log
                self._news.clear()
                await self._news.wait()

    async def ended(self) -> int:
        status = await asyncio.wait_for(self.process.wait(), 15)
        await self._reading
        return status


Start = Callable[..., Awaitable[Daemon]]


@asynccontextmanager
async def daemons(folder: Path) -> AsyncIterator[Start]:
    """Start daemons in *folder* with extra options; those that still run in the end are killed."""
    begun: list[Daemon] = []

    async def run(
        *options: str, api: str = "embedded", key: str = "", environ: Mapping[str, str] = MappingProxyType({})
    ) -> Daemon:
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(api=api, key=key, store=folder / "data"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mudbot", "run", "-c", str(config), *options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={
                **os.environ,
                "MUD_SECRET": "canary-of-the-mud",
                "MUDBOT_MODELS": str(folder / "no-models"),
                "XDG_STATE_HOME": str(folder / "state"),
                **environ,
            },
        )
        begun.append(Daemon(process))
        return begun[-1]

    try:
        yield run
    finally:
        for daemon in begun:
            if daemon.process.returncode is None:
                daemon.process.kill()
            await daemon.ended()
