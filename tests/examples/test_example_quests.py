"""What the MUD says of quests is kept, and listed."""

from __future__ import annotations

import pytest

from mudbot.testing import Bot

RATS = "You accept the quest: Rats in the cellar\nReward: 50 gold"
KING = "You accept the quest: The king's crown\nReward: 900 gold"


async def test_quests_are_listed_until_they_are_done(bot: Bot) -> None:
    await bot.load("quests")
    await bot.hear(RATS, KING)
    await bot.tell("!quests")
    await bot.hear("Quest completed: The king's crown")
    await bot.advance(2)
    await bot.tell("!quests")
    await bot.advance(2)
    await bot.tell("!quests done")
    assert bot.said == [
        "The king's crown (900 gold); Rats in the cellar (50 gold)",
        "Rats in the cellar (50 gold)",
        "The king's crown (900 gold)",
    ]


async def test_they_are_kept_when_the_plugin_is_loaded_anew(bot: Bot) -> None:
    await bot.load("quests")
    await bot.hear(RATS)
    await bot.unload("quests")
    await bot.load("quests")
    await bot.tell("!quests")
    assert bot.said == ["Rats in the cellar (50 gold)"]


async def test_a_quest_that_is_shown_twice_is_one(bot: Bot) -> None:
    await bot.load("quests")
    await bot.hear(RATS, RATS)
    await bot.tell("!quests")
    assert bot.said == ["Rats in the cellar (50 gold)"]


async def test_a_quest_without_its_reward_behind_it_is_none(bot: Bot) -> None:
    """The second line must follow the first."""
    await bot.load("quests")
    await bot.hear("You accept the quest: Rats in the cellar", "A rat bites you.", "Reward: 50 gold")
    await bot.tell("!quests")
    assert bot.said == ["None."]


async def test_what_somebody_says_is_no_quest(bot: Bot) -> None:
    await bot.load("quests")
    await bot.hear(RATS)
    await bot.say("Quest completed: Rats in the cellar")
    await bot.tell("!quests")
    assert bot.said == ["Rats in the cellar (50 gold)"]


async def test_who_asks_for_others_is_told_which_there_are(bot: Bot) -> None:
    await bot.load("quests")
    await bot.tell("!quests all")
    assert bot.said == ["Usage: !quests [open/done] (which is one of open, done)"]


async def test_only_so_many_are_listed(bot: Bot) -> None:
    await bot.load("quests", most=1)
    await bot.hear(RATS, KING)
    await bot.tell("!quests")
    assert bot.said == ["The king's crown (900 gold)"]


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_in_chinese(bot: Bot) -> None:
    await bot.load("quests")
    await bot.hear("你接受了任务：消灭老鼠\n报酬：五十两", "你接受了任务：消灭野狼\n报酬：50两白银")
    await bot.tell("!任务", who="张三")
    assert bot.said == ["消灭野狼（50 两）"]
