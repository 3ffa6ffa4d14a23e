"""How long the owner waits for a page: a store with 10,000 pictures and 1,000,000 log lines, and years of all else.

Each page is fetched over loopback from a site that listens, in turn with the same bytes as a fixed text: what is above
that is queries and the template.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from sqlalchemy import Connection, insert

from bench.table import row
from tests.web.web_fakes import Client, FakeBot, config_of, make_bot

RUNS = 15
BAR = 200.0
"""Milliseconds."""
SIZES = {"logged": 1_000_000, "pictures": 10_000, "turns": 100_000, "calls": 100_000, "decisions": 10_000}
PAGES = {
    "dashboard": "/dashboard",
    "gallery": "/gallery",
    "gallery, a search": "/gallery?q=crane",
    "log": "/dashboard/log",
    "log, a search that finds nothing": "/dashboard/log?q=unheard-of",
    "moderation": "/dashboard/moderation",
    "conversations": "/dashboard/conversations",
    "conversations, two Chinese letters": "/dashboard/conversations?q=壶酒",
    "money, 30 days": "/dashboard/money",
    "metrics": "/metrics",
}
_TEXTS = (
    "老陈，今天来一壶酒，多少钱？",
    "The dragon of the north was seen at dusk",
    "夜里山上起了大雾",
    "An ale, please",
)
_DAY = 86_400.0


def rows(table: str, now: float) -> Iterator[dict[str, Any]]:
    """As many rows of *table* as there are to be, the newest last."""
    dice, count = random.Random(table), SIZES[table]
    for number in range(count):
        at = now - (count - number) * 90 * _DAY / count
        who = f"player{dice.randrange(500)}"
        yield {"at": at, **_MADE[table](number, who, dice)}


def _logged(number: int, who: str, dice: random.Random) -> dict[str, Any]:
    level = dice.choices((10, 20, 30, 40), (5, 90, 4, 1))[0]
    return {"level": level, "logger": "mudbot.app", "session": "inn", "text": f"{who} came in, the {number}th"}


def _pictures(number: int, who: str, _dice: random.Random) -> dict[str, Any]:
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    name = "".join(letters[(number // 31**place) % 31] for place in range(7))
    more = {"player": who, "style": "ink wash", "place": f"room {number % 50}", "private": False, "pinned": False}
    more |= {"character": "Chen", "words": "a crane", "width": 1024, "height": 1024, "size": 100_000}
    told = {"prompt": "a crane over the river", "caption": f"A crane, number {number}", "type": "image/png"}
    return {"id": name, "session": "inn", "speaker": who, "file": f"{number:032}.png", **told, **more}


def _turns(number: int, who: str, _dice: random.Random) -> dict[str, Any]:
    own = bool(number % 2)
    said = {"name": "Chen" if own else who, "text": _TEXTS[number % 4], "own": own}
    return {"character": "inn/Chen", "speaker": who, "private": not number % 5, **said}


def _calls(number: int, who: str, dice: random.Random) -> dict[str, Any]:
    sums = {"prompt_tokens": 600, "completion_tokens": 40, "waited": 0.1, "latency": 1.5, "money": dice.random() / 500}
    outcome = "ServerError" if not number % 200 else "ok"
    whose = {"session": "inn", "plugin": "dialogue", "player": who}
    return {"endpoint": "POST /chat/completions", "model": f"model{number % 3}", "outcome": outcome, **sums, **whose}


def _decisions(number: int, who: str, _dice: random.Random) -> dict[str, Any]:
    text = {"reason": "harassment: refuse, warn", "text": f"awful words, the {number}th", "source": "player"}
    return {"session": "inn", "speaker": who, **text}


_MADE: dict[str, Callable[[int, str, random.Random], dict[str, Any]]] = {
    "logged": _logged,
    "pictures": _pictures,
    "turns": _turns,
    "calls": _calls,
    "decisions": _decisions,
}


async def fill(bot: FakeBot) -> None:
    """Put as much into its store as there is to be."""
    from mudbot.store.tables import metadata

    def put(connection: Connection) -> None:
        for name in SIZES:
            batch = []
            for made in rows(name, bot.clock.wall()):
                batch.append(made)
                if len(batch) == 20_000:
                    connection.execute(insert(metadata.tables[name]), batch)
                    batch.clear()
            if batch:
                connection.execute(insert(metadata.tables[name]), batch)

    await bot.store.change(put)


async def timed(fetch: Callable[[], Awaitable[bytes]]) -> tuple[float, bytes]:
    """Seconds that a page takes, and the page."""
    before = time.perf_counter()
    body = await fetch()
    return time.perf_counter() - before, body


async def measure(folder: Path) -> None:
    """Print a row for each page."""
    from mudbot.api import Api
    from mudbot.store import search
    from mudbot.web.server import WebServer
    from mudbot.web.site import build

    bot = make_bot(config_of(folder, sessions=["inn"]))
    await fill(bot)
    while not await search.catch_up(bot.store):
        pass
    fixed: dict[str, bytes] = {}
    app = web.Application()
    app.router.add_get("/fixed", lambda _request: _answer(fixed["body"]))
    servers = [WebServer(each, host="127.0.0.1", port=0) for each in (lambda: build(bot), lambda: app)]
    for server in servers:
        await server.start()
    async with Api("http://127.0.0.1:9/v1") as bot.api, _jar() as http:
        client = Client(servers[0].url, http)
        await client.log_in()
        for name, path in PAGES.items():
            ours, theirs = [], []
            for number in range(RUNS + 1):
                took, fixed["body"] = await timed(partial(_get, http, servers[0].url + path))
                other, _ = await timed(partial(_get, http, f"{servers[1].url}/fixed"))
                if number:  # the first loads the template; it is told by itself
                    ours.append(took)
                    theirs.append(other)
                elif name == "dashboard":
                    row("web: dashboard, the very first time", [took], "the same page as a fixed text", [other], BAR)
            row(f"web: {name}", ours, "the same page as a fixed text", theirs, BAR)
    for server in servers:
        await server.close()
    await bot.store.close()


async def _answer(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/html")


def _jar() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def _get(http: aiohttp.ClientSession, url: str) -> bytes:
    async with http.get(url, headers={"Accept": "text/html"}, allow_redirects=False) as answer:
        body = await answer.read()
        assert answer.status == 200, f"{url}: {answer.status} {body[:500]!r}"
        return body


def main() -> None:
    """Fill a store and print the table."""
    told = ", ".join(f"{count:,} {name}" for name, count in SIZES.items())
    print(f"\npages over a store with {told}")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
