"""What was said is written down by the hour, and found again by what it means."""

from __future__ import annotations

import pytest

from mudbot.testing import Bot


async def hour(bot: Bot, talk: str, entry: str) -> None:
    """Somebody talks, and an hour later that is in the diary."""
    bot.ai.will_say(entry)
    await bot.say(talk)
    await bot.advance("1h")


async def test_the_nearest_entries_are_found(bot: Bot) -> None:
    await bot.load("diary")
    await hour(bot, "A dragon burned the mill!", "The mill burned: a dragon.")
    await hour(bot, "Bread is dear.", "They spoke of bread.")
    await hour(bot, "The dragon sleeps.", "The dragon sleeps now.")
    await bot.tell("!diary the dragon")
    assert bot.said == ["(2023-11-15) The dragon sleeps now. (2023-11-14) The mill burned: a dragon."]


async def test_they_are_kept_when_it_is_loaded_anew(bot: Bot) -> None:
    await bot.load("diary")
    await hour(bot, "Hello", "Ann said hello.")
    await bot.reload("diary")
    await bot.tell("!diary hello")
    assert bot.said == ["(2023-11-14) Ann said hello."]


async def test_an_hour_in_which_nobody_speaks_costs_nothing(bot: Bot) -> None:
    await bot.load("diary")
    await hour(bot, "Hello", "Ann said hello.")
    bot.forget()
    await bot.advance("5h")
    assert not bot.ai.asked
    assert bot.cost == 0


async def test_secrets_are_not_written_down(bot: Bot) -> None:
    await bot.load("diary")
    await bot.tell("The treasure is under the oak.")
    await bot.whisper("Tell nobody.")
    await hour(bot, "Nice weather", "The weather was nice.")
    assert bot.ai.asked[0].text == "Ann: Nice weather"


async def test_where_the_model_fails_an_hour_is_missing_and_the_player_told(bot: Bot) -> None:
    await bot.load("diary")
    bot.ai.will_fail(503)
    await bot.say("Hello")
    await bot.advance("1h")
    await bot.tell("!diary hello")
    bot.ai.will_fail(503, what="embed")
    await bot.advance(5)
    await bot.tell("!diary hello")
    assert bot.said == ["It is empty.", "I lost my glasses."]
    assert not bot.failures


async def test_old_entries_go(bot: Bot) -> None:
    await bot.load("diary")
    for number in range(302):
        await hour(bot, f"hello {number}", f"entry {number}")
    plugin = bot.plugin("diary")
    assert [entry.text for entry in await plugin.entries.find()][::299] == ["entry 2", "entry 301"]  # type: ignore[attr-defined]


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_in_chinese(bot: Bot) -> None:
    await bot.load("diary")
    await bot.tell("！日记 龙", who="张三")
    assert bot.said == ["日记还是空的。"]
