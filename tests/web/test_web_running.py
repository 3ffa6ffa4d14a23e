"""The running bot in a real browser: what its owner does there is felt in the game, what happens in the game is seen.

Two embedded inns, players who come in by telnet, all plugins, the embedded painter; Debian's Chromium.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState, expect

from mudbot.events import Line, MudEvent
from tests.app_plugins_stage import until
from tests.web.web_looks import TOO_WIDE, complaints, log_in, serious
from tests.web.web_running import Inn, running

pytestmark = [pytest.mark.real, pytest.mark.timeout(60), pytest.mark.asyncio(loop_scope="session")]
log = logging.getLogger(__name__)
HOSTILE = "\"><script>document.title='hit'</script><img src=x onerror=document.title='hit'>"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def inn(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inn]:
    logger = logging.getLogger("mudbot")
    level = logger.level
    logger.setLevel(logging.INFO)  # as `mudbot run` has it
    async with running(tmp_path_factory.mktemp("inn")) as opened:
        yield opened
    logger.setLevel(level)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def known(inn: Inn, chromium: Browser) -> StorageState:
    """What the browser of somebody keeps who has logged in."""
    page = await chromium.new_page()
    await log_in(page, inn.url)
    state = await page.context.storage_state()
    await page.close()
    return state


@pytest_asyncio.fixture(loop_scope="session")
async def page(known: StorageState, chromium: Browser) -> AsyncIterator[Page]:
    """The owner's, logged in; the browser must not complain of anything."""
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, storage_state=known)
    page = await context.new_page()
    page.set_default_timeout(10_000)
    told = complaints(page)
    yield page
    await context.close()
    assert told == []


async def test_a_picture_that_was_asked_for_in_the_game_is_seen_by_all(inn: Inn, chromium: Browser) -> None:
    """By its link, in the gallery and the feed, with a preview for chats; on a phone, by who has no account here."""
    ann = await inn.player("Ann")
    await ann.type("say !scene a crane over the lake at dusk")
    link = (await ann.reads("/i/")).partition('"')[2].rstrip('"')
    context = await chromium.new_context(viewport={"width": 375, "height": 812}, locale="zh-CN")
    visitor = await context.new_page()
    told = complaints(visitor)
    await visitor.goto(f"{inn.url}/gallery")
    await visitor.locator(".pictures a", has=visitor.locator("img")).first.click()
    assert visitor.url == link
    shown = visitor.locator(".picture img")
    assert await shown.evaluate("async img => (await img.decode(), img.naturalWidth)") == 512
    assert await shown.evaluate("img => Math.round(100 * img.width / img.height)") == 100
    assert "a crane over the lake at dusk" in await visitor.inner_text("main")
    assert await visitor.get_attribute("meta[property='og:image']", "content") == f"{link}.png"
    assert await visitor.locator("dd", has_text="Ann").count() == 1
    assert await visitor.evaluate(TOO_WIDE) == []
    assert await serious(visitor) == []
    feed = await context.request.get(f"{inn.url}/feed.atom")
    assert link in await feed.text()
    assert told == []
    await context.close()


async def test_only_the_token_opens_the_owners_pages(inn: Inn, chromium: Browser) -> None:
    """A wrong one does not; the right one leads to where one wanted to go; who has logged out is out."""
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(f"{inn.url}/dashboard/money")
    assert page.url.startswith(f"{inn.url}/login?next=")
    await page.get_by_label("Token").fill("not-the-token")
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("alert").get_by_text("That is not the token.").wait_for()
    assert await context.cookies() == []
    await page.get_by_label("Token").fill("opens-all-doors-7")
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(f"{inn.url}/dashboard/money")
    cookie = next(each for each in await context.cookies() if each["name"] == "mudbot_owner")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    await page.get_by_role("button", name="Log out").click()
    await page.goto(f"{inn.url}/dashboard")
    assert page.url.startswith(f"{inn.url}/login")
    await context.close()


async def test_a_line_is_seen_as_soon_as_it_is_heard(
    inn: Inn, page: Page, record_property: Callable[[str, object], None]
) -> None:
    """Without loading anything anew; how long it took is told, not judged."""
    await page.goto(f"{inn.url}/dashboard")
    await page.get_by_text("live", exact=True).wait_for()
    await page.evaluate("""() => { window.seen = {}; new MutationObserver(() => {
        for (const found of document.querySelector(".term").innerText.matchAll(/mark-\\d/g))
          window.seen[found[0]] ??= Date.now();
      }).observe(document.querySelector("main"), {childList: true, subtree: true, characterData: true}) }""")
    heard: dict[str, float] = {}
    session = inn.app.sessions[0]
    tap = session.tap
    assert tap is not None

    def note(events: Sequence[MudEvent]) -> None:
        now = time.time()
        for found in re.findall(r"mark-\d", "\n".join(event.text for event in events if isinstance(event, Line))):
            heard.setdefault(found, now)
        tap(events)

    session.tap = note
    try:
        ann = await inn.player("Ann")
        for number in range(5):
            await ann.type(f"emote leaves mark-{number} in the ash.")
            await page.locator(".term", has_text=f"mark-{number}").first.wait_for()
    finally:
        session.tap = tap
    seen = await page.evaluate("window.seen")
    delays = sorted(seen[mark] / 1000 - heard[mark] for mark in heard)
    assert len(delays) == 5
    record_property("seconds from heard to seen", delays)
    log.warning("from heard to seen: median %.0f ms, worst %.0f ms", delays[2] * 1000, delays[-1] * 1000)


