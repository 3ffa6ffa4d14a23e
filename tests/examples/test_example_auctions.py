"""Who watches for a thing is told when it is offered, once, and not for ever."""

from __future__ import annotations

import pytest

from mudbot.testing import Bot


async def watching(bot: Bot, words: str = "sword 500", who: str = "Ann") -> None:
    await bot.tell(f"!watch {words}", who=who)
    await bot.advance(5)
    bot.forget()


async def test_who_watches_is_told_in_private_once(bot: Bot) -> None:
    await bot.load("auctions")
    await bot.tell("!watch sword 500", who="Ann")
    await bot.channel("auction", "a rusty sword for 1,450 gold", who="Bob")
    assert bot.sent == ["tell Ann I will tell you."]
    await bot.channel("auction", "a rusty sword for 450 gold", who="Bob")
    await bot.channel("auction", "a rusty sword for 400 gold", who="Bob")
    assert bot.sent == ["tell Ann I will tell you.", "tell Ann Bob offers a rusty sword: 450"]


async def test_everybody_has_watches_of_their_own(bot: Bot) -> None:
    await bot.load("auctions")
    await watching(bot, '"rusty sword" 500', who="Ann")
    await watching(bot, "sword 300", who="Cyd")
    await bot.channel("auction", "rusty sword 450 coins", who="Bob")
    assert bot.sent == ["tell Ann Bob offers rusty sword: 450"]


async def test_what_is_said_elsewhere_is_no_offer(bot: Bot) -> None:
    await bot.load("auctions")
    await watching(bot)
    await bot.channel("chat", "a sword for 1 gold", who="Bob")
    await bot.say("[auction] Cyd: a sword for 1 gold", who="Bob")
    await bot.hear("You find a sword for 1 gold.")
    assert not bot.sent


async def test_a_watch_ends(bot: Bot) -> None:
    await bot.load("auctions", lasts="1h")
    await watching(bot)
    await bot.advance("2h")
    await bot.channel("auction", "a sword for 1 gold", who="Bob")
    assert not bot.said


@pytest.mark.parametrize(
    ("words", "told"),
    [("sword", "price is missing"), ("sword cheap", "price is a whole number"), ("a rusty sword 5", "put quotes")],
)
async def test_who_writes_it_wrong_is_told_how_it_is_written(bot: Bot, words: str, told: str) -> None:
    await bot.load("auctions")
    await bot.tell(f"!watch {words}")
    assert bot.said[0].startswith("Usage: !watch <item> <price> (")
    assert told in bot.said[0]


async def test_nobody_watches_more_than_five_things(bot: Bot) -> None:
    await bot.load("auctions")
    for number in range(5):
        await watching(bot, f"thing{number} 5")
    await bot.tell("!watch sword 5")
    assert bot.said == ["You watch five things already."]
    await bot.tell("!watch sword 5", who="Cyd")
    assert bot.said[-1] == "I will tell you."


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_where_tells_want_login_ids_they_are_found(bot: Bot) -> None:
    await bot.load("auctions", channel="闲聊")
    await watching(bot, "铁剑 500", who="张三")
    await bot.channel("闲聊", "铁剑 450两", who="李四")
    assert bot.sent == ["tell zhangsan 李四在卖铁剑：450"]
