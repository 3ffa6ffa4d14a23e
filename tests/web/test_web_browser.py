"""The pages in a real browser (Debian's Chromium): every view, in both languages, on a phone and on a wide screen.

Everything that players, MUDs and models could say is hostile in them.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser

from mudbot.events import Room
from tests.app_plugins_stage import Stage, until
from tests.web.test_web_dashboard import ANSWERS, answers
from tests.web.web_fakes import TOKEN, FakeBot, Serve, config_of, make_bot
from tests.web.web_looks import SCREENS, TOO_WIDE, complaints, log_in, serious

pytestmark = [pytest.mark.real, pytest.mark.timeout(60), pytest.mark.asyncio(loop_scope="session")]
HOSTILE = '"><script>document.title="hit"</script><img src=x onerror="document.title=\'hit\'">\u202e&#x27; </textarea>'
TALK = urlencode({"character": "Tang", "speaker": HOSTILE[:70]})
VIEWS = (
    *("/gallery", "/login", "/nowhere"),
    *("/dashboard", "/dashboard/session?name=mud.example", "/dashboard/api", "/dashboard/money?days=90"),
    *("/dashboard/moderation", "/dashboard/moderation?state=reviewed", "/dashboard/personas"),
    *("/dashboard/conversations", "/dashboard/conversations?q=script", f"/dashboard/conversations/talk?{TALK}"),
    *("/dashboard/log", "/gallery?q=script&show=private"),
)


async def fill(bot: FakeBot) -> str:
    """Things that happened, all of them said by somebody hostile; the id of a picture."""
    bot.api.state = list
    bot.sessions[0].state = "playing"
    bot.sessions[0].room.current = Room(HOSTILE, people=(HOSTILE,))
    bot.hears(HOSTILE, f"\x1b[1;31m{HOSTILE}\x1b[0m", "\x1b[30;43mx\x1b[0m" * 200, "长" * 600)
    writes: list[tuple[str, dict[str, Any]]] = [
        ("turns", {"character": "Tang", "speaker": HOSTILE[:70], "private": False, "name": HOSTILE[:70],
                   "text": HOSTILE, "own": False, "place": "room:x", "heard": "[]"}),
        ("decisions", {"session": "mud.example", "speaker": HOSTILE[:70], "source": "player", "reason": HOSTILE,
                       "text": HOSTILE}),
        ("calls", {"endpoint": "chat", "model": HOSTILE[:70], "outcome": "ok", "prompt_tokens": 100,
                   "completion_tokens": 20, "waited": 0.1, "latency": 1.2, "status": 200, "money": 0.01,
                   "session": "mud.example", "plugin": "dialogue", "player": HOSTILE[:70]}),
        ("logged", {"level": 30, "logger": "mudbot.x", "session": "mud.example", "text": HOSTILE}),
    ]  # fmt: skip
    for number in range(1, 120):  # charts with all that they can hold
        call = writes[2][1] | {"player": f"{HOSTILE[:40]}{number}", "model": f"model-{number % 30}-{HOSTILE[:40]}"}
        kind = {"endpoint": ("chat", "POST /images/generations", "embeddings")[number % 3], "money": number * 0.37}
        writes.append(("calls", call | kind | {"at": bot.clock.wall() - (number % 90) * 86_400}))
    for table, row in writes:
        await bot.store.write(table, **row)
    file = io.BytesIO()
    Image.new("RGB", (320, 200), (40, 90, 120)).save(file, "PNG")
    told: dict[str, Any] = {"place": HOSTILE[:100], "style": HOSTILE[:70], "words": HOSTILE}
    picture = await bot.pictures.add(
        file.getvalue(), session="mud.example", speaker=HOSTILE[:70], prompt=HOSTILE, caption=HOSTILE, **told
    )
    return picture.id


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_view_is_sound(
    tmp_path: Path, opened: Serve, chromium: Browser, screen: str, language: str
) -> None:
    """Nothing hostile runs, nothing is wider than the screen, no error in the console, axe finds nothing serious."""
    bot = make_bot(config_of(tmp_path))
    client = await opened(bot)
    picture = await fill(bot)
    width, height = SCREENS[screen]
    scheme: Any = "dark" if (screen == "wide") == (language == "en") else "light"  # each screen has both
    context = await chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale="zh-CN" if language == "zh" else "en-US",
    )
    page = await context.new_page()
    told = complaints(page)
    await log_in(page, client.url)
    wrong: dict[str, object] = {}
    for view in (*VIEWS, f"/i/{picture}"):
        told.clear()
        await page.goto(client.url + view)
        assert await page.get_attribute("html", "lang") == ("zh-CN" if language == "zh" else "en")
        assert await page.title() not in ("", "hit")
        assert await page.evaluate(TOO_WIDE) == [], view
        found = await serious(page)
        said = [text for text in told if "404" not in text]
        if found or said:
            wrong[view] = (found, said)
    assert not wrong
    await context.close()


async def test_the_owner_gets_everywhere_by_keyboard(tmp_path: Path, opened: Serve, chromium: Browser) -> None:
    """Past the navigation first, and every control in turn; what has the focus can be seen."""
    bot = make_bot(config_of(tmp_path))
    client = await opened(bot)
    bot.sessions[0].state = "playing"
    page = await chromium.new_page()
    await log_in(page, client.url)
    await page.goto(f"{client.url}/dashboard/session?name=mud.example")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    for _ in range(20):
        await page.keyboard.press("Tab")
        style = await page.evaluate(
            "(() => {const style = getComputedStyle(document.activeElement);"
            " return style.outlineStyle + ' ' + parseInt(style.outlineWidth)})()"
        )
        if await page.evaluate("document.activeElement === document.body"):
            break
        assert style == "solid 3"
        if await page.evaluate("document.activeElement.id") == "words":
            await page.keyboard.type("Good evening!")
            await page.keyboard.press("Enter")
            await page.get_by_role("status").wait_for()
            break
    assert [entry.packet.text for entry in bot.sessions[0].outbox._waiting] == ["say Good evening!"]


async def test_without_scripts_all_can_be_done(tmp_path: Path, opened: Serve, chromium: Browser) -> None:
    """Logging in, looking, speaking, choosing a language, logging out."""
    bot = make_bot(config_of(tmp_path))
    client = await opened(bot)
    bot.sessions[0].state = "playing"
    bot.hears("A crane flies.")
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, client.url)
    assert await page.get_by_text("A crane flies.").count() == 1
    await page.get_by_role("link", name="Tang").click()
    await page.get_by_label("Words").fill("Good evening!")
    await page.get_by_role("button", name="Say it").click()
    assert await page.get_by_text("It is on its way.").count() == 1
    await page.get_by_role("link", name="中文").click()
    assert await page.get_by_text("最近的内容").count() >= 1
    await page.get_by_role("button", name="退出").click()
    await page.goto(f"{client.url}/dashboard")
    assert page.url.startswith(f"{client.url}/login")
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    stage.web = f"{{port: 0, token: {TOKEN}}}"
    stage.write("answers", ANSWERS)
    await stage.open()
    yield stage
    await stage.close()


async def test_a_line_appears_by_itself_and_a_plugin_that_is_off_is_silent(stage: Stage, chromium: Browser) -> None:
    """The running bot, on both of its live pages; states follow what is done on another page."""
    assert stage.app._web is not None
    url = stage.app._web.url
    context = await chromium.new_context()
    overview, page = await context.new_page(), await context.new_page()
    await log_in(overview, url)
    await page.goto(f"{url}/dashboard/session?name=s0")
    for each in (overview, page):
        await each.get_by_text("live", exact=True).wait_for()
    stage.mud.say("\x1b[1;36m一只鹤\x1b[0m飞过。", "张三(zhangsan)说道：一。")
    for each in (overview, page):
        crane = each.locator(".term .f-bright-cyan", has_text="一只鹤").first
        await crane.wait_for()
        assert await crane.evaluate("e => getComputedStyle(e).color") == "rgb(139, 227, 230)"
    await until(lambda: answers(stage))
    await overview.get_by_role("button", name="Switch off answers").click()
    await overview.get_by_text("answers is off.").wait_for()
    stage.mud.say("张三(zhangsan)说道：二。")
    await page.locator(".term", has_text="二。").wait_for()
    assert len(answers(stage)) == 1
    other = await context.new_page()
    await other.goto(f"{url}/dashboard")
    await other.get_by_role("button", name="Switch on answers").click()
    await overview.get_by_role("button", name="Switch off answers").wait_for()  # by itself: another page did it
    stage.mud.say("张三(zhangsan)说道：三。")
    await until(lambda: len(answers(stage)) == 2)
    assert answers(stage) == ["一。", "三。"]
    await context.close()


async def test_a_live_page_can_be_halted_and_is_bounded(stage: Stage, chromium: Browser) -> None:
    """Whoever reads is not driven on; a flood does not fill the browser."""
    assert stage.app._web is not None
    context = await chromium.new_context()
    page = await context.new_page()
    await log_in(page, stage.app._web.url)
    await page.goto(f"{stage.app._web.url}/dashboard/session?name=s0")
    await page.get_by_text("live", exact=True).wait_for()
    for number in range(7):
        stage.mud.say(*(f"第{number}批{line}行" for line in range(100)))
        await page.locator(".term .l", has_text=f"第{number}批99行").wait_for()
    assert await page.locator(".term .l").count() <= 500
    await page.get_by_role("button", name="Pause").click()
    stage.mud.say("谁也没看见。")
    await until(lambda: "谁也没看见" in stage.app.live.feed("s0").since(0)[-1].line.text)
    stage.mud.say("再来一行。")
    await page.get_by_text("paused", exact=True).wait_for()
    assert await page.get_by_text("谁也没看见").count() == 0
    await page.get_by_role("button", name="Resume").click()
    await page.get_by_text("谁也没看见").wait_for()
    await context.close()
