"""What an owner says of the plugin's decisions comes true in the game, with all of the real bot around."""

from __future__ import annotations

from typing import Any

from mudbot.store import decisions
from mudbot.testing import Bot

AWFUL = "Chen, you awful thing"


async def rude(bot: Bot, **settings: Any) -> None:
    """An innkeeper with moderation, to whom ``awful`` is harassment."""
    bot.ai.will_flag("awful")
    bot.ai.will_say(*["Good day."] * 20)
    await bot.load("dialogue")
    await bot.load("moderation", **settings)
    await bot.advance(5)
    bot.forget()


async def judge(bot: Bot, verdict: Any, **more: Any) -> None:
    """As the owner's page does for the newest decision."""
    app = bot._stage()
    rows = await app.store.browse(lambda connection: decisions.page(connection, decisions.Which("all")))
    assert await app.decisions.judge(rows[0].id, verdict, **more) is not None


async def test_what_the_owner_allows_reaches_the_model(bot: Bot) -> None:
    """From then on, whoever says it; before, it did not."""
    await rude(bot)
    await bot.say(AWFUL, who="Ann")
    await bot.advance(30)
    assert not [asked for asked in bot.ai.asked if asked.kind in ("chat", "complete")]
    await judge(bot, "allow")
    bot.forget()
    await bot.say(AWFUL, who="Bob")
    await bot.advance(30)
    assert bot.said == ["Good day."]
    assert AWFUL in next(asked for asked in bot.ai.asked if asked.kind in ("chat", "complete")).text
    assert not [line for line in bot.sent if line.startswith("tell ")]


async def test_what_the_owner_blocks_reaches_no_model(bot: Bot) -> None:
    """Though the filter lets it pass, as it did before."""
    await rude(bot, player={"harassment": ["allow", "tell"]})
    await bot.say(AWFUL, who="Ann")
    await bot.advance(30)
    assert bot.said == ["Good day."]
    await judge(bot, "block")
    bot.forget()
    await bot.say(f"{AWFUL}!!", who="Bob")
    await bot.advance(30)
    assert not [asked for asked in bot.ai.asked if asked.kind in ("chat", "complete")]
    assert "its owner blocked this text" in "\n".join(record.getMessage() for record in bot.log)


async def test_what_the_model_said_can_be_blocked_as_well(bot: Bot) -> None:
    await bot.load("dialogue")
    await bot.load("moderation", model={"harassment": ["allow", "tell"]})
    bot.ai.will_flag("awful")
    bot.ai.will_say("An awful day.", "An awful day.", "An awful day.")
    await bot.say("Chen, hello", who="Ann")
    await bot.advance(30)
    assert bot.said == ["An awful day."]
    await judge(bot, "block")
    bot.forget()
    await bot.say("Chen, hello again", who="Ann")
    await bot.advance(30)
    assert "An awful day." not in bot.said


async def test_whom_the_owner_mutes_is_not_heard_for_that_long(bot: Bot) -> None:
    await rude(bot)
    await bot.say(AWFUL, who="Ann")
    await bot.advance(30)
    await judge(bot, "mute", seconds=600)
    bot.forget()
    await bot.say("Chen, an ale please", who="Ann")
    await bot.advance(30)
    assert bot.sent == []
    await bot.advance(600)
    await bot.say("Chen, an ale please", who="Ann")
    await bot.advance(30)
    assert bot.said == ["Good day."]
