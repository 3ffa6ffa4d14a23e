"""Pictures of every page for the documents: ``python -m tests.web.screenshots [FOLDER]`` (``make images``).

A bot runs in two embedded inns, players come in and talk, the embedded painter paints; what costs money and what was
said on the days before is written into its store.  Whoever changes how a page looks makes them anew and looks at them.
"""

from __future__ import annotations

import asyncio
import io
import logging
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.async_api import Browser, Page, StorageState, async_playwright

from mudbot.testing.live import Visitor
from tests.web.web_looks import SCREENS, log_in
from tests.web.web_running import Inn, running

FOLDER = Path(__file__).parents[2] / "docs" / "images"
MOST = 150_000
"""Bytes of a picture: a README is read over slow lines as well."""
API_MORE = (
    ", budgets: {day: 2, month: 30}, limits: {requests_per_minute: 600, tokens_per_minute: 400000},"
    " prices: {keeper-1: {input: 0.4, output: 1.6}, ink-1: {image: 0.02}, filter-1: {input: 0, output: 0},"
    " text-embedding-3-small: {input: 0, output: 0}}"
)
# What is said, in turn, and what the model makes of it.
TALK = (
    (0, "Mei", "Chen, what is in the pot tonight?", "Mutton soup, white as milk. Two coppers the bowl, bread with it."),
    (0, "Oswin", "Chen, is the ferry still going?", "Not in this mist. The ferryman's hat came back without him."),
    (0, "Mei", "Chen, then I take a room.", "Thirty coppers, and Lan will light the stove for you."),
    (0, "Teodor", "Chen, have you seen an old man with a white beard?", "He left a crane's feather for his wine."),
    (1, "小林", "老陈，来一壶梅子酒。", "梅子酒要等到立冬才开坛。先温一壶米酒给您？"),
    (1, "阿青", "老陈，山上还在落雪吗？", "落了三天了，山径都白了。吃碗热面再走吧。"),
    (1, "小林", "老陈，那就来一壶米酒。", "好嘞，五文一壶，这就给您温上。"),
)
SCENES = (
    (0, "Oswin", "a crane over the lake at dusk"),
    (0, "Teodor", "misty mountain temple at dawn"),
    (0, "Mei", "a waterfall in autumn"),
    (1, "小林", "雪夜山寺，一盏灯笼"),
    (0, "Mei", "bamboo and a small bridge in the rain"),
    (1, "阿青", "大漠孤烟，骆驼"),
    (0, "Oswin", "old pine on a cliff above clouds, full moon"),
    (0, "Teodor", "street with lanterns at night"),
    (1, "小林", "江上渔舟，远山"),
    (0, "Mei", "ferry on a river at sunset, willows, misty mountains, a crane"),
    (1, "阿青", "梅花，明月"),
)
UNFIT = (
    (0, "Oswin", "Chen, you old scoundrel, this wine is water!"),
    (0, "Teodor", "Chen, call that scoundrel from the kitchen."),
    (1, "阿青", "老陈，你这个浑蛋，酒里掺水！"),
)
DOINGS = ((0, "Teodor", "shakes the rain from a straw hat."), (1, "阿青", "往炉子边凑了凑。"))
WEATHER = (
    "\x1b[36mThe rain grows \x1b[1mheavier\x1b[0;36m.\x1b[0m  \x1b[33m[HP 84/100  MP 40/60]\x1b[0m",
    "\x1b[36m窗外的雪越下越\x1b[1m大\x1b[0;36m。\x1b[0m  \x1b[33m【气血 84/100　内力 40/60】\x1b[0m",
)


@dataclass(frozen=True)
class Shot:
    """A page, and how it is looked at."""

    name: str
    path: str
    screen: str = "wide"
    scheme: Literal["light", "dark"] = "light"
    lang: str = "en"
    height: int = 0
    """Of the picture, where the screen's is not enough or too much."""
    end: bool = False
    """Whether it is of the page's end."""


SHOTS = (
    Shot("gallery", "/gallery"),
    Shot("gallery-phone", "/gallery", "phone", "dark"),
    Shot("gallery-zh", "/gallery", scheme="dark", lang="zh"),
    Shot("picture", "/i/{newest}", height=1100),
    Shot("picture-phone", "/i/{newest}", "phone", "dark"),
    Shot("dashboard", "/dashboard", height=1080),
    Shot("dashboard-phone", "/dashboard", "phone", "dark"),
    Shot("dashboard-zh", "/dashboard", lang="zh", height=1080),
    Shot("session", "/dashboard/session?name=inn", scheme="dark", end=True),
    Shot("conversations", "/dashboard/conversations", height=620),
    Shot("search-zh", "/dashboard/conversations?q=米酒", lang="zh", height=620),
    Shot("talk", "/dashboard/conversations/talk?character=inn/Old Chen&speaker=name:mei", height=620),
    Shot("moderation", "/dashboard/moderation", height=1000),
    Shot("money", "/dashboard/money", height=1400),
    Shot("money-phone", "/dashboard/money", "phone", "light"),
    Shot("api", "/dashboard/api", height=1100),
    Shot("log", "/dashboard/log", height=800),
)


async def play(inn: Inn) -> None:
    """What happens in the inns before anybody looks."""
    inn.keeper.answers = {line: answer for _, _, line, answer in TALK}
    for session, who, words in SCENES:
        player = await inn.player(who, session)
        await player.type(f"say !scene {words}" if session == 0 else f"say !画 {words}")
        await player.reads("/i/")
        await asyncio.sleep(2.6)  # the command's own cooldown, and another player is next
    for session, who, line in UNFIT:
        player = await inn.player(who, session)
        await player.type(f"say {line}")
        await heard(inn, player)
    for session, who, doing in DOINGS:
        await (await inn.player(who, session)).type(f"emote {doing}")
    for session, line in enumerate(WEATHER):
        for each in inn.tavern(session)._world.everyone():
            each.show(line)
    for session, who, line, _ in TALK:
        player = await inn.player(who, session)
        await player.type(f"say {line}")
        await heard(inn, player)