async def test_a_plugin_that_is_switched_off_is_silent_in_the_game(inn: Inn, page: Page) -> None:
    """The others go on; switched on again it answers what is said from then on."""
    ann = await inn.player("Ann")
    await page.goto(f"{inn.url}/dashboard")
    await page.get_by_role("button", name="Switch off dialogue").click()
    await page.get_by_role("status").get_by_text("dialogue is off.").wait_for()
    asked, before = len(inn.keeper.asked), len(ann.lines)
    await ann.type("say Chen, are you there?")
    await ann.type("say !about")  # of a plugin that is on
    await ann.reads("played by a program")
    await inn.settled()
    assert [line for line in ann.lines[before:] if line.startswith("Chen ")] == [ann.lines[ann._read - 1]]
    assert len(inn.keeper.asked) == asked
    await page.get_by_role("button", name="Switch on dialogue").click()
    await page.get_by_role("status").get_by_text("dialogue is on.").wait_for()
    await ann.type("say Chen, and now?")
    await ann.reads("Sit by the stove")
    assert "are you there" not in inn.keeper.asked[-1].rpartition("\n")[2]


async def test_the_owner_has_the_last_word_on_what_is_refused(inn: Inn, page: Page) -> None:
    """A line that was refused waits; allowed it reaches the model, blocked it does not."""
    bob = await inn.player("Bob")
    line = "Chen, you old scoundrel, one more bowl!"

    async def reaches() -> bool:
        before = len(inn.keeper.asked)
        await bob.type(f"say {line}")
        await bob.reads("^Chen says")
        await inn.settled()
        return any("one more bowl" in asked for asked in inn.keeper.asked[before:])

    assert not await reaches()
    await page.goto(f"{inn.url}/dashboard/moderation")
    card = page.locator("article", has_text="one more bowl")
    await expect(card).to_contain_text("harassment")
    await expect(card).to_contain_text("Bob")
    await card.get_by_role("button", name="Allow from now on").click()
    await expect(card).to_have_count(0)  # it waits no more
    assert await reaches()
    await page.goto(f"{inn.url}/dashboard/moderation?state=reviewed")
    await card.get_by_role("button", name="Block from now on").click()
    await expect(card).to_contain_text("blocked from now on")
    assert not await reaches()


async def test_who_is_muted_from_the_queue_is_not_heard(inn: Inn, page: Page) -> None:
    """Until the owner hears them again."""
    eve, ann = await inn.player("Eve"), await inn.player("Ann")
    await eve.type("say Chen, you scoundrel of scoundrels!")
    await eve.reads("^Chen says")
    await inn.settled()
    await page.goto(f"{inn.url}/dashboard/moderation")
    card = page.locator("article", has_text="scoundrel of scoundrels")
    await card.get_by_role("combobox").select_option("10m")
    await card.get_by_role("button", name="Mute Eve").click()
    muted = page.locator("section", has_text="Muted speakers").last
    await expect(muted).to_contain_text("Eve", ignore_case=True)
    asked = len(inn.keeper.asked)
    await eve.type("say Chen, listen to me!")
    await ann.reads("Eve says, .*listen to me")
    await ann.type("say Chen, is it quiet tonight?")
    await until(lambda: any("is it quiet" in each for each in inn.keeper.asked[asked:]))
    await inn.settled()
    assert not any(each.endswith("Eve: Chen, listen to me!") for each in inn.keeper.asked[asked:])
    await page.get_by_role("button", name=re.compile("Hear Eve again", re.IGNORECASE)).click()
    await expect(page.locator("section", has_text="Nobody is muted.").last).to_be_visible()
    await eve.type("say Chen, and now?")
    await until(lambda: any("Eve: Chen, and now?" in each for each in inn.keeper.asked[asked:]))


@pytest.mark.parametrize("name", ["", "innkeeper-zh"])
async def test_a_character_is_tried_and_nobody_in_the_game_notices(inn: Inn, page: Page, name: str) -> None:
    """Who plays and another one, with all that the model was shown."""
    said = "炉火边还有位子，坐。" if name else "The back room is free. Mind the step."
    inn.keeper.answers = {"a bed for the night": said, "一间客房": said}
    sent = inn.app.sessions[0].outbox.sent
    await page.goto(f"{inn.url}/dashboard/personas")
    await page.get_by_label("Character").select_option(name)
    await page.get_by_label("Who says it").fill("Ann")
    await page.get_by_label("What is said").fill("掌柜的，要一间客房" if name else "Chen, a bed for the night?")
    await page.get_by_role("button", name="Try").click()
    await expect(page.locator("section[aria-labelledby=answer]")).to_contain_text(said[:9])
    await expect(page.locator("section[aria-labelledby=prompt] pre")).to_contain_text(re.compile("Ann[:：]"))
    assert await serious(page) == []
    assert inn.app.sessions[0].outbox.sent == sent


