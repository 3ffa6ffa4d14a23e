"""The bot's own delay: from the last byte of a line on the wire to the first request at the API, in one process each.

The rival is the shortest program that could do it: asyncio's own readline and a bare aiohttp POST.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

import aiohttp
from aiohttp import web

from bench.table import row
from mudbot.app import App
from mudbot.config import load

LINES = 60
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "Wine is five coppers, friend."}, "text": "Wine."}]}
SAFE = {"results": [{"flagged": False, "categories": {}, "category_scores": {}}]}


class Api:
    """An API that answers at once and notes when each request came."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[float] = asyncio.Queue()

    async def start(self) -> str:
        app = web.Application()
        app.router.add_post("/v1/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def _answer(self, request: web.Request) -> web.Response:
        self.came.put_nowait(time.perf_counter())
        await request.read()
        body = SAFE if request.path.endswith("moderations") else ANSWER
        return web.json_response(text=json.dumps(body))

    async def close(self) -> None:
        await self._runner.cleanup()


async def delays(api: Api, writer: asyncio.StreamWriter, line: str, more: int) -> list[float]:
    """Seconds from writing *line* to the first request it causes; *more* requests follow it."""
    found = []
    for i in range(LINES):
        before = time.perf_counter()
        writer.write(line.format(i=i).encode())
        found.append(await api.came.get() - before)
        for _ in range(more):
            await api.came.get()
        await asyncio.sleep(0.02)
    return found[5:]


async def ours(api: Api, url: str, *, moderated: bool) -> list[float]:
    """A guest in the tavern speaks to the bot."""
    dialogue = "dialogue: {answers: 1000}"
    plugins = f"{{{dialogue}, moderation: null}}" if moderated else f"{{{dialogue}}}"
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            f"api={{base_url: '{url}', models: {{dialogue: {{name: x, endpoint: chat}}}}}}",
            "api.limits.concurrency=8",
            "sessions=[{host: tavern, login: {name: Chen, password: secret}}]",
            f"plugins={plugins}",
            f"store={Path(folder) / 'data'}",
            "web.port=0",
        ]
        app = App(load(None, overrides=lines, environ={}))
        await app.start()
        assert app.tavern is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", app.tavern.port)
        drain = asyncio.create_task(_swallow(reader))
        writer.write(b"Bob\r\nsecret\r\n")
        await asyncio.sleep(1.5)
        # Once to the question, and where there is moderation also: the model, and the check of its answer.
        found = await delays(api, writer, "say Chen, number {i}?\r\n", 2 if moderated else 0)
        writer.close()
        drain.cancel()
        await app.stop()
    return found


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def bare(api: Api, url: str) -> list[float]:
    """A line comes, a request goes; nothing else."""

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        async with aiohttp.ClientSession() as session:
            while line := await reader.readline():
                body = {"messages": [{"role": "user", "content": line.decode()}]}
                async with session.post(url + "/chat/completions", json=body) as answer:
                    await answer.json()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    found = await delays(api, writer, "Bob says, number {i}?\r\n", 0)
    writer.close()
    server.close()
    return found


async def main() -> None:
    """Print the figure, with and without moderation in the way."""
    api = Api()
    url = await api.start()
    theirs = await bare(api, url)
    plain = await ours(api, url, moderated=False)
    moderated = await ours(api, url, moderated=True)
    row("line heard to request sent (dialogue)", plain, "bare readline + aiohttp", theirs, 5)
    row("line heard to request sent (moderation first)", moderated, "bare readline + aiohttp", theirs, 5)
    await api.close()


if __name__ == "__main__":
    asyncio.run(main())
