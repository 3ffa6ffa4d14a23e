"""Dice are thrown as they are written, within bounds."""

from __future__ import annotations

import pytest

from mudbot.testing import Bot


async def test_dice_are_thrown_as_often_as_wanted(bot: Bot) -> None:
    """The dice of a test fall the same each time; here they have one side, so that the sums are known."""
    await bot.load("dice")
    await bot.tell("!roll 2d1+3 4")
    assert bot.said == ["2d1+3: 5, 5, 5, 5"]


async def test_without_a_word_it_is_one_of_six_sides(bot: Bot) -> None:
    await bot.load("dice")
    await bot.tell("!roll")
    name, _, result = bot.said[0].partition(": ")
    assert name == "d6"
    assert 1 <= int(result) <= 6


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("banana", "Write the dice as 2d6 or d20+3."),
        ("21d6", "I have 20 dice of 1000 sides at most."),
        ("0d6", "I have 20 dice of 1000 sides at most."),
        ("d6 11", "Usage: !roll [dice=d6] [times=1] (times is a whole number from 1 to 10)"),
        ("d6 often", "Usage: !roll [dice=d6] [times=1] (times is a whole number from 1 to 10)"),
    ],
)
async def test_who_writes_it_wrong_is_told_how_it_is_written(bot: Bot, words: str, told: str) -> None:
    await bot.load("dice")
    await bot.tell(f"!roll {words}")
    assert bot.said == [told]
    assert not bot.failures


async def test_the_owner_says_how_many_dice_there_are(bot: Bot) -> None:
    await bot.load("dice", most_dice=2, most_sides=6)
    await bot.tell("!roll 3d6")
    assert bot.said == ["I have 2 dice of 6 sides at most."]


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_in_chinese_without_blanks(bot: Bot) -> None:
    await bot.load("dice")
    await bot.tell("！掷2d1", who="张三")
    assert bot.said == ["2d1：2"]


async def test_huge_numbers_hold_nothing_up_and_are_not_repeated(bot: Bot) -> None:
    await bot.load("dice")
    await bot.tell("!roll 9999999999d6")
    assert bot.said == ["Write the dice as 2d6 or d20+3."]
