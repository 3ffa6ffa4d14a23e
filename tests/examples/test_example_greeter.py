"""Who arrives is greeted, and known the next time."""

from __future__ import annotations

import pytest

from mudbot.testing import Bot


async def test_strangers_and_those_who_were_here_before_are_greeted_otherwise(bot: Bot) -> None:
    await bot.load("greeter")
    await bot.hear("Ann has arrived.")
    await bot.advance("1h")
    await bot.hear("Ann walks in from the north.")
    assert bot.said == [
        "Welcome, Ann! I have not seen you here before.",
        "Good to see you again, Ann! Visits so far: 2.",
    ]


async def test_nobody_is_greeted_twice_within_the_time_that_the_owner_sets(bot: Bot) -> None:
    await bot.load("greeter", again="10m")
    await bot.hear("Ann has arrived.", "Ann has arrived.", "Bob has arrived.")
    assert len(bot.said) == 2
    await bot.advance("9m")
    await bot.hear("Ann has arrived.")
    assert len(bot.said) == 2
    await bot.advance("1m")
    await bot.hear("Ann has arrived.")
    assert len(bot.said) == 3


async def test_it_knows_who_was_here_after_it_was_loaded_anew(bot: Bot) -> None:
    await bot.load("greeter")
    await bot.hear("Ann has arrived.")
    await bot.reload("greeter")
    await bot.advance("1h")
    await bot.hear("Ann has arrived.")
    assert bot.said[-1].startswith("Good to see you again, Ann!")


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_in_chinese(bot: Bot) -> None:
    await bot.load("greeter")
    await bot.hear("张三走了过来。")
    assert bot.said == ["张三，欢迎欢迎！头一回来吧？"]


@pytest.mark.parametrize("line", ["A wolf has arrived.", 'Bob says, "Ann has arrived."', "The ship has arrived."])
async def test_beasts_and_talk_of_others_are_not_greeted(bot: Bot, line: str) -> None:
    await bot.load("greeter")
    await bot.hear(line)
    assert not bot.said
