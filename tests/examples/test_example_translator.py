"""What is said on a channel is translated for those who want it, and for as little money as can be."""

from __future__ import annotations

import pytest

from mudbot import ConfigError
from mudbot.testing import Bot


async def reading(bot: Bot, who: str = "Ann") -> None:
    await bot.tell("!translate on", who=who)
    await bot.advance(2)
    bot.forget()


async def test_who_asked_is_told_the_translation(bot: Bot) -> None:
    await bot.load("translator")
    await reading(bot)
    bot.ai.will_say("Who has a horse?")
    await bot.channel("chat", "谁有马？", who="Bob")
    assert bot.sent == ["tell Ann Bob: Who has a horse?"]
    asked = bot.ai.asked[0]
    assert (asked.text, asked.caller.plugin, asked.caller.player) == ("谁有马？", bot.plugin("translator").name, "Bob")
    assert "into English" in asked.system


async def test_what_is_understood_anyway_or_said_elsewhere_costs_nothing(bot: Bot) -> None:
    await bot.load("translator")
    await reading(bot)
    await bot.channel("chat", "Who has a horse?", who="Bob")
    await bot.channel("gossip", "谁有马？", who="Bob")
    await bot.say("谁有马？", who="Bob")
    assert not bot.ai.asked
    assert not bot.sent


async def test_where_nobody_reads_it_no_model_is_asked(bot: Bot) -> None:
    await bot.load("translator")
    await bot.channel("chat", "谁有马？", who="Bob")
    await reading(bot)
    await bot.tell("!translate off")
    await bot.channel("chat", "谁有马？", who="Bob")
    assert not bot.ai.asked


async def test_the_same_words_are_translated_once(bot: Bot) -> None:
    await bot.load("translator")
    await reading(bot)
    bot.ai.will_say("Good morning")
    await bot.channel("chat", "早", who="Bob")
    await bot.advance(10)
    await bot.channel("chat", "早", who="Cyd")
    assert bot.said == ["Bob: Good morning", "Cyd: Good morning"]
    assert len(bot.ai.asked) == 1


async def test_lines_that_come_too_fast_are_left_out(bot: Bot) -> None:
    await bot.load("translator", rest="2s")
    await reading(bot)
    bot.ai.will_say("One", "Three")
    await bot.channel("chat", "一", who="Bob")
    await bot.channel("chat", "二", who="Bob")
    await bot.advance(2)
    await bot.channel("chat", "三", who="Bob")
    assert bot.said == ["Bob: One", "Bob: Three"]


async def test_its_own_words_are_no_lines_of_others(bot: Bot) -> None:
    await bot.load("translator")
    await reading(bot)
    await bot.hear("[chat] You: 谁有马？", "[chat] Chen: 谁有马？")
    assert not bot.ai.asked


async def test_when_the_model_fails_nothing_is_said(bot: Bot) -> None:
    await bot.load("translator")
    await reading(bot)
    bot.ai.will_fail(503)
    await bot.channel("chat", "谁有马？", who="Bob")
    assert not bot.sent
    assert not bot.failures


async def test_an_expression_that_is_none_is_found_when_it_loads(bot: Bot) -> None:
    with pytest.raises(ConfigError, match="foreign must be a regular expression"):
        await bot.load("translator", foreign="[a")


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_the_other_way_round(bot: Bot) -> None:
    await bot.load("translator", channel="闲聊", into="Chinese", foreign="[a-z]{3}")
    await bot.tell("!翻译 开", who="张三")
    await bot.advance(2)
    bot.forget()
    bot.ai.will_say("谁有马？")
    await bot.channel("闲聊", "who has a horse?", who="李四")
    assert bot.sent == ["tell zhangsan 李四: 谁有马？"]
