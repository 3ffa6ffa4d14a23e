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
from tests.loopback import Loopback

LINES = 60
SAFE = {"results": [{"flagged": False, "categories": {}, "category_scores": {}}]}


class Api(Loopback):
    """An API that answers at once and notes when each request came, and what it says."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[float, str]] = asyncio.Queue()
        self._told = 0

    async def answer(self, request: web.Request) -> web.Response:
        came, asked = time.perf_counter(), await request.json()
        self.came.put_nowait((came, json.dumps(asked)))
        if request.path.endswith("moderations"):
            return web.json_response(SAFE)
        self._told += 1  # never the same twice: what was judged already is not judged again
        message = {"role": "assistant", "content": f"Wine is {self._told} coppers, friend."}
        if not asked.get("stream"):
            return web.json_response({"choices": [{"index": 0, "message": message}]})
        piece = json.dumps({"choices": [{"index": 0, "delta": message, "finish_reason": "stop"}]})
        return web.Response(text=f"data: {piece}\n\ndata: [DONE]\n\n", content_type="text/event-stream")


async def delays(api: Api, writer: asyncio.StreamWriter, line: str) -> list[float]:
    """Seconds from writing *line* to the first request that is about it; what else is asked meanwhile is skipped."""
    found = []
    for i in range(LINES):
        before = time.perf_counter()
        writer.write(line.format(i=i).encode())
        came, asked = before, ""
        while f"number {i}?" not in asked:
            came, asked = await api.came.get()
        found.append(came - before)
        await asyncio.sleep(0.05)
    return found[5:]


async def ours(api: Api, url: str, *, moderated: bool) -> list[float]:
    """A guest in the tavern speaks to the bot."""
    dialogue = "dialogue: {answers: 1000, wary: false}"
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
        found = await delays(api, writer, "say Chen, number {i}?\r\n")
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
    found = await delays(api, writer, "Bob says, number {i}?\r\n")
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
