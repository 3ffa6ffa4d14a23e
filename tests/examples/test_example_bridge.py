"""What is said on a channel here is heard on one there, and nothing goes round in circles."""

from __future__ import annotations

from mudbot.testing import Bot
from mudbot.testing.bot import Elsewhere

CHANNELS = {"test": "chat", "east": "闲聊"}


async def bridged(bot: Bot) -> Elsewhere:
    east = bot.also("east", name="Lin", dialect="nt7", encoding="gbk", language="zh")
    await bot.load("bridge", channels=CHANNELS)
    return east


async def test_it_goes_both_ways_in_the_language_of_each(bot: Bot) -> None:
    east = await bridged(bot)
    bot.ai.will_say("谁有马？")
    await bot.channel("chat", "Who has a horse?", who="Ann")
    assert east.said == ["Ann@test: 谁有马？"]
    bot.ai.will_say("I do.")
    await east.channel("闲聊", "我有。", who="张三")
    assert bot.sent == ["chat 张三@east: I do."]
    assert ["into Chinese" in bot.ai.asked[0].system, "into English" in bot.ai.asked[1].system] == [True, True]
    assert bot.ai.asked[1].caller.player == "张三"


async def test_where_the_same_language_is_spoken_no_model_is_asked(bot: Bot) -> None:
    east = bot.also("east")
    await bot.load("bridge", channels={"test": "chat", "east": "gossip"})
    await bot.channel("chat", "Who has a horse?")
    assert east.sent == ["gossip Ann@test: Who has a horse?"]
    assert not bot.ai.asked


async def test_other_channels_and_private_words_stay_where_they_are(bot: Bot) -> None:
    east = await bridged(bot)
    await bot.channel("gossip", "one")
    await bot.say("two")
    await bot.tell("three")
    assert not east.sent
    assert not bot.ai.asked


async def test_nothing_comes_back(bot: Bot) -> None:
    """Neither its own words, nor those of its character there, who may be here too, nor what another bridge says."""
    east = await bridged(bot)
    await bot.hear("[chat] You: hello", "[chat] Chen: hello", "[chat] Lin: hello", "[chat] Bob: Ann@south: hello")
    assert not east.sent
    assert not bot.ai.asked


async def test_words_that_are_refused_are_not_carried(bot: Bot) -> None:
    east = await bridged(bot)
    await bot.load("moderation")
    bot.ai.will_flag("rude")
    await bot.channel("chat", "rude words")
    assert not east.sent
    assert not bot.failures


async def test_where_the_model_fails_words_are_carried_as_they_are(bot: Bot) -> None:
    east = await bridged(bot)
    bot.ai.will_fail(503)
    await bot.channel("chat", "hello")
    assert east.said == ["Ann@test: hello"]
    assert not bot.failures


async def test_nothing_is_paid_for_while_nobody_is_there(bot: Bot) -> None:
    east = await bridged(bot)
    await east.hang_up()
    await bot.channel("chat", "hello")
    assert not bot.ai.asked
