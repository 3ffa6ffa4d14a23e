"""The whole bot on a loopback link to a MUD that says what the test says, with plugins of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from mudbot.app import App
from mudbot.config import load

DIALECT = "extends: nt7\nlogin: {steps: [], success: null, settle: 0.0}\n"
PLUGIN = "from mudbot import *\n"


class Mud:
    """A MUD in which everybody is at once; it counts links and writes down what is typed."""

    def __init__(self) -> None:
        self.links = 0
        self.typed: list[str] = []
        self.writer: asyncio.StreamWriter | None = None

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        self._server.close()
        if self.writer is not None:
            self.writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links += 1
        self.writer = writer
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self.typed.append(line.decode("utf-8", "replace").strip())
        writer.close()

    def say(self, *lines: str) -> None:
        assert self.writer is not None
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    def order(self, command: str, owner: str = "wiz") -> None:
        """An owner tells the character *command*, in the colour of tells."""
        self.say(f"\x1b[1;32m巫师({owner})告诉你：{command}\x1b[0m")


class Stage:
    """A bot in *folder*, with sessions that all lead to one MUD each."""

    def __init__(self, folder: Path, *, sessions: int = 1) -> None:
        self.folder, self._count = folder, sessions
        self.muds = [Mud() for _ in range(sessions)]
        self.plugins: dict[str, str] = {}
        self.more = ""
        self.web = "{port: 0}"
        (folder / "plugins").mkdir(exist_ok=True)
        (folder / "mine.yaml").write_text(DIALECT)

    @property
    def mud(self) -> Mud:
        return self.muds[0]

    def write(self, name: str, code: str) -> Path:
        """A plugin's file; in the configuration from the next ``configure`` on."""
        path = self.folder / "plugins" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PLUGIN + code, encoding="utf-8")
        self.plugins.setdefault(name, "")
        return path

    def configure(self, **settings: str) -> None:
        """Write config.yaml; *settings* are those of plugins, as YAML."""
        self.plugins |= settings
        links = "".join(
            f"  - {{host: 127.0.0.1, name: s{at}, port: {port}, dialect: mine.yaml, owners: [wiz], trusted: [ann], "
            f"login: {{name: chen{at}, password: x}}}}\n"
            for at, port in enumerate(self._ports)
        )
        plugins = "".join(f"  {name}: {text}\n" for name, text in self.plugins.items())
        (self.folder / "config.yaml").write_text(
            "api: {base_url: 'http://127.0.0.1:9/v1', models: {dialogue: m}}\nstore: data\n"
            f"web: {self.web}\n{self.more}sessions:\n{links}plugins:\n{plugins}",
            encoding="utf-8",
        )

    async def open(self, *, run: bool = False, watch: bool = True) -> None:
        """With *run* as the daemon runs it, and with *watch* watching files."""
        self._ports = [await mud.open() for mud in self.muds]
        self.configure()
        path = self.folder / "config.yaml"
        self.app = App(load(path, environ={}), reread=partial(load, path, environ={}))
        self._running = asyncio.create_task(self.app.run(watch=watch) if run else self.app.start())
        await until(lambda: self._running.done() if not run else self.app.hosts)
        await until(lambda: all(session.state == "playing" for session in self.app.sessions))
        await until(lambda: all(mud.writer is not None for mud in self.muds))

    async def close(self) -> None:
        if self._running.done():
            await self.app.stop()
        else:
            os.kill(os.getpid(), signal.SIGTERM)
            await self._running
        for mud in self.muds:
            await mud.close()

    def plugin(self, name: str, session: int = 0) -> Any:
        """The instance that is at work."""
        return self.app.hosts[session].running[name].plugin


async def until(done: Callable[[], object], seconds: float = 10) -> float:
    """How many seconds it took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 - looks at what a socket brings
            await asyncio.sleep(0.005)
    return time.monotonic() - began