async def test_the_owners_words_are_heard_in_the_game(inn: Inn, page: Page) -> None:
    """As the character's own, whatever is in them."""
    ann = await inn.player("Ann")
    await page.goto(f"{inn.url}/dashboard")
    await page.get_by_role("link", name="Chen", exact=True).first.click()
    await page.get_by_label("Words").fill("The kitchen closes in an hour. 快来！")
    await page.get_by_role("button", name="Say it").click()
    await page.get_by_role("status").wait_for()
    await ann.reads(r'Chen says, "The kitchen closes in an hour\. 快来！"')
    await page.get_by_label("How").select_option("emote")
    await page.get_by_label("Words").fill("trims the lamp; quit")
    await page.get_by_role("button", name="Say it").click()
    await ann.reads(r"^Chen trims the lamp; quit")
    assert inn.app.sessions[0].state == "playing"


async def test_what_was_said_is_found_in_chinese(inn: Inn, page: Page) -> None:
    """Two characters are enough; the talk around it is a click away."""
    lin = await inn.player("小林", 1)
    inn.keeper.answers = {"梅子酒": "梅子酒要等到立冬才开坛。"}
    await lin.type("say 老陈，来一壶梅子酒")
    await lin.reads("立冬")
    await inn.settled()
    await page.goto(f"{inn.url}/dashboard/conversations")
    await page.get_by_label("Words that were said").fill("梅子")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("mark", has_text="梅子").first).to_be_visible()
    await page.locator(".who a", has_text="小林").first.click()
    await expect(page.locator(".chat")).to_contain_text("立冬才开坛")
    assert page.url.startswith(f"{inn.url}/dashboard/conversations/talk")


async def test_the_log_is_sifted_by_level_logger_and_words(inn: Inn, page: Page) -> None:
    """It says what the owner did, and no password and no token."""
    await page.goto(f"{inn.url}/dashboard/log")
    everything = await page.inner_text("main")
    assert "hunter2" not in everything
    assert "opens-all-doors" not in everything
    await page.get_by_label("Part").fill("plugins.moderation")
    await page.get_by_role("button", name="Show").click()
    loggers = await page.locator("tbody td:nth-child(3)").all_inner_texts()
    assert loggers
    assert all("moderation" in each for each in loggers)
    await page.get_by_label("Level").select_option(label="errors")
    await page.get_by_role("button", name="Show").click()
    await page.get_by_text("Nothing here.").wait_for()


async def test_calls_and_money_are_counted(inn: Inn, page: Page) -> None:
    """What the players of this test asked for."""
    ann = await inn.player("Ann")
    await ann.type("say Chen, what is in the pot?")
    await until(lambda: any("in the pot" in each for each in inn.keeper.asked))
    await inn.settled()
    await page.goto(f"{inn.url}/dashboard/api")
    row = page.locator("tr", has=page.locator("th", has_text="/chat/completions")).first
    await expect(row).to_contain_text("keeper-1")
    await page.goto(f"{inn.url}/dashboard/money")
    await expect(page.locator("section[aria-labelledby=players]")).to_contain_text("Ann", ignore_case=True)


async def test_a_hostile_player_is_only_text(inn: Inn, page: Page) -> None:
    """Live, in the queue, in what was said, beside a picture: nothing of it runs."""
    mallory = await inn.player("Mallory")
    await page.goto(f"{inn.url}/dashboard/session?name=inn")
    await page.get_by_text("live", exact=True).wait_for()
    await mallory.type(f"say Chen, you scoundrel {HOSTILE}")
    await page.locator(".term", has_text="onerror=document").wait_for()
    await mallory.type(f"say !scene a lake {HOSTILE}")
    link = (await mallory.reads("/i/")).partition('"')[2].rstrip('"')
    await inn.settled()
    for view in (
        *(link, f"{inn.url}/gallery", f"{inn.url}/dashboard", f"{inn.url}/dashboard/moderation"),
        *(f"{inn.url}/dashboard/conversations?q=scoundrel", f"{inn.url}/dashboard/log"),
    ):
        await page.goto(view)
        assert await page.title() != "hit"
        assert await page.locator("main img[src=x]").count() == 0
        assert await page.evaluate(TOO_WIDE) == []
    await page.goto(link)
    assert "onerror=document" in await page.inner_text("main")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's package prometheus")
async def test_promtool_has_nothing_to_say_of_a_bot_at_work(inn: Inn, chromium: Browser) -> None:
    """After all of the above; without a token, and without a word of a player in it."""
    context = await chromium.new_context()
    answer = await context.request.get(f"{inn.url}/metrics")
    text = await answer.text()
    await context.close()
    command: list[Any] = [shutil.which("promtool"), "check", "metrics"]
    checked = await asyncio.to_thread(subprocess.run, command, input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert re.search(r'^mudbot_session_state\{session="inn",state="playing"\} 1\.0$', text, re.MULTILINE)
    assert "Ann" not in text