async def heard(inn: Inn, player: Visitor) -> None:
    """Until the character has said all that it has to say."""
    await player.reads("^(Chen says|老陈说)")
    await asyncio.sleep(0.3)
    await inn.settled()


async def remember(inn: Inn) -> None:
    """Calls of the last month, and talks of the last days."""
    chance, store, now = random.Random(7), inn.app.store, inn.app.clock.wall()
    players, days = ("Mei", "Oswin", "Teodor", "小林", "阿青", "Ann", "Bram"), range(1, 30)
    row: dict[str, Any] = {"outcome": "ok", "waited": 0.1, "status": 200}
    for day in days:
        for _ in range(chance.randint(6, 22)):
            drawn = chance.random() < 0.2
            tokens = chance.randint(500, 1400)
            kind = {"endpoint": "POST /images/generations", "model": "ink-1", "plugin": "scenes", "money": 0.02}
            kind |= {"prompt_tokens": 0, "completion_tokens": 0}
            if not drawn:
                kind = {"endpoint": "POST /chat/completions", "model": "keeper-1", "plugin": "dialogue"}
                kind |= {"prompt_tokens": tokens, "completion_tokens": tokens // 20, "money": tokens * 2.4e-5}
            who = chance.choice(players[: 3 + day % 5])
            row["session"] = "inn" if who.isascii() else "醉鹤楼"
            store.write("calls", **row, **kind, latency=chance.uniform(0.4, 3), player=who, at=now - day * 86_400)
    for number, (who, line) in enumerate((("Ann", "Chen, good night!"), ("Bram", "Chen, one for the road."))):
        talk = {"character": "inn/Old Chen", "speaker": f"name:{who.casefold()}", "private": False, "place": "room:Inn"}
        at = now - (number + 1) * 70_000
        store.write("turns", **talk, name=who, text=line, own=False, heard="[]", at=at)
        await store.write("turns", **talk, name="Chen", text="Mind the step.", own=True, heard="[]", at=at + 2)


async def shoot(page: Page, shot: Shot, path: str, folder: Path) -> None:
    """Go there, wait until all is there, and take it."""
    await page.goto(path)
    if "dashboard" in path and await page.locator("#live").count():
        await page.locator("#live.good").wait_for()
    if "/dashboard" not in path:  # those that are live are never idle
        await page.wait_for_load_state("networkidle")
    await keep(page, shot, folder)


async def keep(page: Page, shot: Shot, folder: Path) -> None:
    """What the page looks like now, as WebP, no larger than it may be."""
    width, height = SCREENS[shot.screen]
    await page.set_viewport_size({"width": width, "height": shot.height or height})
    if shot.end:
        await page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    image = Image.open(io.BytesIO(await page.screenshot()))
    file = folder / f"{shot.name}.webp"
    for quality in (84, 75, 65, 50):
        image.save(file, "WEBP", quality=quality, method=6)
        if file.stat().st_size <= MOST:
            break
    print(f"{file.name}: {image.width} x {image.height}, {file.stat().st_size / 1000:.0f} kB")  # noqa: T201


async def look(inn: Inn, browser: Browser, folder: Path, wanted: Sequence[str]) -> None:
    """Take them all, or those that are *wanted*."""
    link = next(line for line in reversed(inn.players["Mei"].lines) if "/i/" in line)
    values = {"newest": link.partition("/i/")[2].rstrip('"')}
    page = await browser.new_page()
    await log_in(page, inn.url)
    known = await page.context.storage_state()
    await page.close()
    for shot in SHOTS:
        if wanted and shot.name not in wanted:
            continue
        page = await opened(browser, shot, known if "/dashboard" in shot.path else None)
        await shoot(page, shot, inn.url + shot.path.format(**values), folder)
        await page.context.close()
    if not wanted or "login" in wanted:
        page = await opened(browser, shot := Shot("login", "/login", height=560))
        await shoot(page, shot, f"{inn.url}/login", folder)
        await page.context.close()
    if not wanted or "personas" in wanted:
        page = await opened(browser, shot := Shot("personas", "/dashboard/personas", height=1100), known)
        await page.goto(f"{inn.url}/dashboard/personas")
        await page.get_by_label("Who says it").fill("Ann")
        await page.get_by_label("What is said").fill("Chen, is the ferry still going?")
        await page.get_by_role("button", name="Try").click()
        await keep(page, shot, folder)
        await page.context.close()


async def opened(browser: Browser, shot: Shot, known: StorageState | None = None) -> Page:
    """A page as *shot* wants to be looked at, by somebody who is *known* there."""
    width, height = SCREENS[shot.screen]
    context = await browser.new_context(
        viewport={"width": width, "height": shot.height or height},
        color_scheme=shot.scheme,
        storage_state=known,
        locale="zh-CN" if shot.lang == "zh" else "en-US",
        device_scale_factor=2 if shot.screen == "phone" else 1,
    )
    return await context.new_page()


async def main(folder: Path, wanted: Sequence[str]) -> None:
    """All of it, in two minutes."""
    logging.getLogger("mudbot").setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as place:
        async with running(Path(place), api_more=API_MORE, size="1024x1024") as inn, async_playwright() as playwright:
            await play(inn)
            await remember(inn)
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            await look(inn, browser, folder, wanted)
            await browser.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    asyncio.run(main(FOLDER, sys.argv[1:]))
